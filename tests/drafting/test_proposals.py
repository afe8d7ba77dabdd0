"""What names, columns and numbers make `sevaxis add` propose; expectations are what a reader of the names would say."""

from __future__ import annotations

from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
from sevaxis.base.resources import load_table
from sevaxis.drafting.annotation import Annotation, describe
from sevaxis.drafting.assay import propose_assay
from sevaxis.drafting.columns import assign
from sevaxis.drafting.contrasts import propose_contrasts, reference_of
from sevaxis.drafting.facts import Facts, Texts
from sevaxis.drafting.groups import groups_of_names
from sevaxis.drafting.organism import propose_organism
from sevaxis.drafting.place import propose_place
from sevaxis.drafting.recognised import Recognised
from sevaxis.genes.panels import load_panels


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (["1W", "2W", "SED"], "SED"),
        (["Inactive", "Active"], "Active"),
        (["NASH", "NCD", "CCl4_1x"], "NCD"),
        (["time1", "time2", "time3"], "time1"),
        (["3", "0", "1"], None),
        (["slide 1", "slide 2"], None),
        (["dose10", "dose0"], None),
        (["F0", "F1", "F4"], None),
        (["ratio02", "ratio04"], None),
        (["D1", "D2", "D3"], None),
        (["T0", "T1"], "T0"),
        (["24h", "0h", "3 h"], "0h"),
        (["week_4", "week_1"], "week_1"),
        (["M", "F"], None),
        (["male", "female"], "female"),
        (["exosomes", "lysate"], "lysate"),
        (["A", "B"], None),
        (["CCL4_NCD_x", "Oil_NCD_x"], "Oil_NCD_x"),
        (["Enhanced_Normal", "Normal_Rapid", "Rapid_Rapid"], None),
        (["obese sedentary", "lean sedentary", "lean trained"], "lean sedentary"),
    ],
)
def test_the_reference_is_the_level_that_says_so(levels, expected):
    assert reference_of(levels)[0] == expected


def test_crossed_factors_are_compared_one_at_a_time_and_their_interaction_too():
    sizes = dict.fromkeys(["chow_sedentary", "chow_trained", "western_sedentary", "western_trained"], 4)
    found = {p.name: p for p in propose_contrasts(sizes)}
    assert {(p.case, p.reference) for p in found.values() if not p.weights} == {
        ("western_sedentary", "chow_sedentary"),
        ("western_trained", "chow_trained"),
        ("chow_trained", "chow_sedentary"),
        ("western_trained", "western_sedentary"),
    }
    assert found["western_trained_v_chow_trained"].role == "disease"
    assert found["western_trained_v_western_sedentary"].role == "training"
    (interaction,) = [p for p in found.values() if p.weights]
    assert interaction.role == "disease_x_training"
    assert interaction.weights == {
        "western_trained": 1,
        "western_sedentary": -1,
        "chow_trained": -1,
        "chow_sedentary": 1,
    }


def test_groups_that_do_not_say_which_is_the_reference_are_left_to_the_user():
    (found,) = propose_contrasts({"A": 3, "B": 3, "alone": 1})
    assert found.case.startswith("TODO one of: A, B")
    assert found.reference.startswith("TODO")


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        (["NCD_3", "NCD_4", "CCI4_1x_4", "CCI4_1x_6"], ["NCD", "NCD", "CCI4_1x", "CCI4_1x"]),
        (["Intensity.MB.1", "Intensity.MB.2", "Intensity.MT.1", "Intensity.MT.2"], ["MB", "MB", "MT", "MT"]),
        (["IL-10 cells_1", "IL-10 cells_2", "ctl cells_1", "ctl cells_2"], ["IL-10", "IL-10", "ctl", "ctl"]),
        (["S1", "S2", "S3", "S4"], None),
    ],
)
def test_groups_of_names(names, groups):
    found = groups_of_names(names)
    assert (found and [found[name] for name in names]) == groups


SHEET = pd.DataFrame(
    {
        "exp_group": ["F_SED", "F_8W", "M_SED", "M_8W"] * 2,
        "timepoint": ["SED", "8W", "SED", "8W"] * 2,
        "sex": ["Female", "Female", "Male", "Male"] * 2,
        "animal": ["1", "2", "3", "4"] * 2,
        "plate": ["A"] * 4 + ["B"] * 4,
        "RIN": ["8.1", "8.2", "8.3", "8.1", "8.0", "8.2", "8.5", "8.6"],
    },
    index=[f"s{i}" for i in range(8)],
)


