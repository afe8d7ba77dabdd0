"""Files from a mirror: found by checksum or name, checked, and left as they are."""

from __future__ import annotations

import pytest
from sevaxis.base.problems import Problems
from sevaxis.study.card import Source

from tests.files.retrieval import bring, card, files_below, sha256, source
from tests.loopback import REFUSING


def test_mirror_finds_by_checksum(server, folder, tmp_path):
    shelf = tmp_path / "shelf"
    (shelf / "deep").mkdir(parents=True)
    (shelf / "deep" / "other name").write_bytes(b"aa")
    row = f"deep/other name\t2\t{sha256(b'aa')}\t\tCC0"
    (shelf / "MANIFEST.tsv").write_text(f"path\tbytes\tsha256\turl\tlicence\n{row}\n")
    assert bring(card(source("a.tsv", server.url + "/x", b"aa")), folder, shelf)[0]["sha256"] == sha256(b"aa")
    assert (folder / "a.tsv").read_bytes() == b"aa"
    assert server.requests == []


@pytest.mark.parametrize("place", ["mice/a.tsv", "a.tsv", "some/where/a.tsv", "some/x.rda"])
def test_mirror_finds_by_name(server, folder, tmp_path, place):
    path = tmp_path / "shelf" / place
    path.parent.mkdir(parents=True)
    path.write_bytes(b"aa")
    bring(card(source("a.tsv", server.url + "/files/x.rda", b"aa")), folder, tmp_path / "shelf")
    assert server.requests == []


def test_mirror_is_a_copy_and_stays_as_it_is(server, folder, tmp_path):
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    (shelf / "a").write_bytes(b"aa")
    (shelf / "a").chmod(0o444)
    shelf.chmod(0o555)
    bring(card(source("a", server.url + "/a", b"aa")), folder, shelf)
    with (folder / "a").open("ab") as file:
        file.write(b"edited")
    assert (shelf / "a").read_bytes() == b"aa"
    assert files_below(shelf) == ["a"]
    shelf.chmod(0o755)


def test_wrong_bytes_in_the_mirror_are_passed_over(server, folder, tmp_path):
    """The manifest lies, the first file of the name is another one: the second is right."""
    shelf = tmp_path / "shelf"
    for place, content in {"mice/a": b"old", "z/a": b"aa", "lie": b"lie"}.items():
        (shelf / place).parent.mkdir(parents=True, exist_ok=True)
        (shelf / place).write_bytes(content)
    (shelf / "MANIFEST.tsv").write_text(
        f"path\tsha256\nlie\t{sha256(b'aa')}\n../a\t{sha256(b'aa')}\nbroken\n"
    )
    bring(card(source("a", server.url + "/a", b"aa")), folder, shelf)
    assert (folder / "a").read_bytes() == b"aa"
    assert server.requests == []
    assert files_below(folder) == ["a"]


def test_manifest_does_not_lead_out_of_the_mirror(server, folder, tmp_path):
    (tmp_path / "shelf").mkdir()
    (tmp_path / "secret").write_bytes(b"aa")
    rows = [f"{path}\t{sha256(b'aa')}" for path in ("../secret", tmp_path / "secret")]
    (tmp_path / "shelf" / "MANIFEST.tsv").write_text("\n".join(["path\tsha256", *rows]))
    with pytest.raises(Problems):
        bring(card(source("a", server.url + "/a", b"aa")), folder, tmp_path / "shelf")


def test_what_the_mirror_lacks_comes_from_the_network(server, folder, tmp_path):
    (tmp_path / "shelf").mkdir()
    bring(card(source("a", server.serve("/a", b"aa"), b"aa")), folder, tmp_path / "shelf")
    assert (folder / "a").read_bytes() == b"aa"


def test_mirror_that_does_not_exist(folder, tmp_path):
    with pytest.raises(Problems, match="mirror folder does not exist"):
        bring(card(source("a", REFUSING + "/a", b"aa")), folder, tmp_path / "shelf")


def test_part_of_a_download_survives_a_wrong_file_in_the_mirror(server, folder, tmp_path):
    folder.mkdir(parents=True)
    (folder / "a.part").write_bytes(b"12345")
    (tmp_path / "shelf").mkdir()
    (tmp_path / "shelf" / "a").write_bytes(b"other")
    url = server.serve("/a", b"1234567890")
    bring(card(source("a", url, b"1234567890")), folder, tmp_path / "shelf")
    assert server.requests[0].headers["Range"] == "bytes=5-"


def test_a_file_from_the_mirror_ends_an_interrupted_download(server, folder, tmp_path):
    folder.mkdir(parents=True)
    (folder / "a.part").write_bytes(b"12345")
    (tmp_path / "shelf").mkdir()
    (tmp_path / "shelf" / "a").write_bytes(b"1234567890")
    bring(card(source("a", server.url + "/a", b"1234567890")), folder, tmp_path / "shelf")
    assert files_below(folder) == ["a"]


@pytest.mark.shared
def test_real_files_come_from_their_mirror(shared, tmp_path):
    """The manifest of the public data finds a file by its checksum under another name."""
    rows = [line.split("\t") for line in (shared / "data" / "MANIFEST.tsv").read_text().splitlines()[1:]]
    _, size, checksum, url, _ = next(row for row in rows if row[3] and row[0].startswith("orthologs"))
    files = card(Source(name="renamed", url=url, sha256=checksum, bytes=int(size)))
    assert bring(files, tmp_path, shared / "data") == [
        {"name": "renamed", "sha256": checksum, "bytes": int(size)}
    ]
