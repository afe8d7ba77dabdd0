"""`sevaxis add` as it is typed: what it takes, what it asks on a terminal, folders and archives, the rehearsal."""

from __future__ import annotations

import io
import re
import shutil
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml
from sevaxis.base.problems import Problems
from sevaxis.cli import main
from sevaxis.drafting import add, excerpts
from sevaxis.drafting.wishes import parse_wishes

GENES = [f"ENSMUSG{i:011d}" for i in range(1, 201)]
NAMES = [f"{group}_{i}" for group in ("trained", "sed") for i in (1, 2, 3)]


def counts(names=NAMES, seed=1) -> str:
    table = np.random.default_rng(seed).poisson(200, (len(GENES), len(names)))
    rows = ["\t".join([gene, *map(str, row)]) for gene, row in zip(GENES, table, strict=True)]
    return "\n".join(["\t".join(["gene", *names]), *rows]) + "\n"


def sheet(**columns) -> str:
    rows = zip(*columns.values(), strict=True)
    return "\n".join(["\t".join(columns), *("\t".join(row) for row in rows)]) + "\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def card_of(*arguments: str) -> dict:
    """The card that a command writes."""
    shutil.rmtree("d", ignore_errors=True)
    assert main(["add", *arguments, "--id", "mine", "--folder", "d"]) == 0
    return yaml.safe_load(Path("d/mine/card.yaml").read_text())


def rows_of(name: str) -> list[str]:
    header, *rows = [line.split("\t") for line in Path("d/mine/samples.tsv").read_text().splitlines()]
    return [row[header.index(name)] for row in rows]


FACTS = ("--tissue", "muscle", "--compartment", "tissue")


def test_what_the_user_says_stands_in_the_card(here):
    (here / "c.tsv").write_text(counts([f"x{i}" for i in range(6)]))
    columns = {
        "name": [f"x{i}" for i in range(6)],
        "arm": list("ababab"),
        "code": list("112212"),
        "day": list("334434"),
    }
    (here / "s.tsv").write_text(sheet(**columns))
    card = card_of(
        "c.tsv", "--samples", "s.tsv", "--group", "arm", "--sex", "column=code,1=male", "--sex", "2=female",
        "--batch", "day",
        "--contrast", "b:a", "--organism", "rat", "--title", "Rats", "--citation", "us", "--licence", "ours", *FACTS,
    )  # fmt: skip
    assert [card[key] for key in ("organism", "tissue", "title", "citation", "licence")] == [
        "rat", "muscle", "Rats", "us", "ours",
    ]  # fmt: skip
    assert card["sex_labels"] == {"1": "male", "2": "female"}
    assert [(c["case"], c["reference"]) for c in card["contrasts"]] == [("b", "a")]
    assert (rows_of("group"), rows_of("sex"), rows_of("batch")) == (
        list("ababab"),
        list("112212"),
        list("334434"),
    )
    text = (here / "d/mine/card.yaml").read_text()
    assert "as you say; the files said mouse" in text


def test_one_sex_for_all_and_replicates_that_are_named(here):
    (here / "c.tsv").write_text(counts())
    (here / "s.tsv").write_text(sheet(name=NAMES, vial=["a", "a", "b", "c", "c", "d"]))
    card = card_of("c.tsv", "--sheet", "s.tsv", "--sex", "male", "--replicate-of", "vial", *FACTS)
    assert (card["sex"], card["columns"]["replicate_of"]) == ("male", "replicate_of")
    assert rows_of("replicate_of") == ["a", "a", "b", "c", "c", "d"]


