"""Technical replicates become one sample: expected values by hand."""

import json

import numpy as np
import pandas as pd
import pytest
from sevaxis.base.problems import Problems
from sevaxis.matrix.read import read
from sevaxis.study.card import Card, ReadCard
from sevaxis.study.estimability import facts_of
from sevaxis.study.sheet import load_sheet

GENES = [f"G{i}" for i in range(6)]
SHEET = """sample group sex donor day
a_1 case F a 1
a_2 case F a 3
b_1 case M b 1
c_1 rest F c 1
c_2 rest F c 1
d rest M  1
""".replace(" ", "\t")


def card(assay, **columns):
    return {
        "id": "x", "organism": "human", "tissue": "plasma", "compartment": "plasma", "assay": assay,
        "files": [{"name": "m.tsv", "reader": "delimited", "options": {"identifier": "symbol"}}],
        "columns": {"sample": "sample", "group": "group", "sex": "sex", "replicate_of": "donor", **columns},
    }  # fmt: skip


def built(folder, assay, values, sheet=SHEET, **columns):
    samples = [line.split("\t")[0] for line in SHEET.splitlines()[1:]]
    pd.DataFrame(np.transpose(values), index=pd.Index(GENES, name="g"), columns=samples).to_csv(
        folder / "m.tsv", sep="\t"
    )
    (folder / "samples.tsv").write_text(sheet)
    reading = ReadCard.model_validate(card(assay, **columns))
    return read(reading, folder, sheet=folder / "samples.tsv", orthologs=None)


def test_counts_are_added_up(tmp_path):
    counts = np.arange(36).reshape(6, 6) * 1000
    adata = built(tmp_path, "rna_counts", counts)
    assert list(adata.obs_names) == ["a", "b", "c", "d"]
    assert (
        adata.X.tolist()
        == np.stack([counts[0] + counts[1], counts[2], counts[3] + counts[4], counts[5]]).tolist()
    )
    assert adata.obs["group"].tolist() == ["case", "case", "rest", "rest"]
    assert adata.obs["day"].tolist() == [2, 1, 1, 1]
    told = json.loads(adata.uns["provenance"])["replicates"]
    assert told["specimens"] == {"a": ["a_1", "a_2"], "c": ["c_1", "c_2"]}


def test_log2_values_are_averaged_where_they_were_detected(tmp_path):
    values = np.full((6, 6), 20.5)
    values[0], values[1] = 22.5, 23.5
    values[1, 0] = np.nan
    values[0:2, 1] = np.nan
    adata = built(tmp_path, "protein", values)
    expected = [22.5, np.nan, 23, 23, 23, 23]
    np.testing.assert_array_equal(adata.X[0], expected)
    assert adata.X[2].tolist() == [20.5] * 6


def test_replicates_are_counted_once_and_must_agree(tmp_path):
    (tmp_path / "samples.tsv").write_text(SHEET)
    sheet, _ = load_sheet(tmp_path / "samples.tsv", "samples.tsv")
    about = {"title": "t", "citation": "c", "licence": "l"}
    contrast = {"name": "x", "role": "other", "case": "case", "reference": "rest"}
    whole = card("protein") | about | {"contrasts": [contrast]}
    whole["files"] = [whole["files"][0] | {"path": "m.tsv"}]
    assert [fact.group for fact in facts_of(sheet, Card.model_validate(whole))] == [
        "case",
        "case",
        "rest",
        "rest",
    ]
    with pytest.raises(Problems) as caught:
        built(tmp_path, "protein", np.full((6, 6), 20.5), SHEET.replace("a_2\tcase\tF", "a_2\trest\tM"))
    told = {problem.where: problem for problem in caught.value.problems}
    assert len(told) == 2
    assert any(where.endswith("samples.tsv:3, column 'group'") for where in told)
    assert all("subject" in problem.hint for problem in told.values())
