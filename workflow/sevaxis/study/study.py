"""A study: configuration, cards and sample sheets, validated together; all problems at once.

This module is imported whenever Snakemake parses the workflow: it imports nothing heavy.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sevaxis.base.problems import Problem, Problems, nearest
from sevaxis.base.vocabulary import Assay
from sevaxis.base.yaml_source import YamlSource, load_yaml
from sevaxis.study.card import Card
from sevaxis.study.checks import (
    check_files,
    check_method,
    check_orthologs,
    check_panels,
    check_published,
    check_questions,
)
from sevaxis.study.configuration import Configuration
from sevaxis.study.consistency import check_card, check_own_file, check_subjects
from sevaxis.study.estimability import check_contrasts, facts_of
from sevaxis.study.genes import check_genes, load_identifiers
from sevaxis.study.settings import IdentifierTables
from sevaxis.study.sheet import Sheet, load_sheet
from sevaxis.study.sheets import check_modelled, check_sheet
from sevaxis.study.validation import is_undecided, validate


@dataclass(frozen=True)
class Study:
    """A validated study.

    Attributes
    ----------
    configuration
        What the study asks of which data sets.
    cards
        Data set id -> card, in the order of the configuration.
    sheets
        Data set id -> path of its sample sheet, None where the sheet lies inside a retrieved file or where the data
        set is a published result table.
    identifiers
        The tables of identifiers that the study names.
    """

    configuration: Configuration
    cards: dict[str, Card]
    sheets: dict[str, Path | None]
    identifiers: IdentifierTables

    @property
    def results(self) -> Path:
        """Folder of the study's results."""
        return Path(self.configuration.results_folder) / self.configuration.name


def load_study(
    path: Path | None = None,
    *,
    settings: dict[str, Any] | None = None,
    root: Path = Path(),
    look: bool = True,
) -> Study:
    """Load and check a study.

    Parameters
    ----------
    path
        The configuration file; it gives the line numbers of messages.
    settings
        The configuration where it is already read (Snakemake merges files and the command line); the content of
        ``path`` where it is missing.
    root
        Folder that the paths of the configuration are relative to.
    look
        Whether own files are looked for; not in a job, whose machine may see other disks.

    Raises
    ------
    Problems
        With everything that is wrong in configuration, cards and sheets.
    """
    problems: list[Problem] = []
    source: YamlSource | None = None
    if path is not None:
        source, problems = load_yaml(root / path, str(path))
    if settings is not None:
        source = YamlSource(
            source.path if source else "the configuration", settings, source.lines if source else {}
        )
    if source is None:
        raise Problems(problems)
    configuration, found = validate(Configuration, source)
    problems += found
    # The cards are checked even where the configuration has problems of its own: all problems at once.
    names = configuration.datasets if configuration else _plain_names(source.data.get("datasets"))
    folder = (
        configuration.datasets_folder
        if configuration
        else source.data.get("datasets_folder", "config/datasets")
    )
    min_per_group = configuration.thresholds.min_per_group if configuration else 2
    for name, count in Counter(names).items():
        if count > 1:
            where = source.where(("datasets",))
            problems.append(
                Problem(f"Two data sets with the id '{name}'", where, name, "each id once", "delete one")
            )
    cards: dict[str, Card] = {}
    sheets: dict[str, Path | None] = {}
    for index, name in enumerate(dict.fromkeys(names)):
        where = source.where(("datasets", index))
        card, sheet, found = load_dataset(name, Path(str(folder)), root, where, min_per_group, look=look)
        problems += found
        if card is not None:
            cards[name] = card
            sheets[name] = sheet
    identifiers = IdentifierTables()
    if configuration:
        problems += check_panels(configuration, source)
        problems += check_questions(configuration, cards, source)
        for organism, table in configuration.orthologs.items() if look else ():
            problems += check_own_file(table, source.where(("orthologs", organism, "path")), root)
        if look and configuration.mirror is not None and not (root / configuration.mirror).is_dir():
            what, hint = (
                "The mirror folder is not there",
                "correct `mirror:`, or leave it out to ask the network",
            )
            where = source.where(("mirror",))
            problems.append(Problem(what, where, configuration.mirror, "a folder", hint))
        problems += check_genes(configuration, source)
        identifiers, found = load_identifiers(configuration, source, root, look=look)
        problems += found
    if configuration and not problems:
        problems += check_orthologs(configuration, cards, source)
    if problems or configuration is None:
        raise Problems(problems)
    return Study(configuration, cards, sheets, identifiers)