def test_a_table_is_read_as_the_user_says(here):
    lines = counts().splitlines()
    across = zip(*(line.split("\t") for line in lines), strict=True)
    (here / "across.csv").write_text("\n".join(",".join(row) for row in across) + "\n")
    (here / "titled.tsv").write_text("Table S1\tof a paper\n\n" + counts())
    (here / "more.tsv").write_text(
        "\n".join(f"{line}\t{'total' if i == 0 else 7}" for i, line in enumerate(lines)) + "\n"
    )
    across = card_of("across.csv", "--orientation", "samples-in-rows", *FACTS)
    assert across["files"][0]["options"]["layout"] == "transposed"
    titled = card_of("titled.tsv", "--option", "skip=2", *FACTS)
    assert titled["files"][0]["options"]["skip"] == 2
    named = card_of("more.tsv", "--samples", "^(trained_.|sed_.)$", *FACTS)
    assert named["files"][0]["options"]["samples"] == "^(trained_.|sed_.)$"
    assert rows_of("sample") == NAMES
    listed = card_of("more.tsv", "--samples", "trained_1,trained_2,sed_1,sed_2", *FACTS)
    assert rows_of("sample") == ["trained_1", "trained_2", "sed_1", "sed_2"]
    assert {c["role"] for c in listed["contrasts"]} == {"training"}
    forced = card_of(
        "more.tsv",
        "--reader",
        "delimited",
        "--option",
        "more.tsv:samples=[trained_1, trained_2, sed_1, sed_2]",
    )
    assert forced["files"][0]["options"] == {"samples": ["trained_1", "trained_2", "sed_1", "sed_2"]}


