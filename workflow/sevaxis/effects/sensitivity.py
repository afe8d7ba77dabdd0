"""The same contrast under other reasonable choices: which findings survive them.

Normalisation, imputation, filtering and method are choices; a finding that hangs on one of them is weaker than
its q-value says. Nothing here replaces the primary analysis: it stands first, the others beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import pandas as pd

from sevaxis.models.counts.voom import filter_by_expression, log_cpm, tmm_factors, voom, voom_quality
from sevaxis.models.inference.multiplicity import benjamini_hochberg
from sevaxis.models.intensities.imputation import impute
from sevaxis.models.linear.array_weights import array_weights
from sevaxis.models.linear.blocks import duplicate_correlation
from sevaxis.models.linear.design import Design
from sevaxis.models.linear.empirical_bayes import moderate
from sevaxis.models.linear.fit import fit_linear

Normalisation = Literal["none", "median", "quantile", "tmm"]
Imputation = Literal["none", "minprob", "qrilc", "knn"]
Method = Literal[
    "trend", "trend_robust", "constant", "array_weights", "voom", "voom_quality", "negative_binomial"
]


@dataclass(frozen=True)
class Choice:
    """One way to analyse.

    Attributes
    ----------
    name
        How it differs, as the table prints it.
    normalisation
        Log2 values: ``none``, ``median`` (equal medians), ``quantile`` (equal distributions). Counts: ``none``
        (library sizes as they are), ``tmm``.
    imputation
        Log2 values only.
    seen_in
        Least share of samples in which a feature must be detected (a value, a count above 0).
    expressed
        Counts only: also ask for counts worth testing (:func:`~sevaxis.models.counts.voom.filter_by_expression`).
    method
        Log2 values: moderated t with a prior variance that follows abundance (``trend``), robustly
        (``trend_robust``), is one number (``constant``), or with sample weights (``array_weights``, robust
        trend). Counts: these on log2 counts per million, or ``voom``, ``voom_quality``, ``negative_binomial``.
    """

    name: str
    normalisation: Normalisation = "none"
    imputation: Imputation = "none"
    seen_in: float = 0.0
    expressed: bool = False
    method: Method = "trend_robust"


_LOG2 = Choice("as reported")
_COUNTS = Choice("as reported", normalisation="tmm", expressed=True, method="voom")
#: Each departs in one thing from the first, which is the primary analysis.
LOG2_CHOICES = (
    _LOG2,
    replace(_LOG2, name="equal medians", normalisation="median"),
    replace(_LOG2, name="equal distributions", normalisation="quantile"),
    replace(_LOG2, name="imputed: MinProb", imputation="minprob"),
    replace(_LOG2, name="imputed: QRILC", imputation="qrilc"),
    replace(_LOG2, name="imputed: nearest neighbours", imputation="knn"),
    replace(_LOG2, name="seen in 70 % of samples", seen_in=0.7),
    replace(_LOG2, name="prior not robust", method="trend"),
    replace(_LOG2, name="prior without trend", method="constant"),
    replace(_LOG2, name="samples weighed", method="array_weights"),
)
COUNT_CHOICES = (
    _COUNTS,
    replace(_COUNTS, name="library sizes as they are", normalisation="none"),
    replace(_COUNTS, name="seen in 70 % of samples", seen_in=0.7),
    replace(_COUNTS, name="samples weighed", method="voom_quality"),
    replace(_COUNTS, name="log2 counts, trend", method="trend_robust"),
    replace(_COUNTS, name="negative binomial", method="negative_binomial"),
)


def compare_choices(
    values: np.ndarray,
    features: Sequence[str],
    design: Design,
    contrast: np.ndarray,
    choices: Sequence[Choice],
    *,
    counts: bool = False,
    block: Sequence | None = None,
    alpha: float = 0.05,
    seed: int = 0,
) -> pd.DataFrame:
    """Estimate one contrast under each choice.

    Parameters
    ----------
    values
        Log2 abundances with NaN for missing, or counts, (features x samples).
    features
        Their names.
    design, contrast
        (samples x coefficients), and (coefficients,).
    choices
        The first is the primary analysis; names unique.
    counts
        Whether ``values`` are counts.
    block
        Label per sample (subject, litter), whose samples correlate; the correlation is estimated per choice.
    alpha
        Level of q.
    seed
        Of the imputations.

    Returns
    -------
    pandas.DataFrame
        A row per choice x feature: ``choice, feature, log2fc, se, p, q, significant, same_sign``; ``q`` is
        Benjamini-Hochberg within the choice; ``same_sign`` compares with the primary analysis, and is missing
        where either has no estimate. A feature that the choice filtered out has NaN.

    Raises
    ------
    ValueError
        Names that are not unique, or a choice that does not fit the kind of values or the blocks.
    """
    names = [choice.name for choice in choices]
    if not names or len(set(names)) < len(names):
        raise ValueError(f"choices need unique names, found {names}")
    for choice in choices:
        _check(choice, counts)
        if choice.method == "negative_binomial" and block is not None:
            raise ValueError(f"{choice.name}: the negative binomial model has no blocks")
    tables = []
    for choice in choices:
        log2fc, se, p = (np.full(len(values), np.nan) for _ in range(3))
        kept = _kept(values, design, choice, counts)
        library = values.sum(axis=0)  # of counts: all of them, whatever the filter keeps
        found = _estimate(values[kept], library, design, contrast, choice, counts, block, seed)
        log2fc[kept], se[kept], p[kept] = found
        q = benjamini_hochberg(p)
        tables.append(
            pd.DataFrame({
                "choice": choice.name, "feature": features, "log2fc": log2fc, "se": se, "p": p, "q": q,
                "significant": q <= alpha,
            })
        )  # fmt: skip
    primary = tables[0]["log2fc"]
    for table in tables:
        agrees = (np.sign(table["log2fc"]) == np.sign(primary)).astype("boolean")
        table["same_sign"] = agrees.mask(table["log2fc"].isna() | primary.isna())
    return pd.concat(tables, ignore_index=True)


def survival(table: pd.DataFrame) -> pd.DataFrame:
    """Of each finding of the primary analysis: under how many choices it stands, and which one it fails.

    Parameters
    ----------
    table
        From :func:`compare_choices`.

    Returns
    -------
    pandas.DataFrame
        A row per finding, most robust first: ``feature, log2fc, q, stands`` (choices under which it is significant
        with the same sign), ``choices``, ``log2fc_low, log2fc_high`` (over all choices), ``fails`` (names of the
        others, comma separated).
    """
    order = pd.unique(table["choice"])
    primary = table[table["choice"] == order[0]].set_index("feature")
    findings = primary.index[primary["significant"]]
    stands = (table["significant"] & table["same_sign"].fillna(False)).astype(bool)
    standing = _wide(table.assign(stands=stands), "stands", order).loc[findings].astype(bool)
    effects = _wide(table, "log2fc", order).loc[findings]
    result = pd.DataFrame({
        "feature": findings,
        "log2fc": primary.loc[findings, "log2fc"].to_numpy(),
        "q": primary.loc[findings, "q"].to_numpy(),
        "stands": standing.sum(axis=1).to_numpy(),
        "choices": len(order),
        "log2fc_low": effects.min(axis=1).to_numpy(),
        "log2fc_high": effects.max(axis=1).to_numpy(),
        "fails": [", ".join(standing.columns[~row]) for row in standing.to_numpy()],
    })  # fmt: skip
    return result.sort_values(["stands", "q"], ascending=[False, True], kind="stable", ignore_index=True)


def summarise_choices(table: pd.DataFrame) -> pd.DataFrame:
    """Of each choice: what it tests and finds, and what it keeps of the primary findings.

    Parameters
    ----------
    table
        From :func:`compare_choices`.

    Returns
    -------
    pandas.DataFrame
        A row per choice: ``choice, tested, significant, kept`` (primary findings significant here with the same
        sign), ``lost, gained, reversed`` (primary findings with the other sign), ``correlation`` of log2fc.
    """
    order = pd.unique(table["choice"])
    effects, calls = _wide(table, "log2fc", order), _wide(table, "significant", order).astype(bool)
    primary, found = effects[order[0]], calls[order[0]]
    rows = []
    for choice in order:
        here, called = effects[choice], calls[choice]
        same = np.sign(here) == np.sign(primary)
        both = here.notna() & primary.notna()
        rows.append({
            "choice": choice,
            "tested": int(here.notna().sum()),
            "significant": int(called.sum()),
            "kept": int((found & called & same).sum()),
            "lost": int((found & ~(called & same)).sum()),
            "gained": int((called & ~found).sum()),
            "reversed": int((found & both & ~same).sum()),
            "correlation": here[both].corr(primary[both]),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _wide(table: pd.DataFrame, column: str, order: Sequence[str]) -> pd.DataFrame:
    """One column per choice, features in their order."""
    blocks = {
        choice: block.set_index("feature")[column] for choice, block in table.groupby("choice", sort=False)
    }
    return pd.DataFrame({choice: blocks[choice] for choice in order})


def _check(choice: Choice, counts: bool) -> None:
    """Refuse choices that mean nothing for this kind of values."""
    count_methods = {"voom", "voom_quality", "negative_binomial"}
    for field, kind in (("normalisation", Normalisation), ("imputation", Imputation), ("method", Method)):
        if getattr(choice, field) not in get_args(kind):
            raise ValueError(f"{choice.name}: {field} must be one of {', '.join(get_args(kind))}")
    if counts and (choice.imputation != "none" or choice.normalisation in {"median", "quantile"}):
        raise ValueError(
            f"{choice.name}: counts are neither imputed nor brought to equal medians or distributions"
        )
    if not counts and (choice.method in count_methods or choice.normalisation == "tmm" or choice.expressed):
        raise ValueError(f"{choice.name}: {choice.method} with {choice.normalisation} is for counts")


def _kept(values: np.ndarray, design: Design, choice: Choice, counts: bool) -> np.ndarray:
    """Features that pass the choice's filters."""
    seen = values > 0 if counts else np.isfinite(values)
    kept = seen.mean(axis=1) >= max(choice.seen_in, 1e-12)
    return kept & filter_by_expression(values, design) if choice.expressed else kept


