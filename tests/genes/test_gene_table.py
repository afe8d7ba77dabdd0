"""Gene tables: what each source states, whose an identifier is that several genes share, names that are no longer."""

import numpy as np
import polars as pl
import pytest
from sevaxis.base.problems import Problems
from sevaxis.genes.gene_table import build_gene_table
from sevaxis.genes.r_frame import read_r_frame

HGNC_COLUMNS = (
    "HGNC ID|Approved symbol|Status|Alias symbols|NCBI Gene ID(supplied by NCBI)|UniProt ID(supplied by UniProt)|"
    "Previous symbols|Ensembl gene ID"
)
GENES = [
    "HGNC:1|AAA1|Approved|Alpha, SHARED, BBB|11|P00001|AAA, OLD, BOTH|ENSG00000000001",
    "HGNC:2|BBB1|Approved|SHARED, WAS|12|P00002, Q00002|BBB, BOTH|ENSG00000000002",
    "HGNC:3|HIS1|Approved||13|P62805||ENSG00000000003",
    "HGNC:4|HIS2|Approved||14|P62805||ENSG00000000004",
    "HGNC:5|WAS|Approved||15|P00005||ENSG00000000005",
    "HGNC:6|GONE|Symbol Withdrawn||16|P00006|LOST|ENSG00000000006",
]
HGNC = "\n".join([HGNC_COLUMNS, *GENES, ""]).replace("|", "\t")


@pytest.fixture
def sources(tmp_path):
    def write(name, text):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return [
        (write("hgnc.tsv", HGNC), "hgnc"),
        (
            write("swiss.tsv", "proteinID\tgeneName\nP62805\tHIS2;\nQ00007\tOLD\nP00001\tOTHER\n"),
            "accessions",
        ),
        (
            write(
                "more.tsv",
                "uniprot_acc\tgene\tentrez\nQ00008\tAAA1\t11\nQ00008\tBBB1\t12\nQ00009\tHIS1\t13\nQ00009\tLOC77\t77\n"
                "Q00010\tRENAMED\t12\nQ00011\tUNHEARD\t99\nQ00012-2\tWAS\t15\n",
            ),
            "accessions",
        ),
        (write("refseq.tsv", "refseq_acc\tgene\tentrez\nNP_000001.4\tAAA1\t11.0\n"), "accessions"),
    ]


def rows(table, namespace):
    found = table.filter(pl.col("namespace") == namespace)
    return {row["key"]: (row["symbol"], row["genes"]) for row in found.iter_rows(named=True)}


def test_whose_an_accession_is(sources):
    found = rows(build_gene_table(sources, {}), "uniprot")
    assert found["P00001"] == ("AAA1", None)  # the first source that knows it decides
    assert found["Q00002"] == ("BBB1", None)
    assert found["P62805"] == ("HIS2", "HIS1;HIS2")  # Swiss-Prot names one of those that share it
    assert found["Q00007"] == ("AAA1", None)  # its symbol was renamed
    assert found["Q00008"] == (None, "AAA1;BBB1")  # ambiguous
    assert found["Q00009"] == ("HIS1", "HIS1;LOC77")  # a number gives way to a name
    assert found["Q00010"] == ("BBB1", None)  # by the Entrez gene
    assert found["Q00011"] == ("UNHEARD", None)
    assert found["Q00012"] == ("WAS", None)
    assert "P00006" not in found  # withdrawn


def test_whose_a_name_is_that_is_no_symbol_now(sources):
    table = build_gene_table(sources, {})
    former = table.filter(pl.col("former"))
    found = {row["key"]: (row["symbol"], row["genes"]) for row in former.iter_rows(named=True)}
    assert found == {
        "OLD": ("AAA1", None),
        "AAA": ("AAA1", None),
        "Alpha": ("AAA1", None),
        "BOTH": (None, "AAA1;BBB1"),  # a former symbol of two genes
        "SHARED": (None, "AAA1;BBB1"),  # an alias of two
        "BBB": ("BBB1", "AAA1;BBB1"),  # a former symbol before another gene's alias
    }  # WAS is a gene's symbol now: nobody's alias


