"""Tables of programs as papers and colleagues hand them on: names that R changed, trimmed columns, decorated sheets."""

from __future__ import annotations

import re

import numpy as np
import openpyxl
import pandas as pd
import pytest
import yaml
from sevaxis.base.problems import Problems
from sevaxis.drafting import add
from sevaxis.matrix.readers.registry import reader, reader_options

SAMPLES = [f"{group}_{sex}_{i}" for group in ("sed", "trained") for sex in "MF" for i in (1, 2, 3)]
N = 200
ACCESSIONS, GENES = [f"P{i:05d}" for i in range(N)], [f"Gene{i}" for i in range(N)]
RANDOM = np.random.default_rng(8)
VALUES = np.round(2 ** RANDOM.normal(22, 2, (12, N)))


def block(name: str, values: np.ndarray) -> dict[str, np.ndarray]:
    return {name.format(sample): values[i] for i, sample in enumerate(SAMPLES)}


FEW = RANDOM.integers(1, 20, (12, N))
MAXQUANT = (
    {"Protein IDs": ACCESSIONS, "Gene names": GENES, "Peptides": 3}
    | block("Peptides {}", FEW)
    | block("Intensity {}", VALUES * 3)
    | block("LFQ intensity {}", VALUES)
    | {"Intensity": VALUES.sum(axis=0), "Score": RANDOM.uniform(5, 300, N)}
)
WHOLE = {"Majority protein IDs": ACCESSIONS} | MAXQUANT | {"Reverse": "", "Potential contaminant": ""}
FRAGPIPE = (
    {"Protein": [f"sp|{a}|X_MOUSE" for a in ACCESSIONS], "Protein ID": ACCESSIONS, "Gene": GENES}
    | block("{} Spectral Count", FEW)
    | block("{} Intensity", VALUES * 2)
    | block("{} MaxLFQ Intensity", VALUES)
)
DISCOVERER = (
    {"Accession": ACCESSIONS, "Description": [f"X OS=Mus musculus GN={gene} PE=1" for gene in GENES]}
    | block("Abundance: {}", VALUES)
    | block("Abundances (Normalized): {}", VALUES * 1.3)
)
NOBODYS = (
    {"Accession": ACCESSIONS, "Gene": GENES}
    | block("{} Intensity", VALUES)
    | block("{} Peptides", FEW)
    | block("{} Coverage", FEW * 3.1)
)


def dotted(columns: dict) -> dict:
    """R's make.names."""
    return {re.sub(r"[^\w.]", ".", name): cells for name, cells in columns.items()}


#: Table -> columns; each has 12 samples under several quantities.
TABLES = {
    "MaxQuant, columns were thrown out": MAXQUANT,
    "MaxQuant by R": dotted(WHOLE),
    "FragPipe by R": dotted(FRAGPIPE),
    "Proteome Discoverer by R": dotted(DISCOVERER),
    "nobody knows whose": NOBODYS,
}


def drafted(tmp_path, path):
    added = add([str(path)], id="mine", folder=tmp_path / "datasets", dry_run=True)
    card = yaml.safe_load(added.card)
    return card, card["files"][0], added


def read(file: dict):
    return reader(file["reader"])(
        file["path"], **dict(reader_options(file["reader"]).model_validate(file.get("options", {})))
    )


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("name", TABLES)
def test_one_quantity_of_each_sample_is_taken(tmp_path, name, kind):
    path = tmp_path / f"table.{kind}"
    frame = pd.DataFrame(TABLES[name])
    frame.to_excel(path, index=False) if kind == "xlsx" else frame.to_csv(path, index=False)
    card, file, added = drafted(tmp_path, path)
    header, *rows = (line.split("\t") for line in added.sheet.splitlines())
    assert [row[0] for row in rows] == SAMPLES, added.evidence
    assert [row[header.index("group")] for row in rows] == [sample.split("_")[0] for sample in SAMPLES]
    assert (card["assay"], card["values"]["scale"]) == ("protein", "linear")
    np.testing.assert_allclose(read(file).X, VALUES)


