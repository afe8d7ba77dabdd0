import json
from pathlib import Path

from anndata import read_h5ad
from sevaxis.base.logs import log_to
from sevaxis.effects.compare import compare
from sevaxis.effects.table import write_effects
from sevaxis.study.card import CompareCard

log_to(snakemake.log[0])
effects, model = compare(
    read_h5ad(snakemake.input.matrix),
    CompareCard.model_validate(snakemake.params.card),
    axis=snakemake.params.axis["genes"],
    **snakemake.params.thresholds,
)
write_effects(effects, snakemake.output.effects)
Path(snakemake.output.model).write_text(json.dumps(model, indent=1, ensure_ascii=False) + "\n")
