"""A sample sheet as it lies in its file: read as spreadsheets leave it, or refused with its line."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from sevaxis.base.problems import Problem
from sevaxis.study.validation import TODO, is_undecided

#: Characters that nobody sees: zero width, byte order mark, soft hyphen.
INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")


@dataclass(frozen=True)
class Sheet:
    """A sample sheet.

    Attributes
    ----------
    shown
        How the sheet is called in messages.
    header
        Column names.
    rows
        One mapping of column to text per sample.
    lines
        Line of each row in the file; from 2 on where it is empty.
    """

    shown: str
    header: tuple[str, ...]
    rows: tuple[dict[str, str], ...]
    lines: tuple[int, ...] = ()

    def line(self, row: int) -> int:
        """Line of a row."""
        return self.lines[row] if self.lines else row + 2

    def cell(self, row: int, column: str) -> str:
        """Place of a cell, for messages."""
        return f"{self.shown}:{self.line(row)}, column '{column}'"


def load_sheet(path: Path, shown: str) -> tuple[Sheet | None, list[Problem]]:
    """Read a sample sheet: separated by tabs, or by commas or semicolons where its first line has no tab.

    Empty lines and columns without name and content are passed over, as spreadsheets leave them.

    Returns
    -------
    The sheet, or None where it cannot be read, and the problems found (cells still to be filled in among them).
    """
    try:
        text, problem = _decoded(path.read_bytes(), shown)
    except OSError as error:
        hint = "write it beside card.yaml: tab-separated, a row per sample; or say samples_from in the card"
        found, allowed = error.strerror or str(error), "a tab-separated UTF-8 file"
        return None, [Problem("The sample sheet cannot be read", shown, found, allowed, hint)]
    if problem is not None:
        return None, [problem]
    numbered, problems = _cut(text, shown)
    if len(numbered) < 2 and not problems:
        hint = "the first line names the columns: sample, group, sex, ..."
        found = f"{len(numbered)} lines that are not empty"
        return None, [Problem("The sample sheet is empty", f"{shown}:1", found, "a header and rows", hint)]
    if problems:
        return None, problems
    (first, header), *rows = numbered
    width = len(header)
    while width and not header[width - 1] and not any("".join(row[width - 1 :]) for _, row in rows):
        width -= 1
    header = header[:width]
    for number, row in rows:
        if len(row) < width or "".join(row[width:]):
            found, allowed = f"{len(row)} cells", f"{width} cells, as in the header"
            what, hint = (
                "A row of the sheet has another length",
                "check the tabs: an empty cell needs its own",
            )
            problems.append(Problem(what, f"{shown}:{number}", found, allowed, hint))
    for name, count in Counter(header).items():
        if count > 1 or not name:
            what = "Two columns have one name" if name else "A column of the sheet has no name"
            found, hint = name or f"column {header.index(name) + 1}", "rename one of them, or take it out"
            problems.append(Problem(what, f"{shown}:{first}", found, "a name for each column", hint))
    if problems:
        return None, problems
    cells = tuple(dict(zip(header, row, strict=False)) for _, row in rows)
    sheet = Sheet(shown, tuple(header), cells, tuple(number for number, _ in rows))
    return sheet, _undecided_cells(sheet)


def _decoded(data: bytes, shown: str) -> tuple[str, Problem | None]:
    """Text of a sheet, UTF-8 or the UTF-16 that spreadsheets call Unicode."""
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        hint = "save the sheet as text with tabs (Excel: Text (Tab delimited))"
        return "", Problem(
            "The sample sheet is a workbook", f"{shown}:1", "a file of Excel", "a text file", hint
        )
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return data.decode("utf-16"), None
        return data.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        what, found = (
            "The sample sheet cannot be read",
            f"bytes that are not UTF-8: {data[error.start :][:8]!r}",
        )
        hint = "save it as UTF-8 (Excel: Unicode Text, or CSV UTF-8)"
        return "", Problem(what, f"{shown}:{line}", found, "a tab-separated UTF-8 file", hint)


def _cut(text: str, shown: str) -> tuple[list[tuple[int, list[str]]], list[Problem]]:
    """Lines of a sheet that are not empty, each with its number and cells; and lines whose quotes do not close."""
    lines = re.split(r"\r\n|\n|\r", text)
    header = next((line for line in lines if line.strip()), "")
    separators = [each for each in ("\t", ";", ",") if each in header]
    cut, problems = [], []
    for number, line in enumerate(lines, start=1):
        try:
            (row,) = csv.reader([line], delimiter=separators[0] if separators else "\t", strict=True) or [[]]
        except (csv.Error, ValueError) as error:
            what, found = "A row of the sheet cannot be cut into cells", f"{line.strip()[:60]!r}: {error}"
            hint = "close the quotes or take them out; no cell may hold a line break"
            where, allowed = f"{shown}:{number}", 'quotes in pairs: "a cell"'
            problems.append(Problem(what, where, found, allowed, hint))
            continue
        cells = [INVISIBLE.sub("", cell).strip() for cell in row]
        if any(cells):
            cut.append((number, cells))
    return cut, problems


def _undecided_cells(sheet: Sheet) -> list[Problem]:
    """Columns with cells that were left to the user, each told once."""
    problems = []
    for column in sheet.header:
        open_cells = [index for index, row in enumerate(sheet.rows) if is_undecided(row[column])]
        if open_cells:
            text = sheet.rows[open_cells[0]][column]
            found = f"{text} ({len(open_cells)} of {len(sheet.rows)} rows)"
            hint = text.removeprefix(TODO).strip(" :") or "fill the cells"
            where = sheet.cell(open_cells[0], column)
            problems.append(
                Problem(f"The column '{column}' is still to be filled in", where, found, "facts", hint)
            )
    return problems
