"""The studies that are simulated: designs of vesicle work, one record each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Scenario:
    """One design.

    Attributes
    ----------
    name
        What the tables call it.
    case, reference
        Samples a side (subjects, where these have replicates).
    sexes
        ``one``, or ``both``: every other sample is female, unless ``females`` says how many of the case and of the
        reference are.
    pairs
        Subjects on both sides; the others are on one.
    replicates
        Samples of each subject, on its own side.
    correlation
        Share of the variance that samples of a subject have in common.
    batches
        ``even``: two, each with half of either side; ``uneven``: three quarters of the cases and a quarter of the
        reference in one; ``one-sided``: even, and a third with two case samples only.
    missing
        Empty, a share of values, ``intensity`` (the lower the likelier, about a fifth), ``rates`` (each feature has its
        rate of detection, from 0 to 1), ``batch`` (rates, lower by half in one batch), ``depth`` (rates, and samples
        that see less of everything).
    scatter
        Standard deviation of the case over that of the reference.
    noise
        ``normal``; ``heavy``: t of 5 df; ``sample``: one sample scatters three times as much; ``equal``: all features
        have one variance.
    one_sided
        Share of features that are twice as abundant in the case.
    covariate
        Whether a numeric covariate enters the model.
    method, options
        Of the card; the default of the assay where they are empty. Methods of counts get counts.
    size
        Share of the usual number of simulated studies, for those that cost more.
    """

    name: str
    case: int
    reference: int
    sexes: str = "one"
    females: tuple[int, int] | None = None
    pairs: int = 0
    replicates: int = 1
    correlation: float = 0.6
    batches: str = ""
    missing: str | float = ""
    scatter: float = 1.0
    noise: str = "normal"
    one_sided: float = 0.0
    covariate: bool = False
    method: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    size: float = 1.0

    @property
    def counted(self) -> bool:
        """Whether the values are counts."""
        return self.method in ("voom", "voom_quality", "ql", "negative_binomial")

    @property
    def both(self) -> bool:
        """Whether both sexes are there."""
        return self.sexes == "both"

    @property
    def presence(self) -> bool:
        """Whether detection has rates of its own, so that presence can be planted without abundance."""
        return self.missing in ("rates", "batch", "depth")


SCENARIOS = (
    # intensities, complete
    *(Scenario(f"{n} v {n}", n, n) for n in (3, 4, 6, 10, 20)),
    Scenario("3 v 5", 3, 5),
    Scenario("4 v 12", 4, 12),
    *(Scenario(f"{n} v {n}, both sexes", n, n, "both") for n in (4, 6, 12, 20)),
    Scenario("8 v 8, both sexes, few males", 8, 8, "both", females=(6, 5)),
    Scenario("6 v 6, one variance", 6, 6, noise="equal"),
    Scenario("6 v 6, heavy tails", 6, 6, noise="heavy"),
    # pairs, replicates, batches
    Scenario("4 pairs", 4, 4, pairs=4),
    Scenario("8 pairs", 8, 8, pairs=8),
    Scenario("8 pairs, both sexes", 8, 8, "both", pairs=8),
    Scenario("8 v 8, 5 pairs", 8, 8, pairs=5),
    Scenario("4 v 4, 3 replicates each", 4, 4, replicates=3),
    Scenario("8 v 8, two batches", 8, 8, batches="even"),
    Scenario("8 v 8, uneven batches", 8, 8, batches="uneven"),
    Scenario("10 v 8, a batch of one side", 10, 8, batches="one-sided"),
    Scenario("12 v 12, both sexes, uneven batches", 12, 12, "both", batches="uneven"),
    # missing values
    *(Scenario(f"{n} v {n}, 15 % missing", n, n, missing=0.15) for n in (4, 8)),
    Scenario("12 v 12, both sexes, 30 % missing", 12, 12, "both", missing=0.3),
    Scenario("8 pairs, 15 % missing", 8, 8, pairs=8, missing=0.15),
    *(Scenario(f"{n} v {n}, missing by intensity", n, n, missing="intensity") for n in (4, 10)),
    Scenario("12 v 12, both sexes, missing by intensity", 12, 12, "both", missing="intensity"),
    *(
        Scenario(
            f"{n} v {n}, missing by intensity, curve", n, n, missing="intensity", options={"missing": "curve"}
        )
        for n in (4, 10)
    ),
    Scenario(
        "12 v 12, both sexes, missing by intensity, curve",
        12,
        12,
        "both",
        missing="intensity",
        options={"missing": "curve"},
    ),
    Scenario("12 v 12, covariate, 20 % missing", 12, 12, covariate=True, missing=0.2),
    # presence
    Scenario("6 v 6, rates of detection", 6, 6, missing="rates"),
    Scenario("10 v 10, samples of unequal depth", 10, 10, missing="depth"),
    Scenario("12 v 12, both sexes, rates of detection", 12, 12, "both", missing="rates"),
    Scenario("10 pairs, rates of detection", 10, 10, pairs=10, missing="rates"),
    Scenario("12 v 12, uneven batches that detect unequally", 12, 12, batches="uneven", missing="batch"),
    # scatter
    Scenario("4 v 8, case scatters 2.5 times", 4, 8, scatter=2.5),
    Scenario("6 v 6, case scatters 2.5 times", 6, 6, scatter=2.5),
    Scenario("8 v 8, both sexes, case scatters twice", 8, 8, "both", scatter=2.0),
    Scenario("6 v 6, a noisy sample", 6, 6, noise="sample"),
    Scenario("8 v 8, a fifth doubles", 8, 8, one_sided=0.2),
    # counts
    Scenario("4 v 4, voom", 4, 4, method="voom"),
    Scenario("10 v 10, both sexes, voom", 10, 10, "both", method="voom", size=0.5),
    Scenario("8 v 8, uneven batches, voom", 8, 8, batches="uneven", method="voom", size=0.5),
    Scenario("3 v 3, quasi-likelihood", 3, 3, method="ql", size=0.5),
    Scenario("6 v 6, quasi-likelihood", 6, 6, method="ql", size=0.5),
    Scenario("4 v 4, negative binomial", 4, 4, method="negative_binomial", size=0.5),
    Scenario("12 v 12, both sexes, negative binomial", 12, 12, "both", method="negative_binomial", size=0.4),
)
