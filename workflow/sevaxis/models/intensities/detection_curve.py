"""How the probability of detection depends on intensity, and what that says of the values that are missing.

The log odds of detection are a line in the log2 intensity, seen or not: logit P(detected | y) = b0 + b1 y (Li & Smyth
2023, Bioinformatics 39:btad200). If the detected values of a feature are normal with mean m and variance s^2, its
missing ones are so with mean m - b1 s^2, and the log odds of its detection are b0 + b1 (m - b1 s^2 / 2): the line is
estimated from what was observed alone. Missing values are then the likeliest ones given the line and the feature
(Li, Cobbold & Smyth 2025, bioRxiv 2025.04.28.651125). Samples may see more or less of everything: each has an
intercept of its own beside b0, without which a deep group would seem to have more of all weak features.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from sevaxis.models.linear.design import Design, orthonormal_basis
from sevaxis.models.linear.empirical_bayes import posterior_variance
from sevaxis.models.linear.fit import fit_linear
from sevaxis.models.linear.variance_prior import fit_prior
from sevaxis.models.numeric.blockwise import feature_blocks

#: Quantile of the variances of features that is taken for the variance of what has no value: features that differ
#: between groups have the large ones, and one that is not seen at all in a group differs much.
SPREAD = 0.9
#: P(missing) averaged over a normal of variance v is nearly that at its mean with a slope divided by sqrt(1 + pi v b1^2
#: / 8) (MacKay 1992, Neural Computation 4:720).
_AVERAGED = np.pi / 8
_ROUNDS, _STILL = 200, 1e-9
#: Longest step of a mode, log2.
_STEP = 2.0
#: Log odds beyond which a probability is 0 or 1 in all its digits.
_FAR = 500.0


@dataclass(frozen=True, eq=False)
class DetectionCurve:
    """A detection curve.

    Attributes
    ----------
    intercept, slope
        b0 and b1, per log2.
    slope_se
        Standard error of the slope, of features that are independent.
    shifts
        Of each sample, beside the intercept; they sum to zero.
    centre, spread
        Mean and variance of the means of features.
    """

    intercept: float
    slope: float
    slope_se: float
    shifts: np.ndarray
    centre: float
    spread: float


@dataclass(frozen=True, eq=False)
class Recovered:
    """Values without gaps.

    Attributes
    ----------
    log2
        Observed values as they are, missing ones as the modes of their posterior; features never observed are NaN.
    se
        Standard error of each: of a missing value from the curvature of its posterior, of an observed one 0.
    """

    log2: np.ndarray
    se: np.ndarray


@dataclass(frozen=True, eq=False)
class _Moments:
    """Of each feature: values observed, their mean, their variance (NaN of one) and what it is with its prior."""

    number: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    moderated: np.ndarray

    @classmethod
    def of(cls, log2: np.ndarray) -> _Moments:
        seen = np.isfinite(log2)
        number = seen.sum(axis=1).astype(float)
        mean = np.where(seen, log2, 0.0).sum(axis=1) / np.maximum(number, 1)
        squares = np.where(seen, log2 - mean[:, None], 0.0) ** 2
        df = np.maximum(number - 1, 0)
        variance = np.where(df > 0, squares.sum(axis=1) / np.maximum(df, 1), np.nan)
        prior, df_prior = fit_prior(variance, df, covariate=np.where(number > 0, mean, np.nan))
        return cls(number, mean, variance, posterior_variance(np.nan_to_num(variance), df, prior, df_prior))


def fit_detection_curve(log2: np.ndarray) -> DetectionCurve:
    """Estimate the curve from the observed values and from where they are missing.

    Zero-truncated binomial likelihood of the number of samples in which each feature was detected, given the mean and
    the variance of what was, both with a prior from all features (the observed-normal model of Li & Smyth 2023). The
    intercepts of the samples follow from their features that some other sample has.

    Parameters
    ----------
    log2
        Features x samples, NaN where missing. Features never observed tell nothing: a table does not list them all.

    Raises
    ------
    ValueError
        No value is missing, fewer than two samples or no feature with two values, or no curve fits.
    """
    log2 = np.asarray(log2, dtype=float)
    log2 = log2[np.isfinite(log2).any(axis=1)]
    samples = log2.shape[1]
    if not np.isnan(log2).any():
        raise ValueError("no value is missing")
    if samples < 2 or (np.isfinite(log2).sum(axis=1) < 2).all():
        raise ValueError("no feature has two values")
    found = _Moments.of(log2)
    # what a few values say of a feature's mean is drawn to the mean of all
    centre = float(found.mean.mean())
    spread = max(float(found.mean.var() - (found.moderated / found.number).mean()), 1e-6)
    mean = (found.mean - centre) * spread / (spread + found.moderated / found.number)
    b, information = _maximise(found.number, samples, mean, found.moderated)
    slope_se = float(np.sqrt(np.linalg.inv(information)[1, 1]))
    predictor = b[0] + b[1] * mean - b[1] ** 2 * found.moderated / 2
    shifts = _of_samples(np.isfinite(log2), predictor)
    intercept = float(b[0] - b[1] * centre)
    return DetectionCurve(
        intercept, float(b[1]), slope_se, shifts - shifts.mean(), centre, float(found.mean.var())
    )


def _maximise(
    number: np.ndarray, samples: int, mean: np.ndarray, variance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Fisher scoring of the two coefficients, with halved steps; the expected information at the maximum."""

    def predictor(b: np.ndarray) -> np.ndarray:
        return b[0] + b[1] * mean - b[1] ** 2 * variance / 2

    def likelihood(b: np.ndarray) -> float:
        eta = np.clip(predictor(b), -_FAR, _FAR)
        never = -samples * np.logaddexp(0.0, eta)  # log P(no sample), whose complement the table shows
        return float((number * eta + never - np.log(-np.expm1(never))).sum())

    share = number.sum() / (len(number) * samples)
    b = np.array([np.log(share / (1 - share)), 0.5 / max(1.0, float(mean.std()))])
    here = likelihood(b)
    for _ in range(_ROUNDS):
        eta = np.clip(predictor(b), -_FAR, _FAR)
        p, never = expit(eta), -samples * np.logaddexp(0.0, eta)
        expected = samples * p / -np.expm1(never)
        scatter = np.maximum(expected * (1 - p) - expected**2 * np.exp(never), 0.0)
        gradient = np.stack([np.ones_like(mean), mean - b[1] * variance])
        information = (gradient * scatter) @ gradient.T
        step = np.linalg.lstsq(information, gradient @ (number - expected), rcond=None)[0]
        part = 1.0
        while not (there := likelihood(b + part * step)) >= here - 1e-9 and part > 1e-6:
            part /= 2
        b, here = b + part * step, there
        if np.abs(part * step).max() < _STILL:
            return b, information
    raise ValueError(
        "the detection curve did not settle: detection hardly depends on intensity, or is certain"
    )


