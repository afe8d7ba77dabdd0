"""Probes of arrays -> genes: annotation of the platform, probes of several genes, one probe per gene."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from sevaxis.base.problems import refuse
from sevaxis.matrix.readers.tables.encoding import read_bytes, require_file, to_utf8
from sevaxis.matrix.readers.tables.geo import parse_soft
from sevaxis.matrix.readers.tables.layouts import as_text
from sevaxis.matrix.readers.tables.text import Table, parse_table

if TYPE_CHECKING:
    import pandas as pd

#: Columns of platform tables (lower case, letters only) that name genes, best first.
SYMBOLS = ("genesymbol", "symbol", "ilmngene", "genename", "gene")
ENTREZ = ("geneid", "entrezgeneid", "entrezgene", "entrezid", "locuslinkid")
#: Affymetrix separates the genes of one probe by ``///``, and the parts of a gene assignment by ``//``.
SEVERAL = "///"


def platform_annotation(source: Path | Table, names: list[str]) -> pd.DataFrame:
    """Symbols and Entrez identifiers of probes.

    Parameters
    ----------
    source
        A platform's file (``GPL....annot.gz``, ``GPL..._family.soft.gz``, ``GPL....txt``), or its table.
    names
        The probes.

    Returns
    -------
    Data frame with the columns ``symbol`` and ``entrez``, a row for each name, missing where the platform knows
    none; probes of several genes keep them all, separated by ``///``.

    Raises
    ------
    Problems
        For files without a table, and for tables that name no genes.
    """
    import pandas as pd

    table = source if isinstance(source, Table) else _platform_table(Path(source))
    columns = {re.sub(r"[^a-z]", "", name.lower()): name for name in reversed(table.frame.columns)}
    symbol = next((columns[name] for name in SYMBOLS if name in columns), None)
    entrez = next((columns[name] for name in ENTREZ if name in columns), None)
    assignment = columns.get("geneassignment")
    if symbol is None and entrez is None and assignment is None:
        found = ", ".join(table.frame.columns[:20])
        hint = "GEO's .annot files of older platforms name genes; newer GPL tables do so themselves"
        refuse(
            "The platform names no genes",
            where=table.file,
            found=found,
            allowed="Gene symbol, Gene ID",
            hint=hint,
        )
    probes = as_text(table.frame[table.frame.columns[0]])
    genes = pd.DataFrame(index=pd.Index(probes))
    for name, column in (("symbol", symbol), ("entrez", entrez)):
        if column is not None:
            genes[name] = pd.array(as_text(table.frame[column]), dtype="string")
    if symbol is None and assignment is not None:
        genes["symbol"] = pd.array(
            [_assigned(cell) for cell in as_text(table.frame[assignment])], dtype="string"
        )
    genes = genes.replace({"": pd.NA, "---": pd.NA})
    return genes[~genes.index.duplicated()].reindex(names).reset_index(drop=True)


def _platform_table(path: Path) -> Table:
    require_file(path, what="The platform's annotation")
    data = to_utf8(read_bytes(path))[0]
    if data.lstrip().startswith(b"^"):
        tables = [entity.table for entity in parse_soft(data) if entity.table]
        data = tables[0] if tables else b""
    if not data.strip():
        hint = "a brief record has no table"
        refuse(
            "The platform's file holds no table",
            where=path.name,
            found="no table",
            allowed="probes and genes",
            hint=hint,
        )
    return parse_table(data, path.name, separator="\t", comment="#", quoted=False, as_text=True)


def _assigned(cell: str) -> str:
    """Symbols in a gene assignment of Affymetrix: ``NM_1 // FBXO2 // F-box ... /// NM_2 // ...``."""
    symbols = [parts[1].strip() for part in cell.split(SEVERAL) if len(parts := part.split("//")) > 1]
    return SEVERAL.join(dict.fromkeys(symbol for symbol in symbols if symbol != "---"))


def choose_probes(
    values: np.ndarray,
    annotation: pd.DataFrame | None,
    probes: Literal["highest_mean", "all"],
    notes: dict,
) -> tuple[np.ndarray, pd.DataFrame | None]:
    """Rows that are analysed, and their annotation.

    Parameters
    ----------
    values
        Probes x samples.
    annotation
        Columns ``symbol`` and ``entrez`` (one may lack), as :func:`platform_annotation` gives them; None where
        nothing is known of the genes.
    probes
        ``all``, or ``highest_mean``: probes of several genes are dropped, and of the probes of one gene the one with
        the highest mean stays, which tends to be the one with most signal above background (rule MaxMean of Miller
        et al. 2011, BMC Bioinformatics 12:322).
    notes
        Receives what was dropped.
    """
    import pandas as pd

    if annotation is None:
        notes["genes"] = "the file does not name them"
        return np.arange(len(values)), None
    key = annotation["symbol"] if "symbol" in annotation else annotation["entrez"]
    several = key.str.contains(SEVERAL, regex=False).fillna(False).to_numpy(dtype=bool)
    notes["probes_of_several_genes"] = int(several.sum())
    notes["probes_without_gene"] = int(key.isna().sum())
    if probes == "all":
        # no single gene can be named for a probe of several
        return np.arange(len(values)), annotation.apply(lambda cells: cells.mask(several))
    usable = np.flatnonzero(~several & key.notna().to_numpy(dtype=bool))
    filled = np.where(np.isnan(values[usable]), 0, values[usable])
    known = np.maximum((~np.isnan(values[usable])).sum(axis=1), 1)
    means = filled.sum(axis=1) / known
    ranked = pd.DataFrame({"row": usable, "gene": key.iloc[usable].to_numpy(), "mean": means})
    ranked = ranked.sort_values(["mean", "row"], ascending=[False, True], kind="stable").drop_duplicates(
        "gene"
    )
    keep = np.sort(ranked["row"].to_numpy())
    notes["further_probes_of_a_gene"] = int(len(usable) - len(keep))
    return keep, annotation.iloc[keep]
