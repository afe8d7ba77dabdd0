"""Every answer of R in the reference folder against this engine: what is compared, how many rows, how far apart.

`tests/reference/test_documented.py` runs all of this and holds the numbers in docs/accuracy.md to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sevaxis.models.counts.voom import filter_by_expression, tmm_factors, voom
from sevaxis.models.inference.multiplicity import benjamini_hochberg
from sevaxis.models.linear.array_weights import array_weights
from sevaxis.models.linear.blocks import duplicate_correlation
from sevaxis.models.linear.design import Design, cell_means, contrast_matrix
from sevaxis.models.linear.empirical_bayes import f_test, moderate
from sevaxis.models.linear.fit import fit_linear

from tests.reference import real_data

LIMMA, EDGER, DESEQ2 = "limma 3.54.1", "edgeR 3.40.2", "DESeq2 1.38.3"
VOOM = f"{EDGER}, {LIMMA}"
LMER, METAFOR, FGSEA = "lmerTest 3.1.3", "metafor 3.8.1", "fgsea 1.31.6"
#: The files hold eight (real data) or ten digits: closer agreement cannot be seen in them.
EIGHT_DIGITS, TEN_DIGITS = 1e-7, 3e-9
MODERATED = "log2fc, se, t, df, p"
#: Reference files that are no answers of a test.
NOT_COMPARED = {
    "countsA.deseq2_lrt": "likelihood-ratio test: not in this engine, contrasts are tested one by one",
    "countsA.deseq2_ashr": "shrunken effects: not in this engine",
    "countsA.deseq2_apeglm": "shrunken effects: not in this engine",
    "gs.gsva": "scores of sets in single samples: not in this engine",
    "gs.ssgsea": "scores of sets in single samples: not in this engine",
    "protB.combat": "batch-corrected values: here batch enters the model, nothing is tested on corrected data",
    "gs.t": "input of the preranked tests",
    "versions": "versions of R and its packages",
}


@dataclass(frozen=True)
class Agreement:
    """How far this engine is from one answer of R.

    Attributes
    ----------
    file
        Name of R's answer, without ending.
    software
        Package and version.
    compared
        Quantities.
    rows
        Values of each quantity.
    measure
        ``largest``, ``99 %`` or ``median`` of the absolute (``log2``: of the log2 ratio) or relative differences.
    tolerance, difference
        What the tests allow, and what was found.
    """

    file: str
    software: str
    compared: str
    rows: int
    measure: str
    tolerance: float
    difference: float


def relative(found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Relative differences of the values that both know; absolute ones where R's value is 0."""
    found, expected = np.asarray(found, float).ravel(), np.asarray(expected, float).ravel()
    known = np.isfinite(found) & np.isfinite(expected)
    found, expected = found[known], expected[known]
    return np.abs(found - expected) / np.where(expected == 0, 1, np.abs(expected))


def compare_all(shared: Path) -> list[Agreement]:
    """All comparisons; `shared` holds the folders ``data`` and ``reference``."""
    sources: list[Callable[[Path], Iterator[Agreement]]] = [
        proteins,
        blocks,
        simulated_voom,
        simulated_deseq2,
        random_intercepts,
        pooled,
        gene_sets,
        rat_proteome,
        rat_transcriptome,
        vesicles,
    ]
    return [agreement for source in sources for agreement in source(shared)]


def table(agreements: list[Agreement]) -> str:
    """Markdown."""
    lines = [
        "| R's answers | R package | compared | rows | difference | tested to | found |",
        "|---|---|---|---|---|---|---|",
    ]
    for a in agreements:
        found = "0" if a.difference == 0 else f"{a.difference:.0e}"
        lines.append(
            f"| `{a.file}` | {a.software} | {a.compared} | {a.rows:,} | {a.measure} | {a.tolerance:.0e} | {found} |"
        )
    return "\n".join(lines)


