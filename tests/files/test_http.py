"""The network interface against a real server on loopback that says no, or later. No other host is asked."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest
from sevaxis.files.http import Failure, Patience, check_address, fetch

from tests.files.downloads import CONTENT, HASTE, SHA256, bring, left
from tests.loopback import REFUSING, Answer

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


# Small documents


def test_fetch(server):
    server.serve("/list?page=1&q=a+b", b"[1]")
    assert fetch(server.url + "/list", params={"page": 1, "q": "a b"}, patience=HASTE) == b"[1]"


def test_fetch_is_bounded(server):
    with pytest.raises(Failure, match="longer than 10 bytes"):
        fetch(server.serve("/a", CONTENT), largest=10, patience=HASTE)


def test_fetch_tries_again(server):
    assert fetch(server.serve("/a", Answer(b"abc", cut=1), Answer(b"abc")), patience=HASTE) == b"abc"
