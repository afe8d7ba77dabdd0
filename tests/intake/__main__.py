"""Print the tables of docs/intake.md: what becomes of tables of known truth that are handed to `sevaxis add`.

python -m tests.intake [--only made] [--case NAME] [--keep FOLDER] [--lists FOLDER] [--every N]
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

from tests.intake import files, proteins, results, tables
from tests.intake.failures import gather, tell
from tests.intake.judge import CLASSES, Verdict, judge
from tests.intake.truth import Case

SEED = 20261121
HEAD = """# Failures of the intake corpus ({} of {} cases tried)

Each entry: how often x what, the cases, and the plainest of them. To see one again, with all that `add` says:
    .venv/bin/python -m tests.intake --case CASE --keep FOLDER

"""
#: First word of a case's name -> how the page calls its kind.
FAMILIES = {
    "table": "tables of values", "results": "result tables", "program": "protein programs",
    "single": "a file per sample", "blocks": "blocks of columns", "contained": "program tables and containers",
}  # fmt: skip
Tried = list[tuple[Case, Verdict]]


def made_cases() -> list[Case]:
    """All made tables."""
    return [*tables.cases(SEED), *results.cases(SEED), *proteins.cases(SEED), *files.cases(SEED)]


def try_cases(cases: list[Case], keep: Path | None = None) -> Iterator[tuple[Case, Verdict]]:
    """Write the files of each case, add them and judge; the files are kept where a folder is given."""
    for case in cases:
        with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            folder = (keep or Path(scratch)) / case.name
            folder.mkdir(parents=True, exist_ok=True)
            yield case, judge(case.write(folder), folder)


def table(tried: Tried) -> Iterator[str]:
    """Lines of the page's table: classes by family."""
    yield "| | cases | " + " | ".join(CLASSES) + " | questions, where asked |"
    yield "|---" * (len(CLASSES) + 3) + "|"
    rows = [
        (words, [v for c, v in tried if c.name.startswith(f"{name}-")]) for name, words in FAMILIES.items()
    ]
    for words, verdicts in [*rows, ("**all**", [v for _, v in tried])]:
        if verdicts:
            asked = [v.questions for v in verdicts if v.kind == "asked"]
            cells = [str(sum(v.kind == kind for v in verdicts)) for kind in CLASSES]
            mean = f"{sum(asked) / len(asked):.1f}" if asked else ""
            yield f"| {words} | {len(verdicts)} | {' | '.join(cells)} | {mean} |"


def main() -> int:
    """Run what is asked for, print the tables; failures go to the folder of ``--lists``."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.intake",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", default="made", help="made")
    parser.add_argument(
        "--case", action="append", help="cases whose name begins so; prints all that was said"
    )
    parser.add_argument("--every", type=int, default=1, help="one case in so many")
    parser.add_argument("--keep", type=Path, help="keep the files of each case here")
    parser.add_argument("--lists", type=Path, help="write a list of failures per area into this folder")
    chosen = parser.parse_args()
    cases = [
        c for c in made_cases() if not chosen.case or any(c.name.startswith(name) for name in chosen.case)
    ]
    random.Random(SEED).shuffle(cases)  # lists that are written under way speak of all kinds
    start, tried = time.perf_counter(), []
    cases = cases[:: chosen.every]
    for case, verdict in try_cases(cases, chosen.keep):
        tried.append((case, verdict))
        if chosen.case:
            print(verdict.said, tell(case, verdict), sep="\n", flush=True)
        if chosen.lists and (len(tried) % 100 == 0 or len(tried) == len(cases)):
            for area, entries in gather(tried).items():
                head = HEAD.format(len(tried), len(cases))
                (chosen.lists / f"{area}.md").write_text(head + "\n\n".join(entries) + "\n")
    print("<!-- table of made tables -->", *table(tried), "<!-- end -->", sep="\n", flush=True)
    print(f"{len(tried)} cases in {time.perf_counter() - start:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
