"""How the dispersion of counts falls with their mean: the trend, and the scatter of features around it."""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicHermiteSpline
from scipy.special import ndtr, polygamma
from scipy.stats import chi2, trim_mean

KINDS = ("parametric", "local", "mean")
MIN_PRIOR_VARIANCE = 0.25  # R DESeq2: the prior on log dispersion is never narrower
FEW_RESIDUAL_DF = 3  # up to here the sampling distribution of a log variance is far from normal
# Ratios of estimate to trend beyond these are outliers and leave the parametric fit (R DESeq2)
RATIO_RANGE = (1e-4, 15.0)
TREND_TOLERANCE = 1e-6
TREND_ROUNDS = 10
LOCAL_SPAN = 0.7  # share of features in a local fit (Loader 1999, the usual default)
LOCAL_CUT = 0.8  # distance of knots, in bandwidths, up to which the curve between them is interpolated


@dataclass(frozen=True)
class Trend:
    """Dispersion as a function of the mean of normalised counts.

    Attributes
    ----------
    kind : {"parametric", "local", "mean", "none"}
        `none`: no feature shows overdispersion, feature-wise estimates stand.
    reason : str
        Why it is another kind than asked for; empty when it is not.
    parameters : ndarray
        `parametric`: asymptotic dispersion a0 and extra-Poisson term a1 of a0 + a1 / mean; `mean`: the value;
        `local`: (3, knots) log mean, log dispersion and its slope.
    """

    kind: str
    reason: str
    parameters: np.ndarray

    def evaluate(self, means: np.ndarray) -> np.ndarray:
        """Value of the trend at `means` (features,), all above 0."""
        if self.kind == "parametric":
            return self.parameters[0] + self.parameters[1] / means
        if self.kind == "local":
            return np.exp(CubicHermiteSpline(*self.parameters)(np.log(means)))
        return np.full(len(means), self.parameters[0])


