"""Counts that the first references lacked, against R: outliers, empty arms (DESeq2 1.38.3), F (edgeR 3.40.2)."""

import numpy as np
import pandas as pd
import pytest
from sevaxis.models.counts.independent_filter import filter_independently
from sevaxis.models.counts.negative_binomial import fit_negative_binomial, wald
from sevaxis.models.counts.outliers import find_count_outliers, replace_count_outliers
from sevaxis.models.counts.quasi_likelihood import fit_quasi_likelihood, quasi_likelihood_test
from sevaxis.models.counts.voom import tmm_factors
from sevaxis.models.inference.multiplicity import benjamini_hochberg

pytestmark = pytest.mark.shared

# As in test_r_negative_binomial: 99 % of p-values within 1e-3 of R's, relatively
P_TOLERANCE = 1e-3
EFFECT = np.array([0.0, 1.0])


def relative(found: np.ndarray, expected: pd.Series) -> np.ndarray:
    known = expected.notna().to_numpy()
    return np.abs(found[known] / expected[known].to_numpy() - 1)


def table(shared, name: str) -> pd.DataFrame:
    return pd.read_csv(shared / "reference" / "hard" / f"{name}.tsv.gz", sep="\t", index_col=0)


def two_groups(shared, name: str):
    """Fit of group b against group a."""
    counts = table(shared, name)
    samples = pd.read_csv(shared / "reference" / "hard" / f"{name}.meta.tsv", sep="\t")
    design = np.column_stack([np.ones(len(samples)), samples.group == "b"]).astype(float)
    return fit_negative_binomial(counts.to_numpy(), design)


def meets(fit, withheld: dict, expected: pd.DataFrame) -> None:
    """Everything that R gives of a fit, with and without its cut-off and filter."""
    found, cut = wald(fit, EFFECT), wald(fit, EFFECT, exclude=withheld)
    for name in ("log2fc", "se", "p"):
        assert np.quantile(relative(getattr(found, name)[:, 0], expected[name]), 0.99) < 1e-6, name
    assert relative(found.p[:, 0], expected.p).max() < 0.05  # dispersions that R searched on a grid
    np.testing.assert_allclose(fit.base_mean, expected.base_mean, rtol=1e-8)
    assert (np.isnan(cut.p[:, 0]) == expected.p_cooks.isna()).all()
    filtered = filter_independently(fit.base_mean, cut.p[:, 0], alpha=0.1)  # R's default
    assert (np.isnan(filtered.q) == expected.padj_cooks_filter.isna()).all()
    assert np.quantile(relative(filtered.q, expected.padj_cooks_filter), 0.99) < P_TOLERANCE


@pytest.mark.parametrize("n", [6, 7, 8])
def test_outlying_counts_replaced_from_seven_replicates_on(shared, n):
    fit = two_groups(shared, f"outliers{n}")
    expected = table(shared, f"outliers{n}.deseq2_default")
    replacement = replace_count_outliers(fit)
    outliers = find_count_outliers(fit, beside=replacement.replaceable)
    meets(replacement.fit, outliers.exclude, expected)
    planted = table(shared, f"outliers{n}").index.isin(table(shared, f"outliers{n}.planted").index)
    assert planted.sum() == 60
    assert (replacement.features == (planted if n >= 7 else False)).all()
    assert (outliers.outlier == (False if n >= 7 else planted)).all()


@pytest.mark.parametrize("n", [6, 7, 8])
def test_outlying_counts_cut_off(shared, n):
    fit = two_groups(shared, f"outliers{n}")
    outliers = find_count_outliers(fit)
    meets(fit, outliers.exclude, table(shared, f"outliers{n}.deseq2_noreplace"))
    planted = table(shared, f"outliers{n}").index.isin(table(shared, f"outliers{n}.planted").index)
    assert (outliers.outlier == planted).all()


