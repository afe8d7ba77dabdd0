"""Columns of numbers that describe features and are no samples, with the reason for each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from sevaxis.drafting.levels import OF_RUNS
from sevaxis.drafting.statistics import contradiction, named, named_columns
from sevaxis.drafting.words import MISSING_WORDS
from sevaxis.genes.identifiers import identifier_of
from sevaxis.matrix.readers.tables.columns import describes_features
from sevaxis.matrix.readers.tables.text import Table

if TYPE_CHECKING:
    import polars as pl

#: Rows that are looked at.
ENOUGH = 2000
#: Names of columns that hold the numbers of other databases, whatever follows: NCBI Gene ID(supplied by NCBI).
IDENTIFIES = re.compile(
    r"(?<![a-z])(?:ncbi|entrez|gene|protein|transcript|probe|homologene|omim|hgnc|mgi|rgd|kegg|pubmed|taxon(?:omy)?)"
    r"[ ._-]*(?:gene[ ._-]*)?(?:ids?|identifiers?)(?![a-z0-9])",
    re.IGNORECASE,
)
#: Columns that rank the rows alike less than this, and spread over ranges that differ more than so many times, have
#: nothing in common: each measures something else.
RANKED_ALIKE, RANGES_APART = 0.5, 1000.0
#: More columns than this are samples.
MOST_COMPARED = 24


#: What readers count -> how it is called.
COUNTED = {
    "decoys_dropped": "decoys",
    "contaminants_dropped": "contaminants",
    "only_identified_by_site_dropped": "only identified by site",
    "no_master_protein_dropped": "no master proteins",
    "low_confidence_dropped": "of low confidence",
    "members_of_groups_dropped": "further members of groups",
    "poorly_localised_dropped": "poorly localised sites",
    "without_abundance_dropped": "without an abundance",
    "control_samples_dropped": "control samples",
    "control_assays_dropped": "control assays",
    "controls_dropped": "controls of the measurement",
    "control_reagents_dropped": "control reagents",
    "rows_without_name": "rows without a name",
    "summary_rows": "rows of sums",
    "notes_below": "remarks below the table",
    "repeated_equal_rows": "rows that repeat others",
    "infinite_fold_changes": "infinite fold changes",
}

#: What readers count of the quality control of values -> what becomes of these.
QUALITY = {
    "values_failed": "failed the quality control and are missing",
    "values_warned": "with a warning of the quality control stay",
    "values_below_limit_of_detection": "below the limit of detection stay",
}


def left_out(reading: dict) -> str:
    """What a reader left out of its file, counted; empty where nothing was."""
    return ", ".join(f"{reading[key]} {what}" for key, what in COUNTED.items() if reading.get(key))


def decided(reading: dict) -> list[str]:
    """What a reader decided about rows that could be read in another way."""
    said = []
    if dates := reading.get("excel_dates"):
        shown = ", ".join(map(str, reading.get("excel_date_examples", [])))
        said.append(
            f"{dates} names are dates that Excel made of genes ({shown}); where one gene only fits, it is given back"
        )
    for key, words in QUALITY.items():
        for name in sorted(name for name in reading if name.startswith(key) and reading[name]):
            said.append(f"{reading[name]:,} values {words} ({name.removeprefix(key).strip('_') or 'LOD'})")
    if runs := reading.get("runs_of_each_sample"):
        said.append(f"{runs} runs make a sample (fractions), which is called after the first of them")
    if rows := reading.get("repeated_different_rows"):
        names = ", ".join(reading.get("repeated_different_names", []))
        said.append(
            f"{rows} rows share names ({names}): their {reading['repeated_rows_became']} stands (option duplicates)"
        )
    return said


def not_samples(table: Table, columns: list[str]) -> dict[str, str]:
    """Columns that cannot be samples.

    Parameters
    ----------
    table
        The table, or its first rows.
    columns
        Its columns of numbers but the one of the features.

    Returns
    -------
    Column -> reason.
    """
    found: dict[str, str] = {}
    for name in columns:
        said = named(name)
        if said is not None and said.role in ("p", "q"):
            values = _numbers(table, name)
            if contradiction(said.role, 10.0**-values if said.minus_log10 else values) is None:
                found[name] = "a test of each row"
    tested = bool(found)
    results = named_columns(columns)
    for name in columns:
        if name in found:
            continue
        if tested and name in results and not re.search(r"[._\s-]\d+$", OF_RUNS.sub("", name)):
            found[name] = "a result beside a test"
        elif re.search(r"(^|[^a-z])(id|ids|index|row)$", name, re.IGNORECASE):
            found[name] = "numbers the rows"
        elif IDENTIFIES.search(name):
            found[name] = "an identifier"
    left = [name for name in columns if name not in found]
    for name in left:
        if said_mean := _mean_of(table, name, left):
            found[name] = f"the mean of {', '.join(said_mean)}"
    return found


def have_nothing_in_common(table: Table, columns: list[str]) -> bool:
    """Whether columns of numbers are different measures of the rows, not the same one in several samples.

    Samples rank their features alike; where they do not (ratios around 0), they spread over much the same range.
    """
    from scipy.stats import spearmanr

    values = [_numbers(table, name) for name in columns[:MOST_COMPARED]]
    if len(columns) > MOST_COMPARED or len(values) < 2:
        return False
    ranges = [np.subtract(*np.nanpercentile(v, [90, 10])) for v in values if np.isfinite(v).any()]
    ranges = [width for width in ranges if width > 0]
    if len(ranges) < 2 or max(ranges) < RANGES_APART * min(ranges):
        return False
    likeness = []
    for i, one in enumerate(values):
        for other in values[:i]:
            both = np.isfinite(one) & np.isfinite(other)
            if both.sum() >= 20 and np.ptp(one[both]) > 0 and np.ptp(other[both]) > 0:
                likeness.append(float(spearmanr(one[both], other[both]).statistic))
    return bool(likeness) and float(np.median(likeness)) < RANKED_ALIKE


def _numbers(table: Table, column: str) -> np.ndarray:
    return table.numbers(table.frame[column].head(ENOUGH)).to_numpy().astype(np.float64)


def _mean_of(table: Table, name: str, columns: list[str]) -> list[str]:
    """Columns called ``<name>_1``, ``<name>_2``, ... whose mean or median a column holds."""
    stem = re.sub(r"[\s._-]*(mean|avg|average|median)[\s._-]*", "", name, flags=re.IGNORECASE)
    replicate = re.compile(rf"(?:.*[\s._-])?{re.escape(stem)}[\s._-]*\w{{1,4}}$", re.IGNORECASE)
    of = [c for c in columns if c != name and stem and replicate.match(c)]
    if len(of) < 2:
        return []
    parts, mean = np.column_stack([_numbers(table, c) for c in of]), _numbers(table, name)
    complete = np.isfinite(parts).all(axis=1) & np.isfinite(mean)
    if complete.sum() < 5:
        return []
    for centre in (parts.mean(axis=1), np.median(parts, axis=1)):
        if np.isclose(centre[complete], mean[complete], rtol=1e-3, atol=1e-6).mean() > 0.95:
            return of
    return []


def peptide_column(table: Table) -> str | None:
    """A column of peptide sequences that names the rows: long words of the twenty letters, mostly as trypsin cuts.

    Rows of proteins have one, too, where the best peptide is told; then another column names each row once.
    """
    import polars as pl

    texts = [c for c in table.frame.columns if table.frame[c].dtype == pl.String]
    for name in texts:
        cells = table.frame[name].drop_nulls().head(ENOUGH)
        bare = cells.str.replace_all(r"[\[({][^\])}]*[\])}]|[_.\d-]", "")
        alike = bare.str.contains(r"^[ACDEFGHIKLMNPQRSTUVWYacdefghiklmnpqrstuvwy]{6,60}$")
        if len(cells) < 20 or alike.mean() < 0.9 or bare.str.len_chars().median() < 8:
            continue
        tryptic = bare.str.to_uppercase().str.contains(r"[KR]$").mean() > 0.6
        if tryptic and not any(_names_proteins(table, other) for other in texts if other != name):
            return name
    return None


def _names_proteins(table: Table, name: str) -> bool:
    """Whether a column names each row once, and by an identifier."""
    cells = table.frame[name]
    unique = cells.null_count() == 0 and cells.n_unique() >= 0.99 * len(cells)
    return unique and identifier_of(cells.head(ENOUGH).to_list()) is not None


def missing_cells(column: pl.Series, table: Table) -> list[int]:
    """Rows of words for a missing value where a column holds nothing but these and some numbers, however few."""
    import polars as pl

    if column.dtype != pl.String or describes_features(column.name, table):
        return []
    texts = (table.numbers(column).is_null() & column.is_not_null()).arg_true().to_list()
    numbers = len(column) - column.null_count() - len(texts)
    return texts if numbers and all(is_missing(column[row]) for row in texts) else []


def is_missing(cell: str) -> bool:
    """Whether a cell is a word for a value that was not measured."""
    return re.sub(r"\s", "", cell.lower()) in MISSING_WORDS
