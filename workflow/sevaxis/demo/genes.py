"""Genes of the demo: the real ones that the study is about, and made-up ones around them.

Real genes (panels, sex markers) carry their real identifiers, so that the demo exercises the same mapping as real
data do. All others are made up and look it: symbol ``Sim0042``, identifier ``SIMMUSG00000000042``, human ortholog
``SIM0042``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sevaxis.base.resources import load_table

#: Made-up genes in the ortholog table: as many as the largest data set may ask for.
N_MADE_UP = 3000

#: Every 12th made-up mouse gene has no human ortholog, every 40th has two.
NO_ORTHOLOG, TWO_ORTHOLOGS = 12, 40


def mouse_genes(count: int, *, proteins: bool = False) -> pd.DataFrame:
    """Genes of the simulated mice.

    Parameters
    ----------
    count
        How many, the real ones included.
    proteins
        Index by UniProt accession (a made-up one where none is known) and leave out the sex markers.

    Returns
    -------
    Index: Ensembl identifiers or accessions. Columns, among others: ``symbol``, ``human_symbol``, ``chromosome`` (X and
    Y for sex markers, empty otherwise), ``named`` (real), and for proteins ``accessions`` (up to three of the protein
    group, joined by ``;``).
    """
    real = _panel_genes("mouse")
    markers = _sex_markers("mouse")
    real = pd.concat([real[~real["ensembl"].isin(markers["ensembl"])], markers])
    real = real[real["chromosome"].eq("")] if proteins else real[real["ensembl"].ne("")]
    numbers = np.arange(1, count - len(real) + 1)
    simulated = pd.DataFrame(
        {
            "ensembl": [f"SIMMUSG{number:011d}" for number in numbers],
            "symbol": [f"Sim{number:04d}" for number in numbers],
            "human_symbol": [next(iter(human_symbols(number)), "") for number in numbers],
            "uniprot": "",
            "chromosome": "",
        }
    )
    return _indexed(real, simulated, proteins)


def human_genes(count: int) -> pd.DataFrame:
    """Proteins of the simulated people; as :func:`mouse_genes` with ``proteins``."""
    real = _panel_genes("human")
    numbers = range(1, count - len(real) + 1)
    simulated = pd.DataFrame(
        {"symbol": [f"SIM{number:04d}" for number in numbers], "uniprot": "", "chromosome": ""}
    )
    return _indexed(real, simulated.assign(human_symbol=simulated["symbol"]), proteins=True)


def orthologs() -> pd.DataFrame:
    """The demo's mouse-human ortholog table, the content of resources/demo/orthologs.tsv, in HCOP's columns.

    Real genes come from the study's own table of identifiers; a made-up gene may have no ortholog, one or two.
    """
    human = _panel_genes("human").set_index("human_symbol")
    mouse = _panel_genes("mouse")
    real = pd.DataFrame(
        {
            "human_symbol": mouse["human_symbol"],
            "mouse_symbol": mouse["symbol"],
            "human_ensembl": mouse["human_symbol"].map(human["ensembl"]),
            "mouse_ensembl": mouse["ensembl"],
            "human_entrez": mouse["human_symbol"].map(human["entrez"]),
            "mouse_entrez": mouse["entrez"],
            "support": "HCOP",
        }
    )
    simulated = pd.DataFrame(
        [
            (
                human_symbol,
                f"Sim{number:04d}",
                f"SIMG{number:011d}{human_symbol[7:]}",
                f"SIMMUSG{number:011d}",
                "",
                "",
                "simulated",
            )
            for number in range(1, N_MADE_UP + 1)
            for human_symbol in human_symbols(number)
        ],
        columns=real.columns,
    )
    return pd.concat([real, simulated], ignore_index=True)


def human_symbols(number: int) -> list[str]:
    """Human orthologs of a made-up mouse gene."""
    if number % NO_ORTHOLOG == 0:
        return []
    return [f"SIM{number:04d}"] + ([f"SIM{number:04d}B"] if number % TWO_ORTHOLOGS == 0 else [])


def _panel_genes(organism: str) -> pd.DataFrame:
    table = load_table("identifiers").astype(str)
    table = table[table["organism"].eq(organism)]
    # a gene with a second Ensembl identifier is simulated under its first
    return table.assign(chromosome="", ensembl=table["ensembl"].str.split(";").str[0])


def _sex_markers(organism: str) -> pd.DataFrame:
    table = load_table("sex_markers").astype(str)
    table = table[table["organism"].eq(organism)]
    return table.assign(uniprot="", human_symbol="")


def _indexed(real: pd.DataFrame, simulated: pd.DataFrame, proteins: bool) -> pd.DataFrame:
    genes = pd.concat([real.assign(named=True), simulated.assign(named=False)], ignore_index=True)
    if proteins:
        made_up = pd.Series([f"SIMP{number:05d}" for number in range(1, len(genes) + 1)])
        groups = genes["uniprot"].where(genes["uniprot"].ne(""), made_up).str.split(";")
        genes["accessions"] = groups.str[:3].str.join(";")
        genes.index = pd.Index(groups.str[0], name="feature_id")
    else:
        genes.index = pd.Index(genes["ensembl"], name="feature_id")
    if genes.index.has_duplicates:
        raise ValueError(
            f"two simulated features with one name: {genes.index[genes.index.duplicated()].tolist()}"
        )
    return genes
