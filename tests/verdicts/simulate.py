"""Simulated studies whose every verdict is known to be right or wrong.

A study is one matrix; its features come in blocks of four, and each block is read as the axis of a study of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import anndata as ad
import numpy as np
import pandas as pd
from sevaxis.base.vocabulary import BY_SEX, Stratum
from sevaxis.effects.strata import SHARES
from sevaxis.matrix.normalise import normalise
from sevaxis.study.card import AssessCard, CompareCard
from sevaxis.study.settings import Thresholds

from tests.verdicts.scenarios import Scenario

#: Genes of a block, and so of an axis.
GENES = ("A", "B", "C", "D")
MARGIN = Thresholds().smallest_effect
#: Effects that are found nearly always, in standard errors.
CLEAR = 9.0
#: The margin in standard errors of an average feature, so that equivalence can be shown.
WITHIN = 4.5
#: Degrees of freedom of the prior that variances come from.
PRIOR_DF = 6.0
#: Kind of block -> share of blocks; where both sexes are there.
KINDS = {"null": 0.5, "margin": 0.2, "power": 0.2, "repeat": 0.1}
KINDS_BY_SEX = {
    "null": 0.3, "margin": 0.12, "power": 0.12, "repeat": 0.06, "difference at the margin": 0.1, "one sex": 0.08,
    "twice": 0.08, "equal": 0.08, "opposite": 0.06,
}  # fmt: skip
PRESENT = "presence"
#: Features outside all blocks, without an effect, as many as a proteome or transcriptome has.
BULK, BULK_OF_COUNTS = 3000, 1500
OUTSIDE = "outside"


@dataclass(frozen=True)
class Study:
    """Everything about a simulated study but the values.

    Attributes
    ----------
    obs
        Facts of the samples.
    kind
        Of each feature's block, (features,).
    female, male
        True log2 fold changes, (features,).
    presence
        True log odds ratio of detection, where it is planted apart from the abundance, (features,).
    sigma, mean
        Standard deviation of the reference and mean of each feature (of counts: dispersion and log2 mean).
    """

    obs: pd.DataFrame
    kind: np.ndarray
    female: np.ndarray
    male: np.ndarray
    presence: np.ndarray
    sigma: np.ndarray
    mean: np.ndarray

    @property
    def true(self) -> dict[str, np.ndarray]:
        """True effect by stratum."""
        return by_stratum(self.female, self.male)

    @property
    def true_presence(self) -> dict[str, np.ndarray]:
        """True log odds ratio of detection by stratum; planted alike in both sexes."""
        return by_stratum(self.presence, self.presence)


def by_stratum(female: np.ndarray, male: np.ndarray) -> dict[str, np.ndarray]:
    """Effects of the strata from those of the sexes; the row of all samples is of equal sexes."""
    average = (female + male) / 2
    return {
        Stratum.ALL: average, Stratum.AVERAGE: average, Stratum.FEMALE: female, Stratum.MALE: male,
        Stratum.INTERACTION: male - female,
    }  # fmt: skip


def samples_of(scenario: Scenario, rng: np.random.Generator) -> pd.DataFrame:
    """Facts of the samples."""
    rows = []
    for group, n in (("over", scenario.case), ("control", scenario.reference)):
        n_females = None
        if scenario.females:
            n_females = scenario.females[0 if group == "over" else 1]
        for i in range(n):
            female = i % 2 == 0 if n_females is None else i < n_females
            sex = ("female" if female else "male") if scenario.both else "male"
            paired = i < scenario.pairs
            subject = f"m{i}" if paired else f"{group}{i}"
            batch = {
                "": None, "even": f"b{i // 2 % 2}", "one-sided": "b9" if i >= 8 else f"b{i // 2 % 2}",
                "uneven": f"b{int(i >= n * (0.75 if group == 'over' else 0.25))}",
            }[scenario.batches]  # fmt: skip
            rows += [(group, sex, batch, subject)] * scenario.replicates
    obs = pd.DataFrame(rows, columns=["group", "sex", "batch", "subject"]).astype(object)
    if not scenario.pairs and scenario.replicates == 1:
        obs["subject"] = None
    obs.index = [f"s{i}" for i in range(len(obs))]
    obs["age"] = rng.normal(size=len(obs))
    obs["offset"] = rng.normal(
        0, 0.3, len(obs)
    )  # of all values of a sample: the normalisation is to take it off
    return obs.assign(included=True, excluded_because="")


def design_of(obs: pd.DataFrame, scenario: Scenario) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Columns of the true model, and the weights of its coefficients by stratum."""
    cells = obs["group"] + " " + obs["sex"] if scenario.both else obs["group"]
    dummies = pd.get_dummies(cells, dtype=float)
    names = list(dummies.columns)
    parts = [dummies.to_numpy()]
    if scenario.batches:
        parts.append(pd.get_dummies(obs["batch"], drop_first=True, dtype=float).to_numpy())
    if scenario.covariate:
        parts.append(obs[["age"]].to_numpy(float))
    x = np.column_stack(parts)
    sexes = ("female", "male") if scenario.both else ("",)
    shares = {Stratum.ALL: (1.0,)}
    if scenario.both:
        shares = {stratum: tuple(SHARES[stratum].get(sex, 0.0) for sex in sexes) for stratum in BY_SEX}
    weights = {}
    for stratum, parts in shares.items():
        weights[stratum] = np.zeros(x.shape[1])
        for sex, share in zip(sexes, parts, strict=True):
            for group, sign in (("over", 1), ("control", -1)):
                weights[stratum][names.index(f"{group} {sex}".strip())] += sign * share
    return x, weights


