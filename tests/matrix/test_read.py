"""From files and a sheet to one AnnData; what is refused, with evidence."""

import hashlib
import json

import numpy as np
import pandas as pd
import pytest
from sevaxis.base.problems import Problems
from sevaxis.matrix.read import read
from sevaxis.matrix.scales import check_scale, to_log2
from sevaxis.study.card import ReadCard

GENES = ["FBXO2", "SORBS3", "FLOT1", "CD63", "ALB", "COL1A1"]
SAMPLES = ["s-1", "s-2", "s-3", "s-4"]
SHEET = """sample group sex plate rin
S1 case F p1 8.5
s-2 case male p2 7
s-3 control f p1 -
s-4 control M p2 9
""".replace(" ", "\t").replace("-\n", "\n")


def card(**parts):
    base = {
        "id": "x",
        "organism": "human",
        "tissue": "muscle",
        "compartment": "tissue",
        "assay": "rna_counts",
        "files": [{"name": "m.tsv", "reader": "delimited", "options": {"identifier": "symbol"}}],
        "columns": {"sample": "sample", "group": "group", "sex": "sex", "batch": "plate"},
    }
    return ReadCard.model_validate(base | parts)


def table(values, samples=SAMPLES, genes=GENES):
    return pd.DataFrame(values, index=pd.Index(genes[: len(values)], name="gene"), columns=samples)


@pytest.fixture
def folder(tmp_path):
    counts = np.arange(24).reshape(6, 4) * 1000
    table(counts).to_csv(tmp_path / "m.tsv", sep="\t")
    (tmp_path / "samples.tsv").write_text(SHEET)
    return tmp_path


def built(folder, card=None, **options):
    options = {"sheet": folder / "samples.tsv", "orthologs": None} | options
    return read(card or globals()["card"](), folder, **options)


def messages(folder, *args, **options):
    with pytest.raises(Problems) as error:
        built(folder, *args, **options)
    return [str(problem) for problem in error.value.problems]


def test_columns_of_the_contract(folder):
    adata = built(folder)
    assert adata.obs_names.tolist() == ["S1", "s-2", "s-3", "s-4"]  # the sheet's names, in its order
    assert adata.obs["group"].tolist() == ["case", "case", "control", "control"]
    assert adata.obs["sex"].tolist() == ["female", "male", "female", "male"]
    assert adata.obs["batch"].tolist() == ["p1", "p2", "p1", "p2"]
    assert adata.obs["subject"].isna().all()
    np.testing.assert_array_equal(adata.obs["rin"], [8.5, 7, np.nan, 9])  # a column of numbers is numbers
    assert adata.var["human_symbol"].tolist() == GENES
    assert adata.X[1].tolist() == [1000, 5000, 9000, 13000, 17000, 21000]
    assert dict(adata.uns["dataset"]) == {
        "id": "x",
        "organism": "human",
        "tissue": "muscle",
        "compartment": "tissue",
        "assay": "rna_counts",
        "scale": "counts",
    }
    provenance = json.loads(adata.uns["provenance"])
    assert provenance["samples"]["renamed"] == {"S1": "s-1"}  # names that differ in case and hyphen are noted
    assert provenance["files"][0]["name"] == "m.tsv"


