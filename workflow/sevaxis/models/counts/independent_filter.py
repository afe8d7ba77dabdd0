"""Independent filtering: leave out features too rare to be found, where that finds more of the others."""

from dataclasses import dataclass

import numpy as np

from sevaxis.models.inference.multiplicity import benjamini_hochberg
from sevaxis.models.numeric.lowess import lowess

CUTOFFS = 50  # quantiles of the filter statistic that are tried
HIGHEST_QUANTILE = 0.95
SMOOTH = 1 / 5  # share of the cut-offs in each window of the curve of findings
FEW_FINDINGS = 10  # with no more findings than this at any cut-off nothing is filtered


@dataclass(frozen=True)
class IndependentFilter:
    """Adjusted p-values with the rarest features left out of the family.

    Attributes
    ----------
    q : ndarray (features,)
        Benjamini-Hochberg among the kept; NaN for the others.
    kept : ndarray of bool (features,)
    threshold : float
        Smallest filter statistic of the kept.
    """

    q: np.ndarray
    kept: np.ndarray
    threshold: float


def filter_independently(base_mean: np.ndarray, p: np.ndarray, alpha: float = 0.05) -> IndependentFilter:
    """Choose the cut-off on the mean count that finds most at `alpha`, on a smoothed curve.

    Bourgon, Gentleman & Huber 2010 (PNAS 107:9546); cut-off as in Love 2014: the lowest at which the number of
    findings comes within one residual standard deviation of the curve's maximum. Keeps the false discovery rate
    only where `base_mean` is independent of p under the null hypothesis.

    Parameters
    ----------
    base_mean : ndarray (features,)
    p : ndarray (features,)
        NaN: not tested.
    alpha : float
        False discovery rate at which findings are counted.

    Returns
    -------
    IndependentFilter
    """
    base_mean, p = np.asarray(base_mean, dtype=float), np.asarray(p, dtype=float)
    lowest = np.mean(base_mean == 0)
    highest = HIGHEST_QUANTILE if lowest < HIGHEST_QUANTILE else 1.0
    quantiles = np.linspace(lowest, highest, CUTOFFS)
    thresholds = np.quantile(base_mean, quantiles)

    def adjusted(threshold: float) -> np.ndarray:
        return benjamini_hochberg(np.where(base_mean >= threshold, p, np.nan))

    # NaN compares as no finding
    findings = np.array([(adjusted(threshold) < alpha).sum() for threshold in thresholds], dtype=float)
    chosen = 0
    if findings.max() > FEW_FINDINGS:
        curve = lowess(quantiles, findings, fraction=SMOOTH)
        found = findings > 0
        scatter = np.sqrt(np.mean((findings[found] - curve[found]) ** 2))
        enough = findings > curve.max() - scatter
        chosen = int(enough.argmax()) if enough.any() else 0
    kept = (base_mean >= thresholds[chosen]) & np.isfinite(p)
    return IndependentFilter(adjusted(thresholds[chosen]), kept, float(thresholds[chosen]))
