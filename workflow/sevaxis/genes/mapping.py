"""Features: which gene each one is, and by which identifier that was found.

Two sources, in this order: the hand-made table ``resources/identifiers.tsv`` (the genes of the panels, always
right and exact), and the retrieved ortholog table. For the genes of the hand-made table it alone decides, so that
neither a pseudogene (Cd63-ps) nor a relative (Fbxo21) is ever taken for the gene.
"""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING, Any

from sevaxis.base.problems import Problem, Problems, refuse
from sevaxis.base.vocabulary import Namespace, Organism
from sevaxis.genes.identifiers import (
    DECOY,
    ENSEMBL_PREFIX,
    PATTERNS,
    UNMISTAKABLE,
    are_row_numbers,
    is_excel_date,
    members,
    namespaces_of,
    species_of_ensembl,
)
from sevaxis.genes.known import known_genes, protein_names

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from anndata import AnnData

#: Namespaces that an ortholog table can find; features with others only are mapped as far as the hand-made tables go.
MAPPABLE = (Namespace.ENSEMBL, Namespace.ENTREZ, Namespace.SYMBOL)
EXAMPLES = 10


def map_features(
    adata: AnnData, organism: str, orthologs: pd.DataFrame | None, *, min_mapped: float = 0.0
) -> dict[str, Any]:
    """Find the human gene of each feature.

    Parameters
    ----------
    adata
        Samples x features. ``var`` may give identifiers in columns ``symbol``, ``ensembl``, ``entrez``, ``refseq``,
        ``uniprot``; the index is used by what its names look like. Gets the columns of :mod:`sevaxis.matrix.read`.
    organism
        human, mouse or rat.
    orthologs
        Table of :func:`sevaxis.genes.orthologs.build_orthologs`, None where the study has none (human data).
    min_mapped
        Least share of features that must find a human gene, among those that were detected at all and that have
        an identifier which ortholog tables list (Ensembl, Entrez, symbol). Data where less than half of the features
        have one (accessions or protein names only) cannot reach it and are exempt: all unmapped are listed.

    Returns
    -------
    dict
        Counts and examples of what was mapped by which route and of what was not, and the namespaces of identifiers.

    Raises
    ------
    Problems
        Too few features are mapped; the names are row numbers; the Ensembl genes are another organism's.

    Notes
    -----
    A group ``A;B`` is mapped by the members that are known; where they name different genes the first one is taken
    and the route says so. Symbols are compared exactly first, then without case.
    """
    import pandas as pd

    ids = _identifiers(adata.var)
    _check_identifiers(ids, adata.var_names.to_series().astype("string"), organism)
    found = _find(ids, organism, orthologs)
    report, problems = _report(adata, ids, found, organism, orthologs, min_mapped)
    if problems:
        raise Problems(problems)
    own = {name: ids[name] for name in ("symbol", "ensembl", "entrez", "refseq", "uniprot")}
    filled = {name: own[name].fillna(found[name]) for name in ("symbol", "ensembl", "entrez")}
    mapped = {name: found[name] for name in ("human_symbol", "ortholog_type", "mapping_route")}
    columns = pd.DataFrame({"feature_id": ids.index.astype(str), **own, **filled, **mapped}, index=ids.index)
    others = adata.var[[column for column in adata.var.columns if column not in columns]]
    adata.var = pd.concat([columns, others.set_axis(ids.index)], axis=1)
    adata.uns["identifiers"] = report["identifiers"]
    return report


def _find(ids: pd.DataFrame, organism: str, orthologs: pd.DataFrame | None) -> pd.DataFrame:
    """Human gene of each feature with its route, and the identifiers that the tables know besides."""
    import numpy as np
    import pandas as pd

    columns = ("human_symbol", "ortholog_type", "mapping_route", "symbol", "ensembl", "entrez")
    found = pd.DataFrame(
        {column: pd.array([pd.NA] * len(ids), dtype="string") for column in columns}, ids.index
    )
    hand = known_genes(organism)
    _apply(found, ids, hand, "identifiers")
    if organism == Organism.HUMAN:
        _apply_human(found, ids, orthologs)
    elif orthologs is not None:
        _apply(found, ids, orthologs, "orthologs", reserved=set(hand["human_symbol"]))
        _prefer_own_symbols(found, ids, orthologs)
    _apply(found, ids, protein_names(organism), "protein_names")
    dates, decoys = _dates_and_decoys(ids.index)
    none = np.select(
        [dates, decoys],
        ["none: a date that Excel made of a gene name", "none: contaminant or decoy"],
        "none: no identifier that the tables know",
    )
    without = (found["human_symbol"].isna() & found["mapping_route"].isna()).to_numpy()
    found.loc[without, "mapping_route"] = pd.array(none[without], dtype="string")
    found["ortholog_type"] = found["ortholog_type"].fillna("none")
    return found


