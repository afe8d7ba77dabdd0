"""Which readers there are: a line each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module

from pydantic import BaseModel

from sevaxis.base.options import options_model
from sevaxis.base.registry import load
from sevaxis.matrix.readers.signature import Signature

#: Name in a card -> module and function.
READERS = {
    "delimited": "sevaxis.matrix.readers.delimited:read_delimited",
    "diann": "sevaxis.matrix.readers.diann:read_diann",
    "discoverer": "sevaxis.matrix.readers.discoverer:read_discoverer",
    "effects_table": "sevaxis.matrix.readers.effects_table:read_effects_table",
    "excel": "sevaxis.matrix.readers.excel:read_excel",
    "featurecounts": "sevaxis.matrix.readers.counts:read_featurecounts",
    "fragpipe": "sevaxis.matrix.readers.fragpipe:read_fragpipe",
    "gct": "sevaxis.matrix.readers.gct:read_gct",
    "h5ad": "sevaxis.matrix.readers.single_cell:read_h5ad",
    "htseq": "sevaxis.matrix.readers.counts:read_htseq",
    "kallisto": "sevaxis.matrix.readers.transcripts:read_kallisto",
    "loom": "sevaxis.matrix.readers.single_cell:read_loom",
    "maxquant": "sevaxis.matrix.readers.maxquant:read_maxquant",
    "maxquant_peptides": "sevaxis.matrix.readers.maxquant:read_maxquant_peptides",
    "maxquant_sites": "sevaxis.matrix.readers.maxquant:read_maxquant_sites",
    "mztab": "sevaxis.matrix.readers.mztab:read_mztab",
    "olink": "sevaxis.matrix.readers.olink:read_olink",
    "openms": "sevaxis.matrix.readers.openms:read_openms",
    "peaks": "sevaxis.matrix.readers.peaks:read_peaks",
    "r_object": "sevaxis.matrix.readers.r_object:read_r_object",
    "rsem": "sevaxis.matrix.readers.transcripts:read_rsem",
    "salmon": "sevaxis.matrix.readers.transcripts:read_salmon",
    "sdrf": "sevaxis.matrix.readers.sdrf:read_sdrf",
    "series_matrix": "sevaxis.matrix.readers.series_matrix:read_series_matrix",
    "soft": "sevaxis.matrix.readers.soft:read_soft",
    "somascan": "sevaxis.matrix.readers.somascan:read_somascan",
    "spectronaut": "sevaxis.matrix.readers.spectronaut:read_spectronaut",
    "star": "sevaxis.matrix.readers.star:read_star",
    "tenx": "sevaxis.matrix.readers.single_cell:read_tenx",
    "tmt": "sevaxis.matrix.readers.tmt:read_tmt",
    "tmt_integrator": "sevaxis.matrix.readers.fragpipe:read_tmt_integrator",
}


def reader(name: str) -> Callable:
    """Function of a reader by its name in cards."""
    return load(READERS[name])


def reader_options(name: str) -> type[BaseModel]:
    """Model of a reader's options."""
    return options_model(reader(name))


def signatures() -> Iterator[Signature]:
    """By what the readers' files are recognised, as far as they say it (``SIGNATURES`` of their modules)."""
    for module in dict.fromkeys(target.split(":")[0] for target in READERS.values()):
        yield from getattr(import_module(module), "SIGNATURES", ())
