"""Dispersion of counts as a trend over abundance, by weighted likelihood: what the quasi-likelihood F test takes.

Each feature's adjusted profile likelihood on a grid of dispersions, smoothed over features of like abundance; the trend
is where the smoothed likelihood has its maximum (McCarthy, Chen & Smyth 2012, Nucleic Acids Research 40:4288; Chen, Lun
& Smyth 2014, in Statistical Analysis of Next Generation Sequencing Data, chapter 3). Constants that the papers leave
open are those of R edgeR 3.40.
"""

from dataclasses import dataclass

import numpy as np

from sevaxis.models.counts.nb_likelihood import adjusted_profile_likelihood, maximise_likelihood

GRID = np.arange(-10.0, 11.0)  # log2 of dispersion over MIDDLE
MIDDLE = 0.1
GRID_TOLERANCE = 1e-4  # of the coefficients at each dispersion: the likelihood is flat at its maximum
MIN_TOTAL = 5  # features with fewer counts in all say nothing on the dispersion
PRIOR_COUNT = 2.0  # of the abundance
FEW = 50  # with so few features the window holds all of them; narrower with more, down to a quarter
KNOT_DISTANCE = 0.8  # in windows, up to which the smoothed likelihood is interpolated


@dataclass(frozen=True)
class TrendedDispersion:
    """Dispersion over abundance.

    Attributes
    ----------
    trend : ndarray (features,)
    common : float
        The one dispersion that fits all features best.
    abundance : ndarray (features,)
        Average log2 counts per million at the common dispersion.
    """

    trend: np.ndarray
    common: float
    abundance: np.ndarray


def estimate_trend(counts: np.ndarray, design: np.ndarray, lib_size: np.ndarray) -> TrendedDispersion:
    """Estimate the dispersion of counts as a function of their abundance.

    Parameters
    ----------
    counts : ndarray (features, samples)
    design : ndarray (samples, p)
        Full column rank, fewer columns than samples.
    lib_size : ndarray (samples,)
        Effective library sizes.

    Returns
    -------
    TrendedDispersion
        Features with fewer than 5 counts in all have the trend of the least abundant other.

    Raises
    ------
    ValueError
        No feature has 5 counts.
    """
    used = counts.sum(axis=1) >= MIN_TOTAL
    if not used.any():
        raise ValueError(f"no feature has {MIN_TOTAL} counts: no dispersion can be estimated")
    likelihood = _on_grid(counts[used], design, np.log(lib_size))
    common = MIDDLE * 2.0 ** float(_highest(likelihood.sum(axis=0)[None])[0])
    abundance = average_log_cpm(counts, lib_size, common)
    smooth = _smooth(abundance[used], likelihood)
    own = MIDDLE * 2.0 ** _highest(smooth)
    trend = np.full(len(counts), own[abundance[used].argmin()])
    trend[used] = own
    return TrendedDispersion(trend, common, abundance)


def average_log_cpm(counts: np.ndarray, lib_size: np.ndarray, dispersion: float) -> np.ndarray:
    """Average log2 counts per million of each feature, fitted as negative binomial, 2 counts added in proportion.

    Parameters
    ----------
    counts : ndarray (features, samples)
    lib_size : ndarray (samples,)
    dispersion : float

    Returns
    -------
    ndarray (features,)
    """
    prior = PRIOR_COUNT * lib_size / lib_size.mean()
    level, _ = maximise_likelihood(
        counts + prior,
        np.ones((len(lib_size), 1)),
        np.log(lib_size + 2.0 * prior),
        np.full(len(counts), dispersion),
    )
    return (level[:, 0] + np.log(1e6)) / np.log(2.0)


def _on_grid(counts: np.ndarray, design: np.ndarray, log_library: np.ndarray) -> np.ndarray:
    """Adjusted profile log likelihood at each dispersion of the grid: (features, grid)."""
    heights, start = np.empty((len(counts), len(GRID))), None
    for j, step in enumerate(GRID):
        dispersion = np.full(len(counts), MIDDLE * 2.0**step)
        start, mu = maximise_likelihood(
            counts, design, log_library, dispersion, start, tolerance=GRID_TOLERANCE
        )
        heights[:, j] = adjusted_profile_likelihood(counts, mu, design, dispersion)
    return heights


