"""The files that a draft is about: from the user's disk, a mirror, an address, or the repository of an accession."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from sevaxis.base.problems import Problem, Problems, refuse
from sevaxis.drafting.bundles import is_archive, open_bundle
from sevaxis.drafting.formats import recognise
from sevaxis.files.archives import is_plain
from sevaxis.files.http import PATIENT, Failure
from sevaxis.files.mirror import MANIFEST, checksum
from sevaxis.files.progress import say
from sevaxis.files.repositories.accessions import is_accession, resolve
from sevaxis.files.repositories.geo import extract_samples
from sevaxis.files.repositories.remote import PUBLIC, Addresses, RemoteFile
from sevaxis.files.transfer import download

#: A draft downloads no more than this; larger things are for the user to choose.
MOST_FILES, MOST_BYTES = 40, 5 * 10**9
#: Of several supplementary tables: those that count models cannot use, where another can be had.
NOT_COUNTS = re.compile(r"(fpkm|rpkm|tpm|cpm|normali[sz]ed|vst|rlog)", re.IGNORECASE)


@dataclass(frozen=True)
class Gathered:
    """One file, here.

    Attributes
    ----------
    name
        Its name in the card.
    local
        Where its bytes are now.
    sha256, bytes
        Of its bytes.
    url, path
        What the card says of its origin: one of the two.
    licence
        Where the mirror's manifest says it.
    bundle
        Folder or archive that it was found in, which may hold files that are none of the data set's.
    beside
        Names of files of the bundle that are no data.
    """

    name: str
    local: Path
    sha256: str
    bytes: int
    url: str | None = None
    path: str | None = None
    licence: str = ""
    bundle: str = ""
    beside: tuple[str, ...] = ()

    def entry(self, reader: str | None, options: dict[str, Any]) -> dict[str, Any]:
        """The file as a card lists it."""
        entry: dict[str, Any] = {"name": self.name, "url": self.url, "path": self.path, "sha256": self.sha256}
        return entry | {"bytes": self.bytes, "reader": reader, "options": options}


def gather(
    wanted: list[str], folder: Path, *, mirror: Path | None = None, addresses: Addresses = PUBLIC
) -> tuple[list[Gathered], str]:
    """Bring everything that the user named.

    Parameters
    ----------
    wanted
        Accessions, addresses, paths.
    folder
        Where downloads go.
    mirror
        Folder that is asked before the network.
    addresses
        Where the repositories answer.

    Returns
    -------
    The files, in order, and the accession where one was named.

    Raises
    ------
    Problems
        Everything that could not be had.
    """
    shelf = _Shelf(mirror)
    problems: list[Problem] = []
    found: list[Gathered] = []
    accession = ""
    for text in wanted:
        try:
            if is_accession(text) and not Path(text).exists():
                accession = text.strip().upper()
                found += shelf.of_accession(accession) or _of_repository(accession, folder, addresses)
            elif re.match(r"[a-z]+://", text, re.IGNORECASE):
                found.append(shelf.of_address(text) or _fetch(_named(text), folder, addresses))
            elif Path(text).is_dir() or (Path(text).is_file() and is_archive(Path(text))):
                found += _bundled(Path(text), folder, shelf)
            else:
                found.append(_own(Path(text), shelf))
        except Problems as raised:
            problems += raised.problems
    names = [one.name for one in found]
    for name in sorted({name for name in names if names.count(name) > 1}):
        hint = "rename one of them, or add them as two data sets"
        problems.append(Problem("Two files have one name", "sevaxis add", name, "a name for each", hint))
    if problems:
        raise Problems(problems)
    return found, accession


class _Shelf:
    """The mirror folder with its manifest, which knows addresses and licences."""

    def __init__(self, folder: Path | None):
        self.folder = folder
        self.rows: list[dict[str, str]] = []
        if folder is not None and not folder.is_dir():
            hint = "correct --mirror"
            refuse(
                "The mirror folder does not exist",
                where="--mirror",
                found=str(folder),
                allowed="a folder",
                hint=hint,
            )
        if folder is not None and (folder / MANIFEST).is_file():
            with (folder / MANIFEST).open(encoding="utf-8-sig", newline="") as lines:
                self.rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))

    def of_accession(self, accession: str) -> list[Gathered]:
        """Files whose path names an accession: those of the manifest, else any in the folder."""
        pattern = re.compile(rf"(?<![A-Za-z0-9]){re.escape(accession)}(?!\d)", re.IGNORECASE)
        named = [r for r in self.rows if pattern.search((r.get("path") or "").replace("_", " "))]
        found = [self._gathered(row) for row in named if (self.folder / row["path"]).is_file()]
        if self.folder is not None and not found:
            paths = [path for path in sorted(self.folder.rglob("*")) if path.is_file()]
            names = {path: str(path.relative_to(self.folder)).replace("_", " ") for path in paths}
            found = [replace(_local(path), path=str(path)) for path in paths if pattern.search(names[path])]
        if found:
            say(f"{accession}: {len(found)} files of the mirror {self.folder}")
        return found

    def of_address(self, url: str) -> Gathered | None:
        """The file of an address: by the manifest, else by its name."""
        if self.folder is None:
            return None
        for row in self.rows:
            if row.get("url") == url and (self.folder / row["path"]).is_file():
                return self._gathered(row)
        name = _named(url).name
        path = next((path for path in sorted(self.folder.rglob(name)) if path.is_file()), None)
        return replace(_local(path), url=url) if path else None

    def origin(self, sha256: str) -> dict[str, str]:
        """Row of the manifest with this checksum, empty where there is none."""
        return next((row for row in self.rows if row.get("sha256") == sha256 and row.get("url")), {})

    def _gathered(self, row: dict[str, str]) -> Gathered:
        path = self.folder / row["path"]
        one = _local(path)
        origin = {"url": row["url"]} if row.get("url") else {"path": str(path)}
        return replace(one, **origin, licence=row.get("licence") or "")


def _own(path: Path, shelf: _Shelf) -> Gathered:
    """A file of the user's; the address that a manifest knows for its bytes makes a card that others can run."""
    if not path.is_file():
        found = "no such file"
        hint = "check the path; accessions are GSE..., PXD..., E-MTAB-..."
        refuse(
            "This cannot be added",
            where=str(path),
            found=found,
            allowed="an accession, an https address, a file, a folder or an archive",
            hint=hint,
        )
    one = _local(path)
    row = shelf.origin(one.sha256)
    return (
        replace(one, url=row["url"], licence=row.get("licence") or "")
        if row
        else replace(one, path=str(path))
    )


