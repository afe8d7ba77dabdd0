"""Exact tests of presence against enumeration of every table, SciPy, and hand arithmetic."""

import itertools
from math import comb

import numpy as np
import pytest
from scipy.stats import binomtest, fisher_exact
from sevaxis.models.presence import equal_odds, presence_test, smallest_p

CASE = np.array([1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 1, 0, 0], dtype=bool)
STRATA = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2])


def every_labelling(case, strata):
    """All ways to call as many samples of each stratum case samples as there are: all equally likely."""
    ways = []
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        ways.append(list(itertools.combinations(members, int(case[members].sum()))))
    for chosen in itertools.product(*ways):
        labels = np.zeros(len(case), dtype=bool)
        labels[[i for part in chosen for i in part]] = True
        yield labels


def enumerated(statistic):
    """p and smallest p of a statistic of (labels) over all labellings; its chances are counted, not computed."""

    def of(row, case, strata):
        values = [statistic(row, labels) for labels in every_labelling(case, strata)]
        number = {value: values.count(value) for value in set(values)}
        tail = {v: sum(n for n in number.values() if n <= number[v]) / len(values) for v in number}
        return tail[statistic(row, case)], min(tail.values())

    return of


def rows(samples, n=40, seed=1):
    rng = np.random.default_rng(seed)
    return rng.random((n, samples)) < rng.random((n, 1))


def test_over_strata_equals_counting_every_table():
    present = rows(len(CASE))
    present[0], present[1] = False, True
    expected = [enumerated(lambda row, labels: row[labels].sum())(row, CASE, STRATA) for row in present]
    found = np.column_stack([presence_test(present, CASE, STRATA), smallest_p(present, CASE, STRATA)])
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert (found[:2] == 1).all()
    assert (found[:, 1] <= found[:, 0]).all()


def test_one_stratum_is_fishers_test():
    present = rows(len(CASE))
    expected = [
        fisher_exact([[r[CASE].sum(), (~r)[CASE].sum()], [r[~CASE].sum(), (~r)[~CASE].sum()]]).pvalue
        for r in present
    ]
    np.testing.assert_allclose(presence_test(present, CASE), expected, rtol=1e-12)


def test_strata_tell_what_pooling_hides():
    """Three batches of 3 v 3; in the one batch that can inform, 3/3 v 0/3: p = 2 / C(6, 3), as it is alone.

    Two such batches: both totals at one end, (1 / 20)^2 each.
    """
    case, batch = np.tile([True] * 3 + [False] * 3, 3), np.repeat(["x", "y", "z"], 6)
    one = np.concatenate([case[:6], np.ones(6, bool), np.zeros(6, bool)])
    two = np.concatenate([case[:12], np.zeros(6, bool)])
    found = presence_test(np.stack([one, two]), case, batch)
    np.testing.assert_allclose(found, [2 / 20, 2 / 400], rtol=1e-12)


def test_strata_of_one_kind_say_nothing():
    case, strata = np.array([True, True, False, False, True]), np.array(["a", "a", "a", "a", "alone"])
    present = np.array([[1, 1, 0, 0, 0], [1, 1, 0, 0, 1]], dtype=bool)
    np.testing.assert_allclose(presence_test(present, case, strata), [2 / 6, 2 / 6])
    for test in (presence_test, smallest_p, equal_odds):
        assert np.isnan(test(present[:, :2], case[:2], np.array(["a", "b"]))).all()


def test_pairs_are_strata_and_mcnemar():
    case = np.tile([True, False], 9)
    subject = np.repeat(np.arange(9), 2)
    present = rows(18, 60)
    found = presence_test(present, case, subject)
    for row, p in zip(present, found, strict=True):
        only, other = (row[::2] & ~row[1::2]).sum(), (row[1::2] & ~row[::2]).sum()
        expected = binomtest(only, only + other).pvalue if only + other else 1.0
        assert p == pytest.approx(expected, rel=1e-12)
    differing = (present[:, ::2] != present[:, 1::2]).sum(axis=1)
    np.testing.assert_allclose(
        smallest_p(present, case, subject), np.minimum(1, 2 * 0.5**differing), rtol=1e-12
    )


def test_a_subject_without_its_pair_is_left_out():
    present = np.array([[1, 0, 1, 0, 1]], dtype=bool)
    case, subject = np.array([1, 0, 1, 0, 1], dtype=bool), np.array(["u", "u", "v", "v", "w"])
    assert presence_test(present, case, subject) == [0.5]


def zelen(tables):
    """Zelen's p of the tables [(a, n, b, m), ...] by enumeration in whole numbers."""
    detected = [a + b for a, _, b, _ in tables]
    total = sum(a for a, *_ in tables)

    def weight(counts):
        return np.prod(
            [
                comb(n, a) * comb(m, d - a)
                for a, (_, n, _, m), d in zip(counts, tables, detected, strict=True)
            ],
            dtype=object,
        )

    possible = [range(max(0, d - m), min(n, d) + 1) for (_, n, _, m), d in zip(tables, detected, strict=True)]
    weights = [weight(counts) for counts in itertools.product(*possible) if sum(counts) == total]
    here = weight([a for a, *_ in tables])
    return sum(w for w in weights if w <= here) / sum(weights)


