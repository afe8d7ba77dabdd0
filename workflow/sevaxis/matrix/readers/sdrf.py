"""SDRF, the sample sheet of proteomics (Dai et al. 2021, Nat Commun 12:5854) and of ArrayExpress (MAGE-TAB)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from sevaxis.matrix.readers.tables.assembly import assemble_sheet
from sevaxis.matrix.readers.tables.layouts import choose_column
from sevaxis.matrix.readers.tables.text import read_table

if TYPE_CHECKING:
    import anndata

FILE = "comment[data file]"
#: Instead of a column: the file and, in files of several samples, the label of each (``plex1_F1_TMT127N``).
FILE_AND_LABEL = "data file and label"
#: Values that say that nothing is known.
UNKNOWN = {"not available", "not applicable", "unknown", "n/a", "na", ""}


def read_sdrf(path: Path, *, sample: str = "source name") -> anndata.AnnData:
    """Read a sample sheet.

    Parameters
    ----------
    path
        The file ``...sdrf.tsv``.
    sample
        Column whose cells name the samples of the matrix: ``source name``, ``assay name`` or ``comment[data file]``; or
        ``data file and label``, where a file has several samples (TMT, iTRAQ, SILAC).

    Returns
    -------
    AnnData without values. ``obs`` has a row per sample: rows that share the name (fractions, technical replicates)
    become one, with cells that differ joined by ``;``. ``characteristics[sex]`` is called ``sex``, ``comment[label]``
    ``label``, ``factor value[x]`` ``factor x``; ``not available`` is missing.

    Raises
    ------
    Problems
        For sheets without the column.
    """
    import pandas as pd

    path = Path(path)
    table = read_table(path, separator="\t", decimal=".", quoted=False, as_text=True)
    frame = table.frame.rename({name: _lower(name) for name in table.frame.columns})
    table.frame = frame
    stem = sample.lower() in (FILE, FILE_AND_LABEL)
    name = choose_column(table, FILE if stem else sample.lower(), "sample")
    rows = frame.to_dicts()
    if sample.lower() == FILE_AND_LABEL:
        rows = _with_labels(rows, choose_column(table, "comment[label]", "sample"))
        name = FILE_AND_LABEL
    samples = list(dict.fromkeys(row[name] for row in rows if row[name]))
    cells: dict[str, dict[str, dict[str, None]]] = {label: {} for label in samples}
    for row in rows:
        if not row[name]:
            continue
        for column, cell in row.items():
            known = cell is not None and cell.strip().lower() not in UNKNOWN
            values = cells[row[name]].setdefault(_simple(column), {})
            if known:
                values[cell.strip()] = None
    obs = pd.DataFrame(
        [{column: "; ".join(values) for column, values in cells[label].items()} for label in samples]
    )
    obs = obs.astype("string").mask(obs == "")
    labels = [without_ending(label) if stem else label for label in samples]
    notes = {**table.notes, "rows": len(rows), "samples": len(samples)}
    return assemble_sheet(obs, labels, file=path.name, notes=notes)


def _with_labels(rows: list[dict], label: str) -> list[dict]:
    """Rows with the name of their sample, and with the plex where a file has samples of several labels."""
    labels: dict[str, set[str]] = {}
    for row in rows:
        labels.setdefault(row[FILE] or "", set()).add(label_of(row[label] or ""))
    found = []
    for row in rows:
        file = without_ending(row[FILE] or "")
        plex = file if len(labels[row[FILE] or ""]) > 1 else ""
        name = f"{file}_{label_of(row[label] or '')}".rstrip("_") if file else ""
        found.append(row | {"plex": plex, FILE_AND_LABEL: name})
    return found


def without_ending(file: str) -> str:
    """Name of a run without the ending of its file."""
    return re.sub(r"\.(raw|mzML|mgf|wiff2?|d|dia)(\.gz)?$", "", file, flags=re.IGNORECASE)


def label_of(text: str) -> str:
    """Channel of a label, as SDRF and mzTab call it; empty for samples without one.

    ``TMT127N``, ``NT=TMT127N;AC=...`` and ``[MS,MS:XXXXXX,MS2 labeled sample,tmt10plex_127N]`` are one channel.
    """
    text = text.strip()
    if match := re.fullmatch(r"\[([^,]*),([^,]*),([^,]*),(.*)\]", text):
        text = match[4].strip() or match[3].strip()
    elif match := re.search(r"(?:^|;)\s*NT=([^;]+)", text):
        text = match[1].strip()
    if re.search(r"label.?free|unlabel", text, re.IGNORECASE):
        return ""
    if match := re.search(r"(tmt|itraq)[^\d]*(?:\d+[ _-]?plex[ _-]*)?(1\d\d[NC]?)", text, re.IGNORECASE):
        return f"{match[1].upper()}{match[2].upper()}"
    return text


def _lower(name: str) -> str:
    return re.sub(r"\s*\[", "[", name.strip().lower())


def _simple(column: str) -> str:
    """Name of a column without its bracket; the second of a name (``x.2``) is the same column again."""
    column = re.sub(r"\.\d+$", "", column)
    if match := re.fullmatch(r"factor ?value\[(.+)\]", column):
        return f"factor {match[1]}"
    match = re.fullmatch(r"(characteristics|comment)\[(.+)\]", column)
    return match[2] if match else column
