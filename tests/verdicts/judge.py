"""From a simulated study to the shares of its tests and verdicts that are wrong."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from sevaxis.answers.readings import read_axis
from sevaxis.answers.sexes import classify, side_by_side
from sevaxis.base.vocabulary import Family, Reading, SexClass, Size, Status, Stratum
from sevaxis.effects.compare import compare
from sevaxis.study.settings import Axis, Thresholds

from tests.verdicts.scenarios import Scenario
from tests.verdicts.simulate import (
    GENES,
    MARGIN,
    OUTSIDE,
    PRESENT,
    Study,
    add_effects,
    card_of,
    draw_detection,
    draw_study,
    draw_values,
    to_matrix,
    true_se,
    with_effects,
)

THRESHOLDS = Thresholds()
#: Equal to the margin, or to twice the other sex, up to rounding.
_ROUNDING = 1e-9


@dataclass
class Tally:
    """Hits and trials of every rate, one pair for each simulated study."""

    counts: dict[str, list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, name: str, hits: np.ndarray | pd.Series) -> None:
        """Count the hits of one study."""
        hits = np.asarray(hits, dtype=float)
        self.counts[name].append((float(np.nansum(hits)), int((~np.isnan(hits)).sum())))

    def rate(self, name: str) -> Rate:
        """Share of hits with its Monte Carlo standard error."""
        pairs = np.array(self.counts.get(name, []), dtype=float).reshape(-1, 2)
        hits, trials = pairs.sum(axis=0)
        if not trials:
            return Rate(np.nan, np.nan, 0)
        share = hits / trials
        # of the Agresti-Coull kind, so that a share of 0 has an error too
        softened = (hits + 2) / (trials + 4)
        error = np.sqrt(max(softened * (1 - softened), 0.0) / (trials + 4))
        if len(pairs) >= 5:  # features of one study share its samples
            between = np.sqrt(
                ((pairs[:, 0] - share * pairs[:, 1]) ** 2).sum() * len(pairs) / (len(pairs) - 1)
            )
            error = max(error, between / trials)
        return Rate(share, error, int(trials))


@dataclass(frozen=True)
class Rate:
    """A share, its Monte Carlo standard error, and what it is a share of."""

    share: float
    error: float
    trials: int

    def above(self, bound: float, errors: float = 3.0) -> bool:
        """Whether it is above a bound beyond its Monte Carlo error."""
        return self.trials > 0 and self.share - errors * self.error > bound

    def below(self, bound: float, errors: float = 3.0) -> bool:
        """Whether it is below a bound beyond its Monte Carlo error."""
        return self.trials > 0 and self.share + errors * self.error < bound


def run(scenario: Scenario, *, studies: int, blocks: int, seed: int) -> Tally:
    """Simulate a scenario's studies and judge them."""
    tally = Tally()
    for i in range(max(round(studies * scenario.size), 1)):
        _one_study(scenario, blocks, np.random.default_rng([seed, i]), tally)
    return tally


def _one_study(scenario: Scenario, blocks: int, rng: np.random.Generator, tally: Tally) -> None:
    study = draw_study(scenario, blocks, rng)
    noise = draw_values(study, scenario, rng)
    values = add_effects(noise, study, scenario)
    seen = draw_detection(values, study, scenario, rng)
    if set(study.kind) & {"power", "repeat"}:
        printed = _axis_rows(_effects(values, seen, study, scenario, rng), study, ("power", "repeat"))
        whole = printed[printed["whole"]].set_index("feature")
        mde, se = (whole[name].reindex(range(len(study.kind))).to_numpy() for name in ("mde80_family", "se"))
        errors = None
        if not scenario.counted:
            errors = true_se(study.obs, scenario, study.sigma, seen)
        planted = {"repeat": mde}
        if errors is not None:
            planted["power"] = mde / se * errors.get(Stratum.ALL, errors.get(Stratum.AVERAGE))
        study = with_effects(study, planted)
        again = study.kind == "repeat"
        noise[again] = draw_values(study, scenario, rng)[again]
        values = add_effects(noise, study, scenario)
        tally.add("power of a repeat, printed", whole["power_repeat"][study.kind[whole.index] == "repeat"])
    effects = _effects(values, seen, study, scenario, rng)
    _judge_tests(effects, study, scenario, tally)
    rows = _axis_rows(effects, study)
    _judge_readings(rows, study, tally)
    if scenario.both:
        _judge_sexes(effects, rows, study, tally)


