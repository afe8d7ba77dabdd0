"""Result tables in the layouts that the programs publish: what the draft reads of them is the truth they were made of.

Layouts: DESeq2 (results, lfcShrink), limma (topTable, write.fit), edgeR (topTags), MSstats (groupComparison), proDA
(test_diff), DEP (get_results), Perseus (two-sample test), Proteome Discoverer 2.4, Spectronaut (candidates), Olink
Analyze (olink_ttest), sleuth (sleuth_results), cuffdiff (gene_exp.diff), Seurat (FindMarkers), Partek.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats
from sevaxis.base.problems import Problems
from sevaxis.drafting import add
from sevaxis.drafting.formats import recognise
from sevaxis.matrix.readers.effects_table import read_effects_table

N = 120
RANDOM = np.random.default_rng(5)
GENES = ["FBXO2", "SORBS3", "FLOT1", "CD63", *(f"GENE{i}" for i in range(N - 4))]
PROTEINS = [f"P{i:05d}" for i in range(N)]
LFC = RANDOM.normal(0, 1.2, N)
SE = RANDOM.uniform(0.1, 0.6, N)
T = LFC / SE
P = 2 * stats.norm.sf(np.abs(T))
Q = stats.false_discovery_control(P)
MEAN = RANDOM.uniform(20, 30, N)
TRAINED, REST = MEAN + LFC / 2, MEAN - LFC / 2
ANYTHING = RANDOM.uniform(0, 5, N)


def frame(**columns) -> pd.DataFrame:
    return pd.DataFrame({name.replace("__", " "): cells for name, cells in columns.items()})


def of(columns: dict) -> pd.DataFrame:
    return pd.DataFrame(columns)


PERSEUS = {
    "N: -Log Student's T-test p-value trained_rest": -np.log10(P),
    "N: Student's T-test q-value trained_rest": Q,
    "N: Student's T-test Difference trained_rest": LFC,
    "N: Student's T-test Test statistic trained_rest": T,
    "C: Student's T-test Significant trained_rest": ["+"] * 5 + [""] * (N - 5),
    "T: Majority protein IDs": PROTEINS,
    "T: Gene names": GENES,
}
DISCOVERER = {
    "Accession": PROTEINS,
    "Description": [f"Protein {i} OS=Mus musculus OX=10090 GN={g} PE=1 SV=1" for i, g in enumerate(GENES)],
    "# Peptides": np.arange(N) % 9 + 1,
    "Abundance Ratio: (trained) / (rest)": 2**LFC,
    "Abundance Ratio (log2): (trained) / (rest)": LFC,
    "Abundance Ratio P-Value: (trained) / (rest)": P,
    "Abundance Ratio Adj. P-Value: (trained) / (rest)": Q,
    "Abundance Ratio Variability [%]: (trained) / (rest)": ANYTHING * 10,
}
CANDIDATES = {
    "Valid": ["True"] * N, "Comparison (group1/group2)": ["trained / rest"] * N, "ProteinGroups": PROTEINS,
    "# of Ratios": np.arange(N) % 7 + 3, "AVG Log2 Ratio": LFC, "Absolute AVG Log2 Ratio": np.abs(LFC),
    "% Change": (2**LFC - 1) * 100, "Ratio": 2**LFC, "Pvalue": P, "Qvalue": Q, "Genes": GENES,
}  # fmt: skip
CUFFDIFF = {
    "test_id": [f"XLOC_{i:06d}" for i in range(N)], "gene": GENES, "locus": [f"chr1:{i}-{i + 9}" for i in range(N)],
    "sample_1": ["rest"] * N, "sample_2": ["trained"] * N, "status": ["OK"] * N, "value_1": 2**REST,
    "value_2": 2**TRAINED, "log2(fold_change)": LFC, "test_stat": T, "p_value": P, "q_value": Q,
    "significant": ["no"] * N,
}  # fmt: skip
OLINK = {
    "Assay": GENES, "OlinkID": [f"OID{i:05d}" for i in range(N)], "UniProt": PROTEINS, "Panel": ["Inflammation"] * N,
    "estimate": LFC, "trained": TRAINED, "rest": REST, "statistic": T, "p.value": P, "parameter": [8.0] * N,
    "conf.low": LFC - 2 * SE, "conf.high": LFC + 2 * SE, "method": ["t"] * N, "Adjusted_pval": Q,
    "Threshold": ["Non-significant"] * N,
}  # fmt: skip
SHRUNKEN = LFC * 0.6
#: Layout -> (columns, layers that must be read with what they must hold, questions that must be asked)
LAYOUTS = {
    "DESeq2": (
        of({"": GENES, "baseMean": 2**MEAN, "log2FoldChange": LFC, "lfcSE": SE, "stat": T, "pvalue": P, "padj": Q}),
        {"log2fc": LFC, "se": SE, "t": T, "p": P, "q": Q, "mean_abundance": MEAN, "df": np.full(N, np.inf)},
        {"reverse"},
    ),
    "DESeq2, shrunken": (
        of({"": GENES, "baseMean": 2**MEAN, "log2FoldChange": SHRUNKEN, "lfcSE": SE, "pvalue": P, "padj": Q}),
        {"log2fc": SHRUNKEN, "se": SE, "p": P, "q": Q},
        {"reverse"},
    ),
    "limma": (
        of({"": GENES, "logFC": LFC, "CI.L": LFC - SE, "CI.R": LFC + SE, "AveExpr": MEAN, "t": T, "P.Value": P,
            "adj.P.Val": Q, "B": ANYTHING - 3}),
        {"log2fc": LFC, "t": T, "p": P, "q": Q, "mean_abundance": MEAN},
        {"reverse"},
    ),
    "limma, write.fit": (
        of({"": GENES, "A": MEAN, "Coef.trained.vs.rest": LFC, "t.trained.vs.rest": T, "p.value.trained.vs.rest": P,
            "p.value.adj.trained.vs.rest": Q, "F": T**2, "F.p.value": P}),
        {"log2fc": LFC, "t": T, "p": P, "q": Q},
        {"fold_change"},  # a coefficient may be of anything
    ),
    "edgeR": (
        of({"": GENES, "logFC": LFC, "logCPM": MEAN - 15, "F": T**2, "PValue": P, "FDR": Q}),
        {"log2fc": LFC, "p": P, "q": Q, "mean_abundance": MEAN - 15},
        {"reverse"},
    ),
    "MSstats": (
        of({"Protein": PROTEINS, "Label": ["trained-rest"] * N, "log2FC": LFC, "SE": SE, "Tvalue": T,
            "DF": np.arange(N) % 5 + 4, "pvalue": P, "adj.pvalue": Q, "issue": [None] * N,
            "MissingPercentage": ANYTHING / 10, "ImputationPercentage": ANYTHING / 20}),
        {"log2fc": LFC, "se": SE, "t": T, "p": P, "q": Q, "df": np.arange(N) % 5 + 4},
        set(),
    ),
    "proDA": (
        of({"name": PROTEINS, "pval": P, "adj_pval": Q, "diff": LFC, "t_statistic": T, "se": SE, "df": [8] * N,
            "avg_abundance": MEAN, "n_approx": [6] * N, "n_obs": [6] * N}),
        {"log2fc": LFC, "se": SE, "t": T, "p": P, "q": Q, "mean_abundance": MEAN, "df": np.full(N, 8)},
        {"reverse"},
    ),
    "DEP": (
        of({"name": GENES, "ID": PROTEINS, "trained_vs_rest_p.val": P, "trained_vs_rest_p.adj": Q,
            "trained_vs_rest_significant": ["FALSE"] * N, "significant": ["FALSE"] * N, "trained_vs_rest_ratio": LFC,
            "rest_centered": REST - MEAN, "trained_centered": TRAINED - MEAN}),
        {"log2fc": LFC, "p": P, "q": Q},
        set(),
    ),
    "Perseus": (of(PERSEUS), {"log2fc": LFC, "t": T, "p": P, "q": Q}, set()),
    "Proteome Discoverer": (of(DISCOVERER), {"log2fc": LFC, "p": P, "q": Q}, set()),
    "Spectronaut": (of(CANDIDATES), {"log2fc": LFC, "p": P, "q": Q}, set()),
    "Olink Analyze": (of(OLINK), {"log2fc": LFC, "t": T, "p": P, "q": Q}, set()),
    "sleuth": (
        of({"target_id": GENES, "pval": P, "qval": Q, "b": LFC * np.log(2), "se_b": SE * np.log(2),
            "mean_obs": MEAN - 15, "var_obs": ANYTHING, "tech_var": ANYTHING}),
        {"p": P, "q": Q},
        {"fold_change", "reverse"},
    ),
    "cuffdiff": (of(CUFFDIFF), {"log2fc": LFC, "t": T, "p": P, "q": Q}, set()),
    "Seurat": (
        of({"": GENES, "p_val": P, "avg_log2FC": LFC, "pct.1": ANYTHING / 5, "pct.2": ANYTHING / 6, "p_val_adj": Q}),
        {"log2fc": LFC, "p": P, "q": Q},
        {"reverse"},
    ),
    "Partek": (
        of({"Gene Symbol": GENES, "p-value(trained vs. rest)": P, "FDR step up (trained vs. rest)": Q,
            "Fold-Change(trained vs. rest)": np.where(LFC < 0, -(2**-LFC), 2**LFC)}),
        {"log2fc": LFC, "p": P, "q": Q},
        set(),
    ),
    "ratios": (
        of({"gene": GENES, "fold change trained / rest": 2**LFC, "p": P}),
        {"log2fc": LFC, "p": P},
        set(),
    ),
    "a difference of nobody knows what": (
        of({"gene": GENES, "estimate": LFC, "std.error": SE, "statistic": T, "p.value": P}),
        {"log2fc": LFC, "se": SE, "t": T, "p": P},
        {"fold_change", "reverse"},
    ),
    "means of the groups beside a difference": (
        of({"gene": GENES, "mean rest": REST, "mean trained": TRAINED, "difference": LFC, "p": P}),
        {"log2fc": LFC, "p": P},
        set(),
    ),
    "fold changes without a sign": (
        of({"gene": GENES, "log2FC": np.abs(LFC), "pvalue": P}),
        {"log2fc": np.abs(LFC)},
        {"fold_change", "reverse"},
    ),
    "ratios under the name of log2": (
        of({"gene": GENES, "log2FC": 100 * LFC, "pvalue": P}),
        {"p": P},
        {"fold_change", "reverse"},
    ),
    "the control first": (
        of({"gene": GENES, "control_vs_trained_log2FC": LFC, "control_vs_trained_pvalue": P}),
        {"log2fc": LFC, "p": P},
        {"reverse"},
    ),
    "logarithms of p without a word": (
        of({"gene": GENES, "log2FC trained vs rest": LFC, "pvalue trained vs rest": -np.log10(P)}),
        {"log2fc": LFC},
        {"minus_log10"},
    ),
}  # fmt: skip


def drafted(tmp_path, table: pd.DataFrame, name: str = "results.tsv"):
    path = tmp_path / name
    table.to_csv(path, sep="\t", index=False)
    added = add([str(path)], id="mine", folder=tmp_path / "datasets", dry_run=True)
    return yaml.safe_load(added.card), added, path


def read(card: dict, path, answers: dict | None = None):
    (file,) = card["files"]
    options = {k: v for k, v in file["options"].items() if not str(v).startswith("TODO")} | (answers or {})
    return read_effects_table(path, **options)


@pytest.mark.parametrize("name", LAYOUTS)
def test_columns_of_every_program_are_read_as_what_they_are(tmp_path, name):
    table, truth, asked = LAYOUTS[name]
    card, added, path = drafted(tmp_path, table)
    assert (card["assay"], card["files"][0]["reader"]) == ("effects", "effects_table"), added.evidence
    open_options = {
        key for key, value in card["files"][0]["options"].items() if str(value).startswith("TODO")
    }
    assert open_options == asked, card["files"][0]["options"]
    assert {p.what.split("'")[1].rpartition(".")[2] for p in added.open} >= asked
    (contrast,) = card["contrasts"]
    if "reverse" not in asked or "control_first" in contrast["name"]:
        assert contrast["label"] == "trained v rest", contrast
    answers = {}
    if name == "logarithms of p without a word":
        answers = {"minus_log10": ["p"]}
        truth = truth | {"p": P}
    if name == "sleuth":
        answers = {"fold_change": "ln"}
        truth = truth | {"log2fc": LFC, "se": SE}
    adata = read(card, path, answers)
    assert adata.n_vars == N
    for layer, expected in truth.items():
        np.testing.assert_allclose(adata.layers[layer][0], expected, rtol=1e-6, err_msg=layer)
    # what is no estimate is nobody's estimate
    for layer in ("se", "t"):
        if layer not in truth:
            assert np.isnan(adata.layers[layer]).all()
    unused = set(table.columns) - set(card["files"][0]["options"]["contrasts"][contrast["name"]].values())
    numbers = {c for c in unused if pd.api.types.is_numeric_dtype(table[c])}
    if name in ("limma", "edgeR"):
        assert all(any(column in line for line in added.evidence) for column in numbers), numbers


def test_lfc_se_is_never_a_contrast(tmp_path):
    """The fault that started this: a contrast `se` whose fold changes were standard errors."""
    card, _, path = drafted(tmp_path, LAYOUTS["DESeq2"][0])
    adata = read(card, path)
    assert adata.n_obs == 1
    np.testing.assert_allclose(adata["results", "FBXO2"].layers["log2fc"], [[LFC[0]]])


WIDE = of(
    {"gene": GENES}
    | {f"{contrast}_{column}": cells * (1 if "p" in column else factor)
       for contrast, factor in (("trained_vs_rest", 1.0), ("recovered_vs_rest", 0.5))
       for column, cells in (("log2FoldChange", LFC), ("lfcSE", SE), ("pvalue", P), ("padj", Q))}
)  # fmt: skip
STACKED = pd.concat(
    [LAYOUTS["MSstats"][0].assign(Label=label, log2FC=factor * LFC, SE=factor * SE)
     for label, factor in (("F_8W - F_SED", 1.0), ("M_8W - M_SED", 0.5), ("F_1W - F_SED", 0.25))]
)  # fmt: skip


def test_means_of_case_and_control_are_the_groups_that_the_file_is_called_by(tmp_path):
    table = of({"gene": GENES, "mean_case": TRAINED, "mean_control": REST, "log2FC": LFC, "pvalue": P})
    path = tmp_path / "trained_vs_sed.csv"
    table.to_csv(path, index=False)
    added = add([str(path)], id="mine", folder=tmp_path / "datasets")
    (contrast,) = yaml.safe_load(added.card)["contrasts"]
    assert (contrast["label"], contrast["role"]) == ("trained v sed", "training")


@pytest.mark.parametrize("kind", ["wide", "suffixes", "stacked"])
def test_several_contrasts_of_a_table_keep_their_columns_apart(tmp_path, kind):
    table = {"wide": WIDE, "stacked": STACKED}.get(kind, WIDE.rename(columns=lambda c: _turned(c)))
    card, added, path = drafted(tmp_path, table)
    adata = read(card, path)
    factors = {"wide": [1, 0.5], "suffixes": [1, 0.5], "stacked": [1, 0.5, 0.25]}[kind]
    for i, factor in enumerate(factors):
        np.testing.assert_allclose(adata.layers["log2fc"][i], factor * LFC)
        np.testing.assert_allclose(adata.layers["se"][i], factor * SE)
        np.testing.assert_allclose(adata.layers["p"][i], P)
    assert not added.open or {p.what.split("'")[1] for p in added.open} <= {
        "organism",
        "tissue",
        "compartment",
    }
    if kind == "stacked":
        assert [c.get("stratum") for c in card["contrasts"]] == ["female", "male", "female"]
        first = card["contrasts"][0]
        assert (first["label"], first["role"]) == ("F_8W v F_SED", "training")


def _turned(column: str) -> str:
    contrast, _, rest = column.rpartition("_")
    return f"{rest} {contrast.replace('_', ' ')}" if contrast else column


def test_contrasts_beyond_the_head_of_a_long_file_are_seen(tmp_path):
    long = pd.concat([STACKED.assign(Protein=[f"{p}-{i}" for p in STACKED["Protein"]]) for i in range(1, 60)])
    long = long.sort_values("Label", kind="stable")
    card, _, path = drafted(tmp_path, long)
    assert path.stat().st_size > 2**20
    assert [c["name"] for c in card["contrasts"]] == ["f_1w_f_sed", "f_8w_f_sed", "m_8w_m_sed"]


def test_contrasts_told_by_tissue_and_sex_together(tmp_path):
    parts = [
        LAYOUTS["limma"][0].rename(columns={"": "feature_ID"}).assign(tissue=tissue, sex=sex, comparison_group=week)
        for tissue in ("LIVER", "SKM-GN") for sex in ("female", "male") for week in ("1w", "8w")
    ]  # fmt: skip
    card, _, path = drafted(tmp_path, pd.concat(parts))
    assert len(card["contrasts"]) == 8
    assert [c["stratum"] for c in card["contrasts"]] == ["female", "female", "male", "male"] * 2
    assert read(card, path, {"reverse": False}).shape == (8, N)


def test_one_letter_that_may_be_a_sex_is_asked(tmp_path):
    one = STACKED[STACKED["Label"] == "F_8W - F_SED"]
    card, _, _ = drafted(tmp_path, one)
    assert card["contrasts"][0]["stratum"].startswith("TODO female if the letter in 'F_8W - F_SED'")


def test_a_sex_that_one_of_two_groups_names_is_asked(tmp_path):
    one = STACKED[STACKED["Label"] == "F_8W - F_SED"].assign(Label="females_8W - SED")
    card, _, _ = drafted(tmp_path, one)
    assert card["contrasts"][0]["stratum"] == "TODO female if both groups of 'females_8W - SED' are, else all"


WORDS = ["up" if change > 0 else "down" for change in LFC]


@pytest.mark.parametrize(
    ("columns", "option", "said"),
    [
        ({"Fold change": 2 ** abs(LFC), "Regulation": WORDS}, "fold_change", "none is below 1"),
        ({"Fold change": 2 ** abs(LFC), "Regulation": WORDS}, "fold_change", "'Regulation' tells directions"),
        ({"Fold change": 1.001 + abs(LFC)}, "fold_change", "nothing goes down"),
        ({"log2FC": abs(LFC), "Direction": WORDS}, "fold_change", "'Direction' tells directions"),
        ({"log2FC": -LFC, "Direction": WORDS}, "reverse", "'Direction' is right"),
    ],
)
def test_changes_without_a_direction_are_asked_about(tmp_path, columns, option, said):
    card, _, _ = drafted(
        tmp_path, of({"gene": GENES, **columns, "p-value": P, "FDR": Q}), "trained_vs_sed.csv"
    )
    assert said in card["files"][0]["options"][option]


def test_directions_that_agree_are_no_question(tmp_path):
    table = of({"gene": GENES, "log2FC": LFC, "Direction": WORDS, "p-value": P, "FDR": Q})
    card, _, _ = drafted(tmp_path, table, "trained_vs_sed.csv")
    assert not {"fold_change", "reverse"} & set(card["files"][0]["options"])


def test_a_list_of_hits_is_said_to_be_one(tmp_path):
    table = of({"gene": GENES, "log2FC": LFC, "p-value": P, "FDR": Q})
    for rows, expected in ((table, False), (table[table["FDR"] < 0.05], True)):
        _, added, _ = drafted(tmp_path, rows, "trained_vs_sed.csv")
        assert ("a list of hits" in " ".join(added.evidence)) == expected


@pytest.mark.parametrize(
    ("columns", "found", "hint"),
    [
        (
            {"log2FC": LFC, "p-value": ["<0.001" if p < 0.001 else f"{p:.3f}" for p in P]},
            "'<0.001'",
            "all digits",
        ),
        ({"% change": 100 * (2**LFC - 1), "p-value": P}, "tests without a fold change", "log2"),
        ({"sed mean": MEAN, "trained mean": MEAN + 1, "p-value": P}, "tests without a fold change", "log2"),
    ],
)
def test_tests_that_cannot_be_read_say_why(tmp_path, columns, found, hint):
    with pytest.raises(Problems) as caught:
        drafted(tmp_path, of({"gene": GENES, **columns}), "trained_vs_sed.csv")
    problem = caught.value.problems[0]
    assert (found in problem.found, hint in problem.hint) == (True, True), problem


def test_a_test_of_all_groups_at_once_is_no_contrast(tmp_path):
    table = of(
        {
            "": GENES,
            "trained": LFC,
            "recovered": LFC / 2,
            "AveExpr": MEAN,
            "F": T**2,
            "P.Value": P,
            "adj.P.Val": Q,
        }
    )
    with pytest.raises(Problems, match="No file holds values or results") as caught:
        drafted(tmp_path, table)
    assert "F" in str(caught.value)


def test_features_that_stand_there_twice_are_asked_about(tmp_path):
    twice = pd.concat([LAYOUTS["limma"][0], LAYOUTS["limma"][0].head(3).assign(logFC=9.0)])
    card, _, path = drafted(tmp_path, twice)
    assert card["files"][0]["options"]["duplicates"].startswith("TODO first")
    assert read(card, path, {"duplicates": "first"}).n_vars == N


def test_replicates_beside_their_test_are_the_data_and_nothing_else_is_a_sample(tmp_path):
    """Perseus writes values, group means and tests side by side."""
    values = {
        f"{group}_{i}": centre + RANDOM.normal(0, 0.2, N)
        for group, centre in (("rest", REST), ("trained", TRAINED))
        for i in (1, 2, 3)
    }
    table = of({"T: Majority protein IDs": PROTEINS} | values)
    table["rest"], table["trained"] = (
        table.filter(like="rest_").mean(axis=1),
        table.filter(like="trained_").mean(axis=1),
    )
    table["N: id"] = RANDOM.permutation(N)
    table["Anova (p)"], table["Power"], table["max_pep_prob"], table["Peptide count"] = (
        P,
        ANYTHING / 5,
        ANYTHING / 5,
        3,
    )
    table = pd.concat([table, of({k: v for k, v in PERSEUS.items() if k[0] in "NC"})], axis=1)
    card, added, _ = drafted(tmp_path, table)
    assert card["assay"] == "protein" and card["values"]["scale"] == "log2"
    assert [row.split("\t")[0] for row in added.sheet.splitlines()[1:]] == list(values)
    said = "\n".join(added.evidence)
    for column in (
        set(table.columns)
        - set(values)
        - {"T: Majority protein IDs", "C: Student's T-test Significant trained_rest"}
    ):
        assert column in said


def test_row_numbers_without_a_name_are_compared_with_no_name_of_a_feature(tmp_path):
    """As in human_muscle_fibres: R's row numbers in front of the genes."""
    random = np.random.default_rng(8)
    pairs = zip(random.normal(0, 1, 300), random.uniform(0, 1, 300), strict=True)
    rows = [f"{i},ABC{i},{change:.4f},{p:.5f},{p:.5f}" for i, (change, p) in enumerate(pairs, start=1)]
    (tmp_path / "a_v_b.csv").write_text("\n".join([",Genes,logFC,P.Value,adj.P.Val", *rows]) + "\n")
    (found,) = recognise(tmp_path / "a_v_b.csv")
    assert (found.content, found.options["feature"]) == ("effects", "Genes")
