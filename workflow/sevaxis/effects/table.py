"""The effects table: one row per data set x contrast x stratum x feature, whatever the assay.

Every model writes these columns and everything behind the models reads only these.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sevaxis.base.vocabulary import Assay, Compartment, Role, Status, Stratum

if TYPE_CHECKING:
    import pandas as pd

#: Text columns that repeat over many rows and are stored as categories.
CATEGORIES = {
    "dataset": None,
    "assay": tuple(map(str, Assay)),
    "organism": None,
    "tissue": None,
    "compartment": tuple(map(str, Compartment)),
    "contrast": None,
    "role": tuple(map(str, Role)),
    "stratum": tuple(map(str, Stratum)),
    "status": tuple(map(str, Status)),
}
#: Column name -> dtype, in the order of the file.
#:
#: ``log2fc``, ``se``, ``ci_low``, ``ci_high`` and ``mde80`` are log2 fold changes, case over reference;
#: ``ci_*`` bound the 95 % interval; ``p`` is two-sided; ``q`` is Benjamini-Hochberg within data set x contrast
#: x stratum; ``detection_p`` is the exact test of presence within batch and sex, or within the subject,
#: ``detection_p_min`` the smallest that its margins can give, ``detection_log_or`` the natural log odds ratio of
#: presence (:mod:`sevaxis.effects.presence`); ``mean_abundance`` is log2 (log2 counts per million for RNA counts);
#: ``mde80`` is the smallest true effect found with 80 % power at alpha = 0.05, missing below one degree of freedom.
COLUMNS = {
    "dataset": "category",
    "assay": "category",
    "organism": "category",
    "tissue": "category",
    "compartment": "category",
    "contrast": "category",
    "role": "category",
    "stratum": "category",
    "feature_id": "string",
    "symbol": "string",
    "human_symbol": "string",
    "n_case": "Int32",
    "n_reference": "Int32",
    "detected_case": "Int32",
    "detected_reference": "Int32",
    "log2fc": "float64",
    "se": "float64",
    "ci_low": "float64",
    "ci_high": "float64",
    "t": "float64",
    "df": "float64",
    "p": "float64",
    "q": "float64",
    "detection_p": "float64",
    "detection_p_min": "float64",
    "detection_log_or": "float64",
    "mean_abundance": "float64",
    "mde80": "float64",
    "status": "category",
    "reason": "string",
}


def conform(table: pd.DataFrame) -> pd.DataFrame:
    """Give a table the columns, order and types of the effects table, and check what must always hold.

    Parameters
    ----------
    table
        Rows of effects; columns that are missing are filled with missing values.

    Raises
    ------
    ValueError
        For columns that the effects table does not know, for values outside the fixed vocabularies, for rows
        that are not unique, for tested rows without an estimate, and for untested rows without a reason.
    """
    unknown = sorted(set(table.columns) - set(COLUMNS))
    if unknown:
        raise ValueError(f"the effects table has no columns {unknown}")
    table = table.reindex(columns=list(COLUMNS)).astype(COLUMNS).reset_index(drop=True)
    for column, vocabulary in CATEGORIES.items():
        values = table[column].cat.categories
        if vocabulary is not None and not set(values) <= set(vocabulary):
            raise ValueError(
                f"{column} must be one of {vocabulary}, found {sorted(set(values) - set(vocabulary))}"
            )
    key = ["dataset", "contrast", "stratum", "feature_id"]
    if table.duplicated(key).any():
        first = table.loc[table.duplicated(key), key].iloc[0].tolist()
        raise ValueError(f"two rows for the same data set, contrast, stratum and feature: {first}")
    tested = table["status"].eq("tested")
    if table.loc[tested, "log2fc"].isna().any():
        raise ValueError("a tested row has no log2fc")
    if table.loc[~tested, "reason"].isna().any():
        raise ValueError("a row that was not tested gives no reason")
    return table


def concatenate(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Effects of several data sets as one table (categories united)."""
    import pandas as pd

    return conform(pd.concat([table.astype(dict.fromkeys(CATEGORIES, "object")) for table in tables]))


def write_effects(table: pd.DataFrame, path: Path) -> None:
    """Write an effects table as parquet, or as gzipped text (six significant digits) where the name ends so."""
    path = Path(path)
    if not path.name.endswith(".tsv.gz"):
        table.to_parquet(path, index=False)
        return
    import gzip

    import polars as pl

    text = pl.from_pandas(table).with_columns(pl.col(pl.Float64).round_sig_figs(6))
    # No file name and no time in the header: the same table gives the same bytes.
    with path.open("wb") as file, gzip.GzipFile("", "wb", compresslevel=4, fileobj=file, mtime=0) as packed:
        text.write_csv(packed, separator="\t")  # type: ignore[call-overload]  # a file object, as documented


def read_effects(path: Path) -> pd.DataFrame:
    """Effects table from a parquet file written by :func:`write_effects`."""
    import pandas as pd

    return conform(pd.read_parquet(path))
