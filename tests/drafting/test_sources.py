"""`sevaxis add` against servers on loopback that play GEO and PRIDE, and the data set that follows from the draft."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile

import numpy as np
import pytest
import yaml
from sevaxis.base.problems import Problems
from sevaxis.demo import write_dataset
from sevaxis.drafting import add
from sevaxis.effects.compare import compare
from sevaxis.files.http import Patience
from sevaxis.files.retrieve import retrieve
from sevaxis.genes.orthologs import build_orthologs
from sevaxis.matrix.assess import assess
from sevaxis.matrix.read import read
from sevaxis.study.card import AssessCard, Card, CompareCard, ReadCard, RetrieveCard
from sevaxis.study.study import Study, load_study

HASTE = Patience(attempts=2, connect_seconds=1, read_seconds=5, first_wait=0.01, total_seconds=20)
AXIS = ("FBXO2", "SORBS3", "FLOT1", "CD63")


def index(*names: str) -> bytes:
    return "".join(f'<a href="{name}">{name}</a>' for name in names).encode()


def serve_geo(server, tmp_path, root) -> bytes:
    """A series as GEO has it: the demo's mouse muscle, with the annotation that its sheet gives."""
    rows = [
        line.split("\t")
        for line in (root / "config/datasets/demo_muscle_rna/samples.tsv").read_text().splitlines()[1:]
    ]
    titles = [row[0] for row in rows]
    lines = [
        ["!Series_title", "Skeletal muscle of overtrained mice"],
        ["!Series_geo_accession", "GSE999001"],
        ["!Series_pubmed_id", "12345"],
        ["!Sample_title", *titles],
        ["!Sample_geo_accession", *(f"GSM{i + 1}" for i in range(len(rows)))],
        ["!Sample_source_name_ch1", *["gastrocnemius"] * len(rows)],
        ["!Sample_organism_ch1", *["Mus musculus"] * len(rows)],
        ["!Sample_characteristics_ch1", *(f"group: {row[1]}" for row in rows)],
        ["!Sample_characteristics_ch1", *(f"Sex: {row[2]}" for row in rows)],
        ["!Sample_characteristics_ch1", *(f"library batch: {row[3]}" for row in rows)],
    ]
    text = "\n".join("\t".join([line[0], *(f'"{cell}"' for cell in line[1:])]) for line in lines)
    text += '\n!series_matrix_table_begin\n"ID_REF"\n!series_matrix_table_end\n'
    (counts,) = [
        p for p in write_dataset("demo_muscle_rna", tmp_path / "made", 7) if p.name == "counts.tsv.gz"
    ]
    series = "/geo/series/GSE999nnn/GSE999001"
    server.serve(f"{series}/matrix/", index("GSE999001_series_matrix.txt.gz"))
    server.serve(f"{series}/suppl/", index("GSE999001_raw_counts.tsv.gz", "GSE999001_fpkm.tsv.gz"))
    server.serve(f"{series}/matrix/GSE999001_series_matrix.txt.gz", gzip.compress(text.encode()))
    server.serve(f"{series}/suppl/GSE999001_raw_counts.tsv.gz", counts)
    server.serve("/geo/download/?acc=GSE999001", b"<html></html>")
    return counts.read_bytes()


def study_of(folder, name: str, root) -> Study:
    settings = yaml.safe_load((root / "config/config.yaml").read_text())
    settings |= {"datasets": [name], "datasets_folder": "datasets", "questions": ["axis", "sex"]}
    for table in settings["orthologs"].values():
        table["path"] = str(root / table["path"])
    (folder / "study.yaml").write_text(yaml.safe_dump(settings))
    return load_study(folder.relative_to(folder) / "study.yaml", root=folder)


