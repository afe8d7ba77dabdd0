"""Tables of the proteomics programs in their published layouts: reader, samples, assay, what is left out or refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml
from sevaxis.base.problems import Problems
from sevaxis.drafting import add
from sevaxis.drafting.formats import recognise
from sevaxis.matrix.readers.registry import reader, reader_options

N = 150
RANDOM = np.random.default_rng(11)
PROTEINS = [f"P{i:05d}" for i in range(N - 3)]
IDS = [*PROTEINS, "CON__P00761", "REV__P00001", "CON__P02769"]
GENES = [f"Gene{i}" for i in range(N)]
HEADERS = [f"Protein {i} OS=Mus musculus OX=10090 GN={gene} PE=1 SV=1" for i, gene in enumerate(GENES)]
MARKS = [""] * (N - 3)


def values(seed: int = 0) -> np.ndarray:
    return np.round(2 ** np.random.default_rng(seed).normal(20, 2, N))


def peptides(n: int = N) -> list[str]:
    letters = np.array(list("ACDEFGHILMNPQSTVWY"))
    return ["".join(RANDOM.choice(letters, 9)) + "K" for _ in range(n)]


def maxquant(columns: dict[str, np.ndarray]) -> pd.DataFrame:
    return pd.DataFrame(
        {"Protein IDs": IDS, "Majority protein IDs": IDS, "Gene names": GENES, "Peptides": 3}
        | columns
        | {
            "Reverse": [*MARKS, "", "+", ""],
            "Potential contaminant": [*MARKS, "+", "", "+"],
            "Only identified by site": [*MARKS[1:], "+", "", "", ""],
        }
    )


PLEXES = ("PlexA", "PlexB")
TMT = maxquant(
    {
        f"Reporter intensity{kind} {channel}{plex}": values(channel)
        for kind in ("", " corrected", " count")
        for plex in ("", " PlexA", " PlexB")
        for channel in range(1, 5)
    }
    | {f"Intensity {plex}": values(9) for plex in PLEXES}
    | {"Intensity": values(10)}
)
LABEL_FREE = maxquant(
    {f"LFQ intensity {s}": values(i) for i, s in enumerate(("ctl_1", "ctl_2", "trn_1", "trn_2"))}
    | {f"Intensity {s}": values(i) for i, s in enumerate(("ctl_1", "ctl_2", "trn_1", "trn_2"))}
)
DISCOVERER = pd.DataFrame(
    {
        "Master": ["IsMasterProtein"] * (N - 5) + ["None"] * 5,
        "Accession": [*PROTEINS, "P00761", "Q00001", "Q00002"],
        "Description": HEADERS,
        "Contaminant": [False] * (N - 10) + [True] + [False] * 9,
        "# Peptides": 4,
    }
    | {f"Abundances (Grouped): {g}": values(3) for g in ("rest", "trained")}
    | {
        f"Abundance{kind}: F1: {channel}, {word}, {group}": values(i)
        for kind in ("", "s (Normalized)")
        for i, (channel, word, group) in enumerate(
            [
                ("126", "Control", "rest"),
                ("127N", "Control", "rest"),
                ("127C", "Sample", "trained"),
                ("128N", "Sample", "trained"),
            ]
        )
    }
)
WITHOUT_GROUPS = DISCOVERER.rename(columns=lambda c: c.removesuffix(", rest").removesuffix(", trained"))
PEAKS = pd.DataFrame(
    {
        "Protein Group": np.arange(N) // 2 + 1,
        "Protein ID": np.arange(N),
        "Accession": [f"{p}|X{i}_MOUSE" for i, p in enumerate(IDS)],
        "-10lgP": values(1) / 1e5,
        "Coverage (%)": 12.0,
        "#Peptides": 4,
        "#Unique": 2,
        "PTM": "",
        "Avg. Mass": 45000,
        "Description": HEADERS,
    }
    | {f"Area {s}": values(i) for i, s in enumerate(("rest_1", "rest_2", "trained_1", "trained_2"))}
    | {f"Coverage (%) {s}": 10.0 for s in ("rest_1", "rest_2", "trained_1", "trained_2")}
)
PEAKS.loc[0, "Accession"] = "#CONTAM#P00761|TRYP_PIG"
NPX = pd.DataFrame(
    [
        {
            "SampleID": sample,
            "Index": 1,
            "OlinkID": f"OID{a:05d}",
            "UniProt": f"P{a:05d}",
            "Assay": assay,
            "MissingFreq": 0.1,
            "Panel": "Inflammation",
            "PlateID": plate,
            "QC_Warning": "Warning" if sample == "S2" else "Pass",
            "LOD": -1.0,
            "NPX": round(float(RANDOM.normal(3, 1)), 4),
        }
        for sample, plate in (
            ("S1", "Plate1"),
            ("S2", "Plate1"),
            ("S3", "Plate2"),
            ("S4", "Plate2"),
            ("CONTROL_SAMPLE_1", "Plate1"),
            ("Neg Control 2", "Plate2"),
        )
        for a, assay in enumerate([*(f"GENE{i}" for i in range(60)), "Incubation control 1"])
    ]
)
INTEGRATOR = pd.DataFrame(
    {
        "Index": IDS,
        "NumberPSM": 4,
        "Gene": GENES,
        "MaxPepProb": 0.99,
        "Protein": [f"sp|{p}|X_MOUSE" for p in IDS],
        "ReferenceIntensity": np.log2(values(1)),
    }
    | {s: np.log2(values(i)) for i, s in enumerate(("rest_1", "rest_2", "trained_1", "trained_2"))}
)
SITES = INTEGRATOR.drop(columns=["NumberPSM", "Protein"]).assign(
    Index=[f"{p}_S{i + 7}" for i, p in enumerate(IDS)],
    ProteinID=IDS,
    Peptide=peptides(),
    SequenceWindow=peptides(),
)
SITES = SITES[
    [
        "Index",
        "Gene",
        "ProteinID",
        "Peptide",
        "SequenceWindow",
        "MaxPepProb",
        "ReferenceIntensity",
        "rest_1",
        "rest_2",
        "trained_1",
        "trained_2",
    ]
]
FOUR = ["rest_1", "rest_2", "trained_1", "trained_2"]
#: Layout -> (table, separator, reader, assay, samples, features)
READ = {
    "MaxQuant, label-free": (
        LABEL_FREE,
        "\t",
        "maxquant",
        "protein",
        ["ctl_1", "ctl_2", "trn_1", "trn_2"],
        N - 4,
    ),
    "MaxQuant, label-free, saved with commas": (
        LABEL_FREE,
        ",",
        "maxquant",
        "protein",
        ["ctl_1", "ctl_2", "trn_1", "trn_2"],
        N - 4,
    ),
    "MaxQuant, two plexes": (
        TMT,
        "\t",
        "tmt",
        "protein",
        [f"{p}_{c}" for p in PLEXES for c in range(1, 5)],
        N - 4,
    ),
    "Proteome Discoverer": (
        DISCOVERER,
        "\t",
        "discoverer",
        "protein",
        ["F1_126_rest", "F1_127N_rest", "F1_127C_trained", "F1_128N_trained"],
        N - 6,
    ),
    "PEAKS": (PEAKS, ",", "peaks", "protein", FOUR, None),
    "Olink": (NPX, ";", "olink", "protein", ["S1", "S2", "S3", "S4"], 60),
    "TMT-Integrator": (INTEGRATOR, "\t", "tmt_integrator", "protein", FOUR, N - 3),
    "TMT-Integrator, sites": (SITES, "\t", "tmt_integrator", "ptm", FOUR, N - 3),
}


def drafted(tmp_path, table: pd.DataFrame, separator: str = "\t", name: str = "table.txt"):
    path = tmp_path / name
    if name.endswith("xlsx"):
        with pd.ExcelWriter(path) as book:
            pd.DataFrame({"about": ["a supplement"]}).to_excel(book, sheet_name="README", index=False)
            table.to_excel(book, sheet_name="Table S1", index=False)
    else:
        table.to_csv(path, sep=separator, index=False)
    added = add([str(path)], id="mine", folder=tmp_path / "datasets", dry_run=True)
    card = yaml.safe_load(added.card)
    (file,) = card["files"]
    options = reader_options(file["reader"]).model_validate(file.get("options", {}))
    return card, added, reader(file["reader"])(path, **dict(options))


@pytest.mark.parametrize("name", READ)
def test_tables_of_programs_find_their_reader_and_their_samples(tmp_path, name):
    table, separator, chosen, assay, samples, n = READ[name]
    card, added, adata = drafted(tmp_path, table, separator)
    assert (card["files"][0]["reader"], card["assay"]) == (chosen, assay), added.evidence
    assert [row.split("\t")[0] for row in added.sheet.splitlines()[1:]] == samples
    assert list(adata.obs_names) == samples
    if n is not None:
        assert adata.n_vars == n
    assert not any(feature.startswith(("CON__", "REV__", "#CONTAM")) for feature in adata.var_names)
    assert any(line.startswith("left out of") for line in added.evidence), added.evidence


@pytest.mark.parametrize(
    "name", ["MaxQuant, label-free", "MaxQuant, two plexes", "Proteome Discoverer", "PEAKS", "Olink"]
)
def test_tables_of_programs_in_a_workbook_are_the_same_tables(tmp_path, name):
    table, _, chosen, _, samples, _ = READ[name]
    card, _, adata = drafted(tmp_path, table, name="supplement.xlsx")
    assert card["files"][0]["reader"] == chosen
    assert card["files"][0]["options"]["sheet"] == "Table S1"
    assert list(adata.obs_names) == samples


def test_reporter_ions_are_the_corrected_ones_and_a_plex_is_a_batch_never_a_group(tmp_path):
    card, added, adata = drafted(tmp_path, TMT)
    np.testing.assert_allclose(adata["PlexB_2", "P00000"].X, [[np.log2(values(2)[0])]])
    rows = [
        dict(zip(added.sheet.splitlines()[0].split("\t"), row.split("\t"), strict=True))
        for row in added.sheet.splitlines()[1:]
    ]
    assert card["columns"].get("batch") is not None or all("plex" in row for row in rows)
    assert all(row["group"].startswith("TODO") for row in rows), rows
    assert any("corrected reporter intensities" in line for line in added.evidence)
    assert card["values"]["scale"] == "log2"


def test_sample_and_control_of_proteome_discoverer_are_no_groups(tmp_path):
    """They are the program's words for numerator and denominator of a ratio."""
    _, added, _ = drafted(tmp_path, DISCOVERER)
    groups = [row.split("\t")[1] for row in added.sheet.splitlines()[1:]]
    assert groups == ["rest", "rest", "trained", "trained"]
    _, untold, _ = drafted(tmp_path, WITHOUT_GROUPS)
    assert all(row.split("\t")[1].startswith("TODO") for row in untold.sheet.splitlines()[1:]), untold.sheet


