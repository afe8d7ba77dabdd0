"""Sample sheets: facts about samples, a row each, checked against the card that uses them."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping

from sevaxis.base.problems import Problem, nearest
from sevaxis.base.vocabulary import Sex
from sevaxis.study.card import Card, ReadCard
from sevaxis.study.sheet import Sheet
from sevaxis.study.validation import is_undecided

#: Labels of a sex that need no explanation in the card. 1 and 2 do: studies differ in which is which.
SEX_LABELS = {"f": Sex.FEMALE, "female": Sex.FEMALE, "m": Sex.MALE, "male": Sex.MALE}
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
#: Labels that mean "not known".
UNKNOWN = {"", "na", "n/a", "nan", "none", "unknown", "not known", "not reported"}


def is_number(cell: str) -> bool:
    """Whether a cell is a number that can be calculated with."""
    return NUMBER.fullmatch(cell) is not None and math.isfinite(float(cell))


def odd_numbers(cells: Mapping[int, str]) -> list[int]:
    """Which cells of a column of numbers are none; nothing where the column is one of levels."""
    odd = [index for index, cell in cells.items() if not is_number(cell)]
    begin = sum(cell[:1].isdigit() for cell in cells.values())
    as_units = begin == len(cells) and len({*cells.values()}) > 4
    return odd if len(odd) < len(cells) / 2 or as_units else []


def sex_of(label: str, sex_labels: Mapping[str, Sex]) -> Sex | None:
    """Sex that a label of a sheet means, None for 'not known'.

    Raises
    ------
    ValueError
        For a label whose meaning is not known.
    """
    label = label.strip()
    if label in sex_labels:
        return sex_labels[label]
    if label.lower() in UNKNOWN:
        return None
    if label.lower() in SEX_LABELS:
        return SEX_LABELS[label.lower()]
    raise ValueError(label)


def select_samples(sheet: Sheet, card: ReadCard) -> list[int]:
    """Rows of the sheet that the card keeps (``keep``, ``exclude``)."""
    chosen = []
    for index, row in enumerate(sheet.rows):
        kept = all(row.get(column) in values for column, values in card.keep.items())
        if kept and row.get(card.columns.sample) not in card.exclude:
            chosen.append(index)
    return chosen


def specimen_of(row: Mapping[str, str], card: ReadCard) -> str:
    """Specimen of a sample: what ``replicate_of`` says, else its own name."""
    column = card.columns.replicate_of
    return (row.get(column, "") if column else "") or row.get(card.columns.sample, "")


def modelled_columns(card: ReadCard) -> list[str]:
    """Columns of the sheet that enter the model beside group and sex."""
    covariates = card.model.covariates if isinstance(card, Card) else ()
    return [*([card.columns.batch] if card.columns.batch else []), *covariates]


def subject_in_model(card: ReadCard) -> str | None:
    """Column of subjects, where the card asks for a mean for each of them; None where they are a block or unknown."""
    fixed = isinstance(card, Card) and card.model.options.get("subjects") == "fixed"
    return card.columns.subject if fixed else None


def check_sheet(sheet: Sheet, card: ReadCard) -> list[Problem]:
    """Problems of a sheet as such: columns, names, values that are kept or modelled, labels of sex."""
    return [
        *_check_columns(sheet, card),
        *_check_names(sheet, card),
        *_check_kept(sheet, card),
        *_check_levels(sheet, card),
        *check_modelled(sheet, card),
        *_check_sexes(sheet, card),
        *_check_specimens(sheet, card),
    ]


def _check_columns(sheet: Sheet, card: ReadCard) -> list[Problem]:
    columns = card.columns
    wanted = {
        "sample": columns.sample,
        "group": columns.group,
        "sex": columns.sex,
        "batch": columns.batch,
        "subject": columns.subject,
        "replicate_of": columns.replicate_of,
        **{f"keep.{name}": name for name in card.keep},
    }
    if isinstance(card, Card):
        wanted |= {f"model.covariates.{name}": name for name in card.model.covariates}
        for alternative, other in card.model.alternatives.items():
            place = f"model.alternatives.{alternative}.covariates"
            wanted |= {f"{place}.{name}": name for name in other.covariates or ()}
    return [
        Problem(
            f"The sheet has no column '{name}', which the card names as {key}",
            f"{sheet.shown}:1",
            name,
            ", ".join(sheet.header),
            nearest(name, sheet.header),
        )
        for key, name in wanted.items()
        if name is not None and name not in sheet.header and not is_undecided(name)
    ]


def _check_names(sheet: Sheet, card: ReadCard) -> list[Problem]:
    """Samples without a name or with the name of another, and exclusions of samples that are not there."""
    column = card.columns.sample
    if column not in sheet.header:
        return []
    problems = []
    first: dict[str, int] = {}
    for index, row in enumerate(sheet.rows):
        name = row[column]
        where = sheet.cell(index, column)
        if not name:
            problems.append(
                Problem("A sample has no name", where, "an empty cell", "a name", "fill the cell")
            )
        elif name in first:
            found = f"'{name}' here and on line {sheet.line(first[name])}"
            hint = "one row per sample; repeated samples of one animal get names of their own and a subject"
            problems.append(
                Problem("A sample stands twice in the sheet", where, found, "each name once", hint)
            )
        first.setdefault(name, index)
    for name in card.exclude:
        if name not in first:
            what = f"The card excludes a sample that the sheet does not have: '{name}'"
            allowed = ", ".join(list(first)[:20])
            where = f"{sheet.shown}, column '{column}'"
            problems.append(Problem(what, where, name, allowed, nearest(name, first)))
    return problems


def _check_kept(sheet: Sheet, card: ReadCard) -> list[Problem]:
    problems = []
    for column, values in card.keep.items():
        if column not in sheet.header:
            continue
        present = {row[column] for row in sheet.rows}
        for value in values:
            if value not in present:
                what = f"The card keeps samples with {column} = '{value}', and there are none"
                allowed, where = ", ".join(sorted(present)), f"{sheet.shown}, column '{column}'"
                problems.append(Problem(what, where, value, allowed, nearest(value, present)))
    if not problems and not select_samples(sheet, card):
        what, found = "No sample is left", f"0 of {len(sheet.rows)} samples"
        hint = "look at `keep` and `exclude` in the card: together they leave out every row"
        problems.append(Problem(what, f"{sheet.shown}:{sheet.line(0)}", found, "samples to compare", hint))
    return problems


def _check_levels(sheet: Sheet, card: ReadCard) -> list[Problem]:
    """Levels that differ in case, spaces or underscores only: two levels to the model, one to the eye."""
    roles = (card.columns.group, card.columns.batch, card.columns.subject)
    problems = []
    for column in dict.fromkeys(each for each in roles if each in sheet.header):
        first: dict[str, int] = {}
        for index in select_samples(sheet, card):
            label = sheet.rows[index][column]
            bare = re.sub(r"[\s_]+", "", unicodedata.normalize("NFKC", label)).casefold()
            other = first.setdefault(bare, index)
            if sheet.rows[other][column] != label:
                what, place = f"Two levels of '{column}' look like one", sheet.cell(index, column)
                found = f"'{label}' here, '{sheet.rows[other][column]}' on line {sheet.line(other)}"
                hint = "write them alike if they are one, or name them so that they can be told apart"
                problems.append(Problem(what, place, found, "one spelling for each level", hint))
                break
    return problems


def check_modelled(sheet: Sheet, card: ReadCard) -> list[Problem]:
    """Problems of cells in columns that enter the model: those without a value, and those that are no numbers."""
    problems = _check_numbers(sheet, card)
    for index in select_samples(sheet, card):
        for column in modelled_columns(card):
            if column in sheet.header and sheet.rows[index][column].lower() in UNKNOWN:
                what = "A sample has no value in a column that enters the model"
                hint = "fill the cell, exclude the sample, or leave the column out of the card"
                found = f"'{sheet.rows[index][column]}'"
                problems.append(
                    Problem(what, sheet.cell(index, column), found, "a value for every sample", hint)
                )
    return problems


def _check_specimens(sheet: Sheet, card: ReadCard) -> list[Problem]:
    """Technical replicates of one specimen that differ in what one specimen has once."""
    columns = card.columns
    if columns.replicate_of is None or columns.replicate_of not in sheet.header:
        return []
    problems: list[Problem] = []
    first: dict[str, int] = {}
    for index in select_samples(sheet, card):
        row = sheet.rows[index]
        other = first.setdefault(specimen_of(row, card), index)
        for column in (columns.group, columns.sex, columns.subject, columns.batch):
            if column in sheet.header and row[column] != sheet.rows[other][column]:
                what = f"Technical replicates of '{specimen_of(row, card)}' differ in '{column}'"
                found = f"'{row[column]}', and '{sheet.rows[other][column]}' on line {sheet.line(other)}"
                hint = (
                    "leave the batch out of the card: replicates of several batches are averaged over them"
                    if column == columns.batch
                    else "samples that differ are no replicates: name the column under `subject` instead"
                )
                problems.append(Problem(what, sheet.cell(index, column), found, "one value", hint))
    return problems


def _check_numbers(sheet: Sheet, card: ReadCard) -> list[Problem]:
    """Covariates of numbers with a few cells that are none: they would become a factor of as many levels."""
    problems = []
    for column in card.model.covariates if isinstance(card, Card) else ():
        if column not in sheet.header:
            continue
        cells = {index: sheet.rows[index][column] for index in select_samples(sheet, card)}
        known = {index: cell for index, cell in cells.items() if cell.lower() not in UNKNOWN}
        if odd := odd_numbers(known):
            what = f"The covariate '{column}' holds numbers and something else"
            found = f"'{cells[odd[0]]}', and {len(odd) - 1} more of {len(cells)} cells that are no numbers"
            hint = (
                "write numbers with a decimal point and without unit; or letters first, where they are levels"
            )
            problems.append(Problem(what, sheet.cell(odd[0], column), found, "numbers in every cell", hint))
    return problems


def _check_sexes(sheet: Sheet, card: ReadCard) -> list[Problem]:
    column = card.columns.sex
    if column is None or column not in sheet.header:
        return []
    problems = []
    for index, row in enumerate(sheet.rows):
        try:
            sex_of(row[column], card.sex_labels)
        except ValueError:
            allowed = "F, f, female, M, m, male, or empty for not known"
            hint = f"say in the card what it means, for instance sex_labels: {{'{row[column]}': female}}"
            what, where = "A label of sex whose meaning is not known", sheet.cell(index, column)
            problems.append(Problem(what, where, row[column], allowed, hint))
    return problems
