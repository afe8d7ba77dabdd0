"""The group of the samples: the column that says it, columns that cross, or the samples' names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sevaxis.drafting.levels import OF_RUNS, are_numbers, control_of, is_quality_control, split_sex_of_samples
from sevaxis.drafting.roles import role_of
from sevaxis.drafting.sexes import SexFound
from sevaxis.drafting.words import TECHNICAL, column_fits, is_control, tokens
from sevaxis.study.sheets import UNKNOWN

if TYPE_CHECKING:
    import pandas as pd

MOST_LEVELS = 12
#: Most groups that crossed columns may make.
MOST_CELLS = 16
#: Measures of a sample, which are no groups.
MEASURES = re.compile(
    r"\b(age|bmi|weight|height|mass|glucose|insulin|dob|date|purity|reads?)\b|(?:^|_)(mass|weight|age|date)\b",
    re.I,
)
#: Most strains or treatments that are written as a letter and a number.
MOST_CODES = 4
#: What a column is worth more as the group when it combines others.
COMBINES = 2.0
#: A column below this score says little: names that tell groups are believed instead.
PLAIN = 2.0
#: A part of a name that counts time.
TIME_TOKEN = re.compile(r"(?:d|w|h|wk|day|week|t|tp|v|time)\d+|\d+(?:d|w|h|wk|min|mo)", re.I)
#: A part of a name that counts animals or measurements.
COUNTING_TOKEN = re.compile(
    r"(?:rep(?:licate)?|r|n|no|nr|inj(?:ection)?|run|lane|tech(?:rep)?|tr|dup|s|sample|mouse|rat|animal|subject|donor|"
    r"patient|participant|pt|id|m|p|bio(?:rep)?|br|culture|well|tube|vial|plex|batch|set)[-#]?\d+",
    re.I,
)


@dataclass
class Group:
    """A proposed group.

    Attributes
    ----------
    cells
        Group of each sample.
    evidence
        One sentence.
    column
        Its column; empty where names tell it.
    factors, columns
        Level -> its parts, and the columns of the parts, where columns were crossed.
    sex
        Sex that stands in the names, too.
    """

    cells: pd.Series
    evidence: str
    column: str = ""
    factors: dict[str, tuple[str, ...]] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    sex: SexFound | None = None


def find_group(
    columns: dict[str, pd.Series],
    frame: pd.DataFrame,
    source: str,
    sex: pd.Series | None,
    shown: Callable[[pd.Series], str],
) -> Group | None:
    """The group, from the column that says it most plainly, or else from the names of the samples."""
    candidates = {name: score for name, cells in columns.items() if (score := _score(cells, sex)) > 0}
    for name in candidates:
        # a column that tells apart all that others do, and more, holds their combination
        finer = [o for o in candidates if columns[o].nunique() < columns[name].nunique()]
        if finer and all((columns[o].groupby(columns[name]).nunique() == 1).all() for o in finer):
            candidates[name] += COMBINES
    scored = sorted((-score, order, name) for order, (name, score) in enumerate(candidates.items()))
    named = _of_names(frame, sex, shown)
    if not scored or (-scored[0][0] < PLAIN and named is not None):
        return named or _of_titles(columns, source, shown)
    best = scored[0][2]
    crossed = _cross([name for score, _, name in scored if -score >= PLAIN], columns)
    if len(crossed) > 1:
        return _combined(crossed, columns, source, shown)
    others = [f"'{other}' ({shown(columns[other])})" for _, _, other in scored[1:5]]
    evidence = f"column '{best}' of {source} has {shown(columns[best])}"
    if others:
        evidence += "; it could also be " + ", ".join(others)
    return Group(columns[best], evidence, best)


def _score(cells: pd.Series, sex: pd.Series | None) -> float:
    """How well a column would do as the group; 0 where it cannot."""
    name = str(cells.name)
    counts = Counter(cell for cell in cells if cell and cell.lower() not in UNKNOWN)
    enough = sum(number >= 2 for number in counts.values())
    if not 2 <= len(counts) <= MOST_LEVELS or enough < 2 or MEASURES.search(name):
        return 0
    if column_fits("sex", name) or column_fits("batch", name) or column_fits("subject", name):
        return 0
    by_name = column_fits("group", name)
    if TECHNICAL.search(name) and not by_name:
        return 0
    score = 0.5 + 3 * by_name + 3 * any(is_control(level) for level in counts)
    score += 2 * bool(role_of(" ".join([name, *counts])))
    score -= 2 * (1 - sum(counts.values()) / len(cells))
    score -= 1.5 * (sum(number < 2 for number in counts.values()) / len(counts))
    if sex is not None and sex.nunique() > 1 and (sex.groupby(cells).nunique() == 1).all():
        score -= 4  # sex and group in one column: the model wants them apart
    return score


def _cross(names: list[str], columns: dict[str, pd.Series]) -> list[str]:
    """Columns that make groups together: each tells what the others do not, and every group has two samples."""
    chosen = names[:1]
    for name in names[1:]:
        if any((columns[a].groupby(columns[b]).nunique() <= 1).all() for a, b in _both_ways(chosen, name)):
            continue
        cells = list(zip(*(columns[each] for each in [*chosen, name]), strict=True))
        counts = Counter(cell for cell in cells if all(cell))
        if min(counts.values(), default=0) < 2 or not 3 <= len(counts) <= MOST_CELLS:
            continue
        if sum(counts.values()) == len(cells):
            chosen.append(name)
    return chosen


def _both_ways(chosen: list[str], name: str) -> list[tuple[str, str]]:
    return [pair for one in chosen for pair in ((one, name), (name, one))]


def _combined(names: list[str], columns: dict[str, pd.Series], source: str, shown) -> Group:
    order = [name for name in columns if name in names]
    rows = list(zip(*(columns[name] for name in order), strict=True))
    cells = columns[order[0]].copy().rename(" x ".join(order))
    cells[:] = [" ".join(row) for row in rows]
    quoted = " and ".join(f"'{name}'" for name in order)
    evidence = f"columns {quoted} of {source} cross: {shown(cells)}; contrasts change one of them at a time"
    return Group(cells, evidence, str(cells.name), dict(zip(cells, rows, strict=True)), tuple(order))


def _of_names(frame: pd.DataFrame, sex: pd.Series | None, shown) -> Group | None:
    """Groups of the samples' names, without a sex that stands in them."""
    names = [str(name) for name in frame.index]
    split = split_sex_of_samples(names) if sex is None and len(set(names)) == len(names) else None
    if split is not None:
        rests = {name: f"{rest}_{order}" for order, (name, (_, rest)) in enumerate(split.items())}
        found = groups_of_names(list(rests.values()))
        if found is not None:
            groups = frame.index.to_series().map({name: found[rest] for name, rest in rests.items()})
            sexes = (
                frame.index.to_series().map({name: each for name, (each, _) in split.items()}).rename("sex")
            )
            evidence = f"the names of the samples hold it: {shown(sexes)}"
            return Group(groups, _why(groups, shown), sex=SexFound(sexes, evidence))
    found = groups_of_names(names)
    if found is None:
        return None
    groups = frame.index.to_series().map(found)
    for name in frame.columns:
        # names that begin with the plex tell the plex
        same = (
            frame[name].nunique() == groups.nunique() and (groups.groupby(frame[name]).nunique() == 1).all()
        )
        if same and column_fits("batch", name):
            return None
    return Group(groups, _why(groups, shown))


