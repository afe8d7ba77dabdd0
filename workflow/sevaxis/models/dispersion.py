"""Dispersion of negative binomial counts: one estimate per feature, a trend over the mean, and their compromise.

Love, Huber & Anders 2014 (Genome Biology 15:550), Methods, "Estimation of dispersions" and "Empirical Bayes
shrinkage"; the Cox-Reid term after McCarthy, Chen & Smyth 2012 (Nucleic Acids Research 40:4288). Constants
that the paper leaves open are those of R DESeq2 1.38.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import psi

from sevaxis.models.blockwise import feature_blocks
from sevaxis.models.dispersion_trend import Trend, fit_trend, prior_variance, robust_variance
from sevaxis.models.nb_glm import MU_FLOOR, fit_coefficients, fitted_means, weighted_gram

MIN_DISPERSION = 1e-8  # below it counts are Poisson for all purposes
MAX_DISPERSION = 10.0  # or the number of samples, where that is larger
OUTLIER_SD = 2.0  # a feature this many SDs above the trend keeps its own estimate (paper: "outliers")
# A feature-wise estimate below this carries no information on the trend or its scatter
INFORMATIVE = 100 * MIN_DISPERSION
SEARCH_TOLERANCE = 1e-7  # step of log dispersion at which a search has ended
SEARCH_STEPS = 100


@dataclass(frozen=True)
class Dispersions:
    """Dispersion estimates of the features that have a count.

    Attributes
    ----------
    feature_wise, trended, posterior, final : ndarray (features,)
        Own estimate; value of the trend at the feature's mean; maximum a posteriori; the one used, which is
        `posterior` except for outliers, which keep `feature_wise`.
    outlier : ndarray of bool (features,)
    trend : Trend
    prior_variance : float
        Variance of log dispersion around the trend, sampling variance removed.
    """

    feature_wise: np.ndarray
    trended: np.ndarray
    posterior: np.ndarray
    final: np.ndarray
    outlier: np.ndarray
    trend: Trend
    prior_variance: float


def estimate_dispersions(
    counts: np.ndarray, design: np.ndarray, size_factors: np.ndarray, trend: str = "parametric"
) -> Dispersions:
    """Feature-wise, trended and shrunken dispersions.

    Parameters
    ----------
    counts : ndarray (features, samples)
        No feature may be zero throughout.
    design : ndarray (samples, p)
        Full column rank, fewer columns than samples.
    size_factors : ndarray (samples,)
    trend : {"parametric", "local", "mean"}
        Asked for; see `fit_trend` for the fallbacks.

    Returns
    -------
    Dispersions
    """
    n_samples, p = design.shape
    upper = max(MAX_DISPERSION, n_samples)
    means = (counts / size_factors).mean(axis=1)
    start = _rough_estimates(counts, design, size_factors, means, upper)
    mu = _means_for_dispersion(counts, design, size_factors, start)

    feature_wise = _maximise(counts, mu, design, start, upper)
    # a search that starts at Poisson stays there: the likelihood is flat, and the data show no overdispersion
    feature_wise[start <= MIN_DISPERSION] = MIN_DISPERSION

    fitted_trend = fit_trend(means, feature_wise, trend, MIN_DISPERSION)
    trended = fitted_trend.evaluate(means)
    if fitted_trend.kind == "none":
        return Dispersions(
            feature_wise, feature_wise, feature_wise, feature_wise, np.zeros(len(means), bool), fitted_trend, np.nan
        )
    informative = feature_wise >= INFORMATIVE
    residuals = np.log(feature_wise[informative]) - np.log(trended[informative])
    prior = prior_variance(residuals, n_samples - p)
    start = np.where(feature_wise > 0.1 * trended, feature_wise, trended)
    posterior = _maximise(counts, mu, design, start, upper, np.log(trended), prior)
    threshold = np.log(trended) + OUTLIER_SD * np.sqrt(robust_variance(residuals))
    outlier = np.log(feature_wise) > threshold
    final = np.where(outlier, feature_wise, posterior)
    return Dispersions(feature_wise, trended, posterior, final, outlier, fitted_trend, prior)


def _rough_estimates(
    counts: np.ndarray, design: np.ndarray, size_factors: np.ndarray, means: np.ndarray, upper: float
) -> np.ndarray:
    """Starting values: the smaller of two moment estimates, kept within the allowed range."""
    n_samples, p = design.shape
    hat = design @ np.linalg.pinv(design)
    rough = np.empty(len(counts))
    for rows in feature_blocks(len(counts), n_samples):
        normalised = counts[rows] / size_factors
        mu = np.maximum(normalised @ hat.T, 1.0)
        residual = (((normalised - mu) ** 2 - mu) / mu**2).sum(axis=1) / (n_samples - p)
        mean = means[rows]
        variance = normalised.var(axis=1, ddof=1)
        moment = (variance - (1.0 / size_factors).mean() * mean) / mean**2
        rough[rows] = np.minimum(residual, moment)
    return np.clip(rough, MIN_DISPERSION, upper)


def _means_for_dispersion(
    counts: np.ndarray, design: np.ndarray, size_factors: np.ndarray, start: np.ndarray
) -> np.ndarray:
    """Means at which the dispersion is estimated: of the groups where the design is groups, else of the model."""
    groups = np.unique(design, axis=0, return_inverse=True)[1].ravel()
    if groups.max() + 1 == design.shape[1]:
        hat = design @ np.linalg.pinv(design)
        return np.maximum((counts / size_factors) @ hat.T * size_factors, MU_FLOOR)
    fit = fit_coefficients(counts, design, size_factors, start)
    return fitted_means(fit.coefficients, design, size_factors)


def _maximise(
    counts: np.ndarray,
    mu: np.ndarray,
    design: np.ndarray,
    start: np.ndarray,
    upper: float,
    prior_mean: np.ndarray | None = None,
    prior: float = np.inf,
) -> np.ndarray:
    """Climb from `start` to the maximum of the Cox-Reid adjusted likelihood (times the prior), per feature."""
    found = np.empty(len(counts))
    centre = np.zeros(len(counts)) if prior_mean is None else prior_mean
    for rows in feature_blocks(len(counts), counts.shape[1]):
        found[rows] = _climb(counts[rows], mu[rows], design, np.log(start[rows]), upper, centre[rows], prior)
    return found


def _climb(
    counts: np.ndarray,
    mu: np.ndarray,
    design: np.ndarray,
    start: np.ndarray,
    upper: float,
    centre: np.ndarray,
    prior: float,
) -> np.ndarray:
    """Newton's method on log dispersion, kept inside a bracket that its own gradients narrow."""
    low = np.full(len(counts), np.log(MIN_DISPERSION / 10))
    high = np.full(len(counts), np.log(upper))
    log_dispersion = np.clip(start, low, high)
    active = np.arange(len(counts))
    for _ in range(SEARCH_STEPS):
        t = log_dispersion[active]
        slope, curvature = _likelihood_slope(counts[active], mu[active], design, np.exp(t))
        slope = slope - (t - centre[active]) / prior
        curvature = curvature - 1.0 / prior
        uphill = slope > 0
        low[active] = np.where(uphill, t, low[active])
        high[active] = np.where(uphill, high[active], t)
        # where the function is not concave Newton's step would go downhill: take a unit step uphill instead
        concave = curvature < 0
        step = np.where(concave, -slope / np.where(concave, curvature, 1.0), np.sign(slope))
        step = np.clip(step, -2.0, 2.0)
        target = t + step
        outside = (target <= low[active]) | (target >= high[active])
        target = np.where(outside, 0.5 * (low[active] + high[active]), target)
        log_dispersion[active] = target
        active = active[np.abs(target - t) > SEARCH_TOLERANCE]
        if not active.size:
            break
    return np.clip(np.exp(log_dispersion), MIN_DISPERSION, upper)


