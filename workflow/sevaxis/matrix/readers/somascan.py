"""SomaScan: ``.adat``, header and table in one text, or the table alone; relative fluorescence units, linear."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sevaxis.base.problems import Problem, Problems, refuse
from sevaxis.base.vocabulary import Assay
from sevaxis.matrix.readers.signature import Signature
from sevaxis.matrix.readers.tables.assembly import assemble
from sevaxis.matrix.readers.tables.encoding import read_bytes, to_utf8
from sevaxis.matrix.readers.tables.program import WORKBOOKS, read_grid

if TYPE_CHECKING:
    import anndata
    import pandas as pd

#: Rows among which the header is looked for.
HEAD = 60
#: Reagents, as the adat calls them and as R makes names of columns of them.
REAGENT = r"^(?:seq\.)?\d{4,5}[-.]\d{1,3}(?:_\d+)?$"
SIGNATURES = (
    Signature(
        format="SomaScan adat", reader="somascan", starts=(b"!Checksum", b"^HEADER"), assay=Assay.PROTEIN
    ),
    Signature(
        format="SomaScan table with annotation above",
        reader="somascan",
        columns=frozenset({"SeqId"}),
        some=(REAGENT.replace("(?:seq\\.)?", ""),),
        assay=Assay.PROTEIN,
    ),
    Signature(
        format="SomaScan table",
        reader="somascan",
        columns=frozenset({"SampleType"}),
        some=(REAGENT,),
        assay=Assay.PROTEIN,
        told="columns of reagents (SeqId) without names of genes or proteins: the adat has them",
    ),
)


def read_somascan(path: Path, *, controls: bool = False, sheet: str | None = None) -> anndata.AnnData:
    """Read an adat, or its table saved as text or as a workbook.

    Parameters
    ----------
    path
        The file.
    controls
        Whether calibrators, buffers, quality controls and control reagents stay.
    sheet
        Of a workbook with several sheets.

    Returns
    -------
    AnnData of samples x reagents by SeqId, linear; symbols and accessions in ``var``, all that the file says of samples
    in ``obs``. What is no sample (SampleType) and no reagent for a human protein (Type) is dropped and counted.

    Raises
    ------
    Problems
        For files without a table, and rows of another length.
    """
    import pandas as pd

    path = Path(path)
    rows, first = _rows(path, sheet)
    about, names, at, body, first = _head(rows, first, path.name)
    short = next((i for i, row in enumerate(body) if len(row) != at + len(about)), None)
    if short is not None:
        found = f"{len(body[short])} cells, not {at + len(about)}"
        refuse(
            "A row of the table is cut",
            where=f"{path.name}, line {first + short}",
            found=found,
            allowed="rows of one length",
            hint="is the file whole?",
        )
    obs = pd.DataFrame([row[: len(names)] for row in body], columns=names, dtype="string").replace("", pd.NA)
    values = _numbers([row[at:] for row in body], about["SeqId"].tolist(), path.name, first)
    notes: dict = {"rows": len(about), "samples": len(obs)}
    features = np.ones(len(about), dtype=bool)
    samples = np.ones(len(obs), dtype=bool)
    if not controls:
        if "Type" in about:
            features = about["Type"].eq("Protein").fillna(False).to_numpy(bool)
            notes["control_reagents_dropped"] = int((~features).sum())
        if "SampleType" in obs:
            samples = obs["SampleType"].eq("Sample").fillna(False).to_numpy(bool)
            notes["control_samples_dropped"] = int((~samples).sum())
    about, obs = about[features].reset_index(drop=True), obs[samples].reset_index(drop=True)
    var = about.rename(columns={"UniProt": "uniprot", "EntrezGeneSymbol": "symbol"})
    for column in ("uniprot", "symbol"):
        if column in var:
            var[column] = var[column].str.split(r"[\s|,;]+", regex=True).str[0]
    return assemble(
        values[features][:, samples],
        about["SeqId"].tolist(),
        _names(obs),
        file=path.name,
        var=var,
        obs=obs,
        notes=notes,
    )


def _rows(path: Path, sheet: str | None) -> tuple[list[list[str]], int]:
    """Cells of the table, annotation above included, and the line of the first."""
    with path.open("rb") as handle:
        magic = handle.read(4)
    lines = [] if magic in WORKBOOKS else to_utf8(read_bytes(path))[0].decode().splitlines()
    if lines and lines[0].startswith(("!", "^")):
        begin = next((i + 1 for i, line in enumerate(lines) if line.startswith("^TABLE_BEGIN")), None)
        if begin is None:
            found, hint = "no ^TABLE_BEGIN with a table", "is the file whole?"
            refuse("This is no adat", where=path.name, found=found, allowed="^TABLE_BEGIN", hint=hint)
        return [line.split("\t") for line in lines[begin:] if line.strip()], begin + 1
    return [row for row in read_grid(path, sheet) if any(map(str.strip, row))], 1


def _head(
    rows: list[list[str]], first: int, file: str
) -> tuple[pd.DataFrame, list[str], int, list[list[str]], int]:
    """Annotation of the reagents, names of the columns of samples, first column of values, rows and their line."""
    import pandas as pd

    header = next(
        (i for i, row in enumerate(rows[:HEAD]) if any(re.match(REAGENT, c.strip()) for c in row)), 0
    )
    top = [cell.strip() for cell in rows[header]] if rows else []
    if "SeqId" in top:  # annotation in rows above the header
        at, begin = top.index("SeqId"), header
        header = next((i for i, row in enumerate(rows) if i > begin and any(map(str.strip, row[:at]))), 0)
        if header:
            about = {row[at].strip(): row[at + 1 :] for row in rows[begin:header]}
            names = [name.strip() or f"column_{i}" for i, name in enumerate(rows[header][:at])]
            frame = pd.DataFrame(about, dtype="string").replace("", pd.NA)
            return frame, names, at + 1, rows[header + 1 :], first + header + 1
    at = next((i for i, cell in enumerate(top) if re.match(REAGENT, cell)), 0)
    if at and all(re.match(REAGENT, cell) for cell in top[at:]):  # as SomaDataIO writes data frames
        names = [name or f"column_{i}" for i, name in enumerate(top[:at])]
        about = {"SeqId": top[at:]} | {
            row[at - 1].strip(): row[at:] for row in rows[:header] if row[at - 1].strip()
        }
        frame = pd.DataFrame(about, dtype="string").replace("", pd.NA)
        return frame, names, at, rows[header + 1 :], first + header + 1
    top = rows[0] if rows else []
    allowed, hint = "an adat, or its table with SeqId above the values", "is the file whole?"
    refuse("This is no adat", where=file, found=", ".join(top[:6]) or "nothing", allowed=allowed, hint=hint)


def _numbers(cells: list[list[str]], reagents: list[str], file: str, first: int) -> np.ndarray:
    """Reagents x samples; an empty cell is missing, any other text a problem."""
    problems = []

    def number(cell: str, row: int, column: int) -> float:
        text = cell.strip()
        if text in ("", "NA", "NaN"):
            return np.nan
        try:
            return float(text)
        except ValueError:
            where = f"{file}, line {first + row}, reagent {reagents[column]}"
            hint = "correct the cell, or leave it empty"
            problems.append(Problem("This is no number", where, text[:60], "numbers", hint))
            return np.nan

    values = [[number(cell, i, j) for j, cell in enumerate(row)] for i, row in enumerate(cells)]
    if problems:
        raise Problems(problems)
    return np.array(values, dtype=float).T


def _names(obs: pd.DataFrame) -> list[str]:
    """Names that tell the samples apart."""
    for column in ("SampleId", "SampleUniqueID", "Barcode"):
        if column in obs and obs[column].notna().all() and obs[column].is_unique:
            return obs[column].tolist()
    parts = [
        obs[c].fillna("") for c in ("SampleId", "PlateId", "SlideId", "Subarray", "PlatePosition") if c in obs
    ]
    joined = [
        "_".join(re.sub(r"\s+", "_", cell) for cell in cells if cell) for cells in zip(*parts, strict=True)
    ]
    return joined if len(set(joined)) == len(joined) else [f"{name}_{i + 1}" for i, name in enumerate(joined)]
