"""Presence in a design: what is a stratum, what is a pair, what counts once."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, fisher_exact
from sevaxis.base.vocabulary import Stratum
from sevaxis.effects.presence import carried_by_few, presence_of
from sevaxis.effects.strata import StratumContrast

from tests.effects.test_compare import compare, comparison, matrix


def samples(groups: str, **columns: list) -> pd.DataFrame:
    """One letter a sample: c a case, r a reference."""
    facts = {
        name: pd.array(columns.get(name, [None] * len(groups)), dtype=object)
        for name in ("sex", "batch", "subject")
    }
    others = {name: values for name, values in columns.items() if name not in facts}
    return pd.DataFrame({"group": list(groups), **facts, **others})


def contrast(groups: str, stratum: Stratum = Stratum.ALL) -> StratumContrast:
    sides = [tuple(i for i, group in enumerate(groups) if group == side) for side in "cr"]
    return StratumContrast("c", stratum, {}, *sides)


def test_alone_it_is_fishers():
    groups = "c" * 10 + "r" * 10
    seen = np.array([[1] * 10 + [0] * 10, [1] * 7 + [0] * 3 + [1] * 2 + [0] * 8, [1] * 20], dtype=bool)
    told = presence_of(seen, samples(groups), contrast(groups))
    expected = [fisher_exact([[a, 10 - a], [b, 10 - b]])[1] for a, b in ((10, 0), (7, 2), (10, 10))]
    assert told.p == pytest.approx(expected)
    # margins of 10 and 9 of 20 detected
    assert told.smallest[:2] == pytest.approx([2 / 184756, fisher_exact([[9, 1], [0, 10]])[1]])
    assert told.log_odds[0] > 0
    assert np.isnan(told.log_odds[2])


def test_a_batch_that_explains_presence_leaves_nothing():
    """Seen in batch a alone, and cases lie in batch a mostly: within the batches nothing differs."""
    groups, batch = "cccccccr" + "crrrrrrr", list("a" * 8 + "b" * 8)
    seen = np.array([[1] * 8 + [0] * 8], dtype=bool)
    assert presence_of(seen, samples(groups), contrast(groups)).p[0] == pytest.approx(
        fisher_exact([[7, 1], [1, 7]])[1]
    )
    assert presence_of(seen, samples(groups, batch=batch), contrast(groups)).p[0] == 1.0


def test_pairs_are_mcnemars_and_singles_join_them():
    groups, subject = "cr" * 8, [str(i // 2) for i in range(16)]
    seen = np.array([[1, 0] * 6 + [1, 1, 0, 0]], dtype=bool)
    told = presence_of(seen, samples(groups, subject=subject), contrast(groups))
    assert told.p[0] == pytest.approx(binomtest(6, 6).pvalue)
    assert told.log_odds[0] == pytest.approx(np.log(6.5 / 0.5))
    alone = groups + "ccrr"
    more = np.column_stack([seen, np.array([[True, True, False, False]])])
    joined = presence_of(more, samples(alone, subject=[*subject, None, None, None, None]), contrast(alone))
    # six discordant pairs, then two of four: 2 (1/2)^6 (1/6)
    assert joined.p[0] == pytest.approx(2 * 0.5**6 / 6)


def test_injections_count_once():
    """Three injections of each of three animals a side: 3 v 3, whose least p is 0.1, not 9 v 9."""
    groups, subject = "c" * 9 + "r" * 9, [str(i // 3) for i in range(18)]
    seen = np.array([[1] * 9 + [0] * 9, [1, 1, 0] * 3 + [0, 0, 1] * 3], dtype=bool)
    told = presence_of(seen, samples(groups, subject=subject), contrast(groups))
    assert told.p == pytest.approx([0.1, 0.1])


def test_the_interaction_compares_odds_ratios():
    """Zelen's test of one table a sex, all of one sign: given 6 of 6 + 6 the outcome (6, 0) has 1 of 924 "
    "chances a side."""
    groups = "c" * 6 + "r" * 6 + "c" * 6 + "r" * 6
    obs = samples(groups, sex=["female"] * 12 + ["male"] * 12)
    seen = np.array([[1] * 6 + [0] * 6 + [0] * 6 + [1] * 6], dtype=bool)
    told = presence_of(seen, obs, contrast(groups, Stratum.INTERACTION))
    chances = np.array([float(_choose(6, a) ** 4) for a in range(7)])
    assert told.p[0] == pytest.approx(2 * chances[0] / chances.sum())
    assert told.smallest[0] == pytest.approx(told.p[0])
    assert told.log_odds[0] < -4


def _choose(n: int, k: int) -> int:
    from math import comb

    return comb(n, k)


def test_covariates_enter_from_ten_a_side():
    """Presence follows age alone: adjusted for it nothing is left; below ten a side Firth's p is not used."""
    rng = np.random.default_rng(1)
    for n, adjusted in ((30, True), (8, False)):
        groups = "c" * n + "r" * n
        age = np.concatenate([rng.normal(1.0, 1, n), rng.normal(-1.0, 1, n)])
        seen = (age + rng.normal(0, 0.7, 2 * n) > 0)[None]
        plain = presence_of(seen, samples(groups, age=age), contrast(groups)).p[0]
        told = presence_of(seen, samples(groups, age=age), contrast(groups), covariates=["age"]).p[0]
        assert (told > 10 * plain) if adjusted else (told == plain)


def test_a_fold_change_that_one_sample_carries_is_told_as_presence():
    """Counts 0, 600, 0 against none: whatever the model says of the size, the row names the sample that carries it."""
    rng = np.random.default_rng(4)
    counts = rng.negative_binomial(20, 0.1, (300, 6)).astype(float)
    counts[0], counts[1], counts[2] = [0, 600, 0, 0, 0, 0], [0, 700, 0, 900, 800, 850], [1, 0, 2, 0, 3, 1]
    adata = matrix(counts, ["over"] * 3 + ["control"] * 3)
    adata.uns["dataset"] = {"scale": "counts"}
    table = compare(adata, comparison(assay="rna_counts"), axis=["P0", "P1"])
    table = table[table["stratum"].eq("all")].set_index("feature_id")
    assert table.loc["P1", "reason"] == (
        "counted in 1 of 3 case and 3 of 3 reference samples (s1, s3, s4, s5): "
        "the fold change tells of presence, not of an amount"
    )
    # a group of both is told so, wherever the other group has none
    assert (
        table.loc["P0", "status"] != "tested"
        or "(s1): the fold change tells of presence" in table.loc["P0", "reason"]
    )
    few, none = carried_by_few(
        np.array([[0, 600, 0, 0, 0, 0], [9, 9, 9, 0, 0, 0], [90, 80, 70, 0, 0, 0]]), np.arange(6) < 3
    )
    assert (few.tolist(), none.tolist()) == ([True, False, False], [False, False, True])
    assert not table["reason"].fillna("").str.contains("presence")[10:].any()
