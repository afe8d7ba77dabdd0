"""The negative binomial Wald test beside R's DESeq2 and pydeseq2: two treatments x two sexes, one thread.

Without Cook's cut-off and without independent filtering, as R's.
"""

from __future__ import annotations

import numpy as np

from benchmarks.linear import SIZES
from benchmarks.side_by_side import Job, R

SEED = 1
R_NAME = "R DESeq2"
JOBS = [
    Job(
        "counts",
        "negative binomial",
        3_000,
        24,
        target=0.3,
        peers=("pydeseq2", R),
        method="negative_binomial",
    ),
    Job(
        "counts",
        "negative binomial",
        20_000,
        24,
        target=0.3,
        peers=("pydeseq2", R),
        quick=False,
        method="negative_binomial",
    ),
]
GROWTH = [Job("counts", "negative binomial", *size, peers=()) for size in SIZES[:-1]]


def simulate(job: Job) -> dict[str, np.ndarray]:
    """Counts with dispersion 0.05 + 2 / mean and a treatment effect in a tenth of the features; and their design."""
    rng = np.random.default_rng(SEED)
    male, treated = np.tile([0.0, 1.0], job.samples // 2), np.repeat([0.0, 1.0], job.samples // 2)
    mean = rng.lognormal(4, 2, (job.features, 1))
    effect = np.where(rng.random(mean.shape) < 0.1, rng.normal(0, 1, mean.shape), 0.0)
    mu = mean * np.exp(effect * treated) * rng.lognormal(0, 0.2, job.samples)
    dispersion = (0.05 + 2 / mean) * rng.lognormal(0, 0.5, mean.shape)
    counts = rng.negative_binomial(1 / dispersion, 1 / (1 + dispersion * mu))
    design = np.column_stack([np.ones(job.samples), male, treated, male * treated])
    return {"counts": counts, "design": design}


def run_own(job: Job, data: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    from sevaxis.models.counts.negative_binomial import fit_negative_binomial, wald

    fit = fit_negative_binomial(data["counts"], data["design"])
    found = wald(fit, np.array([0.0, 0.0, 1.0, 0.0]))
    return {"log2fc": found.log2fc[:, 0], "se": found.se[:, 0], "p": found.p[:, 0]}


def run_pydeseq2(job: Job, data: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    import pandas as pd
    from pydeseq2.dds import DeseqDataSet
    from pydeseq2.default_inference import DefaultInference
    from pydeseq2.ds import DeseqStats

    counts, design = data["counts"].astype(int), data["design"]
    names = [f"s{i}" for i in range(len(design))]
    table = pd.DataFrame(counts.T, index=names, columns=[f"f{i}" for i in range(len(counts))])
    meta = pd.DataFrame({"sex": design[:, 1], "treat": design[:, 2]}, index=names)
    one_thread = {"inference": DefaultInference(n_cpus=1), "quiet": True}
    model = "~ sex + treat + sex:treat"
    dds = DeseqDataSet(counts=table, metadata=meta, design=model, refit_cooks=False, **one_thread)
    dds.deseq2()
    contrast = (np.array(dds.obsm["design_matrix"].columns) == "treat").astype(float)
    tests = DeseqStats(dds, contrast=contrast, cooks_filter=False, independent_filter=False, **one_thread)
    tests.summary()
    columns = {"log2fc": "log2FoldChange", "se": "lfcSE", "p": "pvalue"}
    return {name: tests.results_df[column].to_numpy() for name, column in columns.items()}


ENGINES = {"sevaxis": run_own, "pydeseq2": run_pydeseq2}


def agreement(job: Job, found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> str:
    """Relative differences, and the share of hits at a false discovery rate of 5 % that both call."""
    from sevaxis.models.inference.multiplicity import benjamini_hochberg

    p, of_r = found["p"], expected["p"]
    error = np.nanquantile(np.abs(p / of_r - 1), 0.99)
    se = np.nanmax(np.abs(found["se"] / expected["se"] - 1))
    hits, hits_of_r = benjamini_hochberg(p) < 0.05, benjamini_hochberg(of_r) < 0.05
    jaccard = (hits & hits_of_r).sum() / max((hits | hits_of_r).sum(), 1)
    return (
        f"99 % of p within {error:.0e}; se within {se:.0e}; Jaccard of {hits_of_r.sum():,} hits {jaccard:.3f}"
    )
