"""Whether the samples of a data set can bear its contrasts.

Groups that are there and large enough, told apart from batches and covariates, with both sexes where the card asks
for them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from sevaxis.base.problems import Problem, nearest
from sevaxis.base.vocabulary import Sex
from sevaxis.study.aliasing import Design
from sevaxis.study.card import Contrast, ReadCard
from sevaxis.study.sheet import Sheet
from sevaxis.study.sheets import (
    is_number,
    modelled_columns,
    select_samples,
    sex_of,
    specimen_of,
    subject_in_model,
)
from sevaxis.study.validation import is_undecided

#: Columns that are factors whatever their values look like, and how they are spoken of.
FACTORS = {
    "batch": ("the batch", "batches"),
    "subject": ("the subjects", "subjects"),
    "sex": ("the sex", "sexes"),
}


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
    contrasts = list(contrasts)
    for contrast, where in contrasts:
        weights = contrast.level_weights()
        for level in weights:
            if sizes[level] == 0:
                what = f"The contrast '{contrast.name}' names a group that no sample is in"
                hint = nearest(level, sizes)
                if same := [each for each in sizes if each.isdigit() and each.lstrip("0") == level]:
                    hint = f"write it in quotes, '{same[0]}': YAML drops the zeros of a number"
                problems.append(Problem(what, where, level, ", ".join(sorted(sizes)), hint))
            elif sizes[level] < min_per_group:
                what = f"A group of the contrast '{contrast.name}' is too small"
                found = f"{level}: {sizes[level]} sample" + ("s" if sizes[level] > 1 else "")
                hint = "add samples, or leave the contrast out (look at keep and exclude in the card)"
                problems.append(Problem(what, where, found, f"at least {min_per_group} samples", hint))
        if all(sizes[level] for level in weights):
            problems += _check_aliases(contrast, where, samples, min_per_group)
            if contrast.by_sex:
                problems += _check_sexes(contrast, where, samples, min_per_group)
    return problems or _check_scatter(contrasts, samples, min_per_group)


@dataclass(frozen=True)
class _Model:
    """The model of a contrast: with a mean for each group and sex, or for each group and sex beside it."""

    by_sex: bool
    design: Design
    #: The contrast, or the effects by sex, in cells of the design.
    weights: tuple[dict[str, float], ...]


def _model_of(contrast: Contrast, samples: list[SampleFacts], min_per_group: int) -> _Model:
    """The model that `effects.strata` plans for a contrast."""
    counts = Counter((sample.group, sample.sex) for sample in samples)
    weights = contrast.level_weights()
    both = all(any(sample.sex == sex for sample in samples) for sex in Sex)
    enough = all(counts[level, sex] >= min_per_group for level in weights for sex in Sex)
    by_sex = both and enough and contrast.by_sex is not False
    known = [sample for sample in samples if sample.sex is not None]
    entering = known if by_sex or (both and len(samples) - len(known) == 1) else samples
    terms: dict[str, list[str] | list[float]] = {}
    for column in samples[0].modelled:
        values = [sample.modelled[column] for sample in entering]
        numbers = _numbers(values) if column not in FACTORS else None
        terms[column] = values if numbers is None else numbers
    if by_sex:
        cells = [f"{sample.group} {sample.sex}" for sample in entering]
        each = tuple({f"{level} {sex}": weight for level, weight in weights.items()} for sex in Sex)
        return _Model(True, Design(cells, terms), each)
    if both:
        terms["sex"] = [sample.sex or "unknown" for sample in entering]
    return _Model(False, Design([sample.group for sample in entering], terms), (weights,))


def _check_aliases(
    contrast: Contrast, where: str, samples: list[SampleFacts], min_per_group: int
) -> list[Problem]:
    """Batches, covariates and sexes that say the same as the groups, one by one or together."""
    model = _model_of(contrast, samples, min_per_group)
    found = dict.fromkeys(terms for weights in model.weights for terms in model.design.culprits(weights))
    problems = []
    for terms in found:
        names = " and ".join(FACTORS.get(term, (f"the covariate '{term}'", ""))[0] for term in terms)
        nouns = " and ".join(FACTORS.get(term, ("", f"values of '{term}'"))[1] for term in terms)
        what = f"The contrast '{contrast.name}' cannot be told from {names}"
        allowed = f"groups that share {nouns}"
        hint = f"no model can separate them: leave the contrast out, or {names}, if it is none of the model's"
        if model.by_sex and contrast.level_weights() and _whole_is_told(contrast, samples):
            what = f"The effects by sex of the contrast '{contrast.name}' cannot be told from {names}"
            hint = "say by_sex: false in the contrast: over both sexes it can be told"
        elif terms == ("sex",):
            hint = "leave the contrast out; where the sexes are what is compared, leave out the card's `columns: sex`"
        places = "; ".join(place for term in terms for place in _places(contrast, samples, term))
        problems.append(Problem(what, where, places, allowed, hint))
    return problems


def _whole_is_told(contrast: Contrast, samples: list[SampleFacts]) -> bool:
    """Whether a contrast can be told over both sexes."""
    whole = _model_of(contrast.model_copy(update={"by_sex": False}), samples, 0)
    return whole.design.estimates(contrast.level_weights())


def _check_scatter(
    contrasts: list[tuple[Contrast, str]], samples: list[SampleFacts], min_per_group: int
) -> list[Problem]:
    """A model with as many coefficients as samples leaves nothing to tell the scatter from; each is told once."""
    problems: dict[bool, Problem] = {}
    for contrast, where in contrasts:
        model = _model_of(contrast, samples, min_per_group)
        count = len(model.design.cells)
        if model.design.rank < count or model.by_sex in problems:
            continue
        named = ["the groups by sex" if model.by_sex else "the groups"]
        named += [FACTORS[term][0] if term in FACTORS else f"'{term}'" for term in model.design.terms]
        found = f"{count} samples for {model.design.rank} coefficients of {', '.join(named)}"
        hint = "leave out a covariate (one that differs in each sample says nothing), or add samples"
        if model.by_sex:
            hint += "; or say by_sex: false in the contrast"
        what = "No sample is left over to estimate the scatter from"
        problems[model.by_sex] = Problem(what, where, found, "more samples than coefficients", hint)
    return list(problems.values())


def _places(contrast: Contrast, samples: list[SampleFacts], column: str) -> list[str]:
    """Where each level of a contrast stands in a column."""
    found = []
    for level in contrast.level_weights():
        of_level = [sample for sample in samples if sample.group == level]
        values = sorted({(s.sex or "unknown") if column == "sex" else s.modelled[column] for s in of_level})
        found.append(f"{level} only in {column} {', '.join(values[:8])}{', ...' if len(values) > 8 else ''}")
    return found


def _numbers(values: list[str]) -> list[float] | None:
    """Values as numbers, None where any is none."""
    return [float(value) for value in values] if all(map(is_number, values)) else None


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
