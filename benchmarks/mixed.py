"""Random-intercept models beside R's lmerTest and statsmodels, one feature at a time: donors with three samples each.

R takes minutes for thousands of features, so that all engines are given a few hundred.
"""

from __future__ import annotations

import warnings

import numpy as np

from benchmarks.side_by_side import Job, R

SEED = 1
R_NAME = "R lmerTest"
JOBS = [
    Job(
        "mixed",
        "random intercept",
        150,
        60,
        missing=0.1,
        target=0.02,
        peers=("statsmodels", R),
        method="mixed",
    ),
    Job(
        "mixed",
        "random intercept",
        500,
        60,
        target=0.02,
        peers=("statsmodels", R),
        quick=False,
        method="mixed",
    ),
    Job(
        "mixed",
        "random intercept",
        500,
        60,
        missing=0.1,
        target=0.02,
        peers=("statsmodels", R),
        quick=False,
        method="mixed",
    ),
]
SIZES = [(5_000, 60), (20_000, 60), (60_000, 60), (20_000, 300), (5_000, 1_800)]
GROWTH = [Job("mixed", "random intercept", *size, missing=0.1, peers=()) for size in SIZES]


def simulate(job: Job) -> dict[str, np.ndarray]:
    """Log2 values, design (1, treatment, age) and donor of each sample."""
    rng = np.random.default_rng(SEED)
    donors = job.samples // 3
    donor = np.repeat(np.arange(donors), 3)
    treated = np.tile([0.0, 1.0, 1.0], donors)
    design = np.column_stack([np.ones(len(donor)), treated, rng.normal(size=donors)[donor]])
    between = rng.normal(0, 1, (job.features, donors))[:, donor] * rng.gamma(2, 0.3, (job.features, 1))
    y = 8 + between + rng.normal(0, 0.6, (job.features, len(donor)))
    y[rng.random(y.shape) < job.missing] = np.nan
    return {"y": y, "design": design, "donor": donor}


def run_own(job: Job, data: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    from sevaxis.models.mixed.random_intercept import fit_random_intercept

    fit = fit_random_intercept(data["y"], data["design"], data["donor"])
    found = fit.contrast(np.array([0.0, 1.0, 0.0]))
    return {"estimate": found.estimate[:, 0], "se": found.se[:, 0], "p": found.p[:, 0]}


def run_statsmodels(job: Job, data: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Its p-values refer to the normal distribution: there are no Satterthwaite degrees of freedom."""
    from statsmodels.regression.mixed_linear_model import MixedLM

    numbers = np.full((len(data["y"]), 3), np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for i, values in enumerate(data["y"]):
            seen = ~np.isnan(values)
            fit = MixedLM(values[seen], data["design"][seen], data["donor"][seen]).fit(reml=True)
            if fit.converged:
                numbers[i] = fit.fe_params[1], fit.bse_fe[1], fit.pvalues[1]
    return dict(zip(("estimate", "se", "p"), numbers.T, strict=True))


ENGINES = {"sevaxis": run_own, "statsmodels": run_statsmodels}


def agreement(job: Job, found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> str:
    """Relative differences; lmer itself stops within a tolerance."""
    se, p = (np.nanquantile(np.abs(found[name] / expected[name] - 1), 0.99) for name in ("se", "p"))
    lost = np.isnan(found["se"]).sum()
    return f"99 % of se within {se:.0e}, of p within {p:.0e}; {lost} not converged"
