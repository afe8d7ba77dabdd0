"""The gene table of an organism: every identifier that public tables know, with the gene's current symbol.

Made once from the sources that a study names (``config/identifiers.yaml``), in their order: a registry of the
organism's genes first (HGNC, MGI, RGD), then tables of accessions. What belongs to two genes is never given to one of
them unasked:

- An identifier is the gene's that the first source names which knows it. Names that source several genes (one protein
  of fourteen histone genes), a later source decides where it names exactly one of them (Swiss-Prot names one), or else
  the only one that is neither a pseudogene nor a number for a name; what is left is *ambiguous*: no symbol, and its
  genes are told.
- A name that is no gene's symbol now is the gene's that bore it as its symbol before, else the gene's that has it as
  an alias; where that is several genes, it is nobody's.
- Symbols of older tables become current: by the Entrez gene, else by the one gene that had the name before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sevaxis.base.problems import Problem, Problems
from sevaxis.base.vocabulary import Namespace
from sevaxis.genes.identifiers import ENDINGS

if TYPE_CHECKING:
    import polars as pl

#: Columns of a gene table: ``key`` is an identifier of ``namespace`` without version, isoform and prefix; ``symbol`` is
#: missing where it is ambiguous (then ``genes`` has them, joined by ``;``, as also where several genes share it) and
#: where it belongs to another ``species``; ``former`` marks former symbols and aliases.
COLUMNS = ("namespace", "key", "symbol", "ensembl", "entrez", "former", "genes", "species", "source")
#: The same before the identifiers of symbols are joined.
DECIDED = ["namespace", "key", "symbol", "former", "genes", "source"]
#: Names of columns -> namespace, in tables of accessions and in tables of the user's own.
ACCESSIONS = {
    "uniprot_acc": Namespace.UNIPROT,
    "proteinID": Namespace.UNIPROT,
    "refseq_acc": Namespace.REFSEQ,
    **{str(namespace): namespace for namespace in Namespace},
}
SYMBOLS = ("gene", "geneName", "symbol")
#: Symbols of pseudogenes, and numbers that stand for a name.
PLACEHOLDER = r"-ps\d*$|^(?:LOC|AABR|A[CL]|ENS[A-Z]*G)\d+"
#: A rank behind those of all sources.
LAST = 1_000_000
#: Columns that a registry must have, by reader.
HGNC = {
    "symbol": "Approved symbol", "registry": "HGNC ID", "previous": "Previous symbols", "alias": "Alias symbols",
    "entrez": "NCBI Gene ID(supplied by NCBI)", "uniprot": "UniProt ID(supplied by UniProt)",
    "ensembl": "Ensembl gene ID", "status": "Status",
}  # fmt: skip
REGISTRY = {"symbol": "symbol", "registry": "ID", "alias": "synonyms", "ensembl": "ensembl"}


def build_gene_table(
    sources: Sequence[tuple[Path, str]], others: Mapping[str, Sequence[tuple[Path, str]]]
) -> pl.DataFrame:
    """Gene table of one organism.

    Parameters
    ----------
    sources
        Files with their readers (``hgnc``, ``mgi``, ``rgd``, ``accessions``, ``table``), the most trusted first.
    others
        Species -> its files of accessions, whose proteins are none of this organism.

    Returns
    -------
    polars.DataFrame
        Columns :data:`COLUMNS`, sorted; the same bytes for the same files.

    Raises
    ------
    Problems
        Files without the columns that their reader needs.
    """
    import polars as pl

    problems: list[Problem] = []
    rows = [_read_source(path, reader, order, problems) for order, (path, reader) in enumerate(sources)]
    foreign = [
        _read_source(path, reader, 0, problems).with_columns(species=pl.lit(species))
        for species, files in others.items()
        for path, reader in files
    ]
    if problems:
        raise Problems(problems)
    stated = pl.concat(rows)
    current = stated.filter(pl.col("namespace") == Namespace.SYMBOL, ~pl.col("former"))["symbol"].unique()
    stated = _with_current_symbols(stated, current)
    table = pl.concat([_decide(stated.filter(~pl.col("former"))), _decide_former(stated, current)])
    table = table.join(_identifiers_of_symbols(table), on="symbol", how="left")
    if foreign:
        strange = pl.concat(foreign).filter(pl.col("namespace") == Namespace.UNIPROT)
        strange = strange.unique(["namespace", "key"], keep="first", maintain_order=True)
        strange = strange.join(table, on=["namespace", "key"], how="anti")
        empty = {name: pl.lit(None, pl.String) for name in ("symbol", "ensembl", "entrez", "genes")}
        strange = strange.with_columns(**empty, former=pl.lit(False)).select(COLUMNS)
        table = pl.concat([table.with_columns(species=pl.lit(None, pl.String)).select(COLUMNS), strange])
    else:
        table = table.with_columns(species=pl.lit(None, pl.String)).select(COLUMNS)
    return table.sort("namespace", "key", "former")


def _read_source(path: Path, reader: str, order: int, problems: list[Problem]) -> pl.DataFrame:
    """What a source states: namespace, key, symbol, Entrez gene, former; nothing decided yet."""
    import polars as pl

    frame = _frame(Path(path))
    if reader in ("hgnc", "mgi", "rgd"):
        names = HGNC if reader == "hgnc" else REGISTRY
        missing = [column for column in names.values() if column not in frame.columns]
        found = _of_registry(frame, names, reader) if not missing else None
    else:
        missing, found = _of_accessions(frame)
    if found is None:
        hint = "is it another table, or does another reader fit? See config/identifiers.yaml"
        what = f"A table of identifiers lacks what the reader '{reader}' needs: {', '.join(missing)}"
        problems.append(Problem(what, path.name, ", ".join(frame.columns)[:300], ", ".join(missing), hint))
        found = _rows([])
    found = found.filter(pl.col("key").is_not_null(), pl.col("key") != "")
    return found.with_columns(order=pl.lit(order), source=pl.lit(path.name))


@cache
def _frame(path: Path) -> pl.DataFrame:
    """A source as it stands in its file; several organisms read one another's accessions."""
    import polars as pl

    from sevaxis.genes.r_frame import read_r_frame

    if path.suffix.lower() in (".rda", ".rdata"):
        return read_r_frame(path)
    return pl.read_csv(path, separator="\t", quote_char=None, infer_schema=False)


