"""Meta-analysis against published worked numbers, hand arithmetic, statsmodels, and metafor 3.8.1."""

import numpy as np
import pytest
from sevaxis.models.meta.pooling import leave_one_out, pool, regress

# BCG vaccine trials (Colditz 1994; Berkey 1995): vaccinated cases, others, control cases, others; latitude
BCG = np.array(
    [
        [4, 119, 11, 128, 44],
        [6, 300, 29, 274, 55],
        [3, 228, 11, 209, 42],
        [62, 13536, 248, 12619, 52],
        [33, 5036, 47, 5761, 13],
        [180, 1361, 372, 1079, 44],
        [8, 2537, 10, 619, 19],
        [505, 87886, 499, 87892, 13],
        [29, 7470, 45, 7232, 27],
        [17, 1699, 65, 1600, 42],
        [186, 50448, 141, 27197, 18],
        [5, 2493, 3, 2338, 33],
        [27, 16886, 29, 17825, 33],
    ],
    dtype=float,
)
A, B, C, D, LATITUDE = BCG.T
LOG_RISK_RATIO = np.log(A / (A + B)) - np.log(C / (C + D))
SE = np.sqrt(1 / A - 1 / (A + B) + 1 / C - 1 / (C + D))


def bcg(**options):
    return pool(LOG_RISK_RATIO[None], SE[None], **options)


def test_bcg_reml_hartung_knapp_published():
    """SCIENCE.md section 6; REML -0.7145 and tau2 0.3132 also in Viechtbauer 2010, section 3.2."""
    found = bcg()
    assert found.tau2[0] == pytest.approx(0.31324, abs=5e-6)
    assert found.estimate[0] == pytest.approx(-0.714532, abs=5e-7)
    assert found.se[0] == pytest.approx(0.180792, abs=5e-7)
    assert found.stat[0] == pytest.approx(-3.95224, abs=5e-6)
    assert found.p[0] == pytest.approx(0.001920, abs=5e-7)
    assert [found.ci_low[0], found.ci_high[0]] == pytest.approx([-1.108444, -0.320621], abs=5e-7)
    assert [found.pi_low[0], found.pi_high[0]] == pytest.approx([-1.9960, 0.5670], abs=5e-5)
    assert found.q[0] == pytest.approx(152.233, abs=5e-4)
    assert (found.k[0], found.df[0], found.q_df[0]) == (13, 12, 12)


@pytest.mark.parametrize(
    ("method", "tau2", "estimate"), [("DL", 0.308760, -0.714117), ("PM", 0.318068, -0.714968)]
)
def test_bcg_other_estimators_published(method, tau2, estimate):
    found = bcg(method=method)
    assert found.tau2[0] == pytest.approx(tau2, abs=5e-7)
    assert found.estimate[0] == pytest.approx(estimate, abs=5e-7)


def test_bcg_plain_standard_error_published():
    assert bcg(hartung_knapp=False).se[0] == pytest.approx(0.179782, abs=5e-7)


def test_bcg_leave_one_out():
    """metafor 3.8.1: leave1out(rma(yi, vi, data=dat.bcg, method="REML", test="knha"))."""
    left = leave_one_out(LOG_RISK_RATIO[None], SE[None])
    estimates = "-0.707083788 -0.654031200 -0.685554418 -0.628409408 -0.764170095 -0.710876565 -0.655247600"
    estimates += " -0.794767611 -0.741197299 -0.653032926 -0.757858625 -0.759812097 -0.777536181"
    errors = "0.194002740 0.181391942 0.188695355 0.181937202 0.191946151 0.199746679 0.180801339"
    errors += " 0.182295110 0.196921067 0.186689170 0.195468295 0.178897643 0.185540668"
    np.testing.assert_allclose(
        [p.estimate[0] for p in left], [float(x) for x in estimates.split()], rtol=1e-6
    )
    np.testing.assert_allclose([p.se[0] for p in left], [float(x) for x in errors.split()], rtol=1e-6)
    assert all(p.k[0] == 12 for p in left)


