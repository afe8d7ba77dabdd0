"""The whole of assess: planted faults, and swapped samples of public data."""

import json
from functools import cache

import anndata
import numpy as np
import pandas as pd
import pytest
from sevaxis.base.problems import Problems
from sevaxis.matrix.assess import assess
from sevaxis.matrix.read import read
from sevaxis.study.card import AssessCard, ReadCard

from tests.matrix.quality.counts_by_hand import FEMALE, MALE, MOUSE

AXIS = ["FBXO2", "SORBS3", "FLOT1", "CD63"]


def dataset(declared=("female",) * 4 + ("male",) * 4, seed=0):
    rng = np.random.default_rng(seed)
    background = rng.negative_binomial(5, 0.01, (8, 200)).astype(float)
    truth = np.array([FEMALE] * 4 + [MALE] * 4, dtype=float) * 3
    genes = [*MOUSE, "Cd63", "Flot1", *(f"Gene{i}" for i in range(198))]
    adata = anndata.AnnData(np.hstack([truth, background]), var=pd.DataFrame({"symbol": genes}, index=genes))
    adata.X[:, 6] = 0  # Flot1 is in the annotation and was never seen
    adata.var["human_symbol"] = [{"Cd63": "CD63", "Flot1": "FLOT1"}.get(gene) for gene in genes]
    adata.var["mapping_route"] = [
        "gene table: symbol" if gene in (*MOUSE, "Cd63", "Flot1") else "none" for gene in genes
    ]
    adata.obs_names = [f"m{i}" for i in range(8)]
    for column, cells in {
        "group": ["a", "b"] * 4,
        "sex": list(declared),
        "batch": ["p", "p", "q", "q"] * 2,
        "subject": [None] * 8,
    }.items():
        adata.obs[column] = pd.Categorical(cells)
    adata.uns["dataset"] = {"id": "x", "scale": "counts"}
    return adata


CARD = AssessCard(id="x", organism="mouse", tissue="muscle", compartment="tissue", assay="rna_counts")


def test_result_of_assess():
    adata, quality, values = assess(dataset(), CARD, axis=AXIS)
    json.dumps(quality, allow_nan=False)
    assert (quality["n_samples"], quality["n_included"], quality["n_features"], quality["n_mapped"]) == (
        8,
        8,
        205,
        2,
    )
    assert quality["normalisation"] == "tmm"
    assert [s["sex_called"] for s in quality["samples"]] == ["female"] * 4 + ["male"] * 4
    assert quality["batch_by_group"] == {
        "batches": ["p", "q"],
        "groups": ["a", "b"],
        "counts": [[2, 2], [2, 2]],
    }
    assert quality["sex"]["n_called"] == 8 and quality["sex"]["mismatches"] == []
    assert {v["about"] for v in quality["checks"]} >= {"sex", "outliers", "depth", "batch", "mapping"}
    np.testing.assert_array_equal(adata.obs["total"], dataset().X.sum(axis=1))
    np.testing.assert_array_equal(adata.obs["detected"], (dataset().X > 0).sum(axis=1))
    assert adata.layers["log2"].shape == adata.shape and np.isfinite(adata.layers["log2"]).all()
    assert values.groupby("human_symbol").size().to_dict() == {"CD63": 8, "FLOT1": 8}
    never = values[values["human_symbol"] == "FLOT1"]
    assert never["value"].isna().all() and (never["detected"] == 0).all()


@pytest.mark.parametrize(
    ("declared", "compared", "level", "words"),
    [
        (
            ("female",) * 4 + ("male",) * 4,
            8,
            "ok",
            "fits the chromosomes of all 8 samples that have one and can be called",
        ),
        (
            ("female",) * 3 + (None,) * 5,
            3,
            "ok",
            "fits the chromosomes of all 3 samples that have one and can be called",
        ),
        (
            ("female",) + (None,) * 7,
            1,
            "ok",
            "fits the chromosomes of the one sample that has one and can be called",
        ),
        ((None,) * 8, 0, "note", "No sex is declared"),
    ],
)
def test_sex_is_compared_where_it_is_declared_and_called(declared, compared, level, words):
    _, quality, _ = assess(dataset(declared), CARD, axis=AXIS)
    assert quality["sex"]["n_called"] == 8 and quality["sex"]["n_compared"] == compared
    assert words in quality["sex"]["text"]
    assert [check["level"] for check in quality["checks"] if check["about"] == "sex"] == [level]