def test_olink_controls_are_left_out_and_warnings_counted(tmp_path):
    _, _, adata = drafted(tmp_path, NPX, ";")
    reading = adata.uns["reading"]
    assert (reading["control_samples_dropped"], reading["control_assays_dropped"]) == (2, 1)
    assert reading["values_warned_QC_Warning"] == 60
    assert adata.var.loc["P00007", "symbol"] == "GENE7"
    truth = NPX.set_index(["SampleID", "OlinkID"])["NPX"]
    assert adata["S3", "P00011"].X.item() == truth["S3", "OID00011"]
    twice = pd.concat([NPX, NPX.assign(NPX=NPX["NPX"] + 1)])
    with pytest.raises(Problems, match="measured twice"):
        drafted(tmp_path, twice, ";")


ADAT_COLUMNS = ["PlateId", "SlideId", "SampleId", "SampleType", "Sex"]


def adat(cut: bool = False) -> str:
    reagents = [f"{10000 + i}-{i}_3" for i in range(80)]
    kinds = ["Protein"] * 76 + ["Hybridization Control Elution", "Spuriomer", "Non-Biotin", "Non-Human"]
    facts = {
        "SeqId": reagents,
        "Target": [f"T{i}" for i in range(80)],
        "UniProt": [f"P{i:05d} Q{i:05d}" for i in range(80)],
        "EntrezGeneSymbol": [f"GENE{i}" for i in range(80)],
        "Type": kinds,
    }
    lines = [
        "!Checksum\tabc",
        "^HEADER",
        "!Title\tA study",
        "^COL_DATA",
        "!Name\tSeqId",
        "^ROW_DATA",
        "!Name\tPlateId",
        "^TABLE_BEGIN",
    ]
    lines += ["\t".join([*[""] * len(ADAT_COLUMNS), name, *cells]) for name, cells in facts.items()]
    lines.append("\t".join([*ADAT_COLUMNS, *[""] * 81]))
    for i, (sample, kind, sex) in enumerate(
        [
            ("A1", "Sample", "F"),
            ("A2", "Sample", "M"),
            ("A3", "Sample", "F"),
            ("A4", "Sample", "M"),
            ("170255", "Calibrator", ""),
            ("170259", "QC", ""),
            ("", "Buffer", ""),
        ]
    ):
        rfu = [f"{500 + 10 * i + j / 10:.1f}" for j in range(80)]
        lines.append("\t".join(["Set A", f"slide{i}", sample, kind, sex, "", *rfu]))
    return "\n".join(lines)[: -40 if cut else None] + "\n"


