"""What a table says of its features: identifiers by namespace, groups whole, and whose proteins they are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sevaxis.base.problems import refuse
from sevaxis.base.vocabulary import Namespace, Organism
from sevaxis.genes.identifiers import (
    COLUMN_NAMES,
    DECOY,
    ENSEMBL_PREFIX,
    FASTA_NAME,
    PATTERNS,
    SPECIES,
    UNMISTAKABLE,
    are_row_numbers,
    identifier_of,
    members,
    namespaces_of,
    species_of_ensembl,
)

if TYPE_CHECKING:
    import pandas as pd

#: Columns (small letters and digits only) that name the species of each feature.
SPECIES_COLUMNS = (
    "organism",
    "organisms",
    "organismname",
    "species",
    "pgorganisms",
    "proteinorganism",
    "taxonname",
)
#: Columns (as above) with a registry's number -> what is written before it elsewhere.
PREFIXES = {"rgdid": "RGD:", "mgiid": "MGI:", "hgncid": "HGNC:"}
NUMBERED = ("rgd_id", "mgi_id", "hgnc_id")
#: Every way to write a species that is known here -> its word.
NAMES_OF_SPECIES = {
    name.casefold(): word
    for code, (word, scientific) in SPECIES.items()
    for name in (code, word, scientific, f"{scientific} ({word})")
}


def identifiers_of(var: pd.DataFrame) -> pd.DataFrame:
    """Identifiers of each feature by namespace, groups as they stand; from the columns, then from the index.

    Parameters
    ----------
    var
        Annotation of the features as a reader gives it: columns named by namespace hold the first member of a group,
        columns of the file may hold the whole group (``Majority protein IDs``) or FASTA headers.

    Returns
    -------
    pandas.DataFrame
        A column of text for each :class:`~sevaxis.base.vocabulary.Namespace`; a decoy or contaminant has none.
    """
    import pandas as pd

    index = pd.Index(var.index.astype(str), name="feature_id")
    names = pd.Series(index, index=index, dtype="string[pyarrow]")
    looks = namespaces_of(names)
    text = {
        str(column): cells.astype("string[pyarrow]").set_axis(index)
        for column, cells in var.items()
        if str(column).lower() in NUMBERED
        or not (pd.api.types.is_numeric_dtype(cells) or pd.api.types.is_bool_dtype(cells))
    }
    ids = pd.DataFrame(index=index)
    for namespace in Namespace:
        ids[namespace] = pd.Series(pd.NA, index=index, dtype="string[pyarrow]")
        if namespace in var:
            given = var[namespace].astype("string[pyarrow]").str.strip().set_axis(index)
            ids[namespace] = given.where(given.ne("") & given.ne("nan"))
        groups = [names.where(looks.eq(namespace))]
        for column in _columns_of(namespace, text):
            groups.append(text[column])
            if namespace not in var and identifier_of(text[column].dropna()) == namespace:
                ids[namespace] = ids[namespace].fillna(text[column])
        for group in groups:
            ids[namespace] = _whole(ids[namespace], group)
        # an index that looks like symbols is none where the table gives symbols of its own
        if not (namespace == Namespace.SYMBOL and namespace in var):
            ids[namespace] = ids[namespace].fillna(groups[0])
    headers = [
        cells for cells in (names, *text.values()) if cells.str.contains(r"\|.*\| ?| GN=", na=False).any()
    ]
    for cells in headers:
        ids[Namespace.ENTRY_NAME] = ids[Namespace.ENTRY_NAME].fillna(_all_of(cells, FASTA_NAME))
        ids[Namespace.SYMBOL] = ids[Namespace.SYMBOL].fillna(_all_of(cells, r"\bGN=([^\s;]+)"))
    # genes without a symbol often stand under their Ensembl identifier in the symbols' column
    for namespace in UNMISTAKABLE:
        strays = ids["symbol"].str.match(PATTERNS[namespace], na=False)
        ids[namespace] = ids[namespace].fillna(ids["symbol"].where(strays))
        ids["symbol"] = ids["symbol"].mask(strays)
    ids.loc[names.str.contains(DECOY, regex=True).to_numpy(bool)] = pd.NA
    return ids


def _columns_of(namespace: Namespace, columns: dict[str, pd.Series]) -> list[str]:
    """Columns of the file that may hold whole groups; of MaxQuant's two the one of the proteins with most peptides."""
    found = [
        column
        for column in columns
        if column != namespace and COLUMN_NAMES.get(re.sub(r"[^a-z0-9]", "", column.lower())) == namespace
    ]
    return [column for column in found if "majority" in column.lower()] or found


