"""Archives from elsewhere, taken apart with care.

Nothing is written outside the given folder, links and devices are refused, and size, ratio and number of members are
bounded before anything is believed. A folder appears when all its members are there, or not at all.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from sevaxis.base.problems import Problem, Problems

CHUNK = 1 << 20
#: First bytes of a file -> what opens it.
COMPRESSIONS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
BROKEN = (
    EOFError,
    OSError,
    RuntimeError,
    NotImplementedError,
    ValueError,
    zlib.error,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
)


@dataclass(frozen=True)
class Limits:
    """What an archive may be.

    Attributes
    ----------
    members
        Most members.
    bytes
        Most bytes of all members together.
    ratio
        Most bytes out per byte in; tables of counts compress up to about fifty-fold, deflate can reach 1,000.
    unsuspicious
        Bytes below which the ratio does not matter.
    """

    members: int = 20_000
    bytes: int = 50 * 10**9
    ratio: float = 250.0
    unsuspicious: int = 100 * 10**6


GENEROUS = Limits()


class _Refusal(Exception):
    """What is wrong with an archive."""


def is_plain(name: str) -> bool:
    """Whether a name from elsewhere may become a path below a folder of ours."""
    parts = PurePosixPath(name).parts
    return bool(parts) and not (
        name.startswith(("/", "~", "-")) or ".." in parts or re.search(r"[\\:\x00-\x1f\x7f]", name)
    )


def extract(archive: Path, folder: Path, *, limits: Limits = GENEROUS) -> list[Path]:
    """Take all files out of a tar (compressed or not) or zip.

    Parameters
    ----------
    archive
        The archive; its kind is told by its content.
    folder
        A folder that does not exist yet.
    limits
        What the archive may be.

    Returns
    -------
    The files, sorted.

    Raises
    ------
    Problems
        The archive is broken or unsafe; the folder does not exist then.
    """
    if folder.exists():
        raise Problems([_problem(archive, f"its folder {folder} is already there")])
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-", suffix=".part") as scratch:
        inside = Path(scratch) / "members"
        inside.mkdir()
        try:
            budget = _Budget(limits, archive.stat().st_size)
            members = (
                _zip_members(archive, budget)
                if zipfile.is_zipfile(archive)
                else _tar_members(archive, budget)
            )
            seen: set[str] = set()
            for name, content in members:
                # Names that differ only in case would overwrite each other on some file systems.
                if not is_plain(name) or name.lower() in seen:
                    raise _Refusal(f"a member named {name!r:.200}")
                seen.add(name.lower())
                target = inside / name
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("xb") as file:
                    shutil.copyfileobj(content, file, CHUNK)
        except _Refusal as refusal:
            raise Problems([_problem(archive, str(refusal))]) from refusal
        except BROKEN as error:
            raise Problems([_problem(archive, f"it cannot be read to its end ({error!s:.200})")]) from error
        inside.rename(folder)
    return sorted(path for path in folder.rglob("*") if path.is_file())


class _Budget:
    """Bytes and members that may still come out of an archive of a size."""

    def __init__(self, limits: Limits, size: int):
        self.limits, self.size, self.bytes, self.members = limits, size, 0, 0

    def spend(self, count: int) -> None:
        self.bytes += count
        if self.bytes > self.limits.bytes:
            raise _Refusal(f"more than {self.limits.bytes} bytes inside")
        if self.bytes > max(self.limits.unsuspicious, self.limits.ratio * self.size):
            raise _Refusal(f"{self.bytes} bytes or more inside, out of {self.size}: a compression bomb")

    def admit(self, size: int) -> None:
        self.members += 1
        if self.members > self.limits.members:
            raise _Refusal(f"more than {self.limits.members} members")
        self.spend(size)


class _Careful:
    """A file that gives no more than a header's worth at once, so that no header can ask for all memory."""

    def __init__(self, file: IO[bytes]):
        self.file = file
        self.seek, self.tell = file.seek, file.tell

    def read(self, count: int = -1) -> bytes:
        if not 0 <= count <= CHUNK:
            raise _Refusal(f"a header of {count} bytes")
        return self.file.read(count)


def _open_compressed(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        start = file.read(6)
    for magic, opener in COMPRESSIONS.items():
        if start.startswith(magic):
            return opener(path, "rb")
    raise _Refusal("neither gzip nor bzip2 nor xz")


def _tar_members(archive: Path, budget: _Budget) -> Iterator[tuple[str, IO[bytes]]]:
    try:
        file = _open_compressed(archive)
    except _Refusal:
        file = archive.open("rb")
    with file, tarfile.open(fileobj=_Careful(file), mode="r:") as tar:
        for member in tar:
            budget.admit(member.size)
            if member.isdir():
                continue
            if not member.isreg() or member.issparse():
                raise _Refusal(f"{member.name!r:.200}, which is a link, a device or a sparse file")
            yield member.name.removeprefix("./"), tar.extractfile(member)
        file.seek(tar.offset)
        if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise _Refusal("it ends early: the closing block of zeros is missing")
        while piece := file.read(CHUNK):  # a compressor's own checksum stands at the very end
            budget.spend(len(piece))


def _zip_members(archive: Path, budget: _Budget) -> Iterator[tuple[str, IO[bytes]]]:
    with zipfile.ZipFile(archive) as packed:
        for member in packed.infolist():
            budget.admit(member.file_size)
            if member.is_dir():
                continue
            kind = stat.S_IFMT(member.external_attr >> 16)
            if kind not in (0, stat.S_IFREG) or member.flag_bits & 0x1:
                raise _Refusal(f"{member.filename!r:.200}, which is a link, a device or encrypted")
            with packed.open(member) as content:
                yield member.filename, content


def _problem(archive: Path, found: str) -> Problem:
    return Problem(
        f"The archive {archive.name} cannot be taken apart",
        str(archive),
        found,
        "a whole tar or zip of plain files, within the limits of sevaxis.files.archives.Limits",
        "download it again; if it stays so, take out the files that you need yourself and name them under `path:`",
    )
