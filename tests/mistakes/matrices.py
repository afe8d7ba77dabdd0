"""Mistakes in tables of values and in published results, as text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.mistakes.cards import both, put
from tests.mistakes.mistake import Mistake
from tests.mistakes.project import COUNTS, GENES, MATRIX, NAMES, Project, table


def text(change: Callable[[str], str]) -> Callable[[Project], None]:
    """Change the text of the matrix."""

    def plant(project: Project) -> None:
        before = str(project.files[MATRIX])
        after = change(before)
        assert after != before
        project.files[MATRIX] = after

    return plant


def cell(row: int, column: str, value: str) -> Callable[[Project], None]:
    """Change a cell of the matrix; row 1 is the first gene."""

    def change(before: str) -> str:
        rows = [line.split("\t") for line in before.splitlines()]
        rows[row][rows[0].index(column)] = value
        return "\n".join("\t".join(line) for line in rows) + "\n"

    return text(change)


def values(change: Callable[[np.ndarray], np.ndarray], **options: Any) -> Callable[[Project], None]:
    """Change the numbers of the matrix."""
    return lambda project: project.files.__setitem__(
        MATRIX, table(change(COUNTS.astype(float).copy()), **options)
    )


def at(row: int, column: int, value: float) -> Callable[[np.ndarray], np.ndarray]:
    """Change one number."""

    def change(matrix: np.ndarray) -> np.ndarray:
        matrix[row, column] = value
        return matrix

    return change


def column(index: int, change: Callable[[np.ndarray], Any]) -> Callable[[np.ndarray], np.ndarray]:
    """Change the numbers of one sample."""

    def both_(matrix: np.ndarray) -> np.ndarray:
        matrix[:, index] = change(matrix)
        return matrix

    return both_


def proteins(scale: str = "log2") -> Callable[[Project], None]:
    """The data set holds proteins."""
    return both(put("assay", "protein"), put("values", {"scale": scale}))


LOG2 = np.round(np.log2(COUNTS + 1.0) + 15, 3)
CELL = r"s\d|column|row|line|feature"
MATRICES = [
    Mistake(
        "only a header",
        lambda p: p.files.__setitem__(MATRIX, "gene\t" + "\t".join(NAMES) + "\n"),
        at="counts.tsv",
        says="",
    ),
    Mistake(
        "only blank lines", lambda p: p.files.__setitem__(MATRIX, "\n\n\n"), at="counts.tsv", says="empty"
    ),
    Mistake(
        "without a header",
        text(lambda t: t.split("\n", 1)[1]),
        at="counts.tsv|samples.tsv",
        says="",
        fast=True,
    ),
    Mistake(
        "a web page",
        lambda p: p.files.__setitem__(
            MATRIX, "<!DOCTYPE html>\n<html><head><title>Log in</title></head>\n<body>please</body></html>\n"
        ),
        at="counts.tsv",
        says="page|HTML",
        fast=True,
    ),
    Mistake(
        "an XML error",
        lambda p: p.files.__setitem__(
            MATRIX, "<?xml version='1.0'?>\n<Error><Code>NoSuchKey</Code></Error>\n"
        ),
        at="counts.tsv",
        says="",
    ),
    Mistake(
        "JSON", lambda p: p.files.__setitem__(MATRIX, '{"error": "not found"}\n'), at="counts.tsv", says=""
    ),
    Mistake(
        "a Git LFS pointer",
        lambda p: p.files.__setitem__(
            MATRIX, "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935\nsize 12345\n"
        ),
        at="counts.tsv",
        says="",
        fast=True,
    ),
    Mistake(
        "random bytes",
        lambda p: p.files.__setitem__(MATRIX, np.random.default_rng(1).bytes(5000)),
        at="counts.tsv",
        says="",
    ),
    Mistake("zero bytes", lambda p: p.files.__setitem__(MATRIX, bytes(5000)), at="counts.tsv", says=""),
    Mistake(
        "on its side",
        text(
            lambda t: (
                "\n".join(
                    "\t".join(c) for c in zip(*[line.split("\t") for line in t.splitlines()], strict=True)
                )
                + "\n"
            )
        ),
        at="counts.tsv|samples.tsv",
        says="transposed",
        fast=True,
    ),
    *(
        Mistake(f"a cell of {value!r}", cell(3, "s2", value), at=CELL, says=says, fast=value == "n.d.")
        for value, says in (
            ("n.d.", "n\\.d\\."),
            ("<LOD", "LOD"),
            ("bad", "bad"),
            ("12 345", "12 345"),
            ("3-Mar", "Mar"),
            ("1;2", "1;2"),
            ("-5", "-5|negative"),
            ("NA", "missing"),
            ("", "missing"),
            ("#REF!", "REF"),
            ("inf", "inf"),
            ("-", "-"),
            ("1e400", "inf|1e400"),
            ("?", r"\?"),
            ("TRUE", "TRUE"),
        )
    ),
    Mistake(
        "a sample of text",
        text(
            lambda t: (
                "\n".join(
                    "\t".join(["x" if (j == 3 and i) else c for j, c in enumerate(line.split("\t"))])
                    for i, line in enumerate(t.splitlines())
                )
                + "\n"
            )
        ),
        at="samples.tsv|counts.tsv",
        says="s3",
        fast=True,
    ),
    Mistake("a sample of NA", values(column(2, lambda m: np.nan)), at="s3", says=""),
    Mistake("a sample of zeros", values(column(2, lambda m: 0)), at="s3", says="empty", fast=True),
    Mistake(
        "a sample without a column",
        text(lambda t: "\n".join("\t".join(line.split("\t")[:-1]) for line in t.splitlines()) + "\n"),
        at=r"samples\.tsv:9",
        says="no such sample",
    ),
    Mistake(
        "a column too many",
        text(
            lambda t: (
                "\n".join(line + ("\ts9" if i == 0 else f"\t{i}") for i, line in enumerate(t.splitlines()))
                + "\n"
            )
        ),
        at="samples.tsv",
        says="s9",
    ),
    Mistake(
        "row numbers as a column",
        text(
            lambda t: (
                "\n".join(line + ("\tindex" if i == 0 else f"\t{i}") for i, line in enumerate(t.splitlines()))
                + "\n"
            )
        ),
        at="samples.tsv",
        says="index",
    ),
    Mistake(
        "a column of totals",
        text(
            lambda t: (
                "\n".join(
                    line + ("\tTotal" if i == 0 else f"\t{sum(map(int, line.split(chr(9))[1:]))}")
                    for i, line in enumerate(t.splitlines())
                )
                + "\n"
            )
        ),
        at="samples.tsv",
        says="Total",
    ),
    Mistake(
        "two columns of one name",
        text(lambda t: t.replace("\ts4\t", "\ts3\t", 1)),
        at="counts.tsv",
        says="s3",
        fast=True,
    ),
    Mistake(
        "one sample's column copied",
        values(column(4, lambda m: m[:, 0])),
        at="sample 's5'",
        says="equals 's1'",
        fast=True,
    ),
    Mistake(
        "all samples the same",
        values(lambda m: np.repeat(m[:, :1], 8, axis=1)),
        at="sample 's2'",
        says="equals",
    ),
    Mistake(
        "a row cut short",
        text(lambda t: t.replace(t.splitlines()[10], "\t".join(t.splitlines()[10].split("\t")[:4]))),
        at="counts.tsv",
        says="",
        fast=True,
    ),
    Mistake(
        "a row too long",
        text(lambda t: t.replace(t.splitlines()[10], t.splitlines()[10] + "\t5\t5")),
        at="counts.tsv",
        says="",
    ),
    Mistake("the file cut in the last row", text(lambda t: t[:-20]), at="counts.tsv", says=""),
    Mistake(
        "a line of text in the middle",
        text(lambda t: t.replace("\nACTB\t", "\nsee the note below\nACTB\t")),
        at="counts.tsv",
        says="",
    ),
    Mistake(
        "a second header in the middle",
        text(lambda t: t.replace("\nACTB\t", "\n" + t.splitlines()[0] + "\nACTB\t")),
        at="counts.tsv",
        says="",
    ),
    Mistake(
        "a quote left open", text(lambda t: t.replace("\nACTB\t", '\n"ACTB\t')), at="counts.tsv", says=""
    ),
    Mistake("a separator of its own", both(text(lambda t: t.replace("\t", "~"))), at="counts.tsv", says=""),
    Mistake(
        "a wrong separator in the card",
        put("files", 0, "options", {"identifier": "symbol", "separator": "comma"}),
        at="counts.tsv|samples.tsv",
        says="",
    ),
    Mistake(
        "decimal commas read as points",
        both(
            proteins(),
            lambda p: p.files.__setitem__(MATRIX, table(LOG2).replace(".", ",")),
            put("files", 0, "options", {"identifier": "symbol", "decimal": "."}),
        ),
        at="counts.tsv|samples.tsv",
        says="",
    ),
    Mistake(
        "a feature column that is not there",
        put("files", 0, "options", {"identifier": "symbol", "feature": "gene_id"}),
        at="counts.tsv, option 'feature'",
        says="gene_id",
    ),
    Mistake(
        "samples that are not there",
        put("files", 0, "options", {"identifier": "symbol", "samples": ["s1", "s99"]}),
        at="option 'samples'",
        says="s99",
    ),
    Mistake(
        "a pattern that fits nothing",
        put("files", 0, "options", {"identifier": "symbol", "samples": "^LFQ (.+)"}),
        at="option 'samples'",
        says="fits",
    ),
    Mistake(
        "a pattern that is none",
        put("files", 0, "options", {"identifier": "symbol", "samples": "(s\\d"}),
        at="option 'samples'",
        says="regular expression",
    ),
    Mistake(
        "more lines skipped than there are",
        put("files", 0, "options", {"identifier": "symbol", "skip": 500}),
        at="counts.tsv",
        says="",
    ),
    Mistake(
        "the header skipped",
        put("files", 0, "options", {"identifier": "symbol", "skip": 1}),
        at="counts.tsv|samples.tsv",
        says="",
    ),
    Mistake(
        "a long table without its columns",
        put("files", 0, "options", {"identifier": "symbol", "layout": "long"}),
        at="counts.tsv",
        says="feature",
    ),
    Mistake(
        "a wide table read as transposed",
        put("files", 0, "options", {"identifier": "symbol", "layout": "transposed"}),
        at="",
        says="side|no such sample|transposed|does not have",
    ),
    Mistake(
        "a gene twice, proteins",
        both(
            proteins(),
            lambda p: p.files.__setitem__(
                MATRIX, table(LOG2, genes=["ACTB" if g == "ACTA1" else g for g in GENES])
            ),
        ),
        at="counts.tsv",
        says="duplicates",
    ),
    Mistake(
        "genes without names",
        lambda p: p.files.__setitem__(MATRIX, table(genes=[""] * len(GENES))),
        at="counts.tsv|mine",
        says="",
        fast=True,
    ),
    Mistake(
        "row numbers for genes",
        lambda p: p.files.__setitem__(MATRIX, table(genes=[str(i) for i in range(len(GENES))])),
        at="the matrix|counts.tsv|mine",
        says="",
    ),
    Mistake(
        "identifiers of nobody",
        both(
            lambda p: p.files.__setitem__(
                MATRIX, table(genes=[f"ENSMUSG{i:011d}" for i in range(len(GENES))])
            ),
            put("files", 0, "options", {"identifier": "ensembl"}),
        ),
        at="the matrix|mine",
        says="gene|map",
    ),
    Mistake(
        "mouse genes in a human card",
        both(
            lambda p: p.files.__setitem__(
                MATRIX, table(genes=[f"ENSMUSG{i + 51951:011d}" for i in range(len(GENES))])
            ),
            put("files", 0, "options", {}),
        ),
        at="the matrix|mine",
        says="mouse|gene|map",
    ),
    Mistake(
        "counts per million",
        values(lambda m: np.round(m / m.sum(axis=0) * 1e6, 3)),
        at="mine|counts",
        says="per million",
        fast=True,
    ),
    Mistake(
        "counts per million, rounded",
        values(lambda m: np.round(m / m.sum(axis=0) * 1e6)),
        at="mine|counts",
        says="million",
    ),
    Mistake(
        "log2 counts",
        values(lambda m: np.round(np.log2(m + 1), 4)),
        at="mine|counts",
        says="logarithm",
        fast=True,
    ),
    Mistake(
        "z scores",
        values(
            lambda m: np.round((m - m.mean(axis=1, keepdims=True)) / (m.std(axis=1, keepdims=True) + 1), 4)
        ),
        at="mine|counts",
        says="negative",
    ),
    Mistake(
        "FPKM",
        values(lambda m: np.round(m / m.sum(axis=0) * 1e4 / np.linspace(0.5, 9, len(m))[:, None], 5)),
        at="mine|counts",
        says="FPKM|million|fraction",
    ),
    Mistake("counts with 1 % missing", values(at(4, 3, np.nan)), at="mine|counts|s4", says="missing"),
    Mistake("a count of 1e30", values(at(4, 3, 1e30)), at="s4|counts|mine", says="1e\\+?30|large"),
    Mistake("a count below zero", values(at(4, 3, -7)), at="sample 's4', feature 'XIST'|s4", says="-7"),
    Mistake("a count without bounds", values(at(4, 3, np.inf)), at="s4", says="inf"),
    Mistake(
        "linear intensities called log2",
        both(proteins(), lambda p: p.files.__setitem__(MATRIX, table(COUNTS * 1000.5))),
        at="mine|counts",
        says="scale: linear",
        fast=True,
    ),
    Mistake(
        "log2 called linear",
        both(proteins("linear"), lambda p: p.files.__setitem__(MATRIX, table(LOG2))),
        at="mine|counts",
        says="scale: log2",
    ),
    Mistake(
        "intensities below zero",
        both(
            proteins("linear"), lambda p: p.files.__setitem__(MATRIX, table(at(3, 3, -5.0)(COUNTS * 1000.5)))
        ),
        at="s4",
        says="negative",
    ),
    Mistake(
        "zeros for what was not detected",
        both(proteins(), lambda p: p.files.__setitem__(MATRIX, table(np.where(COUNTS % 3 == 0, 0.0, LOG2)))),
        at="mine|counts",
        says="zero_is_missing",
    ),
    Mistake(
        "log2 of 1e30",
        both(proteins(), lambda p: p.files.__setitem__(MATRIX, table(at(3, 3, 1e30)(LOG2.copy())))),
        at="mine|counts|s4",
        says="1e\\+30",
    ),
    Mistake(
        "everything missing",
        both(proteins(), lambda p: p.files.__setitem__(MATRIX, table(np.full(COUNTS.shape, np.nan)))),
        at="mine|counts|samples",
        says="",
    ),
    Mistake("everything one number", values(lambda m: m * 0 + 7), at="", says="one number"),
]
MATRICES = [
    each for each in MATRICES if each.name != "a column of text among the samples"
]  # annotation: no mistake


RESULTS = "gene\tlogFC\tP.Value\tadj.P.Val\tt\tlfcSE\n" + "".join(
    f"{gene}\t{0.1 * (i % 9) - 0.4:.2f}\t{0.01 + i / 70:.4f}\t{min(1, 0.02 + i / 60):.4f}\t{2.1 - i / 20:.3f}\t0.2\n"
    for i, gene in enumerate(GENES)
)
PUBLISHED = {"log2fc": "logFC", "p": "P.Value", "q": "adj.P.Val", "se": "lfcSE"}


def published(
    content: str = RESULTS, columns: dict[str, Any] | None = None, **options: Any
) -> Callable[[Project], None]:
    """The data set is a published result table."""

    def plant(project: Project) -> None:
        named = {"contrasts": {"effect": columns or PUBLISHED}, "feature": "gene", "identifier": "symbol"}
        project.holds(content, "results.tsv", "effects_table", **{**named, **options})
        project.card["assay"] = "effects"
        del project.card["columns"]
        project.card["contrasts"] = [
            {"name": "effect", "role": "training", "file": "results.tsv", "n_case": 4, "n_reference": 4}
        ]

    return plant


def value_of(column_: str, value: str) -> str:
    """The results with another cell in the third row."""
    rows = [line.split("\t") for line in RESULTS.splitlines()]
    rows[3][rows[0].index(column_)] = value
    return "\n".join("\t".join(row) for row in rows) + "\n"


def contrast(**changes: Any) -> Callable[[Project], None]:
    """A published table whose contrast says something else; None takes a key away."""

    def plant(project: Project) -> None:
        published()(project)
        told = {**project.contrast(), **changes}
        project.card["contrasts"] = [{key: value for key, value in told.items() if value is not None}]

    return plant


EFFECTS = [
    Mistake(
        "a column that is not there",
        published(columns={**PUBLISHED, "log2fc": "log2FoldChange"}),
        at="results.tsv",
        says="log2FoldChange",
        fast=True,
    ),
    Mistake(
        "no column of fold changes", published(columns={"p": "P.Value"}), at=r"card\.yaml:\d+", says="log2fc"
    ),
    Mistake(
        "a column of nothing known",
        published(columns={**PUBLISHED, "fdr": "adj.P.Val"}),
        at=r"card\.yaml:\d+",
        says="fdr",
    ),
    Mistake("a p of 1.7", published(value_of("P.Value", "1.7")), at="results.tsv", says="1.7", fast=True),
    Mistake("a p below zero", published(value_of("P.Value", "-0.2")), at="results.tsv", says="-0.2"),
    Mistake("a q of 3", published(value_of("adj.P.Val", "3")), at="results.tsv", says="3"),
    Mistake(
        "a standard error below zero", published(value_of("lfcSE", "-0.2")), at="results.tsv", says="-0.2"
    ),
    Mistake("text among p", published(value_of("P.Value", "n.s.")), at="results.tsv", says="n\\.s\\."),
    Mistake("text among fold changes", published(value_of("logFC", "up")), at="results.tsv", says="up"),
    Mistake(
        "a gene twice with other effects",
        published(RESULTS.replace("ACTB\t", "ACTA1\t")),
        at="results.tsv",
        says="ACTA1",
    ),
    Mistake(
        "a feature column that is not there",
        lambda p: (published()(p), p.file()["options"].update(feature="symbol")),
        at="results.tsv",
        says="symbol",
    ),
    Mistake(
        "a contrast without a file",
        contrast(file=None, case="a", reference="b"),
        at=r"card\.yaml:\d+",
        says="file",
    ),
    Mistake(
        "a contrast of another file", contrast(file="result.tsv"), at=r"card\.yaml:\d+", says="does not list"
    ),
    Mistake(
        "a contrast that the file's options do not name",
        contrast(name="effects"),
        at=r"card\.yaml:\d+",
        says="do not say in which columns",
    ),
    Mistake(
        "case beside a file",
        contrast(case="trained", reference="control"),
        at=r"card\.yaml:\d+",
        says="Nothing reads|either",
    ),
    Mistake("a stratum of both", contrast(stratum="interaction"), at=r"card\.yaml:\d+", says="female"),
    Mistake("a number of samples of none", contrast(n_case=0), at=r"card\.yaml:\d+", says="1"),
    Mistake(
        "columns of a sheet",
        lambda p: (published()(p), p.card.update(columns={"group": "arm"})),
        at=r"card\.yaml:\d+",
        says="columns",
    ),
    Mistake(
        "a method",
        lambda p: (published()(p), p.card.update(model={"method": "voom"})),
        at=r"card\.yaml:\d+",
        says="not fitted again",
    ),
    Mistake("degrees of freedom of a word", published(df="many"), at="card|results.tsv|df", says="df"),
    Mistake(
        "rows chosen by a column that is not there",
        published(where={"effect": {"sex": "female"}}),
        at="results.tsv",
        says="sex",
    ),
    Mistake(
        "rows chosen that are not there",
        published(where={"effect": {"gene": "NOBODY"}}),
        at="results.tsv",
        says="NOBODY",
    ),
    Mistake("the table cut", published(RESULTS[:-8]), at="results.tsv", says=""),
    Mistake("an empty table", published(RESULTS.splitlines()[0] + "\n"), at="results.tsv|mine", says=""),
    Mistake("fold changes of 1e30", published(value_of("logFC", "1e30")), at="results.tsv", says="1e\\+?30"),
]
