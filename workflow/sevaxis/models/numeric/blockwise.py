"""Blocks of features: every model works through its matrix in slices that fit the processor's cache."""

from collections.abc import Iterator

# 2^17 doubles are 1 MB: a handful of such arrays stay in the second-level cache, and memory stays bounded
BLOCK_ELEMENTS = 2**17


def feature_blocks(n_features: int, width: int, elements: int = BLOCK_ELEMENTS) -> Iterator[slice]:
    """Slices of features such that a (features x width) array holds about `elements` numbers.

    Parameters
    ----------
    n_features, width : int
        Features in all; numbers per feature in the largest temporary array.
    elements : int
        Numbers per block.

    Yields
    ------
    slice
    """
    step = max(1, elements // max(1, width))
    for start in range(0, n_features, step):
        yield slice(start, min(start + step, n_features))
