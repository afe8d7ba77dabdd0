"""Identifiers of features: told apart by form, brought to one form, members of groups taken apart."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from sevaxis.base.vocabulary import Namespace, Organism
from sevaxis.genes.excel_dates import are_dates

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

#: What a reader can be told that feature names are.
Identifier = Literal["symbol", "ensembl", "entrez", "refseq", "uniprot"]

#: Species code of UniProt entry names -> the species in a word and by its scientific name: ours, and those whose
#: proteins come with serum, trypsin, wool, food or a spike.
SPECIES = {
    "HUMAN": ("human", "Homo sapiens"), "MOUSE": ("mouse", "Mus musculus"), "RAT": ("rat", "Rattus norvegicus"),
    "BOVIN": ("cattle", "Bos taurus"), "PIG": ("pig", "Sus scrofa"), "SHEEP": ("sheep", "Ovis aries"),
    "HORSE": ("horse", "Equus caballus"), "RABIT": ("rabbit", "Oryctolagus cuniculus"),
    "CHICK": ("chicken", "Gallus gallus"), "CANLF": ("dog", "Canis lupus familiaris"), "GOAT": ("goat", "Capra hircus"),
    "YEAST": ("yeast", "Saccharomyces cerevisiae"), "ECOLI": ("E. coli", "Escherichia coli"),
}  # fmt: skip
#: What an identifier looks like: Ensembl gene, transcript or protein, RefSeq (NCBI handbook, chapter 18), UniProt
#: accession (the expression of uniprot.org/help/accession_numbers, with isoform) and entry name, Entrez Gene.
PATTERNS = {
    Namespace.ENSEMBL: r"^ENS[A-Z]{0,6}G\d{11}(\.\d+)?(_PAR_Y)?$",
    Namespace.PRODUCT: r"^ENS[A-Z]{0,6}[TP]\d{11}(\.\d+)?(_PAR_Y)?$",
    Namespace.REFSEQ: r"^[NX][MPR]_\d{6,9}(\.\d+)?$",
    Namespace.REGISTRY: r"^(?:HGNC|MGI|RGD):\d+$",
    Namespace.ENTRY_NAME: rf"^[A-Z0-9]{{1,10}}_(?:{'|'.join(SPECIES)})$",
    Namespace.UNIPROT: r"^([OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9]([A-Z][A-Z0-9]{2}[0-9]){1,2})(-\d+)?$",
    Namespace.ENTREZ: r"^\d{1,9}$",
}
#: Column names (lower case, letters and digits only) -> namespace.
COLUMN_NAMES = {
    **dict.fromkeys(
        ("symbol", "symbols", "genesymbol", "genesymbols", "genename", "genenames", "genes", "gene", "hgncsymbol",
         "mgisymbol", "rgdsymbol", "externalgenename", "associatedgenename", "pggenes", "suggestedsymbol",
         "officialsymbol", "officialgenesymbol", "approvedsymbol", "genenameprimary", "primarygenename",
         "entrezgenesymbol"),
        Namespace.SYMBOL
    ),
    **dict.fromkeys(
        ("ensembl", "ensemblgeneid", "ensemblid", "ensemblgene", "ensgene", "geneensembl"), Namespace.ENSEMBL
    ),
    **dict.fromkeys(("ensembltranscriptid", "transcriptid", "enstranscript", "ensemblproteinid"), Namespace.PRODUCT),
    **dict.fromkeys(
        ("entrez", "entrezid", "entrezgene", "entrezgeneid", "ncbigeneid", "geneidentrez", "ncbigene"), Namespace.ENTREZ
    ),
    **dict.fromkeys(("refseq", "refseqid", "refseqaccession", "refseqproteinid", "refseqmrna"), Namespace.REFSEQ),
    **dict.fromkeys(("hgncid", "mgiid", "rgdid", "hgnc", "mgi", "rgd", "mgigeneid"), Namespace.REGISTRY),
    **dict.fromkeys(("entryname", "uniprotname", "uniprotentryname", "proteinname", "proteinnames", "pgproteinnames"),
        Namespace.ENTRY_NAME),
    **dict.fromkeys(("uniprot", "uniprotid", "uniprotaccession", "uniprotkb", "proteinid", "proteinids",
        "majorityproteinids", "leadingproteins", "leadingrazorprotein", "proteingroup", "proteinaccession",
        "proteinaccessions", "pgproteingroups", "pgproteinaccessions"), Namespace.UNIPROT),
}  # fmt: skip
#: Namespaces whose form cannot be mistaken; numbers and accessions may be symbols (B3GNT2, P2RY12 fit UniProt's form)
#: and count only where at least half of the features have that form.
UNMISTAKABLE = (
    Namespace.ENSEMBL,
    Namespace.PRODUCT,
    Namespace.REFSEQ,
    Namespace.REGISTRY,
    Namespace.ENTRY_NAME,
)
MOSTLY = 0.5
#: Share of names that must look like an identifier before all are taken for such.
NEARLY_ALL = 0.8
#: Ensembl's prefix of each species' genes (https://www.ensembl.org/info/genome/stable_ids/prefixes.html).
ENSEMBL_PREFIX = {Organism.HUMAN: "ENSG", Organism.MOUSE: "ENSMUSG", Organism.RAT: "ENSRNOG"}
#: Symbols that were changed because Excel makes dates of them (Bruford et al. 2020, Nat Genet 52:754); tables
#: of orthologs and data may have either.
RENAMED = {
    r"^SEPT(\d+)$": "SEPTIN${1}",
    r"^Sept(\d+)$": "Septin${1}",
    r"^MARCH(\d+)$": "MARCHF${1}",
    r"^March(\d+)$": "Marchf${1}",
    r"^MARC([12])$": "MTARC${1}",
    r"^Marc([12])$": "Mtarc${1}",
    r"^DEC1$": "DELEC1",
}
#: Decoys and common contaminants, as search engines mark them.
DECOY = r"^(?:##|#?(?i:rev|reverse|reversed|decoy|xxx)(?:_|#|\|)|#?(?i:con__|cont_|contam[_#|]|contaminant[_#|])|cRAP)"
#: What is cut off: versions, isoforms and chains, the copy on Y of genes that both sex chromosomes have.
ENDINGS = {
    Namespace.ENSEMBL: r"(?:\.\d+)?(?:_PAR_Y)?$",
    Namespace.PRODUCT: r"(?:\.\d+)?(?:_PAR_Y)?$",
    Namespace.REFSEQ: r"\.\d+$",
    Namespace.UNIPROT: r"(?:-(?:\d+|PRO_\d+)|\.\d+)$",
}
_FASTA = r"^>?(?:sp|tr)\|([A-Z0-9-]+)(?:\|.*)?$"
#: Entry names within FASTA identifiers: sp|O08917|FLOT1_MOUSE.
FASTA_NAME = r"(?:sp|tr)\|[A-Z0-9-]+\|([A-Z0-9]+_[A-Z0-9]+)"
#: Identifiers with a word before them: gene:ENSG..., GeneID:2319, gene-FLOT1 (NCBI), MGI:MGI:1100500, ref|NP_073192.2|.
_PREFIXED = (
    r"^(?i:(?:gene|transcript|protein|geneid|ncbigene|entrez|ensembl|refseq|uniprot(?:kb)?):|gene-|rna-|ref\|)"
    r"(.+?)\|?$"
)
_TWICE = r"^(MGI|RGD|HGNC):(?:MGI|RGD|HGNC):"
#: An Ensembl gene with its symbol: ENSG00000116661.9_FBXO2, ENSG00000116661|FBXO2.
_WITH_SYMBOL = r"^(ENS[A-Z]{0,6}G\d{11}(?:\.\d+)?(?:_PAR_Y)?)[_|:;](?:[A-Za-z].*)$"
#: A protein and its modified residues: NP_001004072.2_K267, Q8CGP2-2_S12s.
_SITE = r"^([NX]P_\d+(?:\.\d+)?|[A-Z][A-Z0-9]{5,9}(?:-\d+)?)_(?:[A-Z]\d+[a-z]*)+$"


def rename_symbols(symbols: pd.Series) -> pd.Series:
    """Symbols with the withdrawn names of :data:`RENAMED` replaced."""
    return _pandas(_rename(_polars(symbols)), symbols.index)


def _rename(symbols: pl.Series) -> pl.Series:
    old = symbols.str.contains("^(?i:SEPT|MARC|DEC)").fill_null(False)
    if old.any():
        for pattern, text in RENAMED.items():
            symbols = symbols.str.replace(pattern, text)
    return symbols


def _polars(names: pd.Series) -> pl.Series:
    """Names as polars has them, whose expressions are many times as fast at text as Python's."""
    import polars as pl

    return pl.Series(names.astype("string").to_numpy(object, na_value=None).tolist(), dtype=pl.String)


