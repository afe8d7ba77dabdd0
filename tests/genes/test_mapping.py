"""Identifiers, orthologs and the mapping of features to human genes."""

import hashlib
import re

import anndata
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sevaxis.base.problems import Problems
from sevaxis.base.resources import load_table
from sevaxis.genes.identifiers import are_row_numbers, members, namespaces_of, species_of_ensembl
from sevaxis.genes.mapping import map_features
from sevaxis.genes.orthologs import build_orthologs
from sevaxis.genes.presence import axis_status

AXIS = ["FBXO2", "SORBS3", "FLOT1", "CD63"]

# HCOP pairs written by hand, with identifiers that no real gene has.
PAIRS = [
    ("GENEA", "Genea", "ENSG99000000001", "ENSMUSG99000000001", "11", "21", "A,B,C,D,E,F"),
    # weak beside both genes' best
    ("GENEA", "Geneb", "ENSG99000000001", "ENSMUSG99000000002", "11", "22", "A"),
    ("GENEB", "Geneb", "ENSG99000000002", "ENSMUSG99000000002", "12", "22", "A,B,C,D"),
    # one mouse gene, two human
    ("TWO1", "Two", "ENSG99000000003", "ENSMUSG99000000003", "13", "23", "A,B,C,D"),
    ("TWO2", "Two", "ENSG99000000004", "ENSMUSG99000000003", "14", "23", "A,B,C"),
    # two mouse genes, one human
    ("MANY", "Many1", "ENSG99000000005", "ENSMUSG99000000004", "15", "24", "A,B"),
    ("MANY", "Many2", "ENSG99000000005", "ENSMUSG99000000005", "15", "25", "A,B"),
    ("SEPT7", "Sept7", "ENSG99000000006", "ENSMUSG99000000006", "16", "26", "A,B,C"),
    # no mouse Ensembl
    ("GENEE", "Genee", "ENSG99000000007", "-", "17", "27.0", "A,B"),
]
COLUMNS = [
    "human_symbol",
    "mouse_symbol",
    "human_ensembl",
    "mouse_ensembl",
    "human_entrez",
    "mouse_entrez",
    "support",
]


@pytest.fixture
def pairs(tmp_path):
    path = tmp_path / "orthologs.tsv"
    pd.DataFrame(PAIRS, columns=COLUMNS).to_csv(path, sep="\t", index=False)
    return path


@pytest.fixture
def orthologs(pairs):
    return build_orthologs(pairs, "table", "mouse")


def data(features, values=None, **var):
    values = np.ones((2, len(features))) if values is None else values
    return anndata.AnnData(np.asarray(values, float), var=pd.DataFrame(var, index=pd.Index(features)))


def humans(adata):
    return [None if pd.isna(cell) else str(cell) for cell in adata.var["human_symbol"]]


# --- identifiers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("ensembl", "ENSG00000161896.12", ["ENSG00000161896"]),
        ("ensembl", "ENSG00000182378.15_PAR_Y", ["ENSG00000182378"]),
        ("entrez", "7503.0", ["7503"]),
        ("uniprot", "Q8CGP2-2", ["Q8CGP2"]),
        ("uniprot", "sp|O75955|FLOT1_HUMAN", ["O75955"]),
        ("uniprot", "Q9CQL1;P61327;CON__P02768;REV__G3UZW7", ["Q9CQL1", "P61327"]),
        ("uniprot", "A0A0G2K4T7, Q5U2Y1", ["A0A0G2K4T7", "Q5U2Y1"]),
        ("refseq", "NP_073192.2", ["NP_073192"]),
        ("refseq", "NP_001004072.2_K267", ["NP_001004072"]),
        ("symbol", "Magohb;Magoh", ["Magohb", "Magoh"]),
        ("symbol", "SEPT7", ["SEPTIN7"]),
        ("symbol", "Cd63-ps", ["Cd63-ps"]),
        ("symbol", "MARCKS", ["MARCKS"]),
        ("name", "ATP synthase subunit alpha, mitochondrial", ["ATP synthase subunit alpha, mitochondrial"]),
    ],
)
def test_identifiers_are_brought_to_one_form(kind, given, expected):
    assert members(pd.Series([given], dtype="string"), kind).tolist() == expected


