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

#: Values that say that nothing is known.
UNKNOWN = {"not available", "not applicable", "unknown", "n/a", "na", ""}


def read_sdrf(path: Path, *, sample: str = "source name") -> anndata.AnnData:
    """Read a sample sheet.

    Parameters
    ----------
    path
        The file ``...sdrf.tsv``.
    sample
        Column whose cells name the samples of the matrix: ``source name``, ``assay name`` or ``comment[data file]``.

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
    name = choose_column(table, sample.lower(), "sample")
    rows = frame.to_dicts()
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
    stem = name == "comment[data file]"
    labels = [
        re.sub(r"\.(raw|mzML|wiff|d)$", "", label, flags=re.IGNORECASE) if stem else label
        for label in samples
    ]
    notes = {**table.notes, "rows": len(rows), "samples": len(samples)}
    return assemble_sheet(obs, labels, file=path.name, notes=notes)


def _lower(name: str) -> str:
    return re.sub(r"\s*\[", "[", name.strip().lower())


def _simple(column: str) -> str:
    """Name of a column without its bracket; the second of a name (``x.2``) is the same column again."""
    column = re.sub(r"\.\d+$", "", column)
    if match := re.fullmatch(r"factor ?value\[(.+)\]", column):
        return f"factor {match[1]}"
    match = re.fullmatch(r"(characteristics|comment)\[(.+)\]", column)
    return match[2] if match else column
