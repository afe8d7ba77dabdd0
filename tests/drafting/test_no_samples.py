"""Tables that a card can use nothing of, though they have numbers beside identifiers: none of them becomes a draft."""

from __future__ import annotations

import numpy as np
import pytest
from sevaxis.base.problems import Problems
from sevaxis.drafting import add
from sevaxis.drafting.formats import recognise
from sevaxis.drafting.wishes import Wishes
from sevaxis.matrix.readers.registry import reader

RANDOM = np.random.default_rng(5)
N = 300
ACCESSIONS = [f"Q{i % 10}AB{chr(65 + i % 26)}{i % 7}" for i in range(N)]
GENES = [f"ENSG{i:011d}" for i in range(1, N + 1)]


def lines(header, *columns):
    rows = zip(*columns, strict=True)
    return "\n".join("\t".join(map(str, row)) for row in [header, *rows]) + "\n"


def measures_of_proteins():
    """Residues, disorder, and place in a network: a column for each measure, none for a sample."""
    return lines(
        ["uniprot", "Cys", "disorder", "anchor", "degree", "betweenness"], ACCESSIONS, RANDOM.poisson(8, N),
        RANDOM.beta(2, 3, N).round(4), RANDOM.beta(1, 3, N).round(4), RANDOM.poisson(4, N),
        (10 ** RANDOM.normal(3, 1, N)).round(2),
    )  # fmt: skip


def identifiers():
    """A table of identifiers as HGNC's and BioMart's exports are."""
    return lines(
        ["Ensembl gene ID", "NCBI Gene ID(supplied by NCBI)", "Approved symbol"], GENES,
        RANDOM.permutation(np.arange(1000, 1000 + N)), [f"ABC{i}" for i in range(N)],
    )  # fmt: skip


def orthologs():
    """Genes of two species, and how many databases say so."""
    return lines(
        ["ensembl_gene", "human_ensembl", "human_entrez", "support_n"], [f"ENSRNOG{i:011d}" for i in range(N)], GENES,
        range(5000, 5000 + N), [1 + i * i % 12 for i in range(N)],
    )  # fmt: skip


def hormones():
    """Three measures of many people, one per row, at days of their own."""
    people = np.arange(400)
    return lines(
        ["id", "days", "test", "value"], np.tile(people, 3), RANDOM.integers(0, 4000, 1200),
        np.repeat(["hdl", "chol", "fib4"], 400), RANDOM.uniform(1, 60, 1200).round(2),
    )  # fmt: skip


P = RANDOM.uniform(0, 1, N).round(5)


def p_without_a_change():
    """A regression of each protein: abundances of two groups, what is left of them, p and q."""
    left = RANDOM.normal(0, 1, N).round(4)
    return lines(
        ["uniprot", "sample1_abundance", "sample2_abundance", "residuals", "score", "fdrtool.pval", "fdrtool.qval"],
        ACCESSIONS, RANDOM.normal(15, 2, N), RANDOM.normal(15, 2, N), left, (2.6 * left).round(4), P, P,
    )  # fmt: skip


