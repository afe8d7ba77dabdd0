"""What an effect amounts to: changed, equivalent or undetermined, significant or not, decided here and nowhere else.

"Not significant" is never "no difference": a row counts as unchanged only by an equivalence test against a smallest
effect of interest, and is otherwise undetermined, with the minimum detectable effect as the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from sevaxis.base.vocabulary import CHANGED, WHOLE, Agreement, Reading, Role, Status
from sevaxis.models.inference.multiplicity import holm
from sevaxis.models.inference.power import equivalence, minimum_detectable_effect

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from sevaxis.study.settings import Axis, Thresholds

#: Where nothing was tested -> what that amounts to.
UNTESTED = {
    Status.LOW: Reading.NOT_MEASURED,
    Status.ABSENT: Reading.NOT_MEASURED,
    Status.UNMAPPED: Reading.NOT_MEASURED,
    Status.NOT_ESTIMABLE: Reading.NOT_ESTIMABLE,
}


def significant(rows: pd.DataFrame, fdr: float) -> pd.Series:
    """Which rows of the effects or the axis table are significant: tested, with q below the false discovery rate."""
    return rows["status"].eq(Status.TESTED) & rows["q"].lt(fdr)


def called(rows: pd.DataFrame, fdr: float) -> pd.Series:
    """Which rows of the axis table are shown as a change.

    Those read so, and published effects that can have no test here but that their authors' q calls significant.
    """
    return rows["reading"].isin(CHANGED) | rows["reading"].eq(Reading.PUBLISHED) & significant(rows, fdr)


def tally(readings: pd.Series) -> str:
    """How often each reading occurs, in a sentence's words."""
    counts = readings.value_counts()
    return ", ".join(f"{counts[reading]} {reading.brief}" for reading in Reading if reading in counts)


def summarise(rows: Sequence[Mapping[str, Any]]) -> str:
    """How often each reading occurs among rows of the axis table; where nothing was estimated its status says more."""
    told = [
        Reading(row["reading"]).words if row["status"] == Status.TESTED else Status(row["status"]).words
        for row in rows
    ]
    if len(told) <= 1:
        return "".join(told) or Status.ABSENT.words
    return ", ".join(f"{told.count(reading)} × {reading}" for reading in dict.fromkeys(told))


def readings_of(
    log2fc: ArrayLike,
    se: ArrayLike,
    df: ArrayLike,
    p: ArrayLike,
    *,
    margin: float,
    alpha: float = 0.05,
    power: float = 0.8,
) -> pd.DataFrame:
    """Read each effect, and say why it is read so.

    Parameters
    ----------
    log2fc, se, df
        Estimates, (features,); NaN where not estimable.
    p
        P-value of the test of no change, adjusted as the caller's family demands, (features,).
    margin
        Smallest effect of interest, log2.
    alpha
        Level of the test, of the equivalence test and of the minimum detectable effect.
    power
        Power of the minimum detectable effect.

    Returns
    -------
    pandas.DataFrame
        ``reading`` (:class:`~sevaxis.base.vocabulary.Reading`; ``published`` where there is nothing to test with),
        ``why``, ``equivalence_p``, ``mde``.

    Notes
    -----
    A significant effect that is shown to be below the margin keeps the reading changed, and ``why`` says that it is
    small. The equivalence p is not adjusted for multiple testing.
    """
    log2fc, se, df, p = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(x, float)) for x in (log2fc, se, df, p))
    )
    mde = minimum_detectable_effect(se, df, alpha=alpha, power=power)
    small = equivalence(log2fc, se, df, margin)
    half = stdtrit(df, 1 - alpha / 2) * se
    readings, reasons = [], []
    for i in range(len(log2fc)):
        interval = f"{1 - alpha:.0%} interval {log2fc[i] - half[i]:+.2f} to {log2fc[i] + half[i]:+.2f}"
        if np.isnan([log2fc[i], half[i], p[i]]).any():
            reading = Reading.PUBLISHED
            why = "no estimate, standard error or p-value"
        elif p[i] <= alpha:
            reading = Reading.CHANGED_UP if log2fc[i] > 0 else Reading.CHANGED_DOWN
            note = f", but smaller than the smallest effect of interest {margin:.2g}"
            why = f"{reading.brief}, {interval}{note if small[i] <= alpha else ''}"
        elif small[i] <= alpha:
            reading = Reading.EQUIVALENT
            why = f"any change is smaller than {margin:.2g} (equivalence p {small[i]:.2g})"
        else:
            reading = Reading.UNDETERMINED
            if df[i] < 1:
                why = "underpowered: less than one degree of freedom"
            elif mde[i] > margin:
                beyond = f"exceeds the smallest effect of interest {margin:.2g}"
                why = f"underpowered: MDE{power * 100:.0f} {mde[i]:.2g} {beyond}"
            else:
                why = f"neither a change nor its absence is shown: {interval}"
        readings.append(reading)
        reasons.append(why)
    return pd.DataFrame({"reading": readings, "why": reasons, "equivalence_p": small, "mde": mde})


