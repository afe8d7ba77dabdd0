"""What is said of the samples, wherever it stands, and which row is which sample of the matrix."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sevaxis.base.problems import Problems
from sevaxis.drafting.formats import read_head, read_whole
from sevaxis.drafting.recognised import Recognised
from sevaxis.drafting.tables import DESIGN
from sevaxis.drafting.words import column_fits
from sevaxis.matrix.readers.openms import read_design
from sevaxis.matrix.readers.registry import reader
from sevaxis.matrix.readers.sdrf import FILE_AND_LABEL

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

#: Share of the samples that an annotation must describe to be used.
ENOUGH = 0.5
#: Most columns of a sheet of which two are tried together as the names of the samples.
MOST_JOINED = 24
#: Columns of an SDRF that may name the samples of a matrix.
SOURCE = "source name"
SDRF_NAMES = (SOURCE, "assay name", "comment[data file]", FILE_AND_LABEL)
#: What GEO writes before each value of a characteristic.
KEY = re.compile(r"^([A-Za-z][^:]{1,50}):\s+")
#: Endings of raw files, which quantification programs leave out of sample names, or leave in.
RAW = (
    r"(?:(?:_S\d+)?(?:_L\d{3})?[._]R?[12](?:_001)?\.f(?:ast)?q(?:\.gz)?|\.f(?:ast)?q(?:\.gz)?|"
    r"(?:\.(?:raw|mzml|wiff|d|gz|txt|tab|tsv|csv|counts?|bam|sf|results|dia|sorted|dedup|markdup))+)$"
)


@dataclass
class Annotation:
    """Rows of text about samples.

    Attributes
    ----------
    source
        Where it stands, for the user.
    frame
        A row per sample or per file, all cells text, empty where nothing is said.
    """

    source: str
    frame: pd.DataFrame


@dataclass
class Described:
    """An annotation brought to the samples of the matrix.

    Attributes
    ----------
    source, column
        Which annotation, and which of its columns names the samples.
    frame
        Index: the samples of the matrix; empty text where nothing is said.
    found
        Number of samples that it describes.
    how
        In which sense the names are the same.
    matched
        Samples that it describes.
    slips
        Sample without a row -> the name of a row without a sample from which one letter tells it apart; its facts stand
        in ``frame``, and are to be asked about.
    unused
        Names of its rows that no sample has.
    varying
        Columns that differ between rows of one sample, which are left out.
    """

    source: str
    column: str
    frame: pd.DataFrame
    found: int
    how: str
    matched: set[str] = field(default_factory=set)
    slips: dict[str, str] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)
    varying: list[str] = field(default_factory=list)


@dataclass
class Series:
    """What a GEO record says of itself: title, summary, PubMed identifiers, accession."""

    title: str = ""
    summary: str = ""
    pubmed: list[str] = field(default_factory=list)
    accession: str = ""


def series_of(path: Path) -> Series:
    """What the head of a series matrix, or of a SOFT record, says of the whole."""
    series = Series()
    for line in read_head(path).decode("utf-8", "replace").splitlines():
        match = re.match(r"!(?:Series|dataset|Sample)_(\w+?)\s*[\t=]\s*(.*)", line)
        if line.startswith("!Sample_") and series.title:
            break
        if not match:
            continue
        key, value = match[1], match[2].strip().strip('"').strip()
        if key == "title" and not series.title:
            series.title = value
        elif key in ("summary", "description", "overall_design") and not series.summary:
            series.summary = value
        elif key == "pubmed_id":
            series.pubmed.append(value)
        elif key in ("geo_accession", "reference_series") and not series.accession:
            series.accession = value
    return series


def annotations_of(recognised: Recognised) -> list[Annotation]:
    """Annotations that a recognised sheet gives; an SDRF names samples in four ways."""
    path, named = recognised.path, recognised.path.name
    if recognised.format == "SDRF sample sheet":
        found = []
        for name in SDRF_NAMES:
            try:
                obs = reader("sdrf")(path, sample=name).obs
            except Problems:  # a sheet without this column
                continue
            if name != FILE_AND_LABEL or obs["plex"].notna().any():
                found.append(Annotation(named, _texts(obs, name)))
        return found
    if recognised.reader == "series_matrix":
        return [Annotation(named, _texts(reader("series_matrix")(path).obs, "geo_accession"))]
    if recognised.format == DESIGN:
        return [Annotation(named, _texts(read_design(path), None))]
    table = read_whole(recognised)
    sheet = f"{named}{recognised.format.removeprefix('sample sheet')}"
    frame = table.frame.to_pandas()
    frame.columns = [name or "row_name" for name in table.frame.columns]
    return [Annotation(sheet, _texts(frame, None))]


def annotation_of_matrix(adata: AnnData, source: str) -> Annotation:
    """What the matrix's own file says of its samples."""
    return Annotation(source, _texts(adata.obs, "sample_name"))


