"""The sex page: counts that cannot be misread, and the genes with all four effects beside each other."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from sevaxis.report.document import ContrastView, Document
from sevaxis.report.words import CLASSES, interval, missing, p_value, plain, signed, words

#: Features with a significant interaction that are listed below the scatter, those of smallest q first.
LISTED = 25
LISTED_STRATA = ("female", "male", "average")


def sex_page(study: Document) -> dict[str, Any]:
    """Counts per contrast and the gene tables.

    Returns
    -------
    dict
        ``answer``, ``counts`` (a row per contrast), ``reasons`` (what the counts do not say), ``contrasts`` with
        both sexes, ``axis`` (rows of each axis gene), ``differing`` (rows of other features whose
        interaction is significant), ``total`` (how many of these there are).
    """
    answer = study.answers.get("sex")
    titles = {(shown.dataset, shown.name): shown for shown in study.contrasts}
    counts = answer.tables[""].to_dict("records") if answer else []
    rows = [row for row in _listed(study) if not missing(row["log2fc_interaction"])]
    axis = [row for row in rows if row["human_symbol"] in study.genes]
    axis.sort(key=lambda row: study.genes.index(row["human_symbol"]))
    differing = [
        row for row in rows if row["q_interaction"] < study.fdr and row["human_symbol"] not in study.genes
    ]
    differing.sort(key=lambda row: row["q_interaction"])
    told = {row.get("wording") for row in counts}
    return {
        "answer": answer,
        "counts": [_counts(row, titles) for row in counts],
        "reasons": [reason for reason in answer.reasons if reason not in told] if answer else [],
        "contrasts": [
            shown for shown in study.contrasts if {"female", "male"} <= tested_strata(study, shown.key)
        ],
        "axis": [
            {"symbol": gene, "effects": [_gene(row, titles) for row in rows]}
            for gene, rows in groupby(axis, lambda row: row["human_symbol"])
        ],
        "differing": [_gene(row, titles) for row in differing[:LISTED]],
        "total": len(differing),
    }


def tested_strata(study: Document, key: str) -> set[str]:
    """Strata of a contrast in which anything was tested."""
    rows = study.rows[key]
    return set(rows.loc[rows["status"].eq("tested"), "stratum"].astype(str))


def classes(study: Document) -> dict[tuple[str, str, str], str]:
    """Class of interaction by data set, contrast and feature, as the answer gives it."""
    return {(row["dataset"], row["contrast"], str(row["feature_id"])): row["class"] for row in _listed(study)}


def _listed(study: Document) -> list[dict[str, Any]]:
    answer = study.answers.get("sex")
    return answer.tables["genes"].to_dict("records") if answer and "genes" in answer.tables else []


def _counts(row: dict[str, Any], titles: dict[tuple[str, str], ContrastView]) -> dict[str, Any]:
    numbers = {key: value for key, value in row.items() if key.startswith(("n_", "significant_"))}
    return {
        "shown": titles.get((row["dataset"], row["contrast"])),
        "dataset": row["dataset"],
        "contrast": row["contrast"],
        **{key: "–" if missing(value) else f"{int(value):,}" for key, value in numbers.items()},
    }


def _gene(row: dict[str, Any], titles: dict[tuple[str, str], ContrastView]) -> dict[str, Any]:
    names = [row["human_symbol"], row["symbol"], row["feature_id"]]
    return {
        "symbol": next(name for name in names if not missing(name)),
        "shown": titles.get((row["dataset"], row["contrast"])),
        "dataset": row["dataset"],
        "effects": [
            (signed(row[f"log2fc_{stratum}"]), p_value(row[f"q_{stratum}"])) for stratum in LISTED_STRATA
        ],
        "interaction": signed(row["log2fc_interaction"]),
        "interval": interval(row["ci_low_interaction"], row["ci_high_interaction"]),
        "q": p_value(row["q_interaction"]),
        "mde": plain(row["mde80_interaction"]),
        "class": words(CLASSES, row["class"]),
        "wording": "" if missing(row["wording"]) else row["wording"],
    }
