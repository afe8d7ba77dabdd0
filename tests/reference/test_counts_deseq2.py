"""Negative binomial Wald tests against R DESeq2 1.38.3, simulated and real counts."""

import numpy as np
import pandas as pd
import pytest
from sevaxis.base.vocabulary import Reason
from sevaxis.models.counts.independent_filter import filter_independently
from sevaxis.models.counts.negative_binomial import fit_negative_binomial, wald
from sevaxis.models.counts.outliers import find_count_outliers

from tests.reference.matrices import read_expression_set, read_simulated, read_simulated_answers

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
def counts_a():
    """Fit, and the rows that R's answer has."""
    counts, samples = read_simulated("countsA")
    male, treated = (samples.sex == "M").to_numpy(float), (samples.treat == "trt").to_numpy(float)
    design = np.column_stack([np.ones(len(samples)), male, treated, male * treated])
    rows = counts.index.get_indexer(read_simulated_answers("countsA.deseq2").index)
    return fit_negative_binomial(counts.to_numpy(), design), rows


def test_size_factors(counts_a):
    fit, _ = counts_a
    expected = read_simulated_answers("countsA.deseq2.sf").size_factor
    np.testing.assert_allclose(fit.size_factors, expected, rtol=1e-10)


def test_dispersions(counts_a):
    fit, rows = counts_a
    expected = read_simulated_answers("countsA.deseq2")
    found = fit.dispersions
    columns = {
        "feature_wise": "dispGeneEst",
        "trended": "dispFit",
        "posterior": "dispMAP",
        "final": "dispersion",
    }
    for name, column in columns.items():
        assert np.quantile(relative(getattr(found, name)[rows], expected[column]), 0.99) < 1e-6, name
    assert (found.outlier[rows] == (expected.dispOutlier == True)).all()  # noqa: E712 (missing where no count)
    np.testing.assert_allclose(fit.base_mean[rows], expected.baseMean, rtol=1e-8)


def test_wald(counts_a):
    fit, rows = counts_a
    expected = read_simulated_answers("countsA.deseq2")
    found = wald(fit, np.array([0.0, 0.0, 1.0, 0.0]))
    counted = found.reason[:, 0] != Reason.NO_COUNT_IN_CONTRAST  # R tests these too
    assert (~counted).sum() < 100
    counted = counted[rows]
    log2fc, se, p = found.log2fc[rows, 0], found.se[rows, 0], found.p[rows, 0]
    assert np.quantile(relative(log2fc[counted], expected.log2FoldChange[counted]), 0.99) < 1e-6
    assert np.quantile(relative(se, expected.lfcSE), 0.99) < 1e-6
    assert np.quantile(relative(p, expected.pvalue), 0.99) < P_TOLERANCE
    assert relative(p[counted], expected.pvalue[counted]).max() < P_TOLERANCE
    hits, expected_hits = bh(p) < 0.05, bh(expected.pvalue.to_numpy()) < 0.05
    assert expected_hits.sum() > 100
    assert jaccard(hits, expected_hits) >= 0.99


def test_cooks_distances_and_independent_filtering(counts_a):
    fit, rows = counts_a
    expected = read_simulated_answers("countsA.deseq2")
    outliers = find_count_outliers(fit)
    assert np.quantile(relative(outliers.distance[rows], expected.maxCooks), 0.99) < 1e-6
    assert (outliers.outlier[rows] == (expected.pvalue.isna() & (expected.baseMean > 0))).all()
    assert outliers.outlier.sum() == 2
    found = wald(fit, np.array([0.0, 0.0, 1.0, 0.0]), exclude=outliers.exclude)
    filtered = filter_independently(fit.base_mean, found.p[:, 0], alpha=0.1)  # R's default
    assert (np.isnan(filtered.q[rows]) == expected.padj.isna()).all()
    assert np.quantile(relative(filtered.q[rows], expected.padj), 0.99) < P_TOLERANCE


