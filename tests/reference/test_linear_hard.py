"""Hard cases of linear models against R 4.2.2, limma 3.54.1 (and edgeR 3.40.2 for counts), row by row."""

import numpy as np
import pytest
from sevaxis.models.counts.voom import filter_by_expression, tmm_factors, voom, voom_quality
from sevaxis.models.linear.array_weights import array_weights
from sevaxis.models.linear.blocks import duplicate_correlation
from sevaxis.models.linear.design import cell_means, contrast_matrix
from sevaxis.models.linear.empirical_bayes import moderate
from sevaxis.models.linear.fit import fit_linear
from sevaxis.models.linear.scatter import unequal_scatter

from tests.models.linear.test_blocks import highest_maximum
from tests.reference.matrices import read_correlations, read_hard, read_hard_answers

pytestmark = pytest.mark.shared
# The files hold ten digits. R looks for the degrees of freedom of its robust prior to within 1e-8.
DIGITS, ROBUST = 2e-9, 3e-8
SINGLES = {
    "pairs_alone": {"trend": True, "robust": True},
    "pairs_alone_missing": {"trend": True, "robust": True},
    "alone_one_arm": {"trend": True, "robust": True},
    "triples_singles": {},
}


def difference(samples):
    """Cell means of the groups (and a covariate where there is one), second group minus first."""
    design = cell_means(samples["group"], samples[["covariate"]] if "covariate" in samples else None)
    first, second = ("pre", "post") if "pre" in set(samples["group"]) else ("a", "b")
    return design, contrast_matrix(design, {"effect": {second: 1.0, first: -1.0}})


def compare(ours, r, rtol=DIGITS, atol=0.0):
    for name, got in {
        "log2fc": ours.log2fc[:, 0],
        "se": ours.se[:, 0],
        "t": ours.t[:, 0],
        "df": ours.df_total,
    }.items():
        np.testing.assert_allclose(got, r[name], rtol=rtol, atol=atol, err_msg=name)
    # A relative error of df weighs more in a far tail: -log p times as much.
    np.testing.assert_allclose(np.log(ours.p[:, 0]), np.log(r["p"]), rtol=rtol, atol=2 * rtol + atol)


def read_hard_counts(shared, name, r):
    """Counts of the features that R keeps, too, their library sizes, and the samples."""
    counts, samples = read_hard(shared, name)
    keep = filter_by_expression(counts.to_numpy(), samples["group"])
    assert counts.index[keep].tolist() == r.index.tolist()
    kept = counts.to_numpy(float)[keep]
    return kept, kept.sum(axis=0) * tmm_factors(kept), samples


@pytest.mark.parametrize("name", SINGLES)
def test_subjects_with_one_sample(shared, name):
    """A sample without a partner has the same variance as the others."""
    values, samples = read_hard(shared, name)
    design, effect = difference(samples)
    (consensus,) = read_correlations(shared)[name]
    fit = fit_linear(values.to_numpy(), design, block=samples["subject"], correlation=consensus)
    # R gives features with missing values the correlation between coefficients that complete features have.
    ours = moderate(fit.contrast(effect, shared_correlation=True), **SINGLES[name])
    compare(ours, read_hard_answers(shared, f"{name}.limma_dupcor"), rtol=ROBUST)


@pytest.mark.parametrize(
    ("name", "lower", "moved"),
    [("pairs_alone", 0, 1e-3), ("alone_one_arm", 0, 4e-4), ("triples_singles", 0.01, 0.012)],
)
def test_own_correlation(shared, name, lower, moved):
    """Ours is the trimmed mean of the highest maxima; R's holds maxima that its search from 0 meets first."""
    values, samples = read_hard(shared, name)
    design, effect = difference(samples)
    (consensus,) = read_correlations(shared)[name]
    y, labels = values.to_numpy(), samples["subject"].to_numpy()
    limit = -0.49 if name == "triples_singles" else -0.99
    highest = [highest_maximum(row, design.matrix, labels, limit, 0.99) for row in y]
    z = np.sort(np.arctanh(highest))
    cut = int(0.15 * len(z))
    own = duplicate_correlation(y, design, labels)
    assert own == pytest.approx(np.tanh(z[cut : len(z) - cut].mean()), abs=1e-8)
    assert lower <= abs(own - consensus) < moved
    ours = moderate(fit_linear(y, design, block=labels, correlation=own).contrast(effect), **SINGLES[name])
    r = read_hard_answers(shared, f"{name}.limma_dupcor")
    np.testing.assert_allclose(ours.se[:, 0], r["se"], rtol=3 * moved)


