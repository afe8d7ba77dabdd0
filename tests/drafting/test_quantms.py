"""Results of quantms, as its runs leave them in a folder: mzTab, MSstats' input and comparisons, and the SDRF."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from sevaxis.base.problems import Problems
from sevaxis.drafting import add
from sevaxis.matrix.readers.registry import reader, reader_options

N = 140
ACCESSIONS = [f"P{i:05d}" for i in range(N)]
#: Sources of the SDRF -> condition and sex; the files are called otherwise.
SOURCES = {
    f"PXD9-Sample-{i + 1}": ("training" if i % 2 else "sedentary", "female" if i // 2 % 2 else "male")
    for i in range(12)
}
TMT = ["126", "127N", "127C", "128N", "128C", "129N"]


def abundance(source: int, protein: int) -> float:
    """Abundance of a protein in a source (from 0); in each some are missing."""
    random = np.random.default_rng(1000 * protein + 7)
    values = np.round(2 ** (random.normal(22, 2) + random.normal(0, 0.3, 12)))
    return 0.0 if (source + protein) % 29 == 0 else float(values[source])


def files_of(source: int, fractions: int) -> list[str]:
    return [f"20210{source % 3 + 1}_QE_{40 - source}_F{f + 1}" for f in range(fractions)]


def sdrf(fractions: int = 1, plexed: bool = False, technical: int = 1) -> str:
    header = ["source name", "characteristics[organism]", "characteristics[organism part]", "characteristics[sex]",
              "characteristics[age]", "characteristics[disease]", "characteristics[biological replicate]", "assay name",
              "technology type", "comment[data file]", "comment[label]", "comment[fraction identifier]",
              "comment[technical replicate]", "comment[instrument]", "comment[modification parameters]",
              "comment[modification parameters]", "factor value[phenotype]"]  # fmt: skip
    lines = ["\t".join(header)]
    for i, (source, (condition, sex)) in enumerate(SOURCES.items()):
        plex, channel = divmod(i, len(TMT))
        for t in range(technical):
            for f in range(fractions):
                file = (
                    f"plex{plex + 1}_F{f + 1}.raw"
                    if plexed
                    else f"{files_of(i, fractions)[f]}{f'_t{t + 1}' * (technical > 1)}.raw"
                )
                label = f"TMT{TMT[channel]}" if plexed else "AC=MS:1002038;NT=label free sample"
                cells = [source, "Mus musculus", "skeletal muscle", sex, "12W", "normal", str(i // 2 + 1),
                         f"run {i + 1}",
                         "proteomic profiling by mass spectrometry", file, label, str(f + 1), str(t + 1),
                         "NT=Q Exactive HF;AC=MS:1002523", "NT=Oxidation;MT=Variable;TA=M;AC=UNIMOD:35",
                         "NT=Carbamidomethyl;TA=C;MT=fixed;AC=UNIMOD:4", condition]  # fmt: skip
                lines.append("\t".join(cells))
    return "\n".join(lines) + "\n"


def mztab(runs: list[list[str]], reagents: list[str], conditions: bool = False) -> str:
    """Protein section as OpenMS writes it: a row for each group, and one without its own quantities for each member."""
    files = list(dict.fromkeys(file for group in runs for file in group))
    lines = ["MTD\tmzTab-version\t1.0.0", "MTD\tmzTab-mode\tSummary", "MTD\tmzTab-type\tQuantification",
             "MTD\tdescription\tOpenMS export from consensusXML"]  # fmt: skip
    for number, file in enumerate(files, start=1):
        lines += [f"MTD\tms_run[{number}]-format\t[MS, MS:1000584, mzML file, ]",
                  f"MTD\tms_run[{number}]-location\tfile:///scratch/work/ab/{file}.mzML"]  # fmt: skip
    for number, (group, reagent) in enumerate(zip(runs, reagents, strict=True), start=1):
        lines.append(f"MTD\tassay[{number}]-quantification_reagent\t{reagent}")
        refs = ",".join(f"ms_run[{files.index(file) + 1}]" for file in group)
        lines.append(f"MTD\tassay[{number}]-ms_run_ref\t{refs}")
    if conditions:
        for number, condition in enumerate(("sedentary", "training"), start=1):
            members = [i + 1 for i, (c, _) in enumerate(SOURCES.values()) if c == condition]
            refs = ",".join(f"assay[{i}]" for i in members)
            lines += [f"MTD\tstudy_variable[{number}]-description\t{condition}",
                      f"MTD\tstudy_variable[{number}]-assay_refs\t{refs}"]  # fmt: skip
    else:
        for number in range(1, len(runs) + 1):
            lines += [f"MTD\tstudy_variable[{number}]-description\tno description given",
                      f"MTD\tstudy_variable[{number}]-assay_refs\tassay[{number}]"]  # fmt: skip
    header = ["PRH", "accession", "description", "taxid", "species", "database", "best_search_engine_score[1]",
              "ambiguity_members", *(f"protein_abundance_assay[{i + 1}]" for i in range(len(runs))),
              *(f"protein_abundance_study_variable[{i + 1}]" for i in range(len(runs))),
              "opt_global_result_type", "opt_global_cv_PRIDE:0000303_decoy_hit"]  # fmt: skip
    lines += ["", "\t".join(header)]

    def row(accession: str, protein: int, members: str, kind: str, decoy: int = 0, own: bool = True) -> str:
        cells = [f"{abundance(i, protein):.1f}" if own else "null" for i in range(len(runs))]
        about = [
            "PRT",
            accession,
            f"Protein {protein} OS=Mus musculus OX=10090 GN=Gene{protein} PE=1 SV=1",
            "null",
        ]
        return "\t".join([*about, "null", "db.fasta", "0.001", members, *cells, *cells, kind, str(decoy)])

    for protein, accession in enumerate(ACCESSIONS):
        name = f"sp|{accession}|X{protein}_MOUSE"
        if protein % 10 == 0:
            other = f"sp|Q{protein:05d}|Y{protein}_MOUSE"
            lines.append(row(name, protein, f"{name},{other}", "indistinguishable_protein_group"))
            # DIA-NN's results come with the group's quantity at each member
            lines += [row(each, protein, "null", "protein_details") for each in (name, other)]
        else:
            lines.append(row(name, protein, "null", "single_protein"))
    lines.append(row("DECOY_sp|P00001|X1_MOUSE", 3, "null", "single_protein", decoy=1))
    lines.append(row("CONTAM_sp|P02769|ALBU_BOVIN", 4, "null", "single_protein"))
    lines += ["", "PSH\tsequence\tPSM_ID\taccession", "PSM\tAAAK\t1\tsp|P00001|X1_MOUSE"]
    return "\n".join(lines) + "\n"


UNLABELLED = "[MS, MS:1002038, unlabeled sample, ]"
COMPARISONS = (
    "\n".join(
        ["Protein,Label,log2FC,SE,Tvalue,DF,pvalue,adj.pvalue,issue,MissingPercentage,ImputationPercentage"]
        + [
            f"sp|{a}|X{i}_MOUSE,{label},{(i % 7 - 3) / 5},0.2,{(i % 7 - 3)},10,{p / 100},{min(1, p / 60)},NA,0.05,0"
            for label in ("training-sedentary", "detraining-training")
            for i, a in enumerate(ACCESSIONS)
            for p in [i % 97 + 1]
        ]
    )
    + "\n"
)


def msstats(fractions: int = 1, plexed: bool = False) -> str:
    """The features that MSstats and MSstatsTMT get: three peptides of each protein."""
    about = ["ProteinName", "PeptideSequence"]
    lines = [",".join(["RetentionTime", *about, "Charge", "Channel", "Condition", "BioReplicate", "Run", "Mixture",
                       "TechRepMixture", "Fraction", "Intensity", "Reference"] if plexed
                      else [*about, "PrecursorCharge", "FragmentIon", "ProductCharge", "IsotopeLabelType", "Condition",
                            "BioReplicate", "Run", "Intensity", "Reference"])]  # fmt: skip
    for protein, accession in enumerate(ACCESSIONS[:60]):
        for peptide in range(3):
            sequence = "ACDEFGHIL"[peptide:] + "MNPQ"[protein % 4] * (protein % 5) + "K"
            for i, (condition, _) in enumerate(SOURCES.values()):
                value = abundance(i, protein) / (peptide + 1)
                if not value:
                    continue
                name = f"sp|{accession}|X{protein}_MOUSE"
                if plexed:
                    plex, channel = divmod(i, len(TMT))
                    lines.append(f"1200.5,{name},{sequence},2,{channel + 1},{condition},{i + 1},{plex + 1}_1_1,"
                                 f"{plex + 1},"
                                 f"{plex + 1}_1,1,{value},plex{plex + 1}_F1.mzML")  # fmt: skip
                else:
                    file = files_of(i, fractions)[peptide % fractions]
                    lines.append(
                        f"{name},{sequence},2,NA,0,L,{condition},{i + 1},{i + 1},{value},{file}.mzML"
                    )
    return "\n".join(lines) + "\n"


TRIQLER = "run\tcondition\tcharge\tsearchScore\tintensity\tpeptide\tproteins\n" + "".join(
    f"{files_of(i, 1)[0]}\t{c}\t2\t1.2\t{abundance(i, p)}\tAAAK{p}\tsp|{a}|X{p}_MOUSE\n"
    for p, a in enumerate(ACCESSIONS[:50])
    for i, (c, _) in enumerate(SOURCES.values())
)


def design(fractions: int = 1) -> str:
    """OpenMS' experimental design: two tables in one file."""
    lines = ["Fraction_Group\tFraction\tSpectra_Filepath\tLabel\tSample"]
    for i in range(12):
        for f in range(fractions):
            lines.append(f"{i + 1}\t{f + 1}\t{files_of(i, fractions)[f]}.mzML\t1\t{i + 1}")
    lines += ["", "Sample\tMSstats_Condition\tMSstats_BioReplicate"]
    lines += [f"{i + 1}\t{condition}\t{i + 1}" for i, (condition, _) in enumerate(SOURCES.values())]
    return "\n".join(lines) + "\n"


