"""MaxQuant, STAR and published result tables: real files counted line by line, and traps made by hand."""

import csv
import gzip

import numpy as np
import pytest
from sevaxis.base.problems import Problems
from sevaxis.matrix.readers.effects_table import read_effects_table
from sevaxis.matrix.readers.maxquant import read_maxquant
from sevaxis.matrix.readers.star import read_star
from sevaxis.study.card import PublishedColumns

HEADER = "Majority protein IDs\tGene names\tLFQ intensity A\tLFQ intensity B\tReverse\tPotential contaminant"


@pytest.mark.shared
@pytest.mark.parametrize(
    "name", ["formats_alphapeptstats/proteinGroups.txt", "formats_protdata/proteinGroups.txt"]
)
def test_protein_groups(shared, name):
    path = shared / "data" / name
    with path.open(newline="") as handle:
        rows = list(csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))
    marked = [
        row
        for row in rows
        if "+" in (row["Reverse"], row["Potential contaminant"], row["Only identified by site"])
    ]
    clean = [row for row in rows if row not in marked]
    samples = [column for column in rows[0] if column.startswith("LFQ intensity ")]
    adata = read_maxquant(path)
    assert list(adata.obs_names) == [sample.removeprefix("LFQ intensity ") for sample in samples]
    reading = adata.uns["reading"]
    dropped = sum(
        reading[f"{kind}_dropped"] for kind in ("decoys", "contaminants", "only_identified_by_site")
    )
    assert dropped == len(marked)
    assert adata.n_vars == len(clean)
    by_hand = np.array([[float(row[sample]) for sample in samples] for row in clean]).T
    assert np.isnan(adata.X).sum() == (by_hand == 0).sum() == reading["zeros_taken_as_missing"]
    np.testing.assert_array_equal(np.nan_to_num(adata.X), by_hand)
    assert adata.var["Majority protein IDs"].tolist() == [row["Majority protein IDs"] for row in clean]
    assert adata.var_names.is_unique


def test_decoys_and_contaminants_without_marks(tmp_path):
    path = tmp_path / "proteinGroups.txt"
    path.write_text(
        HEADER + "\nP1;P2\tFBXO2;X\t5\t0\t\t\nREV__P9\t\t1\t1\t+\t\nCON__P02769;P3\tALB\t1\t1\t\t\n"
        "P1;P7\tY\t3\t4\t\t\nQ9UK22\t\t0\t7\t\t+\n"
    )
    adata = read_maxquant(path)
    # two groups begin with P1: their names are the whole groups
    assert list(adata.var_names) == ["P1;P2", "P1;P7"]
    assert adata.var["symbol"].tolist() == ["FBXO2", "Y"]
    assert adata.var["uniprot"].tolist() == ["P1", "P1"]
    assert np.isnan(adata.X).tolist() == [[False, False], [True, False]]
    reading = adata.uns["reading"]
    assert (reading["decoys_dropped"], reading["contaminants_dropped"]) == (1, 2)
    kept = read_maxquant(path, keep=["contaminants"])
    assert "Q9UK22" in kept.var_names
    assert kept.uns["reading"]["contaminants_kept"] == 2
    with pytest.raises(Problems, match="No columns 'iBAQ"):
        read_maxquant(path, quantity="iBAQ")
    with pytest.raises(Problems, match="did you mean 'A'"):
        read_maxquant(path, samples=["a"])


@pytest.mark.shared
def test_star_counts(shared):
    folder = shared / "data/mouse_liver_nash_ccl4_hcc"
    for path in sorted(folder.glob("*ReadsPerGene.out.tab"))[:3]:
        with path.open() as handle:
            lines = [line.rstrip("\n").split("\t") for line in handle]
        counts = {line[0]: line[1:] for line in lines}
        for column, strandedness in enumerate(("unstranded", "forward", "reverse")):
            adata = read_star(path, strandedness=strandedness)
            assert adata.shape == (1, len(lines) - 4)
            assert adata.obs_names[0] == path.name.removesuffix("_ReadsPerGene.out.tab")
            assert adata.X.sum() == sum(
                int(line[column + 1]) for line in lines if not line[0].startswith("N_")
            )
            assert adata.uns["reading"]["reads_N_noFeature"] == int(counts["N_noFeature"][column])
            assert not adata.var_names.str.startswith("N_").any()
    # the library is stranded: the reverse column holds nearly all reads, the forward one hardly any
    reading = adata.uns["reading"]
    assert reading["reads_in_genes_forward"] < 0.1 * reading["reads_in_genes_reverse"]
    for gene in ("ENSMUSG00000041556", "ENSMUSG00000022091", "ENSMUSG00000059714", "ENSMUSG00000025351"):
        name = adata.var_names[adata.var_names.str.startswith(gene + ".")].item()
        assert adata[0, name].X.item() == int(counts[name][2])


def test_star_refuses_other_tables(tmp_path):
    path = tmp_path / "xReadsPerGene.out.tab"
    path.write_text("A\t1\t2\t3\nB\t1\t2\t3\n")
    with pytest.raises(Problems, match="no ReadsPerGene"):
        read_star(path)
    path.write_text("gene\ts1\nA\t1\n")
    with pytest.raises(Problems, match="cannot be read"):
        read_star(path)


