"""Correlation of samples within blocks (subjects, litters), one consensus over all features.

Per feature the correlation maximises the residual likelihood of a compound-symmetric model; the consensus
is a trimmed mean on the scale of Fisher's z (Smyth, Michaud & Scott 2005, Bioinformatics 21:2067).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sevaxis.models.linear.design import Design, orthonormal_basis
from sevaxis.models.linear.fit import check_inputs, fit_linear
from sevaxis.models.numeric.blockwise import feature_blocks

# Share of the features trimmed from each end (Smyth 2005), and how near a correlation may come to its limits.
_TRIM, _MARGIN = 0.15, 0.01
# Nodes at which the likelihood is looked at before its maximum is sought.
_NODES = 33
# A log-likelihood that changes by less than this between the limits says nothing: rounding (some 1e-13) would choose.
_FLAT = 1e-6
_TINY = np.finfo(float).tiny


def duplicate_correlation(
    y: np.ndarray, design: Design, block: Sequence, weights: np.ndarray | None = None
) -> float:
    """Estimate the consensus correlation of two samples of a block.

    Parameters
    ----------
    y
        features x samples, NaN missing.
    design
        samples x p, without the blocks.
    block
        Label per sample.
    weights
        As in `fit_linear`.

    Raises
    ------
    ValueError
        No block has two samples, the design already holds the blocks, or no feature has enough observations.
    """
    rho = feature_correlations(y, design, block, weights)
    z = np.sort(np.arctanh(rho[np.isfinite(rho)]))
    if not len(z):
        raise ValueError("no feature has enough observations within blocks to estimate their correlation")
    cut = int(_TRIM * len(z))
    return float(np.tanh(z[cut : len(z) - cut].mean()))


def feature_correlations(
    y: np.ndarray, design: Design, block: Sequence, weights: np.ndarray | None = None
) -> np.ndarray:
    """Estimate the correlation within blocks of every feature by residual maximum likelihood.

    Parameters and errors are those of `duplicate_correlation`.

    Returns
    -------
    One per feature, between the limits -1 / (largest block - 1) + 0.01 and 0.99: the highest maximum where there are
    several. NaN where a feature has no residual variance, fewer than three residual degrees of freedom, one block
    only, or fewer than two observations beyond one per block, and where what is observed says nothing about the
    correlation (the log-likelihood changes by less than 1e-6 between the limits).

    Notes
    -----
    limma 3.54.1 climbs from 0 and takes the maximum that it meets first, within a tolerance: with blocks of unequal
    size that is a lower one for about a feature in fifty, and the consensus differs in the third digit.
    """
    y, weights = check_inputs(y, design, weights)
    samples = y.shape[1]
    if len(block) != samples:
        raise ValueError(f"{len(block)} block labels for {samples} samples")
    _, index, sizes = np.unique(np.asarray(block).astype(str), return_inverse=True, return_counts=True)
    if sizes.max() < 2:
        raise ValueError("no block has two samples: there is no correlation to estimate")
    q, _ = orthonormal_basis(design.matrix)
    indicator = (index[:, None] == np.arange(len(sizes))).astype(float)
    if np.abs(indicator - q @ (q.T @ indicator)).max() < 1e-8:
        raise ValueError("the design already holds the blocks: drop them from it, or fit without a block")
    members = [np.flatnonzero(index == b) for b in range(len(sizes))]
    limits = (-1.0 / (sizes.max() - 1) + _MARGIN, 1.0 - _MARGIN)

    rho = np.empty(len(y))
    width = samples + (sizes.max() + 4) * q.shape[1] ** 2
    for rows in feature_blocks(len(y), width, elements=2**20):
        # The residual likelihood does not change with what the design explains; without it nothing cancels.
        fit = fit_linear(
            y[rows], design, weights=weights if weights is None or weights.ndim == 1 else weights[rows]
        )
        values = y[rows] - fit.fitted()
        scale = np.isfinite(values).astype(float)
        if weights is not None:
            scale *= np.sqrt(weights if weights.ndim == 1 else weights[rows])
        likelihood = _ResidualLikelihood(np.where(scale > 0, values, 0.0) * scale, scale, q, members)
        enough = likelihood.enough() & (fit.sigma > 0)
        found = np.full(len(values), np.nan)
        found[enough] = likelihood.maximise(*limits)[enough]
        rho[rows] = found
    return rho


class _ResidualLikelihood:
    """The residual likelihood of rho, from sums that do not depend on rho.

    A block with m observations has the inverse correlation (I - k J) / (1 - rho), k = rho / (1 + (m - 1)
    rho). Blocks of equal m share k, so that per feature one matrix and one vector per m suffice, whatever
    the number of samples. All arrays are stacked over features.
    """

    def __init__(self, z: np.ndarray, scale: np.ndarray, q: np.ndarray, members: list[np.ndarray]) -> None:
        samples, rank = q.shape
        largest = max(len(m) for m in members)
        self.n = (scale > 0).sum(axis=1)
        self.rank = rank
        self.gram = (scale**2 @ (q[:, :, None] * q[:, None, :]).reshape(samples, -1)).reshape(-1, rank, rank)
        self.product = (scale * z) @ q
        self.square = (z**2).sum(axis=1)
        self.count = np.zeros((largest, len(z)))
        self.block_gram = np.zeros((largest, len(z), rank, rank))
        self.block_product = np.zeros((largest, len(z), rank))
        self.block_square = np.zeros((largest, len(z)))
        for block in members:
            m = (scale[:, block] > 0).sum(axis=1)
            u, total = scale[:, block] @ q[block], z[:, block].sum(axis=1)
            for size in range(1, len(block) + 1):
                rows = np.flatnonzero(m == size)
                self.count[size - 1, rows] += 1
                self.block_gram[size - 1, rows] += u[rows, :, None] * u[rows, None, :]
                self.block_product[size - 1, rows] += total[rows, None] * u[rows]
                self.block_square[size - 1, rows] += total[rows] ** 2
        self._drop_unseen()

    def _drop_unseen(self) -> None:
        """Fix directions of the design that a feature does not see at zero, so that its systems stay regular."""
        top = np.maximum(np.einsum("fkk->fk", self.gram).max(axis=1), np.finfo(float).tiny)
        values, vectors = np.linalg.eigh(self.gram)
        unseen = values <= 1e-10 * top[:, None]
        self.seen = self.rank - unseen.sum(axis=1)
        self._df = np.maximum(self.n - self.seen, 1)
        lost = np.flatnonzero(unseen.any(axis=1))
        hidden = vectors[lost] * unseen[lost][:, None, :]
        # The constant adds the same to every log determinant, up to the factor 1 / (1 - rho) removed in
        # `score`.
        self.gram[lost] += (hidden @ hidden.swapaxes(1, 2)) * top[lost, None, None]

    def enough(self) -> np.ndarray:
        """Tell which features can say anything about rho."""
        blocks = self.count.sum(axis=0)
        return (self.n > self.seen + 2) & (blocks > 1) & (blocks < self.n - 1)

    def score(self, rho: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First and second derivative, by rho, of the residual log-likelihood with sigma profiled out."""
        m = np.arange(1, len(self.count) + 1)[:, None]
        inflation = 1.0 + (m - 1) * rho
        # k and its derivatives; the common factor 1 / (1 - rho) is kept apart.
        k = [rho / inflation, inflation**-2.0, -2.0 * (m - 1) * inflation**-3.0]
        gram = [self.gram, 0.0, 0.0]
        product = [self.product, 0.0, 0.0]
        square = [self.square, 0.0, 0.0]
        for order in range(3):
            gram[order] = gram[order] - np.einsum("mf,mfij->fij", k[order], self.block_gram)
            product[order] = product[order] - np.einsum("mf,mfi->fi", k[order], self.block_product)
            square[order] = square[order] - np.einsum("mf,mf->f", k[order], self.block_square)
        inverse = np.linalg.inv(gram[0])
        beta = np.einsum("fij,fj->fi", inverse, product[0])
        rss = square[0] - np.einsum("fi,fi->f", beta, product[0])
        # rss = c - b'A^-1 b; dA^-1 = -A^-1 dA A^-1
        slope_gap = product[1] - np.einsum("fij,fj->fi", gram[1], beta)
        rss_1 = (
            square[1]
            - 2 * np.einsum("fi,fi->f", beta, product[1])
            + np.einsum("fi,fij,fj->f", beta, gram[1], beta)
        )
        rss_2 = (
            square[2]
            - 2 * np.einsum("fi,fi->f", beta, product[2])
            + np.einsum("fi,fij,fj->f", beta, gram[2], beta)
            - 2 * np.einsum("fi,fij,fj->f", slope_gap, inverse, slope_gap)
        )
        turn = inverse @ gram[1]
        logdet_1 = np.einsum("fkk->f", turn)
        logdet_2 = np.einsum("fij,fji->f", inverse, gram[2]) - np.einsum("fij,fji->f", turn, turn)
        # log|R| = sum over blocks of (m - 1) log(1 - rho) + log(1 + (m - 1) rho). The factors 1 / (1 - rho)
        # of rss, of the gram matrix (rank seen) and of R cancel except for the number of blocks.
        rss = np.maximum(rss, 1e-15 * square[0] + _TINY)
        free = self.count.sum(axis=0)
        spread_1 = (self.count * (m - 1) / inflation).sum(axis=0) + free / (1 - rho)
        spread_2 = -(self.count * ((m - 1) / inflation) ** 2).sum(axis=0) + free / (1 - rho) ** 2
        first = -0.5 * (self._df * rss_1 / rss + logdet_1 + spread_1)
        second = -0.5 * (self._df * (rss_2 / rss - (rss_1 / rss) ** 2) + logdet_2 + spread_2)
        return first, second

    def value(self, rho: np.ndarray) -> np.ndarray:
        """Residual log-likelihood with sigma profiled out, up to a constant of the feature."""
        m = np.arange(1, len(self.count) + 1)[:, None]
        inflation = 1.0 + (m - 1) * rho
        k = rho / inflation
        gram = self.gram - np.einsum("mf,mfij->fij", k, self.block_gram)
        product = self.product - np.einsum("mf,mfi->fi", k, self.block_product)
        square = self.square - np.einsum("mf,mf->f", k, self.block_square)
        beta = np.linalg.solve(gram, product[:, :, None])[:, :, 0]
        rss = np.maximum(square - np.einsum("fi,fi->f", beta, product), 1e-15 * square + _TINY)
        spread = (self.count * np.log(inflation)).sum(axis=0) - np.log1p(-rho) * self.count.sum(axis=0)
        return -0.5 * (self._df * np.log(rss) + np.linalg.slogdet(gram)[1] + spread)

    def maximise(self, low: float, high: float) -> np.ndarray:
        """Find the highest maximum between two limits; NaN where the likelihood is flat.

        The likelihood may have several maxima (blocks of unequal size, missing values). Nodes, even in the log ratio
        of the variances of block means and of samples within a block, find the two highest; Newton steps their places.
        """
        largest = len(self.count)
        first, last = ((1.0 + (largest - 1) * rho) / (1.0 - rho) for rho in (low, high))
        ratio = np.geomspace(first, last, _NODES)
        nodes = (ratio - 1.0) / (ratio + largest - 1)
        nodes[[0, -1]] = low, high
        height = np.array([self.value(np.full(len(self.n), rho)) for rho in nodes])
        beside = np.pad(height, ((1, 1), (0, 0)), constant_values=-np.inf)
        peak = np.where((height >= beside[:-2]) & (height >= beside[2:]), height, -np.inf)
        best = peak.argmax(axis=0)
        rho = self._climb(nodes, best)
        np.put_along_axis(peak, best[None], -np.inf, axis=0)
        if (several := np.isfinite(peak).any(axis=0)).any():
            other = self._climb(nodes, np.where(several, peak.argmax(axis=0), best))
            rho = np.where(self.value(other) > self.value(rho), other, rho)
        return np.where(np.ptp(height, axis=0) < _FLAT, np.nan, rho)

    def _climb(self, nodes: np.ndarray, start: np.ndarray) -> np.ndarray:
        """Newton steps from a node to the maximum between its neighbours, halving where a step leaves the bracket."""
        last = len(nodes) - 1
        rho, lower, upper = nodes[start], nodes[np.maximum(start - 1, 0)], nodes[np.minimum(start + 1, last)]
        slope, _ = self.score(rho)
        at_limit = ((start == 0) & (slope <= 0)) | ((start == last) & (slope >= 0))
        for _ in range(60):
            first, second = self.score(rho)
            lower, upper = np.where(first > 0, rho, lower), np.where(first > 0, upper, rho)
            concave = second < 0
            step = rho - first / np.where(concave, second, -1.0)
            inside = concave & (step > lower) & (step < upper)
            following = np.where(at_limit, rho, np.where(inside, step, (lower + upper) / 2))
            moved = np.abs(following - rho).max(initial=0.0)
            rho = following
            if moved < 1e-10:
                break
        return rho
