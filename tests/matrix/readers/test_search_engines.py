"""Tables of search engines: real files counted line by line, and small files in the documented formats."""

import csv

import numpy as np
import polars as pl
import pytest
from sevaxis.base.problems import Problems
from sevaxis.matrix.readers.registry import reader


def lines_of(path, delimiter="\t"):
    with path.open(newline="", encoding="utf-8-sig") as handle:
        return list(csv.DictReader(handle, delimiter=delimiter, quoting=csv.QUOTE_NONE))


def written(tmp_path, name, header, rows, separator="\t"):
    path = tmp_path / name
    path.write_text("\n".join(separator.join(map(str, row)) for row in [header, *rows]) + "\n")
    return path


@pytest.mark.shared
def test_diann_matrix(shared):
    path = shared / "data/spike_staes_hye_diann/spikein248-staesetal2024.pg_matrix.tsv"
    adata = reader("diann")(path, samples=r"ratio(\d\d_DIA(?:_\d)?)")
    rows = lines_of(path)
    runs = [column for column in rows[0] if column.endswith(".raw")]
    assert adata.shape == (len(runs), len(rows)) == (9, 3694)
    assert adata.obs_names[0] == "02_DIA"
    by_hand = np.array([[float(row[run]) if row[run] else np.nan for run in runs] for row in rows]).T
    np.testing.assert_array_equal(adata.X, by_hand)
    # UPS2 proteins 8 v 2 and yeast: the log2 ratios that were mixed are 2 and 0 (data README)
    ups = adata.var_names.str.contains("ups")
    log2 = np.log2(adata.X)
    ratio = log2[[2, 5, 8]].mean(axis=0) - log2[[0, 3, 6]].mean(axis=0)
    assert np.nanmedian(ratio[ups]) == pytest.approx(2, abs=0.35)
    assert np.nanmedian(ratio[~ups]) == pytest.approx(0, abs=0.1)


@pytest.mark.shared
def test_diann_matrix_with_trimmed_lines(shared):
    path = shared / "data/formats_alphapeptstats/report_final.pg_matrix.tsv"
    adata = reader("diann")(path)
    assert adata.shape == (20, 10)
    filled = sum(bool(row[f"S{i}"]) for row in lines_of(path) for i in range(1, 21))
    assert np.isfinite(adata.X).sum() == filled
    assert adata.var["symbol"].iloc[0] == "HDLBP"


REPORT = ("Run", "Protein.Group", "Protein.Names", "Genes", "PG.MaxLFQ", "Precursor.Id", "Q.Value", "PG.Q.Value",
          "Global.PG.Q.Value", "Lib.PG.Q.Value")  # fmt: skip
PRECURSORS = [
    ("r1", "P1;P2", "A_HUMAN;B_HUMAN", "A;B", 10.0, "AAK2", 0.001, 0.001, 0.001, 0),
    ("r1", "P1;P2", "A_HUMAN;B_HUMAN", "A;B", 10.0, "CCK2", 0.001, 0.001, 0.001, 0),
    ("r2", "P1;P2", "A_HUMAN;B_HUMAN", "A;B", 20.0, "AAK2", 0.02, 0.001, 0.001, 0),  # precursor fails
    ("r1", "P3", "C_HUMAN", "KRT1", 5.0, "DDK2", 0.001, 0.2, 0.001, 0),  # protein fails in this run
    ("r2", "P3", "C_HUMAN", "KRT1", 6.0, "DDK2", 0.001, 0.001, 0.001, 0),
    ("r2", "P4", "D_HUMAN", "D", 7.0, "EEK2", 0.001, 0.001, 0.02, 0),  # fails in the experiment
    ("r1", "P02769", "ALBU_BOVIN", "ALB", 9.0, "FFK2", 0.001, 0.001, 0.001, 0),
    ("r2", "P5", "E_HUMAN", "E", 0.0, "GGK2", 0.001, 0.001, 0.001, 0),
]


def check_report(adata):
    assert list(adata.obs_names) == ["r1", "r2"]
    assert list(adata.var_names) == ["P1", "P3", "P5"]
    np.testing.assert_array_equal(adata.X, [[10, np.nan, np.nan], [np.nan, 6, np.nan]])
    assert adata.var["precursors"].tolist() == [2, 1, 1]
    assert adata.var["keratin"].tolist() == [False, True, False]
    assert adata.uns["reading"]["contaminants_dropped"] == 1
    assert adata.uns["reading"]["rows_above_Q.Value_0.01"] == 1
    assert adata.uns["reading"]["rows_above_PG.Q.Value_0.05"] == 1
    assert adata.uns["reading"]["rows_above_Global.PG.Q.Value_0.01"] == 1


