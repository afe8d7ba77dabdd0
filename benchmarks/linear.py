"""Time the linear models side by side with R's limma and edgeR, and statsmodels one feature at a time.

    OMP_NUM_THREADS=1 python benchmarks/linear.py [--quick] [--growth]

For Linux. Every measurement is a process of its own: CPU and wall seconds of the model without reading or
importing, peak memory of the whole process. R takes part where `Rscript` has limma and edgeR (Debian:
r-bioc-limma, r-bioc-edger).
The last column is the largest difference of moderated t, relative to t or, for t below 1, to 1.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SEED = 1


@dataclass(frozen=True)
class Job:
    """One model on one size of data; `share` of R's CPU seconds is the target."""

    model: str
    features: int
    samples: int
    missing: float = 0.0
    cells: int = 4
    share: float | None = None
    r: bool = True

    @property
    def label(self) -> str:
        missing = f", {self.missing:.0%} missing" if self.missing else ""
        return f"{self.model} {self.features:,} x {self.samples}{missing}"


TARGETS = [
    Job("plain", 6_000, 16, missing=0.12, share=0.25),
    Job("robust", 6_000, 16, missing=0.12, share=0.25),
    Job("plain", 20_000, 24, share=0.5),
    Job("plain", 60_000, 24, share=0.5),
    Job("plain", 20_000, 400, share=0.5),
    Job("weights", 20_000, 24, share=0.5),
    Job("voom", 20_000, 24, share=0.4),
    Job("voom_quality", 20_000, 24, share=1.0),
    Job("array_weights", 6_179, 57, missing=0.12, cells=10, share=1.0),
    Job("block", 5_000, 60, share=0.15),
]
GROWTH = [
    Job(model, features, samples, missing=missing, r=False)
    for model, missing in [("plain", 0.0), ("plain", 0.12), ("voom", 0.0)]
    for features, samples in [
        (5_000, 24),
        (20_000, 24),
        (60_000, 24),
        (20_000, 100),
        (20_000, 400),
        (60_000, 400),
        (5_000, 2_000),
    ]
]


def simulate(job: Job) -> dict[str, np.ndarray]:
    """Log2 values with variances of their own, or negative binomial counts."""
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


def run_own(job: Job, data: dict[str, np.ndarray]) -> np.ndarray:
    """Fit, contrast and moderate; returns t."""
    from sevaxis.models.array_weights import array_weights
    from sevaxis.models.blocks import duplicate_correlation
    from sevaxis.models.counts import filter_by_expression, tmm_factors, voom, voom_quality
    from sevaxis.models.design import cell_means
    from sevaxis.models.empirical_bayes import moderate
    from sevaxis.models.linear import fit_linear

    y, options = data["y"], {}
    cells = [str(j % job.cells) for j in range(job.samples)]
    design = cell_means(cells)
    contrast = np.zeros(job.cells)
    contrast[:2] = -1, 1
    if job.model == "weights":
        options["weights"] = data["w"]
    elif job.model == "array_weights":
        options["weights"] = array_weights(y, design, method="gene_by_gene" if job.missing else "reml")
    elif job.model == "block":
        block = [j // 4 for j in range(job.samples)]
        options = {"block": block, "correlation": duplicate_correlation(y, design, block)}
    elif job.model.startswith("voom"):
        y = y[filter_by_expression(y, cells)]
        lib_size = y.sum(axis=0) * tmm_factors(y)
        transform = voom if job.model == "voom" else voom_quality
        y, options["weights"], *_ = transform(y, design, lib_size=lib_size)
    smooth = job.model == "robust"
    return moderate(fit_linear(y, design, **options).contrast(contrast), trend=smooth, robust=smooth).t[:, 0]


def run_statsmodels(job: Job, data: dict[str, np.ndarray], features: int = 200) -> float:
    """CPU seconds of ordinary least squares and a t test, one feature after the other; scaled to all features."""
    import statsmodels.api as sm

    design = np.eye(job.cells)[np.arange(job.samples) % job.cells]
    contrast = np.eye(job.cells)[1] - np.eye(job.cells)[0]
    before = time.process_time()
    for row in data["y"][:features]:
        seen = np.isfinite(row)
        sm.OLS(row[seen], design[seen]).fit().t_test(contrast).pvalue  # noqa: B018, the p value is computed here
    return (time.process_time() - before) * job.features / features


def child(job: Job, folder: Path) -> None:
    """Measure one job in this process and print what it took."""
    names = ["y", "w"] if job.model == "weights" else ["y"]
    data = {n: np.fromfile(folder / f"{n}.bin").reshape(job.features, job.samples) for n in names}
    # Modules are loaded, and the processor awake, before the clock starts.
    small = Job(job.model, 200, job.samples, job.missing, job.cells)
    run_own(small, simulate(small))
    cpu, wall = time.process_time(), time.perf_counter()
    t = run_own(job, data)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    status = Path("/proc/self/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    t.tofile(folder / "own.bin")
    slow = run_statsmodels(job, data) if job.model == "plain" and job.r else None
    print(json.dumps({"cpu": cpu, "wall": wall, "peak": peak, "statsmodels": slow}))


def measure(job: Job, rscript: str | None) -> list[str]:
    """Run one job here and in R; one row of the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for key, values in simulate(job).items():
            values.tofile(folder / f"{key}.bin")
        command = [sys.executable, __file__, "--child", json.dumps(vars(job)), "--folder", name]
        own = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        slow = "" if own["statsmodels"] is None else f"{own['statsmodels']:.1f}"
        row = [job.label, f"{own['cpu']:.3f}", f"{own['wall']:.3f}", f"{own['peak']:.0f}"]
        if not (rscript and job.r):
            return [*row, "", "", "", "", slow, "", ""]
        size = [str(number) for number in (job.features, job.samples, job.cells)]
        command = [rscript, str(Path(__file__).with_suffix(".R")), job.model, *size, name]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        cpu, wall, peak = (float(word) for word in output.split())
        t, r = np.fromfile(folder / "own.bin"), np.fromfile(folder / "t.bin")
        both = np.isfinite(t) & np.isfinite(r)
        off = np.abs(t[both] - r[both]) / np.maximum(np.abs(r[both]), 1)
        ratio = own["cpu"] / cpu
        verdict = "" if job.share is None else f"{'' if ratio <= job.share else 'MISSED '}{job.share:g}"
        row += [f"{cpu:.3f}", f"{wall:.3f}", f"{peak:.0f}", f"{ratio:.3f}", slow, verdict, f"{off.max():.1e}"]
        return row


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="only the small jobs")
    parser.add_argument("--growth", action="store_true", help="also time and memory as the data grow")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(Job(**json.loads(arguments.child)), arguments.folder)
        return
    rscript = shutil.which("Rscript")
    jobs = [job for job in TARGETS if not arguments.quick or job.features * job.samples <= 10**6]
    jobs += GROWTH if arguments.growth else []
    print(
        "| job | CPU s | wall s | MB | R CPU s | R wall s | R MB | CPU / R | statsmodels CPU s | target | diff t |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for job in jobs:
        print("| " + " | ".join(measure(job, rscript)) + " |", flush=True)


if __name__ == "__main__":
    main()
