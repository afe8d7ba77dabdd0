"""Batches and covariates that say the same as the groups: held against the rank of the design."""

import itertools

import numpy as np
import pytest
from sevaxis.models.linear.design import cell_means, contrast_matrix, estimable
from sevaxis.study.card import Contrast
from sevaxis.study.estimability import SampleFacts, check_contrasts

CONTRASTS = {
    "b v a": {"b": 1.0, "a": -1.0},
    "c v a": {"c": 1.0, "a": -1.0},
    "c v mean of a and b": {"c": 1.0, "a": -0.5, "b": -0.5},
}
COLUMNS = {
    "says the groups": list("xxyyzz"),
    "says one group": list("xxxxyy"),
    "crossed": list("xyxyxy"),
    "half crossed": list("xxxyyy"),
    "each its own": list("uvwxyz"),
    "one value": list("xxxxxx"),
    "number of the group": [1, 1, 2, 2, 5, 5],
    "number equal in a and b": [1, 1, 1, 1, 5, 5],
    "number halfway": [1, 1, 3, 3, 2, 2],
    "number crossed": [1, 2, 1, 2, 1, 2],
    "number of its own": [1, 2, 3, 4, 5, 6],
}


@pytest.mark.parametrize(("column", "name"), list(itertools.product(COLUMNS, CONTRASTS)))
def test_what_is_refused_is_what_the_design_cannot_estimate(column, name):
    """The graph's verdict on the sheet is the rank's verdict on the design matrix."""
    import pandas as pd

    groups, values = list("aabbcc"), COLUMNS[column]
    samples = [
        SampleFacts(group, None, {"cage": str(value)}) for group, value in zip(groups, values, strict=True)
    ]
    contrast = Contrast.model_validate({"name": "it", "role": "other", "weights": CONTRASTS[name]})
    problems = check_contrasts(samples, [(contrast, "card:1")], 2)
    design = cell_means(groups, pd.DataFrame({"cage": values}))
    (can,) = estimable(design, contrast_matrix(design, {"it": CONTRASTS[name]}))
    told = [problem for problem in problems if "cannot be told from the covariate 'cage'" in problem.what]
    assert bool(told) == (not can)


def test_a_batch_of_numbers_is_a_factor():
    """Batches 1, 1, 2, 2: as numbers they would be a slope, as batches they are aliased with the groups."""
    samples = [
        SampleFacts(group, None, {"batch": value}) for group, value in zip("aabb", "1122", strict=True)
    ]
    contrast = Contrast.model_validate({"name": "it", "role": "other", "case": "b", "reference": "a"})
    (problem,) = check_contrasts(samples, [(contrast, "card:1")], 2)
    assert problem.what == "The contrast 'it' cannot be told from the batch"
    assert np.unique([sample.modelled["batch"] for sample in samples]).tolist() == ["1", "2"]


def two_groups(modelled, sexes=None, groups="aaabbb"):
    sexes = sexes or [None] * len(groups)
    return [
        SampleFacts(group, sex, {name: str(values[i]) for name, values in modelled.items()})
        for i, (group, sex) in enumerate(zip(groups, sexes, strict=True))
    ]


SEXES = {"F": "female", "M": "male"}


