"""Retrieval of a data set of small files, in haste: what the tests of this folder share."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sevaxis.files.http import Patience
from sevaxis.files.retrieve import retrieve
from sevaxis.study.card import RetrieveCard, Source

HASTE = Patience(
    attempts=3, connect_seconds=1, read_seconds=2, first_wait=0.01, longest_wait=0.1, total_seconds=5
)


def sha256(content: bytes) -> str:
    """Checksum in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def source(name: str, url: str, content: bytes, **more) -> Source:
    """A file of a card with the checksum of this content."""
    return Source(name=name, url=url, sha256=sha256(content), **more)


def card(*files: Source) -> RetrieveCard:
    """Card of the data set `mice`."""
    return RetrieveCard(id="mice", files=files)


def bring(card: RetrieveCard, folder: Path, mirror: Path | None = None, seed: int = 1) -> list[dict]:
    """Retrieve the files of a card."""
    return retrieve(card, folder, mirror=mirror, seed=seed, patience=HASTE)


def files_below(folder: Path) -> list[str]:
    """Paths of all files below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
