"""What is compared with what, in which role: proposed from the names of the groups."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import product

from sevaxis.drafting.roles import role
from sevaxis.drafting.words import CELLS, SOURCES, VESICLES, is_control, tokens, words
from sevaxis.study.sheets import SEX_LABELS
from sevaxis.study.validation import TODO

MOST = 15


@dataclass
class Proposal:
    """One contrast as it will stand in the card, and why its reference is the reference."""

    name: str
    role: str
    case: str = ""
    reference: str = ""
    weights: dict[str, float] = field(default_factory=dict)
    why: str = ""


def propose_contrasts(sizes: dict[str, int], column: str = "", *, min_per_group: int = 2) -> list[Proposal]:
    """Contrasts of the groups.

    Parameters
    ----------
    sizes
        Group -> number of samples.
    column
        Name of the column that holds the groups; its words may tell the role.
    min_per_group
        Smaller groups take part in no contrast.

    Returns
    -------
    Contrasts; one that is to be decided where no group is told to be the reference.
    """
    levels = [level for level, size in sizes.items() if size >= min_per_group]
    found: list[Proposal] = []
    factors = _factors(levels)
    if len(factors) > 1:
        found = _crossed(levels, factors, column)
    if not found:
        reference, why = reference_of(levels)
        if reference is not None:
            found = [_contrast(level, reference, why, column) for level in levels if level != reference]
    if not found:
        groups = ", ".join(levels or sizes)
        text = f"{TODO} one of: {groups}" if groups else f"{TODO} fill in the groups of the sheet first"
        other = f"{TODO} the group that it is compared with"
        found = [Proposal("to_decide", "other", text, other, why="no group says that it is the reference")]
    return found[:MOST]


def reference_of(levels: list[str]) -> tuple[str | None, str]:
    """The level that others are compared with, and why; None where nothing tells."""
    common = set.intersection(*(words(level) for level in levels)) if levels else set()
    told = [level for level in levels if is_control(" ".join(words(level) - common))]
    if told:
        # of several (lean sedentary, obese sedentary) the one that says so most, then the shortest, then the first
        score = {level: sum(is_control(word) for word in words(level) - common) for level in told}
        best = min(told, key=lambda level: (-score[level], len(level), levels.index(level)))
        return best, f"'{best}' is called a control"
    said = {level: words(level) for level in levels}
    vesicles = [level for level in levels if said[level] & VESICLES]
    cells = [level for level in levels if said[level] & CELLS and level not in vesicles]
    if vesicles and len(cells) == 1:
        return cells[0], f"'{cells[0]}' is what the vesicles come from"
    if {level.lower() for level in levels} <= set(SEX_LABELS) and len(levels) == 2:
        female = next(level for level in levels if SEX_LABELS[level.lower()] == "female")
        return female, "differences of the sexes are male minus female"
    if len(levels) == 2 and all(each & SOURCES for each in said.values()):
        first = next((level for level in levels if said[level] & {"mb", "myoblast", "myoblasts"}), levels[0])
        return first, f"'{first}' is the less differentiated"
    numbers = {level: re.search(r"(\d+(?:\.\d+)?)", level) for level in levels}
    if levels and all(numbers.values()):
        stems = {re.sub(r"\d+(?:\.\d+)?", "#", level, count=1) for level in levels}
        if len(stems) == 1:
            first = min(levels, key=lambda level: float(numbers[level][1]))
            return first, f"'{first}' is the first of an ordered series"
    return None, ""


def _factors(levels: list[str]) -> list[int]:
    """Positions of the words that vary, where all levels have equally many and two or more of them cross."""
    split = [tokens(level) for level in levels]
    if len({len(parts) for parts in split}) != 1:
        return []
    varying = [i for i in range(len(split[0])) if len({parts[i] for parts in split}) > 1]
    crossing = len(varying) > 1 and all(
        max(Counter(parts[i] for parts in split).values()) > 1 for i in varying
    )
    return varying if crossing else []


def _crossed(levels: list[str], factors: list[int], column: str) -> list[Proposal]:
    """Contrasts of levels that differ in one factor only; for two factors of two levels their interaction too."""
    split = {level: tokens(level) for level in levels}
    by_words = {tuple(parts[i] for i in factors): level for level, parts in split.items()}
    references = [reference_of(list(dict.fromkeys(key[i] for key in by_words))) for i in range(len(factors))]
    found = []
    for at, (reference, why) in enumerate(references):
        if reference is None:
            continue
        for key, level in by_words.items():
            other = by_words.get((*key[:at], reference, *key[at + 1 :]))
            if key[at] != reference and other is not None:
                found.append(_contrast(level, other, why, column))
    names = [list(dict.fromkeys(key[i] for key in by_words)) for i in range(len(factors))]
    if (
        len(factors) == 2
        and [len(name) for name in names] == [2, 2]
        and len(by_words) == 4
        and all(r for r, _ in references)
    ):
        weights = {}
        for key in product(*names):
            sign = [1 if key[i] != references[i][0] else -1 for i in range(2)]
            weights[by_words[key]] = float(sign[0] * sign[1])
        parts = [next(name for name in names[i] if name != references[i][0]) for i in range(2)]
        roles = {role(parts[i], references[i][0], column) for i in range(2)}
        combined = (
            "disease_x_training"
            if roles in ({"disease", "training"}, {"disease", "overtraining"})
            else "other"
        )
        found.append(
            Proposal(_slug(" x ".join(parts)), combined, weights=weights, why="both factors have two levels")
        )
    return found


def _contrast(case: str, reference: str, why: str, column: str) -> Proposal:
    return Proposal(_slug(f"{case} v {reference}"), role(case, reference, column), case, reference, why=why)


def _slug(text: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return (slug or "contrast")[:60].strip("_")
