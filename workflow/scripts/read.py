from pathlib import Path

from sevaxis.base.logs import log_to
from sevaxis.matrix.read import read
from sevaxis.study.card import ReadCard

log_to(snakemake.log[0])
matrix = read(
    ReadCard.model_validate(snakemake.params.card),
    Path(snakemake.input.files).parent,
    sheet=Path(snakemake.params.sheet["path"]) if snakemake.params.sheet else None,
    orthologs=Path(snakemake.input.orthologs) if snakemake.input.orthologs else None,
    genes=Path(snakemake.input.genes[0]) if snakemake.input.genes else None,
)
matrix.write_h5ad(snakemake.output[0], compression="gzip")
