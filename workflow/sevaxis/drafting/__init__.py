"""`sevaxis add`: from an accession, an address or files to the draft of a card, with the evidence for every line.

The order: gather the files, recognise each by its content, read what holds values through its real reader, find the
annotation that describes the samples, propose, write. Nothing is believed because of a file's name, nothing is
overwritten, and what cannot be decided stands in the draft as ``TODO`` with the reason, which ``sevaxis check``
repeats.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from sevaxis.base.problems import Problem, refuse
from sevaxis.drafting.dialogue import settle
from sevaxis.drafting.draft import draft
from sevaxis.drafting.files import gather
from sevaxis.drafting.texts import Draft, card_text, sheet_text
from sevaxis.drafting.wishes import NOTHING_SAID, Wishes
from sevaxis.files.repositories.remote import PUBLIC, Addresses
from sevaxis.study.card import Card
from sevaxis.study.study import load_dataset


@dataclass
class Added:
    """What `sevaxis add` made.

    Attributes
    ----------
    folder
        Of the data set; not written in a dry run.
    card, sheet
        Texts of the two files; no sheet for published results.
    evidence
        What is proposed and why, a line each.
    open
        What is still to decide, as ``sevaxis check`` will say it.
    preview
        First lines of what was read.
    stops
        What would stop a job of the data set as it is drafted.
    rehearsed
        What reading, assessing and comparing it said.
    """

    folder: Path
    card: str
    sheet: str | None
    evidence: list[str]
    open: tuple[Problem, ...]
    preview: list[str] = field(default_factory=list)
    stops: tuple[Problem, ...] = ()
    rehearsed: list[str] = field(default_factory=list)

    def tell(self, *, dry_run: bool = False) -> list[str]:
        """Lines for the user: the evidence, the files in a dry run, what was written, what is to decide, what next."""
        lines = ["What was read:", *(f"  {line}" for line in self.preview), ""] if self.preview else []
        lines += ["What the draft rests on:", *(f"  {line}" for line in self.evidence)]
        if dry_run:
            lines += ["", f"--- {self.folder}/card.yaml", self.card]
            lines += [f"--- {self.folder}/samples.tsv", self.sheet] if self.sheet else []
        files = "card.yaml and samples.tsv" if self.sheet else "card.yaml"
        lines += ["", f"{'Would write' if dry_run else 'Written'}: {files} in {self.folder}"]
        if self.open:
            lines.append("Still to decide:")
            lines += [f"  {problem.where}: {problem.what}: {problem.hint}" for problem in self.open]
            lines.append("Then `sevaxis check --files` reads the data set and says what would stop a job.")
        else:
            lines.append("Nothing is left to decide; read the comments in the card, each line is a proposal.")
        lines += self.rehearsed
        if self.stops:
            lines.append("This would stop a job:")
            lines += [f"  {line}" for problem in self.stops for line in str(problem).splitlines()]
        lines.append(
            f"Next: name '{self.folder.name}' under `datasets` of a study, then: sevaxis check config/mine.yaml"
        )
        return lines


def add(
    wanted: list[str],
    *,
    id: str | None = None,
    sheets: list[Path] | None = None,
    mirror: Path | None = None,
    folder: Path = Path("config/datasets"),
    data: Path = Path("data"),
    dry_run: bool = False,
    addresses: Addresses = PUBLIC,
    wishes: Wishes = NOTHING_SAID,
    yes: bool = False,
    ask: Callable[[str], str] | None = None,
    rehearse: Callable[[Card, dict[str, Path], Path | None], tuple[list[Problem], list[str]]] | None = None,
) -> Added:
    """Draft the card of a data set.

    Parameters
    ----------
    wanted
        Accessions, addresses or files, all of one data set.
    id
        Id of the data set; made of the accession or of the first file's name where missing.
    sheets
        Files with annotation of the samples that the card itself does not need.
    mirror
        Folder that is asked before the network.
    folder
        Of the data sets.
    data
        Where retrieved files are kept; downloads go to ``<data>/<id>``, where the workflow finds them.
    dry_run
        Write nothing (downloads go to a temporary folder).
    addresses
        Where the repositories answer.
    wishes
        What the user says of the data set.
    yes
        Take the proposals for what is open.
    ask
        Gives the user's answer to a prompt; nobody is asked where it is missing.
    rehearse
        Tries a card where nothing is open (:func:`sevaxis.rehearsal.rehearse`): called with the card, the places of its
        files and the sheet.

    Raises
    ------
    Problems
        Files that cannot be had or read, a folder that exists already.
    """
    named = id or _id_of(wanted[0])
    target = folder / named
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_]{0,59}", named):
        hint = "letters, digits and _, such as --id my_muscle"
        refuse(
            "This cannot be the id of a data set",
            where="--id",
            found=named,
            allowed="letters, digits and _",
            hint=hint,
        )
    if target.exists():
        hint = "choose another --id; a card that exists is never overwritten"
        refuse(
            "There is such a data set already",
            where=str(target),
            found=named,
            allowed="a new folder",
            hint=hint,
        )
    missing = [str(path) for path in sheets or [] if not path.is_file()]
    if missing:
        refuse(
            "There is no such sheet",
            where="--sheet",
            found=", ".join(missing),
            allowed="a file",
            hint="check the path",
        )
    with tempfile.TemporaryDirectory(prefix="sevaxis-add-") as scratch:
        place = Path(scratch) / "data" if dry_run else data / named
        gathered, accession = gather(wanted, place, mirror=mirror, addresses=addresses)
        drafted = draft(named, gathered, accession, sheets or [], wishes)
        for key in ("title", "citation", "licence"):
            if key in wishes.facts:
                setattr(drafted, key, wishes.facts[key])
                drafted.evidence.pop(key, None)
        if yes or ask is not None:
            settle(drafted, None if yes else ask)
        _settle_paths(drafted, place, data / named)
        texts = card_text(drafted), None if drafted.sheet is None else sheet_text(drafted.sheet)
        trial = Path(scratch) / "datasets" / named
        trial.mkdir(parents=True)
        (trial / "card.yaml").write_text(texts[0], encoding="utf-8")
        if texts[1] is not None:
            (trial / "samples.tsv").write_text(texts[1], encoding="utf-8")
        card, _, problems = load_dataset(named, Path("datasets"), Path(scratch), str(target), 2, look=False)
        if not dry_run:
            target.mkdir(parents=True)
            for path in trial.iterdir():
                (target / path.name).write_bytes(path.read_bytes())
        stops: list[Problem] = []
        rehearsed: list[str] = []
        if drafted.excerpts:
            whole = "`sevaxis check --files` reads all of it and says what would stop a job"
            rehearsed = [f"{', '.join(drafted.excerpts)} was read in part: {whole}."]
        elif card is not None and not problems and rehearse is not None:
            places = {one.name: one.local for one in gathered}
            sheet = trial / "samples.tsv" if texts[1] is not None else None
            stops, rehearsed = rehearse(card, {file.name: places[file.name] for file in card.files}, sheet)
    problems = [replace(p, where=p.where.replace("datasets/", f"{folder}/", 1)) for p in problems]
    evidence = _lines(drafted.evidence)
    return Added(target, *texts, evidence, tuple(problems), drafted.preview, tuple(stops), rehearsed)


def _lines(evidence: dict[str, str]) -> list[str]:
    """A line for each decision; files of which the same is said share one."""
    files: dict[str, list[str]] = {}
    for key, text in evidence.items():
        if key.startswith("file "):
            files.setdefault(text, []).append(key.removeprefix("file "))
    lines = []
    for key, text in evidence.items():
        names = files.get(text, []) if key.startswith("file ") else []
        if len(names) > 3 and key == f"file {names[0]}":
            lines.append(f"{len(names)} files, {', '.join(names[:3])}, ...: {text}")
        elif len(names) <= 3:
            lines.append(f"{key}: {text}")
    return lines


def _settle_paths(drafted: Draft, now: Path, then: Path) -> None:
    """Files that were taken out of an archive lie where the workflow finds them, also after a dry run."""
    for file in drafted.files:
        if file.get("path") and Path(file["path"]).is_relative_to(now):
            file["path"] = str(then / Path(file["path"]).relative_to(now))


def _id_of(text: str) -> str:
    stem = re.split(r"[\\/]", text.strip().rstrip("/"))[-1]
    stem = re.sub(
        r"(\.(gz|bz2|xz|csv|tsv|txt|xlsx|xls|rda|rds|RData|h5|h5ad|feather|parquet|tab|out|soft|pg_matrix|zip|tar|tgz))+$",
        "",
        stem,
        flags=re.I,
    )
    return re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_")[:60] or "dataset"
