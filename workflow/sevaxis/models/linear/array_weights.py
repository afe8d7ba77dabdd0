"""Weights for the quality of whole samples.

The variance of feature g in sample j is exp(delta_g + gamma_j) with the gamma_j summing to zero; the weight of a
sample is exp(-gamma_j) (Ritchie et al. 2006, BMC Bioinformatics 7:261). Residual likelihood, with the leverages of
the weighted fit (Smyth 2002, J Comput Graph Stat 11:836).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sevaxis.models.linear.design import Design, orthonormal_basis
from sevaxis.models.linear.fit import check_inputs
from sevaxis.models.linear.systems import BlockCorrelation, invert_stack, observed_patterns
from sevaxis.models.numeric.blockwise import feature_blocks

# A residual variance below this says that a feature is constant, not that it is precise.
_CONSTANT = 1e-15
# Longest step of a log variance: beyond, scoring overshoots. The whole step shrinks, so that the sum stays zero.
_LONGEST = 2.0


def array_weights(
    y: np.ndarray,
    design: Design,
    *,
    weights: np.ndarray | None = None,
    method: str = "reml",
    groups: Sequence | None = None,
    prior_features: float = 10.0,
    tolerance: float = 1e-8,
    max_rounds: int = 200,
) -> np.ndarray:
    """Estimate one quality weight per sample.

    Parameters
    ----------
    y
        features x samples, log2; NaN missing.
    design
        samples x p.
    weights
        Prior weights, one per sample or features x samples.
    method
        ``reml`` maximises the residual likelihood of all features, missing values included. ``gene_by_gene`` is the
        single pass of Ritchie et al. (2006), one scoring step per feature: it depends on the order of the features,
        and is what limma 3.54.1 does by default where values are missing or weighted. (Where none is, limma
        maximises the residual likelihood too, and stops within about 1e-3 of the maximum; with missing values its
        ``method = "reml"`` drops every incomplete feature.)
    groups
        Label per sample, where the samples of a group share one weight (Liu et al. 2015).
    prior_features
        Strength of the prior that all samples are alike, as a number of features.
    tolerance, max_rounds
        Of ``reml``: largest change of gamma in the last round, and rounds allowed.

    Returns
    -------
    One weight per sample; their geometric mean is 1.

    Raises
    ------
    ValueError
        As in `fit_linear`, or the rounds do not suffice.
    """
    y, weights = check_inputs(y, design, weights)
    q, _ = orthonormal_basis(design.matrix)
    labels = (
        np.arange(y.shape[1]) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    )
    if len(labels) != y.shape[1]:
        raise ValueError(f"{len(labels)} group labels for {y.shape[1]} samples")
    levels = labels.max() + 1
    if levels < 2:
        return np.ones(y.shape[1])
    # Contrasts of the levels, shifted so that the gamma of all samples sum to zero.
    contrasts = np.vstack([np.eye(levels - 1), -np.ones(levels - 1)])[labels]
    contrasts -= contrasts.mean(axis=0)
    if weights is not None:
        weights = np.broadcast_to(weights, y.shape)
    if method == "reml":
        gamma = _maximise(y, q, contrasts, weights, prior_features, tolerance, max_rounds)
    elif method == "gene_by_gene":
        gamma = _scan(y, q, labels, contrasts, weights, prior_features)
    else:
        raise ValueError(f"array weights by {method!r}: choose reml or gene_by_gene")
    return np.exp(-gamma)


def _maximise(
    y: np.ndarray,
    q: np.ndarray,
    contrasts: np.ndarray,
    weights: np.ndarray | None,
    prior: float,
    tolerance: float,
    max_rounds: int,
) -> np.ndarray:
    """Score over all features at once until gamma stands still."""
    observed = np.isfinite(y) if weights is None else np.isfinite(y) & (weights > 0)
    together = (observed.T @ observed.astype(float)) if not observed.all() else float(len(y))
    gamma = np.zeros(len(q))
    for _ in range(max_rounds):
        sample_weights = np.exp(-gamma)
        score = _score(y, q, weights, sample_weights)
        # Expected information of a complete feature, times the features that see both samples. Only the speed
        # depends on it, not the result.
        basis, _ = np.linalg.qr(q * np.sqrt(sample_weights)[:, None])
        residual = np.eye(len(q)) - basis @ basis.T
        free = np.diag(residual)
        information = (residual**2 - np.outer(free, free) / free.sum()) * together
        # The prior: features without a design whose squared residuals are all 1.
        score += prior * (sample_weights - 1.0)
        information += prior * np.diag(sample_weights)
        step = contrasts @ np.linalg.solve(contrasts.T @ information @ contrasts, contrasts.T @ score)
        gamma += step * min(1.0, _LONGEST / np.abs(step).max(initial=_LONGEST))
        if np.abs(step).max() < tolerance:
            return gamma
    raise ValueError(
        f"array weights did not settle in {max_rounds} rounds: last change {np.abs(step).max():.2g}"
    )


def _score(
    y: np.ndarray, q: np.ndarray, weights: np.ndarray | None, sample_weights: np.ndarray
) -> np.ndarray:
    """Sum over features of squared standardised residuals minus (1 - leverage), per sample."""
    samples, rank = q.shape
    seen, pattern, complete = observed_patterns(y, weights)
    independent = BlockCorrelation(None, None, samples)
    score = np.zeros(samples)
    for rows in feature_blocks(len(y), samples * rank):
        values = y[rows] if complete else np.nan_to_num(y[rows])
        if seen is None and weights is not None:  # every feature has weights of its own
            scale, which = (
                np.sqrt(weights[rows] * sample_weights) * np.isfinite(y[rows]),
                np.arange(len(values)),
            )
        else:
            assert seen is not None  # one of the two: weights per feature, or patterns of observed samples
            here, which = np.unique(pattern[rows], return_inverse=True)
            scale = seen[here] * np.sqrt(sample_weights)
        inverse, ranks, _, _ = invert_stack(independent.gram(scale, q), (scale**2).max(axis=1))
        leverage = scale**2 * np.einsum("prs,sr->ps", inverse @ q.T, q)
        df = ((scale > 0).sum(axis=1) - ranks)[which]
        at = scale if len(scale) == 1 else scale[which]
        right = (at**2 * values) @ q
        estimate = right @ inverse[0] if len(scale) == 1 else np.einsum("fi,fij->fj", right, inverse[which])
        squares = (at * (values - estimate @ q.T)) ** 2
        total = squares.sum(axis=1)
        used = (df > 1) & (total > _CONSTANT * df)
        if not used.any():
            continue
        score += (df[used] / total[used]) @ squares[used]
        share = np.bincount(which[used], minlength=len(scale)).astype(float)
        score -= share @ ((scale > 0) - leverage)
    return score


def _scan(
    y: np.ndarray,
    q: np.ndarray,
    labels: np.ndarray,
    contrasts: np.ndarray,
    weights: np.ndarray | None,
    prior: float,
) -> np.ndarray:
    """Pass over the features once, each with a scoring step from the information gathered so far.

    In contrasts of the levels, a diagonal matrix over samples is diag(others) + last, where `others` and `last` are
    its sums by level, and a vector is others - last. Shifts of gamma change nothing that a feature says.
    """

    def by_group(values: np.ndarray) -> tuple[np.ndarray, float]:
        total = np.bincount(labels, values)
        return total[:-1], total[-1]

    information = prior * contrasts.T @ contrasts
    diagonal = np.einsum("kk->k", information)
    phi = np.zeros(len(diagonal))
    observed = np.isfinite(y) if weights is None else np.isfinite(y) & (weights > 0)
    counted = np.where(observed, np.nan_to_num(y), 0.0)
    visible = observed.astype(float) if weights is None else np.where(observed, weights, 0.0)
    ranks = _ranks(observed, q)
    for g in range(len(y)):
        # With one residual degree of freedom the standardised residuals are known beforehand.
        df = int(observed[g].sum()) - ranks[g]
        if df < 2:
            continue
        weight = visible[g] * np.exp(-np.append(phi, -phi.sum())[labels])
        weighted = q * weight[:, None]
        gram = q.T @ weighted
        inverse = np.linalg.inv(gram) if ranks[g] == q.shape[1] else np.linalg.pinv(gram, hermitian=True)
        projected = q @ inverse
        free = observed[g] - (projected * weighted).sum(axis=1)
        squares = weight * (counted[g] - projected @ (counted[g] @ weighted)) ** 2
        s2 = squares.sum() / df
        if s2 <= _CONSTANT:
            continue
        others, last = by_group(free)
        information += last - np.outer(others - last, others - last) / df
        diagonal += others
        others, last = by_group(squares / s2 - free)
        phi += np.linalg.solve(information, others - last)
    return contrasts @ phi


def _ranks(observed: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Rank of the design on the samples observed, per feature."""
    seen, pattern, _ = observed_patterns(np.where(observed, 0.0, np.nan), None)
    assert seen is not None, "without weights samples are observed in patterns"
    gram = BlockCorrelation(None, None, len(q)).gram(seen.astype(float), q)
    return invert_stack(gram, np.ones(len(seen)))[1][pattern]
