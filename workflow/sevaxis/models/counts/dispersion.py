"""Dispersion of negative binomial counts: one estimate per feature, a trend over the mean, and their compromise.

Love, Huber & Anders 2014 (Genome Biology 15:550), Methods, "Estimation of dispersions" and "Empirical Bayes
shrinkage"; the Cox-Reid term after McCarthy, Chen & Smyth 2012 (Nucleic Acids Research 40:4288). Constants
that the paper leaves open are those of R DESeq2 1.38.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import gammaln, psi

from sevaxis.models.counts.dispersion_trend import Trend, fit_trend, prior_variance, robust_variance
from sevaxis.models.counts.nb_glm import (
    MU_FLOOR,
    fit_coefficients,
    fitted_means,
    weighted_gram,
    working_weights,
)
from sevaxis.models.numeric.blockwise import feature_blocks

MIN_DISPERSION = 1e-8  # below it counts are Poisson for all purposes
MAX_DISPERSION = 10.0  # or the number of samples, where that is larger
OUTLIER_SD = 2.0  # a feature this many SDs above the trend keeps its own estimate (paper: "outliers")
# A feature-wise estimate below this carries no information on the trend or its scatter
INFORMATIVE = 100 * MIN_DISPERSION
# The line search of R DESeq2 (arguments `kappa_0`, `dispTol`, `maxit` of its help page; Nocedal & Wright 2006, 3.1)
FIRST_STEP = 1.0
ARMIJO = 1e-4
SEARCH_TOLERANCE = 1e-6  # gain of log likelihood at which a search has ended
SEARCH_STEPS = 100
SEARCH_RANGE = (-30.0, 10.0)  # log dispersion
# A feature-wise search that gains less than this share of the log likelihood leaves its start in place
MIN_RELATIVE_GAIN = 1e-6
GRID_POINTS, GRID_ROUNDS = 20, 2


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
    residual_variance : float
        The same with the sampling variance, robustly: what outliers are measured against.
    """

    feature_wise: np.ndarray
    trended: np.ndarray
    posterior: np.ndarray
    final: np.ndarray
    outlier: np.ndarray
    trend: Trend
    prior_variance: float
    residual_variance: float


