"""A draft held against the truth: right, asked, refused, wrong in silence, crash or hang."""

from __future__ import annotations

import contextlib
import re
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from sevaxis.base.problems import Problem, Problems
from sevaxis.study.study import load_dataset
from sevaxis.study.validation import is_undecided

from tests.intake.running import Hang, Ran, run_add, time_limit
from tests.intake.truth import Truth, Written

Fault = tuple[str, str]
CLASSES = ("right", "asked", "refused", "wrong in silence", "crash", "hang")
#: Words of a question -> facts that it covers, beside the fact of the key that it stands at.
COVERS = {
    "subject": r"replicat|injection|same (?:animal|subject|person|donor)|subject",
    "scale": r"log10|natural log|\bln\b|log2|scale|TPM|CPM|normali[sz]ed|counts",
    "assay": r"TPM|CPM|normali[sz]ed|raw counts|assay",
    "qc": r"\bQC\b|pool|blank|reference sample",
    "sex": r"female|\bsex\b",
    "decoys": r"decoy|contaminant",
    "samples": r"which columns|columns? (?:is|are)|left out|dropped",
    "organism": r"mouse or rat|organism|species",
    "batch": r"batch|run date|plex",
    "features": r"which (?:column|identifier)|identifiers? (?:of|are)",
}
#: Keys of a card -> facts.
KEYS = {
    "organism": {"organism"}, "tissue": {"tissue"}, "compartment": {"compartment"}, "assay": {"assay", "scale"},
    "values": {"scale"}, "contrasts": {"contrasts"}, "sex_labels": {"sex"}, "sex": {"sex"}, "columns": {"group"},
    "group": {"group", "qc", "contrasts"}, "subject": {"subject"}, "batch": {"batch"}, "files": {"scale", "samples"},
    "exclude": {"qc"}, "model": {"batch"}, "samples": {"samples"}, "sample": {"samples"},
}  # fmt: skip
SETTLED = "TODO-answered"


@dataclass
class Verdict:
    """What became of one case.

    Attributes
    ----------
    kind
        Of :data:`CLASSES`.
    questions
        Number of decisions that the draft leaves to the user.
    faults
        What is wrong, with the fact that it is about.
    notes
        What is not wrong but worth a look: a refusal that says nothing, a draft that cannot be read after its answers.
    said
        What the command printed.
    seconds
        Of the command.
    """

    kind: str
    questions: int = 0
    faults: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    said: str = ""
    asked: list[str] = field(default_factory=list)
    seconds: float = 0.0


@dataclass
class Drafted:
    """A card and its sheet as they lie in the folder, with what they leave open."""

    card: dict[str, Any]
    sheet: list[dict[str, str]] | None
    problems: tuple[Problem, ...]
    folder: Path
    covered: set[str] = field(default_factory=set)
    questions: list[str] = field(default_factory=list)


def name_keys(name: str) -> set[str]:
    """Forms of a feature's name that mean the same: members of groups, without versions, isoforms and brackets."""
    keys = set()
    for part in [name, *re.split(r"[;,]\s*", name)]:
        part = part.strip()
        keys |= {part, re.sub(r"(?<=\d)\.\d+$", "", part), re.sub(r"-\d+$", "", part)}
        if match := re.match(r"(?:sp|tr)\|([^|]+)\|(.+)$", part):
            keys |= {match[1], match[2]}
    return {key for key in keys if key}


