"""Models of a study's configuration: which data sets are asked which questions, with which thresholds.

The JSON schema ``workflow/schemas/config.schema.json`` is generated from these models (``sevaxis schema``).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo
from pydantic_core import PydanticKnownError

from sevaxis.answers import QUESTIONS, load_question
from sevaxis.base.vocabulary import Assay, Compartment, Organism
from sevaxis.study.card import Model, Slug, Source, Text


class Hypothesis(Model):
    """Direction that the primary paper leads one to expect: a hypothesis, never a result."""

    gene: Text = Field(description="Human symbol, one of the axis genes.")
    tissue: Text = Field(description="As in the cards.")
    compartment: Compartment = Field(description="As in the cards.")
    assays: tuple[Assay, ...] = Field(
        min_length=1, description="Assays that it is about: RNA may differ from protein."
    )
    direction: Literal["up", "down", "unchanged"] = Field(description="Expected under overtraining.")
    basis: Text = Field(description="Where the expectation comes from.")


class Axis(Model):
    """The genes that the study is about, reported in every data set whatever their status."""

    genes: tuple[Text, ...] = Field(
        ("FBXO2", "SORBS3", "FLOT1", "CD63"),
        min_length=1,
        description="Human symbols; also the family of Holm's tests.",
    )
    hypotheses: tuple[Hypothesis, ...] = Field(
        (), description="Expected directions that the report compares with."
    )


class Thresholds(Model):
    """Numbers that decide wording, never estimates."""

    fdr: float = Field(
        0.05, gt=0, lt=1, description="Benjamini-Hochberg q below which a feature counts as changed."
    )
    alpha: float = Field(0.05, gt=0, lt=1, description="Level of tests and of the minimum detectable effect.")
    power: float = Field(0.8, gt=0, lt=1, description="Power of the minimum detectable effect.")
    smallest_effect: float = Field(
        0.585, gt=0, description="Smallest log2 fold change of interest; 0.585 is 1.5-fold."
    )
    min_per_group: int = Field(2, ge=2, description="Fewest samples of a group in a contrast.")
    min_mapped: float = Field(0.3, ge=0, le=1, description="Share of features that must find a gene symbol.")


class Orthologs(Source):
    """Ortholog table of one organism."""

    reader: Literal["hcop", "table"] = Field(
        "hcop", description="hcop: an R data frame of HGNC's HCOP; table: tab-separated, same column names."
    )


def _known(question: str, info: ValidationInfo) -> str:
    """The question, where it is registered and can be asked of the study's data."""
    simulated = info.data.get("simulated", False)
    names = [name for name in QUESTIONS if simulated or not load_question(name).of_simulated]
    if question not in names:
        raise PydanticKnownError("enum", {"expected": ", ".join(f"'{name}'" for name in names)})
    return question


class Configuration(Model):
    """A study: which data sets are asked which questions, with which thresholds."""

    name: Slug = Field(description="Names the folder of results.")
    title: Text = Field(description="Heading of the report.")
    description: str | None = Field(None, description="A few sentences below the heading.")
    datasets: tuple[Slug, ...] = Field(
        min_length=1, description="Ids of data sets, in the order of the report."
    )
    datasets_folder: str = Field("config/datasets", description="Folder of the data set cards.")
    data_folder: str = Field("data", description="Where retrieved files are kept, shared by all studies.")
    results_folder: str = Field("results", description="Results go to a folder of the study's name in here.")
    mirror: str | None = Field(None, description="Folder that serves every file instead of the network.")
    axis: Axis = Field(Axis(), description="The genes that the study is about.")
    panels: tuple[Text, ...] = Field(
        (),
        description="Panels of resources/panels.tsv whose genes are listed and highlighted; all where none is named.",
    )
    thresholds: Thresholds = Field(Thresholds(), description="Numbers that decide wording, never estimates.")
    orthologs: dict[Organism, Orthologs] = Field(
        default_factory=dict, description="Table of human orthologs for each organism but human."
    )
    sex_mismatch: Literal["stop", "drop", "keep"] = Field(
        "drop", description="What happens to samples whose chromosomes contradict their declared sex."
    )
    seed: int = Field(2025, ge=0, description="Seed of everything random.")
    simulated: bool = Field(False, description="The data are simulated; the report says so on every page.")
    questions: tuple[Annotated[str, AfterValidator(_known)], ...] = Field(
        ("axis", "sex"),
        min_length=1,
        description=f"Questions to answer ({', '.join(QUESTIONS)}); the report opens with the first one's verdict.",
        json_schema_extra={"items": {"enum": list(QUESTIONS), "type": "string"}},
    )
