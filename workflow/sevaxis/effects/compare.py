"""The effects room: a data set's matrix becomes rows of the effects table, all contrasts and strata in one go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sevaxis.base.vocabulary import BY_SEX, Assay, Reason, Scale, Sex, Status, Stratum
from sevaxis.effects.apart import plan_models
from sevaxis.effects.estimation import estimate
from sevaxis.effects.presence import carried_by_few, presence_of
from sevaxis.effects.published import published_effects
from sevaxis.effects.refusals import check_samples
from sevaxis.effects.strata import NotSplit, StratumContrast
from sevaxis.effects.table import conform
from sevaxis.models.inference.multiplicity import benjamini_hochberg
from sevaxis.models.inference.power import minimum_detectable_effect
from sevaxis.models.linear.empirical_bayes import t_quantile

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from sevaxis.effects.methods import Estimates
    from sevaxis.study.card import CompareCard, Contrast


#: Samples that carry an effect are named up to this number.
_NAMED = 4


@dataclass(frozen=True)
class _Seen:
    """Where features were detected (features x samples), what presence is adjusted for, and which are of the axis."""

    detected: np.ndarray
    covariates: Sequence[str]
    axis: np.ndarray


def compare(
    adata: AnnData,
    card: CompareCard,
    *,
    axis: Sequence[str],
    alpha: float = 0.05,
    power: float = 0.8,
    min_per_group: int = 2,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Effects of all contrasts of a data set, and what was done to get them.

    Parameters
    ----------
    adata
        Assessed matrix (:mod:`sevaxis.matrix.read`).
    card
        Contrasts and model.
    axis
        Human symbols that have a row in every contrast and stratum, whatever their status.
    alpha, power
        Level and power of ``mde80``.
    min_per_group
        Fewest samples of a group, and of a sex within it for strata by sex.

    Returns
    -------
    pandas.DataFrame
        Rows of :data:`sevaxis.effects.table.COLUMNS`.
    dict
        Content of ``model.json``: ``dataset``; ``fits``, what each model used
        (:class:`sevaxis.effects.methods.Used`) with the ``contrasts`` it estimated; ``left_out``, sample -> why;
        ``not_split``, contrast -> why it has no strata by sex; ``reasons``, a record per status and reason of rows
        without an estimate or with a remark (``status, reason, sentence, features``).

    Raises
    ------
    Problems
        Contrasts whose groups are missing, too small or aliased with the batch among the included samples.
    """
    import pandas as pd

    fits: list[dict[str, Any]] = []
    left_out: dict[str, str] = {}
    if card.assay == Assay.EFFECTS:
        not_split = {contrast.name: _of_whom(contrast) for contrast in card.contrasts}
        tables = [
            _of_contrast(
                published_effects(adata, contrast, alpha=alpha, power=power), contrast, contrast.stratum, card
            )
            for contrast in card.contrasts
        ]
    else:
        included = include(adata)
        left_out = _left_out(adata)
        check_samples(included.obs, card, min_per_group, left_out)
        plans, not_split = plan_models(included, card, min_per_group)
        contrasts = {contrast.name: contrast for contrast in card.contrasts}
        seen = _Seen(
            _detected(included), card.model.covariates, included.var["human_symbol"].isin(list(axis))
        )
        tables = []
        for plan in plans:
            estimates = estimate(included, card, plan)
            names = list(dict.fromkeys(each.contrast for each in plan.contrasts))
            fits.append({**estimates.used.plain(), "contrasts": names})
            for k, each in enumerate(plan.contrasts):
                rows = _estimated(included, each, estimates, k, seen, alpha, power)
                contrast = contrasts[each.contrast]
                if not _of_differences(contrast):
                    rows = rows.assign(**_presence(included, each, seen))
                tables.append(_of_contrast(rows, contrast, each.stratum, card))
    table = pd.concat(tables, ignore_index=True)
    table = _with_rows(table, _axis_without_feature(adata, table, axis, card))
    table = _with_rows(table, _axis_without_strata(table, axis, not_split))
    model = {
        "dataset": card.id,
        "fits": fits,
        "left_out": left_out,
        "not_split": {name: why.tell() for name, why in not_split.items()},
        "reasons": _count_reasons(table),
    }
    about = {"dataset": card.id, "assay": card.assay, "organism": card.organism}
    return conform(table.drop(columns="code").assign(**about)), model


def include(adata: AnnData) -> AnnData:
    """The samples that take part, with the sex that is known of them."""
    included = adata[adata.obs["included"].to_numpy(bool)].copy()
    included.obs["sex"] = _known_sex(included.obs)
    return included


def _left_out(adata: AnnData) -> dict[str, str]:
    """Samples that do not take part, and why."""
    out = adata.obs[~adata.obs["included"].to_numpy(bool)]
    return {str(name): str(why) for name, why in zip(out.index, out["excluded_because"], strict=True)}


