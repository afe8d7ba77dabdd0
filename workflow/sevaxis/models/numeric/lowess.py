"""Robust locally weighted regression for scatterplots of tens of thousands of points."""

import numpy as np

# Windows end, and robust weights vanish, just inside the limit where the tricube and the bisquare do anyway.
_NEAR, _FAR = 1e-3, 0.999


def lowess(x: np.ndarray, y: np.ndarray, *, fraction: float, rounds: int = 3) -> np.ndarray:
    """Smooth y over x; the values of `lowess_curve` at x, in the order of x."""
    return np.interp(x, *lowess_curve(x, y, fraction=fraction, rounds=rounds))


def lowess_curve(
    x: np.ndarray, y: np.ndarray, *, fraction: float, rounds: int = 3
) -> tuple[np.ndarray, np.ndarray]:
    """Smooth y over x by local lines with tricube weights and bisquare rounds.

    Cleveland 1979, J Am Stat Assoc 74:829. As there, the line is fitted at points at least 1 % of the range
    apart and interpolated between: about a hundred local fits, however many points.

    Parameters
    ----------
    x, y
        n finite numbers each, in any order.
    fraction
        Share of the points in each window.
    rounds
        Robust reweighting rounds after the first fit.

    Returns
    -------
    Knots, ascending, and the curve there; it is linear between them.
    """
    order = np.argsort(x, kind="stable")
    x, y = np.asarray(x, float)[order], np.asarray(y, float)[order]
    n = len(x)
    span = x[-1] - x[0]
    at = _anchors(x, 0.01 * span)
    windows = [_window(x, i, min(n, max(2, int(fraction * n + 1e-7)))) for i in at]
    trust = np.ones(n)
    for done in range(rounds + 1):
        level = [_local_line(x, y, i, *window, trust, span) for i, window in zip(at, windows, strict=True)]
        if done == rounds:
            break
        off = np.abs(y - np.interp(x, x[at], level))
        limit = 6.0 * np.median(off)
        if limit < 1e-7 * off.mean() or limit == 0:
            break
        trust = np.where(off <= _FAR * limit, (1.0 - (off / limit) ** 2) ** 2, 0.0)
        trust[off <= _NEAR * limit] = 1.0
    return x[at], np.array(level)


def _anchors(x: np.ndarray, gap: float) -> np.ndarray:
    """Choose the points to fit at: from each, the last one within `gap`, or the next distinct one."""
    at = [0]
    last = len(x) - 1
    while x[at[-1]] < x[last]:
        here = x[at[-1]]
        within = int(np.searchsorted(x, here + gap, side="right")) - 1
        at.append(within if x[within] > here else int(np.searchsorted(x, here, side="right")))
    return np.array(at)


def _window(x: np.ndarray, i: int, size: int) -> tuple[slice, np.ndarray]:
    """Find the `size` points nearest to x[i], and their tricube weights."""
    # The window starts where its left end is no farther off than the point after its right end.
    starts = np.arange(len(x) - size)
    farther = x[i] - x[starts] <= x[starts + size] - x[i]
    start = int(np.argmax(farther)) if farther.any() else len(x) - size
    width = max(x[i] - x[start], x[start + size - 1] - x[i])
    low = int(np.searchsorted(x, x[i] - _FAR * width, side="left"))
    high = int(np.searchsorted(x, x[i] + _FAR * width, side="right"))
    distance = np.abs(x[low:high] - x[i])
    if width == 0:
        return slice(low, high), np.ones(high - low)
    weight = (1.0 - (distance / width) ** 3) ** 3
    weight[distance <= _NEAR * width] = 1.0
    return slice(low, high), weight


def _local_line(
    x: np.ndarray, y: np.ndarray, i: int, near: slice, weight: np.ndarray, trust: np.ndarray, span: float
) -> float:
    weight = weight * trust[near]
    total = weight.sum()
    if total <= 0:
        return float(y[i])
    weight /= total
    centre = weight @ x[near]
    offset = x[near] - centre
    spread = weight @ offset**2
    slope = weight @ (offset * y[near]) / spread if np.sqrt(spread) > 1e-3 * span else 0.0
    return float(weight @ y[near] + slope * (x[i] - centre))