def _of_moderated(
    ours, r: pd.DataFrame, features: pd.Index, file: str, software: str, tolerance: float
) -> Agreement:
    """All strata of a real data set; a row that R does not have must have no estimate here."""
    worst, rows = [], 0
    for k, stratum in enumerate(ours.names):
        of_r = r[r["stratum"] == stratum]
        of_r = of_r if len(of_r) == len(features) else of_r.reindex(features)
        known = of_r["t"].notna().to_numpy()
        if not np.array_equal(known, np.isfinite(ours.t[:, k])):
            raise AssertionError(f"{file}, {stratum}: not the same features are estimable")
        rows += known.sum()
        found = {"log2fc": ours.log2fc, "se": ours.se, "t": ours.t, "p": ours.p}
        worst += [relative(values[known, k], of_r[name][known]).max() for name, values in found.items()]
        worst.append(relative(ours.df_total[known], of_r["df"][known]).max())
    return Agreement(file, software, MODERATED, int(rows), "largest", tolerance, max(worst))


def proteins(shared: Path) -> Iterator[Agreement]:
    """Simulated intensities, 12 % missing: the effect in females; all three contrasts and their F."""
    values, samples = real_data.read_simulated(shared, "protB")
    design = real_data.sex_by_treatment(samples)
    y = values.to_numpy()
    female = {"female": {"treated": 1.0}}
    weights = array_weights(y, design, method="gene_by_gene")
    for name, options, fitting in [
        ("limma", {}, {}),
        ("limma_trend", {"trend": True}, {}),
        ("limma_robust", {"robust": True}, {}),
        ("limma_trend_robust", {"trend": True, "robust": True}, {}),
        ("limma_arrayw", {}, {"weights": weights}),
    ]:
        r = real_data.read_answers(shared, f"simulated/R/protB.{name}").loc[values.index]
        fit = fit_linear(y, design, **fitting).contrast(contrast_matrix(design, female))
        ours = moderate(fit, **options)
        known = np.isfinite(
            ours.t[:, 0]
        )  # the rows where limma shows the effect of males are not ours to match
        pairs = [
            (ours.log2fc[:, 0], r["logFC"]),
            (ours.t[:, 0], r["t"]),
            (ours.p[:, 0], r["p"]),
            (ours.df_total, r["df_total"]),
            (ours.s2_post, r["s2_post"]),
        ]
        worst = max(relative(found[known], expected[known]).max() for found, expected in pairs)
        compared = "log2fc, t, p, df, posterior variance"
        yield Agreement(f"protB.{name}", LIMMA, compared, int(known.sum()), "largest", TEN_DIGITS, worst)

    contrasts = {
        "trtF": {"treated": 1.0},
        "trtM": {"treated": 1.0, "male:treated": 1.0},
        "int": {"male:treated": 1.0},
    }
    r = real_data.read_answers(shared, "simulated/R/protB.limma_contrast").loc[values.index]
    ours = moderate(fit_linear(y, design).contrast(contrast_matrix(design, contrasts)))
    f, p, _ = f_test(ours, shared_correlation=True)
    worst = [relative(f, r["F"]).max(), relative(p, r["F.p"]).max()]
    for k, name in enumerate(contrasts):
        worst += [relative(ours.t[:, k], r[f"t.{name}"]).max(), relative(ours.p[:, k], r[f"p.{name}"]).max()]
    rows = int(np.isfinite(ours.t).sum())
    yield Agreement(
        "protB.limma_contrast", LIMMA, "t, p; F of all three", rows, "largest", TEN_DIGITS, max(worst)
    )


