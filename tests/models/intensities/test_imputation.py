"""Imputation: what is observed stays, what is drawn has the distribution promised."""

import numpy as np
import pytest
from scipy.stats import kstest, norm
from sevaxis.models.intensities.imputation import impute

NAN = np.nan


def censored(seed, features=4000, samples=6, limit=23.0):
    """Normal samples (25, SD 2) of which everything below the limit is lost."""
    complete = np.random.default_rng(seed).normal(25, 2, (features, samples))
    return complete, np.where(complete < limit, NAN, complete)


@pytest.mark.parametrize("method", ["minprob", "qrilc", "knn"])
def test_observed_values_stay_and_unseen_features_remain_missing(method):
    _, log2 = censored(0, 300)
    log2[7] = NAN
    filled = impute(log2, method, seed=1)
    np.testing.assert_array_equal(filled[np.isfinite(log2)], log2[np.isfinite(log2)])
    assert np.isnan(filled[7]).all()
    assert np.isfinite(np.delete(filled, 7, axis=0)).all()
    np.testing.assert_array_equal(filled, impute(log2, method, seed=1))
    if method != "knn":
        assert (filled != impute(log2, method, seed=2)).any()


def test_qrilc_restores_a_censored_normal():
    """The limit lies at the 16th percentile: the draws follow the lost tail of the normal (25, 2)."""
    _, log2 = censored(1)
    filled = impute(log2, "qrilc", seed=1)
    drawn = filled[np.isnan(log2) & np.isfinite(filled)]
    assert kstest(drawn, lambda x: np.minimum(norm.cdf(x, 25, 2) / norm.cdf(23, 25, 2), 1)).statistic < 0.03
    np.testing.assert_allclose(filled.mean(axis=0), 25, atol=0.15)


def test_minprob_draws_at_the_low_end_of_each_sample():
    """Mean: the first percentile of what the sample shows; SD: the typical SD of a feature."""
    rng = np.random.default_rng(2)
    log2 = rng.normal(25, 2, (5000, 1)) + rng.normal(0, 0.4, (5000, 8)) + np.arange(8)
    log2 -= np.arange(8)  # all samples alike but the last
    log2[:, 7] += 3
    log2[rng.uniform(size=log2.shape) < 0.2] = NAN
    filled = impute(log2, "minprob", seed=1)
    for j in (0, 7):
        drawn = filled[np.isnan(log2[:, j]), j]
        np.testing.assert_allclose(drawn.mean(), np.nanquantile(log2[:, j], 0.01), atol=0.15)
    drawn = filled[np.isnan(log2[:, 0]), 0]
    np.testing.assert_allclose(drawn.std(), np.median(np.nanstd(log2, axis=1, ddof=1)), rtol=0.1)


def test_neighbours_by_hand():
    """Eleven features alike up to a constant 0.1 per step, one far away: the mean of the ten nearest."""
    base = np.array([1.0, 5, 2, 8])
    log2 = np.array([base + 0.1 * i for i in range(11)] + [base[::-1] + 100])
    log2[0, 3] = NAN
    filled = impute(log2, "knn")
    np.testing.assert_allclose(filled[0, 3], np.mean([8 + 0.1 * i for i in range(1, 11)]))


def test_bad_input():
    y = np.ones((3, 2))
    with pytest.raises(ValueError, match="method"):
        impute(y, "zero")
    with pytest.raises(ValueError, match="finite"):
        impute(np.array([[-np.inf, 1], [1, 1.0]]), "knn")
    with pytest.raises(ValueError, match=r"fewer than two values: \[1\]"):
        impute(np.array([[1.0, NAN], [1, 1.0]]), "qrilc")
    with pytest.raises(ValueError, match="more than half"):
        impute(np.array([[1.0, NAN], [1, NAN], [NAN, 1], [NAN, 2]]), "minprob")
