"""Time random-intercept models side by side with R's lmerTest and statsmodels, one feature at a time.

    python benchmarks/mixed.py [--features 500] [--missing 0.1] [--growth]

For Linux. Twenty donors, three samples each; every engine in a process of its own, one thread. R takes part where
`Rscript` has lmerTest (Debian: r-cran-lmertest). `--growth`: this engine alone, on more features and donors.
"""

import argparse
import tempfile
import warnings
from pathlib import Path

import numpy as np
from side_by_side import own_command, r_command, run_engine, show, time_model

SEED = 1
GROWTH = [(5_000, 20), (20_000, 20), (60_000, 20), (20_000, 100), (5_000, 600)]


def simulate(features: int, donors: int, missing: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log2 values, design (1, treatment, age) and donor of each sample."""
    rng = np.random.default_rng(SEED)
    donor = np.repeat(np.arange(donors), 3)
    treated = np.tile([0.0, 1.0, 1.0], donors)
    design = np.column_stack([np.ones(len(donor)), treated, rng.normal(size=donors)[donor]])
    between = rng.normal(0, 1, (features, donors))[:, donor] * rng.gamma(2, 0.3, (features, 1))
    y = 8 + between + rng.normal(0, 0.6, (features, len(donor)))
    y[rng.random(y.shape) < missing] = np.nan
    return y, design, donor


def run_own(y: np.ndarray, design: np.ndarray, donor: np.ndarray) -> dict[str, np.ndarray]:
    from sevaxis.models.mixed import fit_random_intercept

    found = fit_random_intercept(y, design, donor).contrast(np.array([0.0, 1.0, 0.0]))
    return {"estimate": found.estimate[:, 0], "se": found.se[:, 0], "p": found.p[:, 0]}


def run_statsmodels(y: np.ndarray, design: np.ndarray, donor: np.ndarray) -> dict[str, np.ndarray]:
    from statsmodels.regression.mixed_linear_model import MixedLM

    numbers = np.full((len(y), 3), np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for i, values in enumerate(y):
            seen = ~np.isnan(values)
            fit = MixedLM(values[seen], design[seen], donor[seen]).fit(reml=True)
            if fit.converged:
                numbers[i] = fit.fe_params[1], fit.bse_fe[1], fit.pvalues[1]
    return dict(zip(("estimate", "se", "p"), numbers.T, strict=True))


ENGINES = {"sevaxis": run_own, "statsmodels": run_statsmodels}


def agreement(run, reference) -> str:
    lost = np.isnan(run.result["se"]).sum()
    error = np.abs(run.result["se"] / reference.result["se"] - 1)
    p = np.abs(run.result["p"] / reference.result["p"] - 1)
    se, p = np.nanquantile(error, 0.99), np.nanquantile(p, 0.99)
    return f"se: 99 % within {se:.1e}; p: 99 % within {p:.1e}; {lost} not converged"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--features", type=int, default=500)
    parser.add_argument("--missing", type=float, default=0.1)
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.engine:
        data = np.load(chosen.folder / "data.npz")
        model = data["y"], data["design"], data["donor"]
        ENGINES[chosen.engine](data["y"][:3], *model[1:])  # imports and first calls are not the model
        time_model(lambda: ENGINES[chosen.engine](*model), chosen.folder)
        return
    for features, donors in GROWTH if chosen.growth else [(chosen.features, 20)]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            y, design, donor = simulate(features, donors, chosen.missing)
            np.savez(folder / "data.npz", y=y, design=design, donor=donor)
            commands = {"sevaxis": own_command(__file__, "sevaxis", folder)}
            if not chosen.growth:
                np.savetxt(folder / "values.tsv", y, fmt="%.12g", delimiter="\t")
                np.savetxt(
                    folder / "samples.tsv", np.column_stack([design, donor]), fmt="%.12g", delimiter="\t"
                )
                commands["statsmodels"] = own_command(__file__, "statsmodels", folder)
                commands["R lmerTest"] = r_command(__file__, folder)
            runs = [run_engine(engine, command, folder) for engine, command in commands.items() if command]
            title = f"Random intercept, {features:,} x {3 * donors}, {chosen.missing:.0%} missing"
            show(title, [run for run in runs if run], agreement)


if __name__ == "__main__":
    main()
