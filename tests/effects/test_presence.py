"""Presence in designs: the odds ratio that is told points where the test does."""

import numpy as np
import pandas as pd
import pytest
from sevaxis.base.vocabulary import Stratum
from sevaxis.effects.presence import presence_of
from sevaxis.effects.strata import StratumContrast


def facts(
    n_case: int, n_reference: int, *, pairs: int = 0, batch=None, sex=None
) -> tuple[pd.DataFrame, StratumContrast]:
    n = n_case + n_reference
    subject = [f"m{i}" if i < pairs else f"c{i}" for i in range(n_case)]
    subject += [f"m{i}" if i < pairs else f"r{i}" for i in range(n_reference)]
    obs = pd.DataFrame({"subject": subject if pairs else None, "batch": batch, "sex": sex}, index=range(n))
    return obs, StratumContrast("c", Stratum.ALL, {}, tuple(range(n_case)), tuple(range(n_case, n)))


@pytest.mark.parametrize(
    ("pairs", "case", "reference", "sign"),
    [
        # two pairs that do not differ, and eight on each side that do: log((0 + 1/2) / (0 + 1/2)) told of no direction
        (2, "11 11111111", "11 00000000", 1),
        (2, "11 00000000", "11 11111111", -1),
        # one pair against the others
        (2, "01 11111111", "11 00000000", 1),
        (10, "1111111111", "0000000000", 1),
    ],
)
def test_pairs_and_samples_beside_them_are_told_as_one(pairs, case, reference, sign):
    values = [[character == "1" for character in side.replace(" ", "")] for side in (case, reference)]
    obs, contrast = facts(len(values[0]), len(values[1]), pairs=pairs)
    found = presence_of(np.array([values[0] + values[1]]), obs, contrast)
    assert found.p[0] < 0.01
    assert np.sign(found.log_odds[0]) == sign


def test_of_pairs_it_is_firths():
    """Three pairs with the feature in the case alone, one in the reference alone: log(3.5 / 1.5)."""
    obs, contrast = facts(6, 6, pairs=6)
    present = np.array([[1, 1, 1, 0, 1, 0, 0, 0, 0, 1, 1, 0]], dtype=bool)
    found = presence_of(present, obs, contrast, asked_for=np.array([True]))
    assert found.log_odds[0] == pytest.approx(np.log(3.5 / 1.5))


@pytest.mark.parametrize(
    "design",
    [
        {},
        {"batch": ["a"] * 8 + ["b"] * 2 + ["a"] * 3 + ["b"] * 7},
        {"batch": ["a"] * 8 + ["only cases"] * 2 + ["a"] * 9 + ["only reference"]},
        {"sex": (["female", "male"] * 5) * 2, "batch": ["a"] * 6 + ["b"] * 4 + ["a"] * 4 + ["b"] * 6},
        {"pairs": 3},
        {"pairs": 7},
    ],
)
def test_the_odds_ratio_points_where_the_test_does(design):
    """Wherever p is at most 0.05: the sign of what the cases have above what their strata let expect (Mantel)."""
    obs, contrast = facts(10, 10, **design)
    rng = np.random.default_rng(3)
    case = np.arange(20) < 10
    chance = np.where(case, rng.random((600, 1)), rng.random((600, 1)))
    present = rng.random((600, 20)) < chance
    found = presence_of(present, obs, contrast)
    paired = obs["subject"].astype(str).str.startswith("m")
    strata = obs["subject"].where(paired, obs["batch"].astype(str) + obs["sex"].astype(str)).to_numpy()
    excess = np.zeros(600)
    for stratum in set(strata):
        here = strata == stratum
        expected = present[:, here].sum(axis=1) * case[here].mean()
        excess += present[:, here & case].sum(axis=1) - expected
    told = found.p <= 0.05
    assert told.sum() > 100
    assert (np.sign(found.log_odds[told]) == np.sign(excess[told])).all()
