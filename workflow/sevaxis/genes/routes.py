"""Words of ``mapping_route``: what was found by which identifier, and why a feature is no gene of the organism."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

#: What a route begins with where the feature's gene is in no table.
NONE, AS_GIVEN = "none", "as given"
#: What follows ``none:`` for features that are no gene of the organism.
DATE, FOREIGN, MARKED = "a date that Excel made of a gene name", "a protein of ", "contaminant or decoy"


def identified(var: pd.DataFrame) -> np.ndarray:
    """Whether the gene of each feature was found in a table (boolean)."""
    routes = var["mapping_route"].astype("string")
    return ~routes.str.startswith((NONE, AS_GIVEN)).fillna(True).to_numpy(bool)


def strange(var: pd.DataFrame) -> np.ndarray:
    """Whether each feature is known to be no gene of the organism: another species' protein, a decoy (boolean)."""
    routes = var["mapping_route"].astype("string")
    return routes.str.startswith((f"{NONE}: {FOREIGN}", f"{NONE}: {MARKED}")).fillna(False).to_numpy(bool)
