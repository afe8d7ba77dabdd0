"""Competitive gene-set tests that allow for correlation between genes: camera.

A set is compared with the other features; correlated members inflate the variance of its mean, by a variance
inflation factor that is preset or estimated (Wu & Smyth 2012, Nucleic Acids Res 40:e133).
"""

import numpy as np
import pandas as pd
from scipy.special import stdtr

from sevaxis.models.genesets.sets import SetIndex, contrast_effects, set_table, z_score
from sevaxis.models.linear.empirical_bayes import posterior_variance
from sevaxis.models.linear.variance_prior import fit_prior

#: Small positive correlation that keeps the test near its level without estimating one for each set; the default
#: of the method's authors since 2015 (limma's camera).
PRESET_CORRELATION = 0.01


def camera(
    y: np.ndarray,
    design: np.ndarray,
    contrast: np.ndarray,
    sets: SetIndex,
    *,
    weights: np.ndarray | None = None,
    correlation: float | None = PRESET_CORRELATION,
    trend: bool = False,
) -> pd.DataFrame:
    """Test whether the members of each set respond more than other features do.

    Parameters
    ----------
    y
        Log2 abundances without missing values, (features x samples).
    design, contrast
        (samples x coefficients) of full rank, and (coefficients,).
    sets
        From :func:`~sevaxis.models.genesets.sets.index_sets` on the rows of ``y``.
    weights
        Precision weights, (samples,) or (features x samples).
    correlation
        Correlation between members in every set; None estimates it from the residuals of each set, never
        below 0, which protects a small experiment from strongly co-regulated sets at the price of power.
    trend
        Let the prior variance follow the mean abundance.

    Returns
    -------
    pandas.DataFrame
        A row per set: ``set, n_features, direction, difference`` (mean z-score of the set minus that of the
        rest), ``correlation, t, df, p, q, status``.

    Raises
    ------
    ValueError
        See :func:`~sevaxis.models.genesets.sets.contrast_effects`.
    """
    effects = contrast_effects(y, design, contrast, weights)
    residual_df = effects.shape[1] - 1
    df = np.full(len(effects), float(residual_df))
    s2 = np.mean(effects[:, 1:] ** 2, axis=1)
    s2_prior, df_prior = fit_prior(s2, df, covariate=np.mean(y, axis=1) if trend else None)
    s2_post = posterior_variance(s2, df, s2_prior, df_prior)
    # a feature without any variance, prior included, has no effect either
    t = effects[:, 0] / np.sqrt(np.where(s2_post > 0, s2_post, np.inf))
    z = z_score(t, np.minimum(df + df_prior, df.sum()))
    if correlation is not None:
        return _compare(z, sets, np.full(len(sets.names), float(correlation)), np.inf)
    scaled = effects[:, 1:] / np.sqrt(np.where(s2 > 0, s2, np.inf))[:, None]
    size = sets.sizes[:, None]
    inflation = size[:, 0] * np.mean((sets.sums(scaled) / size) ** 2, axis=1)
    estimated = np.maximum((inflation - 1) / np.maximum(sets.sizes - 1, 1), 0.0)
    return _compare(z, sets, estimated, residual_df)


def camera_preranked(
    statistics: np.ndarray, sets: SetIndex, *, correlation: float = PRESET_CORRELATION
) -> pd.DataFrame:
    """Camera on one statistic per feature, where the samples are out of reach or values are missing.

    Parameters
    ----------
    statistics
        Signed and roughly normal (a moderated t or z), finite, (features,).
    sets
        From :func:`~sevaxis.models.genesets.sets.index_sets` on the same features.
    correlation
        Correlation between members in every set.

    Returns
    -------
    pandas.DataFrame
        As :func:`camera`.

    Raises
    ------
    ValueError
        A statistic is not finite, or their number is not that of the sets' features.
    """
    statistics = np.asarray(statistics, dtype=float)
    if statistics.shape != (sets.n_features,) or not np.isfinite(statistics).all():
        raise ValueError(
            f"one finite statistic for each of {sets.n_features} features, leave out untested ones"
        )
    return _compare(statistics, sets, np.full(len(sets.names), float(correlation)), np.inf)


def _compare(z: np.ndarray, sets: SetIndex, correlation: np.ndarray, df_correlation: float) -> pd.DataFrame:
    """Two-sample t-test of members against the rest, the variance of the members' mean inflated (eq. 2)."""
    total, inside = z.size, sets.sizes
    outside = total - inside
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_inside = sets.sums(z) / inside
        difference = mean_inside - (z.sum() - inside * mean_inside) / outside
        between = difference**2 * inside * outside / total
        around = np.sum((z - z.mean()) ** 2)
        within = np.where(around > between, around - between, np.nan) / (total - 2)
        inflation = 1 + (inside - 1) * correlation
        t = difference / np.sqrt(within * (inflation / inside + 1 / outside))
    df = np.full(inside.size, min(df_correlation, total - 2.0))
    p = 2 * stdtr(df, -np.abs(t))
    return set_table(sets, difference=difference, correlation=correlation, t=t, df=df, p=p)
