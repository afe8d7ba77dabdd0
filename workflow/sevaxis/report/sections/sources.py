"""Where the data come from, and what was refused on the way and why."""

from __future__ import annotations

from typing import Any

from sevaxis.base.vocabulary import Assay, Compartment, Status, words_of
from sevaxis.report.document import Document
from sevaxis.report.words import count

#: Reasons listed per data set, those of most features first.
REASONS = 8


def sources(document: Document) -> list[dict[str, Any]]:
    """One entry per data set: title, accession, citation, licence, notes, contrasts with their roles."""
    return [
        {
            **{key: card.get(key) for key in ("id", "title", "accession", "citation", "licence", "notes")},
            # anything but a web address would be a link that runs something
            "homepage": card["homepage"] if str(card.get("homepage")).startswith("https://") else None,
            "kind": f"{card['organism']} {card['tissue']}, {Compartment(card['compartment']).words}, "
            f"{Assay(card['assay']).words}",
            "contrasts": document.contrasts_of(card["id"]),
        }
        for card in document.cards
    ]


def refusals(document: Document) -> list[dict[str, Any]]:
    """What was left out: samples with their reason, and features by status and reason.

    Returns
    -------
    list of dict
        ``dataset``, ``what``, ``reason``; features of every contrast and stratum of a data set together.
    """
    rows = []
    for card in document.cards:
        model = document.models.get(card["id"], {})
        rows += [
            {"dataset": card["id"], "what": f"sample {sample}", "reason": why}
            for sample, why in model.get("left_out", {}).items()
        ]
        told = [each for each in model.get("reasons", ()) if each["status"] != Status.TESTED]
        for each in told[:REASONS]:
            what = f"{count(each['features'], 'feature')}, {words_of(Status, each['status'])}"
            rows.append({"dataset": card["id"], "what": what, "reason": each["sentence"]})
        if len(told) > REASONS:
            rest = count(len(told) - REASONS, "further reason")
            rows.append(
                {"dataset": card["id"], "what": rest, "reason": "see status and reason in effects.tsv.gz"}
            )
    return rows