def _of_samples(seen: np.ndarray, predictor: np.ndarray) -> np.ndarray:
    """Intercept of each sample, from the features that some other sample has: those the table lists anyway."""
    elsewhere = (seen.sum(axis=1)[:, None] - seen) > 0
    detected = (seen & elsewhere).sum(axis=0)
    # a sample that misses nothing, or has nothing, has half a feature otherwise
    detected = np.clip(detected, 0.5, elsewhere.sum(axis=0) - 0.5)
    shifts = np.zeros(seen.shape[1])
    for _ in range(_ROUNDS):
        p = expit(predictor[:, None] + shifts) * elsewhere
        step = (detected - p.sum(axis=0)) / np.maximum((p * (1 - p) * elsewhere).sum(axis=0), 1e-9)
        shifts += np.clip(step, -_STEP, _STEP)
        if np.abs(step).max() < _STILL:
            break
    return shifts


def recover(log2: np.ndarray, curve: DetectionCurve, columns: np.ndarray | None = None) -> Recovered:
    """Put the likeliest value where one is missing.

    All values of a feature, seen or not, are normal about their fitted values (the complete-normal model), which
    maximise the likelihood of the values observed and of the detection of the others, with a normal prior from all
    features. Each missing value then maximises its normal density times the probability of being missed.

    Parameters
    ----------
    log2
        Features x samples, NaN where missing.
    curve
        Of :func:`fit_detection_curve`, for these samples.
    columns
        Samples x p, what the values are fitted by; a mean of the feature where None. What a test then compares must
        not be among them: where it does not differ, samples stay exchangeable.
    """
    log2 = np.asarray(log2, dtype=float)
    seen = np.isfinite(log2)
    filled, se = log2.copy(), np.where(seen, 0.0, np.nan)
    gaps = np.flatnonzero(seen.any(axis=1) & ~seen.all(axis=1))
    if not len(gaps):
        return Recovered(filled, se)
    variance, mean = complete_moments(log2, curve, columns)
    for part in feature_blocks(len(gaps), log2.shape[1]):
        rows = gaps[part]
        value, wide = mean[rows].copy(), np.broadcast_to(variance[rows, None], mean[rows].shape)
        for _ in range(_ROUNDS):
            p = expit(curve.intercept + curve.shifts + curve.slope * value)
            bend = 1 / wide + curve.slope**2 * p * (1 - p)
            step = ((mean[rows] - value) / wide - curve.slope * p) / bend
            value += np.clip(step, -_STEP, _STEP)
            if np.abs(step).max() < _STILL:
                break
        filled[rows] = np.where(seen[rows], log2[rows], value)
        se[rows] = np.where(seen[rows], 0.0, 1 / np.sqrt(bend))
    return Recovered(filled, se)