def _of_whom(contrast: Contrast) -> NotSplit:
    """Why a published contrast has no other strata."""
    if contrast.stratum == Stratum.ALL:
        return NotSplit(Reason.PUBLISHED_UNSPLIT, {})
    return NotSplit(Reason.PUBLISHED_OF_ONE_SEX, {"sex": contrast.stratum})


def _known_sex(obs: pd.DataFrame) -> pd.Series:
    """Declared sex; where none is declared, the one that the chromosomes show without doubt."""
    declared = obs["sex"].astype(object)
    if "sex_called" not in obs:
        return declared
    called = obs["sex_called"].astype(object)
    return declared.where(declared.notna(), called.where(called.isin(list(Sex))))


def _detected(included: AnnData) -> np.ndarray:
    """Features x samples: whether the feature was seen at all."""
    values = np.asarray(included.X).T
    return values > 0 if included.uns["dataset"]["scale"] == Scale.COUNTS else ~np.isnan(values)


def _estimated(
    included: AnnData,
    contrast: StratumContrast,
    estimates: Estimates,
    k: int,
    seen: _Seen,
    alpha: float,
    power: float,
) -> pd.DataFrame:
    """Rows of one contrast in one stratum, for every feature."""
    import pandas as pd

    log2fc, se, t, df, p = (getattr(estimates, name)[:, k] for name in ("log2fc", "se", "t", "df", "p"))
    case, reference = list(contrast.case), list(contrast.reference)
    detected = seen.detected
    seen_case, seen_reference = detected[:, case].sum(axis=1), detected[:, reference].sum(axis=1)
    half = t_quantile(0.975, df) * se
    tested = ~np.isnan(p)
    status = np.where(tested, Status.TESTED, estimates.status[:, k])
    status[~detected.any(axis=1) & ~tested] = Status.ABSENT
    rows = pd.DataFrame(
        {
            "feature_id": included.var_names,
            "symbol": included.var["symbol"].to_numpy(),
            "human_symbol": included.var["human_symbol"].to_numpy(),
            "n_case": len(case),
            "n_reference": len(reference),
            "detected_case": seen_case,
            "detected_reference": seen_reference,
            "log2fc": np.where(tested, log2fc, np.nan),
            "se": np.where(tested, se, np.nan),
            "ci_low": np.where(tested, log2fc - half, np.nan),
            "ci_high": np.where(tested, log2fc + half, np.nan),
            "t": np.where(tested, t, np.nan),
            "df": np.where(tested, df, np.nan),
            "p": p,
            "q": benjamini_hochberg(estimates.p_of_family[:, k]),
            "mean_abundance": estimates.mean_abundance,
            "mde80": np.where(tested, minimum_detectable_effect(se, df, alpha=alpha, power=power), np.nan),
            "status": status,
            "code": _codes(estimates, k, status, contrast.stratum, seen_case, seen_reference),
        }
    )
    sparse = np.zeros(len(rows), bool)
    if included.uns["dataset"]["scale"] == Scale.COUNTS:
        counts = np.asarray(included.X, dtype=float).T[:, case + reference]
        few, none = carried_by_few(counts, np.arange(len(case + reference)) < len(case))
        rows.loc[tested & none, "code"] = Reason.NO_COUNT_ON_ONE_SIDE
        rows.loc[tested & few, "code"] = Reason.PRESENCE_DECIDES
        sparse = tested & (few | none)
    if estimates.used.detection_curve is not None:
        one_side = (seen_case == 0) | (seen_reference == 0)
        rows.loc[tested & (seen_case + seen_reference < len(case + reference)), "code"] = Reason.BY_CURVE
        rows.loc[tested & one_side, "code"] = Reason.NO_VALUE_ON_ONE_SIDE
    rows["carriers"] = ""
    for i in np.flatnonzero(sparse):
        names = included.obs_names[[j for j in case + reference if detected[i, j]]]
        rows.loc[i, "carriers"] = f" ({', '.join(names)})" if len(names) <= _NAMED else ""
    return rows.assign(reason=_sentences(rows)).drop(columns="carriers")


def _presence(included: AnnData, contrast: StratumContrast, seen: _Seen) -> dict[str, np.ndarray]:
    """Columns of the presence tests."""
    told = presence_of(seen.detected, included.obs, contrast, covariates=seen.covariates, asked_for=seen.axis)
    return {
        "detection_p": told.p,
        "detection_p_min": told.smallest,
        "detection_log_or": told.log_odds,
    }


def _of_differences(contrast: Contrast) -> bool:
    """Whether a contrast compares effects, not samples: its sides mix cases with references."""
    return sum(max(weight, 0.0) for weight in contrast.level_weights().values()) > 1 + 1e-9


