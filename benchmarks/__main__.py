"""Speed and memory of the statistics engine, side by side with its peers: the tables of docs/speed.md.

    python -m benchmarks [--quick] [--growth] [--only linear,counts,...] [--workflow RESULTS]

Every engine runs in a process of its own with one thread, on the same simulated data, in the same run: the ratios
count, not the seconds. CPU and wall seconds are those of the model, without imports and reading; the peak of memory is
that of the whole process, the interpreter and its packages included. R's packages take part where `Rscript` has them
(Debian: r-bioc-limma r-bioc-edger r-bioc-deseq2 r-cran-lmertest r-cran-metafor). For Linux.

Tables are printed between the marks of their place on the page where they are complete: not in a quick run, not
side by side with R where there is none, and not for other studies than the public one.
"""

from __future__ import annotations

import argparse
import importlib
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

from benchmarks import readers
from benchmarks.side_by_side import HEADER, rows_of, run_job

MODELS = ("linear", "counts", "mixed", "pooling", "genesets")
SECTIONS = (*MODELS, "readers")
PYTHON_PACKAGES = ("numpy", "scipy", "statsmodels", "pydeseq2")
R_PACKAGES = ("limma", "edgeR", "DESeq2", "lmerTest", "lme4", "metafor", "fgsea")


def main() -> int:
    """Print the tables, each line as soon as it is known."""
    options = parse()
    has_r = shutil.which("Rscript") is not None
    complete = has_r and not options.quick
    models = [name for name in options.only if name in MODELS]
    if models:
        say("versions", [versions(has_r)], complete)
    for name in models:
        model = importlib.import_module(f"benchmarks.{name}")
        say(f"speed of {name}", side_by_side(model, options.quick), complete)
        if options.growth:
            say(f"growth of {name}", growth(model))
    if "readers" in options.only:
        small = {"rows": 5_000, "samples": 50, "report_rows": 100_000} if options.quick else {}
        say("reading files", readers.table(**small), complete=not options.quick)
    if options.workflow:
        from benchmarks.workflow import model_against_reading, steps

        public = options.workflow.name == "public"
        say("steps of the workflow", steps(options.workflow), public)
        say("model against reading", model_against_reading(options.workflow), public)
    return 0


def parse() -> argparse.Namespace:
    """Options of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small jobs only: under three minutes")
    parser.add_argument("--growth", action="store_true", help="also this engine alone as the data grow")
    parser.add_argument("--only", default=",".join(SECTIONS), help=f"of {', '.join(SECTIONS)}; '' for none")
    parser.add_argument("--workflow", type=Path, help="results of a study, whose steps are summarised")
    options = parser.parse_args()
    options.only = [name for name in options.only.split(",") if name]
    if unknown := set(options.only) - set(SECTIONS):
        parser.error(f"--only takes {', '.join(SECTIONS)}; found {', '.join(sorted(unknown))}")
    return options


def say(name: str, lines: Iterable[str], complete: bool = True) -> None:
    """Print a table, between the marks of its place on the page if it is complete."""
    print(f"<!-- table of {name} -->" if complete else f"{name[0].upper()}{name[1:]}\n", flush=True)
    for line in lines:
        print(line, flush=True)
    print("<!-- end -->" if complete else "", flush=True)


def side_by_side(model: ModuleType, quick: bool) -> Iterator[str]:
    """Lines of Markdown: every engine on every job, and why one did not run."""
    absent = []
    yield HEADER
    yield "|---|---|---|---|---|---|---|---|---|"
    for job in model.JOBS:
        if job.quick or not quick:
            runs, messages = run_job(job)
            absent += messages
            yield from rows_of(job, runs)
    yield from ["", *absent] if absent else []


def growth(model: ModuleType) -> Iterator[str]:
    """Lines of Markdown: this engine alone as the data grow."""
    yield "| job | CPU s | wall s | peak MB |"
    yield "|---|---|---|---|"
    for job in model.GROWTH:
        runs, messages = run_job(job)
        for run in runs:
            yield f"| {job.label} | {run.cpu:.3f} | {run.wall:.3f} | {run.peak_mb:.0f} |"
        yield from messages


def versions(has_r: bool) -> str:
    """Versions of everything that takes part."""
    python = [f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in PYTHON_PACKAGES)]
    if not has_r:
        return ", ".join([*python, "no Rscript"])
    script = (
        'cat(paste("R", getRversion()));'
        f"for (name in c({', '.join(map(repr, R_PACKAGES))})) if (nzchar(system.file(package = name)))"
        ' cat(",", name, as.character(packageVersion(name)))'
    )
    done = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True, check=False)
    return ", ".join([*python, done.stdout])


if __name__ == "__main__":
    sys.exit(main())
