"""What an estimation method is: what it takes and needs, the options it reads, how it fits, how it is spoken of."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel

from sevaxis.base.options import options_model
from sevaxis.base.vocabulary import Assay, Normalisation, Scale

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from sevaxis.models.linear.design import Design
    from sevaxis.models.linear.scatter import Scatter

#: How several samples of a subject enter: errors that correlate, a column of the design for each subject, or by what
#: the contrasts compare (settled before a method is asked to fit).
Subjects = Literal["auto", "block", "fixed"]


#: Groups are weighed where a test of one variance at 0.05 would keep a level outside of these.
KEPT = (0.045, 0.055)


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a method is given to fit.

    Attributes
    ----------
    values
        Features x samples: counts of the features that pass the filter, or normalised log2 values with NaN for what
        is missing.
    design
        Samples x coefficients.
    contrasts
        Coefficients x k.
    groups
        Group of each sample.
    block
        Subject of each sample where some subject has several (also where the design holds them); else None.
    normalisation
        How the library sizes of counts are scaled; log2 values arrive normalised.
    features
        Annotation of the rows of ``values``.
    scatter
        Whether groups scatter differently, where a method that can weigh them leaves that to the data; else None.
    """

    values: np.ndarray
    design: Design
    contrasts: np.ndarray
    groups: list[str]
    block: list[str] | None
    normalisation: Normalisation
    features: pd.DataFrame
    scatter: Scatter | None = None

    def weighs_groups(self, asked: bool | None) -> bool:
        """Whether the samples of a group share a weight: as asked, or where one variance would misstate an error."""
        return self.one_variance_misleads if asked is None else asked

    @property
    def one_variance_misleads(self) -> bool:
        """Whether groups scatter so that one variance for all misstates the error of some contrast."""
        import numpy as np

        from sevaxis.models.linear.scatter import level_kept

        if self.scatter is None or not self.scatter.unequal:
            return False
        of_group = dict(zip(self.scatter.groups, np.nan_to_num(self.scatter.log_variance), strict=True))
        variance = np.exp([of_group[group] for group in self.groups])
        level = level_kept(self.design, self.contrasts, variance)
        return bool(((level < KEPT[0]) | (level > KEPT[1])).any())


