"""Scales: what the numbers of a matrix are, judged from the numbers, against what the card says they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from sevaxis.base.problems import Problem
from sevaxis.matrix.numbers import BASES, whole_in_base

#: Log2 of any count or intensity that an instrument can give is below this (2^60 is 10^18).
LARGEST_LOG2 = 60.0
#: Totals within this share of one another and near a million (or ten thousand) are a normalisation, not sequencing.
EQUAL_TOTALS = 0.01
ROUND_TOTALS = (1e4, 1e6)
#: Below this share of whole numbers among the positive values, and below this total, fractional "counts" are densities
#: (FPKM, RPKM): their totals hang on gene lengths and stay under a million or so, while estimated counts (salmon, RSEM)
#: add up to the reads of a library.
WHOLE_SHARE, LIBRARY = 0.05, 2e6
#: Zeros among log2 intensities are missing values in disguise where nothing else comes near them.
ZERO_SHARE, ZERO_GAP = 0.01, 3.0
WHOLE = 1e-6
#: Features from which equal samples are no chance.
FEWEST_TO_DIFFER = 20
#: Values from which the absence of fractions is no chance.
ENOUGH = 100
#: No gene has so many reads, and no instrument such an intensity.
LARGEST_COUNT, LARGEST_LINEAR = 1e10, 2.0**LARGEST_LOG2
#: Reads of a whole sample reach further than this; half of the genes have none or few of them.
LARGEST_ROUNDED, TYPICAL_ROUNDED = 32, 3
#: Cells beyond a scale that are damage rather than another scale.
FEW_CELLS = 0.001


def check_scale(
    values: np.ndarray,
    scale: str,
    where: str,
    names: tuple[list[str], list[str]],
    *,
    zero_is_missing: bool = False,
) -> tuple[list[Problem], dict[str, Any]]:
    """Evidence for and against the scale that a card declares.

    Parameters
    ----------
    values
        Samples x features, NaN where the file holds nothing.
    scale
        counts, linear, log2, log10 or ln.
    where
        How the matrix is called in messages.
    names
        Names of samples and of features, for messages.
    zero_is_missing
        Whether the card says that 0 means missing.

    Returns
    -------
    Problems that forbid to go on, and facts for the provenance.
    """
    if not np.isfinite(values).any():
        return [
            Problem("The matrix holds no values", where, "nothing but missing values", "numbers", _READER)
        ], {}
    problems = [_first_of(np.isinf(values), "infinite values", values, where, names)]
    is_log = scale in BASES
    largest = LARGEST_COUNT if scale == "counts" else LARGEST_LINEAR if scale == "linear" else np.inf
    problems.append(_first_of(values > largest, f"values that no {scale} reach", values, where, names))
    if not is_log:
        problems.append(
            _first_of(values < 0, f"negative values, which {scale} cannot be", values, where, names)
        )
    problems = [problem for problem in problems if problem]
    empty = ~(np.isfinite(values) if is_log else np.nan_to_num(values) != 0).any(axis=1)
    for sample in np.flatnonzero(empty):
        cell, hint = (
            f"{where}, sample '{names[0][sample]}'",
            "name it under `exclude` in the card with the reason",
        )
        problems.append(Problem("A sample is empty", cell, "not one value", "samples with values", hint))
    known = values[np.isfinite(values)]
    positive = known[known > 0]
    facts: dict[str, Any] = {
        "smallest": float(known.min()),
        "largest": float(known.max()),
        "zeros": float((known == 0).mean()),
        "missing": float(np.isnan(values).mean()),
    }
    if problems:
        return problems, facts
    whole = float((np.abs(positive - np.rint(positive)) <= WHOLE).mean()) if positive.size else 1.0
    check = {"counts": _check_counts, "linear": _check_linear}.get(scale, _check_log2)
    facts["whole_numbers"] = whole
    if check is _check_log2:
        few = _few_too_large(values, where, names)
        said = whole_in_base(values)
        if few is not None:
            return [few], facts
        if said is not None and said != scale:
            found = (
                f"{said.removeprefix('log').replace('ln', 'e')} to the power of the values are whole numbers"
            )
            hint = f"say values: {{scale: {said}}} in the card"
            return [Problem(f"The values are no {scale} values", where, found, _ALLOWED["log2"], hint)], facts
    found = check(values, known, whole, zero_is_missing, facts)
    if found is not None:
        what, evidence, hint = found
        if scale == "counts" and np.isnan(values).any():
            row, column = np.argwhere(np.isnan(values))[0]
            where = f"{where}, sample '{names[0][row]}', feature '{names[1][column]}'"
        problems.append(Problem(what, where, evidence, _ALLOWED["log2" if is_log else scale], hint))
    return problems, facts


_READER = "does the reader's option 'samples' name the right columns?"
_ALLOWED = {
    "counts": "reads per feature (whole, or estimated by salmon, kallisto or RSEM)",
    "log2": "logarithms of intensities, or of their ratios",
    "linear": "intensities as measured",
}


def check_identical(values: np.ndarray, where: str, samples: list[str]) -> list[Problem]:
    """Problems of samples that are the same in every feature, one animal counted twice, or all one number.

    Parameters
    ----------
    values
        Samples x features, NaN where the file holds nothing.
    where, samples
        How the matrix and its samples are called in messages.
    """
    if values.shape[1] < FEWEST_TO_DIFFER:
        return []
    first: dict[bytes, int] = {}
    problems = []
    for sample, row in enumerate(values):
        known = row[np.isfinite(row)]
        if len(known) >= FEWEST_TO_DIFFER and np.ptp(known) == 0:
            what, cell = "A sample holds one number throughout", f"{where}, sample '{samples[sample]}'"
            hint = "does the reader's option 'samples' name the right columns? Or exclude it with the reason"
            problems.append(Problem(what, cell, f"{known[0]:g} {len(known)} times", "measured values", hint))
        if len(np.unique(known)) < FEWEST_TO_DIFFER / 4:
            continue  # hardly anything was seen: equal by chance
        # NaN has many bit patterns, and 0 has two
        other = first.setdefault((np.where(np.isnan(row), np.nan, row) + 0.0).tobytes(), sample)
        if other != sample:
            what, cell = "Two samples are the same in every feature", f"{where}, sample '{samples[sample]}'"
            found = f"'{samples[sample]}' equals '{samples[other]}' in all {values.shape[1]:,} features"
            hint = (
                "was a column or a file copied? Mend it, or name one of them under `exclude` with the reason"
            )
            problems.append(Problem(what, cell, found, "each sample measured by itself", hint))
    return problems


def _check_counts(values, known, whole, zero_is_missing, facts):
    if np.isnan(values).any():
        row, column = np.argwhere(np.isnan(values))[0]
        found = f"{np.isnan(values).mean():.1%} of the counts are missing, the first in sample {row + 1}, "
        found += f"feature {column + 1}"
        return (
            "Counts cannot be missing",
            found,
            "are these intensities? Say so in the card: values: {scale: log2}",
        )
    totals = np.nansum(values, axis=1)
    median = float(np.median(totals))
    facts["median_total"] = median
    largest, near = known.max(), [t for t in ROUND_TOTALS if abs(median / t - 1) < 2 * EQUAL_TOTALS]
    if whole > 1 - 1e-3:
        return _check_whole_counts(known, totals, median, near)
    if largest < LARGEST_LOG2:
        found = f"fractions, the largest {largest:.4g}: these look like logarithms"
        return "The values are no counts", found, "use the table of raw counts, or say values: {scale: log2}"
    if near and np.ptp(totals) < EQUAL_TOTALS * median:
        found = f"fractions, and every sample adds up to {median:,.0f}: counts or transcripts per million"
        return (
            "The values are no counts",
            found,
            "use the table of raw counts: count models need the reads themselves",
        )
    if whole < WHOLE_SHARE and median < LIBRARY:
        found = f"{whole:.1%} whole numbers and a median total of {median:,.0f}: these look like FPKM or RPKM"
        return (
            "The values are no counts",
            found,
            "use the table of raw counts: count models need the reads themselves",
        )
    facts["fractional"] = "estimated counts; rounded only where a model needs whole numbers"
    return None


def _check_whole_counts(known, totals, median, near):
    """Whole numbers that are no reads: per million, or logarithms, rounded."""
    if near and len(totals) > 1 and np.ptp(totals) < 2 * EQUAL_TOTALS * median:
        found = f"whole numbers, but every sample adds up to {median:,.0f}: counts or transcripts per million, rounded"
    elif known.size >= ENOUGH and known.max() < LARGEST_ROUNDED and np.median(known) >= TYPICAL_ROUNDED:
        found = f"whole numbers between {known.min():g} and {known.max():g}, half of them above {np.median(known):g}: "
        found += "these look like rounded logarithms"
    else:
        return None
    return (
        "The values are no counts",
        found,
        "use the table of raw counts: count models need the reads themselves",
    )


def _few_too_large(values, where, names):
    """Problem of single cells that no logarithm reaches among others that are logarithms: damage, not another scale."""
    beyond = np.abs(np.nan_to_num(values)) > LARGEST_LOG2
    if not beyond.any() or beyond.mean() > FEW_CELLS:
        return None
    return _first_of(beyond, "single values that no logarithm reaches", values, where, names)


def _check_log2(values, known, whole, zero_is_missing, facts):
    largest = float(known.max())
    if whole > 1 - 1e-3 and known.min() >= 0 and known.size >= ENOUGH:
        found = f"whole numbers only, up to {largest:g}"
        return "The values are no log2 values", found, "say values: {scale: counts} in the card"
    if largest > LARGEST_LOG2:
        found = f"values up to {largest:.6g}, 2 to the power of which no instrument measures"
        return "The values are no log2 values", found, "say values: {scale: linear} in the card"
    rest = known[known != 0]
    if not zero_is_missing and facts["zeros"] >= ZERO_SHARE and rest.size and rest.min() > ZERO_GAP:
        found = f"{facts['zeros']:.1%} zeros, and no other value below {rest.min():.3g}"
        return "Zeros stand for missing values", found, "say values: {zero_is_missing: true} in the card"
    return None


def _check_linear(values, known, whole, zero_is_missing, facts):
    if known.max() < LARGEST_LOG2:
        found = f"no value above {known.max():.4g}: these look like logarithms"
        return "The values are not linear", found, "say values: {scale: log2} in the card"
    return None


def _first_of(wrong: np.ndarray, what: str, values: np.ndarray, where: str, names) -> Problem | None:
    """Problem that names the first cell of some."""
    if not wrong.any():
        return None
    samples, features = names
    row, column = np.argwhere(wrong)[0]
    cell = f"{where}, sample '{samples[row]}', feature '{features[column]}'"
    found = f"{values[row, column]:g}, and {int(wrong.sum()) - 1} more"
    return Problem(f"There are {what}", cell, found, "finite numbers, not negative unless log2", _READER)


def to_log2(values: np.ndarray) -> np.ndarray:
    """Log2 of linear intensities; 0 (not detected) becomes NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(values > 0, np.log2(values), np.nan)