def blocks(shared: Path) -> Iterator[Agreement]:
    """Twenty donors, three samples each: correlation within donors."""
    values, samples = real_data.read_simulated(shared, "mixedD")
    r = real_data.read_answers(shared, "simulated/R/mixedD.limma_dupcor").loc[values.index]
    design = real_data.treatment_and_age(samples)
    effect = contrast_matrix(design, {"treat": {"treated": 1.0}})
    rho = duplicate_correlation(values.to_numpy(), design, samples["donor"])
    fit = fit_linear(values.to_numpy(), design, block=samples["donor"], correlation=rho)
    ours = moderate(fit.contrast(effect))
    for name, found in {"t": ours.t[:, 0], "p": ours.p[:, 0]}.items():
        difference = (
            np.abs(found - r[name]) / np.maximum(np.abs(r[name]), 1)
            if name == "t"
            else relative(found, r[name])
        )
        yield Agreement(
            "mixedD.limma_dupcor",
            LIMMA,
            name,
            len(r),
            "largest",
            1e-6 if name == "t" else 1e-5,
            difference.max(),
        )


def _voom(counts: np.ndarray, design: Design, keep: np.ndarray):
    kept = counts[keep].astype(float)
    y, weights = voom(kept, design, lib_size=kept.sum(axis=0) * tmm_factors(kept))
    return fit_linear(y, design, weights=weights)


def simulated_voom(shared: Path) -> Iterator[Agreement]:
    """Simulated counts: filter, TMM, voom."""
    counts, samples = real_data.read_simulated(shared, "countsA")
    design = real_data.sex_by_treatment(samples)
    keep = filter_by_expression(counts.to_numpy(), design)
    factors = pd.read_csv(shared / "reference/simulated/R/countsA.voom.tmm.tsv", sep="\t")["norm"]
    worst = relative(tmm_factors(counts.to_numpy(float)[keep]), factors).max()
    yield Agreement("countsA.voom.tmm", EDGER, "TMM factors", len(factors), "largest", 1e-9, worst)
    r = real_data.read_answers(shared, "simulated/R/countsA.voom").loc[counts.index[keep]]
    fit = _voom(counts.to_numpy(), design, keep)
    ours = moderate(fit.contrast(contrast_matrix(design, {"female": {"treated": 1.0}})))
    pairs = [
        (ours.log2fc[:, 0], r["logFC"]),
        (ours.t[:, 0], r["t"]),
        (ours.p[:, 0], r["p"]),
        (ours.df_total, r["df_total"]),
    ]
    worst = max(relative(*pair).max() for pair in pairs)
    yield Agreement("countsA.voom", VOOM, "rows kept; log2fc, t, p, df", len(r), "largest", TEN_DIGITS, worst)


def _hits(found: np.ndarray, q: np.ndarray) -> tuple[int, float]:
    """Size of R's hits at 5 %, and 1 - Jaccard index of both."""
    ours, theirs = benjamini_hochberg(found) < 0.05, np.asarray(q) < 0.05
    return int(theirs.sum()), 1 - (ours & theirs).sum() / max((ours | theirs).sum(), 1)


def _of_p(file: str, p: np.ndarray, expected: np.ndarray) -> Iterator[Agreement]:
    difference = relative(p, expected)
    yield Agreement(file, DESEQ2, "p", len(difference), "99 %", 1e-3, float(np.quantile(difference, 0.99)))
    hits, distance = _hits(p, benjamini_hochberg(expected))
    yield Agreement(file, DESEQ2, "hits at 5 % FDR: 1 - Jaccard", hits, "largest", 1e-2, distance)


