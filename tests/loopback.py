"""A real HTTP server on 127.0.0.1 that serves real bytes and misbehaves on demand."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from sevaxis.files.http import Patience
from sevaxis.files.repositories.remote import Addresses

#: An address that refuses connections: only root could listen on port 1, and nobody does.
REFUSING = "http://127.0.0.1:1"


@dataclass(frozen=True)
class Answer:
    """One answer of the server.

    Attributes
    ----------
    body, status, headers
        What is sent.
    etag
        Sent as it is, quotes included; decides If-Range.
    ranges
        Whether a Range header is honoured (206, 416).
    length
        Content-Length, where it is not the truth; -1: none at all, the end of the connection is the end.
    cut
        The connection closes after so many bytes of what is to be sent.
    stall
        Seconds of silence after ``cut`` bytes instead of closing at once.
    pause
        Seconds between single bytes: a trickle.
    shift
        A lie: so many bytes are added to where the range starts.
    if_range
        Whether an If-Range header is heeded.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    etag: str | None = None
    ranges: bool = True
    length: int | None = None
    cut: int | None = None
    stall: float = 0.0
    pause: float = 0.0
    shift: int = 0
    if_range: bool = True


@dataclass(frozen=True)
class Request:
    """One request as the server saw it, with the second of its arrival."""

    target: str
    headers: dict[str, str]
    moment: float


class Loopback:
    """The server. ``answers[path]`` is a list that is used up request by request; its last answer stays."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.requests: list[Request] = []
        self.stopping = threading.Event()
        loopback = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                loopback._answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Loopback:
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def serve(self, path: str, *answers: Answer | bytes | Path) -> str:
        """Answer a path with these, one after the other; returns its address. Query strings are part of a path."""
        self.answers[path] = [
            answer
            if isinstance(answer, Answer)
            else Answer(answer.read_bytes() if isinstance(answer, Path) else answer, etag='"1"')
            for answer in answers
        ]
        return self.url + path

    def repositories(self, patience: Patience, pride_files: str | None = None) -> Addresses:
        """Addresses that let this server play the repositories; PRIDE's files may keep an address of their own."""
        return Addresses(
            geo=self.url + "/geo/series",
            geo_download=self.url + "/geo/download/",
            pride=self.url + "/pride/v3",
            pride_files=pride_files or self.url + "/pride-files/",
            biostudies=self.url + "/biostudies",
            patience=patience,
        )

    def asked(self, path: str) -> list[Request]:
        """Requests for a path so far."""
        return [request for request in self.requests if request.target == path]

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        self.requests.append(Request(handler.path, dict(handler.headers.items()), time.monotonic()))
        queue = self.answers.get(handler.path)
        if not queue:
            handler.send_error(404)
            return
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        status, body, headers = answer.status, answer.body, dict(answer.headers)
        if answer.etag:
            headers["ETag"] = answer.etag
        wanted = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        same = not answer.if_range or handler.headers.get("If-Range") in (None, answer.etag)
        if wanted and answer.ranges and status == 200 and same:
            start = int(wanted[1]) + answer.shift
            if start >= len(body):
                status, headers["Content-Range"], body = 416, f"bytes */{len(body)}", b""
            else:
                headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
                status, body = 206, body[start:]
        handler.send_response(status)
        if answer.length != -1:
            headers["Content-Length"] = str(len(body) if answer.length is None else answer.length)
        for key, value in headers.items():
            handler.send_header(key, value)
        handler.end_headers()
        try:
            if answer.pause:
                for byte in body:
                    if self.stopping.wait(answer.pause):
                        return
                    handler.wfile.write(bytes([byte]))
            else:
                handler.wfile.write(body[: answer.cut])
            self.stopping.wait(answer.stall)
        except OSError:
            pass  # the client had enough