def _codes(
    estimates: Estimates,
    k: int,
    status: np.ndarray,
    stratum: Stratum,
    seen_case: np.ndarray,
    seen_reference: np.ndarray,
) -> np.ndarray:
    """Reason of each row: the fit's own, made exact by where the feature was detected; None where there is none."""
    code = np.where(status == Status.TESTED, estimates.notes[:, k], estimates.reason[:, k])
    code[status == Status.ABSENT] = Reason.NEVER_DETECTED
    unspecific = (status == Status.NOT_ESTIMABLE) & (code == Reason.FEW_DETECTED)
    if stratum in (Stratum.AVERAGE, Stratum.INTERACTION):
        code[unspecific] = Reason.GROUP_MISSING
    code[unspecific & ((seen_case == 0) | (seen_reference == 0))] = Reason.ONE_SIDE_ONLY
    return code


def _sentences(rows: pd.DataFrame) -> pd.Series:
    """Reasons in words, with the facts of their rows."""
    import pandas as pd

    told = pd.Series(pd.NA, index=rows.index, dtype="string")
    given = rows[rows["code"].notna()]
    names = {"detected_case": "seen_case", "detected_reference": "seen_reference"}
    facts = given[[*names, "n_case", "n_reference", "carriers"]].rename(columns=names).to_dict("records")
    told[given.index] = [code.tell(**each) for code, each in zip(given["code"], facts, strict=True)]
    return told


def _of_contrast(rows: pd.DataFrame, contrast: Contrast, stratum: Stratum, card: CompareCard) -> pd.DataFrame:
    return rows.assign(
        contrast=contrast.name,
        role=contrast.role,
        stratum=stratum,
        tissue=contrast.tissue or card.tissue,
        compartment=contrast.compartment or card.compartment,
    )


def _axis_without_feature(
    adata: AnnData, table: pd.DataFrame, axis: Sequence[str], card: CompareCard
) -> pd.DataFrame:
    """A row per contrast and stratum for each axis gene that no feature of the data set is."""
    from sevaxis.genes.presence import axis_status

    status = axis_status(adata, axis, card.organism)
    status = status[status["status"].isin([Status.ABSENT, Status.UNMAPPED])]
    keys = ["contrast", "role", "stratum", "tissue", "compartment"]
    sizes = table.groupby(keys, sort=False, observed=True)[["n_case", "n_reference"]].max().reset_index()
    rows = sizes.merge(status[["human_symbol", "status", "code", "reason"]], how="cross")
    # No feature bears the gene, so the row's key is the gene itself.
    return rows.assign(feature_id=rows["human_symbol"] + " (no feature)")


def _axis_without_strata(
    table: pd.DataFrame, axis: Sequence[str], not_split: Mapping[str, NotSplit]
) -> pd.DataFrame:
    """Rows by sex of the axis genes where a contrast could not be split by sex: not estimable, and why.

    What is not in the data at all is missing in every stratum for the reason that it already has.
    """
    import pandas as pd

    rows = table[table["contrast"].isin(list(not_split)) & table["human_symbol"].isin(list(axis))]
    gone = rows["status"].isin([Status.ABSENT, Status.UNMAPPED])
    names = rows["contrast"]
    rows = rows[
        ["contrast", "role", "tissue", "compartment", "feature_id", "symbol", "human_symbol", "stratum"]
    ].assign(
        status=rows["status"].where(gone, Status.NOT_ESTIMABLE),
        code=rows["code"].where(gone, names.map({name: why.reason for name, why in not_split.items()})),
        reason=rows["reason"].where(gone, names.map({name: why.tell() for name, why in not_split.items()})),
    )
    without = {
        whole: tuple(stratum for stratum in BY_SEX if stratum != whole)
        for whole in (Stratum.ALL, Stratum.FEMALE, Stratum.MALE)
    }
    more = [
        rows[rows["stratum"].eq(present)].assign(stratum=stratum)
        for present, missing in without.items()
        for stratum in missing
    ]
    return pd.concat(more, ignore_index=True)


def _count_reasons(table: pd.DataFrame) -> list[dict[str, Any]]:
    """How many features each status and reason concerns, over all contrasts and strata; most first."""
    told = table[table["code"].notna()]
    groups = told.groupby(["status", "code"], sort=False)
    counts = groups.agg(
        features=("feature_id", "nunique"), sentences=("reason", "nunique"), sentence=("reason", "first")
    ).reset_index()
    counts = counts.sort_values("features", ascending=False, kind="stable")
    return [
        {
            "status": str(row.status),
            "reason": str(row.code),
            "sentence": row.sentence if row.sentences == 1 else row.code.general,
            "features": int(row.features),
        }
        for row in counts.itertuples(index=False)
    ]


def _with_rows(table: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    return pd.concat([table, more], ignore_index=True) if len(more) else table
