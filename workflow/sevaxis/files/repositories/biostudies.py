"""Studies of BioStudies, where ArrayExpress lives.

What its API does (version 1, from recorded answers): ``<biostudies>/api/v1/studies/<accession>/info`` tells the
number of ``files``, and answers ``{}`` where there is no such study. ``.../files?limit=&offset=`` lists ``items`` with
``path``, ``Size`` and, in ArrayExpress, ``Type`` (``SDRF File``, ``IDF File``, ``Processed Data``); a page has at most
1,000 items, offsets are floored to a multiple of the limit, and an offset beyond the end repeats the last page. The
bytes are at ``<biostudies>/files/<accession>/<path>``. Accessions are case-sensitive.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from sevaxis.files.archives import is_plain
from sevaxis.files.http import Failure, fetch
from sevaxis.files.progress import say
from sevaxis.files.repositories.remote import Addresses, Kind, RemoteFile, kind_of

PATTERN = r"E-[A-Z]{4}-\d+|S-[A-Z]{3,8}\d+"
PAGE = 1000
#: Studies of images have millions of files; none of ours does.
MOST_FILES = 20_000


def list_study(accession: str, addresses: Addresses) -> list[RemoteFile]:
    """Files of a study.

    Parameters
    ----------
    accession
        ``E-MTAB-1234`` and its like (ArrayExpress), or ``S-BSST1234`` and its like.
    addresses
        Where BioStudies answers.

    Raises
    ------
    Failure
        There is no such public study, it has too many files, or no connection.
    """
    study = f"{addresses.biostudies}/api/v1/studies/{accession}"
    try:
        count = json.loads(fetch(f"{study}/info", patience=addresses.patience)).get("files")
        if count is None:
            raise Failure("refused", f"{study}/info", "no such study, or one that is not public yet")
        if not 0 < count <= MOST_FILES:
            raise Failure("refused", f"{study}/info", f"{count} files (1 to {MOST_FILES} can be listed)")
        items: dict[str, dict[str, Any]] = {}
        for offset in range(0, count, PAGE):
            page = fetch(
                f"{study}/files", params={"limit": PAGE, "offset": offset}, patience=addresses.patience
            )
            items |= {item["path"]: item for item in json.loads(page)["items"]}
        if len(items) != count:
            raise Failure("failed", f"{study}/files", f"{len(items)} files listed of {count}")
        return [file for item in items.values() if (file := _file(accession, item, addresses)) is not None]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Failure(
            "failed", study, f"not the answer that BioStudies documents ({error!r:.100})"
        ) from error


def _file(accession: str, item: dict[str, Any], addresses: Addresses) -> RemoteFile | None:
    """One file of a list; None, and said, where it cannot be kept under its name."""
    path = item["path"]
    if not is_plain(path):
        say(f"BioStudies: {path!r:.100} left out: no usable name")
        return None
    kind: Kind = "samples" if item.get("Type") == "SDRF File" else kind_of(path)
    if item.get("Type") == "IDF File":
        kind = "other"
    return RemoteFile(
        path, f"{addresses.biostudies}/files/{accession}/{quote(path)}", item.get("Size"), None, kind
    )
