import json
from pathlib import Path

from anndata import read_h5ad
from sevaxis.base.logs import log_to
from sevaxis.effects.compare import compare
from sevaxis.effects.courses import compare_courses
from sevaxis.effects.robustness import add_to_model, robustness_of
from sevaxis.effects.table import write_effects
from sevaxis.study.card import CompareCard

log_to(snakemake.log[0])
told, thresholds = snakemake.params, snakemake.params.thresholds
matrix, card = read_h5ad(snakemake.input.matrix), CompareCard.model_validate(told.card)
axis = told.axis["genes"]
effects, model = compare(matrix, card, axis=axis, **thresholds)
table, robustness = robustness_of(
    matrix, card, effects, axis=axis, min_per_group=thresholds["min_per_group"], **told.robustness
)
write_effects(effects, snakemake.output.effects)
table.to_parquet(snakemake.output.robustness, index=False)
courses = compare_courses(matrix, card, min_per_group=thresholds["min_per_group"])
courses.to_parquet(snakemake.output.courses, index=False)
model = add_to_model(model, robustness)
Path(snakemake.output.model).write_text(json.dumps(model, indent=1, ensure_ascii=False) + "\n")
