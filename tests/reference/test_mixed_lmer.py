"""Random intercepts against R lmerTest 3.1.3 (Satterthwaite)."""

import numpy as np
import pytest
from sevaxis.models.mixed.random_intercept import fit_random_intercept

from tests.reference.matrices import read_simulated, read_simulated_answers


@pytest.fixture(scope="module")
def donors():
    values, samples = read_simulated("mixedD")
    treated = (samples.treat == "trt").to_numpy(float)
    design = np.column_stack([np.ones(len(samples)), treated, samples.age])
    expected = read_simulated_answers("mixedD.lmer").loc[values.index]
    return values.to_numpy(), design, samples.donor.to_numpy(), expected


def test_five_thousand_features(donors):
    """lmer stops within a tolerance of its own: 99 % of rows agree to 4e-6, and no likelihood is below lmer's.

    For the rows that differ most see `test_lmer_with_strict_tolerance`.
    """
    values, design, block, expected = donors
    fit = fit_random_intercept(values, design, block)
    found = fit.contrast(np.array([0.0, 1.0, 0.0]))
    for name, column, tolerance in (("se", "se", 4e-6), ("df", "df", 2e-5), ("p", "p", 1e-5)):
        error = np.abs(getattr(found, name)[:, 0] / expected[column] - 1)
        assert np.median(error) < 1e-8, name
        assert np.quantile(error, 0.99) < tolerance, name
    assert np.quantile(np.abs(found.estimate[:, 0] - expected.logFC), 0.99) < 1e-6
    np.testing.assert_allclose(fit.variance_residual, expected.var_resid, rtol=5e-5)
    assert ((expected.var_donor < 1e-9) == fit.boundary).all()
    # ten digits are printed: a value near -100 carries 5e-8 of rounding
    assert (fit.log_likelihood - expected.reml_loglik).min() > -6e-8


# lmer with xtol, ftol = 1e-12 or less, the three features (1-based) that differ most from lmer's default answer:
# estimate, se, df, t, p
STRICT = """
219 -0.1210669675 0.2248033394 45.64969263 -0.5385461258 0.592816638
393 0.06902690053 0.1459850439 45.35726722 0.4728354266 0.6385981079
1321 0.1918120252 0.2656335831 47.63861905 0.7220925267 0.4737673705
"""


def test_lmer_with_strict_tolerance(donors):
    values, design, block, _ = donors
    for line in STRICT.split("\n")[1:-1]:
        feature, *expected = map(float, line.split())
        found = fit_random_intercept(values[[int(feature) - 1]], design, block).contrast(
            np.array([0.0, 1.0, 0.0])
        )
        numbers = np.ravel([found.estimate, found.se, found.df, found.t, found.p])
        np.testing.assert_allclose(numbers, expected, rtol=1e-7)


# lmer(v ~ treat + age + (1 | donor)) with xtol, ftol = 1e-12 or less, of the features and with the samples
# (1-based) for which (7 sample + feature) mod 5 is 0 set to NA: estimate, se, df, t, p, variances, likelihood
WITH_MISSING = """
2 -0.270760315 0.217029531 31.1001923 -1.24757361 0.221499888 0.485341022 0.478482609 -63.2258523
5 0.322864544 0.231620732 45 1.39393629 0.170182478 0 0.632842541 -58.56577
11 0.0121434252 0.0849485405 32.8280621 0.142950369 0.887203206 0.0643094789 0.0736833178 -20.2062114
40 0.177520428 0.332334503 37.1901133 0.534161895 0.596408409 0.0258915098 1.29114207 -75.0275038
77 0.0516732737 0.176578769 29.3186621 0.292635824 0.771861619 0.764239029 0.303783787 -59.3955418
300 0.824426014 0.498807504 37.6640683 1.65279393 0.106686063 0.241464005 2.8371609 -93.9731596
"""


def test_missing_values(donors):
    values, design, block, _ = donors
    sample = np.arange(1, values.shape[1] + 1)
    for line in WITH_MISSING.split("\n")[1:-1]:
        feature, estimate, se, df, t, p, between, within, likelihood = map(float, line.split())
        y = np.where((sample * 7 + feature) % 5 == 0, np.nan, values[int(feature) - 1])[None]
        fit = fit_random_intercept(y, design, block)
        found = fit.contrast(np.array([0.0, 1.0, 0.0]))
        numbers = [found.estimate, found.se, found.df, found.t, found.p]
        np.testing.assert_allclose(np.ravel(numbers), [estimate, se, df, t, p], rtol=1e-6)
        np.testing.assert_allclose(fit.variance_block[0], between, rtol=3e-6, atol=1e-12)
        np.testing.assert_allclose(fit.variance_residual[0], within, rtol=1e-6)
        np.testing.assert_allclose(fit.log_likelihood[0], likelihood, rtol=1e-8)
