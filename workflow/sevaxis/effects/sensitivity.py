"""The same contrast under other reasonable choices: which findings survive them.

Normalisation, imputation, filtering and method are choices; a finding that hangs on one of them is weaker than
its q-value says. Nothing here replaces the primary analysis: it stands first, the others beside it, and all go through
the same records of methods.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from sevaxis.base.vocabulary import REPORTED, Normalisation, Scale
from sevaxis.effects.estimation import block_of, fit_filtered
from sevaxis.effects.methods import Method, load_method
from sevaxis.matrix.normalise import normalise
from sevaxis.models.inference.multiplicity import benjamini_hochberg
from sevaxis.models.intensities.imputation import impute

if TYPE_CHECKING:
    from anndata import AnnData

    from sevaxis.effects.methods import Estimates
    from sevaxis.models.linear.design import Design

Imputation = Literal["none", "minprob", "qrilc", "knn"]
Alignment = Literal["median", "mode", "quantile"]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One way to analyse.

    Attributes
    ----------
    name
        How it differs, as the table prints it.
    method, options
        What is fitted.
    normalisation
        Of the library sizes of counts, for methods that take counts; the method's default where it is None.
    alignment
        Log2 values only: brought to equal medians, equal modes of log ratios or equal distributions (``quantile``).
    imputation
        Log2 values only.
    seen_in
        Least share of samples in which a feature must be detected (a value, a count above 0).
    covariates
        Columns of the sheet in the model beside group, sex and batch; those of the card where it is None.
    """

    name: str
    method: str
    options: dict[str, Any] = field(default_factory=dict)
    covariates: tuple[str, ...] | None = None
    normalisation: Normalisation | None = None
    alignment: Alignment | None = None
    imputation: Imputation = "none"
    seen_in: float = 0.0


def choices_beside(
    method: Method,
    options: dict[str, Any],
    normalisation: Normalisation | None,
    *,
    counted: bool,
    paired: bool,
    missing: bool = True,
    curve: bool = False,
    assessed: str | None = None,
) -> tuple[Choice, ...]:
    """Other reasonable analyses beside the reported one, which stands first; each departs from it in one thing.

    Parameters
    ----------
    method, options, normalisation
        The reported analysis.
    counted
        Whether the data set holds counts.
    paired
        Whether subjects have several samples: methods that cannot take that into account are no choice then.
    missing
        Whether log2 values are missing: where none is, nothing is imputed.
    curve
        Whether they bear a detection curve.
    assessed
        How log2 values were aligned when they were assessed: the same again is no other choice.
    """
    scaling = normalisation or next(iter(method.normalisations), None)
    # log2 values arrive normalised: nothing is left to choose
    reported = {
        "method": method.name,
        "options": options,
        "normalisation": scaling if method.normalisations else None,
    }

    def beside(name: str, **changes: Any) -> Choice:
        return Choice(name=name, **{**reported, **changes})

    def other(name: str, of: str, **changed: Any) -> Choice:
        # what is not varied stays: subjects enter as they do in the reported analysis
        usual = {"subjects": "block", "missing": "observed"}
        known = load_method(of).options.model_fields.keys() & usual.keys()
        kept = {key: options.get(key, usual[key]) for key in known}
        return Choice(
            name=name,
            method=of,
            normalisation=next(iter(load_method(of).normalisations), None),
            options=load_method(of).parse({**kept, **changed}),
        )

    found = [beside(REPORTED), beside("seen in 70 % of samples", seen_in=0.7)]
    if counted:
        if method.takes == Scale.COUNTS:
            found.append(beside("library sizes as they are", normalisation=Normalisation.NONE))
        found += [
            other("voom", "voom"),
            other("samples weighed", "voom_quality"),
            other("log2 counts, trend", "trend"),
        ]
        if not paired:
            found += [
                other("negative binomial", "negative_binomial"),
                other("negative binomial, quasi-likelihood", "ql"),
            ]
    else:
        found += [
            *([beside("equal medians", alignment="median")] if assessed != Normalisation.MEDIAN else []),
            *([beside("equal modes", alignment="mode")] if assessed != Normalisation.MODE else []),
            beside("equal distributions", alignment="quantile"),
            other("prior robust", "trend"),
            other("prior not robust", "trend", robust=False),
            other("prior without trend", "trend", robust=False, trend=False),
            other("samples weighed", "trend", array_weights=True),
        ]
        if missing:
            left_out = {**options, "missing": "observed"} if "missing" in options else options
            if left_out != options:
                found.append(beside("missing values left out", options=left_out))
            elif curve and (not paired or options.get("subjects") == "fixed"):
                found.append(other("missing values by the detection curve", "trend", missing="curve"))
            found += [
                beside("imputed: MinProb", imputation="minprob", options=left_out),
                beside("imputed: QRILC", imputation="qrilc", options=left_out),
                beside("imputed: nearest neighbours", imputation="knn", options=left_out),
            ]
    if paired:
        if "subjects" in options:
            found += [
                beside("a mean for each subject", options={**options, "subjects": "fixed"}),
                beside("subjects as blocks", options={**options, "subjects": "block"}),
            ]
        found.append(other("random intercepts of subjects", "mixed"))
    same = {each.name for each in found[1:] if replace(each, name=found[0].name) == found[0]}
    return tuple(each for each in found if each.name not in same)