def estimate_dispersions(
    counts: np.ndarray,
    design: np.ndarray,
    size_factors: np.ndarray,
    trend: str = "parametric",
    *,
    given: Dispersions | None = None,
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
    given : Dispersions, optional
        Of all features: their trend and prior hold for these counts, which are some features fitted again.

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
    fitted_trend = given.trend if given else fit_trend(means, feature_wise, trend, MIN_DISPERSION)
    if fitted_trend.kind == "none":
        own, nowhere = feature_wise, np.zeros(len(means), dtype=bool)
        return Dispersions(own, own, own, own, nowhere, fitted_trend, np.nan, np.nan)
    trended = fitted_trend.evaluate(means)
    if given:
        prior, scatter = given.prior_variance, given.residual_variance
    else:
        informative = feature_wise >= INFORMATIVE
        residuals = np.log(feature_wise[informative]) - np.log(trended[informative])
        prior, scatter = prior_variance(residuals, n_samples - p), robust_variance(residuals)
    start = np.where(feature_wise > 0.1 * trended, feature_wise, trended)
    posterior = _maximise(counts, mu, design, start, upper, np.log(trended), prior)
    outlier = np.log(feature_wise) > np.log(trended) + OUTLIER_SD * np.sqrt(scatter)
    final = np.where(outlier, feature_wise, posterior)
    return Dispersions(feature_wise, trended, posterior, final, outlier, fitted_trend, prior, scatter)


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
    """Climb from `start` to the maximum of the Cox-Reid adjusted likelihood (times the prior), per feature.

    Without a prior the start, a moment estimate, stays where the search gains nothing to speak of.
    """
    found = np.empty(len(counts))
    centre = np.zeros(len(counts)) if prior_mean is None else prior_mean
    for rows in feature_blocks(len(counts), counts.shape[1]):
        objective = _Objective(counts[rows], mu[rows], design, centre[rows], prior)
        log_start = np.log(start[rows])
        value, gain, tried = _line_search(objective, log_start)
        stuck = tried == SEARCH_STEPS
        if prior_mean is None:
            # from the floor the likelihood is flat within rounding error: the data show no overdispersion
            no_gain = gain < MIN_RELATIVE_GAIN
            value = np.where(no_gain | (start[rows] <= MIN_DISPERSION), log_start, value)
            stuck = (stuck | (tried == 1)) & (value > np.log(10 * MIN_DISPERSION))
        if stuck.any():
            value[stuck] = _grid_search(objective.of(stuck), upper)
        found[rows] = np.exp(value)
    return np.clip(found, MIN_DISPERSION, upper)


def _line_search(objective: "_Objective", start: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Steepest ascent with backtracking; a proposal is accepted by Armijo's condition (Love 2014, Methods).

    Returns
    -------
    position, relative gain of log likelihood, proposals tried (SEARCH_STEPS where the search did not end)
    """
    position = start.copy()
    value = objective.value(position)
    before = value.copy()
    slope = objective.slope(position)
    step = np.full(len(start), FIRST_STEP)
    accepted_so_far = np.zeros(len(start), dtype=int)
    tried = np.full(len(start), SEARCH_STEPS)
    active = np.arange(len(start))
    current = objective
    for attempt in range(1, SEARCH_STEPS):
        here, ascent = position[active], slope[active]
        proposal = np.clip(here + step[active] * ascent, *SEARCH_RANGE)
        proposed = current.value(proposal)
        gain = proposed - value[active]
        accept = gain >= ARMIJO * (proposal - here) * ascent
        moved = active[accept]
        position[moved], value[moved] = proposal[accept], proposed[accept]
        accepted_so_far[moved] += 1
        step[active[~accept]] /= 2
        step[moved] = np.minimum(step[moved] * 1.1, FIRST_STEP)
        step[moved[accepted_so_far[moved] % 5 == 0]] /= 2
        done = accept & ((gain < SEARCH_TOLERANCE) | (proposal < np.log(MIN_DISPERSION / 10)))
        tried[active[done]] = attempt
        climbing = accept & ~done
        if climbing.any():
            slope[active[climbing]] = current.of(climbing).slope(proposal[climbing])
        if done.any():
            active = active[~done]
            current = current.of(~done)
        if not active.size:
            break
    return position, (value - before) / np.abs(before), tried


def _grid_search(objective: "_Objective", upper: float) -> np.ndarray:
    """Highest point of a grid over the whole range, then of a finer one around it, as R does.

    For the few features that line search cannot settle; good to about 5 % of the dispersion.
    """
    n = len(objective.counts)
    low, high = np.full(n, np.log(MIN_DISPERSION)), np.full(n, np.log(upper))
    for _ in range(GRID_ROUNDS):
        grid = np.linspace(low, high, GRID_POINTS)
        best = np.argmax([objective.value(point) for point in grid], axis=0)
        spacing = grid[1] - grid[0]
        centre = grid[best, np.arange(n)]
        low, high = centre - spacing, centre + spacing
    return centre


@dataclass(frozen=True)
class _Objective:
    """Cox-Reid adjusted profile log likelihood, times a normal prior, as a function of log dispersion.

    In its size r = 1 / dispersion a count y with mean mu has the log likelihood
    lgamma(y + r) - lgamma(r) - y log(mu + r) - r log(1 + mu / r) + terms without r; the adjustment is
    -1/2 log det X'WX with W = mu / (1 + dispersion mu) (Cox & Reid 1987).
    """

    counts: np.ndarray
    mu: np.ndarray
    design: np.ndarray
    centre: np.ndarray
    prior: float

    def of(self, rows: np.ndarray) -> "_Objective":
        """The same for some of the features."""
        return replace(self, counts=self.counts[rows], mu=self.mu[rows], centre=self.centre[rows])

    def value(self, log_dispersion: np.ndarray) -> np.ndarray:
        """Height at one log dispersion per feature."""
        dispersion = np.exp(log_dispersion)
        r = 1.0 / dispersion[:, None]
        terms = (
            gammaln(self.counts + r)
            - gammaln(r)
            - self.counts * np.log(self.mu + r)
            - r * np.log1p(self.mu / r)
        )
        gram = weighted_gram(working_weights(self.mu, dispersion), self.design)
        adjusted = terms.sum(axis=1) - 0.5 * np.linalg.slogdet(gram)[1]
        return adjusted - 0.5 * (log_dispersion - self.centre) ** 2 / self.prior

    def slope(self, log_dispersion: np.ndarray) -> np.ndarray:
        """First derivative."""
        dispersion = np.exp(log_dispersion)
        r = 1.0 / dispersion[:, None]
        by_size = (
            psi(self.counts + r) - psi(r) - np.log1p(self.mu / r) + (self.mu - self.counts) / (self.mu + r)
        ).sum(axis=1)
        weights = working_weights(self.mu, dispersion)
        gram, change = weighted_gram(weights, self.design), weighted_gram(weights**2, self.design)
        by_weight = 0.5 * (np.linalg.inv(gram) * change).sum(axis=(1, 2))
        return -by_size / dispersion + dispersion * by_weight - (log_dispersion - self.centre) / self.prior
