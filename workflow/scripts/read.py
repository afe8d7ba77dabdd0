from pathlib import Path

from sevaxis.cards import Reading
from sevaxis.logs import log_to
from sevaxis.matrix import build

log_to(snakemake.log[0])
matrix = build(
    Reading.model_validate(snakemake.params.card),
    Path(snakemake.input.files).parent,
    sheet=Path(snakemake.input.sheet) if snakemake.input.sheet else None,
    orthologs=Path(snakemake.input.orthologs) if snakemake.input.orthologs else None,
    min_mapped=snakemake.params.thresholds["min_mapped"],
)
matrix.write_h5ad(snakemake.output[0], compression="gzip")