def test_reporter_ions_of_two_plexes_by_r(tmp_path):
    plexes = {"Plex1": VALUES[:6], "Plex2": VALUES[6:]}
    columns = {
        f"Reporter intensity{kind} {channel + 1} {plex}": values[channel] * factor
        for kind, factor in (("", 2), (" corrected", 1), (" count", 0))
        for plex, values in plexes.items()
        for channel in range(6)
    }
    path = tmp_path / "proteins.csv"
    about = {"Protein IDs": ACCESSIONS, "Majority protein IDs": ACCESSIONS, "Gene names": GENES}
    pd.DataFrame(dotted(about | columns)).to_csv(path, index=False)
    _, file, _ = drafted(tmp_path, path)
    adata = read(file)
    assert list(adata.obs_names) == [f"{plex}_{channel}" for plex in plexes for channel in range(1, 7)]
    np.testing.assert_allclose(adata.X, np.log2(VALUES))


def workbook(path, rows: list[list[object]], merged: tuple[str, ...] = ()):
    book = openpyxl.Workbook()
    book.create_sheet("README")["A1"] = "Legends of the supplementary tables"
    for row in rows:
        book.active.append(row)
    for cells in merged:
        book.active.merge_cells(cells)
    book.save(path)
    return path


def test_groups_and_sexes_in_merged_cells_above_and_notes_below(tmp_path):
    log2 = np.round(np.log2(VALUES), 3)
    names = [f"{letter}{i}" for letter in "ST" for i in range(1, 7)]
    rows: list[list[object]] = [["Table S4. Proteins of sedentary and trained mice, related to Figure 3"],
            ["Values are log2 LFQ intensities; n.d., not detected"], [],
            ["", "", "Sedentary", *[""] * 5, "Trained"], ["", "", *["Male", "", "", "Female", "", ""] * 2],
            ["Accession", "Gene", *names]]  # fmt: skip
    for i in range(N):
        cells = ["n.d." if (i + j) % 50 == 0 else log2[j, i] for j in range(12)]
        rows.append([ACCESSIONS[i], GENES[i], *cells])
    rows += [
        [],
        ["* proteins detected in all samples"],
        ["Abbreviations: S, sedentary; T, trained. Welch's t test"],
    ]
    path = workbook(
        tmp_path / "mmc4.xlsx", rows, ("A1:N1", "C4:H4", "I4:N4", "C5:E5", "F5:H5", "I5:K5", "L5:N5")
    )
    card, file, added = drafted(tmp_path, path)
    header, *lines = (line.split("\t") for line in added.sheet.splitlines())
    said = [dict(zip(header, line, strict=True)) for line in lines]
    assert [row["sample"] for row in said] == names
    assert [row["group"] for row in said] == ["Sedentary"] * 6 + ["Trained"] * 6
    assert [row["sex"] for row in said] == ["Male"] * 3 + ["Female"] * 3 + ["Male"] * 3 + ["Female"] * 3
    truth = np.array([[np.nan if (i + j) % 50 == 0 else log2[j, i] for i in range(N)] for j in range(12)])
    np.testing.assert_allclose(read(file).X, truth)
    assert (card["assay"], card["values"]["scale"]) == ("protein", "log2")


def test_result_tables_beside_each_other_keep_their_own_rows(tmp_path):
    """The second table is sorted by its own p: its genes are not those of the first in the same row."""
    order = RANDOM.permutation(N)
    change, p = RANDOM.normal(0, 1, (2, N)).round(4), RANDOM.uniform(0.0001, 1, (2, N)).round(6)
    rows: list[list[object]] = [["Table S2. Differential expression"], [],
            ["Trained vs sedentary, males", "", "", "", "", "Trained vs sedentary, females"],
            ["Gene", "log2FC", "P value", "FDR", "", "Gene", "log2FC", "P value", "FDR"]]  # fmt: skip
    for i in range(N):
        k = order[i]
        rows.append([GENES[i], change[0, i], p[0, i], min(1, p[0, i] * 1.1), None,
                     GENES[k], change[1, k], p[1, k], min(1, p[1, k] * 1.1)])  # fmt: skip
    _, file, added = drafted(tmp_path, workbook(tmp_path / "mmc2.xlsx", rows))
    options = file["options"]
    assert [set(columns) >= {"log2fc", "p", "q"} for columns in options["contrasts"].values()] == [True, True]
    assert [re.search("female|male", name)[0] for name in options["contrasts"]] == ["male", "female"], options
    adata = read(file | {"options": {k: v for k, v in options.items() if "TODO" not in str(v)}})
    np.testing.assert_allclose(adata[:, GENES].layers["log2fc"], change)
    np.testing.assert_allclose(adata[:, GENES].layers["p"], p)
    contrasts = yaml.safe_load(added.card)["contrasts"]
    assert [contrast["role"] for contrast in contrasts] == ["training", "training"]


