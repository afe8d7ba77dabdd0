"""Tissue and compartment, proposed from words and marker genes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from sevaxis.base.resources import load_table
from sevaxis.base.vocabulary import Assay, Organism
from sevaxis.drafting.facts import Facts, Texts
from sevaxis.drafting.words import CELL_LINES, CELL_TEXT, DISEASED, TISSUES, VESICLE_TEXT, find
from sevaxis.genes.panels import load_panels
from sevaxis.study.validation import TODO, is_undecided

if TYPE_CHECKING:
    from anndata import AnnData

#: Results of fewer genes are a choice, among which no rank tells anything.
FEWEST_GENES = 5000
#: A marker gene counts as high above this share of all genes.
HIGH = 0.95
#: Tissue -> panels; the liver's plasma proteins are its own in RNA only: as proteins they are everywhere.
MARKERS = {"muscle": ("muscle",), "liver": ("hepatocyte", "contaminants_plasma")}


def propose_place(facts: Facts, adata: AnnData | None, texts: Texts) -> None:
    """Tissue and compartment from words; the tissue from its marker genes where no word says it.

    Of published results the marker genes are ranked by the mean abundances beside them.
    """
    _tissue_of_words(facts, texts)
    if not facts.tissue and adata is not None:
        _tissue_of_markers(facts, adata)
    if not facts.tissue:
        _ask_about_disease(facts, texts)
    if not facts.tissue:
        facts.tissue = (
            f"{TODO} muscle, liver, plasma, ...: where the samples, or the vesicles in them, come from"
        )
        facts.evidence["tissue"] = "no word and no marker genes tell it"
    _propose_compartment(facts, texts)


def _tissue_of_words(facts: Facts, texts: Texts) -> None:
    """The tissue that the most telling text names; asked where it names two of them equally often."""
    for where, text in texts.in_order():
        found = find(TISSUES, text)
        if not found:
            continue
        # a title may name the organ that the tissue is asked about: the word that stands most often decides
        often = {key: len(re.findall(TISSUES[key], text, re.IGNORECASE)) for key in found}
        first, *others = sorted(often, key=lambda key: -often[key])
        facts.tissue = first
        facts.evidence["tissue"] = f"{where} '{found[first][0]}'"
        rivals = [key for key in others if often[key] == often[first]]
        if rivals:
            facts.tissue = f"{TODO} {first} or {' or '.join(rivals)}"
            said = " and ".join(f"'{found[key][0]}'" for key in (first, *rivals))
            facts.evidence["tissue"] = f"{where} {said}"
        return


def _ask_about_disease(facts: Facts, texts: Texts) -> None:
    """The organ of a disease, as a question: plasma and muscle of the ill are measured, too."""
    for where, text in texts.in_order():
        for tissue, words in find(DISEASED, text).items():
            facts.tissue = f"{TODO} {tissue}; or muscle, plasma, ... of such patients or animals"
            facts.evidence["tissue"] = (
                f"{where} '{words[0]}', a disease of the {tissue}; no word names a tissue"
            )
            return


def _propose_compartment(facts: Facts, texts: Texts) -> None:
    """The first text that names vesicles or cells; then names of cell lines; blood without either is plasma.

    The name of a cell line is the weakest word: its vesicles are called by it, too.
    """
    of_sev = "plasma_sev" if facts.tissue == "plasma" else "sev"
    *strong, folder = texts.in_order()
    asked = [(CELL_TEXT, text) for text in (strong if facts.tissue == "plasma" else [*strong, folder])]
    asked += [(CELL_LINES, text) for text in (*strong, folder)]
    for cell_pattern, (where, text) in asked:
        vesicles, cells = find({"v": VESICLE_TEXT}, text), find({"c": cell_pattern}, text)
        if cells or (vesicles and cell_pattern == CELL_TEXT):
            said = next(iter((vesicles or cells).values()))[0]
            facts.compartment = of_sev if vesicles else "cells"
            facts.evidence["compartment"] = f"{where} '{said}'"
            return
    if facts.tissue == "plasma":
        facts.compartment, facts.evidence["compartment"] = "plasma", "plasma, and no word of vesicles"
    elif is_undecided(facts.tissue):
        facts.compartment = f"{TODO} tissue, cells, sev, plasma_sev or plasma"
        facts.evidence["compartment"] = "no word tells it"
    else:
        facts.compartment, facts.evidence["compartment"] = "tissue", "no word of vesicles, cells or plasma"


def _tissue_of_markers(facts: Facts, adata: AnnData) -> None:
    published = facts.assay == Assay.EFFECTS
    if facts.organism not in set(Organism) or (published and adata.n_vars < FEWEST_GENES):
        return
    abundance = adata.layers.get("mean_abundance") if published else adata.X
    if abundance is None or not np.isfinite(np.asarray(abundance, dtype=float)).any():
        return
    panels, known = load_panels(), load_table("identifiers")
    known = known[known["organism"] == facts.organism]
    values = np.asarray(abundance, dtype=float)
    lowest = np.nanmin(values) if published else 0.0  # their logarithms are below 0, too
    means = np.nan_to_num(values, nan=lowest, posinf=lowest, neginf=lowest).mean(axis=0)
    rank = np.argsort(np.argsort(means)) / max(1, len(means) - 1)
    names = np.asarray(adata.var_names.astype(str))
    columns = [
        names,
        *(adata.var[c].astype(str).to_numpy() for c in ("symbol", "ensembl", "uniprot") if c in adata.var),
    ]
    ensembl = np.asarray([str(name).startswith("ENS") for name in columns[0]])
    of_rna = facts.assay == Assay.RNA_COUNTS or (published and ensembl.mean() > 0.5)
    shares = {}
    for tissue, chosen in MARKERS.items():
        if tissue == "liver" and not of_rna:
            continue
        genes = known[known["human_symbol"].isin([gene for name in chosen for gene in panels[name]])]
        ids = {
            i
            for c in ("symbol", "ensembl", "uniprot", "entrez")
            for cell in genes[c]
            for i in cell.split(";")
            if i
        }
        rows = np.logical_or.reduce([np.isin(column, list(ids)) for column in columns])
        if rows.sum() >= 4:
            shares[tissue] = (float((rank[rows] > HIGH).mean()), int(rows.sum()))
    best = max(shares, key=lambda tissue: shares[tissue][0], default=None)
    if best is not None and shares[best][0] >= 0.6:
        facts.tissue = best
        facts.evidence["tissue"] = (
            f"{shares[best][0]:.0%} of {shares[best][1]} {best} markers are among the top 5 % of genes"
        )
