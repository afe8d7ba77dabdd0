"""Features: which gene of the organism each one is, which human gene that is, and by which identifier it was found.

The gene first, whether or not it has a human ortholog: by the hand-made table ``resources/identifiers.tsv`` (the
genes of the panels, always right and exact), then by the retrieved gene table (:mod:`sevaxis.genes.gene_table`). Then
its human gene: for human data the same, else by the retrieved ortholog table. Of the genes of the hand-made table it
alone decides, so that neither a pseudogene (Cd63-ps) nor a relative (Fbxo21) is ever taken for the gene.

What cannot be one gene is said so and is none: ``mapping_route`` begins with ``none`` and tells why.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from sevaxis.base.vocabulary import Namespace, Organism
from sevaxis.genes.features import check_identifiers, identifiers_of, stated_species
from sevaxis.genes.identifiers import DECOY, first_of_group, is_excel_date, members
from sevaxis.genes.known import (
    LOOKUP,
    entry_names,
    human_symbols,
    known_genes,
    panel_lookup,
    protein_names,
)
from sevaxis.genes.lookup import (
    find_by_ids,
    find_by_symbols,
    find_strays,
    foreign_species,
    lookup_table,
    take_shared,
)
from sevaxis.genes.orthology import LISTED, fill_human_genes
from sevaxis.genes.routes import DATE, FOREIGN, MARKED, identified

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    from anndata import AnnData

EXAMPLES = 10


def map_features(
    adata: AnnData, organism: str, orthologs: pd.DataFrame | None, genes: pl.DataFrame | None = None
) -> dict[str, Any]:
    """Find the gene of each feature and its human gene.

    Parameters
    ----------
    adata
        Samples x features. ``var`` may give identifiers in columns named by namespace (``symbol``, ``ensembl``, ...)
        and in columns of the file; the index is used by what its names look like. Gets the columns of
        :mod:`sevaxis.matrix.read`, and ``uns["findable"]``: human genes that the tables could have found.
    organism
        human, mouse or rat.
    orthologs
        Table of :func:`sevaxis.genes.orthologs.build_orthologs`, None where the study has none (human data).
    genes
        Gene table of the organism (:func:`sevaxis.genes.gene_table.build_gene_table`); None where the study names no
        tables of identifiers: then the tables of ``resources/`` and the ortholog table are all that is known.

    Returns
    -------
    dict
        Counts and examples of what was mapped by which route and of what was not, and the namespaces of identifiers.

    Raises
    ------
    Problems
        The names are row numbers; the Ensembl genes are another organism's.

    Notes
    -----
    A group ``A;B`` is mapped by the members that are known; where they name different genes the first one is taken
    and the route says so. Symbols are compared exactly first, then without case, then as former symbols and aliases.
    """
    import pandas as pd

    ids = identifiers_of(adata.var)
    check_identifiers(ids, adata.var_names.to_series().astype("string"), organism)
    table = _tables(organism, genes)
    given = first_of_group(ids["symbol"])
    species = _strangers(adata.var, ids, organism, table)
    dates, decoys = _dates_and_decoys(ids.index)
    found = _find(ids, organism, orthologs, table, species)
    none = np.select(
        [dates, decoys, species.notna().to_numpy(bool)],
        [f"none: {DATE}", f"none: {MARKED}", ("none: " + FOREIGN + species).fillna("").to_numpy(object)],
        "none: no identifier that the tables know",
    )
    without = (
        found["symbol"].isna() & found["human_symbol"].isna() & found["mapping_route"].isna()
    ).to_numpy()
    found.loc[without, "mapping_route"] = pd.array(none[without], dtype="string")
    report = _report(adata, ids, found, species, dates, decoys)
    own = {name: first_of_group(ids[name]) for name in ("ensembl", "entrez", "refseq", "uniprot")}
    filled = {name: own[name].fillna(found[name]) for name in ("ensembl", "entrez")}
    mapped = {name: found[name] for name in ("human_symbol", "ortholog_type", "mapping_route")}
    # what another species' protein or a decoy is called is no symbol of this organism
    symbol = found["symbol"].fillna(first_of_group(ids["symbol"]))
    columns = pd.DataFrame(
        {"feature_id": ids.index.astype(str), "symbol": symbol, **own, **filled, **mapped}, index=ids.index
    )
    if (given.notna() & given.ne(symbol).fillna(True)).any():
        columns["symbol_given"] = given
    others = adata.var[[column for column in adata.var.columns if column not in columns]]
    adata.var = pd.concat([columns, others.set_axis(ids.index)], axis=1)
    adata.uns["identifiers"] = report["identifiers"]
    adata.uns["findable"] = "\n".join(_findable(report["identifiers"], organism, orthologs, table))
    return report


def _findable(
    namespaces: list[str], organism: str, orthologs: pd.DataFrame | None, table: pl.DataFrame
) -> list[str]:
    """Human genes that the tables could have found by what the data set names its features by."""
    import polars as pl

    rows = table.filter(
        pl.col("namespace").is_in(namespaces), pl.col("symbol").is_not_null(), ~pl.col("former")
    )
    symbols = set(rows["symbol"])
    if organism == Organism.HUMAN:
        return sorted(symbols)
    hand = known_genes(organism)
    found = set(hand.loc[hand["symbol"].isin(symbols), "human_symbol"])
    if orthologs is not None:
        listed = orthologs["symbol"].isin(symbols) | orthologs["ensembl"].isin(
            set(rows["ensembl"].drop_nulls())
        )
        for namespace in LISTED:
            if namespace in namespaces:
                listed |= orthologs[namespace].notna()
        found |= set(orthologs.loc[listed, "human_symbol"]) - set(hand["human_symbol"])
    return sorted(found)


def _tables(organism: str, genes: pl.DataFrame | None) -> pl.DataFrame:
    """All that is known of the organism's identifiers, the most trusted first."""
    import polars as pl

    tables = [panel_lookup(organism)]
    if genes is not None:
        tables.append(genes.with_columns(origin=pl.lit("gene table")).select(LOOKUP))
    elif organism == Organism.HUMAN:
        tables.append(human_symbols())
    return lookup_table(*tables)


