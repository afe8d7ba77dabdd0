"""The guide to extending the project (``docs/extending.md``), followed to the letter."""

import re
from pathlib import Path

#: A block of the guide: a whole file, or text that goes where its first line stands.
BLOCK = re.compile(r"^```\w+ (?P<how>file|after)=(?P<path>\S+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


def follow(root: Path, section: str, folder: Path) -> set[str]:
    """Do what a section of the guide says in a copy of the project.

    Parameters
    ----------
    root
        The checkout whose guide it is.
    section
        Heading of the section.
    folder
        The copy.

    Returns
    -------
    The files that were written or edited.
    """
    guide = (root / "docs" / "extending.md").read_text(encoding="utf-8")
    (mine,) = [
        each for each in re.split(r"^## ", guide, flags=re.MULTILINE) if each.startswith(f"{section}\n")
    ]
    touched = set()
    for block in BLOCK.finditer(mine):
        file = folder / block["path"]
        touched.add(block["path"])
        if block["how"] == "file":
            assert not file.exists(), f"{block['path']} is there already"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block["text"])
            continue
        first, rest = block["text"].split("\n", 1)
        whole = file.read_text()
        assert whole.count(f"{first}\n") == 1, f"{first!r} must stand once in {block['path']}"
        file.write_text(whole.replace(f"{first}\n", f"{first}\n{rest}"))
    return touched
