"""Differential abundance of counts: negative binomial model and Wald tests.

In the manner of DESeq2 (Love, Huber & Anders 2014, Genome Biology 15:550), written from the paper; numbers as R
DESeq2 1.38.3 to several digits. Where nothing differs the Wald test calls 5.1 % of features at 0.05 with 3 samples a
group, 5.6 % with 5, 5.4 % with 10, exactly as R does on the same counts
(tests/models/test_null_rates.py): no default of this project rests on it.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr

from sevaxis.base.vocabulary import Reason, Status
from sevaxis.models.counts.dispersion import Dispersions, estimate_dispersions
from sevaxis.models.counts.nb_glm import fit_coefficients
from sevaxis.models.counts.size_factors import estimate_size_factors
from sevaxis.models.linear.design import contrast_columns


@dataclass(frozen=True)
class NegativeBinomialFit:
    """One negative binomial log-linear model per feature; rows without a count hold NaN.

    Attributes
    ----------
    counts : ndarray (features, samples)
        As fitted: whole numbers.
    design : ndarray (samples, p)
    size_factors : ndarray (samples,)
    rounded : int
        How many values were not whole numbers and were rounded.
    notes : tuple of str
        What the caller should pass on: rounding, another size factor method or trend than asked for.
    base_mean : ndarray (features,)
        Mean of the counts divided by the size factors.
    dispersions : Dispersions or None
        All estimates; None where the dispersion was given.
    dispersion : ndarray (features,)
        The one used.
    coefficients : ndarray (features, p)
        log2 scale.
    covariance : ndarray (features, p, p)
        log2 scale.
    converged, fallback : ndarray of bool (features,)
        See `nb_glm.CoefficientFit`.
    """

    counts: np.ndarray
    design: np.ndarray
    size_factors: np.ndarray
    rounded: int
    notes: tuple[str, ...]
    base_mean: np.ndarray
    dispersions: Dispersions | None
    dispersion: np.ndarray
    coefficients: np.ndarray
    covariance: np.ndarray
    converged: np.ndarray
    fallback: np.ndarray


@dataclass(frozen=True)
class CountTest:
    """Result of a Wald test, one column per contrast.

    Attributes
    ----------
    log2fc, se : ndarray (features, k)
        Estimate and standard error, log2 scale, not shrunken.
    stat, p : ndarray (features, k)
        Wald z with its two-sided normal p.
    converged : ndarray of bool (features,)
    status : ndarray (features, k) of Status
        `tested`, `absent` (no count anywhere) or `not_estimable`; p is NaN unless `tested`.
    reason : ndarray (features, k) of Reason
        Why; None where there is nothing to say.
    """

    log2fc: np.ndarray
    se: np.ndarray
    stat: np.ndarray
    p: np.ndarray
    converged: np.ndarray
    status: np.ndarray
    reason: np.ndarray


def fit_negative_binomial(
    counts: np.ndarray,
    design: np.ndarray,
    *,
    size_factors: np.ndarray | None = None,
    size_factor_method: str = "ratio",
    trend: str = "parametric",
    dispersion: np.ndarray | None = None,
) -> NegativeBinomialFit:
    """Fit log2(mean / size factor) = design @ coefficients with shrunken dispersions.

    Parameters
    ----------
    counts : ndarray (features, samples)
        Non-negative and finite. Fractions (salmon, RSEM) are rounded here, and the fit says how many.
    design : ndarray (samples, p)
        Full column rank, fewer columns than samples.
    size_factors : ndarray (samples,), optional
        Positive; estimated where not given.
    size_factor_method : {"ratio", "poscounts"}
    trend : {"parametric", "local", "mean"}
        Dispersion trend, see `dispersion_trend.fit_trend`.
    dispersion : ndarray (features,), optional
        Use these instead of estimating.

    Returns
    -------
    NegativeBinomialFit

    Raises
    ------
    ValueError
        Shapes that do not match; negative, infinite or missing counts; aliased columns; no residual degree of
        freedom; samples without a count; size factors or dispersions that are not positive.
    """
    counts, design, rounded = _checked(counts, design)
    notes = []
    if rounded:
        notes.append(f"{rounded} fractional counts were rounded to whole numbers")
    if size_factors is None:
        estimated = estimate_size_factors(counts, size_factor_method)
        size_factors = estimated.values
        if estimated.reason:
            notes.append(f"size factors by {estimated.method}: {estimated.reason}")
    else:
        size_factors = np.asarray(size_factors, dtype=float)
        if size_factors.shape != (counts.shape[1],) or not (
            np.isfinite(size_factors).all() and (size_factors > 0).all()
        ):
            raise ValueError("size factors must be one positive finite number per sample")

    present = counts.any(axis=1)
    seen = counts if present.all() else counts[present]
    dispersions = None
    if dispersion is not None:
        used = np.asarray(dispersion, dtype=float)
        if used.shape != (len(counts),) or not (
            np.isfinite(used[present]).all() and (used[present] > 0).all()
        ):
            raise ValueError("dispersions must be one positive finite number per feature that has a count")
        used = used[present]
    elif len(seen):
        dispersions = estimate_dispersions(seen, design, size_factors, trend)
        used = dispersions.final
        if dispersions.trend.reason:
            notes.append(f"dispersion trend {dispersions.trend.kind}: {dispersions.trend.reason}")
    else:
        used = np.empty(0)
    fit = fit_coefficients(seen, design, size_factors, used)

    def expand(values: np.ndarray, fill: float | bool = np.nan) -> np.ndarray:
        """Put the rows with a count back among all rows."""
        if present.all():
            return values
        full = np.full((len(counts), *values.shape[1:]), fill, dtype=values.dtype)
        full[present] = values
        return full

    if dispersions is not None:
        dispersions = replace(
            dispersions,
            feature_wise=expand(dispersions.feature_wise),
            trended=expand(dispersions.trended),
            posterior=expand(dispersions.posterior),
            final=expand(dispersions.final),
            outlier=expand(dispersions.outlier, False),
        )
    return NegativeBinomialFit(
        counts=counts,
        design=design,
        size_factors=size_factors,
        rounded=rounded,
        notes=tuple(notes),
        base_mean=(counts / size_factors).mean(axis=1),
        dispersions=dispersions,
        dispersion=expand(used),
        coefficients=expand(fit.coefficients / np.log(2)),
        covariance=expand(fit.covariance / np.log(2) ** 2),
        converged=expand(fit.converged, False),
        fallback=expand(fit.fallback, False),
    )


def refit(fit: NegativeBinomialFit, rows: np.ndarray, counts: np.ndarray) -> NegativeBinomialFit:
    """Fit some features again to other counts; size factors, dispersion trend and prior stay as they are.

    Parameters
    ----------
    fit : NegativeBinomialFit
        With estimated dispersions.
    rows : ndarray of int (r,)
    counts : ndarray (r, samples)
        Whole numbers. A feature without any becomes one without a count.

    Returns
    -------
    NegativeBinomialFit
        Of all features, with `counts` in place of theirs.

    Raises
    ------
    ValueError
        The dispersions were given, not estimated.
    """
    if fit.dispersions is None:
        raise ValueError("the fit has no dispersion trend to fit features again with")
    present = counts.any(axis=1)
    at, seen = rows[present], counts[present]
    found = estimate_dispersions(seen, fit.design, fit.size_factors, given=fit.dispersions)
    again = fit_coefficients(seen, fit.design, fit.size_factors, found.final)

    def changed(values: np.ndarray, new: np.ndarray, missing: float | bool = np.nan) -> np.ndarray:
        result = values.copy()
        result[rows], result[at] = missing, new
        return result

    all_counts = fit.counts.copy()
    all_counts[rows] = counts
    old = fit.dispersions
    return replace(
        fit,
        counts=all_counts,
        base_mean=(all_counts / fit.size_factors).mean(axis=1),
        dispersions=replace(
            old,
            feature_wise=changed(old.feature_wise, found.feature_wise),
            trended=changed(old.trended, found.trended),
            posterior=changed(old.posterior, found.posterior),
            final=changed(old.final, found.final),
            outlier=changed(old.outlier, found.outlier, False),
        ),
        dispersion=changed(fit.dispersion, found.final),
        coefficients=changed(fit.coefficients, again.coefficients / np.log(2)),
        covariance=changed(fit.covariance, again.covariance / np.log(2) ** 2),
        converged=changed(fit.converged, again.converged, False),
        fallback=changed(fit.fallback, again.fallback, False),
    )


def wald(
    fit: NegativeBinomialFit, contrasts: np.ndarray, *, exclude: dict[Reason, np.ndarray] | None = None
) -> CountTest:
    """Wald test of each contrast of the coefficients against zero.

    Parameters
    ----------
    fit : NegativeBinomialFit
    contrasts : ndarray (p, k) or (p,)
    exclude : dict of Reason to ndarray of bool (features,), optional
        Reason -> features whose p is withheld for it, for example those of `find_count_outliers`.

    Returns
    -------
    CountTest
        Where no sample that informs a comparison has a count, log2fc and stat are 0 and p is 1, as in R. Where
        only one side has counts the estimate is as large as the floor on the mean (or, after the fallback, the
        ridge) lets it be: such rows are tested, as in R, but say so in `reason`.

    Raises
    ------
    ValueError
        Contrasts that do not match the design.
    """
    contrasts = contrast_columns(contrasts, fit.design.shape[1])
    log2fc = fit.coefficients @ contrasts
    se = np.sqrt(np.einsum("pk,gpq,qk->gk", contrasts, fit.covariance, contrasts, optimize=True))
    one_side, silent = empty_sides(fit.counts, fit.design, contrasts)
    log2fc[silent] = 0.0
    stat = log2fc / se
    p = 2.0 * ndtr(-np.abs(stat))
    reason = np.full(p.shape, None, dtype=object)
    reason[one_side] = Reason.NO_COUNT_ON_ONE_SIDE
    reason[silent] = Reason.NO_COUNT_IN_CONTRAST
    return _with_status(fit, log2fc, se, stat, p, reason, exclude)


def empty_sides(
    counts: np.ndarray, design: np.ndarray, contrasts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Features without a count on one side of a contrast, and on both.

    Parameters
    ----------
    counts : ndarray (features, samples)
    design : ndarray (samples, p)
    contrasts : ndarray (p, k)

    Returns
    -------
    one_side, silent : ndarray of bool (features, k)
        Nowhere for contrasts that compare nothing; `silent` is not said of features without any count.
    """
    # the share of each sample in the least squares estimate says which samples stand on which side
    share = np.linalg.pinv(design).T @ contrasts
    tolerance = 1e-8 * np.abs(share).max(axis=0)
    compares = np.abs(share.sum(axis=0)) < 1e-8 * np.abs(share).sum(axis=0)  # not a level by itself
    counted = (counts > 0).astype(np.float32)
    case, reference = (
        np.asarray(counted @ (side > tolerance).astype(np.float32) == 0) & compares
        for side in (share, -share)
    )
    return case ^ reference, case & reference & np.asarray(counts.any(axis=1))[:, None]


