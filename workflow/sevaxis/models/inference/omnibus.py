"""Several effects tested at once: does any of them differ from zero?"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, fdtrc


def omnibus_f(
    effects: ArrayLike, variance: ArrayLike, df: ArrayLike
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """F-test that all effects are zero.

    Parameters
    ----------
    effects
        Estimates, (features x k).
    variance
        Their variances and covariances, (features x k x k).
    df
        Degrees of freedom of the variances, residual plus prior where they are moderated, (features,); infinity is
        allowed.

    Returns
    -------
    tuple of numpy.ndarray
        F, its two degrees of freedom, p; NaN where an effect or a variance is missing, or the variances are those of
        effects that depend on one another. (features,) each.

    Notes
    -----
    F = b' V^-1 b / k, with k and df degrees of freedom (Wald; with moderated variances Smyth 2004, Stat Appl Genet Mol
    Biol 3:3, section 9); chi-squared over k where df is infinite.
    """
    effects, variance = np.asarray(effects, dtype=float), np.asarray(variance, dtype=float)
    df = np.broadcast_to(np.asarray(df, dtype=float), len(effects)).copy()
    size = effects.shape[1]
    f = np.full(len(effects), np.nan)
    known = np.isfinite(effects).all(axis=1) & np.isfinite(variance).all(axis=(1, 2)) & (df > 0)
    # scaled to correlations, so that the condition does not depend on the unit
    spread = np.sqrt(np.einsum("fii->fi", variance[known]))
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = variance[known] / spread[:, :, None] / spread[:, None, :]
        scaled = effects[known] / spread
    usable = np.isfinite(correlation).all(axis=(1, 2))
    usable[usable] = np.linalg.eigvalsh(correlation[usable])[:, 0] > 1e-10
    at = np.flatnonzero(known)[usable]
    solved = np.linalg.solve(correlation[usable], scaled[usable][:, :, None])[:, :, 0]
    f[at] = np.einsum("fi,fi->f", scaled[usable], solved) / size
    told = ~np.isnan(f)
    p = np.full(len(f), np.nan)
    normal = told & np.isinf(df)
    finite = told & ~np.isinf(df)
    p[normal] = chdtrc(size, size * f[normal])
    p[finite] = fdtrc(size, df[finite], f[finite])
    return f, np.where(told, float(size), np.nan), np.where(told, df, np.nan), p
