"""Linear models of every feature at once: missing values, weights, and correlated samples within blocks.

The sums of squares and products of the design are formed per pattern of observed samples (or per feature,
when each has its own weights), in an orthonormal basis of the design, and solved as one stack of small
systems. Features of one pattern thus share everything but their values, and no loop runs over features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sevaxis.models.linear.design import Design, orthonormal_basis
from sevaxis.models.linear.systems import BlockCorrelation, invert_stack, observed_patterns
from sevaxis.models.numeric.blockwise import feature_blocks

# A residual below this share of the mean is rounding.
_ROUNDING = 1e-13
# A contrast is lost when more than this share of its squared length points where the samples do not see.
_LOST = 1e-12


@dataclass(frozen=True, eq=False)
class LinearFit:
    """Estimates per feature and column; a column is a coefficient of the design or a contrast.

    Attributes
    ----------
    names
        k columns.
    coefficients, stdev_unscaled
        features x k; estimates, and their standard errors divided by sigma. NaN where the samples observed
        for that feature cannot estimate the column.
    sigma
        Residual standard deviation per feature; NaN without residual degrees of freedom.
    df_residual
        Observed samples minus rank of their design, per feature.
    mean_abundance
        Mean of the observed values per feature.
    n_observed
        Observed samples per feature.
    pattern
        Index, per feature, into the leading axis of `covariance()`.
    """

    names: tuple[str, ...]
    coefficients: np.ndarray
    stdev_unscaled: np.ndarray
    sigma: np.ndarray
    df_residual: np.ndarray
    mean_abundance: np.ndarray
    n_observed: np.ndarray
    pattern: np.ndarray
    _basis: _Basis
    _columns: _Columns

    def contrast(
        self,
        contrasts: np.ndarray,
        names: Sequence[str] | None = None,
        *,
        shared_correlation: bool = False,
    ) -> LinearFit:
        """Estimate linear combinations of the design's coefficients.

        Standard errors are exact for every pattern of missing values and every weighting.

        Parameters
        ----------
        contrasts
            p x k over the columns of the design that was fitted (also when called on a fit of contrasts).
        names
            Of the contrasts.
        shared_correlation
            Give all features the correlations that the coefficients have in the complete, unweighted design.
            limma 3.54.1 does so (`contrasts.fit`): exact where the columns of the design are orthogonal, such
            as cell means without covariates; with batches and missing values off by up to a sixth in t. For
            comparisons with limma only; where a coefficient is lost, the exact value stands.

        Returns
        -------
        A fit whose columns are the contrasts; variances and degrees of freedom are those of this fit.
        """
        contrasts = np.asarray(contrasts, dtype=float)
        contrasts = contrasts[:, None] if contrasts.ndim == 1 else contrasts
        names = (
            tuple(f"contrast{k + 1}" for k in range(contrasts.shape[1])) if names is None else tuple(names)
        )
        if len(names) != contrasts.shape[1]:
            raise ValueError(f"{len(names)} names for {contrasts.shape[1]} contrasts")
        columns = self._basis.express(contrasts)
        estimate = self._basis.estimate(columns, self.pattern)
        if shared_correlation:
            single = self._basis.express(np.eye(len(contrasts)))
            unscaled = self._basis.estimate(single, self.pattern)["stdev_unscaled"]
            complete = single.weights.T @ self._basis.complete @ single.weights
            stdev = np.sqrt(np.diag(complete))
            correlation = complete / np.outer(stdev, stdev)
            for k, weights in enumerate(contrasts.T):
                used = weights != 0
                scaled = unscaled[:, used] * weights[used]
                variance = np.einsum("fi,ij,fj->f", scaled, correlation[np.ix_(used, used)], scaled)
                known = np.isfinite(variance) & np.isfinite(estimate["stdev_unscaled"][:, k])
                estimate["stdev_unscaled"][known, k] = np.sqrt(np.maximum(variance[known], 0.0))
        return replace(self, names=names, _columns=columns, **estimate)  # type: ignore[arg-type]

    def fitted(self, features: slice = slice(None)) -> np.ndarray:
        """Fitted values of the design, features x samples; of some features at a time to bound the memory."""
        return self._basis.estimates[features] @ self._basis.columns.T


@dataclass(frozen=True, eq=False)
class _Basis:
    """Estimates in the orthonormal basis Q of the design X = Q B, from which every contrast is made."""

    columns: np.ndarray  # Q, samples x rank
    to_basis: np.ndarray  # B, rank x p
    estimates: np.ndarray  # features x rank
    covariance: np.ndarray  # patterns x rank x rank
    deficient: np.ndarray  # patterns that do not see every direction
    unseen: np.ndarray  # deficient patterns x rank x rank: projector on the directions not seen
    complete: np.ndarray  # rank x rank: covariance if nothing were missing

    def express(self, contrasts: np.ndarray) -> _Columns:
        """Write contrasts of coefficients in the basis, c'b = c'B+ (Bb), and find those that are lost."""
        if contrasts.shape[0] != self.to_basis.shape[1]:
            raise ValueError(
                f"contrasts of {contrasts.shape[0]} weights for {self.to_basis.shape[1]} columns"
            )
        # In units of each column, so that no verdict depends on years or days.
        length = np.sqrt((self.to_basis**2).sum(axis=0))[:, None]
        length[length == 0] = 1.0
        contrasts, to_basis = contrasts / length, self.to_basis / length.T
        weights = np.linalg.pinv(to_basis).T @ contrasts
        outside = ((contrasts - to_basis.T @ weights) ** 2).sum(axis=0) > _LOST * (contrasts**2).sum(axis=0)
        lost = np.tile(outside, (len(self.covariance), 1))
        lost[self.deficient] |= ((self.unseen @ weights) ** 2).sum(axis=1) > _LOST * (weights**2).sum(axis=0)
        return _Columns(weights, lost)

    def estimate(self, columns: _Columns, pattern: np.ndarray) -> dict[str, np.ndarray]:
        """Coefficients and unscaled standard errors of the columns, each features x k."""
        variance = np.empty(columns.lost.shape)
        for rows in feature_blocks(len(variance), columns.weights.size):
            half = self.covariance[rows] @ columns.weights
            variance[rows] = np.einsum("rk,prk->pk", columns.weights, half)
        stdev = np.sqrt(np.maximum(variance, 0.0))
        stdev[columns.lost] = np.nan
        coefficients = self.estimates @ columns.weights
        coefficients[columns.lost[pattern]] = np.nan
        return {"coefficients": coefficients, "stdev_unscaled": stdev[pattern]}


@dataclass(frozen=True, eq=False)
class _Columns:
    """Contrasts in the orthonormal basis."""

    weights: np.ndarray  # rank x k
    lost: np.ndarray  # patterns x k, where the samples observed cannot estimate it


def fit_linear(
    y: np.ndarray,
    design: Design,
    *,
    weights: np.ndarray | None = None,
    block: Sequence | None = None,
    correlation: float | None = None,
) -> LinearFit:
    """Fit one linear model per feature by (generalised) least squares.

    With `block` and `correlation` rho the errors of two samples of one block correlate by rho (Smyth,
    Michaud & Scott 2005, Bioinformatics 21:2067); with weights the variance of an observation is sigma^2 /
    weight.

    Parameters
    ----------
    y
        features x samples, log2; NaN is a missing value.
    design
        samples x p, of any rank. A coefficient that it cannot estimate is NaN; contrasts may still be
        estimable.
    weights
        None, one per sample, or features x samples; finite and >= 0, where 0 leaves the observation out.
    block
        Label per sample (subject, litter); needs `correlation`.
    correlation
        Of two samples within a block, for instance from `duplicate_correlation`.

    Raises
    ------
    ValueError
        Infinite values, shapes that do not fit, negative weights, a correlation that no block of this size
        can have, or a design that leaves no residual degrees of freedom.
    """
    y, weights = check_inputs(y, design, weights)
    if (block is None) != (correlation is None):
        raise ValueError("block and correlation go together")
    q, to_basis = orthonormal_basis(design.matrix)
    samples, rank = q.shape
    if rank >= samples:
        raise ValueError(
            f"no residual degrees of freedom: {samples} samples, {len(design.names)} columns of rank {rank}"
        )
    groups = BlockCorrelation(block, correlation, samples)
    shared = weights if weights is not None and weights.ndim == 1 else None
    seen, pattern, complete = observed_patterns(y, weights)

    patterns = len(seen) if seen is not None else len(y)
    covariance = np.empty((patterns, rank, rank))
    ranks = np.empty(patterns, dtype=int)
    deficient, unseen = [np.empty(0, dtype=int)], [np.empty((0, rank, rank))]

    def solve(where: slice, scale: np.ndarray) -> None:
        gram = groups.gram(scale, q)
        covariance[where], ranks[where], lost, projectors = invert_stack(
            gram, (scale**2).max(axis=1, initial=0.0)
        )
        deficient.append(lost + where.start)
        unseen.append(projectors)

    if seen is not None:  # features share patterns: solve each pattern once, before the features
        scale = seen.astype(float) if shared is None else seen * np.sqrt(shared)
        for rows in feature_blocks(patterns, samples + rank * rank):
            solve(rows, scale[rows])

    features = len(y)
    estimates, rss, mean = np.empty((features, rank)), np.empty(features), np.empty(features)
    n_observed = np.empty(features, dtype=int)
    for rows in feature_blocks(features, samples + (rank * rank if seen is None else 0)):
        values = y[rows]
        observed = np.isfinite(values)
        if weights is not None:
            observed &= (weights if shared is not None else weights[rows]) > 0
        if not complete:
            values = np.where(observed, values, 0.0)
        n_observed[rows] = samples if complete else observed.sum(axis=1)
        mean[rows] = values.sum(axis=1) / np.maximum(n_observed[rows], 1)
        if seen is None and weights is not None:
            row_scale = np.sqrt(weights[rows]) * observed
            solve(rows, row_scale)
        elif complete:
            row_scale = scale  # one pattern: broadcasts over the features
        else:
            row_scale = scale[pattern[rows]]
        right = groups.product(row_scale, values, q)
        estimates[rows] = (
            right @ covariance[0]
            if patterns == 1
            else np.matmul(right[:, None, :], covariance[pattern[rows]])[:, 0, :]
        )
        residual = values - estimates[rows] @ q.T
        if not (complete and shared is None and seen is not None):
            residual *= row_scale
        rss[rows] = groups.sum_of_squares(row_scale, residual)
    # What rounding leaves of a feature that is constant within the cells is no variance.
    rss[rss <= n_observed * (_ROUNDING * mean) ** 2] = 0.0
    mean[n_observed == 0] = np.nan
    df_residual = n_observed - ranks[pattern]
    sigma = np.full(features, np.nan)
    some = df_residual > 0
    sigma[some] = np.sqrt(np.maximum(rss[some], 0.0) / df_residual[some])

    complete_scale = np.ones((1, samples)) if shared is None else np.sqrt(shared)[None]
    basis = _Basis(
        columns=q,
        to_basis=to_basis,
        estimates=estimates,
        covariance=covariance,
        deficient=np.concatenate(deficient),
        unseen=np.concatenate(unseen),
        complete=invert_stack(groups.gram(complete_scale, q), complete_scale.max(axis=1) ** 2)[0][0],
    )
    columns = basis.express(np.eye(len(design.names)))
    return LinearFit(
        names=design.names,
        **basis.estimate(columns, pattern),
        sigma=sigma,
        df_residual=df_residual.astype(float),
        mean_abundance=mean,
        n_observed=n_observed,
        pattern=pattern,
        _basis=basis,
        _columns=columns,
    )


def check_inputs(
    y: np.ndarray, design: Design, weights: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return y and weights as float arrays that fit the design, or say what does not fit.

    Raises
    ------
    ValueError
        As in `fit_linear`.
    """
    y = np.asarray(y, dtype=float)
    if y.ndim != 2 or y.shape[1] != design.matrix.shape[0]:
        raise ValueError(f"values of shape {y.shape} for a design of {design.matrix.shape[0]} samples")
    if np.isinf(y).any():
        infinite = np.flatnonzero(np.isinf(y).any(axis=1))
        raise ValueError(f"{len(infinite)} features hold infinite values, the first at index {infinite[0]}")
    if weights is None:
        return y, None
    weights = np.asarray(weights, dtype=float)
    if weights.shape not in {y.shape, y.shape[1:]}:
        raise ValueError(f"weights of shape {weights.shape} for values of shape {y.shape}")
    if not (weights >= 0).all() or np.isinf(weights).any():
        raise ValueError("weights are finite and not negative")
    return y, weights
