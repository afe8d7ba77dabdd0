"""How females and males differ, on effects whose answers are known by construction."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sevaxis.answers import Answer
from sevaxis.answers.answer import read_answer, write_answer
from sevaxis.study.settings import Axis

from tests.answers.by_hand import HYPOTHESIS, ask, by_sex, presence, rows


def ask_sex(*tables: list[dict]) -> Answer:
    return ask("sex", [row for table in tables for row in table], Axis(genes=("FBXO2",)))


@pytest.mark.parametrize(
    ("female", "male", "se", "expected"),
    [
        (1.0, 1.0, 0.1, "both_alike"),
        (1.0, 1.2, 0.3, "both"),  # neither a difference nor likeness within two-fold is shown
        (2.0, 0.2, 0.1, "larger_in_females"),
        (0.2, -2.0, 0.1, "larger_in_males"),
        (1.5, -1.5, 0.1, "opposite"),
        (0.6, -0.6, 0.25, "differs"),  # an interaction alone orders no sizes
        (0.0, 0.02, 0.05, "no_relevant_difference"),
        (0.55, 0.1, 0.2, "undetermined"),  # significant in females only, and no evidence of a difference
    ],
)
def test_classes_come_from_tests_of_what_they_say(female, male, se, expected):
    """Of an axis gene (in its family) and of any other (by q)."""
    other = by_sex(female, male, se, feature_id="g", human_symbol="OTHER")
    told = ask("sex", [*by_sex(female, male, se), *other], Axis(genes=("FBXO2", "OTHER"))).tables["genes"]
    assert told["class"].tolist() == [expected, expected]


def test_the_interval_of_the_feature_that_sets_the_level_of_q_ends_at_zero():
    """Not at 1e-17 or -1e-17, as the last digit of the t quantile falls: the same on every version of SciPy."""
    sizes = {"A": 2.0, "B": 1.0, "C": 0.342, "D": 0.0, "E": 0.0}
    table = [
        row
        for i, (gene, size) in enumerate(sizes.items())
        for row in by_sex(0.0, size, feature_id=f"g{i}", human_symbol=gene)
    ]
    p = [2 * stats.t.sf(size / (0.1 * np.sqrt(2)), 40) for size in sizes.values()]
    for row, q in zip(table[3::4], stats.false_discovery_control(p), strict=True):
        row["q"] = q
    told = ask("sex", table, Axis(genes=("FBXO2",))).tables["genes"].set_index("human_symbol")
    assert told["ci_low_decided"]["C"] == 0.0
    assert told["ci_low_decided"]["B"] > 0


def test_the_class_of_a_difference_between_small_and_large_effects():
    """RAB7A of the first audit: female -0.01, male +0.28, interaction p 4e-5: not shared, and sizes are ordered."""
    told = ask_sex(by_sex(-0.01, 0.28, 0.045)).tables["genes"].iloc[0]
    assert told["class"] == "larger_in_males"


def test_the_ratio_is_fiellers():
    """b^2 - t^2 v = 0 solved by hand for m = f = 1, se .1 each, independent, t of 40 df at .05/3."""
    told = ask_sex(by_sex(1.0, 1.0, 0.1)).tables["genes"].iloc[0]
    t = stats.t.ppf(1 - 0.05 / 6, 40)
    a = 1 - t**2 * 0.01
    low, high = (1 - np.sqrt(1 - a**2)) / a, (1 + np.sqrt(1 - a**2)) / a
    assert (told["ratio_low"], told["ratio_high"]) == (pytest.approx(low), pytest.approx(high))


def test_significant_in_one_sex_only_is_not_specific():
    told = ask_sex(by_sex(0.55, 0.1, 0.2), by_sex(1.0, 1.0, feature_id="g", human_symbol="OTHER"))
    counts = told.tables[""].iloc[0]
    assert (counts["significant_female"], counts["significant_male"], counts["significant_interaction"]) == (
        2,
        1,
        0,
    )
    assert (counts["both_alike"], counts["undetermined"]) == (1, 1)
    assert "0 features differ between the sexes by the interaction test" in told.verdict
    assert "specific" not in told.verdict
    assert "undetermined" in told.tables["genes"]["wording"].iloc[0]


def test_presence_has_a_class_too():
    """Seen in all females under overtraining and in no male: Zelen's test and the two of the sexes decide."""
    female, male = presence(12, 12, 0, 12, stratum="female"), presence(0, 12, 12, 12, stratum="male")
    average = presence(12, 24, 12, 24, stratum="average")
    between = presence(12, 24, 12, 24, stratum="interaction") | {
        "detection_p": 1e-12,
        "detection_p_min": 1e-12,
        "detection_log_or": -12.0,
    }
    told = ask_sex([female, male, average, between]).tables["genes"].iloc[0]
    assert told["class"] == "opposite"


