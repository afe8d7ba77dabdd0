"""Time courses of the axis genes, each read as one: contrasts that share a control are no independent findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sevaxis.answers.readings import direction
from sevaxis.base.vocabulary import CHANGED, Reading
from sevaxis.models.inference.multiplicity import holm

if TYPE_CHECKING:
    from sevaxis.study.settings import Thresholds

#: What a course amounts to that changes in no direction that is shown.
VARIES = "varies"
COLUMNS = (
    "dataset", "course", "contrasts", "stratum", "feature_id", "human_symbol", "f", "df_course", "df", "p", "slope",
    "slope_se", "slope_p", "family_size", "family_level", "p_holm", "reading", "wording",
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
        single contrasts that are shown to change and the trend, where it is significant, all point one way; ``varies``
        if they do not, or if neither shows a way. Where it is not, a course is without a relevant change if all its
        contrasts are, and undetermined otherwise.
    """
    if courses is None or courses.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    whole = axis_rows[axis_rows["whole"].eq(True)].astype({"dataset": str, "contrast": str, "stratum": str})
    readings = whole.set_index(["dataset", "contrast", "human_symbol"])["reading"]
    first = courses.assign(contrast=courses["contrasts"].str.split(", ").str[0])
    key = ["dataset", "contrast", "stratum", "feature_id"]
    rows = first.merge(whole[key].assign(mine=True), on=key, how="inner")
    rows = rows.drop(columns=["mine", "contrast"])
    family = rows.groupby(["dataset", "course"])["p"]
    rows["p_holm"] = family.transform(lambda p: holm(p.to_numpy(float)))
    rows["family_size"] = family.transform("count")
    rows["family_level"] = thresholds.alpha
    told = [_read(row, readings, thresholds.alpha) for row in rows.itertuples(index=False)]
    rows["reading"] = told
    rows["wording"] = [_wording(row) for row in rows.itertuples(index=False)]
    return rows[list(COLUMNS)]


def _read(row, readings: pd.Series, alpha: float) -> str:
    single = [readings.get((row.dataset, name, row.human_symbol)) for name in row.contrasts.split(", ")]
    if row.p_holm <= alpha:
        ways = {direction(reading) for reading in single if reading in CHANGED}
        if row.slope_p <= alpha:
            # a trend that only comes back from an early change is none of its own
            ways.add(1 if row.slope > 0 else -1)
        return {1: str(Reading.UP), -1: str(Reading.DOWN)}[ways.pop()] if len(ways) == 1 else VARIES
    if row.p != row.p:
        known = {str(reading) for reading in single}
        return known.pop() if len(known) == 1 else str(Reading.NOT_ESTIMABLE)
    if all(reading == Reading.NO_RELEVANT_CHANGE for reading in single):
        return str(Reading.NO_RELEVANT_CHANGE)
    return str(Reading.UNDETERMINED)


def _wording(row) -> str:
    where = f"{row.human_symbol} in {row.dataset}, course {row.course}"
    words = VARIES if row.reading == VARIES else Reading(row.reading).words
    if row.p != row.p:
        return f"{where}: {words}."
    return (
        f"{where}: {words}; F {row.f:.2f} on {row.df_course:.0f} and {row.df:.1f} degrees of freedom, "
        f"p {row.p_holm:.2g} by Holm over {row.family_size} tests; trend {row.slope:+.3f} per unit of time "
        f"(p {row.slope_p:.2g})."
    )