def openms(quote: str = '"') -> str:
    """ProteinQuantifier: its options as comments, samples as numbers."""
    files = ", ".join(f"{i + 1}: '{files_of(i, 1)[0]}.mzML'" for i in range(12))
    q = quote
    lines = [
        "# Parameters (relevant only):",
        "# - top: 3",
        f"# Files/samples associated with abundance values below: {files}",
    ]
    lines.append("\t".join(f"{q}{name}{q}" for name in ["protein", "n_proteins", "protein_score", "n_peptides",
                                                        *(f"abundance_{i + 1}" for i in range(12))]))  # fmt: skip
    for p, a in enumerate(ACCESSIONS):
        cells = "\t".join(f"{abundance(i, p)}" for i in range(12))
        lines.append(f"{q}sp|{a}|X{p}_MOUSE{q}\t1\t0.99\t3\t{cells}")
    return "\n".join(lines) + "\n"


RUNS, FRACTIONS = [files_of(i, 1) for i in range(12)], [files_of(i, 2) for i in range(12)]
REAGENTS = [f"[MS,MS:XXXXXX,MS2 labeled sample,tmt10plex_{c}]" for _ in range(2) for c in TMT]
PLEXES = [[f"plex{p + 1}_F1"] for p in range(2) for _ in TMT]
TWICE = [[f"{file}_t{t + 1}"] for (file,) in RUNS for t in range(2)]
#: Folder -> files, reader of the card, names of the samples.
FOLDERS = {
    "all that a run leaves": (
        {
            "sdrf/PXD9.sdrf.tsv": sdrf(),
            "sdrf/PXD9.sdrf_openms_design.tsv": design(),
            "quant_tables/out.mzTab": mztab(RUNS, [UNLABELLED] * 12),
            "quant_tables/out_msstats_in.csv": msstats(),
            "quant_tables/out_triqler_in.tsv": TRIQLER,
            "quant_tables/out_protein_openms.csv": openms(),
            "msstats/out_msstats_in_comparisons.csv": COMPARISONS,
            "pipeline_info/execution_trace.txt": "task_id\thash\tstatus\n1\tab\tCOMPLETED\n",
            "pipeline_info/software_versions.yml": "a: 1\n",
        },
        "mztab",
        [file for (file,) in RUNS],
    ),
    "mzTab of fractions": (
        {"PXD9.sdrf.tsv": sdrf(2), "out.mzTab": mztab(FRACTIONS, [UNLABELLED] * 12)},
        "mztab",
        [files[0] for files in FRACTIONS],
    ),
    "mzTab of two plexes": (
        {"PXD9.sdrf.tsv": sdrf(plexed=True), "out.mzTab": mztab(PLEXES, REAGENTS)},
        "mztab",
        [f"plex{p + 1}_F1_TMT{c}" for p in range(2) for c in TMT],
    ),
    "mzTab and the design": (
        {"design.tsv": design(), "out.mzTab": mztab(RUNS, [UNLABELLED] * 12)},
        "mztab",
        [file for (file,) in RUNS],
    ),
    "mzTab alone, with study variables": (
        {"out.mzTab": mztab(RUNS, [UNLABELLED] * 12, conditions=True)},
        "mztab",
        [file for (file,) in RUNS],
    ),
    "OpenMS' proteins and the SDRF": (
        {"PXD9.sdrf.tsv": sdrf(), "out_protein_openms.csv": openms()},
        "openms",
        [file for (file,) in RUNS],
    ),
    "OpenMS' proteins of plexes and the design": (
        {"design.tsv": design(), "out_protein_openms.csv": re.sub("# Files.*\n", "", openms())},
        "openms",
        [f"Sample {i + 1}" for i in range(12)],
    ),
}


