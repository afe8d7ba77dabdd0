"""Files that keep tables by column: parquet, feather, arrow."""

from __future__ import annotations

from pathlib import Path

from sevaxis.matrix.readers.tables.text import Table


def read_columnar(path: Path) -> Table | None:
    """Table of such a file; None for files of other kinds. The index that pandas wrote is the first column again."""
    import polars as pl

    with path.open("rb") as handle:
        magic = handle.read(8)
    if magic.startswith(b"PAR1"):
        frame = pl.read_parquet(path)
    elif magic.startswith((b"ARROW1", b"FEA1")):
        import warnings

        from pyarrow import feather

        with warnings.catch_warnings():
            # version 1 of the format, which R's feather package still writes, is deprecated in pyarrow
            warnings.simplefilter("ignore", DeprecationWarning)
            frame = pl.from_arrow(feather.read_table(path))
    else:
        return None
    index = [name for name in frame.columns if name.startswith("__index_level_")]
    frame = frame.select(*index, pl.exclude(index)) if index else frame
    if len(index) == 1:
        frame = frame.rename({index[0]: ""})
    texts = [name for name, kind in frame.schema.items() if kind in (pl.Categorical, pl.Enum)]
    return Table(path.name, frame.with_columns(pl.col(texts).cast(pl.String)))