def judge(written: Written, folder: Path) -> Verdict:
    """Add the files, read by the draft what it says can be read, and compare with the truth."""
    import time

    datasets = folder / "datasets"
    arguments = [str(path) for path in written.wanted]
    arguments += [part for path in written.sheets for part in ("--sheet", str(path))]
    arguments += ["--id", "mine", "--folder", str(datasets), *written.options]
    start = time.perf_counter()
    ran = run_add(arguments, folder)
    verdict = Verdict("right", said=ran.said, seconds=time.perf_counter() - start)
    if ran.failure == "hang":
        verdict.kind = "hang"
        return verdict
    if ran.failure and ran.code is None:
        verdict.kind = "crash"
        verdict.notes = [ran.failure.strip().splitlines()[-1]]
        verdict.said += ran.failure
        return verdict
    if not (datasets / "mine" / "card.yaml").is_file():
        verdict.kind = "refused"
        verdict.notes = _refusal(ran)
        return verdict
    drafted = load(datasets, folder)
    verdict.asked, verdict.questions = drafted.questions, len(drafted.questions)
    truth = written.truth
    faults, answered = compare_card(drafted, truth, ran.said), answer(drafted, truth)
    if answered:
        try:
            with time_limit(), contextlib.chdir(folder):  # what was taken out of an archive lies below it
                faults += compare_matrix(drafted, truth, ran.said, datasets, folder)
        except Hang:
            verdict.kind = "hang"
            return verdict
        except Problems as problems:
            text = "; ".join(f"{p.what} ({p.found}; {p.hint})" for p in problems.problems[:2])
            verdict.notes.append(f"cannot be read: {text[:300]}")
            if not drafted.covered:
                verdict.kind = "refused"
        except Exception:
            verdict.kind, verdict.said = "crash", verdict.said + traceback.format_exc()
            verdict.notes = ["when read: " + traceback.format_exc().strip().splitlines()[-1]]
            return verdict
    verdict.faults = [(fact, text) for fact, text in faults if fact not in drafted.covered]
    if verdict.faults:
        verdict.kind = "wrong in silence"
    elif verdict.questions and verdict.kind == "right":
        verdict.kind = "asked"
    return verdict


def _refusal(ran: Ran) -> list[str]:
    """What is said where nothing was drafted; a refusal without a hint is worth a look."""
    what = re.findall(r"^\[\d+\] (.*)$", ran.said, re.MULTILINE)
    hints = re.findall(r"^  hint: +(.*)$", ran.said, re.MULTILINE)
    found = re.findall(r"^  found: +(.*)$", ran.said, re.MULTILINE)
    notes = [f"{a}: {f[:120]} -> {h[:160]}" for a, f, h in zip(what, found, hints, strict=False)][:3]
    if not hints or any(not hint or hint == "see config/README.md" for hint in hints):
        notes.append("DEAD END: a refusal that does not say what to do")
    return notes or [ran.said[-300:]]


def load(datasets: Path, root: Path) -> Drafted:
    """The draft on disk, and what it asks."""
    folder = datasets / "mine"
    _, _, problems = load_dataset("mine", datasets.relative_to(root), root, "mine", 2)
    card = yaml.safe_load((folder / "card.yaml").read_text(encoding="utf-8"))
    sheet = None
    if (folder / "samples.tsv").is_file():
        header, *rows = [
            line.split("\t") for line in (folder / "samples.tsv").read_text(encoding="utf-8").splitlines()
        ]
        sheet = [dict(zip(header, row, strict=True)) for row in rows]
    drafted = Drafted(card, sheet, tuple(problems), folder)
    decisions: dict[str, str] = {}
    for problem in problems:
        key = _key_of(problem)
        text = f"{problem.what} {problem.found} {problem.hint}"
        decisions.setdefault(key, text)
        top = key.split(".")[0]
        drafted.covered |= KEYS.get(top, {top})
        drafted.covered |= {fact for fact, words in COVERS.items() if re.search(words, text, re.IGNORECASE)}
    drafted.questions = [f"{key}: {text[:110]}" for key, text in decisions.items()]
    return drafted


def _key_of(problem: Problem) -> str:
    """The decision that a problem is about: one for both ends of a contrast, one for all labels of a sex."""
    named = re.search(r"'([^']+)'", problem.what)
    key = named[1] if named else problem.what
    if key.startswith(("sex_labels", "columns")):
        return key.split(".")[0]
    return re.sub(r"^(contrasts)\..*$", r"\1", key)


