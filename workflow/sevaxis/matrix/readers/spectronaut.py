"""Spectronaut reports: long (a row per precursor and run) or pivoted (a column per run), decimal points or commas."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sevaxis.base.problems import nearest, refuse
from sevaxis.base.vocabulary import Assay
from sevaxis.matrix.readers.diann import run_name
from sevaxis.matrix.readers.signature import Signature
from sevaxis.matrix.readers.tables.assembly import assemble
from sevaxis.matrix.readers.tables.layouts import as_text, to_float, to_pandas
from sevaxis.matrix.readers.tables.program import read_program_table
from sevaxis.matrix.readers.tables.proteins import Dropped, drop_rows, group_names, mark_keratins
from sevaxis.matrix.readers.tables.text import Table

if TYPE_CHECKING:
    import anndata

#: A column of a pivoted report: ``[1] run.raw.PG.Quantity``.
PIVOTED = re.compile(r"^\[\d+\] (?P<run>.+)\.(?P<quantity>PG\.[A-Za-z0-9]+)$")
GROUPS = ("PG.ProteinGroups", "PG.ProteinAccessions", "PG.UniProtIds")
#: What a report says of its runs.
OF_RUNS = ("R.Condition", "R.Replicate", "R.Fraction")
ANNOTATION = ("PG.Genes", "PG.ProteinNames", "PG.ProteinDescriptions", "PG.ProteinAccessions", "PG.Organisms")


SIGNATURES = (
    Signature(
        format="Spectronaut report of sites",
        columns=frozenset({"PTM.SiteLocation"}),
        hint="export it as a plain table, a row per site (P12345_S33) and a column per run; its assay is ptm",
    ),
    *(
        Signature(
            format="Spectronaut report",
            reader="spectronaut",
            columns=frozenset({group}),
            some=(r"(^|\.)PG\.Quantity$",),
            assay=Assay.PROTEIN,
        )
        for group in GROUPS
    ),
    Signature(
        format="Spectronaut report without quantities of proteins",
        columns=frozenset({"PG.ProteinGroups"}),
        some=(r"^(EG|FG|PEP)\.",),
        hint="add PG.Quantity to the report: peptides and precursors would count a protein several times",
    ),
)


def read_spectronaut(
    path: Path,
    *,
    quantity: str = "PG.Quantity",
    samples: str | None = None,
    q: float = 0.01,
    keep: list[Dropped] | None = None,
    sheet: str | None = None,
    skip: int = 0,
) -> anndata.AnnData:
    """Read protein groups from a report.

    Parameters
    ----------
    path
        The report (tsv, csv, txt).
    quantity
        Column with the quantity of the protein group.
    samples
        Regular expression whose first group is the sample's name within a run's name; the run's name without ending
        where missing.
    q
        Rows of a long report whose ``PG.Qvalue`` or ``EG.Qvalue`` is above this are left out.
    keep
        Kinds of rows that stay although they are dropped by default.
    sheet, skip
        Of a workbook with several sheets; rows above the header.

    Returns
    -------
    AnnData of runs x protein groups, named by the first accession of the group. ``Filtered`` and 0 are missing.

    Raises
    ------
    Problems
        For reports without protein groups or without the quantity, and for runs in which one group has several
        quantities.
    """
    path = Path(path)
    table = read_program_table(path, sheet=sheet, skip=skip, plain=False)
    frame = table.frame
    group = next((name for name in GROUPS if name in frame.columns), None)
    if group is None:
        found, hint = ", ".join(frame.columns[:6]), "add PG.ProteinGroups to the report"
        refuse("No protein groups", where=path.name, found=found, allowed=", ".join(GROUPS), hint=hint)
    pivoted = {
        match["run"]: name
        for name in frame.columns
        if (match := PIVOTED.match(name)) and match["quantity"] == quantity
    }
    if pivoted:
        return _assemble_pivoted(table, group, pivoted, samples, quantity, set(keep or ()))
    run = next((name for name in ("R.FileName", "R.Run Name", "R.Label") if name in frame.columns), None)
    if run is None or quantity not in frame.columns:
        quantities = [name for name in frame.columns if name.startswith("PG.")]
        missing = quantity if run else "R.FileName"
        hint = nearest(quantity, quantities) if run else "add R.FileName to the report"
        refuse(
            f"No column '{missing}'",
            where=path.name,
            found=", ".join(quantities[:8]),
            allowed=missing,
            hint=hint,
        )
    return _assemble_long(table, group, run, samples, quantity, q, set(keep or ()))


def _assemble_pivoted(
    table: Table, group: str, runs: dict[str, str], samples, quantity: str, keep
) -> anndata.AnnData:
    notes = {**table.notes, "kind": "pivoted", "quantity": quantity, "rows": table.frame.height}
    frame = drop_rows(table.frame, group, notes, keep=keep)
    values = np.column_stack([to_float(frame[column], table) for column in runs.values()])
    var = to_pandas(
        frame.select([group, *(name for name in ANNOTATION if name in frame.columns and name != group)]),
        frame.height,
    )
    return _finish(values, as_text(frame[group]), list(runs), samples, table, var, notes)


def _assemble_long(
    table: Table, group: str, run: str, samples, quantity: str, q: float, keep
) -> anndata.AnnData:
    import polars as pl

    frame = table.frame
    notes = {**table.notes, "kind": "long", "quantity": quantity, "rows": frame.height}
    for name in ("PG.Qvalue", "EG.Qvalue"):
        if name in frame.columns:
            above = (table.numbers(frame[name]) > q).fill_null(False)
            notes[f"rows_above_{name}_{q:g}"] = int(above.sum())
            frame = frame.filter(~above)
    if "EG.IsDecoy" in frame.columns:
        decoy = frame["EG.IsDecoy"].cast(pl.String).str.to_lowercase().is_in(["true", "1"]).fill_null(False)
        notes["decoy_rows"] = int(decoy.sum())
        frame = frame.filter(~decoy)
    frame = drop_rows(
        frame.with_columns(pl.Series("__value", to_float(frame[quantity], table))), group, notes, keep=keep
    )
    annotation = [name for name in ANNOTATION if name in frame.columns and name != group]
    cells = frame.group_by(group, run, maintain_order=True).agg(
        pl.col("__value").drop_nans().unique().sort().alias("values"),
        *(pl.col(name).cast(pl.String).first() for name in annotation),
    )
    several = cells.filter(pl.col("values").list.len() > 1)
    if several.height:
        example = several.row(0, named=True)
        found = f"{several.height} pairs, such as {example[group]} in {example[run]}"
        hint = "is it a quantity of precursors (FG., EG.)? Choose one of protein groups"
        refuse(
            f"'{quantity}' differs within a protein group",
            where=table.file,
            found=found,
            allowed="one value each",
            hint=hint,
        )
    cells = cells.with_columns(pl.col("values").list.first().alias("value"))
    told = [name for name in OF_RUNS if name in frame.columns]
    of_runs = frame.group_by(run).agg(*(pl.col(name).cast(pl.String).unique() for name in told))
    wide = cells.pivot(on=run, index=group, values="value", maintain_order=True, sort_columns=True)
    first = cells.group_by(group, maintain_order=True).agg(*(pl.col(name).first() for name in annotation))
    var = (
        wide.select(group).join(first, on=group, how="left", maintain_order="left")
        if annotation
        else wide.select(group)
    )
    runs = wide.columns[1:]
    values = wide.drop(group).to_numpy().astype(np.float64)
    adata = _finish(values, wide[group].to_list(), runs, samples, table, to_pandas(var, var.height), notes)
    for name in told:
        cells_of = dict(zip(of_runs[run].to_list(), of_runs[name].to_list(), strict=True))
        adata.obs[name.removeprefix("R.").lower()] = [
            "; ".join(str(cell) for cell in cells_of[each] if cell) for each in runs
        ]
    return adata


def _finish(values, groups, runs, samples, table: Table, var, notes) -> anndata.AnnData:
    values = np.array(values, dtype=np.float64)
    notes["zeros_taken_as_missing"] = int((values == 0).sum())
    values[values == 0] = np.nan
    return assemble(
        values,
        group_names(groups),
        [run_name(run, samples) for run in runs],
        file=table.file,
        var=mark_keratins(var, notes),
        identifier="uniprot",
        notes=notes,
    )
