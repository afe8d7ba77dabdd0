"""GEO series of NCBI: series matrix, supplementary files, counts that NCBI generated.

Where things are (checked in recorded answers of the server, quoted in the tests):

- ``<geo>/GSE12nnn/GSE12345/{matrix,suppl}/`` are Apache indexes; all digits but the last three name the folder above.
  A series of several platforms has one matrix per platform, ``GSE1-GPL2_series_matrix.txt.gz``.
- ``suppl/filelist.txt`` exists beside ``_RAW.tar``: tab-separated ``#Archive/File, Name, Time, Size, Type``, with the
  tar's exact size and those of its members.
- A series without supplementary files has no such folder (404), or one that answers 403; under load the server
  answers 403, too.
- ``<geo_download>?acc=GSE12345`` is a page whose links with ``type=rnaseq_counts`` lead to the counts that NCBI
  generated and to their annotation table. The counts know genes by Entrez identifier (``GeneID``), samples by GSM.
"""

from __future__ import annotations

import csv
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, unquote, urljoin, urlsplit

from sevaxis.files.archives import extract, is_plain
from sevaxis.files.http import PASSING, Failure, fetch
from sevaxis.files.repositories.remote import Addresses, RemoteFile, kind_of

PATTERN = r"GSE\d{1,9}"


def list_series(accession: str, addresses: Addresses) -> list[RemoteFile]:
    """Files of a series: its matrices, what its authors added, what NCBI counted.

    Parameters
    ----------
    accession
        ``GSE`` and digits.
    addresses
        Where GEO answers.

    Raises
    ------
    Failure
        There is no such public series, or no connection.
    """
    series = f"{addresses.geo}/{accession[:-3] if len(accession) > 6 else 'GSE'}nnn/{accession}"
    matrices = _index(f"{series}/matrix/", addresses)
    supplement = _index(f"{series}/suppl/", addresses)
    if not matrices and not supplement:
        raise Failure(
            "refused", f"{series}/", "no files there: no such series, or one that is not public yet"
        )
    sizes = _sizes(f"{series}/suppl/filelist.txt", addresses) if "filelist.txt" in supplement else {}
    files = [RemoteFile(name, url, None, None, "series_matrix") for name, url in matrices.items()]
    files += [
        RemoteFile(name, url, sizes.get(name), None, kind_of(name))
        for name, url in supplement.items()
        if name != "filelist.txt"
    ]
    return files + _generated_counts(accession, addresses)


def extract_samples(archive: Path, folder: Path) -> dict[str, list[Path]]:
    """Take the files of single samples out of a ``_RAW.tar``.

    Parameters
    ----------
    archive
        The tar.
    folder
        New folder for its members.

    Returns
    -------
    GSM accession -> its files, as their names begin (``GSM1234_title.txt.gz``); members of no sample are left out.

    Raises
    ------
    Problems
        The archive is unsafe or broken.
    """
    found: dict[str, list[Path]] = {}
    for path in extract(archive, folder):
        if named := re.match(r"(GSM\d+)(?!\d)", path.name):
            found.setdefault(named[1], []).append(path)
    return found


class _Links(HTMLParser):
    """Targets of all links of a page, in their order."""

    def __init__(self, page: bytes):
        super().__init__()
        self.found: list[str] = []
        self.feed(page.decode("utf-8", "replace"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for key, value in attrs if tag == "a" and key == "href" and value]


def _index(url: str, addresses: Addresses) -> dict[str, str]:
    """Name -> address of the files of a folder; empty where there is no such folder."""
    try:
        # 403 is said of folders without files, and under load: it is asked again before it is believed.
        page = fetch(url, passing=(*PASSING, 403), patience=addresses.patience)
    except Failure as failure:
        if failure.status in (403, 404):
            return {}
        raise
    found = {}
    for link in _Links(page).found:
        name = unquote(link)
        # A file of this folder is linked by its bare name; parents, sorting and other sites are not.
        if not re.search(r"[?#:/]", link) and "/" not in name and is_plain(name):
            found[name] = urljoin(url, link)
    return found


def _sizes(url: str, addresses: Addresses) -> dict[str, int]:
    """Exact sizes that ``filelist.txt`` tells of archives."""
    lines = fetch(url, patience=addresses.patience).decode("utf-8", "replace").splitlines()
    return {
        row["Name"]: int(row["Size"])
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        if row.get("#Archive/File") == "Archive" and re.fullmatch(r"\d{1,18}", row.get("Size") or "")
    }


def _generated_counts(accession: str, addresses: Addresses) -> list[RemoteFile]:
    """Raw counts that NCBI generated and their annotation; normalised counts are left out, the models want counts."""
    page = fetch(addresses.geo_download, params={"acc": accession}, patience=addresses.patience)
    files = {}
    for link in _Links(page).found:
        url = urljoin(addresses.geo_download, link)
        query = parse_qs(urlsplit(url).query)
        name = query.get("file", [""])[0]
        if query.get("type") != ["rnaseq_counts"] or not is_plain(name) or "/" in name:
            continue
        if "_raw_counts_" in name and query.get("acc") == [accession]:
            files[name] = RemoteFile(name, url, None, None, "counts")
        elif ".annot." in name:
            files[name] = RemoteFile(name, url, None, None, "features")
    return list(files.values())
