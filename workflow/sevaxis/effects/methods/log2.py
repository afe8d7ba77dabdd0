"""Linear models of log2 values: the prior variance follows abundance (``trend``) or peptide counts (``deqms``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from sevaxis.base.problems import nearest, refuse
from sevaxis.base.vocabulary import Assay, Scale
from sevaxis.effects.methods.record import Estimates, Method, Subjects, Task, Used

if TYPE_CHECKING:
    import numpy as np

    from sevaxis.models.linear.fit import LinearFit


def fit_trend(
    task: Task,
    *,
    robust: bool = True,
    trend: bool = True,
    array_weights: bool = False,
    group_weights: bool | None = None,
    subjects: Subjects = "auto",
    missing: Literal["observed", "curve"] = "observed",
) -> Estimates:
    """Fit a linear model and moderate its t.

    Parameters
    ----------
    task
        Log2 values.
    robust
        Protect the prior variance from features of unusual variance (Phipson 2016).
    trend
        Let the prior variance follow the mean abundance.
    array_weights
        Estimate a weight for each sample (Ritchie 2006).
    group_weights
        Estimate a weight for each group (Liu 2015), in place of ``array_weights``: where groups are found to scatter
        differently, unless told; ``false`` takes their scatter for equal.
    subjects
        Several samples of a subject: ``fixed`` (a mean for each subject, so that only differences within subjects
        count), ``block`` (one correlation for all features, as limma), or ``auto``: ``fixed`` for contrasts within
        subjects; for others the samples of their own groups, with random intercepts (method ``mixed``) where subjects
        have several of these.
    missing
        Missing intensities: ``observed`` leaves them out, with presence as a test of its own; ``curve`` gives each the
        likeliest value by the detection curve of the data (Li 2023), for samples of one subject each or with
        ``subjects: fixed``. Not for ratios or the plexes of TMT.
    """
    from dataclasses import replace

    from sevaxis.effects.methods.gaps import estimates_by_curve
    from sevaxis.effects.methods.results import moderated_estimates
    from sevaxis.models.linear.empirical_bayes import moderate

    if missing == "curve":
        weights, told = _weights(task, array_weights, group_weights)
        used = Used(robust=robust, trend=trend, **told)
        return estimates_by_curve(task, used, weights=weights, subjects=subjects)
    fit, used = _fit(task, subjects, array_weights, group_weights)
    return moderated_estimates(
        moderate(fit, trend=trend, robust=robust), replace(used, robust=robust, trend=trend)
    )


def fit_deqms(
    task: Task,
    *,
    peptides: str,
    array_weights: bool = False,
    group_weights: bool | None = None,
    subjects: Subjects = "auto",
) -> Estimates:
    """Fit a linear model and moderate its t by the number of peptides behind each protein.

    Parameters
    ----------
    task
        Log2 values.
    peptides
        Column of the feature annotation with peptide or spectrum counts.
    array_weights
        Estimate a weight for each sample (Ritchie 2006).
    group_weights
        Estimate a weight for each group (Liu 2015), in place of ``array_weights``: where groups are found to scatter
        differently, unless told; ``false`` takes their scatter for equal.
    subjects
        Several samples of a subject: ``fixed`` (a mean for each subject, so that only differences within subjects
        count), ``block`` (one correlation for all features, as limma), or ``auto``: ``fixed`` for contrasts within
        subjects; for others the samples of their own groups, with random intercepts (method ``mixed``) where subjects
        have several of these.
    """
    from dataclasses import replace

    from sevaxis.effects.methods.results import moderated_estimates
    from sevaxis.models.linear.empirical_bayes import moderate_by_count

    if peptides not in task.features:
        columns = [str(column) for column in task.features.columns]
        what = "The feature annotation has no such column of peptide counts"
        hint = nearest(peptides, columns)
        refuse(
            what, where="model.peptides of the card", found=peptides, allowed=", ".join(columns), hint=hint
        )
    fit, used = _fit(task, subjects, array_weights, group_weights)
    counts = task.features[peptides].to_numpy(float)
    return moderated_estimates(moderate_by_count(fit, counts), replace(used, count_prior=peptides))


def _weights(task: Task, array_weights: bool, asked: bool | None) -> tuple[np.ndarray | None, dict[str, Any]]:
    """Weights of samples or groups, if any, and what a fit's record says of them."""
    from sevaxis.effects.methods.results import numbered
    from sevaxis.models.linear.array_weights import array_weights as estimate_weights

    group_weights = not array_weights and task.weighs_groups(asked)
    if not array_weights and not group_weights:
        return None, {"sample_weights": None, "group_weights": False}
    weights = estimate_weights(task.values, task.design, groups=task.groups if group_weights else None)
    return weights, {"sample_weights": numbered(weights), "group_weights": group_weights}


def _fit(task: Task, subjects: Subjects, array_weights: bool, asked: bool | None) -> tuple[LinearFit, Used]:
    from sevaxis.effects.methods.results import subjects_used
    from sevaxis.models.linear.blocks import duplicate_correlation
    from sevaxis.models.linear.fit import fit_linear

    y, design = task.values, task.design
    block, told = subjects_used(task, subjects)
    weights, weighed = _weights(task, array_weights, asked)
    correlation = duplicate_correlation(y, design, block, weights=weights) if block is not None else None
    fit = fit_linear(y, design, weights=weights, block=block, correlation=correlation)
    return fit.contrast(task.contrasts), Used(correlation=correlation, **weighed, **told)


_TEXT = (
    "One linear model of the log2 values per feature holds all groups, and every effect β is a contrast of its "
    "coefficients. Variances were moderated across features (Smyth 2004)."
)
TREND = Method(
    name="trend",
    words="linear model of log2 values, moderated t",
    text=_TEXT,
    when="log2 values; counts enter as log2 counts per million",
    takes=Scale.LOG2,
    default_for=(Assay.ARRAY, Assay.PROTEIN, Assay.PTM),
    fit=fit_trend,
    exclusive=(("array_weights", "group_weights"),),
    formulas=("model", "moderated"),
)
DEQMS = Method(
    name="deqms",
    words="linear model of log2 values, prior by peptide count",
    text=f"{_TEXT} The prior variance depends on the number of peptides or spectra (Zhu et al. 2020).",
    when="proteins whose table counts peptides or spectra; the card names the column",
    takes=Scale.LOG2,
    fit=fit_deqms,
    exclusive=(("array_weights", "group_weights"),),
    formulas=("model", "moderated"),
)