def fit_trend(means: np.ndarray, dispersions: np.ndarray, kind: str, floor: float) -> Trend:
    """Fit the trend of feature-wise dispersions over the mean; fall back where it cannot be fitted.

    `parametric` a0 + a1 / mean by a gamma model with identity link, features far off left out in rounds
    (Love 2014, equation 6); if a parameter turns negative or the rounds do not settle: `local`, a locally
    quadratic regression of log dispersion on log mean, weighted by the mean. `mean`: mean of the dispersions,
    0.1 % trimmed at either end.

    Parameters
    ----------
    means, dispersions : ndarray (features,)
    kind : {"parametric", "local", "mean"}
    floor : float
        Smallest dispersion that the feature-wise search returns.

    Returns
    -------
    Trend

    Raises
    ------
    ValueError
        Unknown kind.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown dispersion trend {kind!r}; allowed: {', '.join(KINDS)}")
    usable = dispersions > 10 * floor
    if not usable.any():
        return Trend("none", "no feature shows more than Poisson variation", np.array([floor]))
    if kind == "mean":
        return Trend("mean", "", np.array([trim_mean(dispersions[usable], 0.001)]))
    reason = ""
    if kind == "parametric":
        clear = dispersions > 100 * floor
        parameters = _fit_parametric(means[clear], dispersions[clear])
        if parameters is not None:
            return Trend("parametric", "", parameters)
        reason = "the parametric dispersion trend a0 + a1/mean could not be fitted"
    if np.unique(means[usable]).size < 10:
        return Trend(
            "mean",
            reason or "too few features for a local trend",
            np.array([trim_mean(dispersions[usable], 0.001)]),
        )
    return Trend("local", reason, _fit_local(means[usable], dispersions[usable]))


def prior_variance(residuals: np.ndarray, residual_df: int) -> float:
    """Variance of the true log dispersions around the trend.

    Observed robust variance minus the sampling variance of a log variance estimate, trigamma(df / 2)
    (Love 2014, equation 8 and text), at least 0.25. With 3 residual degrees of freedom or fewer: the variance
    whose normal, convolved with the distribution of log(chi2 / df), is nearest to the histogram of the
    residuals by Kullback-Leibler divergence. R draws random numbers for that distribution; here it is exact.

    Parameters
    ----------
    residuals : ndarray
        Log feature-wise dispersion minus log trend, informative features only.
    residual_df : int
        Samples minus columns of the design.
    """
    if residual_df > FEW_RESIDUAL_DF:
        return max(robust_variance(residuals) - float(polygamma(1, residual_df / 2)), MIN_PRIOR_VARIANCE)
    edges = np.arange(-20, 21) / 2.0
    inside = residuals[np.abs(residuals) < 10]
    if not inside.size:
        return MIN_PRIOR_VARIANCE
    observed = np.histogram(inside, edges)[0] / inside.size
    quantiles = np.log(chi2.ppf((np.arange(2000) + 0.5) / 2000, residual_df) / residual_df)
    candidates = np.linspace(0.008, 8, 1000)
    divergence = np.empty(len(candidates))
    for i, variance in enumerate(candidates):
        below = ndtr((edges[:, None] - quantiles) / np.sqrt(variance)).mean(axis=1)
        expected = np.diff(below)
        tiny = min(observed[observed > 0].min(), 1e-4)
        divergence[i] = (observed * (np.log(observed + tiny) - np.log(expected + tiny))).sum()
    return max(float(candidates[divergence.argmin()]), MIN_PRIOR_VARIANCE)


def robust_variance(values: np.ndarray) -> float:
    """Square of the median absolute deviation, scaled to the variance of a normal sample."""
    if not values.size:
        return 0.0
    return float((1.4826 * np.median(np.abs(values - np.median(values)))) ** 2)


def _fit_parametric(means: np.ndarray, dispersions: np.ndarray) -> np.ndarray | None:
    """Parameters (a0, a1), or None where they are not both positive or do not settle."""
    parameters = np.array([0.1, 1.0])
    for _ in range(TREND_ROUNDS + 1):
        ratio = dispersions / (parameters[0] + parameters[1] / means)
        kept = (ratio > RATIO_RANGE[0]) & (ratio < RATIO_RANGE[1])
        if kept.sum() < 2:
            return None
        previous = parameters
        fitted = _gamma_identity(means[kept], dispersions[kept], previous)
        if fitted is None:
            return None
        parameters = fitted
        if np.sum(np.log(parameters / previous) ** 2) < TREND_TOLERANCE:
            return parameters
    return None


def _gamma_identity(means: np.ndarray, dispersions: np.ndarray, start: np.ndarray) -> np.ndarray | None:
    """Gamma regression with identity link on (1, 1 / mean): weighted least squares with weights fit^-2.

    Stops where R's `glm` does by default: the deviance changes by less than 1e-8 of itself, or 25 rounds.
    """
    x = np.column_stack([np.ones_like(means), 1.0 / means])
    parameters, fit = start, x @ start
    deviance = _gamma_deviance(dispersions / fit)
    for _ in range(25):
        weighted = x / (fit**2)[:, None]
        gram = weighted.T @ x
        if np.linalg.cond(gram) > 1e14:
            return None
        parameters = np.linalg.solve(gram, weighted.T @ dispersions)
        fit = x @ parameters
        if (fit <= 0).any():
            return None
        previous, deviance = deviance, _gamma_deviance(dispersions / fit)
        if abs(deviance - previous) < 1e-8 * (abs(deviance) + 0.1):
            break
    return parameters if (parameters > 0).all() else None


def _gamma_deviance(ratio: np.ndarray) -> float:
    return float(2.0 * np.sum(ratio - 1.0 - np.log(ratio)))


def _fit_local(means: np.ndarray, dispersions: np.ndarray) -> np.ndarray:
    """Locally quadratic regression of log dispersion on log mean (Loader 1999, chapters 2 and 12).

    Tricube kernel that reaches the nearest 70 % of the features, times weights equal to the mean. The curve is
    fitted at the ends of the range, then halfway between neighbours as long as they lie further apart than 0.8 of
    the smaller of their bandwidths; cubic Hermite polynomials join values and slopes.
    """
    x, y = np.log(means), np.log(dispersions)
    nearest = max(3, int(LOCAL_SPAN * len(x)))

    def fit_at(knot: float) -> tuple[float, float, float, float]:
        centred = x - knot
        distance = np.abs(centred)
        # where most features share one mean the bandwidth would be 0
        bandwidth = max(np.partition(distance, nearest - 1)[nearest - 1], 1e-3 * (x.max() - x.min()))
        weight = np.clip(1.0 - (distance / bandwidth) ** 3, 0.0, None) ** 3 * means
        root = np.sqrt(weight / weight.max())
        basis = np.column_stack([np.ones_like(x), centred, centred**2]) * root[:, None]
        value, slope, _ = np.linalg.lstsq(basis, y * root, rcond=None)[0]
        return knot, value, slope, bandwidth

    def refine(left: tuple, right: tuple) -> list[tuple]:
        if right[0] - left[0] <= LOCAL_CUT * min(left[3], right[3]):
            return [left]
        middle = fit_at((left[0] + right[0]) / 2)
        return refine(left, middle) + refine(middle, right)

    low, high = fit_at(x.min()), fit_at(x.max())
    return np.array([*refine(low, high), high])[:, :3].T
