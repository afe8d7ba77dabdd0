"""Real data sets whose groups are dealt out anew: whatever is found then is false."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import anndata as ad
import numpy as np
import pandas as pd
from sevaxis.base.vocabulary import Stratum
from sevaxis.effects.compare import compare
from sevaxis.matrix.normalise import normalise
from sevaxis.study.card import AssessCard, CompareCard

from tests.verdicts.judge import Tally

FDR = 0.05


def _motrpac(data: Path, name: str) -> tuple[pd.DataFrame, list[str]]:
    """A matrix of the rats by name, and the sex and week of every sample as one cell (``Female 8W``)."""
    from sevaxis.matrix.readers.r_object import read_r_object

    found = read_r_object(data / "motrpac_muscle" / f"{name}.rda")
    values = pd.DataFrame(np.asarray(found.X).T, index=found.var_names, columns=found.obs_names)
    return values, (found.obs["sex"].astype(str) + " " + found.obs["timepoint"].astype(str)).tolist()


def _glymreg(data: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The plasma vesicles as log2 intensities, and their samples (ID, Group, time)."""
    long = pd.read_excel(data / "glymreg_ev_exercise_sex/long_df_protein.xlsx", engine="calamine")
    wide = long.assign(log2=np.log2(long["Value"])).pivot(
        index="Molecule", columns=["ID", "Group", "time"], values="log2"
    )
    return wide, wide.columns.to_frame(index=False)


@dataclass(frozen=True)
class RealSet:
    """A public data set, of two groups.

    Attributes
    ----------
    name
        What the table calls it.
    load
        Folder of public data -> values (features x samples) and the samples: ``group`` (case or reference), ``sex``,
        ``batch``, ``subject``, missing where there is none.
    assay
        Of the card, and with it the model.
    within
        What groups are dealt out within.
    """

    name: str
    load: Callable[[Path], tuple[pd.DataFrame, pd.DataFrame]]
    assay: str
    within: str


def to_matrix(values: pd.DataFrame, samples: pd.DataFrame, assay: str) -> tuple[ad.AnnData, CompareCard]:
    """The assessed matrix and its card, with the defaults of the assay."""
    names = [f"f{i}" for i in range(len(values))]
    var = pd.DataFrame({"symbol": names, "human_symbol": names}, index=names, dtype=object)
    obs = samples.reindex(columns=["group", "sex", "batch", "subject"]).astype(object)
    obs = obs.where(obs.notna(), None).assign(included=True, excluded_because="")
    obs.index = [f"s{i}" for i in range(len(obs))]
    adata = ad.AnnData(np.ascontiguousarray(values.to_numpy(float).T), obs=obs, var=var)
    place = {"tissue": "muscle", "compartment": "sev"}
    about: dict[str, Any] = {"id": "permuted", "organism": "human", "assay": assay, **place}
    contrast = {"name": "effect", "role": "other", "case": "case", "reference": "reference"}
    method = AssessCard.model_validate(about).normalisation
    scale = "counts" if assay == "rna_counts" else "log2"
    found = normalise(adata.X, scale, method)
    adata.layers["log2"] = found.log2
    adata.uns["normalisation"] = {"method": str(method), "text": found.text}
    adata.uns["dataset"] = {"scale": scale}
    return adata, CompareCard.model_validate({**about, "contrasts": [contrast]})


