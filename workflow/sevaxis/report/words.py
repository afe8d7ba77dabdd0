"""Number formats of the report and the sentences that are its own; terms have their words in the vocabulary."""

from __future__ import annotations

import re
from typing import Any

#: The sentence that keeps anybody from counting the Venn diagram of two lists.
NOT_SEX_SPECIFIC = (
    "A gene that is significant in one sex only is not sex-specific: one list may miss what the other just catches. "
    "Whether the sexes differ is tested by the interaction alone."
)


def spoken(name: object) -> str:
    """A name of a file's or a card's as people read it: underscores as blanks."""
    return str(name).replace("_", " ")


def missing(value: object) -> bool:
    """True for None, NaN and pandas' NA."""
    return value is None or value != value or str(value) == "<NA>"


def signed(value: object, digits: int = 2) -> str:
    """Number with its sign (a true minus); a dash where it is missing."""
    if missing(value):
        return "–"
    text = f"{value:+.{digits}f}"
    return text.replace("-", "−") if float(text) else text[1:]


def plain(value: object, digits: int = 2) -> str:
    """Number without a plus sign; a dash where it is missing."""
    return "–" if missing(value) else f"{value:.{digits}f}".replace("-", "−")


def p_value(value: Any) -> str:
    """P-value to two significant digits (``0.042``, ``2.9e−6``); a dash where it is missing."""
    if missing(value):
        return "–"
    if value >= 0.001:
        return f"{value:.2g}"
    digits, exponent = f"{value:.1e}".split("e-") if value else ("1.0", "300")
    return f"{'' if value else '< '}{digits}e−{exponent.lstrip('0')}"


def interval(low: object, high: object) -> str:
    """Confidence interval in brackets; empty where it is missing."""
    return "" if missing(low) or missing(high) else f"[{signed(low)}, {signed(high)}]"


def sentences(text: str) -> list[str]:
    """Sentences of a verdict; what follows a full stop within a number or a name is none."""
    return re.split(r"(?<=\.)\s+(?=[A-Z0-9])", text)


def count(number: int, noun: str, plural: str | None = None) -> str:
    """``1 sample``, ``1,200 samples``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def cell(value: object) -> str:
    """Any value in a table cell: numbers short, missing ones a dash, text as it is."""
    if missing(value):
        return "–"
    if isinstance(value, float):
        return f"{value:.3g}".replace("-", "−")
    return str(value)
