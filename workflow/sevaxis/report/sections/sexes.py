"""The sex page: counts that cannot be misread, and the genes with all four effects beside each other."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from sevaxis.answers import Answer
from sevaxis.base.vocabulary import BY_SEX, DIFFERENT, SexClass, Stratum
from sevaxis.report.document import ContrastView, Document
from sevaxis.report.words import interval, missing, p_value, plain, signed

#: Features with a significant interaction that are listed below the scatter, those of smallest q first.
LISTED = 25
#: Strata that have a column each; the difference between the sexes has columns of its own.
LISTED_STRATA = tuple(stratum for stratum in BY_SEX if stratum != Stratum.INTERACTION)


def sex_view(document: Document, answer: Answer) -> dict[str, Any]:
    """Counts per contrast and the gene tables.

    Returns
    -------
    dict
        ``counts`` (a row per contrast), ``fdr`` (%), ``reasons`` (what the counts do not say), ``contrasts`` with both
        sexes, ``axis`` (rows of each axis gene), ``differing`` (rows of other features whose class says that the
        sexes differ), ``total`` (how many of these there are).
    """
    titles = {(shown.dataset, shown.name): shown for shown in document.contrasts}
    counts = answer.tables[""].to_dict("records")
    rows = [
        row for row in answer.tables["genes"].to_dict("records") if not missing(row["log2fc_interaction"])
    ]
    axis = [row for row in rows if row["human_symbol"] in document.genes]
    axis.sort(key=lambda row: document.genes.index(row["human_symbol"]))
    differing = [
        row for row in rows if row["class"] in DIFFERENT and row["human_symbol"] not in document.genes
    ]
    differing.sort(key=lambda row: row["q_interaction"])
    told = {row.get("wording") for row in counts}
    return {
        "counts": [_counts(row, titles) for row in counts],
        "fdr": f"{100 * document.fdr:g}",
        "reasons": [reason for reason in answer.reasons if reason not in told],
        "contrasts": document.both_sexes,
        "axis": [
            {"symbol": gene, "effects": [_gene(row, titles) for row in rows]}
            for gene, rows in groupby(axis, lambda row: row["human_symbol"])
        ],
        "differing": [_gene(row, titles) for row in differing[:LISTED]],
        "total": len(differing),
    }


def _counts(row: dict[str, Any], titles: dict[tuple[str, str], ContrastView]) -> dict[str, Any]:
    names = {*map(str, SexClass), "both_small"}
    numbers = {key: row[key] for key in row if key.startswith(("n_", "significant_")) or key in names}
    return {
        "shown": titles.get((row["dataset"], row["contrast"])),
        "dataset": row["dataset"],
        "contrast": row["contrast"],
        **{key: "–" if missing(value) else f"{int(value):,}" for key, value in numbers.items()},
        "in_both": f"{int(row[SexClass.BOTH]) + int(row[SexClass.BOTH_ALIKE]):,}",
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
        "interval": interval(row["ci_low_decided"], row["ci_high_decided"]),
        "q": p_value(row["q_interaction"]),
        "mde": plain(row["mde80_decided"]),
        "ratio": plain(row["ratio"]) if row["class"] in (SexClass.BOTH, SexClass.BOTH_ALIKE) else "–",
        "class": SexClass(row["class"]).words,
        "wording": "" if missing(row["wording"]) else row["wording"],
    }
