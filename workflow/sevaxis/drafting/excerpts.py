"""Large tables with a row per feature: a draft is made of their first rows, which needs little time and memory."""

from __future__ import annotations

from pathlib import Path

from sevaxis.drafting.recognised import Recognised
from sevaxis.files.archives import COMPRESSIONS

#: Bytes of text from which a table is large, and how many of them are then read.
LARGE, TAKEN = 64 << 20, 16 << 20
#: Readers of text with a row per feature, of which any rows show all samples.
BY_FEATURE = {
    "delimited",
    "featurecounts",
    "fragpipe",
    "gct",
    "maxquant",
    "maxquant_sites",
    "tmt",
    "tmt_integrator",
}


def excerpt_of(one: Recognised, folder: Path) -> Path | None:
    """A file of the first rows of a large table; None where the table is small, or has its samples below each other.

    Parameters
    ----------
    one
        The table.
    folder
        Where the excerpt is written.
    """
    if one.reader not in BY_FEATURE or one.options.get("layout", "wide") != "wide":
        return None
    with one.path.open("rb") as file:
        start = file.read(6)
    opener = next((opener for magic, opener in COMPRESSIONS.items() if start.startswith(magic)), open)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or (opener is open and one.path.stat().st_size <= LARGE):
        return None
    with opener(one.path, "rb") as file:
        text = file.read(TAKEN)
        left = LARGE - len(text)
        while left > 0 and (piece := file.read(min(left, 1 << 20))):
            left -= len(piece)
        if left > 0:
            return None
    name = one.path.name
    for ending in (".gz", ".bz2", ".xz"):
        name = name.removesuffix(ending) if opener is not open else name
    place = folder / name
    place.write_bytes(text[: text.rfind(b"\n") + 1])
    return place
