"""Bodies from a real server on loopback that ends early, stalls, lies or changes. No other host is asked."""

from __future__ import annotations

import gzip
import hashlib
import socket
import time

import pytest
from sevaxis.files.http import Failure, Patience
from sevaxis.files.transfer import download

from tests.files.downloads import CONTENT, HASTE, OTHER, SHA256, bring, left
from tests.loopback import Answer


def test_whole_file(server, tmp_path):
    url = server.serve("/a", CONTENT)
    assert bring(url, tmp_path / "new" / "folder") == (SHA256, 500_000)
    assert (tmp_path / "new" / "folder" / "file").read_bytes() == CONTENT
    assert left(tmp_path / "new" / "folder") == ["file"]


def test_empty_file(server, tmp_path):
    empty = hashlib.sha256(b"").hexdigest()
    assert bring(server.serve("/a", b""), tmp_path, sha256=empty) == (empty, 0)


def test_bytes_are_asked_for_as_they_are(server, tmp_path):
    bring(server.serve("/a", CONTENT), tmp_path)
    assert server.requests[0].headers["Accept-Encoding"] == "identity"


def test_compression_on_the_way_is_not_undone(server, tmp_path):
    """Apache declares .gz files as encoded: the bytes of the file are the wanted ones."""
    url = server.serve("/a", Answer(CONTENT, headers={"Content-Encoding": "x-gzip"}))
    assert bring(url, tmp_path) == (SHA256, 500_000)


# Bodies that end early, stall, lie or change


def test_truncated_body_is_continued(server, tmp_path):
    url = server.serve(
        "/a",
        Answer(CONTENT, etag='"1"', cut=200_000),
        Answer(CONTENT, etag='"1"', cut=100_000),
        Answer(CONTENT, etag='"1"'),
    )
    assert bring(url, tmp_path) == (SHA256, 500_000)
    assert [request.headers.get("Range") for request in server.requests] == [
        None,
        "bytes=200000-",
        "bytes=300000-",
    ]
    assert [request.headers.get("If-Range") for request in server.requests] == [None, '"1"', '"1"']
    assert left(tmp_path) == ["file"]


def test_every_try_with_progress_counts_as_the_first(server, tmp_path):
    url = server.serve("/a", *[Answer(CONTENT, etag='"1"', cut=60_000)] * 8, Answer(CONTENT, etag='"1"'))
    bring(url, tmp_path, patience=Patience(attempts=2, worthwhile=50_000, first_wait=0.0))
    assert len(server.requests) == 9


def test_a_trickle_of_progress_is_bounded(server, tmp_path):
    url = server.serve("/a", Answer(CONTENT, etag='"1"', cut=100))
    with pytest.raises(Failure, match=r"ended early.*try 4"):
        bring(url, tmp_path)


def test_stalled_body_is_continued(server, tmp_path):
    url = server.serve("/a", Answer(CONTENT, etag='"1"', cut=200_000, stall=5), Answer(CONTENT, etag='"1"'))
    start = time.monotonic()
    assert bring(url, tmp_path, patience=Patience(read_seconds=0.3, first_wait=0.01)) == (SHA256, 500_000)
    assert time.monotonic() - start < 4
    assert server.requests[1].headers["Range"] == "bytes=200000-"


def test_trickling_body_is_a_stall(server, tmp_path):
    url = server.serve("/a", Answer(CONTENT, pause=0.05))
    with pytest.raises(Failure, match=r"stalled: .* bytes in"):
        bring(url, tmp_path, patience=Patience(attempts=2, read_seconds=0.3, first_wait=0.01))


def test_silent_server(tmp_path):
    """A connection without an answer: the listening socket of a server that accepts and says nothing."""
    patience = Patience(attempts=2, read_seconds=0.3, first_wait=0.01)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}/a"
        with pytest.raises(Failure, match=r"no answer within 0\.3 s.*try 2"):
            bring(url, tmp_path, patience=patience)


def test_server_without_ranges(server, tmp_path):
    url = server.serve(
        "/a", Answer(CONTENT, etag='"1"', cut=200_000), Answer(CONTENT, etag='"1"', ranges=False)
    )
    assert bring(url, tmp_path) == (SHA256, 500_000)
    assert "Range" in server.requests[1].headers


