"""The same answers on other Pythons: `python -m tests.pythons 3.12 3.13`.

Makes an environment of each from the lock (`.venv-3.12`), runs the demo on this Python and on each, and compares the
tables of answers. A Python that cannot be had is named and left out: this cannot fail for it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tests.project import Project

ROOT = Path(__file__).resolve().parents[1]
#: The tables hold six digits, and numpy and scipy are other versions on other Pythons: two units of the last digit.
TOLERANCE = 2e-5
#: A number in a sentence, but no digits of a name.
NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(\.\d+)?(e[-+]?\d+)?(?!\w)")


@dataclass(frozen=True)
class Comparison:
    """Two sets of tables.

    Attributes
    ----------
    numbers
        How many were compared.
    largest
        Largest relative difference among them.
    where
        Table, row and column of it.
    unlike
        Text that differs, and tables that cannot be compared, in words.
    """

    numbers: int
    largest: float
    where: str
    unlike: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether the answers are the same."""
        return not self.unlike and self.largest <= TOLERANCE


def find(version: str) -> Path | None:
    """Interpreter of a version, such as 3.12; what is on the path may be a shim without a Python behind it."""
    installed = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for candidate in (shutil.which(f"python{version}"), *installed.glob(f"{version}.*/bin/python")):
        if candidate is None:
            continue
        code = "import ensurepip, venv, sys; print('%d.%d' % sys.version_info[:2])"
        said = subprocess.run([candidate, "-c", code], capture_output=True, text=True, check=False)
        if said.returncode == 0 and said.stdout.strip() == version:
            return Path(candidate)
    return None


def environment(version: str, interpreter: Path) -> Path:
    """Make the environment of a version as `make` makes the project's own; its Python."""
    folder = f".venv-{version}"
    subprocess.run(
        ["make", f"VENV={folder}", f"PYTHON={interpreter}", f"{folder}/ready"], cwd=ROOT, check=True
    )
    return ROOT / folder / "bin" / "python"


def answers(python: Path | str) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Run the demo in a temporary folder.

    Returns
    -------
    tuple
        Its tables of answers as text, by path below the results; and what it says that it ran on: package -> version.
    """
    with tempfile.TemporaryDirectory(prefix="sevaxis-") as folder:
        project = Project(ROOT, Path(folder) / "project", python)
        project.snakemake("--cores", "2", "--configfile", "config/config.yaml")
        results = project.folder / "results" / "demo"
        tables = {
            path.relative_to(results).as_posix(): pd.read_csv(
                path, sep="\t", dtype=str, keep_default_na=False
            )
            for path in [results / "axis.tsv", *sorted((results / "answers").glob("*.tsv"))]
        }
        return tables, json.loads((results / "provenance.json").read_text())["versions"]


def compare(here: Mapping[str, pd.DataFrame], there: Mapping[str, pd.DataFrame]) -> Comparison:
    """Compare tables of text cell by cell: numbers by their relative difference, words by the letter.

    Of numbers within a sentence the rounding depends on the last digit; they stand in columns of their own.
    """
    unlike, differences = [], [(0.0, "nowhere")]
    numbers = 0
    if here.keys() != there.keys():
        unlike.append(f"tables {sorted(here)} here, {sorted(there)} there")
    for name in sorted(here.keys() & there.keys()):
        one, other = here[name], there[name]
        if list(one.columns) != list(other.columns) or len(one) != len(other):
            unlike.append(
                f"{name}: {one.shape} with {list(one)} here, {other.shape} with {list(other)} there"
            )
            continue
        for column in one.columns:
            a, b = (pd.to_numeric(table[column], errors="coerce").to_numpy(float) for table in (one, other))
            both = np.isfinite(a) & np.isfinite(b)
            numbers += int(both.sum())
            largest = np.maximum(np.abs(a), np.abs(b))
            difference = np.where(both & (largest > 0), np.abs(a - b) / np.where(largest > 0, largest, 1), 0)
            row = int(difference.argmax()) if len(difference) else 0
            if difference.max(initial=0) > 0:
                differences.append((float(difference[row]), f"{name}, row {row + 1}, {column}"))
            words = zip(one[column][~both].items(), other[column][~both], strict=True)
            unlike += [
                f"{name}, row {row + 1}, {column}: {mine!r} here, {theirs!r} there"
                for (row, mine), theirs in words
                if NUMBER.sub("#", mine) != NUMBER.sub("#", theirs)
            ]
    largest, where = max(differences)
    return Comparison(numbers, largest, where, tuple(unlike))


def named(software: Mapping[str, str]) -> str:
    """Versions that the numbers may depend on."""
    return ", ".join(f"{name} {software[name]}" for name in ("python", "numpy", "scipy", "pandas"))


def main() -> int:
    """Compare this Python with others, and say what was found; 1 where answers differ."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.pythons",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("versions", nargs="+", metavar="VERSION", help="such as 3.12")
    asked = {version: find(version) for version in parser.parse_args().versions}
    report = [f"Python {version}: NOT TESTED, there is none here" for version, at in asked.items() if not at]
    failed = False
    if len(report) < len(asked):
        here, software = answers(sys.executable)
        print(f"The demo on {named(software)}: {len(here)} tables", flush=True)
    for version, interpreter in asked.items():
        if interpreter is None:
            continue
        there, software = answers(environment(version, interpreter))
        if not software["python"].startswith(f"{version}."):
            raise AssertionError(f"asked for Python {version}, ran on {software['python']}")
        found = compare(here, there)
        failed |= not found.same
        verdict = "the same answers" if found.same else "OTHER ANSWERS"
        report.append(
            f"{named(software)}: {verdict}; {found.numbers:,} numbers, largest relative difference "
            f"{found.largest:.0e} ({found.where}), {len(found.unlike)} differences of words"
        )
        report += [f"  {difference}" for difference in found.unlike[:20]]
    print("\n".join(report))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
