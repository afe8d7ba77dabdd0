"""Whose the samples are: columns of subjects, donor codes with suffixes, technical replicates that pose as animals."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sevaxis.drafting.words import column_fits, tokens, words

if TYPE_CHECKING:
    import pandas as pd

#: What may stand behind the name of a specimen that was measured several times.
REPEAT = re.compile(
    r"(?:[\s_.\-]+(?:tech(?:nical)?|techrep|tr|rep|r|inj(?:ection)?|run|lane|dup|aliquot|msrun)?[\s_.\-]*#?L?\d{1,3}"
    r"|(?<=\d)[\s_.\-]?[A-Da-d])$",
    re.IGNORECASE,
)
#: Words behind a name that say that one thing was measured again.
TECHNICAL_WORDS = re.compile(
    r"[\s_.\-](?:tech|techrep|tr|inj|injection|run|lane|l00|dup|aliquot|msrun)[\s_.\-]*#?\d*$", re.I
)
#: Most measurements of one specimen.
MOST_REPEATS = 8
#: Samples of a group fall into specimens where distances (of standardised log2 values) within clusters are
#: this many times smaller than the next distance between clusters; in our sets of animals it is at most 2.2.
GAP = 2.5
#: Share of the samples in groups of four or more that must lie in such clusters before anybody is asked.
MANY = 0.6
#: Words of designs in which the same animals or people are measured again.
SAME_ONES = {"pre", "post", "before", "after", "baseline", "preflight", "postflight"}
#: Codes of people and donors; S1, M1, R1 may count samples, mice, replicates.
PERSON = r"(?:p|pt|d|id|sub|subj|subject|donor|patient|participant|volunteer|crew|h|hc)[-#]?\d+"


@dataclass
class Specimens:
    """Specimens of which samples may be technical replicates.

    Attributes
    ----------
    cells
        Specimen of each sample.
    why
        What it rests on.
    """

    cells: pd.Series
    why: str


def find_subject(columns: dict[str, pd.Series]) -> tuple[pd.Series | None, str]:
    """The column of subjects that have several samples, and what the other such columns are.

    A column of codes that all differ (D1_pre, D1_post) counts by what is left without its endings.
    """
    found = []
    for order, (name, cells) in enumerate(columns.items()):
        if not column_fits("subject", name):
            continue
        counts = Counter(cell for cell in cells if cell)
        if len(counts) == len(cells) and (stems := stems_of(list(cells))):
            cells = cells.map(stems).rename(name)
            counts = Counter(cells)
        repeated = sum(number >= 2 for number in counts.values())
        if len(counts) < 3 or repeated < max(1, len(counts) / 5):
            continue
        plain = not re.fullmatch(r"id|code|nr|no", name.strip().lower())
        found.append((plain, len(counts), -order, name, cells))
    if not found:
        return None, ""
    found.sort(reverse=True, key=lambda one: one[:3])
    return found[0][4], ", ".join(f"'{one[3]}'" for one in found[1:])


def stems_of(names: list[str]) -> dict[str, str] | None:
    """Names without the ending that tells repeated measurements apart; None where that does not join several."""
    # a running number before each name tells nothing: 01_MCF10_1_A
    running = [match[1] for name in names if (match := re.match(r"(\d{1,3})[_\-. ]", name))]
    begin = re.compile(r"^\d{1,3}[_\-. ]" if len(set(running)) == len(names) else r"(?!)")
    stems = {name: REPEAT.sub("", begin.sub("", name)) or name for name in names}
    counts = Counter(stems.values())
    joined = sum(number for number in counts.values() if number > 1)
    fits = len(counts) >= 3 and joined >= 0.6 * len(names) and max(counts.values()) <= MOST_REPEATS
    return stems if fits and all(re.search(r"\d|[A-Z]{2}", stem) for stem in counts) else None


def specimens_of_names(names: list[str], group: pd.Series | None) -> Specimens | None:
    """Nested names (trained_1_1, trained_1_2; P01A, P01B) whose last part counts measurements of one specimen."""
    import pandas as pd

    stems = stems_of(names)
    if stems is None:
        return None
    cells = pd.Series([stems[name] for name in names], index=names)
    if group is not None:
        each = group.to_numpy()
        if (
            pd.Series(each).groupby(cells.to_numpy()).nunique() > 1
        ).any():  # one stem in several groups: pairs
            return None
        several = cells.groupby(each).nunique()
        bare = {re.sub(r"[\W_]+", "", str(level)).lower() for level in each}
        if (several < 2).all() or {re.sub(r"[\W_]+", "", stem).lower() for stem in cells} <= bare:
            return None
    sizes = cells.value_counts()
    example = [name for name in names if stems[name] == sizes.index[0]][:3]
    words = sum(bool(TECHNICAL_WORDS.search(name)) for name in names)
    said = ", a word for repeated measurements" if words > len(names) / 2 else ""
    why = f"{len(names)} names have {len(sizes)} stems ({', '.join(example)}{said})"
    return Specimens(cells, why)


def pairs_of_names(names: list[str], group: pd.Series) -> tuple[pd.Series, str, bool] | None:
    """Codes in names that come back in other groups (Pre-S1, Post-S1): perhaps the same animal or person.

    Numbers that count from 1 in each group tell nothing, unless the groups are before and after something.

    Returns
    -------
    Subjects, why, and whether that is certain: codes with gaps (S9, S12) that come back before and after something.
    """
    import pandas as pd

    split = [tokens(name) for name in names]
    if group.nunique() < 2 or len({len(parts) for parts in split}) != 1:
        return None
    for position in range(len(split[0])):
        codes = pd.Series([parts[position] for parts in split], index=names)
        counts = codes.value_counts()
        per_group = codes.groupby([group.to_numpy(), codes.to_numpy()]).size()
        if (
            len(counts) < 3
            or (counts >= 2).mean() < 0.6
            or per_group.max() > 1
            or counts.max() > group.nunique()
        ):
            continue
        if not codes.str.contains(r"\d").all():
            continue
        numbers = sorted({int(found[-1]) for code in counts.index if (found := re.findall(r"\d+", code))})
        counting = numbers == list(range(1, len(numbers) + 1))
        said_so = any(words(text) & SAME_ONES for text in [*names, *group.unique()])
        people = codes.str.fullmatch(PERSON, case=False).all()
        if said_so or people or not counting:
            example = ", ".join([name for name, code in codes.items() if code == counts.index[0]][:3])
            why = f"{len(counts)} codes in the names come back in other groups ({example})"
            return codes.rename("subject"), why, said_so and not counting
    return None


def neighbours_of_names(names: list[str], group: pd.Series) -> tuple[pd.Series, str] | None:
    """Samples of one number beside each other (WT_ctrl_1, WT_stim_1, WT_ctrl_2, ...): perhaps of one animal."""
    import pandas as pd

    split = [tokens(name) for name in names]
    if group.nunique() < 2 or len({len(parts) for parts in split}) != 1 or len(split[0]) < 2:
        return None
    numbers = [parts[-1] for parts in split]
    if not all(re.search(r"\d", number) for number in numbers):
        return None
    starts = [i for i in range(len(names)) if i == 0 or numbers[i] != numbers[i - 1]]
    runs = [range(a, b) for a, b in zip(starts, [*starts[1:], len(names)], strict=True)]
    each = group.to_numpy()
    if len(runs) < 3 or any(len(run) < 2 or len({each[i] for i in run}) < len(run) for run in runs):
        return None
    if any(
        len(run) >= group.nunique() for run in runs
    ):  # all groups in turn: the columns are sorted by their numbers
        return None
    cells = []
    for run in runs:
        same = [a for a, *rest in zip(*(split[i] for i in run), strict=True) if all(a == b for b in rest)]
        cells += [" ".join(same)] * len(run)
    if len(set(cells)) != len(runs):
        return None
    example = ", ".join(names[i] for i in runs[0])
    why = f"samples of one number stand beside each other ({example}, ...), {len(runs)} times"
    return pd.Series(cells, index=names, name="subject"), why


def specimens_of_values(values: np.ndarray, names: list[str], group: pd.Series | None) -> Specimens | None:
    """Samples that are too alike to be different animals.

    Parameters
    ----------
    values
        Samples x features on the log2 scale, NaN for what was not detected.
    names, group
        Of the samples.
    """
    import pandas as pd

    distance = squared_distances(values)
    labels = np.zeros(len(names), dtype=int) if group is None else pd.factorize(group)[0]
    cells = pd.Series([f"specimen of {name}" for name in names], index=names)
    asked = twins = 0
    for level in np.unique(labels):
        at = np.flatnonzero(labels == level)
        if len(at) < 4:
            continue
        asked += len(at)
        for members in _clusters(distance[np.ix_(at, at)]):
            twins += len(members) if len(members) > 1 else 0
            cells.iloc[at[members]] = cells.iloc[at[members[0]]]
    if asked < 4 or twins < MANY * asked:
        return None
    example = ", ".join(cells.index[cells == cells.value_counts().index[0]][:3])
    why = (
        f"{twins} of {asked} samples are far more alike than others of their group (such as {example}): "
        f"{len(names)} samples seem to be {cells.nunique()} specimens"
    )
    return Specimens(cells, why)


def _clusters(distance: np.ndarray) -> list[np.ndarray]:
    """Positions of samples that belong together, where a clear gap divides clusters; empty where none does."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    if not np.isfinite(distance).all():
        return []
    number = len(distance)
    tree = linkage(squareform((distance + distance.T) / 2, checks=False), "average")
    heights = np.maximum(tree[:, 2], 1e-9)
    gap, clusters = GAP, []
    for merges in range(-(-2 * number // 5), number - 1):
        labels = fcluster(tree, number - merges, "maxclust")
        sizes = Counter(labels.tolist())
        joined = sum(size for size in sizes.values() if size > 1)
        several = sum(size > 1 for size in sizes.values()) > 1 and joined >= MANY * number
        if several and max(sizes.values()) <= MOST_REPEATS and heights[merges] / heights[merges - 1] > gap:
            gap = heights[merges] / heights[merges - 1]
            clusters = [np.flatnonzero(labels == label) for label in sizes]
    return clusters


def squared_distances(values: np.ndarray, most: int = 3000) -> np.ndarray:
    """Mean squared difference of each two samples, in units of the spread of each of the most abundant features."""
    known = np.isfinite(values)
    use = np.flatnonzero(known.mean(axis=0) > 0.9)
    if len(use) < 50:
        use = np.flatnonzero(known.mean(axis=0) > 0.5)
    if len(use) < 20:
        return np.full((len(values), len(values)), np.inf)
    middle = np.nanmedian(values[:, use], axis=0)
    use = use[np.argsort(-middle, kind="stable")[:most]]
    chosen = values[:, use]
    chosen = chosen - np.nanmedian(chosen, axis=1, keepdims=True)  # loading
    middle = np.nanmedian(chosen, axis=0)
    filled = np.where(np.isfinite(chosen), chosen, middle)
    spread = filled.std(axis=0)
    filled = filled[:, spread > 0] / spread[spread > 0]  # else a few genes of sex or diet would decide
    if not filled.shape[1]:
        return np.zeros((len(values), len(values)))
    squares = (filled**2).sum(axis=1)
    return np.maximum(squares[:, None] + squares[None, :] - 2 * filled @ filled.T, 0) / filled.shape[1]
