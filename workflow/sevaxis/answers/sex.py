"""Do females and males respond differently? Only the interaction can say so.

That a gene is significant in one sex and not in the other is no difference between the sexes (Gelman & Stern 2006,
Am Stat 60:328): the difference of the two effects has its own standard error, and that is what is tested.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sevaxis.answers.answer import Answer
from sevaxis.models.inference.power import equivalence

if TYPE_CHECKING:
    import pandas as pd

STRATA = ("female", "male", "average", "interaction")
FIELDS = ("log2fc", "se", "ci_low", "ci_high", "df", "p", "q", "mde80")
KEY = ["dataset", "contrast", "feature_id"]
NAMES = ["symbol", "human_symbol"]


def answer(
    effects: pd.DataFrame,
    genes: Sequence[str],
    *,
    fdr: float,
    alpha: float,
    smallest_effect: float,
) -> Answer:
    """Compare female and male effects, contrast by contrast.

    Parameters
    ----------
    effects
        Effects of all data sets.
    genes
        Human symbols (axis and panels) that are listed whatever their result.
    fdr
        q below which an effect counts as significant.
    alpha
        Level of the equivalence test.
    smallest_effect
        Two effects whose difference is shown to be smaller than this count as shared.
    """
    wide = _side_by_side(effects)
    split = not wide.empty
    table = _count(wide, fdr)
    classes = _classify(wide, fdr=fdr, alpha=alpha, smallest_effect=smallest_effect)
    listed = wide["human_symbol"].isin(list(genes)) | (wide["q_interaction"] < fdr)
    chosen = wide[listed].assign(**{"class": classes[listed.to_numpy()]})
    columns = [*KEY[:2], *KEY[2:], *NAMES, *_columns_told(), "class"]
    chosen = chosen[columns]
    chosen["wording"] = [_wording(row) for row in chosen.to_dict("records")]
    asks = "Do females and males respond differently?"
    if not split:
        told = (
            "Not estimable: no data set of this study has enough females and males in the groups it compares."
        )
        return Answer("sex", asks, told, _why_not(effects), {"": table, "genes": chosen})
    return Answer(
        "sex", asks, _tell(table, fdr), [*table["wording"], *_why_not(effects)], {"": table, "genes": chosen}
    )


def _side_by_side(effects: pd.DataFrame) -> pd.DataFrame:
    """One row per data set x contrast x feature with the four strata in columns; tested features only."""
    rows = effects[effects["stratum"].isin(STRATA) & effects["status"].eq("tested")]
    if rows.empty:
        columns = [*KEY, *NAMES, *(f"{field}_{stratum}" for stratum in STRATA for field in FIELDS)]
        return rows.reindex(columns=columns)
    rows = rows.astype({"dataset": str, "contrast": str, "stratum": str})
    wide = rows.pivot(index=KEY, columns="stratum", values=list(FIELDS))
    wide.columns = [f"{field}_{stratum}" for field, stratum in wide.columns]
    wide = wide.reindex(columns=[f"{field}_{stratum}" for stratum in STRATA for field in FIELDS])
    names = rows.drop_duplicates(KEY).set_index(KEY)[NAMES]
    order = rows[KEY[:2]].drop_duplicates().reset_index(drop=True).reset_index(names="order")
    wide = wide[wide["log2fc_interaction"].notna()]  # a published table of one sex compares nothing
    wide = wide.join(names).reset_index().merge(order, on=KEY[:2])
    return (
        wide.sort_values(["order", "feature_id"], kind="stable").drop(columns="order").reset_index(drop=True)
    )


def _count(wide: pd.DataFrame, fdr: float) -> pd.DataFrame:
    """How many features are significant in females, in males, and by interaction."""
    import pandas as pd

    female, male, differs = (wide[f"q_{stratum}"].lt(fdr) for stratum in ("female", "male", "interaction"))
    flags = wide[KEY[:2]].assign(
        n_tested=wide["q_interaction"].notna(),
        significant_female=female,
        significant_male=male,
        significant_both=female & male,
        significant_female_only=female & ~male,
        significant_male_only=male & ~female,
        significant_interaction=differs,
    )
    table = flags.groupby(KEY[:2], sort=False, observed=True).sum().reset_index()
    table["fdr"] = fdr
    table["wording"] = [
        f"{row.dataset}, {row.contrast}: {row.significant_female} features significant in females, "
        f"{row.significant_male} in males, and {row.significant_interaction} by interaction "
        f"(of {row.n_tested} tested, q < {fdr:g}). "
        f"The {row.significant_female_only + row.significant_male_only} that are significant in one sex only are not "
        "thereby sex-specific."
        for row in table.itertuples(index=False)
    ]
    return table if len(table) else pd.DataFrame(columns=[*flags.columns, "fdr", "wording"])


def _classify(wide: pd.DataFrame, *, fdr: float, alpha: float, smallest_effect: float) -> np.ndarray:
    """shared, larger_in_females, larger_in_males, opposite or undetermined, by the interaction and the effect sizes."""
    female, male = wide["log2fc_female"].to_numpy(float), wide["log2fc_male"].to_numpy(float)
    differs = wide["q_interaction"].lt(fdr).to_numpy()
    opposed = (np.sign(female) != np.sign(male)) & wide["q_female"].lt(fdr) & wide["q_male"].lt(fdr)
    difference = (wide[f"{field}_interaction"].to_numpy(float) for field in ("log2fc", "se", "df"))
    alike = equivalence(*difference, smallest_effect) < alpha
    changed = wide["q_average"].lt(fdr).to_numpy()
    larger = np.where(np.abs(female) > np.abs(male), "larger_in_females", "larger_in_males")
    return np.where(
        differs,
        np.where(opposed, "opposite", larger),
        np.where(changed & alike, "shared", "undetermined"),
    )


def _columns_told() -> list[str]:
    per_sex = [f"{field}_{stratum}" for stratum in STRATA[:3] for field in ("log2fc", "q")]
    return [
        *per_sex,
        *(f"{field}_interaction" for field in ("log2fc", "se", "ci_low", "ci_high", "p", "q", "mde80")),
    ]


def _wording(row: dict) -> str:
    name = row["human_symbol"] if isinstance(row["human_symbol"], str) else row["feature_id"]
    effects = (
        f"{name}: female {row['log2fc_female']:+.2f} (q {row['q_female']:.2g}), "
        f"male {row['log2fc_male']:+.2f} (q {row['q_male']:.2g})"
    )
    difference = (
        f"male minus female {row['log2fc_interaction']:+.2f} "
        f"(95 % CI {row['ci_low_interaction']:+.2f} to {row['ci_high_interaction']:+.2f}, p {row['p_interaction']:.2g})"
    )
    match row["class"]:
        case "shared":
            end = "the effect is shared: any difference is smaller than the smallest effect of interest"
        case "undetermined" if np.isnan(row["mde80_interaction"]):
            end = "undetermined: less than one degree of freedom"
        case "undetermined":
            end = f"undetermined: of differences below {row['mde80_interaction']:.2g} more than one in five is missed"
        case "opposite":
            end = "opposite directions"
        case other:
            end = other.replace("_", " ")
    return f"{effects}; {difference}; {end}."


def _tell(table: pd.DataFrame, fdr: float) -> str:
    contrasts = len(table)
    one_sex = int((table["significant_female_only"] + table["significant_male_only"]).sum())
    differ = int(table["significant_interaction"].sum())
    return (
        f"Over {contrasts} contrast{'s' if contrasts > 1 else ''} with both sexes, {one_sex} effects are "
        f"significant in one sex only, but {differ} differ between the sexes by the interaction test "
        f"(q < {fdr:g}): only these are evidence of a sex difference."
    )


def _why_not(effects: pd.DataFrame) -> list[str]:
    """Contrasts that have no strata by sex, with the reason."""
    rows = effects[effects["stratum"].eq("interaction") & effects["status"].eq("not_estimable")]
    tested = effects[effects["stratum"].eq("interaction") & effects["status"].eq("tested")]
    split = set(tested[KEY[:2]].drop_duplicates().itertuples(index=False, name=None))
    reasons = rows[[*KEY[:2], "reason"]].drop_duplicates(KEY[:2]).itertuples(index=False, name=None)
    return [
        f"{dataset}, {contrast}: sex strata not estimable: {reason}."
        for dataset, contrast, reason in reasons
        if (dataset, contrast) not in split
    ]
