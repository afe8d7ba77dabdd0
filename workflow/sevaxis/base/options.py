"""Options that a card gives to a function: its keyword-only parameters, as a model and as a table.

Readers and methods say what they can be told by their signature and their docstring, nowhere else.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace

from pydantic import BaseModel, ConfigDict, Field, create_model

#: A role such as :func:`sevaxis.matrix.readers.delimited.read_delimited`, which for people is the reader's name.
ROLE = re.compile(r":func:`[\w.]*?(?:read_)?(\w+)`")


@cache
def options_model(function: Callable) -> type[BaseModel]:
    """Model of a function's options, made from its signature; descriptions from its docstring."""
    options = {
        parameter.name: parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    annotated = SimpleNamespace(__annotations__={key: function.__annotations__[key] for key in options})
    types = typing.get_type_hints(annotated, globalns=function.__globals__)
    meanings = described_parameters(inspect.getdoc(function) or "")
    fields: dict[str, typing.Any] = {
        key: (
            types[key],
            Field(
                ... if parameter.default is parameter.empty else parameter.default,
                description=meanings.get(key, ""),
            ),
        )
        for key, parameter in options.items()
    }
    return create_model(f"{function.__name__}_options", __config__=ConfigDict(extra="forbid"), **fields)


def described_parameters(docstring: str) -> dict[str, str]:
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
