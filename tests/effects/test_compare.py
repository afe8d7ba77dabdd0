"""The effects room on small matrices, against statsmodels and arithmetic."""

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from sevaxis.base.problems import Problems
from sevaxis.effects.compare import compare as compare_groups
from sevaxis.effects.published import PUBLISHED, derive_se, published_effects
from sevaxis.effects.strata import plan_strata
from sevaxis.effects.table import concatenate, conform
from sevaxis.models.inference.power import minimum_detectable_effect
from sevaxis.study.card import CompareCard


def comparison(**changes) -> CompareCard:
    contrast = {"name": "effect", "role": "overtraining", "case": "over", "reference": "control"}
    card = {
        "id": "mine",
        "organism": "human",
        "tissue": "muscle",
        "compartment": "tissue",
        "assay": "protein",
        "model": {"robust": False},
        "contrasts": [contrast],
        **changes,
    }
    return CompareCard.model_validate(card)


def matrix(values: np.ndarray, groups, sexes=None, batches=None, subjects=None) -> ad.AnnData:
    n = len(groups)
    obs = pd.DataFrame(
        {
            "group": list(groups),
            "sex": list(sexes) if sexes is not None else [None] * n,
            "batch": list(batches) if batches is not None else [None] * n,
            "subject": list(subjects) if subjects is not None else [None] * n,
            "included": True,
            "excluded_because": "",
        },
        index=[f"s{i}" for i in range(n)],
    )
    names = [f"P{i}" for i in range(values.shape[0])]
    adata = ad.AnnData(values.T.astype(float), obs=obs, var=pd.DataFrame(index=names))
    adata.var["symbol"] = adata.var["human_symbol"] = pd.Series(names, index=names, dtype=object)
    adata.layers["log2"] = adata.X
    adata.uns["dataset"] = {"scale": "log2"}
    return adata


def compare(*given, **more) -> pd.DataFrame:
    """The effects alone."""
    return compare_groups(*given, **more)[0]


GROUPS = ["over", "control"] * 8
SEXES = ["female"] * 8 + ["male"] * 8
BATCHES = (["1"] * 2 + ["2"] * 2) * 4


def test_estimates_are_those_of_one_linear_model():
    """Cell means of sex x group with a batch effect: coefficients of the equivalent regression by statsmodels."""
    rng = np.random.default_rng(1)
    values = rng.normal(20, 1, (60, 16))
    table = compare(matrix(values, GROUPS, SEXES, BATCHES), comparison(), axis=[])
    samples = pd.DataFrame({"group": GROUPS, "sex": SEXES, "batch": BATCHES})
    samples["over"] = samples["group"].eq("over").astype(int)
    for i in (0, 17):
        fit = smf.ols("y ~ sex * over + batch", samples.assign(y=values[i])).fit()
        female, differs = fit.params["over"], fit.params["sex[T.male]:over"]
        expected = {
            "female": female,
            "male": female + differs,
            "average": female + differs / 2,
            "interaction": differs,
        }
        rows = table[table["feature_id"].eq(f"P{i}")].set_index("stratum")
        assert dict(rows["log2fc"]) == pytest.approx(expected)
        # one residual variance: standard errors keep the ratios of the ordinary fit
        ordinary = fit.bse["sex[T.male]:over"] / fit.bse["over"]
        assert rows.loc["interaction", "se"] / rows.loc["female", "se"] == pytest.approx(ordinary)


def test_interval_is_log2fc_plus_minus_t_times_se():
    from scipy import stats

    values = np.random.default_rng(2).normal(20, 1, (50, 16))
    table = compare(matrix(values, GROUPS, SEXES), comparison(), axis=[])
    half = stats.t.ppf(0.975, table["df"]) * table["se"]
    np.testing.assert_allclose(table["ci_high"] - table["log2fc"], half)
    np.testing.assert_allclose(table["p"], 2 * stats.t.sf(np.abs(table["t"]), table["df"]))
    by_stratum = table.groupby("stratum", observed=True)
    for _, rows in by_stratum:
        np.testing.assert_allclose(rows["q"], stats.false_discovery_control(rows["p"]))


