"""R files with several objects, matrices that lie on their side or have no names, and objects of other classes."""

from __future__ import annotations

import types

import numpy as np
import pandas as pd
import pytest
import rdata
import xarray
import yaml
from sevaxis.base.problems import Problems
from sevaxis.drafting import add
from sevaxis.matrix.readers import r_object
from sevaxis.matrix.readers.registry import reader, reader_options

SAMPLES = [f"{group}_{sex}_{i}" for group in ("sed", "trained") for sex in "MF" for i in (1, 2, 3)]
N = 200
GENES = [f"ENSMUSG{7 * i + 1:011d}" for i in range(N)]
RANDOM = np.random.default_rng(4)
LIVER, MUSCLE = (
    RANDOM.negative_binomial(5, 0.002 + RANDOM.uniform(0, 0.2, (N, 1)), (N, 12)) for _ in range(2)
)
CPM = LIVER / LIVER.sum(axis=0) * 1e6
PHENO = pd.DataFrame(
    {"arm": [s.split("_")[0] for s in SAMPLES], "sex": [s.split("_")[1] for s in SAMPLES]}, index=SAMPLES
)


def matrix(values: np.ndarray, rows=GENES, columns=SAMPLES):
    names = {"dim_0": rows, "dim_1": columns}
    return xarray.DataArray(
        values.astype(float),
        dims=("dim_0", "dim_1"),
        coords={dim: list(labels) for dim, labels in names.items() if labels is not None},
    )


@pytest.fixture
def drafted(tmp_path, monkeypatch):
    """Draft of an R file with such contents: the package that reads R files cannot write matrices with names."""

    def draft(content):
        path = tmp_path / "objects.rds"
        rdata.write_rds(str(path), PHENO)
        monkeypatch.setattr(r_object, "load_r", lambda path: content)
        added = add([str(path)], id="mine", folder=tmp_path / "datasets", dry_run=True)
        return yaml.safe_load(added.card), added, path

    return draft


#: What stands in a file -> its objects, the option `object`, words of what is told of the others.
CHOSEN = {
    "log CPM before counts": (
        {"logcpm": matrix(np.log2(CPM + 1)), "raw_counts": matrix(LIVER), "pheno": PHENO},
        "raw_counts",
        "logcpm",
    ),
    "tximport": (
        {
            "txi": {
                "abundance": matrix(CPM),
                "counts": matrix(LIVER),
                "length": matrix(np.full((N, 12), 900.0)),
                "countsFromAbundance": ["no"],
            },
            "pheno": PHENO,
        },
        "txi$counts",
        "txi$abundance",
    ),
}


@pytest.mark.parametrize("name", CHOSEN)
def test_counts_are_taken_of_what_holds_the_same_samples(drafted, name):
    objects, chosen, told = CHOSEN[name]
    card, added, path = drafted(objects)
    (file,) = card["files"]
    assert file["options"]["object"] == chosen, added.evidence
    assert any(line.startswith("also in the file") and told in line for line in added.evidence)
    options = reader_options("r_object").model_validate(file["options"])
    np.testing.assert_allclose(reader("r_object")(path, **dict(options)).X, LIVER.T)
    assert (card["assay"], card["organism"]) == ("rna_counts", "mouse")


@pytest.mark.parametrize("renamed", [False, True])
def test_two_tissues_in_a_file_are_asked_about(drafted, renamed):
    """Whether the animals are called alike in both or not."""
    others = [f"mus_{name}" for name in SAMPLES] if renamed else SAMPLES
    objects = {"liver": matrix(LIVER), "muscle": matrix(MUSCLE, columns=others)}
    card, added, _ = drafted(objects)
    asked = card["files"][0]["options"]["object"]
    assert asked.startswith("TODO liver") and "muscle" in asked, asked
    assert any("object" in problem.what for problem in added.open), added.open


def test_two_tissues_in_a_workbook_are_asked_about(tmp_path):
    path = tmp_path / "counts.xlsx"
    with pd.ExcelWriter(path) as book:
        for name, values in (("liver", LIVER), ("muscle", MUSCLE)):
            frame = pd.DataFrame(values, columns=SAMPLES)
            frame.insert(0, "gene_id", GENES)
            frame.to_excel(book, sheet_name=name, index=False)
    added = add([str(path)], id="mine", folder=tmp_path / "datasets", dry_run=True)
    asked = yaml.safe_load(added.card)["files"][0]["options"]["sheet"]
    assert asked.startswith("TODO liver") and "muscle" in asked, asked


def test_a_matrix_with_a_row_per_sample(drafted):
    card, added, path = drafted(matrix(LIVER.T, SAMPLES, GENES))
    (file,) = card["files"]
    assert [line.split("\t")[0] for line in added.sheet.splitlines()[1:]] == SAMPLES
    adata = reader("r_object")(path, **file["options"])
    np.testing.assert_allclose(adata[SAMPLES, GENES].X, LIVER.T)


def test_rows_without_names_are_no_entrez_identifiers(drafted):
    with pytest.raises(Problems, match="No file holds values or results") as caught:
        drafted(matrix(LIVER, rows=None))
    assert "rownames(x)" in caught.value.problems[0].hint


def test_counts_of_several_assays_are_read_wherever_they_stand(drafted):
    """As R keeps a SummarizedExperiment: matrices without names, the names beside them."""
    assays = {"logcounts": np.log2(LIVER + 1.0), "counts": LIVER.astype(float)}
    table = types.SimpleNamespace(listData={"arm": PHENO["arm"].tolist()}, rownames=np.array(SAMPLES))
    content = types.SimpleNamespace(
        assays=types.SimpleNamespace(data=types.SimpleNamespace(listData=assays)),
        colData=table,
        elementMetadata=types.SimpleNamespace(listData={}),
        NAMES=np.array(GENES),
    )
    setattr(content, "class", ["SummarizedExperiment"])
    card, added, path = drafted(content)
    (file,) = card["files"]
    assert file["options"] == {"assay": "counts"}
    assert any("'counts' is read" in line for line in added.evidence)
    np.testing.assert_allclose(reader("r_object")(path, assay="counts").X, LIVER.T)


def test_an_object_without_a_matrix_is_called_by_its_class(drafted):
    content = types.SimpleNamespace(ExperimentList=types.SimpleNamespace())
    setattr(content, "class", ["QFeatures"])
    with pytest.raises(Problems) as caught:
        drafted(content)
    assert "QFeatures" in caught.value.problems[0].found and "saveRDS" in caught.value.problems[0].hint