def _effects(
    values: np.ndarray, seen: np.ndarray | None, study: Study, scenario: Scenario, rng: np.random.Generator
) -> pd.DataFrame:
    """Effects of the features in blocks."""
    adata = to_matrix(values, seen, study, scenario, rng)
    effects = compare(adata, card_of(scenario), axis=[])[0]
    feature = effects["feature_id"].str[1:].astype(int)
    return effects.assign(feature=feature)[study.kind[feature] != OUTSIDE]


def _axis_rows(effects: pd.DataFrame, study: Study, kinds: tuple[str, ...] | None = None) -> pd.DataFrame:
    """The axis table with each block as the axis genes of a data set of its own."""
    if kinds is not None:
        effects = effects[np.isin(study.kind[effects["feature"]], kinds)]
    named = _as_axes(effects)
    rows = read_axis(named.drop(columns="feature"), Axis(genes=GENES), THRESHOLDS)
    return rows.assign(feature=rows["feature_id"].str[1:].astype(int))


def _as_axes(effects: pd.DataFrame) -> pd.DataFrame:
    block = effects["feature"] // len(GENES)
    genes = np.array(GENES, dtype=object)[effects["feature"] % len(GENES)]
    return effects.assign(dataset="d" + block.astype(str), human_symbol=genes)


def _judge_tests(effects: pd.DataFrame, study: Study, scenario: Scenario, tally: Tally) -> None:
    """Levels of the tests of one feature where nothing differs, and coverage of every interval."""
    true = study.true
    stratum = effects["stratum"].astype(str)
    truth = np.select(
        [stratum.eq(str(name)) for name in true], [v[effects["feature"]] for v in true.values()]
    )
    tested = effects["status"].eq(Status.TESTED).to_numpy()
    null = study.kind[effects["feature"]] == "null"
    whole = stratum.isin(
        [Stratum.ALL, Stratum.AVERAGE, *(() if scenario.both else (Stratum.MALE,))]
    ).to_numpy()
    for name, at in (("whole", null & tested & whole), ("by sex", null & tested & ~whole)):
        p = effects["p"].to_numpy(float)[at]
        tally.add(f"p < 0.05, {name}", p < 0.05)
        tally.add(f"p < 0.001, {name}", p < 0.001)
    partly = effects["detection_p_min"].lt(1).to_numpy() & null
    for name, at in (("whole", partly & whole), ("by sex", partly & ~whole)):
        tally.add(f"presence p < 0.05, {name}", effects["detection_p"].to_numpy(float)[at] < 0.05)
    if not scenario.one_sided and scenario.missing != "intensity":
        at = tested
        inside = effects["ci_low"].le(truth) & effects["ci_high"].ge(truth)
        tally.add("coverage of 95 % intervals", inside.to_numpy()[at])


