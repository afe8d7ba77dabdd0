"""Proteome Discoverer: the table of proteins with ``Abundances (Normalized): F1: 126, Sample, trained``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sevaxis.base.problems import Problems
from sevaxis.base.vocabulary import Assay
from sevaxis.matrix.readers.signature import Signature
from sevaxis.matrix.readers.tables.assembly import assemble
from sevaxis.matrix.readers.tables.layouts import as_text, to_pandas
from sevaxis.matrix.readers.tables.proteins import (
    Dropped,
    drop_rows,
    group_names,
    mark_keratins,
    no_quantity,
    protein_values,
    symbols_of_headers,
)
from sevaxis.matrix.readers.tables.text import Table, require_columns

if TYPE_CHECKING:
    import anndata
    import pandas as pd

Quantity = Literal["Abundances (Normalized)", "Abundance", "Abundances (Scaled)"]
#: A column of one file or channel: quantity, file, what the study factors say.
COLUMN = re.compile(
    r"^(?P<quantity>Abundances?(?: \((?:Normalized|Scaled)\))?): (?P<file>F\d+)(?:: ?(?P<rest>.*))?$"
)
CHANNEL = re.compile(r"^1[12]\d[NC]?D?$")
#: What the program calls a channel when it makes ratios; it is no group of the study.
KINDS = {"sample", "control", "n/a", ""}
KEPT = ("Accession", "Description", "Gene Symbol", "# Peptides", "# Unique Peptides", "# PSMs", "Coverage [%]",
        "Exp. q-value: Combined", "MW [kDa]")  # fmt: skip

SIGNATURES = (
    Signature(
        format="Proteome Discoverer peptides or spectra",
        columns=frozenset({"Annotated Sequence"}),
        hint="a protein would count once for each of its peptides: export the table of proteins of the same search",
    ),
    Signature(
        format="Proteome Discoverer proteins",
        reader="discoverer",
        columns=frozenset({"Accession"}),
        assay=Assay.PROTEIN,
        quantities={
            "Abundances (Normalized)": r"^Abundances \(Normalized\): F\d+",
            "Abundance": r"^Abundance: F\d+",
            "Abundances (Scaled)": r"^Abundances \(Scaled\): F\d+",
        },
        told="'Sample' and 'Control' in the columns are the program's words for the channels of a ratio, no groups",
    ),
)


def read_discoverer(
    path: Path,
    *,
    quantity: Quantity = "Abundances (Normalized)",
    keep: list[Dropped] | None = None,
    sheet: str | None = None,
) -> anndata.AnnData:
    """Read a table of proteins.

    Parameters
    ----------
    path
        The export, as text or as a workbook.
    quantity
        Which columns hold the values.
    keep
        Kinds of rows that stay although they are dropped by default.
    sheet
        Sheet of a workbook.

    Returns
    -------
    AnnData of samples x proteins, by accession. Samples are called by file, channel and study factors, which
    ``obs`` has, too. 0 is missing; what is no master protein, or of low confidence, is dropped and counted.

    Raises
    ------
    Problems
        For tables without accessions or without columns of the quantity.
    """
    import pandas as pd
    import polars as pl

    from sevaxis.matrix.readers.effects_table import read_any_table

    table: Table = read_any_table(Path(path), sheet, None, as_text={"Accession"})
    require_columns(
        table, ("Accession",), kind="table of proteins", hint="export the proteins, not their peptides"
    )
    found = {name: match for name in table.frame.columns if (match := COLUMN.match(name))}
    chosen = {name: match for name, match in found.items() if match["quantity"] == quantity}
    if not chosen:
        there = list(dict.fromkeys(match["quantity"] for match in found.values()))
        raise Problems([no_quantity(f"{quantity}: F1 ...", quantity, there, table.file)])
    notes = {**table.notes, "quantity": quantity, "rows": table.frame.height}
    frame = drop_rows(table.frame, "Accession", notes, keep=set(keep or ()))
    for column, good, note in (
        ("Master", ("IsMasterProtein", "Master Protein"), "no_master_protein_dropped"),
        ("Protein FDR Confidence: Combined", ("High", "Medium"), "low_confidence_dropped"),
    ):
        if column in frame.columns and frame[column].cast(pl.String).is_in(good).any():
            bad = ~frame[column].cast(pl.String).is_in(good).fill_null(False)
            notes[note] = int(bad.sum())
            frame = frame.filter(~bad)
    obs = pd.DataFrame([_about(match) for match in chosen.values()])
    joined = ["_".join(part for part in row if part) for row in obs.fillna("").astype(str).to_numpy()]
    names = _own_names(obs) or joined
    obs = obs.loc[:, (obs.fillna("") != "").any()]
    values = protein_values(frame, table, chosen, notes)
    var = to_pandas(frame.select([name for name in KEPT if name in frame.columns]), frame.height)
    if "Gene Symbol" not in var and "Description" in var:
        var["symbol"] = symbols_of_headers(var["Description"])
    return assemble(
        values,
        group_names(as_text(frame["Accession"])),
        names,
        file=table.file,
        obs=obs,
        var=mark_keratins(var, notes),
        identifier="uniprot",
        notes=notes,
    )


def _own_names(obs: pd.DataFrame) -> list[str]:
    """Names of the samples, where a study factor tells each of them apart."""
    for column in obs:
        if column.startswith("factor_") and obs[column].notna().all() and obs[column].is_unique:
            return obs[column].tolist()
    return []


def _about(match: re.Match[str]) -> dict[str, str]:
    """File, channel and study factors of a column."""
    parts = [part.strip() for part in (match["rest"] or "").split(",")]
    channel = parts.pop(0) if parts and CHANNEL.match(parts[0]) else ""
    factors = [part for part in parts if part.lower() not in KINDS]
    about = {"plex" if channel else "file": match["file"], "channel": channel}
    return about | {f"factor_{i + 1}": factor for i, factor in enumerate(factors)}
