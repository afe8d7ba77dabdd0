"""How often count, mixed and pooled tests err where nothing differs, and how often their intervals cover.

Nominal is 0.05 and 0.95; wanted is 0.045 to 0.055. Where a method is known to miss that, the test shows that R's
own answer on the same data errs as often. R's numbers: DESeq2 1.38.3, lmerTest 3.1.3 on these very data.
"""

import numpy as np
import pytest
from scipy import stats
from sevaxis.models.counts.negative_binomial import fit_negative_binomial, wald
from sevaxis.models.counts.quasi_likelihood import fit_quasi_likelihood, quasi_likelihood_test
from sevaxis.models.counts.voom import filter_by_expression, tmm_factors
from sevaxis.models.meta.pooling import pool
from sevaxis.models.mixed.random_intercept import fit_random_intercept

from tests.models.null_data import FEW_FEATURES, simulate_blocks, simulate_counts

pytestmark = pytest.mark.slow


def fit_blocks(n, each, **simulation):
    return fit_random_intercept(*simulate_blocks(n, each, **simulation)).contrast(np.array([0.0, 1.0]))


# rejections at 0.05 by R's Wald test, and R's p of features 1, 1001 and 5001
@pytest.mark.parametrize(
    ("n", "wald_of_r", "p_of_r"),
    [
        (3, 1019, [0.47643528, 0.45544901, 0.93226467]),
        (5, 1114, [0.90051283, 0.32709382, 0.17275515]),
        (10, 1071, [0.083085895, 0.76869278, 0.078093361]),
    ],
)
def test_negative_binomial_errs_as_often_as_r(n, wald_of_r, p_of_r):
    """Wald: 0.051 at n = 3, 0.056 at 5 (above the wanted range), 0.054 at 10, as R on the same counts."""
    counts = simulate_counts(n)
    design = np.column_stack([np.ones(2 * n), np.repeat([0.0, 1.0], n)])
    found = wald(fit_negative_binomial(counts, design), np.array([0.0, 1.0]))
    np.testing.assert_allclose(found.p[[0, 1000, 5000], 0], p_of_r, rtol=1e-5)
    assert abs((found.p < 0.05).sum() - wald_of_r) <= 2
    assert 0.045 < np.nanmean(found.p < 0.05) < 0.06


@pytest.mark.parametrize("n", [3, 5, 10])
@pytest.mark.parametrize("robust", [True, False])
def test_quasi_likelihood_keeps_the_level(n, robust):
    """On the same counts as the Wald test."""
    counts = simulate_counts(n).astype(float)
    counts = counts[filter_by_expression(counts, ["a"] * n + ["b"] * n)]
    design = np.column_stack([np.ones(2 * n), np.repeat([0.0, 1.0], n)])
    fit = fit_quasi_likelihood(counts, design, counts.sum(axis=0) * tmm_factors(counts), robust=robust)
    found = quasi_likelihood_test(fit, np.array([0.0, 1.0]))
    assert 0.045 < (found.p < 0.05).mean() < 0.055
    half = stats.t.ppf(0.975, found.df)[:, None] * found.se
    assert 0.94 < (np.abs(found.log2fc) < half).mean() < 0.96


@pytest.mark.parametrize("n", [3, 5, 10])
@pytest.mark.parametrize("missing", [0.0, 0.15])
@pytest.mark.parametrize("share", [0.5, 0.8])
def test_groups_of_subjects_keep_the_level(n, missing, share):
    found = fit_blocks(n, 3, within=False, missing=missing, share=share)
    assert 0.045 < np.nanmean(found.p < 0.05) < 0.055
    half = stats.t.ppf(0.975, found.df) * found.se
    assert 0.94 < np.nanmean(np.abs(found.estimate) < half) < 0.96


@pytest.mark.parametrize(("n", "missing"), [(3, 0.0), (5, 0.0), (10, 0.0), (10, 0.15)])
def test_treatment_within_subjects_keeps_the_level(n, missing):
    found = fit_blocks(n, 2, within=True, missing=missing, share=0.5)
    assert 0.045 < np.nanmean(found.p < 0.05) < 0.055


