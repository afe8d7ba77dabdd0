"""Gene-set tests against limma itself, on data made here: weights, trend, estimated correlation, a covariate."""

import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
from sevaxis.models.genesets.camera import camera
from sevaxis.models.genesets.rotation import fry
from sevaxis.models.genesets.sets import index_sets

SCRIPT = """
suppressMessages(library(limma))
read <- function(name) as.matrix(read.delim(name, header = FALSE))
y <- read("y.tsv"); w <- read("w.tsv"); design <- read("design.tsv"); s <- read.delim("sets.tsv")
sets <- split(s$row, s$set)
write <- function(x, name) write.table(cbind(set = rownames(x), x), name, sep = "\\t", row.names = FALSE)
write(camera(y, sets, design, contrast = c(0, 1, -0.5), sort = FALSE), "contrast.tsv")
write(camera(y, sets, design, contrast = 2, inter.gene.cor = NA, sort = FALSE), "estimated.tsv")
write(camera(y, sets, design, contrast = 2, weights = w, sort = FALSE), "weights.tsv")
write(camera(y, sets, design, contrast = 2, trend.var = TRUE, sort = FALSE), "trend.tsv")
write(fry(y, sets, design, contrast = c(0, 1, -0.5), weights = w[1, ], sort = FALSE), "fry.tsv")
write(fry(y, sets, design, contrast = 2, weights = w, sort = FALSE), "fry_coefficient.tsv")
cat(as.character(packageVersion("limma")))
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """Data, sets, and limma's answers."""
    if shutil.which("Rscript") is None:
        pytest.skip("NOT TESTED: no Rscript (this test compares with limma, Debian package r-bioc-limma)")
    rng = np.random.default_rng(20250128)
    y = rng.normal(8, 2, (1500, 1)) + rng.normal(size=(1500, 14)) / np.sqrt(rng.chisquare(5, (1500, 1)) / 5)
    design = np.column_stack([np.ones(14), np.arange(14) % 2, rng.normal(size=14)])
    weights = rng.uniform(0.3, 3, y.shape)
    members = {
        f"s{i:02d}": np.sort(rng.choice(1500, size, replace=False)) for i, size in enumerate(range(12, 72))
    }
    y[members["s03"]] += design[:, 1] * 0.8
    y[members["s09"]] += rng.normal(0, 0.7, 14)  # correlated
    folder = tmp_path_factory.mktemp("limma")
    for name, values in (("y", y), ("w", weights), ("design", design)):
        np.savetxt(folder / f"{name}.tsv", values, delimiter="\t", fmt="%.17g")
    rows = pd.concat([pd.DataFrame({"set": name, "row": rows + 1}) for name, rows in members.items()])
    rows.to_csv(folder / "sets.tsv", sep="\t", index=False)
    (folder / "limma.R").write_text(SCRIPT)
    done = subprocess.run(["Rscript", "limma.R"], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode and "there is no package called" in done.stderr:
        pytest.skip("NOT TESTED: Rscript has no limma (Debian package r-bioc-limma)")
    assert done.returncode == 0, done.stderr
    sets = index_sets({name: map(str, rows) for name, rows in members.items()}, [str(i) for i in range(1500)])
    return y, design, weights, sets, lambda job: pd.read_csv(folder / f"{job}.tsv", sep="\t", index_col=0)


@pytest.mark.parametrize("job", ["contrast", "estimated", "weights", "trend", "fry", "fry_coefficient"])
def test_equals_limma(answers, job):
    y, design, weights, sets, answer = answers
    mixed, first = np.array([0.0, 1.0, -0.5]), np.array([0.0, 1.0, 0.0])
    ours = {
        "contrast": lambda: camera(y, design, mixed, sets),
        "estimated": lambda: camera(y, design, first, sets, correlation=None),
        "weights": lambda: camera(y, design, first, sets, weights=weights),
        "trend": lambda: camera(y, design, first, sets, trend=True),
        "fry": lambda: fry(y, design, mixed, sets, weights=weights[0]),
        "fry_coefficient": lambda: fry(y, design, first, sets, weights=weights),
    }[job]().set_index("set")
    theirs = answer(job).loc[ours.index]
    np.testing.assert_allclose(ours["p"], theirs["PValue"], rtol=1e-6)
    np.testing.assert_array_equal(ours["direction"].str.title(), theirs["Direction"])
    if job == "estimated":  # limma prints estimates below 0 and tests with 0
        np.testing.assert_allclose(ours["correlation"], theirs["Correlation"].clip(lower=0), atol=1e-9)
    if job.startswith("fry"):
        np.testing.assert_allclose(ours["p_mixed"], theirs["PValue.Mixed"], rtol=1e-6)