def test_counts_of_subjects_with_one_sample(shared):
    r = read_hard_answers(shared, "counts_pairs_alone.voom_dupcor")
    kept, lib_size, samples = read_hard_counts(shared, "counts_pairs_alone", r)
    design, effect = difference(samples)
    first, second = read_correlations(shared)["counts_pairs_alone"]
    e, weights = voom(kept, design, lib_size=lib_size, block=samples["subject"], correlation=first)
    fit = fit_linear(e, design, weights=weights, block=samples["subject"], correlation=second)
    compare(moderate(fit.contrast(effect, shared_correlation=True), robust=True), r)


def test_one_noisy_array(shared):
    values, samples = read_hard(shared, "noisy_array")
    design, effect = difference(samples)
    r_weights = read_hard_answers(shared, "noisy_array.weights")
    y = values.to_numpy()
    # R's iterations stop at a tolerance of the score; a weight of 0.0024 is the least certain.
    weights = array_weights(y, design)
    np.testing.assert_allclose(weights, r_weights["reml"], rtol=3e-7)
    gene_by_gene = array_weights(y, design, method="gene_by_gene")
    np.testing.assert_allclose(gene_by_gene, r_weights["genebygene"], rtol=1e-10)
    r = read_hard_answers(shared, "noisy_array.limma_arrayw")
    for given, rtol in ((r_weights["reml"].to_numpy(), ROBUST), (weights, 5e-7)):
        fit = fit_linear(y, design, weights=given).contrast(effect)
        compare(moderate(fit, trend=True, robust=True), r, rtol=rtol, atol=1e-7)


@pytest.mark.parametrize("features", [3, 5, 9, 10])
@pytest.mark.parametrize(("trend", "answer"), [(False, "limma_robust"), (True, "limma_robust_trend")])
def test_few_features_with_the_robust_prior(shared, features, trend, answer):
    """Below ten, R's answers with and without `robust` are those of the plain prior."""
    values, samples = read_hard(shared, f"panel{features}")
    design, effect = difference(samples)
    fit = fit_linear(values.to_numpy(), design).contrast(effect)
    compare(moderate(fit, trend=trend, robust=True), read_hard_answers(shared, f"panel{features}.{answer}"))


def test_groups_of_unequal_scatter(shared):
    """R's arrayWeights(var.group = group) and the fit with it; and the plain fit, in which 4 v 8 errs in 16 %."""
    values, samples = read_hard(shared, "unequal_scatter")
    design, effect = difference(samples)
    y = values.to_numpy()
    r_weights = read_hard_answers(shared, "unequal_scatter.weights")["weight"].to_numpy()
    weights = array_weights(y, design, groups=samples["group"])
    # Ours is the maximum; R stops within 1e-3 of it.
    np.testing.assert_allclose(weights, r_weights, rtol=1e-4)
    r = read_hard_answers(shared, "unequal_scatter.limma_vargroup")
    for given, rtol in ((r_weights, DIGITS), (weights, 1e-4)):
        fit = fit_linear(y, design, weights=given).contrast(effect)
        compare(moderate(fit, trend=True, robust=True), r, rtol=rtol)
    plain = moderate(fit_linear(y, design).contrast(effect), trend=True, robust=True)
    compare(plain, read_hard_answers(shared, "unequal_scatter.limma_plain"))
    found = unequal_scatter(y, design, samples["group"])
    assert found.unequal and found.groups == ("a", "b")
    np.testing.assert_allclose(found.log_ratio, np.log(r_weights[-1] / r_weights[0]), rtol=1e-4)


def test_counts_of_unequal_scatter(shared):
    r = read_hard_answers(shared, "counts_unequal_scatter.voomqw_vargroup")
    kept, lib_size, samples = read_hard_counts(shared, "counts_unequal_scatter", r)
    design, effect = difference(samples)
    e, weights, shares = voom_quality(kept, design, lib_size=lib_size, groups=samples["group"])
    r_shares = read_hard_answers(shared, "counts_unequal_scatter.weights")["weight"]
    np.testing.assert_allclose(shares, r_shares, rtol=1e-10)
    compare(moderate(fit_linear(e, design, weights=weights).contrast(effect), robust=True), r)
    assert unequal_scatter(e, design, samples["group"], weights / shares).unequal


def test_pairs_as_fixed_effects(shared):
    """Complete pairs of which single values are missing: the subject of a broken pair takes what is left of it."""
    values, samples = read_hard(shared, "pairs_fixed")
    design = cell_means(samples["group"], samples[["subject"]])
    effect = contrast_matrix(design, {"effect": {"post": 1.0, "pre": -1.0}})
    ours = moderate(fit_linear(values.to_numpy(), design).contrast(effect), trend=True, robust=True)
    compare(ours, read_hard_answers(shared, "pairs_fixed.limma_fixed"))