def test_columns_find_their_roles_with_evidence():
    roles = assign(SHEET, "sheet.tsv")
    found = {key: getattr(roles, key).name for key in ("group", "sex", "subject", "batch")}
    assert found == {"group": "timepoint", "sex": "sex", "subject": "animal", "batch": "plate"}
    assert roles.evidence["sex"] == "column 'sex' of sheet.tsv has Female 4, Male 4"


def test_labels_of_sex_without_a_meaning_are_asked():
    roles = assign(SHEET.assign(sex=["1", "1", "2", "2"] * 2), "sheet.tsv")
    assert roles.sex_labels == dict.fromkeys("12", "TODO female or male")


def test_a_batch_that_is_the_group_and_one_already_removed_are_left_out():
    aliased = assign(SHEET.assign(plate=["A", "B"] * 4), "sheet.tsv")
    assert aliased.batch is None
    assert "one group only" in aliased.evidence["batch"]
    values = np.random.default_rng(1).normal(size=(8, 200))
    removed = values.copy()
    for rows in (slice(0, 4), slice(4, 8)):
        removed[rows] -= removed[rows].mean(axis=0)
    assert assign(SHEET, "sheet.tsv", values=values).batch is not None
    assert assign(SHEET, "sheet.tsv", values=removed).batch is None


@pytest.mark.parametrize(
    ("cells", "samples"),
    [
        (["a-1", "a-2", "b-1"], ["A.1", "A 2", "b_1"]),
        (["304", "305", "306"], ["M304", "M305", "M306"]),
        (["x/Run_01.raw", "x/Run_02.raw", "x/Run_03.raw"], ["Run_01", "Run_02", "Run_03"]),
        (["BV2_ctl_1", "BV2_ctl_2", "BV2_lps_1"], ["Norm_BV2_ctl_1", "Norm_BV2_ctl_2", "Norm_BV2_lps_1"]),
    ],
)
def test_samples_find_their_rows(cells, samples):
    sheet = pd.DataFrame({"file": cells, "fact": ["p", "q", "r"]}).iloc[::-1].reset_index(drop=True)
    found = describe([Annotation("sheet", sheet)], samples)
    assert found.frame["fact"].tolist() == ["p", "q", "r"]


def test_a_sheet_about_other_samples_describes_nothing():
    sheet = pd.DataFrame({"file": ["u", "v", "w"], "fact": ["p", "q", "r"]})
    assert describe([Annotation("sheet", sheet)], ["a", "b", "c"]) is None


def matrix(values, names) -> anndata.AnnData:
    adata = anndata.AnnData(np.asarray(values, dtype=float))
    adata.var_names = names
    return adata


def test_assay_and_scale_are_judged_from_values_and_identifiers(tmp_path):
    random = np.random.default_rng(2)
    genes = [f"ENSMUSG{i:011d}" for i in range(200)]
    proteins = [f"P{i:05d}" for i in range(200)]
    file = Recognised(tmp_path, "table", "matrix", "delimited")
    counts, linear, log2, fpkm = Facts(), Facts(), Facts(), Facts()
    propose_assay(counts, matrix(random.poisson(50, (6, 200)), genes), file)
    propose_assay(linear, matrix(random.lognormal(15, 1, (6, 200)), proteins), file)
    propose_assay(log2, matrix(random.normal(20, 2, (6, 200)), proteins), file)
    propose_assay(fpkm, matrix(random.lognormal(3, 2, (6, 200)), genes), file)
    assert (counts.assay, counts.values) == ("rna_counts", {})
    assert (linear.assay, linear.values["scale"]) == ("protein", "linear")
    assert (log2.assay, log2.values["scale"]) == ("protein", "log2")
    assert fpkm.assay.startswith("TODO") and "FPKM" in fpkm.assay


