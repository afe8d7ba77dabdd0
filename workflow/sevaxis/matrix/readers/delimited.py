"""Delimited text: csv, tsv, txt, plain or compressed; wide, long, transposed, or a sample sheet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sevaxis.genes.identifiers import Identifier
from sevaxis.matrix.readers.tables.assembly import Duplicates
from sevaxis.matrix.readers.tables.columnar import read_columnar
from sevaxis.matrix.readers.tables.layouts import Layout, from_table
from sevaxis.matrix.readers.tables.proteins import Dropped, without_decoys
from sevaxis.matrix.readers.tables.text import read_table

if TYPE_CHECKING:
    import anndata

SEPARATORS = {"tab": "\t", "comma": ",", "semicolon": ";", "bar": "|", "space": " "}


def read_delimited(
    path: Path,
    *,
    layout: Layout = "wide",
    feature: str | None = None,
    samples: list[str] | str | None = None,
    sample: list[str] | str | None = None,
    value: str | None = None,
    identifier: Identifier | None = None,
    duplicates: Duplicates | None = None,
    keep: list[Dropped] | None = None,
    annotation: list[str] | None = None,
    missing: list[str] | None = None,
    separator: Literal["tab", "comma", "semicolon", "bar", "space"] | None = None,
    decimal: Literal[".", ","] | None = None,
    thousands: Literal[",", "."] | None = None,
    comment: str | None = "#",
    skip: int = 0,
) -> anndata.AnnData:
    """Read a delimited table.

    Parameters
    ----------
    path
        The file; gzip, bzip2 and xz are told by their first bytes, UTF-16 and byte order marks likewise, and files that
        keep tables by column (parquet, feather), too.
    layout
        ``wide``: a row per feature, a column per sample. ``long``: a row per value. ``transposed``: a row per
        sample, a column per feature. ``sheet``: a row per sample and no values (a sample sheet).
    feature
        Column with the feature names; the first column of a wide table where missing.
    samples
        Wide tables: the columns that are samples, as a list, or as a regular expression whose first group, if it
        has one, is the sample's name. All columns of numbers where missing. Other columns are kept as annotation.
    sample
        Long tables and sheets: the column with the sample names, or several columns that make the name together,
        joined by ``_``.
    value
        Long tables: the column with the values.
    identifier
        What the feature names are; judged from their form where missing (symbols have none and must be named).
    duplicates
        Which value stands where a feature comes twice with different values; counts are summed unasked.
    keep
        Decoys and contaminants (``REV__...``, ``CON__...``, or marked in a column of the table) are dropped, unless
        named here.
    annotation
        Columns of numbers that are no values: of features in wide tables (length), of samples in transposed ones (age).
    missing
        Texts that mean that nothing was measured, beside NA, NaN and the like: ``[n.d., "<LOD"]``.
    separator, decimal, thousands
        Judged from the first lines where missing; ``thousands`` is the sign in ``1,234``.
    comment
        Lines above the header that start with this are skipped.
    skip
        Further lines to skip above the header; names of groups in them become annotation of the samples.

    Returns
    -------
    AnnData of samples x features, by the contract of :mod:`sevaxis.matrix.readers`.

    Raises
    ------
    Problems
        For damaged files, missing columns, text among numbers and names that must not be merged.
    """
    # names are text, also where they look like numbers; without a word they stand in the first column
    names = {feature, *([sample] if isinstance(sample, str) else sample or [])} - {None} or {0}
    table = read_columnar(Path(path)) or read_table(
        path,
        separator=SEPARATORS[separator] if separator else None,
        decimal=decimal,
        thousands=thousands,
        missing=missing or (),
        comment=comment,
        skip=skip,
        as_text=layout == "sheet" or names,
    )
    adata = from_table(table, layout, feature, samples, sample, value, identifier, duplicates, annotation)
    return without_decoys(adata, keep)
