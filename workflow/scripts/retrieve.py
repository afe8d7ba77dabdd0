import json
import os
from pathlib import Path

from sevaxis.base.logs import log_to
from sevaxis.files.retrieve import retrieve
from sevaxis.study.card import RetrieveCard

log_to(snakemake.log[0], show=True)
manifest = Path(snakemake.output[0])
mirror = os.environ.get("SEVAXIS_MIRROR")
files = retrieve(
    RetrieveCard.model_validate(snakemake.params.card),
    manifest.parent,
    mirror=Path(mirror) if mirror else None,
    seed=snakemake.params.seed.get("seed", 0),
)
manifest.write_text(json.dumps(files, indent=1) + "\n")
