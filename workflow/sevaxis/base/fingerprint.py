"""Content hash of the code that one step runs.

Snakemake does not see edits of imported modules (it watches the script that it runs, not what the script imports), so
each rule carries the hash of exactly the modules that its library call can reach: the import statements of the
package are followed, without importing anything.

Only what runs counts: the hash is over syntax trees without comments, layout, docstrings, descriptions of fields and
what only type checkers read. Modules that a registry names as text (``"sevaxis.matrix.readers.gct:read_gct"``) are not
followed: a step uses few of them, and says which.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Collection
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
#: How a registry names a module, or something in it.
NAMED = re.compile(r"sevaxis((?:\.\w+)+)(?::\w+)?")
#: Parts of the syntax that decide nothing (whether a name is read or set shows from its place), or not in every Python.
SILENT = {"ctx", "kind", "type_comment", "type_ignores", "type_params"}


def fingerprint(*entries: str, without: Collection[str] = ()) -> str:
    """Hash of the code that the entries reach.

    Parameters
    ----------
    entries
        Modules relative to the package (``"effects.compare"``), or as a registry names them
        (``"sevaxis.effects.methods.voom:VOOM"``).
    without
        Modules that the step could reach and does not run; they are not entered.

    Returns
    -------
    The first 16 hexadecimal digits of a sha256 over the syntax of the modules, over the bytes of data files (templates,
    assets) of packages among them, and over what registries name, in a fixed order.

    Raises
    ------
    ValueError
        For an entry that is no module of the package.
    """
    digest = hashlib.sha256("\n".join(sorted(filter(NAMED.fullmatch, entries))).encode())
    for module in sorted(reached(*entries, without=without)):
        digest.update(f"\n{module} {_contents(module)[0]}".encode())
    return digest.hexdigest()[:16]


def reached(*entries: str, without: Collection[str] = ()) -> set[str]:
    """Modules, relative to the package, that the entries are and import, at once or later; see :func:`fingerprint`."""
    found: set[str] = set()
    names = (named[1][1:] if (named := NAMED.fullmatch(entry)) else entry for entry in entries)
    waiting = [module for name in names for module in _on_the_way(name)]
    while waiting:
        module = waiting.pop()
        if module not in found and module not in without:
            found.add(module)
            waiting.extend(_contents(module)[1])
    return found


def _on_the_way(module: str) -> list[str]:
    """The packages that importing a module runs, and the module."""
    parts = module.split(".")
    return [".".join(parts[:depth]) for depth in range(1, len(parts) + 1)]


@cache
def _path_of(module: str) -> Path | None:
    base = PACKAGE.joinpath(*module.split("."))
    return next((path for path in (base / "__init__.py", base.with_suffix(".py")) if path.is_file()), None)


@cache
def _contents(module: str) -> tuple[str, tuple[str, ...]]:
    """Hash of what a module runs, a package's data files included, and the modules that it imports."""
    path = _path_of(module)
    if path is None:
        raise ValueError(f"the package has no module {module}")
    words: list[str] = []
    names: list[str] = []
    # Not kept: as long as a tree lives, Python's garbage collector looks through it again and again.
    _spell(ast.parse(path.read_bytes()), words, names)
    digest = hashlib.sha256("\n".join(words).encode())
    for file in _data_files(path.parent) if path.name == "__init__.py" else ():
        digest.update(file.relative_to(PACKAGE).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    ours = {name.removeprefix("sevaxis.") for name in names if name.startswith("sevaxis.")}
    steps = {step for name in ours for step in _on_the_way(name)}
    return digest.hexdigest(), tuple(step for step in steps if _path_of(step))  # others are names in modules


def _data_files(folder: Path) -> list[Path]:
    """Files of a package's own data folders (templates, assets), none for ordinary packages."""
    folders = [child for child in folder.iterdir() if child.is_dir() and not (child / "__init__.py").exists()]
    return sorted(
        file
        for child in folders
        for file in child.rglob("*")
        if file.is_file() and child.name != "__pycache__"
    )


def _spell(node: ast.AST, words: list[str], names: list[str]) -> None:
    """Append the words of a syntax tree, as far as it runs, and the names that it imports, anywhere in its body."""
    kind, fields = _syntax(type(node))  # type: ignore[arg-type]  # a type, which can be hashed
    if isinstance(node, ast.Import):
        names += [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.module:
        names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    elif isinstance(node, ast.Call | ast.Dict | ast.If):
        _silence(node)
    words.append(kind)
    for field in fields:
        part = getattr(node, field)
        if isinstance(part, ast.AST):
            _spell(part, words, names)
        elif isinstance(part, list):
            words.append("[")
            for item in part:
                if not isinstance(item, ast.AST):
                    words.append(repr(item))
                elif not (isinstance(item, ast.Expr) and _is_text(item.value)):  # a docstring
                    _spell(item, words, names)
            words.append("]")
        else:
            words.append(repr(part))


def _silence(node: ast.Call | ast.Dict | ast.If) -> None:
    """Take out of a node what changes no result.

    Descriptions of fields, what a registry names (whoever uses an entry says so), what only type checkers read.
    """
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id == "Field":
            node.keywords = [
                each for each in node.keywords if each.arg != "description" or not _is_text(each.value)
            ]
    elif isinstance(node, ast.Dict):
        items = [
            (key, value)
            for key, value in zip(node.keys, node.values, strict=True)
            if not (_is_text(value) and NAMED.fullmatch(ast.literal_eval(value)))
        ]
        node.keys, node.values = [key for key, _ in items], [value for _, value in items]
    elif isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        node.body = []


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@cache
def _syntax(kind: type[ast.AST]) -> tuple[str, tuple[str, ...]]:
    """Name of a kind of node, and which of its fields count."""
    return kind.__name__, tuple(field for field in kind._fields if field not in SILENT)
