"""Where the data come from, and what was refused on the way and why."""

from __future__ import annotations

from typing import Any

from sevaxis.report.document import ReportInput
from sevaxis.report.words import ASSAYS, COMPARTMENTS, STATUSES, count, words

#: Reasons listed per data set, those of most features first.
REASONS = 8


def sources(study: ReportInput) -> list[dict[str, Any]]:
    """One entry per data set: title, accession, citation, licence, notes, contrasts with their roles."""
    return [
        {
            **{key: card.get(key) for key in ("id", "title", "accession", "citation", "licence", "notes")},
            # anything but a web address would be a link that runs something
            "homepage": card["homepage"] if str(card.get("homepage")).startswith("https://") else None,
            "kind": f"{card['organism']} {card['tissue']}, {words(COMPARTMENTS, card['compartment'])}, "
            f"{words(ASSAYS, card['assay'])}",
            "contrasts": study.contrasts_of(card["id"]),
        }
        for card in study.cards
    ]


def refusals(study: ReportInput) -> list[dict[str, Any]]:
    """What was left out: samples with their reason, and features by status and reason.

    Returns
    -------
    list of dict
        ``dataset``, ``what``, ``reason``; features of every contrast and stratum of a data set together.
    """
    rows = []
    for card in study.cards:
        for sample in study.qualities.get(card["id"], {}).get("samples", []):
            if not sample["included"]:
                what = f"sample {sample['sample']}"
                rows.append({"dataset": card["id"], "what": what, "reason": sample["excluded_because"]})
        mine = study.effects[study.effects["dataset"].eq(card["id"]) & study.effects["status"].ne("tested")]
        # reasons that differ in their numbers only are one reason
        kinds = mine.assign(kind=mine["reason"].str.replace(r"\d+", "n", regex=True))
        groups = kinds.groupby(["status", "kind"], observed=True, sort=False)
        told = groups.agg(
            features=("feature_id", "nunique"), reasons=("reason", "nunique"), reason=("reason", "first")
        )
        for (status, kind), row in (
            told.sort_values("features", ascending=False, kind="stable").head(REASONS).iterrows()
        ):
            what = f"{count(row['features'], 'feature')}, {words(STATUSES, status)}"
            reason = row["reason"] if row["reasons"] == 1 else kind
            rows.append({"dataset": card["id"], "what": what, "reason": reason})
        if len(told) > REASONS:
            rest = count(len(told) - REASONS, "further reason")
            rows.append(
                {"dataset": card["id"], "what": rest, "reason": "see status and reason in effects.tsv.gz"}
            )
    return rows
