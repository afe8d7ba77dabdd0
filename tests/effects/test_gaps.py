"""Missing intensities by the detection curve: what rows say, what is refused, what stays as it was."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student
from sevaxis.answers.readings import read_axis
from sevaxis.base.problems import Problem, Problems
from sevaxis.base.vocabulary import Reading, Reason, Size
from sevaxis.effects.compare import compare
from sevaxis.effects.methods.gaps import curve_or_problem
from sevaxis.effects.robustness import robustness_of, vary_choices
from sevaxis.study.settings import Axis, Thresholds

from tests.effects.test_compare import GROUPS, SEXES, comparison, matrix

OVER = np.array(GROUPS) == "over"
CURVE = {"missing": "curve"}
#: What the first features are.
ON_OFF, GONE, COMPLETE, CHANGED, ONE_CELL = range(5)


def values(seed=1, features=400):
    """Intensities about 23, half of which are detected at 21; the first five as their names say."""
    rng = np.random.default_rng(seed)
    log2 = rng.normal(23, 2, (features, 1)) + rng.normal(0, 0.4, (features, 16))
    log2[CHANGED] = 23 + rng.normal(0, 0.3, 16) + 3 * OVER
    log2[np.random.default_rng(seed + 1).random(log2.shape) > 1 / (1 + np.exp(21 - log2))] = np.nan
    log2[ON_OFF] = np.where(OVER, 25 + rng.normal(0, 0.4, 16), np.nan)
    log2[GONE] = np.nan
    log2[COMPLETE] = 26 + rng.normal(0, 0.4, 16)
    log2[ONE_CELL] = 24 + rng.normal(0, 0.4, 16)
    log2[ONE_CELL, OVER & (np.array(SEXES) == "female")] = np.nan
    return log2


def effects(log2=None, *, sexes=None, model=CURVE, **told):
    adata = matrix(values() if log2 is None else log2, GROUPS, sexes, **told)
    return compare(adata, comparison(model=model), axis=[])


def test_what_the_record_says_of_the_curve():
    log2 = values()
    _, model = effects(log2)
    (fit,) = model["fits"]
    found = curve_or_problem(log2)
    assert fit["detection_curve"] == pytest.approx([found.intercept, found.slope])
    assert fit["detection_curve"][1] == pytest.approx(1, abs=0.25)
    seen = np.isfinite(log2)
    assert fit["recovered"] == (~seen[seen.any(axis=1)]).sum()
    assert fit["recovered_share"] == pytest.approx((~seen[seen.any(axis=1)]).mean())
    low, high = fit["detection_shifts"]
    assert -1 < low < 0 < high < 1


def test_rows_with_gaps_have_an_effect_and_say_what_it_rests_on():
    table, _ = effects()
    rows = table.set_index("feature_id")
    tested = rows[rows["status"].eq("tested")]
    assert len(tested) == np.isfinite(values()).any(axis=1).sum()
    assert rows.loc["P1", "status"] == "absent"
    assert pd.isna(rows.loc["P2", "reason"])
    gap = rows["detected_case"] + rows["detected_reference"] < 16
    told = rows.loc[gap & rows["status"].eq("tested"), "reason"]
    assert told.str.contains("detection curve").all()
    # where a side has no value: an effect, its p, and no standard error
    row = rows.loc["P0"]
    assert row["log2fc"] > 2 and row["p"] < 0.05 and row["detection_p"] < 2e-4
    assert np.isnan(row["se"]) and np.isnan(row["ci_low"])
    assert np.isnan(row["mde80"])
    assert row["reason"].startswith("detected in 8 of 8 case and 0 of 8 reference samples")
    assert row["reason"].endswith(Reason.NO_VALUE_ON_ONE_SIDE.remark)
    np.testing.assert_allclose(
        tested["p"], 2 * student.sf(tested["t"].abs(), tested["df"]), rtol=1e-6, atol=1e-12
    )
    assert (np.sign(tested["t"]) == np.sign(tested["log2fc"])).all()


def test_a_feature_without_gaps_is_nearly_as_it_was_and_its_abundance_is_that_of_what_is_seen():
    log2 = values()
    (with_curve, _), (without, _) = effects(log2), effects(log2, model={})
    one, other = (table.set_index("feature_id") for table in (with_curve, without))
    assert one.loc["P2", "log2fc"] == pytest.approx(other.loc["P2", "log2fc"], rel=1e-9)
    assert one.loc["P2", "se"] == pytest.approx(other.loc["P2", "se"], rel=0.15)  # another prior variance
    pd.testing.assert_series_equal(one["mean_abundance"], other["mean_abundance"])
    pd.testing.assert_series_equal(one["detection_p"], other["detection_p"])


def test_by_sex_a_cell_without_values_leaves_no_interval_where_it_counts():
    table, _ = effects(sexes=SEXES)
    rows = table[table["feature_id"].eq(f"P{ONE_CELL}")].set_index("stratum")
    assert (rows["status"] == "tested").all()
    assert np.isfinite(rows.loc["male", "se"])
    assert rows.loc[["female", "average", "interaction"], "se"].isna().all()
    assert rows.loc["female", "reason"].endswith(Reason.NO_VALUE_ON_ONE_SIDE.remark)
    assert rows.loc["average", "reason"].endswith(Reason.BY_CURVE.remark)


def test_presence_is_a_second_test_only_where_a_side_has_no_value_and_that_appears():
    log2 = values()
    table, _ = effects(log2)
    names = {f"P{i}": name for i, name in ((ON_OFF, "A"), (CHANGED, "B"), (COMPLETE, "C"))}
    table["human_symbol"] = table["feature_id"].map(names)
    rows = read_axis(table, Axis(genes=("A", "B", "C")), Thresholds()).set_index("human_symbol")
    rows = rows[rows["whole"]]
    other = rows.drop("A")
    assert (other["p_gene"] == other["p_abundance"]).all() and not other["by_presence"].any()
    row = rows.loc["A"]
    assert row["p_presence"] < row["p_abundance"] and row["p_gene"] == 2 * row["p_presence"]
    assert (row["reading"], row["size"], row["decided_by"]) == (Reading.APPEARS, "", "presence")
    assert "8 of 8 case and 0 of 8" in row["wording"] and "the detection curve's" in row["wording"]
    assert "where detected" not in row["wording"] and "presence p" in row["wording"]
    assert rows.loc["B", "reading"] == Reading.UP and rows.loc["B", "size"] == Size.AT_LEAST
    # what shows nothing and has no interval says so, without a number that is none
    none = ["se", "ci_low", "ci_high", "mde80"]
    table.loc[table["feature_id"].eq("P0"), ["p", "detection_p"]] = 0.6
    table.loc[table["feature_id"].eq(f"P{CHANGED}"), ["p", *none]] = [0.6, *[np.nan] * 4]
    table.loc[table["feature_id"].eq(f"P{CHANGED}"), "reason"] = Reason.BY_CURVE.remark
    rows = read_axis(table, Axis(genes=("A", "B", "C")), Thresholds()).set_index("human_symbol")
    rows = rows[rows["whole"]]
    assert (rows.loc[["A", "B"], "reading"] == Reading.UNDETERMINED).all()
    assert not rows.loc[["A", "B"], "wording"].str.contains("nan").any()
    assert "no size" in rows.loc["B", "wording"]


def complete():
    return np.random.default_rng(2).normal(23, 1, (300, 16)) + np.random.default_rng(3).normal(0, 2, (300, 1))


def in_plexes():
    log2 = complete()
    log2[:100, :8] = np.nan
    log2[80:200, 8:] = np.nan
    return log2


def at_random():
    log2 = complete()
    return np.where(np.random.default_rng(4).random(log2.shape) < 0.2, np.nan, log2)


def ratios():
    """Each feature about nought, whatever its abundance decided about its gaps."""
    log2 = values()
    return log2 - np.nanmean(np.where(np.isfinite(log2).any(axis=1)[:, None], log2, 0.0), axis=1)[:, None]


def one_a_sample():
    return np.where(np.eye(16, dtype=bool), 23.0, np.nan)


@pytest.mark.parametrize(
    ("log2", "what", "found"),
    [
        (complete, "Without missing values there is no detection curve", "0 of 4,800 values missing"),
        (in_plexes, "by sets of samples, as in the plexes of TMT", "90%"),
        (at_random, "Low values are not shown to be missing more often", "for each log2"),
        (ratios, "Low values are not shown to be missing more often|No detection curve fits", ""),
        (one_a_sample, "No detection curve fits", "no feature has two values"),
    ],
)
def test_what_has_no_curve_is_refused_and_the_other_analyses_leave_it_out(log2, what, found):
    log2 = log2()
    problem = curve_or_problem(log2)
    assert isinstance(problem, Problem) and found in problem.found
    assert "missing: curve" in problem.hint and problem.allowed and problem.where
    with pytest.raises(Problems, match=what):
        effects(log2)


def test_samples_of_a_subject_are_columns_of_the_model_or_refused():
    subjects = [f"m{i // 2}" for i in range(16)]
    _, model = effects(subjects=subjects)
    (fit,) = model["fits"]
    assert fit["fixed_subjects"] and fit["detection_curve"] is not None
    for model in ({"subjects": "block"}, {}):
        groups = subjects if model else [f"{group}{i // 4}" for i, group in enumerate(GROUPS)]
        with pytest.raises(Problems, match="takes samples for independent"):
            effects(subjects=groups, model={**CURVE, **model})


def test_the_curve_is_one_of_the_other_analyses_where_there_is_one():
    adata = matrix(values(), GROUPS)
    name = "missing values by the detection curve"
    table, told = robustness_of(adata, comparison(), effects(model={})[0], axis=["P3"])
    assert name in set(table["analysis"]) and name not in told["not_run"]
    table, _ = robustness_of(
        matrix(at_random(), GROUPS), comparison(), effects(at_random(), model={})[0], axis=["P3"]
    )
    assert name not in set(table["analysis"])
    found = vary_choices(
        adata, comparison(model=CURVE), "effect", axis=("P3",), min_per_group=2, fdr=0.05, seed=1
    )
    names = set(found.choices["choice"])
    assert {"missing values left out", "imputed: MinProb", "prior not robust"} <= names and name not in names


def test_where_nothing_differs_nothing_is_found_more_often_than_it_should():
    """Ten samples a side, of unequal depth by group, which a test of presence takes for a finding."""
    below, of_presence, mostly = [], [], []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        log2 = rng.normal(25, 2, (1500, 1)) + 0.5 * rng.normal(size=(1500, 16))
        depth = np.where(OVER, 0.7, -0.7)
        log2[rng.random(log2.shape) > 1 / (1 + np.exp(23.6 - depth - log2))] = np.nan
        table, _ = effects(log2)
        p = table["p"].dropna()
        below.append((p < 0.05).mean())
        half = table["detected_case"] + table["detected_reference"] <= 8
        mostly.append((table.loc[half, "p"].dropna() < 0.05).mean())
        of_presence.append((table.loc[half, "detection_p"].dropna() < 0.05).mean())
    assert 0.035 < np.mean(below) < 0.055 and np.mean(mostly) < 0.055
    assert np.mean(of_presence) > 0.06
