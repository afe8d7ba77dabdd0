"""Families of tests: which rows share one error rate, what is tested in each, and what that does to its p.

A family lies within one contrast, so no other data set changes a verdict. The primary family is the axis genes in the
row that stands for all samples; the secondary one is the axis genes in females, in males and by interaction.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sevaxis.base.vocabulary import STANDING, Assay, Family, Reason, Sex, Status, Stratum
from sevaxis.models.inference.multiplicity import holm

#: Assays whose zeros are part of the model of abundance: presence is no second test of them. Where a few samples carry
#: all counts of a side the model does not fit, and presence is the only test.
COUNTED = (Assay.RNA_COUNTS, Assay.SINGLE_CELL)
CONTRAST = ["dataset", "contrast"]


def standing_stratum(effects: pd.DataFrame) -> pd.Series:
    """The stratum that stands for all samples of each contrast.

    The row of all samples, or the average of both sexes, or of one-sex data that sex.

    Parameters
    ----------
    effects
        Rows of the effects table.

    Returns
    -------
    pandas.Series
        Stratum by (dataset, contrast); the first of :data:`~sevaxis.base.vocabulary.STANDING` in which anything was
        tested, or, where nothing was, that there is.
    """
    order = {str(stratum): place for place, stratum in enumerate(STANDING)}
    rows = effects[[*CONTRAST, "stratum"]].astype(str)
    rows = rows.assign(
        place=rows["stratum"].map(order), untested=effects["status"].ne(Status.TESTED).to_numpy()
    )
    rows = rows.dropna(subset="place").drop_duplicates()
    first = rows.sort_values(["untested", "place"], kind="stable").drop_duplicates(CONTRAST)
    return first.set_index(CONTRAST)["stratum"]


def one_row_a_gene(rows: pd.DataFrame) -> pd.DataFrame:
    """Of several features of a gene (protein groups, isoforms) the one that stands for it in a data set.

    The one detected in most samples, then the most abundant, then the first by name: nothing of what is tested decides
    (as MaxMean of Miller et al. 2011, BMC Bioinformatics 12:322). It stands for the gene in all contrasts and strata.

    Parameters
    ----------
    rows
        Rows of the effects table with a human symbol.

    Returns
    -------
    pandas.DataFrame
        Rows of these features, with ``other_features``: the others of the gene, with their log2 fold change and q.
    """
    gene = ["dataset", "human_symbol"]
    of_feature = rows.assign(
        seen=rows["detected_case"].fillna(0).astype(float)
        + rows["detected_reference"].fillna(0).astype(float),
        estimated=rows["status"].eq(Status.TESTED),
    )
    ranked = of_feature.groupby([*gene, "feature_id"], observed=True, sort=False, as_index=False).agg(
        seen=("seen", "max"), abundance=("mean_abundance", "max"), estimated=("estimated", "any")
    )
    ranked = ranked.sort_values(
        ["seen", "abundance", "estimated", "feature_id"], ascending=[False, False, False, True], kind="stable"
    )
    chosen = ranked.drop_duplicates(gene)[[*gene, "feature_id"]].assign(chosen=True)
    keyed = rows.merge(chosen, on=[*gene, "feature_id"], how="left")
    kept = keyed["chosen"].eq(True)
    others = keyed[~kept & keyed["log2fc"].notna()]
    key = [*CONTRAST, "stratum", "human_symbol"]
    told: dict[tuple, list[str]] = {}
    for row in others.itertuples(index=False):
        text = f"{row.feature_id} log2 {row.log2fc:+.2f}" + (f" (q {row.q:.2g})" if row.q == row.q else "")
        told.setdefault(tuple(str(getattr(row, name)) for name in key), []).append(text)
    result = keyed[kept].drop(columns="chosen").reset_index(drop=True)
    result["other_features"] = [
        "; ".join(told.get(tuple(str(value) for value in values), []))
        for values in result[key].itertuples(index=False)
    ]
    return result


def assign_families(rows: pd.DataFrame, standing: pd.Series, alpha: float) -> pd.DataFrame:
    """Give each row its family and what is tested in it.

    Parameters
    ----------
    rows
        One row for each gene, contrast and stratum (:func:`one_row_a_gene`).
    standing
        Of :func:`standing_stratum`.
    alpha
        Error rate of a family.

    Returns
    -------
    pandas.DataFrame
        The rows with

        - ``whole``: the row stands for all samples of its contrast;
        - ``family`` (:class:`~sevaxis.base.vocabulary.Family`, empty where none), ``family_size``: tests in it,
          ``family_level``: its error rate;
        - ``amount``: its fold change is one of amounts, and does not tell in how many samples there was any;
        - ``p_presence``, ``p_abundance``: the tests that the row has;
        - ``by_presence``: presence takes part, for its margins let it reach the level;
        - ``p_presence_min``: the smallest adjusted p that presence could reach;
        - ``p_gene`` = min(1, 2 min(p_presence, p_abundance)) where presence takes part, else p_abundance; 2 p_presence
          where few samples carry all counts of a side. Where missing values entered by a detection curve, presence is
          in the test of abundance, and a second one only where a whole side has no value;
        - ``p_holm``: adjusted within the family (Holm 1979).

    Notes
    -----
    Presence takes part if 2 m p_min <= alpha, with p_min the smallest p of its margins and m the genes of the family
    that were detected at all. Neither depends on which samples are cases, so the choice costs no error (Tarone 1990,
    Biometrics 46:515-522). The factor 2 is Bonferroni's for two tests of one gene.
    """
    pairs = list(zip(rows["dataset"].astype(str), rows["contrast"].astype(str), strict=True))
    stands = pd.Series([standing.get(pair, "") for pair in pairs], index=rows.index)
    stratum = rows["stratum"].astype(str)
    by_sex = stratum.isin([*Sex, Stratum.INTERACTION]) & stands.eq(Stratum.AVERAGE)
    rows = rows.assign(
        whole=stratum.eq(stands),
        family=np.select([stratum.eq(stands), by_sex], [str(Family.PRIMARY), str(Family.SECONDARY)], ""),
    )
    tested = rows["status"].eq(Status.TESTED)
    one_side = (Reason.NO_COUNT_ON_ONE_SIDE, Reason.NO_VALUE_ON_ONE_SIDE)
    told = bears(rows["reason"], Reason.PRESENCE_DECIDES, *one_side)
    rows["amount"] = rows["log2fc"].notna() & ~told
    rows["p_abundance"] = rows["p"].where(tested)
    carried = bears(rows["reason"], Reason.PRESENCE_DECIDES)
    curved = bears(rows["reason"], Reason.BY_CURVE)
    compared = rows["family"].ne("") & (carried | ~rows["assay"].isin(COUNTED)) & ~curved
    rows["p_presence"] = rows["detection_p"].where(compared)
    family = [*CONTRAST, "family"]
    detected = rows[["detected_case", "detected_reference"]].astype(float).sum(axis=1).gt(0)
    candidates = (detected | rows["p_abundance"].notna()).groupby([rows[key].astype(str) for key in family])
    bound = candidates.transform("sum")
    reach = 2 * bound * rows["detection_p_min"].where(compared)
    rows["by_presence"] = reach.le(alpha) | (carried & rows["p_presence"].notna())
    rows["p_presence_min"] = reach.clip(upper=1.0)
    smaller = rows[["p_presence", "p_abundance"]].min(axis=1).mask(carried, rows["p_presence"])
    rows["p_gene"] = (2 * smaller).clip(upper=1.0).where(rows["by_presence"] | carried, rows["p_abundance"])
    rows.loc[rows["family"].eq(""), "p_gene"] = np.nan
    grouped = rows.groupby([rows[key].astype(str) for key in family])["p_gene"]
    rows["p_holm"] = grouped.transform(lambda p: holm(p.to_numpy(float)))
    rows["family_size"] = grouped.transform("count").where(rows["family"].ne(""), 0).astype(int)
    rows["family_level"] = np.where(rows["family"].ne(""), alpha, np.nan)
    return rows


def count_families(rows: pd.DataFrame) -> tuple[int, float]:
    """How many families of tests stand behind an axis table, and how many of them may hold a false finding at most."""
    tested = rows[rows["family_size"].gt(0)].drop_duplicates([*CONTRAST, "family"])
    return len(tested), float(tested["family_level"].sum())


def bears(reasons: pd.Series, *those: Reason) -> pd.Series:
    """Which rows bear one of these remarks, whose facts are the row's own."""
    tails = tuple(reason.remark for reason in those)
    return reasons.fillna("").astype(str).map(lambda text: text.endswith(tails)).astype(bool)
