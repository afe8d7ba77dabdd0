"""How much of real public tables the public tables of identifiers know: targets set before, denominators told.

The tables are those of ``config/identifiers.yaml``, found in the folder of public data by their checksums.
"""

import time

import anndata
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sevaxis.files.mirror import Mirror
from sevaxis.genes.gene_table import build_gene_table
from sevaxis.genes.mapping import map_features
from sevaxis.genes.orthologs import build_orthologs
from sevaxis.genes.r_frame import read_r_frame
from sevaxis.genes.routes import identified
from sevaxis.study.study import load_study

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def tables(root, shared):
    """Gene tables of all organisms."""
    mirror, told = Mirror(shared / "data"), load_study(root / "config/public.yaml", root=root).identifiers
    place = {
        source: next(iter(mirror.find(source.name, source.sha256, dataset="identifiers")))
        for source in told.sources
    }
    accessions = {
        name: [source for source in told.of(name) if source.reader == "accessions"] for name in told.organisms
    } | dict(told.others)

    def files(sources):
        return [(place[source], source.reader) for source in sources]

    return {
        organism: build_gene_table(
            files(told.of(organism)),
            {species: files(of) for species, of in accessions.items() if species != organism},
        )
        for organism in told.organisms
    }


@pytest.fixture(scope="module")
def orthologs(shared):
    return {
        organism: build_orthologs(shared / f"data/orthologs_hcop/{organism}.rda", "hcop", organism)
        for organism in ("mouse", "rat")
    }


@pytest.fixture
def mapped(tables, orthologs):
    """Map named features; the annotated features and what is told of them."""

    def run(organism, names, **columns):
        var = pd.DataFrame(columns, index=pd.Index(names))
        adata = anndata.AnnData(np.ones((1, len(var))), var=var)
        return adata, map_features(adata, organism, orthologs.get(organism), tables[organism])

    return run


def groups(path, column, **options):
    return pd.read_csv(path, encoding="utf-8-sig", **options)[column].drop_duplicates().tolist()


def test_c2c12(shared, mapped):
    """660 rows: 335 at least are mouse genes, 53 are cattle's, 35 CON__ or REV__; the rest is in no table."""
    names = read_r_frame(shared / "data/c2c12_elv_PXD000022/intensity_PXD000022.rda")["Protein.IDs"].to_list()
    adata, report = mapped("mouse", names)
    assert len(names) == 660
    assert report["n_identified"] >= 335
    assert report["foreign"] == {"cattle": 53} and report["n_decoys"] == 35
    unknown = adata.var["mapping_route"].eq("none: no identifier that the tables know").sum()
    assert report["n_identified"] + 53 + 35 + unknown == 660
    cattle = adata.var["mapping_route"].eq("none: a protein of cattle")
    assert adata.var.loc[cattle, ["symbol", "human_symbol"]].isna().all().all()
    # the panels' table has P41731 alone; Q8BT06 is TrEMBL's accession of the same gene
    assert adata.var.loc["Q8BT06", "human_symbol"] == "CD63"


def test_accessions_and_genes_of_one_table_help_each_other(shared, mapped):
    path = shared / "data/human_liver_niu/niu_2022_molsystbiol_set.csv"
    frame = pd.read_csv(path, encoding="utf-8-sig")
    genes = frame["PG.Genes"]
    columns = {"PG.Genes": genes.tolist(), "symbol": genes.str.split(";").str[0].tolist()}
    adata, report = mapped("human", frame["PG.ProteinAccessions"].tolist(), **columns)
    assert report["n_identified"] >= 0.99 * adata.n_vars


@pytest.mark.parametrize(
    ("organism", "path", "column", "options", "least"),
    [
        # 5,726 of 5,843 by accessions alone: 97.995 %
        ("human", "human_liver_niu/niu_2022_molsystbiol_set.csv", "PG.ProteinAccessions", {}, 0.979),
        ("human", "ev_ascites_PXD041751/03_data-processed.csv", "ID", {}, 0.98),
        ("human", "ev_ascites_PXD041751/03_data-processed.csv", "Suggested.Symbol", {}, 0.98),
        ("human", "formats_protdata/combined_protein.tsv", "Protein", {"sep": "\t"}, 0.97),
        ("human", "breast_cancer_exosome_pride/filtered_protein_groups.csv", "Majority protein IDs", {}, 0.98),
        ("human", "human_muscle_fibres/data_proteomics_pseudobulk.csv", "Unnamed: 0", {}, 0.98),
        ("mouse", "bv2_microglia_ev/cell_proteome_ms.csv", "Majority protein IDs", {}, 0.98),
        ("mouse", "bv2_microglia_ev/ev_perseus_normalized.csv", "Majority protein IDs", {"skiprows": [1, 2]}, 0.98),
    ],
)  # fmt: skip
def test_protein_tables(shared, mapped, organism, path, column, options, least):
    names = groups(shared / "data" / path, column, **options)
    adata, report = mapped(organism, names)
    own = adata.n_vars - report["n_decoys"] - sum(report["foreign"].values())
    assert report["n_identified"] >= least * own