def test_diann_report_as_text_of_version_1(tmp_path):
    header = ("File.Name", *REPORT, "PG.Quantity", "PG.Normalised")
    rows = [(f"C:\\x\\{row[0]}.raw", *row, 1.0, 2.0) for row in PRECURSORS]
    check_report(reader("diann")(written(tmp_path, "report.tsv", header, rows)))


def test_diann_report_as_parquet_of_version_2(tmp_path):
    frame = pl.DataFrame(PRECURSORS, schema=REPORT, orient="row").with_columns(
        pl.lit(0).alias("Decoy"), pl.lit("").alias("Channel"), pl.col("PG.MaxLFQ").cast(pl.Float32)
    )
    decoy = frame.head(1).with_columns(
        pl.lit(1).alias("Decoy").cast(pl.Int32), pl.lit(99.0).cast(pl.Float32).alias("PG.MaxLFQ")
    )
    pl.concat([frame, decoy]).write_parquet(tmp_path / "report.parquet")
    adata = reader("diann")(tmp_path / "report.parquet")
    check_report(adata)
    assert adata.uns["reading"]["decoy_rows"] == 1
    # version 2 has no PG.Quantity any more
    with pytest.raises(Problems, match=r"No column 'PG.Quantity'"):
        reader("diann")(tmp_path / "report.parquet", quantity="PG.Quantity")


@pytest.mark.shared
def test_fragpipe(shared):
    path = shared / "data/formats_protdata/combined_protein.tsv"
    adata = reader("fragpipe")(path)
    rows = lines_of(path)
    clean = [row for row in rows if not row["Protein"].startswith("contam_")]
    assert adata.uns["reading"]["contaminants_dropped"] == len(rows) - len(clean) > 0
    assert adata.n_vars == len({row["Protein ID"] for row in clean})
    samples = [f"IDH{kind}_{i}" for kind, numbers in (("mut", (4, 5, 6)), ("wt", (1, 2, 3))) for i in numbers]
    assert list(adata.obs_names) == samples
    by_hand = np.array([[float(row[f"{sample} MaxLFQ Intensity"]) for sample in samples] for row in clean]).T
    np.testing.assert_array_equal(np.nan_to_num(adata.X), by_hand)
    assert np.isnan(adata.X).sum() == (by_hand == 0).sum()
    genes = {row["Gene"]: row["Protein ID"] for row in clean}
    for gene in ("FBXO2", "SORBS3", "FLOT1", "CD63"):
        named = adata.var_names[adata.var["symbol"].eq(gene).fillna(False)]
        assert list(named) == ([genes[gene]] if gene in genes else [])
    plain = reader("fragpipe")(path, quantity="Intensity")
    assert np.nansum(plain.X) == pytest.approx(
        sum(float(row[f"{s} Intensity"]) for row in clean for s in samples)
    )


@pytest.mark.shared
def test_fragpipe_of_older_versions(shared):
    path = shared / "data/formats_alphapeptstats/combined_proteins.tsv"
    with pytest.raises(Problems, match="Razor Intensity"):
        reader("fragpipe")(path)
    adata = reader("fragpipe")(path, quantity="Razor Intensity")
    assert adata.shape == (20, 10)
    assert adata["S1", "P02790"].X.item() == 2216637.5
    assert np.isnan(adata["S1", "P02792"].X.item())


def test_tmt_integrator(tmp_path):
    header = [
        "Index",
        "NumberPSM",
        "Gene",
        "MaxPepProb",
        "Protein",
        "Protein ID",
        "ReferenceIntensity",
        "s1",
        "s2",
    ]
    rows = [
        ["P12345_K27", 3, "FBXO2", 0.99, "sp|P12345|X_HUMAN", "P12345", 20.5, 21.25, ""],
        ["P99_K1", 1, "Y", 0.9, "rev_sp|P99|Y_HUMAN", "rev_P99", 18, 17, 19],
        ["P02769_K4", 1, "ALB", 0.9, "sp|P02769|ALBU_BOVIN", "P02769", 18, 17, 19],
    ]
    adata = reader("tmt_integrator")(written(tmp_path, "abundance_single-site_MD.tsv", header, rows))
    assert list(adata.var_names) == ["P12345_K27", "P02769_K4"]
    assert adata.to_df()["P12345_K27"].tolist()[0] == 21.25
    assert np.isnan(adata.to_df()["P12345_K27"].tolist()[1])
    assert adata.var["uniprot"].tolist() == ["P12345", "P02769"]
    with pytest.raises(Problems, match="no table of TMT-Integrator"):
        reader("tmt_integrator")(written(tmp_path, "x.tsv", ["a", "b"], [[1, 2]]))


