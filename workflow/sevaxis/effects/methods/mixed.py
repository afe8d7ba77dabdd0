"""A random intercept for each subject, by REML; no borrowing between features."""

from __future__ import annotations

from sevaxis.base.vocabulary import Scale
from sevaxis.effects.methods.record import Estimates, Method, Task, Used


def fit_mixed(task: Task) -> Estimates:
    """Fit a random intercept for each subject and test contrasts with Satterthwaite's degrees of freedom.

    Parameters
    ----------
    task
        Log2 values, with a block.
    """
    import numpy as np

    from sevaxis.effects.methods.results import reasons_and_notes, subjects_with_several
    from sevaxis.models.mixed.random_intercept import fit_random_intercept

    if task.block is None:
        raise ValueError("a random intercept needs subjects with several samples")
    block = np.asarray(task.block)
    test = fit_random_intercept(task.values, task.design.matrix, block).contrast(task.contrasts)
    return Estimates(
        log2fc=test.estimate,
        se=test.se,
        t=test.t,
        df=test.df,
        p=test.p,
        mean_abundance=np.nanmean(task.values, axis=1),
        status=test.status,
        **reasons_and_notes(test.status, test.reason),
        used=Used(random_intercept=True, n_subjects=subjects_with_several(task.block)),
    )


MIXED = Method(
    name="mixed",
    words="random intercept, REML",
    text=(
        "One linear mixed model per feature holds all groups as fixed effects and an intercept u for each subject, "
        "fitted by REML; effects were tested by t with Satterthwaite's degrees of freedom (Satterthwaite 1946). "
        "Nothing is borrowed between features."
    ),
    when="several samples of each subject, which it needs; counts enter as log2 counts per million",
    takes=Scale.LOG2,
    fit=fit_mixed,
    needs_subject=True,
    formulas=("random_intercept",),
)
