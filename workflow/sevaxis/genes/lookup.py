"""Features looked up in tables of identifiers: which gene each one is, and what could not be decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sevaxis.base.vocabulary import Namespace
from sevaxis.genes.identifiers import PATTERNS, is_excel_date, members

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

#: Shorter names are nobody's alias in another case: there are too many of them.
FOLDED_ALIAS = 3
BY_ID = tuple(
    each for each in Namespace if each not in (Namespace.SYMBOL, Namespace.NAME, Namespace.ENTRY_NAME)
)


def find_by_ids(found: pd.DataFrame, ids: pd.DataFrame, genes: pl.DataFrame) -> None:
    """Fill the gene of each feature that an identifier of the gene table tells, namespace by namespace.

    Parameters
    ----------
    found
        ``gene``, ``symbol``, ``ensembl``, ``entrez``, ``mapping_route``, ``shared`` by feature; filled in place where
        no gene is known yet. ``shared`` gets the genes of identifiers that belong to several.
    ids
        Identifiers by namespace.
    genes
        Gene table (:func:`sevaxis.genes.gene_table.build_gene_table`).
    """
    for namespace in BY_ID:
        parts = members(ids.loc[found["symbol"].isna().to_numpy(), namespace], namespace)
        hits = _hits(parts, genes, namespace)
        if not len(hits):
            continue
        own = hits[hits["symbol"].notna()]
        others = hits["species"].dropna()
        first, notes = _first_of(own)
        route = first["origin"] + f": {namespace}"
        shared = (
            first["genes"]
            .map(lambda each: f", one of those that share it: {each}", na_action="ignore")
            .fillna("")
        )
        foreign = others[~others.index.duplicated()].reindex(first.index)
        beside = foreign.map(lambda each: f", beside a protein of {each}", na_action="ignore").fillna("")
        _fill(found, first, route + notes + shared.astype(str) + beside.astype(str))
        ambiguous = hits[hits["symbol"].isna() & hits["genes"].notna()]
        ambiguous = ambiguous[~ambiguous.index.duplicated() & ~ambiguous.index.isin(first.index)]
        open_rows = ambiguous.index[found.loc[ambiguous.index, "shared"].isna()]
        found.loc[open_rows, "shared"] = ambiguous.loc[open_rows, "genes"].astype("string")
        found.loc[open_rows, "shared_by"] = str(namespace)


def find_by_symbols(found: pd.DataFrame, ids: pd.DataFrame, genes: pl.DataFrame) -> None:
    """Fill the gene of each feature that a symbol tells: current symbols first, then former ones and aliases.

    A former symbol or alias is not taken where it was several genes', nor where the data set has a feature under the
    gene's current symbol: its table tells the two apart, so they are two genes there.
    """
    table = genes.filter(genes["namespace"] == Namespace.SYMBOL)
    passes = [
        (False, False, "symbol"),
        (False, True, "symbol, another case"),
        (True, False, "former symbol or alias"),
        (True, True, "former symbol or alias, another case"),
    ]
    for former, folded, words in passes:
        # a decided route says why a name is not taken
        waits = (found["symbol"].isna() & found["mapping_route"].isna()).to_numpy()
        parts = members(ids.loc[waits, "symbol"], Namespace.SYMBOL)
        parts = parts[~is_excel_date(parts)]
        if former and folded:
            parts = parts[parts.str.len() >= FOLDED_ALIAS]
        hits = _hits(parts, table.filter(table["former"] == former), Namespace.SYMBOL, folded=folded)
        if not len(hits):
            continue
        if former:
            hits = _refuse_former(found, ids, hits)
        own = hits[hits["symbol"].notna()]
        first, notes = _first_of(own)
        _fill(found, first, first["origin"] + f": {words}" + notes)


def find_strays(found: pd.DataFrame, ids: pd.DataFrame, genes: pl.DataFrame) -> None:
    """Fill the gene of what stands among symbols and is none: accessions (P0DPI2) and Entrez genes (LOC107984156)."""
    for namespace, pattern, kept in (
        (Namespace.UNIPROT, PATTERNS[Namespace.UNIPROT], None),
        (Namespace.ENTREZ, r"^LOC(\d+)$", r"\1"),
    ):
        waits = (found["symbol"].isna() & ids[namespace].isna()).to_numpy()
        parts = members(ids.loc[waits, "symbol"], Namespace.SYMBOL)
        parts = parts[parts.str.match(pattern)]
        if kept:
            parts = parts.str.replace(pattern, kept, regex=True)
        hits = _hits(members(parts, namespace), genes, namespace)
        own = hits[hits["symbol"].notna()]
        first = own[~own.index.duplicated()]
        _fill(found, first, first["origin"] + f": {namespace}, among symbols")


def _refuse_former(found: pd.DataFrame, ids: pd.DataFrame, hits: pd.DataFrame) -> pd.DataFrame:
    """The former symbols that name one gene without doubt; the others get a route that says why not."""
    import pandas as pd

    taken = set(found["symbol"].dropna())
    clash = hits["symbol"].isin(taken)
    shared = hits["symbol"].isna() & hits["genes"].notna()
    sure = hits[~clash & ~shared]
    unsure = hits[(clash | shared) & ~hits.index.isin(sure.index)]
    unsure = unsure[~unsure.index.duplicated()]
    why = [
        f"none: {name} was a name of {genes}" if pd.isna(symbol)
        else f"none: {name} was a name of {symbol}, which the data set has under its own"
        for name, genes, symbol in zip(unsure["key"], unsure["genes"], unsure["symbol"], strict=True)
    ]  # fmt: skip
    found.loc[unsure.index, "mapping_route"] = pd.array(why, dtype="string")
    return sure


def take_shared(found: pd.DataFrame) -> None:
    """Name what is left by all the genes that share its identifier: ``Psme2;Psme2b``, no one gene."""
    rows = found.index[(found["symbol"].isna() & found["shared"].notna()).to_numpy()]
    found.loc[rows, "symbol"] = found.loc[rows, "shared"]
    found.loc[rows, "mapping_route"] = (
        "gene table: " + found.loc[rows, "shared_by"] + ", shared by several genes"
    ).astype("string")


def foreign_species(ids: pd.DataFrame, genes: pl.DataFrame) -> pd.Series:
    """Species of the features whose accessions are all unknown or another organism's."""
    parts = members(ids[Namespace.UNIPROT], Namespace.UNIPROT)
    hits = _hits(parts, genes, Namespace.UNIPROT)
    own = hits.index[hits["species"].isna()].unique()
    others = hits[hits["species"].notna() & ~hits.index.isin(own)]
    return others.loc[~others.index.duplicated(), "species"]


