"""The searchable table: axis and panel genes everywhere, and the top of every contrast."""

from __future__ import annotations

from typing import Any

import pandas as pd

from sevaxis.base.vocabulary import Status, Stratum
from sevaxis.report.document import Document

#: Features of the main stratum listed per contrast besides axis and panels, by p.
TOP = 50


def effects_table(document: Document) -> dict[str, Any]:
    """Rows of the searchable table.

    Returns
    -------
    dict
        ``rows`` (lists: human symbol, the file's own symbol, data set, contrast, stratum, log2fc, ci_low,
        ci_high, p, q, mde80, detected, status, reason), ``vocabulary`` (texts that rows refer to by number),
        ``shown`` and ``total`` numbers of rows, ``menus`` (choices of the filters).
    """
    effects = document.effects
    named = set(document.genes).union(*document.panels.values())
    listed = effects["human_symbol"].isin(named).to_numpy()
    main = {(shown.dataset, shown.name): shown.stratum for shown in document.contrasts}
    tested = effects[effects["status"].eq(Status.TESTED) & effects["p"].notna()]
    for pair, rows in tested.groupby(["dataset", "contrast"], observed=True, sort=False):
        if pair in main:
            top = rows[rows["stratum"].eq(main[pair])].nsmallest(TOP, "p").index
            listed |= effects.index.isin(top)
    rows = effects[listed]
    # the axis genes first, in the study's order and never by their p
    order = {gene: place for place, gene in enumerate(document.genes)}
    axis = rows["human_symbol"].map(order).astype(float).fillna(len(order))
    rows = rows.assign(axis=axis, late=rows["p"].where(axis.eq(len(order)), 0.0))
    rows = rows.sort_values(["axis", "late"], kind="stable", na_position="last")
    vocabulary: dict[str, int] = {}
    return {
        "rows": [_row(row, vocabulary) for row in rows.to_dict("records")],
        "vocabulary": list(vocabulary),
        "shown": len(rows),
        "total": len(effects),
        "menus": {
            "dataset": list(dict.fromkeys(card["id"] for card in document.cards)),
            "contrast": sorted({shown.name for shown in document.contrasts}),
            "stratum": [stratum.brief for stratum in Stratum],
            "status": [status.words for status in Status],
        },
    }


def _row(row: dict[str, Any], vocabulary: dict[str, int]) -> list[Any]:
    def refer(value: Any) -> int:
        return vocabulary.setdefault("" if pd.isna(value) else str(value), len(vocabulary))

    counts = [row[f"{what}_{group}"] for group in ("case", "reference") for what in ("detected", "n")]
    own = row["feature_id"] if pd.isna(row["symbol"]) else row["symbol"]
    return [
        refer(row["human_symbol"]),
        refer(own),
        refer(row["dataset"]),
        refer(row["contrast"]),
        refer(Stratum(row["stratum"]).brief),
        _number(row["log2fc"], ".3f"),
        _number(row["ci_low"], ".3f"),
        _number(row["ci_high"], ".3f"),
        _number(row["p"], ".3g"),
        _number(row["q"], ".3g"),
        _number(row["mde80"], ".2f"),
        refer("" if any(pd.isna(x) for x in counts) else "{}/{} v {}/{}".format(*map(int, counts))),
        refer(Status(row["status"]).words),
        refer(row["reason"]),
    ]


def _number(value: float, form: str) -> float | None:
    return None if pd.isna(value) else float(format(value, form))
