"""Large tables: a draft is made of some of their features, which needs little time and memory."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import chain
from pathlib import Path
from zlib import crc32

from sevaxis.drafting.recognised import Recognised
from sevaxis.files.archives import COMPRESSIONS
from sevaxis.matrix.readers.delimited import SEPARATORS
from sevaxis.matrix.readers.tables.text import sniff_separator

#: Bytes of text from which a table is large, and how many of them are then read.
LARGE, TAKEN = 64 << 20, 16 << 20
#: Of fewer features nothing is concluded.
FEWEST_CHOSEN = 200
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
    """A file of the first rows of a large table, or of some features of one with a row per value; None for others.

    Parameters
    ----------
    one
        The table.
    folder
        Where the excerpt is written.
    """
    layout = one.options.get("layout", "wide")
    if one.reader not in BY_FEATURE or layout not in ("wide", "long"):
        return None
    with one.path.open("rb") as file:
        start = file.read(6)
    opener = next((opener for magic, opener in COMPRESSIONS.items() if start.startswith(magic)), open)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or (opener is open and one.path.stat().st_size <= LARGE):
        return None
    name = one.path.name
    for ending in (".gz", ".bz2", ".xz"):
        name = name.removesuffix(ending) if opener is not open else name
    place = folder / name
    if layout == "long":
        return place if _some_features(one, opener, place) else None
    with opener(one.path, "rb") as file:
        text = file.read(TAKEN)
        left = LARGE - len(text)
        while left > 0 and (piece := file.read(min(left, 1 << 20))):
            left -= len(piece)
        if left > 0:
            return None
    place.write_bytes(text[: text.rfind(b"\n") + 1])
    return place


def _some_features(one: Recognised, opener: Callable, place: Path) -> bool:
    """Write all values of some features of a table with a row per value; False where it is small or has few features.

    Features are chosen by a checksum of their names, so that their rows may stand anywhere.
    """
    with opener(one.path, "rb") as file:
        above = [file.readline() for _ in range(one.options.get("skip", 0))]
        while (header := file.readline()).startswith(b"#"):
            above.append(header)
        size = (
            one.path.stat().st_size
            if opener is open
            else sum(map(len, iter(partial(file.read, 1 << 20), b"")))
        )
        if size <= LARGE:
            return False
        file.seek(sum(map(len, above)) + len(header))
        first = [file.readline() for _ in range(20)]
        texts = [line.decode("utf-8", "replace") for line in (header, *first)]
        separator = one.options.get("separator", "")
        separator = SEPARATORS.get(separator) or sniff_separator(texts)
        names = [cell.strip().strip('"') for cell in texts[0].lstrip("\ufeff").split(separator)]
        if one.options["feature"] not in names:
            return False
        at, cut, share = names.index(one.options["feature"]), separator.encode(), -(-size // TAKEN)
        chosen = set()
        with place.open("wb") as out:
            out.writelines((*above, header))
            for line in chain(first, file):
                cell = line.split(cut, at + 1)[at : at + 1]
                if (
                    not cell or crc32(cell[0]) % share == 0
                ):  # a line that is cut short is the reader's to refuse
                    out.write(line)
                    chosen.update(cell)
    return len(chosen) >= FEWEST_CHOSEN
