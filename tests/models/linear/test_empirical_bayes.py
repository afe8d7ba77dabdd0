"""Moderated statistics against scipy, hand arithmetic, and R where no other source has them."""

import numpy as np
import pytest
from scipy import special, stats
from sevaxis.models.linear.design import cell_means
from sevaxis.models.linear.empirical_bayes import apply_prior, moderate, moderate_by_count
from sevaxis.models.linear.fit import fit_linear
from sevaxis.models.linear.variance_prior import fit_prior, inverse_trigamma

GROUPS = cell_means(["a"] * 4 + ["b"] * 4)
DIFFERENCE = np.array([-1.0, 1.0])


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def noise(rng, features=2000, samples=8, d0=6.0, s0=0.5):
    """log2 values whose variances follow the model: s0^2 d0 / chi2(d0)."""
    sigma = np.sqrt(s0**2 * d0 / rng.chisquare(d0, features))
    return 20 + sigma[:, None] * rng.normal(size=(features, samples))


def test_without_prior_it_is_the_plain_t_test(rng):
    y = rng.normal(size=(50, 8))
    y[rng.random(y.shape) < 0.1] = np.nan
    plain = apply_prior(fit_linear(y, GROUPS).contrast(DIFFERENCE), 1.0, 0.0)
    expected = stats.ttest_ind(y[:, 4:], y[:, :4], axis=1, nan_policy="omit")
    np.testing.assert_allclose(plain.t[:, 0], np.ma.filled(expected.statistic, np.nan), rtol=1e-10)
    np.testing.assert_allclose(plain.p[:, 0], np.ma.filled(expected.pvalue, np.nan), rtol=1e-10)
    low, high = plain.interval()
    interval = expected.confidence_interval()
    np.testing.assert_allclose(low[:, 0], interval.low, rtol=1e-9)
    np.testing.assert_allclose(high[:, 0], interval.high, rtol=1e-9)


def test_posterior_is_the_weighted_mean():
    """(d s^2 + d0 s0^2) / (d + d0) with d = 6, d0 = 3, s0^2 = 2: by hand for s^2 = 1 and s^2 = 5."""
    y = np.array([[0, 0, 0, 0, 1, 1, 1, 1.0]] * 2) + np.array([[0.0], [0.0]])
    spread = np.array([[-1, -1, 1, 1, -1, -1, 1, 1.0]])
    y[0] += spread[0] * np.sqrt(6 / 8)  # sum of squares 6: s^2 = 1
    y[1] += spread[0] * np.sqrt(30 / 8)  # sum of squares 30: s^2 = 5
    ours = apply_prior(fit_linear(y, GROUPS).contrast(DIFFERENCE), 2.0, 3.0)
    np.testing.assert_allclose(ours.s2_post, [12 / 9, 36 / 9])
    np.testing.assert_allclose(ours.se[:, 0], np.sqrt([12 / 9 / 2, 36 / 9 / 2]))
    np.testing.assert_allclose(ours.df_total, [9, 9])
    certain = apply_prior(fit_linear(y, GROUPS).contrast(DIFFERENCE), 2.0, np.inf)
    np.testing.assert_allclose(certain.s2_post, [2, 2])
    np.testing.assert_allclose(certain.df_total, [12, 12])  # no more than all features together


def test_prior_is_recovered(rng):
    """20,000 features of known s0^2 = 0.25 and d0 = 6: standard errors of the estimates are about 1 % and 2 %."""
    fit = fit_linear(noise(rng, features=20000), GROUPS)
    for robust in (False, True):
        ours = moderate(fit, robust=robust)
        assert ours.s2_prior[0] == pytest.approx(0.25, rel=0.04)
        assert np.median(ours.df_prior) == pytest.approx(6, rel=0.08)


def test_trend_is_recovered(rng):
    """The log variance falls in a straight line from 1 to -1 over the abundance."""
    y = noise(rng, features=20000)
    abundance = np.linspace(15, 25, len(y))
    y = abundance[:, None] + (y - 20) * np.exp((20 - abundance) / 10)[:, None]
    inner = slice(1000, -1000)
    expected = np.log(0.25) + (20 - abundance) / 5
    for robust in (False, True):
        given = moderate(fit_linear(y, GROUPS), trend=abundance, robust=robust)
        assert np.abs(np.log(given.s2_prior) - expected)[inner].max() < 0.12
    # With the observed mean instead, which is itself uncertain by 0.1 to 0.3, the curve stays close on average.
    observed = moderate(fit_linear(y, GROUPS), trend=True)
    assert np.abs(np.log(observed.s2_prior) - expected)[inner].mean() < 0.1
    with pytest.raises(ValueError, match="a trend of shape"):
        moderate(fit_linear(y, GROUPS), trend=abundance[:5])


def test_hypervariable_features_do_not_move_the_robust_prior(rng):
    y = noise(rng, features=4000, d0=40.0)
    clean = moderate(fit_linear(y, GROUPS), robust=True)
    wild = y.copy()
    wild[:80] = 20 + (y[:80] - 20) * 10
    robust, plain = (moderate(fit_linear(wild, GROUPS), robust=r) for r in (True, False))
    assert np.median(robust.df_prior) > 0.5 * np.median(clean.df_prior)
    assert np.median(plain.df_prior) < 0.3 * np.median(clean.df_prior)
    assert np.median(robust.df_prior[:80]) < 0.05 * np.median(robust.df_prior)


