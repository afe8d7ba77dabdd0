"""Estimated counts of one sample from salmon, kallisto and RSEM; transcripts are added up to genes.

Estimated counts are fractions of reads: they stay fractions, as the models that need whole numbers round themselves.
Adding them up over the transcripts of a gene is what tximport calls ``countsFromAbundance = "no"`` (Soneson, Love &
Robinson 2015, F1000Research 4:1521).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sevaxis.base.vocabulary import Assay
from sevaxis.genes.identifiers import Identifier
from sevaxis.matrix.readers.signature import Signature
from sevaxis.matrix.readers.tables.assembly import assemble
from sevaxis.matrix.readers.tables.encoding import require_file
from sevaxis.matrix.readers.tables.layouts import as_text, to_float
from sevaxis.matrix.readers.tables.text import Table, read_table, require_columns

if TYPE_CHECKING:
    import anndata

#: File names that say nothing about the sample; its folder does.
ANONYMOUS = ("quant.sf", "quant.genes.sf", "abundance.tsv", "abundance.h5")


SIGNATURES = (
    Signature(
        format="salmon quantification",
        reader="salmon",
        columns=frozenset({"Name", "Length", "EffectiveLength", "TPM", "NumReads"}),
        assay=Assay.RNA_COUNTS,
    ),
    Signature(
        format="kallisto abundance",
        reader="kallisto",
        columns=frozenset({"target_id", "length", "eff_length", "est_counts"}),
        assay=Assay.RNA_COUNTS,
    ),
    Signature(
        format="RSEM result",
        reader="rsem",
        columns=frozenset({"effective_length", "expected_count", "TPM", "FPKM"}),
        assay=Assay.RNA_COUNTS,
    ),
)


def read_salmon(
    path: Path,
    *,
    transcript_to_gene: str | None = None,
    identifier: Identifier | None = None,
) -> anndata.AnnData:
    """Read ``quant.sf`` (transcripts) or ``quant.genes.sf`` (genes) of salmon.

    Parameters
    ----------
    path
        The file; the sample is named by its folder (a card's `sample` goes before).
    transcript_to_gene
        Name of another file of the data set with two columns, transcript and gene, in the folder of this one or up to
        two above it. Not needed for genes, nor for
        GENCODE's transcript names, which hold the gene (``ENST...|ENSG...|...``).
    identifier
        What the feature names are; judged from their form where missing.

    Returns
    -------
    AnnData of one sample with estimated reads (``NumReads``), by gene where genes are known.
    """
    table = _table(path, ("Name", "NumReads"), "quant.sf of salmon")
    return _assemble(path, table, "Name", "NumReads", transcript_to_gene, identifier)


def read_kallisto(
    path: Path,
    *,
    transcript_to_gene: str | None = None,
    identifier: Identifier | None = None,
) -> anndata.AnnData:
    """Read ``abundance.tsv`` or ``abundance.h5`` of kallisto.

    Parameters
    ----------
    path, transcript_to_gene, identifier
        As for ``salmon``.

    Returns
    -------
    AnnData of one sample with estimated counts (``est_counts``), by gene where genes are known.
    """
    path = Path(path)
    with path.open("rb") as handle:
        is_hdf5 = handle.read(8) == b"\x89HDF\r\n\x1a\n"
    if is_hdf5:
        import h5py
        import polars as pl

        with h5py.File(path, "r") as file:
            names = [name.decode() for name in file["aux/ids"][:]]
            frame = pl.DataFrame(
                {"target_id": names, "est_counts": np.asarray(file["est_counts"][:], dtype=float)}
            )
        table = Table(path.name, frame)
    else:
        table = _table(path, ("target_id", "est_counts"), "abundance.tsv of kallisto")
    return _assemble(path, table, "target_id", "est_counts", transcript_to_gene, identifier)


def read_rsem(path: Path, *, identifier: Identifier | None = None) -> anndata.AnnData:
    """Read ``<sample>.genes.results`` or ``<sample>.isoforms.results`` of RSEM.

    Parameters
    ----------
    path
        The file; isoforms are added up to genes.
    identifier
        What the gene names are; judged from their form where missing.

    Returns
    -------
    AnnData of one sample with expected counts. Gene names ``ENSG..._SYMBOL`` are cut, the symbol becomes a column.
    """
    table = _table(path, ("gene_id", "expected_count"), "genes.results of RSEM")
    return _assemble(path, table, "gene_id", "expected_count", None, identifier)


def _table(path: Path, columns: tuple[str, ...], kind: str) -> Table:
    path = Path(path)
    table = read_table(
        path, separator="\t", decimal=".", quoted=False, as_text={"Name", "target_id", "gene_id"}
    )
    require_columns(table, columns, kind=kind, hint="matrices of several samples: reader delimited")
    return table


def _assemble(path: Path, table: Table, name: str, value: str, transcript_to_gene: str | None, identifier):
    import pandas as pd

    path = Path(path)
    notes = {**table.notes, "rows": table.frame.height, "values": value}
    features = as_text(table.frame[name])
    values = to_float(table.frame[value], table)
    genes, notes["genes_from"] = _genes(features, path, transcript_to_gene)
    if genes is not None:
        notes["transcripts_without_gene_dropped"] = sum(gene is None for gene in genes)
        kept = [i for i, gene in enumerate(genes) if gene is not None]
        features, values = [genes[i] for i in kept], values[kept]
    split = [re.fullmatch(r"(ENS[A-Z]*G\d{11}(?:\.\d+)?)_(.+)", feature) for feature in features]
    symbols = pd.array([match[2] if match else None for match in split], dtype="string")
    features = [match[1] if match else feature for match, feature in zip(split, features, strict=True)]
    summed = pd.DataFrame({"feature": features, "value": values, "symbol": symbols}).groupby(
        "feature", sort=False
    )
    table_of_genes = summed.agg(value=("value", "sum"), symbol=("symbol", "first")).reset_index()
    notes["features_added_up"] = len(features) - len(table_of_genes)
    var = table_of_genes[["symbol"]] if table_of_genes["symbol"].notna().any() else None
    return assemble(
        table_of_genes[["value"]].to_numpy(),
        table_of_genes["feature"].tolist(),
        [sample_of(path)],
        file=path.name,
        var=var,
        identifier=identifier,
        notes=notes,
    )


def _genes(
    features: list[str], path: Path, transcript_to_gene: str | None
) -> tuple[list[str | None] | None, str]:
    """Gene of each transcript; None where the features are not transcripts, or nothing says of which gene."""
    if transcript_to_gene is not None:
        # each sample may have a folder of its own, below that of the table
        places = [folder / transcript_to_gene for folder in (path.parent, *path.parents[1:3])]
        other = next((place for place in places if place.is_file()), places[0])
        require_file(other, what="The table of transcripts")
        pairs = read_table(other, as_text=True).frame
        columns = [[name, *as_text(pairs[name])] for name in pairs.columns[:2]]  # a header may lack
        genes = dict(zip(*columns, strict=True))
        # versions differ between annotations more often than transcripts do
        bare = {transcript.split(".")[0]: gene for transcript, gene in genes.items()}
        return [
            genes.get(name) or bare.get(name.split("|")[0].split(".")[0]) for name in features
        ], transcript_to_gene
    if features and all("|" in name for name in features[:100]):
        return [name.split("|")[1] if name.count("|") > 1 else None for name in features], "names of GENCODE"
    return None, "the features as they are"


def sample_of(path: Path) -> str:
    """Sample that a file is about: its name without endings, or its folder where the name says nothing."""
    name = path.name.removesuffix(".gz")
    if name in ANONYMOUS:
        return path.parent.name
    return (
        re.sub(r"[._-]?(quant\.sf|quant\.genes\.sf|abundance\.(tsv|h5)|(genes|isoforms)\.results)$", "", name)
        or name
    )