def run(card: Card, folder, root):
    """The rooms of a data set, one after the other."""
    data = folder / "fresh"
    files = retrieve(
        RetrieveCard.model_validate(card.part(RetrieveCard)), data, mirror=None, seed=1, patience=HASTE
    )
    (data / "files.json").write_text(json.dumps(files))
    table = build_orthologs(root / "resources/demo/orthologs.tsv", "table", card.organism)
    table.to_parquet(folder / "orthologs.parquet")
    reading = ReadCard.model_validate(card.part(ReadCard))
    sheet = folder / "datasets" / card.id / "samples.tsv"
    adata = read(reading, data, sheet=sheet, orthologs=folder / "orthologs.parquet")
    assessed, quality, _ = assess(
        adata, AssessCard.model_validate(card.part(AssessCard)), axis=AXIS, sex_mismatch="drop"
    )
    return compare(assessed, CompareCard.model_validate(card.part(CompareCard)), axis=AXIS)[0], quality


def test_a_series_of_geo_becomes_a_card_that_runs(server, tmp_path, root):
    served = serve_geo(server, tmp_path, root)
    added = add(
        ["gse999001"],
        folder=tmp_path / "datasets",
        data=tmp_path / "data",
        addresses=server.repositories(HASTE),
    )
    assert added.open == ()
    card = study_of(tmp_path, "gse999001", root).cards["gse999001"]
    assert (card.organism, card.tissue, card.compartment, card.assay) == (
        "mouse",
        "muscle",
        "tissue",
        "rna_counts",
    )
    assert card.citation == "Skeletal muscle of overtrained mice, GSE999001, PMID 12345"
    (file,) = card.files
    assert (file.name, file.sha256) == ("GSE999001_raw_counts.tsv.gz", hashlib.sha256(served).hexdigest())
    assert server.asked("/geo/series/GSE999nnn/GSE999001/suppl/GSE999001_fpkm.tsv.gz") == []
    assert (card.columns.sex, card.columns.batch) == ("sex", "batch")
    (contrast,) = card.contrasts
    assert (contrast.case, contrast.reference, contrast.role) == ("overtrained", "control", "overtraining")
    effects, quality = run(card, tmp_path, root)
    assert quality["n_samples"] == 24
    assert {"female", "male", "average", "interaction"} <= set(effects["stratum"])
    assert set(AXIS) <= set(effects["human_symbol"])
    assert np.isfinite(effects.loc[effects["status"] == "tested", "log2fc"]).all()


def test_tables_of_single_samples_come_from_the_archive_and_keep_their_own_addresses(server, tmp_path):
    """GEO's `_RAW.tar`: its members become files of the card, each at the address where GEO serves the sample."""
    random = np.random.default_rng(3)
    samples = [(f"GSM{4100 + i}", "NASH" if i % 2 else "control") for i in range(1, 13)]
    lines = [
        ["!Series_title", "Liver of patients"],
        ["!Sample_title", *(f"patient {i}" for i in range(12))],
        ["!Sample_geo_accession", *(sample for sample, _ in samples)],
        ["!Sample_source_name_ch1", *["liver biopsy"] * 12],
        ["!Sample_characteristics_ch1", *(f"diagnosis: {group}" for _, group in samples)],
    ]
    text = "\n".join("\t".join([line[0], *(f'"{cell}"' for cell in line[1:])]) for line in lines) + "\n"
    series, packed = "/geo/series/GSE42nnn/GSE42002", io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for sample, _ in samples:
            counts = (
                "".join(f"ENSG{i:011d}\t{random.poisson(40)}\n" for i in range(150)) + "__no_feature\t7\n"
            )
            body = gzip.compress(counts.encode(), mtime=0)
            member = tarfile.TarInfo(f"{sample}_liver.counts.txt.gz")
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
            server.serve(f"/geo/samples/{sample[:-3]}nnn/{sample}/suppl/{member.name}", body)
    server.serve(f"{series}/matrix/", index("GSE42002_series_matrix.txt.gz"))
    server.serve(f"{series}/matrix/GSE42002_series_matrix.txt.gz", gzip.compress(text.encode()))
    server.serve(f"{series}/suppl/", index("GSE42002_RAW.tar"))
    server.serve(f"{series}/suppl/GSE42002_RAW.tar", packed.getvalue())
    server.serve("/geo/download/?acc=GSE42002", b"<html></html>")
    added = add(
        ["GSE42002"],
        folder=tmp_path / "datasets",
        data=tmp_path / "data",
        addresses=server.repositories(HASTE),
    )
    assert added.open == (), added.open
    card = Card.model_validate(yaml.safe_load(added.card))
    assert (card.organism, card.tissue, card.join, len(card.files)) == ("human", "liver", "samples", 12)
    assert all(file.reader == "htseq" and "/geo/samples/GSM4nnn/GSM41" in file.url for file in card.files)
    rows = [line.split("\t") for line in added.sheet.splitlines()[1:]]
    groups = dict(samples)
    assert all(groups[row[0].split("_")[0]] == row[1] for row in rows)
    assert [(c.case, c.reference, c.role) for c in card.contrasts] == [("NASH", "control", "disease")]
    data = tmp_path / "fresh"
    retrieve(RetrieveCard.model_validate(card.part(RetrieveCard)), data, mirror=None, seed=1, patience=HASTE)
    sheet = tmp_path / "datasets/gse42002/samples.tsv"
    assert read(ReadCard.model_validate(card.part(ReadCard)), data, sheet=sheet, orthologs=None).shape == (
        12,
        150,
    )


