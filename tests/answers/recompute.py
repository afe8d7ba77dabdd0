"""Every verdict again, from the effects table alone: row by row, by SciPy, with nothing of the answers room.

Written from what the verdicts are said to mean (docs/statistics.md), so that a slip in either shows.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
from scipy import optimize, stats
from scipy.special import ndtr

ALPHA, FDR, POWER, MARGIN = 0.05, 0.05, 0.8, 0.585
ROW = ["dataset", "contrast", "stratum", "human_symbol"]
COUNTED = ("rna_counts", "single_cell")
SEXES = ("female", "male", "average", "interaction")
TELLS_OF_PRESENCE = ("the fold change tells of presence, not of an amount", "not the data's")
CARRIED_BY_FEW = TELLS_OF_PRESENCE[0]


def holm(p: list[float]) -> list[float]:
    """Holm 1979, by its definition."""
    order, adjusted, before = np.argsort(p, kind="stable"), [0.0] * len(p), 0.0
    for place, i in enumerate(order):
        before = max(before, min(1.0, (len(p) - place) * p[i]))
        adjusted[i] = before
    return adjusted


@lru_cache(maxsize=10_000)
def noncentrality(df: float, level: float) -> float:
    """True effect in standard errors that a two-sided t-test finds with the wished power.

    The normal probability given the observed standard error, averaged over that error's distribution.
    """
    if not df >= 1:
        return np.nan
    critical = stats.t.isf(level / 2, df)
    chances = (np.arange(4000) + 0.5) / 4000
    scale = np.sqrt(stats.chi2.ppf(chances, df) / df) if np.isfinite(df) else np.ones(1)

    def missing(effect: float) -> float:
        return float(np.mean(ndtr(effect - critical * scale) + ndtr(-effect - critical * scale))) - POWER

    return optimize.brentq(missing, 0, 3 * critical + 10, rtol=1e-9)


def axis_table(effects: pd.DataFrame, genes: tuple[str, ...]) -> pd.DataFrame:
    """What the axis table must say, a row for each gene, contrast and stratum."""
    effects = effects.astype(dict.fromkeys(("dataset", "contrast", "stratum", "status", "assay"), str))
    told = []
    for dataset, mine in effects.groupby("dataset", sort=False):
        chosen = [_feature_of(mine[mine["human_symbol"].eq(gene)]) for gene in genes]
        for contrast, rows in mine.groupby("contrast", sort=False):
            whole = _whole(rows)
            rows = rows[rows["feature_id"].isin([feature for feature in chosen if feature])]
            rows = rows[rows["human_symbol"].isin(genes)]
            for family, strata in (
                ("primary", [whole]),
                ("secondary", ["female", "male", "interaction"]),
                ("", SEXES),
            ):
                if family == "secondary" and whole != "average":
                    continue
                of_family = rows[rows["stratum"].isin(strata)]
                if family == "":
                    others = {whole} if whole != "average" else set(SEXES)
                    of_family = rows[~rows["stratum"].isin(others)]
                told += _family(of_family.to_dict("records"), family, dataset, contrast)
    return pd.DataFrame(told)


def _feature_of(rows: pd.DataFrame) -> str | None:
    """The feature of a gene that was seen in most samples, then the most abundant, the tested, the first by name."""
    if rows.empty:
        return None
    best = []
    for feature, each in rows.groupby("feature_id", sort=False):
        seen = (
            each["detected_case"].fillna(0).astype(float) + each["detected_reference"].fillna(0).astype(float)
        ).max()
        abundance = each["mean_abundance"].max()
        abundance = -np.inf if np.isnan(abundance) else abundance
        best.append((-seen, -abundance, not each["status"].eq("tested").any(), str(feature)))
    return min(best)[-1]


def _whole(rows: pd.DataFrame) -> str:
    there = set(rows["stratum"])
    tested = set(rows.loc[rows["status"].eq("tested"), "stratum"])
    order = ("all", "average", "female", "male")
    return next(s for s in (*(s for s in order if s in tested), *(s for s in order if s in there), ""))


def _family(rows: list[dict], family: str, dataset: str, contrast: str) -> list[dict]:
    """Readings of one family."""
    candidates = sum(
        (row["status"] == "tested" and row["p"] == row["p"])
        or np.nansum([_number(row["detected_case"]), _number(row["detected_reference"])]) > 0
        for row in rows
    )
    for row in rows:
        row["p_abundance"] = row["p"] if row["status"] == "tested" else np.nan
        carried = str(row["reason"]).endswith(CARRIED_BY_FEW)
        counted = row["assay"] in COUNTED and not carried
        row["p_presence"] = row["detection_p"] if family and not counted else np.nan
        least = row["detection_p_min"]
        row["by_presence"] = bool(family and not counted and 2 * candidates * least <= ALPHA)
        row["p_gene"] = row["p_abundance"] if family else np.nan
        if carried and family:
            row["by_presence"] = row["p_presence"] == row["p_presence"]
            row["p_gene"] = min(1.0, 2 * row["p_presence"]) if row["by_presence"] else np.nan
        elif row["by_presence"]:
            row["p_gene"] = min(1.0, 2 * np.nanmin([row["p_presence"], row["p_abundance"]]))
    tests = [row for row in rows if row["p_gene"] == row["p_gene"]]
    adjusted = holm([row["p_gene"] for row in tests])
    for row in rows:
        row["p_holm"] = np.nan
    for row, p in zip(tests, adjusted, strict=True):
        row["p_holm"] = p
    return [{"dataset": dataset, "contrast": contrast, **_read(row, family, len(tests))} for row in rows]


def _number(value: object) -> float:
    return np.nan if pd.isna(value) else float(value)


def _read(row: dict, family: str, m: int) -> dict:
    """What one row may say at its part of the level."""
    level = ALPHA / max(m, 1)
    effect, se = row["log2fc"], row["se"]
    df = np.inf if np.isnan(row["df"]) else row["df"]
    remark = str(row["reason"])
    carried, sized = remark.endswith(CARRIED_BY_FEW), family and not remark.endswith(TELLS_OF_PRESENCE)
    half = stats.t.isf(level / 2, df) * se if sized else np.nan
    low, high = effect - half, effect + half
    presence = row["by_presence"] and (carried or not row["p_abundance"] < row["p_presence"])
    sign = row["detection_log_or"] if presence else effect
    by_presence = presence or remark.endswith(TELLS_OF_PRESENCE)
    # within the margins on both sides, each at the level
    inner = stats.t.isf(level, df) * se if sized else np.nan
    equal = effect - inner >= -MARGIN and effect + inner <= MARGIN
    published = row["assay"] == "effects" and np.isnan(row["p"]) and not np.isnan(effect)
    if row["status"] != "tested" and np.isnan(row["p_gene"]):
        reading = "not_estimable" if row["status"] == "not_estimable" else "not_measured"
    elif published and row["q"] == row["q"]:
        reading = "published_neither" if not row["q"] < FDR else f"published_{'up' if effect > 0 else 'down'}"
    elif row["p_holm"] <= ALPHA:
        reading = ("appears" if sign > 0 else "disappears") if by_presence else ("up" if sign > 0 else "down")
    elif equal and family and not by_presence and not row["by_presence"]:
        reading = "no_relevant_change"
    else:
        reading = "undetermined"
    size = ""
    if reading in ("up", "down"):
        size = "uncertain"
        if low > MARGIN or high < -MARGIN:
            size = "at_least"
        elif low > -MARGIN and high < MARGIN:
            size = "below"
    own = level / 2 if row["by_presence"] else level
    mde = noncentrality(df, own) * se if sized and se == se else np.nan
    names = ("stratum", "human_symbol", "feature_id", "p_gene", "p_holm", "by_presence", "log2fc", "se")
    return {
        **{name: row[name] for name in names}, "df": df, "family": family, "family_size": m if family else 0,
        "ci_low_family": low, "ci_high_family": high, "reading": reading, "size": size, "mde80_family": mde,
        "decided_by": "presence" if by_presence else "abundance", "sign": np.sign(sign),
    }  # fmt: skip


def sex_table(effects: pd.DataFrame, axis: pd.DataFrame) -> pd.DataFrame:
    """Class of every feature whose interaction was tested, by feature: axis genes by family, all others by q."""
    effects = effects[effects["stratum"].isin(SEXES) & effects["status"].eq("tested")]
    effects = effects.astype(dict.fromkeys(("dataset", "contrast", "stratum"), str))
    told = []
    families = axis[axis["p_gene"].notna() & axis["stratum"].isin(SEXES)]
    key = ["dataset", "contrast"]
    contrasts = pd.concat([effects[key], families[key]]).drop_duplicates().itertuples(index=False, name=None)
    for dataset, contrast in contrasts:
        here = effects[effects["dataset"].eq(dataset) & effects["contrast"].eq(contrast)]
        mine = families[families["dataset"].eq(dataset) & families["contrast"].eq(contrast)]
        features: dict[str, dict[str, dict]] = {}
        for stratum, rows in here.groupby("stratum"):
            known = rows["q"].notna().sum()
            level = max(rows.loc[rows["q"].lt(FDR), "p"].max(), FDR / max(known, 1))
            level = FDR / max(known, 1) if np.isnan(level) else level
            for row in rows.to_dict("records"):
                found = row["q"] < FDR
                told_of = {"found": found, "off": found, "level": level, "decided_by": "abundance"}
                features.setdefault(row["feature_id"], {})[stratum] = {
                    **row, **told_of, "sign": np.sign(row["log2fc"]), "df": _infinite(row["df"])
                }  # fmt: skip
        for row in mine.to_dict("records"):
            level = ALPHA / row["family_size"]
            told_of = {"found": row["p_holm"] <= ALPHA, "off": row["p_gene"] <= level, "level": level}
            features.setdefault(row["feature_id"], {})[row["stratum"]] = {**row, **told_of}
        family = set(mine["feature_id"])
        compared = {name: strata for name, strata in features.items() if "interaction" in strata}
        _join(compared, family)
        small, alike = _small(compared, family), _alike(compared, family)
        rows = [strata["interaction"] for strata in compared.values()]
        level, se, df = (np.array([row[name] for row in rows], dtype=float) for name in ("level", "se", "df"))
        half = stats.t.isf(level / 2, df) * se
        told += [
            {
                "dataset": dataset, "contrast": contrast, "feature_id": name,
                **_class(strata, small[name], alike.get(name)),
                "ci_low_decided": strata["interaction"]["log2fc"] - width,
                "ci_high_decided": strata["interaction"]["log2fc"] + width,
            }
            for (name, strata), width in zip(compared.items(), half, strict=True)
        ]  # fmt: skip
    return pd.DataFrame(told)


def _infinite(df: float) -> float:
    return np.inf if np.isnan(df) else df


def _join(features: dict[str, dict[str, dict]], family: set[str]) -> None:
    """Where q decides, both sexes are off zero by the q of the larger p: nowhere else is either of them."""
    larger = {
        name: max(strata["female"]["p"], strata["male"]["p"])
        for name, strata in features.items()
        if name not in family and "female" in strata and "male" in strata
    }
    known = {name: p for name, p in larger.items() if p == p}
    q = dict(zip(known, stats.false_discovery_control(list(known.values())), strict=True)) if known else {}
    for name in larger:
        if not q.get(name, 1.0) < FDR:
            features[name]["female"]["off"] = False


def _small(features: dict[str, dict[str, dict]], family: set[str]) -> dict[str, bool]:
    """Whose difference between the sexes is shown to be below the margin."""
    rows = [strata["interaction"] for strata in features.values()]
    effect, se, df = (np.array([row[name] for row in rows], dtype=float) for name in ("log2fc", "se", "df"))
    p = dict(zip(features, stats.t.sf((MARGIN - np.abs(effect)) / se, df), strict=True))
    others = [name for name in features if name not in family and p[name] == p[name]]
    q = (
        dict(zip(others, stats.false_discovery_control([p[n] for n in others]), strict=True))
        if others
        else {}
    )
    level = {name: strata["interaction"]["level"] for name, strata in features.items()}
    return {name: p[name] <= level[name] if name in family else q.get(name, 1.0) < FDR for name in features}


def _alike(features: dict[str, dict[str, dict]], family: set[str]) -> dict[str, bool]:
    """Whose effects are shown to be within two-fold of each other, where q decides: by both one-sided tests."""
    p = {}
    for name, strata in features.items():
        if name in family or "female" not in strata or "male" not in strata:
            continue
        one, other, se = strata["female"], strata["male"], strata["interaction"]["se"]
        sign = np.sign(one["log2fc"] + other["log2fc"])
        each = []
        for x, y in ((one, other), (other, one)):
            var_x, var_y = 4 * x["se"] ** 2, y["se"] ** 2
            cov = (x["se"] ** 2 + y["se"] ** 2 - se**2) / 2
            df = x["df"]
            if not np.isclose(df, y["df"], rtol=1e-6, atol=0):
                df = (var_x + var_y) ** 2 / (var_x**2 / x["df"] + var_y**2 / y["df"])
            t = sign * (2 * x["log2fc"] - y["log2fc"]) / np.sqrt(var_x + var_y - 4 * cov)
            each.append(stats.t.sf(t, df))
        if not np.isnan(each).any():
            p[name] = max(each)
    if not p:
        return {}
    q = stats.false_discovery_control(list(p.values()))
    return {name: each < FDR for name, each in zip(p, q, strict=True)}


def _class(strata: dict[str, dict], small: bool, alike: bool | None) -> dict:
    """The class of one feature; ``alike`` where q decides."""
    nothing = {
        "found": False, "off": False, "sign": np.nan, "decided_by": None, "level": np.nan, "log2fc": np.nan,
        "se": np.nan, "df": np.inf,
    }  # fmt: skip
    female, male, average, interaction = (strata.get(stratum, nothing) for stratum in SEXES)
    presence = "presence" in (female["decided_by"], male["decided_by"])
    level = np.nanmin([each["level"] for each in (female, male, average, interaction)])
    both_off = female["off"] and male["off"]
    low = high = np.nan
    if both_off and not presence:
        low, high = _fieller(male, female, interaction["se"], level)
    ordered = average["found"] and average["decided_by"] == interaction["decided_by"]
    together = average["sign"] * interaction["sign"]
    if interaction["found"] and both_off and female["sign"] * male["sign"] < 0:
        name = "opposite"
    elif interaction["found"] and ordered and together != 0 and together == together:
        name = "larger_in_males" if together > 0 else "larger_in_females"
    elif interaction["found"]:
        name = "differs"
    elif both_off and female["sign"] * male["sign"] > 0:
        name = "both_alike" if (low >= 0.5 and high <= 2 if alike is None else alike) else "both"
    elif small and not presence and interaction["decided_by"] != "presence":
        name = "no_relevant_difference"
    else:
        name = "undetermined"
    return {"class": name, "ratio_low": low, "ratio_high": high}


def _fieller(a: dict, b: dict, se_difference: float, level: float) -> tuple[float, float]:
    """All r that a t-test of a - r b = 0 does not reject, from the roots of its quadratic; NaN where unbounded."""
    var_a, var_b = a["se"] ** 2, b["se"] ** 2
    cov = (var_a + var_b - se_difference**2) / 2
    df = b["df"]
    if not np.isclose(a["df"], df, rtol=1e-6, atol=0):
        scaled = (a["log2fc"] / b["log2fc"]) ** 2 * var_b
        df = (var_a + scaled) ** 2 / (var_a**2 / a["df"] + scaled**2 / b["df"])
    t2 = stats.t.isf(level / 2, df) ** 2
    quadratic = [
        b["log2fc"] ** 2 - t2 * var_b, -2 * (a["log2fc"] * b["log2fc"] - t2 * cov), a["log2fc"] ** 2 - t2 * var_a
    ]  # fmt: skip
    if not np.isfinite(quadratic).all() or quadratic[0] <= 1e-9 * b["log2fc"] ** 2:
        return np.nan, np.nan
    ends = np.sort(np.roots(quadratic).real)
    return float(ends[0]), float(ends[1])
