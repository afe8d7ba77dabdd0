"""What changed between two results."""

import json

import pandas as pd
import pytest
from sevaxis.base.problems import Problems
from sevaxis.cli import main
from sevaxis.diff import diff_runs
from sevaxis.effects.table import conform, write_effects

FIT = {
    "method": "voom",
    "robust": True,
    "sample_weights": None,
    "design": ["case", "control"],
    "contrasts": ["c"],
}
MODEL = {"dataset": "d", "fits": [FIT], "left_out": {"s1": "an outlier"}}


def result(folder, rows, reading="undetermined", versions=None, sha="a", model=MODEL):
    folder.mkdir()
    base = {
        "dataset": "d",
        "contrast": "c",
        "stratum": "all",
        "status": "tested",
        "se": 0.1,
        "human_symbol": "FBXO2",
    }
    write_effects(conform(pd.DataFrame([{**base, **row} for row in rows])), folder / "effects.parquet")
    axis = {"dataset": "d", "contrast": "c", "stratum": "all", "feature_id": "f1", "human_symbol": "FBXO2"}
    pd.DataFrame([{**axis, "reading": reading}]).to_csv(folder / "axis.tsv", sep="\t", index=False)
    files = [{"dataset": "d", "name": "x", "sha256": sha, "bytes": 1}]
    told = {"versions": versions or {"numpy": "2.0"}, "files": files, "code": {"read": "1"}, "seed": 1}
    (folder / "provenance.json").write_text(json.dumps(told))
    (folder / "datasets" / "d").mkdir(parents=True)
    (folder / "datasets" / "d" / "model.json").write_text(json.dumps(model))
    return folder


ROWS = [
    {"feature_id": "f1", "log2fc": 1.0, "q": 0.2},
    {"feature_id": "f2", "log2fc": 1.0, "q": 0.2},
    {"feature_id": "f3", "log2fc": 1.0, "q": 0.2},
]


def test_equal_results_have_no_changes(tmp_path):
    a, b = result(tmp_path / "a", ROWS), result(tmp_path / "b", ROWS)
    assert diff_runs(a, b).tell() == ["Nothing changed."]


def test_every_kind_of_change(tmp_path, capsys):
    a = result(tmp_path / "a", ROWS)
    changed = [
        {"feature_id": "f1", "log2fc": 1.5, "q": 0.01},
        {"feature_id": "f2", "log2fc": 1.1, "q": 0.2},
        {"feature_id": "f4", "log2fc": 1.0, "q": 0.2},
    ]
    b = result(tmp_path / "b", changed, "changed_up", {"numpy": "2.1"}, "b")
    changes = diff_runs(a, b)
    found = changes.effects.set_index("feature_id")["change"].to_dict()
    assert found == {"f1": "significance", "f2": "estimate", "f3": "removed", "f4": "added"}
    assert main(["diff", str(a), str(b), "--output", str(tmp_path / "rows.tsv")]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "FBXO2 in d, c, all: was undetermined, is changed up"
    assert "file d/x: changed" in told
    assert "version of numpy: 2.0 -> 2.1" in told
    assert len(pd.read_csv(tmp_path / "rows.tsv", sep="\t")) == 4


def test_a_folder_without_a_result(tmp_path):
    with pytest.raises(Problems, match="no finished result"):
        diff_runs(tmp_path, tmp_path)


def test_what_ran_is_told_in_plain_sentences(tmp_path):
    fit = {**FIT, "method": "trend", "robust": False, "sample_weights": {"s1": 0.5}, "design": ["case"]}
    left_out = {"s2": "left out by the card"}
    a = result(tmp_path / "a", ROWS)
    b = result(tmp_path / "b", ROWS, model={"dataset": "d", "fits": [fit], "left_out": left_out})
    assert diff_runs(a, b).tell() == [
        "method of d: voom -> trend",
        "sample weights of d: false -> true",
        "robust prior of d: true -> false",
        "columns of the model of d: case, control -> case",
        "d: sample s2 is left out now: left out by the card",
        "d: sample s1 takes part now",
    ]


def test_a_difference_in_one_contrast_names_it(tmp_path):
    other = {**FIT, "contrasts": ["other"]}
    a = result(tmp_path / "a", ROWS, model={**MODEL, "fits": [FIT, other]})
    b = result(tmp_path / "b", ROWS, model={**MODEL, "fits": [FIT, {**other, "method": "mixed"}]})
    assert diff_runs(a, b).tell() == ["method of d (other): voom -> mixed"]


def test_results_from_before_there_was_a_record_of_what_ran(tmp_path):
    a, b = result(tmp_path / "a", ROWS), result(tmp_path / "b", ROWS)
    (a / "datasets" / "d" / "model.json").unlink()
    assert diff_runs(a, b).tell() == ["Nothing changed."]


def test_the_old_name_still_works_and_says_the_new_one(tmp_path, capsys):
    a, b = result(tmp_path / "a", ROWS), result(tmp_path / "b", ROWS)
    assert main(["compare", str(a), str(b)]) == 0
    said = capsys.readouterr()
    assert said.out == "Nothing changed.\n"
    assert said.err == "`sevaxis compare` is now called `sevaxis diff`.\n"
