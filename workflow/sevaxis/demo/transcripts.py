"""Simulated RNA counts of mouse muscle and liver."""

from __future__ import annotations

import gzip
from itertools import product

import numpy as np
import pandas as pd

from sevaxis.demo.genes import mouse_genes
from sevaxis.demo.planting import Planted, Told

N_GENES = 3000
#: Least and greatest library, in reads.
LIBRARIES = 1.2e6, 3.6e6
#: Asymptotic dispersion and its extra at low counts: dispersion = ALWAYS + LOW / mean count, the form of the trend of
#: Love, Huber & Anders (2014, doi:10.1186/s13059-014-0550-8), for inbred animals.
ALWAYS, LOW = 0.02, 1.5
#: Log2 counts per million of a gene that is not expressed: stray reads only.
SILENT = -8.0

MUSCLE = (
    Told("LDHA", ["overtrained"], (0.2, 1.6), "larger in males"),
    Told("SLC16A3 BSG PDK4", ["overtrained"], 0.8, "lactate"),
    Told("GDF15 IL6", ["overtrained"], 1.5, "signal of muscle"),
    Told("MSTN", ["overtrained"], -0.9, "signal of muscle"),
    Told("SORBS3", ["overtrained"], 0.12, "too small to matter"),
    Told("FLOT1 CD63", [], 0.0, "RNA is flat; the protein moves in vesicles"),
    Told("FBXO2", ["overtrained"], 0.8, "hardly expressed in muscle"),
)

CHOW, WESTERN = ["chow_overtrained"], ["western_control", "western_overtrained"]
TRAINED, BOTH = ["chow_overtrained", "western_overtrained"], ["western_overtrained"]
FIBROSIS = "COL1A1 COL1A2 COL3A1 ACTA2 TAGLN TIMP1 LOX LOXL1 LOXL2 PDGFRB LUM VIM"
LIVER = (
    Told(FIBROSIS, TRAINED, 0.8, "fibrosis under overtraining"),
    Told(FIBROSIS, WESTERN, 1.0, "fibrosis in disease"),
    Told(FIBROSIS, BOTH, 0.9, "more than the sum"),
    Told("FBXO2", WESTERN, 1.1, "hepatic mRNA rises in disease: no proof of delivery"),
    Told("CD63", WESTERN, 1.6, "macrophages of disease"),
    Told("CD68 ADGRE1 TREM2 GPNMB", WESTERN, 1.8, "macrophages of disease"),
    Told("SORBS3", WESTERN, -0.5, "falls in disease"),
    Told("FLOT1 MCL1", [], 0.0, "flat everywhere"),
    Told("BBC3 PMAIP1", CHOW, (0.7, 0.0), "in healthy females only"),
)


def muscle_rna(rng: np.random.Generator) -> tuple[dict[str, bytes], Planted]:
    """Muscle of overtrained and control mice: 2 groups x 2 sexes x 6, two crossed batches."""
    samples = muscle_samples()
    contrasts = {"overtrained_v_control": {"overtrained": 1, "control": -1}}
    genes = mouse_genes(N_GENES)
    planted = Planted(genes, ["control", "overtrained"], contrasts)
    planted.tell(MUSCLE)
    planted.scatter(rng, ["overtrained"], 0.08, "overtraining")
    counts = draw_counts(rng, planted, samples, expressed={"FBXO2": -0.5})
    return {"counts.tsv.gz": counts_file(counts, genes)}, planted


def muscle_samples() -> pd.DataFrame:
    """Samples of the muscle data with their true sex; the sheet says female of OF4."""
    rows = [
        (f"{group[0].upper()}{sex[0].upper()}{i + 1}", group, sex, "AB"[i % 2])
        for group, sex, i in product(["control", "overtrained"], ["female", "male"], range(6))
    ]
    samples = pd.DataFrame(rows, columns=["sample", "group", "sex", "batch"]).set_index("sample")
    samples.loc["OF4", "sex"] = "male"
    return samples


