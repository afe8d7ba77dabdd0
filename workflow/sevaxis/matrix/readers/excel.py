"""Excel workbooks (xlsx, xls, xlsb, ods) through calamine; the layouts of delimited tables."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sevaxis.base.problems import Problem, Problems, nearest, refuse
from sevaxis.genes.identifiers import Identifier
from sevaxis.matrix.readers.tables.assembly import Duplicates
from sevaxis.matrix.readers.tables.layouts import Layout, from_table
from sevaxis.matrix.readers.tables.proteins import Dropped, without_decoys
from sevaxis.matrix.readers.tables.text import MISSING, Table, rows_above, unique_names

if TYPE_CHECKING:
    import anndata


def read_excel(
    path: Path,
    *,
    sheet: str | None = None,
    layout: Layout = "wide",
    feature: str | None = None,
    samples: list[str] | str | None = None,
    sample: list[str] | str | None = None,
    value: str | None = None,
    identifier: Identifier | None = None,
    duplicates: Duplicates | None = None,
    keep: list[Dropped] | None = None,
    annotation: list[str] | None = None,
    missing: list[str] | None = None,
    skip: int = 0,
) -> anndata.AnnData:
    """Read one sheet of a workbook.

    Parameters
    ----------
    path
        The workbook.
    sheet
        Name of the sheet; needed where the workbook has more than one.
    layout, feature, samples, sample, value, identifier, duplicates, keep, annotation, missing
        As in :func:`sevaxis.matrix.readers.delimited.read_delimited`.
    skip
        Rows to skip above the header; names of groups in them become annotation of the samples.

    Raises
    ------
    Problems
        For files that are no workbook, sheets that do not exist, and whatever a delimited table may lack.
    """
    table = read_sheet(path, sheet, skip, missing or ())
    adata = from_table(table, layout, feature, samples, sample, value, identifier, duplicates, annotation)
    return without_decoys(adata, keep)


def read_sheet(path: Path, sheet: str | None = None, skip: int = 0, missing: Sequence[str] = ()) -> Table:
    """Cells of a sheet as typed columns; a column of numbers with stray text stays text.

    Dates stay dates (``2021-03-01``): where they stand among gene names they were genes once.
    """
    import polars as pl
    import python_calamine

    path = Path(path)
    try:
        workbook = python_calamine.CalamineWorkbook.from_path(str(path))
    except (python_calamine.CalamineError, OSError) as error:
        hint = "a text file with the ending .xls or .xlsx is read by the reader 'delimited'"
        raise Problems(
            [Problem("This is no workbook", path.name, str(error), "xlsx, xls, xlsb or ods", hint)]
        ) from error
    names = workbook.sheet_names
    if sheet is None and len(names) > 1:
        hint = "name one with the option 'sheet'"
        refuse(
            "The workbook has several sheets",
            where=path.name,
            found=f"{len(names)} sheets",
            allowed=", ".join(names),
            hint=hint,
        )
    sheet = sheet or names[0]
    if sheet not in names:
        refuse(
            f"No sheet '{sheet}'",
            where=path.name,
            found=sheet,
            allowed=", ".join(names),
            hint=nearest(sheet, names),
        )
    try:
        whole = workbook.get_sheet_by_name(sheet).to_python()
    except (python_calamine.CalamineError, OSError) as error:
        what, where, hint = (
            "The sheet cannot be read",
            f"{path.name}, sheet {sheet}",
            "fetch the workbook again",
        )
        raise Problems([Problem(what, where, str(error), "a whole workbook", hint)]) from error
    rows = whole[skip:]
    if not rows:
        refuse(
            "The sheet is empty",
            where=f"{path.name}, sheet {sheet}",
            found="no rows",
            allowed="a table",
            hint="which sheet?",
        )
    header, repeated = unique_names([_text(cell) or "" for cell in rows[0]])
    body = [row for row in rows[1:] if any(cell != "" for cell in row)]
    nothing = {*MISSING, *missing}
    columns = []
    for index, name in enumerate(header):
        cells = [row[index] for row in body]
        if all(
            (isinstance(cell, int | float) and not isinstance(cell, bool)) or cell in nothing
            for cell in cells
        ):
            numbers = [float(cell) if not isinstance(cell, str) else None for cell in cells]
            columns.append(pl.Series(name, numbers, dtype=pl.Float64))
        else:
            columns.append(
                pl.Series(name, [None if cell in nothing else _text(cell) for cell in cells], dtype=pl.String)
            )
    kept = [column for column in columns if column.name or column.null_count() < len(column)]
    above = rows_above([[_text(cell) or "" for cell in row] for row in whole[:skip]], header)
    frame = pl.DataFrame({column.name: column for column in kept})  # polars names unnamed columns of a list
    return Table(f"{path.name}, sheet {sheet}", frame, repeated - {""}, {"sheet": sheet}, above=above)


def first_rows(path: Path, sheet: str, number: int | None) -> list[list[str]]:
    """Cells of the first rows of a sheet as text; of all rows where no number is given."""
    import python_calamine

    rows = (
        python_calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_name(sheet).to_python(nrows=number)
    )
    return [[_text(cell) or "" for cell in row] for row in rows]


def _text(cell: object) -> str | None:
    """A cell as Excel shows it: whole numbers without a decimal zero, dates without midnight."""
    if isinstance(cell, str):
        return None if cell in MISSING else cell
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    return str(cell)
