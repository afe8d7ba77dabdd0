"""Identifiers of features: told apart by form, brought to one form, members of groups taken apart."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from sevaxis.base.vocabulary import Namespace, Organism
from sevaxis.genes.excel_dates import is_date

if TYPE_CHECKING:
    import pandas as pd

#: What a reader can be told that feature names are.
Identifier = Literal["symbol", "ensembl", "entrez", "refseq", "uniprot"]

#: What an identifier looks like: Ensembl gene, RefSeq (NCBI handbook, chapter 18), UniProt accession (the expression
#: of uniprot.org/help/accession_numbers, with isoform), Entrez Gene.
PATTERNS = {
    Namespace.ENSEMBL: r"^ENS[A-Z]{0,6}G\d{11}(\.\d+)?(_PAR_Y)?$",
    Namespace.REFSEQ: r"^[NX][MPR]_\d{6,9}(\.\d+)?$",
    Namespace.UNIPROT: r"^([OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9]([A-Z][A-Z0-9]{2}[0-9]){1,2})(-\d+)?$",
    Namespace.ENTREZ: r"^\d{1,9}$",
}
#: Column names (lower case, letters and digits only) -> namespace.
COLUMN_NAMES = {
    **dict.fromkeys(
        ("symbol", "genesymbol", "genesymbols", "genename", "genenames", "genes", "gene", "hgncsymbol", "mgisymbol",
         "externalgenename", "pggenes"), Namespace.SYMBOL
    ),
    **dict.fromkeys(("ensembl", "ensemblgeneid", "ensemblid", "ensemblgene"), Namespace.ENSEMBL),
    **dict.fromkeys(("entrez", "entrezid", "entrezgene", "entrezgeneid", "ncbigeneid"), Namespace.ENTREZ),
    **dict.fromkeys(("refseq", "refseqid"), Namespace.REFSEQ),
    **dict.fromkeys(("uniprot", "uniprotid", "uniprotaccession", "proteinid", "proteinids", "majorityproteinids",
        "proteingroup", "pgproteingroups", "pgproteinaccessions"), Namespace.UNIPROT),
}  # fmt: skip
#: Namespaces whose form cannot be mistaken; numbers and accessions may be symbols (B3GNT2, P2RY12 fit UniProt's form)
#: and count only where at least half of the features have that form.
UNMISTAKABLE = (Namespace.ENSEMBL, Namespace.REFSEQ)
MOSTLY = 0.5
#: Share of names that must look like an identifier before all are taken for such.
NEARLY_ALL = 0.8
#: Ensembl's prefix of each species' genes (https://www.ensembl.org/info/genome/stable_ids/prefixes.html).
ENSEMBL_PREFIX = {Organism.HUMAN: "ENSG", Organism.MOUSE: "ENSMUSG", Organism.RAT: "ENSRNOG"}
#: Symbols that were changed because Excel makes dates of them (Bruford et al. 2020, Nat Genet 52:754); tables
#: of orthologs and data may have either.
RENAMED = {
    r"^SEPT(\d+)$": r"SEPTIN\1",
    r"^Sept(\d+)$": r"Septin\1",
    r"^MARCH(\d+)$": r"MARCHF\1",
    r"^March(\d+)$": r"Marchf\1",
    r"^MARC([12])$": r"MTARC\1",
    r"^Marc([12])$": r"Mtarc\1",
    r"^DEC1$": "DELEC1",
}
DECOY = r"^(?:CON__|REV__|contam_|rev_)"
_FASTA = r"^(?:sp|tr)\|([A-Z0-9-]+)\|.*$"
#: A protein and its modified residues: NP_001004072.2_K267, Q8CGP2-2_S12s.
_SITE = r"^([NX]P_\d+(?:\.\d+)?|[A-Z][A-Z0-9]{5,9}(?:-\d+)?)_(?:[A-Z]\d+[a-z]*)+$"


def rename_symbols(symbols: pd.Series) -> pd.Series:
    """Symbols with the withdrawn names of :data:`RENAMED` replaced."""
    old_names = symbols.str.match("|".join(RENAMED), na=False).to_numpy(bool)
    if old_names.any():
        found = symbols[old_names]
        for old, new in RENAMED.items():
            found = found.str.replace(old, new, regex=True)
        symbols = symbols.mask(old_names, found)
    return symbols


def is_excel_date(names: pd.Series) -> pd.Series:
    """Whether names are dates that Excel made of genes (``1-Mar``), or the serial numbers of such dates."""
    return names.fillna("").map(is_date).astype(bool)


def namespaces_of(names: pd.Series) -> pd.Series:
    """Namespace of each name of an index, judged from its first member; ``name`` for text with spaces, else symbol."""
    import pandas as pd

    first = _undress(
        names.astype("string[pyarrow]").str.split(";", n=1).str[0].astype("string[pyarrow]").str.strip()
    )
    found = pd.Series(Namespace.SYMBOL, index=names.index, dtype="object")
    found[first.str.contains(r"\S\s+\S", na=False).to_numpy(bool)] = Namespace.NAME
    if found.eq(Namespace.NAME).mean() >= MOSTLY:
        found[:] = Namespace.NAME  # Albumin among names of several words is a name too
    for namespace, pattern in PATTERNS.items():
        fits = first.str.fullmatch(pattern, na=False).to_numpy(bool)
        if namespace in UNMISTAKABLE or fits.mean() >= MOSTLY:
            found[fits] = namespace
    return found


def _undress(names: pd.Series) -> pd.Series:
    """Accession of a FASTA identifier, protein of a modification site, number without a decimal zero."""
    for sign, pattern in (("|", _FASTA), ("_", _SITE), (".0", r"^(\d+)\.0$")):
        # most names have no such sign, and a search for one is cheap
        bearing = names.str.contains(sign, regex=False).fillna(False).to_numpy(bool)
        if bearing.any():
            names = names.mask(bearing, names[bearing].str.replace(pattern, r"\1", regex=True))
    return names


def members(names: pd.Series, namespace: Namespace) -> pd.Series:
    """Members of ``;``-joined groups in one form each.

    Parameters
    ----------
    names
        Identifiers of one namespace; groups joined by ``;`` (for accessions by ``,`` too).
    namespace
        What the identifiers are.

    Returns
    -------
    pandas.Series
        One row per member, index repeated; versions (``ENSG00000161896.12``, ``NP_073192.2``), isoforms
        (``Q8CGP2-2``) and decimal zeros (``7503.0``) removed; decoys and contaminants left out.
    """
    parts = names.dropna().astype("string[pyarrow]")  # ten times as fast as Python's strings
    separator = r";" if namespace == Namespace.NAME else r"[;,]"
    if parts.str.contains(separator, regex=True).any():
        parts = parts.str.split(separator, regex=True).explode().astype("string[pyarrow]")
    parts = parts.str.strip()
    parts = parts[parts.ne("") & ~parts.str.contains(DECOY, regex=True, na=False)]
    match namespace:
        case Namespace.SYMBOL:
            return rename_symbols(parts)
        case Namespace.NAME:
            return parts
    parts = _undress(parts)
    endings = {
        Namespace.ENSEMBL: r"(?:\.\d+)?(?:_PAR_Y)?$",
        Namespace.REFSEQ: r"\.\d+$",
        Namespace.UNIPROT: r"-\d+$",
    }
    ending = endings.get(namespace)
    return parts.str.replace(ending, "", regex=True) if ending else parts


def first_of_group(cells: pd.Series) -> pd.Series:
    """First member of groups such as ``P1;P2``; accessions out of ``sp|P1|NAME``; numbers as text."""
    import pandas as pd
    import polars as pl

    # a list: polars takes an array of objects whose first is missing for an array of anything
    text = pl.Series(cells.astype("string").to_numpy(object, na_value=None).tolist(), dtype=pl.String)
    first = text.str.replace(r"^(\d+)\.0$", "$1").str.split(";").list.first().str.strip_chars()
    first = first.str.replace(r"^(?:sp|tr)\|([^|]+)\|.*$", "$1").replace("", None)
    return pd.Series(pd.array(first.to_list(), dtype="string"), index=cells.index, name=cells.name)


def species_of_ensembl(ids: pd.Series) -> str | None:
    """Organism of most of some Ensembl genes, None where it is none of ours."""
    counts = {
        organism: int(ids.str.match(rf"^{re.escape(prefix)}\d", na=False).sum())
        for organism, prefix in ENSEMBL_PREFIX.items()
    }
    best = max(counts, key=lambda organism: counts[organism])
    return best if counts[best] > len(ids) / 2 else None


def are_row_numbers(names: pd.Series) -> bool:
    """Whether names merely count the rows (0, 1, 2, ... or 1, 2, 3, ...)."""
    if len(names) < 3 or not names.str.fullmatch(r"\d+(\.0)?").all():
        return False
    numbers = names.astype(float).to_numpy()
    return numbers[0] in (0, 1) and bool((numbers[1:] - numbers[:-1] == 1).all())


def identifier_of(names: Iterable[object]) -> Namespace | None:
    """What most of some names look like, if anything; of a group ``A;B;C`` the first accession decides."""
    import polars as pl

    cells = pl.Series([name for name in names if isinstance(name, str)], dtype=pl.String)
    for namespace, pattern in PATTERNS.items():
        fits = cells.str.contains(pattern.removesuffix("$") + "(;|$)")
        if len(cells) and fits.sum() >= NEARLY_ALL * len(cells):
            return namespace
    return None
