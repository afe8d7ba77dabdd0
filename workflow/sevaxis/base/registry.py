"""What registries name: ``"sevaxis.effects.methods.voom:VOOM"`` is a module and something in it, imported when used."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def load(reference: str) -> Any:
    """What a registry's entry (``"module:name"``) names."""
    module, name = reference.split(":")
    return getattr(import_module(module), name)