def test_changed_content_is_not_spliced(server, tmp_path):
    url = server.serve("/a", Answer(OTHER, etag='"old"', cut=200_000), Answer(CONTENT, etag='"new"'))
    assert bring(url, tmp_path) == (SHA256, 500_000)
    assert len(server.requests) == 2


def test_changed_content_is_not_spliced_by_a_server_that_ignores_if_range(server, tmp_path):
    """It goes on in the new content at once; its ETag gives it away, without any checksum."""
    new = Answer(CONTENT, etag='"new"', if_range=False)
    url = server.serve("/a", Answer(OTHER, etag='"old"', cut=200_000), new)
    assert bring(url, tmp_path, sha256=None) == (SHA256, 500_000)
    assert [request.headers.get("Range") for request in server.requests] == [None, "bytes=200000-", None]


@pytest.mark.parametrize("etag", [None, 'W/"1"'])
def test_changed_content_without_a_strong_etag_is_found_by_the_checksum(server, tmp_path, etag):
    url = server.serve("/a", Answer(OTHER, etag=etag, cut=200_000), Answer(CONTENT, etag=etag))
    assert bring(url, tmp_path) == (SHA256, 500_000)
    assert [request.headers.get("Range") for request in server.requests] == [None, "bytes=200000-", None]
    assert all("If-Range" not in request.headers for request in server.requests)


def test_without_checksum_and_strong_etag_nothing_is_continued(server, tmp_path):
    url = server.serve("/a", Answer(OTHER, etag='W/"1"', cut=200_000), Answer(CONTENT, etag='W/"1"'))
    assert bring(url, tmp_path, sha256=None) == (SHA256, 500_000)
    assert all("Range" not in request.headers for request in server.requests)


@pytest.mark.parametrize("sha256", [SHA256, None])
def test_range_that_starts_elsewhere(server, tmp_path, sha256):
    url = server.serve(
        "/a",
        Answer(CONTENT, etag='"1"', cut=200_000),
        Answer(CONTENT, etag='"1"', shift=10),
        Answer(CONTENT, etag='"1"'),
    )
    assert bring(url, tmp_path, sha256=sha256) == (SHA256, 500_000)
    assert [request.headers.get("Range") for request in server.requests] == [None, "bytes=200000-", None]


def test_other_content_is_refused_at_the_second_sight(server, tmp_path):
    with pytest.raises(Failure, match=hashlib.sha256(OTHER).hexdigest()) as caught:
        bring(server.serve("/a", OTHER), tmp_path)
    assert caught.value.kind == "changed"
    assert len(server.requests) == 2
    assert left(tmp_path) == []


def test_declared_length_too_short(server, tmp_path):
    url = server.serve("/a", Answer(CONTENT, length=1000), Answer(CONTENT))
    assert bring(url, tmp_path, size=500_000) == (SHA256, 500_000)
    assert server.requests[1].headers["Range"] == "bytes=1000-"


def test_declared_length_too_long(server, tmp_path):
    url = server.serve("/a", Answer(CONTENT, length=600_000))
    assert bring(url, tmp_path) == (SHA256, 500_000)


def test_no_declared_length(server, tmp_path):
    url = server.serve("/a", Answer(CONTENT, length=-1, cut=200_000), Answer(CONTENT, length=-1))
    assert bring(url, tmp_path, size=500_000) == (SHA256, 500_000)


@pytest.mark.parametrize("name", ["counts.tsv.gz", "raw.tgz"])
def test_gzip_that_ends_early_is_found_without_a_checksum(server, tmp_path, name):
    """The server holds half of the file, says so, and later has it whole; and for another file never has it."""
    whole = gzip.compress(CONTENT, mtime=0)
    url = server.serve("/a", whole[:100_000], whole[:100_000], whole)
    sha256 = hashlib.sha256(whole).hexdigest()
    assert download(url, tmp_path / name, patience=HASTE) == (sha256, len(whole))
    with pytest.raises(Failure, match="ends early or is broken, 3 times the same 100000 bytes"):
        download(server.serve("/b", whole[:100_000]), tmp_path / ("other" + name), patience=HASTE)
    assert left(tmp_path) == [name]


