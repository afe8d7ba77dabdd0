"""The demo, run by Snakemake as a user would: once, and then after every kind of change."""

import contextlib
import shutil

import pytest

from tests.project import Project

pytestmark = pytest.mark.workflow
DATASETS = ["demo_liver_rna", "demo_muscle_rna", "demo_plasma_sev", "demo_sev_protein"]
TELLING = {"answer": [], "report": []}


@pytest.fixture(scope="module")
def finished(root, tmp_path_factory) -> Project:
    """The demo, run to its end."""
    project = Project(root, tmp_path_factory.mktemp("demo") / "project")
    (project.folder / "output.txt").write_text(project.snakemake("--cores", "2").stdout)
    return project


@contextlib.contextmanager
def changed(project: Project, path: str, old: str, new: str):
    """A change of one file, undone afterwards (time stamp included)."""
    file = project.folder / path
    backup = project.folder / "backup"
    shutil.copy2(file, backup)
    try:
        project.edit(path, old, new)
        yield
    finally:
        shutil.copy2(backup, file)


def test_results_are_where_others_look_for_them(finished):
    results = finished.folder / "results" / "demo"
    files = ["effects.parquet", "effects.tsv.gz", "axis.tsv", "methods.md", "provenance.json", "report.html"]
    files += [
        f"answers/{question}.{kind}" for question in ("axis", "sex", "planted") for kind in ("tsv", "json")
    ]
    for dataset in DATASETS:
        files += [f"datasets/{dataset}/{name}" for name in ("matrix.h5ad", "quality.json", "effects.parquet")]
    for name in files:
        assert (results / name).stat().st_size > 0, name
    figures = {path.suffix for path in (results / "figures").glob("[!.]*")}
    assert figures == {".svg", ".tsv"}


def test_nothing_to_be_done_after_a_finished_run(finished):
    assert "Nothing to be done" in finished.snakemake("-n", "--cores", "1").stdout


def test_the_last_lines_say_where_the_report_is_and_what_it_says(finished):
    lines = (finished.folder / "output.txt").read_text().splitlines()
    assert "Report: results/demo/report.html" in lines
    assert lines[lines.index("Report: results/demo/report.html") + 1].startswith("Under overtraining")


MUSCLE = "config/datasets/demo_muscle_rna/card.yaml"


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        pytest.param("config/config.yaml", "fdr: 0.05 ", "fdr: 0.01 ", TELLING, id="threshold of wording"),
        pytest.param(
            "config/config.yaml",
            "alpha: 0.05 ",
            "alpha: 0.01 ",
            {"compare": DATASETS, **TELLING},
            id="level of the minimum detectable effect",
        ),
        pytest.param(
            "config/config.yaml", "title: Does", "title: How does", {"report": []}, id="title of the study"
        ),
        pytest.param(
            MUSCLE, "label: overtrained v control", "label: hard training", {"report": []}, id="label"
        ),
        pytest.param(MUSCLE, "licence: MIT", "licence: CC0", {"report": []}, id="licence"),
        pytest.param(
            MUSCLE,
            "    case: overtrained\n    reference: control",
            "    case: control\n    reference: overtrained",
            {"compare": ["demo_muscle_rna"], **TELLING},
            id="case and reference swapped",
        ),
        pytest.param(
            MUSCLE,
            "role: overtraining",
            "role: training",
            {"compare": ["demo_muscle_rna"], **TELLING},
            id="role",
        ),
        pytest.param(
            "config/datasets/demo_sev_protein/card.yaml",
            "normalise: none",
            "normalise: median",
            {"assess": ["demo_sev_protein"], "compare": ["demo_sev_protein"], **TELLING},
            id="normalisation of one card",
        ),
        pytest.param(
            "config/datasets/demo_plasma_sev/card.yaml",
            "batch: plate",
            "subject: plate",
            {step: ["demo_plasma_sev"] for step in ("read", "assess", "compare")} | TELLING,
            id="column of one card",
        ),
        pytest.param(
            "workflow/sevaxis/report/__init__.py",
            '"""The report room',
            '"""So the report room',
            {"report": []},
            id="code of the report",
        ),
        pytest.param("workflow/sevaxis/answers/sex.py", '"""Do', '"""So do', TELLING, id="code of an answer"),
        pytest.param(
            "workflow/sevaxis/effects/strata.py",
            '"""Which',
            '"""So which',
            {"compare": DATASETS, **TELLING},
            id="code of compare",
        ),
        pytest.param(
            "workflow/sevaxis/matrix/readers/maxquant.py",
            "from __future__ import annotations\n",
            "from __future__ import annotations\n\n# changed\n",
            dict.fromkeys(("read", "assess", "compare"), DATASETS) | TELLING,
            id="code of a reader",
        ),
    ],
)
def test_a_change_reruns_exactly_what_depends_on_it(finished, path, old, new, expected):
    with changed(finished, path, old, new):
        assert finished.planned() == expected
    assert finished.planned() == {}


def test_a_sheet_reruns_its_own_data_set(finished):
    sheet = finished.folder / "config/datasets/demo_liver_rna/samples.tsv"
    text = sheet.read_text()
    header, first, *rest = text.splitlines()
    try:
        sheet.write_text(
            "\n".join([header, *rest, first]) + "\n"
        )  # same facts in another order: the file differs
        expected = {step: ["demo_liver_rna"] for step in ("read", "assess", "compare")} | TELLING
        assert finished.planned() == expected
    finally:
        sheet.write_text(text)


def test_mistakes_stop_even_a_dry_run_before_any_job(finished):
    with changed(finished, MUSCLE, "organism: mouse", "organism: mose"):
        result = finished.snakemake("-n", "--cores", "1", check=False)
    assert result.returncode != 0
    assert "Nothing was started." in result.stdout
    assert "did you mean 'mouse'?" in result.stdout
    assert "Traceback" not in result.stdout


def test_other_entrances_plan_the_same(finished, tmp_path):
    """With -s workflow/Snakefile, and as a module of another workflow."""
    assert "Nothing to be done" in finished.snakemake("-n", "--cores", "1", "-s", "workflow/Snakefile").stdout
    other = finished.folder / "other.smk"
    other.write_text(
        'configfile: "config/config.yaml"\n\n'
        'module sevaxis:\n    snakefile: "workflow/Snakefile"\n    config: config\n\n'
        "use rule * from sevaxis as sevaxis_*\n"
    )
    plan = finished.snakemake("-n", "--cores", "1", "-s", "other.smk", "sevaxis_everything").stdout
    assert "Nothing to be done" in plan
    other.unlink()


def test_without_a_network_every_wanted_file_is_named_once(root, tmp_path, monkeypatch):
    """One list for the whole study, where to put each file, and no traceback."""
    monkeypatch.setenv(
        "HTTPS_PROXY", "http://127.0.0.1:9"
    )  # nobody listens there: no network wherever this runs
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    project = Project(root, tmp_path / "project")
    result = project.snakemake("--cores", "2", "--configfile", "config/public.yaml", check=False)
    assert result.returncode != 0
    assert "Traceback" not in result.stdout
    told = result.stdout[result.stdout.index("files are not here yet") :]
    for card in ("motrpac_gn_rna/TRNSCRPT_GN.rda", "gse281849/CompiledData.xlsx", "orthologs/"):
        assert f"data/{card}" in told
    assert not list((project.folder / "data").rglob("files.json"))
