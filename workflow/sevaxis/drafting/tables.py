"""What a table is: values by sample, one value per row, published effects, a sample sheet.

Judged from the columns and a few hundred rows; every rule is a proposal that the real reader then has to confirm.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sevaxis.base.vocabulary import Assay, Namespace
from sevaxis.drafting.layouts import FEATURE, layout_of
from sevaxis.drafting.recognised import Recognised
from sevaxis.genes.identifiers import COLUMN_NAMES, identifier_of
from sevaxis.matrix.readers.registry import signatures
from sevaxis.matrix.readers.tables.columns import looks_numeric
from sevaxis.matrix.readers.tables.layouts import as_text
from sevaxis.matrix.readers.tables.text import Table

LOG2FC = re.compile(r"(log_?2?[ ._]?fold[ ._]?change|log_?2?[ ._]?fc|lfc|log2[ ._]?ratio)", re.IGNORECASE)
P = re.compile(r"(p[ ._-]?val(?:ue)?|\bp\b|(?<![a-z])pval)", re.IGNORECASE)
Q = re.compile(r"(adj[ ._]?p[ ._]?(?:val(?:ue)?)?|p[ ._]?adj|fdr|q[ ._-]?val(?:ue)?)", re.IGNORECASE)
T = re.compile(r"(?<![a-z])(t|stat|t[ ._]?stat(?:istic)?)(?![a-z])", re.IGNORECASE)
SE = re.compile(r"(lfcSE|std[ ._]?err\w*|(?<![a-z])se(?![a-z]))", re.IGNORECASE)
MEAN = re.compile(r"(AveExpr|baseMean|tpm[ ._]mean|mean[ ._]?(?:abundance|tpm|expr\w*))", re.IGNORECASE)
CONTRAST = re.compile(r"^(contrast|comparison|coef|test)$", re.IGNORECASE)
MOST_CONTRASTS = 40


def classify(
    path: Path, table: Table, reader: str | None, options: dict[str, Any], *, whole: bool
) -> Recognised:
    """What one table is.

    Parameters
    ----------
    path
        Its file.
    table
        Its cells, or the first of them.
    reader, options
        What reads tables of this kind of file; None where only published effects can be read from it.
    whole
        Whether the table is all there.
    """
    columns = table.frame.columns
    for one in signatures():
        special = one.options(columns)
        # a table of the format without its quantities (Perseus) is one of numbers like any others
        if special is not None:
            return Recognised(
                path, one.format, "matrix", one.reader, special, one.assay, size=table.frame.height
            )
    if {"source name"} <= {name.lower() for name in columns} and any(
        name.lower().startswith("characteristics") for name in columns
    ):
        return Recognised(path, "SDRF sample sheet", "samples", table=table if whole else None)
    where = f", {options.get('sheet') or options.get('object')}" if options else ""
    effects = _effects(path, table, options)
    if effects is not None:
        return Recognised(
            path,
            f"published results{where}",
            "effects",
            "effects_table",
            effects,
            Assay.EFFECTS,
            size=table.frame.height,
        )
    layout = layout_of(table, feature_column(table)[0]) if reader is not None else None
    if layout is not None:
        extra = {**options, **layout.options}
        size = table.frame.height * layout.samples
        words = f"{layout.words}{where}"
        return Recognised(path, words, "matrix", reader, extra, size=size, told=layout.told, ask=layout.ask)
    kept = {key: item for key, item in options.items() if key == "skip"}
    return Recognised(path, f"sample sheet{where}", "samples", options=kept, table=table if whole else None)


def _effects(path: Path, table: Table, options: dict[str, Any]) -> dict[str, Any] | None:
    """Options of the reader `effects_table`, where the columns are those of published effects."""
    import polars as pl

    numeric = [name for name in table.frame.columns if looks_numeric(table.frame[name])]
    changes = [name for name in numeric if LOG2FC.search(name)]
    layers = {"q": Q, "p": P, "t": T, "se": SE, "mean_abundance": MEAN}
    if not changes:
        return None
    blocks: dict[str, dict[str, str]] = {}
    for change in changes:
        key = _rest(LOG2FC, change)
        block = {"log2fc": change}
        taken = {change}
        for name, pattern in layers.items():
            fits = [c for c in numeric if c not in taken and pattern.search(c) and _rest(pattern, c) == key]
            if not fits and len(changes) == 1:
                fits = [c for c in numeric if c not in taken and pattern.search(c)]
            if fits:
                block[name] = fits[0]
                taken.add(fits[0])
        blocks[key] = block
    used = {column for block in blocks.values() for column in block.values()}
    if not any({"p", "q", "t", "se"} & set(block) for block in blocks.values()):
        return None
    # a table of values with a few test results at its end is a table of values
    if len(blocks) == 1 and len(numeric) - len(used) > 8:
        return None
    result: dict[str, Any] = {key: value for key, value in options.items() if key in ("sheet", "object")}
    several = next(
        (c for c in table.frame.columns if CONTRAST.match(c) and not looks_numeric(table.frame[c])), None
    )
    levels = table.frame[several].drop_nulls().unique(maintain_order=True).to_list() if several else []
    stacked = len(blocks) == 1 and 1 < len(levels) <= MOST_CONTRASTS
    rows = table.frame.filter(pl.col(several) == levels[0]).drop(several) if stacked else table.frame
    feature, symbol = feature_column(Table(table.file, rows, table.repeated, table.notes))
    if feature is not None and feature != table.frame.columns[0]:
        result["feature"] = feature
    if symbol:
        result["symbol"] = symbol
    stem = _slug(
        re.sub(r"\.(gz|bz2|xz|csv|tsv|txt|xlsx|rda|feather|parquet)", "", path.name, flags=re.IGNORECASE)
    )
    stem = re.sub(r"_(?:dge|dea|deg|de|results?|stats?)$", "", stem) or stem
    stem = _slug(options["object"].rpartition("$")[2]) if options.get("object") else stem
    if stacked:
        block = next(iter(blocks.values()))
        result["contrasts"] = {_slug(level): block for level in levels}
        result["where"] = {_slug(level): {several: level} for level in levels}
        return result
    result["contrasts"] = {
        (_slug(key) if key and len(blocks) > 1 else stem): block for key, block in blocks.items()
    }
    if any(
        block["log2fc"] == "log2FoldChange" and "p" in block and not {"t", "se"} & set(block)
        for block in blocks.values()
    ):
        result["df"] = "normal"  # columns of DESeq2, whose p is of Wald's test
    if any(c.lower().startswith("basemean") for c in used) or any("tpm" in c.lower() for c in used):
        result["mean_abundance_scale"] = "linear"
    return result


def _rest(pattern: re.Pattern, name: str) -> str:
    return re.sub(r"[ ._-]+", "_", pattern.sub("", name, count=1)).strip("_").lower()


def _slug(text: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "_", str(text).lower()).strip("_")
    return (slug if slug[:1].isalnum() else f"c{slug}")[:60]


def feature_column(table: Table) -> tuple[str | None, str | None]:
    """Column that names the features, best identifier first, and the column of symbols beside it."""
    ranks = {namespace: rank for rank, namespace in enumerate(Namespace)}
    best: tuple[float, int, str] | None = None
    symbol = None
    for position, name in enumerate(table.frame.columns):
        column = table.frame[name]
        known = COLUMN_NAMES.get(re.sub(r"[^a-z0-9]", "", name.lower()))
        is_number = looks_numeric(column)
        if (
            is_number
            and known != Namespace.ENTREZ
            and not (position == 0 and re.search(r"gene|entrez|id$", name, re.I))
        ):
            continue
        cells = [cell for cell in as_text(column) if cell]
        if len(cells) < 0.5 * len(column) or len(set(cells)) < 0.5 * len(cells):
            continue
        if known == Namespace.SYMBOL and name.lower() not in ("symbol", "gene_symbol", "gene symbol"):
            symbol = symbol or name
        namespace = identifier_of(cells[:2000]) or known
        if is_number and namespace is not None:
            namespace = Namespace.ENTREZ
        rank = ranks.get(namespace, 5 if position == 0 or FEATURE.search(name) else 7)
        # a group of accessions is a better name than its first member's description
        if best is None or (rank, position) < best[:2]:
            best = (rank, position, name)
    if best is None:
        return None, None
    return best[2], symbol if symbol != best[2] else None
