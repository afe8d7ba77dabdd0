"""Assay, scale, organism, tissue and compartment, proposed from values, identifiers and words."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sevaxis.drafting.formats import Recognised
from sevaxis.drafting.words import (
    CELL_LINES,
    CELL_TEXT,
    ORGANISMS,
    TISSUES,
    UNIPROT_SPECIES,
    VESICLE_TEXT,
    find,
)
from sevaxis.genes.identifiers import ENSEMBL_PREFIX, namespaces_of
from sevaxis.matrix.scales import check_scale, to_log2
from sevaxis.study.validation import TODO, is_undecided

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

#: Quantities that the programs have normalised themselves.
NORMALISED = {"LFQ intensity", "MaxLFQ Intensity", "PG.MaxLFQ"}
#: Sample medians (log2) that spread less than this were made equal before.
EQUAL_MEDIANS = 0.05
#: Fewer features than this are clinical measures, not omics.
FEWEST_FEATURES = 50
#: A marker gene counts as high above this share of all genes.
HIGH = 0.95
#: Tissue -> panels; the liver's plasma proteins are its own in RNA only: as proteins they are everywhere.
MARKERS = {"muscle": ("muscle",), "liver": ("hepatocyte", "contaminants_plasma")}


@dataclass
class Kind:
    """Proposed facts about a data set; values that begin with TODO are the user's to decide.

    ``evidence`` has one sentence for each, by the key of the card.
    """

    assay: str = ""
    values: dict[str, object] = field(default_factory=dict)
    organism: str = ""
    tissue: str = ""
    compartment: str = ""
    evidence: dict[str, str] = field(default_factory=dict)


@dataclass
class Texts:
    """Words about a data set, from the most to the least telling.

    Attributes
    ----------
    samples
        Cells of the annotation's columns about tissue, source and organism.
    title
        Title and summary of the record.
    names
        Names of files and of samples.
    folder
        Name of the files' folder: the weakest evidence.
    """

    samples: str = ""
    title: str = ""
    names: str = ""
    folder: str = ""

    def in_order(self) -> tuple[tuple[str, str], ...]:
        """Each text with how it is called."""
        return (
            ("the samples' annotation says", self.samples),
            ("the title or summary says", self.title),
            ("the names of files and samples say", self.names),
            ("the folder's name says", self.folder),
        )


def propose_assay(kind: Kind, adata: AnnData, recognised: Recognised) -> None:
    """What the numbers are, from the format and the numbers themselves."""
    values = np.asarray(adata.X, dtype=float)
    identifier = identifier_of_matrix(adata)
    words = f"{adata.n_vars:,} features named by {identifier or 'text'}"
    fits = {scale: _fits(values, scale) for scale in ("counts", "linear", "log2")}
    known = values[np.isfinite(values)]
    whole = bool(known.size) and bool(np.all(np.abs(known - np.rint(known)) < 1e-6))
    is_protein = identifier in ("uniprot", "protein RefSeq", "name", "UniProt entry")
    metabolites = any(
        "refmet" in str(name).lower() or str(name).lower() == "metabolite" for name in adata.var
    )
    if recognised.kind in ("protein", "ptm", "single_cell"):
        kind.assay, why = recognised.kind, f"a {recognised.format}"
    elif metabolites:
        kind.assay, why = (
            f"{TODO} these are metabolites, for which there is no assay: leave the data set out",
            "metabolites",
        )
    elif adata.n_vars < FEWEST_FEATURES:
        kind.assay = f"{TODO} only {adata.n_vars} features: protein, if these are proteins"
        why = words
    elif identifier == "site":
        kind.assay, why = "ptm", words
    elif is_protein:
        kind.assay, why = "protein", words
    elif recognised.kind == "array" or identifier == "probe":
        kind.assay, why = "array", words
    elif fits["counts"] is None and (whole or _looks_estimated(values)):
        kind.assay, why = "rna_counts", f"{'whole numbers' if whole else 'estimated reads'}, {words}"
    elif np.isnan(values).any() and fits["counts"] is not None and identifier != "entrez":
        kind.assay, why = (
            "protein",
            f"{np.isnan(values).mean():.0%} missing values, as in proteomics; {words}",
        )
    else:
        reason = fits["counts"] or "fractions"
        kind.assay = f"{TODO} array or protein; for RNA take the table of raw counts ({_inline(reason)})"
        why = words
    kind.evidence["assay"] = why
    _propose_scale(kind, values, recognised, fits)


def _propose_scale(
    kind: Kind, values: np.ndarray, recognised: Recognised, fits: dict[str, str | None]
) -> None:
    """Scale and normalisation, where the assay's defaults do not hold."""
    if kind.assay in ("rna_counts", "single_cell"):
        return
    largest = float(np.nanmax(values)) if np.isfinite(values).any() else np.nan
    scale = next((scale for scale in ("linear", "log2") if fits[scale] is None), None)
    zeros = float((values == 0).mean())
    if scale is None and fits["log2"] and "Zeros" in fits["log2"]:
        scale = "log2"
        kind.values["zero_is_missing"] = True
    if scale is None:
        kind.values["scale"] = f"{TODO} {_inline(fits['log2'] or fits['linear'] or '')}"
        return
    kind.values = {"scale": scale, **kind.values}
    if scale == "linear" and zeros:
        kind.values["zero_is_missing"] = True
    if kind.assay in ("protein", "ptm"):
        log2 = (
            to_log2(values)
            if scale == "linear"
            else np.where(values == 0, np.nan, values)
            if zeros
            else values
        )
        quantity = recognised.options.get(
            "quantity", "MaxLFQ Intensity" if recognised.reader == "fragpipe" else ""
        )
        with np.errstate(all="ignore"):
            medians = [np.nanmedian(row) for row in log2 if np.isfinite(row).any()]
        spread = float(np.std(medians)) if medians else 0.0
        done = quantity in NORMALISED or recognised.reader == "diann" or spread < EQUAL_MEDIANS
        kind.values["normalise"] = "none" if done else "median"
        why = (
            "the program normalises this quantity"
            if spread >= EQUAL_MEDIANS and done
            else f"sample medians spread by {spread:.2g} log2"
        )
        kind.evidence["normalise"] = f"{kind.values['normalise']}: {why}"
    kind.evidence["values"] = (
        f"largest value {largest:.4g}, {zeros:.0%} zeros, {np.isnan(values).mean():.0%} missing"
    )


