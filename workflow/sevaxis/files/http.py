"""The one way to the network: https, redirects checked, repeated with patience.

Everything that comes from elsewhere comes through here: small documents such as file lists by :func:`fetch`, files by
:func:`sevaxis.files.transfer.download`, which is built on the same exchange.

Addresses are https; http only between two ends on this machine's loopback. Rules of the protocol are those of RFC 9110
(ranges: section 14, If-Range: 13.1.5, Retry-After: 10.2.3, strong and weak validators: 8.8.1).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

import sevaxis
from sevaxis.files.progress import say
from sevaxis.study.source import LOOPBACK

T = TypeVar("T")

CHUNK = 1 << 20
MOST_REDIRECTS = 10
REDIRECTS = {301, 302, 303, 307, 308}
#: Answers that say "later" rather than "no"; with them every 5xx.
PASSING = {408, 425, 429}


@dataclass(frozen=True)
class Patience:
    """How long and how often is tried.

    Attributes
    ----------
    attempts
        Tries in a row without progress worth ``worthwhile`` bytes.
    attempts_unreachable
        Tries in a row when the host cannot even be reached: without a network nobody wants to wait.
    connect_seconds, read_seconds
        Longest wait for a connection, and for the next bytes of an answer.
    slowest
        Bytes per second below which a body counts as stalled, over ``read_seconds``.
    first_wait, longest_wait
        Seconds before the second try, doubled each time, and the cap on waits (Retry-After included).
    total_seconds
        Longest time for one file, waits included.
    largest
        Most bytes of one file.
    """

    attempts: int = 8
    attempts_unreachable: int = 2
    worthwhile: int = 1 << 20
    connect_seconds: float = 4.0
    read_seconds: float = 60.0
    slowest: float = 100.0
    first_wait: float = 1.0
    longest_wait: float = 120.0
    total_seconds: float = 12 * 3600.0
    largest: int = 200 * 10**9


#: For files, and for small documents.
PATIENT = Patience()
BRIEF = Patience(attempts=5, total_seconds=300.0)


class Failure(Exception):
    """A transfer that did not come about.

    Attributes
    ----------
    kind
        ``unreachable`` (no connection to the host), ``refused`` (the server says no, or the address or a redirect is
        not allowed), ``changed`` (complete, but other bytes than wanted), ``failed`` (everything else).
    url, reason
        Where, and what happened.
    status
        The server's last answer, where there was one that said no or later.
    """

    def __init__(
        self,
        kind: Literal["unreachable", "refused", "changed", "failed"],
        url: str,
        reason: str,
        status: int | None = None,
    ):
        self.kind, self.url, self.reason, self.status = kind, url, reason, status
        super().__init__(f"{url}: {reason}")

    def __reduce__(self):
        return type(self), (self.kind, self.url, self.reason, self.status)


class Passing(Exception):
    """A fault that may pass; ``fruitful`` where bytes worth their wait came before it."""

    def __init__(
        self, reason: str, *, unreachable: bool = False, wait: float | None = None, status: int | None = None
    ):
        self.reason, self.unreachable, self.wait, self.status = reason, unreachable, wait, status
        self.fruitful = False
        super().__init__(reason)


class _Session(requests.Session):
    """A session that leaves redirects to :func:`exchange`, which checks them and never reads their bodies."""

    def get_redirect_target(self, response):
        return None


def check_address(url: str, *, redirected_from: str | None = None) -> None:
    """Raise :class:`Failure` (refused) unless an address may be asked.

    Parameters
    ----------
    url
        The address: https, or http on loopback.
    redirected_from
        The address that led here; only loopback may lead to http.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    allowed = parts.scheme == "https" and host
    if parts.scheme == "http" and host in LOOPBACK:
        allowed = redirected_from is None or urlsplit(redirected_from).hostname in LOOPBACK
    # Libraries disagree about where the host ends in front of a backslash.
    if not allowed or re.search(r"[\\\x00-\x1f]", url):
        led = "" if redirected_from is None else f"redirected to {url!r:.200}; "
        raise Failure("refused", redirected_from or url, f"{led}only https addresses are asked")


def fetch(
    url: str,
    *,
    params: Mapping[str, str | int] | None = None,
    largest: int = 50_000_000,
    passing: Collection[int] = PASSING,
    patience: Patience = BRIEF,
) -> bytes:
    """Content of a small document (a file list, an API's answer).

    Parameters
    ----------
    url, params
        The address and its query.
    largest
        Most bytes of the document.
    passing
        Statuses besides 5xx after which another try may help.
    patience
        How long and how often is tried.

    Raises
    ------
    Failure
        The address is not allowed, cannot be reached, says no, or patience has run out.
    """
    if params:
        url = requests.Request("GET", url, params=params).prepare().url

    def attempt(deadline: float) -> bytes:
        with exchange(url, {}, patience) as answer:
            expect(answer, {200}, passing)
            body = bytearray()
            for piece in pieces(answer, patience, deadline):
                body += piece
                if len(body) > largest:
                    raise Failure("failed", url, f"the answer is longer than {largest} bytes")
            return bytes(body)

    return persevere(attempt, url, patience)


