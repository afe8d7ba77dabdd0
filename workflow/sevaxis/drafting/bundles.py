"""Folders and archives that the user names: their files, and what of them is no data."""

from __future__ import annotations

import re
import tarfile
import zipfile
from pathlib import Path

from sevaxis.base.problems import refuse
from sevaxis.files.archives import extract

#: Files that lie beside data and are none.
BESIDE = re.compile(
    r"(^|/)(\.|__MACOSX|~\$|readme|licen[sc]e|manifest|changelog|upstream_)|\.(md|pdf|docx?|pptx?|html?|png|jpe?g|svg|gif|tiff?|"
    r"md5|sha\d*|asc|r|rmd|qmd|py|ipynb|sh|log|yaml|yml|json|raw|mzml|wiff|fastq(?:\.gz)?|fq(?:\.gz)?|bam|bai|sam|exe|ini|xml)$",
    re.IGNORECASE,
)  # fmt: skip
MOST = 2000


def is_archive(path: Path) -> bool:
    """Whether a file is a zip or tar of files, and no workbook or other format that is zipped."""
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith(b"PK"):
        if not zipfile.is_zipfile(path):
            return False
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
        office = any(
            name.startswith(("xl/", "word/", "content.xml")) or name == "[Content_Types].xml"
            for name in names
        )
        return not office
    try:
        return tarfile.is_tarfile(path)
    except (OSError, EOFError):  # a damaged gz, which its reader names
        return False


def open_bundle(path: Path, place: Path) -> tuple[list[tuple[Path, str]], list[str]]:
    """Files of a folder or an archive.

    Parameters
    ----------
    path
        The folder or the archive.
    place
        Where an archive is taken apart: below it, in a folder of the archive's name.

    Returns
    -------
    Each file with its name in the card (its path inside), and the names of files that are no data.

    Raises
    ------
    Problems
        The archive is broken or unsafe; there is nothing in it.
    """
    root = path
    if not path.is_dir():
        root = place / (re.sub(r"(\.(zip|tar|tgz|gz|bz2|xz))+$", "", path.name, flags=re.I) or "archive")
        if not root.is_dir():
            extract(path, root)
    files = sorted(one for one in root.rglob("*") if one.is_file())
    names = {one: one.relative_to(root).as_posix() for one in files}
    kept = [(one, name) for one, name in names.items() if not BESIDE.search(name) and one.stat().st_size]
    left = [name for one, name in names.items() if (one, name) not in kept]
    if not kept or len(kept) > MOST:
        found = f"{len(files)} files: {', '.join(list(names.values())[:8])}" if files else "nothing"
        hint = "name the files of the data set themselves"
        refuse(
            "There are no tables in here",
            where=str(path),
            found=found,
            allowed=f"1 to {MOST} tables",
            hint=hint,
        )
    return kept, left
