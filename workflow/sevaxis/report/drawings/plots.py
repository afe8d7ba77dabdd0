"""Data behind the interactive drawings: rounded, thinned where it is dense, drawn by the browser."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sevaxis.base.vocabulary import Assay, Status, Stratum
from sevaxis.report.document import ContrastView, Document
from sevaxis.report.embed import scaled

#: Features kept per stratum for their small p; everything else is thinned to one per cell of a grid.
TOP = 400
#: Cells of the thinning grid, along each axis: finer than the dots it thins.
GRID = 70
_SAMPLE = (
    "sample",
    "group",
    "sex",
    "batch",
    "pc1",
    "pc2",
    "total",
    "detected",
    "sex_x",
    "sex_y",
    "sex_called",
)


def sample_payload(document: Document) -> dict[str, Any]:
    """Per data set: samples by column, explained variance, missingness."""
    payload = {}
    for name, quality in document.qualities.items():
        samples = quality.get("samples", [])
        columns = {key: [_short(sample.get(key)) for sample in samples] for key in _SAMPLE}
        payload[name] = {
            **columns,
            "groups": document.group_order(name, columns["group"]),
            "included": [bool(sample["included"]) for sample in samples],
            "outlier": [bool(sample["outlier"]) for sample in samples],
            "explained": [_short(x) for x in (quality.get("pca") or {}).get("explained", [])],
            "missingness": {
                key: [_short(x) for x in values] for key, values in (quality.get("missingness") or {}).items()
            },
            "counts": quality.get("assay") in (Assay.RNA_COUNTS, Assay.SINGLE_CELL),
        }
    return payload


def point_payload(document: Document) -> dict[str, dict[str, Any]]:
    """Per gene and data set: value, group and sex of every sample; a feature each where several map."""
    payload: dict[str, dict[str, Any]] = {gene: {} for gene in document.genes}
    values = document.axis_values
    for (gene, dataset), rows in values.groupby(["human_symbol", "dataset"], observed=True, sort=False):
        if gene not in payload or not rows["detected"].eq(1).any():
            continue
        # the most often detected feature stands for the gene, as in the forest the most abundant
        rank = rows.groupby("feature_id", observed=True)["value"].agg(["count", "mean"])
        best = rank.sort_values(["count", "mean"], ascending=False, kind="stable").index[0]
        mine = rows[rows["feature_id"].eq(best)]
        payload[gene][dataset] = {
            "groups": document.group_order(dataset, mine["group"]),
            "sample": mine["sample"].astype(str).tolist(),
            "group": mine["group"].astype("object").where(mine["group"].notna(), None).tolist(),
            "sex": mine["sex"].astype("object").where(mine["sex"].notna(), None).tolist(),
            "included": mine["included"].astype(int).tolist(),
            "value": [_short(x) for x in mine["value"]],
        }
    return payload


def drawn_features(document: Document, shown: ContrastView) -> pd.Index:
    """Features of a contrast that its drawings show.

    Kept are the genes of the axis and the panels, the :data:`TOP` features of every stratum by p, every feature
    with a class of its own, and of the others one per cell of a grid over each drawing.

    Parameters
    ----------
    document
        What the report shows.
    shown
        The contrast.
    """
    rows = document.rows[shown.key]
    tested = rows[rows["status"].eq(Status.TESTED)]
    names = tested.drop_duplicates("feature_id").set_index("feature_id")["human_symbol"]
    log2fc = tested.pivot(index="feature_id", columns="stratum", values="log2fc").reindex(names.index)
    p = tested.pivot(index="feature_id", columns="stratum", values="p").reindex(names.index)
    named = set(document.genes).union(*document.panels.values())
    keep = names.isin(named).to_numpy()
    keep |= np.array(
        [(shown.dataset, shown.name, str(name)) in document.classes for name in names.index], dtype=bool
    )
    height = -np.log10(p.clip(lower=1e-300))
    for stratum in p.columns:
        keep |= p[stratum].rank(method="first").le(TOP).to_numpy()
        keep |= _one_per_cell(log2fc[stratum].to_numpy(), height[stratum].to_numpy())
    if {Stratum.FEMALE, Stratum.MALE} <= set(log2fc.columns):
        keep |= _one_per_cell(log2fc[Stratum.FEMALE].to_numpy(), log2fc[Stratum.MALE].to_numpy())
    return names.index[keep]


def contrast_payload(document: Document, shown: ContrastView) -> dict[str, Any]:
    """Effects of one contrast for the volcano and the scatter of the sexes, thinned (:func:`drawn_features`).

    Returns
    -------
    dict
        ``symbol``, ``feature``, ``human``, ``class`` per kept feature and, per stratum, ``x`` (log2 fold change
        x 1000), ``y`` (-log10 p x 100), ``q`` (-log10 q x 100), ``ci`` (half-width x 1000), ``called`` (0 or 1:
        is it significant?), ``tested``, ``drawn`` and ``significant`` (how many), ``cut`` (-log10 of the largest p of a
        significant feature, x 100, or null).
    """
    rows = document.rows[shown.key]
    tested = rows[rows["status"].eq(Status.TESTED)]
    names = tested.drop_duplicates("feature_id").set_index("feature_id")
    kept = drawn_features(document, shown)
    with_p = set(tested.loc[tested["p"].notna(), "stratum"].astype(str))
    return {
        "symbol": _texts(names["symbol"].fillna(names["human_symbol"]), kept),
        "human": _texts(names["human_symbol"], kept),
        "feature": [str(name) for name in kept],
        "class": [document.classes.get((shown.dataset, shown.name, str(name)), "") for name in kept],
        "strata": {
            stratum: _stratum(tested[tested["stratum"].eq(stratum)].set_index("feature_id"), kept)
            for stratum in Stratum
            if stratum in with_p
        },
    }


def contrast_payloads(document: Document) -> dict[str, dict[str, Any]]:
    """:func:`contrast_payload` of every contrast with p-values, by :attr:`ContrastView.key`."""
    payloads = {shown.key: contrast_payload(document, shown) for shown in document.contrasts}
    return {key: payload for key, payload in payloads.items() if payload["strata"]}


def _stratum(rows: pd.DataFrame, kept: pd.Index) -> dict[str, Any]:
    mine, called = rows.reindex(kept), rows["significant"]
    return {
        "x": scaled(mine["log2fc"], 1000),
        "y": scaled(-np.log10(mine["p"].clip(lower=1e-300)), 100),
        "q": scaled(-np.log10(mine["q"].clip(lower=1e-300)), 100),
        "ci": scaled((mine["ci_high"] - mine["ci_low"]) / 2, 1000),
        "tested": int(rows["p"].notna().sum()),
        "drawn": int(mine["p"].notna().sum()),
        "called": called.reindex(kept, fill_value=False).astype(int).tolist(),
        "significant": int(called.sum()),
        "cut": scaled([-np.log10(max(rows.loc[called, "p"].max(), 1e-300))], 100)[0]
        if called.any()
        else None,
    }


def _one_per_cell(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Mark the first feature of every occupied cell of a grid that spans the drawing."""
    keep = np.zeros(len(x), dtype=bool)
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if len(known) == 0:
        return keep
    cells = [
        np.minimum((GRID * (v - v.min()) / (np.ptp(v) or 1.0)).astype(int), GRID - 1)
        for v in (x[known], y[known])
    ]
    first = np.unique(cells[0] * GRID + cells[1], return_index=True)[1]
    keep[known[first]] = True
    return keep


def _texts(column: pd.Series, kept: pd.Index) -> list[str]:
    return ["" if pd.isna(value) else str(value) for value in column.reindex(kept)]


def _short(value: Any) -> Any:
    """A number to four significant digits; other values as they are."""
    if isinstance(value, bool | str) or value is None or pd.isna(value):
        return None if not isinstance(value, bool | str) else value
    return float(f"{value:.4g}")
