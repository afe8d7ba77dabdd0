"""Put the tables that a command prints into a page: `python docs/tables.py PAGE MODULE [OPTIONS]`.

Runs `python -m MODULE OPTIONS` and passes on what it prints. A table that it prints between `<!-- table of NAME -->`
and `<!-- end -->` replaces the one between the same marks of the page, as soon as it is complete; all else stays.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

BLOCK = "<!-- table of {} -->\n"
END = "<!-- end -->\n"


def main(page: Path, *command: str) -> int:
    """Run the command and refresh the page; returns what the command returned."""
    with subprocess.Popen([sys.executable, "-m", *command], stdout=subprocess.PIPE, text=True) as run:
        name, lines = None, []
        for line in run.stdout:
            print(line, end="", flush=True)
            if start := re.fullmatch(BLOCK.format("(.+)"), line):
                name, lines = start[1], []
            elif line == END and name is not None:
                page.write_text(replace(page.read_text(), name, "".join(lines)))
                name = None
            else:
                lines.append(line)
    return run.returncode


def replace(text: str, name: str, table: str) -> str:
    """Text with this table between the marks of its name.

    Raises
    ------
    ValueError
        If the text has no place for it.
    """
    marks = re.compile(f"({re.escape(BLOCK.format(name))}).*?({END})", re.DOTALL)
    if not marks.search(text):
        raise ValueError(f"the page has no lines {BLOCK.format(name).strip()} and {END.strip()}")
    return marks.sub(lambda found: found[1] + table + found[2], text)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