def test_kinds_are_told_apart_by_form():
    def kinds(*names):
        return namespaces_of(pd.Series(names, dtype="string")).tolist()

    assert kinds("ENSMUSG00000059714.14", "Flot1") == ["ensembl", "symbol"]
    assert kinds("O08917", "Q8CGP2-2;Q9D2U9") == ["uniprot", "uniprot"]
    # B3GNT2 and P2RY12 have the form of an accession and are symbols among symbols
    assert kinds("B3GNT2", "P2RY12", "ACTB", "GAPDH", "ALB") == ["symbol"] * 5
    assert kinds("7503", "1234.0") == ["entrez", "entrez"]
    assert kinds("Coagulation factor V", "Gelsolin", "Protein AMBP") == ["name"] * 3


def test_row_numbers_and_species():
    assert are_row_numbers(pd.Series(["0", "1", "2", "3"], dtype="string"))
    assert not are_row_numbers(pd.Series(["1", "2", "9", "10"], dtype="string"))  # A1BG, A2M, NAT1, NAT2
    assert species_of_ensembl(pd.Series(["ENSRNOG00000008829"] * 3)) == "rat"
    assert species_of_ensembl(pd.Series(["ENSG00000008829"] * 3)) == "human"


# --- orthologs -----------------------------------------------------------------------------------------------------


def test_orthologs_by_best_support(orthologs):
    found = orthologs.set_index("symbol")[["human_symbol", "ortholog_type", "support_n"]].T.to_dict("list")
    assert found == {
        "Genea": ["GENEA", "one2one", 6],
        "Geneb": ["GENEB", "one2one", 4],
        "Two": ["TWO1", "one2many", 4],
        "Many1": ["MANY", "many2one", 2],
        "Many2": ["MANY", "many2one", 2],
        "Septin7": ["SEPTIN7", "one2one", 3],
        "Genee": ["GENEE", "one2one", 2],
    }
    assert orthologs.set_index("symbol").loc["Genee", "entrez"] == "27"


def test_human_genes_of_a_table(pairs):
    genes = build_orthologs(pairs, "table", "human")
    assert set(genes["ortholog_type"]) == {"same_species"}
    assert genes.loc[genes["ensembl"] == "ENSG99000000003", "human_symbol"].tolist() == ["TWO1"]


def test_table_of_another_organism_is_refused(pairs):
    with pytest.raises(Problems, match=r"HCOP table of rat.*looks like one of mouse"):
        build_orthologs(pairs, "table", "rat")


@pytest.mark.shared
def test_types_agree_with_ensembl(shared):
    """Ensembl Compara's types in a public table of 25,439 mouse-human pairs; 1 % may differ (measured: 1.0 %)."""
    ours = build_orthologs(shared / "data/orthologs_hcop/mouse.rda", "hcop", "mouse")
    public = pd.read_csv(shared / "data/masld_de_tables/mouse_human_orthologs.tsv.gz", sep="\t")
    both = ours.merge(
        public,
        left_on=["ensembl", "human_ensembl"],
        right_on=["mouse_ensembl_gene_id", "human_ensembl_gene_id"],
    )
    one = both[both["orthology_type"] == "ortholog_one2one"]
    assert len(one) > 16_000
    assert (one["ortholog_type"] == "one2one").mean() > 0.985
    assert not ours["ensembl"].dropna().duplicated().any()
    lead = ours.set_index("human_symbol").loc[AXIS]
    assert lead["ensembl"].tolist() == [
        "ENSMUSG00000041556",
        "ENSMUSG00000022091",
        "ENSMUSG00000059714",
        "ENSMUSG00000025351",
    ]
    assert set(lead["ortholog_type"]) == {"one2one"}


