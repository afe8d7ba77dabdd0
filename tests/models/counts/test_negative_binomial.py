"""Negative binomial models against hand arithmetic, scipy and pydeseq2 (R's numbers: tests/reference)."""

import numpy as np
import pytest
from scipy import stats
from sevaxis.base.vocabulary import Reason
from sevaxis.models.counts.dispersion import _Objective
from sevaxis.models.counts.dispersion_trend import fit_trend, prior_variance
from sevaxis.models.counts.independent_filter import filter_independently
from sevaxis.models.counts.negative_binomial import fit_negative_binomial, wald
from sevaxis.models.counts.outliers import find_count_outliers
from sevaxis.models.counts.size_factors import estimate_size_factors

TWO_GROUPS = np.column_stack([np.ones(6), [0, 0, 0, 1, 1, 1]])


def simulated(rng: np.random.Generator, features: int, samples: int) -> np.ndarray:
    """Counts without any difference between samples, dispersion 0.05 + 5 / mean with log-normal scatter."""
    mean = np.exp(rng.normal(5, 1, (features, 1))) * np.ones(samples)
    dispersion = (0.05 + 5 / mean) * np.exp(rng.normal(0, 0.5, (features, 1)))
    return rng.negative_binomial(1 / dispersion, 1 / (1 + dispersion * mean)).astype(float)


# ---------------------------------------------------------------- size factors
def test_size_factors_of_two_samples_by_hand():
    # ratios to the geometric mean are 10/sqrt(200) and 20/sqrt(200) in every feature that is counted in both
    counts = np.array([[10, 20], [100, 200], [7, 14], [0, 5]])
    np.testing.assert_allclose(estimate_size_factors(counts).values, [np.sqrt(0.5), np.sqrt(2.0)], rtol=1e-12)


def test_poscounts_by_hand():
    # roots of the products of the positive counts: sqrt(4)=2, sqrt(9)=3, sqrt(16)=4
    # sample 1: ratios 4/2, 1/4 -> median of the logs of 2 and 0.25; sample 2: 9/3, 16/4 -> of 3 and 4
    counts = np.array([[4, 0], [0, 9], [1, 16]])
    raw = np.array([np.sqrt(2 * 0.25), np.sqrt(3 * 4)])
    expected = raw / np.sqrt(raw.prod())
    np.testing.assert_allclose(estimate_size_factors(counts, "poscounts").values, expected, rtol=1e-12)


def test_ratio_falls_back_and_says_so():
    found = estimate_size_factors(np.array([[4, 0], [0, 9], [0, 16]]))
    assert found.method == "poscounts"
    assert "every sample" in found.reason


def test_sample_without_a_count_is_refused():
    with pytest.raises(ValueError, match=r"sample\(s\) 1"):
        estimate_size_factors(np.array([[4, 0], [3, 0]]))


# ---------------------------------------------------------------- coefficients
def test_two_groups_by_hand():
    # equal size factors: the estimate is the difference of log group means, with variance
    # sum over groups of (1 / mean + dispersion) / n; the ridge moves both by less than 1e-5
    counts = np.array([[90, 100, 110, 300, 400, 500], [10, 20, 30, 10, 20, 30]])
    fit = fit_negative_binomial(counts, TWO_GROUPS, size_factors=np.ones(6), dispersion=np.array([0.1, 0.3]))
    found = wald(fit, np.array([0.0, 1.0]))
    np.testing.assert_allclose(found.log2fc[:, 0], [2.0, 0.0], atol=1e-4)
    variance = [(1 / 100 + 0.1 + 1 / 400 + 0.1) / 3, 2 * (1 / 20 + 0.3) / 3]
    np.testing.assert_allclose(found.se[:, 0], np.sqrt(variance) / np.log(2), rtol=1e-5)
    np.testing.assert_allclose(found.p[:, 0], 2 * stats.norm.sf(np.abs(found.stat[:, 0])), rtol=1e-12)


def test_group_of_zeros_stays_finite():
    # means are floored at 0.5, so the working response of a zero is log 0.5 - 1
    counts = np.array([[0, 0, 0, 50, 60, 70], [40, 50, 60, 50, 60, 70]])
    fit = fit_negative_binomial(counts, TWO_GROUPS, size_factors=np.ones(6), dispersion=np.full(2, 0.1))
    np.testing.assert_allclose(fit.coefficients[0, 0], (np.log(0.5) - 1) / np.log(2), rtol=1e-4)
    assert np.isfinite(wald(fit, np.array([0.0, 1.0])).p).all()


