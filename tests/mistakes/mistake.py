"""What a planted mistake is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.mistakes.project import Project


@dataclass(frozen=True)
class Mistake:
    """One mistake in one place.

    Attributes
    ----------
    name
        What was done, in a few words; unique in its room.
    plant
        Does it to a project.
    at
        Regular expression that the place of some problem must fit.
    on
        File and text: the place of some problem must be the line of that file on which the text first stands.
    says
        Regular expression that the same problem must fit.
    fast
        Whether it belongs to the quick suite.
    """

    name: str
    plant: Callable[[Project], object]
    at: str = ""
    on: tuple[str, str] | None = None
    says: str = ""
    fast: bool = False
