"""Self-contained gene-set tests by rotation of the residuals: roast, and its closed form fry.

Is any member of the set changed? Rotating contrast and residual effects of all features together keeps their
correlation, which permutation of samples does too, but also works with covariates and few samples (Wu et al.
2010, Bioinformatics 26:2176-2182).
"""

import numpy as np
import pandas as pd
from scipy.special import betainc, chdtri, stdtr

from sevaxis.models.genesets.sets import SetIndex, contrast_effects, set_table
from sevaxis.models.inference.multiplicity import benjamini_hochberg
from sevaxis.models.linear.empirical_bayes import posterior_variance
from sevaxis.models.linear.variance_prior import fit_prior
from sevaxis.models.numeric.blockwise import feature_blocks

#: Degrees of freedom, as a share of the residual ones, of a variance without its largest squared effect: the
#: value that the method's authors use (limma 3.54.1, fry).
TRIMMED_DF = 0.92


def fry(
    y: np.ndarray,
    design: np.ndarray,
    contrast: np.ndarray,
    sets: SetIndex,
    *,
    weights: np.ndarray | None = None,
) -> pd.DataFrame:
    """Rotation test in closed form: the limit of infinitely many rotations, each feature scaled once.

    Parameters
    ----------
    y
        Log2 abundances without missing values, (features x samples).
    design, contrast
        (samples x coefficients) of full rank, and (coefficients,).
    sets
        From :func:`~sevaxis.models.genesets.sets.index_sets` on the rows of ``y``.
    weights
        Precision weights, (samples,) or (features x samples).

    Returns
    -------
    pandas.DataFrame
        A row per set: ``set, n_features, direction, t, df, p, p_mixed, q, status, q_mixed``; ``p`` of members
        moving one way (two-sided), ``p_mixed`` of members moving either way.

    Raises
    ------
    ValueError
        See :func:`~sevaxis.models.genesets.sets.contrast_effects`.

    Notes
    -----
    Each feature is divided by a moderated standard deviation in which contrast and residual effects count alike; it
    depends a little on the basis chosen for the residual effects, here and in limma, whose choice is kept.
    The set's mean effect is then a t statistic on the residual df. For ``p_mixed`` the sum of squared effects
    under a uniform rotation r is sum_k A_k r_k^2, A the 1 + df eigenvalues of the set's cross-products and r_k^2
    Dirichlet(1/2): its mean and variance are matched by a beta distribution between the smallest and the largest
    A. Sets with fewer members than 1 + df have eigenvalues of 0, which belong to it; limma 3.54.1 leaves them
    out, and its mixed p-values of such sets are too large (up to 1 where they should be uniform).

    ``p`` holds its level; ``p_mixed`` is liberal in small experiments (0.096 at n = 3 per group, 0.07 at n = 5,
    simulated), in limma as here: rest no conclusion on it, :func:`roast` answers the same question at level.
    """
    effects = contrast_effects(y, design, contrast, weights)
    df = effects.shape[1] - 1
    variance = _symmetric_variance(effects)
    effects = effects / np.sqrt(np.where(variance > 0, variance, np.inf))[:, None]
    mean = sets.sums(effects) / sets.sizes[:, None]
    spread = np.sqrt(np.mean(mean[:, 1:] ** 2, axis=1))
    t = mean[:, 0] / np.where(spread > 0, spread, np.nan)
    p_mixed = np.array([_mixed(effects[rows]) for rows in sets])
    p = 2 * stdtr(df, -np.abs(t))
    table = set_table(sets, t=t, df=np.full(t.size, float(df)), p=p, p_mixed=p_mixed)
    return table.assign(q_mixed=benjamini_hochberg(p_mixed))


def _mixed(effects: np.ndarray) -> float:
    """Upper tail of the sum of squared first effects of one set, (members x (1 + df)), under rotation."""
    cross = np.linalg.eigvalsh(effects.T @ effects)
    smallest, width = cross[0], cross[-1] - cross[0]
    if width <= 1e-12 * cross[-1]:
        return 1.0 if cross[-1] > 0 else np.nan  # the same in every direction: rotation changes nothing
    observed = np.clip((np.sum(effects[:, 0] ** 2) - smallest) / width, 0.0, 1.0)
    mean = (cross.mean() - smallest) / width
    variance = 2 * cross.var() / (cross.size + 2) / width**2
    concentration = mean * (1 - mean) / variance - 1
    return float(betainc(concentration * (1 - mean), concentration * mean, 1 - observed))


