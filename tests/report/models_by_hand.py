"""What ran in the study made by hand, as ``model.json`` holds it."""

from __future__ import annotations

from sevaxis.base.vocabulary import Normalisation
from sevaxis.effects.methods import Used

_SEV = Used(
    method="trend",
    normalisation=Normalisation.MEDIAN,
    normalisation_text="Equal medians of the 380 features seen in every sample",
    n_fitted=400,
    robust=True,
    hypervariable=3,
    trend=True,
    prior_df=4.0,
    correlation=0.25,
    n_subjects=4,
    design=("case female", "case male", "control female", "control male", "batch=B"),
    sexes="split",
    samples=15,
)
_RNA = Used(
    method="voom",
    normalisation=Normalisation.TMM,
    normalisation_text="Library sizes of the 399 features kept, scaled by TMM",
    counted=True,
    filter="filterByExpr",
    n_fitted=399,
    n_filtered=1,
    precision_weights=True,
    robust=True,
    hypervariable=0,
    prior_df=6.0,
    design=("case", "control"),
    sexes="unknown",
    samples=10,
)


def models() -> dict:
    """Data set -> content of its ``model.json``."""
    low = {
        "status": "low",
        "reason": "few_counts",
        "sentence": "fewer than 10 counts in 5 samples",
        "features": 1,
    }
    return {
        "sev_protein": {
            "dataset": "sev_protein",
            "fits": [{**_SEV.plain(), "contrasts": ["overtrained"]}],
            "left_out": {"S1": "chromosomes say male, sheet says female"},
            "not_split": {},
            "reasons": [],
        },
        "muscle_rna": {
            "dataset": "muscle_rna",
            "fits": [{**_RNA.plain(), "contrasts": ["week4", "week8"]}],
            "left_out": {},
            "not_split": {"week4": "no sample's sex is known", "week8": "no sample's sex is known"},
            "reasons": [low],
        },
        "liver_published": {
            "dataset": "liver_published",
            "fits": [],
            "left_out": {},
            "not_split": {"fibrosis": "the published table is not split by sex"},
            "reasons": [],
        },
    }