def _fits(values: np.ndarray, scale: str) -> str | None:
    """Why the values are not of a scale; None where they may be."""
    names = ([str(i) for i in range(values.shape[0])], [str(i) for i in range(values.shape[1])])
    problems, _ = check_scale(values, scale, "", names)
    return f"{problems[0].what}: {problems[0].found}" if problems else None


def _looks_estimated(values: np.ndarray) -> bool:
    """Counts by salmon, kallisto or RSEM: many genes, some zeros, some whole numbers."""
    positive = values[values > 0]
    whole = np.abs(positive - np.rint(positive)) < 1e-3
    return values.shape[1] > 5000 and bool((values == 0).mean() > 0.01) and bool(whole.mean() > 0.02)


def identifier_of_matrix(adata: AnnData) -> str | None:
    """What the feature names are, in the words of this module: also sites, probes and UniProt entry names."""
    import pandas as pd

    names = pd.Series(adata.var_names.astype(str))
    tests = {
        "site": r"^(?:[NX]P_\d+(?:\.\d+)?|[A-Z][A-Z0-9]{5,9}(?:-\d+)?)_[A-Z]\d+",
        "probe": r"^(?:\d+(?:_[a-z]+)*_at|ILMN_\d+|A_\d\d_P\d+)$",
        "UniProt entry": r"^[A-Z0-9]{2,11}_[A-Z0-9]{3,5}$",
        "protein RefSeq": r"^[NXY]P_\d+",
    }
    for kind, pattern in tests.items():
        if names.str.match(pattern).mean() > 0.5:
            return kind
    known = namespaces_of(names).mode().iloc[0]
    if known == "symbol":
        beside = [
            kind
            for kind in ("uniprot", "ensembl")
            if kind in adata.var and adata.var[kind].notna().mean() > 0.5
        ]
        return beside[0] if beside else "symbol"
    return known


