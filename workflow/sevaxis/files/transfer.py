"""Files from the network: continued where they broke off, checked, named only when they are whole and right."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import zlib
from collections import Counter
from pathlib import Path

import requests

from sevaxis.files.http import (
    CHUNK,
    PATIENT,
    Failure,
    Passing,
    Patience,
    exchange,
    expect,
    persevere,
    pieces,
)
from sevaxis.files.progress import Progress

#: Why a body that nothing measures is not believed at once: a connection that broke looks like its end.
UNDECLARED = "the server does not say how long the file is"
#: The same broken content so often is what the server has.
SAME_AGAIN = 3


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
        Checksum that the bytes must have. Without it there is the length that the server declares, and the end of a
        gzip file; where there is neither, the same bytes must come twice.
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
    return persevere(_Download(url, destination, sha256, size, patience).attempt, url, patience)


def forget(destination: Path) -> None:
    """Remove what an interrupted download of a file has left: the file has come another way."""
    for part in _parts(destination):
        part.unlink(missing_ok=True)


def _parts(destination: Path) -> tuple[Path, Path]:
    """Where the bytes of a file gather, and where their ETag is kept."""
    part, etag = f"{destination.name}.part", f"{destination.name}.etag.part"
    return destination.with_name(part), destination.with_name(etag)


class _Download:
    """One file on its way: its part on disk and what previous tries have taught."""

    def __init__(self, url: str, destination: Path, sha256: str | None, size: int | None, patience: Patience):
        self.url, self.destination, self.patience = url, destination, patience
        self.sha256, self.size = sha256, size
        self.part, self.etag_file = _parts(destination)
        self.seen: Counter[str] = Counter()
        self.furthest = self.part.stat().st_size if self.part.is_file() else 0

    def attempt(self, deadline: float) -> tuple[str, int]:
        """Ask once, from where the part ends; raise Passing where another try may help."""
        digest, offset, etag = self._what_is_there()
        if offset and digest.hexdigest() == self.sha256:
            return self._finish(digest.hexdigest(), offset)
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        if offset and etag:
            headers["If-Range"] = etag
        with exchange(self.url, headers, self.patience) as answer:
            if answer.status_code == 416 and offset:
                forget(self.destination)
                raise Passing(f"nothing there beyond byte {offset}; starting anew")
            expect(answer, {200, 206} if offset else {200})
            if answer.status_code == 206 and not self._continues(answer, offset, etag):
                forget(self.destination)
                raise Passing("the content changed between two tries; starting anew")
            if answer.status_code == 200:
                digest, offset = hashlib.sha256(), 0
                self._remember_etag(answer)
            try:
                offset = self._write(answer, digest, offset, deadline)
            except Passing as fault:
                furthest = self.part.stat().st_size
                fault.fruitful = furthest - self.furthest >= self.patience.worthwhile
                self.furthest = max(self.furthest, furthest)
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
        forget(self.destination)
        if re.fullmatch(r'"[\x21\x23-\x7e]*"', etag):  # a weak one (W/"...") does not vouch for bytes
            self.etag_file.write_text(f"{self.url}\n{etag}", "utf-8")

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
                for piece in pieces(answer, self.patience, deadline):
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
        if self.sha256 == found:
            return self._finish(found, length)
        if self.size is not None and length < self.size:
            raise Passing(f"the answer ended after {length} of {self.size} bytes")
        self.seen[found] += 1
        doubt = self._doubt(answer, length) if self.sha256 is None else f"wrong checksum {found}"
        if doubt is None or (doubt == UNDECLARED and self.seen[found] == 2):
            return self._finish(found, length)
        page = _is_page(self.part, self.destination)
        forget(self.destination)
        if page:  # of a login, of an error, of a landing page: trying again gives it again
            raise Failure("refused", self.url, f"the answer is {page}, not the file")
        if self.sha256 is not None and self.seen[found] == 2:
            kind = answer.headers.get("Content-Type", "no declared type")
            raise Failure(
                "changed",
                self.url,
                f"twice the same other content: sha256 {found}, {length} bytes, {kind!r:.80} (wanted {self.sha256})",
            )
        if self.seen[found] == SAME_AGAIN:
            raise Failure("failed", self.url, f"{doubt}, {SAME_AGAIN} times the same {length} bytes")
        raise Passing(f"{doubt}, after {length} bytes; starting anew")

    def _doubt(self, answer: requests.Response, length: int) -> str | None:
        """Why a body without a checksum is not believed to be whole; None where it is."""
        if self.size is not None and length != self.size:
            return f"{length} bytes instead of {self.size}"
        if _is_page(self.part, self.destination):
            return "not the file"
        if self.destination.suffix in (".gz", ".tgz"):  # whose end tells that nothing is missing
            return None if _is_whole(self.part) else "a gzip file that ends early or is broken"
        told = "Content-Length" in answer.headers or "chunked" in answer.headers.get("Transfer-Encoding", "")
        return None if told or self.size is not None else UNDECLARED

    def _finish(self, found: str, length: int) -> tuple[str, int]:
        self.part.replace(self.destination)
        self.etag_file.unlink(missing_ok=True)
        return found, length


def _is_page(part: Path, destination: Path) -> str | None:
    """What came in place of a file, where its first bytes give it away."""
    with part.open("rb") as file:
        start = file.read(1000).lstrip(b"\xef\xbb\xbf \t\r\n")
    web = start[:200].lower().startswith((b"<!doctype html", b"<html"))
    if web and destination.suffix.lower() not in (".html", ".htm"):
        return "a web page"
    if destination.suffix in (".gz", ".tgz") and not start.startswith(b"\x1f\x8b"):
        return f"no gzip file (it begins with {start[:20]!r})"
    return None


def _is_whole(part: Path) -> bool:
    """Whether a gzip file ends as one."""
    try:
        with gzip.open(part) as file:
            while file.read(CHUNK):
                pass
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return False
    return True
