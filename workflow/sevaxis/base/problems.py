"""Problems a user can cause: five parts each, all shown at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn


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
        return (
            f"{self.what}\n"
            f"  where:   {self.where}\n"
            f"  found:   {self.found}\n"
            f"  allowed: {self.allowed}\n"
            f"  hint:    {self.hint}"
        )


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