@pytest.mark.parametrize(
    ("method", "hartung_knapp", "coefficients", "se", "p", "tau2"),
    [
        (
            "REML",
            True,
            [0.2514682100, -0.0291017250],
            [0.2839252837, 0.0082014174],
            [0.3947370724, 0.0045650515],
            0.0763479640,
        ),
        (
            "PM",
            False,
            [0.2219159645, -0.0285645259],
            [0.3174736965, 0.0090701889],
            [0.4845483879, 0.0016367567],
            0.1421319415,
        ),
        (
            "DL",
            True,
            [0.2595437124, -0.0292287388],
            [0.2738745021, 0.0079377558],
            [0.3636499820, 0.0036116738],
            0.0633005024,
        ),
        (
            "FE",
            False,
            [0.3435645774, -0.0292369343],
            [0.0810487795, 0.0026524294],
            [0.0000224532, 3.0e-28],
            0.0,
        ),
    ],
)
def test_bcg_on_latitude(method, hartung_knapp, coefficients, se, p, tau2):
    """metafor 3.8.1: rma(yi, vi, mods=~ablat, control=list(threshold=1e-12, tol=1e-14))."""
    found = regress(LOG_RISK_RATIO[None], SE[None], LATITUDE, method=method, hartung_knapp=hartung_knapp)
    np.testing.assert_allclose(found.coefficients[0], coefficients, rtol=1e-6)
    np.testing.assert_allclose(found.se[0], se, rtol=1e-6)
    np.testing.assert_allclose(found.p[0], p, rtol=1e-5, atol=1e-10)
    np.testing.assert_allclose(found.tau2[0], tau2, rtol=1e-6)
    np.testing.assert_allclose([found.q[0], found.q_p[0]], [30.7330900107, 0.0012142910], rtol=1e-6)


def test_homogeneous_studies_have_no_variance_between_them():
    """metafor 3.8.1: rma(c(.1, .12, .09, .11), c(.04, .05, .03, .06), test="adhoc")."""
    effects, se = np.array([[0.1, 0.12, 0.09, 0.11]]), np.sqrt([[0.04, 0.05, 0.03, 0.06]])
    found = pool(effects, se, hartung_knapp="adhoc")
    np.testing.assert_allclose(
        [found.estimate[0], found.se[0], found.p[0]], [0.1024561404, 0.1025978352, 0.3915736815], rtol=1e-8
    )
    assert found.tau2[0] == found.i2[0] == 0
    plain = pool(effects, se)
    assert plain.se[0] < 0.01
    assert "narrower" in plain.reason[0]


@pytest.mark.filterwarnings(
    "ignore:invalid value:RuntimeWarning"
)  # of statsmodels, where its tau2 is negative
@pytest.mark.parametrize(("method", "name"), [("PM", "iterated"), ("DL", "chi2")])
def test_statsmodels_agrees(method, name):
    combine_effects = pytest.importorskip("statsmodels.stats.meta_analysis").combine_effects
    rng = np.random.default_rng(1)
    se = rng.uniform(0.1, 0.4, (30, 6))
    effects = rng.normal(0.2, 0.4, (30, 1)) + rng.normal(0, 0.5, (30, 6)) + rng.normal(0, 1, (30, 6)) * se
    found = pool(effects, se, method=method)
    kept = 0
    for i in range(30):
        expected = combine_effects(effects[i], se[i] ** 2, method_re=name, use_t=True, atol=1e-12)
        if expected.tau2 <= 0:  # statsmodels does not truncate at 0
            continue
        kept += 1
        assert found.tau2[i] == pytest.approx(expected.tau2, rel=1e-6)
        assert found.estimate[i] == pytest.approx(expected.mean_effect_re, rel=1e-6)
        hksj = expected.sd_eff_w_re_hksj
        assert found.se[i] == pytest.approx(hksj, rel=1e-6)
        assert found.q[i] == pytest.approx(expected.q, rel=1e-8)
    assert kept > 15


