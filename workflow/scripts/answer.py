from pathlib import Path

import pandas as pd
from sevaxis.answers.answer import answer_all, write_answer
from sevaxis.base.logs import log_to
from sevaxis.base.resources import load_table
from sevaxis.effects.table import concatenate, read_effects, write_effects
from sevaxis.study.settings import Axis

log_to(snakemake.log[0])
effects = concatenate([read_effects(path) for path in snakemake.input.effects])
write_effects(effects, snakemake.output.effects)
write_effects(effects, snakemake.output.text)
questions = [Path(path).stem for path in snakemake.output.answers]
answers = answer_all(
    questions,
    effects,
    axis=Axis.model_validate(snakemake.params.axis),
    panels=load_table("panels"),
    truth={
        Path(path).parent.name: pd.read_csv(Path(path).with_name("truth.tsv"), sep="\t")
        for path in snakemake.input.files
    },
    **snakemake.params.thresholds,
)
for answer in answers:
    write_answer(answer, Path(snakemake.output.answers[0]).parent)
answers[questions.index("axis")].tables[""].to_csv(
    snakemake.output.axis, sep="\t", index=False, float_format="%.6g"
)
