"""What changed between two results."""

import json

import pandas as pd
import pytest
from sevaxis.base.problems import Problems
from sevaxis.cli import main
from sevaxis.diff import compare_runs
from sevaxis.effects.table import conform, write_effects


def result(folder, rows, reading="undetermined", versions=None, sha="a"):
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
    return folder


ROWS = [
    {"feature_id": "f1", "log2fc": 1.0, "q": 0.2},
    {"feature_id": "f2", "log2fc": 1.0, "q": 0.2},
    {"feature_id": "f3", "log2fc": 1.0, "q": 0.2},
]


def test_equal_results_have_no_changes(tmp_path):
    a, b = result(tmp_path / "a", ROWS), result(tmp_path / "b", ROWS)
    assert compare_runs(a, b).tell() == ["Nothing changed."]


def test_every_kind_of_change(tmp_path, capsys):
    a = result(tmp_path / "a", ROWS)
    changed = [
        {"feature_id": "f1", "log2fc": 1.5, "q": 0.01},
        {"feature_id": "f2", "log2fc": 1.1, "q": 0.2},
        {"feature_id": "f4", "log2fc": 1.0, "q": 0.2},
    ]
    b = result(tmp_path / "b", changed, "changed_up", {"numpy": "2.1"}, "b")
    changes = compare_runs(a, b)
    found = changes.effects.set_index("feature_id")["change"].to_dict()
    assert found == {"f1": "significance", "f2": "estimate", "f3": "removed", "f4": "added"}
    assert main(["compare", str(a), str(b), "--output", str(tmp_path / "rows.tsv")]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "FBXO2 in d, c, all: was undetermined, is changed up"
    assert "file d/x: changed" in told
    assert "version of numpy: 2.0 -> 2.1" in told
    assert len(pd.read_csv(tmp_path / "rows.tsv", sep="\t")) == 4


def test_a_folder_without_a_result(tmp_path):
    with pytest.raises(Problems, match="no finished result"):
        compare_runs(tmp_path, tmp_path)
