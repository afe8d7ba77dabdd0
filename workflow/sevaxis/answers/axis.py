"""Are the genes of the axis changed, where, and could a change have been seen?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sevaxis.answers.answer import Answer
from sevaxis.models.inference.multiplicity import holm
from sevaxis.models.inference.power import verdict

if TYPE_CHECKING:
    import pandas as pd

    from sevaxis.study.settings import Axis

#: How each role is spoken of. Training is not overtraining, and no wording may blur it.
ROLE_WORDS = {
    "overtraining": "overtraining",
    "training": "training (not overtraining)",
    "acute_exercise": "a single bout of exercise",
    "inactivity": "inactivity",
    "disease": "liver disease",
    "disease_x_training": "disease by training",
    "recovery": "recovery",
    "sev_enrichment": "vesicles v their cells or tissue",
    "sev_source": "vesicle sources",
    "sex": "sex",
    "other": "other comparisons",
}
WHOLE = ("all", "average")


def answer(
    effects: pd.DataFrame, axis: Axis, *, alpha: float, power: float, smallest_effect: float
) -> Answer:
    """Read the axis genes' rows of the effects table.

    Parameters
    ----------
    effects
        Effects of all data sets.
    axis
        Genes and hypotheses.
    alpha
        Level of the tests, after Holm's adjustment within the family: the axis genes' tests of one role and one
        stratum over all data sets and contrasts.
    power
        Of the minimum detectable effect.
    smallest_effect
        Smallest log2 fold change of interest: within it lies what counts as unchanged (equivalence test).
    """
    rows = effects[effects["human_symbol"].isin(list(axis.genes))].reset_index(drop=True)
    family = "axis genes, role " + rows["role"].astype(str) + ", stratum " + rows["stratum"].astype(str)
    rows = rows.assign(family=family)
    rows["p_holm"] = rows.groupby("family")["p"].transform(lambda p: holm(p.to_numpy(float)))
    rows["family_size"] = rows.groupby("family")["p"].transform("count")
    called = verdict(
        rows["log2fc"],
        rows["se"],
        rows["df"].fillna(np.inf),  # published estimates without group sizes: the normal distribution
        rows["p_holm"],
        margin=smallest_effect,
        alpha=alpha,
        power=power,
    )
    rows["reading"] = [
        _reading(*values) for values in zip(rows["status"], called["verdict"], rows["log2fc"], strict=True)
    ]
    rows["wording"] = [
        _wording(row, reason)
        for row, reason in zip(rows.itertuples(index=False), called["reason"], strict=True)
    ]
    rows["expected"] = [_expected(row, axis) for row in rows.itertuples(index=False)]
    rows["agreement"] = [_agreement(*pair) for pair in zip(rows["expected"], rows["reading"], strict=True)]
    told, reasons = _tell(rows, axis)
    genes = ", ".join(axis.genes)
    asks = f"Are {genes} changed by overtraining, in which tissue, and could we have seen it?"
    return Answer("axis", asks, told, reasons, {"": rows})


def _reading(status: str, called: str, log2fc: float) -> str:
    if status in ("absent", "unmapped", "low"):
        return "not_measured"
    if status == "not_estimable":
        return "not_estimable"
    if called == "changed":
        return "changed_up" if log2fc > 0 else "changed_down"
    return {"not tested": "published"}.get(called, called)


def _wording(row, reason: str) -> str:
    where = f"{row.human_symbol} in {row.dataset}, {row.contrast}"
    where += f", {row.stratum}" if row.stratum not in WHOLE else ""
    if row.reading == "not_measured":
        return f"{where}: not measured ({row.reason})."
    if row.reading == "not_estimable":
        seen = f"; detection test p {row.detection_p:.2g}" if row.detection_p == row.detection_p else ""
        return f"{where}: not estimable ({row.reason}{seen})."
    if row.reading == "published":
        q = f", the authors' q {row.q:.2g}" if row.q == row.q else ""
        return f"{where}: published log2 fold change {row.log2fc:+.2f}{q}; {row.reason}."
    p = f"log2 fold change {row.log2fc:+.2f}, Holm p {row.p_holm:.2g}"
    return f"{where}: {row.reading.replace('_', ' ')}; {p}; {reason}."


def _expected(row, axis: Axis) -> str:
    """Direction that a hypothesis of the study expects; hypotheses speak of overtraining only."""
    if row.role != "overtraining":
        return ""
    for hypothesis in axis.hypotheses:
        place = (hypothesis.gene, hypothesis.tissue, hypothesis.compartment)
        if place == (row.human_symbol, row.tissue, row.compartment) and row.assay in hypothesis.assays:
            return hypothesis.direction
    return ""


def _agreement(expected: str, reading: str) -> str:
    if not expected:
        return "no_hypothesis"
    shows = {"changed_up": "up", "changed_down": "down", "equivalent": "unchanged"}.get(reading)
    if shows is None:
        return "undetermined"
    return "agrees" if shows == expected else "contradicts"


def _tell(rows: pd.DataFrame, axis: Axis) -> tuple[str, list[str]]:
    """The sentence that the report opens with, and one sentence per gene and role behind it."""
    whole = _of_everybody(rows)
    reasons = []
    for role in ROLE_WORDS:
        of_role = whole[whole["role"].eq(role)]
        for gene in axis.genes:
            of_gene = of_role[of_role["human_symbol"].eq(gene)]
            if len(of_gene):
                of = f"of {len(of_gene)} comparisons " if len(of_gene) > 1 else ""
                reasons.append(f"{gene}, {ROLE_WORDS[role]}: {of}{_count(of_gene)}.")
    overtraining = whole[whole["role"].eq("overtraining")]
    if overtraining.empty:
        return (
            "No data set of this study is about overtraining, so nothing here says what overtraining does to "
            f"{', '.join(axis.genes)}; what follows is training, exercise, disease and vesicle data around it.",
            reasons,
        )
    changed = overtraining[overtraining["reading"].isin(["changed_up", "changed_down"])]
    if changed.empty:
        return f"Under overtraining no axis gene is shown to change: {_count(overtraining)}.", reasons
    places = []
    for (tissue, compartment), of_place in changed.groupby(
        ["tissue", "compartment"], sort=False, observed=True
    ):
        place = f"{tissue} {COMPARTMENT_WORDS[compartment]}".strip()
        places.append(f"in {place} " + " and ".join(_directions(of_place)))
    rest = overtraining[~overtraining.index.isin(changed.index)]
    tail = f" Of the {len(rest)} other comparisons: {_count(rest)}." if len(rest) else ""
    return f"Under overtraining, {'; '.join(places)}.{tail}", reasons


def _of_everybody(rows: pd.DataFrame) -> pd.DataFrame:
    """The one row of each gene and contrast that stands for all its samples.

    That of all samples, or the average of the sexes, or the sex that a published table is about.
    """
    order = {"all": 0, "average": 1, "female": 2, "male": 3, "interaction": 4}
    best = rows.assign(
        order=rows["stratum"].astype(str).map(order) + 10 * rows["status"].eq("not_estimable").to_numpy(int)
    )
    best = best.sort_values("order", kind="stable").drop_duplicates(["dataset", "contrast", "feature_id"])
    return best.sort_index().drop(columns="order")


def _directions(changed: pd.DataFrame) -> list[str]:
    """Genes that are up and genes that are down, with their effects."""
    found = []
    for reading, word in (("changed_up", "up"), ("changed_down", "down")):
        genes = [
            f"{gene} (log2 {', '.join(f'{value:+.2f}' for value in of_gene['log2fc'])})"
            for gene, of_gene in changed[changed["reading"].eq(reading)].groupby("human_symbol", sort=False)
        ]
        if genes:
            listed = " and ".join(filter(None, [", ".join(genes[:-1]), genes[-1]]))
            found.append(f"{listed} {'are' if len(genes) > 1 else 'is'} {word}")
    return found


COMPARTMENT_WORDS = {
    "tissue": "",
    "cells": "cells",
    "sev": "vesicles",
    "plasma_sev": "vesicles",
    "plasma": "",
}
READING_WORDS = {
    "changed_up": "up",
    "changed_down": "down",
    "equivalent": "without a change of interest (equivalence test)",
    "undetermined": "undetermined",
    "published": "published without a test here",
    "not_estimable": "not estimable",
    "not_measured": "not measured",
}


def _count(rows: pd.DataFrame) -> str:
    counts = rows["reading"].value_counts()
    return ", ".join(
        f"{counts[reading]} {words}" for reading, words in READING_WORDS.items() if reading in counts
    )
