"""Assay, scale and normalisation, proposed from the format and the numbers themselves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from sevaxis.base.vocabulary import Assay, Namespace
from sevaxis.drafting.facts import Facts
from sevaxis.drafting.levels import is_quality_control
from sevaxis.drafting.recognised import Recognised
from sevaxis.genes.identifiers import namespaces_of
from sevaxis.matrix.numbers import doubt_counts, doubt_log2
from sevaxis.matrix.scales import LARGEST_LOG2, check_scale, to_log2
from sevaxis.study.validation import TODO

if TYPE_CHECKING:
    from anndata import AnnData

#: Quantities that the programs have normalised themselves.
NORMALISED = {"LFQ intensity", "MaxLFQ Intensity", "PG.MaxLFQ"}
#: Sample medians (log2) that spread less than this were made equal before.
EQUAL_MEDIANS = 0.05
#: From this share of groups among the names, or of zeros far below the least logarithm, a table is of proteins.
SOME_GROUPS, SOME_ZEROS, LEAST_LOG2 = 0.02, 0.05, 6.0
#: Sample medians (log2) that differ more from the others' are of another scale; no loading differs 256-fold.
ANOTHER_UNIT = 8
#: A PCR has no more cycles.
LARGEST_CT = 51
#: Fewer features than this are clinical measures, not omics.
FEWEST_FEATURES = 50


def propose_assay(facts: Facts, adata: AnnData, recognised: Recognised) -> None:
    """What the numbers are, from the format and the numbers themselves."""
    values = np.asarray(adata.X, dtype=float)
    identifier = identifier_of_matrix(adata)
    words = f"{adata.n_vars:,} features named by {identifier or 'text'}"
    names = ([str(name) for name in adata.obs_names], [str(name) for name in adata.var_names])
    fits = {scale: _fits(values, scale, names) for scale in ("counts", "linear", "log2")}
    known = values[np.isfinite(values)]
    whole = bool(known.size) and bool(np.all(np.abs(known - np.rint(known)) < 1e-6))
    is_protein = identifier in (Namespace.UNIPROT, "protein RefSeq", Namespace.NAME, "UniProt entry")
    metabolites = any(
        "refmet" in str(name).lower() or str(name).lower() == "metabolite" for name in adata.var
    )
    if recognised.assay in (Assay.PROTEIN, Assay.PTM, Assay.SINGLE_CELL):
        facts.assay, why = recognised.assay, f"a {recognised.format}"
    elif metabolites:
        facts.assay, why = (
            f"{TODO} these are metabolites, for which there is no assay: leave the data set out",
            "metabolites",
        )
    elif adata.n_vars < FEWEST_FEATURES:
        facts.assay = f"{TODO} only {adata.n_vars} features: protein, if these are proteins"
        why = words
    elif identifier == "site":
        facts.assay, why = Assay.PTM, words
    elif is_protein:
        facts.assay, why = Assay.PROTEIN, words
    elif (
        recognised.assay == Assay.ARRAY and not _are_sequenced(values, identifier)
    ) or identifier == "probe":
        facts.assay, why = Assay.ARRAY, words
    elif fits["counts"] is None and whole and (least := _least_intensity(values)):
        why = f"zeros or none, and no other number below {least:,.0f}: intensities, not reads; {words}"
        of_genes = identifier in (Namespace.ENSEMBL, Namespace.ENTREZ, Namespace.REFSEQ)
        facts.assay = (
            f"{TODO} protein, if these are intensities; rna_counts ({why})" if of_genes else Assay.PROTEIN
        )
    elif fits["counts"] is None and whole and (doubt := doubt_counts(values)):
        facts.assay = (
            f"{TODO} rna_counts, if these are the reads as counted; otherwise take that table ({doubt})"
        )
        why = f"whole numbers, {words}"
    elif whole and not is_protein and (missing := _missing_counts(adata, values)):
        facts.assay = (
            f"{TODO} rna_counts, if cells without a value are 0 ({missing}); protein, if intensities"
        )
        why = f"whole numbers with missing ones, {words}"
    elif whole and (values < 0).any() and not (values < 0).mean() > 0.01:
        facts.assay = f"{TODO} rna_counts, but counts are never negative ({_inline(fits['counts'] or '')})"
        why = f"whole numbers, {words}"
    elif fits["counts"] is None and (whole or _looks_estimated(values)):
        facts.assay, why = Assay.RNA_COUNTS, f"{'whole numbers' if whole else 'estimated reads'}, {words}"
    elif np.isnan(values).any() and fits["counts"] is not None and identifier != Namespace.ENTREZ:
        facts.assay, why = (
            Assay.PROTEIN,
            f"{np.isnan(values).mean():.0%} missing values, as in proteomics; {words}",
        )
    elif fits["counts"] is not None and (why_protein := _like_proteins(adata, values)):
        facts.assay, why = Assay.PROTEIN, f"{why_protein}; {words}"
    else:
        reason = fits["counts"] or "fractions"
        facts.assay = f"{TODO} array or protein; for RNA take the table of raw counts ({_inline(reason)})"
        why = words
    facts.evidence["assay"] = why
    _propose_scale(facts, values, recognised, fits, [str(name) for name in adata.obs_names])


def _are_sequenced(values: np.ndarray, identifier: str | None) -> bool:
    """Whether a record of GEO holds RNA that was sequenced: genes of Ensembl, or whole numbers with zeros."""
    known = values[np.isfinite(values)]
    whole = bool(known.size) and bool(np.all(known == np.rint(known))) and bool((known == 0).mean() > 0.01)
    return whole or identifier == Namespace.ENSEMBL


def _like_proteins(adata: AnnData, values: np.ndarray) -> str:
    """What speaks for proteins where names are symbols: groups of them, or zeros far below all other logarithms."""
    # Rab11b;Rab11a: a family; probes of arrays are grouped by place, as a gene and the microRNA in it
    pairs = [name.split(";")[:2] for name in map(str, adata.var_names) if re.match(r"[^;]+;[^;]", name)]
    related = sum(a.strip()[:3].lower() == b.strip()[:3].lower() for a, b in pairs) > len(pairs) / 2
    grouped = len(pairs) / adata.n_vars if related else 0.0
    known = values[np.isfinite(values)]
    positive = known[known > 0]
    if grouped > SOME_GROUPS:
        return f"{grouped:.0%} of the names are groups, as of proteins that share peptides"
    zeros = float((known == 0).mean()) if known.size else 0.0
    if zeros > SOME_ZEROS and positive.size and positive.min() > LEAST_LOG2 and known.max() < LARGEST_LOG2:
        return f"{zeros:.0%} zeros, and no other number below {positive.min():.3g}: logarithms of intensities"
    return ""


def _least_intensity(values: np.ndarray) -> float:
    """The least number above 0 where it is far above 1; 0 for reads, of which some genes have one or two."""
    known = values[np.isfinite(values)]
    positive = known[known > 0]
    if positive.size < 1000:
        return 0.0
    least = float(positive.min())
    return least if least > (50 if (known == 0).mean() > 0.005 else 1000) else 0.0


def _missing_counts(adata: AnnData, values: np.ndarray) -> str:
    """Which cells of a table of reads are missing; nothing where none is, or where these are intensities.

    Reads have zeros and small numbers; programs that measure intensities write neither.
    """
    missing, known = np.isnan(values), values[np.isfinite(values)]
    if not missing.any() or not ((known == 0).mean() > 0.005 or (known <= 20).mean() > 0.05):
        return ""
    row, column = np.argwhere(missing)[0]
    first = f"the first: {adata.var_names[column]} in {adata.obs_names[row]}"
    return f"{int(missing.sum()):,} cells, {missing.mean():.1%}, {first}"


def _other_base(recognised: Recognised, samples: list[str]) -> str:
    """What in the names of file, sheet and samples speaks of a logarithm other than log2."""
    names = (recognised.path.name, str(recognised.options.get("sheet", "")), *samples)
    pattern = r"(?<![a-z])(ln|log[ _.-]?e|log[ _.-]?10|natural[ _.-]?log)(?![a-z0-9])"
    found = next((match for name in names if (match := re.search(pattern, name, re.IGNORECASE))), None)
    return f"'{found[0]}' stands in '{found.string}'" if found else ""


def _cycles(recognised: Recognised, samples: list[str]) -> str:
    """What in the names of file, sheet and samples speaks of threshold cycles."""
    names = (recognised.path.name, str(recognised.options.get("sheet", "")), *samples)
    pattern = r"(?<![a-z])(d{0,2}c[tq](?:[ _.-]?values?)?|cq|rt[ _.-]?q?pcr|q[ _.-]?pcr|taqman)(?![a-z])"
    found = next((match for name in names if (match := re.search(pattern, name, re.IGNORECASE))), None)
    return f"'{found[0]}' stands in '{found.string}'" if found else ""


def _propose_scale(
    facts: Facts,
    values: np.ndarray,
    recognised: Recognised,
    fits: dict[str, str | None],
    samples: list[str],
) -> None:
    """Scale and normalisation, where the assay's defaults do not hold."""
    if facts.assay in (Assay.RNA_COUNTS, Assay.SINGLE_CELL):
        return
    largest = float(np.nanmax(values)) if np.isfinite(values).any() else np.nan
    scale = next((scale for scale in ("linear", "log2") if fits[scale] is None), None)
    zeros = float((values == 0).mean())
    if scale is None and fits["log2"] and "Zeros" in fits["log2"]:
        scale = "log2"
        facts.values["zero_is_missing"] = True
    doubt = doubt_log2(values) if scale != "linear" and largest < LARGEST_LOG2 else None
    if scale == "log2" and not doubt and (said := _other_base(recognised, samples)):
        doubt = f"log2 or another base? {said}"
    if scale == "linear" and (said := _of_another_unit(values, samples)):
        doubt = f"linear, if {said}; otherwise bring all samples to one scale"
    if largest < LARGEST_CT and (said := _cycles(recognised, samples)):
        doubt = f"cycles of a PCR fall where the RNA rises ({said}): take 2^-dCt, or turn their sign, before"
    if scale is None and not doubt:
        facts.values["scale"] = f"{TODO} {_inline(fits['log2'] or fits['linear'] or '')}"
        return
    facts.values = {"scale": f"{TODO} {doubt}" if doubt else scale, **facts.values}
    if scale == "linear" and zeros:
        facts.values["zero_is_missing"] = True
    if facts.assay in (Assay.PROTEIN, Assay.PTM):
        log2 = (
            to_log2(values)
            if scale == "linear"
            else np.where(values == 0, np.nan, values)
            if zeros
            else values
        )
        quantity = recognised.options.get("quantity", "")
        with np.errstate(all="ignore"):
            medians = [np.nanmedian(row) for row in log2 if np.isfinite(row).any()]
        spread = float(np.std(medians)) if medians else 0.0
        done = quantity in NORMALISED or recognised.reader == "diann" or spread < EQUAL_MEDIANS
        facts.values["normalise"] = "none" if done else "mode"
        why = (
            "the program normalises this quantity"
            if spread >= EQUAL_MEDIANS and done
            else f"sample medians spread by {spread:.2g} log2"
        )
        facts.evidence["normalise"] = f"{facts.values['normalise']}: {why}"
    facts.evidence["values"] = (
        f"largest value {largest:.4g}, {zeros:.0%} zeros, {np.isnan(values).mean():.0%} missing"
    )


