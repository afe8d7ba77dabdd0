"""Log-linear model of negative binomial counts whose dispersion is known, one fit per feature, vectorised."""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from sevaxis.models.numeric.blockwise import feature_blocks

# Love, Huber & Anders 2014 (Genome Biology 15:550), Methods, and R DESeq2 1.38 `nbinomWaldTest`:
MU_FLOOR = 0.5  # fitted means are kept above half a count, so that a group of zeros keeps a finite estimate
RIDGE = (
    1e-6 / np.log(2) ** 2
)  # `a very wide prior`: variance 1e6 on the log2 scale, here per squared natural log
DEVIANCE_TOLERANCE = 1e-8  # relative change of the deviance at which iteration stops
MAX_ITERATIONS = 100
COEFFICIENT_LIMIT = 30.0  # a coefficient beyond (natural logarithm) means divergence
STEP_TOLERANCE = 1e-8  # of Newton's method, natural logarithm
MAX_HALVINGS = 30
LONGEST_STEP = 4.0  # of a coefficient in one step of Newton's method
START_OFFSET = 0.1  # added to normalised counts before the logarithm, for the starting values


@dataclass(frozen=True)
class CoefficientFit:
    """Coefficients of one log-linear model per feature, natural logarithm.

    Attributes
    ----------
    coefficients : ndarray (features, p)
    covariance : ndarray (features, p, p)
    converged : ndarray of bool (features,)
        False where neither iteration came to an end.
    fallback : ndarray of bool (features,)
        True where Newton's method was needed.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    converged: np.ndarray
    fallback: np.ndarray


def fit_coefficients(
    counts: np.ndarray, design: np.ndarray, size_factors: np.ndarray, dispersion: np.ndarray
) -> CoefficientFit:
    """Fit log(mean / size factor) = design @ coefficients by iteratively reweighted least squares.

    Weights are mu / (1 + dispersion mu) (McCullagh & Nelder 1989, chapter 2); means are floored at 0.5 and the
    coefficients carry a ridge of 1e-6 on the log2 scale (see the constants). The covariance is
    (X'WX + R)^-1 X'WX (X'WX + R)^-1 at the last weights. Features that do not come to an end within 100
    iterations, as the floor may make them, are fitted by Newton's method without the floor.

    Parameters
    ----------
    counts : ndarray (features, samples)
        No feature may be zero throughout.
    design : ndarray (samples, p)
        Full column rank.
    size_factors : ndarray (samples,)
    dispersion : ndarray (features,)

    Returns
    -------
    CoefficientFit
    """
    n_features, n_samples = counts.shape
    p = design.shape[1]
    coefficients = np.empty((n_features, p))
    covariance = np.empty((n_features, p, p))
    converged = np.empty(n_features, dtype=bool)
    for rows in feature_blocks(n_features, n_samples):
        coefficients[rows], converged[rows] = _iterate(counts[rows], design, size_factors, dispersion[rows])
    fallback = ~converged
    rest = np.flatnonzero(fallback)
    for part in feature_blocks(len(rest), n_samples):
        at = rest[part]
        coefficients[at], converged[at] = climb(
            counts[at], design, size_factors, dispersion[at], coefficients[at]
        )
    for rows in feature_blocks(n_features, n_samples):
        mu = fitted_means(coefficients[rows], design, size_factors)
        covariance[rows] = covariance_at(mu, design, dispersion[rows])
    return CoefficientFit(coefficients, covariance, converged, fallback)


def fitted_means(coefficients: np.ndarray, design: np.ndarray, size_factors: np.ndarray) -> np.ndarray:
    """Means of the counts, floored at half a count: (features, samples)."""
    # a diverging coefficient may overflow to infinity, which the caller finds by its size
    with np.errstate(over="ignore"):
        return np.maximum(size_factors * np.exp(coefficients @ design.T), MU_FLOOR)


def working_weights(mu: np.ndarray, dispersion: np.ndarray) -> np.ndarray:
    """Weights of the log link, mu / (1 + dispersion mu): (features, samples)."""
    return mu / (1.0 + dispersion[:, None] * mu)


def weighted_gram(weights: np.ndarray, design: np.ndarray) -> np.ndarray:
    """X'WX of every feature: (features, p, p)."""
    p = design.shape[1]
    products = (design[:, :, None] * design[:, None, :]).reshape(design.shape[0], p * p)
    return (weights @ products).reshape(-1, p, p)


def covariance_at(mu: np.ndarray, design: np.ndarray, dispersion: np.ndarray) -> np.ndarray:
    """Covariance of the ridge estimate at the means `mu`: (features, p, p), natural logarithm."""
    gram = weighted_gram(working_weights(mu, dispersion), design)
    inverse = np.linalg.inv(gram + RIDGE * np.eye(design.shape[1]))
    return inverse @ gram @ inverse


def _log_likelihood_constant(counts: np.ndarray, dispersion: np.ndarray) -> np.ndarray:
    """Part without the mean of the log likelihood at variance mu + dispersion mu^2: (features,)."""
    size = 1.0 / dispersion[:, None]
    return (gammaln(counts + size) - gammaln(size) - gammaln(counts + 1.0)).sum(axis=1)


def _log_likelihood_of_mean(counts: np.ndarray, mu: np.ndarray, dispersion: np.ndarray) -> np.ndarray:
    odds = dispersion[:, None] * mu
    return (counts * (np.log(odds) - np.log1p(odds)) - np.log1p(odds) / dispersion[:, None]).sum(axis=1)


def _iterate(
    counts: np.ndarray, design: np.ndarray, size_factors: np.ndarray, dispersion: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Iteratively reweighted least squares on a block; finished features leave the block."""
    p = design.shape[1]
    ridge = RIDGE * np.eye(p)
    log_factors = np.log(size_factors)
    start = np.log(counts / size_factors + START_OFFSET) @ np.linalg.pinv(design).T
    coefficients = start.copy()
    converged = np.zeros(len(counts), dtype=bool)

    active = np.arange(len(counts))
    y, alpha, beta = counts, dispersion, start
    constant = _log_likelihood_constant(y, alpha)
    mu = fitted_means(beta, design, size_factors)
    deviance = np.zeros(len(y))
    for iteration in range(MAX_ITERATIONS):
        weights = working_weights(mu, alpha)
        response = np.log(mu) - log_factors + (y - mu) / mu
        moment = (weights * response) @ design
        beta = np.linalg.solve(weighted_gram(weights, design) + ridge, moment[:, :, None])[:, :, 0]
        stable = np.abs(beta).max(axis=1) <= COEFFICIENT_LIMIT
        mu = fitted_means(np.where(stable[:, None], beta, 0.0), design, size_factors)
        previous = deviance
        deviance = -2.0 * (constant + _log_likelihood_of_mean(y, mu, alpha))
        change = np.abs(deviance - previous) / (np.abs(deviance) + 0.1)
        done = stable & (change < DEVIANCE_TOLERANCE) & (iteration > 0)
        coefficients[active[stable]] = beta[stable]
        converged[active[done]] = True
        going = stable & ~done
        if not going.any():
            break
        active, y, alpha, mu = active[going], y[going], alpha[going], mu[going]
        constant, deviance = constant[going], deviance[going]
    return coefficients, converged


def climb(
    counts: np.ndarray,
    design: np.ndarray,
    size_factors: np.ndarray,
    dispersion: np.ndarray,
    start: np.ndarray,
    *,
    ridge: float = RIDGE,
    tolerance: float = STEP_TOLERANCE,
) -> tuple[np.ndarray, np.ndarray]:
    """Newton's method with step halving on the penalised likelihood, which is concave: it cannot swing.

    Parameters
    ----------
    counts : ndarray (features, samples)
    design : ndarray (samples, p)
    size_factors : ndarray (samples,)
    dispersion : ndarray (features,)
        Positive.
    start : ndarray (features, p)
    ridge : float
        Precision of the coefficients' normal prior.
    tolerance : float
        Step, of any coefficient, below which a feature is done.

    Returns
    -------
    coefficients : ndarray (features, p)
    converged : ndarray of bool (features,)
    """
    alpha, offset = dispersion[:, None], np.log(size_factors)
    beta = np.clip(start, -COEFFICIENT_LIMIT, COEFFICIENT_LIMIT)
    converged = np.zeros(len(counts), dtype=bool)

    def height(rows: np.ndarray, values: np.ndarray) -> np.ndarray:
        eta = values @ design.T + offset
        terms = counts[rows] * eta - (counts[rows] + 1.0 / alpha[rows]) * np.log1p(alpha[rows] * np.exp(eta))
        return terms.sum(axis=1) - 0.5 * ridge * (values**2).sum(axis=1)

    active = np.arange(len(counts))
    reached = height(active, beta)
    for _ in range(MAX_ITERATIONS):
        here, y, a = beta[active], counts[active], alpha[active]
        mu = np.exp(here @ design.T + offset)
        gradient = ((y - mu) / (1.0 + a * mu)) @ design - ridge * here
        hessian = weighted_gram(mu * (1.0 + a * y) / (1.0 + a * mu) ** 2, design) + ridge * np.eye(
            design.shape[1]
        )
        step = np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0]
        # a flat likelihood asks for a giant step
        step *= np.minimum(1.0, LONGEST_STEP / np.maximum(np.abs(step).max(axis=1, keepdims=True), 1e-300))
        before, size = reached[active], np.ones((len(active), 1))
        for _ in range(MAX_HALVINGS):
            reached[active] = height(active, here + size * step)
            lower = reached[active] < before - 1e-12 * np.abs(before)
            if not lower.any():
                break
            size[lower] /= 2.0
        beta[active] = here + size * step
        done = np.abs(step).max(axis=1) < tolerance
        converged[active[done]] = True
        active = active[~done]
        if not active.size:
            break
    return beta, converged
