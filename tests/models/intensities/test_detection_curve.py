"""The detection curve: it finds the one that was planted, and maximises what it says it maximises."""

import numpy as np
import pytest
from scipy import integrate, optimize
from scipy.special import expit
from scipy.stats import binom, norm
from sevaxis.models.intensities.detection_curve import (
    _Moments,
    complete_moments,
    fit_detection_curve,
    recover,
)

NAN = np.nan


def missed(seed, samples, intercept, slope, *, features=3000, shifts=0.0, variances=True):
    """Normal features about 25 (SD 2), of variances that differ, each value seen as the curve has it."""
    rng = np.random.default_rng(seed)
    spread = 0.5 * np.sqrt(6 / rng.chisquare(6, features)) if variances else np.full(features, 0.5)
    complete = rng.normal(25, 2, (features, 1)) + spread[:, None] * rng.normal(size=(features, samples))
    seen = rng.random(complete.shape) < expit(intercept + shifts + slope * complete)
    return complete, np.where(seen, complete, NAN)


@pytest.mark.parametrize("samples", [6, 12, 20])
@pytest.mark.parametrize(("intercept", "slope"), [(-21.5, 1.0), (-25.0, 1.0), (-17.0, 0.7), (-36.0, 1.5)])
def test_a_planted_curve_is_found(samples, intercept, slope):
    """From a tenth to a half missing. Complete values are normal here, which observed ones then are but nearly."""
    _, log2 = missed(1, samples, intercept, slope)
    curve = fit_detection_curve(log2)
    assert curve.slope == pytest.approx(slope, rel=0.12 if samples == 6 else 0.08)
    # where half is detected
    assert -curve.intercept / curve.slope == pytest.approx(-intercept / slope, abs=0.25)


def test_the_curve_of_observed_normals_is_exact():
    """The model as it is written: observed values normal, their number binomial by the tilted mean."""
    rng = np.random.default_rng(2)
    features, samples, b0, b1, variance = 20_000, 12, -23.0, 1.0, 0.25
    mean = rng.normal(24, 2, features)
    number = rng.binomial(samples, expit(b0 + b1 * (mean - b1 * variance / 2)))
    log2 = mean[:, None] + np.sqrt(variance) * rng.normal(size=(features, samples))
    log2[np.arange(samples) >= number[:, None]] = NAN
    log2 = rng.permuted(log2, axis=1)
    curve = fit_detection_curve(log2)
    assert curve.slope == pytest.approx(b1, abs=0.015)
    assert -curve.intercept / curve.slope == pytest.approx(23, abs=0.05)
    np.testing.assert_allclose(curve.shifts, 0, atol=0.1)


@pytest.mark.parametrize(("samples", "intercept"), [(4, -23.0), (8, -25.0), (20, -24.0)])
def test_the_likelihood_is_at_its_maximum(samples, intercept):
    """SciPy's own binomial and an optimiser without derivatives, on the same means and variances."""
    _, log2 = missed(3, samples, intercept, 1.0, features=800)
    log2 = log2[np.isfinite(log2).any(axis=1)]
    curve = fit_detection_curve(log2)
    found = _Moments.of(log2)
    error = found.moderated / found.number
    mean = found.mean.mean() + (found.mean - found.mean.mean()) * (1 - error.mean() / found.mean.var()) / (
        1 - error.mean() / found.mean.var() + error / found.mean.var()
    )

    def loss(b):
        p = expit(b[0] + b[1] * (mean - b[1] * found.moderated / 2))
        number = np.isfinite(log2).sum(axis=1)
        return -(binom.logpmf(number, samples, p) - np.log1p(-binom.pmf(0, samples, p))).sum()

    start = [curve.intercept + 0.5, curve.slope - 0.05]
    tight = {"xatol": 1e-9, "fatol": 1e-11, "maxiter": 4000, "maxfev": 8000}
    best = optimize.minimize(loss, start, method="Nelder-Mead", options=tight)
    np.testing.assert_allclose([curve.intercept, curve.slope], best.x, rtol=1e-6)


def test_tilting_by_quadrature():
    """The two formulas that the curve is estimated by, from the densities that they stand for."""
    b0, b1, mean, sd = -4.0, 0.7, 6.0, 1.3
    observed = norm(mean, sd).pdf

    def odds_missing(y):
        return np.exp(-(b0 + b1 * y))

    total = integrate.quad(lambda y: observed(y) * odds_missing(y), -20, 30)[0]
    first = integrate.quad(lambda y: y * observed(y) * odds_missing(y), -20, 30)[0]
    assert -np.log(total) == pytest.approx(b0 + b1 * (mean - b1 * sd**2 / 2))
    assert first / total == pytest.approx(mean - b1 * sd**2)