def test_cell_means_and_treatment_coding_agree():
    counts = simulated(np.random.default_rng(3), 200, 6)
    cells = np.column_stack([1 - TWO_GROUPS[:, 1], TWO_GROUPS[:, 1]])
    one = wald(fit_negative_binomial(counts, TWO_GROUPS), np.array([0.0, 1.0]))
    other = wald(fit_negative_binomial(counts, cells), np.array([-1.0, 1.0]))
    np.testing.assert_allclose(one.log2fc, other.log2fc, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(one.p, other.p, rtol=1e-3)


def test_coefficients_are_the_maximum_of_scipys_likelihood():
    counts = simulated(np.random.default_rng(4), 50, 6)
    fit = fit_negative_binomial(counts, TWO_GROUPS)
    size = 1 / fit.dispersion[:, None]

    def height(coefficients: np.ndarray) -> np.ndarray:
        mean = fit.size_factors * 2 ** (coefficients @ TWO_GROUPS.T)
        return stats.nbinom.logpmf(counts, size, size / (size + mean)).sum(axis=1)

    top = height(fit.coefficients)
    for step in ([0.01, 0], [-0.01, 0], [0, 0.01], [0, -0.01]):
        assert (height(fit.coefficients + np.array(step)) < top).all()


# ---------------------------------------------------------------- dispersion
def test_dispersion_objective_is_scipys_likelihood_with_cox_reid():
    rng = np.random.default_rng(6)
    counts = simulated(rng, 5, 6)
    mu = counts.mean(axis=1, keepdims=True) * np.ones(6)
    objective = _Objective(counts, mu, TWO_GROUPS, np.full(5, np.log(0.2)), 0.5)

    def expected(t: float) -> np.ndarray:
        size = np.exp(-t)
        weights = mu / (1 + np.exp(t) * mu)
        gram = np.einsum("ni,gn,nj->gij", TWO_GROUPS, weights, TWO_GROUPS)
        likelihood = stats.nbinom.logpmf(counts, size, size / (size + mu)).sum(axis=1)
        return (
            likelihood - 0.5 * np.log(np.linalg.det(gram)) + stats.norm.logpdf(t, np.log(0.2), np.sqrt(0.5))
        )

    low, high = -3.0, -1.0
    found = objective.value(np.full(5, high)) - objective.value(np.full(5, low))
    np.testing.assert_allclose(found, expected(high) - expected(low), rtol=1e-9)
    step = 1e-5
    numerical = (expected(-2 + step) - expected(-2 - step)) / (2 * step)
    np.testing.assert_allclose(objective.slope(np.full(5, -2.0)), numerical, rtol=1e-5)


def test_trend_recovers_its_parameters():
    means = np.exp(np.linspace(0, 8, 400))
    noise = stats.gamma(5, scale=1 / 5).ppf(
        np.random.default_rng(1).permutation((np.arange(400) + 0.5) / 400)
    )
    found = fit_trend(means, (0.1 + 3 / means) * noise, "parametric", 1e-8)
    assert found.kind == "parametric"
    np.testing.assert_allclose(found.parameters, [0.1, 3.0], rtol=0.1)


def test_trend_that_rises_with_the_mean_falls_back_to_local():
    means = np.exp(np.linspace(0, 8, 400))
    found = fit_trend(means, 0.01 * means**0.5, "parametric", 1e-8)
    assert found.kind == "local"
    assert "parametric" in found.reason
    # log dispersion is a straight line in log mean, which a local quadratic reproduces
    np.testing.assert_allclose(found.evaluate(means), 0.01 * means**0.5, rtol=1e-6)


def test_mean_trend():
    assert fit_trend(np.arange(1.0, 5), np.array([0.1, 0.2, 0.3, 0.4]), "mean", 1e-8).parameters[0] == 0.25


@pytest.mark.parametrize("residual_df", [1, 2, 3, 8])
def test_prior_variance_of_simulated_scatter(residual_df):
    rng = np.random.default_rng(8)
    n = 40_000
    residuals = np.log(rng.chisquare(residual_df, n) / residual_df) + rng.normal(0, np.sqrt(1.5), n)
    # the robust estimate of the larger df assumes a normal sampling distribution: 15 % is its known bias here
    assert prior_variance(residuals, residual_df) == pytest.approx(1.5, rel=0.15)


def test_counts_without_overdispersion_keep_their_own_estimates():
    counts = np.arange(20, 70)[:, None] + np.array([0, 1, 2, 0, 1, 2])  # variance 1, far below the mean
    fit = fit_negative_binomial(counts, TWO_GROUPS, size_factors=np.ones(6))
    assert fit.dispersions.trend.kind == "none"
    assert np.isfinite(wald(fit, np.array([0.0, 1.0])).p).all()


# ---------------------------------------------------------------- options
def test_cooks_distance_by_hand():
    # two groups of three, equal size factors: every leverage is 1/3, so D = r^2 / 2 * (1/3) / (2/3)^2 = 3/8 r^2;
    # of (10, 20, 90) the trimmed mean is 20, the deviations (100, 0, 4900), their trimmed mean 100 and the
    # variance 204, the other group has less; mean of all six 30 -> dispersion (204 - 30) / 900
    counts = np.array([[10, 20, 90, 20, 20, 20]])
    fit = fit_negative_binomial(counts, TWO_GROUPS, size_factors=np.ones(6), dispersion=np.array([0.2]))
    found = find_count_outliers(fit)
    dispersion = (204 - 30) / 900
    expected = 3 / 8 * (90 - 40) ** 2 / (40 + dispersion * 1600)
    assert found.distance[0] == pytest.approx(expected, rel=1e-4)
    assert found.sample[0] == 2
    assert found.cutoff == pytest.approx(stats.f.ppf(0.99, 2, 4))
    assert not found.outlier[0]


def test_planted_count_outlier_is_named():
    counts = simulated(np.random.default_rng(14), 100, 12)
    counts[7] = [100, 90, 110, 95, 105, 99, 101, 98, 100, 97, 100, 9000]
    design = np.column_stack([np.ones(12), np.repeat([0.0, 1.0], 6)])
    fit = fit_negative_binomial(counts, design)
    outliers = find_count_outliers(fit)
    found = wald(fit, np.array([0.0, 1.0]), exclude=outliers.exclude)
    assert (outliers.outlier[7], outliers.sample[7]) == (True, 11)
    assert found.status[7, 0] == "not_estimable"
    assert found.reason[7, 0] == Reason.COUNT_OUTLIER
    assert np.isfinite(found.log2fc[7, 0])  # the effect stays visible


def test_no_replicates_no_cooks_distance():
    counts = simulated(np.random.default_rng(15), 20, 4)
    design = np.column_stack([np.ones(4), np.arange(4.0)])
    found = find_count_outliers(fit_negative_binomial(counts, design))
    assert np.isnan(found.distance).all()
    assert not found.outlier.any()


def test_independent_filtering_finds_more_when_rare_features_carry_nothing():
    rng = np.random.default_rng(16)
    base_mean = np.sort(rng.gamma(0.5, 100, 2000))
    p = rng.uniform(size=2000)
    p[1500:] = rng.uniform(0, 0.03, 500)
    found = filter_independently(base_mean, p)
    everything = stats.false_discovery_control(p)
    assert (found.q < 0.05).sum() > (everything < 0.05).sum()
    np.testing.assert_allclose(found.q[found.kept], stats.false_discovery_control(p[found.kept]))
    assert np.isnan(found.q[~found.kept]).all()


def test_independent_filtering_without_findings_filters_nothing():
    rng = np.random.default_rng(17)
    found = filter_independently(rng.gamma(0.5, 100, 500), rng.uniform(size=500))
    assert found.kept.all()


# ---------------------------------------------------------------- bad input
@pytest.mark.parametrize(
    ("counts", "design", "message"),
    [
        (np.full((3, 6), -1.0), TWO_GROUPS, "negative"),
        (np.full((3, 6), np.inf), TWO_GROUPS, "infinite"),
        (np.full((3, 6), np.nan), TWO_GROUPS, "missing"),
        (np.ones((3, 5)), TWO_GROUPS, "do not match"),
        (np.ones((3, 6)), np.column_stack([TWO_GROUPS, TWO_GROUPS[:, 1]]), "aliased"),
        (np.ones((3, 2)), np.eye(2), "no replicate"),
        (np.ones((3, 2)), np.ones((2, 5)), "no replicate"),
        (np.ones((3, 6)), np.where(TWO_GROUPS == 0, np.nan, TWO_GROUPS), "missing or infinite"),
    ],
)
def test_bad_input_is_refused_before_fitting(counts, design, message):
    with pytest.raises(ValueError, match=message):
        fit_negative_binomial(counts, design)


def test_rows_and_numbers_that_need_a_word_have_one(recwarn):
    counts = simulated(np.random.default_rng(10), 60, 6)
    counts[0] = 0
    counts[1, :3] = 0  # all of one group
    counts[2] = [0, 0, 0, 0, 0, 1]
    counts[3] = 0.4  # rounds to nothing
    counts[4] = 1e7
    counts[5] = [0, 0, 500, 0, 400, 0]
    fit = fit_negative_binomial(counts, TWO_GROUPS)
    found = wald(fit, np.array([[0.0, 1.0], [1.0, 0.0]]))
    assert fit.rounded == 6
    assert "rounded" in fit.notes[0]
    assert (found.status[[0, 3]] == "absent").all()
    assert np.isnan(found.p[[0, 3]]).all()
    others = np.delete(np.arange(60), [0, 3])
    assert np.isfinite(found.p[others]).all()
    assert (np.isnan(found.p) == (found.status != "tested")).all()
    assert all(reason is not None for reason in found.reason[found.status != "tested"])
    assert found.reason[1, 0] == Reason.NO_COUNT_ON_ONE_SIDE
    assert not [w for w in recwarn if issubclass(w.category, RuntimeWarning)]


def test_contrast_between_groups_without_counts_is_no_effect():
    cells = np.kron(np.eye(3), np.ones((3, 1)))
    counts = simulated(np.random.default_rng(11), 40, 9)
    counts[0, :6] = 0
    found = wald(fit_negative_binomial(counts, cells), np.array([[-1.0, 1.0, 0.0], [-1.0, 0.0, 1.0]]).T)
    assert found.log2fc[0, 0] == 0
    assert found.p[0, 0] == 1
    assert found.reason[0, 0] == Reason.NO_COUNT_IN_CONTRAST
    assert found.p[0, 1] < 0.05


def test_all_rows_empty_of_counts():
    with pytest.raises(ValueError, match="no count at all"):
        fit_negative_binomial(np.zeros((3, 6)), TWO_GROUPS)


@pytest.mark.parametrize("features", [0, 3])
def test_nothing_to_fit_is_no_crash(features):
    fit = fit_negative_binomial(np.zeros((features, 6)), TWO_GROUPS, size_factors=np.ones(6))
    assert (wald(fit, np.array([0.0, 1.0])).status == "absent").all()
    assert not find_count_outliers(fit).outlier.any()


def test_blocks_of_features_do_not_change_the_answer(monkeypatch):
    counts = simulated(np.random.default_rng(12), 300, 6)
    whole = wald(fit_negative_binomial(counts, TWO_GROUPS), np.array([0.0, 1.0])).p
    monkeypatch.setattr("sevaxis.models.numeric.blockwise.BLOCK_ELEMENTS", 60)
    monkeypatch.setattr("sevaxis.models.numeric.blockwise.feature_blocks.__defaults__", (60,))
    split = wald(fit_negative_binomial(counts, TWO_GROUPS), np.array([0.0, 1.0])).p
    # sums in another order: the line search may stop a hair earlier or later
    np.testing.assert_allclose(split, whole, rtol=1e-6)


def test_pydeseq2_agrees_where_it_keeps_no_floor():
    """Features of more than 20 counts on average, where the floor on the mean plays no part."""
    pd = pytest.importorskip("pandas")
    dds_module, ds_module = pytest.importorskip("pydeseq2.dds"), pytest.importorskip("pydeseq2.ds")
    inference = pytest.importorskip("pydeseq2.default_inference").DefaultInference(n_cpus=1)
    counts = simulated(np.random.default_rng(13), 300, 6)
    samples = [f"s{i}" for i in range(6)]
    meta = pd.DataFrame({"group": ["a"] * 3 + ["b"] * 3}, index=samples)
    table = pd.DataFrame(counts.T.astype(int), index=samples, columns=[f"f{i}" for i in range(300)])
    dds = dds_module.DeseqDataSet(
        counts=table, metadata=meta, design="~group", refit_cooks=False, inference=inference, quiet=True
    )
    dds.deseq2()
    result = ds_module.DeseqStats(
        dds,
        contrast=["group", "b", "a"],
        cooks_filter=False,
        independent_filter=False,
        inference=inference,
        quiet=True,
    )
    result.summary()
    fit = fit_negative_binomial(counts, TWO_GROUPS)
    found = wald(fit, np.array([0.0, 1.0]))
    clear = fit.base_mean > 20
    assert clear.sum() > 200
    expected = result.results_df
    np.testing.assert_allclose(found.log2fc[clear, 0], expected["log2FoldChange"][clear], atol=2e-3)
    np.testing.assert_allclose(found.se[clear, 0], expected["lfcSE"][clear], rtol=0.02)
