"""Problems a user can cause: five parts each, all shown at once."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

#: Characters that steer a terminal; line breaks stay, for lists.
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
#: Most characters of a part.
LONGEST = 20_000


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong and what to do about it.

    Attributes
    ----------
    what
        What is wrong, in one sentence.
    where
        File and line, or file and cell: ``config/datasets/x/card.yaml:12``.
    found
        The value that was found there.
    allowed
        What would be accepted.
    hint
        The likely mend.
    """

    what: str
    where: str
    found: str
    allowed: str
    hint: str

    def __post_init__(self) -> None:
        for part in ("found", "allowed"):
            if not getattr(self, part).strip():  # an empty cell, no choice: said, not left blank
                object.__setattr__(self, part, "nothing")

    def __str__(self) -> str:
        parts = (self.what, self.where, self.found, self.allowed, self.hint)
        what, where, found, allowed, hint = (_shown(part) for part in parts)
        return f"{what}\n  where:   {where}\n  found:   {found}\n  allowed: {allowed}\n  hint:    {hint}"


def _shown(text: str) -> str:
    """Text as a terminal may show it: what files hold must not move its cursor, nor fill it without end."""
    visible = CONTROL.sub(lambda found: repr(found[0])[1:-1], text[:LONGEST])
    return visible + ("..." if len(text) > LONGEST else "")


class Problems(Exception):
    """Raised with every problem found, never with only the first."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = tuple(problems)
        super().__init__(str(self))

    def __str__(self) -> str:
        count = len(self.problems)
        head = "1 problem" if count == 1 else f"{count} problems"
        return "\n\n".join([head, *(f"[{i}] {p}" for i, p in enumerate(self.problems, start=1))])

    def __reduce__(self):
        return type(self), (self.problems,)


def refuse(what: str, *, where: str, found: str, allowed: str, hint: str) -> NoReturn:
    """Stop with one problem.

    Parameters
    ----------
    what, where, found, allowed, hint
        As in :class:`Problem`.

    Raises
    ------
    Problems
        Always. Where several problems can be found, collect them and raise them together instead.
    """
    raise Problems([Problem(what, where, found, allowed, hint)]) from None


def nearest(word: str, choices: Iterable[str]) -> str:
    """Hint naming the choice closest to a mistyped word, or all choices where none is close."""
    names = sorted({str(choice) for choice in choices})
    lowered = {name.lower(): name for name in reversed(names)}
    close = difflib.get_close_matches(str(word).lower(), lowered, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{lowered[close[0]]}'?"
    return "choose one of " + ", ".join(names) if names else "there is nothing to choose from: leave it out"
