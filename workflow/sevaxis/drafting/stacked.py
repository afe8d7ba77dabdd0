"""Rows of a result table: which column names the features, and which tell stacked contrasts apart."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sevaxis.base.vocabulary import Namespace
from sevaxis.drafting.statistics import named
from sevaxis.genes.identifiers import COLUMN_NAMES, identifier_of
from sevaxis.matrix.readers.tables.columns import looks_numeric
from sevaxis.matrix.readers.tables.layouts import as_text
from sevaxis.matrix.readers.tables.text import Table

if TYPE_CHECKING:
    import polars as pl

#: Names of columns that say which contrast a row belongs to, the surest first.
CONTRAST = re.compile(
    r"^(contrasts?|comparisons?|comparison.*group.*|label|coefs?|coefficient|test|term|group1/group2|result)$",
    re.IGNORECASE,
)
LEVEL = re.compile(
    r"(tissue|organ|sex|gender|comparison|contrast|cluster|cell.?type|condition|group|time|day|week|hour|cohort|"
    r"treatment|diet|sample_[12]|assay|genotype|fibre|fiber)",
    re.IGNORECASE,
)
FEATURE = re.compile(
    r"(protein|gene|feature|analyte|metabolite|symbol|accession|probe|target|site|assay)", re.I
)
#: More contrasts than this are no table of contrasts.
MOST = 400
#: Rows of each feature, on average, from which on contrasts are looked for where no column is called so.
SEVERAL = 1.5


@dataclass
class Rows:
    """What the rows of a result table are.

    Attributes
    ----------
    feature, symbol
        Columns with names of features and with symbols beside them; None for the first column and for no column.
    levels
        Columns that tell the contrasts apart; empty where the table has one.
    contrasts
        Cells of these columns for each contrast, in the order of the file.
    repeated
        Rows whose feature stands in the same contrast already.
    label
        The contrast's name, where a column says the same in all rows.
    constant
        Columns about groups that say the same in all rows, with what they say.
    """

    feature: str | None
    symbol: str | None
    levels: list[str] = field(default_factory=list)
    contrasts: list[dict[str, str]] = field(default_factory=list)
    repeated: int = 0
    label: str = ""
    constant: dict[str, str] = field(default_factory=dict)


def find_rows(table: Table, used: set[str]) -> Rows:
    """Feature, symbol, contrasts and groups of a table whose columns of results are known.

    Parameters
    ----------
    table
        The whole table.
    used
        Its columns of estimates and tests.
    """
    rows = _find_rows(table.frame, used)
    for name in table.frame.columns:
        if name not in used and LEVEL.search(name) and table.frame[name].n_unique() == 1:
            rows.constant[name] = str(table.frame[name][0])
    return rows


def _find_rows(frame: pl.DataFrame, used: set[str]) -> Rows:
    features = _features(frame, used)
    if not features:
        return Rows(None, None)
    label = _constant_label(frame, used)
    complete = next(
        (c for c in features if frame[c].n_unique() == frame.height and not frame[c].null_count()), None
    )
    best = features[0]
    first = next(name for name in frame.columns if name in features)
    # what the authors put first names the rows, where it can; other identifiers stand beside it
    if complete is not None and _can_name(frame[first]):
        complete = best = first
    called = [
        c
        for c in frame.columns
        if CONTRAST.match(c)
        and c not in used
        and 1 < frame[c].n_unique() <= MOST
        and not _are_codes(frame[c])
    ]
    several = frame.height / max(1, frame[best].n_unique()) >= SEVERAL
    # an identifier without repeats names the rows, whatever stands beside it
    if complete is not None and (complete == best or not (called or several)):
        return Rows(complete, _symbol(frame, complete), label=label)
    levels = _levels(frame, best, used, features) if called or several else []
    if levels:
        rows = frame.select(levels).unique(maintain_order=True)
        contrasts = [{c: str(cell) for c, cell in row.items()} for row in _texts(rows).to_dicts()]
        repeated = frame.height - frame.select(best, *levels).n_unique()
        return Rows(best, _symbol(frame, best), levels, contrasts, repeated, label)
    chosen = complete or best
    repeated = int(frame[chosen].drop_nulls().len() - frame[chosen].drop_nulls().n_unique())
    return Rows(chosen, _symbol(frame, chosen), repeated=repeated, label=label)


def _can_name(column: pl.Series) -> bool:
    """Whether a column has an identifier or a symbol in each row, and each once."""
    cells = as_text(column.head(5000))
    known = identifier_of(cells) or COLUMN_NAMES.get(re.sub(r"[^a-z0-9]", "", column.name.lower()))
    symbols = sum(bool(re.fullmatch(r"[A-Za-z][\w.@-]{0,24}", cell)) for cell in cells) > 0.95 * len(cells)
    return not column.null_count() and column.n_unique() == len(column) and (known is not None or symbols)


def _is_number_of_gene(column: pl.Series) -> bool:
    """Whether a column of numbers may hold those of NCBI Gene: whole, each once, and not counting the rows."""
    values = column.drop_nulls().cast(float, strict=False)
    counting = (values.diff().drop_nulls() == 1).mean()
    if not column.name and values.is_sorted():  # the rows' own numbers, of which some were left out
        return False
    whole = bool((values == values.round()).all()) and bool((values > 0).all())
    return whole and values.n_unique() == len(values) > 10 and counting is not None and counting < 0.5


def _features(frame: pl.DataFrame, used: set[str]) -> list[str]:
    """Columns that may name features, best identifier first."""
    order = {namespace: rank for rank, namespace in enumerate(Namespace)}
    found = []
    # of contrasts below each other, numbers without a name are those of the rows
    stacked = any(CONTRAST.match(name) and frame[name].n_unique() > 1 for name in frame.columns)
    for position, name in enumerate(frame.columns):
        column = frame[name]
        known = COLUMN_NAMES.get(re.sub(r"[^a-z0-9]", "", name.lower()))
        if name in used or named(name) is not None or CONTRAST.match(name):
            continue
        of_genes = known == Namespace.ENTREZ or (
            position == 0 and _is_number_of_gene(column) and not (stacked and not name)
        )
        if looks_numeric(column) and not of_genes:
            continue
        cells = [cell for cell in as_text(column.head(5000)) if cell]
        if len(cells) < 0.5 * min(5000, frame.height) or len(set(cells)) < 2:
            continue
        namespace = identifier_of(cells[:2000]) or known
        by_words = 5 if FEATURE.search(name) or position == 0 else 9
        rank = order.get(namespace, by_words)
        if rank < 9 and not (LEVEL.fullmatch(name) and rank == 5):
            found.append((rank, position, name))
    return [name for _, _, name in sorted(found)]


def _levels(frame: pl.DataFrame, feature: str, used: set[str], features: list[str]) -> list[str]:
    """The fewest columns that, with the feature, name each row once; those that are called so are kept longest."""
    candidates = []
    for name in frame.columns:
        column = frame[name]
        n = column.n_unique()
        told = 0 if CONTRAST.match(name) else 1 if LEVEL.search(name) else 2
        if name in used or name in features or not 1 < n <= MOST or column.null_count() or _are_codes(column):
            continue
        if told == 2 and looks_numeric(column):
            continue
        if named(name) is None or told < 2:
            candidates.append((told, name))
    candidates = [name for _, name in sorted(candidates, key=lambda one: one[0])]

    most = frame.select(feature, *candidates).n_unique()

    def tells(names: list[str]) -> bool:
        return frame.select(feature, *names).n_unique() >= 0.995 * most

    if not candidates or most < 0.8 * frame.height:
        called = [name for name in candidates if CONTRAST.match(name)]
        return called[:1]
    single = next((name for name in candidates if tells([name])), None)
    if single is not None:
        return [single]
    for name in reversed(list(candidates)):
        rest = [other for other in candidates if other != name]
        if tells(rest):
            candidates = rest
    n_contrasts = frame.select(candidates).n_unique()
    return candidates if n_contrasts <= MOST else []


def _are_codes(column: pl.Series) -> bool:
    """Whether numbers differ in most rows: labels of vials and animals, no contrasts."""
    return looks_numeric(column) and column.n_unique() > len(column) / 2


def _constant_label(frame: pl.DataFrame, used: set[str]) -> str:
    for name in frame.columns:
        if CONTRAST.match(name) and name not in used and frame[name].n_unique() == 1:
            return str(frame[name][0] or "")
    return ""


def _symbol(frame: pl.DataFrame, feature: str) -> str | None:
    """A column of symbols under a name that readers do not know by themselves."""
    for name in frame.columns:
        known = COLUMN_NAMES.get(re.sub(r"[^a-z0-9]", "", name.lower()))
        usual = name.lower() in ("symbol", "gene_symbol", "gene symbol")
        if known == Namespace.SYMBOL and not usual and name != feature and not looks_numeric(frame[name]):
            return name
    return None


def _texts(frame: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    return frame.select(pl.all().cast(pl.String))
