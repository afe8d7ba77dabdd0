"""FragPipe: ``combined_protein.tsv`` (IonQuant, Philosopher) and the abundance tables of TMT-Integrator."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from sevaxis.base.problems import Problems
from sevaxis.base.vocabulary import Assay
from sevaxis.genes.identifiers import first_of_group
from sevaxis.matrix.readers.signature import Signature
from sevaxis.matrix.readers.tables.assembly import assemble
from sevaxis.matrix.readers.tables.layouts import as_text, to_float, to_pandas
from sevaxis.matrix.readers.tables.program import read_program_table
from sevaxis.matrix.readers.tables.proteins import (
    Dropped,
    drop_rows,
    group_names,
    mark_keratins,
    no_quantity,
    protein_values,
    select_samples,
)
from sevaxis.matrix.readers.tables.text import require_columns

if TYPE_CHECKING:
    import anndata

#: Last words of sample columns; the longer first, as `MaxLFQ Intensity` ends with `Intensity`.
QUANTITIES = (
    "MaxLFQ Intensity", "MaxLFQ Unique Intensity", "MaxLFQ Razor Intensity", "MaxLFQ Total Intensity",
    "Razor Intensity", "Total Intensity", "Unique Intensity", "Intensity",
    "Razor Spectral Count", "Unique Spectral Count", "Total Spectral Count", "Spectral Count",
)  # fmt: skip
#: First words of columns that end like sample columns and are sums over samples.
OVERALL = ("Combined", "Summarized")


SIGNATURES = (
    Signature(
        format="FragPipe combined_protein",
        reader="fragpipe",
        columns=frozenset({"Protein ID", "Entry Name"}),
        assay=Assay.PROTEIN,
        quantities={
            "MaxLFQ Intensity": r" MaxLFQ Intensity$",
            "Intensity": r"(?<! Razor)(?<! Total)(?<! Unique) Intensity$",
            "Razor Intensity": r" Razor Intensity$",
        },
    ),
    Signature(
        format="TMT-Integrator table",
        reader="tmt_integrator",
        columns=frozenset({"Index", "NumberPSM", "ReferenceIntensity"}),
        none=(r"^(Peptide|SequenceWindow)$",),
        assay=Assay.PROTEIN,
    ),
    Signature(
        format="TMT-Integrator table of sites",
        reader="tmt_integrator",
        columns=frozenset({"Index", "SequenceWindow", "ReferenceIntensity"}),
        assay=Assay.PTM,
    ),
    Signature(
        format="TMT-Integrator table of peptides",
        columns=frozenset({"Index", "Peptide", "ReferenceIntensity"}),
        hint="a protein would count once for each of its peptides: take abundance_protein of the same run",
    ),
    Signature(
        format="FragPipe peptides",
        columns=frozenset({"Peptide Sequence", "Protein ID"}),
        hint="a protein would count once for each of its peptides: take combined_protein.tsv of the same run",
    ),
)


def read_fragpipe(
    path: Path,
    *,
    quantity: Literal[
        "MaxLFQ Intensity",
        "Intensity",
        "Razor Intensity",
        "Total Intensity",
        "Unique Intensity",
        "Spectral Count",
    ] = "MaxLFQ Intensity",
    samples: list[str] | str | None = None,
    keep: list[Dropped] | None = None,
    sheet: str | None = None,
    skip: int = 0,
) -> anndata.AnnData:
    """Read a combined_protein table.

    Parameters
    ----------
    path
        The file.
    quantity
        Which columns hold the values: those called ``<sample> <quantity>``.
    samples
        Only these samples: a list of names, or a regular expression.
    keep
        Kinds of rows that stay although they are dropped by default.
    sheet, skip
        Of a workbook with several sheets; rows above the header.

    Returns
    -------
    AnnData of samples x proteins, named by UniProt accession. An intensity of 0 is missing.

    Raises
    ------
    Problems
        For tables without the columns of FragPipe, or without the quantity.
    """
    path = Path(path)
    table = read_program_table(path, sheet=sheet, skip=skip)
    frame = table.frame
    hint = "protein-level tables of TMT: reader tmt_integrator"
    require_columns(table, ("Protein", "Protein ID"), kind="combined_protein table", hint=hint)
    columns = _quantity_columns(frame.columns, quantity, path.name)
    columns = select_samples(columns, samples, path.name)
    notes = {**table.notes, "quantity": quantity, "rows": frame.height}
    entry = "Entry Name" if "Entry Name" in frame.columns else None
    frame = drop_rows(frame, "Protein", notes, keep=set(keep or ()), names=entry)
    values = protein_values(frame, table, columns.values(), notes, counted=quantity == "Spectral Count")
    sample_columns = [name for name in frame.columns if any(name.endswith(" " + q) for q in QUANTITIES)]
    var = to_pandas(frame.drop(sample_columns), frame.height)
    names = group_names(as_text(frame["Protein ID"]))
    if len(set(names)) < len(names):
        # a contaminant and the protein of the sample may share the accession
        names = group_names(as_text(frame["Protein"]))
    return assemble(
        values,
        names,
        list(columns),
        file=path.name,
        var=mark_keratins(var, notes),
        identifier="uniprot",
        duplicates="first",
        notes=notes,
    )


def _quantity_columns(names: list[str], quantity: str, file: str) -> dict[str, str]:
    """Sample -> column called ``<sample> <quantity>``."""
    columns: dict[str, str] = {}
    there: dict[str, None] = {}
    for name in names:
        ending = next((q for q in QUANTITIES if name.endswith(" " + q)), None)
        sample = name.removesuffix(f" {ending}") if ending else ""
        if ending is None or sample in OVERALL:
            continue
        there[ending] = None
        if ending == quantity:
            columns[sample] = name
    if not columns:
        raise Problems([no_quantity(f"... {quantity}", quantity, list(there), file)])
    return columns


def read_tmt_integrator(
    path: Path,
    *,
    samples: list[str] | str | None = None,
    keep: list[Dropped] | None = None,
    sheet: str | None = None,
    skip: int = 0,
) -> anndata.AnnData:
    """Read an abundance or ratio table of TMT-Integrator (gene, protein, peptide or site level).

    Parameters
    ----------
    path
        ``abundance_protein_MD.tsv``, ``ratio_gene_MD.tsv``, ``abundance_single-site_MD.tsv``, ...
    samples
        Only these samples: a list of names, or a regular expression.
    keep
        Kinds of rows that stay although they are dropped by default.
    sheet, skip
        Of a workbook with several sheets; rows above the header.

    Returns
    -------
    AnnData of samples x features with log2 values, as the table has them (a card says ``scale: log2``). Sites are
    named as in the table (``P12345_K27``). The bridge channels were used up by TMT-Integrator.

    Raises
    ------
    Problems
        For tables without the columns Index and ReferenceIntensity.
    """
    path = Path(path)
    table = read_program_table(path, sheet=sheet, skip=skip, as_text={"Index", "ProteinID", "Protein ID"})
    frame = table.frame
    hint = "label-free tables: reader fragpipe; other TMT tables: reader tmt"
    require_columns(table, ("Index", "ReferenceIntensity"), kind="table of TMT-Integrator", hint=hint)
    # samples stand behind ReferenceIntensity
    behind = frame.columns[frame.columns.index("ReferenceIntensity") + 1 :]
    columns = select_samples({name: name for name in behind}, samples, path.name)
    notes = {**table.notes, "rows": frame.height}
    protein = next(
        (name for name in ("ProteinID", "Protein ID", "Protein") if name in frame.columns), "Index"
    )
    frame = drop_rows(frame, protein, notes, keep=set(keep or ()))
    values = np.column_stack([to_float(frame[column], table) for column in columns])
    var = to_pandas(frame.drop(behind), frame.height)
    if protein != "Index":
        var["uniprot"] = first_of_group(var[protein]).to_numpy()
    return assemble(
        values,
        as_text(frame["Index"]),
        list(columns),
        file=path.name,
        var=mark_keratins(var, notes),
        notes=notes,
    )
