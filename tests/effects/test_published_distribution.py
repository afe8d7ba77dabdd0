"""Published tables: p, interval and minimum detectable effect come from one distribution, the one of the "
"table's test."""

import numpy as np
import pytest
from scipy import stats
from sevaxis.effects.published import derive_df, published_effects

from tests.effects.test_compare import comparison, published

RNG = np.random.default_rng(5)
N = 4000
UNKNOWN = np.full(N, np.nan)


def rounded(values: np.ndarray, digits: int = 4) -> np.ndarray:
    return np.array([float(f"{value:.{digits}g}") for value in values])


@pytest.mark.parametrize(
    ("df", "told", "expected"),
    [
        (np.inf, np.nan, np.inf),  # DESeq2, 3 v 3: the sizes would say 4
        (4.0, np.nan, 4.0),  # a plain t-test
        (9.37, np.nan, 9.37),  # limma: residual and prior degrees of freedom together
        (6.0, 6.0, 6.0),
    ],
)
def test_the_distribution_is_found_from_statistic_and_p(df, told, expected):
    t = RNG.normal(0, 2, N)
    p = 2 * stats.t.sf(np.abs(t), df)
    found = derive_df(rounded(t), rounded(p), np.full(N, told), np.full(N, 4.0))
    sure = p < 0.3
    assert np.median(found[sure]) == pytest.approx(expected, rel=0.02)


def test_interval_and_p_say_the_same_of_every_row():
    """Wald tests of 3 v 3: no p below 0.05 with an interval over 0, where t(4) would have had one row in ten so."""
    log2fc, se = RNG.normal(0, 1.5, N), RNG.uniform(0.3, 1.0, N)
    z = log2fc / se
    p = 2 * stats.norm.sf(np.abs(z))
    contrast = {"name": "effect", "role": "disease", "file": "x", "n_case": 3, "n_reference": 3}
    contrast = comparison(assay="effects", contrasts=[contrast]).contrasts[0]
    rows = published_effects(published(log2fc=log2fc, se=se, p=p), contrast, alpha=0.05, power=0.8)
    off = (rows["ci_low"] > 0) | (rows["ci_high"] < 0)
    assert (off == (rows["p"] < 0.05)).all()
    # 2.8016 standard errors are found with 80 % power by a z-test (SciPy: norm.ppf(.975) + norm.ppf(.8))
    assert (rows["mde80"] / rows["se"]).median() == pytest.approx(2.8016, abs=1e-3)
    by_sizes = np.abs(z) < stats.t.ppf(0.975, 4)
    assert (by_sizes & (p < 0.05)).mean() > 0.05


def test_a_standard_error_of_other_estimates_is_not_used():
    """Shrunken effects beside the p of the unshrunken: the interval is made from p, and the row says so."""
    log2fc, se = RNG.normal(0, 1.5, N), RNG.uniform(0.3, 1.0, N)
    p = 2 * stats.norm.sf(np.abs(log2fc / se))
    contrast = comparison(
        assay="effects", contrasts=[{"name": "effect", "role": "disease", "file": "x"}]
    ).contrasts[0]
    shrunken = published(log2fc=log2fc * RNG.uniform(0.05, 0.9, N), se=se, p=p)
    rows = published_effects(shrunken, contrast, alpha=0.05, power=0.8)
    contradicted = rows["reason"].fillna("").str.contains("does not belong to its p")
    assert contradicted.mean() > 0.5
    off = (rows["ci_low"] > 0) | (rows["ci_high"] < 0)
    told = rows["se"].notna()
    assert (off == (rows["p"] < 0.05))[told].mean() > 0.99
