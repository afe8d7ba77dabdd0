"""Two effects beside each other: two one-sided tests of their ratio are Fieller's set turned round."""

import numpy as np
import pytest
from scipy.stats import t
from sevaxis.models.inference.ratio import alike_within, ratio_of_effects


@pytest.mark.parametrize("alpha", [0.01, 0.1, 0.4])
def test_effects_are_alike_where_the_set_of_their_ratio_lies_within_the_bounds(alpha):
    rng = np.random.default_rng(3)
    sign = rng.choice([-1.0, 1.0], 4000)
    a, b = sign * rng.uniform(0.5, 3, 4000), sign * rng.uniform(0.5, 3, 4000)
    se_a, se_b = rng.uniform(0.02, 0.4, (2, 4000))
    se_d = np.sqrt(se_a**2 + se_b**2 - 2 * rng.uniform(-0.5, 0.5, 4000) * se_a * se_b)
    df = rng.uniform(3, 40, 4000)
    _, low, high = ratio_of_effects(a, b, se_a, se_b, se_d, df, df, alpha=alpha)
    within = (low >= 0.5) & (high <= 2)
    p = alike_within(a, b, se_a, se_b, se_d, df, df, times=2.0)
    # where the ratio's denominator is not off zero there is no interval, and nothing is alike
    assert 0.1 < within.mean() < 0.9
    np.testing.assert_array_equal((p <= alpha / 2)[~np.isnan(low)], within[~np.isnan(low)])


def test_by_hand_and_in_the_least_favourable_case():
    """2 x 1 - 1.5 = 0.5 with variance 4 x .01 + .01 - 4 x 0: t of 40 df; a ratio of two errs in 5 %."""
    se_d = np.sqrt(0.02)
    found = float(alike_within(1.0, 1.5, 0.1, 0.1, se_d, 40.0, 40.0, times=2.0))
    assert found == pytest.approx(t.sf(0.5 / np.sqrt(0.05), 40), rel=1e-12)
    rng = np.random.default_rng(5)
    s = np.sqrt(rng.chisquare(12, 200_000) / 12)
    a, b = rng.normal(2.0, 0.1, 200_000), rng.normal(1.0, 0.1, 200_000)
    p = alike_within(a, b, 0.1 * s, 0.1 * s, np.sqrt(0.02) * s, 12.0, 12.0, times=2.0)
    assert (p <= 0.05).mean() == pytest.approx(0.05, abs=0.002)
    # unlike signs are not alike
    assert float(alike_within(1.0, -0.9, 0.1, 0.1, se_d, 40.0, 40.0, times=2.0)) > 0.99
