"""A section for each question of the study: its answer and, where the template needs more, a view made for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sevaxis.answers import Answer, load_question
from sevaxis.report.document import Document
from sevaxis.report.sections.planted import planted_view
from sevaxis.report.sections.sexes import sex_view

#: Question -> what its template shows besides the answer, as ``view``; most need nothing.
VIEWS: Mapping[str, Callable[[Document, Answer], dict[str, Any]]] = {
    "sex": sex_view,
    "planted": planted_view,
}


def question_sections(document: Document) -> list[dict[str, Any]]:
    """The sections of the questions, in the study's order.

    Returns
    -------
    list of dict
        ``name`` (also of the anchor), ``title``, ``brief``, ``template``, ``answer`` and ``view``.
    """
    return [
        {
            "name": name,
            "title": load_question(name).title,
            "brief": load_question(name).brief,
            "template": f"questions/{name}.html.jinja",
            "answer": answer,
            "view": VIEWS[name](document, answer) if name in VIEWS else {},
        }
        for name, answer in document.answers.items()
    ]
