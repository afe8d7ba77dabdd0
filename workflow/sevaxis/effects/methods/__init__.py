"""The estimation methods: one record each, which the card's check, estimation, robustness and all texts read.

A method is added by writing its record (:class:`~sevaxis.effects.methods.record.Method`) and naming it here.
"""

from __future__ import annotations

from collections.abc import Mapping

from sevaxis.base.registry import load
from sevaxis.base.vocabulary import Assay
from sevaxis.effects.methods.record import Estimates, Method, Task, Used

__all__ = ["METHODS", "Estimates", "Method", "Task", "Used", "default_method", "load_method"]

#: Name in a card -> module and record.
METHODS: Mapping[str, str] = {
    "voom": "sevaxis.effects.methods.voom:VOOM",
    "voom_quality": "sevaxis.effects.methods.voom:VOOM_QUALITY",
    "negative_binomial": "sevaxis.effects.methods.negative_binomial:NEGATIVE_BINOMIAL",
    "ql": "sevaxis.effects.methods.ql:QL",
    "trend": "sevaxis.effects.methods.log2:TREND",
    "deqms": "sevaxis.effects.methods.log2:DEQMS",
    "mixed": "sevaxis.effects.methods.mixed:MIXED",
}


def load_method(name: str) -> Method:
    """Record of a method by its name in cards."""
    return load(METHODS[name])


def default_method(assay: Assay) -> str | None:
    """Name of the method that analyses an assay unless its card says otherwise; None for assays without one."""
    return next((name for name in METHODS if assay in load_method(name).default_for), None)
