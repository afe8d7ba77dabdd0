"""GCT, the matrix format of GenePattern (1.2) and of the Connectivity Map (1.3, with annotation of the samples)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sevaxis.base.problems import refuse
from sevaxis.genes.identifiers import Identifier
from sevaxis.matrix.readers.signature import Signature
from sevaxis.matrix.readers.tables.assembly import Duplicates, assemble
from sevaxis.matrix.readers.tables.encoding import read_bytes, to_utf8
from sevaxis.matrix.readers.tables.layouts import as_text, to_float, to_pandas
from sevaxis.matrix.readers.tables.text import parse_table

if TYPE_CHECKING:
    import anndata


SIGNATURES = (Signature(format="GCT matrix", reader="gct", starts=(b"#1.2", b"#1.3")),)


def read_gct(
    path: Path,
    *,
    identifier: Identifier | None = None,
    duplicates: Duplicates | None = None,
) -> anndata.AnnData:
    """Read a GCT file.

    Parameters
    ----------
    path
        The file, possibly compressed.
    identifier
        What the row names are; judged from their form where missing.
    duplicates
        Which value stands where a feature comes twice with different values.

    Returns
    -------
    AnnData of samples x features; the annotation that version 1.3 keeps above the matrix is in ``obs``.

    Raises
    ------
    Problems
        For files without ``#1.2`` or ``#1.3``, or with other dimensions than their second line says.
    """
    import pandas as pd

    path = Path(path)
    data = to_utf8(read_bytes(path))[0]
    version, sizes, body, *_ = [*data.split(b"\n", 2), b"", b""]
    numbers = [int(cell) for cell in sizes.decode().split() if cell.isdigit()]
    if not version.startswith((b"#1.2", b"#1.3")) or len(numbers) < 2:
        found = version[:20].decode("utf-8", "replace")
        refuse(
            "This is no GCT file",
            where=path.name,
            found=found,
            allowed="#1.2 or #1.3",
            hint="see the GCT format of GenePattern",
        )
    rows, columns, row_meta, column_meta = numbers[:4] if len(numbers) > 3 else [*numbers[:2], 1, 0]
    table = parse_table(
        body, path.name, separator="\t", decimal=".", quoted=False, as_text=True if column_meta else set()
    )
    frame = table.frame
    samples = frame.columns[1 + row_meta :]
    if frame.height != rows + column_meta or len(samples) != columns:
        found = f"{frame.height - column_meta} x {len(samples)}"
        hint = "the file is cut short, or was edited"
        refuse(
            "The matrix has not the size it claims",
            where=path.name,
            found=found,
            allowed=f"{rows} x {columns}",
            hint=hint,
        )
    meta, matrix = frame.head(column_meta), frame.slice(column_meta)
    values = np.column_stack([to_float(matrix[column], table) for column in samples])
    keys = as_text(meta[frame.columns[0]])
    obs = pd.DataFrame(
        {key: [meta[s][i] for s in samples] for i, key in enumerate(keys)}, index=range(len(samples))
    )
    return assemble(
        values,
        as_text(matrix[frame.columns[0]]),
        list(samples),
        file=path.name,
        obs=obs.astype("string"),
        var=to_pandas(matrix.select(frame.columns[1 : 1 + row_meta]), matrix.height),
        identifier=identifier,
        duplicates=duplicates,
        notes={"version": version[1:4].decode()},
    )
