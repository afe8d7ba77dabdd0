"""Correlation, components and outliers of samples: against pandas and numpy, and planted faults."""

import numpy as np
import pandas as pd
import pytest
from sevaxis.matrix.quality.structure import (
    correlate,
    flag_outliers,
    missing_by_abundance,
    principal_components,
)


@pytest.fixture
def holed():
    """20 samples x 400 features with a tenth of the cells missing."""
    rng = np.random.default_rng(11)
    values = rng.normal(20, 3, 400) + rng.normal(0, 1, (20, 400))
    values[rng.random((20, 400)) < 0.1] = np.nan
    return values


def test_correlation_equals_pandas(holed):
    expected = pd.DataFrame(holed.T).corr(min_periods=3).to_numpy()
    np.testing.assert_allclose(correlate(holed), expected, rtol=1e-10)


def test_components_equal_the_singular_values(holed):
    values = np.where(np.isnan(holed), 20, holed)
    components = principal_components(values)
    left, singular, _ = np.linalg.svd(values - values.mean(axis=0), full_matrices=False)
    for k in range(2):
        sign = np.sign(left[:, k] @ components.scores[:, k])
        np.testing.assert_allclose(
            components.scores[:, k], sign * left[:, k] * singular[k], rtol=1e-8, atol=1e-8
        )
        assert components.scores[np.argmax(np.abs(components.scores[:, k])), k] > 0
    np.testing.assert_allclose(components.explained, singular[:2] ** 2 / (singular**2).sum(), rtol=1e-10)


def test_components_say_what_they_rest_on(holed):
    assert "missing cells filled" in principal_components(holed).text
    assert "value in every sample" in principal_components(np.nan_to_num(holed)).text
    assert np.isnan(principal_components(holed[:2]).scores).all()


def test_missing_rate_by_abundance_by_hand():
    """Ten features of mean 1..10 in four samples; the five weakest miss two of four values, the others none."""
    values = np.tile(np.arange(1.0, 11.0), (4, 1))
    values[:2, :5] = np.nan
    middle, rate = missing_by_abundance(values)
    assert middle.tolist() == [3, 8] and rate.tolist() == [0.5, 0]


def test_a_planted_outlier_is_flagged_and_nothing_else():
    rng = np.random.default_rng(3)
    groups = np.repeat(["a", "b"], 6)
    profile = rng.normal(0, 3, 1000)
    values = profile + (groups == "b")[:, None] * rng.normal(0, 1, 1000) + rng.normal(0, 0.3, (12, 1000))
    assert not flag_outliers(correlate(values), groups)[1].any()
    values[8] += rng.normal(0, 1.5, 1000)
    own, outlier = flag_outliers(correlate(values), groups)
    assert np.flatnonzero(outlier).tolist() == [8] and np.argmin(own) == 8
    # a sample of the other group under a wrong label is unlike its group, too
    swapped = groups.copy()
    swapped[2] = "b"
    values[8] = values[7]
    assert flag_outliers(correlate(values), swapped)[1][2]
