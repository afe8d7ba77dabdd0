"""Are the genes of the axis changed, where, and could a change have been seen?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sevaxis.answers.question import Answer, Evidence, Question
from sevaxis.base.vocabulary import CHANGED, Compartment, Reading, Role, Status, Stratum

if TYPE_CHECKING:
    import pandas as pd

    from sevaxis.study.settings import Axis


def answer_axis(evidence: Evidence) -> Answer:
    """Count and name what the axis table reads, role by role; the main table is the axis table itself."""
    from sevaxis.answers.readings import tally

    rows, axis = evidence.axis_rows, evidence.axis
    whole = _of_everybody(rows)
    reasons = []
    for role in Role:
        of_role = whole[whole["role"].eq(role)]
        for gene in axis.genes:
            of_gene = of_role[of_role["human_symbol"].eq(gene)]
            if len(of_gene):
                of = f"of {len(of_gene)} comparisons " if len(of_gene) > 1 else ""
                reasons.append(f"{gene}, {role.brief}: {of}{tally(of_gene['reading'])}.")
    verdict = _tell(whole[whole["role"].eq(Role.OVERTRAINING)], axis)
    return Answer("axis", AXIS.asks.format(genes=", ".join(axis.genes)), verdict, reasons, {"": rows})


AXIS = Question(
    name="axis",
    asks="Are {genes} changed by overtraining, in which tissue, and could we have seen it?",
    title="Are the axis genes changed?",
    brief="Axis",
    answer=answer_axis,
)


def _tell(overtraining: pd.DataFrame, axis: Axis) -> str:
    """The sentence about the comparisons of overtraining."""
    from sevaxis.answers.readings import tally

    if overtraining.empty:
        return (
            "No data set of this study is about overtraining, so nothing here says what overtraining does to "
            f"{', '.join(axis.genes)}; what follows is training, exercise, disease and vesicle data around it."
        )
    changed = overtraining[overtraining["reading"].isin(CHANGED)]
    if changed.empty:
        return f"Under overtraining no axis gene is shown to change: {tally(overtraining['reading'])}."
    places = []
    for (tissue, compartment), of_place in changed.groupby(
        ["tissue", "compartment"], sort=False, observed=True
    ):
        place = f"{tissue} {Compartment(compartment).brief}".strip()
        places.append(f"in {place} " + " and ".join(_directions(of_place)))
    rest = overtraining[~overtraining.index.isin(changed.index)]
    tail = f" Of the {len(rest)} other comparisons: {tally(rest['reading'])}." if len(rest) else ""
    return f"Under overtraining, {'; '.join(places)}.{tail}"


def _of_everybody(rows: pd.DataFrame) -> pd.DataFrame:
    """The one row of each gene and contrast that stands for all its samples.

    That of all samples, or the average of the sexes, or the sex that a published table is about.
    """
    order = {str(stratum): place for place, stratum in enumerate(Stratum)}
    refused = rows["status"].eq(Status.NOT_ESTIMABLE).to_numpy(int)
    best = rows.assign(order=rows["stratum"].astype(str).map(order) + len(order) * refused)
    best = best.sort_values("order", kind="stable").drop_duplicates(["dataset", "contrast", "feature_id"])
    return best.sort_index().drop(columns="order")


def _directions(changed: pd.DataFrame) -> list[str]:
    """Genes that are up and genes that are down, with their effects."""
    found = []
    for reading in (Reading.CHANGED_UP, Reading.CHANGED_DOWN):
        genes = [
            f"{gene} (log2 {', '.join(f'{value:+.2f}' for value in of_gene['log2fc'])})"
            for gene, of_gene in changed[changed["reading"].eq(reading)].groupby("human_symbol", sort=False)
        ]
        if genes:
            listed = " and ".join(filter(None, [", ".join(genes[:-1]), genes[-1]]))
            found.append(f"{listed} {'are' if len(genes) > 1 else 'is'} {reading.brief}")
    return found
