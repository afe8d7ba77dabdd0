"""voom: counts as log2 counts per million with precision weights, moderated t; and the same with sample weights."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from sevaxis.base.vocabulary import Assay, Normalisation, Scale
from sevaxis.effects.methods.record import Estimates, Method, Subjects, Task, Used

if TYPE_CHECKING:
    import numpy as np


def fit_voom(
    task: Task, *, robust: bool = True, group_weights: bool | None = None, subjects: Subjects = "auto"
) -> Estimates:
    """Fit log2 counts per million with precision weights.

    Parameters
    ----------
    task
        Counts.
    robust
        Protect the prior variance from features of unusual variance (Phipson 2016).
    group_weights
        Estimate a weight for each group (Liu 2015): where groups are found to scatter differently, unless told;
        ``false`` takes their scatter for equal.
    subjects
        Several samples of a subject: ``fixed`` (a mean for each subject, so that only differences within subjects
        count), ``block`` (one correlation for all features, as limma), or ``auto``: ``fixed`` for contrasts within
        subjects; for others the samples of their own groups, with random intercepts (method ``mixed``) where subjects
        have several of these.
    """
    from sevaxis.models.counts.voom import voom, voom_quality

    if task.weighs_groups(group_weights):
        return _fit(task, partial(voom_quality, groups=task.groups), robust, subjects, group_weights=True)
    return _fit(task, lambda *given, **more: (*voom(*given, **more), None), robust, subjects)


def fit_voom_quality(task: Task, *, robust: bool = True, subjects: Subjects = "auto") -> Estimates:
    """Fit log2 counts per million with precision weights and a weight for each sample.

    Parameters
    ----------
    task
        Counts.
    robust
        Protect the prior variance from features of unusual variance (Phipson 2016).
    subjects
        Several samples of a subject: ``fixed`` (a mean for each subject, so that only differences within subjects
        count), ``block`` (one correlation for all features, as limma), or ``auto``: ``fixed`` for contrasts within
        subjects; for others the samples of their own groups, with random intercepts (method ``mixed``) where subjects
        have several of these.
    """
    from sevaxis.models.counts.voom import voom_quality

    return _fit(task, voom_quality, robust, subjects)


def _fit(
    task: Task,
    transform: Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray | None]],
    robust: bool,
    subjects: Subjects,
    *,
    group_weights: bool = False,
) -> Estimates:
    from sevaxis.effects.methods.libraries import scale_libraries
    from sevaxis.effects.methods.results import moderated_estimates, numbered, subjects_used
    from sevaxis.models.linear.blocks import duplicate_correlation
    from sevaxis.models.linear.empirical_bayes import moderate
    from sevaxis.models.linear.fit import fit_linear

    counts, design = task.values, task.design
    block, told = subjects_used(task, subjects)
    lib_size, text = scale_libraries(counts, task.normalisation)
    y, weights, quality = transform(counts, design, lib_size=lib_size)
    correlation = None
    if block is not None:
        # Weights depend on the correlation and the correlation on the weights: a second round settles both.
        for _ in range(2):
            correlation = duplicate_correlation(y, design, block, weights=weights)
            y, weights, quality = transform(
                counts, design, lib_size=lib_size, block=block, correlation=correlation
            )
    fit = fit_linear(y, design, weights=weights, block=block, correlation=correlation)
    used = Used(
        normalisation=task.normalisation,
        normalisation_text=text,
        precision_weights=True,
        sample_weights=None if quality is None else numbered(quality),
        group_weights=group_weights,
        robust=robust,
        correlation=correlation,
        **told,
    )
    return moderated_estimates(moderate(fit.contrast(task.contrasts), robust=robust), used)


_TEXT = (
    "Counts r became log2 counts per million with precision weights from the mean-variance trend lo, evaluated at "
    "the fitted count λ (Law et al. 2014); one linear model per feature holds all groups, and every effect β is a "
    "contrast of its coefficients. Variances were moderated across features (Smyth 2004)."
)
VOOM = Method(
    name="voom",
    words="voom, moderated t",
    text=_TEXT,
    when="counts of reads",
    takes=Scale.COUNTS,
    default_for=(Assay.RNA_COUNTS,),
    fit=fit_voom,
    normalisations=(Normalisation.TMM, Normalisation.MEDIAN, Normalisation.NONE),
    formulas=("voom", "model", "moderated"),
)
VOOM_QUALITY = Method(
    name="voom_quality",
    words="voom with sample weights, moderated t",
    text=f"{_TEXT} Each sample has a weight of its own beside them (Liu et al. 2015).",
    when="counts of reads, where some libraries are worse than others",
    takes=Scale.COUNTS,
    fit=fit_voom_quality,
    normalisations=VOOM.normalisations,
    formulas=VOOM.formulas,
)
