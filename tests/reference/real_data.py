"""Real public matrices for the reference tests, read straight from the shared folder."""

import warnings
from functools import cache
from pathlib import Path

import pandas as pd


@cache
def read_expression_set(path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Values (features x samples) and sample table of the one ExpressionSet or MSnSet in an `.rda` file."""
    import rdata

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Missing constructor")
        (content,) = rdata.read_rda(path).values()
    values = content.assayData["exprs"]
    samples = content.phenoData.data
    frame = pd.DataFrame(values.values, index=values.dim_0.values, columns=values.dim_1.values)
    samples.index = samples.index.astype(str)
    return frame, samples.loc[frame.columns]
