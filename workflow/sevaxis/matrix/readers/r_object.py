"""R objects (``.rda``, ``.RData``, ``.rds``): matrix, data frame, ExpressionSet, SummarizedExperiment and their kin.

Read by the package `rdata`, which parses the bytes and runs no R code; functions and calls in a file are left out.
Missing values of R (``NA`` of integers, logicals and text) become missing values here: `rdata` hands integers with
``NA`` over as masked arrays, whose hidden numbers (-2147483648) must never be seen.
"""

from __future__ import annotations

import re
import warnings
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sevaxis.base.problems import Problem, Problems, nearest, refuse
from sevaxis.base.vocabulary import Namespace
from sevaxis.genes.identifiers import COLUMN_NAMES, Identifier, are_row_numbers, identifier_of
from sevaxis.matrix.readers.tables.assembly import Duplicates, assemble
from sevaxis.matrix.readers.tables.layouts import Layout, from_table
from sevaxis.matrix.readers.tables.proteins import Dropped, without_decoys
from sevaxis.matrix.readers.tables.text import Table, unique_names

if TYPE_CHECKING:
    import anndata
    import pandas as pd

#: What `rdata` makes of R's NULL in a slot.
NULL = "\x01NULL\x01"


def read_r_object(
    path: Path,
    *,
    object: str | None = None,
    assay: str | None = None,
    layout: Layout = "wide",
    feature: str | None = None,
    samples: list[str] | str | None = None,
    sample: list[str] | str | None = None,
    value: str | None = None,
    identifier: Identifier | None = None,
    duplicates: Duplicates | None = None,
    keep: list[Dropped] | None = None,
    annotation: list[str] | None = None,
) -> anndata.AnnData:
    """Read one object of an R file.

    Parameters
    ----------
    path
        The file.
    object
        Name of the object, or a path through lists as in R: ``results$female``. Not needed where there is one.
    assay
        Which matrix of the object; ``exprs`` or the first where missing.
    layout
        For data frames, as in ``delimited``; ``transposed`` also for matrices with a row per sample.
    feature, samples, sample, value, identifier, duplicates, keep, annotation
        For data frames, as in :func:`sevaxis.matrix.readers.delimited.read_delimited`; row names are the column
        ``row_name`` and stand for the features where `feature` is missing and they are names.

    Raises
    ------
    Problems
        For damaged files, objects that do not exist, and classes that hold no matrix.
    """
    import pandas as pd

    path = Path(path)
    name, content = choose_object(load_r(path), object, path.name)
    where = f"{path.name}, object {name}" if name else path.name
    if hasattr(content, "columns"):
        table = table_of(content, where)
        if feature is None and layout in ("wide", "transposed") and "row_name" in table.frame.columns:
            feature = "row_name" if layout == "wide" else None
            sample = sample or ("row_name" if layout == "transposed" else None)
        adata = from_table(table, layout, feature, samples, sample, value, identifier, duplicates, annotation)
        return without_decoys(adata, keep)
    matrix, obs, var, notes = _parts_of(content, assay, where)
    values, features, names = _matrix(matrix, where)
    if layout == "transposed":
        values, features, names, obs, var = values.T, names, features, var, obs
    if var is not None and len(var) == len(features) and are_row_numbers(pd.Series(features)):
        features, notes["features_named_by"] = _named_by_annotation(plain_frame(var), features)
    for annotation, axis in ((obs, names), (var, features)):
        if annotation is not None and len(annotation) != len(axis):
            found = f"{len(annotation)} rows of annotation for {len(axis)} of the matrix"
            refuse(
                "Matrix and annotation disagree",
                where=where,
                found=found,
                allowed="one row each",
                hint="check the object",
            )
    adata = assemble(
        values,
        features,
        names,
        file=where,
        obs=None if obs is None else plain_frame(obs),
        var=None if var is None else plain_frame(var),
        identifier=identifier,
        duplicates=duplicates,
        notes={"object": name, **notes},
    )
    return without_decoys(adata, keep)


