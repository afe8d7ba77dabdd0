"""The demo's data: real formats, the same bytes for the same seed, effects where they were planted."""

import gzip
import io

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats
from sevaxis.demo import DATASETS, simulate, write_dataset
from sevaxis.demo.genes import orthologs
from sevaxis.demo.proteins import plasma_samples, sev_samples
from sevaxis.demo.transcripts import liver_samples, muscle_samples
from sevaxis.study.card import Card

SEED = 2025
SAMPLES = {
    "demo_muscle_rna": muscle_samples,
    "demo_liver_rna": liver_samples,
    "demo_sev_protein": sev_samples,
    "demo_plasma_sev": plasma_samples,
}


@pytest.fixture(scope="module")
def drawn():
    return {name: simulate(name, SEED) for name in DATASETS}


def card_of(root, name):
    folder = root / "config" / "datasets" / name
    sheet = pd.read_csv(folder / "samples.tsv", sep="\t", dtype=str)
    return Card.model_validate(yaml.safe_load((folder / "card.yaml").read_text())), sheet


def counts_of(drawn, name):
    table = pd.read_csv(
        io.BytesIO(gzip.decompress(drawn[name][0]["counts.tsv.gz"])), sep="\t", index_col="gene_id"
    )
    return table.set_index("gene_name", append=True)


def protein_groups_of(drawn):
    table = pd.read_csv(
        io.BytesIO(drawn["demo_sev_protein"][0]["proteinGroups.txt"]), sep="\t", keep_default_na=False
    )
    return table.set_index(table["Majority protein IDs"].str.split(";").str[0])


def true_protein_groups_of(drawn):
    table = protein_groups_of(drawn)
    flags = table[["Reverse", "Potential contaminant", "Only identified by site"]]
    lfq = table[flags.eq("").all(axis=1)].filter(regex="^LFQ intensity ")
    return np.log2(lfq.where(lfq > 0).rename(columns=lambda name: name.removeprefix("LFQ intensity ")))


def truth_of(drawn, name, contrast, stratum):
    truth = drawn[name][1].truth()
    return truth[truth["contrast"].eq(contrast) & truth["stratum"].eq(stratum)].set_index("feature_id")


def told(drawn, name, symbol, contrast):
    """True effect of a gene in each stratum."""
    truth = drawn[name][1].truth()
    rows = truth[truth["human_symbol"].eq(symbol) & truth["contrast"].eq(contrast)]
    return dict(zip(rows["stratum"], rows["log2fc"], strict=True))


# ---- bytes


@pytest.mark.parametrize("name", DATASETS)
def test_same_seed_same_bytes_other_seed_other_bytes(tmp_path, name):
    first = write_dataset(name, tmp_path / "a", SEED)
    again = write_dataset(name, tmp_path / "b", SEED)
    other = write_dataset(name, tmp_path / "c", SEED + 1)
    assert [path.name for path in first] == [path.name for path in again]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
    assert first[0].read_bytes() != other[0].read_bytes()


def test_gzip_holds_no_time_stamp(drawn):
    # RFC 1952: bytes 4 to 7 are MTIME; 0 means none
    assert drawn["demo_muscle_rna"][0]["counts.tsv.gz"][4:8] == bytes(4)


def test_unknown_data_set_is_refused(tmp_path):
    with pytest.raises(ValueError, match="demo_muscle_rna"):
        write_dataset("demo_heart", tmp_path, SEED)


def test_ortholog_table_is_the_one_in_resources(root):
    stored = (root / "resources" / "demo" / "orthologs.tsv").read_text()
    assert stored == orthologs().to_csv(sep="\t", index=False, lineterminator="\n")


# ---- cards and simulation agree


@pytest.mark.parametrize("name", DATASETS)
def test_card_lists_the_files_and_contrasts_that_are_simulated(root, drawn, name):
    card, _ = card_of(root, name)
    files, planted = drawn[name]
    assert {file.name for file in card.files} == {*files, "truth.tsv"}
    assert {contrast.name: contrast.level_weights() for contrast in card.contrasts} == planted.contrasts


@pytest.mark.parametrize("name", DATASETS)
def test_sheet_tells_the_samples_as_they_are_but_for_one_sex(root, name):
    card, sheet = card_of(root, name)
    samples = SAMPLES[name]()
    columns = card.columns
    assert sheet[columns.sample].tolist() == samples.index.tolist()
    assert sheet[columns.group].tolist() == samples["group"].tolist()
    letters = {"F": "female", "M": "male", **card.sex_labels}
    declared = sheet[columns.sex].map(letters)
    wrong = sheet.loc[declared.to_numpy() != samples["sex"].to_numpy(), columns.sample].tolist()
    assert wrong == (["OF4"] if name == "demo_muscle_rna" else [])
    if columns.batch:
        # the same partition, whatever the labels are called
        assert pd.crosstab(sheet[columns.batch], samples["batch"].to_numpy()).gt(0).sum(axis=1).eq(1).all()
    if columns.subject:
        assert sheet[columns.subject].tolist() == samples["subject"].tolist()


