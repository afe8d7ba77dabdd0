"""Checks of configuration, cards and sheets: every problem, all at once, before anything runs."""

from pathlib import Path

import pytest
import yaml
from sevaxis.base.problems import Problem, Problems, nearest
from sevaxis.cli import main
from sevaxis.effects.methods import default_method
from sevaxis.study.study import load_study

CARD = {
    "id": "mine",
    "title": "My muscles",
    "citation": "nobody yet",
    "licence": "own",
    "organism": "human",
    "tissue": "muscle",
    "compartment": "tissue",
    "assay": "rna_counts",
    "files": [{"name": "counts.tsv", "path": "counts.tsv", "reader": "delimited"}],
    "columns": {"sex": "sex", "batch": "batch"},
    "contrasts": [{"name": "effect", "role": "overtraining", "case": "over", "reference": "control"}],
}
SHEET = """sample\tgroup\tsex\tbatch
a\tover\tF\t1
b\tover\tm\t2
c\tcontrol\tfemale\t1
d\tcontrol\tM\t2
"""


@pytest.fixture
def project(tmp_path):
    """Folder of a small study; returns a function that writes it with changes."""

    def write(card=None, sheet=SHEET, settings=None, name="mine") -> Path:
        folder = tmp_path / "config" / "datasets" / name
        folder.mkdir(parents=True, exist_ok=True)
        content = {**CARD, **(card or {})}
        (folder / "card.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
        (folder / "samples.tsv").write_text(sheet)
        config = {"name": "study", "title": "A study", "datasets": ["mine"], **(settings or {})}
        (tmp_path / "config" / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
        (tmp_path / "counts.tsv").write_text("gene\ta\tb\tc\td\n")
        return tmp_path

    return write


def problems_of(root: Path) -> list[str]:
    with pytest.raises(Problems) as caught:
        load_study(Path("config/config.yaml"), root=root)
    for problem in caught.value.problems:
        assert all([problem.what, problem.where, problem.found, problem.allowed, problem.hint]), problem
    return [str(problem) for problem in caught.value.problems]


def test_a_correct_study_loads(project):
    study = load_study(Path("config/config.yaml"), root=project())
    assert list(study.cards) == ["mine"]
    assert default_method(study.cards["mine"].assay) == "voom"


def test_labels_of_sex_are_read_in_all_spellings(project):
    sheet = SHEET.replace("\tF\t", "\tFemale\t").replace("\tM\t", "\tf\t")
    load_study(Path("config/config.yaml"), root=project({"columns": {"sex": "sex"}}, sheet=sheet))


@pytest.mark.parametrize(
    ("card", "what", "hint"),
    [
        ({"tisue": "muscle"}, "Unknown key 'tisue'", "did you mean 'tissue'?"),
        ({"organism": "mous"}, "'organism' has no such value", "did you mean 'mouse'?"),
        ({"columns": {"sex": "gender", "batch": "batch"}}, "no column 'gender'", "choose one of"),
        ({"columns": {"sex": "sexe", "batch": "batch"}}, "no column 'sexe'", "did you mean 'sex'?"),
        (
            {"exclude": {"z": "broken"}},
            "excludes a sample that the sheet does not have",
            "choose one of a, b",
        ),
        ({"id": "other"}, "not the name of the card's folder", "folder bears its id"),
        (
            {"files": [{"name": "x", "path": "x", "reader": "delimitd"}]},
            "no reader 'delimitd'",
            "'delimited'?",
        ),
        (
            {"files": [{"name": "x", "url": "ftp://a.b/x", "sha256": "0" * 64, "reader": "delimited"}]},
            "is not accepted",
            "write https://",
        ),
        (
            {"files": [{"name": "x", "url": "https://a.b/x", "reader": "delimited"}]},
            "is not accepted",
            "`sevaxis add ADDRESS` computes it",
        ),
        (
            {"files": [{"name": "../x", "path": "x", "reader": "delimited"}]},
            "is not accepted",
            "name it as it shall be called",
        ),
        (
            {"contrasts": [{"name": "e", "role": "overtraining", "case": "ovr", "reference": "control"}]},
            "names a group that no sample is in",
            "did you mean 'over'?",
        ),
        ({"assay": "protein", "model": {"method": "voom"}}, "'voom' does not fit", "leave method out"),
        ({"model": {"method": "mixed"}}, "'mixed' does not fit", "say columns: {subject: COLUMN}"),
        (
            {"assay": "protein", "model": {"method": "deqms"}},
            "'deqms' needs the option 'peptides'",
            "say peptides",
        ),
        (
            {"columns": {"subject": "batch"}, "model": {"method": "negative_binomial"}},
            "'negative_binomial' does not fit",
            "independent",
        ),
        ({"keep": {"batch": ["3"]}}, "keeps samples with batch = '3'", "choose one of 1, 2"),
        ({"exclude": {"a": "broken"}}, "is too small", "add samples"),
        (
            {"contrasts": [{**CARD["contrasts"][0], "by_sex": True}]},
            "asks for effects by sex without enough of both",
            "leave by_sex out",
        ),
    ],
)
def test_mistakes_in_the_card(project, card, what, hint):
    found = problems_of(project(card))
    assert any(what in problem and hint in problem for problem in found), found


@pytest.mark.parametrize(
    ("sheet", "what", "where"),
    [
        (SHEET.replace("d\t", "a\t"), "stands twice", "samples.tsv:5, column 'sample'"),
        (SHEET.replace("\tF\t", "\t1\t"), "whose meaning is not known", "samples.tsv:2, column 'sex'"),
        (SHEET.replace("b\tover\tm\t2\n", ""), "is too small", "card.yaml:"),
        (SHEET.replace("a\tover\tF\t1", "a\tover\tF"), "another length", "samples.tsv:2"),
        (
            SHEET.replace("over\tF\t1", "over\tF\t2").replace("control\tM\t2", "control\tM\t1"),
            "told from the batch",
            "",
        ),
        (
            SHEET.replace("over\tF\t1", "over\tF\t"),
            "no value in a column that enters",
            "samples.tsv:2, column 'batch'",
        ),
        (SHEET.replace("c\t", "\t"), "has no name", "samples.tsv:4"),
        (SHEET.replace("batch\n", "sex\n"), "Two columns have one name", "samples.tsv:1"),
    ],
)
def test_mistakes_in_the_sheet(project, sheet, what, where):
    found = problems_of(project(sheet=sheet))
    assert any(what in problem and where in problem for problem in found), found


def test_numbers_as_sexes_need_an_explanation_and_take_it(project):
    sheet = SHEET.replace("\tF\t", "\t1\t").replace("\tm\t", "\t2\t")
    root = project({"sex_labels": {"1": "female", "2": "male"}}, sheet)
    load_study(Path("config/config.yaml"), root=root)


def test_lines_are_those_of_the_file(project):
    root = project({"organism": "mous"})
    card = (root / "config/datasets/mine/card.yaml").read_text().splitlines()
    line = card.index("organism: mous") + 1
    assert any(f"config/datasets/mine/card.yaml:{line}\n" in problem for problem in problems_of(root))


def test_two_data_sets_with_one_id(project):
    project()
    project({"id": "mine"}, name="twin")
    root = project(settings={"datasets": ["mine", "twin", "mine"]})
    found = problems_of(root)
    assert sum("Two data sets with the id 'mine'" in problem for problem in found) == 2


def test_an_organism_without_orthologs(project):
    found = problems_of(project({"organism": "rat"}))
    assert any("no ortholog table for rat" in problem for problem in found)


def test_keys_given_twice_and_broken_yaml(project):
    root = project()
    path = root / "config/datasets/mine/card.yaml"
    path.write_text(path.read_text() + "tissue: liver\n")
    assert any("'tissue' is given twice" in problem for problem in problems_of(root))
    path.write_text("id: [mine\n")
    assert any("This is not YAML" in problem for problem in problems_of(root))


def test_ten_mistakes_give_ten_messages(project, monkeypatch, capsys):
    card = {
        "colour": "red",  # 1 unknown key
        "organism": "mose",  # 2 no such value
        "files": [
            {"name": "x", "url": "http://a.b/x", "sha256": "00", "reader": "delimited"}
        ],  # 3 scheme, 4 checksum
    }
    project(card)
    sheet = SHEET.replace("d\t", "a\t").replace("\tF\t", "\t1\t")  # 5 twice, 6 label
    second = {
        "id": "second",
        "columns": {"sex": "sex", "batch": "plate"},  # 7 no such column
        "contrasts": [{"name": "e", "role": "training", "case": "ovr", "reference": "control"}],  # 8 level
    }
    project(second, sheet, name="second")
    root = project(
        card, settings={"datasets": ["mine", "second", "third"], "tresholds": {}}
    )  # 9 missing, 10 unknown
    found = problems_of(root)
    assert len(found) == 10, "\n\n".join(found)
    monkeypatch.chdir(root)
    assert main(["check"]) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("10 problems\n")
    assert shown.count("hint:") == 10


def test_the_configurations_of_the_project_are_correct(root, monkeypatch):
    monkeypatch.chdir(root)
    for path in sorted(set(Path("config").glob("*.yaml")) - {Path("config/identifiers.yaml")}):
        assert main(["check", str(path)]) == 0, path


def test_nearest_names_the_closest_choice():
    assert nearest("Fbxo2", ["FBXO2", "FBXO21"]) == "did you mean 'FBXO2'?"
    assert nearest("zzz", ["a", "b"]) == "choose one of a, b"


def test_checking_imports_nothing_heavy(root):
    """Parsing happens before every job: seconds of imports would be paid again and again."""
    import subprocess
    import sys

    code = (
        "import sys; from pathlib import Path; from sevaxis.study.study import load_study; "
        "load_study(Path('config/config.yaml')); "
        "print([m for m in ('pandas', 'anndata', 'scanpy', 'scipy', 'polars', 'rdata') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_options_that_exclude_each_other(project):
    card = {"assay": "protein", "model": {"array_weights": True, "group_weights": True}}
    (problem,) = problems_of(project(card))
    assert "'array_weights' and 'group_weights' exclude each other" in problem and "card.yaml:" in problem


@pytest.mark.parametrize(
    ("card", "says"),
    [
        (
            {"assay": "rna_counts", "model": {"method": "trend", "missing": "curve"}},
            "Counts have no gaps for a detection curve",
        ),
        (
            {
                "assay": "protein",
                "columns": {"sample": "sample", "group": "group", "subject": "animal"},
                "model": {"missing": "curve", "subjects": "block"},
            },
            "takes samples for independent",
        ),
    ],
)
def test_a_detection_curve_where_there_can_be_none(project, card, says):
    told = [problem for problem in problems_of(project(card)) if says in problem]
    assert len(told) == 1 and "card.yaml:" in told[0]


def test_subjects_with_a_mean_each_cannot_be_compared_between(project):
    """Each animal in one group: as fixed effects they are the groups. Each animal in both: the effect is within."""
    card = {"columns": {"subject": "animal"}, "model": {"subjects": "fixed"}}
    between = "sample\tgroup\tanimal\na\tover\t1\nb\tover\t2\nc\tcontrol\t3\nd\tcontrol\t4\n"
    (problem,) = problems_of(project(card, between))
    assert "cannot be told from the subjects" in problem
    load_study(
        Path("config/config.yaml"), root=project(card, between.replace("\t3", "\t1").replace("\t4", "\t2"))
    )


def test_panels_that_there_are(project):
    load_study(Path("config/config.yaml"), root=project(settings={"panels": ["axis", "fibrosis"]}))
    (problem,) = problems_of(project(settings={"panels": ["axis", "fibrosys"]}))
    assert "There is no panel 'fibrosys'" in problem and "did you mean 'fibrosis'?" in problem
    assert "config/config.yaml:" in problem


def test_what_a_file_holds_does_not_steer_the_terminal():
    told = str(Problem("What", "card.yaml:1", "\x1b[2Jgone\r\u202e" + "x" * 100_000, "text", "a\nb"))
    assert "\x1b" not in told and "\r" not in told and "\\x1b[2Jgone" in told
    assert len(told) < 25_000 and "a\nb" in told


def test_numbers_are_names_too(project):
    """YAML reads 1 as a number, the sheet as text: both mean the group called 1."""
    sheet = SHEET.replace("over", "1").replace("control", "2")
    contrast = {"name": "effect", "role": "overtraining", "case": 1, "reference": 2}
    card = {"contrasts": [contrast], "keep": {"batch": [1, 2]}, "exclude": {}}
    study = load_study(Path("config/config.yaml"), root=project(card, sheet))
    assert study.cards["mine"].contrasts[0].level_weights() == {"1": 1.0, "2": -1.0}
    (problem,) = problems_of(project({"contrasts": [{**contrast, "case": True}]}, sheet))
    assert "write the word in quotes" in problem


@pytest.mark.parametrize(
    "sheet",
    [
        SHEET + "\n\t\t\t\n\n",
        SHEET.replace("batch\n", "batch\t\t\n"),
        SHEET.replace("\t", ","),
        SHEET.replace("\t", ";"),
        SHEET.replace("\n", "\r"),
        SHEET.replace("a\tover", "a\u200b\tover\u00a0"),
        SHEET.replace("sex", " sex "),
        '"' + SHEET.replace("\t", '"\t"').replace("\n", '"\n"')[:-1],
    ],
)
def test_sheets_as_spreadsheets_leave_them(project, sheet):
    load_study(Path("config/config.yaml"), root=project(sheet=sheet))


def test_a_sheet_in_utf_16(project):
    root = project()
    (root / "config/datasets/mine/samples.tsv").write_bytes(SHEET.encode("utf-16"))
    load_study(Path("config/config.yaml"), root=root)


def test_lines_of_a_sheet_are_those_of_the_file(project):
    (problem,) = problems_of(project(sheet=SHEET.replace("b\t", "\n\nb\t").replace("d\t", "c\t")))
    assert "samples.tsv:7, column 'sample'" in problem and "'c' here and on line 6" in problem
    found = problems_of(project(sheet=SHEET.replace("c\t", 'c"\t').replace("b\t", '"b\t')))
    assert len(found) == 1 and "samples.tsv:3" in found[0] and "close the quotes" in found[0]
