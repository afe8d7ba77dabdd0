"""Simulated data where the truth is known: no effect, or one effect for all features.

The slow tests hold error rates and coverage on them within bounds; `tests/reference/null_rates.py` tabulates them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from sevaxis.models.genesets.sets import SetIndex, index_sets
from sevaxis.models.linear.design import Design, cell_means
from sevaxis.models.linear.empirical_bayes import Moderated

#: Features of intensities; of counts, mixed models and meta-analyses.
FEATURES, FEW_FEATURES = 40_000, 20_000
EFFECT = 1.0


def two_groups(n: int) -> Design:
    """n samples of each."""
    return cell_means(["a"] * n + ["b"] * n)


def simulate_intensities(
    n: int,
    missing: float,
    correlation: float = 0.0,
    peptides: np.ndarray | None = None,
    rng: np.random.Generator | None = None,
) -> np.ndarray:
    """Two groups of n, paired where there is a correlation; every feature differs by EFFECT.

    Variances are drawn from the model's own prior: scaled inverse chi-squared, 6 degrees of freedom; divided by the
    number of peptides where that is given.
    """
    rng = rng or np.random.default_rng(n)
    sigma = np.sqrt(0.25 * 6 / rng.chisquare(6, FEATURES))[:, None]
    if peptides is not None:
        sigma /= np.sqrt(peptides)[:, None]
    pairs = np.tile(rng.normal(size=(FEATURES, n)), 2)
    noise = np.sqrt(correlation) * pairs + np.sqrt(1 - correlation) * rng.normal(size=(FEATURES, 2 * n))
    y = rng.normal(22, 2, (FEATURES, 1)) + sigma * noise
    y[:, n:] += EFFECT
    y[rng.random(y.shape) < missing] = np.nan
    return y


def rate_of(y: np.ndarray, fit: Callable[[np.ndarray], Moderated], n: int) -> tuple[float, float]:
    """Share of p < 0.05 with the effect taken away, and coverage of the effect by 95 % intervals."""
    null = y.copy()
    null[:, n:] -= EFFECT
    p = fit(null).p
    found = fit(y)
    low, high = found.interval()
    covered = ((low <= EFFECT) & (high >= EFFECT))[np.isfinite(found.t)]
    return (p[np.isfinite(p)] < 0.05).mean(), covered.mean()


def simulate_counts(n: int) -> np.ndarray:
    """Counts of two groups of n without a difference, of a dispersion that falls with the mean."""
    rng = np.random.default_rng(20)
    mean = rng.lognormal(5, 1.5, (FEW_FEATURES, 1))
    dispersion = (0.05 + 2 / mean) * rng.lognormal(0, 0.5, (FEW_FEATURES, 1))
    mu = mean * rng.lognormal(0, 0.2, 2 * n)
    return rng.negative_binomial(1 / dispersion, 1 / (1 + dispersion * mu))


def simulate_blocks(
    n: int, each: int, *, within: bool, missing: float, share: float, features: int = FEW_FEATURES
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values, design and subjects: n subjects per group, `share` of the variance between them, no effect."""
    rng = np.random.default_rng(21)
    block = np.repeat(np.arange(2 * n), each)
    treated = np.tile(np.arange(each) % 2, 2 * n) if within else (block >= n) * 1
    y = rng.normal(0, np.sqrt(share), (features, 2 * n))[:, block]
    y = y + rng.normal(0, np.sqrt(1 - share), (features, 2 * n * each))
    y[rng.random(y.shape) < missing] = np.nan
    return y, np.column_stack([np.ones(2 * n * each), treated]).astype(float), block


def tile_sets(size: int, features: int = 400) -> SetIndex:
    """Sets that tile the features."""
    names = [f"g{i:04d}" for i in range(features)]
    return index_sets({f"s{i}": names[i : i + size] for i in range(0, features, size)}, names)


def simulate_sets(
    n: int, correlation: float, size: int = 20, repeats: int = 60
) -> Iterator[tuple[np.ndarray, np.ndarray, SetIndex]]:
    """Data sets without any effect, members of a set correlated: values, design, sets."""
    rng = np.random.default_rng(1000 * n + int(100 * correlation))
    sets = tile_sets(size, 2000)
    design = np.column_stack([np.ones(2 * n), np.repeat([0.0, 1.0], n)])
    for _ in range(repeats):
        shared = np.repeat(rng.normal(size=(2000 // size, 2 * n)), size, axis=0)
        own = rng.normal(size=(2000, 2 * n))
        scale = np.sqrt(4 / rng.chisquare(4, (2000, 1)))  # a prior of 4 df
        yield scale * (np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own), design, sets
