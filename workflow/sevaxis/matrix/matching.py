"""Samples of a matrix and rows of a sheet: brought together by name, and what the sheet says in one vocabulary."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sevaxis.base.problems import Problem, nearest
from sevaxis.study.card import ReadCard
from sevaxis.study.sheet import Sheet
from sevaxis.study.sheets import check_sheet, select_samples, sex_of, specimen_of

if TYPE_CHECKING:
    import pandas as pd

#: More unmatched names than this are told in one problem.
MANY = 10
#: Columns that every data set has, whatever its sheet calls them.
STANDARD = ("group", "sex", "batch", "subject")


@dataclass
class Matched:
    """Samples that are analysed.

    Attributes
    ----------
    positions
        Row of the matrix of each sample, in the order of the sheet.
    obs
        What is known of each sample; index: its name in the sheet.
    specimens
        Specimen of each sample, where the card names technical replicates; a sample without one is its own.
    notes
        For the provenance: ``excluded`` (sample -> reason), ``renamed`` (sheet -> matrix, names that differ in case
        or punctuation only), ``without_values`` (samples of a retrieved sheet that the matrix does not have).
    """

    positions: list[int]
    obs: pd.DataFrame
    notes: dict = field(default_factory=dict)
    specimens: list[str] | None = None


def sheet_of(obs: pd.DataFrame, name: str) -> Sheet:
    """Sample annotation that lies inside a retrieved file, as a sheet; its row names are the column ``sample``."""
    import pandas as pd

    columns = {"sample": obs.index.astype(str).tolist()} if "sample" not in obs else {}
    for column in obs.columns:
        columns[str(column)] = ["" if pd.isna(cell) else _plain(cell) for cell in obs[column]]
    rows = tuple(dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True))
    return Sheet(name, tuple(columns), rows)


def _plain(cell) -> str:
    text = str(cell).strip()
    return text[:-2] if re.fullmatch(r"-?\d+\.0", text) else text


def match_samples(
    sheet: Sheet, names: list[str], card: ReadCard, *, retrieved: bool, features: Collection[str] = ()
) -> tuple[Matched | None, list[Problem]]:
    """Find each sample of the sheet in the matrix.

    Parameters
    ----------
    sheet
        The sample sheet.
    names
        Samples of the matrix.
    card
        Which column is what; which samples are kept.
    retrieved
        The sheet lies inside a retrieved file: it may describe samples that the matrix does not have.
    features
        Names of the matrix's rows, to tell a table that lies on its side.

    Returns
    -------
    The samples that are analysed (None where there are problems), and the problems, with file and cell.

    Notes
    -----
    Names are the same when they are equal, or else when they differ only in case, ``-``, ``.``, ``_`` and spaces and
    no other name does.
    """
    problems = check_sheet(sheet, card)
    if problems:
        return None, problems
    column = card.columns.sample
    if lying := _lies_on_its_side(sheet, names, features, card):
        return None, [lying]
    loose = Counter(_bare(name) for name in names)
    by_name = {name: position for position, name in enumerate(names)}
    by_bare = {_bare(name): position for position, name in enumerate(names)}
    kept, notes = set(select_samples(sheet, card)), {"excluded": {}, "renamed": {}, "without_values": []}
    positions, rows, described, missing = [], [], set(), []
    for index, row in enumerate(sheet.rows):
        name = row[column]
        position = by_name.get(name)
        if position is None and loose[_bare(name)] == 1:
            position = by_bare[_bare(name)]
            notes["renamed"][name] = names[position]
        if position is not None and position in described:
            what = "Two samples of the sheet are one sample of the matrix"
            hint = "names that differ in case or punctuation only are taken for the same"
            problems.append(Problem(what, sheet.cell(index, column), name, f"'{names[position]}' once", hint))
            continue
        if position is not None:
            described.add(position)
        if index not in kept:
            notes["excluded"][name] = _why_excluded(row, card)
        elif position is not None:
            positions.append(position)
            rows.append(index)
            if not row[card.columns.group]:
                where = sheet.cell(index, card.columns.group)
                hint = "fill the cell, or leave the sample out with `exclude` or `keep` in the card"
                problems.append(
                    Problem(f"Sample '{name}' has no group", where, "an empty cell", "a group", hint)
                )
        elif retrieved:
            notes["without_values"].append(name)
        else:
            missing.append(index)
    unnamed = [names[i] for i in sorted(set(range(len(names))) - described)]
    for name in [name for name in unnamed if name in card.exclude]:
        notes["excluded"][name] = card.exclude[name]
    unnamed = [name for name in unnamed if name not in card.exclude]
    problems += _unmatched(sheet, column, missing, unnamed, names)
    if not positions and not problems:
        problems.append(
            Problem("No sample is left", sheet.shown, "0 samples", "at least 2", "look at keep and exclude")
        )
    if problems:
        return None, problems
    told = [specimen_of(sheet.rows[index], card) for index in rows] if card.columns.replicate_of else None
    return Matched(positions, _describe(sheet, rows, card), {k: v for k, v in notes.items() if v}, told), []


def _lies_on_its_side(
    sheet: Sheet, names: list[str], features: Collection[str], card: ReadCard
) -> Problem | None:
    """A problem where the sheet's samples are the rows of the matrix; said once, not for every gene."""
    rows, columns = {_bare(name) for name in features}, {_bare(name) for name in names}
    told = [row[card.columns.sample] for row in sheet.rows]
    lying = sum(_bare(name) in rows for name in told)
    if lying <= len(told) / 2 or lying <= sum(_bare(name) in columns for name in told):
        return None
    found = f"{lying} of {len(told)} samples of the sheet are rows of the matrix; its columns are {_listed(names, 3)}"
    hint = "samples lie in rows: say options: {layout: transposed} for the file in the card"
    what, where = "The table lies on its side", f"{sheet.shown}, column '{card.columns.sample}'"
    return Problem(what, where, found, "a row for each feature, a column for each sample", hint)


