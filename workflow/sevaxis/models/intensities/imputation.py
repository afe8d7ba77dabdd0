"""Imputation of missing log2 intensities: for sensitivity tables only, never for a reported result.

An imputed value is a guess that the variance of the model then takes for a measurement. Running a contrast under
several guesses shows which findings hang on them.
"""

from typing import Literal, get_args

import numpy as np
from scipy.special import ndtri

Method = Literal["minprob", "qrilc", "knn"]

#: MinProb: the left tail stands at this quantile of a sample (Lazar et al. 2016, J Proteome Res 15:1116).
LOW_QUANTILE = 0.01
#: QRILC regresses on the quantiles of the observed values up to this one; beyond it, saturation and outliers.
UPPER_QUANTILE = 0.99
#: Neighbours of a feature (Troyanskaya et al. 2001, Bioinformatics 17:520: 10 to 20 do equally well).
NEIGHBOURS = 10


def impute(log2: np.ndarray, method: Method, *, seed: int = 0) -> np.ndarray:
    """Fill missing values; features never observed stay missing, observed values stay as they are.

    Parameters
    ----------
    log2
        Log2 intensities, NaN where missing, (features x samples).
    method
        ``minprob``: draws from a normal at the low end of each sample, with the typical standard deviation of a
        feature. ``qrilc``: draws from the left tail of the normal that the observed upper part of the sample
        belongs to, both for values below the detection limit. ``knn``: the mean of the ten most similar features
        in that sample, for values missing at random.
    seed
        Of the random numbers; ``knn`` uses none.

    Raises
    ------
    ValueError
        Unknown method, infinite values, a sample without two observed values, or (MinProb) no feature with two.

    References
    ----------
    Lazar et al. 2016, J Proteome Res 15:1116-1125 (MinProb, QRILC); Troyanskaya et al. 2001 (kNN, here
    scikit-learn's).
    """
    log2 = np.asarray(log2, dtype=float)
    if method not in get_args(Method):
        raise ValueError(f"method must be one of {', '.join(get_args(Method))}, found {method!r}")
    if np.isinf(log2).any():
        raise ValueError("intensities must be finite or NaN: was a zero logged?")
    seen = np.isfinite(log2)
    if (seen.sum(axis=0) < 2).any():
        raise ValueError(
            f"samples with fewer than two values: {np.flatnonzero(seen.sum(axis=0) < 2).tolist()}"
        )
    known = seen.any(axis=1)
    filled = log2.copy()
    if method == "knn":
        filled[known] = _neighbours(log2[known])
        return filled
    draw = _minprob if method == "minprob" else _qrilc
    guess = draw(log2[known], np.random.default_rng(seed))
    filled[known] = np.where(seen[known], log2[known], guess)
    return filled


def _minprob(log2: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Normal draws at the low quantile of each sample; SD: the median over features seen in over half the samples."""
    common = np.isfinite(log2).sum(axis=1) > max(log2.shape[1] / 2, 1)
    if not common.any():
        raise ValueError("MinProb needs features seen in more than half of the samples to know their spread")
    spread = np.median(np.nanstd(log2[common], axis=1, ddof=1))
    return np.nanquantile(log2, LOW_QUANTILE, axis=0) + spread * rng.normal(size=log2.shape)


def _qrilc(log2: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draws from the part of each sample's fitted normal that lies below the share of missing values."""
    guess = np.empty_like(log2)
    levels = np.arange(0.01, UPPER_QUANTILE + 1e-9, 0.01)
    for j, sample in enumerate(log2.T):
        missing = np.isnan(sample).mean()
        # the observed values are the upper part of the distribution: level u of them is missing + (1 - missing) u
        normal = ndtri(missing + (1 - missing) * levels)
        sd, mean = np.polyfit(normal, np.nanquantile(sample, levels), 1)
        tail = ndtri(rng.uniform(size=sample.size) * missing)
        guess[:, j] = mean + sd * tail
    return guess


def _neighbours(log2: np.ndarray) -> np.ndarray:
    from sklearn.impute import KNNImputer

    return KNNImputer(n_neighbors=NEIGHBOURS, keep_empty_features=True).fit_transform(log2)