# --- mapping -------------------------------------------------------------------------------------------------------


def test_hand_made_table_wins_and_matches_whole_identifiers(orthologs):
    adata = data(
        ["Fbxo2", "Fbxo21", "Fbxo32", "Fbxo22", "Cd63", "Cd63-ps", "Sorbs1", "Sorbs3", "Flot2", "Genea"]
    )
    map_features(adata, "mouse", orthologs)
    expected = ["FBXO2", "FBXO21", "FBXO32", None, "CD63", None, "SORBS1", "SORBS3", "FLOT2", "GENEA"]
    assert humans(adata) == expected
    assert adata.var.loc["Fbxo2", "mapping_route"] == "identifiers: symbol"
    assert adata.var.loc["Genea", "mapping_route"] == "orthologs: symbol"
    assert adata.var["feature_id"].tolist() == adata.var_names.tolist()


def test_pseudogene_is_not_taken_for_the_gene():
    """Cd63-ps (ENSMUSG00000085939) moves with Cd63 in RNA-seq; a table that pairs it with CD63 must not win."""
    wrong = pd.DataFrame(
        {
            "human_symbol": ["CD63", "CD63"],
            "symbol": ["Cd63", "Cd63-ps"],
            "ensembl": ["ENSMUSG00000025351", "ENSMUSG00000085939"],
            "entrez": ["12512", None],
            "ortholog_type": ["many2one", "many2one"],
        },
        dtype="string",
    )
    adata = data(["ENSMUSG00000025351.15", "ENSMUSG00000085939.3"])
    map_features(adata, "mouse", wrong)
    assert humans(adata) == ["CD63", None]
    assert "related to CD63" in adata.var["mapping_route"].iloc[1]


def test_routes(orthologs):
    adata = data(["a", "b", "c", "d", "e"])
    adata.var["ensembl"] = ["ENSMUSG99000000001.4", None, None, None, "ENSMUSG99000009999"]
    adata.var["entrez"] = [None, "22.0", None, None, None]
    adata.var["symbol"] = [None, None, "MANY2", "Septin7", "Nobody"]
    report = map_features(adata, "mouse", orthologs)
    assert humans(adata) == ["GENEA", "GENEB", "MANY", "SEPTIN7", None]
    assert adata.var["mapping_route"].tolist() == [
        "orthologs: ensembl",
        "orthologs: entrez",
        "orthologs: symbol, another case",
        "orthologs: symbol",
        "none: no identifier that the tables know",
    ]
    assert adata.var["ortholog_type"].tolist() == ["one2one", "one2one", "many2one", "one2one", "none"]
    assert (report["n_mapped"], report["mapping_rate"], report["unmapped_examples"]) == (4, 0.8, ["e"])


def test_groups_of_proteins():
    """O08917 is Flot1, P41731 Cd63; A0A000ZZZ9 is in no table."""
    adata = data(["A0A000ZZZ9;O08917", "O08917;P41731", "CON__P02768", "O08917-2", "P41731"])
    map_features(adata, "mouse", None)
    assert humans(adata) == ["FLOT1", "FLOT1", None, "FLOT1", "CD63"]
    assert "disagrees" not in adata.var["mapping_route"].iloc[0]
    assert adata.var["mapping_route"].iloc[1].endswith("first of a group that disagrees")
    assert adata.var["mapping_route"].iloc[2] == "none: contaminant or decoy"


def test_own_symbol_outranks_a_moved_ensembl_gene():
    """ENSRNOG00000003661 was Jpt1 and is Sumo2 in the newer annotation (MoTrPAC's feature table)."""
    table = pd.DataFrame(
        {
            "human_symbol": ["JPT1", "SUMO2"],
            "symbol": ["Jpt1", "Sumo2"],
            "ensembl": ["ENSRNOG00000003661", "ENSRNOG00000099999"],
            "entrez": ["1", "2"],
            "ortholog_type": ["one2one", "one2one"],
        },
        dtype="string",
    )
    adata = data(["ENSRNOG00000003661"], symbol=["Sumo2"])
    map_features(adata, "rat", table)
    assert humans(adata) == ["SUMO2"]
    without = data(["ENSRNOG00000003661"])
    map_features(without, "rat", table)
    assert humans(without) == ["JPT1"]


