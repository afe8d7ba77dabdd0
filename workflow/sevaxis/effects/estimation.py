"""From a normalised matrix and a plan to estimates: the method's record decides what is done, and nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from sevaxis.base.problems import Problem, Problems, refuse
from sevaxis.base.vocabulary import Normalisation, Reason, Scale, Sex, Status
from sevaxis.effects.methods import Estimates, Method, Task, default_method, load_method
from sevaxis.effects.methods.gaps import refuse_subjects
from sevaxis.models.linear.design import Design, aliased, cell_means, contrast_matrix

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from sevaxis.effects.strata import Plan
    from sevaxis.models.linear.scatter import Scatter
    from sevaxis.study.card import CompareCard

FILTER = "filterByExpr"
#: Remark on a model with the sexes.
UNPAIRED = (
    "subjects with one sample: {n}; beside a mean for each subject they add next to nothing to effects within subjects "
    "(subjects: block would use them, at the price of one correlation for all features)"
)
UNKNOWN_SEX_OUT = "samples of unknown sex that are not in this model: {n}"


def choose_method(card: CompareCard) -> tuple[Method, dict[str, Any]]:
    """Method of a card with the options that it reads.

    Raises
    ------
    Problems
        An assay without a method, or an option that the method does not read. The study's check says the same
        with the line of the card, before any job starts.
    """
    name = card.model.method or default_method(card.assay)
    if name is None:
        where, hint = f"data set {card.id}", "name one under model: method"
        what = f"No method analyses the assay '{card.assay}' unasked"
        refuse(what, where=where, found=str(card.assay), allowed="a method of the card's own", hint=hint)
    method = load_method(name)
    for one, other in method.clashes(card.model.options):
        what, where = f"'{one}' and '{other}' exclude each other", f"data set {card.id}, model"
        refuse(what, where=where, found="both", allowed="one of them", hint="leave one out")
    try:
        return method, method.parse(card.model.options)
    except ValidationError as error:
        raise Problems([
            Problem(
                f"The method '{name}' does not take this option so",
                f"data set {card.id}, model.{'.'.join(map(str, details['loc']))}",
                repr(details["input"])[:120],
                ", ".join(method.options.model_fields) or "no options",
                details["msg"],
            )
            for details in error.errors()
        ]) from None  # fmt: skip


def estimate(adata: AnnData, card: CompareCard, plan: Plan) -> Estimates:
    """Fit the card's model and estimate the contrasts of a plan.

    Parameters
    ----------
    adata
        Included samples; ``X`` counts or log2 values, ``layers["log2"]`` normalised log2 values.
    card
        Method, its options, covariates.
    plan
        Which samples enter the model, their cells, and the contrasts.
    """
    method, options = choose_method(card)
    method, options = settle_subjects(method, options, plan)
    without, adata = _of_unknown_sex_outside(adata.obs, plan), plan.of(adata)
    design = make_design(adata.obs, card, plan, options)
    names = [f"{each.contrast} {each.stratum}" for each in plan.contrasts]
    contrasts = contrast_matrix(
        design, dict(zip(names, (each.weights for each in plan.contrasts), strict=True))
    )
    if options.get("subjects") == "fixed":
        _check_within_subjects(design, contrasts, names, f"data set {card.id}")
    found = fit_filtered(
        adata, method, options, design, contrasts, plan.cells, normalisation=card.values.normalise
    )
    redundant = _redundant(design)
    remarks = [*found.used.remarks, *([UNKNOWN_SEX_OUT.format(n=without)] if without else [])]
    if plan.subjects == "fixed" and (alone := _without_partner(adata.obs)):
        remarks.append(UNPAIRED.format(n=alone))
    used = replace(
        found.used,
        redundant=redundant,
        sexes=_sexes(adata.obs, plan),
        remarks=tuple(remarks),
        own_samples=plan.own_samples,
    )
    return replace(found, used=used)


def _of_unknown_sex_outside(samples: pd.DataFrame, plan: Plan) -> int:
    """Samples of the plan's groups that are not in its model because their sex is not known."""
    inside = np.isin(np.arange(len(samples)), plan.samples)
    unknown = ~samples["sex"].isin(list(Sex)).to_numpy()
    compared = samples["group"].isin(samples["group"][inside].unique()).to_numpy()
    return int((~inside & unknown & compared).sum())


