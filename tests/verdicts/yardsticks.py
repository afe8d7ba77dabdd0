"""Other ways with missing intensities, as their papers describe them: what the project's own are held against.

None is offered, for none keeps its level everywhere (docs/verdicts.md).
"""

from __future__ import annotations

import numpy as np
from scipy.special import stdtr
from scipy.stats import chi2
from sevaxis.models.intensities.detection_curve import fit_detection_curve, recover
from sevaxis.models.linear.design import cell_means
from sevaxis.models.linear.empirical_bayes import moderate
from sevaxis.models.linear.fit import LinearFit, fit_linear
from sevaxis.models.numeric.lowess import lowess_curve

#: Quantile of the standard deviations that a feature without one is given (prolfqua's get_poolvar).
_POOLED = 0.75


def weighted_curve(log2: np.ndarray, case: np.ndarray) -> np.ndarray:
    """P of limpa's way: values by the detection curve, precision weights from their standard errors.

    As the manual of limpa describes it: the square root of the residual standard deviation is a line in mean abundance
    and in the logarithm of the standard errors, smoothed along that line; each value weighs the inverse of the variance
    that the trend gives it. A group without any observed value gives no residual degrees of freedom.

    Parameters
    ----------
    log2
        Features x samples, NaN where missing.
    case
        Which samples are cases.
    """
    curve = fit_detection_curve(log2)
    found = recover(log2, curve)
    seen = np.isfinite(log2)
    # an observed value has the standard error of one measurement: the scatter of its feature
    own = np.sqrt(_pooled_variance(log2, case)[0])
    se = np.where(seen, own[:, None], found.se)
    design = cell_means(list(np.where(case, "case", "reference")), None)
    lost = sum(np.where(seen[:, at].any(axis=1), 0, at.sum() - 1) for at in (case, ~case))

    def fit(weights: np.ndarray | None) -> LinearFit:
        from dataclasses import replace

        plain = fit_linear(found.log2, design, weights=weights)
        df = np.maximum(plain.df_residual - lost, 0)
        sigma = np.where(df > 0, plain.sigma * np.sqrt(plain.df_residual / np.maximum(df, 1)), np.nan)
        return replace(plain, df_residual=df, sigma=sigma)

    first = fit(None)
    used = (first.df_residual > 0) & (first.sigma > 0)
    mean, error = found.log2.mean(axis=1), np.log2(se)
    x = np.column_stack([np.ones(used.sum()), mean[used], error[used].mean(axis=1)])
    root = np.sqrt(first.sigma[used])
    b = np.linalg.lstsq(x, root, rcond=None)[0]
    share = 0.3 + 0.7 * (50 / max(int(used.sum()), 50)) ** (1 / 3)
    knots, level = lowess_curve(x @ b, root, fraction=share)
    trend = np.interp(b[0] + b[1] * first.fitted() + b[2] * error, knots, level)
    contrast = np.where(np.char.startswith(np.array(design.names, dtype=str), "case"), 1.0, -1.0)
    moderated = moderate(fit(trend**-4).contrast(contrast[:, None]), robust=True)
    return moderated.p[:, 0]


def limit_of_detection(log2: np.ndarray, case: np.ndarray, abundance: np.ndarray) -> np.ndarray:
    """P of prolfqua's way: where a group has no value its mean is the limit of detection.

    The limit is the median of the means of groups with one value; the variance is pooled over the groups. It adds what
    the model of abundance does not test (``merge_contrasts_results``).

    Parameters
    ----------
    log2, case
        As above.
    abundance
        P of the model of abundance, NaN where a group has no value.
    """
    seen = np.isfinite(log2)
    mean, number = {}, {}
    for at in (True, False):
        here = seen[:, case == at]
        number[at] = here.sum(axis=1)
        mean[at] = np.where(here, log2[:, case == at], 0).sum(axis=1) / np.maximum(number[at], 1)
    alone = np.concatenate([mean[at][number[at] == 1] for at in (True, False)])
    limit = np.median(alone) if len(alone) else np.nanmin(log2)
    variance, df = _pooled_variance(log2, case)
    a, b = (np.where(number[at] > 0, mean[at], limit) for at in (True, False))
    se = np.sqrt(variance * (1 / np.maximum(number[True], 1) + 1 / np.maximum(number[False], 1)))
    p = 2 * stdtr(np.maximum(df, 1), -np.abs(a - b) / se)
    return np.where(np.isfinite(abundance), abundance, p)


def _pooled_variance(log2: np.ndarray, case: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Variance within groups and its degrees of freedom; a high one of all where a feature has none."""
    squares, df = np.zeros(len(log2)), np.zeros(len(log2))
    for at in (case, ~case):
        seen = np.isfinite(log2[:, at])
        number = seen.sum(axis=1)
        mean = np.where(seen, log2[:, at], 0).sum(axis=1) / np.maximum(number, 1)
        squares += (np.where(seen, log2[:, at] - mean[:, None], 0) ** 2).sum(axis=1)
        df += np.maximum(number - 1, 0)
    variance = squares / np.maximum(df, 1)
    return np.where(df > 0, variance, np.quantile(np.sqrt(variance[df > 0]), _POOLED) ** 2), df


def hurdle(log2: np.ndarray, case: np.ndarray, abundance: np.ndarray) -> np.ndarray:
    """P of a hurdle model: the likelihood ratio of a logistic regression of presence, and the model of abundance.

    The two parts are independent given which values are seen, so their chi-squares add up.
    """
    seen = np.isfinite(log2)
    one, other = seen[:, case].sum(axis=1), seen[:, ~case].sum(axis=1)
    n, m = case.sum(), (~case).sum()

    def likelihood(k: np.ndarray, of: int) -> np.ndarray:
        share = np.clip(k / of, 1e-300, 1 - 1e-16)
        return k * np.log(share) + (of - k) * np.log(1 - share)

    ratio = 2 * (likelihood(one, n) + likelihood(other, m) - likelihood(one + other, n + m))
    varies = (one + other > 0) & (one + other < n + m)
    z = chi2.isf(np.clip(abundance, 1e-300, 1), 1)
    both = np.where(np.isfinite(abundance), chi2.sf(z + ratio, 2), chi2.sf(ratio, 1))
    return np.where(varies, both, abundance)
