import json
from pathlib import Path

import pandas as pd
from sevaxis.answers.answer import read_answer
from sevaxis.answers.readings import called, significant
from sevaxis.base.logs import log_to
from sevaxis.base.provenance import provenance
from sevaxis.base.tables import read_named
from sevaxis.effects.table import read_effects
from sevaxis.genes.panels import load_panels
from sevaxis.report.document import Document
from sevaxis.report.report import report

log_to(snakemake.log[0])
told, given = snakemake.params, snakemake.input
values = [read_named(path) for path in given["values"]]
files = {Path(path).parent.name: json.loads(Path(path).read_text()) for path in given.files}
fdr = told.settings["thresholds"]["fdr"]
effects, axis = read_effects(given.effects), read_named(given.axis)
document = Document(
    settings=told.settings,
    cards=list(told.cards.values()),
    effects=effects.assign(significant=significant(effects, fdr)),
    axis=axis.assign(called=called(axis)),
    answers={name: read_answer(Path(given.answers) / f"{name}.json") for name in told.questions},
    qualities={Path(path).parent.name: json.loads(Path(path).read_text()) for path in given.qualities},
    models={Path(path).parent.name: json.loads(Path(path).read_text()) for path in given.models},
    axis_values=pd.concat(values, ignore_index=True),
    panels=load_panels(told.panels["panels"] or None),
    provenance=provenance(files, told.codes, told.settings["seed"], told.gene_tables),
)
report(document, Path(snakemake.output.html).parent)
