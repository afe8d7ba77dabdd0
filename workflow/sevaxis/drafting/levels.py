"""Levels of a group: spellings, numbers, times, quality controls, and a sex that stands inside their names."""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from sevaxis.base.vocabulary import Sex
from sevaxis.drafting.words import tokens
from sevaxis.study.sheets import UNKNOWN
from sevaxis.study.validation import TODO

if TYPE_CHECKING:
    import pandas as pd

#: What was measured to watch the instrument or to tie plexes together; no specimen of a group.
QUALITY_CONTROL = {
    "qc", "qcs", "qcpool", "poolqc", "pool", "pools", "pooled", "pooledqc", "blank", "blanks", "blk", "bridge",
    "bridging", "irs", "ntc", "solvent", "empty", "unused", "carrier", "boost", "nist", "systemsuitability", "sst",
    "wash", "calibrator", "calibrators",
}  # fmt: skip
#: Words that may name such a measurement, or a group: they are asked about.
PERHAPS_CONTROL = {
    "ref",
    "refs",
    "reference",
    "standard",
    "std",
    "mix",
    "mixture",
    "mastermix",
    "refmix",
    "buffer",
}
#: Endings of the files of runs, by which programs call samples, with the steps before them (``QC_1.sorted.bam``).
OF_RUNS = re.compile(
    r"(?:\.(?:raw|mzml|mzxml|wiff|d|dia|bam|sam|sorted|dedup|out|sortedByCoord|Aligned|fastq|fq|gz|counts?|sf|txt|tsv))+$",
    re.I,
)
FILLING = {"sample", "samples", "channel", "quality", "rep", "run", "inj", "tmt", "plex", "intensity"}
SEX_WORDS = {
    "female": Sex.FEMALE, "females": Sex.FEMALE, "fem": Sex.FEMALE, "woman": Sex.FEMALE, "women": Sex.FEMALE,
    "male": Sex.MALE, "males": Sex.MALE, "man": Sex.MALE, "men": Sex.MALE,
}  # fmt: skip
SEX_LETTERS = {"f": Sex.FEMALE, "m": Sex.MALE}
NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
TIME_COLUMN = re.compile(r"time|hour|\bhrs?\b|day|week|month|year|visit|\bmin", re.I)
#: Words of time beside a number; a letter before the number (T1, D2, V3) may be a donor or a tumour.
TIME_UNIT = re.compile(
    r"^[-+]?(?:(?:times?|time ?points?|tp|visit|days?|weeks?|wks?|months?|hours?|hrs?|min)#|"
    r"#(?:h|hrs?|hours?|mins?|minutes?|d|days?|w|wks?|weeks?|mo|months?|y|yrs?|years?))"
)


def is_quality_control(text: str, weak: bool = False) -> bool:
    """Whether a name says nothing but that it is a control of the measurement.

    Parameters
    ----------
    text
        Name of a sample or of a level.
    weak
        Ask for words that may also name a group.
    """
    stem = OF_RUNS.sub("", re.split(r"[\\/]", text.strip())[-1])
    parts = [re.sub(r"\d+$", "", part).lower() for part in tokens(stem)]
    if "quality" in parts and "control" in parts:
        parts = ["qc", *(part for part in parts if part != "control")]
    asked = PERHAPS_CONTROL if weak else QUALITY_CONTROL
    rest = [part for part in parts if part not in asked and part not in FILLING and len(part) > 1]
    return any(part in asked for part in parts) and not rest


def control_of(sample: str) -> str:
    """What a sample that may be a control of the measurement is called, without numbers and words around it."""
    stem = OF_RUNS.sub("", re.split(r"[\\/]", sample.strip())[-1])
    parts = [part for part in tokens(stem) if part.lower() not in FILLING and not part.isdigit()]
    return " ".join(parts) or stem


def own_words(names: list[str]) -> list[str]:
    """Names without the words that nearly all of them share (a date, the instrument, DIA)."""
    split = [tokens(re.split(r"[\\/]", name.strip())[-1]) for name in names]
    counts = Counter(word for words in split for word in set(words))
    shared = {word for word, number in counts.items() if number >= 0.9 * len(names) and len(names) > 3}
    return [
        "_".join(word for word in words if word not in shared) or name
        for words, name in zip(split, names, strict=True)
    ]


def merge_spellings(cells: pd.Series) -> tuple[pd.Series, list[str]]:
    """One spelling for levels that differ in case, spaces and punctuation only; what was done, in words."""
    bare: dict[str, Counter] = {}
    for cell in cells:
        if cell:
            bare.setdefault(re.sub(r"[\W_]+", "", cell).casefold() or cell, Counter())[cell] += 1
    chosen, told = {}, []
    for key, spellings in bare.items():
        (first, _), *others = spellings.most_common()
        if len(key) < 2:  # A beside a may be two groups: they stay
            continue
        for other, number in others:
            chosen[other] = first
            told.append(f"'{other}' ({number}) is read as '{first}'")
    return cells.map(lambda cell: chosen.get(cell, cell)), told


def mistyped(cells: pd.Series) -> dict[str, str]:
    """Rare level -> frequent level from which one letter tells it apart."""
    counts = Counter(cell for cell in cells if cell)
    found = {}
    for rare, number in counts.items():
        for often, many in counts.items():
            if number > 2 or many < 3 * number or min(len(rare), len(often)) < 5 or rare == often:
                continue
            if NUMBER.findall(rare) != NUMBER.findall(often) or abs(len(rare) - len(often)) > 1:
                continue
            a, b = rare.casefold(), often.casefold()
            match = SequenceMatcher(None, a, b, autojunk=False)
            same = sum(block.size for block in match.get_matching_blocks())
            swapped = sorted(a) == sorted(b) and sum(x != y for x, y in zip(a, b, strict=True)) == 2
            if same >= max(len(a), len(b)) - 1 or swapped:
                found[rare] = often
    return found


