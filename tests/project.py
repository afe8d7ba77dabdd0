"""A copy of the project in a temporary folder, in which tests run Snakemake as a user would."""

import copy
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

PARTS = ("Snakefile", "workflow", "config", "envs", "profiles", "resources")

#: Rule -> what its jobs say, with the data set or organism.
MESSAGES = {
    "retrieve": r"Retrieve the files of (\w+)",
    "orthologs": r"Retrieve the human orthologs of (\w+)",
    "identifiers": r"Retrieve the identifiers of (.+)",
    "read": r"Read (\w+)",
    "assess": r"Assess and normalise (\w+)",
    "compare": r"Compare the groups of (\w+)",
    "answer": r"Answer the questions of the study",
    "report": r"Write the report",
}


class Project:
    """The project's files in a folder of their own, so that tests may edit them.

    Attributes
    ----------
    folder
        The copy. Its package comes before the installed one, so that edits of code count.
    python
        The interpreter that runs Snakemake: this one unless told otherwise.
    """

    def __init__(self, root: Path, folder: Path, python: Path | str = sys.executable):
        self.folder = folder
        self.python = python
        for part in PARTS:
            source = root / part
            if source.is_dir():
                shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, folder / part)

    def snakemake(
        self, *arguments: str, timeout: int = 600, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run ``snakemake``; its output is in ``stdout``, errors included."""
        command = [self.python, "-m", "snakemake", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(self.folder / "workflow"), "COLUMNS": "200"}
        result = subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert not check or result.returncode == 0, result.stdout[-8000:]
        return result

    def planned(self, *arguments: str) -> dict[str, list[str]]:
        """What a dry run would do: rule -> data sets (or organisms), an empty list for rules without."""
        output = self.snakemake("-n", "--cores", "1", *arguments).stdout
        jobs: dict[str, list[str]] = {}
        for message in re.findall(r"^Job \d+: (.+)$", output, re.MULTILINE):
            rule, found = next(
                (rule, m) for rule, said in MESSAGES.items() if (m := re.fullmatch(said, message))
            )
            jobs.setdefault(rule, []).extend(found.groups())
        return {rule: sorted(of) for rule, of in jobs.items()}

    def copied_to(self, folder: Path) -> "Project":
        """The project as it is now, results and the times of its files included, in another folder."""
        subprocess.run(["cp", "-a", str(self.folder), str(folder)], check=True)
        twin = copy.copy(self)
        twin.folder = folder
        return twin

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace text that must stand exactly once in a file."""
        file = self.folder / path
        text = file.read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
        file.write_text(text.replace(old, new))
