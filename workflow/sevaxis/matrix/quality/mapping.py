"""Which genes the tested features are: how many are known, and what the others are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from sevaxis.base.vocabulary import Namespace
from sevaxis.genes.routes import identified, strange

if TYPE_CHECKING:
    from anndata import AnnData

#: Below this share of features with a human gene a reader should know that other data sets say little about this one.
FEW_HUMAN = 0.3


def tested_features(adata: AnnData, values: np.ndarray, *, counted: bool) -> np.ndarray:
    """Features that a model of the included samples tests, as far as the values alone tell (boolean).

    Counts: those that filterByExpr keeps, by group. Other values: those that two included samples have.

    Parameters
    ----------
    adata
        ``obs`` with ``group`` and ``included``.
    values
        Samples x features; counts, or log2 values with NaN for what was not detected.
    counted
        Whether the values are counts.
    """
    from sevaxis.models.counts.voom import filter_by_expression

    included = adata.obs["included"].to_numpy(bool)
    values = values[included]
    if not counted:
        return (~np.isnan(values)).sum(axis=0) >= 2
    groups = adata.obs["group"].astype(str).to_numpy()[included]
    filled = values.sum(axis=1) > 0
    if not filled.any():
        return np.zeros(values.shape[1], dtype=bool)
    return filter_by_expression(values[filled].T, list(groups[filled]))


def describe_mapping(adata: AnnData, tested: np.ndarray, min_mapped: float) -> dict[str, Any]:
    """The ``mapping`` part of quality.json.

    Parameters
    ----------
    adata
        Data set with mapped features (:func:`sevaxis.genes.mapping.map_features`).
    tested
        Which features are tested (boolean).
    min_mapped
        Least share of tested features whose gene must be known.

    Returns
    -------
    dict
        ``n_features``; of the ``n_tested`` features: ``n_identified`` (gene known), ``n_human`` (human gene known),
        ``rate`` (identified / tested), ``foreign`` (species -> proteins), ``n_decoys``, ``n_unknown``; ``min_mapped``;
        ``identifiers`` (what the data set names its features by); ``tables`` (names of the tables that were asked);
        ``unknown_examples``.
    """
    var = adata.var[tested]
    known, odd = identified(var), strange(var)
    human = var["human_symbol"].notna().to_numpy()
    routes = var["mapping_route"].astype("string")
    species = routes.str.extract(r"^none: a protein of (.+)$", expand=False).dropna().value_counts()
    told = json.loads(adata.uns.get("provenance", "{}")).get("mapping", {})
    tables = told.get("tables") or {}
    n = len(var)
    return {
        "n_features": int(adata.n_vars),
        "n_tested": n,
        "n_identified": int(known.sum()),
        "n_human": int(human.sum()),
        "rate": float(f"{known.mean() if n else 0.0:.4g}"),
        "foreign": {str(name): int(count) for name, count in species.sort_index().items()},
        "n_decoys": int(odd.sum() - species.sum()),
        "n_unknown": int((~known & ~odd).sum()),
        "unknown_examples": [str(name) for name in var.index[~known & ~odd][:6]],
        "identifiers": list(told.get("identifiers", [])),
        "tables": [source["name"] for source in tables.get("identifiers", [])],
        "min_mapped": min_mapped,
    }


def check_mapping(mapping: dict[str, Any]) -> dict[str, str]:
    """What a reader must know of it: a warning where too few genes are known."""
    n, known, human = mapping["n_tested"], mapping["n_identified"], mapping["n_human"]
    share = f"{known:,} of {n:,} tested features ({mapping['rate']:.0%})"
    text = f"The gene of {share} is known, the human gene of {human:,}."
    others = [f"{count:,} are proteins of {species}" for species, count in mapping["foreign"].items()]
    if mapping["n_decoys"]:
        others.append(f"{mapping['n_decoys']:,} are decoys or contaminants")
    if mapping["n_unknown"]:
        shown = ", ".join(mapping["unknown_examples"][:4])
        others.append(f"{mapping['n_unknown']:,} are in no table ({shown})")
    if others:
        text += f" Of the others, {', '.join(others)}."
    if not n:
        return {
            "level": "warning",
            "about": "mapping",
            "text": "No feature can be tested, so none is mapped.",
        }
    if mapping["rate"] < mapping["min_mapped"]:
        text += f" That is less than min_mapped ({mapping['min_mapped']:.0%}): {_advice(mapping)}"
        return {"level": "warning", "about": "mapping", "text": text}
    if human < FEW_HUMAN * n:
        text += " The rest is analysed, but compared with no other data set."
        return {"level": "note", "about": "mapping", "text": text}
    return {"level": "ok", "about": "mapping", "text": text}


def _advice(mapping: dict[str, Any]) -> str:
    words = " and ".join(Namespace(name).words for name in mapping["identifiers"]) or "no known identifier"
    if Namespace.PRODUCT in mapping["identifiers"] and Namespace.ENSEMBL not in mapping["identifiers"]:
        return (
            f"features are named by {words}, which need a table of your own (config/identifiers.yaml) or a reader that "
            "adds transcripts up to genes."
        )
    if not mapping["tables"]:
        return (
            f"features are named by {words}, and the study names no tables of identifiers: say "
            "identifiers: config/identifiers.yaml."
        )
    return (
        f"features are named by {words}; is the organism right, and does the reader's option 'feature' name the right "
        "column?"
    )
