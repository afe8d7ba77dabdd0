"""What a table is: values by sample, one value per row, published effects, a sample sheet.

Judged from the columns and a few hundred rows; every rule is a proposal that the real reader then has to confirm.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sevaxis.base.vocabulary import Assay, Namespace
from sevaxis.drafting.blocks import FEWEST_SAMPLES
from sevaxis.drafting.describing import peptide_column
from sevaxis.drafting.groups import groups_of_names
from sevaxis.drafting.layouts import FEATURE, FEWEST, Layout, layout_of
from sevaxis.drafting.published import MOST_BESIDE, joint_test, recognise_results
from sevaxis.drafting.recognised import Recognised
from sevaxis.drafting.singles import one_sample, rows_of_no_sample
from sevaxis.drafting.statistics import named
from sevaxis.drafting.unfit import unfit_tests
from sevaxis.drafting.words import SUMMARIES, measures_people
from sevaxis.genes.identifiers import COLUMN_NAMES, are_row_numbers, identifier_of
from sevaxis.matrix.readers.maxquant import KEPT
from sevaxis.matrix.readers.registry import reader_options, signatures
from sevaxis.matrix.readers.tables.columns import looks_numeric, stray_cells
from sevaxis.matrix.readers.tables.layouts import as_text
from sevaxis.matrix.readers.tables.program import with_spaces
from sevaxis.matrix.readers.tables.text import Table, read_table

if TYPE_CHECKING:
    import polars as pl

#: Fewest rows of a list of genes, and columns that may name them.
FEWEST_LISTED, MOST_LOOKED_AT = 100, 8
#: Readers of formats that also come as parquet.
PARQUET = ("olink", "diann")
#: What readers of transcripts add up by.
TRANSCRIPTS = "transcripts and their genes"
#: Two tables in one file, which annotations take apart.
DESIGN = "experimental design of OpenMS"


def classify(
    path: Path,
    table: Table,
    reader: str | None,
    options: dict[str, Any],
    *,
    whole: bool,
    columnar: bool = False,
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
    columnar
        Whether the file keeps it by column (parquet), which few readers of programs' tables take.
    """
    table, given = with_spaces(replace(table)), table
    columns = table.frame.columns
    for one in signatures():
        special = one.options(columns)
        # a table of the format without its quantities (Perseus) is one of numbers like any others
        if special is not None and one.hint:
            return Recognised(path, one.format, "nothing", hint=one.hint)
        if special is not None and _can_read(one.reader, None if columnar else reader):
            fields = reader_options(one.reader).model_fields
            known = {key: value for key, value in options.items() if key in fields}
            told = [one.told] if one.told else []
            size = table.frame.height
            return Recognised(
                path, one.format, "matrix", one.reader, known | special, one.assay, size=size, told=told
            )
    if {"source name"} <= {name.lower() for name in columns} and any(
        name.lower().startswith("characteristics") for name in columns
    ):
        return Recognised(path, "SDRF sample sheet", "samples", table=table if whole else None)
    if {"Fraction_Group", "Spectra_Filepath"} <= set(columns) and reader == "delimited":
        return Recognised(path, DESIGN, "samples")
    if reader == "delimited" and _are_genes_of_transcripts(table):
        return Recognised(path, TRANSCRIPTS, "features")
    if reader == "delimited" and (sites := _processed_sites(path, table, options)) is not None:
        return sites
    if (
        reader in ("delimited", "excel")
        and (progenesis := _progenesis(path, table, reader, options)) is not None
    ):
        return progenesis
    table = given  # the readers of any table know its columns as they are called
    named_part = options.get("sheet") or options.get("object")
    where = f", {named_part}" if named_part else ""
    effects = recognise_results(path, table, options, where)
    if effects is not None and not whole:
        # contrasts may stand below each other, beyond the head
        table = read_table(path, comment="#", skip=options.get("skip", 0))
        effects = recognise_results(path, table, options, where)
    if effects is None and (beside := _of_no_two_groups(path, table, where)) is not None:
        return beside
    layout = layout_of(table, feature_column(table)[0]) if reader is not None else None
    if effects is not None and (layout is None or not _has_samples(table, effects, layout)):
        return effects
    if layout is not None and effects is None and (tests := _tests_alone(table, layout)):
        hint = (
            "results need the difference of two groups: call its column log2FC; of values, cut the tests off"
        )
        return Recognised(
            path, f"tests of each row without a fold change{where} ({tests})", "nothing", hint=hint
        )
    if layout is not None:
        if effects is not None:
            layout.told.append("its columns of results are not used: the values beside them are worth more")
        extra = {**options, **layout.options}
        size = table.frame.height * layout.samples
        words = f"{layout.words}{where}"
        return Recognised(path, words, "matrix", reader, extra, size=size, told=layout.told, ask=layout.ask)
    if (unfit := unfit_tests(table)) is not None:
        return Recognised(path, f"{unfit[0]}{where}", "nothing", hint=unfit[1])
    single = one_sample(table, feature_column(table)[0]) if reader is not None else None
    if single is not None:
        extra = {**options, **single.options}
        size = table.frame.height
        return Recognised(
            path, f"{single.words}{where}", "matrix", reader, extra, size=size, told=single.told
        )
    if (feature := rows_of_no_sample(table)) is not None:
        hint = "add a column that says which sample each row is of, and the table is read as a long one"
        words = f"several rows for each '{feature}', and no column that names their samples{where}"
        return Recognised(path, words, "nothing", hint=hint)
    if (row := _header_again(table)) is not None:
        hint = "they stand below each other, each with a header: put each into a file or a sheet of its own"
        return Recognised(
            path, f"several tables{where} (row {row + 1} is a header again)", "nothing", hint=hint
        )
    kept = {key: item for key, item in options.items() if key in ("skip", "comment")}
    sheet = table if whole else None
    return Recognised(
        path, f"sample sheet{where}", "samples", options=kept, table=sheet, hint=_no_values(table, reader)
    )


