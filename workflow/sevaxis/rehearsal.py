"""A data set read, assessed and compared in small, before a study starts: what would stop a job is said now.

The rooms themselves are asked, with a few hundred features for the models: they refuse what they would refuse later.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sevaxis.base.problems import Problem, Problems
from sevaxis.base.vocabulary import Assay
from sevaxis.study.card import AssessCard, Card, CompareCard, ReadCard, RetrieveCard

if TYPE_CHECKING:
    from anndata import AnnData

    from sevaxis.study.study import Study

#: Features that the models are tried with: those that most samples have and that are most abundant.
TRIED = 500


def rehearse(
    card: Card,
    places: Mapping[str, Path],
    sheet: Path | None,
    *,
    min_per_group: int = 2,
    sex_mismatch: Literal["stop", "drop", "keep"] = "drop",
) -> tuple[list[Problem], list[str]]:
    """Read the files of a data set, assess its samples and fit its models to a few features.

    Parameters
    ----------
    card
        The card.
    places
        Name of a file -> where its bytes are now.
    sheet
        The sample sheet.
    min_per_group, sex_mismatch
        As the study has them.

    Returns
    -------
    What would stop a job, and a line for the user: what was read, who was left out.
    """
    from sevaxis.effects.compare import compare
    from sevaxis.matrix.assess import assess
    from sevaxis.matrix.read import read

    with tempfile.TemporaryDirectory(prefix="sevaxis-rehearsal-") as scratch:
        folder = Path(scratch)
        for name, place in places.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).symlink_to(place.resolve())
        reading = ReadCard.model_validate(card.part(ReadCard))
        comparing = CompareCard.model_validate(card.part(CompareCard))
        try:
            adata = read(reading, folder, sheet=sheet, orthologs=None)
            if card.assay == Assay.EFFECTS:
                return [], [f"{card.id}: {adata.n_vars:,} rows of {adata.n_obs} contrasts were read."]
            assessing = AssessCard.model_validate(card.part(AssessCard))
            assessed, quality, _ = assess(adata, assessing, axis=(), sex_mismatch=sex_mismatch)
            compare(_few(assessed), comparing, axis=(), min_per_group=min_per_group)
        except Problems as raised:
            return list(raised.problems), []
    told = f"{card.id}: {adata.n_vars:,} features x {adata.n_obs} samples were read; its contrasts can be estimated."
    warnings = [f"{card.id}: {check['text']}" for check in quality["checks"] if check["level"] == "warning"]
    return [], [told, *warnings]


def _few(adata: AnnData) -> AnnData:
    """The most abundant features of those that most samples have."""
    import numpy as np

    if adata.n_vars <= TRIED:
        return adata
    values = np.asarray(adata.X, dtype=float)
    known = np.isfinite(values) & (values != 0)
    middle = np.where(known, np.abs(values), 0).mean(axis=0)
    order = np.lexsort((-middle, -known.sum(axis=0)))
    return adata[:, np.sort(order[:TRIED])].copy()


def rehearse_study(study: Study, *, mirror: Path | None = None) -> tuple[list[Problem], list[str]]:
    """Rehearse every data set of a study whose files are here, in the mirror, or the user's own.

    Returns
    -------
    Problems, and lines for the user.
    """
    from sevaxis.files.retrieve import find_here

    problems: list[Problem] = []
    lines: list[str] = []
    settings = study.configuration
    for name, card in study.cards.items():
        places = find_here(
            RetrieveCard.model_validate(card.part(RetrieveCard)), Path(settings.data_folder), mirror
        )
        if places is None:
            lines.append(f"{name}: not read, its files are not all here yet.")
            continue
        found, told = rehearse(
            card,
            places,
            study.sheets[name],
            min_per_group=settings.thresholds.min_per_group,
            sex_mismatch=settings.sex_mismatch,
        )
        problems += found
        lines += told
    return problems, lines