def test_tables_below_each_other_are_refused_with_the_row(tmp_path):
    rows: list[list[object]] = [["Table S3"]]
    for name in ("Up in trained", "Down in trained"):
        rows += [[], [name], ["Gene", "log2FC", "P value", "FDR"]]
        rows += [[GENES[i], 0.1 * i, 0.001 * (i + 1), 0.002 * (i + 1)] for i in range(60)]
    with pytest.raises(Problems, match="No file holds values or results") as caught:
        drafted(tmp_path, workbook(tmp_path / "mmc3.xlsx", rows))
    assert "is a header again" in caught.value.problems[0].found
    assert "sheet of its own" in caught.value.problems[0].hint


COUNTS = np.random.default_rng(3).negative_binomial(
    4, np.random.default_rng(2).uniform(0.005, 0.3, N)[:, None], (N, 12)
)
ENSEMBL = [f"ENSMUSG{7 * i + 1:011d}" for i in range(N)]


def lines(header: list[object], rows, separator: str = "\t") -> str:
    return "".join(separator.join(map(str, row)) + "\n" for row in (header, *rows))


def ncounter() -> str:
    kinds = ["Positive"] * 6 + ["Negative"] * 8 + ["Endogenous"] * (N - 14)
    names = [f"POS_{i}" for i in range(6)] + [f"NEG_{i}" for i in range(8)] + GENES[14:]
    rows = zip(kinds, names, [f"NM_{i:06d}.1" for i in range(N)], *COUNTS.T, strict=True)
    return lines(["Code Class", "Name", "Accession", *SAMPLES], rows)


def beads() -> str:
    quantities = {"AVG_Signal": VALUES.T / 1e4, "Detection Pval": COUNTS / 1e5, "Avg_NBEADS": COUNTS + 1}
    header = ["PROBE_ID", "SYMBOL", *(f"{sample}.{name}" for sample in SAMPLES for name in quantities)]
    cells = [[values[i, j] for j in range(12) for values in quantities.values()] for i in range(N)]
    return lines(header, ([f"ILMN_{1200000 + i}", GENES[i], *cells[i]] for i in range(N)))


def plain(header: list[str], values: np.ndarray, names: list[str]) -> str:
    return lines(header, ([names[i], *values[i]] for i in range(N)))


IMPUTED = [f"{sample}_imputed" for sample in SAMPLES]
#: File -> text, features that are left, values, words that are told.
HANDED = {
    "nCounter with its controls": (ncounter(), N - 14, COUNTS[14:].T, "14 controls of the measurement"),
    "GenomeStudio": (beads(), N, VALUES / 1e4, "12 of 'avg signal' are taken"),
    "a header behind the mark of comments": (
        "# made by a pipeline\n" + plain(["#Gene", *SAMPLES], COUNTS, ENSEMBL),
        N,
        COUNTS.T,
        "whole numbers",
    ),
    "imputed values": (
        lines(
            ["Accession", *SAMPLES, *IMPUTED],
            ([ACCESSIONS[i], *VALUES[:, i], *[str(i % 9 == 0)] * 12] for i in range(N)),
        ),
        N,
        VALUES,
        "12 columns such as 'sed_M_1_imputed' mark imputed values",
    ),
}