def test_input_is_left_as_it_was():
    adata = dataset()
    columns = list(adata.obs.columns)
    assess(adata, CARD, axis=AXIS)
    assert list(adata.obs.columns) == columns and not adata.layers


@pytest.mark.parametrize(("policy", "included"), [("drop", 7), ("keep", 8)])
def test_a_swapped_sample_is_found(policy, included):
    declared = ["female", "female", "male", "female"] + ["male"] * 4
    adata, quality, _ = assess(dataset(declared), CARD, axis=AXIS, sex_mismatch=policy)
    assert quality["sex"]["mismatches"] == ["m2"]
    assert quality["n_included"] == included
    assert adata.obs["included"].tolist() == [i != 2 or policy == "keep" for i in range(8)]
    assert bool(adata.obs["excluded_because"].iloc[2]) == (policy == "drop")
    check = next(v for v in quality["checks"] if v["about"] == "sex")
    assert check["level"] == "warning" and "m2" in check["text"]


def test_a_swapped_sample_stops_the_study():
    with pytest.raises(Problems, match=r"sample 'm2'[\s\S]*declared male, called female"):
        declared = ["female", "female", "male", "female"] + ["male"] * 4
        assess(dataset(declared), CARD, axis=AXIS, sex_mismatch="stop")


SEXES = ["female"] * 4 + ["male"] * 4
INVERTED = ["male"] * 4 + ["female"] * 4


@pytest.mark.parametrize(
    ("declared", "what"),
    [
        (INVERTED, "The coding of the sexes is the wrong way round"),
        ([None, *INVERTED[1:7], "male"], "The coding of the sexes is the wrong way round"),
        (["male"] * 4 + [None] * 4, "The declared sex is wrong: nearly all samples are female"),
        (["male"] * 2 + ["female"] * 4 + ["male"] * 2, "no better than chance"),
    ],
)
@pytest.mark.parametrize("policy", ["drop", "stop"])
def test_a_wrong_coding_stops_before_samples_are_left_out(declared, what, policy):
    with pytest.raises(Problems) as raised:
        assess(dataset(declared), CARD, axis=AXIS, sex_mismatch=policy)
    (problem,) = raised.value.problems
    assert what in problem.what
    assert "m1" in problem.found and "samples contradict their declared sex" in problem.found
    _, quality, _ = assess(dataset(declared), CARD, axis=AXIS, sex_mismatch="keep")
    assert quality["n_included"] == 8


@pytest.mark.parametrize("wrong", [1, 2, 3])
def test_a_few_contradictions_are_samples_not_the_coding(wrong):
    declared = [INVERTED[i] if i < wrong else SEXES[i] for i in range(8)]
    _, quality, _ = assess(dataset(declared), CARD, axis=AXIS)
    assert quality["n_included"] == 8 - wrong


@pytest.mark.parametrize(
    ("declared", "called", "unknown"),
    [
        ([None, *SEXES[1:]], False, ["m0"]),
        ([None, *SEXES[1:]], True, []),  # the chromosomes say it
        (SEXES, False, []),
        ([None] * 8, False, []),  # said by the check of sex
    ],
)
def test_samples_of_unknown_sex_are_a_warning(declared, called, unknown):
    adata = dataset(declared)
    if not called:
        adata = adata[:, len(MOUSE) :].copy()
    _, quality, _ = assess(adata, CARD, axis=AXIS)
    told = [check for check in quality["checks"] if check["about"] == "unknown sex"]
    assert [check["level"] for check in told] == ["warning"] * len(unknown)
    assert all(f"The sex of {', '.join(unknown)} is neither" in check["text"] for check in told)


def test_undeclared_sex_contradicts_nobody():
    _, quality, _ = assess(dataset([None] * 8), CARD, axis=AXIS, sex_mismatch="stop")
    assert quality["sex"]["mismatches"] == [] and "No sex is declared" in quality["sex"]["text"]


def test_shallow_samples_and_nested_batches_are_said():
    adata = dataset()
    adata.X[3] = np.floor(adata.X[3] / 10)
    adata.obs["batch"] = pd.Categorical(["p", "q"] * 4)
    checks = {v["about"]: v for v in assess(adata, CARD, axis=AXIS)[1]["checks"]}
    assert checks["depth"]["level"] == "warning" and checks["depth"]["text"].startswith("m3:")
    assert checks["batch"]["level"] == "warning" and "cannot be told apart" in checks["batch"]["text"]


