"""Layouts of tables of counts and intensities, as tools and people write them: what a draft takes for samples, what it
leaves out and says so, and what it asks. The truth is the matrix that each table was made of.
"""

from __future__ import annotations

import gzip

import numpy as np
import polars as pl
import pytest
import yaml
from sevaxis.base.problems import Problems
from sevaxis.drafting import add
from sevaxis.drafting.formats import recognise
from sevaxis.drafting.layouts import layout_of
from sevaxis.matrix.readers.registry import reader, reader_options
from sevaxis.matrix.readers.tables.text import Table

RANDOM = np.random.default_rng(17)
N = 240
SAMPLES = [f"{group}_{i}" for group in ("rest", "trained") for i in (1, 2, 3)]
GENES = [f"ENSMUSG{i:011d}" for i in range(1, N + 1)]
SYMBOLS = [f"{chr(65 + i % 26)}{'abcdefghij'[i % 10]}{'xyz'[i % 3]}{i}" for i in range(N)]
FASTA = [f"sp|P{i:05d}|{name.upper()}_MOUSE" for i, name in enumerate(SYMBOLS)]
TYPICAL = 2 ** RANDOM.normal(6, 2, N)
COUNTS = RANDOM.poisson(TYPICAL * RANDOM.uniform(0.7, 1.4, (6, 1)))
FPKM = COUNTS / RANDOM.uniform(0.5, 5, N) * 3.7


def lines(header, rows, separator="\t"):
    return "\n".join(separator.join(map(str, row)) for row in [header, *rows]) + "\n"


def wide(before=(), after=(), names=SAMPLES, features=GENES, values=COUNTS, corner="gene_id"):
    """Header and rows; ``before`` and ``after``: (name, cells) of further columns."""
    header = [corner, *(name for name, _ in before), *names, *(name for name, _ in after)]
    rows = [
        [feature, *(c[i] for _, c in before), *values[:, i], *(c[i] for _, c in after)]
        for i, feature in enumerate(features)
    ]
    return header, rows


def blocks(words, form):
    """Several columns for each sample: ``{sample}_count`` and so on."""
    parts = {"count": COUNTS, "fpkm": FPKM.round(3), "tpm": (FPKM * 2).round(3), "plain": FPKM.round(2)}
    names, values = [], []
    for k, sample in enumerate(SAMPLES):
        for word, kind in words.items():
            names.append(form.format(sample=sample, word=word) if word else sample)
            values.append(parts[kind][k])
    return wide(names=names, values=np.array(values, dtype=object))


PER_SAMPLE = {"raw": COUNTS, "typical": COUNTS.mean(axis=0)}
LENGTH = RANDOM.integers(200, 9000, N)
#: name -> (header and rows), samples expected, words that the draft must say
TABLES = {
    "plain": (wide(), SAMPLES, []),
    "row names of R": (lambda: (wide()[0][1:], wide()[1]), SAMPLES, []),
    "index without a name": (wide(corner=""), SAMPLES, []),
    "length and chromosome in front": (
        wide(before=[("chr", [i % 19 + 1 for i in range(N)]), ("Length", LENGTH)]), SAMPLES, ["'chr', 'Length'"],
    ),
    "entrez and symbols beside": (
        wide(before=[("entrezgene", range(10_000, 10_000 + N)), ("symbol", SYMBOLS)]), SAMPLES,
        ["'entrezgene' (an identifier)"],
    ),
    "means and tests at the end": (
        wide(after=[("mean", COUNTS.mean(axis=0)), ("baseMean", COUNTS.mean(axis=0)), ("sd", COUNTS.std(axis=0))]),
        SAMPLES, ["'mean', 'baseMean', 'sd' (a summary of others)"],
    ),
    "controls of the machine": (
        wide(after=[("QC_1", COUNTS[0]), ("QC_2", COUNTS[1]), ("Blank", COUNTS[2])]),
        SAMPLES, ["'QC_1', 'QC_2', 'Blank' (a control of the measurement, no sample)"],
    ),
    "an empty column": (wide(after=[("rest_9", [""] * N)]), SAMPLES, ["'rest_9' (holds nothing)"]),
    "samples called like annotation": (
        wide(names=[f"GC_{i}" for i in range(1, 7)]), [f"GC_{i}" for i in range(1, 7)], [],
    ),
    "blocks, the word behind": (
        blocks({"": "plain", "count": "count", "fpkm": "fpkm", "tpm": "tpm"}, "{sample}_{word}"), SAMPLES,
        ["6 of 'count' are taken", "'fpkm' (6)", "'tpm' (6)", "'without a word' (6)"],
    ),
    "blocks, the word in front": (
        blocks({"FPKM": "fpkm", "read_count": "count"}, "{word}.{sample}"), SAMPLES, ["'read_count' are taken"],
    ),
    "blocks, raw and normalised": (
        blocks({"raw": "count", "normalized": "fpkm"}, "{sample} ({word})"), SAMPLES, ["'normalized' (6)"],
    ),
    "blocks, reads without a word": (
        lambda: (
            [*wide()[0], *(f"{s}_FPKM" for s in SAMPLES)],
            [[*row, *FPKM[:, i].round(3)] for i, row in enumerate(wide()[1])],
        ),
        SAMPLES, ["'without a word' are taken", "'fpkm' (6)"],
    ),
    "groups as repeated names": (
        wide(names=["rest"] * 3 + ["trained"] * 3),
        ["rest", "rest.2", "rest.3", "trained", "trained.2", "trained.3"], ["rest 3, trained 3"],
    ),
}  # fmt: skip


