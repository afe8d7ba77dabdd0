"""Simulated protein tables: vesicles and lysate of mouse muscle (MaxQuant), plasma vesicles of people (csv)."""

from __future__ import annotations

import io
from itertools import product

import numpy as np
import pandas as pd

from sevaxis.demo.genes import human_genes, mouse_genes
from sevaxis.demo.planting import Planted, Told

N_SEV, N_PLASMA = 800, 600
#: Decoys, contaminants and site-only groups of the MaxQuant table.
N_DECOYS, N_CONTAMINANTS, N_BY_SITE = 16, 22, 10
#: Log2 intensity at which half the values are missing, and the slope of that curve: faint proteins are missed.
MISSING_HALF, MISSING_SLOPE = 22.5, 1.3
#: Share of values missing whatever their intensity.
MISSING_ANYWAY = 0.01

SEV, LYSATE = ["sev_control", "sev_overtrained"], ["lysate_control", "lysate_overtrained"]
VESICLES = "CD63 CD9 CD81 FLOT1 FLOT2 TSG101 PDCD6IP SDCBP"
MUSCLE_FIBRE = "CKM MB ACTA1 MYH1 MYH2 MYH4 MYH7 TNNT3 MYL1 ATP2A1 RYR1 PYGM ENO3 CA3"
SEV_STORY = (
    Told(VESICLES, SEV, 3.0, "vesicle protein"),
    Told(VESICLES, ["sev_overtrained"], 0.8, "rises with the vesicle yield, not sorted"),
    Told("FBXO2", SEV, 1.0, "vesicle cargo"),
    Told("FBXO2", ["sev_overtrained"], 2.2, "sorted into vesicles beyond their yield"),
    Told("SORBS3", SEV, 0.5, "vesicle cargo"),
    Told("SORBS3", ["sev_overtrained"], 1.0, "up in muscle vesicles, down in plasma vesicles"),
    Told("LDHA", ["lysate_overtrained"], (0.3, 0.8), "larger in males"),
    Told(MUSCLE_FIBRE, SEV, -3.0, "muscle fibre, little of it in vesicles"),
    Told("GDF15", [*LYSATE, "sev_control"], -9.0, "detected in vesicles of overtrained mice only"),
)
PLASMA_STORY = (
    Told("FBXO2", ["overtrained"], 1.1, "up in plasma vesicles"),
    Told("SORBS3", ["overtrained"], -0.9, "down here, up in muscle vesicles"),
    Told("FLOT1", ["overtrained"], 0.2, "too small for these samples"),
    Told("GDF15", ["overtrained"], (0.2, 1.4), "larger in males"),
)


def sev_protein(rng: np.random.Generator) -> tuple[dict[str, bytes], Planted]:
    """Vesicles and lysate of the muscle of five overtrained and five control mice, as proteinGroups.txt."""
    samples = sev_samples()
    contrasts = {
        "overtraining_in_sev": {"sev_overtrained": 1, "sev_control": -1},
        "overtraining_in_lysate": {"lysate_overtrained": 1, "lysate_control": -1},
        "sev_v_lysate": dict.fromkeys(SEV, 0.5) | dict.fromkeys(LYSATE, -0.5),
    }
    genes = mouse_genes(N_SEV, proteins=True)
    planted = Planted(genes, [*SEV, *LYSATE], contrasts)
    planted.tell(SEV_STORY)
    planted.scatter(rng, ["sev_overtrained"], 0.06, "overtraining, vesicles")
    planted.scatter(rng, ["lysate_overtrained"], 0.06, "overtraining, lysate")
    planted.scatter(rng, SEV, 0.30, "vesicles v lysate")
    baselines = {"FBXO2": 25.0, "SORBS3": 25.0, "GDF15": 26.0, "CD63": 25.0}
    lfq = draw_log2(rng, planted, samples, spread=0.25, expressed=baselines)
    # what MaxLFQ removes: a factor for each run
    loading = rng.normal(0, 0.4, len(samples))
    return {"proteinGroups.txt": protein_groups(rng, lfq, lfq + loading, genes)}, planted


def sev_samples() -> pd.DataFrame:
    """Samples of the vesicle data: vesicles and lysate of the same animals, sexes mixed."""
    rows = [
        (
            f"{fraction}_{group[0].upper()}{i + 1}",
            f"{fraction}_{group}",
            sex,
            f"{group[0].upper()}{i + 1}",
            "A",
        )
        for fraction, (group, sexes) in product(
            ["sev", "lysate"], [("control", "FFFMM"), ("overtrained", "FFMMM")]
        )
        for i, sex in enumerate({"F": "female", "M": "male"}[letter] for letter in sexes)
    ]
    return pd.DataFrame(rows, columns=["sample", "group", "sex", "subject", "batch"]).set_index("sample")


def plasma_sev(rng: np.random.Generator) -> tuple[dict[str, bytes], Planted]:
    """Plasma vesicles of 24 people, 2 groups x 2 sexes x 6 on two plates, as a csv; CD63 is not in the table."""
    samples = plasma_samples()
    contrasts = {"overtrained_v_control": {"overtrained": 1, "control": -1}}
    genes = human_genes(N_PLASMA + 1)
    genes = genes[genes["human_symbol"].ne("CD63")]
    planted = Planted(genes, ["control", "overtrained"], contrasts)
    planted.tell(PLASMA_STORY)
    planted.scatter(rng, ["overtrained"], 0.10, "overtraining")
    log2 = draw_log2(rng, planted, samples, spread=0.35, expressed={"FBXO2": 25.0, "SORBS3": 25.0})
    table = log2.round(4)
    table.insert(0, "gene", genes["symbol"])
    text = table.to_csv(index_label="accession", na_rep="NA", lineterminator="\n")
    return {"plasma_sev_log2.csv": text.encode()}, planted


