"""Multiple testing against worked numbers, closed testing and statsmodels."""

from itertools import combinations

import numpy as np
import pytest
from sevaxis.models.inference.multiplicity import benjamini_hochberg, holm
from statsmodels.stats.multitest import multipletests

rng = np.random.default_rng(20250128)


def test_holm_worked_example():
    # sorted .005 .01 .03 .04 times 4 3 2 1 = .02 .03 .06 .04, then never falling: .02 .03 .06 .06
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02], rtol=1e-12)


def test_benjamini_hochberg_worked_example():
    # Benjamini & Hochberg 1995, section 4.1: 15 p-values, exactly four rejected at 0.05
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240]
    p += [0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    q = benjamini_hochberg(p)
    assert (q <= 0.05).sum() == 4
    np.testing.assert_allclose(q[:4], [0.0015, 0.003, 0.0095, 0.035625], rtol=1e-12)  # p * 15 / rank


def closed_testing(p):
    """Holm's p by what it is: the largest Bonferroni p of all sets of hypotheses that hold this one."""
    sets = [list(s) for size in range(1, len(p) + 1) for s in combinations(range(len(p)), size)]
    return [max(min(1, len(s) * min(p[s])) for s in sets if i in s) for i in range(len(p))]


def step_up(p):
    return multipletests(p, method="fdr_bh")[1]


@pytest.mark.parametrize(
    ("ours", "theirs", "n"), [(benjamini_hochberg, step_up, 200), (holm, closed_testing, 10)]
)
def test_columns_with_gaps_are_adjusted_over_what_was_tested(ours, theirs, n):
    p = rng.uniform(size=(n, 3)) ** 2
    p[rng.uniform(size=p.shape) < 0.2] = np.nan
    p[:4, 1] = p[4, 1] = 0.05  # ties
    adjusted = ours(p)
    for j in range(3):
        tested = ~np.isnan(p[:, j])
        np.testing.assert_allclose(adjusted[tested, j], theirs(p[tested, j]), rtol=1e-12)
        assert np.isnan(adjusted[~tested, j]).all()


@pytest.mark.parametrize("adjust", [benjamini_hochberg, holm])
def test_families_without_tests_and_bad_values(adjust):
    assert np.isnan(adjust([np.nan, np.nan])).all()
    assert adjust([]).shape == (0,)
    with pytest.raises(ValueError, match="between 0 and 1"):
        adjust([0.5, 1.2])
