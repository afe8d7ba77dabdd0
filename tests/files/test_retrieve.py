"""Retrieving the files of a data set: from their place, the user, a server on loopback, or not at all."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest
from sevaxis.base.problems import Problems
from sevaxis.files.retrieve import fetch_file, locate
from sevaxis.study.card import Source
from sevaxis.study.settings import Orthologs

from tests.files.retrieval import HASTE, bring, card, files_below, sha256, source
from tests.loopback import REFUSING, Answer


def test_files_come_from_the_network(server, folder):
    files = card(
        source("a.tsv", server.serve("/x", b"aa"), b"aa"),
        source("sub/b.tsv", server.serve("/y", b"bbb"), b"bbb", bytes=3),
    )
    assert bring(files, folder) == [
        {"name": "a.tsv", "sha256": sha256(b"aa"), "bytes": 2},
        {"name": "sub/b.tsv", "sha256": sha256(b"bbb"), "bytes": 3},
    ]
    assert files_below(folder) == ["a.tsv", "sub/b.tsv"]


def test_right_files_are_kept_and_wrong_ones_replaced(server, folder):
    folder.mkdir(parents=True)
    (folder / "a").write_bytes(b"right")
    (folder / "b").write_bytes(b"wrong")
    files = card(source("a", server.url + "/a", b"right"), source("b", server.serve("/b", b"new"), b"new"))
    assert [record["bytes"] for record in bring(files, folder)] == [5, 3]
    assert [request.target for request in server.requests] == ["/b"]
    assert (folder / "b").read_bytes() == b"new"


# Interrupted


@pytest.mark.parametrize("signal_sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_run_is_continued(server, folder, signal_sent):
    """The run is ended from outside in the middle of a body: what it leaves has no final name, and is built upon."""
    content = random.Random(3).randbytes(300_000)
    url = server.serve("/a", Answer(content, etag='"1"', cut=200_000, stall=30))
    files = card(source("a", url, content))
    code = (
        "import sys; from pathlib import Path; from sevaxis.study.card import RetrieveCard\n"
        "from sevaxis.files.retrieve import *\n"
        "retrieve(RetrieveCard.model_validate_json(sys.argv[1]), Path('data/mice'), mirror=None, seed=1)"
    )
    run = subprocess.Popen([sys.executable, "-c", code, files.model_dump_json()], stderr=subprocess.DEVNULL)
    part = folder / "a.part"
    deadline = time.monotonic() + 20
    while not (part.is_file() and part.stat().st_size >= 131_072) and time.monotonic() < deadline:
        time.sleep(0.02)
    run.send_signal(signal_sent)
    assert run.wait(timeout=10) != 0
    assert files_below(folder) == ["a.etag.part", "a.part"]
    server.serve("/a", Answer(content, etag='"1"'))
    assert bring(files, folder)[0]["sha256"] == sha256(content)
    assert int(server.requests[-1].headers["Range"].removeprefix("bytes=").removesuffix("-")) >= 131_072
    assert files_below(folder) == ["a"]


# Offline


def test_offline_gives_one_message_for_all_files(folder):
    files = card(
        source("a.tsv", REFUSING + "/x", b"aa", bytes=2),
        source("b.tsv", REFUSING + "/y", b"bb"),
    )
    with pytest.raises(Problems) as caught:
        bring(files, folder)
    (problem,) = caught.value.problems
    text = str(problem)
    for wanted in (
        REFUSING + "/x",
        REFUSING + "/y",
        sha256(b"aa"),
        sha256(b"bb"),
        "data/mice/a.tsv",
        "data/mice/b.tsv",
    ):
        assert text.count(wanted) == 1
    assert "MIRROR/mice/a.tsv" in text
    assert "2 files of mice" in problem.what
    assert "no connection to 127.0.0.1" in problem.found
    assert "MIRROR=folder" in problem.hint


def test_a_host_out_of_reach_is_tried_for_one_file_only(folder, capsys):
    with pytest.raises(Problems):
        bring(card(*(source(name, REFUSING + "/x", b"a") for name in "abc")), folder)
    assert capsys.readouterr().err.count("next try") == 1


def test_offline_message_names_the_mirror(folder, tmp_path):
    (tmp_path / "shelf").mkdir()
    with pytest.raises(Problems) as caught:
        bring(card(source("a", REFUSING + "/a", b"aa")), folder, tmp_path / "shelf")
    (problem,) = caught.value.problems
    assert str(tmp_path / "shelf" / "mice" / "a") in problem.found
    assert "the mirror does not have" in problem.what


def test_what_the_message_says_works(folder, tmp_path):
    """Put the files where the message says: both ways end well without a network."""
    files = card(source("a", REFUSING + "/a", b"aa"))
    (tmp_path / "shelf" / "mice").mkdir(parents=True)
    (tmp_path / "shelf" / "mice" / "a").write_bytes(b"aa")
    assert bring(files, folder, tmp_path / "shelf") == bring(files, folder)


# Several problems, all told


def test_all_problems_are_told(server, folder):
    files = card(
        source("gone", server.url + "/gone", b"1"),
        source("other", server.serve("/other", b"2 new"), b"2"),
        source("broken", server.serve("/broken", Answer(status=500)), b"3"),
        Source(name="own", path="no/such/file"),
        source("fine", server.serve("/fine", b"5"), b"5"),
        source("offline", REFUSING + "/x", b"6"),
    )
    with pytest.raises(Problems) as caught:
        bring(files, folder)
    text = [problem.what for problem in caught.value.problems]
    assert text == [
        "The file 'gone' cannot be had from its address",
        "The public file 'other' is not the one that the card describes",
        "The file 'broken' did not arrive",
        "The file 'own' cannot be read or written",
        "No network for 1 file of mice",
    ]
    assert "404" in caught.value.problems[0].found
    assert sha256(b"2 new") in caught.value.problems[1].found
    assert files_below(folder) == ["fine"]


def test_a_folder_that_cannot_be_made(server, tmp_path):
    (tmp_path / "data").write_text("a file")
    with pytest.raises(Problems, match=r"Not a directory|File exists"):
        bring(card(source("a", server.serve("/a", b"aa"), b"aa")), tmp_path / "data" / "mice")


# Own files


def test_own_file_is_copied(folder, tmp_path):
    (tmp_path / "mine.tsv").write_bytes(b"v1")
    files = card(Source(name="a.tsv", path="mine.tsv"))
    assert bring(files, folder) == [{"name": "a.tsv", "sha256": sha256(b"v1"), "bytes": 2}]
    (tmp_path / "mine.tsv").write_bytes(b"v2!")
    assert bring(files, folder)[0]["sha256"] == sha256(b"v2!")
    assert (folder / "a.tsv").read_bytes() == b"v2!"


def test_own_file_with_a_wrong_checksum(folder, tmp_path):
    (tmp_path / "mine.tsv").write_bytes(b"v1")
    with pytest.raises(Problems, match=sha256(b"v1")):
        bring(card(Source(name="a.tsv", path="mine.tsv", sha256=sha256(b"v0"))), folder)
    assert not (folder / "a.tsv").exists()


def test_own_file_that_is_in_its_place(folder):
    folder.mkdir(parents=True)
    (folder / "a.tsv").write_bytes(b"v1")
    assert bring(card(Source(name="a.tsv", path="data/mice/a.tsv")), folder)[0]["bytes"] == 2


# Simulated files


@pytest.fixture
def simulation(monkeypatch):
    """A stand-in for sevaxis.demo with the same contract."""
    module = ModuleType("sevaxis.demo")

    def write_dataset(dataset_id: str, folder: Path, seed: int) -> list[Path]:
        paths = [folder / "counts.tsv", folder / "truth.tsv", folder / "not_in_the_card.tsv"]
        for path in paths:
            path.write_text(f"{dataset_id} {path.name} {seed}")
        return paths

    module.write_dataset = write_dataset
    monkeypatch.setitem(sys.modules, "sevaxis.demo", module)
    import sevaxis

    monkeypatch.setattr(sevaxis, "simulate", module, raising=False)


def test_simulated_files_follow_the_seed(simulation, folder):
    files = card(Source(name="counts.tsv", simulated=True), Source(name="truth.tsv", simulated=True))
    first = bring(files, folder, seed=1)
    assert first[0]["sha256"] == sha256(b"mice counts.tsv 1")
    assert bring(files, folder, seed=2)[0]["sha256"] == sha256(b"mice counts.tsv 2")
    assert bring(files, folder, seed=1) == first
    assert files_below(folder) == ["counts.tsv", "truth.tsv"]


def test_simulated_file_that_does_not_exist(simulation, folder):
    with pytest.raises(Problems, match=r"did you mean 'counts\.tsv'"):
        bring(card(Source(name="count.tsv", simulated=True)), folder)
    assert files_below(folder) == []


# Single files, and what is missing


def test_single_file(server, folder, tmp_path):
    table = Orthologs(name="hcop.rda", url=server.serve("/hcop", b"table"), sha256=sha256(b"table"))
    place = Path("data/orthologs/mouse.rda")
    assert fetch_file(table, place, mirror=None, patience=HASTE) == place
    assert place.read_bytes() == b"table"


def test_single_file_offline(folder, tmp_path):
    table = Orthologs(name="hcop.rda", url=REFUSING + "/hcop", sha256=sha256(b"table"))
    with pytest.raises(Problems) as caught:
        fetch_file(table, Path("data/orthologs/mouse.rda"), mirror=None, patience=HASTE)
    assert "data/orthologs/mouse.rda" in caught.value.problems[0].found


def test_single_file_that_is_gone(server, folder):
    table = Orthologs(name="hcop.rda", url=server.url + "/gone", sha256=sha256(b"table"))
    with pytest.raises(Problems, match="404"):
        fetch_file(table, Path("data/x"), mirror=None, patience=HASTE)


def test_locate_tells_where_files_would_come_from(folder, tmp_path):
    folder.mkdir(parents=True)
    (folder / "here").write_bytes(b"1")
    (folder / "short").write_bytes(b"1")
    (tmp_path / "mine").write_bytes(b"1")
    (tmp_path / "shelf").mkdir()
    (tmp_path / "shelf" / "shelved").write_bytes(b"1")
    files = card(
        source("here", REFUSING + "/1", b"1", bytes=1),
        source("short", REFUSING + "/2", b"12", bytes=2),
        source("shelved", REFUSING + "/3", b"1"),
        Source(name="own", path="mine"),
        Source(name="lost", path="no/such"),
        Source(name="made", simulated=True),
    )
    found = locate([files], Path("data"), mirror=tmp_path / "shelf")
    assert [wanted.origin for wanted in found] == [
        "present",
        "network",
        "mirror",
        "own file",
        "missing",
        "simulated",
    ]
    assert found[1].place == Path("data/mice/short")
    assert {wanted.dataset for wanted in found} == {"mice"}


@pytest.mark.shared
def test_real_files_survive_a_bad_server(shared, server, folder):
    """Every small public file comes whole from a server that breaks off in the middle and then says 429."""
    rows = [line.split("\t") for line in (shared / "data" / "MANIFEST.tsv").read_text().splitlines()[1:]]
    chosen = [row for row in rows if row[3] and 2 < int(row[1]) < 1_000_000]
    sources = []
    for number, (path, size, checksum, *_) in enumerate(chosen):
        content = (shared / "data" / path).read_bytes()
        url = server.serve(
            f"/{number}",
            Answer(content, etag='"1"', cut=len(content) // 2),
            Answer(status=429, headers={"Retry-After": "0"}),
            Answer(content, etag='"1"'),
        )
        sources.append(Source(name=path, url=url, sha256=checksum, bytes=int(size)))
    records = bring(card(*sources), folder)
    assert [record["sha256"] for record in records] == [row[2] for row in chosen]
    assert len(chosen) > 40
    assert all(len(server.asked(f"/{number}")) == 3 for number in range(len(chosen)))


def test_every_wanted_file_of_a_study_is_listed_with_its_place(root, monkeypatch, capsys, tmp_path):
    """`sevaxis check --files`: what a machine without network needs to be given."""
    from sevaxis.cli import main

    monkeypatch.chdir(root)
    settings = (root / "config/public.yaml").read_text() + f"\ndata_folder: {tmp_path}\n"
    configuration = tmp_path / "public.yaml"
    configuration.write_text(settings)
    assert main(["check", str(configuration), "--files"]) == 0
    told = capsys.readouterr().out
    assert told.count("https://") == told.count("sha256:") > 20
    assert f"{tmp_path}/motrpac_gn_rna/TRNSCRPT_GN.rda" in told
    assert f"{tmp_path}/orthologs/" in told
