"""From the gene of a feature to its human gene, by an ortholog table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sevaxis.base.vocabulary import Namespace
from sevaxis.genes.identifiers import is_excel_date, members

if TYPE_CHECKING:
    import pandas as pd

#: What an ortholog table lists of a gene, in the order in which it is trusted.
LISTED = (Namespace.ENSEMBL, Namespace.ENTREZ, Namespace.SYMBOL)


def fill_human_genes(
    found: pd.DataFrame, ids: pd.DataFrame, orthologs: pd.DataFrame | None, hand: pd.DataFrame
) -> None:
    """Fill the human gene of each feature that has none yet.

    Parameters
    ----------
    found
        ``symbol``, ``ensembl``, ``entrez``, ``human_symbol``, ``ortholog_type``, ``mapping_route`` by feature, filled
        in place. Where the gene is not known yet (no gene table), the ortholog table tells it as well.
    ids
        Identifiers of the data by namespace.
    orthologs
        Table of :func:`sevaxis.genes.orthologs.build_orthologs`, or None.
    hand
        Genes whose orthologs are known by hand (:func:`sevaxis.genes.known.known_genes`): of them no other gene is
        an ortholog.
    """
    if orthologs is None:
        return
    reserved = dict(zip(hand["human_symbol"], hand["symbol"], strict=True))
    # a gene that is known is looked up by what is known of it, not by what an old table called it
    known = found["symbol"].notna()
    own = found.loc[known.to_numpy(), ["ensembl", "entrez", "symbol"]]
    _look_up(found, own, orthologs, reserved)
    _look_up(found, ids, orthologs, reserved)
    _prefer_own_symbols(found, ids, orthologs)


def _look_up(found: pd.DataFrame, ids: pd.DataFrame, table: pd.DataFrame, reserved: dict[str, str]) -> None:
    """Human genes by Ensembl gene, Entrez gene, symbol, symbol without case."""
    import pandas as pd

    for namespace in LISTED:
        rows = pd.Series(table.index, index=table[namespace].astype("string"))
        rows = rows[rows.index.notna()]
        passes = [(rows, "")]
        if namespace == Namespace.SYMBOL:
            passes.append((rows.set_axis(rows.index.str.casefold()), ", another case"))
        for lookup, note in passes:
            waits = found.index[(found["human_symbol"].isna() & ~_refused(found)).to_numpy()]
            parts = members(ids.loc[ids.index.isin(waits), namespace], namespace)
            if namespace == Namespace.SYMBOL:
                parts = parts[~is_excel_date(parts)]
            lookup = lookup[~lookup.index.duplicated()]
            hits = (parts.str.casefold() if note else parts).map(lookup).dropna()
            if len(hits):
                _take(found, hits, table, reserved, f"orthologs: {namespace}{note}")


def _refused(found: pd.DataFrame) -> pd.Series:
    """Features of which it is decided why they are no gene."""
    return found["mapping_route"].str.startswith("none").fillna(False).astype(bool)


def _take(
    found: pd.DataFrame, hits: pd.Series, table: pd.DataFrame, reserved: dict[str, str], route: str
) -> None:
    """Write human genes of rows of the table; ``reserved`` human genes belong to one gene alone."""
    import pandas as pd

    genes = hits.map(table["human_symbol"])
    first = hits[~hits.index.duplicated()]
    gene = first.map(table["human_symbol"])
    several = genes.groupby(level=0).nunique().reindex(first.index) > 1
    known = found.loc[first.index, "symbol"]
    # several genes that share an identifier have a human gene where it is the same one for all
    sharing = known.str.count(";").fillna(0) + 1
    undecided = (sharing > 1) & (several | (hits.groupby(level=0).size().reindex(first.index) < sharing))
    called = known.fillna(first.map(table["symbol"]).astype("string")).fillna("")
    own = gene.map(reserved)
    kept = (own.isna() | own.eq(called)) & ~undecided
    rows = first[kept]
    found.loc[rows.index, "human_symbol"] = gene[kept].astype("string")
    found.loc[rows.index, "ortholog_type"] = rows.map(table["ortholog_type"]).astype("string")
    new = rows[known[kept].isna()]
    routes = several[new.index].map({False: route, True: f"{route}, first of a group that disagrees"})
    found.loc[new.index, "mapping_route"] = routes.astype("string")
    for other in ("symbol", "ensembl", "entrez"):
        found.loc[new.index, other] = new.map(table[other]).astype("string")
    related = first[~kept & ~undecided & known.isna()]
    found.loc[related.index, "mapping_route"] = pd.array(
        ["none: related to " + each + ", but not it by the hand-made table" for each in gene[related.index]],
        dtype="string",
    )


def _prefer_own_symbols(found: pd.DataFrame, ids: pd.DataFrame, table: pd.DataFrame) -> None:
    """Let the data's own symbol, where it names an ortholog of the same name, outrank an Ensembl gene of another name.

    Identifiers move between genes from release to release, above all in the rat (of 77 such rows of MoTrPAC's muscle
    matrix, Ensembl release 110 against an older HCOP, the symbol is right in all but a few).
    """
    by_ensembl = found["mapping_route"].isin(["orthologs: ensembl", "gene table: ensembl"]).to_numpy(bool)
    own = ids["symbol"][by_ensembl & found["human_symbol"].notna().to_numpy()].dropna()
    rows = table[table["symbol"].str.casefold().eq(table["human_symbol"].str.casefold()).fillna(False)]
    rows = rows.drop_duplicates("symbol").set_index("symbol")
    own = own[own.isin(rows.index)]
    differs = own.map(rows["human_symbol"]).ne(found.loc[own.index, "human_symbol"])
    own = own[differs]
    for column in ("human_symbol", "ortholog_type", "entrez"):
        found.loc[own.index, column] = own.map(rows[column]).astype("string")
    found.loc[own.index, "symbol"] = own
    found.loc[own.index, "mapping_route"] = (
        "orthologs: symbol, the table has another gene under this Ensembl id"
    )
