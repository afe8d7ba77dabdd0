"""Speed, memory and agreement of the statistics engine, side by side with its peers.

    python -m benchmarks [--quick] [--growth] [--only linear,counts,...] [--markdown FILE]
                         [--data FOLDER] [--workflow RESULTS]

What there is to choose: linear, counts, mixed, pooling, genesets (speed), agreement (every answer of R on file), spike
(spiked proteins) and null (false positives and coverage; minutes, only where named).

Every engine runs in a process of its own with one thread, on the same simulated data, in the same run: the ratios
count, not the seconds. CPU and wall seconds are those of the model, without imports and reading; the peak of memory is
that of the whole process, the interpreter and its packages included. R's packages take part where `Rscript` has them
(Debian: r-bioc-limma r-bioc-edger r-bioc-deseq2 r-cran-lmertest r-cran-metafor). For Linux.
"""

from __future__ import annotations

import argparse
import importlib
import platform
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from benchmarks.side_by_side import HEADER, rows_of, run_job

MODELS = ("linear", "counts", "mixed", "pooling", "genesets")
DEFAULT = (*MODELS, "agreement", "spike")
SECTIONS = (*DEFAULT, "null")
PYTHON_PACKAGES = ("numpy", "scipy", "statsmodels", "pydeseq2")
R_PACKAGES = ("limma", "edgeR", "DESeq2", "lmerTest", "lme4", "metafor", "fgsea")
SHARED = Path("../shared/data")


def main() -> int:
    """Print all tables, and write them where that is asked for."""
    options = parse()
    lines: list[str] = []

    def say(*more: str) -> None:
        lines.extend(more)
        print(*more, sep="\n", flush=True)

    say(versions(), "")
    models = [importlib.import_module(f"benchmarks.{name}") for name in MODELS if name in options.only]
    absent: list[str] = []
    jobs = [job for model in models for job in model.JOBS if job.quick or not options.quick]
    if jobs:
        say("## Side by side", "", HEADER, "|---|---|---|---|---|---|---|---|")
    for job in jobs:
        runs, messages = run_job(job)
        absent += messages
        say(*rows_of(job, runs))
    say(*(["", *absent] if absent else []), "")
    if models and options.growth:
        say("## Growth", "", "| job | CPU s | wall s | peak MB |", "|---|---|---|---|")
        for job in [job for model in models for job in model.GROWTH]:
            runs, messages = run_job(job)
            say(
                *(f"| {job.label} | {run.cpu:.3f} | {run.wall:.3f} | {run.peak_mb:.0f} |" for run in runs),
                *messages,
            )
        say("")
    if "agreement" in options.only:
        say("## Agreement with R", "", *agreement(options.data), "")
    if "spike" in options.only:
        say("## Spiked proteins", "", *spiked(options.data), "")
    if "null" in options.only:
        from benchmarks import null_rates

        say("## False positives and coverage", "")
        for line in null_rates.table():
            say(line)
        say("")
    if options.workflow:
        from benchmarks.workflow import model_against_reading, steps

        say(f"## Steps of the workflow: {options.workflow.name}", "", *steps(options.workflow), "")
        say(*model_against_reading(options.workflow), "")
    if options.markdown:
        options.markdown.write_text("\n".join(lines))
    return 0


def parse() -> argparse.Namespace:
    """Options of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small jobs only: under three minutes")
    parser.add_argument("--growth", action="store_true", help="also this engine alone as the data grow")
    parser.add_argument("--only", default=",".join(DEFAULT), help=f"of {', '.join(SECTIONS)}")
    parser.add_argument("--markdown", type=Path, help="also write the tables to this file")
    parser.add_argument(
        "--data",
        type=Path,
        default=SHARED,
        help="folder of real data; R's answers lie in `reference` beside it",
    )
    parser.add_argument("--workflow", type=Path, help="results of a study, whose steps are summarised")
    options = parser.parse_args()
    options.only = [name for name in options.only.split(",") if name]
    if unknown := set(options.only) - set(SECTIONS):
        parser.error(f"--only takes {', '.join(SECTIONS)}; found {', '.join(sorted(unknown))}")
    return options


def versions() -> str:
    """Versions of everything that takes part."""
    python = [f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in PYTHON_PACKAGES)]
    if shutil.which("Rscript") is None:
        return ", ".join([*python, "no Rscript"])
    script = (
        'cat(paste("R", getRversion()));'
        f"for (name in c({', '.join(map(repr, R_PACKAGES))})) if (nzchar(system.file(package = name)))"
        ' cat(",", name, as.character(packageVersion(name)))'
    )
    done = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True, check=False)
    return ", ".join([*python, done.stdout])


def agreement(data: Path) -> list[str]:
    """The table of agreement with R's answers on file, or why there is none."""
    from benchmarks.agreement import compare_all, table

    if not (data.parent / "reference").is_dir():
        return [
            f"Skipped: no folder {data.parent / 'reference'} of R's answers; --data names the folder beside it."
        ]
    return [table(compare_all(data.parent))]


def spiked(folder: Path) -> list[str]:
    """The table of spiked proteins, or why there is none."""
    from benchmarks import spike

    if not all((folder / name).is_dir() for name in (spike.UPS1, spike.UPS2)):
        return [f"Skipped: no folders {spike.UPS1} and {spike.UPS2} in {folder}; --data says where they are."]
    return [
        spike.table(spike.score_ups1_ecoli(folder / spike.UPS1) + spike.score_ups2_yeast(folder / spike.UPS2))
    ]


if __name__ == "__main__":
    sys.exit(main())
