"""Maximum likelihood of log-linear models of negative binomial counts, without floor or prior: for deviances.

McCarthy, Chen & Smyth 2012 (Nucleic Acids Research 40:4288); McCullagh & Nelder 1989, chapter 2.
"""

import numpy as np
from scipy.special import gammaln, xlogy

from sevaxis.models.counts.nb_glm import START_OFFSET, climb, weighted_gram, working_weights
from sevaxis.models.numeric.blockwise import feature_blocks

POISSON = 1e-12  # the dispersion that stands for none: variance mu to a millionth at a million counts
NO_RIDGE = 1e-10  # keeps coefficients of groups of zeros finite; their means end below 1e-8
STEP_TOLERANCE, MAX_STEPS = 1e-10, 100
# A sample adds at least this to the information, so that samples whose mean is 0 shift its logarithm by a constant
LEAST_INFORMATION = 1e-10


def maximise_likelihood(
    counts: np.ndarray,
    design: np.ndarray,
    log_library: np.ndarray,
    dispersion: np.ndarray,
    start: np.ndarray | None = None,
    *,
    tolerance: float = STEP_TOLERANCE,
) -> tuple[np.ndarray, np.ndarray]:
    """Fit log mean = design @ coefficients + log library.

    Parameters
    ----------
    counts : ndarray (features, samples)
        Not negative; fractions are allowed.
    design : ndarray (samples, p)
        Full column rank.
    log_library : ndarray (samples,)
        Natural logarithm of the library sizes.
    dispersion : ndarray (features,)
        Not negative; 0 is Poisson.
    start : ndarray (features, p), optional
        Coefficients to start from.
    tolerance : float
        Of the last step of Newton's method, natural logarithm; what is left is of the order of its square.

    Returns
    -------
    coefficients : ndarray (features, p)
        Natural logarithm; large and negative, but finite, where a group has no count.
    mu : ndarray (features, samples)
        Fitted means.
    """
    dispersion = np.maximum(dispersion, POISSON)
    cells = np.unique(design.round(12), axis=0, return_inverse=True)[1].ravel()
    coefficients, mu = np.empty((len(counts), design.shape[1])), np.empty(counts.shape)
    groups = cells.max() + 1 == design.shape[1]
    solve = np.linalg.pinv(design).T
    for rows in feature_blocks(*counts.shape):
        if groups:
            level = np.empty((len(mu[rows]), cells.max() + 1))
            for cell in range(level.shape[1]):
                of_cell = cells == cell
                level[:, cell] = _one_group(counts[rows][:, of_cell], log_library[of_cell], dispersion[rows])
            eta = level[:, cells]
            coefficients[rows] = eta @ solve
        else:
            coefficients[rows], _ = climb(
                counts[rows],
                design,
                np.exp(log_library),
                dispersion[rows],
                _start(counts[rows], log_library) @ solve if start is None else start[rows],
                ridge=NO_RIDGE,
                tolerance=tolerance,
            )
            eta = coefficients[rows] @ design.T
        mu[rows] = np.exp(eta + log_library)
    return coefficients, mu


def _start(counts: np.ndarray, log_library: np.ndarray) -> np.ndarray:
    """Logarithm of the counts per unit of library, zeros lifted: (features, samples)."""
    return np.log(counts + START_OFFSET) - log_library


def _one_group(counts: np.ndarray, log_library: np.ndarray, dispersion: np.ndarray) -> np.ndarray:
    """Log mean per unit of library of samples without any difference, by Newton's method: (features,)."""
    library = np.exp(log_library)
    total = counts.sum(axis=1)
    level = np.log(np.maximum(total, NO_RIDGE) / library.sum())
    active = np.flatnonzero(total > 0)
    for _ in range(MAX_STEPS):
        mu = np.exp(level[active])[:, None] * library
        y, spread = counts[active], 1.0 + dispersion[active, None] * mu
        step = ((y - mu) / spread).sum(axis=1)
        step /= (mu * (1.0 + dispersion[active, None] * y) / spread**2).sum(axis=1)
        level[active] += step
        active = active[np.abs(step) > STEP_TOLERANCE]
        if not active.size:
            break
    return level


def deviance(counts: np.ndarray, mu: np.ndarray, dispersion: np.ndarray) -> np.ndarray:
    """Twice the log likelihood lost against means equal to the counts: (features,).

    2 sum [y log(y / mu) - (y + 1 / phi) log((1 + phi y) / (1 + phi mu))] at dispersion phi.
    """
    phi = np.maximum(dispersion, POISSON)[:, None]
    at = np.maximum(mu, np.finfo(float).tiny)
    change = np.log1p(phi * (counts - mu) / (1.0 + phi * mu))
    return 2.0 * (xlogy(counts, counts / at) - (counts + 1.0 / phi) * change).sum(axis=1)


def adjusted_profile_likelihood(
    counts: np.ndarray, mu: np.ndarray, design: np.ndarray, dispersion: np.ndarray
) -> np.ndarray:
    """Log likelihood of the dispersion at the means that it has its maximum at, Cox-Reid adjusted: (features,).

    The adjustment is -1/2 log det X'WX, W = mu / (1 + dispersion mu) (Cox & Reid 1987; McCarthy 2012, equation 3).
    """
    size = 1.0 / dispersion[:, None]
    terms = (
        gammaln(counts + size)
        - gammaln(size)
        + xlogy(counts, mu)
        - counts * np.log(mu + size)
        - size * np.log1p(mu / size)
    )
    weights = np.maximum(working_weights(mu, dispersion), LEAST_INFORMATION)
    return terms.sum(axis=1) - 0.5 * np.linalg.slogdet(weighted_gram(weights, design))[1]
