"""Tables of one sample, and tables whose rows are of samples that no column names."""

from __future__ import annotations

import re
from typing import Any

from sevaxis.base.vocabulary import Namespace
from sevaxis.drafting.blocks import COUNTED, listed
from sevaxis.drafting.describing import IDENTIFIES
from sevaxis.drafting.layouts import FEWEST, MOST_LEVELS, Layout, is_known
from sevaxis.genes.identifiers import identifier_of
from sevaxis.matrix.readers.tables.columns import ANNOTATION, looks_numeric
from sevaxis.matrix.readers.tables.layouts import as_text
from sevaxis.matrix.readers.tables.text import Table

#: Reads of one sample have more different numbers than this.
MOST_FEW = 50


def one_sample(table: Table, feature: str | None) -> Layout | None:
    """A table of one sample: identifiers and a column of reads, perhaps with quantities made of them; None for others.

    Sheets of samples have numbers, too: only identifiers without doubt, or columns called like them, make a matrix.
    """
    if feature is None or table.frame.height < FEWEST:
        return None
    known = identifier_of([cell for cell in as_text(table.frame[feature]) if cell])
    if known in (None, Namespace.ENTREZ) and not is_known(feature):
        return None
    numbers = [
        n
        for n in table.frame.columns
        if n != feature and looks_numeric(table.frame[n], table) and not is_known(n)
    ]
    values = [n for n in numbers if not ANNOTATION.search(n) and not IDENTIFIES.search(n)]
    reads = [n for n in values if re.fullmatch(rf"(?:.*[ ._-])?(?:{COUNTED})(?:[ ._-].*)?", n, re.IGNORECASE)]
    chosen = reads if len(reads) == 1 else values
    # few different numbers in many rows count something else: databases that agree, exons
    if len(chosen) != 1 or table.frame[chosen[0]].n_unique() < min(MOST_FEW, table.frame.height / 20):
        return None
    options: dict[str, Any] = {} if feature in (table.frame.columns[0], "") else {"feature": feature}
    left = [name for name in numbers if name not in chosen]
    told = [f"left out: {listed(left)}"] if left else []
    return Layout(f"table of one sample (column '{chosen[0]}')", options | {"samples": chosen}, 1, told)


def rows_of_no_sample(table: Table) -> str | None:
    """The column of identifiers that stand there many times, beside values of samples that no column names."""
    for name in table.frame.columns[:3]:
        column = table.frame[name]
        cells = [cell for cell in as_text(column) if cell]
        if looks_numeric(column, table) or len(cells) < FEWEST or len(set(cells)) > len(cells) / 2:
            continue
        others = [table.frame[n] for n in table.frame.columns if n != name]
        values = [one for one in others if looks_numeric(one, table) and one.n_unique() > MOST_LEVELS]
        if identifier_of(cells) not in (None, Namespace.ENTREZ) and values:
            return name
    return None
