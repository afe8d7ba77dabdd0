"""Isobaric labels (TMT, iTRAQ) from a plain table: log2 ratio of each channel to the reference channel of its plex."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sevaxis.base.problems import Problem, Problems, refuse
from sevaxis.genes.identifiers import Identifier
from sevaxis.matrix.readers.tables.assembly import assemble
from sevaxis.matrix.readers.tables.layouts import as_text, choose_column, to_float, to_pandas
from sevaxis.matrix.readers.tables.program import read_program_table
from sevaxis.matrix.readers.tables.proteins import Dropped, drop_rows, group_names, mark_keratins

if TYPE_CHECKING:
    import anndata
    import pandas as pd


def read_tmt(
    path: Path,
    *,
    channels: str,
    reference: str | None = None,
    feature: str | None = None,
    identifier: Identifier | None = "uniprot",
    keep: list[Dropped] | None = None,
    sheet: str | None = None,
    skip: int = 0,
) -> anndata.AnnData:
    r"""Read reporter intensities of one or several plexes.

    Parameters
    ----------
    path
        The table (tsv or csv), a row per protein, peptide or site.
    channels
        Regular expression with the named group ``channel`` and, for several plexes, ``plex``, such as
        ``Reporter intensity corrected (?P<channel>\d+) (?P<plex>.+)`` for MaxQuant. Samples are called
        ``<plex>_<channel>``.
    reference
        Channel that holds the common reference (pool) in every plex; samples become log2 ratios to it, the reference
        itself is left out. Without one, samples are log2 intensities and the plex must enter the model as batch.
    feature
        Column with the feature names; the first where missing.
    identifier
        What the feature names are.
    keep
        Kinds of rows that stay although they are dropped by default.
    sheet, skip
        Of a workbook with several sheets; rows above the header.

    Returns
    -------
    AnnData of samples x features with log2 values (a card says ``scale: log2``) and the columns ``plex`` and
    ``channel`` in ``obs``. An intensity of 0 is missing, and so is a ratio to a missing reference.

    Raises
    ------
    Problems
        For expressions without the groups or without a match, and for plexes without the reference.
    """
    import pandas as pd

    path = Path(path)
    table = read_program_table(path, sheet=sheet, skip=skip, as_text={feature} if feature else frozenset())
    name = choose_column(table, feature, "feature") if feature else table.frame.columns[0]
    found = _channels(table.frame.columns, channels, path.name)
    obs = pd.DataFrame(
        {
            "plex": [match.groupdict().get("plex") or "1" for match in found.values()],
            "channel": [match["channel"] for match in found.values()],
            "channel_column": list(found),
        }
    )
    notes = {**table.notes, "rows": table.frame.height, "plexes": int(obs["plex"].nunique())}
    frame = drop_rows(table.frame, name, notes, keep=set(keep or ()))
    values = np.column_stack([to_float(frame[column], table) for column in found])
    values[values <= 0] = np.nan
    values = np.log2(values)
    if reference is not None:
        values, obs = _ratios(values, obs, reference, path.name, notes)
    var = to_pandas(frame.drop([name, *found]), frame.height)
    var = var[[column for column in var.columns if not column.startswith("Reporter intensity")]]
    several = any("plex" in match.groupdict() for match in found.values())
    samples = obs["plex"] + "_" + obs["channel"] if several else obs["channel"]
    return assemble(
        values,
        group_names(as_text(frame[name])),
        samples.tolist(),
        file=path.name,
        obs=obs,
        var=mark_keratins(var, notes),
        identifier=identifier,
        notes=notes,
    )


def _channels(columns: list[str], channels: str, file: str) -> dict[str, re.Match[str]]:
    """Column -> match of the expression."""
    where = f"{file}, option 'channels'"
    try:
        regex = re.compile(channels)
    except re.error as error:
        raise Problems(
            [Problem("This is no regular expression", where, channels, str(error), "escape ( ) . +")]
        ) from error
    if "channel" not in regex.groupindex:
        hint = r"such as Reporter intensity (?P<channel>\d+) (?P<plex>.+)"
        refuse(
            "The expression does not name the channel",
            where=where,
            found=channels,
            allowed="(?P<channel>...)",
            hint=hint,
        )
    found = {column: match for column in columns if (match := regex.fullmatch(column))}
    if not found:
        there = ", ".join(columns[:20])
        refuse(
            "No column is a channel", where=where, found=channels, allowed=there, hint="mind spaces and case"
        )
    return found


def _ratios(
    values: np.ndarray, obs: pd.DataFrame, reference: str, file: str, notes: dict
) -> tuple[np.ndarray, pd.DataFrame]:
    """Log2 ratios to the reference channel of each plex (features x samples), and the samples without it."""
    is_reference = (obs["channel"] == reference).to_numpy()
    lacking = sorted(set(obs["plex"]) - set(obs.loc[is_reference, "plex"]))
    if lacking:
        hint = "which channel holds the pool? Without one leave 'reference' out and give the plex as batch"
        allowed = ", ".join(sorted(set(obs["channel"])))
        what = f"No channel '{reference}' in plex {', '.join(lacking)}"
        refuse(what, where=f"{file}, option 'reference'", found=reference, allowed=allowed, hint=hint)
    for plex in obs["plex"].unique():
        of_plex = (obs["plex"] == plex).to_numpy()
        values[:, of_plex] -= values[:, of_plex & is_reference].mean(axis=1, keepdims=True)
    notes["reference_channels_left_out"] = int(is_reference.sum())
    return values[:, ~is_reference], obs[~is_reference].reset_index(drop=True)