def _rows(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    import polars as pl

    columns = ("namespace", "key", "symbol", "entrez", "former", "alias")
    schema = [(name, pl.Boolean if name in ("former", "alias") else pl.String) for name in columns]
    return pl.concat([pl.DataFrame(schema=schema), *parts])


def _of_registry(frame: pl.DataFrame, names: Mapping[str, str], reader: str) -> pl.DataFrame:
    """Rows of HGNC, MGI or RGD: several identifiers in a cell, separated by ``,``, ``;`` or ``|``."""
    import polars as pl

    genes = frame.select(
        [pl.col(column).cast(pl.String).str.strip_chars().alias(name) for name, column in names.items()]
    )
    if "status" in genes.columns:
        genes = genes.filter(pl.col("status") == "Approved")
    genes = genes.filter(pl.col("symbol").is_not_null() & (pl.col("symbol") != ""))
    if "entrez" not in genes.columns:
        genes = genes.with_columns(entrez=pl.lit(None, pl.String))
    if reader != "hgnc":  # HGNC writes its own prefix
        genes = genes.with_columns(registry=pl.lit(f"{reader.upper()}:") + pl.col("registry"))
    # names such as "Beta-1,3-GalTase" hold commas: only HGNC's separator is a comma
    separators = {
        "previous": ", ",
        "alias": ", " if reader == "hgnc" else r"[;|]",
        "uniprot": r"[,;] ?",
        "ensembl": r"[,;] ?",
    }
    parts = []
    for name, namespace in (
        ("symbol", Namespace.SYMBOL), ("registry", Namespace.REGISTRY), ("entrez", Namespace.ENTREZ),
        ("uniprot", Namespace.UNIPROT), ("ensembl", Namespace.ENSEMBL), ("previous", Namespace.SYMBOL),
        ("alias", Namespace.SYMBOL),
    ):  # fmt: skip
        if name not in genes.columns:
            continue
        keys = genes.select(key=pl.col(name), symbol=pl.col("symbol"), entrez=pl.col("entrez"))
        if name in separators:
            keys = keys.with_columns(pl.col("key").str.replace_all(separators[name], "\t").str.split("\t"))
            keys = keys.explode("key").with_columns(pl.col("key").str.strip_chars())
        parts.append(
            keys.select(
                namespace=pl.lit(str(namespace)),
                key="key",
                symbol="symbol",
                entrez="entrez",
                former=pl.lit(name in ("previous", "alias")),
                alias=pl.lit(name == "alias"),
            )
        )
    return _rows(parts)


def _of_accessions(frame: pl.DataFrame) -> tuple[list[str], pl.DataFrame | None]:
    """Rows of a table with accessions, symbols and Entrez genes in columns of known names."""
    import polars as pl

    text = frame.with_columns(
        [
            pl.col(name).cast(pl.Int64).cast(pl.String)
            if dtype.is_numeric()
            else pl.col(name).cast(pl.String)
            for name, dtype in frame.schema.items()
            if name in (*ACCESSIONS, *SYMBOLS, "entrez")
        ]
    )
    symbol = next((name for name in SYMBOLS if name in text.columns), None)
    keys = {name: ACCESSIONS[name] for name in text.columns if name in ACCESSIONS and name != symbol}
    if not keys:
        return ["a column of accessions"], None
    # some names end with a separator: "HBA1;"
    named = pl.col(symbol).str.strip_chars(" ;") if symbol else pl.lit(None, pl.String)
    if "entrez" in text.columns:  # numbers that were decimal somewhere
        text = text.with_columns(pl.col("entrez").str.replace(r"\.0$", ""))
    entrez = pl.col("entrez") if "entrez" in text.columns else pl.lit(None, pl.String)
    parts = [
        text.select(
            namespace=pl.lit(str(namespace)),
            key=pl.col(name).str.replace(ENDINGS.get(namespace, r"^\s+"), ""),
            symbol=pl.when(named != "").then(named),
            entrez=entrez,
            former=pl.lit(False),
            alias=pl.lit(False),
        )
        for name, namespace in keys.items()
    ]
    return [], _rows(parts)


def _with_current_symbols(stated: pl.DataFrame, current: pl.Series) -> pl.DataFrame:
    """Symbols of all sources as the registry has them now; what it does not know stays."""
    import polars as pl

    registry = stated.filter(pl.col("order") == 0)
    by_entrez = (
        registry.filter(pl.col("namespace") == Namespace.ENTREZ)
        .select("entrez", now="symbol")
        .unique("entrez")
    )
    before = _decide_former(stated, current).filter(pl.col("symbol").is_not_null())
    by_name = before.select(symbol="key", later="symbol")
    stated = stated.join(by_entrez, on="entrez", how="left", maintain_order="left")
    stated = stated.join(by_name, on="symbol", how="left", maintain_order="left")
    known = pl.col("symbol").is_in(current.implode())
    symbol = (
        pl.when(pl.col("order") == 0).then("symbol")
        .otherwise(pl.coalesce("now", pl.when(known).then("symbol"), "later", "symbol"))
    )  # fmt: skip
    return stated.with_columns(symbol=symbol).drop("now", "later")


def _decide(stated: pl.DataFrame) -> pl.DataFrame:
    """One gene for each identifier, or none and the genes that share it."""
    import polars as pl

    keys = ["namespace", "key"]
    rows = stated.filter(pl.col("symbol").is_not_null()).unique(
        [*keys, "order", "symbol"], maintain_order=True
    )
    first = rows.filter(pl.col("order") == pl.col("order").min().over(keys))
    alone = pl.len().over(keys) == 1
    one = (
        first.filter(alone).with_columns(former=pl.lit(False), genes=pl.lit(None, pl.String)).select(DECIDED)
    )
    several = first.filter(~alone)
    later = rows.join(several.select(*keys, "symbol", at="order"), on=[*keys, "symbol"], how="inner")
    later = later.filter(pl.col("order") > pl.col("at")).with_columns(rank="order")
    # a pseudogene makes no protein, and a number for a name is mostly a copy of the gene in the assembly
    named = several.filter(~pl.col("symbol").str.contains(PLACEHOLDER)).with_columns(rank=pl.lit(LAST))
    chosen = pl.concat([later.select(*keys, "rank", "symbol"), named.select(*keys, "rank", "symbol")])
    chosen = chosen.filter(pl.len().over([*keys, "rank"]) == 1).sort("rank").unique(keys, keep="first")
    shared = several.group_by(keys, maintain_order=True).agg(_genes(), pl.col("source").first())
    shared = shared.join(chosen.drop("rank"), on=keys, how="left").with_columns(former=pl.lit(False))
    return pl.concat([one, shared.select(DECIDED)])


def _decide_former(stated: pl.DataFrame, current: pl.Series) -> pl.DataFrame:
    """Former symbols and aliases: those of one gene, and those of several without a symbol."""
    import polars as pl

    names = stated.filter(pl.col("former"), ~pl.col("key").is_in(current.implode()))
    return decide_names(names).with_columns(namespace=pl.lit(str(Namespace.SYMBOL))).select(DECIDED)


def decide_names(names: pl.DataFrame) -> pl.DataFrame:
    """The gene of each name that is nobody's symbol now.

    Parameters
    ----------
    names
        ``key``, the ``symbol`` of the gene, whether the name is an ``alias`` (else it was the gene's symbol),
        ``source``.

    Returns
    -------
    polars.DataFrame
        ``key``, ``symbol`` (missing where several genes were called so, or else bear it as an alias), ``former``
        (true), ``genes`` (all of them, where there are several), ``source``.
    """
    import polars as pl

    names = names.unique(["key", "symbol"], keep="first", maintain_order=True)
    several = pl.len().over("key") > 1
    one = names.filter(~several).with_columns(genes=pl.lit(None, pl.String))
    rest = names.filter(several)
    genes = rest.group_by("key", maintain_order=True).agg(_genes(), pl.col("source").first())
    symbols = rest.filter(~pl.col("alias")).filter(pl.len().over("key") == 1).select("key", "symbol")
    shared = genes.join(symbols, on="key", how="left", maintain_order="left")
    columns = ["key", "symbol", "genes", "source"]
    return pl.concat([one.select(columns), shared.select(columns)]).with_columns(former=pl.lit(True))


def _genes() -> pl.Expr:
    import polars as pl

    return pl.col("symbol").unique().sort().str.join(";").alias("genes")


def _identifiers_of_symbols(table: pl.DataFrame) -> pl.DataFrame:
    """The first Ensembl gene and the one Entrez gene of each symbol."""
    import polars as pl

    def of(namespace: Namespace) -> pl.DataFrame:
        rows = table.filter(pl.col("namespace") == namespace, pl.col("symbol").is_not_null())
        return rows.select("symbol", pl.col("key").alias(str(namespace)))

    ensembl = of(Namespace.ENSEMBL).unique("symbol", keep="first", maintain_order=True)
    entrez = of(Namespace.ENTREZ).filter(pl.len().over("symbol") == 1)
    return ensembl.join(entrez, on="symbol", how="full", coalesce=True)