# ---- what was planted


@pytest.mark.parametrize("name", DATASETS)
def test_strata_of_the_truth_are_those_of_the_models(drawn, name):
    truth = drawn[name][1].truth()
    wide = truth.pivot(index=["contrast", "feature_id"], columns="stratum", values="log2fc")
    np.testing.assert_allclose(wide["average"], (wide["female"] + wide["male"]) / 2, atol=1e-6)
    np.testing.assert_allclose(wide["interaction"], wide["male"] - wide["female"], atol=1e-6)
    assert truth["planted"].eq(truth["log2fc"].ne(0)).all()


def test_ldha_is_larger_in_male_muscle(drawn):
    effect = told(drawn, "demo_muscle_rna", "LDHA", "overtrained_v_control")
    assert effect == {"female": 0.2, "male": 1.6, "average": 0.9, "interaction": 1.4}


def test_flot1_and_cd63_rna_of_muscle_are_flat(drawn):
    for symbol in ("FLOT1", "CD63"):
        assert set(told(drawn, "demo_muscle_rna", symbol, "overtrained_v_control").values()) == {0.0}


def test_hepatic_fbxo2_moves_with_disease_only(drawn):
    effects = {
        contrast: told(drawn, "demo_liver_rna", "FBXO2", contrast)["average"]
        for contrast in drawn["demo_liver_rna"][1].contrasts
    }
    assert effects == {
        "overtraining_on_chow": 0.0,
        "overtraining_on_western": 0.0,
        "disease": 1.1,
        "disease_x_overtraining": 0.0,
    }


def test_fibrosis_is_more_than_the_sum_in_disease(drawn):
    name = "demo_liver_rna"
    assert told(drawn, name, "COL1A1", "overtraining_on_chow")["average"] == 0.8
    assert told(drawn, name, "COL1A1", "overtraining_on_western")["average"] == pytest.approx(1.7)
    assert told(drawn, name, "COL1A1", "disease_x_overtraining")["average"] == pytest.approx(0.9)


def test_fbxo2_exceeds_the_vesicle_yield_of_cd63_and_flot1(drawn):
    name, contrast = "demo_sev_protein", "overtraining_in_sev"
    cd63, flot1, fbxo2 = (told(drawn, name, s, contrast)["average"] for s in ("CD63", "FLOT1", "FBXO2"))
    assert cd63 == flot1 == pytest.approx(0.8)
    assert fbxo2 == pytest.approx(2.2)


def test_sorbs3_goes_both_ways(drawn):
    assert told(drawn, "demo_sev_protein", "SORBS3", "overtraining_in_sev")["average"] > 0
    assert told(drawn, "demo_plasma_sev", "SORBS3", "overtrained_v_control")["average"] < 0


def test_about_8_percent_of_muscle_genes_change_in_both_directions(drawn):
    truth = truth_of(drawn, "demo_muscle_rna", "overtrained_v_control", "average")
    assert 0.06 < truth["planted"].mean() < 0.10
    assert 0.4 < (truth.loc[truth["planted"].eq(1), "log2fc"] > 0).mean() < 0.6


# ---- what the files hold, judged without the project's own code


def log_cpm(counts):
    kept = counts[counts.median(axis=1) >= 10]
    return np.log2((kept + 0.5) / (counts.sum() + 1) * 1e6).droplevel("gene_name")


def test_counts_carry_the_planted_effects(drawn):
    samples = muscle_samples()
    values = log_cpm(counts_of(drawn, "demo_muscle_rna"))
    truth = truth_of(drawn, "demo_muscle_rna", "overtrained_v_control", "average").reindex(values.index)
    cases, references = (values.loc[:, samples["group"].eq(group)] for group in ("overtrained", "control"))
    p = stats.ttest_ind(cases, references, axis=1).pvalue
    q = stats.false_discovery_control(p)
    planted = truth["planted"].eq(1).to_numpy()
    large = truth["log2fc"].abs().gt(1).to_numpy()
    assert (q[planted & large] < 0.05).mean() > 0.9
    assert (q[planted & ~large] < 0.05).mean() < 0.8  # some are too small for the samples
    assert (~planted & (q < 0.05)).sum() < 0.12 * (q < 0.05).sum()
    found = (cases.mean(axis=1) - references.mean(axis=1)).to_numpy()
    assert np.polyfit(truth["log2fc"][planted], found[planted], 1)[0] == pytest.approx(1, abs=0.05)