def simulated_deseq2(shared: Path) -> Iterator[Agreement]:
    """Simulated counts: size factors, dispersions, Wald tests."""
    from sevaxis.base.vocabulary import Reason
    from sevaxis.models.counts.negative_binomial import (
        fit_negative_binomial,
        wald,
    )

    counts, samples = real_data.read_simulated(shared, "countsA")
    male, treated = (samples.sex == "M").to_numpy(float), (samples.treat == "trt").to_numpy(float)
    design = np.column_stack([np.ones(len(samples)), male, treated, male * treated])
    fit = fit_negative_binomial(counts.to_numpy(), design)
    found = wald(fit, np.array([0.0, 0.0, 1.0, 0.0]))
    folder = shared / "reference/simulated/R"
    factors = pd.read_csv(folder / "countsA.deseq2.sf.tsv", sep="\t")["size_factor"]
    worst = relative(fit.size_factors, factors).max()
    yield Agreement("countsA.deseq2.sf", DESEQ2, "size factors", len(factors), "largest", 1e-9, worst)

    r = pd.read_csv(folder / "countsA.deseq2.tsv.gz", sep="\t")
    informed = found.reason[:, 0] != Reason.NO_COUNT_IN_CONTRAST
    quantities = {
        "dispersion": relative(fit.dispersions.final, r["dispersion"]),
        "log2fc": relative(found.log2fc[informed, 0], r["log2FoldChange"][informed]),
        "se": relative(found.se[:, 0], r["lfcSE"]),
    }
    for name, difference in quantities.items():
        high = float(np.quantile(difference, 0.99))
        yield Agreement("countsA.deseq2", DESEQ2, name, len(difference), "99 %", 1e-6, high)
    yield from _of_p("countsA.deseq2", found.p[:, 0], r["pvalue"].to_numpy())


def random_intercepts(shared: Path) -> Iterator[Agreement]:
    """Donors as a random intercept, Satterthwaite's degrees of freedom."""
    from sevaxis.models.mixed.random_intercept import fit_random_intercept

    values, samples = real_data.read_simulated(shared, "mixedD")
    design = np.column_stack([np.ones(len(samples)), samples["treat"] == "trt", samples["age"]]).astype(float)
    r = real_data.read_answers(shared, "simulated/R/mixedD.lmer").loc[values.index]
    found = fit_random_intercept(values.to_numpy(), design, samples["donor"].to_numpy()).contrast(
        np.array([0.0, 1.0, 0.0])
    )
    for name, tolerance in {"se": 4e-6, "df": 2e-5, "p": 1e-5}.items():
        high = float(np.quantile(relative(getattr(found, name)[:, 0], r[name]), 0.99))
        yield Agreement("mixedD.lmer", LMER, name, len(r), "99 %", tolerance, high)


def pooled(shared: Path) -> Iterator[Agreement]:
    """Worked meta-analyses, and 2,000 genes."""
    from sevaxis.models.meta.pooling import pool

    folder = shared / "reference/simulated"
    r = pd.read_csv(folder / "R/meta.metafor.tsv", sep="\t")
    r = r[r["k"] >= 3]
    columns = ("estimate", "se", "p", "ci_low", "ci_high", "tau2", "q")
    worst, rows = [], 0
    for row in r.itertuples():
        studies = pd.read_csv(folder / f"meta_{row.dataset}.tsv", sep="\t")
        if row.method not in ("FE", "DL", "PM", "REML"):
            continue
        yi, se = studies["yi"].to_numpy()[None], np.sqrt(studies["vi"].to_numpy())[None]
        found = pool(yi, se, method=row.method, hartung_knapp=row.test == "knha")
        expected = (row.estimate, row.se, row.p, row.ci_lb, row.ci_ub, row.tau2, row.Q)
        worst.append(relative([getattr(found, name)[0] for name in columns], expected).max())
        rows += 1
    compared = "estimate, se, p, interval, tau2, Q"
    yield Agreement("meta.metafor", METAFOR, compared, rows, "largest", 1e-6, max(worst))
    genes = pd.read_csv(folder / "meta_genes.tsv.gz", sep="\t", index_col=0).to_numpy()
    for method in ("PM", "REML"):
        r = pd.read_csv(folder / f"R/meta_genes.{method}.tsv.gz", sep="\t")
        found = pool(genes[:, :6], np.sqrt(genes[:, 6:]), method=method)
        some = found.k >= 3
        pairs = {"estimate": "estimate", "se": "se_knha", "p": "p_knha", "tau2": "tau2", "q": "Q"}
        worst = max(np.abs(getattr(found, ours) - r[name])[some].max() for ours, name in pairs.items())
        yield Agreement(
            f"meta_genes.{method}",
            METAFOR,
            "estimate, se, p, tau2, Q",
            int(some.sum()),
            "largest, absolute",
            1e-6,
            worst,
        )


