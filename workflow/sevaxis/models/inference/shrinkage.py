"""Shrunken log2 fold changes: for ranking and plotting, beside the unshrunken ones, which stay primary."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, nnls

from sevaxis.models.counts.negative_binomial import NegativeBinomialFit
from sevaxis.models.numeric.blockwise import feature_blocks

# Zhu, Ibrahim & Love 2019 (Bioinformatics 35:2084) and R apeglm 1.20
NUISANCE_SCALE = 15.0  # SD of the normal prior of the other coefficients, natural logarithm: hardly any
MAX_PRIOR_SCALE = 1.0  # the Cauchy prior is never wider, natural logarithm
NEWTON_STEPS = 100
NEWTON_TOLERANCE = 1e-8
LONGEST_STEP = 4.0  # of a coefficient, natural logarithm
# Stephens 2017 (Biostatistics 18:275) and R ashr 2.2: grid of component SDs
GRID_FACTOR = np.sqrt(2.0)
SQP_STEPS = 200
SQP_TOLERANCE = 1e-8


@dataclass(frozen=True)
class Shrunken:
    """Shrunken effects; NaN where the effect is missing.

    Attributes
    ----------
    log2fc : ndarray (features,)
        Posterior mode (Cauchy prior) or mean (normal mixture).
    sd : ndarray (features,)
        Posterior standard deviation, for the mode from the curvature there.
    prior : dict of str to ndarray
        `scale` of the Cauchy prior on the log2 scale, or `sd` and `weight` of the mixture.
    """

    log2fc: np.ndarray
    sd: np.ndarray
    prior: dict[str, np.ndarray]


def shrink_counts(fit: NegativeBinomialFit, contrast: np.ndarray) -> Shrunken:
    """Shrink one contrast of a count model towards 0 by a Cauchy prior (apeglm: Zhu, Ibrahim & Love 2019).

    The prior's scale is estimated from all features; large, well-measured effects are left almost alone, noisy
    ones come close to 0. The mode is sought from the unshrunken estimate and from 0, and the higher one taken.

    Parameters
    ----------
    fit : NegativeBinomialFit
    contrast : ndarray (p,)

    Returns
    -------
    Shrunken

    Raises
    ------
    ValueError
        A contrast of another length than the design has columns, or of zeros.
    """
    contrast = np.asarray(contrast, dtype=float)
    p = fit.design.shape[1]
    if contrast.shape != (p,) or not contrast.any():
        raise ValueError(f"one contrast of {p} numbers is needed, not all of them 0")
    # coefficients in which the contrast is one of them: a row of the identity is replaced by the contrast
    position = int(np.abs(contrast).argmax())
    transform = np.eye(p)
    transform[position] = contrast
    design = fit.design @ np.linalg.inv(transform)
    start = fit.coefficients @ transform.T * np.log(2)
    se = np.sqrt(np.einsum("p,gpq,q->g", contrast, fit.covariance, contrast)) * np.log(2)
    known = np.flatnonzero(np.isfinite(se))
    log2fc, sd = np.full(len(fit.counts), np.nan), np.full(len(fit.counts), np.nan)
    if not known.size:
        return Shrunken(log2fc, sd, {"scale": np.array([np.nan])})
    scale = float(np.sqrt(_prior_variance(start[known, position], se[known])))
    for part in feature_blocks(len(known), fit.counts.shape[1]):
        rows = known[part]
        posterior = _Posterior(
            fit.counts[rows], design, np.log(fit.size_factors), fit.dispersion[rows], position, scale
        )
        at_zero = start[rows].copy()
        at_zero[:, position] = 0.0
        modes = [posterior.climb(start[rows]), posterior.climb(at_zero)]
        heights = [posterior.height(mode) for mode in modes]
        mode = np.where((heights[0] >= heights[1])[:, None], *modes)
        log2fc[rows] = mode[:, position] / np.log(2)
        variance = np.linalg.inv(posterior.curvature(mode))[:, position, position]
        sd[rows] = np.sqrt(np.maximum(variance, 0.0)) / np.log(2)
    return Shrunken(log2fc, sd, {"scale": np.array([scale / np.log(2)])})


def shrink_effects(effects: np.ndarray, se: np.ndarray) -> Shrunken:
    """Shrink effects of any model towards 0 by a mixture of normal priors (adaptive shrinkage: Stephens 2017).

    The mixture has mean 0 and weights of highest likelihood; effects are taken as normal with their `se`.

    Parameters
    ----------
    effects, se : ndarray (features,)
        NaN in either: left out.

    Returns
    -------
    Shrunken

    Raises
    ------
    ValueError
        Shapes differ; infinite effects; standard errors that are not positive.
    """
    effects, se = np.asarray(effects, dtype=float), np.asarray(se, dtype=float)
    known = ~(np.isnan(effects) | np.isnan(se))
    if effects.ndim != 1 or effects.shape != se.shape or not known.any():
        raise ValueError(f"effects {effects.shape} and standard errors {se.shape} must be two equal lists")
    b, s = effects[known], se[known]
    if not np.isfinite(b).all() or not (np.isfinite(s) & (s > 0)).all():
        raise ValueError("effects must be finite, standard errors positive and finite")

    smallest = s.min() / 10.0
    excess = (b**2 - s**2).max()
    largest = 2.0 * np.sqrt(excess) if excess > 0 else 8.0 * smallest
    steps = int(np.ceil(np.log(largest / smallest) / np.log(GRID_FACTOR)))
    grid = largest * GRID_FACTOR ** np.arange(-steps, 1)
    total = s[:, None] ** 2 + grid**2
    log_density = -0.5 * (np.log(total) + b[:, None] ** 2 / total)
    density = np.exp(log_density - log_density.max(axis=1, keepdims=True))
    weight = _mixture_weights(density)
    share = density * weight
    share /= share.sum(axis=1, keepdims=True)
    mean = b[:, None] * grid**2 / total
    variance = s[:, None] ** 2 * grid**2 / total
    centre = (share * mean).sum(axis=1)
    spread = (share * (variance + mean**2)).sum(axis=1) - centre**2
    log2fc, sd = np.full(len(effects), np.nan), np.full(len(effects), np.nan)
    log2fc[known], sd[known] = centre, np.sqrt(np.maximum(spread, 0.0))
    return Shrunken(log2fc, sd, {"sd": grid, "weight": weight})


def _prior_variance(effects: np.ndarray, se: np.ndarray) -> float:
    """Variance of the true effects by weighted moments (Efron & Morris 1975, as used by Zhu 2019), within limits."""
    excess, noise = effects**2 - se**2, se**2

    def balance(variance: float) -> float:
        information = 1.0 / (2.0 * (variance + noise) ** 2)
        return (excess * information).sum() / information.sum() - variance

    smallest, largest = 1e-6, MAX_PRIOR_SCALE**2
    if balance(smallest) <= 0:
        return smallest
    return largest if balance(largest) >= 0 else float(brentq(balance, smallest, largest, xtol=1e-12))


class _Posterior:
    """Log posterior of each feature's coefficients: negative binomial, one Cauchy and other normal priors."""

    def __init__(
        self,
        counts: np.ndarray,
        design: np.ndarray,
        offset: np.ndarray,
        dispersion: np.ndarray,
        position: int,
        scale: float,
    ) -> None:
        self.counts, self.design, self.offset = counts, design, offset
        self.alpha = dispersion[:, None]
        self.position, self.scale2 = position, scale**2
        self.normal = np.full(design.shape[1], NUISANCE_SCALE**-2)
        self.normal[position] = 0.0

    def height(self, beta: np.ndarray) -> np.ndarray:
        """Log posterior up to a constant."""
        eta = beta @ self.design.T + self.offset
        likelihood = self.counts * eta - (self.counts + 1.0 / self.alpha) * np.log1p(self.alpha * np.exp(eta))
        cauchy = np.log1p(beta[:, self.position] ** 2 / self.scale2)
        return likelihood.sum(axis=1) - 0.5 * (beta**2 @ self.normal) - cauchy

    def slope(self, beta: np.ndarray) -> np.ndarray:
        """Gradient of the log posterior."""
        mu = np.exp(beta @ self.design.T + self.offset)
        gradient = ((self.counts - mu) / (1.0 + self.alpha * mu)) @ self.design - beta * self.normal
        own = beta[:, self.position]
        gradient[:, self.position] -= 2.0 * own / (self.scale2 + own**2)
        return gradient

    def curvature(self, beta: np.ndarray, *, positive: bool = False) -> np.ndarray:
        """Minus the Hessian; `positive`: with a bound for the Cauchy part, which is not log-concave."""
        n, p = self.design.shape
        mu = np.exp(beta @ self.design.T + self.offset)
        weights = mu * (1.0 + self.alpha * self.counts) / (1.0 + self.alpha * mu) ** 2
        pairs = (self.design[:, :, None] * self.design[:, None, :]).reshape(n, p * p)
        hessian = (weights @ pairs).reshape(-1, p, p) + np.diag(self.normal)
        own2 = beta[:, self.position] ** 2
        cauchy = 2.0 * (self.scale2 - own2) / (self.scale2 + own2) ** 2
        if positive:
            cauchy = np.where(own2 < 0.5 * self.scale2, cauchy, 2.0 / (self.scale2 + own2))
        hessian[:, self.position, self.position] += cauchy
        return hessian

    def climb(self, start: np.ndarray) -> np.ndarray:
        """Newton's method with step halving, to the mode uphill from `start`."""
        beta = start.copy()
        part, active = self, np.arange(len(start))
        for _ in range(NEWTON_STEPS):
            here = beta[active]
            step = np.linalg.solve(part.curvature(here, positive=True), part.slope(here)[:, :, None])[:, :, 0]
            # a flat likelihood asks for a giant step
            step *= np.minimum(
                1.0, LONGEST_STEP / np.maximum(np.abs(step).max(axis=1, keepdims=True), 1e-300)
            )
            size, height = np.ones(len(here)), part.height(here)
            for _ in range(30):
                lower = part.height(here + size[:, None] * step) < height - 1e-12 * np.abs(height)
                if not lower.any():
                    break
                size[lower] /= 2.0
            beta[active] = here + size[:, None] * step
            moving = np.abs(size[:, None] * step).max(axis=1) > NEWTON_TOLERANCE
            if not moving.any():
                break
            part, active = part._of(moving), active[moving]
        return beta

    def _of(self, rows: np.ndarray) -> "_Posterior":
        part = object.__new__(_Posterior)
        vars(part).update(vars(self), counts=self.counts[rows], alpha=self.alpha[rows])
        return part


