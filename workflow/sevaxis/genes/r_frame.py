"""Data frames of R files, fast: hundreds of thousands of identifiers in a second.

The format is R's serialisation in XDR (R Internals, chapter 1.8, "Serialization Formats"). Only what a plain data frame
is made of is read here: vectors, factors, names; nothing is executed. Anything else is left to the package ``rdata``,
which knows all of R and takes fifty microseconds for each text.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sevaxis.base.problems import refuse

if TYPE_CHECKING:
    import polars as pl

#: First bytes of a compressed file -> what opens it.
COMPRESSIONS = {b"\x1f\x8b": gzip.decompress, b"BZh": bz2.decompress, b"\xfd7zXZ": lzma.decompress}
#: Types of R's serialisation.
SYMBOL, PAIRS, CHAR, LOGICAL, INTEGER, REAL, TEXT, LIST = 1, 2, 9, 10, 13, 14, 16, 19
ALTERNATIVE, EMPTY, NIL, REFERENCE = 238, 242, 254, 255
HAS_ATTRIBUTES, HAS_TAG = 1 << 9, 1 << 10
NA_INTEGER = -(2**31)


class _Unfamiliar(Exception):
    """Something that is no part of a plain data frame."""


def read_r_frame(path: Path) -> pl.DataFrame:
    """The one data frame of an R file (``.rda``), its numbers as R has them and its texts and factors as text.

    Raises
    ------
    Problems
        The file holds no data frame, or several.
    """
    import polars as pl

    path = Path(path)
    try:
        frames, others = _read_plain(path.read_bytes())
    except (_Unfamiliar, struct.error, IndexError, UnicodeDecodeError, AttributeError, TypeError):
        frames, others = _read_any(path)
    if len(frames) != 1:
        found = ", ".join([*(f"{name} (data frame)" for name in frames), *others]) or "nothing"
        hint = "name a file that holds one table; the tables known to work are in config/public.yaml"
        refuse(
            "No table in an R file",
            where=path.name,
            found=found,
            allowed="one data frame in a file",
            hint=hint,
        )
    return pl.DataFrame(next(iter(frames.values())), strict=False)


def _read_any(path: Path) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Data frames by name and what else there is, by the package ``rdata``."""
    import pandas as pd
    import rdata

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rdata names every R class that it gives as plain data
        try:
            objects = rdata.conversion.convert(rdata.parser.parse_file(path))
        except Exception as error:  # the package raises whatever it stumbles over
            found = f"{type(error).__name__}: {error}"[:200]
            hint = "fetch it again: it may not have arrived whole"
            refuse(
                "An R file cannot be read", where=path.name, found=found, allowed="an R data file", hint=hint
            )
    frames = {name: value for name, value in objects.items() if isinstance(value, pd.DataFrame)}
    others = [f"{name} ({type(value).__name__})" for name, value in objects.items() if name not in frames]
    columns = {
        name: {
            str(column): cells.astype(object).where(cells.notna(), None).tolist()
            for column, cells in frame.items()
        }
        for name, frame in frames.items()
    }
    return columns, others


def _read_plain(content: bytes) -> tuple[dict[str, dict[str, Any]], list[str]]:
    for sign, decompress in COMPRESSIONS.items():
        if content.startswith(sign):
            content = decompress(content)
    if content[:7] not in (b"RDX2\nX\n", b"RDX3\nX\n"):
        raise _Unfamiliar
    parser = _Parser(content, 7)
    version = parser.integer()  # of the format; those of R follow, then the name of an encoding
    parser.at += 8
    if version == 3:
        length = parser.integer()
        parser.at += length
    objects = parser.item()
    frames, others = {}, []
    for name, value in objects.items():
        if isinstance(value, _List) and "data.frame" in value.attributes.get("class", ()):
            columns = value.attributes["names"]
            frames[name] = {
                column: _factor(cells) for column, cells in zip(columns, value.cells, strict=True)
            }
        else:
            others.append(f"{name} ({type(value).__name__.strip('_').lower()})")
    return frames, others


