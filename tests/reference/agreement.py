"""How far this engine is from an answer of R: what is compared, over how many rows, and the largest difference.

The comparisons are those of `agreement_simulated` and `agreement_public`; `test_documented.py` runs them all and
holds the numbers in docs/accuracy.md to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sevaxis.effects.methods import load_method
from sevaxis.models.counts.voom import tmm_factors, voom
from sevaxis.models.inference.multiplicity import benjamini_hochberg
from sevaxis.models.linear.design import Design
from sevaxis.models.linear.fit import LinearFit, fit_linear
from sevaxis.models.meta.pooling import METHODS, pool

from tests.reference.matrices import read_simulated_answers

LIMMA, EDGER, DESEQ2 = "limma 3.54.1", "edgeR 3.40.2", "DESeq2 1.38.3"
METAFOR = "metafor 3.8.1"
VOOM = f"{EDGER}, {LIMMA}"
NEGATIVE_BINOMIAL = ("negative_binomial",)
HITS = "hits at 5 % FDR: 1 - Jaccard"


@dataclass(frozen=True)
class Agreement:
    """How far this engine is from one answer of R.

    Attributes
    ----------
    file
        Name of R's answer, without ending.
    software
        Package and version.
    compared
        Quantities.
    rows
        Values of each quantity.
    measure
        ``largest``, ``99 %`` or ``median`` of the absolute (``log2``: of the log2 ratio) or relative differences.
    tolerance, difference
        What the tests allow, and what was found.
    methods
        Names in cards of the methods that it vouches for; none for parts of the engine that are no method.
    """

    file: str
    software: str
    compared: str
    rows: int
    measure: str
    tolerance: float
    difference: float
    methods: tuple[str, ...] = ()


def relative(found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Relative differences of the values that both know; absolute ones where R's value is 0."""
    found, expected = np.asarray(found, float).ravel(), np.asarray(expected, float).ravel()
    known = np.isfinite(found) & np.isfinite(expected)
    found, expected = found[known], expected[known]
    return np.abs(found - expected) / np.where(expected == 0, 1, np.abs(expected))


def table(agreements: Iterable[Agreement]) -> Iterator[str]:
    """Lines of Markdown."""
    yield "| R's answers | R package | method | compared | rows | difference | tested to | found |"
    yield "|---|---|---|---|---|---|---|---|"
    for a in agreements:
        found = "0" if a.difference == 0 else f"{a.difference:.0e}"
        cells = (f"`{a.file}`", a.software, words(a), a.compared, f"{a.rows:,}", a.measure)
        yield f"| {' | '.join(cells)} | {a.tolerance:.0e} | {found} |"


def words(agreement: Agreement) -> str:
    """What tables call the methods that a comparison vouches for."""
    return "; ".join(load_method(name).words for name in agreement.methods)


def compare_p(file: str, p: np.ndarray, expected: np.ndarray) -> Iterator[Agreement]:
    """P-values of DESeq2, and what is significant by them."""
    difference = relative(p, expected)
    yield Agreement(
        file,
        DESEQ2,
        "p",
        len(difference),
        "99 %",
        1e-3,
        float(np.quantile(difference, 0.99)),
        NEGATIVE_BINOMIAL,
    )
    found, distance = compare_hits(p, expected)
    yield Agreement(file, DESEQ2, HITS, found, "largest", 1e-2, distance, NEGATIVE_BINOMIAL)


def compare_hits(p: np.ndarray, expected: np.ndarray) -> tuple[int, float]:
    """Number of R's hits at 5 %, and 1 - Jaccard index of both; the family is that of the values given."""
    ours, theirs = benjamini_hochberg(p) < 0.05, benjamini_hochberg(expected) < 0.05
    return int(theirs.sum()), 1 - (ours & theirs).sum() / max((ours | theirs).sum(), 1)


def compare_worked_examples(examples: Mapping[str, pd.DataFrame]) -> Agreement:
    """Small meta-analyses by every method, with and without Hartung-Knapp."""
    r = read_simulated_answers("meta.metafor").reset_index()
    r = r[r["dataset"].isin(examples) & r["method"].isin(METHODS)]
    columns = ("estimate", "se", "p", "ci_low", "ci_high", "tau2", "q")
    worst = []
    for row in r.itertuples():
        studies = examples[row.dataset]
        yi, se = studies["yi"].to_numpy()[None], np.sqrt(studies["vi"].to_numpy())[None]
        found = pool(yi, se, method=row.method, hartung_knapp=row.test == "knha")
        expected = (row.estimate, row.se, row.p, row.ci_lb, row.ci_ub, row.tau2, row.Q)
        worst.append(relative([getattr(found, name)[0] for name in columns], expected).max())
    compared = "estimate, se, p, interval, tau2, Q"
    return Agreement("meta.metafor", METAFOR, compared, len(r), "largest", 1e-6, max(worst))


def fit_voom(counts: np.ndarray, design: Design, keep: np.ndarray) -> LinearFit:
    """Fit the rows kept, as edgeR and limma do in a row: library sizes, TMM, voom."""
    kept = counts[keep].astype(float)
    y, weights = voom(kept, design, lib_size=kept.sum(axis=0) * tmm_factors(kept))
    return fit_linear(y, design, weights=weights)
