"""What the source imports and uses, read from it without running it."""

import ast
import re
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORKFLOW = ROOT / "workflow"
#: A function of this library named in a text, as the registry of readers does.
NAMED = re.compile(r"(sevaxis[\w.]*):(\w+)")

#: (module, name in it); the name empty for what runs when the module is imported.
Definition = tuple[str, str]


def imported(statements: Iterable[ast.AST]) -> dict[str, Definition]:
    """Name here -> (module, name there) for all imports below some statements, those for type checkers left out."""
    found: dict[str, Definition] = {}
    todo = list(statements)
    while todo:
        match todo.pop():
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=otherwise):
                todo += otherwise
            case ast.Import(names=names):
                found |= {alias.asname or alias.name.split(".")[0]: (alias.name, "") for alias in names}
            case ast.ImportFrom(module=str(module), names=names, level=0):
                found |= {alias.asname or alias.name: (module, alias.name) for alias in names}
            case node:
                todo += ast.iter_child_nodes(node)
    return found


def packages(folder: Path) -> dict[str, set[str]]:
    """Third-party package that is imported anywhere in a folder -> files that do."""
    found: dict[str, set[str]] = {}
    for path in folder.rglob("*.py"):
        for module, _ in imported([ast.parse(path.read_text())]).values():
            top = module.split(".")[0]
            if top not in sys.stdlib_module_names:
                found.setdefault(top, set()).add(path.relative_to(folder).as_posix())
    return found


class Module:
    """A source file.

    Attributes
    ----------
    parts
        Definition at the top -> its statements; under "" all that runs on import.
    imports
        What all parts see, as :func:`imported`.
    """

    def __init__(self, path: Path):
        self.parts: dict[str, list[ast.stmt]] = {"": []}
        for node in ast.parse(path.read_text()).body:
            defined = node.name if isinstance(node, ast.FunctionDef | ast.ClassDef) else ""
            self.parts.setdefault(defined, []).append(node)
        self.imports = imported(self.parts[""])

    def imported_by(self, part: str) -> dict[str, Definition]:
        """What a definition itself imports."""
        return imported(self.parts[part]) if part else self.imports

    def uses(self, part: str, here: str) -> set[Definition]:
        """What a definition of this module, which is called `here`, uses: of this file and of others."""
        visible = self.imports | self.imported_by(part)
        found: set[Definition] = set()
        for node in (node for statement in self.parts[part] for node in ast.walk(statement)):
            match node:
                case ast.Name(id=name) if name in visible:
                    found.add(visible[name])
                case ast.Name(id=name) if name in self.parts:
                    found.add((here, name))
                case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name in visible:
                    found.add((".".join(visible[name]).rstrip("."), attribute))
                case ast.Constant(value=str(text)) if named := NAMED.fullmatch(text):
                    found.add((named[1], named[2]))
        return found


@cache
def modules() -> dict[str, Module]:
    """All of sevaxis by dotted name, and the scripts of the rules by their file name."""
    found = {path.name: Module(path) for path in (WORKFLOW / "scripts").glob("*.py")}
    for path in (WORKFLOW / "sevaxis").rglob("*.py"):
        dotted = ".".join(path.relative_to(WORKFLOW).with_suffix("").parts)
        found[dotted.removesuffix(".__init__")] = Module(path)
    return found


def reached(entries: Iterable[str]) -> set[Definition]:
    """All definitions that the given modules and scripts get to; of other libraries the modules, with an empty name.

    Every definition of an entry counts as used; of other modules what runs on import, and what is named.
    """
    known = modules()
    todo = [(entry, part) for entry in entries for part in known[entry].parts]
    seen: set[Definition] = set()
    while todo:
        definition = todo.pop()
        if definition in seen:
            continue
        seen.add(definition)
        here, part = definition
        if here not in known:
            continue
        for module, name in known[here].imported_by(part).values():
            todo += [(runs, "") for runs in (module, f"{module}.{name}") if runs in known or runs == module]
        for module, name in known[here].uses(part, here):
            while module in known and name in known[module].imports:  # a package passes it on
                module, name = known[module].imports[name]
            if f"{module}.{name}" in known:
                module, name = f"{module}.{name}", ""
            if module in known:
                todo += [(module, ""), (module, name if name in known[module].parts else "")]
    return seen