def _likelihood_slope(
    counts: np.ndarray, mu: np.ndarray, design: np.ndarray, dispersion: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """First and second derivative of the Cox-Reid adjusted profile likelihood by log dispersion.

    The likelihood in its size r = 1 / dispersion is, per count y with mean mu,
    lgamma(y + r) - lgamma(r) + r log r - (y + r) log(mu + r); the adjustment is -1/2 log det X'WX with
    W = mu / (1 + dispersion mu) (Cox & Reid 1987).
    """
    r = (1.0 / dispersion)[:, None]
    total = mu + r
    excess = (mu - counts) / total
    first = (psi(counts + r) - psi(r) - np.log1p(mu / r) + excess).sum(axis=1)
    second = (_trigamma(counts + r) - _trigamma(r) + mu / (r * total) - excess / total).sum(axis=1)
    size = r[:, 0]
    slope = -size * first
    curvature = size**2 * second + size * first

    weights = mu / (1.0 + dispersion[:, None] * mu)
    inverse = np.linalg.inv(weighted_gram(weights, design))
    change = -weighted_gram(weights**2, design)
    change2 = 2.0 * weighted_gram(weights**3, design)
    relative = inverse @ change
    trace = np.trace(relative, axis1=1, axis2=2)
    by_dispersion = -0.5 * trace
    by_dispersion2 = -0.5 * ((inverse * change2).sum(axis=(1, 2)) - (relative * relative.transpose(0, 2, 1)).sum(axis=(1, 2)))
    slope += dispersion * by_dispersion
    curvature += dispersion**2 * by_dispersion2 + dispersion * by_dispersion
    return slope, curvature


def _trigamma(x: np.ndarray) -> np.ndarray:
    """Second derivative of log gamma for x > 0, to about 1e-9: ten times as fast as scipy's general polygamma.

    Recurrence up by six, then the asymptotic series (Abramowitz & Stegun 6.4.6 and 6.4.12).
    """
    shifted = 1.0 / (x + 6.0)
    square = shifted * shifted
    value = shifted + 0.5 * square + shifted * square * (1 / 6 - square * (1 / 30 - square * (1 / 42 - square / 30)))
    for k in range(6):
        value += 1.0 / ((x + k) * (x + k))
    return value
