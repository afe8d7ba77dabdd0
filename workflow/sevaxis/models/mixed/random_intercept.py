"""Random-intercept models: repeated samples of one subject, by exact REML, for all features at once.

Numbers as R lmerTest's. Where few subjects (about five a group) differ little the variance between them is often
estimated as 0, and tests at 0.05 err in 4 % of features between groups and 6 to 7 % within subjects, as lmerTest's
do on the same values; with half the variance between subjects they keep the level (tests/models/test_null_rates.py).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from sevaxis.base.vocabulary import Reason, Status
from sevaxis.models.linear.design import contrast_columns
from sevaxis.models.mixed.likelihood import SubjectSums
from sevaxis.models.numeric.blockwise import feature_blocks

# Ratios at which the likelihood is first looked at; the maximum is then found between two neighbours
RATIO_GRID = np.concatenate([[0.0], np.geomspace(1e-3, 1e5, 17)])
RATIO_TOLERANCE = 1e-11  # relative step of lambda at which the search has ended
MAX_ITERATIONS = 100
SINGULAR = 1e-10  # smallest eigenvalue of X'X, relative to the largest, that still counts as full rank


@dataclass(frozen=True)
class MixedContrasts:
    """Contrasts of a random-intercept fit, features x contrasts; NaN where `status` is not `tested`.

    Attributes
    ----------
    estimate, se, df, t, p : ndarray (features, k)
        Satterthwaite degrees of freedom; two-sided p.
    status, reason : ndarray (features, k) of Status and Reason
        `tested` or `not_estimable`, and why in words.
    """

    estimate: np.ndarray
    se: np.ndarray
    df: np.ndarray
    t: np.ndarray
    p: np.ndarray
    status: np.ndarray
    reason: np.ndarray


@dataclass(frozen=True)
class RandomInterceptFit:
    """One random-intercept model per feature; rows that could not be fitted hold NaN.

    Attributes
    ----------
    coefficients : ndarray (features, p)
    covariance : ndarray (features, p, p)
    variance_block, variance_residual : ndarray (features,)
    log_likelihood : ndarray (features,)
        Restricted; constants as in lme4.
    n, residual_df : ndarray of int (features,)
        Values; values minus rank of the design among them.
    boundary : ndarray of bool (features,)
        The variance of the block is estimated as 0.
    reason : ndarray (features,) of Reason
        Why a row is not fitted, or what to know about it; empty otherwise.
    fitted : ndarray of bool (features,)
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    variance_block: np.ndarray
    variance_residual: np.ndarray
    log_likelihood: np.ndarray
    n: np.ndarray
    residual_df: np.ndarray
    boundary: np.ndarray
    reason: np.ndarray
    fitted: np.ndarray
    # change of `covariance` with lambda; curvature of -2 log likelihood by (lambda, lambda), (lambda, s_e);
    # projection on the coefficients that a feature's missing values leave estimable
    _slope: np.ndarray
    _curvature: np.ndarray
    _estimable: np.ndarray

    def contrast(self, contrasts: np.ndarray) -> MixedContrasts:
        """Estimate and test contrasts of the coefficients.

        With v the variance of a contrast and A the inverse observed information of (lambda, s_e), the degrees of
        freedom are 2 v^2 / (g'A g), g the gradient of v (Satterthwaite 1946; Giesbrecht & Burns 1985;
        Kuznetsova 2017, section 2). At the boundary v does not depend on the variance of the block in
        first order of its square root, which leaves the residual degrees of freedom.

        Parameters
        ----------
        contrasts : ndarray (p, k) or (p,)

        Returns
        -------
        MixedContrasts

        Raises
        ------
        ValueError
            Contrasts that do not match the design.
        """
        contrasts = contrast_columns(contrasts, self.coefficients.shape[1])
        estimate = self.coefficients @ contrasts
        variance = np.einsum("pk,gpq,qk->gk", contrasts, self.covariance, contrasts, optimize=True)
        by_ratio = np.einsum("pk,gpq,qk->gk", contrasts, self._slope, contrasts, optimize=True)
        scale = self.variance_residual[:, None]
        by_scale = variance / scale
        ratio2, cross = self._curvature[:, :1], self._curvature[:, 1:]
        scale2 = self.residual_df[:, None] / scale**2
        residual_df = np.broadcast_to(self.residual_df[:, None], variance.shape).astype(float)
        with np.errstate(divide="ignore", invalid="ignore"):
            determinant = ratio2 * scale2 - cross**2
            # twice the inverse of the curvature of -2 log likelihood, in the direction of the gradient
            spread = (
                2
                * (scale2 * by_ratio**2 - 2 * cross * by_ratio * by_scale + ratio2 * by_scale**2)
                / determinant
            )
            interior = ~self.boundary[:, None] & (determinant > 0)
            df = np.where(interior, 2.0 * variance**2 / spread, residual_df)
            se = np.sqrt(variance)
            t = estimate / se
        p = 2.0 * stdtr(df, -np.abs(t))

        lost = np.einsum("gpq,qk->gpk", self._estimable, contrasts) - contrasts
        estimable = np.abs(lost).max(axis=1) < 1e-6 * np.abs(contrasts).max(axis=0)
        tested = estimable & self.fitted[:, None]
        reason = np.broadcast_to(self.reason[:, None], estimable.shape).copy()
        reason[self.fitted[:, None] & ~estimable] = Reason.FEW_DETECTED
        status = np.where(tested, Status.TESTED, Status.NOT_ESTIMABLE).astype(object)
        estimate, se, df, t, p = (np.where(tested, value, np.nan) for value in (estimate, se, df, t, p))
        return MixedContrasts(estimate, se, df, t, p, status, reason)


