"""Tries mistakes: each in a folder of its own, by a worker that is killed where it hangs."""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.mistakes.mistake import Mistake
from tests.mistakes.project import Project

ROOT = Path(__file__).resolve().parents[2]
#: Seconds after which a study hangs.
PATIENCE = 30.0
#: Where a problem is, told closely enough to find it: a line, a row, a column, a sample, a feature, an option; or the
#: file where all of it is wrong.
PLACE = re.compile(
    r"[\w)]:\d+|model\.\w+|line \d+|row \d+|column '|sample '|file \w|feature '|contrast '|option '|object '|sheet \w"
    r"|^[^/ ,]+\.\w+(,|$)"
)
#: What may become of a mistake.
FOUND = ("check", "files", "job")
FATES = (*FOUND, "through", "traceback", "hang")


@dataclass(frozen=True)
class Tried:
    """What became of a mistake.

    Attributes
    ----------
    fate
        ``check`` (found before any job), ``files`` (by `sevaxis check --files`, which reads what is here), ``job`` (by
        a job, with all five parts), ``through``, ``traceback``, ``hang``.
    told
        All that was said.
    placed
        Whether some problem names the place of the mistake, and says of it what it must.
    located
        Whether the first such problem names a file and a line, cell, sample or option.
    hinted
        Whether every problem says what to do.
    """

    mistake: Mistake
    fate: str
    told: str = ""
    placed: bool = False
    located: bool = False
    hinted: bool = False


class Worker:
    """A process that tries one folder after the other; a new one where the old one hung or died."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = None

    def ask(self, folder: Path) -> dict:
        """What became of the study in a folder."""
        if self._process is None:
            path = os.pathsep.join([str(ROOT / "workflow"), str(ROOT)])
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.mistakes.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": path},
            )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{folder}\n")
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], PATIENCE)
        if not ready:
            self._end()
            return {"stage": "hang"}
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            self._end()
            return {"stage": "traceback", "during": "?", "text": f"the process died ({code})"}
        return json.loads(line)


def attempt(mistakes: Iterable[Mistake]) -> Iterator[Tried]:
    """Try each mistake."""
    with Worker() as worker, tempfile.TemporaryDirectory() as scratch:
        for number, mistake in enumerate(mistakes):
            folder = Path(scratch) / f"{number}"
            folder.mkdir()
            project = Project()
            mistake.plant(project)
            project.write(folder)
            yield judge(mistake, worker.ask(folder), folder)


def judge(mistake: Mistake, said: dict, folder: Path) -> Tried:
    """What an answer of the worker amounts to."""
    if said["stage"] not in FOUND:
        return Tried(mistake, said["stage"], said.get("text", ""))
    problems = said["problems"]
    whole = all(problem[part].strip() for problem in problems for part in problem)
    told = "\n".join(" | ".join(problem.values()) for problem in problems)
    places = [mistake.at] if mistake.at else []
    if mistake.on:
        file, text = mistake.on
        lines = (folder / file).read_text().splitlines()
        line = next(number for number, content in enumerate(lines, start=1) if text in content)
        places.append(re.escape(f"{file}:{line}") + r"(?!\d)")
    fitting = [
        problem
        for problem in problems
        if all(re.search(place, problem["where"]) for place in places)
        and re.search(mistake.says, " ".join(problem.values()))
    ]
    return Tried(
        mistake,
        said["stage"],
        told,
        placed=bool(fitting),
        located=bool(fitting) and bool(PLACE.search(fitting[0]["where"])),
        hinted=whole and not any("see config/README" in problem["hint"] for problem in problems),
    )


@dataclass
class Tally:
    """Sums of a room."""

    tried: list[Tried] = field(default_factory=list)

    def row(self, name: str) -> str:
        """Line of the page's table."""
        fates = [sum(each.fate == fate for each in self.tried) for fate in FATES]
        found = [each for each in self.tried if each.fate in FOUND]
        located = sum(each.located for each in found)
        hinted = sum(each.hinted for each in found)
        shares = [f"{100 * count / max(len(found), 1):.0f} %" for count in (located, hinted)]
        cells = [name, len(self.tried), *fates, *shares]
        return "| " + " | ".join(map(str, cells)) + " |"
