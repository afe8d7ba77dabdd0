"""How often each test errs where nothing differs, and how often its 95 % interval covers the truth.

The simulations are those of the slow tests, which hold the rates within 0.045 and 0.055, coverage within 0.94 and
0.96 (`make test-slow`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy import stats
from sevaxis.models.counts.negative_binomial import fit_negative_binomial, wald
from sevaxis.models.counts.quasi_likelihood import fit_quasi_likelihood, quasi_likelihood_test
from sevaxis.models.counts.voom import filter_by_expression, tmm_factors, voom, voom_quality
from sevaxis.models.genesets.camera import camera
from sevaxis.models.genesets.rotation import fry, roast
from sevaxis.models.linear.array_weights import array_weights
from sevaxis.models.linear.blocks import duplicate_correlation
from sevaxis.models.linear.empirical_bayes import moderate, moderate_by_count
from sevaxis.models.linear.fit import fit_linear
from sevaxis.models.meta.pooling import pool
from sevaxis.models.mixed.random_intercept import fit_random_intercept

from tests.models.null_data import (
    FEATURES,
    FEW_FEATURES,
    rate_of,
    simulate_blocks,
    simulate_counts,
    simulate_intensities,
    simulate_sets,
    two_groups,
)

SIZES = (3, 5, 10)
ALPHA = 0.05
GROUPS = np.array([-1.0, 1.0])
#: Of R DESeq2 1.38.3 on the same counts (`tests/models/test_null_rates.py`).
WALD_OF_R = {3: 1019 / 20_000, 5: 1114 / 20_000, 10: 1071 / 20_000}

Rate = tuple[float, float | None]
Simulation = Callable[[int], Rate]


def table() -> Iterator[str]:
    """Markdown, a line as soon as it is known."""
    sizes = " | ".join(f"n = {n}" for n in SIZES)
    yield f"| test | {sizes} | " + " | ".join(f"coverage, n = {n}" for n in SIZES) + " |"
    yield "|---" * (1 + 2 * len(SIZES)) + "|"
    for name, simulate in SIMULATIONS.items():
        found = [simulate(n) for n in SIZES]
        rates = [f"{rate:.4f}" for rate, _ in found]
        covers = ["" if cover is None else f"{cover:.3f}" for _, cover in found]
        yield "| " + " | ".join([name, *rates, *covers]) + " |"


def _moderated(missing: float, **options: bool) -> Simulation:
    return lambda n: _of_fit(n, missing, lambda y: moderate(_fit(y, n), **options))


def _paired(missing: float) -> Simulation:
    def simulate(n: int) -> Rate:
        design, subject = two_groups(n), list(range(n)) * 2

        def fit(y: np.ndarray):
            rho = duplicate_correlation(y, design, subject)
            return moderate(_fit(y, n, block=subject, correlation=rho))

        return _of_fit(n, missing, fit, correlation=0.5)

    return simulate


def _array_weights(n: int) -> Rate:
    design = two_groups(n)
    return _of_fit(n, 0.15, lambda y: moderate(_fit(y, n, weights=array_weights(y, design))))


def _by_count(n: int) -> Rate:
    counts = np.random.default_rng(n).integers(1, 21, FEATURES)
    return _of_fit(n, 0.15, lambda y: moderate_by_count(_fit(y, n), counts), peptides=counts)


def _fit(y: np.ndarray, n: int, **options):
    return fit_linear(y, two_groups(n), **options).contrast(GROUPS)


def _of_fit(n: int, missing: float, fit: Callable, **options) -> Rate:
    return rate_of(simulate_intensities(n, missing, **options), fit, n)


def _voom(transform: Callable) -> Simulation:
    def simulate(n: int) -> Rate:
        counts = simulate_counts(n)
        counts = counts[counts.mean(axis=1) > 10]
        design = two_groups(n)
        y, weights, *_ = transform(counts, design, lib_size=counts.sum(axis=0) * tmm_factors(counts))
        found = moderate(_fit(y, n, weights=weights))
        low, high = found.interval()
        return np.nanmean(found.p < ALPHA), float(((low <= 0) & (high >= 0)).mean())

    return simulate


def _counts(n: int) -> tuple[np.ndarray, np.ndarray]:
    return simulate_counts(n), np.column_stack([np.ones(2 * n), np.repeat([0.0, 1.0], n)])


def _wald(n: int) -> Rate:
    found = wald(fit_negative_binomial(*_counts(n)), np.array([0.0, 1.0]))
    known = np.isfinite(found.p)
    covered = np.abs(found.log2fc[known]) <= stats.norm.ppf(1 - ALPHA / 2) * found.se[known]
    return (found.p[known] < ALPHA).mean(), covered.mean()


def _quasi_likelihood(n: int) -> Rate:
    counts, design = _counts(n)
    counts = counts[filter_by_expression(counts, ["a"] * n + ["b"] * n)]
    fit = fit_quasi_likelihood(counts, design, counts.sum(axis=0) * tmm_factors(counts))
    found = quasi_likelihood_test(fit, np.array([0.0, 1.0]))
    half = stats.t.ppf(1 - ALPHA / 2, found.df)[:, None] * found.se
    return (found.p < ALPHA).mean(), (np.abs(found.log2fc) <= half).mean()


def _intercept(within: bool, share: float, missing: float) -> Simulation:
    def simulate(n: int) -> Rate:
        data = simulate_blocks(n, 2 if within else 3, within=within, missing=missing, share=share)
        found = fit_random_intercept(*data).contrast(np.array([0.0, 1.0]))
        half = stats.t.ppf(1 - ALPHA / 2, found.df) * found.se
        return np.nanmean(found.p < ALPHA), np.nanmean(np.abs(found.estimate) <= half)

    return simulate


def _pooled(unequal: bool) -> Simulation:
    def simulate(k: int) -> Rate:
        rng = np.random.default_rng(5)
        size = (FEW_FEATURES, k)
        se = rng.uniform(0.15, 0.45, size) if unequal else np.full(size, 0.25)
        found = pool(0.2 * rng.normal(size=size) + se * rng.normal(size=size), se)
        return (found.p < ALPHA).mean(), ((found.ci_low <= 0) & (found.ci_high >= 0)).mean()

    return simulate


def _sets(test: Callable, correlation: float, column: str = "p") -> Simulation:
    def simulate(n: int) -> Rate:
        tables = simulate_sets(n, correlation)
        p = [test(y, design, np.array([0.0, 1.0]), sets)[column] for y, design, sets in tables]
        return float(np.mean(np.concatenate(p) <= ALPHA)), None

    return simulate


SIMULATIONS: dict[str, Simulation] = {
    "moderated t, trend, robust": _moderated(0.0, trend=True, robust=True),
    "moderated t, trend, robust; 15 % missing": _moderated(0.15, trend=True, robust=True),
    "pairs as blocks": _paired(0.0),
    "pairs as blocks; 15 % missing": _paired(0.15),
    "array weights; 15 % missing": _array_weights,
    "prior by peptide count (DEqMS); 15 % missing": _by_count,
    "voom": _voom(voom),
    "voom with quality weights": _voom(voom_quality),
    "negative binomial, Wald": _wald,
    "negative binomial, quasi-likelihood F": _quasi_likelihood,
    "R DESeq2's Wald, same counts": lambda n: (WALD_OF_R[n], None),
    "random intercept, groups of subjects; 15 % missing": _intercept(False, 0.5, 0.15),
    "random intercept, treatment within subjects": _intercept(True, 0.5, 0.0),
    "pooled studies of equal size (n = studies)": _pooled(False),
    "pooled studies, errors 0.15 to 0.45 (n = studies)": _pooled(True),
    "camera, correlation 0.01": _sets(camera, 0.01),
    "fry, correlation 0.1": _sets(fry, 0.1),
    "roast, correlation 0.1": _sets(lambda *model: roast(*model, rotations=199), 0.1),
    "fry, mixed direction": _sets(fry, 0.1, "p_mixed"),
}
