"""Mixed models of a few clinical outcomes with several random terms, through statsmodels, convergence checked."""

import re
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

# Tried in this order until one converges with finite errors (all of them documented for statsmodels' MixedLM)
OPTIMISERS = ("lbfgs", "bfgs", "cg", "powell")
MAX_ITERATIONS = 2000
SINGULAR_SHARE = 1e-6  # variance of a random term, relative to the residual, that counts as 0

_TOKEN = re.compile(r"\s*(?:([A-Za-z_]\w*)|[01]|[-+*:()~])\s*")


@dataclass(frozen=True)
class MixedFormulaFit:
    """One mixed model.

    Attributes
    ----------
    fixed : DataFrame
        Rows are terms; columns estimate, se, z, p, ci_low, ci_high (normal approximation: with few groups
        the p-values are somewhat too small).
    random : DataFrame
        Rows are random terms; columns variance, and singular where it is estimated as 0.
    variance_residual : float
    n, groups : int
        Observations used, and groups among them.
    dropped : int
        Rows left out for a missing value.
    converged : bool
    optimiser : str
        The one that converged; empty where none did.
    messages : tuple of str
        What the optimisers said on the way, without repetition.
    """

    fixed: pd.DataFrame
    random: pd.DataFrame
    variance_residual: float
    n: int
    groups: int
    dropped: int
    converged: bool
    optimiser: str
    messages: tuple[str, ...]


def fit_mixed_formula(
    data: pd.DataFrame,
    formula: str,
    group: str,
    *,
    random: str = "1",
    components: dict[str, str] | None = None,
) -> MixedFormulaFit:
    """Fit a linear mixed model by restricted maximum likelihood (statsmodels `MixedLM`).

    Parameters
    ----------
    data : DataFrame
        One row per observation. Rows with a missing value in a column used are left out and counted.
    formula : str
        `outcome ~ terms`: column names, 0, 1 and the operators + - * : ( ) only, so that a text from a
        configuration cannot run code. Transform columns beforehand.
    group : str
        Column of the subject (or centre) within which observations are correlated.
    random : str
        Terms that vary from group to group, correlated with each other: `1`, or `1 + load_within`.
    components : dict of str to str, optional
        Further independent random terms within a group: name -> categorical column.

    Returns
    -------
    MixedFormulaFit
        Also where nothing converged: `converged` is then False and estimates are NaN.

    Raises
    ------
    ValueError
        Anything else in a formula; unknown columns; fewer than two groups; infinite values.
    """
    from statsmodels.regression.mixed_linear_model import MixedLM

    components = components or {}
    if formula.count("~") != 1 or "~" in random:
        raise ValueError(
            f"{formula!r} with random terms {random!r}: write `outcome ~ terms`, then terms only"
        )
    names = [group, *components.values(), *_names(formula), *_names(random)]
    unknown = sorted(set(names) - set(data.columns))
    if unknown:
        raise ValueError(
            f"unknown column(s) {', '.join(unknown)}; there are: {', '.join(map(str, data.columns))}"
        )
    complete = data[list(dict.fromkeys(names))].dropna()
    if np.isinf(complete.select_dtypes("number").to_numpy(dtype=float)).any():
        raise ValueError(f"infinite values among the columns {', '.join(complete.columns)}")
    groups = complete[group].nunique()
    if groups < 2:
        raise ValueError(f"column {group!r} has {groups} group(s) in complete rows: at least 2 are needed")

    model = MixedLM.from_formula(
        formula,
        complete,
        groups=group,
        re_formula=random,
        vc_formula={name: f"0 + C({column})" for name, column in components.items()} or None,
    )
    messages: list[str] = []
    chosen, optimiser = None, ""
    for candidate in OPTIMISERS:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            try:
                result = model.fit(reml=True, method=candidate, maxiter=MAX_ITERATIONS)
            except np.linalg.LinAlgError as error:
                messages.append(f"{candidate}: {error}")
                continue
        messages += [f"{candidate}: {warning.message}" for warning in said]
        if result.converged and np.isfinite(result.bse_fe).all():
            chosen, optimiser = result, candidate
            break

    terms = model.exog_names
    fixed = pd.DataFrame(np.nan, index=terms, columns=["estimate", "se", "z", "p", "ci_low", "ci_high"])
    random_terms = [*model.data.exog_re_names, *components]
    variances = pd.DataFrame({"variance": np.nan, "singular": False}, index=random_terms)
    if chosen is not None:
        fixed["estimate"], fixed["se"] = chosen.fe_params, chosen.bse_fe
        fixed["z"], fixed["p"] = chosen.tvalues[terms], chosen.pvalues[terms]
        fixed[["ci_low", "ci_high"]] = chosen.conf_int().loc[terms].to_numpy()
        variances["variance"] = [*np.diag(np.atleast_2d(chosen.cov_re)), *chosen.vcomp]
        variances["singular"] = variances["variance"] < SINGULAR_SHARE * chosen.scale
    return MixedFormulaFit(
        fixed=fixed,
        random=variances,
        variance_residual=float(chosen.scale) if chosen is not None else np.nan,
        n=len(complete),
        groups=groups,
        dropped=len(data) - len(complete),
        converged=chosen is not None,
        optimiser=optimiser,
        messages=tuple(dict.fromkeys(messages)),
    )


def _names(formula: str) -> list[str]:
    """Column names of a formula that holds nothing but names, 0, 1 and operators."""
    names, position = [], 0
    while position < len(formula):
        token = _TOKEN.match(formula, position)
        if token is None:
            raise ValueError(
                f"formula {formula!r}: {formula[position:]!r} is not allowed; "
                "column names, 0, 1 and + - * : ( ) are"
            )
        if token[1]:
            names.append(token[1])
        position = token.end()
    return names
