"""Answers: one module per question of the commentary, each a pure function of the effects table."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from sevaxis.study.settings import Axis


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
    import pandas as pd

    told = json.loads(path.read_text())
    told["tables"] = {
        name: pd.read_csv(path.parent / file, sep="\t") for name, file in told["tables"].items()
    }
    return Answer(**told)


def answer_all(
    questions: Sequence[str],
    effects: pd.DataFrame,
    *,
    axis: Axis,
    panels: Mapping[str, Sequence[str]],
    truth: Mapping[str, pd.DataFrame],
    fdr: float,
    alpha: float,
    power: float,
    smallest_effect: float,
) -> list[Answer]:
    """Ask the effects of all data sets each question.

    Parameters
    ----------
    questions
        Names of questions, in order.
    effects
        Effects of all data sets.
    axis
        Genes and hypotheses.
    panels
        Panel -> human symbols of its genes.
    truth
        Data set -> what was planted in it; simulated studies only.
    fdr, alpha, power, smallest_effect
        Thresholds of the study (:class:`sevaxis.study.card.Thresholds`).
    """
    from sevaxis.answers import axis as axis_question
    from sevaxis.answers import planted, sex

    genes = [*axis.genes, *itertools.chain(*panels.values())]
    asked = {
        "axis": lambda: axis_question.answer(
            effects, axis, alpha=alpha, power=power, smallest_effect=smallest_effect
        ),
        "sex": lambda: sex.answer(effects, genes, fdr=fdr, alpha=alpha, smallest_effect=smallest_effect),
        "planted": lambda: planted.answer(effects, truth, fdr=fdr),
    }
    return [asked[question]() for question in questions]
