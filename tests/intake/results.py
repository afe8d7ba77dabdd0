"""Published result tables as programs write them: one contrast, several side by side, several below each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.intake.covering import Choice, cover
from tests.intake.genes import make_genes
from tests.intake.judge import name_keys
from tests.intake.truth import Case, Truth, Written
from tests.intake.writing import write_grid

PROGRAMS = (
    "DESeq2", "DESeq2 shrunken", "limma", "limma prefix", "limma suffix", "edgeR QL", "edgeR LR", "MSstats", "Perseus",
    "Proteome Discoverer", "fold change only", "signed fold change", "natural log", "sexes side by side", "stacked",
    "with group means", "with sample values",
)  # fmt: skip
NAMES = {
    "HFD_vs_chow": {"disease"}, "trained_vs_sed": {"training"}, "treated_vs_control": {"other"},
    "overtrained_vs_control": {"overtraining"}, "results": {"other", "TODO"},
}  # fmt: skip
AXES = {
    "program": list(PROGRAMS),
    "ids": ["symbol", "ensembl", "ensembl version", "entrez", "uniprot"],
    "organism": ["mouse", "human", "rat"],
    "file": [
        "csv",
        "tsv",
        "txt",
        "semicolon",
        "xlsx",
        "xlsx titled",
        "tsv gz",
        "csv bom",
        "quoted",
        "parquet",
    ],
    "name": list(NAMES),
    "beside": ["nothing", "symbol", "description", "second id"],
    "first": ["blank corner", "named", "R row names", "symbol empty in row 1"],
}
USUAL = {
    "program": ["DESeq2", "limma"], "ids": ["symbol", "ensembl"], "organism": ["mouse", "human", "rat"],
    "file": ["csv", "tsv"], "name": ["HFD_vs_chow", "trained_vs_sed"], "beside": ["nothing", "symbol"],
    "first": ["blank corner", "named"],
}  # fmt: skip
#: Sizes whose direction stands in words beside them: the draft has to ask, or nothing would go down.
UNSIGNED = ("ratio and direction", "log2 and direction")
UNUSABLE = {*UNSIGNED, "fold change only", "signed fold change", "natural log"}
FEATURES = 400


def cases(seed: int) -> Iterator[Case]:
    """Result tables with known truth."""
    usual = {axis: levels[0] for axis, levels in USUAL.items()}
    unsigned = [
        usual | {"program": program, "ids": ids}
        for program in UNSIGNED
        for ids in ("symbol", "ensembl", "uniprot")
    ]
    for i, choice in enumerate([*cover(AXES, USUAL, _mend, seed=seed), *unsigned]):
        yield Case(
            f"results-{i:03d}", choice, "proteins", lambda folder, c=choice, i=i: write(c, folder, seed + i)
        )


def _mend(choice: Choice) -> Choice:
    c = dict(choice)
    if c["program"] in ("MSstats", "Perseus", "Proteome Discoverer"):
        c["ids"], c["first"] = "uniprot", "named"
    if c["first"] in ("R row names", "symbol empty in row 1") and (
        c["file"].startswith("xlsx") or c["file"] == "parquet"
    ):
        c["first"] = "named"
    if c["file"] == "parquet":
        c["first"] = "named"
    if c["first"] == "symbol empty in row 1":
        c["beside"] = "symbol"
    if c["program"] in ("sexes side by side", "limma prefix", "limma suffix", "stacked", "MSstats"):
        c["name"] = "results"
    return c


def _one(n: int, generator, *, normal: bool) -> dict[str, np.ndarray]:
    """Columns of one contrast: effects, standard errors, tests."""
    from scipy import stats

    effect = np.where(generator.random(n) < 0.25, generator.normal(0, 1.2, n), generator.normal(0, 0.15, n))
    se = generator.uniform(0.08, 0.5, n)
    t = effect / se
    p = 2 * (stats.norm.sf(abs(t)) if normal else stats.t.sf(abs(t), 8))
    return {"log2fc": effect, "se": se, "t": t, "p": p, "q": stats.false_discovery_control(p)}


def _text(values: np.ndarray) -> list[str]:
    return [f"{value:.8g}" if np.isfinite(value) else "NA" for value in values]


def write(c: Choice, folder: Path, seed: int) -> Written:
    """Write one result table."""
    generator = np.random.default_rng(seed)
    genes = make_genes(c["organism"], c["ids"], FEATURES, seed)
    n = FEATURES
    mean = 2 ** generator.normal(8, 2, n)
    made = {
        name: _one(n, generator, normal=c["program"].startswith("DESeq2"))
        for name in ("one", "two", "three", "four")
    }
    columns, effects, roles, strata = _columns(c, made, mean, generator)
    head, body = [], []
    if c["beside"] == "symbol":
        head, body = ["gene_name"], [genes.symbols]
        if c["first"] == "symbol empty in row 1":
            body = [["", *genes.symbols[1:]]]
    elif c["beside"] == "description":
        head, body = ["description"], [[f"a protein, number {i}" for i in range(n)]]
    elif c["beside"] == "second id":
        by_entrez = c["ids"] != "entrez"
        head, body = ["EntrezID" if by_entrez else "ENSEMBL"], [genes.entrez if by_entrez else genes.ensembl]
    corner = {"blank corner": "", "R row names": ""}.get(
        c["first"], "Protein" if c["ids"] == "uniprot" else "gene"
    )
    names = genes.names
    if columns.get("stack"):
        grid = [[corner, *head, *columns["header"]]]
        for label, block in columns["stack"].items():
            grid += [
                [
                    names[i],
                    *(cells[i] for cells in body),
                    *(label if cells is None else cells[i] for cells in block),
                ]
                for i in range(n)
            ]
    else:
        header = [corner, *head, *columns]
        header = header[1:] if c["first"] == "R row names" else header
        grid = [
            header,
            *[
                [names[i], *(cells[i] for cells in body), *(cells[i] for cells in columns.values())]
                for i in range(n)
            ],
        ]
    if c["file"] == "semicolon":
        grid = [
            grid[0],
            *[[cell.replace(".", ",") if _is_number(cell) else cell for cell in row] for row in grid[1:]],
        ]
    path = write_grid(folder / f"{c['organism']}_liver_{c['name']}", c["file"], grid)
    truth = Truth(
        c["organism"], "liver", "tissue", "effects", "" if c["program"] in UNUSABLE else "log2",
        features=[name_keys(name) | set(more)
            for name, *more in zip(names, genes.symbols, genes.entrez, genes.ensembl, strict=True)],
        human=genes.human, effects=effects, effect_roles=roles, stratum=strata,
        must_ask={"scale"} if c["program"] in UNSIGNED else set(),
    )  # fmt: skip
    return Written([path], truth)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _columns(c: Choice, made, mean, generator):
    """Columns as the program names them, and the truth: effects, roles and strata by contrast."""
    one, two = made["one"], made["two"]
    lfc, se, t, p, q = (_text(one[key]) for key in ("log2fc", "se", "t", "p", "q"))
    true = {"one": dict(one)}
    roles, strata = {"one": NAMES[c["name"]]}, {}
    average = _text(np.log2(mean))

    def given(*keys: str) -> None:
        true["one"] = {key: one[key] for key in ("log2fc", *keys)}

    match c["program"]:
        case "DESeq2":
            hidden = generator.random(len(mean)) < 0.1
            true["one"]["q"] = np.where(hidden, np.nan, one["q"])
            columns = {"baseMean": _text(mean), "log2FoldChange": lfc, "lfcSE": se, "stat": t, "pvalue": p,
                       "padj": _text(true["one"]["q"])}  # fmt: skip
        case "DESeq2 shrunken":
            given("se", "p", "q")
            columns = {"baseMean": _text(mean), "log2FoldChange": lfc, "lfcSE": se, "pvalue": p, "padj": q}
        case "limma":
            given("t", "p", "q")
            columns = {"logFC": lfc, "AveExpr": average, "t": t, "P.Value": p, "adj.P.Val": q,
                       "B": _text(generator.normal(-3, 2, len(mean)))}  # fmt: skip
        case "edgeR QL" | "edgeR LR":
            given("p", "q")
            test = {"edgeR QL": "F", "edgeR LR": "LR"}[c["program"]]
            columns = {"logFC": lfc, "logCPM": average, test: _text(one["t"] ** 2), "PValue": p, "FDR": q}
        case "Perseus":
            given("p", "q")
            columns = {
                "Student's T-test Significant trained_sed": ["+" if x < 0.05 else "" for x in one["q"]],
                "-Log Student's T-test p-value trained_sed": _text(-np.log10(one["p"])),
                "Student's T-test q-value trained_sed": q, "Student's T-test Difference trained_sed": lfc,
            }  # fmt: skip
            roles = {"one": {"training", *NAMES[c["name"]]}}
        case "Proteome Discoverer":
            given("p", "q")
            columns = {
                "Abundance Ratio: (trained) / (sed)": _text(2 ** one["log2fc"]),
                "Abundance Ratio (log2): (trained) / (sed)": lfc,
                "Abundance Ratio P-Value: (trained) / (sed)": p,
                "Abundance Ratio Adj. P-Value: (trained) / (sed)": q,
            }
            roles = {"one": {"training", *NAMES[c["name"]]}}
        case "fold change only":
            given("p", "q")
            columns = {"Fold Change": _text(2 ** one["log2fc"]), "p-value": p, "FDR": q}
        case "signed fold change":
            given("p", "q")
            ratio = 2 ** one["log2fc"]
            columns = {"FoldChange": _text(np.where(ratio < 1, -1 / ratio, ratio)), "pval": p, "adj.pval": q}
        case "natural log":
            given("p", "q")
            columns = {"lnFC": _text(one["log2fc"] * np.log(2)), "p": p, "q": q}
        case "ratio and direction" | "log2 and direction":
            given("p", "q")
            ratio = c["program"].startswith("ratio")
            sizes = (
                {"Fold change": _text(2 ** abs(one["log2fc"]))}
                if ratio
                else {"log2FC": _text(abs(one["log2fc"]))}
            )
            words = ["up" if change > 0 else "down" for change in one["log2fc"]]
            columns = {**sizes, "Regulation": words, "p-value": p, "FDR": q}
        case "with group means":
            given("p", "q")
            columns = {"mean_case": _text(mean), "mean_control": _text(mean / 2 ** one["log2fc"]), "log2FC": lfc,
                       "pvalue": p, "FDR": q}  # fmt: skip
        case "with sample values":
            given("p", "q")
            samples = {
                f"{g}_{i}": _text(np.log2(mean) + generator.normal(0, 0.3, len(mean)))
                for g in "AB"
                for i in (1, 2, 3)
            }
            columns = samples | {"log2FC": lfc, "pvalue": p, "padj": q}
        case "limma prefix" | "limma suffix":
            true = {
                key: {layer: made[key][layer] for layer in ("log2fc", "t", "p", "q")}
                for key in ("one", "two")
            }
            roles = {"one": {"disease"}, "two": {"training"}}
            columns = {}
            for key, label in (("one", "HFD_vs_chow"), ("two", "trained_vs_sed")):
                for layer, name in (("log2fc", "logFC"), ("t", "t"), ("p", "P.Value"), ("q", "adj.P.Val")):
                    full = f"{label}.{name}" if "prefix" in c["program"] else f"{name}.{label}"
                    columns[full] = _text(made[key][layer])
        case "sexes side by side":
            true, roles, columns = {}, {}, {}
            for key, label in zip(
                made, ("F_8W - F_SED", "M_8W - M_SED", "F_4W - F_SED", "M_4W - M_SED"), strict=True
            ):
                true[key] = {layer: made[key][layer] for layer in ("log2fc", "p", "q")}
                roles[key], strata[key] = {"training"}, "female" if label.startswith("F") else "male"
                columns |= {f"logFC.{label}": _text(made[key]["log2fc"]), f"P.Value.{label}": _text(made[key]["p"]),
                            f"adj.P.Val.{label}": _text(made[key]["q"])}  # fmt: skip
        case "MSstats" | "stacked":
            labels = {"one": "HFD vs chow", "two": "trained vs sed"}
            true = {key: made[key] for key in labels}
            roles = {"one": {"disease"}, "two": {"training"}}
            layers = ("log2fc", "se", "t", "p", "q")
            if c["program"] == "MSstats":
                header = [
                    "Label",
                    "log2FC",
                    "SE",
                    "Tvalue",
                    "DF",
                    "pvalue",
                    "adj.pvalue",
                    "issue",
                    "MissingPercentage",
                ]
            else:
                header, layers = (
                    ["comparison", "logFC", "t", "P.Value", "adj.P.Val"],
                    ("log2fc", "t", "p", "q"),
                )
                true = {key: {layer: made[key][layer] for layer in layers} for key in labels}
            stack = {}
            for key, label in labels.items():
                block: list = [None, *(_text(made[key][layer]) for layer in layers)]
                if c["program"] == "MSstats":
                    block.insert(4, ["8"] * len(mean))
                    block += [["NA"] * len(mean), _text(generator.random(len(mean)))]
                stack[label] = block
            columns = {"header": header, "stack": stack}
        case _:
            raise ValueError(c["program"])
    assert two is not None
    return columns, true, roles, strata
