"""By what the files of a program are recognised, whatever their names: said beside the reader, asked by drafts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sevaxis.base.vocabulary import Assay


@dataclass(frozen=True, kw_only=True)
class Signature:
    """What no other files have; a reader's module lists its own in ``SIGNATURES``, the narrower first.

    Attributes
    ----------
    format
        What such a file is, in words.
    reader
        Name of its reader.
    columns
        Columns that all such tables have.
    starts
        First bytes of such files, where they are no plain tables.
    line
        Pattern of a line that stands among the first ones, cells divided by tabs: the header is no single row.
    assay
        What they hold, where the format says it.
    quantities
        Value of the reader's option ``quantity`` -> pattern of its columns, best first.
    some, none
        Patterns of which each fits a column, and of which none does.
    fixed
        Options of the reader that follow from the format.
    told
        What the user should know of the choice.
    hint
        What to do with such files, where no card can use them; they have no reader.
    """

    format: str
    reader: str = ""
    columns: frozenset[str] = frozenset()
    starts: tuple[bytes, ...] = ()
    line: str = ""
    assay: Assay | None = None
    quantities: Mapping[str, str] = field(default_factory=dict)
    some: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    fixed: Mapping[str, str] = field(default_factory=dict)
    told: str = ""
    hint: str = ""

    def options(self, columns: Sequence[str]) -> dict[str, str] | None:
        """Options for reading a table with some columns; None where it is no such table, or has no quantity of one."""
        if not self.columns or not self.columns <= set(columns):
            return None
        if not all(_fits(pattern, columns) for pattern in self.some):
            return None
        if any(_fits(pattern, columns) for pattern in self.none):
            return None
        if not self.quantities:
            return dict(self.fixed)
        fits = (
            {"quantity": quantity, **self.fixed}
            for quantity, pattern in self.quantities.items()
            if _fits(pattern, columns)
        )
        return next(fits, None)

    def among(self, lines: Sequence[str]) -> bool:
        """Whether one of the first lines is the one of the format."""
        return bool(self.line) and any(re.search(self.line, line) for line in lines)


def _fits(pattern: str, columns: Sequence[str]) -> bool:
    return any(re.search(pattern, name) for name in columns)
