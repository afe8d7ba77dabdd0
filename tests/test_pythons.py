"""The comparison of the answers of two Pythons sees what differs, and finds no Python where there is none."""

import sys

import pandas as pd
import pytest

from tests.pythons import compare, find

TABLE = pd.DataFrame(
    {
        "symbol": ["CD63", "FLOT1"],
        "log2fc": ["0.0165582", ""],
        "status": ["tested", "low"],
        "wording": ["CD63: equivalent; log2 fold change +0.02, q 1.1e-05.", "FLOT1: not measured."],
    }
)


def against(column: str, value: str, row: int = 0):
    """The table against itself with one cell changed."""
    other = TABLE.copy()
    other.loc[row, column] = value
    return compare({"axis.tsv": TABLE}, {"axis.tsv": other})


def test_a_table_is_the_same_as_itself():
    found = against("symbol", "CD63")
    assert found.same
    assert (found.numbers, found.largest) == (1, 0)


@pytest.mark.parametrize(
    ("column", "value", "row"),
    [
        ("status", "not_estimable", 0),
        ("symbol", "CD64", 0),
        ("wording", "CD63: increased; log2 fold change +0.02, q 1.1e-05.", 0),
        ("log2fc", "", 0),
        ("log2fc", "0.1", 1),
        ("log2fc", "0.0165592", 0),
        ("log2fc", "-0.0165582", 0),
    ],
)
def test_another_answer_is_seen(column, value, row):
    assert not against(column, value, row).same


def test_the_last_digit_may_differ_and_is_reported():
    found = against("log2fc", "0.0165583")
    assert found.same
    assert found.largest == pytest.approx(1e-7 / 0.0165583)
    assert found.where == "axis.tsv, row 1, log2fc"
    assert against("wording", "CD63: equivalent; log2 fold change +0.02, q 1.2e-05.").same


def test_missing_tables_rows_and_columns_are_seen():
    here = {"axis.tsv": TABLE}
    assert not compare(here, {}).same
    assert not compare(here, {"axis.tsv": TABLE.iloc[:1]}).same
    assert not compare(here, {"axis.tsv": TABLE.drop(columns="status")}).same


def test_only_a_python_that_runs_is_found(tmp_path, monkeypatch):
    version = ".".join(str(part) for part in sys.version_info[:2])
    shim = tmp_path / f"python{version}"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert find(version) is None
    behind = tmp_path / "versions" / f"{version}.9" / "bin"
    behind.mkdir(parents=True)
    (behind / "python").symlink_to(sys.executable)
    assert find(version) == behind / "python"
    assert find("2.99") is None
