"""Tables in four layouts -> AnnData: which columns are features, samples and annotation; stray rows.

- wide: a row per feature, a column per sample. Text rows between header and numbers (a second header, Perseus'
  ``#!{Type}`` rows) become sample annotation ``header_2``, ...; summary rows at the end (named Total and the like, or
  equal to the column sums) are dropped and counted.
- long: a row per value.
- transposed: a row per sample, a column per feature.
- sheet: a row per sample, no values.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import numpy as np

from sevaxis.base.problems import Problems, refuse
from sevaxis.base.vocabulary import Namespace
from sevaxis.genes.identifiers import Identifier, identifier_of
from sevaxis.matrix.readers.tables.assembly import Duplicates, assemble, assemble_sheet
from sevaxis.matrix.readers.tables.cells import is_note
from sevaxis.matrix.readers.tables.columns import (
    choose_column,
    numeric_columns,
    sample_columns,
    stray_problem,
)
from sevaxis.matrix.readers.tables.text import Table

if TYPE_CHECKING:
    import anndata
    import pandas as pd
    import polars as pl

Layout = Literal["wide", "long", "transposed", "sheet"]
#: A long table has a value for one in so many pairs of feature and sample, or it is read by the wrong columns; a small
#: one may be as sparse as it likes.
SPARSEST, LARGEST_SPARSE = 50, 5_000_000
#: First cells of summary rows that people leave below a table.
SUMMARY_NAMES = {
    "total",
    "sum",
    "grand total",
    "mean",
    "average",
    "median",
    "column total",
    "column sum",
    "summe",
}


def from_table(
    table: Table,
    layout: Layout,
    feature: str | None,
    samples: list[str] | str | None,
    sample: list[str] | str | None,
    value: str | None,
    identifier: Identifier | None,
    duplicates: Duplicates | None,
    annotation: list[str] | None = None,
) -> anndata.AnnData:
    """AnnData of a table in one of four layouts; see :func:`sevaxis.matrix.readers.delimited.read_delimited`."""
    for name in annotation or []:
        choose_column(table, name, "annotation")
    match layout:
        case "wide":
            return _from_wide(table, feature, samples, identifier, duplicates, annotation or [])
        case "long":
            return _from_long(table, feature, sample, value, identifier, duplicates)
        case "transposed":
            return _from_transposed(table, sample, identifier, duplicates, annotation or [])
        case "sheet":
            name = choose_column(table, _single(sample) or table.frame.columns[0], "sample")
            obs = to_pandas(table.frame, table.frame.height)
            return assemble_sheet(obs, as_text(table.frame[name]), file=table.file, notes=table.notes)


def _from_wide(table, feature, samples, identifier, duplicates, annotation):
    import pandas as pd

    frame = table.frame
    name = choose_column(table, feature, "feature") if feature else frame.columns[0]
    columns, sample_names = sample_columns(table, [name, *annotation], samples)
    frame, headers, notes = _cut_stray_rows(table, columns)
    if not columns:
        hint = "name them with the option 'samples'; is there a title above the header? The option 'skip' leaves it out"
        cells = zip(frame.columns[:6], frame.row(0) if frame.height else (), strict=False)
        refuse(
            "No column holds numbers",
            where=table.file,
            found=", ".join(f"{name}: {cell}" for name, cell in cells) or "no rows",
            allowed="samples",
            hint=hint,
        )
    features = as_text(frame[name])
    _refuse_lying(table, columns, features)
    values = to_matrix(frame, columns, table)
    var = to_pandas(frame.drop({name, *columns}), frame.height)
    rows = [_spread(row) for row in table.above]
    above = {f"above_{i + 1}": [row.get(c, "") for c in columns] for i, row in enumerate(rows)}
    below = {f"header_{i + 2}": row for i, row in enumerate(headers)}
    obs = pd.DataFrame(above | below, index=range(len(columns)))
    last = _end_of_features(features, values, notes)
    return assemble(
        values[:last],
        features[:last],
        sample_names,
        file=table.file,
        var=var.iloc[:last],
        obs=obs,
        identifier=identifier,
        duplicates=duplicates,
        notes={**table.notes, **notes},
    )


def _spread(row: dict[str, str]) -> dict[str, str]:
    """A row above the header, where a cell of a merged range stands at its begin: it is said of what follows, too."""
    last, cells = "", {}
    for name, cell in row.items():
        last = cell or last
        cells[name] = last
    return cells


def features_above(table: Table, columns: list[str]) -> dict[str, list[str]]:
    """What rows above the header say of features that are columns, by the word that stands before it.

    Parameters
    ----------
    table
        With a row per sample.
    columns
        The features.
    """
    found: dict[str, list[str]] = {}
    names = table.frame.columns
    before = names[: names.index(columns[0])][::-1] if columns else []
    for i, row in enumerate(table.above):
        cells = [row.get(name, "") for name in columns]
        label = next((row[name] for name in before if row.get(name)), f"above_{i + 1}")
        if 2 * sum(map(bool, cells)) >= len(cells) and label not in found:
            found[label] = cells
    return found


def _refuse_lying(table: Table, columns: list[str], features: list[str]) -> None:
    """A problem where the columns, not the rows, are called like genes or proteins: the table lies on its side."""
    namespace = identifier_of(columns)
    if namespace not in (None, Namespace.ENTREZ) and identifier_of(features[:1000]) is None:
        found = f"columns {', '.join(columns[:3])}, ... ({namespace}), rows {', '.join(features[:3])}, ..."
        hint = "layout: transposed"
        refuse(
            "The table lies on its side",
            where=table.file,
            found=found,
            allowed="a row for each feature",
            hint=hint,
        )


def _cut_stray_rows(table: Table, columns: list[str]):
    """Table without text rows under the header; those rows' cells; notes."""
    import polars as pl

    frame, notes, headers = table.frame, {}, []
    text = [column for column in columns if frame[column].dtype == pl.String]
    # a stray row makes text of every sample column it fills; a few odd cells are no header
    while len(text) > len(columns) / 2 and frame.height > 1:
        row = frame.row(0, named=True)
        cells = pl.Series([row[column] for column in text], dtype=pl.String)
        if cells.null_count() == len(cells) or table.numbers(cells).null_count() < len(cells):
            break
        headers.append(["" if row[column] is None else str(row[column]) for column in columns])
        frame = frame.slice(1)
    if headers:
        notes["further_header_rows"] = len(headers)
    return frame, headers, notes


