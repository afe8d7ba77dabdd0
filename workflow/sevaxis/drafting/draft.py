"""One data set, from its files to everything that its card will say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sevaxis.base.problems import Problem, Problems, refuse
from sevaxis.drafting.annotation import (
    Annotation,
    Described,
    Series,
    add_own,
    annotation_of_matrix,
    annotations_of,
    describe,
    series_of,
)
from sevaxis.drafting.assay import propose_assay
from sevaxis.drafting.facts import Facts, Texts
from sevaxis.drafting.files import Gathered
from sevaxis.drafting.formats import recognise
from sevaxis.drafting.organism import propose_organism
from sevaxis.drafting.place import propose_place
from sevaxis.drafting.published import draft_effects
from sevaxis.drafting.reading import TABLE_OF_TRANSCRIPTS, read_matrices
from sevaxis.drafting.recognised import Recognised
from sevaxis.drafting.samples import draft_samples
from sevaxis.drafting.tables import TRANSCRIPTS
from sevaxis.drafting.texts import Draft, first_lines
from sevaxis.drafting.wishes import NOTHING_SAID, Wishes, as_told, parsing_of, refuse_unread, take_facts
from sevaxis.study.validation import is_undecided

if TYPE_CHECKING:
    from anndata import AnnData

#: Columns of the annotation whose cells tell tissue, compartment and organism.
TELLING = re.compile(
    r"(tissue|organism|source|organ|cell|strain|title|material|sample.?type|^type$|characteristics|molecule|kind)",
    re.I,
)


def draft(
    named: str, gathered: list[Gathered], accession: str, sheets: list[Path], wishes: Wishes = NOTHING_SAID
) -> Draft:
    """Recognise, read and propose.

    Parameters
    ----------
    named
        Id of the data set.
    gathered
        Its files.
    accession
        Its accession, empty where it has none.
    sheets
        Files with annotation of the samples, asked before all others.
    wishes
        What the user says of the data set.

    Raises
    ------
    Problems
        No file holds values or results, or a reader refuses its file.
    """
    origin = {one.local: one for one in gathered}
    drafted = Draft(named, accession=accession)
    recognised = _recognise_all(drafted, gathered, wishes)
    refuse_unread(wishes, recognised)
    series = next((series_of(r.path) for r in recognised if r.format.startswith("GEO ")), Series())
    drafted.accession = drafted.accession or (
        series.accession if re.fullmatch(r"GSE\d+", series.accession) else ""
    )
    _describe_source(drafted, gathered, series)
    names = " ".join(one.local.name for one in gathered)
    folders = " ".join(
        sorted({one.local.resolve().parent.name for one in gathered if one.path or one.licence})
    )
    matrices = [one for one in recognised if one.content == "matrix"]
    effects = [one for one in recognised if one.content == "effects"]
    for one in recognised:
        drafted.evidence.setdefault(f"file {one.path.name}", one.format)
        for sentence in one.told:
            drafted.note(one.path, f"{sentence}")
    if not matrices and effects:
        draft_effects(drafted, effects, origin, Texts("", f"{series.title} {series.summary}", names, folders))
        _title(drafted)
        return drafted
    if not matrices:
        formats = [
            re.sub(r"^sample sheet\b", "a sheet without values of samples", one.format) for one in recognised
        ]
        found = "; ".join(f"{one.path.name}: {said}" for one, said in zip(recognised, formats, strict=True))
        hint = next(
            (one.hint for one in recognised if one.hint),
            "add the file with the values too (for sequencing data GEO has it among the supplementary files)",
        )
        refuse(
            "No file holds values or results",
            where=", ".join(o.name for o in gathered),
            found=found,
            allowed="a matrix",
            hint=hint,
        )
    for one in effects:
        hint = f"a data set of its own keeps its results: sevaxis add {one.path}"
        drafted.note(one.path, f"not used: values of samples are here; {hint}")
    tables = [one for one in recognised if one.format == TRANSCRIPTS]
    used, adata, sample_of_file = read_matrices(drafted, matrices, tables)
    drafted.preview = first_lines(adata)
    described = _describe(drafted, adata, used[0], recognised, sheets)
    texts = _texts(described, series)
    texts.names, texts.folder = f"{names} {' '.join(map(str, adata.obs_names))}", folders
    facts = Facts()
    propose_assay(facts, adata, used[0])
    propose_organism(facts, adata, texts)
    propose_place(facts, adata, texts)
    take_facts(facts, wishes)
    draft_samples(drafted, adata, described, facts, wishes)
    drafted.take(facts)
    if len(used) > 1:
        drafted.join = "samples"
        drafted.evidence["join"] = f"{len(used)} files with different samples of the same features"
    for one in used:
        entry = origin[one.path].entry(one.reader, _with_questions(one))
        if one.path in sample_of_file:
            entry["sample"] = sample_of_file[one.path]
        drafted.files.append(entry)
    named = {one.options.get("transcript_to_gene") for one in used}
    drafted.files += [origin[one.path].entry(None, {}) for one in tables if one.path.name in named]
    if any("transcript_to_gene" in one.decide for one in used):
        drafted.files.append(dict(TABLE_OF_TRANSCRIPTS))
    _title(drafted)
    return drafted


def _describe(
    draft: Draft, adata: AnnData, matrix: Recognised, recognised: list[Recognised], sheets: list[Path]
) -> Described | None:
    """What is said of the samples: by the user's sheets, which must describe them, or else by the other files."""
    samples = [str(name) for name in adata.obs_names]
    of_sheet = {path: [a for one in recognise(path) for a in annotations_of(one)] for path in sheets}
    annotations = [annotation for found in of_sheet.values() for annotation in found]
    described = describe(annotations, samples) or _by_columns(annotations, adata)
    if sheets and described is None:
        raise Problems([_unmatched(annotations, samples, sheets)])
    for path, found in of_sheet.items():
        if described is not None and all(one.source != described.source for one in found):
            fits = describe(found, samples) is not None
            why = (
                f"{described.source} says as much or more"
                if fits
                else "it describes fewer than half of the samples"
            )
            draft.evidence[f"sheet {path.name}"] = (
                f"not used: {why}; one sheet is taken, so bring them together"
            )
    beside = {
        one.path: annotations_of(one)
        for one in recognised
        if one.content == "samples" and one.path != matrix.path
    }
    others = [annotation for found in beside.values() for annotation in found]
    annotations += others + [
        a
        for one in recognised
        if one.content == "samples" and one.path == matrix.path
        for a in annotations_of(one)
    ]
    own = annotation_of_matrix(adata, matrix.path.name)
    if len(adata.obs.columns):
        annotations.append(own)
    if described is None:
        described = describe(annotations, samples)
        if described is None or described.source == matrix.path.name:
            described = _by_columns(others, adata) or described
    for path, found in beside.items():
        if described is None or all(one.source != described.source for one in found):
            draft.note(path, f"not used: {_why_unused(found, described, samples)}")
    if described is not None and described.source != own.source:
        add_own(described, own)
    return described