def test_identical_variances_give_an_infinite_prior():
    """Every feature has the same residual sum of squares: less spread than sampling allows."""
    y = np.tile([1.0, 2, 3, 4, 1, 2, 3, 4], (20, 1)) + np.arange(20)[:, None]
    for robust in (False, True):
        ours = moderate(fit_linear(y, GROUPS).contrast(DIFFERENCE), robust=robust)
        assert np.isinf(ours.df_prior).all()
        np.testing.assert_allclose(ours.p, 1.0)
    plain = moderate(fit_linear(y, GROUPS))
    np.testing.assert_allclose(plain.s2_post, 10 / 6)  # the pooled variance


@pytest.mark.parametrize("features", [1, 2, 3, 9])
def test_few_features(rng, features):
    """Two features leave a line no residual: no trend. Fewer than ten have no tails to draw in: no robust prior."""
    fit = fit_linear(noise(rng, features) + np.arange(features)[:, None], GROUPS).contrast(DIFFERENCE)
    for trend in (False, True):
        robust = moderate(fit, trend=trend, robust=True)
        plain = moderate(fit, trend=trend and features > 2)
        assert np.isfinite(robust.t).all() and np.isfinite(robust.p).all()
        np.testing.assert_array_equal(robust.t, plain.t)
        np.testing.assert_array_equal(robust.df_total, plain.df_total)


def test_bad_rows_have_no_p_and_do_not_disturb_others(rng):
    y = noise(rng, features=300)
    expected = moderate(fit_linear(y, GROUPS).contrast(DIFFERENCE), trend=True, robust=True)
    bad = np.full((2, 8), np.nan)
    bad[1, :4] = [20, 21, np.nan, np.nan]
    ours = moderate(fit_linear(np.vstack([y, bad[:1]]), GROUPS).contrast(DIFFERENCE), trend=True, robust=True)
    assert np.isnan(ours.t[300:]).all() and np.isnan(ours.p[300:]).all()
    np.testing.assert_allclose(ours.t[:300], expected.t, rtol=1e-12)
    ours = moderate(fit_linear(np.vstack([y, bad]), GROUPS).contrast(DIFFERENCE), trend=True, robust=True)
    assert np.isnan(ours.p[300:]).all() and np.isfinite(ours.p[:300]).all()


def test_constant_rows_are_tested_with_the_prior(rng):
    y = np.vstack([noise(rng, features=300), np.full((1, 8), 7.3), [[7.3] * 4 + [8.3] * 4]])
    fit = fit_linear(y, GROUPS).contrast(DIFFERENCE)
    ours = moderate(fit)
    assert (fit.sigma[300:] == 0).all()
    assert ours.p[300, 0] == pytest.approx(1.0)
    assert 0 < ours.p[301, 0] < 0.05


def test_no_replicates_is_an_error():
    nan = np.nan
    y = np.array([[1, nan, 2, nan], [nan, 1, nan, 4.0]])
    fit = fit_linear(y, cell_means(list("aabb")))
    with pytest.raises(ValueError, match="needs replicates"):
        moderate(fit)
    with pytest.raises(ValueError, match="constant within the cells"):
        moderate(fit_linear(np.ones((3, 4)), cell_means(list("aabb"))))


def test_robust_prior_with_infinite_df_equals_r():
    """R 4.2.2, limma 3.54.1: squeezeVar(var, df = 5, robust = TRUE) of variances at chi-squared quantiles with
    one outlier (200 quantiles (i - 0.5) / 200 of chi2(5) / 5, the last times 8)."""
    s2 = stats.chi2.ppf((np.arange(200) + 0.5) / 200, 5) / 5
    s2[-1] *= 8
    scale, df_prior = fit_prior(s2, np.full(200, 5.0), robust=True)
    assert scale[0] == pytest.approx(1.0004666825042, rel=1e-12)
    assert np.isinf(df_prior[:-1]).all()
    assert df_prior[-1] == pytest.approx(2.3045002912213e-24, rel=1e-9)


def test_peptide_counts_set_the_prior(rng):
    """Variances fall with the count, s0^2 = 1 / count: recovered within sampling error, and d0 with it."""
    counts = rng.integers(1, 21, 20000)
    y = 20 + (noise(rng, features=20000, s0=1.0) - 20) / np.sqrt(counts)[:, None]
    ours = moderate_by_count(fit_linear(y, GROUPS).contrast(DIFFERENCE), counts)
    ratio = [ours.s2_prior[counts == n][0] * n for n in (1, 2, 5, 10, 20)]
    np.testing.assert_allclose(ratio, 1.0, rtol=0.12)
    assert ours.df_prior[0] == pytest.approx(6, rel=0.08)
    with pytest.raises(ValueError, match="at least 1"):
        moderate_by_count(ours.fit, counts * 0)
    # One count for all: a common prior, that of `moderate`.
    same = moderate_by_count(ours.fit, np.full(20000, 3))
    assert same.s2_prior[0] == pytest.approx(moderate(ours.fit).s2_prior[0], rel=1e-3)


@pytest.mark.parametrize("x", [1e-8, 1e-3, 0.5, 2.0, 1e4, 1e9])
def test_inverse_trigamma(x):
    assert special.polygamma(1, inverse_trigamma(x)) == pytest.approx(x, rel=1e-6)
