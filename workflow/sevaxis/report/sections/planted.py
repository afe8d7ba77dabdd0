"""Planted against found, for simulated studies: the answer's tables in the report's words."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from sevaxis.answers import Answer
from sevaxis.base.vocabulary import Status, Stratum, words_of
from sevaxis.report.document import Document
from sevaxis.report.drawings.glyphs import glyph, place, reach
from sevaxis.report.words import cell, interval, missing, p_value, plain, signed

#: Columns of the main table -> headings; those that are shares are shown in percent.
COUNTS = {
    "n_planted": "Planted",
    "n_tested": "of these tested",
    "n_found": "found",
    "sensitivity": "Sensitivity",
    "sensitivity_above_mde": "Sensitivity above MDE80",
    "n_significant": "Called",
    "n_false": "of these false",
    "false_discovery_proportion": "False discovery proportion",
    "planted_in_ci": "Planted within 95 % CI",
    "all_in_ci": "All within 95 % CI",
}
SHARES = {
    "sensitivity",
    "sensitivity_above_mde",
    "false_discovery_proportion",
    "planted_in_ci",
    "all_in_ci",
}


def planted_view(document: Document, answer: Answer) -> dict[str, Any]:
    """Counts per contrast and stratum, and the story's genes beside their truth."""
    titles = {(shown.dataset, shown.name): shown for shown in document.contrasts}
    main = {pair: shown.stratum for pair, shown in titles.items()}
    story = answer.tables["genes"].to_dict("records")
    genes = [row for row in story if _is_told(row, document, main.get((row["dataset"], row["contrast"])))]
    half = reach([row[column] for row in genes for column in ("log2fc", "ci_low", "ci_high", "true_log2fc")])
    counts = [
        {
            "pair": (row["dataset"], row["contrast"]),
            "stratum": Stratum(row["stratum"]).brief,
            "cells": [_share(row, column) if column in SHARES else cell(row[column]) for column in COUNTS],
        }
        for row in answer.tables[""].to_dict("records")
    ]
    return {
        "headings": list(COUNTS.values()),
        "groups": [
            {"shown": titles.get(pair), "dataset": pair[0], "rows": list(rows)}
            for pair, rows in groupby(counts, lambda row: row["pair"])
        ],
        "half": half,
        "genes": [_gene(row, half, titles) for row in genes],
        "total": len(story),
    }


def _is_told(row: dict[str, Any], document: Document, main: str | None) -> bool:
    """Rows shown: the axis genes' main stratum, and every planted difference between the sexes."""
    if row["stratum"] == Stratum.INTERACTION:
        return row["true_log2fc"] != 0
    return row["stratum"] == main and row["human_symbol"] in document.genes


def _share(row: dict[str, Any], column: str) -> str:
    return "–" if missing(row[column]) else f"{row[column]:.1%}"


def _gene(row: dict[str, Any], half: float, titles: dict[tuple[str, str], Any]) -> dict[str, Any]:
    estimated = not missing(row["log2fc"])
    return {
        "gene": row["human_symbol"],
        "shown": titles.get((row["dataset"], row["contrast"])),
        "dataset": row["dataset"],
        "stratum": Stratum(row["stratum"]).brief,
        "kind": row["stratum"],
        "truth": signed(row["true_log2fc"]),
        "place": place(row["true_log2fc"], half),
        "glyph": glyph(row["log2fc"], row["ci_low"], row["ci_high"], half) if estimated else None,
        "found": signed(row["log2fc"]) if estimated else words_of(Status, row["status"]),
        "interval": interval(row["ci_low"], row["ci_high"]),
        "q": p_value(row["q"]),
        "mde": plain(row["mde80"]),
        "within": ("yes" if row["within"] else "no") if estimated else "–",
        "note": "" if missing(row["note"]) else row["note"],
    }
