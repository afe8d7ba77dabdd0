"""Counts: hand arithmetic, and refusals. R's own numbers are met in tests/reference/test_counts_voom.py."""

import numpy as np
import pytest
from sevaxis.models.counts.voom import filter_by_expression, log_cpm, tmm_factors, voom, voom_quality
from sevaxis.models.linear.design import cell_means


@pytest.fixture
def counts():
    rng = np.random.default_rng(3)
    mean = rng.lognormal(4, 1.5, 500)
    return rng.poisson(mean[:, None] * np.array([1, 1, 2, 1, 1, 0.5])).astype(float)


DESIGN = cell_means(list("aaabbb"))


def test_filter_by_hand():
    """Libraries of a million: 10 reads are the bar, in 2 samples (smallest group), and 15 reads in all."""
    counts = np.array(
        [
            [10, 10, 0, 0, 0],  # two samples at the bar, 20 in all
            [10, 9, 0, 0, 0],  # one only
            [9, 9, 9, 9, 9],  # none, though 45 in all
            [0, 10, 0, 0, 10.5],  # wherever they are; fractions are fine
        ]
    )
    lib = np.full(5, 1e6)
    expected = [True, False, False, True]
    np.testing.assert_array_equal(filter_by_expression(counts, list("aabbb"), lib), expected)
    np.testing.assert_array_equal(filter_by_expression(counts, cell_means(list("aabbb")), lib), expected)
    # A bar of 10 per median library of 0.2 million is 2 in a library of 40,000; then the total of 15 decides.
    small = np.array([[2, 2, 2, 2, 2.0], [4, 4, 4, 4, 4]])
    sizes = np.array([4e4, 4e4, 2e5, 4e5, 4e5])
    np.testing.assert_array_equal(filter_by_expression(small, list("aabbb"), sizes), [False, True])


def test_filter_of_large_groups_asks_for_a_share():
    """Groups of 20: 10 + 0.7 x 10 = 17 samples."""
    counts = np.zeros((3, 40))
    counts[0, :17] = counts[1, :16] = counts[2] = 50
    np.testing.assert_array_equal(
        filter_by_expression(counts, ["a"] * 20 + ["b"] * 20, np.full(40, 1e6)), [1, 0, 1]
    )


def test_tmm_of_pure_scaling_is_one(counts):
    """Doubling a library changes its size, not its composition."""
    same = np.repeat(counts[:, :1], 3, axis=1) * [1, 2, 5]
    np.testing.assert_allclose(tmm_factors(same), 1.0)


def test_tmm_undoes_a_change_of_composition(counts):
    """A few features that take half of a library leave half for the others."""
    base = np.repeat(counts[:, :1], 2, axis=1)
    taken = base.copy()
    top = np.argsort(base[:, 0])[-10:]
    taken[top, 1] += base[:, 0].sum() / 10
    factors = tmm_factors(taken)
    assert factors.prod() == pytest.approx(1)
    assert factors[1] / factors[0] == pytest.approx(0.5, rel=1e-6)


def test_tmm_with_ties_at_the_trim_and_disjoint_samples():
    """Every ratio ties: nothing lies beyond the trim but the whole block of ties; disjoint samples get 1."""
    counts = np.array([[1, 2, 0], [1, 2, 0], [1, 2, 0], [1, 4, 0], [0, 0, 7.0]])
    factors = tmm_factors(counts)
    assert np.isfinite(factors).all() and factors.prod() == pytest.approx(1)


def test_log_cpm_by_hand():
    """Equal libraries of 1e6: log2((c + 2) / (1e6 + 4) x 1e6)."""
    counts = np.array([[0.0, 6], [1e6, 1e6 - 6]])
    expected = np.log2((counts + 2) / (1e6 + 4) * 1e6)
    np.testing.assert_allclose(log_cpm(counts), expected)
    # The prior follows the library, so that equal proportions get equal values.
    assert np.ptp(log_cpm(np.array([[0.0, 0], [10, 1000]]))[0]) == pytest.approx(0)


def test_voom_values_and_the_sign_of_its_trend(counts):
    e, weights = voom(counts, DESIGN)
    np.testing.assert_allclose(e, np.log2((counts + 0.5) / (counts.sum(axis=0) + 1) * 1e6))
    assert (weights > 0).all()
    # Poisson counts: the larger the count, the more precise its logarithm.
    order = np.argsort(counts.mean(axis=1))
    assert weights[order[-50:]].mean() > 5 * weights[order[50:100]].mean()


def test_voom_survives_rows_of_zeros_and_fractions(counts):
    padded = np.vstack([counts, np.zeros((2, 6))])
    e, weights = voom(padded, DESIGN)
    expected_e, expected = voom(counts, DESIGN)
    np.testing.assert_allclose(e[:-2], expected_e)
    np.testing.assert_allclose(weights[:-2], expected)
    assert np.isfinite(voom(counts + 0.25, DESIGN)[1]).all()


def test_voom_quality_finds_the_noisy_sample(counts):
    rng = np.random.default_rng(4)
    noisy = counts.copy()
    noisy[:, 2] = np.round(noisy[:, 2] * rng.lognormal(0, 0.5, len(noisy)))
    for method in ("gene_by_gene", "reml"):
        e, weights, quality = voom_quality(noisy, DESIGN, method=method)
        assert quality.argmin() == 2 and quality[2] < 0.3
        assert weights.shape == e.shape


@pytest.mark.parametrize(
    "function", [lambda c: tmm_factors(c), lambda c: voom(c, DESIGN), lambda c: log_cpm(c)]
)
@pytest.mark.parametrize(
    ("value", "says"),
    [(-1.0, "1 counts are negative"), (np.nan, "missing or infinite"), (np.inf, "feature 7, sample 3: inf")],
)
def test_bad_counts_are_refused(counts, function, value, says):
    counts[7, 3] = value
    with pytest.raises(ValueError, match=says):
        function(counts)


def test_an_empty_sample_is_refused(counts):
    counts[:, 4] = 0
    with pytest.raises(ValueError, match="without a single count, at index 4"):
        voom(counts, DESIGN)


def test_bad_library_sizes_are_refused(counts):
    with pytest.raises(ValueError, match="library sizes are positive"):
        voom(counts, DESIGN, lib_size=np.zeros(6))
    with pytest.raises(ValueError, match="at least two features"):
        voom(counts[:1] + 1, DESIGN)
