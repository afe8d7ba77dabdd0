from anndata import read_h5ad
from sevaxis.cards import Comparison
from sevaxis.compare import compare
from sevaxis.effects import write_effects
from sevaxis.logs import log_to

log_to(snakemake.log[0])
effects = compare(
    read_h5ad(snakemake.input.matrix),
    Comparison.model_validate(snakemake.params.card),
    axis=snakemake.params.axis["genes"],
    **snakemake.params.thresholds,
)
write_effects(effects, snakemake.output[0])
