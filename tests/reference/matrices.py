"""Matrices of the reference tests and R's answers: simulated in `tests/data`, public in the shared folder."""

import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from sevaxis.models.linear.design import Design

SIMULATED = Path(__file__).parents[1] / "data" / "simulated"


def read_simulated(name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read a simulated matrix and its samples."""
    samples = pd.read_csv(SIMULATED / f"{name}.meta.tsv", sep="\t")
    return read_table(SIMULATED / name), samples


def read_gene_sets() -> dict[str, list[str]]:
    """Read the members of the simulated gene sets."""
    return read_table(SIMULATED / "gs_sets").groupby("set")["gene"].apply(list).to_dict()


def read_studies(name: str, shared: Path | None = None) -> pd.DataFrame:
    """Read the effects and variances of a worked meta-analysis: a published one from the shared folder."""
    folder = SIMULATED if shared is None else shared / "reference" / "simulated"
    return read_table(folder / f"meta_{name}")


def read_simulated_answers(name: str) -> pd.DataFrame:
    """Read R's answers on a simulated matrix; of the largest some rows only, which the index names."""
    return read_table(SIMULATED / "R" / name)


def read_table(path: Path) -> pd.DataFrame:
    """Read a table, packed or plain, by its name without ending; the first column is the index."""
    packed = path.with_name(f"{path.name}.tsv.xz")
    return pd.read_csv(
        packed if packed.is_file() else path.with_name(f"{path.name}.tsv"), sep="\t", index_col=0
    )


@cache
def read_expression_set(path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Values (features x samples) and sample table of the one ExpressionSet or MSnSet in an `.rda` file."""
    import rdata

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Missing constructor")
        (content,) = rdata.read_rda(path).values()
    values = content.assayData["exprs"]
    samples = content.phenoData.data
    frame = pd.DataFrame(values.values, index=values.dim_0.values, columns=values.dim_1.values)
    samples.index = samples.index.astype(str)
    return frame, samples.loc[frame.columns]


def read_motrpac(shared: Path, name: str) -> tuple[pd.DataFrame, list[str]]:
    """Read a MoTrPAC matrix by name, and the sex and week of every sample as one cell (``Female 8W``)."""
    values, samples = read_expression_set(shared / "data/motrpac_muscle" / f"{name}.rda")
    return values, (samples["sex"].astype(str) + " " + samples["timepoint"].astype(str)).tolist()


def read_glymreg(shared: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the plasma EV proteome as log2 intensities, and its samples (ID, Group, time)."""
    long = pd.read_excel(shared / "data/glymreg_ev_exercise_sex/long_df_protein.xlsx", engine="calamine")
    long["log2"] = np.log2(long["Value"])
    wide = long.pivot(index="Molecule", columns=["ID", "Group", "time"], values="log2")
    return wide, wide.columns.to_frame(index=False)


def read_bv2_ev_counts(shared: Path) -> pd.DataFrame:
    """Read the EV RNA counts of control (three) and LPS (three) cultures, in that order."""
    return pd.read_csv(shared / "data/bv2_microglia_ev/ev_mrna_raw_counts.csv", index_col=0).iloc[:, :6]


def read_public_answers(shared: Path, name: str) -> pd.DataFrame:
    """Read R's answers on a public matrix by name, the first column as index."""
    return pd.read_csv(shared / "reference" / "real" / f"{name}.tsv.gz", sep="\t", index_col=0)


def read_hard(shared: Path, name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read one of the hard cases and its samples."""
    folder = shared / "reference/hard"
    values = pd.read_csv(folder / f"{name}.tsv.gz", sep="\t", index_col=0)
    return values, pd.read_csv(folder / f"{name}.meta.tsv", sep="\t")


def read_hard_answers(shared: Path, name: str) -> pd.DataFrame:
    """Read R's answers on one of the hard cases, the first column as index."""
    return pd.read_csv(shared / "reference" / "hard" / f"{name}.tsv.gz", sep="\t", index_col=0)


def read_correlations(shared: Path) -> dict[str, list[float]]:
    """Consensus correlations of the hard cases; one per round."""
    lines = (shared / "reference/hard/scalars.txt").read_text().splitlines()
    return {
        name.removesuffix(".consensus"): [float(x) for x in rest] for name, *rest in map(str.split, lines)
    }


def sex_by_treatment(samples: pd.DataFrame) -> Design:
    """R's ``~ sex * treat``: the treatment coefficient is the effect in females."""
    male, treated = (samples["sex"] == "M").to_numpy(float), (samples["treat"] == "trt").to_numpy(float)
    columns = [np.ones(len(samples)), male, treated, male * treated]
    return Design(np.column_stack(columns), ("intercept", "male", "treated", "male:treated"))


def treatment_and_age(samples: pd.DataFrame) -> Design:
    """R's ``~ treat + age``."""
    columns = [np.ones(len(samples)), samples["treat"] == "trt", samples["age"]]
    return Design(np.column_stack(columns), ("intercept", "treated", "age"))


def sex_strata(case: str, reference: str) -> dict[str, dict[str, float]]:
    """Female, male, average and interaction (male minus female) contrasts of cells named ``Female case``."""
    female = {f"Female {case}": 1.0, f"Female {reference}": -1.0}
    male = {f"Male {case}": 1.0, f"Male {reference}": -1.0}
    return {
        "female": female,
        "male": male,
        "average": {cell: weight / 2 for cell, weight in (female | male).items()},
        "interaction": {cell: -weight for cell, weight in female.items()} | male,
    }


def omnibus_of_two(ours) -> tuple[np.ndarray, np.ndarray]:
    """F and p of the first two contrasts of a moderated fit whose third is their difference."""
    from sevaxis.models.inference.omnibus import omnibus_f

    squared = ours.se**2
    shared = (squared[:, 0] + squared[:, 1] - squared[:, 2]) / 2
    variance = np.stack([squared[:, 0], shared, shared, squared[:, 1]], axis=1).reshape(-1, 2, 2)
    f, _, _, p = omnibus_f(ours.log2fc[:, :2], variance, ours.df_total)
    return f, p
