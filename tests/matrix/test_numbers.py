"""What numbers tell of their origin: logarithms of a known base, reads, and reads that were normalised and rounded."""

import re

import numpy as np
import pytest
from sevaxis.matrix.numbers import doubt_counts, doubt_log2, whole_in_base
from sevaxis.matrix.scales import check_scale

RANDOM = np.random.default_rng(20261121)
GENES, SAMPLES = 4000, 8
DEPTH = RANDOM.uniform(0.6, 1.6, (SAMPLES, 1))
MEAN = 2 ** RANDOM.normal(5, 2.6, GENES) * DEPTH
COUNTS = RANDOM.poisson(MEAN * RANDOM.gamma(8, 1 / 8, (SAMPLES, GENES))).astype(float)
CPM = 1e6 * COUNTS / COUNTS.sum(axis=1, keepdims=True)
LENGTH = RANDOM.uniform(0.3, 8, GENES)
TPM = 1e6 * (COUNTS / LENGTH) / (COUNTS / LENGTH).sum(axis=1, keepdims=True)
FACTORS = np.array([0.7, 0.8, 0.9, 0.95, 1.1, 1.2, 1.3, 1.5])[:, None]
INTENSITY = 2 ** (RANDOM.normal(24, 2.5, 2000) + RANDOM.normal(0, 0.5, (SAMPLES, 2000)))
LOGS = {"log2": np.log2, "ln": np.log, "log10": np.log10}


def refusal(values, scale):
    names = [f"s{i}" for i in range(values.shape[0])], [f"g{i}" for i in range(values.shape[1])]
    problems, _ = check_scale(values, scale, "x", names)
    return problems[0] if problems else None


def test_reads_are_reads():
    assert refusal(COUNTS, "counts") is None
    assert doubt_counts(COUNTS) is None
    # a shallow library, a filtered one, one whose samples were merged of two lanes
    for reads in (np.floor(COUNTS / 20), COUNTS[:, COUNTS.sum(axis=0) > 80], COUNTS + COUNTS[::-1]):
        assert refusal(reads, "counts") is None
        assert doubt_counts(reads) is None


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.rint(CPM), r"every sample adds up to (1,000,|999,)"),
        (np.rint(TPM), r"every sample adds up to (1,000,|999,)"),
        (np.rint(np.log2(COUNTS + 20)), "rounded logarithms"),
        (np.rint(np.log2(CPM + 8)), "rounded logarithms"),
    ],
)
def test_per_million_and_variance_stabilised_values_are_refused_though_rounded(values, said):
    assert refusal(values, "counts").what == "The values are no counts"
    assert re.search(said, refusal(values, "counts").found)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.rint(COUNTS * FACTORS), "some numbers never come"),
        (np.rint(COUNTS / DEPTH), "in 1 of 8 samples some numbers never come"),
        (np.rint(CPM * 23.4), r"every sample adds up to 23,[34]"),
        (np.rint(np.tile(CPM[:, :3000] * 0.3, 4)), "add up to only"),
    ],
)
def test_normalised_and_rounded_reads_are_doubted(values, said):
    assert re.search(said, doubt_counts(values))


@pytest.mark.parametrize("cell", [1e30, 3e12])
def test_a_count_that_none_can_be_is_named(cell):
    values = COUNTS.copy()
    values[2, 17] = cell
    problem = refusal(values, "counts")
    assert "no counts reach" in problem.what
    assert "sample 's2', feature 'g17'" in problem.where


def test_single_cells_beyond_logarithms_are_damage_not_another_scale():
    values = np.log2(INTENSITY)
    values[3, 5] = 1e30
    problem = refusal(values, "log2")
    assert "sample 's3', feature 'g5'" in problem.where
    assert "linear" not in problem.hint


def test_a_negative_count_is_named():
    values = COUNTS.copy()
    values[4, 9] = -3
    assert "sample 's4', feature 'g9'" in refusal(values, "counts").where


@pytest.mark.parametrize("base", LOGS)
@pytest.mark.parametrize("pseudocount", [0, 1])
@pytest.mark.parametrize("digits", [3, 5, 15])
def test_logarithms_of_whole_numbers_tell_their_base(base, pseudocount, digits):
    values = LOGS[base](np.maximum(COUNTS, 1 - pseudocount) + pseudocount).round(digits)
    assert whole_in_base(values) == base
    assert (doubt_log2(values) is None) == (base == "log2")
    if base != "log2":
        problem = refusal(values, "log2")
        assert f"scale: {base}" in problem.hint
        assert refusal(values, base) is None


@pytest.mark.parametrize("base", LOGS)
def test_logarithms_of_intensities_are_asked_about_by_their_span(base):
    values = LOGS[base](INTENSITY * 1.0001)
    values[RANDOM.random(values.shape) < 0.2] = np.nan
    doubt = doubt_log2(values)
    assert doubt is None if base == "log2" else base in doubt and "log2" in doubt
    assert refusal(values, "log2") is None  # the card decides


def test_ratios_have_no_span():
    assert doubt_log2(RANDOM.normal(0, 0.4, (6, 500))) is None


@pytest.mark.parametrize("ddof", [0, 1])
def test_z_scores_are_no_log2_values(ddof):
    values = RANDOM.normal(22, 2, (8, 300)).round(4)
    z = ((values - values.mean(axis=0)) / values.std(axis=0, ddof=ddof)).round(3)
    assert "z-scores" in doubt_log2(z)
    assert doubt_log2(values - values.mean(axis=0)) is None  # ratios to the mean