def test_excel_dates_stay_unmapped(orthologs):
    adata = data(["1-Mar", "2023-03-01", "44986", "Genea", "Geneb"])
    report = map_features(adata, "mouse", orthologs)
    assert humans(adata) == [None, None, None, "GENEA", "GENEB"]
    assert report["excel_dates"] == ["1-Mar", "2023-03-01", "44986"]
    assert adata.var["mapping_route"].iloc[0] == "none: a date that Excel made of a gene name"


def test_human_data(pairs):
    genes = build_orthologs(pairs, "table", "human")
    adata = data(["FBXO2", "LINC01234", "AARS", "ENSG99000000003.2", "ENSG99000009999", "1-Mar"])
    map_features(adata, "human", genes)
    # AARS is the former symbol of AARS1; a symbol that no table lists is still a symbol
    assert humans(adata) == ["FBXO2", "LINC01234", "AARS1", "TWO1", None, None]
    assert set(adata.var["ortholog_type"]) == {"same_species", "none"}


def test_protein_names_without_accessions():
    adata = data(
        [
            "Vinexin",
            "Flotillin-1",
            "Heat shock 70 kDa protein 1A;Heat shock 70 kDa protein 1B",
            "No such protein",
        ]
    )
    report = map_features(adata, "human", None)
    assert humans(adata)[:2] == ["SORBS3", "FLOT1"] and humans(adata)[3] is None
    assert "No such protein" in report["unmapped_examples"]


@pytest.mark.parametrize(
    ("features", "organism", "message"),
    [
        (["0", "1", "2", "3"], "mouse", "row numbers"),
        (["ENSMUSG00000041556", "ENSMUSG00000022091"], "rat", "not rat genes"),
    ],
)
def test_names_that_cannot_be_right(features, organism, message, orthologs):
    with pytest.raises(Problems, match=message):
        map_features(data(features), organism, orthologs)


# --- gene tables ---------------------------------------------------------------------------------------------------

#: A gene table by hand: namespace, key, symbol, former, genes, species.
GENES = [
    ("symbol", "Genea", "Genea", False, None, None),
    ("symbol", "Genee", "Genee", False, None, None),
    ("symbol", "Only", "Only", False, None, None),  # no ortholog
    ("symbol", "Cd63-ps", "Cd63-ps", False, None, None),
    ("symbol", "Cd63", "Cd63", False, None, None),
    ("symbol", "Alpha", "Genea", True, None, None),
    ("symbol", "Both", None, True, "Genea;Only", None),
    ("uniprot", "Q00001", "Genea", False, None, None),
    ("uniprot", "Q00002", "Only", False, None, None),
    ("uniprot", "Q00003", "Genee", False, None, None),
    ("uniprot", "Q00004", None, False, "Genea;Only", None),
    ("uniprot", "Q00005", "Only", False, "Genea;Only", None),
    ("uniprot", "Q88888", "Cd63", False, None, None),
    ("uniprot", "P02769", None, False, None, "cattle"),
    ("uniprot", "P04264", None, False, None, "human"),
    ("refseq", "NP_000001", "Genea", False, None, None),
    ("entrez", "4321", "Only", False, None, None),
    ("registry", "MGI:1", "Genea", False, None, None),
    ("product", "ENSMUST99000000001", "Genea", False, None, None),
    ("ensembl", "ENSMUSG99000000099", "Only", False, None, None),
]