def _dates_and_decoys(names: pd.Index) -> tuple[np.ndarray, np.ndarray]:
    text = names.to_series().astype("string")
    return is_excel_date(text).to_numpy(bool), text.str.contains(DECOY, regex=True).to_numpy(bool)


def _report(
    adata: AnnData,
    ids: pd.DataFrame,
    found: pd.DataFrame,
    organism: str,
    orthologs: pd.DataFrame | None,
    min_mapped: float,
) -> tuple[dict[str, Any], list[Problem]]:
    """What was mapped and what was not, and a problem where that is too little."""
    import numpy as np

    values = np.asarray(adata.X if adata.X is not None else adata.layers["log2fc"])
    detected = ((values != 0) & ~np.isnan(values)).any(axis=0) if values.size else np.ones(adata.n_vars, bool)
    dates, decoys = _dates_and_decoys(ids.index)
    mapped = found["human_symbol"].notna().to_numpy()
    real = detected & ~(dates & ~mapped) & ~decoys
    mappable = ids[list(MAPPABLE)].notna().any(axis=1).to_numpy() & real
    report = {
        "identifiers": [str(namespace) for namespace in Namespace if ids[namespace].notna().any()],
        "n_features": int(adata.n_vars),
        "n_mapped": int(mapped.sum()),
        "mapping_rate": float(mapped.mean()) if adata.n_vars else 0.0,
        "n_mappable": int(mappable.sum()),
        "n_mappable_mapped": int((mappable & mapped).sum()),
        "routes": _counts(found["mapping_route"]),
        "ortholog_types": _counts(found["ortholog_type"]),
        "excel_dates": adata.var_names[dates].tolist()[:EXAMPLES],
        "unmapped_examples": adata.var_names[~mapped & detected].tolist()[:EXAMPLES],
    }
    if mappable.sum() < real.sum() / 2:
        report["unmapped"] = adata.var_names[~mapped].tolist()
    elif report["n_mappable_mapped"] < min_mapped * mappable.sum():
        return report, [_too_few(report, organism, orthologs, min_mapped)]
    return report, []


def _counts(cells: pd.Series) -> dict[str, int]:
    return {str(name): int(count) for name, count in cells.value_counts().sort_index().items()}


def _identifiers(var: pd.DataFrame) -> pd.DataFrame:
    """Identifiers of each feature by namespace, groups as they stand; from the columns, then from the index."""
    import pandas as pd

    index = pd.Index(var.index.astype(str), name="feature_id")
    names = pd.Series(index, index=index, dtype="string")
    looks = namespaces_of(names)
    ids = pd.DataFrame(index=index)
    for namespace in Namespace:
        ids[namespace] = pd.Series(pd.NA, index=index, dtype="string")
        if namespace in var:
            given = var[namespace].astype("string").str.strip().set_axis(index)
            ids[namespace] = given.where(given.ne("") & given.ne("nan"))
        # an index that looks like symbols is none where the table gives symbols of its own
        if not (namespace == Namespace.SYMBOL and namespace in var):
            ids[namespace] = ids[namespace].fillna(names.where(looks.eq(namespace)))
    # genes without a symbol often stand under their Ensembl identifier in the symbols' column
    for namespace in UNMISTAKABLE:
        strays = ids["symbol"].str.match(PATTERNS[namespace], na=False)
        ids[namespace] = ids[namespace].fillna(ids["symbol"].where(strays))
        ids["symbol"] = ids["symbol"].mask(strays)
    ids.loc[names.str.contains(DECOY, regex=True).to_numpy(bool)] = pd.NA
    return ids


def _check_identifiers(ids: pd.DataFrame, names: pd.Series, organism: str) -> None:
    if ids["entrez"].notna().any() and are_row_numbers(names):
        found = f"{names.iloc[0]}, {names.iloc[1]}, {names.iloc[2]}, ..."
        hint = "name the column of the features with the reader's option 'feature'"
        refuse(
            "The features have row numbers for names",
            where="the matrix",
            found=found,
            allowed="gene names",
            hint=hint,
        )
    ensembl = members(ids["ensembl"], Namespace.ENSEMBL)
    if len(ensembl) and species_of_ensembl(ensembl) not in (None, organism):
        what = f"The Ensembl genes are not {organism} genes"
        found = f"{ensembl.iloc[0]} ({species_of_ensembl(ensembl)})"
        hint = "correct the card's organism"
        refuse(
            what,
            where="the matrix",
            found=found,
            allowed=f"{ENSEMBL_PREFIX[Organism(organism)]}...",
            hint=hint,
        )


