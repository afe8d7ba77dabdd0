"""Samples of a matrix and rows of a sheet: brought together by name, and what the sheet says in one vocabulary."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sevaxis.base.problems import Problem, nearest
from sevaxis.study.card import ReadCard
from sevaxis.study.sheets import Sheet, check_sheet, select_samples, sex_of, specimen_of

if TYPE_CHECKING:
    import pandas as pd

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
    sheet: Sheet, names: list[str], card: ReadCard, *, retrieved: bool
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
    loose = Counter(_bare(name) for name in names)
    by_name = {name: position for position, name in enumerate(names)}
    by_bare = {_bare(name): position for position, name in enumerate(names)}
    kept, notes = set(select_samples(sheet, card)), {"excluded": {}, "renamed": {}, "without_values": []}
    positions, rows, described = [], [], set()
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
            free = [other for other in names if other not in {r[column] for r in sheet.rows}]
            what = "The matrix has no such sample"
            problems.append(
                Problem(what, sheet.cell(index, column), name, _listed(free), nearest(name, free))
            )
    for position in sorted(set(range(len(names))) - described):
        if names[position] in card.exclude:
            notes["excluded"][names[position]] = card.exclude[names[position]]
            continue
        what = "The sheet says nothing about a sample of the matrix"
        hint = "add a row to the sheet; to leave the sample out, name it under `exclude` in the card with the reason"
        problems.append(Problem(what, sheet.shown, names[position], "a row for every sample", hint))
    if not positions and not problems:
        problems.append(
            Problem("No sample is left", sheet.shown, "0 samples", "at least 2", "look at keep and exclude")
        )
    if problems:
        return None, problems
    told = [specimen_of(sheet.rows[index], card) for index in rows] if card.columns.replicate_of else None
    return Matched(positions, _describe(sheet, rows, card), {k: v for k, v in notes.items() if v}, told), []


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
