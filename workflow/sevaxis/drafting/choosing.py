"""Which of several matrices make the data set: a file per sample, tables of other samples, the best of what is there.

Programs leave several files of the same samples in a folder (genes and isoforms, counts and FPKM): one kind of them is
taken, and said of the others why they are not.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sevaxis.base.vocabulary import Namespace
from sevaxis.drafting.recognised import Recognised
from sevaxis.genes.identifiers import identifier_of

if TYPE_CHECKING:
    from anndata import AnnData

#: Endings of tables of one sample.
ENDINGS = r"(?:\.(?:gz|bz2|xz|txt|tsv|csv|tab|xlsx?|parquet|(?:gene)?[._]?counts?|out|genes|results))+$"
#: Quantities that were made of reads.
DERIVED = r"fpkm|rpkm|tpm|cpm|norm\w*|vst|rlog|lengths?|log2?"
#: Words of files that tell kinds of files of one sample apart, and no samples.
KINDS = re.compile(
    rf"(?:{DERIVED}|genes?|isoforms?|transcripts?|tx|exons?|introns?|counts?|reads?|raw|expected|htseq|featurecounts?|"
    r"star|salmon|kallisto|rsem|readspergene|abundances?|abundance|quant|quantification|results?|sf|out|tab|txt|tsv|csv|"
    r"gz|h5|xlsx?|unstranded|forward|reverse|sense|antisense|uniq(?:ue)?|multi|filtered|dedup|umi)",
    re.IGNORECASE,
)
WORSE = re.compile(rf"(?:{DERIVED}|isoforms?|transcripts?|tx|exons?|introns?|antisense|multi)", re.IGNORECASE)
#: Share of the features that files of one data set have in common, of the smaller.
SHARED = 0.5
#: Correlation of samples, each feature centred, from which two tables hold the same samples.
SAME = 0.9
#: Correlation below which they hold other measurements.
UNLIKE = 0.5
#: How the reason for a table of other measurements begins.
OTHERS = "other values for the same names"


def choose_singles(
    singles: list[Recognised], parts: dict[int, AnnData]
) -> tuple[list[Recognised], dict[int, str]]:
    """Of files of one sample each the ones that make the data set.

    Parameters
    ----------
    singles
        The files.
    parts
        What was read of them, by ``id``.

    Returns
    -------
    The chosen ones, and why each of the others is not used, by ``id``.
    """
    reasons: dict[int, str] = {}
    kinds = _kinds(singles)
    if len(kinds) > 1:
        best = min(
            kinds,
            key=lambda kind: (
                are_transcripts(parts[id(kinds[kind][0])]),
                sum(bool(WORSE.fullmatch(word)) for word in kind),
                len(kind),
            ),
        )
        for kind, files in kinds.items():
            if kind != best:
                why = f"another file of the same samples, '{' '.join(kind)}'; '{' '.join(best)}' is taken"
                reasons |= {id(one): why for one in files}
        singles = kinds[best]
    classes: list[list[Recognised]] = []
    for one in singles:
        for others in classes:
            ours, theirs = parts[id(others[0])].var_names, parts[id(one)].var_names
            alike = len(ours.intersection(theirs)) >= SHARED * min(len(ours), len(theirs))
            if alike and one.reader == others[0].reader:
                others.append(one)
                break
        else:
            classes.append([one])
    chosen = max(classes, key=lambda files: (len(files), not are_transcripts(parts[id(files[0])])))
    for files in classes:
        if files is not chosen:
            why = (
                f"its features or its program are others than those of the {len(chosen)} files that are taken"
            )
            reasons |= {id(one): why for one in files}
    return [one for one in singles if one in chosen], reasons


def _kinds(singles: list[Recognised]) -> dict[tuple[str, ...], list[Recognised]]:
    """Files by the words that tell their kind; one kind where these do not divide them into the same samples."""
    root = Path(*_common([one.path.parent.parts for one in singles]))
    keys: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    kinds: dict[tuple[str, ...], list[Recognised]] = {}
    for one in singles:
        text = re.sub(r"(?<=[a-z\d])(?=ReadsPerGene)", ".", one.path.relative_to(root).as_posix())
        words = [word for word in re.split(r"[\s._/\-]+", text) if word]
        kind = tuple(dict.fromkeys(word.lower() for word in words if KINDS.fullmatch(word)))
        keys.setdefault(tuple(word for word in words if not KINDS.fullmatch(word)), []).append(kind)
        kinds.setdefault(kind, []).append(one)
    each = {tuple(sorted(found)) for found in keys.values()}
    if (
        len(kinds) > 1
        and len(keys) > 1
        and len(each) == 1
        and len(set(next(iter(each)))) == len(next(iter(each)))
    ):
        return kinds
    return {(): singles}


def _common(paths: list[tuple[str, ...]]) -> tuple[str, ...]:
    first = min(paths, key=len)
    number = next((i for i, part in enumerate(first) if any(path[i] != part for path in paths)), len(first))
    return first[:number]


def name_singles(used: list[Recognised], parts: dict[int, AnnData]) -> dict[Path, str]:
    """Sample of each file of one sample; where columns are called alike, folders or files tell them apart."""
    names = {one.path: str(parts[id(one)].obs_names[0]) for one in used}
    if len(set(names.values())) < len(names):
        folders = {path: path.parent.name for path in names}
        stems = {path: re.sub(ENDINGS, "", path.name, flags=re.IGNORECASE) for path in names}
        short = {
            path: re.sub(rf"(?:[._-]{KINDS.pattern})+$", "", stem, flags=re.I) for path, stem in stems.items()
        }
        stems = short if len(set(short.values())) == len(short) else stems
        one_each = (found for found in (folders, stems) if len(set(found.values())) == len(found))
        both = {path: f"{folders[path]}_{name}" for path, name in names.items()}
        names = next(one_each, both)
    for one in used:
        parts[id(one)].obs_names = [names[one.path]]
    return names


def choose_tables(
    first: list[Recognised], parts: dict[int, AnnData]
) -> tuple[list[Recognised], dict[int, str]]:
    """Of tables of several samples the best, and those with other samples of the same features.

    Returns
    -------
    The chosen ones, and why each of the others is not used, by ``id``.
    """
    most = max(parts[id(one)].n_obs for one in first)
    full = [one for one in first if parts[id(one)].n_obs >= 0.8 * most]
    size = max(parts[id(one)].n_obs * parts[id(one)].n_vars for one in full)
    # a list of some genes is no better for its whole numbers
    large = [one for one in full if parts[id(one)].n_obs * parts[id(one)].n_vars >= 0.2 * size]
    best = max(
        large, key=lambda one: (_worth(one, parts[id(one)]), parts[id(one)].n_obs * parts[id(one)].n_vars)
    )
    used, reasons = [best], {}
    ours = parts[id(best)]
    for one in first:
        if one is best:
            continue
        theirs = parts[id(one)]
        shared = ours.var_names.intersection(theirs.var_names)
        disjoint = not len(ours.obs_names.intersection(theirs.obs_names))
        if not disjoint or len(shared) <= SHARED * min(ours.n_vars, theirs.n_vars):
            reasons[id(one)] = "not more samples of the same features"
            worth = _worth(one, theirs)
            if worth == _worth(best, ours) and worth[2] and _are_more_reads(ours, theirs):
                reasons[id(one)] = (
                    "more reads of the same samples, as of another run: add them up before, if they are"
                )
            elif worth == _worth(best, ours) and _are_others(ours, theirs):
                reasons[id(one)] = f"{OTHERS}: another tissue or assay belongs into a data set of its own"
        elif (told := _same_samples(ours, theirs)) is not None:
            reasons[id(one)] = f"the same samples under other names ({told})"
        else:
            used.append(one)
    return [one for one in first if one in used], reasons


def differing(names: list[str]) -> list[str]:
    """The words by which names of files differ; whole names where these do not tell them apart."""
    split = [[w for w in re.split(r"[\s._-]+", re.sub(ENDINGS, "", name, flags=re.I)) if w] for name in names]
    short = [
        " ".join(word for word in words if any(word not in others for others in split)) for words in split
    ]
    return short if all(short) and len(set(short)) == len(short) else names


def _worth(one: Recognised, adata: AnnData) -> tuple[bool, bool, bool, bool]:
    """Genes before transcripts, reads before what is made of them, tables of programs before tables of anything."""
    called = f"{one.path.name} {one.options.get('sheet', '')} {one.options.get('object', '')}"
    words = DERIVED + ("|abundance" if one.reader == "r_object" else "")  # of tximport
    derived = any(re.fullmatch(words, word, re.I) for word in re.split(r"[\s._\-$]+", called))
    head = np.asarray(adata.X[:, :2000], dtype=float)
    whole = bool(np.all(head == np.rint(head))) and bool((head == 0).any() or (head < 30).any())
    reads = whole and not re.search(r"spectr|peptid|psm", called, re.IGNORECASE)
    program = one.reader not in ("delimited", "excel", "r_object")
    return not are_transcripts(adata), not derived, reads, program


def are_transcripts(adata: AnnData) -> bool:
    """Whether features are transcripts, of which a gene has many."""
    return identifier_of([str(name) for name in adata.var_names[:2000]]) == Namespace.PRODUCT


def _are_others(ours: AnnData, theirs: AnnData) -> bool:
    """Whether samples of the same names have values of their own in another table of the same features."""
    names = ours.obs_names.intersection(theirs.obs_names)
    shared = ours.var_names.intersection(theirs.var_names)[:3000]
    if len(names) < 3 or len(shared) < 50:
        return False
    one, other = (_profiles(adata[names, shared]) for adata in (ours, theirs))
    return bool(np.median((one * other).sum(axis=1)) < UNLIKE)


def _are_more_reads(ours: AnnData, theirs: AnnData) -> bool:
    """Whether another table counts the same samples again: alike, and not the same numbers."""
    names = ours.obs_names.intersection(theirs.obs_names)
    shared = ours.var_names.intersection(theirs.var_names)[:3000]
    if len(names) < 3 or len(shared) < 50:
        return False
    one, other = ours[names, shared], theirs[names, shared]
    alike = np.median((_profiles(one) * _profiles(other)).sum(axis=1)) > UNLIKE
    return bool(alike) and not np.array_equal(np.asarray(one.X), np.asarray(other.X), equal_nan=True)


def _profiles(adata: AnnData) -> np.ndarray:
    """Samples x features, log2, each feature centred, then each sample centred and of length 1."""
    values = np.asarray(adata.X, dtype=float)
    values = np.log2(np.maximum(values, 0) + 1) if np.nanmax(values) > 50 else values
    with np.errstate(all="ignore"):
        values = values - np.nanmean(values, axis=0)
        values = np.nan_to_num(values - np.nanmean(values, axis=1, keepdims=True))
    length = np.linalg.norm(values, axis=1, keepdims=True)
    return values / np.where(length > 0, length, 1)


def _same_samples(ours: AnnData, theirs: AnnData) -> str | None:
    """An example, where two tables with other names hold the same samples: by their names, else by their profiles."""
    names = [{_bare(str(name)): str(name) for name in adata.obs_names} for adata in (ours, theirs)]
    both = [key for key in names[0] if key in names[1]]
    if len(both) >= 0.8 * min(ours.n_obs, theirs.n_obs):
        return f"'{names[1][both[0]]}' is '{names[0][both[0]]}'"
    shared = ours.var_names.intersection(theirs.var_names)[:3000]
    if min(ours.n_obs, theirs.n_obs) < 3 or len(shared) < 50:
        return None
    profiles = [_profiles(adata[:, shared]) for adata in (ours, theirs)]
    likeness = profiles[0] @ profiles[1].T
    partner = likeness.argmax(axis=0)
    like = likeness.max(axis=0) > SAME
    if like.mean() < 0.8 or len(set(partner[like])) < like.sum():
        return None
    i = int(np.argmax(like))
    return f"'{theirs.obs_names[i]}' has the values of '{ours.obs_names[partner[i]]}'"


def _bare(name: str) -> str:
    words = [word for word in re.split(r"[\s._/\-]+", name) if word and not KINDS.fullmatch(word)]
    return "".join(words).lower()
