"""Score the linear models on spiked proteins: what is true is known.

Two public data sets. Spiked proteins found and background proteins called at a false
discovery rate of 5 %, and how far the log2 ratios are from those that were pipetted.

UPS1 in E. coli (Artistic-2.0): eight concentrations, 0.1 to 50 fmol, the lower four against the upper four; each
injection processed by two tools. Its authors added a shift to 100 background proteins in a false batch that the
contrast is partly confounded with. "Expected" is what the same model gives for a protein exactly proportional to
the concentration. UPS2 in yeast (CC BY-NC-SA 4.0): concentrations 2, 4 and 8, three runs each, DIA-NN.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sevaxis.models.inference.multiplicity import benjamini_hochberg
from sevaxis.models.linear.design import Design
from sevaxis.models.linear.empirical_bayes import apply_prior, moderate
from sevaxis.models.linear.fit import fit_linear

FDR = 0.05
UPS1, UPS2 = "spike_ups1_ecoli_limrots", "spike_staes_hye_diann"


@dataclass(frozen=True)
class Score:
    """One line of the table; log2 ratios are medians."""

    data: str
    contrast: str
    model: str
    spiked: int
    true_positives: int
    background: int
    false_positives: int
    planted_positives: int | None
    expected: float
    spiked_log2fc: float
    background_log2fc: float

    @property
    def bias(self) -> float:
        """Median log2 ratio of the spiked proteins minus the expected one."""
        return self.spiked_log2fc - self.expected

    @property
    def false_discovery_proportion(self) -> float:
        """Share of background proteins among all called."""
        return self.false_positives / max(self.false_positives + self.true_positives, 1)


def score(
    y: np.ndarray,
    design: Design,
    weights: np.ndarray,
    spiked: np.ndarray,
    expected: float,
    method: str,
    planted: np.ndarray | None = None,
    **labels: str,
) -> Score:
    """Fit, test, and count what was found among the spiked proteins and among the others."""
    fit = fit_linear(y, design).contrast(weights)
    if method == "ordinary t":
        tested = apply_prior(fit, 1.0, 0.0)
    else:
        tested = moderate(fit, trend=method != "moderated t", robust=method != "moderated t")
    called = benjamini_hochberg(tested.p[:, 0]) <= FDR
    estimated = np.isfinite(tested.p[:, 0])
    return Score(
        **labels,
        spiked=int((estimated & spiked).sum()),
        true_positives=int((called & spiked).sum()),
        background=int((estimated & ~spiked).sum()),
        false_positives=int((called & ~spiked).sum()),
        planted_positives=None if planted is None else int((called & planted).sum()),
        expected=expected,
        spiked_log2fc=float(np.nanmedian(tested.log2fc[spiked, 0])),
        background_log2fc=float(np.nanmedian(tested.log2fc[~spiked, 0])),
    )


def score_ups1_ecoli(folder: Path) -> list[Score]:
    """UPS1 in E. coli, with and without the false batch in the model."""
    y = pd.read_csv(folder / "norm_log2.tsv.gz", sep="\t", index_col=0)
    samples = pd.read_csv(folder / "samples.tsv", sep="\t", index_col=0).loc[y.columns]
    kind = pd.read_csv(folder / "features.tsv", sep="\t", index_col=0).loc[y.index, "Description"]
    fmol = samples.index.str.extract(r"UPS1_(\d+(?:_\d+)?)fmol")[0].str.replace("_", ".").astype(float)
    high = (fmol.to_numpy() >= 5).astype(float)
    batch = (samples["fake.batch"] == "F").to_numpy(float)
    spiked = kind.str.startswith("UPS1").to_numpy()
    planted = (kind == "ECOLI+fake.batch").to_numpy()
    scores = []
    for name, columns in (("group", [high]), ("group + batch", [high, batch])):
        matrix = np.column_stack([np.ones(len(high)), *columns])
        design = Design(matrix, ("low", "high", "batch")[: matrix.shape[1]])
        expected = np.linalg.lstsq(matrix, np.log2(fmol), rcond=None)[0][1]
        for method in ("ordinary t", "moderated t", "moderated t, trend, robust"):
            labels = {"data": "UPS1 in E. coli", "contrast": "high v low", "model": f"{name}; {method}"}
            weights = np.eye(matrix.shape[1])[1]
            scores.append(
                score(y.to_numpy(), design, weights, spiked, float(expected), method, planted, **labels)
            )
    return scores


def score_ups2_yeast(folder: Path) -> list[Score]:
    """UPS2 in yeast: every pair of concentrations, as DIA-NN normalised it."""
    table = pd.read_csv(next(folder.glob("*.pg_matrix.tsv")), sep="\t", index_col=0)
    runs = table.filter(regex=r"_ratio\d+_DIA")
    level = runs.columns.str.extract(r"_ratio(\d+)_DIA")[0].astype(int).to_numpy()
    y = np.log2(runs.to_numpy(float))
    spiked = np.asarray(table.index.str.startswith("UPS|"))
    levels = np.unique(level)
    design = Design((level[:, None] == levels).astype(float), tuple(f"x{number}" for number in levels))
    scores = []
    for case, reference in ((8, 2), (4, 2), (8, 4)):
        weights = (levels == case).astype(float) - (levels == reference)
        for method in ("ordinary t", "moderated t", "moderated t, trend, robust"):
            labels = {
                "data": "UPS2 in yeast",
                "contrast": f"{case} v {reference}",
                "model": f"group; {method}",
            }
            scores.append(score(y, design, weights, spiked, np.log2(case / reference), method, **labels))
    return scores


def table(scores: Iterable[Score]) -> Iterator[str]:
    """Lines of Markdown."""
    yield (
        "| data | contrast | model | spiked found | background called (planted in the batch) | false discovery "
        "proportion | expected log2 | spiked: median (bias) | background: median |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    for s in scores:
        planted = "" if s.planted_positives is None else f" ({s.planted_positives})"
        yield (
            f"| {s.data} | {s.contrast} | {s.model} | {s.true_positives} of {s.spiked} | "
            f"{s.false_positives} of {s.background:,}{planted} | {s.false_discovery_proportion:.0%} | "
            f"{s.expected:.2f} | {s.spiked_log2fc:.2f} ({s.bias:+.2f}) | {s.background_log2fc:+.3f} |"
        )
