"""JSON schemas and the page of options (config/README.md), both generated from the models of cards.

Editors complete and check cards by the schemas; the workflow itself checks against the models. ``sevaxis schema``
writes both again, a test keeps them in step.
"""

from __future__ import annotations

import json
import re
import types
import typing
from collections.abc import Sequence
from enum import Enum
from pathlib import Path

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from sevaxis.base.vocabulary import Assay, Normalisation
from sevaxis.effects.methods import METHODS, load_method
from sevaxis.matrix.readers.registry import READERS, reader_options
from sevaxis.study import card, configuration, settings

SCHEMAS: dict[str, type[BaseModel]] = {
    "config.schema.json": configuration.Configuration,
    "card.schema.json": card.Card,
    "identifiers.schema.json": settings.IdentifierTables,
}
#: Pages with generated tables.
PAGES = ("config/README.md", "docs/statistics.md")
#: A generated part of a page: everything between these two lines.
BLOCK = re.compile(r"(<!-- options of (?P<name>\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
HEADER = ("option", "value", "default", "meaning")


def schema_text(model: type[BaseModel]) -> str:
    """JSON schema (draft 2020-12) of a model, as the file holds it."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}
    if "ModelChoice" in schema.get("$defs", {}):
        _name_methods(schema["$defs"]["ModelChoice"])
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _name_methods(choice: dict[str, typing.Any]) -> None:
    """The methods and the options that any of them reads, for editors; which reads which is checked by the study."""
    choice["properties"]["method"]["anyOf"][0]["enum"] = list(METHODS)
    for name in METHODS:
        for option, schema in load_method(name).options.model_json_schema().get("properties", {}).items():
            choice["properties"].setdefault(option, schema)
    choice["additionalProperties"] = False


def write_schemas(folder: Path) -> list[Path]:
    """Write the JSON schemas of configuration, card and tables of identifiers into a folder.

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
        :mod:`sevaxis.study.card` or :mod:`sevaxis.study.settings`, or one of :data:`GENERATED`.

    Raises
    ------
    ValueError
        For a name that is neither.
    """

    def table(match: re.Match[str]) -> str:
        name = match["name"]
        models = vars(card) | vars(settings) | vars(configuration)
        if name in GENERATED:
            body = GENERATED[name]()
        elif name in models:
            body = options_table(models[name])
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
    """Markdown: a heading and a table of options per reader."""
    return "\n".join(f"### {name}\n\n{options_table(reader_options(name))}" for name in READERS)


def methods_table() -> str:
    """Markdown: what each method is, when to choose it, and the options that it reads."""
    rows = []
    for name in METHODS:
        method = load_method(name)
        default = f"; default of {', '.join(method.default_for)}" if method.default_for else ""
        options = ", ".join(f"`{option}`" for option in method.options.model_fields) or "none"
        scalings = ", ".join(f"`{each}`" for each in method.normalisations) or "as assessed"
        rows.append((f"`{name}`", method.words, method.when + default, options, scalings))
    return markdown(("method", "what it is", "when", "options it reads", "scaling of libraries"), rows)


def method_options_table() -> str:
    """Markdown: the options of methods, and which methods read each."""
    found: dict[str, tuple[str, str, str, list[str]]] = {}
    for name in METHODS:
        for option, field in load_method(name).options.model_fields.items():
            told = (spell(field.annotation), _default(field), field.description or "")
            found.setdefault(option, (*told, []))[3].append(name)
    rows = [
        (f"`{option}`", value, default, meaning, ", ".join(f"`{name}`" for name in names))
        for option, (value, default, meaning, names) in found.items()
    ]
    return markdown((*HEADER, "read by"), rows)


def defaults_table() -> str:
    """Markdown: what each assay gets unless its card says otherwise."""
    rows = []
    for assay in Assay:
        name = next((name for name in METHODS if assay in load_method(name).default_for), None)
        if name is not None:
            scaling = card.DEFAULT_NORMALISATION.get(assay, Normalisation.NONE)
            rows.append((f"`{assay}`", assay.words, f"`{scaling}`", f"`{name}`"))
    return markdown(("assay", "what it is", "normalisation", "method"), rows)


#: Tables that are no model's, by the name that a page calls them by.
GENERATED = {
    "readers": readers_tables,
    "methods": methods_table,
    "method_options": method_options_table,
    "defaults": defaults_table,
}


def markdown(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
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
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return ", ".join(f"`{value}`" for value in annotation)
    if origin is typing.Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(spell(argument) for argument in arguments if argument is not type(None))
    if origin in (tuple, list):
        return "list of " + spell(arguments[0])
    if origin is dict:
        return f"{{{spell(arguments[0])}: {spell(arguments[1])}}}"
    plain: dict[object, str] = {
        str: "text",
        int: "whole number",
        float: "number",
        bool: "true, false",
        typing.Any: "anything",
    }
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
