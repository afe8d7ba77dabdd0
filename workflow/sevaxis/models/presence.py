"""Exact conditional tests of presence over strata, for pairs, and of whether strata agree.

Within stratum k, of n case and m reference samples d have the feature; given d and one odds ratio for all strata, the
number a of case samples with it has a chance in proportion to C(n, a) C(m, d - a) psi^a. Margins are fixed, so p needs
neither a rate of detection per stratum nor large samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import comb, prod

import numpy as np
from numpy.typing import ArrayLike

#: Tables whose chances differ by less than this share count as equally likely (as R has it): rounding is no difference.
_EQUAL = 1 + 1e-7
#: More joint outcomes of the levels than this are not enumerated.
_MOST_OUTCOMES = 10**7


def presence_test(present: ArrayLike, case: ArrayLike, strata: ArrayLike | None = None) -> np.ndarray:
    """Test that a feature is detected equally often in case and reference samples of the same stratum, two-sided.

    The total of case detections over the strata is referred to its distribution given all margins, the convolution of
    the strata's hypergeometric ones; p sums the chances of all totals no likelier than the one observed. Of one
    stratum this is Fisher's exact test; with the subjects of pairs as strata it is McNemar's.

    Parameters
    ----------
    present
        Was the feature detected, (features x samples), booleans.
    case
        Is it a case sample, (samples,), booleans.
    strata
        Label of each sample's stratum (batch and sex, say), (samples,); one stratum by default.

    Returns
    -------
    numpy.ndarray
        p, (features,). 1 where every stratum with both kinds of samples has the feature everywhere or nowhere; NaN
        where no stratum has both kinds.

    Raises
    ------
    ValueError
        Shapes do not fit, or values are not booleans.

    References
    ----------
    Birch 1964, J R Stat Soc B 26:313-324; McNemar 1947, Psychometrika 12:153-157; Mantel & Haenszel 1959, J Natl
    Cancer Inst 22:719-748; Agresti 1992, Stat Sci 7:131-153, section 5 (exact inference over strata).
    """
    tables = _tabulate(present, case, strata)
    p = np.full(len(tables.detected), np.nan)
    totals = tables.of_case.sum(axis=1)
    for sizes, detected, rows in tables.by_margins():
        low, chances = _total(sizes, detected)
        p[rows] = _two_sided(chances)[totals[rows] - low]
    return p


def log_odds_ratio(present: ArrayLike, case: ArrayLike, strata: ArrayLike | None = None) -> np.ndarray:
    """Estimate the odds ratio of detection that `presence_test` is about, one for all strata.

    Parameters
    ----------
    present, case, strata
        As of `presence_test`.

    Returns
    -------
    numpy.ndarray
        Natural log of the odds ratio, case over reference, (features,); NaN where the margins leave no choice.

    Raises
    ------
    ValueError
        As of `presence_test`.

    Notes
    -----
    The maximum of the conditional likelihood with Firth's penalty, at which total - mean + skew / (2 variance) of the
    total is zero: finite where one side has all or nothing. Of pairs it is log (b + 1/2) / (c + 1/2).

    References
    ----------
    Firth 1993, Biometrika 80:27-38; Heinze & Puhr 2010, Stat Med 29:770-777 (conditional likelihood).
    """
    tables = _tabulate(present, case, strata)
    log_odds = np.full(len(tables.detected), np.nan)
    totals = tables.of_case.sum(axis=1)
    for sizes, detected, rows in tables.by_margins():
        low, chances = _total(sizes, detected)
        if len(chances) > 1:
            log_odds[rows] = _penalised(chances)[totals[rows] - low]
    return log_odds


def _penalised(chances: np.ndarray) -> np.ndarray:
    """Firth's log odds ratio of each outcome 0, 1, ... that has these chances where the odds are equal."""
    outcome = np.arange(len(chances), dtype=float)
    low, high = np.full(len(chances), -40.0), np.full(len(chances), 40.0)
    for _ in range(60):
        middle = (low + high) / 2
        exponent = np.log(chances) + outcome * middle[:, None]
        weights = np.exp(exponent - exponent.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        mean = weights @ outcome
        from_mean = outcome - mean[:, None]
        variance, skew = (weights * from_mean**2).sum(axis=1), (weights * from_mean**3).sum(axis=1)
        above = outcome - mean + skew / (2 * variance) > 0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return (low + high) / 2


def smallest_p(present: ArrayLike, case: ArrayLike, strata: ArrayLike | None = None) -> np.ndarray:
    """Smallest p that `presence_test` can give of each feature, whichever of the samples have it.

    Parameters
    ----------
    present, case, strata
        As of `presence_test`; only how many samples of each stratum have the feature is looked at.

    Returns
    -------
    numpy.ndarray
        p, (features,); NaN where no stratum has both kinds of samples.

    Raises
    ------
    ValueError
        As of `presence_test`.

    Notes
    -----
    A feature whose smallest p is above alpha cannot be found, whatever the truth (Tarone 1990, Biometrics 46:515-522).
    """
    tables = _tabulate(present, case, strata)
    p = np.full(len(tables.detected), np.nan)
    for sizes, detected, rows in tables.by_margins():
        p[rows] = _two_sided(_total(sizes, detected)[1]).min()
    return p


def equal_odds(
    present: ArrayLike, case: ArrayLike, levels: ArrayLike, strata: ArrayLike | None = None
) -> np.ndarray:
    """Test that the odds ratio of detection is the same in all levels (of sex, say): Zelen's exact test.

    Given the total of case detections over the levels, the chance of the levels' own totals does not depend on their
    common odds ratio; p sums the chances of all totals no likelier than the ones observed. With strata within levels,
    each level has one odds ratio over its strata.

    Parameters
    ----------
    present, case
        As of `presence_test`.
    levels
        Label of each sample's level, (samples,).
    strata
        Label of each sample's stratum within its level (batch, say), (samples,); one stratum per level by default.

    Returns
    -------
    numpy.ndarray
        p, (features,). 1 where the margins leave no choice; NaN where fewer than two levels have a stratum with case
        and reference samples.

    Raises
    ------
    ValueError
        Shapes do not fit, values are not booleans, or the levels have more than 10^7 joint outcomes.

    References
    ----------
    Zelen 1971, Biometrika 58:129-137; Agresti 1992, Stat Sci 7:131-153, section 5.
    """
    return _over_levels(present, case, levels, strata, _joint_p)


def smallest_p_of_equal_odds(
    present: ArrayLike, case: ArrayLike, levels: ArrayLike, strata: ArrayLike | None = None
) -> np.ndarray:
    """Smallest p that `equal_odds` can give of each feature, whichever of the samples of a level have it.

    Parameters
    ----------
    present, case, levels, strata
        As of `equal_odds`; looked at are how many samples of each stratum, and how many case samples over all levels,
        have the feature.

    Returns
    -------
    numpy.ndarray
        p, (features,); NaN where fewer than two levels have a stratum with case and reference samples.

    Raises
    ------
    ValueError
        As of `equal_odds`.
    """
    return _over_levels(present, case, levels, strata, _smallest_joint_p)


def _over_levels(
    present: ArrayLike,
    case: ArrayLike,
    levels: ArrayLike,
    strata: ArrayLike | None,
    p_of: Callable[[list[tuple[int, np.ndarray]], np.ndarray], float],
) -> np.ndarray:
    """P of each feature from the distributions of the levels' totals and their observed totals."""
    levels = np.asarray(levels).astype(str)
    # a stratum belongs to one level: its label is the pair
    pairs = np.column_stack([levels, levels if strata is None else np.asarray(strata).astype(str)])
    names, cell = np.unique(pairs, axis=0, return_inverse=True)
    tables = _tabulate(present, case, cell.ravel())
    level_of = np.unique(names[tables.kept, 0], return_inverse=True)[1]
    n_levels = int(level_of.max(initial=-1)) + 1
    p = np.full(len(tables.detected), np.nan)
    if n_levels < 2:
        return p
    of_level = [level_of == level for level in range(n_levels)]
    totals = np.column_stack([tables.of_case[:, mine].sum(axis=1) for mine in of_level])
    distinct, first, row = np.unique(
        np.column_stack([tables.detected, totals]), axis=0, return_index=True, return_inverse=True
    )
    of_distinct = np.empty(len(distinct))
    for i, at in enumerate(first):
        chances = [_total(tables.sizes(mine), tuple(tables.detected[at, mine].tolist())) for mine in of_level]
        of_distinct[i] = p_of(chances, totals[at])
    return of_distinct[row.ravel()]


@dataclass(frozen=True)
class _Tables:
    """Two by two tables of each feature in the strata that have case and reference samples.

    Attributes
    ----------
    of_case, detected
        Case samples, and all samples, with the feature: (features x strata).
    n_case, n_reference
        Samples looked at: (strata,).
    kept
        Positions of these strata among the sorted labels.
    """

    of_case: np.ndarray
    detected: np.ndarray
    n_case: np.ndarray
    n_reference: np.ndarray
    kept: np.ndarray

    def sizes(self, strata: np.ndarray | slice = slice(None)) -> tuple[tuple[int, int], ...]:
        """Case and reference samples of some strata."""
        return tuple(zip(self.n_case[strata].tolist(), self.n_reference[strata].tolist(), strict=True))

    def by_margins(self) -> Iterator[tuple[tuple[tuple[int, int], ...], tuple[int, ...], np.ndarray]]:
        """Sizes of the strata, detections in them, and the features of which that holds.

        Strata of equal size are interchangeable, so their detections come in ascending order.
        """
        sizes = self.sizes()
        if not sizes or not len(self.detected):
            return
        detected = self.detected.copy()
        for size in set(sizes):
            alike = [k for k, other in enumerate(sizes) if other == size]
            detected[:, alike] = np.sort(detected[:, alike], axis=1)
        margins, group = np.unique(detected, axis=0, return_inverse=True)
        group = group.ravel()
        members = np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))[:-1])
        for margin, rows in zip(margins.tolist(), members, strict=True):
            yield sizes, tuple(margin), rows


