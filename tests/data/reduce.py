"""Make this folder from the whole set of reference answers: `python tests/data/reduce.py FOLDER`.

FOLDER holds `simulated` and `hard`. Inputs are taken whole, for every method shares something among all features. Of
the largest answers, every fifth row and those where R has no result or one under another name; of their columns, those
that no other column or file gives. No digit is changed.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent
#: One in so many rows is kept, by input; quantiles of the mixed models need all of theirs.
EVERY = {"protB": 5, "countsA": 5, "mixedD": 1}
INPUTS = ("countsA", "protB", "mixedD", "gs_expr", "gs_sets", "meta_genes")
WHOLE = ("gs.t", "meta_genes.PM", "meta_genes.REML")
#: Columns of the answers that are reduced; the first column is the feature.
LINEAR = "logFC se_unscaled sigma df_resid s2_post df_total t p s2_prior df_prior"
DISPERSION = "dispGeneEst dispFit dispMAP dispersion maxCooks dispOutlier"
REDUCED = {
    "protB.limma": LINEAR,
    "protB.limma_trend": LINEAR,
    "protB.limma_robust": LINEAR,
    "protB.limma_trend_robust": LINEAR,
    "protB.limma_arrayw": "logFC sigma s2_post df_total t p",
    "protB.limma_contrast": "logFC.trtF logFC.trtM logFC.int t.trtF t.trtM t.int p.trtF p.trtM p.int F F.p",
    "mixedD.limma_dupcor": "se_unscaled t p atanh_rho",
    "mixedD.lmer": "logFC se df p var_donor var_resid reml_loglik",
    "countsA.voom": "logFC sigma s2_post df_total t p s2_prior",
    "countsA.deseq2": f"baseMean log2FoldChange lfcSE pvalue padj {DISPERSION}",
}
#: Rows kept besides: where this answer lacks this column.
BESIDES = {"protB": ("protB.limma_contrast", "t.trtF"), "countsA": ("countsA.deseq2", "pvalue")}
#: Trials of others, which stay where the public data are.
PUBLISHED = ("meta_bcg", "meta_normand")
#: Answers of methods that this engine does not have.
NOT_HERE = ("gs.gsva", "gs.ssgsea")
HARD = ("detection", "panel", "scalars", "clinic_", "pairs_alone.")


def main(whole: Path, target: Path = HERE) -> None:
    """Write `simulated` and `hard` into a folder, this one unless told otherwise."""
    simulated, hard = whole / "simulated", whole / "hard"
    for folder in (target / "simulated" / "R", target / "hard"):
        folder.mkdir(parents=True, exist_ok=True)
    for name in INPUTS:
        write(read(simulated / f"{name}.tsv.gz"), target / "simulated" / name)
    for name in WHOLE:
        write(read(simulated / "R" / f"{name}.tsv.gz"), target / "simulated" / "R" / name)
    for name, columns in REDUCED.items():
        table = read(simulated / "R" / f"{name}.tsv.gz")
        matrix = name.split(".")[0]
        kept = table.index % EVERY[matrix] == 0
        if matrix in BESIDES:
            answer, column = BESIDES[matrix]
            other = read(simulated / "R" / f"{answer}.tsv.gz")
            kept |= table["gene"].isin(other["gene"][other[column].isin(["", "NA"])])
        write(table.loc[kept, ["gene", *columns.split()]], target / "simulated" / "R" / name)
    for path in [*simulated.glob("*.tsv"), *simulated.glob("R/*.tsv")]:
        if path.stem not in (*PUBLISHED, *NOT_HERE):
            shutil.copyfile(path, target / path.relative_to(whole))
    for path in hard.iterdir():
        if path.name.startswith(HARD):
            shutil.copyfile(path, target / "hard" / path.name)


def read(path: Path) -> pd.DataFrame:
    """Table of text: what R printed stays as it is."""
    return pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)


def write(table: pd.DataFrame, path: Path) -> None:
    """Write it packed; the packing of one table is always the same."""
    packing = {"method": "xz", "preset": 9}
    table.to_csv(f"{path}.tsv.xz", sep="\t", index=False, lineterminator="\n", compression=packing)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
