"""Tables that a card can use nothing of, though they have numbers beside identifiers: none of them becomes a draft."""

from __future__ import annotations

import numpy as np
import pytest
from sevaxis.base.problems import Problems
from sevaxis.drafting.formats import recognise
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


def hormones():
    """Three measures of many people, one per row, at days of their own."""
    people = np.arange(400)
    return lines(
        ["id", "days", "test", "value"], np.tile(people, 3), RANDOM.integers(0, 4000, 1200),
        np.repeat(["hdl", "chol", "fib4"], 400), RANDOM.uniform(1, 60, 1200).round(2),
    )  # fmt: skip


@pytest.mark.parametrize("table", [measures_of_proteins, identifiers, hormones])
def test_a_table_without_samples_is_none_of_values(tmp_path, table):
    (tmp_path / "table.tsv").write_text(table())
    (found,) = recognise(tmp_path / "table.tsv")
    assert found.content in ("samples", "nothing")


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
