import json
import os
from pathlib import Path

from sevaxis.base.logs import log_to
from sevaxis.files.retrieve import fetch_file
from sevaxis.genes.gene_table import build_gene_table
from sevaxis.study.settings import IdentifierTables

log_to(snakemake.log[0], show=True)
folder = Path(snakemake.output[0]).parent
tables = IdentifierTables.model_validate(snakemake.params.tables)
mirror = os.environ.get("SEVAXIS_MIRROR")
places = {
    source: fetch_file(source, folder / source.name, mirror=Path(mirror) if mirror else None)
    for source in tables.sources
}


def files_of(sources):
    return [(places[source], source.reader) for source in sources]


accessions = {
    organism: [source for source in tables.of(organism) if source.reader == "accessions"]
    for organism in tables.organisms
} | tables.others
for organism, path in zip(tables.organisms, snakemake.output.tables, strict=True):
    others = {species: files_of(of) for species, of in accessions.items() if species != organism}
    build_gene_table(files_of(tables.of(organism)), others).write_parquet(path)
    record = [
        source.model_dump(mode="json", include={"name", "url", "path", "sha256"})
        for source in tables.of(organism)
    ]
    Path(path).with_suffix(".json").write_text(json.dumps(record, indent=1) + "\n")
