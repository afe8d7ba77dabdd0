"""What a job's result depends on: the tables and registries that its code uses, all of them and no others."""

import ast
import hashlib

import pytest
from sevaxis.base.fingerprint import NAMED, PACKAGE, reached
from sevaxis.base.vocabulary import Assay
from sevaxis.effects.methods import METHODS, default_method
from sevaxis.matrix.readers.registry import READERS
from sevaxis.study.study import load_study
from sevaxis.study.tracking import (
    ENTRIES,
    SIMULATED,
    TABLES,
    code_of,
    digest_of,
    gene_tables,
    sheet_of,
    tables_of,
)


@pytest.fixture(scope="module")
def demo(root):
    return load_study(root / "config/config.yaml", root=root)


@pytest.fixture(scope="module")
def public(root):
    return load_study(root / "config/public.yaml", root=root)


def tree_of(module):
    base = PACKAGE.joinpath(*module.split("."))
    path = base / "__init__.py" if base.is_dir() else base.with_suffix(".py")
    return ast.parse(path.read_text())


def tables_opened(tree):
    """Names that are given to load_table anywhere."""
    return {
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "load_table"
    }


def script_of(root, step):
    return ast.parse((root / f"workflow/scripts/{step}.py").read_text())


@pytest.mark.parametrize("step", ENTRIES)
def test_every_table_that_the_code_opens_is_tracked_and_no_other(root, step):
    modules = reached(*ENTRIES[step], without=["demo"])
    opened = set().union(*(tables_opened(tree_of(module)) for module in modules))
    assert set(TABLES.get(step, ())) == opened | tables_opened(script_of(root, step))


def test_every_table_of_the_simulation_is_tracked():
    assert set(SIMULATED) == set().union(*(tables_opened(tree_of(module)) for module in reached("demo")))


@pytest.mark.parametrize("step", ENTRIES)
def test_every_module_that_a_script_calls_is_an_entry_or_reached_from_one(root, step):
    imported = {
        node.module.removeprefix("sevaxis.")
        for node in ast.walk(script_of(root, step))
        if isinstance(node, ast.ImportFrom) and node.module.startswith("sevaxis")
    }
    questions = ["axis", "sex", "planted"] if step == "answer" else []
    known = reached(*ENTRIES[step], *(f"answers.{question}" for question in questions))
    # a log is no result, and settings are handed over as plain values
    assert imported - {"base.logs", "study.settings"} <= known


def test_every_module_that_is_named_as_text_is_of_a_registry_that_is_tracked():
    """Others would be followed by nobody."""
    named = {
        value.value
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Dict)
        for value in node.values
        if isinstance(value, ast.Constant) and NAMED.fullmatch(str(value.value))
    }
    assert {name for name in named if not name.startswith("sevaxis.answers.")} == {
        *READERS.values(),
        *METHODS.values(),
    }


def test_no_module_is_imported_by_a_relative_name():
    """Only absolute names are followed."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            assert not (isinstance(node, ast.ImportFrom) and node.level), path


def test_data_sets_read_alike_share_their_code_and_others_do_not(demo):
    code = {name: code_of("read", [card]) for name, card in demo.cards.items()}
    assert code["demo_muscle_rna"] == code["demo_liver_rna"] != code["demo_sev_protein"]


def test_the_method_by_default_and_the_same_by_name_are_one(demo):
    card = demo.cards["demo_muscle_rna"]
    assert card.model.method is None
    told = card.model_copy(
        update={"model": card.model.model_copy(update={"method": default_method(Assay.RNA_COUNTS)})}
    )
    other = card.model_copy(update={"model": card.model.model_copy(update={"method": "negative_binomial"})})
    assert code_of("report", [card]) == code_of("report", [told]) != code_of("report", [other])


def test_every_method_may_stand_beside_the_reported_one(demo, public):
    """Other analyses are tried beside the reported one: their code counts, too; of published tables none does."""
    analysed = {code_of("compare", [card]) for card in demo.cards.values()}
    assert len(analysed) == 1
    assert code_of("compare", [public.cards["gse130970"]]) not in analysed


def test_only_simulated_data_depend_on_the_simulation(demo, public):
    simulated, downloaded = [demo.cards["demo_muscle_rna"]], [public.cards["gse281849"]]
    assert code_of("retrieve", simulated) != code_of("retrieve", downloaded)
    assert set(tables_of("retrieve", simulated)) == set(SIMULATED)
    assert tables_of("retrieve", downloaded) == {}


def test_tables_of_genes_are_named_with_their_checksums_and_a_change_is_another_table(demo, public):
    told = gene_tables(public)
    assert {"hgnc_entries.tsv"} <= {table["name"] for table in told["human"]}
    assert [table["name"] for table in told["mouse"]][:2] == ["hcop_mouse.rda", "mgi_entries.tsv"]
    assert all(len(table["sha256"]) == 64 for tables in told.values() for table in tables)
    assert list(told)[-1] == "cattle"
    assert [table["name"] for table in gene_tables(demo)["mouse"]] == ["orthologs.tsv"]
    # the name of a gene table comes from its sources, so a data set is read again when they change
    tables = public.identifiers
    fewer = tables.model_copy(update={"rat": tables.rat[:1]})
    assert digest_of(tables) == digest_of(tables.model_copy()) != digest_of(fewer)


def test_tables_and_sheets_are_known_by_their_bytes(root, demo, tmp_path):
    table = (root / "resources/panels.tsv").read_bytes()
    assert tables_of("answer", demo.cards.values()) == {"panels": hashlib.sha256(table).hexdigest()}
    sheet = tmp_path / "samples.tsv"
    sheet.write_text("sample\tgroup\n")
    told = sheet_of(sheet)
    assert told["path"] == sheet.as_posix()
    sheet.write_text("sample\tgroups\n")
    assert sheet_of(sheet)["sha256"] != told["sha256"]
    assert sheet_of(None) == {}
