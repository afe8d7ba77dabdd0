"""Moderated statistics: residual variances share information across features.

The residual variance of a feature, s^2 on d degrees of freedom, is taken as s0^2 times an F variate on d
and d0 degrees of freedom; s0 (possibly a function of abundance) and d0 are estimated from all features, and
each variance is drawn towards s0^2 with weight d0 (Smyth 2004, Stat Appl Genet Mol Biol 3:3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from sevaxis.models.linear.fit import LinearFit
from sevaxis.models.linear.variance_prior import fit_count_prior, fit_prior


@dataclass(frozen=True, eq=False)
class Moderated:
    """Moderated statistics; k columns as in the fit they come from.

    Attributes
    ----------
    names
        k columns.
    log2fc, se, t, p
        features x k; estimate, sqrt(s2_post) x unscaled standard error, moderated t, two-sided p.
    df_total
        Degrees of freedom of t, per feature.
    s2_post, s2_prior, df_prior
        Posterior and prior variance and prior degrees of freedom (infinite: the prior alone), per feature.
    fit
        The fit that was moderated.
    """

    names: tuple[str, ...]
    log2fc: np.ndarray
    se: np.ndarray
    t: np.ndarray
    p: np.ndarray
    df_total: np.ndarray
    s2_post: np.ndarray
    s2_prior: np.ndarray
    df_prior: np.ndarray
    fit: LinearFit

    def interval(self, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Confidence limits of log2fc, each features x k."""
        half = t_quantile(0.5 + level / 2, self.df_total)[:, None] * self.se
        return self.log2fc - half, self.log2fc + half


def moderate(
    fit: LinearFit,
    *,
    trend: bool | np.ndarray = False,
    robust: bool = False,
    winsor_tail: tuple[float, float] = (0.05, 0.1),
) -> Moderated:
    """Moderate the t statistics of a fit.

    Parameters
    ----------
    fit
        Of coefficients or contrasts.
    trend
        Let the prior variance depend on the mean abundance (True), or on a covariate, one finite number per
        feature.
    robust
        Protect the prior from hypervariable features, and those from the prior (Phipson, Lee, Majewski,
        Alexander & Smyth 2016, Ann Appl Stat 10:946).
    winsor_tail
        Shares of the lower and upper tail of the log variances that `robust` draws in.

    Raises
    ------
    ValueError
        No feature has residual degrees of freedom, or a covariate has the wrong length.
    """
    s2_prior, df_prior = fit_prior(
        fit.sigma**2,
        fit.df_residual,
        covariate=_covariate(fit, trend),
        robust=robust,
        winsor_tail=winsor_tail,
    )
    return apply_prior(fit, s2_prior, df_prior)


def _covariate(fit: LinearFit, trend: bool | np.ndarray) -> np.ndarray | None:
    if isinstance(trend, (bool, np.bool_)):
        return fit.mean_abundance if trend else None
    covariate = np.asarray(trend, dtype=float)
    if covariate.shape != fit.sigma.shape:
        raise ValueError(f"a trend of shape {covariate.shape} for {len(fit.sigma)} features")
    return covariate


def apply_prior(fit: LinearFit, s2_prior: np.ndarray, df_prior: np.ndarray) -> Moderated:
    """Moderate with a given prior (Smyth 2004, section 3).

    Parameters
    ----------
    fit
        Of coefficients or contrasts.
    s2_prior, df_prior
        Per feature, or one number.
    """
    features = len(fit.sigma)
    s2_prior = np.broadcast_to(np.asarray(s2_prior, float), features).copy()
    df_prior = np.broadcast_to(np.asarray(df_prior, float), features).copy()
    s2_post = posterior_variance(fit.sigma**2, fit.df_residual, s2_prior, df_prior)
    # The prior cannot know more than all features together.
    df_total = np.minimum(fit.df_residual + df_prior, fit.df_residual.sum())
    se = np.sqrt(s2_post)[:, None] * fit.stdev_unscaled
    t = np.full_like(se, np.nan)
    np.divide(fit.coefficients, se, out=t, where=se > 0)
    return Moderated(
        names=fit.names,
        log2fc=fit.coefficients,
        se=se,
        t=t,
        p=2.0 * t_tail(np.abs(t), df_total[:, None]),
        df_total=df_total,
        s2_post=s2_post,
        s2_prior=s2_prior,
        df_prior=df_prior,
        fit=fit,
    )


def posterior_variance(
    s2: np.ndarray, df: np.ndarray, s2_prior: np.ndarray, df_prior: np.ndarray
) -> np.ndarray:
    """Average prior and observed variance by their degrees of freedom (Smyth 2004, section 3)."""
    observed = np.where(df > 0, s2, 0.0)
    certain = np.isinf(df_prior)
    weight = np.where(certain, 1.0, df_prior)
    total = weight + df
    mean = (df * observed + weight * s2_prior) / np.where(total > 0, total, np.nan)
    return np.where(certain, s2_prior, mean)


def t_tail(t: np.ndarray, df: np.ndarray) -> np.ndarray:
    """P(T > t), also for infinite degrees of freedom."""
    finite = np.isfinite(df) | np.isnan(df)
    return np.where(finite, special.stdtr(np.where(finite, df, 1.0), -t), special.ndtr(-t))


def t_quantile(probability: float | np.ndarray, df: np.ndarray) -> np.ndarray:
    """Quantile of t, also for infinite degrees of freedom."""
    finite = np.isfinite(df) | np.isnan(df)
    return np.where(
        finite, special.stdtrit(np.where(finite, df, 1.0), probability), special.ndtri(probability)
    )


def moderate_by_count(fit: LinearFit, counts: np.ndarray) -> Moderated:
    """Moderate with a prior variance that depends on how many peptides or spectra a protein was seen by.

    DEqMS (Zhu et al. 2020, Mol Cell Proteomics 19:1047): the log residual variance is smoothed over the log2 count
    by local quadratic regression (tricube weights, three quarters of the features); the prior degrees of freedom
    follow from the spread about the curve.

    Parameters
    ----------
    fit
        Of coefficients or contrasts.
    counts
        Per feature, >= 1: peptides or spectra (in TMT of several plexes, the minimum over plexes).

    Raises
    ------
    ValueError
        Counts below 1 or missing, or no feature with residual degrees of freedom.
    """
    counts = np.asarray(counts, dtype=float)
    if counts.shape != fit.sigma.shape or not (np.isfinite(counts) & (counts >= 1)).all():
        raise ValueError("peptide or spectrum counts are at least 1, one per feature")
    return apply_prior(fit, *fit_count_prior(fit.sigma**2, fit.df_residual, counts))
