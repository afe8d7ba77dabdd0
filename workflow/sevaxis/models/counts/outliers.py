"""Samples that decide a count model by themselves: Cook's distances (Love 2014, "Identifying outliers")."""

from dataclasses import dataclass

import numpy as np
from scipy.special import fdtri
from scipy.stats import trim_mean

from sevaxis.models.counts.nb_glm import RIDGE, fitted_means, weighted_gram, working_weights
from sevaxis.models.counts.negative_binomial import NegativeBinomialFit
from sevaxis.models.numeric.blockwise import feature_blocks

REASON = "one sample decides the result: its Cook's distance is {cutoff:.3g} or more"
MIN_REPLICATES = 3  # in a smaller group an outlier cannot be told from its neighbours
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
        Largest Cook's distance among samples that have two replicates or more; NaN where there are none.
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
    def exclude(self) -> dict[str, np.ndarray]:
        """For the argument `exclude` of `wald`."""
        return {REASON.format(cutoff=self.cutoff): self.outlier}


def find_count_outliers(fit: NegativeBinomialFit, quantile: float = 0.99) -> CountOutliers:
    """Cook's distance of every sample, with a dispersion that the outlier itself cannot inflate.

    D = r^2 / p x h / (1 - h)^2 with the Pearson residual r at a dispersion from trimmed variances within groups,
    and the leverage h of the fit; the cut-off is a quantile of F(p, samples - p) (Cook 1977). With two groups,
    a feature is kept where three samples have higher counts than the suspected one, as R does.

    Parameters
    ----------
    fit : NegativeBinomialFit
    quantile : float
        Between 0 and 1.

    Returns
    -------
    CountOutliers
    """
    n_features, n_samples = fit.counts.shape
    p = fit.design.shape[1]
    cells = np.unique(fit.design, axis=0, return_inverse=True)[1].ravel()
    sizes = np.bincount(cells)
    replicated = sizes[cells] >= MIN_REPLICATES
    cutoff = float(fdtri(p, n_samples - p, quantile))
    distance, sample = np.full(n_features, np.nan), np.full(n_features, -1)
    present = np.flatnonzero(fit.counts.any(axis=1))
    if not replicated.any() or not present.size:
        return CountOutliers(distance, sample, cutoff, np.zeros(n_features, dtype=bool))
    natural = fit.coefficients * np.log(2)
    for part in feature_blocks(len(present), n_samples):
        rows = present[part]
        counts = fit.counts[rows]
        floored = fitted_means(natural[rows], fit.design, fit.size_factors)
        leverage = _leverage(working_weights(floored, fit.dispersion[rows]), fit.design)
        mu = fit.size_factors * np.exp(natural[rows] @ fit.design.T)
        robust = _robust_dispersion(counts / fit.size_factors, cells)
        pearson = (counts - mu) ** 2 / (mu + robust[:, None] * mu**2)
        cooks = pearson / p * leverage / (1.0 - leverage) ** 2
        cooks = np.where(replicated, cooks, -np.inf)
        sample[rows] = cooks.argmax(axis=1)
        distance[rows] = cooks.max(axis=1)
    outlier = distance > cutoff
    if p == 2 and len(sizes) == 2:
        for row in np.flatnonzero(outlier):
            outlier[row] = (fit.counts[row] > fit.counts[row, sample[row]]).sum() < 3
    return CountOutliers(distance, sample, cutoff, outlier)


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