@pytest.mark.parametrize(
    ("arguments", "what", "hint"),
    [
        (["--option", "skip"], "This is no option", "skip=2"),
        (["--option", "skp=2"], "No reader of these files takes the option 'skp'", "did you mean 'skip'"),
        (["--option", "skip=two"], "does not take the option 'skip' so", "integer"),
        (["--option", "other.tsv:skip=2"], "No reader of these files takes", "c.tsv"),
        (["--orientation", "sideways"], "There is no such orientation", "choose one of"),
        (["--reader", "delimeted"], "There is no reader 'delimeted'", "did you mean 'delimited'"),
        (["--contrast", "trained"], "This is no contrast", "trained:sedentary"),
        (["--contrast", "trained:trained"], "This is no contrast", "trained:sedentary"),
        (["--contrast", "traned:sed"], "No sample is in this group", "did you mean 'trained'"),
        (["--sex", "both"], "This says no sex", "column=SEX"),
        (["--sex", "male", "--sex", "1=male"], "The sex is told twice", "a column"),
        (["--sex", "1=male"], "No sample has this label of sex", "column"),
        (["--organism", "mice"], "There is no such organism", "choose one of"),
        (["--assay", "rna"], "There is no such assay", "rna_counts"),
        (["--group", "arm"], "The annotation has no column 'arm'", "--sheet"),
        (["--samples", "^nothing$"], "", ""),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_to_do(here, capsys, arguments, what, hint):
    (here / "c.tsv").write_text(counts())
    assert main(["add", "c.tsv", "--id", "mine", "--folder", "d", *arguments]) == 2
    said = capsys.readouterr().err
    assert what in said and hint in said
    assert "Traceback" not in said
    assert not (here / "d").exists()


def pack(kind: str, here, files: dict[str, str]) -> str:
    if kind == "folder":
        for name, text in files.items():
            (here / "in" / name).parent.mkdir(parents=True, exist_ok=True)
            (here / "in" / name).write_text(text)
        return "in"
    if kind == "zip":
        with zipfile.ZipFile(here / "in.zip", "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
        return "in.zip"
    with tarfile.open(here / f"in.{kind}", "w:gz" if kind.endswith("gz") else "w") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return f"in.{kind}"


@pytest.mark.parametrize("kind", ["folder", "zip", "tar", "tar.gz"])
def test_folders_and_archives_are_opened_and_what_is_no_data_is_named(here, capsys, kind):
    facts = {"sample": NAMES, "sex": ["F", "F", "M"] * 2}
    noise = "\x00\x01binary" * 50
    files = {"c.tsv": counts(), "about/s.tsv": sheet(**facts), "README.md": "# data", "x.dat": noise}
    card = card_of(pack(kind, here, files), *FACTS)
    said = capsys.readouterr().out
    assert [file["name"] for file in card["files"]] == ["c.tsv"]
    assert (here / card["files"][0]["path"]).is_file()
    assert rows_of("sex") == facts["sex"]
    assert "README.md" in said and "x.dat" in said
    assert "200 features x 6 samples were read" in said


def test_files_of_one_name_in_several_folders_are_samples_of_the_folders(here):
    lines = counts().splitlines()[1:]
    files = {
        f"{name}/counts.tab": "".join(
            f"{line.split(chr(9))[0]}\t{line.split(chr(9))[i + 1]}\n" for line in lines
        )
        + "__no_feature\t7\n"
        for i, name in enumerate(NAMES)
    }
    card = card_of(pack("folder", here, files), *FACTS)
    assert sorted(file["sample"] for file in card["files"]) == sorted(NAMES)
    assert sorted(rows_of("group")) == ["sed"] * 3 + ["trained"] * 3


def test_a_dry_run_of_an_archive_leaves_nothing_and_names_its_later_place(here, capsys):
    name = pack("zip", here, {"c.tsv": counts()})
    before = sorted(here.rglob("*"))
    assert main(["add", name, "--dry-run", *FACTS]) == 0
    assert sorted(here.rglob("*")) == before
    assert "path: data/in/in/c.tsv" in capsys.readouterr().out


PAIRS = [f"{group}_{i}_inj{j}" for group in ("trained", "sed") for i in (1, 2) for j in (1, 2)]


def test_on_a_terminal_everything_open_is_asked_and_answered(here):
    (here / "c.tsv").write_text(counts(PAIRS).replace("ENSMUSG", "XYZ"))
    prompts, answers = [], iter(["nonsense", "2", "muscle", "4", "1"])

    def ask(prompt: str) -> str:
        prompts.append(prompt)
        return next(answers)

    added = add(["c.tsv"], id="mine", folder=here / "d", ask=ask)
    card = yaml.safe_load(added.card)
    assert (card["organism"], card["tissue"], card["compartment"]) == ("mouse", "muscle", "tissue")
    assert card["columns"] == {"sample": "sample", "group": "group", "replicate_of": "specimen"}
    assert len(prompts) == 5 and next(answers, None) is None


def test_an_answer_can_wait(here):
    (here / "c.tsv").write_text(counts())
    added = add(["c.tsv"], id="mine", folder=here / "d", ask=lambda prompt: "")
    assert {problem.what.split("'")[1] for problem in added.open} == {"tissue", "compartment"}


@pytest.mark.parametrize(("options", "columns"), [(["--yes"], {"replicate_of": "specimen"}), ([], None)])
def test_yes_takes_the_proposals_and_without_a_terminal_questions_stay(here, options, columns):
    (here / "c.tsv").write_text(counts(PAIRS))
    card = card_of("c.tsv", *options, *FACTS)
    rest = {key: value for key, value in card["columns"].items() if key not in ("sample", "group")}
    assert rest == columns or (columns is None and rest["replicate_of"].startswith("TODO"))


def test_a_draft_that_a_job_would_refuse_says_so_at_once(here, capsys):
    """XIST and Y genes of mice against the sheet: all declared males are females and the reverse."""
    table = np.random.default_rng(1).negative_binomial(1.2, 0.001, (200, 8))
    genes = list(GENES)
    for at, (gene, on) in enumerate({"Xist": 0, "Ddx3y": 1, "Eif2s3y": 1, "Kdm5d": 1, "Uty": 1}.items()):
        genes[at] = gene
        table[at] = [4000 if (i % 2) == on else 0 for i in range(8)]
    names = [f"s{i}" for i in range(8)]
    lines = ["\t".join(["gene", *names])] + [
        "\t".join([g, *map(str, row)]) for g, row in zip(genes, table, strict=True)
    ]
    (here / "c.tsv").write_text("\n".join(lines) + "\n")
    (here / "s.tsv").write_text(sheet(name=names, group=["trained"] * 4 + ["sed"] * 4, sex=["M", "F"] * 4))
    card_of("c.tsv", "--sheet", "s.tsv", "--organism", "mouse", "--option", "identifier=symbol", *FACTS)
    said = capsys.readouterr().out
    assert "This would stop a job:" in said and "declared" in said


def test_check_files_opens_what_is_here(here, capsys):
    (here / "c.tsv").write_text(counts())
    card_of("c.tsv", *FACTS)
    path = here / "study.yaml"
    (here / "o.tsv").write_text("x\n")
    path.write_text(
        "name: s\ntitle: t\ndatasets: [mine]\ndatasets_folder: d\n"
        "orthologs: {mouse: {name: o.tsv, path: o.tsv, reader: table}}\n"
    )
    assert main(["check", "study.yaml", "--files"]) == 0
    assert "200 features x 6 samples were read" in capsys.readouterr().out
    samples = here / "d/mine/samples.tsv"
    samples.write_text(samples.read_text().replace("trained_1\t", "trained_9\t"))
    assert main(["check", "study.yaml", "--files"]) == 2
    said = capsys.readouterr().err
    assert "trained_9" in said and "samples.tsv:2" in said


def test_a_large_table_is_drafted_from_its_first_rows(here, monkeypatch):
    monkeypatch.setattr(excerpts, "LARGE", 3000)
    monkeypatch.setattr(excerpts, "TAKEN", 2000)
    (here / "c.tsv").write_text(counts())
    added = add(["c.tsv"], id="mine", folder=here / "d", rehearse=lambda *_: pytest.fail("read whole"))
    assert "large: the draft rests on its first" in " ".join(added.evidence)
    assert added.sheet.count("\n") == 7
    assert yaml.safe_load(added.card)["files"][0]["bytes"] == (here / "c.tsv").stat().st_size


@pytest.mark.parametrize("order", ["by feature", "by sample"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_large_table_with_a_row_per_value_is_drafted_from_some_features(here, monkeypatch, order, packed):
    import gzip

    monkeypatch.setattr(excerpts, "LARGE", 30_000)
    monkeypatch.setattr(excerpts, "TAKEN", 20_000)
    monkeypatch.setattr(excerpts, "FEWEST_CHOSEN", 50)
    header, *rows = (line.split("\t") for line in counts().splitlines())
    values = [
        (row[0], sample, value) for row in rows for sample, value in zip(header[1:], row[1:], strict=True)
    ]
    values = values if order == "by feature" else sorted(values, key=lambda value: value[1])
    text = "# by a program\n" + "".join(
        "\t".join(row) + "\n" for row in [("gene", "sample", "count"), *values]
    )
    name = "long.tsv.gz" if packed else "long.tsv"
    (here / name).write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    added = add([name], id="mine", folder=here / "d", rehearse=lambda *_: pytest.fail("read whole"))
    told = re.search(r"large: the draft rests on some (\d+) features", " ".join(added.evidence))
    assert 50 <= int(told[1]) < len(rows) / 1.5
    assert added.sheet.count("\n") == 7
    assert yaml.safe_load(added.card)["files"][0]["options"]["layout"] == "long"


def test_a_table_with_a_row_per_sample_is_never_cut(here, monkeypatch):
    monkeypatch.setattr(excerpts, "LARGE", 3000)
    monkeypatch.setattr(excerpts, "TAKEN", 2000)
    across = zip(*(line.split("\t") for line in counts().splitlines()), strict=True)
    (here / "c.tsv").write_text("\n".join("\t".join(row) for row in across) + "\n")
    added = add(["c.tsv"], id="mine", folder=here / "d")
    assert added.sheet.count("\n") == 7


def test_wishes_that_contradict_are_all_told_at_once():
    with pytest.raises(Problems) as caught:
        parse_wishes(options=["x"], contrasts=["a"], sex=["no"], facts={"organism": "cow"}, reader="none")
    assert len(caught.value.problems) == 5


def test_a_table_of_patients_and_their_measures_is_a_sheet_and_no_matrix(here, capsys):
    """As masld_longitudinal_fujiwara: HUnafld001_1 looks like a gene's symbol, sex_male1 and AST are no samples."""
    random = np.random.default_rng(2)
    names = ["sex_male1", "Age", "BMI", "AST", "ALT", "Platelet", "Histology.fibrosis"]
    rows = [[f"HUnafld{i:03d}_1", *map(str, random.integers(1, 90, len(names)))] for i in range(106)]
    (here / "c.tsv").write_text("\n".join("\t".join(row) for row in [["ID", *names], *rows]) + "\n")
    assert main(["add", "c.tsv", "--folder", "d"]) == 2
    assert "No file holds values or results" in capsys.readouterr().err
