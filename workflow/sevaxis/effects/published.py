"""Rows of the effects table from somebody's published result table: the authors' numbers, nothing refitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sevaxis.base.vocabulary import Reason, Status
from sevaxis.models.inference.multiplicity import benjamini_hochberg
from sevaxis.models.inference.power import minimum_detectable_effect
from sevaxis.models.linear.empirical_bayes import t_quantile

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from sevaxis.study.card import Contrast

#: Layers of a published result table.
PUBLISHED = ("log2fc", "se", "t", "p", "q", "mean_abundance", "n_case", "n_reference", "df")


def published_effects(adata: AnnData, contrast: Contrast, *, alpha: float, power: float) -> pd.DataFrame:
    """Effects of one contrast as its authors published them.

    Parameters
    ----------
    adata
        One row of ``obs`` per contrast; layers of :data:`PUBLISHED` (NaN where the table or its card says nothing;
        infinite ``df`` for the normal distribution).
    contrast
        The contrast, with group sizes where the table does not give them.
    alpha, power
        Of the minimum detectable effect.

    Notes
    -----
    A missing standard error is |log2fc / t|, or |log2fc| / t_{df}(1 - p/2); the row's reason says so. Interval and
    minimum detectable effect rest on the same degrees of freedom, so that a p derived from says what its interval says:
    those told, else n_case + n_reference - 2, else infinite (the normal distribution). An adjusted p is no way back to
    p. Where the table gives p without q, q is Benjamini-Hochberg over the table.
    """
    import pandas as pd

    row = adata.obs_names.get_loc(contrast.name)
    value = {name: np.asarray(adata.layers[name][row], dtype=float).ravel() for name in PUBLISHED}
    for name, told in (("n_case", contrast.n_case), ("n_reference", contrast.n_reference)):
        if told is not None:
            value[name] = np.where(np.isnan(value[name]), told, value[name])
    log2fc, se, t, p = (value[name] for name in ("log2fc", "se", "t", "p"))
    by_sizes = value["n_case"] + value["n_reference"] - 2
    df = np.where(np.isnan(value["df"]), np.where(by_sizes > 0, by_sizes, np.inf), value["df"])
    se, from_t, from_p = derive_se(log2fc, se, t, p, df)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(np.isnan(t), log2fc / se, t)

    reason = np.full(len(log2fc), None, dtype=object)
    reason[from_t], reason[from_p] = Reason.SE_FROM_T, Reason.SE_FROM_P
    reason[np.isnan(p) & ~np.isnan(value["q"]) & ~from_t] = Reason.NO_P
    reason[np.isnan(se)] = Reason.NO_SE
    tested = ~np.isnan(log2fc)
    reason[~tested] = Reason.PUBLISHED_WITHOUT_ESTIMATE
    half = t_quantile(np.full(len(se), 0.975), df) * se
    q = value["q"] if not np.isnan(value["q"]).all() else benjamini_hochberg(p)
    return pd.DataFrame(
        {
            "feature_id": adata.var_names,
            "symbol": adata.var["symbol"].to_numpy(),
            "human_symbol": adata.var["human_symbol"].to_numpy(),
            "n_case": value["n_case"],
            "n_reference": value["n_reference"],
            "log2fc": log2fc,
            "se": se,
            "ci_low": log2fc - half,
            "ci_high": log2fc + half,
            "t": t,
            "df": np.where(np.isnan(se) | np.isinf(df), np.nan, df),
            "p": p,
            "q": q,
            "mean_abundance": value["mean_abundance"],
            "mde80": minimum_detectable_effect(se, df, alpha=alpha, power=power),
            "status": np.where(tested, Status.TESTED, Status.LOW),
            "code": reason,
            "reason": [None if code is None else code.tell() for code in reason],
        }
    )


def derive_se(
    log2fc: np.ndarray, se: np.ndarray, t: np.ndarray, p: np.ndarray, df: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Standard errors that a result table gives or implies.

    Parameters
    ----------
    log2fc, se, t, p, df
        One value for each feature; NaN where unknown, infinite df for the normal distribution.

    Returns
    -------
    Standard errors (log2), those given before those from t before those from p, NaN where nothing implies one (p of 0
    or 1, an effect of exactly 0); which of them are from t; which are from p.
    """
    moved = ~np.isnan(log2fc) & (log2fc != 0)
    from_t = np.isnan(se) & moved & (np.abs(t) > 0) & np.isfinite(t)
    from_p = np.isnan(se) & moved & ~from_t & (p > 0) & (p < 1)
    # the lower tail: 1 - p/2 would be 1 for the smallest p
    quantile = -t_quantile(np.where(from_p, p, 0.5) / 2, df)
    se = np.where(from_t, np.abs(log2fc / np.where(from_t, t, 1.0)), se)
    return np.where(from_p, np.abs(log2fc) / quantile, se), from_t, from_p
