"""What changed between two results of the same or of two studies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sevaxis.base.problems import Problem, Problems
from sevaxis.base.tables import read_named

if TYPE_CHECKING:
    import pandas as pd

KEY = ["dataset", "contrast", "stratum", "feature_id"]
#: Relative difference below which two numbers are the same.
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Changes:
    """Differences between two results.

    Attributes
    ----------
    effects
        One row per changed row of the effects table: the key, ``human_symbol``, ``change`` (added, removed, status,
        estimate, significance) and status, log2fc and q of both.
    readings
        One row per axis gene whose reading changed: the key, ``reading_a``, ``reading_b``.
    models, files, versions, code
        Sentences about what ran (``model.json``), inputs, packages and code that differ.
    """

    effects: pd.DataFrame
    readings: pd.DataFrame
    models: list[str]
    files: list[str]
    versions: list[str]
    code: list[str]

    def tell(self) -> list[str]:
        """The changes in plain sentences, the most important first."""
        lines = []
        for row in self.readings.itertuples(index=False):
            place = f"{row.human_symbol} in {row.dataset}, {row.contrast}, {row.stratum}"
            lines.append(f"{place}: was {_word(row.reading_a)}, is {_word(row.reading_b)}")
        counts = self.effects["change"].value_counts()
        for change, words in WORDS.items():
            if change in counts:
                of = self.effects.loc[self.effects["change"].eq(change), "dataset"].astype(str).unique()
                lines.append(f"{counts[change]} rows of effects: {words} ({', '.join(of)})")
        lines += self.models + self.files + self.code + self.versions
        return lines or ["Nothing changed."]


WORDS = {
    "significance": "q crossed the threshold",
    "status": "another status",
    "estimate": "another estimate, on the same side of the threshold",
    "added": "new",
    "removed": "gone",
}


#: What of a fit is a choice or follows from one -> its words.
CHOICES = {
    "method": "method",
    "normalisation": "normalisation",
    "filter": "filter",
    "precision_weights": "precision weights",
    "sample_weights": "sample weights",
    "robust": "robust prior",
    "trend": "trend of the prior",
    "count_prior": "count prior",
    "random_intercept": "random intercepts",
    "sexes": "sexes in the model",
    "design": "columns of the model",
    "samples": "samples in the model",
    "n_fitted": "features in the model",
}


def diff_runs(run_a: Path, run_b: Path, *, fdr: float = 0.05) -> Changes:
    """Say what changed between two results folders (``results/<study>``).

    Parameters
    ----------
    run_a, run_b
        Earlier and later result.
    fdr
        q whose crossing counts as a change of significance.

    Raises
    ------
    Problems
        A folder that holds no finished result.
    """
    _check(run_a, run_b)
    axes = [read_named(run / "axis.tsv")[[*KEY, "human_symbol", "reading"]] for run in (run_a, run_b)]
    axis = axes[0].merge(axes[1], on=[*KEY, "human_symbol"], how="outer", suffixes=("_a", "_b"), sort=False)
    readings = axis[axis["reading_a"].ne(axis["reading_b"])].reset_index(drop=True)
    a, b = (json.loads((run / "provenance.json").read_text()) for run in (run_a, run_b))
    files = [
        {f"{file['dataset']}/{file['name']}": file["sha256"] for file in side["files"]} for side in (a, b)
    ]
    return Changes(
        _effects(run_a, run_b, fdr),
        readings,
        _models(run_a, run_b),
        _differences("file", *files, values=False),
        _differences("version of", a["versions"], b["versions"]),
        _differences("code of", a["code"], b["code"], values=False),
    )


def _effects(run_a: Path, run_b: Path, fdr: float) -> pd.DataFrame:
    """Rows of effects that differ, and how."""
    import pandas as pd

    sides = [pd.read_parquet(run / "effects.parquet") for run in (run_a, run_b)]
    sides = [side.astype(dict.fromkeys([*KEY, "status"], "string")) for side in sides]
    columns = [*KEY, "human_symbol", "status", "log2fc", "se", "q"]
    both = sides[0][columns].merge(
        sides[1][columns], on=KEY, how="outer", suffixes=("_a", "_b"), indicator="side", sort=False
    )
    change = pd.Series(pd.NA, index=both.index, dtype="string")
    different = ~(_same(both, "log2fc") & _same(both, "se"))
    crossed = both["q_a"].lt(fdr) != both["q_b"].lt(fdr)
    change[different] = "estimate"
    change[crossed] = "significance"
    change[both["status_a"].ne(both["status_b"]).fillna(False)] = "status"
    change[both["side"].eq("left_only")] = "removed"
    change[both["side"].eq("right_only")] = "added"
    both["human_symbol"] = both["human_symbol_b"].fillna(both["human_symbol_a"])
    told = [*KEY, "human_symbol", "change", "status_a", "status_b", "log2fc_a", "log2fc_b", "q_a", "q_b"]
    return both.assign(change=change).loc[change.notna(), told].reset_index(drop=True)


def _models(run_a: Path, run_b: Path) -> list[str]:
    """What ran otherwise, and samples that came or went, for the data sets that both results have a model of."""
    told = []
    for path in sorted((run_b / "datasets").glob("*/model.json")):
        earlier = run_a / path.relative_to(run_b)
        if earlier.is_file():
            told += _fits(*(json.loads(side.read_text()) for side in (earlier, path)))
    return told


def _fits(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    """Differences between two ``model.json`` of one data set."""
    dataset = b["dataset"]
    fit_a, fit_b = ({name: fit for fit in side["fits"] for name in fit["contrasts"]} for side in (a, b))
    both = [name for name in fit_b if name in fit_a]
    told = []
    for choice, words in CHOICES.items():
        changed: dict[str, list[str]] = {}
        for name in both:
            was, now = (_spell(choice, side[name].get(choice)) for side in (fit_a, fit_b))
            if was != now:
                changed.setdefault(f"{was} -> {now}", []).append(name)
        for values, names in changed.items():
            where = "" if len(names) == len(both) else f" ({', '.join(names)})"
            told.append(f"{words} of {dataset}{where}: {values}")
    out_a, out_b = a["left_out"], b["left_out"]
    told += [
        f"{dataset}: sample {name} is left out now: {why}" for name, why in out_b.items() if name not in out_a
    ]
    told += [f"{dataset}: sample {name} takes part now" for name in out_a if name not in out_b]
    return told


def _spell(choice: str, value: Any) -> str:
    """A value of ``model.json`` as a card spells it; of sample weights, whether there are any."""
    if choice == "sample_weights" or isinstance(value, bool):
        return str(bool(value)).lower()
    if isinstance(value, list):
        return ", ".join(value)
    return "none" if value is None else str(value)


def _check(*runs: Path) -> None:
    wanted = ("effects.parquet", "axis.tsv", "provenance.json")
    problems = [
        Problem(
            "This folder holds no finished result",
            str(run),
            ", ".join(name for name in wanted if not (run / name).is_file()) + " missing",
            "a folder results/<study> after a finished run",
            "keep the earlier result: copy results/<study> before you run again",
        )
        for run in runs
        if not all((run / name).is_file() for name in wanted)
    ]
    if problems:
        raise Problems(problems)


def _same(both: pd.DataFrame, column: str) -> pd.Series:
    a, b = both[f"{column}_a"], both[f"{column}_b"]
    return (a.isna() & b.isna()) | ((a - b).abs() <= TOLERANCE * a.abs().clip(lower=1e-9))


def _differences(what: str, a: dict[str, str], b: dict[str, str], *, values: bool = True) -> list[str]:
    return [
        f"{what} {name}: {a.get(name, 'none')} -> {b.get(name, 'none')}"
        if values
        else f"{what} {name}: {'new' if name not in a else 'gone' if name not in b else 'changed'}"
        for name in sorted({*a, *b})
        if a.get(name) != b.get(name)
    ]


def _word(reading: object) -> str:
    return reading.replace("_", " ") if isinstance(reading, str) else "not there"
