"""Normalised values against hand arithmetic and a planted depth."""

import numpy as np
import pytest
from sevaxis.base.problems import Problems
from sevaxis.matrix.normalise import normalise, parting


@pytest.fixture
def counts():
    rng = np.random.default_rng(4)
    return rng.poisson(rng.gamma(2, 200, 500), (6, 500)).astype(float)


def test_none_is_log2_counts_per_million_by_hand():
    """Prior 2 in proportion to the library (4 and 12 of mean 8): 1 and 3 counts.

    Sample 1: (1 + 1) / (4 + 2) million; sample 2: (9 + 3) / (12 + 6) million.
    """
    values = np.array([[1.0, 3.0], [9.0, 3.0]])
    found = normalise(values, "counts", "none").log2
    expected = np.log2([[2 / 6e-6, 4 / 6e-6], [12 / 18e-6, 6 / 18e-6]])
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_depth_is_taken_out_and_a_few_strong_genes_do_not_matter(counts):
    """A sample at twice the depth, and one with five genes a hundredfold: TMM leaves the other 495 in place."""
    counts[1] = 2 * counts[0]
    counts[2] = counts[0]
    counts[2, :5] *= 100
    result = normalise(counts, "counts", "tmm")
    np.testing.assert_allclose(result.log2[1], result.log2[0], atol=0.01)
    np.testing.assert_allclose(result.log2[2, 5:], result.log2[0, 5:], atol=0.02)
    assert np.prod(result.factors) == pytest.approx(1)
    plain = normalise(counts, "counts", "none").log2
    assert np.median(plain[2, 5:] - plain[0, 5:]) < -0.5  # which is what it saves from


def test_median_of_ratios_for_counts(counts):
    counts[1] = 3 * counts[0]
    result = normalise(counts, "counts", "median")
    np.testing.assert_allclose(result.log2[1], result.log2[0], atol=0.01)
    assert np.log(result.factors).sum() == pytest.approx(0)


def test_median_of_intensities_rests_on_complete_features():
    """Sample 2 is sample 1 plus 1 without the weaker half of its last hundred features: the shift is 1, not more."""
    rng = np.random.default_rng(5)
    first = rng.normal(25, 2, 300)
    second = first + 1
    second[200:][first[200:] < 25] = np.nan
    values = np.vstack([first, second])
    result = normalise(values, "log2", "median")
    np.testing.assert_allclose(result.shifts, [-0.5, 0.5], atol=1e-12)
    seen = ~np.isnan(second)
    np.testing.assert_allclose(result.log2[1, seen], result.log2[0, seen], atol=1e-12)
    assert np.isnan(result.log2[1, ~seen]).all() and result.factors is None
    assert "seen in every sample" in result.text


def test_median_of_few_features_uses_what_each_sample_has():
    """Medians 2 and 5 about their mean 3.5."""
    values = np.array([[1.0, 2, 3, np.nan], [4, 5, np.nan, 6]])
    result = normalise(values, "log2", "median")
    np.testing.assert_allclose(result.shifts, [-1.5, 1.5])


def test_none_leaves_intensities_alone():
    values = np.array([[1.0, np.nan], [3.0, 4.0]])
    np.testing.assert_array_equal(normalise(values, "log2", "none").log2, values)


def test_tmm_of_intensities_is_refused():
    with pytest.raises(Problems, match="TMM is for counts"):
        normalise(np.ones((2, 3)), "log2", "tmm")


def ratios(rng, *, changed=0.0, by=1.5, offsets=True, features=800, sizes=(4, 4), missing=0.0):
    """Log2 intensities of two groups: loading offsets, a share of features up in the second group, values missing."""
    samples = sum(sizes)
    values = rng.normal(25, 2, features) + 0.3 * rng.normal(size=(samples, features))
    values[sizes[0] :, : int(changed * features)] += by
    shifts = rng.normal(0, 0.5, samples) if offsets else np.zeros(samples)
    values += shifts[:, None]
    values[rng.random(values.shape) < missing] = np.nan
    return values, shifts - shifts.mean(), np.repeat(["a", "b"], sizes)


