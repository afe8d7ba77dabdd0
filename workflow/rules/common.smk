# The validated study, its paths, the parts of cards that rules track. Included before all rules.
import json
import os
import re

from snakemake.exceptions import WorkflowError

from sevaxis.answers import questions_of
from sevaxis.base.fingerprint import fingerprint
from sevaxis.base.problems import Problems
from sevaxis.study.card import AssessCard, CompareCard, ReadCard, RetrieveCard
from sevaxis.study.study import load_study

try:
    study = load_study(
        Path(workflow.configfiles[-1]) if workflow.configfiles else None,
        settings=config,
    )
except Problems as problems:
    raise WorkflowError(f"{problems}\n\nNothing was started.") from None

settings = study.configuration
RESULTS = study.results
DATA = Path(settings.data_folder)
DATASET = RESULTS / "datasets" / "{dataset}"
ORGANISMS = (
    sorted({card.organism for card in study.cards.values()})
    if settings.orthologs
    else []
)

# Where equal bytes come from is no part of a result: a mirror is handed on beside what Snakemake tracks.
os.environ["SEVAXIS_MIRROR"] = (
    str(Path(settings.mirror).resolve()) if settings.mirror else ""
)
# The conda environments install sevaxis from here.
ROOT = Path(workflow.basedir)
ROOT = ROOT.parent if ROOT.name == "workflow" else ROOT
os.environ["SEVAXIS_SOURCE"] = str(ROOT)


envvars:
    "SEVAXIS_MIRROR",
    "SEVAXIS_SOURCE",


# What each room's library call can reach; Snakemake does not see edits of imported modules.
QUESTIONS = questions_of(settings.questions, simulated=settings.simulated)
CODE = {
    "retrieve": fingerprint(
        "files.retrieve", *(["demo"] if settings.simulated else [])
    ),
    "orthologs": fingerprint("genes.orthologs", "files.retrieve"),
    "read": fingerprint("matrix.read"),
    "assess": fingerprint("matrix.assess"),
    "compare": fingerprint("effects.compare"),
    "answer": fingerprint("answers.answer", "effects.table"),
    "report": fingerprint("report.report", "base.provenance"),
}


wildcard_constraints:
    dataset="|".join(map(re.escape, study.cards)),
    organism="|".join(map(re.escape, ORGANISMS)) or "none",


def part(room):
    """Part of a data set's card that a room reads; a change elsewhere in the card reruns nothing there."""
    return lambda wildcards: study.cards[wildcards.dataset].part(room)


def own_files(wildcards):
    """What retrieving reads here: files of the user's own (retrieve names those that are missing), and the tables that
    simulated genes come from."""
    files = study.cards[wildcards.dataset].files
    tables = [
        ROOT / "resources" / f"{name}.tsv" for name in ("identifiers", "sex_markers")
    ]
    own = [file.path for file in files if file.path and Path(file.path).is_file()]
    return own + (tables if any(file.simulated for file in files) else [])


def sheet_of(wildcards):
    """The sample sheet of a data set, where it is a file of its own."""
    return study.sheets[wildcards.dataset] or []


def orthologs_of(wildcards):
    """The ortholog table of a data set's organism."""
    organism = study.cards[wildcards.dataset].organism
    return (
        rules.orthologs.output[0].format(organism=organism)
        if organism in ORGANISMS
        else []
    )


def ortholog_source(wildcards):
    """Where an organism's table comes from. Any of them lists the human genes."""
    first = next(iter(settings.orthologs))
    return settings.orthologs.get(
        wildcards.organism, settings.orthologs[first]
    ).model_dump(mode="json")


def every_dataset(pattern):
    """One file of each data set."""
    return expand(pattern, dataset=study.cards)


def memory(gigabytes):
    """Memory that doubles with each attempt (retries belong in the profile: SNAKEMAKE facts of Slurm)."""
    return lambda wildcards, attempt: int(gigabytes * 1000 * 2 ** (attempt - 1))


def first_sentence():
    """What the report says first."""
    return json.loads((RESULTS / "answers" / f"{QUESTIONS[0]}.json").read_text())[
        "verdict"
    ]


def files_wanted():
    """After a failure for want of a network: every file that the study still needs, of all its data sets."""
    logs = [*Path("logs/retrieve").glob("*.log"), *Path("logs/orthologs").glob("*.log")]
    if any("No network for" in log.read_text() for log in logs):
        from sevaxis.files.retrieve import tell_wanted

        return tell_wanted(
            study, mirror=Path(settings.mirror) if settings.mirror else None
        )
    return "What failed is told above; what was finished is kept, and the next run goes on from there."
