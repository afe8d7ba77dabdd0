"""Roll-up against a published table, statsmodels' robust regression and hand arithmetic."""

import time

import numpy as np
import pytest
import statsmodels.api as sm
from sevaxis.models.intensities.rollup import roll_up

NAN = np.nan


def additive(seed, peptides, samples, missing=0.0, noise=0.3):
    rng = np.random.default_rng(seed)
    effect = rng.normal(0, 1, samples)
    y = 20 + rng.normal(0, 2, (peptides, 1)) + effect + noise * rng.standard_t(3, (peptides, samples))
    y[rng.uniform(size=y.shape) < missing] = NAN
    return y, effect


def test_median_polish_of_a_published_table():
    """Deaths from sport parachuting (Velleman & Hoaglin 1981, ABC of EDA, p. 225), by experience x year.

    Overall 8, columns 0 -1 0, rows 6 -1 0 2 -8: residuals 0 2 0 / 0 -2 0 / 0 -5 2 / 5 0 0 / 0 3 0, whose medians
    are 0 along rows and columns.
    """
    deaths = np.array([[14, 15, 14], [7, 4, 7], [8, 2, 10], [15, 9, 10], [0, 2, 0]], dtype=float)
    rolled = roll_up(deaths, ["p"] * 5, "median_polish")
    np.testing.assert_allclose(rolled.abundance, [[8, 7, 8]])


def test_median_polish_leaves_medians_of_zero():
    y, _ = additive(0, 9, 7, missing=0.2)
    fitted = roll_up(y, ["p"] * 9, "median_polish").abundance[0]
    # with the peptide effects that the sample effects imply, no sample's median residual is worth removing
    residual = y - fitted
    residual -= np.nanmedian(residual, axis=1, keepdims=True)
    assert np.abs(np.nanmedian(residual, axis=0)).max() < 0.05


@pytest.mark.parametrize(
    ("peptides", "samples", "missing"), [(6, 9, 0), (12, 5, 0), (8, 10, 0.25), (2, 8, 0)]
)
def test_huber_equals_statsmodels(peptides, samples, missing):
    y, _ = additive(peptides, peptides, samples, missing)
    seen = np.isfinite(y)
    assert seen.sum(axis=0).min() > 1
    assert seen.sum(axis=1).min() > 1
    row, column = np.nonzero(seen)
    # samples coded one by one, peptides with effects that sum to zero
    coding = np.vstack([np.eye(peptides - 1), -np.ones(peptides - 1)])
    design = np.hstack([np.eye(samples)[column], coding[row]])
    fit = sm.RLM(y[seen], design, M=sm.robust.norms.HuberT(1.345)).fit(maxiter=500, tol=1e-12)
    ours = roll_up(y, ["p"] * peptides).abundance[0]
    np.testing.assert_allclose(ours, fit.params[:samples], atol=2e-5)


@pytest.mark.parametrize("method", ["huber", "median_polish"])
def test_faint_peptides_that_drop_out_do_not_bias(method):
    """Three peptides 24, 20, 16 log2; in the second half of the samples all are 1 lower and the faint one is lost.

    The mean of what was seen would say +1 (20 against 21); the additive model says -1.
    """
    y = np.array([[24.0] * 3 + [23.0] * 3, [20.0] * 3 + [19.0] * 3, [16.0] * 3 + [NAN] * 3])
    abundance = roll_up(y, ["p"] * 3, method).abundance[0]
    np.testing.assert_allclose(abundance, [20] * 3 + [19] * 3, atol=1e-6)


@pytest.mark.parametrize("method", ["huber", "median_polish"])
def test_an_outlier_peptide_hardly_moves_the_protein(method):
    y, _ = additive(1, 8, 6, noise=0.05)
    wild = y.copy()
    wild[2, 3] += 6
    before, after = (roll_up(values, ["p"] * 8, method).abundance[0] for values in (y, wild))
    assert abs(after[3] - before[3]) < 0.1  # the mean would move by 6 / 8


@pytest.mark.parametrize("method", ["huber", "median_polish"])
def test_samples_without_a_common_peptide_are_not_compared(method):
    y = np.array([
        [20.0, 21, 22, NAN, NAN], [18.0, 19, 20, NAN, NAN], [NAN, NAN, NAN, 25, 26],  # two groups
        [NAN] * 5,
        [10.0, NAN, 12, 13, 14],  # one peptide: itself
    ])  # fmt: skip
    rolled = roll_up(y, ["split", "split", "split", "unseen", "single"], method)
    np.testing.assert_allclose(rolled.abundance[0], [19, 20, 21, NAN, NAN], atol=1e-6)
    assert np.isnan(rolled.abundance[1]).all()
    np.testing.assert_array_equal(rolled.abundance[2], y[4])
    assert rolled.unconnected.tolist() == [2, 0, 0]
    assert rolled.n_peptides.tolist() == [3, 0, 1]
    assert rolled.n_observed[0].tolist() == [2, 2, 2, 1, 1]
    assert rolled.proteins.tolist() == ["split", "unseen", "single"]


def test_a_chain_of_peptides_connects_samples():
    """a: samples 1-2, b: samples 2-3. Sample 3 against 1 goes through 2: (21 - 20) + (25 - 23) = 3."""
    y = np.array([[20.0, 21, NAN], [NAN, 23, 25]])
    # the polish ends after ten sweeps, each halving what is left to remove here: 3 / 2^10
    for method, atol in (("huber", 1e-6), ("median_polish", 0.003)):
        abundance = roll_up(y, ["p", "p"], method).abundance[0]
        np.testing.assert_allclose(np.diff(abundance), [1, 2], atol=atol)


def test_rows_in_any_order_and_proteins_together_or_alone_agree():
    rng = np.random.default_rng(2)
    y = np.vstack([additive(seed, k, 6, 0.3)[0] for seed, k in enumerate([1, 3, 3, 8, 12])])
    protein = np.repeat(list("abcde"), [1, 3, 3, 8, 12])
    shuffle = rng.permutation(len(y))
    for method in ("huber", "median_polish"):
        together = roll_up(y[shuffle], protein[shuffle], method)
        for name in "abcde":
            alone = roll_up(y[protein == name], [name] * (protein == name).sum(), method)
            row = together.proteins.get_loc(name)
            np.testing.assert_allclose(together.abundance[row], alone.abundance[0], atol=2e-5)


def test_bad_input():
    y = np.ones((2, 3))
    with pytest.raises(ValueError, match="one protein for each"):
        roll_up(y, ["p"])
    with pytest.raises(ValueError, match="one protein for each"):
        roll_up(y, ["p", None])
    with pytest.raises(ValueError, match="finite or NaN"):
        roll_up(np.array([[-np.inf, 1.0]]), ["p"])
    with pytest.raises(ValueError, match="method"):
        roll_up(y, ["p", "p"], "mean")


@pytest.mark.slow
@pytest.mark.parametrize("method", ["huber", "median_polish"])
def test_fifty_thousand_peptides_in_seconds(method):
    rng = np.random.default_rng(3)
    protein = rng.zipf(1.6, 50_000) % 6000
    y = 20 + rng.normal(0, 2, (50_000, 1)) + rng.normal(0, 0.5, (50_000, 50))
    y[rng.uniform(size=y.shape) < 0.3] = NAN
    start = time.process_time()
    roll_up(y, protein, method)
    assert time.process_time() - start < 10  # 1.3 s and 0.3 s where this was written
