"""Downloads from a server on loopback, in haste: what the tests of this folder share."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

from sevaxis.files.http import Patience
from sevaxis.files.transfer import download

#: Half a megabyte without repetitions, so that a piece out of place changes the checksum.
CONTENT = random.Random(7).randbytes(500_000)
OTHER = random.Random(8).randbytes(500_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
HASTE = Patience(
    attempts=4, connect_seconds=1, read_seconds=2, first_wait=0.01, longest_wait=0.2, total_seconds=20
)


def bring(url: str, folder: Path, sha256: str | None = SHA256, **options):
    """Download an address to `file` in a folder."""
    options.setdefault("patience", HASTE)
    return download(url, folder / "file", sha256=sha256, **options)


def left(folder: Path) -> list[str]:
    """Names of all that lies in a folder."""
    return sorted(path.name for path in folder.iterdir())