def test_ratios_have_no_totals_and_are_not_called_shallow_for_it():
    rng = np.random.default_rng(2)
    adata = dataset()
    adata.X = rng.normal(0, 1, adata.shape)
    adata.X[0, :150] = np.nan
    adata.uns["dataset"]["scale"] = "log2"
    card = CARD.model_copy(update={"assay": "protein"})
    assessed, quality, _ = assess(adata, card, axis=AXIS)
    assert all(s["total"] is None for s in quality["samples"])
    assert assessed.obs["detected"].tolist() == [55, *[205] * 7]
    depth = next(v for v in quality["checks"] if v["about"] == "depth")
    assert depth["level"] == "warning" and depth["text"].startswith("m0:")
    adata.X = np.abs(adata.X)  # intensities 2^x have a sum
    total = assess(adata, card, axis=AXIS)[0].obs["total"]
    np.testing.assert_allclose(total, np.nansum(2.0**adata.X, axis=1))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("shape", [(2, 5), (3, 2), (4, 1), (8, 3)])
@pytest.mark.parametrize("scale", ["counts", "log2"])
def test_tiny_data_sets_pass_without_a_warning(shape, scale):
    rng = np.random.default_rng(1)
    values = rng.poisson(50, shape) + 1.0 if scale == "counts" else rng.normal(20, 1, shape)
    adata = anndata.AnnData(
        values,
        var=pd.DataFrame(
            {"symbol": "x", "human_symbol": "X", "mapping_route": "gene table: symbol"},
            index=map(str, range(shape[1])),
        ),
    )
    for column in ("group", "sex", "batch", "subject"):
        adata.obs[column] = pd.Categorical(["a"] * shape[0] if column == "group" else [None] * shape[0])
    adata.uns["dataset"] = {"id": "x", "scale": scale}
    card = CARD if scale == "counts" else CARD.model_copy(update={"assay": "protein"})
    _, quality, _ = assess(adata, card, axis=AXIS)
    json.dumps(quality, allow_nan=False)
    assert not any(s["outlier"] for s in quality["samples"])


def test_what_reading_did_is_said():
    adata = dataset()
    told = {
        "samples": {"excluded": {"m9": "spilled", "m10": "spilled"}, "renamed": {"m0": "M-0"}},
        "values": {"fractional": "estimated"},
    }
    adata.uns["provenance"] = json.dumps(told)
    texts = [v["text"] for v in assess(adata, CARD, axis=AXIS)[1]["checks"]]
    assert "Left out by the card: m9, m10 (spilled)." in texts
    assert any("m0 is M-0" in text for text in texts) and any("have fractions" in text for text in texts)


def test_published_tables_have_no_samples():
    adata = anndata.AnnData(
        obs=pd.DataFrame(index=["disease"]),
        var=pd.DataFrame(
            {"human_symbol": ["CD63", None], "mapping_route": ["gene table: symbol", "none"]},
            index=["a", "b"],
        ),
        layers={"log2fc": np.array([[1.0, np.nan]])},
    )
    card = CARD.model_copy(update={"assay": "effects"})
    _, quality, values = assess(adata, card, axis=AXIS)
    assert (quality["n_samples"], quality["samples"], quality["n_mapped"]) == (0, [], 1)
    assert values.empty and "cannot be checked" in quality["checks"][0]["text"]


def test_same_result_each_time():
    first, second = (assess(dataset(), CARD, axis=AXIS)[1] for _ in range(2))
    assert json.dumps(first) == json.dumps(second)


@cache
def motrpac(shared, tissue):
    """Muscle RNA of one tissue, read once."""
    name = f"TRNSCRPT_{tissue}.rda"
    card = ReadCard(
        id="gn",
        organism="rat",
        tissue="muscle",
        compartment="tissue",
        assay="rna_counts",
        files=[{"name": name, "reader": "r_object"}],
        samples_from={"file": name},
        columns={"sample": "viallabel", "group": "timepoint", "sex": "sex"},
    )
    return read(card, shared / "data/motrpac_muscle", sheet=None, orthologs=None)


RAT = CARD.model_copy(update={"organism": "rat"})


@pytest.mark.shared
@pytest.mark.parametrize(("tissue", "each"), [("GN", 25), ("VL", 24)])
def test_motrpac_sexes(shared, tissue, each):
    """The consortium's own labels: 25 (24) of each sex, all of them fit."""
    _, quality, _ = assess(motrpac(shared, tissue), RAT, axis=AXIS, sex_mismatch="stop")
    assert (quality["sex"]["n_female"], quality["sex"]["n_male"]) == (each, each)
    assert quality["sex"]["ambiguous"] == []


