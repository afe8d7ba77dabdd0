"""A contrast under other analyses: what stands, what falls, what is refused."""

import numpy as np
import pytest
from sevaxis.base.problems import Problems
from sevaxis.effects.robustness import vary_choices

from tests.effects.test_compare import GROUPS, SEXES, comparison, matrix


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
    from sevaxis.effects.compare import compare

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
