"""A card held against itself: what it says twice, what contradicts, and what nothing would read."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from sevaxis.base.problems import Problem
from sevaxis.base.vocabulary import Assay
from sevaxis.base.yaml_source import Location, YamlSource
from sevaxis.effects.methods import METHODS, default_method, load_method
from sevaxis.study.card import Card
from sevaxis.study.sheet import Sheet
from sevaxis.study.sheets import select_samples
from sevaxis.study.source import Source

#: Keys of a card that speak of samples, which a published table does not have.
OF_SAMPLES = ("columns", "sex", "sex_labels", "keep", "exclude", "samples", "samples_from")
#: Keys of a contrast that only a published table gives, and what is meant where they stand elsewhere.
OF_PUBLISHED = ("file", "stratum", "n_case", "n_reference")


def check_card(card: Card, source: YamlSource) -> list[Problem]:
    """Problems of a card that need nothing beside it."""
    problems = [*_roles(card, source), *_covariates(card, source, ("model",)), *_files_twice(card, source)]
    for name in card.model.alternatives:
        if card.model.alternatives[name].covariates is not None:
            other = card.model_copy(update={"model": card.model.alternative(name)})
            problems += _covariates(other, source, ("model", "alternatives", name))
    told = set(source.data)
    if card.sex is not None and card.columns.sex is not None:
        what, hint = (
            "The sex is told twice",
            "a column of the sheet, or one sex for all: leave one of them out",
        )
        found = f"sex: {card.sex} beside columns: sex: {card.columns.sex}"
        problems.append(Problem(what, source.where(("sex",)), found, "sex or columns: sex", hint))
    if card.sex_labels and card.columns.sex is None:
        what, hint = "The labels of sex belong to no column", "say columns: {sex: COLUMN}"
        where, found = source.where(("sex_labels",)), "sex_labels without columns: sex"
        problems.append(Problem(what, where, found, "both or none", hint))
    if {"samples", "samples_from"} <= told:
        what, hint = "The sample sheet is told twice", "leave out the one that is not meant"
        where = source.where(("samples_from",))
        problems.append(Problem(what, where, "samples and samples_from", "one of them", hint))
    unread = [key for key in OF_SAMPLES if key in told] if card.assay == Assay.EFFECTS else []
    for key in unread:
        what, hint = f"A published table has no samples for '{key}' to speak of", f"leave '{key}' out"
        problems.append(
            Problem(what, source.where((key,)), key, "contrasts, files and what describes them", hint)
        )
    for index, contrast in enumerate(card.contrasts):
        published = card.assay == Assay.EFFECTS
        keys = ("case", "reference", "weights", "by_sex") if published else OF_PUBLISHED
        for key in [key for key in keys if key in contrast.model_fields_set]:
            what = f"Nothing reads '{key}' of the contrast '{contrast.name}'"
            allowed = (
                "file, stratum, n_case, n_reference"
                if published
                else "case and reference, or weights; by_sex"
            )
            hint = (
                "a published table is told by its file"
                if published
                else "it is for the assay effects: leave it out"
            )
            problems.append(Problem(what, source.where(("contrasts", index, key)), key, allowed, hint))
    if not any(file.reader for file in card.files):
        what, hint = (
            "No file of the card is read",
            "give the file with the values a reader: reader: delimited",
        )
        found, allowed = "no `reader` in any file", "a reader for each file that holds something"
        problems.append(Problem(what, source.where(("files",)), found, allowed, hint))
    given = {file.name: file.reader for file in card.files}
    if card.samples_from is not None and given.get(card.samples_from.file, "") is None:
        what, hint = "The file with the sample sheet is not read", "give it a reader, and content: samples"
        where = source.where(("samples_from", "file"))
        problems.append(Problem(what, where, card.samples_from.file, "a file with a reader", hint))
    for name, why in card.exclude.items():
        if not why.strip():
            where, hint = source.where(("exclude", name)), f"{name}: 'why it is left out'"
            what = f"The card does not say why '{name}' is excluded"
            problems.append(Problem(what, where, "an empty reason", "a reason for the report", hint))
    return problems


def _roles(card: Card, source: YamlSource) -> list[Problem]:
    """One column of the sheet for two things."""
    named = {role: column for role, column in card.columns.model_dump().items() if column is not None}
    counts = Counter(named.values())
    return [
        Problem(
            f"The column '{column}' of the sheet is to be two things",
            source.where(("columns", [role for role in named if named[role] == column][-1])),
            " and ".join(role for role in named if named[role] == column),
            "a column of its own for each",
            "name the right column, or leave out what the sheet does not say",
        )
        for column, count in counts.items()
        if count > 1
    ]


def _covariates(card: Card, source: YamlSource, location: Location) -> list[Problem]:
    """Covariates that enter the model already, or twice, or that have the name of a role that the card leaves open."""
    roles = card.columns.model_dump()
    of_column = {column: role for role, column in roles.items() if column is not None}
    problems, seen = [], set()
    for index, name in enumerate(card.model.covariates):
        where = source.where((*location, "covariates", index))
        if name in of_column or name in seen:
            role = of_column.get(name, "a covariate")
            what, found = f"'{name}' is no further covariate", f"'{name}', which is {role} already"
            hint = "leave it out: group, sex and batch enter the model by themselves"
            problems.append(Problem(what, where, found, "each column once", hint))
        elif name in roles:
            what, hint = (
                f"The covariate '{name}' has the name of a column with a meaning",
                f"columns: {{{name}: {name}}}",
            )
            allowed = f"say in `columns` that it is the {name}"
            problems.append(Problem(what, where, name, allowed, hint))
        seen.add(name)
    return problems


def _files_twice(card: Card, source: YamlSource) -> list[Problem]:
    """The same bytes read twice in the same way: every sample would be there twice."""
    problems: list[Problem] = []
    first: dict[tuple[str, ...], str] = {}
    for index, file in enumerate(card.files):
        origin = file.url or file.path
        if file.reader is None or origin is None:
            continue
        key = (origin, file.reader, file.content, repr(sorted(file.options.items(), key=repr)))
        if key in first:
            what, where = "One file is read twice in the same way", source.where(("files", index))
            hint = "its samples would be there twice: name the other file, or leave this one out"
            problems.append(Problem(what, where, f"{file.name} is {first[key]}", "each file once", hint))
        first.setdefault(key, file.name)
    return problems


def check_own_file(file: Source, where: str, root: Path) -> list[Problem]:
    """An own file that is not there, is a folder, is empty, or cannot be read."""
    if file.path is None:
        return []
    path = root / file.path
    hint = f"put it there, or correct `path:` (it is looked for in {path.parent.absolute()})"
    if path.is_dir():
        found, hint = "a folder", "name the file in it, one entry under `files` for each"
    elif file.path.startswith("~"):
        found, hint = "a ~, which is a folder's name here", f"write {Path(file.path).expanduser()}"
    elif not path.exists():
        found = "no such file" if path.parent.is_dir() else f"no folder {path.parent}"
    elif not path.is_file():
        found = "neither a file nor a folder"
    elif not os.access(path, os.R_OK):
        found, hint = "no right to read it", f"chmod u+r {file.path}"
    elif path.stat().st_size == 0:
        found, hint = "an empty file", "copy it again: it may not have arrived"
    elif file.bytes not in (None, path.stat().st_size):
        found, hint = f"{path.stat().st_size} bytes, not {file.bytes}", "correct `bytes:`, or leave it out"
    else:
        return []
    return [Problem(f"Your file '{file.path}' cannot be used", where, found, "a file that can be read", hint)]


def check_subjects(sheet: Sheet, card: Card, source: YamlSource) -> list[Problem]:
    """A method for several samples of a subject, where every subject has one."""
    name, column = card.model.method or default_method(card.assay), card.columns.subject
    if (
        name is None
        or name not in METHODS
        or column not in sheet.header
        or not load_method(name).needs_subject
    ):
        return []
    subjects = Counter(sheet.rows[index][column] for index in select_samples(sheet, card))
    if any(count > 1 for subject, count in subjects.items() if subject):
        return []
    what, where = f"The method '{name}' needs several samples of a subject", source.where(("model", "method"))
    hint = "leave the method out, or name the column that tells whose sample each is"
    return [
        Problem(what, where, f"one sample of each in '{column}'", "subjects with two samples or more", hint)
    ]
