"""Sex of samples, called from genes of the X and Y chromosomes and held against what was declared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sevaxis.base.problems import Problem
from sevaxis.base.resources import load_table
from sevaxis.genes.identifiers import members

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from sevaxis.study.card import AssessCard

#: Absolute rule for RNA counts, in counts per million. Seen in public data: the Y genes of `sex_markers.tsv` together
#: give males 63 and more (rat muscle; mouse and human liver more), females below 1; XIST gives females 2.3 and more
#: (a microglia line; tissues 9 and more), males up to 1.3.
Y_ON, X_ON = 5.0, 2.0
#: The stronger signal is at least four times the other.
FOLD = 4.0
#: Reads behind a call.
MIN_READS = 10.0
#: Relative rule: two clusters of log2(Y) - log2(X) with a gap of at least two units and three within-cluster spreads.
GAP, GAP_SPREADS = 2.0, 3.0
#: A sample between the clusters is called by the nearer one within a quarter of their distance.
NEAR = 0.25
OFFSET = 0.5
#: So many samples that contradict their declared sex, and such shares of those that can be compared, are a fault of the
#: sheet: from half on it fits no better than chance, from four fifths on the sexes are the wrong way round.
DOUBTED, BY_CHANCE, INVERTED = 3, 0.5, 0.8


@dataclass(frozen=True)
class SexCalls:
    """Calls and what they rest on.

    Attributes
    ----------
    called
        female, male, ambiguous or None (no call is possible), per sample.
    x, y
        log2 of X-inactivation transcript and of all Y genes (counts per million + 0.5; the mean log2 value for
        arrays); NaN where the data set has none.
    markers
        ``symbol``, ``chromosome``, ``feature_id`` of each marker that was found.
    refused
        Why no call was made; empty where it was.
    """

    called: np.ndarray
    x: np.ndarray
    y: np.ndarray
    markers: list[dict[str, str]] = field(default_factory=list)
    refused: str = ""


def find_markers(var: pd.DataFrame, organism: str) -> list[dict[str, str]]:
    """Features that are sex-linked genes: by Ensembl gene, or else by symbol.

    Symbols mislead in the rat: its XIST has none, and ``Ddx3`` is the copy on Y.
    """
    table = load_table("sex_markers")
    ids = {
        kind: members(var[kind].astype("object").astype("string"), kind)
        for kind in ("ensembl", "symbol")
        if kind in var
    }
    found = []
    for marker in table[table["organism"] == organism].itertuples():
        for kind, names in ids.items():
            features = names.index[names.eq(getattr(marker, kind))] if getattr(marker, kind) else []
            if len(features):
                name = marker.symbol or "XIST (no symbol)"
                found += [
                    {"symbol": name, "chromosome": marker.chromosome, "feature_id": str(f)} for f in features
                ]
                break
    return found


def call_sex(adata: AnnData, organism: str, assay: str) -> SexCalls:
    """Call the sex of each sample.

    Parameters
    ----------
    adata
        Data set with raw counts or log2 values in ``X``.
    organism
        human, mouse or rat.
    assay
        ``rna_counts`` by an absolute rule, with a relative one for what it leaves open; ``array`` by the relative rule
        alone; no other assay: ratios and protein intensities are compressed, and the Y genes' relatives on X share
        peptides with them.

    Notes
    -----
    Absolute rule: Y genes above 5 counts per million and four times XIST is male; XIST above 2 and four times the Y
    genes is female; both on, both off, or fewer than 10 reads is ambiguous. It needs no second sex in the cohort.
    Relative rule: the largest gap of log2(Y) - log2(XIST) splits the cohort where it is wide and clean.
    """
    n = adata.n_obs
    nothing = SexCalls(np.full(n, None, dtype=object), np.full(n, np.nan), np.full(n, np.nan))
    if assay not in ("rna_counts", "array"):
        refused = (
            "protein abundances are compressed and relatives on X share peptides with Y: no yes-or-no call"
        )
        return SexCalls(nothing.called, nothing.x, nothing.y, [], refused)
    markers = find_markers(adata.var, organism)
    rows = {
        c: [adata.var_names.get_loc(m["feature_id"]) for m in markers if m["chromosome"] == c] for c in "XY"
    }
    if not markers:
        refused = f"the data set has none of the {organism} genes of X and Y that tell the sexes apart"
        return SexCalls(nothing.called, nothing.x, nothing.y, [], refused)
    values = np.asarray(adata.X, dtype=float)
    if assay == "array":
        x, y = (_mean_or_nan(values[:, rows[c]]) for c in "XY")
        return SexCalls(_relative(x, y, np.full(n, None, dtype=object)), x, y, markers)
    totals = values.sum(axis=1)
    reads = {c: values[:, rows[c]].sum(axis=1) for c in "XY"}
    cpm = {c: reads[c] / totals * 1e6 if rows[c] else np.full(n, np.nan) for c in "XY"}
    called = _absolute(cpm["X"], cpm["Y"], reads["X"] + reads["Y"])
    x, y = (np.log2(cpm[c] + OFFSET) for c in "XY")
    return SexCalls(_relative(x, y, called), x, y, markers)


def _mean_or_nan(values: np.ndarray) -> np.ndarray:
    return np.nanmean(values, axis=1) if values.shape[1] else np.full(len(values), np.nan)


def _absolute(x: np.ndarray, y: np.ndarray, reads: np.ndarray) -> np.ndarray:
    """Calls from counts per million; a chromosome without markers (NaN) cannot speak."""
    other_x, other_y = np.nan_to_num(x), np.nan_to_num(y)
    male = (np.nan_to_num(y) >= Y_ON) & (y >= FOLD * other_x)
    female = (np.nan_to_num(x) >= X_ON) & (x >= FOLD * other_y)
    # without an XIST to look for, silent Y genes are all there is to see of a female
    female |= np.isnan(x) & (y < 1.0)
    enough = (reads >= MIN_READS) | np.isnan(x)
    return np.select([male & enough, female & enough], ["male", "female"], "ambiguous").astype(object)


def _relative(x: np.ndarray, y: np.ndarray, called: np.ndarray) -> np.ndarray:
    """Calls by the two clusters of a cohort, for samples that have none yet or an ambiguous one."""
    score = np.nan_to_num(y) - np.nan_to_num(x)
    open_ = np.array([call is None or call == "ambiguous" for call in called])
    if not open_.any() or np.isnan(x).all() or np.isnan(y).all():
        return called
    definite = {sex: score[called == sex] for sex in ("female", "male")}
    if not (len(definite["female"]) and len(definite["male"])):
        definite = _split(score) if open_.all() else None
    if definite is None:
        return called
    low, high = np.median(definite["female"]), np.median(definite["male"])
    if high - low < GAP:
        return called
    place = (score - low) / (high - low)
    by_cluster = np.select([place <= NEAR, place >= 1 - NEAR], ["female", "male"], "ambiguous")
    return np.where(open_, by_cluster, called).astype(object)


def _split(score: np.ndarray) -> dict[str, np.ndarray] | None:
    """The two clusters of a score on either side of its largest gap; None where there are no two."""
    if len(score) < 4:
        return None
    ordered = np.sort(score)
    gaps = np.diff(ordered)
    cut = int(np.argmax(gaps))
    low, high = ordered[: cut + 1], ordered[cut + 1 :]
    spread = max(np.std(low), np.std(high))
    if gaps[cut] < GAP or gaps[cut] < GAP_SPREADS * spread:
        return None
    return {"female": low, "male": high}


def wrong_coding(adata: AnnData, card: AssessCard, sex: SexCalls, mismatched: np.ndarray) -> Problem | None:
    """The problem of a sheet whose sexes contradict the chromosomes too often for swapped samples; None otherwise.

    Leaving so many samples out would leave a remnant that the error has chosen, or none.
    """
    declared = adata.obs["sex"].astype(object).to_numpy()
    known = np.array([isinstance(value, str) for value in declared], dtype=bool)
    compared = known & np.isin(sex.called, ["female", "male"])
    wrong, of = int(mismatched.sum()), int(compared.sum())
    if wrong < DOUBTED or wrong < BY_CHANCE * of:
        return None
    names = adata.obs_names.astype(str)[mismatched]
    shown = ", ".join(names[:6]) + (f" and {wrong - 6} more" if wrong > 6 else "")
    found = f"{wrong} of {of} samples contradict their declared sex: {shown}"
    where, allowed = f"data set {card.id}, the sex of its samples", "the sexes that the chromosomes show"
    keep = "sex_mismatch: keep analyses them as declared"
    if wrong < INVERTED * of:
        what = "The declared sexes fit the chromosomes no better than chance"
        hint = f"are the rows of the sheet in the order of the matrix, under the right names? {keep}"
        return Problem(what, where, found, allowed, hint)
    if len(set(declared[compared])) == 1:
        what = f"The declared sex is wrong: nearly all samples are {sex.called[mismatched][0]}"
        return Problem(what, where, found, allowed, f"mend the sex of the card or of the sheet; {keep}")
    what = "The coding of the sexes is the wrong way round"
    hint = f"mend sex_labels (which label is female?) or the column of the sheet; {keep}"
    return Problem(what, where, found, allowed, hint)
