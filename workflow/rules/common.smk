# The validated study, its paths, the parts of cards that rules track. Included before all rules.
import json
import os
import re

from snakemake.exceptions import WorkflowError

from sevaxis.answers import questions_of
from sevaxis.base.problems import Problems
from sevaxis.study import tracking
from sevaxis.study.card import AssessCard, CompareCard, ReadCard, RetrieveCard
from sevaxis.study.study import load_study

try:
    study = load_study(
        Path(workflow.configfiles[-1]) if workflow.configfiles else None,
        settings=config,
        look=workflow.is_main_process,
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

TABLES_OF_GENES = study.identifiers
GENES_DIGEST = tracking.digest_of(TABLES_OF_GENES)
if "human" in TABLES_OF_GENES.organisms:
    # human genes do not go through the tables of mouse and rat
    ORGANISMS = [organism for organism in ORGANISMS if organism != "human"]

# Where equal bytes come from is no part of a result: a mirror is handed on beside what Snakemake tracks.
os.environ["SEVAXIS_MIRROR"] = (
    str(Path(settings.mirror).resolve()) if settings.mirror else ""
)
# The conda environments install sevaxis from the checkout that this file lies in, in another workflow's module, too.
os.environ["SEVAXIS_SOURCE"] = str(Path(str(workflow.current_basedir)).parents[1])


envvars:
    "SEVAXIS_MIRROR",
    "SEVAXIS_SOURCE",


# Data sets of the same people or animals count as one study.
COHORTS = {name: card.cohort for name, card in study.cards.items() if card.cohort}
QUESTIONS = questions_of(settings.questions, simulated=settings.simulated)
# Of the whole study, for what is about all data sets.
CODE = {
    step: tracking.code_of(step, study.cards.values(), QUESTIONS)
    for step in tracking.ENTRIES
}
PANELS = tracking.tables_of("answer", study.cards.values())


wildcard_constraints:
    dataset="|".join(map(re.escape, study.cards)),
    organism="|".join(map(re.escape, ORGANISMS)) or "none",


def part(room):
    """Part of a data set's card that a room reads; a change elsewhere in the card reruns nothing there."""
    return lambda wildcards: study.cards[wildcards.dataset].part(room)


def code(step):
    """What Snakemake does not see: edits of the modules that a data set's job runs."""
    return lambda wildcards: tracking.code_of(step, [study.cards[wildcards.dataset]])


def tables(step):
    """What the library opens in resources/ for a data set."""
    return lambda wildcards: tracking.tables_of(step, [study.cards[wildcards.dataset]])


def sheet(wildcards):
    """The sample sheet of a data set, where it is a file of its own."""
    return tracking.sheet_of(study.sheets[wildcards.dataset])


def own_files(wildcards):
    """Files of the user's own that are here; retrieve names those that are missing."""
    files = study.cards[wildcards.dataset].files
    return [file.path for file in files if file.path and Path(file.path).is_file()]


def orthologs_of(wildcards):
    """The ortholog table of a data set's organism."""
    organism = study.cards[wildcards.dataset].organism
    return (
        rules.orthologs.output[0].format(organism=organism)
        if organism in ORGANISMS
        else []
    )


def genes_table(organism, kind="parquet"):
    """The gene table of an organism, the same file for all studies that name the same tables of identifiers."""
    return DATA / "identifiers" / f"{GENES_DIGEST}.{organism}.{kind}"


def genes_of(wildcards):
    """The gene table of a data set's organism, and the record of its sources."""
    organism = study.cards[wildcards.dataset].organism
    kinds = ("parquet", "json") if organism in TABLES_OF_GENES.organisms else ()
    return [genes_table(organism, kind) for kind in kinds]


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


def last_words():
    """Where the report is and what it says first; of a run that stopped before it, that it did."""
    page = RESULTS / "report.html"
    answer = RESULTS / "answers" / f"{QUESTIONS[0]}.json"
    parts = (RESULTS / "datasets").glob("*/*")
    if not (page.is_file() and answer.is_file()):
        return f"Stopped before the report: what was made is in {RESULTS / 'datasets'}."
    if any(part.stat().st_mtime > page.stat().st_mtime for part in parts):
        return f"Stopped before the report: {page} is older than what this run made; run again without --until."
    return f"Report: {page}\n{json.loads(answer.read_text())['verdict']}"


def files_wanted():
    """After a failure for want of a network: every file that the study still needs, of all its data sets."""
    logs = [
        log
        for rule in ("retrieve", "orthologs", "identifiers")
        for log in Path("logs", rule).glob("*.log")
    ]
    if any("No network for" in log.read_text() for log in logs):
        from sevaxis.files.retrieve import tell_wanted

        return tell_wanted(
            study, mirror=Path(settings.mirror) if settings.mirror else None
        )
    return "What failed is told above; what was finished is kept, and the next run goes on from there."
