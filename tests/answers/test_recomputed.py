"""Verdicts beside those that tests/answers/recompute.py reads from the effects table alone."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sevaxis.answers.readings import read_axis
from sevaxis.answers.sexes import classify, side_by_side
from sevaxis.effects.table import conform, read_effects
from sevaxis.study.settings import Axis, Thresholds

from tests.answers import recompute

GENES = ("FBXO2", "SORBS3", "FLOT1", "CD63")
#: One sex female, one male, their average and difference as weights of (female, male).
WEIGHTS = {"female": (1, 0), "male": (0, 1), "average": (0.5, 0.5), "interaction": (-1, 1)}


def draw_effects(rng: np.random.Generator, contrasts: int = 40) -> pd.DataFrame:
    """Tables of every kind: one sex or both, proteins with presence, counts, published, several features of a gene."""
    kinds = ["protein", "protein", "rna_counts", "effects"]
    parts = [_contrast(rng, i, kinds[i % 4], by_sex=i % 8 < 5, others=12) for i in range(contrasts)]
    return conform(pd.DataFrame([row for part in parts for row in part]))


def _contrast(rng: np.random.Generator, i: int, assay: str, *, by_sex: bool, others: int) -> list[dict]:
    by_sex = by_sex and assay != "effects"
    whole = ["all", "female", "male"][i % 3]
    names = [(gene, f"{gene}.{k}") for gene in GENES for k in range(int(rng.integers(1, 3)))]
    names += [(f"G{k}", f"G{k}") for k in range(others)]
    clear, same = rng.choice([0.0, 0.3, 1.0, 3.0]), rng.random() < 0.5
    rows = []
    for gene, feature in names:
        sexes = rng.normal(0, clear, 2) if rng.random() < 0.7 else np.full(2, rng.normal(0, clear))
        sexes = np.full(2, sexes[0]) if same else sexes
        se, df = np.exp(rng.normal(-2.2, 0.7)), float(rng.choice([0.6, 4.0, 9.5, 30.0, np.nan]))
        estimates = sexes + se * rng.normal(size=2)
        seen = {"case": rng.integers(0, 13), "reference": rng.integers(0, 13), "mean": rng.normal(20, 3)}
        for stratum in WEIGHTS if by_sex else [whole]:
            weight = np.array(WEIGHTS[stratum] if by_sex else (1, 0), dtype=float)
            value, error = float(weight @ estimates), float(se * np.sqrt(weight @ weight))
            rows.append(
                _row(rng, f"d{i % 7}", f"c{i}", assay, stratum, gene, feature, value, error, df, seen)
            )
    frame = pd.DataFrame(rows)
    for _, each in frame.groupby("stratum"):
        p = each["p"].dropna()
        frame.loc[p.index, "q"] = stats.false_discovery_control(p) if len(p) else []
    published = frame["assay"].eq("effects") & (rng.random(len(frame)) < 0.5)
    frame.loc[published, ["p", "t", "se", "df", "ci_low", "ci_high", "mde80"]] = np.nan
    frame.loc[published, "q"] = rng.random(published.sum()) ** 6
    return frame.to_dict("records")


def _row(rng, dataset, contrast, assay, stratum, gene, feature, value, se, df, seen) -> dict:
    t, shown = value / se, np.inf if np.isnan(df) else df
    half = stats.t.isf(0.025, shown) * se
    row = {
        "dataset": dataset, "assay": assay, "organism": "human", "tissue": "muscle", "compartment": "sev",
        "contrast": contrast, "role": "overtraining", "stratum": stratum, "feature_id": feature, "symbol": gene,
        "human_symbol": gene, "n_case": 12, "n_reference": 12, "detected_case": seen["case"],
        "detected_reference": seen["reference"], "log2fc": value, "se": se, "t": t, "df": df,
        "ci_low": value - half, "ci_high": value + half, "p": 2 * stats.t.sf(abs(t), shown), "q": np.nan,
        "mean_abundance": seen["mean"], "mde80": 3 * se, "status": "tested", "reason": None,
    }  # fmt: skip
    carried = assay == "rna_counts" and rng.random() < 0.1
    if assay == "protein" or carried:
        row |= {
            "detection_p": rng.choice([1.0, 0.3, 1e-3, 1e-6]), "detection_p_min": rng.choice([0.1, 1e-3, 1e-8]),
            "detection_log_or": rng.normal(0, 3),
        }  # fmt: skip
        row["detection_p"] = max(row["detection_p"], row["detection_p_min"])
    if carried:
        row["reason"] = (
            "counted in 3 of 12 case and 0 of 12 reference samples: the fold change tells of presence, not of an amount"
        )
    if assay != "effects" and rng.random() < 0.1:
        gone = ("log2fc", "se", "t", "df", "ci_low", "ci_high", "p", "mde80")
        status = str(rng.choice(["not_estimable", "absent", "low"]))
        row |= dict.fromkeys(gone, np.nan) | {"status": status, "reason": "why"}
    return row


def assert_as_recomputed(
    effects: pd.DataFrame, axis_rows: pd.DataFrame, classes: pd.DataFrame, genes
) -> pd.DataFrame:
    """Hold the axis table and the classes of the sexes against what the effects allow; the recomputed classes."""
    expected = recompute.axis_table(effects, tuple(genes))
    key = ["dataset", "contrast", "stratum", "feature_id"]
    numbers = ["p_gene", "p_holm", "ci_low_family", "ci_high_family", "mde80_family"]
    texts = ["family", "reading", "size"]
    found = axis_rows.astype(dict.fromkeys([*key, *texts], str)).set_index(key).sort_index()
    expected = expected.set_index(key).sort_index()
    assert list(found.index) == list(expected.index)
    for name in texts:
        given = found[name].replace("nan", "")
        differ = given != expected[name].astype(str)
        assert not differ.any(), pd.DataFrame({"found": given, "expected": expected[name]})[differ]
    assert (found["family_size"] == expected["family_size"]).all()
    for name in numbers:
        np.testing.assert_allclose(
            found[name].astype(float), expected[name], rtol=1e-4, atol=1e-9, err_msg=name
        )
    sexes = recompute.sex_table(effects, expected.reset_index())
    key = key[:2] + key[3:]
    sexes = sexes.set_index(key).sort_index()
    classes = classes.astype(dict.fromkeys([*key, "class"], str)).set_index(key).sort_index()
    both = sexes.loc[classes.index]
    differ = classes["class"] != both["class"]
    assert not differ.any(), pd.DataFrame({"found": classes["class"], "expected": both["class"]})[differ]
    ratios = both["class"].isin(["both", "both_alike"])  # elsewhere none is told
    for name in ("ratio_low", "ratio_high"):
        np.testing.assert_allclose(
            classes.loc[ratios, name].astype(float), both.loc[ratios, name], rtol=1e-4, err_msg=name
        )
    for name in ("ci_low_decided", "ci_high_decided"):
        np.testing.assert_allclose(
            classes[name].astype(float), both[name], rtol=1e-4, atol=1e-6, err_msg=name
        )
    return sexes


def test_every_verdict_is_what_its_row_allows():
    """Drawn tables in which every reading, size and class occurs."""
    effects = draw_effects(np.random.default_rng(5))
    rows = read_axis(effects, Axis(genes=GENES), Thresholds())
    classes = classify(side_by_side(effects, rows, Thresholds()), Thresholds())
    sexes = assert_as_recomputed(effects, rows, classes, GENES)
    assert len(sexes) == len(classes)
    assert set(rows["reading"].astype(str)) == {
        "up", "down", "appears", "disappears", "no_relevant_change", "undetermined", "published_up", "published_down",
        "published_neither", "not_estimable", "not_measured",
    }  # fmt: skip
    assert set(rows["size"]) == {"", "at_least", "below", "uncertain"}
    assert set(classes["class"]) == {
        "both", "both_alike", "larger_in_females", "larger_in_males", "opposite", "differs", "no_relevant_difference",
        "undetermined",
    }  # fmt: skip


def assert_results_as_recomputed(results: Path, genes) -> None:
    """The same of a study's results on disk."""
    effects = read_effects(results / "effects.parquet")
    axis_rows = pd.read_csv(results / "axis.tsv", sep="\t", keep_default_na=False, na_values=[""])
    axis_rows[["size", "family"]] = axis_rows[["size", "family"]].fillna("")
    sexes = pd.read_csv(results / "answers/sex.genes.tsv", sep="\t", low_memory=False)
    expected = assert_as_recomputed(effects, axis_rows, sexes, genes)
    counts = pd.read_csv(results / "answers/sex.tsv", sep="\t").set_index(["dataset", "contrast"])
    classes = expected.groupby(["dataset", "contrast"])["class"].value_counts()
    for (dataset, contrast, name), count in classes.items():
        assert counts.loc[(dataset, contrast), name] == count, (dataset, contrast, name)


@pytest.mark.slow
def test_the_public_study_says_no_more_than_its_rows(root):
    """Of results that lie here, which must be of this code: `make public` first."""
    results = root / "results" / "public"
    if not (results / "effects.parquet").is_file():
        pytest.skip("NOT TESTED: no results of the public study (make public)")
    assert_results_as_recomputed(results, GENES)
