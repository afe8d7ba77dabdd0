"""Quality: can the samples be trusted? Adds columns, a normalised layer and checks; drops nothing silently.

:func:`assess` is the room's door. What it says is written to ``quality.json``:

``dataset, assay, n_samples, n_included, n_features, n_mapped`` (features with a human gene), ``mapping_rate`` (share of
tested features whose gene is known), ``mapping`` (:func:`sevaxis.matrix.quality.mapping.describe_mapping`),
``normalisation``; ``samples`` (one record each); ``pca``, ``correlation``, ``missingness``, ``batch_by_group``; ``sex``
(markers, calls, mismatches, a sentence);
``checks`` (level ok, note or warning; about; text).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sevaxis.base.problems import Problem, Problems
from sevaxis.matrix.normalise import Normalised, normalise, parting
from sevaxis.matrix.quality.checks import checks_of, checks_of_published, describe_sex, tell_parting
from sevaxis.matrix.quality.mapping import describe_mapping, tested_features
from sevaxis.matrix.quality.sexing import SexCalls, call_sex, wrong_coding
from sevaxis.matrix.quality.structure import (
    correlate,
    flag_outliers,
    informative,
    missing_by_abundance,
    principal_components,
)
from sevaxis.study.card import AssessCard

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

__all__ = ["assess"]


def assess(
    adata: AnnData,
    card: AssessCard,
    *,
    axis: Sequence[str],
    sex_mismatch: Literal["stop", "drop", "keep"] = "drop",
    min_mapped: float = 0.0,
) -> tuple[AnnData, dict[str, Any], pd.DataFrame]:
    """Judge the samples of a data set and normalise them.

    Parameters
    ----------
    adata
        Data set of :mod:`sevaxis.matrix.read`.
    card
        What the data set is and how it is normalised.
    axis
        Human symbols whose values are listed.
    sex_mismatch
        Samples whose chromosomes contradict their declared sex: ``stop``, leave out (``drop``) or ``keep``.
    min_mapped
        Least share of tested features whose gene must be known; below it there is a warning.

    Returns
    -------
    AnnData
        With ``layers["log2"]``, ``uns["normalisation"]``, and the columns of ``obs`` that :mod:`sevaxis.matrix.read`
        names.
    dict
        Content of ``quality.json``; plain values, None for missing.
    pandas.DataFrame
        Content of ``axis_values.tsv``: a row per sample and feature that is an axis gene.

    Raises
    ------
    Problems
        With ``stop``, one per sample whose sex does not fit; and, unless mismatches are kept, one where the declared
        sexes contradict the chromosomes so often that not samples but the coding or the sheet must be wrong.
    """
    if card.assay == "effects":
        return _assess_published(adata, card, min_mapped)
    adata = adata.copy()
    values = np.asarray(adata.X, dtype=float)
    counted = adata.uns["dataset"]["scale"] == "counts"
    detected = values > 0 if counted else ~np.isnan(values)
    normalised = normalise(values, "counts" if counted else "log2", card.normalisation)
    adata.layers["log2"] = normalised.log2
    apart = None if counted else parting(values, adata.obs["group"].astype(str).to_numpy())
    told = normalised.text + (f"; {tell_parting(apart)}" if apart else "")
    adata.uns["normalisation"] = {"method": str(normalised.method), "text": told}
    sex = call_sex(adata, card.organism, card.assay)
    mismatched = _mismatches(adata, sex)
    if sex_mismatch != "keep" and (wrong := wrong_coding(adata, card, sex, mismatched)):
        raise Problems([wrong])
    if mismatched.any() and sex_mismatch == "stop":
        raise Problems(_mismatch_problems(adata, card, sex, mismatched))

    used = normalised.log2[:, informative(detected)]
    correlation = correlate(used)
    groups = adata.obs["group"].astype(str).to_numpy()
    own, outlier = flag_outliers(correlation, groups)
    _describe_samples(adata, values, detected, normalised, sex, outlier, mismatched, sex_mismatch)
    components = principal_components(used)
    bins, rates = (np.array([]), np.array([])) if counted else missing_by_abundance(normalised.log2)
    quality = {
        **_counts_of(adata, card, tested_features(adata, values, counted=counted), min_mapped),
        "normalisation": str(normalised.method),
        "samples": _records(adata, sex, own, components.scores, normalised),
        "pca": {"explained": _plain(components.explained), "text": components.text},
        "correlation": {"samples": list(adata.obs_names), "matrix": _plain(correlation, 4)},
        "missingness": {"mean_abundance": _plain(bins), "missing_rate": _plain(rates)},
        "batch_by_group": _batch_by_group(adata),
        "sex": describe_sex(adata, sex, mismatched, sex_mismatch),
    }
    quality["checks"] = checks_of(adata, card, quality, told, apart is not None)
    return adata, quality, _axis_values(adata, card, axis, detected)


def _mismatches(adata: AnnData, sex: SexCalls) -> np.ndarray:
    """Samples with a declared sex and another one called; an ambiguous call contradicts nobody."""
    declared = adata.obs["sex"].astype(object).to_numpy()
    return np.array(
        [
            isinstance(d, str) and c in ("female", "male") and c != d
            for d, c in zip(declared, sex.called, strict=True)
        ],
        dtype=bool,
    )


def _mismatch_problems(
    adata: AnnData, card: AssessCard, sex: SexCalls, mismatched: np.ndarray
) -> list[Problem]:
    hint = "mend the sheet if it is wrong; else sex_mismatch: drop leaves the sample out, keep analyses it as declared"
    return [
        Problem(
            "A sample's chromosomes contradict its declared sex",
            f"data set {card.id}, sample '{adata.obs_names[i]}'",
            f"declared {adata.obs['sex'].iloc[i]}, called {sex.called[i]} "
            f"(log2 of XIST {sex.x[i]:.1f}, of the Y genes {sex.y[i]:.1f})",
            "the sex that the chromosomes show",
            hint,
        )
        for i in np.flatnonzero(mismatched)
    ]


def _describe_samples(
    adata: AnnData,
    values: np.ndarray,
    detected: np.ndarray,
    normalised: Normalised,
    sex: SexCalls,
    outlier: np.ndarray,
    mismatched: np.ndarray,
    sex_mismatch: str,
) -> None:
    """The columns of obs that assess adds."""
    import pandas as pd

    obs = adata.obs
    obs["total"] = _totals(values, normalised.factors is not None)
    obs["detected"] = detected.sum(axis=1)
    obs["missing_rate"] = 1.0 - detected.mean(axis=1)
    obs["sex_called"] = pd.Categorical(sex.called, categories=["female", "male", "ambiguous"])
    obs["outlier"] = outlier
    left_out = mismatched & (sex_mismatch == "drop")
    obs["included"] = ~left_out
    declared = obs["sex"].astype(object)
    obs["excluded_because"] = [
        f"declared {d}, but its chromosomes are {c}" if out else ""
        for d, c, out in zip(declared, sex.called, left_out, strict=True)
    ]
    if normalised.factors is not None:
        obs["norm_factor"] = normalised.factors


def _totals(values: np.ndarray, counted: bool) -> np.ndarray:
    """Reads of each sample, or the sum of its intensities; NaN for ratios, whose sum says nothing."""
    if counted:
        return values.sum(axis=1)
    if np.nanmin(values) < 0:
        return np.full(len(values), np.nan)
    return np.nansum(np.exp2(values), axis=1)


def _counts_of(adata: AnnData, card: AssessCard, tested: np.ndarray, min_mapped: float) -> dict[str, Any]:
    mapping = describe_mapping(adata, tested, min_mapped)
    return {
        "dataset": card.id,
        "assay": card.assay,
        "n_samples": adata.n_obs,
        "n_included": int(adata.obs["included"].sum()),
        "n_features": adata.n_vars,
        "n_mapped": int(adata.var["human_symbol"].notna().sum()),
        "mapping_rate": mapping["rate"],
        "mapping": mapping,
    }


def _records(
    adata: AnnData, sex: SexCalls, own: np.ndarray, scores: np.ndarray, normalised: Normalised
) -> list[dict]:
    """One record per sample, as quality.json has them."""
    obs, records = adata.obs, []
    for i, name in enumerate(adata.obs_names):
        row = obs.iloc[i]
        records.append(
            {
                "sample": str(name),
                **{column: _plain(row[column]) for column in ("group", "sex", "sex_called")},
                "sex_x": _plain(sex.x[i]),
                "sex_y": _plain(sex.y[i]),
                **{
                    column: _plain(row[column])
                    for column in ("batch", "subject", "total", "detected", "missing_rate")
                },
                "own_correlation": _plain(own[i], 4),
                **{column: _plain(row[column]) for column in ("outlier", "included", "excluded_because")},
                "pc1": _plain(scores[i, 0]),
                "pc2": _plain(scores[i, 1]),
                "norm_factor": None if normalised.factors is None else _plain(normalised.factors[i]),
            }
        )
    return records


def _batch_by_group(adata: AnnData) -> dict[str, Any] | None:
    """Samples of each batch (rows) and group (columns); None where no batch is known."""
    obs = adata.obs
    if obs["batch"].isna().all():
        return None
    known = obs[obs["batch"].notna()]
    batches = sorted(known["batch"].astype(str).unique())
    groups = list(dict.fromkeys(known["group"].astype(str)))
    pairs = list(zip(known["batch"].astype(str), known["group"].astype(str), strict=True))
    counts = [[pairs.count((batch, group)) for group in groups] for batch in batches]
    return {"batches": batches, "groups": groups, "counts": counts}


def _axis_values(adata: AnnData, card: AssessCard, axis: Sequence[str], detected: np.ndarray) -> pd.DataFrame:
    """Normalised values of the features that are axis genes, in long form."""
    import pandas as pd

    human = adata.var["human_symbol"].astype(object)
    parts = []
    for gene in axis:
        for position in np.flatnonzero((human == gene).to_numpy()):
            seen = detected[:, position]
            value = np.where(seen, adata.layers["log2"][:, position], np.nan)
            obs = adata.obs
            parts.append(
                pd.DataFrame(
                    {
                        "dataset": card.id,
                        "human_symbol": gene,
                        "feature_id": str(adata.var_names[position]),
                        "sample": adata.obs_names.astype(str),
                        **{c: obs[c].astype(object).to_numpy() for c in ("group", "sex", "batch", "subject")},
                        "included": obs["included"].astype(int).to_numpy(),
                        "value": value,
                        "detected": seen.astype(int),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=AXIS_COLUMNS)


AXIS_COLUMNS = (
    "dataset",
    "human_symbol",
    "feature_id",
    "sample",
    "group",
    "sex",
    "batch",
    "subject",
    "included",
    "value",
    "detected",
)


def _assess_published(
    adata: AnnData, card: AssessCard, min_mapped: float
) -> tuple[AnnData, dict[str, Any], pd.DataFrame]:
    """A published result table has no samples to judge."""
    import pandas as pd

    adata = adata.copy()
    adata.obs["included"] = True
    tested = ~np.isnan(np.asarray(adata.layers["log2fc"], dtype=float)).all(axis=0)
    quality = {
        **_counts_of(adata, card, tested, min_mapped),
        "n_samples": 0,
        "n_included": 0,
        "normalisation": "none",
        "samples": [],
        "pca": {"explained": [], "text": "no samples"},
        "correlation": {"samples": [], "matrix": []},
        "missingness": {"mean_abundance": [], "missing_rate": []},
        "batch_by_group": None,
        "sex": {
            "markers": [],
            "n_called": 0,
            "n_compared": 0,
            "mismatches": [],
            "text": "A published result table: no samples to check.",
        },
    }
    quality["checks"] = checks_of_published(quality)
    return adata, quality, pd.DataFrame(columns=AXIS_COLUMNS)


def _plain(value: Any, decimals: int = 6) -> Any:
    """Values as JSON has them: NaN is None, six significant digits (or as many decimals for arrays)."""
    if isinstance(value, np.ndarray):
        return [_plain(cell, decimals) for cell in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (float, np.floating)):
        return None if not np.isfinite(value) else float(f"{value:.{decimals}g}")
    return int(value) if isinstance(value, np.integer) else value
