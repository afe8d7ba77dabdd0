"""Time the gene-set tests side by side with R's limma and fgsea, and GSEApy.

    OMP_NUM_THREADS=1 python benchmarks/genesets.py [--growth]

For Linux. Every measurement is a process of its own: CPU and wall seconds of the test without reading, compiled
before the clock starts; memory of the whole process. R takes part where `Rscript` has limma (Debian: r-bioc-limma)
and, for the preranked test, fgsea. The last column is the largest |log2| ratio of the p-values; of random tests it
is the median.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

SEED = 1
RANDOM = {"roast", "preranked"}


@dataclass(frozen=True)
class Job:
    """One test on one size of data."""

    test: str
    features: int = 8_000
    samples: int = 12
    sets: int = 300

    @property
    def label(self) -> str:
        return f"{self.test}, {self.features:,} x {self.samples}, {self.sets:,} sets"


TESTS = ("camera", "camera, estimated", "camera, weights", "camera preranked", "fry", "roast", "preranked")
GROWTH = [
    Job(test, features, 24, sets)
    for test in ("camera", "fry", "preranked")
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
        "rows": np.concatenate(rows).astype(np.int32), "set": np.repeat(np.arange(job.sets, dtype=np.int32), sizes),
    }  # fmt: skip


def run_own(job: Job, data: dict[str, np.ndarray]) -> np.ndarray:
    """P-values of all sets."""
    from sevaxis.models.camera import camera, camera_preranked
    from sevaxis.models.genesets import SetIndex
    from sevaxis.models.preranked import preranked
    from sevaxis.models.rotation import fry, roast

    sizes = np.bincount(data["set"])
    sets = SetIndex(tuple(map(str, range(job.sets))), data["rows"].astype(int), sizes, job.features)
    design = np.column_stack([np.ones(job.samples), np.repeat([0.0, 1.0], job.samples // 2)])
    model = data["y"], design, np.array([0.0, 1.0]), sets
    match job.test:
        case "camera":
            return camera(*model)["p"]
        case "camera, estimated":
            return camera(*model, correlation=None)["p"]
        case "camera, weights":
            return camera(*model, weights=data["w"])["p"]
        case "camera preranked":
            return camera_preranked(data["t"], sets)["p"]
        case "fry":
            return fry(*model)["p"]
        case "roast":
            return roast(*model, rotations=9_999, seed=SEED)["p"]
        case "preranked":
            return preranked(data["t"], sets, permutations=10_000, seed=SEED)["p"]


def run_gseapy(job: Job, data: dict[str, np.ndarray]) -> float:
    """CPU seconds of GSEApy's preranked test with a tenth of the permutations, times ten."""
    import gseapy
    import pandas as pd

    names = np.array([f"g{i}" for i in range(job.features)])
    ends = np.cumsum(np.bincount(data["set"]))[:-1]
    members = {f"s{i}": names[rows].tolist() for i, rows in enumerate(np.split(data["rows"], ends))}
    ranking = pd.Series(data["t"], index=names).sort_values(ascending=False)
    options = {"permutation_num": 1000, "min_size": 1, "max_size": 10_000, "threads": 1, "seed": SEED}
    before = time.process_time()
    gseapy.prerank(ranking, members, outdir=None, no_plot=True, **options)
    return 10 * (time.process_time() - before)


def child(job: Job, folder: Path) -> None:
    """Measure one job in this process and print what it took."""
    data = simulate(job)
    small = Job(job.test, 500, job.samples, 20)
    run_own(small, simulate(small))
    cpu, wall = time.process_time(), time.perf_counter()
    p = run_own(job, data)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
    np.asarray(p, dtype=float).tofile(folder / "own.bin")
    peer = run_gseapy(job, data) if job == Job("preranked") else None
    print(json.dumps({"cpu": cpu, "wall": wall, "peak": peak, "gseapy": peer}))


def run_r(job: Job, folder: Path) -> list[str] | None:
    """CPU, wall, memory in R and the agreement; None where R or a package is missing."""
    script = Path(__file__).with_suffix(".R")
    size = [str(number) for number in (job.features, job.samples, job.sets)]
    command = ["Rscript", str(script), job.test, *size, str(folder)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        print(f"no answer from R for {job.label}: {' '.join(done.stderr.split())}", file=sys.stderr)
        return None
    cpu, wall, peak = (float(word) for word in done.stdout.split())
    off = np.abs(np.log2(np.fromfile(folder / "own.bin") / np.fromfile(folder / "p.bin")))
    agreement = np.nanmedian(off) if job.test in RANDOM else np.nanmax(off)
    return [f"{cpu:.3f}", f"{wall:.3f}", f"{peak:.0f}", f"{agreement:.1e}"]


def measure(job: Job) -> list[str]:
    """One row of the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for key, values in simulate(job).items():
            values.tofile(folder / f"{key}.bin")
        command = [sys.executable, __file__, "--child", json.dumps(asdict(job)), "--folder", name]
        own = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        row = [job.label, f"{own['cpu']:.3f}", f"{own['wall']:.3f}", f"{own['peak']:.0f}"]
        theirs = run_r(job, folder) if shutil.which("Rscript") else None
        cpu, wall, peak, agreement = theirs or [""] * 4
        ratio = f"{own['cpu'] / float(cpu):.2f}" if theirs else ""
        return [
            *row,
            cpu,
            wall,
            peak,
            ratio,
            "" if own["gseapy"] is None else f"{own['gseapy']:.1f}",
            agreement,
        ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--growth", action="store_true", help="also time and memory as the data grow")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(Job(**json.loads(arguments.child)), arguments.folder)
        return
    print("| job | CPU s | wall s | MB | R CPU s | R wall s | R MB | CPU / R | GSEApy CPU s | log2 p ratio |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for job in [Job(test) for test in TESTS] + (GROWTH if arguments.growth else []):
        print("| " + " | ".join(measure(job)) + " |", flush=True)


if __name__ == "__main__":
    main()
