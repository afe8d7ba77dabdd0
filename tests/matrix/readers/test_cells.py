"""Cells that are no plain numbers: read as what they are, or named with row and column; no sample is lost over one."""

import gzip

import numpy as np
import pytest
from sevaxis.base.problems import Problems
from sevaxis.matrix.readers.delimited import read_delimited
from sevaxis.matrix.readers.registry import reader

SAMPLES = [f"{group}_{i}" for group in ("rest", "trained") for i in (1, 2, 3)]
GENES = [f"ENSMUSG{i:011d}" for i in range(1, 301)]
COUNTS = np.random.default_rng(11).negative_binomial(2, 0.005, (300, 6))


def cells(write=str):
    """Rows of text of a table of counts, the header first."""
    return [["gene", *SAMPLES]] + [
        [gene, *(write(int(count)) for count in row)] for gene, row in zip(GENES, COUNTS, strict=True)
    ]


def saved(tmp_path, rows, separator="\t", name="counts.txt"):
    path = tmp_path / name
    path.write_text("\n".join(separator.join(row) for row in rows) + "\n")
    return path


def changed(row, column, text):
    rows = cells()
    rows[row][column] = text
    return rows


@pytest.mark.parametrize(
    ("row", "text", "hint"),
    [
        (5, "n.d.", 'missing: ["n.d."]'),
        (290, "n.d.", 'missing: ["n.d."]'),  # beyond the rows by which types are told
        (7, "<LOD", 'missing: ["<LOD"]'),
        (9, "-", 'missing: ["-"]'),
        (250, "1,234", "thousands: ','"),
        (9, "contaminated", "correct the cell"),
    ],
)
@pytest.mark.parametrize("layout", ["wide", "transposed"])
def test_a_cell_of_text_is_named_and_never_drops_its_sample(tmp_path, row, text, hint, layout):
    rows = changed(row, 2, text)
    rows = [list(column) for column in zip(*rows, strict=True)] if layout == "transposed" else rows
    with pytest.raises(Problems) as caught:
        read_delimited(saved(tmp_path, rows), layout=layout)
    (problem,) = caught.value.problems
    assert problem.what == "Text where numbers are expected"
    wanted = ("rest_2", GENES[row - 1]) if layout == "wide" else (GENES[row - 1], "rest_2")
    assert f"column '{wanted[0]}', row {row if layout == 'wide' else 2}" in problem.where
    assert wanted[1] in problem.where
    assert text in problem.found
    assert hint in problem.hint


def test_all_columns_with_stray_cells_are_told_at_once(tmp_path):
    rows = changed(5, 2, "n.d.")
    rows[8][4] = "low"
    with pytest.raises(Problems) as caught:
        read_delimited(saved(tmp_path, rows))
    assert ["rest_2" in p.where for p in caught.value.problems] == [True, False]
    assert "trained_1" in caught.value.problems[1].where


def test_codes_of_missing_values_that_the_card_names(tmp_path):
    rows = changed(5, 2, "n.d.")
    rows[280][2] = "<LOD"
    adata = read_delimited(saved(tmp_path, rows), missing=["n.d.", "<LOD"])
    truth = COUNTS.T.astype(float).copy()
    truth[1, [4, 279]] = np.nan
    np.testing.assert_array_equal(adata.X, truth)


def test_columns_of_numbers_and_letters_are_annotation_still(tmp_path):
    rows = cells()
    names = ["X", "Y", "MT", *map(str, range(1, 20))]
    rows = [
        [row[0], "chr" if i == 0 else names[i % 22], "Entrez ID" if i == 0 else f"{i};{i + 900}", *row[1:]]
        for i, row in enumerate(rows)
    ]
    adata = read_delimited(saved(tmp_path, rows))
    assert list(adata.obs_names) == SAMPLES
    np.testing.assert_array_equal(adata.X, COUNTS.T)


def test_an_empty_column_among_the_samples_is_a_sample(tmp_path):
    """It is refused later, by its name (`A sample is empty`); before, it became annotation without a word."""
    rows = [[*row[:3], "NA" if i else row[3], *row[4:]] for i, row in enumerate(cells())]
    adata = read_delimited(saved(tmp_path, rows))
    assert list(adata.obs_names) == SAMPLES
    assert np.isnan(adata.X[2]).all()


