"""Print what becomes of planted mistakes: `python -m tests.mistakes [--only PATTERN] [--list] [--show]`.

The table goes to docs/intake.md (`python docs/tables.py docs/intake.md tests.mistakes`).
"""

from __future__ import annotations

import argparse
import re
import sys

from tests.mistakes.corpus import ROOMS
from tests.mistakes.running import Tally, attempt

COLUMNS = (
    "planted in", "mistakes", "found by check", "by check --files", "by a job", "got through", "traceback", "hang",
    "place named", "says what to do",
)  # fmt: skip
HEAD = "| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|"


def main() -> int:
    """Try the mistakes and print the table; 1 where one was not found or not placed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="regular expression of room and name")
    parser.add_argument("--show", action="store_true", help="print what is said of each")
    chosen = parser.parse_args()
    rows, everything, wrong = [], Tally(), []
    for room, mistakes in ROOMS.items():
        wanted = [each for each in mistakes if re.search(chosen.only, f"{room}: {each.name}")]
        tally = Tally()
        for each in attempt(wanted):
            tally.tried.append(each)
            fine = each.placed and each.hinted
            if chosen.show or not fine or not each.located:
                word = ("ok" if fine else "NOT") + ("" if each.located else " (no place)")
                told = each.told.replace("\n", "\n      ")
                print(f"{word} {room}: {each.mistake.name} [{each.fate}]\n      {told}", file=sys.stderr)
            if not fine:
                wrong.append(each)
        if wanted:
            rows.append(tally.row(room))
        everything.tried += tally.tried
    print(
        "<!-- table of planted mistakes -->", HEAD, *rows, everything.row("**all**"), "<!-- end -->", sep="\n"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
