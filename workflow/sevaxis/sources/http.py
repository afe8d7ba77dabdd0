"""The one way to the network: https, resumed, repeated with patience, checked.

Everything that comes from elsewhere comes through :func:`download` (files) or :func:`fetch` (small documents such as
file lists). Addresses are https; http only between two ends on this machine's loopback. Rules of the protocol are
those of RFC 9110 (ranges: section 14, If-Range: 13.1.5, Retry-After: 10.2.3, strong and weak validators: 8.8.1).
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

import sevaxis
from sevaxis.cards import LOOPBACK
from sevaxis.sources.progress import Progress, say

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
    connect_seconds: float = 5.0
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
    """

    def __init__(self, kind: Literal["unreachable", "refused", "changed", "failed"], url: str, reason: str):
        self.kind, self.url, self.reason = kind, url, reason
        super().__init__(f"{url}: {reason}")

    def __reduce__(self):
        return type(self), (self.kind, self.url, self.reason)


class _Passing(Exception):
    """A fault that may pass; ``fruitful`` where bytes worth their wait came before it."""

    def __init__(self, reason: str, *, unreachable: bool = False, wait: float | None = None):
        self.reason, self.unreachable, self.wait, self.fruitful = reason, unreachable, wait, False
        super().__init__(reason)


class _Session(requests.Session):
    """A session that leaves redirects to :func:`_answer`, which checks them and never reads their bodies."""

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


