"""Normalisation: samples made comparable on the log2 scale, for figures and quality; models take it from here too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sevaxis.base.problems import refuse

#: Median normalisation rests on the features seen in every sample where these are enough, so that samples in which
#: many weak features were missed are not shifted for that.
ENOUGH_COMPLETE = 100


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
    """

    log2: np.ndarray
    factors: np.ndarray | None
    shifts: np.ndarray | None
    text: str


def normalise(values: np.ndarray, scale: str, method: Literal["tmm", "median", "none"]) -> Normalised:
    """Normalise counts or log2 intensities.

    Parameters
    ----------
    values
        Samples x features: counts, or log2 intensities with NaN for what was not detected.
    scale
        counts or log2.
    method
        ``tmm``: counts, trimmed mean of M values (Robinson & Oshlack 2010, Genome Biol 11:R25). ``median``: median of
        ratios for counts (Anders & Huber 2010, Genome Biol 11:R106), equal medians for intensities. ``none``: log2
        counts per million of the library as it is; intensities as they are.

    Raises
    ------
    Problems
        TMM of intensities, which needs counts.
    """
    if scale == "counts":
        return _normalise_counts(values, method)
    if method == "tmm":
        hint = "use median or none"
        refuse(
            "TMM is for counts",
            where="values.normalise",
            found="tmm of log2 values",
            allowed="median, none",
            hint=hint,
        )
    if method == "none":
        return Normalised(values.copy(), None, np.zeros(len(values)), "Values as given")
    observed = ~np.isnan(values)
    complete = observed.all(axis=0)
    enough = complete.sum() >= ENOUGH_COMPLETE
    medians = _medians(values[:, complete] if enough else values)
    shifts = medians - np.nanmean(medians)
    basis = (
        f"the {int(complete.sum())} features seen in every sample"
        if enough
        else "each sample's observed features"
    )
    return Normalised(values - shifts[:, None], None, shifts, f"Equal medians of {basis}")


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
    return Normalised(log_cpm(by_feature, library * factors).T, factors, None, text)
