"""Print the tables of docs/verdicts.md: how often tests and verdicts are wrong where the truth is known.

    python -m tests.verdicts [--quick] [--only simulated,missing,permuted] [--jobs 2] [--studies 4] [--data FOLDER]

simulated: 40 and more designs of vesicle studies, from matrix to verdict. missing: ways with missing intensities.
permuted: public data sets whose groups are dealt out anew (needs the folder of public data). Tables are printed between
the marks of their place on the page, unless the run is quick.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from tests.verdicts import judge, missing, permutations, tables
from tests.verdicts.scenarios import SCENARIOS

#: Simulated studies of each design, blocks of four genes in each, and permutations of each data set.
FULL, QUICK = (8, 400, 100), (2, 80, 10)
SEED = 1
#: Simulated studies of each design with missing intensities.
MISSING = 5
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.verdicts",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="small numbers: a look, no tables of the page")
    parser.add_argument(
        "--only", default="simulated,missing,permuted", help="of simulated, missing, permuted"
    )
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument(
        "--studies", type=int, help="simulated studies of each design, in place of the usual number"
    )
    parser.add_argument("--data", type=Path, default=DATA, help="folder of public data")
    options = parser.parse_args()
    studies, blocks, repeats = QUICK if options.quick else FULL
    studies = options.studies or studies
    say = partial(_say, complete=not options.quick)
    with ProcessPoolExecutor(options.jobs) as pool:
        if "simulated" in options.only:
            one = partial(judge.run, studies=studies, blocks=blocks, seed=SEED)
            names = [scenario.name for scenario in SCENARIOS]
            tallies = dict(zip(names, pool.map(one, SCENARIOS), strict=True))
            features = 4 * blocks
            sizes = f"{studies} studies of each design, each of {features:,} features in blocks of four."
            say("sizes", [sizes])
            say("levels and power", tables.levels_table(tallies))
            say("wrong verdicts", tables.readings_table(tallies, tables.READINGS))
            say("wrong classes of the sexes", tables.readings_table(tallies, tables.CLASSES))
            say("false classes by q", tables.by_q_table(tallies))
            say("missed targets", tables.missed_lines(tallies))
        if "missing" in options.only:
            repeated = MISSING if options.studies is None and not options.quick else studies
            say("missing intensities", missing.table(missing.DESIGNS, repeated, SEED))
        if "permuted" in options.only and options.data.is_dir():
            one = partial(permutations.run, data=options.data, permutations=repeats, seed=SEED)
            names = [real.name for real in permutations.SETS]
            tallies = dict(zip(names, pool.map(one, permutations.SETS), strict=True))
            say("permutations", tables.permutations_table(tallies))


def _say(title: str, lines: Iterable[str], complete: bool) -> None:
    if complete:
        print(f"<!-- table of {title} -->")
    for line in lines:
        print(line, flush=True)
    if complete:
        print("<!-- end -->", flush=True)


if __name__ == "__main__":
    main()