def _mixture_weights(density: np.ndarray) -> np.ndarray:
    """Weights of highest likelihood of mixture components, (features, components) -> (components,).

    Minimises -mean log(density @ w) + sum w over w >= 0, whose solution sums to 1, by sequential quadratic
    programming (Kim, Carbonetto, Stephens & Anitescu 2020).
    """
    n, k = density.shape
    weight = np.full(k, 1.0 / k)

    def objective(w: np.ndarray) -> float:
        return -np.log(density @ w).mean() + w.sum()

    value = objective(weight)
    for _ in range(SQP_STEPS):
        ratio = density / (density @ weight)[:, None]
        gradient = 1.0 - ratio.mean(axis=0)
        if gradient.min() > -SQP_TOLERANCE and np.abs(gradient[weight > SQP_TOLERANCE]).max() < SQP_TOLERANCE:
            break
        hessian = ratio.T @ ratio / n + 1e-10 * np.eye(k)
        upper = np.linalg.cholesky(hessian).T
        target, _ = nnls(upper, upper @ weight - np.linalg.solve(upper.T, gradient), maxiter=100 * k)
        step, direction = 1.0, target - weight
        while (
            objective(weight + step * direction) > value + 0.01 * step * gradient @ direction and step > 1e-8
        ):
            step /= 2.0
        weight = weight + step * direction
        updated = objective(weight)
        if value - updated < 1e-14:
            break
        value = updated
    return weight / weight.sum()
