"""The public study's cards against the manifest and what is known of the data; every file of the folder read."""

import csv
import json
import shutil

import numpy as np
import pytest
import yaml
from pydantic import TypeAdapter
from sevaxis.base.problems import Problems
from sevaxis.matrix.readers.registry import reader
from sevaxis.study.card import Card, ReadCard
from sevaxis.study.configuration import Configuration

PUBLIC = (
    "motrpac_gn_rna", "motrpac_vl_rna", "motrpac_gn_protein", "gse281849", "metamex_acute", "glymreg_plasma_ev",
    "pxd000022", "bv2_ev_rna", "ccl4_liver", "gse286570", "mcd_liver", "gse130970", "gse135251",
)  # fmt: skip
#: Samples x features from the folder's README and from the line counts of the files; samples per group by the designs.
FACTS = {
    "motrpac_gn_rna": ((50, 14201), {10}),
    "motrpac_vl_rna": ((48, 14176), {8, 10}),
    "motrpac_gn_protein": ((57, 6179), {10, 11, 12}),
    "gse281849": ((21, 40853), {7}),
    "glymreg_plasma_ev": ((80, 518), {20}),
    "pxd000022": ((6, 625), {3}),
    # 13,290 lines, two genes twice; the date 44987 is two genes
    "bv2_ev_rna": ((24, 13288), {3}),
    "ccl4_liver": ((12, 55414), {3}),
}


@pytest.fixture(scope="module")
def manifest(shared):
    with (shared / "data/MANIFEST.tsv").open(newline="") as handle:
        return {row["sha256"]: row for row in csv.DictReader(handle, delimiter="\t")}


def card_of(root, name):
    folder = root / "config/datasets" / name
    return Card.model_validate(yaml.safe_load((folder / "card.yaml").read_text())), folder


def test_study_names_the_cards(root):
    study = Configuration.model_validate(yaml.safe_load((root / "config/public.yaml").read_text()))
    assert sorted(study.datasets) == sorted(PUBLIC)
    # human genes are found by their own tables, not through the mouse
    assert set(study.orthologs) == {"mouse", "rat"} and study.identifiers == "config/identifiers.yaml"


@pytest.mark.shared
@pytest.mark.parametrize("name", PUBLIC)
def test_files_are_those_of_the_manifest(root, manifest, name):
    card, _ = card_of(root, name)
    assert card.id == name
    for file in card.files:
        assert file.url == manifest[file.sha256]["url"]
        assert file.bytes == int(manifest[file.sha256]["bytes"])


@pytest.mark.parametrize("name", PUBLIC)
def test_training_is_never_overtraining(root, name):
    card, _ = card_of(root, name)
    assert "overtraining" not in {contrast.role for contrast in card.contrasts}
    if any(contrast.role == "training" for contrast in card.contrasts):
        assert "overtraining" in card.notes


@pytest.mark.shared
@pytest.mark.parametrize("name", sorted(FACTS))
def test_matrices_of_the_study(root, shared, manifest, tmp_path, name):
    from sevaxis.matrix.read import read

    card, folder = card_of(root, name)
    for file in card.files:
        shutil.copy(shared / "data" / manifest[file.sha256]["path"], tmp_path / file.name)
    listing = [{"name": file.name, "sha256": file.sha256, "bytes": file.bytes} for file in card.files]
    (tmp_path / "files.json").write_text(json.dumps(listing))
    part = TypeAdapter(ReadCard).validate_python(card.part(ReadCard))
    sheet = None if card.samples_from else folder / "samples.tsv"
    adata = read(part, tmp_path, sheet=sheet, orthologs=None)
    shape, sizes = FACTS[name]
    assert adata.shape == shape
    assert set(adata.obs["group"].value_counts()) == sizes
    levels = set(adata.obs["group"])
    for contrast in card.contrasts:
        assert set(contrast.level_weights()) <= levels


@pytest.mark.shared
def test_sheets_state_what_the_files_say(root, shared):
    # inactivity: groups of the workbook's own sheets; GLYMREG: men are 0-9, women 10-19 in the long table
    run_data = reader("excel")(
        shared / "data/mouse_inactivity_muscle/CompiledData.xlsx",
        sheet="BodyMassData",
        layout="sheet",
        sample="ID",
    )
    with (root / "config/datasets/gse281849/samples.tsv").open() as handle:
        for row in csv.DictReader(handle, delimiter="\t"):
            stated = run_data.obs.loc[row["sample"].removeprefix("M")]
            assert stated["Group"].lower().replace(" ", "_") == row["group"]
            assert stated["Sex"] == "Female"
    plasma = reader("excel")(
        shared / "data/glymreg_ev_exercise_sex/long_df_protein.xlsx",
        layout="long", feature="Molecule", sample=["ID", "time"], value="Value",
    )  # fmt: skip
    with (root / "config/datasets/glymreg_plasma_ev/samples.tsv").open() as handle:
        for row in csv.DictReader(handle, delimiter="\t"):
            assert plasma.obs.loc[row["sample"], "Group"] == {"F": "female", "M": "male"}[row["sex"]]