def _whole(first: pd.Series, group: pd.Series) -> pd.Series:
    """The group instead of its first member, where it begins with it and no group stands there yet."""
    several = group.str.contains(";", regex=False).fillna(False) & first.notna()
    several &= ~first.str.contains(";", regex=False).fillna(False)
    if not several.any():
        return first
    begins = [
        one in whole.split(";", 1)[0] for one, whole in zip(first[several], group[several], strict=True)
    ]
    chosen = group[several][begins]
    return first.mask(first.index.isin(chosen.index), group) if first.index.is_unique else first


def _all_of(cells: pd.Series, pattern: str) -> pd.Series:
    """All that a pattern finds in each cell, joined by ``;``; missing where it finds nothing."""
    import pandas as pd

    found = cells.dropna().str.findall(pattern)
    joined = found.map(lambda each: ";".join(dict.fromkeys(each)) or pd.NA)
    return joined.astype("string").reindex(cells.index) if len(joined) else cells.where(cells.isna())


def check_identifiers(ids: pd.DataFrame, names: pd.Series, organism: str) -> None:
    """Refuse names that cannot be right: row numbers, Ensembl genes of another organism.

    Raises
    ------
    Problems
        With the names as they stand there.
    """
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


def stated_species(var: pd.DataFrame, ids: pd.DataFrame, organism: str) -> pd.Series:
    """Species of the features that the table itself says to be another organism's; missing for all others.

    Told by entry names (``ALBU_BOVIN``), by ``OS=`` of FASTA headers and by a column ``Organism``. A group with any
    member of the organism is its own.
    """
    import pandas as pd

    found = pd.Series(pd.NA, index=ids.index, dtype="string")
    own = next(code for code, (word, _) in SPECIES.items() if word == organism)
    for column, cells in var.items():
        if pd.api.types.is_numeric_dtype(cells):
            continue
        text = cells.astype("string").set_axis(ids.index)
        if re.sub(r"[^a-z0-9]", "", str(column).lower()) in SPECIES_COLUMNS:
            words = text.str.strip().str.casefold().map(NAMES_OF_SPECIES).astype("string")
            latin = text.where(text.str.fullmatch(r"[A-Z][a-z]+ [a-z]+(?: .*)?", na=False))
            found = found.fillna(_others(words.fillna(latin), organism))
        elif text.str.contains(r"\bOS=", na=False).any():
            names = _all_of(text, r"\bOS=([A-Z][a-z]+ [a-z]+)").str.split(";").explode()
            words = names.str.casefold().map(NAMES_OF_SPECIES).astype("string").fillna(names)
            found = found.fillna(_alone(words, organism))
    entries = ids[Namespace.ENTRY_NAME].dropna().str.split(";").explode()
    codes = entries.str.extract(r"_([A-Z0-9]+)$", expand=False)
    words = codes.map({code: word for code, (word, _) in SPECIES.items()}).astype("string")
    return found.fillna(_alone(words.where(codes.ne(own), organism), organism))


def _others(words: pd.Series, organism: str) -> pd.Series:
    return words.where(words.ne(organism))


def _alone(words: pd.Series, organism: str) -> pd.Series:
    """The first species of each feature, none where any member is of the organism."""
    words = words.dropna()
    own = words.index[words.eq(organism)].unique()
    words = words[~words.index.isin(own)]
    return words[~words.index.duplicated()]