def _apply(
    result: pd.DataFrame,
    ids: pd.DataFrame,
    table: pd.DataFrame,
    source: str,
    reserved: Set[str] = frozenset(),
) -> None:
    """Fill what is not mapped yet from a table, namespace by namespace; ``reserved`` genes are not for this table."""
    import pandas as pd

    for namespace in Namespace:
        is_symbol = namespace == Namespace.SYMBOL
        column = "symbols" if is_symbol and "symbols" in table else namespace
        if column not in table:
            continue
        keys = (
            table[column]
            .astype("string")
            .str.split(";" if source == "identifiers" else "\0")
            .explode()
            .str.strip()
        )
        keys = keys[keys.notna() & keys.ne("")]
        rows = pd.Series(keys.index, index=keys.to_numpy())
        passes = [(rows, "")]
        if is_symbol:
            folded = rows.set_axis(rows.index.str.casefold())
            passes.append((folded, ", another case"))
        for lookup, note in passes:
            open_rows = result["human_symbol"].isna()
            parts = members(ids.loc[open_rows.to_numpy(), namespace], namespace)
            if is_symbol:
                parts = parts[~is_excel_date(parts)]
            if not len(parts):
                continue
            lookup = lookup[~lookup.index.duplicated()]
            hits = (parts.str.casefold() if note else parts).map(lookup).dropna()
            genes = hits.map(table["human_symbol"])
            first = hits[~hits.index.duplicated()]
            several = genes.groupby(level=0).nunique().reindex(first.index) > 1
            gene = first.map(table["human_symbol"])
            kept = ~gene.isin(reserved)
            found = first[kept]
            route = f"{source}: {namespace}{note}"
            routes = several[kept].map({False: route, True: f"{route}, first of a group that disagrees"})
            result.loc[found.index, "mapping_route"] = routes.astype("string")
            result.loc[found.index, "human_symbol"] = gene[kept].astype("string")
            result.loc[found.index, "ortholog_type"] = found.map(table["ortholog_type"]).astype("string")
            for other in ("symbol", "ensembl", "entrez"):
                if other in table:
                    cells = found.map(table[other]).astype("string").str.split(";").str[0]
                    result.loc[found.index, other] = cells
            related = first[~kept]
            result.loc[related.index, "mapping_route"] = pd.array(
                ["none: related to " + g + ", but not it by the hand-made table" for g in gene[~kept]],
                dtype="string",
            )


def _prefer_own_symbols(result: pd.DataFrame, ids: pd.DataFrame, table: pd.DataFrame) -> None:
    """Let the data's own symbol, where it names an ortholog of the same name, outrank an Ensembl gene of another name.

    Identifiers move between genes from release to release, above all in the rat (of 77 such rows of MoTrPAC's muscle
    matrix, Ensembl release 110 against an older HCOP, the symbol is right in all but a few).
    """
    own = ids["symbol"][
        result["mapping_route"].eq("orthologs: ensembl").fillna(False).to_numpy(bool)
    ].dropna()
    rows = table[table["symbol"].str.casefold().eq(table["human_symbol"].str.casefold()).fillna(False)]
    rows = rows.drop_duplicates("symbol").set_index("symbol")
    own = own[own.isin(rows.index)]
    differs = own.map(rows["human_symbol"]).ne(result.loc[own.index, "human_symbol"])
    own = own[differs]
    for column in ("human_symbol", "ortholog_type", "entrez"):
        result.loc[own.index, column] = own.map(rows[column]).astype("string")
    result.loc[own.index, "mapping_route"] = (
        "orthologs: symbol, the table has another gene under this Ensembl id"
    )


def _apply_human(result: pd.DataFrame, ids: pd.DataFrame, genes: pd.DataFrame | None) -> None:
    """Human data: the table names Ensembl and Entrez genes; a symbol is its own gene."""
    if genes is not None:
        _apply(result, ids, genes, "orthologs")
    symbols = members(ids.loc[result["human_symbol"].isna().to_numpy(), "symbol"], Namespace.SYMBOL)
    symbols = symbols[symbols.str.fullmatch(r"[A-Za-z][\w.-]*") & ~is_excel_date(symbols)]
    several = symbols.groupby(level=0).nunique() > 1
    first = symbols[~symbols.index.duplicated()]
    route = several.reindex(first.index).map(
        {False: "as given: symbol", True: "as given: symbol, first of a group that disagrees"}
    )
    result.loc[first.index, "human_symbol"] = first
    result.loc[first.index, "ortholog_type"] = "same_species"
    result.loc[first.index, "mapping_route"] = route.astype("string")


def _too_few(
    report: dict[str, Any], organism: str, orthologs: pd.DataFrame | None, min_mapped: float
) -> Problem:
    share = report["n_mappable_mapped"] / report["n_mappable"]
    namespaces = ", ".join(Namespace(name).words for name in report["identifiers"])
    found = (
        f"{report['n_mappable_mapped']} of {report['n_mappable']} detected features ({share:.1%}), "
        f"identifiers: {namespaces}; not mapped: {', '.join(report['unmapped_examples'])}"
    )
    if orthologs is None:
        hint = f"name a gene table for {organism} under `orthologs` in the configuration"
    else:
        hint = f"is the organism really {organism}? Does the reader's option 'feature' name the right column?"
    return Problem(
        "Too few features find a human gene", "the matrix", found, f"at least {min_mapped:.0%}", hint
    )