def fit_choice(
    adata: AnnData,
    choice: Choice,
    design: Design,
    contrasts: np.ndarray,
    cells: tuple[str, ...],
    *,
    seed: int = 0,
) -> Estimates:
    """Estimate contrasts under one choice.

    Parameters
    ----------
    adata
        Included samples, as for :func:`sevaxis.effects.estimation.estimate`.
    choice
        How.
    design, contrasts, cells
        (samples x coefficients), (coefficients x k), and the group of each sample for the filter of counts.
    seed
        Of the imputations.

    Raises
    ------
    ValueError
        A choice that does not fit the kind of values or the blocks, or that the data do not bear.
    """
    counted = adata.uns["dataset"]["scale"] == Scale.COUNTS
    method = _fitting_method(choice, counted, block_of(adata.obs) is not None)
    values = np.asarray(adata.X).T
    seen = (values > 0 if counted else np.isfinite(values)).mean(axis=1)
    kept = seen >= max(choice.seen_in, 1e-12)
    log2 = np.asarray(adata.layers["log2"]).T
    if choice.alignment is not None:
        log2 = _align(log2, choice.alignment)
    if choice.imputation != "none":
        log2 = _imputed(log2, kept, choice.imputation, seed)
    return fit_filtered(
        adata,
        method,
        choice.options,
        design,
        contrasts,
        cells,
        normalisation=choice.normalisation,
        log2=log2,
        keep=kept,
    )


def compare_choices(
    adata: AnnData,
    model: Callable[[Choice], tuple[Design, np.ndarray]],
    cells: tuple[str, ...],
    choices: Sequence[Choice],
    *,
    fdr: float = 0.05,
    seed: int = 0,
) -> pd.DataFrame:
    """Estimate one contrast under each choice.

    Parameters
    ----------
    adata, cells, seed
        As for :func:`fit_choice`.
    model
        Design of a choice and the contrast in it (coefficients).
    choices
        The first is the primary analysis; names unique.
    fdr
        Level of q.

    Returns
    -------
    pandas.DataFrame
        A row per choice x feature: ``choice, feature, log2fc, se, p, q, significant, same_sign``; ``q`` is
        Benjamini-Hochberg within the choice; ``same_sign`` compares with the primary analysis, and is missing
        where either has no estimate. A feature that the choice filtered out has NaN.

    Raises
    ------
    ValueError
        Names that are not unique, or as :func:`fit_choice`.
    """
    names = [choice.name for choice in choices]
    if not names or len(set(names)) < len(names):
        raise ValueError(f"choices need unique names, found {names}")
    tables = []
    for choice in choices:
        design, contrast = model(choice)
        found = fit_choice(adata, choice, design, contrast[:, None], cells, seed=seed)
        q = benjamini_hochberg(found.p_of_family[:, 0])
        tables.append(
            pd.DataFrame({
                "choice": choice.name, "feature": list(adata.var_names), "log2fc": found.log2fc[:, 0],
                "se": found.se[:, 0], "p": found.p[:, 0], "q": q, "significant": q < fdr,
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


def _fitting_method(choice: Choice, counted: bool, paired: bool) -> Method:
    """Method of a choice; refused where the choice means nothing for this kind of values."""
    method = load_method(choice.method)
    if counted and (choice.imputation != "none" or choice.alignment is not None):
        raise ValueError(
            f"{choice.name}: counts are neither imputed nor brought to equal medians or distributions"
        )
    if not counted and method.takes == Scale.COUNTS:
        raise ValueError(f"{choice.name}: {choice.method} is for counts")
    if paired and not method.knows_subjects:
        raise ValueError(f"{choice.name}: {choice.method} has no blocks")
    if not counted and choice.normalisation == Normalisation.TMM:
        raise ValueError(f"{choice.name}: {choice.normalisation} is for counts")
    return method


def _imputed(log2: np.ndarray, kept: np.ndarray, how: Imputation, seed: int) -> np.ndarray:
    """The values with missing ones imputed among the features that take part."""
    filled = log2.copy()
    filled[kept] = log2[kept] if how == "none" else impute(log2[kept], how, seed=seed)
    return filled


def _align(log2: np.ndarray, how: Alignment) -> np.ndarray:
    """Samples with equal medians, modes or distributions, missing values left out."""
    if how != "quantile":
        return normalise(log2.T, Scale.LOG2, how).log2.T
    # each sample's quantile function is read at the same levels, ranks then look up the mean of these functions
    # (Bolstad et al. 2003, Bioinformatics 19:185; levels, because samples differ in how much is missing)
    levels = np.linspace(0, 1, len(log2))
    reference = np.nanquantile(log2, levels, axis=0).mean(axis=1)
    ranks = pd.DataFrame(log2).rank()
    share = ((ranks - 1) / (ranks.max() - 1)).to_numpy()
    return np.where(np.isfinite(log2), np.interp(share, levels, reference), np.nan)
