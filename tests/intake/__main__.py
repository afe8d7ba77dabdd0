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

from tests.intake import cost, files, proteins, real, results, tables
from tests.intake.failures import gather, tell
from tests.intake.judge import CLASSES, Verdict, judge
from tests.intake.truth import Case

SEED = 20261121
SHARED = Path(__file__).resolve().parents[3] / "shared"
HEAD = """# Failures of the intake corpus ({} cases tried)

Each entry: how often x what, the cases, and the plainest of them. To see one again, with all that `add` says:
    .venv/bin/python -m tests.intake --case CASE --keep FOLDER

"""
#: First word of a case's name -> how the page calls its kind.
FAMILIES = {
    "table": "tables of values", "results": "result tables", "program": "protein programs",
    "single": "a file per sample", "blocks": "blocks of columns", "contained": "program tables and containers",
}  # fmt: skip
#: What public files hold.
REAL = ("values by sample", "published results", "nothing")
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
    """Lines of the page's table of made tables: classes by family."""
    yield from _head("cases")
    for name, words in FAMILIES.items():
        yield from _row(words, [v for c, v in tried if c.name.startswith(f"{name}-")])
    yield from _row("**all**", [v for _, v in tried])


def real_table(tried: Tried) -> Iterator[str]:
    """Lines of the page's table of public files: classes by what they hold."""
    yield from _head("sets")
    for words in REAL:
        yield from _row(words, [v for c, v in tried if c.what["holds"] == words])
    yield from _row("**all**", [v for _, v in tried])


def _head(what: str) -> tuple[str, str]:
    return f"| | {what} | {' | '.join(CLASSES)} | questions, where asked |", "|---" * (len(CLASSES) + 3) + "|"


def _row(words: str, verdicts: list[Verdict]) -> Iterator[str]:
    if verdicts:
        asked = [v.questions for v in verdicts if v.kind == "asked"]
        cells = [str(sum(v.kind == kind for v in verdicts)) for kind in CLASSES]
        mean = f"{sum(asked) / len(asked):.1f}" if asked else ""
        yield f"| {words} | {len(verdicts)} | {' | '.join(cells)} | {mean} |"


def try_real(data: Path, names: list[str]) -> Iterator[tuple[Case, Verdict]]:
    """Public files, one after another; only those whose number or files begin with or hold a name, where there are."""
    for i, known in enumerate(real.entries()):
        holds = known.get("holds") or (
            "published results" if known["assay"] == "effects" else "values by sample"
        )
        words = {"files": known["files"], "sheet": known.get("sheet", ""), "holds": holds}
        case = Case(
            f"real-{i:03d}", words, "proteins" if "protein" in str(known.get("assay")) else "counts", None
        )
        if names and not any(case.name.startswith(name) or name in known["files"] for name in names):
            continue
        with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield case, real.try_files(known, data, Path(scratch))


def main() -> int:
    """Run what is asked for, print the tables; failures go to the folder of ``--lists``."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.intake",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", default="made,real,cost", help="made, real, cost")
    parser.add_argument(
        "--case", action="append", help="cases whose name begins so; prints all that was said"
    )
    parser.add_argument("--every", type=int, default=1, help="one made case in so many")
    parser.add_argument("--keep", type=Path, help="keep the files of each made case here")
    parser.add_argument("--lists", type=Path, help="write a list of failures per area into this folder")
    parser.add_argument("--shared", type=Path, default=SHARED, help="folder with the public files, in `data`")
    chosen = parser.parse_args()
    parts = chosen.only.split(",") if not chosen.case else ["made", "real"]
    names = chosen.case or []
    if "made" in parts:
        wanted = [c for c in made_cases() if not names or any(c.name.startswith(name) for name in names)]
        random.Random(SEED).shuffle(wanted)  # lists that are written under way speak of all kinds
        _print("made tables", table(_follow(try_cases(wanted[:: chosen.every], chosen.keep), chosen, "")))
    if "real" in parts and not (chosen.shared / "data").is_dir():
        print(f"Left out: real, for there is no public data at {chosen.shared}", file=sys.stderr)
    elif "real" in parts:
        _print("public files", real_table(_follow(try_real(chosen.shared / "data", names), chosen, "real_")))
    if "cost" in parts:
        _print("cost", cost.table())
    return 0


def _follow(cases: Iterator[tuple[Case, Verdict]], chosen: argparse.Namespace, prefix: str) -> Tried:
    """All verdicts; lists of failures are written under way."""
    start, tried = time.perf_counter(), []
    for case, verdict in cases:
        tried.append((case, verdict))
        if chosen.case:
            print(verdict.said, tell(case, verdict), sep="\n", flush=True)
        if chosen.lists and len(tried) % 20 == 0:
            _list(tried, chosen.lists, prefix)
    if chosen.lists:
        _list(tried, chosen.lists, prefix)
    print(f"{len(tried)} cases in {time.perf_counter() - start:.0f} s", file=sys.stderr)
    return tried


def _list(tried: Tried, folder: Path, prefix: str) -> None:
    for area, entries in gather(tried).items():
        text = HEAD.format(len(tried)) + "\n\n".join(entries) + "\n"
        (folder / f"{prefix}{area}.md").write_text(text, encoding="utf-8")


def _print(name: str, lines: Iterator[str]) -> None:
    print(f"<!-- table of {name} -->", *lines, "<!-- end -->", sep="\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
