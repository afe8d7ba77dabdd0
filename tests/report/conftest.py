"""The report of the study made by hand, written once."""

from pathlib import Path

import pytest
from sevaxis.report.document import Document
from sevaxis.report.report import report

from tests.report import study_by_hand


@pytest.fixture(scope="session")
def document() -> Document:
    return study_by_hand.build()


@pytest.fixture(scope="session")
def folder(document: Document, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results folder with the report in it."""
    folder = tmp_path_factory.mktemp("results")
    report(document, folder)
    return folder
