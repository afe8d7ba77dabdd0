"""Which samples share a model: all of them, or, where groups scatter differently, those that a contrast compares.

One residual variance for groups of unequal scatter makes the tests within the wide ones far too liberal and those
within the narrow ones blind. Weights of groups mend that as far as the ratio of the variances is the same for all
features; a contrast that rests on the samples of its own groups does not depend on the others at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sevaxis.effects.estimation import block_of, choose_method, find_scatter, make_design, make_task
from sevaxis.effects.strata import NotSplit, Plan, plan_strata
from sevaxis.models.linear.design import contrast_matrix, estimable

if TYPE_CHECKING:
    from anndata import AnnData

    from sevaxis.effects.strata import StratumContrast
    from sevaxis.models.linear.design import Design
    from sevaxis.study.card import CompareCard


def plan_models(
    included: AnnData, card: CompareCard, min_per_group: int, *, together: bool = False
) -> tuple[list[Plan], dict[str, NotSplit]]:
    """Plan the models of a data set: strata of contrasts, and the samples that share a model.

    Parameters
    ----------
    included
        Samples that take part.
    card
        Contrasts and model; ``own_samples`` decides, or else the scatter of the groups.
    min_per_group
        As the study has it.
    together
        Keep all groups in one model, whatever their scatter: for tests over several contrasts at once.

    Returns
    -------
    Plans, and contrast -> why it has no strata by sex.
    """
    plans, not_split = plan_strata(included.obs, card.contrasts, min_per_group)
    apart = plans if together else [part for plan in plans for part in _parts(included, card, plan)]
    return [part for plan in apart for part in _by_subjects(included, card, plan)], not_split


def _parts(included: AnnData, card: CompareCard, plan: Plan) -> Iterator[Plan]:
    """The plan, or a plan for the contrasts of each set of groups that are compared."""
    entering = plan.of(included)
    group = entering.obs["group"].astype(str).to_numpy()
    levels = {each.name: frozenset(each.level_weights()) for each in card.contrasts}
    sets = list(dict.fromkeys(levels[each.contrast] for each in plan.contrasts))
    why = _why_apart(entering, card, plan) if any(set(group) - each for each in sets) else None
    together = list(plan.contrasts)
    for each in sets if why else ():
        part = _restricted(plan, np.isin(group, list(each)), lambda c, each=each: levels[c.contrast] == each)
        if _can_be_estimated(included, card, part):
            together = [contrast for contrast in together if contrast not in part.contrasts]
            yield replace(part, own_samples=why)
    if together:
        yield replace(plan, contrasts=tuple(together))


def _by_subjects(included: AnnData, card: CompareCard, plan: Plan) -> Iterator[Plan]:
    """The plan by how its subjects enter: a mean for each of them where contrasts lie within subjects.

    One correlation for all features errs in up to 0.10 where features differ in theirs; a mean for each subject keeps
    the level whatever they are. A contrast between subjects rests on the samples of its own groups: mostly one of each
    subject, and otherwise with random intercepts, feature by feature.
    """
    entering = plan.of(included)
    if choose_method(card)[1].get("subjects") != "auto" or block_of(entering.obs) is None:
        yield plan
        return
    design, contrasts = _model(entering, card, plan, subjects="fixed")
    told = estimable(design, contrasts) & (design.rank < len(plan.samples))
    lost = {each.contrast for each, known in zip(plan.contrasts, told, strict=True) if not known}
    within = tuple(each for each in plan.contrasts if each.contrast not in lost)
    if within:
        yield replace(plan, contrasts=within, subjects="fixed")
    group = entering.obs["group"].astype(str).to_numpy()
    levels = {each.name: frozenset(each.level_weights()) for each in card.contrasts if each.name in lost}
    between: list[StratumContrast] = []
    for each in dict.fromkeys(levels.values()):
        part = _restricted(
            plan, np.isin(group, list(each)), lambda c, each=each: levels.get(c.contrast) == each
        )
        if block_of(part.of(included).obs) is None and _can_be_estimated(included, card, part):
            yield replace(part, own_samples=plan.own_samples or "subjects")
        else:
            between += part.contrasts
    if between:
        yield replace(plan, contrasts=tuple(between), subjects="mixed")


def _why_apart(entering: AnnData, card: CompareCard, plan: Plan) -> str | None:
    method, options = choose_method(card)
    if card.model.own_samples is not None:
        return "asked" if card.model.own_samples else None
    # weights that were asked for are the card's own answer to unequal scatter
    weighed = options.get("array_weights") or method.name == "voom_quality"
    if weighed or options.get("group_weights") is not None:
        return None
    design, contrasts = _model(entering, card, plan)
    task, _, _ = make_task(
        entering, method, design, contrasts, plan.cells, normalisation=card.values.normalise
    )
    task = replace(task, scatter=find_scatter(task, method))
    return "scatter" if task.one_variance_misleads else None


def _restricted(plan: Plan, inside: np.ndarray, wanted) -> Plan:
    """A plan for some of the samples and contrasts."""
    chosen = np.flatnonzero(inside)
    return replace(
        plan,
        samples=tuple(plan.samples[i] for i in chosen),
        cells=tuple(plan.cells[i] for i in chosen),
        contrasts=tuple(each for each in plan.contrasts if wanted(each)),
    )


def _model(entering: AnnData, card: CompareCard, plan: Plan, **options: str) -> tuple[Design, np.ndarray]:
    design = make_design(entering.obs, card, plan, {**choose_method(card)[1], **options})
    weights = {f"{each.contrast} {each.stratum}": each.weights for each in plan.contrasts}
    return design, contrast_matrix(design, weights)


def _can_be_estimated(included: AnnData, card: CompareCard, plan: Plan) -> bool:
    """Whether the plan's samples alone tell its contrasts from batches and covariates, and from the scatter."""
    design, contrasts = _model(plan.of(included), card, plan)
    return bool(estimable(design, contrasts).all()) and design.rank < len(plan.samples)
