"""Quasi-likelihood F tests of counts: negative binomial at a trended dispersion, scatter beyond it moderated.

Lund, Nettleton, McCarthy & Smyth 2012 (Stat Appl Genet Mol Biol 11(5):8); Chen, Lun & Smyth 2016 (F1000Research
5:1438); constants that the papers leave open are those of R edgeR 3.40.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, fdtrc

from sevaxis.models.counts.nb_glm import weighted_gram, working_weights
from sevaxis.models.counts.nb_likelihood import POISSON, deviance, maximise_likelihood
from sevaxis.models.counts.negative_binomial import check_design, empty_sides
from sevaxis.models.counts.voom import check_counts
from sevaxis.models.counts.weighted_likelihood import average_log_cpm, estimate_trend
from sevaxis.models.linear.design import contrast_columns
from sevaxis.models.linear.empirical_bayes import posterior_variance
from sevaxis.models.linear.variance_prior import fit_prior

#: Mean count added to every observation, in proportion to its library, for the reported effects: they are finite where
#: a group has no count, and p does not depend on it.
PRIOR_COUNT = 0.125
#: A count of 0 with a fitted mean below this is exact, so it says nothing on the scatter (Lun & Smyth 2017).
EXACT_ZERO = 1e-4


@dataclass(frozen=True, eq=False)
class QuasiLikelihoodFit:
    """One negative binomial log-linear model per feature, and how its residuals scatter beyond it.

    Attributes
    ----------
    counts : ndarray (features, samples)
    design : ndarray (samples, p)
    lib_size : ndarray (samples,)
        Effective library sizes.
    dispersion : ndarray (features,)
        Trend over abundance, or as given.
    abundance : ndarray (features,)
        Average log2 counts per million.
    coefficients : ndarray (features, p)
        log2 scale, with the prior count.
    covariance : ndarray (features, p, p)
        log2 scale, at these coefficients, for a quasi-dispersion of 1.
    mu : ndarray (features, samples)
        Fitted means, without prior count.
    deviance : ndarray (features,)
    df_residual : ndarray (features,)
        Residual degrees of freedom, without those of exact zeros.
    s2_post, s2_prior, df_prior : ndarray (features,)
        Quasi-dispersion: moderated, its prior over abundance and the prior's degrees of freedom.
    """

    counts: np.ndarray
    design: np.ndarray
    lib_size: np.ndarray
    dispersion: np.ndarray
    abundance: np.ndarray
    coefficients: np.ndarray
    covariance: np.ndarray
    mu: np.ndarray
    deviance: np.ndarray
    df_residual: np.ndarray
    s2_post: np.ndarray
    s2_prior: np.ndarray
    df_prior: np.ndarray

    @property
    def df_total(self) -> np.ndarray:
        """Denominator degrees of freedom of F: the prior cannot know more than all features together."""
        return np.minimum(self.df_residual + self.df_prior, self.df_residual.sum())


@dataclass(frozen=True, eq=False)
class QuasiLikelihoodTest:
    """Result of F tests, one column per contrast.

    Attributes
    ----------
    log2fc, se : ndarray (features, k)
        Estimate with the prior count and its standard error, from the information at the estimate.
    f, p : ndarray (features, k)
        F on 1 and `df` degrees of freedom, and its p.
    df : ndarray (features,)
    one_side, silent : ndarray of bool (features, k)
        No count on one side of the contrast; no count on either, where log2fc is 0 and p is 1.
    """

    log2fc: np.ndarray
    se: np.ndarray
    f: np.ndarray
    p: np.ndarray
    df: np.ndarray
    one_side: np.ndarray
    silent: np.ndarray


def fit_quasi_likelihood(
    counts: np.ndarray,
    design: np.ndarray,
    lib_size: np.ndarray,
    *,
    dispersion: np.ndarray | None = None,
    robust: bool = True,
) -> QuasiLikelihoodFit:
    """Fit log mean = design @ coefficients + log library, and moderate the quasi-dispersion.

    The quasi-dispersion of a feature is its deviance over its residual degrees of freedom; it is drawn towards a trend
    over abundance as residual variances are (Smyth 2004; Phipson 2016).

    Parameters
    ----------
    counts : ndarray (features, samples)
        Filtered: not negative, finite; fractions are taken as they are.
    design : ndarray (samples, p)
        Full column rank, fewer columns than samples.
    lib_size : ndarray (samples,)
        Effective (column sums times `tmm_factors`).
    dispersion : ndarray (features,), optional
        Negative binomial dispersion in place of the estimated trend.
    robust : bool
        Protect the prior from features of unusual scatter, and those from the prior.

    Returns
    -------
    QuasiLikelihoodFit

    Raises
    ------
    ValueError
        As `check_counts`, `check_design`, `estimate_trend` and `fit_prior`.
    """
    counts, design = check_counts(counts), np.asarray(design, dtype=float)
    check_design(counts, design)
    lib_size = np.asarray(lib_size, dtype=float)
    trend = estimate_trend(counts, design, lib_size)
    phi = trend.trend if dispersion is None else np.asarray(dispersion, dtype=float)
    abundance = average_log_cpm(counts, lib_size, trend.common)
    _, mu = maximise_likelihood(counts, design, np.log(lib_size), phi)
    residual = deviance(counts, mu, phi)
    df = _residual_df(counts, mu, design)
    s2 = np.divide(residual, df, out=np.zeros_like(residual), where=df > 0)
    s2_prior, df_prior = fit_prior(s2, df, covariate=abundance, robust=robust)
    prior = PRIOR_COUNT * lib_size / lib_size.mean()
    coefficients, shrunken = maximise_likelihood(counts + prior, design, np.log(lib_size + 2.0 * prior), phi)
    covariance = np.linalg.inv(weighted_gram(working_weights(shrunken, phi), design))
    return QuasiLikelihoodFit(
        counts=counts,
        design=design,
        lib_size=lib_size,
        dispersion=phi,
        abundance=abundance,
        coefficients=coefficients / np.log(2.0),
        covariance=covariance / np.log(2.0) ** 2,
        mu=mu,
        deviance=residual,
        df_residual=df,
        s2_post=posterior_variance(s2, df, s2_prior, df_prior),
        s2_prior=s2_prior,
        df_prior=df_prior,
    )


def quasi_likelihood_test(fit: QuasiLikelihoodFit, contrasts: np.ndarray) -> QuasiLikelihoodTest:
    """Test each contrast of the coefficients against zero.

    F is the deviance that the hypothesis adds over the moderated quasi-dispersion. Where that is so small that the
    model says less scatter than Poisson's, p is no smaller than that of the likelihood ratio of Poisson counts.

    Parameters
    ----------
    fit : QuasiLikelihoodFit
    contrasts : ndarray (p, k) or (p,)

    Returns
    -------
    QuasiLikelihoodTest

    Raises
    ------
    ValueError
        Contrasts that do not match the design.
    """
    contrasts = contrast_columns(contrasts, fit.design.shape[1])
    log_library, df = np.log(fit.lib_size), fit.df_total
    below_poisson = (fit.s2_post[:, None] * (1.0 + fit.dispersion[:, None] * fit.mu) < 1.0).any(axis=1)
    as_poisson, none = fit.counts[below_poisson], np.full(int(below_poisson.sum()), POISSON)
    of_full = deviance(as_poisson, maximise_likelihood(as_poisson, fit.design, log_library, none)[1], none)
    f, p = np.empty((len(df), contrasts.shape[1])), np.empty((len(df), contrasts.shape[1]))
    for k, contrast in enumerate(contrasts.T):
        # coefficients that make the contrast 0, and designs that hold them
        null = fit.design @ np.linalg.svd(contrast[None, :])[2][1:].T
        _, mu = maximise_likelihood(fit.counts, null, log_library, fit.dispersion)
        added = deviance(fit.counts, mu, fit.dispersion) - fit.deviance
        f[:, k] = np.maximum(added, 0.0) / fit.s2_post
        p[:, k] = fdtrc(1.0, df, f[:, k])
        _, mu = maximise_likelihood(as_poisson, null, log_library, none)
        ratio = np.maximum(deviance(as_poisson, mu, none) - of_full, 0.0)
        p[below_poisson, k] = np.maximum(p[below_poisson, k], chdtrc(1.0, ratio))
    one_side, silent = empty_sides(fit.counts, fit.design, contrasts)
    log2fc = fit.coefficients @ contrasts
    log2fc[silent], f[silent], p[silent] = 0.0, 0.0, 1.0
    variance = np.einsum("pk,gpq,qk->gk", contrasts, fit.covariance, contrasts, optimize=True)
    return QuasiLikelihoodTest(
        log2fc, np.sqrt(fit.s2_post[:, None] * variance), f, p, df, one_side & ~silent, silent
    )


def _residual_df(counts: np.ndarray, mu: np.ndarray, design: np.ndarray) -> np.ndarray:
    """Samples minus coefficients, among the samples that are not exact zeros: (features,)."""
    informative = (mu >= EXACT_ZERO) | (counts >= EXACT_ZERO)
    patterns, row = np.unique(informative, axis=0, return_inverse=True)
    df = [float(kept.sum() - np.linalg.matrix_rank(design[kept])) if kept.any() else 0.0 for kept in patterns]
    return np.array(df)[row.ravel()]
