"""PEAKS: ``proteins.csv`` of a label-free quantification, with ``Area <sample>`` or ``<sample> Intensity``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sevaxis.base.problems import Problems
from sevaxis.base.vocabulary import Assay
from sevaxis.matrix.readers.signature import Signature
from sevaxis.matrix.readers.tables.assembly import assemble
from sevaxis.matrix.readers.tables.layouts import as_text, to_pandas
from sevaxis.matrix.readers.tables.program import read_program_table
from sevaxis.matrix.readers.tables.proteins import (
    Dropped,
    drop_rows,
    group_names,
    mark_keratins,
    no_quantity,
    protein_values,
    symbols_of_headers,
)
from sevaxis.matrix.readers.tables.text import require_columns

if TYPE_CHECKING:
    import anndata

KEPT = ("Accession", "Description", "-10lgP", "#Peptides", "#Unique", "Coverage (%)", "Avg. Mass")
_PEPTIDES = "a protein would count once for each of its peptides: take proteins.csv of the same project"

SIGNATURES = (
    Signature(
        format="PEAKS peptides",
        columns=frozenset({"Peptide"}),
        some=(r"^(-10lgP|Mass|ppm)$", r"^(Accession|Protein Accession)$"),
        hint=_PEPTIDES,
    ),
    Signature(
        format="PEAKS proteins",
        reader="peaks",
        columns=frozenset({"Accession", "Avg. Mass"}),
        none=(r"^Peptide$",),
        quantities={
            "Area": r"^Area (?!Group)|(?<!Group) Area$",
            "Intensity": r"^Intensity (?!Group)|(?<!Group) Intensity$",
        },
        assay=Assay.PROTEIN,
    ),
)


def read_peaks(
    path: Path,
    *,
    quantity: Literal["Area", "Intensity"] = "Area",
    keep: list[Dropped] | None = None,
    sheet: str | None = None,
    skip: int = 0,
) -> anndata.AnnData:
    """Read a table of proteins.

    Parameters
    ----------
    path
        The file.
    quantity
        Which columns hold the values: ``Area <sample>`` or ``<sample> Area``.
    keep
        Kinds of rows that stay although they are dropped by default.
    sheet, skip
        Of a workbook with several sheets; rows above the header.

    Returns
    -------
    AnnData of samples x proteins, by accession (``P12345|ALBU_MOUSE`` is P12345). Of a group of proteins the first row
    stays, the others, with the same peptides, are dropped and counted. 0 is missing.

    Raises
    ------
    Problems
        For tables without accessions or without columns of the quantity.
    """
    path = Path(path)
    names = {"Accession", "Protein ID", "Protein Group"}
    table = read_program_table(path, sheet=sheet, skip=skip, as_text=names, plain=False)
    require_columns(table, ("Accession",), kind="table of proteins", hint="export proteins.csv")
    forms = (rf"^{quantity} (?!Group|Ratio)(.+)$", rf"^(?!Group)(.+) {quantity}$")
    columns = {
        match[1]: name
        for name in table.frame.columns
        for form in forms
        if (match := re.match(form, name)) is not None
    }
    if not columns:
        there = [q for q in ("Area", "Intensity") if any(q in name for name in table.frame.columns)]
        raise Problems([no_quantity(f"{quantity} ...", quantity, there, table.file)])
    notes = {**table.notes, "quantity": quantity, "rows": table.frame.height}
    frame = drop_rows(table.frame, "Accession", notes, keep=set(keep or ()))
    if "Protein Group" in frame.columns:
        before = frame.height
        frame = frame.unique(subset="Protein Group", keep="first", maintain_order=True)
        notes["members_of_groups_dropped"] = before - frame.height
    values = protein_values(frame, table, columns.values(), notes)
    var = to_pandas(frame.select([name for name in KEPT if name in frame.columns]), frame.height)
    if "Description" in var:
        var["symbol"] = symbols_of_headers(var["Description"])
    accessions = [
        re.sub(r"^#?(?:CONTAM|DECOY)#", "", name).split("|")[0] for name in as_text(frame["Accession"])
    ]
    return assemble(
        values,
        group_names(accessions),
        list(columns),
        file=table.file,
        var=mark_keratins(var, notes),
        identifier="uniprot",
        notes=notes,
    )
