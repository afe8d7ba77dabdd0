"""Unequal scatter of groups: the level and the power of the test by simulation, and what it cannot tell."""

import numpy as np
import pytest
from scipy import stats
from sevaxis.models.linear.design import Design, cell_means
from sevaxis.models.linear.scatter import level_kept, unequal_scatter


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


@pytest.mark.parametrize(("a", "b"), [(4, 8), (8, 4), (5, 5), (3, 3)])
def test_the_level_that_one_variance_keeps(a, b):
    """200,000 simulated pooled t-tests (SciPy), 4 standard errors."""
    design = cell_means(["a"] * a + ["b"] * b)
    found = level_kept(design, np.array([[1.0], [-1.0]]), np.repeat([6.25, 1.0], [a, b]))
    rng = np.random.default_rng(7)
    x, y = rng.normal(0, 2.5, (a, 200_000)), rng.normal(0, 1, (b, 200_000))
    simulated = (stats.ttest_ind(x, y).pvalue < 0.05).mean()
    assert found[0] == pytest.approx(simulated, abs=0.0025)


def test_one_variance_for_groups_that_are_alike_keeps_its_level():
    three = cell_means(["a"] * 5 + ["b"] * 5 + ["cells"] * 5)
    within, beside = np.array([[1.0], [-1.0], [0.0]]), np.repeat([1.0, 1.0, 0.01], 5)
    assert level_kept(three, within, np.ones(15)) == pytest.approx(0.05, abs=1e-6)
    nearly = 2 * stats.t.sf(stats.t.isf(0.025, 12) / np.sqrt(3 / 2.01), 8)  # the cells add next to nothing
    assert level_kept(three, within, beside)[0] == pytest.approx(nearly, abs=0.005)
    assert np.isnan(level_kept(cell_means(["a", "b"]), np.array([[1.0], [-1.0]]), np.ones(2)))
