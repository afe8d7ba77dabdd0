"""Where the data come from, and what was refused on the way and why."""

from __future__ import annotations

from typing import Any

from sevaxis.report.study import ReportInput
from sevaxis.report.wording import ASSAYS, COMPARTMENTS, STATUSES, count, words

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
        groups = mine.groupby(["status", "reason"], observed=True, sort=False)["feature_id"].nunique()
        largest = groups.sort_values(ascending=False, kind="stable")
        rows += [
            {
                "dataset": card["id"],
                "what": f"{count(number, 'feature')}, {words(STATUSES, status)}",
                "reason": reason,
            }
            for (status, reason), number in largest.head(REASONS).items()
        ]
        if len(largest) > REASONS:
            rest = count(len(largest) - REASONS, "further reason")
            rows.append(
                {"dataset": card["id"], "what": rest, "reason": "see status and reason in effects.tsv.gz"}
            )
    return rows