def test_samples_that_see_less_are_told():
    shifts = np.array([1.0, 0.5, 0, 0, -0.5, -1.0])
    _, log2 = missed(4, 6, -23.6, 1.0, shifts=shifts)
    curve = fit_detection_curve(log2)
    assert curve.shifts.sum() == pytest.approx(0)
    np.testing.assert_allclose(curve.shifts, shifts, atol=0.2)


GROUPS = np.repeat([0.0, 1.0], 3)[:, None]


@pytest.mark.parametrize("columns", [None, np.hstack([np.ones((6, 1)), GROUPS])])
def test_missing_values_are_modes_of_their_posterior(columns):
    """Fitted values by a maximisation of the likelihood, values and standard errors by one of the posterior."""
    _, log2 = missed(5, 6, -24.0, 1.0, features=60, shifts=np.linspace(-0.5, 0.5, 6))
    log2 = log2[np.isfinite(log2).any(axis=1)]
    curve = fit_detection_curve(log2)
    x = np.ones((6, 1)) if columns is None else columns
    leverage = np.einsum("sa,ab,sb->s", x, np.linalg.inv(x.T @ x), x)
    variance, mean = complete_moments(log2, curve, columns)
    filled = recover(log2, curve, columns)
    offset = curve.intercept + curve.shifts
    missing = np.isnan(log2)
    np.testing.assert_array_equal(filled.log2[~missing], log2[~missing])
    assert (filled.se[~missing] == 0).all()
    checked = 0
    for i in np.flatnonzero(missing.any(axis=1))[:12]:
        gap = missing[i]

        def loss(b, i=i, gap=gap):
            fitted = x @ b
            scale = 1 / np.sqrt(1 + np.pi / 8 * curve.slope**2 * variance[i])
            prior = leverage * (fitted - curve.centre) ** 2 / (2 * curve.spread)
            return (
                -norm.logpdf(log2[i][~gap], fitted[~gap], np.sqrt(variance[i])).sum()
                - np.log(expit(-scale * (offset[gap] + curve.slope * fitted[gap]))).sum()
                + prior.sum()
            )

        start = [np.nanmean(log2[i])] + [0.0] * (x.shape[1] - 1)
        tight = {"xatol": 1e-10, "fatol": 1e-13, "maxfev": 8000}
        best = optimize.minimize(loss, start, method="Nelder-Mead", options=tight)
        np.testing.assert_allclose(mean[i], x @ best.x, atol=1e-5)
        for j in np.flatnonzero(gap):

            def posterior(y, i=i, j=j):
                missed = np.log(expit(-(offset[j] + curve.slope * y)))
                return -norm.logpdf(y, mean[i, j], np.sqrt(variance[i])) - missed

            at = optimize.minimize_scalar(posterior, bracket=(mean[i, j] - 1, mean[i, j] + 1), tol=1e-12).x
            assert filled.log2[i, j] == pytest.approx(at, abs=1e-6)
            h = 1e-3
            bend = (posterior(at + h) - 2 * posterior(at) + posterior(at - h)) / h**2
            assert filled.se[i, j] == pytest.approx(bend**-0.5, rel=1e-4)
            checked += 1
    assert checked > 12


def test_recovered_values_are_lower_and_nearer_the_truth_than_the_mean():
    complete, log2 = missed(6, 10, -24.0, 1.0)
    missing = np.isnan(log2) & np.isfinite(log2).any(axis=1)[:, None]
    filled = recover(log2, fit_detection_curve(log2)).log2
    mean = np.broadcast_to(
        np.nanmean(np.where(missing.any(axis=1)[:, None], log2, 0.0), axis=1)[:, None], log2.shape
    )
    error, plain = filled[missing] - complete[missing], mean[missing] - complete[missing]
    assert plain.mean() > 0.2 and np.square(error).mean() < np.square(plain).mean()
    assert (filled[missing] < mean[missing]).mean() > 0.9  # the weakest are drawn to where the others are


def test_what_is_never_seen_stays_missing_and_the_order_of_samples_is_nothing():
    _, log2 = missed(7, 6, -24.0, 1.0, features=200)
    log2[3] = NAN
    order = np.array([3, 1, 5, 0, 2, 4])
    one, other = (recover(v, fit_detection_curve(v)).log2 for v in (log2, log2[:, order]))
    np.testing.assert_allclose(one[:, order], other, atol=1e-6)
    assert np.isnan(one[3]).all()
    assert np.isfinite(one[np.isfinite(log2).any(axis=1)]).all()


@pytest.mark.parametrize(
    ("log2", "says"),
    [
        (np.arange(12.0).reshape(4, 3), "no value is missing"),
        (np.where(np.eye(4, dtype=bool), 20.0, NAN), "no feature has two values"),
    ],
)
def test_without_what_it_needs_there_is_no_curve(log2, says):
    with pytest.raises(ValueError, match=says):
        fit_detection_curve(log2)