def settle_subjects(method: Method, options: dict[str, Any], plan: Plan) -> tuple[Method, dict[str, Any]]:
    """Method and options of a plan: how its subjects enter, where the card leaves that to the contrasts."""
    if options.get("subjects") != "auto":
        return method, options
    if plan.subjects == "mixed":
        if options.get("missing") == "curve":
            refuse_subjects("random intercepts of subjects")
        mixed = load_method("mixed")
        return mixed, mixed.parse({})
    return method, {**options, "subjects": plan.subjects or "block"}


def _without_partner(samples: pd.DataFrame) -> int:
    """Samples of subjects that have no other."""
    blocks = block_of(samples) or []
    return sum(count == 1 for count in Counter(blocks).values())


def fit_filtered(
    adata: AnnData,
    method: Method,
    options: dict[str, Any],
    design: Design,
    contrasts: np.ndarray,
    cells: tuple[str, ...],
    *,
    normalisation: Normalisation | None = None,
    log2: np.ndarray | None = None,
    keep: np.ndarray | None = None,
) -> Estimates:
    """Fit one method to the features that pass the filter of counts, and put its estimates among all features.

    Parameters
    ----------
    adata
        As for :func:`estimate`.
    method, options
        What is fitted.
    design, contrasts, cells
        Samples x coefficients; coefficients x k; group of each sample for the filter.
    normalisation
        Of library sizes; the method's default where it is None.
    log2
        Features x samples in place of the normalised layer, for analyses under other choices.
    keep
        Features that may enter the model; all by default.
    """
    task, kept, low = make_task(
        adata, method, design, contrasts, cells, normalisation=normalisation, log2=log2, keep=keep
    )
    if options.get("group_weights", False) is None and not options.get("array_weights"):
        task = replace(task, scatter=find_scatter(task, method))
    found = method.fit(task, **options)
    used, done = found.used, _normalised(adata)
    if not method.normalisations:
        used = replace(used, normalisation=Normalisation(done["method"]), normalisation_text=done["text"])
    if used.sample_weights is not None:
        named = dict(zip(adata.obs_names.astype(str), used.sample_weights.values(), strict=True))
        used = replace(used, sample_weights=named)
    if task.scatter is not None and np.isfinite(task.scatter.p):
        ratio = float(np.exp(task.scatter.log_ratio)) if task.scatter.unequal else None
        used = replace(used, scatter_p=task.scatter.p, scatter_ratio=ratio)
    counted = adata.uns["dataset"]["scale"] == Scale.COUNTS
    used = replace(
        used,
        method=method.name,
        counted=counted,
        filter=FILTER if counted else None,
        n_fitted=int(kept.sum()),
        n_filtered=int(low.sum()),
        design=design.names,
        samples=adata.n_obs,
    )
    return _among_all(replace(found, used=used), kept, low)


def _normalised(adata: AnnData) -> dict[str, str]:
    return adata.uns.get("normalisation", {"method": "none", "text": "Values as given"})


def make_task(
    adata: AnnData,
    method: Method,
    design: Design,
    contrasts: np.ndarray,
    cells: tuple[str, ...],
    *,
    normalisation: Normalisation | None = None,
    log2: np.ndarray | None = None,
    keep: np.ndarray | None = None,
) -> tuple[Task, np.ndarray, np.ndarray]:
    """What a method is given to fit, the features that it holds, and those that the filter of counts left out.

    Parameters are those of :func:`fit_filtered`.
    """
    from sevaxis.models.counts.voom import filter_by_expression

    counted = adata.uns["dataset"]["scale"] == Scale.COUNTS
    kept = np.ones(adata.n_vars, dtype=bool) if keep is None else keep.copy()
    low = np.zeros(adata.n_vars, dtype=bool)
    if counted:
        low = ~filter_by_expression(adata.X.T, list(cells))
    kept &= ~low
    layer = adata.layers["log2"].T if log2 is None else log2
    source = adata.X.T if method.takes == Scale.COUNTS else layer
    done = _normalised(adata)
    chosen = normalisation or next(iter(method.normalisations), Normalisation(done["method"]))
    task = Task(
        values=np.ascontiguousarray(source[kept]),
        design=design,
        contrasts=contrasts,
        groups=adata.obs["group"].astype(str).tolist(),
        block=block_of(adata.obs),
        normalisation=chosen,
        features=adata.var.loc[kept],
    )
    return task, kept, low


