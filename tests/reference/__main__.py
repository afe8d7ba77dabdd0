"""Print the tables of docs/accuracy.md: how far this engine is from R, how often it errs, what it finds.

    python -m tests.reference [--only simulated,public,spiked,null] [--shared FOLDER]

simulated: R's answers of tests/data. public: R's answers on public matrices. spiked: proteins pipetted into a sample.
null: error rates and coverage on data without a difference (a minute). public and spiked need a folder of public
data, `data`, beside R's answers, `reference`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tests.reference import null_rates, spiked
from tests.reference.agreement import table
from tests.reference.agreement_public import compare_public
from tests.reference.agreement_simulated import compare_simulated

SHARED = Path(__file__).resolve().parents[3] / "shared"


def spiked_scores(shared: Path) -> Iterator[spiked.Score]:
    """Both data sets."""
    yield from spiked.score_ups1_ecoli(shared / "data" / spiked.UPS1)
    yield from spiked.score_ups2_yeast(shared / "data" / spiked.UPS2)


#: Name of the table on the page, and its lines from the shared folder.
TABLES: dict[str, tuple[str, Callable[[Path], Iterable[str]]]] = {
    "simulated": ("agreement on simulated matrices", lambda shared: table(compare_simulated())),
    "public": ("agreement on public matrices", lambda shared: table(compare_public(shared))),
    "spiked": ("spiked proteins", lambda shared: spiked.table(spiked_scores(shared))),
    "null": ("errors where nothing differs", lambda shared: null_rates.table()),
}
NEED_SHARED = {"public", "spiked"}


def main() -> int:
    """Print the tables chosen, each between the marks of its place on the page."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.reference",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", default=",".join(TABLES), help=f"of {', '.join(TABLES)}")
    parser.add_argument("--shared", type=Path, default=SHARED, help="folder of public data and R's answers")
    options = parser.parse_args()
    chosen = options.only.split(",")
    if unknown := set(chosen) - set(TABLES):
        parser.error(f"--only takes {', '.join(TABLES)}; found {', '.join(sorted(unknown))}")
    for name in chosen:
        if name in NEED_SHARED and not (options.shared / "data").is_dir():
            print(f"Left out: {name}, for there is no public data at {options.shared}", file=sys.stderr)
            continue
        title, lines = TABLES[name]
        print(f"<!-- table of {title} -->")
        for line in lines(options.shared):
            print(line, flush=True)
        print("<!-- end -->")
    return 0


if __name__ == "__main__":
    sys.exit(main())
