"""Olink: NPX in long form (Target, Explore, Explore HT), a row for each assay in each sample; NPX is log2."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from sevaxis.base.problems import refuse
from sevaxis.base.vocabulary import Assay
from sevaxis.matrix.readers.signature import Signature
from sevaxis.matrix.readers.tables.assembly import assemble
from sevaxis.matrix.readers.tables.layouts import to_pandas
from sevaxis.matrix.readers.tables.program import read_grid
from sevaxis.matrix.readers.tables.text import Table, require_columns

if TYPE_CHECKING:
    import anndata
    import polars as pl

#: Controls of the plate, by the names that users leave them.
CONTROL = (
    r"(?i)(?:^|[^a-z])(?:(?:neg(?:ative)?|pos(?:itive)?|plate|sample|inter.?plate)[ ._-]*(?:control|ctrl)|ipc|"
    r"control_?sample)"
)
#: Assays that watch the measurement.
CONTROL_ASSAY = (
    r"(?i)\b(?:incubation|extension|amplification|detection|ext|inc|amp|det)[ ._-]*(?:control|ctrl)"
)
#: What is said of a feature, and of a sample.
OF_ASSAYS = ("UniProt", "Assay", "Panel")
OF_SAMPLES = (
    "PlateID",
    "WellID",
    "SampleType",
    "Subject",
    "Sex",
    "Age",
    "Treatment",
    "Site",
    "Time",
    "Project",
)

SIGNATURES = (
    Signature(
        format="Olink NPX",
        reader="olink",
        columns=frozenset({"SampleID", "OlinkID", "NPX"}),
        assay=Assay.PROTEIN,
    ),
    Signature(
        format="Olink NPX, a column per assay",
        reader="olink",
        line=r"^\"?Olink ?ID\"?\t\"?OID\d+",
        assay=Assay.PROTEIN,
    ),
)
#: Rows above the samples of the wide form -> how the long form calls them.
ABOVE = {"panel": "Panel", "assay": "Assay", "uniprotid": "UniProt", "olinkid": "OlinkID"}
#: Rows above the samples, at most.
HEAD = 30
#: Rows below the samples.
BELOW = r"^(?:(?:max |plate |fixed )?lod\b.*|missing data freq.*|normali[sz]ation|npx.*|project.*)"


def read_olink(
    path: Path,
    *,
    duplicates: Literal["mean", "first"] | None = None,
    sheet: str | None = None,
    skip: int = 0,
) -> anndata.AnnData:
    """Read NPX values.

    Parameters
    ----------
    path
        csv (semicolons), txt, xlsx or parquet with SampleID, OlinkID, UniProt, Assay, NPX; or the wide form of NPX
        Manager, a row per sample below rows with Panel, Assay, Uniprot ID and OlinkID.
    duplicates
        What stands where a sample was measured twice by one assay (on two plates).
    sheet, skip
        Of a workbook with several sheets; rows above the header.

    Returns
    -------
    AnnData of samples x assays, log2, by accession, or by OlinkID where several assays have it; symbols and accessions
    in ``var``. Control samples and control assays are dropped and counted; values that failed the quality control are
    missing; values below the limit of detection and those with a warning stay and are counted.

    Raises
    ------
    Problems
        For tables without the columns, and samples measured twice.
    """
    import polars as pl

    table = _table(Path(path), sheet, skip)
    require_columns(
        table, ("SampleID", "OlinkID", "NPX"), kind="table of NPX", hint="export NPX in long form"
    )
    frame = table.frame.with_columns(
        pl.col("SampleID").cast(pl.String), pl.Series("__npx", table.numbers(table.frame["NPX"]))
    ).filter(pl.col("SampleID").is_not_null() & pl.col("OlinkID").is_not_null())
    _refuse_texts(table, frame)
    notes: dict = {**table.notes, "rows": frame.height}
    frame = _without_controls(frame, notes)
    for column in ("QC_Warning", "SampleQC", "AssayQC", "Assay_Warning"):
        if column in frame.columns:
            said = frame[column].cast(pl.String).str.to_uppercase()
            failed = said.is_in(["FAIL", "EXCLUDED"]).fill_null(False)
            notes[f"values_failed_{column}"] = int(failed.sum())
            notes[f"values_warned_{column}"] = int(said.is_in(["WARN", "WARNING"]).fill_null(False).sum())
            frame = frame.with_columns(pl.when(~failed).then(pl.col("__npx")).alias("__npx"))
    if "LOD" in frame.columns:
        below = frame["__npx"] < table.numbers(frame["LOD"])
        notes["values_below_limit_of_detection"] = int(below.fill_null(False).sum())
    cells = frame.group_by("OlinkID", "SampleID", maintain_order=True).agg(pl.col("__npx").drop_nulls())
    twice = cells.filter(pl.col("__npx").list.n_unique() > 1)
    if twice.height and duplicates is None:
        example = twice.row(0, named=True)
        refuse(
            "A sample was measured twice",
            where=table.file,
            found=f"{twice.height} pairs, such as {example['OlinkID']} in {example['SampleID']}",
            allowed="one NPX for each assay and sample",
            hint="duplicates: mean takes the mean of plates; or give the samples of each plate names of their own",
        )
    value = pl.col("__npx").list.first() if duplicates == "first" else pl.col("__npx").list.mean()
    wide = cells.with_columns(value).pivot(
        on="SampleID", index="OlinkID", values="__npx", maintain_order=True
    )
    samples = wide.columns[1:]
    var = wide.select("OlinkID").join(
        _first(frame, "OlinkID", OF_ASSAYS), on="OlinkID", how="left", maintain_order="left"
    )
    obs = pl.DataFrame({"SampleID": samples}).join(
        _first(frame, "SampleID", OF_SAMPLES, constant=True), on="SampleID", how="left", maintain_order="left"
    )
    # the accession, where one assay has it; some proteins are on several panels
    accessions = var["UniProt"] if "UniProt" in var.columns else var["OlinkID"]
    once = accessions.is_unique() & accessions.is_not_null()
    names = [a if alone else o for a, o, alone in zip(accessions, var["OlinkID"], once, strict=True)]
    annotation = to_pandas(var.drop("OlinkID"), var.height).rename(columns={"Assay": "symbol"})
    return assemble(
        wide.drop("OlinkID").to_numpy().astype(np.float64),
        names,
        samples,
        file=table.file,
        var=annotation,
        obs=to_pandas(obs.drop("SampleID"), obs.height),
        notes=notes,
    )


def _table(path: Path, sheet: str | None, skip: int) -> Table:
    """The values in long form."""
    from sevaxis.matrix.readers.effects_table import read_any_table

    with path.open("rb") as handle:
        columnar = handle.read(4) == b"PAR1"
    head = [] if columnar else read_grid(path, sheet, HEAD)
    at = next((i for i, row in enumerate(head) if _bare(row[:1]) == "olinkid"), None)
    if at is not None:
        return _long_of_wide(read_grid(path, sheet), at, path.name)
    return read_any_table(path, sheet, None, {"SampleID", "OlinkID", "UniProt", "Assay", "PlateID"}, skip)


def _refuse_texts(table: Table, frame: pl.DataFrame) -> None:
    """Cells that are neither numbers nor empty."""
    import polars as pl

    stray = frame.filter(pl.col("NPX").is_not_null() & pl.col("__npx").is_null())
    if stray.height:
        first = stray.row(0, named=True)
        refuse(
            "Text where numbers are expected",
            where=f"{table.file}, {first['OlinkID']} in {first['SampleID']}",
            found=f"'{first['NPX']}' ({stray.height} such cells)",
            allowed="NPX, or an empty cell",
            hint="leave the cell empty where nothing was measured",
        )


def _bare(cells: list[str]) -> str:
    return re.sub(r"[^a-z]", "", "".join(cells).lower())


def _long_of_wide(rows: list[list[str]], at: int, file: str) -> Table:
    """The long form of a table with a column per assay; QC Warning and Plate ID stand behind the assays of a panel."""
    import polars as pl

    width = max(map(len, rows))
    rows = [row + [""] * (width - len(row)) for row in rows]
    about = {ABOVE[name]: row for row in rows[: at + 1] if (name := _bare(row[:1])) in ABOVE}
    assays = [i for i in range(1, width) if about["OlinkID"][i].strip()]
    others: dict[str, list[int]] = {"PlateID": [], "QC_Warning": []}
    for row in rows[: at + 1]:
        for i in range(1, width):
            name = {"plateid": "PlateID", "qcwarning": "QC_Warning"}.get(_bare([row[i]]))
            if name and i not in assays:
                others[name].append(i)
    samples = [
        row
        for row in rows[at + 1 :]
        if row[0].strip()
        and any(row[i].strip() for i in assays)
        and not re.match(BELOW, row[0].strip().lower())
    ]
    lod = next(
        (row for row in rows[at + 1 :] if re.match(r"(max |plate )?lod", row[0].strip().lower())), None
    )
    panels = about.get("Panel", [""] * width)
    cells: dict[str, list[str | None]] = {
        "SampleID": [],
        **{name: [] for name in about},
        "NPX": [],
        "LOD": [],
    }
    cells |= {name: [] for name, columns in others.items() if columns}
    for row in samples:
        for i in assays:
            cells["SampleID"].append(row[0].strip())
            for name, above in about.items():
                cells[name].append(above[i].strip() or None)
            cells["NPX"].append(row[i].strip() or None)
            cells["LOD"].append(lod[i].strip() or None if lod else None)
            for name, columns in others.items():
                if columns:  # those of the assay's own panel, where they say of which they are
                    own = next((c for c in columns if panels[c].strip() == panels[i].strip()), None)
                    cells[name].append(row[columns[0] if own is None else own].strip() or None)
    frame = pl.DataFrame(cells, schema=dict.fromkeys(cells, pl.String))
    commas = frame["NPX"].str.contains(r"^-?\d+,\d+$").fill_null(False).mean()
    notes = {"decimal": "comma"} if commas and commas > 0.5 else {}
    return Table(file, frame, set(), notes)


def _without_controls(frame: pl.DataFrame, notes: dict) -> pl.DataFrame:
    """Rows of samples and of assays that are no controls."""
    import polars as pl

    control = frame["SampleID"].str.contains(CONTROL)
    if "SampleType" in frame.columns:
        kinds = frame["SampleType"].cast(pl.String).str.to_uppercase()
        control = control | ~kinds.is_in(["SAMPLE"]).fill_null(True)
    notes["control_samples_dropped"] = frame.filter(control)["SampleID"].n_unique() if control.any() else 0
    notes["control_samples"] = frame.filter(control)["SampleID"].unique().sort().head(8).to_list()
    frame = frame.filter(~control)
    watching = pl.Series([False] * frame.height)
    if "AssayType" in frame.columns:
        watching = ~frame["AssayType"].cast(pl.String).str.to_lowercase().is_in(["assay"]).fill_null(True)
    if "Assay" in frame.columns:
        watching = watching | frame["Assay"].cast(pl.String).str.contains(CONTROL_ASSAY).fill_null(False)
    notes["control_assays_dropped"] = frame.filter(watching)["OlinkID"].n_unique() if watching.any() else 0
    return frame.filter(~watching)


def _first(
    frame: pl.DataFrame, key: str, columns: tuple[str, ...], *, constant: bool = False
) -> pl.DataFrame:
    """One row for each key with what the columns say of it; with ``constant`` only what says the same everywhere."""
    import polars as pl

    there = [name for name in columns if name in frame.columns]
    if constant and there:
        several = frame.group_by(key).agg(pl.col(there).n_unique())
        there = [name for name in there if several[name].max() == 1]
    return frame.group_by(key, maintain_order=True).agg(
        pl.col(name).cast(pl.String).first() for name in there
    )
