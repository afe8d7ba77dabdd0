"""How females and males differ in an effect: one class for each, by tests of what the class says.

A class is of the sizes of two effects; none follows from one sex being significant and the other not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sevaxis.base.vocabulary import BY_SEX, Sex, SexClass, Status, Stratum
from sevaxis.models.inference.multiplicity import benjamini_hochberg
from sevaxis.models.inference.power import equivalence, minimum_detectable_effect
from sevaxis.models.inference.ratio import ratio_of_effects
from sevaxis.models.linear.empirical_bayes import t_quantile

if TYPE_CHECKING:
    from sevaxis.study.settings import Thresholds

#: What is set side by side, a column for each stratum.
FIELDS = ("log2fc", "se", "ci_low", "ci_high", "df", "p", "q", "mde80")
#: And what decides: is it significant, is it off zero at its level, in which direction, by which test, at which level.
DECIDING = ("found", "off", "direction", "decided_by", "level")
KEY = ["dataset", "contrast", "feature_id"]
NAMES = ["symbol", "human_symbol"]
#: Effects of both sexes are alike within this ratio, either way.
ALIKE = 2.0


def side_by_side(effects: pd.DataFrame, axis_rows: pd.DataFrame, thresholds: Thresholds) -> pd.DataFrame:
    """One row for each data set, contrast and feature with the four strata in columns, and what decides in each.

    Parameters
    ----------
    effects
        Rows of the effects table.
    axis_rows
        The axis table: its rows are decided within their family, presence included; all others by q.
    thresholds
        False discovery rate, level and smallest effect.

    Returns
    -------
    pandas.DataFrame
        :data:`KEY`, :data:`NAMES`, ``<field>_<stratum>`` of :data:`FIELDS` and :data:`DECIDING`; ``in_family``:
        decided in a family; features with an interaction that could be tested, in the effects' order.
    """
    rows = effects[effects["stratum"].isin(BY_SEX) & effects["status"].eq(Status.TESTED)]
    rows = _by_q(rows, thresholds.fdr).assign(in_family=False)
    mine = axis_rows[axis_rows["stratum"].isin(BY_SEX) & axis_rows["p_gene"].notna()]
    mine = _by_family(mine, thresholds.alpha).assign(in_family=True)
    columns = [*KEY, *NAMES, "stratum", "in_family", *FIELDS, *DECIDING]
    texts = dict.fromkeys([*KEY, *NAMES, "stratum"], "object")
    rows = pd.concat([mine[columns].astype(texts), rows[columns].astype(texts)], ignore_index=True)
    rows = rows.drop_duplicates([*KEY, "stratum"])
    names = [f"{field}_{stratum}" for stratum in BY_SEX for field in (*FIELDS, *DECIDING)]
    if rows.empty:
        return pd.DataFrame(columns=[*KEY, *NAMES, "in_family", *names])
    wide = rows.pivot(index=KEY, columns="stratum", values=[*FIELDS, *DECIDING])
    wide.columns = [f"{field}_{stratum}" for field, stratum in wide.columns]
    wide = wide.reindex(columns=names)
    wide = wide[wide["level_interaction"].notna()]  # a table of one sex compares nothing
    for stratum in BY_SEX:
        numbers = [f"{field}_{stratum}" for field in (*FIELDS, "level", "direction")]
        wide[numbers] = wide[numbers].astype(float)
        for flag in ("found", "off"):
            wide[f"{flag}_{stratum}"] = wide[f"{flag}_{stratum}"].eq(True)
    about = rows.groupby(KEY, sort=False).agg(
        in_family=("in_family", "any"), **{name: (name, "first") for name in NAMES}
    )
    order = effects[KEY[:2]].astype(str).drop_duplicates().reset_index(drop=True).reset_index(names="order")
    wide = wide.join(about).reset_index().merge(order, on=KEY[:2])
    wide = wide.sort_values(["order", "feature_id"], kind="stable").drop(columns="order")
    return wide.reset_index(drop=True)


def level_of_q(p: np.ndarray, q: np.ndarray, fdr: float) -> float:
    """Level of a single test where q decides: the largest p with q within the rate, else the rate over tests."""
    passed = p[q < fdr]
    tests = max(int(np.isfinite(q).sum()), 1)
    return float(max(passed.max(initial=0.0), fdr / tests))


def _by_q(rows: pd.DataFrame, fdr: float) -> pd.DataFrame:
    groups = rows.groupby([rows[name].astype(str) for name in ("dataset", "contrast", "stratum")], sort=False)
    level = pd.Series(np.nan, index=rows.index)
    for _, each in groups:
        level[each.index] = level_of_q(each["p"].to_numpy(float), each["q"].to_numpy(float), fdr)
    found = rows["q"].lt(fdr)
    return rows.assign(
        found=found, off=found, direction=np.sign(rows["log2fc"]), decided_by="abundance", level=level
    )


def _by_family(rows: pd.DataFrame, alpha: float) -> pd.DataFrame:
    level = rows["family_level"] / rows["family_size"].clip(lower=1)
    return rows.assign(found=rows["p_holm"].le(alpha), off=rows["p_gene"].le(level), level=level)


def classify(wide: pd.DataFrame, thresholds: Thresholds) -> pd.DataFrame:
    """Class of every row of :func:`side_by_side`.

    Returns
    -------
    pandas.DataFrame
        The rows with ``class`` (:class:`~sevaxis.base.vocabulary.SexClass`), ``ratio`` (male over female),
        ``ratio_low``, ``ratio_high`` (its confidence set at the level of the row, where that is an interval);
        ``ci_low_decided``, ``ci_high_decided``, ``mde80_decided``: interval of the difference between the sexes, and
        the difference found with the wished power, at the level of the row; ``mde80_q``: the same where q decides.

    Notes
    -----
    With a significant interaction: ``opposite`` where both sexes are off zero with unlike signs; larger in males where
    average and interaction (male minus female) are significant with one sign, in females with unlike signs, for
    (m - f)(m + f) / 2 > 0 is |m| > |f|; else ``differs``. Without: ``both`` where both sexes are off zero on one
    side, alike where Fieller's set of the ratio lies within [1/2, 2]; ``no_relevant_difference`` by equivalence of
    the difference.
    """
    by_presence = [wide[f"decided_by_{stratum}"].eq("presence") for stratum in BY_SEX]
    measured = ~(by_presence[0] | by_presence[1])
    female, male, average, interaction = (wide[f"direction_{stratum}"].to_numpy(float) for stratum in BY_SEX)
    off = wide["off_female"] & wide["off_male"]
    differs = wide["found_interaction"]
    # signs of presence and of abundance order nothing together
    ordered = differs & wide["found_average"]
    ordered &= wide["decided_by_interaction"].eq(wide["decided_by_average"])
    level = wide[[f"level_{stratum}" for stratum in BY_SEX]].min(axis=1).to_numpy(float)
    sexes = [
        wide[f"{field}_{sex}"].to_numpy(float)
        for field in ("log2fc", "se", "df")
        for sex in (Sex.MALE, Sex.FEMALE)
    ]
    m, f, se_m, se_f, df_m, df_f = (np.where(measured, values, np.nan) for values in sexes)
    difference, se, df = (wide[f"{field}_interaction"].to_numpy(float) for field in ("log2fc", "se", "df"))
    df_m, df_f, df = (
        np.where(np.isnan(values) & ~np.isnan(s), np.inf, values)
        for values, s in ((df_m, se_m), (df_f, se_f), (df, se))
    )
    ratio, low, high = ratio_of_effects(m, f, se_m, se_f, se, df_m, df_f, alpha=level)
    alike = off & (low >= 1 / ALIKE) & (high <= ALIKE)
    small = _small_differences(wide, equivalence(difference, se, df, thresholds.smallest_effect), thresholds)
    small &= ~wide["decided_by_interaction"].eq("presence").to_numpy() & measured.to_numpy()
    order = [
        (differs & off & (female * male < 0), SexClass.OPPOSITE),
        (ordered & (average * interaction > 0), SexClass.LARGER_IN_MALES),
        (ordered & (average * interaction < 0), SexClass.LARGER_IN_FEMALES),
        (differs, SexClass.DIFFERS),
        (off & (female * male > 0) & alike, SexClass.BOTH_ALIKE),
        (off & (female * male > 0), SexClass.BOTH),
        (small, SexClass.NO_RELEVANT_DIFFERENCE),
    ]
    holds = [np.asarray(condition, dtype=bool) for condition, _ in order]
    classes = np.select(holds, [str(name) for _, name in order], str(SexClass.UNDETERMINED))
    return wide.assign(
        **{"class": classes},
        ratio=ratio,
        ratio_low=low,
        ratio_high=high,
        **_at_level(difference, se, df, wide["level_interaction"].to_numpy(float), thresholds.power),
        mde80_q=_mde_of_q(wide, se, df, thresholds),
    )


def _at_level(
    difference: np.ndarray, se: np.ndarray, df: np.ndarray, level: np.ndarray, power: float
) -> dict[str, np.ndarray]:
    """Interval and minimum detectable effect, each row at its own level."""
    half = t_quantile(1 - level / 2, df) * se
    mde = np.full(len(se), np.nan)
    for each in np.unique(level[~np.isnan(level)]):
        at = level == each
        mde[at] = minimum_detectable_effect(se[at], df[at], alpha=float(each), power=power)
    return {
        "ci_low_decided": difference - half,
        "ci_high_decided": difference + half,
        "mde80_decided": mde,
    }


def _small_differences(wide: pd.DataFrame, p: np.ndarray, thresholds: Thresholds) -> np.ndarray:
    """Differences shown to be below the margin: within the family's level, or within the false discovery rate."""
    axis = wide["in_family"].eq(True).to_numpy()
    small = axis & (p <= wide["level_interaction"].to_numpy(float))
    for _, rows in wide[~axis].groupby(KEY[:2], sort=False):
        at = rows.index.to_numpy()
        small[at] = benjamini_hochberg(p[at]) < thresholds.fdr
    return small


def _mde_of_q(wide: pd.DataFrame, se: np.ndarray, df: np.ndarray, thresholds: Thresholds) -> np.ndarray:
    mde = np.full(len(wide), np.nan)
    for _, rows in wide.groupby(KEY[:2], sort=False):
        at = rows.index.to_numpy()
        p, q = (rows[f"{name}_{Stratum.INTERACTION}"].to_numpy(float) for name in ("p", "q"))
        level = level_of_q(p, q, thresholds.fdr)
        mde[at] = minimum_detectable_effect(se[at], df[at], alpha=level, power=thresholds.power)
    return mde
