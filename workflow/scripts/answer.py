import json
from pathlib import Path

import pandas as pd
from sevaxis.answers.answer import answer, write_answer
from sevaxis.answers.question import Evidence
from sevaxis.base.logs import log_to
from sevaxis.effects.table import concatenate, read_effects, write_effects
from sevaxis.genes.panels import load_panels
from sevaxis.study.settings import Axis, Thresholds

log_to(snakemake.log[0])
told, given = snakemake.params, snakemake.input
effects = concatenate([read_effects(path) for path in given.effects])
write_effects(effects, snakemake.output.effects)
write_effects(effects, snakemake.output.text)
evidence = Evidence(
    effects=effects,
    axis=Axis.model_validate(told.axis),
    thresholds=Thresholds.model_validate(told.thresholds),
    panels=load_panels(told.panels["panels"] or None),
    truth={
        Path(path).parent.name: pd.read_csv(Path(path).with_name("truth.tsv"), sep="\t")
        for path in given.files
    }
    or None,
    qualities={Path(path).parent.name: json.loads(Path(path).read_text()) for path in given.qualities},
    robustness={Path(path).parent.name: pd.read_parquet(path) for path in given.robustness},
    courses=pd.concat([pd.read_parquet(path) for path in given.courses], ignore_index=True),
    cohorts=told.cohorts,
    models={Path(path).parent.name: json.loads(Path(path).read_text()) for path in given.models},
)
evidence.axis_rows.to_csv(snakemake.output.axis, sep="\t", index=False, float_format="%.6g")
for each in answer(told.questions, evidence):
    write_answer(each, Path(snakemake.output.answers))
