"""Meta-analysis: one effect from several studies, or the honest refusal to give one, for all features at once.

Formulas of Viechtbauer 2010 (Journal of Statistical Software 36:3), section 2. With Hartung-Knapp errors studies of
equal size keep the level of 0.05; sizes that differ threefold give 0.048 to 0.062 (tests/models/test_null_rates.py).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, ndtri, stdtrit
from scipy.stats import norm, t

from sevaxis.models.meta.heterogeneity import WeightedFit, paule_mandel, restricted_likelihood

METHODS = ("FE", "DL", "PM", "REML")
MIN_STUDIES = 3  # two studies stand side by side: their tau2 has one degree of freedom
MIN_STUDIES_REGRESSION = 4
# Cochrane Handbook 10.11.5.1: fewer than ten studies seldom carry a meta-regression
ADVISED_STUDIES_REGRESSION = 10
TOO_FEW = {
    0: "no study measures this feature",
    1: "one study only: there is nothing to pool",
    2: "two studies: their effects stand side by side, nothing is pooled",
}
TOO_FEW_FOR_SLOPE = "{k} studies: a slope needs at least {least}"
NOT_CONVERGED = "the between-study variance did not converge"
NO_SCATTER = "all effects are the same: Hartung-Knapp has no scatter to estimate an error from"
NO_SPREAD = "the moderator has one value in all studies of this feature"
NARROW = (
    "studies agree more closely than their errors: the interval by chance is narrower than of fixed effects"
)


@dataclass(frozen=True)
class Pooled:
    """Pooled effects, one row per feature; NaN where `status` is not `pooled`.

    Attributes
    ----------
    method : str
        Estimator of tau2: FE, DL, PM or REML.
    k : ndarray of int (features,)
        Studies with an effect and a standard error.
    estimate, se, stat, p, ci_low, ci_high : ndarray (features,)
        On the scale of the effects; t with k - 1 degrees of freedom under Hartung-Knapp, else normal.
    df : ndarray (features,)
        k - 1 under Hartung-Knapp, else infinite.
    pi_low, pi_high : ndarray (features,)
        Where the effect of a further study is expected; NaN for FE.
    tau2, i2 : ndarray (features,)
        Between-study variance (0 for FE); its share of the total variance in percent.
    q, q_df, q_p : ndarray (features,)
        Cochran's test of homogeneity.
    status : ndarray of str (features,)
        `pooled` or `not_pooled`.
    reason : ndarray of str (features,)
        Why not, or what to keep in mind; empty where nothing is to be said.
    """

    method: str
    k: np.ndarray
    estimate: np.ndarray
    se: np.ndarray
    stat: np.ndarray
    df: np.ndarray
    p: np.ndarray
    ci_low: np.ndarray
    ci_high: np.ndarray
    pi_low: np.ndarray
    pi_high: np.ndarray
    tau2: np.ndarray
    i2: np.ndarray
    q: np.ndarray
    q_df: np.ndarray
    q_p: np.ndarray
    status: np.ndarray
    reason: np.ndarray


@dataclass(frozen=True)
class MetaRegression:
    """Effects as a straight line in one moderator; columns are intercept and slope.

    Attributes
    ----------
    k : ndarray of int (features,)
    coefficients, se, stat, p, ci_low, ci_high : ndarray (features, 2)
    df : ndarray (features,)
        k - 2 under Hartung-Knapp, else infinite.
    tau2 : ndarray (features,)
        Between-study variance that the moderator leaves.
    q, q_df, q_p : ndarray (features,)
        Test of that residual heterogeneity.
    status, reason : ndarray of str (features,)
        As in `Pooled`; `fitted` or `not_fitted`.
    """

    k: np.ndarray
    coefficients: np.ndarray
    se: np.ndarray
    stat: np.ndarray
    p: np.ndarray
    ci_low: np.ndarray
    ci_high: np.ndarray
    df: np.ndarray
    tau2: np.ndarray
    q: np.ndarray
    q_df: np.ndarray
    q_p: np.ndarray
    status: np.ndarray
    reason: np.ndarray


def pool(
    effects: np.ndarray,
    se: np.ndarray,
    *,
    method: str = "REML",
    hartung_knapp: bool | str = True,
    level: float = 0.95,
) -> Pooled:
    """Pool the effects of each feature over studies.

    Parameters
    ----------
    effects, se : ndarray (features, studies)
        NaN in either: the study does not measure the feature. Standard errors are positive.
    method : {"REML", "PM", "DL", "FE"}
        Restricted maximum likelihood, Paule & Mandel 1982, DerSimonian & Laird 1986 (truncated at 0), or no
        variance between studies.
    hartung_knapp : bool or "adhoc"
        Standard error from the weighted scatter of the studies, t with k - 1 degrees of freedom (Hartung & Knapp
        2001; IntHout 2014). `adhoc`: never below the plain standard error (Knapp & Hartung 2003).
    level : float
        Coverage of confidence and prediction interval.

    Returns
    -------
    Pooled
        Prediction interval: estimate -/+ quantile x sqrt(tau2 + se^2), quantile as for the confidence interval.

    Raises
    ------
    ValueError
        Shapes differ; unknown method; infinite effects; standard errors that are not positive and finite.
    """
    _check_options(method, hartung_knapp, level)
    y, variance, present = _checked(effects, se)
    k = present.sum(axis=1)
    pooled = k >= MIN_STUDIES
    fit = _fit(y[pooled], variance[pooled], present[pooled], np.ones((y.shape[1], 1)), method, hartung_knapp)
    low, high, quantile = _interval(fit, level)
    spread = quantile * np.sqrt(fit.tau2 + fit.se[:, 0] ** 2)
    spread = np.full_like(spread, np.nan) if method == "FE" else spread

    status = np.where(pooled, "pooled", "not_pooled").astype(object)
    reason = np.array([TOO_FEW.get(n, "") for n in k.tolist()], dtype=object)
    reason[pooled] = np.where(fit.narrow, NARROW, "")
    failed = np.flatnonzero(pooled)[~fit.usable]
    status[failed], reason[failed] = "not_pooled", fit.problem[~fit.usable]

    def expand(values: np.ndarray) -> np.ndarray:
        full = np.full(len(k), np.nan)
        full[pooled] = np.where(fit.usable, values, np.nan)
        return full

    centre = fit.coefficients[:, 0]
    return Pooled(
        method=method,
        k=k,
        estimate=expand(centre),
        se=expand(fit.se[:, 0]),
        stat=expand(fit.stat[:, 0]),
        df=expand(fit.df),
        p=expand(fit.p[:, 0]),
        ci_low=expand(low[:, 0]),
        ci_high=expand(high[:, 0]),
        pi_low=expand(centre - spread),
        pi_high=expand(centre + spread),
        tau2=expand(fit.tau2),
        i2=expand(fit.i2),
        q=expand(fit.q),
        q_df=expand(fit.q_df),
        q_p=expand(chdtrc(fit.q_df, fit.q)),
        status=status,
        reason=reason,
    )


def leave_one_out(
    effects: np.ndarray, se: np.ndarray, *, method: str = "REML", hartung_knapp: bool | str = True
) -> list[Pooled]:
    """Pool again without each study in turn: does one study carry the answer?

    Parameters
    ----------
    effects, se, method, hartung_knapp
        As for `pool`.

    Returns
    -------
    list of Pooled
        One per study, in the order of the columns; features that do not have that study are as in `pool`.
    """
    effects = np.asarray(effects, dtype=float)
    left = []
    for study in range(effects.shape[1]):
        without = effects.copy()
        without[:, study] = np.nan
        left.append(pool(without, se, method=method, hartung_knapp=hartung_knapp))
    return left


def regress(
    effects: np.ndarray,
    se: np.ndarray,
    moderator: np.ndarray,
    *,
    method: str = "REML",
    hartung_knapp: bool | str = True,
    level: float = 0.95,
) -> MetaRegression:
    """Meta-regression of the effects on one property of the studies (Viechtbauer 2010, section 2).

    Parameters
    ----------
    effects, se, method, hartung_knapp, level
        As for `pool`.
    moderator : ndarray (studies,)
        Finite numbers; for two kinds of studies 0 and 1.

    Returns
    -------
    MetaRegression

    Raises
    ------
    ValueError
        As for `pool`; a moderator of another length or not finite.
    """
    _check_options(method, hartung_knapp, level)
    y, variance, present = _checked(effects, se)
    moderator = np.asarray(moderator, dtype=float)
    if moderator.shape != (y.shape[1],) or not np.isfinite(moderator).all():
        raise ValueError(f"the moderator needs one finite number for each of the {y.shape[1]} studies")
    k = present.sum(axis=1)
    lowest = np.where(present, moderator, np.inf).min(axis=1)
    highest = np.where(present, moderator, -np.inf).max(axis=1)
    flat = ~(highest > lowest)
    fitted = (k >= MIN_STUDIES_REGRESSION) & ~flat
    design = np.column_stack([np.ones(len(moderator)), moderator])
    fit = _fit(y[fitted], variance[fitted], present[fitted], design, method, hartung_knapp)
    low, high, _ = _interval(fit, level)

    status = np.where(fitted, "fitted", "not_fitted").astype(object)
    reason = np.where(flat, NO_SPREAD, "").astype(object)
    for i in np.flatnonzero(k < MIN_STUDIES_REGRESSION):
        reason[i] = TOO_FEW_FOR_SLOPE.format(k=k[i], least=MIN_STUDIES_REGRESSION)
    few = fitted & (k < ADVISED_STUDIES_REGRESSION)
    reason[few] = f"fewer than {ADVISED_STUDIES_REGRESSION} studies: a slope to be read with care"
    failed = np.flatnonzero(fitted)[~fit.usable]
    status[failed], reason[failed] = "not_fitted", fit.problem[~fit.usable]

    def expand(values: np.ndarray) -> np.ndarray:
        full = np.full((len(k), *values.shape[1:]), np.nan)
        values = values.copy()
        values[~fit.usable] = np.nan
        full[fitted] = values
        return full

    return MetaRegression(
        k=k,
        coefficients=expand(fit.coefficients),
        se=expand(fit.se),
        stat=expand(fit.stat),
        p=expand(fit.p),
        ci_low=expand(low),
        ci_high=expand(high),
        df=expand(fit.df),
        tau2=expand(fit.tau2),
        q=expand(fit.q),
        q_df=expand(fit.q_df),
        q_p=expand(chdtrc(fit.q_df, fit.q)),
        status=status,
        reason=reason,
    )


@dataclass(frozen=True)
class _Fit:
    coefficients: np.ndarray
    se: np.ndarray
    stat: np.ndarray
    p: np.ndarray
    df: np.ndarray
    tau2: np.ndarray
    i2: np.ndarray
    q: np.ndarray
    q_df: np.ndarray
    narrow: np.ndarray
    problem: np.ndarray

    @property
    def usable(self) -> np.ndarray:
        return self.problem == ""


def _fit(
    y: np.ndarray,
    variance: np.ndarray,
    present: np.ndarray,
    design: np.ndarray,
    method: str,
    hartung_knapp: bool | str,
) -> _Fit:
    """Weighted least squares at the estimated tau2; every row must have more studies than `design` columns."""
    residual_df = (present.sum(axis=1) - design.shape[1]).astype(float)
    fixed = WeightedFit(y, variance, present, design, np.zeros(len(y)))
    typical = residual_df / fixed.trace()  # Higgins & Thompson 2002, equation 9: the `typical` variance
    converged = np.ones(len(y), dtype=bool)
    if method == "FE":
        tau2 = np.zeros(len(y))
        i2 = 100.0 * np.clip(1.0 - residual_df / np.maximum(fixed.q, 1e-300), 0.0, None)
    else:
        tau2 = np.maximum((fixed.q - residual_df) / fixed.trace(), 0.0)
        if method == "PM":
            tau2, converged = paule_mandel(y, variance, present, design, typical, residual_df)
        elif method == "REML":
            tau2, converged = restricted_likelihood(y, variance, present, design, typical, tau2)
        i2 = 100.0 * tau2 / (typical + tau2)
    final = WeightedFit(y, variance, present, design, tau2)
    plain = np.sqrt(np.diagonal(final.inverse, axis1=1, axis2=2))
    scale = np.sqrt(final.q / residual_df)
    narrow = np.zeros(len(y), dtype=bool)
    problem = np.where(converged, "", NOT_CONVERGED).astype(object)
    se, df = plain, np.full(len(y), np.inf)
    if hartung_knapp:
        if hartung_knapp != "adhoc":
            total = (final.weights * y**2).sum(axis=1)
            problem[final.q <= 1e-20 * total] = NO_SCATTER
        narrow = (scale < 1.0) & (tau2 == 0)
        if hartung_knapp == "adhoc":
            scale, narrow = np.maximum(scale, 1.0), np.zeros(len(y), dtype=bool)
        se, df = plain * scale[:, None], residual_df
    # without scatter the statistic is infinite or undefined; `problem` says so
    with np.errstate(divide="ignore", invalid="ignore"):
        stat = final.coefficients / se
    p = 2.0 * (t.sf(np.abs(stat), df[:, None]) if hartung_knapp else norm.sf(np.abs(stat)))
    return _Fit(final.coefficients, se, stat, p, df, tau2, i2, fixed.q, residual_df, narrow, problem)


def _interval(fit: _Fit, level: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Confidence limits and the quantile they use."""
    upper = 0.5 + level / 2
    finite = np.isfinite(fit.df)
    quantile = np.where(finite, stdtrit(np.where(finite, fit.df, 1.0), upper), ndtri(upper))
    half = quantile[:, None] * fit.se
    return fit.coefficients - half, fit.coefficients + half, quantile


