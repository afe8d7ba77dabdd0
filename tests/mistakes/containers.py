"""Mistakes in containers: compressed files, archives, workbooks, R objects, AnnData, and the formats of programs."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tests.mistakes.mistake import Mistake
from tests.mistakes.project import COUNTS, GENES, NAMES, Project, table

PLAIN = table().encode()
WHOLE = gzip.compress(PLAIN, mtime=0)


def holds(content: Any, name: str, reader: str = "delimited", **options: Any) -> Callable[[Project], None]:
    """The card's file is this one; content that is made by a function is made when it is wanted."""

    def plant(project: Project) -> None:
        project.holds(content() if callable(content) else content, name, reader, **options)

    return plant


def packed(name: str) -> Callable[[bytes], Callable[[Project], None]]:
    """A compressed table of symbols."""
    return lambda content: holds(content, name, identifier="symbol")


def damaged(data: bytes) -> bytes:
    """The same bytes with a few in the middle turned over."""
    middle = len(data) // 2
    return data[:middle] + bytes(255 - each for each in data[middle : middle + 8]) + data[middle + 8 :]


def tar_of(**members: bytes) -> bytes:
    """A tar with members."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def zip_of(**members: bytes) -> bytes:
    """A zip with members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


COMPRESSED = [
    Mistake("gzip cut", packed("counts.tsv.gz")(WHOLE[:-20]), at="counts.tsv.gz", says="end", fast=True),
    Mistake(
        "gzip cut in half", packed("counts.tsv.gz")(WHOLE[: len(WHOLE) // 2]), at="counts.tsv.gz", says="end"
    ),
    Mistake("gzip damaged", packed("counts.tsv.gz")(damaged(WHOLE)), at="counts.tsv.gz", says=""),
    Mistake(
        "gzip with a wrong sum",
        packed("counts.tsv.gz")(WHOLE[:-8] + b"\0\0\0\0" + WHOLE[-4:]),
        at="counts.tsv.gz",
        says="",
    ),
    Mistake(
        "gzip with rubbish behind", packed("counts.tsv.gz")(WHOLE + b"rubbish"), at="counts.tsv.gz", says=""
    ),
    Mistake("gzip of nothing", packed("counts.tsv.gz")(gzip.compress(b"")), at="counts.tsv.gz", says="empty"),
    Mistake("gzip of a gzip", packed("counts.tsv.gz")(gzip.compress(WHOLE)), at="counts.tsv.gz", says=""),
    Mistake(
        "gzip of a tar",
        packed("counts.tsv.gz")(tar_of(a=PLAIN)),
        at="counts.tsv.gz",
        says="tar|archive",
        fast=True,
    ),
    Mistake(
        "gzip of a web page",
        packed("counts.tsv.gz")(gzip.compress(b"<!DOCTYPE html>\n<html><body>Log in</body></html>\n")),
        at="counts.tsv.gz",
        says="page|HTML",
    ),
    Mistake(
        "a web page called gz",
        packed("counts.tsv.gz")(b"<!DOCTYPE html>\n<html><body>Log in</body></html>\n"),
        at="counts.tsv.gz",
        says="page|HTML",
        fast=True,
    ),
    Mistake(
        "only the first bytes of gzip", packed("counts.tsv.gz")(b"\x1f\x8b"), at="counts.tsv.gz", says=""
    ),
    Mistake(
        "gzip of another method",
        packed("counts.tsv.gz")(b"\x1f\x8b\x07" + WHOLE[3:]),
        at="counts.tsv.gz",
        says="",
    ),
    Mistake(
        "bzip2 cut", packed("counts.tsv.bz2")(bz2.compress(PLAIN)[:-20]), at="counts.tsv.bz2", says="end"
    ),
    Mistake(
        "bzip2 damaged", packed("counts.tsv.bz2")(damaged(bz2.compress(PLAIN))), at="counts.tsv.bz2", says=""
    ),
    Mistake("xz cut", packed("counts.tsv.xz")(lzma.compress(PLAIN)[:-20]), at="counts.tsv.xz", says="end"),
    Mistake(
        "xz damaged", packed("counts.tsv.xz")(damaged(lzma.compress(PLAIN))), at="counts.tsv.xz", says=""
    ),
    Mistake(
        "a zip as a table",
        holds(lambda: zip_of(a=PLAIN), "counts.zip"),
        at="counts.zip",
        says="zip|archive",
        fast=True,
    ),
    Mistake(
        "a tar as a table",
        holds(lambda: gzip.decompress(tar_of(a=PLAIN)), "counts.tar"),
        at="counts.tar",
        says="tar|archive",
    ),
    Mistake(
        "a workbook as a text",
        holds(lambda: workbook(), "counts.xlsx"),
        at="counts.xlsx",
        says="excel|workbook",
        fast=True,
    ),
    Mistake(
        "a PDF",
        holds(
            b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n" + bytes(range(256)) * 4,
            "counts.pdf",
        ),
        at="counts.pdf",
        says="",
    ),
    Mistake(
        "a picture",
        holds(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, "counts.png"),
        at="counts.png",
        says="",
    ),
    Mistake("an HDF5 file as a text", holds(lambda: h5ad(), "counts.h5ad"), at="counts.h5ad", says=""),
    Mistake("an R file as a text", holds(lambda: rds(frame()), "counts.rds"), at="counts.rds", says=""),
    Mistake(
        "Parquet as a text",
        holds(b"PAR1" + bytes(range(256)) * 4 + b"PAR1", "counts.parquet"),
        at="counts.parquet",
        says="",
    ),
]


def workbook(change: Callable[[Any], Any] = lambda book: book) -> bytes:
    """The counts as a workbook."""
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["gene", *NAMES])
    for gene, row in zip(GENES, COUNTS.tolist(), strict=True):
        book.active.append([gene, *row])
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def book(change: Callable[[Any], Any] = lambda book: book, **options: Any) -> Callable[[Project], None]:
    """The card's file is a workbook."""
    return holds(lambda: workbook(change), "counts.xlsx", "excel", identifier="symbol", **options)


def set_cell(place: str, value: Any) -> Callable[[Any], None]:
    """Change a cell of the first sheet."""
    return lambda book: book.active.__setitem__(place, value)


def title(book: Any) -> None:
    """A title above the header."""
    book.active.insert_rows(1)
    book.active["A1"] = "Supplementary table 1"


def hide_header(book: Any) -> None:
    """The header is gone."""
    book.active.delete_rows(1)


WORKBOOKS = [
    Mistake(
        "a text",
        holds(PLAIN, "counts.xlsx", "excel", identifier="symbol"),
        at="counts.xlsx",
        says="delimited",
        fast=True,
    ),
    Mistake(
        "cut",
        holds(lambda: workbook()[:-500], "counts.xlsx", "excel", identifier="symbol"),
        at="counts.xlsx",
        says="",
    ),
    Mistake(
        "damaged",
        holds(lambda: damaged(workbook()), "counts.xlsx", "excel", identifier="symbol"),
        at="counts.xlsx",
        says="",
    ),
    Mistake(
        "a zip of something else",
        holds(lambda: zip_of(a=PLAIN), "counts.xlsx", "excel", identifier="symbol"),
        at="counts.xlsx",
        says="",
    ),
    Mistake(
        "two sheets, none named",
        book(lambda b: b.create_sheet("notes").append(["a"])),
        at="counts.xlsx",
        says="sheet",
    ),
    Mistake("a sheet that is not there", book(sheet="Sheet9"), at="counts.xlsx", says="Sheet9"),
    Mistake(
        "an empty sheet",
        book(lambda b: b.create_sheet("empty"), sheet="empty"),
        at="counts.xlsx",
        says="empty",
    ),
    Mistake("a title above the header", book(title), at="counts.xlsx|samples.tsv", says=""),
    Mistake("without a header", book(hide_header), at="counts.xlsx|samples.tsv", says=""),
    Mistake("an error in a cell", book(set_cell("C5", "#REF!")), at="counts.xlsx", says="REF|missing"),
    Mistake("a text in a cell", book(set_cell("C5", "n.d.")), at="counts.xlsx", says=r"n\.d\.", fast=True),
    Mistake("a date in a cell", book(set_cell("C5", "2024-03-01")), at="counts.xlsx", says="2024"),
    Mistake(
        "an empty cell among counts", book(set_cell("C5", None)), at="counts.xlsx|mine|s2", says="missing"
    ),
    Mistake("a negative count", book(set_cell("C5", -3)), at="s2", says="-3"),
    Mistake("two samples of one name", book(set_cell("C1", "s1")), at="counts.xlsx", says="s1"),
    Mistake("a sample without a name", book(set_cell("C1", None)), at="counts.xlsx|samples.tsv", says=""),
    Mistake("more rows skipped than there are", book(skip=500), at="counts.xlsx", says="empty"),
]


def frame(values: np.ndarray | None = None, names: list[str] = NAMES, genes: list[str] = GENES) -> Any:
    """The counts as a data frame."""
    import pandas as pd

    return pd.DataFrame(COUNTS if values is None else values, index=pd.Index(genes), columns=names)


def rds(content: Any, name: str | None = None) -> bytes:
    """An R file: of one object, or of an environment with names."""
    import rdata

    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "x"
        if name is None:
            rdata.write_rds(str(path), content)
        else:
            rdata.write_rda(str(path), content)
        return path.read_bytes()


def r(content: Callable[[], Any], **options: Any) -> Callable[[Project], None]:
    """The card's file is an R object."""
    return holds(lambda: rds(content()), "counts.rds", "r_object", identifier="symbol", **options)


def spoiled(place: tuple[int, int], value: float) -> Callable[[], Any]:
    """The data frame with another number."""

    def make() -> Any:
        values = COUNTS.astype(float)
        values[place] = value
        return frame(values)

    return make


def two_objects() -> bytes:
    """An R file of two data frames."""
    return rds({"first": frame(), "second": frame()}, "rda")


R_OBJECTS = [
    Mistake(
        "a text",
        holds(PLAIN, "counts.rds", "r_object", identifier="symbol"),
        at="counts.rds",
        says="",
        fast=True,
    ),
    Mistake(
        "cut",
        holds(lambda: rds(frame())[:-40], "counts.rds", "r_object", identifier="symbol"),
        at="counts.rds",
        says="",
    ),
    Mistake(
        "damaged",
        holds(lambda: damaged(rds(frame())), "counts.rds", "r_object", identifier="symbol"),
        at="counts.rds",
        says="",
    ),
    Mistake(
        "cut inside the compression",
        holds(
            lambda: gzip.compress(gzip.decompress(rds(frame()))[:-300]),
            "counts.rds",
            "r_object",
            identifier="symbol",
        ),
        at="counts.rds",
        says="",
    ),
    Mistake(
        "a gzip of a text",
        holds(WHOLE, "counts.rds", "r_object", identifier="symbol"),
        at="counts.rds",
        says="",
    ),
    Mistake(
        "random bytes behind R's first",
        holds(
            b"X\n\x00\x00\x00\x03" + np.random.default_rng(3).bytes(4000),
            "counts.rds",
            "r_object",
            identifier="symbol",
        ),
        at="counts.rds",
        says="",
    ),
    Mistake(
        "a length without bounds",
        holds(
            b"X\n\x00\x00\x00\x03\x00\x04\x02\x02\x00\x03\x05\x00\x00\x00\x00\x05UTF-8\x00\x00\x00\x0e\x7f\xff\xff\xff",
            "counts.rds",
            "r_object",
            identifier="symbol",
        ),
        at="counts.rds",
        says="",
    ),
    Mistake("a number", r(lambda: 5.0), at="counts.rds", says=""),
    Mistake("a text in R", r(lambda: "hello"), at="counts.rds", says=""),
    Mistake("a list of nothing", r(lambda: []), at="counts.rds", says=""),
    Mistake(
        "an object that is not there",
        holds(two_objects, "counts.rda", "r_object", identifier="symbol", object="third"),
        at="counts.rda",
        says="third|first",
        fast=True,
    ),
    Mistake(
        "two objects, none named",
        holds(two_objects, "counts.rda", "r_object", identifier="symbol"),
        at="counts.rda",
        says="first",
    ),
    Mistake("a negative count", r(spoiled((4, 3), -2)), at="s4", says="-2"),
    Mistake("a count of infinity", r(spoiled((4, 3), float("inf"))), at="s4", says="inf"),
    Mistake("a missing count", r(spoiled((4, 3), float("nan"))), at="mine|s4|counts", says="missing"),
    Mistake(
        "a sample copied",
        r(lambda: frame(np.column_stack([COUNTS[:, :7], COUNTS[:, 0]]))),
        at="sample 's8'",
        says="equals",
    ),
    Mistake("a data frame on its side", r(lambda: frame().T), at="counts.rds|samples.tsv", says="transposed"),
    Mistake(
        "other samples",
        r(lambda: frame(names=[f"GSM{i}" for i in range(8)])),
        at=r"samples\.tsv:2",
        says="no such sample|does not have",
    ),
    Mistake("a feature column that is not there", r(frame, feature="symbol"), at="counts.rds", says="symbol"),
]


@cache
def _h5ad(spoil: str) -> bytes:
    import anndata
    import pandas as pd

    values = COUNTS.T.astype(float)
    obs, var = pd.DataFrame(index=NAMES), pd.DataFrame(index=GENES)
    if spoil == "negative":
        values[3, 4] = -2
    elif spoil == "missing":
        values[3, 4] = np.nan
    elif spoil == "infinite":
        values[3, 4] = np.inf
    elif spoil == "log":
        values = np.log1p(values)
    elif spoil == "copied":
        values[7] = values[0]
    elif spoil == "names":
        obs.index = [f"cell{i}" for i in range(8)]
    elif spoil == "numbers":
        var.index = [str(i) for i in range(len(GENES))]
    elif spoil == "twice":
        obs.index = ["s1", *NAMES[:-1]]
    elif spoil == "side":
        values, obs, var = values.T, var, obs
    elif spoil == "nothing":
        values, obs = values[:0], obs.iloc[:0]
    elif spoil == "donor":
        obs["donor"] = NAMES
    adata = anndata.AnnData(None if spoil == "without" else values, obs=obs, var=var)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "x.h5ad"
        adata.write_h5ad(path)
        return path.read_bytes()


def h5ad(spoil: str = "") -> bytes:
    """The counts as AnnData, with one thing wrong."""
    return _h5ad(spoil)


def ad(spoil: str = "", **options: Any) -> Callable[[Project], None]:
    """The card's file is an h5ad."""
    return holds(lambda: h5ad(spoil), "counts.h5ad", "h5ad", **{"identifier": "symbol", **options})


def hdf5() -> bytes:
    """An HDF5 file of something else."""
    import h5py

    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "x.h5"
        with h5py.File(path, "w") as file:
            file["a"] = np.arange(5)
        return path.read_bytes()


ANNDATA = [
    Mistake("a text", holds(PLAIN, "counts.h5ad", "h5ad"), at="counts.h5ad", says="", fast=True),
    Mistake("cut", holds(lambda: h5ad()[:-3000], "counts.h5ad", "h5ad"), at="counts.h5ad", says=""),
    Mistake(
        "cut in half",
        holds(lambda: h5ad()[: len(h5ad()) // 2], "counts.h5ad", "h5ad"),
        at="counts.h5ad",
        says="",
    ),
    Mistake("an HDF5 of something else", holds(hdf5, "counts.h5ad", "h5ad"), at="counts.h5ad", says=""),
    Mistake(
        "compressed",
        holds(lambda: gzip.compress(h5ad()), "counts.h5ad.gz", "h5ad"),
        at="counts.h5ad.gz",
        says="",
    ),
    Mistake("a layer that is not there", ad(layer="counts"), at="counts.h5ad", says="counts", fast=True),
    Mistake("raw, which is not there", ad(layer="raw"), at="counts.h5ad", says="raw"),
    Mistake(
        "a pseudobulk column that is not there",
        ad("donor", pseudobulk=["patient"]),
        at="counts.h5ad",
        says="patient",
    ),
    Mistake("a feature column that is not there", ad(feature="gene_ids"), at="counts.h5ad", says="gene_ids"),
    Mistake("a negative count", ad("negative"), at="s4", says="-2"),
    Mistake("a missing count", ad("missing"), at="mine|s4|counts", says="missing"),
    Mistake("a count of infinity", ad("infinite"), at="s4", says="inf"),
    Mistake("logarithms", ad("log"), at="mine|counts", says="logarithm"),
    Mistake("a sample copied", ad("copied"), at="sample 's8'", says="equals"),
    Mistake("other samples", ad("names"), at=r"samples\.tsv:2", says="no such sample|does not have"),
    Mistake("a sample twice", ad("twice"), at="counts.h5ad|samples.tsv", says="s1"),
    Mistake(
        "genes as row numbers", ad("numbers", identifier="ensembl"), at="the matrix|counts.h5ad|mine", says=""
    ),
    Mistake("on its side", ad("side"), at="counts.h5ad|samples.tsv", says="side|transposed|does not have"),
    Mistake("no samples", ad("nothing"), at="counts.h5ad|samples.tsv|mine", says=""),
    Mistake("no values", ad("without"), at="counts.h5ad|mine", says=""),
]

#: Reader -> a name, and a table of another program.
PROGRAMS = [
    *(
        Mistake(f"a plain table read as {reader}", holds(PLAIN, name, reader, **options), at=name, says="")
        for reader, name, options in (
            ("diann", "report.tsv", {}),
            ("featurecounts", "counts.txt", {}),
            ("fragpipe", "combined_protein.tsv", {}),
            ("gct", "counts.gct", {}),
            ("kallisto", "abundance.tsv", {}),
            ("loom", "cells.loom", {}),
            ("maxquant", "proteinGroups.txt", {}),
            ("maxquant_peptides", "peptides.txt", {}),
            ("maxquant_sites", "sites.txt", {}),
            ("mztab", "results.mzTab", {}),
            ("rsem", "genes.results", {}),
            ("salmon", "quant.sf", {}),
            ("series_matrix", "series_matrix.txt", {}),
            ("soft", "family.soft", {}),
            ("spectronaut", "report.tsv", {}),
            ("star", "ReadsPerGene.out.tab", {}),
            ("tenx", "matrix.mtx", {}),
            ("tmt", "proteinGroups.txt", {"channels": r"Reporter (?P<channel>\d+)"}),
            ("tmt_integrator", "abundance.tsv", {}),
        )
    ),
    *(
        Mistake(f"an empty file read as {reader}", holds(b"\n", "x" + name, reader), at="x" + name, says="")
        for reader, name in (
            ("diann", "report.tsv"),
            ("featurecounts", "counts.txt"),
            ("gct", "counts.gct"),
            ("htseq", "counts.txt"),
            ("maxquant", "proteinGroups.txt"),
            ("mztab", "results.mzTab"),
            ("rsem", "genes.results"),
            ("salmon", "quant.sf"),
            ("series_matrix", "series_matrix.txt"),
            ("soft", "family.soft"),
            ("star", "ReadsPerGene.out.tab"),
            ("tenx", "matrix.mtx"),
            ("sdrf", "x.sdrf.tsv"),
        )
    ),
    Mistake(
        "htseq of text",
        holds("gene\tcount\nA\tmany\nB\tfew\n", "counts.txt", "htseq"),
        at="counts.txt",
        says="",
        fast=True,
    ),
    Mistake(
        "featureCounts' summary",
        holds("Status\ta.bam\nAssigned\t5\nUnassigned\t7\n", "counts.txt.summary", "featurecounts"),
        at="summary",
        says="summary",
    ),
    Mistake(
        "GCT that ends early",
        holds(
            "#1.2\n60\t8\nName\tDescription\t" + "\t".join(NAMES) + "\nA\tna\t1\t2\t3\t4\t5\t6\t7\t8\n",
            "counts.gct",
            "gct",
            identifier="symbol",
        ),
        at="counts.gct",
        says="",
    ),
    Mistake(
        "GCT with a wrong size",
        holds(
            "#1.2\nmany\tsome\nName\tDescription\ts1\nA\tna\t1\n", "counts.gct", "gct", identifier="symbol"
        ),
        at="counts.gct",
        says="",
    ),
    Mistake(
        "a pattern of channels that is none",
        holds(PLAIN, "t.tsv", "tmt", channels="(?P<channel"),
        at="t.tsv|card",
        says="regular|expression|channel",
    ),
    Mistake(
        "a pattern of channels without its group",
        holds(PLAIN, "t.tsv", "tmt", channels="Reporter"),
        at="t.tsv|card",
        says="channel",
    ),
]