def true_se(
    obs: pd.DataFrame, scenario: Scenario, sigma: np.ndarray, seen: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Standard errors of the best estimates, given the true variances and correlations: stratum -> (features,)."""
    x, weights = design_of(obs, scenario)
    n = len(obs)
    scale = np.where(obs["group"].eq("over"), scenario.scatter, 1.0)
    same = np.eye(n, dtype=bool)
    if scenario.pairs or scenario.replicates > 1:
        same = obs["subject"].to_numpy()[:, None] == obs["subject"].to_numpy()
    covariance = np.where(same, scenario.correlation, 0.0)
    np.fill_diagonal(covariance, 1.0)
    covariance *= scale[:, None] * scale
    if seen is None:
        inner = np.linalg.pinv(x.T @ np.linalg.solve(covariance, x))
        return {s: sigma * np.sqrt(w @ inner @ w) for s, w in weights.items()}
    both = seen[:, :, None] & seen[:, None, :]
    precision = np.linalg.inv(np.where(both, covariance, np.eye(n))) * both
    inner = np.linalg.pinv(np.einsum("ja,ijk,kb->iab", x, precision, x))
    return {s: sigma * np.sqrt(np.einsum("a,iab,b->i", w, inner, w)) for s, w in weights.items()}


def alternating(features: int) -> np.ndarray:
    """Signs of effects that cancel, so that no normalisation takes them for an offset; also over first genes."""
    feature = np.arange(features)
    return np.where((feature + feature // len(GENES)) % 2 == 0, 1.0, -1.0)


def draw_study(scenario: Scenario, blocks: int, rng: np.random.Generator) -> Study:
    """Draw features and plant the effects of each kind of block, but those of the power."""
    obs = samples_of(scenario, rng)
    shares = KINDS_BY_SEX if scenario.both else KINDS
    if scenario.presence:
        shares = {**shares, PRESENT: 0.15}
    if scenario.one_sided or scenario.missing == "intensity":
        shares = {kind: share for kind, share in shares.items() if kind not in ("power", "repeat")}
    if scenario.counted:
        shares = {kind: share for kind, share in shares.items() if kind != "power"}
    counts = {kind: max(int(blocks * share / sum(shares.values())), 1) for kind, share in shares.items()}
    bulk = BULK_OF_COUNTS if scenario.counted else BULK
    kind = np.repeat([*counts, OUTSIDE], [*(4 * count for count in counts.values()), bulk])
    features = len(kind)
    if scenario.counted:
        mean = rng.normal(7.5, 1.5, features)
        sigma = np.sqrt((0.02 + 1 / 2**mean) * rng.lognormal(0, 0.4, features))
        typical = np.sqrt(sigma**2 + 1 / 2**mean) / np.log(2)
    else:
        mean = rng.normal(25, 2, features)
        unit = true_se(obs, scenario, np.ones(1))
        spread = PRIOR_DF / rng.chisquare(PRIOR_DF, features) if scenario.noise != "equal" else 1.0
        whole = unit.get(Stratum.ALL, unit.get(Stratum.AVERAGE))
        sigma = np.broadcast_to(MARGIN / WITHIN / whole * np.sqrt(spread), features).copy()
        typical = sigma
    clear = true_se(obs, scenario, CLEAR * typical)
    of_sex = np.maximum(clear[Stratum.FEMALE], clear[Stratum.MALE]) if scenario.both else clear[Stratum.ALL]
    zero, sign = np.zeros(features), alternating(features)
    female, male = zero.copy(), zero.copy()
    plant = {
        "margin": (MARGIN, MARGIN), "difference at the margin": (-MARGIN / 2, MARGIN / 2), "one sex": (zero, of_sex),
        "twice": (of_sex, 2 * of_sex), "equal": (of_sex, of_sex), "opposite": (-of_sex, of_sex),
    }  # fmt: skip
    swap = rng.random(features) < 0.5
    for name, (one, other) in plant.items():
        at = kind == name
        one, other = np.broadcast_to(one, features), np.broadcast_to(other, features)
        female[at] = (sign * np.where(swap, one, other))[at]
        male[at] = (sign * np.where(swap, other, one))[at]
    if scenario.one_sided:
        double = np.flatnonzero(kind == OUTSIDE)[: int(scenario.one_sided * features)]
        female[double] = male[double] = 1.0
    presence = np.where((kind == PRESENT) & (np.arange(features) % 4 == 0), 6.0 * sign, 0.0)
    return Study(obs, kind, female, male, presence, sigma, mean)


def draw_values(study: Study, scenario: Scenario, rng: np.random.Generator) -> np.ndarray:
    """Noise, batches and sample offsets: log2 values without effects, complete; of counts their rates."""
    obs, features = study.obs, len(study.kind)
    n = len(obs)
    batches = rng.normal(0, 1, (features, 3)) * study.sigma[:, None]
    values = study.mean[:, None] + (
        batches[:, obs["batch"].astype("category").cat.codes] if scenario.batches else 0
    )
    values = values + obs["offset"].to_numpy()
    if scenario.counted:
        return values
    subjects = pd.factorize(obs["subject"].astype(str) + np.where(obs["subject"].isna(), obs.index, ""))[0]
    shared = rng.normal(size=(features, subjects.max() + 1))[:, subjects]
    own = (
        rng.standard_t(5, (features, n)) / np.sqrt(5 / 3)
        if scenario.noise == "heavy"
        else rng.normal(size=(features, n))
    )
    if scenario.noise == "sample":
        own[:, rng.integers(n)] *= 3
    rho = scenario.correlation if scenario.pairs or scenario.replicates > 1 else 0.0
    noise = np.sqrt(rho) * shared + np.sqrt(1 - rho) * own
    scale = np.where(obs["group"].eq("over"), scenario.scatter, 1.0)
    values = values + study.sigma[:, None] * scale * noise
    if scenario.covariate:
        values = values + 0.5 * study.sigma[:, None] * obs["age"].to_numpy()
    return values


def add_effects(values: np.ndarray, study: Study, scenario: Scenario) -> np.ndarray:
    """Values with the planted effects."""
    case, female = study.obs["group"].eq("over").to_numpy(), study.obs["sex"].eq("female").to_numpy()
    effect = (
        np.where(female, study.female[:, None], study.male[:, None])
        if scenario.both
        else (np.broadcast_to(((study.female + study.male) / 2)[:, None], values.shape))
    )
    return values + effect * case


def draw_detection(
    values: np.ndarray, study: Study, scenario: Scenario, rng: np.random.Generator
) -> np.ndarray | None:
    """Which values are seen, (features x samples); None where all are."""
    obs, (features, n) = study.obs, values.shape
    if not scenario.missing:
        return None
    if isinstance(scenario.missing, float):
        return rng.random(values.shape) >= scenario.missing
    if scenario.missing == "intensity":
        return rng.random(values.shape) < 1 / (1 + np.exp(-1.5 * (values - 23.0)))
    odds = rng.logistic(1, 1.5, (features, 1)) + np.zeros(n)
    odds[study.presence != 0] = 0.0
    if scenario.missing == "batch":
        odds = odds - 1.5 * obs["batch"].eq("b0").to_numpy()
    if scenario.missing == "depth":
        odds = odds + rng.normal(0, 1, n)
    sign = np.where(obs["group"].eq("over"), 0.5, -0.5)
    return rng.random(values.shape) < 1 / (1 + np.exp(-(odds + study.presence[:, None] * sign)))


def to_matrix(
    values: np.ndarray, seen: np.ndarray | None, study: Study, scenario: Scenario, rng: np.random.Generator
) -> ad.AnnData:
    """The assessed matrix: counted or log2 values, normalised as the card's default has it."""
    if scenario.counted:
        rate = 2.0**values
        size = 1 / study.sigma[:, None] ** 2
        x = rng.negative_binomial(size, size / (size + rate)).astype(float)
    else:
        x = values if seen is None else np.where(seen, values, np.nan)
    names = [f"f{i:05d}" for i in range(len(x))]
    var = pd.DataFrame({"symbol": names, "human_symbol": names}, index=names, dtype=object)
    adata = ad.AnnData(np.ascontiguousarray(x.T), obs=study.obs.copy(), var=var)
    scale = "counts" if scenario.counted else "log2"
    card = AssessCard.model_validate(_about(scenario))
    found = normalise(adata.X, scale, card.normalisation)
    adata.layers["log2"] = found.log2
    adata.uns["normalisation"] = {"method": str(card.normalisation), "text": found.text}
    adata.uns["dataset"] = {"scale": scale}
    return adata


def card_of(scenario: Scenario) -> CompareCard:
    """The card: nothing but the design, and the method where the scenario names one."""
    model: dict[str, Any] = dict(scenario.options)
    if scenario.method:
        model["method"] = scenario.method
    if scenario.covariate:
        model["covariates"] = ["age"]
    contrast = {"name": "effect", "role": "overtraining", "case": "over", "reference": "control"}
    return CompareCard.model_validate({**_about(scenario), "model": model, "contrasts": [contrast]})


def _about(scenario: Scenario) -> dict[str, Any]:
    assay = "rna_counts" if scenario.counted else "protein"
    place = {"tissue": "muscle", "compartment": "sev"}
    return {"id": "simulated", "organism": "human", "assay": assay, **place}


def with_effects(study: Study, effects: Mapping[str, np.ndarray]) -> Study:
    """The study with an effect, the same in both sexes, of the first gene in blocks of some kinds."""
    female, male = study.female.copy(), study.male.copy()
    first, sign = np.arange(len(study.kind)) % 4 == 0, alternating(len(study.kind))
    for kind, effect in effects.items():
        at = first & (study.kind == kind) & ~np.isnan(effect)
        female[at] = male[at] = (sign * effect)[at]
    return replace(study, female=female, male=male)
