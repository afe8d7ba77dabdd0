"""Projects of the PRIDE Archive.

``<pride>/projects/<accession>/files/all`` answers with a JSON list of all files; of each we use (as PRIDE's own client
pridepy and recorded answers have them) ``fileName``, ``fileSizeBytes``, ``fileCategory.value`` (RAW, PEAK, SEARCH,
RESULT, OTHER, EXPERIMENTAL DESIGN ...), ``fileCategory.accession`` (PRIDE:0000584 is an SDRF) and
``publicFileLocations``: a list in no fixed order, whose member of name ``FTP Protocol`` (PRIDE:0000469) has the address
``ftp://ftp.pride.ebi.ac.uk/...`` that the same host serves by https. The checksums there are SHA-1, not used here.
"""

from __future__ import annotations

import json
from typing import Any

from sevaxis.files.archives import is_plain
from sevaxis.files.http import Failure, fetch
from sevaxis.files.progress import say
from sevaxis.files.repositories.remote import Addresses, Kind, RemoteFile, kind_of

PATTERN = r"P[XR]D\d{6,9}"
FTP = "ftp://ftp.pride.ebi.ac.uk/"
FTP_LOCATION = "PRIDE:0000469"
SDRF_CATEGORY = "PRIDE:0000584"


def list_project(accession: str, addresses: Addresses) -> list[RemoteFile]:
    """Files of a project.

    Parameters
    ----------
    accession
        ``PXD`` (or ``PRD``) and digits.
    addresses
        Where PRIDE answers.

    Raises
    ------
    Failure
        There is no such public project, its files are at another repository, or no connection.
    """
    url = f"{addresses.pride}/projects/{accession}/files/all"
    answer = fetch(url, largest=500_000_000, patience=addresses.patience)
    try:
        records = json.loads(answer)
        files = [_file(record, addresses) for record in records]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Failure(
            "failed", url, f"not the list of files that PRIDE documents ({error!r:.100})"
        ) from error
    if not files:
        raise Failure(
            "refused", url, "no files there: no such project, or its files are at another repository"
        )
    return [file for file in files if file is not None]


def _file(record: dict[str, Any], addresses: Addresses) -> RemoteFile | None:
    """One file of a list; None, and said, where it cannot be had by https or kept under its name."""
    name, category = record["fileName"], record["fileCategory"]
    locations = [
        place["value"] for place in record["publicFileLocations"] if place["accession"] == FTP_LOCATION
    ]
    if not is_plain(name) or not locations or not locations[0].startswith(FTP):
        say(f"PRIDE: {name!r:.100} left out: no address on {FTP}, or no usable name")
        return None
    url = addresses.pride_files + locations[0].removeprefix(FTP).replace("#", "%23")
    kind: Kind = kind_of(name)
    if category["accession"] == SDRF_CATEGORY and name.lower().endswith((".tsv", ".txt")):
        kind = "samples"
    elif category["value"] == "RAW":
        kind = "raw"
    return RemoteFile(name, url, record.get("fileSizeBytes"), None, kind)