@pytest.mark.shared
def test_planted_swaps_in_motrpac(shared):
    adata = motrpac(shared, "GN").copy()
    swapped = ["90245015512", adata.obs_names[-1]]
    sex = adata.obs["sex"].astype(object)
    sex[swapped] = sex[swapped].map({"female": "male", "male": "female"})
    adata.obs["sex"] = pd.Categorical(sex)
    _, quality, _ = assess(adata, RAT, axis=AXIS)
    assert quality["sex"]["mismatches"] == swapped


@pytest.mark.slow
def test_fast_enough():
    """20,000 features x 50 samples in under two seconds of processor time (after imports)."""
    import time

    rng = np.random.default_rng(0)
    counts = rng.negative_binomial(2, 0.01, (50, 20_000)).astype(float)
    adata = anndata.AnnData(counts, var=pd.DataFrame(index=[f"Gene{i}" for i in range(20_000)]))
    adata.var["symbol"] = adata.var_names
    adata.var["human_symbol"] = adata.var_names.str.upper()
    adata.var["mapping_route"] = "gene table: symbol"
    for column in ("group", "sex", "batch", "subject"):
        adata.obs[column] = pd.Categorical(["a", "b"] * 25 if column == "group" else [None] * 50)
    adata.uns["dataset"] = {"id": "x", "scale": "counts"}
    assess(adata[:, :100].copy(), CARD, axis=AXIS)
    start = time.process_time()
    assess(adata, CARD, axis=AXIS)
    assert time.process_time() - start < 2


# --- which genes the features are ---------------------------------------------------------------------------------


def test_the_mapping_rate_is_of_tested_features_and_a_low_one_is_a_warning():
    """Four genes of MOUSE, Cd63 and Flot1 (never seen) are known; 198 others are counted and in no table."""
    quality = assess(dataset(), CARD, axis=AXIS, min_mapped=0.5)[1]
    mapping = quality["mapping"]
    assert mapping["n_features"] == len(MOUSE) + 200
    assert mapping["n_tested"] < mapping["n_features"]  # Flot1 has no counts
    assert mapping["n_identified"] + mapping["n_unknown"] == mapping["n_tested"]
    assert (
        quality["mapping_rate"]
        == mapping["rate"]
        == pytest.approx(mapping["n_identified"] / mapping["n_tested"], rel=1e-3)
    )
    check = next(check for check in quality["checks"] if check["about"] == "mapping")
    assert check["level"] == "warning" and "identifiers: config/identifiers.yaml" in check["text"]
    low = assess(dataset(), CARD, axis=AXIS, min_mapped=0.01)[1]
    assert next(c for c in low["checks"] if c["about"] == "mapping")["level"] == "note"  # few human genes


def test_proteins_of_other_species_and_decoys_are_told_apart_from_unknown_ones():
    adata = dataset()
    adata.var["mapping_route"] = (
        ["none: a protein of cattle"] * 3
        + ["none: contaminant or decoy"] * 2
        + ["none: no identifier that the tables know"] * (adata.n_vars - 5)
    )
    adata.X = np.log2(adata.X + 1)
    adata.uns["dataset"]["scale"] = "log2"
    mapping = assess(adata, CARD.model_copy(update={"assay": "protein"}), axis=AXIS)[1]["mapping"]
    assert (mapping["foreign"], mapping["n_decoys"]) == ({"cattle": 3}, 2)
    assert mapping["n_unknown"] == mapping["n_tested"] - 5


def test_names_like_numbers_come_back_as_they_were_written(tmp_path):
    """A group called 1 and one called NA: read as numbers and as nothing they would be no groups of the page."""
    from sevaxis.base.tables import read_named

    adata = dataset()
    adata.obs["group"] = pd.Categorical(["1", "NA"] * 4)
    adata.obs["batch"] = pd.Categorical(["01", "01", "2", "2"] * 2)
    adata.obs_names = [f"{i}" for i in range(8)]
    _, quality, values = assess(adata, CARD, axis=AXIS)
    values.to_csv(tmp_path / "axis_values.tsv", sep="\t", index=False, float_format="%.6g")
    again = read_named(tmp_path / "axis_values.tsv")
    for column in ("group", "batch", "sample", "sex"):
        assert again[column].tolist() == values[column].astype(str).tolist()
    assert set(again["group"]) == {sample["group"] for sample in quality["samples"]}
    assert again["subject"].isna().all() and again["value"].dtype == float
