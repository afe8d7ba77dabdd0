"""What the project says it depends on is what it imports; each room's environment holds what its scripts reach."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest
import yaml
from sevaxis.base.provenance import PACKAGES

from tests.imports import ROOT, WORKFLOW, packages, reached

#: Declared without an import -> why.
NOT_IMPORTED = {
    "itables": "the report embeds the DataTables that it ships, read as files",
    "snakemake": "runs the workflow, and puts its object into the scripts",
    "snakemake-executor-plugin-slurm": "a plugin that Snakemake finds by its entry point",
}
TOOLS = {
    "mypy": "make lint",
    "pytest-timeout": "a plugin of pytest: `timeout` in pyproject.toml",
    "pytest-xdist": "a plugin of pytest: `make test` runs on several cores",
    "ruff": "make lint",
    "snakefmt": "make lint",
    "types-pyyaml": "types that mypy reads",
    "types-requests": "types that mypy reads",
}
#: In a room's environment without an import in its scripts -> why.
INSTALLED = {
    "itables": NOT_IMPORTED["itables"],
    "pip": "installs sevaxis itself",
    "pyarrow": "pandas and polars write and read Parquet by it, and keep strings in it",
    "python": "runs it all",
}


def normal(name: str) -> str:
    """Name of a package as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(extra: str | None = None) -> set[str]:
    """Names that pyproject.toml declares."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = project["optional-dependencies"][extra] if extra else project["dependencies"]
    return {normal(re.match(r"[\w.-]+", line)[0]) for line in lines}


def distributions(modules: set[str]) -> set[str]:
    """Packages that imported modules belong to."""
    known = packages_distributions()
    third = {module.split(".")[0] for module in modules} - sys.stdlib_module_names
    return {normal(known[name][0]) for name in third - {"sevaxis", "tests", "benchmarks"}}


def test_the_library_imports_what_is_declared():
    imported = distributions(set(packages(WORKFLOW)))
    assert imported - declared() == set()
    assert declared() - imported == set(NOT_IMPORTED)


def test_tests_and_benchmarks_import_what_is_declared():
    skipped = re.findall(r'importorskip\("(\w+)', "".join(p.read_text() for p in ROOT.glob("tests/**/*.py")))
    imported = distributions({*packages(ROOT / "tests"), *packages(ROOT / "benchmarks"), *skipped})
    assert imported - declared() - declared("dev") == set()
    assert declared("dev") - imported == set(TOOLS)


def test_provenance_names_packages_that_are_declared():
    assert {normal(name) for name in PACKAGES} <= declared()


def rooms() -> dict[str, set[str]]:
    """Room -> scripts of its rules."""
    found = {}
    for path in (WORKFLOW / "rules").glob("*.smk"):
        text = path.read_text()
        for room in re.findall(r"envs/(\w+)\.yaml", text):
            found.setdefault(room, set()).update(re.findall(r"\.\./scripts/(\w+\.py)", text))
    return found


@pytest.mark.parametrize("room", sorted(rooms()))
def test_environment_of_a_room_holds_what_its_scripts_reach(room):
    listed = yaml.safe_load((ROOT / "envs" / f"{room}.yaml").read_text())["dependencies"]
    listed = {normal(entry.partition("=")[0]) for entry in listed}
    scripts = rooms()[room]
    needed = distributions({module for module, _ in reached(scripts) if module not in scripts})
    assert needed - listed == set()
    assert listed - needed <= set(INSTALLED)
