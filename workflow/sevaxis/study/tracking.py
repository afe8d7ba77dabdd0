"""What the result of a job depends on beside the files it is handed: code, tables of ``resources/``, a sample sheet.

All of it as plain values that a workflow can keep with a result: the job is due again when they differ, wherever the
project lies and however old its files look. So each value covers what the job reads, and nothing else. What a job
takes from the card is the card's own business (:meth:`sevaxis.study.card.Card.part`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sevaxis.answers import QUESTIONS
from sevaxis.base.fingerprint import fingerprint
from sevaxis.base.resources import Table, checksum
from sevaxis.base.vocabulary import Assay
from sevaxis.effects.methods import METHODS, default_method
from sevaxis.matrix.readers.registry import READERS
from sevaxis.study.card import Card
from sevaxis.study.settings import IdentifierTables
from sevaxis.study.source import Source

if TYPE_CHECKING:
    from sevaxis.study.study import Study

#: Step -> the modules that its script calls, relative to the package.
ENTRIES: Mapping[str, tuple[str, ...]] = {
    "retrieve": ("files.retrieve",),
    "orthologs": ("files.retrieve", "genes.orthologs"),
    "identifiers": ("files.retrieve", "genes.gene_table"),
    "read": ("matrix.read",),
    "assess": ("matrix.assess",),
    "compare": ("effects.compare", "effects.courses", "effects.robustness"),
    "answer": ("answers.answer", "answers.question", "effects.table", "genes.panels"),
    "report": (
        "answers.answer",
        "answers.readings",
        "base.provenance",
        "base.tables",
        "effects.table",
        "genes.panels",
        "report.report",
    ),
}

#: Step -> the tables that it opens.
TABLES: Mapping[str, tuple[Table, ...]] = {
    "read": ("identifiers", "protein_names", "human_symbols", "entry_names", "accessions"),
    "assess": ("sex_markers",),
    "compare": ("identifiers", "protein_names", "human_symbols", "entry_names", "accessions"),
    "answer": ("panels",),
    "report": ("panels",),
}
#: The tables that simulated genes come from.
SIMULATED: tuple[Table, ...] = ("identifiers", "sex_markers")


def code_of(step: str, cards: Collection[Card], questions: Collection[str] = ()) -> str:
    """Fingerprint of the code that a job runs.

    Parameters
    ----------
    step
        One of :data:`ENTRIES`.
    cards
        The data sets that the job is about: only the readers of their files and the methods of their models count.
    questions
        Names of the questions that it answers.
    """
    named: set[str] = set()
    if step == "read":
        named = {READERS[file.reader] for card in cards for file in card.files if file.reader is not None}
    elif step == "compare" and any(card.assay != Assay.EFFECTS for card in cards):
        # beside the reported analysis stand others, by other methods
        named = set(METHODS.values())
    elif step == "report":
        methods = {card.model.method or default_method(card.assay) for card in cards}
        named = {METHODS[method] for method in methods if method is not None}
    elif step == "answer":
        named = {QUESTIONS[question] for question in questions}
    simulates = step == "retrieve" and _simulated(cards)
    return fingerprint(*ENTRIES[step], *named, without=() if simulates else ("demo",))


def tables_of(step: str, cards: Collection[Card]) -> dict[str, str]:
    """Tables of ``resources/`` that a job opens, each with its checksum; parameters as in :func:`code_of`."""
    simulates = step == "retrieve" and _simulated(cards)
    return {name: checksum(name) for name in (SIMULATED if simulates else TABLES.get(step, ()))}


def sheet_of(path: Path | None) -> dict[str, str]:
    """A sample sheet by its path and the checksum of its content; empty where there is none."""
    if path is None:
        return {}
    return {"path": path.as_posix(), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def digest_of(tables: IdentifierTables) -> str:
    """Short name of a set of identifier tables: studies that name the same tables share what is made of them."""
    return hashlib.sha256(tables.model_dump_json().encode()).hexdigest()[:12]


def gene_tables(study: Study) -> dict[str, list[dict[str, Any]]]:
    """Tables of orthologs and identifiers of a study's organisms, by what they are of: name, checksum, origin."""
    organisms = sorted({str(card.organism) for card in study.cards.values()})
    orthologs, identifiers = study.configuration.orthologs, study.identifiers
    told: dict[str, list[Source]] = {
        name: [*(of for organism, of in orthologs.items() if organism == name), *identifiers.of(name)]
        for name in organisms
    }
    told |= {species: list(tables) for species, tables in identifiers.others.items()}
    return {
        of: [source.model_dump(mode="json", include={"name", "sha256", "url"}) for source in sources]
        for of, sources in told.items()
        if sources
    }


def _simulated(cards: Collection[Card]) -> bool:
    return any(file.simulated for card in cards for file in card.files)
