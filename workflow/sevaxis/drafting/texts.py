"""The draft as text: card.yaml in the style of the cards at hand, and samples.tsv."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from sevaxis.base.vocabulary import Stratum
from sevaxis.drafting.contrasts import Proposal
from sevaxis.drafting.facts import Facts

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

SCHEMA = "# yaml-language-server: $schema=../../../workflow/schemas/card.schema.json"
STANDARD = ("sample", "group", "sex", "subject", "batch", "replicate_of")


@dataclass
class Draft:
    """Everything that a card will say.

    Attributes
    ----------
    id, title, accession, citation, licence, homepage, organism, tissue, compartment, assay, values, notes, join
        As in a card.
    files
        One dictionary per file, as in a card.
    contrasts
        Proposed contrasts; for published results each with its file.
    sheet
        samples.tsv, None for published results.
    sex
        Declared sex of all samples, where no column says it.
    sex_labels
        Labels of sex and what they mean, or a question.
    asked_columns
        Key of ``columns`` -> what the user must decide about it; empty where it is left out meanwhile.
    exclude
        Sample -> why it is left out.
    evidence
        One sentence by the key that it is about.
    preview
        First lines of what was read, as they are shown.
    excerpts
        Large files of which the first rows were read.
    """

    id: str
    title: str = ""
    accession: str = ""
    citation: str = ""
    licence: str = ""
    homepage: str = ""
    organism: str = ""
    tissue: str = ""
    compartment: str = ""
    assay: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    notes: str = ""
    join: str = ""
    files: list[dict[str, Any]] = field(default_factory=list)
    contrasts: list[tuple[Proposal, str]] = field(default_factory=list)
    sheet: pd.DataFrame | None = None
    sex: str = ""
    sex_labels: dict[str, str] = field(default_factory=dict)
    asked_columns: dict[str, str] = field(default_factory=dict)
    exclude: dict[str, str] = field(default_factory=dict)
    evidence: dict[str, str] = field(default_factory=dict)
    preview: list[str] = field(default_factory=list)
    excerpts: list[str] = field(default_factory=list)

    def note(self, path: Path, sentence: str) -> None:
        """Say something of a file, or once of all that bear its name."""
        said = self.evidence.get(key := f"file {path.name}", "")
        if sentence not in said:
            self.evidence[key] = f"{said}; {sentence}" if said else sentence

    def take(self, facts: Facts) -> None:
        """Say what was proposed, with its evidence."""
        self.assay, self.values = facts.assay, facts.values
        self.organism, self.tissue, self.compartment = facts.organism, facts.tissue, facts.compartment
        self.evidence |= facts.evidence


def card_text(draft: Draft) -> str:
    """The card, with the evidence for each proposal as a comment beside it."""
    lines = [
        SCHEMA,
        "# Drafted by `sevaxis add`: every line is a proposal; the comments say what it rests on.",
    ]
    for key in ("id", "title", "accession", "citation", "licence", "homepage"):
        if value := getattr(draft, key):
            lines.append(_line(key, value, draft.evidence.get(key)))
    for key in ("organism", "tissue", "compartment", "assay"):
        lines.append(_line(key, str(getattr(draft, key)), draft.evidence.get(key)))
    if draft.notes:
        lines += ["notes: >-", *(f"  {line}" for line in _fold(draft.notes))]
    lines += ["", "files:"]
    for file in draft.files:
        lines += _file_lines(file)
    if draft.join:
        lines.append(_line("join", draft.join, draft.evidence.get("join")))
    if draft.sheet is not None:
        columns = {name: name for name in STANDARD if name in draft.sheet} | draft.asked_columns
        columns = {name: column for name, column in columns.items() if column}
        lines += [
            "",
            *(f"# {key}: {_plain(draft.evidence[key])}" for key in STANDARD if key in draft.evidence),
        ]
        lines.append(f"columns: {_flow(columns)}")
        if draft.sex_labels:
            lines.append(f"sex_labels: {_flow(draft.sex_labels)}")
        if draft.sex:
            lines.append(_line("sex", draft.sex, draft.evidence.get("sex")))
        if draft.exclude:
            lines.append(f"exclude: {_flow(draft.exclude)}")
    if draft.values:
        lines += [
            f"# {_plain(draft.evidence[key])}" for key in ("values", "normalise") if key in draft.evidence
        ]
        lines.append(f"values: {_flow(draft.values)}")
    lines += ["", "contrasts:"]
    last = None
    for proposal, file in draft.contrasts:
        if proposal.why and proposal.why != last:
            lines.append(f"  # {_plain(proposal.why)}")
            last = proposal.why
        entry: dict[str, Any] = {"name": proposal.name, "role": str(proposal.role)}
        if file:
            entry["file"] = file
            if proposal.case:
                entry["label"] = f"{proposal.case} v {proposal.reference}"
            if proposal.stratum not in ("", Stratum.ALL):
                entry["stratum"] = proposal.stratum
        elif proposal.weights:
            entry["weights"] = proposal.weights
        else:
            entry |= {"case": proposal.case, "reference": proposal.reference}
        lines.append(f"  - {_flow(entry)}")
    return "\n".join(lines) + "\n"


def sheet_text(sheet: pd.DataFrame) -> str:
    """The sample sheet: a row per sample, tabs between cells."""
    rows = [list(sheet.columns), *sheet.astype(str).to_numpy().tolist()]
    return "".join("\t".join(" ".join(str(cell).split()) for cell in row) + "\n" for row in rows)


def first_lines(adata: AnnData, rows: int = 3, columns: int = 5) -> list[str]:
    """The first cells of a matrix as it was read: features below each other, samples beside each other."""
    import numpy as np

    features, samples = adata.var_names[:rows].astype(str), adata.obs_names[:columns].astype(str)
    corner = np.asarray(adata.X[:columns, :rows], dtype=float)
    cells = [["", *(name[:16] for name in samples)]]
    cells += [[name[:24], *(f"{value:.6g}" for value in corner[:, i])] for i, name in enumerate(features)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    return [f"{adata.n_vars:,} features x {adata.n_obs:,} samples, the first of them:", *lines]


def _line(key: str, value: Any, why: str | None = None) -> str:
    line = f"{key}: {_scalar(value)}"
    return f"{line}{' ' * max(2, 34 - len(line))}# {_plain(why)}" if why else line


def _file_lines(file: dict[str, Any]) -> list[str]:
    keys = ("name", "url", "path", "sha256", "bytes", "reader", "content", "sample", "options")
    lines = []
    for key in keys:
        if file.get(key) in (None, "", {}):
            continue
        value = file[key]
        if key == "options" and len(_flow(value)) > 90:
            body = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100).splitlines()
            lines += ["    options:", *(f"      {line}" for line in body)]
        else:
            lines.append(f"    {key}: {_flow(value) if isinstance(value, dict) else _scalar(value)}")
    return ["  - " + lines[0].strip(), *lines[1:]]


def _scalar(value: Any) -> str:
    text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=10**6, default_flow_style=True)
    return text.removesuffix("...\n").strip()


def _flow(value: dict[str, Any]) -> str:
    """A mapping on one line; numbers as people write them."""
    tidy = {
        key: {k: int(v) if isinstance(v, float) and v.is_integer() else v for k, v in item.items()}
        if key == "weights"
        else item
        for key, item in value.items()
    }
    return _scalar(tidy)


def _plain(text: str | None) -> str:
    """A comment on one line, without characters that could end it."""
    return re.sub(r"[\x00-\x1f\x7f\u2028\u2029\x85]+", " ", text or "").strip()


def _fold(text: str, width: int = 110) -> list[str]:
    import textwrap

    return textwrap.wrap(" ".join(text.split()), width)
