from anndata import read_h5ad
from sevaxis.base.logs import log_to
from sevaxis.effects.compare import compare
from sevaxis.effects.table import write_effects
from sevaxis.study.card import Comparison

log_to(snakemake.log[0])
effects = compare(
    read_h5ad(snakemake.input.matrix),
    Comparison.model_validate(snakemake.params.card),
    axis=snakemake.params.axis["genes"],
    **snakemake.params.thresholds,
)
write_effects(effects, snakemake.output[0])
