"""Olink and SomaScan beside their own formats: wide exports, tables in workbooks and text, data frames of R."""

from __future__ import annotations

import csv

import numpy as np
import pandas as pd
import pytest
import yaml
from sevaxis.base.problems import Problems
from sevaxis.drafting import add
from sevaxis.matrix.readers.registry import reader, reader_options

SAMPLES = [f"{group}_{sex}_{i}" for group in ("sed", "trained") for sex in "MF" for i in (1, 2, 3)]
N = 92
ACCESSIONS, GENES = [f"P{i:05d}" for i in range(N)], [f"GENE{i}" for i in range(N)]
OIDS = [f"OID{i:05d}" for i in range(N)]
CONTROLS = ["CONTROL_SAMPLE_AS 1", "Negative Control 1", "IPC_1"]
RANDOM = np.random.default_rng(5)
NPX = np.round(RANDOM.normal(3, 2, (15, N)), 4)
RFU = np.round(2 ** RANDOM.normal(10, 1.5, (17, N)), 1)
SEQIDS = [f"{10000 + 3 * i}-{i % 90 + 1}" for i in range(N)]
FRAMED = [f"seq.{name.replace('-', '.')}" for name in SEQIDS]
KINDS = ["Sample"] * 12 + ["Calibrator", "Calibrator", "Buffer", "QC", "QC"]
SOMA_NAMES = [*SAMPLES, "170255", "170255", "", "170259", "170259"]


def npx_wide() -> list[list[object]]:
    """As NPX Manager exports it: four header rows, quality control behind each panel, LOD below; two panels."""
    half = N // 2
    panels = ["Olink INFLAMMATION(v.3022)"] * half + ["Olink CARDIOMETABOLIC(v.3603)"] * (N - half)

    def row(name: str, cells: list, first: list, second: list) -> list:
        return [name, *cells[:half], *first, *cells[half:], *second]

    rows = [["Project: X", *[""] * (N + 4)], ["NPX data", *[""] * (N + 4)],
            row("Panel", panels, panels[:1] * 2, panels[-1:] * 2),
            row("Assay", GENES, ["Plate ID", "QC Warning"], ["Plate ID", "QC Warning"]),
            row("Uniprot ID", ACCESSIONS, ["", ""], ["", ""]), row("OlinkID", OIDS, ["", ""], ["", ""]),
            [""] * (N + 5)]  # fmt: skip
    for i, name in enumerate([*SAMPLES, *CONTROLS]):
        plate = f"Plate{i % 2 + 1}"
        rows.append(row(name, list(NPX[i]), [plate, "Pass"], [plate, "Warning" if i == 3 else "Pass"]))
    return [*rows, [""] * (N + 5), row("LOD", [0.5] * N, ["", ""], ["", ""]),
            row("Missing Data freq.", [0.0] * N, ["", ""], ["", ""]),
            row("Normalization", ["Plate control"] * N, ["", ""], ["", ""])]  # fmt: skip


def soma_above() -> list[list[object]]:
    """The table of an adat: annotation of the reagents above, of the samples before."""
    about = {"SeqId": SEQIDS, "Target": [f"Target {i}" for i in range(N)], "UniProt": ACCESSIONS,
             "EntrezGeneSymbol": GENES, "Type": ["Protein"] * (N - 2) + ["Spuriomer", "Non-Human"]}  # fmt: skip
    rows: list[list[object]] = [["", "", "", name, *cells] for name, cells in about.items()]
    rows.append(["PlateId", "SampleId", "SampleType", "", *[""] * N])
    return rows + [["P1", SOMA_NAMES[i], KINDS[i], "", *RFU[i]] for i in range(17)]


def soma_frame() -> list[list[object]]:
    """As SomaDataIO writes it: row names, annotation, ``seq.`` columns."""
    header = [
        "",
        "PlateId",
        "SlideId",
        "SampleId",
        "SampleType",
        "Age",
        *FRAMED,
    ]
    rows = [
        [f"2580000{i}_{i % 8}", "P1", 258000 + i, SOMA_NAMES[i], KINDS[i], 20 + i, *RFU[i]] for i in range(17)
    ]
    return [header, *rows]


