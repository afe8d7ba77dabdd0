"""What is true of a made table, and what must be asked about it: the draft is held against this."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np


@dataclass
class Sample:
    """One column of a made table.

    Attributes
    ----------
    name
        As the table calls it.
    factors
        Factor -> level; empty for what is no sample.
    sex
        female, male, or empty where the files do not tell it.
    subject, batch
        Empty where the files do not tell them.
    kind
        ``sample``, or ``qc`` for what belongs to no group.
    """

    name: str
    factors: dict[str, str]
    sex: str = ""
    subject: str = ""
    batch: str = ""
    kind: str = "sample"

    @property
    def group(self) -> tuple[str, ...]:
        """Its levels, in the order of the factors."""
        return tuple(self.factors.values())


@dataclass
class Truth:
    """Everything that a draft of the files could get wrong.

    Attributes
    ----------
    organism, tissue, compartment, assay
        Words of the card. Empty: the files do not tell it, any answer is a guess. None: not judged.
    scale
        What the file holds, as a card says it; empty where no card can say it and the draft has to ask or refuse.
    samples
        Columns of values, those of no group among them.
    values
        Samples x features as the matrix room must hold them: counts, or log2 with NaN for what is missing.
    features
        Names of each feature, any of which may stand in the matrix.
    human
        Human symbol of each feature whose gene the project knows, else empty.
    never
        Names of rows that are no features: decoys, contaminants, summaries.
    references
        Factor -> level that the others are compared with; None where nothing tells it.
    roles
        Level -> roles that fit its comparison with the reference.
    also
        Further comparisons (case, reference) -> roles.
    effects
        Contrasts of a published table: several names of one -> values by layer.
    stratum
        Contrast of a published table -> whom it is about.
    must_ask
        Facts that the files leave open; a draft that decides them is wrong even where it is lucky.
    """

    organism: str
    tissue: str | None = "liver"
    compartment: str | None = "tissue"
    assay: str = "rna_counts"
    scale: str = "counts"
    samples: list[Sample] = field(default_factory=list)
    values: np.ndarray | None = None
    features: list[set[str]] = field(default_factory=list)
    human: list[str] = field(default_factory=list)
    never: set[str] = field(default_factory=set)
    zero_is_missing: bool = False
    references: dict[str, str | None] = field(default_factory=dict)
    roles: dict[str, set[str]] = field(default_factory=dict)
    also: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    effects: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    effect_roles: dict[str, set[str]] = field(default_factory=dict)
    stratum: dict[str, str] = field(default_factory=dict)
    must_ask: set[str] = field(default_factory=set)

    @property
    def real(self) -> list[int]:
        """Positions of the samples that belong to a group."""
        return [i for i, sample in enumerate(self.samples) if sample.kind == "sample"]


@dataclass
class Case:
    """Files, what to type, and what is true of them.

    Attributes
    ----------
    name
        Family and number.
    what
        Its levels, for the list of failures.
    area
        Whose work a failure is: counts, proteins, samples, identifiers.
    write
        Makes the files in a folder; returns the arguments of ``sevaxis add`` and the truth.
    """

    name: str
    what: dict[str, str]
    area: str
    write: object


@dataclass
class Written:
    """Files of a case, on disk."""

    wanted: list[Path]
    truth: Truth
    sheets: list[Path] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
