import os
from pathlib import Path

from sevaxis.base.logs import log_to
from sevaxis.files.retrieve import fetch_file
from sevaxis.genes.orthologs import build_orthologs
from sevaxis.study.settings import Orthologs

log_to(snakemake.log[0], show=True)
table = Path(snakemake.output[0])
source = Orthologs.model_validate(snakemake.params.source)
mirror = os.environ.get("SEVAXIS_MIRROR")
file = fetch_file(source, table.parent / source.name, mirror=Path(mirror) if mirror else None)
build_orthologs(file, source.reader, snakemake.wildcards.organism).to_parquet(table, index=False)
