"""What numbers tell of where they come from: the base of logarithms, and whether whole numbers are reads as counted.

Both answer with sentences, for drafts that ask and checks that refuse.
"""

from __future__ import annotations

import numpy as np

#: Bases of logarithms: as a card says them, and as numbers.
BASES = {"log2": 2.0, "ln": float(np.e), "log10": 10.0}
#: Fewest values whose originals tell whole numbers from others, and the share of them that must be whole.
ENOUGH, NEARLY_ALL = 25, 0.97
#: No logarithm of a measured value is larger.
LARGEST = 60.0
#: From the 1st to the 99th percentile, intensities and reads span some 9 to 15 powers of two: a factor of 500 to 30,000
#: (eleven sets of the field measured: 8.6 to 14.7). Spans below these are those of the other logarithms.
SPAN_LOG10, SPAN_LN = 5.2, 8.3
#: Log10 of anything measured is below this; log10 and ln of intensities have no negative values.
LARGEST_LOG10, LARGEST_LN = 12.5, 28.0
#: Reads of different samples never add up to totals this close; fewest samples that show it.
EQUAL_TOTALS, SEVERAL = 0.01, 4
#: A whole number that no gene has, between two that this many genes have, is left out by a multiplication.
NEIGHBOURS, SMALL = 40, 80
#: Genes of a whole transcriptome, whose reads are millions.
MANY_GENES, FEW_READS = 10_000, 1e6


def whole_in_base(values: np.ndarray) -> str | None:
    """Name of the base whose powers are whole numbers (less 0 or a pseudocount of 1); None where no base's are.

    Parameters
    ----------
    values
        Logarithms, samples x features or any shape; missing values are left out.

    Notes
    -----
    A value printed with d decimals gives its original back to a relative error of 0.5 * 10^-d * ln(base): only
    originals that are known better than to a tenth are looked at.
    """
    known = np.unique(values[np.isfinite(values) & (values != 0) & (np.abs(values) < LARGEST)])
    if known.size > 20_000:
        known = known[:: known.size // 20_000]
    if known.size < ENOUGH:
        return None
    decimals = next(
        (d for d in range(1, 13) if np.mean(np.abs(known - np.round(known, d)) < 1e-13) > 0.99), 13
    )
    for name, base in BASES.items():
        original = base**known
        error = original * np.log(base) * 0.5 * 10.0**-decimals
        usable = (original > 1.5) & (original < 1e9) & (error < 0.05)
        if usable.sum() < ENOUGH:
            continue
        away = np.abs(original[usable] - np.rint(original[usable]))
        if np.mean(away <= np.maximum(2 * error[usable], 1e-6)) > NEARLY_ALL:
            return name
    return None


def doubt_log2(values: np.ndarray) -> str | None:
    """Why logarithms may be to another base than two, with both readings; None where nothing says so."""
    known = values[np.isfinite(values) & (values != 0)]
    if known.size < ENOUGH:
        return None
    if standardised(values):
        return (
            "every feature has mean 0 and standard deviation 1: these are z-scores, whose differences are no fold "
            "changes; take the table before they were made"
        )
    said = whole_in_base(values)
    if said == "log2":
        return None
    if said is not None:
        base = "10" if said == "log10" else "e"
        return f"{said}, as {base} to the power of the values are whole numbers; otherwise log2"
    low, high = np.percentile(known, [1, 99])
    if low < 0:  # ratios, which no span tells
        return None
    span, largest = high - low, known.max()
    factors = {name: f"{base**span:,.0f}" for name, base in BASES.items()}
    if span < SPAN_LOG10 and largest < LARGEST_LOG10:
        return (
            f"log10 or log2? From the 1st to the 99th percentile the values span {span:.1f}: a factor of "
            f"{factors['log10']} if log10, of only {factors['log2']} if log2"
        )
    if span < SPAN_LN and largest < LARGEST_LN:
        return (
            f"log2 or ln? From the 1st to the 99th percentile the values span {span:.1f}: a factor of "
            f"{factors['log2']} if log2, of {factors['ln']} if ln"
        )
    return None


def standardised(values: np.ndarray) -> bool:
    """Whether nearly every feature (a column of values) was brought to mean 0 and standard deviation 1."""
    if values.ndim != 2 or values.shape[0] < SEVERAL:
        return False
    with np.errstate(all="ignore"):
        several = np.isfinite(values).sum(axis=0) >= SEVERAL
        chosen = values[:, several]
        if chosen.shape[1] < ENOUGH:
            return False
        centred = np.abs(np.nanmean(chosen, axis=0)) < 0.01
        spread = [np.abs(np.nanstd(chosen, axis=0, ddof=ddof) - 1) < 0.01 for ddof in (0, 1)]
    return bool(max((centred & one).mean() for one in spread) > NEARLY_ALL)


def doubt_counts(values: np.ndarray) -> str | None:
    """Why whole numbers may be no reads as counted, but normalised and rounded; None where nothing says so.

    Parameters
    ----------
    values
        Samples x features, whole numbers.
    """
    totals = np.nansum(values, axis=1)
    median = float(np.median(totals))
    if len(totals) >= SEVERAL and median > 0 and np.ptp(totals) < EQUAL_TOTALS * median:
        return f"every sample adds up to {median:,.0f} (within {np.ptp(totals) / median:.1%}), as normalised values do"
    gaps = [gap for row in values if (gap := _gap(row)) is not None]
    if gaps:
        value, below, above = gaps[0]
        return (
            f"in {len(gaps)} of {len(values)} samples some numbers never come: no feature has {value}, {below} and "
            f"{above} have the numbers beside it, as where reads were multiplied and rounded"
        )
    if values.shape[1] >= MANY_GENES and median < FEW_READS:
        return f"{values.shape[1]:,} features, and the samples add up to only {median:,.0f}: rounded FPKM or TPM do so"
    return None


def _gap(row: np.ndarray) -> tuple[int, int, int] | None:
    """The first small whole number that no feature has while many have its neighbours, and how many those are."""
    small = row[(row >= 0) & (row <= SMALL)].astype(int)
    counts = np.bincount(small, minlength=SMALL + 1)
    beside = counts[:-2] + counts[2:]
    found = np.flatnonzero(
        (counts[1:-1] == 0) & (beside >= NEIGHBOURS) & (counts[:-2] > 0) & (counts[2:] > 0)
    )
    found = found[found > 0]  # a filter may have taken those of one read
    if not found.size:
        return None
    at = int(found[0]) + 1
    return at, int(counts[at - 1]), int(counts[at + 1])
