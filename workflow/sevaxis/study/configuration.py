"""A study's configuration as a whole: which data sets are asked which questions, with which settings.

The JSON schema ``workflow/schemas/config.schema.json`` is generated from it (``sevaxis schema``).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo
from pydantic_core import PydanticKnownError

from sevaxis.answers import QUESTIONS, load_question
from sevaxis.base.vocabulary import Organism
from sevaxis.study.settings import Axis, Orthologs, Thresholds
from sevaxis.study.source import Model, Slug, Text


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
    identifiers: str | None = Field(
        None,
        description="File that names tables of identifiers; config/identifiers.yaml has public ones. Without it only "
        "symbols, the genes of the panels and what ortholog tables list are known.",
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
