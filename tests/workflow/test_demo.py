"""The demo, run by Snakemake as a user would: once, and then after every kind of change."""

import contextlib
import os

import pytest

from tests.answers.test_recomputed import GENES, assert_results_as_recomputed
from tests.project import Project

pytestmark = pytest.mark.workflow
DATASETS = ["demo_liver_rna", "demo_muscle_rna", "demo_plasma_sev", "demo_sev_protein"]
COUNTED = DATASETS[:2]
TELLING = {"answer": [], "report": []}
FROM_READ, FROM_COMPARE = ("read", "assess", "compare"), ("compare",)
#: An edit that runs, of any module.
FUTURE = "from __future__ import annotations\n"
EDITED = f"{FUTURE}\nEDITED = True\n"


def rerun(steps, datasets):
    """What a dry run plans where steps of some data sets are due, and with them what all data sets are asked."""
    return dict.fromkeys(steps, datasets) | TELLING


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
    content, times = file.read_bytes(), file.stat()
    try:
        project.edit(path, old, new)
        yield
    finally:
        file.write_bytes(content)
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_results_are_where_others_look_for_them(finished):
    results = finished.folder / "results" / "demo"
    files = ["effects.parquet", "effects.tsv.gz", "axis.tsv", "methods.md", "provenance.json", "report.html"]
    files += [
        f"answers/{question}.{kind}" for question in ("axis", "sex", "planted") for kind in ("tsv", "json")
    ]
    for dataset in DATASETS:
        per_dataset = ("matrix.h5ad", "quality.json", "effects.parquet", "model.json", "robustness.parquet")
        files += [f"datasets/{dataset}/{name}" for name in per_dataset]
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


def test_no_verdict_says_more_than_its_row(finished):
    assert_results_as_recomputed(finished.folder / "results" / "demo", GENES)


MUSCLE = "config/datasets/demo_muscle_rna/card.yaml"


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        pytest.param(
            "config/config.yaml", "power: 0.8 ", "power: 0.9 ", rerun(FROM_COMPARE, DATASETS), id="power"
        ),
        pytest.param(
            "config/config.yaml",
            "smallest_effect: 0.585 ",
            "smallest_effect: 0.8 ",
            TELLING,
            id="threshold of wording",
        ),
        pytest.param(
            "config/config.yaml",
            "alpha: 0.05 ",
            "alpha: 0.01 ",
            rerun(FROM_COMPARE, DATASETS),
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
            rerun(FROM_COMPARE, ["demo_muscle_rna"]),
            id="case and reference swapped",
        ),
        pytest.param(
            MUSCLE,
            "role: overtraining",
            "role: training",
            rerun(FROM_COMPARE, ["demo_muscle_rna"]),
            id="role",
        ),
        pytest.param(
            "config/datasets/demo_sev_protein/card.yaml",
            "normalise: none",
            "normalise: median",
            rerun(("assess", "compare"), ["demo_sev_protein"]),
            id="normalisation of one card",
        ),
        pytest.param(
            "config/datasets/demo_plasma_sev/card.yaml",
            "batch: plate",
            "subject: plate",
            rerun(FROM_READ, ["demo_plasma_sev"]),
            id="column of one card",
        ),
        pytest.param(
            "workflow/sevaxis/report/page.py", FUTURE, EDITED, {"report": []}, id="code of the report"
        ),
        pytest.param("workflow/sevaxis/answers/sex.py", FUTURE, EDITED, TELLING, id="code of an answer"),
        pytest.param(
            "workflow/sevaxis/effects/strata.py",
            FUTURE,
            EDITED,
            rerun(FROM_COMPARE, DATASETS),
            id="code of compare",
        ),
        pytest.param(
            "workflow/sevaxis/effects/methods/voom.py",
            FUTURE,
            EDITED,
            rerun(FROM_COMPARE, DATASETS),  # beside the reported analysis stand others, by other methods
            id="code of a method",
        ),
        pytest.param(
            "workflow/sevaxis/matrix/readers/maxquant.py",
            FUTURE,
            EDITED,
            rerun(FROM_READ, ["demo_sev_protein"]),
            id="code of a reader",
        ),
        pytest.param(
            "resources/panels.tsv", "axis\tFBXO2\tthe axis", "axis\tFBXO2\tan axis", TELLING, id="panels"
        ),
        pytest.param(
            "resources/identifiers.tsv",
            "A2M\thuman\tA2M\t\t",
            "A2M\thuman\tA2M\tCPAMD5\t",
            rerun(("retrieve", *FROM_READ), DATASETS),  # simulated genes come from there
            id="identifiers",
        ),
        pytest.param(
            "resources/protein_names.tsv",
            "protein_name",
            "protein_title",
            rerun(FROM_READ, DATASETS),
            id="protein names",
        ),
        pytest.param(
            "resources/entry_names.tsv",
            "entry_name\thuman_symbol",
            "entry_name\tsymbol",
            rerun(FROM_READ, DATASETS),
            id="entry names",
        ),
    ],
)
def test_a_change_reruns_exactly_what_depends_on_it(finished, path, old, new, expected):
    with changed(finished, path, old, new):
        assert finished.planned() == expected