@pytest.fixture
def genes():
    columns = ["namespace", "key", "symbol", "former", "genes", "species"]
    table = pl.DataFrame(GENES, schema=columns, orient="row")
    return table.with_columns(ensembl=pl.lit(None, pl.String), entrez=pl.lit(None, pl.String))


@pytest.mark.parametrize(
    ("name", "symbol", "human", "route"),
    [
        ("Q00001", "Genea", "GENEA", "gene table: uniprot"),
        ("Q00001-2", "Genea", "GENEA", "gene table: uniprot"),
        ("sp|Q00001|GENEA_MOUSE", "Genea", "GENEA", "gene table: uniprot"),
        (
            ">tr|Q00001|Q00001_MOUSE Some protein OS=Mus musculus OX=10090 GN=Other PE=1",
            "Genea",
            "GENEA",
            "uniprot",
        ),
        ("Q00002", "Only", None, "gene table: uniprot"),  # a gene without an ortholog is a gene
        ("Q00099;Q00001", "Genea", "GENEA", "gene table: uniprot"),
        ("Q00002;Q00001", "Only", None, "first of a group that disagrees"),
        ("Q00004", "Genea;Only", None, "shared by several genes"),
        ("Q00005", "Only", None, "one of those that share it: Genea;Only"),
        ("Q88888", "Cd63", "CD63", "gene table: uniprot"),  # of a panel, by an accession that its table lacks
        ("P02769", None, None, "none: a protein of cattle"),
        ("P02769;P04264", None, None, "none: a protein of cattle"),
        ("P02769;Q00001", "Genea", "GENEA", "beside a protein of cattle"),
        ("CON__P02769", None, None, "none: contaminant or decoy"),
        ("ALBU_BOVIN", None, None, "none: a protein of cattle"),
        ("FLOT1_MOUSE", "Flot1", "FLOT1", "entry_names: entry_name"),
        ("FBX2_MOUSE", "Fbxo2", "FBXO2", "entry_names: entry_name"),
        ("VINEX_MOUSE", "Sorbs3", "SORBS3", "entry_names: entry_name"),
        ("FAS_MOUSE", None, "FASN", "entry_names: entry_name"),  # not the gene Fas
        ("NP_000001.3", "Genea", "GENEA", "gene table: refseq"),
        ("ref|NP_000001.3|", "Genea", "GENEA", "gene table: refseq"),
        ("MGI:MGI:1", "Genea", "GENEA", "gene table: registry"),
        ("ENSMUST99000000001.4", "Genea", "GENEA", "gene table: product"),
        ("ENSMUSG99000000099.2", "Only", None, "gene table: ensembl"),
        ("ENSMUSG99000000001.2_Genea", "Genea", "GENEA", "orthologs: ensembl"),  # not in the gene table
    ],
)
def test_identifiers_of_all_kinds_find_the_gene(name, symbol, human, route, genes, orthologs):
    # most names of a table are alike: others of the kind stand beside it
    kind = re.sub(r"\d+", "9", name[:3])
    others = {"Q9": ["Q00098", "Q00097"], "P9": ["P00098"]}.get(re.sub(r"\d+", "9", kind), [])
    adata = data([name, *others])
    map_features(adata, "mouse", orthologs, genes)
    row = adata.var.iloc[0]
    assert (None if pd.isna(row["symbol"]) else row["symbol"]) == symbol
    assert (None if pd.isna(row["human_symbol"]) else row["human_symbol"]) == human
    assert row["mapping_route"].endswith(route), row["mapping_route"]


def test_symbols_current_in_another_case_and_former(genes, orthologs):
    adata = data(["GENEE", "alpha", "Both", "Nobody", "Cd63-ps", "LOC4321"])
    map_features(adata, "mouse", orthologs, genes)
    told = adata.var[["symbol", "human_symbol", "mapping_route", "symbol_given"]]
    assert told["symbol"].tolist() == ["Genee", "Genea", "Both", "Nobody", "Cd63-ps", "Only"]
    assert humans(adata) == ["GENEE", "GENEA", None, None, None, None]
    assert told["mapping_route"].tolist() == [
        "gene table: symbol, another case",
        "gene table: former symbol or alias, another case",
        "none: Both was a name of Genea;Only",
        "none: no identifier that the tables know",
        "gene table: symbol",
        "gene table: entrez, among symbols",
    ]
    assert told["symbol_given"].tolist()[:2] == ["GENEE", "alpha"]


