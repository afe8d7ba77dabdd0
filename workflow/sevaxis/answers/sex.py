"""Do females and males respond differently? Only the interaction can say so.

That a gene is significant in one sex and not in the other is no difference between the sexes (Gelman & Stern 2006,
Am Stat 60:328): the difference of the two effects has its own standard error, and that is what is tested.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sevaxis.answers.question import Answer, Evidence, Question
from sevaxis.base.vocabulary import BY_SEX, DIFFERENT, SexClass, Status, Stratum

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


def answer_sex(evidence: Evidence) -> Answer:
    """Compare female and male effects, contrast by contrast.

    The main table counts features that are significant (q below the false discovery rate) in females, in males and by
    the interaction, and features of each class (:mod:`sevaxis.answers.sexes`). The table ``genes`` holds the axis and
    panel genes, whatever their result, and every feature whose class says that the sexes differ. Axis genes are decided
    within the secondary family of their contrast, all others by q.
    """
    from sevaxis.answers.sexes import classify, side_by_side

    effects, thresholds = evidence.effects, evidence.thresholds
    wide = classify(side_by_side(effects, evidence.axis_rows, thresholds), thresholds)
    table = _count(wide, thresholds.fdr)
    named = {*evidence.axis.genes, *(gene for panel in evidence.panels.values() for gene in panel)}
    listed = wide["human_symbol"].isin(named) | wide["class"].isin(DIFFERENT)
    chosen = wide.loc[listed, _columns_told()].copy()
    chosen["wording"] = [_wording(row) for row in wide[listed].to_dict("records")]
    axis = wide[wide["in_family"].eq(True)]
    reasons = [
        *(_wording(row, where=True) for row in axis.to_dict("records")),
        *table["wording"],
        *_why_not(effects),
    ]
    return Answer(
        "sex", SEX.asks, _tell(table, wide, evidence.axis.genes), reasons, {"": table, "genes": chosen}
    )


SEX = Question(
    name="sex",
    asks="Do females and males respond differently?",
    title="Do the sexes differ?",
    brief="Sexes",
    answer=answer_sex,
)


def _count(wide: pd.DataFrame, fdr: float) -> pd.DataFrame:
    """How many features are significant in females, in males and by interaction, and how many of each class."""
    import pandas as pd

    contrast = ["dataset", "contrast"]
    significant = {stratum: wide[f"q_{stratum}"].lt(fdr) for stratum in BY_SEX}
    flags = wide[contrast].assign(
        n_tested=wide["q_interaction"].notna(),
        **{f"significant_{stratum}": flag for stratum, flag in significant.items()},
        **{str(name): wide["class"].eq(name) for name in SexClass},
        both_small=wide["class"].isin([SexClass.BOTH, SexClass.BOTH_ALIKE]) & wide["small"],
    )
    table = flags.groupby(contrast, sort=False, observed=True).sum().reset_index()
    table["fdr"] = fdr
    table["wording"] = [
        f"{row.dataset}, {row.contrast}: of {row.n_tested} features {row.significant_interaction} differ between the "
        f"sexes by the interaction (q < {fdr:g}); {row.both + row.both_alike} change in both, {row.both_alike} of them "
        f"shown to be within two-fold of each other and {row.both_small} without a relevant difference; of "
        f"{row.no_relevant_difference} others a relevant difference is excluded; {row.undetermined} are undetermined."
        for row in table.itertuples(index=False)
    ]
    return table if len(table) else pd.DataFrame(columns=[*flags.columns, "fdr", "wording"])


def _columns_told() -> list[str]:
    per_sex = [f"{field}_{stratum}" for stratum in BY_SEX[:3] for field in ("log2fc", "se", "df", "p", "q")]
    of_difference = ("log2fc", "se", "ci_low", "ci_high", "df", "p", "q", "mde80", "level")
    return [
        *("dataset", "contrast", "feature_id", "symbol", "human_symbol", "in_family"),
        *per_sex,
        *(f"{field}_interaction" for field in of_difference),
        *("class", "ratio", "ratio_low", "ratio_high"),
        *("ci_low_decided", "ci_high_decided", "mde80_decided", "mde80_q"),
    ]


def _wording(row: dict, *, where: bool = False) -> str:
    name = row["human_symbol"] if isinstance(row["human_symbol"], str) else row["feature_id"]
    place = f" in {row['dataset']}, {row['contrast']}" if where else ""
    sizes = ", ".join(f"{stratum} {_size(row, stratum)}" for stratum in BY_SEX[:2])
    difference = f"male minus female {_size(row, Stratum.INTERACTION)}"
    low, high = row["ci_low_decided"], row["ci_high_decided"]
    if low == low:
        level = row["level_interaction"]
        shown = f"{100 * (1 - level):.{4 if level > 1e-3 else 7}g}"  # 99.9996 %, not 100 %
        difference += f", {shown} % interval {low:+.2f} to {high:+.2f}"
    end = SexClass(row["class"]).words
    match row["class"]:
        case SexClass.BOTH | SexClass.BOTH_ALIKE if row["ratio"] == row["ratio"]:
            limits = f", {row['ratio_low']:.2f} to {row['ratio_high']:.2f}"
            decided = row["in_family"] and row["ratio_low"] == row["ratio_low"]
            end += f" (male over female {row['ratio']:.2f}{limits if decided else ''})"
        case SexClass.UNDETERMINED if row["mde80_interaction"] == row["mde80_interaction"]:
            end += f": differences below {row['mde80_decided']:.2g} are missed more than once in five"
        case SexClass.UNDETERMINED if row["se_interaction"] == row["se_interaction"]:
            end += ": less than one degree of freedom"
    return f"{name}{place}: {sizes}; {difference}; {end}."


def _size(row: dict, stratum: Stratum) -> str:
    """An effect and its p within what decides: the family's test of the axis genes, q of all others."""
    value, p, q = (row[f"{field}_{stratum}"] for field in ("log2fc", "p", "q"))
    if row[f"presence_{stratum}"]:
        return "by presence"
    if value != value:
        return "not estimable"
    return f"{value:+.2f} (p {p:.2g})" if row["in_family"] else f"{value:+.2f} (q {q:.2g})"


