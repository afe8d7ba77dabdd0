import json
from pathlib import Path

from anndata import read_h5ad
from sevaxis.base.logs import log_to
from sevaxis.matrix.assess import assess
from sevaxis.study.card import AssessCard

log_to(snakemake.log[0])
matrix, quality, values = assess(
    read_h5ad(snakemake.input.matrix),
    AssessCard.model_validate(snakemake.params.card),
    axis=snakemake.params.axis["genes"],
    **snakemake.params.policy,
)
matrix.write_h5ad(snakemake.output.matrix, compression="gzip")
Path(snakemake.output.quality).write_text(json.dumps(quality, indent=1) + "\n")
values.to_csv(snakemake.output["values"], sep="\t", index=False, float_format="%.6g")
