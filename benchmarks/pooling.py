"""Time meta-analysis of many features side by side with R's metafor and statsmodels, one feature at a time.

    python benchmarks/pooling.py [--features 2000] [--studies 6] [--method REML]

For Linux. Random effects with Hartung-Knapp errors, a tenth of the studies absent; every engine in a process of its
own, one thread. R takes part where `Rscript` has metafor (Debian: r-cran-metafor). statsmodels has no REML: it
computes Paule & Mandel's estimate and takes part with `--method PM`.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from side_by_side import own_command, r_command, run_engine, show, time_model

SEED = 1


def simulate(features: int, studies: int) -> tuple[np.ndarray, np.ndarray]:
    """Effects and standard errors, features x studies."""
    rng = np.random.default_rng(SEED)
    se = rng.uniform(0.15, 0.45, (features, studies))
    tau = rng.gamma(1, 0.2, (features, 1))
    effects = (
        rng.normal(0, 0.3, (features, 1)) + tau * rng.normal(size=se.shape) + se * rng.normal(size=se.shape)
    )
    absent = rng.random(se.shape) < 0.1
    absent[absent.sum(axis=1) > studies - 3] = False
    effects[absent] = np.nan
    return effects, se


def run_own(effects: np.ndarray, se: np.ndarray, method: str) -> dict[str, np.ndarray]:
    from sevaxis.models.pooling import pool

    found = pool(effects, se, method=method)
    return {"estimate": found.estimate, "se": found.se, "p": found.p, "tau2": found.tau2}


def run_statsmodels(effects: np.ndarray, se: np.ndarray, method: str) -> dict[str, np.ndarray]:
    from scipy.stats import t
    from statsmodels.stats.meta_analysis import combine_effects

    numbers = np.full((len(effects), 4), np.nan)
    for i, (y, error) in enumerate(zip(effects, se, strict=True)):
        seen = ~np.isnan(y)
        fit = combine_effects(y[seen], error[seen] ** 2, method_re="iterated", use_t=True)
        scatter = fit.sd_eff_w_re_hksj
        p = 2 * t.sf(abs(fit.mean_effect_re / scatter), seen.sum() - 1)
        numbers[i] = fit.mean_effect_re, scatter, p, fit.tau2
    return dict(zip(("estimate", "se", "p", "tau2"), numbers.T, strict=True))


ENGINES = {"sevaxis": run_own, "statsmodels": run_statsmodels}


def agreement(run, reference) -> str:
    error = {
        name: np.nanmax(np.abs(run.result[name] - reference.result[name]))
        for name in ("estimate", "se", "tau2")
    }
    return "; ".join(f"{name}: all within {value:.1e}" for name, value in error.items())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--features", type=int, default=2_000)
    parser.add_argument("--studies", type=int, default=6)
    parser.add_argument("--method", choices=["REML", "PM", "DL"], default="REML")
    parser.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.engine:
        data = np.load(chosen.folder / "data.npz")
        model, method = (data["effects"], data["se"]), str(data["method"])
        ENGINES[chosen.engine](
            model[0][:3], model[1][:3], method
        )  # imports and first calls are not the model
        time_model(lambda: ENGINES[chosen.engine](*model, method), chosen.folder)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        effects, se = simulate(chosen.features, chosen.studies)
        np.savez(folder / "data.npz", effects=effects, se=se, method=chosen.method)
        np.savetxt(folder / "effects.tsv", effects, fmt="%.12g", delimiter="\t")
        np.savetxt(folder / "se.tsv", se, fmt="%.12g", delimiter="\t")
        (folder / "method.txt").write_text(chosen.method + "\n")
        commands = {"sevaxis": own_command(__file__, "sevaxis", folder)}
        if chosen.method == "PM":
            commands["statsmodels"] = own_command(__file__, "statsmodels", folder)
        commands["R metafor"] = r_command(__file__, folder)
        runs = [run_engine(engine, command, folder) for engine, command in commands.items() if command]
        title = f"{chosen.method} with Hartung-Knapp, {chosen.features:,} x {chosen.studies} studies"
        show(title, [run for run in runs if run], agreement)


if __name__ == "__main__":
    main()
