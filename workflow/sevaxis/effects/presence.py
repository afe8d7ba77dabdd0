"""Presence beside abundance: in how many samples a feature was detected, tested as exactly as the design allows.

In vesicle proteomics "seen in every preparation of one group and in none of the other" is the main signal, and there is
no abundance to compare. The exact test conditions on what is not in question: the batch, the sex, the animal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sevaxis.base.vocabulary import Sex, Stratum
from sevaxis.models.detection import firth_detection
from sevaxis.models.presence import (
    equal_odds,
    log_odds_ratio,
    presence_test,
    smallest_p,
    smallest_p_of_equal_odds,
)

if TYPE_CHECKING:
    import pandas as pd

    from sevaxis.effects.strata import StratumContrast

#: Fewest samples a side at which Firth's p holds its level: at 0/3 v 3/3 it is 0.024 where Fisher's is 0.10.
CALIBRATED = 10
#: Effects are fitted where presence can tell at all: up to this p, and for the features asked for.
_TOLD = 0.05


@dataclass(frozen=True)
class Presence:
    """Detection of every feature in one contrast and stratum.

    Attributes
    ----------
    p
        Two-sided p that case and reference samples of the same batch, sex or subject detect the feature equally often;
        of the interaction, that the sexes have the same odds ratio. 1 where it was detected everywhere or nowhere; NaN
        where nothing can be compared. (features,)
    smallest
        The smallest p that these margins can give, (features,).
    log_odds
        Firth's estimate of the log odds ratio of detection, case over reference (natural log; of the interaction, male
        minus female): where p is at most 0.05 and of the features asked for; NaN elsewhere. (features,)
    """

    p: np.ndarray
    smallest: np.ndarray
    log_odds: np.ndarray


@dataclass(frozen=True)
class _Units:
    """What is counted: a sample, or a subject's samples on one side as one.

    ``present`` is (features x units); the others are (units,). ``pair`` is the subject of units whose subject is on
    both sides, empty elsewhere; ``cell`` the batch and sex; ``sex`` the sex.
    """

    present: np.ndarray
    case: np.ndarray
    pair: np.ndarray
    cell: np.ndarray
    sex: np.ndarray
    covariates: np.ndarray

    @property
    def strata(self) -> np.ndarray:
        """Pairs are compared within the subject, the others within batch and sex."""
        return np.where(self.pair != "", np.char.add("pair ", self.pair), np.char.add("cell ", self.cell))


def presence_of(
    detected: np.ndarray,
    obs: pd.DataFrame,
    contrast: StratumContrast,
    *,
    covariates: Sequence[str] = (),
    asked_for: np.ndarray | None = None,
) -> Presence:
    """Test the presence of every feature.

    Parameters
    ----------
    detected
        Was the feature seen, (features x samples), booleans.
    obs
        Facts of the samples: ``sex, batch, subject`` (missing where not known) and the ``covariates``.
    contrast
        Which samples are on which side.
    covariates
        Columns that the abundance is adjusted for besides batch and sex. From 10 units a side on, p is that of Firth's
        regression with them; below, where it is not calibrated, they are left out.
    asked_for
        Features whose odds ratio is wanted whatever their p, (features,) booleans.

    Notes
    -----
    Samples of a subject on one side count once, detected where at least half of them are: injections are no animals.
    """
    units = _units(detected, obs, contrast, covariates)
    interaction = contrast.stratum == Stratum.INTERACTION
    arguments = (units.present, units.case, *((units.sex,) if interaction else ()), units.strata)
    p = (equal_odds if interaction else presence_test)(*arguments)
    smallest = (smallest_p_of_equal_odds if interaction else smallest_p)(*arguments)
    fewest = min(units.case.sum(), (~units.case).sum())
    adjusted = units.covariates.shape[1] > 0 and fewest >= CALIBRATED and not (units.pair != "").any()
    wanted = (p <= _TOLD) | (np.zeros(len(p), bool) if asked_for is None else asked_for)
    partly = units.present.any(axis=1) & ~units.present.all(axis=1) & ~np.isnan(p)
    fitted = np.flatnonzero(partly if adjusted else partly & wanted)
    log_odds = np.full(len(p), np.nan)
    if fitted.size:
        log_odds[fitted], p_firth = _firth(units, fitted, interaction, adjusted)
        if adjusted:
            p[fitted] = np.where(np.isnan(p_firth), p[fitted], p_firth)
    return Presence(p, smallest, log_odds)


def carried_by_few(counts: np.ndarray, case: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features whose fold change tells of presence: counted in tens, and yet not counted where they might be.

    Counts of ten and more are not zero by chance in half of a group. A group of both has no mean that a model of counts
    describes; one without any has a mean near zero, which it does.

    Parameters
    ----------
    counts
        Raw counts, (features x samples).
    case
        Is it a case sample, (samples,), booleans.

    Returns
    -------
    tuple of numpy.ndarray
        Features that some, but at most half of the samples of a side carry; those that no sample of a side has and that
        are not among the first. (features,) booleans each.
    """
    found = counts > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        usual = counts.sum(axis=1) / found.sum(axis=1)
    shares = np.stack([found[:, case].mean(axis=1), found[:, ~case].mean(axis=1)])
    few = ((shares > 0) & (shares <= 0.5)).any(axis=0) & (usual >= 10)
    return few, (shares == 0).any(axis=0) & ~few & (usual >= 10)