def test_a_former_symbol_is_not_taken_where_the_table_tells_the_two_apart(genes, orthologs):
    adata = data(["Alpha", "Genea"])
    map_features(adata, "mouse", orthologs, genes)
    assert humans(adata) == [None, "GENEA"]
    assert "which the data set has under its own" in adata.var["mapping_route"].iloc[0]


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("Fasta headers", ">sp|Q77777|X_BOVIN Albumin OS=Bos taurus OX=9913 GN=GENEA PE=1"),
        ("Organism", "Bos taurus"),
        ("Protein.Names", "X_BOVIN"),
    ],
)
def test_a_protein_that_the_table_calls_another_species_is_no_gene_of_ours(column, cell, genes, orthologs):
    adata = data(["Q77777", "Q00003"], **{column: [cell, None], "symbol": ["Genea", None]})
    map_features(adata, "mouse", orthologs, genes)
    assert humans(adata) == [None, "GENEE"]
    assert adata.var["mapping_route"].iloc[0] == "none: a protein of cattle"
    assert pd.isna(adata.var["symbol"].iloc[0])


def test_gene_names_of_headers_are_taken_where_no_accession_is_known(genes, orthologs):
    header = "sp|Q77777|X_MOUSE Something OS=Mus musculus OX=10090 GN=Genee PE=1 SV=2"
    adata = data(["Q77777", "Q00001"], **{"Fasta headers": [header, None]})
    map_features(adata, "mouse", orthologs, genes)
    assert humans(adata) == ["GENEE", "GENEA"]


def test_groups_that_a_reader_shortened_are_read_whole(genes, orthologs):
    """MaxQuant's majority proteins: the first is in no table, the second is."""
    adata = data(["Q77777", "Q00003"], uniprot=["Q77777", "Q00003"])
    adata.var["Majority protein IDs"] = ["Q77777;Q00001", "Q00003"]
    map_features(adata, "mouse", orthologs, genes)
    assert humans(adata) == ["GENEA", "GENEE"]
    assert adata.var["uniprot"].tolist() == ["Q77777", "Q00003"]


# --- the axis ------------------------------------------------------------------------------------------------------


def test_axis_status_says_why():
    adata = data(["ENSRNOG00000008829", "ENSRNOG00000000826"])
    map_features(adata, "rat", None)
    status = axis_status(adata, [*AXIS, "NOSUCHGENE"], "rat").set_index("human_symbol")
    assert status["status"].tolist() == ["absent", "present", "present", "absent", "unmapped"]
    assert status.loc["SORBS3", "features"] == "ENSRNOG00000008829"
    for word in ("rat Fbxo2", "RefSeq NP_445963", "RGD 621751", "removed before publication"):
        assert word in status.loc["FBXO2", "reason"]
    assert "resources/identifiers.tsv" in status.loc["NOSUCHGENE", "reason"]


def test_axis_gene_whose_identifiers_do_not_meet_is_unmapped():
    """Names of mouse proteins are nobody's: orthologs bear the same ones. RefSeq of all four genes are known."""
    adata = data(["Flotillin-1", "Protein AMBP", "No such protein"])
    map_features(adata, "mouse", None)
    status = axis_status(adata, AXIS, "mouse").set_index("human_symbol")
    assert set(status["status"]) == {"unmapped"}
    assert "protein name only" in status.loc["CD63", "reason"]
    adata = data(["NP_073192.2", "NP_001005762.1"])  # rat Flot1, Sorbs3
    map_features(adata, "rat", None)
    status = axis_status(adata, AXIS, "rat").set_index("human_symbol")
    assert status["status"].tolist() == ["absent", "present", "present", "absent"]