PAGE = b"\n<!DOCTYPE html><html><body>Please log in</body></html>"


@pytest.mark.parametrize(
    ("name", "body", "sha256", "said"),
    [
        ("counts.tsv.gz", PAGE, None, "a web page"),
        ("counts.tsv", PAGE, None, "a web page"),
        ("counts.tsv.gz", PAGE, SHA256, "a web page"),
        ("counts.tsv.gz", b"gene\ta\n", None, "no gzip file"),
    ],
)
def test_a_page_in_place_of_a_file_is_asked_for_once(server, tmp_path, name, body, sha256, said):
    with pytest.raises(Failure, match=said) as caught:
        download(server.serve("/a", body), tmp_path / name, sha256=sha256, patience=HASTE)
    assert caught.value.kind == "refused" and len(server.requests) == 1
    assert left(tmp_path) == []


def test_a_plain_body_without_a_length_must_come_twice(server, tmp_path):
    """The end of the connection is no proof of the end of the file."""
    cut, whole = Answer(CONTENT, length=-1, cut=200_000), Answer(CONTENT, length=-1)
    assert bring(server.serve("/a", cut, whole, whole), tmp_path, sha256=None) == (SHA256, 500_000)
    assert len(server.requests) == 3
    assert bring(server.serve("/b", CONTENT), tmp_path / "declared", sha256=None) == (SHA256, 500_000)
    assert len(server.asked("/b")) == 1
    packed = gzip.compress(CONTENT)
    url = server.serve("/c", Answer(packed, length=-1))
    assert download(url, tmp_path / "a.gz", patience=HASTE)[1] == len(packed)
    assert len(server.asked("/c")) == 1


def test_a_length_that_the_repository_told_is_held_against_the_body(server, tmp_path):
    assert bring(server.serve("/a", CONTENT[:-5], CONTENT), tmp_path, sha256=None, size=500_000)[0] == SHA256
    with pytest.raises(Failure, match="500000 bytes instead of 400000, 3 times the same"):
        bring(server.serve("/b", CONTENT), tmp_path / "other", sha256=None, size=400_000)


def test_endless_body_is_bounded(server, tmp_path):
    with pytest.raises(Failure, match="longer than 1000 bytes"):
        bring(server.serve("/a", CONTENT), tmp_path, patience=Patience(largest=1000))
    assert "file" not in left(tmp_path)


# What an interrupted run leaves, and the next one does with it


def interrupted(server, folder, answer, sha256=SHA256):
    url = server.serve("/a", answer)
    with pytest.raises(Failure):
        bring(url, folder, sha256=sha256, patience=Patience(attempts=1))
    assert "file" not in left(folder)
    return url


def test_part_of_an_earlier_run_is_continued(server, tmp_path):
    interrupted(server, tmp_path, Answer(CONTENT, etag='"1"', cut=200_000))
    assert left(tmp_path) == ["file.etag.part", "file.part"]
    assert bring(server.serve("/a", Answer(CONTENT, etag='"1"')), tmp_path) == (SHA256, 500_000)
    assert server.requests[-1].headers["Range"] == "bytes=200000-"
    assert left(tmp_path) == ["file"]


def test_part_of_another_address_is_continued_only_under_a_checksum(server, tmp_path):
    interrupted(server, tmp_path, Answer(CONTENT, etag='"1"', cut=200_000))
    moved = server.serve("/b", Answer(CONTENT, etag='"1"'))
    assert bring(moved, tmp_path, sha256=None) == (SHA256, 500_000)
    assert "Range" not in server.requests[-1].headers


def test_complete_part_needs_no_network(server, tmp_path):
    (tmp_path / "file.part").write_bytes(CONTENT)
    assert bring(server.url + "/a", tmp_path) == (SHA256, 500_000)
    assert server.requests == []


def test_part_that_is_longer_than_the_file(server, tmp_path):
    (tmp_path / "file.part").write_bytes(CONTENT + b"more")
    assert bring(server.serve("/a", CONTENT), tmp_path) == (SHA256, 500_000)


def test_right_file_stays_until_the_new_one_is_right(server, tmp_path):
    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(Failure):
        bring(server.serve("/b", OTHER), tmp_path)
    assert (tmp_path / "file").read_bytes() == b"old"