def propose_organism(kind: Kind, adata: AnnData, texts: Texts) -> None:
    """Organism from Ensembl's prefixes, UniProt's species, what is written, and the case of symbols."""
    import pandas as pd

    names = pd.Series(adata.var_names.astype(str))
    ensembl = adata.var["ensembl"].astype("string") if "ensembl" in adata.var else names
    for organism, prefix in ENSEMBL_PREFIX.items():
        share = ensembl.str.match(rf"^{prefix}\d", na=False).mean()
        if share > 0.5:
            kind.organism = organism
            kind.evidence["organism"] = f"{share:.0%} of the features begin with {prefix}"
            return
    species = _uniprot_species(adata)
    if species:
        (code, number), total = species.most_common(1)[0], sum(species.values())
        known = {UNIPROT_SPECIES[c]: n for c, n in species.items() if c in UNIPROT_SPECIES}
        if code in UNIPROT_SPECIES and number > total / 2:
            kind.organism = UNIPROT_SPECIES[code]
            kind.evidence["organism"] = f"{number} of {total} UniProt entries end in _{code}"
        else:
            kind.organism = (
                f"{TODO} most proteins are of {code} ({number} of {total}), neither human, mouse nor rat"
            )
            kind.evidence["organism"] = f"UniProt entries of {code}; of ours {known or 'none'}"
        return
    for where, text in texts.in_order()[:2]:
        found = find(ORGANISMS, text)
        if len(found) == 1:
            kind.organism, said = next(iter(found.items()))
            kind.evidence["organism"] = f"{where} '{said[0]}'"
            return
    _organism_of_names(kind, adata, names)
    for where, text in texts.in_order()[2:]:
        found = find(ORGANISMS, text)
        if (not kind.organism or is_undecided(kind.organism)) and len(found) == 1:
            kind.organism, said = next(iter(found.items()))
            kind.evidence["organism"] = f"{where} '{said[0]}'"
    if not kind.organism:
        kind.organism = f"{TODO} human, mouse or rat"
        kind.evidence["organism"] = "neither identifiers nor words tell it"


def _organism_of_names(kind: Kind, adata: AnnData, names: pd.Series) -> None:
    """By symbols: capitals are human, Rik and Gm genes mouse, LOC and RGD genes rat; else by known identifiers."""
    import pandas as pd

    from sevaxis.base.resources import load_table

    given = adata.var["symbol"].dropna().astype(str) if "symbol" in adata.var else names
    letters = given[given.str.match(r"^[A-Za-z][A-Za-z]+\d*[A-Za-z0-9]*$")]
    known = load_table("identifiers")
    panel = {o: set(known.loc[known["organism"] == o, "symbol"]) for o in ENSEMBL_PREFIX}
    symbols = {o: int(given.isin(panel[o]).sum()) for o in panel}
    if max(symbols.values()) >= 5 and len(letters):
        mouse = int(given.str.contains(r"(?:Rik|^Gm\d+)$").sum())
        rat = int(given.str.contains(r"^(?:LOC\d+|RGD\d+|AABR\d+)").sum())
        if letters.str.isupper().mean() > 0.7:
            kind.organism = "human"
            kind.evidence["organism"] = f"{letters.str.isupper().mean():.0%} of the symbols are in capitals"
        elif max(mouse, rat) >= 5 and mouse != rat:
            kind.organism = "mouse" if mouse > rat else "rat"
            kind.evidence["organism"] = (
                f"symbols in small letters, {mouse} that only the mouse has (Rik, Gm), {rat} of the rat (LOC, RGD)"
            )
        else:
            kind.evidence["organism"] = "symbols in small letters: mouse or rat"
            kind.organism = f"{TODO} mouse or rat (both write symbols like this)"
        return
    column = adata.var.get("uniprot", names)
    accessions = pd.Series(column).dropna().astype(str).str.replace(r"-\d+$", "", regex=True)
    # accessions and Entrez identifiers of the species never coincide
    by_organism = {
        o: {
            member
            for kind_of_id in ("uniprot", "entrez")
            for cell in known.loc[known["organism"] == o, kind_of_id]
            for member in cell.split(";")
            if member
        }
        for o in panel
    }
    hits = {o: int(accessions.isin(by_organism[o]).sum()) for o in panel}
    best = max(hits, key=hits.get)
    if hits[best] >= 3 and hits[best] > 2 * sorted(hits.values())[-2]:
        kind.organism = best
        kind.evidence["organism"] = f"{hits[best]} identifiers are known genes or proteins of the {best}"


