"""Models of a data set's card.

What each room needs of a card is a model of its own (:class:`RetrieveCard`, :class:`ReadCard`, :class:`AssessCard`,
:class:`CompareCard`), and :class:`Card` is their union. A workflow step is handed its own part only, so that a
change of the card reruns exactly the rooms that read what was changed.

The JSON schemas in ``workflow/schemas`` are generated from these models (``sevaxis schema``).
Checks that need more than one file (sheet against card, card against study) live in :mod:`sevaxis.study.study`,
the models of a study's configuration in :mod:`sevaxis.study.settings`.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal

from pydantic import (
    ConfigDict,
    Field,
    TypeAdapter,
    field_validator,
    model_validator,
)

from sevaxis.base.vocabulary import Assay, Compartment, Normalisation, Organism, Role, Sex, Stratum
from sevaxis.base.vocabulary import Scale as ScaleName
from sevaxis.study.source import Model, Slug, Source, Text
from sevaxis.study.validation import Refused

#: A weight of a level beyond this is a slip of the keyboard, as is a contrast of weights below its inverse.
LARGEST_WEIGHT = 1000.0
#: How samples are made comparable unless the card says otherwise.
DEFAULT_NORMALISATION = {
    Assay.RNA_COUNTS: Normalisation.TMM,
    Assay.PROTEIN: Normalisation.MODE,
    Assay.PTM: Normalisation.MODE,
}


class ReadableFile(Model):
    """How one file is read."""

    name: Text = Field(description="File name under the data folder.")
    reader: str | None = Field(
        None, description="Name of a reader (see config/README.md); none: kept, not read."
    )
    content: Literal["matrix", "samples", "features", "effects"] = Field(
        "matrix",
        description="What the file gives: values, a sample sheet, a feature annotation, published results.",
    )
    options: dict[str, Any] = Field(default_factory=dict, description="Options of the reader.")
    sample: str | None = Field(None, description="Sample name, for files that hold one sample each.")


class DataFile(Source, ReadableFile):
    """One file of a data set: where it comes from and how it is read."""


class SamplesFrom(Model):
    """A sample sheet that lies inside a retrieved file."""

    file: Text = Field(description="Name of the file whose sample annotation is the sheet.")


class Columns(Model):
    """Which column of the sample sheet is what."""

    sample: str = Field("sample", description="The names under which the matrix knows the samples.")
    group: str = Field("group", description="The levels that contrasts compare.")
    sex: str | None = Field(None, description="Declared sex.")
    batch: str | None = Field(None, description="Technical batch; enters the model.")
    subject: str | None = Field(
        None, description="Animal or person with more than one sample; enters as a block."
    )
    replicate_of: str | None = Field(
        None,
        description="Specimen of which several samples are technical replicates (injections, lanes): they become one, "
        "counts added up, log2 values averaged.",
    )


class PublishedColumns(Model):
    """Which columns of a published result table hold one contrast (an option of the reader `effects_table`)."""

    log2fc: Text = Field(description="Column with the log2 fold change.")
    se: str | None = Field(None, description="Column with its standard error.")
    t: str | None = Field(None, description="Column with the test statistic.")
    p: str | None = Field(None, description="Column with the p value.")
    q: str | None = Field(None, description="Column with the adjusted p value.")
    mean_abundance: str | None = Field(None, description="Column with the mean abundance, log2.")
    n_case: str | None = Field(None, description="Column with the number of case samples, for each row.")
    n_reference: str | None = Field(None, description="Column with the number of reference samples.")
    df: str | None = Field(None, description="Column with the degrees of freedom of the test, for each row.")
    feature: str | None = Field(
        None, description="Column with its features, where tables stand side by side."
    )


class Contrast(Model):
    """One comparison, with the role that questions and pooling select it by."""

    name: Slug = Field(description="Letters, digits and _; names rows of results.")
    role: Role = Field(
        description="What questions and pooling select the contrast by; training is not overtraining."
    )
    case: str | None = Field(None, description="Level of the group column in the numerator.")
    reference: str | None = Field(None, description="Level of the group column in the denominator.")
    weights: dict[str, float] | None = Field(
        None, description="Level -> weight, for differences of differences; weights sum to zero."
    )
    by_sex: bool | None = Field(
        None,
        description="true: demand female, male and interaction effects; false: never; missing: where possible.",
    )
    tissue: str | None = Field(None, description="Where it differs from the data set's tissue.")
    compartment: Compartment | None = Field(
        None, description="Where it differs from the data set's compartment."
    )
    file: str | None = Field(
        None, description="Published result table (assay 'effects'); its reader's options name the columns."
    )
    stratum: Literal[Stratum.ALL, Stratum.FEMALE, Stratum.MALE] = Field(
        Stratum.ALL, description="Whom the published table is about."
    )
    n_case: int | None = Field(None, ge=1, description="Published number of case samples.")
    n_reference: int | None = Field(None, ge=1, description="Published number of reference samples.")
    course: Slug | None = Field(
        None,
        description="Time course that it belongs to: contrasts of one course have one reference and count as one.",
    )
    time: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description="Time of the case since the reference, in any unit: for the trend.",
    )
    label: str | None = Field(None, description="Wording for the report; the name where it is missing.")

    @model_validator(mode="after")
    def _is_of_a_course(self) -> Contrast:
        if (self.course is None) != (self.time is None):
            raise Refused("course and time together", "time: weeks, days or hours since the reference")
        if self.course is not None and (self.case is None or self.reference is None):
            raise Refused(
                "case and reference for a contrast of a course", "a course is made of plain comparisons"
            )
        return self

    @model_validator(mode="after")
    def _is_one_kind(self) -> Contrast:
        simple = self.case is not None and self.reference is not None
        if self.weights is not None and (self.case or self.reference or self.file):
            raise Refused(
                "either case and reference, or weights, or file", "leave out the one that is not meant"
            )
        if self.weights is None and not (simple or self.file):
            hint = "say case: LEVEL and reference: LEVEL, two levels of the group column"
            raise Refused("case and reference, or weights, or (assay effects) file", hint)
        if simple and self.case == self.reference:
            raise Refused(
                "two different levels as case and reference", "name the level that it is compared with"
            )
        if self.weights is not None:
            self._check_weights(list(self.weights.values()))
        return self

    @staticmethod
    def _check_weights(values: list[float]) -> None:
        largest = max(map(abs, values), default=0.0)
        if not all(math.isfinite(value) for value in values) or largest > LARGEST_WEIGHT:
            allowed = f"finite weights, none above {LARGEST_WEIGHT:g}"
            raise Refused(allowed, "weights of levels are small numbers: 1, -1, 0.5")
        if largest < 1 / LARGEST_WEIGHT or abs(sum(values)) > 1e-9 * largest:
            hint = f"these sum to {sum(values):.10g}; write thirds with ten digits: 0.3333333333"
            raise Refused("weights that sum to zero, some of them positive", hint)

    def level_weights(self) -> dict[str, float]:
        """Weight of each level of the group column: case 1, reference -1, or the weights as given."""
        if self.weights is not None:
            return dict(self.weights)
        return {str(self.case): 1.0, str(self.reference): -1.0}


class Scale(Model):
    """What the numbers of the matrix are."""

    scale: ScaleName | None = Field(
        None,
        description="counts, linear intensities, or their logarithms: log2, log10, ln; by assay where it is missing.",
    )
    zero_is_missing: bool = Field(
        False, description="0 means 'not detected' (always so on the linear scale)."
    )


class Values(Scale):
    """What the numbers are and how samples are made comparable."""

    normalise: Normalisation | None = Field(None, description="By assay and method where it is missing.")


class Alternative(Model):
    """Another analysis of the same contrasts, beside the reported one: what differs from it.

    Options of its method stand beside the fields, as in the model itself.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    method: str | None = Field(None, description="Method; the reported one where it is missing.")
    covariates: tuple[str, ...] | None = Field(
        None, description="Columns in place of the model's covariates; the same where it is missing."
    )