def compare_card(drafted: Drafted, truth: Truth, said: str) -> list[tuple[str, str]]:
    """Facts of the card and the sheet."""
    from tests.intake.compare import compare_contrasts, compare_sheet

    card, faults = drafted.card, []
    for key in ("organism", "tissue", "compartment", "assay"):
        told, true = str(card.get(key)), getattr(truth, key)
        if true is None or is_undecided(told):
            continue
        if told != true:
            faults.append((key, f"{key} {told}, in truth {true or 'not told'}"))
    for fact in sorted(truth.must_ask - drafted.covered):
        if fact != "organism" or str(card.get("organism")) == truth.organism:
            faults.append((fact, f"{fact} is decided, though the files leave it open"))
    if truth.effects:
        return faults
    faults += compare_sheet(drafted, truth, said)
    faults += compare_contrasts(drafted, truth)
    return faults


def answer(drafted: Drafted, truth: Truth) -> bool:
    """Put true answers in the place of questions; False where one cannot be answered from here."""
    from tests.intake.compare import labels_of

    card = drafted.card
    for key in ("organism", "tissue", "compartment", "assay"):
        if is_undecided(card.get(key)):
            true = getattr(truth, key) or {"tissue": "liver", "compartment": "tissue"}.get(key)
            if not true:
                return False
            card[key] = true
            if key == "assay" and truth.scale == "counts":
                card.pop("values", None)  # was meant for intensities
    for key, value in list((card.get("values") or {}).items()):
        if is_undecided(value):
            answers = {"scale": truth.scale, "zero_is_missing": truth.zero_is_missing, "normalise": "none"}
            if answers.get(key, "") == "":
                return False
            card["values"][key] = answers[key]
    for label, value in (card.get("sex_labels") or {}).items():
        if is_undecided(value):
            card["sex_labels"][label] = {"1": "male", "2": "female"}.get(str(label), "female")
    by_name = {sample.name: sample for sample in truth.samples}
    for row in drafted.sheet or []:
        if not is_undecided(row.get("group", "")):
            continue
        known = [sample for name, sample in by_name.items() if row["sample"] in name or name in row["sample"]]
        row["group"] = " ".join(known[0].group) if known and known[0].group else "none"
    groups = labels_of(drafted)
    levels = sorted(set(groups.values()))
    for contrast in card.get("contrasts") or []:
        if any(is_undecided(value) for value in contrast.values()):
            if len(levels) < 2:
                return False
            contrast |= {"role": "other", "case": levels[1], "reference": levels[0]}
    text = yaml.safe_dump(card, sort_keys=False, allow_unicode=True)
    if "TODO" in text or any(is_undecided(cell) for row in drafted.sheet or [] for cell in row.values()):
        return False
    (drafted.folder / "card.yaml").write_text(text, encoding="utf-8")
    if drafted.sheet is not None:
        lines = [list(drafted.sheet[0]), *(list(row.values()) for row in drafted.sheet)]
        (drafted.folder / "samples.tsv").write_text(
            "".join("\t".join(line) + "\n" for line in lines), encoding="utf-8"
        )
    return True


def compare_matrix(
    drafted: Drafted, truth: Truth, said: str, datasets: Path, root: Path
) -> list[tuple[str, str]]:
    """Values, samples and features as the read stage gives them to the rest of the workflow."""
    from sevaxis.files.retrieve import retrieve
    from sevaxis.matrix.read import read
    from sevaxis.study.card import ReadCard, RetrieveCard

    from tests.intake.compare import compare_effects, compare_values

    card, sheet, problems = load_dataset("mine", datasets.relative_to(root), root, "mine", 2)
    if card is None:
        raise Problems(problems)
    data = root.resolve() / "retrieved"
    with contextlib.chdir(root):  # paths of a card are relative to the project, where the command ran
        retrieve(RetrieveCard.model_validate(card.part(RetrieveCard)), data, mirror=None, seed=1)
    adata = read(
        ReadCard.model_validate(card.part(ReadCard)),
        data,
        sheet=root / sheet if sheet else None,
        orthologs=None,
    )
    if truth.effects:
        return compare_effects(adata, truth, drafted.card)
    return compare_values(adata, truth, said + _kept_out(drafted))


def _kept_out(drafted: Drafted) -> str:
    return " ".join(f"{name}: {why}" for name, why in (drafted.card.get("exclude") or {}).items())


def summary(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """Number of cases in each class."""
    counts = dict.fromkeys(CLASSES, 0)
    for verdict in verdicts:
        counts[verdict.kind] += 1
    return counts
