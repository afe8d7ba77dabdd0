"""Which findings of a contrast survive other reasonable choices of normalisation, imputation, filter and method."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sevaxis.base.problems import nearest, refuse
from sevaxis.base.vocabulary import REPORTED, STANDING, Assay, Scale, Stratum

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from sevaxis.effects.sensitivity import Choice
    from sevaxis.effects.strata import Plan
    from sevaxis.models.linear.design import Design
    from sevaxis.study.card import CompareCard

#: Columns of ``robustness.parquet``; effects as in :mod:`sevaxis.effects.table`.
COLUMNS = {
    "dataset": "string",
    "contrast": "string",
    "stratum": "string",
    "feature_id": "string",
    "human_symbol": "string",
    "analysis": "string",
    "reported": "bool",
    "log2fc": "float64",
    "se": "float64",
    "df": "float64",
    "p": "float64",
}
#: The choice of analysis decides where one finds so many features, and so many times as many as another.
MANY, TIMES = 50, 5


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
    from sevaxis.effects.apart import plan_models
    from sevaxis.effects.compare import include
    from sevaxis.effects.sensitivity import compare_choices, summarise_choices, survival
    from sevaxis.models.linear.design import estimable

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
    plans, _ = plan_models(included, card, min_per_group)
    plan, k = next(
        (plan, k)
        for plan in plans
        for k, each in enumerate(plan.contrasts)
        if each.contrast == contrast and (not plan.by_sex or each.stratum == Stratum.AVERAGE)
    )
    included = plan.of(included)
    choices, models = [], {}
    for choice in choices_of(included, card, plan):
        design, contrasts = model_of(included, card, plan, choice)
        if estimable(design, contrasts[:, k])[0]:
            choices.append(choice)
            models[choice.name] = design, contrasts[:, k]
    table = compare_choices(
        included, lambda choice: models[choice.name], plan.cells, choices, fdr=fdr, seed=seed
    )
    symbols = included.var["human_symbol"].astype(object)
    of_axis = table[table["feature"].map(symbols).isin(axis)]
    of_axis = of_axis.assign(human_symbol=of_axis["feature"].map(symbols))
    findings = survival(table)
    findings.insert(1, "human_symbol", findings["feature"].map(symbols))
    return Robustness(contrast, plan.contrasts[k].stratum, summarise_choices(table), findings, of_axis)


def choices_of(included: AnnData, card: CompareCard, plan: Plan) -> list[Choice]:
    """The reported analysis of a plan, those that are tried beside every such one, and the card's own alternatives.

    ``included`` are the samples that enter the plan's model.
    """
    from sevaxis.effects.estimation import block_of, choose_method, settle_subjects
    from sevaxis.effects.methods.gaps import bears_curve
    from sevaxis.effects.sensitivity import Choice, choices_beside

    method, options = settle_subjects(*choose_method(card), plan)
    counted = included.uns["dataset"]["scale"] == Scale.COUNTS
    missing = not counted and bool(np.isnan(np.asarray(included.X)).any())
    choices = choices_beside(
        method,
        options,
        card.values.normalise,
        counted=counted,
        paired=block_of(included.obs) is not None,
        missing=missing,
        curve=missing and bears_curve(np.asarray(included.layers["log2"]).T),
        assessed=included.uns.get("normalisation", {}).get("method"),
    )
    own = []
    for name in card.model.alternatives:
        model = card.model.alternative(name)
        other, told = settle_subjects(*choose_method(card.model_copy(update={"model": model})), plan)
        scaling = choices[0].normalisation
        if scaling not in other.normalisations:
            scaling = next(iter(other.normalisations), None)
        own.append(
            Choice(
                name=name,
                method=other.name,
                options=told,
                covariates=model.covariates,
                normalisation=scaling,
            )
        )
    return [*(each for each in choices if each.name not in card.model.alternatives), *own]


def model_of(included: AnnData, card: CompareCard, plan: Plan, choice: Choice) -> tuple[Design, np.ndarray]:
    """Design of a choice for the samples of a plan, and the plan's contrasts in it (coefficients x k)."""
    from sevaxis.effects.estimation import make_design
    from sevaxis.models.linear.design import contrast_matrix

    if choice.covariates is not None:
        model = card.model.model_copy(update={"covariates": choice.covariates})
        card = card.model_copy(update={"model": model})
    design = make_design(included.obs, card, plan, choice.options)
    weights = {f"{each.contrast} {each.stratum}": each.weights for each in plan.contrasts}
    return design, contrast_matrix(design, weights)


