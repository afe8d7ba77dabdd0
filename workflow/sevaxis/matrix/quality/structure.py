"""Structure of a data set: how alike its samples are, which stand apart, where values are missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Modified z-score beyond which a value is an outlier (Iglewicz & Hoaglin 1993, How to detect and handle outliers).
OUTLIER_Z = 3.5
#: MAD to standard deviation of a normal distribution.
MAD_TO_SD = 1.4826
#: An outlier is also at least this much farther from its group than its group's typical sample: twice as far.
OUTLIER_FOLD = 2.0
#: Principal components rest on complete features where these are at least so many, or half of all.
ENOUGH_COMPLETE = 500
BINS = 20


def informative(detected: np.ndarray) -> np.ndarray:
    """Features detected in at least half of the samples: what correlation and components are computed from."""
    return detected.mean(axis=0) >= 0.5


def correlate(values: np.ndarray) -> np.ndarray:
    """Pearson correlation of samples over the features that both have.

    Parameters
    ----------
    values
        Samples x features, log2, NaN where not detected.

    Returns
    -------
    Samples x samples; NaN where two samples share fewer than three features or one does not vary.
    """
    seen = (~np.isnan(values)).astype(float)
    # correlation does not change with a feature-wise origin; one near the data keeps the sums of squares exact
    origin = np.nanmean(values) if seen.any() else 0.0
    filled = np.where(seen > 0, values - origin, 0.0)
    n = seen @ seen.T
    sums, squares, products = filled @ seen.T, (filled**2) @ seen.T, filled @ filled.T
    with np.errstate(divide="ignore", invalid="ignore"):
        covariance = products - sums * sums.T / n
        variance = squares - sums**2 / n
        r = covariance / np.sqrt(variance * variance.T)
    r[(n < 3) | ~np.isfinite(r)] = np.nan
    np.fill_diagonal(r, 1.0)
    return np.clip(r, -1.0, 1.0)


def flag_outliers(correlation: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Samples that are less like their own group than its other samples are.

    Parameters
    ----------
    correlation
        Samples x samples.
    groups
        Group of each sample.

    Returns
    -------
    own
        Median correlation (the higher of the two middle ones) of each sample with the others of its group; with all
        others where the group has fewer than three samples.
    outlier
        True where log2(1 - own) exceeds the group's median by more than 3.5 robust standard deviations of all
        samples' excesses (their MAD), and at least by one: twice as far from the group as is typical for it.

    Notes
    -----
    1 - r is a distance; its logarithm lets one rule serve RNA (r near 0.99) and ratios (r near 0.3) alike. A flag is
    advice: no sample is left out for it.
    """
    n = len(correlation)
    own = np.full(n, np.nan)
    for i in range(n):
        peers = np.flatnonzero((groups == groups[i]) & (np.arange(n) != i))
        if len(peers) < 2:
            peers = np.flatnonzero(np.arange(n) != i)
        r = correlation[i, peers]
        r = r[~np.isnan(r)]
        if r.size:
            own[i] = np.quantile(r, 0.5, method="higher")
    if np.isnan(own).any():
        return own, np.zeros(n, dtype=bool)  # too few shared features to say anything
    distance = np.log2(np.maximum(1.0 - own, 1e-12))
    excess = np.empty(n)
    for group in dict.fromkeys(groups.tolist()):
        members = groups == group
        if members.sum() >= 3:
            excess[members] = distance[members] - np.median(distance[members])
        else:
            excess[members] = distance[members] - np.median(distance)
    spread = (
        MAD_TO_SD * np.nanmedian(np.abs(excess - np.nanmedian(excess)))
        if np.isfinite(excess).any()
        else np.nan
    )
    with np.errstate(invalid="ignore"):
        outlier = (excess > OUTLIER_Z * spread) & (excess >= np.log2(OUTLIER_FOLD))
    return own, outlier & (n > 3)


@dataclass(frozen=True)
class Components:
    """Principal components.

    Attributes
    ----------
    scores
        Samples x 2.
    explained
        Share of the variance of each.
    text
        Which features they rest on.
    """

    scores: np.ndarray
    explained: np.ndarray
    text: str


def principal_components(values: np.ndarray) -> Components:
    """First two principal components of samples.

    Parameters
    ----------
    values
        Samples x features, log2, NaN where not detected; at least half of each feature observed.

    Notes
    -----
    Singular value decomposition of the feature-centred matrix, through the eigenvectors of its samples x samples
    cross-product (Jolliffe 2002, Principal Component Analysis, section 3.5). Complete features where there are 500 of
    them or half of all, else missing cells take their feature's mean (which adds no variance). The sign of a component
    is such that its largest score in size is positive.
    """
    seen = ~np.isnan(values)
    complete = seen.all(axis=0)
    if complete.sum() >= min(ENOUGH_COMPLETE, max(values.shape[1] / 2, 1)):
        used = values[:, complete]
        text = f"{used.shape[1]} features with a value in every sample"
    else:
        means = np.nansum(values, axis=0) / np.maximum(seen.sum(axis=0), 1)
        used = np.where(seen, values, means)
        text = f"{used.shape[1]} features seen in at least half of the samples, missing cells filled with their mean"
    n = len(used)
    scores, explained = np.full((n, 2), np.nan), np.full(2, np.nan)
    if n < 3 or used.shape[1] < 2:
        return Components(scores, explained, "too few samples or features")
    centred = used - used.mean(axis=0)
    eigenvalues, vectors = np.linalg.eigh(centred @ centred.T)
    total = np.maximum(eigenvalues, 0).sum()
    if total <= 0:
        return Components(scores, explained, "no variance")
    for k in range(2):
        score = vectors[:, -1 - k] * np.sqrt(max(eigenvalues[-1 - k], 0.0))
        scores[:, k] = score * (np.sign(score[np.argmax(np.abs(score))]) or 1.0)
        explained[k] = max(eigenvalues[-1 - k], 0.0) / total
    return Components(scores, explained, text)


def missing_by_abundance(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of missing values along the mean abundance of features.

    Parameters
    ----------
    values
        Samples x features, log2, NaN where not detected.

    Returns
    -------
    Middle (median of the features' mean observed value) and missing rate of 20 bins with equally many features; fewer
    bins for fewer than 100 features.
    """
    seen = ~np.isnan(values)
    values, seen = values[:, seen.any(axis=0)], seen[:, seen.any(axis=0)]
    if not values.shape[1]:
        return np.array([]), np.array([])
    abundance = np.nansum(values, axis=0) / seen.sum(axis=0)
    order = np.argsort(abundance, kind="stable")
    bins = np.array_split(order, max(1, min(BINS, len(order) // 5)))
    middle = np.array([np.median(abundance[b]) for b in bins])
    return middle, np.array([1.0 - seen[:, b].mean() for b in bins])
