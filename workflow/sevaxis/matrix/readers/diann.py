"""DIA-NN: the protein matrix (``pg_matrix.tsv``) and the main report (``report.tsv``, ``report.parquet``).

The report has a row for each precursor in each run. The quantity of a protein group stands in all its rows of a run;
rows that fail the false discovery rates are left out first. Version 1 writes text, version 1.9 and later parquet,
version 2 without ``PG.Quantity`` and ``PG.Normalised`` and, on request, with decoys.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Literal

import numpy as np

from sevaxis.base.problems import nearest, refuse
from sevaxis.base.vocabulary import Assay
from sevaxis.matrix.readers.signature import Signature
from sevaxis.matrix.readers.tables.assembly import assemble
from sevaxis.matrix.readers.tables.encoding import read_bytes
from sevaxis.matrix.readers.tables.layouts import to_float, to_pandas
from sevaxis.matrix.readers.tables.program import read_program_table
from sevaxis.matrix.readers.tables.proteins import Dropped, drop_rows, group_names, mark_keratins
from sevaxis.matrix.readers.tables.text import require_columns

if TYPE_CHECKING:
    import anndata
    import polars as pl

#: Annotation columns of the matrices of versions 1.8 to 2.
MATRIX_ANNOTATION = (
    "Protein.Group", "Protein.Ids", "Protein.Names", "Genes", "First.Protein.Description", "Proteotypic",
    "N.Sequences", "N.Proteotypic.Sequences", "Stripped.Sequence", "Modified.Sequence", "Precursor.Charge",
    "Precursor.Id",
)  # fmt: skip


SIGNATURES = (
    Signature(
        format="DIA-NN report",
        reader="diann",
        columns=frozenset({"Protein.Group", "Run", "Precursor.Quantity", "Q.Value"}),
        assay=Assay.PROTEIN,
    ),
    Signature(
        format="DIA-NN matrix of precursors",
        columns=frozenset({"Protein.Group", "Precursor.Id"}),
        none=(r"^Run$",),
        hint="a protein would count once for each of its precursors: take report.pg_matrix.tsv of the same run",
    ),
    Signature(
        format="DIA-NN matrix of protein groups",
        reader="diann",
        columns=frozenset({"Protein.Group", "Protein.Names", "First.Protein.Description"}),
        assay=Assay.PROTEIN,
    ),
)


def read_diann(
    path: Path,
    *,
    quantity: Literal[
        "PG.MaxLFQ", "PG.Normalised", "PG.Quantity", "PG.TopN", "Genes.MaxLFQ", "Genes.MaxLFQ.Unique"
    ] = ("PG.MaxLFQ"),
    samples: str | None = None,
    q: float = 0.01,
    run_pg_q: float = 0.05,
    global_q: float = 0.01,
    keep: list[Dropped] | None = None,
) -> anndata.AnnData:
    """Read protein groups from a matrix or a main report.

    Parameters
    ----------
    path
        ``pg_matrix.tsv``, ``report.tsv`` or ``report.parquet``; told by content.
    quantity
        Column of the report; a matrix has one quantity only. ``Genes...`` gives genes instead of protein groups.
    samples
        Regular expression whose first group is the sample's name within a run's name; the run's file name without
        folder and ending where missing.
    q
        Rows of a report above this precursor q-value (``Q.Value``) are left out.
    run_pg_q
        The same for the protein group in its run (``PG.Q.Value``).
    global_q
        The same for the protein group in the experiment (``Global.PG.Q.Value`` and ``Lib.PG.Q.Value``).
    keep
        Kinds of rows that stay although they are dropped by default.

    Returns
    -------
    AnnData of runs x protein groups, named by the first accession of the group. 0 and infinite are missing.

    Raises
    ------
    Problems
        For tables that are neither, and for quantities that the report does not have.
    """
    path = Path(path)
    with path.open("rb") as handle:
        is_parquet = handle.read(4) == b"PAR1"
    if is_parquet:
        return _read_report(path, True, quantity, samples, (q, run_pg_q, global_q), set(keep or ()))
    head = read_bytes(path)[:100_000] if path.suffix in (".gz", ".xz", ".bz2") else _head(path)
    first = head.split(b"\n")[0].decode("utf-8", "replace").rstrip("\r")
    header = next(csv.reader([first], delimiter="\t" if "\t" in first else ","))
    if "Run" in header and "Q.Value" in header:
        return _read_report(path, False, quantity, samples, (q, run_pg_q, global_q), set(keep or ()))
    return _read_matrix(path, samples, set(keep or ()))


def _head(path: Path) -> bytes:
    with path.open("rb") as handle:
        return handle.read(100_000)


def run_name(run: str, samples: str | None) -> str:
    """Sample of a run: what the expression finds, or the file's name without folder and ending."""
    if samples and (match := re.search(samples, run)):
        return match[1] if match.re.groups else match[0]
    name = PureWindowsPath(run).name
    return re.sub(r"\.(raw|mzML|wiff|d|dia|htrms)(\.gz)?$", "", name, flags=re.IGNORECASE)