def _strangers(var: pd.DataFrame, ids: pd.DataFrame, organism: str, table: pl.DataFrame) -> pd.Series:
    """Species of the features that are another organism's; their identifiers are taken out of ``ids``."""
    import pandas as pd

    species = stated_species(var, ids, organism).fillna(foreign_species(ids, table))
    ids.loc[species.notna().to_numpy(), [n for n in Namespace if n != Namespace.UNIPROT]] = pd.NA
    return species


def _find(
    ids: pd.DataFrame, organism: str, orthologs: pd.DataFrame | None, table: pl.DataFrame, species: pd.Series
) -> pd.DataFrame:
    """Gene and human gene of each feature with the route, and the identifiers that the tables know besides."""
    import pandas as pd

    columns = (
        "human_symbol",
        "ortholog_type",
        "mapping_route",
        "symbol",
        "ensembl",
        "entrez",
        "shared",
        "shared_by",
    )
    nothing = pd.array([pd.NA] * len(ids), dtype="string")
    found = pd.DataFrame({column: nothing.copy() for column in columns}, ids.index)
    sought = ids.copy()
    sought.loc[species.notna().to_numpy()] = pd.NA
    find_by_ids(found, sought, table)
    find_by_symbols(found, sought, table)
    find_strays(found, sought, table)
    take_shared(found)
    _human_genes_by_hand(found, organism)
    if organism == Organism.HUMAN:
        _apply_human(found, sought, orthologs)
    else:
        fill_human_genes(found, sought, orthologs, known_genes(organism))
    _by_names(found, sought, organism, table)
    found["ortholog_type"] = found["ortholog_type"].fillna("none")
    return found


def _human_genes_by_hand(found: pd.DataFrame, organism: str) -> None:
    """The panels' genes have their human genes by hand."""
    hand = known_genes(organism).set_index("symbol")
    rows = found.index[found["symbol"].isin(hand.index).to_numpy(bool)]
    for column in ("human_symbol", "ortholog_type"):
        found.loc[rows, column] = found.loc[rows, "symbol"].map(hand[column]).astype("string")


def _apply_human(found: pd.DataFrame, ids: pd.DataFrame, genes: pd.DataFrame | None) -> None:
    """Human data: a gene is its own human gene. What no gene table knows is its own gene, as the data give it."""
    import pandas as pd

    rows = found.index[
        (found["symbol"].notna() & ~found["symbol"].str.contains(";", regex=False).fillna(False)).to_numpy()
    ]
    found.loc[rows, "human_symbol"] = found.loc[rows, "symbol"]
    found.loc[rows, "ortholog_type"] = "same_species"
    if genes is not None:
        fill_human_genes(found, ids, genes, known_genes(Organism.HUMAN))
    decided = found["symbol"].notna() | found["human_symbol"].notna()
    symbols = members(ids.loc[(~decided).to_numpy(), "symbol"], Namespace.SYMBOL)
    symbols = symbols[symbols.str.fullmatch(r"[A-Za-z][\w.-]*") & ~is_excel_date(symbols)]
    several = symbols.groupby(level=0).nunique() > 1
    first = symbols[~symbols.index.duplicated()]
    route = several.reindex(first.index).map(
        {False: "as given: symbol", True: "as given: symbol, first of a group that disagrees"}
    )
    untold = first.index[found.loc[first.index, "mapping_route"].isna().to_numpy()]
    found.loc[untold, "human_symbol"] = first[untold]
    found.loc[untold, "ortholog_type"] = "same_species"
    found.loc[untold, "mapping_route"] = pd.array(route[untold], dtype="string")


