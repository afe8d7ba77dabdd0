"""Stacks of small least-squares systems, one per pattern of observed samples or per feature."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

# Eigenvalues of the scaled Gram matrix lie in (0, 1]; below this a direction counts as not observed.
_UNSEEN = 1e-10


def observed_patterns(
    y: np.ndarray, weights: np.ndarray | None
) -> tuple[np.ndarray | None, np.ndarray, bool]:
    """Group features by the samples observed.

    Returns the distinct patterns (None where each feature has its own weights), the pattern of each
    feature, and whether nothing is missing.
    """
    features, samples = y.shape
    own = weights is not None and weights.ndim == 2
    # A sum is finite only if every term is: cheaper than a mask where nothing is missing.
    complete = not np.isnan(y.sum()) and (weights is None or bool((weights > 0).all()))
    if own:
        return None, np.arange(features), complete
    if complete:
        return np.ones((1, samples), dtype=bool), np.zeros(features, dtype=int), True
    observed = ~np.isnan(y)
    if weights is not None:
        observed &= weights > 0
    packed = np.packbits(observed, axis=1)
    keys = np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, pattern = np.unique(keys, return_index=True, return_inverse=True)
    return observed[first], pattern.ravel(), False


def invert_stack(gram: np.ndarray, top: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Invert a stack of Gram matrices, in the directions that are seen.

    Parameters
    ----------
    gram
        stack x rank x rank, from an orthonormal basis.
    top
        Largest weight of each, an upper bound of the eigenvalues up to a constant of the blocks.

    Returns
    -------
    (Pseudo-)inverses, ranks, indices of the matrices not of full rank, projectors on what those do not see.
    """
    size = gram.shape[1]
    top = np.where(top > 0, top, 1.0)[:, None, None]
    gram = gram / top
    rank = np.full(len(gram), size)
    inverse = np.zeros_like(gram)
    # An inverse of moderate size proves full rank without an eigendecomposition.
    sure = np.abs(np.linalg.det(gram)) > 1e-250
    inverse[sure] = np.linalg.inv(gram[sure])
    sure &= np.abs(inverse).max(axis=(1, 2), initial=0.0) < 1e8
    doubtful = np.flatnonzero(~sure)
    values, vectors = np.linalg.eigh(gram[doubtful])
    here = values > _UNSEEN
    reciprocal = np.where(here, 1.0 / np.where(here, values, 1.0), 0.0)
    inverse[doubtful] = (vectors * reciprocal[:, None, :]) @ vectors.swapaxes(1, 2)
    rank[doubtful] = here.sum(axis=1)
    lost = rank[doubtful] < size
    projector = (vectors[lost] * ~here[lost][:, None, :]) @ vectors[lost].swapaxes(1, 2)
    return inverse / top, rank, doubtful[lost], projector


class BlockCorrelation:
    """Inner products u' R^-1 v for errors that correlate by rho within blocks.

    For m observed samples of a block, R = (1 - rho) I + rho J has the inverse
    (I - k J) / (1 - rho) with k = rho / (1 + (m - 1) rho) (Sherman & Morrison 1950): no matrix is ever
    inverted, and a missing value only changes m. A sample alone in its block (m = 1) gets back the variance 1
    that the factor 1 / (1 - rho) took from it.
    """

    def __init__(self, block: Sequence | None, correlation: float | None, samples: int) -> None:
        self.members: list[np.ndarray] = []
        self.rho = 0.0
        if block is None or correlation is None:
            return
        _, index, sizes = np.unique(np.asarray(block).astype(str), return_inverse=True, return_counts=True)
        if len(index) != samples:
            raise ValueError(f"{len(index)} block labels for {samples} samples")
        self.rho = float(correlation)
        if not -1.0 / max(sizes.max() - 1, 1) < self.rho < 1.0:
            raise ValueError(f"a correlation of {self.rho:g} is impossible in blocks of {sizes.max()}")
        if self.rho != 0.0:
            self.members = [np.flatnonzero(index == b) for b in range(len(sizes))]

    def _each(self, scale: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the members of each block and its k, per row of `scale` (0 where not observed)."""
        for members in self.members:
            m = (scale[:, members] > 0).sum(axis=1)
            yield members, np.where(m > 0, self.rho / (1.0 + (np.maximum(m, 1) - 1) * self.rho), 0.0)

    def gram(self, scale: np.ndarray, q: np.ndarray) -> np.ndarray:
        """Q' S R^-1 S Q for each row S of `scale` (rows x samples): rows x rank x rank."""
        samples, rank = q.shape
        squares = (q[:, :, None] * q[:, None, :]).reshape(samples, rank * rank)
        gram = (scale**2 @ squares).reshape(-1, rank, rank)
        for members, k in self._each(scale):
            total = scale[:, members] @ q[members]
            gram -= (k[:, None] * total)[:, :, None] * total[:, None, :]
        return gram / (1.0 - self.rho)

    def product(self, scale: np.ndarray, values: np.ndarray, q: np.ndarray) -> np.ndarray:
        """Q' S R^-1 S y for each feature: features x rank."""
        if scale.shape[0] == 1 and not self.members:
            return values @ (q * (scale[0] ** 2)[:, None])
        product = (scale**2 * values) @ q
        for members, k in self._each(scale):
            total = (scale[:, members] * values[:, members]).sum(axis=1)
            product -= (k * total)[:, None] * (scale[:, members] @ q[members])
        return product / (1.0 - self.rho)

    def sum_of_squares(self, scale: np.ndarray, residual: np.ndarray) -> np.ndarray:
        """R' R^-1 r for each feature, r the weighted residuals."""
        total = np.einsum("fs,fs->f", residual, residual)
        for members, k in self._each(scale):
            total -= k * residual[:, members].sum(axis=1) ** 2
        return total / (1.0 - self.rho)
