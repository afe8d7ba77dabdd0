"""Found against planted: what a simulated study's analysis finds of the effects that were put in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sevaxis.answers.question import Answer, Evidence, Question
from sevaxis.base.vocabulary import Status

if TYPE_CHECKING:
    import pandas as pd

KEY = ["dataset", "contrast", "stratum"]


def answer_planted(evidence: Evidence) -> Answer:
    """Compare the effects of simulated data sets with the truth that was planted in them.

    ``evidence.truth`` holds per data set ``contrast``, ``stratum``, ``feature_id``, ``log2fc``, ``planted``, ``note``.

    Returns
    -------
    Main table, a row per data set x contrast x stratum: ``n_planted`` (true effect not zero), ``n_tested`` (of these,
    tested), ``n_found`` (of these, q < fdr with the right sign), ``sensitivity`` = n_found / n_tested;
    ``n_above_mde`` (planted, tested and at least as large as the feature's minimum detectable effect) and
    ``sensitivity_above_mde``; ``n_significant``, ``n_false`` (of these, nothing was planted or the other sign),
    ``false_discovery_proportion`` = n_false / n_significant; ``planted_in_ci`` and ``all_in_ci`` (share of planted and
    of all true effects within the 95 % interval). A share of nothing is missing. The table ``genes`` sets estimate and
    truth of the story's genes side by side.

    Raises
    ------
    ValueError
        Where a data set of the effects has no truth, or no feature of a data set is in its truth.
    """
    fdr = evidence.thresholds.fdr
    compared = _join(evidence.effects, evidence.truth or {}, fdr)
    table = (
        compared.groupby(KEY, observed=True, sort=False)[list(compared.columns)]
        .apply(_summarise)
        .reset_index()
    )
    columns = [
        "feature_id",
        "human_symbol",
        "true_log2fc",
        "log2fc",
        "ci_low",
        "ci_high",
        "q",
        "mde80",
        "status",
    ]
    genes = compared.loc[compared["named"], [*KEY, *columns, "found", "within", "note"]]
    return Answer("planted", PLANTED.asks, *_tell(table, compared, fdr), {"": table, "genes": genes})


PLANTED = Question(
    name="planted",
    asks="How much of what was planted is found, and is what is found true?",
    title="Planted and found",
    brief="Planted and found",
    answer=answer_planted,
    needs=("truth",),
)


def _tell(table: pd.DataFrame, compared: pd.DataFrame, fdr: float) -> tuple[str, list[str]]:
    """The verdict and its reasons."""
    total = table[["n_tested", "n_found", "n_significant", "n_false"]].sum()
    false = _share(total["n_false"], total["n_significant"])
    worst = table.loc[table["n_significant"] >= 20, "false_discovery_proportion"].max()
    verdict = (
        f"Of {total['n_tested']} planted effects that could be tested {total['n_found']} were found "
        f"({_percent(_share(total['n_found'], total['n_tested']))}); {_percent(false)} of what was found is false, "
        f"{'within' if false <= fdr else 'more than'} the {_percent(fdr)} allowed."
    )
    above = table["n_above_mde"].sum()
    seen = (table["n_above_mde"] * table["sensitivity_above_mde"].fillna(0)).sum()
    reasons = [
        f"Of {above} planted effects larger than their minimum detectable effect {_percent(_share(seen, above))} were "
        "found; the MDE is for a single test, the search through all features asks for more.",
        f"{_percent(_share(compared['within'].sum(), compared['tested'].sum()))} of all true effects lie within their "
        "95 % interval.",
        f"The false discovery proportion is largest, where 20 or more were found, at {_percent(worst)}; the "
        "rate is controlled on average, not in every list.",
    ]
    untested = int(compared.loc[compared["planted"], "tested"].eq(False).sum())
    if untested:
        reasons.append(
            f"{untested} planted effects could not be tested (too low, never detected, or in one group only)."
        )
    return verdict, reasons


def _join(effects: pd.DataFrame, truth: Mapping[str, pd.DataFrame], fdr: float) -> pd.DataFrame:
    """The truth of each feature with its effect beside it."""
    import pandas as pd

    from sevaxis.answers.readings import significant

    parts = []
    for dataset, rows in effects.groupby("dataset", observed=True, sort=False):
        if dataset not in truth:
            raise ValueError(f"no truth for the data set {dataset}")
        known = truth[dataset].rename(columns={"log2fc": "true_log2fc"})
        plain = rows.drop(columns="human_symbol").astype(
            {"dataset": str, "contrast": str, "stratum": str, "status": str, "feature_id": str}
        )
        # a planted feature that has no row of effects counts as not tested
        joined = plain.merge(known, on=["contrast", "stratum", "feature_id"], how="right", validate="1:1")
        if joined["status"].isna().all():
            raise ValueError(f"no feature of {dataset} is in its truth")
        joined["dataset"] = str(dataset)
        parts.append(joined)
    joined = pd.concat(parts, ignore_index=True)
    joined["planted"] = joined["planted"].eq(1)
    joined["tested"] = joined["status"].eq(Status.TESTED)
    joined["significant"] = significant(joined, fdr)
    joined["found"] = (
        joined["significant"] & joined["planted"] & (joined["log2fc"] * joined["true_log2fc"] > 0)
    )
    joined["false"] = joined["significant"] & ~joined["found"]
    joined["above_mde"] = (
        joined["tested"] & joined["planted"] & (joined["true_log2fc"].abs() >= joined["mde80"])
    )
    joined["within"] = joined["tested"] & joined["true_log2fc"].between(joined["ci_low"], joined["ci_high"])
    # simulated features besides the story have made-up symbols
    joined["named"] = joined["note"].fillna("").ne("") & ~joined["human_symbol"].fillna("SIM").str.startswith(
        "SIM"
    )
    return joined


def _summarise(rows: pd.DataFrame) -> pd.Series:
    import pandas as pd

    planted = rows["planted"] & rows["tested"]
    significant, above = rows["significant"].sum(), rows["above_mde"].sum()
    return pd.Series(
        {
            "n_planted": rows["planted"].sum(),
            "n_tested": planted.sum(),
            "n_found": rows["found"].sum(),
            "sensitivity": _share(rows["found"].sum(), planted.sum()),
            "n_above_mde": above,
            "sensitivity_above_mde": _share((rows["found"] & rows["above_mde"]).sum(), above),
            "n_significant": significant,
            "n_false": rows["false"].sum(),
            "false_discovery_proportion": _share(rows["false"].sum(), significant),
            "planted_in_ci": _share((rows["within"] & planted).sum(), planted.sum()),
            "all_in_ci": _share(rows["within"].sum(), rows["tested"].sum()),
        },
        dtype=object,
    )


def _share(part: float, whole: float) -> float:
    return float(part) / float(whole) if whole else float("nan")


def _percent(share: float) -> str:
    return "none" if share != share else f"{100 * share:.1f} %"
