"""The verdict strip: axis genes x contrasts, one cell for every pair, whether it was measured or not."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from sevaxis.report.document import ContrastView, Document
from sevaxis.report.drawings.glyphs import Glyph, glyph, reach, tint
from sevaxis.report.words import (
    AGREEMENTS,
    COMPARTMENTS,
    READINGS,
    ROLES,
    STATUSES,
    interval,
    missing,
    signed,
    words,
)

#: Widest scale of the strip, log2 units: four-fold either way; what lies beyond ends in an arrow.
WIDEST = 2.0
#: What the strip can show: the stratum that stands for a contrast, or one of the others.
LAYERS = {
    "main": "Both sexes",
    "female": "Female",
    "male": "Male",
    "interaction": "Male − female",
}


def strip(study: Document) -> dict[str, Any]:
    """Cells of the strip, grouped by compartment and role, and the footnotes of what was not measured.

    Returns
    -------
    dict
        ``groups`` (compartment, role, rows of contrast and cells; a cell has its :data:`LAYERS`), ``notes``
        (marker, reason), ``half`` (log2 units from the middle of a glyph to its end), ``layers``.
    """
    cells = {
        (shown.key, gene, layer): axis_row(study, shown, gene, shown.stratum if layer == "main" else layer)
        for shown in study.contrasts
        for gene in study.genes
        for layer in LAYERS
    }
    estimated = [row for row in cells.values() if row is not None and not missing(row["log2fc"])]
    half = reach([row[column] for row in estimated for column in ("log2fc", "ci_low", "ci_high")], WIDEST)
    notes: dict[str, int] = {}

    def layers(shown: ContrastView, gene: str) -> dict[str, Any]:
        return {
            layer: _cell(cells[shown.key, gene, layer], half, notes, study.fdr)
            for layer in LAYERS
            if layer == "main" or cells[shown.key, gene, layer] is not None
        }

    groups = []
    for (compartment, role), shown_ones in groupby(study.contrasts, lambda s: (s.compartment, s.role)):
        rows = [
            {"shown": shown, "cells": [{"gene": gene, "layers": layers(shown, gene)} for gene in study.genes]}
            for shown in shown_ones
        ]
        groups.append(
            {"compartment": COMPARTMENTS[compartment], "role": ROLES[role], "code": role, "rows": rows}
        )
    return {
        "genes": study.genes,
        "groups": groups,
        "notes": [(number, reason) for reason, number in notes.items()],
        "half": half,
        "layers": LAYERS if any("interaction" in shown.strata for shown in study.contrasts) else {},
        "hypotheses": study.study["axis"].get("hypotheses", ()),
    }


def axis_row(
    study: Document, shown: ContrastView, gene: str, stratum: str | None = None
) -> dict[str, Any] | None:
    """The row of axis.tsv that stands for a gene in a contrast; None where there is none.

    Several features may stand for one gene (isoforms, protein groups): a tested one comes before the others,
    then the most abundant, never the one with the smallest p.
    """
    rows = study.axis_rows.get((shown.dataset, shown.name, stratum or shown.stratum, gene))
    if rows is None:
        return None
    ranked = rows.assign(
        untested=rows["status"].ne("tested"), feature_id=rows["feature_id"].astype(str)
    ).sort_values(["untested", "mean_abundance", "feature_id"], ascending=[True, False, True], kind="stable")
    return {**ranked.iloc[0].to_dict(), "others": len(rows) - 1}


def seen(row: dict[str, Any]) -> str:
    """In how many samples a feature was detected: ``3/3 v 0/3``, case first; empty where not counted."""
    names = ("detected_case", "n_case", "detected_reference", "n_reference")
    if any(missing(row[name]) for name in names):
        return ""
    case, n_case, reference, n_reference = (int(row[name]) for name in names)
    return f"{case}/{n_case} v {reference}/{n_reference}"


def _cell(row: dict[str, Any] | None, half: float, notes: dict[str, int], fdr: float) -> dict[str, Any]:
    if row is None:
        row = {"log2fc": None, "status": "absent", "reason": "no row in the effects table", "wording": None}
        row |= dict.fromkeys(("detected_case", "n_case", "detected_reference", "n_reference", "agreement"))
    sign, agreement = AGREEMENTS.get(row["agreement"], ("", ""))
    cell = {"agreement": row["agreement"], "sign": sign, "agreement_words": agreement}
    cell |= {
        "wording": "" if missing(row["wording"]) else row["wording"],
        "seen": seen(row),
        "others": row.get("others", 0),
    }
    if missing(row["log2fc"]):
        reason = str(row["reason"])
        note = notes.setdefault(reason, len(notes) + 1)
        text = words(STATUSES, row["status"])
        return cell | {"kind": "none", "text": text, "reason": reason, "note": note}
    shape: Glyph = glyph(row["log2fc"], row["ci_low"], row["ci_high"], half)
    # a published effect without an interval is called by its authors' own q
    called = row["reading"] == "published" and not missing(row["q"]) and row["q"] < fdr
    certain = row["reading"] in ("changed_up", "changed_down") or called
    return cell | {
        "kind": "effect",
        "direction": "up" if row["log2fc"] > 0 else "down",
        "tint": tint(row["log2fc"], half) if certain else round(tint(row["log2fc"], half) * 0.3),
        "certain": certain,
        "equivalent": row["reading"] == "equivalent",
        "text": signed(row["log2fc"]),
        "interval": interval(row["ci_low"], row["ci_high"]),
        "reading": words(READINGS, row["reading"]),
        "glyph": shape,
    }