def find_scatter(task: Task, method: Method) -> Scatter | None:
    """Whether the groups of a task scatter differently; None where its samples leave no scatter to look at."""
    from sevaxis.effects.methods.libraries import scale_libraries
    from sevaxis.models.counts.voom import voom
    from sevaxis.models.linear.scatter import unequal_scatter

    values, weights = task.values, None
    try:
        if method.takes == Scale.COUNTS:
            lib_size, _ = scale_libraries(values, task.normalisation)
            values, weights = voom(values, task.design, lib_size=lib_size)
        return unequal_scatter(values, task.design, task.groups, weights)
    except ValueError:  # the fit says it with the reason of each row
        return None


def _among_all(found: Estimates, kept: np.ndarray, low: np.ndarray) -> Estimates:
    """The estimates among all features: missing, with the reason, for those that were left out of the model."""

    def expand(values: np.ndarray, fill: object = np.nan) -> np.ndarray:
        full = np.full((len(kept), *values.shape[1:]), fill, dtype=values.dtype)
        full[kept] = values
        return full

    reason = expand(found.reason, None)
    reason[low] = Reason.FEW_COUNTS
    return replace(
        found,
        log2fc=expand(found.log2fc),
        se=expand(found.se),
        t=expand(found.t),
        df=expand(found.df),
        p=expand(found.p),
        mean_abundance=expand(found.mean_abundance),
        status=expand(found.status, Status.LOW),
        reason=reason,
        notes=expand(found.notes, None),
        set_apart=None if found.set_apart is None else expand(found.set_apart, False),
    )


def make_design(
    samples: pd.DataFrame, card: CompareCard, plan: Plan, options: dict[str, Any] | None = None
) -> Design:
    """One column per cell, then batch, covariates, (where the cells do not hold it) sex, and subjects.

    Parameters
    ----------
    samples
        Those that enter the plan's model.
    card, plan
        As for :func:`estimate`.
    options
        Of the method; with ``subjects: fixed`` each subject has a column, where some subject has several samples.
    """
    columns = [name for name in ("batch", *card.model.covariates) if samples[name].nunique() > 1]
    covariates = samples[[*columns, *(["sex"] if plan.adjust_for_sex else [])]]
    covariates = (
        covariates.assign(sex=covariates["sex"].fillna("unknown")) if plan.adjust_for_sex else covariates
    )
    block = block_of(samples)
    if (options or {}).get("subjects") == "fixed" and block is not None:
        covariates = covariates.assign(subject=block)
    return cell_means(plan.cells, covariates if covariates.shape[1] else None)


def _check_within_subjects(design: Design, contrasts: np.ndarray, names: list[str], where: str) -> None:
    """Refuse contrasts between subjects where subjects are columns of the design."""
    if lost := aliased(design, contrasts, names):
        what = "Contrasts between subjects cannot be told apart from the subjects themselves"
        allowed, hint = "contrasts within subjects", "leave out subjects: fixed, which keeps them as a block"
        refuse(what, where=where, found=", ".join(lost), allowed=allowed, hint=hint)


def _redundant(design: Design) -> tuple[str, ...]:
    """Columns that the columns before them already say."""
    found: list[str] = []
    independent: list[int] = []
    for j, name in enumerate(design.names):
        if np.linalg.matrix_rank(design.matrix[:, [*independent, j]]) > len(independent):
            independent.append(j)
        else:
            found.append(name)
    return tuple(found)


def _sexes(samples: pd.DataFrame, plan: Plan) -> str:
    """How the sexes entered the model, as ``Used.sexes`` has it."""
    if plan.by_sex:
        return "split"
    if plan.adjust_for_sex:
        return "covariate"
    return "one" if samples["sex"].isin(list(Sex)).any() else "unknown"


def block_of(samples: pd.DataFrame) -> list[str] | None:
    """Subject of each sample where some subject has several; None otherwise.

    A sample whose subject is not known is a block of its own, so that it does not undo the pairs of the others.
    """
    alone = {name: f"{name} alone" for name in samples.index[samples["subject"].isna()]}
    blocks = [alone.get(name, str(subject)) for name, subject in samples["subject"].items()]
    return blocks if len(set(blocks)) < len(blocks) else None