def _why(groups: pd.Series, shown) -> str:
    return f"the names of the samples, without what tells replicates apart: {shown(groups)}"


def _of_titles(columns: dict[str, pd.Series], source: str, shown) -> Group | None:
    """Groups of a column of titles that all differ (``Trained, rep 1``)."""
    for name, cells in columns.items():
        if cells.nunique() == len(cells) and not TECHNICAL.search(name):
            found = groups_of_names(list(cells))
            if found is not None:
                groups = cells.map(found)
                why = f"column '{name}' of {source}, without what tells replicates apart: {shown(groups)}"
                return Group(groups, why, name)
    return None


def groups_of_names(samples: list[str]) -> dict[str, str] | None:
    """Groups that the samples' names tell: what is left without the words that all have and those that count.

    Returns
    -------
    Sample -> group, or None where that leaves fewer than two groups of two.
    """
    perhaps = [sample for sample in samples if is_quality_control(sample, weak=True)]
    if 0 < len(perhaps) < len(samples) / 2:  # they are called otherwise than the rest, which tells the groups
        found = groups_of_names([sample for sample in samples if sample not in perhaps])
        return found if found is None else {s: found.get(s) or control_of(s) for s in samples}
    stems = {sample: re.split(r"[\\/]", sample)[-1] for sample in samples}
    if all(OF_RUNS.search(stem) for stem in stems.values()):
        stems = {sample: OF_RUNS.sub("", stem) for sample, stem in stems.items()}
    split = {sample: tokens(stem) for sample, stem in stems.items()}
    kept = []
    for position in range(min(len(parts) for parts in split.values())):
        cells = [parts[position] for parts in split.values()]
        telling = any(re.search(r"[A-Za-z]{2}|\d[A-Za-z]", cell) for cell in cells)
        telling = telling and not all(COUNTING_TOKEN.fullmatch(cell) for cell in cells)
        # D01 counts donors, not days
        telling = telling or all(
            TIME_TOKEN.fullmatch(cell) and not re.fullmatch(r"[A-Za-z]0\d", cell) for cell in cells
        )
        if telling and 1 < len(set(cells)) < len(cells):
            kept.append(position)
    found = {sample: " ".join(parts[i] for i in kept) for sample, parts in split.items()}
    if not _are_groups(found):
        bare = {
            sample: re.sub(r"(?:[\s_.\-]+(?:rep|r|n|s|#)?[\s_.\-]*)?\(?\d+\)?$", "", stem, flags=re.I)
            for sample, stem in stems.items()
        }
        common = re.match(r"^(.*[\s_.\-])?", _prefix(list(bare.values())))[0]
        found = {sample: stem[len(common) :] or stem for sample, stem in bare.items()}
    return found if _are_groups(found) else None


