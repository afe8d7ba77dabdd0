"""Design matrices, contrasts by name, and what a design cannot tell apart."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

# A contrast counts as lost when more than this share of its squared length lies outside the row space.
_LOST = 1e-10


@dataclass(frozen=True, eq=False)
class Design:
    """A design matrix and the names of its columns.

    Attributes
    ----------
    matrix
        samples x columns.
    names
        One name per column.
    """

    matrix: np.ndarray
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        matrix = np.asarray(self.matrix, dtype=float)
        names = tuple(str(name) for name in self.names)
        if matrix.ndim != 2 or matrix.shape[1] != len(names):
            raise ValueError(f"a design needs one name per column: {matrix.shape} matrix, {len(names)} names")
        if not np.isfinite(matrix).all():
            bad = sorted({names[j] for j in np.nonzero(~np.isfinite(matrix))[1]})
            raise ValueError(f"the design holds missing or infinite values in {', '.join(bad)}")
        if len(set(names)) < len(names):
            twice = sorted({name for name in names if names.count(name) > 1})
            raise ValueError(f"the design names columns twice: {', '.join(twice)}")
        object.__setattr__(self, "matrix", matrix)
        object.__setattr__(self, "names", names)

    @property
    def rank(self) -> int:
        """Number of independent columns."""
        return orthonormal_basis(self.matrix)[0].shape[1]


def orthonormal_basis(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Split X into Q B with Q an orthonormal basis of its column space, whatever its rank.

    Columns are brought to unit length first, so that a covariate in large units cannot hide a small one.

    Parameters
    ----------
    matrix
        samples x p.

    Returns
    -------
    Q (samples x rank) and B (rank x p).
    """
    matrix = np.asarray(matrix, dtype=float)
    length = np.sqrt((matrix**2).sum(axis=0))
    length[length == 0] = 1.0
    left, singular, right = np.linalg.svd(matrix / length, full_matrices=False)
    keep = singular > 1e-9 * max(singular.max(initial=0.0), np.finfo(float).tiny)
    return left[:, keep], singular[keep, None] * right[keep] * length


def cell_means(
    cells: Sequence[str], covariates: pd.DataFrame | None = None, *, levels: Sequence[str] | None = None
) -> Design:
    """Build a design with the mean of each cell as a parameter, and covariates beside.

    Parameters
    ----------
    cells
        Label of each sample's cell, for instance sex and group joined.
    covariates
        One row per sample. Numeric columns are centred; others are treatment-coded against their first
        level in sorted order (categories in their own order), as columns named ``batch=B``. A column with a
        single level carries nothing and is left out.
    levels
        Order of the cells; by default the order of appearance. Cells without a sample get no column.

    Raises
    ------
    ValueError
        A cell or covariate is missing, a cell is not among `levels`, or the lengths differ.
    """
    labels = pd.Series(list(cells), dtype=object)
    if labels.isna().any():
        raise ValueError(f"{int(labels.isna().sum())} samples have no cell label")
    labels = labels.astype(str)
    order = list(dict.fromkeys(labels if levels is None else map(str, levels)))
    if unknown := sorted(set(labels) - set(order)):
        raise ValueError(f"cells {', '.join(unknown)} are not among the levels {', '.join(order)}")
    observed = set(labels)
    columns = {level: (labels == level).to_numpy(float) for level in order if level in observed}
    if covariates is not None:
        if len(covariates) != len(labels):
            raise ValueError(f"{len(covariates)} rows of covariates for {len(labels)} samples")
        for name in covariates.columns:
            columns.update(_covariate_columns(str(name), covariates[name]))
    return Design(np.column_stack(list(columns.values())), tuple(columns))


def _covariate_columns(name: str, values: pd.Series) -> dict[str, np.ndarray]:
    if values.isna().any():
        raise ValueError(f"covariate {name} is missing for {int(values.isna().sum())} samples")
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        number = values.to_numpy(float)
        return {} if np.ptp(number) == 0 else {name: number - number.mean()}
    if not isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(str).astype("category")
    category = values.cat.remove_unused_categories()
    return {f"{name}={level}": (category == level).to_numpy(float) for level in category.cat.categories[1:]}