def _with_status(
    fit: NegativeBinomialFit,
    log2fc: np.ndarray,
    se: np.ndarray,
    stat: np.ndarray,
    p: np.ndarray,
    reason: np.ndarray,
    exclude: dict[Reason, np.ndarray] | None,
) -> CountTest:
    """Name every p that is missing: no count, no convergence, or excluded by the caller."""
    status = np.full(p.shape, Status.TESTED, dtype=object)
    absent = ~fit.counts.any(axis=1)
    withheld = {Reason.NOT_CONVERGED: ~fit.converged & ~absent, **(exclude or {})}
    for why, rows in withheld.items():
        status[rows], reason[rows], p[rows] = Status.NOT_ESTIMABLE, why, np.nan
    status[absent], reason[absent], p[absent] = Status.ABSENT, Reason.NEVER_DETECTED, np.nan
    return CountTest(log2fc, se, stat, p, fit.converged, status, reason)


def _checked(counts: np.ndarray, design: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Counts as whole numbers in floating point, the design, and how many values had to be rounded."""
    counts = np.asarray(counts, dtype=float)
    design = np.asarray(design, dtype=float)
    check_design(counts, design)
    for wrong, bad in (("missing or infinite", ~np.isfinite(counts)), ("negative", counts < 0)):
        if bad.any():
            row, column = np.argwhere(bad)[0]
            raise ValueError(
                f"{int(bad.sum())} {wrong} counts, the first in feature {row}, sample {column}: {counts[row, column]}"
            )
    whole = np.rint(counts)
    rounded = int((whole != counts).sum())
    return (whole if rounded else counts), design, rounded


def check_design(counts: np.ndarray, design: np.ndarray) -> None:
    """Refuse a design that does not fit the counts, or leaves nothing to estimate their scatter from.

    Parameters
    ----------
    counts : ndarray (features, samples)
    design : ndarray (samples, p)

    Raises
    ------
    ValueError
        Shapes that do not match; values that are not finite; aliased columns; no residual degree of freedom.
    """
    if counts.ndim != 2 or design.ndim != 2 or counts.shape[1] != design.shape[0]:
        raise ValueError(
            f"counts (features x samples) {counts.shape} and design (samples x columns) {design.shape} do not match"
        )
    if not np.isfinite(design).all():
        raise ValueError("the design holds missing or infinite values")
    n_samples, p = design.shape
    if p >= n_samples:
        raise ValueError(
            f"{p} coefficients for {n_samples} samples: no replicate is left to estimate a dispersion"
        )
    if np.linalg.matrix_rank(design) < p:
        raise ValueError("columns of the design are aliased: their coefficients cannot be told apart")
