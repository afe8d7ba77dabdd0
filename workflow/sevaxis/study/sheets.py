"""Sample sheets: facts about samples, a row each, checked against the card that uses them."""

from __future__ import annotations

import csv
import math
import re
import unicodedata
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
#: Characters that nobody sees: zero width, byte order mark, soft hyphen.
INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
#: Labels that mean "not known".
UNKNOWN = {"", "na", "n/a", "nan", "none", "unknown", "not known", "not reported"}


def is_number(cell: str) -> bool:
    """Whether a cell is a number that can be calculated with."""
    return NUMBER.fullmatch(cell) is not None and math.isfinite(float(cell))


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
    lines
        Line of each row in the file; from 2 on where it is empty.
    """

    shown: str
    header: tuple[str, ...]
    rows: tuple[dict[str, str], ...]
    lines: tuple[int, ...] = ()

    def line(self, row: int) -> int:
        """Line of a row."""
        return self.lines[row] if self.lines else row + 2

    def cell(self, row: int, column: str) -> str:
        """Place of a cell, for messages."""
        return f"{self.shown}:{self.line(row)}, column '{column}'"


def load_sheet(path: Path, shown: str) -> tuple[Sheet | None, list[Problem]]:
    """Read a sample sheet: separated by tabs, or by commas or semicolons where its first line has no tab.

    Empty lines and columns without name and content are passed over, as spreadsheets leave them.

    Returns
    -------
    The sheet, or None where it cannot be read, and the problems found (cells still to be filled in among them).
    """
    try:
        text, problem = _decoded(path.read_bytes(), shown)
    except OSError as error:
        hint = "write it beside card.yaml: tab-separated, a row per sample; or say samples_from in the card"
        found, allowed = error.strerror or str(error), "a tab-separated UTF-8 file"
        return None, [Problem("The sample sheet cannot be read", shown, found, allowed, hint)]
    if problem is not None:
        return None, [problem]
    numbered, problems = _cut(text, shown)
    if len(numbered) < 2 and not problems:
        hint = "the first line names the columns: sample, group, sex, ..."
        found = f"{len(numbered)} lines that are not empty"
        return None, [Problem("The sample sheet is empty", f"{shown}:1", found, "a header and rows", hint)]
    if problems:
        return None, problems
    (first, header), *rows = numbered
    width = len(header)
    while width and not header[width - 1] and not any("".join(row[width - 1 :]) for _, row in rows):
        width -= 1
    header = header[:width]
    for number, row in rows:
        if len(row) < width or "".join(row[width:]):
            found, allowed = f"{len(row)} cells", f"{width} cells, as in the header"
            what, hint = (
                "A row of the sheet has another length",
                "check the tabs: an empty cell needs its own",
            )
            problems.append(Problem(what, f"{shown}:{number}", found, allowed, hint))
    for name, count in Counter(header).items():
        if count > 1 or not name:
            what = "Two columns have one name" if name else "A column of the sheet has no name"
            found, hint = name or f"column {header.index(name) + 1}", "rename one of them, or take it out"
            problems.append(Problem(what, f"{shown}:{first}", found, "a name for each column", hint))
    if problems:
        return None, problems
    cells = tuple(dict(zip(header, row, strict=False)) for _, row in rows)
    sheet = Sheet(shown, tuple(header), cells, tuple(number for number, _ in rows))
    return sheet, _undecided_cells(sheet)


def _decoded(data: bytes, shown: str) -> tuple[str, Problem | None]:
    """Text of a sheet, UTF-8 or the UTF-16 that spreadsheets call Unicode."""
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        hint = "save the sheet as text with tabs (Excel: Text (Tab delimited))"
        return "", Problem(
            "The sample sheet is a workbook", f"{shown}:1", "a file of Excel", "a text file", hint
        )
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return data.decode("utf-16"), None
        return data.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        what, found = (
            "The sample sheet cannot be read",
            f"bytes that are not UTF-8: {data[error.start :][:8]!r}",
        )
        hint = "save it as UTF-8 (Excel: Unicode Text, or CSV UTF-8)"
        return "", Problem(what, f"{shown}:{line}", found, "a tab-separated UTF-8 file", hint)


def _cut(text: str, shown: str) -> tuple[list[tuple[int, list[str]]], list[Problem]]:
    """Lines of a sheet that are not empty, each with its number and cells; and lines whose quotes do not close."""
    lines = re.split(r"\r\n|\n|\r", text)
    header = next((line for line in lines if line.strip()), "")
    separators = [each for each in ("\t", ";", ",") if each in header]
    cut, problems = [], []
    for number, line in enumerate(lines, start=1):
        try:
            (row,) = csv.reader([line], delimiter=separators[0] if separators else "\t", strict=True) or [[]]
        except (csv.Error, ValueError) as error:
            what, found = "A row of the sheet cannot be cut into cells", f"{line.strip()[:60]!r}: {error}"
            hint = "close the quotes or take them out; no cell may hold a line break"
            where, allowed = f"{shown}:{number}", 'quotes in pairs: "a cell"'
            problems.append(Problem(what, where, found, allowed, hint))
            continue
        cells = [INVISIBLE.sub("", cell).strip() for cell in row]
        if any(cells):
            cut.append((number, cells))
    return cut, problems


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
        *_check_levels(sheet, card),
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


def _check_modelled(sheet: Sheet, card: ReadCard) -> list[Problem]:
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
        odd = [index for index, cell in known.items() if not is_number(cell)]
        begin = [index for index, cell in known.items() if cell[:1].isdigit()]
        if odd and (len(odd) < len(known) / 2 or (len(begin) == len(known) and len({*known.values()}) > 4)):
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
