"""Validation of plain values against a model, told as problems with file, line, allowed values and a hint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from sevaxis.base.problems import Problem, nearest
from sevaxis.base.yaml_source import Location, YamlSource

M = TypeVar("M", bound=BaseModel)
#: How a value begins that `sevaxis add` left to the user; the rest of it says what is to be decided.
TODO = "TODO"


def validate(model: type[M], source: YamlSource) -> tuple[M | None, list[Problem]]:
    """Build a model from a YAML source.

    Returns
    -------
    The model, or None where it cannot be built, and the problems; values still to be decided (:data:`TODO`) are
    problems even where the model takes them.
    """
    undecided = dict(_undecided(source.data))
    problems = [_to_decide(source, location, text) for location, text in undecided.items()]
    try:
        return model.model_validate(source.data), problems
    except ValidationError as error:
        # What is wrong at, above or below an undecided value is wrong because of it.
        errors = [
            details
            for details in error.errors()
            if not any(details["loc"][: len(at)] == at[: len(details["loc"])] for at in undecided)
        ]
        deeper = {details["loc"][:n] for details in errors for n in range(len(details["loc"]))}
        # A list that is "too short" only because its items were refused is no problem of its own.
        own = [
            details for details in errors if details["type"] != "too_short" or details["loc"] not in deeper
        ]
        return None, problems + [_as_problem(model, source, dict(details)) for details in own]


def is_undecided(value: Any) -> bool:
    """Whether a value was left to the user."""
    return isinstance(value, str) and value.strip().startswith(TODO)


def _undecided(value: Any, location: Location = ()) -> Iterator[tuple[Location, str]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        if is_undecided(item):
            yield (*location, key), item
        else:
            yield from _undecided(item, (*location, key))


def _to_decide(source: YamlSource, location: Location, text: str) -> Problem:
    name = ".".join(map(str, location))
    hint = text.strip().removeprefix(TODO).strip(" :") or "see config/README.md"
    return Problem(f"'{name}' is still to be decided", source.where(location), text, "a value of yours", hint)


def _as_problem(model: type[BaseModel], source: YamlSource, details: dict[str, Any]) -> Problem:
    location: Location = tuple(part for part in details["loc"] if part != "[key]")
    name = ".".join(str(part) for part in location) or "the whole file"
    where = source.where(location)
    found = _shorten(details["input"])
    context = details.get("ctx", {})
    match details["type"]:
        case "extra_forbidden":
            keys = sorted(_model_at(model, location[:-1]).model_fields)
            key = str(location[-1])
            return Problem(f"Unknown key '{name}'", where, key, ", ".join(keys), nearest(key, keys))
        case "missing":
            return Problem(
                f"The key '{name}' is missing", where, "nothing", f"a value for '{name}'", "add it"
            )
        case "literal_error" | "enum":
            allowed = context["expected"].replace(" or ", ", ")
            choices = [word.strip("' ") for word in allowed.split(",")]
            return Problem(
                f"'{name}' has no such value", where, found, allowed, nearest(str(details["input"]), choices)
            )
        case "string_pattern_mismatch":
            allowed = "64 hexadecimal digits" if name.endswith("sha256") else "letters, digits and _ only"
            return Problem(
                f"'{name}' is not of the right form",
                where,
                found,
                allowed,
                "it becomes part of a path" if not name.endswith("sha256") else "`sha256sum FILE` prints it",
            )
        case "value_error":
            allowed = str(context["error"])
            return Problem(f"'{name}' is not accepted", where, found, allowed, "see config/README.md")
        case _:
            return Problem(f"'{name}' is not valid", where, found, details["msg"], "see config/README.md")


def _model_at(model: type[BaseModel], location: Location) -> type[BaseModel]:
    """Model that describes the mapping at a location."""
    for part in location:
        if isinstance(part, str) and part in model.model_fields:
            annotation = model.model_fields[part].annotation
            model = next(iter(_models_in(annotation)), model)
    return model


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Union, tuple, dict, list) or get_args(annotation):
        return [found for argument in get_args(annotation) for found in _models_in(argument)]
    return []


def _shorten(value: Any) -> str:
    text = repr(value) if not isinstance(value, dict) else "keys " + ", ".join(map(str, value))
    return text if len(text) <= 120 else text[:117] + "..."
