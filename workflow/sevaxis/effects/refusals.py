"""What the included samples of a data set cannot bear: refused before anything is fitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from sevaxis.base.problems import Problem, Problems, nearest, refuse
from sevaxis.effects.estimation import block_of
from sevaxis.effects.methods import default_method, load_method
from sevaxis.study.estimability import SampleFacts, check_contrasts
from sevaxis.study.sheets import odd_numbers

if TYPE_CHECKING:
    import pandas as pd

    from sevaxis.study.card import CompareCard


def check_samples(
    obs: pd.DataFrame, card: CompareCard, min_per_group: int, left_out: Mapping[str, str]
) -> None:
    """Refuse contrasts that the included samples cannot bear, and name the samples that were left out.

    Sheets beside cards pass the same checks before any job starts; here they are for sheets inside retrieved files,
    and for what is left after samples were excluded.
    """
    if missing := [name for name in card.model.covariates if name not in obs]:
        what, place = "The samples have no such column", f"data set {card.id}, model.covariates"
        columns = [str(column) for column in obs]
        hint = nearest(missing[0], columns)
        refuse(what, where=place, found=", ".join(missing), allowed=", ".join(columns), hint=hint)
    _check_cells(obs, card)
    fixed = card.model.options.get("subjects") == "fixed" and obs["subject"].notna().all()
    columns = ["batch", *card.model.covariates, *(["subject"] if fixed else [])]
    facts = [
        SampleFacts(str(row["group"]), row["sex"] if isinstance(row["sex"], str) else None, modelled)
        for (_, row), modelled in zip(
            obs.iterrows(), obs[columns].astype(str).to_dict("records"), strict=True
        )
    ]
    where = f"data set {card.id}, after its samples were read and assessed"
    located = [(contrast, f"{where}, contrast '{contrast.name}'") for contrast in card.contrasts]
    problems = check_contrasts(facts, located, min_per_group)
    if not facts:
        what = "No sample of the data set takes part"
        problems.append(Problem(what, where, "0 samples", f"at least {min_per_group} in each group", ""))
    if problems:
        gone = "; ".join(f"{sample}: {why}" for sample, why in left_out.items())
        told = f"left out before: {gone}" if gone else ""
        raise Problems(
            replace(problem, hint="; ".join(filter(None, (problem.hint, told)))) for problem in problems
        )


def _check_cells(obs: pd.DataFrame, card: CompareCard) -> None:
    """Refuse what the model would make something else of: covariates with gaps, numbers with units, subjects of one."""
    problems = []
    hint = "fill the cell, exclude the sample, or leave the column out of the card"
    for column in card.model.covariates:
        place, cells = f"data set {card.id}, column '{column}'", obs[column]
        for sample in obs.index[cells.isna()]:
            what, where = (
                "A sample has no value in a column that enters the model",
                f"{place}, sample '{sample}'",
            )
            problems.append(Problem(what, where, "nothing", "a value for every sample", hint))
        texts = dict(enumerate(cells.dropna().astype(str)))
        if odd := odd_numbers(texts):
            what = f"The covariate '{column}' holds numbers and something else"
            where, found = f"{place}, sample '{cells.dropna().index[odd[0]]}'", texts[odd[0]]
            problems.append(
                Problem(what, where, found, "numbers in every cell", "write numbers without unit")
            )
    name = card.model.method or default_method(card.assay)
    if name is not None and load_method(name).needs_subject and block_of(obs) is None:
        what, where = (
            f"The method '{name}' needs several samples of a subject",
            f"data set {card.id}, column 'subject'",
        )
        allowed, hint = "subjects with two samples or more", "leave the method out, or name the right column"
        problems.append(Problem(what, where, "one sample of each", allowed, hint))
    if problems:
        raise Problems(problems)
