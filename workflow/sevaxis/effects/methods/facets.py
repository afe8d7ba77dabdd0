"""What a fit used beside its method, in words: a phrase for a table and a paragraph that cites.

The methods text holds the paragraph of a facet if and only if some fit used it (tests walk both ways).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sevaxis.base.vocabulary import Normalisation

Used = Mapping[str, Any]


@dataclass(frozen=True)
class Facet:
    """One thing that a fit may use.

    Attributes
    ----------
    applies
        Whether a fit (the ``used`` of ``model.json``) used it.
    phrase
        What it was in this fit.
    text
        What it means, with its papers.
    formula
        Name in :data:`~sevaxis.base.literature.FORMULAS`, if any.
    """

    applies: Callable[[Used], bool]
    phrase: Callable[[Used], str]
    text: str
    formula: str | None = None


def _number(value: float | None) -> str:
    return "∞" if value is None or value == float("inf") else f"{value:.3g}"


def _range(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _subjects(used: Used) -> str:
    """How many subjects have several samples, and what the sheet calls them where that is another word."""
    name = str(used.get("subject") or "subject")
    plain = name.lower().removesuffix("_id") in ("subject", "animal", "donor", "patient", "participant", "id")
    number = used["n_subjects"]
    return f"{number} subject{'s' if number != 1 else ''}" + ("" if plain else f" (column “{name}”)")


def _weights(used: Used) -> str:
    weights = used["sample_weights"].values()
    return f"{_number(min(weights))} to {_number(max(weights))}"


def _curve(used: Used) -> str:
    intercept, slope = used["detection_curve"]
    low, high = used["detection_shifts"]
    return (
        f"{used['recovered']:,} missing values ({100 * used['recovered_share']:.3g} %) by the detection curve "
        f"logit P = {intercept:.4g} + {slope:.3g} y, samples {low:+.2g} to {high:+.2g} beside it"
    )


FILTER = Facet(
    lambda used: used["filter"] is not None,
    lambda used: (
        f"{used['filter']} left out {used['n_filtered']:,} of {used['n_filtered'] + used['n_fitted']:,} features"
    ),
    "Features with too few counts for the smallest group were not tested (Chen et al. 2016) and are listed as such.",
)
TMM = Facet(
    lambda used: used["normalisation"] == Normalisation.TMM,
    lambda used: used["normalisation_text"],
    "Library sizes N were scaled by trimmed means of M-values against a reference sample r; the trimmed set G leaves "
    "out 30 % of the log ratios M and 5 % of the mean abundances on either side (Robinson & Oshlack 2010).",
    "tmm",
)
RATIOS = Facet(
    lambda used: used["normalisation"] == Normalisation.MEDIAN and used["counted"],
    lambda used: used["normalisation_text"],
    "Libraries were scaled by the median of the ratios to a reference sample (Anders & Huber 2010).",
)
MEDIANS = Facet(
    lambda used: used["normalisation"] == Normalisation.MEDIAN and not used["counted"],
    lambda used: used["normalisation_text"],
    "Log2 intensities were shifted so that samples have equal medians.",
)
MODES = Facet(
    lambda used: used["normalisation"] == Normalisation.MODE,
    lambda used: used["normalisation_text"],
    "Log2 intensities were shifted so that the commonest log ratio of each sample to the mean profile is the same: "
    "what most features share is taken for loading, and what a part of them does to one side is not.",
)
AS_GIVEN = Facet(
    lambda used: used["normalisation"] == Normalisation.NONE,
    lambda used: used["normalisation_text"],
    "Values were taken as given, without normalisation between samples.",
)
SAMPLE_WEIGHTS = Facet(
    lambda used: used["sample_weights"] is not None and not used["group_weights"],
    lambda used: f"sample weights {_weights(used)}",
    "Each sample has a weight of its own, estimated from the residuals of all features (Ritchie et al. 2006).",
)
GROUP_WEIGHTS = Facet(
    lambda used: used["group_weights"],
    lambda used: f"a weight for each group, {_weights(used)}",
    "Groups may scatter differently: the samples of a group share one weight, the inverse of the group's variance, "
    "estimated from the residuals of all features (Liu et al. 2015).",
)
SCATTER_TESTED = Facet(
    lambda used: used["scatter_p"] is not None,
    lambda used: (
        f"scatter of groups {'alike' if used['scatter_ratio'] is None else 'unequal'} (p {used['scatter_p']:.2g}"
        + (")" if used["scatter_ratio"] is None else f", variances {used['scatter_ratio']:.3g}-fold)")
    ),
    "Whether groups scatter differently was tested with samples, not features, as the independent units: one variance "
    "for all makes the tests of a small, wide group far too liberal. Where p was below 0.05, the variances differed by "
    "half or more and a test of one variance at 0.05 would keep another level than 0.045 to 0.055, the groups were "
    "weighed.",
)
OWN_BECAUSE = {
    "asked": "",
    "scatter": ", for all groups together scatter differently",
    "subjects": ", where each subject has one",
}
OWN_SAMPLES = Facet(
    lambda used: used["own_samples"] is not None,
    lambda used: "from the samples of its own groups alone" + OWN_BECAUSE[used["own_samples"]],
    "Where the groups of a data set scatter too differently for one variance, where subjects have several samples but "
    "one only in the groups compared, or the card says so, a contrast rests on the samples of the groups that it "
    "compares and on no others.",
)
TREND = Facet(
    lambda used: used["trend"],
    lambda used: "prior variance by mean abundance",
    "The prior variance follows a trend over mean abundance.",
)
ROBUST = Facet(
    lambda used: used["robust"],
    lambda used: f"robust prior, of fewer degrees of freedom for {used['hypervariable'] or 0:,} features",
    "The prior was protected from features of unusual variance, and those from the prior (Phipson et al. 2016).",
)
BLOCK = Facet(
    lambda used: used["correlation"] is not None,
    lambda used: f"{_subjects(used)} with several samples, consensus correlation {used['correlation']:.2f}",
    "Several samples of one subject enter as a block with one correlation, the consensus over features (Smyth et al. "
    "2005). Subjects are what the card names so: people, animals, or cages of them.",
    "block",
)
INTERCEPTS = Facet(
    lambda used: used["random_intercept"],
    lambda used: f"random intercepts of {_subjects(used)} with several samples",
    "Samples of one subject share its random intercept.",
)
OUTLIERS_REPLACED = Facet(
    lambda used: used["count_outliers"] == "replace",
    lambda used: (
        f"{used['counts_replaced']:,} outlying counts replaced in {used['features_refitted']:,} features, p withheld "
        f"for {used['features_withheld']:,}"
    ),
    "A count whose Cook's distance is above the 99 % quantile of F(p, n - p) decides an effect by itself: in groups of "
    "seven samples or more it was replaced by the feature's trimmed mean and the feature fitted again, in groups of "
    "three to six its feature's p was withheld; smaller groups cannot show an outlier (Love et al. 2014).",
)
OUTLIERS_WITHHELD = Facet(
    lambda used: used["count_outliers"] == "cutoff",
    lambda used: f"p withheld for {used['features_withheld']:,} features with an outlying count",
    "No p was given to features with a count, in a group of three samples or more, whose Cook's distance is above the "
    "99 % quantile of F(p, n - p) (Love et al. 2014).",
)
OUTLIERS_KEPT = Facet(
    lambda used: used["count_outliers"] == "keep",
    lambda used: "outlying counts kept",
    "Outlying counts were neither replaced nor a reason to withhold a p.",
)
INDEPENDENT_FILTER = Facet(
    lambda used: used["independent_filter"] is not None,
    lambda used: (
        f"independent filtering left {_range(used['independent_filter'])} features out of the family of q"
    ),
    "Features whose mean count is below the cut-off that finds most at 5 % have a p but no q, contrast by contrast "
    "(Bourgon et al. 2010).",
)
DETECTION_CURVE = Facet(
    lambda used: used["detection_curve"] is not None,
    _curve,
    "The log odds of detection follow the log2 intensity y, seen or not, by a line that was estimated from the values "
    "observed and from how often each feature was missed (Li & Smyth 2023), with an intercept of its own for each "
    "sample. P comes from a linear model in which each missing value is the mode of its posterior under this curve and "
    "a normal distribution of the feature's values in which the contrast is nought (Li et al. 2025), unweighted, for "
    "precision weights let p below 0.05 be twice as frequent; the effect and its interval from the likelihood of the "
    "values seen and of the others being missed, groups apart. Presence is a second test only where a whole side of a "
    "contrast was missed: its fold change is the curve's and has no interval.",
    "detection_curve",
)
FIXED_SUBJECTS = Facet(
    lambda used: used["fixed_subjects"],
    lambda used: f"a mean for each subject, {_subjects(used)} with several samples",
    "Each subject (a person, an animal: what the card names so) has a mean of its own among the columns of the model, "
    "so that only differences within subjects count.",
)
BY_SEX = Facet(
    lambda used: used["sexes"] == "split",
    lambda used: "a mean for each group and sex",
    "Female, male, average and interaction effects come from one model with one residual variance and are always "
    "reported together. “Significant in one sex, not in the other” is not a result (Gelman & Stern 2006); a difference "
    "between the sexes is tested by the interaction.",
    "strata",
)
SEX_COVARIATE = Facet(
    lambda used: used["sexes"] == "covariate",
    lambda used: "a mean for each group, sex as a covariate",
    "Where contrasts are not split by sex although both sexes are there, sex is a covariate.",
)
ONE_SEX = Facet(
    lambda used: used["sexes"] == "one",
    lambda used: "a mean for each group; all samples of known sex are of one",
    "Where all samples of known sex are of one sex there are no strata by sex: those are not estimable.",
)
UNKNOWN_SEX = Facet(
    lambda used: used["sexes"] == "unknown",
    lambda used: "a mean for each group; sex not known",
    "Where no sample's sex is known nothing can be said by sex.",
)
NORMALISATIONS = (TMM, RATIOS, MEDIANS, MODES, AS_GIVEN)
OUTLIERS = (OUTLIERS_REPLACED, OUTLIERS_WITHHELD, OUTLIERS_KEPT)
MODEL = (
    FILTER,
    SAMPLE_WEIGHTS,
    GROUP_WEIGHTS,
    SCATTER_TESTED,
    OWN_SAMPLES,
    TREND,
    ROBUST,
    BLOCK,
    FIXED_SUBJECTS,
    INTERCEPTS,
    *OUTLIERS,
    INDEPENDENT_FILTER,
    DETECTION_CURVE,
)
SEXES = (BY_SEX, SEX_COVARIATE, ONE_SEX, UNKNOWN_SEX)
FACETS = (*NORMALISATIONS, *MODEL, *SEXES)


def phrases(used: Used) -> list[str]:
    """What a fit used, a phrase each: normalisation first, then the model, the sexes, and remarks."""
    told = [facet.phrase(used) for facet in FACETS if facet.applies(used)]
    if used["redundant"]:
        told.append(f"{', '.join(used['redundant'])}: already said by the columns before, without effect")
    return [*told, *used["remarks"]]
