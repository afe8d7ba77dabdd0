"""Tables of search programs: as they were written, saved again with commas, or pasted into a workbook."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from sevaxis.base.problems import refuse
from sevaxis.matrix.readers.tables.encoding import read_bytes, to_utf8
from sevaxis.matrix.readers.tables.text import Table, read_table

#: Columns of MaxQuant, longer names first, and what R's make.names makes of them.
DOTTED = {
    name: re.compile(re.sub(r"[^A-Za-z0-9]", r"\\.", name) + r"(?=\.|$)")
    for name in (
        "Reporter intensity corrected", "Reporter intensity count", "Reporter intensity", "LFQ intensity", "Intensity",
        "iBAQ", "Majority protein IDs", "Protein IDs", "Gene names", "Protein names", "Fasta headers",
        "Only identified by site", "Potential contaminant", "Leading razor protein", "Leading proteins",
        "Localization prob", "Amino acid", "Positions within proteins", "Sequence window", "Modified sequence",
        "Razor + unique peptides", "Unique peptides", "Peptides", "Sequence coverage", "MS/MS count",
        "Identification type", "Q-value",
    )
}  # fmt: skip
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

        return with_spaces(read_sheet(path, sheet, skip))
    tabs = plain and b"\t" in read_bytes(path)[:100_000].split(b"\n")[skip]
    options = {"separator": "\t", "decimal": ".", "quoted": False} if tabs else {}
    return with_spaces(read_table(path, skip=skip, as_text=as_text, **options))


def with_spaces(table: Table) -> Table:
    """The table with MaxQuant's names of columns, where R made dots of their spaces (``LFQ.intensity.S1``)."""
    if not {"Majority.protein.IDs", "Protein.IDs", "Leading.razor.protein"} & set(table.frame.columns):
        return table
    names = {}
    for column in table.frame.columns:
        for name, pattern in DOTTED.items():
            if match := pattern.match(column):
                rest = column[match.end() :]
                if name.startswith("Reporter"):  # the channel, then the experiment
                    rest = re.sub(r"^(\.\d+)\.", r"\1 ", rest)
                names[column] = f"{name} {rest[1:]}" if rest else name
                break
    names = {old: new for old, new in names.items() if old != new}
    if len(set(names.values())) == len(names) and not set(names.values()) & set(table.frame.columns):
        table.frame = table.frame.rename(names)
    return table


def read_grid(path: Path, sheet: str | None = None, most: int | None = None) -> list[list[str]]:
    """Cells of rows as text, where the header is no single row.

    Parameters
    ----------
    path
        Text or workbook, told by the first bytes.
    sheet
        Sheet of a workbook with several.
    most
        Number of rows; all where it is missing.

    Raises
    ------
    Problems
        The workbook has no such sheet.
    """
    path = Path(path)
    with path.open("rb") as handle:
        magic = handle.read(4)
    if magic in WORKBOOKS:
        import python_calamine

        from sevaxis.matrix.readers.excel import first_rows

        names = python_calamine.CalamineWorkbook.from_path(str(path)).sheet_names
        if sheet not in names and (sheet or len(names) > 1):
            hint = "name one with the option 'sheet'"
            refuse("Which sheet?", where=path.name, found=str(sheet), allowed=", ".join(names), hint=hint)
        return first_rows(path, sheet or names[0], most)
    lines = to_utf8(read_bytes(path))[0].decode().splitlines()[:most]
    text = "\n".join(lines[:40])
    return list(csv.reader(lines, delimiter=max("\t;,", key=text.count)))
