"""MaxQuant: proteinGroups, peptides and modification sites."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from sevaxis.base.problems import Problem, Problems
from sevaxis.base.vocabulary import Assay
from sevaxis.genes.identifiers import first_of_group
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
    select_samples,
)
from sevaxis.matrix.readers.tables.text import Table, unique_names

if TYPE_CHECKING:
    import anndata
    import polars as pl

Quantity = Literal[
    "Intensity", "LFQ intensity", "iBAQ", "MS/MS count", "Razor + unique peptides", "Unique peptides"
]
#: Quantities that are counts, where 0 is a count; in all others 0 means that nothing was measured.
COUNTS = {"MS/MS count", "Razor + unique peptides", "Unique peptides"}
#: Annotation kept with the features, as far as a table has it.
KEPT = (
    "Protein IDs", "Majority protein IDs", "Protein names", "Gene names", "Peptides", "Razor + unique peptides",
    "Unique peptides", "Q-value", "Score", "Sequence length", "Mol. weight [kDa]", "Proteins", "Leading razor protein",
    "Unique (Groups)", "Unique (Proteins)", "Missed cleavages", "PEP", "Protein", "Leading proteins", "Position",
    "Positions within proteins", "Amino acid", "Localization prob", "Score diff", "Sequence window", "Multiplicity",
)  # fmt: skip


SIGNATURES = (
    Signature(
        format="MaxQuant sites",
        reader="maxquant_sites",
        columns=frozenset({"Localization prob", "Positions within proteins"}),
        none=(r"^Reporter intensity",),
        some=(r"^Intensity .+",),
        assay=Assay.PTM,
    ),
    Signature(
        format="MaxQuant sites with reporter ions",
        columns=frozenset({"Localization prob", "Positions within proteins"}),
        some=(r"^Reporter intensity",),
        hint="sum the corrected reporter intensities of each site over ___1 to ___3, a row per site (P12345_S33) and a "
        "column per sample, in a table of your own; its assay is ptm",
    ),
    Signature(
        format="MaxQuant proteinGroups of SILAC",
        columns=frozenset({"Majority protein IDs", "Protein IDs"}),
        some=(r"^Ratio [HM]/[LM] ",),
        hint="intensities of light and heavy are two samples in each: take the accessions and the columns 'Ratio H/L "
        "normalized <sample>', as log2, into a table of your own",
    ),
    *(
        Signature(
            format=f"MaxQuant proteinGroups with reporter ions{words}",
            reader="tmt",
            columns=frozenset({"Majority protein IDs", "Protein IDs"}),
            some=(f"^{channels.replace('?P<channel>', '').replace('?P<plex>', '')}$",),
            assay=Assay.PROTEIN,
            fixed={"channels": channels, "feature": "Majority protein IDs"},
            told="the corrected reporter intensities are taken: not the raw ones, the counts, the sums of all plexes; "
            "a channel that holds a pool is named in the option 'reference'",
        )
        for words, channels in (
            (" of several experiments", r"Reporter intensity corrected (?P<channel>\d+) (?P<plex>.+)"),
            ("", r"Reporter intensity corrected (?P<channel>\d+)"),
        )
    ),
    Signature(
        format="MaxQuant proteinGroups",
        reader="maxquant",
        columns=frozenset({"Majority protein IDs", "Protein IDs"}),
        assay=Assay.PROTEIN,
        quantities={"LFQ intensity": r"^LFQ intensity ", "iBAQ": r"^iBAQ ", "Intensity": r"^Intensity "},
    ),
    Signature(
        format="MaxQuant peptides",
        columns=frozenset({"Leading razor protein", "Sequence"}),
        hint="a protein would count once for each of its peptides: take proteinGroups.txt of the same search",
    ),
    Signature(
        format="MaxQuant peptides or spectra",
        columns=frozenset({"Sequence", "Proteins"}),
        some=(r"^(Modified sequence|Modifications|Raw file|Unique \(Groups\))$",),
        hint="a protein would count once for each of its peptides: take proteinGroups.txt of the same search",
    ),
)


def read_maxquant(
    path: Path,
    *,
    quantity: Quantity = "LFQ intensity",
    samples: list[str] | str | None = None,
    keep: list[Dropped] | None = None,
    sheet: str | None = None,
    skip: int = 0,
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
    sheet, skip
        Of a workbook with several sheets; rows above the header.

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
    table, ids = _table(path, ("Majority protein IDs", "Protein IDs"), "proteinGroups", sheet, skip)
    columns = select_samples(quantity_columns(table, quantity), samples, table.file)
    notes = {**table.notes, "quantity": quantity, "rows": table.frame.height}
    frame = drop_rows(table.frame, ids, notes, keep=set(keep or ()))
    values = protein_values(frame, table, columns.values(), notes, counted=quantity in COUNTS)
    groups = as_text(frame[ids])
    notes["groups_of_several_accessions"] = sum(";" in group for group in groups)
    var = _annotation(frame, notes)
    return assemble(
        values,
        group_names(groups),
        list(columns),
        file=table.file,
        var=var,
        identifier="uniprot",
        notes=notes,
    )


def read_maxquant_peptides(
    path: Path,
    *,
    quantity: Literal["Intensity", "LFQ intensity"] = "Intensity",
    samples: list[str] | str | None = None,
    peptides: Literal["all", "unique_group", "unique_protein"] = "unique_group",
    keep: list[Dropped] | None = None,
) -> anndata.AnnData:
    """Read a peptides table, for roll-up to proteins by the model's own rules.

    Parameters
    ----------
    path
        The file ``peptides.txt``.
    quantity, samples, keep
        As for ``maxquant``.
    peptides
        ``unique_group``: only peptides of one protein group; ``unique_protein``: of one protein; ``all``: razor
        peptides too, each with its leading razor protein.

    Returns
    -------
    AnnData of samples x peptides; ``uniprot`` is the leading razor protein, to which a peptide is counted.
    """
    table, ids = _table(path, ("Leading razor protein", "Proteins"), "peptides")
    if "Sequence" not in table.frame.columns:
        raise Problems([_wrong(table, "peptides", "Sequence")])
    columns = select_samples(quantity_columns(table, quantity), samples, table.file)
    notes = {**table.notes, "quantity": quantity, "peptides": peptides, "rows": table.frame.height}
    frame = drop_rows(table.frame, ids, notes, keep=set(keep or ()))
    marker = {"unique_group": "Unique (Groups)", "unique_protein": "Unique (Proteins)"}.get(peptides)
    if marker in frame.columns:
        unique = frame[marker].str.strip_chars().str.to_lowercase().is_in(["yes", "+"]).fill_null(False)
        notes["shared_peptides_dropped"] = int((~unique).sum())
        frame = frame.filter(unique)
    values = protein_values(frame, table, columns.values(), notes, counted=quantity in COUNTS)
    var = _annotation(frame, notes)
    var["uniprot"] = first_of_group(var[ids]).to_numpy()
    return assemble(values, as_text(frame["Sequence"]), list(columns), file=table.file, var=var, notes=notes)


def read_maxquant_sites(
    path: Path,
    *,
    samples: list[str] | str | None = None,
    min_localisation: float = 0.75,
    multiplicity: Literal["sum", "separate"] = "sum",
    keep: list[Dropped] | None = None,
    sheet: str | None = None,
    skip: int = 0,
) -> anndata.AnnData:
    """Read a table of modification sites, such as ``Acetyl (K)Sites.txt``.

    Parameters
    ----------
    path
        The file.
    samples
        Only these samples: a list of names, or a regular expression. Of a table that was processed further (Perseus)
        and has no columns ``Intensity <sample>``, the list of its columns of values.
    min_localisation
        Sites below this best localisation probability are dropped and counted.
    multiplicity
        MaxQuant gives intensities of peptides with one, two and more modifications (``___1``, ``___2``, ``___3``):
        their ``sum`` per site, or ``separate`` features ``P1_K27___1``.
    keep
        Kinds of rows that stay although they are dropped by default.
    sheet, skip
        Of a workbook with several sheets; rows above the header.

    Returns
    -------
    AnnData of samples x sites named ``P1_K27``; ``uniprot`` is the leading protein. A value of 0 is missing.
    """
    table, ids = _table(path, ("Leading proteins", "Proteins", "Protein"), "Sites", sheet, skip)
    required = [name for name in ("Amino acid", "Localization prob") if name not in table.frame.columns]
    if required:
        raise Problems([_wrong(table, "sites", required[0])])
    notes = {**table.notes, "rows": table.frame.height, "min_localisation": min_localisation}
    frame = drop_rows(table.frame, ids, notes, keep=set(keep or ()))
    localised = frame["Localization prob"] >= min_localisation
    notes["poorly_localised_dropped"] = int((~localised.fill_null(False)).sum())
    frame = frame.filter(localised)
    if isinstance(samples, list) and set(samples) <= set(table.frame.columns):
        return _processed_sites(table, frame, ids, samples, notes)
    columns, levels = _site_columns(table, samples)
    blocks = [protein_values(frame, table, columns[level], {}) for level in levels]
    var = _annotation(frame, notes)
    var["uniprot"] = first_of_group(var[ids]).to_numpy()
    position = "Position" if "Position" in frame.columns else "Positions within proteins"
    parts = zip(var["uniprot"], as_text(frame["Amino acid"]), as_text(frame[position]), strict=True)
    sites = [f"{protein}_{residue}{place.split(';')[0]}" for protein, residue, place in parts]
    if multiplicity == "sum" or levels == [""]:
        stacked = np.stack(blocks)
        values = np.where(np.isnan(stacked).all(axis=0), np.nan, np.nansum(stacked, axis=0))
    else:
        import pandas as pd

        values = np.concatenate(blocks)
        sites = [f"{site}{level}" for level in levels for site in sites]
        var = pd.concat([var.assign(multiplicity=level) for level in levels], ignore_index=True)
        seen = ~np.isnan(values).all(axis=1)
        values, var, sites = (
            values[seen],
            var[seen],
            [site for site, some in zip(sites, seen, strict=True) if some],
        )
    names = _site_samples(columns[levels[0]], levels[0])
    return assemble(values, sites, names, file=table.file, var=var, duplicates="sum", notes=notes)


def _processed_sites(
    table: Table, frame: pl.DataFrame, ids: str, samples: list[str], notes: dict
) -> anndata.AnnData:
    """Sites of a table whose values have columns of any name, a row for each multiplicity: nothing is summed."""
    values = protein_values(frame, table, samples, notes)
    var = _annotation(frame, notes)
    var["uniprot"] = first_of_group(var[ids]).to_numpy()
    position = "Position" if "Position" in frame.columns else "Positions within proteins"
    parts = zip(var["uniprot"], as_text(frame["Amino acid"]), as_text(frame[position]), strict=True)
    sites = [f"{protein}_{residue}{place.split(';')[0]}" for protein, residue, place in parts]
    if "Multiplicity" in frame.columns:
        sites = [f"{site}{level}" for site, level in zip(sites, as_text(frame["Multiplicity"]), strict=True)]
    # the same site of a protein in two groups
    sites, repeated = unique_names(sites)
    notes["sites_of_several_groups"] = len(repeated)
    return assemble(values, sites, samples, file=table.file, var=var, notes=notes)


def _table(
    path: Path, ids: tuple[str, ...], kind: str, sheet: str | None = None, skip: int = 0
) -> tuple[Table, str]:
    """The table and its column of accessions."""
    table = read_program_table(path, sheet=sheet, skip=skip)
    found = next((name for name in ids if name in table.frame.columns), None)
    if found is None:
        raise Problems([_wrong(table, kind, ids[0])])
    return table, found


def _wrong(table: Table, kind: str, column: str) -> Problem:
    found = ", ".join(table.frame.columns[:6])
    hint = "readers: maxquant (proteinGroups), maxquant_peptides, maxquant_sites"
    return Problem(f"This is no {kind} table of MaxQuant", table.file, found, f"a column '{column}'", hint)


def _annotation(frame: pl.DataFrame, notes: dict):
    var = to_pandas(frame.select([column for column in KEPT if column in frame.columns]), frame.height)
    names = {
        "Peptides": "peptides",
        "Unique peptides": "unique_peptides",
        "Localization prob": "localisation",
    }
    return mark_keratins(var, notes).rename(columns=names)


def quantity_columns(table: Table, quantity: str) -> dict[str, str]:
    """Sample -> column called ``<quantity> <sample>``; a table with one sample calls it ``<quantity>`` alone."""
    columns = {
        name.removeprefix(quantity + " "): name
        for name in table.frame.columns
        if name.startswith(quantity + " ")
    }
    if not columns and quantity in table.frame.columns:
        columns = {"all": quantity}
    if not columns:
        there = [
            prefix
            for prefix in get_args(Quantity)
            if any(name.startswith(prefix + " ") for name in table.frame.columns)
        ]
        raise Problems([no_quantity(f"{quantity} ...", quantity, there, table.file)])
    return columns


def _site_columns(table: Table, samples: list[str] | str | None) -> tuple[dict[str, list[str]], list[str]]:
    """Intensity columns of each multiplicity (``___1`` ...), or of none where the table does not tell them apart."""
    by_level: dict[str, dict[str, str]] = {}
    for name, column in quantity_columns(table, "Intensity").items():
        match = re.search(r"___\d$", name)
        level = match[0] if match else ""
        # `Intensity___1` without a sample is the sum over samples
        if name.startswith("___"):
            continue
        by_level.setdefault(level, {})[name.removesuffix(level)] = column
    levels = sorted(level for level in by_level if level) or [""]
    chosen = {level: select_samples(by_level.get(level, {}), samples, table.file) for level in levels}
    return {level: list(columns.values()) for level, columns in chosen.items()}, levels


def _site_samples(columns: list[str], level: str) -> list[str]:
    return [column.removeprefix("Intensity ").removesuffix(level) for column in columns]