def _named_by_annotation(var: pd.DataFrame, features: list[str]) -> tuple[list[str], str]:
    """Names of features from the column of their annotation that identifies them, where the rows only have numbers."""
    known = {name: COLUMN_NAMES.get(re.sub(r"[^a-z0-9]", "", name.lower())) for name in var.columns}
    texts = [name for name in var.columns if var[name].dtype == "string"]  # a width is no Entrez identifier
    forms = {name: identifier_of(var[name].dropna()) if name in texts else None for name in var.columns}
    ranks = {namespace: rank for rank, namespace in enumerate(Namespace)}
    fits = [
        (ranks[forms[name] or known[name]], name)
        for name in var.columns
        if (forms[name] or known[name]) and var[name].nunique() > len(var) / 2
    ]
    if not fits:
        return features, "their position"
    chosen = min(fits, key=lambda fit: fit[0])[1]
    return var[chosen].astype("string").fillna("").tolist(), chosen


def load_r(path: Path) -> Any:
    """Content of an R file: a dictionary of objects (``.rda``), or one object (``.rds``); not to be changed.

    The last file is kept: a draft asks what is in it before it reads what it found, and parsing takes seconds.
    """
    known = Path(path).stat()
    return _load(Path(path), known.st_mtime_ns, known.st_size)


@lru_cache(maxsize=1)
def _load(path: Path, changed: int, size: int) -> Any:
    import lzma
    import zlib

    import rdata

    code = {
        getattr(rdata.parser.RObjectType, kind)
        for kind in ("CLO", "LANG", "PROM", "BCODE", "SPECIAL", "BUILTIN", "EXTPTR", "WEAKREF", "DOT")
        if hasattr(rdata.parser.RObjectType, kind)
    }

    class DataConverter(rdata.conversion.SimpleConverter):
        """Converts data and leaves code out: rdata stumbles over closures without attributes (DESeqDataSet)."""

        def _convert_next(self, data):
            content = getattr(data, "object", data)
            return None if content.info.type in code else super()._convert_next(data)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = rdata.parser.parse_file(str(path))
            return DataConverter(default_encoding="utf-8").convert(parsed)
    except (OSError, EOFError, ValueError, NotImplementedError, lzma.LZMAError, zlib.error) as error:
        hint = "saved by save() or saveRDS()? A damaged download must be deleted and retrieved again"
        raise Problems(
            [Problem("This R file cannot be read", path.name, str(error)[:200], "rda or rds", hint)]
        ) from error


def choose_object(content: Any, name: str | None, file: str) -> tuple[str, Any]:
    """Object of that name, or the only one; lists are walked as R does with ``$``."""
    steps = name.split("$") if name else []
    walked = []
    while True:
        is_list = isinstance(content, dict) and not _is_dge_list(content)
        if not steps and is_list and len(content) == 1:
            steps = [str(next(iter(content)))]
        if not steps:
            break
        step = steps.pop(0)
        members = {str(key): item for key, item in content.items()} if is_list else {}
        if step not in members:
            where = f"{file}, option 'object'"
            known = ", ".join(members) or "no names in here"
            refuse(
                f"No object '{step}'",
                where=where,
                found=name or step,
                allowed=known,
                hint=nearest(step, members),
            )
        content = members[step]
        walked.append(step)
    if is_list:
        hint = "name one with the option 'object', lists inside lists as in R: a$b"
        found = f"{len(content)} objects"
        refuse(
            "The file holds several objects",
            where=file,
            found=found,
            allowed=", ".join(map(str, content)),
            hint=hint,
        )
    return "$".join(walked), content


def _is_dge_list(content: dict) -> bool:
    """Lists that edgeR (DGEList) and limma (EList) make classes of."""
    return {"counts", "samples"} <= set(content) or (
        "E" in content and {"genes", "targets"} & set(content) != set()
    )


