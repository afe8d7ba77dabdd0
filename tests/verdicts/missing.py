"""Missing intensities: five ways with them, where the truth is known.

Each study goes from matrix to verdict; what is no method of the project takes the place of its p.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit
from sevaxis.base.vocabulary import Status
from sevaxis.effects.compare import compare

from tests.verdicts.judge import THRESHOLDS, Tally, _axis_rows
from tests.verdicts.scenarios import Scenario
from tests.verdicts.simulate import (
    GENES,
    OUTSIDE,
    PRIOR_DF,
    Study,
    alternating,
    card_of,
    samples_of,
    to_matrix,
)
from tests.verdicts.tables import percent
from tests.verdicts.yardsticks import hurdle, limit_of_detection, weighted_curve

#: Blocks of four genes of each kind: nothing differs, the first gene changes by four standard errors, the first gene is
#: there in one group and hardly in the other.
KINDS = {"null": 250, "change": 60, "on or off": 60}
BULK, SD, ERRORS, OFF, SLOPE = 2000, 0.5, 4.0, 6.0, 1.0
#: What the tables call them.
OURS, CURVE, WEIGHTED, LIMIT, HURDLE = (
    "observed, and presence", "`missing: curve`", "curve with precision weights", "limit of detection", "hurdle",
)  # fmt: skip


@dataclass(frozen=True)
class Design:
    """Samples a side, share of values missing, and how samples differ in depth (log odds of detection)."""

    n: int
    share: float
    depth: str = ""


DESIGNS = {
    **{f"{n} v {n}": tuple(Design(n, share) for share in (0.1, 0.3, 0.5)) for n in (3, 4, 6, 10)},
    "6 v 6, samples of unequal depth": (Design(6, 0.3, "samples"),),
    "6 v 6, groups of unequal depth": (Design(6, 0.3, "groups"),),
    "10 v 10, groups of unequal depth": (Design(10, 0.3, "groups"),),
}


def draw(design: Design, rng: np.random.Generator) -> tuple[Study, Scenario, np.ndarray]:
    """A study, its scenario, and its values with gaps (features x samples)."""
    scenario = Scenario("missing", design.n, design.n, missing="intensity")
    obs = samples_of(scenario, rng)
    kind = np.repeat([*KINDS, OUTSIDE], [*(len(GENES) * count for count in KINDS.values()), BULK])
    features = len(kind)
    sigma = SD * np.sqrt(PRIOR_DF / rng.chisquare(PRIOR_DF, features))
    first, sign = np.arange(features) % len(GENES) == 0, alternating(features)
    size = np.select([kind == "change", kind == "on or off"], [ERRORS * SD * np.sqrt(2 / design.n), OFF], 0.0)
    effect, case = np.where(first, sign * size, 0.0), obs["group"].eq("over").to_numpy()
    mean = rng.normal(25, 2, features)
    # what is on or off is lost on one side only: the other is an ordinary protein
    shift = np.where(kind == "on or off", -np.abs(effect), effect)[:, None] * np.where(
        (effect < 0)[:, None] | (kind != "on or off")[:, None], case, ~case
    )
    log2 = mean[:, None] + sigma[:, None] * rng.normal(size=(features, len(obs))) + shift
    depth = {
        "": np.zeros(len(obs)),
        "samples": rng.normal(0, 1, len(obs)),
        "groups": np.where(case, 0.7, -0.7),
    }[design.depth]
    intercept = brentq(lambda b: expit(b + SLOPE * log2 + depth).mean() - 1 + design.share, -80, 40)
    seen = rng.random(log2.shape) < expit(intercept + SLOPE * log2 + depth)
    values = np.where(seen, log2 + obs["offset"].to_numpy(), np.nan)
    study = Study(obs, kind, effect, effect, np.zeros(features), sigma, mean)
    return study, scenario, values


def ways(
    study: Study, scenario: Scenario, values: np.ndarray, rng: np.random.Generator
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Each way with its rows of the axis table, a block of four genes a data set of its own."""
    adata = to_matrix(values, None, study, scenario, rng)
    effects = _effects(adata, study, scenario)
    yield OURS, _axis_rows(effects, study)
    curved = replace(scenario, options={"missing": "curve"})
    yield CURVE, _axis_rows(_effects(adata, study, curved), study)
    log2, case = adata.layers["log2"].T, study.obs["group"].eq("over").to_numpy()
    known = np.isfinite(log2).any(axis=1)
    abundance = np.full(len(log2), np.nan)
    abundance[effects["feature"]] = effects["p"].where(effects["status"].eq(Status.TESTED))
    for name, p_of in (
        (WEIGHTED, lambda: weighted_curve(log2[known], case)),
        (LIMIT, lambda: limit_of_detection(log2[known], case, abundance[known])),
        (HURDLE, lambda: hurdle(log2[known], case, abundance[known])),
    ):
        p = np.full(len(log2), np.nan)
        p[known] = p_of()
        mine = p[effects["feature"]]
        tested = np.where(np.isfinite(mine), str(Status.TESTED), str(Status.NOT_ESTIMABLE))
        gone = effects["detected_case"] + effects["detected_reference"] == 0
        instead = effects.assign(p=mine, status=np.where(gone, Status.ABSENT, tested), detection_p_min=np.nan)
        yield name, _axis_rows(instead, study)


