"""What data sets there are: ready cards, told from the cards and their sheets, and accessions that have none yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sevaxis.base.problems import Problem, nearest, refuse
from sevaxis.study.card import Card
from sevaxis.study.estimability import SampleFacts, facts_of
from sevaxis.study.sheet import load_sheet
from sevaxis.study.study import load_dataset

#: Question -> roles of contrasts that serve it; `sex` is served by data of both sexes, `axis` by all.
QUESTIONS: dict[str, set[str]] = {
    "axis": set(),
    "sex": set(),
    "disease": {"disease", "disease_x_training"},
    "source": {"sev_source", "sev_enrichment"},
    "signals": {"overtraining", "training", "acute_exercise"},
}


@dataclass(frozen=True)
class Entry:
    """One line of the catalogue; all text as it is shown.

    Attributes
    ----------
    id
        Name of the card's folder, or the accession where there is no card.
    organism, tissue, compartment, assay, title, licence
        As in the card.
    sexes, n
        Counted in the sample sheet; where the sheet lies inside the data file it is not known before retrieval.
    serves
        Roles of its contrasts, and ``sex`` where both sexes are there.
    verified
        Whether its facts were read in a public source.
    file, quirk
        Of accessions without a card: what to look for, and what bites.
    """

    id: str
    organism: str
    tissue: str
    compartment: str
    assay: str
    sexes: str
    n: str
    serves: tuple[str, ...]
    licence: str
    verified: bool
    title: str
    file: str = ""
    quirk: str = ""


def list_cards(folder: Path) -> tuple[list[Entry], list[Problem]]:
    """Data sets of a folder that have a card.

    Parameters
    ----------
    folder
        With a folder per data set.

    Returns
    -------
    Entries by id, and the problems of cards that cannot be shown.
    """
    entries, problems = [], []
    for path in sorted(folder.glob("*/card.yaml")):
        name = path.parent.name
        card, sheet, found = load_dataset(name, folder, Path(), str(folder), 2)
        if card is None:
            problems += found
        else:
            entries.append(_entry(card, sheet))
    return entries, problems


def list_leads(carded: set[str]) -> list[Entry]:
    """Accessions of ``resources/catalogue.tsv``; what is carded in another form (published results) stays listed.

    Parameters
    ----------
    carded
        Ids of data sets that have a card with sample values.
    """
    from sevaxis.base.resources import load_table

    return [
        Entry(
            row.accession,
            row.organism,
            row.tissue,
            "",
            "",
            row.sexes,
            row.n,
            (row.question,),
            "",
            row.verified == "yes",
            row.title,
            row.file,
            row.quirk,
        )
        for row in load_table("catalogue").itertuples()
        if row.accession.lower() not in carded
    ]


def select(entries: list[Entry], *, organism: str | None = None, question: str | None = None) -> list[Entry]:
    """Entries of an organism that serve a question (or have contrasts of a role).

    Raises
    ------
    Problems
        Nobody asks such a question.
    """
    known = set(QUESTIONS) | {role for entry in entries for role in entry.serves}
    if question is not None and question not in known:
        what, hint = f"There is no question '{question}'", nearest(question, known)
        refuse(what, where="--question", found=question, allowed=", ".join(sorted(known)), hint=hint)
    wanted = {question} | QUESTIONS.get(question or "", set())
    return [
        entry
        for entry in entries
        if organism in (None, entry.organism) and (question in (None, "axis") or wanted & set(entry.serves))
    ]


def _entry(card: Card, sheet_path: Path | None) -> Entry:
    facts: list[SampleFacts] | None = None
    if sheet_path is not None:
        sheet, _ = load_sheet(sheet_path, str(sheet_path))
        facts = facts_of(sheet, card) if sheet is not None else None
    sexes, n = _samples(card, facts)
    roles = dict.fromkeys(contrast.role for contrast in card.contrasts)
    counted = "female" in sexes and "male" in sexes.replace("female", "")
    both = counted or (facts is None and card.columns.sex is not None)
    serves = (*roles, *(["sex"] if both and "sex" not in roles else []))
    return Entry(
        card.id, card.organism, card.tissue, card.compartment, card.assay, sexes, n, serves, card.licence,
        card.verified, card.title,
    )  # fmt: skip


def _samples(card: Card, facts: list[SampleFacts] | None) -> tuple[str, str]:
    """Sexes and number of samples, as text."""
    if facts is not None:
        counts = Counter(fact.sex or "unknown" for fact in facts)
        told = [f"{sex} {counts[sex]}" for sex in ("female", "male", "unknown") if counts[sex]]
        return ", ".join(told), str(len(facts))
    if card.assay == "effects":
        strata = {contrast.stratum for contrast in card.contrasts} - {"all"}
        return " and ".join(sorted(strata)) or "not stated", "published"
    column = f"in column '{card.columns.sex}' of the file" if card.columns.sex else card.sex or "not stated"
    return column, "in the file"


def tell(entries: list[Entry]) -> list[str]:
    """The entries as a table of text, columns aligned, the title at the end."""
    rows = [
        (
            "id",
            "organism",
            "tissue",
            "compartment",
            "assay",
            "n",
            "sexes",
            "serves",
            "verified",
            "licence",
            "title",
        )
    ]
    for entry in entries:
        rows.append((
            entry.id, entry.organism, entry.tissue, entry.compartment, entry.assay, entry.n, entry.sexes,
            ", ".join(entry.serves), "yes" if entry.verified else "no", entry.licence, entry.title,
        ))  # fmt: skip
    return _aligned(rows)


def tell_leads(entries: list[Entry]) -> list[str]:
    """Accessions without a card as a table of text."""
    rows = [("accession", "organism", "tissue", "n", "sexes", "serves", "verified", "title", "file", "mind")]
    for e in entries:
        verified = "yes" if e.verified else "no"
        rows.append(
            (
                e.id,
                e.organism,
                e.tissue,
                e.n,
                e.sexes,
                ", ".join(e.serves),
                verified,
                e.title,
                e.file,
                e.quirk,
            )
        )
    return _aligned(rows)


def _aligned(rows: Sequence[tuple[str, ...]], most: int = 42) -> list[str]:
    cut = [
        [cell if len(cell) <= most else cell[: most - 3] + "..." for cell in row[:-1]] + [row[-1]]
        for row in rows
    ]
    widths = [max(len(row[i]) for row in cut) for i in range(len(rows[0]) - 1)]
    return [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in cut
    ]