def robustness_of(
    adata: AnnData,
    card: CompareCard,
    effects: pd.DataFrame,
    *,
    axis: Sequence[str],
    min_per_group: int = 2,
    fdr: float = 0.05,
    seed: int = 0,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The axis genes of a data set under other analyses, beside the reported ones.

    Parameters
    ----------
    adata
        Assessed matrix.
    card
        The data set's contrasts and model.
    effects
        The reported effects (:func:`sevaxis.effects.compare.compare`): their rows stand here as they are.
    axis, min_per_group, fdr, seed
        As the study has them.

    Returns
    -------
    pandas.DataFrame
        A row per contrast, stratum, feature that is an axis gene, and analysis: :data:`COLUMNS`. ``reported`` is true
        in the rows of the reported analysis. A feature that an analysis does not test has no numbers there; an
        analysis in which a contrast cannot be estimated at all has no rows of it. Published tables have the reported
        rows alone.
    dict
        For ``model.json``: ``analyses`` (a record per contrast, stratum and analysis: features ``tested``, and
        ``significant`` at q below ``fdr``), ``not_run`` (analysis -> why), ``decides`` (sentences about contrasts where
        the choice of the analysis decides).
    """
    import pandas as pd

    # not the rows of strata that a contrast does not have
    fitted = effects["log2fc"].notna() | effects["n_case"].notna()
    rows = effects[fitted & effects["human_symbol"].isin(list(axis))]
    rows = rows[rows["feature_id"].isin(adata.var_names)]
    keys = ["contrast", "stratum", "feature_id", "human_symbol"]
    tables = [rows[[*keys, "log2fc", "se", "df", "p"]].assign(analysis=REPORTED, reported=True)]
    summary = _found_as_reported(effects[fitted], fdr)
    not_run: dict[str, str] = {}
    if card.assay != Assay.EFFECTS:
        varied = _vary_all(adata, card, rows[keys], not_run, min_per_group=min_per_group, fdr=fdr, seed=seed)
        for table, record in varied:
            tables.append(table.assign(reported=False))
            summary.append(record)
    found = pd.concat([table.astype(dict.fromkeys(keys, object)) for table in tables], ignore_index=True)
    order = {name: place for place, name in enumerate(dict.fromkeys(found["analysis"]))}
    found = found.sort_values(
        ["contrast", "stratum", "feature_id", "analysis"],
        key=lambda column: column.map(order) if column.name == "analysis" else column,
        ignore_index=True,
    )
    told = {"analyses": summary, "not_run": not_run, "decides": _decides(summary)}
    return found.assign(dataset=card.id)[list(COLUMNS)].astype(COLUMNS), told


def add_to_model(model: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """``model.json`` with what other analyses gave; a choice that decides is a remark on the fit of its contrast."""
    fits = [
        {**fit, "remarks": [*fit["remarks"], *_about(told["decides"], fit["contrasts"])]}
        for fit in model["fits"]
    ]
    return {**model, "fits": fits, "robustness": told}


def _about(sentences: list[str], contrasts: list[str]) -> list[str]:
    return [sentence for sentence in sentences if sentence.split(":")[0] in contrasts]


def _found_as_reported(effects: pd.DataFrame, fdr: float) -> list[dict[str, Any]]:
    groups = effects.groupby(["contrast", "stratum"], sort=False, observed=True)
    return [
        {
            "contrast": str(contrast),
            "stratum": str(stratum),
            "analysis": REPORTED,
            "tested": int(rows["p"].notna().sum()),
            "significant": int(rows["q"].lt(fdr).sum()),
        }
        for (contrast, stratum), rows in groups
    ]


def _vary_all(
    adata: AnnData,
    card: CompareCard,
    wanted: pd.DataFrame,
    not_run: dict[str, str],
    *,
    min_per_group: int,
    fdr: float,
    seed: int,
) -> Iterator[tuple[pd.DataFrame, dict[str, Any]]]:
    """Rows of the wanted features and a summary, for each contrast in each stratum under each other choice."""
    from sevaxis.base.problems import Problems
    from sevaxis.effects.apart import plan_models
    from sevaxis.effects.compare import include
    from sevaxis.effects.sensitivity import fit_choice
    from sevaxis.models.inference.multiplicity import benjamini_hochberg
    from sevaxis.models.linear.design import estimable

    included = include(adata)
    place = {name: i for i, name in enumerate(included.var_names)}
    plans, _ = plan_models(included, card, min_per_group)
    for plan in plans:
        entering = plan.of(included)
        for choice in choices_of(entering, card, plan)[1:]:
            try:
                design, contrasts = model_of(entering, card, plan, choice)
                told = estimable(design, contrasts)
                if not told.any():
                    continue
                found = fit_choice(entering, choice, design, contrasts, plan.cells, seed=seed)
            except (ValueError, KeyError, np.linalg.LinAlgError, Problems) as error:
                # another analysis that the data do not bear is no reason to withhold the reported one
                not_run[choice.name] = str(error).strip("'\"").splitlines()[0]
                continue
            for k in np.flatnonzero(told):
                each = plan.contrasts[k]
                here = wanted["contrast"].eq(each.contrast) & wanted["stratum"].eq(each.stratum)
                rows = wanted[here].assign(analysis=choice.name)
                at = [place[name] for name in rows["feature_id"]]
                numbers = {name: getattr(found, name)[at, k] for name in ("log2fc", "se", "df", "p")}
                q = benjamini_hochberg(found.p_of_family[:, k])
                record = {
                    "contrast": each.contrast,
                    "stratum": str(each.stratum),
                    "analysis": choice.name,
                    "tested": int(np.isfinite(found.p[:, k]).sum()),
                    "significant": int((q < fdr).sum()),
                }
                yield rows.assign(**numbers), record


def _decides(summary: list[dict[str, Any]]) -> list[str]:
    """A sentence for each contrast in which one analysis finds many features and another few."""
    told = []
    for contrast in dict.fromkeys(record["contrast"] for record in summary):
        mine = [record for record in summary if record["contrast"] == contrast]
        stands = next(stratum for stratum in STANDING if stratum in {record["stratum"] for record in mine})
        here = {record["analysis"]: record["significant"] for record in mine if record["stratum"] == stands}
        most, least = (choose(here, key=here.__getitem__) for choose in (max, min))
        if here[most] >= MANY and here[most] > TIMES * here[least]:
            told.append(
                f"{contrast}: the choice of the analysis decides what is found, {here[least]:,} ({least}) to "
                f"{here[most]:,} ({most}) features under {len(here)} analyses, {here[REPORTED]:,} as reported"
            )
    return told
