"""What `sevaxis add` costs: seconds and peak memory for a table of 20 MB, in a process of its own."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.intake.genes import make_genes

#: Table -> samples, features, and how a value is written.
TABLES = {
    "counts, 60,000 genes x 60 samples, tsv": (60, 60_000, "{:.0f}"),
    "proteins, 9,000 x 220 samples, tsv": (220, 9_000, "{:.6f}"),
}


def table() -> Iterator[str]:
    """Lines of the page's table."""
    yield "| table | size | seconds | peak memory |"
    yield "|---|---|---|---|"
    for words, (samples, features, form) in TABLES.items():
        with tempfile.TemporaryDirectory() as scratch:
            path = write(Path(scratch), samples, features, form)
            size = path.stat().st_size / 1e6
            seconds, memory = measure(path)
        yield f"| {words} | {size:.0f} MB | {seconds:.1f} | {memory:.1f} GB |"


def write(folder: Path, samples: int, features: int, form: str) -> Path:
    """A table of a size, with groups in its names."""
    generator = np.random.default_rng(1)
    kind = "ensembl" if form == "{:.0f}" else "uniprot"
    known = make_genes("mouse", kind, min(features, 5000), 1).names
    more = [f"ENSMUSG{80000000000 + i}" if kind == "ensembl" else f"A2A{i:05d}"[:6] for i in range(features)]
    names = list(dict.fromkeys([*known, *more, *(f"unknown{i}" for i in range(features))]))[:features]
    values = 2 ** generator.normal(8, 3, (features, samples))
    values = np.rint(values) if kind == "ensembl" else np.log2(values + 1) + 15
    path = folder / "mouse_liver.tsv"
    with path.open("w") as file:
        labels = (f"{('sed', 'trained')[i % 2]}_{i // 2 + 1}" for i in range(samples))
        file.write("\t".join(["id", *labels]) + "\n")
        for name, row in zip(names, values, strict=True):
            file.write("\t".join([name, *(form.format(value) for value in row)]) + "\n")
    return path


def measure(path: Path) -> tuple[float, float]:
    """Seconds and GB of one command, the start of Python included."""
    arguments = [str(path), "--id", "mine", "--folder", str(path.parent / "datasets")]
    start = time.perf_counter()
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from sevaxis.cli import main; sys.exit(main())",
            "add",
            *arguments,
        ],
        capture_output=True,
        cwd=path.parent,
        check=False,
    )
    seconds = time.perf_counter() - start
    if not (path.parent / "datasets" / "mine").is_dir():
        raise RuntimeError(done.stderr.decode()[-500:])
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
