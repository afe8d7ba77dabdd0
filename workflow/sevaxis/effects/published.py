"""Rows of the effects table from somebody's published result table: the authors' numbers, nothing refitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, stdtr

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
    A missing standard error is |log2fc / t|, or |log2fc| / t_{df}(1 - p/2); the row's reason says so. Interval,
    equivalence and minimum detectable effect rest on the distribution that joins the table's p to its statistic
    (:func:`derive_df`), so that p and interval say the same. An adjusted p is no way back to p. Where the table
    gives p without q, q is Benjamini-Hochberg over the table.
    """
    import pandas as pd

    row = adata.obs_names.get_loc(contrast.name)
    value = {name: np.asarray(adata.layers[name][row], dtype=float).ravel() for name in PUBLISHED}
    for name, told in (("n_case", contrast.n_case), ("n_reference", contrast.n_reference)):
        if told is not None:
            value[name] = np.where(np.isnan(value[name]), told, value[name])
    log2fc, se, t, p = (value[name] for name in ("log2fc", "se", "t", "p"))
    by_sizes = value["n_case"] + value["n_reference"] - 2
    by_sizes = np.where(by_sizes > 0, by_sizes, np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(np.isnan(t), log2fc / se, t)
    df = derive_df(statistic, p, value["df"], by_sizes)
    # a standard error beside p that no distribution joins to it belongs to another estimate, a shrunken one say
    foreign = np.isnan(df) & ~np.isnan(se)
    df = np.where(np.isnan(df), by_sizes, df)
    se, t = np.where(foreign, np.nan, se), np.where(foreign, np.nan, t)
    se, from_t, from_p = derive_se(log2fc, se, t, p, df)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(np.isnan(t), log2fc / se, t)

    reason = np.full(len(log2fc), None, dtype=object)
    reason[from_t], reason[from_p] = Reason.SE_FROM_T, Reason.SE_FROM_P
    reason[foreign & from_p] = Reason.SE_CONTRADICTS_P
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


#: A distribution is a table's if it gives 95 % of its p-values to this share; tables round.
_ROUNDED, _MOST = 0.02, 0.95


def derive_df(t: np.ndarray, p: np.ndarray, told: np.ndarray, by_sizes: np.ndarray) -> np.ndarray:
    """Degrees of freedom of the distribution that a table's p-values are from.

    Parameters
    ----------
    t, p
        Statistic (log2fc over its standard error) and two-sided p, (features,); NaN where unknown.
    told, by_sizes
        Degrees of freedom that the table gives (NaN where it does not), and those of two groups, (features,).

    Returns
    -------
    numpy.ndarray
        Where p can be checked: those told, of the normal distribution (infinite: Wald tests), or of the group sizes,
        whichever fits the table first; else those of each row at which its t gives its p. NaN where none does: the
        statistic is not what p tests. Where p cannot be checked: those that fit the others, else told, else by sizes.
    """
    known = np.isfinite(t) & (t != 0) & (p > 1e-290) & (p < 1)
    guess = np.where(np.isnan(told), by_sizes, told)
    if not known.any():
        return guess
    for df in (guess, np.full(len(t), np.inf), by_sizes):
        fits = np.abs(2 * stdtr(df[known], -np.abs(t[known])) / p[known] - 1) <= _ROUNDED
        if fits.mean() >= _MOST:
            return df
    solved = _solve_df(np.abs(t[known]), p[known])
    df = guess.astype(float)
    # near t = 0 every distribution gives about the same p: those rows take what the others have
    telling = ~np.isnan(solved) & (p[known] < 0.5)
    if telling.any():
        df[:] = np.median(solved[telling])
    df[np.flatnonzero(known)] = np.where(p[known] < 0.5, solved, df[known])
    return df


def _solve_df(t: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Degrees of freedom (0.5 to infinity) at which |t| has the two-sided p, by bisection; NaN where none has."""
    low, high = np.zeros(len(t)), np.full(len(t), 2.0)  # of 1/df
    for _ in range(60):
        middle = (low + high) / 2
        larger = 2 * stdtr(1 / middle, -t) > p
        low, high = np.where(larger, low, middle), np.where(larger, middle, high)
    normal = 2 * ndtr(-t)
    with np.errstate(divide="ignore", invalid="ignore"):
        solved = np.where(np.abs(normal / p - 1) <= _ROUNDED, np.inf, 1 / ((low + high) / 2))
    possible = (normal <= p * (1 + _ROUNDED)) & (2 * stdtr(0.5, -t) >= p * (1 - _ROUNDED))
    return np.where(possible, solved, np.nan)
