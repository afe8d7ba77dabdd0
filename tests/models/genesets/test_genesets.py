"""Gene-set machinery against statsmodels, pairwise definitions and exact enumeration."""

from itertools import combinations, permutations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from sevaxis.models.genesets.camera import camera, camera_preranked
from sevaxis.models.genesets.preranked import preranked
from sevaxis.models.genesets.rotation import fry, roast
from sevaxis.models.genesets.sets import (
    contrast_effects,
    index_sets,
    z_score,
)

from tests.models.null_data import simulate_sets, tile_sets

FEATURES = [f"g{i:04d}" for i in range(400)]
CONTRAST = np.array([0.0, 1.0, 0.0])


def experiment(seed, n=5, features=400):
    rng = np.random.default_rng(seed)
    design = np.column_stack([np.ones(2 * n), np.repeat([0, 1], n), rng.normal(size=2 * n)])
    return rng.normal(8, 1, (features, 2 * n)), design


def test_members_are_found_once_and_small_sets_left_out():
    sets = index_sets(
        {"a": ["g3", "g1", "g1", "none"], "b": ["g0"], "c": ["g0", "g1", "g2", "g3"]}, ["g0", "g1", "g2", "g3"],
        smallest=2, largest=3,
    )  # fmt: skip
    assert sets.names == ("a",)
    assert [rows.tolist() for rows in sets] == [[1, 3]]
    np.testing.assert_array_equal(sets.sums(np.array([1.0, 2, 4, 8])), [10])
    with pytest.raises(ValueError, match="'g0' twice"):
        index_sets({}, ["g0", "g0"])


def test_no_set_measured_gives_empty_tables():
    sets, (y, design) = index_sets({"a": ["x"]}, FEATURES), experiment(0)
    for table in (
        camera(y, design, CONTRAST, sets), fry(y, design, CONTRAST, sets), camera_preranked(y[:, 0], sets),
        preranked(y[:, 0], sets), roast(y, design, CONTRAST, sets, rotations=9),
    ):  # fmt: skip
        assert len(table) == 0


@pytest.mark.parametrize("kind", ["none", "sample", "value"])
def test_effects_equal_weighted_least_squares(kind):
    y, design = experiment(1)
    rng = np.random.default_rng(2)
    contrast = np.array([0.0, 1.0, -0.5])
    weights = {"none": None, "sample": rng.uniform(0.3, 3, 10), "value": rng.uniform(0.3, 3, y.shape)}[kind]
    effects = contrast_effects(y, design, contrast, weights)
    for i in range(5):
        w = np.ones(10) if weights is None else np.broadcast_to(weights, y.shape)[i]
        fit = sm.WLS(y[i], design, weights=w).fit()
        t = effects[i, 0] / np.sqrt(np.mean(effects[i, 1:] ** 2))
        np.testing.assert_allclose(t, fit.t_test(contrast).tvalue.item(), rtol=1e-9)
        np.testing.assert_allclose(np.sum(effects[i, 1:] ** 2), fit.ssr, rtol=1e-9)


def test_effects_refuse_what_has_no_answer():
    y, design = experiment(3)
    with pytest.raises(ValueError, match="complete rows"):
        contrast_effects(np.where(y > 9, np.nan, y), design, CONTRAST)
    with pytest.raises(ValueError, match="full column rank"):
        contrast_effects(y, np.column_stack([design, design[:, 0]]), np.append(CONTRAST, 0))
    with pytest.raises(ValueError, match="do not fit together"):
        contrast_effects(y, design, CONTRAST[:2])
    with pytest.raises(ValueError, match="weights must be positive"):
        contrast_effects(y, design, CONTRAST, np.zeros(10))


def test_estimated_correlation_is_the_mean_pairwise_correlation_of_residuals():
    """Wu & Smyth 2012, eq. 3: the inflation 1 + (m - 1) rho averages over all pairs of members."""
    y, design = experiment(4)
    y[:20] += np.random.default_rng(5).normal(size=(1, 10))  # the first set moves together
    sets = tile_sets(20)
    table = camera(y, design, CONTRAST, sets, correlation=None)
    residuals = y.T - design @ np.linalg.lstsq(design, y.T, rcond=None)[0]
    residuals /= np.linalg.norm(residuals, axis=0)
    for i, rows in enumerate(sets):
        mean = np.mean([residuals[:, a] @ residuals[:, b] for a, b in combinations(rows, 2)])
        np.testing.assert_allclose(table["correlation"][i], max(mean, 0), atol=1e-12)
    assert table["correlation"][0] > 0.3
    assert (table["df"] == 7).all()


