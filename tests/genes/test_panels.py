"""Panels, against the lines of the table itself."""

import csv

import pytest
from sevaxis.base.problems import Problems
from sevaxis.genes.panels import load_panels, panel_names


@pytest.fixture
def lines(root):
    with (root / "resources" / "panels.tsv").open(newline="") as handle:
        return [(row["panel"], row["human_symbol"]) for row in csv.DictReader(handle, delimiter="\t")]


def test_all_panels_hold_every_line_of_the_table(lines):
    panels = load_panels()
    assert [(name, gene) for name, genes in panels.items() for gene in genes] == lines
    assert tuple(panels) == panel_names()


def test_named_panels_come_in_the_order_asked_for(lines):
    panels = load_panels(["myokines", "axis"])
    assert list(panels) == ["myokines", "axis"]
    assert panels["axis"] == ("FBXO2", "SORBS3", "FLOT1", "CD63")
    assert list(panels["myokines"]) == [gene for name, gene in lines if name == "myokines"]


def test_every_unknown_panel_is_told_with_the_nearest():
    with pytest.raises(Problems) as raised:
        load_panels(["axis", "myokine", "fibrotic"])
    assert [problem.found for problem in raised.value.problems] == ["myokine", "fibrotic"]
    assert raised.value.problems[0].hint == "did you mean 'myokines'?"
