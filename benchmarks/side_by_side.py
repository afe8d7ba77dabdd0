"""Run engines one after another, each in a process of its own, and tell what they cost and how they agree.

A benchmark is a module of this package with `JOBS`, `GROWTH`, `simulate(job)`, `ENGINES` (name -> function of job
and data that returns columns) and `agreement(job, found, expected)`; the R script of the same name is its reference.
For Linux.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

OWN, R = "sevaxis", "R"
HERE = Path(__file__).parent
# A model that takes less than two seconds is timed three times, and the least counts; measure.R does the same.
SHORT, REPEATS = 2.0, 3
HEADER = "| job | method | engine | CPU s | wall s | peak MB | CPU / R's | target | agreement with R |"


@dataclass(frozen=True)
class Job:
    """One model on one size of data.

    Attributes
    ----------
    benchmark, model
        Module of this package, and what it fits.
    features, samples
        Size of the matrix; of a meta-analysis, genes and studies.
    missing
        Share of values.
    cells, sets
        Groups of samples; gene sets.
    target
        Share of R's CPU seconds that is not to be exceeded.
    peers
        Engines beside this one.
    quick
        Part of a quick run.
    method
        Name in cards of the method that is timed; empty for parts of the engine that are no method.
    """

    benchmark: str
    model: str
    features: int
    samples: int
    missing: float = 0.0
    cells: int = 4
    sets: int = 0
    target: float | None = None
    peers: tuple[str, ...] = (R,)
    quick: bool = True
    method: str = ""

    @property
    def label(self) -> str:
        """What a reader sees in the first column."""
        sets = f", {self.sets:,} sets" if self.sets else ""
        missing = f", {self.missing:.0%} missing" if self.missing else ""
        return f"{self.model}, {self.features:,} x {self.samples}{sets}{missing}"


@dataclass(frozen=True)
class Run:
    """Cost of one engine: seconds inside the model, without imports and reading; memory of the whole process."""

    engine: str
    cpu: float
    wall: float
    peak_mb: float
    result: dict[str, np.ndarray]


def run_job(job: Job) -> tuple[list[Run], list[str]]:
    """Run all engines of a job; also says why an engine did not run."""
    module = importlib.import_module(f"benchmarks.{job.benchmark}")
    runs, absent = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(job, module.simulate(job), folder)
        for engine in (OWN, *job.peers):
            run, message = _run_engine(job, engine, folder)
            runs += [run] if run else []
            absent += [] if run else [f"{engine} did not run {job.label}: {message}"]
    return runs, absent


def rows_of(job: Job, runs: list[Run]) -> list[str]:
    """Markdown rows of one job; agreement with R, where it ran."""
    module = importlib.import_module(f"benchmarks.{job.benchmark}")
    reference = next((run for run in runs if run.engine == R), None)
    # here, for the processes that are measured import this module too
    from sevaxis.effects.methods import load_method

    method = load_method(job.method).words if job.method else ""
    rows = []
    for run in runs:
        share = target = words = ""
        if reference and run is not reference:
            ratio = run.cpu / reference.cpu
            share = f"{ratio:.3f}"
            words = module.agreement(job, run.result, reference.result)
            if run.engine == OWN and job.target is not None:
                target = f"{job.target:g}: {'met' if ratio <= job.target else '**MISSED**'}"
        name = module.R_NAME if run.engine == R else run.engine
        cost = f"{run.cpu:.3f} | {run.wall:.3f} | {run.peak_mb:.0f}"
        rows.append(f"| {job.label} | {method} | {name} | {cost} | {share} | {target} | {words} |")
    return rows


def _write(job: Job, data: dict[str, np.ndarray], folder: Path) -> None:
    """The file name says the shape; all numbers are doubles in rows."""
    (folder / "job.json").write_text(json.dumps(asdict(job)))
    for name, values in data.items():
        shape = "x".join(str(length) for length in np.atleast_2d(values).shape)
        np.asarray(values, dtype=float).tofile(folder / f"{name}.{shape}.bin")


def _read(folder: Path) -> tuple[Job, dict[str, np.ndarray]]:
    job = Job(**json.loads((folder / "job.json").read_text()))
    data = {}
    for path in folder.glob("*.bin"):
        name, shape, _ = path.name.split(".")
        values = np.fromfile(path).reshape([int(length) for length in shape.split("x")])
        data[name] = values[0] if len(values) == 1 else values
    return job, data


def _run_engine(job: Job, engine: str, folder: Path) -> tuple[Run | None, str]:
    command = [sys.executable, "-m", "benchmarks.side_by_side", str(folder), engine]
    if engine == R:
        rscript = shutil.which("Rscript")
        if rscript is None:
            return None, "there is no Rscript"
        size = [str(job.cells), str(job.samples)]
        command = [rscript, f"{job.benchmark}.R", str(folder), job.model, *size]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    place = HERE if engine == R else HERE.parent
    done = subprocess.run(
        command,
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        said = [line.strip() for line in done.stderr.splitlines() if line != "Execution halted"]
        return None, " ".join(said)[-200:] or "no message"
    cost = json.loads((folder / "cost.json").read_text())
    table = np.atleast_1d(np.genfromtxt(folder / "result.tsv", names=True, delimiter="\t"))
    return Run(engine, result={name: table[name] for name in table.dtype.names}, **cost), ""


def _measure(folder: Path, engine: str) -> None:
    """Run one engine in this process and leave what `_run_engine` collects."""
    job, data = _read(folder)
    module = importlib.import_module(f"benchmarks.{job.benchmark}")
    model = module.ENGINES[engine]
    # Imports, compilation and first calls are not the model.
    small = replace(job, features=min(job.features, 250), sets=min(job.sets, 10))
    model(small, module.simulate(small))
    costs = []
    while len(costs) < (REPEATS if not costs or costs[0][0] < SHORT else 1):
        cpu, wall = time.process_time(), time.perf_counter()
        result = model(job, data)
        costs.append((time.process_time() - cpu, time.perf_counter() - wall))
    peak = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
    cost = {"cpu": min(c for c, _ in costs), "wall": min(w for _, w in costs), "peak_mb": peak}
    columns = np.column_stack([np.asarray(values, dtype=float) for values in result.values()])
    header = "\t".join(result)
    np.savetxt(folder / "result.tsv", columns, fmt="%.15g", delimiter="\t", header=header, comments="")
    (folder / "cost.json").write_text(json.dumps(cost))


if __name__ == "__main__":
    _measure(Path(sys.argv[1]), sys.argv[2])