def _unmatched(
    sheet: Sheet, column: str, missing: list[int], unnamed: list[str], names: list[str]
) -> list[Problem]:
    """Rows without a sample, samples without a row: each by its name, or all in one where they are many."""
    told = {row[column] for row in sheet.rows}
    free, problems = [name for name in names if name not in told], []
    for index in missing if len(missing) <= MANY else missing[:1]:
        name = sheet.rows[index][column]
        what, hint = "The matrix has no such sample", nearest(name, free)
        if not free:
            hint = "take the row out of the sheet, or name the sample under `exclude` in the card with the reason"
        if len(missing) > MANY:
            what = f"The matrix does not have {len(missing)} of the {len(sheet.rows)} samples of the sheet"
            name = _listed([sheet.rows[each][column] for each in missing], 5)
            hint = "does columns: {sample: ...} name the column with the matrix's own names?"
        problems.append(Problem(what, sheet.cell(index, column), name, _listed(free), hint))
    for name in unnamed if len(unnamed) <= MANY else unnamed[:1]:
        what = "The sheet says nothing about a sample of the matrix"
        hint = "add a row to the sheet; to leave the sample out, then name it under `exclude` in the card"
        if len(unnamed) > MANY:
            what = f"The sheet says nothing about {len(unnamed)} samples of the matrix"
            name = _listed(unnamed, 5)
            hint = "add rows to the sheet; where they are no samples, name the samples with the reader's `samples`"
        where = f"{sheet.shown}, column '{column}'"
        problems.append(Problem(what, where, name, "a row for every sample", hint))
    return problems


def _bare(name: str) -> str:
    return re.sub(r"[-._\s]+", "", name).casefold()


def _why_excluded(row: dict[str, str], card: ReadCard) -> str:
    if row[card.columns.sample] in card.exclude:
        return card.exclude[row[card.columns.sample]]
    wrong = [column for column, values in card.keep.items() if row.get(column) not in values]
    return "; ".join(
        f"{column} is {row[column] or 'empty'}, not {' or '.join(card.keep[column])}" for column in wrong
    )


def _listed(names: list[str], limit: int = 12) -> str:
    text = ", ".join(names[:limit])
    return text + (f" and {len(names) - limit} more" if len(names) > limit else "") or "no name is left over"


def _describe(sheet: Sheet, rows: list[int], card: ReadCard) -> pd.DataFrame:
    """Standard columns, then the sheet's own; numbers where a column holds nothing else."""
    import pandas as pd

    columns = card.columns
    chosen = [sheet.rows[index] for index in rows]
    obs = pd.DataFrame(index=pd.Index([row[columns.sample] for row in chosen], name="sample"))
    sources = {"group": columns.group, "sex": columns.sex, "batch": columns.batch, "subject": columns.subject}
    for standard, source in sources.items():
        if standard == "sex":
            cells = [sex_of(row[source], card.sex_labels) if source else card.sex for row in chosen]
        else:
            cells = [(row[source] or None) if source else None for row in chosen]
        obs[standard] = pd.Categorical(cells)
    for name in sheet.header:
        if name in (*STANDARD, columns.sample, "sample") or name == obs.index.name:
            continue
        text = pd.Series([row[name] or None for row in chosen], index=obs.index, dtype="object")
        number = pd.to_numeric(text, errors="coerce")
        is_number = text.notna().any() and number[text.notna()].notna().all()
        obs[name] = number.astype(float) if is_number else pd.Categorical(text)
    return obs
