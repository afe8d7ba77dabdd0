"""Counts in the formats of salmon, kallisto, RSEM, HTSeq, featureCounts, GCT, 10x, h5ad and loom."""

import gzip

import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import io, sparse
from sevaxis.base.problems import Problems
from sevaxis.matrix.readers.registry import reader


def written(tmp_path, name, text):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


SALMON = "Name\tLength\tEffectiveLength\tTPM\tNumReads\n"


def test_salmon_adds_transcripts_up_to_genes(tmp_path):
    rows = "ENST01.1\t100\t50\t1\t10.25\nENST02.3\t100\t50\t1\t5.5\nENST03.1\t100\t50\t1\t7\nENST99.1\t9\t9\t1\t3\n"
    path = written(tmp_path, "mouse_7/quant.sf", SALMON + rows)
    written(
        tmp_path, "mouse_7/tx2gene.tsv", "transcript\tgene\nENST01\tFBXO2\nENST02\tFBXO2\nENST03.1\tCD63\n"
    )
    adata = reader("salmon")(path, transcript_to_gene="tx2gene.tsv", identifier="symbol")
    assert list(adata.obs_names) == ["mouse_7"]
    assert adata.to_df().iloc[0].to_dict() == {"FBXO2": 15.75, "CD63": 7.0}
    assert adata.uns["reading"]["transcripts_without_gene_dropped"] == 1
    plain = reader("salmon")(path)
    assert plain.n_vars == 4
    with pytest.raises(Problems, match="table of transcripts is not there"):
        reader("salmon")(path, transcript_to_gene="t2g.tsv")


def test_salmon_with_names_of_gencode(tmp_path):
    name = "ENST0001.1|ENSG00000116661.11|OTT|OTT|FBXO2-201|FBXO2|1234|protein_coding|"
    other = "ENST0002.1|ENSG00000116661.11|OTT|OTT|FBXO2-202|FBXO2|900|retained_intron|"
    path = written(tmp_path, "s1.quant.sf", SALMON + f"{name}\t1\t1\t1\t2.5\n{other}\t1\t1\t1\t0.5\n")
    adata = reader("salmon")(path)
    assert adata.to_df().to_dict("list") == {"ENSG00000116661.11": [3.0]}
    assert list(adata.obs_names) == ["s1"]
    assert adata.var["ensembl"].tolist() == ["ENSG00000116661.11"]


def test_kallisto_as_text_and_hdf5(tmp_path):
    text = written(
        tmp_path,
        "m1/abundance.tsv",
        "target_id\tlength\teff_length\test_counts\ttpm\nT1\t9\t8\t1.5\t3\nT2\t9\t8\t0\t0\n",
    )
    with h5py.File(tmp_path / "m1/abundance.h5", "w") as file:
        file["aux/ids"] = np.array([b"T1", b"T2"])
        file["est_counts"] = np.array([1.5, 0.0])
    for path in (text, tmp_path / "m1/abundance.h5"):
        adata = reader("kallisto")(path)
        assert list(adata.obs_names) == ["m1"]
        assert adata.to_df().to_dict("list") == {"T1": [1.5], "T2": [0.0]}


def test_rsem(tmp_path):
    header = "gene_id\ttranscript_id(s)\tlength\teffective_length\texpected_count\tTPM\tFPKM\n"
    rows = (
        "ENSMUSG00000041556_Fbxo2\tT1,T2\t9\t8\t12.00\t3\t2\nENSMUSG00000025351_Cd63\tT3\t9\t8\t7.31\t3\t2\n"
    )
    adata = reader("rsem")(written(tmp_path, "liver1.genes.results", header + rows))
    assert list(adata.obs_names) == ["liver1"]
    assert list(adata.var_names) == ["ENSMUSG00000041556", "ENSMUSG00000025351"]
    assert adata.var["symbol"].tolist() == ["Fbxo2", "Cd63"]
    assert adata.X.tolist() == [[12.0, 7.31]]


def test_htseq(tmp_path):
    rows = "ENSG00000116661.11\t5\nENSG00000135404.12\t0\n__no_feature\t77\n__ambiguous\t3\n__alignment_not_unique\t9\n"
    adata = reader("htseq")(written(tmp_path, "GSM4006012_A1.counts.txt", rows))
    assert list(adata.obs_names) == ["GSM4006012_A1"]
    assert adata.X.tolist() == [[5, 0]]
    assert adata.uns["reading"]["reads__no_feature"] == 77
    several = "gene\ts1\ts2\nA\t1\t2\n__no_feature\t3\t4\n"
    adata = reader("htseq")(written(tmp_path, "all.tsv", several), identifier="symbol")
    assert adata.X.tolist() == [[1], [2]]
    named = "ENSG00000116661\tFBXO2\t5\t6\n__no_feature\t\t1\t1\n"
    adata = reader("htseq")(written(tmp_path, "named.tsv", named))
    assert adata.X.tolist() == [[5], [6]]
    assert adata.var["symbol"].tolist() == ["FBXO2"]


