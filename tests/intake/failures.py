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

#: Facts in the order in which one fault causes others.
ROOTS = (
    "features", "samples", "decoys", "scale", "missing", "assay", "identifiers", "qc", "sex", "group", "subject",
    "batch", "contrasts",
)  # fmt: skip


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
    """Area and kind of the one fault that the others of a case follow from, or of its refusal."""
    if verdict.faults:
        fact, text = min(
            verdict.faults, key=lambda fault: ROOTS.index(fault[0]) if fault[0] in ROOTS else len(ROOTS)
        )
        return {(AREAS.get(fact, case.area), f"WRONG IN SILENCE {fact}: {_plain(text)[:70]}")}
    if verdict.kind in ("refused", "crash", "hang"):
        return {
            (case.area, f"{verdict.kind.upper()} {_plain(verdict.notes[0] if verdict.notes else '')[:90]}")
        }
    if verdict.kind == "asked" and verdict.questions > 2:
        return {("samples", f"ASKED more than two questions ({verdict.questions})")}
    return set()


def _plain(text: str) -> str:
    """A message without what differs from case to case."""
    text = re.sub(r"[\w./ ()-]+\.(?:csv|tsv|txt|xlsx|parquet|zip|gz|rda|xls)\b|b'.*|'[^']*'", "#", text)
    text = re.sub(r"\b[\w.:/\\-]*\d[\w.:/\\-]*", "#", text)
    return re.sub(r"^[^:]* v [^:]*(?= \(|: )", "a contrast", text)


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
