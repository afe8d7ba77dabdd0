"""Multiple testing: false discovery rate genome-wide, family-wise error within a declared family.

A missing p (NaN) is a hypothesis that was not tested: it stays NaN and does not enlarge the family.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import false_discovery_control


def benjamini_hochberg(p: ArrayLike) -> np.ndarray:
    """Adjust p-values to control the false discovery rate, each column a family of its own.

    Parameters
    ----------
    p
        P-values, (hypotheses,) or (hypotheses x families). NaN: not in the family.

    Returns
    -------
    numpy.ndarray
        Adjusted values of the shape of ``p``, at most 1; NaN where ``p`` is NaN.

    Raises
    ------
    ValueError
        A value lies outside [0, 1].

    References
    ----------
    Benjamini & Hochberg 1995, J R Stat Soc B 57:289-300; the step-up procedure itself is SciPy's.
    """
    return _by_family(p, false_discovery_control)


def holm(p: ArrayLike) -> np.ndarray:
    """Adjust p-values to control the family-wise error rate, each column a family of its own.

    Parameters
    ----------
    p
        P-values, (hypotheses,) or (hypotheses x families). NaN: not in the family.

    Returns
    -------
    numpy.ndarray
        Adjusted values of the shape of ``p``, at most 1; NaN where ``p`` is NaN.

    Raises
    ------
    ValueError
        A value lies outside [0, 1].

    References
    ----------
    Holm 1979, Scand J Stat 6:65-70: the i-th smallest of m is compared with alpha / (m - i + 1).
    """
    return _by_family(p, _step_down)


def _step_down(p: np.ndarray) -> np.ndarray:
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1)), 1.0)
    return adjusted


def _by_family(p: ArrayLike, adjust) -> np.ndarray:
    """Apply ``adjust`` to the tested hypotheses of each column."""
    p = np.asarray(p, dtype=float)
    if np.any((p < 0) | (p > 1)):
        raise ValueError("p-values must lie between 0 and 1 (NaN: not tested)")
    columns = np.atleast_2d(p.T).T
    adjusted = np.full_like(columns, np.nan)
    for j, column in enumerate(columns.T):
        tested = ~np.isnan(column)
        if tested.any():
            adjusted[tested, j] = adjust(column[tested])
    return adjusted.reshape(p.shape)