def test_a_project_of_pride_becomes_a_card(server, tmp_path):
    made = {p.name: p for p in write_dataset("demo_sev_protein", tmp_path / "made", 7)}
    header = made["proteinGroups.txt"].read_text().splitlines()[0].split("\t")
    samples = [name.removeprefix("LFQ intensity ") for name in header if name.startswith("LFQ intensity ")]
    columns = ["source name", "characteristics[organism]", "characteristics[organism part]", "characteristics[sex]",
               "comment[data file]", "factor value[treatment]"]  # fmt: skip
    sdrf = ["\t".join(columns)]
    for i, sample in enumerate(samples):
        kind = "overtrained" if i % 2 else "control"
        sdrf.append(
            "\t".join(
                [
                    sample,
                    "Mus musculus",
                    "skeletal muscle exosomes",
                    "female" if i % 4 < 2 else "male",
                    f"{sample}.raw",
                    kind,
                ]
            )
        )
    records = []
    for name, category in (("proteinGroups.txt", "SEARCH"), ("a.sdrf.tsv", "OTHER"), ("big.raw", "RAW")):
        place = {"accession": "PRIDE:0000469", "value": f"ftp://ftp.pride.ebi.ac.uk/x/{name}"}
        records.append({"fileName": name, "fileSizeBytes": None, "publicFileLocations": [place],
                        "fileCategory": {"value": category, "accession": "PRIDE:1"}})  # fmt: skip
    server.serve("/pride/v3/projects/PXD999001/files/all", json.dumps(records).encode())
    server.serve("/pride-files/x/proteinGroups.txt", made["proteinGroups.txt"])
    server.serve("/pride-files/x/a.sdrf.tsv", "\n".join(sdrf).encode())
    added = add(
        ["PXD999001"],
        folder=tmp_path / "datasets",
        data=tmp_path / "data",
        addresses=server.repositories(HASTE),
    )
    card = yaml.safe_load(added.card)
    assert added.open == ()
    assert [card[key] for key in ("organism", "tissue", "compartment", "assay")] == [
        "mouse",
        "muscle",
        "sev",
        "protein",
    ]
    assert [(f["reader"], f["options"]) for f in card["files"]] == [
        ("maxquant", {"quantity": "LFQ intensity"})
    ]
    assert card["values"] == {"scale": "linear", "normalise": "none"}
    assert [(c["case"], c["reference"]) for c in card["contrasts"]] == [("overtrained", "control")]
    assert server.asked("/pride-files/x/big.raw") == []


COUNTS = "gene\t" + "\t".join(f"{group}_{i}" for group in ("trained", "rest") for i in (1, 2)) + "\n" + "".join(
    f"ENSMUSG{i:011d}\t{i * 37 % 101}\t{i * 41 % 97}\t{2 * i}\t{i * i}\n" for i in range(1, 200)
)  # fmt: skip


