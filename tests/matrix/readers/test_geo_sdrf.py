"""GEO's records (series matrix, SOFT, platforms) and SDRF sheets."""

import csv
import gzip

import numpy as np
import pytest
from sevaxis.base.problems import Problems
from sevaxis.matrix.readers.registry import reader


@pytest.mark.shared
def test_series_matrix_of_a_sequencing_experiment(shared):
    path = shared / "data/human_liver_nafld_nickmeim/GSE130970_series_matrix.txt"
    adata = reader("series_matrix")(path)
    assert adata.shape == (78, 0)
    # F48/M30 and the stages, SCIENCE.md section 3.2
    assert adata.obs["Sex"].value_counts().to_dict() == {"F": 48, "M": 30}
    stages = adata.obs["fibrosis stage"].value_counts().to_dict()
    assert stages == {"0": 25, "1": 28, "2": 9, "3": 14, "4": 2}
    assert adata.obs.loc["GSM3758005", "title"] == "440349.1.X_1"


SERIES = """!Series_title	"x"
!Sample_title	"a"	"b"	"c"
!Sample_geo_accession	"GSM1"	"GSM2"	"GSM3"
!Sample_characteristics_ch1	"sex: F"	"tissue: muscle"	"sex: M"
!Sample_characteristics_ch1	"tissue: muscle"	"sex: F"	"tissue: liver: left"
!Sample_characteristics_ch1	"trained"	""	"age: 7"
!series_matrix_table_begin
"ID_REF"	"GSM1"	"GSM2"	"GSM3"
"p1"	1.5	2.5	3.5
"p2"	9	9	null
"p3"	1	1	1
"p4"	5	5	5
!series_matrix_table_end
"""
PLATFORM = """^Annotation
!Annotation_platform = GPL1
#ID = ID from Platform data table
!platform_table_begin
ID	Gene title	Gene symbol	Gene ID
p1	F-box	FBXO2	26232
p2	F-box	FBXO2	26232
p3	two	CD63///CD9	967///928
p4
!platform_table_end
"""


def test_series_matrix_of_arrays(tmp_path):
    path = tmp_path / "GSE1_series_matrix.txt.gz"
    path.write_bytes(gzip.compress(SERIES.encode()))
    (tmp_path / "GPL1.annot.gz").write_bytes(gzip.compress(PLATFORM.encode()))
    adata = reader("series_matrix")(path)
    assert adata.shape == (3, 4)
    # characteristics stand in other rows for other samples
    assert adata.obs["sex"].tolist() == ["F", "F", "M"]
    assert adata.obs["tissue"].tolist() == ["muscle", "muscle", "liver: left"]
    assert adata.obs["characteristics"].fillna("").tolist() == ["trained", "", ""]
    assert np.isnan(adata["GSM3", "p2"].X.item())
    genes = reader("series_matrix")(path, platform="GPL1.annot.gz")
    # p2 has the higher mean of the two probes of FBXO2; p3 is of two genes, p4 of none
    assert list(genes.var_names) == ["p2"]
    assert genes.var["entrez"].tolist() == ["26232"]
    reading = genes.uns["reading"]
    assert (reading["probes_of_several_genes"], reading["probes_without_gene"]) == (1, 1)
    assert reading["further_probes_of_a_gene"] == 1
    every = reader("series_matrix")(path, platform="GPL1.annot.gz", probes="all")
    assert every.var["symbol"].fillna("").tolist() == ["FBXO2", "FBXO2", "", ""]
    with pytest.raises(Problems, match="annotation is not there"):
        reader("series_matrix")(path, platform="GPL2.annot.gz")


@pytest.mark.shared
def test_curated_data_set(shared):
    path = shared / "data/formats_geo/GDS507.soft.gz"
    with gzip.open(path, "rt") as handle:
        lines = [line.rstrip("\n").split("\t") for line in handle]
    start = next(i for i, line in enumerate(lines) if line[0] == "ID_REF")
    rows = {line[0]: line for line in lines[start + 1 :] if len(line) > 2}
    adata = reader("soft")(path, probes="all")
    assert adata.shape == (17, 22645) == (len(lines[start]) - 2, len(rows))
    assert list(adata.obs_names) == lines[start][2:]
    for probe in ("200000_s_at", "200015_s_at"):
        assert adata[:, probe].X.ravel().tolist() == [float(cell) for cell in rows[probe][2:]]
        assert adata.var.loc[probe, "symbol"] == rows[probe][1]
    # subsets of the record: 9 renal clear cell carcinomas, 8 normal
    assert adata.obs["disease state"].value_counts().to_dict() == {"RCC": 9, "normal": 8}
    assert adata.obs.loc["GSM11832", "individual"] == "023"
    one = reader("soft")(path)
    # every gene once, by the probe with the highest mean
    assert one.var["symbol"].is_unique
    for gene in ("CD63", "FLOT1", "SORBS3", "FBXO2"):
        probes = {name: np.mean([float(c) for c in row[2:]]) for name, row in rows.items() if row[1] == gene}
        chosen = list(one.var_names[one.var["symbol"].eq(gene).fillna(False)])
        assert chosen == ([max(probes, key=probes.get)] if probes else [])


