"""Content hash of the code that one step runs.

Snakemake does not see edits of imported modules (it watches the script that it runs, not what the script imports), so
each rule carries the hash of exactly the modules that its library call can reach: the import statements of the
package are followed, without importing anything.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def fingerprint(*entries: str) -> str:
    """Hash of the modules that the entries reach.

    Parameters
    ----------
    entries
        Modules relative to the package: ``"compare"``, ``"answers.axis"``.

    Returns
    -------
    The first 16 hexadecimal digits of a sha256 over the sources (and, for packages with data files such as templates,
    over those files), in a fixed order.
    """
    reached: set[Path] = set()
    waiting = [_path_of(entry) for entry in entries]
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            waiting.extend(_imports_of(path))
    digest = hashlib.sha256()
    for path in sorted(reached):
        files = [path] if path.name != "__init__.py" else [path, *_data_files(path.parent)]
        for file in files:
            digest.update(file.relative_to(PACKAGE).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _path_of(module: str) -> Path:
    base = PACKAGE.joinpath(*module.split("."))
    path = base / "__init__.py" if base.is_dir() else base.with_suffix(".py")
    if not path.is_file():
        raise ValueError(f"the package has no module {module}")
    return path


def _data_files(folder: Path) -> list[Path]:
    """Files of a package's own data folders (templates, assets), none for ordinary packages."""
    folders = [child for child in folder.iterdir() if child.is_dir() and not (child / "__init__.py").exists()]
    return sorted(
        file
        for child in folders
        for file in child.rglob("*")
        if file.is_file() and child.name != "__pycache__"
    )


@cache
def _imports_of(path: Path) -> tuple[Path, ...]:
    """Modules of the package that a module imports, anywhere in its body, and the readers that it names in text."""
    found = []
    for node in _executed(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node.value.startswith("sevaxis.")
        ):
            names = [node.value.split(":")[0]]  # registries name modules as text and import them when needed
        else:
            continue
        for name in names:
            parts = name.split(".")
            for depth in range(2, len(parts) + 1) if parts[0] == "sevaxis" else ():
                base = PACKAGE.joinpath(*parts[1:depth])  # importing a.b.c runs a.b, too
                found += [p for p in (base / "__init__.py", base.with_suffix(".py")) if p.is_file()]
    return tuple(found)


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    """Nodes of a module, without what only type checkers read."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (
            isinstance(child, ast.If)
            and isinstance(child.test, ast.Name)
            and child.test.id == "TYPE_CHECKING"
        ):
            yield from _executed(child)
