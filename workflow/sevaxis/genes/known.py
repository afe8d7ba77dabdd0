"""Genes and proteins that are known by hand: the small tables of ``resources/``, ready to be looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sevaxis.base.resources import load_table
from sevaxis.base.vocabulary import Namespace, Organism

if TYPE_CHECKING:
    import pandas as pd


def known_genes(organism: str) -> pd.DataFrame:
    """Identifiers of the panels' genes in one organism, ``;``-joined cells as they are; ``symbols`` has the aliases."""
    table = load_table("identifiers")
    table = table[table["organism"] == organism].replace("", None)
    aliases = table["symbol"].str.cat(table["aliases"], sep=";", na_rep="").str.strip(";")
    ortholog_type = "same_species" if organism == Organism.HUMAN else "one2one"
    return table.assign(ortholog_type=ortholog_type, symbols=aliases)


def protein_names(organism: str) -> pd.DataFrame:
    """Human genes by the names of their proteins; no row for other organisms, whose proteins bear the same names."""
    table = load_table("protein_names").rename(columns={"protein_name": Namespace.NAME.value})
    return table.assign(ortholog_type="same_species")[: len(table) if organism == Organism.HUMAN else 0]
