"""Fixtures shared by all tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.loopback import Loopback

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """Root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real public data (`data/`) and of R's answers (`reference/`); skips loudly where it is missing."""
    folder = ROOT.parent / "shared"
    if not (folder / "data" / "MANIFEST.tsv").is_file():
        pytest.skip(
            f"NOT TESTED: no real data at {folder} (this test compares with public data and R's answers)"
        )
    return folder


@pytest.fixture
def server() -> Iterator[Loopback]:
    """A server on loopback for one test."""
    with Loopback() as running:
        yield running