DESEQ = {"f": PublishedColumns(log2fc="log2FoldChange", q="padj", mean_abundance="tpm_mean")}


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "n", "fbxo2", "padj"),
    [
        # SCIENCE.md, finding 5
        ("gse130970_fibrosis", 31077, 1.04, 0.0015),
        ("gse130970_nas_high", 33255, 1.34, 5.6e-5),
    ],
)
def test_result_tables_of_liver_disease(shared, name, n, fbxo2, padj):
    path = shared / "data/masld_de_tables" / f"{name}.csv.gz"
    adata = read_effects_table(path, contrasts=DESEQ, mean_abundance_scale="linear")
    assert adata.shape == (1, n)
    row = adata[:, adata.var["symbol"].eq("FBXO2").fillna(False)]
    assert row.layers["log2fc"].item() == pytest.approx(fbxo2, abs=0.005)
    assert row.layers["q"].item() == pytest.approx(padj, rel=0.02)
    # an adjusted p-value is no way back to a standard error
    assert np.isnan(adata.layers["se"]).all()
    with gzip.open(path, "rt") as handle:
        first = next(csv.DictReader(handle))
    assert adata.var_names[0] == first["gene_id"]
    assert adata.layers["mean_abundance"][0, 0] == pytest.approx(np.log2(float(first["tpm_mean"])))


@pytest.mark.shared
def test_the_test_behind_p_is_handed_on(shared):
    path = shared / "data/mouse_nafld_exercise_de/HFD_vs_NC_DGE.csv"
    columns = PublishedColumns(log2fc="log2FoldChange", p="pvalue", q="padj")
    adata = read_effects_table(path, contrasts={"hfd": columns}, df="normal")
    assert adata.shape == (1, 40832)
    gene = adata[:, "ENSMUSG00000001506"]  # Col1a1: +1.92, padj 1.6e-4 (SCIENCE.md, 2a)
    assert gene.layers["log2fc"].item() == pytest.approx(1.92, abs=0.005)
    assert gene.layers["q"].item() == pytest.approx(1.6e-4, rel=0.05)
    assert np.isposinf(adata.layers["df"]).all()
    # nothing is derived while reading
    assert np.isnan(adata.layers["se"]).all()
    assert np.isnan(read_effects_table(path, contrasts={"hfd": columns}).layers["df"]).all()
    assert (read_effects_table(path, contrasts={"hfd": columns}, df=4).layers["df"] == 4).all()


@pytest.mark.shared
def test_wide_feather_of_metamex(shared):
    hours = {"h0_1": ("0_1", "0_1h"), "h24": ("24", "24h")}
    contrasts = {
        name: PublishedColumns(
            log2fc=f"TTest.{time}.logFC",
            p=f"TTest.{time}.P.Value",
            q=f"TTest.{time}.adj.P.Val",
            n_case=f"n.{n}",
            n_reference="n.Pre",
        )
        for name, (time, n) in hours.items()
    }
    path = shared / "data/metamex/timeline_acute_stats.feather"
    adata = read_effects_table(path, contrasts=contrasts, identifier="symbol")
    assert adata.shape == (2, 11916)
    assert "FBXO2" not in adata.var_names
    assert adata["h24", "CD63"].layers["log2fc"].item() == pytest.approx(0.75, abs=0.005)  # data README
    assert adata["h24", "CD63"].layers["n_case"].item() == 5
    assert adata["h24", "CD63"].layers["n_reference"].item() == 66


@pytest.mark.shared
def test_several_contrasts_below_each_other_in_an_r_object(shared):
    path = shared / "data/motrpac_muscle/PROT_GN_DA.rda"
    columns = PublishedColumns(log2fc="logFC", t="t", p="P.Value", q="adj.P.Val", mean_abundance="AveExpr")
    adata = read_effects_table(
        path,
        object="PROT_GN_DA$trained_vs_SED",
        feature="featureName",
        where={"f": {"contrast": "F_8W - F_SED"}, "m": {"contrast": "M_8W - M_SED"}},
        contrasts={"f": columns, "m": columns},
    )
    flot1 = adata[:, "NP_073192.2"]
    assert flot1.layers["log2fc"].ravel().tolist() == [-0.16, -0.11]  # SCIENCE.md, 4.1
    assert np.isfinite(flot1.layers["t"]).all()
    with pytest.raises(Problems, match="No row of the table"):
        read_effects_table(
            path, object="PROT_GN_DA$MvF", where={"f": {"contrast": "x"}}, contrasts={"f": columns}
        )


@pytest.mark.parametrize("kind", ["csv", "tsv", "xlsx", "feather", "parquet"])
def test_kinds_of_files(tmp_path, kind):
    import pandas as pd

    table = pd.DataFrame(
        {"gene": ["FBXO2", "CD63"], "lfc": [1.5, -0.25], "stderr": [0.5, 0.125], "P": [0.01, 0.05]}
    )
    path = tmp_path / f"t.{kind}"
    match kind:
        case "xlsx":
            table.to_excel(path, index=False)
        case "feather":
            table.to_feather(path)
        case "parquet":
            table.to_parquet(path)
        case _:
            table.to_csv(path, index=False, sep="," if kind == "csv" else "\t")
    adata = read_effects_table(
        path, contrasts={"c": PublishedColumns(log2fc="lfc", se="stderr", p="P")}, identifier="symbol"
    )
    assert adata.layers["log2fc"].tolist() == [[1.5, -0.25]]
    assert adata.layers["se"].tolist() == [[0.5, 0.125]]
    assert np.isnan(adata.layers["t"]).all()


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        ("gene,lfc,p\nA,1,7\n", {"log2fc": "lfc", "p": "p"}, "no p-values"),
        ("gene,lfc\nA,1\nA,2\n", {"log2fc": "lfc"}, "twice with different results"),
        ("gene,lfc\nA,1\n", {"log2fc": "LFC"}, "did you mean 'lfc'"),
    ],
)
def test_tables_that_cannot_be_right(tmp_path, text, columns, message):
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(Problems, match=message):
        read_effects_table(path, contrasts={"c": PublishedColumns(**columns)})
