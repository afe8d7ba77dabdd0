"""Minimum detectable effects against published numbers and statsmodels; equivalence against statsmodels."""

import time

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import chi, nct, norm, t
from sevaxis.models.inference.power import (
    equivalence,
    exaggeration,
    minimum_detectable_effect,
    power_and_exaggeration,
    power_of_a_repeat,
)
from statsmodels.stats.power import TTestIndPower
from statsmodels.stats.weightstats import DescrStatsW

#: Effects in SD units at 80 % power by n per arm (the table of worked numbers that this project was given):
#: two groups at alpha .05 and .0125, the same with 4 prior df, the interaction of a 2 x 2 design.
TABLE = {
    3: (3.07, 4.52, 2.61, 3.41, 3.70, 4.82),
    4: (2.38, 3.22, 2.20, 2.81, 3.05, 3.85),
    5: (2.02, 2.64, 1.93, 2.44, 2.67, 3.32),
    6: (1.80, 2.29, 1.74, 2.17, 2.40, 2.96),
    8: (1.51, 1.88, 1.48, 1.83, 2.05, 2.50),
    10: (1.32, 1.64, 1.31, 1.61, 1.82, 2.21),
}


@pytest.mark.parametrize("n", TABLE)
def test_table_of_minimum_detectable_effects(n):
    two, four = np.sqrt(2 / n), np.sqrt(4 / n)  # SE of a difference, and of a difference of differences
    tests = [(two, 2 * n - 2), (two, 2 * n - 2 + 4), (four, 4 * n - 4)]
    ours = [minimum_detectable_effect(se, df, alpha=alpha) for se, df in tests for alpha in (0.05, 0.0125)]
    np.testing.assert_allclose(ours, TABLE[n], atol=0.005 + 1e-9)  # the table has two decimals


@pytest.mark.parametrize("n", [3, 5, 10, 40])
def test_two_groups_equal_statsmodels(n):
    expected = TTestIndPower().solve_power(nobs1=n, alpha=0.05, power=0.8)
    ours = minimum_detectable_effect(np.sqrt(2 / n), 2 * n - 2)
    np.testing.assert_allclose(ours, expected, rtol=1e-5)


@pytest.mark.parametrize(("df", "alpha", "power"), [(4, 0.05, 0.8), (8, 0.001, 0.9), (30.5, 0.0125, 0.5)])
def test_definition_by_integration_over_the_variance(df, alpha, power):
    """Given the estimated SD s the test finds the effect with a normal probability; average over chi(df)."""
    effect, critical = (
        float(minimum_detectable_effect(1.0, df, alpha=alpha, power=power)),
        t.ppf(1 - alpha / 2, df),
    )

    def found(s):
        bound = critical * s / np.sqrt(df)
        return (norm.sf(bound - effect) + norm.cdf(-bound - effect)) * chi.pdf(s, df)

    np.testing.assert_allclose(quad(found, 0, 20, epsabs=1e-12)[0], power, atol=1e-6)


def test_interpolated_noncentrality_has_the_wished_power():
    """SciPy's noncentral t (Boost), a second implementation, at df that are no nodes of the table."""
    df = np.concatenate([[1.0, 1.0007, 1.37, 2.1], np.geomspace(2.3, 1e5, 40)])
    effect = minimum_detectable_effect(1.0, df)
    critical = t.ppf(0.975, df)
    attained = nct.sf(critical, df, effect) + nct.sf(critical, df, -effect)
    slope = nct.sf(critical, df, effect + 1e-3) - nct.sf(critical, df, effect - 1e-3)
    error = (attained - 0.8) / (slope / 2e-3)  # of the effect itself
    np.testing.assert_allclose(error, 0.0, atol=1e-5)
    # df infinite: the two normal quantiles, less what the far tail adds
    limit = 1.959964 + 0.841621 - norm.cdf(-1.959964 - 2.801585) / norm.pdf(0.841621)
    np.testing.assert_allclose(minimum_detectable_effect(1.0, np.inf), limit, atol=1e-6)


def test_unusable_rows_are_nan_and_bad_levels_refused():
    assert np.isnan(minimum_detectable_effect([np.nan, 1, 1, -1], [5, np.nan, 0, 5])).all()
    # SciPy's search for the noncentrality does not end there; the effect would be some 200 standard errors at df 0.5.
    assert np.isnan(minimum_detectable_effect(1.0, [0.01, 0.2, 0.5, 0.999])).all()
    assert nct.sf(t.ppf(0.975, 0.5), 0.5, 190) < 0.8 < nct.sf(t.ppf(0.975, 0.5), 0.5, 210)
    with pytest.raises(ValueError, match="alpha < power"):
        minimum_detectable_effect(1.0, 5, alpha=0.9)


def test_sixty_thousand_features_and_twelve_contrasts_in_well_under_a_second():
    rng = np.random.default_rng(0)
    se, df = rng.gamma(2, 0.2, (60_000, 12)), rng.uniform(3, 60, (60_000, 12))
    minimum_detectable_effect(1.0, 5)  # the table, once per process
    start = time.process_time()
    minimum_detectable_effect(se, df)
    assert time.process_time() - start < 0.5


