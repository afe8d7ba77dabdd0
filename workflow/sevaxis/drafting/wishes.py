"""What the user says on the command line of `sevaxis add`: it stands in the draft as it is, and the draft says so."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sevaxis.base.problems import Problem, Problems, nearest, refuse
from sevaxis.base.vocabulary import Assay, Compartment, Organism, Scale, Sex
from sevaxis.drafting.columns import Told
from sevaxis.drafting.facts import Facts
from sevaxis.drafting.recognised import Recognised
from sevaxis.matrix.readers.registry import READERS, reader_options
from sevaxis.study.validation import is_undecided

ORIENTATIONS = {
    "features-in-rows": "wide", "samples-in-columns": "wide", "wide": "wide",
    "samples-in-rows": "transposed", "features-in-columns": "transposed", "transposed": "transposed",
    "long": "long", "value-per-row": "long",
}  # fmt: skip
#: Options that say where in a table something stands: another layout makes them void.
OF_LAYOUT = ("layout", "feature", "samples", "sample", "value")
#: Options by which text is cut into a table.
OF_PARSING = ("separator", "decimal", "comment", "skip")


@dataclass(frozen=True)
class Wishes:
    """What the user says of a data set; empty where nothing is said.

    Attributes
    ----------
    reader, options
        Reader of the files with values, and its options; ``FILE:name`` is an option of one file.
    group, subject, batch, sex_column, replicate_of
        Columns of the annotation.
    sex
        Sex of all samples.
    sex_labels
        Label -> sex.
    contrasts
        Pairs of case and reference.
    facts
        Keys of the card (organism, tissue, compartment, assay, title, citation, licence) and ``scale``.
    """

    reader: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    group: str = ""
    subject: str = ""
    batch: str = ""
    replicate_of: str = ""
    sex_column: str = ""
    sex: str = ""
    sex_labels: dict[str, str] = field(default_factory=dict)
    contrasts: tuple[tuple[str, str], ...] = ()
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> Told:
        """What is said of the columns of the annotation."""
        return Told(self.group, self.subject, self.batch, self.sex_column)

    def options_of(self, name: str) -> dict[str, Any]:
        """Options of one file."""
        own = {
            key.partition(":")[2]: value for key, value in self.options.items() if key.startswith(f"{name}:")
        }
        return {key: value for key, value in self.options.items() if ":" not in key} | own


NOTHING_SAID = Wishes()


def take_facts(facts: Facts, wishes: Wishes) -> None:
    """Facts of the card as the user says them; what the files said instead stays in the evidence."""
    for key in ("organism", "tissue", "compartment", "assay"):
        told, found = wishes.facts.get(key), str(getattr(facts, key))
        if told:
            other = (
                f"; the files said {found} ({facts.evidence.get(key, '')})" if found not in (told, "") else ""
            )
            setattr(facts, key, told)
            facts.evidence[key] = "as you say" + ("" if is_undecided(found) else other)
    if "assay" in wishes.facts and wishes.facts["assay"] in (Assay.RNA_COUNTS, Assay.SINGLE_CELL):
        facts.values = {}
    if "scale" in wishes.facts:
        facts.values = {**facts.values, "scale": wishes.facts["scale"]}
        facts.evidence["values"] = f"scale as you say; {facts.evidence.get('values', '')}".rstrip("; ")


def parse_wishes(
    *,
    reader: str | None = None,
    options: list[str] | None = None,
    samples: str | None = None,
    orientation: str | None = None,
    contrasts: list[str] | None = None,
    sex: list[str] | None = None,
    columns: dict[str, str | None] | None = None,
    facts: dict[str, str | None] | None = None,
) -> Wishes:
    """Wishes from the words of a command line.

    Parameters
    ----------
    reader
        Name of a reader.
    options
        ``name=value`` each.
    samples
        Columns that are samples: names divided by commas, or a regular expression.
    orientation
        Of :data:`ORIENTATIONS`.
    contrasts
        ``case:reference`` each.
    sex
        ``female``, ``male``, ``column=NAME``, ``LABEL=female`` each.
    columns
        ``group``, ``subject``, ``batch``, ``replicate_of`` -> column.
    facts
        Keys of the card and ``scale`` -> value.

    Raises
    ------
    Problems
        Everything that cannot be understood.
    """
    import yaml

    problems: list[Problem] = []
    chosen: dict[str, Any] = {}
    for text in options or []:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            problems.append(
                Problem("This is no option", "--option", text, "name=value", "such as --option skip=2")
            )
            continue
        try:
            chosen[name.strip()] = yaml.safe_load(value)
        except yaml.YAMLError:
            chosen[name.strip()] = value
    if samples:
        several = [part.strip() for part in samples.split(",")]
        chosen["samples"] = several if len(several) > 1 else samples
    if orientation:
        if orientation not in ORIENTATIONS:
            hint = nearest(orientation, ORIENTATIONS)
            allowed = ", ".join(ORIENTATIONS)
            problems.append(
                Problem("There is no such orientation", "--orientation", orientation, allowed, hint)
            )
        chosen["layout"] = ORIENTATIONS.get(orientation, "wide")
    if reader and reader not in READERS:
        hint = nearest(reader, READERS)
        problems.append(
            Problem(f"There is no reader '{reader}'", "--reader", reader, ", ".join(READERS), hint)
        )
    pairs = []
    for text in contrasts or []:
        case, colon, reference = (part.strip() for part in text.partition(":"))
        if not colon or not case or not reference or case == reference:
            hint = "such as --contrast trained:sedentary"
            problems.append(Problem("This is no contrast", "--contrast", text, "case:reference", hint))
        pairs.append((case, reference))
    column, constant, labels = _sex(sex or [], problems)
    known = {key: value for key, value in (facts or {}).items() if value}
    fixed = {"organism": Organism, "compartment": Compartment, "assay": Assay, "scale": Scale}
    for key, terms in fixed.items():
        if key in known and known[key] not in set(terms):
            allowed, hint = ", ".join(terms), nearest(known[key], terms)
            problems.append(Problem(f"There is no such {key}", f"--{key}", known[key], allowed, hint))
    if problems:
        raise Problems(problems)
    told = {key: value for key, value in (columns or {}).items() if value}
    return Wishes(
        reader or "", chosen, **told, sex_column=column, sex=constant, sex_labels=labels,
        contrasts=tuple(pairs), facts=known,
    )  # fmt: skip


def _sex(texts: list[str], problems: list[Problem]) -> tuple[str, str, dict[str, str]]:
    column, constant, labels = "", "", {}
    for text in ",".join(texts).split(",") if texts else ():
        name, equals, value = (part.strip() for part in text.partition("="))
        if name == "column" and value:
            column = value
        elif equals and value in set(Sex):
            labels[name] = value
        elif not equals and name in set(Sex):
            constant = name
        else:
            allowed, hint = (
                "female, male, column=NAME, LABEL=female",
                "such as --sex column=SEX,1=male,2=female",
            )
            problems.append(Problem("This says no sex", "--sex", text, allowed, hint))
    if constant and (column or labels):
        hint = "one sex for all, or a column"
        problems.append(Problem("The sex is told twice", "--sex", ", ".join(texts), "one of them", hint))
    return column, constant, labels


def as_told(path: Path, found: list[Recognised], wishes: Wishes) -> list[Recognised]:
    """What a file was recognised as, with the reader and the options that the user names.

    Raises
    ------
    Problems
        Options with values that the reader does not take.
    """
    options = wishes.options_of(path.name)
    if wishes.reader and not any(one.content == "samples" and one.table is not None for one in found):
        found = [Recognised(path, f"read by {wishes.reader}, as you say", "matrix", wishes.reader, size=1)]
    for one in found:
        if "layout" in options and one.content == "samples" and one.reader is None:
            one.content, one.format = "matrix", f"table, {options['layout']}, as you say"
            one.reader, one.size = _reader_of_table(path), 1
        if one.reader is None or one.content == "samples":
            continue
        taken = {
            key: value for key, value in options.items() if key in reader_options(one.reader).model_fields
        }
        if taken.get("layout", one.options.get("layout", "wide")) != one.options.get("layout", "wide"):
            one.options = {key: value for key, value in one.options.items() if key not in OF_LAYOUT}
        one.options = {**one.options, **taken}
        if taken:
            one.format += f" ({', '.join(f'{key}: {value}' for key, value in taken.items())}, as you say)"
            one.adata = None
        _check_options(one)
    return found


def parsing_of(wishes: Wishes, name: str) -> dict[str, Any]:
    """How the user says that the text of a file is cut into a table."""
    told = {key: value for key, value in wishes.options_of(name).items() if key in OF_PARSING}
    if told:
        _check_options(Recognised(Path(name), "", "matrix", "delimited", told))
    return told


def _reader_of_table(path: Path) -> str:
    with path.open("rb") as file:
        return "excel" if file.read(4) in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0") else "delimited"


def _check_options(one: Recognised) -> None:
    try:
        reader_options(one.reader).model_validate(one.options)
    except ValidationError as error:
        raise Problems(
            Problem(
                f"The reader '{one.reader}' does not take the option '{'.'.join(map(str, details['loc']))}' so",
                f"--option, {one.path.name}",
                repr(details["input"])[:120],
                ", ".join(reader_options(one.reader).model_fields),
                details["msg"],
            )
            for details in error.errors()
        ) from error


def refuse_unread(wishes: Wishes, recognised: list[Recognised]) -> None:
    """A problem for options that no reader of the files takes, and for files that are not there."""
    readers = {one.reader for one in recognised if one.reader}
    known = {name for each in readers for name in reader_options(each).model_fields}
    files = {one.path.name for one in recognised}
    for key in wishes.options:
        file, _, name = key.rpartition(":")
        if name not in known or (file and file not in files):
            refuse(
                f"No reader of these files takes the option '{key}'",
                where="--option",
                found=f"readers {', '.join(sorted(readers)) or 'none'}",
                allowed=", ".join(sorted(known)) or "no options",
                hint=nearest(name, known) if not file or file in files else nearest(file, files),
            )


def check_columns(wishes: Wishes, columns: list[str], source: str) -> None:
    """A problem for each column that the annotation does not have."""
    told = {"--group": wishes.group, "--subject": wishes.subject, "--batch": wishes.batch}
    told |= {"--sex column": wishes.sex_column, "--replicate-of": wishes.replicate_of}
    problems = [
        Problem(
            f"The annotation has no column '{name}'",
            option,
            name,
            f"{', '.join(columns) or 'no columns'} ({source})",
            nearest(name, columns) if columns else "--sheet FILE names a sheet with columns",
        )
        for option, name in told.items()
        if name and name not in columns
    ]
    if problems:
        raise Problems(problems)


def level_of(text: str, levels: list[str]) -> str:
    """A level of the groups as the user writes it: equal, or equal but for case and punctuation.

    Raises
    ------
    Problems
        There is none.
    """
    bare = {re.sub(r"[\W_]+", "", level).casefold(): level for level in levels}
    found = text if text in levels else bare.get(re.sub(r"[\W_]+", "", text).casefold())
    if found is None:
        hint = nearest(text, levels)
        refuse(
            "No sample is in this group", where="--contrast", found=text, allowed=", ".join(levels), hint=hint
        )
    return found
