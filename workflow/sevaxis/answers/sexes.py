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
from sevaxis.models.inference.ratio import alike_within, ratio_of_effects
from sevaxis.models.linear.empirical_bayes import t_quantile

if TYPE_CHECKING:
    from sevaxis.study.settings import Thresholds

#: What is set side by side, a column for each stratum.
FIELDS = ("log2fc", "se", "ci_low", "ci_high", "df", "p", "q", "mde80")
#: And what decides: is it significant, is it off zero at its level, by presence, in which direction, at which level.
FLAGS = ("found", "off", "presence")
DECIDING = (*FLAGS, "direction", "level")
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
    rows = _by_q(rows, thresholds.fdr)
    mine = axis_rows[axis_rows["stratum"].isin(BY_SEX) & axis_rows["p_gene"].notna()]
    mine = _by_family(mine)
    columns = [*KEY, *NAMES, "stratum", "in_family", *FIELDS, *DECIDING]
    texts = dict.fromkeys([*KEY, *NAMES, "stratum"], "object")
    # an axis gene's own row comes after the one by q, in whose place it is put
    rows = pd.concat([part[columns].astype(texts) for part in (rows, mine)], ignore_index=True)
    at = rows.groupby(KEY, sort=False).ngroup().to_numpy()
    about = rows.drop_duplicates(KEY)[[*KEY, *NAMES]].reset_index(drop=True)
    about["in_family"] = np.bincount(at, rows["in_family"].to_numpy(float), len(about)) > 0
    fields = [*FIELDS, *DECIDING]
    values = np.full((len(BY_SEX), len(about), len(fields)), np.nan)
    place = {str(stratum): k for k, stratum in enumerate(BY_SEX)}
    values[rows["stratum"].map(place).to_numpy(int), at] = rows[fields].to_numpy(float)
    wide = {
        f"{field}_{stratum}": values[k, :, f]
        for k, stratum in enumerate(BY_SEX)
        for f, field in enumerate(fields)
    }
    wide |= {name: wide[name] == 1.0 for name in wide if name.startswith(FLAGS)}
    table = pd.concat([about, pd.DataFrame(wide, index=about.index)], axis=1)
    table = table[table["level_interaction"].notna()]  # a table of one sex compares nothing
    order = effects[KEY[:2]].astype(str).drop_duplicates().reset_index(drop=True).reset_index(names="order")
    table = table.merge(order, on=KEY[:2]).sort_values(["order", "feature_id"], kind="stable")
    return table.drop(columns="order").reset_index(drop=True)


def level_of_q(p: np.ndarray, q: np.ndarray, fdr: float) -> float:
    """Level of a single test where q decides: the largest p with q within the rate, else the rate over tests."""
    passed = p[q < fdr]
    tests = max(int(np.isfinite(q).sum()), 1)
    return float(max(passed.max(initial=0.0), fdr / tests))


def _by_q(rows: pd.DataFrame, fdr: float) -> pd.DataFrame:
    level = pd.Series(np.nan, index=rows.index)
    for _, each in rows.groupby(["dataset", "contrast", "stratum"], sort=False, observed=True):
        level[each.index] = level_of_q(each["p"].to_numpy(float), each["q"].to_numpy(float), fdr)
    found = rows["q"].lt(fdr)
    decided = {"found": found, "off": found, "presence": False, "level": level, "in_family": False}
    return rows.assign(direction=np.sign(rows["log2fc"]), **decided)


def _by_family(rows: pd.DataFrame) -> pd.DataFrame:
    level = rows["family_level"] / rows["family_size"].clip(lower=1)
    found = rows["p_holm"].le(rows["family_level"])
    presence = rows["decided_by"].eq("presence")
    return rows.assign(
        found=found, off=rows["p_gene"].le(level), presence=presence, level=level, in_family=True
    )


def classify(wide: pd.DataFrame, thresholds: Thresholds) -> pd.DataFrame:
    """Class of every row of :func:`side_by_side`.

    Returns
    -------
    pandas.DataFrame
        The rows with ``class`` (:class:`~sevaxis.base.vocabulary.SexClass`); ``small``: a relevant difference is
        excluded, whatever the class; ``ratio`` (male over female),
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
    measured = ~(wide["presence_female"] | wide["presence_male"])
    female, male, average, interaction = (wide[f"direction_{stratum}"].to_numpy(float) for stratum in BY_SEX)
    off = _both_off(wide, thresholds.fdr)
    differs = wide["found_interaction"]
    # signs of presence and of abundance order nothing together
    ordered = differs & wide["found_average"]
    ordered &= wide["presence_interaction"].eq(wide["presence_average"])
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
    alike = wide["in_family"].eq(True).to_numpy() & (low >= 1 / ALIKE) & (high <= ALIKE)
    within = alike_within(m, f, se_m, se_f, se, df_m, df_f, times=ALIKE)
    alike = off & (alike | _found_by_q(wide, within, thresholds.fdr))
    small = _small_differences(wide, equivalence(difference, se, df, thresholds.smallest_effect), thresholds)
    small &= ~wide["presence_interaction"].to_numpy() & measured.to_numpy()
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
        small=small,
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
    # the interval of the row that sets the level of q ends at zero, not at a remainder of rounding with either sign
    low, high = (
        np.where(np.abs(bound) < 1e-9 * half, 0.0, bound) for bound in (difference - half, difference + half)
    )
    return {"ci_low_decided": low, "ci_high_decided": high, "mde80_decided": mde}


def _both_off(wide: pd.DataFrame, fdr: float) -> pd.Series:
    """Features off zero in both sexes: within the level of the family, or by the q of the larger of their p."""
    off = wide["off_female"] & wide["off_male"]
    for _, rows in wide[~wide["in_family"]].groupby(KEY[:2], sort=False):
        larger = rows[["p_female", "p_male"]].max(axis=1, skipna=False).to_numpy(float)
        off[rows.index] &= benjamini_hochberg(larger) < fdr
    return off


def _small_differences(wide: pd.DataFrame, p: np.ndarray, thresholds: Thresholds) -> np.ndarray:
    """Differences shown to be below the margin: within the family's level, or within the false discovery rate."""
    axis = wide["in_family"].eq(True).to_numpy()
    return (axis & (p <= wide["level_interaction"].to_numpy(float))) | _found_by_q(wide, p, thresholds.fdr)


def _found_by_q(wide: pd.DataFrame, p: np.ndarray, fdr: float) -> np.ndarray:
    """Features outside of the families whose q within their contrast is below the rate."""
    found = np.zeros(len(wide), dtype=bool)
    for _, rows in wide[~wide["in_family"].eq(True)].groupby(KEY[:2], sort=False):
        at = rows.index.to_numpy()
        found[at] = benjamini_hochberg(p[at]) < fdr
    return found


def _mde_of_q(wide: pd.DataFrame, se: np.ndarray, df: np.ndarray, thresholds: Thresholds) -> np.ndarray:
    mde = np.full(len(wide), np.nan)
    for _, rows in wide.groupby(KEY[:2], sort=False):
        at = rows.index.to_numpy()
        p, q = (rows[f"{name}_{Stratum.INTERACTION}"].to_numpy(float) for name in ("p", "q"))
        level = level_of_q(p, q, thresholds.fdr)
        mde[at] = minimum_detectable_effect(se[at], df[at], alpha=level, power=thresholds.power)
    return mde
