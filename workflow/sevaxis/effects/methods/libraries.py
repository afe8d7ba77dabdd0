"""Library sizes that compare, for the methods that take counts."""

from __future__ import annotations

import numpy as np

from sevaxis.base.vocabulary import Normalisation


def scale_libraries(counts: np.ndarray, normalisation: Normalisation) -> tuple[np.ndarray, str]:
    """Effective library sizes, from the features that are kept (as the authors of edgeR advise).

    Parameters
    ----------
    counts
        Features x samples, filtered.
    normalisation
        ``tmm``, ``median`` (of ratios), or ``none``.

    Returns
    -------
    One size per sample, and what was done, in a sentence.
    """
    from sevaxis.models.counts.size_factors import estimate_size_factors
    from sevaxis.models.counts.voom import tmm_factors

    library = counts.sum(axis=0)
    kept = f"of the {len(counts):,} features kept"
    if normalisation == Normalisation.TMM:
        return library * tmm_factors(counts, library), f"Library sizes {kept}, scaled by TMM"
    if normalisation == Normalisation.MEDIAN:
        ratio = estimate_size_factors(counts).values / library
        factors = ratio / np.exp(np.log(ratio).mean())
        return library * factors, f"Library sizes {kept}, scaled by the median of ratios"
    return library, f"Library sizes {kept}, as they are"