@pytest.mark.parametrize("layout", ["wide", "transposed"])
def test_columns_of_numbers_that_are_no_values(tmp_path, layout):
    rows = [[row[0], "length" if i == 0 else str(i), *row[1:]] for i, row in enumerate(cells())]
    if layout == "transposed":
        ages = ["age", "31", "32", "33", "34", "35", "36"]
        rows = [list(row) for row in zip(*cells(), strict=True)]
        rows = [[row[0], age, *row[1:]] for row, age in zip(rows, ages, strict=True)]
    told = {"wide": "length", "transposed": "age"}[layout]
    adata = read_delimited(saved(tmp_path, rows), layout=layout, annotation=[told])
    np.testing.assert_array_equal(adata.X, COUNTS.T)
    assert (adata.var if layout == "wide" else adata.obs)[told].iloc[:2].tolist() in ([1, 2], [31, 32])


@pytest.mark.parametrize(
    ("write", "separator", "options", "scale"),
    [
        (lambda n: f"{n * 30:,}", "\t", {}, 30),  # 1,234 beside 980
        (lambda n: f"{n * 30:,}".replace(",", "."), "\t", {}, 30),
        (lambda n: f'"{n * 30:,}"', ",", {}, 30),
        (lambda n: f"{n * 9000 + 1234567:,}", "\t", {}, (9000, 1234567)),  # 1,234,567
        (lambda n: f"{n * 30:,}.50", "\t", {}, (30, 0.5)),
        (lambda n: f"{n * 1000 + 5000:,}", "\t", {"thousands": ","}, (1000, 5000)),
        (lambda n: f"{n + 5},250", "\t", {"decimal": ","}, (1, 5.25)),
        (lambda n: f"{n},5", "\t", {}, (1, 0.5)),
        (lambda n: f"{n * 30:,}" if n % 3 else f"{n * 30}.0", "\t", {}, 30),  # 1,234 beside 5.0
        (lambda n: f'"{n},5"', ",", {}, (1, 0.5)),
        (lambda n: f"0,{n:04d}", "\t", {}, 1e-4),
        (lambda n: f"{n}.125", "\t", {}, (1, 0.125)),  # three digits always: as numbers are mostly written
    ],
)
def test_signs_in_numbers(tmp_path, write, separator, options, scale):
    factor, shift = scale if isinstance(scale, tuple) else (scale, 0)
    path = saved(tmp_path, cells(write), separator)
    np.testing.assert_allclose(read_delimited(path, **options).X, COUNTS.T * factor + shift, rtol=1e-12)


def test_a_decimal_comma_far_below_is_one(tmp_path):
    """All numbers are whole until row 281; a point beside it, or 2,500, are left to the user."""
    rows = cells()
    rows[280][1] = "2,45e+3"
    found = read_delimited(saved(tmp_path, rows, ";"))
    assert (found.X[0, 279], found.uns["reading"]["decimal"]) == (2450, "comma")
    for cell, other in (("2,45", "3.5"), ("2,500", "3")):
        rows[280][1], rows[281][1] = cell, other
        with pytest.raises(Problems, match="Text where numbers are expected"):
            read_delimited(saved(tmp_path, rows, ";"))


@pytest.mark.parametrize("separator", ["\t", ","])
def test_thousands_far_below_are_some(tmp_path, separator):
    """Nothing above row 251 reaches a thousand; four such cells are too few to tell."""
    quote = '"' if separator == "," else ""
    for many in (6, 4):
        rows = cells(lambda n: str(n % 1000))
        for i in range(many):
            rows[250 + i][2] = f"{quote}{1 + i},{200 + i}{quote}"
        path = saved(tmp_path, rows, separator)
        if many == 6:
            assert read_delimited(path).X[1, 249:255].tolist() == [1200 + 1001 * i for i in range(6)]
            continue
        with pytest.raises(Problems, match="thousands: ','"):
            read_delimited(path)


def test_numbers_of_genes_say_nothing_of_commas(tmp_path):
    """Entrez identifiers above 1000 bear no commas, whatever the counts beside them do."""
    rows = cells(lambda n: f"{n * 30:,}")
    rows = [[row[0] if i == 0 else str(90_000 + i), *row[1:]] for i, row in enumerate(rows)]
    np.testing.assert_array_equal(read_delimited(saved(tmp_path, rows)).X, COUNTS.T * 30)


@pytest.mark.parametrize(
    "write", [lambda n: f"{n % 900 * 1000 + 5000:,}", lambda n: f"{n % 900 + 1},250"]
)  # 5,000 or 5.000?
def test_commas_that_may_be_either_are_refused_with_both_readings(tmp_path, write):
    with pytest.raises(Problems, match="may be decimal signs or stand between thousands") as caught:
        read_delimited(saved(tmp_path, cells(write)))
    problem = caught.value.problems[0]
    comma = write(int(COUNTS[0, 0]))
    assert comma.replace(",", ".") in problem.found
    assert comma.replace(",", "") in problem.found


