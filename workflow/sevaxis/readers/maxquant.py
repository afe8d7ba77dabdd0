"""MaxQuant's ``proteinGroups.txt``: intensities by sample, decoys and contaminants dropped and counted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from sevaxis.problems import Problem, Problems, nearest
from sevaxis.readers.assembly import assemble
from sevaxis.readers.layouts import as_text, to_float, to_pandas
from sevaxis.readers.text import Table, read_table

if TYPE_CHECKING:
    import anndata
    import polars as pl

Quantity = Literal[
    "Intensity", "LFQ intensity", "iBAQ", "MS/MS count", "Razor + unique peptides", "Unique peptides"
]
#: Column -> reason, as MaxQuant marks rows with ``+``; older versions say Contaminant.
MARKS = {
    "Reverse": "decoys",
    "Potential contaminant": "contaminants",
    "Contaminant": "contaminants",
    "Only identified by site": "only_identified_by_site",
}
#: Prefixes of MaxQuant's decoy and contaminant accessions, for tables that lost the marking columns.
PREFIXES = {"REV__": "decoys", "CON__": "contaminants"}
#: Columns of counts, where 0 is a count; in all others 0 means that nothing was measured.
COUNTS = {"MS/MS count", "Razor + unique peptides", "Unique peptides"}
#: Annotation kept with the proteins.
KEPT = (
    "Protein IDs", "Majority protein IDs", "Protein names", "Gene names", "Peptides", "Razor + unique peptides",
    "Unique peptides", "Q-value", "Score", "Sequence length", "Mol. weight [kDa]",
)  # fmt: skip


def read_maxquant(
    path: Path,
    *,
    quantity: Quantity = "LFQ intensity",
    samples: list[str] | str | None = None,
    keep: list[Literal["decoys", "contaminants", "only_identified_by_site"]] | None = None,
) -> anndata.AnnData:
    """Read a proteinGroups table.

    Parameters
    ----------
    path
        The file (MaxQuant writes tabs; tables saved again with commas are read too).
    quantity
        Which columns hold the values: those called ``<quantity> <sample>``.
    samples
        Only these samples: a list of names, or a regular expression.
    keep
        Kinds of rows that stay although they are dropped by default.

    Returns
    -------
    AnnData of samples x protein groups. Feature names are the first accession of `Majority protein IDs` (the whole
    group where two groups share the first); the group itself stays in the column ``Majority protein IDs``. A value of
    0 is missing. ``uns["reading"]`` counts what was dropped.

    Raises
    ------
    Problems
        For tables without protein groups or without columns of the quantity.
    """
    path = Path(path)
    # MaxQuant does not quote; a quote in a protein name is a character like others
    table = read_table(path, quoted=path.suffix != ".txt", decimal=".")
    frame = table.frame
    ids = next((name for name in ("Majority protein IDs", "Protein IDs") if name in frame.columns), None)
    if ids is None:
        hint = "peptides and site tables have readers of their own"
        found = ", ".join(frame.columns[:6])
        raise Problems(
            [Problem("This is no proteinGroups table", path.name, found, "Majority protein IDs", hint)]
        )
    columns = quantity_columns(table, quantity)
    columns = select_samples(columns, samples, path.name)
    notes = {**table.notes, "quantity": quantity, "rows": frame.height}
    frame = drop_marked(frame, ids, set(keep or ()), notes)
    values = np.column_stack([to_float(frame[column], table) for column in columns.values()])
    if quantity not in COUNTS:
        notes["zeros_taken_as_missing"] = int((values == 0).sum())
        values[values == 0] = np.nan
    groups = as_text(frame[ids])
    features = first_accessions(groups)
    notes["groups_of_several_accessions"] = sum(";" in group for group in groups)
    kept = [column for column in KEPT if column in frame.columns]
    var = to_pandas(frame.select(kept), frame.height)
    var = var.rename(columns={"Peptides": "peptides", "Unique peptides": "unique_peptides"})
    return assemble(
        values, features, list(columns), file=path.name, var=var, identifier="uniprot", notes=notes
    )


def quantity_columns(table: Table, quantity: str) -> dict[str, str]:
    """Sample -> column called ``<quantity> <sample>``; a table with one sample calls it ``<quantity>`` alone."""
    # `Intensity L H1` is the light channel of H1: SILAC's channels stay samples of their own
    columns = {
        name.removeprefix(quantity + " "): name
        for name in table.frame.columns
        if name.startswith(quantity + " ")
    }
    if not columns and quantity in table.frame.columns:
        columns = {"all": quantity}
    if not columns:
        prefixes = (
            "Intensity",
            "LFQ intensity",
            "iBAQ",
            "MS/MS count",
            "Razor + unique peptides",
            "Unique peptides",
        )
        there = [
            prefix
            for prefix in prefixes
            if any(name.startswith(prefix + " ") for name in table.frame.columns)
        ]
        where = f"{table.file}, option 'quantity'"
        raise Problems(
            [
                Problem(
                    f"No columns '{quantity} ...'",
                    where,
                    quantity,
                    ", ".join(there),
                    nearest(quantity, there),
                )
            ]
        )
    return columns


def select_samples(columns: dict[str, str], samples: list[str] | str | None, file: str) -> dict[str, str]:
    """The columns of the samples asked for."""
    if samples is None:
        return columns
    if isinstance(samples, str):
        chosen = [name for name in columns if re.search(samples, name)]
        missing = [] if chosen else [samples]
    else:
        chosen, missing = list(samples), [name for name in samples if name not in columns]
    if missing:
        where = f"{file}, option 'samples'"
        hint = nearest(missing[0], columns)
        raise Problems([Problem("No such samples", where, ", ".join(missing), ", ".join(columns), hint)])
    return {name: columns[name] for name in chosen}


def drop_marked(frame: pl.DataFrame, ids: str, keep: set[str], notes: dict) -> pl.DataFrame:
    """Rows that are no decoys, contaminants or site-only groups; counts go to the notes (the first reason counts)."""
    import polars as pl

    reasons: dict[str, list[pl.Expr]] = {}
    for column, reason in MARKS.items():
        if column in frame.columns:
            reasons.setdefault(reason, []).append(pl.col(column).cast(pl.String).str.strip_chars() == "+")
    for prefix, reason in PREFIXES.items():
        first = pl.col(ids).cast(pl.String).str.split(";").list.first()
        reasons.setdefault(reason, []).append(first.str.starts_with(prefix))
    for reason, marks in reasons.items():
        marked = frame.select(pl.any_horizontal([mark.fill_null(False) for mark in marks])).to_series()
        notes[f"{reason}_kept" if reason in keep else f"{reason}_dropped"] = int(marked.sum())
        if reason not in keep:
            frame = frame.filter(~marked)
    return frame


def first_accessions(groups: list[str]) -> list[str]:
    """First accession of each group, or the whole group where another begins with the same one."""
    firsts = [re.sub(r"^(?:sp|tr)\|([^|]+)\|.*$", r"\1", group.split(";")[0]) for group in groups]
    counts: dict[str, int] = {}
    for first in firsts:
        counts[first] = counts.get(first, 0) + 1
    return [first if counts[first] == 1 else group for first, group in zip(firsts, groups, strict=True)]
