"""JSON schemas and the page of options (config/README.md), both generated from the models of cards.

Editors complete and check cards by the schemas; the workflow itself checks against the models. ``sevaxis schema``
writes both again, a test keeps them in step.
"""

from __future__ import annotations

import inspect
import json
import re
import types
import typing
from pathlib import Path

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from sevaxis.matrix.readers.registry import READERS, options_model, reader
from sevaxis.study import card as cards

SCHEMAS = {"config.schema.json": cards.Configuration, "card.schema.json": cards.Card}
#: A generated part of the page: everything between these two lines.
BLOCK = re.compile(r"(<!-- options of (?P<name>\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
#: A role such as :func:`sevaxis.matrix.readers.delimited.read_delimited`, which on the page is the reader's name.
ROLE = re.compile(r":func:`[\w.]*?(?:read_)?(\w+)`")
HEADER = ("option", "value", "default", "meaning")


def schema_text(model: type[BaseModel]) -> str:
    """JSON schema (draft 2020-12) of a model, as the file holds it."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def write_schemas(folder: Path) -> list[Path]:
    """Write the JSON schemas of configuration and card into a folder.

    Returns
    -------
    The files written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in SCHEMAS.items():
        (folder / name).write_text(schema_text(model), encoding="utf-8")
    return [folder / name for name in SCHEMAS]


def write_options(page: Path) -> Path:
    """Write the generated tables of the page of options again, in place."""
    page.write_text(refresh(page.read_text(encoding="utf-8")), encoding="utf-8")
    return page


def refresh(text: str) -> str:
    """Page of options with its tables as the models are now.

    Parameters
    ----------
    text
        Markdown; a table goes between ``<!-- options of NAME -->`` and ``<!-- end -->``, where NAME is a model of
        :mod:`sevaxis.study.card` or ``readers``.

    Raises
    ------
    ValueError
        For a name that is neither.
    """

    def table(match: re.Match[str]) -> str:
        name = match["name"]
        if name == "readers":
            body = readers_tables()
        elif name in vars(cards):
            body = options_table(getattr(cards, name))
        else:
            raise ValueError(f"no model '{name}' to make a table of options from")
        return f"{match[1]}{body}{match[3]}"

    return BLOCK.sub(table, text)


def options_table(model: type[BaseModel]) -> str:
    """Markdown table of a model's options: name, values, default, meaning."""
    rows = [
        (f"`{name}`", spell(field.annotation), _default(field), field.description or "")
        for name, field in model.model_fields.items()
    ]
    return markdown(HEADER, rows)


def readers_tables() -> str:
    """Markdown: a heading and a table of options per reader; meanings come from the docstrings' parameters."""
    parts = []
    for name in READERS:
        meanings = parameters(inspect.getdoc(reader(name)) or "")
        rows = [
            (f"`{option}`", spell(field.annotation), _default(field), meanings.get(option, ""))
            for option, field in options_model(name).model_fields.items()
        ]
        parts.append(f"### {name}\n\n" + markdown(HEADER, rows))
    return "\n".join(parts)


def parameters(docstring: str) -> dict[str, str]:
    """Meaning of each parameter in a numpy docstring, on one line."""
    section = re.search(
        r"^Parameters\n-+\n(.*?)(?=^\S[^\n]*\n-{3,}\n|\Z)", docstring, re.DOTALL | re.MULTILINE
    )
    found: dict[str, str] = {}
    names: list[str] = []
    for line in section[1].splitlines() if section else ():
        if line and not line[0].isspace():
            names = [name.strip() for name in line.split(":")[0].split(",")]
            found.update(dict.fromkeys(names, ""))
        else:
            for name in names:
                found[name] = f"{found[name]} {line.strip()}".strip()
    return {name: ROLE.sub(r"`\1`", text.replace("``", "`")) for name, text in found.items()}


def markdown(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Markdown table; bars within cells are escaped."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def spell(annotation: object) -> str:
    """Type in words that a writer of YAML knows."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return spell(arguments[0])
    if origin is typing.Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(spell(argument) for argument in arguments if argument is not type(None))
    if origin in (tuple, list):
        return "list of " + spell(arguments[0])
    if origin is dict:
        return f"{{{spell(arguments[0])}: {spell(arguments[1])}}}"
    plain = {str: "text", int: "whole number", float: "number", bool: "true, false", typing.Any: "anything"}
    return plain.get(annotation, str(annotation))


def _default(field: typing.Any) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value is PydanticUndefined or value in ((), {}, []) or isinstance(value, BaseModel):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple | list):
        return "`[" + ", ".join(map(str, value)) + "]`"
    return f"`{value}`"
