"""Cells of a table of text: decimal signs, thousands separators, rows that are cut short.

What can be read in two ways is refused with both readings, never chosen.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import zip_longest
from typing import TYPE_CHECKING

from sevaxis.base.problems import Problem, Problems

if TYPE_CHECKING:
    import polars as pl

#: A number with a decimal comma; one without any separator tells nothing.
DECIMAL_COMMA = re.compile(r"^[+-]?\d*,\d+([eE][+-]?\d+)?$")
DECIMAL_POINT = re.compile(r"^[+-]?\d*\.\d+([eE][+-]?\d+)?$")
#: Digits in groups of three (``1,234``); with a decimal part of the other sign behind them (``1,234.5``).
GROUPED = {sign: re.compile(rf"^[+-]?[1-9]\d{{0,2}}(?:\{sign}\d{{3}})+$") for sign in ",."}
MIXED = {
    ",": re.compile(r"^[+-]?[1-9]\d{0,2}(?:,\d{3})+\.\d+$"),
    ".": re.compile(r"^[+-]?[1-9]\d{0,2}(?:\.\d{3})+,\d+$"),
}
WHOLE = re.compile(r"^[+-]?\d+$")
#: Fewer numbers in groups of three are cells to look at, no way of writing.
FEWEST_GROUPED = 5


def sniff_signs(rows: list[list[str]], file: str) -> tuple[str, str | None]:
    """Decimal sign and thousands separator of the numbers in some rows.

    Parameters
    ----------
    rows
        Cells of the first rows below the header.
    file
        Name of the file, for messages.

    Returns
    -------
    The decimal sign, and the sign between thousands where there is one.

    Raises
    ------
    Problems
        ``1,234`` where nothing tells whether it is 1.234 or 1234.

    Notes
    -----
    Cells such as ``1,5`` say what a comma is, and so do ``1,234,567`` and ``1,234.5``. Where all commas stand before
    three digits, whole numbers beside them tell: those below 1000 have no comma, and those above all have one.
    """
    columns = [[cell.strip() for cell in column] for column in list(zip_longest(*rows, fillvalue=""))[:50]]
    cells = [cell for column in columns for cell in column]
    for sign, other in ((",", "."), (".", ",")):
        if any(MIXED[sign].match(cell) for cell in cells):
            return other, sign
    commas = [cell for cell in cells if DECIMAL_COMMA.match(cell) or GROUPED[","].match(cell)]
    points = [cell for cell in cells if DECIMAL_POINT.match(cell) or GROUPED["."].match(cell)]
    if any(cell.count(".") > 1 for cell in points) or _are_thousands(points, ".", columns):
        return ",", "."
    if not commas:
        return ".", None
    if any(cell.count(",") > 1 for cell in commas) or _are_thousands(commas, ",", columns):
        return ".", ","
    grouped = all(GROUPED[","].match(cell) for cell in commas)
    if grouped and not all(GROUPED["."].match(cell) for cell in points):
        return ".", ","  # 1,234 beside 5.6
    if not grouped:
        return ("," if len(commas) > len(points) else "."), None
    if len(commas) < FEWEST_GROUPED:
        return ".", None  # single cells, which are told where the numbers are read
    raise Problems(
        [
            Problem(
                "Commas that may be decimal signs or stand between thousands",
                file,
                f"'{commas[0]}': {commas[0].replace(',', '.')} or {commas[0].replace(',', '')}",
                "numbers that can be read in one way",
                "say decimal: ',' or thousands: ',' in the reader's options (in R: dec = ',' or gsub)",
            )
        ]
    )


def _are_thousands(signed: list[str], sign: str, columns: list[list[str]]) -> bool:
    """Whether, in columns that have them, all numbers from 1000 on are written in groups, and those below are not."""
    form = GROUPED[sign]
    there = [cell for column in columns if any(form.match(cell) for cell in column) for cell in column]
    whole = [abs(int(cell)) for cell in there if WHOLE.match(cell) and len(cell) < 15]
    return (
        len(signed) >= FEWEST_GROUPED
        and all(form.match(cell) for cell in signed)
        and any(whole)
        and max(whole) < 1000
    )


def late_signs(frame: pl.DataFrame, rows: list[list[str]]) -> tuple[str, str | None]:
    """Decimal sign and thousands separator of a table whose first rows are all plain whole numbers.

    Parameters
    ----------
    frame
        The table, read as if a point was the decimal sign.
    rows
        Cells of the first rows below the header.

    Returns
    -------
    As :func:`sniff_signs`; a point and None where cells further below contradict each other.
    """
    import polars as pl

    nothing = (".", None)
    if any("." in cell and DECIMAL_POINT.match(cell.strip()) for row in rows for cell in row):
        return nothing
    odd, columns = [], []
    for name, kind in zip(frame.columns, frame.dtypes, strict=True):
        cells = frame[name].drop_nulls()
        if kind != pl.String or to_numbers(cells).null_count() > len(cells) / 2:
            continue
        rest = cells.filter(to_numbers(cells).is_null()).str.strip_chars()
        if cells.str.contains(DECIMAL_POINT.pattern).any():
            return nothing
        signed = rest.filter(
            rest.str.contains(DECIMAL_COMMA.pattern) | rest.str.contains(GROUPED[","].pattern)
        )
        odd += signed.to_list()
        columns.append(cells.str.strip_chars().to_list() if len(signed) else [])
    if odd and not any(GROUPED[","].match(cell) for cell in odd):
        return ",", None
    return (".", ",") if _are_thousands(odd, ",", columns) else nothing


def to_numbers(column: pl.Series, decimal: str = ".", thousands: str | None = None) -> pl.Series:
    """Text cells as numbers; null where a cell is no number."""
    import polars as pl

    if column.dtype == pl.Float64:
        return column
    if column.dtype != pl.String:
        return column.cast(pl.Float64)
    text = column.str.strip_chars()
    if thousands:
        grouped = rf"^[+-]?[1-9]\d{{0,2}}(?:\{thousands}\d{{3}})+(?:\{decimal}\d+)?$"
        bare = text.str.replace_all(thousands, "", literal=True)
        text = pl.select(pl.when(text.str.contains(grouped)).then(bare).otherwise(text)).to_series()
    if decimal == ",":
        text = text.str.replace(",", ".", literal=True)
    return text.cast(pl.Float64, strict=False)


def refuse_cut_rows(
    data: bytes, offset: int, width: int, separator: str, file: str, *, quoted: bool = True
) -> None:
    """A problem where rows have fewer cells than the header, unless the file leaves out empty ends throughout.

    Parameters
    ----------
    data, offset
        The text and where its first row begins.
    width
        Number of columns.
    separator, file, quoted
        Of the table; whether double quotes enclose cells.

    Notes
    -----
    Some programs (DIA-NN) trim the empty ends of rows. Then no full row ends in an empty cell, and there are many short
    rows; a single short row, or short rows beside full ones with empty ends, are damage.
    """
    sign = separator.encode()
    short: list[tuple[int, int]] = []
    empty_ends, last = False, 0
    for last, cells, line in _rows(data, offset, separator, quoted=quoted):
        if is_note(line.decode("utf-8", "replace").strip(f'{separator}" \r')):
            continue
        empty_ends = empty_ends or (cells == width and line.endswith(sign))
        if cells < width:
            short.append((last, cells))
    if not short or (len(short) > 1 and not empty_ends):
        return
    number, cells = short[-1] if short[-1][0] == last else short[0]
    what = "The last row is cut short" if number == last else "A row has fewer cells than the header"
    more = f", and {len(short) - 1} more rows" if len(short) > 1 else ""
    hint = (
        "the file ends too early: fetch it again"
        if number == last
        else "repair the row, or fetch the file again"
    )
    raise Problems(
        [Problem(what, f"{file}, line {number}", f"{cells} cells{more}", f"{width} cells in every row", hint)]
    )


def is_note(text: str) -> bool:
    """Whether a row's only text is a remark that people leave below a table, and no name of a feature."""
    words = text.split()
    return "\t" not in text and (
        len(words) >= 4 or bool(re.match(r"(\*|notes?\b|legend|source:|abbrev)", text, re.I))
    )


