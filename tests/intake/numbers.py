"""Values of made tables, and how they are written: scale, missing code, decimal sign, thousands."""

from __future__ import annotations

import numpy as np

from tests.intake.truth import Sample

#: What a table may hold -> assay and scale of the card (empty: none fits, the draft must ask or refuse).
HOLDS = {
    "counts": ("rna_counts", "counts"),
    "counts as 12.0": ("rna_counts", "counts"),
    "estimated counts": ("rna_counts", "counts"),
    "protein linear": ("protein", "linear"),
    "protein log2": ("protein", "log2"),
    "protein log2 ratio": ("protein", "log2"),
    "protein log10": ("protein", ""),
    "protein ln": ("protein", ""),
    "protein z": ("protein", ""),
    "TPM": ("", ""),
    "TPM rounded": ("", ""),
    "CPM rounded": ("", ""),
    "log2 CPM": ("", ""),
    "VST": ("", ""),
    "VST rounded": ("", ""),
    "FPKM": ("", ""),
}
UNUSABLE = [name for name, (_, scale) in HOLDS.items() if not scale]
MISSING = ("NA", "NaN", "", "0", "n.d.", "<LOD", "-", "#N/A", "Filtered")


def make_values(holds: str, samples: list[Sample], features: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the file, NaN for what is missing; and what the matrix must hold (counts or log2)."""
    generator = np.random.default_rng(seed)
    n = len(samples)
    groups = sorted({sample.group for sample in samples})
    effect = np.where(
        generator.random((len(groups), features)) < 0.2, generator.normal(0, 1, (len(groups), features)), 0
    )
    log2 = np.array([effect[groups.index(sample.group)] for sample in samples])
    if holds.startswith("protein"):
        log2 = log2 + generator.normal(24, 2.5, features) + generator.normal(0, 0.4, (n, features))
        log2 += generator.normal(0, 0.3, (n, 1))
        present = generator.random((n, features)) > 1 / (1 + np.exp(log2 - 20.5))
        present[:, present.sum(axis=0) < 2] = True
        log2 = np.where(present, log2, np.nan)
        return _protein(holds, log2)
    mean = 2 ** (generator.normal(6.5, 2.5, features) + log2) * generator.uniform(0.7, 1.4, (n, 1))
    mean[:, generator.random(features) < 0.08] = 0.05
    counts = generator.poisson(mean * generator.gamma(8, 1 / 8, (n, features))).astype(float)
    share = (counts + 0.01 * generator.random((n, features))) / generator.uniform(0.5, 4, features)
    tpm = 1e6 * share / share.sum(axis=1, keepdims=True)
    cpm = 1e6 * counts / counts.sum(axis=1, keepdims=True)
    match holds:
        case "estimated counts":
            whole = generator.random((n, features)) < 0.5
            counts = np.where(
                whole | (counts == 0),
                counts,
                np.round(counts + generator.uniform(-0.4, 0.4, counts.shape), 3),
            )
            return counts, counts
        case "TPM":
            return np.round(tpm, 4), counts
        case "TPM rounded":
            return np.rint(tpm), counts
        case "CPM rounded":
            return np.rint(cpm), counts
        case "log2 CPM":
            return np.round(np.log2(cpm + 1), 4), counts
        case "VST":
            return np.round(np.log2(counts + 20), 4), counts
        case "VST rounded":
            return np.rint(np.log2(counts + 20)), counts
        case "FPKM":
            return np.round(tpm * generator.uniform(0.35, 0.6, (n, 1)), 3), counts
    return counts, counts


def _protein(holds: str, log2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    match holds:
        case "protein log2":
            shown = np.round(log2, 5)
            return shown, shown
        case "protein log2 ratio":
            ratio = np.round(log2 - np.nanmean(log2, axis=0), 5)
            return ratio, ratio
        case "protein log10":
            return np.round(log2 * np.log10(2), 6), log2
        case "protein ln":
            return np.round(log2 * np.log(2), 6), log2
        case "protein z":
            spread = np.nanstd(log2, axis=0)
            return np.round((log2 - np.nanmean(log2, axis=0)) / np.where(spread > 0, spread, 1), 5), log2
        case _:
            linear = np.rint(2**log2)
            return linear, np.log2(linear)


def as_cells(values: np.ndarray, holds: str, missing: str, decimal: str, thousands: str) -> list[list[str]]:
    """Cells of features x samples as text."""
    rows = []
    for row in values.T:
        cells = []
        for value in row:
            if np.isnan(value):
                cells.append(missing)
            elif holds == "counts as 12.0":
                cells.append(f"{value:.1f}".replace(".", decimal))
            elif float(value).is_integer():
                text = f"{int(value):,}" if thousands else str(int(value))
                cells.append(text.replace(",", thousands) if thousands else text)
            else:
                cells.append(f"{value:.12g}".replace(".", decimal))
        rows.append(cells)
    return rows
