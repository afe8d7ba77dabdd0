"""Public tables of counts and of rare layouts, as a new user adds them: what the draft takes is what SETS.md tells.

The numbers are of the publishers' own files beside them (summary of featureCounts) or of the notes of the shared data.
"""

from __future__ import annotations

import csv

import numpy as np
import pytest
import yaml
from sevaxis.base.problems import Problems
from sevaxis.drafting import add
from sevaxis.matrix.readers.registry import reader, reader_options

pytestmark = pytest.mark.shared


@pytest.fixture
def added(shared, tmp_path):
    """Add files of the shared data; the card, what the draft says, and the matrix of each file as drafted."""

    def of(folder: str, *patterns: str, sheet: str | None = None):
        place = shared / "data" / folder
        paths = [path for pattern in patterns for path in sorted(place.glob(pattern))]
        sheets = [place / sheet] if sheet else []
        found = add(
            [str(p) for p in paths], id="x", sheets=sheets, folder=tmp_path / "datasets", dry_run=True
        )
        card = yaml.safe_load(found.card)
        parts = []
        for file in card["files"]:
            options = reader_options(file["reader"]).model_validate(file.get("options", {}))
            parts.append(reader(file["reader"])(place / file["name"], **dict(options)))
        return card, "\n".join(found.evidence), parts, found

    return of


def groups(found):
    rows = [line.split("\t") for line in found.sheet.splitlines()[1:]]
    return {group: sum(row[1] == group for row in rows) for group in {row[1] for row in rows}}


def test_cycling_in_myotonic_dystrophy(added):
    """22 files of HTSeq with symbols between identifiers and counts; five rows below the genes are no genes."""
    card, _, parts, found = added("human_dm1_cycling_GSE184951", "GSM*.txt", sheet="GSE184951.meta.csv")
    assert (card["assay"], card["organism"], card["tissue"]) == ("rna_counts", "human", "muscle")
    assert sorted(groups(found).values()) == [11, 11]
    assert {part.shape for part in parts} == {(1, 63677)}
    means = {}
    for gene in ("SORBS3", "FLOT1", "CD63", "FBXO2"):
        rows = parts[0].var["symbol"].eq(gene).fillna(False).to_numpy(bool)
        means[gene] = np.mean([part.X[0, rows].sum() for part in parts])
        assert rows.sum() == (8 if gene == "FLOT1" else 1)
    assert [round(means[gene]) for gene in ("SORBS3", "CD63", "FBXO2")] == [371, 2943, 2]
    assert means["FLOT1"] == pytest.approx(872.273, abs=1e-3)  # awk over the files; SETS.md says 845
    assert all(15.6e6 < part.X.sum() < 32.4e6 for part in parts)  # awk: 15.69 to 32.27 million


def test_small_rna_of_vesicles(added, shared):
    """featureCounts with paths as names: the sums are those of its summary; a second aligner brings no more samples."""
    card, said, (counts,), found = added("muscle_ev_mirna_damaged", "*.*")
    with (shared / "data/muscle_ev_mirna_damaged/bwa_counts.txt.summary").open() as lines:
        assigned = next(row for row in csv.reader(lines, delimiter="\t") if row[0] == "Assigned")
    assert [file["name"] for file in card["files"]] == ["bwa_counts.txt"]
    np.testing.assert_array_equal(counts.X.sum(axis=1), [float(cell) for cell in assigned[1:]])
    assert groups(found) == {"damaged": 2, "control": 2}
    assert "summary of featureCounts" in said
    assert "star_counts.txt: featureCounts table; not used" in said


def test_livers_whose_columns_are_called_like_their_groups(added):
    card, said, (livers,), found = added("human_liver_niu", "*_set.csv")
    assert groups(found) == {"Control": 15, "NASH": 20, "Cirrhosis": 10}
    assert livers.shape == (45, 5843)
    assert "columns of one name are samples of one group" in said
    names = livers.obs_names.str.replace(r"\.\d+$", "", regex=True)
    for gene, means in (("SORBS3", (16.12, 15.97, 17.17)), ("FLOT1", (17.09, 16.86, 17.73))):
        column = livers.X[:, livers.var["symbol"].eq(gene).fillna(False).to_numpy(bool)][:, 0]
        for group, mean in zip(("Control", "NASH", "Cirrhosis"), means, strict=True):
            assert column[names == group].mean() == pytest.approx(mean, abs=0.006)
    assert (card["assay"], card["values"]["scale"]) == ("protein", "log2")


def test_muscle_of_gtex_with_samples_in_rows(added):
    card, said, (muscle,), found = added("human_muscle_gwena", "gtex_*.rda")
    assert muscle.shape == (50, 15000)
    assert card["assay"] == "rna_counts"
    assert "table with a row per sample" in said
    header, *rows = [line.split("\t") for line in found.sheet.splitlines()]
    sexes = [row[header.index("sex")] for row in rows]
    assert (sexes.count("1"), sexes.count("2")) == (34, 16)


def test_arrays_with_samples_in_rows_and_probes_among_symbols(added):
    card, _, (muscle,), _ = added("human_muscle_gwena", "kuehne_*.rda")
    assert muscle.shape == (48, 15801)
    assert card["assay"] == "array"
    assert {"FBXO2", "SORBS3", "FLOT1", "CD63"} <= set(muscle.var_names)


def test_plasma_vesicles_with_facts_in_front_of_the_proteins(added):
    """24 samples; a column of days among the facts is no protein."""
    card, said, (plasma,), _ = added("plasma_evp_inspiration4", "*_nan.csv", sheet="proteomics_metadata.csv")
    assert plasma.n_obs == 24
    assert "timepoint_days" not in plasma.var_names
    assert plasma.obs["timepoint_days"].min() == -92
    assert "columns of numbers that describe samples: 'timepoint_days'" in said
    assert card["values"]["scale"] == "linear"


@pytest.mark.parametrize(
    ("folder", "file", "sheet", "shape", "sizes"),
    [
        ("human_liver_nafld_angsd", "readcounts.txt", None, (8, 49306), {"HIGH": 4, "LOW": 4}),
        ("mouse_liver_degs1_hfd", "liver_counts.tsv", "liver_samples.tsv", (16, 53801), None),
        ("mouse_liver_pnac", "20210307_counts.txt", "metadata.tsv", (20, 53700), None),
        ("motrpac_wat", "TRNSCRPT_EXP.rda", None, (48, 16404), None),
    ],
)
def test_livers_and_fat(added, folder, file, sheet, shape, sizes):
    card, _, (counts,), found = added(folder, file, sheet=sheet)
    assert card["assay"] == "rna_counts"
    assert counts.shape == shape
    assert sizes is None or groups(found) == sizes


def test_values_without_the_names_of_their_samples_are_refused(added):
    """GALA-ALD gives 79 patients below each protein and no column that says who is who."""
    with pytest.raises(Problems, match="no column that names their samples") as caught:
        added("ald_liver_plasma_gala", "*.csv")
    assert "add a column that says which sample" in caught.value.problems[0].hint