def _by_names(found: pd.DataFrame, ids: pd.DataFrame, organism: str, table: pl.DataFrame) -> None:
    """Human genes by the names of their proteins, and by UniProt entry names, for what no identifier told."""
    entries = entry_names().set_index("entry_name")["human_symbol"]
    named = protein_names(organism)
    for namespace, genes, origin in (
        (Namespace.ENTRY_NAME, entries, "entry_names"),
        (Namespace.NAME, named.set_index(Namespace.NAME.value)["human_symbol"], "protein_names"),
    ):
        waits = (found["symbol"].isna() & found["human_symbol"].isna()).to_numpy()
        parts = members(ids.loc[waits, namespace], namespace)
        if namespace == Namespace.ENTRY_NAME:
            parts = parts.str.replace(r"_[A-Z0-9]+$", "", regex=True)
        human = parts.map(genes).dropna()
        several = human.groupby(level=0).nunique() > 1
        first = human[~human.index.duplicated()]
        if not len(first):
            continue
        route = several.reindex(first.index).map(
            {False: f"{origin}: {namespace}", True: f"{origin}: {namespace}, first of a group that disagrees"}
        )
        found.loc[first.index, "human_symbol"] = first.astype("string")
        found.loc[first.index, "ortholog_type"] = "same_species" if organism == Organism.HUMAN else "one2one"
        found.loc[first.index, "mapping_route"] = route.astype("string")
        _own_symbols(found, first.index, organism, table)


def _own_symbols(found: pd.DataFrame, rows: pd.Index, organism: str, table: pl.DataFrame) -> None:
    """The organism's own symbol for human genes that bear the same name in it."""
    if organism == Organism.HUMAN:
        found.loc[rows, "symbol"] = found.loc[rows, "human_symbol"]
        return
    current = table.filter((table["namespace"] == Namespace.SYMBOL) & ~table["former"])["symbol"]
    by_folded = dict(zip(current.str.to_uppercase(), current, strict=True))
    found.loc[rows, "symbol"] = found.loc[rows, "human_symbol"].str.upper().map(by_folded).astype("string")


def _dates_and_decoys(names: pd.Index) -> tuple[np.ndarray, np.ndarray]:
    text = names.to_series().astype("string[pyarrow]")
    return is_excel_date(text).to_numpy(bool), text.str.contains(DECOY, regex=True).to_numpy(bool)


def _report(
    adata: AnnData,
    ids: pd.DataFrame,
    found: pd.DataFrame,
    species: pd.Series,
    dates: np.ndarray,
    decoys: np.ndarray,
) -> dict[str, Any]:
    """What was mapped and what was not."""
    values = np.asarray(adata.X if adata.X is not None else adata.layers["log2fc"])
    detected = ((values != 0) & ~np.isnan(values)).any(axis=0) if values.size else np.ones(adata.n_vars, bool)
    human = found["human_symbol"].notna().to_numpy()
    known = identified(found)
    return {
        "identifiers": [str(namespace) for namespace in Namespace if ids[namespace].notna().any()],
        "n_features": int(adata.n_vars),
        "n_detected": int(detected.sum()),
        "n_identified": int(known.sum()),
        "n_mapped": int(human.sum()),
        "mapping_rate": float(human.mean()) if adata.n_vars else 0.0,
        "foreign": _counts(species.dropna()),
        "foreign_examples": species.dropna().index[:EXAMPLES].astype(str).tolist(),
        "n_decoys": int(decoys.sum()),
        "routes": _routes(found["mapping_route"]),
        "ortholog_types": _counts(found["ortholog_type"]),
        "excel_dates": adata.var_names[dates].tolist()[:EXAMPLES],
        "unmapped_examples": adata.var_names[
            ~known & detected & ~decoys & species.isna().to_numpy()
        ].tolist()[:EXAMPLES],
    }


def _routes(cells: pd.Series) -> dict[str, int]:
    """How many features each route found; what differs from feature to feature is left out of it."""
    counts: dict[str, int] = {}
    for route, count in _counts(cells).items():
        general = re.sub(
            r"(?<=^none: ).* was a name of .*|(?<=share it): .*",
            lambda m: "former name or alias" if " was" in m[0] else "",
            route,
        )
        counts[general] = counts.get(general, 0) + count
    return counts


def _counts(cells: pd.Series) -> dict[str, int]:
    return {str(name): int(count) for name, count in cells.value_counts().sort_index().items()}
