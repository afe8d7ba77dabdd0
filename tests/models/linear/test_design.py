"""Designs, contrasts by name, and what cannot be told apart."""

import numpy as np
import pandas as pd
import pytest
from sevaxis.models.linear.design import Design, aliased, cell_means, contrast_matrix, estimable


def test_cell_means_has_one_column_per_cell_and_coded_covariates():
    covariates = pd.DataFrame({"batch": ["y", "x", "y", "x"], "age": [30, 50, 40, 60], "site": ["s"] * 4})
    design = cell_means(["b", "a", "b", "a"], covariates)
    assert design.names == ("b", "a", "batch=y", "age")
    expected = [[1, 0, 1, -15], [0, 1, 0, 5], [1, 0, 1, -5], [0, 1, 0, 15]]
    np.testing.assert_array_equal(design.matrix, expected)


def test_cell_means_follows_given_levels_and_skips_empty_cells():
    assert cell_means(["b", "a"], levels=["a", "empty", "b"]).names == ("a", "b")
    with pytest.raises(ValueError, match="cells b are not among"):
        cell_means(["b", "a"], levels=["a"])


def test_covariate_categories_keep_their_order():
    batch = pd.Categorical(["late", "early", "late"], categories=["late", "early", "never"])
    assert cell_means(["a", "a", "b"], pd.DataFrame({"batch": batch})).names == ("a", "b", "batch=early")


@pytest.mark.parametrize("frame", [{"batch": ["x", None]}, {"age": [1.0, np.nan]}])
def test_missing_covariates_are_named(frame):
    with pytest.raises(ValueError, match=f"covariate {next(iter(frame))} is missing for 1"):
        cell_means(["a", "b"], pd.DataFrame(frame))


def test_contrast_matrix_names_what_is_wrong():
    design = cell_means(["ctl", "trt"])
    matrix = contrast_matrix(design, {"up": {"trt": 1, "ctl": -1}, "mean": {"ctl": 0.5, "trt": 0.5}})
    np.testing.assert_array_equal(matrix, [[-1, 0.5], [1, 0.5]])
    with pytest.raises(ValueError, match=r"contrast up names 'tr', .* \(did you mean 'trt'\?\)"):
        contrast_matrix(design, {"up": {"tr": 1}})
    with pytest.raises(ValueError, match="contrast none needs"):
        contrast_matrix(design, {"none": {"trt": 0}})


def test_a_batch_aliased_with_a_group_is_named():
    """Cell b was measured in batch y only, and nothing else was."""
    design = cell_means(list("aabbcc"), pd.DataFrame({"batch": list("xxyyxx")}))
    contrasts = contrast_matrix(design, {"b-a": {"b": 1, "a": -1}, "c-a": {"c": 1, "a": -1}})
    np.testing.assert_array_equal(estimable(design, contrasts), [False, True])
    assert aliased(design, contrasts, ["b-a", "c-a"]) == {"b-a": ("batch=y",)}
    assert aliased(design, contrasts[:, 1], ["c-a"]) == {}


def test_estimable_on_the_samples_that_are_left():
    design = cell_means(list("aabb"))
    contrast = np.array([-1.0, 1.0])
    assert estimable(design, contrast, rows=np.array([True, False, True, False])).all()
    assert not estimable(design, contrast, rows=np.array([0, 1])).any()
    assert not estimable(design, contrast, rows=np.zeros(4, dtype=bool)).any()
    assert aliased(design, contrast, ["b-a"], rows=np.array([0, 1])) == {"b-a": ("b",)}


def test_estimability_does_not_depend_on_units():
    """A covariate in days of the Unix epoch beside cells of zeros and ones."""
    days = pd.DataFrame({"day": [2.0e9, 2.0e9 + 1, 2.0e9, 2.0e9 + 1, 2.0e9 + 2, 2.0e9 + 3]})
    design = cell_means(list("ababab"), days)
    assert design.rank == 3
    assert estimable(design, np.array([-1.0, 1.0, 0.0])).all()


def test_design_refuses_what_is_no_design():
    with pytest.raises(ValueError, match="one name per column"):
        Design(np.ones((3, 2)), ("a",))
    with pytest.raises(ValueError, match="missing or infinite values in b"):
        Design(np.array([[1, np.nan]]), ("a", "b"))
    with pytest.raises(ValueError, match="twice: a"):
        Design(np.ones((3, 2)), ("a", "a"))
