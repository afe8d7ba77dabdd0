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
PUBLISHED = ("log2fc", "se", "t", "p", "q", "mean_abundance", "n_case", "n_reference")


def published_effects(adata: AnnData, contrast: Contrast, *, alpha: float, power: float) -> pd.DataFrame:
    """Effects of one contrast as its authors published them.

    Parameters
    ----------
    adata
        One row of ``obs`` per contrast; layers ``log2fc``, ``se``, ``t``, ``p``, ``q``, ``mean_abundance``, ``n_case``,
        ``n_reference`` (NaN where the table says nothing).
    contrast
        The contrast, with group sizes where the table does not give them.
    alpha, power
        Of the minimum detectable effect.

    Notes
    -----
    A missing standard error is |log2fc / t|, or |log2fc| / t_{df}(1 - p/2) with df = n_case + n_reference - 2 (the
    normal quantile where the sizes are not known); the row's reason says so. Where the table gives p without q, q
    is Benjamini-Hochberg over the table.
    """
    import pandas as pd

    row = adata.obs_names.get_loc(contrast.name)
    value = {name: np.asarray(adata.layers[name][row], dtype=float).ravel() for name in PUBLISHED}
    for name, told in (("n_case", contrast.n_case), ("n_reference", contrast.n_reference)):
        if told is not None:
            value[name] = np.where(np.isnan(value[name]), told, value[name])
    log2fc, se, t, p = (value[name] for name in ("log2fc", "se", "t", "p"))
    df = value["n_case"] + value["n_reference"] - 2
    df = np.where(df > 0, df, np.inf)

    reason = np.full(len(log2fc), None, dtype=object)
    with np.errstate(divide="ignore", invalid="ignore"):
        from_t = np.isnan(se) & (np.abs(t) > 0)
        se = np.where(from_t, np.abs(log2fc / t), se)
        from_p = np.isnan(se) & (p > 0) & (p < 1) & (log2fc != 0)
        se = np.where(from_p, np.abs(log2fc) / t_quantile(1 - np.where(from_p, p, 0.5) / 2, df), se)
        t = np.where(np.isnan(t), log2fc / se, t)
    # the reader marks what it derived itself: 1 from t, 2 from p (sevaxis.matrix.readers.effects_table)
    derived = np.zeros(len(log2fc))
    if "se_derived" in adata.layers:
        derived = np.asarray(adata.layers["se_derived"][row], dtype=float).ravel()
    reason[from_t | (derived == 1)], reason[from_p | (derived == 2)] = Reason.SE_FROM_T, Reason.SE_FROM_P
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