def fit_random_intercept(y: np.ndarray, design: np.ndarray, block: np.ndarray) -> RandomInterceptFit:
    """Fit y = design @ beta + intercept of the block + error by restricted maximum likelihood.

    Parameters
    ----------
    y : ndarray (features, samples)
        log2 values; NaN is missing.
    design : ndarray (samples, p)
        Full column rank.
    block : ndarray (samples,)
        Label of each sample's subject.

    Returns
    -------
    RandomInterceptFit

    Raises
    ------
    ValueError
        Shapes that do not match; infinite values; missing block labels; aliased columns or more columns than
        samples; every subject with a single sample.
    """
    y, design, membership = _checked(y, design, block)
    n_features, p = len(y), design.shape[1]
    result = {
        "coefficients": np.full((n_features, p), np.nan),
        "covariance": np.full((n_features, p, p), np.nan),
        "variance_block": np.full(n_features, np.nan),
        "variance_residual": np.full(n_features, np.nan),
        "log_likelihood": np.full(n_features, np.nan),
        "boundary": np.zeros(n_features, dtype=bool),
        "_slope": np.full((n_features, p, p), np.nan),
        "_curvature": np.full((n_features, 2), np.nan),
    }
    present = ~np.isnan(y)
    n = present.sum(axis=1)
    rank, estimable = _estimable_part(present, design)
    residual_df = n - rank
    reason = np.full(n_features, None, dtype=object)
    reason[residual_df <= 0] = Reason.NO_RESIDUAL_DF
    reason[n == 0] = Reason.NEVER_DETECTED

    complete = present.all(axis=1)
    full = rank == p
    width = membership.shape[1] * p * p
    for chosen in (complete & full, ~complete & full):
        rows_of = np.flatnonzero(chosen & (residual_df > 0))
        for part in feature_blocks(len(rows_of), max(width, y.shape[1])):
            rows = rows_of[part]
            _store(result, reason, rows, _fit_rows(y[rows], present[rows], design, membership))
    # too few values for all coefficients: the same model on the directions that remain, feature by feature
    for row in np.flatnonzero(~full & (residual_df > 0)):
        vectors, values, _ = np.linalg.svd(estimable[row])
        basis = vectors[:, values > 0.5]
        fit = _fit_rows(y[[row]], present[[row]], design @ basis, membership)
        fit["coefficients"] = fit["coefficients"] @ basis.T
        for name in ("covariance", "_slope"):
            fit[name] = basis @ fit[name] @ basis.T
        _store(result, reason, np.array([row]), fit)
    fitted = np.isfinite(result["variance_residual"])
    return RandomInterceptFit(
        **result, n=n, residual_df=residual_df, reason=reason, fitted=fitted, _estimable=estimable
    )


def _store(result: dict[str, np.ndarray], reason: np.ndarray, rows: np.ndarray, fit: dict) -> None:
    """Write a part's fit to its rows; rows with a fatal reason stay NaN."""
    reason[rows] = fit["reason"]
    good = (fit["reason"] != Reason.NO_SCATTER) & (fit["reason"] != Reason.NOT_CONVERGED)
    for name, values in result.items():
        values[rows[good]] = fit[name][good]