@pytest.mark.parametrize(
    ("within", "each", "rejected_by_r", "p_of_r"),
    [
        (True, 2, 72, [0.9866855, 0.74797247, 0.15415992]),
        (False, 3, 40, [0.91846277, 0.040151224, 0.6556608]),
    ],
)
def test_little_variance_between_subjects_errs_as_lmer(within, each, rejected_by_r, p_of_r):
    """A tenth of the variance between five subjects: 0.07 within, 0.04 between, for half the rows hit the boundary."""
    found = fit_blocks(5, each, within=within, missing=0.15, share=0.1, features=1000)
    np.testing.assert_allclose(found.p[[0, 500, 900], 0], p_of_r, rtol=1e-5)
    assert (found.p < 0.05).sum() == rejected_by_r


@pytest.mark.parametrize("k", [3, 5, 10])
@pytest.mark.parametrize("tau", [0.0, 0.2, 0.5])
def test_hartung_knapp_with_studies_of_equal_size_keeps_the_level(k, tau):
    rng = np.random.default_rng(5)
    se = np.full((FEW_FEATURES, k), 0.25)
    effects = tau * rng.normal(size=se.shape) + se * rng.normal(size=se.shape)
    found = pool(effects, se)
    assert 0.045 < (found.p < 0.05).mean() < 0.055
    covered = (found.ci_low < 0) & (found.ci_high > 0)
    assert 0.945 < covered.mean() < 0.955


@pytest.mark.parametrize("k", [3, 5, 10])
def test_hartung_knapp_with_studies_of_unequal_size_comes_close(k):
    """Standard errors from 0.15 to 0.45: 0.048 to 0.062, and less wrong than without Hartung-Knapp."""
    rng = np.random.default_rng(5)
    for tau in (0.0, 0.2, 0.5):
        se = rng.uniform(0.15, 0.45, (FEW_FEATURES, k))
        effects = tau * rng.normal(size=se.shape) + se * rng.normal(size=se.shape)
        assert 0.045 < (pool(effects, se).p < 0.05).mean() < 0.065
    assert (pool(effects, se, hartung_knapp=False).p < 0.05).mean() > 0.065


@pytest.mark.parametrize("n", [3, 5])
@pytest.mark.parametrize("spread", [0.5, 1.0, 2.0])
def test_wald_is_liberal_where_dispersions_differ_and_quasi_likelihood_is_not(n, spread):
    """What the record of the method says of it; 6,000 counts, dispersions log-normal about their trend."""
    rng = np.random.default_rng(20)
    mean = rng.lognormal(5, 1.5, (6000, 1))
    dispersion = (0.05 + 2 / mean) * rng.lognormal(0, spread, (6000, 1))
    mu = mean * rng.lognormal(0, 0.2, 2 * n)
    counts = rng.negative_binomial(1 / dispersion, 1 / (1 + dispersion * mu)).astype(float)
    counts = counts[filter_by_expression(counts, ["a"] * n + ["b"] * n)]
    design = np.column_stack([np.ones(2 * n), np.repeat([0.0, 1.0], n)])
    liberal = wald(fit_negative_binomial(counts, design), np.array([0.0, 1.0])).p
    fit = fit_quasi_likelihood(counts, design, counts.sum(axis=0) * tmm_factors(counts), robust=True)
    calibrated = quasi_likelihood_test(fit, np.array([0.0, 1.0])).p
    assert 0.045 < np.nanmean(liberal < 0.05) < 0.072 and 0.001 < np.nanmean(liberal < 0.001) < 0.013
    assert 0.038 < (calibrated < 0.05).mean() < 0.055 and (calibrated < 0.001).mean() < 0.0015
    if spread == 2.0:
        assert np.nanmean(liberal < 0.001) > 0.004