def liver_rna(rng: np.random.Generator) -> tuple[dict[str, bytes], Planted]:
    """Liver of mice on chow or western diet, overtrained or not: 4 groups x 2 sexes x 4."""
    samples = liver_samples()
    contrasts = {
        "overtraining_on_chow": {"chow_overtrained": 1, "chow_control": -1},
        "overtraining_on_western": {"western_overtrained": 1, "western_control": -1},
        "disease": {"western_control": 1, "chow_control": -1},
        "disease_x_overtraining": {
            "western_overtrained": 1,
            "western_control": -1,
            "chow_overtrained": -1,
            "chow_control": 1,
        },
    }
    genes = mouse_genes(N_GENES)
    planted = Planted(genes, samples["group"].unique().tolist(), contrasts)
    planted.tell(LIVER)
    planted.scatter(rng, TRAINED, 0.05, "overtraining")
    planted.scatter(rng, WESTERN, 0.10, "disease")
    planted.scatter(rng, BOTH, 0.03, "more or less than the sum")
    counts = draw_counts(rng, planted, samples, expressed={"FBXO2": 4.0})
    return {"counts.tsv.gz": counts_file(counts, genes)}, planted


def liver_samples() -> pd.DataFrame:
    """Samples of the liver data."""
    rows = [
        (f"{diet[0]}{training[0]}{sex[0]}{i + 1}".upper(), f"{diet}_{training}", sex, "A")
        for diet, training, sex, i in product(
            ["chow", "western"], ["control", "overtrained"], ["female", "male"], range(4)
        )
    ]
    return pd.DataFrame(rows, columns=["sample", "group", "sex", "batch"]).set_index("sample")


def draw_counts(
    rng: np.random.Generator, planted: Planted, samples: pd.DataFrame, expressed: dict[str, float]
) -> pd.DataFrame:
    """Negative-binomial counts, genes x samples.

    Parameters
    ----------
    expressed
        Human symbol -> baseline in log2 counts per million, where the story asks for one.
    """
    genes = planted.features
    n_genes, n_samples = len(genes), len(samples)
    baseline = rng.normal(6.5, 2.2, n_genes)
    named = genes["named"].to_numpy()
    baseline[named] = np.clip(baseline[named], 5.0, 12.0)
    baseline[~named & (rng.random(n_genes) < 0.06)] = SILENT
    for symbol, level in expressed.items():
        baseline[genes["human_symbol"].eq(symbol)] = level
    female = samples["sex"].eq("female").to_numpy()
    log2_mean = baseline[:, None] + planted.of_samples(samples)
    by_sex = np.where(rng.random(n_genes) < 0.05, rng.normal(0, 0.7, n_genes), 0.0)
    by_sex[genes["chromosome"].ne("").to_numpy()] = 0.0
    log2_mean += np.outer(by_sex, ~female)
    log2_mean[np.ix_(genes["chromosome"].eq("Y"), female)] = SILENT
    log2_mean[np.ix_(genes["chromosome"].eq("X"), ~female)] = SILENT
    log2_mean += np.outer(rng.normal(0, 0.3, n_genes), samples["batch"].eq("B"))
    share = 2.0**log2_mean / (2.0**baseline).sum()
    libraries = np.exp(rng.uniform(*np.log(LIBRARIES), n_samples))
    mean = share * libraries
    # scatter of genes about the trend: scaled inverse chi-square, 20 degrees of freedom
    dispersion = (ALWAYS + LOW / mean.mean(axis=1).clip(0.1)) * 20 / rng.chisquare(20, n_genes)
    rate = rng.gamma(1 / dispersion[:, None], mean * dispersion[:, None])
    return pd.DataFrame(rng.poisson(rate), index=genes.index, columns=samples.index)


def counts_file(counts: pd.DataFrame, genes: pd.DataFrame) -> bytes:
    """Gzipped table of counts as sequencing cores hand it out: gene_id, gene_name, samples."""
    table = counts.copy()
    table.insert(0, "gene_name", genes["symbol"])
    text = table.to_csv(sep="\t", index_label="gene_id", lineterminator="\n")
    return gzip.compress(text.encode(), mtime=0)  # no time stamp: the same bytes on every run