def put(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def table_of(sheet: str) -> list[dict[str, str]]:
    header, *rows = (line.split("\t") for line in sheet.splitlines())
    return [dict(zip(header, row, strict=True)) for row in rows]


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_of_quantms_gives_values_and_groups(tmp_path, name):
    files, chosen, samples = FOLDERS[name]
    added = add([str(put(tmp_path / "run", files))], id="mine", folder=tmp_path / "datasets", dry_run=True)
    card, rows = yaml.safe_load(added.card), table_of(added.sheet)
    (file,) = card["files"]
    assert file["reader"] == chosen, added.evidence
    assert [row["sample"] for row in rows] == samples
    assert [row["group"] for row in rows] == [condition for condition, _ in SOURCES.values()]
    if any("sdrf.tsv" in other for other in files):
        assert [row["sex"] for row in rows] == [sex for _, sex in SOURCES.values()]
        assert card["organism"] == "mouse" and card["tissue"] == "muscle"
    (contrast,) = card["contrasts"]
    assert (contrast["case"], contrast["reference"]) == ("training", "sedentary")
    adata = reader(chosen)(
        Path(file["path"]), **dict(reader_options(chosen).model_validate(file.get("options", {})))
    )
    assert list(adata.obs_names) == samples
    assert list(adata.var_names) == ACCESSIONS  # members of groups are no proteins of their own
    truth = np.array([[abundance(i, p) or np.nan for p in range(N)] for i in range(12)])
    np.testing.assert_allclose(adata.X, truth)


def test_plexes_are_batches_and_fractions_no_samples_without_values(tmp_path):
    files, _, _ = FOLDERS["mzTab of two plexes"]
    added = add([str(put(tmp_path / "a", files))], id="mine", folder=tmp_path / "datasets", dry_run=True)
    assert [row["batch"] for row in table_of(added.sheet)] == ["plex1_F1"] * 6 + ["plex2_F1"] * 6
    files, _, _ = FOLDERS["mzTab of fractions"]
    added = add([str(put(tmp_path / "b", files))], id="mine", folder=tmp_path / "datasets", dry_run=True)
    assert not any("no values for" in line for line in added.evidence), added.evidence
    assert any("2 runs make a sample" in line for line in added.evidence)


def test_technical_replicates_of_the_sdrf_are_asked_about(tmp_path):
    names = [name for names in TWICE for name in names]
    runs = mztab(RUNS, [UNLABELLED] * 12)
    pairs = {"out.mzTab": _doubled(runs), "PXD9.sdrf.tsv": sdrf(technical=2)}
    added = add([str(put(tmp_path / "a", pairs))], id="mine", folder=tmp_path / "datasets", dry_run=True)
    assert [row["sample"] for row in table_of(added.sheet)] == names
    card = yaml.safe_load(added.card)
    assert "replicate_of" in card["columns"] and any("replicate_of" in p.what for p in added.open), added.card


def _doubled(text: str) -> str:
    """Each run measured twice."""
    lines, number = [], 12
    for line in text.splitlines():
        cells = line.split("\t")
        if line.startswith("MTD") and (match := re.search(r"(ms_run|assay|study_variable)\[(\d+)\]", line)):
            n = int(match[2])
            for t in range(2):
                new = re.sub(r"(ms_run|assay|study_variable)\[\d+\]", rf"\1[{2 * n - 1 + t}]", line)
                lines.append(new.replace(".mzML", f"_t{t + 1}.mzML"))
        elif cells[0] == "PRH":
            lines.append(
                "\t".join(
                    [
                        *cells[:8],
                        *(f"protein_abundance_assay[{i + 1}]" for i in range(2 * number)),
                        *cells[-2:],
                    ]
                )
            )
        elif cells[0] == "PRT":
            noise = [f"{float(cell) * (1 + 0.01 * t):.1f}" if cell != "null" else cell
                     for cell in cells[8 : 8 + number] for t in range(2)]  # fmt: skip
            lines.append("\t".join([*cells[:8], *noise, *cells[-2:]]))
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def test_the_comparisons_of_msstats_are_published_results(tmp_path):
    folder = put(tmp_path / "a", {"out_msstats_in_comparisons.csv": COMPARISONS})
    added = add([str(folder)], id="mine", folder=tmp_path / "datasets", dry_run=True)
    card = yaml.safe_load(added.card)
    assert (card["assay"], card["organism"]) == ("effects", "mouse")
    assert [(c["role"], c["label"]) for c in card["contrasts"]] == [
        ("training", "training v sedentary"),
        ("recovery", "detraining v training"),
    ]


REFUSED = {
    "features": ({"out_msstats_in.csv": msstats(), "PXD9.sdrf.tsv": sdrf()}, "protein_openms.csv"),
    "features of plexes": ({"out_msstats_in.csv": msstats(plexed=True)}, "mzTab"),
    "triqler": ({"out_triqler_in.tsv": TRIQLER}, "mzTab"),
    "peptides of OpenMS": (
        {"p.csv": 'peptide\tprotein\tn_proteins\tcharge\tabundance_1\tabundance_2\n"AK"\t"P1"\t1\t2\t3\t4\n'},
        "table of proteins",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_features_are_refused_with_the_file_that_has_proteins(tmp_path, name):
    files, hint = REFUSED[name]
    with pytest.raises(Problems) as caught:
        add([str(put(tmp_path / "a", files))], id="mine", folder=tmp_path / "datasets", dry_run=True)
    assert hint in caught.value.problems[0].hint
