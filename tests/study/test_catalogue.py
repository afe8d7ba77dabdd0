"""The catalogue is told from cards and sheets; what has no card is listed apart."""

from __future__ import annotations

import csv

import pytest
from sevaxis.base.problems import Problems
from sevaxis.cli import main
from sevaxis.study.catalogue import list_cards, list_leads, select


@pytest.fixture
def entries(root, monkeypatch):
    monkeypatch.chdir(root)
    found, problems = list_cards(root / "config/datasets")
    assert problems == []
    return {entry.id: entry for entry in found}


def test_every_card_is_listed_with_what_its_sheet_counts(entries, root):
    assert set(entries) == {path.parent.name for path in root.glob("config/datasets/*/card.yaml")}
    # 21 female mice (GSE281849); 20 people at four times (GLYMREG); counted by hand in the sheets
    assert (entries["gse281849"].n, entries["gse281849"].sexes) == ("21", "female 21")
    assert entries["glymreg_plasma_ev"].sexes == "female 40, male 40"
    assert "sex" in entries["glymreg_plasma_ev"].serves and "sex" not in entries["gse281849"].serves
    assert entries["gse286570"].sexes == "male"


def test_questions_and_organisms_select(entries):
    everything = list(entries.values())
    assert {e.id for e in select(everything, question="source")} >= {"pxd000022", "bv2_ev_rna"}
    assert all(e.organism == "rat" for e in select(everything, organism="rat"))
    assert "gse281849" not in {e.id for e in select(everything, question="sex")}
    assert {e.id for e in select(everything, question="overtraining")} <= {
        i for i in entries if i.startswith("demo_")
    }
    with pytest.raises(Problems, match="There is no question 'sexe'"):
        select(everything, question="sexe")


def test_leads_have_no_card_and_say_whether_they_are_verified(entries, root):
    leads = list_leads(set(entries))
    assert {lead.id.lower() for lead in leads}.isdisjoint(entries)
    with (root / "resources/catalogue.tsv").open() as lines:
        rows = {row["accession"]: row for row in csv.DictReader(lines, delimiter="\t")}
    assert all(row["verified"] in ("yes", "no") and row["source"] for row in rows.values())
    assert rows["PXD006501"]["verified"] == "no"
    assert not any(row["question"] == "overtraining" for row in rows.values())


def test_the_command_lists_both(entries, capsys):
    assert main(["catalogue", "--organism", "human", "--question", "disease"]) == 0
    said = capsys.readouterr().out
    ready, _, leads = said.partition("Not yet carded")
    assert "gse130970" in ready and "ccl4_liver" not in ready
    assert "GSE162694" in leads and "female 103, male 40" in leads


def test_a_broken_card_is_a_problem_and_hides_no_other(tmp_path, capsys):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/card.yaml").write_text("id: bad\n")
    assert main(["catalogue", "--folder", str(tmp_path)]) == 2
    assert "The key 'title' is missing" in capsys.readouterr().err
