"""The sex page: counts that cannot be misread, and the genes with all four effects beside each other."""

from __future__ import annotations

from typing import Any

from sevaxis.report.study import ReportInput
from sevaxis.report.wording import CLASSES, interval, missing, p_value, plain, signed, words

#: Genes listed below the scatter: the axis, then those with the smallest interaction q.
LISTED = 25


def sex_page(study: ReportInput) -> dict[str, Any]:
    """Counts per contrast and the gene table.

    Returns
    -------
    dict
        ``answer``, ``counts`` (a row per contrast), ``reasons`` (what the counts do not say), ``genes``
        (rows), ``total`` (of genes), ``contrasts`` with both sexes.
    """
    answer = study.answers.get("sex")
    both = [shown for shown in study.contrasts if {"female", "male"} <= tested_strata(study, shown.key)]
    titles = {(shown.dataset, shown.name): shown for shown in study.contrasts}
    counts = answer.tables.get("") if answer else None
    genes = answer.tables.get("genes") if answer else None
    rows = [] if genes is None else _genes(study, genes)
    return {
        "answer": answer,
        "counts": [] if counts is None else [_counts(row, titles) for row in counts.to_dict("records")],
        "reasons": _reasons(answer, counts),
        "genes": rows[:LISTED],
        "total": len(rows),
        "contrasts": both,
    }


def tested_strata(study: ReportInput, key: str) -> set[str]:
    """Strata of a contrast in which anything was tested."""
    rows = study.rows[key]
    return set(rows.loc[rows["status"].eq("tested"), "stratum"].astype(str))


def classes(study: ReportInput) -> dict[tuple[str, str, str], str]:
    """Class of interaction by data set, contrast and feature, as the answer gives it."""
    answer = study.answers.get("sex")
    genes = answer.tables.get("genes") if answer else None
    if genes is None:
        return {}
    return dict(
        zip(
            zip(genes["dataset"], genes["contrast"], genes["feature_id"].astype(str), strict=True),
            genes["class"],
            strict=True,
        )
    )


def _reasons(answer: Any, counts: Any) -> list[str]:
    """Sentences of the answer that only repeat the table of counts are left to the table."""
    if answer is None:
        return []
    told = set() if counts is None or "wording" not in counts else set(counts["wording"])
    return [reason for reason in answer.reasons if reason not in told]


def _counts(row: dict[str, Any], titles: dict[tuple[str, str], Any]) -> dict[str, Any]:
    shown = titles.get((row["dataset"], row["contrast"]))
    numbers = {key: value for key, value in row.items() if key.startswith(("n_", "significant_"))}
    return {
        "shown": shown,
        "dataset": row["dataset"],
        "contrast": row["contrast"],
        **{key: "–" if missing(value) else f"{int(value):,}" for key, value in numbers.items()},
    }


def _genes(study: ReportInput, genes: Any) -> list[dict[str, Any]]:
    titles = {(shown.dataset, shown.name): shown for shown in study.contrasts}
    axis = genes["human_symbol"].isin(study.genes)
    tested = genes["log2fc_interaction"].notna()
    order = genes.assign(late=~axis).loc[tested].sort_values(["late", "q_interaction"], kind="stable")
    return [
        {
            "shown": titles.get((row["dataset"], row["contrast"])),
            "symbol": row["feature_id"] if missing(row["symbol"]) else row["symbol"],
            "axis": row["human_symbol"] in study.genes,
            "effects": [
                (signed(row[f"log2fc_{stratum}"]), p_value(row[f"q_{stratum}"]))
                for stratum in ("female", "male", "average")
            ],
            "interaction": signed(row["log2fc_interaction"]),
            "interval": interval(row["ci_low_interaction"], row["ci_high_interaction"]),
            "q": p_value(row["q_interaction"]),
            "mde": plain(row["mde80_interaction"]),
            "class": words(CLASSES, row["class"]),
            "wording": "" if missing(row["wording"]) else row["wording"],
        }
        for row in order.to_dict("records")
    ]
