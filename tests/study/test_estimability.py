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
