"""Can I trust the samples? The overview and the tables of one data set's quality."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sevaxis.base.vocabulary import Assay, Compartment, Level, Status
from sevaxis.report.document import Document
from sevaxis.report.sections.methods import analyses_of
from sevaxis.report.words import count


def sample_pages(document: Document) -> list[dict[str, Any]]:
    """One page per data set, in the study's order.

    Returns
    -------
    list of dict
        ``id, title, kind, n, included, features, mapping_rate, worst, counts, checks, flagged, batches, sex_text``;
        ``charts`` (which drawings have data behind them), ``sexes``, ``groups``; ``excluded``, a record per sample
        that takes no part; ``analyses``, what ran; ``reasons``, why features have no effect or one with a remark.
    """
    return [
        _page(card, document.qualities.get(card["id"], {}), document.models.get(card["id"], {}))
        for card in document.cards
    ]


def _page(card: Mapping[str, Any], quality: Mapping[str, Any], model: Mapping[str, Any]) -> dict[str, Any]:
    samples = quality.get("samples", [])
    order = list(Level)
    checks = sorted(quality.get("checks", []), key=lambda check: order.index(check["level"]))
    levels = [check["level"] for check in checks]
    sex = quality.get("sex") or {}
    return {
        "id": card["id"],
        "title": card["title"],
        "kind": f"{card['organism']} {card['tissue']} · {Compartment(card['compartment']).words} · "
        f"{Assay(card['assay']).words}",
        "n": quality.get("n_samples", 0),
        "included": quality.get("n_included", 0),
        "features": quality.get("n_features"),
        "mapping_rate": quality.get("mapping_rate"),
        "sex_text": sex.get("text", ""),
        "worst": levels[0] if levels else Level.OK,
        "counts": [
            (level, count(levels.count(level), level.words, level.words if level == Level.OK else None))
            for level in Level
            if level in levels
        ],
        "checks": checks,
        "excluded": _left_out(samples, model),
        "analyses": analyses_of(card, model),
        "reasons": [{**each, "status": Status(each["status"]).words} for each in model.get("reasons", ())],
        "flagged": [sample for sample in samples if sample["included"] and sample["outlier"]],
        "batches": quality.get("batch_by_group"),
        "charts": _charts(samples, quality),
        "sexes": _tally(samples, "sex"),
        "groups": _tally(samples, "group"),
    }


def _left_out(samples: list[Mapping[str, Any]], model: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Samples that no effect rests on: what is known of them, and why (``model.json``)."""
    known = {sample["sample"]: sample for sample in samples}
    about = ("group", "sex", "sex_called")
    return [
        {"sample": name, "why": why, **{key: known.get(name, {}).get(key) or "–" for key in about}}
        for name, why in model.get("left_out", {}).items()
    ]


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
