"""Several samples of a subject: the default holds its level whatever subjects share, and says how they entered."""

import numpy as np
import pytest
from sevaxis.effects.compare import compare

from tests.effects.test_compare import comparison, matrix

FEATURES = 6000


def simulate(rng, subjects, shares, missing=0.0):
    """Nothing differs; the share of the variance that lies between subjects is drawn feature by feature."""
    names = sorted(set(subjects))
    of = [names.index(subject) for subject in subjects]
    share = rng.choice(shares, (FEATURES, 1))
    noise = np.sqrt(share) * rng.normal(size=(FEATURES, len(names)))[:, of]
    noise += np.sqrt(1 - share) * rng.normal(size=(FEATURES, len(subjects)))
    values = 22 + np.sqrt(0.25 * 6 / rng.chisquare(6, (FEATURES, 1))) * noise
    values[rng.random(values.shape) < missing] = np.nan
    return values


def rates(groups, of, shares, missing=0.0, **model):
    rng = np.random.default_rng(3)
    adata = matrix(simulate(rng, of, shares, missing), groups, subjects=of)
    table, told = compare(adata, comparison(model=model), axis=[])
    p = table["p"].dropna()
    return p.lt(0.05).mean(), p.lt(0.001).mean(), told["fits"]


def pairs(n, alone=0):
    names = [f"m{i}" for i in range(n)]
    groups = ["over"] * n + ["control"] * n + ["over"] * alone + ["control"] * alone
    return groups, [*names, *names, *(f"alone{i}" for i in range(2 * alone))]


@pytest.mark.parametrize("missing", [0.0, 0.15])
@pytest.mark.parametrize("shares", [[0.1], [0.5], [0.05, 0.9]])
@pytest.mark.parametrize(("n", "alone"), [(4, 0), (8, 0), (5, 3)])
def test_contrasts_within_subjects_hold_their_level(n, alone, shares, missing):
    """6,000 tests: standard errors 0.003 and 0.0004."""
    rate, tail, (fit,) = rates(*pairs(n, alone), shares, missing)
    assert 0.041 < rate < 0.059 and tail < 0.0025
    assert fit["fixed_subjects"] and fit["correlation"] is None and fit["method"] == "trend"
    assert any("subjects with one sample: 6" in remark for remark in fit["remarks"]) == (alone > 0)


def test_one_correlation_for_all_features_is_there_for_the_asking():
    """And errs in 0.07 of tests, 0.005 at 0.001, where features differ in what subjects share."""
    rate, tail, (fit,) = rates(*pairs(4), [0.05, 0.9], subjects="block")
    assert rate > 0.06 and tail > 0.002
    assert fit["correlation"] is not None and not fit["fixed_subjects"]


@pytest.mark.parametrize("shares", [[0.1], [0.5], [0.05, 0.9]])
def test_contrasts_between_subjects_of_several_samples_have_random_intercepts(shares):
    """Four samples of each of 5 v 5: 0.04 to 0.05 (0.05 to 0.10 with one correlation for all)."""
    subjects = [f"m{i // 4}" for i in range(40)]
    rate, tail, (fit,) = rates(["over"] * 20 + ["control"] * 20, subjects, shares)
    assert 0.033 < rate < 0.059 and tail < 0.003
    assert fit["method"] == "mixed" and fit["random_intercept"]


def test_a_contrast_between_subjects_needs_no_block_where_each_has_one_sample_there():
    """Vesicles and lysate of the same mice: vesicles v lysate within mice, overtrained v control between them."""
    groups = ["over"] * 5 + ["control"] * 5 + ["over lysate"] * 5 + ["control lysate"] * 5
    subjects = [f"m{i % 10}" for i in range(20)]
    rng = np.random.default_rng(4)
    adata = matrix(simulate(rng, subjects, [0.5])[:500], groups, subjects=subjects)
    contrasts = [
        {"name": "within", "role": "sev_enrichment", "case": "over", "reference": "over lysate"},
        {"name": "between", "role": "overtraining", "case": "over", "reference": "control"},
    ]
    table, model = compare(adata, comparison(contrasts=contrasts), axis=[])
    within, between = model["fits"]
    assert (within["contrasts"], within["fixed_subjects"], within["samples"]) == (["within"], True, 20)
    assert (between["contrasts"], between["own_samples"], between["samples"]) == (["between"], "subjects", 10)
    assert within["remarks"] == between["remarks"] == []
    alone, _ = compare(adata[:10].copy(), comparison(contrasts=contrasts[1:]), axis=[])
    np.testing.assert_array_equal(table[table["contrast"].eq("between")]["p"], alone["p"])


def test_counts_take_subjects_by_their_contrasts_too():
    rng = np.random.default_rng(5)
    groups, subjects = pairs(5)
    counts = rng.poisson(np.exp2(simulate(rng, subjects, [0.5])[:400] - 14)).astype(float)
    adata = matrix(counts, groups, subjects=subjects)
    adata.uns["dataset"] = {"scale": "counts"}
    adata.layers["log2"] = np.log2(adata.X + 1)
    _, model = compare(adata, comparison(assay="rna_counts", model={}), axis=[])
    assert model["fits"][0]["fixed_subjects"] and model["fits"][0]["method"] == "voom"
