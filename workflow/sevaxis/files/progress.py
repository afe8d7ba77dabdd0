"""Progress of a transfer for people: a bar on a terminal, a few plain lines in a log."""

from __future__ import annotations

import sys
import time

#: Seconds between two lines in a log.
QUIET = 30.0


def say(text: str) -> None:
    """Print one line for people, at once and beside whatever the program writes to stdout."""
    print(text, file=sys.stderr, flush=True)


class Progress:
    """How far one file has come.

    Parameters
    ----------
    name
        What is transferred, as it is shown.
    total
        Its bytes, where known.
    done
        Bytes that are there already.
    """

    def __init__(self, name: str, total: int | None, done: int = 0):
        self.name, self.total, self.done = name, total, done
        self.bar = None
        if sys.stderr.isatty():
            from tqdm import tqdm

            self.bar = tqdm(
                desc=name,
                total=total,
                initial=done,
                unit="B",
                unit_scale=True,
                leave=False,
                file=sys.__stderr__,  # the terminal itself: what is also written to a log is spared the bar
            )
        else:
            say(f"{name}: {'continued at ' + readable(done) if done else 'started'}{self._of_total()}")
        self.told = time.monotonic()

    def advance(self, count: int) -> None:
        """Count further bytes."""
        self.done += count
        if self.bar is not None:
            self.bar.update(count)
        elif time.monotonic() - self.told > QUIET:
            self.told = time.monotonic()
            say(f"{self.name}: {readable(self.done)}{self._of_total()}")

    def close(self) -> None:
        """Take the bar away and say how far it came."""
        if self.bar is not None:
            self.bar.close()
        say(f"{self.name}: {readable(self.done)}{self._of_total()} here")

    def _of_total(self) -> str:
        return f" of {readable(self.total)}" if self.total else ""


def readable(count: int) -> str:
    """Bytes for people: ``1.5 MB`` (decimal units, as repositories print them)."""
    if count < 1000:
        return f"{count} bytes"
    value, unit = float(count), ""
    for unit in ("kB", "MB", "GB", "TB"):  # noqa: B007
        value /= 1000
        if value < 1000:
            break
    return f"{value:.1f} {unit}"