def permute(obs: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Groups dealt out anew within subject where there are pairs, and within batch and sex."""
    columns = ["subject"] if obs["subject"].notna().all() else ["batch", "sex"]
    strata = obs[columns].astype(str).agg(" ".join, axis=1)
    group = obs["group"].to_numpy(dtype=object).copy()
    for _, at in strata.groupby(strata).indices.items():
        group[at] = rng.permutation(group[at])
    return group


def run(real: RealSet, data: Path, *, permutations: int, seed: int) -> Tally:
    """Hits and levels over the permutations of a set."""
    adata, card = to_matrix(*real.load(data), real.assay)
    tally, rng = Tally(), np.random.default_rng(seed)
    truth = adata.obs["group"].to_numpy(dtype=object).copy()
    tally.add("hits as observed", _whole(compare(adata, card, axis=[])[0])["q"].dropna() < FDR)
    for _ in range(permutations):
        adata.obs["group"] = permute(adata.obs.assign(group=truth), rng)
        effects = compare(adata, card, axis=[])[0]
        whole = _whole(effects)
        tally.add("p < 0.05", whole["p"].dropna() < 0.05)
        tally.add("p < 0.001", whole["p"].dropna() < 0.001)
        tally.add("any hit", np.array([whole["q"].lt(FDR).any()]))
        presence = whole.loc[whole["detection_p_min"].lt(1), "detection_p"]
        tally.add("presence p < 0.05", presence < 0.05)
        for stratum in (Stratum.FEMALE, Stratum.MALE, Stratum.INTERACTION):
            rows = effects[effects["stratum"].eq(stratum)]
            if len(rows) and not rows["p"].isna().all() and len(rows) < len(effects):
                tally.add(f"any hit, {stratum}", np.array([rows["q"].lt(FDR).any()]))
    return tally


def _whole(effects: pd.DataFrame) -> pd.DataFrame:
    """Rows of all samples; of one sex its own."""
    whole = effects[effects["stratum"].isin([Stratum.ALL, Stratum.AVERAGE])]
    return whole if len(whole) else effects


def _rat(data: Path, name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    values, cells = _motrpac(data, name)
    samples = pd.DataFrame([cell.lower().split() for cell in cells], columns=["sex", "week"])
    samples["group"] = samples["week"].map({"8w": "case", "sed": "reference"})
    kept = samples["group"].notna().to_numpy()
    return values.loc[:, kept], samples[kept].reset_index(drop=True)


def _plasma_vesicles(data: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    values, samples = _glymreg(data)
    samples = samples.assign(
        group=samples["time"].map({"time2": "case", "time1": "reference"}),
        sex=samples["Group"],
        subject=samples["Group"] + samples["ID"].astype(str),
    )
    kept = samples["group"].notna().to_numpy()
    return values.loc[:, kept], samples[kept].reset_index(drop=True)


def _ascites(data: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    table = pd.read_csv(data / "ev_ascites_PXD041751" / "03_data-processed.csv", index_col=0)
    values = table.filter(regex=r"^[US]\d+$").astype(float)
    values = np.log2(values.where(values > 0))
    group = values.columns.str[0].map({"U": "case", "S": "reference"})
    samples = pd.DataFrame({"group": group, "sex": "female", "subject": values.columns.str[1:]})
    return values[values.notna().any(axis=1)], samples


def _liver(data: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Its groups are the headers of its columns."""
    table = pd.read_csv(
        data / "human_liver_niu" / "niu_2022_molsystbiol_set.csv", header=None, low_memory=False
    )
    group = table.iloc[0].map({"NASH": "case", "Control": "reference"})
    kept = group.notna().to_numpy()
    values = table.iloc[1:, kept].apply(pd.to_numeric, errors="coerce")
    return values, pd.DataFrame({"group": group[kept].to_numpy()})


SETS = (
    RealSet(
        "rat muscle proteome, 8 weeks of training (MoTrPAC)", partial(_rat, name="PROT_GN"), "protein", "sex"
    ),
    RealSet(
        "rat muscle RNA, 8 weeks of training (MoTrPAC)",
        partial(_rat, name="TRNSCRPT_GN"),
        "rna_counts",
        "sex",
    ),
    RealSet(
        "human plasma vesicles before and after exercise (GLYMREG)", _plasma_vesicles, "protein", "subject"
    ),
    RealSet("vesicles of ascites by two methods (PXD041751), half missing", _ascites, "protein", "subject"),
    RealSet("human liver proteome, NASH (Niu 2022)", _liver, "protein", "nothing"),
)
