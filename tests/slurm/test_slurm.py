"""The demo on a real private Slurm cluster gives the results of the local run."""

import filecmp
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.project import Project

HERE = Path(__file__).parent
pytestmark = pytest.mark.slurm

if os.geteuid() != 0 or shutil.which("apt-get") is None:
    pytest.skip("NOT TESTED: a private Slurm cluster needs root on Debian", allow_module_level=True)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two virtual nodes, without an accounting database."""
    state = tmp_path_factory.mktemp("slurm")
    environment = {**os.environ, "SLURM_LOCAL_ACCOUNTING": "none"}
    up = subprocess.run(
        [HERE / "slurm-up", state], env=environment, capture_output=True, text=True, check=False
    )
    assert up.returncode == 0, up.stderr[-3000:]
    yield state
    subprocess.run([HERE / "slurm-down", state], check=True, capture_output=True)


@pytest.fixture(scope="module")
def profile(root, tmp_path_factory) -> Path:
    """The project's own profile, with what a user fills in for this cluster."""
    settings = yaml.safe_load((root / "profiles/slurm/config.yaml").read_text())
    settings |= {"slurm-no-account": True, "slurm-init-seconds-before-status-checks": 3, "latency-wait": 10}
    settings["default-resources"] |= {"slurm_partition": "main"}
    folder = tmp_path_factory.mktemp("profile")
    (folder / "config.yaml").write_text(yaml.safe_dump(settings))
    return folder


def test_cluster_and_local_runs_give_the_same_results(root, cluster, profile, tmp_path):
    local, remote = Project(root, tmp_path / "local"), Project(root, tmp_path / "remote")
    local.snakemake("--cores", "2")
    output = remote.snakemake("--profile", str(profile), "--workflow-profile", "none", timeout=900).stdout
    assert "slurm" in output.lower()
    here, there = local.folder / "results/demo", remote.folder / "results/demo"
    names = [path.relative_to(here) for path in here.rglob("*") if path.is_file()]
    assert len(names) > 20
    different = [str(name) for name in names if not filecmp.cmp(here / name, there / name, shallow=False)]
    assert different == []
