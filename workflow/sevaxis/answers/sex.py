"""Do females and males respond differently? Only the interaction can say so.

That a gene is significant in one sex and not in the other is no difference between the sexes (Gelman & Stern 2006,
Am Stat 60:328): the difference of the two effects has its own standard error, and that is what is tested.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sevaxis.answers.question import Answer, Evidence, Question
from sevaxis.base.vocabulary import BY_SEX, SexClass, Status, Stratum

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from sevaxis.study.settings import Thresholds

FIELDS = ("log2fc", "se", "ci_low", "ci_high", "df", "p", "q", "mde80")
KEY = ["dataset", "contrast", "feature_id"]
NAMES = ["symbol", "human_symbol"]


def answer_sex(evidence: Evidence) -> Answer:
    """Compare female and male effects, contrast by contrast.

    The main table counts features that are significant (q below the false discovery rate) in females, in males and by
    the interaction. The table ``genes`` classes the axis and panel genes, whatever their result, and every feature
    whose interaction is significant; two effects whose difference is shown to be smaller than the smallest effect of
    interest count as shared.
    """
    effects, thresholds = evidence.effects, evidence.thresholds
    fdr = thresholds.fdr
    wide = _side_by_side(effects)
    flags = {f"significant_{stratum}": wide[f"q_{stratum}"].lt(fdr) for stratum in BY_SEX}
    wide = wide.assign(**flags)
    table = _count(wide, fdr)
    named = {*evidence.axis.genes, *(gene for panel in evidence.panels.values() for gene in panel)}
    listed = wide["human_symbol"].isin(named) | wide["significant_interaction"]
    chosen = wide[listed].assign(**{"class": _classify(wide, thresholds)[listed.to_numpy()]})
    chosen = chosen[[*KEY, *NAMES, *_columns_told(), "class"]]
    chosen["wording"] = [_wording(row) for row in chosen.to_dict("records")]
    verdict, reasons = _tell(table, fdr), [*table["wording"], *_why_not(effects)]
    return Answer("sex", SEX.asks, verdict, reasons, {"": table, "genes": chosen})


SEX = Question(
    name="sex",
    asks="Do females and males respond differently?",
    title="Do the sexes differ?",
    brief="Sexes",
    answer=answer_sex,
)


def _side_by_side(effects: pd.DataFrame) -> pd.DataFrame:
    """One row per data set x contrast x feature with the four strata in columns; tested features only."""
    rows = effects[effects["stratum"].isin(BY_SEX) & effects["status"].eq(Status.TESTED)]
    if rows.empty:
        columns = [*KEY, *NAMES, *(f"{field}_{stratum}" for stratum in BY_SEX for field in FIELDS)]
        return rows.reindex(columns=columns)
    rows = rows.astype({"dataset": str, "contrast": str, "stratum": str})
    wide = rows.pivot(index=KEY, columns="stratum", values=list(FIELDS))
    wide.columns = [f"{field}_{stratum}" for field, stratum in wide.columns]
    wide = wide.reindex(columns=[f"{field}_{stratum}" for stratum in BY_SEX for field in FIELDS])
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

    female, male = wide["significant_female"], wide["significant_male"]
    flags = wide[KEY[:2]].assign(
        n_tested=wide["q_interaction"].notna(),
        significant_female=female,
        significant_male=male,
        significant_both=female & male,
        significant_female_only=female & ~male,
        significant_male_only=male & ~female,
        significant_interaction=wide["significant_interaction"],
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


def _classify(wide: pd.DataFrame, thresholds: Thresholds) -> np.ndarray:
    """:class:`~sevaxis.base.vocabulary.SexClass` of each row, by the interaction and the effect sizes."""
    import numpy as np

    from sevaxis.models.inference.power import equivalence

    female, male = wide["log2fc_female"].to_numpy(float), wide["log2fc_male"].to_numpy(float)
    both = wide["significant_female"] & wide["significant_male"]
    opposed = (np.sign(female) != np.sign(male)) & both
    difference, se, df = (wide[f"{field}_interaction"].to_numpy(float) for field in ("log2fc", "se", "df"))
    alike = equivalence(difference, se, df, thresholds.smallest_effect) < thresholds.alpha
    larger = np.where(np.abs(female) > np.abs(male), SexClass.LARGER_IN_FEMALES, SexClass.LARGER_IN_MALES)
    return np.where(
        wide["significant_interaction"],
        np.where(opposed, SexClass.OPPOSITE, larger),
        np.where(wide["significant_average"] & alike, SexClass.SHARED, SexClass.UNDETERMINED),
    )


def _columns_told() -> list[str]:
    per_sex = [f"{field}_{stratum}" for stratum in BY_SEX[:3] for field in ("log2fc", "q")]
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
        case SexClass.SHARED:
            end = "the effect is shared: any difference is smaller than the smallest effect of interest"
        case SexClass.UNDETERMINED if row["mde80_interaction"] != row["mde80_interaction"]:
            end = "undetermined: less than one degree of freedom"
        case SexClass.UNDETERMINED:
            end = f"undetermined: of differences below {row['mde80_interaction']:.2g} more than one in five is missed"
        case other:
            end = SexClass(other).words
    return f"{effects}; {difference}; {end}."


def _tell(table: pd.DataFrame, fdr: float) -> str:
    if table.empty:
        return "Not estimable: no contrast of this study has effects by sex."
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
    interaction = effects[effects["stratum"].eq(Stratum.INTERACTION)]
    rows = interaction[interaction["status"].eq(Status.NOT_ESTIMABLE)]
    tested = interaction[interaction["status"].eq(Status.TESTED)]
    split = set(tested[KEY[:2]].drop_duplicates().itertuples(index=False, name=None))
    reasons = rows[[*KEY[:2], "reason"]].drop_duplicates(KEY[:2]).itertuples(index=False, name=None)
    return [
        f"{dataset}, {contrast}: sex strata not estimable: {reason}."
        for dataset, contrast, reason in reasons
        if (dataset, contrast) not in split
    ]