def _uniprot_species(adata: AnnData) -> Counter:
    """Species in UniProt's entry names, wherever the features' annotation has them."""
    found: Counter = Counter()
    columns = [
        adata.var_names,
        *(
            adata.var[name]
            for name in adata.var
            if not np.issubdtype(np.asarray(adata.var[name]).dtype, np.number)
        ),
    ]
    for cells in columns:
        for cell in [str(cell) for cell in cells][:5000]:
            match = re.search(r"(?:^|[|;])[A-Z0-9]{2,11}_([A-Z0-9]{3,5})(?:$|[;\s,.])", cell)
            if match and re.search("[A-Z]{3}", match[1]):
                found[match[1]] += 1
        if sum(found.values()) > 0.3 * adata.n_vars:
            return found
        found.clear()
    return found


def propose_place(kind: Kind, adata: AnnData | None, texts: Texts) -> None:
    """Tissue and compartment from words; the tissue from its marker genes where no word says it."""
    for where, text in texts.in_order():
        found = find(TISSUES, text)
        if found:
            # a title may name the organ that the tissue is asked about: the word that stands most often decides
            kind.tissue = max(found, key=lambda key: len(re.findall(TISSUES[key], text, re.IGNORECASE)))
            kind.evidence["tissue"] = f"{where} '{found[kind.tissue][0]}'"
            break
    if not kind.tissue and adata is not None:
        _tissue_of_markers(kind, adata)
    if not kind.tissue:
        kind.tissue = (
            f"{TODO} muscle, liver, plasma, ...: where the samples, or the vesicles in them, come from"
        )
        kind.evidence["tissue"] = "no word and no marker genes tell it"
    _propose_compartment(kind, texts)


def _propose_compartment(kind: Kind, texts: Texts) -> None:
    """The first text that names vesicles or cells; then names of cell lines; blood without either is plasma.

    The name of a cell line is the weakest word: its vesicles are called by it, too.
    """
    of_sev = "plasma_sev" if kind.tissue == "plasma" else "sev"
    *strong, folder = texts.in_order()
    asked = [(CELL_TEXT, text) for text in (strong if kind.tissue == "plasma" else [*strong, folder])]
    asked += [(CELL_LINES, text) for text in (*strong, folder)]
    for cell_pattern, (where, text) in asked:
        vesicles, cells = find({"v": VESICLE_TEXT}, text), find({"c": cell_pattern}, text)
        if cells or (vesicles and cell_pattern == CELL_TEXT):
            said = next(iter((vesicles or cells).values()))[0]
            kind.compartment = of_sev if vesicles else "cells"
            kind.evidence["compartment"] = f"{where} '{said}'"
            return
    if kind.tissue == "plasma":
        kind.compartment, kind.evidence["compartment"] = "plasma", "plasma, and no word of vesicles"
    elif is_undecided(kind.tissue):
        kind.compartment = f"{TODO} tissue, cells, sev, plasma_sev or plasma"
        kind.evidence["compartment"] = "no word tells it"
    else:
        kind.compartment, kind.evidence["compartment"] = "tissue", "no word of vesicles, cells or plasma"


def _tissue_of_markers(kind: Kind, adata: AnnData) -> None:
    from sevaxis.base.resources import load_table
    from sevaxis.genes.panels import load_panels

    if kind.organism not in ENSEMBL_PREFIX:
        return
    panels, known = load_panels(), load_table("identifiers")
    known = known[known["organism"] == kind.organism]
    values = np.nan_to_num(np.asarray(adata.X, dtype=float), nan=0.0, posinf=0.0, neginf=0.0)
    means = values.mean(axis=0)
    rank = np.argsort(np.argsort(means)) / max(1, len(means) - 1)
    names = np.asarray(adata.var_names.astype(str))
    columns = [
        names,
        *(adata.var[c].astype(str).to_numpy() for c in ("symbol", "ensembl", "uniprot") if c in adata.var),
    ]
    shares = {}
    for tissue, chosen in MARKERS.items():
        if tissue == "liver" and kind.assay != "rna_counts":
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
        kind.tissue = best
        kind.evidence["tissue"] = (
            f"{shares[best][0]:.0%} of {shares[best][1]} {best} markers are among the top 5 % of genes"
        )


def _inline(text: str) -> str:
    return " ".join(text.split())
