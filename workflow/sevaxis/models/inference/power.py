"""Power and equivalence: what could have been seen, and what can be excluded."""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import CubicSpline
from scipy.special import chdtri, nctdtr, nctdtrinc, ndtr, stdtr, stdtrit

#: Nodes of the table of noncentralities, uniform in 1/df over [0, 1]: the interpolation error of the effect
#: stays below 1e-5 standard errors (tested).
_NODES = 257
#: Nodes in 1/df of what is said beside an MDE, and points of the distribution of a variance at each: 3 digits hold.
_SAID, _POINTS = 33, 400
#: Levels below this, of the false discovery rate over all tests say, are solved without the noncentral t.
_SMALL = 1e-3


def minimum_detectable_effect(
    se: ArrayLike, df: ArrayLike, *, alpha: float = 0.05, power: float = 0.8
) -> np.ndarray:
    """Smallest true effect that a two-sided t-test finds with the wished power.

    Parameters
    ----------
    se
        Standard errors, any shape; for a moderated t those of the moderated variance.
    df
        Degrees of freedom of the t-test (residual plus prior), broadcast against ``se``; infinity is allowed.
    alpha
        Two-sided level: 0.05, or divided by the size of a Bonferroni family.
    power
        Wished power, above ``alpha`` and below 1.

    Returns
    -------
    numpy.ndarray
        Effects in the unit of ``se``; NaN where ``se`` or ``df`` is missing or impossible, and below one degree of
        freedom, where no effect of any sensible size is found: at df 0.5 it would be some 200 standard errors.

    Raises
    ------
    ValueError
        ``alpha`` or ``power`` out of range.

    Notes
    -----
    The statistic is noncentral t with noncentrality effect / se; the moderated t has that distribution with
    df = residual + prior (Smyth 2004, Stat Appl Genet Mol Biol 3:3). Both rejection regions count (Cohen
    1988, Statistical power analysis, chapter 2). The observed ``se`` stands for the true one.
    """
    if not 0 < alpha < power < 1:
        raise ValueError(f"0 < alpha < power < 1 must hold, found alpha {alpha}, power {power}")
    se, df = np.broadcast_arrays(np.asarray(se, dtype=float), np.asarray(df, dtype=float))
    valid = (se >= 0) & (df >= 1)
    noncentrality = np.full(se.shape, np.nan)
    noncentrality[valid] = _table(alpha, power)(1.0 / df[valid])
    return noncentrality * se


@lru_cache(maxsize=512)
def _table(alpha: float, power: float) -> CubicSpline:
    """Noncentrality as a smooth function of 1/df, df from 1 to infinity."""
    inverse = np.linspace(0.0, 1.0, _NODES)
    with np.errstate(divide="ignore"):
        return CubicSpline(inverse, _solve(1.0 / inverse, alpha, power))


def _solve(df: np.ndarray, alpha: float, power: float) -> np.ndarray:
    """Noncentrality at which |t| exceeds its critical value with probability ``power``, by bisection."""
    if alpha < _SMALL:
        return _solve_far_out(df, -stdtrit(df, alpha / 2), power)
    critical = stdtrit(df, 1 - alpha / 2)
    # one tail alone needs a little more, so that this bounds the answer; 0.001 covers SciPy's rounding
    low, high = np.zeros_like(df), nctdtrinc(df, 1 - power, critical) + 1e-3
    for _ in range(60):
        middle = (low + high) / 2
        reached = 2.0 - nctdtr(df, middle, critical) - nctdtr(df, -middle, critical) >= power
        low, high = np.where(reached, low, middle), np.where(reached, middle, high)
    return (low + high) / 2


def _solve_far_out(df: np.ndarray, critical: np.ndarray, power: float) -> np.ndarray:
    """The same by averaging normal tails over the distribution of the standard deviation.

    SciPy's noncentral t needs minutes for a critical value of some hundred standard errors. At the solution one tail is
    all there is, and the solution lies within a few standard errors of the critical value times the quantile of the
    standard deviation at ``power``.
    """
    quantiles = np.stack([_ratios(each) * np.ones(_POINTS) for each in df])
    centre = np.array([1.0 if np.isinf(each) else np.sqrt(chdtri(each, 1 - power) / each) for each in df])
    low, high = critical * np.minimum(centre, 1.0) - 8, critical * np.maximum(centre, 1.0) + 8
    for _ in range(60):
        middle = (low + high) / 2
        reached = ndtr(middle[:, None] - critical[:, None] * quantiles).mean(axis=1) >= power
        low, high = np.where(reached, low, middle), np.where(reached, middle, high)
    return (low + high) / 2


def equivalence(log2fc: ArrayLike, se: ArrayLike, df: ArrayLike, margin: float) -> np.ndarray:
    """P-value of the two one-sided t-tests: is the effect smaller than ``margin`` in either direction?

    Parameters
    ----------
    log2fc, se, df
        Estimates, their standard errors and degrees of freedom, broadcast together.
    margin
        Smallest effect of interest, in the unit of ``log2fc``, positive.

    Returns
    -------
    numpy.ndarray
        p; at most alpha means that the 1 - 2 alpha confidence interval lies within +-margin. NaN where an
        input is.

    Raises
    ------
    ValueError
        The margin is not positive.

    References
    ----------
    Schuirmann 1987, J Pharmacokinet Biopharm 15:657-680.
    """
    if not margin > 0:
        raise ValueError(f"the smallest effect of interest must be positive, found {margin}")
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = (margin - np.abs(np.asarray(log2fc, dtype=float))) / np.asarray(se, dtype=float)
        return stdtr(np.asarray(df, dtype=float), -distance)


