"""Sensitivity: planted findings that must survive, and one that must not."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sevaxis.base.vocabulary import Normalisation
from sevaxis.effects.methods import load_method
from sevaxis.effects.sensitivity import (
    choices_beside,
    compare_choices,
    summarise_choices,
    survival,
)
from sevaxis.models.linear.design import Design

from tests.effects.test_compare import matrix

CONTRAST = np.array([0.0, 1.0])
DESIGN = Design(np.column_stack([np.ones(10), np.repeat([0.0, 1.0], 5)]), ("reference", "case"))
CELLS = ("reference",) * 5 + ("case",) * 5
LOG2_CHOICES = choices_beside(
    load_method("trend"), load_method("trend").parse({}), None, counted=False, paired=False
)
COUNT_CHOICES = choices_beside(
    load_method("voom"), load_method("voom").parse({}), None, counted=True, paired=False
)


def varied(
    values: np.ndarray, choices, *, counts: bool = False, subjects=None, fdr: float = 0.05
) -> pd.DataFrame:
    adata = matrix(values, CELLS, subjects=subjects)
    adata.var_names = [f"f{i:03d}" for i in range(len(values))]
    if counts:
        adata.uns["dataset"] = {"scale": "counts"}
        size = adata.X.sum(axis=1, keepdims=True)
        adata.layers["log2"] = np.log2((adata.X + 0.5) / size * 1e6)
    return compare_choices(adata, lambda choice: (DESIGN, CONTRAST), CELLS, choices, fdr=fdr)


def chosen(*names: str):
    return [choice for choice in LOG2_CHOICES if choice.name in names]


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
    table = varied(proteins, LOG2_CHOICES)
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
    summary = summarise_choices(
        varied(shifted, chosen("as reported", "equal medians", "equal distributions"))
    )
    assert summary["significant"][0] > 500
    assert (summary["significant"][1:] < 20).all()
    assert (summary["lost"][1:] > 480).all()


def test_the_first_choice_is_the_plain_analysis(proteins):
    from scipy.stats import ttest_ind

    complete = np.where(np.isnan(proteins), 25.0, proteins)
    table = varied(complete, LOG2_CHOICES[:1])
    np.testing.assert_allclose(table["log2fc"], complete[:, 5:].mean(axis=1) - complete[:, :5].mean(axis=1))
    plain = ttest_ind(complete[:, 5:], complete[:, :5], axis=1)
    assert np.corrcoef(np.log(table["p"]), np.log(plain.pvalue))[0, 1] > 0.9


def test_quantile_normalisation_gives_every_sample_one_distribution():
    """Complete data: sorted samples all equal the mean of the sorted samples (Bolstad et al. 2003)."""
    from sevaxis.effects.sensitivity import _align

    y = np.random.default_rng(2).gamma(3, 2, (500, 4)) * [1, 2, 3, 4]
    result = _align(y, "quantile")
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
    table = varied(counts, COUNT_CHOICES, counts=True)
    stands = survival(table)
    robust = stands[stands["stands"] == len(COUNT_CHOICES)]["feature"]
    planted = [f"f{i:03d}" for i in range(20)]
    assert set(planted) <= set(robust)
    # log2 of 4; TMM and the prior counts move it a little
    effects = table[table["feature"].isin(planted)].groupby("choice")["log2fc"].mean()
    np.testing.assert_allclose(effects, 2, atol=0.25)
    assert table[table["feature"] == "f599"]["q"].isna().all()


def test_pairs_enter_as_a_block():
    """Five pairs that differ much from each other: the change within pairs is seen only with the block."""
    rng = np.random.default_rng(5)
    y = np.tile(rng.normal(25, 1, (600, 5)), 2) + rng.normal(0, 0.1, (600, 10))
    y[:50, 5:] += 0.5
    choices = chosen("as reported", "equal medians")
    alone = varied(y, choices)
    paired = varied(y, choices, subjects=list("abcdeabcde"))
    assert alone["significant"].sum() == 0
    assert {f"f{i:03d}" for i in range(50)} <= set(survival(paired).query("stands == 2")["feature"])
    with pytest.raises(ValueError, match="no blocks"):
        varied(np.abs(y), COUNT_CHOICES, counts=True, subjects=list("abcdeabcde"))


def test_impossible_choices_are_refused(proteins):
    plain = LOG2_CHOICES[0]
    for bad, counts in (
        (replace(plain, method="voom"), False), (replace(plain, normalisation=Normalisation.TMM), False),
        (replace(plain, imputation="knn"), True), (replace(plain, alignment="quantile"), True),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="as reported"):
            varied(np.abs(proteins), [bad], counts=counts)
    with pytest.raises(ValueError, match="unique names"):
        varied(proteins, [plain, plain])


def test_no_choice_repeats_the_reported_analysis():
    """A card that asks for what another choice would vary leaves that choice out, not the other ones."""
    method = load_method("trend")
    plain = choices_beside(method, method.parse({"robust": False}), None, counted=False, paired=False)
    assert "prior not robust" not in {choice.name for choice in plain}
    assert "prior robust" in {choice.name for choice in plain}
    assert "prior robust" not in {choice.name for choice in LOG2_CHOICES}
    as_told = choices_beside(method, method.parse({}), Normalisation.NONE, counted=False, paired=False)
    assert "prior robust" not in {choice.name for choice in as_told}
    told = choices_beside(
        load_method("voom"), load_method("voom").parse({}), Normalisation.TMM, counted=True, paired=False
    )
    assert "voom" not in {choice.name for choice in told}
    paired = choices_beside(load_method("voom"), {"robust": True}, None, counted=True, paired=True)
    assert "negative binomial" not in {choice.name for choice in paired}


def test_no_finding_gives_an_empty_table():
    y = np.random.default_rng(4).normal(size=(600, 10))
    table = varied(y, LOG2_CHOICES[:4], fdr=1e-9)
    assert survival(table).empty
    assert isinstance(summarise_choices(table), pd.DataFrame)


@pytest.mark.parametrize(("assessed", "left_out"), [("median", "equal medians"), ("mode", "equal modes")])
def test_an_alignment_that_was_made_already_is_no_other_choice(assessed, left_out):
    method = load_method("trend")
    told = choices_beside(method, method.parse({}), None, counted=False, paired=False, assessed=assessed)
    names = {choice.name for choice in told}
    assert {"equal medians", "equal modes", "equal distributions"} - names == {left_out}