SHEET = {"layout": "sheet"}
DESEQ = {"contrasts": {"x": {"log2fc": "log2FoldChange", "q": "padj"}}}
LIMMA = {"contrasts": {"x": {"log2fc": "logFC", "t": "t", "p": "P.Value", "q": "adj.P.Val"}}}
CELLS = r"^BV2 (?:CONTROL|\+ \w+) \(\d\)$"
#: Files that no other test reads: file, reader, options, observations x features. Lines were counted with `wc -l`, rows
#: and columns of R objects with dim() in R 4.2.2, cells of workbooks with calamine.
FILES = [
    ("breast_cancer_exosome_pride/complete_case_DEA.csv", "effects_table", LIMMA, (1, 353)),
    ("breast_cancer_exosome_pride/differential_expression_imputed.csv", "effects_table", LIMMA, (1, 866)),
    ("breast_cancer_exosome_pride/filtered_protein_groups.csv", "maxquant", {}, (12, 866)),
    ("breast_cancer_exosome_pride/sample_metadata.csv", "delimited", SHEET, (12, 0)),
    ("bv2_microglia_ev/cell_mrna_traits.csv", "delimited", SHEET, (12, 0)),
    ("bv2_microglia_ev/ev_mrna_traits.csv", "delimited", SHEET, (12, 0)),
    ("bv2_microglia_ev/cell_sample_manifest.csv", "delimited", {**SHEET, "sample": "Sample"}, (16, 0)),
    ("bv2_microglia_ev/ev_sample_manifest.csv", "delimited", {**SHEET, "sample": "Sample"}, (16, 0)),
    ("bv2_microglia_ev/cell_proteome_ms.csv", "delimited",
     {"feature": "Majority protein IDs", "samples": CELLS}, (16, 1908)),  # 26 rows of contaminants less
    ("formats_alphapeptstats/metadata.xlsx", "excel", {**SHEET, "sample": "analytical_sample external_id"}, (20, 0)),
    ("glymreg_ev_exercise_sex/bodymetrics.xlsx", "excel", {**SHEET, "sample": "Subject_ID"}, (20, 0)),
    ("glymreg_ev_exercise_sex/long_df_EVs.xlsx", "excel",
     {"layout": "long", "feature": "Measurements", "sample": ["Subject_ID", "time"], "value": "Value"}, (80, 3)),
    ("glymreg_ev_exercise_sex/long_df_blood.xlsx", "excel",
     {"layout": "long", "feature": "Molecule", "sample": ["ID", "time"], "value": "Value"}, (80, 13)),
    ("human_liver_nafld_nickmeim/FattyLiver_meta_data.tsv", "delimited",
     {**SHEET, "sample": "geo_accession"}, (463, 0)),
    ("human_liver_nafld_nickmeim/sample_data_Feaver.txt", "delimited", SHEET, (17, 0)),
    ("masld_de_tables/gse135251_fibrosis.csv.gz", "effects_table", DESEQ, (1, 26518)),
    ("masld_de_tables/mcd_week3.tsv.gz", "effects_table", DESEQ, (1, 56884)),
    ("masld_de_tables/mouse_human_orthologs.tsv.gz", "delimited", SHEET, None),
    ("motrpac_muscle/METAB_GN.rda", "r_object", {}, (50, 1215)),
    ("motrpac_muscle/RAT_TO_HUMAN.rda", "r_object", {**SHEET, "sample": "symbol"}, None),
    ("motrpac_physiology/WEEKLY_MEASURES.rda", "r_object", {**SHEET, "sample": "pid"}, None),
    ("motrpac_physiology/ANALYTES.rda", "r_object", {**SHEET, "sample": "pid"}, (282, 0)),
    ("motrpac_physiology/VO2MAX.rda", "r_object", {**SHEET, "sample": "pid"}, (234, 0)),
    ("mouse_liver_nash_ccl4_hcc/SampleMetaData.tsv", "delimited", SHEET, (28, 0)),
    ("mouse_nafld_exercise_de/AE_vs_HFD_DGE.csv", "effects_table", DESEQ, (1, 40832)),
    ("mouse_nafld_exercise_de/RE_vs_HFD_DGE.csv", "effects_table", DESEQ, (1, 40832)),
    ("spike_ups1_ecoli_limrots/features.tsv", "delimited", SHEET, (1656, 0)),
    ("spike_ups1_ecoli_limrots/samples.tsv", "delimited", SHEET, (48, 0)),
]  # fmt: skip


@pytest.mark.shared
@pytest.mark.parametrize(("name", "kind", "options", "shape"), FILES, ids=[file[0] for file in FILES])
def test_every_other_file_of_the_folder(shared, name, kind, options, shape):
    path = shared / "data" / name
    if shape is None:
        # several genes of one name, several weeks of one animal: no sheet of samples
        with pytest.raises(Problems, match="Two samples have one name"):
            reader(kind)(path, **options)
        return
    adata = reader(kind)(path, **options)
    assert adata.shape == shape
    if name.endswith("filtered_protein_groups.csv"):
        lines = (path.parent / "protein_missingness_summary.csv").read_text().splitlines()[1:]
        assert int(np.isnan(adata.X).sum()) == sum(int(line.split(",")[2]) for line in lines)
    if name.endswith("cell_proteome_ms.csv"):
        assert not np.isnan(adata.X).any()
        assert adata.obs_names[1] == "BV2 + TGFB (1)"
        assert adata.var["uniprot"].iloc[0] == "Q9CQL1"