def test_htseq_compressed(tmp_path):
    path = tmp_path / "GSM1.counts.txt.gz"
    path.write_bytes(gzip.compress(b"A\t1\n__no_feature\t2\n"))
    adata = reader("htseq")(path)
    assert (list(adata.obs_names), adata.X.tolist()) == (["GSM1"], [[1]])


def test_featurecounts(tmp_path):
    text = (
        '# Program:featureCounts v2.0.1; Command:"featureCounts" "-a" "x.gtf"\n'
        "Geneid\tChr\tStart\tEnd\tStrand\tLength\t/data/a/s1.Aligned.sortedByCoord.out.bam\t/data/b/s2.bam\n"
        "ENSMUSG00000041556\tchr4;chr4\t1;5\t3;9\t+;+\t8\t12\t0\n"
    )
    adata = reader("featurecounts")(written(tmp_path, "counts.txt", text))
    assert list(adata.obs_names) == ["s1", "s2"]
    assert adata.X.tolist() == [[12], [0]]
    assert adata.var["Length"].tolist() == [8]
    alike = text.replace("s1.Aligned.sortedByCoord.out.bam", "x.bam").replace("s2.bam", "x.bam")
    assert list(reader("featurecounts")(written(tmp_path, "alike.txt", alike)).obs_names) == ["a", "b"]
    with pytest.raises(Problems, match="no table of featureCounts"):
        reader("featurecounts")(written(tmp_path, "c.summary", "Status\ts1\nAssigned\t3\n"))


def test_gct(tmp_path):
    old = "#1.2\n2\t2\nName\tDescription\ts1\ts2\nA\tx\t1.5\t2\nB\ty\t3\t\n"
    adata = reader("gct")(written(tmp_path, "a.gct", old))
    assert adata.to_df().loc["s1"].tolist() == [1.5, 3]
    assert np.isnan(adata.to_df().loc["s2", "B"])
    assert adata.var["Description"].tolist() == ["x", "y"]
    new = "#1.3\n2\t2\t1\t1\nid\tpr_gene_symbol\ts1\ts2\nsex\tna\tF\tM\nA\tFBXO2\t1\t2\nB\tCD63\t3\t4\n"
    adata = reader("gct")(written(tmp_path, "b.gct", new))
    assert adata.obs["sex"].tolist() == ["F", "M"]
    assert adata.X.tolist() == [[1, 3], [2, 4]]
    assert adata.var["pr_gene_symbol"].tolist() == ["FBXO2", "CD63"]
    with pytest.raises(Problems, match="not the size"):
        reader("gct")(written(tmp_path, "c.gct", old.replace("2\t2\n", "3\t2\n", 1)))


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "group", "cells", "genes"),
    [
        ("tests__data_10x_data_1.2.0_filtered_gene_bc_matrices_h5.h5", "hg19_chr21", 12, 343),
        ("tests__data_10x_data_3.0.0_filtered_feature_bc_matrix.h5", "matrix", 1107, 507),
    ],
)
def test_tenx_hdf5(shared, name, group, cells, genes):
    path = shared / "data/formats_10x" / name
    with h5py.File(path) as file:
        total = int(file[group]["data"][:].sum())
        ids = file[group]["features/id" if group == "matrix" else "genes"][:]
        indptr, indices, data = (file[group][part][:] for part in ("indptr", "indices", "data"))
    adata = reader("tenx")(path, cells=True)
    assert adata.shape == (cells, genes)
    assert adata.X.sum() == total
    assert adata.var_names[0] == ids[0].decode()
    # the entries of the third cell, one by one
    third = dict(zip(indices[indptr[2] : indptr[3]], data[indptr[2] : indptr[3]], strict=True))
    assert {i: adata.X[2, i] for i in np.flatnonzero(adata.X[2])} == third
    summed = reader("tenx")(path)
    assert summed.shape == (1, genes)
    assert summed.obs["n_cells"].tolist() == [cells]
    np.testing.assert_array_equal(summed.X[0], adata.X.sum(axis=0))


def test_cells_of_several_genomes_are_refused(tmp_path):
    """Cell Ranger 1 and 2 wrote a group per genome; taking the first would lose the others without a word."""
    with h5py.File(tmp_path / "two.h5", "w") as file:
        for genome in ("hg19", "mm10"):
            file.create_group(genome)
    with pytest.raises(Problems, match="several genomes") as refused:
        reader("tenx")(tmp_path / "two.h5")
    assert refused.value.problems[0].found == "hg19, mm10"
    h5py.File(tmp_path / "empty.h5", "w").close()
    with pytest.raises(Problems, match="no file of Cell Ranger"):
        reader("tenx")(tmp_path / "empty.h5")


