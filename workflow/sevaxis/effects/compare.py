"""The effects room: a data set's matrix becomes rows of the effects table, all contrasts and strata in one go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sevaxis.base.problems import Problems
from sevaxis.effects.published import published_effects
from sevaxis.effects.strata import BY_SEX, Comparand, plan_strata
from sevaxis.effects.table import conform
from sevaxis.models.detection import fisher_detection
from sevaxis.models.inference.multiplicity import benjamini_hochberg
from sevaxis.models.inference.power import minimum_detectable_effect
from sevaxis.models.linear.empirical_bayes import t_quantile
from sevaxis.study.sheets import SampleFacts, check_contrasts

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from sevaxis.effects.estimation import Estimates
    from sevaxis.study.card import Comparison, Contrast

#: Strata that a published table of one sex does not have.
ONLY_FEMALE, ONLY_MALE = ("male", "interaction"), ("female", "interaction")
LOW_COUNTS = (
    "too few counts: filterByExpr keeps genes with about 10 counts in as many samples as the smallest group"
)


def compare(
    adata: AnnData,
    card: Comparison,
    *,
    axis: Sequence[str],
    alpha: float = 0.05,
    power: float = 0.8,
    min_per_group: int = 2,
) -> pd.DataFrame:
    """Effects of all contrasts of a data set.

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
    Rows of :data:`sevaxis.effects.table.COLUMNS`.

    Raises
    ------
    Problems
        Contrasts whose groups are missing, too small or aliased with the batch among the included samples.
    """
    import pandas as pd

    if card.assay == "effects":
        reasons = {contrast.name: _of_whom(contrast) for contrast in card.contrasts}
        tables = [
            _of_contrast(
                published_effects(adata, contrast, alpha=alpha, power=power), contrast, contrast.stratum, card
            )
            for contrast in card.contrasts
        ]
    else:
        from sevaxis.effects.estimation import estimate

        included = include(adata)
        _check(included, card, min_per_group)
        plans, reasons = plan_strata(included.obs, card.contrasts, min_per_group)
        contrasts = {contrast.name: contrast for contrast in card.contrasts}
        detected = _detected(included)
        tables = []
        for plan in plans:
            estimates = estimate(included, card, plan)
            for k, comparand in enumerate(plan.comparands):
                rows = _estimated(included, comparand, estimates, k, detected, alpha, power)
                tables.append(_of_contrast(rows, contrasts[comparand.contrast], comparand.stratum, card))
    table = pd.concat(tables, ignore_index=True)
    table = _with_rows(table, _axis_without_feature(adata, table, axis, card))
    table = _with_rows(table, _axis_without_strata(table, axis, reasons))
    kind = {"dataset": card.id, "assay": card.assay, "organism": card.organism}
    return conform(table.assign(**kind))


def include(adata: AnnData) -> AnnData:
    """The samples that take part, with the sex that is known of them."""
    included = adata[adata.obs["included"].to_numpy(bool)].copy()
    included.obs["sex"] = _known_sex(included.obs)
    return included


def _of_whom(contrast: Contrast) -> str:
    """Why a published contrast has no other strata."""
    if contrast.stratum == "all":
        return "the published table is not split by sex"
    return f"published for {contrast.stratum}s only"


def _known_sex(obs: pd.DataFrame) -> pd.Series:
    """Declared sex; where none is declared, the one that the chromosomes show without doubt."""
    declared = obs["sex"].astype(object)
    if "sex_called" not in obs:
        return declared
    called = obs["sex_called"].astype(object)
    return declared.where(declared.notna(), called.where(called.isin(["female", "male"])))


def _check(included: AnnData, card: Comparison, min_per_group: int) -> None:
    """The checks that sheets beside cards pass before any job starts; here for sheets inside retrieved files, and
    for what is left after samples were excluded."""
    obs = included.obs
    facts = [
        SampleFacts(str(group), sex if isinstance(sex, str) else None, str(batch))
        for group, sex, batch in zip(obs["group"], obs["sex"], obs["batch"], strict=True)
    ]
    where = f"data set {card.id}, after its samples were read and assessed"
    problems = check_contrasts(facts, [(contrast, where) for contrast in card.contrasts], min_per_group)
    if problems:
        raise Problems(problems)


def _detected(included: AnnData) -> np.ndarray:
    """Features x samples: whether the feature was seen at all."""
    values = np.asarray(included.X).T
    return values > 0 if included.uns["dataset"]["scale"] == "counts" else ~np.isnan(values)


def _estimated(
    included: AnnData,
    comparand: Comparand,
    estimates: Estimates,
    k: int,
    detected: np.ndarray,
    alpha: float,
    power: float,
) -> pd.DataFrame:
    """Rows of one contrast in one stratum, for every feature."""
    import pandas as pd

    log2fc, se, t, df, p = (getattr(estimates, name)[:, k] for name in ("log2fc", "se", "t", "df", "p"))
    case, reference = list(comparand.case), list(comparand.reference)
    seen_case, seen_reference = detected[:, case].sum(axis=1), detected[:, reference].sum(axis=1)
    half = t_quantile(0.975, df) * se
    tested = ~np.isnan(p)
    absent = ~detected.any(axis=1)
    low = estimates.low & ~absent
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
            "q": benjamini_hochberg(p),
            "detection_p": fisher_detection(seen_case, len(case), seen_reference, len(reference)),
            "mean_abundance": estimates.mean_abundance,
            "mde80": np.where(tested, minimum_detectable_effect(se, df, alpha=alpha, power=power), np.nan),
            "status": np.select([tested, absent, low], ["tested", "absent", "low"], "not_estimable"),
            "reason": pd.array([pd.NA] * included.n_vars, dtype="string"),
        }
    )
    if comparand.stratum == "interaction":
        rows["detection_p"] = np.nan  # presence is compared within the sexes and over both, not between them
    rows.loc[rows["status"].eq("absent"), "reason"] = "in the data set's annotation, detected in no sample"
    rows.loc[rows["status"].eq("low"), "reason"] = LOW_COUNTS
    inestimable = rows["status"].eq("not_estimable")
    rows.loc[inestimable, "reason"] = [
        _why_not_estimable(*counts, comparand.stratum)
        for counts in rows.loc[
            inestimable, ["detected_case", "n_case", "detected_reference", "n_reference"]
        ].itertuples(index=False)
    ]
    return rows


def _why_not_estimable(
    seen_case: int, n_case: int, seen_reference: int, n_reference: int, stratum: str
) -> str:
    counts = (
        f"detected in {seen_case} of {n_case} case and {seen_reference} of {n_reference} reference samples"
    )
    if seen_case == 0 or seen_reference == 0:
        return f"{counts}: no fold change without both, see the detection test"
    if stratum in ("average", "interaction"):
        return f"{counts}: not in every group of both sexes"
    return f"{counts}: too few to tell the effect from the covariates or from the scatter"


def _of_contrast(rows: pd.DataFrame, contrast: Contrast, stratum: str, card: Comparison) -> pd.DataFrame:
    return rows.assign(
        contrast=contrast.name,
        role=contrast.role,
        stratum=stratum,
        tissue=contrast.tissue or card.tissue,
        compartment=contrast.compartment or card.compartment,
    )


def _axis_without_feature(
    adata: AnnData, table: pd.DataFrame, axis: Sequence[str], card: Comparison
) -> pd.DataFrame:
    """A row per contrast and stratum for each axis gene that no feature of the data set is."""
    from sevaxis.genes.mapping import axis_status

    status = axis_status(adata, axis, card.organism)
    status = status[status["status"].isin(["absent", "unmapped"])]
    keys = ["contrast", "role", "stratum", "tissue", "compartment"]
    sizes = table.groupby(keys, sort=False, observed=True)[["n_case", "n_reference"]].max().reset_index()
    rows = sizes.merge(status[["human_symbol", "status", "reason"]], how="cross")
    # No feature bears the gene, so the row's key is the gene itself.
    return rows.assign(feature_id=rows["human_symbol"] + " (no feature)")


def _axis_without_strata(table: pd.DataFrame, axis: Sequence[str], reasons: dict[str, str]) -> pd.DataFrame:
    """Rows by sex of the axis genes where a contrast could not be split by sex: not estimable, and why. What is not in
    the data at all is missing in every stratum for the reason that it already has."""
    import pandas as pd

    rows = table[table["contrast"].isin(list(reasons)) & table["human_symbol"].isin(list(axis))]
    gone = rows["status"].isin(["absent", "unmapped"])
    rows = rows[
        ["contrast", "role", "tissue", "compartment", "feature_id", "symbol", "human_symbol", "stratum"]
    ].assign(
        status=rows["status"].where(gone, "not_estimable"),
        reason=rows["reason"].where(gone, rows["contrast"].map(reasons)),
    )
    more = [
        rows[rows["stratum"].eq(present)].assign(stratum=stratum)
        for present, missing in (("all", BY_SEX), ("female", ONLY_FEMALE), ("male", ONLY_MALE))
        for stratum in missing
    ]
    return pd.concat(more, ignore_index=True)


def _with_rows(table: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    return pd.concat([table, more], ignore_index=True) if len(more) else table
