"""Verdicts: what the checks mean, in plain words for people who decide whether to go on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from sevaxis.matrix.quality.mapping import check_mapping
from sevaxis.matrix.quality.sexing import SexCalls
from sevaxis.study.card import AssessCard

if TYPE_CHECKING:
    from anndata import AnnData

#: A library this many times smaller than the median of all makes a sample shallow.
SHALLOW = 3.0
#: A sample with so much smaller a share of the median number of detected features is shallow, too.
FEW_FEATURES = 0.7
NAMED = 6


def _names(samples: list[str]) -> str:
    shown = ", ".join(samples[:NAMED])
    return shown if len(samples) <= NAMED else f"{shown} and {len(samples) - NAMED} more"


def _are(count: int, what: str) -> str:
    """``1 sample is``, ``3 samples are``."""
    return f"{count} {what} is" if count == 1 else f"{count} {what}s are"


def describe_sex(adata: AnnData, sex: SexCalls, mismatched: np.ndarray, sex_mismatch: str) -> dict[str, Any]:
    """The ``sex`` part of quality.json."""
    called = sex.called
    names = adata.obs_names.astype(str)
    n_female, n_male = int((called == "female").sum()), int((called == "male").sum())
    ambiguous = names[called == "ambiguous"].tolist()
    declared = adata.obs["sex"].notna().to_numpy()
    mismatches = names[mismatched].tolist()
    n_called = n_female + n_male
    n_compared = int((declared & np.isin(called, ["female", "male"])).sum())
    if sex.refused:
        text = f"Sex was not verified: {sex.refused}."
    else:
        seen = _seen(n_female, n_male)
        if not declared.any():
            text = f"No sex is declared; by their X and Y genes {seen}."
        elif mismatches:
            fate = {"drop": "left out", "keep": "kept as declared"}[sex_mismatch]
            text = f"{_names(mismatches)}: the chromosomes contradict the declared sex ({fate})."
        elif n_compared:
            whose = f"all {n_compared} samples that have" if n_compared > 1 else "the one sample that has"
            text = f"The declared sex fits the chromosomes of {whose} one and can be called; {seen}."
        elif n_called:
            text = f"No sample has both a declared sex and one by its X and Y genes; by these {seen}."
        else:
            text = "The X and Y genes allow no call of any sample's sex."
        if ambiguous:
            text += f" Ambiguous: {_names(ambiguous)}."
    return {
        "markers": sex.markers,
        "n_called": n_called,
        "n_compared": n_compared,
        "n_female": n_female,
        "n_male": n_male,
        "ambiguous": ambiguous,
        "mismatches": mismatches,
        "text": text,
    }


def _seen(n_female: int, n_male: int) -> str:
    if n_female and n_male:
        return f"{_are(n_female, 'sample')} female and {n_male} male"
    if n_female or n_male:
        count, word = (n_female, "female") if n_female else (n_male, "male")
        return f"{_are(count, 'sample')} {word}, none {'male' if n_female else 'female'}"
    return "no sample can be called"


def checks_of(
    adata: AnnData, card: AssessCard, quality: dict[str, Any], normalisation: str, parts: bool = False
) -> list[dict[str, str]]:
    """One check per question, always in the same order."""
    checks = [
        *_provenance(adata),
        _sex(adata, quality),
        _unknown_sex(quality),
        _outliers(quality),
        _depth(adata, card),
        _batch(quality),
        check_mapping(quality["mapping"]),
        _check("warning" if parts else "note", "normalisation", f"{normalisation}."),
    ]
    return [check for check in checks if check]


def tell_parting(apart: tuple[float, str, str]) -> str:
    """Where medians and modes disagree, and what that means."""
    size, high, low = apart
    return (
        f"medians and modes of the samples part by {size:.2f} log2 between {high} and {low}: many features change to "
        "one side, or the groups differ in composition, and medians would take part of that for loading"
    )


def _check(level: str, about: str, text: str) -> dict[str, str]:
    return {"level": level, "about": about, "text": text}


def _provenance(adata: AnnData) -> list[dict[str, str]]:
    """What reading did that a reader of the results must know."""
    told = json.loads(adata.uns.get("provenance", "{}"))
    samples, values = told.get("samples") or {}, told.get("values") or {}
    found = []
    if excluded := samples.get("excluded"):
        reasons = dict.fromkeys(excluded.values())
        by_reason = [f"{_names([s for s, why in excluded.items() if why == r])} ({r})" for r in reasons]
        found.append(_check("note", "samples", f"Left out by the card: {'; '.join(by_reason)}."))
    if replicates := (told.get("replicates") or {}).get("specimens"):
        pairs = [f"{name} of {', '.join(members)}" for name, members in replicates.items()]
        rule = told["replicates"]["rule"]
        text = f"{len(pairs)} samples were each made of technical replicates ({rule}): {_names(pairs)}."
        found.append(_check("note", "replicates", text))
    if renamed := samples.get("renamed"):
        pairs = [f"{sheet} is {matrix}" for sheet, matrix in renamed.items()]
        text = f"Names that differ in case or punctuation only were matched: {_names(pairs)}."
        found.append(_check("note", "samples", text))
    if values.get("fractional"):
        text = "The counts have fractions: estimated by a tool such as salmon, or else normalised before and unfit."
        found.append(_check("note", "values", text))
    return found


def _sex(adata: AnnData, quality: dict[str, Any]) -> dict[str, str]:
    sex = quality["sex"]
    declared = adata.obs["sex"].notna().any()
    doubtful = sex["mismatches"] or (declared and sex["ambiguous"])
    verified = "ok" if sex["n_compared"] else "note"
    return _check("warning" if doubtful else verified, "sex", sex["text"])


def _unknown_sex(quality: dict[str, Any]) -> dict[str, str] | None:
    """Samples whose sex nobody says and nothing shows, beside others of known sex."""
    taking_part = [sample for sample in quality["samples"] if sample["included"]]
    known = [s["sex"] is not None or s["sex_called"] in ("female", "male") for s in taking_part]
    unknown = [s["sample"] for s, is_known in zip(taking_part, known, strict=True) if not is_known]
    if not unknown or not any(known):
        return None
    text = (
        f"The sex of {_names(unknown)} is neither declared nor called: effects by sex, and their average, rest on "
        "the other samples alone and count no other."
    )
    return _check("warning", "unknown sex", text)


def _outliers(quality: dict[str, Any]) -> dict[str, str]:
    flagged = [s["sample"] for s in quality["samples"] if s["outlier"]]
    if not flagged:
        return _check("ok", "outliers", "No sample stands apart from its group.")
    text = f"{_names(flagged)}: unlike the rest of the group. Look at the raw data; nothing was left out for this."
    return _check("warning", "outliers", text)


def _depth(adata: AnnData, card: AssessCard) -> dict[str, str]:
    """Shallow samples beside their own group; groups of unequal depth (vesicles beside cells) are a note."""
    obs = adata.obs
    names = adata.obs_names.astype(str)
    groups = obs["group"].astype(str)
    if card.scale == "counts":
        total = obs["total"]
        size = f"{total.median() / 1e6:.3g} million counts in the middle sample, {total.min() / 1e6:.3g} at least"
    else:
        total = obs["detected"]
        size = f"{total.median():.0f} features in the middle sample, {obs['missing_rate'].mean():.1%} of values missing"
    large = groups.groupby(groups).transform("size") >= 3
    shares = {"detected": FEW_FEATURES} | ({"total": 1 / SHALLOW} if card.scale == "counts" else {})
    few = np.zeros(len(obs), dtype=bool)
    for column, share in shares.items():
        middle = obs[column].groupby(groups).transform("median")
        few |= (obs[column] < share * middle.where(large, obs[column].median())).to_numpy()
    if few.any():
        text = f"{_names(names[few].tolist())}: shallow beside the others ({size}). What they miss may only be unseen."
        return _check("warning", "depth", text)
    middles = total.groupby(groups).median().sort_values()
    if middles.iloc[0] < middles.iloc[-1] / SHALLOW:
        text = (
            f"Groups were measured unequally deep: {middles.index[0]} least, {middles.index[-1]} most, "
            f"{middles.iloc[-1] / middles.iloc[0]:.1f}-fold; {size}."
        )
        return _check("note", "depth", text)
    return _check("ok", "depth", f"The samples were measured about equally deep: {size}.")


def _batch(quality: dict[str, Any]) -> dict[str, str] | None:
    table = quality["batch_by_group"]
    if table is None:
        return _check("note", "batch", "No batch is known.")
    counts = np.array(table["counts"])
    alone = [g for g, column in zip(table["groups"], counts.T, strict=True) if (column > 0).sum() == 1]
    mixed = [b for b, row in zip(table["batches"], counts, strict=True) if (row > 0).sum() > 1]
    if len(table["batches"]) == 1:
        return _check("ok", "batch", "One batch.")
    if not mixed:
        return _check(
            "warning", "batch", "No batch holds more than one group: batch and group cannot be told apart."
        )
    if alone:
        text = (
            f"{_names(alone)}: in one batch only. Contrasts with other groups rest on the batches they share."
        )
        return _check("note", "batch", text)
    return _check(
        "ok", "batch", f"{len(table['batches'])} batches, each group in several; batch enters the model."
    )


def checks_of_published(quality: dict[str, Any]) -> list[dict[str, str]]:
    """Verdicts of a result table that somebody published."""
    text = (
        "A published result table: the samples behind it, their sex and their batches cannot be checked here."
    )
    return [_check("note", "samples", text), check_mapping(quality["mapping"])]
