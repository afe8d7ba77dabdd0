"""Where a step's messages go."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import TextIO

from sevaxis.base.problems import Problems


class Tee:
    """Stream that writes to several streams at once."""

    def __init__(self, *streams: TextIO):
        self.streams = streams

    def write(self, text: str) -> int:
        """Write to all of them."""
        for stream in self.streams:
            stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush all of them."""
        for stream in self.streams:
            stream.flush()

    def isatty(self) -> bool:
        """Whether the first of them is a terminal."""
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
    sys.excepthook = _tell


def _tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Problems of the user's are told in their own words; only our own errors show where the code broke."""
    if isinstance(error, Problems):
        print(error, file=sys.stderr)
    else:
        traceback.print_exception(kind, error, trace)