def results_of_metabolites():
    names = [
        f"{name}{i}" for i in range(N // 6) for name in ("Citrate", "FAD", "Lactate", "Malate", "NAD", "Urea")
    ]
    return lines(["name", "metab_group", "logFC", "p_value"], names, ["TCA"] * N, RANDOM.normal(0, 1, N), P)


def results_of_anything():
    """Results of twenty measures in tissues and sexes: none of a gene, the first column is a number."""
    return lines(
        ["kw_p", "fc_1w", "pval_1w", "tissue", "biomarker"], P, RANDOM.normal(0, 1, N), P,
        [f"T{i % 15}" for i in range(N)], [f"measure of {i // 15}" for i in range(N)],
    )  # fmt: skip


def polymerase_chain_reaction():
    """Fold of each animal against the mean of the controls, with its error: a row per measurement."""
    return lines(
        ["Name", "Label", "CT", "Delta_CT_SE", "Fold"], ["MitoDLoop", "Actb", "Gapdh"] * (N // 3),
        range(90_000, 90_000 + N), RANDOM.uniform(18, 30, N), P, (2 ** RANDOM.normal(0, 0.4, N)).round(4),
    )  # fmt: skip


@pytest.mark.parametrize(
    "table",
    [
        measures_of_proteins, identifiers, orthologs, hormones, p_without_a_change, results_of_metabolites,
        results_of_anything, polymerase_chain_reaction,
    ],
)  # fmt: skip
def test_a_table_without_samples_is_none_of_values(tmp_path, table):
    (tmp_path / "table.tsv").write_text(table())
    (found,) = recognise(tmp_path / "table.tsv")
    assert found.content in ("samples", "nothing")
    assert found.hint or found.content == "samples"


def test_ratios_around_zero_are_samples_though_they_rank_the_rows_unlike(tmp_path):
    names = [f"{group}_{i}" for group in ("rest", "trained") for i in (1, 2, 3)]
    values = RANDOM.normal(0, [0.2, 0.3, 0.5, 0.4, 0.3, 0.9], (N, 6)).round(4)
    (tmp_path / "table.tsv").write_text(lines(["protein", *names], ACCESSIONS, *values.T))
    (found,) = recognise(tmp_path / "table.tsv")
    assert found.content == "matrix"


def test_a_long_table_by_the_wrong_columns_is_refused_before_it_fills_the_memory(tmp_path):
    path = tmp_path / "visits.tsv"
    path.write_text(lines(["person", "visit", "value"], range(3000), range(3000), RANDOM.uniform(1, 9, 3000)))
    options = {"layout": "long", "feature": "person", "sample": "visit", "value": "value"}
    with pytest.raises(Problems, match="Nearly every sample would lack nearly every feature") as caught:
        reader("delimited")(path, **options)
    assert caught.value.problems[0].found == "3,000 values of 3,000 features in 3,000 samples"


def test_a_feature_that_no_sample_has_is_one_in_a_table_with_samples_in_rows(tmp_path):
    """Accessions in columns, of which some hold nothing; an empty column among the facts is no protein."""
    names = [f"P{10000 + i}" for i in range(120)]
    names[50], names[51] = "A0A0B4J2D5", "Q9Y6K9"
    values = RANDOM.normal(25, 2, (6, 120)).round(3).astype(str)
    values[:, [0, 50, 51]] = ""
    header = ["sample", "crew", "remark", *names]
    rows = [[f"C1_{k}", "C1", "", *values[k]] for k in range(6)]
    (tmp_path / "t.csv").write_text("\n".join(",".join(row) for row in [header, *rows]) + "\n")
    (found,) = recognise(tmp_path / "t.csv")
    adata = reader(found.reader)(tmp_path / "t.csv", **found.options)
    assert list(adata.var_names) == names
    assert np.isnan(adata.X[:, [0, 50, 51]]).all() and np.isfinite(adata.X[:, 52]).all()


def test_what_stands_for_a_feature_with_two_values_is_asked(tmp_path):
    names = [f"{group}_{i}" for group in ("ctrl", "ras") for i in (1, 2, 3)]
    genes = [f"ABC{i}" for i in range(N - 2)] + ["ABC1", "ABC2"]
    path = tmp_path / "human_plasma.csv"
    path.write_text(lines(["gene", *names], genes, *RANDOM.normal(25, 2, (6, N)).round(3)))
    added = add([str(path)], id="x", folder=tmp_path / "datasets", dry_run=True)
    (asked,) = [p for p in added.open if "duplicates" in p.what]
    assert asked.hint.startswith("mean, max, sum or first: what shall stand for each of the 2 names")
    told = Wishes(options={"duplicates": "mean"})
    added = add([str(path)], id="x", folder=tmp_path / "datasets", dry_run=True, wishes=told)
    assert not [p for p in added.open if "duplicates" in p.what]


@pytest.mark.parametrize(
    ("header", "hint"),
    [
        (["Accession", "Category"], "a list of genes or proteins ('Accession') without"),
        (
            ["patient", "Sex", "Age", "BMI", "AST"],
            "these are measures of people or animals (Sex, Age, BMI, ...)",
        ),
        (["tube", "colour"], "add the file with the values too"),
    ],
)
def test_what_to_do_with_a_sheet_that_came_alone(tmp_path, header, hint):
    cells = {
        "Accession": ACCESSIONS,
        "Category": ["core"] * N,
        "colour": ["red"] * N,
        "patient": [f"case {i}" for i in range(N)],
        "Sex": ["f", "m", "m"] * (N // 3),
    }
    columns = [cells.get(name, [str(20 + i % 37) for i in range(N)]) for name in header]
    (tmp_path / "t.tsv").write_text(lines(header, *columns))
    with pytest.raises(Problems, match="No file holds values or results") as caught:
        add([str(tmp_path / "t.tsv")], id="x", folder=tmp_path / "datasets", dry_run=True)
    assert caught.value.problems[0].hint.startswith(hint)
    assert caught.value.problems[0].found == "t.tsv: a sheet without values of samples"
