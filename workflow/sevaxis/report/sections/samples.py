"""Can I trust the samples? The overview and the tables of one data set's quality."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sevaxis.report.document import Document
from sevaxis.report.words import ASSAYS, COMPARTMENTS, count, words

LEVELS = ("warning", "note", "ok")


def sample_pages(study: Document) -> list[dict[str, Any]]:
    """One page per data set, in the study's order.

    Returns
    -------
    list of dict
        ``id, title, facts, worst, counts, verdicts, excluded, batches, sex_text, charts`` (which drawings have
        data behind them).
    """
    return [_page(card, study.qualities.get(card["id"], {})) for card in study.cards]


def _page(card: Mapping[str, Any], quality: Mapping[str, Any]) -> dict[str, Any]:
    samples = quality.get("samples", [])
    verdicts = sorted(quality.get("verdicts", []), key=lambda verdict: LEVELS.index(verdict["level"]))
    levels = [verdict["level"] for verdict in verdicts]
    sex = quality.get("sex") or {}
    return {
        "id": card["id"],
        "title": card["title"],
        "kind": f"{card['organism']} {card['tissue']} · {words(COMPARTMENTS, card['compartment'])} · "
        f"{words(ASSAYS, card['assay'])}",
        "n": quality.get("n_samples", 0),
        "included": quality.get("n_included", 0),
        "features": quality.get("n_features"),
        "mapping_rate": quality.get("mapping_rate"),
        "sex_text": sex.get("text", ""),
        "worst": levels[0] if levels else "ok",
        "counts": [
            (level, count(levels.count(level), level, "ok" if level == "ok" else None))
            for level in LEVELS
            if level in levels
        ],
        "verdicts": verdicts,
        "excluded": [sample for sample in samples if not sample["included"]],
        "flagged": [sample for sample in samples if sample["included"] and sample["outlier"]],
        "batches": quality.get("batch_by_group"),
        "charts": _charts(samples, quality),
        "sexes": _tally(samples, "sex"),
        "groups": _tally(samples, "group"),
    }


def _charts(samples: list[Mapping[str, Any]], quality: Mapping[str, Any]) -> list[str]:
    charts = []
    if any(sample.get("pc1") is not None for sample in samples):
        charts.append("pca")
    if any(sample.get("total") is not None for sample in samples):
        charts.append("totals")
    if any(sample.get("sex_y") is not None or sample.get("sex_x") is not None for sample in samples):
        charts.append("sexcheck")
    if len((quality.get("missingness") or {}).get("mean_abundance", [])) > 1:
        charts.append("missingness")
    return charts


def _tally(samples: list[Mapping[str, Any]], column: str) -> list[tuple[str, int]]:
    """How many included samples of each group or sex."""
    values = [sample[column] or "unknown" for sample in samples if sample["included"]]
    return [(value, values.count(value)) for value in dict.fromkeys(values)]