def test_tables_that_end_too_early_or_have_broken_rows(tmp_path):
    short = [*cells()[:-1], cells()[-1][:4]]
    broken = cells()
    broken[50] = broken[50][:3]
    longer = cells()
    longer[50] = [*longer[50], "7"]
    late = cells()
    late[280] = [*late[280], "7"]
    for rows, what, line in (
        (short, "The last row is cut short", 301),
        (broken, "A row has fewer cells than the header", 51),
        (longer, "A row has more cells than the header", 51),
        (late, "A row has more cells than the header", 281),
    ):
        for separator in ("\t", ","):
            with pytest.raises(Problems, match=what) as caught:
                read_delimited(saved(tmp_path, rows, separator))
            assert f"line {line}" in caught.value.problems[0].where


def test_rows_whose_empty_ends_a_program_trims_are_whole(tmp_path):
    """As DIA-NN writes them: no row ends in a separator."""
    rows = [row if i % 7 else row[:-1] for i, row in enumerate(cells(), 2)]
    adata = read_delimited(saved(tmp_path, rows))
    assert np.isnan(adata.X[5]).sum() == sum(len(row) < 7 for row in rows)
    # the same short rows beside full ones that end in empty cells are damage
    rows[3] = [*rows[3][:-1], ""]
    with pytest.raises(Problems, match=r"fewer cells|cut short"):
        read_delimited(saved(tmp_path, rows))


@pytest.mark.parametrize("packed", [False, True])
def test_pages_in_place_of_tables(tmp_path, packed):
    page = b"<!DOCTYPE html>\n<html><body>404\tnot found</body></html>\n"
    path = tmp_path / "GSE1_counts.txt.gz"
    path.write_bytes(gzip.compress(page) if packed else page)
    with pytest.raises(Problems, match="This is a web page, not a table"):
        read_delimited(path)


@pytest.mark.parametrize("gap", [" ", "   ", " \t "])
def test_columns_that_spaces_divide(tmp_path, gap):
    np.testing.assert_array_equal(read_delimited(saved(tmp_path, cells(), gap)).X, COUNTS.T)
    wide = ["".join(cell.ljust(22) for cell in row) for row in cells()]
    path = saved(tmp_path, [[line] for line in wide])
    np.testing.assert_array_equal(read_delimited(path).X, COUNTS.T)


def test_rows_above_the_header_become_annotation_of_the_samples(tmp_path):
    rows = [["Counts of the study"], ["", "Rest", "", "", "Trained", "", ""], *cells()]
    adata = read_delimited(saved(tmp_path, rows), skip=2)
    assert adata.obs["above_1"].tolist() == ["Rest"] * 3 + ["Trained"] * 3
    np.testing.assert_array_equal(adata.X, COUNTS.T)


@pytest.mark.parametrize("name", ["delimited", "htseq"])
def test_reads_outside_of_genes_are_no_genes(tmp_path, name):
    summary = [["__no_feature", *"123456"], ["__alignment_not_unique", *"777777"]]
    adata = reader(name)(saved(tmp_path, [*cells(), *summary]))
    assert adata.n_vars == 300
    assert adata.uns["reading"]["reads__no_feature"] == 21
    np.testing.assert_array_equal(adata.X, COUNTS.T)


def test_a_sample_per_file_with_symbols_beside_identifiers(tmp_path):
    """Ensembl identifier, symbol, count, without a header: what a core facility sent to GSE184951."""
    rows = [[gene, f"Gene{i}", str(n)] for i, (gene, n) in enumerate(zip(GENES, COUNTS[:, 0], strict=True))]
    adata = reader("htseq")(saved(tmp_path, [*rows, ["__no_feature", "", "9"]], name="GSM1_A.geneCounts.txt"))
    assert list(adata.obs_names) == ["GSM1_A"]
    assert adata.var["symbol"].iloc[1] == "Gene1"
    np.testing.assert_array_equal(adata.X[0], COUNTS[:, 0])


@pytest.mark.parametrize(
    "note", ["* adjusted for age and sex", "Note: counts are raw", "Values are reads per gene"]
)
@pytest.mark.parametrize("ends", ["", "\t" * 6])
def test_remarks_below_a_table_are_no_features(tmp_path, note, ends):
    adata = read_delimited(saved(tmp_path, [*cells(), [""], [note + ends]]))
    assert list(adata.var_names) == GENES
    assert adata.uns["reading"]["notes_below"] == 1
    np.testing.assert_array_equal(adata.X, COUNTS.T)
