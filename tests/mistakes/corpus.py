"""All planted mistakes, by what they are planted in."""

from __future__ import annotations

from tests.mistakes import cards, containers, matrices, sheets
from tests.mistakes.mistake import Mistake

ROOMS: dict[str, list[Mistake]] = {
    "cards: YAML": cards.YAML,
    "cards: keys and words": cards.KEYS,
    "cards: files": cards.FILES,
    "cards: contrasts": cards.CONTRASTS,
    "cards: columns of the sheet": cards.COLUMNS,
    "cards: models": cards.MODELS,
    "cards: alternatives": cards.ALTERNATIVES,
    "configurations": sheets.CONFIGURATION,
    "sample sheets": sheets.SHEETS,
    "sheets inside files": sheets.INSIDE,
    "tables of values": matrices.MATRICES,
    "published results": matrices.EFFECTS,
    "compressed files, archives": containers.COMPRESSED,
    "workbooks": containers.WORKBOOKS,
    "R objects": containers.R_OBJECTS,
    "h5ad": containers.ANNDATA,
    "formats of programs": containers.PROGRAMS,
}
