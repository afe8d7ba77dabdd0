"""Combinations of levels that hold every pair: what two oddities do together is where readers fail."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import combinations

Choice = dict[str, str]
Pair = frozenset[tuple[str, str]]
#: Combinations tried for each case; the one that holds most pairs not yet held is taken.
TRIED = 12
#: Most axes of a case that are not usual: a table with every oddity at once tells nothing about any.
MOST = 9


def cover(
    axes: dict[str, list[str]], usual: dict[str, list[str]], mend: Callable[[Choice], Choice], *, seed: int
) -> Iterator[Choice]:
    """Combinations of one level per axis, so that each pair of levels that can stand together does so once.

    Parameters
    ----------
    axes
        Axis -> levels.
    usual
        Axis -> levels that most tables have.
    mend
        Replaces levels that cannot stand beside the others.
    seed
        Of the choices among equals.
    """
    generator = random.Random(seed)
    wanted = {
        frozenset({(first, one), (second, other)})
        for first, second in combinations(axes, 2)
        for one in axes[first]
        for other in axes[second]
    }
    order = sorted(wanted, key=sorted)
    generator.shuffle(order)
    held: set[Pair] = set()
    for pair in order:
        if pair in held:
            continue
        best: Choice | None = None
        most = 0
        for _ in range(TRIED):
            odd = set(generator.sample(sorted(axes), min(MOST, len(axes))))
            choice = {axis: generator.choice((axes if axis in odd else usual)[axis]) for axis in axes}
            choice = mend(choice | dict(sorted(pair)))
            new = len({p for p in _held(choice) if p in wanted} - held)
            if pair <= set(choice.items()) and new > most:
                best, most = choice, new
        held.add(pair)  # a pair that cannot stand together is not sought again
        if best is not None:
            held |= _held(best)
            yield best


def _held(choice: Choice) -> set[Pair]:
    return {frozenset(pair) for pair in combinations(choice.items(), 2)}