def read_as_drafted(path):
    """What the draft says of the file, and what its reader gives with the drafted options."""
    (found, *_) = recognise(path)
    assert found.content == "matrix", found
    options = reader_options(found.reader).model_validate(found.options)
    return found, reader(found.reader)(path, **dict(options))


@pytest.mark.parametrize("separator", ["\t", ",", ";"])
@pytest.mark.parametrize("name", TABLES)
def test_columns_that_are_samples(tmp_path, name, separator):
    table, samples, said = TABLES[name]
    path = tmp_path / "t.txt"
    path.write_text(lines(*(table() if callable(table) else table), separator))
    found, adata = read_as_drafted(path)
    assert list(adata.obs_names) == samples
    np.testing.assert_array_equal(adata.X, COUNTS)
    assert list(adata.var_names) == GENES
    told = "; ".join(found.told)
    for words in said:
        assert words in told
    assert not found.ask


@pytest.mark.parametrize(
    "form", ["/data/align/WT_{}_{}.sorted.bam", "{1}_WT_{0}", "D:\\raw\\{}_{}.raw", "{2}_{3}"]
)
def test_letters_of_groups_are_no_statistics_of_the_test_beside(tmp_path, form):
    samples = [form.format("FM"[i % 2], i, ("chow", "HFD")[i > 3], "abc"[i % 3]) for i in range(1, 7)]
    after = [
        ("Anova (p)", RANDOM.uniform(0, 1, N)),
        ("F", RANDOM.uniform(0, 9, N)),
        ("t.x1", RANDOM.normal(0, 2, N)),
    ]
    path = tmp_path / "t.tsv"
    path.write_text(lines(*wide(names=samples, after=after)))
    _, adata = read_as_drafted(path)
    assert list(adata.obs_names) == samples