def _pandas(names: pl.Series, index: pd.Index) -> pd.Series:
    import pandas as pd

    return pd.Series(names.to_arrow(), index=index, dtype="string[pyarrow]")


def is_excel_date(names: pd.Series) -> pd.Series:
    """Whether names are dates that Excel made of genes (``1-Mar``), or the serial numbers of such dates."""
    import pandas as pd

    return pd.Series(are_dates(names.fillna("").to_numpy(object)), index=names.index, dtype=bool)


def namespaces_of(names: pd.Series) -> pd.Series:
    """Namespace of each name of an index, judged from its first member; ``name`` for text with spaces, else symbol."""
    import pandas as pd

    first = _pandas(_undress(_polars(names).str.split(";").list.first().str.strip_chars()), names.index)
    found = pd.Series(Namespace.SYMBOL, index=names.index, dtype="object")
    found[first.str.contains(r"\S\s+\S", na=False).to_numpy(bool)] = Namespace.NAME
    if found.eq(Namespace.NAME).mean() >= MOSTLY:
        found[:] = Namespace.NAME  # Albumin among names of several words is a name too
    for namespace, pattern in PATTERNS.items():
        fits = first.str.fullmatch(pattern, na=False).to_numpy(bool)
        if namespace in UNMISTAKABLE or fits.mean() >= MOSTLY:
            found[fits] = namespace
    return found


