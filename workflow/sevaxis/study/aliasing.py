"""What the samples of a design can tell apart, worked out by hand: a study is checked without numerical libraries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

#: What is smaller than this beside entries of about 1 is zero.
ZERO = 1e-9


@dataclass(frozen=True)
class Design:
    """Means of cells, and terms beside them, over some samples.

    Attributes
    ----------
    cells
        Cell of each sample.
    terms
        Term -> its value for each sample: texts are levels of a factor, numbers a slope.
    """

    cells: Sequence[str]
    terms: Mapping[str, Sequence[str] | Sequence[float]] = field(default_factory=dict)

    @cached_property
    def _columns(self) -> dict[tuple[str, str], int]:
        """Place of each coefficient; a factor has one for each level, so that some say what others do."""
        names = [("", cell) for cell in dict.fromkeys(self.cells)]
        for term, values in self.terms.items():
            levels = dict.fromkeys(value for value in values if isinstance(value, str))
            names += [(term, level) for level in levels or ("",)]
        return {name: place for place, name in enumerate(names)}

    @cached_property
    def _basis(self) -> list[tuple[int, list[float]]]:
        """Independent rows, each with the place of its leading 1."""
        basis: list[tuple[int, list[float]]] = []
        for row in dict.fromkeys(self._rows()):  # equal rows say the same
            rest = _reduce(row, basis)
            lead = max(range(len(rest)), key=lambda place: abs(rest[place]))
            if abs(rest[lead]) > ZERO:
                basis.append((lead, [entry / rest[lead] for entry in rest]))
        return basis

    def _rows(self) -> Iterable[tuple[float, ...]]:
        terms = {term: _unit(values) for term, values in self.terms.items()}
        for sample, cell in enumerate(self.cells):
            row = [0.0] * len(self._columns)
            row[self._columns["", cell]] = 1.0
            for term, values in terms.items():
                value = values[sample]
                if isinstance(value, str):
                    row[self._columns[term, value]] = 1.0
                else:
                    row[self._columns[term, ""]] = value
            yield tuple(row)

    @property
    def rank(self) -> int:
        """Number of coefficients that the samples can tell apart."""
        return len(self._basis)

    def estimates(self, weights: Mapping[str, float]) -> bool:
        """Whether the samples can tell a contrast of cells (cell -> weight; they sum to zero)."""
        if any(weight and ("", cell) not in self._columns for cell, weight in weights.items()):
            return False
        largest = max(map(abs, weights.values()))
        row = [0.0] * len(self._columns)
        for cell, weight in weights.items():
            if weight:
                row[self._columns["", cell]] = weight / largest
        return max(map(abs, _reduce(row, self._basis))) <= 1e3 * ZERO

    def without(self, *terms: str) -> Design:
        """The same samples without some terms."""
        return Design(self.cells, {term: values for term, values in self.terms.items() if term not in terms})

    def culprits(self, weights: Mapping[str, float]) -> tuple[tuple[str, ...], ...]:
        """Terms that a contrast cannot be told from: each alone, or else those that do it together."""
        if self.estimates(weights):
            return ()
        others = {term: [each for each in self.terms if each != term] for term in self.terms}
        alone = [term for term in self.terms if not self.without(*others[term]).estimates(weights)]
        together = [term for term in self.terms if self.without(term).estimates(weights)]
        return tuple((term,) for term in alone) or (tuple(together or self.terms),)


def _reduce(row: Sequence[float], basis: list[tuple[int, list[float]]]) -> list[float]:
    """What of a row the rows of a basis do not say."""
    rest = list(row)
    for lead, known in basis:
        share = rest[lead]
        if share:
            rest = [entry - share * other for entry, other in zip(rest, known, strict=True)]
            rest[lead] = 0.0
    return rest


def _unit(values: Sequence[str] | Sequence[float]) -> Sequence[str] | Sequence[float]:
    """Numbers about their mean, the largest 1: the verdict must not hang on years or days. Texts as they are."""
    numbers = [value for value in values if not isinstance(value, str)]
    if not numbers:
        return values
    mean = sum(numbers) / len(numbers)
    # of equal numbers nothing is left but rounding
    largest = max(abs(number - mean) for number in numbers)
    if largest <= ZERO * max(map(abs, numbers)):
        return [0.0] * len(numbers)
    return [(number - mean) / largest for number in numbers]
