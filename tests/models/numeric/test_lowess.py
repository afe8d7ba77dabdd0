"""Robust local regression against statsmodels' implementation."""

import numpy as np
import pytest
from sevaxis.models.numeric.lowess import lowess, lowess_curve
from statsmodels.nonparametric.smoothers_lowess import lowess as other


@pytest.mark.parametrize("fraction", [0.1, 0.4, 0.9])
@pytest.mark.parametrize("digits", [1, 6])
def test_equals_statsmodels(fraction, digits):
    """Ties in x (one digit) and none. statsmodels keeps weights below 1e-8 that Cleveland's routine drops."""
    rng = np.random.default_rng(1)
    x = np.round(rng.normal(20, 3, 3000), digits)
    y = np.sin(x) + rng.normal(0, 0.3, 3000)
    expected = other(y, x, frac=fraction, it=3, delta=0.01 * np.ptp(x), return_sorted=False)
    np.testing.assert_allclose(lowess(x, y, fraction=fraction), expected, atol=2e-7)


def test_a_line_stays_a_line_and_outliers_do_not_bend_it():
    x = np.linspace(0, 10, 500)
    y = 2 * x + 1
    np.testing.assert_allclose(lowess(x, y, fraction=0.3), y, atol=1e-9)
    y[::50] += 100
    assert np.abs(lowess(x, y, fraction=0.3) - 2 * x - 1).max() < 1e-6


def test_few_and_equal_points():
    assert lowess(np.array([1.0, 1.0, 1.0]), np.array([1.0, 2.0, 3.0]), fraction=0.5).tolist() == [2, 2, 2]
    np.testing.assert_allclose(lowess(np.array([2.0, 1.0]), np.array([5.0, 3.0]), fraction=0.5), [5, 3])


def test_curve_is_what_lowess_interpolates():
    rng = np.random.default_rng(2)
    x, y = rng.random(200), rng.random(200)
    knots, level = lowess_curve(x, y, fraction=0.5)
    assert (np.diff(knots) > 0).all() and knots[0] == x.min() and knots[-1] == x.max()
    np.testing.assert_allclose(np.interp(x, knots, level), lowess(x, y, fraction=0.5))
