"""Peptides or sites to proteins: robust additive models of sample and peptide effects.

Averaging whatever peptides were seen biases a protein where faint peptides drop out: a sample in which only the
bright ones remain looks rich. An additive model, log2 intensity = sample + peptide, compares each peptide with
itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sevaxis.models.numeric.blockwise import feature_blocks

#: Huber's constant: 95 % efficiency at the normal (Huber 1981, Robust Statistics, section 1.7).
HUBER_K = 1.345
#: Median absolute deviation of the standard normal.
MAD_NORMAL = 0.6744897501960817
#: Sweeps of the median polish, and the relative change of the residual sum that ends it (R's medpolish).
POLISH_SWEEPS, POLISH_TOLERANCE = 10, 0.01
#: Iterations and tolerance (log2 units) of the M-estimator.
HUBER_STEPS, HUBER_TOLERANCE = 200, 1e-6


@dataclass(frozen=True, eq=False)
class RollUp:
    """Proteins from peptides.

    Attributes
    ----------
    proteins
        Names, in the order of their first peptide.
    abundance
        Log2, (proteins x samples): the level of a peptide of average (median) brightness; NaN where no peptide
        connects the sample with the others.
    n_peptides
        Peptides seen at least once, (proteins,).
    n_observed
        Peptides behind each value, (proteins x samples).
    unconnected
        Samples with peptides, but none in common with the main group of samples: left NaN, (proteins,).
    """

    proteins: pd.Index
    abundance: np.ndarray
    n_peptides: np.ndarray
    n_observed: np.ndarray
    unconnected: np.ndarray


def roll_up(log2: np.ndarray, protein: Sequence[str], method: str = "huber") -> RollUp:
    """Summarise peptides or sites to proteins.

    Parameters
    ----------
    log2
        Log2 intensities, NaN where not seen, (peptides x samples).
    protein
        Protein of each peptide, (peptides,).
    method
        ``huber``: M-estimation of sample and peptide effects; ``median_polish``: Tukey's.

    Returns
    -------
    RollUp
        One row per protein. A protein of one peptide has that peptide's values.

    Raises
    ------
    ValueError
        Infinite values, a protein name per peptide missing, or an unknown method.

    Notes
    -----
    Samples of a protein that share no peptide, not even through other samples, cannot be compared: only the
    largest connected group of samples gets values (the one with more observations on a tie).

    References
    ----------
    Tukey 1977, Exploratory Data Analysis; Irizarry et al. 2003, Biostatistics 4:249-264 (median polish of
    probes); Sticker et al. 2020, Mol Cell Proteomics 19:1209-1219 (robust summarisation of peptides); Huber 1981.
    """
    log2 = np.asarray(log2, dtype=float)
    names = pd.Series(list(protein), dtype=object)
    if log2.ndim != 2 or len(names) != len(log2) or names.isna().any():
        raise ValueError(f"one protein for each of {len(log2)} peptides, found {int(names.notna().sum())}")
    if np.isinf(log2).any():
        raise ValueError("intensities must be finite or NaN: was a zero logged?")
    if method not in {"huber", "median_polish"}:
        raise ValueError(f"method must be huber or median_polish, found {method!r}")
    code, proteins = pd.factorize(names)
    samples = log2.shape[1]
    abundance = np.full((len(proteins), samples), np.nan)
    n_observed = np.zeros((len(proteins), samples), dtype=int)
    unconnected = np.zeros(len(proteins), dtype=int)
    for rows, members in _batches(code, np.isfinite(log2).any(axis=1), samples):
        y = log2[members]  # proteins x peptides x samples
        seen = np.isfinite(y)
        n_observed[rows] = seen.sum(axis=1)
        main = _main_samples(seen)
        unconnected[rows] = (seen.any(axis=1) & ~main).sum(axis=1)
        y = np.where(main[:, None, :], y, np.nan)
        if y.shape[1] == 1:
            abundance[rows] = y[:, 0]
        else:
            abundance[rows] = _huber(y) if method == "huber" else _median_polish(y)
    n_peptides = np.bincount(code[np.isfinite(log2).any(axis=1)], minlength=len(proteins))
    return RollUp(pd.Index(proteins), abundance, n_peptides, n_observed, unconnected)


def _batches(code: np.ndarray, seen: np.ndarray, samples: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Proteins with equally many seen peptides: their numbers, and the peptides' (proteins x peptides)."""
    order = np.flatnonzero(seen)[np.argsort(code[seen], kind="stable")]
    proteins, start, count = np.unique(code[order], return_index=True, return_counts=True)
    for peptides in np.unique(count):
        alike = np.flatnonzero(count == peptides)
        for block in feature_blocks(alike.size, peptides * max(samples, peptides)):
            members = order[start[alike[block]][:, None] + np.arange(peptides)]
            yield proteins[alike[block]], members


