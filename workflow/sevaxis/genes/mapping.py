"""Features: which gene each one is, by which identifier that was found, and what no feature of a data set is.

Two sources, in this order: the hand-made table ``resources/identifiers.tsv`` (the genes of the panels, always
right and exact), and the retrieved ortholog table. For the genes of the hand-made table it alone decides, so that
neither a pseudogene (Cd63-ps) nor a relative (Fbxo21) is ever taken for the gene.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sevaxis.base.problems import Problem, Problems
from sevaxis.base.resources import load_table
from sevaxis.base.vocabulary import Reason
from sevaxis.genes.identifiers import (
    DECOY,
    ENSEMBL_PREFIX,
    KINDS,
    UNMISTAKABLE,
    WORDS,
    are_row_numbers,
    is_excel_date,
    kinds_of,
    members,
    species_of_ensembl,
)
from sevaxis.genes.orthologs import build_orthologs
from sevaxis.matrix.readers.tables.assembly import PATTERNS

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

__all__ = ["axis_status", "build_orthologs", "map_features"]

#: Kinds that an ortholog table can find; features with other kinds only are mapped as far as the hand-made tables go.
MAPPABLE = ("ensembl", "entrez", "symbol")
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
        Table of :func:`build_orthologs`, None where the study has none (human data).
    min_mapped
        Least share of features that must find a human gene, among those that were detected at all and that have
        an identifier which ortholog tables list (Ensembl, Entrez, symbol). Data where less than half of the features
        have one (accessions or protein names only) cannot reach it and are exempt: all unmapped are listed.

    Returns
    -------
    dict
        Counts and examples of what was mapped by which route and of what was not, and the kinds of identifiers.

    Raises
    ------
    Problems
        Too few features are mapped; the names are row numbers; the Ensembl genes are another organism's.

    Notes
    -----
    A group ``A;B`` is mapped by the members that are known; where they name different genes the first one is taken
    and the route says so. Symbols are compared exactly first, then without case.
    """
    import numpy as np
    import pandas as pd

    ids = _identifiers(adata.var)
    _check_identifiers(ids, adata.var_names.to_series().astype("string"), organism)
    result = pd.DataFrame(
        {column: pd.Series(pd.NA, index=ids.index, dtype="string") for column in _RESULT}, index=ids.index
    )
    hand = _hand_table(organism)
    _apply(result, ids, hand, "identifiers")
    if organism == "human":
        _apply_human(result, ids, orthologs, hand)
    elif orthologs is not None:
        _apply(result, ids, orthologs, "orthologs", reserved=set(hand["human_symbol"]))
        _prefer_own_symbols(result, ids, orthologs)
    _apply(result, ids, _protein_names(organism), "protein_names")
    dates = is_excel_date(adata.var_names.to_series().astype("string"))
    decoys = adata.var_names.to_series().astype(str).str.contains(DECOY, regex=True).to_numpy(bool)
    unmapped = result["human_symbol"].isna()
    reason = np.select([dates, decoys], ["none: a date that Excel made of a gene name", "none: contaminant or decoy"],
                       "none: no identifier that the tables know")  # fmt: skip
    result.loc[unmapped & result["mapping_route"].isna(), "mapping_route"] = pd.array(
        reason[unmapped & result["mapping_route"].isna()], dtype="string"
    )
    result["ortholog_type"] = result["ortholog_type"].fillna("none")

    values = np.asarray(adata.X if adata.X is not None else adata.layers["log2fc"])
    detected = ((values != 0) & ~np.isnan(values)).any(axis=0) if values.size else np.ones(adata.n_vars, bool)
    real = detected & ~(dates.to_numpy() & unmapped.to_numpy()) & ~decoys
    mappable = ids[list(MAPPABLE)].notna().any(axis=1).to_numpy() & real
    mapped = ~unmapped.to_numpy()
    report = {
        "identifiers": [kind for kind in KINDS if ids[kind].notna().any()],
        "n_features": int(adata.n_vars),
        "n_mapped": int(mapped.sum()),
        "mapping_rate": float(mapped.mean()) if adata.n_vars else 0.0,
        "n_mappable": int(mappable.sum()),
        "n_mappable_mapped": int((mappable & mapped).sum()),
        "routes": {str(k): int(v) for k, v in result["mapping_route"].value_counts().sort_index().items()},
        "ortholog_types": {
            str(k): int(v) for k, v in result["ortholog_type"].value_counts().sort_index().items()
        },
        "excel_dates": adata.var_names[dates.to_numpy()].tolist()[:EXAMPLES],
        "unmapped_examples": adata.var_names[~mapped & detected].tolist()[:EXAMPLES],
    }
    if mappable.sum() < real.sum() / 2:
        report["unmapped"] = adata.var_names[~mapped].tolist()
    elif report["n_mappable_mapped"] < min_mapped * mappable.sum():
        raise Problems([_too_few(report, organism, orthologs, min_mapped)])
    keep = [column for column in adata.var.columns if column not in _COLUMNS]
    own = {kind: ids[kind] for kind in ("symbol", "ensembl", "entrez", "refseq", "uniprot")}
    filled = {kind: own[kind].fillna(result[kind]) for kind in ("symbol", "ensembl", "entrez")}
    columns = {
        "feature_id": ids.index.astype(str),
        **own,
        **filled,
        **{column: result[column] for column in ("human_symbol", "ortholog_type", "mapping_route")},
    }
    adata.var = pd.concat(
        [pd.DataFrame(columns, index=ids.index), adata.var[keep].set_axis(ids.index)], axis=1
    )
    adata.uns["identifiers"] = report["identifiers"]
    return report


