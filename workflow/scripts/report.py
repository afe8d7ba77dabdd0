import json
from pathlib import Path

import pandas as pd
from sevaxis.answers.answer import read_answer
from sevaxis.base.logs import log_to
from sevaxis.base.provenance import provenance
from sevaxis.base.resources import load_table
from sevaxis.effects.table import read_effects
from sevaxis.report import Document, write

log_to(snakemake.log[0])
told, given = snakemake.params, snakemake.input
values = [
    pd.read_csv(path, sep="\t", dtype={"sample": str, "subject": str, "batch": str})
    for path in given["values"]
]
files = {Path(path).parent.name: json.loads(Path(path).read_text()) for path in given.files}
study = Document(
    study=told.study,
    cards=list(told.cards.values()),
    effects=read_effects(given.effects),
    axis=pd.read_csv(given.axis, sep="\t"),
    answers={Path(path).stem: read_answer(Path(path)) for path in given.answers},
    qualities={Path(path).parent.name: json.loads(Path(path).read_text()) for path in given.qualities},
    models={Path(path).parent.name: json.loads(Path(path).read_text()) for path in given.models},
    axis_values=pd.concat(values, ignore_index=True),
    panels=load_table("panels").groupby("panel", sort=False)["human_symbol"].agg(list).to_dict(),
    provenance=provenance(files, told.codes, told.study["seed"]),
)
write(study, Path(snakemake.output.html).parent)
