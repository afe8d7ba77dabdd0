"""Published result tables: someone else's effects, one contrast per file or a block of columns per contrast.

Handed on is what the table holds, and nothing else; the standard error that most tables leave out is derived where
effects are made of them (:mod:`sevaxis.effects.published`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from sevaxis.base.problems import refuse
from sevaxis.genes.identifiers import Identifier
from sevaxis.matrix.readers.tables.assembly import EXAMPLES, assemble
from sevaxis.matrix.readers.tables.columnar import read_columnar
from sevaxis.matrix.readers.tables.layouts import as_text, choose_column, to_float, to_pandas
from sevaxis.matrix.readers.tables.proteins import Dropped, drop_rows
from sevaxis.matrix.readers.tables.text import Table, read_table
from sevaxis.study.card import PublishedColumns

if TYPE_CHECKING:
    import anndata

FoldChange = Literal["log2", "ln", "log10", "ratio", "signed_ratio"]
#: Layers of the result, in the order of the contract.
LAYERS = ("log2fc", "se", "t", "p", "q", "mean_abundance", "n_case", "n_reference", "df")


def read_effects_table(
    path: Path,
    *,
    contrasts: dict[str, PublishedColumns],
    feature: str | None = None,
    symbol: str | None = None,
    identifier: Identifier | None = None,
    where: dict[str, dict[str, str]] | None = None,
    df: float | Literal["normal"] | None = None,
    mean_abundance_scale: Literal["log2", "linear"] = "log2",
    fold_change: FoldChange = "log2",
    minus_log10: list[Literal["p", "q"]] | None = None,
    reverse: bool = False,
    keep: list[Dropped] | None = None,
    duplicates: Literal["first"] | None = None,
    sheet: str | None = None,
    object: str | None = None,
    skip: int = 0,
) -> anndata.AnnData:
    """Read the contrasts of a result table (csv, tsv, xlsx, feather, parquet, or a data frame in an R file).

    Parameters
    ----------
    path
        The file; its kind is told by its first bytes.
    contrasts
        Name of a contrast -> columns that hold it.
    feature
        Column with the feature names; the first where missing.
    symbol
        Column with gene symbols, where it is not called so.
    identifier
        What the feature names are; judged from their form where missing.
    where
        For tables with several contrasts below each other: contrast -> {column: value} of its rows.
    df
        Degrees of freedom of the authors' test, for standard errors that p implies and for intervals: a number;
        ``normal`` for Wald tests (DESeq2); where missing, n_case + n_reference - 2, or else the normal distribution.
    mean_abundance_scale
        ``linear`` for columns such as mean TPM, which become log2.
    fold_change
        What the columns named as log2fc really hold: ``log2``; ``ln`` or ``log10``, which become log2 with their
        standard errors; ``ratio`` of case to reference; ``signed_ratio``: -2 for half.
    minus_log10
        Which of p and q the table gives as -log10.
    reverse
        The table's sign is that of reference over case: fold changes and statistics change it.
    keep
        Kinds of protein rows that stay although they are dropped by default.
    duplicates
        ``first`` keeps the first of several rows of one name.
    sheet
        Sheet of a workbook.
    object
        Object of an R file.
    skip
        Lines or rows to skip above the header, of text and workbooks.

    Returns
    -------
    AnnData of contrasts x features with the layers of :data:`LAYERS`, NaN where the table says nothing; ``df`` is that
    of the option, infinite for the normal distribution.

    Raises
    ------
    Problems
        For missing columns, text among numbers, p-values outside 0-1, negative standard errors, ratios that are none,
        and features given twice with different values.
    """
    names = {name for name in (feature, symbol) if name}
    table = read_any_table(Path(path), sheet, object, as_text=names, skip=skip)
    scales = Scales(fold_change, set(minus_log10 or ()), df, mean_abundance_scale)
    name = choose_column(table, feature, "feature") if feature else table.frame.columns[0]
    if symbol:
        choose_column(table, symbol, "symbol")
    # cards hand plain values over, tests and other callers the model itself
    contrasts = {
        contrast: PublishedColumns.model_validate(columns) for contrast, columns in contrasts.items()
    }
    used = {column for choice in contrasts.values() for column in choice.model_dump().values() if column}
    blocks = []
    for contrast, columns in contrasts.items():
        part = _rows_of(table, (where or {}).get(contrast, {}), contrast)
        if columns.feature:
            choose_column(table, columns.feature, f"contrasts.{contrast}.feature")
        own = columns.feature or name
        part.frame = drop_rows(part.frame, own, part.notes, keep=set(keep or ()))
        block = _block(part, columns, contrast, scales)
        if reverse:
            block = reversed_block(block)
        var = to_pandas(
            part.frame.drop(list({own, name, *used} & set(part.frame.columns))), part.frame.height
        )
        adata = assemble(
            block,
            as_text(part.frame[own]),
            list(LAYERS),
            file=part.file,
            var=var.rename(columns={symbol: "symbol"} if symbol else {}),
            identifier=identifier,
            duplicates=duplicates or "first",
            notes=part.notes,
        )
        if duplicates is None:
            _refuse_repeats(adata, part.file)
        blocks.append(adata)
    return _stack(blocks, list(contrasts))


def _stack(blocks: list[anndata.AnnData], contrasts: list[str]) -> anndata.AnnData:
    """Contrasts x features of blocks that are each layers x features."""
    import anndata
    import pandas as pd

    annotation = blocks[0].var
    for block in blocks[1:]:
        annotation = annotation.combine_first(block.var)[list(block.var.columns)]
    features = list(dict.fromkeys(feature for block in blocks for feature in block.var_names))
    stacked = np.stack([block.to_df().reindex(columns=features).to_numpy() for block in blocks])
    result = anndata.AnnData(
        obs=pd.DataFrame({"contrast": contrasts}, index=contrasts),
        var=annotation.loc[features],
        layers={layer: stacked[:, i, :] for i, layer in enumerate(LAYERS)},
    )
    result.uns["reading"] = blocks[0].uns["reading"]
    return result


def _refuse_repeats(adata: anndata.AnnData, file: str) -> None:
    """A problem where features stand in a table twice with different results."""
    reading = adata.uns["reading"]
    if reading.get("repeated_different_rows"):
        found = ", ".join(reading["repeated_different_names"][:EXAMPLES])
        hint = "is the feature column right? 'duplicates: first' keeps the first row of each"
        what = "Features stand there twice with different results"
        refuse(what, where=file, found=found, allowed="once each", hint=hint)


def read_any_table(
    path: Path, sheet: str | None, object: str | None, as_text: set[str], skip: int = 0
) -> Table:
    """Table of any of the file kinds."""
    if (columnar := read_columnar(path)) is not None:
        return columnar
    with path.open("rb") as handle:
        magic = handle.read(8)
    if magic.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        from sevaxis.matrix.readers.excel import read_sheet

        return read_sheet(path, sheet, skip)
    if path.suffix.lower() in (".rda", ".rdata", ".rds"):
        from sevaxis.matrix.readers.r_object import choose_object, load_r, table_of

        name, content = choose_object(load_r(path), object, path.name)
        if not hasattr(content, "columns"):
            found, hint = type(content).__name__, "choose another with 'object'"
            refuse(
                "The object is no data frame",
                where=f"{path.name}, {name}",
                found=found,
                allowed="a data frame",
                hint=hint,
            )
        return table_of(content, f"{path.name}, object {name}")
    return read_table(path, comment="#", skip=skip, as_text=as_text)


def _rows_of(table: Table, conditions: dict[str, str], contrast: str) -> Table:
    """The rows of one contrast."""
    import polars as pl

    frame = table.frame
    for column, value in conditions.items():
        choose_column(table, column, "where")
        frame = frame.filter(pl.col(column).cast(pl.String) == value)
    if not frame.height:
        found = ", ".join(f"{column} = {value}" for column, value in conditions.items())
        known = [str(cell) for column in conditions for cell in table.frame[column].unique().sort().head(12)]
        where = f"{table.file}, contrast '{contrast}'"
        refuse(
            "No row of the table belongs to the contrast",
            where=where,
            found=found,
            allowed=", ".join(known),
            hint="mind case",
        )
    return Table(table.file, frame, table.repeated, dict(table.notes))


@dataclass(frozen=True)
class Scales:
    """What the numbers of a table are: the options of the reader that say so."""

    fold_change: FoldChange
    minus_log10: set[str]
    df: float | Literal["normal"] | None
    mean: Literal["log2", "linear"]


def _block(part: Table, columns: PublishedColumns, contrast: str, scales: Scales) -> np.ndarray:
    """Layers of one contrast as columns (features x layers)."""
    given: dict[str, np.ndarray] = {}
    for layer, column in columns.model_dump(exclude={"feature"}).items():
        if column is not None:
            choose_column(part, column, f"contrasts.{contrast}.{layer}")
            given[layer] = to_float(part.frame[column], part)
    nothing = np.full(part.frame.height, np.nan)
    values = {layer: given.get(layer, nothing) for layer in LAYERS}
    where = f"{part.file}, contrast '{contrast}'"
    for layer in scales.minus_log10:
        if (values[layer] < 0).any():
            where, found = f"{where}, column '{getattr(columns, layer)}'", f"{np.nanmin(values[layer]):g}"
            hint = f"take '{layer}' out of the option 'minus_log10'"
            refuse(
                "These are no -log10 of p-values", where=where, found=found, allowed="0 or more", hint=hint
            )
        values[layer] = 10.0 ** -values[layer]
    for layer in ("p", "q"):
        wrong = values[layer][(values[layer] < 0) | (values[layer] > 1)]
        if wrong.size:
            where = f"{where}, column '{getattr(columns, layer)}'"
            hint = f"if it is -log10 of the p-value: minus_log10: [{layer}]"
            refuse("These are no p-values", where=where, found=f"{wrong[0]:g}", allowed="0 to 1", hint=hint)
    values["log2fc"], values["se"] = _to_log2(
        values["log2fc"], values["se"], scales.fold_change, columns, where
    )
    if np.isinf(values["log2fc"]).any():
        part.notes["infinite_fold_changes"] = int(np.isinf(values["log2fc"]).sum())
        values["log2fc"] = np.where(np.isinf(values["log2fc"]), np.nan, values["log2fc"])
    if scales.mean == "linear":
        with np.errstate(divide="ignore"):
            mean = np.log2(values["mean_abundance"])
        values["mean_abundance"] = np.where(np.isfinite(mean), mean, np.nan)
    if scales.df is not None:
        values["df"] = np.full_like(nothing, np.inf if scales.df == "normal" else scales.df)
    return np.column_stack([values[layer] for layer in LAYERS])


def _to_log2(
    change: np.ndarray, se: np.ndarray, scale: FoldChange, columns: PublishedColumns, where: str
) -> tuple[np.ndarray, np.ndarray]:
    """Fold changes and their standard errors on the log2 scale, or the problem that they cannot be such."""
    if (se < 0).any():
        where, found = f"{where}, column '{columns.se}'", f"{np.nanmin(se):g}"
        hint = "which column holds the standard errors? Leave 'se' out where none does"
        refuse("These are no standard errors", where=where, found=found, allowed="0 or more", hint=hint)
    if scale in ("ln", "log10"):
        factor = np.log2(np.e if scale == "ln" else 10.0)
        return change * factor, se * factor
    if scale == "log2":
        return change, se
    where = f"{where}, column '{columns.log2fc}'"
    wrong = change < 0 if scale == "ratio" else np.abs(change) < 1
    if wrong.any():
        allowed = "0 or more" if scale == "ratio" else "1 or more, or -1 or less"
        hint = "fold_change: log2, ln, log10, ratio or signed_ratio says what the column holds"
        refuse(f"These are no fold changes of the kind '{scale}'", where=where, found=f"{change[wrong][0]:g}",
               allowed=allowed, hint=hint)  # fmt: skip
    if columns.se:
        hint = "leave 'se' out: t or p tell the standard error of the log2 fold change"
        refuse("The standard error of a ratio is not that of its logarithm", where=where, found=columns.se,
               allowed="no 'se' beside ratios", hint=hint)  # fmt: skip
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(change < 0, -1.0, 1.0) * np.log2(np.abs(change)), se


def reversed_block(block: np.ndarray) -> np.ndarray:
    """The same results of reference over case (features x layers)."""
    turned = block.copy()
    turned[:, [LAYERS.index("log2fc"), LAYERS.index("t")]] *= -1
    case, reference = LAYERS.index("n_case"), LAYERS.index("n_reference")
    turned[:, [case, reference]] = block[:, [reference, case]]
    return turned
