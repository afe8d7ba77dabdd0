"""Genes that a study names: current human symbols, or a problem that says which one is meant; tables that it names."""

import csv
from pathlib import Path

import pytest
import yaml
from sevaxis.base.problems import Problems
from sevaxis.study.study import load_study

from tests.study.test_study import problems_of, project  # noqa: F401  # a fixture is found by its name

HYPOTHESIS = {
    "tissue": "muscle",
    "compartment": "sev",
    "assays": ["protein"],
    "direction": "up",
    "basis": "a paper",
}


@pytest.mark.parametrize(
    ("gene", "what", "hint"),
    [
        # letters and digits that look alike, a letter too many, too few, swapped
        ("FBX02", "no human gene 'FBX02'", "did you mean FBXO2?"),
        ("FLOTT1", "no human gene 'FLOTT1'", "did you mean FLOT1"),
        ("SORB3", "no human gene 'SORB3'", "did you mean SORBS3"),
        ("FBOX2", "no human gene 'FBOX2'", "did you mean FBXO2"),
        # an alias, a former symbol, names of several genes
        ("ALIX", "not the current symbol of PDCD6IP", "write PDCD6IP"),
        ("CTGF", "not the current symbol of CCN2", "write CCN2"),
        ("QARS", "was a name of several human genes", "EPRS1 or QARS1"),
        # the mouse's spelling
        ("Fbxo2", "not how the human gene is written", "write FBXO2"),
        ("XYZZYQ", "no human gene 'XYZZYQ'", "genenames.org"),
    ],
)
def test_an_axis_gene_that_is_none_is_refused_with_the_one_that_is_meant(project, gene, what, hint):  # noqa: F811
    """HGNC, 2024-01: ALIX is an alias of PDCD6IP, CTGF a former symbol of CCN2, QARS one of EPRS1 and of QARS1."""
    genes = ["FBXO2", gene]
    (problem,) = problems_of(project(settings={"axis": {"genes": genes}}))
    assert what in problem and hint in problem
    assert "config/config.yaml:" in problem


def test_current_symbols_pass_whether_a_panel_has_them_or_not(project):  # noqa: F811
    genes = ["FBXO2", "GDF15", "MALAT1", "MIR122", "HLA-A", "C1orf43", "SEPTIN7", "XIST", "CCN2"]
    root = project(settings={"axis": {"genes": genes}})
    assert load_study(Path("config/config.yaml"), root=root).configuration.axis.genes == tuple(genes)


@pytest.mark.parametrize(
    ("gene", "what", "hint"),
    [
        ("FLOT1", "which is no axis gene", "add it to axis: genes"),
        ("FLOTT1", "no human gene 'FLOTT1'", "did you mean FLOT1"),
    ],
)
def test_a_hypothesis_is_about_an_axis_gene(project, gene, what, hint):  # noqa: F811
    axis = {"genes": ["FBXO2"], "hypotheses": [{**HYPOTHESIS, "gene": gene}]}
    found = problems_of(project(settings={"axis": axis}))
    assert any(what in problem and hint in problem for problem in found), found


def test_every_human_symbol_is_there_once(root):
    with (root / "resources/human_symbols.tsv").open() as file:
        symbols = [row["symbol"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
    assert len(symbols) == len(set(symbols)) == 43_837  # approved entries of HGNC, 2024-01


TABLE = {"name": "mine.tsv", "path": "mine.tsv", "reader": "accessions"}


@pytest.mark.parametrize(
    ("listing", "what", "hint"),
    [
        (None, "no file with tables of identifiers", "did you mean"),
        ({"mous": [TABLE]}, "Unknown key 'mous'", "did you mean 'mouse'?"),
        ({"mouse": [{**TABLE, "reader": "mgy"}]}, "reader", "mgi"),
        ({"mouse": [{"name": "x", "url": "https://a.b/x"}]}, "not accepted", "sha256sum"),
        ({"mouse": [TABLE]}, "cannot be used", "put it there"),
        (
            {
                "human": [{**TABLE, "path": "config/config.yaml"}],
                "rat": [{**TABLE, "path": "config/identifiers.yaml"}],
            },
            "Two tables of identifiers have the name 'mine.tsv'",
            "rename",
        ),
    ],
)
def test_tables_of_identifiers_are_checked_with_the_study(project, listing, what, hint):  # noqa: F811
    root = project(settings={"identifiers": "config/identifiers.yaml"})
    if listing is not None:
        (root / "config/identifiers.yaml").write_text(yaml.safe_dump(listing))
    with pytest.raises(Problems) as caught:
        load_study(Path("config/config.yaml"), root=root)
    text = str(caught.value)
    assert what in text and hint in text


def test_the_public_tables_are_listed_once_with_their_checksums(root):
    tables = load_study(root / "config/public.yaml", root=root).identifiers
    assert tables.organisms == ("human", "mouse", "rat")
    names = [table.name for table in tables.sources]
    assert len(names) == len(set(names)) == 12
    assert all(table.sha256 and table.bytes for table in tables.sources)