def _plain_names(value: Any) -> tuple[str, ...]:
    return tuple(name for name in value if isinstance(name, str)) if isinstance(value, list) else ()


def load_dataset(
    name: str, folder: Path, root: Path, where: str, min_per_group: int, *, look: bool = True
) -> tuple[Card | None, Path | None, list[Problem]]:
    """Load and check one data set.

    Parameters
    ----------
    name
        Its id, the name of its folder.
    folder, root
        Folder of the data sets, relative to the root of the project.
    where
        Place that names the data set, for messages.
    min_per_group
        Fewest samples of a group in a contrast.
    look
        Whether own files are looked for.

    Returns
    -------
    The card, or None where it cannot be built; the path of the sample sheet, where there is one; and the problems.
    """
    path = folder / name / "card.yaml"
    if not (root / path).is_file():
        others = sorted(p.parent.name for p in (root / folder).glob("*/card.yaml"))
        what = f"There is no data set '{name}'"
        allowed = f"a folder in {folder} with a card.yaml"
        return None, None, [Problem(what, where, f"no file {path}", allowed, nearest(name, others))]
    source, problems = load_yaml(root / path, str(path))
    if source is None:
        return None, None, problems
    card, found = validate(Card, source)
    problems += found
    told = source.data.get("id")
    if isinstance(told, str) and told != name:
        also = (root / folder / told / "card.yaml").is_file()
        what = (
            f"Two data sets with the id '{told}'" if also else "The id is not the name of the card's folder"
        )
        problems.append(Problem(what, source.where(("id",)), told, name, "a data set's folder bears its id"))
    if card is None:
        beside = folder / name / "samples.tsv"
        if (root / beside).is_file():  # what the sheet lacks shows without the card
            problems += load_sheet(root / beside, str(beside))[1]
        return None, None, problems
    problems += check_files(card, source)
    problems += check_card(card, source)
    for index, file in enumerate(card.files if look else ()):
        problems += check_own_file(file, source.where(("files", index, "path")), root)
    problems += check_method(card, source)
    sheet_path = None
    if card.assay == Assay.EFFECTS:
        problems += check_published(card, source)
    elif card.samples_from is None:
        sheet_path = folder / name / (card.samples or "samples.tsv")
        sheet, found = load_sheet(root / sheet_path, str(sheet_path))
        problems += found
        if sheet is not None:
            problems += check_sheet(sheet, card)
            problems += check_subjects(sheet, card, source)
            located = [
                (c, source.where(("contrasts", i)))
                for i, c in enumerate(card.contrasts)
                if c.file is None and not (is_undecided(c.case) or is_undecided(c.reference))
            ]
            if card.columns.group in sheet.header:
                problems += check_contrasts(facts_of(sheet, card), located, min_per_group)
                problems += _check_alternatives(card, sheet, source, problems, min_per_group)
    elif card.samples_from.file not in {file.name for file in card.files}:
        names = [file.name for file in card.files]
        where = source.where(("samples_from", "file"))
        what = "samples_from names a file that the card does not list"
        found_name = card.samples_from.file
        problems.append(Problem(what, where, found_name, ", ".join(names), nearest(found_name, names)))
    return card, sheet_path, problems


def _check_alternatives(
    card: Card, sheet: Sheet, source: YamlSource, told: list[Problem], min_per_group: int
) -> list[Problem]:
    """Problems of the other analyses that a card names; what was told of the reported one is not told again."""
    said = {(problem.what, problem.found) for problem in told}
    problems = []
    for name in card.model.alternatives:
        other = card.model_copy(update={"model": card.model.alternative(name)})
        where = source.where(("model", "alternatives", name))
        found = [*check_modelled(sheet, other), *check_subjects(sheet, other, source)]
        located = [(contrast, where) for contrast in card.contrasts]
        found += check_contrasts(facts_of(sheet, other), located, min_per_group)
        problems += [problem for problem in found if (problem.what, problem.found) not in said]
        said |= {(problem.what, problem.found) for problem in found}
    return problems
