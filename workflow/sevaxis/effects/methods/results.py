"""From what a model returns to estimates: what several methods share."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sevaxis.base.vocabulary import Reason, Status
from sevaxis.effects.methods.record import Estimates, Subjects, Task, Used

if TYPE_CHECKING:
    from sevaxis.models.linear.empirical_bayes import Moderated


def moderated_estimates(moderated: Moderated, used: Used) -> Estimates:
    """Estimates of a moderated fit, and what it used of its prior."""
    df = np.broadcast_to(moderated.df_total[:, None], moderated.log2fc.shape)
    reason = np.full(moderated.p.shape, None, dtype=object)
    missing = np.isnan(moderated.p)
    reason[missing] = Reason.FEW_DETECTED
    reason[missing & ~np.isnan(moderated.log2fc)] = Reason.NO_RESIDUAL_DF
    return Estimates(
        log2fc=moderated.log2fc,
        se=moderated.se,
        t=moderated.t,
        df=df,
        p=moderated.p,
        mean_abundance=moderated.fit.mean_abundance,
        status=np.where(missing, Status.NOT_ESTIMABLE, Status.TESTED).astype(object),
        reason=reason,
        notes=np.full(moderated.p.shape, None, dtype=object),
        used=with_prior(_as_far_as_features_allow(used, moderated), moderated.df_prior),
    )


def _as_far_as_features_allow(used: Used, moderated: Moderated) -> Used:
    """What of the prior few features did not allow."""
    from sevaxis.models.linear.variance_prior import ROBUST_FEATURES, TREND_FEATURES

    features = int((moderated.fit.df_residual > 0).sum())
    if used.robust and features < ROBUST_FEATURES:
        said = f"robust prior not for {features} features with a variance: it needs {ROBUST_FEATURES}"
        used = replace(used, robust=False, remarks=(*used.remarks, said))
    if used.trend and features < TREND_FEATURES:
        said = f"no trend of the prior variance for {features} features with one: it needs {TREND_FEATURES}"
        used = replace(used, trend=False, remarks=(*used.remarks, said))
    return used


def with_prior(used: Used, df_prior: np.ndarray) -> Used:
    """What was used, with the prior's degrees of freedom and, of a robust prior, how many features have fewer of them.

    A feature's own are lowered by its probability of being an outlier (Phipson et al. 2016).
    """
    fewer = int((df_prior < df_prior.max()).sum()) if used.robust and len(df_prior) else None
    return replace(used, prior_df=float(np.median(df_prior)), hypervariable=fewer)


def numbered(weights: np.ndarray) -> dict[str, float]:
    """Weights by the position of their samples; estimation puts the samples' names."""
    return {str(position): float(weight) for position, weight in enumerate(weights)}


def subjects_used(task: Task, subjects: Subjects) -> tuple[list[str] | None, dict[str, Any]]:
    """Block of a fit, None where the subjects are columns of its design, and what its record says of them."""
    fixed = subjects == "fixed" and task.block is not None
    told = {"fixed_subjects": fixed, "n_subjects": subjects_with_several(task.block)}
    return (None if fixed else task.block), told


def subjects_with_several(block: list[str] | None) -> int | None:
    """How many subjects have several samples; None without a block."""
    if block is None:
        return None
    return int((np.unique(block, return_counts=True)[1] > 1).sum())


def reasons_and_notes(status: np.ndarray, said: np.ndarray) -> dict[str, np.ndarray]:
    """What a model says of its rows, as reasons of those that it did not test and notes on those that it did."""
    reason, notes = said.copy(), said.copy()
    tested = status == Status.TESTED
    reason[tested] = None
    notes[~tested] = None
    return {"reason": reason, "notes": notes}