def _of_no_two_groups(path: Path, table: Table, where: str) -> Recognised | None:
    """Tests of several groups at once, and peptides: nothing that a card can use."""
    if joint := joint_test(table):
        hint = "a card compares two groups: take the table of a contrast with its fold change, or the values themselves"
        return Recognised(path, f"tests of several groups at once{where} ({joint})", "nothing", hint=hint)
    if (column := peptide_column(table)) is not None:
        hint = "a protein would count once for each of its peptides: take the table of proteins of the same search"
        return Recognised(path, f"peptides{where} (column '{column}')", "nothing", hint=hint)
    return None


def _no_values(table: Table, reader: str | None) -> str:
    """What to do with a sheet that came without values: lists of genes and measures of people will never have some."""
    columns = table.frame.columns
    people = [name for name in columns if measures_people(name)]
    if len(people) >= 3:
        shown = ", ".join(people[:3])
        return (
            f"these are measures of people or animals ({shown}, ...), for which there is no assay; if they describe "
            "samples of a matrix: sevaxis add MATRIX --sheet FILE"
        )
    if sum(bool(SUMMARIES.search(name)) for name in columns) > 1 and table.frame.height >= FEWEST:
        return (
            "means and deviations of groups leave nothing to test with: take the table with a column per sample, or "
            "one with fold changes and p of each contrast"
        )
    numbers = sum(looks_numeric(table.frame[name], table) for name in columns)
    if numbers >= FEWEST_SAMPLES and numbers > table.frame.width / 2 and 2 < table.frame.height < FEWEST:
        return (
            f"it has {table.frame.height} rows with {numbers} columns of numbers, few for a table of values, and no "
            "identifiers: if its rows are genes or proteins all the same, say so: sevaxis add ... --reader "
            f"{reader or 'delimited'}"
        )
    if table.frame.height < FEWEST_LISTED:
        return ""
    for name in columns[:MOST_LOOKED_AT]:
        cells = [] if looks_numeric(table.frame[name], table) else as_text(table.frame[name].head(2000))
        if identifier_of([cell for cell in cells if cell]) is not None:
            return (
                f"a list of genes or proteins ('{name}') without a column for each sample and without fold changes is "
                "no data set: nothing can be compared"
            )
    return ""


