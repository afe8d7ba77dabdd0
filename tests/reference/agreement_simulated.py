"""R's answers on simulated matrices against this engine; both lie in `tests/data`, so that any clone can run this."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from sevaxis.base.vocabulary import Reason
from sevaxis.models.counts.negative_binomial import fit_negative_binomial, wald
from sevaxis.models.counts.voom import filter_by_expression, tmm_factors
from sevaxis.models.genesets.camera import camera, camera_preranked
from sevaxis.models.genesets.preranked import preranked
from sevaxis.models.genesets.rotation import fry
from sevaxis.models.genesets.sets import index_sets
from sevaxis.models.linear.array_weights import array_weights
from sevaxis.models.linear.blocks import duplicate_correlation
from sevaxis.models.linear.design import contrast_matrix
from sevaxis.models.linear.empirical_bayes import Moderated, moderate
from sevaxis.models.linear.fit import fit_linear
from sevaxis.models.meta.pooling import pool
from sevaxis.models.mixed.random_intercept import fit_random_intercept

from tests.reference.agreement import (
    DESEQ2,
    EDGER,
    LIMMA,
    METAFOR,
    NEGATIVE_BINOMIAL,
    VOOM,
    Agreement,
    compare_p,
    compare_worked_examples,
    fit_voom,
    relative,
)
from tests.reference.matrices import (
    SIMULATED,
    omnibus_of_two,
    read_gene_sets,
    read_simulated,
    read_simulated_answers,
    read_studies,
    read_table,
    sex_by_treatment,
    treatment_and_age,
)

LMER, FGSEA = "lmerTest 3.1.3", "fgsea 1.31.6"
TREND, VOOMS = ("trend",), ("voom", "voom_quality", "ql")
#: The files hold ten digits: closer agreement cannot be seen in them.
TEN_DIGITS = 3e-9
FEMALE = {"female": {"treated": 1.0}}


def compare_simulated() -> Iterator[Agreement]:
    """All comparisons on simulated matrices."""
    for source in (proteins, blocks, counts_by_voom, counts_by_deseq2, random_intercepts, pooled, gene_sets):
        yield from source()


def proteins() -> Iterator[Agreement]:
    """Simulated intensities, 12 % missing: the effect in females; all three contrasts and their F."""
    values, samples = read_simulated("protB")
    design = sex_by_treatment(samples)
    y = values.to_numpy()
    female = contrast_matrix(design, FEMALE)
    weights = array_weights(y, design, method="gene_by_gene")
    for name, options, fitting in [
        ("limma", {}, {}),
        ("limma_trend", {"trend": True}, {}),
        ("limma_robust", {"robust": True}, {}),
        ("limma_trend_robust", {"trend": True, "robust": True}, {}),
        ("limma_arrayw", {}, {"weights": weights}),
    ]:
        r = read_simulated_answers(f"protB.{name}")
        rows = values.index.get_indexer(r.index)
        ours = moderate(fit_linear(y, design, **fitting).contrast(female, ["female"]), **options)
        pairs = [*_moderated(ours, rows, r), (ours.s2_post[rows], r["s2_post"])]
        known = np.isfinite(ours.t[rows, 0])  # elsewhere limma shows the effect in males
        worst = max(relative(found[known], expected[known]).max() for found, expected in pairs)
        compared = "log2fc, t, p, df, posterior variance"
        yield Agreement(
            f"protB.{name}", LIMMA, compared, int(known.sum()), "largest", TEN_DIGITS, worst, TREND
        )

    contrasts = {
        "trtF": {"treated": 1.0},
        "trtM": {"treated": 1.0, "male:treated": 1.0},
        "int": {"male:treated": 1.0},
    }
    r = read_simulated_answers("protB.limma_contrast")
    ours = moderate(fit_linear(y, design).contrast(contrast_matrix(design, contrasts)))
    f, p = omnibus_of_two(ours)
    rows = values.index.get_indexer(r.index)
    # limma's F is its own where values are missing: the correlations of the complete design
    complete = values.notna().all(axis=1).to_numpy()[rows]
    pairs = [(f[rows][complete], r["F"][complete]), (p[rows][complete], r["F.p"][complete])]
    for k, name in enumerate(contrasts):
        pairs += [(ours.t[rows, k], r[f"t.{name}"]), (ours.p[rows, k], r[f"p.{name}"])]
    worst = max(relative(*pair).max() for pair in pairs)
    known = int(np.isfinite(ours.t[rows]).sum())
    yield Agreement(
        "protB.limma_contrast",
        LIMMA,
        "t, p; F of complete features",
        known,
        "largest",
        TEN_DIGITS,
        worst,
        TREND,
    )


def _moderated(ours: Moderated, rows: np.ndarray, r: pd.DataFrame) -> list[tuple[np.ndarray, pd.Series]]:
    """Pairs of what limma prints of one coefficient, in the rows that the answer has."""
    return [
        (ours.log2fc[rows, 0], r["logFC"]),
        (ours.t[rows, 0], r["t"]),
        (ours.p[rows, 0], r["p"]),
        (ours.df_total[rows], r["df_total"]),
    ]


def blocks() -> Iterator[Agreement]:
    """Twenty donors, three samples each: correlation within donors."""
    values, samples = read_simulated("mixedD")
    r = read_simulated_answers("mixedD.limma_dupcor").loc[values.index]
    design = treatment_and_age(samples)
    effect = contrast_matrix(design, {"treat": {"treated": 1.0}})
    rho = duplicate_correlation(values.to_numpy(), design, samples["donor"])
    fit = fit_linear(values.to_numpy(), design, block=samples["donor"], correlation=rho)
    ours = moderate(fit.contrast(effect))
    of_t = np.abs(ours.t[:, 0] - r["t"]) / np.maximum(np.abs(r["t"]), 1)
    yield Agreement("mixedD.limma_dupcor", LIMMA, "t", len(r), "largest", 1e-6, of_t.max(), TREND)
    of_p = relative(ours.p[:, 0], r["p"])
    yield Agreement("mixedD.limma_dupcor", LIMMA, "p", len(r), "largest", 1e-5, of_p.max(), TREND)


def counts_by_voom() -> Iterator[Agreement]:
    """Simulated counts: filter, TMM, voom."""
    counts, samples = read_simulated("countsA")
    design = sex_by_treatment(samples)
    keep = filter_by_expression(counts.to_numpy(), design)
    factors = read_simulated_answers("countsA.voom.tmm")["norm"]
    worst = relative(tmm_factors(counts.to_numpy(float)[keep]), factors).max()
    yield Agreement("countsA.voom.tmm", EDGER, "TMM factors", len(factors), "largest", 1e-9, worst, VOOMS)
    r = read_simulated_answers("countsA.voom")
    ours = moderate(fit_voom(counts.to_numpy(), design, keep).contrast(contrast_matrix(design, FEMALE)))
    pairs = _moderated(ours, counts.index[keep].get_indexer(r.index), r)
    worst = max(relative(*pair).max() for pair in pairs)
    yield Agreement(
        "countsA.voom", VOOM, "rows kept; log2fc, t, p, df", len(r), "largest", TEN_DIGITS, worst, ("voom",)
    )


def counts_by_deseq2() -> Iterator[Agreement]:
    """Simulated counts: size factors, dispersions, Wald tests."""
    counts, samples = read_simulated("countsA")
    male, treated = (samples.sex == "M").to_numpy(float), (samples.treat == "trt").to_numpy(float)
    design = np.column_stack([np.ones(len(samples)), male, treated, male * treated])
    fit = fit_negative_binomial(counts.to_numpy(), design)
    found = wald(fit, np.array([0.0, 0.0, 1.0, 0.0]))
    factors = read_simulated_answers("countsA.deseq2.sf")["size_factor"]
    worst = relative(fit.size_factors, factors).max()
    yield Agreement(
        "countsA.deseq2.sf", DESEQ2, "size factors", len(factors), "largest", 1e-9, worst, NEGATIVE_BINOMIAL
    )

    r = read_simulated_answers("countsA.deseq2")
    rows = counts.index.get_indexer(r.index)
    informed = found.reason[rows, 0] != Reason.NO_COUNT_IN_CONTRAST
    quantities = {
        "dispersion": relative(fit.dispersions.final[rows], r["dispersion"]),
        "log2fc": relative(found.log2fc[rows, 0][informed], r["log2FoldChange"][informed]),
        "se": relative(found.se[rows, 0], r["lfcSE"]),
    }
    for name, difference in quantities.items():
        high = float(np.quantile(difference, 0.99))
        yield Agreement(
            "countsA.deseq2", DESEQ2, name, len(difference), "99 %", 1e-6, high, NEGATIVE_BINOMIAL
        )
    yield from compare_p("countsA.deseq2", found.p[rows, 0], r["pvalue"].to_numpy())


def random_intercepts() -> Iterator[Agreement]:
    """Donors as a random intercept, Satterthwaite's degrees of freedom."""
    values, samples = read_simulated("mixedD")
    design = np.column_stack([np.ones(len(samples)), samples["treat"] == "trt", samples["age"]]).astype(float)
    r = read_simulated_answers("mixedD.lmer")
    found = fit_random_intercept(values.to_numpy(), design, samples["donor"].to_numpy()).contrast(
        np.array([0.0, 1.0, 0.0])
    )
    rows = values.index.get_indexer(r.index)
    for name, tolerance in {"se": 4e-6, "df": 2e-5, "p": 1e-5}.items():
        high = float(np.quantile(relative(getattr(found, name)[rows, 0], r[name]), 0.99))
        yield Agreement("mixedD.lmer", LMER, name, len(r), "99 %", tolerance, high, ("mixed",))


