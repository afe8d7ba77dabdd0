"""Sentences about rows of the axis table: what was found, by which test, at which level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sevaxis.base.vocabulary import AS_PUBLISHED, BY_PRESENCE, WHOLE, Reading, Size, Status, Stratum

if TYPE_CHECKING:
    import pandas as pd

    from sevaxis.study.settings import Thresholds


def tally(readings: pd.Series) -> str:
    """How often each reading occurs, in a sentence's words."""
    counts = readings.value_counts()
    return ", ".join(f"{counts[reading]} {reading.brief}" for reading in Reading if reading in counts)


def summarise(rows: Sequence[Mapping[str, Any]]) -> str:
    """How often each reading occurs among rows of the axis table; where nothing was estimated its status says more."""
    told = [
        Status(row["status"]).words
        if row["reading"] in (Reading.NOT_MEASURED, Reading.NOT_ESTIMABLE)
        else Reading(row["reading"]).words
        for row in rows
    ]
    if len(told) <= 1:
        return "".join(told) or Status.ABSENT.words
    return ", ".join(f"{told.count(reading)} × {reading}" for reading in dict.fromkeys(told))


def word_row(row: Any, thresholds: Thresholds) -> str:
    """The sentence of one row of the axis table (a named tuple with its columns)."""
    where = f"{row.human_symbol} in {row.dataset}, {row.contrast}"
    where += f", {Stratum(row.stratum).brief.lower()}" if row.stratum not in WHOLE else ""
    where += " only" if row.whole and row.stratum not in WHOLE else ""
    reading = Reading(row.reading)
    if reading == Reading.NOT_MEASURED:
        return f"{where}: not measured ({row.reason})."
    if reading == Reading.NOT_ESTIMABLE:
        return f"{where}: not estimable ({row.reason}{_presence(row)})."
    if reading in AS_PUBLISHED:
        told = f"log2 fold change {row.log2fc:+.2f}, the table's q {row.q:.2g}"
        return f"{where}: {reading.words}, {told}; {row.reason}."
    parts = [reading.words + (f", {Size(row.size).words}" if row.size else "")]
    if row.p_abundance == row.p_abundance and row.amount and reading not in BY_PRESENCE:
        parts.append(f"log2 fold change {row.log2fc:+.2f}{_interval(row)}")
    if row.p_holm == row.p_holm:
        parts.append(
            f"p {row.p_holm:.2g} by Holm over {row.family_size} test{'s' if row.family_size > 1 else ''}"
        )
    parts += _why(row, reading, thresholds)
    if row.other_features:
        parts.append(f"other features of the gene: {row.other_features}")
    return f"{where}: {'; '.join(parts)}."


def _interval(row: Any) -> str:
    """The interval that decides, and its level."""
    if row.ci_low_family != row.ci_low_family:
        return ""
    level = 100 * (1 - row.family_level / row.family_size)
    return f", {level:.4g} % interval {row.ci_low_family:+.2f} to {row.ci_high_family:+.2f}"


def _equivalence_level(row: Any) -> str:
    """Level of the interval within which two one-sided tests lie."""
    return f"{100 * (1 - 2 * row.family_level / row.family_size):.4g} %"


def _presence(row: Any) -> str:
    """The test of presence, and whether it could have found anything."""
    p = row.p_presence
    if p != p:
        return ""
    if row.by_presence:
        return f"; presence p {p:.2g}"
    return f"; presence p {p:.2g}, which in this family could reach no less than {row.p_presence_min:.2g} adjusted"


def _why(row: Any, reading: Reading, thresholds: Thresholds) -> list[str]:
    margin = thresholds.smallest_effect
    smallest = f"the smallest effect of interest {margin:.3g}"
    seen = (
        f"detected in {row.detected_case} of {row.n_case} case and {row.detected_reference} of {row.n_reference} "
        "reference samples"
    )
    match reading:
        case Reading.APPEARS | Reading.DISAPPEARS:
            if not row.amount and row.p_abundance == row.p_abundance:
                return [f"{row.reason}{_presence(row)}"]
            found = [f"{seen}{_presence(row)}"]
            if row.p_abundance == row.p_abundance:
                found.append(f"where detected, log2 fold change {row.log2fc:+.2f} (p {row.p_abundance:.2g})")
            return found
        case Reading.UP | Reading.DOWN:
            found = [f"{seen}{_presence(row)}"] if row.by_presence else []
            if row.exaggeration == row.exaggeration:
                found.append(
                    f"significant estimates are too large on average: {row.exaggeration:.2f} times if the truth is the "
                    f"MDE {row.mde80_family:.2g}, {row.exaggeration_smallest:.2g} times if it is {smallest}"
                )
            return found
        case Reading.NO_RELEVANT_CHANGE:
            return [
                f"a change of {margin:.3g} or more is excluded (equivalence p {row.equivalence_p:.2g}), and by the "
                f"{_equivalence_level(row)} interval any beyond {row.margin_excluded:.2g}"
            ]
    if row.p_gene != row.p_gene:
        return [f"not tested here: {row.reason}"]
    if not row.amount and row.p_abundance == row.p_abundance:
        return [f"{row.reason}{_presence(row)}"]
    told = [f"{seen}{_presence(row)}"] if row.by_presence else []
    if row.p_abundance != row.p_abundance:
        return [*told, "abundance not estimable"]
    if row.se == row.se and row.mde80_family != row.mde80_family:
        return [*told, "underpowered: less than one degree of freedom"]
    if row.margin_excluded != row.margin_excluded:
        return [*told, f"neither a change nor its absence is shown, and no size: {row.reason}"]
    beyond = f"the {_equivalence_level(row)} interval excludes a change beyond {row.margin_excluded:.2g}"
    if row.mde80_family > margin:
        mde = f"MDE{100 * thresholds.power:.0f} at the level of the test {row.mde80_family:.2g}"
        repeat = (
            f"a new experiment of the size would find {row.mde80_family:.2g} with power {row.power_repeat:.2f}, and "
            f"{margin:.3g} with {row.power_smallest:.2f}"
        )
        return [*told, f"underpowered: {mde} exceeds {smallest}; {repeat}; {beyond}"]
    return [*told, f"neither a change nor its absence is shown; {beyond}"]
