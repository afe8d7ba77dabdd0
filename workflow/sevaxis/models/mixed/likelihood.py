"""Restricted likelihood of random-intercept models from sums per subject, for all features at once.

y = X beta + Z b + e, b ~ N(0, s_b), e ~ N(0, s_e); with lambda = s_b / s_e the covariance of y is s_e V,
V = I + lambda ZZ'. Each subject's part of V is I + lambda 11', whose inverse is I - w lambda 11' with
w = 1 / (1 + lambda n) for n observations, so that everything follows from sums per subject (Laird & Ware 1982;
Searle, Casella & McCulloch 1992, chapter 6). P = V^-1 - V^-1 X (X'V^-1 X)^-1 X'V^-1.
"""

import numpy as np


class SubjectSums:
    """Sums over the samples of each subject: all that the likelihood needs at any lambda.

    Of complete features the sums of the design are the same and are kept once (leading axis of length 1).
    The response is replaced by its least squares residual, which changes no P y and keeps digits.
    """

    def __init__(
        self, y: np.ndarray, present: np.ndarray, design: np.ndarray, membership: np.ndarray
    ) -> None:
        samples, p = design.shape
        subjects = membership.shape[1]
        mask = (present[:1] if present.all() else present).astype(float)
        pairs = (design[:, :, None] * design[:, None, :]).reshape(samples, p * p)
        per_subject = (membership[:, :, None] * design[:, None, :]).reshape(samples, subjects * p)
        filled = np.where(present, y, 0.0)
        self.xx = (mask @ pairs).reshape(-1, p, p)
        inverse = np.linalg.inv(self.xx)
        self.start = (inverse @ (filled @ design)[:, :, None])[:, :, 0]
        residual = np.where(present, y - self.start @ design.T, 0.0)
        self.n = mask.sum(axis=1, keepdims=True)
        self.df = (self.n - p).ravel()
        self.xr = residual @ design
        self.rr = np.square(residual).sum(axis=1)
        self.counts = mask @ membership
        self.s = (mask @ per_subject).reshape(-1, subjects, p)
        self.t = residual @ membership
        self.ss = (self.s[:, :, :, None] * self.s[:, :, None, :]).reshape(-1, subjects, p * p)

    def of(self, rows: np.ndarray) -> "SubjectSums":
        """The same for some of the features."""
        part = object.__new__(SubjectSums)
        shared = len(self.counts) == 1 and len(self.rr) != 1
        for name, values in vars(self).items():
            common = shared and name in ("xx", "n", "df", "counts", "s", "ss")
            setattr(part, name, values if common else values[rows])
        return part

    def at(self, ratio: np.ndarray) -> "RatioLikelihood":
        """All quantities at one lambda per feature."""
        return RatioLikelihood(self, ratio)

    def weigh(self, weights: np.ndarray) -> np.ndarray:
        """Sum over subjects of weight x s s': (features, p, p)."""
        p = self.s.shape[2]
        if len(self.ss) == 1:
            return (weights @ self.ss[0]).reshape(-1, p, p)
        return (weights[:, None, :] @ self.ss).reshape(-1, p, p)


class RatioLikelihood:
    """Restricted likelihood of every feature at its lambda, with V scaled so that s_e is 1."""

    def __init__(self, sums: SubjectSums, ratio: np.ndarray) -> None:
        self.sums = sums
        ratio = ratio[:, None]
        w = 1.0 / (1.0 + ratio * sums.counts)
        self.gram = sums.xx - sums.weigh(ratio * w)
        self.inverse = np.linalg.inv(self.gram)
        moment = sums.xr - ((ratio * w * sums.t)[:, None, :] @ sums.s)[:, 0]
        change = (self.inverse @ moment[:, :, None])[:, :, 0]
        self.coefficients = sums.start + change
        explained = (change * moment).sum(axis=1)
        # rounding may leave a hair less than nothing of values that the model fits exactly
        self.residual = np.maximum(sums.rr - (ratio * w * sums.t**2).sum(axis=1) - explained, 1e-300)
        q = w * (sums.t - (sums.s @ change[:, :, None])[:, :, 0])  # Z'Py
        self.q2 = (q**2).sum(axis=1)
        self.squares = sums.weigh(w**2)  # X'V^-1 ZZ' V^-1 X
        nw = sums.counts * w
        self.trace = nw.sum(axis=1) - (self.inverse * self.squares).sum(axis=(1, 2))  # of K = Z'PZ
        once = self.inverse @ self.squares
        twice = (self.inverse * sums.weigh(nw * w**2)).sum(axis=(1, 2))
        self.trace_of_square = (
            (nw**2).sum(axis=1) - 2.0 * twice + (once * once.transpose(0, 2, 1)).sum(axis=(1, 2))
        )
        h = ((w * q)[:, None, :] @ sums.s)[:, 0]
        self.quadratic = (nw * q**2).sum(axis=1) - (h * (self.inverse @ h[:, :, None])[:, :, 0]).sum(axis=1)
        self.log_determinant = -np.log(w).sum(axis=1)

    def log_likelihood(self) -> np.ndarray:
        """Restricted, s_e profiled out, up to a constant."""
        log_gram = np.linalg.slogdet(self.gram)[1]
        return -0.5 * (self.log_determinant + log_gram + self.sums.df * np.log(self.residual))

    def score(self) -> tuple[np.ndarray, np.ndarray]:
        """First and second derivative of the profiled log likelihood by lambda."""
        share = self.q2 / self.residual
        first = -0.5 * (self.trace - self.sums.df * share)
        second = -0.5 * (
            -self.trace_of_square + self.sums.df * (2.0 * self.quadratic / self.residual - share**2)
        )
        return first, second