def test_libraries_differ_threefold_and_variance_exceeds_poisson(drawn):
    counts = counts_of(drawn, "demo_muscle_rna")
    totals = counts.sum()
    assert 2 < totals.max() / totals.min() < 3.5
    scaled = (counts / totals * totals.mean()).loc[
        :, muscle_samples().eval("group == 'control' and sex == 'male'")
    ]
    mean, variance = scaled.mean(axis=1), scaled.var(axis=1)
    excess = ((variance - mean) / mean**2)[mean > 200].median()
    faint = ((variance - mean) / mean**2)[(mean > 5) & (mean < 30)].median()
    assert 0.01 < excess < 0.08
    assert faint > 2 * excess  # dispersion falls with the mean


def test_one_sample_bears_the_other_sexs_genes(drawn):
    counts = counts_of(drawn, "demo_muscle_rna").droplevel("gene_id")
    y = counts.loc[["Ddx3y", "Eif2s3y", "Kdm5d", "Uty"]].sum()
    xist = counts.loc["Xist"]
    assert y["OF4"] > 20 * y.drop("OF4").filter(regex="F").max()
    assert xist["OF4"] < xist.drop("OF4").filter(regex="F").min() / 20


def test_protein_groups_are_maxquants(drawn):
    table = protein_groups_of(drawn)
    assert {"Protein IDs", "Gene names", "Intensity sev_C1", "LFQ intensity sev_C1", "id"} <= set(
        table.columns
    )
    assert table["Reverse"].eq("+").sum() == 16
    assert table["Potential contaminant"].eq("+").sum() == 22
    assert table["Only identified by site"].eq("+").sum() == 10
    assert len(table) == 800 + 16 + 22 + 10
    assert table.loc[table["Gene names"].eq("Fbxo2")].index.tolist() == ["Q80UW2"]


def test_faint_proteins_are_missing_more_often(drawn):
    values = true_protein_groups_of(drawn)
    missing, mean = values.isna().mean(axis=1), values.mean(axis=1)
    assert missing[mean < mean.quantile(1 / 3)].mean() > 4 * missing[mean > mean.quantile(2 / 3)].mean()
    assert 0.05 < missing.mean() < 0.25


def test_one_protein_is_seen_in_overtrained_vesicles_only(drawn):
    groups = protein_groups_of(drawn)
    gdf15 = true_protein_groups_of(drawn).loc[groups.index[groups["Gene names"].eq("Gdf15")][0]]
    seen = gdf15.notna().groupby(sev_samples()["group"]).sum()
    assert seen.to_dict() == {
        "lysate_control": 0,
        "lysate_overtrained": 0,
        "sev_control": 0,
        "sev_overtrained": 5,
    }


def test_vesicle_proteins_carry_the_planted_effects_and_no_others():
    samples = sev_samples()
    null, large = [], []
    for seed in range(8):
        drawn = {"demo_sev_protein": simulate("demo_sev_protein", seed)}
        values = true_protein_groups_of(drawn)
        cases = values.loc[:, samples.index[samples["group"].eq("sev_overtrained")]]
        references = values.loc[:, samples.index[samples["group"].eq("sev_control")]]
        kept = cases.notna().sum(axis=1).ge(3) & references.notna().sum(axis=1).ge(3)
        p = stats.ttest_ind(cases[kept], references[kept], axis=1, nan_policy="omit").pvalue
        truth = truth_of(drawn, "demo_sev_protein", "overtraining_in_sev", "average").reindex(
            values.index[kept]
        )
        null.append(p[truth["log2fc"].eq(0)] < 0.05)
        large.append(p[truth["log2fc"].abs().gt(1.2)] < 0.05)
    # about 5,300 null tests: three standard errors of a rate of 0.05 are 0.009; values lost below the limit of
    # detection shorten the tails and make the t test a little conservative
    assert 0.036 < np.concatenate(null).mean() < 0.059
    assert np.concatenate(large).mean() > 0.9


def test_plasma_table_has_no_cd63_and_is_log2(drawn):
    table = pd.read_csv(io.BytesIO(drawn["demo_plasma_sev"][0]["plasma_sev_log2.csv"]), index_col="accession")
    assert "CD63" not in set(table["gene"])
    assert {"FBXO2", "SORBS3", "FLOT1"} <= set(table["gene"])
    values = table.drop(columns="gene")
    assert list(values.columns) == plasma_samples().index.tolist()
    assert values.min(axis=None) > 15 and values.max(axis=None) < 40
    assert 0.05 < values.isna().mean(axis=None) < 0.25
