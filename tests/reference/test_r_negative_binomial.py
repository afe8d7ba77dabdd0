"""Negative binomial Wald and likelihood-ratio tests against R DESeq2 1.38.3, simulated and real counts."""

import numpy as np
import pandas as pd
import pytest
from sevaxis.models.count_outliers import find_count_outliers
from sevaxis.models.filtering import filter_independently
from sevaxis.models.negative_binomial import fit_negative_binomial, likelihood_ratio, wald
from sevaxis.models.shrinkage import shrink_counts, shrink_effects

from tests.reference.real_data import read_expression_set

pytestmark = pytest.mark.shared

# STATISTICS.md: 99 % of p-values within 1e-3 of R's, relatively, and the same hits
P_TOLERANCE = 1e-3


def relative(found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    known = np.isfinite(expected)
    return np.abs(found - expected)[known] / np.abs(expected[known])


def bh(p: np.ndarray) -> np.ndarray:
    from statsmodels.stats.multitest import multipletests

    q = np.full(len(p), np.nan)
    known = np.isfinite(p)
    q[known] = multipletests(p[known], method="fdr_bh")[1]
    return q


def jaccard(one: np.ndarray, other: np.ndarray) -> float:
    return (one & other).sum() / (one | other).sum()


@pytest.fixture(scope="module")
def counts_a(shared):
    folder = shared / "reference" / "simulated"
    counts = pd.read_csv(folder / "countsA.tsv.gz", sep="\t", index_col=0)
    samples = pd.read_csv(folder / "countsA.meta.tsv", sep="\t")
    male, treated = (samples.sex == "M").to_numpy(float), (samples.treat == "trt").to_numpy(float)
    design = np.column_stack([np.ones(len(samples)), male, treated, male * treated])
    return folder, counts.to_numpy(float), design, fit_negative_binomial(counts.to_numpy(), design)


def test_size_factors(counts_a):
    folder, _, _, fit = counts_a
    expected = pd.read_csv(folder / "R" / "countsA.deseq2.sf.tsv", sep="\t").size_factor
    np.testing.assert_allclose(fit.size_factors, expected, rtol=1e-10)


def test_dispersions(counts_a):
    folder, _, _, fit = counts_a
    expected = pd.read_csv(folder / "R" / "countsA.deseq2.tsv.gz", sep="\t")
    found = fit.dispersions
    columns = {
        "feature_wise": "dispGeneEst",
        "trended": "dispFit",
        "posterior": "dispMAP",
        "final": "dispersion",
    }
    for name, column in columns.items():
        assert np.quantile(relative(getattr(found, name), expected[column]), 0.99) < 1e-6, name
    assert (found.outlier == (expected.dispOutlier == True)).all()  # noqa: E712 (missing where no count)
    np.testing.assert_allclose(fit.base_mean, expected.baseMean, rtol=1e-8)


def test_wald(counts_a):
    folder, _, _, fit = counts_a
    expected = pd.read_csv(folder / "R" / "countsA.deseq2.tsv.gz", sep="\t")
    found = wald(fit, np.array([0.0, 0.0, 1.0, 0.0]))
    counted = found.reason[:, 0] == ""  # R tests features without a count in either group of the contrast too
    assert (~counted).sum() < 100
    assert np.quantile(relative(found.log2fc[counted, 0], expected.log2FoldChange[counted]), 0.99) < 1e-6
    assert np.quantile(relative(found.se[:, 0], expected.lfcSE), 0.99) < 1e-6
    p = found.p[:, 0]
    assert np.quantile(relative(p, expected.pvalue), 0.99) < P_TOLERANCE
    assert relative(p[counted], expected.pvalue[counted]).max() < P_TOLERANCE
    hits, expected_hits = bh(p) < 0.05, bh(expected.pvalue.to_numpy()) < 0.05
    assert expected_hits.sum() > 100
    assert jaccard(hits, expected_hits) >= 0.99


def test_likelihood_ratio(counts_a):
    folder, counts, design, fit = counts_a
    expected = pd.read_csv(folder / "R" / "countsA.deseq2_lrt.tsv.gz", sep="\t")
    reduced = fit_negative_binomial(
        counts, design[:, :3], size_factors=fit.size_factors, dispersion=fit.dispersion
    )
    found = likelihood_ratio(fit, reduced)
    assert np.quantile(relative(found.p[:, 0], expected.pvalue), 0.99) < P_TOLERANCE
    assert np.quantile(np.abs(found.stat[:, 0] - expected.stat).dropna(), 0.99) < 1e-5


def test_cooks_distances_and_independent_filtering(counts_a):
    folder, counts, design, fit = counts_a
    expected = pd.read_csv(folder / "R" / "countsA.deseq2.tsv.gz", sep="\t")
    outliers = find_count_outliers(fit)
    assert np.quantile(relative(outliers.distance, expected.maxCooks), 0.99) < 1e-6
    assert (outliers.outlier == (expected.pvalue.isna() & (expected.baseMean > 0))).all()
    assert outliers.outlier.sum() == 2
    found = wald(fit, np.array([0.0, 0.0, 1.0, 0.0]), exclude=outliers.exclude)
    filtered = filter_independently(fit.base_mean, found.p[:, 0], alpha=0.1)  # R's default
    assert (np.isnan(filtered.q) == expected.padj.isna()).all()
    assert np.quantile(relative(filtered.q, expected.padj), 0.99) < P_TOLERANCE

    expected = pd.read_csv(folder / "R" / "countsA.deseq2_lrt.tsv.gz", sep="\t")
    reduced = fit_negative_binomial(
        counts, design[:, :3], size_factors=fit.size_factors, dispersion=fit.dispersion
    )
    found = likelihood_ratio(fit, reduced, exclude=outliers.exclude)
    filtered = filter_independently(fit.base_mean, found.p[:, 0], alpha=0.1)
    assert (np.isnan(filtered.q) == expected.padj.isna()).all()


def test_shrunken_by_normal_mixture(counts_a):
    """R lfcShrink(type = "ashr")."""
    folder, _, _, fit = counts_a
    found = wald(fit, np.array([0.0, 0.0, 1.0, 0.0]))
    shrunken = shrink_effects(found.log2fc[:, 0], found.se[:, 0])
    expected = pd.read_csv(folder / "R" / "countsA.deseq2_ashr.tsv.gz", sep="\t")
    counted = (found.reason[:, 0] == "") & expected.lfc_shrunk.notna()
    np.testing.assert_allclose(shrunken.log2fc[counted], expected.lfc_shrunk[counted], atol=5e-5)
    np.testing.assert_allclose(shrunken.sd[counted], expected.lfcSE_shrunk[counted], atol=5e-5)


def test_shrunken_by_cauchy_prior(counts_a):
    """R lfcShrink(type = "apeglm"), whose optimiser stops early: the further from the mode, the more counts.

    That the values here are the modes is shown in tests/unit/test_shrinkage.py; six features of few counts have
    two modes, of which R returns the lower.
    """
    folder, _, _, fit = counts_a
    found = shrink_counts(fit, np.array([0.0, 0.0, 1.0, 0.0]))
    expected = pd.read_csv(folder / "R" / "countsA.deseq2_apeglm.tsv.gz", sep="\t")
    error = np.abs(found.log2fc - expected.lfc_shrunk)
    rare = (expected.baseMean > 0) & (expected.baseMean < 10)
    assert np.median(error[rare]) < 5e-5
    assert np.quantile(error.dropna(), 0.5) < 2e-4
    assert np.quantile(error.dropna(), 0.99) < 5e-3
    assert (error > 0.05).sum() <= 6
    assert np.quantile(np.abs(found.sd - expected.lfcSE_shrunk).dropna(), 0.99) < 2e-3


def test_motrpac_gastrocnemius_rna(shared):
    counts, samples = read_expression_set(shared / "data" / "motrpac_muscle" / "TRNSCRPT_GN.rda")
    group = samples.group.astype(str).to_numpy()
    levels = sorted(set(group))
    design = (group[:, None] == np.array(levels)).astype(float)
    column = {level: np.eye(len(levels))[i] for i, level in enumerate(levels)}
    female, male = column["F_8W"] - column["F_SED"], column["M_8W"] - column["M_SED"]
    found = wald(
        fit_negative_binomial(counts.to_numpy(), design), np.column_stack([female, male, male - female])
    )
    expected = pd.read_csv(shared / "reference" / "real" / "motrpac_rna_gn.8W.deseq2.tsv.gz", sep="\t")
    for i, stratum in enumerate(["female", "male", "interaction"]):
        of_r = expected[expected.stratum == stratum].set_index("feature").loc[counts.index]
        assert np.quantile(relative(found.p[:, i], of_r.p), 0.99) < P_TOLERANCE
        assert np.quantile(np.abs(found.log2fc[:, i] - of_r.log2fc), 0.99) < 1e-6
        hits, expected_hits = bh(found.p[:, i]) < 0.05, of_r.q.to_numpy() < 0.05
        if expected_hits.sum() > 20:
            assert jaccard(hits, expected_hits) >= 0.99
        else:
            assert (hits == expected_hits).all()


def test_microglia_vesicles_three_against_three(shared):
    """Sparse vesicle RNA, one culture each: many groups of zeros, hundreds of features need the fallback."""
    table = pd.read_csv(shared / "data" / "bv2_microglia_ev" / "ev_mrna_raw_counts.csv", index_col=0)
    design = np.column_stack([np.ones(6), [0, 0, 0, 1, 1, 1]])
    fit = fit_negative_binomial(table.iloc[:, :6].to_numpy(), design)
    found = wald(fit, np.array([0.0, 1.0]))
    expected = pd.read_csv(shared / "reference" / "real" / "bv2_ev_lps.deseq2.tsv.gz", sep="\t")
    assert fit.fallback.sum() > 100
    assert (np.isnan(found.p[:, 0]) == expected.p.isna()).all()
    assert np.quantile(relative(found.p[:, 0], expected.p), 0.99) < P_TOLERANCE
    assert jaccard(bh(found.p[:, 0]) < 0.05, (expected.q < 0.05).to_numpy()) >= 0.99