def test_equivalence_equals_statsmodels():
    sample = np.random.default_rng(3).normal(0.1, 0.3, 9)
    described = DescrStatsW(sample)
    expected = described.ttost_mean(-0.58, 0.58)[0]
    se = sample.std(ddof=1) / 3
    np.testing.assert_allclose(equivalence(sample.mean(), se, 8, 0.58), expected, rtol=1e-10)
    np.testing.assert_allclose(equivalence(-sample.mean(), se, 8, 0.58), expected, rtol=1e-10)
    assert equivalence(0.6, 0.1, 8, 0.58) > 0.5
    with pytest.raises(ValueError, match="positive"):
        equivalence(0, 1, 1, 0)


def test_equivalence_is_the_shorter_interval_inside_the_margin():
    effect, se, df = np.linspace(-0.8, 0.8, 33), 0.15, 7
    half = t.ppf(0.95, df) * se
    np.testing.assert_array_equal(equivalence(effect, se, df, 0.58) <= 0.05, np.abs(effect) + half <= 0.58)


@pytest.mark.slow
@pytest.mark.parametrize("n", [3, 5, 10])
def test_simulated_power_and_size(n):
    """At the minimum detectable effect a t-test finds 80 %; equivalence, at its margin, errs in 5 %."""
    rng = np.random.default_rng(n)
    true_se, df, rows = np.sqrt(2 / n), 2 * n - 2, 200_000
    se = true_se * np.sqrt(rng.chisquare(df, rows) / df)
    effect = float(minimum_detectable_effect(true_se, df))
    found = np.abs(rng.normal(effect, true_se, rows) / se) > t.ppf(0.975, df)
    np.testing.assert_allclose(found.mean(), 0.8, atol=0.004)  # 4.5 standard errors
    margin = 6 * true_se  # wide enough that only one bound matters
    errors = equivalence(rng.normal(margin, true_se, rows), se, df, margin) <= 0.05
    np.testing.assert_allclose(errors.mean(), 0.05, atol=0.0025)


@pytest.mark.parametrize("alpha", [9e-4, 1e-5])
@pytest.mark.parametrize("df", [4.0, 8.0, 20.0, 100.0])
def test_levels_far_out_are_found_without_the_noncentral_t(alpha, df):
    """SciPy's noncentral t where it can: the power at the printed effect, one tail."""
    effect = float(minimum_detectable_effect(1.0, df, alpha=alpha))
    assert nct.sf(t.isf(alpha / 2, df), df, effect) == pytest.approx(0.8, abs=1e-4)


def test_levels_of_a_search_through_all_features_take_no_time():
    """At one degree of freedom the critical value is 200,000 standard errors: SciPy did not return."""
    start = time.perf_counter()
    assert np.isfinite(minimum_detectable_effect(1.0, [1.0, 2.0, 30.0], alpha=3e-6)).all()
    assert time.perf_counter() - start < 10


def test_power_of_an_effect_and_how_much_its_winners_overstate():
    """Power: SciPy's noncentral t, both tails. Estimates: 400,000 simulated experiments, a hundredth."""
    effect, se, df = np.array([0.585, 1.9, 0.585]), np.array([0.6, 0.6, 0.1]), np.array([5.0, 5.0, np.inf])
    power, times = power_and_exaggeration(effect, se, df, alpha=0.0125)
    bar, ncp = t.isf(0.00625, df), effect / se
    for i in range(2):
        by_scipy = nct.sf(bar[i], df[i], ncp[i]) + nct.cdf(-bar[i], df[i], ncp[i])
        assert power[i] == pytest.approx(by_scipy, rel=1e-2)
    rng = np.random.default_rng(11)
    for i, own in enumerate(df):
        estimate = rng.normal(effect[i], se[i], 400_000)
        observed = se[i] * np.sqrt(rng.chisquare(own, 400_000) / own) if np.isfinite(own) else se[i]
        won = np.abs(estimate) > bar[i] * observed
        assert times[i] == pytest.approx(np.abs(estimate[won]).mean() / effect[i], rel=1e-2)
    assert np.isnan(power_and_exaggeration(1.0, [np.nan, 1.0, 1.0], [5.0, np.nan, 0.5])).all()


def test_what_a_repeat_finds_and_how_much_the_winners_overstate():
    """By simulation: the effect that is the MDE by the observed error, found again; significant estimates of it."""
    rng, df = np.random.default_rng(1), 6
    spread = np.sqrt(rng.chisquare(df, (2, 200_000)) / df)
    critical = t.ppf(0.975, df)
    mde = float(minimum_detectable_effect(1.0, df))
    again = np.abs(mde * spread[0] + rng.normal(size=200_000)) > critical * spread[1]
    assert float(power_of_a_repeat(df)) == pytest.approx(again.mean(), abs=0.005)
    estimates = mde + rng.normal(size=200_000)
    winners = np.abs(estimates)[np.abs(estimates) > critical * spread[0]]
    assert float(exaggeration(df)) == pytest.approx(winners.mean() / mde, abs=0.005)
    assert np.isnan(power_of_a_repeat(0.5))
