"""What is compared with what, in which role: proposed from the names of the groups."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import product

from sevaxis.base.vocabulary import Role
from sevaxis.drafting.levels import in_time, is_series
from sevaxis.drafting.roles import role
from sevaxis.drafting.words import CELLS, SOURCES, VESICLES, is_control, tokens, words
from sevaxis.study.validation import TODO


@dataclass
class Proposal:
    """One contrast as it will stand in the card, why its reference is one; a stratum where one is told."""

    name: str
    role: str
    case: str = ""
    reference: str = ""
    weights: dict[str, float] = field(default_factory=dict)
    why: str = ""
    stratum: str = ""


def propose_contrasts(
    sizes: dict[str, int],
    column: str = "",
    *,
    factors: dict[str, tuple[str, ...]] | None = None,
    factor_columns: tuple[str, ...] = (),
    min_per_group: int = 2,
) -> list[Proposal]:
    """Contrasts of the groups.

    Parameters
    ----------
    sizes
        Group -> number of samples.
    column
        Name of the column that holds the groups; its words may tell the role.
    factors, factor_columns
        Group -> its parts, and the columns of the parts, where columns were crossed.
    min_per_group
        Smaller groups take part in no contrast.

    Returns
    -------
    Contrasts; one that is to be decided where no group is told to be the reference.
    """
    levels = [level for level, size in sizes.items() if size >= min_per_group]
    parts = {level: factors[level] for level in levels if level in factors} if factors else _parts(levels)
    found = _crossed(parts, factor_columns or (column,) * 9) if parts else []
    if not found:
        reference, why = reference_of(levels, column)
        if reference is not None:
            found = [_contrast(level, reference, why, column) for level in levels if level != reference]
    if not found:
        groups = ", ".join(levels or sizes)
        text = f"{TODO} one of: {groups}" if groups else f"{TODO} fill in the groups of the sheet first"
        other = f"{TODO} the group that it is compared with"
        why = "no group says that it is the reference"
        if is_series(levels):
            why += "; numbers may be codes or amounts, which are no order of time"
        found = [Proposal("to_decide", Role.OTHER, text, other, why=why)]
    names: Counter = Counter()
    for one in found:  # two names that differ in punctuation only
        names[one.name] += 1
        if names[one.name] > 1:
            one.name = f"{one.name[:57]}_{names[one.name]}"
    return found


def reference_of(levels: list[str], column: str = "") -> tuple[str | None, str]:
    """The level that others are compared with, and why; None where nothing tells."""
    common = set.intersection(*(words(level) for level in levels)) if levels else set()
    told = [level for level in levels if is_control(" ".join(words(level) - common))]
    if told:
        # of several (lean sedentary, obese sedentary) the one that says so most, then the shortest, then the first
        score = {level: sum(is_control(word) for word in words(level) - common) for level in told}
        top = [level for level in told if score[level] == max(score.values())]
        places = {tuple(i for i, word in enumerate(tokens(level)) if is_control(word)) for level in top}
        if len(places) > 1 and len({len(tokens(level)) for level in top}) == 1:
            return None, ""  # Enhanced_Normal, Normal_Rapid: the word is said of different things
        best = min(told, key=lambda level: (-score[level], len(level), levels.index(level)))
        return best, f"'{best}' is called a control"
    said = {level: words(level) for level in levels}
    vesicles = [level for level in levels if said[level] & VESICLES]
    cells = [level for level in levels if said[level] & CELLS and level not in vesicles]
    if vesicles and len(cells) == 1:
        return cells[0], f"'{cells[0]}' is what the vesicles come from"
    if {level.lower() for level in levels} <= {"female", "male"} and len(levels) == 2:
        female = next(level for level in levels if level.lower() == "female")
        return female, "differences of the sexes are male minus female"
    if len(levels) == 2 and all(each & SOURCES for each in said.values()):
        first = next((level for level in levels if said[level] & {"mb", "myoblast", "myoblasts"}), levels[0])
        return first, f"'{first}' is the less differentiated"
    first = in_time(levels, column)
    return (first, f"'{first}' is the first in time") if first else (None, "")


def _parts(levels: list[str]) -> dict[str, tuple[str, ...]]:
    """Level -> the words that vary, where all levels have equally many and two or more of them cross."""
    split = [tokens(level) for level in levels]
    if len({len(parts) for parts in split}) != 1:
        return {}
    varying = [i for i in range(len(split[0])) if len({parts[i] for parts in split}) > 1]
    if len(varying) < 2 or any(max(Counter(parts[i] for parts in split).values()) < 2 for i in varying):
        return {}
    return {level: tuple(parts[i] for i in varying) for level, parts in zip(levels, split, strict=True)}


def _crossed(parts: dict[str, tuple[str, ...]], columns: tuple[str, ...]) -> list[Proposal]:
    """Contrasts of levels that differ in one factor only; for two factors of two levels their interaction too."""
    by_parts = {key: level for level, key in parts.items()}
    names = [list(dict.fromkeys(keys)) for keys in zip(*by_parts, strict=True)]
    references = [reference_of(name, columns[at]) for at, name in enumerate(names)]
    found = []
    for at, (reference, why) in enumerate(references):
        for key, level in by_parts.items():
            other = by_parts.get((*key[:at], reference, *key[at + 1 :])) if reference else None
            if other is not None and key[at] != reference:
                of_parts = role(key[at], reference, columns[at])
                one = _contrast(level, other, why, columns[at])
                # one factor changes: its levels tell the role, and where they say too little the whole names do
                one.role = of_parts if of_parts != Role.OTHER else one.role
                found.append(one)
    if [len(name) for name in names] == [2, 2] and len(by_parts) == 4 and all(each for each, _ in references):
        weights = {}
        for key in product(*names):
            sign = [1 if key[i] != references[i][0] else -1 for i in range(2)]
            weights[by_parts[key]] = float(sign[0] * sign[1])
        others = [next(name for name in names[i] if name != references[i][0]) for i in range(2)]
        roles = {role(others[i], references[i][0], columns[i]) for i in range(2)}
        both = ({Role.DISEASE, Role.TRAINING}, {Role.DISEASE, Role.OVERTRAINING})
        combined = Role.DISEASE_X_TRAINING if roles in both else Role.OTHER
        found.append(
            Proposal(_slug(" x ".join(others)), combined, weights=weights, why="both factors have two levels")
        )
    return found


def name_of(case: str, reference: str) -> str:
    """Name of the contrast of two levels."""
    return _slug(f"{case} v {reference}")


def _contrast(case: str, reference: str, why: str, column: str) -> Proposal:
    return Proposal(name_of(case, reference), role(case, reference, column), case, reference, why=why)


def _slug(text: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return (slug or "contrast")[:60].strip("_")
