"""Time and memory of reading beside the parsers: a table of counts of 60,000 genes x 500 samples, a DIA-NN report.

Each reading is a process of its own, on one thread. `peak` is what the process held at most above what it held after
its imports; `result` is the matrix that was read.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

CHILD = """
import json, sys, time
from pathlib import Path
import anndata, numpy, pandas, polars
from sevaxis.matrix.readers.registry import reader
from sevaxis.matrix.readers.tables import assembly, layouts
path = Path(sys.argv[2])

def peak():  # of this program alone: getrusage counts what its parent held
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024

held = peak()
start, cpu = time.perf_counter(), time.process_time()
if sys.argv[1] == "polars":
    table = polars.read_csv(path, separator="\\t")
    size = table.estimated_size()
elif sys.argv[1] == "pandas with pyarrow":
    table = pandas.read_csv(path, sep="\\t", engine="pyarrow")
    size = int(table.memory_usage(deep=False).sum())
else:
    size = reader(sys.argv[1])(path).X.nbytes
times = time.perf_counter() - start, time.process_time() - cpu
print(json.dumps({"wall": times[0], "cpu": times[1], "peak": peak() - held, "result": size / 2**20}))
"""


def write_counts(path: Path, rows: int, samples: int) -> None:
    """A table of negative binomial counts, a row per gene."""
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(2025)
    columns = {f"s{i}": rng.negative_binomial(2, 0.005, rows) for i in range(samples)}
    names = [f"ENSG{i:011d}" for i in range(rows)]
    pl.DataFrame({"gene": names, **columns}).write_csv(path, separator="\t")


def write_report(path: Path, rows: int) -> None:
    """A main report of DIA-NN 1: 50 runs, five precursors for each protein group, 20 columns that nobody reads."""
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(2025)
    runs, precursors = 50, 5
    index = np.arange(rows)
    protein, run = index // (runs * precursors), index // precursors % runs
    q = rng.uniform(0, 0.012, rows)
    text = {
        "File.Name": "D:\\data\\run_" + pl.Series(run).cast(pl.String) + ".raw",
        "Run": "run_" + pl.Series(run).cast(pl.String),
        "Protein.Group": "P" + pl.Series(protein).cast(pl.String).str.zfill(5),
        "Genes": "GENE" + pl.Series(protein).cast(pl.String),
        "Precursor.Id": "AAAAAAAAAAK2_" + pl.Series(index).cast(pl.String),
    }
    numbers = {"PG.MaxLFQ": 1.0 + protein + run, "Q.Value": q, "PG.Q.Value": q, "Lib.PG.Q.Value": q / 3}
    unread = {f"x{i}": rng.normal(size=rows) for i in range(20)}
    pl.DataFrame({**text, **numbers, **unread}).write_csv(path, separator="\t")


def measure(kind: str, path: Path) -> dict[str, float]:
    """Best of three runs, each in a fresh process."""
    environment = {**os.environ, "POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "ignore", "-c", CHILD, kind, str(path)]
    runs = [
        json.loads(subprocess.run(command, env=environment, check=True, capture_output=True).stdout)
        for _ in range(3)
    ]
    return min(runs, key=lambda run: run["cpu"])


def table(rows: int = 60_000, samples: int = 500, report_rows: int = 2_000_000) -> Iterator[str]:
    """Lines of Markdown: each reader on a file of its own kind, beside the parsers that give less."""
    yield "| file | MB | read by | CPU s | wall s | peak MB | result MB |"
    yield "|---|---|---|---|---|---|---|"
    with tempfile.TemporaryDirectory() as folder:
        counts, report = Path(folder) / "counts.tsv", Path(folder) / "report.tsv"
        write_counts(counts, rows, samples)
        write_report(report, report_rows)
        for path, own in ((counts, "delimited"), (report, "diann")):
            size = f"{path.stat().st_size / 2**20:.0f}"
            for kind in ("polars", "pandas with pyarrow", own):
                run = measure(kind, path)
                yield (
                    f"| {path.name} | {size} | {kind} | {run['cpu']:.2f} | {run['wall']:.2f} | "
                    f"{run['peak']:.0f} | {run['result']:.0f} |"
                )
