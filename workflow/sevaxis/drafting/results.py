"""Tables of published results: which columns hold which contrast, found by their names and held against their numbers.

A column is taken for what its name says only where its numbers agree; what the names leave open (the logarithm, the
order of the groups) is asked, with both readings. Whatever is not used is listed with the reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sevaxis.drafting.statistics import CHANGES, Named, contradiction, follows, named
from sevaxis.drafting.unfit import check_directions
from sevaxis.drafting.words import is_control
from sevaxis.matrix.readers.tables.columns import looks_numeric
from sevaxis.matrix.readers.tables.text import Table
from sevaxis.study.validation import TODO

if TYPE_CHECKING:
    import polars as pl

#: Layers of the reader `effects_table` that a name can tell; a block without one of these holds no test.
TESTS = ("q", "p", "t", "se")
#: Program -> names of columns that only its tables have together; asked in this order.
PROGRAMS = {
    "MSstats": ("log2FC", "adj.pvalue"),
    "Proteome Discoverer": ("Abundance Ratio",),
    "Perseus": ("T-test",),
    "Spectronaut": ("AVG Log2 Ratio",),
    "Olink Analyze": ("OlinkID", "estimate"),
    "proDA": ("t_statistic", "avg_abundance"),
    "sleuth": ("se_b",),
    "cuffdiff": ("log2(fold_change)", "test_stat"),
    "Seurat": ("p_val_adj", "pct.1"),
    "scanpy": ("logfoldchanges", "pvals"),
    "DESeq2": ("log2FoldChange",),
    "edgeR": ("logCPM", "logFC"),
    "limma": ("logFC", "adj.P.Val"),
    "DEP": ("_p.val", "_p.adj"),
}
#: Programs whose differences are those of the log2 values that went in.
OF_LOG2 = {"Perseus", "proDA", "Olink Analyze", "DEP"}
#: A log2 fold change beyond this is none: no instrument spans so much.
MOST_LOG2 = 40.0
#: Fewest rows that must hold no negative number before that is strange.
FEWEST_SIGNS = 50
#: Groups of a contrast that stand in a column each: this pair's difference is the fold change.
MOST_MEANS = 12


@dataclass
class Block:
    """Columns of one contrast.

    Attributes
    ----------
    label
        Name of the contrast as the file writes it; empty where the columns name none.
    columns
        Layer of the reader -> column.
    change
        Role of the column that holds the change (:data:`CHANGES`).
    minus_log10
        Layers given as -log10.
    """

    label: str
    columns: dict[str, str]
    change: str
    minus_log10: set[str] = field(default_factory=set)


@dataclass
class Columns:
    """All columns of a result table.

    Attributes
    ----------
    blocks
        One for each contrast that has columns of its own.
    program
        Which program writes such names; empty where several do.
    options
        Options of the reader that follow from names and numbers.
    asked
        Option of the reader -> what is to be decided.
    told
        What speaks for the reading, a sentence each.
    left
        Column -> why it is not used.
    means
        Columns of the two groups whose difference is the fold change: case, reference.
    """

    blocks: list[Block]
    program: str
    options: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    means: tuple[str, str] | None = None


def find_columns(table: Table) -> Columns | None:
    """The blocks of a table of published results; None where no change stands beside a test of it."""
    frame = table.frame
    numeric = [
        name
        for name in frame.columns
        if looks_numeric(frame[name], table) and frame[name].null_count() < frame.height
    ]
    names = {column: said for column in numeric if (said := named(column)) is not None}
    if {"b", "se_b"} <= set(numeric):  # sleuth's effect
        names["b"] = Named("lnfc", "")
    program = next(
        (p for p, marks in PROGRAMS.items() if all(any(m in c for c in numeric) for m in marks)), ""
    )
    numbers = Numbers(table)
    found = Columns([], program)
    by_key: dict[str, list[str]] = {}
    for column, said in names.items():
        if said.role in CHANGES:
            by_key.setdefault(said.key, []).append(column)
    for columns in by_key.values():
        # the surest name; a change whose role is that of another only (B of limma) never gets here
        best = min(columns, key=lambda c: CHANGES.index(names[c].role))
        block = Block(names[best].rest, {"log2fc": best}, names[best].role)
        _add_tests(found, block, names, numbers, alone=len(by_key) == 1)
        if set(TESTS) & set(block.columns):
            found.blocks.append(block)
        for column in columns:
            if column != best:
                found.left[column] = f"the change of '{best}' once more"
        if not set(TESTS) & set(block.columns):
            found.left[best] = "a change without a test beside it"
    if not found.blocks:
        return None
    _check(found, names, numbers)
    check_directions(found, numbers)
    used = {column for block in found.blocks for column in block.columns.values()}
    for column, said in names.items():
        if column not in used:
            reason = {"joint": "a test of several contrasts at once", "other": "no estimate and no test"}
            found.left.setdefault(column, reason.get(said.role, "belongs to no contrast of the table"))
    return found


class Numbers:
    """Numbers of columns, each parsed once."""

    def __init__(self, table: Table):
        self.table = table
        self.known: dict[str, np.ndarray] = {}

    def __getitem__(self, column: str) -> np.ndarray:
        if column not in self.known:
            series: pl.Series = self.table.numbers(self.table.frame[column])
            self.known[column] = series.to_numpy().astype(np.float64)
        return self.known[column]


def _add_tests(
    found: Columns, block: Block, names: dict[str, Named], numbers: Numbers, *, alone: bool
) -> None:
    """The other layers of a contrast: columns of the same key; where there is one contrast only, also those of none."""
    key = names[block.columns["log2fc"]].key
    for layer in (*TESTS, "mean", "df"):
        fits = [c for c, said in names.items() if said.role == layer and said.key == key]
        if not fits and alone:
            fits = [c for c, said in names.items() if said.role == layer and not said.key]
        if not fits and alone:
            fits = [c for c, said in names.items() if said.role == layer]
            fits = fits if len(fits) == 1 else []
        for column in fits:
            minus = names[column].minus_log10
            why = contradiction("df" if layer == "mean" and minus else layer, _as_p(numbers[column], minus))
            if why and layer in ("p", "q") and not minus and np.nanmin(numbers[column]) >= 0:
                # numbers above 1: a logarithm that the name keeps to itself
                found.asked["minus_log10"] = (
                    f"{TODO} [{layer}] if '{column}' holds -log10 of p ({why}); else leave {layer} out of the contrasts"
                )
            elif why:
                found.left[column] = f"called {layer}, but {why}"
                continue
            block.columns["mean_abundance" if layer == "mean" else layer] = column
            if minus:
                block.minus_log10.add(layer)
            break
    _add_sizes(block, names, numbers)
    # a mean that all contrasts share
    if "mean_abundance" not in block.columns:
        shared = [c for c, said in names.items() if said.role == "mean" and not said.key]
        if shared:
            block.columns["mean_abundance"] = shared[0]


def _add_sizes(block: Block, names: dict[str, Named], numbers: Numbers) -> None:
    """Columns with group sizes: called as the contrast, or as its groups; the other group is a control."""
    key = names[block.columns["log2fc"]].key
    sizes = {c: said.key for c, said in names.items() if said.role == "n" and np.nanmin(numbers[c]) >= 0}
    case = [c for c, group in sizes.items() if group and group == (key or "case")]
    controls = [c for c, group in sizes.items() if group == "reference" or is_control(group)]
    if len(case) == len(controls) == 1:
        block.columns |= {"n_case": case[0], "n_reference": controls[0]}


def _as_p(values: np.ndarray, minus: bool) -> np.ndarray:
    return 10.0**-values if minus else values


def _check(found: Columns, names: dict[str, Named], numbers: Numbers) -> None:
    """Options, questions and evidence that names and numbers give together."""
    minus = set.union(*(block.minus_log10 for block in found.blocks))
    if minus and "minus_log10" not in found.asked:
        found.options["minus_log10"] = sorted(minus)
        found.told.append(f"-log10 of {' and '.join(sorted(minus))}, as the columns are called")
    for block in found.blocks:
        change = numbers[block.columns["log2fc"]]
        if "t" in block.columns:
            t = numbers[block.columns["t"]]
            with np.errstate(invalid="ignore"):
                moved = np.isfinite(change) & np.isfinite(t) & (change != 0) & (t != 0)
                centre = 1.0 if block.change == "ratio" and change[moved].min(initial=1.0) >= 0 else 0.0
                same = (
                    float((np.sign(change[moved] - centre) == np.sign(t[moved])).mean())
                    if moved.any()
                    else 1.0
                )
            if same < 0.9:
                column = block.columns.pop("t")
                found.left[column] = (
                    f"its sign is that of '{block.columns['log2fc']}' in {same:.0%} of the rows only"
                )
        if {"se", "t"} <= set(block.columns):
            share = follows(change, numbers[block.columns["se"]], numbers[block.columns["t"]])
            quotient = f"{block.columns['log2fc']} / {block.columns['se']}"
            words = f"{block.columns['t']} = {quotient} in {share:.0%} of the rows"
            if share < 0.9:
                words += ": the fold changes are shrunken, or the test is of another kind"
            if not np.isnan(share):
                found.told.append(words)
        elif {"se", "p"} <= set(block.columns) and found.program == "DESeq2":
            z = change / np.where(numbers[block.columns["se"]] > 0, numbers[block.columns["se"]], np.nan)
            share = follows(np.abs(z), np.ones_like(z), _normal_quantile(numbers[block.columns["p"]]))
            shrunken = (
                f"{block.columns['p']} does not follow from {block.columns['log2fc']} / {block.columns['se']}"
            )
            if share < 0.9:
                found.told.append(f"{shrunken}: the fold changes are shrunken (lfcShrink)")
    _check_scale(found, names, numbers)
    used = [column for block in found.blocks for column in block.columns.values()]
    if found.program in ("DESeq2", "sleuth"):
        found.options["df"] = "normal"
        found.told.append(f"{found.program}: p of Wald's tests, which know no degrees of freedom")
    means = [column for column in used if names[column].role == "mean"]
    if any(re.match(r"base", c, re.IGNORECASE) or "tpm" in c.lower() for c in means):
        found.options["mean_abundance_scale"] = "linear"


def _normal_quantile(p: np.ndarray) -> np.ndarray:
    """|z| of two-sided p-values."""
    from scipy.special import ndtri

    return -ndtri(np.where((p > 0) & (p < 1), p, np.nan) / 2)


def _check_scale(found: Columns, names: dict[str, Named], numbers: Numbers) -> None:
    """Whether the changes are those of log2: by their names, by their numbers, by the means of the two groups."""
    block = found.blocks[0]
    column = block.columns["log2fc"]
    values = np.concatenate([numbers[b.columns["log2fc"]] for b in found.blocks])
    values = values[np.isfinite(values)]
    low, high = float(values.min(initial=0.0)), float(values.max(initial=0.0))
    inside = bool(((values > -1) & (values < 1) & (values != 0)).any())
    role = block.change
    means = _means(found, column, names, numbers) if len(found.blocks) == 1 else None
    if means is not None:
        case, reference, scale, how = means
        found.told.append(how)
        found.means = (case, reference)
        role = {"log2": "log2fc", "ratio": "ratio"}.get(scale, role)
    question = (
        f"what '{column}' holds: log2, ln, log10, ratio (2 is twice, 0.5 half) or signed_ratio (-2 is half)"
    )
    if role == "ratio" and low < 0 and inside:
        role = "change"  # DEP calls log2 ratios so
    if role in ("lnfc", "log10fc"):
        found.options["fold_change"] = {"lnfc": "ln", "log10fc": "log10"}[role]
        found.told.append(f"'{column}' is called a logarithm of base {'e' if role == 'lnfc' else '10'}")
        if found.program == "sleuth":
            found.options.pop("fold_change")
            found.asked["fold_change"] = (
                f"{TODO} ln, sleuth's own; log2 where the counts were transformed with log2"
            )
    elif role == "avglogfc":
        found.asked["fold_change"] = (
            f"{TODO} ln if Seurat before version 4 wrote '{column}', log2 if a later one did"
        )
    elif role == "ratio":
        _check_ratio(found, column, values, inside, question)
    elif values.size > FEWEST_SIGNS and low >= 0:
        found.asked["fold_change"] = (
            f"{TODO} {question}; it has no negative number, so log2 would mean that nothing goes down"
        )
    elif max(-low, high) > MOST_LOG2:
        found.asked["fold_change"] = f"{TODO} {question}; {low:.3g} to {high:.3g} is too much for log2"
    elif role == "change" and found.program not in OF_LOG2:
        reach = f"{low:.3g} to {high:.3g}"
        found.asked["fold_change"] = f"{TODO} {question}; its name does not say it, its numbers are {reach}"
    elif role == "change":
        found.told.append(
            f"'{column}' of {found.program} is taken for log2: differences of the values that went in"
        )
    elif role == "logfc":
        means = f"{found.program} means" if found.program else "limma and edgeR mean"
        found.told.append(f"'{column}' is log2, as {means} it")
    if "ratio" in (found.options.get("fold_change") or "") and "se" in block.columns:
        for each in found.blocks:
            if "se" in each.columns:
                found.left[each.columns.pop("se")] = (
                    "the standard error of a ratio is not that of its logarithm"
                )


def _check_ratio(found: Columns, column: str, values: np.ndarray, inside: bool, question: str) -> None:
    """Ratios have no negative number, signed ones none between -1 and 1, and some of either go down."""
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    if low < 0 and not inside:
        found.options["fold_change"] = "signed_ratio"
        found.told.append(f"'{column}' has no number between -1 and 1: ratios, those below 1 as -1/ratio")
    elif 0 <= low < 1 < high:
        found.options["fold_change"] = "ratio"
        found.told.append(
            f"'{column}' has numbers below and above 1, none below 0: ratios, not their logarithms"
        )
    else:
        down = "; none is below 1, so ratio would mean that nothing goes down" if low >= 1 else ""
        found.asked["fold_change"] = f"{TODO} {question}; its numbers are {low:.3g} to {high:.3g}{down}"


def _means(
    found: Columns, column: str, names: dict[str, Named], numbers: Numbers
) -> tuple[str, str, str, str] | None:
    """Two columns whose difference, or ratio, is the change: case, reference, scale of the change, and the sentence."""
    frame = numbers.table.frame
    rest = [
        name
        for name in frame.columns
        if name not in names and looks_numeric(frame[name], numbers.table) and name != column
    ]
    change = numbers[column][:2000]
    if not 2 <= len(rest) <= MOST_MEANS:
        return None
    for case in rest:
        for reference in rest:
            if case == reference:
                continue
            a, b = numbers[case][:2000], numbers[reference][:2000]
            with np.errstate(all="ignore"):
                tries = (
                    ("log2", a - b, f"{case} - {reference}"),
                    ("log2", np.log2(a / b), f"log2 of {case} / {reference}"),
                    ("ratio", a / b, f"{case} / {reference}"),
                )
            for scale, expected, words in tries:
                known = np.isfinite(expected) & np.isfinite(change) & (expected != 0)
                if known.sum() < 10 or np.unique(change[known]).size < 5:
                    continue
                near = np.abs(change[known] - expected[known]) <= 0.02 * np.maximum(
                    0.5, np.abs(expected[known])
                )
                if near.mean() >= 0.95:
                    return case, reference, scale, f"'{column}' is {words}, by its numbers"
    return None
