"""Effects in which missing intensities take part by the detection curve, where the data bear one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sevaxis.base.problems import Problem, Problems, refuse
from sevaxis.base.vocabulary import Reason, Status
from sevaxis.effects.methods.record import Estimates

if TYPE_CHECKING:
    from sevaxis.effects.methods.record import Subjects, Task, Used
    from sevaxis.models.intensities.detection_curve import DetectionCurve
    from sevaxis.models.linear.empirical_bayes import Moderated

#: A slope, per log2, below which detection does not follow intensity: a tenth more odds for twice the amount is 0.1;
#: and how many standard errors it must be above none.
_SLOPE, _ERRORS = 0.1, 3.0
#: Share of the gaps of two samples in common from which they are missing together, as in the plexes of TMT.
_TOGETHER = 0.9
_WHERE = "model.missing of the card"
_ALLOWED = "log2 intensities of single samples, the lower ones missing more often"
_LEAVE = "leave `missing: curve` out: presence is then tested beside the abundance where detected"


def estimates_by_curve(
    task: Task, used: Used, *, weights: np.ndarray | None, subjects: Subjects
) -> Estimates:
    """Estimates in which missing values take part.

    Where a feature has gaps, the p of a contrast is that of a moderated linear model of its values with the gaps filled
    by the curve as if the contrast were nought: where it is, samples are exchangeable and the test keeps its level
    whatever the curve. Filled so, groups would seem more alike than they are, so that the effect and its standard error
    come from a model in which they may differ (:mod:`sevaxis.models.intensities.curve_model`). Where the two disagree
    about the sign, the larger p stands. A contrast that the values seen cannot estimate, for a group has none, has the
    effect that the curve and the prior give it, and no standard error: how far below detection, nobody knows.

    Parameters
    ----------
    task
        Log2 values.
    used
        What is known already: ``trend`` and ``robust`` are done as it says.
    weights
        Of samples.
    subjects
        How several samples of a subject enter: ``fixed``, for nothing else goes with the curve.

    Raises
    ------
    Problems
        As :func:`curve_or_problem` has them, or several samples of a subject that are not columns of the design.
    """
    from sevaxis.effects.methods.results import moderated_estimates, subjects_used
    from sevaxis.models.intensities.curve_model import fit_with_curve
    from sevaxis.models.linear.empirical_bayes import t_quantile, t_tail
    from sevaxis.models.linear.fit import fit_linear

    block, told = subjects_used(task, subjects)
    if block is not None:
        refuse_subjects("subjects as blocks")
    curve = curve_or_problem(task.values)
    if isinstance(curve, Problem):
        raise Problems([curve])
    blind = [_blind_test(task, k, curve, weights, used) for k in range(task.contrasts.shape[1])]
    p_blind, sign = (
        np.column_stack([getattr(each, name)[:, 0] for each in blind]) for name in ("p", "log2fc")
    )
    known = np.isfinite(task.values).any(axis=1)
    fit = fit_with_curve(
        task.values[known],
        task.design,
        task.contrasts,
        curve,
        weights=weights,
        trend=used.trend,
        robust=used.robust,
    )
    log2fc, se, p = (np.full(p_blind.shape, np.nan) for _ in range(3))
    df = np.full(len(known), np.nan)
    log2fc[known], se[known], df[known] = fit.log2fc, fit.se, fit.df
    beyond = np.isnan(fit_linear(task.values, task.design).contrast(task.contrasts).coefficients)
    with np.errstate(divide="ignore", invalid="ignore"):
        wald = 2 * t_tail(np.abs(log2fc / se), df[:, None])
    agree = np.sign(log2fc) == np.sign(sign)
    gaps = np.isnan(task.values).any(axis=1)
    p = np.where(gaps[:, None], np.where(agree, p_blind, np.fmax(p_blind, wald)), wald)
    p[np.isnan(log2fc)] = np.nan
    se[beyond] = np.nan
    recovered = int((np.isnan(task.values) & known[:, None]).sum())
    used = replace(
        moderated_estimates(blind[0], used).used,
        detection_curve=(curve.intercept, curve.slope),
        detection_shifts=(float(curve.shifts.min()), float(curve.shifts.max())),
        recovered=recovered,
        recovered_share=recovered / max(int(known.sum()) * len(task.groups), 1),
        **told,
    )
    seen, untested = np.isfinite(task.values), np.isnan(p)
    mean = np.where(seen, task.values, 0.0).sum(axis=1) / np.where(known, seen.sum(axis=1), np.nan)
    none = np.full(p.shape, None, dtype=object)
    return Estimates(
        log2fc=log2fc,
        se=se,
        # the t that belongs to p
        t=-np.sign(log2fc) * t_quantile(p / 2, df[:, None]),
        df=np.broadcast_to(df[:, None], p.shape),
        p=p,
        # what is not seen is no part of how abundant a feature is where it is
        mean_abundance=mean,
        status=np.where(untested, Status.NOT_ESTIMABLE, Status.TESTED).astype(object),
        reason=np.where(untested, Reason.FEW_DETECTED, none),
        notes=none,
        used=used,
    )


def _blind_test(
    task: Task, k: int, curve: DetectionCurve, weights: np.ndarray | None, used: Used
) -> Moderated:
    """Moderated test of one contrast on values whose gaps were filled as if it were nought."""
    from scipy.linalg import null_space

    from sevaxis.models.intensities.detection_curve import recover
    from sevaxis.models.linear.empirical_bayes import moderate
    from sevaxis.models.linear.fit import fit_linear

    contrast = task.contrasts[:, [k]]
    filled = recover(task.values, curve, task.design.matrix @ null_space(contrast.T)).log2
    fit = fit_linear(filled, task.design, weights=weights).contrast(contrast)
    return moderate(fit, trend=used.trend, robust=used.robust)


def refuse_subjects(found: str) -> None:
    """Refuse the curve beside a model in which samples of a subject correlate."""
    what = "The detection curve takes samples for independent, or subjects as columns of the model"
    hint = "say subjects: fixed for contrasts within subjects, or leave `missing: curve` out"
    refuse(
        what, where=_WHERE, found=found, allowed="one sample of each subject, or subjects: fixed", hint=hint
    )


def curve_or_problem(log2: np.ndarray) -> DetectionCurve | Problem:
    """The detection curve of log2 values (features x samples), or why they have none."""
    from sevaxis.models.intensities.detection_curve import fit_detection_curve

    gaps = np.isnan(log2[np.isfinite(log2).any(axis=1)])
    if not gaps.any():
        what, found = (
            "Without missing values there is no detection curve",
            f"0 of {gaps.size:,} values missing",
        )
        return Problem(
            what, _WHERE, found, _ALLOWED, "leave `missing: curve` out; zeros of counts are values"
        )
    if _in_plexes(gaps):
        what = "Values are missing by sets of samples, as in the plexes of TMT, not one by one"
        found = f"every sample shares {_TOGETHER:.0%} of its gaps or more with another"
        return Problem(what, _WHERE, found, _ALLOWED, _LEAVE)
    try:
        curve = fit_detection_curve(log2)
    except ValueError as error:
        return Problem("No detection curve fits these values", _WHERE, str(error), _ALLOWED, _LEAVE)
    if curve.slope < max(_SLOPE, _ERRORS * curve.slope_se):
        what = (
            "Low values are not shown to be missing more often (ratios, values centred by feature, few gaps?)"
        )
        found = f"log odds of detection rise by {curve.slope:.2g} (standard error {curve.slope_se:.2g}) for each log2"
        return Problem(what, _WHERE, found, _ALLOWED, _LEAVE)
    return curve


def _in_plexes(gaps: np.ndarray) -> bool:
    """Whether every sample with gaps has another with the same."""
    both = gaps.T.astype(float) @ gaps
    number = np.diag(both)
    either = number[:, None] + number - both
    shared = np.divide(both, either, out=np.zeros_like(both), where=either > 0)
    np.fill_diagonal(shared, 0.0)
    return bool((shared.max(axis=1)[number > 0] >= _TOGETHER).all())


def bears_curve(log2: np.ndarray) -> bool:
    """Whether log2 values (features x samples) have a detection curve."""
    return not isinstance(curve_or_problem(log2), Problem)
