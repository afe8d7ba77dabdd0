"""The omnibus against one-way analysis of variance and the chi-squared distribution."""

import numpy as np
from scipy import stats
from sevaxis.models.inference.omnibus import omnibus_f


def test_it_is_one_way_anova():
    y = np.random.default_rng(1).normal(size=(30, 12))
    means = y.reshape(30, 3, 4).mean(axis=2)
    s2 = y.reshape(30, 3, 4).var(axis=2, ddof=1).mean(axis=1)
    # two groups against the first: variance 2 s2 / 4 each, covariance s2 / 4
    variance = s2[:, None, None] / 4 * np.array([[2.0, 1.0], [1.0, 2.0]])
    f, df_course, df, p = omnibus_f(means[:, 1:] - means[:, :1], variance, 9)
    expected = stats.f_oneway(y[:, :4], y[:, 4:8], y[:, 8:], axis=1)
    np.testing.assert_allclose(f, expected.statistic, rtol=1e-10)
    np.testing.assert_allclose(p, expected.pvalue, rtol=1e-9)
    assert (set(df_course), set(df)) == ({2.0}, {9.0})


def test_infinite_df_is_chi_squared_and_what_cannot_be_told_is_missing():
    effects = np.array([[1.0, 2.0], [1.0, np.nan], [1.0, 1.0], [1.0, 1.0]])
    variance = np.stack([np.eye(2), np.eye(2), np.ones((2, 2)), np.eye(2)])
    f, _, _, p = omnibus_f(effects, variance, [np.inf, 5, 5, 0])
    np.testing.assert_allclose([f[0], p[0]], [2.5, stats.chi2.sf(5, 2)])
    assert np.isnan(f[1:]).all()
    assert np.isnan(p[1:]).all()
