"""Text tables of the workflow's own, read as they were written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

#: Columns of names: text also where a name is 1, 01, NA or None.
NAMES = (
    "assay", "batch", "compartment", "contrast", "dataset", "feature_id", "group", "human_symbol", "organism", "role",
    "sample", "sex", "status", "stratum", "subject", "symbol", "tissue",
)  # fmt: skip


def read_named(path: Path | str) -> pd.DataFrame:
    """A tab-separated table of ours; names stay text, and only an empty cell is missing.

    Parameters
    ----------
    path
        The file.
    """
    import pandas as pd

    return pd.read_csv(path, sep="\t", dtype=dict.fromkeys(NAMES, str), keep_default_na=False, na_values=[""])