def _why_unused(found: list[Annotation], described: Described | None, samples: list[str]) -> str:
    if described is not None and describe(found, samples) is not None:
        return f"{described.source} says as much or more of the samples"
    columns = [
        f"{name}: {frame[name].iloc[0]}"
        for frame in (a.frame for a in found[:1])
        if len(frame)
        for name in frame.columns[:3]
    ]
    rows = f"its rows: {', '.join(columns)}, ..."
    return f"it names fewer than half of the samples ({', '.join(samples[:2])}, ...; {rows})"


def _by_columns(annotations: list[Annotation], adata: AnnData) -> Described | None:
    """The annotation that names the samples as the table calls their columns, where the reader calls them otherwise."""
    for column in ("channel_column", "run", "description"):
        if column in adata.obs and adata.obs[column].astype(str).is_unique:
            called = adata.obs[column].astype(str).tolist()
            described = describe(annotations, called)
            if described is not None:
                described.frame.index = [str(name) for name in adata.obs_names]
                names = dict(zip(called, map(str, adata.obs_names), strict=True))
                described.matched = {names[name] for name in described.matched}
                described.slips = {names[name]: row for name, row in described.slips.items()}
                described.how += ", by the columns of the table"
                return described
    return None


def _unmatched(annotations: list[Annotation], samples: list[str], sheets: list[Path]) -> Problem:
    columns = [
        f"{name}: {', '.join(a.frame[name].head(3))}" for a in annotations for name in a.frame.columns[:4]
    ]
    return Problem(
        "The sheet describes none of the samples, or fewer than half of them",
        ", ".join(map(str, sheets)),
        "; ".join(columns)[:300] or "no rows",
        f"a column with the samples' names: {', '.join(samples[:5])}, ...",
        "add a column with these names to the sheet",
    )


