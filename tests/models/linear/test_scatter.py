"""Unequal scatter of groups: the level and the power of the test by simulation, and what it cannot tell."""

import numpy as np
import pytest
from scipy import stats
from sevaxis.models.linear.design import Design, cell_means
from sevaxis.models.linear.scatter import misstatement, unequal_scatter


def simulate(rng, groups, spread, shared):
    """500 log2 features of unequal variance, a share of each from five factors that all have in common."""
    samples = len(groups)
    factors = rng.normal(size=(500, 5)) @ rng.normal(size=(5, samples)) / np.sqrt(5)
    noise = np.sqrt(shared) * factors + np.sqrt(1 - shared) * rng.normal(size=(500, samples))
    wide = np.where(np.array(groups) == "a", spread, 1.0)
    return 20 + np.exp(0.5 * rng.normal(size=(500, 1))) * wide * noise


@pytest.mark.parametrize("shared", [0.0, 0.5])
@pytest.mark.parametrize(("a", "b"), [(4, 4), (4, 8), (10, 10)])
def test_level_and_power(a, b, shared):
    """At most 5 % of data sets of equal scatter are flagged; 2.5-fold standard deviations always are."""
    rng = np.random.default_rng(12)
    groups = ["a"] * a + ["b"] * b
    design = cell_means(groups)
    equal = [unequal_scatter(simulate(rng, groups, 1.0, shared), design, groups) for _ in range(150)]
    # 150 draws at a level of 5 %: more than 14 in one test of a hundred.
    assert sum(each.unequal for each in equal) <= stats.binom.ppf(0.99, 150, 0.05)
    p = np.array([each.p for each in equal])
    assert stats.kstest(p, "uniform").pvalue > 0.001
    wide = [unequal_scatter(simulate(rng, groups, 2.5, shared), design, groups) for _ in range(40)]
    assert np.mean([each.unequal for each in wide]) >= 0.9
    assert np.median([each.log_ratio for each in wide]) == pytest.approx(2 * np.log(2.5), abs=0.3)


def test_missing_values_weights_covariates_and_three_groups():
    rng = np.random.default_rng(13)
    groups = ["a"] * 5 + ["b"] * 6 + ["c"] * 5
    spread = np.repeat([1.0, 3.0, 1.0], [5, 6, 5])
    weights = rng.uniform(0.5, 2, (800, 16))
    y = 20 + rng.normal(size=(800, 16)) * spread / np.sqrt(weights)
    y[rng.random(y.shape) < 0.1] = np.nan
    age = rng.normal(size=16)
    design = Design(np.column_stack([cell_means(groups).matrix, age]), ("a", "b", "c", "age"))
    found = unequal_scatter(y + np.outer(rng.normal(size=800), age), design, groups, weights)
    assert found.unequal and found.df == (2, 13)
    assert found.log_variance[1] - found.log_variance[0] == pytest.approx(2 * np.log(3), abs=0.2)
    assert found.log_variance[2] - found.log_variance[0] == pytest.approx(0, abs=0.1)


def test_what_samples_cannot_tell():
    """Two samples of a group have one residual between them, one has none."""
    rng = np.random.default_rng(14)
    for groups, df in ((list("aabb"), (1, 0)), (list("aaab"), (0, 0)), (list("aaa"), (0, 0))):
        found = unequal_scatter(rng.normal(size=(100, len(groups))), cell_means(groups), groups)
        assert np.isnan(found.p) and not found.unequal and found.df == df
    with pytest.raises(ValueError, match="3 group labels for 4 samples"):
        unequal_scatter(rng.normal(size=(100, 4)), cell_means(list("aabb")), list("aab"))


def test_one_variance_misstates_what_is_unbalanced():
    """By hand: 4 v 8, variances 6.25 and 1: 6.25 / 4 + 1 / 8 over (3 x 6.25 + 7) / 10 x (1 / 4 + 1 / 8)."""
    effect = np.array([[1.0], [-1.0]])
    for a, b in ((4, 8), (8, 4), (5, 5)):
        design = cell_means(["a"] * a + ["b"] * b)
        variance = np.repeat([6.25, 1.0], [a, b])
        by_hand = (6.25 / a + 1 / b) / ((6.25 * (a - 1) + b - 1) / (a + b - 2) * (1 / a + 1 / b))
        found = misstatement(design, effect, variance)
        assert found == pytest.approx(max(by_hand, 1 / by_hand), rel=1e-12)
    three = cell_means(["a"] * 5 + ["b"] * 5 + ["cells"] * 5)
    found = misstatement(three, np.array([[1.0], [-1.0], [0.0]]), np.repeat([1.0, 1.0, 0.01], 5))
    assert found == pytest.approx(1 / (2.01 / 3))
