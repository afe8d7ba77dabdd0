"""The searchable table: axis and panel genes everywhere, and the top of every contrast."""

from __future__ import annotations

from typing import Any

import pandas as pd

from sevaxis.report.study import ReportInput
from sevaxis.report.wording import STATUSES, STRATA, words

#: Features of the main stratum listed per contrast besides axis and panels, by p.
TOP = 50
COLUMNS = (
    "dataset",
    "contrast",
    "stratum",
    "symbol",
    "human_symbol",
    "log2fc",
    "ci_low",
    "ci_high",
    "p",
    "q",
    "mde80",
    "detected",
    "status",
)


def effects_table(study: ReportInput) -> dict[str, Any]:
    """Rows of the searchable table.

    Returns
    -------
    dict
        ``rows`` (lists in the order of :data:`COLUMNS`, the last item the reason), ``shown`` and ``total``
        numbers of rows, ``vocabulary`` (texts that rows refer to by number), ``menus`` (choices of the filters).
    """
    effects = study.effects
    named = set(study.genes).union(*study.panels.values())
    listed = effects["human_symbol"].isin(named)
    main = {(shown.dataset, shown.name): shown.stratum for shown in study.contrasts}
    tested = effects[effects["status"].eq("tested") & effects["p"].notna()]
    top = [
        rows[rows["stratum"].eq(main[pair])].nsmallest(TOP, "p").index
        for pair, rows in tested.groupby(["dataset", "contrast"], observed=True, sort=False)
        if pair in main
    ]
    keep = effects.index.isin(effects.index[listed].union(pd.Index([i for index in top for i in index])))
    rows = effects[keep]
    axis = rows["human_symbol"].isin(study.genes)
    rows = rows.assign(late=~axis).sort_values(["late", "p"], kind="stable", na_position="last")
    vocabulary: dict[str, int] = {}
    return {
        "rows": [_row(row, vocabulary) for row in rows.to_dict("records")],
        "vocabulary": list(vocabulary),
        "shown": len(rows),
        "total": len(effects),
        "menus": {
            "dataset": list(dict.fromkeys(shown.dataset for shown in study.contrasts)),
            "contrast": sorted({shown.name for shown in study.contrasts}),
            "stratum": [words(STRATA, stratum) for stratum in STRATA],
            "status": list(STATUSES.values()),
        },
    }


def _row(row: dict[str, Any], vocabulary: dict[str, int]) -> list[Any]:
    def refer(value: Any) -> int:
        return vocabulary.setdefault("" if pd.isna(value) else str(value), len(vocabulary))

    counts = [row[f"{what}_{group}"] for group in ("case", "reference") for what in ("detected", "n")]
    return [
        refer(row["dataset"]),
        refer(row["contrast"]),
        refer(words(STRATA, row["stratum"])),
        refer(row["feature_id"] if pd.isna(row["symbol"]) else row["symbol"]),
        refer(row["human_symbol"]),
        _number(row["log2fc"], ".3f"),
        _number(row["ci_low"], ".3f"),
        _number(row["ci_high"], ".3f"),
        _number(row["p"], ".3g"),
        _number(row["q"], ".3g"),
        _number(row["mde80"], ".2f"),
        refer("" if any(pd.isna(x) for x in counts) else "{}/{} v {}/{}".format(*map(int, counts))),
        refer(words(STATUSES, row["status"])),
        refer(row["reason"]),
    ]


def _number(value: float, form: str) -> float | None:
    return None if pd.isna(value) else float(format(value, form))