_RESULT = ("human_symbol", "ortholog_type", "mapping_route", "symbol", "ensembl", "entrez")
_COLUMNS = ("feature_id", "symbol", "ensembl", "entrez", "refseq", "uniprot", *_RESULT[:3])


def _identifiers(var: pd.DataFrame) -> pd.DataFrame:
    """Identifiers of each feature by kind, groups as they stand; from the columns, then from the index."""
    import pandas as pd

    index = pd.Index(var.index.astype(str), name="feature_id")
    names = pd.Series(index, index=index, dtype="string")
    kinds = kinds_of(names)
    ids = pd.DataFrame(index=index)
    for kind in KINDS:
        ids[kind] = pd.Series(pd.NA, index=index, dtype="string")
        if kind in var:
            given = var[kind].astype("string").str.strip().set_axis(index)
            ids[kind] = given.where(given.ne("") & given.ne("nan"))
        # an index that looks like symbols is none where the table gives symbols of its own
        if not (kind == "symbol" and "symbol" in var):
            ids[kind] = ids[kind].fillna(names.where(kinds.eq(kind)))
    # genes without a symbol often stand under their Ensembl identifier in the symbols' column
    for kind in UNMISTAKABLE:
        strays = ids["symbol"].str.match(PATTERNS[kind], na=False)
        ids[kind] = ids[kind].fillna(ids["symbol"].where(strays))
        ids["symbol"] = ids["symbol"].mask(strays)
    ids.loc[names.str.contains(DECOY, regex=True).to_numpy(bool)] = pd.NA
    return ids


def _check_identifiers(ids: pd.DataFrame, names: pd.Series, organism: str) -> None:
    if ids["entrez"].notna().any() and are_row_numbers(names):
        found = f"{names.iloc[0]}, {names.iloc[1]}, {names.iloc[2]}, ..."
        hint = "name the column of the features with the reader's option 'feature'"
        raise Problems(
            [Problem("The features have row numbers for names", "the matrix", found, "gene names", hint)]
        )
    ensembl = members(ids["ensembl"], "ensembl")
    if len(ensembl) and species_of_ensembl(ensembl) not in (None, organism):
        what = f"The Ensembl genes are not {organism} genes"
        found = f"{ensembl.iloc[0]} ({species_of_ensembl(ensembl)})"
        hint = "correct the card's organism"
        raise Problems([Problem(what, "the matrix", found, f"{ENSEMBL_PREFIX[organism]}...", hint)])


def _hand_table(organism: str) -> pd.DataFrame:
    """Hand-made identifiers of one organism; ``;``-joined cells as they are."""
    table = load_table("identifiers")
    table = table[table["organism"] == organism].replace("", None)
    kind = "same_species" if organism == "human" else "one2one"
    aliases = table["symbol"].str.cat(table["aliases"], sep=";", na_rep="").str.strip(";")
    return table.assign(ortholog_type=kind, symbols=aliases)


def _protein_names(organism: str) -> pd.DataFrame:
    table = load_table("protein_names").rename(columns={"protein_name": "name"})
    return table.assign(ortholog_type="same_species")[: len(table) if organism == "human" else 0]