def test_a_dry_run_prints_and_writes_nothing(tmp_path, capsys, monkeypatch):
    from sevaxis.cli import main

    monkeypatch.chdir(tmp_path)
    (tmp_path / "muscle.dat").write_text(COUNTS)
    before = sorted(tmp_path.rglob("*"))
    assert main(["add", "muscle.dat", "--dry-run"]) == 0
    assert sorted(tmp_path.rglob("*")) == before
    said = capsys.readouterr().out
    assert "role: training" in said and "overtraining" not in said
    assert "trained_1\ttrained" in said
    assert said.rstrip().splitlines()[-1].startswith("Next: ")


def test_what_is_written_passes_check_and_is_never_overwritten(tmp_path, capsys, monkeypatch):
    from sevaxis.cli import main

    monkeypatch.chdir(tmp_path)
    (tmp_path / "muscle.dat").write_text(COUNTS)
    assert main(["add", "muscle.dat", "--id", "mine"]) == 0
    written = (tmp_path / "config/datasets/mine/card.yaml").read_bytes()
    assert "Nothing is left to decide" in capsys.readouterr().out
    assert main(["add", "muscle.dat", "--id", "mine"]) == 2
    assert "There is such a data set already" in capsys.readouterr().err
    assert (tmp_path / "config/datasets/mine/card.yaml").read_bytes() == written


def test_what_is_undecided_stands_as_todo_and_check_explains_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.dat").write_text(
        COUNTS.replace("trained_", "a").replace("rest_", "b").replace("ENSMUSG", "ENSXYZG")
    )
    added = add(["x.dat"], id="x", folder=tmp_path / "datasets")
    assert any("'organism' is still to be decided" in p.what for p in added.open), added.open
    (tmp_path / "study.yaml").write_text("name: s\ntitle: t\ndatasets: [x]\ndatasets_folder: datasets\n")
    with pytest.raises(Problems) as caught:
        load_study(tmp_path.relative_to(tmp_path) / "study.yaml", root=tmp_path)
    told = {problem.what: problem for problem in caught.value.problems}
    problem = told["'organism' is still to be decided"]
    assert problem.hint == "human, mouse or rat"
    assert problem.where.startswith("datasets/x/card.yaml:")


@pytest.mark.parametrize(
    ("wanted", "options", "what"),
    [
        (["missing.tsv"], {}, "This cannot be added"),
        (["empty"], {"id": "here"}, "There are no tables in here"),
        (["ftp://a.b/c.tsv"], {}, "cannot be had"),
        (["noise.bin"], {}, "is not known"),
        (["x.tsv"], {"id": "../up"}, "cannot be the id"),
        (["counts.dat"], {"sheets": ["absent.tsv"]}, "There is no such sheet"),
        (["counts.dat"], {"sheets": ["others.tsv"]}, "describes none of the samples"),
        (["x.tsv"], {"mirror": "nowhere"}, "mirror folder does not exist"),
    ],
)
def test_what_cannot_be_added_is_a_problem(tmp_path, monkeypatch, wanted, options, what):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "noise.bin").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "counts.dat").write_text(COUNTS)
    (tmp_path / "others.tsv").write_text("name\tgroup\nu\tA\nv\tA\nw\tB\n")
    if "mirror" in options:
        options = {"mirror": tmp_path / options["mirror"]}
    if "sheets" in options:
        options = {"sheets": [tmp_path / name for name in options["sheets"]]}
    with pytest.raises(Problems) as caught:
        add(wanted, folder=tmp_path / "datasets", **options)
    assert what in str(caught.value)
    assert not (tmp_path / "datasets").exists()


def test_text_from_elsewhere_stays_text(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    evil = "rest\nrole: x"
    (tmp_path / "c.dat").write_text(COUNTS)
    names = ["trained_1", "trained_2", "rest_1", "rest_2"]
    sheet = "name\tgroup\tnote\n" + "".join(
        f'{n}\t"{evil if "rest" in n else "# trained: {a}"}"\t=cmd()\n' for n in names
    )
    (tmp_path / "s.tsv").write_text(sheet)
    added = add(["c.dat"], sheets=[tmp_path / "s.tsv"], folder=tmp_path / "datasets")
    card = yaml.safe_load(added.card)
    assert {c["reference"] for c in card["contrasts"]} == {"rest role: x"}
    assert set(card) <= set(Card.model_fields)
