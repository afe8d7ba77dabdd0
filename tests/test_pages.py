"""Tables of docs/speed.md, docs/accuracy.md and docs/verdicts.md come from commands: `make bench`, and so on."""

import re
import shutil
import subprocess
import sys

import pytest

from tests.reference.__main__ import TABLES

BLOCK = re.compile(r"<!-- table of ([^\n]+) -->\n(.*?)<!-- end -->\n", re.DOTALL)


def refresh(root, page, *command):
    """Run docs/tables.py, which runs the command."""
    return subprocess.run(
        [sys.executable, root / "docs" / "tables.py", page, *command],
        cwd=root,
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("page", ["speed", "accuracy", "verdicts"])
def test_every_table_is_written_by_a_command(root, page):
    text = (root / "docs" / f"{page}.md").read_text()
    assert [line for line in BLOCK.sub("", text).splitlines() if line.startswith("|")] == []
    assert all(lines.strip() for _, lines in BLOCK.findall(text))


def test_every_table_of_the_commands_has_its_place(root):
    places = {
        page: [name for name, _ in BLOCK.findall((root / "docs" / page).read_text())]
        for page in ("accuracy.md", "speed.md")
    }
    assert sorted(places["accuracy.md"]) == sorted(title for title, _ in TABLES.values())
    models = {script.stem for script in (root / "benchmarks").glob("*.R")} - {"measure"}
    expected = [f"{what} of {model}" for what in ("speed", "growth") for model in models]
    expected += ["versions", "reading files", "steps of the workflow", "model against reading"]
    assert sorted(places["speed.md"]) == sorted(expected)


@pytest.mark.slow
def test_benchmarks_refresh_what_they_measured_and_nothing_else(root, tmp_path):
    """A quick run beside R is not complete, and so its tables stay; growth needs no R."""
    page = tmp_path / "speed.md"
    shutil.copy(root / "docs" / "speed.md", page)
    before = dict(BLOCK.findall(page.read_text()))
    page.write_text(page.read_text().replace(before["growth of pooling"], "old\n"))
    done = refresh(root, page, "benchmarks", "--quick", "--growth", "--only", "pooling")
    assert done.returncode == 0, done.stderr
    after = dict(BLOCK.findall(page.read_text()))
    labels = [row.split("|")[1] for row in before["growth of pooling"].splitlines()]
    assert [row.split("|")[1] for row in after.pop("growth of pooling").splitlines()] == labels
    before.pop("growth of pooling")
    assert after == before
    assert re.search(r"\| REML, 300 x 6 \|[^|]*\| sevaxis \|", done.stdout)


@pytest.mark.slow
def test_readers_are_measured(root):
    command = [sys.executable, "-m", "benchmarks", "--quick", "--only", "readers"]
    done = subprocess.run(command, cwd=root, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    seen = re.findall(r"^\| (\S+) \| \d+ \| (\w+)", done.stdout, re.MULTILINE)
    assert seen[2] == ("counts.tsv", "delimited")
    assert seen[5] == ("report.tsv", "diann")


def test_only_the_table_named_is_replaced(root, tmp_path, monkeypatch):
    (tmp_path / "printing.py").write_text(r"print('seen\n<!-- table of b -->\nnew\n<!-- end -->\nseen too')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    page = tmp_path / "page.md"
    old = "<!-- table of a -->\nold\n<!-- end -->\ntext\n<!-- table of b -->\nold\n<!-- end -->\n"
    page.write_text(old)
    done = refresh(root, page, "printing")
    assert (done.returncode, done.stdout.splitlines()[::4]) == (0, ["seen", "seen too"])
    assert page.read_text() == "new".join(old.rsplit("old", 1))
    page.write_text("nothing\n")
    done = refresh(root, page, "printing")
    assert done.returncode != 0
    assert "the page has no lines <!-- table of b -->" in done.stderr
    assert page.read_text() == "nothing\n"


def test_tests_and_benchmarks_do_not_import_each_other(root):
    for folder, other in (("tests", "benchmarks"), ("benchmarks", "tests")):
        importing = re.compile(rf"^\s*(from|import) {other}\b", re.MULTILINE)
        found = [path for path in (root / folder).rglob("*.py") if importing.search(path.read_text())]
        assert found == []