def persevere(attempt: Callable[[float], T], url: str, patience: Patience) -> T:
    """Repeat an attempt, which gets the deadline, until it succeeds, fails for good, or patience ends."""
    check_address(url)
    deadline = time.monotonic() + patience.total_seconds
    reasons: list[str] = []
    fruitless, reached = 0, False
    while True:
        try:
            return attempt(deadline)
        except Passing as fault:
            reasons.append(fault.reason)
            reached = reached or not fault.unreachable
            fruitless = 1 if fault.fruitful else fruitless + 1
            wait = patience.first_wait * 2.0 ** (fruitless - 1) if fault.wait is None else fault.wait
            wait = min(max(wait, 0.0), patience.longest_wait)
            most = patience.attempts if reached else patience.attempts_unreachable
            if fruitless >= most or time.monotonic() + wait > deadline:
                told = "; then ".join(dict.fromkeys(reasons))
                kind = "failed" if reached else "unreachable"
                raise Failure(kind, url, f"{told} (given up at try {len(reasons)})", fault.status) from fault
            say(f"{urlsplit(url).hostname}: {fault.reason}; next try in {wait:.0f} s")
            time.sleep(wait)


@contextmanager
def exchange(url: str, headers: Mapping[str, str], patience: Patience) -> Iterator[requests.Response]:
    """Answer to one request after checked redirects, its body unread; faults of the network become Passing."""
    # Bytes as they are: a body compressed for the way would have another checksum and another length.
    headers = {"User-Agent": f"sevaxis/{sevaxis.__version__}", "Accept-Encoding": "identity", **headers}
    timeout = (patience.connect_seconds, patience.read_seconds)
    try:
        with _Session() as session:
            for _ in range(MOST_REDIRECTS + 1):
                # Proxies lead away from this machine.
                session.trust_env = urlsplit(url).hostname not in LOOPBACK
                with session.get(
                    url, headers=headers, timeout=timeout, stream=True, allow_redirects=False
                ) as answer:
                    if answer.status_code not in REDIRECTS or "Location" not in answer.headers:
                        yield answer
                        return
                    target = answer.headers["Location"]
                with suppress(ValueError):  # what cannot be joined is refused next
                    target = urljoin(url, target)
                check_address(target, redirected_from=url)
                url = target
            raise Failure("refused", url, f"more than {MOST_REDIRECTS} redirects")
    except requests.exceptions.SSLError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise Failure("refused", url, f"no trustworthy connection: {error!s:.300}") from error
        raise Passing("the encrypted connection broke") from error
    except requests.exceptions.ProxyError as error:
        raise Passing(
            f"no connection to {urlsplit(url).hostname} through the proxy", unreachable=True
        ) from error
    except requests.exceptions.ConnectTimeout as error:
        raise Passing(f"no connection to {urlsplit(url).hostname}", unreachable=True) from error
    except requests.exceptions.Timeout as error:
        raise Passing(f"no answer within {patience.read_seconds:g} s") from error
    except requests.exceptions.ConnectionError as error:
        cause = getattr(error.args[0] if error.args else None, "reason", None)
        if isinstance(cause, urllib3.exceptions.NewConnectionError):
            raise Passing(f"no connection to {urlsplit(url).hostname}", unreachable=True) from error
        raise Passing("the connection broke before an answer came") from error
    except requests.exceptions.RequestException as error:
        raise Failure("refused", url, f"{error!s:.200}") from error


def expect(answer: requests.Response, statuses: Collection[int], passing: Collection[int] = PASSING) -> None:
    """Sort answers into welcome, later (Passing) and no (Failure)."""
    status = answer.status_code
    if status in statuses:
        return
    said = f"the server answered {status} {answer.reason or ''}".rstrip()
    if status in passing or status >= 500:
        raise Passing(said, wait=_retry_after(answer), status=status)
    raise Failure("refused", answer.url, said, status)


def _retry_after(answer: requests.Response) -> float | None:
    """Seconds that the server asks to wait (RFC 9110, 10.2.3: a number or a date)."""
    try:
        return urllib3.Retry().parse_retry_after(answer.headers.get("Retry-After", ""))
    except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
        return None


def pieces(answer: requests.Response, patience: Patience, deadline: float) -> Iterator[bytes]:
    """Body of an answer as it comes in; a trickle is a stall."""
    since, received = time.monotonic(), 0
    while True:
        try:
            piece = answer.raw.read1(CHUNK, decode_content=False)
        except urllib3.exceptions.TimeoutError as error:
            raise Passing(f"stalled: no bytes for {patience.read_seconds:g} s") from error
        except urllib3.exceptions.HTTPError as error:
            raise Passing("the body ended early") from error
        if not piece:
            return
        yield piece
        received += len(piece)
        now = time.monotonic()
        if now > deadline:
            raise Failure("failed", answer.url, "it takes too long")
        if now - since > patience.read_seconds:
            if received < patience.slowest * (now - since):
                raise Passing(f"stalled: {received} bytes in {now - since:.0f} s")
            since, received = now, 0