class ModelChoice(Model):
    """How effects are estimated: a method, what enters its model, and the options that the method reads.

    Which methods and options there are stands in :mod:`sevaxis.effects.methods`; the study's check holds a card
    against it.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    method: str | None = Field(
        None, description="Name of a method (table below); by assay where it is missing."
    )
    covariates: tuple[str, ...] = Field((), description="Further columns of the sheet that enter the model.")
    own_samples: bool | None = Field(
        None,
        description="true: each contrast rests on the samples of the groups that it compares; false: all samples share "
        "one model; missing: true where the groups of the data set are found to scatter differently.",
    )
    alternatives: dict[Text, Alternative] = Field(
        default_factory=dict,
        description="Name -> another reasonable analysis: how the axis genes fare in it is told beside what is "
        "reported (`robustness.parquet`).",
    )

    @property
    def options(self) -> dict[str, Any]:
        """What the card says of its method."""
        return dict(self.model_extra or {})

    def alternative(self, name: str) -> ModelChoice:
        """One of the alternatives as a model: what it does not say is as reported."""
        other = self.alternatives[name]
        same = other.method in (None, self.method)
        covariates = self.covariates if other.covariates is None else other.covariates
        options = {**(self.options if same else {}), **(other.model_extra or {})}
        return ModelChoice(
            method=other.method or self.method,
            covariates=covariates,
            own_samples=self.own_samples,
            **options,
        )


class About(Model):
    """What a data set is about."""

    id: Slug = Field(description="Name of the card's folder.")
    organism: Organism = Field(description="Whose samples these are.")
    tissue: Text = Field(
        description="Tissue that the samples, or the vesicles in them, come from: muscle, liver, plasma, ..."
    )
    compartment: Compartment = Field(description="What of the tissue was measured.")
    assay: Assay = Field(
        description="Kind of the values; decides scale, normalisation and method unless told."
    )
    values: Scale = Field(Scale(), description="What the numbers are.")

    @property
    def scale(self) -> ScaleName:
        """Scale of the values after defaults."""
        counted = self.assay in (Assay.RNA_COUNTS, Assay.SINGLE_CELL)
        return self.values.scale or (ScaleName.COUNTS if counted else ScaleName.LOG2)


class RetrieveCard(Model):
    """The part of a card that retrieving needs."""

    id: Slug
    files: tuple[Source, ...] = Field(min_length=1)


class AssessCard(About):
    """The part of a card that quality and normalisation need."""

    values: Values = Field(Values(), description="What the numbers are.")

    @property
    def normalisation(self) -> Normalisation:
        """Normalisation after defaults."""
        return self.values.normalise or DEFAULT_NORMALISATION.get(self.assay, Normalisation.NONE)


class ReadCard(About):
    """The part of a card that reading needs."""

    files: tuple[ReadableFile, ...] = Field(min_length=1)
    join: Literal["samples", "features"] | None = Field(
        None, description="How several matrix files become one: more samples, or more features."
    )
    samples_from: SamplesFrom | None = Field(
        None, description="The sheet lies inside a retrieved file instead."
    )
    columns: Columns = Field(Columns(), description="Which column of the sheet is what.")
    sex: Sex | None = Field(None, description="Declared sex of all samples, where no column says it.")
    sex_labels: dict[str, Sex] = Field(
        default_factory=dict, description="What the sheet's labels (1, 2, ...) mean."
    )
    keep: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Sheet column -> values: only these samples are analysed."
    )
    exclude: dict[str, str] = Field(default_factory=dict, description="Sample -> why it is left out.")


class CompareCard(About):
    """The part of a card that comparing needs."""

    untracked: ClassVar[dict[str, Any]] = {"contrasts": {"__all__": {"label"}}}

    values: Values = Field(Values(), description="What the numbers are.")
    model: ModelChoice = Field(ModelChoice(), description="How effects are estimated.")
    contrasts: tuple[Contrast, ...] = Field(min_length=1, description="What is compared.")

    @field_validator("contrasts")
    @classmethod
    def _courses_hold_together(cls, contrasts: tuple[Contrast, ...]) -> tuple[Contrast, ...]:
        for course in dict.fromkeys(each.course for each in contrasts if each.course):
            members = [each for each in contrasts if each.course == course]
            if len(members) < 2:
                raise Refused(
                    f"two or more contrasts in the course {course}",
                    "leave course and time out, or add the other times",
                )
            if len({each.reference for each in members}) > 1:
                raise Refused(
                    f"one reference for all contrasts of the course {course}",
                    "give each reference a course of its own",
                )
            if len({each.time for each in members}) < len(members):
                raise Refused(
                    f"a time of its own for every contrast of the course {course}", "two arms are two courses"
                )
        return contrasts


class Card(AssessCard, ReadCard, CompareCard, RetrieveCard):
    """A data set: what it is, where it lies, how it is read and what is compared."""

    title: Text = Field(description="One line for the report.")
    accession: str | None = Field(
        None, description="Accession in a public archive: GSE..., PXD..., E-MTAB-..."
    )
    citation: Text = Field(description="Whom to cite for the data.")
    licence: Text = Field(
        description="Terms under which the data may be used; 'not stated' where there are none."
    )
    homepage: str | None = Field(None, description="Page that describes the data set.")
    notes: str | None = Field(
        None, description="What a reader of the results must know; printed in the report."
    )
    cohort: Text | None = Field(
        None,
        description="Name of the people or animals where other data sets measured the same: they count as one study.",
    )
    verified: bool = Field(
        True, description="False: file names or facts are from memory; not run by default."
    )
    files: tuple[DataFile, ...] = Field(min_length=1, description="Files of the data set.")
    samples: str | None = Field(
        None, description="The sample sheet beside this card; samples.tsv where missing."
    )
    contrasts: tuple[Contrast, ...] = Field(min_length=1, description="What is compared.")

    @field_validator("contrasts")
    @classmethod
    def _names_differ(cls, contrasts: tuple[Contrast, ...]) -> tuple[Contrast, ...]:
        names = [contrast.name for contrast in contrasts]
        if len(set(names)) < len(names):
            hint = "add what tells them apart, such as the tissue or the sex"
            raise Refused("a name of its own for every contrast", hint)
        return contrasts

    @field_validator("files")
    @classmethod
    def _file_names_differ(cls, files: tuple[DataFile, ...]) -> tuple[DataFile, ...]:
        names = [file.name for file in files]
        if len(set(names)) < len(names):
            raise Refused(
                "a name of its own for every file", "name each as it shall be called in the data folder"
            )
        return files

    def part(self, room: type[Model]) -> dict[str, Any]:
        """Plain values of one room's part of the card (:class:`RetrieveCard`, :class:`ReadCard`, ...)."""
        return TypeAdapter(room).dump_python(self, mode="json", exclude=room.untracked)
