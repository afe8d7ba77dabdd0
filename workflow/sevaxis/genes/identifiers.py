"""Identifiers of features: told apart by form, brought to one form, members of groups taken apart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sevaxis.genes.excel_dates import is_date
from sevaxis.matrix.readers.tables.assembly import PATTERNS

if TYPE_CHECKING:
    import pandas as pd

#: Kinds of identifiers, in the order in which they are trusted to find a gene.
KINDS = ("ensembl", "uniprot", "refseq", "entrez", "symbol", "name")
WORDS = {
    "ensembl": "Ensembl gene",
    "uniprot": "UniProt accession",
    "refseq": "RefSeq",
    "entrez": "Entrez Gene",
    "symbol": "symbol",
    "name": "protein name",
}
#: Kinds whose form cannot be mistaken; numbers and accessions may be symbols (B3GNT2, P2RY12 fit UniProt's form)
#: and count only where at least half of the features have that form.
UNMISTAKABLE = ("ensembl", "refseq")
MOSTLY = 0.5
#: Ensembl's prefix of each species' genes (https://www.ensembl.org/info/genome/stable_ids/prefixes.html).
ENSEMBL_PREFIX = {"human": "ENSG", "mouse": "ENSMUSG", "rat": "ENSRNOG"}
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


def kinds_of(names: pd.Series) -> pd.Series:
    """Kind of each name of an index, judged from its first member; ``name`` for text with spaces, else ``symbol``."""
    import pandas as pd

    first = _undress(
        names.astype("string[pyarrow]").str.split(";", n=1).str[0].astype("string[pyarrow]").str.strip()
    )
    kinds = pd.Series("symbol", index=names.index, dtype="object")
    kinds[first.str.contains(r"\S\s+\S", na=False).to_numpy(bool)] = "name"
    if kinds.eq("name").mean() >= MOSTLY:
        kinds[:] = "name"  # Albumin among names of several words is a name too
    for kind, pattern in PATTERNS.items():
        fits = first.str.fullmatch(pattern, na=False).to_numpy(bool)
        if kind in UNMISTAKABLE or fits.mean() >= MOSTLY:
            kinds[fits] = kind
    return kinds


def _undress(names: pd.Series) -> pd.Series:
    """Accession of a FASTA identifier, protein of a modification site, number without a decimal zero."""
    for sign, pattern in (("|", _FASTA), ("_", _SITE), (".0", r"^(\d+)\.0$")):
        # most names have no such sign, and a search for one is cheap
        bearing = names.str.contains(sign, regex=False).fillna(False).to_numpy(bool)
        if bearing.any():
            names = names.mask(bearing, names[bearing].str.replace(pattern, r"\1", regex=True))
    return names


def members(names: pd.Series, kind: str) -> pd.Series:
    """Members of ``;``-joined groups in one form each.

    Parameters
    ----------
    names
        Identifiers of one kind; groups joined by ``;`` (for accessions by ``,`` too).
    kind
        One of :data:`KINDS`.

    Returns
    -------
    pandas.Series
        One row per member, index repeated; versions (``ENSG00000161896.12``, ``NP_073192.2``), isoforms
        (``Q8CGP2-2``) and decimal zeros (``7503.0``) removed; decoys and contaminants left out.
    """
    parts = names.dropna().astype("string[pyarrow]")  # ten times as fast as Python's strings
    separator = r";" if kind == "name" else r"[;,]"
    if parts.str.contains(separator, regex=True).any():
        parts = parts.str.split(separator, regex=True).explode().astype("string[pyarrow]")
    parts = parts.str.strip()
    parts = parts[parts.ne("") & ~parts.str.contains(DECOY, regex=True, na=False)]
    if kind == "symbol":
        return rename_symbols(parts)
    if kind == "name":
        return parts
    parts = _undress(parts)
    if kind == "ensembl":
        return parts.str.replace(r"(?:\.\d+)?(?:_PAR_Y)?$", "", regex=True)
    if kind == "refseq":
        return parts.str.replace(r"\.\d+$", "", regex=True)
    if kind == "uniprot":
        return parts.str.replace(r"-\d+$", "", regex=True)
    return parts


def species_of_ensembl(ids: pd.Series) -> str | None:
    """Organism of most of some Ensembl genes, None where it is none of ours."""
    counts = {
        organism: int(ids.str.match(rf"^{re.escape(prefix)}\d", na=False).sum())
        for organism, prefix in ENSEMBL_PREFIX.items()
    }
    best = max(counts, key=counts.get)
    return best if counts[best] > len(ids) / 2 else None


def are_row_numbers(names: pd.Series) -> bool:
    """Whether names merely count the rows (0, 1, 2, ... or 1, 2, 3, ...)."""
    if len(names) < 3 or not names.str.fullmatch(r"\d+(\.0)?").all():
        return False
    numbers = names.astype(float).to_numpy()
    return numbers[0] in (0, 1) and bool((numbers[1:] - numbers[:-1] == 1).all())