@pytest.mark.parametrize("name", HANDED)
def test_what_core_facilities_hand_over(tmp_path, name):
    text, n, values, told = HANDED[name]
    path = tmp_path / "table.txt"
    path.write_text(text)
    _, file, added = drafted(tmp_path, path)
    header, *rows = (line.split("\t") for line in added.sheet.splitlines())
    assert [row[header.index("group")] for row in rows] == [sample.split("_")[0] for sample in SAMPLES]
    assert any(told in line for line in added.evidence), added.evidence
    adata = read(file)
    assert adata.shape == (12, n)
    np.testing.assert_allclose(adata.X, values, rtol=1e-6)


SILAC = {"Protein IDs": ACCESSIONS, "Majority protein IDs": ACCESSIONS} | block(
    "Ratio H/L normalized {}", VALUES / 1e6
)
SILAC |= block("Intensity {}", VALUES) | block("Intensity L {}", VALUES) | block("Intensity H {}", VALUES)
#: File -> text, words of the hint.
USELESS = {
    "SILAC": (pd.DataFrame(SILAC).to_csv(sep="\t", index=False), "Ratio H/L normalized"),
    "cells in MatrixMarket": (
        "%%MatrixMarket matrix coordinate integer general\n%\n300 100 2\n1 1 3\n2 5 1\n",
        "h5ad",
    ),
    "means and deviations": (
        lines(
            ["Accession", "Gene", "Sed mean", "Sed SD", "Trained mean", "Trained SD"],
            ([ACCESSIONS[i], GENES[i], 20 + i / 50, 0.3, 21 + i / 60, 0.2] for i in range(N)),
        ),
        "means and deviations of groups",
    ),
    "a panel of few": (
        lines(["Analyte", *SAMPLES], ([f"IL-{i}", *(VALUES[:, i] / 1e6)] for i in range(40))),
        "--reader delimited",
    ),
}


@pytest.mark.parametrize("name", USELESS)
def test_what_a_card_cannot_use_is_refused_with_what_to_do(tmp_path, name):
    text, hint = USELESS[name]
    path = tmp_path / "table.txt"
    path.write_text(text)
    with pytest.raises(Problems) as caught:
        drafted(tmp_path, path)
    assert hint in caught.value.problems[0].hint, caught.value.problems[0]


def test_cycles_of_a_pcr_are_no_log2_values(tmp_path):
    path = tmp_path / "liver_Ct_values.csv"
    path.write_text(plain(["Gene", *SAMPLES], np.round(20 + np.log2(VALUES.T) / 4, 2), GENES))
    card, _, _ = drafted(tmp_path, path)
    assert card["values"]["scale"].startswith("TODO cycles of a PCR fall where the RNA rises")


def test_a_sheet_that_names_reads_describes_the_samples(tmp_path):
    names = [str(101 + i) for i in range(12)]
    (tmp_path / "run").mkdir()
    (tmp_path / "run/counts.tsv").write_text(plain(["gene_id", *names], COUNTS, ENSEMBL))
    rows = [
        [f"/data/{name}_S{i + 1}_L001_R1_001.fastq.gz", sample.split("_")[0], sample.split("_")[1]]
        for i, (name, sample) in enumerate(zip(names, SAMPLES, strict=True))
    ]
    (tmp_path / "run/samples.csv").write_text(lines(["Filename", "Group", "Sex"], reversed(rows), ","))
    _, _, added = drafted(tmp_path, tmp_path / "run")
    _, *cells = (line.split("\t") for line in added.sheet.splitlines())
    assert [row[:2] for row in cells] == [[n, s.split("_")[0]] for n, s in zip(names, SAMPLES, strict=True)]


def test_a_second_run_of_the_same_libraries_is_called_so(tmp_path):
    (tmp_path / "run").mkdir()
    again = COUNTS + np.random.default_rng(1).poisson(COUNTS / 4 + 1)
    (tmp_path / "run/run1.tsv").write_text(plain(["gene_id", *SAMPLES], COUNTS, ENSEMBL))
    (tmp_path / "run/run2.tsv").write_text(plain(["gene_id", *SAMPLES], again, ENSEMBL))
    _, _, added = drafted(tmp_path, tmp_path / "run")
    assert any("more reads of the same samples" in line for line in added.evidence), added.evidence


