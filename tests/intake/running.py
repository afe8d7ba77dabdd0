"""`sevaxis add` as a user types it, in this process, in a folder of its own, with a time limit."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: Seconds for one case.
LIMIT = 30


class Hang(BaseException):
    """The time is up; no Exception, so that nothing in between takes it for an error of the file."""


@dataclass
class Ran:
    """What a command did.

    Attributes
    ----------
    code
        Exit code; None where it ended in a traceback or hung.
    said
        What it printed, errors after the rest.
    failure
        Traceback, or ``hang``.
    """

    code: int | None
    said: str
    failure: str = ""


@contextlib.contextmanager
def time_limit(seconds: int = LIMIT) -> Iterator[None]:
    """Raise :class:`Hang` when the time is up."""

    def stop(*_):
        raise Hang

    # of the processor's time, for other work may slow this one; waiting for nothing counts tenfold
    timers = {
        signal.SIGPROF: (signal.ITIMER_PROF, seconds),
        signal.SIGALRM: (signal.ITIMER_REAL, 10 * seconds),
    }
    before = {number: signal.signal(number, stop) for number in timers}
    for timer, limit in timers.values():
        signal.setitimer(timer, limit)
    try:
        yield
    finally:
        for timer, _ in timers.values():
            signal.setitimer(timer, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def run_add(arguments: list[str], folder: Path, *, limit: int = LIMIT) -> Ran:
    """Type ``sevaxis add`` with these arguments, in a folder, without a terminal."""
    from sevaxis.cli import main

    said, errors, code, failure = io.StringIO(), io.StringIO(), None, ""
    here, stdin = Path.cwd(), sys.stdin
    os.chdir(folder)
    sys.stdin = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(errors), time_limit(limit):
            code = main(["add", *arguments])
    except Hang:
        failure = "hang"
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
        failure = f"argparse: {errors.getvalue()[-300:]}"
    except Exception:
        failure = traceback.format_exc()
    finally:
        os.chdir(here)
        sys.stdin = stdin
    return Ran(code, said.getvalue() + errors.getvalue(), failure)
