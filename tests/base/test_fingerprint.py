"""The hash of a step's code: what it reaches and what it does not."""

import pytest
from sevaxis.base import fingerprint as module
from sevaxis.base.fingerprint import fingerprint


@pytest.fixture
def package(tmp_path, monkeypatch):
    files = {
        "compare.py": "from sevaxis.models.linear import fit\n",
        "models/__init__.py": "",
        "models/linear.py": "def fit():\n    import sevaxis.lazy\n",
        "lazy.py": "X = 1\n",
        "typed.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from sevaxis.other import Y\n",
        "other.py": "Y = 1\n",
        "registry.py": 'READERS = {"a": "sevaxis.other:Y"}\n',
        "report/__init__.py": "",
        "report/templates/page.html": "<p>",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(module, "PACKAGE", tmp_path)
    module._imports_of.cache_clear()
    yield tmp_path
    module._imports_of.cache_clear()


@pytest.mark.parametrize(
    ("entry", "edited", "reached"),
    [
        ("compare", "compare.py", True),
        ("compare", "models/linear.py", True),
        ("compare", "models/__init__.py", True),
        ("compare", "lazy.py", True),  # imported inside a function
        ("compare", "other.py", False),
        ("typed", "other.py", False),  # only type checkers read it
        ("registry", "other.py", True),  # named in text, imported when needed
        ("report", "report/templates/page.html", True),
        ("lazy", "compare.py", False),
    ],
)
def test_a_change_counts_where_it_is_reached(package, entry, edited, reached):
    before = fingerprint(entry)
    path = package / edited
    path.write_text(path.read_text() + "\n# changed\n")
    module._imports_of.cache_clear()
    assert (fingerprint(entry) != before) == reached


def test_a_module_that_does_not_exist(package):
    with pytest.raises(ValueError, match="no module nowhere"):
        fingerprint("nowhere")
