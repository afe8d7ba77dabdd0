"""Sex of the samples: a column, a constant, or a word inside the names of groups and samples. Codes are asked about."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sevaxis.drafting.levels import split_sex, split_sex_of_samples
from sevaxis.drafting.words import column_fits
from sevaxis.study.sheets import SEX_LABELS, UNKNOWN
from sevaxis.study.validation import TODO

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class SexFound:
    """Sex of the samples.

    Attributes
    ----------
    cells
        Labels by sample.
    labels
        What labels mean, where they do not say it themselves: a sex, or a question.
    evidence
        One sentence.
    """

    cells: pd.Series
    evidence: str
    labels: dict[str, str] = field(default_factory=dict)


def sex_of_columns(columns: dict[str, pd.Series], source: str, shown) -> SexFound | None:
    """The column of sexes: by its name, or by cells that say female and male."""
    for strict in (True, False):
        for name, cells in columns.items():
            labels = {cell for cell in cells if cell.lower() not in UNKNOWN}
            plain = labels and {_word(label) for label in labels} <= set(SEX_LABELS)
            written_out = plain and all(len(label) > 1 for label in labels)  # M and F alone may be anything
            by_name = column_fits("sex", name)
            if not labels or not (by_name if strict else written_out and len(labels) >= 2):
                continue
            if not plain and len(labels) > 2:
                continue
            evidence = f"column '{name}' of {source} has {shown(cells)}"
            if plain:
                tidy = cells.map(lambda cell: cell if cell.lower() in SEX_LABELS else _word(cell))
                return SexFound(tidy.rename(name), evidence)
            told = meanings(name, sorted(labels))
            if told:
                return SexFound(cells, f"{evidence}; its name says which is which", told)
            return SexFound(cells, evidence, dict.fromkeys(sorted(labels), f"{TODO} female or male"))
    return None


def _word(label: str) -> str:
    """``females``, ``woman``, ``Male (M)`` in the vocabulary of sheets."""
    plain = re.sub(r"\s*\(.*\)$", "", label.strip().lower())
    plain = "" if plain in UNKNOWN else plain
    others = {
        "females": "female",
        "woman": "female",
        "women": "female",
        "males": "male",
        "man": "male",
        "men": "male",
    }
    return others.get(plain, plain)


def meanings(name: str, labels: list[str]) -> dict[str, str]:
    """Meaning of two codes that the name of their column tells: ``sex_male1``, ``female`` with 0 and 1."""
    plain = re.sub(r"[\W_]+", " ", name.lower()).strip()
    match = re.fullmatch(r"(?:sex|gender)? ?(?:is )?(male|female) ?(?:is |= ?)?(\d)?", plain)
    other = {"male": "female", "female": "male"}
    if match is None or len(labels) > 2:
        return {}
    yes = (
        [match[2]]
        if match[2]
        else [label for label in labels if label.lower() in ("1", "yes", "true", "y", "t", "x")]
    )
    if len(yes) != 1 or yes[0] not in labels:
        return {}
    if not match[2] and any(
        label.lower() not in ("0", "1", "no", "yes", "true", "false", "y", "n", "t", "f") for label in labels
    ):
        return {}
    return {label: match[1] if label == yes[0] else other[match[1]] for label in labels}


def sex_of_levels(cells: pd.Series, where: str) -> tuple[SexFound, pd.Series] | None:
    """Sex and the rest, where every level of a group holds a word for a sex (trained_male, F_8W)."""
    levels = [level for level in dict.fromkeys(cells) if level]
    split = split_sex(levels)
    if split is None or len({rest for _, rest in split.values()}) < 2:
        return None
    sex = cells.map(lambda cell: str(split[cell][0]) if cell in split else "").rename("sex")
    rest = cells.map(lambda cell: split[cell][1] if cell in split else "").rename(cells.name)
    example = ", ".join(f"'{level}' is {split[level][1]}, {split[level][0]}" for level in levels[:2])
    return SexFound(sex, f"{where} hold it: {example}"), rest


def sex_of_names(names: list[str], group: pd.Series, shown) -> SexFound | None:
    """Sex that a word of each sample's name tells, beside a group of the sheet."""
    import pandas as pd

    split = split_sex_of_samples(names) if len(set(names)) == len(names) else None
    if split is None:
        return None
    cells = pd.Series([split[name][0] for name in names], name="sex")
    if (
        group.groupby(cells.to_numpy()).nunique() == 1
    ).all() and cells.nunique() > 1:  # the letters are the groups
        return None
    return SexFound(cells, f"the names of the samples hold it: {shown(cells)}")
