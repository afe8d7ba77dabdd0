"""A matrix with its names -> AnnData: unique names, duplicates, identifiers.

All readers end here, so that the same rules hold for every format:

- rows without a feature name are dropped and counted;
- rows of HTSeq and STAR that count reads outside of genes (``__no_feature``) are dropped and counted;
- ``7503.0`` as a feature name is the number 7503;
- dates that Excel made of gene symbols (``2-Sep``) are marked and never merged, as two genes may have become one
  date; where only one gene can have, its symbol is given back (:mod:`sevaxis.genes.excel_dates`);
- the same name twice: equal rows become one; different rows are summed for counts and refused otherwise, unless
  the option `duplicates` says what to do.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sevaxis.base.problems import refuse
from sevaxis.base.vocabulary import Namespace
from sevaxis.genes.excel_dates import are_dates, gene_of_date
from sevaxis.genes.identifiers import COLUMN_NAMES, Identifier, first_of_group, identifier_of
from sevaxis.matrix.readers.tables.text import unique_names

if TYPE_CHECKING:
    import anndata
    import pandas as pd

Duplicates = Literal["sum", "mean", "max", "first"]

EXAMPLES = 5
#: The refusal that a draft answers with a question.
TWICE = "The same feature stands there twice with different values"
#: Rows of HTSeq and STAR that count reads outside of genes.
PROGRAM_ROWS = (
    r"^(?:__(?:no_feature|ambiguous|too_low_aQual|not_aligned|alignment_not_unique)|"
    r"N_(?:unmapped|multimapping|noFeature|ambiguous))$"
)


def assemble(
    values: np.ndarray,
    features: list[str],
    samples: list[str],
    *,
    file: str,
    var: pd.DataFrame | None = None,
    obs: pd.DataFrame | None = None,
    identifier: Identifier | None = None,
    duplicates: Duplicates | None = None,
    notes: dict[str, Any] | None = None,
) -> anndata.AnnData:
    """AnnData of a matrix with its names and annotation.

    Parameters
    ----------
    values
        Features x samples; NaN where the file holds nothing.
    features, samples
        Names of rows and columns.
    file
        Name of the file, for messages.
    var, obs
        Annotation of features and of samples, in the same order; text or numbers.
    identifier
        What the feature names are; judged from their form where it is None.
    duplicates
        What to do with different rows of the same name.
    notes
        Counts and words for ``uns["reading"]``.

    Returns
    -------
    AnnData, samples x features.

    Raises
    ------
    Problems
        For two samples of one name, and for features that must not be merged unasked.
    """
    import anndata
    import pandas as pd
    import polars as pl

    notes = dict(notes or {})
    repeated = sorted(name for name, count in Counter(samples).items() if count > 1)
    if repeated:
        hint = "name the columns of the samples with the option 'samples', or rename them in the file"
        refuse(
            "Two samples have one name",
            where=file,
            found=", ".join(repeated[:EXAMPLES]),
            allowed="unique names",
            hint=hint,
        )
    var = pd.DataFrame(index=range(len(features))) if var is None else var.reset_index(drop=True)
    cells = pl.Series(features, dtype=pl.String).fill_null("").str.strip_chars()
    named = cells != ""
    if not named.all():
        keep = named.arg_true().to_numpy()
        notes["rows_without_name"] = len(cells) - len(keep)
        cells, values, var = cells.filter(named), values[keep], var.iloc[keep].reset_index(drop=True)
    counted = cells.str.contains(PROGRAM_ROWS)
    if counted.any():
        keep = (~counted).arg_true().to_numpy()
        rows = zip(cells.filter(counted), np.nansum(values[counted.to_numpy()], axis=1), strict=True)
        notes |= {f"reads{'_' * (not name.startswith('_'))}{name}": int(total) for name, total in rows}
        cells, values, var = cells.filter(~counted), values[keep], var.iloc[keep].reset_index(drop=True)
    decimal = cells.str.contains(r"^\d+\.0$")
    if decimal.any():
        notes["numbers_with_decimal_zero"] = int(decimal.sum())
        cells = cells.str.replace(r"^(\d+)\.0$", "$1")
    names = cells.to_numpy().astype(object)
    names, values, var = _merge_duplicates(names, values, var, file, duplicates, notes)
    var = _name_identifiers(var, names, identifier, notes)
    var.index = pd.Index(names, dtype=object, name="feature_id")
    obs = pd.DataFrame(index=range(len(samples))) if obs is None else obs.copy()
    obs.index = pd.Index([str(sample) for sample in samples], name="sample_name")
    matrix = np.ascontiguousarray(np.asarray(values, dtype=np.float64).T)
    adata = anndata.AnnData(matrix, obs=obs, var=var)
    adata.uns["reading"] = notes
    return adata


def assemble_sheet(
    obs: pd.DataFrame, samples: list[str], *, file: str, notes: dict[str, Any]
) -> anndata.AnnData:
    """AnnData that holds a sample sheet and no values."""
    return assemble(np.empty((0, len(samples))), [], samples, file=file, obs=obs, notes=notes)


def _merge_duplicates(names, values, var, file, duplicates, notes):
    """One row for each name, by the rules of this module."""
    import pandas as pd

    dates = are_dates(names)
    if dates.any() and identifier_of(names) != Namespace.ENTREZ:
        notes["excel_dates"] = int(dates.sum())
        notes["excel_date_examples"] = sorted(set(names[dates]))[:EXAMPLES]
        genes = [gene_of_date(name) if date else None for name, date in zip(names, dates, strict=True)]
        others = names[~dates]
        if sum(name.isupper() for name in others) < len(others) / 2:
            # mouse and rat write symbols in lower case
            genes = [gene and gene.capitalize() for gene in genes]
        var = var.assign(excel_date=dates, excel_date_symbol=pd.array(genes, dtype="string"))
        names = names.copy()
        names[dates] = unique_names(list(names[dates]))[0]
    codes, unique = pd.factorize(names)
    if len(unique) == len(names):
        return names, values, var
    firsts = np.unique(codes, return_index=True)[1]
    again = np.flatnonzero(np.bincount(codes)[codes] > 1)
    here, first = values[again], values[firsts[codes[again]]]
    equal = ((here == first) | (np.isnan(here) & np.isnan(first))).all(axis=1)
    differs = np.unique(codes[again[~equal]])
    notes["repeated_equal_rows"] = int(
        len(names) - len(unique) - np.isin(codes, differs).sum() + len(differs)
    )
    merged = values[firsts]
    if len(differs):
        how = duplicates
        rows = np.isin(codes, differs)
        if how is None:
            block = values[rows]
            if np.nanmin(block) < 0 or not np.array_equal(block, np.round(block), equal_nan=True):
                hint = "say in the option 'duplicates' whether the first, the mean, the max or the sum shall stand"
                examples = ", ".join(map(str, unique[differs][:EXAMPLES]))
                found = f"{len(differs)} names with different values, such as {examples}"
                allowed = "each feature once (only counts are summed unasked)"
                refuse(
                    TWICE,
                    where=file,
                    found=found,
                    allowed=allowed,
                    hint=hint,
                )
            how = "sum"
        notes["repeated_different_rows"] = int(rows.sum())
        notes["repeated_different_names"] = [str(name) for name in unique[differs][:EXAMPLES]]
        notes["repeated_rows_became"] = how
        functions = {"sum": "sum", "mean": "mean", "max": "max", "first": "first"}
        grouped = pd.DataFrame(values[rows]).groupby(codes[rows], sort=True)
        options = {"min_count": 1} if how == "sum" else {}
        merged[np.sort(differs)] = getattr(grouped, functions[how])(**options).to_numpy()
    return unique, merged, var.iloc[firsts].reset_index(drop=True)


def _name_identifiers(
    var: pd.DataFrame, names: np.ndarray, identifier: Identifier | None, notes
) -> pd.DataFrame:
    """Identifier columns under their own names, from the columns of the file and from the feature names."""
    import pandas as pd

    for column in list(var.columns):
        namespace = COLUMN_NAMES.get(re.sub(r"[^a-z0-9]", "", str(column).lower()))
        if namespace is None or namespace in var.columns:
            continue
        cells = first_of_group(var[column])
        # a column of symbols may hold other identifiers where the symbols were unknown
        if identifier_of(cells.dropna()) == (None if namespace == Namespace.SYMBOL else namespace):
            # a group `A;B` keeps its own column, the first member is the identifier
            joined = var[column].astype("string").str.contains(";", regex=False).fillna(False).any()
            named = var if joined else var.rename(columns={column: namespace.value})
            var = named.assign(**{namespace.value: cells})
    namespace = identifier or identifier_of(names)
    if namespace:
        notes["feature_names_are"] = str(namespace)
        if namespace not in var.columns:
            var = var.assign(**{str(namespace): first_of_group(pd.Series(names, dtype="string"))})
    if "excel_date_symbol" in var.columns:
        restored = var.pop("excel_date_symbol")
        named = var["symbol"] if "symbol" in var.columns else pd.Series(names, dtype="string")
        var["symbol"] = named.mask(var["excel_date"], restored)
    return var
