"""Scales: what the numbers of a matrix are, judged from the numbers, against what the card says they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from sevaxis.base.problems import Problem

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
        counts, log2 or linear.
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
    if scale != "log2":
        problems.append(
            _first_of(values < 0, f"negative values, which {scale} cannot be", values, where, names)
        )
    problems = [problem for problem in problems if problem]
    empty = ~(np.isfinite(values) if scale == "log2" else np.nan_to_num(values) != 0).any(axis=1)
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
    check = {"counts": _check_counts, "log2": _check_log2, "linear": _check_linear}[scale]
    facts["whole_numbers"] = whole
    found = check(values, known, whole, zero_is_missing, facts)
    if found is not None:
        what, evidence, hint = found
        problems.append(Problem(what, where, evidence, _ALLOWED[scale], hint))
    return problems, facts


_READER = "does the reader's option 'samples' name the right columns?"
_ALLOWED = {
    "counts": "reads per feature (whole, or estimated by salmon, kallisto or RSEM)",
    "log2": "log2 intensities or log2 ratios",
    "linear": "intensities as measured",
}


def check_identical(values: np.ndarray, where: str, samples: list[str]) -> list[Problem]:
    """Problems of samples that are the same in every feature: one animal counted twice.

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
        if len(np.unique(row[np.isfinite(row)])) < FEWEST_TO_DIFFER / 4:
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
        found = f"{np.isnan(values).mean():.1%} of the counts are missing"
        return (
            "Counts cannot be missing",
            found,
            "are these intensities? Say so in the card: values: {scale: log2}",
        )
    totals = np.nansum(values, axis=1)
    median = float(np.median(totals))
    facts["median_total"] = median
    if whole > 1 - 1e-3:
        return None
    largest, near = known.max(), [t for t in ROUND_TOTALS if abs(median / t - 1) < EQUAL_TOTALS]
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