@pytest.mark.parametrize(
    ("zeros", "least", "assay"),
    [(0.1, 5000, "protein"), (0.1, 1, "rna_counts"), (0.0, 5000, "protein"), (0.0, 60, "rna_counts")],
)
def test_whole_numbers_without_small_ones_are_intensities(tmp_path, zeros, least, assay):
    random, facts = np.random.default_rng(2), Facts()
    values = np.rint(least + random.lognormal(6, 2, (6, 400)))
    values[random.random(values.shape) < zeros] = 0
    values[0, 0] = least
    propose_assay(
        facts, matrix(values, [f"ABC{i}" for i in range(400)]), Recognised(tmp_path, "table", "matrix")
    )
    assert facts.assay == assay, facts


@pytest.mark.parametrize(
    ("file", "asked"), [("liver_ln.tsv", True), ("liver-log10.csv", True), ("plntr_liver.tsv", False)]
)
def test_a_logarithm_that_the_files_name_tells_is_asked_about(file, asked):
    random, facts = np.random.default_rng(2), Facts()
    values = matrix(random.normal(20, 2.5, (6, 200)), [f"P{i:05d}" for i in range(200)])
    propose_assay(facts, values, Recognised(Path(file), "table", "matrix", "delimited"))
    assert str(facts.values["scale"]).startswith("TODO") == asked, facts


MEMBRANE = ["Fbxo2", "Cd63", "Flot1", "Alb", "Mb", *(f"Abc{i}" for i in range(52))]


@pytest.mark.parametrize(
    ("odd", "asked"),
    [(lambda v: v, False), (np.log2, True), (lambda v: v / 1e6, True), (lambda v: v / 50, False)],
)
def test_a_sample_of_another_scale_among_linear_ones_is_asked_about(odd, asked):
    random, facts = np.random.default_rng(2), Facts()
    linear = 2 ** random.normal(22, 2.5, (6, 200))
    linear[3] = odd(linear[3])
    adata = matrix(linear, [f"P{i:05d}" for i in range(200)])
    propose_assay(facts, adata, Recognised(Path("liver.tsv"), "table", "matrix", "delimited"))
    scale = str(facts.values["scale"])
    assert (scale.startswith("TODO") and adata.obs_names[3] in scale) == asked, facts


@pytest.mark.parametrize(
    ("names", "text", "expected"),
    [
        ([f"ENSRNOG{i:011d}" for i in range(60)], "mouse", "rat"),
        ([f"Abc{i}" for i in range(60)], "samples of Rattus norvegicus", "rat"),
        ([f"X{i}_HUMAN" for i in range(60)], "", "human"),
        ([f"X{i}_YEAST" for i in range(60)], "", "TODO"),
        ([f"Abc{i}" for i in range(60)], "", "TODO"),
        # RefSeq: A2m, Aars2, Acta1, Actn1 of the rat (NCBI)
        (
            [
                "NP_036620.3",
                "NP_001100361.1",
                "NP_062085.1",
                "XP_038968920.1",
                *(f"XP_9300000{i}.1" for i in range(10, 66)),
            ],
            "",
            "rat",
        ),
        ([*MEMBRANE, "Rab1;H2-K1", "H2-D1", "Gm10260;Gm8797"], "", "mouse"),
        ([*MEMBRANE, "RT1-A2", "RT1-CE10", "LOC100360413"], "", "rat"),
        ([*MEMBRANE, "Abc", "Abd", "Abe"], "EV of C2C12 myotubes", "mouse"),
        ([f"Abc{i}" for i in range(60)], "HEK293 cells with vesicles of C2C12", "TODO"),
        # Entrez Gene: FBXO2, CD63, FLOT1, ALB, MB of man
        (["26232", "967", "10211", "213", "4151", *map(str, range(900000, 900055))], "", "human"),
    ],
)
def test_organism(names, text, expected):
    facts = Facts()
    propose_organism(facts, matrix(np.ones((2, 60)), names), Texts(title=text))
    assert facts.organism.startswith(expected), facts


def test_a_registry_of_one_species_beside_the_features_tells_the_organism():
    """MoTrPAC's sites are called by RefSeq, with RGD's numbers beside them."""
    adata, facts = matrix(np.ones((2, 60)), [f"NP_{i:06d}_K7" for i in range(60)]), Facts()
    adata.var["rgd_id"] = [str(3000 + i) for i in range(60)]
    propose_organism(facts, adata, Texts())
    assert facts.organism == "rat"


