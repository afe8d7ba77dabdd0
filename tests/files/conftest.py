"""A server that misbehaves on demand, and a folder for a data set."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.loopback import Loopback


@pytest.fixture
def server() -> Iterator[Loopback]:
    """A server on loopback for one test."""
    with Loopback() as running:
        yield running


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """The data set's folder as the workflow names it: relative to the project's root."""
    monkeypatch.chdir(tmp_path)
    return Path("data/mice")