def _texts(frame: pd.DataFrame, index: str | None) -> pd.DataFrame:
    """All cells as text; whole numbers without a decimal zero; the index as the first column."""
    import pandas as pd

    def text(cell) -> str:
        if pd.isna(cell):
            return ""
        tidy = re.sub(
            r"^#!\{[^}]*\}", "", " ".join(str(cell).split())
        )  # Perseus begins rows of annotation so
        return re.sub(r"^(-?\d+)\.0$", r"\1", tidy)

    texts = {str(name): [text(cell) for cell in frame[name]] for name in frame.columns}
    result = pd.DataFrame(dict(_without_keys(name, cells, texts) for name, cells in texts.items()))
    if index is not None:
        cells = [text(cell) for cell in frame.index]
        result = result.drop(columns=[index], errors="ignore")
        result.insert(0, index, cells)
    return result


def _without_keys(name: str, cells: list[str], taken: Iterable[str]) -> tuple[str, list[str]]:
    """``treatment: untreated`` in every cell of a column becomes ``untreated`` in a column of that name."""
    keys = {match[1] if (match := KEY.match(cell)) else "" for cell in cells if cell}
    if len(keys) != 1 or "" in keys or not name.lower().startswith("characteristics"):
        return name, cells
    key = keys.pop().strip()
    return name if key in taken else key, [KEY.sub("", cell) for cell in cells]


def describe(annotations: list[Annotation], samples: list[str]) -> Described | None:
    """The annotation that describes most samples, in the strictest sense in which it does."""
    best: tuple[tuple, Annotation, str, str, dict[str, int]] | None = None
    for order, annotation in enumerate(annotations):
        for column in annotation.frame.columns:
            cells = annotation.frame[column].tolist()
            for strictness, (how, rows) in enumerate(_matches(cells, samples)):
                if len(rows) < max(2, ENOUGH * len(samples)):
                    continue
                score = (
                    len(rows),
                    -strictness,
                    _telling(annotation.frame),
                    annotation.frame.shape[1],
                    -order,
                )
                if best is None or score > best[0]:
                    best = (score, annotation, column, how, rows)
                break
    if best is None:
        joined = [together for one in annotations if (together := _joined(one, samples)) is not None]
        return describe(joined, samples) if joined else None
    _, annotation, column, how, rows = best
    cells = annotation.frame[column].tolist()
    used = {cells[row] for row in rows.values()}
    unused = [cell for cell in dict.fromkeys(cells) if cell and cell not in used]
    if SOURCE in annotation.frame:  # further fractions of what is here
        sources = dict(zip(cells, annotation.frame[SOURCE], strict=True))
        here = {sources[cell] for cell in used}
        unused = [cell for cell in unused if sources[cell] not in here]
    slips = _slips([sample for sample in samples if sample not in rows], unused)
    frame = _rows_of(
        annotation.frame, cells, rows | {s: cells.index(cell) for s, cell in slips.items()}, samples
    )
    varying = [name for name in annotation.frame.columns if name not in frame.columns]
    return Described(annotation.source, column, frame, len(rows), how, set(rows), slips, unused, varying)


def add_own(described: Described, own: Annotation) -> None:
    """Sex, subject and batch that the matrix's own file tells, beside a sheet that says nothing of them.

    Parameters
    ----------
    described
        The samples by a sheet; gets the columns, and their file in its ``source``.
    own
        What the file of the values says of the same samples, in their order.
    """
    added = []
    for name in own.frame.columns:
        cells = own.frame[name].set_axis(described.frame.index)
        known = any(
            other.nunique() == cells.nunique() and (cells.groupby(other).nunique() <= 1).all()
            for _, other in described.frame.items()
        )
        fits = any(column_fits(role, name) for role in ("sex", "subject", "batch"))
        if fits and 1 < cells.nunique() < len(cells) and name not in described.frame and not known:
            described.frame[name] = cells
            added.append(name)
    if added:
        described.source += f" (with {', '.join(added)} of {own.source})"


def _telling(frame: pd.DataFrame) -> int:
    """Number of columns that may tell groups: some samples have the same there, and not all."""
    return int(sum(1 < number < len(frame) for number in frame.nunique()))


def _joined(annotation: Annotation, samples: list[str]) -> Annotation | None:
    """The annotation with one more column, of two that name the samples together (slide, array); None where none do."""
    frame = annotation.frame
    wanted = {_bare(sample) for sample in samples}
    for first in frame.columns:
        # names of samples begin with a cell of the first
        starts = tuple({_bare(cell) for cell in frame[first] if cell})
        if len(frame.columns) > MOST_JOINED or not any(name.startswith(starts) for name in wanted):
            continue
        for second in frame.columns:
            cells = [f"{a}_{b}" for a, b in zip(frame[first], frame[second], strict=True)]
            fits = len(wanted.intersection(map(_bare, cells))) >= max(2, ENOUGH * len(samples))
            if first != second and fits and len(set(cells)) == len(cells):
                together = frame.copy()
                together.insert(0, f"{first}_{second}", cells, allow_duplicates=True)
                return Annotation(annotation.source, together)
    return None