@pytest.mark.shared
def test_spectronaut_with_decimal_commas(shared):
    path = shared / "data/formats_protdata/spectronaut_normal.tsv"
    rows = lines_of(path)
    expected = {
        (row["R.FileName"], row["PG.ProteinGroups"]): float(row["PG.Quantity"].replace(",", "."))
        for row in rows
    }
    adata = reader("spectronaut")(path)
    assert adata.uns["reading"]["decimal"] == "comma"
    assert adata.shape == (len({run for run, _ in expected}), len({group for _, group in expected}))
    assert adata.n_obs == 9
    groups = dict(zip(adata.var["PG.ProteinAccessions"], adata.var_names, strict=True))
    for (run, group), value in expected.items():
        assert adata[run, groups[group]].X.item() == value
    # a quantity of fragments differs within a protein group
    with pytest.raises(Problems, match="differs within a protein group"):
        reader("spectronaut")(path, quantity="FG.Quantity")


def test_pivoted_spectronaut(tmp_path):
    header = [
        "PG.ProteinGroups",
        "PG.Genes",
        "[1] a.raw.PG.Quantity",
        "[2] b.raw.PG.Quantity",
        "[1] a.raw.PG.IBAQ",
    ]
    rows = [["P1;P2", "A", 10.5, "Filtered", 1], ["P3", "B", "NaN", 7, 1]]
    adata = reader("spectronaut")(written(tmp_path, "x.tsv", header, rows))
    assert list(adata.obs_names) == ["a", "b"]
    np.testing.assert_array_equal(adata.X, [[10.5, np.nan], [np.nan, 7]])


def test_maxquant_peptides(tmp_path):
    header = ["Sequence", "Proteins", "Leading razor protein", "Gene names", "Unique (Groups)", "Unique (Proteins)",
              "Intensity", "Intensity A", "Intensity B", "Reverse", "Potential contaminant"]  # fmt: skip
    rows = [
        ["AAK", "P1", "P1", "X", "yes", "yes", 5, 5, 0, "", ""],
        ["CCK", "P1;P2", "P1", "X", "yes", "no", 5, 2, 3, "", ""],
        ["DDK", "P1;P9", "P9", "Y", "no", "no", 5, 2, 3, "", ""],
        ["EEK", "REV__P4", "REV__P4", "", "yes", "yes", 5, 2, 3, "+", ""],
    ]
    path = written(tmp_path, "peptides.txt", header, rows)
    adata = reader("maxquant_peptides")(path)
    assert list(adata.var_names) == ["AAK", "CCK"]
    np.testing.assert_array_equal(adata.X, [[5, 2], [np.nan, 3]])
    assert adata.var["uniprot"].tolist() == ["P1", "P1"]
    assert adata.uns["reading"]["shared_peptides_dropped"] == 1
    assert list(reader("maxquant_peptides")(path, peptides="unique_protein").var_names) == ["AAK"]
    assert reader("maxquant_peptides")(path, peptides="all").n_vars == 3
    with pytest.raises(Problems, match="no peptides table"):
        reader("maxquant_peptides")(written(tmp_path, "y.txt", ["a"], [["b"]]))


def test_maxquant_sites(tmp_path):
    by_sample = [f"Intensity {sample}{level}" for sample in "AB" for level in ("", "___1", "___2")]
    header = [
        "Proteins",
        "Positions within proteins",
        "Leading proteins",
        "Protein",
        "Gene names",
        "Position",
    ]
    header += [
        "Amino acid",
        "Localization prob",
        "Intensity",
        *by_sample,
        "Intensity___1",
        "Reverse",
        "Potential contaminant",
    ]
    rows = [
        ["P1;P2", "27;30", "P1", "P1", "SORBS3", 27, "K", 0.99, 9, 5, 4, 1, 0, 0, 0, 4, "", ""],
        ["P3", "8", "P3", "P3", "X", 8, "K", 0.5, 9, 5, 4, 1, 0, 0, 0, 4, "", ""],
        ["CON__P4", "8", "CON__P4", "CON__P4", "", 8, "K", 1, 9, 5, 4, 1, 0, 0, 0, 4, "", "+"],
    ]
    path = written(tmp_path, "Lactyl (K)Sites.txt", header, rows)
    adata = reader("maxquant_sites")(path)
    assert list(adata.var_names) == ["P1_K27"]
    assert list(adata.obs_names) == ["A", "B"]
    np.testing.assert_array_equal(adata.X, [[5], [np.nan]])
    assert adata.var["symbol"].tolist() == ["SORBS3"]
    assert adata.uns["reading"]["poorly_localised_dropped"] == 1
    separate = reader("maxquant_sites")(path, multiplicity="separate")
    assert dict(zip(separate.var_names, separate.X[0], strict=True)) == {"P1_K27___1": 4, "P1_K27___2": 1}
    assert reader("maxquant_sites")(path, min_localisation=0.4).n_vars == 2


