"""The yardsticks for missing intensities are what they are called, and the curve keeps its level beside them."""

import numpy as np
import pytest
from scipy.stats import chi2, chi2_contingency, ttest_ind

from tests.verdicts import missing
from tests.verdicts.yardsticks import hurdle, limit_of_detection, weighted_curve

NAN = np.nan
CASE = np.arange(6) < 3


def test_the_limit_of_detection_by_hand():
    """Groups with one value, 20 and 22, set the limit at 21; variances are pooled."""
    log2 = np.array([
        [25.0, 26, 27, NAN, NAN, NAN],
        [20.0, NAN, NAN, 24, 25, 26],
        [24.0, 25, 23, 22, NAN, NAN],
        [24.0, 25, 23, 21, 22, 24],
    ])  # fmt: skip
    p = limit_of_detection(log2, CASE, np.array([NAN, 0.1, 0.2, 0.3]))
    assert p[1:].tolist() == [0.1, 0.2, 0.3]  # what the model of abundance tests stays
    # 26 against 21, variance 1 on 2 df of three values and a mean that counts as one
    from scipy.stats import t

    assert p[0] == pytest.approx(2 * t.sf(5 / np.sqrt(1 / 3 + 1), 2))
    both = limit_of_detection(log2, CASE, np.full(4, NAN))
    assert both[3] == pytest.approx(ttest_ind(log2[3, :3], log2[3, 3:]).pvalue)


def test_the_hurdle_adds_two_chi_squares():
    seen = np.array([[1, 1, 1, 1, 0, 0], [1, 1, 0, 1, 0, 1], [1, 1, 1, 1, 1, 1]], dtype=bool)
    log2 = np.where(seen, 25.0, NAN)
    p = hurdle(log2, CASE, np.array([0.03, NAN, 0.2]))

    def ratio(a, b):
        table = [[a, 3 - a], [b, 3 - b]]
        return chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic

    assert p[0] == pytest.approx(chi2.sf(ratio(3, 1) + chi2.isf(0.03, 1), 2))
    assert p[1] == pytest.approx(chi2.sf(ratio(2, 2), 1))
    assert p[2] == 0.2  # seen in all samples: abundance alone


def test_precision_weights_find_a_strong_change():
    rng = np.random.default_rng(1)
    log2 = rng.normal(25, 2, (500, 1)) + rng.normal(0, 0.4, (500, 6))
    log2[0] = [27.0, 27.1, 26.9, 23.0, 23.1, 22.9]
    log2[1:][rng.random((499, 6)) > 1 / (1 + np.exp(22 - log2[1:]))] = NAN
    log2 = log2[np.isfinite(log2).any(axis=1)]
    p = weighted_curve(log2, CASE)
    assert p[0] < 1e-3 and np.isfinite(p).mean() > 0.95


@pytest.mark.slow
@pytest.mark.parametrize("name", missing.DESIGNS)
def test_the_curve_keeps_its_level(name):
    for design in missing.DESIGNS[name]:
        tally, _ = missing.judge(design, studies=2, seed=9)[missing.CURVE]
        assert not tally.rate("p < 0.05, all").above(0.055, 3.0)
        assert not tally.rate("p < 0.001, all").above(0.0015, 3.0)
        assert not tally.rate("p < 0.05, mostly missing").above(0.055, 3.0)
        assert not tally.rate("family").above(0.05, 3.0)
