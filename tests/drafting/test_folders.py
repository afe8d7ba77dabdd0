"""Folders as pipelines leave them: several files of each sample, several tables of the same samples."""

from __future__ import annotations

import tarfile
import zipfile

import numpy as np
import pandas as pd
import pytest
import yaml
from sevaxis.drafting import add
from sevaxis.matrix.readers.registry import reader, reader_options

SAMPLES = [f"{group}_{sex}_{i}" for group in ("sed", "trained") for sex in "FM" for i in (1, 2, 3)]
N = 300
GENES = [f"ENSMUSG{7 * i + 1:011d}" for i in range(N)]
TRANSCRIPTS = [f"ENSMUST{3 * i + 1:011d}.{i % 4 + 1}" for i in range(N)]
LENGTHS = np.random.default_rng(1).integers(400, 9000, N)
RANDOM = np.random.default_rng(2)
COUNTS = RANDOM.negative_binomial(
    5, 5 / (5 + 2 ** RANDOM.uniform(3, 12, N)[:, None] * RANDOM.uniform(0.7, 1.4, 12))
)


def table(columns: dict, header: bool = True) -> str:
    return pd.DataFrame(columns).to_csv(sep="\t", index=False, header=header)


def salmon(names: list[str], counts: np.ndarray) -> str:
    return table({"Name": names, "Length": LENGTHS, "EffectiveLength": LENGTHS - 150.5, "TPM": counts / 3,
                  "NumReads": counts})  # fmt: skip


def rsem(counts: np.ndarray, isoforms: bool) -> str:
    first = {"transcript_id": TRANSCRIPTS} if isoforms else {}
    about = {
        "gene_id": GENES,
        "length": LENGTHS,
        "effective_length": LENGTHS - 150.5,
        "expected_count": counts,
    }
    return table(first | about | {"TPM": counts / 3, "FPKM": counts / 4})


def star(counts: np.ndarray, unstranded: bool = False) -> str:
    forward = counts // 2 if unstranded else counts // 50
    head = "".join(f"N_{name}\t5\t5\t5\n" for name in ("unmapped", "multimapping", "noFeature", "ambiguous"))
    return head + table({"g": GENES, "a": counts, "f": forward, "r": counts - forward}, header=False)


def each(name: str, make) -> dict[str, str]:
    """A file of each sample."""
    return {name.format(sample): make(COUNTS[:, i]) for i, sample in enumerate(SAMPLES)}


def wide(counts: np.ndarray, names: list[str]) -> str:
    return table({"gene_id": GENES} | dict(zip(names, counts.T, strict=True)))


FPKM = np.round(COUNTS / LENGTHS[:, None] * 1e9 / COUNTS.sum(axis=0), 4)
PAIRS = "".join(f"{t}\t{g}\n" for t, g in zip(TRANSCRIPTS, GENES, strict=True))
PLAIN = {"g": GENES}
#: Folder -> files, reader, words of a line that tells what is not used.
FOLDERS = {
    "salmon, transcripts and genes": (
        each("{}/quant.sf", lambda c: salmon(TRANSCRIPTS, c))
        | each("{}/quant.genes.sf", lambda c: salmon(GENES, c)),
        "salmon",
        "'quant genes sf' is taken",
    ),
    "salmon and a table of transcripts": (
        each("{}/quant.sf", lambda c: salmon(TRANSCRIPTS, c)) | {"tx2gene.tsv": PAIRS},
        "salmon",
        "added up to genes by tx2gene.tsv",
    ),
    "RSEM, genes and isoforms": (
        each("{}.genes.results", lambda c: rsem(c, False))
        | each("{}.isoforms.results", lambda c: rsem(c, True)),
        "rsem",
        "'genes results' is taken",
    ),
    "counts and FPKM of each sample": (
        each("{}_fpkm.txt", lambda c: table(PLAIN | {"FPKM": c / 3.7}))
        | each("{}_counts.txt", lambda c: table(PLAIN | {"count": c})),
        "delimited",
        "'counts txt' is taken",
    ),
    "STAR, one file less stranded": (
        each("{}.ReadsPerGene.out.tab", star)
        | {f"{SAMPLES[4]}.ReadsPerGene.out.tab": star(COUNTS[:, 4], unstranded=True)},
        "star",
        "read as reverse like the other 11 files",
    ),
    "FPKM before counts": (
        {"a_gene_fpkm.tsv": wide(FPKM, SAMPLES), "b_gene_counts.tsv": wide(COUNTS, SAMPLES)},
        "delimited",
        "not used: not more samples of the same features",
    ),
    "FPKM with names of its own": (
        {
            "counts.tsv": wide(COUNTS, SAMPLES),
            "fpkm.tsv": wide(FPKM, [f"{sample}_FPKM" for sample in SAMPLES]),
        },
        "delimited",
        "the same samples under other names ('sed_F_1_FPKM' is 'sed_F_1')",
    ),
    "normalised values with codes": (
        {
            "counts.tsv": wide(COUNTS, SAMPLES),
            "normalised.tsv": wide(FPKM, [f"LIB{907 + 13 * i}" for i in range(12)]),
        },
        "delimited",
        "the same samples under other names ('LIB",
    ),
}


