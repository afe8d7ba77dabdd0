"""Variance between studies (tau2): weighted least squares at a given one, and its estimators.

Notation of Viechtbauer 2010 (Journal of Statistical Software 36:3): study i of a feature has effect y_i with
sampling variance v_i; weights w_i = 1 / (v_i + tau2); P = W - W X (X'WX)^-1 X'W. All arrays are features x
studies, `present` says which studies measure a feature.
"""

import numpy as np

TAU2_TOLERANCE = 1e-10  # change of tau2, relative to tau2 plus the typical variance
MAX_ITERATIONS = 500


class WeightedFit:
    """Weighted least squares of every feature at given tau2, and the traces of P that the estimators need."""

    def __init__(
        self, y: np.ndarray, variance: np.ndarray, present: np.ndarray, design: np.ndarray, tau2: np.ndarray
    ) -> None:
        self.weights = present / (variance + tau2[:, None])
        self.design = design
        self.gram = self._gram(1)
        # one study may outweigh the others by more than the digits of a double: a share of 1e-14 keeps the inverse
        guard = 1e-14 * self.gram * np.eye(design.shape[1])
        self.inverse = np.linalg.inv(self.gram + guard)
        self.coefficients = (self.inverse @ ((self.weights * y) @ design)[:, :, None])[:, :, 0]
        self.residuals = np.where(present, y - self.coefficients @ design.T, 0.0)
        self.q = (self.weights * self.residuals**2).sum(axis=1)  # y'Py

    def _gram(self, power: int) -> np.ndarray:
        """X'W^power X."""
        n, p = self.design.shape
        products = (self.design[:, :, None] * self.design[:, None, :]).reshape(n, p * p)
        return (self.weights**power @ products).reshape(-1, p, p)

    def trace(self) -> np.ndarray:
        """Trace of P, kept above the rounding error of errors that differ by many orders of magnitude."""
        total = self.weights.sum(axis=1)
        return np.maximum(total - (self.inverse * self._gram(2)).sum(axis=(1, 2)), 1e-13 * total)

    def trace_of_square(self) -> np.ndarray:
        """Trace of PP, never below the square of the trace of P over its rank (Cauchy-Schwarz)."""
        once = self.inverse @ self._gram(2)
        twice = (self.inverse * self._gram(3)).sum(axis=(1, 2))
        square = (
            (self.weights**2).sum(axis=1) - 2.0 * twice + (once * once.transpose(0, 2, 1)).sum(axis=(1, 2))
        )
        rank = (self.weights > 0).sum(axis=1) - self.design.shape[1]
        return np.maximum(square, self.trace() ** 2 / rank)

    def quadratic_of_square(self) -> np.ndarray:
        """Y'PPy."""
        return (self.weights**2 * self.residuals**2).sum(axis=1)

    def restricted_log_likelihood(self) -> np.ndarray:
        """Up to a constant."""
        log_variances = np.log(self.weights, out=np.zeros_like(self.weights), where=self.weights > 0)
        return 0.5 * (log_variances.sum(axis=1) - np.linalg.slogdet(self.gram)[1] - self.q)


def paule_mandel(
    y: np.ndarray,
    variance: np.ndarray,
    present: np.ndarray,
    design: np.ndarray,
    typical: np.ndarray,
    residual_df: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Tau2 at which the generalised Q equals its expectation (DerSimonian & Kacker 2007, section 2.3).

    Q falls with tau2 and is convex: Newton's steps from 0 climb to the root without passing it.
    """
    tau2 = np.zeros(len(y))
    active = np.arange(len(y))
    for _ in range(MAX_ITERATIONS):
        at = WeightedFit(y[active], variance[active], present[active], design, tau2[active])
        step = np.maximum((at.q - residual_df[active]) / np.maximum(at.quadratic_of_square(), 1e-300), 0.0)
        tau2[active] += step
        active = active[step > TAU2_TOLERANCE * (tau2[active] + typical[active])]
        if not active.size:
            break
    converged = np.ones(len(y), dtype=bool)
    converged[active] = False
    return tau2, converged


def restricted_likelihood(
    y: np.ndarray,
    variance: np.ndarray,
    present: np.ndarray,
    design: np.ndarray,
    typical: np.ndarray,
    start: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Fisher scoring on the restricted likelihood (Viechtbauer 2005, equation 14), never below 0.

    A step that turns back is halved from then on: some features would swing about their maximum for ever.
    Where the likelihood at 0 is at least that of the maximum found, tau2 is 0.
    """
    tau2 = start.copy()
    damping, last = np.ones(len(y)), np.zeros(len(y))
    active = np.arange(len(y))
    for _ in range(MAX_ITERATIONS):
        at = WeightedFit(y[active], variance[active], present[active], design, tau2[active])
        step = (at.quadratic_of_square() - at.trace()) / at.trace_of_square()
        damping[active] *= np.where(step * last[active] < 0, 0.5, 1.0)
        last[active] = step
        updated = np.maximum(tau2[active] + damping[active] * step, 0.0)
        moved = np.abs(updated - tau2[active])
        tau2[active] = updated
        active = active[moved > TAU2_TOLERANCE * (updated + typical[active])]
        if not active.size:
            break
    converged = np.ones(len(y), dtype=bool)
    converged[active] = False
    found = WeightedFit(y, variance, present, design, tau2).restricted_log_likelihood()
    at_zero = WeightedFit(y, variance, present, design, np.zeros(len(y))).restricted_log_likelihood()
    return np.where(at_zero >= found, 0.0, tau2), converged
