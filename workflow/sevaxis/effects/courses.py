"""Time courses: does a feature change at any time of a course, and does it follow the time?

Contrasts of a course share their reference, so one unlucky control group moves them all. They are one question each for
the whole course (an omnibus F) and for its trend, beside the single contrasts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sevaxis.base.vocabulary import Assay, Stratum
from sevaxis.effects.apart import plan_models
from sevaxis.effects.compare import include
from sevaxis.effects.estimation import estimate
from sevaxis.models.inference.multiplicity import benjamini_hochberg
from sevaxis.models.inference.omnibus import omnibus_f

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from sevaxis.study.card import CompareCard, Contrast

#: Columns of ``courses.parquet``: a row for each course, stratum and feature. ``f`` with ``df_course`` and ``df``
#: degrees of freedom, ``p`` and ``q`` test that the feature is the same at all times; ``slope`` (log2 per unit of
#: the card's ``time``) with its standard error and ``slope_p`` the linear trend; NaN where a time cannot be estimated.
COLUMNS = {
    "dataset": "string",
    "course": "string",
    "contrasts": "string",
    "stratum": "string",
    "feature_id": "string",
    "symbol": "string",
    "human_symbol": "string",
    "f": "float64",
    "df_course": "float64",
    "df": "float64",
    "p": "float64",
    "q": "float64",
    "slope": "float64",
    "slope_se": "float64",
    "slope_p": "float64",
}


def courses_of(card: CompareCard) -> dict[str, list[Contrast]]:
    """Contrasts of each course of a card, by time."""
    found: dict[str, list[Contrast]] = {}
    for contrast in card.contrasts:
        if contrast.course is not None:
            found.setdefault(contrast.course, []).append(contrast)
    return {name: sorted(members, key=lambda each: each.time or 0.0) for name, members in found.items()}


def compare_courses(adata: AnnData, card: CompareCard, *, min_per_group: int = 2) -> pd.DataFrame:
    """Test every course of a data set in every stratum that its contrasts have.

    Parameters
    ----------
    adata
        Assessed matrix.
    card
        Contrasts with ``course`` and ``time``, and the model: the one of the single contrasts.
    min_per_group
        As for :func:`sevaxis.effects.compare.compare`.

    Returns
    -------
    pandas.DataFrame
        Rows of :data:`COLUMNS`; none where the card has no course.
    """
    import pandas as pd

    tables = []
    courses = {} if card.assay == Assay.EFFECTS else courses_of(card)
    for name, members in courses.items():
        tables += _compare_course(include(adata), card, name, members, min_per_group)
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(COLUMNS))
    return table.assign(dataset=card.id)[list(COLUMNS)].astype(COLUMNS)


def _compare_course(
    included: AnnData, card: CompareCard, name: str, members: Sequence[Contrast], min_per_group: int
) -> list[pd.DataFrame]:
    """One course, a table for each stratum."""
    of_course = card.model_copy(update={"contrasts": (*members, *_between(members), _trend(members))})
    plans, _ = plan_models(included, of_course, min_per_group, together=True)
    tables = []
    for plan in plans:
        found = estimate(included, card, plan)
        column = {(each.contrast, each.stratum): k for k, each in enumerate(plan.contrasts)}
        for stratum in Stratum:
            if any((each.name, stratum) not in column for each in members):
                continue  # a time without this stratum: the course has none
            own = [column[each.name, stratum] for each in members]
            told = _test(found, members, own, column, stratum)
            about = {key: included.var[key].to_numpy() for key in ("symbol", "human_symbol")}
            tables.append(_table(included.var_names, about, told, name, members, stratum))
    return tables


def _test(
    found: Any,
    members: Sequence[Contrast],
    own: Sequence[int],
    column: dict[tuple[str, Stratum], int],
    stratum: Stratum,
) -> dict[str, np.ndarray]:
    """Omnibus and trend of every feature, from the estimates and their differences."""
    size = len(members)
    variance = np.empty((len(found.se), size, size))
    squared = found.se**2
    for i in range(size):
        for j in range(size):
            of_two = squared[:, column[_difference(members[i], members[j]), stratum]] if i < j else None
            if of_two is not None:
                # var(a - b) = var a + var b - 2 cov(a, b), whatever the method that gave them
                variance[:, i, j] = (squared[:, own[i]] + squared[:, own[j]] - of_two) / 2
                variance[:, j, i] = variance[:, i, j]
        variance[:, i, i] = squared[:, own[i]]
    f, df_course, df, p = omnibus_f(found.log2fc[:, own], variance, found.df[:, own].min(axis=1))
    trend = column[_TREND, stratum]
    return {
        "f": f,
        "df_course": df_course,
        "df": df,
        "p": p,
        "slope": found.log2fc[:, trend],
        "slope_se": found.se[:, trend],
        "slope_p": found.p[:, trend],
    }


def _table(
    features: pd.Index,
    about: dict[str, np.ndarray],
    told: dict[str, np.ndarray],
    name: str,
    members: Sequence[Contrast],
    stratum: Stratum,
) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        {
            "course": name,
            "contrasts": ", ".join(each.name for each in members),
            "stratum": str(stratum),
            "feature_id": features,
            **about,
            **told,
            "q": benjamini_hochberg(told["p"]),
        }
    )


_TREND = "_trend"


def _difference(one: Contrast, other: Contrast) -> str:
    return f"{one.name}_{other.name}"


def _between(members: Sequence[Contrast]) -> list[Contrast]:
    """The differences between the times of a course."""
    between = []
    for i, one in enumerate(members):
        for other in members[i + 1 :]:
            weights = one.level_weights()
            for level, weight in other.level_weights().items():
                weights[level] = weights.get(level, 0.0) - weight
            weights = {level: weight for level, weight in weights.items() if weight}
            name = _difference(one, other)
            between.append(one.model_copy(update=_of_weights(name, weights)))
    return between


def _trend(members: Sequence[Contrast]) -> Contrast:
    """The least-squares slope through the means of the groups, the reference at time 0."""
    times = {str(members[0].reference): 0.0} | {str(each.case): float(each.time or 0.0) for each in members}
    centred = np.array(list(times.values())) - np.mean(list(times.values()))
    weights = dict(zip(times, (centred / (centred**2).sum()).tolist(), strict=True))
    return members[0].model_copy(
        update=_of_weights(_TREND, {level: weight for level, weight in weights.items() if weight})
    )


def _of_weights(name: str, weights: dict[str, float]) -> dict[str, Any]:
    return {"name": name, "weights": weights, "case": None, "reference": None}
