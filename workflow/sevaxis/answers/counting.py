"""What is known of a gene in a tissue, counted by study: many comparisons of the same animals are one finding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sevaxis.answers.courses import VARIES
from sevaxis.base.vocabulary import (
    AS_PUBLISHED,
    BY_PRESENCE,
    CHANGED,
    DOWNWARD,
    UPWARD,
    Compartment,
    Organism,
    Reading,
    Role,
)

if TYPE_CHECKING:
    import pandas as pd

#: What a study's comparisons amount to where they point both ways.
MIXED = "mixed"
#: Words of what is no single reading.
_OTHERS = {MIXED: "up and down", VARIES: "changing over time, in no shown direction"}
#: Where comparisons of a study differ, the first of these that occurs is the study's.
_RANK = (
    Reading.UP, Reading.DOWN, Reading.APPEARS, Reading.DISAPPEARS, VARIES, Reading.PUBLISHED_UP,
    Reading.PUBLISHED_DOWN, Reading.UNDETERMINED, Reading.PUBLISHED_NEITHER, Reading.NO_RELEVANT_CHANGE,
    Reading.NOT_ESTIMABLE, Reading.NOT_MEASURED,
)  # fmt: skip
_CHANGES = (VARIES, *CHANGED, Reading.PUBLISHED_UP, Reading.PUBLISHED_DOWN)
_PLACE = ["human_symbol", "tissue", "compartment", "role", "organism"]


def count_by_study(
    rows: pd.DataFrame, courses: pd.DataFrame, cohorts: Mapping[str, str], genes: Sequence[str]
) -> pd.DataFrame:
    """One row for each gene, tissue, compartment, role, organism and study.

    Parameters
    ----------
    rows
        The axis table; the rows that stand for all samples are counted.
    courses
        Of :func:`sevaxis.answers.courses.read_courses`: the contrasts of a course are one comparison, read by it.
    cohorts
        Data set -> the people or animals it shares with others; a data set that is not named is a study of its own.
    genes
        Axis genes, in the study's order.

    Returns
    -------
    pandas.DataFrame
        ``human_symbol, tissue, compartment, role, organism, study, reading, comparisons, agreeing`` (comparisons with
        the study's reading), ``datasets``. A study that changes is up or down whichever of its comparisons shows it;
        one that shows both is ``mixed``; one that shows none is without a relevant change only if all its
        comparisons are.
    """
    import pandas as pd

    whole = _one_row_a_course(rows[rows["whole"].eq(True)], courses)
    whole = whole.assign(study=[cohorts.get(name, name) for name in whole["dataset"].astype(str)])
    found = []
    for key, each in whole.groupby([*_PLACE, "study"], observed=True, sort=False):
        reading = _of_study(list(each["reading"]))
        found.append(
            {
                **dict(zip([*_PLACE, "study"], map(str, key), strict=True)),
                "reading": reading,
                "comparisons": len(each),
                "agreeing": len(each) if reading == MIXED else int(each["reading"].eq(reading).sum()),
                "datasets": ", ".join(dict.fromkeys(each["dataset"].astype(str))),
            }
        )
    columns = [*_PLACE, "study", "reading", "comparisons", "agreeing", "datasets"]
    table = pd.DataFrame(found, columns=columns)
    order = {gene: place for place, gene in enumerate(genes)}
    return table.sort_values("human_symbol", key=lambda names: names.map(order), kind="stable").reset_index(
        drop=True
    )


def _one_row_a_course(whole: pd.DataFrame, courses: pd.DataFrame) -> pd.DataFrame:
    """The rows with each course's contrasts made one, which bears the reading of the course."""
    course_of = {
        (row.dataset, name): row.course
        for row in courses.itertuples(index=False)
        for name in row.contrasts.split(", ")
    }
    pairs = zip(whole["dataset"].astype(str), whole["contrast"].astype(str), strict=True)
    whole = whole.assign(course=[course_of.get(pair, "") for pair in pairs])
    alone = whole["course"].eq("") | ~whole.duplicated(["dataset", "course", "human_symbol"])
    readings = courses.set_index(["dataset", "course", "human_symbol"])["reading"].to_dict()
    whole = whole[alone]
    keys = zip(whole["dataset"].astype(str), whole["course"], whole["human_symbol"], strict=True)
    return whole.assign(
        reading=[readings.get(key, reading) for key, reading in zip(keys, whole["reading"], strict=True)]
    )


def _of_study(readings: list[str]) -> str:
    changes = {reading for reading in readings if reading in _CHANGES and reading != VARIES}
    if {+1, -1} <= {
        1 if reading in (Reading.UP, Reading.APPEARS, Reading.PUBLISHED_UP) else -1 for reading in changes
    }:
        return MIXED
    return str(next(reading for reading in _RANK if reading in readings))


def tell_places(table: pd.DataFrame) -> list[str]:
    """A sentence for each gene and tissue: how many studies show what, by role and organism."""
    sentences = []
    for (gene, tissue, compartment), of_place in table.groupby(_PLACE[:3], sort=False):
        parts = [
            f"{Role(role).brief} ({Organism(organism).words}): {_told(studies)}"
            for (role, organism), studies in of_place.groupby(_PLACE[3:], sort=False)
        ]
        sentences.append(f"{gene} in {place_name(tissue, compartment)}: {'; '.join(parts)}.")
    return sentences


def place_name(tissue: str, compartment: str) -> str:
    """``liver``, ``muscle vesicles``, ``blood plasma vesicles``."""
    return f"{tissue} {Compartment(compartment).brief}".strip()


def tell_changes(table: pd.DataFrame) -> list[str]:
    """A sentence for each gene that is shown to change: where, in whom, in how many of the studies that look there."""
    sentences = []
    for gene, of_gene in table.groupby("human_symbol", sort=False):
        found = []
        for (_, tissue, compartment, role, organism), studies in of_gene.groupby(_PLACE, sort=False):
            measured = studies[studies["reading"].ne(Reading.NOT_MEASURED)]
            where = f"{Organism(organism).words} {place_name(tissue, compartment)} ({Role(role).brief}"
            ways = measured["reading"].map(_way)
            for way, showing in measured[ways.ne("")].groupby(ways[ways.ne("")], sort=False):
                found.append(f"{way} in {where}, {_share(showing['reading'], len(measured))})")
        if found:
            sentences.append(f"{gene}: {'; '.join(found)}.")
    return sentences


def _way(reading: str) -> str:
    """What a study shows, in a word; nothing where it shows no change."""
    if reading in _OTHERS:
        return _OTHERS[reading]
    return "up" if reading in UPWARD else "down" if reading in DOWNWARD else ""


def _share(readings: pd.Series, of: int) -> str:
    """``1 study``, ``3 of 4 studies, 1 of them as published``."""
    number = len(readings)
    told = "1 study" if number == of == 1 else f"{number} of {of} studies"
    by_presence, published = int(readings.isin(BY_PRESENCE).sum()), int(readings.isin(AS_PUBLISHED).sum())
    for part, words in ((by_presence, "by presence"), (published, "as published")):
        if part:
            told += f", {words}" if part == number else f", {part} of them {words}"
    return told


def _words(reading: str) -> str:
    return _OTHERS.get(reading) or Reading(reading).words


def _told(studies: pd.DataFrame) -> str:
    if len(studies) == 1:
        only = studies.iloc[0]
        of = f" ({only['agreeing']} of {only['comparisons']} comparisons)" if only["comparisons"] > 1 else ""
        return f"{_words(only['reading'])}{of} in {only['datasets']}"
    told = []
    for reading, showing in studies.groupby("reading", sort=False):
        names = ", ".join(showing["datasets"])
        told.append(f"{_words(str(reading))} in {len(showing)} of {len(studies)} studies ({names})")
    return ", ".join(told)
