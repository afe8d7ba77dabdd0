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


class Refused(ValueError):
    """A value that a model does not take.

    Attributes
    ----------
    hint
        What to do about it; the message says what is allowed.
    """

    def __init__(self, allowed: str, hint: str):
        super().__init__(allowed)
        self.hint = hint


#: Kind of error -> what to do about it; kinds that begin alike share a line.
MENDS = {
    "string_type": "write one text; dates become text in quotes: '{value}'",
    "string_too_short": "write a text, or leave the line out where the table of config/README.md has a default",
    "string_too_long": "choose a shorter one",
    "int": "write a whole number, without quotes and unit",
    "float": "write a number with a decimal point, without quotes and unit",
    "finite_number": "write a number with a decimal point",
    "bool": "write true or false, without quotes",
    "greater": "choose a number within these bounds, or leave the line out for the default",
    "less": "choose a number within these bounds, or leave the line out for the default",
    "tuple": "write a list: [one, two], or a line `- one` for each, indented below the key",
    "list": "write a list: [one, two], or a line `- one` for each, indented below the key",
    "too_short": "name at least one",
    "dict": "write keys and values, indented below the key or as {{key: value}}",
    "model": "write keys and values, indented below the key or as {{key: value}}",
    "invalid_key": "write the key as text, in quotes where it looks like a number",
}


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
    hint = text.strip().removeprefix(TODO).strip(" :") or f"replace the word {TODO} by what you know"
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
            allowed = "letters, digits and _ only, the first no _"
            hint = "it becomes part of a path: write - and spaces as _"
            if name.endswith("sha256"):
                allowed, hint = "64 hexadecimal digits, in small letters", "`sha256sum FILE` prints it"
            return Problem(f"'{name}' is not of the right form", where, found, allowed, hint)
        case "value_error":
            error = context["error"]
            hint = getattr(error, "hint", f"write {error}")
            return Problem(f"'{name}' is not accepted", where, found, str(error), hint)
        case kind:
            mends = (text for start, text in MENDS.items() if kind.startswith(start))
            hint = next(mends, "write it as the example in config/README.md does").format(
                value=details["input"]
            )
            if details["input"] is None:
                hint = "write the value behind the colon, or leave the line out"
            elif isinstance(details["input"], bool) and kind == "string_type":
                hint = "YAML takes yes, no, on, off for true and false: write the word in quotes"
            return Problem(f"'{name}' is not valid", where, found, details["msg"], hint)


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