@dataclass(frozen=True, kw_only=True)
class Used:
    """What really ran, for ``model.json`` and the methods text. What did not run is false or None.

    Attributes
    ----------
    method
        Name of the method.
    normalisation, normalisation_text
        How samples were made comparable, and the sentence about it.
    counted
        Whether the data set holds counts.
    filter
        Name of the rule that left features out before the model; None where nothing was.
    n_fitted, n_filtered
        Features that entered the model and features that the filter left out.
    precision_weights
        Whether each observation has a weight from the mean-variance trend.
    sample_weights
        Sample -> its weight.
    group_weights
        Whether the samples of a group share one weight.
    scatter_p, scatter_ratio
        Test of equal scatter of the groups, where the data decide about these weights, and the largest over the
        smallest variance of a group where it finds a difference.
    own_samples
        Why each contrast rests on the samples of its own groups alone: ``asked`` by the card, groups that scatter
        differently (``scatter``), or subjects of which these groups hold one sample each (``subjects``); None where all
        samples share one model.
    robust, hypervariable
        Whether the prior variance is protected from features of unusual variance, and how many have a prior of fewer
        degrees of freedom for it.
    trend
        Whether the prior variance follows the mean abundance.
    count_prior
        Column of peptide or spectrum counts that the prior variance follows.
    prior_df
        Degrees of freedom of the prior, median over features; infinite where variances do not differ.
    correlation
        Consensus correlation within subjects.
    random_intercept
        Whether each subject has an intercept of its own.
    fixed_subjects
        Whether each subject has a column of the model.
    count_outliers
        What became of counts that decide an effect by themselves (``replace``, ``cutoff``, ``keep``); None for methods
        that do not look for them.
    counts_replaced, features_refitted, features_withheld
        Outlying counts replaced, features fitted again for it, and features whose p is withheld.
    independent_filter
        Features that independent filtering left out of the family of q, of each contrast; None where it was not asked
        for.
    detection_curve, detection_shifts
        Intercept and slope (per log2) of the detection curve by which missing values were recovered, and the least and
        the largest intercept that a sample has beside it; None where they were left out.
    recovered, recovered_share
        How many values, and which share of all.
    n_subjects
        How many subjects have several samples.
    design
        Columns of the model.
    redundant
        Those that say nothing that columns before them do not say.
    sexes
        ``split`` (a mean for each group and sex), ``covariate``, ``one`` or ``unknown``.
    samples
        How many samples entered the model.
    remarks
        What a fit had to do otherwise than asked, in sentences.
    """

    method: str = ""
    normalisation: Normalisation = Normalisation.NONE
    normalisation_text: str = ""
    counted: bool = False
    filter: str | None = None
    n_fitted: int = 0
    n_filtered: int = 0
    precision_weights: bool = False
    sample_weights: dict[str, float] | None = None
    group_weights: bool = False
    scatter_p: float | None = None
    scatter_ratio: float | None = None
    own_samples: str | None = None
    robust: bool = False
    hypervariable: int | None = None
    trend: bool = False
    count_prior: str | None = None
    prior_df: float | None = None
    correlation: float | None = None
    random_intercept: bool = False
    fixed_subjects: bool = False
    n_subjects: int | None = None
    count_outliers: str | None = None
    counts_replaced: int = 0
    features_refitted: int = 0
    features_withheld: int = 0
    independent_filter: tuple[int, ...] | None = None
    detection_curve: tuple[float, float] | None = None
    detection_shifts: tuple[float, float] | None = None
    recovered: int = 0
    recovered_share: float = 0.0
    design: tuple[str, ...] = ()
    redundant: tuple[str, ...] = ()
    sexes: str = ""
    samples: int = 0
    remarks: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As JSON holds it; infinite degrees of freedom are None."""
        values = asdict(self)
        if self.prior_df is not None and not math.isfinite(self.prior_df):
            values["prior_df"] = None
        return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}


@dataclass(frozen=True, kw_only=True)
class Estimates:
    """Estimates of k contrasts.

    Attributes
    ----------
    log2fc, se, t, df, p
        Features x k; NaN where not estimated.
    mean_abundance
        Per feature, log2.
    status
        Features x k, :class:`~sevaxis.base.vocabulary.Status`.
    reason
        Features x k, :class:`~sevaxis.base.vocabulary.Reason` of what was not tested; None elsewhere.
    notes
        Features x k, reason of a remark on what was tested; None elsewhere.
    set_apart
        Features x k, tested but not in the family of q; None where all are.
    used
        What ran.
    """

    log2fc: np.ndarray
    se: np.ndarray
    t: np.ndarray
    df: np.ndarray
    p: np.ndarray
    mean_abundance: np.ndarray
    status: np.ndarray
    reason: np.ndarray
    notes: np.ndarray
    set_apart: np.ndarray | None = None
    used: Used = field(default_factory=Used)

    @property
    def p_of_family(self) -> np.ndarray:
        """P of the features that q is adjusted over; NaN elsewhere."""
        import numpy as np

        return self.p if self.set_apart is None else np.where(self.set_apart, np.nan, self.p)


@dataclass(frozen=True, kw_only=True)
class Method:
    """An estimation method.

    Attributes
    ----------
    name
        What a card calls it.
    words
        What a table calls it.
    text
        What it does, in sentences that cite :data:`~sevaxis.base.literature.PAPERS`; true whenever it ran.
    when
        When to choose it, for the page of options.
    takes
        The scale of the values that it models: counts, or log2 (which counts become, too).
    default_for
        Assays that it analyses unless the card says otherwise.
    fit
        ``fit(task, **options)``; its keyword-only parameters are the options that it reads.
    normalisations
        What it can do with library sizes, its default first; empty where log2 values arrive normalised.
    exclusive
        Pairs of options of which a card can ask for one only.
    needs_subject, knows_subjects
        Whether it asks for several samples of a subject; whether it can take them into account.
    formulas
        Names in :data:`~sevaxis.base.literature.FORMULAS`.
    """

    name: str
    words: str
    text: str
    when: str
    takes: Scale
    fit: Callable[..., Estimates]
    default_for: tuple[Assay, ...] = ()
    normalisations: tuple[Normalisation, ...] = ()
    exclusive: tuple[tuple[str, str], ...] = ()
    needs_subject: bool = False
    knows_subjects: bool = True
    formulas: tuple[str, ...] = ()

    @property
    def options(self) -> type[BaseModel]:
        """Model of the options that the method reads."""
        return options_model(self.fit)

    def clashes(self, given: dict[str, Any]) -> list[tuple[str, str]]:
        """Pairs of options that were both asked for and exclude each other."""
        return [(one, other) for one, other in self.exclusive if given.get(one) and given.get(other)]

    def parse(self, given: dict[str, Any]) -> dict[str, Any]:
        """Options with defaults filled in.

        Raises
        ------
        pydantic.ValidationError
            For an option that the method does not read, or a value that it does not take.
        """
        return self.options.model_validate(given).model_dump()
