"""What an effect amounts to, decided here and nowhere else.

"Not significant" is never "no difference": a row is without a relevant change only by an equivalence test against the
smallest effect of interest, and is otherwise undetermined, with the minimum detectable effect as the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from sevaxis.answers.families import CONTRAST, assign_families, bears, one_row_a_gene, standing_stratum
from sevaxis.answers.wording import word_row
from sevaxis.base.vocabulary import (
    BY_AMOUNT,
    CHANGED,
    DOWNWARD,
    UPWARD,
    Agreement,
    Assay,
    Reading,
    Reason,
    Role,
    Size,
    Status,
    Stratum,
)
from sevaxis.models.inference.multiplicity import holm
from sevaxis.models.inference.power import (
    equivalence,
    exaggeration,
    minimum_detectable_effect,
    power_and_exaggeration,
    power_of_a_repeat,
)

if TYPE_CHECKING:
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


def called(rows: pd.DataFrame) -> pd.Series:
    """Which rows of the axis table are shown as a change: by a test here, or as their authors published them."""
    return rows["reading"].isin([*CHANGED, Reading.PUBLISHED_UP, Reading.PUBLISHED_DOWN])


def read_axis(
    effects: pd.DataFrame,
    axis: Axis,
    thresholds: Thresholds,
    robustness: Mapping[str, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """Read the axis genes' rows of the effects table: the axis table.

    Parameters
    ----------
    effects
        Effects of all data sets.
    axis
        Genes and hypotheses.
    thresholds
        ``alpha`` is the error rate of each family. Within ``smallest_effect`` lies what counts as no relevant change.
    robustness
        Data set -> ``robustness.parquet``: the axis genes' effects by other analyses of the same data.

    Returns
    -------
    pandas.DataFrame
        One row for each gene, contrast and stratum: the effect's columns, those of
        :func:`~sevaxis.answers.families.assign_families`, and

        - ``decided_by``: ``presence`` or ``abundance``, whichever the smaller p is of; ``direction``: its sign;
        - ``reading`` (:class:`~sevaxis.base.vocabulary.Reading`), ``size``, ``wording``;
        - ``ci_low_family``, ``ci_high_family``: interval at level 1 - alpha / m, which decides the size;
        - ``equivalence_p``, and ``margin_excluded``: the smallest margin at which a relevant change would be excluded
          (the far end of the 1 - 2 alpha / m interval); ``margin_exceeded``: the largest that the effect exceeds;
        - ``mde80_family``: minimum detectable effect at the level at which the row is tested; ``power_repeat``: power
          of a new experiment of the size if that is the truth; ``exaggeration``: by how much significant estimates
          overstate it on average; ``power_smallest``, ``exaggeration_smallest``: both if the smallest effect of
          interest is the truth, and the observed standard error the true one;
        - ``robustness_k`` of ``robustness_m`` analyses that give the same reading;
        - ``expected``, ``agreement``: beside the hypothesis.
    """
    rows = one_row_a_gene(effects[effects["human_symbol"].isin(axis.genes)].reset_index(drop=True))
    rows = assign_families(rows, standing_stratum(effects), thresholds.alpha)
    rows = _decide(_measure(rows, thresholds))
    rows["reading"] = _readings(rows, thresholds)
    rows["size"] = _sizes(rows, thresholds.smallest_effect)
    rows["robustness_k"], rows["robustness_m"] = _standing_of(rows, robustness or {}, thresholds)
    rows["expected"] = [_expected(row, axis) for row in rows.itertuples(index=False)]
    rows["agreement"] = [_agreement(*pair) for pair in zip(rows["expected"], rows["reading"], strict=True)]
    rows["wording"] = [word_row(row, thresholds) for row in rows.itertuples(index=False)]
    return rows


def _measure(rows: pd.DataFrame, thresholds: Thresholds) -> pd.DataFrame:
    """Interval, equivalence and minimum detectable effect at the level at which each row is tested."""
    alpha, margin = thresholds.alpha, thresholds.smallest_effect
    log2fc, se = rows["log2fc"].to_numpy(float), rows["se"].to_numpy(float)
    # published estimates of the normal distribution have no degrees of freedom
    df = rows["df"].fillna(np.inf).to_numpy(float)
    level = alpha / rows["family_size"].clip(lower=1).to_numpy(float)
    mine = (rows["family"].ne("") & rows["amount"]).to_numpy()
    half = np.where(mine, stdtrit(df, 1 - level / 2) * se, np.nan)
    inner = np.where(mine, stdtrit(df, 1 - level) * se, np.nan)
    small = np.where(mine, equivalence(log2fc, se, df, margin), np.nan)
    # two tests of one gene share its part of the level
    own = level / np.where(rows["by_presence"], 2, 1)
    mde, repeat, times, power, overstated = (np.full(len(rows), np.nan) for _ in range(5))
    for each in np.unique(own[mine & ~np.isnan(se)]):
        at = mine & (own == each)
        told = {"alpha": float(each), "power": thresholds.power}
        mde[at] = minimum_detectable_effect(se[at], df[at], **told)
        repeat[at] = np.where(np.isnan(mde[at]), np.nan, power_of_a_repeat(df[at], **told))
        times[at] = np.where(np.isnan(mde[at]), np.nan, exaggeration(df[at], **told))
        power[at], overstated[at] = power_and_exaggeration(margin, se[at], df[at], alpha=float(each))
    off_zero = np.abs(log2fc) > half
    return rows.assign(
        ci_low_family=log2fc - half,
        ci_high_family=log2fc + half,
        equivalence_p=small,
        margin_excluded=np.abs(log2fc) + inner,
        margin_exceeded=np.where(off_zero, np.abs(log2fc) - half, np.nan),
        mde80_family=mde,
        power_repeat=repeat,
        exaggeration=times,
        power_smallest=power,
        exaggeration_smallest=overstated,
    )


def _decide(rows: pd.DataFrame) -> pd.DataFrame:
    """Which of its tests decides a row, and in which direction."""
    carried = bears(rows["reason"], Reason.PRESENCE_DECIDES)
    presence = rows["by_presence"] & (carried | ~rows["p_abundance"].lt(rows["p_presence"]))
    # without any count or value on one side the model's p stands, but its fold change is no amount
    tested = rows["p_abundance"].notna()
    by = np.select([presence | (tested & ~rows["amount"]), tested], ["presence", "abundance"], "")
    sign = np.sign(rows["detection_log_or"].where(presence, rows["log2fc"]).fillna(0.0))
    return rows.assign(decided_by=by, direction=sign.astype(int))


def _readings(rows: pd.DataFrame, thresholds: Thresholds) -> list[Reading]:
    """Change before its size; without a change equivalence; else undetermined."""
    shown = rows["p_holm"].le(thresholds.alpha)
    level = thresholds.alpha / rows["family_size"].clip(lower=1)
    presence = rows["decided_by"].eq("presence")
    more, less = rows["direction"].gt(0), rows["direction"].lt(0)
    by_q = rows["assay"].eq(Assay.EFFECTS) & rows["p"].isna() & rows["log2fc"].notna()
    published = by_q & rows["q"].lt(thresholds.fdr)
    untested = rows["status"].ne(Status.TESTED) & rows["p_gene"].isna()
    # where presence could differ, abundance where detected cannot say that nothing does
    equal = rows["equivalence_p"].le(level) & rows["family"].ne("") & ~rows["by_presence"] & ~presence
    found = np.select(
        [
            untested & rows["status"].eq(Status.NOT_ESTIMABLE),
            untested,
            published & rows["log2fc"].gt(0),
            published,
            by_q & rows["q"].notna(),
            shown & presence & more,
            shown & presence & less,
            shown & more,
            shown & less,
            equal,
        ],
        [
            Reading.NOT_ESTIMABLE,
            Reading.NOT_MEASURED,
            Reading.PUBLISHED_UP,
            Reading.PUBLISHED_DOWN,
            Reading.PUBLISHED_NEITHER,
            Reading.APPEARS,
            Reading.DISAPPEARS,
            Reading.UP,
            Reading.DOWN,
            Reading.NO_RELEVANT_CHANGE,
        ],
        Reading.UNDETERMINED,
    )
    return [Reading(str(reading)) for reading in found]


def _sizes(rows: pd.DataFrame, margin: float) -> list[str]:
    """Size of the changes in abundance, empty elsewhere."""
    near = rows["margin_exceeded"].to_numpy(float)
    far = np.maximum(rows["ci_low_family"].abs(), rows["ci_high_family"].abs()).to_numpy(float)
    told = np.select(
        [near > margin, far < margin], [str(Size.AT_LEAST), str(Size.BELOW)], str(Size.UNCERTAIN)
    )
    changed = rows["reading"].isin([Reading.UP, Reading.DOWN])
    return list(np.where(changed, told, ""))


def _standing_of(
    rows: pd.DataFrame, robustness: Mapping[str, pd.DataFrame], thresholds: Thresholds
) -> tuple[np.ndarray, np.ndarray]:
    """In how many analyses of the same data each reading of abundance stands; NaN where there is no other analysis.

    Each analysis is read as the reported one: Holm over the genes of the family, then equivalence. A gene that an
    analysis does not test, or of which presence decides, keeps its reported p, so that the family stays whole, but its
    reading does not stand there.
    """
    count, of = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    tables = [table for table in robustness.values() if len(table)]
    if not tables:
        return count, of
    key = [*CONTRAST, "stratum", "feature_id"]
    names = [
        *key,
        "p_gene",
        "p_presence",
        "by_presence",
        "amount",
        "family",
        "family_size",
        "family_level",
        "reading",
    ]
    mine = rows[names].astype(dict.fromkeys([*key, "reading"], str))
    mine["at"] = np.arange(len(rows))
    mine["told"] = rows["amount"] & rows["p_abundance"].notna() & rows["reading"].isin(BY_AMOUNT)
    mine = mine[mine["family"].ne("") & mine["p_gene"].notna()]
    other = pd.concat(tables, ignore_index=True)[[*key, "analysis", "log2fc", "se", "df", "p"]]
    told = mine.merge(other.astype(dict.fromkeys(key, str)), on=key, how="left")
    for _, family in told.groupby([*CONTRAST, "family"], sort=False):
        analyses = family["analysis"].dropna().unique()
        reported = family.drop_duplicates("at").set_index("at")
        for analysis in analyses if len(analyses) > 1 else ():
            values = family[family["analysis"].eq(analysis)].set_index("at")[["log2fc", "se", "df", "p"]]
            there = reported.drop(columns=values.columns).join(values)
            stands = _read_again(there, thresholds.smallest_effect).eq(there["reading"])[there["told"]]
            count[stands.index] = np.nan_to_num(count[stands.index]) + stands
            of[stands.index] = np.nan_to_num(of[stands.index]) + 1
    return count, of


def _read_again(family: pd.DataFrame, margin: float) -> pd.Series:
    """Readings of a family by the estimates of another analysis; empty where that has none."""
    tested = family["p"].notna() & family["amount"].astype(bool)
    both = 2 * family[["p", "p_presence"]].min(axis=1).clip(upper=0.5)
    p = family["p"].mask(family["by_presence"].astype(bool), both).where(tested, family["p_gene"])
    found = holm(p.to_numpy(float)) <= family["family_level"]
    log2fc, se, df = (family[name].to_numpy(float) for name in ("log2fc", "se", "df"))
    small = equivalence(log2fc, se, np.where(np.isnan(df), np.inf, df), margin)
    equal = (small <= family["family_level"] / family["family_size"]) & ~family["by_presence"].astype(bool)
    up = family["log2fc"].gt(0)
    names = [str(each) for each in (Reading.UP, Reading.DOWN, Reading.NO_RELEVANT_CHANGE)]
    told = np.select([~tested, found & up, found, equal], ["", *names], str(Reading.UNDETERMINED))
    return pd.Series(told, index=family.index)


def _expected(row, axis: Axis) -> str:
    """Direction that a hypothesis of the study expects; hypotheses speak of overtraining, not of differences."""
    if row.role != Role.OVERTRAINING or row.stratum == Stratum.INTERACTION:
        return ""
    for hypothesis in axis.hypotheses:
        place = (hypothesis.gene, hypothesis.tissue, hypothesis.compartment)
        if place == (row.human_symbol, row.tissue, row.compartment) and row.assay in hypothesis.assays:
            return hypothesis.direction
    return ""


def _agreement(expected: str, reading: Reading) -> Agreement:
    if not expected:
        return Agreement.NO_HYPOTHESIS
    if reading in UPWARD:
        shows = "up"
    elif reading in DOWNWARD:
        shows = "down"
    elif reading == Reading.NO_RELEVANT_CHANGE:
        shows = "unchanged"
    else:
        return Agreement.UNDETERMINED
    return Agreement.AGREES if shows == expected else Agreement.CONTRADICTS


def direction(reading: str) -> int:
    """1 for more in the case, -1 for less, 0 for neither."""
    return int(reading in UPWARD) - int(reading in DOWNWARD)
