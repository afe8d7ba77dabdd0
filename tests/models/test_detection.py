"""Detection tests against SciPy, hand arithmetic and a general-purpose optimiser."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import binom, chi2, fisher_exact
from sevaxis.models.detection import firth_detection
from sevaxis.models.presence import presence_test


def fisher(a, b, n):
    """Exact test of a of n against b of n."""
    samples = np.arange(n)
    present = np.hstack([samples < np.atleast_1d(a)[:, None], samples < np.atleast_1d(b)[:, None]])
    return presence_test(present, np.arange(2 * n) < n)


def test_fisher_three_of_three_against_none_is_one_tenth():
    # the two extreme tables of C(6, 3) = 20 possible ones
    np.testing.assert_allclose(fisher([0, 3], [3, 0], 3), [0.1, 0.1], rtol=1e-12)


def test_fisher_equals_scipy_row_by_row():
    a, b = (counts.ravel() for counts in np.mgrid[:9, :9])
    expected = [fisher_exact([[i, 8 - i], [j, 8 - j]]).pvalue for i, j in zip(a, b, strict=True)]
    np.testing.assert_allclose(fisher(a, b, 8), expected, rtol=1e-12)


def largest_size(test, n):
    """Exact chance of p <= 0.05 when both groups have the same detection rate, at the worst such rate."""
    a, b = (counts.ravel() for counts in np.mgrid[: n + 1, : n + 1])
    called = test(a, b, n) <= 0.05
    rates = np.linspace(0.01, 0.99, 197)
    return max((binom.pmf(a, n, rate) * binom.pmf(b, n, rate))[called].sum() for rate in rates)


@pytest.mark.parametrize(("n", "expected"), [(3, 0.0), (5, 2 * 11 / 2**10), (10, None)])
def test_fisher_attainable_size(n, expected):
    """At n = 3 no table reaches 0.05. At n = 5 these do: 5/5 v 0/5 (p = 2/252), 5/5 v 1/5 and 4/5 v 0/5
    (p = 10/210), and their mirror images: 2 (1 + 5 + 5) of 2^10 outcomes at a rate of one half."""
    size = largest_size(fisher, n)
    assert size <= 0.05
    if expected is not None:
        np.testing.assert_allclose(size, expected, rtol=1e-9)


@pytest.mark.parametrize("n", [3, 5, 10])
def test_firth_size_at_the_worst_rate(n):
    """The chi-square reference is asymptotic; enumerated, the test stays within a hair of its level."""

    def firth(a, b, n):
        samples = np.arange(n)
        present = np.hstack([samples < a[:, None], samples < b[:, None]])
        return firth_detection(present, np.column_stack([np.ones(2 * n), np.arange(2 * n) < n]), [0, 1]).p[
            :, 0
        ]

    assert 0.02 < largest_size(firth, n) < 0.055


def optimised(y, design, contrast):
    """Penalised log odds ratio and likelihood-ratio p by a derivative-free optimiser, as defined."""

    def objective(beta):
        eta = design @ beta
        pi = 1 / (1 + np.exp(-eta))
        information = design.T @ np.diag(pi * (1 - pi)) @ design
        return -(np.sum(y * np.log(pi) + (1 - y) * np.log1p(-pi)) + 0.5 * np.log(np.linalg.det(information)))

    options = {"xatol": 1e-9, "fatol": 1e-13, "maxiter": 20000, "maxfev": 20000}
    full = minimize(objective, np.zeros(design.shape[1]), method="Nelder-Mead", options=options)
    free = np.linalg.svd(contrast[None])[2][1:].T
    null = minimize(
        lambda g: objective(free @ g), np.zeros(free.shape[1]), method="Nelder-Mead", options=options
    )
    return full.x @ contrast, chi2.sf(2 * (null.fun - full.fun), 1)


def test_firth_two_groups_by_hand():
    """Two groups of three, 3/3 v 0/3.

    The penalty adds half a detection and half a miss to each group (Firth 1993): the fitted probabilities are
    3.5/4 and 0.5/4, the log odds ratio 2 ln 7. With both groups at the same pi the information is 9 w^2,
    w = pi (1 - pi), the penalised likelihood pi^3 (1 - pi)^3 w, its maximum at pi = 1/2.
    """
    design = np.array([[1, 1]] * 3 + [[1, 0]] * 3)
    fit = firth_detection([[1, 1, 1, 0, 0, 0]], design, [0, 1])
    np.testing.assert_allclose(fit.log_odds, [[2 * np.log(7)]], rtol=1e-6)
    ratio = 2 * (6 * np.log(0.875) + np.log(0.875 * 0.125) - 6 * np.log(0.5) - np.log(0.25))
    np.testing.assert_allclose(fit.p, [[chi2.sf(ratio, 1)]], rtol=1e-6)


def test_firth_with_covariates_equals_direct_maximisation():
    rng = np.random.default_rng(2)
    group, sex, dose = np.repeat([0, 1], 8), np.tile([0, 1], 8), rng.normal(size=16)
    design = np.column_stack([np.ones(16), group, sex, dose])
    present = rng.uniform(size=(6, 16)) < 0.3 + 0.4 * group
    present[0] = group == 1  # perfect separation
    present[1] = True
    contrasts = np.array([[0, 1, 0, 0], [0, 1, -1, 0]]).T.astype(float)
    fit = firth_detection(present, design, contrasts)
    assert (fit.status == "tested").all()
    for i in range(len(present)):
        for j in range(2):
            log_odds, p = optimised(present[i].astype(float), design, contrasts[:, j])
            np.testing.assert_allclose(fit.log_odds[i, j], log_odds, atol=1e-5)
            np.testing.assert_allclose(fit.p[i, j], p, rtol=1e-5)


def test_firth_settles_on_hard_patterns():
    """Thirteen coefficients for 48 samples, rare and common features: no row is given up."""
    rng = np.random.default_rng(4)
    samples = np.arange(48)
    design = np.column_stack([np.ones(48), samples < 24, (samples % 12)[:, None] == np.arange(1, 12)])
    present = rng.uniform(size=(400, 48)) < rng.uniform(size=(400, 1)) ** 2
    fit = firth_detection(present, design, np.eye(13)[1])
    assert (fit.status == "tested").all()
    assert ((fit.p > 0) & (fit.p <= 1)).all()


def test_firth_refuses_what_it_cannot_fit():
    with pytest.raises(ValueError, match="full column rank"):
        firth_detection(np.ones((2, 4)), np.ones((4, 2)), [0, 1])
    with pytest.raises(ValueError, match="do not fit together"):
        firth_detection(np.ones((2, 5)), np.eye(4), [1, 0, 0, 0])
