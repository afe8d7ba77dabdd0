"""The small tables of ``resources/``: panels, identifiers, sex-linked genes, protein names, uncarded accessions."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

#: Beside the package where it is installed as a wheel, at the top of the checkout otherwise.
_FOLDERS = (Path(__file__).parents[1] / "resources", Path(__file__).parents[3] / "resources")


@cache
def _read(name: str) -> pd.DataFrame:
    import pandas as pd

    path = next((folder / f"{name}.tsv" for folder in _FOLDERS if folder.is_dir()), None)
    if path is None:
        raise FileNotFoundError(f"resources/{name}.tsv: looked in {', '.join(map(str, _FOLDERS))}")
    return pd.read_csv(path, sep="\t", dtype="string", keep_default_na=False)


def load_table(
    name: Literal["panels", "identifiers", "sex_markers", "protein_names", "catalogue"],
) -> pd.DataFrame:
    """One of the tables, all cells as text, empty where nothing is known (see ``resources/README.md``)."""
    return _read(name).copy()
