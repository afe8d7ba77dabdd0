"""GEO's text: the ``^`` blocks of SOFT files, and what records say of a sample."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

#: Attributes of a sample that are kept besides its characteristics.
KEPT = (
    "title",
    "geo_accession",
    "source_name_ch1",
    "organism_ch1",
    "description",
    "platform_id",
    "series_id",
)


@dataclass
class Entity:
    """One ``^`` block of a SOFT file: its kind (SAMPLE, PLATFORM, ...), name, attributes and the bytes of its table."""

    kind: str
    name: str
    attributes: dict[str, list[str]] = field(default_factory=dict)
    table: bytes = b""

    def first(self, attribute: str) -> str:
        """First value of an attribute, without the prefix of its kind; empty where there is none."""
        return next(iter(self.attributes.get(attribute, [])), "")


def parse_soft(data: bytes) -> Iterator[Entity]:
    """Blocks of a SOFT file, in its order.

    Parameters
    ----------
    data
        The file in UTF-8.
    """
    starts = [match.start() for match in re.finditer(rb"^\^", data, re.MULTILINE)]
    for start, end in zip(starts, [*starts, len(data)][1:], strict=True):
        block = data[start:end]
        kind, _, name = block[1 : _line_end(block, 0)].decode("utf-8", "replace").partition("=")
        entity = Entity(kind.strip().upper(), name.strip())
        begin = re.search(rb"^![a-z_]+_table_begin.*$", block, re.MULTILINE | re.IGNORECASE)
        head = block[: begin.start()] if begin else block
        for line in head.decode("utf-8", "replace").splitlines()[1:]:
            if line.startswith("!") and "=" in line:
                key, _, value = line[1:].partition("=")
                short = re.sub(
                    r"^(sample|series|platform|dataset|subset|annotation)_", "", key.strip().lower()
                )
                entity.attributes.setdefault(short, []).append(value.strip())
        if begin:
            rest = block[begin.end() + 1 :]
            stop = re.search(rb"^![a-z_]+_table_end", rest, re.MULTILINE | re.IGNORECASE)
            entity.table = rest[: stop.start()] if stop else rest
        yield entity


def _line_end(data: bytes, start: int) -> int:
    end = data.find(b"\n", start)
    return len(data) if end < 0 else end


def about_sample(attributes: dict[str, list[str]]) -> dict[str, str]:
    """What a SOFT record says of a sample: kept attributes, and ``key: value`` characteristics as columns."""
    about = {key: "; ".join(attributes[key]) for key in KEPT if key in attributes}
    for key, values in attributes.items():
        if not key.startswith("characteristics_ch"):
            continue
        for cell in values:
            name, colon, text = cell.partition(":")
            name, text = (name.strip(), text.strip()) if colon else ("characteristics", cell.strip())
            about[name] = f"{about[name]}; {text}" if name in about and about[name] != text else text
    return about