def gene_sets(shared: Path) -> Iterator[Agreement]:
    """Gene-set tests on one simulated matrix."""
    from sevaxis.models.genesets.camera import camera, camera_preranked
    from sevaxis.models.genesets.preranked import preranked
    from sevaxis.models.genesets.rotation import fry
    from sevaxis.models.genesets.sets import index_sets

    values, samples = real_data.read_simulated(shared, "gs_expr")
    samples = samples.set_index("sample").loc[values.columns]
    design = np.column_stack([np.ones(len(samples)), samples["treat"] == "trt"]).astype(float)
    folder = shared / "reference/simulated"
    members = pd.read_csv(folder / "gs_sets.tsv.gz", sep="\t").groupby("set")["gene"].apply(list).to_dict()
    t = pd.read_csv(folder / "R/gs.t.tsv.gz", sep="\t", index_col="gene")["t"].loc[values.index].to_numpy()
    sets = index_sets(members, values.index)
    y, contrast = values.to_numpy(), np.array([0.0, 1.0])

    def answer(job: str) -> pd.DataFrame:
        return pd.read_csv(folder / f"R/gs.{job}.tsv", sep="\t", index_col=0)

    for job, ours in {
        "camera": camera(y, design, contrast, sets),
        "cameraPR": camera_preranked(t, sets),
        "fry": fry(y, design, contrast, sets),
    }.items():
        r = answer(job).loc[ours["set"]]
        worst = max(relative(ours["p"], r["PValue"]).max(), relative(ours["q"], r["FDR"]).max())
        yield Agreement(f"gs.{job}", LIMMA, "p, q", len(ours), "largest", 1e-6, worst)
    ours = preranked(t, sets, seed=1).set_index("set")
    simple, multilevel = answer("fgseaSimple").loc[ours.index], answer("fgseaMultilevel").loc[ours.index]
    worst = np.abs(ours["es"] - simple["ES"]).max()
    yield Agreement("gs.fgseaSimple", FGSEA, "enrichment score", len(ours), "largest, absolute", 2e-10, worst)
    z = np.log2(ours["p"] / multilevel["pval"]) / np.hypot(ours["log2_error"], multilevel["log2err"])
    compared = "log2 p, in standard errors of both"
    yield Agreement(
        "gs.fgseaMultilevel", FGSEA, compared, int(z.notna().sum()), "largest", 4.0, z.abs().max()
    )


def rat_proteome(shared: Path) -> Iterator[Agreement]:
    """Rat gastrocnemius, log2 ratios: four strata of 8 weeks of training; quality weights."""
    values, cells = real_data.read_motrpac(shared, "PROT_GN")
    design, strata = cell_means(cells), real_data.sex_strata("8W", "SED")
    contrasts = contrast_matrix(design, strata)
    weights = array_weights(values.to_numpy(), design, method="gene_by_gene")
    for name, options in {
        "limma_trend_robust": {},
        "limma_arrayweights_trend_robust": {"weights": weights},
    }.items():
        file = f"motrpac_prot_gn.8W.{name}"
        r = real_data.read_answers(shared, f"real/{file}")
        fit = fit_linear(values.to_numpy(), design, **options).contrast(contrasts, list(strata))
        yield _of_moderated(
            moderate(fit, trend=True, robust=True), r, values.index, file, LIMMA, EIGHT_DIGITS
        )
    path = shared / "reference/real/motrpac_prot_gn.array_weights.tsv"
    r = pd.read_csv(path, sep="\t", header=None, index_col=0, dtype={0: str})[1].loc[values.columns]
    worst = relative(weights, r).max()
    yield Agreement("motrpac_prot_gn.array_weights", LIMMA, "weights", len(r), "largest", EIGHT_DIGITS, worst)


