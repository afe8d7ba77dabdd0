"""Result tables that say too little, or say it elsewhere: directions in words, bounds of p, tests without a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sevaxis.drafting.statistics import contradiction, named
from sevaxis.matrix.readers.tables.columns import looks_numeric
from sevaxis.matrix.readers.tables.text import Table
from sevaxis.study.validation import TODO

if TYPE_CHECKING:
    import polars as pl

    from sevaxis.drafting.results import Columns, Numbers

UP = r"(?i:up(?:[ -]?regulated)?|increased?|higher|induced|gain|positive|\+|↑)"
DOWN = r"(?i:down(?:[ -]?regulated)?|decreased?|lower|repressed|reduced|loss|negative|-|↓)"
#: A bound in the place of a number: <0.001, p < .05, ≤1e-4.
BOUND = r"^\s*(?:[pPqQ]\s*)?(?:<|≤|&lt;|<=)\s*=?\s*\d*\.?\d+(?:[eE]-?\d+)?\s*$"
#: Fewest rows in which a direction must be told.
FEWEST = 5
#: Largest p or q of a list of hits.
SELECTED = 0.1


def direction_column(table: Table) -> tuple[str, np.ndarray] | None:
    """The column whose cells say up and down: its name and +1, -1, or 0 for rows in which it says neither."""
    import polars as pl

    for name in table.frame.columns:
        column = table.frame[name]
        if column.dtype != pl.String or column.n_unique() > 6:
            continue
        cells = column.fill_null("").str.strip_chars()
        up, down = (cells.str.contains(f"^{words}$").to_numpy() for words in (UP, DOWN))
        if up.sum() + down.sum() >= FEWEST and (up.any() and down.any()):
            return name, up.astype(int) - down.astype(int)
    return None


def is_selection(values: np.ndarray) -> bool:
    """Whether p or q are those of hits only: a list that says nothing of the genes that it leaves out."""
    known = values[np.isfinite(values)]
    return bool(known.size >= FEWEST and known.max() <= SELECTED)


def check_directions(found: Columns, numbers: Numbers) -> None:
    """What a column of words (up, down) says of the signs, and whether the table is a list of hits."""
    for layer in ("q", "p"):
        columns = [block.columns[layer] for block in found.blocks if layer in block.columns]
        if columns and layer not in found.options.get("minus_log10", []):
            if is_selection(np.concatenate([numbers[column] for column in columns])):
                found.told.append(
                    f"no {layer} is above {SELECTED:g}: a list of hits; the genes that it leaves out are not known"
                )
            break
    told = direction_column(numbers.table)
    if told is None or len(found.blocks) > 1:
        return
    name, signs = told
    column = found.blocks[0].columns["log2fc"]
    change = numbers[column] - (1.0 if found.options.get("fold_change") == "ratio" else 0.0)
    known = np.isfinite(change) & (change != 0) & (signs != 0)
    if not known.any():
        return
    if "fold_change" in found.asked:
        found.asked["fold_change"] += (
            f". Column '{name}' tells directions, which is not read: give what goes down a minus sign first"
        )
    elif (share := float((np.sign(change[known]) == signs[known]).mean())) < 0.1:
        found.asked["reverse"] = (
            f"{TODO} true if '{name}' is right, which says the opposite of '{column}' in {1 - share:.0%} of the rows; "
            "else false"
        )


def unfit_tests(table: Table) -> tuple[str, str] | None:
    """Why a table that holds tests cannot be read as results, and what to do; None where it holds none."""
    tested = {
        name: table.frame[name]
        for name in table.frame.columns
        if len(name.strip()) > 1  # p alone may be phosphate
        and (said := named(name)) is not None
        and said.role in ("p", "q")
        and not said.minus_log10
    }
    bounds = {
        name: _bound(table, column) for name, column in tested.items() if not looks_numeric(column, table)
    }
    for name, bound in bounds.items():
        if bound:
            hint = (
                "take the table with all digits; a bound such as 0.001 in its place makes the largest p of it"
            )
            return f"p that are no numbers ('{bound}' in column '{name}')", hint
    numeric = [
        name
        for name, column in tested.items()
        if name not in bounds
        and table.frame.height >= FEWEST
        and contradiction("p", table.numbers(column).to_numpy().astype(float)) is None
    ]
    if not numeric:
        return None
    hint = "add a column with the log2 fold change (of means: log2 of case / reference; of percent: log2(1 + x / 100))"
    return f"tests without a fold change (column '{numeric[0]}')", hint


def _bound(table: Table, column: pl.Series) -> str:
    """A cell with a bound, where all others are numbers."""
    cells = column.drop_nulls()
    odd = cells.filter(table.numbers(cells).is_null())
    return str(odd[0]) if len(odd) and odd.str.contains(BOUND).all() else ""
