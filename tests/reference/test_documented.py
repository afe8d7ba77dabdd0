"""The numbers in docs/accuracy.md are those that this engine gives: every answer of R in the folder, row by row."""

import re

import pytest

from benchmarks.agreement import NOT_COMPARED, compare_all, table

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def agreements(shared):
    return compare_all(shared)


def documented(root) -> dict[tuple[str, str], list[str]]:
    """Rows of the table: file and what is compared -> rows, measure, tolerance, difference."""
    page = (root / "docs" / "accuracy.md").read_text()
    rows = re.findall(
        r"^\| `([^`]+)` \| [^|]+ \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", page, re.M
    )
    return {(file, compared): numbers for file, compared, *numbers in rows}


def test_every_answer_of_r_is_compared(agreements, shared):
    folder = shared / "reference"
    paths = [*(folder / "real").iterdir(), *(folder / "simulated" / "R").iterdir()]
    answers = {re.sub(r"\.(tsv|txt)(\.gz)?$", "", path.name) for path in paths}
    assert {a.file for a in agreements} | set(NOT_COMPARED) == answers


def test_differences_are_within_tolerance(agreements):
    assert not [a for a in agreements if not a.difference <= a.tolerance]


def test_page_says_what_is_found(agreements, root):
    """Rows and tolerances to the letter; differences within a factor of 2, for rounding depends on the processor."""
    page = documented(root)
    assert list(page) == [(a.file, a.compared) for a in agreements]
    for a in agreements:
        rows, measure, tolerance, difference = page[a.file, a.compared]
        assert (rows, measure, tolerance) == (f"{a.rows:,}", a.measure, f"{a.tolerance:.0e}")
        assert a.difference <= max(2 * float(difference), 1e-11), a.file


def test_table_has_a_row_for_each(agreements):
    assert table(agreements).count("\n") == len(agreements) + 1