def test_same_bytes_each_time(folder, tmp_path):
    sums = []
    for name in ("a.h5ad", "b.h5ad"):
        built(folder).write_h5ad(tmp_path / name, compression="gzip")
        sums.append(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert sums[0] == sums[1]


def test_written_and_read_again(folder, tmp_path):
    from anndata import read_h5ad

    adata = built(folder)
    adata.write_h5ad(tmp_path / "a.h5ad")
    again = read_h5ad(tmp_path / "a.h5ad")
    pd.testing.assert_frame_equal(again.obs, adata.obs)
    pd.testing.assert_frame_equal(again.var, adata.var)


def test_samples_that_do_not_meet_are_named_with_their_cells(folder):
    (folder / "samples.tsv").write_text(SHEET.replace("s-3", "s-33"))
    found = messages(folder)
    assert len(found) == 2
    assert (
        "no such sample" in found[0]
        and "samples.tsv:4, column 'sample'" in found[0]
        and "did you mean 's-3'" in found[0]
    )
    assert "says nothing about a sample" in found[1] and "s-3" in found[1]


def test_names_are_never_matched_loosely_to_two(folder):
    table(np.ones((6, 4)), ["s-1", "S.1", "s-3", "s-4"]).to_csv(folder / "m.tsv", sep="\t")
    (folder / "samples.tsv").write_text(SHEET.replace("s-2", "s1"))
    assert sum("no such sample" in message for message in messages(folder)) == 2


def test_keep_and_exclude_leave_reasons(folder):
    adata = built(folder, card(keep={"group": ["case"]}, exclude={"s-2": "contaminated"}))
    assert adata.obs_names.tolist() == ["S1"]
    excluded = json.loads(adata.uns["provenance"])["samples"]["excluded"]
    assert excluded == {
        "s-2": "contaminated",
        "s-3": "group is control, not case",
        "s-4": "group is control, not case",
    }


def test_sex_of_the_card(folder):
    adata = built(folder, card(sex="female", columns={"sample": "sample", "group": "group"}))
    assert adata.obs["sex"].tolist() == ["female"] * 4 and adata.obs["batch"].isna().all()


def beside_values(name, content, names):
    """Files of a card: the values, and a sheet about their samples or features, whose names are in one column."""
    sheet = {"name": name, "content": content, "options": {"layout": "sheet", "sample": names}}
    return [
        {"name": "m.tsv", "reader": "delimited", "options": {"identifier": "symbol"}},
        {"reader": "delimited", **sheet},
    ]


def test_sheet_inside_a_retrieved_file(folder):
    (folder / "annotation.tsv").write_text("name\tarm\ns-1\ta\ns-2\ta\ns-3\tb\ns-4\tb\ns-5\tb\n")
    files = beside_values("annotation.tsv", "samples", "name")
    columns = {"sample": "name", "group": "arm"}
    adata = built(
        folder, card(files=files, columns=columns, samples_from={"file": "annotation.tsv"}), sheet=None
    )
    assert adata.obs["group"].tolist() == ["a", "a", "b", "b"]
    assert json.loads(adata.uns["provenance"])["samples"]["without_values"] == ["s-5"]


def two_files(folder, second_genes, second):
    table([[1, 2], [3, 4], [5, 6]], ["s-1", "s-2"]).to_csv(folder / "m.tsv", sep="\t")
    table(second, ["s-3", "s-4"], second_genes).to_csv(folder / "n.tsv", sep="\t")
    options = {"reader": "delimited", "options": {"identifier": "symbol"}}
    return [{"name": "m.tsv", **options}, {"name": "n.tsv", **options}]


def test_count_tables_that_list_only_what_was_seen(folder):
    """No row of zeros in either table: ALB, which the first does not list, was counted 0 times there."""
    files = two_files(folder, ["FBXO2", "SORBS3", "ALB"], [[1, 1], [2, 0], [7, 8]])
    adata = built(folder, card(files=files, join="samples"))
    assert adata[:, "ALB"].X.ravel().tolist() == [0, 0, 7, 8]
    assert adata[:, "FLOT1"].X.ravel().tolist() == [5, 6, 0, 0]


def test_count_tables_of_different_annotations(folder):
    """A row of zeros shows that unseen genes are listed: what one table does not list is unknown, and left out."""
    files = two_files(folder, ["FBXO2", "SORBS3", "ALB"], [[1, 1], [2, 0], [0, 0]])
    adata = built(folder, card(files=files, join="samples"))
    assert adata.var_names.tolist() == ["FBXO2", "SORBS3"]
    assert "2 features" in json.loads(adata.uns["provenance"])["joining"]["rule"]


def test_more_features_from_a_second_file(folder):
    options = {"reader": "delimited", "options": {"identifier": "symbol"}}
    table([[1, 2, 3, 4]], genes=["LDHA"]).to_csv(folder / "n.tsv", sep="\t")
    files = [{"name": "m.tsv", **options}, {"name": "n.tsv", **options}]
    adata = built(folder, card(files=files, join="features"))
    assert adata.var_names.tolist() == [*GENES, "LDHA"]
    assert adata[:, "LDHA"].X.ravel().tolist() == [1, 2, 3, 4]
    files[1]["name"] = "m.tsv"
    (folder / "again.tsv").write_text((folder / "m.tsv").read_text())
    files[1]["name"] = "again.tsv"
    assert "same feature names" in messages(folder, card(files=files, join="features"))[0]


def test_a_file_per_sample(folder):
    """STAR's tables: four summary rows, then gene, unstranded, forward, reverse."""
    head = "".join(f"N_{word}\t5\t5\t5\n" for word in ("unmapped", "multimapping", "noFeature", "ambiguous"))
    files = []
    for i, sample in enumerate(SAMPLES):
        (folder / f"{i}.tab").write_text(f"{head}FBXO2\t{i + 1}\t0\t9\nALB\t{10 * (i + 1)}\t0\t9\n")
        files.append(
            {"name": f"{i}.tab", "reader": "star", "options": {"identifier": "symbol"}, "sample": sample}
        )
    adata = built(folder, card(files=files))
    assert adata.obs_names.tolist() == ["S1", "s-2", "s-3", "s-4"]
    assert adata.X.tolist() == [[1, 10], [2, 20], [3, 30], [4, 40]]


def test_feature_annotation_of_a_second_file(folder):
    (folder / "genes.tsv").write_text("gene\tbiotype\nFBXO2\tprotein_coding\nALB\tprotein_coding\n")
    adata = built(folder, card(files=beside_values("genes.tsv", "features", "gene")))
    assert adata.var["biotype"].astype(object).where(adata.var["biotype"].notna(), None).tolist() == [
        "protein_coding",
        None,
        None,
        None,
        "protein_coding",
        None,
    ]


def test_a_sample_without_a_group(folder):
    (folder / "samples.tsv").write_text(SHEET.replace("s-3\tcontrol", "s-3\t"))
    found = messages(folder)
    assert (
        len(found) == 1 and "'s-3' has no group" in found[0] and "samples.tsv:4, column 'group'" in found[0]
    )


def test_files_without_a_join(folder):
    files = two_files(folder, GENES[:3], [[1, 1], [2, 0], [0, 0]])
    assert "does not say how the files become one" in messages(folder, card(files=files))[0]


def test_published_results_have_a_row_per_contrast(folder):
    (folder / "de.csv").write_text("gene,lfc,padj\nFBXO2,1.04,0.0015\nALB,-0.5,0.2\n")
    options = {
        "feature": "gene",
        "identifier": "symbol",
        "contrasts": {"disease": {"log2fc": "lfc", "q": "padj"}},
    }
    files = [{"name": "de.csv", "reader": "effects_table", "content": "effects", "options": options}]
    adata = built(folder, card(assay="effects", files=files), sheet=None)
    assert adata.obs_names.tolist() == ["disease"]
    assert adata.layers["log2fc"].ravel().tolist() == [1.04, -0.5]
    assert adata.var["human_symbol"].tolist() == ["FBXO2", "ALB"]


# --- values against what the card says they are ----------------------------------------

NAMES = ([f"s{i}" for i in range(4)], [f"g{i}" for i in range(300)])


def scale_problem(values, scale, **options):
    problems, _ = check_scale(values, scale, "x", NAMES, **options)
    return f"{problems[0].what}: {problems[0].found} ({problems[0].hint})" if problems else None


@pytest.fixture
def counts():
    return np.random.default_rng(1).negative_binomial(1, 1e-4, (4, 300)).astype(float)


def test_counts_pass_and_so_do_estimated_counts(counts):
    assert scale_problem(counts, "counts") is None
    # salmon and RSEM give fractions, about as many as there are reads
    assert scale_problem(counts + 0.37, "counts") is None


def test_values_that_are_no_counts(counts):
    assert "look like logarithms" in scale_problem(np.log2(counts + 1), "counts")
    per_million = counts / counts.sum(axis=1, keepdims=True) * 1e6
    assert "per million" in scale_problem(per_million, "counts")
    lengths = np.random.default_rng(2).uniform(0.2, 9, 300)
    fpkm = per_million / lengths
    assert "FPKM" in scale_problem(fpkm, "counts")
    assert "missing" in scale_problem(np.where(counts > 9000, np.nan, counts), "counts")


def test_negative_and_infinite_values_are_named(counts):
    counts[2, 7] = -3
    found = check_scale(counts, "counts", "x", NAMES)[0][0]
    assert "sample 's2', feature 'g7'" in found.where and found.found.startswith("-3")
    with np.errstate(divide="ignore"):
        assert "infinite" in scale_problem(np.log2(np.array([[0.0, 1, 2]])), "log2")


def test_an_empty_sample_is_refused(counts):
    counts[1] = 0
    for scale, values in {
        "counts": counts,
        "linear": counts,
        "log2": np.where(counts > 0, 20.5, np.nan),
    }.items():
        found = check_scale(values, scale, "x", NAMES)[0][0]
        assert found.what == "A sample is empty" and "sample 's1'" in found.where, scale


def test_log2_against_linear(counts):
    linear = counts * 1e4 + 5e5
    assert "scale: linear" in scale_problem(linear + 0.5, "log2")
    assert "scale: counts" in scale_problem(counts, "log2")
    assert "scale: counts" in scale_problem(np.minimum(counts, 20), "log2")  # log2 values are not all whole
    assert "scale: log2" in scale_problem(np.log2(linear), "linear")
    assert scale_problem(np.log2(linear), "log2") is None
    ratios = np.random.default_rng(3).normal(0, 1, (4, 300))
    assert scale_problem(ratios, "log2") is None  # TMT ratios lie around zero


def test_zeros_among_log2_intensities_must_be_declared(counts):
    values = np.log2(counts * 1e4 + 5e5)
    values[:, :30] = 0
    assert "zero_is_missing" in scale_problem(values, "log2")
    assert scale_problem(values, "log2", zero_is_missing=True) is None


def test_linear_becomes_log2_and_zero_missing():
    np.testing.assert_array_equal(to_log2(np.array([0.0, 1, 8, np.nan])), [np.nan, 0, 3, np.nan])


def test_intensities_of_a_card(folder):
    values = np.array([[0, 1024, 2048, 4096], [65536, 131072, 0, 0]])
    table(values).to_csv(folder / "m.tsv", sep="\t")
    adata = built(folder, card(assay="protein", values={"scale": "linear"}))
    np.testing.assert_array_equal(adata.X, [[np.nan, 16], [10, 17], [11, np.nan], [12, np.nan]])
    assert adata.uns["dataset"]["scale"] == "log2"


# --- real data ----------------------------------------


@pytest.mark.shared
def test_c2c12_vesicles(shared, tmp_path):
    """Counted in the file: 660 proteins, 39.9 % zeros, FLOT1 (O08917) in 0 of 3 myoblast and 3 of 3 myotube runs."""
    sheet = "sample\tgroup\n" + "".join(f"Intensity.{g}.{i}\t{g}\n" for g in ("MB", "MT") for i in (1, 2, 3))
    (tmp_path / "samples.tsv").write_text(sheet)
    options = {"feature": "Protein.IDs", "keep": ["decoys", "contaminants"]}
    files = [{"name": "intensity_PXD000022.rda", "reader": "r_object", "options": options}]
    told = card(organism="mouse", assay="protein", files=files, values={"scale": "linear"}, columns={})
    adata = read(
        told,
        shared / "data/c2c12_elv_PXD000022",
        sheet=tmp_path / "samples.tsv",
        orthologs=None,
    )
    assert adata.shape == (6, 660)
    assert np.isnan(adata.X).mean() == pytest.approx(0.399, abs=0.0005)
    seen = ~np.isnan(adata[:, "O08917"].X.ravel())
    assert adata.var.loc["O08917", "human_symbol"] == "FLOT1"
    assert seen.tolist() == [False, False, False, True, True, True]


@pytest.mark.shared
def test_motrpac_proteome(shared):
    """SCIENCE 0: 6,179 x 57, 28 females; FLOT1 and SORBS3 measured, FBXO2 and CD63 not."""
    from sevaxis.genes.presence import axis_status

    files = [{"name": "PROT_GN.rda", "reader": "r_object"}]
    told = card(
        organism="rat",
        assay="protein",
        files=files,
        samples_from={"file": "PROT_GN.rda"},
        columns={"sample": "viallabel", "group": "timepoint", "sex": "sex"},
    )
    adata = read(told, shared / "data/motrpac_muscle", sheet=None, orthologs=None)
    assert adata.shape == (57, 6179)
    assert (adata.obs["sex"] == "female").sum() == 28
    status = axis_status(adata, ["FBXO2", "SORBS3", "FLOT1", "CD63"], "rat")
    assert status["status"].tolist() == ["absent", "present", "present", "absent"]


def test_a_sample_counted_twice_is_refused(folder):
    genes = [f"GENE{i}" for i in range(40)]
    counts = np.random.default_rng(1).integers(0, 1000, (40, 4))
    counts[:, 2] = counts[:, 0]
    table(counts, genes=genes).to_csv(folder / "m.tsv", sep="\t")
    (message,) = messages(folder)
    assert "sample 's-3'" in message and "'s-3' equals 'S1' in all 40 features" in message
    counts[5, 2] += 1
    table(counts, genes=genes).to_csv(folder / "m.tsv", sep="\t")
    assert built(folder).n_obs == 4


def test_a_table_on_its_side_is_said_once(folder):
    genes = [f"gene {i}" for i in range(1500)]
    values = np.random.default_rng(1).integers(0, 1000, (1500, 4))
    table(values, genes=genes).T.to_csv(folder / "m.tsv", sep="\t")
    (message,) = messages(folder)
    assert "lies on its side" in message and "layout: transposed" in message
    lying = card(files=[{"name": "m.tsv", "reader": "delimited", "options": {"layout": "transposed"}}])
    assert built(folder, lying).shape == (4, 1500)


def test_a_thousand_unknown_samples_are_one_problem(folder):
    table(np.ones((6, 1500)) * 7, [f"x{i}" for i in range(1500)]).to_csv(folder / "m.tsv", sep="\t")
    found = messages(folder)
    assert len(found) == 5  # four rows of the sheet, and what the matrix has
    assert "nothing about 1500 samples" in found[-1]