def rat_transcriptome(shared: Path) -> Iterator[Agreement]:
    """Rat gastrocnemius counts: voom and negative binomial."""
    from sevaxis.models.counts.negative_binomial import fit_negative_binomial, wald

    counts, cells = real_data.read_motrpac(shared, "TRNSCRPT_GN")
    design, strata = cell_means(cells), real_data.sex_strata("8W", "SED")
    contrasts = contrast_matrix(design, strata)
    keep = filter_by_expression(counts.to_numpy(), cells)
    r = real_data.read_answers(shared, "real/motrpac_rna_gn.8W.voom")
    ours = moderate(_voom(counts.to_numpy(), design, keep).contrast(contrasts, list(strata)))
    yield _of_moderated(ours, r, counts.index[keep], "motrpac_rna_gn.8W.voom", VOOM, EIGHT_DIGITS)
    r = real_data.read_answers(shared, "real/motrpac_rna_gn.8W.deseq2")
    found = wald(fit_negative_binomial(counts.to_numpy(), design.matrix), contrasts)
    of_r = {
        name: r[r["stratum"] == name].loc[counts.index, "p"].to_numpy()
        for name in strata
        if name in set(r["stratum"])
    }
    columns = [list(strata).index(name) for name in of_r]
    difference = relative(found.p[:, columns].T, np.array(list(of_r.values())))
    high = float(np.quantile(difference, 0.99))
    yield Agreement("motrpac_rna_gn.8W.deseq2", DESEQ2, "p", len(difference), "99 %", 1e-3, high)
    hits, distances = zip(
        *(_hits(found.p[:, k], benjamini_hochberg(p)) for k, p in zip(columns, of_r.values(), strict=True)),
        strict=True,
    )
    compared = "hits at 5 % FDR: 1 - Jaccard"
    yield Agreement("motrpac_rna_gn.8W.deseq2", DESEQ2, compared, sum(hits), "largest", 1e-2, max(distances))


def vesicles(shared: Path) -> Iterator[Agreement]:
    """Vesicles: sparse counts of microglia, three v three; human plasma around exercise, paired."""
    from sevaxis.models.counts.negative_binomial import fit_negative_binomial, wald

    counts = real_data.read_bv2_ev_counts(shared)
    cells = ["control"] * 3 + ["LPS"] * 3
    design = cell_means(cells)
    contrast = contrast_matrix(design, {"all": {"LPS": 1.0, "control": -1.0}})
    keep = filter_by_expression(counts.to_numpy(), cells)
    r = real_data.read_answers(shared, "real/bv2_ev_lps.voom")
    ours = moderate(_voom(counts.to_numpy(), design, keep).contrast(contrast, ["all"]))
    yield _of_moderated(ours, r, counts.index[keep], "bv2_ev_lps.voom", VOOM, EIGHT_DIGITS)
    r = real_data.read_answers(shared, "real/bv2_ev_lps.deseq2")
    two = np.column_stack([np.ones(6), [0, 0, 0, 1, 1, 1]])
    p = wald(fit_negative_binomial(counts.to_numpy(), two), np.array([0.0, 1.0])).p[:, 0]
    yield from _of_p("bv2_ev_lps.deseq2", p, r["p"].to_numpy())

    values, samples = real_data.read_glymreg(shared)
    design = cell_means((samples["Group"].str.capitalize() + " " + samples["time"]).tolist())
    strata = real_data.sex_strata("time4", "time1")
    consensus = duplicate_correlation(values.to_numpy(), design, samples["ID"])
    of_r = float((shared / "reference/real/glymreg_ev.consensus.txt").read_text())
    yield Agreement(
        "glymreg_ev.consensus",
        LIMMA,
        "correlation within subjects",
        1,
        "largest",
        1e-6,
        abs(consensus - of_r),
    )
    fit = fit_linear(values.to_numpy(), design, block=samples["ID"], correlation=consensus)
    ours = moderate(fit.contrast(contrast_matrix(design, strata), list(strata)), trend=True)
    file = "glymreg_ev.time4.limma_dupcor_trend"
    yield _of_moderated(
        ours, real_data.read_answers(shared, f"real/{file}"), values.index, file, LIMMA, EIGHT_DIGITS
    )
