"""Whether the samples of a data set can bear its contrasts.

Groups that are there and large enough, told apart from batches and covariates, with both sexes where the card asks
for them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from sevaxis.base.problems import Problem, nearest
from sevaxis.base.vocabulary import Sex
from sevaxis.study.card import Contrast, ReadCard
from sevaxis.study.sheets import (
    Sheet,
    modelled_columns,
    select_samples,
    sex_of,
    specimen_of,
    subject_in_model,
)
from sevaxis.study.validation import is_undecided

#: Columns that are factors whatever their values look like, and how they are spoken of.
FACTORS = {"batch": ("the batch", "batches"), "subject": ("the subjects", "subjects")}


@dataclass(frozen=True)
class SampleFacts:
    """What contrasts need to know of one sample.

    Attributes
    ----------
    group, sex
        Its group; its sex, where it is known.
    modelled
        Column that enters the model (batch, covariates, subjects with a mean each) -> its value.
    """

    group: str
    sex: str | None
    modelled: dict[str, str] = field(default_factory=dict)


def facts_of(sheet: Sheet, card: ReadCard) -> list[SampleFacts]:
    """Group, sex, batch and covariates of the samples that a card keeps, as far as the sheet can say."""
    columns = card.columns
    present = [name for name in modelled_columns(card) if name in sheet.header]
    facts = []
    seen: set[str] = set()
    for index in select_samples(sheet, card):
        row = sheet.rows[index]
        if columns.replicate_of and (specimen := specimen_of(row, card)) in seen:
            continue  # a technical replicate is no further sample
        elif columns.replicate_of:
            seen.add(specimen)
        sex = card.sex
        if columns.sex is not None and columns.sex in row:
            try:
                sex = sex_of(row[columns.sex], card.sex_labels)
            except ValueError:  # reported by check_sheet
                sex = None
        modelled = {"batch" if name == columns.batch else name: row[name] for name in present}
        if (subject := subject_in_model(card)) in row:
            # a sample of unknown subject is a subject of its own
            modelled["subject"] = row[subject] or f"sample {row.get(columns.sample)}"
        facts.append(SampleFacts(row.get(columns.group, ""), sex, modelled))
    return facts


def check_contrasts(
    samples: list[SampleFacts], contrasts: Iterable[tuple[Contrast, str]], min_per_group: int
) -> list[Problem]:
    """Problems of contrasts on the samples that take part.

    Parameters
    ----------
    samples
        The samples that the card keeps.
    contrasts
        Each contrast with the place where it is written.
    min_per_group
        Fewest samples of a level that takes part in a contrast.
    """
    sizes = Counter(sample.group for sample in samples)
    problems: list[Problem] = []
    if not samples or any(is_undecided(level) for level in sizes):  # check_sheet has said why
        return problems
    for contrast, where in contrasts:
        weights = contrast.level_weights()
        for level in weights:
            if sizes[level] == 0:
                what = f"The contrast '{contrast.name}' names a group that no sample is in"
                problems.append(Problem(what, where, level, ", ".join(sorted(sizes)), nearest(level, sizes)))
            elif sizes[level] < min_per_group:
                what = f"A group of the contrast '{contrast.name}' is too small"
                found = f"{level}: {sizes[level]} sample" + ("s" if sizes[level] > 1 else "")
                hint = "add samples, or leave the contrast out (look at keep and exclude in the card)"
                problems.append(Problem(what, where, found, f"at least {min_per_group} samples", hint))
        if all(sizes[level] for level in weights):
            problems += _check_aliases(contrast, where, samples)
            if contrast.by_sex:
                problems += _check_sexes(contrast, where, samples, min_per_group)
    return problems


def _check_aliases(contrast: Contrast, where: str, samples: list[SampleFacts]) -> list[Problem]:
    """Batches and covariates that say the same as the groups."""
    problems = []
    for column in samples[0].modelled:
        values = [sample.modelled[column] for sample in samples]
        numbers = _numbers(values) if column not in FACTORS else None
        alias = (
            _says_the_groups(contrast, samples, numbers)
            if numbers is not None
            else _separates_the_groups(contrast, samples, values)
        )
        if alias:
            name, noun = FACTORS.get(column, (f"the covariate '{column}'", f"values of '{column}'"))
            problems.append(
                Problem(
                    f"The contrast '{contrast.name}' cannot be told from {name}",
                    where,
                    "; ".join(_places(contrast, samples, column)),
                    f"groups that share {noun}",
                    f"no model can separate them: leave the contrast out, or {name}, if it is none of the model's",
                )
            )
    return problems


def _places(contrast: Contrast, samples: list[SampleFacts], column: str) -> list[str]:
    """Where each level of a contrast stands in a column."""
    found = []
    for level in contrast.level_weights():
        values = sorted({sample.modelled[column] for sample in samples if sample.group == level})
        found.append(f"{level} only in {column} {', '.join(values)}")
    return found


def _numbers(values: list[str]) -> list[float] | None:
    """Values as numbers, None where any is none."""
    try:
        return [float(value) for value in values]
    except ValueError:
        return None


def _says_the_groups(contrast: Contrast, samples: list[SampleFacts], numbers: list[float]) -> bool:
    """Whether a number is the same within each group and differs along the contrast.

    It then lies in the span of the groups, and the contrast with it.
    """
    of_group: dict[str, float] = {}
    for sample, number in zip(samples, numbers, strict=True):
        if of_group.setdefault(sample.group, number) != number:
            return False
    along = sum(weight * of_group[level] for level, weight in contrast.level_weights().items())
    return abs(along) > 1e-9 * max(abs(number) for number in numbers)


def _separates_the_groups(contrast: Contrast, samples: list[SampleFacts], values: list[str]) -> bool:
    """Whether no common value connects the groups of a contrast.

    A contrast is estimable beside the effects of a factor if and only if its weights sum to zero within each set of
    groups that the factor's levels connect (the connected components of the incidence graph).
    """
    component = {sample.group: sample.group for sample in samples}

    def root(level: str) -> str:
        while component[level] != level:
            level = component[level]
        return level

    first_with: dict[str, str] = {}
    for sample, value in zip(samples, values, strict=True):
        seen = first_with.setdefault(value, sample.group)
        component[root(sample.group)] = root(seen)
    sums: dict[str, float] = defaultdict(float)
    for level, weight in contrast.level_weights().items():
        sums[root(level)] += weight
    return any(abs(total) >= 1e-9 for total in sums.values())


def _check_sexes(
    contrast: Contrast, where: str, samples: list[SampleFacts], min_per_group: int
) -> list[Problem]:
    counts = Counter((sample.group, sample.sex) for sample in samples)
    return [
        Problem(
            f"The contrast '{contrast.name}' asks for effects by sex without enough of both",
            where,
            f"{level}: {counts[level, sex]} {sex}",
            f"at least {min_per_group} females and {min_per_group} males in each group",
            "leave by_sex out: strata are then estimated where the samples allow it",
        )
        for level in contrast.level_weights()
        for sex in Sex
        if counts[level, sex] < min_per_group
    ]
