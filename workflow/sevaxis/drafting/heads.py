"""Where a table begins: titles, notes and names of groups may stand above its header."""

from __future__ import annotations

import csv
import re

from sevaxis.matrix.readers.tables.text import sniff_separator

#: Lines that are looked at.
LINES = 60
#: A header fills at least this share of the cells that the rows below it fill.
FILLED = 0.6


def rows_above(rows: list[list[str]]) -> int:
    """Number of rows above the header of a grid.

    Parameters
    ----------
    rows
        Cells of the first rows.

    Notes
    -----
    Titles fill a cell or two, names of groups above ranges of columns a few; the header fills nearly as many as the
    rows of the table do. R leaves the header's first cell out.
    """
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    if len(filled) < 3:
        return 0
    body = sorted(filled[len(filled) // 2 :])
    usual = body[len(body) // 2]
    if usual < 2:
        return 0
    enough = max(2, min(usual - 1, FILLED * usual)) if usual > 2 else usual - 1
    first = next((i for i, number in enumerate(filled) if number >= enough), 0)
    # groups above most of the columns, nothing above the first ones: the fuller row of words below is the header
    while (
        first + 1 < len(rows)
        and filled[first + 1] > filled[first]
        and not any(map(str.strip, rows[first][:2]))
    ):
        if any(re.fullmatch(r"[-+]?[\d.,]+(?:[eE][-+]?\d+)?", cell.strip()) for cell in rows[first + 1]):
            break
        first += 1
    first = _below_facts(rows, first, filled)
    return first if first < len(rows) // 2 else 0


def _below_facts(rows: list[list[str]], first: int, filled: list[int]) -> int:
    """The header below rows of facts about features that are columns (accessions, symbols), where such rows are first.

    They leave the first cells empty, one for each column about samples; the header fills them, and holds no number.
    """
    for at in range(first, len(rows) // 2):
        if any(map(str.strip, rows[at][:2])):
            numbers = any(re.fullmatch(r"[-+]?\d+(?:[.,]\d+)?", cell.strip()) for cell in rows[at])
            return at if at > first and filled[at] > filled[first] and not numbers else first
    return first


def lines_above(text: bytes, comment: str = "#") -> tuple[int, str | None]:
    """Number of lines above the header of a table of text, and its separator; 0 and None where only comments are.

    Parameters
    ----------
    text
        The begin of the file.
    comment
        How lines begin that readers leave out by themselves.
    """
    lines = (
        text[: 1 << 18]
        .decode("utf-8", "replace")
        .replace("\r\n", "\n")
        .replace("\r", "\n")
        .split("\n")[:LINES]
    )
    said = [i for i, line in enumerate(lines) if line.strip() and not line.startswith(comment)]
    if len(said) < 6:
        return 0, None
    whole = sniff_separator([lines[i] for i in said])
    widths = {len(row) for row in csv.reader([lines[i] for i in said], delimiter=whole)}
    # what cuts all lines alike is the separator, whatever else might cut most of them
    alike = len(widths) == 1 and widths != {1}
    separator = whole if alike else sniff_separator([lines[i] for i in said[len(said) // 2 :]])
    rows = list(csv.reader([lines[i] for i in said], delimiter=separator))
    if len(rows) != len(said):  # cells with line breaks
        return 0, None
    above = rows_above(rows)
    return (said[above], separator) if above else (0, None)