def _hits(
    parts: pd.Series, genes: pl.DataFrame, namespace: Namespace, *, folded: bool = False
) -> pd.DataFrame:
    """Rows of the gene table for members of features, in their order; index: feature, repeated for groups."""
    import pandas as pd
    import polars as pl

    columns = ["key", "symbol", "ensembl", "entrez", "genes", "species", "origin"]
    if not len(parts):
        return pd.DataFrame(columns=columns)
    # positions instead of names: a join on short numbers
    sought = pl.DataFrame(
        {"at": range(len(parts)), "key": parts.tolist()}, schema_overrides={"key": pl.String}
    )
    table = genes.filter(pl.col("namespace") == namespace).select(columns)
    on = "key"
    if folded:
        on = "folded"
        sought = sought.with_columns(folded=pl.col("key").str.to_lowercase())
        table = table.with_columns(folded=pl.col("key").str.to_lowercase()).drop("key")
        # two genes whose symbols differ in case only: neither
        table = table.filter(pl.col("symbol").n_unique().over("folded") == 1).unique("folded")
    rows = sought.join(table, on=on, how="inner", maintain_order="left").select("at", *columns)
    frame = rows.drop("at").to_pandas().astype("string")
    frame.index = parts.index[rows["at"].to_numpy()]
    return frame


def _first_of(own: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """The first gene of each feature, and a note where its group holds others."""
    repeated = own.index.duplicated()
    first = own[~repeated]
    more = own[own.index.isin(own.index[repeated])]
    several = more.groupby(level=0)["symbol"].nunique().gt(1)
    disagrees = first.index.isin(several.index[several.to_numpy(bool)])
    note = first["symbol"].where(disagrees, "").mask(disagrees, ", first of a group that disagrees")
    return first, note


def _fill(found: pd.DataFrame, rows: pd.DataFrame, routes: object) -> None:
    import pandas as pd

    for column in ("symbol", "ensembl", "entrez"):
        found.loc[rows.index, column] = rows[column]
    found.loc[rows.index, "mapping_route"] = pd.array(list(routes), dtype="string")  # type: ignore[call-overload]


def lookup_table(*tables: pl.DataFrame) -> pl.DataFrame:
    """Tables of identifiers as one, the most trusted first; what one of them knows, no later one decides.

    Parameters
    ----------
    tables
        Columns of :data:`sevaxis.genes.gene_table.COLUMNS` but ``source``, and ``origin``: the word for the table in
        ``mapping_route``.
    """
    import polars as pl

    whole = tables[0]
    for table in tables[1:]:
        fresh = table.join(whole.select("namespace", "key"), on=["namespace", "key"], how="anti")
        whole = pl.concat([whole, fresh.select(whole.columns)])
    return whole
