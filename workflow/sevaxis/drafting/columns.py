"""Which column of a sample annotation is group, sex, subject and batch, and why; what is no specimen; what is asked."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sevaxis.drafting.batches import find_batch
from sevaxis.drafting.groups import Group, codes_beside, find_group, has_factor
from sevaxis.drafting.levels import (
    are_numbers,
    in_time,
    is_quality_control,
    merge_spellings,
    mistyped,
    own_words,
    split_sex_of_samples,
)
from sevaxis.drafting.roles import BEFORE
from sevaxis.drafting.sexes import sex_of_columns, sex_of_levels, sex_of_names
from sevaxis.drafting.subjects import (
    Specimens,
    find_subject,
    neighbours_of_names,
    pairs_of_names,
    specimens_of_names,
    specimens_of_values,
)
from sevaxis.drafting.words import words
from sevaxis.study.sheets import SEX_LABELS, UNKNOWN
from sevaxis.study.validation import TODO, is_undecided

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

MOST_SHOWN = 12
#: What a column of the kinds of samples calls those that are of the study.
SAMPLES = r"(?:study[ _-]?|biological[ _-]?|test[ _-]?)?(?:samples?|specimens?|unknowns?)"


@dataclass
class Roles:
    """Proposed roles of columns.

    Attributes
    ----------
    group, sex, subject, batch
        Cells by sample, None where no column is proposed; empty text where nothing is said of a sample.
    sex_labels
        Labels of sex that do not say it themselves: what they mean, or a question.
    group_column
        Name of the column that became the group; empty where sample names did.
    factors
        Level of the group -> its parts, where several columns were crossed; ``factor_columns`` names them.
    specimens
        Specimens of which samples may be technical replicates: to be asked.
    restart
        Whether the numbers of the subjects may start anew in each group: to be asked.
    excluded
        Sample -> why it is no specimen of a group.
    evidence
        One sentence for each decision, by what it is about.
    """

    group: pd.Series | None = None
    sex: pd.Series | None = None
    subject: pd.Series | None = None
    batch: pd.Series | None = None
    sex_labels: dict[str, str] = field(default_factory=dict)
    group_column: str = ""
    factors: dict[str, tuple[str, ...]] = field(default_factory=dict)
    factor_columns: tuple[str, ...] = ()
    specimens: Specimens | None = None
    restart: bool = False
    excluded: dict[str, str] = field(default_factory=dict)
    evidence: dict[str, str] = field(default_factory=dict)


@dataclass
class Told:
    """What the user says of the columns on the command line; empty where nothing is said.

    Attributes
    ----------
    group, subject, batch, sex
        Names of columns.
    """

    group: str = ""
    subject: str = ""
    batch: str = ""
    sex: str = ""


def assign(
    frame: pd.DataFrame,
    source: str,
    *,
    skip: str = "",
    values: np.ndarray | None = None,
    told: Told | None = None,
) -> Roles:
    """Propose roles for the columns of an annotation.

    Parameters
    ----------
    frame
        Annotation (samples x columns of text), possibly without columns: groups then come from the samples' names.
    source
        Where the annotation stands, for the evidence.
    skip
        The column that names the samples.
    values
        Samples x features on the log2 scale: to tell a batch whose effect was already removed, and samples that are too
        alike to be different animals.
    told
        What the user says.
    """
    told = told or Told()
    roles = Roles()
    whole = frame
    frame, values = _without_controls(roles, frame, skip, values)
    columns = {name: frame[name] for name in frame.columns if name != skip and frame[name].ne("").any()}
    _assign_sex(roles, columns, source, told)
    _assign_subject(roles, columns, source, told)
    _assign_group(roles, columns, frame, source, told)
    taken = {series.name for series in (roles.sex, roles.subject) if series is not None} | {
        roles.group_column
    }
    free = {
        name: cells
        for name, cells in columns.items()
        if name not in taken and name not in roles.factor_columns
    }
    free = {name: free[name] for name in ([told.batch] if told.batch else free) if name in free}
    roles.batch, roles.evidence["batch"] = find_batch(free, roles.group, values, source)
    if told.batch and roles.batch is None and told.batch in columns:
        roles.batch = columns[told.batch]
        roles.evidence["batch"] = f"column '{told.batch}' of {source}, as you say"
    _find_specimens(roles, columns, frame, values)
    for name in ("group", "sex", "subject", "batch"):
        cells = getattr(roles, name)
        if cells is not None and len(cells) < len(whole):
            setattr(roles, name, cells.reindex(whole.index, fill_value=""))
    return roles


def counted(cells: pd.Series) -> str:
    """``Female 7, Male 7``; in the order in which they come."""
    counts = Counter(cell for cell in cells if cell)
    shown = [f"{level} {number}" for level, number in list(counts.items())[:MOST_SHOWN]]
    more = f" and {len(counts) - MOST_SHOWN} more" if len(counts) > MOST_SHOWN else ""
    empty = int((cells == "").sum())
    return ", ".join(shown) + more + (f" ({empty} empty)" if empty else "")


def _without_controls(roles: Roles, frame: pd.DataFrame, skip: str, values):
    """Leave out pools, blanks and other controls of the measurement, by their names or a short column that says so."""
    import numpy as np

    control = np.array([is_quality_control(name) for name in own_words([str(name) for name in frame.index])])
    where = "its name"
    for name in frame.columns:
        cells = frame[name]
        if name != skip and cells.nunique() > max(MOST_SHOWN, len(cells) / 2):
            continue
        said = cells.map(is_quality_control).to_numpy(dtype=bool)
        if cells.str.fullmatch(SAMPLES, case=False).mean() > 0.5:  # beside samples a reference is no group
            said |= cells.map(lambda cell: is_quality_control(cell, weak=True)).to_numpy(dtype=bool)
        if said.any() and not control.any():
            where = f"column '{name}'"
        control |= said if said.mean() < 0.5 else False
    if not control.any() or control.mean() >= 0.5:
        return frame, values
    for sample in frame.index[control]:
        roles.excluded[str(sample)] = (
            f"a control of the measurement (pool, blank, reference), as {where} says"
        )
    roles.evidence["exclude"] = (
        f"{', '.join(roles.excluded)}: controls of the measurement, no specimens of a group"
    )
    return frame[~control], values[~control] if values is not None else None


def _assign_sex(roles: Roles, columns: dict[str, pd.Series], source: str, told: Told) -> None:
    chosen = {"sex": columns[told.sex]} if told.sex in columns else columns
    found = sex_of_columns(chosen, source, counted)
    if found is None:
        roles.evidence["sex"] = "no column says it; X and Y genes will tell it, where they are measured"
        return
    roles.sex, roles.sex_labels, roles.evidence["sex"] = found.cells, found.labels, found.evidence
    if told.sex in columns:
        roles.sex = roles.sex.rename(told.sex)
        roles.evidence["sex"] = f"column '{told.sex}' of {source}, as you say: {counted(roles.sex)}"


def _assign_subject(roles: Roles, columns: dict[str, pd.Series], source: str, told: Told) -> None:
    """A subject has several samples; of several such columns the one that tells most subjects apart."""
    if told.subject in columns:
        roles.subject = columns[told.subject]
        roles.evidence["subject"] = f"column '{told.subject}' of {source}, as you say"
        return
    cells, others = find_subject(columns)
    if cells is None:
        roles.evidence["subject"] = "no column with several samples of one subject"
        return
    roles.subject = cells
    each = sorted(Counter(cell for cell in cells if cell).values())
    words = f"{each[0]}" if each[0] == each[-1] else f"{each[0]} to {each[-1]}"
    stems = "" if cells.equals(columns[cells.name]) else ", without the endings of its codes,"
    roles.evidence["subject"] = (
        f"column '{cells.name}' of {source}{stems} has {len(set(cells) - {''})} values with {words} samples each"
    )
    if others:
        roles.evidence["subject"] += f"; it could also be {others}"


def _assign_group(
    roles: Roles, columns: dict[str, pd.Series], frame: pd.DataFrame, source: str, told: Told
) -> None:
    """The group, in one spelling, without the sex that stands inside its levels, and never as bare numbers."""
    taken = {series.name for series in (roles.sex, roles.subject) if series is not None}
    if told.group in columns:
        cells = columns[told.group]
        found = Group(cells, f"column '{told.group}' of {source}, as you say: {counted(cells)}", told.group)
    else:
        spelt = {name: merge_spellings(cells) for name, cells in columns.items() if name not in taken}
        found = find_group({n: cells for n, (cells, _) in spelt.items()}, frame, source, roles.sex, counted)
    names = [str(name) for name in frame.index]
    if found is not None and not found.column and _two_sexes(found.cells) and has_factor(names, found.cells):
        found = None  # 1_male_a, 3_female_b: the sex is no group, the number may be one
    if found is None and roles.sex is None and (split := split_sex_of_samples(names)):
        sexes = frame.index.to_series().map({name: sex for name, (sex, _) in split.items()})
        roles.sex, roles.evidence["sex"] = (
            sexes.rename("sex"),
            f"the names of the samples hold it: {counted(sexes)}",
        )
    if found is None:
        plain = roles.sex is not None and not roles.sex_labels and _two_sexes(roles.sex)
        if plain and not has_factor(names, roles.sex):
            roles.group, roles.sex, roles.group_column = roles.sex, None, str(roles.sex.name)
            roles.evidence["group"] = f"nothing but the sex tells groups: {counted(roles.group)}"
            roles.evidence["sex"] = "it is the group"
        return
    roles.group_column, roles.factors, roles.factor_columns = found.column, found.factors, found.columns
    if found.sex is not None and roles.sex is None:
        roles.sex, roles.evidence["sex"] = found.sex.cells, found.sex.evidence
    if roles.sex is None and (sexes := sex_of_names(list(map(str, frame.index)), found.cells, counted)):
        roles.sex, roles.evidence["sex"] = sexes.cells.set_axis(frame.index), sexes.evidence
    cells, evidence = found.cells, [found.evidence]
    for name in found.columns or ([found.column] if told.group not in columns else []):
        evidence += spelt[name][1] if name in spelt else []
    if not found.factors:
        cells, merged = merge_spellings(cells)
        evidence += merged
        where = f"levels of '{found.column}'" if found.column else "the names of the samples"
        if (split := sex_of_levels(cells, where)) is not None:
            sex, cells = split
            evidence.append("the sex that stands in its levels is a column of its own")
            if roles.sex is None:
                roles.sex, roles.evidence["sex"] = sex.cells, sex.evidence
    codes = None if found.column else codes_beside([str(name) for name in frame.index], cells.tolist())
    if codes is not None:
        shown = " and ".join(dict.fromkeys(codes))
        cells = cells.copy()
        cells[:] = [
            f"{TODO} {cell}, if {shown} are animals or batches; or {code} {cell}, if they are strains or treatments"
            for code, cell in zip(codes, cells, strict=True)
        ]
        evidence.append(f"{shown} in the names may be animals, batches, strains or treatments")
    levels = [level for level in dict.fromkeys(cells) if level and level.lower() not in UNKNOWN]
    if are_numbers(levels):
        name = re.sub(r"\W+", "_", found.column).strip("_") or "level"
        cells = cells.map(lambda cell: f"{name}_{cell}" if cell else cell)
        evidence.append("its levels are numbers, which may be codes or amounts: say what is compared")
    for rare, often in mistyped(cells).items():
        cells = cells.map(
            lambda cell, r=rare, o=often: (
                f"{TODO} {o}, if '{r}' is a slip of the pen; or {r}" if cell == r else cell
            )
        )
    roles.group, roles.evidence["group"] = cells, "; ".join(evidence)


def _two_sexes(cells: pd.Series) -> bool:
    counts = Counter(SEX_LABELS.get(cell.lower()) for cell in cells)
    return sum(number >= 2 for sex, number in counts.items() if sex) == 2


def _find_specimens(
    roles: Roles, columns: dict[str, pd.Series], frame: pd.DataFrame, values: np.ndarray | None
) -> None:
    """Samples that may be measurements of one specimen, where no factor tells them apart."""
    group, subject = roles.group, roles.subject
    if group is not None and group.map(is_undecided).all():
        return
    if subject is not None and group is not None:
        named = subject[subject != ""]
        of_group = group[named.index].groupby(named)
        levels = list(dict.fromkeys(group))
        nested = (of_group.nunique() == 1).all() and named.duplicated().any()
        once = (named.groupby([group[named.index], named]).size() == 1).all()
        plain = named.str.fullmatch(r"\d{1,2}").all() and re.search(
            r"animal|mouse|rat|rep|^id$|^no$", str(subject.name), re.I
        )
        if nested:
            number = f"{len(named)} samples of {named.nunique()} values of '{subject.name}'"
            roles.specimens = Specimens(subject, f"{number}, each of which lies in one group")
        elif in_time(levels, roles.group_column) or any(words(level) & BEFORE for level in levels):
            pass  # the same ones, before and after
        elif plain and once:
            roles.restart = True
        elif plain:
            both = (group[named.index].astype(str) + " " + named).reindex(frame.index, fill_value="")
            roles.specimens = Specimens(
                both, f"'{subject.name}' starts anew in each group and repeats within it"
            )
            roles.subject = None
        return
    if subject is not None:
        return
    # one that may be a reference has no partner
    plain = ~frame.index.map(lambda name: is_quality_control(str(name), weak=True)).to_numpy(bool)
    plain = plain if plain.mean() > 0.5 else plain | True
    rest, each = frame[plain], None if group is None else group[plain]
    names = [str(name) for name in rest.index]
    paired = pairs_of_names(names, each) if each is not None else None
    for name in [] if paired or each is None else rest.columns:  # titles: Sample 1 pre treatment
        if rest[name].nunique() == len(rest):
            paired = pairs_of_names(rest[name].tolist(), each.set_axis(rest[name]))
        if paired:
            break
    if paired is None and each is not None and rest.index.is_unique:
        beside = neighbours_of_names(names, each)
        paired = beside and (*beside, False)
    if paired is not None:
        roles.subject, roles.restart = (
            frame.index.to_series().map(lambda _: "").rename("subject"),
            not paired[2],
        )
        roles.subject[plain] = paired[0].to_numpy()
        roles.evidence["subject"] = paired[1]
        return
    cells = group if group is None or roles.sex is None else group + " " + roles.sex.fillna("")
    found = specimens_of_names([str(name) for name in frame.index], cells)
    if found is None and values is not None and group is not None and group.nunique() > 1:
        found = specimens_of_values(values, [str(name) for name in frame.index], cells)
    roles.specimens = found
