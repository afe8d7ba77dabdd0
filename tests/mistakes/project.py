"""A small study without a fault, which each mistake spoils in one place."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml

#: Axis genes, sex genes, and others that are there.
GENES = [
    "FBXO2",
    "SORBS3",
    "FLOT1",
    "CD63",
    "XIST",
    "RPS4Y1",
    "DDX3Y",
    "KDM5D",
    "EIF1AY",
    "USP9Y",
    "UTY",
    "ZFY",
    "ACTA1",
    "ACTB",
    "ALB",
    "APOA1",
    "APOB",
    "ATP2A1",
    "CKM",
    "COL1A1",
    "COL3A1",
    "CS",
    "DES",
    "DMD",
    "EEF1A1",
    "ENO3",
    "FGF21",
    "FN1",
    "GAPDH",
    "GDF15",
    "HBA1",
    "HBB",
    "HSPA1A",
    "IGF1",
    "IL6",
    "LDHA",
    "LDHB",
    "LEP",
    "LMNA",
    "MB",
    "MSTN",
    "MYH1",
    "MYH2",
    "MYH7",
    "MYOD1",
    "MYOG",
    "NDUFA4",
    "PGK1",
    "PKM",
    "PPARGC1A",
    "PVALB",
    "RPL3",
    "RPS6",
    "SDHA",
    "TGFB1",
    "TNNT1",
    "TNNT3",
    "TTN",
    "VIM",
    "VEGFA",
]
#: name, group, sex, batch, age
SAMPLES = [
    ("s1", "trained", "F", "1", "24"),
    ("s2", "trained", "M", "2", "31"),
    ("s3", "trained", "F", "2", "28"),
    ("s4", "trained", "M", "1", "35"),
    ("s5", "control", "F", "1", "26"),
    ("s6", "control", "M", "2", "22"),
    ("s7", "control", "F", "2", "33"),
    ("s8", "control", "M", "1", "29"),
]
NAMES = [sample[0] for sample in SAMPLES]
ID = "mine"
CARD, SHEET, CONFIG = (
    f"config/datasets/{ID}/card.yaml",
    f"config/datasets/{ID}/samples.tsv",
    "config/config.yaml",
)
MATRIX = "counts.tsv"


def counts() -> np.ndarray:
    """Genes x samples: reads of a library each, with the sexes that the sheet declares."""
    rng = np.random.default_rng(5)
    values = rng.negative_binomial(10, 0.0005, (len(GENES), len(SAMPLES)))
    for column, sample in enumerate(SAMPLES):
        for row, gene in enumerate(GENES):
            if gene == "XIST":
                values[row, column] = 9000 + column if sample[2] == "F" else 0
            elif gene in ("RPS4Y1", "DDX3Y", "KDM5D", "EIF1AY", "USP9Y", "UTY", "ZFY"):
                values[row, column] = 0 if sample[2] == "F" else 5000 + 10 * row + column
    return values


COUNTS = counts()


def table(
    values: np.ndarray | None = None,
    names: list[str] = NAMES,
    genes: list[str] = GENES,
    separator: str = "\t",
) -> str:
    """Text of a table, a row for each gene."""
    values = COUNTS if values is None else values
    lines = [separator.join(["gene", *names])]
    lines += [
        separator.join([gene, *map(str, row)]) for gene, row in zip(genes, values.tolist(), strict=True)
    ]
    return "\n".join(lines) + "\n"


def sheet() -> list[list[str]]:
    """Cells of the sample sheet, the header first."""
    return [["sample", "group", "sex", "batch", "age"], *map(list, SAMPLES)]


def card() -> dict[str, Any]:
    """The card of counts."""
    return {
        "id": ID,
        "title": "Muscles of people who trained",
        "citation": "nobody yet",
        "licence": "own",
        "organism": "human",
        "tissue": "muscle",
        "compartment": "tissue",
        "assay": "rna_counts",
        "files": [
            {"name": MATRIX, "path": MATRIX, "reader": "delimited", "options": {"identifier": "symbol"}}
        ],
        "columns": {"sample": "sample", "group": "group", "sex": "sex", "batch": "batch"},
        "contrasts": [{"name": "effect", "role": "training", "case": "trained", "reference": "control"}],
    }


def settings() -> dict[str, Any]:
    """The configuration."""
    return {
        "name": "study",
        "title": "A study",
        "datasets": [ID],
        "axis": {
            "genes": ["FBXO2", "SORBS3", "FLOT1", "CD63"],
            "hypotheses": [
                {"gene": "FBXO2", "tissue": "muscle", "compartment": "tissue", "assays": ["rna_counts"],
                 "direction": "up", "basis": "a paper"}
            ],
        },
        "thresholds": {"fdr": 0.05, "alpha": 0.05},
    }  # fmt: skip


@dataclass
class Project:
    """The study as values; a mistake changes them before they are written.

    Attributes
    ----------
    card, settings
        Content of the card and of the configuration.
    sheet
        Cells of the sample sheet.
    files
        Path -> text or bytes of further files; None for a folder. They are written last, and so can replace the others.
    edits
        Path -> change of its text once it is written.
    """

    card: dict[str, Any] = field(default_factory=card)
    settings: dict[str, Any] = field(default_factory=settings)
    sheet: list[list[str]] = field(default_factory=sheet)
    files: dict[str, str | bytes | None] = field(default_factory=lambda: {MATRIX: table()})
    edits: dict[str, Callable[[str], str]] = field(default_factory=dict)

    def write(self, root: Path) -> None:
        """Write the files into a folder."""
        texts: dict[str, str | bytes | None] = {
            CARD: yaml.safe_dump(copy.deepcopy(self.card), sort_keys=False),
            CONFIG: yaml.safe_dump(copy.deepcopy(self.settings), sort_keys=False),
            SHEET: "\n".join("\t".join(row) for row in self.sheet) + "\n",
            **self.files,
        }
        for path, edit in self.edits.items():
            texts[path] = edit(str(texts[path]))
        for path, content in texts.items():
            place = root / path
            if content is None:
                place.mkdir(parents=True)
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content if isinstance(content, bytes) else content.encode())

    def file(self) -> dict[str, Any]:
        """The first file of the card."""
        return self.card["files"][0]

    def contrast(self) -> dict[str, Any]:
        """The contrast of the card."""
        return self.card["contrasts"][0]

    def cell(self, row: int, column: str, value: str) -> None:
        """Change a cell of the sheet; row 1 is the first sample."""
        self.sheet[row][self.sheet[0].index(column)] = value

    def column(self, name: str, cells: list[str]) -> None:
        """Add a column to the sheet."""
        for row, cell in zip(self.sheet, [name, *cells], strict=True):
            row.append(cell)

    def holds(
        self, content: str | bytes, name: str = MATRIX, reader: str = "delimited", **options: Any
    ) -> None:
        """Let the card's file be another one."""
        self.files.pop(MATRIX, None)
        self.files[name] = content
        self.card["files"] = [{"name": name, "path": name, "reader": reader, "options": options}]
