"""Every fixed word of the project, once: what files hold, and how people are told.

A term is its own text (``Stratum.FEMALE == "female"``), so tables, files and comparisons need no conversion.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Self


class Term(StrEnum):
    """A word of a fixed vocabulary.

    Attributes
    ----------
    words
        How people read it: headings, legends, table cells.
    brief
        The same within a sentence or a narrow column, nothing where a sentence leaves it out; ``words`` where it is
        not given.
    """

    words: str
    brief: str

    def __new__(cls, value: str, words: str = "", brief: str | None = None) -> Self:
        """Make a term of its value and its words."""
        term = str.__new__(cls, value)
        term._value_ = value
        term.words = words or value.replace("_", " ")
        term.brief = term.words if brief is None else brief
        return term


def words_of(vocabulary: type[Term], value: object) -> str:
    """Words of a term; a value that is none is shown as it is, underscores as blanks."""
    text = str(value)
    return vocabulary(text).words if text in set(vocabulary) else text.replace("_", " ")


class Organism(Term):
    """Whose samples these are."""

    HUMAN = "human"
    MOUSE = "mouse"
    RAT = "rat"


class Namespace(Term):
    """Whose identifiers a feature's are; the order is that in which they are trusted to find a gene."""

    ENSEMBL = "ensembl", "Ensembl gene"
    PRODUCT = "product", "Ensembl transcript or protein"
    UNIPROT = "uniprot", "UniProt accession"
    REFSEQ = "refseq", "RefSeq"
    ENTREZ = "entrez", "Entrez Gene"
    REGISTRY = "registry", "identifier of HGNC, MGI or RGD"
    ENTRY_NAME = "entry_name", "UniProt entry name"
    SYMBOL = "symbol"
    NAME = "name", "protein name"


class Sex(Term):
    """Sex of a sample."""

    FEMALE = "female", "Female"
    MALE = "male", "Male"


class Stratum(Term):
    """Of whom an effect speaks."""

    ALL = "all", "All samples"
    AVERAGE = "average", "Average of both sexes", "Average"
    FEMALE = "female", "Female"
    MALE = "male", "Male"
    INTERACTION = "interaction", "Interaction (male − female)", "Male − female"


#: The strata that a model with both sexes estimates, always together.
BY_SEX = (Stratum.FEMALE, Stratum.MALE, Stratum.AVERAGE, Stratum.INTERACTION)
#: The strata that speak of all samples of a contrast.
WHOLE = (Stratum.ALL, Stratum.AVERAGE)
#: The strata that can stand for a contrast where only one is shown, the first that was tested.
STANDING = (*WHOLE, Stratum.FEMALE, Stratum.MALE)


class Role(Term):
    """What questions and pooling select a contrast by. Training is not overtraining, and no wording may blur it."""

    OVERTRAINING = "overtraining", "Overtraining", "overtraining"
    TRAINING = "training", "Training, not overtraining", "training, not overtraining"
    ACUTE_EXERCISE = "acute_exercise", "Acute exercise", "a single bout of exercise"
    INACTIVITY = "inactivity", "Inactivity", "inactivity"
    DISEASE = "disease", "Disease", "liver disease"
    DISEASE_X_TRAINING = "disease_x_training", "Disease × training", "disease by training"
    RECOVERY = "recovery", "Recovery", "recovery"
    SEV_ENRICHMENT = (
        "sev_enrichment",
        "SEV enrichment over lysate or cells",
        "vesicles v their cells or tissue",
    )
    SEV_SOURCE = "sev_source", "SEV source", "vesicle sources"
    SEX = "sex", "Sex", "sex"
    OTHER = "other", "Other", "other comparisons"


class Compartment(Term):
    """What of a tissue was measured; the order is the report's."""

    SEV = "sev", "Small extracellular vesicles (SEVs)", "vesicles"
    PLASMA_SEV = "plasma_sev", "Plasma SEVs", "vesicles"
    PLASMA = "plasma", "Plasma", ""
    TISSUE = "tissue", "Tissue", ""
    CELLS = "cells", "Cells", "cells"


