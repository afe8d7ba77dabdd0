"""The questions, on effects whose answers are known by construction."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sevaxis.answers import Answer, Evidence
from sevaxis.answers.answer import answer, read_answer, write_answer
from sevaxis.effects.table import conform
from sevaxis.study.settings import Axis, Thresholds

HYPOTHESIS = {
    "gene": "FBXO2",
    "tissue": "muscle",
    "compartment": "sev",
    "assays": ["protein"],
    "direction": "up",
    "basis": "a paper",
}


def rows(**changes) -> dict:
    """A tested row; t, p and the interval follow from log2fc, se and df."""
    row = {
        "dataset": "d",
        "assay": "protein",
        "organism": "mouse",
        "tissue": "muscle",
        "compartment": "sev",
        "contrast": "c",
        "role": "overtraining",
        "stratum": "all",
        "feature_id": "f",
        "symbol": "Fbxo2",
        "human_symbol": "FBXO2",
        "n_case": 6,
        "n_reference": 6,
        "log2fc": 2.0,
        "se": 0.2,
        "df": 12.0,
        "status": "tested",
        **changes,
    }
    if row["status"] == "tested":
        row["t"] = row["log2fc"] / row["se"]
        row["p"] = 2 * stats.t.sf(abs(row["t"]), row["df"])
        half = stats.t.ppf(0.975, row["df"]) * row["se"]
        row |= {
            "ci_low": row["log2fc"] - half,
            "ci_high": row["log2fc"] + half,
            "q": changes.get("q", row["p"]),
        }
        row["mde80"] = 3 * row["se"]
    else:
        row |= {"log2fc": np.nan, "se": np.nan, "df": np.nan}
    return row


def ask(question: str, table, axis: Axis) -> Answer:
    evidence = Evidence(effects=conform(pd.DataFrame(list(table))), axis=axis, thresholds=Thresholds())
    return answer([question], evidence)[0]


def ask_axis(*table: dict, hypotheses=(HYPOTHESIS,)) -> Answer:
    return ask("axis", table, Axis(hypotheses=hypotheses))


@pytest.mark.parametrize(
    ("changes", "reading", "agreement"),
    [
        ({}, "changed_up", "agrees"),
        ({"log2fc": -2.0}, "changed_down", "contradicts"),
        ({"log2fc": 0.3, "se": 0.5}, "undetermined", "undetermined"),
        ({"log2fc": 0.01, "se": 0.05}, "equivalent", "contradicts"),
        ({"status": "absent", "reason": "no such row"}, "not_measured", "undetermined"),
        ({"status": "not_estimable", "reason": "0 of 3 v 3 of 3"}, "not_estimable", "undetermined"),
        ({"role": "training"}, "changed_up", "no_hypothesis"),
    ],
)
def test_readings(changes, reading, agreement):
    found = ask_axis(rows(**changes)).tables[""].iloc[0]
    assert (found["reading"], found["agreement"]) == (reading, agreement)


def test_holm_runs_over_the_axis_genes_of_one_role_and_stratum():
    """Holm by hand: .01 .04 .03 .005 -> .03 .06 .06 .02; another role is another family."""
    table = [rows(feature_id=f"f{i}", dataset=f"d{i}") for i in range(5)]
    table[4]["role"] = "training"
    for row, p in zip(table, [0.01, 0.04, 0.03, 0.005, 0.02], strict=True):
        row["p"] = p
    found = ask_axis(*table).tables[""]
    assert found["p_holm"].tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02, 0.02])
    assert found["family_size"].tolist() == [4, 4, 4, 4, 1]
    assert found["family"].nunique() == 2


def test_training_is_never_called_overtraining():
    told = ask_axis(rows(role="training"))
    assert told.verdict.startswith("No data set of this study is about overtraining")
    assert any("training (not overtraining)" in reason for reason in told.reasons)


def test_one_row_stands_for_everybody():
    """One-sex data: the not estimable strata are no further comparisons."""
    missing = [
        rows(stratum=stratum, status="not_estimable", reason="one sex") for stratum in ("average", "female")
    ]
    told = ask_axis(rows(role="training"), *missing, rows(dataset="e", stratum="male", role="training"))
    assert told.reasons == ["FBXO2, training (not overtraining): of 2 comparisons 2 up."]


def test_large_p_is_underpowered_never_no_difference():
    told = ask_axis(rows(log2fc=0.3, se=0.5))
    wording = told.tables[""]["wording"].iloc[0]
    assert "underpowered" in wording
    assert "no difference" not in wording + told.verdict


def by_sex(female: float, male: float, se: float = 0.1, q_interaction=None, **changes) -> list[dict]:
    effects = {
        "female": (female, se),
        "male": (male, se),
        "average": ((female + male) / 2, se / np.sqrt(2)),
        "interaction": (male - female, se * np.sqrt(2)),
    }
    table = [
        rows(stratum=stratum, log2fc=fc, se=e, df=40.0, **changes) for stratum, (fc, e) in effects.items()
    ]
    if q_interaction is not None:
        table[3]["q"] = q_interaction
    return table


def ask_sex(*tables: list[dict]) -> Answer:
    return ask("sex", [row for table in tables for row in table], Axis(genes=("FBXO2",)))


@pytest.mark.parametrize(
    ("female", "male", "se", "expected"),
    [
        (1.0, 1.0, 0.1, "shared"),
        (2.0, 0.2, 0.1, "larger_in_females"),
        (0.2, -2.0, 0.1, "larger_in_males"),
        (1.5, -1.5, 0.1, "opposite"),
        (0.55, 0.1, 0.2, "undetermined"),  # significant in females only, and no evidence of a difference
    ],
)
def test_classes_come_from_the_interaction(female, male, se, expected):
    told = ask_sex(by_sex(female, male, se))
    assert told.tables["genes"]["class"].tolist() == [expected]


def test_significant_in_one_sex_only_is_not_specific():
    told = ask_sex(by_sex(0.55, 0.1, 0.2), by_sex(1.0, 1.0, feature_id="g", human_symbol="OTHER"))
    counts = told.tables[""].iloc[0]
    assert (counts["significant_female"], counts["significant_male"], counts["significant_interaction"]) == (
        2,
        1,
        0,
    )
    assert (counts["significant_female_only"], counts["significant_both"]) == (1, 1)
    assert "0 differ between the sexes by the interaction test" in told.verdict
    assert "specific" not in told.verdict
    wording = told.tables["genes"]["wording"].iloc[0]
    assert "undetermined" in wording


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


def test_answers_are_written_with_their_tables(tmp_path):
    told = ask_sex(by_sex(1.0, 1.0))
    write_answer(told, tmp_path)
    content = json.loads((tmp_path / "sex.json").read_text())
    assert content["tables"] == {"": "sex.tsv", "genes": "sex.genes.tsv"}
    assert len(pd.read_csv(tmp_path / "sex.genes.tsv", sep="\t")) == 1
    again = read_answer(tmp_path / "sex.json")
    assert (again.verdict, again.reasons) == (told.verdict, told.reasons)
    pd.testing.assert_frame_equal(again.tables[""], told.tables[""], check_dtype=False)