def _read_matrix(path: Path, samples: str | None, keep: set[str]) -> anndata.AnnData:
    table = read_program_table(path)
    frame = table.frame
    hint = "a gene matrix (gg_matrix) and others are read by the reader 'delimited'"
    require_columns(table, ("Protein.Group",), kind="protein table of DIA-NN", hint=hint)
    annotation = [column for column in frame.columns if column in MATRIX_ANNOTATION]
    runs = [column for column in frame.columns if column not in annotation]
    notes = {"kind": "pg_matrix", "rows": frame.height}
    names = "Protein.Names" if "Protein.Names" in annotation else None
    frame = drop_rows(frame, "Protein.Group", notes, keep=keep, names=names)
    values = np.column_stack([to_float(frame[run], table) for run in runs])
    var = to_pandas(frame.select(annotation), frame.height)
    return _assemble(
        values, frame["Protein.Group"].to_list(), [run_name(r, samples) for r in runs], path, var, notes
    )


def _read_report(
    path: Path, is_parquet: bool, quantity: str, samples: str | None, limits, keep
) -> anndata.AnnData:
    import polars as pl

    report = pl.scan_parquet(path) if is_parquet else _scan_text(path)
    columns = report.collect_schema().names()
    if quantity not in columns:
        there = [name for name in columns if re.match(r"(PG|Genes)\.(MaxLFQ|Normalised|Quantity|TopN)", name)]
        where = f"{path.name}, option 'quantity'"
        refuse(
            f"No column '{quantity}'",
            where=where,
            found=quantity,
            allowed=", ".join(there),
            hint=nearest(quantity, there),
        )
    group = "Genes" if quantity.startswith("Genes") else "Protein.Group"
    notes: dict = {"kind": "report", "quantity": quantity}
    q, run_pg_q, global_q = limits
    bounds = {"Q.Value": q, "PG.Q.Value": run_pg_q, "Global.PG.Q.Value": global_q, "Lib.PG.Q.Value": global_q}
    tests = {
        f"rows_above_{name}_{bound:g}": pl.col(name).cast(pl.Float64) > bound
        for name, bound in bounds.items()
        if name in columns
    }
    if "Decoy" in columns:
        tests["decoy_rows"] = pl.col("Decoy").cast(pl.Int64, strict=False) != 0
    failed = [test.fill_null(False) for test in tests.values()]
    annotation = [
        name
        for name in ("Protein.Ids", "Protein.Names", "Genes", "First.Protein.Description")
        if name in columns
    ]
    annotation = [name for name in annotation if name != group]
    value = pl.col(quantity).cast(pl.Float64)
    passed = report.filter(~pl.any_horizontal(failed)) if failed else report
    counts, cells = pl.collect_all(
        [
            report.select(pl.len().alias("rows"), *(test.sum().alias(name) for name, test in tests.items())),
            passed.filter(pl.col(group).is_not_null())
            .group_by("Run", group)
            .agg(
                value.filter(value.is_finite() & (value > 0)).max().alias("value"),
                pl.col("Precursor.Id").n_unique().alias("precursors")
                if "Precursor.Id" in columns
                else pl.len().alias("precursors"),
                *(pl.col(name).cast(pl.String).sort().first() for name in annotation),
            ),
        ]
    )
    notes |= {name: int(count) for name, count in counts.row(0, named=True).items()}
    cells = cells.sort(group, "Run")
    wide = cells.pivot(on="Run", index=group, values="value", maintain_order=True, sort_columns=True)
    var = cells.group_by(group, maintain_order=True).agg(
        pl.col("precursors").max(), *(pl.col(a).first() for a in annotation)
    )
    if group == "Protein.Group":
        names = "Protein.Names" if "Protein.Names" in annotation else None
        var = drop_rows(var, group, notes, keep=keep, names=names)
    wide = var.select(group).join(wide, on=group, how="left", maintain_order="left")
    runs = wide.columns[1:]
    annotated = to_pandas(var, var.height)
    samples_of = [run_name(run, samples) for run in runs]
    return _assemble(
        wide.drop(group).to_numpy(), wide[group].to_list(), samples_of, path, annotated, notes, group
    )


def _scan_text(path: Path) -> pl.LazyFrame:
    """Lazy view of a text report; compressed ones are unpacked first."""
    import io

    import polars as pl

    source = io.BytesIO(read_bytes(path)) if path.suffix in (".gz", ".xz", ".bz2") else path
    head = read_bytes(path)[:100_000] if path.suffix in (".gz", ".xz", ".bz2") else _head(path)
    # one that was saved again with commas quotes the cells that hold some
    tabs = b"\t" in head.split(b"\n")[0]
    form = {"separator": "\t", "quote_char": None} if tabs else {"separator": ",", "quote_char": '"'}
    return pl.scan_csv(source, **form, infer_schema_length=2000, null_values=["", "NA", "NaN"])


def _assemble(values, groups, runs, path, var, notes, group="Protein.Group") -> anndata.AnnData:
    # numpy of the host is used as is: where nothing was found the table has nothing, 0 or infinite
    values = np.array(values, dtype=np.float64)
    values[~np.isfinite(values) | (values == 0)] = np.nan
    by_gene = group == "Genes"
    names = groups if by_gene else group_names(groups)
    notes["groups_of_several_accessions"] = sum(";" in name for name in groups)
    return assemble(
        values,
        names,
        runs,
        file=path.name,
        var=mark_keratins(var, notes),
        identifier="symbol" if by_gene else "uniprot",
        notes=notes,
    )
