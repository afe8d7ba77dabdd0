"""The guide to extending the project, followed to the letter in a temporary copy."""

import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.guide import follow


class Copy:
    """A copy of the package and its resources, with one section of the guide followed.

    Attributes
    ----------
    touched
        Files that the section writes or edits.
    """

    def __init__(self, root: Path, folder: Path, section: str):
        self.folder = folder
        for part in ("workflow", "resources", "config"):
            shutil.copytree(root / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        self.touched = follow(root, section, folder)

    def run(self, code: str) -> str:
        """What a program prints that runs on the copy."""
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)],
            cwd=self.folder,
            env={"PYTHONPATH": str(self.folder / "workflow"), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout


@pytest.fixture
def guide(root, tmp_path):
    return lambda section: Copy(root, tmp_path / "copy", section)


STUDY = """
    from pathlib import Path
    import yaml
    Path("config/datasets/mine").mkdir()
    card = dict(id="mine", title="t", citation="c", licence="l", organism="human", tissue="muscle",
        compartment="tissue", assay="protein", files=[dict(name="x.tsv", path="x.tsv", reader="delimited")],
        columns=dict(sample="sample", group="group"),
        contrasts=[dict(name="effect", role="training", case="b", reference="a")])
    samples = [f"s{i}" for i in range(8)]
    rows = "".join(f"{name}\\t{'ab'[i % 2]}\\n" for i, name in enumerate(samples))
    Path("config/datasets/mine/samples.tsv").write_text("sample\\tgroup\\n" + rows)
    Path("x.tsv").write_text("protein\\t" + "\\t".join(samples) + "\\nP1" + "\\t20" * 8 + "\\n")
    study = dict(name="x", title="x", datasets=["mine"])

    def write(**changes):
        Path("config/datasets/mine/card.yaml").write_text(yaml.safe_dump({**card, **changes}))
        Path("config/x.yaml").write_text(yaml.safe_dump(study))
"""


def test_a_method(guide):
    copy = guide("A method")
    assert len(copy.touched) <= 4
    said = copy.run(
        STUDY
        + """
    import numpy as np, pandas as pd, anndata
    from sevaxis.base.problems import Problems
    from sevaxis.effects.compare import compare
    from sevaxis.study.card import CompareCard
    from sevaxis.study.schemas import methods_table
    from sevaxis.study.study import load_study
    write(model=dict(method="ranks", robust=True))
    try:
        load_study(Path("config/x.yaml"))
    except Problems as problems:
        print(problems)
    write(model=dict(method="ranks", scaled=False))
    card = load_study(Path("config/x.yaml")).cards["mine"]
    obs = pd.DataFrame({"group": list("abababab"), "sex": None, "batch": None, "subject": None, "included": True,
        "excluded_because": ""}, index=samples)
    adata = anndata.AnnData(np.random.default_rng(1).normal(20, 1, (8, 30)), obs=obs)
    adata.var["symbol"] = adata.var["human_symbol"] = adata.var_names
    adata.layers["log2"] = adata.X
    adata.uns["dataset"] = {"scale": "log2"}
    effects, model = compare(adata, CompareCard.model_validate(card.part(CompareCard)), axis=[])
    print(effects["status"].value_counts().to_dict(), model["fits"][0]["method"])
    print(methods_table())
    """
    )
    assert "does not take the option 'robust'" in said
    assert "{'tested': 30} ranks" in said
    assert "linear model of ranks" in said


def test_a_panel(guide):
    copy = guide("A panel")
    assert len(copy.touched) == 1
    said = copy.run(
        STUDY
        + """
    from sevaxis.genes.panels import load_panels
    from sevaxis.study.study import load_study
    study["panels"] = ["axis", "toys"]
    write()
    print(load_panels(load_study(Path("config/x.yaml")).configuration.panels)["toys"])
    """
    )
    assert "('FGF21', 'GDF15')" in said
