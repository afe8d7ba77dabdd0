"""Linear models against R 4.2.2, limma 3.54.1, row by row. Simulated log2 intensities, 12 % missing."""

import numpy as np
import pandas as pd
import pytest
from sevaxis.models.linear.array_weights import array_weights
from sevaxis.models.linear.blocks import duplicate_correlation, feature_correlations
from sevaxis.models.linear.design import contrast_matrix
from sevaxis.models.linear.empirical_bayes import moderate, moderate_by_count
from sevaxis.models.linear.fit import fit_linear

from tests.reference.matrices import (
    omnibus_of_two,
    read_simulated,
    read_simulated_answers,
    sex_by_treatment,
    treatment_and_age,
)

# The files hold ten digits: no closer agreement can be seen.
DIGITS = 2e-9
FEMALE = {"female": {"treated": 1.0}}


@pytest.fixture(scope="module")
def proteins():
    values, samples = read_simulated("protB")
    return values, samples, sex_by_treatment(samples)


def effect_in_females(values, design, **options):
    fit = fit_linear(values.to_numpy(), design, **options)
    return fit.contrast(contrast_matrix(design, FEMALE), list(FEMALE))


def rows_without(values: pd.DataFrame, samples: pd.DataFrame) -> np.ndarray:
    """Features that no female of one treatment arm was measured for, counted by hand."""
    seen = values.notna().to_numpy()
    female = (samples["sex"] == "F").to_numpy()
    arms = [female & (samples["treat"] == arm).to_numpy() for arm in ("ctl", "trt")]
    return ~np.logical_and.reduce([seen[:, arm].any(axis=1) for arm in arms])


@pytest.mark.parametrize(
    ("answer", "options"),
    [
        ("protB.limma", {}),
        ("protB.limma_trend", {"trend": True}),
        ("protB.limma_robust", {"robust": True}),
        ("protB.limma_trend_robust", {"trend": True, "robust": True}),
    ],
)
def test_moderated_t(proteins, answer, options):
    values, samples, design = proteins
    r = read_simulated_answers(answer)
    fit = effect_in_females(values, design)
    ours = moderate(fit, **options)

    # A feature without one of the two female arms cannot say what treatment does to females. limma then drops the
    # interaction column, and what it reports under the name of the female effect is the effect in males.
    lost = rows_without(values, samples)
    assert np.isnan(ours.t[lost, 0]).all()
    assert np.isfinite(ours.t[~lost, 0]).all()
    rows = values.index.get_indexer(r.index)
    assert lost.sum() == lost[rows].sum()
    lost = lost[rows]
    assert np.isfinite(r["t"][~lost]).all()
    assert np.isfinite(r["t"][lost]).sum() == 116
    both_male = np.isfinite(r["t"].to_numpy()) & lost
    male = contrast_matrix(design, {"male": {"treated": 1.0, "male:treated": 1.0}})
    mislabelled = moderate(fit.contrast(male), **options)
    np.testing.assert_allclose(mislabelled.t[rows, 0][both_male], r["t"][both_male], rtol=DIGITS)

    keep = ~lost
    for name, got in {
        "logFC": ours.log2fc[:, 0],
        "t": ours.t[:, 0],
        "p": ours.p[:, 0],
        "se_unscaled": fit.stdev_unscaled[:, 0],
        "sigma": fit.sigma,
        "df_total": ours.df_total,
        "s2_post": ours.s2_post,
    }.items():
        np.testing.assert_allclose(got[rows][keep], r[name][keep], rtol=3e-9, err_msg=name)
    np.testing.assert_array_equal(fit.df_residual[rows], r["df_resid"])
    np.testing.assert_allclose(ours.s2_prior[rows], r["s2_prior"], rtol=DIGITS)
    np.testing.assert_allclose(ours.df_prior[rows], r["df_prior"], rtol=3e-9)


