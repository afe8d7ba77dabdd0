"""The numbers in docs/accuracy.md are those that this engine gives: every answer of R in the folder, row by row."""

import re

import pytest
from sevaxis.effects.methods import METHODS, load_method

from tests.reference.agreement import words
from tests.reference.agreement_public import compare_public
from tests.reference.agreement_simulated import compare_simulated
from tests.reference.matrices import SIMULATED

#: Answers of R -> why nothing is compared with them.
NOT_COMPARED = {
    "countsA.deseq2_lrt": "likelihood-ratio test: not in this engine, contrasts are tested one by one",
    "countsA.deseq2_ashr": "shrunken effects: not in this engine",
    "countsA.deseq2_apeglm": "shrunken effects: not in this engine",
    "gs.gsva": "scores of sets in single samples: not in this engine",
    "gs.ssgsea": "scores of sets in single samples: not in this engine",
    "gs.t": "input of the preranked tests",
    "protB.combat": "batch-corrected values: here batch enters the model, nothing is tested on corrected data",
    "versions": "versions of R and its packages",
}

#: Answers on harder cases that have a row on the page; the others have tests of their own.
HARD = {"ql3.edger_ql", "counts_unequal_scatter.voomqw_vargroup"}
#: Methods without an answer of R on file -> their line in the table of errors where nothing differs.
NO_ANSWER = {"deqms": "| prior by peptide count (DEqMS)"}


def names(folder) -> set[str]:
    """Names of the answers in a folder, without ending."""
    return {re.sub(r"\.(tsv|txt)(\.[gx]z)?$", "", path.name) for path in folder.iterdir()} - set(NOT_COMPARED)


@pytest.fixture(scope="module", params=["simulated", pytest.param("public", marks=pytest.mark.shared)])
def half(request, root):
    """Comparisons of one table of the page, the answers there are, and the lines of that table."""
    page = (root / "docs" / "accuracy.md").read_text()
    marks = f"<!-- table of agreement on {request.param} matrices -->\n(.*?)<!-- end -->"
    rows = re.search(marks, page, re.DOTALL)[1].splitlines()[2:]
    if request.param == "simulated":
        return list(compare_simulated()), names(SIMULATED / "R"), rows
    shared = request.getfixturevalue("shared")
    return list(compare_public(shared)), names(shared / "reference" / "real") | {"meta.metafor"} | HARD, rows


def test_every_answer_of_r_is_compared(half):
    agreements, answers, _ = half
    assert {a.file for a in agreements} == answers


def test_differences_are_within_tolerance(half):
    assert not [a for a in half[0] if not a.difference <= a.tolerance]


def test_page_says_what_is_found(half):
    """Rows and tolerances to the letter; differences within a factor of 2, for rounding depends on the processor."""
    agreements, _, rows = half
    for a, row in zip(agreements, rows, strict=True):
        cells = [cell.strip() for cell in row.split("|")[1:-1]]
        file, software, method, compared, count, measure, tolerance, difference = cells
        assert (file, software, method, compared) == (f"`{a.file}`", a.software, words(a), a.compared)
        assert (count, measure, tolerance) == (f"{a.rows:,}", a.measure, f"{a.tolerance:.0e}")
        assert a.difference <= max(2 * float(difference), 1e-11), a.file


def test_every_method_has_a_row_on_the_page(root):
    """Of R's answers, or of error rates for a method without one."""
    page = (root / "docs" / "accuracy.md").read_text()
    tables = re.findall("<!-- table of agreement on .*?-->\n(.*?)<!-- end -->", page, re.DOTALL)
    rows = [row.split("|") for table in tables for row in table.splitlines()[2:]]
    shown = {name for row in rows for name in row[3].strip().split("; ")}
    missing = {name for name in METHODS if load_method(name).words not in shown}
    assert missing == set(NO_ANSWER)
    assert all(f"\n{line}" in page for line in NO_ANSWER.values())


@pytest.mark.shared
def test_no_simulated_answer_is_missing_here(shared):
    assert names(SIMULATED / "R") == names(shared / "reference" / "simulated" / "R")
