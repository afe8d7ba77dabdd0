"""Counts of sex marker genes, made by hand."""

import anndata
import numpy as np
import pandas as pd

MOUSE = ["Xist", "Ddx3y", "Eif2s3y", "Kdm5d", "Uty"]
FEMALE, MALE = [60, 0, 0, 0, 0], [0, 20, 15, 8, 5]


def mice(*marker_counts, library=1_000_000, genes=MOUSE, **var):
    """Samples with given counts of the marker genes, in order, and the rest of the library in one other gene."""
    counts = np.array(marker_counts, dtype=float)
    other = library - counts.sum(axis=1, keepdims=True)
    var = pd.DataFrame({"symbol": [*genes, "Actb"]} | var, index=[*genes, "Actb"])
    adata = anndata.AnnData(np.hstack([counts, other]), var=var)
    adata.obs_names = [f"m{i}" for i in range(len(counts))]
    return adata
