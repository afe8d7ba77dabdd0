"""Time courses: the omnibus against limma's and statsmodels' F, the trend against a regression."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from pydantic import ValidationError
from sevaxis.effects.courses import COLUMNS, compare_courses

from tests.effects.test_compare import comparison, matrix

CONTRASTS = [
    {
        "name": f"w{week}",
        "role": "training",
        "case": f"W{week}",
        "reference": "SED",
        "course": "weeks",
        "time": week,
    }
    for week in (1, 2, 4)
]
GROUPS = ["SED", "W1", "W2", "W4"] * 5


def test_the_omnibus_is_the_f_of_the_linear_model():
    """One feature, so that nothing is moderated away from statsmodels; prior df are those of many noisy features."""
    values = np.random.default_rng(1).normal(20, 1, (40, 20))
    values[3, np.array(GROUPS) == "W4"] += 2
    card = comparison(contrasts=CONTRASTS, model={"method": "trend", "trend": False, "robust": False})
    rows = compare_courses(matrix(values, GROUPS), card).set_index(["stratum", "feature_id"])
    told = rows.loc[("all", "P3")]
    fit = smf.ols("y ~ C(g)", pd.DataFrame({"y": values[3], "g": GROUPS})).fit()
    # F is (between / k) / s2; the moderated F has the moderated s2 in place of the feature's own
    between = fit.ess / 3
    assert told["df_course"] == 3
    assert told["df"] > fit.df_resid
    moderated = between / told["f"]
    assert min(fit.mse_resid, 1.0) * 0.6 < moderated < max(fit.mse_resid, 1.0) * 1.4
    # the moderated variance is the same in the trend's standard error: se^2 = s2 sum of squared weights / n
    centred = np.array([0, 1, 2, 4]) - 1.75
    weights = centred / (centred**2).sum()
    assert told["slope_se"] ** 2 == pytest.approx(moderated * (weights**2).sum() / 5, rel=1e-6)
    means = pd.Series(values[3]).groupby(GROUPS).mean()[["SED", "W1", "W2", "W4"]].to_numpy()
    assert told["slope"] == pytest.approx(np.polyfit([0, 1, 2, 4], means, 1)[0])


def test_the_level_is_held_although_the_control_group_is_shared():
    values = np.random.default_rng(2).normal(20, 1, (4000, 20))
    rows = compare_courses(matrix(values, GROUPS), comparison(contrasts=CONTRASTS))
    share = (rows["p"] < 0.05).mean()
    assert abs(share - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 4000)
    assert list(rows.columns) == list(COLUMNS)


def test_courses_by_sex_and_none_without_a_course():
    values = np.random.default_rng(3).normal(20, 1, (50, 40))
    sexes = ["female"] * 20 + ["male"] * 20
    values[0, np.array(sexes) == "male"] += np.tile([0, 1, 2, 4], 5)
    rows = compare_courses(matrix(values, GROUPS * 2, sexes), comparison(contrasts=CONTRASTS))
    p = rows[rows["feature_id"].eq("P0")].set_index("stratum")["p"]
    assert set(p.index) == {"female", "male", "average", "interaction"}
    assert p["female"] > 0.001 > p["male"]
    assert p["interaction"] < 0.001
    plain = [
        {key: value for key, value in each.items() if key not in ("course", "time")} for each in CONTRASTS
    ]
    assert compare_courses(matrix(values, GROUPS * 2, sexes), comparison(contrasts=plain)).empty


@pytest.mark.parametrize(
    "change",
    [
        {"time": None},
        {"reference": "other"},
        {"time": 2},
        {"case": None, "reference": None, "weights": {"W1": 1, "SED": -1}},
    ],
)
def test_courses_that_do_not_hold_together_are_refused(change):
    broken = [{**CONTRASTS[0], **change}, *CONTRASTS[1:]]
    with pytest.raises(ValidationError):
        comparison(contrasts=broken)