@pytest.mark.shared
def test_sample_record_and_platform(shared):
    folder = shared / "data/formats_geo"
    sample = reader("soft")(folder / "GSM11805.txt.gz")
    assert sample.shape == (1, 22283)  # !Sample_data_row_count of the record
    assert sample[:, "AFFX-BioB-5_at"].X.item() == 953.9
    assert sample.obs["title"].item() == "N035 Normal Human Kidney U133A"
    platform = reader("soft")(folder / "GPL97.annot.gz")
    with gzip.open(folder / "GPL97.annot.gz", "rt", encoding="utf-8", errors="replace") as handle:
        table = [line.rstrip("\n").split("\t") for line in handle if not line.startswith(("!", "#", "^"))]
    assert platform.n_vars == len(table) - 1
    # probes of several genes (A///B) name none
    symbols = {row[0]: row[2] for row in table[1:] if len(row) > 2 and row[2] and "///" not in row[2]}
    assert platform.var["symbol"].dropna().to_dict() == symbols


FAMILY = """^SERIES = GSE9
!Series_title = x
^PLATFORM = GPL9
!platform_table_begin
ID	gene_assignment
11	NM_012168 // FBXO2 // F-box protein 2 // 1p36 // 26232 /// ENST1 // FBXO2 // F-box
12	NM_1 // CD63 // x /// NM_2 // CD9 // y
13	---
!platform_table_end
^SAMPLE = GSM1
!Sample_title = one
!Sample_characteristics_ch1 = sex: female
!sample_table_begin
ID_REF	VALUE
11	2.5
12	3
13	1
!sample_table_end
^SAMPLE = GSM2
!Sample_title = two
!Sample_characteristics_ch1 = sex: male
!sample_table_begin
ID_REF	VALUE
12	4
11	3.5
!sample_table_end
"""


def test_family_of_a_series(tmp_path):
    path = tmp_path / "GSE9_family.soft"
    path.write_text(FAMILY)
    adata = reader("soft")(path, probes="all")
    assert adata.obs["sex"].tolist() == ["female", "male"]
    np.testing.assert_array_equal(adata.X, [[2.5, 3, 1], [3.5, 4, np.nan]])
    assert adata.var["symbol"].fillna("").tolist() == ["FBXO2", "", ""]
    assert list(reader("soft")(path).var_names) == ["11"]
    with pytest.raises(Problems, match=r"No column 'SIGNAL'"):
        reader("soft")(path, value="SIGNAL")
    brief = tmp_path / "brief.soft"
    brief.write_text("^SERIES = GSE9\n!Series_title = x\n")
    with pytest.raises(Problems, match="holds no table"):
        reader("soft")(brief)


@pytest.mark.shared
def test_sample_sheets_of_proteomics(shared):
    for path in sorted((shared / "data/formats_sdrf").glob("*.sdrf.tsv")):
        with path.open(newline="", encoding="utf-8") as handle:
            header, *rows = list(csv.reader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))
        names = [row[header.index("source name")] for row in rows if row]
        adata = reader("sdrf")(path)
        assert list(adata.obs_names) == list(dict.fromkeys(names))
        by_run = reader("sdrf")(path, sample="comment[data file]")
        assert by_run.n_obs == len({row[header.index("comment[data file]")] for row in rows if row})
        organisms = {row[header.index("characteristics[organism]")] for row in rows if row}
        assert set("; ".join(adata.obs["organism"].dropna()).split("; ")) == organisms
    adata = reader("sdrf")(shared / "data/formats_sdrf/PXD008934.sdrf.tsv")
    assert adata.obs.loc["Sample 1", ["sex", "disease", "age"]].tolist() == [
        "Male",
        "ischemic cardiomyopathy",
        "58Y",
    ]


def test_sheet_with_fractions_and_unknowns(tmp_path):
    path = tmp_path / "x.sdrf.tsv"
    path.write_text(
        "source name\tcharacteristics[sex]\tcomment[fraction identifier]\tcomment[data file]\tfactor value[diet]\n"
        "s1\tfemale\t1\ta.raw\tchow\ns1\tfemale\t2\tb.raw\tchow\ns2\tnot available\t1\tc.raw\thfd\n"
    )
    adata = reader("sdrf")(path)
    assert adata.obs["fraction identifier"].tolist() == ["1; 2", "1"]
    assert adata.obs["sex"].fillna("").tolist() == ["female", ""]
    assert adata.obs["factor diet"].tolist() == ["chow", "hfd"]
    assert list(reader("sdrf")(path, sample="comment[data file]").obs_names) == ["a", "b", "c"]
    with pytest.raises(Problems, match="No column"):
        reader("sdrf")(path, sample="sample")