@pytest.mark.shared
def test_motrpac_gastrocnemius_rna(shared):
    counts, samples = read_expression_set(shared / "data" / "motrpac_muscle" / "TRNSCRPT_GN.rda")
    group = samples.group.to_numpy(dtype=str)
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


# R DESeq2 1.38.3 on the SED and 8W samples of the same matrix, features 1, 2501, 5001, ... in its order:
# log2FoldChange, lfcSE, pvalue of the training coefficient in ~ sex + 8W + x with x = scale(sin(1..n)), by trend,
# and in ~ 8W on the first two female SED and the first two female 8W samples (residual df 2)
OTHER_DESIGNS = {
    "parametric": """
0.0885873224045564 0.29355396677919 0.762823397619554
-0.050323056925238 0.188595389006288 0.78959944530186
-0.295906502927169 0.193331799563422 0.125877427186658
0.0037018824325199 0.0336655513214036 0.912440664187723
0.0560947468992881 0.0549379194049956 0.307227436397375
-0.0543703224479658 0.0462128355161437 0.239387169261673""",
    "local": """
0.0890980679786608 0.281692762980196 0.751778456363018
-0.050323056925238 0.188595389006288 0.78959944530186
-0.295906502927169 0.193331799563422 0.125877427186658
0.00373634641850182 0.0318298782565832 0.906555065770431
0.0561050886549448 0.0521388285222643 0.281895441508643
-0.0545292212889661 0.0433249774157008 0.208171471296087""",
    "mean": """
0.0895675909361315 0.272012880067228 0.741946310837311
-0.0502697867420895 0.183721768492199 0.784377346774817
-0.29593901890467 0.188073320742544 0.115596139402927
0.00370493093757 0.0334903479280952 0.911912272921734
0.0560820499673299 0.0590439878974433 0.342196066634283
-0.0544023751120018 0.0455849334303912 0.232701458106197""",
    "two against two": """
0.210202553042106 0.929565339840656 0.821100360116101
-0.0225217389073581 0.437543049062669 0.958948460415573
-0.611919840421927 0.502554772853175 0.223369093041932
-0.0207634493309336 0.104545188148913 0.842569854614044
0.0465687981492623 0.114276499980044 0.683633568987124
-0.0149572007158509 0.152471025714803 0.921853965078352""",
}


@pytest.mark.shared
@pytest.mark.parametrize("case", list(OTHER_DESIGNS))
def test_covariates_trends_and_few_samples(shared, case):
    counts, samples = read_expression_set(shared / "data" / "motrpac_muscle" / "TRNSCRPT_GN.rda")
    group = samples.group.to_numpy(dtype=str)
    used = np.isin(group, ["F_SED", "F_8W", "M_SED", "M_8W"])
    group, values = group[used], counts.to_numpy()[:, used]
    male, trained = np.char.startswith(group, "M"), np.char.endswith(group, "8W")
    if case == "two against two":
        chosen = [*np.flatnonzero(group == "F_SED")[:2], *np.flatnonzero(group == "F_8W")[:2]]
        design = np.column_stack([np.ones(4), [0, 0, 1, 1]])
        found = wald(fit_negative_binomial(values[:, chosen], design), np.array([0.0, 1.0]))
    else:
        x = np.sin(np.arange(1, len(group) + 1))
        x = (x - x.mean()) / x.std(ddof=1)
        design = np.column_stack([np.ones(len(group)), male, trained, x]).astype(float)
        found = wald(fit_negative_binomial(values, design, trend=case), np.array([0.0, 0.0, 1.0, 0.0]))
    expected = np.array(OTHER_DESIGNS[case].split(), dtype=float).reshape(-1, 3)
    rows = slice(0, None, 2500)
    numbers = np.column_stack([found.log2fc[rows, 0], found.se[rows, 0], found.p[rows, 0]])
    np.testing.assert_allclose(numbers, expected, rtol=1e-5)


@pytest.mark.shared
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