def _bundled(path: Path, folder: Path, shelf: _Shelf) -> list[Gathered]:
    """Files of a folder or an archive; an archive is taken apart where downloads go."""
    members, beside = open_bundle(path, folder)
    return [
        replace(_own(one, shelf), name=name, bundle=str(path), beside=tuple(beside)) for one, name in members
    ]


def _local(path: Path) -> Gathered:
    return Gathered(path.name, path, checksum(path), path.stat().st_size)


def _named(url: str) -> RemoteFile:
    name = unquote(urlsplit(url).path.rpartition("/")[2])
    if not is_plain(name):
        hint = "download it yourself and give its path"
        refuse(
            "The address has no usable file name",
            where=url,
            found=name or "nothing",
            allowed="a file",
            hint=hint,
        )
    return RemoteFile(name, url, None, None, "table")


def _fetch(file: RemoteFile, folder: Path, addresses: Addresses) -> Gathered:
    patience = PATIENT if addresses is PUBLIC else addresses.patience
    try:
        sha256, size = download(file.url, folder / file.name, size=file.bytes, patience=patience)
    except Failure as failure:
        hint = "check the address and the connection; or download the file yourself and give its path"
        raise Problems(
            [
                Problem(
                    f"{file.name} cannot be had",
                    failure.url,
                    failure.reason,
                    "an https address that answers",
                    hint,
                )
            ]
        ) from failure
    return Gathered(file.name, folder / file.name, sha256, size, url=file.url)


def _of_repository(accession: str, folder: Path, addresses: Addresses) -> list[Gathered]:
    """Annotation and tables of an accession; the members of a ``_RAW.tar`` by their own addresses."""
    files = resolve(accession, addresses=addresses)
    kinds = {
        kind: [file for file in files if file.kind == kind]
        for kind in ("samples", "series_matrix", "counts", "table", "archive")
    }
    tables = [file for file in kinds["table"] if not NOT_COUNTS.search(file.name)] or kinds["table"]
    archives = [file for file in kinds["archive"] if file.name.endswith("_RAW.tar")]
    chosen = kinds["samples"] + kinds["series_matrix"] + (tables or ([] if archives else kinds["counts"]))
    size = sum(file.bytes or 0 for file in chosen + (archives if not tables else []))
    left = [file.name for file in files if file not in chosen and file not in archives]
    if len(chosen) > MOST_FILES or size > MOST_BYTES or not (tables or archives or chosen):
        listed = ", ".join(file.name for file in files[:30])
        found = f"{len(files)} files: {listed}"
        hint = "name one: sevaxis add URL, with its address; archives must be taken apart first"
        refuse(
            f"Which files of {accession} hold the data is not clear",
            where=accession,
            found=found,
            allowed="a few tables",
            hint=hint,
        )
    say(
        f"{accession}: {', '.join(file.name for file in chosen)}"
        + (f"; not taken: {', '.join(left[:8])}" if left else "")
    )
    found = [_fetch(file, folder, addresses) for file in chosen]
    has_values = any(recognise(one.local)[0].content == "matrix" for one in found)
    for archive in archives if not has_values else []:
        found += _members(_fetch(archive, folder, addresses), folder, addresses)
    return found


def _members(archive: Gathered, folder: Path, addresses: Addresses) -> list[Gathered]:
    """Tables of single samples in a ``_RAW.tar``; GEO serves each of them under the sample's own address, too."""
    place = folder / archive.name.removesuffix(".tar")
    if not place.is_dir():
        extract_samples(archive.local, place)
    base = addresses.geo.removesuffix("/series")
    found = []
    for path in sorted(place.rglob("GSM*")):
        sample = re.match(r"GSM(\d+)", path.name)
        if sample and path.is_file():
            url = f"{base}/samples/GSM{sample[1][:-3]}nnn/{sample[0]}/suppl/{path.name}"
            found.append(replace(_local(path), url=url))
    return found
