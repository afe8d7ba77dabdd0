"""Files of public repositories before they are here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from sevaxis.files.http import BRIEF, Patience

Kind = Literal["samples", "series_matrix", "counts", "features", "table", "archive", "raw", "other"]

#: What the last suffix of a name (before a compression's) says about a file.
KINDS: dict[Kind, str] = {
    "archive": "tar tgz zip 7z rar",
    "table": "txt tsv csv tab xlsx xls parquet feather gct h5ad h5 loom mtx rda rdata rds mztab counts results",
    "raw": "raw mzml mzxml wiff scan d mgf dat fastq fq bam cram sra cel idat",
}
COMPRESSIONS = {".gz", ".bz2", ".xz"}


@dataclass(frozen=True)
class RemoteFile:
    """One file that a repository offers.

    Attributes
    ----------
    name
        File name, or relative path, under which it may be kept.
    url
        Where it is.
    bytes
        Its exact size, where the repository tells it.
    sha256
        Its checksum, where the repository tells it (none of those known here does).
    kind
        ``samples`` (SDRF), ``series_matrix`` (GEO: sample annotation, and for arrays the values), ``counts`` (counts
        that NCBI generated), ``features`` (their annotation table), ``table``, ``archive``, ``raw``, ``other``.
    """

    name: str
    url: str
    bytes: int | None
    sha256: str | None
    kind: Kind


@dataclass(frozen=True)
class Addresses:
    """Where the repositories answer, and with how much patience they are asked; tests put loopback addresses here."""

    geo: str = "https://ftp.ncbi.nlm.nih.gov/geo/series"
    geo_download: str = "https://www.ncbi.nlm.nih.gov/geo/download/"
    pride: str = "https://www.ebi.ac.uk/pride/ws/archive/v3"
    pride_files: str = "https://ftp.pride.ebi.ac.uk/"
    biostudies: str = "https://www.ebi.ac.uk/biostudies"
    patience: Patience = BRIEF


PUBLIC = Addresses()


def kind_of(name: str) -> Kind:
    """Kind of a file by its name."""
    path = PurePosixPath(name.lower())
    if re.search(r"(^|[._-])sdrf[._-]", path.name):
        return "samples"
    suffixes = [suffix for suffix in path.suffixes if suffix not in COMPRESSIONS]
    last = suffixes[-1].lstrip(".") if suffixes else ""
    return next((kind for kind, known in KINDS.items() if last in known.split()), "other")