def _undress(names: pl.Series) -> pl.Series:
    """Identifiers without what stands around them: FASTA headers, modified residues, words before, decimal zeros."""
    for pattern, kept in (
        (_FASTA, "${1}"), (_PREFIXED, "${1}"), (_TWICE, "${1}:"), (_WITH_SYMBOL, "${1}"), (_SITE, "${1}"),
        (r"^(\d+)\.0$", "${1}"),
    ):  # fmt: skip
        names = names.str.replace(pattern, kept)
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
    import polars as pl

    cells = pl.DataFrame({"name": _polars(names)}).with_row_index("at").drop_nulls()
    parts = (
        pl.col("name")
        if namespace == Namespace.NAME
        else pl.col("name").str.replace_all(",", ";", literal=True)
    )
    cells = (
        cells.with_columns(parts.str.split(";"))
        .explode("name")
        .with_columns(pl.col("name").str.strip_chars())
    )
    cells = cells.filter(pl.col("name") != "", ~pl.col("name").str.contains(DECOY))
    text = cells["name"]
    if namespace == Namespace.SYMBOL:
        # gene-FLOT1 (NCBI), FLOT1|10211 (TCGA)
        text = text.str.replace(r"^gene[-:](.+)$", "${1}").str.replace(r"^([A-Za-z][\w.-]*)\|\d+$", "${1}")
        text = _rename(text)
    elif namespace != Namespace.NAME:
        text = _undress(text).str.replace(ENDINGS.get(namespace, r"^\s"), "")
    return _pandas(text, names.index[cells["at"].to_numpy()])


def first_of_group(cells: pd.Series) -> pd.Series:
    """First member of groups such as ``P1;P2``; accessions out of ``sp|P1|NAME``; numbers as text."""
    import pandas as pd
    import polars as pl

    # a list: polars takes an array of objects whose first is missing for an array of anything
    text = pl.Series(cells.astype("string").to_numpy(object, na_value=None).tolist(), dtype=pl.String)
    first = text.str.replace(r"^(\d+)\.0$", "$1").str.split(";").list.first().str.strip_chars()
    first = first.str.replace(r"^>?(?:sp|tr)\|([^|]+)(?:\|.*)?$", "$1").replace("", None)
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
    cells = cells.str.replace(r"^>?(?:sp|tr)\|([A-Z0-9-]+)\|[^;]*", "${1}")
    for namespace, pattern in PATTERNS.items():
        fits = cells.str.contains(pattern.removesuffix("$") + "(;|$)")
        if len(cells) and fits.sum() >= NEARLY_ALL * len(cells):
            return namespace
    return None
