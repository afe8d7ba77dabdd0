"""Which columns of a table are samples, where names alone do not tell."""

import numpy as np
import polars as pl
from sevaxis.drafting.layouts import layout_of
from sevaxis.matrix.readers.tables.text import Table


def test_counts_of_spectra_rise_with_intensities_and_are_no_sample():
    random = np.random.default_rng(3)
    level = random.normal(25, 2, 300)
    samples = [
        *(f"lean {i}" for i in range(1, 5)),
        "high mass 1",
        "high mass 2",
    ]  # mass is a word of annotation
    columns = {name: level + random.normal(0, 0.3, 300) for name in samples}
    columns["MS/MS count"] = np.rint(np.exp((level - 20) / 2))
    frame = pl.DataFrame({"id": [f"P{i:05d}" for i in range(300)], **columns})
    found = layout_of(Table("table.tsv", frame), "id")
    assert found.options["samples"] == samples
    assert any("MS/MS count" in told for told in found.told)
