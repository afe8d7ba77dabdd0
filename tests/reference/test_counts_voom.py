"""Counts against R 4.2.2, edgeR 3.40.2 and limma 3.54.1, row by row."""

import numpy as np
import pytest
from sevaxis.models.counts.voom import filter_by_expression, tmm_factors, voom, voom_quality
from sevaxis.models.linear.design import cell_means, contrast_matrix
from sevaxis.models.linear.empirical_bayes import moderate
from sevaxis.models.linear.fit import fit_linear

from tests.reference.matrices import (
    read_bv2_ev_counts,
    read_motrpac,
    read_public_answers,
    read_simulated,
    read_simulated_answers,
    sex_by_treatment,
    sex_strata,
)


def test_simulated_voom():
    counts, samples = read_simulated("countsA")
    r = read_simulated_answers("countsA.voom")
    r_tmm = read_simulated_answers("countsA.voom.tmm")
    design = sex_by_treatment(samples)
    keep = filter_by_expression(counts.to_numpy(), design)
    kept = counts.to_numpy(float)[keep]
    factors = tmm_factors(kept)
    np.testing.assert_array_equal(kept.sum(axis=0), r_tmm["lib"])  # the same features are kept
    np.testing.assert_allclose(factors, r_tmm["norm"], rtol=1e-9)

    e, weights = voom(kept, design, lib_size=kept.sum(axis=0) * factors)
    fit = fit_linear(e, design, weights=weights)
    ours = moderate(fit.contrast(contrast_matrix(design, {"female": {"treated": 1.0}})))
    rows = counts.index[keep].get_indexer(r.index)
    for name, got in {
        "logFC": ours.log2fc[:, 0],
        "sigma": fit.sigma,
        "t": ours.t[:, 0],
        "p": ours.p[:, 0],
        "df_total": ours.df_total,
        "s2_prior": ours.s2_prior,
        "s2_post": ours.s2_post,
    }.items():
        np.testing.assert_allclose(got[rows], r[name], rtol=2e-9, err_msg=name)


def test_simulated_voom_quality():
    """R 4.2.2: filterByExpr, calcNormFactors, voomWithQualityWeights (limma 3.54.1, edgeR 3.40.2), all defaults."""
    counts, samples = read_simulated("countsA")
    design = sex_by_treatment(samples)
    keep = filter_by_expression(counts.to_numpy(), design)
    kept = counts.to_numpy(float)[keep]
    e, weights, quality = voom_quality(kept, design, lib_size=kept.sum(axis=0) * tmm_factors(kept))
    # fmt: off
    r_quality = [
        1.04457268438, 1.01072154067, 0.9483863969, 0.97933164572, 0.948115742907, 0.956095234015,
        1.01436145647, 1.10129020489, 1.00555801144, 0.894697625102, 1.02344770948, 0.956719659062,
        0.93841079323, 1.08887108522, 1.03200237884, 0.869584901298, 1.03776888114, 1.0442689379,
        1.11626573611, 0.963421242476, 1.05303406574, 0.962179310232, 1.03173516597, 1.02328893727,
    ]
    # fmt: on
    np.testing.assert_allclose(quality, r_quality, rtol=1e-9)
    fit = fit_linear(e, design, weights=weights)
    ours = moderate(fit.contrast(contrast_matrix(design, {"female": {"treated": 1.0}})))
    r_t = [-0.765770403471, 0.613436159577, 1.656304340907, 0.644703827105, -1.322894762400]
    names = ["G000001", "G000002", "G000003", "G000005", "G000006"]
    assert counts.index[keep][:5].tolist() == names
    np.testing.assert_allclose(ours.t[:5, 0], r_t, rtol=1e-8)


@pytest.mark.shared
def test_rat_muscle_voom(shared):
    counts, cells = read_motrpac(shared, "TRNSCRPT_GN")
    r = read_public_answers(shared, "motrpac_rna_gn.8W.voom")
    design = cell_means(cells)
    strata = sex_strata("8W", "SED")
    keep = filter_by_expression(counts.to_numpy(), cells)
    assert counts.index[keep].tolist() == r[r["stratum"] == "female"].index.tolist()
    kept = counts.to_numpy(float)[keep]
    e, weights = voom(kept, design, lib_size=kept.sum(axis=0) * tmm_factors(kept))
    fit = fit_linear(e, design, weights=weights).contrast(contrast_matrix(design, strata), list(strata))
    compare_strata(moderate(fit), r)


@pytest.mark.shared
def test_microglia_ev_voom(shared):
    counts = read_bv2_ev_counts(shared)
    r = read_public_answers(shared, "bv2_ev_lps.voom")
    cells = ["control"] * 3 + ["LPS"] * 3
    design = cell_means(cells)
    keep = filter_by_expression(counts.to_numpy(), cells)
    # R marks repeated gene names; the order is that of the file.
    assert keep.sum() == len(r)
    kept = counts.to_numpy(float)[keep]
    e, weights = voom(kept, design, lib_size=kept.sum(axis=0) * tmm_factors(kept))
    contrast = contrast_matrix(design, {"all": {"LPS": 1.0, "control": -1.0}})
    compare_strata(moderate(fit_linear(e, design, weights=weights).contrast(contrast, ["all"])), r)


def compare_strata(ours, r):
    """Eight digits in the files: half a unit in the last place is 5e-8 at worst."""
    for k, stratum in enumerate(ours.names):
        rows = r[r["stratum"] == stratum]
        for name, got in {
            "log2fc": ours.log2fc[:, k],
            "se": ours.se[:, k],
            "t": ours.t[:, k],
            "df": ours.df_total,
            "p": ours.p[:, k],
        }.items():
            np.testing.assert_allclose(got, rows[name], rtol=6e-8, err_msg=f"{stratum} {name}")
