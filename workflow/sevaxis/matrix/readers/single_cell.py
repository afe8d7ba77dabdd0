"""Single cells: 10x HDF5 and matrix folders, h5ad, loom; by default added up to one sample per donor.

The unit of comparison is the donor, not the cell: cells of a donor are no replicates. So a 10x file becomes one sample
(the sum over its cells), and an h5ad or loom file one sample for each combination of the columns in `pseudobulk`.
HDF5 is parsed as data; nothing in these files is executed, and objects that would need unpickling are refused.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sevaxis.base.problems import Problem, Problems, nearest, refuse
from sevaxis.genes.identifiers import Identifier
from sevaxis.matrix.readers.tables.assembly import Duplicates, assemble
from sevaxis.matrix.readers.tables.encoding import read_bytes
from sevaxis.matrix.readers.tables.text import read_table

if TYPE_CHECKING:
    import anndata
    import pandas as pd
    from scipy import sparse

#: File names of matrix folders that say nothing about the sample; their folder does.
ANONYMOUS = re.compile(r"^(matrix\.mtx|(raw|filtered)_(feature|gene)_bc_matri(x|ces)(_h5)?\.h5)(\.gz)?$")


def read_tenx(
    path: Path,
    *,
    cells: bool = False,
    feature_type: str | None = "Gene Expression",
    identifier: Identifier | None = None,
) -> anndata.AnnData:
    """Read counts of 10x Genomics (Cell Ranger).

    Parameters
    ----------
    path
        ``filtered_feature_bc_matrix.h5`` (version 3 and later), ``filtered_gene_bc_matrices_h5.h5`` (versions 1 and 2),
        or ``matrix.mtx`` with ``features.tsv`` (``genes.tsv``) and ``barcodes.tsv`` beside it, plain or gzip.
    cells
        true: a sample per cell, instead of the sum over the cells of the file.
    feature_type
        Only features of this type, where the file tells types apart; none for all.
    identifier
        What the feature names are; judged from their form where missing.

    Returns
    -------
    AnnData of one sample (or of cells) x genes; the sum has the number of cells in ``obs``.

    Raises
    ------
    Problems
        For files that are none of these.
    """
    import pandas as pd

    path = Path(path)
    with path.open("rb") as handle:
        is_hdf5 = handle.read(8) == b"\x89HDF\r\n\x1a\n"
    counts, var, barcodes = _tenx_hdf5(path) if is_hdf5 else _tenx_folder(path)
    notes = {"cells": len(barcodes), "features": len(var)}
    if feature_type is not None and "feature_type" in var and (var["feature_type"] == feature_type).any():
        of_type = (var["feature_type"] == feature_type).to_numpy()
        notes["features_of_other_types_dropped"] = int((~of_type).sum())
        counts, var = counts[:, of_type], var[of_type].reset_index(drop=True)
    if cells:
        samples, obs = barcodes, None
    else:
        name = (
            path.parent.name
            if ANONYMOUS.match(path.name)
            else re.sub(r"(\.h5|\.mtx)?(\.gz)?$", "", path.name)
        )
        samples, obs = [name], pd.DataFrame({"n_cells": [len(barcodes)]})
        counts = counts.sum(axis=0).reshape(1, -1)
    return _finish(counts, samples, obs, var, "id", path, identifier, "sum", notes)


def _tenx_hdf5(path: Path):
    """Cells x genes, genes and barcodes of a Cell Ranger file."""
    import h5py
    import pandas as pd
    from scipy import sparse

    with h5py.File(path, "r") as file:
        if "matrix" not in file and len(file) > 1:
            refuse(
                "The file holds several genomes",
                where=path.name,
                found=", ".join(file),
                allowed="cells of one genome",
                hint="write each genome's cells to a file of its own (Cell Ranger 3 and later keep them in one matrix)",
            )
        group = file["matrix"] if "matrix" in file else next(iter(file.values()), None)
        needed = {"data", "indices", "indptr", "shape", "barcodes"}
        if not isinstance(group, h5py.Group) or not needed <= set(group):
            hint = "h5ad and loom have readers of their own"
            refuse(
                "This is no file of Cell Ranger",
                where=path.name,
                found=", ".join(file),
                allowed="matrix/...",
                hint=hint,
            )
        parts = {name: group[name][:] for name in needed}
        if "features" in group:
            kept = ("id", "name", "feature_type", "genome")
            var = {name: _decoded(group["features"][name][:]) for name in kept if name in group["features"]}
        else:
            var = {"id": _decoded(group["genes"][:]), "name": _decoded(group["gene_names"][:])}
    shape = tuple(int(n) for n in parts["shape"])
    counts = sparse.csc_matrix((parts["data"], parts["indices"], parts["indptr"]), shape=shape).T.tocsr()
    return counts, pd.DataFrame(var).rename(columns={"name": "symbol"}), _decoded(parts["barcodes"])


def _tenx_folder(path: Path):
    """Cells x genes, genes and barcodes of a matrix.mtx and its companions (``GSM1_matrix.mtx.gz`` too)."""
    import io

    from scipy.io import mmread

    prefix = path.name.split("matrix.mtx")[0]
    companions = {}
    for kind, names in (("features", ("features.tsv", "genes.tsv")), ("barcodes", ("barcodes.tsv",))):
        there = [path.parent / f"{prefix}{name}{gz}" for name in names for gz in ("", ".gz")]
        companions[kind] = next((place for place in there if place.is_file()), None)
        if companions[kind] is None:
            hint = "list it among the card's files, without a reader"
            refuse(
                f"The {kind} of the matrix are missing",
                where=path.name,
                found="no file",
                allowed=there[0].name,
                hint=hint,
            )
    columns = ["id", "symbol", "feature_type", "chromosome", "start", "end"]
    table = read_table(companions["features"], separator="\t", columns=None, as_text=True, quoted=False).frame
    # the file has no header: what was taken for one is the first gene
    rows = [
        tuple(re.sub(r"\.\d+$", "", n) if i > 0 else n for i, n in enumerate(table.columns)),
        *table.rows(),
    ]
    import pandas as pd

    var = pd.DataFrame(rows, columns=columns[: table.width])
    barcodes = read_bytes(companions["barcodes"]).decode().split()
    counts = mmread(io.BytesIO(read_bytes(path))).T.tocsr()
    if counts.shape != (len(barcodes), len(var)):
        found = f"{counts.shape[0]} x {counts.shape[1]}"
        allowed = f"{len(barcodes)} barcodes x {len(var)} features"
        refuse(
            "Matrix and companions disagree",
            where=path.name,
            found=found,
            allowed=allowed,
            hint="files of one sample?",
        )
    return counts, var, barcodes


def read_h5ad(
    path: Path,
    *,
    layer: str | None = None,
    pseudobulk: list[str] | None = None,
    feature: str | None = None,
    identifier: Identifier | None = None,
    duplicates: Duplicates | None = None,
) -> anndata.AnnData:
    """Read an AnnData file.

    Parameters
    ----------
    path
        The file.
    layer
        Layer with the values, such as ``counts``; the main matrix where missing, or ``raw``.
    pseudobulk
        Columns of ``obs`` (donor, cell type, ...): the values of their combinations are added up, one sample each.
    feature
        Column of ``var`` with the feature names; its index where missing.
    identifier
        What the feature names are; judged from their form where missing.
    duplicates
        Which value stands where a feature comes twice with different values.

    Returns
    -------
    AnnData of samples (or cells) x features with the file's annotation.

    Raises
    ------
    Problems
        For files that are no AnnData, and for layers and columns that do not exist.
    """
    import anndata

    path = Path(path)
    try:
        content = anndata.read_h5ad(path)
    except (OSError, KeyError, ValueError, TypeError) as error:
        hint = "10x and loom files have readers of their own"
        raise Problems(
            [Problem("This is no AnnData file", path.name, str(error)[:200], "h5ad", hint)]
        ) from error
    var = content.var
    if layer is None:
        values = content.X
        if values is None:
            what, allowed = "The file has no main matrix", ", ".join(content.layers) or "values"
            hint = nearest("counts", list(content.layers))
            refuse(what, where=f"{path.name}, option 'layer'", found="no X", allowed=allowed, hint=hint)
    elif layer == "raw" and content.raw is not None:
        values, var = content.raw.X, content.raw.var
    else:
        values = content.layers[_choose(layer, list(content.layers), "layer", path)]
    names = var.index if feature is None else var[_choose(feature, list(var.columns), "feature", path)]
    var = var.assign(__name=names.astype(str))
    return _samples_of(values, content.obs, var, pseudobulk, path, identifier, duplicates)


def read_loom(
    path: Path,
    *,
    layer: str | None = None,
    pseudobulk: list[str] | None = None,
    feature: str | None = None,
    identifier: Identifier | None = None,
    duplicates: Duplicates | None = None,
) -> anndata.AnnData:
    """Read a loom file (format 2 and 3 of loompy).

    Parameters
    ----------
    path, layer, pseudobulk, identifier, duplicates
        As for ``h5ad``.
    feature
        Row attribute with the feature names; the first of Accession, Gene, var_names where missing.

    Returns
    -------
    AnnData of samples (or cells) x features.
    """
    import h5py
    import pandas as pd

    path = Path(path)
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise Problems(
            [Problem("This is no loom file", path.name, str(error)[:200], "HDF5", "check the file")]
        ) from error
    with file:
        if not {"matrix", "row_attrs", "col_attrs"} <= set(file):
            hint = "h5ad and 10x files have readers of their own"
            allowed = "matrix, row_attrs, col_attrs"
            refuse("This is no loom file", where=path.name, found=", ".join(file), allowed=allowed, hint=hint)
        layers = file.get("layers", {})
        source = file["matrix"] if layer is None else layers[_choose(layer, list(layers), "layer", path)]
        values = source[:].T
        var, obs = (
            pd.DataFrame({key: _decoded(item[:]) for key, item in file[axis].items() if item.ndim == 1})
            for axis in ("row_attrs", "col_attrs")
        )
    known = [name for name in ("Accession", "Gene", "var_names") if name in var]
    column = (
        _choose(feature, list(var.columns), "feature", path)
        if feature
        else known[0]
        if known
        else var.columns[0]
    )
    cells = next((name for name in ("CellID", "obs_names") if name in obs), None)
    if cells is not None:
        obs.index = obs[cells].astype(str)
    return _samples_of(
        values, obs, var.assign(__name=var[column].astype(str)), pseudobulk, path, identifier, duplicates
    )


def _choose(name: str, there: list[str], option: str, path: Path) -> str:
    if name not in there:
        where = f"{path.name}, option '{option}'"
        refuse(
            f"No {option} '{name}'",
            where=where,
            found=name,
            allowed=", ".join(map(str, there)),
            hint=nearest(name, there),
        )
    return name


def _samples_of(values, obs: pd.DataFrame, var: pd.DataFrame, pseudobulk, path, identifier, duplicates):
    """Cells as they are, or added up by some columns of their annotation."""
    notes = {"cells": len(obs), "features": len(var)}
    if not pseudobulk:
        return _finish(
            values, [str(name) for name in obs.index], obs, var, "__name", path, identifier, duplicates, notes
        )
    import anndata
    import pandas as pd
    import scanpy

    for column in pseudobulk:
        _choose(column, list(obs.columns), "pseudobulk", path)
    groups = obs.groupby(pseudobulk, observed=True, sort=True)
    numbers = groups.ngroup().to_numpy()
    known = numbers >= 0
    notes["cells_without_group"] = int((~known).sum())
    # scanpy refuses cells without a group, and columns of several where one is missing
    values, numbers = (values, numbers) if known.all() else (values[known], numbers[known])
    group = pd.DataFrame({"group": pd.Categorical(numbers)}, index=np.arange(len(numbers)).astype(str))
    sums = scanpy.get.aggregate(anndata.AnnData(values, obs=group), by="group", func="sum").layers["sum"]
    table = groups.size().rename("n_cells").reset_index()
    constant = [c for c in obs.columns if c not in pseudobulk and groups[c].nunique(dropna=False).max() == 1]
    table = table.join(groups[constant].first().reset_index(drop=True)) if constant else table
    names = table[pseudobulk].astype(str).agg("_".join, axis=1).tolist()
    return _finish(sums, names, table, var, "__name", path, identifier, duplicates, notes)


def _finish(
    values: np.ndarray | sparse.spmatrix,
    samples: list[str],
    obs: pd.DataFrame | None,
    var: pd.DataFrame,
    names: str,
    path: Path,
    identifier: Identifier | None,
    duplicates: Duplicates | None,
    notes: dict,
) -> anndata.AnnData:
    from sevaxis.matrix.readers.r_object import plain_frame

    dense = values.toarray() if hasattr(values, "toarray") else np.asarray(values)
    return assemble(
        np.asarray(dense, dtype=np.float64).T,
        [str(name) for name in var[names]],
        samples,
        file=path.name,
        obs=None if obs is None else plain_frame(obs),
        var=plain_frame(var.drop(columns=names)),
        identifier=identifier,
        duplicates=duplicates,
        notes=notes,
    )


def _decoded(values) -> list:
    return [item.decode() if isinstance(item, bytes) else item for item in np.asarray(values).tolist()]
