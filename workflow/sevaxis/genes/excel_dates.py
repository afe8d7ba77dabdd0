"""Gene symbols that Excel turned into dates: ``SEPT2`` became ``2-Sep``, ``Sep-02``, ``2021-09-02`` or ``45171``.

The symbols were renamed for that reason (Bruford et al. 2020, Nature Genetics 52:754): SEPTn is SEPTINn, MARCHn is
MARCHFn, MARCn is MTARCn, DEC1 is DELEC1; SEP15 had become SELENOF before.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable

import numpy as np

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAY_MONTH = re.compile(rf"^(\d{{1,2}})-({'|'.join(MONTHS)})$", re.IGNORECASE)
MONTH_DAY = re.compile(rf"^({'|'.join(MONTHS)})-(\d{{1,2}})$", re.IGNORECASE)
ISO = re.compile(r"^\d{4}-(\d{2})-(\d{2})(?:[ T]00:00:00)?$")
SERIAL = re.compile(r"^\d{5}$")
#: Day 0 of Excel's count of days, and the years of spreadsheets that can hold gene symbols.
EPOCH = datetime.date(1899, 12, 30)
YEARS = range(1995, 2051)


def month_and_day(name: str) -> tuple[int, int] | None:
    """Month and day of a date as Excel writes it; None for anything else.

    Examples
    --------
    >>> month_and_day("2-Sep"), month_and_day("2021-03-01"), month_and_day("45170"), month_and_day("SEPTIN2")
    ((9, 2), (3, 1), (9, 1), None)
    """
    if match := DAY_MONTH.match(name):
        return MONTHS.index(match[2].lower()) + 1, int(match[1])
    if match := MONTH_DAY.match(name):
        return MONTHS.index(match[1].lower()) + 1, int(match[2])
    if match := ISO.match(name):
        return int(match[1]), int(match[2])
    if SERIAL.match(name):
        date = EPOCH + datetime.timedelta(days=int(name))
        # other months than those of gene symbols are numbers that mean something else
        return (date.month, date.day) if date.year in YEARS and date.month in (3, 9, 12) else None
    return None


def is_date(name: str) -> bool:
    """Whether a feature name is a date."""
    return month_and_day(name) is not None


def are_dates(names: Iterable[str]) -> np.ndarray:
    """Which of many names are dates (boolean); most are ruled out by their first characters."""
    import polars as pl

    cells = pl.Series(list(names), dtype=pl.String)
    maybe = cells.str.contains(rf"^(\d|(?i:{'|'.join(MONTHS)})-)")
    found = maybe.to_numpy().copy()
    for i in np.flatnonzero(found):
        found[i] = is_date(cells[int(i)])
    return found


def gene_of_date(name: str) -> str | None:
    """Human symbol of the one gene that can have become this date; None where several can, or none.

    Examples
    --------
    >>> gene_of_date("2-Sep"), gene_of_date("5-Mar"), gene_of_date("1-Mar")
    ('SEPTIN2', 'MARCHF5', None)
    """
    match month_and_day(name):
        case (9, 15):
            return "SELENOF"
        case (9, day) if 1 <= day <= 14:
            return f"SEPTIN{day}"
        # the first and second of March may have been MARCH1 or MARC1, MARCH2 or MARC2
        case (3, day) if 3 <= day <= 11:
            return f"MARCHF{day}"
        case (12, 1):
            return "DELEC1"
    return None
