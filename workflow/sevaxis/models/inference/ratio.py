"""The ratio of two effects of one model, with the set of ratios that the data do not exclude."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr, stdtrit


def ratio_of_effects(
    numerator: ArrayLike,
    denominator: ArrayLike,
    se_numerator: ArrayLike,
    se_denominator: ArrayLike,
    se_difference: ArrayLike,
    df_numerator: ArrayLike,
    df_denominator: ArrayLike,
    *,
    alpha: ArrayLike = 0.05,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ratio of two effects and its confidence set, where that is an interval.

    Parameters
    ----------
    numerator, denominator
        Effects, (features,).
    se_numerator, se_denominator, se_difference
        Standard errors of the two and of their difference, which tell their covariance, (features,).
    df_numerator, df_denominator
        Degrees of freedom of the first two, (features,).
    alpha
        One minus the confidence, scalar or (features,).

    Returns
    -------
    tuple of numpy.ndarray
        Ratio, lower and upper end, (features,). Ends are NaN where the denominator is not off zero at the level: the
        set is then everything, or everything but an interval.

    Notes
    -----
    The set holds all r for which a t-test does not reject numerator - r x denominator = 0 (Fieller 1954, J R Stat Soc B
    16:175-185), with cov = (var_numerator + var_denominator - var_difference) / 2. Where both effects have the same
    degrees of freedom they share one residual variance, whose degrees of freedom they are; elsewhere those of the
    combination at the estimated ratio are Satterthwaite's (1946, Biometrics Bull 2:110-114).
    """
    a, b, se_a, se_b, se_d, df_a, df_b, level = np.broadcast_arrays(
        *(
            np.asarray(x, dtype=float)
            for x in (
                numerator, denominator, se_numerator, se_denominator, se_difference, df_numerator, df_denominator, alpha
            )
        )
    )  # fmt: skip
    var_a, var_b = se_a**2, se_b**2
    cov = (var_a + var_b - se_d**2) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = a / b
        share_a, share_b = var_a, ratio**2 * var_b
        together = (share_a + share_b) ** 2 / (share_a**2 / df_a + share_b**2 / df_b)
        same = (df_a == df_b) | (np.abs(df_a - df_b) <= 1e-6 * df_b)
        quantile = stdtrit(np.where(same, df_b, together), 1 - level / 2) ** 2
        # b^2 - t^2 var_b = 0 is where the denominator's own interval touches zero
        leading = b**2 - quantile * var_b
        middle = a * b - quantile * cov
        root = np.sqrt(np.maximum(middle**2 - leading * (a**2 - quantile * var_a), 0.0))
        bounded = leading > 1e-9 * b**2  # at its very level rounding alone would decide
        low = np.where(bounded, (middle - root) / leading, np.nan)
        high = np.where(bounded, (middle + root) / leading, np.nan)
    return ratio, low, high


def alike_within(
    a: ArrayLike,
    b: ArrayLike,
    se_a: ArrayLike,
    se_b: ArrayLike,
    se_difference: ArrayLike,
    df_a: ArrayLike,
    df_b: ArrayLike,
    *,
    times: float,
) -> np.ndarray:
    """Test by two one-sided tests that neither of two effects of one sign is more than so many times the other.

    Parameters
    ----------
    a, b, se_a, se_b, se_difference, df_a, df_b
        As of :func:`ratio_of_effects`, (features,).
    times
        The bound, above 1.

    Returns
    -------
    numpy.ndarray
        p, (features,): the larger of times a - b and times b - a, each in the direction of the sum of the effects
        (Schuirmann 1987, J Pharmacokinet Biopharm 15:657; linear forms as of Fieller 1954).
    """
    values = (np.asarray(x, dtype=float) for x in (a, b, se_a, se_b, se_difference, df_a, df_b))
    a, b, se_a, se_b, se_d, df_a, df_b = np.broadcast_arrays(*values)
    cov = (se_a**2 + se_b**2 - se_d**2) / 2
    sign = np.sign(a + b)
    larger = np.zeros(a.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        same = (df_a == df_b) | (np.abs(df_a - df_b) <= 1e-6 * df_b)
        for (x, var_x, df_x), (y, var_y, df_y) in (
            ((a, se_a**2, df_a), (b, se_b**2, df_b)),
            ((b, se_b**2, df_b), (a, se_a**2, df_a)),
        ):
            share = times**2 * var_x
            df = (share + var_y) ** 2 / (share**2 / df_x + var_y**2 / df_y)
            t = sign * (times * x - y) / np.sqrt(share + var_y - 2 * times * cov)
            larger = np.maximum(larger, stdtr(np.where(same, df_b, df), -t))
    return larger
