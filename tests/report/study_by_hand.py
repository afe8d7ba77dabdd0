"""A small study made by hand: three data sets that hold every status, reading and trap the report must show.

No engine runs here: the effects are drawn at random and dressed in the contracts' columns, so that the report
can be tested without the rest of the workflow. Labels carry HTML on purpose.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control, norm
from sevaxis.answers import Answer, Evidence
from sevaxis.answers.answer import answer
from sevaxis.answers.readings import called, read_axis, significant
from sevaxis.effects.table import conform
from sevaxis.report.document import Document
from sevaxis.study.settings import Axis, Hypothesis, Thresholds

from tests.report.models_by_hand import models
from tests.report.samples_by_hand import GENES, HOSTILE, axis_values, qualities

PANELS = {"Fibrosis": ("COL1A1", "ACTA2", "TIMP1"), "Muscle": ("CKM", "MB")}
NOT_MAPPED = "no identifier of this gene is in the file's annotation"
ONE_SEX = "one sex: all samples are female"
NEVER_SEEN = "never seen in the reference samples: 4/4 v 0/4"


def contrast(name: str, role: str, **more: object) -> dict:
    return {
        "name": name,
        "label": None,
        "role": role,
        "case": "case",
        "reference": "control",
        "weights": None,
        **more,
    }


CARDS = (
    {
        "id": "sev_protein",
        "title": "Muscle vesicles of overtrained mice",
        "accession": "PXD000000",
        "citation": "By hand, for the tests.",
        "licence": "CC0",
        "homepage": "https://example.org/sev",
        "notes": f"Label from outside: {HOSTILE}",
        "organism": "mouse",
        "tissue": "muscle",
        "compartment": "sev",
        "assay": "protein",
        "values": {"scale": "linear", "normalise": None, "zero_is_missing": True},
        "model": {"method": None, "robust": True, "array_weights": False, "covariates": []},
        "columns": {
            "sample": "sample",
            "group": "group",
            "sex": "sex",
            "batch": "batch",
            "subject": "animal",
        },
        "contrasts": [contrast("overtrained", "overtraining", label="overtrained v control")],
    },
    {
        "id": "muscle_rna",
        "title": "Trained mouse muscle",
        "accession": None,
        "citation": "By hand, for the tests.",
        "licence": "CC0",
        "homepage": None,
        "notes": None,
        "organism": "mouse",
        "tissue": "muscle",
        "compartment": "tissue",
        "assay": "rna_counts",
        "values": {"scale": None, "normalise": None, "zero_is_missing": False},
        "model": {"method": None, "robust": True, "array_weights": False, "covariates": []},
        "columns": {"sample": "sample", "group": "group", "sex": None, "batch": None, "subject": None},
        "contrasts": [
            contrast("week4", "training"),
            contrast("week8", "training", label="8 weeks v sedentary"),
        ],
    },
    {
        "id": "liver_published",
        "title": "Human liver, published table",
        "accession": "GSE000000",
        "citation": "By hand, for the tests.",
        "licence": "unknown",
        "homepage": None,
        "notes": "No standard errors were published.",
        "organism": "human",
        "tissue": "liver",
        "compartment": "tissue",
        "assay": "effects",
        "values": {"scale": None, "normalise": None, "zero_is_missing": False},
        "model": {"method": None, "robust": True, "array_weights": False, "covariates": []},
        "columns": {"sample": "sample", "group": "group", "sex": None, "batch": None, "subject": None},
        "contrasts": [contrast("fibrosis", "disease", case=None, reference=None, file="table.csv")],
    },
)
BASE = {
    "sev_protein": {"assay": "protein", "organism": "mouse", "tissue": "muscle", "compartment": "sev"},
    "muscle_rna": {"assay": "rna_counts", "organism": "mouse", "tissue": "muscle", "compartment": "tissue"},
    "liver_published": {"assay": "effects", "organism": "human", "tissue": "liver", "compartment": "tissue"},
}


def build(features: int = 400, simulated: bool = True) -> Document:
    """The study; ``features`` is the number of features of each measured data set."""
    rng = np.random.default_rng(11)
    effects = conform(
        pd.concat(
            [
                _sev(rng, features),
                _rna(rng, features, "week4"),
                _rna(rng, features, "week8"),
                _published(rng, features),
            ]
        )
    )
    axis = _axis(effects)
    answers = {"axis": _axis_answer(), "sex": _sex_answer(effects)}
    if simulated:
        answers["planted"] = _planted_answer()
    return Document(
        settings={
            "name": "by_hand",
            "title": "A study made by hand",
            "description": None,
            "simulated": simulated,
            "axis": {"genes": list(GENES), "hypotheses": [_hypothesis()]},
            "thresholds": {"fdr": 0.05, "alpha": 0.05, "power": 0.8, "smallest_effect": 0.585},
            "sex_mismatch": "drop",
            "seed": 1,
        },
        cards=CARDS,
        effects=effects.assign(significant=significant(effects, 0.05)),
        axis=axis.assign(called=called(axis)),
        answers=answers,
        qualities=qualities(rng),
        models=models(),
        axis_values=axis_values(rng),
        panels=PANELS,
        provenance={
            "versions": {"sevaxis": "0.1.0", "numpy": "2.0"},
            "files": [
                {"dataset": "sev_protein", "name": "proteinGroups.txt", "sha256": "ab" * 32, "bytes": 10}
            ],
            "tables": [{"of": "mouse", "name": "mgi_entries.tsv", "sha256": "ef" * 32, "url": None}],
            "code": {"compare": "cd" * 32},
            "seed": 1,
        },
    )


def _hypothesis() -> dict:
    return {
        "gene": "FBXO2",
        "tissue": "muscle",
        "compartment": "sev",
        "assays": ["protein"],
        "direction": "up",
        "basis": "Liu 2025",
    }


def _names(features: int) -> list[str]:
    panel = [symbol for symbols in PANELS.values() for symbol in symbols]
    others = [f"GENE{i}" for i in range(features - len(GENES) - len(panel) - 1)]
    return [*GENES, *panel, HOSTILE, *others]


def _tested(log2fc: np.ndarray, se: np.ndarray) -> pd.DataFrame:
    t = log2fc / se
    p = 2 * norm.sf(np.abs(t))
    return pd.DataFrame(
        {
            "log2fc": log2fc,
            "se": se,
            "ci_low": log2fc - 1.96 * se,
            "ci_high": log2fc + 1.96 * se,
            "t": t,
            "df": 20.0,
            "p": p,
            "q": false_discovery_control(p),
            "mde80": 2.8 * se,
            "status": "tested",
        }
    )


def _untested(table: pd.DataFrame, mask: pd.Series, status: str, reason: str) -> None:
    table.loc[mask, ["log2fc", "se", "ci_low", "ci_high", "t", "df", "p", "q", "mde80"]] = np.nan
    table.loc[mask, "status"], table.loc[mask, "reason"] = status, reason


def _frame(dataset: str, contrast: str, role: str, stratum: str, names: list[str], n: int) -> pd.DataFrame:
    table = pd.DataFrame({"feature_id": [f"id{i}" for i in range(len(names))], "symbol": names})
    table["human_symbol"] = names
    counts = {"n_case": n, "n_reference": n, "detected_case": n, "detected_reference": n, "detection_p": 1.0}
    what = {"dataset": dataset, "contrast": contrast, "role": role, "stratum": stratum, "mean_abundance": 5.0}
    return table.assign(**BASE[dataset], **what, **counts, reason=None)


def _sev(rng: np.random.Generator, features: int) -> pd.DataFrame:
    names = _names(features)
    female, male = rng.normal(0, 0.5, (2, features))
    female[0], male[0] = 1.4, 1.1
    female[2], male[2] = 0.2, 0.1
    female[20:40] += 2
    se = rng.uniform(0.2, 0.5, features)
    effects = {"female": female, "male": male, "average": (female + male) / 2, "interaction": male - female}
    tables = []
    for stratum, log2fc in effects.items():
        table = _frame("sev_protein", "overtrained", "overtraining", stratum, names, 4)
        table = table.join(_tested(log2fc, se * {"average": 0.7, "interaction": 1.4}.get(stratum, 1.0)))
        _untested(
            table, table["symbol"].eq("SORBS3"), "absent", "in the annotation, never detected in any sample"
        )
        _untested(table, table["symbol"].eq("CD63"), "not_estimable", NEVER_SEEN)
        table.loc[table["symbol"].eq("CD63"), ["detected_reference", "detection_p"]] = [0, 0.0286]
        tables.append(table)
    return pd.concat(tables)


def _rna(rng: np.random.Generator, features: int, contrast: str) -> pd.DataFrame:
    names = _names(features)
    table = _frame("muscle_rna", contrast, "training", "all", names, 5)
    table = table.join(_tested(rng.normal(0, 0.4, features), rng.uniform(0.1, 0.4, features)))
    _untested(table, table["symbol"].eq("FBXO2"), "unmapped", NOT_MAPPED)
    _untested(table, table["symbol"].eq("CKM"), "low", "fewer than 10 counts in 5 samples")
    refused = []
    for stratum in ("female", "male", "average", "interaction"):
        part = table[table["symbol"].isin(GENES)].assign(stratum=stratum)
        _untested(part, part["symbol"].notna(), "not_estimable", ONE_SEX)
        refused.append(part)
    return pd.concat([table, *refused])


def _published(rng: np.random.Generator, features: int) -> pd.DataFrame:
    table = _frame("liver_published", "fibrosis", "disease", "all", _names(features), 40)
    table = table.join(_tested(rng.normal(0, 0.6, features), rng.uniform(0.1, 0.4, features)))
    table[["se", "ci_low", "ci_high", "t", "df", "mde80", "detected_case", "detected_reference"]] = np.nan
    return table


def _axis(effects: pd.DataFrame) -> pd.DataFrame:
    """Read by the library; agreement is set so that every sign occurs."""
    axis = read_axis(effects, Axis(hypotheses=(Hypothesis.model_validate(_hypothesis()),)), Thresholds())
    axis.loc[axis["human_symbol"].eq("FLOT1") & axis["dataset"].eq("sev_protein"), "agreement"] = (
        "undetermined"
    )
    axis.loc[axis["human_symbol"].eq("CD63") & axis["dataset"].eq("muscle_rna"), "agreement"] = "contradicts"
    return axis


def _axis_answer() -> Answer:
    return Answer(
        "axis",
        "Are the axis genes changed by overtraining?",
        "FBXO2 is up in the vesicles of overtrained muscle; the other genes stay undetermined.",
        ["FBXO2: log2 fold change +1.25.", "CD63 could not be compared: it was never seen in controls."],
    )


def _sex_answer(effects: pd.DataFrame) -> Answer:
    evidence = Evidence(effects=effects, axis=Axis(), thresholds=Thresholds())
    return answer(["sex"], evidence)[0]


def _planted_answer() -> Answer:
    where = {"dataset": "sev_protein", "contrast": "overtrained", "stratum": "average"}
    counts = {"n_planted": 22, "n_tested": 20, "n_found": 16, "sensitivity": 0.8, "n_above_mde": 17}
    counts |= {"sensitivity_above_mde": 0.94, "n_significant": 17, "n_false": 1, "all_in_ci": 0.95}
    counts |= {"false_discovery_proportion": 1 / 17, "planted_in_ci": 0.95}
    gene = {"feature_id": "id0", "human_symbol": "FBXO2", "true_log2fc": 1.2, "log2fc": 1.25, "ci_low": 0.9}
    gene |= {"ci_high": 1.6, "q": 1e-5, "mde80": 0.5, "status": "tested", "found": True, "within": True}
    gene |= {"note": "up in the vesicles"}
    tables = {"": pd.DataFrame([where | counts]), "genes": pd.DataFrame([where | gene])}
    return Answer("planted", "Is what was planted found?", "16 of 20 were found.", ["By hand."], tables)
