"""AnnData files (h5ad): which of their matrices holds the reads, and whether their rows are cells or samples."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sevaxis.base.vocabulary import Assay
from sevaxis.drafting.recognised import Recognised
from sevaxis.study.validation import TODO

if TYPE_CHECKING:
    import h5py
    import numpy as np
    import pandas as pd

#: Values of a matrix that are looked at.
HEAD = 500_000
#: Names by which layers of reads go, best first; any other layer of whole numbers comes after them.
LAYERS = ("counts", "raw_counts", "raw", "reads", "umi")
#: More rows than this of so few detected features are cells.
MANY_ROWS, FEW_DETECTED = 100, 0.4
DONOR = re.compile(
    r"(donor|patient|subject|individual|participant|mouse|rat|animal|specimen|biosample|sample|orig.?ident|library)",
    re.I,
)
CELL_TYPE = re.compile(r"(cell.?type|cluster|annotation|leiden|louvain|cell.?class|cell.?label)", re.I)


def recognise_h5ad(path: Path, size: int) -> Recognised:
    """What an AnnData file holds, with the options that read its counts.

    Parameters
    ----------
    path
        The file.
    size
        To rank it among other files.
    """
    import anndata
    import h5py

    with h5py.File(path) as file:
        options, told = _choose_matrix(file)
        cells = _are_cells(file)
    found = Recognised(path, "AnnData (h5ad)", "matrix", "h5ad", options, size=size, told=told)
    if cells:
        found.assay = Assay.SINGLE_CELL
        _ask_for_donors(found, anndata.read_h5ad(path, backed="r").obs)
    return found


def _choose_matrix(file: h5py.File) -> tuple[dict[str, Any], list[str]]:
    """The matrix of whole numbers: X, a layer or raw."""
    layers = list(file.get("layers", {}))
    whole = [name for name in layers if _is_whole(file["layers"][name])]
    ranked = sorted(
        whole, key=lambda name: LAYERS.index(name.lower()) if name.lower() in LAYERS else len(LAYERS)
    )
    if _is_whole(file["X"]):
        beside = f"; layers of whole numbers beside it: {', '.join(ranked)}" if ranked else ""
        return {}, [f"X holds whole numbers and is read{beside}"]
    if ranked:
        return {"layer": ranked[0]}, [
            f"X holds no counts; the layer '{ranked[0]}' holds whole numbers and is read"
        ]
    if "raw" in file and "X" in file["raw"] and _is_whole(file["raw/X"]):
        return {"layer": "raw"}, ["X holds no counts; raw holds whole numbers and is read"]
    others = ", ".join([*layers, *(["raw"] if "raw" in file else [])]) or "no layers"
    return {}, [f"neither X nor anything beside it ({others}) holds whole numbers"]


def _first_values(item: h5py.Group | h5py.Dataset) -> np.ndarray:
    import h5py
    import numpy as np

    if isinstance(item, h5py.Group):
        return np.asarray(item["data"][:HEAD], dtype=float)
    rows = max(1, HEAD // max(1, item.shape[-1]))
    return np.asarray(item[:rows], dtype=float).ravel()


def _is_whole(item: h5py.Group | h5py.Dataset) -> bool:
    import numpy as np

    values = _first_values(item)
    return bool(values.size) and bool(np.all(values >= 0)) and bool(np.all(values == np.rint(values)))


def _are_cells(file: h5py.File) -> bool:
    """Whether there are many rows and each detects few of the features."""
    import h5py
    import numpy as np

    item = file["X"]
    if isinstance(item, h5py.Group):
        shape = item.attrs.get("shape", item.attrs.get("h5sparse_shape"))
        rows, columns = (int(n) for n in shape)
        detected = item["data"].shape[0] / max(1, rows * columns)
    else:
        rows, columns = item.shape
        detected = float(np.mean(_first_values(item) != 0))
    return rows >= MANY_ROWS and detected < FEW_DETECTED


def _ask_for_donors(found: Recognised, obs: pd.DataFrame) -> None:
    """Cells of a donor are added up; which column names donors is proposed, and cell types are asked about."""
    levels = {str(name): obs[name].nunique() for name in obs.columns}
    shown = ", ".join(f"{name} ({n})" for name, n in list(levels.items())[:15])
    donors = [name for name, n in levels.items() if DONOR.search(name) and 2 <= n <= len(obs) / 10]
    types = [name for name, n in levels.items() if CELL_TYPE.search(name) and 2 <= n <= 200]
    if donors:
        found.options["pseudobulk"] = donors[:1]
        found.told.append(
            f"{len(obs):,} cells; those of one '{donors[0]}' ({levels[donors[0]]}) are added up"
        )
    else:
        # thousands of cells as samples would be wrong, and more than a matrix can hold
        found.content, found.format = (
            "nothing",
            f"{len(obs):,} cells, and no column that is called like donors",
        )
        found.hint = (
            f"name the columns whose cells are added up with the option pseudobulk: {shown or 'none'}"
        )
    if types and donors:
        text = f"'{types[0]}' ({levels[types[0]]} levels) to compare cells of a type, or delete this line"
        found.ask["pseudobulk"] = [f"{TODO} {text} to compare whole donors"]