@pytest.mark.parametrize(
    ("names", "zeros", "assay"),
    [
        ([f"ABC{i}" for i in range(200)], 0.4, "protein"),
        ([f"ABC{i}A;ABC{i}B" if i % 9 == 0 else f"ABC{i}" for i in range(200)], 0.0, "protein"),
        ([f"ABC{i}" for i in range(200)], 0.0, "TODO array or protein"),
        ([f"ABC{i};MIR{i}" if i % 9 == 0 else f"ABC{i}" for i in range(200)], 0.0, "TODO array or protein"),
    ],
)
def test_symbols_are_of_proteins_where_names_are_groups_or_zeros_lie_far_below(names, zeros, assay):
    random, facts = np.random.default_rng(3), Facts()
    values = random.normal(27, 2, (6, 200)) * (random.uniform(0, 1, (6, 200)) >= zeros)
    propose_assay(facts, matrix(values, names), Recognised(Path("t.csv"), "table", "matrix", "delimited"))
    assert facts.assay.startswith(assay), facts


@pytest.mark.parametrize(
    ("more", "file", "expected"),
    [
        ([], "liver.tsv", "human"),
        ([], "mouse_liver.tsv", "TODO human (symbols in capitals) or mouse"),
        ([f"GM{i}" for i in range(10000, 10006)], "liver.tsv", "mouse"),
    ],
)
def test_symbols_in_capitals_are_human_unless_something_says_otherwise(more, file, expected):
    symbols = ["FBXO2", "CD63", "FLOT1", "ALB", "MB", "SORBS3", *(f"ABC{i}" for i in range(50)), *more]
    facts = Facts()
    propose_organism(facts, matrix(np.ones((2, len(symbols))), symbols), Texts(names=file))
    assert facts.organism.startswith(expected), facts


@pytest.mark.parametrize(
    ("texts", "tissue", "compartment"),
    [
        (Texts(samples="vastus lateralis"), "muscle", "tissue"),
        (Texts(title="Exosomes of plasma after exercise"), "plasma", "plasma_sev"),
        (Texts(title="Serum proteome"), "plasma", "plasma"),
        (Texts(names="plasma_evp_matrix.csv"), "plasma", "plasma_sev"),
        (Texts(names="C2C12 myotubes"), "muscle", "cells"),
        (Texts(names="cell_counts", folder="microglia_ev"), "microglia", "cells"),
        (Texts(samples="NASH lean", names="gastrocnemius_counts.tsv"), "muscle", "tissue"),
        (
            Texts(samples="NASH lean", names="counts.tsv"),
            "TODO liver; or muscle, plasma, ... of such patients or animals",
            "TODO tissue, cells, sev, plasma_sev or plasma",
        ),
        (Texts(names="muscle_and_liver.tsv"), "TODO muscle or liver", "TODO"),
        (Texts(title="Nothing here"), "TODO", "TODO"),
    ],
)
def test_tissue_and_compartment(texts, tissue, compartment):
    facts = Facts()
    propose_place(facts, None, texts)
    assert facts.tissue.startswith(tissue), facts
    assert facts.compartment.startswith(compartment), facts


@pytest.mark.parametrize(
    ("high", "n", "tissue"), [(True, 6000, "liver"), (False, 6000, "TODO"), (True, 900, "TODO")]
)
def test_the_tissue_of_published_results_is_told_by_the_mean_abundance_of_marker_genes(high, n, tissue):
    """As masld_de_tables, whose files name a disease and no organ; a choice of genes tells nothing."""
    panels, known = load_panels(), load_table("identifiers")
    genes = known[(known["organism"] == "human") & known["human_symbol"].isin(panels["hepatocyte"])]
    markers = [cell.split(";")[0] for cell in genes["ensembl"] if cell]
    adata = anndata.AnnData(np.zeros((1, n)))
    adata.var_names = [*markers, *(f"ENSG009{i:08d}" for i in range(n - len(markers)))]
    means = np.random.default_rng(1).normal(0, 3, (1, n))
    means[0, : len(markers)] += 20 if high else 0
    means[0, -5:] = np.nan
    adata.layers["mean_abundance"] = means
    facts = Facts(assay="effects", organism="human")
    propose_place(facts, adata, Texts(folder="masld_de_tables"))
    assert facts.tissue.startswith(tissue), facts
