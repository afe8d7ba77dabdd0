"""What changed between two results of the same or of two studies."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sevaxis.base.problems import Problem, Problems

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
    files, versions, code
        Sentences about inputs, packages and code that differ.
    """

    effects: pd.DataFrame
    readings: pd.DataFrame
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
        lines += self.files + self.code + self.versions
        return lines or ["Nothing changed."]


WORDS = {
    "significance": "q crossed the threshold",
    "status": "another status",
    "estimate": "another estimate, on the same side of the threshold",
    "added": "new",
    "removed": "gone",
}


def compare_runs(run_a: Path, run_b: Path, *, fdr: float = 0.05) -> Changes:
    """Compare two results folders (``results/<study>``).

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
    effects = both.assign(change=change).loc[change.notna(), told].reset_index(drop=True)

    axes = [
        pd.read_csv(run / "axis.tsv", sep="\t")[[*KEY, "human_symbol", "reading"]] for run in (run_a, run_b)
    ]
    axis = axes[0].merge(axes[1], on=[*KEY, "human_symbol"], how="outer", suffixes=("_a", "_b"), sort=False)
    readings = axis[axis["reading_a"].ne(axis["reading_b"])].reset_index(drop=True)
    a, b = (json.loads((run / "provenance.json").read_text()) for run in (run_a, run_b))
    files = [
        {f"{file['dataset']}/{file['name']}": file["sha256"] for file in side["files"]} for side in (a, b)
    ]
    return Changes(
        effects,
        readings,
        _differences("file", *files, values=False),
        _differences("version of", a["versions"], b["versions"]),
        _differences("code of", a["code"], b["code"], values=False),
    )


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