@pytest.mark.parametrize("packed", [False, True])
def test_tenx_folder(tmp_path, packed):
    folder = tmp_path / "donor_3"
    folder.mkdir()
    counts = sparse.coo_matrix(np.array([[1, 0, 2], [0, 3, 0]]))
    io.mmwrite(folder / "matrix.mtx", counts)
    files = {
        "features.tsv": "ENSG1\tFBXO2\tGene Expression\nAB1\tCD63_ab\tAntibody Capture\n",
        "barcodes.tsv": "AAA-1\nCCC-1\nGGG-1\n",
        "matrix.mtx": (folder / "matrix.mtx").read_text(),
    }
    (folder / "matrix.mtx").unlink()
    for name, text in files.items():
        if packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(text.encode()))
        else:
            (folder / name).write_text(text)
    path = folder / ("matrix.mtx.gz" if packed else "matrix.mtx")
    adata = reader("tenx")(path)
    assert list(adata.obs_names) == ["donor_3"]
    assert adata.to_df().to_dict("list") == {"ENSG1": [3]}
    assert adata.uns["reading"]["features_of_other_types_dropped"] == 1
    assert reader("tenx")(path, cells=True, feature_type=None).X.tolist() == [[1, 0], [0, 3], [2, 0]]
    next(folder.glob("barcodes*")).unlink()
    with pytest.raises(Problems, match="barcodes of the matrix are missing"):
        reader("tenx")(path)


@pytest.fixture
def cells():
    """Four cells of two donors, three genes."""
    values = np.array([[1, 0, 2], [3, 1, 0], [0, 0, 5], [2, 2, 2]])
    obs = pd.DataFrame(
        {"donor": ["d1", "d1", "d2", "d2"], "type": ["a", "b", "a", "a"], "sex": ["F", "F", "M", "M"]},
        index=["c1", "c2", "c3", "c4"],
    )
    return values, obs, ["FBXO2", "SORBS3", "CD63"]


def test_h5ad_and_pseudobulk(tmp_path, cells):
    import anndata

    values, obs, genes = cells
    content = anndata.AnnData(sparse.csr_matrix(values * 0.5), obs=obs, var=pd.DataFrame(index=genes))
    content.layers["counts"] = sparse.csr_matrix(values)
    content.write_h5ad(tmp_path / "x.h5ad")
    read = reader("h5ad")
    np.testing.assert_array_equal(read(tmp_path / "x.h5ad").X, values * 0.5)
    adata = read(tmp_path / "x.h5ad", layer="counts", pseudobulk=["donor"])
    # d1: (1,0,2) + (3,1,0); d2: (0,0,5) + (2,2,2)
    assert adata.to_df().to_dict("index") == {
        "d1": {"FBXO2": 4, "SORBS3": 1, "CD63": 2},
        "d2": {"FBXO2": 2, "SORBS3": 2, "CD63": 7},
    }
    assert adata.obs["n_cells"].tolist() == [2, 2]
    assert adata.obs["sex"].tolist() == ["F", "M"]
    assert list(read(tmp_path / "x.h5ad", pseudobulk=["donor", "type"]).obs_names) == ["d1_a", "d1_b", "d2_a"]
    content.obs["type"] = ["a", "b", None, "a"]
    content.write_h5ad(tmp_path / "z.h5ad")
    adata = read(tmp_path / "z.h5ad", layer="counts", pseudobulk=["donor", "type"])
    assert adata.to_df().to_dict("split")["data"] == [[1, 0, 2], [3, 1, 0], [2, 2, 2]]
    assert adata.obs["n_cells"].tolist() == [1, 1, 1]
    assert adata.uns["reading"]["cells_without_group"] == 1
    with pytest.raises(Problems, match="did you mean 'counts'"):
        read(tmp_path / "x.h5ad", layer="count")
    (tmp_path / "y.h5ad").write_text("no")
    with pytest.raises(Problems, match="no AnnData file"):
        read(tmp_path / "y.h5ad")


def test_loom(tmp_path, cells):
    values, obs, genes = cells
    with h5py.File(tmp_path / "x.loom", "w") as file:
        file["matrix"] = values.T
        file["row_attrs/Gene"] = np.array(genes, dtype="S")
        for column in obs.columns:
            file[f"col_attrs/{column}"] = np.array(obs[column], dtype="S")
        file["col_attrs/CellID"] = np.array(obs.index, dtype="S")
    adata = reader("loom")(tmp_path / "x.loom")
    assert list(adata.obs_names) == ["c1", "c2", "c3", "c4"]
    np.testing.assert_array_equal(adata.X, values)
    assert reader("loom")(tmp_path / "x.loom", pseudobulk=["donor"]).X.tolist() == [[4, 1, 2], [2, 2, 7]]