def test_a_hypothesis_is_never_held_against_the_interaction():
    found = ask("axis", by_sex(2.0, 0.2), Axis(hypotheses=(HYPOTHESIS,))).tables[""].set_index("stratum")
    assert found.loc["interaction", "agreement"] == "no_hypothesis"
    assert found.loc["average", "agreement"] == "agrees"


def test_one_sex_is_not_estimable_and_says_why():
    row = rows(
        stratum="interaction", status="not_estimable", reason="one sex: all samples of known sex are female"
    )
    told = ask_sex([rows(), row])
    assert told.verdict.startswith("Not estimable")
    assert told.reasons == ["d, c: sex strata not estimable: one sex: all samples of known sex are female."]


def test_a_published_table_of_one_sex_compares_nothing():
    told = ask_sex(by_sex(1.0, 1.0), [rows(dataset="published", stratum="male")])
    assert told.tables[""]["dataset"].tolist() == ["d"]


@pytest.mark.parametrize(
    ("p", "told"),
    [
        (
            (0.012, 0.012),
            "2 features differ between the sexes by the interaction test (q < 0.05 within a contrast), 2 of",
        ),
        (
            (0.016, 0.9),
            "1 feature differs between the sexes by the interaction test (q < 0.05 within a contrast), none of",
        ),
        (
            (0.9, 0.9),
            "0 features differ between the sexes by the interaction test (q < 0.05 within a contrast).",
        ),
    ],
)
def test_hits_are_counted_within_a_contrast_and_over_all(p, told):
    """By hand: three tests each, q of .012 and .016 are .036 and .048; of six .036 (of two alike) and .096."""
    table = []
    for contrast, smallest in zip(("c", "e"), p, strict=True):
        for i, each in enumerate((smallest, 0.95, 0.95)):
            size = stats.t.isf(each / 2, 40) * 0.1 * np.sqrt(2)
            four = by_sex(0.0, size, contrast=contrast, feature_id=f"g{i}", human_symbol=f"G{i}")
            four[3]["q"] = 3 * each if 3 * each < 0.95 else 0.95
            table += four
    verdict = ask_sex(table).verdict
    assert told in verdict
    assert ("over all contrasts together" in verdict) == (min(p) < 0.05)
    assert "In no contrast could the sexes be compared for FBXO2." in verdict


def test_answers_are_written_with_their_tables(tmp_path):
    told = ask_sex(by_sex(1.0, 1.0))
    write_answer(told, tmp_path)
    content = json.loads((tmp_path / "sex.json").read_text())
    assert content["tables"] == {"": "sex.tsv", "genes": "sex.genes.tsv"}
    assert len(pd.read_csv(tmp_path / "sex.genes.tsv", sep="\t")) == 1
    again = read_answer(tmp_path / "sex.json")
    assert (again.verdict, again.reasons) == (told.verdict, told.reasons)
    pd.testing.assert_frame_equal(again.tables[""], told.tables[""], check_dtype=False)
