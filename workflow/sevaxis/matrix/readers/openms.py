"""OpenMS and quantms: abundances of ProteinQuantifier (``..._protein_openms.csv``), and the design of their samples."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from sevaxis.base.vocabulary import Assay
from sevaxis.matrix.readers.sdrf import without_ending
from sevaxis.matrix.readers.signature import Signature
from sevaxis.matrix.readers.tables.assembly import assemble
from sevaxis.matrix.readers.tables.encoding import read_bytes, to_utf8
from sevaxis.matrix.readers.tables.layouts import to_pandas
from sevaxis.matrix.readers.tables.proteins import Dropped, drop_rows, group_names, protein_values
from sevaxis.matrix.readers.tables.text import read_table, require_columns

if TYPE_CHECKING:
    import anndata
    import pandas as pd

ABUNDANCE = re.compile(r"^abundance_(\d+)$")
KEPT = ("protein", "n_proteins", "protein_score", "n_peptides")
SIGNATURES = (
    Signature(
        format="OpenMS peptides",
        columns=frozenset({"peptide", "protein", "n_proteins"}),
        some=(r"^abundance",),
        hint="a protein would count once for each of its peptides: take the table of proteins of the same run "
        "(..._protein_openms.csv), or the mzTab",
    ),
    Signature(
        format="OpenMS proteins",
        reader="openms",
        columns=frozenset({"protein", "n_proteins"}),
        some=(ABUNDANCE.pattern,),
        assay=Assay.PROTEIN,
    ),
)


def read_openms(path: Path, *, keep: list[Dropped] | None = None) -> anndata.AnnData:
    """Read the proteins of ProteinQuantifier.

    Parameters
    ----------
    path
        The file.
    keep
        Kinds of rows that stay although they are dropped by default.

    Returns
    -------
    AnnData of samples x proteins, linear, by the first accession of a group. Samples are named by their files, where
    the comments above the table say them, else ``Sample 1``, ... by their number in the experimental design. 0 is
    missing.

    Raises
    ------
    Problems
        For tables without the columns.
    """
    import polars as pl

    path = Path(path)
    table = read_table(path, comment="#")
    hint = "take the table of proteins that ProteinQuantifier wrote"
    require_columns(table, ("protein",), kind="table of OpenMS", hint=hint)
    columns = {int(match[1]): name for name in table.frame.columns if (match := ABUNDANCE.match(name))}
    notes: dict = {**table.notes, "rows": table.frame.height}
    # members of a group stand beside each other
    frame = table.frame.with_columns(pl.col("protein").cast(pl.String).str.replace_all("/", ";"))
    frame = drop_rows(frame, "protein", notes, keep=set(keep or ()))
    values = protein_values(frame, table, list(columns.values()), notes)
    files = _files(path)
    names = [files.get(number, "") for number in columns]
    known = all(names) and len(set(names)) == len(names)
    var = to_pandas(frame.select([name for name in KEPT if name in frame.columns]), frame.height)
    return assemble(
        values,
        group_names(frame["protein"].to_list()),
        names if known else [f"Sample {number}" for number in columns],
        file=table.file,
        var=var,
        notes=notes,
    )


def _files(path: Path) -> dict[int, str]:
    """Number of a sample -> its file, as a comment says it; nothing where a file has several samples."""
    head = to_utf8(read_bytes(path)[: 1 << 20])[0].decode("utf-8", "replace")
    said = re.search(r"^#\s*Files/samples associated with abundance values below:(.*)$", head, re.MULTILINE)
    pairs = re.findall(r"(\d+): '([^']*)'", said[1]) if said else []
    return {
        int(number): without_ending(PurePosixPath(file.replace("\\", "/")).name) for number, file in pairs
    }


def read_design(path: Path) -> pd.DataFrame:
    """Experimental design of OpenMS: one table, or one of files and one of samples below it.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    A row per file and label, all cells text: ``Spectra_Filepath`` without folders, ``Sample``, and what is said of the
    samples (``MSstats_Condition``, ...); ``name`` is ``Sample 1``, as :func:`read_openms` calls samples without files.
    """
    import pandas as pd

    lines = to_utf8(read_bytes(Path(path)))[0].decode("utf-8", "replace").splitlines()
    tables: list[list[list[str]]] = [[]]
    for line in lines:
        if line.strip():
            tables[-1].append([cell.strip() for cell in line.split("\t")])
        elif tables[-1]:
            tables.append([])
    frames = []
    for header, *rows in (table for table in tables if table):
        while header and not header[-1]:  # columns of the wider table above
            header = header[:-1]
        cells = [(row + [""] * len(header))[: len(header)] for row in rows]
        frames.append(pd.DataFrame(cells, columns=header, dtype="string"))
    found = frames[0]
    if "Sample" in found:
        for other in frames[1:]:
            if "Sample" in other:
                found = found.merge(other.drop_duplicates("Sample"), on="Sample", how="left")
        found["name"] = "Sample " + found["Sample"]
    found["Spectra_Filepath"] = found["Spectra_Filepath"].str.replace(r"^.*[\\/]", "", regex=True)
    return found.fillna("")
