"""Negative binomial model of counts with shrunken dispersions, Wald test."""

from __future__ import annotations

from sevaxis.base.vocabulary import Normalisation, Scale
from sevaxis.effects.methods.record import Estimates, Method, Task, Used


def fit_counts(task: Task) -> Estimates:
    """Fit a negative binomial model and test its contrasts.

    Parameters
    ----------
    task
        Counts.
    """
    import numpy as np

    from sevaxis.effects.methods.libraries import scale_libraries
    from sevaxis.effects.methods.results import reasons_and_notes
    from sevaxis.models.counts.negative_binomial import fit_negative_binomial, wald

    size_factors, text = None, "Size factors by the median of ratios"
    if task.normalisation != Normalisation.MEDIAN:
        lib_size, text = scale_libraries(task.values, task.normalisation)
        size_factors = lib_size / np.exp(np.mean(np.log(lib_size)))
    fit = fit_negative_binomial(task.values, task.design.matrix, size_factors=size_factors)
    test = wald(fit, task.contrasts)
    return Estimates(
        log2fc=test.log2fc,
        se=test.se,
        t=test.stat,
        df=np.full(test.p.shape, np.inf),  # the Wald statistic is referred to the normal distribution
        p=test.p,
        mean_abundance=np.log2(fit.base_mean + 1),
        status=test.status,
        **reasons_and_notes(test.status, test.reason),
        used=Used(normalisation=task.normalisation, normalisation_text=text, remarks=fit.notes),
    )


NEGATIVE_BINOMIAL = Method(
    name="negative_binomial",
    words="negative binomial, Wald test",
    text=(
        "Counts were modelled as negative binomial with size factors s; each feature's dispersion α was drawn towards "
        "a trend over the mean, and effects were tested by Wald's statistic W (Love et al. 2014), without replacement "
        "of outlying counts and without independent filtering."
    ),
    when=(
        "counts, to compare with published DESeq2 results; knows no subjects, so not for paired samples; slightly "
        "liberal with few samples"
    ),
    takes=Scale.COUNTS,
    fit=fit_counts,
    normalisations=(Normalisation.MEDIAN, Normalisation.TMM, Normalisation.NONE),
    knows_subjects=False,
    formulas=("negative_binomial",),
)