def refuse_long_rows(
    data: bytes, offset: int, width: int, separator: str, file: str, *, quoted: bool = True
) -> None:
    """A problem where a row has more cells than the header: no one can tell whose they are."""
    for number, cells, line in _rows(data, offset, separator, quoted=quoted):
        if cells > width and line.rstrip(separator.encode()).count(separator.encode()) >= width:
            hint = "a separator inside a cell needs quotes; the option 'skip' leaves out a title above the header"
            found, allowed = f"{cells} cells", f"{width} cells, as in the header"
            what = "A row has more cells than the header"
            raise Problems([Problem(what, f"{file}, line {number}", found, allowed, hint)])


def _rows(data: bytes, offset: int, separator: str, *, quoted: bool) -> Iterator[tuple[int, int, bytes]]:
    """Line, number of cells and bytes of each row; a quoted cell may go on in the next line."""
    sign, pending, began = separator.encode(), b"", 0
    stream = io.BytesIO(data)
    stream.seek(offset)
    for number, line in enumerate(stream, data.count(b"\n", 0, offset) + 1):
        began = began if pending else number
        pending += line
        if quoted and pending.count(b'"') % 2:
            continue
        row, pending = pending.rstrip(b"\r\n"), b""
        if not row.strip():
            continue
        cells = row.count(sign) + 1
        if quoted and b'"' in row:
            with suppress(csv.Error):  # no text: what stands there is told by those who read it
                cells = len(next(csv.reader([row.decode("utf-8", "replace")], delimiter=separator)))
        yield began, cells, row