def _parts_of(content: Any, assay: str | None, where: str):
    """Matrix, sample annotation, feature annotation (None where there is none) and notes of an object."""
    slots = content if isinstance(content, dict) else getattr(content, "__dict__", {})
    if "assayData" in slots:
        matrices = dict(slots["assayData"])
        obs, var = slots["phenoData"].data, slots["featureData"].data
        var = var if var.shape[1] else None
        matrix = _choose_assay(matrices, assay or ("exprs" if "exprs" in matrices else None), where)
        return matrix, obs, var, {"class": _class(content)}
    if "assays" in slots:
        matrices = _list_data(slots["assays"])
        ranges = slots.get("rowRanges")
        annotation = slots["elementMetadata"] if ranges is None else ranges.elementMetadata
        matrix = _choose_assay(matrices, assay, where)
        kept = [slots] if ranges is None else [vars(ranges).get(at) for at in ("ranges", "partitioning")]
        said = [
            part.get("NAMES") if isinstance(part, dict) else getattr(part, "NAMES", None) for part in kept
        ]
        said += [getattr(annotation, "rownames", None)]
        names = next((each for each in said if each is not None and not isinstance(each, str)), NULL)
        matrix = _with_names(matrix, names, getattr(slots["colData"], "rownames", NULL))
        return matrix, _data_frame(slots["colData"]), _data_frame(annotation), {"class": _class(content)}
    if isinstance(content, dict) and _is_dge_list(content):
        name = "DGEList" if "counts" in content else "EList"
        matrix, obs = (
            (content["counts"], content["samples"])
            if name == "DGEList"
            else (content["E"], content.get("targets"))
        )
        return matrix, obs, content.get("genes"), {"class": name}
    return content, None, None, {}


def assays_of(content: Any) -> list[str]:
    """Names of the matrices of an object; empty for a plain one."""
    slots = content if isinstance(content, dict) else getattr(content, "__dict__", {})
    if "assayData" in slots:
        return list(dict(slots["assayData"]))
    return list(_list_data(slots["assays"])) if "assays" in slots else []


def class_of(content: Any) -> str:
    """R's class of an object; empty for plain vectors and lists."""
    return _class(content)


def _choose_assay(matrices: dict[str, Any], assay: str | None, where: str) -> Any:
    if assay is None and matrices:
        return next(iter(matrices.values()))
    if assay not in matrices:
        hint = nearest(assay or "", matrices)
        refuse(f"No assay '{assay}'", where=where, found=str(assay), allowed=", ".join(matrices), hint=hint)
    return matrices[assay]


def _class(content: Any) -> str:
    return str(np.ravel(getattr(content, "class", [""]))[0])


def _list_data(content: Any) -> dict[str, Any]:
    """Members of a SimpleList, however deep the version of the class keeps it."""
    while not isinstance(content, dict) and not hasattr(content, "listData"):
        slots = vars(content)
        content = slots.get("data", slots.get(".xData"))
    members = content if isinstance(content, dict) else content.listData
    return members if isinstance(members, dict) else {str(i + 1): item for i, item in enumerate(members)}


def _data_frame(content: Any) -> pd.DataFrame | None:
    """Pandas frame of an S4 DataFrame; None where it has no columns."""
    import pandas as pd

    columns = getattr(content, "listData", None)
    if not isinstance(columns, dict) or not columns:
        return None
    return pd.DataFrame(
        {key: item if hasattr(item, "dtype") else list(item) for key, item in columns.items()}
    )


def _with_names(matrix: Any, features: Any, samples: Any) -> Any:
    """Matrix with the names that the object keeps outside of it, where the matrix has none of its own."""
    import xarray

    if hasattr(matrix, "Dimnames"):
        return matrix
    rows, columns = _dimnames(matrix)
    rows = rows if rows is not None else None if isinstance(features, str) else features
    columns = columns if columns is not None else None if isinstance(samples, str) else samples
    coords = {key: item for key, item in (("features", rows), ("samples", columns)) if item is not None}
    return xarray.DataArray(
        _filled(getattr(matrix, "values", matrix)), dims=("features", "samples"), coords=coords
    )


