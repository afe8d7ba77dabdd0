"""Correlation within blocks against a brute-force residual likelihood and statsmodels' mixed model."""

import warnings

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import optimize
from sevaxis.models.linear.blocks import duplicate_correlation, feature_correlations
from sevaxis.models.linear.design import cell_means

SUBJECT = np.repeat(np.arange(8), 3)
DESIGN = cell_means(np.tile(["a", "b", "c"], 8))


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def simulate(rng, features, rho):
    subject = rng.normal(size=(features, 8))[:, SUBJECT]
    return np.sqrt(rho) * subject + np.sqrt(1 - rho) * rng.normal(size=(features, 24))


def residual_likelihood(rho, y, x, labels, weights):
    """The textbook formula with full matrices (Patterson & Thompson 1971), sigma profiled out."""
    r = np.where(labels[:, None] == labels[None, :], rho, 0.0)
    np.fill_diagonal(r, 1.0)
    r /= np.sqrt(np.outer(weights, weights))
    inverse = np.linalg.inv(r)
    gram = x.T @ inverse @ x
    residual = y - x @ np.linalg.solve(gram, x.T @ inverse @ y)
    df = len(y) - x.shape[1]
    logdet = np.linalg.slogdet(r)[1] + np.linalg.slogdet(gram)[1]
    return -0.5 * (df * np.log(residual @ inverse @ residual / df) + logdet)


def highest_maximum(row, x, labels, low, high):
    """The same likelihood over the eigenvalues of the blocks among the residuals, at 4,000 correlations and between."""
    seen = np.isfinite(row)
    x, labels, row = x[seen], labels[seen], row[seen]
    left, singular, _ = np.linalg.svd(x)
    residuals = left[:, (singular > 1e-9).sum() :]
    ratio, vectors = np.linalg.eigh(residuals.T @ (labels[:, None] == labels[None, :]) @ residuals)
    squares = (row @ residuals @ vectors) ** 2

    def height(rho):
        variance = (1 - rho) + np.multiply.outer(ratio, rho)
        total = np.tensordot(squares, 1 / variance, 1)
        return -0.5 * (len(squares) * np.log(total) + np.log(variance).sum(axis=0))

    grid = np.unique(np.r_[np.linspace(low, high, 2000), low + np.geomspace(1e-5, high - low, 2000)])
    grid = np.clip(grid, low, high)
    best = height(grid).argmax()
    ends = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = optimize.minimize_scalar(
        lambda r: -height(r), bounds=ends, method="bounded", options={"xatol": 1e-11}
    )
    return max((grid[best], found.x), key=height)


@pytest.mark.parametrize("weighted", [False, True])
def test_equals_brute_force(rng, weighted):
    y = simulate(rng, 30, 0.4)
    y[rng.random(y.shape) < 0.15] = np.nan
    weights = rng.uniform(0.5, 2, y.shape) if weighted else None
    rho = feature_correlations(y, DESIGN, SUBJECT, weights)
    for g, row in enumerate(y):
        seen = np.isfinite(row)
        w = weights[g, seen] if weighted else np.ones(seen.sum())
        arguments = (row[seen], DESIGN.matrix[seen], SUBJECT[seen], w)
        best = optimize.minimize_scalar(
            lambda r, a=arguments: -residual_likelihood(r, *a), bounds=(-0.49, 0.99), method="bounded",
            options={"xatol": 1e-9},
        )  # fmt: skip
        assert rho[g] == pytest.approx(best.x, abs=2e-6)


def test_equals_a_mixed_model(rng):
    """MixedLM holds the variance between subjects at or above 0; beyond, the correlation may be negative."""
    y = simulate(rng, 8, 0.5)
    rho = feature_correlations(y, DESIGN, SUBJECT)
    assert (rho > 0.01).sum() >= 6
    for g, row in enumerate(y):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            mixed = sm.MixedLM(row, DESIGN.matrix, groups=SUBJECT).fit(reml=True)
        between = mixed.cov_re[0, 0] if hasattr(mixed.cov_re, "shape") else mixed.cov_re
        assert max(rho[g], 0) == pytest.approx(between / (between + mixed.scale), abs=1e-4)


