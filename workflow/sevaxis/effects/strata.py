"""Which strata of a contrast the samples can bear, and the linear combinations of group means that estimate them.

Female, male, average and interaction effects come from one model with one residual variance, never from separate
fits whose significances are then compared (Gelman & Stern 2006, Am Stat 60:328).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from sevaxis.study.card import Contrast

SEXES = ("female", "male")
BY_SEX = ("female", "male", "average", "interaction")


@dataclass(frozen=True)
class Comparand:
    """One contrast in one stratum, as weights of cells.

    Attributes
    ----------
    contrast
        Name of the contrast.
    stratum
        all, female, male, average or interaction.
    weights
        Cell of the design -> weight.
    case, reference
        Samples x bool as integer positions: who stands on either side, for counts of samples and detection. The
        interaction compares effects, not samples: it has the samples of the average.
    """

    contrast: str
    stratum: str
    weights: dict[str, float]
    case: tuple[int, ...]
    reference: tuple[int, ...]


@dataclass(frozen=True)
class Plan:
    """What is estimated from one model.

    Attributes
    ----------
    cells
        Cell of each sample.
    adjust_for_sex
        Whether sex enters as a covariate (the cells do not already hold it).
    comparands
        Contrasts in strata.
    """

    cells: tuple[str, ...]
    adjust_for_sex: bool
    comparands: tuple[Comparand, ...]


def plan_strata(
    samples: pd.DataFrame, contrasts: tuple[Contrast, ...], min_per_group: int
) -> tuple[list[Plan], dict[str, str]]:
    """Models and comparands for the contrasts of a data set.

    Parameters
    ----------
    samples
        Included samples with ``group`` and ``sex`` (missing where not known).
    contrasts
        Contrasts of group levels.
    min_per_group
        Fewest females and males in each level that a contrast by sex needs.

    Returns
    -------
    At most two plans (by sex; and, for contrasts that cannot be split by sex, over all samples with sex as a
    covariate where both occur), and contrast -> why it has no strata by sex.
    """
    group = samples["group"].astype(str).tolist()
    sex = [value if value in SEXES else "unknown" for value in samples["sex"].tolist()]
    counts = Counter(zip(group, sex, strict=True))
    by_sex: list[Comparand] = []
    overall: list[Comparand] = []
    reasons: dict[str, str] = {}
    for contrast in contrasts:
        weights = contrast.level_weights()
        reason = _why_not_by_sex(contrast, counts, set(sex), min_per_group)
        case = [level for level, weight in weights.items() if weight > 0]
        reference = [level for level, weight in weights.items() if weight < 0]
        if reason:
            reasons[contrast.name] = reason
            sides = (_positions(group, sex, levels, None) for levels in (case, reference))
            overall.append(Comparand(contrast.name, "all", weights, *sides))
            continue
        for stratum in BY_SEX:
            only = stratum if stratum in SEXES else None
            sides = (_positions(group, sex, levels, only) for levels in (case, reference))
            by_sex.append(Comparand(contrast.name, stratum, _by_sex_weights(weights, stratum), *sides))
    plans = []
    if by_sex:
        cells = tuple(f"{g} {s}" for g, s in zip(group, sex, strict=True))
        plans.append(Plan(cells, False, tuple(by_sex)))
    if overall:
        plans.append(Plan(tuple(group), set(SEXES) <= set(sex), tuple(overall)))
    return plans, reasons


def _why_not_by_sex(contrast: Contrast, counts: Counter, sexes: set[str], min_per_group: int) -> str:
    if contrast.by_sex is False:
        return "the card asks for no strata by sex"
    if not set(SEXES) <= sexes:
        known = [sex for sex in SEXES if sex in sexes]
        return f"one sex: all samples of known sex are {known[0]}" if known else "no sample's sex is known"
    for level in contrast.level_weights():
        for sex in SEXES:
            if counts[level, sex] < min_per_group:
                return f"too few: {level} has {counts[level, sex]} {sex} of at least {min_per_group}"
    return ""


def _by_sex_weights(weights: dict[str, float], stratum: str) -> dict[str, float]:
    share = {
        "female": {"female": 1.0},
        "male": {"male": 1.0},
        "average": {"female": 0.5, "male": 0.5},
        "interaction": {"female": -1.0, "male": 1.0},
    }[stratum]
    return {
        f"{level} {sex}": weight * part for level, weight in weights.items() for sex, part in share.items()
    }


def _positions(group: list[str], sex: list[str], levels: list[str], only: str | None) -> tuple[int, ...]:
    return tuple(
        i
        for i, (g, s) in enumerate(zip(group, sex, strict=True))
        if g in levels and (only is None or s == only)
    )
