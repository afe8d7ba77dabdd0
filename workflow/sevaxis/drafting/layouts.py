"""How a table of values lies: a column per sample, a row per sample, a row per value; which of its columns are none.

Each rule is a proposal that the real reader has to confirm. Columns that are left out are told with the reason; a
column that may be a sample or not stands in the draft as a question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sevaxis.base.vocabulary import Namespace
from sevaxis.drafting.blocks import FEWEST_SAMPLES, blocks_of, floats, listed
from sevaxis.drafting.describing import (
    have_nothing_in_common,
    is_missing,
    missing_cells,
    not_samples,
)
from sevaxis.drafting.words import COLUMNS, NO_SAMPLES, SUMMARIES, measures_people
from sevaxis.genes.identifiers import COLUMN_NAMES, DECOY, PATTERNS, identifier_of
from sevaxis.matrix.readers.tables.columns import ANNOTATION, looks_numeric, stem_of, stray_cells
from sevaxis.matrix.readers.tables.layouts import SPARSEST, as_text, features_above
from sevaxis.matrix.readers.tables.text import Table
from sevaxis.study.validation import TODO

if TYPE_CHECKING:
    import polars as pl

VALUE = re.compile(
    r"^(value|values|intensity|abundance|quantity|(?:raw|read)?[ ._]?counts?|reads|expression|measurement|nlog.*|area|"
    r"log2?[ ._]?intensit(?:y|ies)|npx|tpm|fpkm|cpm|lfq)$",
    re.I,
)
FEATURE = re.compile(
    r"(molecule|protein|gene|feature|analyte|metabolite|symbol|accession|probe|assay$|target|measurements?$)",
    re.I,
)
SAMPLE = re.compile(r"^(sample.*|(?:original.?)?run.*|file.?name|library.*|replicate|barcode)$", re.I)
#: Columns that mark values that were filled in.
IMPUTED = re.compile(r"imput", re.IGNORECASE)
#: Fewest rows of a table of values; a smaller one is a sample sheet, unless its first column holds identifiers.
FEWEST = 100
#: Fewest columns of a table with a row per sample, where they are identifiers without doubt.
FEWEST_KNOWN = 20
#: Fewest features of a table with a row per value: fewer are clinical measures.
FEWEST_MEASURED = 10
#: A column of more different numbers than this holds values.
MOST_LEVELS = 20
#: A symbol, as far as its form tells; names of samples share few stems, names of genes have many.
SYMBOL = re.compile(r"^[A-Za-z][A-Za-z0-9]*(?:[-.@_][A-Za-z0-9]+)*$")
MANY_STEMS = 0.3
#: Rank correlation with the typical sample: samples have the one, other columns the other.
ALIKE, UNLIKE = 0.75, 0.3


@dataclass
class Layout:
    """How a table of values lies.

    Attributes
    ----------
    words
        For the user.
    options
        Of the reader.
    samples
        Number of samples.
    told
        Sentences about what was left out or decided.
    ask
        Option -> texts that are to decide, which stand beside what the option has.
    """

    words: str
    options: dict[str, Any]
    samples: int
    told: list[str] = field(default_factory=list)
    ask: dict[str, list[str]] = field(default_factory=dict)


def layout_of(table: Table, feature: str | None) -> Layout | None:
    """Layout of a table of values; None where it holds none.

    Parameters
    ----------
    table
        Its cells, or the first of them.
    feature
        The column that names features, if one does.
    """
    columns = table.frame.columns
    strays = {
        name: rows
        for name in columns
        if (rows := stray_cells(table.frame[name], table) or missing_cells(table.frame[name], table))
    }
    known = {name for name in columns if name in strays or looks_numeric(table.frame[name], table)}
    stems = {stem_of(name) for name in known}
    known |= {n for n in columns if table.frame[n].null_count() == table.frame.height and stem_of(n) in stems}
    numeric = [name for name in columns if name in known]
    found = _transposed(table, numeric) or _long(table, numeric) or _wide(table, numeric, feature)
    if found is not None:
        _take_missing_codes(found, table, strays)
        filled = [name for name in columns if IMPUTED.search(name)]
        if len(filled) >= FEWEST_SAMPLES:
            words = f"{len(filled)} columns such as '{filled[0]}' mark imputed values, and are not used"
            found.told.append(
                f"{words}: these count as measured; a table from before they were filled in is better"
            )
    return found


def _take_missing_codes(found: Layout, table: Table, strays: dict[str, list[int]]) -> None:
    """The option `missing` for texts that say that nothing was measured; the reader refuses other texts."""
    # rows of text in every such column stand above the values: further headers, which the reader cuts
    above = 0
    while strays and all(
        above in rows and not is_missing(table.frame[n][above]) for n, rows in strays.items()
    ):
        above += 1
    cells = [
        (table.frame[name][row], name, row) for name, rows in strays.items() for row in rows if row >= above
    ]
    known = [cell for cell in cells if is_missing(cell[0])]
    texts = list(dict.fromkeys(text.strip() for text, _, _ in known))
    if texts and len(known) == len(cells):
        found.options["missing"] = texts
        _, name, row = known[0]
        shown = ", ".join(f"'{text}'" for text in texts)
        found.told.append(
            f"{len(known)} cells with {shown} are taken for missing, the first in column '{name}', row {row + 1}"
        )


def _transposed(table: Table, numeric: list[str]) -> Layout | None:
    """A row per sample: the columns are called like features, the rows are not."""
    columns = table.frame.columns
    numbers = set(numeric)
    block = _longest_run(table, numbers)
    known = identifier_of(block) if len(block) >= FEWEST_KNOWN else None
    values = [name for name in block if name in numbers]
    if known is not None:
        form = re.compile(PATTERNS[known].removesuffix("$") + r"(?:\.\d+)?(?:;|$)")
        bare = {name: re.sub(r"^>?(?:sp|tr)\|", "", name).replace("|", ";") for name in values}
        values = [name for name in values if form.match(bare[name]) or re.match(DECOY, name)]
    else:
        while values and _describes_samples(values[0]):
            values = values[1:]
        while values and _describes_samples(values[-1]):
            values = values[:-1]
    if len(values) < (FEWEST_KNOWN if known else FEWEST) or len(values) <= table.frame.height:
        return None
    taken = set(values)
    texts = [name for name in columns if name not in taken]
    sample = next((name for name in texts if _tells_apart(table.frame[name])), None)
    rows = as_text(table.frame[sample if sample is not None else columns[0]])
    if identifier_of([row for row in rows if row]) not in (None, Namespace.ENTREZ):
        return None
    symbols = [name for name in values if SYMBOL.match(name)]
    stems = {re.sub(r"\d+", "#", name) for name in symbols}
    like_genes = len(symbols) > 0.8 * len(values) and len(stems) > MANY_STEMS * len(values)
    above = any(identifier_of(cells) is not None for cells in features_above(table, values).values())
    if known is None and not like_genes and not above and len(values) < 5 * table.frame.height:
        return None
    others = [name for name in texts if name in numbers and name != sample]
    options: dict[str, Any] = {"layout": "transposed"}
    if sample not in (None, columns[0], "row_name"):
        options["sample"] = sample
    told = []
    if others:
        options["annotation"] = others
        told.append(f"columns of numbers that describe samples: {listed(others)}")
    return Layout("table with a row per sample", options, table.frame.height, told)


def _longest_run(table: Table, numeric: set[str]) -> list[str]:
    """The longest run of columns that have names and hold numbers, or nothing."""
    runs: list[list[str]] = [[]]
    for name in table.frame.columns:
        if name and (name in numeric or table.frame[name].null_count() == table.frame.height):
            runs[-1].append(name)
        else:
            runs.append([])
    return max(runs, key=len)


def _describes_samples(name: str) -> bool:
    """Whether a column of numbers is called like a fact about samples."""
    lower = name.strip().lower()
    said = r"(^|[^a-z])(age|days?|weeks?|months?|hours?|bmi|weight|mass|rin|rqn|no|nr|number|score)([^a-z]|$)"
    return any(re.fullmatch(pattern, lower) for pattern in COLUMNS.values()) or bool(re.search(said, lower))


def _tells_apart(column: pl.Series) -> bool:
    return column.null_count() == 0 and column.n_unique() == len(column)


def _wide(table: Table, numeric: list[str], feature: str | None) -> Layout | None:
    """A column per sample: columns of numbers that are no annotation, one block of them where there are several."""
    if feature is None:
        return None
    cells = [cell for cell in as_text(table.frame[feature]) if cell]
    known = identifier_of(cells)
    if table.frame.height < FEWEST and known in (None, Namespace.ENTREZ):
        return None
    numbers = [name for name in numeric if name != feature]
    if sum(measures_people(name) for name in numbers) >= 3:  # age, BMI, AST below each other's patients
        return None
    if known is None and len(numbers) < table.frame.width - 1 - len(
        numbers
    ):  # more words than numbers: a sheet
        return None
    options: dict[str, Any] = {} if feature in (table.frame.columns[0], "") else {"feature": feature}
    found = Layout("table with a column per sample", options, 0)
    blocks = blocks_of(table, numbers)
    if blocks is not None:
        options["samples"], found.samples, told = blocks
        found.told.append(told)
        return found
    kept = _samples_of(table, numbers, found)
    if len(kept) < FEWEST_SAMPLES or have_nothing_in_common(table, kept):
        return None
    twice = [name for name in kept if name in table.repeated]
    if twice:
        _take_repeated(found, kept, table)
    if len(kept) < len(numbers) or twice or found.ask:
        options["samples"] = kept
    found.samples = len(kept)
    return found


def _samples_of(table: Table, numbers: list[str], found: Layout) -> list[str]:
    """Columns that are samples; what the others are is told, or asked where a column is only unlike the others."""
    reasons = not_samples(table, numbers)
    plain = [n for n in numbers if not ANNOTATION.search(n) and not SUMMARIES.search(n) and not is_known(n)]
    plain = [n for n in plain if n not in reasons]
    # where all columns are called like annotation (GC_1 of gastrocnemius), none is
    plain = plain or [name for name in numbers if not SUMMARIES.search(name) and not is_known(name)]
    likeness = _likeness(table, numbers, plain)
    typical = sorted(likeness[n] for n in plain)[len(plain) // 2] if plain else 0.0
    for name in numbers:
        column = table.frame[name]
        if name in reasons:
            continue
        if not name:
            reasons[name] = "has no name"
        elif SUMMARIES.search(name):
            reasons[name] = "a summary of others"
        elif is_known(name):
            reasons[name] = "an identifier"
        elif name not in plain and not (
            typical > ALIKE and likeness[name] > ALIKE and _among_them(table, name, plain)
        ):
            reasons[name] = "describes features"
        elif NO_SAMPLES.search(name):
            reasons[name] = "a control of the measurement, no sample"
        elif column.null_count() == len(column):
            reasons[name] = "holds nothing"
        elif _counts_rows(column):
            reasons[name] = "counts the rows"
    kept = [name for name in numbers if name not in reasons]
    odd = [n for n in kept if typical > ALIKE and likeness[n] < UNLIKE and not _is_flat(table.frame[n])]
    if len(odd) > len(kept) / 4:
        odd = []
    for name in odd:
        text = f"is '{name}' a sample? It ranks the rows unlike the others (correlation {likeness[name]:.2f}, theirs "
        text += f"{typical:.2f}): write its name, or delete this line"
        found.ask.setdefault("samples", []).append(f"{TODO} {text}")
    if not set(numbers) - set(reasons) - set(odd):
        return []
    by_reason: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        by_reason.setdefault(reason, []).append(name)
    found.told += [f"left out: {listed(names)} ({reason})" for reason, names in by_reason.items()]
    return [name for name in kept if name not in odd]


def is_known(name: str) -> bool:
    """Whether a column is called like one of identifiers."""
    return re.sub(r"[^a-z0-9]", "", name.lower()) in COLUMN_NAMES


def _likeness(table: Table, numbers: list[str], plain: list[str]) -> dict[str, float]:
    """Rank correlation of each column with the median of those that no name excludes."""
    import numpy as np
    from scipy.stats import rankdata

    values = {name: floats(table, name) for name in numbers}
    if len(plain) < FEWEST_SAMPLES or table.frame.height < FEWEST:
        return dict.fromkeys(numbers, 1.0)
    with np.errstate(all="ignore"):
        filled = np.column_stack([np.nan_to_num(values[name], nan=-np.inf) for name in plain])
        centre = np.median(rankdata(filled, axis=0), axis=1)
    likeness = {}
    for name, cells in values.items():
        there = np.isfinite(cells)
        if there.sum() < 20 or np.ptp(cells[there]) == 0:
            likeness[name] = 1.0
            continue
        ranks = rankdata(cells[there]), rankdata(centre[there])
        likeness[name] = float(np.corrcoef(*ranks)[0, 1]) if np.ptp(ranks[1]) > 0 else 1.0
    return likeness


def _among_them(table: Table, name: str, plain: list[str]) -> bool:
    """Whether quartiles of a column lie among those of the samples: counts of spectra rise with intensities, too."""
    import numpy as np

    quartiles = [np.nanpercentile(floats(table, column), [25, 50, 75]) for column in (name, *plain)]
    ours, theirs = quartiles[0], np.array(quartiles[1:])
    around = np.maximum(np.ptp(theirs, axis=0), 0.1 * np.abs(theirs).max(axis=0))
    inside = (ours >= theirs.min(axis=0) - around) & (ours <= theirs.max(axis=0) + around)
    return bool(inside.all()) and not _is_flat(table.frame[name])


def _is_flat(column: pl.Series) -> bool:
    return column.drop_nulls().n_unique() < 3


def _counts_rows(column: pl.Series) -> bool:
    if not column.dtype.is_numeric():
        return False
    values = column.drop_nulls()
    return len(values) > 10 and bool((values.diff().drop_nulls() == 1).all())


def _take_repeated(found: Layout, kept: list[str], table: Table) -> None:
    """Names that several columns bear are groups; two columns of a name each may be two measurements of one sample."""
    base = {name: re.sub(r"\.\d+$", "", name) for name in kept}
    bare = [base[name] if base[name] in table.repeated else name for name in kept]
    sizes = {name: bare.count(name) for name in dict.fromkeys(bare)}
    counted = ", ".join(f"{name} {size}" for name, size in list(sizes.items())[:12])
    found.told.append(
        f"columns of one name are samples of one group ({counted}); the second 'x' is called 'x.2'"
    )
    if max(sizes.values()) == 2 and len(sizes) > 2:
        text = "two columns bear each name: two samples of a group (delete this line), or one sample measured twice "
        text += "(then fill columns: replicate_of in the sheet)?"
        found.ask.setdefault("samples", []).append(f"{TODO} {text}")


def _are_entrez(column: pl.Series) -> bool:
    """Whether whole numbers name features: many different ones, each in several rows."""
    cells = as_text(column.drop_nulls())
    each = set(cells)
    return FEWEST <= len(each) <= len(cells) / 2 and identifier_of(each) == Namespace.ENTREZ


def _long(table: Table, numeric: list[str]) -> Layout | None:
    """A row per value: which columns name feature, sample and value."""
    import polars as pl

    frame = table.frame
    if not 3 <= frame.width <= 40 or frame.height < FEWEST:
        return None
    values = [name for name in numeric if VALUE.match(name.strip())]
    if len(values) != 1:
        return None
    others = [name for name in frame.columns if name != values[0]]
    # Entrez identifiers are numbers
    known = [name for name in numeric if FEATURE.search(name) or is_known(name) or _are_entrez(frame[name])]
    text = [n for n in others if (n not in numeric or n in known) and frame[n].n_unique() < frame.height / 2]
    features = [name for name in text if FEATURE.search(name) and not SAMPLE.match(name)]
    features = features or [name for name in text if not SAMPLE.match(name)] or text
    if not features:
        return None
    feature = max(features, key=lambda name: frame[name].n_unique())
    rest = sorted(
        (n for n in others if n != feature), key=lambda n: (not SAMPLE.match(n.strip()), n in numeric)
    )
    pairs = [[name] for name in rest] + [[a, b] for i, a in enumerate(rest) for b in rest[i + 1 :]]
    measured = frame[feature].n_unique()
    if measured < FEWEST_MEASURED:  # three hormones of many people
        return None
    for names in pairs:
        key = [pl.col(feature), *(pl.col(name).cast(pl.String) for name in names)]
        samples = frame.select(names).n_unique()
        # numbers of people in rows, and three measures of each, look like Entrez identifiers in three samples
        unnamed = feature in numeric and not FEATURE.search(feature) and not is_known(feature)
        if measured * samples > SPARSEST * frame.height or (unnamed and samples < FEWEST_SAMPLES):
            continue
        if frame.select(pl.struct(key).n_unique()).item() >= 0.98 * frame.height:
            sample = names if len(names) > 1 else names[0]
            options = {"layout": "long", "feature": feature, "sample": sample, "value": values[0]}
            return Layout("table with a row per value", options, samples)
    return None
