"""The answers room: every question of the study is asked of the effects of all data sets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from sevaxis.answers import load_question
from sevaxis.answers.question import Answer, Evidence
from sevaxis.base.tables import read_named


def answer(questions: Sequence[str], evidence: Evidence) -> list[Answer]:
    """Ask each question.

    Parameters
    ----------
    questions
        Names of questions (:data:`sevaxis.answers.QUESTIONS`), in order.
    evidence
        What they are answered from.

    Raises
    ------
    ValueError
        A question whose evidence is not given.
    """
    asked = [load_question(name) for name in questions]
    for question in asked:
        lacking = [part for part in question.needs if getattr(evidence, part) is None]
        if lacking:
            raise ValueError(f"the question {question.name} has no answer without {', '.join(lacking)}")
    return [question.answer(evidence) for question in asked]


def write_answer(answer: Answer, folder: Path) -> None:
    """Write an answer as ``<question>.json`` and its tables as ``<question>[.<name>].tsv``."""
    files = {name: f"{answer.question}{'.' if name else ''}{name}.tsv" for name in answer.tables}
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in answer.tables.items():
        table.to_csv(folder / files[name], sep="\t", index=False, float_format="%.6g")
    told = {
        "question": answer.question,
        "asks": answer.asks,
        "verdict": answer.verdict,
        "reasons": answer.reasons,
        "tables": files,
    }
    (folder / f"{answer.question}.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")


def read_answer(path: Path) -> Answer:
    """An answer and its tables from the files that :func:`write_answer` wrote.

    Parameters
    ----------
    path
        The ``<question>.json``.
    """
    told = json.loads(path.read_text())
    told["tables"] = {name: read_named(path.parent / file) for name, file in told["tables"].items()}
    return Answer(**told)