MZTAB = """MTD	mzTab-version	1.0.0
MTD	ms_run[1]-location	file:///data/run_a.raw
MTD	ms_run[2]-location	file:///data/run_b.raw
MTD	assay[1]-ms_run_ref	ms_run[1]
MTD	assay[2]-ms_run_ref	ms_run[2]
MTD	study_variable[1]-assay_refs	assay[1]
MTD	study_variable[1]-description	control
MTD	study_variable[2]-assay_refs	assay[2]
MTD	study_variable[2]-description	overtrained

PRH	accession	description	protein_abundance_assay[1]	protein_abundance_assay[2]	opt_global_decoy_hit
COM	a comment
PRT	Q9UK22	F-box only protein 2	1000.5	null	0
PRT	P08962	CD63	0	20	0
PRT	DECOY_P1	x	1	2	1
PEH	sequence	accession
PEP	AAK	Q9UK22
"""


def test_mztab(tmp_path):
    path = tmp_path / "x.mzTab"
    path.write_text(MZTAB)
    adata = reader("mztab")(path)
    assert list(adata.obs_names) == ["run_a", "run_b"]
    assert adata.obs["study_variable"].tolist() == ["control", "overtrained"]
    assert list(adata.var_names) == ["Q9UK22", "P08962"]
    np.testing.assert_array_equal(adata.X, [[1000.5, np.nan], [np.nan, 20]])
    assert adata.uns["reading"]["decoys_dropped"] == 1
    with pytest.raises(Problems, match="No protein abundances"):
        reader("mztab")(path, by="study_variable")


def test_isobaric_labels_with_a_reference_channel(tmp_path):
    header = [
        "Majority protein IDs",
        "Gene names",
        *(f"Reporter intensity corrected {c} {p}" for p in "ab" for c in (1, 2, 3)),
    ]
    rows = [
        ["P1;P2", "X", 8, 4, 2, 100, 200, 400],
        ["P3", "Y", 0, 4, 2, 1, 1, 0],
        ["REV__P4", "", 1, 1, 1, 1, 1, 1],
    ]
    path = written(tmp_path, "proteinGroups.txt", header, rows)
    channels = r"Reporter intensity corrected (?P<channel>\d+) (?P<plex>.+)"
    adata = reader("tmt")(path, channels=channels, reference="3")
    assert list(adata.obs_names) == ["a_1", "a_2", "b_1", "b_2"]
    assert adata.obs["plex"].tolist() == ["a", "a", "b", "b"]
    # log2(8/2), log2(4/2), log2(100/400), log2(200/400); the reference of P3 is missing in plex b
    np.testing.assert_allclose(adata.to_df()["P1"], [2, 1, -2, -1])
    np.testing.assert_array_equal(adata.to_df()["P3"], [np.nan, 1, np.nan, np.nan])
    assert reader("tmt")(path, channels=channels).to_df()["P1"].tolist()[0] == 3
    with pytest.raises(Problems, match="No channel '9'"):
        reader("tmt")(path, channels=channels, reference="9")
    with pytest.raises(Problems, match="does not name the channel"):
        reader("tmt")(path, channels="Reporter.*")


def test_bovine_serum_and_keratins(tmp_path):
    header = ["Majority protein IDs", "Gene names", "LFQ intensity A"]
    rows = [
        ["Cont_P02769", "ALB", 1],
        ["sp|P04264|K2C1_HUMAN", "KRT1", 2],
        ["Q8NC54", "KRTCAP2", 3],
        ["XXX_P1", "", 4],
    ]
    adata = reader("maxquant")(written(tmp_path, "t.tsv", header, rows))
    assert list(adata.var_names) == ["P04264", "Q8NC54"]
    assert adata.var["keratin"].tolist() == [True, False]
    assert adata.uns["reading"]["keratins_marked"] == 1