def _effects(adata, study: Study, scenario: Scenario) -> pd.DataFrame:
    effects = compare(adata, card_of(scenario), axis=[])[0]
    feature = effects["feature_id"].str[1:].astype(int)
    # the other strata of one sex have no rows of their own here
    return effects.assign(feature=feature)[(study.kind[feature] != OUTSIDE) & effects["n_case"].notna()]


def judge(design: Design, studies: int, seed: int) -> dict[str, tuple[Tally, dict[str, list[np.ndarray]]]]:
    """Rates of each way, and the p that power at equal error is read from."""
    found: dict = defaultdict(lambda: (Tally(), defaultdict(list)))
    for i in range(studies):
        rng = np.random.default_rng([seed, i, design.n, int(100 * design.share), len(design.depth)])
        study, scenario, values = draw(design, rng)
        for name, rows in ways(study, scenario, values, rng):
            tally, kept = found[name]
            rows = rows[rows["whole"]]
            p, kind = rows["p_gene"].astype(float), study.kind[rows["feature"]]
            number = rows["detected_case"].astype(float) + rows["detected_reference"].astype(float)
            null = (kind == "null") & p.notna()
            mostly = null & number.between(2, design.n)
            for title, at in (("all", null), ("mostly missing", mostly)):
                tally.add(f"p < 0.05, {title}", p[at] < 0.05)
                tally.add(f"p < 0.001, {title}", p[at] < 0.001)
            block = (rows["feature"] // len(GENES))[kind == "null"]
            shown = (rows["p_holm"] <= THRESHOLDS.alpha)[kind == "null"].groupby(block).any()
            tally.add("family", shown)
            kept["null"].append(p[kind == "null"].fillna(1.0).groupby(block).min().to_numpy())
            first = rows["feature"] % len(GENES) == 0
            for planted in ("change", "on or off"):
                at = first & (kind == planted)
                tally.add(planted, rows["p_holm"][at].le(THRESHOLDS.alpha))
                kept[planted].append(p[at].fillna(1.0).to_numpy())
    return dict(found)


RATES = ("p < 0.05, all", "p < 0.001, all", "p < 0.05, mostly missing", "p < 0.001, mostly missing", "family")


def table(designs: Mapping[str, tuple[Design, ...]], studies: int, seed: int) -> Iterator[str]:
    """Lines of Markdown: a row for each design and way, in bold what is above its level by two Monte Carlo errors."""
    heads = (
        "p < 0.05", "p < 0.001", "mostly missing: p < 0.05", "p < 0.001", "any of four genes", "change", "on or off",
        "at equal error: change", "on or off",
    )  # fmt: skip
    yield "| design | missing values | " + " | ".join(heads) + " |"
    yield "|---" * (len(heads) + 2) + "|"
    for title, each in designs.items():
        pooled: dict = {}
        for design in each:
            for name, (tally, kept) in judge(design, studies, seed).items():
                mine, equal = pooled.setdefault(name, (Tally(), Tally()))
                for rate, pairs in tally.counts.items():
                    mine.counts[rate] += pairs
                # the level at which one block of four in twenty has a finding, whatever the way says of itself
                level = np.quantile(np.concatenate(kept["null"]), 0.05)
                for planted in ("change", "on or off"):
                    for p in kept[planted]:
                        equal.add(planted, p <= level)
        for name, (mine, equal) in pooled.items():
            rates = [mine.rate(rate) for rate in (*RATES, "change", "on or off")]
            bounds = (0.055, 0.0015, 0.055, 0.0015, 0.05)
            cells = [percent(rate) for rate in rates]
            for k, bound in enumerate(bounds):
                if rates[k].above(bound, 2.0):
                    cells[k] = f"**{cells[k]}**"
            cells += [percent(equal.rate(planted)) for planted in ("change", "on or off")]
            yield f"| {title} | {name} | " + " | ".join(cells) + " |"
