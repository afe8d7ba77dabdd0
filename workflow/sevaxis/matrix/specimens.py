"""Technical replicates: several measurements of one specimen become one sample, and nobody counts them as animals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from anndata import AnnData


def combine_replicates(
    adata: AnnData, specimens: list[str], *, counted: bool
) -> tuple[AnnData, dict[str, Any]]:
    """One sample for each specimen: reads are added up, log2 values averaged where they were detected.

    Parameters
    ----------
    adata
        Samples x features; counts, or log2 values with NaN for what was not detected.
    specimens
        Specimen of each sample.
    counted
        Whether the values are counts.

    Returns
    -------
    AnnData
        A row per specimen, in order of first appearance, named by it. Columns of ``obs`` that differ between its
        samples are empty there (the means of numbers).
    dict
        For the provenance: ``specimens`` (specimen -> samples), ``rule``.

    Notes
    -----
    That replicates agree in group, sex, subject and batch is a check of the sheet (:mod:`sevaxis.study.sheets`).
    """
    import pandas as pd

    order = pd.Index(dict.fromkeys(specimens))
    rows = {name: np.flatnonzero(np.asarray(specimens, dtype=object) == name) for name in order}
    values = np.asarray(adata.X, dtype=float)
    with np.errstate(all="ignore"):
        parts = [values[at].sum(axis=0) if counted else _mean(values[at]) for at in rows.values()]
    combined = adata[[at[0] for at in rows.values()]].copy()
    combined.X = np.vstack(parts)
    for column in adata.obs.columns:
        cells = adata.obs[column]
        if pd.api.types.is_numeric_dtype(cells.dtype):
            combined.obs[column] = [cells.iloc[at].mean() for at in rows.values()]
        else:
            told = [cells.iloc[at].astype(object).unique() for at in rows.values()]
            combined.obs[column] = pd.Categorical([cell[0] if len(cell) == 1 else None for cell in told])
    combined.obs_names = pd.Index(order, name="sample")
    rule = "reads added up" if counted else "mean of the log2 values that were detected"
    notes = {
        name: [str(sample) for sample in adata.obs_names[at]] for name, at in rows.items() if len(at) > 1
    }
    return combined, {"specimens": notes, "rule": rule}


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean of what is there, NaN where nothing is."""
    known = np.isfinite(values)
    number = known.sum(axis=0)
    return np.where(number > 0, np.where(known, values, 0.0).sum(axis=0) / np.maximum(number, 1), np.nan)