def _nearest(name: str, candidates: Sequence[str] | pd.Index) -> str:
    near = difflib.get_close_matches(name, [str(candidate) for candidate in candidates], n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def contrast_matrix(design: Design, contrasts: Mapping[str, Mapping[str, float]]) -> np.ndarray:
    """Write contrasts given by column names as a matrix.

    Parameters
    ----------
    design
        With p columns.
    contrasts
        Name of the contrast -> {column: weight}.

    Returns
    -------
    p x k, in the order of `contrasts`.

    Raises
    ------
    ValueError
        A contrast names a column that the design does not have, or has no weight other than zero.
    """
    place = {name: row for row, name in enumerate(design.names)}
    matrix = np.zeros((len(place), len(contrasts)))
    for k, (name, weights) in enumerate(contrasts.items()):
        for column, weight in weights.items():
            if column not in place:
                near = _nearest(column, design.names)
                raise ValueError(f"contrast {name} names {column!r}, which is no column of the design{near}")
            matrix[place[column], k] = weight
        if not np.isfinite(matrix[:, k]).all() or not matrix[:, k].any():
            raise ValueError(f"contrast {name} needs finite weights, not all of them zero")
    return matrix


def estimable(design: Design, contrasts: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
    """Tell which contrasts the given samples can estimate.

    A contrast is estimable when it lies in the row space of the design (Searle 1971, Linear Models, section
    5.4).

    Parameters
    ----------
    design
        samples x p.
    contrasts
        p x k, or a vector of p.
    rows
        Boolean mask or indices of the samples that are there; all by default.

    Returns
    -------
    Boolean, one per contrast.
    """
    matrix = design.matrix if rows is None else design.matrix[np.asarray(rows)]
    contrasts = _as_columns(contrasts, design)
    _, basis = orthonormal_basis(matrix)
    # In units of each column, as in orthonormal_basis: the verdict must not depend on years or days.
    length = np.sqrt((design.matrix**2).sum(axis=0))
    length[length == 0] = 1.0
    target, space = contrasts / length[:, None], (basis / length).T
    if not space.shape[1]:
        return np.zeros(contrasts.shape[1], dtype=bool)
    residual = target - space @ np.linalg.lstsq(space, target, rcond=None)[0]
    return (residual**2).sum(axis=0) <= _LOST * (target**2).sum(axis=0)


def aliased(
    design: Design, contrasts: np.ndarray, names: Sequence[str], rows: np.ndarray | None = None
) -> dict[str, tuple[str, ...]]:
    """Name the contrasts that a design cannot estimate, and the columns they cannot be told apart from.

    Parameters
    ----------
    design, contrasts, rows
        As in `estimable`.
    names
        One per contrast.

    Returns
    -------
    Lost contrast -> columns that share a dependency with it: those outside the contrast where there are any
    (a batch), otherwise the contrast's own columns (a cell without samples). Empty when nothing is lost.
    """
    contrasts = _as_columns(contrasts, design)
    if len(names) != contrasts.shape[1]:
        raise ValueError(f"{len(names)} names for {contrasts.shape[1]} contrasts")
    lost = ~estimable(design, contrasts, rows)
    if not lost.any():
        return {}
    matrix = design.matrix if rows is None else design.matrix[np.asarray(rows)]
    dependencies = _dependencies(matrix)
    found = {}
    for k in np.flatnonzero(lost):
        weights = contrasts[:, k]
        hit = [v for v in dependencies if abs(v @ weights) > 1e-8 * np.abs(v).max() * np.abs(weights).max()]
        columns = np.any(np.abs(np.array(hit)) > 1e-8, axis=0)
        outside = columns & (weights == 0)
        found[names[int(k)]] = tuple(
            design.names[int(j)] for j in np.flatnonzero(outside if outside.any() else columns)
        )
    return found


def _as_columns(contrasts: np.ndarray, design: Design) -> np.ndarray:
    contrasts = np.asarray(contrasts, dtype=float)
    contrasts = contrasts[:, None] if contrasts.ndim == 1 else contrasts
    if contrasts.shape[0] != len(design.names):
        raise ValueError(f"contrasts of {contrasts.shape[0]} weights for {len(design.names)} columns")
    return contrasts


def _dependencies(matrix: np.ndarray) -> list[np.ndarray]:
    """Write each column that depends on those before it as a combination of them: few names each."""
    found: list[np.ndarray] = []
    independent: list[int] = []
    for j in range(matrix.shape[1]):
        column = matrix[:, j]
        weights = np.zeros(matrix.shape[1])
        if independent:
            weights[independent] = np.linalg.lstsq(matrix[:, independent], column, rcond=None)[0]
        if np.abs(column - matrix @ weights).max(initial=0.0) > 1e-9 * np.abs(column).max(initial=0.0):
            independent.append(j)
            continue
        weights[np.abs(weights) < 1e-9] = 0.0
        weights[j] = -1.0
        found.append(weights)
    return found
