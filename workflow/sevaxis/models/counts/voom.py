"""Read counts: which features to keep, library sizes that compare, and voom.

Counts may be fractional (estimated counts); they may be neither negative nor missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from sevaxis.models.linear.array_weights import array_weights
from sevaxis.models.linear.design import Design, orthonormal_basis
from sevaxis.models.linear.fit import fit_linear
from sevaxis.models.numeric.blockwise import feature_blocks
from sevaxis.models.numeric.lowess import lowess_curve

# Filtering by expression: Chen, Lun & Smyth 2016, F1000Research 5:1438, section "Filtering to remove low counts".
_MIN_COUNT, _MIN_TOTAL, _LARGE_GROUP, _LARGE_SHARE = 10, 15, 10, 0.7
# TMM: shares of the log ratios and of the abundances trimmed from each end (Robinson & Oshlack 2010).
_TRIM_RATIO, _TRIM_ABUNDANCE = 0.3, 0.05
# voom: window of the mean-variance trend (Law, Chen, Shi & Smyth 2014).
_VOOM_WINDOW = 0.5


def check_counts(counts: np.ndarray) -> np.ndarray:
    """Return counts as floats.

    Raises
    ------
    ValueError
        A count is negative, missing or infinite, or a sample has no counts at all.
    """
    counts = np.asarray(counts, dtype=float)
    if counts.ndim != 2:
        raise ValueError(f"counts are features x samples, not of shape {counts.shape}")
    low = counts.min(initial=0.0)
    if not np.isfinite(counts.sum()) or not low >= 0:
        wrong = ~np.isfinite(counts) | (counts < 0)
        row, column = np.argwhere(wrong)[0]
        raise ValueError(
            f"{int(wrong.sum())} counts are negative, missing or infinite, the first at feature {row}, "
            f"sample {column}: {counts[row, column]:g}"
        )
    if (empty := np.flatnonzero(counts.sum(axis=0) == 0)).size:
        raise ValueError(f"samples without a single count, at index {', '.join(map(str, empty))}")
    return counts


def filter_by_expression(
    counts: np.ndarray, groups: Sequence | Design, lib_size: np.ndarray | None = None
) -> np.ndarray:
    """Keep features with counts worth testing.

    A feature needs a count-per-million that means 10 reads in a library of median size, in as many samples as the
    smallest group has (of groups beyond 10 samples: in 10 and 70 % of the rest), and 15 reads in all (Chen, Lun &
    Smyth 2016, F1000Research 5:1438). For a design, the smallest group is the inverse of its largest leverage.

    Parameters
    ----------
    counts
        features x samples.
    groups
        Label per sample, or the design.
    lib_size
        Per sample; column sums by default.

    Returns
    -------
    Boolean, one per feature.
    """
    counts = check_counts(counts)
    lib_size = _library(counts, lib_size)
    if isinstance(groups, Design):
        smallest = 1.0 / (orthonormal_basis(groups.matrix)[0] ** 2).sum(axis=1).max()
    else:
        smallest = float(np.unique(np.asarray(groups).astype(str), return_counts=True)[1].min())
    if smallest > _LARGE_GROUP:
        smallest = _LARGE_GROUP + (smallest - _LARGE_GROUP) * _LARGE_SHARE
    enough = counts / lib_size >= _MIN_COUNT / np.median(lib_size)
    return (enough.sum(axis=1) >= smallest - 1e-9) & (counts.sum(axis=1) >= _MIN_TOTAL - 1e-9)


def _library(counts: np.ndarray, lib_size: np.ndarray | None) -> np.ndarray:
    if lib_size is None:
        return counts.sum(axis=0)
    lib_size = np.asarray(lib_size, dtype=float)
    if lib_size.shape != counts.shape[1:] or not (np.isfinite(lib_size) & (lib_size > 0)).all():
        raise ValueError("library sizes are positive, one per sample")
    return lib_size


def tmm_factors(counts: np.ndarray, lib_size: np.ndarray | None = None) -> np.ndarray:
    """Scale library sizes by the trimmed mean of M values (Robinson & Oshlack 2010, Genome Biol 11:R25).

    Against the sample whose upper quartile is nearest to the mean upper quartile, the weighted mean of the log
    ratios without the outer 30 % of ratios and 5 % of abundances.

    Parameters
    ----------
    counts
        features x samples.
    lib_size
        Per sample; column sums by default.

    Returns
    -------
    One per sample, their product 1; the effective library size is `lib_size` times this.
    """
    counts = check_counts(counts)
    lib_size = _library(counts, lib_size)
    counts = counts[counts.any(axis=1)]
    upper = np.quantile(counts, 0.75, axis=0) / lib_size
    if np.median(upper) < 1e-20:  # so many zeros that quartiles say nothing
        reference = int(np.argmax(np.sqrt(counts).sum(axis=0)))
    else:
        reference = int(np.argmin(np.abs(upper - upper.mean())))
    # One sample in a row: every pass below runs over contiguous memory.
    by_sample = np.ascontiguousarray(counts.T)
    log_factor = np.array(
        [
            _trimmed_ratio(sample, size, by_sample[reference], lib_size[reference])
            for sample, size in zip(by_sample, lib_size, strict=True)
        ]
    )
    return np.exp2(log_factor - log_factor.mean())


def _trimmed_ratio(sample: np.ndarray, size: float, reference: np.ndarray, reference_size: float) -> float:
    both = (sample > 0) & (reference > 0)
    sample, reference = sample[both], reference[both]
    share, reference_share = sample / size, reference / reference_size
    ratio = np.log2(share / reference_share)
    if np.abs(ratio).max(initial=0.0) < 1e-6:
        return 0.0
    abundance = np.log2(share) + np.log2(reference_share)
    keep = _middle(ratio, _TRIM_RATIO) & _middle(abundance, _TRIM_ABUNDANCE)
    if not keep.any():
        return 0.0
    variance = ((1.0 - share) / sample + (1.0 - reference_share) / reference)[
        keep
    ]  # of the ratio, delta method
    return float((ratio[keep] / variance).sum() / (1.0 / variance).sum())


def _middle(values: np.ndarray, share: float) -> np.ndarray:
    """Keep values whose rank (ties: their mean rank) is beyond `share` of all, counted from either end."""
    n = len(values)
    low = int(n * share) + 1
    high = n + 1 - low
    if low > high:
        return np.zeros(n, dtype=bool)
    bottom, top = np.partition(values, [low - 1, high - 1])[[low - 1, high - 1]]

    def rank(value: float) -> float:
        return (values < value).sum() + ((values == value).sum() + 1) / 2

    keep_bottom = values >= bottom if rank(bottom) >= low else values > bottom
    return keep_bottom & (values <= top if rank(top) <= high else values < top)


def log_cpm(counts: np.ndarray, lib_size: np.ndarray | None = None, prior_count: float = 2.0) -> np.ndarray:
    """Log2 counts per million, with a prior count in proportion to the library.

    Parameters
    ----------
    counts
        features x samples.
    lib_size
        Effective, per sample; column sums by default.
    prior_count
        Mean count added to every observation, so that zero has a logarithm and log ratios of low counts shrink.

    Returns
    -------
    features x samples.
    """
    counts = check_counts(counts)
    lib_size = _library(counts, lib_size)
    prior = prior_count * lib_size / lib_size.mean()
    return np.log2((counts + prior) / ((lib_size + 2.0 * prior) / 1e6))


def voom(
    counts: np.ndarray,
    design: Design,
    *,
    lib_size: np.ndarray | None = None,
    block: Sequence | None = None,
    correlation: float | None = None,
    sample_weights: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Turn counts into log2 counts per million with a precision weight for each observation.

    The root of the residual standard deviation is smoothed over the mean log count; its inverse fourth power at the
    fitted log count is the weight (Law, Chen, Shi & Smyth 2014, Genome Biol 15:R29).

    Parameters
    ----------
    counts
        features x samples, filtered.
    design
        samples x p.
    lib_size
        Effective (column sums times `tmm_factors`), per sample; column sums by default.
    block, correlation
        As in `fit_linear`.
    sample_weights
        Of a fit before (`voom_quality`).

    Returns
    -------
    log2 counts per million and weights, each features x samples.

    Raises
    ------
    ValueError
        As in `check_counts` and `fit_linear`; fewer than two features with counts.
    """
    counts = check_counts(counts)
    lib_size = _library(counts, lib_size) + 1.0
    seen = counts.any(axis=1)
    if seen.sum() < 2:
        raise ValueError("voom needs at least two features with counts")
    e = np.log2((counts + 0.5) / (lib_size / 1e6))
    fit = fit_linear(e, design, weights=sample_weights, block=block, correlation=correlation)
    per_million = np.log2(lib_size) - np.log2(1e6)
    curve = lowess_curve(
        fit.mean_abundance[seen] + per_million.mean(), np.sqrt(fit.sigma[seen]), fraction=_VOOM_WINDOW
    )
    weights = np.empty_like(e)
    for rows in feature_blocks(*e.shape):
        root = np.interp(fit.fitted(rows) + per_million, *curve)
        weights[rows] = root**-4.0
    return e, weights


def voom_quality(
    counts: np.ndarray,
    design: Design,
    *,
    lib_size: np.ndarray | None = None,
    block: Sequence | None = None,
    correlation: float | None = None,
    groups: Sequence | None = None,
    method: str = "gene_by_gene",
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """voom, with weights for the quality of whole samples (Liu et al. 2015, Nucleic Acids Res 43:e97).

    Sample weights are estimated given the voom weights, voom is repeated given them, and both once more.

    Parameters
    ----------
    counts, design, lib_size, block, correlation
        As in `voom`.
    groups, method
        Of `array_weights`: samples of a group share one weight; all by default have their own.

    Returns
    -------
    log2 counts per million, weights (voom times sample), each features x samples, and the sample weights.
    """
    voom_given = partial(voom, counts, design, lib_size=lib_size, block=block, correlation=correlation)
    e, weights = voom_given()
    quality = array_weights(e, design, weights=weights, method=method, groups=groups)
    e, weights = voom_given(sample_weights=quality)
    quality = array_weights(e, design, weights=weights, method=method, groups=groups)
    return e, weights * quality, quality
