"""Effects where values are missing by a detection curve: a linear model of all values, seen or not.

Values are normal about the design's fit, and each was detected as its curve has it: the likelihood of a feature is the
density of the values seen times the probability that the others were missed, given their fitted values (the
complete-normal model of Li, Cobbold & Smyth 2025; with moderated variances as Ahlmann-Eltze & Anders 2020, bioRxiv
661496). A missing value has a part of the information of one that is seen, and counts for that part of a degree of
freedom.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sevaxis.models.intensities.detection_curve import (
    DetectionCurve,
    Means,
    fit_means,
    prior_information,
    weighted_products,
)
from sevaxis.models.linear.design import Design, orthonormal_basis
from sevaxis.models.linear.empirical_bayes import posterior_variance
from sevaxis.models.linear.fit import fit_linear
from sevaxis.models.linear.variance_prior import fit_prior
from sevaxis.models.numeric.blockwise import feature_blocks

#: Rounds of coefficients and variances, and the largest relative change of a variance that ends them.
_ROUNDS, _SETTLED = 30, 1e-3
#: Variance of the prior of fitted values, in those of the means of features: as good as flat where a cell has a value.
_FLAT = 10.0
#: Residual degrees of freedom from which a variance says something of the prior.
_TELLING = 1.0


@dataclass(frozen=True, eq=False)
class CurveFit:
    """Estimates of k contrasts.

    Attributes
    ----------
    log2fc, se
        Features x k.
    df
        Of t, per feature: prior degrees of freedom and residual ones, to which a missing value adds its share of
        information.
    """

    log2fc: np.ndarray
    se: np.ndarray
    df: np.ndarray


def fit_with_curve(
    log2: np.ndarray,
    design: Design,
    contrasts: np.ndarray,
    curve: DetectionCurve,
    *,
    weights: np.ndarray | None = None,
    trend: bool = True,
    robust: bool = True,
) -> CurveFit:
    """Estimate contrasts by maximum likelihood with moderated variances.

    A cell without a value has the estimate that its detection and the prior of all features give it
    (:func:`~sevaxis.models.intensities.detection_curve.fit_means`).

    Parameters
    ----------
    log2
        Features x samples, NaN where missing; one value at least in each row.
    design, contrasts
        Samples x coefficients; coefficients x k.
    curve
        Of these values.
    weights
        Of samples: their variance is the feature's divided by it.
    trend, robust
        As in :func:`~sevaxis.models.linear.empirical_bayes.moderate`.

    Raises
    ------
    ValueError
        As in :func:`~sevaxis.models.linear.fit.fit_linear`.
    """
    start = fit_linear(log2, design, weights=weights)
    direct = start.contrast(contrasts)
    q, to_basis = orthonormal_basis(design.matrix)
    columns = np.linalg.pinv(to_basis).T @ np.asarray(contrasts, dtype=float)
    precise = np.ones(len(q)) if weights is None else np.asarray(weights, dtype=float)
    # squares, degrees of freedom and, in units of the variance, squared standard errors of features without gaps
    squares, free = np.nan_to_num(start.sigma**2) * start.df_residual, start.df_residual.copy()
    log2fc, unscaled = direct.coefficients.copy(), direct.stdev_unscaled**2
    gaps = np.flatnonzero(np.isnan(log2).any(axis=1))
    beta = start.mean_abundance[gaps, None] * q.sum(axis=0)
    covariate, flat = start.mean_abundance if trend else None, prior_information(q, curve) / _FLAT
    variance, df_prior = _moderate(squares, free, covariate, robust)
    for _ in range(_ROUNDS):
        for part in feature_blocks(len(gaps), q.size * q.shape[1]):
            rows = gaps[part]
            each = variance[rows, None] / precise
            state = fit_means(log2[rows], q, each, beta[part], curve, flat)
            beta[part] = state.beta
            squares[rows], free[rows], covariance = _spread(q, precise, each, state, columns, flat)
            unscaled[rows] = covariance / variance[rows, None]
        before, (variance, df_prior) = variance, _moderate(squares, free, covariate, robust)
        if np.abs(np.log(variance / before)).max() < _SETTLED:
            break
    log2fc[gaps] = beta @ columns
    return CurveFit(log2fc, np.sqrt(variance[:, None] * unscaled), free + df_prior)


def _moderate(
    squares: np.ndarray, free: np.ndarray, covariate: np.ndarray | None, robust: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Posterior variance and prior degrees of freedom; less than one of a feature's own says nothing of the prior."""
    telling = free >= _TELLING
    own = np.where(telling, squares / np.maximum(free, _TELLING), np.nan)
    prior, df_prior = fit_prior(own, np.where(telling, free, 0.0), covariate=covariate, robust=robust)
    mine = squares / np.where(free > 0, free, np.inf)
    return posterior_variance(mine, free, prior, df_prior), df_prior


def _spread(
    q: np.ndarray,
    precise: np.ndarray,
    variance: np.ndarray,
    state: Means,
    columns: np.ndarray,
    flat: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sum of squares, its degrees of freedom, and the squared standard errors of the contrasts.

    Of a missing value the squared expectation of its residual enters, and its share of the information of one that is
    seen: what the EM algorithm takes, less the part of the variance that nobody saw. Squares are those of values of
    weight 1.
    """
    share = state.information * variance
    squares = (precise * (state.score * variance) ** 2).sum(axis=1)
    free = np.maximum(share.sum(axis=1) - q.shape[1], 0.0)
    bend = weighted_products(state.information + flat, q)
    covariance = np.einsum("ak,fab,bk->fk", columns, np.linalg.inv(bend), columns, optimize=True)
    return squares, free, covariance
