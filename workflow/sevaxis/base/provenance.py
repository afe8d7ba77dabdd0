"""What a result was made of: versions, files, code. Nothing that differs between runs on the same inputs."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import sevaxis

#: Packages whose version can change a number or a page.
PACKAGES = (
    "anndata",
    "itables",
    "matplotlib",
    "numpy",
    "pandas",
    "plotly",
    "polars",
    "pyarrow",
    "python-calamine",
    "rdata",
    "scipy",
    "seaborn",
    "snakemake",
    "statsmodels",
)


def provenance(
    files: Mapping[str, Sequence[Mapping[str, Any]]],
    code: Mapping[str, str],
    seed: int,
    tables: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> dict[str, Any]:
    """Record of a study's origin.

    Parameters
    ----------
    files
        Data set -> its retrieved files (``name``, ``sha256``, ``bytes``).
    code
        Room -> fingerprint of its code (:func:`sevaxis.base.fingerprint.fingerprint`).
    seed
        Seed of everything random.
    tables
        Organism or species -> the tables of genes that features were looked up in (``name``, ``sha256``, ``url``).
    """
    versions = {"sevaxis": sevaxis.__version__, "python": platform.python_version()}
    return {
        "versions": versions | {package: version(package) for package in PACKAGES},
        "files": [{"dataset": dataset, **file} for dataset, of in files.items() for file in of],
        "tables": [{"of": of, **table} for of, listed in (tables or {}).items() for table in listed],
        "code": dict(code),
        "seed": seed,
    }
