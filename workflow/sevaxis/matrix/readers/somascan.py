"""SomaScan: ``.adat``, header and table in one text; relative fluorescence units, linear."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sevaxis.base.problems import refuse
from sevaxis.base.vocabulary import Assay
from sevaxis.matrix.readers.signature import Signature
from sevaxis.matrix.readers.tables.assembly import assemble
from sevaxis.matrix.readers.tables.encoding import read_bytes, to_utf8

if TYPE_CHECKING:
    import anndata
    import pandas as pd

SIGNATURES = (
    Signature(
        format="SomaScan adat", reader="somascan", starts=(b"!Checksum", b"^HEADER"), assay=Assay.PROTEIN
    ),
)


def read_somascan(path: Path, *, controls: bool = False) -> anndata.AnnData:
    """Read an adat.

    Parameters
    ----------
    path
        The file.
    controls
        Whether calibrators, buffers, quality controls and control reagents stay.

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
    lines = to_utf8(read_bytes(path))[0].decode().splitlines()
    begin = next((i for i, line in enumerate(lines) if line.startswith("^TABLE_BEGIN")), None)
    rows = [line.split("\t") for line in lines[begin + 1 :] if line.strip()] if begin is not None else []
    header = next((i for i, row in enumerate(rows) if row[0].strip()), None)
    if not header:
        found, hint = "no ^TABLE_BEGIN with a table", "is the file whole?"
        refuse("This is no adat", where=path.name, found=found, allowed="^TABLE_BEGIN", hint=hint)
    at = next(i for i, cell in enumerate(rows[0]) if cell.strip())
    about = pd.DataFrame({row[at].strip(): row[at + 1 :] for row in rows[:header]}, dtype="string")
    names = [name.strip() or f"column_{i}" for i, name in enumerate(rows[header][:at])]
    body = rows[header + 1 :]
    short = next((i for i, row in enumerate(body) if len(row) != at + 1 + len(about)), None)
    if short is not None:
        found = f"{len(body[short])} cells, not {at + 1 + len(about)}"
        where = f"{path.name}, line {begin + header + short + 3}"
        refuse(
            "A row of the table is cut",
            where=where,
            found=found,
            allowed="rows of one length",
            hint="is the file whole?",
        )
    obs = pd.DataFrame([row[:at] for row in body], columns=names, dtype="string").replace("", pd.NA)
    values = np.array([[float(cell) if cell.strip() else np.nan for cell in row[at + 1 :]] for row in body]).T
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
