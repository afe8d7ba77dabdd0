"""The strip of findings: axis genes x contrasts, one cell for every pair, whether it was measured or not."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from sevaxis.base.vocabulary import AS_PUBLISHED, BY_PRESENCE, Agreement, Reading, Status, Stratum
from sevaxis.report.document import ContrastView, Document
from sevaxis.report.drawings.glyphs import Glyph, glyph, reach, tint
from sevaxis.report.words import interval, missing, signed

#: Widest scale of the strip, log2 units: four-fold either way; what lies beyond ends in an arrow.
WIDEST = 2.0
#: What the strip can show: the stratum that stands for a contrast, or one of the others.
LAYERS = {
    "main": "All samples",
    **{str(stratum): stratum.brief for stratum in (Stratum.FEMALE, Stratum.MALE, Stratum.INTERACTION)},
}


def strip(document: Document) -> dict[str, Any]:
    """Cells of the strip, grouped by compartment and role, and the footnotes of what was not measured.

    Returns
    -------
    dict
        ``groups`` (compartment, role, rows of contrast and cells; a cell has its :data:`LAYERS`), ``notes``
        (marker, reason), ``half`` (log2 units from the middle of a glyph to its end), ``layers``.
    """
    cells = {
        (shown.key, gene, layer): axis_row(document, shown, gene, shown.stratum if layer == "main" else layer)
        for shown in document.contrasts
        for gene in document.genes
        for layer in LAYERS
    }
    estimated = [row for row in cells.values() if row is not None and not missing(row["log2fc"])]
    half = reach([value for row in estimated for value in (row["log2fc"], *deciding_interval(row))], WIDEST)
    notes: dict[str, int] = {}

    def layers(shown: ContrastView, gene: str) -> dict[str, Any]:
        return {
            layer: _cell(cells[shown.key, gene, layer], half, notes)
            for layer in LAYERS
            if layer == "main" or cells[shown.key, gene, layer] is not None
        }

    groups = []
    for (compartment, role), shown_ones in groupby(document.contrasts, lambda s: (s.compartment, s.role)):
        rows = [
            {
                "shown": shown,
                "cells": [{"gene": gene, "layers": layers(shown, gene)} for gene in document.genes],
            }
            for shown in shown_ones
        ]
        groups.append({"compartment": compartment.words, "role": role.words, "code": role, "rows": rows})
    return {
        "genes": document.genes,
        "groups": groups,
        "notes": [(number, reason) for reason, number in notes.items()],
        "half": half,
        "layers": LAYERS if any(Stratum.INTERACTION in shown.strata for shown in document.contrasts) else {},
        "hypotheses": document.settings["axis"].get("hypotheses", ()),
    }


def axis_row(
    document: Document, shown: ContrastView, gene: str, stratum: str | None = None
) -> dict[str, Any] | None:
    """The row of axis.tsv of a gene in a contrast; None where there is none."""
    rows = document.axis_rows.get((shown.dataset, shown.name, stratum or shown.stratum, gene))
    if rows is None:
        return None
    row = rows.iloc[0].to_dict()
    others = row.get("other_features")
    return {**row, "others": "" if missing(others) else str(others)}


def deciding_interval(row: dict[str, Any]) -> tuple[Any, Any]:
    """The interval at the level of the row's family, by which it was read; 95 % where it is in none."""
    if missing(row["ci_low_family"]):
        return row["ci_low"], row["ci_high"]
    return row["ci_low_family"], row["ci_high_family"]


def seen(row: dict[str, Any]) -> str:
    """In how many samples a feature was detected: ``3/3 v 0/3``, case first; empty where not counted."""
    names = ("detected_case", "n_case", "detected_reference", "n_reference")
    if any(missing(row[name]) for name in names):
        return ""
    case, n_case, reference, n_reference = (int(row[name]) for name in names)
    return f"{case}/{n_case} v {reference}/{n_reference}"


def by_presence(row: dict[str, Any]) -> bool:
    """Whether presence is what a row tells of, be it decided or not: its fold change, if any, is no amount."""
    return row["reading"] in BY_PRESENCE or not (row["amount"] or missing(row["log2fc"]))


def _cell(row: dict[str, Any] | None, half: float, notes: dict[str, int]) -> dict[str, Any]:
    if row is None:
        row = {
            "log2fc": None,
            "status": Status.ABSENT,
            "reason": "no row in the effects table",
            "wording": None,
        }
        row |= dict.fromkeys(("detected_case", "n_case", "detected_reference", "n_reference"))
        row |= {
            "amount": False,
            "agreement": Agreement.NO_HYPOTHESIS,
            "reading": Reading.NOT_MEASURED,
            "others": "",
        }
    agreement = Agreement(row["agreement"])
    cell = {
        "agreement": agreement,
        "wording": "" if missing(row["wording"]) else row["wording"],
        "seen": seen(row),
        "others": row["others"],
        "reading": Reading(row["reading"]),
    }
    if by_presence(row):
        return cell | {
            "kind": "presence",
            "direction": "up" if row["direction"] > 0 else "down",
            "tint": 70 if row["called"] else 20,
            "certain": row["called"],
            "equivalent": False,
            "published": False,
            "text": row["reading"],
        }
    if missing(row["log2fc"]):
        status, reason = Status(row["status"]), str(row["reason"])
        note = notes.setdefault(reason, len(notes) + 1)
        counted = status == Status.NOT_ESTIMABLE
        return cell | {
            "kind": "none",
            "text": status.words,
            "counted": counted,
            "reason": reason,
            "note": note,
        }
    low, high = deciding_interval(row)
    shape: Glyph = glyph(row["log2fc"], low, high, half)
    strength = tint(row["log2fc"], half)
    return cell | {
        "kind": "effect",
        "direction": "up" if row["log2fc"] > 0 else "down",
        "tint": strength if row["called"] else round(strength * 0.3),
        "certain": row["called"],
        "equivalent": row["reading"] == Reading.NO_RELEVANT_CHANGE,
        "published": row["reading"] in AS_PUBLISHED,
        "text": signed(row["log2fc"]),
        "interval": interval(low, high),
        "glyph": shape,
    }