def _tests_alone(table: Table, layout: Layout) -> str:
    """Columns of p and q beside a few others that are called like no samples; empty where there are samples."""
    samples = layout.options.get("samples")
    if not isinstance(samples, list) or len(samples) > MOST_BESIDE + 1:
        return ""
    stems = {re.sub(r"\d+", "#", name) for name in samples}
    if groups_of_names(samples) is not None or (len(stems) == 1 and "#" in next(iter(stems))):
        return ""
    tests = {said.role: name for name in table.frame.columns if (said := named(name)) is not None}
    return f"{tests['p']}, {tests['q']}" if {"p", "q"} <= set(tests) else ""


def _header_again(table: Table) -> int | None:
    """The row of a table that repeats the names of its columns."""
    at = [set((table.frame[name] == name).fill_null(False).arg_true()) for name in _texts(table) if name]
    rows = set.intersection(*at) if len(at) > 1 else set()
    return min(rows) if rows else None


def _texts(table: Table) -> list[str]:
    import polars as pl

    return [name for name in table.frame.columns if table.frame[name].dtype == pl.String]


def _can_read(special: str, generic: str | None) -> bool:
    """Whether the reader of a format takes the file: text, a workbook, parquet; no data frame of an R file."""
    fields = reader_options(special).model_fields
    return (
        generic == "delimited"
        or (generic == "excel" and "sheet" in fields)
        or (generic is None and special in PARQUET)
    )


def _are_genes_of_transcripts(table: Table) -> bool:
    """Whether a table has a column of Ensembl's transcripts, then one of genes, and no numbers; a header may lack."""
    if not 2 <= table.frame.width <= 4:
        return False
    first, second = (as_text(table.frame[name].head(2000)) for name in table.frame.columns[:2])
    others = [name for name in table.frame.columns if looks_numeric(table.frame[name], table)]
    return (
        identifier_of(first) == Namespace.PRODUCT
        and identifier_of(second) != Namespace.PRODUCT
        and not others
    )


def _processed_sites(path: Path, table: Table, options: dict[str, Any]) -> Recognised | None:
    """Sites of MaxQuant whose values got other names on the way, as Perseus exports them."""
    columns = table.frame.columns
    if not {"Localization prob", "Amino acid"} <= set(columns) or not {
        "Leading proteins",
        "Proteins",
        "Protein",
    } & set(columns):
        return None
    layout = layout_of(table, next(n for n in ("Protein", "Leading proteins", "Proteins") if n in columns))
    kept = layout.options.get("samples") if layout is not None else None
    known = {*KEPT, "Intensity", "Charge", "Delta score", "Score for localization", "id", "Multiplicity"}
    samples = [
        name
        for name in kept or []
        if name not in known and not re.match(r"(Number of|Mass error|Best )", name)
    ]
    if len(samples) < FEWEST_SAMPLES:
        return None
    told = [f"modified sites with {len(samples)} columns of values, not of intensities by name", *layout.told]
    found = {**{k: v for k, v in options.items() if k == "skip"}, "samples": samples}
    size = table.frame.height * len(samples)
    return Recognised(
        path, "MaxQuant sites, processed", "matrix", "maxquant_sites", found, Assay.PTM, size=size, told=told
    )


