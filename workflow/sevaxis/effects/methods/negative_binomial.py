"""Negative binomial model of counts with shrunken dispersions, Wald test."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from sevaxis.base.vocabulary import Normalisation, Reason, Scale
from sevaxis.effects.methods.record import Estimates, Method, Task, Used

if TYPE_CHECKING:
    import numpy as np

Outliers = Literal["replace", "cutoff", "keep"]


def fit_counts(task: Task, *, outliers: Outliers = "replace", independent_filter: bool = False) -> Estimates:
    """Fit a negative binomial model and test its contrasts.

    Parameters
    ----------
    task
        Counts.
    outliers
        What becomes of counts that decide an effect by themselves (Cook's distance). ``replace``, as DESeq2: replaced
        in samples with 7 replicates or more, p withheld in those with 3 to 6; ``cutoff``: p withheld in all samples
        with 3 or more; ``keep``: nothing.
    independent_filter
        Leave features of low mean count out of the family of q where that finds more at 5 %, for each contrast.
    """
    import numpy as np

    from sevaxis.effects.methods.libraries import scale_libraries
    from sevaxis.effects.methods.results import reasons_and_notes
    from sevaxis.models.counts.negative_binomial import fit_negative_binomial, wald
    from sevaxis.models.counts.outliers import find_count_outliers, replace_count_outliers

    size_factors, text = None, "Size factors by the median of ratios"
    if task.normalisation != Normalisation.MEDIAN:
        lib_size, text = scale_libraries(task.values, task.normalisation)
        size_factors = lib_size / np.exp(np.mean(np.log(lib_size)))
    fit = fit_negative_binomial(task.values, task.design.matrix, size_factors=size_factors)
    used = Used(
        normalisation=task.normalisation, normalisation_text=text, remarks=fit.notes, count_outliers=outliers
    )
    withheld = np.zeros(len(task.values), dtype=bool)
    if outliers == "cutoff":
        withheld = find_count_outliers(fit).outlier
    elif outliers == "replace":
        replacement = replace_count_outliers(fit)
        withheld = find_count_outliers(fit, beside=replacement.replaceable).outlier | replacement.emptied
        used = replace(
            used, counts_replaced=replacement.replaced, features_refitted=int(replacement.features.sum())
        )
        fit = replacement.fit
    test = wald(fit, task.contrasts, exclude={Reason.COUNT_OUTLIER: withheld})
    said = reasons_and_notes(test.status, test.reason)
    set_apart = None
    if independent_filter:
        set_apart = _rare(fit.base_mean, test.p)
        said["notes"][set_apart] = Reason.FILTERED_INDEPENDENTLY
    return Estimates(
        log2fc=test.log2fc,
        se=test.se,
        t=test.stat,
        df=np.full(test.p.shape, np.inf),  # the Wald statistic is referred to the normal distribution
        p=test.p,
        mean_abundance=np.log2(fit.base_mean + 1),
        status=test.status,
        **said,
        set_apart=set_apart,
        used=replace(
            used,
            features_withheld=int(withheld.sum()),
            independent_filter=None if set_apart is None else tuple(set_apart.sum(axis=0).tolist()),
        ),
    )


def _rare(base_mean: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Tested features that independent filtering leaves out, contrast by contrast: (features x k)."""
    import numpy as np

    from sevaxis.models.counts.independent_filter import filter_independently

    kept = np.column_stack([filter_independently(base_mean, column).kept for column in p.T])
    return np.isfinite(p) & ~kept


NEGATIVE_BINOMIAL = Method(
    name="negative_binomial",
    words="negative binomial, Wald test",
    text=(
        "Counts were modelled as negative binomial with size factors s; each feature's dispersion α was drawn towards "
        "a trend over the mean, and effects were tested by Wald's statistic W (Love et al. 2014). The test takes the "
        "dispersion for known and is liberal for it: where nothing differs, p is below 0.05 in 0.05 to 0.07 of "
        "simulated tests with 3 to 10 samples a group, and below 0.001 in 0.001 to 0.011 of them, the more the less "
        "alike the dispersions are."
    ),
    when=(
        "counts, to compare with published DESeq2 results; knows no subjects, so not for paired samples; errs in "
        "0.05 to 0.07 of tests at 0.05 and in up to 0.011 at 0.001 with 3 to 10 samples a group, where voom and ql "
        "keep their level"
    ),
    takes=Scale.COUNTS,
    fit=fit_counts,
    normalisations=(Normalisation.MEDIAN, Normalisation.TMM, Normalisation.NONE),
    knows_subjects=False,
    formulas=("negative_binomial",),
)
