"""Tables of search programs: as they were written, saved again with commas, or pasted into a workbook."""

from __future__ import annotations

from pathlib import Path

from sevaxis.matrix.readers.tables.encoding import read_bytes
from sevaxis.matrix.readers.tables.text import Table, read_table

WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


def read_program_table(
    path: Path,
    *,
    sheet: str | None = None,
    skip: int = 0,
    as_text: set[str | int] = frozenset(),
    plain: bool = True,
) -> Table:
    """Read a table that a program wrote.

    Parameters
    ----------
    path
        Text or workbook, told by the first bytes.
    sheet
        Sheet of a workbook with several.
    skip
        Rows above the header.
    as_text
        Columns whose cells stay text.
    plain
        Whether the program writes tabs and decimal points and quotes nothing: a quote in a name is a character like
        others. Files with another separator were saved again by other programs, and are sniffed.
    """
    path = Path(path)
    with path.open("rb") as handle:
        magic = handle.read(4)
    if magic in WORKBOOKS:
        from sevaxis.matrix.readers.excel import read_sheet

        return read_sheet(path, sheet, skip)
    tabs = plain and b"\t" in read_bytes(path)[:100_000].split(b"\n")[skip]
    options = {"separator": "\t", "decimal": ".", "quoted": False} if tabs else {}
    return read_table(path, skip=skip, as_text=as_text, **options)
