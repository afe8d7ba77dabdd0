"""Tables with several columns for each sample: reads, and quantities that were made of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sevaxis.matrix.readers.tables.text import Table

if TYPE_CHECKING:
    import numpy as np

#: Side or form and word of a quantity -> sample -> column.
Blocks = dict[tuple[str, str], dict[str, str]]

#: Two groups of two.
FEWEST_SAMPLES = 4
#: Quantities of tables with several columns for each sample; the first are reads.
COUNTED = r"(?:(?:raw|read|reads|gene|expected|est|num|frag(?:ment)?|unique)[ ._-]?)*(?:counts?|reads)|raw"
DERIVED = (
    r"(?:log2?|ln)?[ ._(]*(?:fpkm|rpkm|tpm|cpm|rpm)\)?|(?:norm(?:ali[sz]ed)?)[ ._-]?(?:counts?|reads|expr\w*|values?)?|"
    r"vst|rlog|rma|z[ ._-]?score|signal|detection(?:[ ._]?p(?:val)?)?|(?:gene[ ._])?length|flag|call"
)
#: Quantities of proteins, the best first; then those of which none is taken. Longer words stand before their ends.
PROTEIN_QUANTITIES = (
    r"(?:max)?lfq[ ._-]*(?:intensity|abundances?)?",
    r"(?:intensity|abundances?|peak[ ._-]?area|area|quantity)",
    r"(?:ibaq|top[ ._-]?[3n])",
    r"(?:avg[ ._]?)?signal",
    r"(?:total[ ._-]|unique[ ._-])?(?:spectral[ ._-]?counts?|spectra|psms?|ms[ ._/-]ms[ ._-]?counts?)",
)
OTHER_QUANTITIES = (
    r"(?:(?:unique|total|razor|scaled|normali[sz]ed|raw|log2?)[ ._-]+(?:lfq[ ._-]+)?(?:intensity|abundances?|area)|"
    r"(?:max)?lfq[ ._-]+(?:unique|total|razor)[ ._-]+intensity|abundances?[ ._(]+(?:normali[sz]ed|scaled|grouped)\)?|"
    r"(?:unique|razor|total|combined)?[ ._+-]*(?:unique[ ._-]+)?peptides|(?:sequence[ ._-])?coverage(?:[ ._]*\[?%\]?)?|"
    r"identification[ ._-]type|score|detection(?:[ ._]?p(?:val(?:ue)?)?)?|bead[ ._]?std?err|(?:avg[ ._]?)?nbeads|"
    r"narrays|array[ ._]?stdev|min[ ._]?signal|max[ ._]?signal)"
)
SEPARATOR = r"[ ._:-]+"


def _quantity(name: str) -> tuple[str, str, str, int] | None:
    """Side, word, sample and rank of a quantity of proteins in the name of a column; rank -1 for those never taken."""
    for rank, words in ((-1, OTHER_QUANTITIES), *enumerate(PROTEIN_QUANTITIES)):
        for side, pattern in (
            ("end", rf"(?P<sample>.+?){SEPARATOR}\(?(?P<word>{words})\)?"),
            ("begin", rf"\(?(?P<word>{words})\)?{SEPARATOR}(?P<sample>.+)"),
        ):
            if match := re.fullmatch(pattern, name, re.IGNORECASE):
                return side, re.sub(r"[ ._:-]+", " ", match["word"]).strip().lower(), match["sample"], rank
    return None


def protein_blocks(numbers: list[str]) -> tuple[str, int, str] | None:
    """The best quantity of proteins in a table with several columns of such for each sample."""
    blocks: Blocks = {}
    ranks: dict[tuple[str, str], int] = {}
    for name in numbers:
        if (said := _quantity(name)) is not None:
            blocks.setdefault(said[:2], {})[said[2]] = name
            ranks[said[:2]] = said[3]
    blocks = {key: found for key, found in blocks.items() if len(found) >= FEWEST_SAMPLES}
    if len(blocks) < 2:
        return None
    _, alike = _of_the_same(blocks)
    taken = sorted((key for key in alike if ranks[key] >= 0), key=lambda key: ranks[key])
    if len(alike) < 2 or not taken:
        return None
    chosen = taken[0]
    told = _say(alike, chosen, numbers)
    sample, name = next(iter(alike[chosen].items()))
    before, after = (name[: -len(sample)], "") if chosen[0] == "begin" else ("", name[len(sample) :])
    return f"^{re.escape(before)}(.+){re.escape(after)}$", len(alike[chosen]), told


def _of_the_same(blocks: Blocks) -> tuple[set[str], Blocks]:
    """The most samples that a block has, and the blocks that have about the same."""
    keys = max((set(found) for found in blocks.values()), key=len)
    return keys, {key: found for key, found in blocks.items() if len(set(found) & keys) >= 0.8 * len(keys)}


def _say(alike: Blocks, chosen: tuple[str, str], numbers: list[str]) -> str:
    """Which block is taken, which are not, and which columns belong to none."""
    others = [f"'{key[1]}' ({len(found)})" for key, found in alike.items() if key != chosen]
    told = f"each sample has several columns: {len(alike[chosen])} of '{chosen[1]}' are taken, not {', '.join(others)}"
    left = [name for name in numbers if not any(name in found.values() for found in alike.values())]
    return told + (f"; left out: {listed(left)}" if left else "")


def blocks_of(table: Table, numbers: list[str]) -> tuple[str | list[str], int, str] | None:
    """The block of reads in a table with several columns for each sample; a regular expression names the samples."""
    if (proteins := protein_blocks(numbers)) is not None:
        return proteins
    forms = {
        f"{kind} {where}": pattern
        for kind, words in (("counts", COUNTED), ("derived", DERIVED))
        for where, pattern in (
            ("end", rf"^(.+?)[ ._:-]+\(?(?:{words})\)?$"),
            ("begin", rf"^\(?(?:{words})\)?[ ._:-]+(.+)$"),
        )
    }
    blocks: Blocks = {}
    plain = {name: name for name in numbers}
    for form, pattern in forms.items():
        for name in numbers:
            match = re.match(pattern, name, re.IGNORECASE)
            if match:
                word = name.replace(match[1], "", 1).strip(" ._:-()").lower()
                blocks.setdefault((form, word), {})[match[1]] = name
                plain.pop(name, None)
    blocks = {key: found for key, found in blocks.items() if len(found) >= FEWEST_SAMPLES}
    if not blocks:
        return None
    keys, alike = _of_the_same(blocks)
    beside = {name: name for name in plain if name in keys}
    if len(beside) >= 0.8 * len(keys):
        alike["", "without a word"] = beside
    if len(alike) < 2:
        return None
    reads = [key for key in alike if key[0].startswith("counts")]
    bare = ("", "without a word")
    if not reads and bare in alike and _are_whole(table, list(beside)):
        reads = [bare]
    if not reads:
        return None
    chosen = reads[0]
    told = _say(alike, chosen, numbers)
    if chosen == bare:
        return list(beside), len(beside), told
    first, name = next(iter(alike[chosen].items()))
    before, _, after = name.partition(first)
    return f"^{re.escape(before)}(.+){re.escape(after)}$", len(alike[chosen]), told


def _are_whole(table: Table, names: list[str]) -> bool:
    import numpy as np

    values = np.column_stack([floats(table, name) for name in names])
    known = values[np.isfinite(values)]
    return bool(known.size) and bool(np.all(known == np.rint(known)))


def floats(table: Table, name: str) -> np.ndarray:
    """Numbers of a column, NaN where a cell holds none."""
    import numpy as np

    return table.numbers(table.frame[name]).to_numpy().astype(np.float64)


def listed(names: list[str], most: int = 8) -> str:
    """Some names in a sentence."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(f"'{name}'" for name in names[:most]) + more
