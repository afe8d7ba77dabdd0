"""Text of a table -> columns with types: separator, decimals and header.

Nothing here knows what a sample or a feature is; :mod:`sevaxis.matrix.readers.tables.assembly` does.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sevaxis.base.problems import Problem, Problems, refuse
from sevaxis.matrix.readers.tables.cells import (
    late_signs,
    refuse_cut_rows,
    refuse_long_rows,
    sniff_signs,
    to_numbers,
)
from sevaxis.matrix.readers.tables.encoding import read_bytes, refuse_page, to_utf8

if TYPE_CHECKING:
    import polars as pl

#: Texts that mean "nothing was measured" in the tables of R, pandas, Excel, Perseus, Spectronaut and GEO.
MISSING = (
    "",
    "NA",
    "N/A",
    "n/a",
    "NaN",
    "nan",
    "#N/A",
    "#NUM!",
    "#DIV/0!",
    "#VALUE!",
    "null",
    "NULL",
    "None",
    "Filtered",
)
SEPARATORS = ("\t", ";", ",", "|", " ")
SEPARATOR_NAMES = {"\t": "tab", ";": "semicolon", ",": "comma", "|": "bar", " ": "space"}


@dataclass
class Table:
    """Columns of a file.

    Attributes
    ----------
    file
        Name of the file, for messages.
    frame
        polars frame; numbers are numbers, nulls are what the file leaves out. Column names are unique: the second
        ``x`` is called ``x.2``.
    repeated
        Header names that the file gives more than once.
    notes
        What was decided on the way (encoding, separator, decimals).
    thousands
        Sign between thousands in cells that are still text.
    above
        Rows above the header that were skipped, by column: names of groups of samples, or facts about features.
    """

    file: str
    frame: pl.DataFrame
    repeated: set[str] = field(default_factory=set)
    notes: dict[str, Any] = field(default_factory=dict)
    thousands: str | None = None
    above: list[dict[str, str]] = field(default_factory=list)

    @property
    def decimal(self) -> str:
        """Decimal sign of cells that are still text."""
        return "," if self.notes.get("decimal") == "comma" else "."

    def numbers(self, column: pl.Series) -> pl.Series:
        """Cells of a column as numbers; null where a cell is no number."""
        return to_numbers(column, self.decimal, self.thousands)


def require_columns(table: Table, columns: Sequence[str], *, kind: str, hint: str) -> None:
    """A problem where a table lacks one of the columns that all tables of its kind have."""
    if not set(columns) <= set(table.frame.columns):
        refuse(
            f"This is no {kind}",
            where=table.file,
            found=", ".join(table.frame.columns[:6]),
            allowed=", ".join(columns),
            hint=hint,
        )


def sniff_separator(lines: list[str]) -> str:
    """Separator that cuts the lines into the same number of fields.

    Parameters
    ----------
    lines
        First lines of the table, the header among them.

    Notes
    -----
    A separator fits a line that it cuts into two or more fields, but not into more than the header has (one more
    is R's way with row names; fewer is a line whose empty ends were trimmed). The one that fits most lines wins;
    among equals the one with more lines as long as the header, then the one with more fields, then the earlier of tab,
    semicolon, comma, bar and space. Decimal commas and ``;``-joined accessions do not mislead: the header has none.
    """
    best, best_score = "\t", (0.0, 0.0, 0)
    for separator in SEPARATORS:
        alike = [_one_space(line) for line in lines] if separator == " " else lines
        header, *counts = [len(fields) for fields in csv.reader(alike, delimiter=separator)]
        counts = counts or [header]
        # one field in the header: row names and a single sample, but rather not a separator at all
        fits = sum(2 <= count <= header + 1 for count in counts) / len(counts) / (2 if header == 1 else 1)
        full = sum(header <= count <= header + 1 for count in counts) / len(counts)
        # cells between other separators may hold spaces, of which there are more then
        if separator == " " and best_score[2] > 1 and (fits, full) <= best_score[:2]:
            continue
        if (fits, full, header) > best_score:
            best, best_score = separator, (fits, full, header)
    return best


def _one_space(line: str) -> str:
    """A line of columns that runs of spaces divide."""
    return re.sub(r"[ \t]+", " ", line.strip())


def unique_names(names: list[str]) -> tuple[list[str], set[str]]:
    """Names made unique (``x``, ``x.2``, ...), and those that were not."""
    seen: dict[str, int] = {}
    taken = set(names)
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        new = name
        while seen[name] > 1 and new in taken:
            new = f"{name}.{seen[name]}"
            if new in taken:
                seen[name] += 1
        taken.add(new)
        result.append(new)
    return result, {name for name, count in seen.items() if count > 1 and names.count(name) > 1}


def read_table(path: Path, **options: Any) -> Table:
    """Read a delimited text file, possibly compressed; the options are those of :func:`parse_table`."""
    path = Path(path)
    data, encoding = to_utf8(read_bytes(path), path.name)
    refuse_page(data, path.name)
    notes = {} if encoding == "UTF-8" else {"encoding": encoding}
    return parse_table(data, path.name, notes=notes, **options)


def parse_table(
    data: bytes,
    name: str,
    *,
    separator: str | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    missing: Sequence[str] = (),
    comment: str | None = None,
    skip: int = 0,
    as_text: bool | set[str | int] = frozenset(),
    quoted: bool = True,
    columns: list[str] | None = None,
    notes: dict[str, Any] | None = None,
) -> Table:
    """Read a delimited table.

    Parameters
    ----------
    data, name
        The text in UTF-8, and the name of its file for messages.
    separator, decimal, thousands
        Sniffed from the first lines where they are None.
    missing
        Texts that mean "nothing was measured" beside :data:`MISSING`.
    comment
        Lines before the header that start with this are skipped.
    skip
        Further lines to skip before the header.
    as_text
        Columns whose cells stay text (leading zeros, long numbers), by name or position; True for all.
    quoted
        Whether double quotes enclose cells.
    columns
        Names of the columns, for files without a header.
    notes
        What is known already, for the notes of the table.

    Raises
    ------
    Problems
        For files that are empty, damaged, or not a table.
    """
    notes = dict(notes or {})
    start = _start_of_table(data, comment, skip)
    # an old Macintosh file ends its lines with a carriage return alone
    if b"\n" not in data[start : start + 2**20] and b"\r" in data[start : start + 2**20]:
        data = data.replace(b"\r", b"\n")
        notes["line_ends"] = "carriage return"
    lines = _lines_at(data, start)
    if not lines:
        empty = Problem("The file is empty", name, "no lines", "a table with a header", "check the file")
        raise Problems([empty])
    if separator is None:
        separator = sniff_separator(lines[:60])
        notes["separator"] = SEPARATOR_NAMES[separator]
    if separator == " ":
        lines = [_one_space(line) for line in lines]
    quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    try:
        rows = list(csv.reader(lines, delimiter=separator, quoting=quoting))
    except csv.Error as error:
        hint = "is this a table? Close quotes that are open"
        raise Problems([Problem("This is no table", name, str(error), "rows of cells", hint)]) from error
    sniffed = decimal is None and as_text is not True
    if sniffed:
        decimal, thousands = (
            ("." if thousands == "," else ",", thousands) if thousands else sniff_signs(rows[1:60], name)
        )
    decimal = decimal or "."
    if decimal == ",":
        notes["decimal"] = "comma"
    if thousands:
        notes["thousands"] = "comma" if thousands == "," else "point"
    if columns is not None:
        header, offset = list(columns), start
    else:
        header, offset = rows[0], start + _length_of_line(data, start, quoted)
    widths = [len(row) for row in rows[1:]] or [len(header)]
    if columns is None and max(widths) == len(header) + 1 and 2 * widths.count(max(widths)) > len(widths):
        header = ["", *header]  # R's way with row names
    while len(header) > 1 and not header[-1].strip() and max(widths) < len(header):
        header = header[:-1]
    names, repeated = unique_names([cell.strip().strip('"') for cell in header])
    if separator == " ":
        # runs of spaces are one separator; polars knows single characters only
        data, offset = re.sub(rb"(?m)^ +| +(?=\r?$)", b"", re.sub(rb"[ \t]+", b" ", data[offset:])), 0
    wanted = set(range(len(names))) if as_text is True else as_text
    text_columns = [column for i, column in enumerate(names) if column in wanted or i in wanted]
    frame = _parse(data, offset, name, names, separator, decimal, text_columns, quoted, missing)
    if sniffed and decimal == "." and not thousands:
        decimal, thousands = late_signs(frame, rows[1:60])
        if decimal == ",":
            notes["decimal"] = "comma"
            frame = _parse(data, offset, name, names, separator, decimal, text_columns, quoted, missing)
        elif thousands:
            notes["thousands"] = "comma"
    if as_text is not True:
        if frame.width > len(names):
            refuse_long_rows(data, offset, len(names), separator, name, quoted=quoted)
        if frame.height and frame[frame.columns[-1]].null_count():
            refuse_cut_rows(data, offset, frame.width, separator, name, quoted=quoted)
    empty = [
        column for column in names if not column.split(".")[0] and frame[column].null_count() == frame.height
    ]
    skipped = (
        list(csv.reader(data[:start].decode("utf-8", "replace").splitlines(), delimiter=separator))
        if skip
        else []
    )
    above = rows_above(skipped, names)
    return Table(name, frame.drop(empty), repeated - {""}, notes, thousands, above)


def rows_above(skipped: list[list[str]], names: list[str]) -> list[dict[str, str]]:
    """Rows above the header that say something of several columns, by column; titles fill one cell."""
    found = []
    for row in skipped:
        if len(row) > len(names) or sum(bool(cell.strip()) for cell in row) < 2:
            continue
        cells = [cell.strip() for cell in row] + [""] * (len(names) - len(row))
        found.append(dict(zip(names, cells, strict=True)))
    return found


def _parse(data, offset, name, names, separator, decimal, text_columns, quoted, missing) -> pl.DataFrame:
    """Typed columns where the first lines tell the type, text columns where later lines contradict them."""
    import polars as pl

    options = {
        "separator": separator,
        "has_header": False,
        "new_columns": names,
        "null_values": [*MISSING, *missing],
        "decimal_comma": decimal == "," and separator != ",",
        "quote_char": '"' if quoted else None,
    }
    if not data[offset : offset + 1000].strip() and not data[offset:].strip():
        return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    try:
        guess = pl.read_csv(io.BytesIO(_first_lines(data, offset, 200)), infer_schema_length=None, **options)
        if guess.width != len(names):
            names = [*names, *(f"column_{i + 1}" for i in range(len(names), guess.width))]
            options["new_columns"] = names
        # whole numbers become floats: a later "1.5" or "1e9" in the column is then no contradiction
        numeric = [
            kind.is_numeric() and name not in text_columns
            for name, kind in zip(names, guess.dtypes, strict=True)
        ]
        types = [pl.Float64 if number else pl.String for number in numeric]
        # skipping lines spares a copy of the whole text
        options["skip_lines"] = data.count(b"\n", 0, offset)
        # a long list of missing values halves the speed: most files need NA only, and text is looked at afterwards
        attempts = (
            {"schema_overrides": types, "null_values": ["NA", *missing]},
            {"schema_overrides": types},
            {"infer_schema": False},
        )
        frame = None
        for attempt in attempts:
            try:
                frame = pl.read_csv(data, **options | attempt)
                break
            except pl.exceptions.ComputeError:
                if attempt is attempts[-1]:
                    raise
        texts = [name for name, kind in zip(frame.columns, frame.dtypes, strict=True) if kind == pl.String]
        nothing = pl.Series([*MISSING, *missing])
        frame = frame.with_columns(
            pl.when(~pl.col(name).str.strip_chars().is_in(nothing.implode())).then(pl.col(name)).alias(name)
            for name in texts
        )
    except pl.exceptions.PolarsError as error:
        refuse_long_rows(data, offset, len(names), separator, name, quoted=quoted)
        found = str(error).splitlines()[0]
        hint = f"is the separator really {SEPARATOR_NAMES.get(separator, separator)!r}, and the header the first line?"
        raise Problems(
            [Problem("The table cannot be read", name, found, "rows of equal length", hint)]
        ) from error
    return frame.filter(~pl.all_horizontal(pl.all().is_null()))


def _first_lines(data: bytes, offset: int, count: int) -> bytes:
    """Bytes of some lines behind an offset."""
    end = offset - 1
    for _ in range(count):
        end = data.find(b"\n", end + 1)
        if end < 0:
            return data[offset:]
    return data[offset : end + 1]


def _start_of_table(data: bytes, comment: str | None, skip: int) -> int:
    """Offset of the header line, behind skipped and comment lines."""
    start = 0
    for _ in range(skip):
        if (end := data.find(b"\n", start)) < 0:
            return len(data)
        start = end + 1
    while comment and data.startswith(comment.encode(), start):
        end = data.find(b"\n", start)
        if end < 0:
            return len(data)
        start = end + 1
    while data[start : start + 1] in (b"\n", b"\r"):
        start += 1
    return start


def _lines_at(data: bytes, start: int) -> list[str]:
    """First whole lines behind an offset, without empty ones."""
    head = data[start : start + 2**18]
    lines = head.decode("utf-8", "ignore").splitlines()[:200]
    if len(head) == 2**18 and len(lines) > 1:
        lines = lines[:-1]
    return [line for line in lines if line.strip()]


def _length_of_line(data: bytes, start: int, quoted: bool) -> int:
    """Bytes of the header line; a quoted name may hold a line break."""
    end = data.find(b"\n", start)
    while quoted and end >= 0 and data.count(b'"', start, end) % 2:
        following = data.find(b"\n", end + 1)
        if following < 0:
            break
        end = following
    return (len(data) if end < 0 else end + 1) - start
