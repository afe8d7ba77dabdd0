"""Time the negative binomial Wald test side by side with R's DESeq2 and pydeseq2.

    python benchmarks/counts.py [--features 20000] [--samples 24] [--without pydeseq2] [--growth]

For Linux. Simulated counts of two treatments x two sexes; every engine in a process of its own, one thread. R takes
part where `Rscript` has DESeq2 (Debian: r-bioc-deseq2). `--growth`: this engine alone, on more features and samples.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from side_by_side import own_command, r_command, run_engine, show, time_model

SEED = 1
GROWTH = [
    (5_000, 24),
    (20_000, 24),
    (60_000, 24),
    (20_000, 100),
    (20_000, 400),
    (60_000, 400),
    (5_000, 2_000),
]


def simulate(features: int, samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Counts with dispersion 0.05 + 2 / mean and a treatment effect in a tenth of the features; and their design."""
    rng = np.random.default_rng(SEED)
    male, treated = np.tile([0.0, 1.0], samples // 2), np.repeat([0.0, 1.0], samples // 2)
    mean = rng.lognormal(4, 2, (features, 1))
    effect = np.where(rng.random((features, 1)) < 0.1, rng.normal(0, 1, (features, 1)), 0.0)
    mu = mean * np.exp(effect * treated) * rng.lognormal(0, 0.2, samples)
    dispersion = (0.05 + 2 / mean) * rng.lognormal(0, 0.5, (features, 1))
    counts = rng.negative_binomial(1 / dispersion, 1 / (1 + dispersion * mu))
    return counts, np.column_stack([np.ones(samples), male, treated, male * treated])


def write(folder: Path, features: int, samples: int) -> None:
    counts, design = simulate(features, samples)
    np.savez(folder / "data.npz", counts=counts, design=design)
    np.savetxt(folder / "counts.tsv", counts, fmt="%d", delimiter="\t")
    np.savetxt(folder / "design.tsv", design, fmt="%g", delimiter="\t")


def run_own(counts: np.ndarray, design: np.ndarray) -> dict[str, np.ndarray]:
    from sevaxis.models.negative_binomial import fit_negative_binomial, wald

    found = wald(fit_negative_binomial(counts, design), np.array([0.0, 0.0, 1.0, 0.0]))
    return {"log2fc": found.log2fc[:, 0], "se": found.se[:, 0], "p": found.p[:, 0]}


def run_pydeseq2(counts: np.ndarray, design: np.ndarray) -> dict[str, np.ndarray]:
    import pandas as pd
    from pydeseq2.dds import DeseqDataSet
    from pydeseq2.default_inference import DefaultInference
    from pydeseq2.ds import DeseqStats

    names = [f"s{i}" for i in range(len(design))]
    table = pd.DataFrame(counts.T, index=names, columns=[f"f{i}" for i in range(len(counts))])
    meta = pd.DataFrame({"sex": design[:, 1], "treat": design[:, 2]}, index=names)
    inference = DefaultInference(n_cpus=1)
    dds = DeseqDataSet(
        counts=table,
        metadata=meta,
        design="~ sex + treat + sex:treat",
        refit_cooks=False,
        inference=inference,
        quiet=True,
    )
    dds.deseq2()
    contrast = (np.array(dds.obsm["design_matrix"].columns) == "treat").astype(float)
    tests = DeseqStats(
        dds, contrast=contrast, cooks_filter=False, independent_filter=False, inference=inference, quiet=True
    )
    tests.summary()
    found = tests.results_df
    return {
        "log2fc": found["log2FoldChange"].to_numpy(),
        "se": found["lfcSE"].to_numpy(),
        "p": found["pvalue"].to_numpy(),
    }


ENGINES = {"sevaxis": run_own, "pydeseq2": run_pydeseq2}


def agreement(run, reference) -> str:
    from sevaxis.models.multiplicity import benjamini_hochberg

    p, expected = run.result["p"], reference.result["p"]
    known = np.isfinite(p) & np.isfinite(expected)
    error = np.abs(p[known] - expected[known]) / expected[known]
    hits, expected_hits = benjamini_hochberg(p) < 0.05, benjamini_hochberg(expected) < 0.05
    jaccard = (hits & expected_hits).sum() / max((hits | expected_hits).sum(), 1)
    se = np.abs(run.result["se"][known] / reference.result["se"][known] - 1).max()
    return f"p: 99 % within {np.quantile(error, 0.99):.1e}; se: all within {se:.1e}; Jaccard of hits {jaccard:.4f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--features", type=int, default=20_000)
    parser.add_argument("--samples", type=int, default=24)
    parser.add_argument("--without", nargs="*", default=[])
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.engine:
        data = np.load(chosen.folder / "data.npz")
        counts, design = data["counts"], data["design"]
        ENGINES[chosen.engine](counts[:200], design)  # imports and first calls are not the model
        time_model(lambda: ENGINES[chosen.engine](counts, design), chosen.folder)
        return
    sizes = GROWTH if chosen.growth else [(chosen.features, chosen.samples)]
    for features, samples in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write(folder, features, samples)
            commands = {"sevaxis": own_command(__file__, "sevaxis", folder)}
            if not chosen.growth:
                commands |= {
                    "pydeseq2": own_command(__file__, "pydeseq2", folder),
                    "R DESeq2": r_command(__file__, folder),
                }
            runs = [
                run_engine(engine, command, folder)
                for engine, command in commands.items()
                if command and engine not in chosen.without
            ]
            show(f"Wald test, {features:,} x {samples}", [run for run in runs if run], agreement)


if __name__ == "__main__":
    main()