def _slips(samples: list[str], cells: list[str]) -> dict[str, str]:
    """Pairs of a sample and a row, neither with a partner, that one letter, or two that changed places, tell apart."""
    near = {sample: [cell for cell in cells if _one_slip(sample, cell)] for sample in samples}
    times = Counter(cell for found in near.values() for cell in found)
    return {sample: found[0] for sample, found in near.items() if len(found) == 1 and times[found[0]] == 1}


def _one_slip(one: str, other: str) -> bool:
    a, b = sorted((one.casefold(), other.casefold()), key=len)
    if len(b) < 4 or len(b) - len(a) > 1 or a == b:
        return False
    start = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), len(a))
    if len(a) < len(b):
        return a[start:] == b[start + 1 :]
    swapped = a[start] + a[start + 1 : start + 2] == (b[start : start + 2])[::-1]
    return a[start + 1 :] == b[start + 1 :] or (swapped and a[start + 2 :] == b[start + 2 :])


def _matches(cells: list[str], samples: list[str]):
    """Sample -> row of the sheet, in ever looser senses of sameness."""
    senses = {
        "equal names": lambda text: text.strip(),
        "names equal but for case and punctuation": _bare,
        "names equal but for the X that R puts before numbers": lambda text: _bare(
            re.sub(r"^X(?=[\d.])", "", text)
        ),
        "names equal but for the ending of a file": lambda text: _bare(
            re.sub(RAW, "", _base(text), flags=re.I)
        ),
        "the GEO accession at the start": _accession,
    }
    at: dict[str, int] = {}
    for row, cell in enumerate(cells):
        at.setdefault(cell, row)
    found: dict[str, int] = {}
    for how, key in senses.items():
        # what is the same in a stricter sense is settled: S1.1 is S1-1, where S11 is there, too
        settled = {cells[row] for row in found.values()}
        free = _by_key([cell for cell in at if cell and cell not in settled], key)
        left = _by_key([sample for sample in samples if sample not in found], key)
        found |= {left[k][0]: at[free[k][0]] for k in left if len(left[k]) == len(free.get(k, [])) == 1}
        yield how, dict(found)
    numbers = _by_key([cell for cell in at if cell], _number)
    keys = {sample: _number(sample) for sample in samples}
    codes = all(re.fullmatch(r"\d{2,}", cell) for cell in cells if cell)
    if codes and len({k for k in keys.values() if k}) == len(samples):
        yield (
            "the number in the name",
            {s: at[numbers[k][0]] for s, k in keys.items() if k in numbers},
        )
    yield "names that contain the names of the sheet", _contained(cells, samples)


def _by_key(names: list[str], key: Callable[[str], str]) -> dict[str, list[str]]:
    """Names by what is the same of them; those of which nothing is left out."""
    found: dict[str, list[str]] = {}
    for name in names:
        if key(name):
            found.setdefault(key(name), []).append(name)
    return found


def _contained(cells: list[str], samples: list[str]) -> dict[str, int]:
    bare = {row: _bare(cell) for row, cell in enumerate(cells) if len(_bare(cell)) >= 4}
    found = {}
    for sample in samples:
        name = _bare(sample)
        rows = [row for row, cell in bare.items() if cell in name or (len(name) >= 4 and name in cell)]
        if len({bare[row] for row in rows}) == 1:
            found[sample] = rows[0]
    return found if len(set(found.values())) == len(found) else {}


def _bare(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _base(text: str) -> str:
    return re.split(r"[\\/]", text.strip())[-1]


def _accession(text: str) -> str:
    match = re.match(r"GSM\d+(?!\d)", text.strip())
    return match[0] if match else ""


def _number(text: str) -> str:
    match = re.fullmatch(r"[A-Za-z]{0,6}[ _.-]?0*(\d{2,})", text.strip())
    return match[1] if match else ""


def _rows_of(frame: pd.DataFrame, cells: list[str], rows: dict[str, int], samples: list[str]) -> pd.DataFrame:
    """Rows of the samples; columns that differ between rows of one sample (fractions, repeats) are left out."""
    import pandas as pd

    repeated = pd.Series(cells)
    chosen = frame[repeated.isin({cells[row] for row in rows.values()}).to_numpy()]
    per_sample = chosen.groupby([cells[i] for i in chosen.index]).nunique()
    constant = [name for name in frame.columns if per_sample[name].max() <= 1]
    found = frame.loc[[rows[sample] for sample in rows], constant]
    found.index = list(rows)
    return found.reindex(samples, fill_value="")
