"""Meta-analysis of many genes beside R's metafor and statsmodels, one gene at a time.

Random effects with Hartung-Knapp errors, a tenth of the studies absent. statsmodels has no REML: it takes part with
the estimate of Paule & Mandel.
"""

from __future__ import annotations

import numpy as np

from benchmarks.side_by_side import Job, R

SEED = 1
R_NAME = "R metafor"
JOBS = [
    Job("pooling", "REML", 300, 6, target=0.05),
    Job("pooling", "REML", 2_000, 6, target=0.05, quick=False),
    Job("pooling", "PM", 2_000, 6, target=0.05, peers=("statsmodels", R), quick=False),
]
GROWTH = [
    Job("pooling", "REML", *size, peers=()) for size in [(5_000, 6), (20_000, 6), (60_000, 6), (20_000, 24)]
]


def simulate(job: Job) -> dict[str, np.ndarray]:
    """Effects and standard errors, genes x studies."""
    rng = np.random.default_rng(SEED)
    se = rng.uniform(0.15, 0.45, (job.features, job.samples))
    tau = rng.gamma(1, 0.2, (job.features, 1))
    effects = rng.normal(0, 0.3, tau.shape) + tau * rng.normal(size=se.shape) + se * rng.normal(size=se.shape)
    absent = rng.random(se.shape) < 0.1
    absent[absent.sum(axis=1) > job.samples - 3] = False
    effects[absent] = np.nan
    return {"effects": effects, "se": se}


def run_own(job: Job, data: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    from sevaxis.models.meta.pooling import pool

    found = pool(data["effects"], data["se"], method=job.model)
    return {"estimate": found.estimate, "se": found.se, "p": found.p, "tau2": found.tau2}


def run_statsmodels(job: Job, data: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    from scipy.stats import t
    from statsmodels.stats.meta_analysis import combine_effects

    numbers = np.full((job.features, 4), np.nan)
    for i, (y, error) in enumerate(zip(data["effects"], data["se"], strict=True)):
        seen = ~np.isnan(y)
        fit = combine_effects(y[seen], error[seen] ** 2, method_re="iterated", use_t=True)
        scatter = fit.sd_eff_w_re_hksj
        p = 2 * t.sf(abs(fit.mean_effect_re / scatter), seen.sum() - 1)
        numbers[i] = fit.mean_effect_re, scatter, p, fit.tau2
    return dict(zip(("estimate", "se", "p", "tau2"), numbers.T, strict=True))


ENGINES = {"sevaxis": run_own, "statsmodels": run_statsmodels}


def agreement(job: Job, found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> str:
    """Largest absolute differences."""
    off = {name: np.nanmax(np.abs(found[name] - expected[name])) for name in ("estimate", "se", "tau2")}
    return ", ".join(f"{name} within {value:.0e}" for name, value in off.items())
