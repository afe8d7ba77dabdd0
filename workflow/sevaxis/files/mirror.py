"""A folder that serves files instead of the network: for nodes without internet, and to spare the public servers.

Its optional ``MANIFEST.tsv`` (columns path, bytes, sha256, url, licence; paths relative to the folder) says which file
has which checksum. Files that it does not list are found by name: first under ``<data set>/``, then at the top,
then anywhere. What is found by name is believed only once its checksum is right. Nothing is ever written there.
"""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath

from sevaxis.base.problems import refuse

MANIFEST = "MANIFEST.tsv"


class Mirror:
    """Files of a mirror folder.

    Parameters
    ----------
    folder
        The folder.

    Raises
    ------
    Problems
        There is no such folder.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        if not folder.is_dir():
            refuse(
                "The mirror folder does not exist",
                where="mirror",
                found=str(folder),
                allowed="a folder with the wanted files",
                hint="correct `mirror:` in the configuration (or MIRROR=), or leave it out to use the network",
            )

    def find(self, name: str, sha256: str | None, *, dataset: str = "") -> Iterator[Path]:
        """Candidates for a file, likeliest first; the caller verifies their checksums.

        Parameters
        ----------
        name
            File name, or relative path, as the card has it.
        sha256
            Checksum that the manifest may list.
        dataset
            The data set's id, name of the subfolder to look in first.
        """
        if sha256:
            yield from self._by_checksum.get(sha256, ())
        yield from (path for path in (self.folder / dataset / name, self.folder / name) if path.is_file())
        yield from self._by_name.get(PurePosixPath(name).name, ())

    @cached_property
    def _by_checksum(self) -> dict[str, list[Path]]:
        """Checksum -> files of the manifest that exist; lines without path or checksum count for nothing."""
        found: dict[str, list[Path]] = defaultdict(list)
        manifest = self.folder / MANIFEST
        if manifest.is_file():
            with manifest.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
                for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
                    path, sha256 = (row.get("path") or "").strip(), (row.get("sha256") or "").strip().lower()
                    inside = (
                        path
                        and not PurePosixPath(path).is_absolute()
                        and ".." not in PurePosixPath(path).parts
                    )
                    if inside and sha256 and (self.folder / path).is_file():
                        found[sha256].append(self.folder / path)
        return found

    @cached_property
    def _by_name(self) -> dict[str, list[Path]]:
        """File name -> all files of that name, in a stable order."""
        found: dict[str, list[Path]] = defaultdict(list)
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                found[path.name].append(path)
        return found


def checksum(path: Path) -> str:
    """Sha256 of a file's bytes, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
