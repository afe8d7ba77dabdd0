"""GEO series matrix: sample annotation in ``!Sample_`` lines and, for arrays, a block of values."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from sevaxis.base.problems import refuse
from sevaxis.matrix.readers.tables.assembly import assemble, assemble_sheet
from sevaxis.matrix.readers.tables.encoding import read_bytes, to_utf8
from sevaxis.matrix.readers.tables.geo import about_sample
from sevaxis.matrix.readers.tables.layouts import as_text, to_float
from sevaxis.matrix.readers.tables.probes import choose_probes, platform_annotation
from sevaxis.matrix.readers.tables.text import parse_table

if TYPE_CHECKING:
    import anndata


def read_series_matrix(
    path: Path,
    *,
    platform: str | None = None,
    probes: Literal["highest_mean", "all"] = "highest_mean",
) -> anndata.AnnData:
    """Read a series matrix.

    Parameters
    ----------
    path
        ``GSE..._series_matrix.txt.gz``.
    platform
        Name of another file of the data set with the platform's annotation (``GPL97.annot.gz``, a GPL SOFT file),
        by which probes find their genes.
    probes
        ``highest_mean``: of the probes of a gene the one with the highest mean over the samples; probes of several
        genes and of none are dropped and counted. ``all``: every probe as it is.

    Returns
    -------
    AnnData of samples (GSM) x probes. ``obs`` holds title, source and the characteristics, each ``key: value`` as a
    column of its own, whatever row it stands in. Series of sequencing experiments have no values: 0 features.

    Raises
    ------
    Problems
        For files without sample lines.
    """
    import pandas as pd

    path = Path(path)
    data = to_utf8(read_bytes(path))[0]
    begin = re.search(rb"^!series_matrix_table_begin\s*$", data, re.MULTILINE)
    head = data[: begin.start()] if begin else data
    lines = [line for line in head.decode("utf-8", "replace").splitlines() if line.startswith("!Sample_")]
    rows = [
        (row[0].removeprefix("!Sample_"), row[1:])
        for row in csv.reader(lines, delimiter="\t")
        if len(row) > 1
    ]
    accession = next((cells for name, cells in rows if name == "geo_accession"), None)
    if accession is None:
        hint = "is it the series matrix? SOFT files are read by the reader 'soft'"
        refuse(
            "No samples",
            where=path.name,
            found="no line !Sample_geo_accession",
            allowed="a series matrix",
            hint=hint,
        )
    attributes: list[dict[str, list[str]]] = [{} for _ in accession]
    for name, cells in rows:
        for sample, cell in zip(attributes, cells, strict=False):
            if cell != "":
                sample.setdefault(name, []).append(cell)
    obs = pd.DataFrame([about_sample(sample) for sample in attributes]).astype("string")
    notes = {"samples": len(accession)}
    rest = data[begin.end() + 1 :] if begin else b""
    end = rest.find(b"!series_matrix_table_end")
    block = rest[:end] if end >= 0 else rest
    if block.count(b"\n") < 2:
        notes["values"] = "none; the values of sequencing experiments are in supplementary files"
        return assemble_sheet(obs, accession, file=path.name, notes=notes)
    table = parse_table(block, path.name, separator="\t", decimal=".", as_text={"ID_REF"})
    samples = table.frame.columns[1:]
    values = np.column_stack([to_float(table.frame[sample], table) for sample in samples])
    names = as_text(table.frame[table.frame.columns[0]])
    annotation = platform_annotation(path.parent / platform, names) if platform else None
    keep, annotation = choose_probes(values, annotation, probes, notes)
    position = {sample: i for i, sample in enumerate(accession)}
    return assemble(
        values[keep],
        [names[i] for i in keep],
        list(samples),
        file=path.name,
        obs=obs.iloc[[position[sample] for sample in samples]].reset_index(drop=True),
        var=annotation,
        notes=notes,
    )
