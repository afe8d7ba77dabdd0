"""Null simulations of the linear methods: false positives at 5 %, and coverage of 95 % intervals.

40,000 features each: the standard error of a share of 5 % is 0.11 %.
"""

import numpy as np
import pytest
from sevaxis.models.counts.voom import tmm_factors, voom, voom_quality
from sevaxis.models.linear.array_weights import array_weights
from sevaxis.models.linear.blocks import duplicate_correlation
from sevaxis.models.linear.empirical_bayes import moderate, moderate_by_count
from sevaxis.models.linear.fit import fit_linear

from tests.models.null_data import FEATURES, rate_of, simulate_intensities, two_groups

pytestmark = pytest.mark.slow
DIFFERENCE = np.array([-1.0, 1.0])


def check(y, fit_and_moderate, n):
    false_positives, coverage = rate_of(y, fit_and_moderate, n)
    assert 0.045 <= false_positives <= 0.055
    assert 0.94 <= coverage <= 0.96


@pytest.mark.parametrize("n", [3, 5, 10])
@pytest.mark.parametrize("missing", [0.0, 0.15])
@pytest.mark.parametrize("options", [{}, {"trend": True, "robust": True}])
def test_moderated_t(n, missing, options):
    y = simulate_intensities(n, missing)
    check(y, lambda v: moderate(fit_linear(v, two_groups(n)).contrast(DIFFERENCE), **options), n)


@pytest.mark.parametrize("n", [3, 5, 10])
@pytest.mark.parametrize("missing", [0.0, 0.15])
@pytest.mark.parametrize("correlation", [0.0, 0.5])
def test_paired_samples(n, missing, correlation):
    y = simulate_intensities(n, missing, correlation)
    subject = list(range(n)) * 2

    def paired(v):
        rho = duplicate_correlation(v, two_groups(n), subject)
        fit = fit_linear(v, two_groups(n), block=subject, correlation=rho)
        return moderate(fit.contrast(DIFFERENCE))

    check(y, paired, n)


@pytest.mark.parametrize("n", [3, 5, 10])
@pytest.mark.parametrize("method", ["reml", "gene_by_gene"])
def test_array_weights(n, method):
    y = simulate_intensities(n, 0.15)

    def weighted(v):
        weights = array_weights(v, two_groups(n), method=method)
        return moderate(fit_linear(v, two_groups(n), weights=weights).contrast(DIFFERENCE))

    check(y, weighted, n)


@pytest.mark.parametrize("n", [3, 5, 10])
def test_peptide_counts(n):
    rng = np.random.default_rng(n)
    counts = rng.integers(1, 21, FEATURES)
    y = simulate_intensities(n, 0.15, peptides=counts, rng=rng)
    check(y, lambda v: moderate_by_count(fit_linear(v, two_groups(n)).contrast(DIFFERENCE), counts), n)


@pytest.mark.parametrize("n", [3, 5, 10])
@pytest.mark.parametrize("transform", [voom, voom_quality])
def test_voom(n, transform):
    """Negative binomial counts, means 20 to 20,000, dispersion 0.05; no difference, libraries differ by half."""
    rng = np.random.default_rng(n)
    mean = rng.uniform(np.log(20), np.log(20_000), FEATURES)[:, None]
    counts = rng.poisson(
        np.exp(mean) * rng.uniform(0.75, 1.5, 2 * n) * rng.gamma(20, 1 / 20, (FEATURES, 2 * n))
    )
    y, weights, *_ = transform(counts, two_groups(n), lib_size=counts.sum(axis=0) * tmm_factors(counts))
    ours = moderate(fit_linear(y, two_groups(n), weights=weights).contrast(DIFFERENCE))
    low, high = ours.interval()
    assert 0.045 <= (ours.p < 0.05).mean() <= 0.055
    assert 0.94 <= ((low <= 0) & (high >= 0)).mean() <= 0.96
