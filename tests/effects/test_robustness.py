"""A contrast under other analyses: what stands, what falls, what is refused."""

import numpy as np
import pytest
from sevaxis.base.problems import Problems
from sevaxis.effects.compare import compare
from sevaxis.effects.robustness import COLUMNS, add_to_model, robustness_of, vary_choices

from tests.effects.test_compare import GROUPS, SEXES, comparison, matrix, published


def varied(values, card=None, contrast="effect"):
    adata = matrix(values, GROUPS, SEXES)
    return vary_choices(
        adata, card or comparison(), contrast, axis=("P0", "P1"), min_per_group=2, fdr=0.05, seed=1
    )


def test_a_strong_effect_stands_and_the_axis_is_listed_whatever_it_does():
    rng = np.random.default_rng(1)
    values = rng.normal(20, 0.3, (200, 16))
    values[0, ::2] += 4
    found = varied(values)
    assert found.stratum == "average"
    strongest = found.findings.iloc[0]
    assert (strongest["feature"], strongest["stands"], strongest["fails"]) == ("P0", strongest["choices"], "")
    assert set(found.axis["human_symbol"]) == {"P0", "P1"}
    assert found.choices["choice"].iloc[0] == "as reported"


def test_what_is_reported_is_what_compare_reports():
    rng = np.random.default_rng(2)
    values = rng.normal(20, 1, (100, 16))
    values[0, ::2] += 4
    card = comparison(model={"robust": True})
    table, _ = compare(matrix(values, GROUPS, SEXES), card, axis=[])
    row = table[table["stratum"].eq("average") & table["feature_id"].eq("P0")].iloc[0]
    reported = varied(values, card).axis.iloc[0]
    assert (reported["log2fc"], reported["p"]) == (pytest.approx(row["log2fc"]), pytest.approx(row["p"]))


def test_refusals():
    values = np.random.default_rng(3).normal(20, 1, (30, 16))
    with pytest.raises(Problems, match="no such contrast"):
        varied(values, contrast="efect")
    published = {"name": "effect", "role": "disease", "file": "x"}
    with pytest.raises(Problems, match="published table"):
        varied(values, comparison(assay="effects", contrasts=[published]))


@pytest.mark.parametrize("subjects", ["block", "fixed"])
def test_every_choice_takes_subjects_as_the_reported_analysis_does(subjects):
    """One design for all: a method that took the subjects of its columns as a block, too, could not be fitted."""
    rng = np.random.default_rng(4)
    values = rng.normal(20, 1, (100, 16)) + np.repeat(rng.normal(0, 2, (100, 8)), 2, axis=1)
    adata = matrix(values, GROUPS, SEXES, subjects=[f"m{i // 2}" for i in range(16)])
    card = comparison(model={"method": "trend", "subjects": subjects})
    found = vary_choices(adata, card, "effect", axis=("P0",), min_per_group=2, fdr=0.05, seed=1)
    assert (found.choices["tested"] == 100).all()
    assert found.axis["se"].max() < 1.0  # what subjects share is out of every error


def test_axis_genes_stand_beside_what_is_reported():
    """A row per contrast, stratum, axis gene and analysis; those of the reported analysis are those of the effects."""
    rng = np.random.default_rng(5)
    values = rng.normal(20, 1, (100, 16))
    values[:2, ::2] += 4
    values[2, rng.random(16) < 0.5] = np.nan
    adata, card = matrix(values, GROUPS, SEXES), comparison()
    effects, _ = compare(adata, card, axis=["P0", "P2", "NONE"])
    table, told = robustness_of(adata, card, effects, axis=["P0", "P2", "NONE"])
    assert list(table) == list(COLUMNS)
    keys = ["contrast", "stratum", "feature_id", "analysis"]
    assert not table.duplicated(keys).any()
    assert set(table["human_symbol"]) == {"P0", "P2"}
    assert set(table["stratum"]) == {"female", "male", "average", "interaction"}
    reported = table[table["reported"]].merge(effects, on=keys[:3], suffixes=("", "_of_effects"))
    assert len(reported) == 8 and set(reported["analysis"]) == {"as reported"}
    for name in ("log2fc", "se", "df", "p"):
        np.testing.assert_array_equal(reported[name], reported[f"{name}_of_effects"])
    strong = table[table["feature_id"].eq("P0") & table["stratum"].eq("average")]
    assert len(strong) == len(told["analyses"]) / 4 >= 8 and (strong["p"] < 1e-4).all()
    one = table[table["feature_id"].eq("P2") & table["analysis"].eq("seen in 70 % of samples")]
    assert len(one) == 4 and one["p"].isna().all()  # an analysis that does not test it does not vanish
    assert told["not_run"] == {} and told["decides"] == []


