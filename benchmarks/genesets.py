"""Gene-set tests beside R's limma and fgsea.

Agreement is the largest |log2| ratio of the p-values; of tests by random permutation or rotation, the median.
"""

from __future__ import annotations

import numpy as np

from benchmarks.side_by_side import Job

SEED = 1
R_NAME = "R limma"
RANDOM = {"roast", "preranked"}
SIZE = {"features": 8_000, "samples": 12, "sets": 300}
JOBS = [
    Job("genesets", "camera", **SIZE),
    Job("genesets", "camera, estimated", **SIZE, quick=False),
    Job("genesets", "camera, weights", **SIZE, quick=False),
    Job("genesets", "camera preranked", **SIZE, quick=False),
    Job("genesets", "fry", **SIZE),
    Job("genesets", "roast", **SIZE, quick=False),
    Job("genesets", "preranked", **SIZE, quick=False),
]
GROWTH = [
    Job("genesets", model, features, 24, sets=sets, peers=())
    for model in ("camera", "fry", "preranked")
    for features, sets in ((5_000, 1_000), (20_000, 1_000), (60_000, 1_000), (20_000, 5_000))
]


def simulate(job: Job) -> dict[str, np.ndarray]:
    """Log2 values, some sets moved; sets of 10 to 200 members."""
    rng = np.random.default_rng(SEED)
    sizes = np.clip(rng.lognormal(3.5, 0.8, job.sets), 10, 200).astype(int)
    rows = [np.sort(rng.choice(job.features, size, replace=False)) for size in sizes]
    y = rng.normal(8, 1, (job.features, job.samples)) / np.sqrt(rng.chisquare(5, (job.features, 1)) / 5)
    half = job.samples // 2
    for members in rows[:: max(job.sets // 20, 1)]:
        y[members, half:] += rng.choice([-0.5, 0.5])
    difference = y[:, half:].mean(axis=1) - y[:, :half].mean(axis=1)
    pooled = (y[:, half:].var(axis=1, ddof=1) + y[:, :half].var(axis=1, ddof=1)) / 2
    return {
        "y": y, "w": rng.uniform(0.5, 2, y.shape), "t": difference / np.sqrt(pooled * 2 / half),
        "rows": np.concatenate(rows), "set": np.repeat(np.arange(job.sets), sizes),
    }  # fmt: skip


def run_own(job: Job, data: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """P-values of all sets."""
    from sevaxis.models.genesets.camera import camera, camera_preranked
    from sevaxis.models.genesets.preranked import preranked
    from sevaxis.models.genesets.rotation import fry, roast
    from sevaxis.models.genesets.sets import SetIndex

    sizes = np.bincount(data["set"].astype(int))
    sets = SetIndex(tuple(map(str, range(job.sets))), data["rows"].astype(int), sizes, job.features)
    design = np.column_stack([np.ones(job.samples), np.repeat([0.0, 1.0], job.samples // 2)])
    model = data["y"], design, np.array([0.0, 1.0]), sets
    match job.model:
        case "camera":
            table = camera(*model)
        case "camera, estimated":
            table = camera(*model, correlation=None)
        case "camera, weights":
            table = camera(*model, weights=data["w"])
        case "camera preranked":
            table = camera_preranked(data["t"], sets)
        case "fry":
            table = fry(*model)
        case "roast":
            table = roast(*model, rotations=9_999, seed=SEED)
        case "preranked":
            table = preranked(data["t"], sets, permutations=10_000, seed=SEED)
    return {"p": table["p"].to_numpy()}


ENGINES = {"sevaxis": run_own}


def agreement(job: Job, found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> str:
    """Log2 ratios of p, of the sets whose p is not 0."""
    positive = found["p"] > 0
    off = np.abs(np.log2(found["p"][positive] / expected["p"][positive]))
    size = f"median {np.nanmedian(off):.0e}" if job.model in RANDOM else f"within {np.nanmax(off):.0e}"
    zeros = "" if positive.all() else f"; p = 0 for {(~positive).sum()} sets"
    return f"log2 p {size}{zeros}"
