"""Which column of a sample annotation is group, sex, subject and batch, and why."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sevaxis.drafting.roles import role_of
from sevaxis.drafting.words import COLUMNS, TECHNICAL, is_control, tokens
from sevaxis.study.sheets import SEX_LABELS, UNKNOWN

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

MOST_LEVELS = 12
#: Measures of a sample, which are no groups.
MEASURES = re.compile(
    r"\b(age|bmi|weight|height|mass|glucose|insulin|dob|date|purity|reads?)\b|_(mass|weight|age)\b", re.I
)
#: Batch effects that were taken out before: what the batch explains is this share of what chance would explain.
REMOVED = 0.2
#: What a column is worth more as the group when it combines others.
COMBINES = 2.0


@dataclass
class Roles:
    """Proposed roles of columns.

    Attributes
    ----------
    group, sex, subject, batch
        Cells by sample, None where no column is proposed.
    sex_labels
        Labels whose meaning the user must say.
    group_column
        Name of the column that became the group; empty where sample names did.
    evidence
        One sentence for each decision, by what it is about.
    """

    group: pd.Series | None = None
    sex: pd.Series | None = None
    subject: pd.Series | None = None
    batch: pd.Series | None = None
    sex_labels: list[str] = field(default_factory=list)
    group_column: str = ""
    evidence: dict[str, str] = field(default_factory=dict)


def assign(frame: pd.DataFrame, source: str, *, skip: str = "", values: np.ndarray | None = None) -> Roles:
    """Propose roles for the columns of an annotation.

    Parameters
    ----------
    frame
        Annotation (samples x columns of text), possibly without columns: groups then come from the samples' names.
    source
        Where the annotation stands, for the evidence.
    skip
        The column that names the samples.
    values
        Samples x features on the log2 scale: to tell a batch whose effect was already removed.
    """
    roles = Roles()
    columns = {name: frame[name] for name in frame.columns if name != skip and frame[name].ne("").any()}
    _assign_sex(roles, columns, source)
    _assign_subject(roles, columns, source)
    taken = {series.name for series in (roles.sex, roles.subject) if series is not None}
    candidates = {
        name: score
        for name, cells in columns.items()
        if name not in taken and (score := _group_score(cells, roles.sex)) > 0
    }
    for name in candidates:
        # a column that tells apart all that others do, and more, holds their combination
        finer = [o for o in candidates if columns[o].nunique() < columns[name].nunique()]
        if finer and all((columns[o].groupby(columns[name]).nunique() == 1).all() for o in finer):
            candidates[name] += COMBINES
    scored = sorted((-score, position, name) for position, (name, score) in enumerate(candidates.items()))
    named = groups_of_names(list(frame.index))
    if scored and (-scored[0][0] >= 2 or named is None):
        name = scored[0][2]
        roles.group, roles.group_column = columns[name], name
        roles.evidence["group"] = f"column '{name}' of {source} has {counted(columns[name])}"
        others = [f"'{other}' ({counted(columns[other])})" for _, _, other in scored[1:5]]
        if others:
            roles.evidence["group"] += "; it could also be " + ", ".join(others)
    elif named is not None:
        roles.group = frame.index.to_series().map(named)
        roles.evidence["group"] = (
            f"the names of the samples, without what tells replicates apart: {counted(roles.group)}"
        )
    _assign_batch(roles, columns, source, values)
    return roles


def counted(cells: pd.Series) -> str:
    """``Female 7, Male 7``; in the order in which they come."""
    counts = Counter(cell for cell in cells if cell)
    shown = [f"{level} {number}" for level, number in list(counts.items())[:MOST_LEVELS]]
    more = f" and {len(counts) - MOST_LEVELS} more" if len(counts) > MOST_LEVELS else ""
    empty = int((cells == "").sum())
    return ", ".join(shown) + more + (f" ({empty} empty)" if empty else "")


def _fits(role: str, name: str) -> bool:
    name = re.sub(r"^(?:characteristics|factor(?: value)?|comment)[\s\[]*", "", name.strip().lower()).rstrip(
        "]"
    )
    return bool(re.fullmatch(COLUMNS[role], name))


def _assign_sex(roles: Roles, columns: dict[str, pd.Series], source: str) -> None:
    for strict in (True, False):
        for name, cells in columns.items():
            labels = {cell.lower() for cell in cells if cell.lower() not in UNKNOWN}
            plain = labels <= set(SEX_LABELS) and labels
            written_out = plain and all(len(label) > 1 for label in labels)  # M and F alone may be anything
            by_name = _fits("sex", name)
            if not labels or not (by_name if strict else written_out and len(labels) == 2):
                continue
            if not plain and len(labels) > 2:
                continue
            roles.sex = cells
            roles.evidence["sex"] = f"column '{name}' of {source} has {counted(cells)}"
            if not plain:
                roles.sex_labels = sorted({cell for cell in cells if cell.lower() not in UNKNOWN})
            return
    roles.evidence["sex"] = "no column says it; X and Y genes will tell it, where they are measured"


def _assign_subject(roles: Roles, columns: dict[str, pd.Series], source: str) -> None:
    """A subject has several samples; of several such columns the one that tells most subjects apart."""
    fitting = []
    for name, cells in columns.items():
        counts = Counter(cell for cell in cells if cell)
        if _fits("subject", name) and len(counts) >= 3 and min(counts.values(), default=0) >= 2:
            fitting.append((len(counts), name))
    if fitting:
        number, name = max(fitting)
        roles.subject = columns[name]
        each = sorted(set(Counter(columns[name]).values()))
        words = f"{each[0]}" if len(each) == 1 else f"{each[0]} to {each[-1]}"
        roles.evidence["subject"] = (
            f"column '{name}' of {source} has {number} values with {words} samples each"
        )
    else:
        roles.evidence["subject"] = "no column with several samples of one subject"


def _group_score(cells: pd.Series, sex: pd.Series | None) -> float:
    """How well a column would do as the group; 0 where it cannot."""
    name = str(cells.name)
    counts = Counter(cell for cell in cells if cell and cell.lower() not in UNKNOWN)
    enough = sum(number >= 2 for number in counts.values())
    if not 2 <= len(counts) <= MOST_LEVELS or enough < 2 or MEASURES.search(name):
        return 0
    if _fits("sex", name) or _fits("batch", name):
        return 0
    by_name = _fits("group", name)
    if TECHNICAL.search(name) and not by_name:
        return 0
    score = 0.5 + 3 * by_name + 3 * any(is_control(level) for level in counts)
    score += 2 * bool(role_of(" ".join([name, *counts])))
    score -= 2 * (1 - sum(counts.values()) / len(cells))
    score -= 1.5 * (sum(number < 2 for number in counts.values()) / len(counts))
    if sex is not None and sex.nunique() > 1 and (sex.groupby(cells).nunique() == 1).all():
        score -= 4  # sex and group in one column: the model wants them apart
    return score


def _assign_batch(
    roles: Roles, columns: dict[str, pd.Series], source: str, values: np.ndarray | None
) -> None:
    for name, cells in columns.items():
        counts = Counter(cell for cell in cells if cell)
        if not _fits("batch", name) or not 2 <= len(counts) <= len(cells) / 2 or "" in set(cells):
            continue
        if roles.group is not None and (roles.group.groupby(cells).nunique() == 1).all():
            roles.evidence["batch"] = f"column '{name}' is left out: each of its levels has one group only"
            continue
        if values is not None and _is_removed(values, cells):
            roles.evidence["batch"] = (
                f"column '{name}' ({counted(cells)}) explains less than chance would: its effect was removed before"
            )
            continue
        roles.batch = cells
        roles.evidence["batch"] = f"column '{name}' of {source} has {counted(cells)}"
        return
    roles.evidence.setdefault("batch", "no column with such a name")


def _is_removed(values: np.ndarray, cells: pd.Series) -> bool:
    """Whether batches have equal means: by chance k batches of n samples share (k-1)/(n-1) of the variance."""
    import numpy as np

    complete = values[:, np.isfinite(values).all(axis=0)][:, :2000]
    if complete.shape[1] < 20:
        return False
    centred = complete - complete.mean(axis=0)
    between = sum(
        (cells == level).sum() * centred[(cells == level).to_numpy()].mean(axis=0) ** 2
        for level in set(cells)
    )
    total = (centred**2).sum(axis=0)
    share = np.median(between[total > 0] / total[total > 0])
    return bool(share < REMOVED * (cells.nunique() - 1) / (len(cells) - 1))


def groups_of_names(samples: list[str]) -> dict[str, str] | None:
    """Groups that the samples' names tell: what is left without the words that all have and those that count.

    Returns
    -------
    Sample -> group, or None where that leaves fewer than two groups of two.
    """
    stems = {sample: re.split(r"[\\/]", sample)[-1] for sample in samples}
    split = {sample: tokens(stem) for sample, stem in stems.items()}
    kept = []
    for position in range(min(len(parts) for parts in split.values())):
        cells = [parts[position] for parts in split.values()]
        telling = any(re.search(r"[A-Za-z]{2}|\d[A-Za-z]", cell) for cell in cells)
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


def _are_groups(found: dict[str, str]) -> bool:
    counts = Counter(found.values())
    return (
        2 <= len(counts) <= MOST_LEVELS
        and sum(number >= 2 for number in counts.values()) >= 2
        and "" not in counts
    )


def _prefix(texts: list[str]) -> str:
    first, last = min(texts), max(texts)
    same = next(
        (i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last))
    )
    return first[:same]