def test_a_gene_that_a_table_knows_was_not_seen_rather_than_not_known(genes, orthologs):
    """The panels' table has no rat RefSeq of Cd63 and no GENEA at all; a gene table can name both."""
    adata = data(["Q00001", "Q00002"])
    map_features(adata, "mouse", orthologs, genes)
    status = axis_status(adata, ["GENEA", "GENEE", "NOSUCHGENE"], "mouse").set_index("human_symbol")
    assert status["status"].tolist() == ["present", "absent", "unmapped"]
    assert "has no such row" in status.loc["GENEE", "reason"]


# --- the tables of resources/ --------------------------------------------------------------------------------------


def test_identifiers_of_the_axis():
    """SCIENCE: public tables; mouse Flot1 and Sorbs3 accessions on TFLink's protein pages."""
    table = load_table("identifiers").set_index(["human_symbol", "organism"])
    expected = {
        ("FBXO2", "human"): ("ENSG00000116661", "26232", "Q9UK22"),
        ("SORBS3", "human"): ("ENSG00000120896", "10174", "O60504"),
        ("FLOT1", "human"): ("ENSG00000137312", "10211", "O75955"),
        ("CD63", "human"): ("ENSG00000135404", "967", "P08962"),
        ("FBXO2", "mouse"): ("ENSMUSG00000041556", "230904", "Q80UW2"),
        ("SORBS3", "mouse"): ("ENSMUSG00000022091", "20410", "Q9R1Z8"),
        ("FLOT1", "mouse"): ("ENSMUSG00000059714", "14251", "O08917"),
        ("CD63", "mouse"): ("ENSMUSG00000025351", "12512", "P41731"),
        ("SORBS3", "rat"): ("ENSRNOG00000008829", "282843", "Q5XIL4"),
        ("FLOT1", "rat"): ("ENSRNOG00000000826", "64665", "Q9Z1E1"),
    }
    for key, (ensembl, entrez, uniprot) in expected.items():
        row = table.loc[key]
        assert (row["ensembl"], row["entrez"]) == (ensembl, entrez), key
        assert uniprot in row["uniprot"].split(";"), key
    assert table.loc[("FBXO2", "rat"), "refseq"] == "NP_445963"
    assert table.loc[("FBXO2", "rat"), "rgd"] == "621751"


def test_no_identifier_belongs_to_two_genes():
    table, more = load_table("identifiers"), load_table("accessions")
    for column in ("symbol", "ensembl", "entrez", "uniprot", "refseq", "registry"):
        both = pd.concat([each for each in (table, more) if column in each])
        cells = both.assign(cell=both[column].str.split(";")).explode("cell")
        cells = cells[cells["cell"] != ""]
        assert not cells.duplicated(["organism", "cell"]).any(), column


def test_every_panel_gene_has_human_identifiers_and_every_row_a_source():
    panels, identifiers = load_table("panels"), load_table("identifiers")
    human = identifiers[identifiers["organism"] == "human"]
    assert set(panels["human_symbol"]) == set(human["human_symbol"])
    assert human["ensembl"].str.fullmatch(r"ENSG\d{11}").all()
    others = (load_table(name) for name in ("sex_markers", "protein_names", "entry_names", "accessions"))
    for table in (panels, identifiers, *others):
        assert table["source"].ne("").all()
    assert set(panels["verified"]) == {"yes", "no"}
    memory = panels["source"].str.contains("not checked against a source|as remembered")
    assert (memory == panels["verified"].eq("no")).all()


def test_checksums_of_the_tables(root):
    text = (root / "resources/README.md").read_text()
    for name, recorded in re.findall(r"`(\w+\.tsv)` \|.*`([0-9a-f]{64})`", text):
        assert hashlib.sha256((root / "resources" / name).read_bytes()).hexdigest() == recorded, name
