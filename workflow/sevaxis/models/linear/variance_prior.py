"""The prior of residual variances: s^2 is s0^2 times an F variate on d and d0 degrees of freedom.

Moments of log s^2 give s0 and d0 (Smyth 2004, Stat Appl Genet Mol Biol 3:3, section 6.2); the robust
version matches Winsorized moments and gives hypervariable features a smaller d0 of their own (Phipson, Lee,
Majewski, Alexander & Smyth 2016, Ann Appl Stat 10:946).
"""

from __future__ import annotations

import numpy as np
from scipy import optimize, special, stats

from sevaxis.models.numeric.lowess import lowess

# Window of the robust trend, and points of the quadrature of Winsorized moments (Phipson 2016, section 4).
_SPAN, _QUADRATURE = 0.4, 128
# Window of the variance over peptide counts (Zhu 2020).
_COUNT_SPAN = 0.75
#: Features with a variance that a trend and a robust prior need; with fewer the plain prior takes their place.
TREND_FEATURES, ROBUST_FEATURES = 3, 10
# A variance of zero has no logarithm: it is lifted to this share of the median variance.
_FLOOR, _ROBUST_FLOOR = 1e-5, 1e-12


def fit_prior(
    s2: np.ndarray,
    df: np.ndarray,
    *,
    covariate: np.ndarray | None = None,
    robust: bool = False,
    winsor_tail: tuple[float, float] = (0.05, 0.1),
) -> tuple[np.ndarray, np.ndarray]:
    """Estimate the prior variance and its degrees of freedom.

    Parameters
    ----------
    s2, df
        Residual variances and their degrees of freedom, per feature; features without degrees of freedom do
        not contribute.
    covariate
        Per feature; the log prior variance then follows it (a natural cubic spline; lowess when robust), if at least
        three features contribute: two leave a line no residual.
    robust
        Winsorize, and give hypervariable features fewer prior degrees of freedom, if at least ten features
        contribute: of fewer, the upper tail holds none (limma 3.54.1 keeps the same limit).
    winsor_tail
        Shares of the lower and upper tail of the log variances to draw in.

    Returns
    -------
    Prior variance and prior degrees of freedom, per feature. A feature that did not contribute has the
    prior of the others; NaN where its covariate is missing.

    Raises
    ------
    ValueError
        No feature has residual degrees of freedom, or all variances are zero.
    """
    s2, df = np.asarray(s2, float), np.asarray(df, float)
    used = np.isfinite(s2) & (df > 0)
    if covariate is not None:
        used &= np.isfinite(covariate)
    if not used.any():
        raise ValueError("no feature has residual degrees of freedom: the design needs replicates")
    if not (s2[used] > 0).any():
        raise ValueError(
            "every feature is constant within the cells of the design: no variance to learn from"
        )
    if covariate is not None and (used.sum() < TREND_FEATURES or np.ptp(covariate[used]) == 0):
        covariate = None
    scale, d0 = _match_moments(s2, df, used, covariate)
    df_prior = np.full(len(s2), d0)
    if robust and used.sum() >= ROBUST_FEATURES:
        x = None if covariate is None else covariate[used]
        robust_scale, robust_d0, d0 = _match_robustly(s2[used], df[used], x, scale[used], d0, winsor_tail)
        df_prior[:] = d0
        df_prior[used] = robust_d0
        if x is None or covariate is None:
            scale[:] = robust_scale[0]
        else:
            order = np.argsort(x, kind="stable")
            scale = np.exp(np.interp(covariate, x[order], np.log(robust_scale[order])))
            scale[used] = robust_scale
    return scale, df_prior


def _match_moments(
    s2: np.ndarray, df: np.ndarray, used: np.ndarray, covariate: np.ndarray | None
) -> tuple[np.ndarray, float]:
    """Match mean and variance of log s^2 - E(log chi2_d / d): Smyth 2004, section 6.2."""
    e, lifted = _log_variances(s2[used], df[used])
    n = len(e)
    if n == 1:
        return np.full(len(s2), lifted[0]), 0.0
    if covariate is None:
        level, parameters = np.full(len(s2), e.mean()), 1
    else:
        knots = np.quantile(covariate[used], np.linspace(0, 1, 1 + _pieces(n)))
        spline = _natural_spline(covariate, knots)
        coefficients, *_ = np.linalg.lstsq(spline[used], e, rcond=None)
        level, parameters = spline @ coefficients, np.linalg.matrix_rank(spline[used])
    d0 = _prior_df(((e - level[used]) ** 2).sum() / (n - parameters), df[used])
    if np.isinf(d0):
        # No more spread than sampling alone: one common variance, whose estimate is the plain mean.
        return np.full(len(s2), lifted.mean()) if covariate is None else np.exp(level), d0
    return _prior_scale(level, d0), d0


