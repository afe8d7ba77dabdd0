"""The small tables of ``resources/``: panels, identifiers and names of genes, sex-linked genes, uncarded accessions."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

#: Beside the package where it is installed as a wheel, at the top of the checkout otherwise.
_FOLDERS = (Path(__file__).parents[1] / "resources", Path(__file__).parents[3] / "resources")


Table = Literal[
    "panels",
    "identifiers",
    "sex_markers",
    "protein_names",
    "human_symbols",
    "entry_names",
    "accessions",
    "catalogue",
]


def path_of(name: Table) -> Path:
    """Where a table lies."""
    path = next((folder / f"{name}.tsv" for folder in _FOLDERS if folder.is_dir()), None)
    if path is None:
        raise FileNotFoundError(f"resources/{name}.tsv: looked in {', '.join(map(str, _FOLDERS))}")
    return path


@cache
def _read(name: Table) -> pd.DataFrame:
    import pandas as pd

    return pd.read_csv(path_of(name), sep="\t", dtype="string", keep_default_na=False)


def load_table(name: Table) -> pd.DataFrame:
    """One of the tables, all cells as text, empty where nothing is known (see ``resources/README.md``)."""
    return _read(name).copy()


@cache
def checksum(name: Table) -> str:
    """Sha256 of a table's file, in hexadecimal digits."""
    return hashlib.sha256(path_of(name).read_bytes()).hexdigest()