def test_what_no_result_depends_on_reruns_nothing(finished):
    """The description of a field, a docstring, a comment; a reader that no card uses; a reader that is new."""
    package = "workflow/sevaxis"
    edits = [
        (f"{package}/study/source.py", '"Public https address."', '"Public address, https."'),
        (f"{package}/effects/compare.py", '"""Effects of all', '"""All effects of all'),
        (f"{package}/matrix/assess.py", FUTURE, f"{FUTURE}\n# changed\n"),
        (f"{package}/matrix/readers/gct.py", FUTURE, EDITED),
        (
            f"{package}/matrix/readers/registry.py",
            "READERS = {",
            'READERS = {\n    "new": "sevaxis.matrix.readers.gct:new",',
        ),
    ]
    with contextlib.ExitStack() as stack:
        for path, old, new in edits:
            stack.enter_context(changed(finished, path, old, new))
        assert finished.planned() == {}


def test_a_sheet_reruns_its_own_data_set_however_old_it_looks(finished):
    sheet = finished.folder / "config/datasets/demo_liver_rna/samples.tsv"
    header, first, *rest = sheet.read_text().splitlines()
    # same facts in another order: the file differs
    with changed(finished, str(sheet.relative_to(finished.folder)), f"{header}\n{first}\n", f"{header}\n"):
        with sheet.open("a") as file:
            file.write(f"{first}\n")
        os.utime(sheet, (0, 0))
        assert len(sheet.read_text().splitlines()) == len(rest) + 2
        assert finished.planned() == rerun(FROM_READ, ["demo_liver_rna"])


def test_a_result_that_was_deleted_is_made_again(finished):
    model = finished.folder / "results/demo/datasets/demo_muscle_rna/model.json"
    away = model.rename(finished.folder / "away")
    try:
        assert finished.planned() == rerun(FROM_COMPARE, ["demo_muscle_rna"])
    finally:
        away.rename(model)


def test_changes_that_were_undone_leave_nothing_to_be_done(finished):
    """After all those above, whatever the files' times are by now."""
    for part in ("config", "resources"):
        for file in (finished.folder / part).rglob("*"):
            os.utime(file)
    assert finished.planned() == {}


def test_a_copy_elsewhere_is_as_finished(finished, tmp_path):
    assert finished.copied_to(tmp_path / "elsewhere").planned() == {}


def test_mistakes_stop_even_a_dry_run_before_any_job(finished):
    with changed(finished, MUSCLE, "organism: mouse", "organism: mose"):
        result = finished.snakemake("-n", "--cores", "1", check=False)
    assert result.returncode != 0
    assert "Nothing was started." in result.stdout
    assert "did you mean 'mouse'?" in result.stdout
    assert "Traceback" not in result.stdout


def test_other_entrances_plan_the_same(finished):
    """With -s workflow/Snakefile, and as a module of another workflow."""
    assert "Nothing to be done" in finished.snakemake("-n", "--cores", "1", "-s", "workflow/Snakefile").stdout
    module_of(finished)
    plan = finished.snakemake("-n", "--cores", "1", "-s", "other.smk", "sevaxis_everything").stdout
    assert "Nothing to be done" in plan


def test_a_module_with_a_prefix_makes_everything_in_its_own_folder(finished):
    """Tables of resources/ and sample sheets are found where they are; only what is made moves."""
    module_of(finished, '    prefix: "sub"\n')
    steps = dict.fromkeys(("retrieve", *FROM_READ), DATASETS)
    planned = finished.planned("-s", "other.smk", "sevaxis_everything")
    assert planned == steps | {"orthologs": ["human", "mouse"]} | TELLING


def module_of(project, *more):
    """A workflow that has the project's as a module."""
    (project.folder / "other.smk").write_text(
        'configfile: "config/config.yaml"\n\n'
        f'module sevaxis:\n    snakefile: "workflow/Snakefile"\n    config: config\n{"".join(more)}\n'
        "use rule * from sevaxis as sevaxis_*\n"
    )


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
