"""Which columns of a table are samples: those that an option names, or all columns of numbers.

A column of numbers with a few cells of text is no annotation: it is a sample with cells that someone must look at, and
is refused with their rows rather than left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sevaxis.base.problems import Problem, Problems, nearest, refuse
from sevaxis.genes.identifiers import COLUMN_NAMES
from sevaxis.matrix.readers.tables.cells import GROUPED, to_numbers
from sevaxis.matrix.readers.tables.text import Table

if TYPE_CHECKING:
    import polars as pl

#: Columns of numbers that describe features, in tables whose other columns of numbers are samples: words that search
#: engines, aligners and annotation packages call them by.
ANNOTATION = re.compile(
    r"(^|[^a-z])(length|start|end|chr(?:om\w*|[\dxym]+)?|strand|score|cscore|peptides?|coverage|weight|significan\w*|"
    r"[pq][ ._-]?val(?:ues?)?|fold.?change|difference|log2?fc|t-?test|anova|sequences?|number of|position|mw|pi|rank|"
    r"mass|psms?|number.?psm|probability|pep.?prob|max.?pep.?prob|entrez\w*|ms/ms count|gc|razor|unique|"
    r"power|confidence|reference.?intensity|retention time|charge|m/z|pep|localization|delta|isoforms?|exons?|"
    r"variability|(?:highest|lowest|maximum|minimum) mean|total intensity|cv)([^a-z]|$)|\[%\]|\(%\)|^#",
    re.IGNORECASE,
)
#: Share of numbers from which a column of text is one of numbers with stray cells.
MOSTLY = 0.5
#: A table of more columns than this, and than rows, has features for columns, which may be called PVALB, GC or CV.
MANY_COLUMNS = 100
#: Chromosomes and charges are numbers beside letters, too: few different ones in many rows.
FEW_LEVELS, MANY_ROWS = 40, 100


def choose_column(table: Table, name: str, option: str) -> str:
    """Name of a column that an option asks for; a problem with the nearest one where it is missing."""
    if name in table.frame.columns:
        return name
    columns = ", ".join(table.frame.columns[:20])
    refuse(
        f"No column '{name}'",
        where=f"{table.file}, option '{option}'",
        found=name,
        allowed=columns,
        hint=nearest(name, table.frame.columns),
    )


def sample_columns(
    table: Table, others: list[str], samples: list[str] | str | None
) -> tuple[list[str], list[str]]:
    """Columns that hold samples, and the names of the samples; ``others`` are known to be none."""
    columns = [column for column in table.frame.columns if column not in others]
    if isinstance(samples, str):
        try:
            regex = re.compile(samples)
        except re.error as error:
            where = f"{table.file}, option 'samples'"
            raise Problems(
                [Problem("This is no regular expression", where, samples, str(error), "escape ( ) . +")]
            ) from error
        matches = {column: regex.search(column) for column in columns}
        found = {column: match[1] if regex.groups else column for column, match in matches.items() if match}
        if not found:
            where = f"{table.file}, option 'samples'"
            refuse(
                "No column fits",
                where=where,
                found=samples,
                allowed=", ".join(columns[:20]),
                hint="mind case and spaces",
            )
        return list(found), list(found.values())
    if samples is not None:
        for column in samples:
            choose_column(table, column, "samples")
        return list(samples), list(samples)
    found = numeric_columns(table, columns)
    twice = sorted(name for name in table.repeated if name in found)
    if twice:
        hint = (
            "rename them in the file, or list the columns with the option 'samples' (the second 'x' is 'x.2')"
        )
        refuse(
            "Two columns have one name",
            where=table.file,
            found=", ".join(twice),
            allowed="unique names",
            hint=hint,
        )
    return found, found


def numeric_columns(table: Table, columns: list[str]) -> list[str]:
    """Columns of numbers, and empty ones that are called like them.

    Raises
    ------
    Problems
        One for each column of numbers that has cells of text, with row and cell.
    """
    numeric = {name for name in columns if looks_numeric(table.frame[name], table)}
    stems = {stem_of(name) for name in numeric}
    found, problems = [], []
    for name in columns:
        column = table.frame[name]
        if name in numeric or (column.null_count() == len(column) and stem_of(name) in stems):
            found.append(name)
        elif rows := stray_cells(column, table):
            problems.append(stray_problem(table, column, rows))
    if problems:
        raise Problems(problems)
    return found


def looks_numeric(column: pl.Series, table: Table | None = None) -> bool:
    """Whether a column holds numbers, perhaps below a few rows of further headers."""
    import polars as pl

    if column.dtype.is_numeric():
        return True
    if column.dtype != pl.String:
        return column.dtype == pl.Null
    cells = column.drop_nulls()
    numbers = table.numbers(cells) if table is not None else to_numbers(cells)
    return len(cells) > 0 and numbers[min(3, len(cells) - 1) :].null_count() == 0


def stray_cells(column: pl.Series, table: Table) -> list[int]:
    """Rows whose cells are text in a column of numbers; none where the column is one of text."""
    import polars as pl

    if column.dtype != pl.String or describes_features(column.name, table):
        return []
    numbers = table.numbers(column)
    filled = len(column) - column.null_count()
    count = filled - (numbers.null_count() - column.null_count())
    few = filled >= MANY_ROWS and numbers.n_unique() <= FEW_LEVELS
    if count <= MOSTLY * filled or count < 2 or few:
        return []
    return (numbers.is_null() & column.is_not_null()).arg_true().to_list()


def describes_features(name: str, table: Table) -> bool:
    """Whether a column is called like annotation of features, in a table that has features for rows."""
    if table.frame.width > max(MANY_COLUMNS, table.frame.height):
        return False
    return re.sub(r"[^a-z0-9]", "", name.lower()) in COLUMN_NAMES or bool(ANNOTATION.search(name))


def stray_problem(table: Table, column: pl.Series, rows: list[int]) -> Problem:
    """Problem of cells of text in a column of numbers: row, feature, cell, and what a card can say about it."""
    texts = list(dict.fromkeys(column[row] for row in rows))
    name = table.frame.columns[0]
    where = f"{table.file}, column '{column.name}', row {rows[0] + 1} of the table ('{table.frame[name][rows[0]]}')"
    found = f"{', '.join(repr(text) for text in texts[:3])} in {len(rows)} of {len(column)} cells"
    listed = ", ".join(f'"{text}"' for text in texts[:3])
    if any(GROUPED[sign].match(texts[0].strip()) for sign in GROUPED):
        sign = "," if "," in texts[0] else "."
        meant, option = f"is {texts[0].replace(sign, '')}", f"thousands: '{sign}'"
    else:
        meant, option = "means 'not measured'", f"missing: [{listed}]"
    hint = f"if this {meant}: {option} in the reader's options; otherwise correct the cell"
    return Problem("Text where numbers are expected", where, found, "numbers or NA", hint)


def stem_of(name: str) -> str:
    """A name without its numbers."""
    return re.sub(r"\d+", "#", name)