def test_rat_refseq(shared, mapped):
    """MoTrPAC's proteome by NP_ accessions with versions; its own symbols are the independent source."""
    from sevaxis.matrix.readers.r_object import read_r_object

    var = read_r_object(shared / "data/motrpac_muscle/PROT_GN.rda").var
    theirs = var["symbol"].astype("string")
    adata, report = mapped("rat", var.index.tolist())
    assert "refseq" in report["identifiers"]
    assert report["n_identified"] >= 0.92 * adata.n_vars
    known = identified(adata.var) & theirs.notna().to_numpy()
    ours = adata.var["symbol"].astype("string").to_numpy(object)[known]
    assert (ours == theirs.to_numpy(object)[known]).mean() > 0.85  # symbols were renamed since


def test_ensembl_of_protein_coding_genes(shared, mapped):
    """Ensembl 109's protein-coding genes with a symbol (annotables, which is no source of ours)."""
    genes = read_r_frame(shared / "data/identifiers/annotables/grch38.rda").unique("ensgene")
    genes = genes.filter(
        pl.col("biotype") == "protein_coding", pl.col("symbol") != "", pl.col("chr").str.len_chars() < 3
    )
    names = genes["ensgene"].to_list()
    adata, report = mapped("human", [f"{name}.7" for name in names])
    assert len(names) > 19_000
    assert report["n_identified"] >= 0.99 * len(names)
    known = identified(adata.var)
    same = adata.var["symbol"].to_numpy(object)[known] == genes["symbol"].to_numpy()[known]
    assert same.mean() > 0.98


def test_ensembl_of_mouse_and_rat(shared, mapped):
    names = groups(shared / "data/mouse_liver_pnac/20210307_counts.txt", "Feature", sep="\t")
    assert mapped("mouse", names)[1]["n_identified"] >= 0.99 * len(names)
    from sevaxis.matrix.readers.r_object import read_r_object

    names = read_r_object(shared / "data/motrpac_muscle/TRNSCRPT_GN.rda").var.index.tolist()
    assert mapped("rat", names)[1]["n_identified"] >= 0.99 * len(names)


def test_entrez(shared, mapped):
    """HCOP's Entrez genes of protein-coding pairs, of rat and of human; it is no source of the gene tables."""
    pairs = read_r_frame(shared / "data/orthologs_hcop/rat.rda").to_pandas()
    strong = pairs[pairs["support"].str.count(",") >= 4]
    for organism in ("human", "rat"):
        names = strong[f"{organism}_entrez"].dropna().astype(int).astype(str).unique()
        names = np.random.default_rng(0).permutation(names).tolist()
        assert len(names) > 14_000
        assert mapped(organism, names)[1]["n_identified"] >= 0.97 * len(names)


def test_entry_names_of_mouse_are_the_genes_of_the_accessions(shared, mapped):
    """Entry names are few and shared by orthologs: what is mapped agrees with FragPipe's genes where those are."""
    proteins = pd.read_csv(shared / "data/formats_protdata/combined_protein.tsv", sep="\t")
    proteins = proteins[proteins["Entry Name"].str.endswith("_HUMAN", na=False)].drop_duplicates("Entry Name")
    by_name, _ = mapped("human", proteins["Entry Name"].tolist())
    by_accession, _ = mapped("human", proteins["Protein ID"].tolist())
    both = identified(by_name.var) & identified(by_accession.var)
    assert both.mean() > 0.95
    ours, theirs = (each.var["symbol"].to_numpy(object)[both] for each in (by_name, by_accession))
    assert (ours == theirs).mean() > 0.995


def test_foreign_genes_of_a_spike_are_no_human_genes(shared, mapped):
    """E. coli in human: headers say whose each protein is; 262 are named E. coli's, and none is a human gene."""
    path = shared / "data/spike_ecoli_human_maxlfq/Ecoli_human_MaxLFQ_protein_intensities.csv"
    frame = pd.read_csv(path).drop_duplicates("Protein.IDs")
    columns = {"Fasta.headers": frame["Fasta.headers"].tolist(), "symbol": frame["Gene.names"].tolist()}
    adata, report = mapped("human", frame["Protein.IDs"].tolist(), **columns)
    told = frame["Fasta.headers"].str.contains("OS=Escherichia").to_numpy(bool)
    alone = told & ~frame["Fasta.headers"].str.contains("OS=Homo").fillna(False).to_numpy(bool)
    assert report["foreign"]["E. coli"] == alone.sum()
    assert adata.var.loc[alone, "human_symbol"].isna().all()


def test_tables_load_and_map_in_a_moment(shared, tables, mapped, tmp_path):
    """The issue: well under 2 s for a data set, of which only the organism's part is read."""
    tables["human"].write_parquet(tmp_path / "human.parquet")
    names = groups(shared / "data/human_liver_niu/niu_2022_molsystbiol_set.csv", "PG.ProteinAccessions")
    mapped("human", names[:10])
    start = time.process_time()
    pl.read_parquet(tmp_path / "human.parquet")
    mapped("human", names)
    assert time.process_time() - start < 2