def _tell(table: pd.DataFrame, wide: pd.DataFrame, genes: Sequence[str]) -> str:
    from sevaxis.models.inference.multiplicity import benjamini_hochberg

    if table.empty:
        return "Not estimable: no contrast of this study has effects by sex."
    contrasts = len(table)
    axis = wide[wide["in_family"].eq(True)]
    over = f"Over {contrasts} contrast{'s' if contrasts > 1 else ''} with both sexes"
    found = []
    for gene in genes:
        classes = axis.loc[axis["human_symbol"].eq(gene), "class"].value_counts()
        told = [f"{SexClass(name).words} {classes[name]}" for name in SexClass if name in classes]
        if told:
            found.append(f"{gene}: {', '.join(told)}")
    differ = int(table["significant_interaction"].sum())
    fdr = table["fdr"].iloc[0]
    differing = "1 feature differs" if differ == 1 else f"{differ} features differ"
    features = f"{differing} between the sexes by the interaction test (q < {fdr:g} within a contrast)"
    if contrasts > 1 and differ:
        within = wide["q_interaction"].lt(fdr)
        over_all = benjamini_hochberg(wide["p_interaction"].to_numpy(float)) < fdr
        left = int((within & over_all).sum())
        features += f", {left or 'none'} of them with q taken over all contrasts together"
    missed = [gene for gene in genes if not axis["human_symbol"].eq(gene).any()]
    unasked = f" In no contrast could the sexes be compared for {', '.join(missed)}." if missed else ""
    return f"{over}: {features}. {'. '.join(found)}{'.' if found else ''}{unasked}".strip()


def _why_not(effects: pd.DataFrame) -> list[str]:
    """Contrasts that have no strata by sex, with the reason."""
    key = ["dataset", "contrast"]
    interaction = effects[effects["stratum"].eq(Stratum.INTERACTION)]
    rows = interaction[interaction["status"].eq(Status.NOT_ESTIMABLE)]
    tested = interaction[interaction["status"].eq(Status.TESTED)]
    split = set(tested[key].drop_duplicates().itertuples(index=False, name=None))
    reasons = rows[[*key, "reason"]].drop_duplicates(key).itertuples(index=False, name=None)
    return [
        f"{dataset}, {contrast}: sex strata not estimable: {reason}."
        for dataset, contrast, reason in reasons
        if (dataset, contrast) not in split
    ]
