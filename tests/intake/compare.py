"""Facts of a draft against the truth: groups, sexes, contrasts; then the numbers of the matrix, cell by cell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
from sevaxis.study.validation import is_undecided

from tests.intake.truth import Sample, Truth

if TYPE_CHECKING:
    from tests.intake.judge import Drafted

Fault = tuple[str, str]
#: Share of the true features that the matrix must have, and of cells that must agree.
FEATURES, CELLS = 0.97, 0.995
RELATIVE = 2e-4
#: What a row of the matrix is that is no sample of the experiment: nothing known, or one of those of no group.
NOTHING, NO_SAMPLE = -1, -2


def _row_of(drafted: Drafted, sample: Sample, truth: Truth) -> dict[str, str] | None:
    """Row of the sheet that is a sample: its name, or the name without what all have in common."""
    from collections import Counter

    rows = drafted.sheet or []
    equal = [row for row in rows if row["sample"] == sample.name]
    if equal:
        return equal[0]
    # whole words first: trained_1 is no part of overtrained_1
    whole = re.compile(rf"(?<![a-z0-9]){re.escape(sample.name)}(?![a-z0-9])", re.IGNORECASE)
    if len(named := [row for row in rows if whole.search(row["sample"])]) == 1:
        return named[0]
    bare = re.sub(r"[^a-z0-9]", "", sample.name.lower())
    names = {row["sample"]: re.sub(r"[^a-z0-9]", "", row["sample"].lower()) for row in rows}
    parts = [name for name, short in names.items() if short and (short in bare or bare in short)]
    best = Counter({name: len(names[name]) for name in parts}).most_common(1)
    return next((row for row in rows if best and row["sample"] == best[0][0]), None)


def rows_of(drafted: Drafted, truth: Truth) -> dict[int, dict[str, str] | None]:
    """Position of a sample in the table -> its row of the sheet; of columns of one name in their order."""
    names = [sample.name for sample in truth.samples]
    rows: dict[int, dict[str, str] | None] = {}
    for i, sample in enumerate(truth.samples):
        if names.count(sample.name) == 1:
            rows[i] = _row_of(drafted, sample, truth)
            continue
        again = re.compile(re.escape(sample.name) + r"([._ (]*\d+\)?)?")
        same = [row for row in drafted.sheet or [] if again.fullmatch(row["sample"])]
        at = names[:i].count(sample.name)
        rows[i] = same[at] if at < len(same) else None
    return rows


def labels_of(drafted: Drafted) -> dict[str, str]:
    """Sample -> group of the sheet, without what is left open or excluded."""
    column = (drafted.card.get("columns") or {}).get("group", "group")
    out = set(drafted.card.get("exclude") or {})
    return {
        row["sample"]: row[column]
        for row in drafted.sheet or []
        if column in row and not is_undecided(row[column]) and row["sample"] not in out
    }


def compare_sheet(drafted: Drafted, truth: Truth, said: str) -> list[Fault]:
    """Groups, sexes, subjects and batches by sample; samples that belong to no group."""
    if drafted.sheet is None:
        return [("samples", "no sample sheet")]
    faults: list[Fault] = []
    labels = labels_of(drafted)
    columns = drafted.card.get("columns") or {}
    rows = rows_of(drafted, truth)
    missing = [truth.samples[i].name for i in truth.real if rows[i] is None]
    if missing and not _averaged(drafted, truth):
        faults.append(("samples", f"no row for {len(missing)} samples, such as {missing[0]}"))
    for i, sample in enumerate(truth.samples):
        row = rows[i]
        if sample.kind == "sample" or row is None or row["sample"] not in labels:
            continue
        if row["sample"] == sample.name or sample.name in row["sample"]:
            faults.append(("qc", f"{sample.name} is in group '{labels[row['sample']]}'"))
    told = {i: labels[rows[i]["sample"]] for i in truth.real if rows[i] and rows[i]["sample"] in labels}
    for one, other in _confused(told, {i: truth.samples[i].group for i in told}):
        faults.append(("group", f"groups: {one}; in truth {other}"))
        break
    for fact in ("sex", "subject"):
        true = {i: getattr(truth.samples[i], fact) for i in truth.real if rows[i]}
        if not any(true.values()) or fact in truth.must_ask:
            continue
        if fact == "subject" and _averaged(drafted, truth):
            continue
        column = columns.get(fact)
        if fact == "subject" and column is None:
            column = columns.get("replicate_of")  # repeats of one specimen become one sample
        if column is None:
            constant = drafted.card.get("sex") if fact == "sex" else None
            if not constant or {constant} != set(true.values()):
                faults.append((fact, f"{fact} is told by the files and not in the draft"))
            continue
        here = {i: (rows[i] or {}).get(column, "") for i in true}
        if any(is_undecided(cell) for cell in here.values()):
            continue
        if fact == "sex":
            words = {"f": "female", "m": "male"}
            wrong = [i for i in true if words.get(here[i].lower(), here[i].lower()) != true[i]]
            if wrong:
                sample = truth.samples[wrong[0]]
                faults.append(
                    ("sex", f"sex of {sample.name}: {here[wrong[0]] or 'empty'}, in truth {sample.sex}")
                )
        else:
            faults += [
                ("subject", f"subjects: {a}; in truth {b}") for a, b in list(_confused(here, true))[:1]
            ]
    faults += _lost_batch(drafted, truth, rows, said)
    return faults


def _averaged(drafted: Drafted, truth: Truth) -> bool:
    """Whether the draft has one sample per subject, where the file has repeats of each."""
    subjects = {truth.samples[i].subject for i in truth.real}
    return "" not in subjects and len(drafted.sheet or []) == len(subjects) < len(truth.real)


def _lost_batch(drafted: Drafted, truth: Truth, rows, said: str) -> list[Fault]:
    true = {i: truth.samples[i].batch for i in truth.real if rows[i]}
    if not any(true.values()):
        return []
    for column in drafted.sheet[0]:
        here = {i: rows[i][column] for i in true}
        if not list(_confused(here, true)):
            return []
    told = said.replace("batch: no column with such a name", "")
    return (
        []
        if re.search(r"batch|run_date|plex|cage|lane|plate", told, re.IGNORECASE)
        else [("batch", "the column of batches is lost")]
    )


def _confused(told: dict[int, str], true: dict[int, Any]):
    """Pairs of what is one here and two there."""
    of_told: dict[str, Any] = {}
    of_true: dict[Any, str] = {}
    for i in told:
        if of_told.setdefault(told[i], true[i]) != true[i]:
            yield f"'{told[i]}' holds {_short(of_told[told[i]])} and {_short(true[i])}", "two"
        if of_true.setdefault(true[i], told[i]) != told[i]:
            yield f"{_short(true[i])} is '{of_true[true[i]]}' and '{told[i]}'", "one"


def _short(value: Any) -> str:
    return " ".join(value) if isinstance(value, tuple) else str(value)


def compare_contrasts(drafted: Drafted, truth: Truth) -> list[Fault]:
    """Every contrast that is proposed must be sensible, the right way round, in its role."""
    labels = labels_of(drafted)
    meant: dict[str, set[tuple[str, ...]]] = {}
    for i, row in rows_of(drafted, truth).items():
        if row and row["sample"] in labels and truth.samples[i].kind == "sample":
            meant.setdefault(labels[row["sample"]], set()).add(truth.samples[i].group)
    faults: list[Fault] = []
    for contrast in drafted.card.get("contrasts") or []:
        if any(is_undecided(value) for value in contrast.values()):
            continue
        if contrast.get("weights"):
            faults += _interaction(contrast["weights"], meant, truth)
            continue
        case, reference = meant.get(str(contrast.get("case"))), meant.get(str(contrast.get("reference")))
        shown = f"{contrast.get('case')} v {contrast.get('reference')} ({contrast.get('role')})"
        if not case or not reference or len(case) > 1 or len(reference) > 1:
            faults.append(("contrasts", f"{shown}: not groups of the experiment"))
            continue
        allowed = allowed_roles(next(iter(case)), next(iter(reference)), truth)
        if allowed is None:
            faults.append(("contrasts", f"{shown}: no sensible comparison, or the wrong way round"))
        elif contrast.get("role") not in allowed:
            faults.append(("contrasts", f"{shown}: in truth {' or '.join(sorted(allowed))}"))
    return faults


def allowed_roles(case: tuple[str, ...], reference: tuple[str, ...], truth: Truth) -> set[str] | None:
    """Roles of a comparison; None where it is none."""
    differ = [i for i, (a, b) in enumerate(zip(case, reference, strict=True)) if a != b]
    if len(differ) != 1:
        return None
    level, other = case[differ[0]], reference[differ[0]]
    if (level, other) in truth.also:
        return truth.also[level, other]
    factor = list(truth.references)[differ[0]]
    return truth.roles.get(level, {"other"}) if truth.references[factor] == other else None


def _interaction(weights: dict[str, float], meant, truth: Truth) -> list[Fault]:
    references = list(truth.references.values())
    for label, weight in weights.items():
        groups = meant.get(str(label), set())
        if len(groups) != 1 or len(references) != 2:
            return [("contrasts", f"weights of '{label}', which is no group of two factors")]
        group = next(iter(groups))
        sign = np.prod(
            [1 if level != reference else -1 for level, reference in zip(group, references, strict=True)]
        )
        if np.sign(weight) != sign:
            return [("contrasts", f"the interaction has the wrong sign at '{label}'")]
    return []


def compare_values(adata, truth: Truth, said: str) -> list[Fault]:
    """Samples x features of the matrix against the truth; samples are recognised by their ranks, not their names."""
    faults, ours, theirs = _match_features(adata, truth)
    if len(ours) < 20:
        return faults
    here = np.asarray(adata.X, dtype=float)[:, theirs]
    others = truth.values[[i for i in range(len(truth.samples)) if i not in truth.real]]
    true = np.vstack([truth.values[truth.real], *_means(truth), others])[:, ours]
    count = len(truth.real)
    found = _alike(here, true)
    found[found >= len(true) - len(others)] = NO_SAMPLE
    extra = [str(name) for name, at in zip(adata.obs_names, found, strict=True) if at == NOTHING]
    if extra:
        faults.append(("samples", f"{len(extra)} columns are no samples: {', '.join(extra[:4])}"))
    used = {int(f) for f in found if f >= 0}
    averaged = any(f >= count for f in used)
    lost = [truth.samples[truth.real[i]].name for i in range(count) if i not in used] if not averaged else []
    unsaid = [name for name in lost if name not in said]
    if unsaid:
        faults.append(("samples", f"{len(unsaid)} samples are lost: {', '.join(unsaid[:4])}"))
    wrong, missing, total = 0, 0, 0
    example = ""
    for row, at in enumerate(found):
        if at < 0:
            continue
        a, b = here[row], true[at]
        both = np.isfinite(a) & np.isfinite(b)
        close = np.isclose(a[both], b[both], rtol=RELATIVE, atol=1e-4)
        if at >= count:  # a mean of repeats, of logs or of the numbers themselves
            close = np.isclose(a[both], b[both], rtol=0.05)
        wrong += int((~close).sum())
        missing += int((np.isfinite(a) != np.isfinite(b)).sum())
        total += a.size
        if not example and (~close).any():
            i = int(np.flatnonzero(both)[np.flatnonzero(~close)[0]])
            example = f"{adata.obs_names[row]}: {a[i]:.6g}, in truth {b[i]:.6g}"
    if total and wrong > (1 - CELLS) * total:
        faults.append(("scale", f"{wrong / total:.0%} of the values are wrong ({example})"))
    if total and missing > (1 - CELLS) * total:
        faults.append(
            ("missing", f"{missing / total:.1%} of the cells are missing here and not there, or the reverse")
        )
    faults += _match_group_column(adata, found, truth, count)
    return faults + _match_genes(adata, truth, ours, theirs)


def _match_group_column(adata, found, truth: Truth, count: int) -> list[Fault]:
    """The group of each row of the matrix, told by its values, not by names."""
    told = {i: str(adata.obs["group"].iloc[i]) for i, at in enumerate(found) if 0 <= at < count}
    true = {i: truth.samples[truth.real[found[i]]].group for i in told}
    confused = list(_confused(told, true))
    return (
        [("group", f"in the matrix {confused[0][0]}")] if confused and "group" not in truth.must_ask else []
    )


def _means(truth: Truth) -> list[np.ndarray]:
    """Values of subjects whose samples are repeats of one another: their mean."""
    members: dict[tuple, list[int]] = {}
    for i in truth.real:
        members.setdefault((truth.samples[i].subject, truth.samples[i].group), []).append(i)
    several = [rows for (subject, _), rows in members.items() if subject and len(rows) > 1]
    with np.errstate(all="ignore"):
        return [np.nanmean(truth.values[rows], axis=0, keepdims=True) for rows in several]


def _alike(here: np.ndarray, true: np.ndarray) -> np.ndarray:
    """For each row the row of the truth that orders the features in the same way."""
    from scipy.stats import rankdata

    def ranks(values: np.ndarray) -> np.ndarray:
        filled = np.where(np.isfinite(values), values, -1e30)
        ranked = rankdata(filled, axis=1)
        return (ranked - ranked.mean(axis=1, keepdims=True)) / np.maximum(
            ranked.std(axis=1, keepdims=True), 1e-9
        )

    if not len(true) or not len(here):
        return np.full(len(here), NOTHING)
    likeness = ranks(here) @ ranks(true).T / here.shape[1]
    best = likeness.argmax(axis=1)
    return np.where(likeness.max(axis=1) > 0.9, best, NOTHING)


def _match_features(adata, truth: Truth) -> tuple[list[Fault], list[int], list[int]]:
    """Positions of the features that both have, and faults about the others."""
    from tests.intake.judge import name_keys

    at: dict[str, int] = {}
    for i, keys in enumerate(truth.features):
        for key in keys:
            at.setdefault(key, i)
    columns = [
        c for c in ("feature_id", "ensembl", "uniprot", "refseq", "entrez", "symbol") if c in adata.var
    ]
    ours, theirs, extra, never = [], [], [], []
    for position, name in enumerate(map(str, adata.var_names)):
        names = [name, *(str(adata.var[c].iloc[position]) for c in columns[:1])]
        keys = [key for one in names for key in [one, *sorted(name_keys(one))]]
        hit = next((at[key] for key in keys if key in at), None)
        if any(key in truth.never or key.rpartition("__")[2] in truth.never for key in keys):
            never.append(name)
        elif hit is None:
            extra.append(name)
        elif hit not in ours:
            ours.append(hit)
            theirs.append(position)
    faults: list[Fault] = []
    if never:
        faults.append(("decoys", f"{len(never)} rows are no features: {', '.join(never[:3])}"))
    if len(ours) < FEATURES * len(truth.features):
        faults.append(
            ("features", f"{len(ours)} of {len(truth.features)} features are there; also {extra[:3]}")
        )
    elif len(extra) > 0.01 * len(truth.features):
        faults.append(("features", f"{len(extra)} features that are none: {', '.join(extra[:3])}"))
    return faults, ours, theirs


def _match_genes(adata, truth: Truth, ours: list[int], theirs: list[int]) -> list[Fault]:
    """Human genes of the features whose gene the project knows."""
    if "human_symbol" not in adata.var:
        return []
    mapped = adata.var["human_symbol"].astype("object").to_numpy()[theirs]
    known = [
        (truth.human[i], mapped[j], str(adata.var_names[theirs[j]]))
        for j, i in enumerate(ours)
        if truth.human[i]
    ]
    if not known:
        return []
    wrong = [
        f"{name} is {told}, in truth {true}"
        for true, told, name in known
        if isinstance(told, str) and told != true
    ]
    none = [true for true, told, _ in known if not isinstance(told, str)]
    faults: list[Fault] = []
    if wrong:
        faults.append(("features", f"{len(wrong)} genes are others: {wrong[0]}"))
    axis = [gene for gene in none if gene in ("FBXO2", "SORBS3", "FLOT1", "CD63")]
    if axis or len(none) > 0.1 * len(known):
        faults.append(
            (
                "identifiers",
                f"{len(none)} of {len(known)} known genes are not found, such as {(axis or none)[0]}",
            )
        )
    return faults


def compare_effects(adata, truth: Truth, card: dict[str, Any]) -> list[Fault]:
    """Published results: each true contrast once, its numbers in the right layers."""
    faults, ours, theirs = _match_features(adata, truth)
    if len(ours) < 20:
        return faults
    used: dict[str, str] = {}
    roles = {contrast["name"]: contrast for contrast in card["contrasts"]}
    for row, name in enumerate(map(str, adata.obs_names)):
        here = {layer: np.asarray(adata.layers[layer])[row, theirs] for layer in adata.layers}
        fits = [
            true for true, layers in truth.effects.items()
            if np.isclose(here["log2fc"], layers["log2fc"][ours], rtol=1e-3, atol=1e-4, equal_nan=True).mean() > CELLS
        ]  # fmt: skip
        if not fits:
            faults.append(("contrasts", f"contrast '{name}': its fold changes are none of the table's"))
            continue
        used[fits[0]] = name
        for layer in ("se", "t", "p", "q"):
            true = truth.effects[fits[0]].get(layer)
            known = np.isfinite(here[layer])
            if true is None and known.any():
                faults.append(
                    ("effects", f"'{name}': {layer} is {here[layer][known][0]:.4g}, and the table has none")
                )
            elif true is not None and not known.any():
                faults.append(("effects lost", f"'{name}': {layer} of the table is not read"))
            elif true is not None and not np.allclose(
                here[layer], true[ours], rtol=1e-3, atol=1e-12, equal_nan=True
            ):
                faults.append(("effects", f"'{name}': {layer} is that of something else"))
        told = roles.get(name, {})
        allowed = truth.effect_roles.get(fits[0])
        if allowed and told.get("role") not in allowed and not is_undecided(told.get("role")):
            faults.append(
                ("contrasts", f"'{name}' has role {told.get('role')}, in truth {' or '.join(allowed)}")
            )
        stratum = truth.stratum.get(fits[0], "all")
        if told.get("stratum", "all") != stratum:
            faults.append(("sex", f"'{name}' is about {told.get('stratum', 'all')}, in truth {stratum}"))
    lost = set(truth.effects) - set(used)
    if lost:
        faults.append(("contrasts", f"contrasts that are not read: {', '.join(sorted(lost))}"))
    faults = [f for f in faults if f[0] != "effects lost"]
    return faults + _match_genes(adata, truth, ours, theirs)