def test_camera_without_correlation_is_the_two_sample_t_test():
    from scipy.stats import ttest_ind

    z, sets = np.random.default_rng(6).normal(size=400), tile_sets(40)
    table = camera_preranked(z, sets, correlation=0.0)
    for i, rows in enumerate(sets):
        rest = np.delete(z, rows)
        expected = ttest_ind(z[rows], rest)
        np.testing.assert_allclose([table["t"][i], table["p"][i]], [expected.statistic, expected.pvalue])
    with pytest.raises(ValueError, match="finite statistic"):
        camera_preranked(np.append(z[:-1], np.nan), sets)


def test_normal_deviates_keep_the_tail():
    from scipy.stats import norm, t

    np.testing.assert_allclose(
        z_score(np.array([2.0, -5.0]), 7.0), [norm.isf(t.sf(2, 7)), -norm.isf(t.sf(5, 7))]
    )
    assert np.isfinite(z_score(np.array([1e200]), 1e4)).all()


def test_one_gene_as_a_set_is_its_own_t_test():
    """With a prior that carries no weight the rotation tests of one feature are the ordinary t-test."""
    y, design = experiment(7, features=400)
    y *= np.random.default_rng(8).lognormal(0, 3, (400, 1))  # variances too unlike each other to share
    sets = index_sets({"one": ["g0007"]}, FEATURES, smallest=1)
    expected = sm.OLS(y[7], design).fit().pvalues[1]
    np.testing.assert_allclose(fry(y, design, CONTRAST, sets)["p"], expected, rtol=1e-9)
    rotated = roast(y, design, CONTRAST, sets, rotations=20_000, seed=1)
    np.testing.assert_allclose(rotated["p"], expected, atol=4 * np.sqrt(expected / 20_000) + 0.01)


def naive_score(statistics, rows):
    """Running sum over the whole ranking, as drawn in every GSEA figure (Subramanian et al. 2005)."""
    order = np.argsort(-statistics, kind="stable")
    hit = np.isin(order, rows)
    curve = np.cumsum(np.where(hit, np.abs(statistics[order]), 0) / np.abs(statistics[rows]).sum()
                      - np.where(hit, 0, 1) / (~hit).sum())  # fmt: skip
    high, low = max(curve.max(), 0), min(curve.min(), 0)
    return high if high > -low else low


def test_enrichment_score_and_p_by_enumeration():
    """All C(16, 3) = 560 sets of three: the exact p, conditional on the sign."""
    statistics = np.random.default_rng(11).normal(size=16)
    names = [f"g{i}" for i in range(16)]
    top = np.argsort(-statistics)
    chosen = {"top": [names[i] for i in top[[0, 1, 4]]], "bottom": [names[i] for i in top[[15, 13, 9]]]}
    table = preranked(statistics, index_sets(chosen, names), permutations=40_000, seed=2).set_index("set")
    scores = np.array([naive_score(statistics, list(rows)) for rows in combinations(range(16), 3)])
    for name, members in chosen.items():
        es = naive_score(statistics, [names.index(g) for g in members])
        same = scores[np.sign(scores) == np.sign(es)]
        np.testing.assert_allclose(table.loc[name, "es"], es, rtol=1e-12)
        np.testing.assert_allclose(table.loc[name, "nes"], es / abs(same).mean(), rtol=0.01)
        exact = np.mean(abs(same) >= abs(es) - 1e-12)
        assert abs(np.log2(table.loc[name, "p"] / exact)) < 4 * table.loc[name, "log2_error"]
    assert table.loc["top", "leading_edge"][0] == top[0]
    assert table.loc["bottom", "leading_edge"][0] == top[15]


def test_small_p_by_splitting_equals_the_exact_tail():
    """The k best of N features score 1 when weights are equal: probability 1 / C(N, k), 3.7e-8 here.

    With weight 0 the score of the set at the very top is 1 and no other set reaches it; of the scores P(ES > 0)
    is a half by symmetry (scores of 0 aside), so p is 2 / C(60, 6) within its error.
    """
    from math import comb

    names = [f"g{i}" for i in range(60)]
    sets = index_sets({"top": names[:6], "bottom": names[-6:]}, names)
    statistics = np.arange(60, 0, -1) - 30.5
    runs = [preranked(statistics, sets, weight=0, seed=seed, permutations=2000) for seed in range(12)]
    exact = np.log2(2 / comb(60, 6))
    for i in range(2):
        estimates = np.log2([run["p"][i] for run in runs])
        claimed = np.mean([run["log2_error"][i] for run in runs])
        # unbiased for p itself, so the mean of the p-values is compared
        assert abs(np.log2(np.mean(2**estimates)) - exact) < 4 * claimed / np.sqrt(len(runs))
        assert 0.4 * claimed < estimates.std(ddof=1) < 1.8 * claimed


