"""Quasi-likelihood by hand, against general-purpose optimisers and statsmodels, and at its limits."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from scipy.interpolate import CubicSpline
from sevaxis.models.counts.nb_likelihood import deviance, maximise_likelihood
from sevaxis.models.counts.quasi_likelihood import fit_quasi_likelihood, quasi_likelihood_test
from sevaxis.models.counts.weighted_likelihood import GRID, _highest, average_log_cpm, estimate_trend

TWO_GROUPS = np.column_stack([np.ones(6), np.repeat([0.0, 1.0], 3)])
WITH_COVARIATE = np.column_stack([TWO_GROUPS, [0.1, -1.0, 0.4, 0.9, -0.3, 0.2]])
LIBRARY = np.array([1.0, 1.3, 0.8, 1.1, 0.9, 1.2]) * 1e5


def simulated(features=400, samples=6, dispersion=0.1, seed=1):
    rng = np.random.default_rng(seed)
    mean = np.exp(rng.uniform(np.log(8), np.log(2000), (features, 1))) * np.resize(LIBRARY, samples) / 1e5
    return rng.negative_binomial(1 / dispersion, 1 / (1 + dispersion * mean)).astype(float)


@pytest.mark.parametrize("design", [TWO_GROUPS, WITH_COVARIATE], ids=["groups", "covariate"])
@pytest.mark.parametrize("dispersion", [0.0, 0.02, 1.0])
def test_likelihood_and_deviance_equal_statsmodels(design, dispersion):
    counts = simulated(20)
    phi = np.full(20, dispersion)
    coefficients, mu = maximise_likelihood(counts, design, np.log(LIBRARY), phi)
    family = sm.families.NegativeBinomial(alpha=dispersion) if dispersion else sm.families.Poisson()
    for row in range(20):
        fit = sm.GLM(counts[row], design, family=family, offset=np.log(LIBRARY)).fit(tol=1e-12, maxiter=200)
        np.testing.assert_allclose(coefficients[row], fit.params, rtol=1e-6, atol=1e-7)
        assert deviance(counts, mu, phi)[row] == pytest.approx(fit.deviance, rel=1e-7)


def test_groups_and_covariates_solve_the_same_problem():
    """A design of two groups is solved group by group, one with a column of its own by Newton's method in all."""
    counts = simulated(50)
    counts[0, :3] = 0
    phi = np.full(50, 0.1)
    _, mu = maximise_likelihood(counts, TWO_GROUPS, np.log(LIBRARY), phi)
    rest = WITH_COVARIATE.copy()
    rest[:, 2] = [0, 0, 1, 0, 0, 0]
    sample = np.delete(np.arange(6), 2)  # the extra column takes the third sample away
    _, without = maximise_likelihood(counts[:, sample], TWO_GROUPS[sample], np.log(LIBRARY[sample]), phi)
    _, newton = maximise_likelihood(counts, rest, np.log(LIBRARY), phi)
    np.testing.assert_allclose(newton[:, sample], without, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(newton[1:, 2], counts[1:, 2], rtol=1e-8, atol=1e-8)
    assert (mu[0, :3] < 1e-10).all()


def test_average_log_cpm_of_equal_libraries_by_hand():
    """Equal libraries: the fitted mean is the plain one, so log2((mean + 2) / (library + 4) x 10^6)."""
    counts, library = simulated(10), np.full(6, 1e5)
    expected = np.log2((counts.mean(axis=1) + 2) / (1e5 + 4) * 1e6)
    np.testing.assert_allclose(average_log_cpm(counts, library, 0.2), expected, rtol=1e-12)


def test_the_highest_point_of_a_spline():
    """Against SciPy's spline with the ends' third derivatives of the cubics through the outer four points."""
    rng = np.random.default_rng(2)
    heights = -((GRID - rng.uniform(-12, 12, (60, 1))) ** 2) / 10 + rng.normal(0, 0.02, (60, len(GRID)))
    found = _highest(heights)
    for row, at in zip(heights, found, strict=True):
        # free ends are settled by the second derivatives there, which the outer cubics and the spline must share
        ends = [np.polyfit(GRID[part], row[part], 3) for part in (slice(4), slice(-4, None))]

        def spline(first, last, row=row):
            return CubicSpline(GRID, row, bc_type=((2, first), (2, last)))

        zero, one, other = spline(0, 0), spline(1, 0), spline(0, 1)
        third = lambda s: np.array([s.c[0, 0] * 6, s.c[0, -1] * 6])  # noqa: E731
        system = np.column_stack([third(one) - third(zero), third(other) - third(zero)])
        curve = spline(*np.linalg.solve(system, np.array([6 * ends[0][0], 6 * ends[1][0]]) - third(zero)))
        fine = np.linspace(GRID[0], GRID[-1], 200_001)
        assert at == pytest.approx(fine[curve(fine).argmax()], abs=2e-4)


@pytest.mark.parametrize("design", [TWO_GROUPS, WITH_COVARIATE], ids=["groups", "covariate"])
@pytest.mark.parametrize("dispersion", [0.05, 0.3])
def test_the_trend_finds_the_dispersion(design, dispersion):
    found = estimate_trend(simulated(3000, dispersion=dispersion), design, LIBRARY)
    assert found.common == pytest.approx(dispersion, rel=0.05)
    np.testing.assert_allclose(found.trend, dispersion, rtol=0.25)


def test_f_is_the_added_deviance_over_the_moderated_scatter():
    counts = simulated()
    fit = fit_quasi_likelihood(counts, TWO_GROUPS, LIBRARY)
    found = quasi_likelihood_test(fit, np.array([0.0, 1.0]))
    _, mu = maximise_likelihood(counts, TWO_GROUPS[:, :1], np.log(LIBRARY), fit.dispersion)
    added = deviance(counts, mu, fit.dispersion) - deviance(counts, fit.mu, fit.dispersion)
    np.testing.assert_allclose(found.f[:, 0], added / fit.s2_post, rtol=1e-8, atol=1e-9)
    plain = stats.f.sf(found.f[:, 0], 1, found.df)
    assert (found.p[:, 0] >= plain * (1 - 1e-9)).all()
    s2 = fit.deviance / fit.df_residual
    prior = np.minimum(fit.df_prior, 1e12)
    expected = (prior * fit.s2_prior + fit.df_residual * s2) / (prior + fit.df_residual)
    np.testing.assert_allclose(fit.s2_post, expected, rtol=1e-9)


def test_less_scatter_than_poisson_has_the_p_of_poisson():
    """Counts that hardly vary: F alone would call differences that Poisson counts cannot show."""
    rng = np.random.default_rng(3)
    mean = rng.uniform(50, 500, (400, 1))
    counts = np.rint(mean + rng.normal(0, 0.1, (400, 6)) * np.sqrt(mean))
    counts[:20, 3:] += np.rint(np.sqrt(mean[:20]))
    fit = fit_quasi_likelihood(counts, TWO_GROUPS, np.full(6, 1e5), robust=False)
    found = quasi_likelihood_test(fit, np.array([0.0, 1.0]))
    a, b = counts[:, :3].sum(axis=1), counts[:, 3:].sum(axis=1)
    half = (a + b) / 2
    ratio = 2 * (a * np.log(a / half) + b * np.log(b / half))
    np.testing.assert_allclose(found.p[:20, 0], stats.chi2.sf(ratio, 1)[:20], rtol=1e-6)
    assert (stats.f.sf(found.f[:20, 0], 1, found.df[:20]) < found.p[:20, 0]).all()


def test_exact_zeros_leave_the_residual_degrees_of_freedom():
    counts = simulated()
    counts[0, :3] = 0
    counts[1, 3:] = 0
    fit = fit_quasi_likelihood(counts, TWO_GROUPS, LIBRARY)
    assert fit.df_residual[:3].tolist() == [2, 2, 4]
    found = quasi_likelihood_test(fit, np.array([0.0, 1.0]))
    assert found.one_side[:3, 0].tolist() == [True, True, False]
    assert np.isfinite(found.log2fc).all() and np.isfinite(found.se).all()
    assert found.log2fc[0, 0] > 3 and found.p[0, 0] < 0.01


def test_contrast_between_groups_without_counts_is_no_effect():
    cells = np.kron(np.eye(3), np.ones((3, 1)))
    counts = simulated(200, 9)
    counts[0, :6] = 0
    found = quasi_likelihood_test(
        fit_quasi_likelihood(counts, cells, np.resize(LIBRARY, 9)),
        np.array([[-1.0, 1.0, 0.0], [-1.0, 0.0, 1.0]]).T,
    )
    assert (found.log2fc[0, 0], found.p[0, 0], found.silent[0].tolist()) == (0, 1, [True, False])
    assert found.p[0, 1] < 0.05


def test_the_coding_of_the_design_does_not_matter():
    counts = simulated()
    cells = np.column_stack([1 - TWO_GROUPS[:, 1], TWO_GROUPS[:, 1]])
    one = quasi_likelihood_test(fit_quasi_likelihood(counts, TWO_GROUPS, LIBRARY), np.array([0.0, 1.0]))
    other = quasi_likelihood_test(fit_quasi_likelihood(counts, cells, LIBRARY), np.array([-1.0, 1.0]))
    for name in ("log2fc", "se", "f", "p"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    ("counts", "design", "message"),
    [
        (np.full((3, 6), -1.0), TWO_GROUPS, "negative"),
        (np.ones((3, 5)), TWO_GROUPS, "do not match"),
        (np.ones((3, 2)), np.eye(2), "no replicate"),
        (np.ones((3, 6)), np.column_stack([TWO_GROUPS, TWO_GROUPS[:, 1]]), "aliased"),
        (np.full((3, 6), 0.5), TWO_GROUPS, "no feature has 5 counts"),
    ],
)
def test_bad_input_is_refused(counts, design, message):
    with pytest.raises(ValueError, match=message):
        fit_quasi_likelihood(counts, design, np.full(counts.shape[1], 1e5))
