"""The network interface against a real server on loopback that misbehaves. No other host is asked."""

from __future__ import annotations

import gzip
import hashlib
import random
import socket
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest
from sevaxis.files.http import Failure, Patience, check_address, fetch
from sevaxis.files.transfer import download

from tests.loopback import REFUSING, Answer, Loopback

#: Half a megabyte without repetitions, so that a piece out of place changes the checksum.
CONTENT = random.Random(7).randbytes(500_000)
OTHER = random.Random(8).randbytes(500_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
HASTE = Patience(
    attempts=4, connect_seconds=1, read_seconds=2, first_wait=0.01, longest_wait=0.2, total_seconds=20
)


@pytest.fixture
def server():
    with Loopback() as running:
        yield running


def bring(url, folder, sha256=SHA256, **options):
    options.setdefault("patience", HASTE)
    return download(url, folder / "file", sha256=sha256, **options)


def left(folder):
    return sorted(path.name for path in folder.iterdir())


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


# Redirects


def test_redirects_are_followed(server, tmp_path):
    server.serve("/c", CONTENT)
    server.serve("/b", Answer(status=307, headers={"Location": "c"}))
    url = server.serve("/a", Answer(status=302, headers={"Location": server.url + "/b"}))
    assert bring(url, tmp_path) == (SHA256, 500_000)


@pytest.mark.parametrize(
    "target",
    [
        "http://example.org/file",
        "ftp://127.0.0.1/file",
        "file:///etc/hostname",
        "http://127.0.0.1.example.org/file",
        "http://127.0.0.1@example.org/file",
        "//example.org/file",
        "http://[::1/file",
        "https:///file",
        "http://example.org\\@127.0.0.1/file",
    ],
)
def test_redirects_to_forbidden_addresses_are_refused(server, tmp_path, target):
    url = server.serve("/a", Answer(status=302, headers={"Location": target}))
    with pytest.raises(Failure, match="only https") as caught:
        bring(url, tmp_path)
    assert caught.value.kind == "refused"
    assert len(server.requests) == 1
    assert left(tmp_path) == []


def test_https_may_not_lead_to_loopback():
    with pytest.raises(Failure, match="only https"):
        check_address("http://127.0.0.1/a", redirected_from="https://example.org/a")
    check_address("http://127.0.0.1/a", redirected_from="http://localhost/b")
    check_address("https://example.org/b", redirected_from="https://example.org/a")


def test_redirects_without_end(server, tmp_path):
    url = server.serve("/a", Answer(status=302, headers={"Location": "/a"}))
    with pytest.raises(Failure, match="more than 10 redirects"):
        bring(url, tmp_path)
    assert len(server.requests) == 11


def test_bodies_of_redirects_are_not_waited_for(server, tmp_path):
    server.serve("/b", CONTENT)
    slow = Answer(CONTENT, status=302, headers={"Location": "/b"}, cut=10, stall=5)
    start = time.monotonic()
    bring(server.serve("/a", slow), tmp_path)
    assert time.monotonic() - start < 4


@pytest.mark.parametrize(
    "url", ["http://example.org/a", "ftp://example.org/a", "file:///etc/passwd", "a/b", ""]
)
def test_only_https_is_asked(tmp_path, url):
    with pytest.raises(Failure, match="only https") as caught:
        bring(url, tmp_path)
    assert caught.value.kind == "refused"


# Answers that say no, or later


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_no_is_taken_for_an_answer(server, tmp_path, status):
    with pytest.raises(Failure, match=f"answered {status}") as caught:
        bring(server.serve("/a", Answer(status=status)), tmp_path)
    assert caught.value.kind == "refused"
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_later_is_tried_again(server, tmp_path, status):
    url = server.serve("/a", Answer(status=status), Answer(status=status), Answer(CONTENT))
    assert bring(url, tmp_path) == (SHA256, 500_000)
    assert len(server.requests) == 3


def test_tries_are_bounded_and_waits_double(server, tmp_path):
    patience = Patience(attempts=4, first_wait=0.2, longest_wait=0.4)
    with pytest.raises(Failure, match=r"500.*given up at try 4") as caught:
        bring(server.serve("/a", Answer(status=500)), tmp_path, patience=patience)
    assert caught.value.kind == "failed"
    moments = [request.moment for request in server.requests]
    waits = [later - earlier for earlier, later in pairwise(moments)]
    for wait, wanted in zip(waits, [0.2, 0.4, 0.4], strict=True):  # doubled, then at the cap
        assert wanted <= wait < wanted + 0.35


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_honoured(server, tmp_path, form):
    said = (
        "1" if form == "seconds" else format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    )
    url = server.serve("/a", Answer(status=429, headers={"Retry-After": said}), Answer(CONTENT))
    bring(url, tmp_path, patience=Patience(first_wait=0.0, longest_wait=3))
    assert 0.9 <= server.requests[1].moment - server.requests[0].moment < 2.9


@pytest.mark.parametrize("said", ["86400", "9" * 400, "Fri, 31 Dec 2100 23:59:59 GMT", "-1", "soon"])
def test_retry_after_is_capped(server, tmp_path, said):
    url = server.serve("/a", Answer(status=503, headers={"Retry-After": said}), Answer(CONTENT))
    bring(url, tmp_path)
    assert server.requests[1].moment - server.requests[0].moment < 2


def test_time_is_bounded(server, tmp_path):
    patience = Patience(attempts=1000, first_wait=0.05, longest_wait=0.05, total_seconds=0.5)
    with pytest.raises(Failure, match="500"):
        bring(server.serve("/a", Answer(status=500)), tmp_path, patience=patience)
    assert 2 <= len(server.requests) <= 11


def test_refused_connections_are_not_waited_for(tmp_path):
    start = time.monotonic()
    with pytest.raises(Failure, match=r"no connection to 127\.0\.0\.1.*try 2") as caught:
        bring(REFUSING + "/a", tmp_path, patience=Patience(first_wait=0.01))
    assert caught.value.kind == "unreachable"
    assert time.monotonic() - start < 4


def test_encrypted_connections_that_break_are_tried_again(server, tmp_path):
    """Plain HTTP answers where TLS is expected."""
    with pytest.raises(Failure, match=r"encrypted connection broke.*try 4") as caught:
        bring(server.url.replace("http:", "https:") + "/a", tmp_path)
    assert caught.value.kind == "failed"


def test_a_proxy_that_is_not_there(tmp_path, monkeypatch):
    """Addresses on loopback are never asked through a proxy; others are, and nothing but the proxy is asked."""
    monkeypatch.setenv("HTTPS_PROXY", REFUSING)
    with pytest.raises(Failure, match=r"no connection to example\.org through the proxy") as caught:
        bring("https://example.org/a", tmp_path)
    assert caught.value.kind == "unreachable"


def test_loopback_is_asked_without_proxy(server, tmp_path, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", REFUSING)
    bring(server.serve("/a", CONTENT), tmp_path)


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
    with pytest.raises(Failure, match="ends early or is broken"):
        download(server.serve("/b", whole[:100_000]), tmp_path / ("other" + name), patience=HASTE)
    assert left(tmp_path) == [name]


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


# Small documents


def test_fetch(server):
    server.serve("/list?page=1&q=a+b", b"[1]")
    assert fetch(server.url + "/list", params={"page": 1, "q": "a b"}, patience=HASTE) == b"[1]"


def test_fetch_is_bounded(server):
    with pytest.raises(Failure, match="longer than 10 bytes"):
        fetch(server.serve("/a", CONTENT), largest=10, patience=HASTE)


def test_fetch_tries_again(server):
    assert fetch(server.serve("/a", Answer(b"abc", cut=1), Answer(b"abc")), patience=HASTE) == b"abc"
