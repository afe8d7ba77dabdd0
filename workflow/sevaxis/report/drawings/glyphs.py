"""Small drawings inside tables: an estimate with its interval on a common scale, as percentages for CSS."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sevaxis.report.words import missing

#: Widest scale of a glyph, in log2 units: 16-fold either way. What lies beyond ends in an arrow.
WIDEST = 4.0
#: Percent of the width from the middle to the end of the scale; the rest is room for whole dots and arrows.
SPAN = 46


@dataclass(frozen=True)
class Glyph:
    """Positions in percent of the width; None where there is nothing to draw.

    A point outside the scale is an arrow at its end, without an interval.
    """

    point: float
    outside: bool
    low: float | None
    high: float | None
    beyond_low: bool
    beyond_high: bool
    mde_low: float | None = None
    mde_high: float | None = None


def reach(values: Iterable[float], widest: float = WIDEST) -> float:
    """Half-width of a common scale: the next half unit above the largest value, from 1 to ``widest``."""
    largest = max((abs(value) for value in values if not missing(value)), default=1.0)
    return min(max(-(-largest // 0.5) * 0.5, 1.0), widest)


def place(value: float, half: float) -> float:
    """Where a value lies on a scale from -half to half, in percent of the width; beyond it, its end."""
    return round(50 + SPAN * max(-half, min(half, value)) / half, 1)


def glyph(log2fc: float, low: float, high: float, half: float, mde: float | None = None) -> Glyph:
    """Estimate, interval and minimum detectable effect (either side of zero) on a scale from -half to half."""
    outside = abs(log2fc) > half
    known = not (missing(low) or missing(high) or outside)
    shown = mde if mde is not None and not missing(mde) and mde <= half else None
    return Glyph(
        point=place(log2fc, half),
        outside=outside,
        low=place(low, half) if known else None,
        high=place(high, half) if known else None,
        beyond_low=known and low < -half,
        beyond_high=known and high > half,
        mde_low=None if shown is None else place(-shown, half),
        mde_high=None if shown is None else place(shown, half),
    )


def tint(log2fc: float, half: float) -> int:
    """Strength of a cell's colour in percent, by the size of the effect."""
    return round(12 + 58 * min(abs(log2fc) / half, 1.0))
