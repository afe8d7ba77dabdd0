"""YAML files whose every value knows its line, so that a problem can say where it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sevaxis.base.problems import Problem

Location = tuple[str | int, ...]

#: Bounds of what people write by hand: bytes, levels below each other, values once aliases are written out.
MOST_BYTES, DEEPEST, MOST_VALUES = 5_000_000, 40, 200_000


@dataclass(frozen=True)
class YamlSource:
    """Content of a YAML file and the line on which each of its values stands.

    Attributes
    ----------
    path
        The file, as it is shown to the user.
    data
        Its content in plain types.
    lines
        Location (keys and indices from the top) -> line, counted from 1.
    """

    path: str
    data: Any
    lines: dict[Location, int] = field(default_factory=dict)

    def where(self, location: Location) -> str:
        """File and line of a location, or of its closest ancestor in the file."""
        while location and location not in self.lines:
            location = location[:-1]
        return f"{self.path}:{self.lines.get(location, 1)}"


def load_yaml(path: Path, shown: str) -> tuple[YamlSource | None, list[Problem]]:
    """Read a YAML file with its line numbers.

    Parameters
    ----------
    path
        The file.
    shown
        How the file is called in messages.

    Returns
    -------
    The source, or None where it cannot be read, and the problems found (syntax, keys given twice).
    """
    problems: list[Problem] = []
    text, problem = _text_of(path, shown)
    if problem is not None:
        return None, [problem]
    root: yaml.Node | None = None
    try:
        if (problem := _too_much(text, shown)) is not None:
            return None, [problem]
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
        data = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        return None, [_no_yaml(error, text, shown)]
    except ValueError as error:  # a date such as 2024-13-01, a number of thousands of digits
        where = f"{shown}:{_line_of_the_wrong(root)}"
        what, hint = "A value is neither a date nor a number", "write dates and long numbers in quotes"
        return None, [Problem(what, where, f"{error!s:.100}", "valid YAML", hint)]
    lines: dict[Location, int] = {}

    def walk(node: yaml.Node, location: Location) -> None:
        if isinstance(node, yaml.MappingNode):
            seen: dict[str, int] = {}
            for key, value in node.value:
                line = key.start_mark.line + 1
                if key.value in seen:
                    problems.append(
                        Problem(
                            f"The key '{key.value}' is given twice",
                            f"{shown}:{line}",
                            f"'{key.value}' here and on line {seen[key.value]}",
                            "each key once",
                            "YAML keeps only the last one; delete the other",
                        )
                    )
                seen[key.value] = line
                lines[(*location, key.value)] = line
                walk(value, (*location, key.value))
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                lines[(*location, index)] = value.start_mark.line + 1
                walk(value, (*location, index))

    if root is not None:
        walk(root, ())
    if not isinstance(data, dict):
        found = "an empty file" if data is None else type(data).__name__
        problems.append(
            Problem(
                "The file holds no settings",
                f"{shown}:1",
                found,
                "keys and values",
                "write a line `key: value` for each setting; config/README.md shows a small card and a study",
            )
        )
        return None, problems
    return YamlSource(shown, data, lines), problems


def _text_of(path: Path, shown: str) -> tuple[str, Problem | None]:
    """Text of a file, and why it cannot be read."""
    what = "The file cannot be read"
    try:
        data = path.read_bytes()
    except OSError as error:
        found = error.strerror or str(error)
        return "", Problem(what, shown, found, "a YAML file in UTF-8", "check its name and rights (ls -l)")
    if len(data) > MOST_BYTES:
        hint = "is this the right file? Data belong under `files` in a card"
        return "", Problem(what, f"{shown}:1", f"{len(data):,} bytes", f"at most {MOST_BYTES:,} bytes", hint)
    try:
        return data.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        where = f"{shown}:{line}"
        utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        found = "UTF-16" if utf16 else f"bytes that are not UTF-8 ({data[error.start : error.start + 4]!r})"
        return "", Problem(what, where, found, "a YAML file in UTF-8", "save it as UTF-8 in your editor")


def _too_much(text: str, shown: str) -> Problem | None:
    """Why a text must not be built: levels without end, or aliases that multiply to more than memory holds."""
    sizes: dict[str, int] = {}
    open_nodes: list[list] = []  # anchor and values so far of each collection that is not closed yet
    total = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        size, line = 0, getattr(event.start_mark, "line", 0) + 1
        if isinstance(event, yaml.CollectionStartEvent):
            open_nodes.append([event.anchor, 1])
            if len(open_nodes) > DEEPEST:
                found, allowed = f"more than {DEEPEST} levels", "a few levels below each other"
                hint = "is a bracket left open, or a line indented too far?"
                return Problem("The file is nested too deeply", f"{shown}:{line}", found, allowed, hint)
            continue
        if isinstance(event, yaml.CollectionEndEvent):
            anchor, size = open_nodes.pop()
        elif isinstance(event, yaml.ScalarEvent):
            anchor, size = event.anchor, 1
        elif isinstance(event, yaml.AliasEvent):
            anchor, size = None, sizes.get(str(event.anchor), 0)
            if any(event.anchor == each[0] for each in open_nodes):
                what, found = "A value contains itself", f"*{event.anchor} inside &{event.anchor}"
                hint = "write out what is meant"
                return Problem(what, f"{shown}:{line}", found, "values that end", hint)
        else:
            continue
        if anchor:
            sizes[anchor] = size
        if open_nodes:
            open_nodes[-1][1] += size
        total = open_nodes[0][1] if open_nodes else size
        if size > MOST_VALUES or total > MOST_VALUES:
            found, allowed = f"more than {MOST_VALUES:,} values", "the settings of one file"
            hint = "aliases (*name) repeat what they name: write out what is meant"
            return Problem("The file grows without measure", f"{shown}:{line}", found, allowed, hint)
    return None


def _line_of_the_wrong(node: yaml.Node | None) -> int:
    """Line of the first scalar that YAML takes for a date or a number and that is none; 1 where none is found."""
    if isinstance(node, yaml.ScalarNode):
        try:
            yaml.SafeLoader("").construct_object(node)
        except ValueError:
            return node.start_mark.line + 1
    elif isinstance(node, yaml.CollectionNode):
        parts = (
            node.value if isinstance(node, yaml.SequenceNode) else [p for pair in node.value for p in pair]
        )
        return next((line for part in parts if (line := _line_of_the_wrong(part)) > 1), 1)
    return 1


def _no_yaml(error: yaml.YAMLError, text: str, shown: str) -> Problem:
    mark, position = getattr(error, "problem_mark", None), getattr(error, "position", None)
    line = mark.line + 1 if mark else text.count("\n", 0, position) + 1 if position is not None else None
    found = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    begun = getattr(error, "context_mark", None)
    if mark and begun and begun.line < mark.line:
        found = f"{found} ({getattr(error, 'context', None)} that begins on line {begun.line + 1})"
    hint = "indent with spaces, quote text that holds ': ' or starts with a special character"
    return Problem("This is not YAML", f"{shown}:{line or 1}", found, "valid YAML", hint)
