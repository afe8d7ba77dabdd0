"""Sex by marker genes: made by hand, and the sexes of public data."""

import anndata
import numpy as np
import pandas as pd
import pytest
from sevaxis.matrix.quality.sexing import call_sex, find_markers

from tests.matrix.quality.counts_by_hand import FEMALE, MALE, MOUSE, mice


def test_both_sexes_and_one_alone():
    assert call_sex(mice(FEMALE, MALE, FEMALE), "mouse", "rna_counts").called.tolist() == [
        "female",
        "male",
        "female",
    ]
    assert set(call_sex(mice(FEMALE, FEMALE), "mouse", "rna_counts").called) == {"female"}
    assert set(call_sex(mice(MALE, MALE), "mouse", "rna_counts").called) == {"male"}


def test_what_cannot_be_called_is_ambiguous():
    both_on, both_off, few = [60, 20, 15, 8, 5], [0, 0, 0, 0, 0], [6, 0, 0, 0, 0]
    assert call_sex(mice(both_on, both_off), "mouse", "rna_counts").called.tolist() == ["ambiguous"] * 2
    # 60 counts per million, but only six reads
    assert call_sex(mice(few, library=100_000), "mouse", "rna_counts").called.tolist() == ["ambiguous"]


def test_the_cohort_settles_what_the_absolute_rule_leaves_open():
    """Two counts of XIST beside no Y gene are too few reads alone; between clear cohorts the sample is female."""
    cohort = [FEMALE] * 4 + [MALE] * 4 + [[8, 0, 0, 0, 0]]
    assert call_sex(mice(*cohort), "mouse", "rna_counts").called[-1] == "female"
    assert call_sex(mice([8, 0, 0, 0, 0]), "mouse", "rna_counts").called[-1] == "ambiguous"
    half = [[*FEMALE], [*MALE], [30, 10, 8, 4, 2]]  # a mixture lies between the clusters
    assert call_sex(mice(*half), "mouse", "rna_counts").called[-1] == "ambiguous"


def test_without_y_genes_nobody_is_called_male():
    adata = mice([60], [0], genes=["Xist"])
    assert call_sex(adata, "mouse", "rna_counts").called.tolist() == ["female", "ambiguous"]


def test_arrays_by_the_gap_of_the_cohort():
    rng = np.random.default_rng(8)
    is_male = np.repeat([False, True], 5)
    values = rng.normal(4, 0.2, (10, 5))
    values[~is_male, 0] += 5
    values[is_male, 1:] += 4
    adata = anndata.AnnData(values, var=pd.DataFrame({"symbol": MOUSE}, index=MOUSE))
    assert call_sex(adata, "mouse", "array").called.tolist() == ["female"] * 5 + ["male"] * 5
    one = call_sex(adata[~is_male].copy(), "mouse", "array").called
    assert set(one) == {None}  # no absolute scale, no second sex: no call


def test_rat_markers_by_ensembl_and_symbols():
    """The rat's XIST has no symbol, its Y copy of DDX3 is called Ddx3 (MoTrPAC, mRatBN7.2); Ddx3x is no marker."""
    var = pd.DataFrame(
        {
            "ensembl": ["ENSRNOG00000065796.1", "ENSRNOG00000057231", "ENSRNOG00000023383"],
            "symbol": [None, "Ddx3", "Ddx3x"],
        },
        index=["x", "y", "z"],
    )
    found = {m["feature_id"]: m["chromosome"] for m in find_markers(var, "rat")}
    assert found == {"x": "X", "y": "Y"}
    symbols = pd.DataFrame({"symbol": ["Eif2s3y", "Eif2s3", "Uty"]}, index=["a", "b", "c"])
    assert [m["feature_id"] for m in find_markers(symbols, "rat")] == ["a", "c"]


def test_proteins_are_not_called():
    calls = call_sex(mice(FEMALE, MALE), "mouse", "protein")
    assert set(calls.called) == {None} and "compressed" in calls.refused


@pytest.mark.shared
def test_cohorts_of_one_sex(shared):
    """GSE281849 is declared all female; the CCl4 livers are all male by their Y genes (data/README.md)."""
    table = pd.read_excel(
        shared / "data/mouse_inactivity_muscle/CompiledData.xlsx",
        sheet_name="RNAseqRawCountsFemale",
        engine="calamine",
        index_col=0,
    )
    symbols = pd.DataFrame({"symbol": table.index}, index=table.index)
    muscle = anndata.AnnData(table.T.to_numpy(float), var=symbols)
    assert set(call_sex(muscle, "mouse", "rna_counts").called) == {"female"}
    files = sorted((shared / "data/mouse_liver_nash_ccl4_hcc").glob("*ReadsPerGene.out.tab"))
    columns = [pd.read_csv(f, sep="\t", header=None, index_col=0, usecols=[0, 1]).iloc[4:, 0] for f in files]
    counts = pd.concat(columns, axis=1)
    liver = anndata.AnnData(
        counts.T.to_numpy(float), var=pd.DataFrame({"ensembl": counts.index}, index=counts.index)
    )
    calls = call_sex(liver, "mouse", "rna_counts")
    assert calls.called.tolist() == ["male"] * 12


@pytest.mark.shared
def test_undeclared_human_livers(shared):
    """GSE89063: six samples of 17 have RPS4Y1 above 39 counts per million and XIST below 0.3, counted by hand."""
    table = pd.read_csv(
        shared / "data/human_liver_nafld_nickmeim/GSE89063_expression_matrix.tsv", sep="\t", index_col=0
    )
    adata = anndata.AnnData(table.T.to_numpy(float), obs=pd.DataFrame(index=table.columns))
    adata.var = pd.DataFrame({"symbol": table.index}, index=[f"f{i}" for i in range(len(table))])
    called = call_sex(adata, "human", "rna_counts").called
    males = adata.obs_names[called == "male"].tolist()
    assert males == [f"GSM23581{i}" for i in range(69, 75)]
    assert (called == "female").sum() == 11
