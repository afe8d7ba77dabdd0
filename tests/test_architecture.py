"""The house: rooms that import to one side only, and files and functions that a reader can take in."""

import ast
import graphlib
from functools import cache

import pytest

from tests.imports import ROOT, imported

PACKAGE = ROOT / "workflow" / "sevaxis"
#: From the ground up: a room imports only rooms that stand before it.
FLOORS = (
    "base", "models", "genes", "demo", "study", "files", "matrix", "effects", "answers", "report", "drafting", "diff",
    "rehearsal", "cli",
)  # fmt: skip
#: The check of a study reads the tables of contents of readers, methods and questions; they import nothing unasked.
READERS, METHODS, QUESTIONS = "sevaxis.matrix.readers.registry", "sevaxis.effects.methods", "sevaxis.answers"
CONTENTS = {
    "study/checks.py": {READERS, METHODS},
    "study/consistency.py": {METHODS},
    "study/schemas.py": {READERS, METHODS},
    "study/configuration.py": {QUESTIONS},
    "study/tracking.py": {READERS, METHODS, QUESTIONS},
}
LONGEST_FILE, LONGEST_FUNCTION = 400, 80
#: Functions whose body is longer, and why they are not cut.
LONG = {
    "models/linear/fit.py:fit_linear": "one pass over blocks that shares its arrays; pieces would pass ten of them on",
}


@cache
def imports_of(path) -> set[str]:
    """Modules of the package that a file imports when it runs."""
    found = set()
    for module, name in imported([ast.parse(path.read_text())]).values():
        if module.split(".")[0] == "sevaxis":
            inner = PACKAGE.joinpath(*module.split(".")[1:], name or "")
            is_module = name and (inner.with_suffix(".py").is_file() or inner.is_dir())
            found.add(f"{module}.{name}" if is_module else module)
    return found


def files():
    return sorted(PACKAGE.rglob("*.py"))


def named(path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def room_of(name: str) -> str:
    return name.split("/")[0].removesuffix(".py")


def test_no_room_imports_a_room_above_it():
    wrong = []
    for path in files():
        here = room_of(named(path))
        for module in imports_of(path) - CONTENTS.get(named(path), set()):
            there = module.split(".")[1] if "." in module else "__init__"
            if here != "__init__" and there in FLOORS and FLOORS.index(there) > FLOORS.index(here):
                wrong.append(f"{named(path)} imports {module}")
    assert wrong == []


def test_every_room_has_its_floor():
    rooms = {room_of(named(path)) for path in files()} - {"__init__"}
    assert rooms == set(FLOORS)


def test_no_module_imports_itself_by_detours():
    graph = {}
    for path in files():
        name = "sevaxis." + named(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        graph[name] = imports_of(path) - {name}
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError with the circle


def test_models_know_no_cards():
    above = ("sevaxis.study", "sevaxis.effects", "sevaxis.matrix", "sevaxis.answers")
    assert [
        p
        for p in files()
        if room_of(named(p)) == "models" and any(m.startswith(above) for m in imports_of(p))
    ] == []


@pytest.mark.parametrize("path", files(), ids=named)
def test_files_and_functions_are_of_a_size_to_read(path):
    text = path.read_text()
    assert len(text.splitlines()) <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            doc = ast.get_docstring(node, clean=False)
            lines = node.end_lineno - node.body[1 if doc and len(node.body) > 1 else 0].lineno + 1
            if f"{named(path)}:{node.name}" not in LONG:
                assert lines <= LONGEST_FUNCTION, f"{node.name}: {lines} lines"
