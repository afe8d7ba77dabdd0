"""Rules for protein tables of all search engines: decoys, contaminants, groups, zeros.

- Decoys: rows marked by the engine, or accessions that begin as :data:`DECOY` says. Dropped.
- Contaminants: rows marked by the engine, accessions that begin as :data:`CONTAMINANT` says (the common contaminant
  lists of MaxQuant, FragPipe, DIA-NN, Spectronaut, PEAKS), and entry names of cattle, pig or sheep (serum and trypsin):
  the cards know human, mouse and rat only. Dropped.
- Keratins stay, as skin is not their only source, but are marked in the column ``keratin``.
- A group ``P1;P2`` is named by its first accession, or in full where two groups begin with the same.

Every rule counts what it did in ``uns["reading"]``; the option `keep` of a reader keeps a kind of rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from sevaxis.base.problems import Problem, nearest, refuse
from sevaxis.matrix.readers.tables.layouts import to_float
from sevaxis.matrix.readers.tables.text import Table

if TYPE_CHECKING:
    import anndata
    import pandas as pd
    import polars as pl

Dropped = Literal["decoys", "contaminants", "only_identified_by_site"]

DECOY = r"^(?:(?:sp|tr)\|)?(?:##|#?(?i:rev|reverse|reversed|decoy|xxx)(?:_|#|\|))"
CONTAMINANT = r"^(?:(?:sp|tr)\|)?(?:#?(?i:con__|cont_|contam[_#|]|contaminant[_#|])|cRAP|CRAP)"
#: Species codes of entry names (UniProt) that come with serum, trypsin and wool, not with the samples.
FOREIGN = r"_(?:BOVIN|PIG|SHEEP)\b"
#: Gene symbols of keratins: KRT1, Krt10, KRTAP..., but not KRTCAP2, which is no keratin.
KERATIN = r"(?i)^KRT(?:AP)?\d"


#: Column (small letters and digits only) -> reason: MaxQuant's marks, whatever R or Perseus made of their names,
#: and those of Proteome Discoverer and PEAKS.
MARKS = {
    "reverse": "decoys",
    "decoy": "decoys",
    "isdecoy": "decoys",
    "potentialcontaminant": "contaminants",
    "contaminant": "contaminants",
    "iscontaminant": "contaminants",
    "onlyidentifiedbysite": "only_identified_by_site",
}
#: Kinds of rows of an nCounter table (``Code Class``) that watch the measurement.
CONTROLS = ("positive", "negative", "spikein", "binding", "purification", "ligation", "invalid")
MARKED = ("+", "true", "yes", "1", "1.0")


def drop_rows(
    frame: pl.DataFrame,
    ids: str,
    notes: dict,
    *,
    marks: dict[str, list[pl.Expr]] | None = None,
    keep: set[str] = frozenset(),
    names: str | None = None,
) -> pl.DataFrame:
    """Rows that are neither decoys nor contaminants; counts go to the notes (a row counts under its first reason).

    Parameters
    ----------
    frame
        Table of proteins, peptides or sites.
    ids
        Column with accessions or groups of them; the first of a group decides.
    notes
        Receives ``<reason>_dropped`` or ``<reason>_kept``.
    marks
        Reason -> boolean expressions of the engine's own marks, beside the columns of :data:`MARKS`.
    keep
        Reasons whose rows stay.
    names
        Column with UniProt entry names, where it is not part of the accession.
    """
    import polars as pl

    given = marks or {}
    marks = plus_marks(frame)
    for reason, expressions in given.items():
        marks.setdefault(reason, []).extend(expressions)
    first = pl.col(ids).cast(pl.String).str.split(";").list.first()
    foreign = [
        pl.col(column).cast(pl.String).str.split(";").list.first() for column in (ids, names) if column
    ]
    marks.setdefault("decoys", []).append(first.str.contains(DECOY))
    marks.setdefault("contaminants", []).append(first.str.contains(CONTAMINANT))
    marks["contaminants"] += [name.str.contains(FOREIGN) for name in foreign]
    for reason, expressions in marks.items():
        marked = frame.select(pl.any_horizontal([mark.fill_null(False) for mark in expressions])).to_series()
        notes[f"{reason}_kept" if reason in keep else f"{reason}_dropped"] = int(marked.sum())
        if reason not in keep:
            frame = frame.filter(~marked)
    return frame


def plus_marks(frame: pl.DataFrame) -> dict[str, list[pl.Expr]]:
    """Reason -> expressions of the rows that the columns of :data:`MARKS` mark, with ``+`` or True."""
    import polars as pl

    marks: dict[str, list[pl.Expr]] = {}
    for column in frame.columns:
        bare = re.sub(r"[^a-z0-9]", "", re.sub(r"^[A-Z]: ", "", column).lower())
        if bare in MARKS:
            cells = pl.col(column).cast(pl.String).str.strip_chars().str.to_lowercase()
            marks.setdefault(MARKS[bare], []).append(cells.is_in(MARKED))
        elif bare == "codeclass":
            cells = pl.col(column).cast(pl.String).str.strip_chars().str.to_lowercase()
            marks.setdefault("controls", []).append(cells.is_in(CONTROLS))
    return marks


def without_decoys(adata: anndata.AnnData, keep: Iterable[str] | None = None) -> anndata.AnnData:
    """The same rules for tables of no known program: features that are neither decoys nor contaminants.

    Parameters
    ----------
    adata
        Samples x features, by names and the columns of :data:`MARKS` in ``var``.
    keep
        Reasons whose features stay.

    Returns
    -------
    AnnData with counts of what was dropped in ``uns["reading"]``, where something was.
    """
    import polars as pl

    columns = {"__feature": adata.var_names.astype(str), "__row": np.arange(adata.n_vars)}
    for name in adata.var:
        if re.sub(r"[^a-z0-9]", "", re.sub(r"^[A-Z]: ", "", str(name)).lower()) in (*MARKS, "codeclass"):
            columns[str(name)] = adata.var[name].astype("string").fillna("").tolist()
    notes: dict[str, int] = {}
    kept = drop_rows(pl.DataFrame(columns), "__feature", notes, keep=set(keep or ()))
    if kept.height < adata.n_vars:
        reading = adata.uns["reading"]
        adata = adata[:, kept["__row"].to_numpy()].copy()
        adata.uns["reading"] = reading
    adata.uns["reading"] |= {name: count for name, count in notes.items() if count}
    return adata


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
        refuse(
            "No such samples", where=where, found=", ".join(missing), allowed=", ".join(columns), hint=hint
        )
    return {name: columns[name] for name in chosen}


def no_quantity(columns: str, quantity: str, there: Sequence[str], file: str) -> Problem:
    """Problem of a quantity that a table does not have, with those that it has."""
    where, hint = f"{file}, option 'quantity'", nearest(quantity, there)
    return Problem(f"No columns '{columns}'", where, quantity, ", ".join(there), hint)


def protein_values(
    frame: pl.DataFrame, table: Table, columns: Iterable[str], notes: dict, *, counted: bool = False
) -> np.ndarray:
    """Rows x columns of quantities; an intensity of 0 is missing (``counted``: 0 is a count)."""
    values = np.column_stack([to_float(frame[column], table) for column in columns])
    if not counted:
        notes["zeros_taken_as_missing"] = int((values == 0).sum())
        values[values == 0] = np.nan
    return values


def group_names(groups: list[str]) -> list[str]:
    """First accession of each group, or the whole group where another begins with the same one."""
    firsts = [
        re.sub(r"^(?:contam_|rev_)*(?:sp|tr)\|([^|]+)\|.*$", r"\1", group.split(";")[0]) for group in groups
    ]
    counts: dict[str, int] = {}
    for first in firsts:
        counts[first] = counts.get(first, 0) + 1
    return [first if counts[first] == 1 else group for first, group in zip(firsts, groups, strict=True)]


def mark_keratins(var, notes: dict):
    """Annotation with the column ``keratin``, told by gene symbols, where there are any."""
    column = next(
        (name for name in ("Gene names", "Genes", "Gene", "PG.Genes", "symbol") if name in var.columns), None
    )
    if column is None:
        return var
    keratin = var[column].astype("string").str.contains(KERATIN, regex=True).fillna(False).astype(bool)
    notes["keratins_marked"] = int(keratin.sum())
    return var.assign(keratin=keratin.to_numpy())


def symbols_of_headers(headers: pd.Series) -> pd.Series:
    """Gene symbols of UniProt's FASTA headers (``Albumin OS=Mus musculus OX=10090 GN=Alb PE=1 SV=3``)."""
    return headers.astype("string").str.extract(r"\bGN=(\S+)", expand=False)