@pytest.mark.parametrize(
    ("modelled", "sexes", "said"),
    [
        ({}, "FFFMMM", "cannot be told from the sex"),
        ({}, "FFMMMM", None),
        # neither alone, but both together: (1,1,0,0) and (0,1,1,0), and groups where they differ
        ({"batch": "112212", "cage": "xyyxxy"}, "", None),
        ({"batch": "xxyxyy", "cage": "ppqqpp", "lane": "uvvvvu"}, "", None),
        ({"cage": "123456"}, "", None),  # numbers: a slope within the groups
        ({"cage": "111222"}, "", "cannot be told from the covariate 'cage'"),
        ({"cage": "uvwxyz"}, "", "cannot be told from the covariate 'cage'"),
        ({"batch": "112113", "age": [1, 2, 3, 1, 2, 9], "rin": [3, 1, 4, 1, 5, 9]}, "", "No sample is left over"),
        ({"batch": "112112", "age": [1, 2, 3, 1, 2, 9]}, "", None),
    ],
)  # fmt: skip
def test_what_the_samples_cannot_tell_is_named(modelled, sexes, said):
    """Held against the rank of numpy's design too, so that no case is refused for nothing."""
    import pandas as pd

    samples = two_groups(modelled, [SEXES[sex] for sex in sexes] or None)
    contrast = Contrast.model_validate({"name": "it", "role": "other", "case": "b", "reference": "a"})
    found = [problem.what for problem in check_contrasts(samples, [(contrast, "card:1")], 2)]
    columns = {name: list(values) for name, values in modelled.items()}
    columns |= {"sex": list(sexes)} if {*sexes} == {"F", "M"} else {}
    if "cage" in columns and columns["cage"][0].isdigit():
        columns["cage"] = [int(value) for value in columns["cage"]]
    design = cell_means([sample.group for sample in samples], pd.DataFrame(columns))
    (can,) = estimable(design, contrast_matrix(design, {"it": {"b": 1.0, "a": -1.0}}))
    fits = can and design.rank < len(samples)
    assert bool(found) == (not fits), (found, can, design.rank)
    assert (said is None and not found) or any(said in what for what in found), found


def test_columns_that_say_the_groups_together_are_named_together():
    """Neither batch nor cage is the group; the cells of the two are (b, q is all of group b's second half)."""
    groups = "aaaabbbb"
    batch, cage = "11221122", "pqpqpqpq"
    both = ["1p", "1q", "2p", "2q"]
    assert len(set(batch)) == len(set(cage)) == 2 and len(both) == 4
    number = [
        1.0,
        2.0,
        3.0,
        4.0,
        3.0,
        4.0,
        5.0,
        6.0,
    ]  # group, batch and cage added up: 2 x group + 2 x batch + cage
    samples = two_groups({"batch": batch, "cage": cage, "score": number}, groups=groups)
    contrast = Contrast.model_validate({"name": "it", "role": "other", "case": "b", "reference": "a"})
    (problem,) = check_contrasts(samples, [(contrast, "card:1")], 2)
    assert "from the batch and the covariate 'cage' and the covariate 'score'" in problem.what


def test_effects_by_sex_that_the_batch_hides_have_a_way_out():
    """Within a sex the batch is the group; over both sexes it is not, unless it is in each."""
    sexes = ["female"] * 2 + ["male"] * 2 + ["female"] * 2 + ["male"] * 2
    contrast = Contrast.model_validate({"name": "it", "role": "other", "case": "b", "reference": "a"})
    (problem,) = check_contrasts(
        two_groups({"batch": "11222211"}, sexes, "aaaabbbb"), [(contrast, "card:1")], 2
    )
    assert problem.what == "The effects by sex of the contrast 'it' cannot be told from the batch"
    assert problem.hint.startswith("say by_sex: false")
    (problem,) = check_contrasts(
        two_groups({"batch": "11332244"}, sexes, "aaaabbbb"), [(contrast, "card:1")], 2
    )
    assert problem.what == "The contrast 'it' cannot be told from the batch"


@pytest.mark.parametrize("seed", range(30))
def test_rank_and_estimability_are_those_of_numpy(seed):
    import pandas as pd
    from sevaxis.study.aliasing import Design

    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 12))
    cells = [str(cell) for cell in rng.choice(list("abc"), n)]
    terms = {
        "batch": [str(each) for each in rng.choice(list("xyz"), n)],
        "cage": [str(each) for each in rng.choice(list("uv"), n)],
        "age": [float(each) * 1000 + 1e6 for each in rng.integers(0, 3, n)],
    }
    ours, design = Design(cells, terms), cell_means(cells, pd.DataFrame(terms))
    assert ours.rank == design.rank
    present = sorted(set(cells))
    weights = dict(zip(present, [1.0, -0.5, -0.5] if len(present) == 3 else [1.0, -1.0], strict=False))
    if len(present) > 1:
        (can,) = estimable(design, contrast_matrix(design, {"it": weights}))
        assert ours.estimates(weights) == can
        assert bool(ours.culprits(weights)) == (not can)
