"""The options of the negative binomial in the effects table: outlying counts, and features left out of the family."""

import numpy as np
import pytest
from sevaxis.base.vocabulary import Reason
from sevaxis.effects.compare import compare

from tests.effects.test_compare import comparison, matrix

GROUPS_OF_SEVEN = ["a"] * 7 + ["b"] * 7
GROUPS_OF_SIX = ["a"] * 6 + ["b"] * 6


def rows_and_fit(groups, *, outlier: bool = True, seed: int = 4, **options):
    """Effects of b against a; feature 7 has one count of 90,000 where the others have about 100.

    The first half has counts enough, and a third of it differs; the second half is rare and carries nothing.
    """
    rng = np.random.default_rng(seed)
    n = len(groups)
    mean = np.repeat([300.0, 12.0], 300)[:, None] * rng.uniform(0.8, 1.25, (600, 1))
    values = rng.negative_binomial(8, 8 / (8 + mean), (600, n)).astype(float)
    values[100:200, n // 2 :] *= 1.6
    values[7] = 100 + np.arange(n)
    if outlier:
        values[7, n - 1] = 90_000
    sexes = ["female"] * n
    adata = matrix(values, groups, sexes)
    adata.uns["dataset"] = {"scale": "counts"}
    adata.layers["log2"] = np.log2(adata.X + 1)
    card = comparison(
        assay="rna_counts",
        model={"method": "negative_binomial", **options},
        contrasts=[{"name": "effect", "role": "training", "case": "b", "reference": "a"}],
    )
    table, model = compare(adata, card, axis=[])
    return table.set_index("feature_id"), model["fits"][0]


def outlying(table):
    return table.iloc[7]


def test_in_groups_of_seven_the_outlier_is_replaced():
    table, used = rows_and_fit(GROUPS_OF_SEVEN)
    assert outlying(table)["status"] == "tested"
    assert abs(outlying(table)["log2fc"]) < 0.5
    assert used["count_outliers"] == "replace"
    assert used["counts_replaced"] >= 1 and used["features_refitted"] >= 1
    assert used["features_withheld"] == 0


@pytest.mark.parametrize(
    ("groups", "options"), [(GROUPS_OF_SIX, {}), (GROUPS_OF_SEVEN, {"outliers": "cutoff"})]
)
def test_elsewhere_its_p_is_withheld_and_the_row_says_why(groups, options):
    table, used = rows_and_fit(groups, **options)
    row = outlying(table)
    assert row["status"] == "not_estimable" and np.isnan(row["p"]) and np.isnan(row["q"])
    assert row["reason"] == Reason.COUNT_OUTLIER.sentence
    assert used["counts_replaced"] == 0
    assert used["features_withheld"] == (table["reason"] == Reason.COUNT_OUTLIER.sentence).sum() >= 1


def test_kept_on_request():
    table, used = rows_and_fit(GROUPS_OF_SIX, outliers="keep")
    assert outlying(table)["status"] == "tested" and outlying(table)["log2fc"] > 5
    assert (used["counts_replaced"], used["features_refitted"], used["features_withheld"]) == (0, 0, 0)


def test_a_feature_of_one_outlier_alone_has_no_p():
    from sevaxis.models.counts.negative_binomial import fit_negative_binomial, wald
    from sevaxis.models.counts.outliers import replace_count_outliers

    counts = np.random.default_rng(5).negative_binomial(8, 0.05, (300, 14)).astype(float)
    counts[3] = 0
    counts[3, 2] = 5000
    design = np.column_stack([np.ones(14), np.repeat([0.0, 1.0], 7)])
    found = replace_count_outliers(fit_negative_binomial(counts, design))
    assert found.emptied[3] and found.fit.base_mean[3] == 0
    assert np.isnan(wald(found.fit, np.array([0.0, 1.0]), exclude=found.exclude).p[3, 0])


def test_features_filtered_independently_keep_their_p_and_lose_their_q():
    table, used = rows_and_fit(GROUPS_OF_SEVEN, outlier=False, independent_filter=True)
    plain, _ = rows_and_fit(GROUPS_OF_SEVEN, outlier=False)
    apart = table["reason"] == Reason.FILTERED_INDEPENDENTLY.sentence
    assert used["independent_filter"] == [int(apart.sum())] and apart.any()
    assert (table["status"] == plain["status"]).all()
    np.testing.assert_array_equal(table["p"], plain["p"])
    assert table.loc[apart, "q"].isna().all() and table.loc[apart, "p"].notna().all()
    inside = table["p"].notna() & ~apart
    assert (table.loc[inside, "q"] <= plain.loc[inside, "q"]).all()
    assert (table["q"] < 0.05).sum() >= (plain["q"] < 0.05).sum()
