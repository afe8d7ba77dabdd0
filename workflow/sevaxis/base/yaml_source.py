"""YAML files whose every value knows its line, so that a problem can say where it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sevaxis.base.problems import Problem

Location = tuple[str | int, ...]


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
    try:
        text = path.read_text(encoding="utf-8-sig")
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
        data = yaml.load(text, Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        found = getattr(error, "strerror", None) or "bytes that are not UTF-8"
        return None, [
            Problem("The file cannot be read", shown, found, "a YAML file in UTF-8", "check name and rights")
        ]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{shown}:{mark.line + 1}" if mark else shown
        found = getattr(error, "problem", None) or str(error)
        hint = "indent with spaces, quote text that holds ': ' or starts with a special character"
        return None, [Problem("This is not YAML", where, found, "valid YAML", hint)]
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
            Problem("The file holds no settings", shown, found, "keys and values", "see config/README.md")
        )
        return None, problems
    return YamlSource(shown, data, lines), problems
