"""What the steps of the workflow cost: Snakemake's own benchmark files, and the model against reading in one process.

Snakemake's seconds are those of whole jobs, starting Python and importing its packages included.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

ROOMS = ("retrieve", "orthologs", "read", "assess", "compare", "answer", "report")


def steps(results: Path) -> list[str]:
    """Markdown table of the jobs behind a study's results, room by room.

    Parameters
    ----------
    results
        ``results/<study>``; the benchmark files lie in ``logs`` beside ``results``.
    """
    lines = [
        "| room | jobs | wall s, all | wall s, longest | CPU s, all | peak MB, largest |",
        "|---|---|---|---|---|---|",
    ]
    tables = {room: _benchmarks(results, room) for room in ROOMS}
    for room, table in tables.items():
        if len(table):
            lines.append(
                f"| {room} | {len(table)} | {table['s'].sum():.1f} | {table['s'].max():.1f} | "
                f"{table['cpu_time'].sum():.1f} | {table['max_rss'].max():.0f} |"
            )
    return lines if len(lines) > 2 else [f"No benchmark files for {results}: run the study first."]


def _benchmarks(results: Path, room: str) -> pd.DataFrame:
    logs, study = results.parent.parent / "logs", results.name
    datasets = [path.name for path in sorted((results / "datasets").iterdir())]
    match room:
        case "retrieve":
            paths = [logs / room / f"{dataset}.tsv" for dataset in datasets]
        case "orthologs":
            paths = sorted((logs / room).glob(f"{study}.*.tsv"))
        case "answer" | "report":
            paths = [logs / study / f"{room}.tsv"]
        case _:
            paths = [logs / study / room / f"{dataset}.tsv" for dataset in datasets]
    found = [pd.read_csv(path, sep="\t", na_values="-") for path in paths if path.is_file()]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def model_against_reading(results: Path) -> list[str]:
    """CPU seconds of each data set's model beside those of reading: the files as retrieved, and the matrix."""
    from sevaxis.study.study import load_study

    configurations = [path for path in sorted(Path("config").glob("*.yaml")) if _names(path, results.name)]
    if not configurations:
        return [f"No configuration in config/ names the study {results.name}."]
    study = load_study(configurations[0])
    lines = [
        "| data set | features x samples | contrasts and strata | reading files, CPU s | reading matrix, CPU s | "
        "model, CPU s | all of compare, CPU s | model costs less than reading |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, card in study.cards.items():
        if card.assay != "effects" and (results / "datasets" / name / "matrix.h5ad").is_file():
            lines.append(_row(results, name, card, study))
    return lines


def _names(path: Path, study: str) -> bool:
    return any(line.split("#")[0].split() == ["name:", study] for line in path.read_text().splitlines())


def _row(results: Path, name: str, card: Any, study: Any) -> str:
    from anndata import read_h5ad
    from sevaxis.effects import compare as room
    from sevaxis.effects import estimation
    from sevaxis.matrix.read import read

    settings = study.configuration
    orthologs = Path(settings.data_folder) / "orthologs" / f"{settings.name}.{card.organism}.parquet"
    options = {"sheet": study.sheets[name], "orthologs": orthologs if orthologs.is_file() else None}
    data = Path(settings.data_folder) / name
    reading = _seconds(lambda: read(card, data, **options))[0]
    opening, adata = _seconds(lambda: read_h5ad(results / "datasets" / name / "matrix.h5ad"))
    spent, estimate = [], estimation.estimate

    def timed(*arguments: Any) -> estimation.Estimates:
        seconds, found = _seconds(lambda: estimate(*arguments), times=1)
        spent.append((seconds, found.p.shape[1]))
        return found

    estimation.estimate = timed
    try:
        whole = _seconds(lambda: room.compare(adata, card, axis=settings.axis.genes), times=1)[0]
    finally:
        estimation.estimate = estimate
    model, strata = (sum(values) for values in zip(*spent, strict=True))
    verdict = "yes" if model < reading else "**no**"
    return (
        f"| {name} | {adata.n_vars:,} x {adata.n_obs} | {strata} | {reading:.2f} | {opening:.2f} | {model:.2f} | "
        f"{whole:.2f} | {verdict} |"
    )


def _seconds(call: Callable[[], Any], times: int = 2) -> tuple[float, Any]:
    """CPU seconds of the fastest call (the first one imports and compiles), and what it returned."""
    spent = []
    for _ in range(times):
        before = time.process_time()
        found = call()
        spent.append(time.process_time() - before)
    return min(spent), found