class Assay(Term):
    """Kind of the measured values."""

    RNA_COUNTS = "rna_counts", "RNA counts"
    ARRAY = "array", "Expression array"
    PROTEIN = "protein", "Proteome"
    PTM = "ptm", "Modification sites"
    SINGLE_CELL = "single_cell", "Single cells"
    EFFECTS = "effects", "Published result table"
    CLINICAL = "clinical", "Clinical"

    @property
    def measured(self) -> str:
        """What findings of this kind are counted as."""
        return {
            Assay.PROTEIN: "protein",
            Assay.PTM: "modification sites",
            Assay.EFFECTS: "result tables",
            Assay.CLINICAL: "clinical values",
        }.get(self, "RNA")


#: What the reported analysis is called among others of the same contrast.
REPORTED = "as reported"


class Scale(Term):
    """What the numbers of a matrix are."""

    COUNTS = "counts"
    LOG2 = "log2"
    LINEAR = "linear"
    LOG10 = "log10"
    LN = "ln"


class Normalisation(Term):
    """How samples are made comparable."""

    TMM = "tmm", "trimmed means of M-values (TMM)"
    MEDIAN = "median", "medians"
    MODE = "mode", "modes of log ratios"
    NONE = "none", "none"


class Status(Term):
    """Whether there is an effect, and in two words why not."""

    TESTED = "tested"
    LOW = "low", "too low to test"
    ABSENT = "absent", "not measured"
    UNMAPPED = "unmapped", "not mapped"
    NOT_ESTIMABLE = "not_estimable", "not estimable"


class Reading(Term):
    """What an effect of an axis gene amounts to."""

    UP = "up"
    DOWN = "down"
    APPEARS = "appears", "appears (presence)", "appearing"
    DISAPPEARS = "disappears", "disappears (presence)", "disappearing"
    NO_RELEVANT_CHANGE = "no_relevant_change"
    UNDETERMINED = "undetermined"
    PUBLISHED_UP = "published_up", "as published: up", "up as published"
    PUBLISHED_DOWN = "published_down", "as published: down", "down as published"
    PUBLISHED_NEITHER = "published_neither", "as published: neither", "neither up nor down as published"
    NOT_ESTIMABLE = "not_estimable"
    NOT_MEASURED = "not_measured"


#: Readings that say that a gene changes, by a test at the level of its family.
CHANGED = (Reading.UP, Reading.DOWN, Reading.APPEARS, Reading.DISAPPEARS)
#: Readings by presence: there is no amount to give.
BY_PRESENCE = (Reading.APPEARS, Reading.DISAPPEARS)
#: Readings by a test of abundance.
BY_AMOUNT = (Reading.UP, Reading.DOWN, Reading.NO_RELEVANT_CHANGE, Reading.UNDETERMINED)
#: Readings by a published table's q, of effects that cannot be tested here.
AS_PUBLISHED = (Reading.PUBLISHED_UP, Reading.PUBLISHED_DOWN, Reading.PUBLISHED_NEITHER)
#: Readings by direction.
UPWARD = (Reading.UP, Reading.APPEARS, Reading.PUBLISHED_UP)
DOWNWARD = (Reading.DOWN, Reading.DISAPPEARS, Reading.PUBLISHED_DOWN)


class Size(Term):
    """An effect beside the smallest one of interest, by the interval at the level of its family."""

    AT_LEAST = "at_least", "at least the smallest effect of interest"
    BELOW = "below", "below the smallest effect of interest"
    UNCERTAIN = "uncertain", "of uncertain size"


class Family(Term):
    """Tests that share one error rate, within one contrast."""

    PRIMARY = "primary", "axis genes, all samples"
    SECONDARY = "secondary", "axis genes in females, in males and by interaction"


