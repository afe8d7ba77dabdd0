"""Delimited and Excel tables: real files against the csv module's view of them, and traps made by hand."""

import csv
import gzip

import numpy as np
import pytest
from sevaxis.base.problems import Problems
from sevaxis.genes.excel_dates import gene_of_date, month_and_day
from sevaxis.matrix.readers.delimited import read_delimited
from sevaxis.matrix.readers.excel import read_excel


def raw_rows(path, delimiter):
    """Rows of a file as the standard library reads them."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", newline="", encoding="utf-8-sig") as handle:
        return list(csv.reader(handle, delimiter=delimiter))


def written(tmp_path, text, name="table.tsv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.shared
@pytest.mark.parametrize("kind", ["ev", "cell"])
def test_counts_of_bv2(shared, kind):
    path = shared / "data/bv2_microglia_ev" / f"{kind}_mrna_raw_counts.csv"
    header, *rows = raw_rows(path, ",")
    names = [row[0] for row in rows]
    adata = read_delimited(path, identifier="symbol")
    assert list(adata.obs_names) == header[1:]
    # 13,290 rows; Aldoa and Gm4430 stand there twice with different counts, 44987 is the date of two genes
    assert len(names) == 13290
    assert len(set(names)) == 13287
    assert adata.n_vars == 13288
    by_hand = np.array([[float(cell) for cell in row[1:]] for row in rows])
    assert adata.X.sum() == by_hand.sum()
    aldoa = by_hand[[i for i, name in enumerate(names) if name == "Aldoa"]]
    assert len(aldoa) == 2
    np.testing.assert_array_equal(adata[:, "Aldoa"].X.ravel(), aldoa.sum(axis=0))
    assert adata.uns["reading"]["repeated_rows_became"] == "sum"
    assert adata.uns["reading"]["excel_dates"] == 16
    assert adata.var.loc["45172", "symbol"] == "Septin3"
    assert adata.var.loc[["44987", "44987.2"], "symbol"].isna().all()
    for gene in ("Flot1", "Cd63", "Cd63-ps"):
        np.testing.assert_array_equal(adata[:, gene].X.ravel(), by_hand[names.index(gene)])
    # the table was filtered before it was published: neither gene has a line in it
    assert not {"Fbxo2", "Sorbs3"} & set(names)


@pytest.mark.shared
def test_long_excel_table_of_glymreg(shared):
    import python_calamine

    path = shared / "data/glymreg_ev_exercise_sex/long_df_protein.xlsx"
    adata = read_excel(path, layout="long", feature="Molecule", sample=["ID", "time"], value="Value")
    assert adata.shape == (80, 518)
    assert not np.isnan(adata.X).any()
    assert adata.obs["Group"].value_counts().to_dict() == {"male": 40, "female": 40}
    rows = python_calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    for number, _, time, molecule, value in (rows[1], rows[12345], rows[-1]):
        assert adata[f"{number:.0f}_{time}", molecule].X.item() == value


@pytest.mark.shared
def test_counts_in_a_workbook_of_many_sheets(shared):
    path = shared / "data/mouse_inactivity_muscle/CompiledData.xlsx"
    adata = read_excel(path, sheet="RNAseqRawCountsFemale", identifier="symbol")
    assert adata.shape == (21, 40853)
    assert list(adata.obs_names[:2]) == ["M304", "M305"]
    assert adata.obs_names[-1] == "M325"
    # first three counts as Excel shows them
    assert adata[:3, ["Fbxo2"]].X.ravel().tolist() == [8, 4, 4]
    assert adata[:3, ["Cd63"]].X.ravel().tolist() == [4252, 3994, 4550]
    assert {"Sorbs3", "Flot1"} <= set(adata.var_names)
    sheet = read_excel(path, sheet="RunData", layout="sheet", sample="ID")
    assert sheet.shape == (63, 0)
    assert list(sheet.obs_names[:2]) == ["276", "304"]
    with pytest.raises(Problems, match="several sheets"):
        read_excel(path)
    with pytest.raises(Problems, match="did you mean 'RunData'"):
        read_excel(path, sheet="Rundata")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "delimiter", "options", "samples", "missing"),
    [
        (
            "human_liver_nafld_nickmeim/GSE89063_expression_matrix.tsv",
            "\t",
            {"identifier": "symbol"},
            17,
            0.0,
        ),
        ("spike_ups1_ecoli_limrots/norm_log2.tsv.gz", "\t", {}, 48, 0.0),
        ("bv2_microglia_ev/ev_regressed_matrix.csv", ",", {}, 16, 0.0),
    ],
)
def test_matrices_with_row_names(shared, name, delimiter, options, samples, missing):
    path = shared / "data" / name
    header, *rows = raw_rows(path, delimiter)
    adata = read_delimited(path, **options)
    assert adata.n_obs == samples == len(header) - 1
    assert adata.n_vars == len({row[0] for row in rows})
    assert np.isnan(adata.X).mean() == missing
    last = rows[-1]
    if [row[0] for row in rows].count(last[0]) == 1:
        np.testing.assert_allclose(
            adata[:, last[0]].X.ravel(), [float(cell) for cell in last[1:]], rtol=1e-12
        )


@pytest.mark.shared
def test_perseus_rows_become_annotation(shared):
    path = shared / "data/bv2_microglia_ev/ev_perseus_normalized.csv"
    adata = read_delimited(path, feature="Majority protein IDs")
    # 570 lines below the header, two of them Perseus' own, 30 of contaminants (CON__)
    assert adata.shape == (16, 538)
    assert adata.uns["reading"]["further_header_rows"] == 2
    assert adata.obs["header_3"].iloc[1] == "BV2 + TGFB exo"
    assert adata.var["uniprot"].iloc[0] == "P46638"
    assert adata.var["symbol"].iloc[0] == "Rab11b"


@pytest.mark.shared
def test_regular_expression_names_samples(shared):
    path = shared / "data/spike_staes_hye_diann/spikein248-staesetal2024.pg_matrix.tsv"
    adata = read_delimited(path, samples=r"\\(B\d+)_.*raw$")
    header, *rows = raw_rows(path, "\t")
    assert adata.shape == (9, 3694) == (len(header) - 6, len(rows))
    assert adata.obs_names[0] == "B000254"
    empty = sum(cell == "" for row in rows for cell in row[6:])
    assert np.isnan(adata.X).sum() == empty + sum(len(header) - len(row) for row in rows)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(tmp_path, encoding, ends):
    text = ends.join(["gene\tnäme\ts1\ts2", "FBXO2\tprötein\t1\t2", "CD63\tx\t3\t", ""])
    adata = read_delimited(written(tmp_path, text, encoding=encoding), identifier="symbol")
    assert adata.X.tolist()[0] == [1, 3]
    assert np.isnan(adata.X[1, 1])
    assert adata.var["näme"].tolist() == ["prötein", "x"]


def test_european_decimals(tmp_path):
    adata = read_delimited(written(tmp_path, "gene;s1;s2\nA;1,5;2\nB;NA;3,25\n", "t.csv"))
    assert adata.to_df().loc["s2"].tolist() == [2.0, 3.25]
    assert adata.to_df().loc["s1", "A"] == 1.5
    assert np.isnan(adata.to_df().loc["s1", "B"])


def test_joined_accessions_do_not_mislead_the_separator(tmp_path):
    text = "id,s1,s2\nP1;P2,1,2\nP3;P4,3,4\n"
    assert read_delimited(written(tmp_path, text, "t.csv")).X.tolist() == [[1, 3], [2, 4]]


def test_header_shorter_by_the_row_names_of_r(tmp_path):
    adata = read_delimited(written(tmp_path, '"s1"\t"s2"\n"A"\t1\t2\n"B"\t3\t4\n'))
    assert list(adata.obs_names) == ["s1", "s2"]
    assert list(adata.var_names) == ["A", "B"]


@pytest.mark.parametrize(
    "text",
    [
        '"s1" "s2"\n"100287102" 1.5 3\n"7503" 2 NA\n',  # write.table
        '"","s1","s2"\n"100287102",1.5,3\n"7503",2,NA\n',  # write.csv
        '"";"s1";"s2"\n"100287102";1,5;3\n"7503";2;NA\n',  # write.csv2
        "\ts1\ts2\n100287102\t1.5\t3\n7503\t2\tNA\n",  # write.table with col.names = NA
        "100287102\t1.5\t3\t\n7503\t2\t\t\n",  # ends with separators
    ],
)
def test_what_r_writes(tmp_path, text):
    if text.startswith("1"):
        text = "id\ts1\ts2\t\n" + text
    adata = read_delimited(written(tmp_path, text))
    assert list(adata.obs_names) == ["s1", "s2"]
    # long numbers are names as they stand, never 1.00287102e+08
    assert list(adata.var_names) == ["100287102", "7503"]
    np.testing.assert_array_equal(adata.X, [[1.5, 2], [3, np.nan]])


@pytest.mark.parametrize(
    ("separator", "decimal"), [(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ",")]
)
@pytest.mark.parametrize("missing", ["NA", "NaN", "", "#N/A", "Filtered"])
def test_what_pandas_writes(tmp_path, separator, decimal, missing):
    import pandas as pd

    rng = np.random.default_rng(3)
    values = rng.lognormal(3, 4, (300, 7))
    values[rng.random(values.shape) < 0.3] = np.nan
    values[250:, 3] = np.nan
    values[:240, 5] = np.nan  # nothing but missing values where the type is guessed
    table = pd.DataFrame(
        values, columns=[f"s {i}" for i in range(7)], index=[f"P{i};Q{i}" for i in range(300)]
    )
    table.insert(0, "text, with; signs", [f"a, b; {i}" for i in range(300)])
    path = tmp_path / "t.txt"
    table.to_csv(path, sep=separator, decimal=decimal, na_rep=missing)
    adata = read_delimited(path)
    assert list(adata.obs_names) == list(table.columns[1:])
    np.testing.assert_allclose(adata.X, values.T, rtol=1e-14)
    assert adata.var["text, with; signs"].tolist() == table.iloc[:, 0].tolist()


def test_second_header_row(tmp_path):
    # as in GSE142530: the second row holds sample names and would turn the matrix to text
    text = "gene,X1,X2\nid,normal 1,normal 2\nA,1,2\nB,3,4\n"
    adata = read_delimited(written(tmp_path, text, "t.csv"))
    assert adata.X.tolist() == [[1, 3], [2, 4]]
    assert adata.obs["header_2"].tolist() == ["normal 1", "normal 2"]


def test_summary_rows_are_dropped(tmp_path):
    named = "gene\ts1\ts2\nA\t1\t2\nB\t3\t4\nTotal\t4\t6\n"
    adata = read_delimited(written(tmp_path, named))
    assert list(adata.var_names) == ["A", "B"]
    rows = "".join(f"G{i}\t{i + 1}\t{2 * i + 1}\n" for i in range(20))
    unnamed = f"gene\ts1\ts2\n{rows}all\t{sum(range(1, 21))}\t{sum(2 * i + 1 for i in range(20))}\n"
    adata = read_delimited(written(tmp_path, unnamed))
    assert adata.n_vars == 20
    assert adata.uns["reading"]["summary_rows"] == 1


def test_text_among_numbers_is_shown(tmp_path):
    text = "gene\ts1\ts2\n" + "".join(f"G{i}\t{i}\t{i}\n" for i in range(900)) + "X\tbad\t3\n"
    with pytest.raises(Problems, match=r"'bad'") as error:
        read_delimited(written(tmp_path, text), samples=["s1", "s2"])
    assert "column 's1'" in error.value.problems[0].where


def test_zero_padded_sample_codes_stay(tmp_path):
    wide = read_delimited(written(tmp_path, "gene\t0012\t0013\nA\t1\t2\n"))
    assert list(wide.obs_names) == ["0012", "0013"]
    long = read_delimited(
        written(tmp_path, "gene\tcode\tx\nA\t0012\t1\nA\t0013\t2\n"),
        layout="long", feature="gene", sample="code", value="x",
    )  # fmt: skip
    assert list(long.obs_names) == ["0012", "0013"]
    sheet = read_delimited(written(tmp_path, "code\tgroup\n0012\ta\n0013\tb\n"), layout="sheet")
    assert list(sheet.obs_names) == ["0012", "0013"]


def test_entrez_with_decimal_zero(tmp_path):
    adata = read_delimited(written(tmp_path, "id\ts1\n7503.0\t1\n967.0\t2\n"), feature="id")
    assert list(adata.var_names) == ["7503", "967"]
    assert adata.var["entrez"].tolist() == ["7503", "967"]


def test_equal_rows_become_one_and_counts_are_summed(tmp_path):
    # GSE174478 has 44 Ensembl identifiers twice with identical rows: adding them would double the counts
    text = "id\ts1\ts2\nA\t5\t6\nA\t5\t6\nB\t1\t2\nB\t3\t4\n"
    adata = read_delimited(written(tmp_path, text))
    assert adata.to_df()["A"].tolist() == [5, 6]
    assert adata.to_df()["B"].tolist() == [4, 6]
    assert adata.uns["reading"]["repeated_equal_rows"] == 1


def test_different_rows_of_intensities_are_refused_unless_told(tmp_path):
    path = written(tmp_path, "id\ts1\ts2\nA\t5.5\t6\nA\t5.1\tNA\nB\t1.5\t2\n")
    with pytest.raises(Problems, match="twice with different values"):
        read_delimited(path)
    assert read_delimited(path, duplicates="mean").to_df()["A"].tolist() == pytest.approx([5.3, 6])
    assert read_delimited(path, duplicates="first").to_df()["A"].tolist() == [5.5, 6]


def test_dates_of_excel(tmp_path):
    # GSE167523: 1-Mar and 2-Mar stand there twice with different values, as MARCH1 and MARC1 became one date
    text = "gene\ts1\ts2\n1-Mar\t5\t6\n1-Mar\t7\t8\n2-Sep\t1\t2\nTP53\t3\t4\n"
    adata = read_delimited(written(tmp_path, text), identifier="symbol")
    assert list(adata.var_names) == ["1-Mar", "1-Mar.2", "2-Sep", "TP53"]
    assert adata.var["symbol"].fillna("").tolist() == ["", "", "SEPTIN2", "TP53"]
    assert adata.uns["reading"]["excel_dates"] == 3


def test_dates_are_read_in_all_their_forms():
    # 2 September 2023 is day 45171 of Excel's calendar
    for text in ("2-Sep", "Sep-02", "2023-09-02", "2023-09-02 00:00:00", "45171"):
        assert month_and_day(text) == (9, 2)
    assert month_and_day("SEPTIN2") is None
    assert gene_of_date("15-Sep") == "SELENOF"
    assert gene_of_date("10-Mar") == "MARCHF10"
    assert gene_of_date("2-Mar") is None
    assert gene_of_date("1-Dec") == "DELEC1"


def test_transposed_table(tmp_path):
    adata = read_delimited(
        written(tmp_path, "sample\tsex\tA\tB\ns1\tF\t1\t2\ns2\tM\t3\t4\n"), layout="transposed"
    )
    assert adata.to_df().loc["s2"].tolist() == [3, 4]
    assert adata.obs["sex"].tolist() == ["F", "M"]


def test_a_table_on_its_side_is_noticed(tmp_path):
    genes = [f"ENSG{i:011d}" for i in range(20)]
    text = (
        "\t".join(["sample", *genes])
        + "\n"
        + "\n".join("\t".join([s, *"1" * 20]) for s in ("s1", "s2"))
        + "\n"
    )
    with pytest.raises(Problems, match="layout: transposed"):
        read_delimited(written(tmp_path, text))
    assert read_delimited(written(tmp_path, text), layout="transposed").shape == (2, 20)


def test_two_samples_of_one_name_are_refused(tmp_path):
    with pytest.raises(Problems, match="Two columns have one name"):
        read_delimited(written(tmp_path, "gene\ts1\ts1\nA\t1\t2\n"))


def test_long_table_with_two_values_for_one_cell(tmp_path):
    path = written(tmp_path, "p\ts\tv\nA\tx\t1\nA\tx\t2\nB\tx\t3\n")
    options = {"layout": "long", "feature": "p", "sample": "s", "value": "v"}
    with pytest.raises(Problems, match="Several values"):
        read_delimited(path, **options)
    assert read_delimited(path, **options, duplicates="mean").to_df().loc["x", "A"] == 1.5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"feature": "gen"}, "did you mean 'gene'"),
        ({"samples": ["s3"]}, "No column 's3'"),
        ({"samples": "^t"}, "No column fits"),
        ({"samples": "("}, "no regular expression"),
        ({"layout": "long", "feature": "gene"}, "needs more options"),
    ],
)
def test_options_that_do_not_fit(tmp_path, options, message):
    with pytest.raises(Problems, match=message):
        read_delimited(written(tmp_path, "gene\ts1\ts2\nA\t1\t2\n"), **options)


def test_damaged_and_empty_files(tmp_path):
    whole = gzip.compress(b"gene\ts1\n" + b"A\t1\n" * 5000)
    path = tmp_path / "short.tsv.gz"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Problems, match="cannot be read to its end"):
        read_delimited(path)
    with pytest.raises(Problems, match="empty"):
        read_delimited(written(tmp_path, "\n\n"))


def test_reading_is_the_same_every_time(tmp_path):
    text = "gene\ttext\ts1\ts2\nA\tx\t1\t2\nB\ty\t3\t\nA\tx\t1\t2\n"
    path = written(tmp_path, text)
    first, second = (read_delimited(path) for _ in range(2))
    np.testing.assert_array_equal(first.X, second.X)
    assert first.var.equals(second.var)
    assert first.uns["reading"] == second.uns["reading"]


def test_excel_cells(tmp_path):
    import datetime

    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["gene", "s1", 304])
    sheet.append(["FBXO2", 1, 2.5])
    sheet.append([datetime.datetime(2021, 9, 2), "NA", 4])
    sheet.append([7503, None, 5])
    book.save(tmp_path / "t.xlsx")
    adata = read_excel(tmp_path / "t.xlsx", identifier="symbol")
    assert list(adata.obs_names) == ["s1", "304"]
    assert list(adata.var_names) == ["FBXO2", "2021-09-02", "7503"]
    assert adata.var["symbol"].tolist() == ["FBXO2", "SEPTIN2", "7503"]
    assert np.isnan(adata.X[0]).tolist() == [False, True, True]
    path = written(tmp_path, "gene\ts1\n", "text.xlsx")
    with pytest.raises(Problems, match="no workbook"):
        read_excel(path)
