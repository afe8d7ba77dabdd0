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
from sevaxis.matrix.readers.sdrf import label_of, without_ending
from sevaxis.matrix.readers.signature import Signature
from sevaxis.matrix.readers.tables.assembly import assemble
from sevaxis.matrix.readers.tables.encoding import read_bytes, to_utf8
from sevaxis.matrix.readers.tables.proteins import Dropped, drop_rows, group_names

if TYPE_CHECKING:
    import anndata

KEPT = ("accession", "description", "species", "database", "ambiguity_members", "best_search_engine_score[1]")

#: OpenMS says of each row whether it is a protein, a group, or a member of a group that has a row already.
KIND, MEMBER = "opt_global_result_type", "protein_details"

SIGNATURES = (
    Signature(format="mzTab", reader="mztab", starts=(b"MTD\t", b"COM\t"), assay=Assay.PROTEIN),
    Signature(
        format="peptides for MSstats",
        columns=frozenset({"ProteinName", "Intensity"}),
        some=(r"^Peptide\.?Sequence$", r"^(Run|Mixture)$"),
        hint="quantms: its mzTab or ..._protein_openms.csv has the proteins' abundances, and the comparisons "
        "of MSstats (..._comparisons.csv) are read as published results; or run MSstats and add its tables",
    ),
    Signature(
        format="peptides for Triqler",
        columns=frozenset({"searchScore", "intensity", "peptide", "proteins"}),
        hint="quantms: its mzTab or ..._protein_openms.csv has the proteins' abundances; or add the results of Triqler",
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
    AnnData of samples x proteins. Samples are named by the run of the assay (``ms_run[n]-location``; the first of its
    fractions), with the label where a run has several; ``obs`` holds what the metadata say of assay and sample.
    ``null`` and 0 are missing. A group stands in one row, its members' own rows (``protein_details``) are left out.

    Raises
    ------
    Problems
        For files without a protein section or without abundances.
    """
    import pandas as pd
    import polars as pl

    path = Path(path)
    metadata, header, rows = _sections(to_utf8(read_bytes(path))[0].decode())
    if metadata.get("mzTab-version", "").upper().endswith("-M"):
        hint = "cards take proteins and transcripts; sevaxis has no use for small molecules"
        found = f"version {metadata['mzTab-version']}"
        refuse(
            "mzTab-M holds metabolites", where=path.name, found=found, allowed="mzTab of proteins", hint=hint
        )
    pattern = re.compile(rf"^protein_abundance_{by}\[(\d+)\]$")
    columns = {int(match[1]): name for name in header if (match := pattern.match(name))}
    if not rows or not columns:
        found = f"{len(rows)} proteins, {len(columns)} columns protein_abundance_{by}"
        hint = "a file of identifications only has no abundances: take the table of proteins with quantities"
        if any(name.startswith("protein_abundance_study_variable[") for name in header):
            hint = "the file only has means of groups (by: study_variable), which leave no replicates to test with"
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
    notes: dict = {"rows": frame.height, "by": by, "version": metadata.get("mzTab-version", "")}
    if KIND in header and (frame[KIND] != MEMBER).any():
        notes["members_of_groups_dropped"] = int((frame[KIND] == MEMBER).sum())
        frame = frame.filter(pl.col(KIND).ne_missing(MEMBER))
    decoy = next((name for name in header if "decoy_hit" in name or name.endswith("decoy")), None)
    marks = {"decoys": [pl.col(decoy) == "1"]} if decoy else {}
    frame = drop_rows(frame, "accession", notes, marks=marks, keep=set(keep or ()))
    values = (
        frame.select(pl.col(list(columns.values())).cast(pl.Float64, strict=False))
        .to_numpy()
        .astype(np.float64)
    )
    values[(values == 0) | ~np.isfinite(values)] = np.nan
    obs = pd.DataFrame([_about(metadata, by, number) for number in columns])
    if "fractions" in obs and obs["fractions"].max() > 1:
        notes["runs_of_each_sample"] = int(obs["fractions"].max())
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


def _about(metadata: dict[str, str], by: str, number: int) -> dict[str, str | int]:
    """What the metadata say of an assay (its runs, label and sample) or of a study variable."""
    about: dict[str, str | int] = {"description": metadata.get(f"{by}[{number}]-description", "")}
    if by == "assay":
        runs = re.findall(r"ms_run\[(\d+)\]", metadata.get(f"assay[{number}]-ms_run_ref", ""))
        files = [
            metadata.get(f"ms_run[{run}]-location", "").replace("\\", "/") for run in dict.fromkeys(runs)
        ]
        sample = re.sub(r"\D", "", metadata.get(f"assay[{number}]-sample_ref", ""))
        about["run"] = PurePosixPath(files[0]).name if files else ""
        about["fractions"] = len(files)
        about["label"] = label_of(metadata.get(f"assay[{number}]-quantification_reagent", ""))
        about["sample_description"] = metadata.get(f"sample[{sample}]-description", "")
        for variable in (key for key in metadata if re.match(r"study_variable\[\d+\]-assay_refs$", key)):
            if number in map(int, re.findall(r"assay\[(\d+)\]", metadata[variable])):
                said = metadata.get(variable.replace("-assay_refs", "-description"), variable)
                about["study_variable"] = "" if said == "no description given" else said
    return about


def _names(obs, by: str, numbers: list[int]) -> list[str]:
    """Names that tell the samples apart: run, run and label, description, or ``assay[1]``."""
    if "run" in obs and (obs["run"] != "").all():
        runs = [without_ending(name) for name in obs["run"]]
        both = [f"{run}_{label}" for run, label in zip(runs, obs["label"], strict=True)]
        for names in (runs, both):
            if len(set(names)) == len(names):
                return names
    if (obs["description"] != "").all() and obs["description"].is_unique:
        return obs["description"].tolist()
    return [f"{by}[{number}]" for number in numbers]
