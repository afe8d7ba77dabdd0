"""Run engines one after another, each in a process of its own, and print what they cost and how they agree."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Run:
    """Cost of one engine: seconds inside the model, without imports and reading; memory of the whole process."""

    engine: str
    cpu: float
    wall: float
    peak_mb: float
    result: dict[str, np.ndarray]


def run_engine(engine: str, command: list[str], folder: Path) -> Run | None:
    """Run a command that leaves `cost.json` (cpu, wall) and `result.tsv` in `folder`; None where it fails."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    message = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        print(f"{engine}: not run: {(message.strip().splitlines() or ['no message'])[-1]}")
        return None
    cost = json.loads((folder / "cost.json").read_text())
    table = np.genfromtxt(folder / "result.tsv", names=True, delimiter="\t")
    (folder / "cost.json").unlink()
    (folder / "result.tsv").unlink()
    result = {name: table[name] for name in table.dtype.names}
    return Run(engine, cost["cpu"], cost["wall"], usage.ru_maxrss / 1024, result)


def time_model(model: Callable[[], dict[str, np.ndarray]], folder: Path) -> None:
    """Time a model in this process and leave what `run_engine` collects."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = model()
    cost = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    np.savetxt(
        folder / "result.tsv",
        np.column_stack(list(result.values())),
        fmt="%.12g",
        delimiter="\t",
        header="\t".join(result),
        comments="",
    )
    (folder / "cost.json").write_text(json.dumps(cost))


def own_command(script: str, engine: str, folder: Path) -> list[str]:
    """The same script again, as one engine."""
    return [sys.executable, script, "--engine", engine, "--folder", str(folder)]


def r_command(script: str, folder: Path) -> list[str] | None:
    """The R script beside a benchmark; None where there is no R."""
    rscript = shutil.which("Rscript")
    return [rscript, str(Path(script).with_suffix(".R")), str(folder)] if rscript else None


def show(title: str, runs: list[Run], agreement: Callable[[Run, Run], str], reference: str = "R") -> None:
    """Print a markdown table; agreement with the reference engine, where it ran."""
    against = next((run for run in runs if run.engine.startswith(reference)), None)
    print(f"\n{title}\n")
    print("| engine | CPU s | wall s | peak MB | share of R's CPU | agreement with R |")
    print("|---|---|---|---|---|---|")
    for run in runs:
        share = f"{run.cpu / against.cpu:.4f}" if against else "-"
        words = agreement(run, against) if against and run is not against else "-"
        print(f"| {run.engine} | {run.cpu:.3f} | {run.wall:.3f} | {run.peak_mb:.0f} | {share} | {words} |")