def test_somascan_adat(tmp_path):
    path = tmp_path / "data.adat"
    path.write_text(adat())
    added = add([str(path)], id="mine", folder=tmp_path / "datasets", dry_run=True)
    card = yaml.safe_load(added.card)
    assert (card["files"][0]["reader"], card["assay"], card["values"]["scale"]) == (
        "somascan",
        "protein",
        "linear",
    )
    rows = [row.split("\t") for row in added.sheet.splitlines()]
    assert [row[0] for row in rows[1:]] == ["A1", "A2", "A3", "A4"]
    # nothing but the sex tells groups
    assert [row[rows[0].index("group")] for row in rows[1:]] == ["F", "M", "F", "M"]
    adata = reader("somascan")(path)
    assert adata.shape == (4, 76)
    assert adata["A3", "10007-7_3"].X.item() == 520.7
    assert (adata.var["symbol"].iloc[7], adata.var["uniprot"].iloc[7]) == ("GENE7", "P00007")
    path.write_text(adat(cut=True))
    with pytest.raises(Problems, match="A row of the table is cut"):
        add([str(path)], id="mine", folder=tmp_path / "datasets", dry_run=True)


#: Tables in which a protein has many rows, or that no card can use -> words of the hint.
REFUSED = {
    "MaxQuant peptides": (
        {"Sequence": peptides(), "Leading razor protein": IDS, "Proteins": IDS}
        | {f"Intensity {s}": values(i) for i, s in enumerate(FOUR)},
        "proteinGroups.txt",
    ),
    "MaxQuant evidence": (
        {
            "Sequence": peptides(),
            "Modified sequence": peptides(),
            "Proteins": IDS,
            "Raw file": "a",
            "Intensity": values(),
        },
        "proteinGroups.txt",
    ),
    "FragPipe peptides": (
        {"Peptide Sequence": peptides(), "Protein ID": IDS}
        | {f"{s} MaxLFQ Intensity": values(i) for i, s in enumerate(FOUR)},
        "combined_protein.tsv",
    ),
    "DIA-NN precursors": (
        {
            "Protein.Group": IDS,
            "Protein.Names": IDS,
            "First.Protein.Description": HEADERS,
            "Precursor.Id": peptides(),
        }
        | {f"/data/{s}.raw": values(i) for i, s in enumerate(FOUR)},
        "pg_matrix",
    ),
    "Proteome Discoverer peptides": (
        {"Annotated Sequence": peptides(), "Master Protein Accessions": IDS}
        | {f"Abundance: F{i}: Sample": values(i) for i in range(4)},
        "table of proteins",
    ),
    "PEAKS peptides": (
        {"Peptide": peptides(), "-10lgP": values(), "Mass": values(), "Accession": IDS}
        | {f"Area {s}": values(i) for i, s in enumerate(FOUR)},
        "proteins.csv",
    ),
    "MSstats input": (
        {
            "ProteinName": IDS,
            "PeptideSequence": peptides(),
            "PrecursorCharge": 2,
            "FragmentIon": "NA",
            "ProductCharge": 0,
            "IsotopeLabelType": "L",
            "Condition": "rest",
            "BioReplicate": 1,
            "Run": np.arange(N) % 4,
            "Intensity": values(),
            "Reference": "a.mzML",
        },
        "mzTab",
    ),
    "peptides of nobody knows what": (
        {"sequence": peptides(), "accession": [p[:3] for p in IDS]}
        | {s: values(i) for i, s in enumerate(FOUR)},
        "peptides",
    ),
    "sites with reporter ions": (
        {"Proteins": IDS, "Positions within proteins": "7", "Amino acid": "S", "Localization prob": 0.9}
        | {f"Reporter intensity corrected {c} PlexA___1": values(c) for c in range(1, 5)},
        "ptm",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_peptides_are_refused_with_what_to_take_instead(tmp_path, name):
    columns, hint = REFUSED[name]
    with pytest.raises(Problems, match="No file holds values or results") as caught:
        drafted(tmp_path, pd.DataFrame(columns))
    assert hint in caught.value.problems[0].hint, caught.value.problems[0]


@pytest.mark.shared
def test_processed_sites_are_sites(shared, tmp_path):
    """9,661 sites x 18 (SETS.md): four pairs of wild type, five of the knock-out; Sorbs3 S359 and T595 are there."""
    path = shared / "data/mouse_muscle_contraction_phospho/c18orf25_phospho.txt"
    added = add([str(path)], id="mine", folder=tmp_path / "datasets", dry_run=True)
    card = yaml.safe_load(added.card)
    assert (card["assay"], card["values"]["scale"], len(added.sheet.splitlines())) == ("ptm", "log2", 19)
    adata = reader("maxquant_sites")(path, **card["files"][0]["options"])
    sorbs3 = adata.var_names[adata.var["Gene names"].astype("string").str.contains("Sorbs3", na=False)]
    assert {name.split("_")[1] for name in sorbs3} >= {"S359", "T595"}
    assert adata.uns["reading"]["decoys_dropped"] == 48  # grep of the column Reverse


def test_the_normalised_abundances_of_progenesis_are_taken_once(tmp_path):
    """Three header rows; the samples stand there twice, tests and annotation before them."""
    about = ["Accession", "Peptide count", "Unique peptides", "Confidence score", "Anova (p)", "q Value", "Max fold",
             "Power", "Highest mean condition", "Description"]  # fmt: skip
    lines = [
        ",".join([*[""] * len(about), "Normalized abundance", "", "", "", "Raw abundance", "", "", ""]),
        ",".join(
            [*[""] * len(about), "rest", "rest", "trained", "trained", "rest", "rest", "trained", "trained"]
        ),
        ",".join([*about, *FOUR, *FOUR]),
    ]
    normal = [values(i) for i in range(4)]
    for row, protein in enumerate(IDS):
        facts = [protein, "5", "4", "210.4", "0.01", "0.02", "1.9", "0.8", "trained", "a protein"]
        cells = [f"{block[row]:.0f}" for block in normal] + [f"{block[row] * 3:.0f}" for block in normal]
        lines.append(",".join([*facts, *cells]))
    path = tmp_path / "proteins.csv"
    path.write_text("\n".join(lines) + "\n")
    added = add([str(path)], id="mine", folder=tmp_path / "datasets", dry_run=True)
    card = yaml.safe_load(added.card)
    assert [row.split("\t")[:2] for row in added.sheet.splitlines()[1:]] == [
        [s, s.split("_")[0]] for s in FOUR
    ]
    assert (card["assay"], card["values"]["scale"]) == ("protein", "linear")
    adata = reader(card["files"][0]["reader"])(path, **card["files"][0]["options"])
    assert adata["trained_1", "P00003"].X.item() == normal[2][3]
    assert not any("TODO" in str(option) for option in card["files"][0]["options"].values())


def test_columns_that_r_renamed_are_read_as_they_are_called_by_the_readers_of_any_table(tmp_path):
    """As spike_ecoli_human_maxlfq: MaxQuant's names with dots, without the column of majority proteins."""
    random = np.random.default_rng(6)
    samples = [f"LFQ.intensity.{group}{i}" for group in "HL" for i in (1, 2, 3)]
    header = [*samples, "Fasta.headers", "Reverse", "Protein.IDs", "Gene.names"]
    rows = [
        [
            *random.integers(10**6, 10**8, 6),
            f">sp|P{10000 + i}|AB{i}_HUMAN text GN=AB{i}",
            "",
            f"P{10000 + i}",
            f"AB{i}",
        ]
        for i in range(200)
    ]
    path = tmp_path / "proteins.csv"
    path.write_text("\n".join(",".join(map(str, row)) for row in [header, *rows]) + "\n")
    (found,) = recognise(path)
    adata = reader(found.reader)(path, **found.options)
    assert adata.shape == (6, 200)
    np.testing.assert_array_equal(adata.X[:, 0], rows[0][:6])
