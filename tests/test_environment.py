"""The conda environments and the lock that pip installs agree, and the lock names no registry."""

import re
from pathlib import Path

import pytest
import yaml

ENVS = Path(__file__).resolve().parents[1] / "envs"
ROOMS = sorted(ENVS.glob("*.yaml"))


def locked() -> dict[str, set[str]]:
    """Package -> versions in the lock (several where they depend on the Python version)."""
    pins: dict[str, set[str]] = {}
    for name, version in re.findall(
        r"^([\w.-]+)==([^\s;\\]+)", (ENVS / "lock.txt").read_text(), re.MULTILINE
    ):
        pins.setdefault(name, set()).add(version)
    return pins


def test_there_is_an_environment_for_every_room():
    assert [path.stem for path in ROOMS] == ["answers", "effects", "matrix", "report", "retrieve"]


@pytest.mark.parametrize("path", ROOMS, ids=lambda path: path.stem)
def test_versions_are_those_of_the_lock(path):
    pins = locked()
    for entry in yaml.safe_load(path.read_text())["dependencies"]:
        name, _, version = entry.partition("=")
        if name not in ("python", "pip"):
            assert version in pins[name], entry


@pytest.mark.parametrize("name", ["lock.txt", "lock-dev.txt"])
def test_lock_is_hashed_and_names_no_registry(name):
    text = (ENVS / name).read_text()
    assert "://" not in text
    assert "index-url" not in text
    requirements = re.split(r"\n(?=\S)", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).strip())
    assert len(requirements) > 50
    assert all("--hash=sha256:" in requirement for requirement in requirements)


def test_the_development_lock_holds_the_same_versions():
    development = (ENVS / "lock-dev.txt").read_text()
    for name, versions in locked().items():
        for version in versions:
            assert f"{name}=={version} " in development
