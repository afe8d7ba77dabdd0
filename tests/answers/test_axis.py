"""What is said of the axis genes, on effects whose answers are known by construction."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sevaxis.answers import Evidence
from sevaxis.answers.answer import answer
from sevaxis.answers.readings import read_axis
from sevaxis.effects.table import conform
from sevaxis.study.settings import Axis, Thresholds

from tests.answers.by_hand import ask, ask_axis, by_sex, presence, rows


@pytest.mark.parametrize(
    ("changes", "reading", "size", "agreement"),
    [
        ({}, "up", "at_least", "agrees"),
        ({"log2fc": -2.0}, "down", "at_least", "contradicts"),
        ({"log2fc": 0.7, "se": 0.15}, "up", "uncertain", "agrees"),
        ({"log2fc": 0.3, "se": 0.05}, "up", "below", "agrees"),
        ({"log2fc": 0.3, "se": 0.5}, "undetermined", "", "undetermined"),
        ({"log2fc": 0.01, "se": 0.05}, "no_relevant_change", "", "contradicts"),
        ({"status": "absent", "reason": "no such row"}, "not_measured", "", "undetermined"),
        ({"status": "not_estimable", "reason": "0 of 3 v 3 of 3"}, "not_estimable", "", "undetermined"),
        ({"role": "training"}, "up", "at_least", "no_hypothesis"),
        # published: with p as any other, without by the authors' q, without either undetermined
        ({"assay": "effects", "p": np.nan, "q": 0.01}, "published_up", "", "no_hypothesis"),
        ({"assay": "effects", "p": np.nan, "q": 0.01, "log2fc": -1}, "published_down", "", "no_hypothesis"),
        ({"assay": "effects", "p": np.nan, "q": 0.4}, "published_neither", "", "no_hypothesis"),
        ({"assay": "effects", "p": np.nan, "q": np.nan}, "undetermined", "", "no_hypothesis"),
    ],
)
def test_readings(changes, reading, size, agreement):
    found = ask_axis(rows(**changes)).tables[""].iloc[0]
    assert (found["reading"], found["size"], found["agreement"]) == (reading, size, agreement)


def test_families_lie_within_a_contrast():
    """Holm by hand: .01 .04 .03 .005 -> .03 .06 .06 .02; another contrast and another data set are other families."""
    genes = ("A", "B", "C", "D")
    table = [rows(feature_id=gene, human_symbol=gene) for gene in genes]
    for row, p in zip(table, [0.01, 0.04, 0.03, 0.005], strict=True):
        row["p"] = p
    more = [
        rows(feature_id="A", human_symbol="A", contrast="c2"),
        rows(feature_id="A", human_symbol="A", dataset="e"),
    ]
    alone = ask("axis", table, Axis(genes=genes)).tables[""]
    found = ask("axis", [*table, *more], Axis(genes=genes)).tables[""]
    assert found["p_holm"].tolist()[:4] == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert found["family_size"].tolist() == [4, 4, 4, 4, 1, 1]
    assert set(found["family"]) == {"primary"}
    assert set(found["family_level"]) == {0.05}
    pd.testing.assert_frame_equal(alone, found.iloc[:4], check_categorical=False)


def test_the_sexes_and_their_difference_are_a_family_of_their_own():
    table = [row for gene in ("A", "B") for row in by_sex(1.0, 0.5, feature_id=gene, human_symbol=gene)]
    found = ask("axis", table, Axis(genes=("A", "B"))).tables[""]
    sizes = found.groupby(["family", "stratum"], observed=True)["family_size"].unique().map(list).to_dict()
    assert sizes == {
        ("primary", "average"): [2],
        ("secondary", "female"): [6],
        ("secondary", "male"): [6],
        ("secondary", "interaction"): [6],
    }


def test_one_sex_is_the_whole_and_has_no_second_family():
    missing = [
        rows(stratum=s, status="not_estimable", reason="one sex") for s in ("male", "average", "interaction")
    ]
    found = ask_axis(rows(stratum="female"), *missing).tables[""]
    assert found[found["whole"]]["stratum"].tolist() == ["female"]
    assert found[~found["whole"]]["family"].unique().tolist() == [""]
    assert found.loc[found["whole"], "wording"].iloc[0].startswith("FBXO2 in d, c, female only: up")


def test_protein_groups_of_one_gene_are_one_test():
    """The one seen in most samples stands for the gene, whatever their p; the other is named."""
    seen = {"n_case": 6, "n_reference": 6, "detected_case": 6}
    table = [
        rows(feature_id="small_p", log2fc=3.0, **seen, detected_reference=4, mean_abundance=30.0),
        rows(feature_id="mostly_seen", log2fc=0.1, **seen, detected_reference=6, mean_abundance=20.0),
    ]
    found = ask_axis(*table).tables[""]
    assert (found["feature_id"].tolist(), found["family_size"].tolist()) == (["mostly_seen"], [1])
    assert found["other_features"][0].startswith("small_p log2 +3.00")


def test_size_and_equivalence_use_the_level_of_the_family():
    """Intervals of the 1 - .05/4 and 1 - 2 x .05/4 levels, by SciPy; an effect that 95 % would call 'at least'."""
    genes = ("A", "B", "C", "D")
    table = [rows(feature_id=gene, human_symbol=gene, log2fc=1.05, se=0.2) for gene in genes]
    row = ask("axis", table, Axis(genes=genes)).tables[""].iloc[0]
    half, inner = stats.t.ppf(1 - 0.05 / 8, 12) * 0.2, stats.t.ppf(1 - 0.05 / 4, 12) * 0.2
    assert row["ci_low_family"] == pytest.approx(1.05 - half)
    assert row["margin_exceeded"] == pytest.approx(1.05 - half)
    assert row["margin_excluded"] == pytest.approx(1.05 + inner)
    assert 1.05 - stats.t.ppf(0.975, 12) * 0.2 > 0.585 > row["ci_low_family"]
    assert row["size"] == "uncertain"
    # equivalence at 5 % but not at 1.25 %
    p = stats.t.sf((0.585 - 0.17) / 0.2, 12)
    assert 0.0125 < p < 0.05
    table = [rows(feature_id=gene, human_symbol=gene, log2fc=0.17, se=0.2) for gene in genes]
    assert set(ask("axis", table, Axis(genes=genes)).tables[""]["reading"]) == {"undetermined"}


@pytest.mark.parametrize(
    ("counts", "reading", "p_gene"),
    [
        ((10, 10, 0, 10), "appears", 2 * 2 / 184756),  # C(20, 10)
        ((0, 10, 10, 10), "disappears", 2 * 2 / 184756),
        ((6, 10, 4, 10), "undetermined", 1.0),
        ((3, 3, 0, 3), "not_estimable", np.nan),  # 0.1 is the least that 3 v 3 can give
    ],
)
def test_presence_is_a_finding(counts, reading, p_gene):
    found = ask_axis(presence(*counts)).tables[""].iloc[0]
    assert found["reading"] == reading
    assert found["p_gene"] == pytest.approx(p_gene, nan_ok=True)


def test_presence_is_told_in_the_verdict_and_its_smallest_p_where_it_cannot_be_found():
    told = ask_axis(presence(10, 10, 0, 10))
    assert "FBXO2 (10/10 v 0/10) appears" in told.verdict
    small = ask_axis(presence(3, 3, 0, 3))
    assert "could reach no less than 0.2 adjusted" in small.tables[""]["wording"][0]


def test_presence_and_abundance_share_a_gene_and_zeros_of_counts_are_tested_once():
    both = presence(9, 10, 2, 10) | {"status": "tested", "log2fc": 0.1, "se": 0.3, "df": 9.0, "p": 0.75}
    found = ask_axis(both).tables[""].iloc[0]
    assert found["p_gene"] == pytest.approx(2 * both["detection_p"])
    assert found["reading"] == "appears"
    counted = ask_axis({**both, "assay": "rna_counts"}).tables[""].iloc[0]
    assert (counted["p_gene"], counted["reading"]) == (0.75, "undetermined")
    # the same abundance, shown to be equal where it was detected, says nothing of where it was not
    exact = {"status": "tested", "log2fc": 0.0, "se": 0.05, "df": 9.0, "p": 1.0}
    assert ask_axis({**presence(6, 10, 5, 10), **exact}).tables[""]["reading"][0] == "undetermined"


@pytest.mark.parametrize(
    ("counts", "reading", "p_gene"),
    [
        ((1, 3, 3, 3), "undetermined", 2 * 0.4),  # Fisher's p of 1 of 3 v 3 of 3 is 0.4
        ((3, 12, 12, 12), "disappears", None),
    ],
)
def test_a_fold_change_that_few_samples_carry_is_tested_by_presence(counts, reading, p_gene):
    """A model of counts says p 1e-8; what differs is in how many samples it was counted at all."""
    row = presence(*counts) | {
        "status": "tested",
        "log2fc": -7.5,
        "se": 1.0,
        "df": 9.0,
        "p": 1e-8,
        "assay": "rna_counts",
    }
    row["reason"] = "counted in some: the fold change tells of presence, not of an amount"
    found = ask_axis(row).tables[""].iloc[0]
    assert found["reading"] == reading
    assert found["p_gene"] == pytest.approx(min(1.0, 2 * row["detection_p"]) if p_gene is None else p_gene)
    assert "-7.5" not in found["wording"].split(";", 2)[-1]


def test_mde_is_that_of_the_test_that_decides():
    """Noncentral t by SciPy: at the printed MDE the test at .05/4 finds 80 %."""
    genes = ("A", "B", "C", "D")
    table = [rows(feature_id=gene, human_symbol=gene, log2fc=0.2, se=0.2) for gene in genes]
    row = ask("axis", table, Axis(genes=genes)).tables[""].iloc[0]
    critical = stats.t.ppf(1 - 0.05 / 8, 12)
    assert stats.nct.sf(critical, 12, row["mde80_family"] / 0.2) == pytest.approx(0.8, abs=1e-4)
    assert row["mde80_family"] > 1.2 * row["mde80"]
    assert 0.67 < row["power_repeat"] < 0.77
    assert 1.05 < row["exaggeration"] < 1.21


def test_training_is_never_called_overtraining():
    told = ask_axis(rows(role="training"))
    assert told.verdict.startswith("No data set of this study is about overtraining")
    assert any("training, not overtraining" in reason for reason in told.reasons)


def test_findings_are_counted_by_study_not_by_comparison():
    table = [
        *(rows(role="disease", tissue="liver", contrast=f"w{week}", dataset="course") for week in (1, 2, 4)),
        rows(role="disease", tissue="liver", dataset="other", log2fc=0.1, se=0.5),
        rows(role="disease", tissue="liver", dataset="same_animals", log2fc=0.1, se=0.5),
    ]
    evidence = Evidence(
        effects=conform(pd.DataFrame(table)),
        axis=Axis(),
        thresholds=Thresholds(),
        cohorts={"other": "rats", "same_animals": "rats"},
    )
    told = answer(["axis"], evidence)[0]
    assert told.reasons == [
        "FBXO2 in liver vesicles: liver disease (mouse, protein): up in course (1 of 2 studies), "
        "undetermined in other, same_animals (1 of 2 studies)."
    ]
    assert (
        "FBXO2: up in mouse liver vesicles (liver disease: protein, 1 of 2 studies, at least 1.5-fold). "
        "Also: undetermined in mouse liver vesicles (liver disease)." in told.verdict
    )
    assert "5 families of tests stand behind this" in told.verdict
    assert "0.25 of them may be expected" in told.verdict
    counts = told.tables["counts"].set_index("study")
    assert counts.loc["course", ["reading", "comparisons", "agreeing"]].tolist() == ["up", 3, 3]


def test_a_time_course_is_one_finding():
    """Four times of which one is up at the level of its own contrast: the omnibus of the course decides."""
    weeks = [
        rows(role="training", contrast=f"w{week}", log2fc=0.7 if week == 4 else 0.3, se=0.2)
        for week in (1, 2, 4)
    ]
    course = {
        "dataset": "d",
        "course": "weeks",
        "contrasts": "w1, w2, w4",
        "stratum": "all",
        "feature_id": "f",
    }
    course |= {"human_symbol": "FBXO2", "f": 2.0, "df_course": 3.0, "df": 12.0, "slope": 0.1, "slope_se": 0.1}
    verdicts = {}
    for name, p, slope_p in (
        ("none", 0.17, 0.4),
        ("trend", 0.01, 0.01),
        ("no trend", 0.01, 0.4),
        ("back", 0.01, -0.01),
    ):
        evidence = Evidence(
            effects=conform(pd.DataFrame(weeks)),
            axis=Axis(),
            thresholds=Thresholds(),
            courses=pd.DataFrame([course | {"p": p, "slope": np.sign(slope_p), "slope_p": abs(slope_p)}]),
        )
        told = answer(["axis"], evidence)[0]
        assert told.tables[""]["reading"].tolist() == ["undetermined", "undetermined", "up"]
        assert told.tables["counts"]["comparisons"].tolist() == [1]
        verdicts[name] = told.tables["counts"]["reading"][0]
    # a trend that comes back from the change is no direction of its own
    assert verdicts == {"none": "undetermined", "trend": "up", "no trend": "up", "back": "up"}
    assert "at 1 of 3 times" in told.verdict
    assert any("the other way: the change does not last" in reason for reason in told.reasons)


@pytest.mark.parametrize(
    ("effects", "se", "p", "slope_p", "reading", "size", "times"),
    [
        ((1.2, 0.0, -1.2), 0.1, 1e-6, 0.4, "varies", "at_least", "at 2 of 3 times"),
        ((0.2, 0.1, 0.2), 0.3, 0.01, 0.01, "up", "uncertain", "over all times together"),  # the trend alone
        ((0.3, 0.2, 0.1), 0.05, 1e-4, 0.4, "up", "below", "at 2 of 3 times"),
        # one of them is shown to change, by little
        ((0.02, 0.0, 0.3), 0.05, 0.2, 0.01, "no_relevant_change", "", ""),
        ((0.02, 0.0, 0.4), 0.3, 0.2, 0.4, "undetermined", "", ""),
    ],
)
def test_what_a_time_course_amounts_to(effects, se, p, slope_p, reading, size, times):
    weeks = [
        rows(role="training", contrast=f"w{i}", log2fc=effect, se=se, df=40.0)
        for i, effect in enumerate(effects)
    ]
    course = {
        "dataset": "d",
        "course": "weeks",
        "contrasts": "w0, w1, w2",
        "stratum": "all",
        "feature_id": "f",
    }
    course |= {"human_symbol": "FBXO2", "f": 2.0, "df_course": 3.0, "df": 12.0, "slope": 0.1, "slope_se": 0.1}
    courses = pd.DataFrame([course | {"p": p, "slope_p": slope_p}])
    evidence = Evidence(
        effects=conform(pd.DataFrame(weeks)), axis=Axis(), thresholds=Thresholds(), courses=courses
    )
    told = answer(["axis"], evidence)[0]
    assert told.tables["courses"][["reading", "size", "times"]].iloc[0].tolist() == [reading, size, times]
    assert times in told.verdict
    # one test for the course, none of its own for its contrasts
    assert "1 family of tests stands behind this" in told.verdict


def test_large_p_is_underpowered_never_no_difference():
    told = ask_axis(rows(log2fc=0.3, se=0.5))
    wording = told.tables[""]["wording"].iloc[0]
    assert "underpowered" in wording
    assert "no difference" not in wording + told.verdict


def test_a_reading_stands_where_another_analysis_gives_the_same():
    """Two genes: Holm over both, then equivalence, by each analysis' own estimates. All by hand."""
    table = [
        rows(human_symbol="FBXO2", feature_id="a", log2fc=1.0, se=0.2),
        rows(human_symbol="CD63", feature_id="b", log2fc=0.02, se=0.1),
    ]
    others = {
        "as reported": ((1.0, 0.2), (0.02, 0.1)),
        "weaker": ((0.5, 0.2), (0.02, 0.4)),  # p .03: not found by Holm over two; equivalence is not shown
        "the other way": ((-1.0, 0.2), (0.02, 0.1)),
        "one gene": ((1.0, 0.2), None),
    }
    analyses = pd.DataFrame(
        [
            {"dataset": "d", "contrast": "c", "stratum": "all", "feature_id": name, "analysis": analysis}
            | {"human_symbol": name, "reported": analysis == "as reported", "log2fc": told[0], "se": told[1]}
            | {"df": 12.0, "p": 2 * stats.t.sf(abs(told[0] / told[1]), 12)}
            for analysis, both in others.items()
            for name, told in zip("ab", both, strict=True)
            if told is not None
        ]
    )
    effects = conform(pd.DataFrame(table))
    axis = Axis(genes=("FBXO2", "CD63"))
    found = read_axis(effects, axis, Thresholds(), {"d": analyses}).set_index("human_symbol")
    assert found["reading"].to_dict() == {"FBXO2": "up", "CD63": "no_relevant_change"}
    assert found[["robustness_k", "robustness_m"]].loc["FBXO2"].tolist() == [2, 4]
    assert found[["robustness_k", "robustness_m"]].loc["CD63"].tolist() == [2, 4]
    alone = read_axis(effects, axis, Thresholds(), {"d": analyses[analyses["reported"]]})
    assert alone[["robustness_k", "robustness_m"]].isna().all(axis=None)
