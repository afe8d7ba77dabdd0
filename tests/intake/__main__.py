"""Try the intake on tables of known truth: `python -m tests.intake [--only made,real] [--case NAME] [--keep FOLDER]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

from tests.intake import tables
from tests.intake.failures import gather, tell
from tests.intake.judge import CLASSES, Verdict, judge, summary
from tests.intake.truth import Case

SEED = 20261121
HEAD = """# Failures of the intake corpus

Each entry: how often x what, the cases, and the plainest of them. To see one again, with all that `add` says:
    .venv/bin/python -m tests.intake --case CASE --keep FOLDER

"""


def made_cases() -> list[Case]:
    """All made tables."""
    return list(tables.cases(SEED))


def try_case(case: Case, folder: Path) -> Verdict:
    """Write the files of a case, add them and judge."""
    folder.mkdir(parents=True, exist_ok=True)
    written = case.write(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return judge(written, folder)


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.intake", description=__doc__)
    parser.add_argument("--case", action="append", help="only cases whose name begins so; prints all that was said")
    parser.add_argument("--every", type=int, default=1, help="one case in so many")
    parser.add_argument("--keep", type=Path, help="keep the files of each case here")
    parser.add_argument("--lists", type=Path, help="write a list of failures per area into this folder")
    parser.add_argument("--failures", action="store_true", help="a line for every case that is not right")
    chosen = parser.parse_args()
    cases = made_cases()
    if chosen.case:
        cases = [case for case in cases if any(case.name.startswith(name) for name in chosen.case)]
    verdicts: list[tuple[Case, Verdict]] = []
    start = time.perf_counter()
    for case in cases[:: chosen.every]:
        with tempfile.TemporaryDirectory() as scratch:
            folder = (chosen.keep or Path(scratch)) / case.name
            verdict = try_case(case, folder)
        verdicts.append((case, verdict))
        if chosen.failures and verdict.kind != "right":
            print(tell(case, verdict), flush=True)
        if chosen.case:
            print(verdict.said, tell(case, verdict), sep="\n", flush=True)
    counts = summary(verdict for _, verdict in verdicts)
    print(f"{len(verdicts)} cases in {time.perf_counter() - start:.0f} s:", counts, file=sys.stderr)
    if chosen.lists:
        for area, entries in gather(verdicts).items():
            (chosen.lists / f"{area}.md").write_text(HEAD + "\n\n".join(entries) + "\n")
    facts = Counter(fact for _, verdict in verdicts for fact, _ in verdict.faults)
    print("wrong facts:", dict(facts.most_common()), file=sys.stderr)
    return 0


if __name__ == "__main__":
    assert CLASSES
    sys.exit(main())