def pooled() -> Iterator[Agreement]:
    """A small meta-analysis, and 2,000 genes."""
    yield compare_worked_examples({"homog": read_studies("homog")})
    genes = read_table(SIMULATED / "meta_genes").to_numpy()
    for method in ("PM", "REML"):
        r = read_simulated_answers(f"meta_genes.{method}")
        found = pool(genes[:, :6], np.sqrt(genes[:, 6:]), method=method)
        some = found.k >= 3
        pairs = {"estimate": "estimate", "se": "se_knha", "p": "p_knha", "tau2": "tau2", "q": "Q"}
        worst = max(np.abs(getattr(found, ours) - r[name])[some].max() for ours, name in pairs.items())
        compared, rows = "estimate, se, p, tau2, Q", int(some.sum())
        yield Agreement(f"meta_genes.{method}", METAFOR, compared, rows, "largest, absolute", 1e-6, worst)


def gene_sets() -> Iterator[Agreement]:
    """Gene-set tests on one simulated matrix."""
    values, samples = read_simulated("gs_expr")
    samples = samples.set_index("sample").loc[values.columns]
    design = np.column_stack([np.ones(len(samples)), samples["treat"] == "trt"]).astype(float)
    members, t = read_gene_sets(), read_simulated_answers("gs.t")["t"].loc[values.index].to_numpy()
    sets = index_sets(members, values.index)
    y, contrast = values.to_numpy(), np.array([0.0, 1.0])

    for job, ours in {
        "camera": camera(y, design, contrast, sets),
        "cameraPR": camera_preranked(t, sets),
        "fry": fry(y, design, contrast, sets),
    }.items():
        r = read_simulated_answers(f"gs.{job}").loc[ours["set"]]
        worst = max(relative(ours["p"], r["PValue"]).max(), relative(ours["q"], r["FDR"]).max())
        yield Agreement(f"gs.{job}", LIMMA, "p, q", len(ours), "largest", 1e-6, worst)
    ours = preranked(t, sets, seed=1).set_index("set")
    simple = read_simulated_answers("gs.fgseaSimple").loc[ours.index]
    multilevel = read_simulated_answers("gs.fgseaMultilevel").loc[ours.index]
    worst = np.abs(ours["es"] - simple["ES"]).max()
    yield Agreement("gs.fgseaSimple", FGSEA, "enrichment score", len(ours), "largest, absolute", 2e-10, worst)
    z = np.log2(ours["p"] / multilevel["pval"]) / np.hypot(ours["log2_error"], multilevel["log2err"])
    compared = "log2 p, in standard errors of both"
    yield Agreement(
        "gs.fgseaMultilevel", FGSEA, compared, int(z.notna().sum()), "largest", 4.0, z.abs().max()
    )
