"""Runs studies, one per line of its input (a folder), and prints what became of each as a line of JSON.

Check and jobs call what `sevaxis check` and the workflow's scripts call. The process may be killed where it hangs, and
has no more address space than a laptop has memory.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any

#: Bytes of address space.
LIMIT = 8 * 2**30


def jobs(study: Any) -> None:
    """What the workflow does with each data set of a study, up to its effects."""
    from sevaxis.effects.compare import compare
    from sevaxis.effects.robustness import robustness_of
    from sevaxis.files.retrieve import retrieve
    from sevaxis.matrix.assess import assess
    from sevaxis.matrix.read import read
    from sevaxis.study.card import AssessCard, CompareCard, ReadCard, RetrieveCard

    settings = study.configuration
    thresholds = settings.thresholds
    for name, card in study.cards.items():
        folder = Path(settings.data_folder) / name
        folder.mkdir(parents=True, exist_ok=True)
        retrieve(
            RetrieveCard.model_validate(card.part(RetrieveCard)), folder, mirror=None, seed=settings.seed
        )
        matrix = read(
            ReadCard.model_validate(card.part(ReadCard)),
            folder,
            sheet=study.sheets[name],
            orthologs=None,
        )
        about = AssessCard.model_validate(card.part(AssessCard))
        policy = {"sex_mismatch": settings.sex_mismatch, "min_mapped": thresholds.min_mapped}
        matrix, _, _ = assess(matrix, about, axis=settings.axis.genes, **policy)
        chosen = CompareCard.model_validate(card.part(CompareCard))
        least = thresholds.min_per_group
        effects, _ = compare(matrix, chosen, axis=settings.axis.genes, min_per_group=least)
        if card.model.alternatives:
            robustness_of(matrix, chosen, effects, axis=settings.axis.genes, min_per_group=least)


def outcome(root: Path) -> dict[str, Any]:
    """What became of one study: `stage` (check, files, job, through, traceback) and the problems."""
    from sevaxis.base.problems import Problems
    from sevaxis.rehearsal import rehearse_study
    from sevaxis.study.study import load_study

    os.chdir(root)
    stage = "check"
    try:
        study = load_study(Path("config/config.yaml"))
        stage = "files"
        found, _ = rehearse_study(study)
        if found:
            raise Problems(found)
        stage = "job"
        jobs(study)
    except Problems as problems:
        parts = ("what", "where", "found", "allowed", "hint")
        told = [{part: str(getattr(each, part)) for part in parts} for each in problems.problems]
        return {"stage": stage, "problems": told}
    except BaseException:
        return {"stage": "traceback", "during": stage, "text": traceback.format_exc(limit=-4)}
    return {"stage": "through"}


def main() -> None:
    """Answer line by line until the input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))
    warnings.simplefilter("ignore")
    out = sys.stdout
    for line in sys.stdin:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            told = outcome(Path(line.strip()))
        print(json.dumps(told), file=out, flush=True)


if __name__ == "__main__":
    main()
