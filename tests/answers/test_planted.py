"""Found against planted, on a table small enough to count by hand."""

import pandas as pd
import pytest
from sevaxis.answers import Answer, Evidence
from sevaxis.answers.answer import answer
from sevaxis.effects.table import conform
from sevaxis.study.settings import Axis, Thresholds

NAN = float("nan")
# feature, true, estimate, ci_low, ci_high, q, mde80, status
ROWS = [
    ("a", 2.0, 1.8, 1.0, 2.6, 0.001, 1.0, "tested"),  # found, within, above the MDE
    ("b", -1.5, -0.9, -1.4, -0.4, 0.01, 1.0, "tested"),  # found, not within, above the MDE
    ("c", 0.4, 0.3, -0.3, 0.9, 0.4, 1.0, "tested"),  # missed, within, below the MDE
    ("d", 1.2, 0.7, 0.0, 1.4, 0.06, 1.0, "tested"),  # missed, within, above the MDE
    ("e", 0.5, -0.8, -1.2, -0.4, 0.02, 1.0, "tested"),  # significant with the wrong sign: false; not within
    ("f", 0.0, 0.9, 0.3, 1.5, 0.04, 1.0, "tested"),  # false; not within
    ("g", 0.0, 0.1, -0.5, 0.7, 0.9, 1.0, "tested"),  # rightly quiet; within
    ("h", 3.0, NAN, NAN, NAN, NAN, NAN, "not_estimable"),  # planted, not tested
]
# planted in feature i, which has no row of effects at all: not tested either


def ask(effects: pd.DataFrame, truth: dict[str, pd.DataFrame] | None) -> Answer:
    evidence = Evidence(effects=effects, axis=Axis(), thresholds=Thresholds(), truth=truth)
    return answer(["planted"], evidence)[0]


@pytest.fixture
def told():
    names = ["feature_id", "true", "log2fc", "ci_low", "ci_high", "q", "mde80", "status"]
    rows = pd.DataFrame(ROWS, columns=names).assign(
        dataset="x", contrast="k", stratum="average", assay="protein", compartment="sev", role="overtraining"
    )
    truth = pd.DataFrame(
        {
            "contrast": "k",
            "stratum": "average",
            "feature_id": rows["feature_id"],
            "human_symbol": ["FBXO2", *(f"SIM{i}" for i in range(7))],
            "log2fc": rows["true"],
            "planted": rows["true"].ne(0).astype(int),
            "note": ["told", *[None] * 7],
        }
    )
    truth.loc[len(truth)] = ["k", "average", "i", "SIM8", 1.0, 1, None]
    rows["reason"] = rows["status"].map({"not_estimable": "in one group only"})
    extra = pd.DataFrame([{**rows.iloc[7].to_dict(), "feature_id": "CD63 (no feature)", "status": "absent"}])
    effects = conform(pd.concat([rows, extra]).drop(columns="true"))
    return ask(effects, {"x": truth})


def test_counts_and_shares(told):
    row = told.tables[""].iloc[0]
    assert (row["n_planted"], row["n_tested"], row["n_found"]) == (7, 5, 2)
    assert row["sensitivity"] == pytest.approx(2 / 5)
    assert (row["n_above_mde"], row["sensitivity_above_mde"]) == (3, pytest.approx(2 / 3))
    assert (row["n_significant"], row["n_false"]) == (4, 2)
    assert row["false_discovery_proportion"] == pytest.approx(2 / 4)
    assert row["planted_in_ci"] == pytest.approx(3 / 5)
    assert row["all_in_ci"] == pytest.approx(4 / 7)


def test_verdict_says_that_the_rate_was_not_held(told):
    assert "Of 5 planted effects that could be tested 2 were found (40.0 %)" in told.verdict
    assert "50.0 % of what was found is false, more than the 5.0 % allowed" in told.verdict
    assert any("2 planted effects could not be tested" in reason for reason in told.reasons)


def test_genes_of_the_story_stand_beside_their_truth(told):
    genes = told.tables["genes"]
    assert genes["human_symbol"].tolist() == ["FBXO2"]
    assert (genes["true_log2fc"].item(), genes["log2fc"].item(), genes["found"].item()) == (2.0, 1.8, True)


def test_data_set_without_truth_is_an_error():
    row = {
        "dataset": "y",
        "contrast": "k",
        "stratum": "all",
        "feature_id": "a",
        "status": "low",
        "reason": "r",
    }
    effects = conform(pd.DataFrame([row]))
    with pytest.raises(ValueError, match="no truth"):
        ask(effects, {})
    with pytest.raises(ValueError, match="no answer without truth"):
        ask(effects, None)