def _tabulate(present: ArrayLike, case: ArrayLike, strata: ArrayLike | None) -> _Tables:
    present, case = np.asarray(present), np.asarray(case)
    labels = np.zeros(case.shape, dtype=int) if strata is None else np.asarray(strata)
    if present.ndim != 2 or case.shape != present.shape[1:] or labels.shape != case.shape:
        raise ValueError(
            f"present {present.shape}, case {case.shape}, strata {labels.shape} do not fit together"
        )
    if present.dtype != bool or case.dtype != bool:
        raise ValueError(f"present and case are booleans, not {present.dtype} and {case.dtype}")
    names, cell = np.unique(labels.astype(str), return_inverse=True)
    member = cell.ravel()[:, None] == np.arange(len(names))
    n_case, n_reference = (member & case[:, None]).sum(axis=0), (member & ~case[:, None]).sum(axis=0)
    kept = np.flatnonzero((n_case > 0) & (n_reference > 0))
    seen, member = present.astype(float), member[:, kept].astype(float)
    return _Tables(
        of_case=np.rint(seen[:, case] @ member[case]).astype(int),
        detected=np.rint(seen @ member).astype(int),
        n_case=n_case[kept],
        n_reference=n_reference[kept],
        kept=kept,
    )


@lru_cache(maxsize=4096)
def _hypergeometric(n: int, m: int, d: int) -> tuple[int, np.ndarray]:
    """Smallest count of the n that are drawn when d of n + m are, and the chances of it and all larger ones."""
    low, high = max(0, d - m), min(n, d)
    return low, np.array([comb(n, a) * comb(m, d - a) / comb(n + m, d) for a in range(low, high + 1)])


