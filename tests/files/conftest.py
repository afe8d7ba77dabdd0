"""A folder for a data set."""

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """The data set's folder as the workflow names it: relative to the project's root."""
    monkeypatch.chdir(tmp_path)
    return Path("data/mice")
