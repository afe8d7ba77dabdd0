"""The report of the study made by hand, written once."""

from pathlib import Path

import pytest
from sevaxis import report

from tests.report import study_by_hand


@pytest.fixture(scope="session")
def study() -> report.Document:
    return study_by_hand.build()


@pytest.fixture(scope="session")
def folder(study: report.Document, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results folder with the report in it."""
    folder = tmp_path_factory.mktemp("results")
    report.write(study, folder)
    return folder
