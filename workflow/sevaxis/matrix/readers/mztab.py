"""mzTab 1.0 (Griss et al. 2014, Mol Cell Proteomics 13:2765): the protein section with its metadata."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal

import numpy as np

from sevaxis.base.problems import refuse
from sevaxis.base.vocabulary import Assay
from sevaxis.matrix.readers.signature import Signature
from sevaxis.matrix.readers.tables.assembly import assemble
from sevaxis.matrix.readers.tables.encoding import read_bytes, to_utf8
from sevaxis.matrix.readers.tables.proteins import Dropped, drop_rows, group_names

if TYPE_CHECKING:
    import anndata

KEPT = ("accession", "description", "species", "database", "ambiguity_members", "best_search_engine_score[1]")


SIGNATURES = (
    Signature(format="mzTab", reader="mztab", starts=(b"MTD\t", b"COM\t"), assay=Assay.PROTEIN),
    Signature(
        format="peptides for MSstats",
        columns=frozenset({"ProteinName", "Intensity"}),
        some=(r"^Peptide\.?Sequence$", r"^(Run|Mixture)$"),
        hint="quantms: its mzTab has the proteins' abundances (reader mztab), and the comparisons of MSstats "
        "(..._msstats_comparisons.csv or the like) are read as published results; or run MSstats and add its tables",
    ),
    Signature(
        format="peptides for Triqler",
        columns=frozenset({"searchScore", "intensity", "peptide", "proteins"}),
        hint="quantms: its mzTab has the proteins' abundances (reader mztab)",
    ),
)


def read_mztab(
    path: Path,
    *,
    by: Literal["assay", "study_variable"] = "assay",
    keep: list[Dropped] | None = None,
) -> anndata.AnnData:
    """Read the protein abundances of an mzTab file.

    Parameters
    ----------
    path
        The file.
    by
        ``assay``: a sample per assay (run or channel); ``study_variable``: the abundances that the file itself
        averaged over groups, which leave no replicates to test with.
    keep
        Kinds of rows that stay although they are dropped by default.

    Returns
    -------
    AnnData of samples x proteins. Samples are named by the run of the assay (``ms_run[n]-location``), with the label
    where a run has several; ``obs`` holds what the metadata say of assay and sample. ``null`` and 0 are missing.

    Raises
    ------
    Problems
        For files without a protein section or without abundances.
    """
    import pandas as pd
    import polars as pl

    path = Path(path)
    metadata, header, rows = _sections(to_utf8(read_bytes(path))[0].decode())
    pattern = re.compile(rf"^protein_abundance_{by}\[(\d+)\]$")
    columns = {int(match[1]): name for name in header if (match := pattern.match(name))}
    if not rows or not columns:
        found = f"{len(rows)} proteins, {len(columns)} columns protein_abundance_{by}"
        hint = "a file of identifications only has no abundances; try by: study_variable"
        refuse(
            "No protein abundances",
            where=path.name,
            found=found,
            allowed=f"protein_abundance_{by}[1-n]",
            hint=hint,
        )
    frame = pl.DataFrame(
        {
            name: [row[i] if i < len(row) and row[i] != "null" else None for row in rows]
            for i, name in enumerate(header)
        },
        schema=dict.fromkeys(header, pl.String),
    )
    decoy = next((name for name in header if "decoy_hit" in name or name.endswith("decoy")), None)
    marks = {"decoys": [pl.col(decoy) == "1"]} if decoy else {}
    notes = {"rows": frame.height, "by": by, "version": metadata.get("mzTab-version", "")}
    frame = drop_rows(frame, "accession", notes, marks=marks, keep=set(keep or ()))
    values = (
        frame.select(pl.col(list(columns.values())).cast(pl.Float64, strict=False))
        .to_numpy()
        .astype(np.float64)
    )
    values[(values == 0) | ~np.isfinite(values)] = np.nan
    obs = pd.DataFrame([_about(metadata, by, number) for number in columns])
    var = pd.DataFrame(
        {name: pd.array(frame[name].to_list(), dtype="string") for name in KEPT if name in header}
    )
    return assemble(
        values,
        group_names(frame["accession"].to_list()),
        _names(obs, by, list(columns)),
        file=path.name,
        obs=obs,
        var=var,
        notes=notes,
    )


def _sections(text: str) -> tuple[dict[str, str], list[str], list[list[str]]]:
    """Metadata, and header and rows of the protein section."""
    metadata: dict[str, str] = {}
    header: list[str] = []
    rows: list[list[str]] = []
    for row in csv.reader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE):
        match row[:1]:
            case ["MTD"] if len(row) > 2:
                metadata[row[1]] = row[2]
            case ["PRH"]:
                header = row[1:]
            case ["PRT"]:
                rows.append(row[1:])
    return metadata, header, rows


def _about(metadata: dict[str, str], by: str, number: int) -> dict[str, str]:
    """What the metadata say of an assay (its run, label and sample) or of a study variable."""
    about = {"description": metadata.get(f"{by}[{number}]-description", "")}
    if by == "assay":
        run = re.sub(r"\D", "", metadata.get(f"assay[{number}]-ms_run_ref", ""))
        sample = re.sub(r"\D", "", metadata.get(f"assay[{number}]-sample_ref", ""))
        about["run"] = PurePosixPath(metadata.get(f"ms_run[{run}]-location", "").replace("\\", "/")).name
        about["label"] = metadata.get(f"assay[{number}]-quantification_reagent", "")
        about["sample_description"] = metadata.get(f"sample[{sample}]-description", "")
        for variable in (key for key in metadata if re.match(r"study_variable\[\d+\]-assay_refs$", key)):
            if number in map(int, re.findall(r"assay\[(\d+)\]", metadata[variable])):
                about["study_variable"] = metadata.get(
                    variable.replace("-assay_refs", "-description"), variable
                )
    return about


def _names(obs, by: str, numbers: list[int]) -> list[str]:
    """Names that tell the samples apart: the run, the description, or ``assay[1]``."""
    for column in ("run", "description"):
        if column in obs and (obs[column] != "").all() and obs[column].is_unique:
            return [re.sub(r"\.(raw|mzML|mgf|d)$", "", name, flags=re.IGNORECASE) for name in obs[column]]
    return [f"{by}[{number}]" for number in numbers]
