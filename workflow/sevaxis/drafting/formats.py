"""What a file is, told by its content; its name is never believed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sevaxis.base.problems import Problem, Problems
from sevaxis.base.vocabulary import Assay, Namespace
from sevaxis.drafting.annotated import recognise_h5ad
from sevaxis.drafting.heads import LINES, lines_above, rows_above
from sevaxis.drafting.recognised import Recognised
from sevaxis.drafting.tables import classify
from sevaxis.files.archives import COMPRESSIONS
from sevaxis.genes.identifiers import are_row_numbers, identifier_of
from sevaxis.matrix.readers.delimited import SEPARATORS
from sevaxis.matrix.readers.registry import reader, signatures
from sevaxis.matrix.readers.tables.encoding import refuse_page, to_utf8
from sevaxis.matrix.readers.tables.text import Table, parse_table, read_table

#: Bytes of a text that are looked at; enough for the header of any table and a few hundred rows.
HEAD = 1 << 20


def recognise(path: Path, parsing: dict[str, Any] | None = None) -> list[Recognised]:
    """What the tables or objects of a file are.

    Parameters
    ----------
    path
        The file, of any name.
    parsing
        How the user says that text is cut: ``separator``, ``decimal``, ``comment``, ``skip``.

    Returns
    -------
    One entry per table; several for workbooks and R files, largest matrix first.

    Raises
    ------
    Problems
        The file is damaged, or of a kind that no reader knows.
    """
    with path.open("rb") as file:
        magic = file.read(8)
    if magic.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")) and not _is_plain_zip(path):
        found = list(_of_workbook(path, (parsing or {}).get("skip")))
    elif magic.startswith((b"PAR1", b"ARROW1", b"FEA1")):
        found = [_of_columns(path)]
    elif magic.startswith(b"\x89HDF"):
        found = [_of_hdf5(path)]
    else:
        head = read_head(path)
        if head.startswith((b"RDX", b"RDA", b"X\n", b"A\n")):
            found = list(_of_r(path))
        elif (
            b"\x00" in head[:4000]
            and not head.startswith((b"\xff\xfe", b"\xfe\xff"))
            and head[1:2] != b"\x00"
        ):
            found = []
        else:
            found = [_of_text(path, head, parsing or {})]
    if not found:
        raise Problems([_unknown(path)])
    return sorted(found, key=lambda one: -one.size)


def read_head(path: Path, size: int = HEAD) -> bytes:
    """First bytes of a file, decompressed."""
    with path.open("rb") as file:
        magic = file.read(6)
    opener = next((opener for start, opener in COMPRESSIONS.items() if magic.startswith(start)), open)
    try:
        with opener(path, "rb") as file:
            return file.read(size)
    except (OSError, EOFError) as error:
        found, hint = str(error), "the file is damaged or cut short: fetch it again"
        raise Problems(
            [Problem("The file cannot be read", str(path), found, "a whole file", hint)]
        ) from error


def _is_plain_zip(path: Path) -> bool:
    import zipfile

    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return not any(name.startswith(("xl/", "content.xml")) for name in archive.namelist())


def _of_text(path: Path, head: bytes, parsing: dict[str, Any]) -> Recognised:
    text, _ = to_utf8(head)
    whole = len(head) < HEAD
    if not whole:
        text = text[: text.rfind(b"\n") + 1]
    refuse_page(text, path.name)
    if text.startswith(b"%%MatrixMarket"):
        hint = "save it with its cells and genes as h5ad (scanpy.read_10x_mtx(folder).write_h5ad(...)), with the donor "
        hint += "of each cell in obs; then cells of a donor are added up"
        return Recognised(path, "matrix of cells without names (MatrixMarket)", "nothing", hint=hint)
    if parsing:
        told = parsing | {"separator": SEPARATORS.get(parsing.get("separator", ""))}
        return classify(path, parse_table(text, path.name, **told), "delimited", {}, whole=whole)
    first = text[:200].decode("utf-8", "replace")
    if first.startswith(("!Series_", "!series_matrix")):
        rows = text.partition(b"!series_matrix_table_begin")[2].strip().splitlines()
        has_values = len(rows) > 1 and not rows[1].startswith(b"!series_matrix_table_end")
        content = "matrix" if has_values else "samples"
        return Recognised(
            path, "GEO series matrix", content, "series_matrix", {}, Assay.ARRAY, size=len(text) * has_values
        )
    if re.match(r"\^(?:DATABASE|SERIES|PLATFORM|SAMPLE|DATASET|Annotation)", first):
        content = "matrix" if re.search(rb"^\^(?:DATASET|SAMPLE)", text, re.MULTILINE) else "features"
        return Recognised(path, "GEO SOFT record", content, "soft", {}, Assay.ARRAY, size=HEAD)
    for signature in signatures():
        if signature.starts and text.startswith(signature.starts):
            return Recognised(
                path, signature.format, "matrix", signature.reader, {}, signature.assay, size=HEAD
            )
    begin = [
        re.sub(r"[;,]", "\t", line)
        for line in text[: 1 << 18].decode("utf-8", "replace").splitlines()[:LINES]
    ]
    if (special := _by_line(path, begin, {})) is not None:
        return special
    lines = text.split(b"\n", 6)
    if lines[0].startswith(b"Status\t") and lines[1:2] and lines[1].startswith(b"Assigned\t"):
        words = "summary of featureCounts: how many reads found a gene, no counts"
        return Recognised(
            path, words, "nothing", hint="the counts are in the file of the same name without .summary"
        )
    if any(line.startswith(b"N_unmapped\t") for line in lines[:1]):
        options = _strandedness(path)
        strand = options.get("strandedness")
        told = (
            f"nearly all reads are {strand}"
            if strand
            else "reads of both strands, the library is not stranded"
        )
        return Recognised(
            path, "STAR ReadsPerGene", "matrix", "star", options, Assay.RNA_COUNTS, size=1, told=[told]
        )
    if b"\n__no_feature\t" in text or _is_htseq(text):
        return Recognised(path, "HTSeq counts", "matrix", "htseq", {}, Assay.RNA_COUNTS, size=1)
    skip, separator = lines_above(text)
    options: dict[str, Any] = {"skip": skip} if skip else {}
    comment: str | None = "#"
    if not skip and (above := _header_behind_mark(text)) is not None:
        skip, comment = above, None
        options = ({"skip": skip} if skip else {}) | {"comment": ""}
    table = parse_table(text, path.name, comment=comment, skip=skip, separator=separator)
    found = classify(path, table, "delimited", options, whole=whole)
    if skip:
        found.told.insert(0, f"the header is line {skip + 1}: {_first_words(text, skip)}")
    return found


def _header_behind_mark(text: bytes) -> int | None:
    """Lines above a header that begins with the mark of comments (``#Gene``); None where the header is a plain line."""
    lines = text[: 1 << 18].decode("utf-8", "replace").splitlines()[:LINES]
    last = next((i for i, line in enumerate(lines) if not line.startswith("#")), 0) - 1
    if last < 0 or last + 2 >= len(lines):
        return None
    for separator in "\t,;":
        header, *body = (line.split(separator) for line in lines[last : last + 3])
        alike = len(header) > 2 and {len(row) for row in body} == {len(header)}
        numbers = [
            sum(bool(re.fullmatch(r"[-+.\deE]+", cell.strip())) for cell in row) for row in (header, *body)
        ]
        if alike and numbers[0] < min(numbers[1:]) and numbers[1] > 1:
            return last
    return None


def _by_line(path: Path, lines: list[str], options: dict[str, Any]) -> Recognised | None:
    """A format that one of its first lines tells."""
    for one in signatures():
        if one.among(lines):
            told = [one.told] if one.told else []
            return Recognised(
                path, one.format, "matrix", one.reader, options, one.assay, size=HEAD, told=told
            )
    return None


def _first_words(text: bytes, lines: int) -> str:
    """What stands above a header, in short."""
    said = [" ".join(line.split()) for line in text.decode("utf-8", "replace").splitlines()[:lines]]
    return "; ".join(f"'{line[:60]}'" for line in said if line)[:200] + " stand above it"


def _strandedness(path: Path) -> dict[str, Any]:
    """Column of STAR's table that holds the reads: the stranded one that has nearly all of them, if one has."""
    totals = reader("star")(path).uns["reading"]
    forward, reverse = totals["reads_in_genes_forward"], totals["reads_in_genes_reverse"]
    if max(forward, reverse) > 4 * min(forward, reverse):
        return {"strandedness": "forward" if forward > reverse else "reverse"}
    return {}


def _is_htseq(text: bytes) -> bool:
    """Genes, perhaps their symbols, and whole numbers, without a header; HTSeq's own rows stand at the end, if at all.

    Pipelines cut those rows off, and in a large file they lie beyond the head: the columns tell it.
    """
    rows = [line.split(b"\t") for line in text.split(b"\n")[:200] if line]
    alike = len(rows) > 1 and {len(row) for row in rows} in ({2}, {3})
    return alike and all(row[-1].strip().isdigit() and not row[0].strip().isdigit() for row in rows)


def _of_columns(path: Path) -> Recognised:
    from sevaxis.matrix.readers.effects_table import read_any_table

    table = read_any_table(path, None, None, set())
    return classify(path, table, "delimited", {}, whole=True, columnar=True)


def _of_workbook(path: Path, skip: int | None = None) -> Iterator[Recognised]:
    import python_calamine

    from sevaxis.matrix.readers.excel import first_rows, read_sheet

    try:
        names = python_calamine.CalamineWorkbook.from_path(str(path)).sheet_names
    except (python_calamine.CalamineError, OSError) as error:
        raise Problems([_unknown(path)]) from error
    for name in names:
        options = {"sheet": name} if len(names) > 1 else {}
        try:
            begin = first_rows(path, name, LINES)
            if (special := _by_line(path, ["\t".join(row) for row in begin], options)) is not None:
                yield special
                continue
            above = skip if skip is not None else rows_above(begin)
            table = read_sheet(path, name, above)
        except Problems:  # an empty sheet
            continue
        found = classify(path, table, "excel", options | ({"skip": above} if above else {}), whole=True)
        if above:
            found.told.insert(
                0, f"the header is row {above + 1}; what stands above it is no part of the table"
            )
        yield found


def _of_r(path: Path) -> Iterator[Recognised]:
    from sevaxis.matrix.readers.r_object import _is_dge_list, load_r, table_of

    def walk(content: Any, steps: tuple[str, ...]) -> Iterator[Recognised]:
        options = {"object": "$".join(steps)} if several and steps else {}
        where = f"object {'$'.join(steps)}" if steps else path.name
        if isinstance(content, dict) and not _is_dge_list(content):
            for name, member in content.items():
                yield from walk(member, (*steps, str(name)))
        elif hasattr(content, "columns"):
            yield classify(path, table_of(content, where), "r_object", options, whole=True)
        elif (found := _r_matrix(path, content, options)) is not None:
            yield found

    content = load_r(path)
    several = isinstance(content, dict) and (
        len(content) > 1 or any(isinstance(member, dict) and len(member) > 1 for member in content.values())
    )
    yield from walk(content, ())


def _r_matrix(path: Path, content: Any, options: dict[str, Any]) -> Recognised | None:
    """A matrix or an object with matrices; None for vectors and the like."""
    import pandas as pd

    from sevaxis.matrix.readers.r_object import assays_of, class_of, read_r_object

    assays, told = assays_of(content), []
    part = f", object {options['object']}" if "object" in options else ""
    if len(assays) > 1 and "exprs" not in assays:
        chosen = "counts" if "counts" in assays else assays[0]
        told.append(f"of its matrices {', '.join(assays)} the one called '{chosen}' is read")
        options = options | ({"assay": chosen} if chosen != assays[0] else {})
    try:
        adata = read_r_object(path, **options)
    except Problems as raised:
        kind = class_of(content)
        if not kind or kind in ("character", "numeric", "integer", "logical", "factor", "NULL"):
            return None
        hint = "save its values as a matrix or a data frame: saveRDS(assay(x), 'values.rds'), of Seurat "
        hint += "saveRDS(AggregateExpression(x, group.by = 'donor'), ...), and the samples' facts as a csv beside it"
        why = f"R {kind}{part}: {raised.problems[0].what.lower()}"
        return Recognised(path, why, "nothing", hint=hint)
    kind = adata.uns["reading"].get("class", "matrix")
    if identifier_of(list(adata.obs_names)) not in (None, Namespace.ENTREZ) and (
        identifier_of(list(adata.var_names)) is None
    ):
        options = options | {"layout": "transposed"}
        adata = read_r_object(path, **options)
        told.append("its rows are samples, its columns are features")
    if are_row_numbers(pd.Series(adata.var_names)):
        hint = "give the rows their names: rownames(x) <- the genes, and save it again"
        return Recognised(path, f"R {kind}{part} whose rows have no names", "nothing", hint=hint)
    size = adata.n_obs * adata.n_vars
    return Recognised(
        path, f"R {kind}{part}", "matrix", "r_object", options, adata=adata, size=size, told=told
    )


def _of_hdf5(path: Path) -> Recognised:
    import h5py

    with h5py.File(path) as file:
        keys = set(file)
        if {"X", "obs", "var"} <= keys:
            return recognise_h5ad(path, HEAD)
        if {"row_attrs", "col_attrs"} <= keys:
            return Recognised(path, "loom", "matrix", "loom", size=HEAD)
        groups = [file[key] for key in keys if isinstance(file[key], h5py.Group)]
        if any({"barcodes", "data", "indices"} <= set(group) for group in groups):
            return Recognised(path, "10x Genomics matrix", "matrix", "tenx", {}, Assay.SINGLE_CELL, size=HEAD)
    raise Problems([_unknown(path)])


def _unknown(path: Path) -> Problem:
    return Problem(
        f"The format of {path.name} is not known",
        str(path),
        repr(path.open("rb").read(40))[:100],
        "a table (text, xlsx, parquet, feather), an R file, HDF5 (10x, h5ad, loom) or a GEO record",
        "take archives apart first; raw spectra and reads must be quantified by other programs",
    )


def read_whole(recognised: Recognised) -> Table:
    """All rows of a table of text that was recognised by its head; sample sheets keep their zeros."""
    skip, comment = recognised.options.get("skip", 0), recognised.options.get("comment", "#") or None
    return recognised.table or read_table(recognised.path, comment=comment, skip=skip, as_text=True)
