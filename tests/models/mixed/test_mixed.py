"""Random intercepts against dense linear algebra, the paired t-test, least squares and statsmodels."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats
from sevaxis.base.vocabulary import Reason
from sevaxis.models.mixed.formula import fit_mixed_formula
from sevaxis.models.mixed.random_intercept import fit_random_intercept


def restricted_log_likelihood(
    variances: np.ndarray, y: np.ndarray, x: np.ndarray, block: np.ndarray
) -> float:
    """Textbook formula with dense matrices (Harville 1974), constants as in lme4."""
    v = variances[0] * (block[:, None] == block) + variances[1] * np.eye(len(y))
    inverse = np.linalg.inv(v)
    gram = x.T @ inverse @ x
    residual = y - x @ np.linalg.solve(gram, x.T @ inverse @ y)
    terms = np.linalg.slogdet(v)[1] + np.linalg.slogdet(gram)[1] + residual @ inverse @ residual
    return -0.5 * (terms + (len(y) - x.shape[1]) * np.log(2 * np.pi))


def simulated(rng: np.random.Generator, features: int, subjects: int = 12, each: int = 3):
    block = np.repeat(np.arange(subjects), each)
    treated = (np.arange(subjects * each) % each > 0).astype(float)
    age = rng.normal(size=subjects)[block]
    design = np.column_stack([np.ones(len(block)), treated, age])
    y = rng.normal(10, 1, (features, 1)) + rng.normal(0, 1, (features, subjects))[:, block]
    return y + rng.normal(0, 1, (features, len(block))), design, block


def test_maximum_variances_and_satterthwaite_by_dense_algebra():
    rng = np.random.default_rng(1)
    y, design, block = simulated(rng, 6)
    y[rng.random(y.shape) < 0.2] = np.nan
    fit = fit_random_intercept(y, design, block)
    found = fit.contrast(np.array([0.0, 1.0, 0.0]))
    for i in range(6):
        if fit.boundary[i]:
            continue
        seen = ~np.isnan(y[i])
        values, x, subject = y[i, seen], design[seen], block[seen]

        def height(log_variances, values=values, x=x, subject=subject):
            return -restricted_log_likelihood(np.exp(log_variances), values, x, subject)

        best = optimize.minimize(
            height, [0, 0], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-13}
        )
        np.testing.assert_allclose(
            [fit.variance_block[i], fit.variance_residual[i]], np.exp(best.x), rtol=1e-5
        )
        np.testing.assert_allclose(fit.log_likelihood[i], -best.fun, rtol=1e-9)

        def variance_of_effect(variances, x=x, subject=subject):
            v = variances[0] * (subject[:, None] == subject) + variances[1] * np.eye(len(subject))
            return np.linalg.inv(x.T @ np.linalg.solve(v, x))[1, 1]

        at = np.array([fit.variance_block[i], fit.variance_residual[i]])
        np.testing.assert_allclose(found.se[i, 0], np.sqrt(variance_of_effect(at)), rtol=1e-8)
        step = 1e-4 * at
        shift = np.diag(step)
        gradient = [
            (variance_of_effect(at + d) - variance_of_effect(at - d)) / (2 * h)
            for d, h in zip(shift, step, strict=True)
        ]

        def f(v, values=values, x=x, subject=subject):
            return -restricted_log_likelihood(v, values, x, subject)

        information = np.empty((2, 2))
        for a in range(2):
            for b in range(2):
                information[a, b] = (
                    f(at + shift[a] + shift[b])
                    - f(at + shift[a] - shift[b])
                    - f(at - shift[a] + shift[b])
                    + f(at - shift[a] - shift[b])
                ) / (4 * step[a] * step[b])
        spread = np.array(gradient) @ np.linalg.inv(information) @ np.array(gradient)
        df = 2 * variance_of_effect(at) ** 2 / spread
        np.testing.assert_allclose(found.df[i, 0], df, rtol=1e-3)
    assert (~fit.boundary).sum() >= 4


def test_pairs_are_a_paired_t_test():
    """Two samples of each subject, one of them treated: balanced REML with interior variance is the paired test."""
    rng = np.random.default_rng(2)
    subjects = 8
    block = np.repeat(np.arange(subjects), 2)
    design = np.column_stack([np.ones(16), np.tile([0.0, 1.0], subjects)])
    y = rng.normal(0, 2, (20, subjects))[:, block] + rng.normal(0, 1, (20, 16))
    fit = fit_random_intercept(y, design, block)
    found = fit.contrast(np.array([0.0, 1.0]))
    expected = stats.ttest_rel(y[:, 1::2], y[:, ::2], axis=1)
    interior = ~fit.boundary
    assert interior.sum() >= 18
    np.testing.assert_allclose(found.t[interior, 0], expected.statistic[interior], rtol=1e-7)
    np.testing.assert_allclose(found.df[interior, 0], subjects - 1, rtol=1e-6)
    np.testing.assert_allclose(found.p[interior, 0], expected.pvalue[interior], rtol=1e-6)


def test_boundary_is_least_squares():
    # subjects' means are all equal while values within subjects differ: the variance of the block is 0
    y = np.random.default_rng(2).normal(size=(5, 3))
    y = (y - y.mean(axis=1, keepdims=True)).reshape(1, 15)
    dose = np.tile([0.0, 1.0, 3.0], 5)
    fit = fit_random_intercept(y, np.column_stack([np.ones(15), dose]), np.repeat(np.arange(5), 3))
    found = fit.contrast(np.array([0.0, 1.0]))
    expected = stats.linregress(dose, y[0])
    assert fit.boundary[0]
    assert fit.variance_block[0] == 0
    assert found.estimate[0, 0] == pytest.approx(expected.slope, rel=1e-9)
    assert found.se[0, 0] == pytest.approx(expected.stderr, rel=1e-9)
    assert found.df[0, 0] == 13
    assert found.p[0, 0] == pytest.approx(expected.pvalue, rel=1e-9)


def test_statsmodels_agrees():
    MixedLM = pytest.importorskip("statsmodels.regression.mixed_linear_model").MixedLM
    y, design, block = simulated(np.random.default_rng(3), 5)
    fit = fit_random_intercept(y, design, block)
    found = fit.contrast(np.array([0.0, 1.0, 0.0]))
    for i in range(5):
        expected = MixedLM(y[i], design, block).fit(reml=True, method="bfgs", gtol=1e-8)
        assert fit.variance_block[i] == pytest.approx(expected.cov_re[0, 0], rel=1e-4)
        assert found.estimate[i, 0] == pytest.approx(expected.fe_params[1], rel=1e-5)
        assert found.se[i, 0] == pytest.approx(expected.bse_fe[1], rel=1e-4)


def test_complete_features_do_not_depend_on_their_company():
    y, design, block = simulated(np.random.default_rng(4), 30)
    alone = fit_random_intercept(y, design, block)
    holed = np.vstack([y, y])
    holed[30:, 5] = np.nan
    together = fit_random_intercept(holed, design, block)
    np.testing.assert_allclose(together.covariance[:30], alone.covariance, rtol=1e-8)


def test_a_group_without_values_is_not_estimable_and_the_rest_is():
    rng = np.random.default_rng(5)
    block = np.repeat(np.arange(9), 2)
    cells = np.repeat(np.eye(3), 6, axis=0)
    y = rng.normal(size=(2, 18)) + rng.normal(size=(2, 9))[:, block]
    y[1, cells[:, 2] == 1] = np.nan
    fit = fit_random_intercept(y, cells, block)
    found = fit.contrast(np.array([[-1.0, 1.0, 0.0], [-1.0, 0.0, 1.0]]).T)
    assert list(found.status[0]) == ["tested", "tested"]
    assert list(found.status[1]) == ["tested", "not_estimable"]
    assert found.reason[1, 1] == Reason.FEW_DETECTED
    assert np.isnan(found.p[1, 1])
    # what remains is the model of the two groups that have values
    rest = fit_random_intercept(y[1:, :12], cells[:12, :2], block[:12]).contrast(np.array([-1.0, 1.0]))
    for name in ("estimate", "se", "df", "p"):
        assert getattr(found, name)[1, 0] == pytest.approx(getattr(rest, name)[0, 0], rel=1e-6)


def test_rows_that_cannot_be_fitted_say_why(recwarn):
    y, design, block = simulated(np.random.default_rng(6), 6)
    y[0] = np.nan
    y[1, 2:] = np.nan
    y[2] = 7.0
    y[3, np.arange(36) % 3 > 0] = np.nan  # one value per subject, all untreated
    y[4] = 1e6 * np.arange(12)[block]  # nothing varies within a subject
    found = fit_random_intercept(y, design, block).contrast(np.array([0.0, 1.0, 0.0]))
    assert list(found.status[:, 0]) == ["not_estimable"] * 5 + ["tested"]
    assert list(found.reason[:5, 0]) == [
        Reason.NEVER_DETECTED,
        Reason.NO_RESIDUAL_DF,
        Reason.NO_SCATTER,
        Reason.FEW_DETECTED,
        Reason.NOT_CONVERGED,
    ]
    assert (np.isnan(found.p) == (found.status != "tested")).all()
    assert not [w for w in recwarn if issubclass(w.category, RuntimeWarning)]


def test_values_of_any_scale_do_not_warn(recwarn):
    y, design, block = simulated(np.random.default_rng(11), 40)
    y = y * 10.0 ** np.linspace(-9, 9, 40)[:, None] + 1000
    found = fit_random_intercept(y, design, block).contrast(np.array([0.0, 1.0, 0.0]))
    assert (np.isnan(found.p) == (found.status != "tested")).all()
    assert not recwarn


def test_one_value_left_per_subject_is_least_squares():
    y, design, block = simulated(np.random.default_rng(7), 1)
    keep = (np.arange(36) // 3) % 3 == np.arange(36) % 3
    y[:, ~keep] = np.nan
    fit = fit_random_intercept(y, design, block)
    found = fit.contrast(np.array([0.0, 1.0, 0.0]))
    x, values = design[keep], y[0, keep]
    beta, rss, *_ = np.linalg.lstsq(x, values, rcond=None)
    se = np.sqrt(rss[0] / 9 * np.linalg.inv(x.T @ x)[1, 1])
    assert found.reason[0, 0] == Reason.NO_REPEATS
    assert found.status[0, 0] == "tested"
    np.testing.assert_allclose(
        [found.estimate[0, 0], found.se[0, 0], found.df[0, 0]], [beta[1], se, 9], rtol=1e-8
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda y, x, b: (np.where(y > 12, np.inf, y), x, b), "infinite"),
        (lambda y, x, b: (y, np.column_stack([x, x[:, 1]]), b), "aliased"),
        (lambda y, x, b: (y[:, :3], x[:3], b[:3]), "no residual"),
        (lambda y, x, b: (y, x, np.arange(len(b))), "single sample"),
        (lambda y, x, b: (y, x, np.where(b == 2, np.nan, b)), "block label"),
        (lambda y, x, b: (y, x[:-1], b), "do not match"),
    ],
)
def test_bad_input_is_refused(change, message):
    y, design, block = simulated(np.random.default_rng(8), 4)
    y[0, 0] = 20
    with pytest.raises(ValueError, match=message):
        fit_random_intercept(*change(y, design, block))


# ---------------------------------------------------------------- clinical models
@pytest.fixture
def clinic() -> pd.DataFrame:
    rng = np.random.default_rng(9)
    subject = np.repeat(np.arange(25), 8)
    load = rng.normal(size=200)
    slope = rng.normal(0.5, 0.4, 25)[subject]
    outcome = 3 + slope * load + rng.normal(0, 1, 25)[subject] + rng.normal(0, 0.5, 200)
    return pd.DataFrame(
        {"outcome": outcome, "load": load, "sex": np.where(subject % 2, "F", "M"), "subject": subject}
    )


def test_random_slope_recovers_what_was_planted(clinic):
    fit = fit_mixed_formula(clinic, "outcome ~ load + sex", "subject", random="1 + load")
    assert fit.converged
    assert (fit.n, fit.groups, fit.dropped) == (200, 25, 0)
    low, high = fit.fixed.loc["load", ["ci_low", "ci_high"]]
    assert low < 0.5 < high
    np.testing.assert_allclose(fit.random.variance, [1.0, 0.16], rtol=0.6)
    assert fit.variance_residual == pytest.approx(0.25, rel=0.2)


def test_formula_wrapper_agrees_with_the_vectorised_engine(clinic):
    fit = fit_mixed_formula(clinic, "outcome ~ load", "subject")
    design = np.column_stack([np.ones(200), clinic.load])
    exact = fit_random_intercept(clinic.outcome.to_numpy()[None], design, clinic.subject.to_numpy())
    found = exact.contrast(np.array([0.0, 1.0]))
    assert fit.fixed.loc["load", "estimate"] == pytest.approx(found.estimate[0, 0], rel=1e-4)
    assert fit.fixed.loc["load", "se"] == pytest.approx(found.se[0, 0], rel=1e-3)


def test_missing_rows_are_counted_and_zero_variance_is_named(clinic):
    clinic.loc[:4, "load"] = np.nan
    rng = np.random.default_rng(10)
    clinic["noise"] = rng.normal(size=200)
    clinic["noise"] -= clinic.groupby("subject")["noise"].transform("mean")  # no variance between subjects
    fit = fit_mixed_formula(clinic, "noise ~ load", "subject")
    assert fit.dropped == 5
    assert fit.n == 195
    assert fit.random.singular.all() or not fit.converged


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("outcome ~ __import__('os').system('true')", "not allowed"),
        ("outcome ~ np.log(load)", "not allowed"),
        ("outcome ~ dose", "unknown column"),
        ("outcome + load", "write"),
    ],
)
def test_formulas_cannot_run_code(clinic, formula, message):
    with pytest.raises(ValueError, match=message):
        fit_mixed_formula(clinic, formula, "subject")


def test_one_group_is_refused(clinic):
    with pytest.raises(ValueError, match="at least 2"):
        fit_mixed_formula(clinic.assign(subject=1), "outcome ~ load", "subject")