def codes_beside(samples: list[str], groups: list[str]) -> list[str] | None:
    """Codes in the names that cross the groups and count nothing (B6 and S9): animals, batches, or strains.

    Returns
    -------
    The code of each sample; None where there is no such part of the names.
    """
    split = [tokens(re.split(r"[\\/]", sample)[-1]) for sample in samples]
    for position in range(min(len(parts) for parts in split)):
        codes = [parts[position] for parts in split]
        different = set(codes)
        letters = {code[0].lower() for code in different}
        if not 2 <= len(different) <= MOST_CODES or len(letters) < len(different) or letters <= set("fm"):
            continue
        if not all(re.fullmatch(r"[A-Za-z]\d+", code) for code in codes):
            continue
        if any(code.lower() in group.lower().split() for code, group in zip(codes, groups, strict=True)):
            continue
        pairs = set(zip(codes, groups, strict=True))
        if all(sum(code == one for one, _ in pairs) > 1 for code in different):
            return codes
    return None


def has_factor(samples: list[str], sex: pd.Series) -> bool:
    """Whether the names hold something beside the sex that several samples of each sex share: a code, an amount."""
    import pandas as pd

    split = [tokens(re.split(r"[\\/]", sample)[-1]) for sample in samples]
    for position in range(min(len(parts) for parts in split)):
        cells = pd.Series([parts[position].lower() for parts in split])
        pairs = cells.groupby([cells, sex.to_numpy()]).size()
        both = pairs.index.get_level_values(0).duplicated().any()
        if 1 < cells.nunique() < len(cells) / 2 and both and pairs.min() > 1:
            return True
    return False


def _are_groups(found: dict[str, str]) -> bool:
    counts = Counter(found.values())
    return (
        2 <= len(counts) <= MOST_LEVELS
        and sum(number >= 2 for number in counts.values()) >= 2
        and "" not in counts
        and not are_numbers(list(counts))  # of 1_2 either number may count the samples
    )


def _prefix(texts: list[str]) -> str:
    first, last = min(texts), max(texts)
    same = next(
        (i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last))
    )
    return first[:same]
