"""What went wrong, gathered: one entry per kind of failure, with the plainest case that shows it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tests.intake.judge import Verdict
from tests.intake.truth import Case

#: Fact -> whose work it is; of all others the case tells.
AREAS = {
    "identifiers": "identifiers", "organism": "identifiers", "group": "samples", "sex": "samples", "qc": "samples",
    "subject": "samples", "batch": "samples", "contrasts": "samples", "tissue": "samples", "compartment": "samples",
}  # fmt: skip


def gather(verdicts: Iterable[tuple[Case, Verdict]]) -> dict[str, list[str]]:
    """Area -> entries, most frequent first: how often, what, and the command that shows it."""
    found: dict[tuple[str, str], list[tuple[int, Case, Verdict]]] = {}
    for case, verdict in verdicts:
        if verdict.kind == "right":
            continue
        odd = sum(level not in ("", "none", "plain") for level in case.what.values())
        for area, kind in _kinds(case, verdict):
            found.setdefault((area, kind), []).append((odd, case, verdict))
    lists: dict[str, list[str]] = {}
    for (area, kind), hits in sorted(found.items(), key=lambda item: -len(item[1])):
        _, case, verdict = min(hits, key=lambda hit: (hit[0], hit[1].name))
        also = ", ".join(hit[1].name for hit in hits[:6])
        lists.setdefault(area, []).append(
            f"{len(hits):4d} x {kind}\n     in {also}\n     plainest: {tell(case, verdict)}"
        )
    return lists


def _kinds(case: Case, verdict: Verdict) -> set[tuple[str, str]]:
    kinds = set()
    for fact, text in verdict.faults:
        plain = re.sub(r"'[^']*'|\b[\w.:/\\-]*\d[\w.:/\\-]*", "#", text)[:60]
        kinds.add((AREAS.get(fact, case.area), f"WRONG IN SILENCE {fact}: {plain}"))
    if not verdict.faults and verdict.kind in ("refused", "crash", "hang"):
        note = verdict.notes[0] if verdict.notes else ""
        note = re.sub(r"[\w./ ()-]+\.(?:csv|tsv|txt|xlsx|parquet|zip|gz|rda|xls)\b", "#", note)
        note = re.sub(r"b'.*", "#", note)
        plain = re.sub(r"'[^']*'|\b[\w.:/\\-]*\d[\w.:/\\-]*", "#", note)[:90]
        kinds.add((case.area, f"{verdict.kind.upper()} {plain}"))
    if verdict.kind == "asked" and verdict.questions > 2:
        kinds.add(("samples", f"ASKED more than two questions ({verdict.questions})"))
    return kinds


def tell(case: Case, verdict: Verdict) -> str:
    """A line for a case, with its levels, and what is wrong or open."""
    levels = ", ".join(
        f"{axis}={level}" for axis, level in case.what.items() if level not in ("", "none", "plain")
    )
    lines = [f"{case.name} [{case.area}] {verdict.kind.upper()} {verdict.seconds:.1f}s: {levels}"]
    lines += [f"         wrong: {fact}: {text}" for fact, text in verdict.faults]
    lines += [f"         asked: {text}" for text in verdict.asked]
    lines += [f"         note: {text}" for text in verdict.notes]
    return "\n".join(lines)
