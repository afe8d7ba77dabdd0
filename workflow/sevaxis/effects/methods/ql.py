"""Quasi-likelihood: counts as negative binomial at a trended dispersion, moderated F test."""

from __future__ import annotations

from sevaxis.base.vocabulary import Normalisation, Reason, Scale, Status
from sevaxis.effects.methods.record import Estimates, Method, Task, Used


def fit_quasi(task: Task, *, robust: bool = True) -> Estimates:
    """Fit a negative binomial model with moderated quasi-dispersions and test its contrasts.

    Parameters
    ----------
    task
        Counts.
    robust
        Protect the prior variance from features of unusual variance (Phipson 2016).
    """
    import numpy as np

    from sevaxis.effects.methods.libraries import scale_libraries
    from sevaxis.effects.methods.results import with_prior
    from sevaxis.models.counts.quasi_likelihood import fit_quasi_likelihood, quasi_likelihood_test

    lib_size, text = scale_libraries(task.values, task.normalisation)
    fit = fit_quasi_likelihood(task.values, task.design.matrix, lib_size, robust=robust)
    test = quasi_likelihood_test(fit, task.contrasts)
    used = Used(normalisation=task.normalisation, normalisation_text=text, robust=robust, trend=True)
    notes = np.full(test.p.shape, None, dtype=object)
    notes[test.one_side] = Reason.NO_COUNT_ON_ONE_SIDE
    notes[test.silent] = Reason.NO_COUNT_IN_CONTRAST
    return Estimates(
        log2fc=test.log2fc,
        se=test.se,
        # F on one degree of freedom is the square of t
        t=np.sign(test.log2fc) * np.sqrt(test.f),
        df=np.broadcast_to(test.df[:, None], test.p.shape),
        p=test.p,
        mean_abundance=fit.abundance,
        status=np.full(test.p.shape, Status.TESTED, dtype=object),
        reason=np.full(test.p.shape, None, dtype=object),
        notes=notes,
        used=with_prior(used, fit.df_prior),
    )


QL = Method(
    name="ql",
    words="negative binomial, quasi-likelihood F test",
    text=(
        "Counts were modelled as negative binomial, the dispersion φ a trend over abundance; the deviance D of each "
        "feature on d residual degrees of freedom gives a quasi-dispersion s², which was moderated across features, "
        "and effects were tested by the F of the deviance that the hypothesis adds (Lund et al. 2012; Chen et al. "
        "2016). Effects and their intervals come from counts with 0.125 added in proportion to the library, so that "
        "they are finite; p does not depend on it."
    ),
    when=(
        "counts, to compare with published edgeR results, or where counts are low; keeps its level with few samples; "
        "knows no subjects, so not for paired samples"
    ),
    takes=Scale.COUNTS,
    fit=fit_quasi,
    normalisations=(Normalisation.TMM, Normalisation.MEDIAN, Normalisation.NONE),
    knows_subjects=False,
    formulas=("quasi_likelihood",),
)
