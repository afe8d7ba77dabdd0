"""What a file was recognised as."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sevaxis.base.vocabulary import Assay
from sevaxis.matrix.readers.tables.text import Table

if TYPE_CHECKING:
    from anndata import AnnData

    from sevaxis.drafting.published import Published

Content = Literal["matrix", "effects", "samples", "features", "nothing"]


@dataclass
class Recognised:
    """One table, or one object, of a file.

    Attributes
    ----------
    path
        The file.
    format
        What it is, in words, for the user.
    content
        What it can give to a card; ``nothing`` where a card cannot use it.
    reader, options
        How it is read; no reader for sample sheets, which the draft copies.
    assay
        Where the format says it.
    table
        Cells of a sample sheet.
    adata
        What the reader gave, where it had to be asked to recognise the format.
    size
        Rows x columns of values, to choose the largest of several.
    told
        What was left out or decided, a sentence each.
    published
        What a table of results was found to say.
    hint
        What to do where a card cannot use it.
    ask
        Option -> texts that the draft leaves to the user, beside what the option has.
    decide
        Option -> the text that stands there until the user decides.
    """

    path: Path
    format: str
    content: Content
    reader: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    assay: Assay | None = None
    table: Table | None = None
    adata: AnnData | None = None
    size: int = 0
    told: list[str] = field(default_factory=list)
    ask: dict[str, list[str]] = field(default_factory=dict)
    decide: dict[str, str] = field(default_factory=dict)
    published: Published | None = None
    hint: str = ""