def test_one_sex_has_no_strata_and_the_axis_says_why():
    values = np.random.default_rng(3).normal(20, 1, (30, 16))
    table = compare(matrix(values, GROUPS, ["male"] * 16), comparison(), axis=["P3"])
    assert set(table[table["status"].eq("tested")]["stratum"]) == {"male"}
    told = table[table["human_symbol"].eq("P3") & table["stratum"].ne("male")]
    assert sorted(told["stratum"]) == ["average", "female", "interaction"]
    assert set(told["status"]) == {"not_estimable"}
    assert set(told["reason"]) == {"one sex: all samples of known sex are male"}


def test_sex_that_nobody_declared_is_taken_from_the_chromosomes():
    adata = matrix(np.random.default_rng(3).normal(20, 1, (30, 16)), GROUPS, ["male"] * 4 + [None] * 12)
    adata.obs["sex_called"] = ["female"] * 4 + ["female"] * 6 + ["male"] * 4 + ["ambiguous"] * 2
    table = compare(adata, comparison(), axis=[])
    assert set(table["stratum"]) == {"female", "male", "average", "interaction"}
    female = table[table["stratum"].eq("female")]
    assert (female["n_case"].iloc[0], female["n_reference"].iloc[0]) == (
        3,
        3,
    )  # samples 4 to 9: what is declared stays


@pytest.mark.parametrize("unknown", [1, 4])
def test_samples_of_unknown_sex_are_in_no_effect_by_sex_and_in_no_count(unknown):
    """Effects by sex are those of the others alone; a cell of their own would also lower the filter of counts."""
    rng = np.random.default_rng(3)
    counts = rng.negative_binomial(8, 8 / (8 + rng.gamma(0.2, 50, (400, 1))), (400, 16)).astype(float)
    sexes = [None] * unknown + SEXES[unknown:]
    adata = matrix(counts, GROUPS, sexes)
    adata.uns["dataset"] = {"scale": "counts"}
    card = comparison(assay="rna_counts")
    found, model = compare_groups(adata, card, axis=[])
    others, _ = compare_groups(adata[unknown:].copy(), card, axis=[])
    assert set(found["stratum"]) == {"female", "male", "average", "interaction"}
    columns = ["n_case", "n_reference", "detected_case", "detected_reference", "log2fc", "se", "df", "p", "q"]
    pd.testing.assert_frame_equal(found[columns], others[columns])
    females = found[found["stratum"].eq("female")].iloc[0]
    assert females["n_case"] + females["n_reference"] == 8 - unknown
    assert model["fits"][0]["remarks"] == [f"samples of unknown sex that are not in this model: {unknown}"]


def test_one_sample_of_unknown_sex_is_not_counted_beside_sex_as_a_covariate():
    """By its own column it would be fitted without a residual: it says nothing and is no number."""
    values = np.random.default_rng(3).normal(20, 1, (40, 16))
    contrast = {**comparison().contrasts[0].model_dump(exclude_none=True), "by_sex": False}
    card = comparison(contrasts=[contrast])
    found = compare(matrix(values, GROUPS, [None, *SEXES[1:]]), card, axis=[])
    without = compare(matrix(values[:, 1:], GROUPS[1:], SEXES[1:]), card, axis=[])
    assert (found["n_case"].iloc[0], found["n_reference"].iloc[0]) == (7, 8)
    np.testing.assert_allclose(found["p"], without["p"])
    several = compare(matrix(values, GROUPS, [None, None, *SEXES[2:]]), card, axis=[])
    assert (several["n_case"].iloc[0], several["n_reference"].iloc[0]) == (8, 8)