def test_other_identifiers_and_those_of_the_gene(sources):
    table = build_gene_table(sources, {})
    gene = table.filter(pl.col("key") == "NP_000001").row(0, named=True)
    assert (gene["symbol"], gene["ensembl"], gene["entrez"]) == ("AAA1", "ENSG00000000001", "11")
    assert rows(table, "registry")["HGNC:2"] == ("BBB1", None)
    assert rows(table, "entrez")["99"] == ("UNHEARD", None)
    assert rows(table, "ensembl")["ENSG00000000005"] == ("WAS", None)


def test_proteins_of_other_species_are_known_as_such(sources, tmp_path):
    other = tmp_path / "cattle.tsv"
    other.write_text("uniprot_acc\tentrez\nP02769\t280717\nP00001\t1\n")
    table = build_gene_table(sources, {"cattle": [(other, "accessions")]})
    species = dict(table.filter(pl.col("species").is_not_null()).select("key", "species").iter_rows())
    assert species == {"P02769": "cattle"}  # what is the organism's own stays its own


def test_separators_of_mgi_and_rgd(tmp_path):
    mgi, rgd = tmp_path / "mgi.tsv", tmp_path / "rgd.tsv"
    mgi.write_text("ID\tsymbol\tsynonyms\tensembl\n1333753\tPdcd6ip\tAlix|AIP1\tENSMUSG1;ENSMUSG2\n")
    rgd.write_text("ID\tsymbol\tsynonyms\tensembl\n68357\tPdcd6ip\tAIP1;Alix\tENSRNOG1\n")
    for path, reader, number in ((mgi, "mgi", "MGI:1333753"), (rgd, "rgd", "RGD:68357")):
        table = build_gene_table([(path, reader)], {})
        keys = set(table["key"])
        assert {"Pdcd6ip", "Alix", "AIP1", number} <= keys
        assert set(table["symbol"]) == {"Pdcd6ip"}


def test_a_table_without_the_columns_of_its_reader_is_refused_by_name(sources, tmp_path):
    wrong = tmp_path / "wrong.tsv"
    wrong.write_text("a\tb\n1\t2\n")
    with pytest.raises(Problems) as caught:
        build_gene_table([(wrong, "hgnc"), (wrong, "accessions")], {})
    assert len(caught.value.problems) == 2
    assert "wrong.tsv" in str(caught.value) and "Approved symbol" in str(caught.value)


@pytest.mark.shared
@pytest.mark.parametrize(
    "name", ["proteoQ/uniprot_entrez_bt.rda", "proteoQ/uniprot_entrez_rn.rda", "OmicsXZ/mouse.rda"]
)
def test_r_files_are_read_as_rdata_reads_them(shared, name):
    """Factors, doubles, whole numbers with NA, texts with NA; versions 2 and 3 of the format."""
    import warnings

    import rdata

    path = shared / "data/identifiers" / name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (expected,) = rdata.conversion.convert(rdata.parser.parse_file(path)).values()
    found = read_r_frame(path)
    assert found.columns == [str(column) for column in expected]
    for column in found.columns:
        theirs = expected[column]
        if found[column].dtype.is_numeric():
            assert np.allclose(
                found[column].cast(pl.Float64).to_numpy(), theirs.astype("Float64").to_numpy(float, na_value=np.nan),
                equal_nan=True,
            )  # fmt: skip
        else:
            assert found[column].to_list() == theirs.astype(object).where(theirs.notna(), None).tolist()


def test_an_r_file_that_holds_no_table_is_refused(tmp_path):
    path = tmp_path / "x.rda"
    path.write_bytes(b"RDX3\nX\n" + bytes(8))
    with pytest.raises(Problems, match="cannot be read"):
        read_r_frame(path)
