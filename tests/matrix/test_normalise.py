"""Normalised values against hand arithmetic and a planted depth."""

import numpy as np
import pytest
from sevaxis.base.problems import Problems
from sevaxis.matrix.normalise import normalise


@pytest.fixture
def counts():
    rng = np.random.default_rng(4)
    return rng.poisson(rng.gamma(2, 200, 500), (6, 500)).astype(float)


def test_none_is_log2_counts_per_million_by_hand():
    """Prior 2 in proportion to the library (4 and 12 of mean 8): 1 and 3 counts.

    Sample 1: (1 + 1) / (4 + 2) million; sample 2: (9 + 3) / (12 + 6) million.
    """
    values = np.array([[1.0, 3.0], [9.0, 3.0]])
    found = normalise(values, "counts", "none").log2
    expected = np.log2([[2 / 6e-6, 4 / 6e-6], [12 / 18e-6, 6 / 18e-6]])
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_depth_is_taken_out_and_a_few_strong_genes_do_not_matter(counts):
    """A sample at twice the depth, and one with five genes a hundredfold: TMM leaves the other 495 in place."""
    counts[1] = 2 * counts[0]
    counts[2] = counts[0]
    counts[2, :5] *= 100
    result = normalise(counts, "counts", "tmm")
    np.testing.assert_allclose(result.log2[1], result.log2[0], atol=0.01)
    np.testing.assert_allclose(result.log2[2, 5:], result.log2[0, 5:], atol=0.02)
    assert np.prod(result.factors) == pytest.approx(1)
    plain = normalise(counts, "counts", "none").log2
    assert np.median(plain[2, 5:] - plain[0, 5:]) < -0.5  # which is what it saves from


def test_median_of_ratios_for_counts(counts):
    counts[1] = 3 * counts[0]
    result = normalise(counts, "counts", "median")
    np.testing.assert_allclose(result.log2[1], result.log2[0], atol=0.01)
    assert np.log(result.factors).sum() == pytest.approx(0)


def test_median_of_intensities_rests_on_complete_features():
    """Sample 2 is sample 1 plus 1 without the weaker half of its last hundred features: the shift is 1, not more."""
    rng = np.random.default_rng(5)
    first = rng.normal(25, 2, 300)
    second = first + 1
    second[200:][first[200:] < 25] = np.nan
    values = np.vstack([first, second])
    result = normalise(values, "log2", "median")
    np.testing.assert_allclose(result.shifts, [-0.5, 0.5], atol=1e-12)
    seen = ~np.isnan(second)
    np.testing.assert_allclose(result.log2[1, seen], result.log2[0, seen], atol=1e-12)
    assert np.isnan(result.log2[1, ~seen]).all() and result.factors is None
    assert "seen in every sample" in result.text


def test_median_of_few_features_uses_what_each_sample_has():
    """Medians 2 and 5 about their mean 3.5."""
    values = np.array([[1.0, 2, 3, np.nan], [4, 5, np.nan, 6]])
    result = normalise(values, "log2", "median")
    np.testing.assert_allclose(result.shifts, [-1.5, 1.5])


def test_none_leaves_intensities_alone():
    values = np.array([[1.0, np.nan], [3.0, 4.0]])
    np.testing.assert_array_equal(normalise(values, "log2", "none").log2, values)


def test_tmm_of_intensities_is_refused():
    with pytest.raises(Problems, match="TMM is for counts"):
        normalise(np.ones((2, 3)), "log2", "tmm")
