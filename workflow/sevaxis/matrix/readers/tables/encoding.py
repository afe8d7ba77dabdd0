"""Bytes of a file -> its text in UTF-8: compression and encoding, told by the bytes themselves."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from pathlib import Path

from sevaxis.base.problems import Problem, Problems, refuse

#: Larger than any table of this trade; a compressed file that grows beyond it is a mistake or an attack.
MAX_BYTES = 16 * 2**30
CHUNK = 1 << 24


def require_file(path: Path, *, what: str) -> None:
    """A problem where a further file, which an option of a reader names, is not there."""
    if not path.is_file():
        refuse(
            f"{what} is not there",
            where=path.name,
            found="no file",
            allowed="a file of the data set",
            hint="it must be one of the card's files, in the folder of the one that is read",
        )


def read_bytes(path: Path) -> bytes:
    """Content of a file, decompressed where its first bytes say gzip, bzip2 or xz.

    Raises
    ------
    Problems
        For a compressed file that ends early or is damaged, or that grows beyond :data:`MAX_BYTES`.
    """
    path = Path(path)
    with path.open("rb") as handle:
        magic = handle.read(6)
    openers = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ\x00", lzma.open))
    opener = next((opener for start, opener in openers if magic.startswith(start)), None)
    if opener is None:
        return _text(path.read_bytes(), path.name)
    try:
        # piece by piece: a read of so many bytes asks the system for all of them at once
        gathered, size = io.BytesIO(), 0
        with opener(path, "rb") as handle:
            while size <= MAX_BYTES and (piece := handle.read(CHUNK)):
                size += gathered.write(piece)
    except (EOFError, OSError, lzma.LZMAError, zlib.error) as error:
        hint = "the download was cut short or damaged; delete the file and retrieve it again"
        raise Problems(
            [
                Problem(
                    "The compressed file cannot be read to its end",
                    path.name,
                    str(error),
                    "a whole file",
                    hint,
                )
            ]
        ) from error
    if size > MAX_BYTES:
        found = f"more than {MAX_BYTES} bytes"
        refuse(
            "The file grows too large",
            where=path.name,
            found=found,
            allowed="a table",
            hint="is this the right file?",
        )
    return _text(gathered.getvalue(), path.name)


#: First bytes of what is no text -> what it is, and what to do with it.
OTHERS = {
    b"PK\x03\x04": (
        "a workbook or a zip",
        "a workbook is read by the reader 'excel'; take a zip apart first",
    ),
    b"\xd0\xcf\x11\xe0": ("an old workbook", "it is read by the reader 'excel'"),
    b"\x89HDF\r\n": (
        "HDF5",
        "h5ad files are read by the reader 'h5ad', others by 'tenx', 'loom' or 'kallisto'",
    ),
    b"PAR1": ("Parquet", "DIA-NN's reports are read by the reader 'diann'; write others as text"),
    b"%PDF": ("a PDF", "fetch the table itself: a spreadsheet or a text"),
    b"\x89PNG": ("a picture", "fetch the table itself: a spreadsheet or a text"),
    b"\xff\xd8\xff": ("a picture", "fetch the table itself: a spreadsheet or a text"),
    b"GIF8": ("a picture", "fetch the table itself: a spreadsheet or a text"),
    b"RDX": ("an R file", "it is read by the reader 'r_object'"),
    b"RDA": ("an R file", "it is read by the reader 'r_object'"),
    b"X\n\x00\x00\x00": ("an R object", "it is read by the reader 'r_object'"),
    b"\x1f\x8b": ("compressed twice", "unpack it once (gunzip), and name what comes out"),
    b"7z\xbc\xaf": ("a 7z archive", "take the archive apart and name the file in it"),
    b"Rar!": ("a RAR archive", "take the archive apart and name the file in it"),
    b"version https://git-lfs": (
        "a pointer of Git LFS",
        "fetch the file itself: git lfs pull, or the page's Download",
    ),
}


def _text(data: bytes, name: str) -> bytes:
    """The bytes of a text; a problem where their first ones say that they are something else."""
    said = next((words for start, words in OTHERS.items() if data.startswith(start)), None)
    if data[257:262] == b"ustar":
        said = (
            "a tar archive",
            "take the archive apart and name the files in it, an entry under `files` for each",
        )
    if said is not None:
        what, hint = said
        found = f"{what} (it begins with {data[:12]!r})"
        refuse(
            "This is no text",
            where=name,
            found=found,
            allowed="a table as text, perhaps compressed",
            hint=hint,
        )
    return data


def to_utf8(data: bytes, name: str = "the file") -> tuple[bytes, str]:
    """The same text in UTF-8 without byte order mark, and the name of the encoding it had.

    UTF-16 is told by its byte order mark, or by the zero bytes that ASCII text has in it. Bytes that are not UTF-8
    are taken for Windows-1252, the encoding of Excel's exports in Western Europe.
    """
    if data.startswith(b"\xef\xbb\xbf"):
        return data[3:], "UTF-8 with byte order mark"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _from_utf16(data, "utf-16", name), "UTF-16"
    head = data[:2000]
    if len(head) > 3 and head.count(0) > 0.3 * len(head):
        encoding = "utf-16-le" if head[1] == 0 else "utf-16-be"
        return _from_utf16(data, encoding, name), encoding.upper()
    if not data.isascii():
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            return data.decode("cp1252", "replace").encode(), "Windows-1252"
    return data, "UTF-8"


def _from_utf16(data: bytes, encoding: str, name: str) -> bytes:
    """Text in UTF-8; a problem where the bytes are none in UTF-16."""
    try:
        text = data[: len(data) // 2 * 2].decode(encoding)
    except UnicodeDecodeError as error:
        hint = "is this a text? Save a table as text in UTF-8"
        found = f"bytes that are no UTF-16 at {error.start} (it begins with {data[:12]!r})"
        raise Problems([Problem("This is no text", name, found, "a text", hint)]) from error
    if "\0" in text[:2000]:
        hint = "is this a text? Save a table as text in UTF-8"
        refuse("This is no text", where=name, found="bytes of zero", allowed="a text", hint=hint)
    return text.encode()


def refuse_page(data: bytes, name: str) -> None:
    """A problem where a file is a web page: what servers send in place of a file that they do not have."""
    head = data[:500].lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html", b"<?xml", b"<!doctype xml")):
        kind = "a web page" if b"html" in head else "XML"
        hint = "the address led to a page, not to the file: open it in a browser, and fetch the file itself"
        found = " ".join(data[:80].decode("utf-8", "replace").split())
        refuse(f"This is {kind}, not a table", where=name, found=found, allowed="a table", hint=hint)