def _estimate(
    values: np.ndarray,
    library: np.ndarray,
    design: Design,
    contrast: np.ndarray,
    choice: Choice,
    counts: bool,
    block: Sequence | None,
    seed: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log2 fold change, standard error and p of each feature."""
    contrast = np.asarray(contrast, dtype=float).reshape(-1, 1)
    weights = None
    if counts:
        lib_size = library * (tmm_factors(values, library) if choice.normalisation == "tmm" else 1.0)
        match choice.method:
            case "negative_binomial":
                from sevaxis.models.counts.negative_binomial import fit_negative_binomial, wald

                size_factors = lib_size / np.exp(np.mean(np.log(lib_size)))
                test = wald(fit_negative_binomial(values, design.matrix, size_factors=size_factors), contrast)
                return test.log2fc[:, 0], test.se[:, 0], test.p[:, 0]
            case "voom":
                values, weights = voom(values, design, lib_size=lib_size)
            case "voom_quality":
                values, weights, _ = voom_quality(values, design, lib_size=lib_size)
            case _:
                values = log_cpm(values, lib_size)
    else:
        values = _normalise(values, choice.normalisation)
        if choice.imputation != "none":
            values = impute(values, choice.imputation, seed=seed)
    if choice.method == "array_weights":
        weights = array_weights(values, design)
    correlation = None if block is None else duplicate_correlation(values, design, block, weights=weights)
    fit = fit_linear(values, design, weights=weights, block=block, correlation=correlation).contrast(contrast)
    plain = choice.method in {"voom", "voom_quality", "constant"}
    robust = choice.method in {"trend_robust", "array_weights"}
    moderated = moderate(fit, trend=not plain, robust=robust)
    return moderated.log2fc[:, 0], moderated.se[:, 0], moderated.p[:, 0]


def _normalise(log2: np.ndarray, method: str) -> np.ndarray:
    """Samples with equal medians, or with equal distributions, missing values left out."""
    if method == "none":
        return log2
    if method == "median":
        middle = np.nanmedian(log2, axis=0)
        return log2 - (middle - middle.mean())
    # each sample's quantile function is read at the same levels, ranks then look up the mean of these functions
    # (Bolstad et al. 2003, Bioinformatics 19:185; levels, because samples differ in how much is missing)
    levels = np.linspace(0, 1, len(log2))
    reference = np.nanquantile(log2, levels, axis=0).mean(axis=1)
    ranks = pd.DataFrame(log2).rank()
    share = ((ranks - 1) / (ranks.max() - 1)).to_numpy()
    return np.where(np.isfinite(log2), np.interp(share, levels, reference), np.nan)
