"""Sample sheets: facts about samples, a row each, checked against the card that uses them."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sevaxis.base.problems import Problem, nearest
from sevaxis.study.card import Card, Contrast, ReadCard
from sevaxis.study.validation import TODO, is_undecided

#: Labels of a sex that need no explanation in the card. 1 and 2 do: studies differ in which is which.
SEX_LABELS = {"f": "female", "female": "female", "m": "male", "male": "male"}
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


def sex_of(label: str, sex_labels: dict[str, str]) -> str | None:
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


def check_sheet(sheet: Sheet, card: ReadCard) -> list[Problem]:
    """Problems of a sheet as such: columns, names, labels of sex."""
    problems = []
    columns = card.columns
    wanted = {
        "sample": columns.sample,
        "group": columns.group,
        "sex": columns.sex,
        "batch": columns.batch,
        "subject": columns.subject,
        **{f"keep.{name}": name for name in card.keep},
    }
    if isinstance(card, Card):
        wanted |= {f"model.covariates.{name}": name for name in card.model.covariates}
    for key, name in wanted.items():
        if name is not None and name not in sheet.header:
            what = f"The sheet has no column '{name}', which the card names as {key}"
            allowed = ", ".join(sheet.header)
            problems.append(Problem(what, f"{sheet.shown}:1", name, allowed, nearest(name, sheet.header)))
    if columns.sample in sheet.header:
        first: dict[str, int] = {}
        for index, row in enumerate(sheet.rows):
            name = row[columns.sample]
            where = sheet.cell(index, columns.sample)
            if not name:
                problems.append(
                    Problem("A sample has no name", where, "an empty cell", "a name", "fill the cell")
                )
            elif name in first:
                found = f"'{name}' here and on line {first[name] + sheet.first_line}"
                hint = (
                    "one row per sample; repeated samples of one animal get names of their own and a subject"
                )
                problems.append(
                    Problem("A sample stands twice in the sheet", where, found, "each name once", hint)
                )
            first.setdefault(name, index)
        for name in card.exclude:
            if name not in first:
                what = f"The card excludes a sample that the sheet does not have: '{name}'"
                allowed = ", ".join(list(first)[:20])
                problems.append(Problem(what, sheet.shown, name, allowed, nearest(name, first)))
    for column, values in card.keep.items():
        present = {row.get(column) for row in sheet.rows}
        for value in values:
            if column in sheet.header and value not in present:
                what = f"The card keeps samples with {column} = '{value}', and there are none"
                problems.append(
                    Problem(what, sheet.shown, value, ", ".join(sorted(present)), nearest(value, present))
                )
    modelled = [columns.batch, *(card.model.covariates if isinstance(card, Card) else ())]
    for index in select_samples(sheet, card):
        for column in modelled:
            if column in sheet.header and sheet.rows[index][column].lower() in UNKNOWN:
                what = "A sample has no value in a column that enters the model"
                hint = "fill the cell, exclude the sample, or leave the column out of the card"
                found = f"'{sheet.rows[index][column]}'"
                problems.append(
                    Problem(what, sheet.cell(index, column), found, "a value for every sample", hint)
                )
    if columns.sex in sheet.header:
        for index, row in enumerate(sheet.rows):
            try:
                sex_of(row[columns.sex], card.sex_labels)
            except ValueError:
                label = row[columns.sex]
                allowed = "F, f, female, M, m, male, or empty for not known"
                hint = f"say in the card what it means, for instance sex_labels: {{'{label}': female}}"
                where = sheet.cell(index, columns.sex)
                problems.append(
                    Problem("A label of sex whose meaning is not known", where, label, allowed, hint)
                )
    return problems


@dataclass(frozen=True)
class SampleFacts:
    """What contrasts need to know of one sample."""

    group: str
    sex: str | None
    batch: str | None


def facts_of(sheet: Sheet, card: ReadCard) -> list[SampleFacts]:
    """Group, sex and batch of the samples that a card keeps, as far as the sheet can say."""
    columns = card.columns
    facts = []
    for index in select_samples(sheet, card):
        row = sheet.rows[index]
        try:
            sex = sex_of(row[columns.sex], card.sex_labels) if columns.sex in row else card.sex
        except ValueError:  # reported by check_sheet
            sex = None
        facts.append(SampleFacts(row.get(columns.group, ""), sex, row.get(columns.batch)))
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
            problems += _check_batch(contrast, where, samples)
            if contrast.by_sex:
                problems += _check_sexes(contrast, where, samples, min_per_group)
    return problems


def _check_batch(contrast: Contrast, where: str, samples: list[SampleFacts]) -> list[Problem]:
    """A contrast of groups is estimable beside batch effects if and only if its weights sum to zero within each
    set of groups that batches connect (the connected components of the group-batch incidence graph)."""
    component = {sample.group: sample.group for sample in samples}

    def root(level: str) -> str:
        while component[level] != level:
            level = component[level]
        return level

    first_in_batch: dict[str | None, str] = {}
    for sample in samples:
        seen = first_in_batch.setdefault(sample.batch, sample.group)
        component[root(sample.group)] = root(seen)
    sums: dict[str, float] = defaultdict(float)
    for level, weight in contrast.level_weights().items():
        sums[root(level)] += weight
    if all(abs(total) < 1e-9 for total in sums.values()):
        return []
    batches = {
        level: sorted({str(sample.batch) for sample in samples if sample.group == level})
        for level in contrast.level_weights()
    }
    return [
        Problem(
            f"The contrast '{contrast.name}' cannot be told from the batch",
            where,
            "; ".join(f"{level} only in batch {', '.join(names)}" for level, names in batches.items()),
            "groups that share batches",
            "no model can separate them: leave the contrast out, or the batch, if it is no real batch",
        )
    ]


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
        for sex in ("female", "male")
        if counts[level, sex] < min_per_group
    ]