def _dimnames(matrix: Any) -> tuple[Any, Any]:
    if not hasattr(matrix, "dims"):
        return None, None
    return tuple(matrix.coords[dim].values if dim in matrix.coords else None for dim in matrix.dims)


def _filled(values: Any) -> np.ndarray:
    """Numbers as float64, NaN where R has NA."""
    if isinstance(values, np.ma.MaskedArray):
        return values.astype(np.float64).filled(np.nan)
    return np.asarray(values, dtype=np.float64)


def _matrix(matrix: Any, where: str) -> tuple[np.ndarray, list[str], list[str]]:
    """Values (features x samples) and names of a dense or sparse matrix."""
    if hasattr(matrix, "Dim") and hasattr(matrix, "p"):
        from scipy import sparse

        shape = tuple(int(n) for n in matrix.Dim)
        values = sparse.csc_matrix((_filled(matrix.x), matrix.i, matrix.p), shape=shape).toarray()
        rows, columns = (None if names is None else names for names in matrix.Dimnames)
    else:
        try:
            values = _filled(getattr(matrix, "values", matrix))
        except (TypeError, ValueError):
            values = np.empty(0)
        rows, columns = _dimnames(matrix)
    if values.ndim != 2:
        found = f"{_class(matrix) or type(matrix).__name__} of shape {values.shape}"
        allowed = "matrix, data frame, ExpressionSet, MSnSet, SummarizedExperiment, DGEList"
        refuse(
            "The object holds no matrix",
            where=where,
            found=found,
            allowed=allowed,
            hint="choose another with 'object'",
        )
    features = [str(i + 1) for i in range(values.shape[0])] if rows is None else [str(row) for row in rows]
    samples = (
        [f"V{i + 1}" for i in range(values.shape[1])] if columns is None else [str(name) for name in columns]
    )
    return values, features, samples


def plain_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with text as pandas strings (factors too) and numbers as they are."""
    import pandas as pd

    columns = {}
    for name, column in frame.items():
        if column.dtype == np.float64 and not _are_long_integers(column.to_numpy()):
            columns[str(name)] = column.array
            continue
        is_text = isinstance(column.dtype, pd.CategoricalDtype) or not pd.api.types.is_numeric_dtype(column)
        columns[str(name)] = pd.array(column.astype("object"), dtype="string") if is_text else column.array
        if column.dtype == np.float64:
            columns[str(name)] = column.to_numpy().view(np.int64)
        if pd.api.types.is_bool_dtype(column):
            columns[str(name)] = column.astype("boolean").array
    return pd.DataFrame(columns, index=range(len(frame)))


def _are_long_integers(values: np.ndarray) -> bool:
    """Whether numbers are whole ones of 64 bits (R's class integer64), whose bytes were taken for fractions."""
    if values.size and (values[0] < 0 or values[0] >= 1e-300):  # what nearly every column shows at once
        return False
    known = values[np.isfinite(values)]
    return bool(known.size) and bool(np.all((known > 0) & (known < 1e-300)))


def table_of(frame: pd.DataFrame, where: str) -> Table:
    """Columns of a data frame; row names that are names become the column ``row_name``."""
    import pandas as pd
    import polars as pl

    plain = plain_frame(frame)
    if not isinstance(frame.index, pd.RangeIndex):
        plain.insert(0, "row_name", pd.array([str(name) for name in frame.index], dtype="string"))
    names, repeated = unique_names([str(name) for name in plain.columns])
    columns = []
    for name, (_, column) in zip(names, plain.items(), strict=True):
        if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf":
            columns.append(pl.Series(name, column.to_numpy().astype(np.float64)))
        elif pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_string_dtype(column.dtype):
            cells = [None if pd.isna(cell) else str(cell) for cell in column]
            columns.append(pl.Series(name, cells, dtype=pl.String))
        else:
            columns.append(pl.Series(name, column.astype("Float64").to_numpy(np.float64, na_value=np.nan)))
    # all columns at once: thousands of them would take their time one by one
    table = pl.DataFrame(columns).with_columns(pl.col(pl.Float64).fill_nan(None))
    return Table(where, table, repeated)
