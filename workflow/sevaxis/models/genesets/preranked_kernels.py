"""Inner loops of preranked enrichment, compiled by Numba on first use and cached beside this file.

Positions count from the top of the ranking, 0 first; ``weights`` are the hit weights by position. ``first`` and
``last`` are, by position, where the features of the same statistic begin and end: their order means nothing, so the
running sum is taken before the first and after the last of them, where it is the same in all their orders.
"""

import numpy as np
from numba import njit

#: A score nearer to 0 than this is rounding: all members stand in one run of ties.
ROUNDING = 1e-12


@njit(cache=True)
def enrichment_score(
    members: np.ndarray, weights: np.ndarray, first: np.ndarray, last: np.ndarray
) -> tuple[float, int]:
    """Enrichment score of ascending positions, and the index of the member at its peak.

    The running sum rises by w / sum(w) at a member and falls by 1 / (N - m) elsewhere; the score is its extreme
    (Subramanian et al. 2005, PNAS 102:15545-15550, appendix), 0 where both extremes are equally far.
    """
    total = 0.0
    for position in members:
        total += weights[position]
    step = 1.0 / (weights.size - members.size)
    high, low, at_high, at_low, sum_so_far = 0.0, 0.0, 0, 0, 0.0
    for i, position in enumerate(members):
        # of tied members the first stands lowest before, and the last highest after, all of them
        before = sum_so_far / total - (first[position] - i) * step
        if before < low:
            low, at_low = before, i
        sum_so_far += weights[position]
        after = sum_so_far / total - (last[position] - i) * step
        if after > high:
            high, at_high = after, i
    if max(high, -low) < ROUNDING:
        return 0.0, 0
    if high > -low:
        return high, at_high
    if high < -low:
        return low, at_low
    return 0.0, 0


@njit(cache=True)
def null_scores(
    weights: np.ndarray, first: np.ndarray, last: np.ndarray, sizes: np.ndarray, permutations: int, rng
) -> np.ndarray:
    """Scores of random sets, (permutations x sizes); ``sizes`` descends strictly.

    Each permutation draws the largest set once; its first m draws are a random set of m, for every size m.
    """
    features, largest = weights.size, sizes[0]
    deck = np.arange(features)
    keys = np.empty(largest, np.int64)
    members = np.empty(largest, np.int64)
    drawn = np.empty(largest, np.int64)
    totals = np.empty(largest + 1)
    scores = np.empty((permutations, sizes.size))
    for permutation in range(permutations):
        totals[0] = 0.0
        for j in range(largest):
            k = j + int(rng.random() * (features - j))
            deck[j], deck[k] = deck[k], deck[j]
            totals[j + 1] = totals[j] + weights[deck[j]]
            keys[j] = deck[j] * largest + j
        keys.sort()
        for j in range(largest):
            members[j], drawn[j] = keys[j] // largest, keys[j] % largest
        count = largest
        for column in range(sizes.size):
            size = sizes[column]
            rise, step = 1.0 / totals[size], 1.0 / (features - size)
            high, low, sum_so_far, kept = 0.0, 0.0, 0.0, 0
            for j in range(count):
                if drawn[j] >= size:
                    continue
                position = members[j]
                low = min(low, sum_so_far * rise - (first[position] - kept) * step)
                sum_so_far += weights[position]
                high = max(high, sum_so_far * rise - (last[position] - kept) * step)
                members[kept], drawn[kept] = position, drawn[j]
                kept += 1
            count = kept
            if max(high, -low) < ROUNDING:
                high, low = 0.0, 0.0
            scores[permutation, column] = high if high > -low else (low if high < -low else 0.0)
    return scores


@njit(cache=True)
def extremes(members: np.ndarray, weights: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Highest and lowest point of the running sum of each row of ``members``, (rows x 2)."""
    points = np.zeros((members.shape[0], 2))
    step = 1.0 / (weights.size - members.shape[1])
    for row in range(members.shape[0]):
        total, sum_so_far = 0.0, 0.0
        for position in members[row]:
            total += weights[position]
        for i, position in enumerate(members[row]):
            points[row, 1] = min(points[row, 1], sum_so_far / total - (first[position] - i) * step)
            sum_so_far += weights[position]
            points[row, 0] = max(points[row, 0], sum_so_far / total - (last[position] - i) * step)
    return points


@njit(cache=True)
def rises_above(
    threshold: float,
    members: np.ndarray,
    weights: np.ndarray,
    last: np.ndarray,
    leaving: int,
    entering: int,
    total: float,
) -> bool:
    """Does the running sum exceed the threshold once the member ``leaving`` made way for position ``entering``?"""
    size, step, rise = members.size, 1.0 / (weights.size - members.size), 1.0 / total
    sum_so_far, j, waiting = 0.0, 0, True
    for i in range(size):
        if j == leaving:
            j += 1
        if waiting and (j >= size or members[j] > entering):
            position, waiting = entering, False
        else:
            position = members[j]
            j += 1
        if (position - i) * step >= 1.0 - threshold:
            return False  # even all the weight that is left could not lift it
        sum_so_far += weights[position]
        if sum_so_far * rise - (last[position] - i) * step > threshold:
            return True
    return False


@njit(cache=True)
def move_above(
    threshold: float, members: np.ndarray, weights: np.ndarray, last: np.ndarray, swaps: int, rng
) -> None:
    """Random walk of every row of ``members`` among the sets that rise above the threshold, in place.

    A swap of one member for any other feature is proposed and taken if the running sum stays above: the uniform
    distribution over those sets is invariant. Ends when ``swaps`` members per row were exchanged on average, or
    after 20 times as many proposals.
    """
    rows, size = members.shape
    features, accepted = weights.size, 0
    totals = np.zeros(rows)
    for row in range(rows):
        for position in members[row]:
            totals[row] += weights[position]
    for _ in range(20 * swaps):
        for row in range(rows):
            entering = int(rng.random() * features)
            leaving = int(rng.random() * size)
            here = members[row]
            place = np.searchsorted(here, entering)
            if place < size and here[place] == entering:
                continue
            total = totals[row] + weights[entering] - weights[here[leaving]]
            if not rises_above(threshold, here, weights, last, leaving, entering, total):
                continue
            if place > leaving:
                for j in range(leaving, place - 1):
                    here[j] = here[j + 1]
                here[place - 1] = entering
            else:
                for j in range(leaving, place, -1):
                    here[j] = here[j - 1]
                here[place] = entering
            totals[row] = total
            accepted += 1
        if accepted >= rows * swaps:
            return
