"""Presence and absence: tests of how often a feature was detected, and their reading beside its abundance.

In vesicle proteomics "seen in three preparations, never in the other three" is the main signal, and a
t-test cannot see it: there is no abundance to compare. Fisher's exact test, at 0/3 v 3/3, gives p = 0.10.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import chi2, fisher_exact

#: Newton steps of the Firth fit: at most so many, none longer than this on the logit scale, stop below
#: that gain of penalised log-likelihood (Heinze & Schemper 2002 bound their steps in the same way).
_STEPS, _LONGEST, _GAIN = 1000, 5.0, 1e-11


def fisher_detection(
    detected_case: ArrayLike, n_case: ArrayLike, detected_reference: ArrayLike, n_reference: ArrayLike
) -> np.ndarray:
    """Fisher's exact test, two-sided, that a feature is detected equally often in case and reference samples.

    Parameters
    ----------
    detected_case, detected_reference
        Samples with the feature, (features,).
    n_case, n_reference
        Samples looked at, scalar or (features,).

    Returns
    -------
    numpy.ndarray
        p, (features,); 1 where it was detected everywhere or nowhere, NaN where a group has no samples.

    Raises
    ------
    ValueError
        A count is missing, negative, fractional, or larger than its group.

    Notes
    -----
    The test is conservative: its attainable size lies below alpha, and 0/3 v 3/3 gives 0.10.

    References
    ----------
    Fisher 1935, J R Stat Soc 98:39-82; two-sided by summing tables no likelier than the one observed.
    """
    counts = np.stack(
        np.broadcast_arrays(*np.atleast_1d(detected_case, n_case, detected_reference, n_reference)), axis=1
    ).astype(float)
    whole = np.isfinite(counts).all() and (counts == np.floor(counts)).all() and (counts >= 0).all()
    if not whole or (counts[:, [0, 2]] > counts[:, [1, 3]]).any():
        raise ValueError("detected samples must be whole numbers between 0 and the size of their group")
    # thousands of features share a few dozen tables
    tables, row = np.unique(counts.astype(int), axis=0, return_inverse=True)
    p = [
        fisher_exact([[a, n - a], [b, m - b]]).pvalue if n and m else np.nan for a, n, b, m in tables.tolist()
    ]
    return np.array(p, dtype=float)[row.ravel()]


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


def joint_reading(
    detected_case: ArrayLike,
    n_case: ArrayLike,
    detected_reference: ArrayLike,
    n_reference: ArrayLike,
    detection_p: ArrayLike,
    log2fc: ArrayLike,
    q: ArrayLike,
    *,
    alpha: float = 0.05,
) -> pd.DataFrame:
    """Read detection and abundance of each feature together, in words.

    Parameters
    ----------
    detected_case, n_case, detected_reference, n_reference
        Samples with the feature and samples looked at, (features,) or scalar.
    detection_p
        P of a detection test, (features,).
    log2fc, q
        Log2 fold change of the abundance where detected, and its (adjusted) p; NaN where not estimable.
    alpha
        Level of both tests.

    Returns
    -------
    pandas.DataFrame
        ``reading``, one of: never detected, case only, reference only, concordant up, concordant down,
        discordant, abundance up, abundance down, detection up, detection down, no change shown; and
        ``sentence``, which gives the counts and both p-values and says where Fisher's test could not have
        reached ``alpha`` whatever the counts.
    """
    a, n, b, m, presence, change, adjusted = np.broadcast_arrays(
        *np.atleast_1d(detected_case, n_case, detected_reference, n_reference, detection_p, log2fc, q)
    )
    more = np.sign(a * m - b * n) * (presence <= alpha)
    up = np.where(adjusted <= alpha, np.sign(change), 0)
    reading = np.select(
        [
            (a == 0) & (b == 0),
            b == 0,
            a == 0,
            (up > 0) & (more > 0),
            (up < 0) & (more < 0),
            up * more < 0,
            up > 0,
            up < 0,
            more > 0,
            more < 0,
        ],
        [
            "never detected",
            "case only",
            "reference only",
            "concordant up",
            "concordant down",
            "discordant",
            "abundance up",
            "abundance down",
            "detection up",
            "detection down",
        ],
        "no change shown",
    )
    attainable = fisher_detection(n, n, np.zeros_like(m), m)
    sentences = []
    for i in range(len(reading)):
        words = f"detected in {a[i]:.0f} of {n[i]:.0f} case and {b[i]:.0f} of {m[i]:.0f} reference samples"
        if not np.isnan(presence[i]):
            words += f" (p = {presence[i]:.2g}"
            words += (
                f"; {n[i]:.0f} v {m[i]:.0f} samples cannot give less than {attainable[i]:.2g})"
                * bool(attainable[i] > alpha)
                or ")"
            )
        if np.isnan(change[i]) or np.isnan(adjusted[i]):
            words += "; abundance not estimable"
        else:
            words += f"; where detected, log2 fold change {change[i]:+.2f} (q = {adjusted[i]:.2g})"
        sentences.append(words)
    return pd.DataFrame({"reading": reading, "sentence": sentences})
