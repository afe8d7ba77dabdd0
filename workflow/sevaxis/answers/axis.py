"""Are the genes of the axis changed, where, and could a change have been seen?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sevaxis.answers.question import Answer, Evidence, Question
from sevaxis.base.vocabulary import AS_PUBLISHED, BY_PRESENCE, CHANGED, Role

if TYPE_CHECKING:
    import pandas as pd

    from sevaxis.study.settings import Axis


def answer_axis(evidence: Evidence) -> Answer:
    """Say what the axis table reads, tissue by tissue, counted by study.

    The main table is the axis table; ``counts`` holds a row for each gene, tissue, role, organism and study
    (:func:`sevaxis.answers.counting.count_by_study`), ``courses`` one for each gene and time course.
    """
    from sevaxis.answers.counting import count_by_study, tell_places
    from sevaxis.answers.courses import read_courses

    rows, axis = evidence.axis_rows, evidence.axis
    courses = read_courses(evidence.courses, rows, evidence.thresholds)
    counts = count_by_study(rows, courses, evidence.cohorts, axis.genes)
    verdict = (
        f"{_tell(rows, counts, axis, evidence.thresholds.smallest_effect)} {_tell_families(rows, courses)}"
    )
    asks = AXIS.asks.format(genes=", ".join(axis.genes))
    return Answer(
        "axis",
        asks,
        verdict,
        [*tell_places(counts), *courses["wording"]],
        {"": rows, "counts": counts, "courses": courses},
    )


AXIS = Question(
    name="axis",
    asks="Are {genes} changed by overtraining, in which tissue, and could we have seen it?",
    title="Are the axis genes changed?",
    brief="Axis",
    answer=answer_axis,
)


def _tell(rows: pd.DataFrame, counts: pd.DataFrame, axis: Axis, margin: float) -> str:
    """What overtraining does; where nobody measured that, what else is known of the axis."""
    from sevaxis.answers.counting import place_name, tell_changes
    from sevaxis.answers.wording import tally

    whole = rows[rows["whole"].eq(True)]
    overtraining = whole[whole["role"].eq(Role.OVERTRAINING)]
    others = counts[counts["role"].ne(Role.OVERTRAINING)]
    if overtraining.empty:
        changes = tell_changes(others, margin)
        known = (
            f"This is shown around it, with its size, what was measured, and in how many studies. {' '.join(changes)}"
            if changes
            else "Nothing around it is shown to change either."
        )
        genes = ", ".join(axis.genes)
        return f"No data set of this study is about overtraining, so nothing here says what it does to {genes}. {known}"
    changed = overtraining[overtraining["reading"].isin(CHANGED)]
    if changed.empty:
        return f"Under overtraining no axis gene is shown to change: {tally(overtraining['reading'])}."
    places = []
    for (tissue, compartment), of_place in changed.groupby(
        ["tissue", "compartment"], sort=False, observed=True
    ):
        places.append(
            f"in {place_name(str(tissue), str(compartment))} " + " and ".join(_directions(of_place))
        )
    rest = overtraining[~overtraining.index.isin(changed.index)]
    tail = f" Of the {len(rest)} other comparisons: {tally(rest['reading'])}." if len(rest) else ""
    return f"Under overtraining, {'; '.join(places)}.{tail}"


def _tell_families(rows: pd.DataFrame, courses: pd.DataFrame) -> str:
    """How many families of tests stand behind the findings, and what chance alone would give."""
    from sevaxis.answers.families import count_families

    within = {
        (row.dataset, name) for row in courses.itertuples(index=False) for name in row.contrasts.split(", ")
    }
    pairs = zip(rows["dataset"].astype(str), rows["contrast"].astype(str), strict=True)
    alone = rows[[pair not in within for pair in pairs] & rows["whole"].eq(True).to_numpy()]
    # the contrasts of a course are read by the course's own test
    of_courses = courses[courses["p_holm"].notna()].drop_duplicates(["dataset", "course"])
    families, expected = count_families(alone)
    families, expected = families + len(of_courses), expected + float(of_courses["family_level"].sum())
    if not families:
        return "No family of tests stands behind this: nothing could be tested."
    level, several = 100 * expected / families, families > 1
    told = (
        f"{families} {'families' if several else 'family'} of tests {'stand' if several else 'stands'} behind this, "
        f"each with a chance of a false finding of at most {level:g} %: {expected:.3g} of them may be expected to hold "
        "one, were nothing different anywhere."
    )
    by_q = rows["whole"].eq(True) & rows["reading"].isin(AS_PUBLISHED)
    return told + (
        " Findings that rest on the q of a published table are outside of this error rate."
        if by_q.any()
        else ""
    )


def _directions(changed: pd.DataFrame) -> list[str]:
    """Genes by reading, with their effects where there is an amount."""
    found = []
    for reading in CHANGED:
        genes = []
        for gene, of_gene in changed[changed["reading"].eq(reading)].groupby("human_symbol", sort=False):
            told = [_amount(row) for row in of_gene.itertuples(index=False)]
            genes.append(f"{gene} ({', '.join(told)})")
        if genes:
            listed = " and ".join(filter(None, [", ".join(genes[:-1]), genes[-1]]))
            verb = "" if reading in BY_PRESENCE else "are " if len(genes) > 1 else "is "
            word = reading.value.rstrip("s") if reading in BY_PRESENCE and len(genes) > 1 else reading.value
            found.append(f"{listed} {verb}{word}")
    return found


def _amount(row) -> str:
    """The fold change, or the samples in which it was detected."""
    if row.reading in BY_PRESENCE:
        return f"{row.detected_case}/{row.n_case} v {row.detected_reference}/{row.n_reference}"
    return f"log2 {row.log2fc:+.2f}".replace("-", "−")
