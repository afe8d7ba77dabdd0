"""The questions: one record each, which the study's check, the answers, the report and its contents read.

A question is added by writing its record (:class:`~sevaxis.answers.question.Question`) and its template, which bears
its name (``report/templates/questions/<name>.html.jinja``), and by naming the record here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sevaxis.answers.question import Answer, Evidence, Question
from sevaxis.base.registry import load

__all__ = ["QUESTIONS", "Answer", "Evidence", "Question", "load_question", "questions_of"]

#: Name in a configuration -> module and record.
QUESTIONS: Mapping[str, str] = {
    "axis": "sevaxis.answers.axis:AXIS",
    "sex": "sevaxis.answers.sex:SEX",
    "planted": "sevaxis.answers.planted:PLANTED",
}


def load_question(name: str) -> Question:
    """Record of a question by its name in configurations."""
    return load(QUESTIONS[name])


def questions_of(asked: Sequence[str], *, simulated: bool) -> tuple[str, ...]:
    """The questions of a study, each once: those that it asks, and of simulated data those about what was planted."""
    more = [name for name in QUESTIONS if simulated and load_question(name).of_simulated]
    return tuple(dict.fromkeys([*asked, *more]))
