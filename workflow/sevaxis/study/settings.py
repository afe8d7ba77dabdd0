"""Parts of a study's configuration that jobs are handed: the axis, its hypotheses, thresholds, tables of genes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sevaxis.base.vocabulary import Assay, Compartment
from sevaxis.study.source import Model, Source, Text


class Hypothesis(Model):
    """Direction that the primary paper leads one to expect: a hypothesis, never a result."""

    gene: Text = Field(description="Human symbol, one of the axis genes.")
    tissue: Text = Field(description="As in the cards.")
    compartment: Compartment = Field(description="As in the cards.")
    assays: tuple[Assay, ...] = Field(
        min_length=1, description="Assays that it is about: RNA may differ from protein."
    )
    direction: Literal["up", "down", "unchanged"] = Field(description="Expected under overtraining.")
    basis: Text = Field(description="Where the expectation comes from.")


class Axis(Model):
    """The genes that the study is about, reported in every data set whatever their status."""

    genes: tuple[Text, ...] = Field(
        ("FBXO2", "SORBS3", "FLOT1", "CD63"),
        min_length=1,
        description="Human symbols; also the family of Holm's tests.",
    )
    hypotheses: tuple[Hypothesis, ...] = Field(
        (), description="Expected directions that the report compares with."
    )


class Thresholds(Model):
    """Numbers that decide wording, never estimates."""

    fdr: float = Field(
        0.05, gt=0, lt=1, description="Benjamini-Hochberg q below which a feature counts as changed."
    )
    alpha: float = Field(0.05, gt=0, lt=1, description="Level of tests and of the minimum detectable effect.")
    power: float = Field(0.8, gt=0, lt=1, description="Power of the minimum detectable effect.")
    smallest_effect: float = Field(
        0.585, gt=0, description="Smallest log2 fold change of interest; 0.585 is 1.5-fold."
    )
    min_per_group: int = Field(2, ge=2, description="Fewest samples of a group in a contrast.")
    min_mapped: float = Field(
        0.3,
        ge=0,
        le=1,
        description="Share of tested features whose gene must be known, else there is a warning.",
    )


class Orthologs(Source):
    """Ortholog table of one organism."""

    reader: Literal["hcop", "table"] = Field(
        "hcop", description="hcop: an R data frame of HGNC's HCOP; table: tab-separated, same column names."
    )


class IdentifierTable(Source):
    """A table of identifiers."""

    reader: Literal["hgnc", "mgi", "rgd", "accessions"] = Field(
        "accessions",
        description="hgnc, mgi, rgd: a registry of genes; accessions: an R data frame or a tab-separated table whose "
        "columns are named by what they hold (symbol, ensembl, product, uniprot, refseq, entrez, registry).",
    )


class IdentifierTables(Model):
    """Tables of identifiers by organism, the most trusted first; the first is the registry of current symbols."""

    human: tuple[IdentifierTable, ...] = Field((), description="Of human genes.")
    mouse: tuple[IdentifierTable, ...] = Field((), description="Of mouse genes.")
    rat: tuple[IdentifierTable, ...] = Field((), description="Of rat genes.")
    others: dict[Text, tuple[IdentifierTable, ...]] = Field(
        default_factory=dict,
        description="Species -> its UniProt accessions, so that proteins of serum or feed are named and kept out.",
    )

    def of(self, organism: str) -> tuple[IdentifierTable, ...]:
        """Tables of one of our organisms."""
        return tuple(getattr(self, organism))

    @property
    def organisms(self) -> tuple[str, ...]:
        """Organisms that have a table."""
        return tuple(name for name in ("human", "mouse", "rat") if self.of(name))

    @property
    def sources(self) -> tuple[IdentifierTable, ...]:
        """Every table once, in the order of the file."""
        every = [table for name in self.organisms for table in self.of(name)]
        every += [table for tables in self.others.values() for table in tables]
        return tuple(dict.fromkeys(every))
