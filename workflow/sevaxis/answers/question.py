"""What a question is: what it asks, what it needs and how it is answered; and what an answer holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd

    from sevaxis.study.settings import Axis, Thresholds


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that a question can be answered from.

    Attributes
    ----------
    effects
        Effects of all data sets (:mod:`sevaxis.effects.table`).
    axis
        Genes of the axis and the hypotheses about them.
    thresholds
        Numbers that decide the wording.
    panels
        Panel -> human symbols.
    truth
        Data set -> what was planted in it; None unless the study is simulated.
    qualities, models
        Data set -> ``quality.json`` and ``model.json``; None where they are not at hand.
    robustness
        Data set -> effects of the axis genes by other analyses of the same data; None where they are not at hand.
    courses
        Time courses of all data sets (:data:`sevaxis.effects.courses.COLUMNS`); None where they are not at hand.
    cohorts
        Data set -> the people or animals that it shares with other data sets.
    """

    effects: pd.DataFrame
    axis: Axis
    thresholds: Thresholds
    panels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    truth: Mapping[str, pd.DataFrame] | None = None
    qualities: Mapping[str, Mapping[str, Any]] | None = None
    models: Mapping[str, Mapping[str, Any]] | None = None
    robustness: Mapping[str, pd.DataFrame] | None = None
    courses: pd.DataFrame | None = None
    cohorts: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def axis_rows(self) -> pd.DataFrame:
        """The axis table: the axis genes' effects, read (:func:`sevaxis.answers.readings.read_axis`)."""
        from sevaxis.answers.readings import read_axis

        return read_axis(self.effects, self.axis, self.thresholds, self.robustness)


@dataclass(frozen=True)
class Answer:
    """What the data say to one question.

    Attributes
    ----------
    question
        Name of the question; names the files too.
    asks
        The question in words.
    verdict
        One plain-language sentence.
    reasons
        Sentences that carry the verdict, numbers included.
    tables
        Name -> table; the main table has the empty name.
    """

    question: str
    asks: str
    verdict: str
    reasons: list[str]
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question.

    Attributes
    ----------
    name
        What a configuration calls it; names its files and its template.
    asks
        The question in words.
    title
        Heading of its section of the report.
    brief
        The same in the table of contents.
    answer
        Answers it from the evidence.
    needs
        Parts of the evidence that may be missing and without which it has no answer. What needs the truth is asked of
        simulated studies in addition, and never of others.
    """

    name: str
    asks: str
    title: str
    brief: str
    answer: Callable[[Evidence], Answer]
    needs: tuple[Literal["truth", "qualities", "models"], ...] = ()

    @property
    def of_simulated(self) -> bool:
        """Whether it is about what was planted."""
        return "truth" in self.needs