def _end_of_features(features: list[str], values: np.ndarray, notes: dict) -> int:
    """Number of rows in front of the summaries at the end: named as such, or equal to the sums of the rows above."""
    last = len(features)
    while last > 2:
        named = (features[last - 1] or "").strip().lower().rstrip(":") in SUMMARY_NAMES
        if is_note(features[last - 1] or "") and np.isnan(values[last - 1]).all():
            notes["notes_below"] = notes.get("notes_below", 0) + 1
            last -= 1
            continue
        # two features may add up by chance where there are few; a sum of thousands is no chance
        if not named and not (last > 10 and _is_sum(values, last - 1)):
            break
        notes["summary_rows"] = notes.get("summary_rows", 0) + 1
        last -= 1
    return last


def _is_sum(values: np.ndarray, row: int) -> bool:
    """Whether a row holds the column sums of the rows above; column by column, as the first mostly tells."""
    for column in values.T:
        above = np.nansum(column[:row])
        if not (above > 0 and np.isclose(column[row], above, rtol=1e-9, atol=0)):
            return False
    return True


def to_matrix(frame: pl.DataFrame, columns: list[str], table: Table) -> np.ndarray:
    """Columns as a matrix (rows x columns), stored column by column: its transpose is samples x features at no cost."""
    import polars as pl

    if all(frame[column].dtype == pl.Float64 for column in columns):
        return frame.select(columns).to_numpy(order="fortran", writable=True)
    values = np.empty((frame.height, len(columns)), order="F")
    for i, column in enumerate(columns):
        values[:, i] = to_float(frame[column], table)
    return values


def to_float(column: pl.Series, table: Table) -> np.ndarray:
    """Numbers of a column; a problem that shows the cells where they are none."""
    if column.dtype.is_float():
        return column.to_numpy().astype(np.float64)
    numbers = table.numbers(column)
    wrong = numbers.is_null() & column.is_not_null()
    if wrong.any():
        raise Problems([stray_problem(table, column, wrong.arg_true().to_list())])
    return numbers.to_numpy().astype(np.float64)