def test_a_column_that_is_unlike_the_samples_is_asked_about(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text(lines(*wide(after=[("Quantor", RANDOM.uniform(0, 900, N).round(3))])))
    found, adata = read_as_drafted(path)
    assert list(adata.obs_names) == SAMPLES
    (text,) = found.ask["samples"]
    assert text.startswith("TODO is 'Quantor' a sample?")
    assert "write its name, or delete this line" in text


def test_two_columns_of_each_name_are_asked_about(tmp_path):
    """Two animals of a group, or one animal measured twice."""
    path = tmp_path / "t.txt"
    path.write_text(lines(*wide(names=["m1", "m1", "m2", "m2", "m3", "m3"])))
    found, _ = read_as_drafted(path)
    assert "one sample measured twice" in found.ask["samples"][0]


FRONT = {
    "names": [],
    "text": [("group", ["rest"] * 3 + ["trained"] * 3)],
    "numbers": [("group", ["rest"] * 3 + ["trained"] * 3), ("timepoint_days", [-92, -44, -3, 1, 45, 82])],
    "numbers only": [("age", [31, 32, 33, 34, 35, 36])],
}


@pytest.mark.parametrize("front", FRONT)
@pytest.mark.parametrize("features", [GENES, SYMBOLS, [str(i) for i in range(20_000, 20_000 + N)], FASTA])
def test_samples_in_rows(tmp_path, front, features):
    header = ["sample_id", *(name for name, _ in FRONT[front]), *features]
    rows = [[s, *(cells[k] for _, cells in FRONT[front]), *COUNTS[k]] for k, s in enumerate(SAMPLES)]
    path = tmp_path / "t.csv"
    path.write_text(lines(header, rows, ","))
    found, adata = read_as_drafted(path)
    assert list(adata.obs_names) == SAMPLES
    assert list(adata.var_names) == features
    np.testing.assert_array_equal(adata.X, COUNTS)
    numbers = [name for name, cells in FRONT[front] if not isinstance(cells[0], str)]
    assert found.options.get("annotation", []) == numbers
    assert all(name in "; ".join(found.told) for name in numbers)


@pytest.mark.parametrize(
    ("columns", "feature"),
    [
        (("gene_id", "sample", "count"), GENES), (("sample", "symbol", "counts"), SYMBOLS),
        (("Gene", "Run", "Abundance"), SYMBOLS),
        (("library", "entrez", "reads"), [str(i) for i in range(900, 900 + N)]),
        (("ID", "sample", "count"), [str(7 * i) for i in range(900, 900 + N)]),
    ],
)  # fmt: skip
def test_a_row_per_value(tmp_path, columns, feature):
    order = [name in ("sample", "Run", "library") for name in columns].index(True)
    rows = []
    for k, sample in enumerate(SAMPLES):
        for i, name in enumerate(feature):
            rows.append([sample, name, COUNTS[k, i]] if order == 0 else [name, sample, COUNTS[k, i]])
    path = tmp_path / "t.tsv"
    path.write_text(lines(columns, rows))
    _, adata = read_as_drafted(path)
    assert list(adata.obs_names) == SAMPLES
    np.testing.assert_array_equal(adata.X, COUNTS)


@pytest.mark.parametrize(
    "head",
    [
        "Table S2\n",
        "Raw counts of the study, 2021\nrest and trained; 3 mice each\n\n",
        "# a comment\nTable S2: counts\n",
        '"","Rest","","","Trained","",""\n',
    ],
)
@pytest.mark.parametrize("separator", [",", "\t"])
def test_titles_and_groups_above_the_header(tmp_path, head, separator):
    path = tmp_path / "t.txt"
    head = head.replace(",", separator) if '""' in head else head
    path.write_text(head + lines(*wide(), separator))
    found, adata = read_as_drafted(path)
    assert list(adata.obs_names) == SAMPLES
    np.testing.assert_array_equal(adata.X, COUNTS)
    assert f"the header is line {head.count(chr(10)) + 1}" in found.told[0]
    if "Rest" in head:
        assert adata.obs["above_1"].tolist() == ["Rest"] * 3 + ["Trained"] * 3


def test_a_workbook_with_titles_and_sheets(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "Legend"
    book.active.append(["This file holds the counts"])
    sheet = book.create_sheet("Counts")
    sheet.append(["Table S2. Counts of the study"])
    sheet.append([])
    header, rows = wide()
    for row in [header, *rows]:
        sheet.append([cell.item() if hasattr(cell, "item") else cell for cell in row])
    book.save(tmp_path / "t.xlsx")
    found, adata = read_as_drafted(tmp_path / "t.xlsx")
    assert found.options == {"sheet": "Counts", "skip": 2}
    assert list(adata.obs_names) == SAMPLES
    np.testing.assert_array_equal(adata.X, COUNTS)


def test_a_workbook_with_numbers_for_names_a_blank_corner_and_totals(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["", *SAMPLES])
    for i in range(N):
        book.active.append([20_000 + 7 * i, *COUNTS[:, i].tolist()])
    book.active.append(["Total", *COUNTS.sum(axis=1).tolist()])
    book.save(tmp_path / "t.xlsx")
    _, adata = read_as_drafted(tmp_path / "t.xlsx")
    assert list(adata.var_names) == [str(20_000 + 7 * i) for i in range(N)]
    np.testing.assert_array_equal(adata.X, COUNTS)


@pytest.mark.parametrize("code", ["n.d.", "<LOD", "ND", "-", "not detected"])
def test_known_words_for_missing_values_are_proposed_and_others_refused(tmp_path, code):
    header, rows = wide()
    rows[7][2] = code
    path = tmp_path / "t.txt"
    path.write_text(lines(header, rows))
    found, adata = read_as_drafted(path)
    assert found.options["missing"] == [code]
    assert f"1 cells with '{code}' are taken for missing, the first in column 'rest_2', row 8" in found.told
    assert np.isnan(adata.X[1, 7])
    assert adata.shape == (6, N)
    rows[9][3] = "spilled"
    path.write_text(lines(header, rows))
    with pytest.raises(Problems, match="Text where numbers are expected"):
        read_as_drafted(path)


def test_names_of_files_are_not_believed(tmp_path):
    """Plain text called .gz is read; a page called .gz, packed or not, is said to be one."""
    path = tmp_path / "GSE1_counts.txt.gz"
    path.write_text(lines(*wide()))
    assert read_as_drafted(path)[1].shape == (6, N)
    page = b"<!DOCTYPE html>\n<html><head><title>Error</title></head><body>not found</body></html>"
    for body in (page, gzip.compress(page)):
        path.write_bytes(body)
        with pytest.raises(Problems, match="This is a web page, not a table"):
            recognise(path)


def test_counts_of_spectra_rise_with_intensities_and_are_no_sample():
    random = np.random.default_rng(3)
    level = random.normal(25, 2, 300)
    samples = [
        *(f"lean {i}" for i in range(1, 5)),
        "high mass 1",
        "high mass 2",
    ]  # mass is a word of annotation
    columns = {name: level + random.normal(0, 0.3, 300) for name in samples}
    columns["MS/MS count"] = np.rint(np.exp((level - 20) / 2))
    frame = pl.DataFrame({"id": [f"P{i:05d}" for i in range(300)], **columns})
    found = layout_of(Table("table.tsv", frame), "id")
    assert found.options["samples"] == samples
    assert any("MS/MS count" in told for told in found.told)


def later_genes(k):
    return list(zip(GENES[1:], COUNTS[k, 1:], strict=True))


ONE_SAMPLE = {
    "counts": lambda k: lines(["gene_id", "count"], zip(GENES, COUNTS[k], strict=True)),
    "counts, csv": lambda k: lines(["", "counts"], zip(GENES, COUNTS[k], strict=True), ","),
    "named by the sample": lambda k: lines(["Geneid", SAMPLES[k]], zip(GENES, COUNTS[k], strict=True)),
    "quantities beside": lambda k: lines(
        ["gene_id", "symbol", "length", "read_count", "FPKM", "TPM"],
        zip(GENES, SYMBOLS, LENGTH, COUNTS[k], FPKM[k].round(2), FPKM[k].round(2) * 2, strict=True),
    ),
    "HTSeq": lambda k: lines([GENES[0], COUNTS[k, 0]], [*later_genes(k), ("__no_feature", 7)]),
    "HTSeq without its last rows": lambda k: lines([GENES[0], COUNTS[k, 0]], later_genes(k)),
    "HTSeq with symbols": lambda k: "".join(
        f"{g}\t{s}\t{n}\n" for g, s, n in zip(GENES, SYMBOLS, COUNTS[k], strict=True)
    ),
    "featureCounts": lambda k: (
        '# Program:featureCounts v2.0.1; Command:"featureCounts" "-o" "x"\n'
        + lines(
            ["Geneid", "Chr", "Start", "End", "Strand", "Length", f"/data/{SAMPLES[k]}Aligned.sortedByCoord.out.bam"],
            ([g, "1;1", "1;9", "5;20", "+;+", 17, n] for g, n in zip(GENES, COUNTS[k], strict=True)),
        )
    ),
    "STAR": lambda k: (
        "N_unmapped\t1\t1\t1\nN_multimapping\t2\t2\t2\nN_noFeature\t3\t3\t3\nN_ambiguous\t4\t4\t4\n"
        + "".join(f"{g}\t{n}\t{n // 2}\t{n - n // 2}\n" for g, n in zip(GENES, COUNTS[k], strict=True))
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ONE_SAMPLE)
def test_a_file_for_each_sample(tmp_path, name):
    paths = []
    for k, sample in enumerate(SAMPLES):
        ending = "ReadsPerGene.out.tab" if name == "STAR" else ".counts.txt"
        paths.append(tmp_path / f"{sample}{ending}")
        paths[-1].write_text(ONE_SAMPLE[name](k))
    added = add([str(path) for path in paths], id="x", folder=tmp_path / "datasets", dry_run=True)
    card = yaml.safe_load(added.card)
    assert [file["sample"] for file in card["files"]] == SAMPLES
    assert (card["assay"], card["join"]) == ("rna_counts", "samples")
    for k, file in enumerate(card["files"]):
        options = reader_options(file["reader"]).model_validate(file.get("options", {}))
        adata = reader(file["reader"])(paths[k], **dict(options))
        np.testing.assert_array_equal(adata.X[0], COUNTS[k])
        assert list(adata.var_names) == GENES


def test_the_summary_of_featurecounts_is_no_table_of_counts(tmp_path):
    (tmp_path / "c.txt.summary").write_text(
        "Status\trest_1.bam\nAssigned\t12345\nUnassigned_NoFeatures\t99\n"
    )
    (found,) = recognise(tmp_path / "c.txt.summary")
    assert found.content == "nothing"
    assert "summary of featureCounts" in found.format
    with pytest.raises(Problems, match="summary of featureCounts") as caught:
        add([str(tmp_path / "c.txt.summary")], folder=tmp_path / "datasets", dry_run=True)
    assert "without .summary" in caught.value.problems[0].hint


@pytest.mark.parametrize("kind", ["parquet", "feather"])
@pytest.mark.parametrize("indexed", [False, True])
def test_tables_kept_by_column(tmp_path, kind, indexed):
    import pandas as pd

    frame = pd.DataFrame(COUNTS.T, columns=SAMPLES, index=pd.Index(GENES, name=None if indexed else "gene"))
    frame = frame if indexed and kind == "parquet" else frame.rename_axis("gene").reset_index()
    path = tmp_path / f"t.{kind}"
    getattr(frame, f"to_{kind}")(path)
    _, adata = read_as_drafted(path)
    assert list(adata.obs_names) == SAMPLES
    assert list(adata.var_names) == GENES
    np.testing.assert_array_equal(adata.X, COUNTS)


def test_intensities_with_codes_for_missing_ones_are_no_entrez_identifiers(tmp_path):
    """R's row names above numbers as long as Entrez identifiers, and `-` where nothing was measured."""
    random = np.random.default_rng(4)
    lines = ["\t".join(f"{group}_{i}" for group in ("sed", "trained") for i in (1, 2, 3))]
    for i in range(200):
        cells = [str(cell) for cell in random.integers(10**6, 10**8, 6)]
        cells[i % 6] = "-" if i % 4 == 0 else cells[i % 6]
        lines.append("\t".join([f"ABC{i}", *cells]))
    path = tmp_path / "liver.tsv"
    path.write_text("\n".join(lines) + "\n")
    (found,) = recognise(path)
    assert found.options == {"missing": ["-"]}
    assert list(reader(found.reader)(path, **found.options).var_names[:2]) == ["ABC0", "ABC1"]


def test_codes_for_missing_cells_are_seen_below_a_second_header(tmp_path):
    lines = ["id\tS1\tS2\tS3\tS4", "group\tsed\tsed\ttrained\ttrained"]
    for i in range(150):
        cells = ("n.d." if (i + j) % 5 == 0 else f"{20 + i / 17:.3f}{j}" for j in range(4))
        lines.append("\t".join([f"P{i:05d}", *cells]))
    path = tmp_path / "liver.tsv"
    path.write_text("\n".join(lines) + "\n")
    (found,) = recognise(path)
    assert found.options == {"missing": ["n.d."]}
    adata = reader(found.reader)(path, **found.options)
    assert adata.shape == (4, 150) and list(adata.obs["header_2"]) == ["sed", "sed", "trained", "trained"]
    assert np.isnan(adata.X).mean() == 0.2


@pytest.mark.parametrize("layout", ["wide", "transposed"])
def test_columns_that_are_mostly_missing_words_are_lost_in_no_layout(tmp_path, layout):
    cells = [[f"{20 + (7 * i + j) / 13:.3f}" for j in range(8)] for i in range(150)]
    cells[3][:6] = ["n.d."] * 6
    for i in range(120):
        cells[i][7] = "n.d."
    names, samples = [f"XP_{930000000 + i}.1" for i in range(150)], [f"sed_{i}" for i in range(1, 9)]
    rows = [["id", *samples], *([name, *row] for name, row in zip(names, cells, strict=True))]
    rows = rows if layout == "wide" else [list(row) for row in zip(*rows, strict=True)]
    path = tmp_path / "liver.tsv"
    path.write_text("".join("\t".join(row) + "\n" for row in rows))
    (found,) = recognise(path)
    adata = reader(found.reader)(path, **found.options)
    assert adata.shape == (8, 150)
    assert np.isnan(adata.X).sum() == 120 + 6


def test_decoys_that_are_columns_are_dropped_and_say_nothing_of_samples(tmp_path):
    names = [f"P{i:05d}" for i in range(N)]
    names[20:22] = ["REV__P12345", "CON__P12346"]
    path = tmp_path / "liver.csv"
    path.write_text(lines(["sample", *names], [[s, *COUNTS[k]] for k, s in enumerate(SAMPLES)], ","))
    found, adata = read_as_drafted(path)
    assert "annotation" not in found.options
    assert list(adata.var_names) == [*names[:20], *names[22:]]
    assert adata.obs.columns.tolist() == ["sample"]


@pytest.mark.parametrize("separator", [",", "\t"])
def test_counts_with_thousands_are_no_identifiers_beside_symbols(tmp_path, separator):
    small = COUNTS.copy()
    small[:, ::40] += 1000  # few cells have a separator
    written = np.array([[f'"{n:,}"' for n in row] for row in small], dtype=object)
    path = tmp_path / "t.csv"
    path.write_text(lines(*wide(features=SYMBOLS, values=written, corner="Gene"), separator))
    _, adata = read_as_drafted(path)
    assert list(adata.var_names) == SYMBOLS
    np.testing.assert_array_equal(adata.X, small)


@pytest.mark.parametrize("gene", ["PVALB", "GC", "CHRM1", "sp|P20472|PVALB_HUMAN"])
def test_a_gene_that_is_called_like_annotation_is_a_column_of_values(tmp_path, gene):
    """One cell of it is a word, and the only one of the table."""
    values = np.array(COUNTS, dtype=object)
    values[2, 99] = "n.d."
    names = [*SYMBOLS[:99], gene, *SYMBOLS[100:]]
    path = tmp_path / "liver.csv"
    path.write_text(lines(["sample", *names], [[s, *values[k]] for k, s in enumerate(SAMPLES)], ","))
    _, adata = read_as_drafted(path)
    assert list(adata.var_names) == names
    assert np.isnan(adata.X[2, 99])


def test_facts_about_features_that_are_columns_stand_above_the_header(tmp_path):
    """As SomaScan's tables are exported: accessions and symbols above, some of them empty."""
    reagents = [f"seq.{10000 + i}.{i % 9}" for i in range(N)]
    proteins = [f"P{i:05d}" if i % 5 else "" for i in range(N)]
    symbols = [name if i % 7 else "" for i, name in enumerate(SYMBOLS)]
    above = [["", "", "UniProt", *proteins], ["", "", "EntrezGeneSymbol", *symbols]]
    rows = [*above, ["SampleId", "SampleType", "RowCheck", *reagents]]
    rows += [[name, "Sample", "PASS", *COUNTS[k]] for k, name in enumerate(SAMPLES)]
    path = tmp_path / "t.tsv"
    path.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))
    _, adata = read_as_drafted(path)
    assert (list(adata.obs_names), list(adata.var_names)) == (SAMPLES, reagents)
    np.testing.assert_array_equal(adata.X, COUNTS)
    assert adata.var["uniprot"].fillna("").tolist() == proteins
    assert adata.var["symbol"].fillna("").tolist() == symbols


def test_names_with_spaces_put_no_title_above_a_sheet(tmp_path):
    path = tmp_path / "samples.csv"
    rows = [f"Reporter intensity corrected {i} plex1,WT,sed,plex1" for i in range(1, 11)]
    path.write_text("\n".join(["sample,genotype,training,plex", *rows]) + "\n")
    (found,) = recognise(path)
    assert list(found.table.frame.columns) == ["sample", "genotype", "training", "plex"]
