"""Sensitivity: planted findings that must survive, and one that must not."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sevaxis.effects.sensitivity import (
    COUNT_CHOICES,
    LOG2_CHOICES,
    compare_choices,
    summarise_choices,
    survival,
)
from sevaxis.models.linear.design import Design

CONTRAST = np.array([0.0, 1.0])
DESIGN = Design(np.column_stack([np.ones(10), np.repeat([0.0, 1.0], 5)]), ("reference", "case"))
FEATURES = [f"f{i:03d}" for i in range(600)]


@pytest.fixture(scope="module")
def proteins():
    """f000: +3 everywhere. f001: seen in two samples of either group. f002: an artefact of unequal loading."""
    rng = np.random.default_rng(1)
    y = rng.normal(25, 2, (600, 1)) + rng.normal(0, 0.3, (600, 10))
    y[rng.uniform(size=y.shape) < 0.1] = np.nan
    y[:3] = 25 + rng.normal(0, 0.1, (3, 10))
    y[0, 5:] += 3
    y[1, 5:] += 3
    y[1, [0, 1, 2, 5, 6, 7]] = np.nan
    return y


def test_findings_stand_or_fail_for_the_reason_planted(proteins):
    table = compare_choices(proteins, FEATURES, DESIGN, CONTRAST, LOG2_CHOICES)
    assert len(table) == 600 * len(LOG2_CHOICES)
    stands = survival(table).set_index("feature")
    assert stands.loc["f000", "stands"] == stands.loc["f000", "choices"] == len(LOG2_CHOICES)
    assert stands.loc["f000", "fails"] == ""
    assert 2.5 < stands.loc["f000", "log2fc_low"] <= 3.1
    assert stands.index[0] == "f000"
    assert "seen in 70 % of samples" in stands.loc["f001", "fails"]
    summary = summarise_choices(table).set_index("choice")
    first = summary.loc["as reported"]
    assert first["kept"] == first["significant"] == len(stands)
    assert (first["lost"], first["gained"], first["reversed"], first["correlation"]) == (
        0,
        0,
        0,
        pytest.approx(1),
    )
    assert summary.loc["seen in 70 % of samples", "tested"] < first["tested"]
    assert (summary["kept"] + summary["lost"] == len(stands)).all()


def test_unequal_loading_is_exposed(proteins):
    shifted = proteins + np.where(np.arange(10) >= 5, 1.0, 0.0)
    summary = summarise_choices(compare_choices(shifted, FEATURES, DESIGN, CONTRAST, LOG2_CHOICES[:3]))
    assert summary["significant"][0] > 500
    assert (summary["significant"][1:] < 20).all()
    assert (summary["lost"][1:] > 480).all()


def test_the_first_choice_is_the_plain_analysis(proteins):
    from scipy.stats import ttest_ind

    complete = np.where(np.isnan(proteins), 25.0, proteins)
    table = compare_choices(complete, FEATURES, DESIGN, CONTRAST, LOG2_CHOICES[:1])
    np.testing.assert_allclose(table["log2fc"], complete[:, 5:].mean(axis=1) - complete[:, :5].mean(axis=1))
    plain = ttest_ind(complete[:, 5:], complete[:, :5], axis=1)
    assert np.corrcoef(np.log(table["p"]), np.log(plain.pvalue))[0, 1] > 0.9


def test_quantile_normalisation_gives_every_sample_one_distribution():
    """Complete data: sorted samples all equal the mean of the sorted samples (Bolstad et al. 2003)."""
    from sevaxis.effects.sensitivity import _normalise

    y = np.random.default_rng(2).gamma(3, 2, (500, 4)) * [1, 2, 3, 4]
    result = _normalise(y, "quantile")
    expected = np.sort(y, axis=0).mean(axis=1)
    for column in np.sort(result, axis=0).T:
        np.testing.assert_allclose(column, expected)
    np.testing.assert_array_equal(np.argsort(result, axis=0), np.argsort(y, axis=0))


def test_counts():
    rng = np.random.default_rng(3)
    mean = rng.gamma(2, 100, (600, 1)) * np.where(np.arange(10) % 2, 1.5, 1.0)
    mean[:20, 5:] *= 4
    counts = rng.negative_binomial(20, 20 / (20 + mean)).astype(float)
    counts[-5:] = 0
    table = compare_choices(counts, FEATURES, DESIGN, CONTRAST, COUNT_CHOICES, counts=True)
    stands = survival(table)
    robust = stands[stands["stands"] == len(COUNT_CHOICES)]["feature"]
    assert set(FEATURES[:20]) <= set(robust)
    # log2 of 4; TMM and the prior counts move it a little
    planted = table[table["feature"].isin(FEATURES[:20])].groupby("choice")["log2fc"].mean()
    np.testing.assert_allclose(planted, 2, atol=0.25)
    assert table[table["feature"] == FEATURES[-1]]["q"].isna().all()


def test_pairs_enter_as_a_block():
    """Five pairs that differ much from each other: the change within pairs is seen only with the block."""
    rng = np.random.default_rng(5)
    y = np.tile(rng.normal(25, 1, (600, 5)), 2) + rng.normal(0, 0.1, (600, 10))
    y[:50, 5:] += 0.5
    choices = LOG2_CHOICES[:2]
    alone = compare_choices(y, FEATURES, DESIGN, CONTRAST, choices)
    paired = compare_choices(y, FEATURES, DESIGN, CONTRAST, choices, block=list("abcdeabcde"))
    assert alone["significant"].sum() == 0
    assert set(FEATURES[:50]) <= set(survival(paired).query("stands == 2")["feature"])
    with pytest.raises(ValueError, match="no blocks"):
        compare_choices(y, FEATURES, DESIGN, CONTRAST, COUNT_CHOICES, counts=True, block=list("abcdeabcde"))


def test_impossible_choices_are_refused(proteins):
    plain = LOG2_CHOICES[0]
    for bad, counts in (
        (replace(plain, method="voom"), False), (replace(plain, normalisation="tmm"), False),
        (replace(plain, imputation="knn"), True), (replace(plain, imputation="mean"), False),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="as reported"):
            compare_choices(np.abs(proteins), FEATURES, DESIGN, CONTRAST, [bad], counts=counts)
    with pytest.raises(ValueError, match="unique names"):
        compare_choices(proteins, FEATURES, DESIGN, CONTRAST, [plain, plain])


def test_no_finding_gives_an_empty_table():
    y = np.random.default_rng(4).normal(size=(600, 10))
    table = compare_choices(y, FEATURES, DESIGN, CONTRAST, LOG2_CHOICES[:4], alpha=1e-9)
    assert survival(table).empty
    assert isinstance(summarise_choices(table), pd.DataFrame)
