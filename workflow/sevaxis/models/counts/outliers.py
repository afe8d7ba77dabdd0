"""Samples that decide a count model by themselves: Cook's distances, cut-off and replacement.

Love, Huber & Anders 2014 (Genome Biology 15:550), Methods, "Identifying outliers"; constants that the paper leaves open
are those of R DESeq2 1.38.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import fdtri
from scipy.stats import trim_mean

from sevaxis.base.vocabulary import Reason
from sevaxis.models.counts.nb_glm import RIDGE, fitted_means, weighted_gram, working_weights
from sevaxis.models.counts.negative_binomial import NegativeBinomialFit, refit
from sevaxis.models.numeric.blockwise import feature_blocks

MIN_REPLICATES = 3  # in a smaller group an outlier cannot be told from its neighbours
MIN_REPLACED = 7  # replicates from which on an outlying count is replaced and its feature kept (paper)
MEAN_TRIM = 0.2  # share of the samples trimmed at either end of the mean that replaces a count
QUANTILE = 0.99  # of F(p, samples - p): the cut-off
# R DESeq2: share trimmed at either end of a group of up to 3, up to 23 and more samples, and the factor that
# makes a trimmed variance of normal samples unbiased
TRIM = ((3, 1 / 3, 2.04), (23, 1 / 4, 1.86), (np.inf, 1 / 8, 1.51))
MIN_ROBUST_DISPERSION = 0.04


@dataclass(frozen=True)
class CountOutliers:
    """Features with a sample of too much influence.

    Attributes
    ----------
    distance : ndarray (features,)
        Largest Cook's distance among the samples looked at; NaN where there are none.
    sample : ndarray of int (features,)
        The sample it belongs to; -1 where there is none.
    cutoff : float
    outlier : ndarray of bool (features,)
    """

    distance: np.ndarray
    sample: np.ndarray
    cutoff: float
    outlier: np.ndarray

    @property
    def exclude(self) -> dict[Reason, np.ndarray]:
        """For the argument `exclude` of `wald`."""
        return {Reason.COUNT_OUTLIER: self.outlier}


@dataclass(frozen=True)
class Replacement:
    """A fit with outlying counts replaced.

    Attributes
    ----------
    fit : NegativeBinomialFit
        Features with a replaced count fitted again.
    replaceable : ndarray of bool (samples,)
        Samples with enough replicates.
    replaced : int
        Counts replaced.
    features : ndarray of bool (features,)
        Those that have one.
    emptied : ndarray of bool (features,)
        Those that have no count but the replaced ones.
    """

    fit: NegativeBinomialFit
    replaceable: np.ndarray
    replaced: int
    features: np.ndarray
    emptied: np.ndarray

    @property
    def exclude(self) -> dict[Reason, np.ndarray]:
        """For the argument `exclude` of `wald`."""
        return {Reason.COUNT_OUTLIER: self.emptied}


def cooks_distances(fit: NegativeBinomialFit, rows: np.ndarray) -> np.ndarray:
    """Cook's distance of every sample, with a dispersion that the outlier itself cannot inflate.

    D = r^2 / p x h / (1 - h)^2 with the Pearson residual r at a dispersion from trimmed variances within groups, and
    the leverage h of the fit (Cook 1977).

    Parameters
    ----------
    fit : NegativeBinomialFit
        Some sample with three replicates.
    rows : ndarray of int (r,)
        Features, all with a count.

    Returns
    -------
    ndarray (r, samples)
    """
    natural, counts = fit.coefficients[rows] * np.log(2), fit.counts[rows]
    cells = np.unique(fit.design, axis=0, return_inverse=True)[1].ravel()
    floored = fitted_means(natural, fit.design, fit.size_factors)
    leverage = _leverage(working_weights(floored, fit.dispersion[rows]), fit.design)
    mu = fit.size_factors * np.exp(natural @ fit.design.T)
    robust = _robust_dispersion(counts / fit.size_factors, cells)
    pearson = (counts - mu) ** 2 / (mu + robust[:, None] * mu**2)
    return pearson / fit.design.shape[1] * leverage / (1.0 - leverage) ** 2


def find_count_outliers(
    fit: NegativeBinomialFit, quantile: float = QUANTILE, *, beside: np.ndarray | None = None
) -> CountOutliers:
    """Features with a sample whose Cook's distance is above a quantile of F(p, samples - p).

    With two groups, a feature is kept where three samples have higher counts than the suspected one, as R does.

    Parameters
    ----------
    fit : NegativeBinomialFit
    quantile : float
        Between 0 and 1.
    beside : ndarray of bool (samples,), optional
        Samples not looked at, because their outlying counts are replaced.

    Returns
    -------
    CountOutliers
        Of the samples with two replicates or more beside them; nothing where there is no such sample.
    """
    n_features, n_samples = fit.counts.shape
    looked_at = _replicates(fit.design) >= MIN_REPLICATES
    if beside is not None:
        looked_at &= ~beside
    cutoff = _cutoff(fit, quantile)
    distance, sample = np.full(n_features, np.nan), np.full(n_features, -1)
    present = np.flatnonzero(fit.counts.any(axis=1))
    if not looked_at.any() or not present.size:
        return CountOutliers(distance, sample, cutoff, np.zeros(n_features, dtype=bool))
    for part in feature_blocks(len(present), n_samples):
        rows = present[part]
        cooks = np.where(looked_at, cooks_distances(fit, rows), -np.inf)
        sample[rows] = cooks.argmax(axis=1)
        distance[rows] = cooks.max(axis=1)
    outlier = distance > cutoff
    if fit.design.shape[1] == 2 and len(np.unique(fit.design, axis=0)) == 2:
        for row in np.flatnonzero(outlier):
            outlier[row] = (fit.counts[row] > fit.counts[row, sample[row]]).sum() < 3
    return CountOutliers(distance, sample, cutoff, outlier)


def replace_count_outliers(fit: NegativeBinomialFit, quantile: float = QUANTILE) -> Replacement:
    """Replace outlying counts of samples with six replicates or more beside them, and fit their features again.

    The replacement is the trimmed mean of the feature's normalised counts over all samples times the sample's size
    factor, without its fraction: what the count would be if nothing differed.

    Parameters
    ----------
    fit : NegativeBinomialFit
        With estimated dispersions.
    quantile : float
        Of the cut-off on Cook's distance, as in `find_count_outliers`.

    Returns
    -------
    Replacement
    """
    n_features, n_samples = fit.counts.shape
    replaceable = _replicates(fit.design) >= MIN_REPLACED
    features, replaced = np.zeros(n_features, dtype=bool), 0
    present = np.flatnonzero(fit.counts.any(axis=1))
    new = []
    if replaceable.any():
        cutoff = _cutoff(fit, quantile)
        for part in feature_blocks(len(present), n_samples):
            rows = present[part]
            outlying = (cooks_distances(fit, rows) > cutoff) & replaceable
            some = outlying.any(axis=1)
            features[rows[some]] = True
            replaced += int(outlying.sum())
            counts, outlying = fit.counts[rows[some]], outlying[some]
            mean = trim_mean(counts / fit.size_factors, MEAN_TRIM, axis=1)
            new.append(np.where(outlying, np.floor(mean[:, None] * fit.size_factors), counts))
    if not replaced:
        return Replacement(fit, replaceable, 0, features, features)
    again = refit(fit, np.flatnonzero(features), np.concatenate(new))
    return Replacement(again, replaceable, replaced, features, features & ~again.counts.any(axis=1))


def _replicates(design: np.ndarray) -> np.ndarray:
    """Samples with the same row in the design, of each sample: (samples,)."""
    cells, sizes = np.unique(design, axis=0, return_inverse=True, return_counts=True)[1:]
    return sizes[cells.ravel()]


def _cutoff(fit: NegativeBinomialFit, quantile: float) -> float:
    n_samples, p = fit.design.shape
    return float(fdtri(p, n_samples - p, quantile))


def _leverage(weights: np.ndarray, design: np.ndarray) -> np.ndarray:
    """Diagonal of W^1/2 X (X'WX)^-1 X' W^1/2: (features, samples)."""
    inverse = np.linalg.inv(weighted_gram(weights, design) + RIDGE * np.eye(design.shape[1]))
    return weights * np.einsum("np,gpq,nq->gn", design, inverse, design, optimize=True)


def _robust_dispersion(normalised: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Moment estimate from trimmed variances: the largest of the replicated groups, or of all samples."""
    sizes = np.bincount(cells)
    variances = [
        _trimmed_variance(normalised[:, cells == cell]) for cell in np.flatnonzero(sizes >= MIN_REPLICATES)
    ]
    variance = np.max(variances, axis=0)
    mean = normalised.mean(axis=1)
    return np.maximum((variance - mean) / mean**2, MIN_ROBUST_DISPERSION)


def _trimmed_variance(values: np.ndarray) -> np.ndarray:
    """Trimmed mean of the squared deviations from the trimmed mean of a group, rescaled."""
    share, factor = next((share, factor) for limit, share, factor in TRIM if values.shape[1] <= limit)
    deviation = (values - trim_mean(values, share, axis=1)[:, None]) ** 2
    return factor * trim_mean(deviation, share, axis=1)
