"""Which readers there are, and their options as models made from their signatures."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from functools import cache
from importlib import import_module
from types import SimpleNamespace

from pydantic import BaseModel, ConfigDict, create_model

#: Name in a card -> module and function.
READERS = {
    "delimited": "sevaxis.readers.delimited:read_delimited",
    "diann": "sevaxis.readers.diann:read_diann",
    "effects_table": "sevaxis.readers.effects_table:read_effects_table",
    "excel": "sevaxis.readers.excel:read_excel",
    "featurecounts": "sevaxis.readers.counts:read_featurecounts",
    "fragpipe": "sevaxis.readers.fragpipe:read_fragpipe",
    "gct": "sevaxis.readers.gct:read_gct",
    "h5ad": "sevaxis.readers.single_cell:read_h5ad",
    "htseq": "sevaxis.readers.counts:read_htseq",
    "kallisto": "sevaxis.readers.transcripts:read_kallisto",
    "loom": "sevaxis.readers.single_cell:read_loom",
    "maxquant": "sevaxis.readers.maxquant:read_maxquant",
    "maxquant_peptides": "sevaxis.readers.maxquant:read_maxquant_peptides",
    "maxquant_sites": "sevaxis.readers.maxquant:read_maxquant_sites",
    "mztab": "sevaxis.readers.mztab:read_mztab",
    "r_object": "sevaxis.readers.r_object:read_r_object",
    "rsem": "sevaxis.readers.transcripts:read_rsem",
    "salmon": "sevaxis.readers.transcripts:read_salmon",
    "sdrf": "sevaxis.readers.sdrf:read_sdrf",
    "series_matrix": "sevaxis.readers.series_matrix:read_series_matrix",
    "soft": "sevaxis.readers.soft:read_soft",
    "spectronaut": "sevaxis.readers.spectronaut:read_spectronaut",
    "star": "sevaxis.readers.star:read_star",
    "tenx": "sevaxis.readers.single_cell:read_tenx",
    "tmt": "sevaxis.readers.tmt:read_tmt",
    "tmt_integrator": "sevaxis.readers.fragpipe:read_tmt_integrator",
}


def reader(name: str) -> Callable:
    """Function of a reader by its name in cards."""
    module, function = READERS[name].split(":")
    return getattr(import_module(module), function)


@cache
def options_model(name: str) -> type[BaseModel]:
    """Model of a reader's options, made from the signature of its function."""
    function = reader(name)
    options = {
        parameter.name: parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    annotated = SimpleNamespace(__annotations__={key: function.__annotations__[key] for key in options})
    types = typing.get_type_hints(annotated, globalns=function.__globals__)
    fields = {
        key: (types[key], ... if parameter.default is parameter.empty else parameter.default)
        for key, parameter in options.items()
    }
    return create_model(f"{name}_options", __config__=ConfigDict(extra="forbid"), **fields)
