"""Grids of cells as files of every kind that people keep tables in."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from pathlib import Path

#: File kind -> separator, encoding, ending; workbooks and columns are written by functions of their own.
TEXTS = {
    "csv": (",", "utf-8", ".csv"),
    "tsv": ("\t", "utf-8", ".tsv"),
    "txt": ("\t", "utf-8", ".txt"),
    "semicolon": (";", "utf-8", ".csv"),
    "csv gz": (",", "utf-8", ".csv.gz"),
    "tsv gz": ("\t", "utf-8", ".txt.gz"),
    "csv bom": (",", "utf-8-sig", ".csv"),
    "utf16": ("\t", "utf-16", ".txt"),
    "latin1": ("\t", "latin-1", ".tsv"),
    "space": (" ", "utf-8", ".txt"),
    "crlf": ("\t", "utf-8", ".tsv"),
    "quoted": (",", "utf-8", ".csv"),
    "zip": (",", "utf-8", ".csv"),
}
KINDS = (*TEXTS, "xlsx", "xlsx titled", "xlsx sheets", "parquet")


def write_grid(
    path: Path,
    kind: str,
    grid: list[list[str]],
    *,
    titles: tuple[str, ...] = (),
    sheet: list[list[str]] | None = None,
) -> Path:
    """Write a grid; returns the file with its ending.

    Parameters
    ----------
    path
        Without ending.
    grid
        Header and rows.
    titles
        Lines above it.
    sheet
        Sample sheet, which a workbook of several sheets holds too.
    """
    if kind.startswith("xlsx"):
        return _workbook(path.with_name(path.name + ".xlsx"), kind, grid, titles, sheet)
    if kind == "parquet":
        return _parquet(path.with_name(path.name + ".parquet"), grid)
    separator, encoding, ending = TEXTS[kind]
    text = io.StringIO()
    quoting = csv.QUOTE_ALL if kind == "quoted" else csv.QUOTE_MINIMAL
    writer = csv.writer(
        text, delimiter=separator, lineterminator="\r\n" if kind == "crlf" else "\n", quoting=quoting
    )
    for title in titles:
        text.write(title + "\n")
    writer.writerows(grid)
    data = text.getvalue().encode(encoding)
    target = path.with_name(path.name + ending)
    if ending.endswith(".gz"):
        target.write_bytes(gzip.compress(data, mtime=0))
    elif kind == "zip":
        archive = path.with_name(path.name + ".zip")
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr(target.name, data)
        return archive
    else:
        target.write_bytes(data)
    return target


def _number(cell: str):
    try:
        return float(cell) if cell.strip() == cell and cell.lower() not in ("nan", "inf", "-inf") else cell
    except ValueError:
        return cell


def _workbook(path: Path, kind: str, grid, titles, sheet) -> Path:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    if kind == "xlsx sheets":
        about = book.create_sheet("README")
        for line in ("Supplementary data", "Sheet 2 holds the values, sheet 3 the samples"):
            about.append([line])
    page = book.create_sheet("Data")
    if kind == "xlsx titled":
        page.append(["Supplementary Table 3. Values of all samples"])
        page.append([])
    for title in titles:
        page.append([title])
    for row in grid:
        page.append([_number(cell) if cell != "" else None for cell in row])
    if sheet is not None:
        page = book.create_sheet("Samples")
        for row in sheet:
            page.append([_number(cell) if cell != "" else None for cell in row])
    book.save(path)
    return path


def _parquet(path: Path, grid) -> Path:
    import polars as pl

    header, *rows = grid
    columns = {}
    for name, cells in zip(header, zip(*rows, strict=True), strict=True):
        numbers = [_number(cell) for cell in cells]
        plain = [None if cell in ("", "NA", "NaN") else cell for cell in numbers]
        columns[name] = plain if not any(isinstance(cell, str) for cell in plain) else list(cells)
    pl.DataFrame(columns, strict=False).write_parquet(path)
    return path