def test_an_alternative_of_the_card_stands_beside_the_reported_analysis():
    rng = np.random.default_rng(6)
    quality = rng.normal(size=16)
    values = rng.normal(20, 0.1, (100, 16)) + rng.normal(0, 2, (100, 1)) * quality
    adata = matrix(values, GROUPS, SEXES)
    adata.obs["rin"] = quality
    adata.obs["gaps"] = [None, *quality[1:]]
    alternatives = {"with RNA quality": {"covariates": ["rin"]}, "with gaps": {"covariates": ["gaps"]}}
    card = comparison(model={"alternatives": alternatives})
    effects, _ = compare(adata, card, axis=["P0"])
    table, told = robustness_of(adata, card, effects, axis=["P0"])
    adjusted = table[table["analysis"].eq("with RNA quality") & table["stratum"].eq("average")]
    expected = compare(adata, comparison(model={"covariates": ["rin"]}), axis=[])[0]
    same = expected[expected["feature_id"].eq("P0") & expected["stratum"].eq("average")]
    assert adjusted["p"].item() == same["p"].item()
    assert adjusted["se"].item() < table[table["reported"]]["se"].min()
    assert "missing for 1 samples" in told["not_run"]["with gaps"]


def test_subjects_enter_otherwise_where_the_contrast_lies_within_them():
    rng = np.random.default_rng(7)
    values = rng.normal(20, 1, (100, 16)) + np.repeat(rng.normal(0, 2, (100, 8)), 2, axis=1)
    within = matrix(values, GROUPS, SEXES, subjects=[f"m{i // 2}" for i in range(16)])
    effects, _ = compare(within, comparison(), axis=["P0"])
    table, _ = robustness_of(within, comparison(), effects, axis=["P0"])
    assert {"subjects as blocks", "random intercepts of subjects"} <= set(table["analysis"])
    assert "a mean for each subject" not in set(table["analysis"])  # which is what is reported
    between = matrix(values, ["over"] * 8 + ["control"] * 8, subjects=[f"m{i // 2}" for i in range(16)])
    effects, _ = compare(between, comparison(), axis=["P0"])
    table, _ = robustness_of(between, comparison(), effects, axis=["P0"])
    assert "a mean for each subject" not in set(table["analysis"])
    assert "random intercepts of subjects" not in set(table["analysis"])  # which is what is reported
    assert "prior not robust" in set(table["analysis"])


def test_a_choice_that_decides_is_told():
    """Two thirds of the libraries of a group are noise: samples weighed find what voom does not."""
    rng = np.random.default_rng(8)
    mean = rng.gamma(2, 200, (600, 1))
    noise = np.where(np.arange(16) < 6, 1.5, 0.05)
    factor = np.exp(rng.normal(size=(600, 16)) * noise)
    factor[:300, 1::2] *= 2
    adata = matrix(rng.poisson(mean * factor).astype(float), GROUPS)
    adata.uns["dataset"] = {"scale": "counts"}
    adata.layers["log2"] = np.log2(adata.X + 1)
    card = comparison(assay="rna_counts", model={})
    effects, model = compare(adata, card, axis=["P0"])
    _, told = robustness_of(adata, card, effects, axis=["P0"])
    found = {record["analysis"]: record["significant"] for record in told["analyses"]}
    assert found["samples weighed"] > 250 > 5 * found["as reported"]
    (sentence,) = told["decides"]
    assert "effect: the choice of the analysis decides" in sentence and "(samples weighed)" in sentence
    assert add_to_model(model, told)["fits"][0]["remarks"] == [sentence]


def test_a_published_table_has_the_reported_rows_alone():
    adata = published(log2fc=[-1, 2, 0.5], p=[0.05, 0.001, 0.2], q=[0.1, 0.01, 0.2])
    card = comparison(assay="effects", contrasts=[{"name": "effect", "role": "disease", "file": "x"}])
    effects, model = compare(adata, card, axis=["G1", "NONE"])
    table, told = robustness_of(adata, card, effects, axis=["G1", "NONE"])
    (row,) = table.itertuples()
    assert (row.reported, row.log2fc, row.p) == (True, 2, 0.001)
    assert told["analyses"][0]["significant"] == 1
    assert add_to_model(model, told)["fits"] == []