def _apply(
    result: pd.DataFrame,
    ids: pd.DataFrame,
    table: pd.DataFrame,
    source: str,
    reserved: set[str] = frozenset(),
) -> None:
    """Fill what is not mapped yet from a table, kind by kind; ``reserved`` human genes are not for this table."""
    import pandas as pd

    for kind in KINDS:
        column = "symbols" if kind == "symbol" and "symbols" in table else kind
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
        if kind == "symbol":
            folded = rows.set_axis(rows.index.str.casefold())
            passes.append((folded, ", another case"))
        for lookup, note in passes:
            open_rows = result["human_symbol"].isna()
            parts = members(ids.loc[open_rows.to_numpy(), kind], kind)
            if kind == "symbol":
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
            route = f"{source}: {kind}{note}"
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


def _apply_human(result, ids, genes: pd.DataFrame | None, hand: pd.DataFrame) -> None:
    """Human data: the table names Ensembl and Entrez genes; a symbol is its own gene."""
    if genes is not None:
        _apply(result, ids, genes, "orthologs")
    symbols = members(ids.loc[result["human_symbol"].isna().to_numpy(), "symbol"], "symbol")
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
    kinds = ", ".join(WORDS[kind] for kind in report["identifiers"])
    found = (
        f"{report['n_mappable_mapped']} of {report['n_mappable']} detected features ({share:.1%}), "
        f"identifiers: {kinds}; not mapped: {', '.join(report['unmapped_examples'])}"
    )
    if orthologs is None:
        hint = f"name a gene table for {organism} under `orthologs` in the configuration"
    else:
        hint = f"is the organism really {organism}? Does the reader's option 'feature' name the right column?"
    return Problem(
        "Too few features find a human gene", "the matrix", found, f"at least {min_mapped:.0%}", hint
    )


def axis_status(adata: AnnData, genes: Sequence[str], organism: str) -> pd.DataFrame:
    """What each gene is called in a data set, or why no feature is that gene.

    Parameters
    ----------
    adata
        Data set with mapped features (:func:`map_features`).
    genes
        Human symbols.
    organism
        human, mouse or rat.

    Returns
    -------
    pandas.DataFrame
        One row per gene: ``human_symbol``; ``status`` (present, absent: the data set could name the gene and does
        not, unmapped: its identifiers cannot be matched with what is known of the gene); ``features`` (``;``-joined
        feature ids); ``code`` (:class:`~sevaxis.base.vocabulary.Reason`) and ``reason`` (its sentence), None and empty
        where present.
    """
    import pandas as pd

    hand = _hand_table(organism)
    var = adata.var
    given = [kind for kind in KINDS if kind in var and var[kind].notna().any()]
    kinds = [str(kind) for kind in adata.uns.get("identifiers", given)]
    names = load_table("protein_names")
    rows = []
    for gene in genes:
        features = var.index[(var["human_symbol"] == gene).fillna(False).to_numpy(bool)].tolist()
        if features:
            rows.append((gene, ";".join(map(str, features)), None, {}))
            continue
        known = hand[hand["human_symbol"] == gene]
        if not len(known):
            rows.append((gene, "", Reason.GENE_UNKNOWN, {"gene": gene}))
            continue
        entry = known.iloc[0]
        has = {kind for kind in KINDS if kind in known and pd.notna(entry[kind])}
        if organism == "human" and (names["human_symbol"] == gene).any():
            has.add("name")
        if has & set(kinds):
            rows.append((gene, "", Reason.GENE_NOT_LISTED, {"gene": _call(entry)}))
        else:
            used = " and ".join(WORDS[kind] for kind in kinds) or "unknown names"
            rows.append((gene, "", Reason.GENE_NOT_MATCHED, {"gene": _call(entry), "identifiers": used}))
    table = pd.DataFrame(rows, columns=["human_symbol", "features", "code", "facts"])
    return table.assign(
        status=[code.status if code else "present" for code in table["code"]],
        reason=[
            code.tell(organism=organism, **facts) if code else ""
            for code, facts in zip(table["code"], table.pop("facts"), strict=True)
        ],
    )


def _call(entry: pd.Series) -> str:
    """Symbol and identifiers of a gene, for a sentence: ``Fbxo2 (Ensembl ..., RefSeq NP_445963, RGD 621751)``."""
    import pandas as pd

    labels = {
        "ensembl": "Ensembl",
        "entrez": "Entrez",
        "uniprot": "UniProt",
        "refseq": "RefSeq",
        "rgd": "RGD",
    }
    known = [
        f"{label} {str(entry[kind]).replace(';', '/')}"
        for kind, label in labels.items()
        if pd.notna(entry[kind])
    ]
    return f"{entry['symbol']} ({', '.join(known)})"
