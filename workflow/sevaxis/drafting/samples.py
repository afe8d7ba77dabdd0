"""samples.tsv and the contrasts of a draft: what is said of the samples, what is asked, and what was left out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sevaxis.base.problems import refuse
from sevaxis.base.vocabulary import Assay
from sevaxis.drafting.annotation import Described
from sevaxis.drafting.columns import Roles, assign
from sevaxis.drafting.contrasts import Proposal, name_of, propose_contrasts
from sevaxis.drafting.facts import Facts
from sevaxis.drafting.levels import is_quality_control
from sevaxis.drafting.roles import role
from sevaxis.drafting.texts import Draft
from sevaxis.drafting.wishes import NOTHING_SAID, Wishes, check_columns, level_of
from sevaxis.study.validation import TODO, is_undecided

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from anndata import AnnData

#: Columns of the annotation that a sheet keeps beside the standard ones.
MOST_FACTS = 24
#: Columns of archives that are about the record, not about the sample.
OF_THE_RECORD = re.compile(
    r"(contact|supplementary|relation|uri|protocol|data.?processing|taxid|row.?count|platform.?id|"
    r"^(status|submission.?date|last.?update.?date)$)",
    re.I,
)
LONG = 80


def draft_samples(
    draft: Draft, adata: AnnData, described: Described | None, facts: Facts, wishes: Wishes = NOTHING_SAID
) -> None:
    """Write the sheet, the standard columns, further facts and the contrasts of the groups into a draft.

    Parameters
    ----------
    draft
        Gets ``sheet``, ``contrasts``, ``sex_labels``, ``exclude``, ``asked_columns`` and evidence.
    adata
        The samples and their values.
    described
        What is said of them, None where nothing is.
    facts
        Assay and scale of the values.
    wishes
        What the user says of columns, sexes and contrasts.
    """
    import pandas as pd

    samples = [str(name) for name in adata.obs_names]
    frame = described.frame if described is not None else pd.DataFrame(index=samples)
    source = described.source if described is not None else "the names"
    skip = described.column if described is not None else ""
    check_columns(wishes, [name for name in frame.columns if name != skip], source)
    roles = assign(frame, source, skip=skip, values=log2_of(adata, facts), told=wishes.columns)
    _take_sex(draft, roles, wishes)
    draft.evidence["sample"] = _coverage(described, samples)
    sheet = pd.DataFrame({"sample": samples}, index=samples)
    sheet["group"] = _groups(roles, described, samples)
    for name in ("sex", "subject", "batch"):
        cells = getattr(roles, name)
        if cells is not None:
            sheet[name] = cells.to_numpy()
    if wishes.replicate_of:
        sheet["replicate_of"] = frame[wishes.replicate_of].to_numpy()
        roles.evidence["replicate_of"] = f"column '{wishes.replicate_of}' of {source}, as you say"
    elif not wishes.subject:
        _ask_about_specimens(draft, sheet, roles)
    left = _add_facts(sheet, frame, roles, skip)
    if described is not None:
        left = {**dict.fromkeys(described.varying, "it differs between rows of one sample"), **left}
    if left:
        reasons = dict.fromkeys(left.values())
        by_reason = [f"{_listed([n for n, why in left.items() if why == r])} ({r})" for r in reasons]
        draft.evidence["columns left out"] = "; ".join(by_reason)
    draft.sheet, draft.sex_labels, draft.exclude = sheet, roles.sex_labels, roles.excluded
    draft.evidence |= roles.evidence
    _draft_contrasts(draft, sheet, roles, wishes)


def log2_of(adata: AnnData, facts: Facts) -> np.ndarray:
    """Values on the log2 scale: counts as log2 counts per million, 0 as missing where it means that."""
    import numpy as np

    values = np.asarray(adata.X, dtype=float)
    with np.errstate(all="ignore"):
        if facts.assay in (Assay.RNA_COUNTS, Assay.SINGLE_CELL):
            totals = np.nansum(values, axis=1, keepdims=True)
            return np.log2((np.nan_to_num(values) + 0.5) / (totals + 1) * 1e6)
        if facts.values.get("scale") == "linear":
            return np.where(values > 0, np.log2(values), np.nan)
        return np.where(values == 0, np.nan, values) if facts.values.get("zero_is_missing") else values


def _coverage(described: Described | None, samples: list[str]) -> str:
    """Which samples are described, by what, and which rows and samples have no partner."""
    if described is None or len(described.frame.columns) < 2:
        return f"{len(samples)} samples; no annotation describes them (--sheet FILE brings one)"
    where = f"column '{described.column}' of {described.source}"
    text = f"{described.found} of {len(samples)} samples are described by {where} ({described.how})"
    without = [name for name in samples if name not in described.matched and name not in described.slips]
    if described.slips:
        pairs = ", ".join(f"'{sample}' may be its '{cell}'" for sample, cell in described.slips.items())
        text += f"; {pairs}: one letter differs, it is asked about"
    if without:
        text += f"; nothing is said of {_listed(without)}"
    unused = [cell for cell in described.unused if cell not in described.slips.values()]
    if unused:
        text += f"; no values for {_listed(unused)}, which it describes, too"
    return text


def _listed(names: list[str], most: int = 8) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _groups(roles: Roles, described: Described | None, samples: list[str]) -> list[str]:
    """Group of each sample, or a question in its place."""
    if roles.group is None:
        roles.evidence["group"] = "no column and no names tell groups: fill in the sheet"
        return [
            "control of the measurement" if s in roles.excluded else f"{TODO} the group of each sample"
            for s in samples
        ]
    slips = described.slips if described is not None else {}
    source = described.source if described is not None else ""
    found = []
    for sample, cell in zip(samples, roles.group, strict=True):
        if sample in roles.excluded:
            found.append("control of the measurement")
        elif sample in slips and cell:
            row = f"'{slips[sample]}' of {source}"
            found.append(
                f"{TODO} {cell}, if {row} is this sample; else what is true, in the other columns, too"
            )
        elif is_quality_control(cell, weak=True):
            text = f"{cell}: a group of its own; or a channel that ties plexes together, to be named under `exclude`"
            found.append(f"{TODO} {text}")
        else:
            found.append(cell or f"{TODO} the group of this sample")
    return found


def _ask_about_specimens(draft: Draft, sheet: pd.DataFrame, roles: Roles) -> None:
    """Samples that may be no animals of their own: average, block or independent, the user says which."""
    if roles.restart:
        name = "subject"
        draft.asked_columns["subject"] = (
            f"{TODO} {name}, if the same number in two groups is the same animal or person; delete this if the numbers "
            "start anew in each group"
        )
        roles.evidence["subject"] += "; equal numbers in two groups may be one animal, or two"
    if roles.specimens is None:
        return
    name = "subject" if roles.subject is not None else "specimen"
    if name == "specimen":
        sheet[name] = roles.specimens.cells.reindex(sheet.index, fill_value="").to_numpy()
    draft.asked_columns["replicate_of"] = (
        f"{TODO} {name}, if its samples are repeated measurements, which are averaged; or say `subject: {name}` "
        "instead, if they are samples of one animal or person; delete this if each sample is an animal of its own"
    )
    draft.asked_columns["subject"] = ""
    roles.evidence["replicate_of"] = roles.specimens.why


def _add_facts(sheet: pd.DataFrame, frame: pd.DataFrame, roles: Roles, skip: str) -> dict[str, str]:
    """Further columns of the annotation, under names of their own; those that are left out, with the reason."""
    taken = {s.name for s in (roles.group, roles.sex, roles.batch) if s is not None} | {skip}
    taken |= (
        {roles.subject.name}
        if roles.subject is not None and roles.subject.equals(frame.get(roles.subject.name))
        else set()
    )
    left = {}
    for name in frame.columns:
        cells = frame[name]
        if name in taken or not cells.ne("").any():
            continue
        if OF_THE_RECORD.search(name):
            left[name] = "about the record"
        elif cells.nunique() < 2:
            left[name] = "one value for all"
        elif cells.str.len().max() > LONG:
            left[name] = "long text"
        elif len(sheet.columns) >= MOST_FACTS:
            left[name] = f"a sheet takes {MOST_FACTS}"
        else:
            new = " ".join(name.split()) or "unnamed"
            while new.lower() in {column.lower() for column in sheet.columns}:
                new += "_of_the_source"
            sheet[new] = cells.to_numpy()
    return left


def _take_sex(draft: Draft, roles: Roles, wishes: Wishes) -> None:
    """Sex as the user says it."""
    if wishes.sex:
        if roles.sex is not None:
            roles.evidence["sex"] = f"as you say; not used: {roles.evidence['sex']}"
        else:
            roles.evidence["sex"] = "as you say"
        roles.sex, roles.sex_labels, draft.sex = None, {}, wishes.sex
    for label, sex in wishes.sex_labels.items():
        if roles.sex is None or label not in set(roles.sex):
            labels = ", ".join(dict.fromkeys(roles.sex)) if roles.sex is not None else "no column of sexes"
            hint = "--sex column=NAME names the column"
            refuse("No sample has this label of sex", where="--sex", found=label, allowed=labels, hint=hint)
        roles.sex_labels[label] = sex


def _draft_contrasts(draft: Draft, sheet: pd.DataFrame, roles: Roles, wishes: Wishes) -> None:
    used = sheet.loc[~sheet["sample"].isin(roles.excluded), "group"]
    sizes = {level: int(n) for level, n in used.value_counts(sort=False).items() if not is_undecided(level)}
    proposals = propose_contrasts(
        sizes, roles.group_column, factors=roles.factors, factor_columns=roles.factor_columns
    )
    if wishes.contrasts:
        pairs = [(level_of(a, list(sizes)), level_of(b, list(sizes))) for a, b in wishes.contrasts]
        proposals = [
            Proposal(name_of(a, b), role(a, b, roles.group_column), a, b, why="as you say") for a, b in pairs
        ]
    draft.contrasts = [(proposal, "") for proposal in proposals]
    shown = [f"{p.name} ({p.role})" for p in proposals]
    draft.evidence["contrasts"] = f"{', '.join(shown)}: {proposals[0].why}"
    small = [level for level, n in sizes.items() if n < 2]
    if small:
        draft.evidence["contrasts"] += f"; {_listed(small)}: one sample, in no contrast"
