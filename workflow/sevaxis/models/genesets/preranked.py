"""Preranked gene-set enrichment with small p-values resolved: no p is ever 0.

Random sets of the same size settle the larger p-values. Where too few of them reach the observed score, the
tail is walked down by adaptive multilevel splitting, each level keeping the better half (Korotkevich et al.
2021, bioRxiv 060012).
"""

import numpy as np
import pandas as pd

from sevaxis.models.genesets.sets import SetIndex
from sevaxis.models.inference.multiplicity import benjamini_hochberg

#: Random sets that must reach the observed score for their count to be taken as it stands (10 % error).
ENOUGH = 100
#: P-values are walked down to here; a smaller one is given as this bound, its error as NaN.
SMALLEST_P = 1e-20


def preranked(
    statistics: np.ndarray,
    sets: SetIndex,
    *,
    weight: float = 1.0,
    permutations: int = 10_000,
    particles: int = 101,
    seed: int = 0,
) -> pd.DataFrame:
    """Gene-set enrichment analysis of one statistic per feature.

    Parameters
    ----------
    statistics
        Signed (a moderated t, a log2 fold change), finite, (features,). Equal statistics have no order: the running sum
        is averaged over all of theirs.
    sets
        From :func:`~sevaxis.models.genesets.sets.index_sets` on the same features.
    weight
        Exponent of |statistic| in the hit weights; 0 is the Kolmogorov-Smirnov statistic.
    permutations
        Random sets per size.
    particles
        Random sets that walk down the tail together.
    seed
        Of the random numbers: the same seed gives the same result.

    Returns
    -------
    pandas.DataFrame
        A row per set: ``set, n_features, direction, es, nes, p, log2_error, q, leading_edge`` (row numbers from
        the end of the ranking to the peak). ``p`` is conditional on the sign of ``es``, as is usual;
        ``log2_error`` is the standard error of log2 p from a finite number of random sets.

    Raises
    ------
    ValueError
        A statistic is not finite, their number is not that of the sets' features, or a set holds all features.

    Notes
    -----
    Averaged over the orders of tied features the running sum is a straight line from before the first to after the
    last of them, so its extremes stand between runs of ties, as those of the Kolmogorov-Smirnov statistic do. Random
    sets are scored in the same way. Where all features are tied every set scores 0 and has p = 1. Other programs break
    ties by the order of the features in the file, or at random. Long runs of ties make scores few: where no random set
    of the last step rises higher, p is that step's bound, its error NaN.

    The splitting estimate, the product of the surviving shares, is unbiased for p (Brehier et al. 2016, Ann Appl
    Probab 26:3559-3601). Gene permutation ignores correlation between genes: a small p here is evidence about
    the ranking, not about replication; :mod:`~sevaxis.models.genesets.camera` answers that.
    """
    from sevaxis.models.genesets.preranked_kernels import enrichment_score, null_scores

    statistics = np.asarray(statistics, dtype=float)
    if statistics.shape != (sets.n_features,) or not np.isfinite(statistics).all():
        raise ValueError(
            f"one finite statistic for each of {sets.n_features} features, leave out untested ones"
        )
    if sets.sizes.size and sets.sizes.max() >= statistics.size:
        raise ValueError("a set that holds every feature has nothing to be compared with")
    rng = np.random.default_rng(seed)
    order = np.argsort(-statistics, kind="stable")
    position = np.empty(order.size, dtype=np.int64)
    position[order] = np.arange(order.size)
    # a floor keeps sets of members with statistic 0 defined
    hit = np.maximum(np.abs(statistics[order]) ** weight, 1e-12)
    runs = _runs(statistics[order])
    es, edges = np.zeros(sets.sizes.size), []
    for i, rows in enumerate(sets):
        members = np.sort(position[rows])
        es[i], peak = enrichment_score(members, hit, *runs)
        edges.append(order[members[: peak + 1]] if es[i] > 0 else order[members[peak:]][::-1])
    nes, p, error = (np.full(es.size, np.nan) for _ in range(3))
    sizes = np.unique(sets.sizes)[::-1]
    random = null_scores(hit, *runs, sizes, permutations, rng) if es.size else np.empty((permutations, 0))
    for size, scores in zip(sizes, random.T, strict=True):
        for sign in (1, -1):
            here = np.flatnonzero((sets.sizes == size) & (np.sign(es) == sign))
            if here.size == 0:
                continue
            same = np.sort(scores[sign * scores > 0] * sign)
            reached = same.size - np.searchsorted(same, sign * es[here] * (1 - 1e-12))
            nes[here] = es[here] / same.mean() if same.size else np.nan
            p[here] = (reached + 1) / (same.size + 1)
            error[here] = np.sqrt(1 / (reached + 1) - 1 / (same.size + 1)) / np.log(2)
            rare = here[reached < ENOUGH]
            if rare.size:
                ranking = (hit, *runs) if sign > 0 else (hit[::-1].copy(), *_runs(-statistics[order][::-1]))
                share = (same.size + 1) / (permutations + 2)
                tail, error[rare] = _split(
                    *ranking, int(size), sign * es[rare], particles, share * SMALLEST_P, rng
                )
                p[rare] = np.minimum(tail / share, 1.0)
    p[es == 0] = 1.0
    direction = np.select([es > 0, es < 0], ["up", "down"], "none")
    return pd.DataFrame({
        "set": sets.names, "n_features": sets.sizes, "direction": direction, "es": es, "nes": nes, "p": p,
        "log2_error": error, "q": benjamini_hochberg(p), "leading_edge": edges,
    })  # fmt: skip


def _runs(ranking: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Position of the first and of the last feature with the same statistic, by position in a descending ranking."""
    starts = np.flatnonzero(np.append(True, np.diff(ranking) != 0))
    lengths = np.diff(np.append(starts, ranking.size))
    first = np.repeat(starts, lengths)
    return first, first + np.repeat(lengths, lengths) - 1


def _split(
    hit: np.ndarray,
    first: np.ndarray,
    last: np.ndarray,
    size: int,
    targets: np.ndarray,
    particles: int,
    floor: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Probability that a random set of ``size`` scores at least each target (> 0), and its error in log2.

    All targets share one descent: at each level the median height of the running sum becomes the threshold, sets at
    or below it are replaced by copies of higher ones, and all of them walk on among the sets above it. A set counts
    for a target if its score is that height, that is if its running sum rises further than it falls.
    """
    from sevaxis.models.genesets.preranked_kernels import extremes, move_above

    members = np.array([np.sort(rng.choice(hit.size, size, replace=False)) for _ in range(particles)])
    high, low = extremes(members, hit, first, last).T
    p, error = np.full(targets.size, np.nan), np.full(targets.size, np.nan)
    reach, variance = 1.0, 0.0
    for i in np.argsort(targets):
        target = targets[i] * (1 - 1e-12)  # rounding must not hide the observed set itself
        while reach > floor:
            threshold = np.median(high)
            alive = high > threshold
            if threshold >= target or not alive.any():
                break
            members[~alive] = members[rng.choice(np.flatnonzero(alive), particles - alive.sum())]
            share = alive.mean()
            reach *= share
            variance += (1 - share) / (share * particles)
            # half of the members exchanged: more of it did not reduce the spread over seeds
            move_above(threshold, members, hit, last, (size + 1) // 2, rng)
            high, low = extremes(members, hit, first, last).T
        share = np.mean((high >= target) & (high > -low))
        if reach > floor and share > 0:
            p[i] = reach * share
            error[i] = np.sqrt(variance + (1 - share) / (share * particles)) / np.log(2)
        else:
            p[i] = max(reach, floor)
    return p, error