def test_samples_that_were_left_out_are_named_in_what_follows():
    adata = matrix(np.random.default_rng(8).normal(20, 1, (30, 6)), ["over"] * 3 + ["control"] * 3)
    adata.obs.loc[["s0", "s1"], "included"] = False
    adata.obs.loc[["s0", "s1"], "excluded_because"] = "declared female, but its chromosomes are male"
    with pytest.raises(Problems, match="'effect' is too small") as raised:
        compare(adata, comparison(), axis=[])
    assert "left out before: s0: declared female, but its chromosomes are male; s1" in str(raised.value)
    adata.obs["included"] = False
    with pytest.raises(Problems, match="No sample of the data set takes part"):
        compare(adata, comparison(), axis=[])


def test_a_covariate_that_the_samples_do_not_have_is_told():
    adata = matrix(np.random.default_rng(8).normal(20, 1, (30, 6)), ["over"] * 3 + ["control"] * 3)
    with pytest.raises(Problems, match=r"no such column[\s\S]*found:   rin"):
        compare(adata, comparison(model={"covariates": ["rin"]}), axis=[])


def test_one_unknown_subject_does_not_undo_the_pairs():
    subjects = [str(i // 2) for i in range(16)]
    values = np.random.default_rng(3).normal(20, 1, (60, 16))
    values += np.repeat(np.random.default_rng(4).normal(0, 2, (60, 8)), 2, axis=1)  # what subjects share
    paired = compare(matrix(values, GROUPS, subjects=subjects), comparison(), axis=[])
    unpaired = compare(matrix(values, GROUPS), comparison(), axis=[])
    gap = compare(matrix(values, GROUPS, subjects=[*subjects[:-1], None]), comparison(), axis=[])
    assert paired["se"].median() < 0.6 * unpaired["se"].median()
    assert gap["se"].median() < 0.75 * unpaired["se"].median()


def test_too_few_of_one_sex():
    sexes = ["female", "male"] + ["male"] * 14
    values = np.random.default_rng(4).normal(20, 1, (30, 16))
    table = compare(matrix(values, GROUPS, sexes), comparison(), axis=["P3"])
    told = table[table["human_symbol"].eq("P3") & table["stratum"].eq("interaction")]
    assert told["reason"].tolist() == ["too few: over has 1 female of at least 2"]


def test_a_group_never_detected_is_not_estimable_with_a_detection_test():
    """0 of 3 against 3 of 3: two-sided Fisher p is 2 / C(6, 3) = 0.1."""
    values = np.random.default_rng(5).normal(20, 1, (40, 6))
    values[0, :3] = np.nan
    values[1] = np.nan
    table = compare(matrix(values, ["over"] * 3 + ["control"] * 3), comparison(), axis=["P0", "P1"])
    row = table[table["feature_id"].eq("P0") & table["stratum"].eq("all")].iloc[0]
    assert (row["status"], row["detection_p"]) == ("not_estimable", pytest.approx(0.1))
    assert "detected in 0 of 3 case and 3 of 3 reference samples" in row["reason"]
    assert np.isnan(row["log2fc"])
    absent = table[table["feature_id"].eq("P1")]
    assert set(absent["status"]) == {"absent"}


def test_counts_that_are_too_low_are_kept_as_rows():
    rng = np.random.default_rng(6)
    counts = rng.poisson(200, (200, 8)).astype(float)
    counts[0] = [1, 0, 0, 2, 0, 1, 0, 0]
    adata = matrix(counts, ["over", "control"] * 4)
    adata.uns["dataset"] = {"scale": "counts"}
    table = compare(adata, comparison(assay="rna_counts"), axis=[])
    row = table[table["feature_id"].eq("P0")].iloc[0]
    assert row["status"] == "low"
    assert "filterByExpr" in row["reason"]
    assert (row["detected_case"], row["detected_reference"]) == (1, 2)


def test_weights_are_differences_of_differences():
    groups = ["a", "b", "c", "d"] * 3
    values = np.random.default_rng(7).normal(20, 1, (30, 12))
    contrast = {"name": "x", "role": "disease_x_training", "weights": {"a": 1, "b": -1, "c": -1, "d": 1}}
    table = compare(matrix(values, groups), comparison(contrasts=[contrast]), axis=[])
    means = {level: values[4, np.array(groups) == level].mean() for level in "abcd"}
    found = table[table["feature_id"].eq("P4")]["log2fc"].iloc[0]
    assert found == pytest.approx(means["a"] - means["b"] - means["c"] + means["d"])


def test_a_contrast_lost_to_exclusions_is_refused_by_name():
    adata = matrix(np.random.default_rng(8).normal(20, 1, (30, 6)), ["over"] * 3 + ["control"] * 3)
    adata.obs.loc[["s0", "s1"], "included"] = False
    with pytest.raises(Problems, match="'effect' is too small"):
        compare(adata, comparison(), axis=[])


def test_strata_share_a_model_with_contrasts_that_cannot_be_split():
    samples = pd.DataFrame(
        {"group": ["a", "a", "b", "b"] * 2 + ["c", "c"], "sex": ["female", "male"] * 4 + ["male"] * 2}
    )
    contrasts = comparison(
        contrasts=[
            {"name": "ab", "role": "other", "case": "a", "reference": "b"},
            {"name": "cb", "role": "other", "case": "c", "reference": "b"},
        ]
    ).contrasts
    plans, reasons = plan_strata(samples, contrasts, 2)
    assert [[(c.contrast, c.stratum) for c in plan.contrasts] for plan in plans] == [
        [("ab", "female"), ("ab", "male"), ("ab", "average"), ("ab", "interaction")],
        [("cb", "all")],
    ]
    assert plans[1].adjust_for_sex
    assert {name: why.tell() for name, why in reasons.items()} == {
        "cb": "too few: c has 0 female of at least 2"
    }


def published(**layers) -> ad.AnnData:
    n = len(layers["log2fc"])
    names = [f"G{i}" for i in range(n)]
    adata = ad.AnnData(
        np.zeros((1, n)),
        obs=pd.DataFrame(index=["effect"]),
        var=pd.DataFrame({"symbol": names, "human_symbol": names}, index=names),
        layers={name: np.array([layers.get(name, [np.nan] * n)], dtype=float) for name in PUBLISHED},
    )
    return adata


def test_published_standard_errors_are_derived_and_said_to_be():
    """|log2fc| 1, t 2: se 0.5. p 0.05 with 5 + 5: t_8(0.975) = 2.306, se 1 / 2.306 = 0.43365."""
    contrast = {"name": "effect", "role": "disease", "file": "x", "n_case": 5, "n_reference": 5}
    contrast = comparison(assay="effects", contrasts=[contrast]).contrasts[0]
    rows = published_effects(
        published(
            log2fc=[-1, 1, 1, np.nan],
            t=[-2, np.nan, np.nan, np.nan],
            p=[np.nan, 0.05, np.nan, 0.5],
            q=[0.1] * 4,
        ),
        contrast,
        alpha=0.05,
        power=0.8,
    )
    np.testing.assert_allclose(rows["se"], [0.5, 0.43365, np.nan, np.nan], rtol=1e-4)
    assert "derived from the published t" in rows["reason"][0]
    assert "derived from the published p" in rows["reason"][1]
    assert rows["status"].tolist() == ["tested", "tested", "tested", "low"]
    # a two-sided p of 0.05 is an interval that ends at zero
    assert rows["ci_low"][1] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("df", "quantile"), [(np.inf, 1.959964), (8, 2.306004), (np.nan, 2.776445)])
def test_one_distribution_for_derivation_interval_and_power(df, quantile):
    """p 0.05 by a test whose degrees of freedom are told, whatever the sizes; 3 + 3 where they are not (t_4)."""
    contrast = {"name": "effect", "role": "disease", "file": "x", "n_case": 3, "n_reference": 3}
    contrast = comparison(assay="effects", contrasts=[contrast]).contrasts[0]
    told = published(log2fc=[1, -1, 1], p=[0.05, 0.0499, 1e-40], df=[df] * 3)
    rows = published_effects(told, contrast, alpha=0.05, power=0.8)
    assert rows["se"][0] == pytest.approx(1 / quantile, rel=1e-6)
    assert rows["ci_low"][0] == pytest.approx(0, abs=1e-9)
    assert rows["ci_high"][1] < 0
    # the smallest p have standard errors, too, and all of them their own sign of t
    assert 0 < rows["se"][2] < rows["se"][0]
    assert np.sign(rows["t"]).tolist() == [1, -1, 1]
    degrees = 4.0 if np.isnan(df) else df
    assert rows["mde80"][0] == pytest.approx(minimum_detectable_effect(rows["se"][0], degrees))


def test_standard_errors_by_hand():
    log2fc = np.array([1.0, -2.0, 0.0, 1.0, 1.0])
    p = np.array([0.05, 0.01, 1.0, 0.0, np.nan])
    nothing = np.full(5, np.nan)
    se, from_t, from_p = derive_se(log2fc, nothing, nothing, p, np.full(5, np.inf))
    # z of p = 0.05 is 1.959964, of 0.01 is 2.575829 (tables of the normal distribution)
    np.testing.assert_allclose(se, [1 / 1.959964, 2 / 2.575829, np.nan, np.nan, np.nan], rtol=1e-6)
    assert from_p.tolist() == [True, True, False, False, False]
    assert not from_t.any()
    # t of p = 0.05 with 4 df is 2.776445 (Student's table)
    se, _, _ = derive_se(log2fc[:1], nothing[:1], nothing[:1], p[:1], np.array([4.0]))
    np.testing.assert_allclose(se, [1 / 2.776445], rtol=1e-6)
    # what is given stands before t, and t before p
    given, t = np.array([np.nan, np.nan, 0.3]), np.array([2.0, -4.0, 2.0])
    se, from_t, from_p = derive_se(log2fc[[0, 1, 0]], given, t, p[[0, 1, 0]], np.full(3, np.inf))
    np.testing.assert_allclose(se, [0.5, 0.5, 0.3])
    assert from_t.tolist() == [True, True, False]
    assert not from_p.any()


def test_the_effects_table_refuses_what_breaks_its_promises():
    row = {
        "dataset": "d",
        "contrast": "c",
        "stratum": "all",
        "feature_id": "f",
        "status": "tested",
        "log2fc": 1.0,
    }
    assert len(conform(pd.DataFrame([row]))) == 1
    for change, message in [
        ({"status": "fine"}, "status must be one of"),
        ({"log2fc": np.nan}, "no log2fc"),
        ({"status": "low"}, "no reason"),
        ({"surprise": 1}, "has no columns"),
    ]:
        with pytest.raises(ValueError, match=message):
            conform(pd.DataFrame([{**row, **change}]))
    with pytest.raises(ValueError, match="two rows"):
        concatenate([conform(pd.DataFrame([row]))] * 2)


def test_deqms_takes_its_counts_from_the_column_that_the_card_names():
    rng = np.random.default_rng(9)
    adata = matrix(rng.normal(20, 1, (200, 8)), ["over", "control"] * 4)
    adata.var["Peptides"] = rng.integers(1, 30, 200)
    card = comparison(model={"method": "deqms", "peptides": "Peptides"})
    assert compare(adata, card, axis=[])["p"].notna().all()
    with pytest.raises(Problems, match="did you mean 'Peptides'"):
        compare(adata, comparison(model={"method": "deqms", "peptides": "peptide"}), axis=[])