class _List:
    """A vector with its attributes: an R list (cells are values), or numbers and texts with names or levels."""

    def __init__(self, cells: Any, attributes: dict[str, Any]):
        self.cells, self.attributes = cells, attributes


def _factor(cells: Any) -> Any:
    if not isinstance(cells, _List):
        return cells
    if "levels" in cells.attributes:
        levels = cells.attributes["levels"]
        return [None if code is None else levels[code - 1] for code in cells.cells]
    if isinstance(cells.cells, list) and any(isinstance(cell, list | _List) for cell in cells.cells):
        raise _Unfamiliar
    return cells.cells


class _Parser:
    """Reads items of R's serialisation one after another."""

    def __init__(self, content: bytes, at: int):
        self.content, self.at = content, at
        self.symbols: list[str] = []

    def integer(self) -> int:
        self.at += 4
        return struct.unpack_from(">i", self.content, self.at - 4)[0]

    def item(self) -> Any:
        flags = self.integer()
        kind = flags & 255
        if kind in (NIL, EMPTY):
            return None
        if kind == SYMBOL:
            self.symbols.append(self.item())
            return self.symbols[-1]
        if kind == REFERENCE:
            index = flags >> 8 or self.integer()
            return self.symbols[index - 1]
        if kind == PAIRS:
            return self._pairs(flags)
        if kind == CHAR:
            return self._text()
        if kind in (LOGICAL, INTEGER, REAL, TEXT, LIST):
            cells = self._cells(kind, self.integer())
            attributes = self.item() if flags & HAS_ATTRIBUTES else None
            return _List(cells, attributes or {}) if kind == LIST or attributes else cells
        if kind == ALTERNATIVE:
            return self._alternative()
        raise _Unfamiliar

    def _pairs(self, flags: int) -> dict[str, Any]:
        """A pairlist as names and values; a loop, since a file's objects are a pairlist as well."""
        found: dict[str, Any] = {}
        while flags & 255 == PAIRS:
            if flags & HAS_ATTRIBUTES:
                self.item()
            tag = self.item() if flags & HAS_TAG else str(len(found))
            found[tag] = self.item()
            flags = self.integer()
        if flags & 255 != NIL:
            raise _Unfamiliar
        return found

    def _text(self) -> str | None:
        length = self.integer()
        if length == -1:
            return None
        self.at += length
        return self.content[self.at - length : self.at].decode()

    def _cells(self, kind: int, length: int) -> Any:
        if length < 0:
            raise _Unfamiliar  # longer than 2^31
        if kind == LIST:
            return [self.item() for _ in range(length)]
        if kind == TEXT:
            return self._texts(length)
        width = 8 if kind == REAL else 4
        self.at += width * length
        raw = self.content[self.at - width * length : self.at]
        numbers = np.frombuffer(raw, dtype=">f8" if kind == REAL else ">i4")
        if kind == REAL:
            return numbers.astype(float)
        if not (numbers == NA_INTEGER).any():
            return numbers.astype(np.int64)
        return [None if number == NA_INTEGER else int(number) for number in numbers]

    def _texts(self, length: int) -> list[str | None]:
        """Cells of a text vector: four bytes of flags, four of length, the bytes."""
        content, at = self.content, self.at
        head = struct.Struct(">ii").unpack_from
        cells: list[str | None] = []
        for _ in range(length):
            flags, size = head(content, at)
            if flags & 255 != CHAR:
                raise _Unfamiliar
            at += 8
            if size < 0:
                cells.append(None)
            else:
                cells.append(content[at : at + size].decode())
                at += size
        self.at = at
        return cells

    def _alternative(self) -> Any:
        """Vectors in a compact form (R 3.5 and later): sequences of whole numbers, and wrapped vectors."""
        info, state, _ = self.item(), self.item(), self.item()
        name = next(iter(info.values()), None) if isinstance(info, dict) else None
        if name == "compact_intseq":
            count, start, step = (int(number) for number in np.asarray(state)[:3])
            return np.arange(start, start + count * step, step, dtype=np.int64)
        if name and name.startswith("wrap_") and isinstance(state, dict | _List):
            return next(iter(state.values())) if isinstance(state, dict) else state.cells[0]
        raise _Unfamiliar
