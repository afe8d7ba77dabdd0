"""Normalisation: samples made comparable on the log2 scale, for figures and quality; models take it from here too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sevaxis.base.problems import refuse

#: Normalisation rests on the features seen in every sample where these are enough, so that samples in which many weak
#: features were missed are not shifted for that.
ENOUGH_COMPLETE = 100
#: Features that the mode of log ratios needs; with fewer, medians take its place.
ENOUGH_FOR_MODE = 50
#: Kernel of the density whose mode is sought, in Silverman's bandwidths, and points at which it is looked at.
_BANDWIDTH, _POINTS = 0.9, 512
#: Bisquare about the mode, in standard deviations of the narrower side: a log ratio beyond belongs to what changes.
_WIDTH = 2.0
#: Rounds of profile and shifts, and the largest change that ends them.
_ROUNDS, _STILL = 20, 1e-3
#: Features that scatter more than this many times the median feature take no part in the next round.
_STABLE = 1.5
_NORMAL = 1.4826
#: Medians and modes part where groups differ in them by more than this (log2) and three standard errors.
PARTING, PARTING_ERRORS = 0.1, 3.0


@dataclass(frozen=True)
class Normalised:
    """Normalised values.

    Attributes
    ----------
    log2
        Samples x features; log2 counts per million for counts; NaN where not detected.
    factors
        Per sample: by what the library sizes of counts were multiplied (geometric mean 1); None for intensities.
    shifts
        Per sample: log2 that was taken off intensities (mean 0); None for counts.
    text
        What was done, in a sentence.
    method
        What was done, as :class:`~sevaxis.base.vocabulary.Normalisation` has it.
    """

    log2: np.ndarray
    factors: np.ndarray | None
    shifts: np.ndarray | None
    text: str
    method: str


def normalise(values: np.ndarray, scale: str, method: Literal["tmm", "median", "mode", "none"]) -> Normalised:
    """Normalise counts or log2 intensities.

    Parameters
    ----------
    values
        Samples x features: counts, or log2 intensities with NaN for what was not detected.
    scale
        counts or log2.
    method
        ``tmm``: counts, trimmed mean of M values (Robinson & Oshlack 2010, Genome Biol 11:R25). ``median``: median of
        ratios for counts (Anders & Huber 2010, Genome Biol 11:R106), equal medians for intensities. ``mode``:
        intensities, the commonest log ratio to the mean profile of all samples: what most features share is loading,
        whatever a third of them does to one side; medians where fewer than 50 features are there. ``none``: log2
        counts per million of the library as it is; intensities as they are.

    Raises
    ------
    Problems
        TMM of intensities, which needs counts; modes of counts, which TMM is for.
    """
    if scale == "counts" and method == "mode":
        refuse(
            "Modes of log ratios are for intensities",
            where="values.normalise",
            found="mode of counts",
            allowed="tmm, median, none",
            hint="use tmm, which leaves out what changes, too",
        )
    if scale == "counts":
        return _normalise_counts(values, method)
    if method == "tmm":
        hint = "use mode, median or none"
        refuse(
            "TMM is for counts",
            where="values.normalise",
            found="tmm of log2 values",
            allowed="mode, median, none",
            hint=hint,
        )
    if method == "none":
        return Normalised(values.copy(), None, np.zeros(len(values)), "Values as given", method)
    basis, told = _basis(values)
    if method == "mode" and basis.shape[1] >= ENOUGH_FOR_MODE:
        shifts, text = _mode_shifts(basis), f"Equal modes of the log ratios to the mean profile, over {told}"
    else:
        medians = _medians(basis)
        shifts, text = medians - np.nanmean(medians), f"Equal medians of {told}"
        if method == "mode":
            method, text = "median", f"{text}, for modes need {ENOUGH_FOR_MODE} features"
    return Normalised(values - shifts[:, None], None, shifts, text, method)


def _basis(values: np.ndarray) -> tuple[np.ndarray, str]:
    """The values that shifts rest on, and which those are."""
    complete = ~np.isnan(values).any(axis=0)
    if complete.sum() >= ENOUGH_COMPLETE:
        return values[:, complete], f"the {int(complete.sum())} features seen in every sample"
    return values[:, ~np.isnan(values).all(axis=0)], "each sample's observed features"


def _mode_shifts(values: np.ndarray) -> np.ndarray:
    """Shift of each sample (mean 0): the centre of its commonest log ratios to the mean profile of all samples.

    A feature that changes between samples pulls the profile after it, so that in a large group it lies near the mode.
    Features that scatter far more than most once samples are aligned are left out of the next round. Where values are
    missing, the mean of a feature depends on the samples that have it: profile and shifts are found in turn.
    """
    shifts, stable = np.zeros(len(values)), np.ones(values.shape[1], dtype=bool)
    for _ in range(_ROUNDS):
        profile = np.nanmean(values - shifts[:, None], axis=0)
        ratios = values - profile
        found = np.array([mode_of(row[stable & ~np.isnan(row)]) for row in ratios])
        found = np.where(np.isnan(found), np.nanmean(found), found)
        found -= found.mean()
        moved, shifts = np.abs(found - shifts).max(), found
        if moved < _STILL:
            break
        stable = _stable(values - shifts[:, None])
    return shifts


def _stable(aligned: np.ndarray) -> np.ndarray:
    """Features of which the aligned samples scatter little more than of most; all where these are too few."""
    seen = (~np.isnan(aligned)).sum(axis=0)
    squares = np.nansum((aligned - np.nanmean(aligned, axis=0)) ** 2, axis=0)
    spread = np.sqrt(squares / np.maximum(seen - 1, 1))
    stable = (seen > 1) & (spread <= _STABLE * np.median(spread[seen > 1]))
    return stable if stable.sum() >= ENOUGH_FOR_MODE else np.ones_like(stable)


def mode_of(ratios: np.ndarray) -> float:
    """The commonest value: the mode of a kernel density, refined by Tukey's bisquare about it.

    The kernel alone finds the hill, but its top only roughly; the bisquare, as wide as two standard deviations of the
    narrower side, is the mean of what lies on it. NaN for fewer than three values.
    """
    if len(ratios) < 3:
        return np.nan
    middle = float(np.median(ratios))
    spread = _NORMAL * float(np.median(np.abs(ratios - middle)))
    if spread == 0:
        return middle
    width = _BANDWIDTH * spread * len(ratios) ** -0.2
    points = np.linspace(*np.quantile(ratios, [0.02, 0.98]), _POINTS)
    # counts on the points, smoothed: linear in features
    inside = ratios[(ratios >= points[0]) & (ratios <= points[-1])]
    step = points[1] - points[0]
    counts = np.bincount(np.rint((inside - points[0]) / step).astype(int), minlength=_POINTS)
    kernel = np.exp(-0.5 * (np.arange(-_POINTS + 1, _POINTS) * step / width) ** 2)
    centre = float(points[np.convolve(counts, kernel, mode="valid").argmax()])
    sides = [np.abs(ratios[side] - centre) for side in (ratios < centre, ratios > centre)]
    scale = _NORMAL * min(float(np.median(side)) for side in sides if side.size)
    for _ in range(100):
        if scale == 0:
            break
        weight = np.maximum(1.0 - ((ratios - centre) / (_WIDTH * scale)) ** 2, 0.0) ** 2
        if not weight.any():
            break
        moved, centre = centre, float((weight * ratios).sum() / weight.sum())
        if abs(centre - moved) < 1e-6:
            break
    return centre


def parting(values: np.ndarray, groups: np.ndarray) -> tuple[float, str, str] | None:
    """Where the medians of log2 values and the modes of their log ratios disagree between groups.

    Parameters
    ----------
    values
        Samples x features, log2, NaN where not detected.
    groups
        Label per sample.

    Returns
    -------
    The largest difference between two groups (log2; the median puts the first that much lower against the second than
    the mode does), and the groups. None where it is 0.1 or less, within three standard errors, or cannot be told.
    """
    basis, _ = _basis(values)
    names = [name for name in np.unique(groups) if (groups == name).sum() > 1]
    if basis.shape[1] < ENOUGH_FOR_MODE or len(names) < 2:
        return None
    medians = _medians(basis)
    apart = medians - medians.mean() - _mode_shifts(basis)
    means = {name: float(apart[groups == name].mean()) for name in names}
    high, low = max(means, key=means.__getitem__), min(means, key=means.__getitem__)
    sizes = {name: int((groups == name).sum()) for name in names}
    df = sum(size - 1 for size in sizes.values())
    variance = sum(((apart[groups == name] - means[name]) ** 2).sum() for name in names) / df
    error = float(np.sqrt(variance * (1 / sizes[high] + 1 / sizes[low])))
    size = means[high] - means[low]
    return (size, high, low) if size > max(PARTING, PARTING_ERRORS * error) else None


def _medians(values: np.ndarray) -> np.ndarray:
    """Median of each sample's observed values, 0 shift for a sample without any."""
    medians = np.full(len(values), np.nan)
    for sample, row in enumerate(values):
        row = row[~np.isnan(row)]
        if row.size:
            medians[sample] = np.median(row)
    return np.where(np.isnan(medians), np.nanmean(medians), medians)


def _normalise_counts(counts: np.ndarray, method: str) -> Normalised:
    from sevaxis.models.counts.size_factors import estimate_size_factors
    from sevaxis.models.counts.voom import log_cpm, tmm_factors

    by_feature = np.ascontiguousarray(counts.T)
    library = by_feature.sum(axis=0)
    if method == "tmm":
        factors, text = tmm_factors(by_feature), "Log2 counts per million, libraries scaled by TMM"
    elif method == "median":
        ratio = estimate_size_factors(by_feature).values / library
        factors = ratio / np.exp(np.log(ratio).mean())
        text = "Log2 counts per million, libraries scaled by the median of ratios"
    else:
        factors, text = np.ones(len(counts)), "Log2 counts per million of the libraries as they are"
    return Normalised(log_cpm(by_feature, library * factors).T, factors, None, text, method)