def roast(
    y: np.ndarray,
    design: np.ndarray,
    contrast: np.ndarray,
    sets: SetIndex,
    *,
    weights: np.ndarray | None = None,
    rotations: int = 9_999,
    seed: int = 0,
) -> pd.DataFrame:
    """Rotation test with moderated statistics recomputed in every rotation.

    Parameters
    ----------
    y, design, contrast, sets, weights
        As :func:`fry`.
    rotations
        Random rotations; the smallest attainable p is 1 / (rotations + 1).
    seed
        Of the random numbers: the same seed gives the same result.

    Returns
    -------
    pandas.DataFrame
        As :func:`fry`, with ``t`` the mean normal deviate of the set's moderated t statistics, without ``df``.

    Raises
    ------
    ValueError
        See :func:`~sevaxis.models.genesets.sets.contrast_effects`.

    Notes
    -----
    The set statistics are the mean deviate, two-sided, and the mean squared deviate. Deviates are Wallace's
    (1959, Ann Math Stat 30:1124-1130), monotone in |t|; observed and rotated sets are treated alike, so that
    the approximation does not touch the validity of p = (exceeding + 1) / (rotations + 1) (Phipson & Smyth
    2010, Stat Appl Genet Mol Biol 9:39).
    """
    effects = contrast_effects(y, design, contrast, weights)
    total, df = np.sum(effects**2, axis=1), effects.shape[1] - 1
    s2, residual = np.mean(effects[:, 1:] ** 2, axis=1), np.full(len(effects), float(df))
    s2_prior, df_prior = fit_prior(s2, residual)
    df_total = np.minimum(residual + df_prior, residual.sum())

    def set_statistics(first: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and mean squared deviate of each set for first effects (features x rotations)."""
        rest = np.maximum(total[:, None] - first**2, 0.0) / df
        posterior = posterior_variance(rest, residual[:, None], s2_prior[:, None], df_prior[:, None])
        square = first**2 / np.where(posterior > 0, posterior, np.inf)
        finite = np.minimum(df_total, 1e10)[:, None]
        deviate = np.sign(first) * np.sqrt(finite * np.log1p(square / finite))
        deviate *= (8 * finite + 1) / (8 * finite + 3)
        size = sets.sizes[:, None]
        return sets.sums(deviate) / size, sets.sums(deviate**2) / size

    mean, squared = (observed[:, 0] for observed in set_statistics(effects[:, :1]))
    rng = np.random.default_rng(seed)
    reached, reached_mixed = np.zeros(mean.size), np.zeros(mean.size)
    for block in feature_blocks(rotations, len(effects)):
        direction = rng.normal(size=(df + 1, block.stop - block.start))
        rotated, rotated_squared = set_statistics(effects @ (direction / np.linalg.norm(direction, axis=0)))
        # 1 + 1e-10: a set must not lose against itself by rounding
        reached += np.sum(np.abs(rotated) * (1 + 1e-10) >= np.abs(mean)[:, None], axis=1)
        reached_mixed += np.sum(rotated_squared * (1 + 1e-10) >= squared[:, None], axis=1)
    p, p_mixed = (reached + 1) / (rotations + 1), (reached_mixed + 1) / (rotations + 1)
    table = set_table(sets, t=mean, p=p, p_mixed=p_mixed)
    return table.assign(q_mixed=benjamini_hochberg(p_mixed))


def _symmetric_variance(effects: np.ndarray) -> np.ndarray:
    """Moderated variance of each feature from all its effects but the largest, (features,).

    Contrast and residual effects must count alike, or the rotation would know which one is the contrast; a true
    contrast must not inflate the variance. So the largest squared effect is left out, whichever it is, and the
    rest divided by its expectation under normality.
    """
    squares = effects**2
    count = effects.shape[1]
    residual = np.full(len(effects), count - 1.0)
    prior = fit_prior(np.mean(squares[:, 1:], axis=1), residual)
    nodes, shares = np.polynomial.legendre.leggauss(128)
    uniform = (nodes + 1) / 2
    largest = np.sum(shares / 2 * count * uniform ** (count - 1) * chdtri(1, 1 - uniform))
    trimmed = (squares.sum(axis=1) - squares.max(axis=1)) / (count - largest)
    return posterior_variance(trimmed, TRIMMED_DF * residual, *prior)
