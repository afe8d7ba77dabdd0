"""Sample sheets: facts about samples, a row each, checked against the card that uses them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sevaxis.base.problems import Problem, nearest
from sevaxis.base.vocabulary import Sex
from sevaxis.study.card import Card, ReadCard
from sevaxis.study.validation import TODO, is_undecided

#: Labels of a sex that need no explanation in the card. 1 and 2 do: studies differ in which is which.
SEX_LABELS = {"f": Sex.FEMALE, "female": Sex.FEMALE, "m": Sex.MALE, "male": Sex.MALE}
#: Labels that mean "not known".
UNKNOWN = {"", "na", "n/a", "nan", "none", "unknown", "not known", "not reported"}


@dataclass(frozen=True)
class Sheet:
    """A sample sheet.

    Attributes
    ----------
    shown
        How the sheet is called in messages.
    header
        Column names.
    rows
        One mapping of column to text per sample.
    first_line
        Line of the first row in the file.
    """

    shown: str
    header: tuple[str, ...]
    rows: tuple[dict[str, str], ...]
    first_line: int = 2

    def cell(self, row: int, column: str) -> str:
        """Place of a cell, for messages."""
        return f"{self.shown}:{row + self.first_line}, column '{column}'"


def load_sheet(path: Path, shown: str) -> tuple[Sheet | None, list[Problem]]:
    """Read a tab-separated sample sheet.

    Returns
    -------
    The sheet, or None where it cannot be read, and the problems found (cells still to be filled in among them).
    """
    try:
        lines = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines(), delimiter="\t"))
    except (OSError, UnicodeDecodeError) as error:
        found = getattr(error, "strerror", None) or "bytes that are not UTF-8"
        hint = "write it beside card.yaml: tab-separated, a row per sample; or say samples_from in the card"
        return None, [
            Problem("The sample sheet cannot be read", shown, found, "a tab-separated UTF-8 file", hint)
        ]
    if len(lines) < 2:
        hint = "the first line names the columns: sample, group, sex, ..."
        return None, [
            Problem("The sample sheet is empty", shown, f"{len(lines)} lines", "a header and rows", hint)
        ]
    header, *rows = lines
    problems = []
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            where = f"{shown}:{number}"
            found, allowed = f"{len(row)} cells", f"{len(header)} cells, as in the header"
            problems.append(
                Problem("A row of the sheet has another length", where, found, allowed, "check the tabs")
            )
    for name, count in Counter(header).items():
        if count > 1:
            problems.append(
                Problem(
                    "Two columns have one name", f"{shown}:1", name, "each name once", "rename one of them"
                )
            )
    if problems:
        return None, problems
    cells = tuple({name: cell.strip() for name, cell in zip(header, row, strict=True)} for row in rows)
    sheet = Sheet(shown, tuple(header), cells)
    return sheet, _undecided_cells(sheet)


def _undecided_cells(sheet: Sheet) -> list[Problem]:
    """Columns with cells that were left to the user, each told once."""
    problems = []
    for column in sheet.header:
        open_cells = [index for index, row in enumerate(sheet.rows) if is_undecided(row[column])]
        if open_cells:
            text = sheet.rows[open_cells[0]][column]
            found = f"{text} ({len(open_cells)} of {len(sheet.rows)} rows)"
            hint = text.removeprefix(TODO).strip(" :") or "fill the cells"
            where = sheet.cell(open_cells[0], column)
            problems.append(
                Problem(f"The column '{column}' is still to be filled in", where, found, "facts", hint)
            )
    return problems


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
        *_check_modelled(sheet, card),
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
            found = f"'{name}' here and on line {first[name] + sheet.first_line}"
            hint = "one row per sample; repeated samples of one animal get names of their own and a subject"
            problems.append(
                Problem("A sample stands twice in the sheet", where, found, "each name once", hint)
            )
        first.setdefault(name, index)
    for name in card.exclude:
        if name not in first:
            what = f"The card excludes a sample that the sheet does not have: '{name}'"
            allowed = ", ".join(list(first)[:20])
            problems.append(Problem(what, sheet.shown, name, allowed, nearest(name, first)))
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
                problems.append(
                    Problem(what, sheet.shown, value, ", ".join(sorted(present)), nearest(value, present))
                )
    return problems


def _check_modelled(sheet: Sheet, card: ReadCard) -> list[Problem]:
    problems = []
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
                found = (
                    f"'{row[column]}', and '{sheet.rows[other][column]}' on line {other + sheet.first_line}"
                )
                hint = (
                    "leave the batch out of the card: replicates of several batches are averaged over them"
                    if column == columns.batch
                    else "samples that differ are no replicates: name the column under `subject` instead"
                )
                problems.append(Problem(what, sheet.cell(index, column), found, "one value", hint))
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