class Agreement(Term):
    """An effect beside the hypothesis about it; ``brief`` is its sign."""

    AGREES = "agrees", "agrees with the hypothesis", "✓"
    CONTRADICTS = "contradicts", "contradicts the hypothesis", "✗"
    UNDETERMINED = "undetermined", "undetermined against the hypothesis", "?"
    NO_HYPOTHESIS = "no_hypothesis", "no hypothesis", ""


class SexClass(Term):
    """How females and males differ in one effect; one class for each."""

    BOTH = "both", "in both sexes"
    BOTH_ALIKE = "both_alike", "alike in both sexes"
    LARGER_IN_FEMALES = "larger_in_females"
    LARGER_IN_MALES = "larger_in_males"
    OPPOSITE = "opposite", "opposite directions"
    DIFFERS = "differs", "differs between the sexes, sizes not ordered"
    NO_RELEVANT_DIFFERENCE = "no_relevant_difference", "no relevant difference between the sexes"
    UNDETERMINED = "undetermined"


#: Classes that say that the sexes differ.
DIFFERENT = (SexClass.LARGER_IN_FEMALES, SexClass.LARGER_IN_MALES, SexClass.OPPOSITE, SexClass.DIFFERS)


class Level(Term):
    """How much a check of the samples matters, the gravest first."""

    WARNING = "warning"
    NOTE = "note"
    OK = "ok"


_SEEN = "detected in {seen_case} of {n_case} case and {seen_reference} of {n_reference} reference samples: "


