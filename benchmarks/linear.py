"""Linear models beside R's limma and edgeR, and statsmodels one feature at a time.

Agreement is the largest difference of moderated t, relative to t or, for t below 1, to 1.
"""

from __future__ import annotations

import numpy as np

from benchmarks.side_by_side import Job, R

SEED = 1
R_NAME = "R limma, edgeR"
JOBS = [
    Job(
        "linear",
        "moderated t",
        6_000,
        16,
        missing=0.12,
        target=0.25,
        peers=("statsmodels", R),
        method="trend",
    ),
    Job("linear", "trend, robust", 6_000, 16, missing=0.12, target=0.25, method="trend"),
    Job(
        "linear", "moderated t", 20_000, 24, target=0.5, peers=("statsmodels", R), quick=False, method="trend"
    ),
    Job("linear", "moderated t", 60_000, 24, target=0.5, quick=False, method="trend"),
    Job("linear", "moderated t", 20_000, 400, target=0.5, quick=False, method="trend"),
    Job("linear", "weights", 20_000, 24, target=0.5, quick=False),
    Job("linear", "voom", 20_000, 24, target=0.4, method="voom"),
    Job("linear", "voom, quality", 20_000, 24, target=1.0, quick=False, method="voom_quality"),
    Job("linear", "array weights", 6_179, 57, missing=0.12, cells=10, target=1.0, method="trend"),
    Job("linear", "blocks", 5_000, 60, target=0.15, method="trend"),
]
SIZES = [
    (5_000, 24),
    (20_000, 24),
    (60_000, 24),
    (20_000, 100),
    (20_000, 400),
    (60_000, 400),
    (5_000, 2_000),
    (20_000, 2_000),
]
GROWTH = [
    Job("linear", model, *size, missing=missing, peers=())
    for model, missing in [("moderated t", 0.0), ("moderated t", 0.12), ("voom", 0.0)]
    for size in SIZES
]


def simulate(job: Job) -> dict[str, np.ndarray]:
    """Log2 values with variances of their own, or overdispersed counts."""
    rng = np.random.default_rng(SEED)
    shape = (job.features, job.samples)
    if job.model.startswith("voom"):
        mean = rng.lognormal(4, 2, job.features)[:, None] * rng.lognormal(0, 0.2, job.samples)
        y = rng.poisson(mean * rng.gamma(5, 1 / 5, shape)).astype(float)
    else:
        y = rng.normal(22, 2, (job.features, 1)) + rng.normal(size=shape) / np.sqrt(
            rng.chisquare(5, (job.features, 1))
        )
        y += rng.normal(0, 0.3, (job.features, -(-job.samples // 4))).repeat(4, axis=1)[:, : job.samples]
    y[rng.random(shape) < job.missing] = np.nan
    return {"y": y} | ({"w": rng.uniform(0.5, 2, shape)} if job.model == "weights" else {})


def run_own(job: Job, data: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Fit, contrast and moderate."""
    from sevaxis.models.counts.voom import filter_by_expression, tmm_factors, voom, voom_quality
    from sevaxis.models.linear.array_weights import array_weights
    from sevaxis.models.linear.blocks import duplicate_correlation
    from sevaxis.models.linear.design import cell_means
    from sevaxis.models.linear.empirical_bayes import moderate
    from sevaxis.models.linear.fit import fit_linear

    y, options = data["y"], {}
    cells = [str(j % job.cells) for j in range(job.samples)]
    design = cell_means(cells)
    contrast = np.zeros(job.cells)
    contrast[:2] = -1, 1
    match job.model:
        case "weights":
            options["weights"] = data["w"]
        case "array weights":  # what limma does where values are missing
            options["weights"] = array_weights(y, design, method="gene_by_gene")
        case "blocks":
            block = [j // 4 for j in range(job.samples)]
            options = {"block": block, "correlation": duplicate_correlation(y, design, block)}
        case "voom" | "voom, quality":
            y = y[filter_by_expression(y, cells)]
            transform = voom if job.model == "voom" else voom_quality
            y, options["weights"], *_ = transform(y, design, lib_size=y.sum(axis=0) * tmm_factors(y))
    smooth = job.model == "trend, robust"
    fit = fit_linear(y, design, **options).contrast(contrast)
    found = moderate(fit, trend=smooth, robust=smooth)
    return {"log2fc": found.log2fc[:, 0], "t": found.t[:, 0]}


def run_statsmodels(job: Job, data: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Ordinary least squares and an unmoderated t test, one feature after the other."""
    import statsmodels.api as sm

    design = np.eye(job.cells)[np.arange(job.samples) % job.cells]
    contrast = np.eye(job.cells)[1] - np.eye(job.cells)[0]
    effects = np.full(len(data["y"]), np.nan)
    for i, row in enumerate(data["y"]):
        seen = np.isfinite(row)
        if design[seen].any(axis=0).all():
            test = sm.OLS(row[seen], design[seen]).fit().t_test(contrast)
            effects[i] = test.effect[0] if np.isfinite(test.pvalue) else np.nan
    return {"log2fc": effects}


ENGINES = {"sevaxis": run_own, "statsmodels": run_statsmodels}


def agreement(job: Job, found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> str:
    """Largest difference of t; of the log2 ratio where the engine has no moderated t."""
    name = "t" if "t" in found else "log2fc"
    difference = np.abs(found[name] - expected[name]) / np.maximum(np.abs(expected[name]), 1)
    return f"{name} within {np.nanmax(difference):.0e}"
