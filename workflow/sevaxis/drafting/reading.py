"""Reading what a draft is made of: a file per sample or tables, transcripts added up to genes, one strand for all."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from sevaxis.base.problems import Problems
from sevaxis.drafting.batches import OF_FILES
from sevaxis.drafting.choosing import (
    OTHERS,
    are_transcripts,
    choose_singles,
    choose_tables,
    differing,
    name_singles,
)
from sevaxis.drafting.describing import decided, left_out
from sevaxis.drafting.excerpts import excerpt_of
from sevaxis.drafting.recognised import Recognised
from sevaxis.drafting.texts import Draft
from sevaxis.matrix.readers.registry import reader, reader_options
from sevaxis.matrix.readers.tables.assembly import TWICE
from sevaxis.study.validation import TODO

if TYPE_CHECKING:
    from anndata import AnnData

#: More sheets or objects of values than this are not compared with each other.
MOST_PARTS = 8
#: The file that a draft asks for where transcripts were counted.
TABLE_OF_TRANSCRIPTS = {
    "name": "tx2gene.tsv",
    "path": f"{TODO} the path of a table with two columns, transcript and gene (tximport's tx2gene); without it no "
    "feature has a gene",
}


def _read_one(draft: Draft, one: Recognised) -> AnnData:
    """What a reader gives of a file; of a large table with a row per feature, what it gives of the first rows."""
    read, model = reader(one.reader), reader_options(one.reader)
    with tempfile.TemporaryDirectory(prefix="sevaxis-excerpt-") as scratch:
        excerpt = excerpt_of(one, Path(scratch))
        try:
            adata = read(excerpt or one.path, **dict(model.model_validate(one.options)))
        except Problems as raised:
            (problem, *others) = raised.problems
            if others or problem.what != TWICE or "duplicates" not in model.model_fields:
                raise
            adata = read(
                excerpt or one.path, **dict(model.model_validate(one.options | {"duplicates": "first"}))
            )
            one.decide["duplicates"] = (
                f"{TODO} mean, max, sum or first: what shall stand for each of the {problem.found}; or name a column "
                "with unique names as 'feature'"
            )
    if excerpt is not None:
        draft.excerpts.append(one.path.name)
        which = "some" if one.options.get("layout") == "long" else "its first"
        told = f"large: the draft rests on {which} {adata.n_vars:,} features"
        draft.note(one.path, told)
    return adata


def _added_up(draft: Draft, one: Recognised, adata: AnnData, tables: list[Recognised]) -> AnnData:
    """Genes of the transcripts that salmon or kallisto counted, by a table beside the files, or a question."""
    if one.reader not in ("salmon", "kallisto") or not are_transcripts(adata):
        return adata
    folders = (one.path.parent, *one.path.parents[1:3])
    table = next((other.path for other in tables if other.path.parent in folders), None)
    if table is None:
        one.decide["transcript_to_gene"] = TABLE_OF_TRANSCRIPTS["name"]
        return adata
    one.options["transcript_to_gene"] = table.name
    draft.note(one.path, f"transcripts are added up to genes by {table.name}")
    return _read_one(draft, one)


def _of_one_strand(draft: Draft, used: list[Recognised], parts: dict[int, AnnData]) -> None:
    """STAR's files are read from one column: a sample that seems to be of another library is told or asked about."""
    of = {id(one): one.options.get("strandedness", "unstranded") for one in used if one.reader == "star"}
    if len(set(of.values())) < 2:
        return
    most, number = Counter(of.values()).most_common(1)[0]
    for one in used:
        if of.get(id(one), most) == most:
            continue
        if number < 0.75 * len(of):
            one.decide["strandedness"] = f"{TODO} {of[id(one)]}, as its reads lie, or {most}, as of others"
            continue
        one.options["strandedness"] = most
        draft.note(
            one.path, f"read as {most} like the other {number} files; its own reads seem {of[id(one)]}"
        )
        parts[id(one)] = _read_one(draft, one)


def _of_file(draft: Draft, several: list[Recognised], parts: dict[int, AnnData]) -> Recognised:
    """Of sheets of a workbook, or objects of an R file, the one of the draft; others are told or asked about."""
    size = max(one.size for one in several)
    near = [one for one in several if one.size >= 0.2 * size]
    if len(several) == 1 or len(near) > MOST_PARTS:
        chosen, reasons, other = several[0], {}, []
    else:
        refused = {}
        for one in near:
            try:
                parts[id(one)] = one.adata if one.adata is not None else _read_one(draft, one)
            except Problems as raised:
                if one is several[0]:
                    raise
                refused[id(one)] = f"it cannot be read: {raised.problems[0].what}"
        near = [one for one in near if id(one) not in refused]
        used, reasons = choose_tables(near, parts)
        reasons |= refused
        chosen = max(used, key=lambda one: parts[id(one)].n_obs)
        other = [one for one in near if one in used or reasons.get(id(one), "").startswith(OTHERS)]
        other = [one for one in other if one is not chosen]
        draft.evidence[f"file {chosen.path.name}"] = "; ".join([chosen.format, *chosen.told])
    for one in several:
        if one is not chosen and one not in other:
            why = reasons.get(id(one), "it is smaller")
            draft.evidence.setdefault("also in the file", "")
            said = f"{_part_of(one)} ({why})"
            draft.evidence["also in the file"] += f"; {said}" if draft.evidence["also in the file"] else said
    if other:
        key = "object" if "object" in chosen.options else "sheet"
        names = ", ".join(_part_of(one) for one in other)
        chosen.decide[key] = (
            f"{TODO} {_part_of(chosen)}, which this draft is about; or {names}, with other samples: put all into one "
            f"table to compare them, or draft the others by sevaxis add ... --option {key}=NAME"
        )
    return chosen


def _part_of(one: Recognised) -> str:
    return str(one.options.get("object") or one.options.get("sheet") or one.format)


def read_matrices(
    draft: Draft, matrices: list[Recognised], tables: list[Recognised]
) -> tuple[list[Recognised], AnnData, dict[Path, str]]:
    """The matrices that make the data set: all of one sample each, tables of other samples, or the largest.

    For files of one sample each also what their samples are called.
    """
    import anndata

    parts: dict[int, AnnData] = {}
    first = []
    for path in dict.fromkeys(one.path for one in matrices):
        first.append(_of_file(draft, [one for one in matrices if one.path == path], parts))
    for one in first:
        if id(one) not in parts:
            parts[id(one)] = one.adata if one.adata is not None else _read_one(draft, one)
        parts[id(one)] = _added_up(draft, one, parts[id(one)], tables)
        if said := left_out(parts[id(one)].uns["reading"]):
            draft.evidence[f"left out of {one.path.name}"] = said
        for sentence in decided(parts[id(one)].uns["reading"]):
            draft.note(one.path, sentence)
    if len(first) > 1 and all(parts[id(one)].n_obs == 1 for one in first):
        used, reasons = choose_singles(first, parts)
        _of_one_strand(draft, used, parts)
        names = name_singles(used, parts) if len(used) > 1 else {}
    else:
        used, reasons = choose_tables(first, parts)
        names = {}
        if len(used) > 1:
            for one, stem in zip(used, differing([one.path.name for one in used]), strict=True):
                parts[id(one)].obs[OF_FILES] = stem  # counted together, perhaps on another day
    for one in first:
        if id(one) in reasons:
            draft.note(one.path, f"not used: {reasons[id(one)]}")
    adata = (
        anndata.concat([parts[id(one)] for one in used], join="outer", merge="first")
        if len(used) > 1
        else parts[id(used[0])]
    )
    return used, adata, names