def power_of_a_repeat(df: ArrayLike, *, alpha: float = 0.05, power: float = 0.8) -> np.ndarray:
    """Power of a new experiment of the same size, if the true effect is the minimum detectable one.

    The minimum detectable effect takes the observed standard error for the true one, which the few degrees of freedom
    that it rests on do not warrant. A repeat draws its own: at 4 degrees of freedom 0.80 becomes 0.68, at 16 0.76.

    Parameters
    ----------
    df
        Degrees of freedom of the t-test, any shape; infinity is allowed.
    alpha, power
        As of :func:`minimum_detectable_effect`.

    Returns
    -------
    numpy.ndarray
        Probabilities of the shape of ``df``; NaN where it is missing or below 1.

    Notes
    -----
    With s2 the observed and S2 the true variance, df s2 / S2 is chi-squared; over its distribution and over that of the
    repeat's own variance the power of the repeat's t-test is averaged.
    """
    return _said(df, _repeat_table(alpha, power))


def exaggeration(df: ArrayLike, *, alpha: float = 0.05, power: float = 0.8) -> np.ndarray:
    """How many times too large an estimate is on average that was significant, if the truth is the MDE.

    Parameters
    ----------
    df, alpha, power
        As of :func:`power_of_a_repeat`.

    Returns
    -------
    numpy.ndarray
        Expected absolute estimate among the significant ones over the true effect, of the shape of ``df``.

    References
    ----------
    Gelman & Carlin 2014, Perspect Psychol Sci 9:641-651 (type M error).
    """
    return _said(df, _exaggeration_table(alpha, power))


def power_and_exaggeration(
    effect: ArrayLike, se: ArrayLike, df: ArrayLike, *, alpha: float = 0.05
) -> tuple[np.ndarray, np.ndarray]:
    """Power of a two-sided t-test of an effect, and how many times too large its significant estimates are on average.

    Parameters
    ----------
    effect, se
        In one unit, broadcast against each other; the standard error is taken for the true one.
    df
        Degrees of freedom of the t-test, broadcast; infinity is allowed.
    alpha
        Two-sided level.

    Returns
    -------
    tuple of numpy.ndarray
        Probabilities, and expected absolute estimate among the significant ones over the effect; NaN where ``se`` or
        ``df`` is missing, and below one degree of freedom.

    References
    ----------
    Gelman & Carlin 2014, Perspect Psychol Sci 9:641-651 (type M error).
    """
    inputs = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (effect, se, df)))
    power, times = (np.full(inputs[0].shape, np.nan) for _ in range(2))
    for at in zip(*np.nonzero((inputs[1] > 0) & (inputs[2] >= 1)), strict=True):
        size, own = abs(inputs[0][at] / inputs[1][at]), inputs[2][at]
        found, estimate = _significant(size, stdtrit(own, 1 - alpha / 2) * _ratios(own))
        power[at] = found.mean()
        times[at] = estimate.mean() / power[at] / size if size else np.inf
    return power, times


def _significant(effect: float, bar: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Chance that a normal estimate of one standard error passes the bar, and its absolute mean where it does."""
    above, below = ndtr(effect - bar), ndtr(-effect - bar)
    density = np.exp(-0.5 * (bar - effect) ** 2) + np.exp(-0.5 * (bar + effect) ** 2)
    return above + below, effect * (above - below) + density / np.sqrt(2 * np.pi)


def _said(df: ArrayLike, table: np.ndarray) -> np.ndarray:
    df = np.asarray(df, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = np.where(df >= 1, 1.0 / df, np.nan)
    return np.interp(inverse, np.linspace(0.0, 1.0, _SAID), table)


def _ratios(df: float) -> np.ndarray:
    """Equally likely values of an observed standard deviation over the true one."""
    if np.isinf(df):
        return np.ones(1)
    return np.sqrt(chdtri(df, (np.arange(_POINTS) + 0.5) / _POINTS) / df)


@lru_cache(maxsize=512)
def _repeat_table(alpha: float, power: float) -> np.ndarray:
    reached = []
    for inverse in np.linspace(0.0, 1.0, _SAID):
        df = 1.0 / inverse if inverse else np.inf
        observed = _ratios(df)
        # in true standard errors
        effect = float(minimum_detectable_effect(1.0, df, alpha=alpha, power=power)) * observed[:, None]
        bar = stdtrit(df, 1 - alpha / 2) * observed[None, :]
        reached.append(np.mean(ndtr(effect - bar) + ndtr(-effect - bar)))
    return np.array(reached)


@lru_cache(maxsize=512)
def _exaggeration_table(alpha: float, power: float) -> np.ndarray:
    times = []
    for inverse in np.linspace(0.0, 1.0, _SAID):
        df = 1.0 / inverse if inverse else np.inf
        effect = float(minimum_detectable_effect(1.0, df, alpha=alpha, power=power))
        found, estimate = _significant(effect, stdtrit(df, 1 - alpha / 2) * _ratios(df))
        times.append(estimate.mean() / found.mean() / effect)
    return np.array(times)