def download(
    url: str,
    destination: Path,
    *,
    sha256: str | None = None,
    size: int | None = None,
    patience: Patience = PATIENT,
) -> tuple[str, int]:
    """Bring the bytes of an address to a file.

    The bytes gather in ``<destination>.part``, which an interrupted run leaves behind and the next one continues:
    only where the server vouches by a strong ETag (kept in ``<destination>.etag.part``) that the content is the same,
    or where a checksum will judge the whole. The file takes its name when it is complete and right, at once or never.

    Parameters
    ----------
    url, destination
        From where, to where; the folder is made.
    sha256
        Checksum that the bytes must have. Without it the length that the server declares is all there is to check.
    size
        Bytes, where known: for the display, and to know a short answer from a wrong one.
    patience
        How long and how often is tried.

    Returns
    -------
    sha256 and number of bytes.

    Raises
    ------
    Failure
        The address is not allowed, cannot be reached, says no, gives other bytes, or patience has run out.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    return _persevere(_Download(url, destination, sha256, size, patience).attempt, url, patience)


def fetch(
    url: str,
    *,
    params: Mapping[str, str | int] | None = None,
    largest: int = 50_000_000,
    patience: Patience = BRIEF,
) -> bytes:
    """Content of a small document (a file list, an API's answer), never more than ``largest`` bytes.

    Raises
    ------
    Failure
        As for :func:`download`.
    """
    if params:
        url = requests.Request("GET", url, params=params).prepare().url

    def attempt(deadline: float) -> bytes:
        with _answer(url, {}, patience) as answer:
            _expect(answer, {200})
            body = bytearray()
            for piece in _pieces(answer, patience, deadline):
                body += piece
                if len(body) > largest:
                    raise Failure("failed", url, f"the answer is longer than {largest} bytes")
            return bytes(body)

    return _persevere(attempt, url, patience)


class _Download:
    """One file on its way: its part on disk and what previous tries have taught."""

    def __init__(self, url: str, destination: Path, sha256: str | None, size: int | None, patience: Patience):
        self.url, self.destination, self.sha256, self.size, self.patience = (
            url,
            destination,
            sha256,
            size,
            patience,
        )
        self.part = destination.with_name(destination.name + ".part")
        self.etag_file = destination.with_name(destination.name + ".etag.part")
        self.wrong: set[str] = set()
        self.furthest = self.part.stat().st_size if self.part.is_file() else 0

    def attempt(self, deadline: float) -> tuple[str, int]:
        """Ask once, from where the part ends; raise _Passing where another try may help."""
        digest, offset, etag = self._what_is_there()
        if offset and digest.hexdigest() == self.sha256:
            return self._finish(digest.hexdigest(), offset)
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        if offset and etag:
            headers["If-Range"] = etag
        with _answer(self.url, headers, self.patience) as answer:
            if answer.status_code == 416 and offset:
                self._forget()
                raise _Passing(f"nothing there beyond byte {offset}; starting anew")
            _expect(answer, {200, 206} if offset else {200})
            if answer.status_code == 206 and not self._continues(answer, offset, etag):
                self._forget()
                raise _Passing("the content changed between two tries; starting anew")
            if answer.status_code == 200:
                digest, offset = hashlib.sha256(), 0
                self._remember_etag(answer)
            try:
                offset = self._write(answer, digest, offset, deadline)
            except _Passing as fault:
                offset = self.part.stat().st_size
                # Some servers declare more than they have: where the checksum is met, the file is complete.
                if digest.hexdigest() != self.sha256:
                    fault.fruitful = offset - self.furthest >= self.patience.worthwhile
                    self.furthest = max(self.furthest, offset)
                    raise
            return self._judge(answer, digest.hexdigest(), offset)

    def _what_is_there(self) -> tuple[hashlib._Hash, int, str | None]:
        """Checksum and length of the part, and the ETag it belongs to; nothing where it cannot be continued."""
        digest = hashlib.sha256()
        try:
            kept_url, _, etag = self.etag_file.read_text("utf-8").partition("\n")
        except (OSError, UnicodeDecodeError):
            kept_url, etag = "", ""
        trusted = etag if kept_url == self.url else ""
        if not self.part.is_file() or not (trusted or self.sha256):
            return digest, 0, None
        with self.part.open("rb") as file:
            while piece := file.read(CHUNK):
                digest.update(piece)
            return digest, file.tell(), trusted or None

    def _remember_etag(self, answer: requests.Response) -> None:
        etag = answer.headers.get("ETag", "")
        self.part.unlink(missing_ok=True)
        self.etag_file.unlink(missing_ok=True)
        if re.fullmatch(r'"[\x21\x23-\x7e]*"', etag):  # a weak one (W/"...") does not vouch for bytes
            self.etag_file.write_text(f"{self.url}\n{etag}", "utf-8")

    def _forget(self) -> None:
        self.part.unlink(missing_ok=True)
        self.etag_file.unlink(missing_ok=True)

    @staticmethod
    def _continues(answer: requests.Response, offset: int, etag: str | None) -> bool:
        """Whether a partial answer goes on exactly where the part ends, in the same content."""
        given = re.match(r"bytes (\d{1,18})-", answer.headers.get("Content-Range", ""))
        same = etag is None or answer.headers.get("ETag", etag) == etag
        return given is not None and int(given[1]) == offset and same

    def _write(self, answer: requests.Response, digest: hashlib._Hash, offset: int, deadline: float) -> int:
        declared = answer.headers.get("Content-Length", "")
        total = offset + int(declared) if re.fullmatch(r"\d{1,18}", declared) else self.size
        progress = Progress(self.destination.name, total, offset)
        try:
            with self.part.open("ab") as file:
                for piece in _pieces(answer, self.patience, deadline):
                    file.write(piece)
                    digest.update(piece)
                    offset += len(piece)
                    progress.advance(len(piece))
                    if offset > self.patience.largest:
                        raise Failure("failed", self.url, f"longer than {self.patience.largest} bytes")
                file.flush()
                os.fsync(file.fileno())
        finally:
            progress.close()
        return offset

    def _judge(self, answer: requests.Response, found: str, length: int) -> tuple[str, int]:
        """Give the file its name if it is right."""
        if self.sha256 in (None, found):
            return self._finish(found, length)
        if self.size is not None and length < self.size:
            raise _Passing(f"the answer ended after {length} of {self.size} bytes")
        self._forget()
        if found in self.wrong:
            kind = answer.headers.get("Content-Type", "no declared type")
            raise Failure(
                "changed",
                self.url,
                f"twice the same other content: sha256 {found}, {length} bytes, {kind!r:.80} (wanted {self.sha256})",
            )
        self.wrong.add(found)
        raise _Passing(f"wrong checksum {found} after {length} bytes; starting anew")

    def _finish(self, found: str, length: int) -> tuple[str, int]:
        self.part.replace(self.destination)
        self.etag_file.unlink(missing_ok=True)
        return found, length


def _persevere(attempt: Callable[[float], T], url: str, patience: Patience) -> T:
    """Repeat an attempt, which gets the deadline, until it succeeds, fails for good, or patience ends."""
    check_address(url)
    deadline = time.monotonic() + patience.total_seconds
    reasons: list[str] = []
    fruitless, reached = 0, False
    while True:
        try:
            return attempt(deadline)
        except _Passing as fault:
            reasons.append(fault.reason)
            reached = reached or not fault.unreachable
            fruitless = 1 if fault.fruitful else fruitless + 1
            wait = patience.first_wait * 2.0 ** (fruitless - 1) if fault.wait is None else fault.wait
            wait = min(max(wait, 0.0), patience.longest_wait)
            most = patience.attempts if reached else patience.attempts_unreachable
            if fruitless >= most or time.monotonic() + wait > deadline:
                told = "; then ".join(dict.fromkeys(reasons))
                kind = "failed" if reached else "unreachable"
                raise Failure(kind, url, f"{told} (given up at try {len(reasons)})") from fault
            say(f"{urlsplit(url).hostname}: {fault.reason}; next try in {wait:.0f} s")
            time.sleep(wait)


@contextmanager
def _answer(url: str, headers: Mapping[str, str], patience: Patience) -> Iterator[requests.Response]:
    """Answer to one request after checked redirects, its body unread; faults of the network become _Passing."""
    # Bytes as they are: a body compressed for the way would have another checksum and another length.
    headers = {"User-Agent": f"sevaxis/{sevaxis.__version__}", "Accept-Encoding": "identity", **headers}
    timeout = (patience.connect_seconds, patience.read_seconds)
    try:
        with _Session() as session:
            for _ in range(MOST_REDIRECTS + 1):
                session.trust_env = (
                    urlsplit(url).hostname not in LOOPBACK
                )  # proxies lead away from this machine
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
        raise Failure("refused", url, f"no trustworthy connection: {error!s:.200}") from error
    except (requests.exceptions.ConnectTimeout, requests.exceptions.ProxyError) as error:
        raise _Passing(f"no connection to {urlsplit(url).hostname}", unreachable=True) from error
    except requests.exceptions.Timeout as error:
        raise _Passing(f"no answer within {patience.read_seconds:g} s") from error
    except requests.exceptions.ConnectionError as error:
        cause = getattr(error.args[0] if error.args else None, "reason", None)
        if isinstance(cause, urllib3.exceptions.NewConnectionError):
            raise _Passing(f"no connection to {urlsplit(url).hostname}", unreachable=True) from error
        raise _Passing("the connection broke before an answer came") from error
    except requests.exceptions.RequestException as error:
        raise Failure("refused", url, f"{error!s:.200}") from error


def _expect(answer: requests.Response, statuses: set[int]) -> None:
    """Sort answers into welcome, later (_Passing) and no (Failure)."""
    status = answer.status_code
    if status in statuses:
        return
    said = f"the server answered {status} {answer.reason or ''}".rstrip()
    if status in PASSING or status >= 500:
        raise _Passing(said, wait=_retry_after(answer))
    raise Failure("refused", answer.url, said)


def _retry_after(answer: requests.Response) -> float | None:
    """Seconds that the server asks to wait (RFC 9110, 10.2.3: a number or a date)."""
    said = answer.headers.get("Retry-After", "").strip()
    if said.isdecimal():
        return float(said)
    try:
        moment = parsedate_to_datetime(said)
    except ValueError:
        return None
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()


def _pieces(answer: requests.Response, patience: Patience, deadline: float) -> Iterator[bytes]:
    """Body of an answer as it comes in; a trickle is a stall."""
    since, received = time.monotonic(), 0
    while True:
        try:
            piece = answer.raw.read1(CHUNK, decode_content=False)
        except urllib3.exceptions.TimeoutError as error:
            raise _Passing(f"stalled: no bytes for {patience.read_seconds:g} s") from error
        except urllib3.exceptions.HTTPError as error:
            raise _Passing("the body ended early") from error
        if not piece:
            return
        yield piece
        received += len(piece)
        now = time.monotonic()
        if now > deadline:
            raise Failure("failed", answer.url, "it takes too long")
        if now - since > patience.read_seconds:
            if received < patience.slowest * (now - since):
                raise _Passing(f"stalled: {received} bytes in {now - since:.0f} s")
            since, received = now, 0
