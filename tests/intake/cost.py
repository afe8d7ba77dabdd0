"""What `sevaxis add` costs: seconds and peak memory for tables of 20 and of 500 MB, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.intake.genes import make_genes

#: Table -> samples, features, how a value is written, how often the rows come under other names, and whether each value
#: has a row.
TABLES = {
    "counts, 60,000 genes x 60 samples, tsv": (60, 60_000, "{:.0f}", 1, False),
    "proteins, 9,000 x 220 samples, tsv": (220, 9_000, "{:.6f}", 1, False),
    "values, 225,000 x 220 samples, tsv": (220, 9_000, "{:.6f}", 25, False),
    "values, 72,000 x 220 samples, a row for each, tsv": (220, 9_000, "{:.6f}", 8, True),
}


def table() -> Iterator[str]:
    """Lines of the page's table."""
    yield "| table | size | seconds | peak memory |"
    yield "|---|---|---|---|"
    for words, (samples, features, form, times, long) in TABLES.items():
        with tempfile.TemporaryDirectory() as scratch:
            path = write(Path(scratch), samples, features, form, times, long=long)
            size = path.stat().st_size / 1e6
            seconds, memory = measure(path)
        yield f"| {words} | {size:.0f} MB | {seconds:.1f} | {memory:.1f} GB |"


def write(
    folder: Path, samples: int, features: int, form: str, times: int = 1, *, long: bool = False
) -> Path:
    """A table of a size, with groups in its names."""
    generator = np.random.default_rng(1)
    kind = "ensembl" if form == "{:.0f}" else "uniprot"
    known = make_genes("mouse", kind, min(features, 5000), 1).names
    more = [f"ENSMUSG{80000000000 + i}" if kind == "ensembl" else f"A2A{i:05d}"[:6] for i in range(features)]
    names = list(dict.fromkeys([*known, *more, *(f"unknown{i}" for i in range(features))]))[:features]
    values = 2 ** generator.normal(8, 3, (features, samples))
    values = np.rint(values) if kind == "ensembl" else np.log2(values + 1) + 15
    path = folder / "mouse_liver.tsv"
    labels = [f"{('sed', 'trained')[i % 2]}_{i // 2 + 1}" for i in range(samples)]
    rows = [[form.format(value) for value in row] for row in values]
    with path.open("w") as file:
        file.write("\t".join(["id", "sample", "intensity"] if long else ["id", *labels]) + "\n")
        for time in range(times):
            for name, cells in zip(names, rows, strict=True):
                named = name if time == 0 else f"{name}_{time}"
                if long:
                    file.writelines(
                        f"{named}\t{label}\t{cell}\n" for label, cell in zip(labels, cells, strict=True)
                    )
                else:
                    file.write("\t".join([named, *cells]) + "\n")
    return path


def measure(path: Path) -> tuple[float, float]:
    """Seconds of the processor, whatever else the machine does, and GB of one command, Python's start included."""
    arguments = [str(path), "--id", "mine", "--folder", str(path.parent / "datasets")]
    command = "import sys; from sevaxis.cli import main; sys.exit(main())"
    with (path.parent / "said.txt").open("w+b") as said:
        process = subprocess.Popen(
            [sys.executable, "-c", command, "add", *arguments], stdout=said, stderr=said, cwd=path.parent
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if not (path.parent / "datasets" / "mine").is_dir():
            said.seek(0)
            raise RuntimeError(said.read().decode()[-500:])
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1e6