def complete_moments(
    log2: np.ndarray, curve: DetectionCurve, columns: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Variance and fitted values of each feature, had none of its values been missed.

    Parameters
    ----------
    log2, curve, columns
        As for :func:`recover`.

    Returns
    -------
    Variance (features,), the feature's own or the large one of all features (:data:`SPREAD`) where that is larger, and
    fitted values (features x samples); the mean of what was observed where nothing is missing, NaN where everything is.
    """
    samples = log2.shape[1]
    q = orthonormal_basis(np.ones((samples, 1)) if columns is None else columns)[0]
    # one observed value at least tells of the scatter, however many columns there are
    start = fit_linear(log2, Design(q, tuple(f"c{i}" for i in range(q.shape[1]))))
    own, df = start.sigma**2, start.df_residual
    prior, df_prior = fit_prior(own, df, covariate=start.mean_abundance)
    moderated = posterior_variance(np.nan_to_num(own), df, prior, df_prior)
    often = (start.n_observed >= samples / 2) & (df > 0)
    typical = own[often] if often.any() else moderated[start.n_observed > 0]
    variance = np.maximum(moderated, np.quantile(typical, SPREAD))
    mean = np.broadcast_to(start.mean_abundance[:, None], log2.shape).copy()
    gaps, weak = (
        np.flatnonzero((start.n_observed > 0) & (start.n_observed < samples)),
        prior_information(q, curve),
    )
    for part in feature_blocks(len(gaps), q.size * q.shape[1]):
        rows = gaps[part]
        beta = start.mean_abundance[rows, None] * q.sum(axis=0)
        mean[rows] = fit_means(log2[rows], q, variance[rows, None], beta, curve, weak).beta @ q.T
    return variance, mean


@dataclass(frozen=True, eq=False)
class Means:
    """Of some features: coefficients (features x rank); score and information of each value (features x samples)."""

    beta: np.ndarray
    score: np.ndarray
    information: np.ndarray


def fit_means(
    log2: np.ndarray,
    q: np.ndarray,
    variance: np.ndarray,
    beta: np.ndarray,
    curve: DetectionCurve,
    prior: np.ndarray,
) -> Means:
    """Maximise the likelihood of the values seen, and of the others being missed, given their variance.

    Newton's method; the likelihood is concave. Fitted values have a normal prior about the centre of the curve's
    features, so that a cell without a value has a mean.

    Parameters
    ----------
    log2
        Features x samples, NaN where missing.
    q
        Samples x rank, orthonormal.
    variance
        Of each value, features x samples or such that it broadcasts.
    beta
        Where to start, features x rank.
    curve
        Of these samples.
    prior
        Information of the prior at each sample (:func:`prior_information`).
    """
    seen = np.isfinite(log2)
    values = np.where(seen, log2, 0.0)
    gentle = curve.slope / np.sqrt(1 + _AVERAGED * curve.slope**2 * variance)
    offset = gentle / curve.slope * (curve.intercept + curve.shifts)
    for _ in range(_ROUNDS):
        fitted = beta @ q.T
        p = expit(offset + gentle * fitted)
        score = np.where(seen, (values - fitted) / variance, -gentle * p)
        information = np.where(seen, 1 / variance, gentle**2 * p * (1 - p))
        slope = (score + prior * (curve.centre - fitted)) @ q
        bend = weighted_products(information + prior, q)
        step = np.linalg.solve(bend, slope[:, :, None])[:, :, 0]
        longest = np.abs(step @ q.T).max(axis=1)
        beta = beta + step * np.minimum(1.0, _STEP / np.maximum(longest, _STEP))[:, None]
        if longest.max(initial=0.0) < _STILL:
            break
    return Means(beta, score, information)


def prior_information(q: np.ndarray, curve: DetectionCurve) -> np.ndarray:
    """What the means of all features say of a feature's fitted values, for all samples of a cell together once."""
    return (q**2).sum(axis=1) / curve.spread


def weighted_products(weights: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Q' W Q of each feature, from weights (features x samples) and Q (samples x rank)."""
    pairs = (q[:, :, None] * q[:, None, :]).reshape(len(q), -1)
    return (weights @ pairs).reshape(len(weights), q.shape[1], q.shape[1])
