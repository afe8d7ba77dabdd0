"""A question is one module, one template and one line of the registry; a study may ask any of them alone."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.guide import follow
from tests.project import Project

#: The small study made by hand, asked what its configuration asks.
ASK = """
from dataclasses import replace
from pathlib import Path

from sevaxis.answers import Evidence
from sevaxis.answers.answer import answer, read_answer, write_answer
from sevaxis.effects.table import conform
from sevaxis.report.report import report
from sevaxis.study.study import load_study

from tests.report import study_by_hand

settings = load_study(Path("config/config.yaml")).configuration
by_hand = study_by_hand.build()
evidence = Evidence(
    effects=conform(by_hand.effects.drop(columns="significant")), axis=settings.axis, thresholds=settings.thresholds
)
folder = Path("by_hand")
for each in answer(settings.questions, evidence):
    write_answer(each, folder / "answers")
answers = {name: read_answer(folder / "answers" / f"{name}.json") for name in settings.questions}
report(replace(by_hand, answers=answers), folder)
"""


@pytest.fixture
def project(root: Path, tmp_path: Path) -> Project:
    return Project(root, tmp_path / "project")


def ask(project: Project, root: Path) -> str:
    """Load the copy's study, answer its questions on the study made by hand, write the report; its page."""
    path = f"{project.folder / 'workflow'}:{root}"
    run = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=project.folder,
        env={"PYTHONPATH": path, "PATH": "/usr/bin:/bin", "HOME": str(project.folder)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-4000:]
    return (project.folder / "by_hand" / "report.html").read_text()


def opening(page: str) -> str:
    """The sentence that the page opens with."""
    start = page.index('<p class="lead')
    return page[page.index(">", start) + 1 : page.index("</p>", start)]


def test_a_new_question_is_a_module_a_template_and_a_line(project: Project, root: Path):
    assert len(follow(root, "A question", project.folder)) <= 4
    project.edit("config/config.yaml", "questions: [axis, sex]", "questions: [axis, tested]")
    page = ask(project, root)
    assert '<section id="tested">\n<h2>The extent of it</h2>' in page
    assert "rows of effects were tested.</p>" in page
    assert '<li class="toy">Counted one by one.</li>' in page
    assert '<a href="#tested">Extent</a>' in page
    assert opening(page).startswith("Under overtraining")
    assert '<section id="sex">' not in page


@pytest.mark.parametrize(
    ("question", "opens"), [("axis", "Under overtraining"), ("sex", "Over 1 contrast with both sexes")]
)
def test_one_question_alone(project: Project, root: Path, question: str, opens: str):
    project.edit("config/config.yaml", "questions: [axis, sex]", f"questions: [{question}]")
    page = ask(project, root)
    assert opening(page).startswith(opens)
    assert f'<section id="{question}">' in page
    assert f'<section id="{({"axis": "sex", "sex": "axis"})[question]}">' not in page
    assert 'id="strip"' in page and 'id="gene-FBXO2"' in page  # the axis table is made whatever is asked


@pytest.mark.workflow
@pytest.mark.parametrize("question", ["axis", "sex"])
def test_one_question_alone_is_planned(project: Project, question: str):
    project.edit("config/config.yaml", "questions: [axis, sex]", f"questions: [{question}]")
    assert {"answer", "report"} <= set(project.planned())


def test_an_unknown_question_is_refused_with_the_nearest(project: Project):
    project.edit("config/config.yaml", "questions: [axis, sex]", "questions: [axis, sexx]")
    output = project.snakemake("-n", "--cores", "1", check=False).stdout
    assert "'questions.1' has no such value" in output
    assert "did you mean 'sex'?" in output and "Nothing was started." in output


def test_what_was_planted_is_no_question_to_real_data(project: Project):
    project.edit("config/config.yaml", "questions: [axis, sex]", "questions: [planted]")
    project.edit("config/config.yaml", "simulated: true", "simulated: false")
    output = project.snakemake("-n", "--cores", "1", check=False).stdout
    assert "'questions.0' has no such value" in output and "allowed: 'axis', 'sex'" in output
