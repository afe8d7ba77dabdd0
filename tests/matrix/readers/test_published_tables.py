"""Result tables in the layouts of the programs, and decoys in tables of no known program; truth is arithmetic."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sevaxis.base.problems import Problems
from sevaxis.matrix.readers.delimited import read_delimited
from sevaxis.matrix.readers.effects_table import read_effects_table
from sevaxis.matrix.readers.excel import read_excel


def table(tmp_path, **columns):
    frame = pd.DataFrame({"gene": ["FBXO2", "CD63", "FLOT1"], **columns})
    path = tmp_path / "results.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    ("scale", "values", "log2"),
    [
        ("log2", [1.0, -2.0, 0.5], [1.0, -2.0, 0.5]),
        ("ln", [np.log(2), -np.log(4), 0.0], [1.0, -2.0, 0.0]),
        ("log10", [np.log10(8), -1.0, 0.0], [3.0, -np.log2(10), 0.0]),
        ("ratio", [2.0, 0.25, 1.0], [1.0, -2.0, 0.0]),
        ("signed_ratio", [2.0, -4.0, 1.0], [1.0, -2.0, 0.0]),
    ],
)
def test_fold_changes_of_every_kind_become_log2(tmp_path, scale, values, log2):
    adata = read_effects_table(
        table(tmp_path, x=values, p=[0.1, 0.2, 0.3]), contrasts={"a": {"log2fc": "x", "p": "p"}}, fold_change=scale
    )  # fmt: skip
    np.testing.assert_allclose(adata.layers["log2fc"][0], log2, atol=1e-12)
    np.testing.assert_allclose(adata.layers["p"][0], [0.1, 0.2, 0.3])


def test_standard_errors_of_natural_logarithms_become_those_of_log2(tmp_path):
    path = table(tmp_path, b=[0.7, -0.2, 0.1], se_b=[0.35, 0.1, 0.1])
    adata = read_effects_table(path, contrasts={"a": {"log2fc": "b", "se": "se_b"}}, fold_change="ln")
    np.testing.assert_allclose(
        adata.layers["log2fc"] / adata.layers["se"], [[2.0, -2.0, 1.0]]
    )  # t has no scale
    np.testing.assert_allclose(adata.layers["se"][0], np.array([0.35, 0.1, 0.1]) / np.log(2))


def test_logarithms_of_p_degrees_of_freedom_by_row_and_infinite_changes(tmp_path):
    """Perseus writes -log10 of p, MSstats a DF for each protein and Inf where one condition is missing."""
    path = table(
        tmp_path, d=[1.5, "-Inf", 0.25], lp=[2.0, 0.5, 0.0], DF=[4, 5, 6], n1=[3, 3, 3], n2=[2, 2, 2]
    )
    columns = {"log2fc": "d", "p": "lp", "df": "DF", "n_case": "n1", "n_reference": "n2"}
    adata = read_effects_table(path, contrasts={"a": columns}, minus_log10=["p"])
    np.testing.assert_allclose(adata.layers["p"][0], [0.01, 10**-0.5, 1.0])
    assert adata.layers["df"][0].tolist() == [4, 5, 6]
    np.testing.assert_array_equal(adata.layers["log2fc"][0], [1.5, np.nan, 0.25])
    assert adata.uns["reading"]["infinite_fold_changes"] == 1
    turned = read_effects_table(path, contrasts={"a": columns}, minus_log10=["p"], reverse=True)
    np.testing.assert_array_equal(turned.layers["log2fc"][0], [-1.5, np.nan, -0.25])
    assert (turned.layers["n_case"][0, 0], turned.layers["n_reference"][0, 0]) == (2, 3)
    np.testing.assert_allclose(turned.layers["p"], adata.layers["p"])


@pytest.mark.parametrize(
    ("columns", "options", "what"),
    [
        ({"log2fc": "lfc", "se": "neg"}, {}, "no standard errors"),
        ({"log2fc": "lfc", "p": "big"}, {}, "no p-values"),
        ({"log2fc": "lfc", "p": "neg"}, {"minus_log10": ["p"]}, "no -log10"),
        ({"log2fc": "lfc"}, {"fold_change": "ratio"}, "no fold changes of the kind 'ratio'"),
        ({"log2fc": "lfc"}, {"fold_change": "signed_ratio"}, "no fold changes of the kind 'signed_ratio'"),
        ({"log2fc": "big", "se": "se"}, {"fold_change": "ratio"}, "standard error of a ratio"),
    ],
)
def test_columns_that_cannot_be_what_they_are_called_are_refused(tmp_path, columns, options, what):
    path = table(
        tmp_path, lfc=[1.0, -2.0, 0.5], neg=[0.1, -0.2, 0.3], big=[3.0, 9.0, 2.0], se=[0.1, 0.2, 0.3]
    )
    with pytest.raises(Problems, match=what) as caught:
        read_effects_table(path, contrasts={"a": columns}, **options)
    (problem,) = caught.value.problems
    assert "contrast 'a'" in problem.where and problem.hint


PREFIXED = ["REV__P1", "CON__P2", "rev_sp|Q1|A_HUMAN", "contam_sp|Q2|B_HUMAN", "Cont_P3", "DECOY_P4", "XXX_P5",
            "##P6", "cRAP-P00761", "#CONTAM#P7", "ALBU_BOVIN", "Reverse_P8", "decoy_P9"]  # fmt: skip


@pytest.mark.parametrize("kind", ["csv", "xlsx", "effects"])
def test_decoys_and_contaminants_leave_every_table_and_are_counted(tmp_path, kind):
    names = ["P62258", "P63101", "Reverb1", "Contactin", *PREFIXED, "Q9Y2Q0", "P08238", "P07900"]
    marks = ["", "", "", "", *[""] * len(PREFIXED), "+", "", ""]
    site = ["", "", "", "", *[""] * len(PREFIXED), "", "+", ""]
    frame = pd.DataFrame({"protein": names, "a": np.arange(len(names)) + 1.5, "b": np.arange(len(names)) + 2.5,
                          "Potential.contaminant": marks, "Only identified by site": site})  # fmt: skip
    path = tmp_path / f"x.{'xlsx' if kind == 'xlsx' else 'csv'}"
    (frame.to_excel if kind == "xlsx" else frame.to_csv)(path, index=False)
    options = {} if kind == "effects" else {"samples": ["a", "b"]}
    read = {"csv": read_delimited, "xlsx": read_excel}.get(kind, read_effects_table)
    if kind == "effects":
        options = {"contrasts": {"x": {"log2fc": "a"}}}
    adata = read(path, **options)
    assert list(adata.var_names) == ["P62258", "P63101", "Reverb1", "Contactin", "P07900"]
    reading = adata.uns["reading"]
    assert reading["decoys_dropped"] == 7  # the names that say reverse, decoy, XXX, ##
    assert reading["contaminants_dropped"] == 7  # six by name, one by its mark
    assert reading["only_identified_by_site_dropped"] == 1
    kept = read(path, **options, keep=["contaminants"])
    assert kept.n_vars == 12 and kept.uns["reading"]["contaminants_kept"] == 7
