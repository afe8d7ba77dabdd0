"""Effects where values are missing by the curve: limma's without gaps, the likelihood's maximum with them."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize
from scipy.special import expit, stdtr, stdtrit
from scipy.stats import norm
from sevaxis.models.intensities.curve_model import fit_with_curve
from sevaxis.models.intensities.detection_curve import DetectionCurve, fit_detection_curve, fit_means
from sevaxis.models.linear.design import cell_means, contrast_matrix
from sevaxis.models.linear.empirical_bayes import moderate
from sevaxis.models.linear.fit import fit_linear

CELLS = ["control"] * 6 + ["over"] * 6
EFFECT = {"effect": {"over": 1.0, "control": -1.0}}


def two_groups(seed, *, features=1000, effect=0.0, means=None, intercept=-24.0, slope=1.0):
    """Complete values of two groups of six, and what the curve leaves of them."""
    rng = np.random.default_rng(seed)
    spread = 0.5 * np.sqrt(6 / rng.chisquare(6, (features, 1)))
    case = np.array(CELLS) == "over"
    mean = rng.normal(25, 2, (features, 1)) if means is None else np.linspace(*means, features)[:, None]
    complete = mean + spread * rng.normal(size=(features, 12)) + effect * case
    seen = rng.random(complete.shape) < expit(intercept + slope * complete)
    log2 = np.where(seen, complete, np.nan)
    return log2[seen.any(axis=1)]


@pytest.mark.parametrize("weighted", [False, True])
def test_without_gaps_it_is_the_moderated_linear_model(weighted):
    rng = np.random.default_rng(1)
    y = rng.normal(25, 1, (300, 12)) * rng.uniform(0.5, 2, (300, 1))
    design = cell_means(CELLS, pd.DataFrame({"age": rng.normal(size=12)}))
    contrasts = contrast_matrix(design, EFFECT)
    weights = rng.uniform(0.5, 2, 12) if weighted else None
    curve = DetectionCurve(-4.0, 0.7, 0.1, np.zeros(12), 25.0, 4.0)
    found = fit_with_curve(y, design, contrasts, curve, weights=weights)
    limma = moderate(fit_linear(y, design, weights=weights).contrast(contrasts), trend=True, robust=True)
    np.testing.assert_allclose(found.log2fc, limma.log2fc, rtol=1e-9)
    np.testing.assert_allclose(found.se, limma.se, rtol=1e-9)
    np.testing.assert_allclose(np.minimum(found.df, 300 * 9), limma.df_total, rtol=1e-9)


def test_coefficients_are_the_maximum_of_the_likelihood():
    """Two groups and a covariate, variances by sample: SciPy's maximum, and its curvature by differences."""
    rng = np.random.default_rng(2)
    log2 = two_groups(2, features=30, effect=-1.5)
    x = np.column_stack([np.ones(12), np.array(CELLS) == "over", rng.normal(size=12)]).astype(float)
    q = np.linalg.qr(x)[0]
    curve = DetectionCurve(-24.0, 1.0, 0.1, np.linspace(-0.5, 0.5, 12), 25.0, 4.0)
    variance = rng.uniform(0.1, 0.5, (len(log2), 1)) * rng.uniform(0.5, 2, 12)
    prior = (q**2).sum(axis=1) / 4
    found = fit_means(log2, q, variance, np.full((len(log2), 1), 25.0) * q.sum(axis=0), curve, prior)
    with_gaps = np.flatnonzero(np.isnan(log2).any(axis=1))[:8]
    assert len(with_gaps) == 8
    for i in with_gaps:
        seen = np.isfinite(log2[i])

        def loss(b, i=i, seen=seen):
            fitted = q @ b
            scale = 1 / np.sqrt(1 + np.pi / 8 * variance[i])
            missed = np.log(expit(-scale * (curve.intercept + curve.shifts + fitted)))
            prior = (q**2).sum(axis=1) * (fitted - 25.0) ** 2 / 8
            return (
                prior.sum()
                - norm.logpdf(log2[i], fitted, np.sqrt(variance[i]))[seen].sum()
                - missed[~seen].sum()
            )

        best = optimize.minimize(loss, found.beta[i] + 0.3, method="BFGS", options={"gtol": 1e-9})
        np.testing.assert_allclose(q @ found.beta[i], q @ best.x, atol=1e-4)


@pytest.mark.parametrize("effect", [0.6, -1.2])
def test_intervals_hold_the_effect_that_was_planted(effect):
    """Features of means at which a quarter is missed: chosen by the truth, for by what is seen would bias."""
    design = cell_means(CELLS)
    contrasts = contrast_matrix(design, EFFECT)
    inside, error = [], []
    for seed in range(4):
        curve = fit_detection_curve(two_groups(seed, features=2000))
        log2 = two_groups(seed + 50, effect=effect, means=(25.0, 26.5))
        seen = np.isfinite(log2)
        at = seen[:, :6].any(axis=1) & seen[:, 6:].any(axis=1)
        assert at.mean() > 0.98 and 0.1 < 1 - seen.mean() < 0.4
        found = fit_with_curve(log2, design, contrasts, curve)
        off = found.log2fc[at, 0] - effect
        inside.append(np.abs(off) <= stdtrit(found.df[at], 0.975) * found.se[at, 0])
        error.append(off)
    assert 0.94 <= np.concatenate(inside).mean() <= 0.965
    assert abs(np.concatenate(error).mean()) < 0.03


def test_where_nothing_differs_its_own_test_keeps_its_level():
    design = cell_means(CELLS)
    p = []
    for seed in range(4):
        log2 = two_groups(seed + 10)
        found = fit_with_curve(log2, design, contrast_matrix(design, EFFECT), fit_detection_curve(log2))
        gap = np.isnan(log2).any(axis=1)
        p.append(2 * stdtr(found.df, -np.abs(found.log2fc / found.se)[:, 0])[gap])
    share = np.concatenate(p)
    assert 0.035 < (share < 0.05).mean() < 0.056


def test_a_group_without_a_value_is_drawn_to_where_it_would_be_missed():
    log2 = two_groups(20)
    log2[0] = [26.0, 25.8, 26.2, 26.1, 25.9, 26.0] + [np.nan] * 6
    design = cell_means(CELLS)
    found = fit_with_curve(log2, design, contrast_matrix(design, EFFECT), fit_detection_curve(log2))
    assert found.log2fc[0, 0] < -1.5  # a protein at 26 is missed in a tenth of samples
    assert np.isfinite(found.se).all() and (found.df > 0).all()