def read_axis(effects: pd.DataFrame, axis: Axis, thresholds: Thresholds) -> pd.DataFrame:
    """Read the axis genes' rows of the effects table: the axis table.

    Parameters
    ----------
    effects
        Effects of all data sets.
    axis
        Genes and hypotheses.
    thresholds
        ``alpha`` is the level of the tests after Holm's adjustment within the family: the axis genes' tests of one role
        and one stratum over all data sets and contrasts. Within ``smallest_effect`` lies what counts as unchanged.

    Returns
    -------
    pandas.DataFrame
        The rows with ``family``, ``p_holm``, ``family_size``, ``reading``, ``wording``, ``expected``, ``agreement``.
    """
    rows = effects[effects["human_symbol"].isin(list(axis.genes))].reset_index(drop=True)
    family = "axis genes, role " + rows["role"].astype(str) + ", stratum " + rows["stratum"].astype(str)
    rows = rows.assign(family=family)
    rows["p_holm"] = rows.groupby("family")["p"].transform(lambda p: holm(p.to_numpy(float)))
    rows["family_size"] = rows.groupby("family")["p"].transform("count")
    told = readings_of(
        rows["log2fc"],
        rows["se"],
        rows["df"].fillna(np.inf),  # published estimates without group sizes: the normal distribution
        rows["p_holm"],
        margin=thresholds.smallest_effect,
        alpha=thresholds.alpha,
        power=thresholds.power,
    )
    rows["reading"] = [
        UNTESTED.get(status, reading) for status, reading in zip(rows["status"], told["reading"], strict=True)
    ]
    rows["wording"] = [
        _wording(row, why) for row, why in zip(rows.itertuples(index=False), told["why"], strict=True)
    ]
    rows["expected"] = [_expected(row, axis) for row in rows.itertuples(index=False)]
    rows["agreement"] = [_agreement(*pair) for pair in zip(rows["expected"], rows["reading"], strict=True)]
    return rows


def _wording(row, why: str) -> str:
    where = f"{row.human_symbol} in {row.dataset}, {row.contrast}"
    where += f", {row.stratum}" if row.stratum not in WHOLE else ""
    match row.reading:
        case Reading.NOT_MEASURED:
            return f"{where}: not measured ({row.reason})."
        case Reading.NOT_ESTIMABLE:
            seen = f"; detection test p {row.detection_p:.2g}" if row.detection_p == row.detection_p else ""
            return f"{where}: not estimable ({row.reason}{seen})."
        case Reading.PUBLISHED:
            q = f", the authors' q {row.q:.2g}" if row.q == row.q else ""
            return f"{where}: published log2 fold change {row.log2fc:+.2f}{q}; {row.reason}."
    p = f"log2 fold change {row.log2fc:+.2f}, Holm p {row.p_holm:.2g}"
    return f"{where}: {row.reading.replace('_', ' ')}; {p}; {why}."


def _expected(row, axis: Axis) -> str:
    """Direction that a hypothesis of the study expects; hypotheses speak of overtraining only."""
    if row.role != Role.OVERTRAINING:
        return ""
    for hypothesis in axis.hypotheses:
        place = (hypothesis.gene, hypothesis.tissue, hypothesis.compartment)
        if place == (row.human_symbol, row.tissue, row.compartment) and row.assay in hypothesis.assays:
            return hypothesis.direction
    return ""


def _agreement(expected: str, reading: Reading) -> Agreement:
    if not expected:
        return Agreement.NO_HYPOTHESIS
    shows = {
        Reading.CHANGED_UP: "up",
        Reading.CHANGED_DOWN: "down",
        Reading.EQUIVALENT: "unchanged",
    }.get(reading)
    if shows is None:
        return Agreement.UNDETERMINED
    return Agreement.AGREES if shows == expected else Agreement.CONTRADICTS
