"""Where a step's messages go."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO


class Tee:
    """Stream that writes to several streams at once."""

    def __init__(self, *streams: TextIO):
        self.streams = streams

    def write(self, text: str) -> int:
        for stream in self.streams:
            stream.write(text)
        return len(text)

    def flush(self) -> None:
        for stream in self.streams:
            stream.flush()

    def isatty(self) -> bool:
        return self.streams[0].isatty()


def log_to(path: str | Path, *, show: bool = False) -> None:
    """Send everything that this process prints from now on to a log file.

    Parameters
    ----------
    path
        The log file.
    show
        Keep printing on the terminal too: for long work whose progress a person watches.
    """
    file = Path(path).open("w", buffering=1)  # noqa: SIM115 - open until the process ends
    sys.stdout = Tee(sys.stdout, file) if show else file
    sys.stderr = Tee(sys.stderr, file) if show else file