def test_preranked_is_reproducible_and_never_zero():
    statistics = np.random.default_rng(12).normal(size=400)
    statistics[:40] += 8
    sets = tile_sets(40)
    first, again = (preranked(statistics, sets, permutations=500, seed=3) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    assert first["p"].min() == 1e-20  # the bound, and marked as such
    assert np.isnan(first["log2_error"][0])
    other = preranked(statistics, sets, permutations=500, seed=4)
    assert (first["p"] != other["p"]).any()
    with pytest.raises(ValueError, match="finite statistic"):
        preranked(np.append(statistics[1:], np.inf), sets)
    with pytest.raises(ValueError, match="every feature"):
        preranked(statistics, tile_sets(400))


def test_constant_features_and_sets_of_everything_have_a_status():
    """No variance, nothing outside: said in the table, without a warning or a p made of rounding errors."""
    y, design = experiment(14)
    y[:6], y[6:9] = 5.1, 0.0
    sets = index_sets({"constant": FEATURES[:6], "zero": FEATURES[6:9], "all": FEATURES}, FEATURES)
    table = fry(y, design, CONTRAST, sets).set_index("set")
    assert table["status"].tolist() == ["not_estimable", "not_estimable", "tested"]
    assert table["p"].isna().tolist() == [True, True, False]
    table = roast(y, design, CONTRAST, sets, rotations=99).set_index("set")
    assert table.loc[["constant", "zero"], ["p", "p_mixed"]].to_numpy().tolist() == [[1, 1], [1, 1]]
    for correlation in (0.01, None):
        table = camera(y, design, CONTRAST, sets, correlation=correlation).set_index("set")
        assert table["status"].tolist() == ["tested", "tested", "not_estimable"]
        assert (table["p"].iloc[:2] > 0.1).all()
    assert (camera_preranked(np.zeros(400), sets)["status"] == "not_estimable").all()
    with pytest.raises(ValueError, match="constant"):
        camera(np.full((400, 10), 3.3), design, CONTRAST, sets)


def averaged_curve(statistics, rows):
    """Mean of the running sums of all orders of the features that agree with the statistics."""
    runs = [np.flatnonzero(statistics == value) for value in sorted(set(statistics), reverse=True)]
    orders = [np.array([], dtype=int)]
    for run in runs:
        orders = [np.append(order, more) for order in orders for more in permutations(run)]
    weight = np.maximum(np.abs(statistics), 1e-12)
    curves = []
    for order in orders:
        hit = np.isin(order, rows)
        step = np.where(hit, weight[order] / weight[rows].sum(), -1 / (~hit).sum())
        curves.append(np.cumsum(step))
    return np.mean(curves, axis=0)


def test_ties_are_averaged_over_their_orders():
    statistics = np.array([2.0, 1, 1, 1, 0, 0, 0, 0, -1, -1.5])
    names = [f"g{i}" for i in range(10)]
    members = {"".join(map(str, rows)): list(rows) for rows in combinations(range(10), 3)}
    sets = index_sets({name: [names[i] for i in rows] for name, rows in members.items()}, names, smallest=1)
    table = preranked(statistics, sets, permutations=100).set_index("set")
    for name, rows in members.items():
        curve = averaged_curve(statistics, rows)
        high, low = max(curve.max(), 0), min(curve.min(), 0)
        if abs(high + low) > 1e-9:  # else both extremes are equally far, and the score is 0
            assert table.loc[name, "es"] == pytest.approx(high if high > -low else low, abs=1e-12), name


def test_tied_features_have_no_order():
    """Shuffled rows, the same answers; of sets within one run of ties all are alike."""
    rng = np.random.default_rng(15)
    statistics = np.round(rng.normal(size=400), 1)
    shuffle = rng.permutation(400)
    chosen = {f"s{i}": FEATURES[i : i + 20] for i in range(0, 400, 20)}
    one = preranked(statistics, index_sets(chosen, FEATURES), permutations=500, seed=1)
    names = [FEATURES[i] for i in shuffle]
    other = preranked(statistics[shuffle], index_sets(chosen, names), permutations=500, seed=1)
    pd.testing.assert_frame_equal(one.drop(columns="leading_edge"), other.drop(columns="leading_edge"))
    table = preranked(np.repeat([0.0, 1.0], 200), tile_sets(20), permutations=500, seed=1)
    assert table["es"][:10].nunique() == table["es"][10:].nunique() == 1
    table = preranked(np.zeros(400), tile_sets(20), permutations=500, seed=1)
    assert (table["es"] == 0).all() and (table["p"] == 1).all()


def test_small_p_with_ties_by_enumeration():
    """All C(24, 4) = 10,626 sets, scored between runs of ties; the rarest are found by splitting."""
    statistics = np.round(np.random.default_rng(16).normal(size=24) * 2) / 2
    assert len(set(statistics)) < 12
    names = [f"g{i}" for i in range(24)]
    ends = np.flatnonzero(np.diff(-np.sort(-statistics), append=-np.inf))
    order = np.argsort(-statistics)
    weight = np.maximum(np.abs(statistics), 1e-12)

    def score(rows):
        hit = np.isin(order, rows)
        steps = np.where(hit, weight[order] / weight[list(rows)].sum(), -1 / 20)
        curve = np.append(0, np.cumsum(steps)[ends])
        return curve.max() if curve.max() > -curve.min() + 1e-12 else curve.min()

    everything = list(combinations(range(24), 4))
    scores = np.array([score(rows) for rows in everything])
    up = scores[scores > 1e-12]
    chosen = [everything[i] for i in np.argsort(-scores)[[0, 20, 200, 1000]]]
    sets = index_sets({str(i): [names[g] for g in rows] for i, rows in enumerate(chosen)}, names, smallest=1)
    runs = [preranked(statistics, sets, permutations=2000, seed=seed) for seed in range(12)]
    for i, rows in enumerate(chosen):
        assert runs[0]["es"][i] == pytest.approx(score(rows), abs=1e-12)
        exact = np.mean(up >= score(rows) - 1e-12)
        claimed = np.mean([run["log2_error"][i] for run in runs])
        found = np.log2(np.mean([run["p"][i] for run in runs]))
        assert abs(found - np.log2(exact)) < 4 * claimed / np.sqrt(len(runs)) + 0.02


def test_rotation_is_reproducible():
    y, design = experiment(13)
    first, again = (roast(y, design, CONTRAST, tile_sets(20), rotations=99, seed=5) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)


@pytest.mark.slow
@pytest.mark.parametrize("n", [3, 5, 10])
@pytest.mark.parametrize("test", ["camera", "fry", "roast", "roast_mixed"])
def test_null_false_positive_rate(n, test):
    """6,000 sets: a rate of 0.05 has a standard error of 0.0028, hence 0.0415 to 0.0585."""
    p = []
    for y, design, sets in simulate_sets(n, 0.01 if test == "camera" else 0.1):
        if test == "camera":
            p.append(camera(y, design, CONTRAST[:2], sets)["p"])
        elif test == "fry":
            p.append(fry(y, design, CONTRAST[:2], sets)["p"])
        else:
            table = roast(y, design, CONTRAST[:2], sets, rotations=199)
            p.append(table["p_mixed" if "mixed" in test else "p"])
    rate = np.mean(np.concatenate(p) <= 0.05)
    assert 0.0415 < rate < 0.0585


@pytest.mark.slow
@pytest.mark.parametrize(("n", "liberal"), [(3, 0.12), (5, 0.09), (10, 0.08)])
def test_mixed_p_of_fry_is_liberal_as_documented(n, liberal):
    """limma's own, row by row, for these sets of 20 (tests/reference/test_genesets.py): roast is the test to use."""
    p = [fry(y, design, CONTRAST[:2], sets)["p_mixed"] for y, design, sets in simulate_sets(n, 0.1)]
    assert 0.05 < np.mean(np.concatenate(p) <= 0.05) < liberal


@pytest.mark.slow
@pytest.mark.parametrize("n", [3, 5, 10])
def test_camera_with_estimated_correlation_is_not_liberal(n):
    """Estimates below 0 are raised to 0: with correlated members the test is near its level, never above."""
    p = [camera(y, design, CONTRAST[:2], s, correlation=None)["p"] for y, design, s in simulate_sets(n, 0.1)]
    assert 0.02 < np.mean(np.concatenate(p) <= 0.05) < 0.0585


@pytest.mark.slow
@pytest.mark.parametrize("size", [5, 15, 60])
def test_preranked_null_is_uniform(size):
    """Independent statistics, random sets: also the small p-values keep their promise."""
    rng, p = np.random.default_rng(size), []
    names = [f"g{i}" for i in range(2000)]
    for seed in range(20):
        sets = {f"s{i}": rng.choice(names, size, replace=False) for i in range(300)}
        p.append(preranked(rng.normal(size=2000), index_sets(sets, names), permutations=1000, seed=seed)["p"])
    p = np.concatenate(p)
    assert 0.0415 < np.mean(p <= 0.05) < 0.0585
    assert 0.001 < np.mean(p <= 0.005) < 0.009