def put(folder, files: dict[str, str]):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def drafted(tmp_path, wanted):
    added = add([str(wanted)], id="mine", folder=tmp_path / "datasets", data=tmp_path / "data")
    return yaml.safe_load(added.card), added


def counts_of(card: dict) -> pd.DataFrame:
    """Samples x genes as the card's files are read."""
    frames = []
    for file in card["files"]:
        if "reader" not in file:
            continue
        options = reader_options(file["reader"]).model_validate(file.get("options", {}))
        frame = reader(file["reader"])(file["path"], **dict(options)).to_df()
        frames.append(frame.set_axis([file["sample"]]) if "sample" in file else frame)
    return pd.concat(frames).loc[SAMPLES, GENES]


@pytest.mark.parametrize("name", FOLDERS)
def test_each_sample_is_taken_once_and_as_reads(tmp_path, name):
    files, chosen, told = FOLDERS[name]
    card, added = drafted(tmp_path, put(tmp_path / "run", files))
    header, *rows = (line.split("\t") for line in added.sheet.splitlines())
    said = {row[0]: dict(zip(header, row, strict=True)) for row in rows}
    assert sorted(said) == sorted(SAMPLES), added.evidence
    assert all(row["group"] == sample.split("_")[0] for sample, row in said.items())
    assert all(row["sex"][0].upper() == sample.split("_")[1] for sample, row in said.items())
    assert {file.get("reader") for file in card["files"]} <= {chosen, None}
    assert (card["assay"], card["organism"]) == ("rna_counts", "mouse")
    assert any(told in line for line in added.evidence), added.evidence
    truth = COUNTS.T.astype(float)
    if chosen == "star":
        truth = np.array([COUNTS[:, i] - COUNTS[:, i] // (2 if i == 4 else 50) for i in range(12)])
    np.testing.assert_allclose(counts_of(card), truth)


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_an_archive_is_its_folder(tmp_path, kind):
    files, _, _ = FOLDERS["RSEM, genes and isoforms"]
    folder = put(tmp_path / "run", files)
    archive = tmp_path / f"run.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(archive, "w") as out:
            for path in sorted(folder.iterdir()):
                out.write(path, f"results/{path.name}")
    else:
        with tarfile.open(archive, "w:gz") as out:
            out.add(folder, "results")
    card, _ = drafted(tmp_path, archive)
    np.testing.assert_allclose(counts_of(card), COUNTS.T)


def test_transcripts_without_a_table_are_one_question(tmp_path):
    files = each("{}/quant.sf", lambda c: salmon(TRANSCRIPTS, c))
    card, added = drafted(tmp_path, put(tmp_path / "run", files))
    asked = [problem for problem in added.open if "tx2gene" in problem.hint]
    assert len(asked) == 1 and card["organism"] == "mouse", added.open
    assert {file["options"]["transcript_to_gene"] for file in card["files"] if "reader" in file} == {
        "tx2gene.tsv"
    }


def test_tables_of_other_samples_are_joined(tmp_path):
    """Two batches of one study are no two tables of the same samples."""
    files = {
        "batch1.tsv": wide(COUNTS[:, ::2], SAMPLES[::2]),
        "batch2.tsv": wide(COUNTS[:, 1::2], SAMPLES[1::2]),
    }
    card, added = drafted(tmp_path, put(tmp_path / "run", files))
    assert (len(card["files"]), card["join"]) == (2, "samples")
    assert card["columns"]["batch"] == "batch"
    batches = [line.split("\t")[3] for line in added.sheet.splitlines()]
    assert batches == ["batch", *["batch1"] * 6, *["batch2"] * 6]
    np.testing.assert_allclose(counts_of(card), COUNTS.T)


def test_tables_of_a_group_each_are_no_batches(tmp_path):
    """A file for each group says nothing of batches: as one it would forbid the comparison."""
    groups = [name.split("_")[0] for name in SAMPLES]
    files = {
        f"{group}.tsv": wide(
            COUNTS[:, mine], [name for name, here in zip(SAMPLES, mine, strict=True) if here]
        )
        for group in dict.fromkeys(groups)
        if any(mine := [each == group for each in groups])
    }
    card, added = drafted(tmp_path, put(tmp_path / "run", files))
    assert len(card["files"]) == 2
    assert "batch" not in card["columns"], added.sheet
