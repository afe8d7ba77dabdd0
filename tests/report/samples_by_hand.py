"""Samples, their quality and the axis genes' values of the study made by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

GENES = ("FBXO2", "SORBS3", "FLOT1", "CD63")
HOSTILE = "<img src=x onerror=window.hacked=1></script><script>window.hacked=1</script>"


def _samples(rng: np.random.Generator, groups: list[str], sexes: list[str | None], batch: bool) -> list[dict]:
    samples = []
    for i, (group, sex) in enumerate(zip(groups, sexes, strict=True)):
        y = {"male": 8.0, "female": 0.5}.get(sex, 0.4) + rng.normal(0, 0.4)
        samples.append(
            {
                "sample": f"S{i}" if i else HOSTILE,
                "group": group,
                "sex": sex,
                "sex_called": sex or "female",
                "sex_x": 9 - y,
                "sex_y": y,
                "batch": "AB"[i % 2] if batch else None,
                "subject": None,
                "total": float(rng.integers(1e6, 3e6)),
                "detected": int(rng.integers(300, 400)),
                "missing_rate": 0.1,
                "outlier": i == 3,
                "included": i != 1,
                "excluded_because": "" if i != 1 else "chromosomes say male, sheet says female",
                "pc1": rng.normal(),
                "pc2": rng.normal(),
                "norm_factor": 1.0,
            }
        )
    return samples


def qualities(rng: np.random.Generator) -> dict:
    groups = ["case"] * 8 + ["control"] * 8
    sev = _samples(rng, groups, ["female"] * 4 + ["male"] * 4 + ["female"] * 4 + ["male"] * 4, batch=True)
    rna = _samples(rng, groups[3:13], [None] * 10, batch=False)
    for sample in rna:
        sample["sex_x"] = sample["sex_y"] = None
    common = {
        "n_features": 400,
        "n_mapped": 390,
        "mapping_rate": 0.975,
        "correlation": {"samples": [], "matrix": []},
        "missingness": {"mean_abundance": [], "missing_rate": []},
        "batch_by_group": None,
    }
    empty = {"n_samples": 0, "n_included": 0, "samples": [], "pca": {"explained": []}}
    return {
        "sev_protein": {
            **common,
            "dataset": "sev_protein",
            "assay": "protein",
            "n_samples": 16,
            "n_included": 15,
            "normalisation": "median",
            "samples": sev,
            "pca": {"explained": [0.31, 0.12]},
            "missingness": {"mean_abundance": [1, 2, 3, 4], "missing_rate": [0.6, 0.4, 0.1, 0.0]},
            "batch_by_group": {
                "batches": ["A", "B"],
                "groups": ["case", "control"],
                "counts": [[4, 4], [4, 4]],
            },
            "sex": {
                "markers": [],
                "n_called": 16,
                "mismatches": [HOSTILE],
                "text": "One sample contradicts.",
            },
            "checks": [
                {
                    "level": "warning",
                    "about": "sex",
                    "text": "1 sample was dropped: its sex contradicts the sheet.",
                },
                {"level": "note", "about": "outliers", "text": "S3 lies far from its group."},
            ],
        },
        "muscle_rna": {
            **common,
            "dataset": "muscle_rna",
            "assay": "rna_counts",
            "n_samples": 10,
            "n_included": 9,
            "normalisation": "tmm",
            "samples": rna,
            "pca": {"explained": [0.5, 0.2]},
            "sex": {
                "markers": [],
                "n_called": 0,
                "mismatches": [],
                "text": "No sex-linked gene is in the table.",
            },
            "checks": [{"level": "ok", "about": "depth", "text": "Library sizes are alike."}],
        },
        "liver_published": {
            **common,
            **empty,
            "dataset": "liver_published",
            "assay": "effects",
            "normalisation": "none",
            "sex": {"markers": [], "n_called": 0, "mismatches": [], "text": ""},
            "checks": [
                {"level": "note", "about": "samples", "text": "A published table: no samples to check."}
            ],
        },
    }


def axis_values(rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for dataset, genes in {"sev_protein": ("FBXO2", "FLOT1", "CD63"), "muscle_rna": GENES[1:]}.items():
        for gene in genes:
            for i in range(16 if dataset == "sev_protein" else 10):
                absent = gene == "CD63" and dataset == "sev_protein" and i >= 8
                sex = ("female" if i % 8 < 4 else "male") if dataset == "sev_protein" else None
                rows.append(
                    {
                        "dataset": dataset,
                        "human_symbol": gene,
                        "feature_id": f"id{GENES.index(gene)}",
                        "sample": f"S{i}" if i else HOSTILE,
                        "group": "case" if i < 8 else "control",
                        "sex": sex,
                        "batch": None,
                        "subject": None,
                        "included": int(i != 1),
                        "value": np.nan if absent else rng.normal(8, 1),
                        "detected": int(not absent),
                    }
                )
    return pd.DataFrame(rows)
