"""JSON schemas and page of options: in step with the models that they are generated from."""

import json
import re

import pytest
import yaml
from pydantic import BaseModel, Field
from sevaxis.base.options import described_parameters
from sevaxis.study import card, configuration, schemas


@pytest.mark.parametrize("name", schemas.SCHEMAS)
def test_schema_files_are_what_the_models_say(root, name):
    stored = (root / "workflow" / "schemas" / name).read_text(encoding="utf-8")
    assert stored == schemas.schema_text(schemas.SCHEMAS[name]), "run `sevaxis schema`"


@pytest.mark.parametrize("name", schemas.PAGES)
def test_pages_of_options_are_what_models_readers_and_methods_say(root, name):
    page = (root / name).read_text(encoding="utf-8")
    assert page == schemas.refresh(page), "run `sevaxis schema`"


def test_page_has_a_table_for_every_model_that_a_user_writes(root):
    page = (root / "config" / "README.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\(#(\w+)\)", page))
    headings = {line.lstrip("# ").lower() for line in page.splitlines() if line.startswith("#")}
    assert linked <= headings


@pytest.mark.parametrize("model", [configuration.Configuration, card.Card, card.DataFile, card.Contrast])
def test_every_option_is_explained(model):
    assert [name for name, field in model.model_fields.items() if not field.description] == []


def test_example_card_of_the_page_is_a_card(root):
    page = (root / "config" / "README.md").read_text(encoding="utf-8")
    example = re.search(r"```yaml\n(.*?)```", page, re.DOTALL)[1]
    assert card.Card.model_validate(yaml.safe_load(example)).contrasts[0].role == "training"


def test_schema_refuses_unknown_keys(tmp_path):
    # an editor marks `fiels:` only where the schema closes the list of keys
    for path in schemas.write_schemas(tmp_path):
        assert json.loads(path.read_text())["additionalProperties"] is False


def test_options_table_spells_types_and_defaults():
    class Inner(BaseModel):
        """Nothing."""

    class Model(BaseModel):
        many: tuple[int, ...] = Field((1, 2), description="a | b")
        inner: Inner | None = Field(None, description="Inside.")
        must: bool

    lines = schemas.options_table(Model).splitlines()
    assert lines[2:] == [
        "| `many` | list of whole number | `[1, 2]` | a \\| b |",
        "| `inner` | [Inner](#inner) |  | Inside. |",
        "| `must` | true, false | required |  |",
    ]


def test_parameters_of_a_numpy_docstring():
    docstring = """Does.

Parameters
----------
a, b
    First line
    and second.
c
    Third.

Returns
-------
Nothing.
"""
    assert described_parameters(docstring) == {
        "a": "First line and second.",
        "b": "First line and second.",
        "c": "Third.",
    }


def test_unknown_model_on_the_page_is_an_error():
    with pytest.raises(ValueError, match="Nonsense"):
        schemas.refresh("<!-- options of Nonsense -->\n<!-- end -->")
