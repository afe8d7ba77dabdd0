"""Size factors: how deeply each sample was sequenced, by the median of ratios."""

from dataclasses import dataclass

import numpy as np

METHODS = ("ratio", "poscounts")


@dataclass(frozen=True)
class SizeFactors:
    """Size factors and how they came about.

    Attributes
    ----------
    values : ndarray (samples,)
        Multiplicative; a sample of twice the depth has twice the size factor.
    method : str
        `ratio` or `poscounts`: the method used in the end.
    reason : str
        Why another method was used than asked for; empty when it was not.
    """

    values: np.ndarray
    method: str
    reason: str = ""


def estimate_size_factors(counts: np.ndarray, method: str = "ratio") -> SizeFactors:
    """Median of the ratios of a sample's counts to a reference sample (Anders & Huber 2010, equation 5).

    Parameters
    ----------
    counts : ndarray (features, samples)
        Non-negative counts.
    method : {"ratio", "poscounts"}
        `ratio`: the reference is the geometric mean over samples, so only features counted in every sample
        take part; where there is none, `poscounts` is used and `reason` says so. `poscounts`: the reference is
        the n-th root of the product of the positive counts, so features with zeros take part too (DESeq2
        reference manual, `estimateSizeFactors`, for sparse tables); these factors have geometric mean 1.

    Returns
    -------
    SizeFactors

    Raises
    ------
    ValueError
        Unknown method; a sample without a single count.
    """
    if method not in METHODS:
        raise ValueError(f"unknown size factor method {method!r}; allowed: {', '.join(METHODS)}")
    counts = np.asarray(counts, dtype=float)
    empty = np.flatnonzero(~(counts > 0).any(axis=0))
    if empty.size:
        raise ValueError(f"no count at all in sample(s) {_listed(empty)}: leave them out")
    if method == "ratio":
        everywhere = (counts > 0).all(axis=1)
        if everywhere.any():
            log_counts = np.log(counts[everywhere])
            log_ratio = log_counts - log_counts.mean(axis=1, keepdims=True)
            return SizeFactors(np.exp(np.median(log_ratio, axis=0)), "ratio")
        reason = "no feature is counted in every sample"
    else:
        reason = ""
    positive = counts > 0
    log_counts = np.log(np.where(positive, counts, 1.0))
    reference = log_counts.sum(axis=1) / counts.shape[1]
    log_factors = np.array(
        [np.median(log_counts[seen, sample] - reference[seen]) for sample, seen in enumerate(positive.T)]
    )
    return SizeFactors(np.exp(log_factors - log_factors.mean()), "poscounts", reason)


def _listed(indices: np.ndarray, limit: int = 5) -> str:
    """Zero-based positions for a message, the first few of them."""
    shown = ", ".join(str(i) for i in indices[:limit])
    return shown if len(indices) <= limit else f"{shown} and {len(indices) - limit} more"
