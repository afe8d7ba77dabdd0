"""Genes and proteins that are known by hand: the small tables of ``resources/``, ready to be looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sevaxis.base.resources import load_table
from sevaxis.base.vocabulary import Namespace, Organism
from sevaxis.genes.gene_table import decide_names

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

#: Columns of the lookup tables (:func:`sevaxis.genes.lookup.lookup_table`).
LOOKUP = ("namespace", "key", "symbol", "ensembl", "entrez", "former", "genes", "species", "origin")


def known_genes(organism: str) -> pd.DataFrame:
    """Identifiers of the panels' genes in one organism, ``;``-joined cells as they are; ``symbols`` has the aliases."""
    table = load_table("identifiers")
    table = table[table["organism"] == organism].replace("", None)
    aliases = table["symbol"].str.cat(table["aliases"], sep=";", na_rep="").str.strip(";")
    ortholog_type = "same_species" if organism == Organism.HUMAN else "one2one"
    return table.assign(ortholog_type=ortholog_type, symbols=aliases)


def panel_lookup(organism: str) -> pl.DataFrame:
    """The panels' genes in the form of a gene table: whole identifiers, current symbols, aliases as former ones.

    Of the accessions of ``resources/accessions.tsv`` those are taken that the table made by hand does not have.
    """
    import polars as pl

    hand = known_genes(organism).drop(columns="symbols")
    more = load_table("accessions")
    more = more[more["organism"] == organism].replace("", None).set_index("human_symbol")
    for column in ("uniprot", "refseq"):
        others = hand["human_symbol"].map(more[column])
        hand[column] = hand[column].str.cat(others, sep=";", na_rep="").str.strip(";").replace("", None)
    hand["registry"] = hand["human_symbol"].map(more["registry"])
    table = pl.from_pandas(hand.astype("object"))
    table = table.with_columns(pl.all().cast(pl.String))
    first = {name: pl.col(name).str.split(";").list.first() for name in ("ensembl", "entrez")}
    parts = []
    for column, namespace in (
        ("symbol", Namespace.SYMBOL), ("aliases", Namespace.SYMBOL), ("ensembl", Namespace.ENSEMBL),
        ("entrez", Namespace.ENTREZ), ("uniprot", Namespace.UNIPROT), ("refseq", Namespace.REFSEQ),
        ("rgd", Namespace.REGISTRY), ("registry", Namespace.REGISTRY),
    ):  # fmt: skip
        keys = table.select(key=pl.col(column).str.split(";"), symbol="symbol", **first).explode("key")
        if column == "rgd":
            keys = keys.with_columns(key=pl.lit("RGD:") + pl.col("key"))
        parts.append(keys.with_columns(namespace=pl.lit(str(namespace)), former=pl.lit(column == "aliases")))
    empty = {name: pl.lit(None, pl.String) for name in ("genes", "species")}
    rows = pl.concat(parts).filter(pl.col("key").is_not_null() & (pl.col("key") != ""))
    return rows.with_columns(**empty, origin=pl.lit("identifiers")).select(LOOKUP)


def human_symbols() -> pl.DataFrame:
    """Symbols of all human genes, with former symbols and aliases, in the form of a gene table."""
    import polars as pl

    table = pl.from_pandas(load_table("human_symbols").astype("object")).with_columns(
        pl.all().cast(pl.String)
    )
    current = table.select(key="symbol", symbol="symbol", former=pl.lit(False))
    names = pl.concat(
        [
            table.select(
                key=pl.col(column).str.split("|"), symbol="symbol", alias=pl.lit(column == "aliases")
            )
            for column in ("previous", "aliases")
        ]
    )
    names = names.explode("key").filter(pl.col("key") != "", ~pl.col("key").is_in(current["key"].implode()))
    former = decide_names(names.with_columns(source=pl.lit(""))).select("key", "symbol", "former", "genes")
    empty = {name: pl.lit(None, pl.String) for name in ("ensembl", "entrez", "species")}
    rows = pl.concat([current.with_columns(genes=pl.lit(None, pl.String)), former])
    return rows.with_columns(
        **empty, namespace=pl.lit(str(Namespace.SYMBOL)), origin=pl.lit("human symbols")
    ).select(LOOKUP)


def entry_names() -> pd.DataFrame:
    """Human genes by the first part of UniProt entry names, which orthologs share: FLOT1_HUMAN, FLOT1_MOUSE."""
    return load_table("entry_names")


def protein_names(organism: str) -> pd.DataFrame:
    """Human genes by the names of their proteins; no row for other organisms, whose proteins bear the same names."""
    table = load_table("protein_names").rename(columns={"protein_name": Namespace.NAME.value})
    return table.assign(ortholog_type="same_species")[: len(table) if organism == Organism.HUMAN else 0]