class Reason(StrEnum):
    """Why a row of the effects table has no estimate, or what must be known of the one it has.

    Attributes
    ----------
    status
        Status of a row with this reason; ``tested`` where it is a remark on an estimate.
    sentence
        What the row says; ``{...}`` are facts of the row.
    """

    status: Status
    sentence: str

    def __new__(cls, value: str, status: Status, sentence: str) -> Self:
        """Make a reason of its value, its status and its sentence."""
        reason = str.__new__(cls, value)
        reason._value_ = value
        reason.status = status
        reason.sentence = sentence
        return reason

    def tell(self, **facts: object) -> str:
        """The sentence with a row's facts in it."""
        return self.sentence.format(**facts)

    @property
    def remark(self) -> str:
        """The end of the sentence, which holds no fact of any row: rows that bear the reason are known by it."""
        return self.sentence.rpartition(": ")[2]

    @property
    def general(self) -> str:
        """The sentence without the facts of any row: n for a count, the name of a fact of the row in brackets."""
        told = self.sentence.replace("{carriers}", "").replace("{organism} {gene}", "the gene")
        told = re.sub(r"\{\w+\} of \{\w+\}", "some", told)
        named = {"identifiers", "level", "sex"}
        return re.sub(r"\{(\w+)\}", lambda fact: f"[{fact[1]}]" if fact[1] in named else "n", told)

    NEVER_DETECTED = "never_detected", Status.ABSENT, "in the data set's annotation, detected in no sample"
    FEW_COUNTS = (
        "few_counts",
        Status.LOW,
        "too few counts: filterByExpr keeps genes with about 10 counts in as many samples as the smallest group",
    )
    ONE_SIDE_ONLY = (
        "one_side_only",
        Status.NOT_ESTIMABLE,
        _SEEN + "no fold change without both, see the detection test",
    )
    GROUP_MISSING = "group_missing", Status.NOT_ESTIMABLE, _SEEN + "not in every group of both sexes"
    FEW_DETECTED = (
        "few_detected",
        Status.NOT_ESTIMABLE,
        _SEEN + "too few to tell the effect from the covariates or from the scatter",
    )
    NO_RESIDUAL_DF = (
        "no_residual_df",
        Status.NOT_ESTIMABLE,
        "no residual degree of freedom: as many coefficients as values",
    )
    NO_SCATTER = "no_scatter", Status.NOT_ESTIMABLE, "no residual variance: the model fits the values exactly"
    NOT_CONVERGED = "not_converged", Status.NOT_ESTIMABLE, "the fit did not converge"
    COUNT_OUTLIER = (
        "count_outlier",
        Status.NOT_ESTIMABLE,
        "one sample's count decides the effect (Cook's distance): p withheld",
    )
    FILTERED_INDEPENDENTLY = (
        "filtered_independently",
        Status.TESTED,
        "mean count below the cut-off of independent filtering: p given, left out of the family of q",
    )
    NO_REPEATS = (
        "no_repeats",
        Status.TESTED,
        "the values present cannot tell subjects from error: ordinary linear model",
    )
    NO_COUNT_IN_CONTRAST = (
        "no_count_in_contrast",
        Status.TESTED,
        "no count in any sample that informs this contrast: effect 0 by definition",
    )
    NO_COUNT_ON_ONE_SIDE = (
        "no_count_on_one_side",
        Status.TESTED,
        "counted in {seen_case} of {n_case} case and {seen_reference} of {n_reference} reference samples{carriers}: "
        "without a count on one side the size of the effect is the least that the model allows, not the data's",
    )
    PRESENCE_DECIDES = (
        "presence_decides",
        Status.TESTED,
        "counted in {seen_case} of {n_case} case and {seen_reference} of {n_reference} reference samples{carriers}: "
        "the fold change tells of presence, not of an amount",
    )
    BY_CURVE = "by_curve", Status.TESTED, _SEEN + "the others enter by the detection curve"
    NO_VALUE_ON_ONE_SIDE = (
        "no_value_on_one_side",
        Status.TESTED,
        _SEEN + "without a value on one side the size is the detection curve's, not the data's",
    )
    SPLIT_NOT_ASKED = "split_not_asked", Status.NOT_ESTIMABLE, "the card asks for no strata by sex"
    ONE_SEX = "one_sex", Status.NOT_ESTIMABLE, "one sex: all samples of known sex are {sex}"
    SEX_UNKNOWN = "sex_unknown", Status.NOT_ESTIMABLE, "no sample's sex is known"
    FEW_OF_A_SEX = (
        "few_of_a_sex",
        Status.NOT_ESTIMABLE,
        "too few: {level} has {count} {sex} of at least {needed}",
    )
    PUBLISHED_UNSPLIT = "published_unsplit", Status.NOT_ESTIMABLE, "the published table is not split by sex"
    PUBLISHED_OF_ONE_SEX = "published_of_one_sex", Status.NOT_ESTIMABLE, "published for {sex}s only"
    PUBLISHED_WITHOUT_ESTIMATE = (
        "published_without_estimate",
        Status.LOW,
        "the published table gives no fold change for this feature",
    )
    SE_FROM_T = "se_from_t", Status.TESTED, "published; standard error derived from the published t"
    SE_FROM_P = "se_from_p", Status.TESTED, "published; standard error derived from the published p"
    SE_CONTRADICTS_P = (
        "se_contradicts_p",
        Status.TESTED,
        "published; its standard error does not belong to its p (of shrunken effects, say): derived from p",
    )
    NO_SE = (
        "no_se",
        Status.TESTED,
        "published without standard error, t or p: no interval, no minimum detectable effect",
    )
    NO_P = "no_p", Status.TESTED, "published without p: its q is the table's own"
    GENE_UNKNOWN = (
        "gene_unknown",
        Status.UNMAPPED,
        "no {organism} identifier of {gene} is known here: add it to resources/identifiers.tsv",
    )
    GENE_NOT_LISTED = (
        "gene_not_listed",
        Status.ABSENT,
        "{organism} {gene} is known, but the data set has no such row: never detected, removed before publication, or "
        "under an identifier that does not map",
    )
    GENE_NOT_MATCHED = (
        "gene_not_matched",
        Status.UNMAPPED,
        "the data set names its features by {identifiers} only, and none is known for {organism} {gene}",
    )