def _smooth(abundance: np.ndarray, likelihood: np.ndarray) -> np.ndarray:
    """Local means over abundance, tricube weights, a window of 25 to 100 % of the features (Loader 1999).

    Means are taken at knots, found as in `dispersion_trend`, and interpolated between them linearly.
    """
    n = len(abundance)
    share = 1.0 if n <= FEW else 0.25 + 0.75 * np.sqrt(FEW / n)
    if share * n < 2 or np.ptp(abundance) == 0:
        return np.broadcast_to(likelihood.mean(axis=0), likelihood.shape)
    nearest = int(share * n)

    def width(knot: float) -> float:
        return float(np.partition(np.abs(abundance - knot), nearest - 1)[nearest - 1])

    def refine(left: tuple[float, float], right: tuple[float, float]) -> list[tuple[float, float]]:
        if right[0] - left[0] <= KNOT_DISTANCE * min(left[1], right[1]):
            return [left]
        at = (left[0] + right[0]) / 2
        middle = (at, width(at))
        return refine(left, middle) + refine(middle, right)

    low, high = float(abundance.min()), float(abundance.max())
    first, last = (low, width(low)), (high, width(high))
    knots = np.array([*refine(first, last), last])
    distance = np.abs(abundance - knots[:, :1]) / knots[:, 1:]
    weights = np.clip(1.0 - distance**3, 0.0, None) ** 3
    means = weights @ likelihood / weights.sum(axis=1, keepdims=True)
    return np.column_stack([np.interp(abundance, knots[:, 0], column) for column in means.T])


def _highest(heights: np.ndarray) -> np.ndarray:
    """Where the cubic spline through each row is highest, beside its highest point: (rows,).

    Splines whose third derivatives at the ends are those of the cubics through the outer four points (Forsythe, Malcolm
    & Moler 1977, Computer Methods for Mathematical Computations, chapter 4).
    """
    n = len(GRID)
    curvature = heights @ _second_derivatives(n).T
    best = heights.argmax(axis=1)
    rows = np.arange(len(heights))
    at, top = best.astype(float), heights[rows, best]
    for side in (-1, 0):
        left = np.clip(best + side, 0, n - 2)
        y0, y1 = heights[rows, left], heights[rows, left + 1]
        m0, m1 = curvature[rows, left], curvature[rows, left + 1]
        # y0 + b u + m0 / 2 u^2 + (m1 - m0) / 6 u^3 for u from 0 to 1
        b, c, d = y1 - y0 - (2.0 * m0 + m1) / 6.0, m0 / 2.0, (m1 - m0) / 6.0
        root = np.sqrt(np.maximum(c**2 - 3.0 * b * d, 0.0))
        # the root at which the curve turns down, in the form that does not cancel
        with np.errstate(divide="ignore", invalid="ignore"):
            u = np.where(c > 0, -(c + root) / (3.0 * d), b / (root - c))
        u = np.where(np.isfinite(u) & (u > 0) & (u < 1), u, 0.0)
        height = y0 + u * (b + u * (c + u * d))
        higher = height > top
        at[higher], top[higher] = (left + u)[higher], height[higher]
    return GRID[0] + at


def _second_derivatives(n: int) -> np.ndarray:
    """Matrix that takes values at n points, one apart, to the second derivatives of their spline: (n, n)."""
    system, values = np.zeros((n, n)), np.zeros((n, n))
    for i in range(1, n - 1):
        system[i, i - 1 : i + 2] = 1.0, 4.0, 1.0
        values[i, i - 1 : i + 2] = 6.0, -12.0, 6.0
    system[0, :2] = system[-1, -2:] = -1.0, 1.0
    values[0, :4] = values[-1, -4:] = -1.0, 3.0, -3.0, 1.0
    return np.linalg.solve(system, values)