def _progenesis(path: Path, table: Table, reader: str, options: dict[str, Any]) -> Recognised | None:
    """Progenesis: the samples twice, as normalised and as raw abundances, behind results and annotation."""
    columns = table.frame.columns
    if not {"Accession", "Confidence score"} <= set(columns) or not any(
        name.startswith("Anova") for name in columns
    ):
        return None
    first = [name for name in columns if name in table.repeated]
    if len(first) < FEWEST_SAMPLES or not all(f"{name}.2" in columns for name in first):
        return None
    told = [
        f"the first {len(first)} columns of samples are taken, normalised abundances; not the raw ones behind them"
    ]
    others = [
        name for name in columns if name not in first and not name.endswith(".2") and name != "Accession"
    ]
    told.append(f"left out: {', '.join(others)} (describe proteins)")
    found = {**options, "feature": "Accession", "samples": first}
    size = table.frame.height * len(first)
    return Recognised(
        path, "Progenesis proteins", "matrix", reader, found, Assay.PROTEIN, size=size, told=told
    )


def _has_samples(table: Table, effects: Recognised, layout: Layout) -> bool:
    """Whether a table of results also holds the values: replicates in groups; then these are worth more.

    Not where RNA was counted (DESeq2, edgeR) and the values beside the results are no counts: those were scaled.
    """
    import numpy as np

    columns = effects.published.columns
    used = {column for block in columns.blocks for column in block.columns.values()} | set(columns.left)
    kept = layout.options.get("samples")
    if not isinstance(kept, list):
        kept = [name for name in table.frame.columns if looks_numeric(table.frame[name], table)]
    # medians, sizes and errors of groups are no replicates
    summary = {
        name for name in kept if (said := named(name)) is not None and said.role in ("n", "other", "se")
    }
    samples = [name for name in kept if name not in used | summary | {effects.options.get("feature")}]
    # replicates of groups, or names that only a number tells apart (S01, GSM100)
    stems = {re.sub(r"\d+", "#", name) for name in samples}
    replicates = groups_of_names(samples) is not None or (len(stems) == 1 and "#" in next(iter(stems)))
    if len(samples) < FEWEST_SAMPLES or not replicates or effects.published.rows.levels:
        return False
    values = np.column_stack([table.numbers(table.frame[name].head(500)).to_numpy() for name in samples])
    whole = np.array_equal(values, np.round(values), equal_nan=True)
    return whole or columns.program not in ("DESeq2", "edgeR")


def _names_rows(column: pl.Series) -> bool:
    """Whether an unnamed first column of whole numbers names the rows (Entrez) and does not count them."""
    import pandas as pd

    cells = as_text(column)
    unique = not column.name and len(set(cells)) == len(cells)
    return unique and identifier_of(cells) == Namespace.ENTREZ and not are_row_numbers(pd.Series(cells))


def feature_column(table: Table) -> tuple[str | None, str | None]:
    """Column that names the features, best identifier first, and the column of symbols beside it."""
    ranks = {namespace: rank for rank, namespace in enumerate(Namespace)}
    best: tuple[float, int, str] | None = None
    symbol = None
    for position, name in enumerate(table.frame.columns):
        column = table.frame[name]
        known = COLUMN_NAMES.get(re.sub(r"[^a-z0-9]", "", name.lower()))
        is_number = looks_numeric(column, table) or bool(stray_cells(column, table))
        if (
            is_number
            and known != Namespace.ENTREZ
            and not (position == 0 and (re.search(r"gene|entrez|id$", name, re.I) or _names_rows(column)))
        ):
            continue
        cells = [cell for cell in as_text(column) if cell]
        if len(cells) < 0.5 * len(column) or len(set(cells)) < 0.5 * len(cells):
            continue
        if known == Namespace.SYMBOL and name.lower() not in ("symbol", "gene_symbol", "gene symbol"):
            symbol = symbol or name
        # "Protein names" may be entry names, and mostly are words
        namespace = identifier_of(cells[:2000]) or (None if known == Namespace.ENTRY_NAME else known)
        if is_number and namespace is not None:
            namespace = Namespace.ENTREZ
        named = position == 0 or FEATURE.search(name)
        rank = ranks.get(namespace, ranks[Namespace.NAME] + (0 if named else 2))
        # a group of accessions is a better name than its first member's description
        if best is None or (rank, position) < best[:2]:
            best = (rank, position, name)
    if best is None:
        return None, None
    return best[2], symbol if symbol != best[2] else None
