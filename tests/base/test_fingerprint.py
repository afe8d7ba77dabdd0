"""The hash of a step's code: what it reaches, what counts of it, and what does not."""

import pytest
from sevaxis.base import fingerprint as module
from sevaxis.base.fingerprint import fingerprint

FILES = {
    "compare.py": "from sevaxis.models.linear import fit\n",
    "models/__init__.py": "",
    "models/linear.py": "def fit():\n    import sevaxis.lazy\n",
    "lazy.py": "X = 1\n",
    "typed.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from sevaxis.other import Y\n",
    "other.py": "Y = 1\n",
    "registry.py": 'READERS = {\n    "a": "sevaxis.other:Y",\n}\n',
    "report/__init__.py": "",
    "report/page.py": "",
    "report/templates/page.html": "<p>",
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PACKAGE", tmp_path)
    for name, text in FILES.items():
        write(tmp_path / name, text)
    yield tmp_path
    forget()


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    forget()


def forget():
    module._contents.cache_clear()
    module._path_of.cache_clear()


@pytest.mark.parametrize(
    ("entry", "edited", "reached"),
    [
        ("compare", "compare.py", True),
        ("compare", "models/linear.py", True),
        ("compare", "models/__init__.py", True),
        ("compare", "lazy.py", True),  # imported inside a function
        ("compare", "other.py", False),
        ("typed", "other.py", False),  # only type checkers read it
        ("registry", "other.py", False),  # whoever uses an entry of a registry says so
        ("sevaxis.other:Y", "other.py", True),  # and says it in the registry's words
        ("report", "report/templates/page.html", True),
        ("report.page", "report/__init__.py", True),  # importing a module runs its package
        ("lazy", "compare.py", False),
    ],
)
def test_a_change_counts_where_it_is_reached(package, entry, edited, reached):
    before = fingerprint(entry)
    path = package / edited
    write(path, path.read_text() + "\nCHANGED = True\n")
    assert (fingerprint(entry) != before) == reached


CODE = '''"""What it is about."""

from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from pathlib import Path


class Card(BaseModel):
    """A card."""

    name: str = Field("x", description="Its name.", max_length=60)
    """Said after it."""


def tell(count: int = 1) -> str:
    """Say it.

    In words.
    """
    return f"{count} cards: " + describe(count, description="none")
'''


@pytest.mark.parametrize(
    ("old", "new", "counts"),
    [
        pytest.param("What it is about.", "What is it about?", False, id="docstring of a module"),
        pytest.param("A card.", "One card.", False, id="docstring of a class"),
        pytest.param("In words.", "In other words.", False, id="docstring of a function"),
        pytest.param('"""Said after it."""', "", False, id="docstring of a field"),
        pytest.param("Its name.", "A name.", False, id="description of a field"),
        pytest.param("from pathlib import Path", "import pathlib", False, id="import of type checkers"),
        pytest.param("return f", "# why\n    return f", False, id="comment"),
        pytest.param('"x", description', '\n        "x",\n        description', False, id="layout"),
        pytest.param("max_length=60", "max_length=61", True, id="bound of a field"),
        pytest.param('"x", desc', '"y", desc', True, id="default of a field"),
        pytest.param('description="none"', 'description="all"', True, id="description that is no field's"),
        pytest.param(" cards: ", " card: ", True, id="sentence"),
        pytest.param("count: int = 1", "count: int = 2", True, id="default"),
        pytest.param('f"{count} cards: " + ', "", True, id="code"),
    ],
)
def test_only_what_runs_counts(package, old, new, counts):
    write(package / "card.py", CODE)
    before = fingerprint("card")
    assert CODE.count(old) == 1
    write(package / "card.py", CODE.replace(old, new))
    assert (fingerprint("card") != before) == counts


def test_a_new_entry_of_a_registry_changes_nothing_for_those_that_do_not_use_it(package):
    used = ("registry", "sevaxis.other:Y")
    before = fingerprint(*used)
    write(package / "registry.py", FILES["registry.py"].replace("{", '{\n    "b": "sevaxis.lazy:X",'))
    assert fingerprint(*used) == before
    assert fingerprint("registry", "sevaxis.other:Z") != before  # another function of the same module


def test_what_is_reached_but_not_run_can_be_left_out(package):
    before = fingerprint("compare", without=["lazy"])
    write(package / "lazy.py", "X = 2\n")
    assert fingerprint("compare", without=["lazy"]) == before


def test_a_module_that_does_not_exist(package):
    with pytest.raises(ValueError, match="no module nowhere"):
        fingerprint("nowhere")
