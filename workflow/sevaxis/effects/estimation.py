"""From a normalised matrix and a plan to estimates: the choice of model by method, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sevaxis.base.problems import Problem, Problems, nearest
from sevaxis.models.counts.voom import filter_by_expression, tmm_factors, voom, voom_quality
from sevaxis.models.linear.array_weights import array_weights
from sevaxis.models.linear.blocks import duplicate_correlation
from sevaxis.models.linear.design import Design, cell_means, contrast_matrix
from sevaxis.models.linear.empirical_bayes import Moderated, moderate
from sevaxis.models.linear.fit import fit_linear
from sevaxis.study.card import COUNT_METHODS

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from sevaxis.effects.strata import Plan
    from sevaxis.study.card import Comparison


@dataclass(frozen=True)
class Estimates:
    """Estimates of k comparands.

    Attributes
    ----------
    log2fc, se, t, df, p
        Features x k; NaN where not estimated.
    mean_abundance
        Per feature, log2.
    low
        Per feature: left out of the model because it has too few counts; None where nothing is filtered.
    correlation
        Consensus correlation within subjects; None without a block.
    """

    log2fc: np.ndarray
    se: np.ndarray
    t: np.ndarray
    df: np.ndarray
    p: np.ndarray
    mean_abundance: np.ndarray
    low: np.ndarray | None
    correlation: float | None


def estimate(adata: AnnData, card: Comparison, plan: Plan) -> Estimates:
    """Fit the card's model and estimate the comparands of a plan.

    Parameters
    ----------
    adata
        Included samples; ``X`` counts or log2 values, ``layers["log2"]`` normalised log2 values.
    card
        Method, robustness, weights, covariates.
    plan
        Cells and comparands.
    """
    design = make_design(adata.obs, card, plan)
    contrasts = contrast_matrix(design, {f"{c.contrast} {c.stratum}": c.weights for c in plan.comparands})
    block = block_of(adata.obs)
    counted = adata.uns["dataset"]["scale"] == "counts"
    low = np.zeros(adata.n_vars, dtype=bool)
    if counted:
        low = ~filter_by_expression(adata.X.T, list(plan.cells))
    if card.method in COUNT_METHODS:
        values = np.ascontiguousarray(adata.X.T[~low])
    else:
        values = np.ascontiguousarray(adata.layers["log2"].T[~low])
    match card.method:
        case "negative_binomial":
            found = _negative_binomial(values, design, contrasts)
        case "mixed":
            found = _mixed(values, design, contrasts, block)
        case "voom" | "voom_quality":
            found = _voom(values, design, contrasts, block, card)
        case _:
            found = _log2(values, design, contrasts, block, card, adata.var.loc[~low])
    return _with_low(found, low)


def _voom(
    counts: np.ndarray,
    design: Design,
    contrasts: np.ndarray,
    block: list[str] | None,
    card: Comparison,
) -> Estimates:
    library = counts.sum(axis=0)  # of the genes that are kept, as the authors of edgeR advise
    lib_size = library * tmm_factors(counts, library)
    transform = voom_quality if card.method == "voom_quality" else voom
    y, weights, *_ = transform(counts, design, lib_size=lib_size)
    correlation = None
    if block is not None:
        # Weights depend on the correlation and the correlation on the weights: a second round settles both.
        for _ in range(2):
            correlation = duplicate_correlation(y, design, block, weights=weights)
            y, weights, *_ = transform(
                counts, design, lib_size=lib_size, block=block, correlation=correlation
            )
    fit = fit_linear(y, design, weights=weights, block=block, correlation=correlation).contrast(contrasts)
    return _moderated(moderate(fit, robust=card.model.robust), correlation)


def _log2(
    y: np.ndarray,
    design: Design,
    contrasts: np.ndarray,
    block: list[str] | None,
    card: Comparison,
    features: pd.DataFrame,
) -> Estimates:
    weights = array_weights(y, design) if card.model.array_weights else None
    correlation = duplicate_correlation(y, design, block, weights=weights) if block is not None else None
    fit = fit_linear(y, design, weights=weights, block=block, correlation=correlation).contrast(contrasts)
    if card.method == "deqms":
        from sevaxis.models.linear.empirical_bayes import moderate_by_count

        return _moderated(moderate_by_count(fit, _peptides(features, card)), correlation)
    return _moderated(moderate(fit, trend=True, robust=card.model.robust), correlation)


def _peptides(features: pd.DataFrame, card: Comparison) -> np.ndarray:
    """Peptide or spectrum count of each feature."""
    column = card.model.peptides
    if column not in features:
        allowed, hint = (
            ", ".join(map(str, features.columns)),
            nearest(str(column), map(str, features.columns)),
        )
        what, where = (
            "The feature annotation has no such column of peptide counts",
            f"data set {card.id}, model.peptides",
        )
        raise Problems([Problem(what, where, str(column), allowed, hint)])
    return features[column].to_numpy(float)


def _moderated(moderated: Moderated, correlation: float | None) -> Estimates:
    df = np.broadcast_to(moderated.df_total[:, None], moderated.log2fc.shape)
    return Estimates(
        moderated.log2fc,
        moderated.se,
        moderated.t,
        df,
        moderated.p,
        moderated.fit.mean_abundance,
        None,
        correlation,
    )


def _negative_binomial(counts: np.ndarray, design: Design, contrasts: np.ndarray) -> Estimates:
    from sevaxis.models.counts.negative_binomial import fit_negative_binomial, wald

    fit = fit_negative_binomial(counts, design.matrix)
    test = wald(fit, contrasts)
    df = np.full(test.p.shape, np.inf)  # the Wald statistic is referred to the normal distribution
    return Estimates(test.log2fc, test.se, test.stat, df, test.p, np.log2(fit.base_mean + 1), None, None)


def _mixed(y: np.ndarray, design: Design, contrasts: np.ndarray, block: list[str] | None) -> Estimates:
    from sevaxis.models.mixed.random_intercept import fit_random_intercept

    test = fit_random_intercept(y, design.matrix, block).contrast(contrasts)
    return Estimates(test.estimate, test.se, test.t, test.df, test.p, np.nanmean(y, axis=1), None, None)


def _with_low(found: Estimates, low: np.ndarray) -> Estimates:
    """The estimates among all features: NaN for those that were left out of the model."""

    def expand(values: np.ndarray) -> np.ndarray:
        full = np.full((len(low), *values.shape[1:]), np.nan)
        full[~low] = values
        return full

    return Estimates(
        *(expand(getattr(found, name)) for name in ("log2fc", "se", "t", "df", "p", "mean_abundance")),
        low,
        found.correlation,
    )


def make_design(samples: pd.DataFrame, card: Comparison, plan: Plan) -> Design:
    """One column per cell, then batch, covariates and (where the cells do not hold it) sex."""
    columns = [name for name in ("batch", *card.model.covariates) if samples[name].nunique() > 1]
    covariates = samples[[*columns, *(["sex"] if plan.adjust_for_sex else [])]]
    covariates = (
        covariates.assign(sex=covariates["sex"].fillna("unknown")) if plan.adjust_for_sex else covariates
    )
    return cell_means(plan.cells, covariates if covariates.shape[1] else None)


def block_of(samples: pd.DataFrame) -> list[str] | None:
    """Subject of each sample where some subject has several; None otherwise. A sample whose subject is not known is a
    block of its own, so that it does not undo the pairs of the others."""
    alone = {name: f"{name} alone" for name in samples.index[samples["subject"].isna()]}
    blocks = [alone.get(name, str(subject)) for name, subject in samples["subject"].items()]
    return blocks if len(set(blocks)) < len(blocks) else None