def _judge_readings(rows: pd.DataFrame, study: Study, tally: Tally) -> None:
    """Wrong readings, family by family."""
    stratum = rows["stratum"].astype(str)
    true, present = (
        np.select([stratum.eq(str(name)) for name in values], [v[rows["feature"]] for v in values.values()])
        for values in (study.true, study.true_presence)
    )
    # what is less abundant is detected less
    present = np.where(present == 0, true, present)
    reading, size = rows["reading"].to_numpy(), rows["size"].to_numpy()
    near, far = np.abs(true) <= MARGIN + _ROUNDING, np.abs(true) >= MARGIN - _ROUNDING
    wrong = {
        "up, down": ((reading == Reading.UP) & (true <= 0)) | ((reading == Reading.DOWN) & (true >= 0)),
        "appears, disappears": ((reading == Reading.APPEARS) & (present <= 0))
        | ((reading == Reading.DISAPPEARS) & (present >= 0)),
        "no relevant change": (reading == Reading.NO_RELEVANT_CHANGE) & far,
        "at least": (size == Size.AT_LEAST) & near,
        "below": (size == Size.BELOW) & far,
        "interval": ((rows["ci_low_family"] > true) | (rows["ci_high_family"] < true)).to_numpy(),
    }
    kind = study.kind[rows["feature"]]
    each = [rows["dataset"].astype(str), rows["family"].astype(str)]
    about = pd.DataFrame({**wrong, "kind": kind, "tests": rows["p_gene"].notna().to_numpy()})
    families = about.groupby([values.to_numpy() for values in each]).agg(
        **{name: (name, "any") for name in wrong}, kind=("kind", "first"), tests=("tests", "any")
    )
    families = families[families["tests"] & (families.index.get_level_values(1) != "")]
    for (family, its_kind), group in families.groupby([families.index.get_level_values(1), "kind"]):
        for name in wrong:
            tally.add(f"wrong: {name} | {its_kind}, {family}", group[name])
    first = (rows["feature"] % len(GENES) == 0) & rows["family"].eq(Family.PRIMARY)
    shown = rows["p_holm"].le(THRESHOLDS.alpha) & rows["p_gene"].notna()
    for name, its_kind in (
        ("power", "power"),
        ("power of a repeat", "repeat"),
        ("power of presence", PRESENT),
    ):
        at = first & (kind == its_kind) & rows["p_gene"].notna()
        if its_kind != PRESENT:  # without an MDE nothing was planted
            at &= rows["mde80_family"].notna()
        if at.any():
            tally.add(name, shown[at])


def _judge_sexes(effects: pd.DataFrame, rows: pd.DataFrame, study: Study, tally: Tally) -> None:
    """Wrong classes of how the sexes differ: of the axis by family, of all features by q."""
    untested = _as_axes(effects).assign(status=Status.LOW)
    wide = classify(side_by_side(untested, rows, THRESHOLDS), THRESHOLDS)
    wrong = _wrong_classes(wide, study)
    wrong["kind"] = study.kind[wide["feature_id"].str[1:].astype(int)]
    for kind, group in wrong.groupby("kind"):
        families = group.drop(columns="kind").groupby(wide["dataset"].loc[group.index]).any()
        for name in families:
            tally.add(f"wrong: {name} | {kind}, sexes", families[name])
    wide = classify(side_by_side(effects, rows.iloc[:0], THRESHOLDS), THRESHOLDS)
    wrong = _wrong_classes(wide, study)
    for name in wrong:
        called = wide["class"].eq(name)
        if called.any():
            tally.add(f"false among: {name}", wrong[name][called])


def _wrong_classes(wide: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Of each row, which class it was given although it is not true."""
    feature = wide["feature_id"].str[1:].astype(int)
    f, m = (
        np.where(study.presence[feature] != 0, study.presence[feature], true[feature])
        for true in (study.female, study.male)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = m / f
    same = f * m > 0
    alike = same & (ratio > 0.5 + _ROUNDING) & (ratio < 2 - _ROUNDING)
    holds = {
        SexClass.BOTH: same,
        SexClass.BOTH_ALIKE: alike,
        SexClass.LARGER_IN_FEMALES: np.abs(f) > np.abs(m) + _ROUNDING,
        SexClass.LARGER_IN_MALES: np.abs(m) > np.abs(f) + _ROUNDING,
        SexClass.OPPOSITE: f * m < 0,
        SexClass.DIFFERS: np.abs(m - f) > _ROUNDING,
        SexClass.NO_RELEVANT_DIFFERENCE: np.abs(m - f) < MARGIN - _ROUNDING,
    }
    return pd.DataFrame({str(name): wide["class"].eq(name) & ~truth for name, truth in holds.items()})
