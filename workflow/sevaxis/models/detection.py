"""How much more often a feature is detected: log odds ratios that stay finite under separation, with covariates."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2

#: Newton steps of the Firth fit: at most so many, none longer than this on the logit scale, stop below
#: that gain of penalised log-likelihood (Heinze & Schemper 2002 bound their steps in the same way).
_STEPS, _LONGEST, _GAIN = 1000, 5.0, 1e-11


@dataclass(frozen=True)
class FirthFit:
    """Firth-penalised logistic regression of every feature's presence.

    Attributes
    ----------
    log_odds
        Contrast of detection, natural log of the odds ratio, (features x contrasts).
    se
        Its standard error, from the information at the estimate, (features x contrasts).
    p
        Two-sided p of the profile penalised likelihood ratio, (features x contrasts).
    status
        ``tested``; ``not_estimable`` where the fit did not converge (estimates are NaN then), (features,).
    """

    log_odds: np.ndarray
    se: np.ndarray
    p: np.ndarray
    status: np.ndarray


def firth_detection(present: ArrayLike, design: ArrayLike, contrasts: ArrayLike) -> FirthFit:
    """Test detection with covariates: logistic regression with Firth's penalty, finite under separation.

    Parameters
    ----------
    present
        Was the feature detected, (features x samples), booleans.
    design
        Design matrix of full column rank, (samples x coefficients).
    contrasts
        (coefficients,) or (coefficients x contrasts).

    Returns
    -------
    FirthFit
        Log odds ratios and p-values; no p is exactly 0 and none infinite.

    Raises
    ------
    ValueError
        Shapes do not fit, or the design is not of full column rank.

    References
    ----------
    Firth 1993, Biometrika 80:27-38 (penalty: half the log determinant of the information); Heinze &
    Schemper 2002, Stat Med 21:2409-2419 (modified score; profile penalised likelihood-ratio test, 1 df).
    """
    present, design = np.asarray(present, dtype=bool), np.asarray(design, dtype=float)
    contrasts = np.asarray(contrasts, dtype=float)
    contrasts = contrasts[:, None] if contrasts.ndim == 1 else contrasts
    samples, coefficients = design.shape
    if present.ndim != 2 or present.shape[1] != samples or contrasts.shape[0] != coefficients:
        raise ValueError(
            f"present {present.shape}, design {design.shape}, contrasts {contrasts.shape} do not fit together"
        )
    if np.linalg.matrix_rank(design) < coefficients:
        raise ValueError("the design is not of full column rank: drop aliased columns first")
    patterns, row = np.unique(present, axis=0, return_inverse=True)
    beta, best, converged = _maximise(patterns.astype(float), design, np.eye(coefficients))
    p = np.empty((len(patterns), contrasts.shape[1]))
    for j, contrast in enumerate(contrasts.T):
        # the null hypothesis keeps the penalty of the full model and holds the contrast at 0
        free = np.linalg.svd(contrast[None, :])[2][1:].T
        _, null, settled = _maximise(patterns.astype(float), design, free)
        p[:, j] = chi2.sf(np.maximum(2 * (best - null), 0.0), 1)
        converged &= settled
    log_odds = beta @ contrasts
    inverse = np.linalg.inv(_penalised(patterns.astype(float), design, beta)[2])
    se = np.sqrt(np.einsum("ik,fij,jk->fk", contrasts, inverse, contrasts, optimize=True))
    for estimates in (log_odds, se, p):
        estimates[~converged] = np.nan
    row = row.ravel()
    return FirthFit(log_odds[row], se[row], p[row], np.where(converged, "tested", "not_estimable")[row])


def _maximise(
    y: np.ndarray, design: np.ndarray, free: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Maximise the penalised likelihood over ``beta = free @ gamma``, all rows of ``y`` at once.

    Returns beta (rows x coefficients), the penalised log-likelihood (rows,) and which rows converged.
    """
    gamma = np.zeros((len(y), free.shape[1]))
    value, score, information = _penalised(y, design, gamma @ free.T)
    length = np.ones(len(y))
    active = np.full(len(y), free.shape[1] > 0)
    for _ in range(_STEPS):
        rows = np.flatnonzero(active)
        if rows.size == 0:
            break
        step = np.linalg.solve(free.T @ information[rows] @ free, (score[rows] @ free)[..., None])[..., 0]
        step *= np.minimum(1.0, _LONGEST / np.maximum(np.abs(step).max(axis=1, keepdims=True), 1e-300))
        trial = gamma[rows] + length[rows, None] * step
        new = _penalised(y[rows], design, trial @ free.T)
        gain = new[0] - value[rows]
        uphill = gain >= 0
        better = rows[uphill]
        gamma[better] = trial[uphill]
        value[better], score[better], information[better] = (part[uphill] for part in new)
        length[rows] = np.where(uphill, 1.0, length[rows] / 2)
        # no uphill step left, or none worth taking: at the maximum to machine precision
        active[rows] = np.where(uphill, gain > _GAIN, length[rows] > 1e-8)
    return gamma @ free.T, value, ~active


def _penalised(
    y: np.ndarray, design: np.ndarray, beta: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Penalised log-likelihood, its score, and the information matrix, row by row."""
    eta = beta @ design.T
    fitted = 1.0 / (1.0 + np.exp(-np.clip(eta, -700, 700)))
    weight = fitted * (1.0 - fitted)
    information = np.einsum("fs,si,sj->fij", weight, design, design, optimize=True)
    sign, determinant = np.linalg.slogdet(information)
    value = np.sum(y * eta - np.logaddexp(0.0, eta), axis=1) + 0.5 * determinant
    value = np.where(sign > 0, value, -np.inf)
    leverage = np.zeros_like(fitted)
    sound = sign > 0
    inverse = np.linalg.inv(information[sound])
    leverage[sound] = weight[sound] * np.einsum("si,fij,sj->fs", design, inverse, design, optimize=True)
    score = (y - fitted + leverage * (0.5 - fitted)) @ design
    return value, score, information
