"""What a card asks for, held against what there is: readers, methods and their options, published tables, orthologs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ValidationError

from sevaxis.base.problems import Problem, nearest
from sevaxis.base.vocabulary import REPORTED, Assay, Normalisation, Scale
from sevaxis.base.yaml_source import Location, YamlSource
from sevaxis.effects.methods import METHODS, Method, default_method, load_method
from sevaxis.matrix.readers.registry import READERS, reader_options
from sevaxis.study.card import Card
from sevaxis.study.configuration import Configuration
from sevaxis.study.validation import is_undecided


def check_files(card: Card, source: YamlSource) -> list[Problem]:
    """Problems of readers that do not exist, or do not have the options that the card gives them."""
    problems = []
    for index, file in enumerate(card.files):
        if file.reader is None:
            continue
        if file.reader not in READERS:
            where = source.where(("files", index, "reader"))
            what = f"There is no reader '{file.reader}'"
            problems.append(
                Problem(what, where, file.reader, ", ".join(READERS), nearest(file.reader, READERS))
            )
            continue
        model, location = reader_options(file.reader), ("files", index, "options")
        problems += _check_options(f"The reader '{file.reader}'", model, file.options, source, location)
    return problems


def check_method(card: Card, source: YamlSource) -> list[Problem]:
    """Problems of a method that does not exist, does not fit the data, or does not read what the card tells it.

    Of the model and of its alternatives.
    """
    problems = _check_model(card, source, ("model",))
    for name in card.model.alternatives if card.assay != Assay.EFFECTS else ():
        place: Location = ("model", "alternatives", name)
        if name == REPORTED:
            what, hint = "An alternative has the name of the reported analysis", "say how it differs"
            problems.append(Problem(what, source.where(place), name, "another name", hint))
        other = card.model_copy(update={"model": card.model.alternative(name)})
        found = _check_model(other, source, place)
        # what an alternative inherits is told once
        problems += [problem for problem in found if (problem.what, problem.found) not in _told(problems)]
    return problems


def _told(problems: list[Problem]) -> set[tuple[str, str]]:
    return {(problem.what, problem.found) for problem in problems}


def _check_model(card: Card, source: YamlSource, location: Location) -> list[Problem]:
    where, told = source.where((*location, "method")), card.model.method
    if told is not None and told not in METHODS:
        what = f"There is no method '{told}'"
        return [Problem(what, where, told, ", ".join(METHODS), nearest(told, METHODS))]
    if card.assay == Assay.EFFECTS:
        return _check_nothing_fitted(card, source)
    name = told or default_method(card.assay)
    if name is None:
        return [_without_method(card, source)]
    method, counted, paired = load_method(name), card.scale == Scale.COUNTS, card.columns.subject is not None
    what, problems = f"The method '{name}' does not fit this data set", []
    if method.takes == Scale.COUNTS and not counted:
        allowed = f"{_methods(lambda each: each.takes == Scale.LOG2)} for log2 values"
        problems.append(Problem(what, where, name, allowed, "leave method out: the assay decides"))
    if method.needs_subject and not paired:
        allowed, hint = "data with several samples of one subject", "say columns: {subject: COLUMN}"
        problems.append(Problem(what, where, name, allowed, hint))
    if paired and not method.knows_subjects:
        allowed = f"{_methods(lambda each: each.knows_subjects)} for paired samples"
        hint = "it would take samples of one subject for independent ones"
        problems.append(Problem(what, where, name, allowed, hint))

    def readers_of(option: str) -> str:
        reading = _methods(lambda each: option in each.options.model_fields)
        return f"the methods that read '{option}': {reading}" if reading else nearest(option, options)

    options = method.options.model_fields
    problems += _check_options(
        f"The method '{name}'", method.options, card.model.options, source, location, readers_of
    )
    problems += _check_gaps(card, source, location)
    for one, other in method.clashes(card.model.options):
        what, place = f"'{one}' and '{other}' exclude each other", source.where((*location, other))
        problems.append(Problem(what, place, "both", "one of them", "leave one out"))
    return problems + (_check_normalisation(card, method, source) if location == ("model",) else [])


def _check_gaps(card: Card, source: YamlSource, location: Location) -> list[Problem]:
    """A detection curve for values that can have gaps, and for samples that it can take for independent."""
    if card.model.options.get("missing") != "curve":
        return []
    place = source.where((*location, "missing"))
    if card.scale == Scale.COUNTS:
        what, hint = "Counts have no gaps for a detection curve", "leave it out: zeros of counts are values"
        return [Problem(what, place, "curve", "observed", hint)]
    if card.columns.subject is not None and card.model.options.get("subjects") == "block":
        what = "The detection curve takes samples for independent, or subjects as columns of the model"
        hint = "say subjects: fixed for contrasts within subjects, or leave one of the two out"
        return [Problem(what, place, "subjects: block", "subjects: fixed or auto", hint)]
    return []


def _methods(fits: Callable[[Method], bool]) -> str:
    return ", ".join(name for name in METHODS if fits(load_method(name)))


def _without_method(card: Card, source: YamlSource) -> Problem:
    analysed = ", ".join(assay for assay in Assay if default_method(assay))
    hint = "choose the assay that fits the values"
    if card.assay == Assay.SINGLE_CELL:
        hint = "readers of single cells add them up by donor: such counts are of the assay rna_counts"
    what, where = f"No method analyses the assay '{card.assay}'", source.where(("assay",))
    return Problem(what, where, card.assay, f"{analysed}, effects", hint)


def _check_nothing_fitted(card: Card, source: YamlSource) -> list[Problem]:
    """A published result table is taken over as it is: it can be told no method and no option."""
    told = [key for key in card.model.model_fields_set if getattr(card.model, key, None)]
    told += list(card.model.options)
    what, hint = "A published result table is not fitted again", "leave `model` out"
    return [
        Problem(what, source.where(("model", key)), key, "no method and no option", hint)
        for key in dict.fromkeys(told)
    ]


def _check_normalisation(card: Card, method: Method, source: YamlSource) -> list[Problem]:
    """A normalisation that the values and the method can take."""
    counted, told = card.scale == Scale.COUNTS, card.values.normalise
    of_values = [
        each for each in Normalisation if each != (Normalisation.MODE if counted else Normalisation.TMM)
    ]
    allowed = method.normalisations or of_values
    if told is None or told in allowed:
        return []
    what, hint = f"The normalisation '{told}' does not fit these values", "leave it out: the assay decides"
    return [Problem(what, source.where(("values", "normalise")), told, ", ".join(allowed), hint)]


def _check_options(
    who: str,
    model: type[BaseModel],
    given: dict[str, Any],
    source: YamlSource,
    location: Location,
    instead: Callable[[str], str] | None = None,
) -> list[Problem]:
    """Problems of options that a reader or a method does not take, or not so; ``instead`` names what takes it."""
    try:
        model.model_validate(given)
    except ValidationError as error:
        problems = []
        for details in error.errors():
            if is_undecided(details["input"]):  # said already, with what is to be decided
                continue
            key = ".".join(str(part) for part in details["loc"])
            what, found, hint = (
                f"{who} does not take the option '{key}' so",
                repr(details["input"]),
                details["msg"],
            )
            if details["type"] == "missing":
                what, found, hint = f"{who} needs the option '{key}'", "nothing", f"say {key}: ..."
            elif details["type"] == "extra_forbidden":
                hint = instead(key) if instead else nearest(key, model.model_fields)
            problems.append(
                Problem(
                    what,
                    source.where((*location, *details["loc"])),
                    found[:120],
                    ", ".join(model.model_fields) or "no options",
                    hint,
                )
            )
        return problems
    return []


def check_published(card: Card, source: YamlSource) -> list[Problem]:
    """Every published contrast stands in a file whose options say in which columns."""
    problems = []
    files = {file.name: file for file in card.files}
    for index, contrast in enumerate(card.contrasts):
        where = source.where(("contrasts", index))
        if contrast.file is None:
            what = f"The contrast '{contrast.name}' does not say which published table it stands in"
            problems.append(Problem(what, where, "no file", ", ".join(files), "add file:"))
        elif contrast.file not in files:
            what = f"The contrast '{contrast.name}' names a file that the card does not list"
            problems.append(
                Problem(what, where, contrast.file, ", ".join(files), nearest(contrast.file, files))
            )
        else:
            named = files[contrast.file].options.get("contrasts") or {}
            if contrast.name not in named:
                what = f"The options of {contrast.file} do not say in which columns '{contrast.name}' stands"
                problems.append(
                    Problem(
                        what, where, contrast.name, ", ".join(map(str, named)), nearest(contrast.name, named)
                    )
                )
    return problems


def check_panels(configuration: Configuration, source: YamlSource) -> list[Problem]:
    """Panels that there are."""
    if not configuration.panels:
        return []
    from sevaxis.genes.panels import panel_names

    known = panel_names()
    return [
        Problem(
            f"There is no panel '{name}'",
            source.where(("panels", index)),
            name,
            ", ".join(known),
            nearest(name, known),
        )
        for index, name in enumerate(configuration.panels)
        if name not in known
    ]


def check_questions(
    configuration: Configuration, cards: dict[str, Card], source: YamlSource
) -> list[Problem]:
    """Axis genes, questions and panels told twice, hypotheses about nothing, a mirror that is not there."""
    problems = []
    lists = {("axis", "genes"): configuration.axis.genes, ("questions",): configuration.questions}
    lists[("panels",)] = configuration.panels
    for location, names in lists.items():
        for index, name in enumerate(names):
            if name in names[:index]:
                what, hint = f"'{name}' stands twice in {'.'.join(location)}", "delete one"
                where = source.where((*location, index))
                problems.append(Problem(what, where, name, "each name once", hint))
    tissues = {card.tissue for card in cards.values()}
    tissues |= {each.tissue for card in cards.values() for each in card.contrasts if each.tissue}
    for index, hypothesis in enumerate(configuration.axis.hypotheses):
        place: Location = ("axis", "hypotheses", index)
        if hypothesis.gene not in configuration.axis.genes:
            what, allowed = "A hypothesis is about a gene that is none of the axis", configuration.axis.genes
            where, hint = source.where((*place, "gene")), nearest(hypothesis.gene, allowed)
            problems.append(Problem(what, where, hypothesis.gene, ", ".join(allowed), hint))
        hint = nearest(hypothesis.tissue, tissues)
        if hypothesis.tissue not in tissues and hint.startswith("did you mean"):
            what, where = (
                "A hypothesis is about a tissue that no data set has",
                source.where((*place, "tissue")),
            )
            problems.append(Problem(what, where, hypothesis.tissue, ", ".join(sorted(tissues)), hint))
    return problems


def check_orthologs(
    configuration: Configuration, cards: dict[str, Card], source: YamlSource
) -> list[Problem]:
    """Every organism other than human needs a table of human orthologs."""
    problems = []
    for organism in sorted(
        {card.organism for card in cards.values()} - {"human"} - set(configuration.orthologs)
    ):
        users = ", ".join(name for name, card in cards.items() if card.organism == organism)
        problems.append(
            Problem(
                f"There is no ortholog table for {organism}",
                source.where(("orthologs",)),
                f"{organism} data in {users}",
                "an entry of orthologs for each organism but human",
                "copy the entry from config/public.yaml",
            )
        )
    return problems