def test_absent_studies_are_as_if_never_asked():
    rng = np.random.default_rng(2)
    effects, se = rng.normal(0, 1, (40, 5)), rng.uniform(0.1, 1, (40, 5))
    wide, wide_se = np.full((40, 9), np.nan), np.full((40, 9), np.nan)
    wide[:, [0, 3, 4, 7, 8]], wide_se[:, [0, 3, 4, 7, 8]] = effects, se
    for method in ("FE", "DL", "PM", "REML"):
        narrow, spread = pool(effects, se, method=method), pool(wide, wide_se, method=method)
        np.testing.assert_allclose(narrow.estimate, spread.estimate, rtol=1e-9)
        np.testing.assert_allclose(narrow.p, spread.p, rtol=1e-7)


def test_fewer_than_three_studies_are_not_pooled():
    effects = np.array([[0.5, -0.2, np.nan], [0.4, np.nan, np.nan], [np.nan] * 3, [0.1, 0.2, 0.3]])
    found = pool(effects, np.full((4, 3), 0.2))
    assert list(found.status) == ["not_pooled"] * 3 + ["pooled"]
    assert "side by side" in found.reason[0]
    assert np.isnan(found.estimate[:3]).all()
    assert list(found.k) == [2, 1, 0, 3]
    assert np.isfinite(found.p[3])


def test_identical_effects():
    found = pool(np.full((1, 4), 0.3), np.full((1, 4), 0.1), hartung_knapp=False)
    assert found.estimate[0] == pytest.approx(0.3)
    assert found.se[0] == pytest.approx(0.05)  # 0.1 / sqrt(4)
    found = pool(np.full((2, 4), [[0.3], [0.0]]), np.full((2, 4), 0.1))
    assert list(found.status) == ["not_pooled"] * 2
    assert "scatter" in found.reason[0]
    assert np.isnan(found.p).all()


def test_errors_of_any_size_do_not_warn(recwarn):
    rng = np.random.default_rng(3)
    effects, se = rng.normal(size=(200, 6)), 10 ** rng.uniform(-4, 4, (200, 6))
    for method in ("FE", "DL", "PM", "REML"):
        found = pool(effects, se, method=method)
        assert (np.isnan(found.p) == (found.status != "pooled")).all()
    assert not recwarn


def test_regression_refuses_what_it_cannot_tell():
    effects, se = np.tile([0.1, 0.5, 0.2, 0.3], (3, 1)), np.full((3, 4), 0.1)
    effects[0, 0] = np.nan  # three studies
    found = regress(effects, se, np.array([0.0, 0.0, 1.0, 1.0]))
    assert list(found.status) == ["not_fitted", "fitted", "fitted"]
    flat = regress(effects, se, np.ones(4))
    assert "one value" in flat.reason[1]
    assert np.isnan(flat.p).all()


@pytest.mark.parametrize(
    ("effects", "se", "options", "message"),
    [
        ([[1.0, 2.0, np.inf]], [[1.0, 1.0, 1.0]], {}, "infinite"),
        ([[1.0, 2.0, 3.0]], [[1.0, 0.0, 1.0]], {}, "not positive"),
        ([[1.0, 2.0, 3.0]], [[1.0, -1.0, 1.0]], {}, "study 1"),
        ([[1.0, 2.0, 3.0]], [[1.0, 1.0]], {}, "features x studies"),
        ([[1.0, 2.0, 3.0]], [[1.0, 1.0, 1.0]], {"method": "ML"}, "allowed: FE, DL, PM, REML"),
        ([[1.0, 2.0, 3.0]], [[1.0, 1.0, 1.0]], {"hartung_knapp": "yes"}, "adhoc"),
    ],
)
def test_bad_input_is_refused(effects, se, options, message):
    with pytest.raises(ValueError, match=message):
        pool(np.array(effects), np.array(se), **options)