def plasma_samples() -> pd.DataFrame:
    """Participants of the plasma cohort."""
    rows = [
        (group, sex, "AB"[i % 2])
        for i, sex, group in product(range(6), ["female", "male"], ["control", "overtrained"])
    ]
    samples = pd.DataFrame(rows, columns=["group", "sex", "batch"])
    samples.index = pd.Index([f"P{number + 1:02d}" for number in samples.index], name="sample")
    return samples.assign(subject=samples.index)


def draw_log2(
    rng: np.random.Generator,
    planted: Planted,
    samples: pd.DataFrame,
    spread: float,
    expressed: dict[str, float],
) -> pd.DataFrame:
    """Log2 intensities with values missing not at random, proteins x samples.

    Parameters
    ----------
    spread
        Typical standard deviation of a protein within a group, log2.
    expressed
        Human symbol -> baseline, where the story asks for one.
    """
    genes = planted.features
    n_genes, n_samples = len(genes), len(samples)
    baseline = rng.normal(25.5, 2.0, n_genes)
    named = planted.notes.ne("").to_numpy() & genes["named"].to_numpy()
    baseline[named] = rng.uniform(25.0, 28.0, named.sum())
    for symbol, level in expressed.items():
        baseline[genes["human_symbol"].eq(symbol)] = level
    # variances of proteins: scaled inverse chi-square, as the moderated t assumes (Smyth 2004)
    deviation = spread * np.sqrt(8 / rng.chisquare(8, n_genes))
    deviation[named] = spread  # the story's genes are neither the quietest nor the noisiest
    subjects, subject_of = np.unique(samples["subject"], return_inverse=True)
    shared = rng.normal(0, 0.5, (n_genes, len(subjects)))[:, subject_of]
    own = rng.normal(0, 1, (n_genes, n_samples))
    plate = np.outer(rng.normal(0, 0.3, n_genes), samples["batch"].eq("B"))
    values = baseline[:, None] + planted.of_samples(samples) + plate + deviation[:, None] * (shared + own)
    chance = 1 / (1 + np.exp(MISSING_SLOPE * (values - MISSING_HALF)))
    missing = rng.random(values.shape) < MISSING_ANYWAY + (1 - MISSING_ANYWAY) * chance
    return pd.DataFrame(np.where(missing, np.nan, values), index=genes.index, columns=samples.index)


def protein_groups(
    rng: np.random.Generator, lfq: pd.DataFrame, raw: pd.DataFrame, genes: pd.DataFrame
) -> bytes:
    """MaxQuant's proteinGroups.txt: 0 for missing, decoys, contaminants and groups identified by site only."""
    n_extra = N_DECOYS + N_CONTAMINANTS + N_BY_SITE
    extra = [f"REV__SIM{i:05d}" for i in range(N_DECOYS)]
    extra += [f"CON__SIM{i:05d}" for i in range(N_CONTAMINANTS)]
    extra += [f"SIMSITE{i:05d}" for i in range(N_BY_SITE)]
    drawn = pd.DataFrame(rng.normal(23.5, 2, (n_extra, lfq.shape[1])), index=extra, columns=lfq.columns)
    lfq, raw = pd.concat([lfq, drawn]), pd.concat([raw, drawn])
    majority = genes["accessions"].reindex(lfq.index).fillna(lfq.index.to_series())
    peptides = 1 + rng.poisson(np.exp2((raw.mean(axis=1).fillna(22.0) - 22.0).clip(0) / 2.0))
    table = pd.DataFrame(
        {
            "Protein IDs": majority,
            "Majority protein IDs": majority,
            "Gene names": genes["symbol"].reindex(lfq.index).fillna(""),
            "Number of proteins": majority.str.count(";") + 1,
            "Peptides": peptides,
            "Razor + unique peptides": peptides,
            "Unique peptides": peptides,
            "Intensity": linear(raw).sum(axis=1),
            **{f"Intensity {sample}": linear(raw[sample]) for sample in raw},
            **{f"LFQ intensity {sample}": linear(lfq[sample]) for sample in lfq},
            "Only identified by site": mark(majority.str.startswith("SIMSITE")),
            "Reverse": mark(majority.str.startswith("REV__")),
            "Potential contaminant": mark(majority.str.startswith("CON__")),
        }
    )
    table = table.iloc[rng.permutation(len(table))].assign(id=range(len(table)))
    text = io.StringIO()
    table.to_csv(text, sep="\t", index=False, lineterminator="\n")
    return text.getvalue().encode()


def linear(log2: pd.Series | pd.DataFrame) -> pd.Series | pd.DataFrame:
    """Intensities as MaxQuant writes them: whole numbers, 0 for missing."""
    return np.exp2(log2).fillna(0).round().astype("int64")


def mark(flagged: pd.Series) -> np.ndarray:
    """MaxQuant's flags: + or nothing."""
    return np.where(flagged, "+", "")
