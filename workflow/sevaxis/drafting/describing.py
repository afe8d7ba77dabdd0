"""Columns of numbers that describe features and are no samples, with the reason for each."""

from __future__ import annotations

import re

import numpy as np

from sevaxis.drafting.statistics import contradiction, named
from sevaxis.matrix.readers.tables.text import Table

#: Rows that are looked at.
ENOUGH = 2000


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
    for name in columns:
        said = named(name)
        if name in found:
            continue
        if tested and said is not None and not re.search(r"[._\s-]\d+$", name):
            found[name] = "a result beside a test"
        elif re.search(r"(^|[^a-z])(id|ids|index|row)$", name, re.IGNORECASE):
            found[name] = "numbers the rows"
    left = [name for name in columns if name not in found]
    for name in left:
        if said_mean := _mean_of(table, name, left):
            found[name] = f"the mean of {', '.join(said_mean)}"
    return found


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
