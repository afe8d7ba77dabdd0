"""Gene sets: which features they hold here, and what all tests of sets share.

The tests themselves stand beside this module: ``camera`` (competitive: is the set moved more than other features),
``rotation`` (self-contained: is any of it moved), ``preranked`` (ranking only).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sevaxis.models.inference.multiplicity import benjamini_hochberg
from sevaxis.models.numeric.blockwise import feature_blocks

#: An effect below this share of the largest value is rounding.
_ROUNDING = 1e-13


@dataclass(frozen=True, eq=False)
class SetIndex:
    """Members of each set as row numbers, end to end.

    Attributes
    ----------
    names
        Names of the sets.
    rows
        Row numbers of all members, set after set, ascending within a set.
    sizes
        Members of each set that were measured.
    n_features
        Features that could have been members.
    """

    names: tuple[str, ...]
    rows: np.ndarray
    sizes: np.ndarray
    n_features: int

    def __iter__(self) -> Iterator[np.ndarray]:
        """Row numbers of one set after the other."""
        return iter(np.split(self.rows, np.cumsum(self.sizes)[:-1]) if self.names else [])

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Sum over each set's members of ``values``, (features, ...) -> (sets, ...)."""
        if not self.names:
            return np.zeros((0, *values.shape[1:]))
        return np.add.reduceat(values[self.rows], np.cumsum(self.sizes) - self.sizes, axis=0)


def index_sets(
    sets: Mapping[str, Iterable[str]],
    features: Sequence[str],
    *,
    smallest: int = 3,
    largest: int | None = None,
) -> SetIndex:
    """Find the measured members of gene sets.

    Parameters
    ----------
    sets
        Name -> identifiers; an identifier named twice counts once, one not measured does not count.
    features
        Identifiers of the measured features, in the order of the rows, unique.
    smallest, largest
        Sets with fewer or more measured members are left out.

    Raises
    ------
    ValueError
        An identifier occurs twice among the features.
    """
    position = pd.Index(features)
    if not position.is_unique:
        twice = position[position.duplicated()][0]
        raise ValueError(f"features must be unique to be looked up in gene sets, found {twice!r} twice")
    kept = {}
    for name, members in sets.items():
        rows = position.get_indexer(pd.unique(pd.Series(list(members), dtype=object)))
        rows = np.sort(rows[rows >= 0])
        if rows.size >= max(smallest, 1) and (largest is None or rows.size <= largest):
            kept[name] = rows
    rows = np.concatenate(list(kept.values())) if kept else np.empty(0, dtype=int)
    sizes = np.array([members.size for members in kept.values()], dtype=int)
    return SetIndex(tuple(kept), rows, sizes, len(position))


def contrast_effects(
    y: np.ndarray, design: np.ndarray, contrast: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Rotate the samples of each feature onto the contrast and the residual space.

    Parameters
    ----------
    y
        Log2 abundances without missing values, (features x samples).
    design
        Full column rank, (samples x coefficients).
    contrast
        Weights of the coefficients, (coefficients,).
    weights
        Precision weights, (samples,) or (features x samples); None: all one.

    Returns
    -------
    numpy.ndarray
        (features x (1 + residual df)): first the contrast in units of its standard error for a residual
        variance of one, then orthogonal residual effects, each of the residual variance.

    Raises
    ------
    ValueError
        Missing values, shapes that do not fit, a contrast of zeros, aliased columns, no residual df, or weights
        that are not positive.

    References
    ----------
    Wu et al. 2010, Bioinformatics 26:2176-2182, section 2.2.
    """
    y, design, contrast = (np.asarray(part, dtype=float) for part in (y, design, contrast))
    samples, coefficients = design.shape
    if y.ndim != 2 or y.shape[1] != samples or contrast.shape != (coefficients,):
        raise ValueError(f"y {y.shape}, design {design.shape}, contrast {contrast.shape} do not fit together")
    if not np.isfinite(y).all():
        raise ValueError(
            "gene set tests of samples need complete rows: leave incomplete ones out, or test the "
            "moderated statistics with camera_preranked"
        )
    if np.linalg.matrix_rank(design) < coefficients or samples <= coefficients or not contrast.any():
        raise ValueError(
            "the design needs full column rank and residual df, the contrast a weight other than 0"
        )
    if weights is None:
        return _without_rounding(y @ _rotation(design, contrast).T, y)
    weights = np.asarray(weights, dtype=float)
    if weights.shape not in {(samples,), y.shape} or not (weights > 0).all():
        raise ValueError(f"weights must be positive, one per sample or value, found shape {weights.shape}")
    root = np.sqrt(weights)
    if weights.ndim == 1:
        return _without_rounding((y * root) @ _rotation(design * root[:, None], contrast).T, y * root)
    effects = np.empty((len(y), samples - coefficients + 1))
    for block in feature_blocks(len(y), samples * samples):
        rotation = _rotation(design * root[block, :, None], contrast)
        effects[block] = np.einsum("fes,fs->fe", rotation, y[block] * root[block])
    return _without_rounding(effects, y * root)


def _without_rounding(effects: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Set to 0 what rounding leaves of effects, so that a constant feature has none."""
    effects[np.abs(effects) <= _ROUNDING * np.abs(y).max(axis=1, keepdims=True)] = 0.0
    return effects


def _rotation(design: np.ndarray, contrast: np.ndarray) -> np.ndarray:
    """Orthonormal rows: the direction that estimates the contrast, then a basis of the residual space.

    The coefficients are rotated until the last of them is the contrast (a contrast of one coefficient only moves that
    last), and the design is split by Householder reflections. Any basis would do but for ``fry``, whose variances
    depend a little on it: this is the one that limma arrives at.
    """
    used = np.flatnonzero(contrast)
    if used.size == 1:
        coefficients = np.eye(contrast.size)[:, [*np.delete(np.arange(contrast.size), used), *used]]
    else:
        coefficients = np.roll(np.linalg.qr(contrast[:, None], mode="complete")[0], -1, axis=1)
    q, r = np.linalg.qr(design @ coefficients, mode="complete")
    last = contrast.size - 1
    sign = np.sign(r[..., last, last] * (coefficients[:, last] @ contrast))
    direction = q[..., last : contrast.size] * sign[..., None, None]
    return np.swapaxes(np.concatenate([direction, q[..., contrast.size :]], axis=-1), -1, -2)


def set_table(sets: SetIndex, **columns: np.ndarray) -> pd.DataFrame:
    """One row per set: direction taken from ``t``, ``q`` the Benjamini-Hochberg adjustment of ``p``.

    ``status`` is ``tested``, or ``not_estimable`` where p is NaN: no member varies, or no feature is outside.
    """
    direction = np.select([columns["t"] > 0, columns["t"] < 0], ["up", "down"], "none")
    status = np.where(np.isnan(columns["p"]), "not_estimable", "tested")
    table = {"set": sets.names, "n_features": sets.sizes, "direction": direction, **columns}
    return pd.DataFrame(table).assign(q=benjamini_hochberg(columns["p"]), status=status)


def z_score(t: np.ndarray, df: np.ndarray) -> np.ndarray:
    """Normal deviate with the same tail probability as ``t`` on ``df`` degrees of freedom."""
    from scipy.special import ndtri, stdtr

    tail = np.maximum(stdtr(df, -np.abs(t)), np.finfo(float).tiny)
    return np.sign(t) * -ndtri(tail)