@pytest.mark.parametrize("changed", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("missing", [0.0, 0.3])
@pytest.mark.parametrize("sizes", [(4, 4), (3, 9)])
def test_modes_find_the_loading_whatever_part_changes_to_one_side(changed, missing, sizes):
    """Medians take 0.3 of 1.5 for loading where a third changes; modes at most 0.06 between groups."""
    rng = np.random.default_rng(11)
    values, shifts, groups = ratios(rng, changed=changed, missing=missing, sizes=sizes)
    by_mode, by_median = (normalise(values, "log2", method).shifts - shifts for method in ("mode", "median"))
    between = [off[groups == "b"].mean() - off[groups == "a"].mean() for off in (by_mode, by_median)]
    assert abs(between[0]) < 0.06
    assert np.std(by_mode) < 0.06
    if changed == 0.3:
        assert between[1] > 0.15


@pytest.mark.parametrize("changed", [0.0, 0.3])
def test_false_discoveries_after_modes(changed):
    """Without an offset and with one-sided changes: at most 5 % of what is found, as where nothing was aligned."""
    from sevaxis.models.inference.multiplicity import benjamini_hochberg
    from sevaxis.models.linear.design import cell_means, contrast_matrix
    from sevaxis.models.linear.empirical_bayes import moderate
    from sevaxis.models.linear.fit import fit_linear

    rng = np.random.default_rng(12)
    found, false, nominal = 0, 0, []
    for _ in range(10):
        values, _, groups = ratios(rng, changed=changed, offsets=False, sizes=(5, 5))
        design = cell_means(groups.tolist())
        contrast = contrast_matrix(design, {"effect": {"b": 1.0, "a": -1.0}})
        aligned = normalise(values, "log2", "mode").log2.T
        p = moderate(fit_linear(aligned, design).contrast(contrast), trend=True).p[:, 0]
        hits = np.flatnonzero(benjamini_hochberg(p) < 0.05)
        found, false = found + len(hits), false + (hits >= int(changed * 800)).sum()
        nominal.append((p[int(changed * 800) :] < 0.05).mean())
    assert np.mean(nominal) < 0.06
    if changed:
        assert false / found < 0.055


def test_modes_of_ordinary_data_are_near_the_medians():
    values, shifts, _ = ratios(np.random.default_rng(13), features=3000)
    found = {method: normalise(values, "log2", method).shifts for method in ("mode", "median")}
    np.testing.assert_allclose(found["mode"], shifts, atol=0.03)
    np.testing.assert_allclose(found["mode"], found["median"], atol=0.06)


@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_modes_of_ratios_and_of_identical_samples(scale):
    """Values about 0, in any unit; samples that differ by a constant alone; a feature in one sample only."""
    rng = np.random.default_rng(14)
    first = scale * rng.normal(size=200)
    values = np.vstack([first, first + scale, first - scale, first])
    found = normalise(values, "log2", "mode")
    np.testing.assert_allclose(
        found.shifts, scale * np.array([0.0, 1.0, -1.0, 0.0]), atol=1e-9 * scale + 1e-12
    )
    values[1:, 0] = np.nan
    assert np.isfinite(normalise(values, "log2", "mode").shifts).all()


def test_few_features_have_medians_in_place_of_modes_and_it_is_told():
    values, _, _ = ratios(np.random.default_rng(15), features=49)
    found = normalise(values, "log2", "mode")
    np.testing.assert_array_equal(found.shifts, normalise(values, "log2", "median").shifts)
    assert found.method == "median" and "modes need 50 features" in found.text


def test_modes_are_not_for_counts(counts):
    with pytest.raises(Problems, match="Modes of log ratios are for intensities"):
        normalise(counts, "counts", "mode")


@pytest.mark.parametrize(("changed", "parts"), [(0.0, False), (0.3, True)])
def test_medians_and_modes_that_part_are_told(changed, parts):
    rng = np.random.default_rng(16)
    told = []
    for _ in range(20):
        values, _, groups = ratios(rng, changed=changed)
        told.append(parting(values, groups))
    assert sum(each is not None for each in told) == (20 if parts else 0)
    if parts:
        size, high, low = told[0]
        assert (high, low) == ("b", "a") and 0.15 < size < 0.5
    assert parting(values[:, :49], groups) is None
    assert parting(values, np.repeat("a", 8)) is None


@pytest.mark.shared
def test_bacteria_in_human_cells(shared):
    """E. coli in human, 30 v 10: false discoveries 0.49 by medians, 0.17 by the human proteins' own median."""
    import pandas as pd
    from sevaxis.models.inference.multiplicity import benjamini_hochberg
    from sevaxis.models.linear.design import cell_means, contrast_matrix
    from sevaxis.models.linear.empirical_bayes import moderate
    from sevaxis.models.linear.fit import fit_linear

    table = pd.read_csv(shared / "data/spike_ecoli_human_maxlfq/Ecoli_human_MaxLFQ_protein_intensities.csv")
    real = table["Reverse"].fillna("").eq("") & table["Only.identified.by.site"].fillna("").eq("")
    values = table.loc[real].iloc[:, :6].replace(0, np.nan).apply(np.log2).to_numpy().T
    human = table.loc[real, "Fasta.headers"].str.contains("HUMAN").to_numpy()
    design = cell_means(list("HHHLLL"))
    contrast = contrast_matrix(design, {"effect": {"H": 1.0, "L": -1.0}})

    def false_share(log2):
        p = moderate(fit_linear(log2.T, design).contrast(contrast), trend=True, robust=True).p[:, 0]
        hits = benjamini_hochberg(p) < 0.05
        return (hits & human).sum() / hits.sum()

    seen = ~np.isnan(values).any(axis=0)
    oracle = values - np.median(values[:, seen & human], axis=1)[:, None]
    assert false_share(oracle) == pytest.approx(0.168, abs=0.001)
    assert false_share(normalise(values, "log2", "median").log2) == pytest.approx(0.488, abs=0.001)
    assert false_share(normalise(values, "log2", "mode").log2) < false_share(oracle) + 0.02
    size, high, low = parting(values, np.array(list("HHHLLL")))
    assert (high, low) == ("H", "L") and size > 0.15