def _check_options(method: str, hartung_knapp: bool | str, level: float) -> None:
    if method not in METHODS:
        raise ValueError(f"unknown pooling method {method!r}; allowed: {', '.join(METHODS)}")
    if hartung_knapp not in (True, False, "adhoc"):
        raise ValueError(f"hartung_knapp is {hartung_knapp!r}; allowed: True, False, 'adhoc'")
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; allowed: between 0 and 1")


def _checked(effects: np.ndarray, se: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Effects and variances with 0 and 1 in place of absent studies, and which are present."""
    effects, se = np.asarray(effects, dtype=float), np.asarray(se, dtype=float)
    if effects.ndim != 2 or effects.shape != se.shape:
        raise ValueError(
            f"effects {effects.shape} and standard errors {se.shape} must both be features x studies"
        )
    present = ~(np.isnan(effects) | np.isnan(se))
    for wrong, bad in (
        ("infinite effects", np.isinf(effects)),
        ("standard errors that are not positive and finite", present & ~((se > 0) & np.isfinite(se))),
    ):
        if bad.any():
            row, study = np.argwhere(bad)[0]
            raise ValueError(f"{int(bad.sum())} {wrong}, the first in feature {row}, study {study}")
    return np.where(present, effects, 0.0), np.where(present, se, 1.0) ** 2, present