def _of_another_unit(values: np.ndarray, samples: list[str]) -> str:
    """Samples whose values are hundreds of times smaller or larger than those of most: logarithms, or another unit."""
    with np.errstate(all="ignore"):
        log2 = np.log2(np.where(values > 0, values, np.nan))
        each = [float(np.nanmedian(row)) if np.isfinite(row).any() else np.nan for row in log2]
    usual = float(np.nanmedian(each))
    odd = {
        name: 2.0 ** (one - usual)
        for name, one in zip(samples, each, strict=True)
        if abs(one - usual) > ANOTHER_UNIT and not is_quality_control(name)
    }
    if not odd or len(odd) > len(samples) / 3:
        return ""
    times = next(iter(odd.values()))
    return f"the values of {', '.join(list(odd)[:5])} are of the same unit as the others ({times:.2g} times theirs)"


def _fits(values: np.ndarray, scale: str, names: tuple[list[str], list[str]]) -> str | None:
    """Why the values are not of a scale; None where they may be."""
    problems, _ = check_scale(values, scale, "", names)
    if not problems:
        return None
    at = problems[0].where.strip(", ")
    return f"{problems[0].what}: {problems[0].found}" + (f" ({at})" if at else "")


def _looks_estimated(values: np.ndarray) -> bool:
    """Counts by salmon, kallisto or RSEM: some whole numbers among fractions, and zeros where there are many genes."""
    positive = values[values > 0]
    whole = float((np.abs(positive - np.rint(positive)) < 1e-3).mean()) if positive.size else 0.0
    many = values.shape[1] > 5000 and bool((values == 0).mean() > 0.01)
    return whole > 0.2 or (many and whole > 0.02)


#: Share of probes' names from which a table is of an array, whatever its other rows were renamed to.
SOME_PROBES = 0.01


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
    for name, pattern in tests.items():
        if names.str.match(pattern).mean() > (SOME_PROBES if name == "probe" else 0.5):
            return name
    known = namespaces_of(names).mode().iloc[0]
    if known == Namespace.SYMBOL:
        beside = [
            namespace
            for namespace in (Namespace.UNIPROT, Namespace.ENSEMBL)
            if namespace in adata.var and adata.var[namespace].notna().mean() > 0.5
        ]
        return beside[0] if beside else known
    return known


def _inline(text: str) -> str:
    return " ".join(text.split())