def _fit_rows(
    y: np.ndarray, present: np.ndarray, design: np.ndarray, membership: np.ndarray
) -> dict[str, np.ndarray]:
    """Fit features whose values leave `design` at full rank and at least one residual degree of freedom."""
    sums = SubjectSums(y, present, design, membership)
    scatter = np.square(np.where(present, y, 0.0)).sum(axis=1)
    exact = sums.rr <= 1e-20 * np.maximum(scatter, 1e-300)
    # lambda is identified unless ZZ', seen past the design, is a multiple of the identity (or nothing)
    start = sums.at(np.zeros(len(y)))
    equal = sums.df * start.trace_of_square
    informative = equal - start.trace**2 > 1e-8 * equal
    searched = informative & ~exact
    ratio = np.zeros(len(y))
    converged = np.ones(len(y), dtype=bool)
    if searched.any():
        ratio[searched], converged[searched] = _maximise(sums.of(searched))
    at = sums.at(ratio)
    residual = at.residual / sums.df
    reason = np.full(len(y), None, dtype=object)
    reason[~informative] = Reason.NO_REPEATS
    reason[~converged] = Reason.NOT_CONVERGED
    reason[exact] = Reason.NO_SCATTER
    residual = np.where(exact, 1.0, residual)
    scale = residual[:, None, None]
    gram_slope = at.inverse @ at.squares @ at.inverse
    return {
        "coefficients": at.coefficients,
        "covariance": scale * at.inverse,
        "variance_block": ratio * residual,
        "variance_residual": residual,
        "log_likelihood": at.log_likelihood() - 0.5 * sums.df * (np.log(2 * np.pi / sums.df) + 1.0),
        "boundary": ratio == 0,
        "_slope": scale * gram_slope,
        # second derivatives of -2 log likelihood by lambda twice, and by lambda and s_e
        "_curvature": np.column_stack(
            [-at.trace_of_square + 2.0 * at.quadratic / residual, at.q2 / residual**2]
        ),
        "reason": reason,
    }


def _maximise(sums: SubjectSums) -> tuple[np.ndarray, np.ndarray]:
    """Ratio lambda >= 0 of highest restricted likelihood: grid, then Newton's method between its neighbours."""
    n_features = len(sums.rr)
    heights = np.array([sums.at(np.full(n_features, ratio)).log_likelihood() for ratio in RATIO_GRID])
    best = heights.argmax(axis=0)
    low = RATIO_GRID[np.maximum(best - 1, 0)]
    high = RATIO_GRID[np.minimum(best + 1, len(RATIO_GRID) - 1)]
    ratio = RATIO_GRID[best].copy()
    ended = np.zeros(n_features, dtype=bool)
    active = np.arange(n_features)
    for _ in range(MAX_ITERATIONS):
        at = sums.of(active).at(ratio[active])
        score, slope = at.score()
        here = ratio[active]
        uphill = score > 0
        low[active] = np.where(uphill, here, low[active])
        high[active] = np.where(uphill, high[active], here)
        concave = slope < 0
        target = here - score / np.where(concave, slope, -1.0)
        outside = ~concave | (target <= low[active]) | (target >= high[active])
        target = np.where(outside, 0.5 * (low[active] + high[active]), target)
        at_zero = (here == 0) & ~uphill
        target = np.where(at_zero, 0.0, target)
        ratio[active] = target
        done = at_zero | (np.abs(target - here) <= RATIO_TOLERANCE * (1e-3 + here))
        ended[active[done]] = True
        active = active[~done]
        if not active.size:
            break
    # a maximum that has slid to the lower end of its bracket at 0 is 0
    ratio[ratio < 1e-10] = 0.0
    return ratio, ended & (ratio < 0.99 * RATIO_GRID[-1])


def _estimable_part(present: np.ndarray, design: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rank of the design among each feature's values, and the projection on what it can estimate."""
    samples, p = design.shape
    rank = np.full(len(present), p)
    projection = np.broadcast_to(np.eye(p), (len(present), p, p))
    gram = (present @ (design[:, :, None] * design[:, None, :]).reshape(samples, p * p)).reshape(-1, p, p)
    eigenvalues, eigenvectors = np.linalg.eigh(gram)
    kept = eigenvalues > SINGULAR * np.maximum(eigenvalues[:, -1:], 1e-300)
    if not kept.all():
        rank = kept.sum(axis=1)
        projection = (eigenvectors * kept[:, None, :]) @ eigenvectors.transpose(0, 2, 1)
    return rank, projection


def _checked(
    y: np.ndarray, design: np.ndarray, block: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values, design, and membership of samples in subjects as a 0/1 matrix (samples, subjects)."""
    y, design, block = np.asarray(y, dtype=float), np.asarray(design, dtype=float), np.asarray(block)
    if y.ndim != 2 or design.ndim != 2 or y.shape[1] != design.shape[0] or block.shape != (y.shape[1],):
        raise ValueError(
            f"values (features x samples) {y.shape}, design (samples x columns) {design.shape} and "
            f"block (samples) {block.shape} do not match"
        )
    if np.isinf(y).any():
        row, column = np.argwhere(np.isinf(y))[0]
        raise ValueError(f"infinite value in feature {row}, sample {column}: is it the log of 0?")
    if not np.isfinite(design).all():
        raise ValueError("the design holds missing or infinite values")
    if np.any(block != block) or any(label is None for label in block.tolist()):
        raise ValueError("a sample has no block label")
    if design.shape[1] >= design.shape[0]:
        raise ValueError(f"{design.shape[1]} coefficients for {design.shape[0]} samples: no residual is left")
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise ValueError("columns of the design are aliased: their coefficients cannot be told apart")
    labels, index = np.unique(block, return_inverse=True)
    if len(labels) == len(block):
        raise ValueError("every block has a single sample: a random intercept cannot be told from the error")
    return y, design, (index[:, None] == np.arange(len(labels))).astype(float)
