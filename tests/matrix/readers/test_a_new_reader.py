"""Adding a reader is a new file and a line of the registry: cards, the read step and drafts know it from there."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from sevaxis.matrix.readers.registry import READERS, reader_options, signatures

from tests.guide import follow
from tests.study.test_study import CARD, SHEET

CHECK = """
import json, sys
from pathlib import Path
from sevaxis.base.problems import Problems
from sevaxis.drafting.formats import recognise
from sevaxis.matrix.read import read
from sevaxis.study.card import ReadCard
from sevaxis.study.study import load_study

try:
    study = load_study(Path("config/config.yaml"), root=Path(sys.argv[1]))
except Problems as raised:
    print(json.dumps([problem.what for problem in raised.problems]))
    sys.exit()
card = study.cards["mine"]
adata = read(
    ReadCard.model_validate(card.part(ReadCard)),
    Path(sys.argv[1]),
    sheet=Path(sys.argv[1], "config/datasets/mine/samples.tsv"),
    orthologs=None,
)
found = recognise(Path(sys.argv[1], "counts.toy"))[0]
print(json.dumps({
    "features": list(adata.var_names),
    "human": adata.var["human_symbol"].astype(str).tolist(),
    "values": adata.X.tolist(),
    "groups": adata.obs["group"].tolist(),
    "recognised": [found.format, found.reader, found.assay],
}))
"""


@pytest.fixture
def checked(root, tmp_path):
    """What a project with the toy reader says of a card with some options."""
    package = tmp_path / "workflow" / "sevaxis"
    shutil.copytree(root / "workflow" / "sevaxis", package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(root / "resources", tmp_path / "resources")
    assert len(follow(root, "A reader", tmp_path)) <= 3
    (tmp_path / "counts.toy").write_text("%toy\nFBXO2=1/2/3/4\nALB=50/60/70/80\n")

    def check(options: dict):
        files = [{"name": "counts.toy", "path": "counts.toy", "reader": "toy", "options": options}]
        card = {**CARD, "title": "Toys", "files": files}
        folder = tmp_path / "config" / "datasets" / "mine"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "card.yaml").write_text(yaml.safe_dump(card, sort_keys=False))
        (folder / "samples.tsv").write_text(SHEET)
        config = {"name": "study", "title": "A study", "datasets": ["mine"]}
        (tmp_path / "config" / "config.yaml").write_text(yaml.safe_dump(config))
        done = subprocess.run(
            [sys.executable, "-c", CHECK, str(tmp_path)],
            env={**os.environ, "PYTHONPATH": str(Path(package).parent)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return check


def test_a_reader_is_a_file_and_a_line(checked):
    said = checked({"case": "upper", "times": 10})
    assert said["features"] == said["human"] == ["FBXO2", "ALB"]
    assert said["values"] == [[10, 500], [20, 600], [30, 700], [40, 800]]
    assert said["groups"] == ["over", "over", "control", "control"]
    assert said["recognised"] == ["toy file", "toy", "rna_counts"]


def test_its_options_are_checked_before_anything_runs(checked):
    problems = checked({"times": "often", "colour": "red"})
    assert len(problems) == 2
    assert "times" in problems[0] + problems[1]
    assert "colour" in problems[0] + problems[1]


def test_signatures_name_readers_and_quantities_that_there_are():
    for signature in signatures():
        assert signature.columns or signature.starts or signature.line
        if not signature.reader:
            # tables that no reader takes say what to take instead
            assert signature.hint
            continue
        assert signature.reader in READERS
        for quantity in signature.quantities:
            reader_options(signature.reader).model_validate({"quantity": quantity})