@pytest.mark.parametrize("share", [0.0, 0.2])
@pytest.mark.parametrize(("labels", "low"), [("aaabbbcccdddefgh", -0.49), ("abcdefghabcdefij", -0.99)])
def test_highest_of_several_maxima(rng, share, labels, low):
    """Blocks of unequal size and missing values: a second maximum at the lower limit or at another correlation."""
    labels = np.array(list(labels))
    design = cell_means(list("abababababababab") if low == -0.49 else list("aaaaaaaabbbbbbbb"))
    subject = rng.normal(size=(150, 26))[:, [ord(label) - 97 for label in labels]]
    y = np.sqrt(0.5) * subject + np.sqrt(0.5) * rng.normal(size=(150, 16))
    y[rng.random(y.shape) < share] = np.nan
    rho = feature_correlations(y, design, labels)
    known = np.flatnonzero(np.isfinite(rho))
    assert len(known) > 140
    expected = [highest_maximum(y[g], design.matrix, labels, low, 0.99) for g in known]
    np.testing.assert_allclose(rho[known], expected, atol=1e-6)


def test_features_without_information_stay_out(rng):
    """Where all that is observed lies within blocks the design tells apart, every correlation is as likely."""
    y = simulate(rng, 300, 0.6)
    # Subjects within groups, and only one subject of each group seen: nothing but differences within subjects is left.
    nested = cell_means(np.repeat(list("abcd"), 6))
    flat = np.full((100, 24), np.nan)
    flat[:, [0, 1, 2, 6, 7, 8]] = 20 + rng.normal(size=(100, 6))
    rho = feature_correlations(np.vstack([y, flat]), nested, SUBJECT)
    assert np.isnan(rho[300:]).all()
    alone = duplicate_correlation(y, nested, SUBJECT)
    both = np.vstack([y, flat])
    assert duplicate_correlation(both, nested, SUBJECT) == alone
    for _ in range(5):
        moved = duplicate_correlation(both * (1 + 1e-15 * rng.normal(size=both.shape)), nested, SUBJECT)
        assert abs(moved - alone) < 1e-9


def test_consensus_is_the_planted_correlation(rng):
    y = simulate(rng, 3000, 0.6)
    y[rng.random(y.shape) < 0.1] = np.nan
    assert duplicate_correlation(y, DESIGN, SUBJECT) == pytest.approx(0.6, abs=0.02)
    assert duplicate_correlation(simulate(rng, 3000, 0.0), DESIGN, SUBJECT) == pytest.approx(0.0, abs=0.02)


def test_limits_and_features_that_say_nothing(rng):
    y = simulate(rng, 5, 0.5)
    y[4] = 7.1  # constant
    y[0] = rng.normal(size=8)[SUBJECT] + 1e-6 * rng.normal(size=24)  # blocks explain all
    y[1] = np.where(np.arange(24) % 3 == 0, y[1], np.nan)  # one sample per block
    y[2] = np.nan
    rho = feature_correlations(y, DESIGN, SUBJECT)
    assert rho[0] == pytest.approx(0.99)
    assert np.isnan(rho[[1, 2, 4]]).all()
    assert -0.49 <= rho[3] <= 0.99


def test_features_without_residuals_disturb_nothing(rng):
    """Group means alone, up to rounding, and what missing values leave of them: 0 / 0 without a warning."""
    y = simulate(rng, 40, 0.5)
    y[20:] = rng.normal(22, 2, (20, 3)) @ DESIGN.matrix.T * 10.0 ** rng.integers(-8, 9, (20, 1))
    y[30:] = 20.0 + (rng.random((10, 24)) < 0.1)
    y[rng.random(y.shape) < 0.4] = np.nan
    rho = feature_correlations(y, DESIGN, SUBJECT)
    np.testing.assert_array_equal(rho[:20], feature_correlations(y[:20], DESIGN, SUBJECT))
    assert (np.isnan(rho) | (np.abs(rho) < 1)).all()


@pytest.mark.parametrize(
    ("blocks", "says"),
    [
        (np.arange(24), "no block has two samples"),
        (np.tile(["a", "b", "c"], 8), "the design already holds the blocks"),
        (SUBJECT[:5], "5 block labels for 24 samples"),
    ],
)
def test_refuses_blocks_that_mean_nothing(rng, blocks, says):
    with pytest.raises(ValueError, match=says):
        duplicate_correlation(simulate(rng, 3, 0.5), DESIGN, blocks)


def test_no_feature_with_enough_observations():
    with pytest.raises(ValueError, match="no feature has enough"):
        duplicate_correlation(np.full((3, 24), np.nan), DESIGN, SUBJECT)
