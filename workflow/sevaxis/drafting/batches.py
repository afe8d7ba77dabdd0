"""Technical batches: run dates, plexes, lanes, cages. Which column enters the model, and why others do not."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from sevaxis.drafting.words import column_fits
from sevaxis.study.sheets import UNKNOWN

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

#: Batch effects that were taken out before: what the batch explains is this share of what chance would explain.
REMOVED = 0.2
#: Which of several files that are joined holds a sample: a batch that nobody declared.
OF_FILES = "file batch"
#: Residual degrees of freedom that groups and batches together must leave.
LEFT = 3
#: Of several columns the one whose name says most plainly that it is a batch.
ORDER = (r"batch", r"plex", r"plate", r"run|date|day", r"lane|flow", r"chip|slide|array|sentrix", r"")


def find_batch(
    columns: dict[str, pd.Series],
    group: pd.Series | None,
    values: np.ndarray | None,
    source: str,
) -> tuple[pd.Series | None, str]:
    """The batch, and a sentence for the evidence that names also what was left out.

    Parameters
    ----------
    columns
        Columns of the annotation that may be one.
    group
        Group of each sample, None where it is not known.
    values
        Samples x features on the log2 scale: to tell a batch whose effect was already removed.
    source
        Where the annotation stands.
    """
    fitting = [name for name in columns if column_fits("batch", name)]
    fitting.sort(key=lambda name: next(i for i, word in enumerate(ORDER) if re.search(word, name, re.I)))
    chosen, told = None, []
    for name in fitting:
        cells = columns[name].map(_day).rename(name)
        counts = Counter(cell for cell in cells if cell and cell.lower() not in UNKNOWN)
        shown = f"column '{name}' of {source}"
        if len(counts) < 2:
            continue
        if sum(counts.values()) < len(cells):
            told.append(f"{shown} is left out: {len(cells) - sum(counts.values())} samples have none")
        elif len(counts) > len(cells) / 2:
            told.append(f"{shown} is left out: {len(counts)} values for {len(cells)} samples")
        elif group is not None and (group.groupby(cells).nunique() == 1).all():
            told.append(
                f"column '{name}' is left out: each of its levels has one group only, no model can tell them apart"
            )
        elif name == OF_FILES and group is not None and (cells.groupby(group).nunique() == 1).all():
            told.append(f"the files ({_listed(counts)}) are no batch: each group lies in one of them only")
        elif group is not None and len(cells) - group.nunique() - len(counts) + 1 < LEFT:
            told.append(
                f"{shown} is left out: {len(counts)} levels leave nothing to estimate the variance from"
            )
        elif values is not None and is_removed(values, cells):
            told.append(
                f"column '{name}' ({_listed(counts)}) explains less than chance would: its effect was removed before"
            )
        elif chosen is not None:
            told.append(
                f"'{name}' ({_listed(counts)}) may be one, too: model: {{covariates: [{name}]}} adds it"
            )
        else:
            chosen = cells
            told.insert(0, f"{shown} has {_listed(counts)}")
    return chosen, "; ".join(told) or "no column with such a name"


def _day(cell: str) -> str:
    """A date without the time of day."""
    match = re.match(
        r"(\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4})[T\s]+\d{1,2}[:.h]\d{2}", cell
    )
    return match[1] if match else cell


def _listed(counts: Counter, most: int = 12) -> str:
    more = f" and {len(counts) - most} more" if len(counts) > most else ""
    return ", ".join(f"{level} {number}" for level, number in list(counts.items())[:most]) + more


def is_removed(values: np.ndarray, cells: pd.Series) -> bool:
    """Whether batches have equal means: by chance k batches of n samples share (k-1)/(n-1) of the variance."""
    import numpy as np

    complete = values[:, np.isfinite(values).all(axis=0)][:, :2000]
    if complete.shape[1] < 20:
        return False
    centred = complete - complete.mean(axis=0)
    between = sum(
        (cells == level).sum() * centred[(cells == level).to_numpy()].mean(axis=0) ** 2
        for level in set(cells)
    )
    total = (centred**2).sum(axis=0)
    share = np.median(between[total > 0] / total[total > 0])
    return bool(share < REMOVED * (cells.nunique() - 1) / (len(cells) - 1))