def test_contrasts_and_f(proteins):
    values, _, design = proteins
    r = read_simulated_answers("protB.limma_contrast")
    contrasts = {
        "trtF": {"treated": 1.0},
        "trtM": {"treated": 1.0, "male:treated": 1.0},
        "int": {"male:treated": 1.0},
    }
    fit = fit_linear(values.to_numpy(), design)
    ours = moderate(fit.contrast(contrast_matrix(design, contrasts), list(contrasts)))
    rows = values.index.get_indexer(r.index)
    for k, name in enumerate(contrasts):
        np.testing.assert_array_equal(np.isnan(ours.t[rows, k]), r[f"t.{name}"].isna(), err_msg=name)
        np.testing.assert_allclose(ours.log2fc[rows, k], r[f"logFC.{name}"], rtol=1e-8, err_msg=name)
        np.testing.assert_allclose(ours.t[rows, k], r[f"t.{name}"], rtol=DIGITS, err_msg=name)
        np.testing.assert_allclose(ours.p[rows, k], r[f"p.{name}"], rtol=DIGITS, err_msg=name)

    # Where values are missing limma 3.54.1 keeps the correlations of the complete design, and is off by up to a fifth.
    f, p = omnibus_of_two(ours)
    complete = values.notna().all(axis=1).to_numpy()[rows]
    np.testing.assert_allclose(f[rows][complete], r["F"][complete], rtol=DIGITS)
    np.testing.assert_allclose(p[rows][complete], r["F.p"][complete], rtol=DIGITS)


def test_array_weights(proteins):
    values, samples, design = proteins
    r = read_simulated_answers("protB.limma_arrayw")
    weights = array_weights(values.to_numpy(), design, method="gene_by_gene")
    fit = effect_in_females(values, design, weights=weights)
    ours = moderate(fit)
    r = r[~rows_without(values.loc[r.index], samples)]
    rows = values.index.get_indexer(r.index)
    np.testing.assert_allclose(ours.t[rows, 0], r["t"], rtol=DIGITS)
    np.testing.assert_allclose(ours.p[rows, 0], r["p"], rtol=DIGITS)
    np.testing.assert_allclose(fit.sigma[rows], r["sigma"], rtol=DIGITS)


def test_blocks():
    values, samples = read_simulated("mixedD")
    r = read_simulated_answers("mixedD.limma_dupcor").loc[values.index]
    design = treatment_and_age(samples)
    effect = contrast_matrix(design, {"treat": {"treated": 1.0}})

    # R's correlations, and with them everything behind.
    z = np.sort(r["atanh_rho"].to_numpy())
    cut = int(0.15 * len(z))
    consensus = float(np.tanh(z[cut : len(z) - cut].mean()))
    fit = fit_linear(values.to_numpy(), design, block=samples["donor"], correlation=consensus)
    ours = moderate(fit.contrast(effect))
    np.testing.assert_allclose(ours.t[:, 0], r["t"], rtol=DIGITS)
    np.testing.assert_allclose(ours.p[:, 0], r["p"], rtol=DIGITS)
    np.testing.assert_allclose(fit.contrast(effect).stdev_unscaled[:, 0], r["se_unscaled"], rtol=DIGITS)

    # Our own correlations are the maxima themselves; R stops its iterations a little before (2e-4 at the worst).
    rho = feature_correlations(values.to_numpy(), design, samples["donor"])
    np.testing.assert_allclose(np.arctanh(rho), r["atanh_rho"], atol=3e-4)
    assert np.quantile(np.abs(np.arctanh(rho) - r["atanh_rho"]), 0.9) < 1e-5
    own = duplicate_correlation(values.to_numpy(), design, samples["donor"])
    assert own == pytest.approx(consensus, abs=1e-6)
    ours = moderate(
        fit_linear(values.to_numpy(), design, block=samples["donor"], correlation=own).contrast(effect)
    )
    np.testing.assert_allclose(ours.t[:, 0], r["t"], atol=1e-6, rtol=1e-6)
    np.testing.assert_allclose(ours.p[:, 0], r["p"], rtol=1e-5)


def test_prior_by_peptide_count(proteins):
    """R 4.2.2, in words of the DEqMS paper: loess(log s^2 - digamma(d/2) + log(d/2) ~ log2(count), span = 0.75,
    surface = "direct"), trigammaInverse of the spread beyond trigamma(d/2); counts 1 + (row x 7919) mod 23."""
    values, _, design = proteins
    counts = 1 + (np.arange(1, len(values) + 1) * 7919) % 23
    ours = moderate_by_count(effect_in_females(values, design), counts)
    assert ours.df_prior[0] == pytest.approx(5.086102135791, rel=1e-11)
    r_prior = {
        1: 0.2009419743118,
        2: 0.1963395021964,
        3: 0.1955975310905,
        5: 0.1973848310370,
        23: 0.1929858101574,
    }
    for count, expected in r_prior.items():
        assert ours.s2_prior[counts == count][0] == pytest.approx(expected, rel=1e-11)
