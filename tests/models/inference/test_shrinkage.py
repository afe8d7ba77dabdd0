"""Shrunken effects against scipy's optimiser, the normal theory they approximate, and plain EM."""

import numpy as np
import pytest
from scipy import optimize, stats
from sevaxis.models.counts.negative_binomial import fit_negative_binomial, wald
from sevaxis.models.inference.shrinkage import _mixture_weights, shrink_counts, shrink_effects

TWO_GROUPS = np.column_stack([np.ones(8), np.repeat([0.0, 1.0], 4)])


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(1)
    mean = np.exp(rng.normal(4, 1.5, (400, 1)))
    effect = np.where(rng.random((400, 1)) < 0.2, rng.normal(0, 1.5, (400, 1)), 0.0)
    mu = mean * np.exp(effect * TWO_GROUPS[:, 1])
    dispersion = 0.05 + 2 / mean
    counts = rng.negative_binomial(1 / dispersion, 1 / (1 + dispersion * mu))
    return fit_negative_binomial(counts, TWO_GROUPS)


def test_posterior_mode_by_scipy(fitted):
    found = shrink_counts(fitted, np.array([0.0, 1.0]))
    scale = found.prior["scale"][0] * np.log(2)
    for i in range(0, 400, 16):
        size = 1 / fitted.dispersion[i]

        def lowest(beta, i=i, size=size):
            mu = fitted.size_factors * np.exp(TWO_GROUPS @ beta)
            likelihood = stats.nbinom.logpmf(fitted.counts[i], size, size / (size + mu)).sum()
            return -likelihood - stats.cauchy.logpdf(beta[1], 0, scale) - stats.norm.logpdf(beta[0], 0, 15)

        base = fitted.coefficients[i] * np.log(2)
        modes = [
            optimize.minimize(
                lowest, [base[0], slope], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11}
            )
            for slope in (base[1], 0.0, base[1] / 2)
        ]
        best = min(modes, key=lambda mode: mode.fun)
        assert found.log2fc[i] == pytest.approx(best.x[1] / np.log(2), abs=2e-5)


def test_large_effects_stay_and_small_ones_shrink(fitted):
    found = shrink_counts(fitted, np.array([0.0, 1.0]))
    raw = wald(fitted, np.array([0.0, 1.0]))
    clear = np.abs(raw.stat[:, 0]) > 8
    noise = np.abs(raw.stat[:, 0]) < 1
    assert clear.sum() > 5
    assert (np.abs(found.log2fc[clear] / raw.log2fc[clear, 0]) > 0.9).all()
    assert np.median(np.abs(found.log2fc[noise] / raw.log2fc[noise, 0])) < 0.85
    # where a group has hardly a count the unshrunken estimate itself is held back by the floor on the mean
    counted = np.minimum(fitted.counts[:, :4].sum(axis=1), fitted.counts[:, 4:].sum(axis=1)) > 8
    assert (np.abs(found.log2fc) <= np.abs(raw.log2fc[:, 0]) + 1e-6)[counted].all()


def test_a_contrast_is_the_coefficient_it_names(fitted):
    cells = np.column_stack([1 - TWO_GROUPS[:, 1], TWO_GROUPS[:, 1]])
    other = fit_negative_binomial(fitted.counts, cells, dispersion=fitted.dispersion)
    one = shrink_counts(fitted, np.array([0.0, 1.0])).log2fc
    # the wide prior lies on other nuisance coefficients, which moves the mode of the rarest features a little
    np.testing.assert_allclose(shrink_counts(other, np.array([-1.0, 1.0])).log2fc, one, rtol=0.01, atol=0.005)


def test_contrast_of_zeros_is_refused(fitted):
    with pytest.raises(ValueError, match="not all of them 0"):
        shrink_counts(fitted, np.zeros(2))


def test_normal_effects_shrink_by_the_normal_theory():
    rng = np.random.default_rng(2)
    se = rng.uniform(0.3, 1.0, 20_000)
    truth = rng.normal(0, 1, 20_000)
    effects = truth + rng.normal(0, 1, 20_000) * se
    found = shrink_effects(effects, se)
    # posterior of a N(0, 1) prior: mean b / (1 + s^2), variance s^2 / (1 + s^2)
    assert np.sqrt(np.mean((found.log2fc - effects / (1 + se**2)) ** 2)) < 0.05
    assert np.sqrt(np.mean((found.sd - se / np.sqrt(1 + se**2)) ** 2)) < 0.05
    assert np.mean((found.log2fc - truth) ** 2) < np.mean((effects - truth) ** 2)


def test_pure_noise_shrinks_to_nothing():
    rng = np.random.default_rng(3)
    found = shrink_effects(rng.normal(0, 0.5, 5000), np.full(5000, 0.5))
    assert np.quantile(np.abs(found.log2fc), 0.99) < 0.1


def test_mixture_weights_are_no_worse_than_long_em():
    rng = np.random.default_rng(4)
    sd = 0.1 * 2.0 ** np.arange(8)
    density = stats.norm.pdf(
        rng.normal(0, 1, (2000, 1)) * rng.choice([0.1, 1.5], (2000, 1)), 0, np.hypot(0.3, sd)
    )
    found = _mixture_weights(density)
    em = np.full(8, 1 / 8)
    for _ in range(5000):
        share = density * em
        em = (share / share.sum(axis=1, keepdims=True)).mean(axis=0)
    assert found.sum() == pytest.approx(1)
    assert (found >= 0).all()
    assert np.log(density @ found).mean() >= np.log(density @ em).mean() - 1e-9


def test_missing_effects_stay_missing():
    found = shrink_effects(np.array([0.1, np.nan, 2.0, 0.3]), np.array([0.1, 0.1, 0.2, np.nan]))
    assert list(np.isnan(found.log2fc)) == [False, True, False, True]


@pytest.mark.parametrize(
    ("effects", "se"),
    [([1.0, np.inf], [1.0, 1.0]), ([1.0, 2.0], [1.0, 0.0]), ([1.0], [1.0, 2.0]), ([np.nan], [1.0])],
)
def test_bad_input_is_refused(effects, se):
    with pytest.raises(ValueError, match="effects"):
        shrink_effects(np.array(effects), np.array(se))
