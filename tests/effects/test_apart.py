"""Groups that scatter differently: told, weighed, fitted apart; and left alone where they do not."""

import numpy as np
import pytest
from sevaxis.effects.compare import compare
from sevaxis.effects.methods.facets import phrases

from tests.effects.test_compare import comparison, matrix

FEATURES = 600


def simulate(rng, groups, sd):
    """Variances of features from the model's own prior, times that of the group; nothing differs."""
    sigma = np.sqrt(0.25 * 6 / rng.chisquare(6, (FEATURES, 1)))
    wide = np.array([sd.get(group, 1.0) for group in groups])
    return rng.normal(22, 2, (FEATURES, 1)) + sigma * wide * rng.normal(size=(FEATURES, len(groups)))


def errors(groups, sd, card, repeats=20):
    """Share of p below 0.05, and what was used of the last data set."""
    rng = np.random.default_rng(4)
    found = [compare(matrix(simulate(rng, groups, sd), groups), card, axis=[]) for _ in range(repeats)]
    return np.mean([table["p"].lt(0.05).mean() for table, _ in found]), found[-1][1]["fits"]


def card(contrasts=("over",), **model):
    told = [
        {"name": f"{case}_effect", "role": "other", "case": case, "reference": "control"}
        for case in contrasts
    ]
    return comparison(model=model, contrasts=told)


SMALL_AND_WIDE = ["over"] * 4 + ["control"] * 8


def test_a_small_wide_group_is_weighed_unless_the_card_says_otherwise():
    """4 v 8 with 2.5-fold standard deviation: 0.05 (0.14 with one variance); 12,000 tests, standard error 0.002."""
    rate, (fit,) = errors(SMALL_AND_WIDE, {"over": 2.5}, card())
    assert 0.044 < rate < 0.056
    assert fit["group_weights"] and fit["scatter_p"] < 0.01
    assert fit["scatter_ratio"] == pytest.approx(2.5**2, rel=0.4)
    assert any("scatter of groups unequal" in phrase for phrase in phrases(fit))
    forced, (plain,) = errors(SMALL_AND_WIDE, {"over": 2.5}, card(group_weights=False))
    assert forced > 0.11
    assert not plain["group_weights"] and plain["scatter_p"] is None


def test_groups_of_one_size_are_weighed_too():
    """3 v 3 with 2.5-fold standard deviation: one variance has the right size and too many degrees of freedom."""
    groups = ["over"] * 3 + ["control"] * 3
    rate, (fit,) = errors(groups, {"over": 2.5}, card())
    assert fit["group_weights"]
    plain, _ = errors(groups, {"over": 2.5}, card(group_weights=False))
    assert rate < 0.056 < plain


def test_groups_of_equal_scatter_are_not_weighed():
    rate, (fit,) = errors(SMALL_AND_WIDE, {}, card())
    assert 0.044 < rate < 0.056
    assert not fit["group_weights"] and fit["sample_weights"] is None
    assert fit["scatter_ratio"] is None and fit["own_samples"] is None
    assert any("scatter of groups alike" in phrase for phrase in phrases(fit))


THREE = ["over"] * 5 + ["control"] * 5 + ["cells"] * 5


def test_a_contrast_within_wide_groups_does_not_borrow_from_a_narrow_one():
    rate, fits = errors(THREE, {"cells": 0.1}, card(), 12)
    assert 0.044 < rate < 0.056
    assert [fit["own_samples"] for fit in fits] == ["scatter"] and fits[0]["samples"] == 10
    rate, fits = errors(THREE, {"cells": 0.1}, card(own_samples=False, group_weights=False), 10)
    assert rate > 0.1
    assert [fit["own_samples"] for fit in fits] == [None] and fits[0]["samples"] == 15


def test_a_card_can_ask_for_samples_of_its_own():
    rng = np.random.default_rng(5)
    adata = matrix(simulate(rng, THREE, {}), THREE)
    table, model = compare(adata, card(("over", "cells"), own_samples=True), axis=[])
    assert [(fit["contrasts"], fit["samples"], fit["own_samples"]) for fit in model["fits"]] == [
        (["over_effect"], 10, "asked"),
        (["cells_effect"], 10, "asked"),
    ]
    alone, _ = compare(adata[:10].copy(), card(), axis=[])
    rows = table[table["contrast"].eq("over_effect")].reset_index(drop=True)
    np.testing.assert_array_equal(rows["p"], alone["p"])
    _, together = compare(adata, card(("over", "cells")), axis=[])
    assert [fit["samples"] for fit in together["fits"]] == [15]


def test_a_contrast_that_its_own_samples_cannot_tell_from_the_batch_keeps_all():
    """Only through the cells, which are in both batches, are the others comparable."""
    batches = ["1"] * 5 + ["2"] * 5 + ["1", "2", "1", "2", "1"]
    rng = np.random.default_rng(6)
    adata = matrix(simulate(rng, THREE, {"cells": 0.1}), THREE, batches=batches)
    _, model = compare(adata, card(("over", "cells"), own_samples=True), axis=[])
    assert sorted((fit["contrasts"][0], fit["samples"]) for fit in model["fits"]) == [
        ("cells_effect", 10),
        ("over_effect", 15),
    ]


@pytest.mark.shared
@pytest.mark.slow
def test_permuted_vesicles_beside_cells(shared):
    """Vesicles of BV2 scatter far more than their cells: one variance gave hits in 93 of 100 permutations."""
    import pandas as pd
    from sevaxis.matrix.normalise import normalise

    folder = shared / "data/bv2_microglia_ev"
    tables = [
        pd.read_csv(folder / f"{name}_mrna_raw_counts.csv").groupby("Geneid").sum(numeric_only=True)
        for name in ("ev", "cell")
    ]
    both = pd.concat(tables, axis=1, join="inner")
    both = both[both.mean(axis=1) > 50].to_numpy(float)
    ev, cells = ["over", "control", "x", "y"], ["c1", "c2", "c3", "c4"]
    groups = [group for four in (ev, cells) for group in four for _ in range(3)]
    rng = np.random.default_rng(7)
    hits = []
    for _ in range(12):
        shuffled = [*(groups[i] for i in rng.permutation(12)), *groups[12:]]
        adata = matrix(both, shuffled)
        adata.uns["dataset"] = {"scale": "counts"}
        adata.layers["log2"] = normalise(both.T, "counts", "tmm").log2
        told = card().model_copy(update={"assay": "rna_counts"})
        table, model = compare(adata, told, axis=[])
        assert model["fits"][0]["own_samples"] == "scatter"
        hits.append(table["q"].lt(0.05).any())
    assert sum(hits) <= 2  # 0.05 of 12: more than two once in fifty
