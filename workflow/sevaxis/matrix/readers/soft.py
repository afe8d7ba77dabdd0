"""GEO's SOFT files: samples (GSM), series families (GSE), curated data sets (GDS) and platforms (GPL).

The tables are handed to the delimited parser as they stand; only the lines with ``^``, ``!`` and ``#`` are special
(:mod:`sevaxis.matrix.readers.tables.geo`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from sevaxis.base.problems import Problem, Problems, nearest, refuse
from sevaxis.matrix.readers.tables.assembly import assemble
from sevaxis.matrix.readers.tables.encoding import read_bytes, to_utf8
from sevaxis.matrix.readers.tables.geo import Entity, about_sample, parse_soft
from sevaxis.matrix.readers.tables.layouts import as_text, to_float, to_pandas
from sevaxis.matrix.readers.tables.probes import choose_probes, platform_annotation
from sevaxis.matrix.readers.tables.text import Table, parse_table

if TYPE_CHECKING:
    import anndata
    import pandas as pd


def read_soft(
    path: Path,
    *,
    platform: str | None = None,
    probes: Literal["highest_mean", "all"] = "highest_mean",
    value: str = "VALUE",
) -> anndata.AnnData:
    """Read a SOFT file.

    Parameters
    ----------
    path
        ``GSE..._family.soft.gz``, ``GSM....txt``, ``GDS....soft.gz``; a ``GPL...`` file gives features only.
    platform
        Name of another file of the data set with the platform's annotation (``GPL97.annot.gz``, a GPL SOFT file);
        not needed where the file holds its platform, or names the genes itself (GDS).
    probes
        ``highest_mean``: of the probes of a gene the one with the highest mean over the samples; probes of several
        genes and of none are dropped and counted. ``all``: every probe as it is.
    value
        Column of a sample's table that holds the values.

    Returns
    -------
    AnnData of samples (GSM) x probes, with the characteristics of the samples in ``obs``.

    Raises
    ------
    Problems
        For files without tables, and for samples without the column.
    """
    path = Path(path)
    entities = list(parse_soft(to_utf8(read_bytes(path))[0]))
    by_kind: dict[str, list[Entity]] = {}
    for entity in entities:
        by_kind.setdefault(entity.kind, []).append(entity)
    dataset = next((entity for entity in by_kind.get("DATASET", []) if entity.table), None)
    samples = [entity for entity in by_kind.get("SAMPLE", []) if entity.table]
    platforms = [e for kind in ("PLATFORM", "ANNOTATION") for e in by_kind.get(kind, []) if e.table]
    if dataset is not None:
        matrix, names, samples_of, obs, annotation = _of_dataset(dataset, by_kind.get("SUBSET", []), path)
    elif samples:
        matrix, names, samples_of, obs = _of_samples(samples, value, path)
        annotation = None
    elif platforms:
        return _of_platform(platforms[0], path)
    else:
        found = ", ".join(f"{len(found)} {kind}" for kind, found in by_kind.items()) or "no line with ^"
        hint = "a 'brief' SOFT file has no values; take the full or the family file"
        refuse(
            "The file holds no table", where=path.name, found=found, allowed="a table of values", hint=hint
        )
    if platform is not None:
        annotation = platform_annotation(path.parent / platform, names)
    elif platforms:
        annotation = platform_annotation(
            parse_table(platforms[0].table, path.name, separator="\t", as_text=True), names
        )
    notes = {"samples": len(samples_of), "probes": len(names)}
    keep, annotation = choose_probes(matrix, annotation, probes, notes)
    return assemble(
        matrix[keep],
        [names[i] for i in keep],
        samples_of,
        file=path.name,
        obs=obs,
        var=annotation,
        duplicates="first",
        notes=notes,
    )


def _of_dataset(dataset: Entity, subsets: list[Entity], path: Path):
    """Matrix of a GDS; its subsets say what the samples are."""
    import pandas as pd

    table = parse_table(
        dataset.table, path.name, separator="\t", decimal=".", quoted=False, as_text={"ID_REF", "IDENTIFIER"}
    )
    samples = [name for name in table.frame.columns if name.startswith("GSM")]
    values = np.column_stack([to_float(table.frame[sample], table) for sample in samples])
    obs = pd.DataFrame(index=samples)
    for subset in subsets:
        kind = subset.first("type") or "subset"
        for sample in (name.strip() for name in subset.first("sample_id").split(",")):
            if sample in obs.index:
                obs.loc[sample, kind] = subset.first("description")
    annotation = pd.DataFrame({"symbol": pd.array(as_text(table.frame["IDENTIFIER"]), dtype="string")})
    # control probes of a GDS are their own identifier
    names = as_text(table.frame["ID_REF"])
    own = annotation["symbol"].eq(pd.Series(names, dtype="string")) | annotation["symbol"].isin(
        ["--Control", ""]
    )
    return (
        values,
        names,
        samples,
        obs.astype("string").reset_index(drop=True),
        annotation.apply(lambda cells: cells.mask(own)),
    )


def _of_samples(samples: list[Entity], value: str, path: Path):
    """Matrix of the tables of several samples, joined by probe."""
    import pandas as pd

    columns, wrong = {}, []
    for sample in samples:
        table = parse_table(
            sample.table,
            f"{path.name}, {sample.name}",
            separator="\t",
            decimal=".",
            quoted=False,
            as_text={"ID_REF"},
        )
        if value not in table.frame.columns:
            there = table.frame.columns
            wrong.append(
                Problem(f"No column '{value}'", table.file, value, ", ".join(there), nearest(value, there))
            )
            continue
        series = pd.Series(to_float(table.frame[value], table), index=as_text(table.frame["ID_REF"]))
        columns[sample.name] = series[~series.index.duplicated()]
    if wrong:
        raise Problems(wrong)
    matrix = pd.DataFrame(columns)
    first = next(iter(columns.values())).index
    matrix = matrix.reindex([*first, *matrix.index.difference(first, sort=True)])
    obs = pd.DataFrame([about_sample(sample.attributes) for sample in samples]).astype("string")
    return matrix.to_numpy(), [str(name) for name in matrix.index], list(columns), obs


def _of_platform(entity: Entity, path: Path) -> anndata.AnnData:
    """A platform without samples: features and their annotation; probes of several genes have none."""
    table: Table = parse_table(entity.table, path.name, separator="\t", quoted=False, as_text=True)
    name = table.frame.columns[0]
    names = as_text(table.frame[name])
    values = np.empty((len(names), 0))
    notes = {"probes": len(names)}
    _, genes = choose_probes(values, platform_annotation(table, names), "all", notes)
    var: pd.DataFrame = to_pandas(table.frame.drop(name), table.frame.height)
    var = var.drop(columns=[column for column in ("Gene symbol", "Gene ID") if column in var])
    return assemble(values, names, [], file=path.name, var=genes.join(var), duplicates="first", notes=notes)
