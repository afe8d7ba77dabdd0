"""Counts of reads by gene: HTSeq and featureCounts, one sample or several."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from sevaxis.base.problems import refuse
from sevaxis.base.vocabulary import Assay
from sevaxis.genes.identifiers import Identifier
from sevaxis.matrix.readers.signature import Signature
from sevaxis.matrix.readers.tables.assembly import assemble
from sevaxis.matrix.readers.tables.encoding import read_bytes
from sevaxis.matrix.readers.tables.layouts import as_text, to_float, to_pandas
from sevaxis.matrix.readers.tables.text import read_table, require_columns

if TYPE_CHECKING:
    import anndata

#: Columns in front of the samples (featureCounts, Subread user's guide, section 6.2).
FEATURECOUNTS = ("Geneid", "Chr", "Start", "End", "Strand", "Length")
#: Endings of alignment files that featureCounts uses as sample names.
ALIGNMENT = re.compile(
    r"(?:[._]?Aligned|[._](?:sorted|sort|sortedByCoord|toTranscriptome|out|markdup|dedup|dedupped|primary|unique|filtered))*"
    r"\.(?:bam|sam|cram)$",
    re.IGNORECASE,
)


def read_htseq(path: Path, *, identifier: Identifier | None = None) -> anndata.AnnData:
    """Read the output of htseq-count.

    Parameters
    ----------
    path
        The file: two columns without a header (one sample, named by the file), or more columns, with or without a
        header (several samples; a text column of gene names becomes annotation).
    identifier
        What the gene names are; judged from their form where missing.

    Returns
    -------
    AnnData of samples x genes. The rows ``__no_feature``, ``__ambiguous`` and so on are no genes; their reads are
    counted in ``uns["reading"]``.

    Raises
    ------
    Problems
        For tables without counts.
    """
    import polars as pl

    path = Path(path)
    first = read_bytes(path)[:4000].splitlines()[0].decode("utf-8", "replace").split("\t")
    numbers = [cell for cell in first[1:] if re.fullmatch(r"\d+(\.\d+)?", cell.strip())]
    columns = None
    if numbers:
        columns = ["gene", *(f"column_{i}" for i in range(1, len(first)))]
    table = read_table(
        path, separator="\t", decimal=".", quoted=False, columns=columns, as_text={"gene", first[0]}
    )
    frame = table.frame
    name = frame.columns[0]
    values = [column for column in frame.columns[1:] if frame[column].dtype.is_numeric()]
    if not values:
        hint = "a table with other columns is read by the reader 'delimited'"
        refuse(
            "This is no table of htseq-count",
            where=path.name,
            found=f"first line {first}",
            allowed="gene, count",
            hint=hint,
        )
    special = frame[name].str.starts_with("__").fill_null(False)
    notes = dict(table.notes)
    for row in frame.filter(special).iter_rows(named=True):
        notes[f"reads{row[name]}"] = int(sum(row[column] or 0 for column in values))
    genes = frame.filter(~special)
    text = [column for column in genes.columns[1:] if column not in values]
    single = columns is not None and len(values) == 1
    stem = re.sub(
        r"\.(gz|bz2|xz|txt|tsv|(?:gene)?[._]?counts?|out|tab|htseq)(?=\.|$)", "", path.name, flags=re.I
    )
    samples = [stem] if single else values
    return assemble(
        genes.select(pl.col(values).cast(pl.Float64)).to_numpy().astype(np.float64),
        as_text(genes[name]),
        samples,
        file=path.name,
        var=to_pandas(genes.select(text), genes.height).rename(columns=dict.fromkeys(text[:1], "symbol")),
        identifier=identifier,
        notes=notes,
    )


SIGNATURES = (
    Signature(
        format="featureCounts table",
        reader="featurecounts",
        columns=frozenset({"Geneid", "Chr", "Start", "End", "Strand", "Length"}),
        assay=Assay.RNA_COUNTS,
    ),
)


def read_featurecounts(path: Path, *, identifier: Identifier | None = None) -> anndata.AnnData:
    """Read the output of featureCounts.

    Parameters
    ----------
    path
        The file; its first line is the command and is skipped.
    identifier
        What the gene names are; judged from their form where missing.

    Returns
    -------
    AnnData of samples x genes; samples are named by their alignment files without folder and endings, ``Length`` is
    kept with the genes.

    Raises
    ------
    Problems
        For tables without the columns of featureCounts.
    """
    path = Path(path)
    table = read_table(path, separator="\t", decimal=".", quoted=False, comment="#", as_text={"Geneid"})
    frame = table.frame
    hint = "the summary (.summary) has no counts; other tables: reader delimited"
    require_columns(table, ("Geneid", "Length"), kind="table of featureCounts", hint=hint)
    fixed = {*FEATURECOUNTS, "gene_name", "gene_biotype", "gene_type"}
    columns = [name for name in frame.columns if name not in fixed]
    values = np.column_stack([to_float(frame[column], table) for column in columns])
    kept = [name for name in ("Length", "gene_name", "gene_biotype", "gene_type") if name in frame.columns]
    files = [PurePosixPath(column.replace("\\", "/")) for column in columns]
    names = [ALIGNMENT.sub("", file.name) for file in files]
    if len(set(names)) < len(names):
        # each sample in a folder of its own, all files called alike
        names = [file.parent.name or file.name for file in files]
    return assemble(
        values,
        as_text(frame["Geneid"]),
        names,
        file=path.name,
        var=to_pandas(frame.select(kept), frame.height),
        identifier=identifier,
        notes=dict(table.notes),
    )