def test_proteins_that_msstats_summarised(tmp_path):
    """ProteinLevelData: a row per protein and run; the run's number is no name."""
    log2 = np.round(np.log2(VALUES), 4)
    header = ["RUN", "Protein", "LogIntensities", "originalRUN", "GROUP", "SUBJECT", "MissingPercentage"]
    rows = [
        [j + 1, ACCESSIONS[i], log2[j, i], f"{sample}.raw", sample.split("_")[0], j + 1, 0.1]
        for i in range(N)
        for j, sample in enumerate(SAMPLES)
    ]
    path = tmp_path / "ProteinLevelData.csv"
    path.write_text(lines(header, rows, ","))
    card, file, added = drafted(tmp_path, path)
    assert (card["assay"], card["values"]["scale"], file["options"]["sample"]) == (
        "protein",
        "log2",
        "originalRUN",
    )
    adata = read(file)
    assert list(adata.obs_names) == [f"{sample}.raw" for sample in SAMPLES]
    np.testing.assert_allclose(adata.X, log2)
    header, *cells = (line.split("\t") for line in added.sheet.splitlines())
    assert [row[1] for row in cells] == [sample.split("_")[0] for sample in SAMPLES]


def test_a_pool_among_runs_with_dates_and_instruments(tmp_path):
    names = [*(f"20210101_{sample}_DIA" for sample in SAMPLES), "20210101_QCpool_1_DIA"]
    values = np.column_stack([VALUES.T, VALUES.T[:, 0]])
    path = tmp_path / "report.pg_matrix.tsv"
    about = ["Protein.Group", "Protein.Names", "Genes", "First.Protein.Description"]
    rows = ([ACCESSIONS[i], f"X{i}_MOUSE", GENES[i], "x", *values[i]] for i in range(N))
    path.write_text(lines([*about, *(f"D:\\data\\{name}.raw" for name in names)], rows))
    card, _, added = drafted(tmp_path, path)
    assert list(card["exclude"]) == ["20210101_QCpool_1_DIA"]
    header, *cells = (line.split("\t") for line in added.sheet.splitlines())
    said = [dict(zip(header, row, strict=True)) for row in cells][:12]
    assert [(row["group"], row["sex"][0].upper()) for row in said] == [
        (sample.split("_")[0], sample.split("_")[1]) for sample in SAMPLES
    ]


def test_results_whose_file_alone_names_the_sex(tmp_path):
    (tmp_path / "run").mkdir()
    for sex in ("female", "male"):
        header = ["Protein", "Label", "log2FC", "SE", "DF", "pvalue", "adj.pvalue", "issue"]
        rows = [
            [
                f"sp|{a}|X_MOUSE",
                "trained_vs_sed",
                (i % 9 - 4) / 5,
                0.2,
                10,
                (i % 97 + 1) / 100,
                (i % 97 + 3) / 100,
                "NA",
            ]
            for i, a in enumerate(ACCESSIONS)
        ]
        (tmp_path / f"run/{sex}_comparison.csv").write_text(lines(header, rows, ","))
    card, _, _ = drafted(tmp_path, tmp_path / "run")
    assert [(c["role"], c["stratum"]) for c in card["contrasts"]] == [
        ("training", "female"),
        ("training", "male"),
    ]


def test_two_tables_side_by_side_may_name_their_rows_by_text_and_by_numbers(tmp_path):
    change, p = RANDOM.normal(0, 1, (2, N)).round(4), RANDOM.uniform(0.0001, 1, (2, N)).round(5)
    names = (GENES, [str(11000 + 13 * i) for i in range(N)])
    header = ["gene", "logFC", "P.Value", "adj.P.Val"] * 2
    cells = [
        [(names[k][i], change[k, i], p[k, i], min(1, p[k, i] * 1.1)) for k in range(2)] for i in range(N)
    ]
    path = tmp_path / "results.csv"
    path.write_text(lines(header, ([*one, *other] for one, other in cells), ","))
    _, file, _ = drafted(tmp_path, path)
    first, second = file["options"]["contrasts"].values()
    assert (first.get("feature"), second.get("feature")) == (None, "gene.2")
