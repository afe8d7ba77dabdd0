"""Linear fits against statsmodels, one feature at a time."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from sevaxis.models.linear.design import Design, cell_means, contrast_matrix, estimable
from sevaxis.models.linear.empirical_bayes import moderate
from sevaxis.models.linear.fit import fit_linear

SAMPLES = pd.DataFrame(
    {
        "group": list("aaaabbbbcccc"),
        "batch": list("xyxyxyxyxxyy"),
        "age": [31.0, 45, 52, 38, 41, 29, 60, 35, 47, 58, 33, 44],
        "subject": list("pqrspqrspqrs"),
    }
)
DESIGN = Design(
    np.column_stack(
        [
            np.ones(12),
            SAMPLES["group"] == "b",
            SAMPLES["group"] == "c",
            SAMPLES["batch"] == "y",
            SAMPLES["age"],
        ]
    ),
    ("intercept", "b", "c", "batch y", "age"),
)


@pytest.fixture
def rng():
    return np.random.default_rng(20240611)


def with_missing(rng, features=40, samples=12, share=0.2):
    y = rng.normal(20, 1, (features, samples))
    y[rng.random(y.shape) < share] = np.nan
    y[0] = rng.normal(20, 1, samples)  # one complete feature among them
    return y


def compound_symmetry(labels, rho):
    same = np.asarray(labels)[:, None] == np.asarray(labels)[None, :]
    return np.where(np.eye(len(labels), dtype=bool), 1.0, np.where(same, rho, 0.0))


@pytest.mark.parametrize("weighted", ["no", "samples", "observations"])
@pytest.mark.parametrize("rho", [None, 0.4, -0.2])
@pytest.mark.parametrize("share", [0.0, 0.2])
@pytest.mark.parametrize("subjects", ["pqrspqrspqrs", "pqrspqrtuqvw"])
def test_equals_generalised_least_squares(rng, weighted, rho, share, subjects):
    """statsmodels GLS of every feature on its observed samples: estimates, standard errors, sigma."""
    y = with_missing(rng, share=share)
    weights = {"no": None, "samples": rng.uniform(0.3, 3, 12), "observations": rng.uniform(0.3, 3, y.shape)}[
        weighted
    ]
    blocks = {} if rho is None else {"block": list(subjects), "correlation": rho}
    fit = fit_linear(y, DESIGN, weights=weights, **blocks)
    contrasts = np.column_stack([np.eye(5)[:, 1], np.eye(5)[:, 2] - np.eye(5)[:, 1], np.eye(5)[:, 4]])
    ours = fit.contrast(contrasts)
    for g, row in enumerate(y):
        seen = np.isfinite(row)
        w = np.ones(12) if weights is None else np.broadcast_to(weights, y.shape)[g]
        error = compound_symmetry(list(subjects), rho or 0.0) / np.sqrt(np.outer(w, w))
        expected_ok = estimable(DESIGN, contrasts, seen)
        np.testing.assert_array_equal(np.isfinite(ours.coefficients[g]), expected_ok)
        matrix = DESIGN.matrix[seen]
        assert fit.df_residual[g] == seen.sum() - np.linalg.matrix_rank(matrix)
        assert fit.mean_abundance[g] == pytest.approx(row[seen].mean())
        if np.linalg.matrix_rank(matrix) < 5 or fit.df_residual[g] == 0:
            continue
        gls = sm.GLS(row[seen], matrix, sigma=error[np.ix_(seen, seen)]).fit()
        unscaled = gls.normalized_cov_params
        np.testing.assert_allclose(fit.coefficients[g], gls.params, rtol=1e-8)
        np.testing.assert_allclose(fit.sigma[g], np.sqrt(gls.scale), rtol=1e-8)
        np.testing.assert_allclose(fit.stdev_unscaled[g], np.sqrt(np.diag(unscaled)), rtol=1e-8)
        expected = np.sqrt(np.diag(contrasts.T @ unscaled @ contrasts))
        np.testing.assert_allclose(ours.stdev_unscaled[g], expected, rtol=1e-8)


def test_two_groups_are_differences_of_means(rng):
    """Hand arithmetic: the pooled variance of two groups of 3 and 2 observed values."""
    y = np.array([[1.0, 2.0, 6.0, 4.0, 8.0, np.nan]])
    fit = fit_linear(y, cell_means(list("aaabbb"))).contrast(np.array([-1.0, 1.0]))
    assert fit.coefficients[0, 0] == pytest.approx(6 - 3)
    # within a: 4 + 1 + 9 = 14; within b: 4 + 4 = 8; 22 / (5 - 2)
    assert fit.sigma[0] ** 2 == pytest.approx(22 / 3)
    assert fit.stdev_unscaled[0, 0] == pytest.approx(np.sqrt(1 / 3 + 1 / 2))
    assert fit.df_residual[0] == 3


def test_status_of_bad_rows():
    """All missing; a whole group missing; constant; one observation per group."""
    nan = np.nan
    y = np.array(
        [[nan] * 6, [nan, nan, nan, 4, 5, 6], [7.1, 7.1, 7.1, 7.1, 7.1, 7.1], [nan, 3, nan, 5, nan, nan]]
    )
    fit = fit_linear(y, cell_means(list("aaabbb"))).contrast(np.array([-1.0, 1.0]))
    np.testing.assert_array_equal(np.isnan(fit.coefficients[:, 0]), [True, True, False, False])
    np.testing.assert_array_equal(fit.df_residual, [0, 2, 4, 0])
    np.testing.assert_array_equal(fit.n_observed, [0, 3, 6, 2])
    np.testing.assert_array_equal(np.isnan(fit.sigma), [True, False, False, True])
    assert fit.sigma[2] == 0
    assert np.isnan(fit.mean_abundance[0])


def test_zero_weight_is_a_missing_value(rng):
    y = rng.normal(size=(5, 12))
    weights = np.ones(y.shape)
    weights[:, 3] = 0
    hidden = y.copy()
    hidden[:, 3] = np.nan
    expected = fit_linear(hidden, DESIGN)
    for given in (weights, weights[0]):
        fit = fit_linear(y, DESIGN, weights=given)
        for name in (
            "coefficients",
            "sigma",
            "df_residual",
            "n_observed",
            "mean_abundance",
            "stdev_unscaled",
        ):
            np.testing.assert_allclose(getattr(fit, name), getattr(expected, name), rtol=1e-10, err_msg=name)


def test_contrasts_survive_a_design_of_deficient_rank(rng):
    """Cell c is the only one in batch z: its own mean is lost, the difference of a and b is not."""
    design = cell_means(SAMPLES["group"], pd.DataFrame({"batch": list("xyxyxyxyzzzz")}))
    fit = fit_linear(rng.normal(size=(3, 12)), design)
    contrasts = contrast_matrix(design, {"b-a": {"b": 1, "a": -1}, "c-a": {"c": 1, "a": -1}})
    found = np.isfinite(fit.contrast(contrasts, ["b-a", "c-a"]).coefficients)
    np.testing.assert_array_equal(found, [[True, False]] * 3)


def test_scaling_a_covariate_changes_nothing_else(rng):
    y = with_missing(rng)
    scaled = Design(DESIGN.matrix * [1, 1, 1, 1, 1e7], DESIGN.names)
    one, two = fit_linear(y, DESIGN), fit_linear(y, scaled)
    np.testing.assert_allclose(one.sigma, two.sigma, rtol=1e-9)
    np.testing.assert_allclose(one.coefficients[:, 1], two.coefficients[:, 1], rtol=1e-7)
    np.testing.assert_allclose(one.coefficients[:, 4], two.coefficients[:, 4] * 1e7, rtol=1e-7)


def test_fitted_values_are_design_times_coefficients(rng):
    fit = fit_linear(rng.normal(size=(4, 12)), DESIGN)
    np.testing.assert_allclose(fit.fitted(), fit.coefficients @ DESIGN.matrix.T, atol=1e-12)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"y": np.full((2, 11), 1.0)}, "shape"),
        ({"y": np.full((2, 12), np.inf)}, "2 features hold infinite values, the first at index 0"),
        ({"weights": np.full(12, -1.0)}, "weights are finite and not negative"),
        ({"weights": np.full(12, np.nan)}, "weights are finite and not negative"),
        ({"weights": np.ones(5)}, "weights of shape"),
        ({"block": list("aabbccddeeff")}, "go together"),
        ({"block": list("aabbccddeeff"), "correlation": 1.0}, "impossible in blocks of 2"),
        ({"block": list("aaaaaabbbbbb"), "correlation": -0.3}, "impossible in blocks of 6"),
        ({"block": list("aabb"), "correlation": 0.3}, "4 block labels for 12 samples"),
        (
            {"design": cell_means([str(i) for i in range(12)])},
            "no residual degrees of freedom: 12 samples, 12",
        ),
    ],
)
def test_refuses_before_fitting(rng, change, says):
    arguments = {"y": rng.normal(size=(2, 12)), "design": DESIGN} | change
    with pytest.raises(ValueError, match=says):
        fit_linear(arguments.pop("y"), arguments.pop("design"), **arguments)


def test_more_columns_than_samples_is_refused(rng):
    wide = Design(rng.normal(size=(4, 6)), tuple("abcdef"))
    with pytest.raises(ValueError, match="no residual degrees of freedom: 4 samples, 6 columns of rank 4"):
        fit_linear(rng.normal(size=(2, 4)), wide)


def test_no_features_give_no_rows():
    for weights in (None, np.ones((0, 12))):
        assert fit_linear(np.empty((0, 12)), DESIGN, weights=weights).coefficients.shape == (0, 5)


@pytest.mark.slow
@pytest.mark.parametrize("weighted", [False, True])
def test_memory_stays_bounded(weighted):
    """60,000 x 400 with missing values: less than 1 GB beside the input, which is 0.2 GB (0.4 GB with weights)."""
    rng = np.random.default_rng(1)
    y = rng.normal(20, 1, (60_000, 400))
    y[rng.random(y.shape) < 0.1] = np.nan
    weights = rng.uniform(0.5, 2, y.shape) if weighted else None
    design = cell_means([str(j % 10) for j in range(400)])
    tracemalloc.start()
    moderate(
        fit_linear(y, design, weights=weights).contrast(np.eye(10)[:, :4] - 0.1), trend=True, robust=True
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e9