def _recognise_all(draft: Draft, gathered: list[Gathered], wishes: Wishes) -> list[Recognised]:
    """What all files are; of a folder or an archive those are left out, and named, that nothing can be made of."""
    found, problems = [], []
    for one in gathered:
        try:
            parsing = parsing_of(wishes, one.local.name)
            tables = [] if wishes.reader else recognise(one.local, parsing)
            found += as_told(one.local, tables, wishes)
        except Problems as raised:
            if one.bundle:
                draft.evidence[f"file {one.name}"] = (
                    f"left out: {raised.problems[0].what} ({raised.problems[0].found})"
                )
            else:
                problems += raised.problems
        if one.beside:
            draft.evidence[f"files beside them in {one.bundle}"] = f"no data: {', '.join(one.beside)}"
    if problems:
        raise Problems(problems)
    return found


def _texts(described: Described | None, series: Series) -> Texts:
    """Words of the annotation's telling columns, and of the record's title and summary."""
    cells: set[str] = set()
    if described is not None:
        frame = described.frame
        cells = {str(cell) for name in frame.columns if TELLING.search(name) for cell in frame[name].unique()}
    return Texts(" ".join(sorted(cells)), f"{series.title} {series.summary}")


def _with_questions(recognised: Recognised) -> dict[str, Any]:
    """Options of the reader, and below them what is left to the user."""
    options = recognised.options | recognised.decide
    for option, texts in recognised.ask.items():
        options[option] = [*options.get(option, []), *texts]
    return options


def _describe_source(draft: Draft, gathered: list[Gathered], series: Series) -> None:
    draft.title = series.title
    licences = sorted({one.licence for one in gathered if one.licence})
    draft.licence = "; ".join(licences) or "not stated"
    if not licences:
        draft.evidence["licence"] = "say under which terms the data may be used"
    pubmed = ", ".join(f"PMID {number}" for number in series.pubmed)
    draft.citation = (
        ", ".join(part for part in (series.title, draft.accession, pubmed) if part) or "not stated"
    )
    if draft.citation == "not stated":
        draft.evidence["citation"] = "say whom to cite for the data"
    if draft.accession.startswith("GSE"):
        draft.homepage = f"https://www.ncbi.nlm.nih.gov/geo/query/acc.cgi?acc={draft.accession}"
    elif draft.accession.startswith("PXD"):
        draft.homepage = f"https://www.ebi.ac.uk/pride/archive/projects/{draft.accession}"


def _title(draft: Draft) -> None:
    if draft.title:
        return
    words = {
        "rna_counts": "RNA",
        "protein": "proteins",
        "ptm": "modified sites",
        "effects": "published results",
    }
    place = "" if is_undecided(draft.tissue) else draft.tissue.capitalize()
    whose = "" if is_undecided(draft.organism) else draft.organism
    parts = [" of ".join(part for part in (place, whose) if part), words.get(draft.assay, "")]
    text = ", ".join(part for part in parts if part) or draft.id
    draft.title = text[:1].upper() + text[1:]
    draft.evidence["title"] = "give it a title of its own"
