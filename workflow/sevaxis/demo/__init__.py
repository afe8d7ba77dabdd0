"""The embedded demo: small data sets with planted truth, in the file formats that real ones come in.

Everything is drawn from one generator per data set, seeded by the study's seed and the data set's name: the same
seed gives the same bytes. The effects are chosen so that a reader of the report meets what real data hold: effects
found, effects too small for the samples, an effect in one sex only, a gene that is not in the table, a sample
with the wrong sex, an effect that is reversed elsewhere, and a marker that moves for another reason.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sevaxis.demo.proteins import plasma_sev, sev_protein
from sevaxis.demo.transcripts import liver_rna, muscle_rna

if TYPE_CHECKING:
    from sevaxis.demo.planting import Planted

#: Data set -> function that draws it: its main file (name and bytes) and what was planted.
DATASETS = {
    "demo_muscle_rna": muscle_rna,
    "demo_liver_rna": liver_rna,
    "demo_sev_protein": sev_protein,
    "demo_plasma_sev": plasma_sev,
}


def simulate(dataset_id: str, seed: int) -> tuple[dict[str, bytes], Planted]:
    """Draw a demo data set.

    Returns
    -------
    File name -> bytes, and what was planted.

    Raises
    ------
    ValueError
        For a data set that is none of the demo's.
    """
    if dataset_id not in DATASETS:
        raise ValueError(f"no simulated data set '{dataset_id}'; there are {', '.join(DATASETS)}")
    # the name is part of the seed: data sets are independent of each other and of their order
    rng = np.random.default_rng([seed, *dataset_id.encode()])
    return DATASETS[dataset_id](rng)


def write_dataset(dataset_id: str, folder: Path, seed: int) -> list[Path]:
    """Write a demo data set and its ``truth.tsv``.

    Parameters
    ----------
    dataset_id
        One of :data:`DATASETS`.
    folder
        Where the files go; made where it is missing.
    seed
        Seed of everything random.

    Returns
    -------
    The files written. ``truth.tsv`` has a row per contrast x stratum x feature: ``contrast``, ``stratum``,
    ``feature_id``, ``human_symbol``, ``log2fc`` (true), ``planted`` (1 where the true effect is not zero), ``note``.

    Raises
    ------
    ValueError
        For a data set that is none of the demo's.
    """
    files, planted = simulate(dataset_id, seed)
    truth = planted.truth().to_csv(sep="\t", index=False, float_format="%.6g", lineterminator="\n")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, content in {**files, "truth.tsv": truth.encode()}.items():
        path = folder / name
        path.write_bytes(content)
        written.append(path)
    return written
