"""Time courses of the axis genes, each read as one: contrasts that share a control are no independent findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sevaxis.answers.readings import direction
from sevaxis.base.vocabulary import CHANGED, Reading, Size
from sevaxis.models.inference.multiplicity import holm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sevaxis.study.settings import Thresholds

#: What a course amounts to that changes in no direction that is shown, and its words.
VARIES = "varies"
CHANGING = "changing over time, in no one direction"
COLUMNS = (
    "dataset", "course", "contrasts", "stratum", "feature_id", "human_symbol", "f", "df_course", "df", "p", "slope",
    "slope_se", "slope_p", "family_size", "family_level", "p_holm", "reading", "size", "times",
    "wording",
)  # fmt: skip


def read_courses(
    courses: pd.DataFrame | None, axis_rows: pd.DataFrame, thresholds: Thresholds
) -> pd.DataFrame:
    """Read the courses of the axis genes in the row that stands for all samples.

    Parameters
    ----------
    courses
        Rows of :data:`sevaxis.effects.courses.COLUMNS`; None or empty where no card has a course.
    axis_rows
        The axis table: which feature stands for a gene, which stratum for all samples, what the single contrasts say.
    thresholds
        Error rate of a family: the axis genes' courses of one name in one data set.

    Returns
    -------
    pandas.DataFrame
        :data:`COLUMNS`. Where the omnibus is significant after Holm's adjustment, ``reading`` is up or down if the
        single contrasts that are shown to change all point one way, or if none is shown to change and the trend is
        significant; a trend that comes back from an early change is no direction of its own. Else it ``varies``. Where
        the omnibus is not significant, a course is without a relevant change if the intervals of all its contrasts
        lie within the margin, and undetermined otherwise. ``size`` is that of the contrasts that bear the reading,
        ``times`` at how many of the times they do.
    """
    if courses is None or courses.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    whole = axis_rows[axis_rows["whole"].eq(True)].astype({"dataset": str, "contrast": str, "stratum": str})
    single = whole.set_index(["dataset", "contrast", "human_symbol"])[["reading", "size"]].to_dict("index")
    first = courses.assign(contrast=courses["contrasts"].str.split(", ").str[0])
    key = ["dataset", "contrast", "stratum", "feature_id"]
    rows = first.merge(whole[key].assign(mine=True), on=key, how="inner")
    rows = rows.drop(columns=["mine", "contrast"])
    family = rows.groupby(["dataset", "course"])["p"]
    rows["p_holm"] = family.transform(lambda p: holm(p.to_numpy(float)))
    rows["family_size"] = family.transform("count")
    rows["family_level"] = thresholds.alpha
    told = [_read(row, single, thresholds.alpha) for row in rows.itertuples(index=False)]
    rows["reading"], rows["size"], rows["times"] = zip(*told, strict=True) if told else ([], [], [])
    rows["wording"] = [_wording(row, thresholds.alpha) for row in rows.itertuples(index=False)]
    return rows[list(COLUMNS)]


def _read(
    row, single: Mapping[tuple[str, str, str], Mapping[str, str]], alpha: float
) -> tuple[str, str, str]:
    """Reading of a course, the size of what it shows, and at how many of its times."""
    none = {"reading": Reading.NOT_MEASURED, "size": ""}
    each = [single.get((row.dataset, name, row.human_symbol), none) for name in row.contrasts.split(", ")]
    small = all(one["reading"] == Reading.NO_RELEVANT_CHANGE or one["size"] == Size.BELOW for one in each)
    if row.p != row.p:
        known = {str(one["reading"]) for one in each}
        return (known.pop() if len(known) == 1 else str(Reading.NOT_ESTIMABLE)), "", ""
    if row.p_holm > alpha:
        return str(Reading.NO_RELEVANT_CHANGE if small else Reading.UNDETERMINED), "", ""
    shown = [direction(one["reading"]) for one in each if one["reading"] in CHANGED]
    times = f"at {len(shown)} of {len(each)} times" if shown else "over all times together"
    ways = set(shown)
    if not ways and row.slope_p <= alpha:
        ways = {1 if row.slope > 0 else -1}
    size = Size.BELOW if small else Size.UNCERTAIN
    if any(one["size"] == Size.AT_LEAST for one in each):
        size = Size.AT_LEAST
    one_way = {1: str(Reading.UP), -1: str(Reading.DOWN)}[ways.pop()] if len(ways) == 1 else VARIES
    return one_way, str(size), times


def _wording(row, alpha: float) -> str:
    where = f"{row.human_symbol} in {row.dataset}, course {row.course}"
    words = CHANGING if row.reading == VARIES else Reading(row.reading).words
    if row.p != row.p:
        return f"{where}: {words}."
    words += "".join(f", {told}" for told in (row.times, row.size and Size(row.size).words) if told)
    against = row.slope_p <= alpha and direction(row.reading) * row.slope < 0
    return (
        f"{where}: {words}; F {row.f:.2f} on {row.df_course:.0f} and {row.df:.1f} degrees of freedom, "
        f"p {row.p_holm:.2g} by Holm over {row.family_size} tests; trend {row.slope:+.3f} per unit of its time "
        f"(p {row.slope_p:.2g}{', the other way: the change does not last' if against else ''})."
    )