@pytest.mark.parametrize("n", [6, 7, 8])
def test_the_method_calls_outliers_as_often_as_r(shared, n):
    """Planted outliers among the hits at 5 %: 0 to 2 of 60 as in R; most of them where outliers are kept."""
    from sevaxis.base.vocabulary import Normalisation
    from sevaxis.effects.methods import Task, load_method
    from sevaxis.models.linear.design import Design

    counts = table(shared, f"outliers{n}")
    planted = counts.index.isin(table(shared, f"outliers{n}.planted").index)
    group = pd.read_csv(shared / "reference" / "hard" / f"outliers{n}.meta.tsv", sep="\t").group
    design = Design(np.column_stack([np.ones(len(group)), group == "b"]), ("a", "b-a"))
    task = Task(
        values=counts.to_numpy(float), design=design, contrasts=EFFECT[:, None], block=None,
        groups=[],
        normalisation=Normalisation.MEDIAN, features=pd.DataFrame(index=counts.index),
    )  # fmt: skip
    hits = {}
    for outliers in ("replace", "cutoff", "keep"):
        p = load_method("negative_binomial").fit(task, outliers=outliers).p_of_family[:, 0]
        hits[outliers] = int((benjamini_hochberg(p)[planted] < 0.05).sum())
    expected = table(shared, f"outliers{n}.deseq2_default")
    of_r = benjamini_hochberg(expected.p_cooks.to_numpy())[planted] < 0.05
    assert hits["replace"] == of_r.sum() <= 2
    assert hits["cutoff"] == 0
    assert hits["keep"] > 30


def test_empty_arms_and_a_library_of_a_tenth(shared):
    found = wald(two_groups(shared, "empty_arm"), EFFECT)
    expected = table(shared, "empty_arm.deseq2")
    for name in ("log2fc", "se", "p"):
        assert relative(getattr(found, name)[:, 0], expected[name]).max() < 1e-6, name
    assert (found.reason == "no_count_on_one_side").sum() > 50


# ---------------------------------------------------------------- quasi-likelihood F, edgeR 3.40.2
@pytest.fixture(params=[("ql3", False), ("ql3", True), ("ql5batch", False), ("ql5batch", True)], ids=str)
def quasi(shared, request):
    """Counts that R kept, design, TMM libraries, R's answers, robust or not."""
    name, robust = request.param
    expected = table(shared, f"{name}.edger_ql{'_robust' if robust else ''}")
    counts = table(shared, name).loc[expected.index].to_numpy(float)
    samples = pd.read_csv(shared / "reference" / "hard" / f"{name}.meta.tsv", sep="\t")
    design = np.column_stack([np.ones(len(samples)), samples.group == "b"]).astype(float)
    if "batch" in samples:
        design = np.column_stack([design, samples.batch == 2])
    return counts, design, counts.sum(axis=0) * tmm_factors(counts), expected, robust


def test_quasi_likelihood_given_the_trend(quasi):
    """Without batches R solves exactly, with batches its iteration stops early: log2fc within 5e-4, F within 1e-6."""
    counts, design, library, expected, robust = quasi
    given = expected.dispersion_trend.to_numpy()
    fit = fit_quasi_likelihood(counts, design, library, dispersion=given, robust=robust)
    found = quasi_likelihood_test(fit, np.eye(design.shape[1])[1])
    assert relative(fit.df_total, expected.df_total).max() < 1e-6
    assert relative(fit.s2_post, expected.s2_post).max() < 1e-6
    assert np.quantile(relative(found.p[:, 0], expected.p), 0.99) < 1e-6
    np.testing.assert_allclose(found.f[:, 0], expected.f, rtol=1e-6, atol=2e-6)
    if design.shape[1] == 2:
        np.testing.assert_allclose(found.log2fc[:, 0], expected.log2fc, rtol=1e-6)
        assert relative(found.p[:, 0], expected.p).max() < 1e-6
    else:
        np.testing.assert_allclose(found.log2fc[:, 0], expected.log2fc, atol=5e-4)
        assert relative(found.p[:, 0], expected.p).max() < 1e-4


def test_quasi_likelihood_from_counts_alone(quasi):
    counts, design, library, expected, robust = quasi
    fit = fit_quasi_likelihood(counts, design, library, robust=robust)
    found = quasi_likelihood_test(fit, np.eye(design.shape[1])[1])
    assert relative(fit.dispersion, expected.dispersion_trend).max() < 1e-6
    p = found.p[:, 0]
    assert np.quantile(relative(p, expected.p), 0.99) < 1e-6
    hits, of_r = (benjamini_hochberg(each) < 0.05 for each in (p, expected.p.to_numpy()))
    assert (hits == of_r).all()
    assert design.shape[1] == 2 or of_r.sum() > 20
