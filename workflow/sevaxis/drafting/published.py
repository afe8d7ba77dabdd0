"""Published results as a draft: the contrasts of a table, whose they are, which group stands over which."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sevaxis.base.problems import Problems
from sevaxis.base.vocabulary import Assay, Stratum
from sevaxis.drafting.comparison import Comparison, comparison, sex_told, spelled_out, strata
from sevaxis.drafting.contrasts import Proposal
from sevaxis.drafting.describing import left_out
from sevaxis.drafting.facts import Facts, Texts
from sevaxis.drafting.organism import propose_organism
from sevaxis.drafting.place import propose_place
from sevaxis.drafting.recognised import Recognised
from sevaxis.drafting.results import Block, Columns, find_columns
from sevaxis.drafting.roles import role, role_of
from sevaxis.drafting.stacked import CONTRAST, Rows, find_rows
from sevaxis.drafting.statistics import named_columns
from sevaxis.drafting.texts import Draft
from sevaxis.drafting.words import is_control
from sevaxis.genes.identifiers import identifier_of
from sevaxis.matrix.readers.registry import reader, reader_options
from sevaxis.matrix.readers.tables.columns import looks_numeric
from sevaxis.matrix.readers.tables.layouts import as_text
from sevaxis.matrix.readers.tables.text import Table
from sevaxis.study.validation import TODO

if TYPE_CHECKING:
    from anndata import AnnData

    from sevaxis.drafting.files import Gathered

#: More other columns of numbers than this beside a joint test: a table of values that somebody also tested.
MOST_BESIDE = 5
#: More rows than this for a feature in a contrast are measurements of samples, or results of which nothing tells the
#: contrast.
MOST_ROWS = 3
#: Columns of tables of metabolites.
METABOLITES = re.compile(r"metab(?:$|[^a-z]|olite)|refmet|hmdb|inchi|chebi|smiles|lipid", re.IGNORECASE)
ENDINGS = r"\.(gz|bz2|xz|csv|tsv|txt|xlsx?|xls|rda|rdata|rds|feather|parquet|diff)"
#: Words at the ends of a file's name that name no contrast.
BESIDE = (
    r"dge|dea|degs?|de|dep|da|results?|res|stats?|table|all|output|analysis|differential|expression|limma|deseq2?|edger|"
    r"proteomics|proteins?|rna|rnaseq|genes?"
)


@dataclass
class Published:
    """What a table of results was found to say.

    Attributes
    ----------
    columns, rows
        Which columns hold results, and what the rows are.
    labels
        Contrast -> its name as the file writes it.
    levels
        Contrast -> the cells that name it, where contrasts stand below each other.
    """

    columns: Columns
    rows: Rows
    labels: dict[str, str] = field(default_factory=dict)
    levels: dict[str, dict[str, str]] = field(default_factory=dict)


def recognise_results(path: Path, table: Table, options: dict[str, Any], where: str) -> Recognised | None:
    """A table of published results with the options of its reader; None where it is none.

    Parameters
    ----------
    path
        The file.
    table
        All its rows.
    options
        Sheet or object, where the file has several.
    where
        The same in words.
    """
    columns = find_columns(table)
    if columns is None:
        return None
    used = {column for block in columns.blocks for column in block.columns.values()} | set(columns.left)
    rows = find_rows(table, used)
    if (useless := _useless(table, rows)) is not None:
        return Recognised(path, f"{useless[0]}{where}", "nothing", hint=useless[1])
    found = Published(columns, rows)
    result = {key: value for key, value in options.items() if key in ("sheet", "object", "skip")}
    if rows.feature is not None and rows.feature != table.frame.columns[0]:
        result["feature"] = rows.feature
    if rows.symbol:
        result["symbol"] = rows.symbol
    blocks = columns.blocks
    _set_beside(table, rows, blocks)
    stem = _stem(path, options)
    result["contrasts"] = {}
    for block in blocks:
        for cells in rows.contrasts or [{}]:
            label = " ".join(part for part in (block.label, " ".join(cells.values())) if part)
            name = _unique(_slug(label or stem), result["contrasts"])
            result["contrasts"][name] = dict(block.columns)
            found.labels[name] = label or rows.label or stem
            if cells:
                found.levels[name] = cells
    if found.levels:
        result["where"] = found.levels
    result |= columns.options
    program = f" of {columns.program}" if columns.program else ""
    return Recognised(path, f"published results{program}{where}", "effects", "effects_table", result, Assay.EFFECTS,
                      size=table.frame.height, published=found)  # fmt: skip


def _set_beside(table: Table, rows: Rows, blocks: list[Block]) -> None:
    """Tables that stand beside each other: each has features of its own, and its name may stand above it."""
    names = table.frame.columns
    for block in blocks:
        endings = {match[0] for c in block.columns.values() if (match := re.search(r"\.\d+$", c))}
        own = f"{rows.feature}{next(iter(endings))}" if len(endings) == 1 else ""
        if rows.feature not in table.repeated or own not in names:
            continue
        if as_text(table.frame[own]) != as_text(table.frame[rows.feature]):
            block.columns["feature"] = own
    labels = []
    for block in blocks:
        at = max(names.index(column) for column in block.columns.values())
        said = [next((row[name] for name in names[at::-1] if row.get(name)), "") for row in table.above]
        labels.append(" ".join(text for text in said if text))
    if len(blocks) > 1 and all(labels) and len(set(labels)) == len(labels):
        for block, label in zip(blocks, labels, strict=True):
            block.label = label


def _useless(table: Table, rows: Rows) -> tuple[str, str] | None:
    """Why results are of no use, and what to do: no genes or proteins, or no column that tells their rows apart."""
    if rows.feature is None:
        hint = "which column holds them? Call it `gene`, `protein` or `accession`; other measures have no place here"
        return "results in which no column names genes or proteins", hint
    metabolites = [name for name in table.frame.columns if METABOLITES.search(name)]
    if metabolites and identifier_of([cell for cell in as_text(table.frame[rows.feature]) if cell]) is None:
        return (
            f"results of metabolites (column '{metabolites[0]}')",
            "there is no assay for them: leave the file out",
        )
    groups = max(1, len(rows.contrasts))
    each = table.frame.height / (table.frame[rows.feature].n_unique() * groups)
    if rows.repeated > table.frame.height / 2 and each > MOST_ROWS:
        hint = "results have a row per feature and contrast: add a column that says which contrast each row is of"
        words = f"{each:.0f} rows for each '{rows.feature}', and no column that tells them apart"
        return words, f"{hint}; measurements of single samples belong into a table with a column per sample"
    return None


#: Names of groups that say no more than their place.
NAMELESS = re.compile(
    r"(cases?|controls?|treat(?:ed|ment)|reference|baseline|group|condition|sample|grp|cond|[ab12xy]|[._ -])+",
    re.IGNORECASE,
)


def joint_test(table: Table) -> str:
    """Columns of a test of several groups without a change of two, beside no column that could be data."""
    numeric = [name for name in table.frame.columns if looks_numeric(table.frame[name], table)]
    names = named_columns(numeric)
    tests = [name for name, said in names.items() if said.role in ("p", "q", "joint")]
    joint = any(said.role == "joint" for said in names.values())
    # samples of females may be called F.1; a test has its p
    joint = joint and any(said.role in ("p", "q") for said in names.values())
    several = joint and len(tests) > 1 and len(numeric) - len(names) <= MOST_BESIDE
    return ", ".join(tests) if several else ""


def draft_effects(
    draft: Draft, effects: list[Recognised], origin: dict[Path, Gathered], texts: Texts
) -> None:
    """A card of published results: the contrasts are those of the tables."""
    facts = Facts(assay=Assay.EFFECTS)
    first = None
    for one in effects:
        if one.path.name in {file["name"] for file in draft.files}:
            draft.evidence[f"file {one.path.name}"] += f"; {one.format} is left out: one table of a file"
            continue
        asked = dict(one.published.columns.asked)
        adata = _read(one, asked)
        first = first if first is not None else adata
        _tell(draft, one, adata)
        proposals = _contrasts(one, asked, {proposal.name for proposal, _ in draft.contrasts})
        draft.contrasts += [(proposal, one.path.name) for proposal in proposals]
        entry = origin[one.path].entry(one.reader, one.options | asked) | {"content": "effects"}
        draft.files.append(entry)
    if first is not None:
        propose_organism(facts, first, texts)
    propose_place(facts, first, texts)
    draft.take(facts)
    draft.evidence["assay"] = "published results: fold changes with p or q, not data"
    draft.evidence["contrasts"] = ", ".join(f"{p.name} ({p.role})" for p, _ in draft.contrasts)


def _read(one: Recognised, asked: dict[str, str]) -> AnnData:
    """What the reader makes of the table; questions are put off: any answer that lets it be read will do."""
    trial = dict(one.options)
    if "fold_change" in asked:
        trial["fold_change"] = "log2"
    if "minus_log10" in asked:
        trial["minus_log10"] = ["p", "q"]
        trial["contrasts"] = {
            name: {layer: column for layer, column in columns.items() if layer not in ("p", "q")}
            for name, columns in one.options["contrasts"].items()
        }
    if one.published.rows.repeated:
        trial["duplicates"] = "first"
    read, model = reader(one.reader), reader_options(one.reader)
    try:
        adata = read(one.path, **dict(model.model_validate(trial)))
    except Problems as raised:
        if "stand there twice" not in str(raised):
            raise
        adata = read(one.path, **dict(model.model_validate(trial | {"duplicates": "first"})))
    reading = adata.uns["reading"]
    if reading.get("repeated_different_rows"):
        names = ", ".join(reading["repeated_different_names"])
        asked["duplicates"] = (
            f"{TODO} first keeps the first row of each of the features that stand there twice ({names}, ...); "
            "or name a column with unique names as 'feature'"
        )
    return adata


def _tell(draft: Draft, one: Recognised, adata: AnnData) -> None:
    """What was concluded of the table, and what of it is not used."""
    columns, rows = one.published.columns, one.published.rows
    told = list(columns.told)
    if rows.levels:
        told.append(f"{len(rows.contrasts)} contrasts below each other, by {', '.join(rows.levels)}")
    draft.evidence[f"columns of {one.path.name}"] = "; ".join(told) or "as they are called"
    if columns.left:
        reasons = dict.fromkeys(columns.left.values())
        left = "; ".join(
            f"{', '.join(c for c, each in columns.left.items() if each == why)}: {why}" for why in reasons
        )
        draft.evidence[f"not used of {one.path.name}"] = left
    if said := left_out(adata.uns["reading"]):
        draft.evidence[f"left out of {one.path.name}"] = said


def _contrasts(one: Recognised, asked: dict[str, str], taken: set[str]) -> list[Proposal]:
    """Proposed contrasts of one table; what its names leave open goes to the questions."""
    found, names = one.published, list(one.options["contrasts"])
    sexes = strata([found.labels[name] for name in names])
    untold, turned, proposals = [], [], []
    for name, (stratum, why, sure) in zip(names, sexes, strict=True):
        pair = _pair(found, name)
        case, reference = (pair.case, pair.reference) if pair else (found.labels[name], "")
        said = role(case, reference or "reference")
        if said == "other" and not reference:
            said = role_of(one.path.name) or "other"
        proposal = Proposal(name, str(said))
        columns = one.options["contrasts"][name]
        proposal.why = f"columns {', '.join(columns.values())}"
        if pair is None:
            untold.append(found.labels[name])
        else:
            proposal.why += f"; {pair.how}"
            proposal.case, proposal.reference = case, reference
            if is_control(reference) < is_control(case):
                turned.append(f"{case} over {reference}")
        proposal.stratum = stratum
        for cell in found.levels.get(name, {}).values():
            if sex_told(cell) and not pair:
                proposal.stratum, why, sure = str(sex_told(cell)), f"the table says '{cell}'", True
        called = f"{_stem(one.path, {})} {one.options.get('sheet', '')} {one.options.get('object', '')}"
        if proposal.stratum == Stratum.ALL and sure and spelled_out(called) and (sex := sex_told(called)):
            proposal.stratum, why = str(sex), f"the name of the file or of its part says '{sex}'"
        if proposal.stratum != Stratum.ALL:
            proposal.why += f"; {why}"
        if not sure:
            label, whole = found.labels[name], spelled_out(found.labels[name])
            doubt = f"both groups of '{label}' are" if whole else f"the letter in '{label}' is a sex"
            proposal.stratum = f"{TODO} {stratum} if {doubt}, else all"
        proposals.append(proposal)
    if untold:
        shown = f"{', '.join(untold[:3])}{', ...' if len(untold) > 3 else ''}"
        asked["reverse"] = (
            f"{TODO} false if a positive fold change means more in the case (treated, diseased, later), true if "
            f"more in the reference: nothing tells it of {shown}"
        )
    elif turned:
        asked["reverse"] = (
            f"{TODO} true turns the sign, which is that of {turned[0]} (then change case, reference and role, too); "
            "false keeps it"
        )
    while {proposal.name for proposal in proposals} & taken:
        _rename(one, proposals, taken)
    return proposals


def _pair(found: Published, name: str) -> Comparison | None:
    """The two groups of a contrast: by the cells or the label that name it, and by the means whose difference it is."""
    cells = found.levels.get(name, {})
    said = [
        pair
        for column, cell in cells.items()
        if (pair := comparison(cell, hyphens=bool(CONTRAST.match(column))))
    ]
    label = found.labels[name]
    told = said[0] if said else None if len(cells) > 1 else comparison(label)
    if told is None and found.columns.program == "Perseus" and re.fullmatch(r"[^\W_]+_[^\W_]+", label):
        case, reference = label.split("_")
        told = Comparison(case, reference, f"'{label}': Perseus subtracts the second from the first")
    if found.columns.means is None:
        return told
    known = {**found.rows.constant, **cells}
    sides = [_group(side, known) for side in found.columns.means]
    if told and all(NAMELESS.fullmatch(side) for side in sides) and not is_control(sides[0]):
        return told  # mean_case over mean_control: in the order of the name, which says what they are
    if told and not _same(told, sides) and is_control(sides[0]) != is_control(sides[1]):
        # the columns are called case and control, the file or its cells say who they are
        how = f"{told.how}; '{found.columns.means[0]}' and '{found.columns.means[1]}' differ by it"
        pair = (told.reference, told.case) if is_control(sides[0]) else (told.case, told.reference)
        return Comparison(*pair, how)
    if told and _same(told, sides):
        turned = told.case in sides[1] and told.case not in sides[0]
        return (
            Comparison(told.reference, told.case, f"{told.how}, but its numbers are the reverse")
            if turned
            else told
        )
    return Comparison(
        *sides, f"the table's '{found.columns.means[0]}' and '{found.columns.means[1]}' differ by it"
    )


def _same(told: Comparison, sides: list[str]) -> bool:
    """Whether the names of the columns of means hold those of the groups, in one order or the other."""
    pairs = (sides, sides[::-1])
    return any(told.case in first and told.reference in second for first, second in pairs)


def _group(column: str, known: dict[str, str]) -> str:
    """The group of a column of means: its name, or what a column of the same number says (value_1, sample_1)."""
    match = re.search(r"[_ .](\d)$", column)
    same = [cell for other, cell in known.items() if match and re.search(rf"[_ .]{match[1]}$", other)]
    words = r"[\s._]*(?<![a-z])(mean|average|avg|centered|median|expression)(?![a-z])[\s._]*"
    return same[0] if same else re.sub(words, " ", column, flags=re.IGNORECASE).strip() or column


def _rename(one: Recognised, proposals: list[Proposal], taken: set[str]) -> None:
    """Names that another file has not, in the contrasts and in the options of the reader."""
    stem = _slug(re.sub(ENDINGS, "", one.path.name, flags=re.IGNORECASE))
    for proposal in proposals:
        if proposal.name in taken:
            new = _unique(_slug(f"{stem} {proposal.name}"), taken)
            for option in ("contrasts", "where"):
                if option in one.options:
                    pairs = one.options[option].items()
                    one.options[option] = {
                        new if key == proposal.name else key: value for key, value in pairs
                    }
            proposal.name = new


def _stem(path: Path, options: dict[str, Any]) -> str:
    """What the file, or its object or sheet, is called, without the words that all result tables have."""
    name = str(options.get("object", "")).rpartition("$")[2] or re.sub(
        ENDINGS, "", path.name, flags=re.IGNORECASE
    )
    parts = [part for part in re.split(r"[\s._-]+", name) if part]
    while len(parts) > 1 and re.fullmatch(BESIDE, parts[-1], re.IGNORECASE):
        parts = parts[:-1]
    while len(parts) > 1 and re.fullmatch(BESIDE, parts[0], re.IGNORECASE):
        parts = parts[1:]
    return "_".join(parts)


def _unique(name: str, taken) -> str:
    new, number = name, 2
    while new in taken:
        new, number = f"{name[:56]}_{number}", number + 1
    return new


def _slug(text: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "_", str(text).lower()).strip("_")
    return (slug if slug[:1].isalnum() else f"c{slug}")[:60]