def _main_samples(seen: np.ndarray) -> np.ndarray:
    """Samples of the largest group that peptides connect: (proteins x peptides x samples) -> (proteins x samples)."""
    proteins, _, samples = seen.shape
    # the lowest sample number that can be reached labels the group
    label = np.where(seen.any(axis=1), np.arange(samples), samples)
    while True:
        of_peptide = np.where(seen, label[:, None, :], samples).min(axis=2)
        reached = np.where(seen, of_peptide[:, :, None], samples).min(axis=1)
        if np.array_equal(reached, label):
            break
        label = reached
    size = np.zeros((proteins, samples + 1))
    # more samples first, then more observations
    value = 1 + seen.sum(axis=1) / (seen.shape[1] * samples + 1)
    np.add.at(size, (np.arange(proteins)[:, None], label), value)
    size[:, samples] = 0
    return (label == size.argmax(axis=1)[:, None]) & (label < samples)


def _median(values: np.ndarray, axis: int) -> np.ndarray:
    """Median of what is not NaN, the axis kept; NaN where nothing is. (numpy.nanmedian is slow on short vectors.)"""
    ordered = np.sort(values, axis=axis)
    count = np.expand_dims(np.isfinite(values).sum(axis=axis), axis)
    last = values.shape[axis] - 1
    low = np.take_along_axis(ordered, np.clip((count - 1) // 2, 0, last), axis)
    high = np.take_along_axis(ordered, np.clip(count // 2, 0, last), axis)
    return np.where(count > 0, (low + high) / 2, np.nan)


def _median_polish(y: np.ndarray) -> np.ndarray:
    """Overall plus sample effect by alternately removing medians of peptides and of samples."""
    residual = y.copy()
    overall = np.zeros((len(y), 1, 1))
    # an effect without observations is NaN, and so never counts in a median of effects
    peptide, sample = (np.where(np.isfinite(y).any(axis=axis), 0.0, np.nan) for axis in (2, 1))
    peptide, sample = peptide[:, :, None], sample[:, None, :]
    before = np.zeros(len(y))
    active = np.arange(len(y))
    for _ in range(POLISH_SWEEPS):
        for effect, other, axis in ((peptide, sample, 2), (sample, peptide, 1)):
            step = _median(residual[active], axis)
            residual[active] -= step
            effect[active] += step
            centre = _median(other[active], axis)
            other[active] -= centre
            overall[active] += centre
        size = np.nansum(np.abs(residual[active]), axis=(1, 2))
        going = np.abs(size - before[active]) >= POLISH_TOLERANCE * size
        before[active] = size
        active = active[going & (size > 0)]
        if active.size == 0:
            break
    return (overall + sample)[:, 0]


def _huber(y: np.ndarray) -> np.ndarray:
    """Sample effects at the mean peptide effect, by iteratively reweighted least squares.

    The scale is the median absolute residual, recomputed in each step. Cells that the model fits exactly, because
    their sample or peptide was seen once, say nothing about the scale and are left out of it.
    """
    seen = np.isfinite(y)
    filled = np.where(seen, y, 0.0)
    checked = seen & (seen.sum(axis=1, keepdims=True) > 1) & (seen.sum(axis=2, keepdims=True) > 1)
    peptide, sample = _additive(filled, seen.astype(float), seen)
    active = np.arange(len(y))
    for _ in range(HUBER_STEPS):
        if active.size == 0:
            break
        size = np.abs(filled[active] - peptide[active, :, None] - sample[active, None, :])
        informative = np.where(checked[active], size, np.nan).reshape(active.size, -1)
        scale = _median(informative, 1)[:, 0] / MAD_NORMAL
        noisy = scale > HUBER_TOLERANCE  # not where the model fits most cells exactly
        active, size, scale = active[noisy], size[noisy], scale[noisy]
        weight = np.minimum(1.0, HUBER_K * scale[:, None, None] / np.maximum(size, 1e-300)) * seen[active]
        peptide[active], new = _additive(filled[active], weight, seen[active])
        moved = np.max(np.abs(new - sample[active]), axis=1)
        sample[active] = new
        active = active[moved > HUBER_TOLERANCE]
    return np.where(seen.any(axis=1), sample, np.nan)


def _additive(y: np.ndarray, weight: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weighted least squares of y = peptide + sample; the seen peptides' effects average 0.

    The samples are eliminated (or the peptides, where they are more); one connected group is assumed.
    """
    if y.shape[1] > y.shape[2]:
        sample, peptide = _additive(*(np.swapaxes(part, 1, 2) for part in (y, weight, seen)))
    else:
        of_sample = weight.sum(axis=1)
        share = weight / np.where(of_sample > 0, of_sample, 1.0)[:, None, :]
        mean = np.sum(share * y, axis=1)
        known = seen.any(axis=2)
        # the effects sum to 0; an unseen one is 0
        system = known[:, :, None] * known[:, None, :] - share @ np.swapaxes(weight, 1, 2)
        diagonal = np.arange(y.shape[1])
        system[:, diagonal, diagonal] += weight.sum(axis=2) + ~known
        target = np.sum(weight * (y - mean[:, None, :]), axis=2)
        peptide = np.linalg.solve(system, target[:, :, None])[:, :, 0]
        sample = mean - np.sum(share * peptide[:, :, None], axis=1)
    known = seen.any(axis=2)
    level = np.sum(peptide * known, axis=1, keepdims=True) / known.sum(axis=1, keepdims=True)
    return peptide - level, sample + level
