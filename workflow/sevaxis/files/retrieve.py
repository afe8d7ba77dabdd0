"""The first room: the files of a data set, in their folder, with the right bytes.

A file comes from the first place that has it: its own final place, the user's own path, the mirror folder, the
network. Wherever it comes from, its checksum is verified before it takes its name.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from sevaxis.base.problems import Problem, Problems, nearest
from sevaxis.files.http import CHUNK, PATIENT, Failure, Patience
from sevaxis.files.mirror import Mirror, checksum
from sevaxis.files.transfer import download, forget
from sevaxis.study.card import RetrieveCard
from sevaxis.study.source import Source

if TYPE_CHECKING:
    from sevaxis.study.study import Study


@dataclass(frozen=True)
class Wanted:
    """A file of a data set and where it would come from.

    Attributes
    ----------
    dataset, source
        Whose file, and what its card says of it.
    place
        Where it belongs.
    origin
        ``present``, ``own file``, ``mirror``, ``simulated``, ``network``, or ``missing`` (an own file that is not
        where the card says).
    """

    dataset: str
    source: Source
    place: Path
    origin: Literal["present", "own file", "mirror", "simulated", "network", "missing"]


def retrieve(
    card: RetrieveCard, folder: Path, *, mirror: Path | None, seed: int, patience: Patience = PATIENT
) -> list[dict[str, Any]]:
    """Bring all files of a data set into its folder.

    Parameters
    ----------
    card
        What the card says of the files.
    folder
        ``data/<id>``; made where missing.
    mirror
        Folder that is asked before the network.
    seed
        Seed of the simulation, for files that the card calls simulated.
    patience
        How long and how often the network is tried.

    Returns
    -------
    One dict per file, in the card's order: ``name``, ``sha256``, ``bytes``.

    Raises
    ------
    Problems
        Files that could not be had, each with the reason; those without a network in one problem that tells where
        to put them.
    """
    served = Mirror(mirror) if mirror is not None else None
    problems: list[Problem] = []
    if any(source.simulated for source in card.files):
        _simulate(card, folder, seed)
    unreachable: dict[str, str] = {}
    records: list[dict[str, Any]] = []
    offline: list[tuple[Source, Path]] = []
    for source in card.files:
        place = folder / source.name
        host = urlsplit(source.url or "").hostname
        try:
            if source.simulated:
                found = checksum(place)
            else:
                found = _bring(source, place, served, card.id, patience, unreachable.get(host))
            records.append({"name": source.name, "sha256": found, "bytes": place.stat().st_size})
        except Failure as failure:
            if failure.kind == "unreachable":
                unreachable[host] = failure.reason
                offline.append((source, place))
            else:
                problems.append(_problem_of_failure(card.id, source, failure))
        except OSError as error:
            problems.append(_problem_of_system(card.id, source, error))
        except Problems as found:
            problems += found.problems
    if offline:
        reasons = "; ".join(unreachable.values())
        problems.append(_problem_of_network(card.id, offline, mirror, reasons))
    if problems:
        raise Problems(problems)
    return records


def fetch_file(
    source: Source, destination: Path, *, mirror: Path | None, patience: Patience = PATIENT
) -> Path:
    """Bring one file that belongs to no data set (an ortholog table) to its place, and return the place.

    Raises
    ------
    Problems
        The file could not be had.
    """
    owner = destination.parent.name
    try:
        served = Mirror(mirror) if mirror is not None else None
        _bring(source, destination, served, owner, patience, None)
    except Failure as failure:
        if failure.kind == "unreachable":
            wanted = [(source, destination)]
            raise Problems([_problem_of_network(owner, wanted, mirror, failure.reason)]) from failure
        raise Problems([_problem_of_failure(owner, source, failure)]) from failure
    except OSError as error:
        raise Problems([_problem_of_system(owner, source, error)]) from error
    return destination


def locate(cards: Iterable[RetrieveCard], data_folder: Path, *, mirror: Path | None) -> list[Wanted]:
    """Tell for all files of a study where they are or would come from, without reading or asking for any.

    Ortholog tables can be asked for as the files of a ``RetrieveCard`` of their own. A file counts as present, or as
    served by the mirror, by its name and its size where the card tells it, or by the manifest; checksums are verified
    when it is retrieved.

    Raises
    ------
    Problems
        The mirror folder does not exist.
    """
    served = Mirror(mirror) if mirror is not None else None
    wanted = []
    for card in cards:
        for source in card.files:
            place = data_folder / card.id / source.name
            if source.simulated:
                origin = "present" if place.is_file() else "simulated"
            elif _looks_right(place, source):
                origin = "present"
            elif source.path is not None:
                origin = "own file" if Path(source.path).is_file() else "missing"
            elif served and any(_looks_right(path, source) for path in _candidates(served, source, card.id)):
                origin = "mirror"
            else:
                origin = "network"
            wanted.append(Wanted(card.id, source, place, origin))
    return wanted


def find_here(card: RetrieveCard, data_folder: Path, mirror: Path | None) -> dict[str, Path] | None:
    """Name of each file of a data set -> where its bytes are; None where one of them would have to be fetched."""
    served = Mirror(mirror) if mirror is not None else None
    found = {}
    for source in card.files:
        places = [data_folder / card.id / source.name]
        places += [Path(source.path)] if source.path is not None else []
        places += _candidates(served, source, card.id) if served and source.path is None else []
        here = next((place for place in places if _looks_right(place, source)), None)
        if here is None:
            return None
        found[source.name] = here
    return found


def tell_wanted(study: Study, *, mirror: Path | None = None) -> str:
    """Every file of a study that is not here yet: address, checksum, and where to put it.

    Parameters
    ----------
    study
        A validated study.
    mirror
        Folder that serves files instead of the network.
    """
    settings = study.configuration
    tables = tuple(settings.orthologs.values())
    shared = {"orthologs": tables, "identifiers": study.identifiers.sources}
    cards = [*study.cards.values(), *(RetrieveCard(id=name, files=of) for name, of in shared.items() if of)]
    wanted = locate(cards, Path(settings.data_folder), mirror=mirror)
    wanted = {file.place: file for file in wanted if file.origin in ("network", "missing")}
    if not wanted:
        return "Every file is here, or in the mirror, or made here."
    lines = [f"{len(wanted)} files are not here yet:"]
    for place, file in wanted.items():
        lines += [
            f"  {place}",
            f"    from:   {file.source.url or file.source.path}",
            f"    sha256: {file.source.sha256 or 'any'}",
        ]
    hint = (
        "Put them where the list says, or into a folder with a MANIFEST.tsv, and name it with MIRROR=folder."
    )
    return "\n".join([*lines, hint])


def _looks_right(path: Path, source: Source) -> bool:
    return path.is_file() and source.bytes in (None, path.stat().st_size)


def _candidates(mirror: Mirror, source: Source, owner: str) -> Iterable[Path]:
    """Files of the mirror that may be the wanted one: under the name in the card, then under that in the address."""
    yield from mirror.find(source.name, source.sha256, dataset=owner)
    yield from mirror.find(
        urlsplit(source.url or "").path.rpartition("/")[2] or source.name, None, dataset=owner
    )


def _bring(
    source: Source,
    place: Path,
    mirror: Mirror | None,
    owner: str,
    patience: Patience,
    unreachable: str | None,
) -> str:
    """Bring one file to its place and return its checksum, or raise Failure, OSError or Problems.

    ``unreachable`` is why the host has just been found out of reach: it is not tried again.
    """
    if source.simulated:
        raise Problems([_problem_of_simulation(owner, source, set())])
    wanted = source.sha256
    if source.path is not None:
        wanted = checksum(Path(source.path))
        if source.sha256 not in (None, wanted):
            raise Problems([_problem_of_own_file(owner, source, wanted)])
    if place.is_file() and checksum(place) == wanted:
        return wanted
    if source.path is not None and _copy(Path(source.path), place, wanted):
        return wanted
    if mirror is not None and any(_copy(path, place, wanted) for path in _candidates(mirror, source, owner)):
        return wanted
    if unreachable:
        raise Failure("unreachable", source.url, unreachable)
    return download(source.url, place, sha256=wanted, size=source.bytes, patience=patience)[0]


def _copy(path: Path, place: Path, sha256: str) -> bool:
    """Copy a file if its bytes have the checksum; a copy, since a link would let later edits reach the original."""
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(place.name + ".copy.part")
    digest = hashlib.sha256()
    with path.open("rb") as source, part.open("wb") as target:
        while piece := source.read(CHUNK):
            digest.update(piece)
            target.write(piece)
        target.flush()
        os.fsync(target.fileno())
    if digest.hexdigest() != sha256:
        part.unlink()
        return False
    part.replace(place)
    forget(place)
    return True


def _simulate(card: RetrieveCard, folder: Path, seed: int) -> None:
    """Write the simulated files of a data set; each takes its name only when all are written."""
    from sevaxis.demo import write_dataset

    wanted = [source for source in card.files if source.simulated]
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="simulated-", suffix=".part") as scratch:
        try:
            paths = write_dataset(card.id, Path(scratch), seed)
        except ValueError as error:  # none of the demo's data sets
            problems = [_problem_of_simulation(card.id, source, set()) for source in wanted]
            raise Problems(problems) from error
        written = {path.relative_to(scratch).as_posix(): path for path in paths}
        unknown = [source for source in wanted if source.name not in written]
        if unknown:
            raise Problems(_problem_of_simulation(card.id, source, set(written)) for source in unknown)
        for source in wanted:
            place = folder / source.name
            place.parent.mkdir(parents=True, exist_ok=True)
            written[source.name].replace(place)


def _problem_of_network(
    owner: str, wanted: list[tuple[Source, Path]], mirror: Path | None, reason: str
) -> Problem:
    """One problem for all files that need a network which is not there."""
    shelf = mirror if mirror is not None else Path("MIRROR")
    lines = []
    for source, place in wanted:
        lines += [
            source.name,
            f"  url:    {source.url}",
            f"  sha256: {source.sha256}" + (f" ({source.bytes} bytes)" if source.bytes else ""),
            f"  put to: {place}",
            f"      or: {shelf / owner / source.name}",
        ]
    indent = "\n           "
    count = "1 file" if len(wanted) == 1 else f"{len(wanted)} files"
    return Problem(
        f"No network for {count} of {owner}"
        + ("" if mirror is None else ", and the mirror does not have them"),
        f"data set {owner}",
        reason + indent + indent.join(lines),
        "a connection to the hosts above, or the files in their place or in a mirror folder, with these checksums",
        "fetch them on a machine with a network (curl -L -o NAME URL), put them where the list says, and run again"
        + (
            ""
            if mirror is not None
            else "; MIRROR=folder (or `mirror:` in the configuration) names the folder"
        ),
    )


def _problem_of_failure(owner: str, source: Source, failure: Failure) -> Problem:
    where = f"data set {owner}, file {source.name}: {source.url}"
    match failure.kind:
        case "changed":
            return Problem(
                f"The public file '{source.name}' is not the one that the card describes",
                where,
                failure.reason,
                f"sha256 {source.sha256}",
                "it was replaced by its publisher, or the card's sha256 is mistyped: look at the new file before you "
                "correct the card, or serve the old one from a mirror folder",
            )
        case "refused":
            return Problem(
                f"The file '{source.name}' cannot be had from its address",
                where,
                failure.reason,
                "an https address that gives the file without a login",
                "open the address in a browser, correct `url:` in the card, or serve the file from a mirror folder",
            )
        case _:
            return Problem(
                f"The file '{source.name}' did not arrive",
                where,
                failure.reason,
                "the whole file, with the card's checksum",
                "run again later: what has arrived is kept in a .part file and continued",
            )


def _problem_of_own_file(owner: str, source: Source, found: str) -> Problem:
    return Problem(
        f"Your file '{source.path}' is not the one that the card describes",
        f"data set {owner}, file {source.name}",
        f"sha256 {found}",
        f"sha256 {source.sha256}",
        "correct `sha256:` in the card, or delete that line if the file may change",
    )


def _problem_of_system(owner: str, source: Source, error: OSError) -> Problem:
    return Problem(
        f"The file '{source.name}' cannot be read or written",
        f"data set {owner}, file {source.name}",
        f"{error.strerror or error}: {error.filename or source.path or source.name}",
        "a readable file, a writable folder and room on the disk",
        "check the name, the rights (ls -l) and the free space (df -h)",
    )


def _problem_of_simulation(owner: str, source: Source, written: set[str]) -> Problem:
    return Problem(
        f"The simulation of {owner} writes no file '{source.name}'",
        f"data set {owner}, file {source.name}",
        source.name,
        ", ".join(sorted(written)) or "url or path",
        nearest(source.name, written) if written else "only the demo's data sets are simulated",
    )