def _log_variances(s2: np.ndarray, df: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log s^2 minus its expectation under sigma = 1, and s^2 with zeros lifted."""
    median = np.median(s2)
    lifted = np.maximum(s2, _FLOOR * (median if median > 0 else 1.0))
    return np.log(lifted) - special.digamma(df / 2) + np.log(df / 2), lifted


def _prior_df(spread: float, df: np.ndarray) -> float:
    """Solve trigamma(d0 / 2) = variance of log s^2 beyond that of sampling."""
    excess = spread - special.polygamma(1, df / 2).mean()
    return 2.0 * inverse_trigamma(excess) if excess > 0 else np.inf


def _prior_scale(level: np.ndarray, d0: float) -> np.ndarray:
    return np.exp(level) if np.isinf(d0) else np.exp(level + special.digamma(d0 / 2) - np.log(d0 / 2))


def fit_count_prior(s2: np.ndarray, df: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Estimate the prior variance as a smooth function of the log2 count (Zhu et al. 2020).

    Parameters
    ----------
    s2, df
        As in `fit_prior`.
    counts
        Peptides or spectra per feature, >= 1.

    Returns
    -------
    Prior variance and prior degrees of freedom, per feature.

    Raises
    ------
    ValueError
        No feature has residual degrees of freedom.
    """
    used = np.isfinite(s2) & (df > 0)
    if not used.any():
        raise ValueError("no feature has residual degrees of freedom: the design needs replicates")
    e, _ = _log_variances(s2[used], df[used])
    distinct, place, number = np.unique(np.log2(counts[used]), return_inverse=True, return_counts=True)
    mean = np.bincount(place, e) / number
    curve = np.array([_local_quadratic(x, distinct, mean, number) for x in distinct])
    d0 = _prior_df(((e - curve[place]) ** 2).mean(), df[used])
    level = np.interp(np.log2(counts), distinct, curve)
    return _prior_scale(level, d0), np.full(len(s2), d0)


def _local_quadratic(at: float, x: np.ndarray, y: np.ndarray, number: np.ndarray) -> float:
    """Fit a parabola about `at` to means y of `number` points each, tricube over 75 % of the points."""
    distance = np.abs(x - at)
    order = np.argsort(distance, kind="stable")
    within = np.searchsorted(np.cumsum(number[order]), _COUNT_SPAN * number.sum())
    width = distance[order][min(within, len(x) - 1)]
    weight = (
        number * np.maximum(1.0 - (distance / width) ** 3, 0.0) ** 3
        if width > 0
        else number * (distance == 0)
    )
    near = weight > 0
    root, offset = np.sqrt(weight[near]), x[near] - at
    powers = np.vander(offset, min(3, near.sum()), increasing=True)
    return float(np.linalg.lstsq(powers * root[:, None], y[near] * root, rcond=None)[0][0])


def _pieces(n: int) -> int:
    """Pieces of the spline: three from 30 features on, fewer where features are few."""
    return 1 + int(n >= 6) + int(n >= 30)


def _natural_spline(x: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Natural cubic splines as truncated powers (Hastie, Tibshirani & Friedman 2009, eq. 5.4), x as 0 to 1."""
    low, width = knots[0], knots[-1] - knots[0]
    u, knots = (x - low) / width, np.unique((knots - low) / width)
    columns = [np.ones_like(u), u]

    def power(k: int) -> np.ndarray:
        cubes = np.maximum(u - knots[k], 0) ** 3 - np.maximum(u - knots[-1], 0) ** 3
        return cubes / (knots[-1] - knots[k])

    columns += [power(k) - power(len(knots) - 2) for k in range(len(knots) - 2)]
    return np.column_stack(columns)


def inverse_trigamma(x: float) -> float:
    """Solve trigamma(y) = x by Newton's method on the nearly linear 1/trigamma (Smyth 2004, appendix)."""
    if x > 1e7:
        return 1.0 / np.sqrt(x)
    if x < 1e-6:
        return 1.0 / x
    y = 0.5 + 1.0 / x
    for _ in range(50):
        trigamma = special.polygamma(1, y)
        step = trigamma * (1.0 - trigamma / x) / special.polygamma(2, y)
        y += step
        if -step / y < 1e-12:
            break
    return float(y)


def _match_robustly(
    s2: np.ndarray,
    df: np.ndarray,
    covariate: np.ndarray | None,
    scale: np.ndarray,
    d0: float,
    tail: tuple[float, float],
) -> tuple[np.ndarray, np.ndarray, float]:
    """Match Winsorized moments, starting from the plain prior `scale`, `d0`: Phipson 2016, sections 4 and 5.

    Returns prior variance and prior degrees of freedom per feature, and the degrees of freedom of ordinary
    features.
    """
    n = len(s2)
    s2 = np.maximum(s2, _ROBUST_FLOOR * np.median(s2))
    top = df.max()
    s2 = _on_common_df(s2, df, top, scale, d0)
    z = np.log(s2)
    trend = (
        np.full(n, _trimmed_mean(z, tail[1])) if covariate is None else lowess(covariate, z, fraction=_SPAN)
    )
    low, high = np.quantile(z - trend, [tail[0], 1.0 - tail[1]])
    drawn = np.clip(z - trend, low, high)
    moments = _WinsorizedMoments(top, tail)

    def gap(share: float) -> float:
        return float(np.log(drawn.var(ddof=1) / moments(share / (1.0 - share) if share < 1 else np.inf)[1]))

    if np.ptp(drawn) == 0 or gap(1.0) <= 0:
        common = np.inf
    elif np.isinf(d0):
        return scale, np.full(n, np.inf), np.inf
    elif gap(d0 / (1.0 + d0)) >= 0:
        common = d0
    else:
        share = optimize.brentq(gap, d0 / (1.0 + d0), 1.0, xtol=1e-12)
        common = share / (1.0 - share) if share < 1 else np.inf
    centre = trend + drawn.mean() - moments(common)[0]
    f = np.exp(z - centre)
    return np.exp(centre), _outlier_df(f, top, common), common


def _on_common_df(s2: np.ndarray, df: np.ndarray, top: float, scale: np.ndarray, d0: float) -> np.ndarray:
    """Give every variance the tail probability it has now, on the most degrees of freedom of any feature."""
    fewer = df < top
    if not fewer.any():
        return s2
    f, df, scale = s2[fewer] / scale[fewer], df[fewer], scale[fewer]
    upper, lower = np.exp(_log_upper_tail(f, df, d0)), _lower_tail(f, df, d0)
    result = s2.copy()
    # The smaller tail is the accurate one.
    tiny = np.finfo(float).tiny
    result[fewer] = scale * np.where(
        upper < lower,
        _upper_quantile(np.clip(upper, tiny, 0.5), top, d0),
        _lower_quantile(np.clip(lower, tiny, 0.5), top, d0),
    )
    return result


def _outlier_df(f: np.ndarray, df: float, d0: float) -> np.ndarray:
    """Lower the prior degrees of freedom of features whose variance is larger than the prior allows.

    The probability of being ordinary is the theoretical over the empirical tail probability, if below 1. A
    sure outlier gets the degrees of freedom that make the largest F a median; with an infinite prior, the
    pooled degrees of freedom take the place of infinity (Phipson 2016, section 5).
    """
    n = len(f)
    log_tail = _log_upper_tail(f, df, d0)
    log_empirical = np.log((n - stats.rankdata(f) + 0.5) / n)
    log_ordinary = np.minimum(log_tail - log_empirical, 0.0)
    if not (log_ordinary < 0).any():
        return np.full(n, d0)
    ordinary = np.exp(log_ordinary)
    order = np.argsort(log_tail, kind="stable")
    if np.isinf(d0):
        own = np.where(log_ordinary < 0, ordinary * n * df, np.inf)
        own[order] = np.maximum.accumulate(own[order])
        return own
    largest = f.max()
    d0_outlier = np.log(0.5) / log_tail.min() * d0
    # log P(F > f) is nearly linear in d0: one more proportional step lands on the median.
    d0_outlier *= np.log(0.5) / _log_upper_tail(np.array([largest]), df, d0_outlier)[0]
    own = (ordinary * d0 - np.expm1(log_ordinary) * d0_outlier)[order]
    # More extreme features never get more: pool the most extreme ones, then take running maxima.
    running = np.cumsum(own) / np.arange(1, n + 1)
    lowest = int(np.argmin(running))
    own[: lowest + 1] = running[lowest]
    result = np.empty(n)
    result[order] = np.maximum.accumulate(own)
    return result


class _WinsorizedMoments:
    """Mean and variance of log F, drawn in at its own quantiles, by Gauss-Legendre quadrature over f / (1 + f)."""

    def __init__(self, df: float, tail: tuple[float, float]) -> None:
        self.df, self.tail = df, np.array(tail)
        nodes, weights = special.roots_legendre(_QUADRATURE)
        self.nodes, self.weights = (nodes + 1) / 2, weights / 2

    def __call__(self, d0: float) -> tuple[float, float]:
        ends = np.array(
            [_lower_quantile(self.tail[:1], self.df, d0)[0], _upper_quantile(self.tail[1:], self.df, d0)[0]]
        )
        u = ends / (1.0 + ends)
        at = u[0] + (u[1] - u[0]) * self.nodes
        f = at / (1.0 - at)
        mass = (u[1] - u[0]) * self.weights * np.exp(_log_density(f, self.df, d0)) / (1.0 - at) ** 2
        mean = mass @ np.log(f) + self.tail @ np.log(ends)
        return float(mean), float(mass @ (np.log(f) - mean) ** 2 + self.tail @ (np.log(ends) - mean) ** 2)


def _log_density(f: np.ndarray, df: float, d0: float) -> np.ndarray:
    if np.isinf(d0):
        return stats.gamma.logpdf(f, df / 2, scale=2 / df)
    a, b = df / 2, d0 / 2
    ratio = df / d0
    return a * np.log(ratio) + (a - 1) * np.log(f) - (a + b) * np.log1p(ratio * f) - special.betaln(a, b)


def _log_upper_tail(f: np.ndarray, df: np.ndarray | float, d0: float) -> np.ndarray:
    """Log P(F > f), also where the probability itself underflows."""
    if np.isinf(d0):
        return stats.chi2.logsf(f * df, df)
    a, b = d0 / 2, np.broadcast_to(df, f.shape) / 2
    x = d0 / (d0 + 2 * b * f)
    tail = special.betainc(a, b, x)
    result = np.log(np.maximum(tail, np.finfo(float).tiny))
    far = tail < 1e-290
    if far.any():  # leading term of the incomplete beta function (Abramowitz & Stegun 26.5.4)
        x, b = x[far], b[far]
        series = special.hyp2f1(a + b, 1.0, a + 1.0, x)
        result[far] = a * np.log(x) + b * np.log1p(-x) - np.log(a) - special.betaln(a, b) + np.log(series)
    return result


def _lower_tail(f: np.ndarray, df: np.ndarray, d0: float) -> np.ndarray:
    return special.gammainc(df / 2, f * df / 2) if np.isinf(d0) else special.fdtr(df, d0, f)


def _upper_quantile(p: np.ndarray, df: float, d0: float) -> np.ndarray:
    if np.isinf(d0):
        return special.gammainccinv(df / 2, p) * 2 / df
    x = special.betaincinv(d0 / 2, df / 2, p)
    return d0 * (1.0 - x) / (df * x)


def _lower_quantile(p: np.ndarray, df: float, d0: float) -> np.ndarray:
    if np.isinf(d0):
        return special.gammaincinv(df / 2, p) * 2 / df
    x = special.betaincinv(df / 2, d0 / 2, p)
    return d0 * x / (df * (1.0 - x))


def _trimmed_mean(x: np.ndarray, share: float) -> float:
    cut = int(share * len(x))
    return float(np.sort(x)[cut : len(x) - cut].mean())
