"""Which strata of a contrast the samples can bear, and the linear combinations of group means that estimate them.

Female, male, average and interaction effects come from one model with one residual variance, never from separate
fits whose significances are then compared (Gelman & Stern 2006, Am Stat 60:328).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sevaxis.base.vocabulary import BY_SEX, Reason, Sex, Stratum

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from sevaxis.study.card import Contrast

#: What the cell of a sample of unknown sex is called.
UNKNOWN = "unknown"
#: Stratum -> share of each sex's effect in it.
SHARES = {
    Stratum.FEMALE: {Sex.FEMALE: 1.0},
    Stratum.MALE: {Sex.MALE: 1.0},
    Stratum.AVERAGE: {Sex.FEMALE: 0.5, Sex.MALE: 0.5},
    Stratum.INTERACTION: {Sex.FEMALE: -1.0, Sex.MALE: 1.0},
}


@dataclass(frozen=True)
class StratumContrast:
    """One contrast in one stratum, as weights of cells.

    Attributes
    ----------
    contrast
        Name of the contrast.
    stratum
        Of whom it speaks.
    weights
        Cell of the design -> weight.
    case, reference
        Positions of the samples on either side, for counts of samples and detection. The interaction compares
        effects, not samples: it has the samples of the average.
    """

    contrast: str
    stratum: Stratum
    weights: dict[str, float]
    case: tuple[int, ...]
    reference: tuple[int, ...]


@dataclass(frozen=True)
class Plan:
    """What is estimated from one model.

    Attributes
    ----------
    samples
        Positions of the samples that enter the model. Those of unknown sex do not enter a model by sex: a cell of
        their own would stand for no sex and yet count as a group.
    cells
        Cell of each of these samples: its group, or its group and sex.
    by_sex
        Whether the cells hold the sexes.
    adjust_for_sex
        Whether sex enters as a covariate instead.
    contrasts
        Contrasts in strata.
    own_samples
        Why the samples are those of the groups that are compared and no others, as ``Used.own_samples`` has it.
    subjects
        How several samples of a subject enter where the method leaves that to the contrasts.
    """

    samples: tuple[int, ...]
    cells: tuple[str, ...]
    by_sex: bool
    adjust_for_sex: bool
    contrasts: tuple[StratumContrast, ...]
    own_samples: str | None = None
    subjects: Literal["fixed", "mixed"] | None = None

    def of(self, included: AnnData) -> AnnData:
        """The samples that enter the model, of those that are included."""
        return included if len(self.samples) == included.n_obs else included[list(self.samples)].copy()


@dataclass(frozen=True)
class NotSplit:
    """Why a contrast has no strata by sex: a reason and its facts."""

    reason: Reason
    facts: dict[str, object]

    def tell(self) -> str:
        """The reason in words."""
        return self.reason.tell(**self.facts)


def plan_strata(
    samples: pd.DataFrame, contrasts: tuple[Contrast, ...], min_per_group: int
) -> tuple[list[Plan], dict[str, NotSplit]]:
    """Plan the models of a data set and their contrasts in strata.

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
    sex = [value if value in set(Sex) else UNKNOWN for value in samples["sex"].tolist()]
    counts = Counter(zip(group, sex, strict=True))
    both = set(Sex) <= set(sex)
    known = [i for i, value in enumerate(sex) if value != UNKNOWN]
    # one sample of unknown sex would be fitted by its own column and say nothing
    everybody = known if both and len(sex) - len(known) == 1 else list(range(len(sex)))
    split: list[StratumContrast] = []
    whole: list[StratumContrast] = []
    reasons: dict[str, NotSplit] = {}
    for contrast in contrasts:
        weights = contrast.level_weights()
        sides = [[level for level, weight in weights.items() if sign * weight > 0] for sign in (1, -1)]
        reason = _why_not_by_sex(contrast, counts, min_per_group)
        if reason:
            reasons[contrast.name] = reason
            case, reference = (tuple(i for i in everybody if group[i] in levels) for levels in sides)
            found = {sex[i] for i in (*case, *reference)}
            # of one sex the row of all samples is the row of that sex
            stands = Stratum(found.pop()) if len(found) == 1 and UNKNOWN not in found else Stratum.ALL
            whole.append(StratumContrast(contrast.name, stands, weights, case, reference))
            continue
        for stratum in BY_SEX:
            sexes = {stratum} & set(Sex) or set(Sex)
            positions = (
                tuple(i for i in known if group[i] in levels and sex[i] in sexes) for levels in sides
            )
            split.append(
                StratumContrast(contrast.name, stratum, _by_sex_weights(weights, stratum), *positions)
            )
    plans = []
    if split:
        cells = tuple(f"{group[i]} {sex[i]}" for i in known)
        plans.append(Plan(tuple(known), cells, by_sex=True, adjust_for_sex=False, contrasts=tuple(split)))
    if whole:
        cells = tuple(group[i] for i in everybody)
        plans.append(Plan(tuple(everybody), cells, by_sex=False, adjust_for_sex=both, contrasts=tuple(whole)))
    return plans, reasons


def _why_not_by_sex(contrast: Contrast, counts: Counter, min_per_group: int) -> NotSplit | None:
    sexes = {sex for level, sex in counts if level in contrast.level_weights()}
    known = [sex for sex in Sex if sex in sexes]
    if len(known) == 1:
        return NotSplit(Reason.ONE_SEX, {"sex": known[0]})
    if not known:
        return NotSplit(Reason.SEX_UNKNOWN, {})
    if contrast.by_sex is False:
        return NotSplit(Reason.SPLIT_NOT_ASKED, {})
    for level in contrast.level_weights():
        for sex in Sex:
            if counts[level, sex] < min_per_group:
                facts = {"level": level, "count": counts[level, sex], "sex": sex, "needed": min_per_group}
                return NotSplit(Reason.FEW_OF_A_SEX, facts)
    return None


def _by_sex_weights(weights: dict[str, float], stratum: Stratum) -> dict[str, float]:
    return {
        f"{level} {sex}": weight * share
        for level, weight in weights.items()
        for sex, share in SHARES[stratum].items()
    }
