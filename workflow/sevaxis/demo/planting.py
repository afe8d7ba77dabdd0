"""What is planted: the true log2 shift of every feature in every group and sex, and the contrasts' truth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

SEXES = ("female", "male")
#: Stratum -> weights of the female and the male effect, as the models define them.
STRATA = {"female": (1.0, 0.0), "male": (0.0, 1.0), "average": (0.5, 0.5), "interaction": (-1.0, 1.0)}


@dataclass(frozen=True)
class Told:
    """One effect of the demo's story.

    Attributes
    ----------
    symbols
        Human symbols that it concerns.
    groups
        Groups that are shifted.
    shift
        Log2 shift of these groups, for females and males alike or as (female, male).
    note
        What it is there for, in words.
    """

    symbols: str
    groups: Sequence[str]
    shift: float | tuple[float, float]
    note: str


class Planted:
    """True shifts of a data set.

    Parameters
    ----------
    features
        Index: feature ids as the data file has them; columns ``symbol``, ``human_symbol``, ``named`` (a real gene).
    groups
        Levels of the sheet's group column.
    contrasts
        Name -> weight of each level, as in the card.

    Attributes
    ----------
    shifts
        Features x (group, sex): true log2 shift against the feature's baseline.
    notes
        Feature -> words.
    """

    def __init__(
        self, features: pd.DataFrame, groups: Sequence[str], contrasts: Mapping[str, Mapping[str, float]]
    ):
        self.features = features
        self.contrasts = contrasts
        columns = pd.MultiIndex.from_product([groups, SEXES], names=["group", "sex"])
        self.shifts = pd.DataFrame(0.0, index=features.index, columns=columns)
        self.notes = pd.Series("", index=features.index)

    def tell(self, story: Iterable[Told]) -> None:
        """Plant the named effects; those of a gene that is told of twice add up."""
        for told in story:
            chosen = self.features.index[self.features["human_symbol"].isin(told.symbols.split())]
            by_sex = told.shift if isinstance(told.shift, tuple) else (told.shift, told.shift)
            for group in told.groups:
                for sex, shift in zip(SEXES, by_sex, strict=True):
                    self.shifts.loc[chosen, (group, sex)] += shift
            self.notes[chosen] = (self.notes[chosen] + "; " + told.note).str.removeprefix("; ")

    def scatter(self, rng: np.random.Generator, groups: Sequence[str], share: float, note: str) -> None:
        """Plant effects of both signs on a random share of the made-up features.

        Sizes are 0.3 plus an exponential of mean 0.7 (log2): many too small for the samples, a few very large.
        One in eight is confined to one sex.
        """
        free = self.features.index[self.notes.eq("") & ~self.features["named"]]
        chosen = free[rng.random(len(free)) < share]
        size = (0.3 + rng.exponential(0.7, len(chosen))) * rng.choice([-1.0, 1.0], len(chosen))
        confined = rng.random(len(chosen)) < 1 / 8
        only = rng.choice(SEXES, len(chosen))
        for group in groups:
            for sex in SEXES:
                self.shifts.loc[chosen, (group, sex)] += np.where(confined & (only != sex), 0.0, size)
        self.notes[chosen] = np.where(confined, note + ", one sex only", note)

    def of_samples(self, samples: pd.DataFrame) -> np.ndarray:
        """Shifts of samples by their group and true sex; features x samples, log2."""
        return self.shifts[list(zip(samples["group"], samples["sex"], strict=True))].to_numpy()

    def truth(self) -> pd.DataFrame:
        """True effect of every contrast, stratum and feature."""
        tables = []
        for name, weights in self.contrasts.items():
            effect = {
                sex: sum(weight * self.shifts[level, sex] for level, weight in weights.items())
                for sex in SEXES
            }
            for stratum, (female, male) in STRATA.items():
                log2fc = (female * effect["female"] + male * effect["male"]).round(6)
                tables.append(
                    pd.DataFrame(
                        {
                            "contrast": name,
                            "stratum": stratum,
                            "feature_id": self.features.index,
                            "human_symbol": self.features["human_symbol"].to_numpy(),
                            "log2fc": log2fc.to_numpy() + 0.0,  # no -0
                            "planted": log2fc.ne(0).astype(int).to_numpy(),
                            "note": self.notes.to_numpy(),
                        }
                    )
                )
        return pd.concat(tables, ignore_index=True)
