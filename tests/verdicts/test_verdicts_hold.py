"""The simulations of docs/verdicts.md, small: no verdict is wrong more often than is said, beyond Monte Carlo error."""

from pathlib import Path

import numpy as np
import pytest

from tests.verdicts import judge, permutations, tables
from tests.verdicts.scenarios import SCENARIOS

#: Designs whose tests are known to miss their level, which verdicts can but inherit.
MISSES = {
    "6 v 6, a noisy sample": "one variance for samples of unequal scatter: half of the power that is printed",
}
#: Beyond this many Monte Carlo errors; some 1,500 rates are looked at.
ERRORS = 4.0


def test_a_rate_knows_its_error():
    tally = judge.Tally()
    for hits in (3, 5, 4, 6, 2):
        tally.add("same", np.arange(100) < hits)
        tally.add("by study", np.full(100, hits == 6))
    assert tally.rate("same").share == 0.04
    assert tally.rate("same").error == pytest.approx(0.0091, abs=1e-4)  # of 22 in 504
    # one study in five is wrong throughout: the error is that of five studies, not of 500 families
    assert tally.rate("by study").error == pytest.approx(0.2, abs=0.01)
    assert not tally.rate("nothing").above(0.0)


def test_a_wrong_verdict_is_counted():
    """The judge itself: of readings that are wrong by construction all are counted, of right ones none."""
    (scenario,) = (each for each in SCENARIOS if each.name == "6 v 6")
    study = judge.draw_study(scenario, 20, np.random.default_rng(1))
    rows = _read_as(study, "up")
    tally = judge.Tally()
    judge._judge_readings(rows, study, tally)
    assert tally.rate("wrong: up, down | null, primary").share == 1.0
    assert tally.rate("wrong: up, down | margin, primary").share == 1.0  # two of each four go down
    tally = judge.Tally()
    judge._judge_readings(_read_as(study, "no_relevant_change"), study, tally)
    assert tally.rate("wrong: no relevant change | null, primary").share == 0.0
    assert tally.rate("wrong: no relevant change | margin, primary").share == 1.0


def _read_as(study, reading):
    import pandas as pd

    feature = np.flatnonzero(study.kind != judge.OUTSIDE)
    return pd.DataFrame(
        {
            "feature": feature, "dataset": feature // 4, "stratum": "all", "family": "primary", "reading": reading,
            "size": "", "ci_low_family": -9.0, "ci_high_family": 9.0, "p_gene": 0.5, "p_holm": 1.0, "mde80_family": 1.0,
        }
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_no_verdict_is_wrong_more_often_than_it_says(scenario):
    if scenario.name in MISSES:
        pytest.xfail(MISSES[scenario.name])
    tally = judge.run(scenario, studies=2, blocks=80, seed=7)
    assert list(tables.misses(tally, ERRORS)) == []


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.parametrize("real", permutations.SETS, ids=lambda real: real.name)
def test_groups_dealt_out_anew_are_not_found(real, shared: Path):
    tally = permutations.run(real, shared / "data", permutations=20, seed=7)
    assert not tally.rate("any hit").above(tables.WRONG, 2.0)
