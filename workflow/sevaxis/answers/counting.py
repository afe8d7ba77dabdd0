"""What is known of a gene in a tissue, counted by study: many comparisons of the same animals are one finding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sevaxis.answers.courses import CHANGING, VARIES
from sevaxis.base.vocabulary import (
    AS_PUBLISHED,
    BY_PRESENCE,
    CHANGED,
    DOWNWARD,
    UPWARD,
    Assay,
    Compartment,
    Organism,
    Reading,
    Role,
    Size,
    Status,
)

if TYPE_CHECKING:
    import pandas as pd

#: What a study's comparisons amount to where they point both ways.
MIXED = "mixed"
#: Words of what is no single reading.
_OTHERS = {MIXED: "up and down", VARIES: CHANGING}
#: Where comparisons of a study differ, the first of these that occurs is the study's.
_RANK = (
    Reading.UP, Reading.DOWN, Reading.APPEARS, Reading.DISAPPEARS, VARIES, Reading.PUBLISHED_UP,
    Reading.PUBLISHED_DOWN, Reading.UNDETERMINED, Reading.PUBLISHED_NEITHER, Reading.NO_RELEVANT_CHANGE,
    Reading.NOT_ESTIMABLE, Reading.NOT_MEASURED,
)  # fmt: skip
_CHANGES = (VARIES, *CHANGED, Reading.PUBLISHED_UP, Reading.PUBLISHED_DOWN)
_PLACE = ["human_symbol", "tissue", "compartment", "role", "organism", "measured"]
#: Order in which places without a change are named, and their words.
_ELSEWHERE = {
    Reading.NO_RELEVANT_CHANGE: "no relevant change in", Reading.PUBLISHED_NEITHER: "neither, as published, in",
    Reading.UNDETERMINED: "undetermined in", Reading.NOT_ESTIMABLE: "not estimable in",
    Status.LOW: "too low to test in", Reading.NOT_MEASURED: "not measured in",
}  # fmt: skip
_SIZES = {
    Size.AT_LEAST: "at least {fold}-fold",
    Size.BELOW: "less than {fold}-fold",
    Size.UNCERTAIN: "of uncertain size",
}


def count_by_study(
    rows: pd.DataFrame, courses: pd.DataFrame, cohorts: Mapping[str, str], genes: Sequence[str]
) -> pd.DataFrame:
    """One row for each gene, tissue, compartment, role, organism, kind of measurement and study.

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
        ``human_symbol, tissue, compartment, role, organism``; ``measured`` (RNA, protein, ...; result tables are what
        others computed); ``study, reading, status, comparisons``; of the comparisons with the study's reading
        ``agreeing`` (how many), ``times`` (of time courses, at how many), ``sizes``, ``showing`` (their data sets);
        ``courses`` (comparisons that are time courses), ``datasets``. A study that changes is up or down whichever of
        its comparisons shows it; one that shows both is ``mixed``; one that shows none is without a relevant change
        only if all its comparisons are.
    """
    import pandas as pd

    whole = _one_row_a_course(rows[rows["whole"].eq(True)], courses)
    whole = whole.assign(
        study=[cohorts.get(name, name) for name in whole["dataset"].astype(str)],
        measured=[Assay(assay).measured for assay in whole["assay"].astype(str)],
    )
    found = []
    for key, each in whole.groupby([*_PLACE, "study"], observed=True, sort=False):
        reading = _of_study(list(each["reading"]))
        mine = each if reading == MIXED else each[each["reading"].eq(reading)]
        found.append(
            {
                **dict(zip([*_PLACE, "study"], map(str, key), strict=True)),
                "reading": reading,
                "status": str(Status.LOW)
                if mine["status"].eq(Status.LOW).any()
                else str(mine["status"].iloc[0]),
                "comparisons": len(each),
                "agreeing": len(mine),
                "times": ", ".join(dict.fromkeys(filter(None, mine["times"]))),
                "sizes": ", ".join(size for size in Size if mine["size"].eq(size).any()),
                "showing": ", ".join(dict.fromkeys(mine["dataset"].astype(str))),
                "courses": int(each["course"].ne("").sum()),
                "datasets": ", ".join(dict.fromkeys(each["dataset"].astype(str))),
            }
        )
    told = (
        "reading",
        "status",
        "comparisons",
        "agreeing",
        "times",
        "sizes",
        "showing",
        "courses",
        "datasets",
    )
    table = pd.DataFrame(found, columns=[*_PLACE, "study", *told])
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
    whole = whole[whole["course"].eq("") | ~whole.duplicated(["dataset", "course", "human_symbol"])]
    columns = ["reading", "size", "times"]
    whole = whole.assign(times="")
    told = courses.set_index(["dataset", "course", "human_symbol"])[columns].to_dict("index")
    keys = list(zip(whole["dataset"].astype(str), whole["course"], whole["human_symbol"], strict=True))
    return whole.assign(
        **{
            column: [
                told.get(key, {column: value})[column] for key, value in zip(keys, whole[column], strict=True)
            ]
            for column in columns
        }
    )


def _of_study(readings: list[str]) -> str:
    ways = {_way(reading) for reading in readings if reading in _CHANGES and reading != VARIES}
    return MIXED if len(ways) > 1 else str(next(reading for reading in _RANK if reading in readings))


def tell_places(table: pd.DataFrame) -> list[str]:
    """A sentence for each gene and tissue: how many studies show what, by role, organism and what was measured."""
    sentences = []
    for (gene, tissue, compartment), of_place in table.groupby(_PLACE[:3], sort=False):
        parts = [
            f"{Role(role).brief} ({Organism(organism).words}, {measured}): {_told(studies)}"
            for (role, organism, measured), studies in of_place.groupby(_PLACE[3:], sort=False)
        ]
        sentences.append(f"{gene} in {place_name(tissue, compartment)}: {'; '.join(parts)}.")
    return sentences


def place_name(tissue: str, compartment: str) -> str:
    """``liver``, ``muscle vesicles``, ``blood plasma vesicles``."""
    return f"{tissue} {Compartment(compartment).brief}".strip()


def tell_changes(table: pd.DataFrame, margin: float) -> list[str]:
    """For each gene that is shown to change, where, by how much and in how many studies; and what holds elsewhere.

    Parameters
    ----------
    table
        Of :func:`count_by_study`.
    margin
        Smallest effect of interest, log2 units.
    """
    fold = f"{2**margin:.2g}"
    sentences = []
    for gene, of_gene in table.groupby("human_symbol", sort=False):
        found: dict[tuple[str, str], list[str]] = {}
        elsewhere: dict[str, dict[str, None]] = {}
        kinds = of_gene.groupby(["tissue", "compartment", "organism"])["measured"].nunique()
        for (_, tissue, compartment, role, organism, measured), studies in of_gene.groupby(
            _PLACE, sort=False
        ):
            place = f"{Organism(organism).words} {place_name(tissue, compartment)}"
            several = kinds[tissue, compartment, organism] > 1
            ways = studies["reading"].map(_way)
            looked = int(studies["reading"].ne(Reading.NOT_MEASURED).sum())
            for way, showing in studies[ways.ne("")].groupby(ways[ways.ne("")], sort=False):
                told = [measured, _share(showing, looked), *showing["times"], _how_much(showing, fold)]
                found.setdefault((f"{way} in {place}", Role(role).brief), []).append(
                    ", ".join(filter(None, told))
                )
            for row in studies[ways.eq("")].itertuples(index=False):
                unmeasured = row.reading == Reading.NOT_MEASURED
                low = unmeasured and row.status == Status.LOW
                about = [] if unmeasured and not low else [Role(role).brief]
                about += [measured] if several else []
                named = place + (f" ({'; '.join(about)})" if about else "")
                elsewhere.setdefault(Status.LOW if low else row.reading, {})[named] = None
        if found:
            parts = [f"{where} ({role}: {'; '.join(told)})" for (where, role), told in found.items()]
            rest = [
                f"{words} {', '.join(elsewhere[at])}" for at, words in _ELSEWHERE.items() if at in elsewhere
            ]
            ending = f" Also: {'; '.join(rest)}." if rest else ""
            sentences.append(f"{gene}: {'; '.join(parts)}.{ending}")
    return sentences


def _way(reading: str) -> str:
    """What a study shows, in a word; nothing where it shows no change."""
    if reading in _OTHERS:
        return _OTHERS[reading]
    return "up" if reading in UPWARD else "down" if reading in DOWNWARD else ""


def _how_much(showing: pd.DataFrame, fold: str) -> str:
    """Sizes of what is shown, where they were decided; how it was shown where not by an amount."""
    sizes = {size for told in showing["sizes"] for size in told.split(", ") if size}
    words = [_SIZES[size].format(fold=fold) for size in Size if size in sizes]
    words += ["by presence"] if showing["reading"].isin(BY_PRESENCE).any() else []
    words += ["by the table's own q"] if showing["reading"].isin(AS_PUBLISHED).any() else []
    return " or ".join(words)


def _share(showing: pd.DataFrame, of: int) -> str:
    """``1 study``, ``3 of 4 studies``, and where a study's comparisons differ ``1 of 3 comparisons``."""
    number = len(showing)
    told = "1 study" if number == of == 1 else f"{number} of {of} studies"
    agreeing, comparisons = int(showing["agreeing"].sum()), int(showing["comparisons"].sum())
    noun = "time courses" if int(showing["courses"].sum()) == comparisons else "comparisons"
    return told if agreeing == comparisons else f"{told}, {agreeing} of {comparisons} {noun}"


def _words(row: Any) -> str:
    if row.reading == Reading.NOT_MEASURED:
        return Status(row.status).words
    return _OTHERS.get(row.reading) or Reading(row.reading).words


def _told(studies: pd.DataFrame) -> str:
    told = []
    words = [_words(row) for row in studies.itertuples(index=False)]
    for reading, showing in studies.groupby(words, sort=False):
        names = ", ".join(showing["showing"])
        agreeing, comparisons = int(showing["agreeing"].sum()), int(showing["comparisons"].sum())
        share = f"{agreeing} of {comparisons} comparisons" if agreeing < comparisons else ""
        if len(studies) > 1:
            share = ", ".join(filter(None, [f"{len(showing)} of {len(studies)} studies", share]))
        told.append(f"{reading} in {names}" + (f" ({share})" if share else ""))
    return ", ".join(told)
