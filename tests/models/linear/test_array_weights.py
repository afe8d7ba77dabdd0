"""Sample weights: R's numbers on a matrix anyone can rebuild, planted variances, and the likelihood itself."""

import numpy as np
import pytest
from scipy import optimize, stats
from sevaxis.models.linear.array_weights import array_weights
from sevaxis.models.linear.design import cell_means

DESIGN = cell_means(list("aaaabbbb"))
SPREAD = np.array([1, 1, 2, 1, 0.5, 1, 3, 1])


def scrambled(features=60):
    """Normal quantiles in an order that a multiplicative congruence gives: the same in R without a seed."""
    n = features * 8
    order = (np.arange(1, n + 1) * 281) % (n + 1)
    return stats.norm.ppf(order / (n + 1)).reshape(features, 8) * np.sqrt(SPREAD)


def test_equals_r_limma_3_54_1():
    """R 4.2.2: y <- matrix(qnorm((1:480 * 281) %% 481 / 481), 60, byrow = TRUE) %*% diag(sqrt(spread));
    arrayWeights(y, X, method = ..., tol = 1e-14, maxiter = 500), X the means of samples 1-4 and 5-8; with
    missing values y[i, 1 + i %% 8] <- NA for every third i."""
    # fmt: off
    r_reml = [1.634884038637, 0.737964286899, 0.763012435727, 0.992169405915,
              1.532482072217, 1.310967114943, 0.311187597694, 1.751260585416]
    r_scan = [1.456743402536, 0.837981242845, 0.781746180797, 0.979746260316,
              1.658121080519, 1.147823826352, 0.403769201918, 1.391805646831]
    r_holes = [1.523392470020, 0.807759059384, 0.759724948817, 1.035190655350,
               1.495899514802, 1.282361859758, 0.361609066384, 1.489626198108]
    # fmt: on
    y = scrambled()
    holes = y.copy()
    rows = np.arange(3, 61, 3)
    holes[rows - 1, rows % 8] = np.nan
    np.testing.assert_allclose(array_weights(y, DESIGN), r_reml, rtol=1e-6)
    np.testing.assert_allclose(array_weights(y, DESIGN, method="gene_by_gene"), r_scan, rtol=1e-10)
    np.testing.assert_allclose(array_weights(holes, DESIGN, method="gene_by_gene"), r_holes, rtol=1e-10)


def test_planted_variances_with_missing_values():
    rng = np.random.default_rng(5)
    y = rng.normal(size=(6000, 8)) * np.sqrt(SPREAD)
    y[rng.random(y.shape) < 0.15] = np.nan
    expected = stats.gmean(SPREAD) / SPREAD
    # Sampling error of a log variance: sqrt(2 / (6000 x 0.85 x 6 / 8)) = 0.023. The single pass takes its first,
    # large steps on a few features only and keeps part of their error.
    np.testing.assert_allclose(array_weights(y, DESIGN), expected, rtol=3 * 0.023)
    np.testing.assert_allclose(array_weights(y, DESIGN, method="gene_by_gene"), expected, rtol=0.15)
    assert np.exp(np.log(array_weights(y, DESIGN)).mean()) == pytest.approx(1)


def test_reml_is_the_maximum():
    """Against a direct maximisation of the summed residual log-likelihoods, written with full matrices."""
    rng = np.random.default_rng(6)
    y = rng.normal(size=(25, 8)) * np.sqrt(SPREAD)
    y[rng.random(y.shape) < 0.1] = np.nan
    prior = rng.uniform(0.5, 2, y.shape)
    contrasts = np.vstack([np.eye(7), -np.ones(7)])

    def loss(phi):
        gamma = contrasts @ phi
        total = -10 * 0.5 * (gamma + np.exp(-gamma)).sum()  # ten features whose squared residuals are 1
        for row, weight in zip(y, prior, strict=True):
            seen = np.isfinite(row)
            x, w = DESIGN.matrix[seen], (weight * np.exp(-gamma))[seen]
            gram = x.T @ (w[:, None] * x)
            residual = row[seen] - x @ np.linalg.solve(gram, x.T @ (w * row[seen]))
            df = seen.sum() - 2
            total -= 0.5 * (
                df * np.log((w * residual**2).sum()) - np.log(w).sum() + np.linalg.slogdet(gram)[1]
            )
        return -total

    best = optimize.minimize(loss, np.zeros(7), method="BFGS", options={"gtol": 1e-8})
    np.testing.assert_allclose(
        array_weights(y, DESIGN, weights=prior), np.exp(-contrasts @ best.x), rtol=1e-5
    )


def test_one_very_noisy_array():
    """The log variances sum to zero however far the first steps are, and the weight is the inverse of the variance."""
    rng = np.random.default_rng(8)
    y = rng.normal(size=(3000, 8))
    y[:, 2] *= 30.0
    weights = array_weights(y, DESIGN)
    assert np.exp(np.log(weights).mean()) == pytest.approx(1, rel=1e-12)
    # Sampling error of a log variance: sqrt(2 / (3000 x 6 / 8)) = 0.03; the prior of ten features pulls a little.
    np.testing.assert_allclose(np.delete(weights, 2) / weights[2], 900, rtol=0.15)


def test_groups_share_a_weight():
    """R as above, with var.group = x x y z x x y y."""
    y, groups = scrambled(), list("xxyzxxyy")
    x, y_, z = 1.237640714601, 0.721109623354, 1.136626492594
    weights = array_weights(y, DESIGN, groups=groups, method="gene_by_gene")
    np.testing.assert_allclose(weights, [x, x, y_, z, x, x, y_, y_], rtol=1e-10)
    x, y_, z = 1.265717860765, 0.678687556472, 1.246357713980
    np.testing.assert_allclose(
        array_weights(y, DESIGN, groups=groups), [x, x, y_, z, x, x, y_, y_], rtol=1e-5
    )
    assert array_weights(y, DESIGN, groups=["x"] * 8).tolist() == [1.0] * 8


def test_constant_and_empty_rows_do_not_count():
    y = scrambled()
    padded = np.vstack([np.full((3, 8), 4.0), y, np.full((3, 8), np.nan)])
    for method in ("reml", "gene_by_gene"):
        expected = array_weights(y, DESIGN, method=method)
        np.testing.assert_allclose(array_weights(padded, DESIGN, method=method), expected, rtol=1e-7)


def test_unknown_method():
    with pytest.raises(ValueError, match="choose reml or gene_by_gene"):
        array_weights(scrambled(), DESIGN, method="magic")
