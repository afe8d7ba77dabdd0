"""Rows of effects whose answers are known by construction, and the questions asked of them."""

import numpy as np
import pandas as pd
from scipy import stats
from sevaxis.answers import Answer, Evidence
from sevaxis.answers.answer import answer
from sevaxis.effects.table import conform
from sevaxis.study.settings import Axis, Thresholds

HYPOTHESIS = {
    "gene": "FBXO2",
    "tissue": "muscle",
    "compartment": "sev",
    "assays": ["protein"],
    "direction": "up",
    "basis": "a paper",
}


def rows(**changes) -> dict:
    """A tested row; t, p and the interval follow from log2fc, se and df."""
    row = {
        "dataset": "d",
        "assay": "protein",
        "organism": "mouse",
        "tissue": "muscle",
        "compartment": "sev",
        "contrast": "c",
        "role": "overtraining",
        "stratum": "all",
        "feature_id": "f",
        "symbol": "Fbxo2",
        "human_symbol": "FBXO2",
        "n_case": 6,
        "n_reference": 6,
        "log2fc": 2.0,
        "se": 0.2,
        "df": 12.0,
        "status": "tested",
        **changes,
    }
    if row["status"] == "tested":
        row["t"] = row["log2fc"] / row["se"]
        row.setdefault("p", 2 * stats.t.sf(abs(row["t"]), row["df"]))
        half = stats.t.ppf(0.975, row["df"]) * row["se"]
        row |= {
            "ci_low": row["log2fc"] - half,
            "ci_high": row["log2fc"] + half,
            "q": changes.get("q", row["p"]),
        }
        row["mde80"] = 3 * row["se"]
    else:
        row |= {"log2fc": np.nan, "se": np.nan, "df": np.nan}
    return row


def ask(question: str, table, axis: Axis) -> Answer:
    evidence = Evidence(effects=conform(pd.DataFrame(list(table))), axis=axis, thresholds=Thresholds())
    return answer([question], evidence)[0]


def ask_axis(*table: dict, hypotheses=(HYPOTHESIS,)) -> Answer:
    return ask("axis", table, Axis(hypotheses=hypotheses))


def presence(case: int, n: int, reference: int, m: int, **changes) -> dict:
    """A row that presence alone can say something of, by Fisher's test."""
    table = [[case, n - case], [reference, m - reference]]
    chances = stats.hypergeom(n + m, case + reference, n).pmf(range(n + 1))
    counts = {"n_case": n, "detected_case": case, "n_reference": m, "detected_reference": reference}
    return rows(
        status="not_estimable",
        reason="not in both groups",
        **counts,
        detection_p=stats.fisher_exact(table)[1],
        detection_p_min=2 * chances[chances > 0].min()
        if case + reference == n == m
        else chances[chances > 0].min(),
        detection_log_or=np.log((case + 0.5) * (m - reference + 0.5) / (n - case + 0.5) / (reference + 0.5)),
        **changes,
    )


def by_sex(female: float, male: float, se: float = 0.1, q_interaction=None, **changes) -> list[dict]:
    effects = {
        "female": (female, se),
        "male": (male, se),
        "average": ((female + male) / 2, se / np.sqrt(2)),
        "interaction": (male - female, se * np.sqrt(2)),
    }
    table = [
        rows(stratum=stratum, log2fc=fc, se=e, df=40.0, **changes) for stratum, (fc, e) in effects.items()
    ]
    if q_interaction is not None:
        table[3]["q"] = q_interaction
    return table