def _from_long(table, feature, sample, value, identifier, duplicates):
    import polars as pl

    wanted = {"feature": feature, "sample": sample, "value": value}
    missing = [option for option, name in wanted.items() if not name]
    if missing:
        columns = ", ".join(table.frame.columns)
        refuse(
            "A long table needs more options",
            where=table.file,
            found="no " + ", ".join(missing),
            allowed=columns,
            hint="name the columns",
        )
    sample = [sample] if isinstance(sample, str) else sample
    for option, name in [("feature", feature), ("value", value), *(("sample", name) for name in sample)]:
        choose_column(table, name, option)
    frame = table.frame.with_columns(
        pl.concat_str([as_text_expression(name) for name in sample], separator="_", ignore_nulls=True).alias(
            "__sample"
        ),
        pl.Series("__value", to_float(table.frame[value], table)),
        as_text_expression(feature).alias("__feature"),
    ).filter(pl.col("__feature").is_not_null())
    cells = frame.group_by("__feature", "__sample", maintain_order=True).agg(
        pl.col("__value").drop_nans().n_unique().alias("different"), pl.col("__value"), pl.len().alias("rows")
    )
    notes = dict(table.notes)
    notes["repeated_equal_cells"] = int((cells["rows"] - 1).filter(cells["different"] <= 1).sum())
    differing = cells.filter(pl.col("different") > 1)
    if differing.height and duplicates is None:
        example = differing.row(0, named=True)
        found = f"{differing.height} pairs, such as {example['__feature']} in {example['__sample']}"
        hint = "does another column tell the rows apart? Add it to 'sample', or set 'duplicates'"
        refuse(
            "Several values for one feature and sample",
            where=table.file,
            found=found,
            allowed="one value",
            hint=hint,
        )
    how = duplicates or "first"
    notes["repeated_different_cells"] = differing.height
    value_of = getattr(pl.element().drop_nans(), how)()
    _refuse_sparse(table, cells)
    cells = cells.with_columns(pl.col("__value").list.eval(value_of).list.first())
    wide = cells.pivot(on="__sample", index="__feature", values="__value", maintain_order=True)
    samples = wide.columns[1:]
    rest = [c for c in table.frame.columns if c not in (feature, value)]
    obs = _constant_within(frame, "__sample", rest).sort(pl.col("__sample").cast(pl.Enum(samples)))
    var = _constant_within(frame, "__feature", [c for c in rest if c not in obs.columns])
    var = wide.select("__feature").join(var, on="__feature", how="left", maintain_order="left")
    return assemble(
        wide.drop("__feature").to_numpy().astype(np.float64),
        wide["__feature"].to_list(),
        samples,
        file=table.file,
        var=to_pandas(var.drop("__feature"), var.height),
        obs=to_pandas(obs.drop("__sample"), obs.height),
        identifier=identifier,
        notes=notes,
    )


def _refuse_sparse(table, cells: pl.DataFrame) -> None:
    """Refuse a matrix that would be empty nearly everywhere: not these columns name its features and samples."""
    features, samples = cells["__feature"].n_unique(), cells["__sample"].n_unique()
    if features * samples > max(SPARSEST * cells.height, LARGEST_SPARSE):
        refuse(
            "Nearly every sample would lack nearly every feature",
            where=table.file,
            found=f"{cells.height:,} values of {features:,} features in {samples:,} samples",
            allowed=f"a value for one in {SPARSEST} pairs or more",
            hint="`feature` and `sample` name other columns than those of the features and the samples: change them",
        )


def _constant_within(frame: pl.DataFrame, key: str, columns: list[str]) -> pl.DataFrame:
    """One row per key with the columns that have one value for each key."""
    import polars as pl

    counts = frame.group_by(key).agg(pl.col(columns).n_unique()) if columns else None
    constant = [column for column in columns if counts[column].max() == 1]
    return frame.group_by(key, maintain_order=True).agg(pl.col(constant).first())


def _from_transposed(table, sample, identifier, duplicates, annotation):
    import pandas as pd

    name = choose_column(table, _single(sample) or table.frame.columns[0], "sample")
    others = [c for c in table.frame.columns if c not in {name, *annotation}]
    if columns := numeric_columns(table, others):
        # a feature that no sample has is one all the same; an empty column elsewhere is a fact that nobody noted
        within = others[others.index(columns[0]) : others.index(columns[-1]) + 1]
        known = set(columns)
        columns = [
            c for c in within if c in known or (c and table.frame[c].null_count() == table.frame.height)
        ]
    values = np.vstack([to_float(table.frame[column], table) for column in columns])
    obs = to_pandas(table.frame.drop(columns), table.frame.height)
    # the second column of a name was renamed on reading; here names are features, whose repeats have rules of their own
    features = [
        re.sub(r"\.\d+$", "", c) if re.sub(r"\.\d+$", "", c) in table.repeated else c for c in columns
    ]
    samples = as_text(table.frame[name])
    above = features_above(table, columns)
    return assemble(
        values,
        features,
        samples,
        file=table.file,
        var=pd.DataFrame(above, index=range(len(columns)), dtype="string").replace("", pd.NA),
        obs=obs,
        identifier=identifier,
        duplicates=duplicates,
        notes=table.notes,
    )


def _single(sample: list[str] | str | None) -> str | None:
    return sample[0] if isinstance(sample, list) else sample


def as_text_expression(name: str) -> pl.Expr:
    """Cells of a column as text; whole numbers without a decimal zero."""
    import polars as pl

    return pl.col(name).cast(pl.String).str.replace(r"^(\d+)\.0$", "$1")


def as_text(column: pl.Series) -> list[str]:
    """Cells of a column as text; whole numbers without a decimal zero, nulls as empty text."""
    return column.to_frame().select(as_text_expression(column.name)).to_series().fill_null("").to_list()


def to_pandas(frame: pl.DataFrame, height: int) -> pd.DataFrame:
    """Pandas frame with text as pandas strings, missing where the file has nothing.

    The height is given because a polars frame without columns has none.
    """
    import pandas as pd
    import polars as pl

    return pd.DataFrame(
        {
            column.name or "row_name": pd.array(column.to_list(), dtype="string")
            if column.dtype == pl.String
            else column.to_numpy()
            for column in frame.get_columns()
        },
        index=range(height),
    )
