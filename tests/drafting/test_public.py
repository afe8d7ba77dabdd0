"""`sevaxis add` on real public files, as a new user would type it: what it must get right, and what it must ask.

Expectations are from the publishers' own annotation, as the README of the shared data and the cards at hand tell it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
import yaml
from sevaxis.base.problems import Problems
from sevaxis.drafting import add
from sevaxis.files.retrieve import retrieve
from sevaxis.matrix.read import read
from sevaxis.study.card import Card, ReadCard, RetrieveCard

pytestmark = pytest.mark.shared


@dataclass
class Case:
    """Files of one data set and what their draft must say.

    ``facts`` are keys of the card; ``open`` the keys that must be left to the user, and no others; ``groups`` the
    sizes of the groups; ``roles`` the roles of all contrasts.
    """

    files: list[str]
    facts: dict[str, str]
    groups: dict[str, int] = field(default_factory=dict)
    roles: set[str] = field(default_factory=set)
    open: set[str] = field(default_factory=set)
    reader: str = ""
    sheet: str | None = None
    columns: set[str] = field(default_factory=set)


NAFLD = "human_liver_nafld_nickmeim"
MOUSE_LIVER = {"organism": "mouse", "tissue": "liver", "compartment": "tissue"}
CASES = {
    "workbook with its sheets": Case(
        ["mouse_inactivity_muscle/CompiledData.xlsx"],
        {"organism": "mouse", "tissue": "muscle", "compartment": "tissue", "assay": "rna_counts"},
        {"Active": 7, "Activity Reduction": 7, "Inactive": 7},
        {"inactivity"},
        reader="excel",
        columns={"sex"},
    ),
    "long workbook": Case(
        ["glymreg_ev_exercise_sex/long_df_protein.xlsx"],
        {"compartment": "sev", "assay": "protein"},
        {"time1": 20, "time2": 20, "time3": 20, "time4": 20},
        {"other"},
        {"organism", "tissue"},
        reader="excel",
        columns={"sex", "subject"},
    ),
    "accession in the mirror": Case(
        ["PXD000022"],
        {"organism": "mouse", "tissue": "muscle", "compartment": "sev", "assay": "protein"},
        {"MB": 3, "MT": 3},
        {"sev_source"},
        reader="r_object",
    ),
    "two tables of the same cultures": Case(
        ["bv2_microglia_ev/cell_mrna_raw_counts.csv", "bv2_microglia_ev/ev_mrna_raw_counts.csv"],
        {"organism": "mouse", "compartment": "sev", "assay": "rna_counts", "join": "samples"},
        {f"{t} {k}": 3 for t in ("control", "LPS", "IL-10", "TGFB") for k in ("cells", "Evs")},
        {"other", "sev_enrichment"},
        reader="delimited",
    ),
    "MaxQuant with a sheet": Case(
        ["breast_cancer_exosome_pride/filtered_protein_groups.csv"],
        {"organism": "human", "tissue": "breast", "compartment": "sev", "assay": "protein"},
        {"Normal": 6, "Tumor": 6},
        {"disease"},
        reader="maxquant",
        sheet="breast_cancer_exosome_pride/sample_metadata.csv",
        open={"columns.replicate_of"},
    ),
    "a STAR table per sample": Case(
        [
            f"mouse_liver_nash_ccl4_hcc/{s}_ReadsPerGene.out.tab"
            for s in ("NCD_3", "NCD_4", "CCI4_1x_4", "CCI4_1x_6")
        ],
        {**MOUSE_LIVER, "assay": "rna_counts", "join": "samples"},
        {"NCD": 2, "CCI4_1x": 2},
        {"disease"},
        reader="star",
    ),
    "counts with a sheet": Case(
        [f"{NAFLD}/GSE89063_expression_matrix.tsv"],
        {"organism": "human", "tissue": "liver", "assay": "rna_counts"},
        {"LGLI": 9, "NASH": 8},
        {"disease"},
        reader="delimited",
        sheet=f"{NAFLD}/sample_data_Feaver.txt",
    ),
    "acetyl sites of trained rats": Case(
        ["motrpac_muscle/ACETYL_GN.rda"],
        {"organism": "rat", "tissue": "muscle", "compartment": "tissue", "assay": "ptm"},
        {"SED": 12, "1W": 12, "2W": 12, "4W": 12, "8W": 12},
        {"training"},
        reader="r_object",
        columns={"sex"},
    ),
    "results of DESeq2": Case(
        [f"mouse_nafld_exercise_de/{name}_DGE.csv" for name in ("HFD_vs_NC", "AE_vs_HFD")],
        {"organism": "mouse", "assay": "effects"},  # the files name a diet, no organ
        roles={"disease", "other"},
        open={"tissue", "compartment"},
        reader="effects_table",
    ),
    "results by hours": Case(
        ["metamex/timeline_acute_stats.feather"],
        {"organism": "human", "assay": "effects"},
        roles={"acute_exercise"},
        open={"tissue", "compartment", "files.0.options.reverse"},
        reader="effects_table",
    ),
    "DIA-NN, yeast": Case(
        ["spike_staes_hye_diann/spikein248-staesetal2024.pg_matrix.tsv"],
        {"assay": "protein"},
        {"ratio02": 3, "ratio04": 3, "ratio08": 3},
        {"other"},
        {"organism", "tissue", "compartment", "contrasts.0.case", "contrasts.0.reference"},
        reader="diann",
    ),
    "R object with a batch": Case(
        ["spike_ups1_ecoli_limrots/UPS1.Case4.rda"],
        {"assay": "protein"},
        {"Conc_1": 24, "Conc_2": 24},
        {"other"},
        {"organism", "tissue", "compartment", "contrasts.0.case", "contrasts.0.reference"},
        reader="r_object",
        columns={"batch"},
    ),
    "GEO data set": Case(
        ["formats_geo/GDS507.soft.gz"],
        {"organism": "human", "tissue": "kidney", "assay": "array"},
        {"RCC": 9, "normal": 8},
        {"disease"},
        reader="soft",
    ),
    "FragPipe": Case(
        ["formats_protdata/combined_protein.tsv"],
        {"organism": "human", "assay": "protein"},
        {"IDHmut": 3, "IDHwt": 3},
        {"other"},
        {"tissue", "compartment", "contrasts.0.case", "contrasts.0.reference"},
        reader="fragpipe",
    ),
    "DIA-NN with a sheet": Case(
        ["formats_alphapeptstats/report_final.pg_matrix.tsv"],
        {"organism": "human", "assay": "protein"},
        {"Healthy": 10, "Disease": 10},
        {"disease"},
        {"tissue", "compartment"},
        reader="diann",
        sheet="formats_alphapeptstats/metadata.xlsx",
    ),
    "Spectronaut": Case(
        ["formats_protdata/spectronaut_normal.tsv"],
        {"assay": "protein"},
        open={
            "organism",
            "tissue",
            "contrasts.0.case",
            "contrasts.0.reference",
        },  # "Normal" is a speed of the scan
        reader="spectronaut",
    ),
    "a sample whose name differs by one letter": Case(
        ["mouse_liver_pnac/20210307_counts.txt"],
        {**MOUSE_LIVER, "assay": "rna_counts"},
        roles={"disease"},
        open={"group"},
        reader="delimited",
        sheet="mouse_liver_pnac/metadata.tsv",
    ),
    "two columns that cross": Case(
        ["mouse_liver_degs1_hfd/liver_counts.tsv", "mouse_liver_degs1_hfd/liver_samples.tsv"],
        {**MOUSE_LIVER, "assay": "rna_counts"},
        {"Control NCD": 4, "Degs1_KO NCD": 4, "Control HFD": 4, "Degs1_KO HFD": 4},
        {"disease", "other"},
        reader="delimited",
    ),
    "a crew, measured again": Case(
        ["plasma_evp_inspiration4/proteomics_evp_matrix_nan.csv"],
        {"organism": "human", "tissue": "plasma", "assay": "protein"},
        {"pre_flight": 12, "post_flight": 4, "recovery": 8},
        {"recovery", "other"},
        reader="delimited",
        sheet="plasma_evp_inspiration4/proteomics_metadata.csv",
        columns={"subject"},
    ),
    "codes of sex and a score": Case(
        ["human_muscle_gwena/gtex_expr.rda", "human_muscle_gwena/gtex_traits.rda"],
        {"organism": "human", "tissue": "muscle", "assay": "rna_counts"},
        {"DTHHRDY_4": 6, "DTHHRDY_0": 16, "DTHHRDY_1": 2, "DTHHRDY_3": 3, "DTHHRDY_2": 23},
        {"other"},
        {"sex_labels.1", "sex_labels.2", "contrasts.0.case", "contrasts.0.reference"},
        reader="r_object",
        columns={"sex"},
    ),
    "people before and after training": Case(
        ["human_dm1_cycling_GSE184951"],
        {"organism": "human", "tissue": "muscle", "assay": "rna_counts"},
        {"12-weeks of cycle ergometry": 11, "untreated": 11},
        {"training"},
        reader="htseq",
        columns={"subject"},
    ),
    "10x": Case(
        ["formats_10x/tests__data_10x_data_3.0.0_filtered_feature_bc_matrix.h5"],
        {"organism": "human", "assay": "single_cell"},
        open={"tissue", "compartment", "contrasts.0.case", "contrasts.0.reference", "group"},
        reader="tenx",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_raw_folder_becomes_a_card_or_says_what_it_could_not_decide(name, shared, tmp_path):
    case, data = CASES[name], shared / "data"
    wanted = [one if one.startswith("PXD") else str(data / one) for one in case.files]
    added = add(
        wanted,
        id="mine",
        sheets=[data / case.sheet] if case.sheet else None,
        mirror=data,
        folder=tmp_path / "datasets",
    )
    card = yaml.safe_load(added.card)
    assert {key: card[key] for key in case.facts} == case.facts
    undecided = {p.what.split("'")[1] for p in added.open}
    assert undecided == case.open, [str(p) for p in added.open]
    assert {file["reader"] for file in card["files"]} == {case.reader}
    assert all(file["url"].startswith("https://") and len(file["sha256"]) == 64 for file in card["files"])
    if case.groups:
        rows = [line.split("\t") for line in added.sheet.splitlines()[1:]]
        assert {g: sum(row[1] == g for row in rows) for g in {row[1] for row in rows}} == case.groups
    if case.roles:
        assert {contrast["role"] for contrast in card["contrasts"]} == case.roles
    assert case.columns <= set(card.get("columns", {}))
    assert "overtraining" not in added.card
    if name == "results of DESeq2":  # p of Wald's tests: standard errors can be derived
        assert all(file["options"]["df"] == "normal" for file in card["files"])
    assert (tmp_path / "datasets/mine/card.yaml").read_text() == added.card
    if case.groups and not case.open:  # a draft that leaves nothing open can be read
        model = Card.model_validate(card)
        retrieve(
            RetrieveCard.model_validate(model.part(RetrieveCard)), tmp_path / "data", mirror=data, seed=1
        )
        sheet = tmp_path / "datasets/mine/samples.tsv"
        adata = read(
            ReadCard.model_validate(model.part(ReadCard)), tmp_path / "data", sheet=sheet, orthologs=None
        )
        assert adata.obs["group"].value_counts().to_dict() == case.groups


@pytest.mark.parametrize(
    "file",
    [f"{NAFLD}/GSE130970_series_matrix.txt", "formats_sdrf/PXD008934.sdrf.tsv", "formats_geo/GPL97.annot.gz"],
)
def test_files_without_values_say_what_is_missing(file, shared, tmp_path):
    with pytest.raises(Problems, match="No file holds values or results"):
        add([str(shared / "data" / file)], folder=tmp_path / "datasets")


def test_an_sdrf_describes_the_runs_of_its_project(shared, tmp_path):
    """A table of intensities with the runs of PXD008934 as columns; sex and disease are those of the SDRF."""
    sdrf = shared / "data/formats_sdrf/PXD008934.sdrf.tsv"
    header, *rows = [line.split("\t") for line in sdrf.read_text().splitlines()]
    at = {name.lower(): i for i, name in enumerate(header)}
    runs = {row[at["comment[data file]"]].removesuffix(".raw"): row for row in rows}
    lines = ["protein\t" + "\t".join(runs)]
    lines += [
        f"P{i:05d}\t" + "\t".join(str(1e6 + i * 31 % 977 + j) for j in range(len(runs))) for i in range(300)
    ]
    (tmp_path / "values.dat").write_text("\n".join(lines))
    added = add([str(tmp_path / "values.dat")], id="mine", sheets=[sdrf], folder=tmp_path / "datasets")
    card = yaml.safe_load(added.card)
    assert (card["organism"], card["tissue"]) == ("human", "heart")
    found = {row.split("\t")[0]: row.split("\t") for row in added.sheet.splitlines()[1:]}
    names = added.sheet.splitlines()[0].split("\t")
    for run, row in runs.items():
        assert found[run][names.index("sex")] == row[at["characteristics[sex]"]]