def _units(
    detected: np.ndarray, obs: pd.DataFrame, contrast: StratumContrast, covariates: Sequence[str]
) -> _Units:
    import pandas as pd

    samples = np.array([*contrast.case, *contrast.reference], dtype=int)
    case = np.arange(len(samples)) < len(contrast.case)
    facts = obs.iloc[samples]

    def texts(column: str) -> np.ndarray:
        if column not in facts:
            return np.full(len(facts), "", dtype="U1")
        values = facts[column].astype(object)
        return values.where(values.notna(), "").astype(str).to_numpy(dtype=str)

    subject, sex = texts("subject"), texts("sex")
    alone = subject == ""
    subject = np.where(alone, np.char.add("sample ", np.arange(len(samples)).astype(str)), subject)
    sides = np.column_stack([subject, case.astype(str)])
    _, first, member = np.unique(sides, axis=0, return_index=True, return_inverse=True)
    member = member.ravel()
    share = np.zeros((len(first), len(samples)))
    share[member, np.arange(len(samples))] = 1.0
    share /= share.sum(axis=1, keepdims=True)
    present = detected[:, samples].astype(float) @ share.T >= 0.5
    both = np.isin(subject, np.intersect1d(subject[case], subject[~case]))
    numbers = np.empty((len(first), 0))
    if covariates:
        adjusting = facts[list(covariates)].iloc[first]
        numbers = pd.get_dummies(adjusting, drop_first=True, dtype=float).to_numpy(dtype=float)
    return _Units(
        present=present,
        case=case[first],
        pair=np.where(both, subject, "")[first],
        cell=np.char.add(np.char.add(texts("batch"), " "), sex)[first],
        sex=sex[first],
        covariates=numbers,
    )


def _firth(
    units: _Units, features: np.ndarray, interaction: bool, adjusted: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Log odds ratios and their p; where there are pairs the conditional one of the strata."""
    present = units.present[features]
    if interaction:
        of_sex = [_firth(_of_sex(units, sex), features, False, False)[0] for sex in (Sex.FEMALE, Sex.MALE)]
        return of_sex[1] - of_sex[0], np.full(len(features), np.nan)
    if (units.pair != "").any():
        # of pairs and of samples beside them, as the test has it; a mean for each pair would double the log odds
        return log_odds_ratio(present, units.case, units.strata), np.full(len(features), np.nan)
    cells = np.unique(units.cell, return_inverse=True)[1].ravel()
    dummies = (cells[:, None] == np.arange(cells.max() + 1)).astype(float)
    design = np.column_stack([units.case.astype(float), dummies])
    if adjusted:
        design = _of_full_rank(design, units.covariates)
    if np.linalg.matrix_rank(design) < design.shape[1]:  # the batches hold one side each: nothing to compare
        return np.full(len(features), np.nan), np.full(len(features), np.nan)
    fit = firth_detection(present, design, np.eye(design.shape[1])[0])
    return fit.log_odds[:, 0], fit.p[:, 0]


def _of_sex(units: _Units, sex: Sex) -> _Units:
    mine = units.sex == sex
    parts = (units.case, units.pair, units.cell, units.sex, units.covariates)
    return _Units(units.present[:, mine], *(part[mine] for part in parts))


def _of_full_rank(design: np.ndarray, covariates: np.ndarray) -> np.ndarray:
    """The design with those covariates that it does not hold already."""
    for column in covariates.T:
        wider = np.column_stack([design, column - column.mean()])
        if np.linalg.matrix_rank(wider) == wider.shape[1]:
            design = wider
    return design