def are_numbers(levels: list[str]) -> bool:
    """Whether all levels are nothing but numbers: codes, or amounts."""
    return bool(levels) and all(NUMBER.fullmatch(level.strip()) for level in levels)


def in_time(levels: list[str], column: str = "") -> str | None:
    """The first of levels that are points in time, None where they are not or where that is not certain."""
    numbers = {level: NUMBER.findall(level) for level in levels}
    if not levels or not all(len(found) == 1 for found in numbers.values()):
        return None
    stems = {re.sub(r"[\W_]+", " ", NUMBER.sub("#", level)).strip() or "#" for level in levels}
    stems = {stem.lower().replace(" ", "") if "#" in stem else "#" for stem in stems}
    masks = {NUMBER.sub("#", level).lower().replace("_", "").replace(" ", "") for level in levels}
    first = min(levels, key=lambda level: float(numbers[level][0].replace(",", ".")))
    zero = float(numbers[first][0].replace(",", ".")) == 0
    if len(masks) != 1 or len(stems) != 1:
        return None
    mask = masks.pop()
    told = TIME_UNIT.search(mask) or (mask == "#" and TIME_COLUMN.search(column))
    return first if told or (zero and mask in ("t#", "d#", "w#", "v#", "day#", "week#")) else None


def is_series(levels: list[str]) -> bool:
    """Whether levels differ in one number only, whatever it counts."""
    masks = {NUMBER.sub("#", level) for level in levels}
    return len(levels) > 1 and len(masks) == 1 and "#" in masks.pop()


def split_sex_of_samples(names: list[str]) -> dict[str, tuple[str, str]] | None:
    """:func:`split_sex` of samples; of one that may be a reference nothing but the name is asked, its sex is empty."""
    found: dict[str, tuple[str, str]] = {}
    if (split := split_sex(names)) is None:
        rest = [name for name in names if not is_quality_control(name, weak=True)]
        if not len(names) / 2 < len(rest) < len(names) or (split := split_sex(rest)) is None:
            return None
        found = {name: ("", name) for name in names if name not in split}
    return found | {name: (str(sex), rest) for name, (sex, rest) in split.items()}


def split_sex(names: list[str]) -> dict[str, tuple[Sex, str]] | None:
    """Names whose one word is a sex: name -> sex and the rest of the name.

    Letters (F, M, F3, M12) count where both occur, at one place among the words; words count where each name has one.

    Returns
    -------
    None where the names tell no sex, or where nothing else than the sex tells them apart.
    """
    for letters in (False, True):
        found = {name: _sex_word(name, letters) for name in names}
        if not all(found.values()):
            continue
        sexes = {sex for sex, _, _ in found.values()}
        places = {place for _, _, place in found.values()}
        rests = {rest for _, rest, _ in found.values()}
        if (letters and (len(sexes) < 2 or len(places) > 2)) or not all(rests):
            continue
        if not all(re.search(r"[A-Za-z]", rest) or NUMBER.search(rest) for rest in rests):
            continue
        return {name: (sex, rest) for name, (sex, rest, _) in found.items()}
    return _split_glued(names)


def _sex_word(name: str, letters: bool) -> tuple[Sex, str, int] | None:
    """Sex, rest of the name and place of the only word that is a sex."""
    pieces = re.split(
        r"([\s_./+()\[\]:,;|=-]+)",
        re.sub(r"(?<=[a-z0-9])(?=(?:Female|Male)\b)|(?<=male)(?=[A-Z0-9])", "_", name),
    )
    hits = []
    for at, piece in enumerate(pieces[::2]):
        if letters and (match := re.fullmatch(r"([FMfm])(\d*)", piece)):
            hits.append((SEX_LETTERS[match[1].lower()], at, match[2]))
        elif not letters and piece.lower() in SEX_WORDS:
            hits.append((SEX_WORDS[piece.lower()], at, ""))
    if len(hits) != 1:
        return None
    sex, at, left = hits[0]
    if left:
        pieces[2 * at] = left
    else:
        del pieces[max(2 * at - 1, 0) : 2 * at + (1 if at else 2)]
    return sex, "".join(pieces).strip(" _.-/"), at


def _split_glued(names: list[str]) -> dict[str, tuple[Sex, str]] | None:
    """FSED, MSED, FTR, MTR: a letter before each name, where every rest comes with both letters."""
    found = {name: (name[:1].lower(), name[1:].lstrip("_-. ")) for name in names}
    rests = {rest for _, rest in found.values()}
    both = {(letter, rest) for letter, rest in found.values()}
    whole = len(rests) > 1 and all(len(rest) > 1 for rest in rests) and len(set(names)) == 2 * len(rests)
    if not whole or both != {(letter, rest) for letter in "fm" for rest in rests}:
        return None
    return {name: (SEX_LETTERS[letter], rest) for name, (letter, rest) in found.items()}


def todo_of(cells: pd.Series) -> pd.Series:
    """Cells with a question where nothing is said."""
    return cells.map(
        lambda cell: cell if cell and cell.lower() not in UNKNOWN else f"{TODO} the group of this sample"
    )