def _total(sizes: tuple[tuple[int, int], ...], detected: tuple[int, ...]) -> tuple[int, np.ndarray]:
    """Smallest total of case detections over strata, and the chances of it and all larger ones."""
    lowest, chances = 0, np.ones(1)
    for (n, m), d in zip(sizes, detected, strict=True):
        low, own = _hypergeometric(n, m, d)
        lowest, chances = lowest + low, np.convolve(chances, own)
    return lowest, chances


def _two_sided(chances: np.ndarray) -> np.ndarray:
    """Of each outcome, the chance of all that are no likelier."""
    ascending = np.sort(chances)
    last = np.searchsorted(ascending, chances * _EQUAL, side="right") - 1
    return np.minimum(np.cumsum(ascending)[last], 1.0)


def _joint_p(levels: list[tuple[int, np.ndarray]], observed: np.ndarray) -> float:
    """Chance of totals of the levels no likelier than the observed ones, given their sum."""
    given = _given_sum(levels, observed)
    here = prod(chances[own - low] for (low, chances), own in zip(levels, observed, strict=True))
    return min(float(given[given <= here * _EQUAL].sum() / given.sum()), 1.0)


def _smallest_joint_p(levels: list[tuple[int, np.ndarray]], observed: np.ndarray) -> float:
    """The least of `_joint_p` over all totals with the same sum."""
    given = _given_sum(levels, observed)
    return min(float(given[given <= given.min() * _EQUAL].sum() / given.sum()), 1.0)


def _given_sum(levels: list[tuple[int, np.ndarray]], observed: np.ndarray) -> np.ndarray:
    """Chances, up to a factor, of all totals of the levels with the observed sum."""
    if prod(len(chances) for _, chances in levels) > _MOST_OUTCOMES:
        raise ValueError(f"more than {_MOST_OUTCOMES:,} joint outcomes of the levels: too many to enumerate")
    sums, joint = np.zeros(1, dtype=int), np.ones(1)
    for low, chances in levels:
        sums = np.add.outer(sums, low + np.arange(len(chances))).ravel()
        joint = np.multiply.outer(joint, chances).ravel()
    return joint[sums == observed.sum()]
