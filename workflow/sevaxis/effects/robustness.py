"""Which findings of a contrast survive other reasonable choices of normalisation, imputation, filter and method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sevaxis.base.problems import nearest, refuse
from sevaxis.base.vocabulary import WHOLE, Assay, Scale, Stratum

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from sevaxis.study.card import CompareCard


@dataclass(frozen=True)
class Robustness:
    """One contrast under several choices.

    Attributes
    ----------
    contrast, stratum
        What was estimated.
    choices
        A row per choice: what it tests and finds, and what it keeps of the reported findings.
    findings
        A row per reported finding: under how many choices it stands, its range of effects, which choices it fails.
    axis
        A row per axis gene and choice, whatever its result.
    """

    contrast: str
    stratum: Stratum
    choices: pd.DataFrame
    findings: pd.DataFrame
    axis: pd.DataFrame


def vary_choices(
    adata: AnnData,
    card: CompareCard,
    contrast: str,
    *,
    axis: tuple[str, ...],
    min_per_group: int,
    fdr: float,
    seed: int,
) -> Robustness:
    """Estimate one contrast of an assessed data set under the choices of :mod:`sevaxis.effects.sensitivity`.

    Parameters
    ----------
    adata
        Assessed matrix.
    card
        The data set's contrasts and model.
    contrast
        Name of the contrast; its stratum is the average of the sexes, or all samples where they cannot be split.
    axis
        Human symbols that are listed whatever their result.
    min_per_group, fdr, seed
        As the study has them.

    Raises
    ------
    Problems
        A published result table, or a contrast that the card does not have.
    """
    from sevaxis.effects.compare import include
    from sevaxis.effects.estimation import block_of, choose_method, make_design
    from sevaxis.effects.sensitivity import choices_beside, compare_choices, summarise_choices, survival
    from sevaxis.effects.strata import plan_strata
    from sevaxis.models.linear.design import contrast_matrix

    names = [each.name for each in card.contrasts]
    where = f"data set {card.id}"
    if card.assay == Assay.EFFECTS:
        hint = "choose a data set with a matrix"
        refuse(
            "A published table cannot be analysed in other ways",
            where=where,
            found=contrast,
            allowed="data",
            hint=hint,
        )
    if contrast not in names:
        what = "There is no such contrast"
        refuse(what, where=where, found=contrast, allowed=", ".join(names), hint=nearest(contrast, names))
    included = include(adata)
    plans, _ = plan_strata(included.obs, card.contrasts, min_per_group)
    plan, chosen = next(
        (plan, each)
        for plan in plans
        for each in plan.contrasts
        if each.contrast == contrast and each.stratum in WHOLE
    )
    method, options = choose_method(card)
    design = make_design(included.obs, card, plan, options)
    weights = contrast_matrix(design, {contrast: chosen.weights})[:, 0]
    choices = choices_beside(
        method,
        options,
        card.values.normalise,
        counted=included.uns["dataset"]["scale"] == Scale.COUNTS,
        paired=block_of(included.obs) is not None,
    )
    table = compare_choices(included, design, weights, plan.cells, choices, fdr=fdr, seed=seed)
    symbols = included.var["human_symbol"].astype(object)
    of_axis = table[table["feature"].map(symbols).isin(axis)]
    of_axis = of_axis.assign(human_symbol=of_axis["feature"].map(symbols))
    findings = survival(table)
    findings.insert(1, "human_symbol", findings["feature"].map(symbols))
    return Robustness(contrast, chosen.stratum, summarise_choices(table), findings, of_axis)