def test_equal_odds_by_enumeration():
    present = rows(len(CASE), 80, seed=2)
    expected = [
        zelen([
            (row[own & CASE].sum(), (own & CASE).sum(), row[own & ~CASE].sum(), (own & ~CASE).sum())
            for own in [np.equal(STRATA, k) for k in range(3)]
        ])
        for row in present
    ]  # fmt: skip
    np.testing.assert_allclose(equal_odds(present, CASE, STRATA), expected, rtol=1e-12)


def test_equal_odds_of_opposite_effects_by_hand():
    """Females 4/4 v 0/4, males 0/4 v 4/4: given 4 case detections in all, 4 + 0 has C(4,4)^2 C(4,0)^2 = 1 of
    sum C(4,k)^4 = 1 + 256 + 1296 + 256 + 1 = 1810 chances, and so has its mirror image."""
    case = np.tile([True] * 4 + [False] * 4, 2)
    sex = np.repeat(["female", "male"], 8)
    opposite, alike = np.concatenate([case[:8], ~case[:8]]), case
    np.testing.assert_allclose(
        equal_odds(np.stack([opposite, alike]), case, sex), [2 / 1810, 1.0], rtol=1e-12
    )


def test_equal_odds_within_batches():
    """The same by counting: every relabelling within batch and sex that keeps the total, equally likely."""
    case = np.tile([True, True, False, False], 4)
    sex, batch = np.repeat(["f", "m"], 8), np.tile(np.repeat(["x", "y"], 4), 2)
    present = rows(16, 25, seed=3)
    cells = np.unique(np.stack([sex, batch], axis=1), axis=0, return_inverse=True)[1].ravel()
    labellings = np.array(list(every_labelling(case, cells)))
    found = equal_odds(present, case, sex, batch)
    for row, p in zip(present, found, strict=True):
        female = (labellings & row & (sex == "f")).sum(axis=1)
        male = (labellings & row & (sex == "m")).sum(axis=1)
        same = female[female + male == (case & row).sum()]
        number = np.bincount(same)
        here = number[(case & row & (sex == "f")).sum()]
        assert p == pytest.approx(number[number <= here].sum() / number.sum(), rel=1e-9)


def test_equal_chance_is_not_lost_to_rounding():
    """Tables and their mirror images are equally likely: swapping case and reference changes no p."""
    present = rows(40, 200, seed=4)
    case, strata = np.tile([True, False], 20), np.repeat(np.arange(4), 10)
    for test in (presence_test, equal_odds):
        np.testing.assert_allclose(test(present, case, strata), test(present, ~case, strata), rtol=1e-12)


def test_the_level_is_held_at_every_rate():
    """All 2^12 outcomes of two strata of 3 v 3 with different rates: at most 5 % have p <= 0.05, and some do."""
    outcomes = np.array(list(itertools.product([False, True], repeat=12)))
    case, strata = np.tile([True] * 3 + [False] * 3, 2), np.repeat([0, 1], 6)
    p = presence_test(outcomes, case, strata)
    called = []
    for rates in itertools.product([0.1, 0.3, 0.5, 0.7], repeat=2):
        rate = np.repeat(rates, 6)
        chance = np.where(outcomes, rate, 1 - rate).prod(axis=1)
        called.append(chance[p <= 0.05].sum())
    assert 0 < max(called) <= 0.05


def test_no_features_no_p():
    nothing = np.zeros((0, len(CASE)), dtype=bool)
    for test in (presence_test, smallest_p, equal_odds):
        assert test(nothing, CASE, STRATA).shape == (0,)


def test_refusals():
    with pytest.raises(ValueError, match="booleans"):
        presence_test(np.ones((2, 4)), np.array([1, 1, 0, 0], bool))
    with pytest.raises(ValueError, match="do not fit"):
        presence_test(np.ones((2, 4), bool), np.array([1, 1, 0], bool))
    many = np.repeat(np.arange(12), 8)
    case = np.tile([True] * 4 + [False] * 4, 12)
    with pytest.raises(ValueError, match="too many"):
        equal_odds(case[None], case, many)


def test_ten_thousand_features_take_less_than_two_seconds():
    import time

    rng = np.random.default_rng(5)
    present = rng.random((10_000, 40)) < rng.random((10_000, 1))
    case, strata = np.tile([True, False], 20), np.repeat(np.arange(4), 10)
    start = time.process_time()
    presence_test(present, case, strata)
    assert time.process_time() - start < 2
    start = time.process_time()
    equal_odds(present, case, strata)
    smallest_p(present, case, strata)
    assert time.process_time() - start < 4