def soma_wide() -> list[list[object]]:
    names = [*SAMPLES, "Calibrator_1", "Calibrator_2", "Buffer", "QC_1", "QC_2"]
    about = zip(SEQIDS, ACCESSIONS, GENES, strict=True)
    return [
        ["SeqId", "UniProt", "EntrezGeneSymbol", *names],
        *([*a, *RFU[:, i]] for i, a in enumerate(about)),
    ]


#: Table -> rows, separators, reader, features, their symbols, values, what is asked of samples.
TABLES = {
    "NPX, wide": (npx_wide, ["xlsx", ";", "\t"], "olink", ACCESSIONS, GENES, NPX[:12]),
    "SomaScan, annotation above": (
        soma_above,
        ["xlsx", "\t", ","],
        "somascan",
        SEQIDS[:-2],
        GENES[:-2],
        RFU[:12, :-2],
    ),
    "SomaScan, data frame": (soma_frame, ["xlsx", "\t", ","], "somascan", FRAMED, None, RFU[:12]),
}
CASES = [(name, kind) for name, (_, kinds, *_) in TABLES.items() for kind in kinds]


def written(tmp_path, rows: list[list[object]], kind: str):
    path = tmp_path / ("table.xlsx" if kind == "xlsx" else "table.csv")
    if kind == "xlsx":
        pd.DataFrame(rows).to_excel(path, header=False, index=False)
    else:
        with path.open("w", newline="") as handle:
            csv.writer(handle, delimiter=kind).writerows(rows)
    return path


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_exports_of_affinity_platforms(tmp_path, name, kind):
    make, _, chosen, features, symbols, values = TABLES[name]
    path = written(tmp_path, make(), kind)
    added = add([str(path)], id="mine", folder=tmp_path / "datasets", dry_run=True)
    card = yaml.safe_load(added.card)
    (file,) = card["files"]
    assert (file["reader"], card["assay"]) == (chosen, "protein"), added.evidence
    header, *rows = (line.split("\t") for line in added.sheet.splitlines())
    assert [row[0] for row in rows] == SAMPLES
    assert [row[header.index("group")] for row in rows] == ["sed"] * 6 + ["trained"] * 6
    assert [row[header.index("sex")][0].upper() for row in rows] == [name.split("_")[1] for name in SAMPLES]
    assert any("control samples" in line for line in added.evidence), added.evidence
    adata = reader(chosen)(path, **dict(reader_options(chosen).model_validate(file.get("options", {}))))
    assert list(adata.var_names) == features
    np.testing.assert_allclose(adata.X, values)
    if symbols is not None:
        assert adata.var["symbol"].tolist() == symbols


def test_plates_and_warnings_of_the_wide_form_are_those_of_the_panel(tmp_path):
    adata = reader("olink")(written(tmp_path, npx_wide(), ";"))
    assert adata.obs["PlateID"].tolist() == ["Plate1", "Plate2"] * 6
    assert adata.uns["reading"]["values_warned_QC_Warning"] == N - N // 2  # of the second panel only
    assert adata.var["Panel"].iloc[[0, -1]].tolist() == [
        "Olink INFLAMMATION(v.3022)",
        "Olink CARDIOMETABOLIC(v.3603)",
    ]


def test_a_buffer_among_the_columns_is_asked_about_and_does_not_hide_the_sexes(tmp_path):
    path = written(tmp_path, soma_wide(), ",")
    added = add([str(path)], id="mine", folder=tmp_path / "datasets", dry_run=True)
    header, *rows = (line.split("\t") for line in added.sheet.splitlines())
    said = {row[0]: dict(zip(header, row, strict=True)) for row in rows}
    assert said["Buffer"]["group"].startswith("TODO Buffer")
    assert said["sed_F_1"]["sex"] == "female" and said["trained_M_3"]["group"] == "trained"
    assert not any(
        name.startswith(("QC", "Calibrator")) and row["group"] == "sed" for name, row in said.items()
    )


@pytest.mark.parametrize("make", [npx_wide, soma_above])
def test_text_among_the_values_is_named(tmp_path, make):
    rows = make()
    rows[9][7] = "n.d."
    path = written(tmp_path, rows, ";")
    with pytest.raises(Problems) as caught:
        add([str(path)], id="mine", folder=tmp_path / "datasets", dry_run=True)
    problem = caught.value.problems[0]
    assert "n.d." in problem.found and ("OID00006" in problem.where or SEQIDS[3] in problem.where), problem
