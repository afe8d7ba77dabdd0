"""R's answers on public matrices, and on two harder cases, against this engine; both lie in the shared folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from sevaxis.models.counts.negative_binomial import fit_negative_binomial, wald
from sevaxis.models.counts.quasi_likelihood import fit_quasi_likelihood, quasi_likelihood_test
from sevaxis.models.counts.voom import filter_by_expression, tmm_factors, voom_quality
from sevaxis.models.linear.array_weights import array_weights
from sevaxis.models.linear.blocks import duplicate_correlation
from sevaxis.models.linear.design import cell_means, contrast_matrix
from sevaxis.models.linear.empirical_bayes import Moderated, moderate
from sevaxis.models.linear.fit import fit_linear

from tests.reference.agreement import (
    DESEQ2,
    EDGER,
    HITS,
    LIMMA,
    NEGATIVE_BINOMIAL,
    VOOM,
    Agreement,
    compare_hits,
    compare_p,
    compare_worked_examples,
    fit_voom,
    relative,
)
from tests.reference.matrices import (
    read_bv2_ev_counts,
    read_glymreg,
    read_hard,
    read_hard_answers,
    read_motrpac,
    read_public_answers,
    read_studies,
    sex_strata,
)

#: The files hold eight digits: closer agreement cannot be seen in them.
EIGHT_DIGITS = 1e-7
TREND = ("trend",)
MODERATED = "log2fc, se, t, df, p"


def compare_public(shared: Path) -> Iterator[Agreement]:
    """All comparisons on public matrices; `shared` holds the folders ``data`` and ``reference``."""
    for source in (rat_proteome, rat_transcriptome, vesicles, trials, hard_counts):
        yield from source(shared)


def rat_proteome(shared: Path) -> Iterator[Agreement]:
    """Rat gastrocnemius, log2 ratios: four strata of 8 weeks of training; quality weights."""
    values, cells = read_motrpac(shared, "PROT_GN")
    design, strata = cell_means(cells), sex_strata("8W", "SED")
    contrasts = contrast_matrix(design, strata)
    weights = array_weights(values.to_numpy(), design, method="gene_by_gene")
    for name, options in {
        "limma_trend_robust": {},
        "limma_arrayweights_trend_robust": {"weights": weights},
    }.items():
        file = f"motrpac_prot_gn.8W.{name}"
        r = read_public_answers(shared, file)
        fit = fit_linear(values.to_numpy(), design, **options).contrast(contrasts, list(strata))
        yield _of_moderated(moderate(fit, trend=True, robust=True), r, values.index, file, LIMMA, TREND)

    path = shared / "reference/real/motrpac_prot_gn.array_weights.tsv"
    r = pd.read_csv(path, sep="\t", header=None, index_col=0, dtype={0: str})[1].loc[values.columns]
    worst = relative(weights, r).max()
    yield Agreement(
        "motrpac_prot_gn.array_weights", LIMMA, "weights", len(r), "largest", EIGHT_DIGITS, worst, TREND
    )


def rat_transcriptome(shared: Path) -> Iterator[Agreement]:
    """Rat gastrocnemius counts: voom and negative binomial."""
    counts, cells = read_motrpac(shared, "TRNSCRPT_GN")
    design, strata = cell_means(cells), sex_strata("8W", "SED")
    contrasts = contrast_matrix(design, strata)
    keep = filter_by_expression(counts.to_numpy(), cells)
    r = read_public_answers(shared, "motrpac_rna_gn.8W.voom")
    ours = moderate(fit_voom(counts.to_numpy(), design, keep).contrast(contrasts, list(strata)))
    yield _of_moderated(ours, r, counts.index[keep], "motrpac_rna_gn.8W.voom", VOOM, ("voom",))
    r = read_public_answers(shared, "motrpac_rna_gn.8W.deseq2")
    found = wald(fit_negative_binomial(counts.to_numpy(), design.matrix), contrasts)
    of_r = {
        name: r[r["stratum"] == name].loc[counts.index, "p"].to_numpy()
        for name in strata
        if name in set(r["stratum"])
    }
    columns = [list(strata).index(name) for name in of_r]
    difference = relative(found.p[:, columns].T, np.array(list(of_r.values())))
    high = float(np.quantile(difference, 0.99))
    yield Agreement(
        "motrpac_rna_gn.8W.deseq2", DESEQ2, "p", len(difference), "99 %", 1e-3, high, NEGATIVE_BINOMIAL
    )
    hits, distances = zip(
        *(compare_hits(found.p[:, k], p) for k, p in zip(columns, of_r.values(), strict=True)),
        strict=True,
    )
    yield Agreement(
        "motrpac_rna_gn.8W.deseq2",
        DESEQ2,
        HITS,
        sum(hits),
        "largest",
        1e-2,
        max(distances),
        NEGATIVE_BINOMIAL,
    )


def vesicles(shared: Path) -> Iterator[Agreement]:
    """Vesicles: sparse counts of microglia, three v three; human plasma around exercise, paired."""
    counts = read_bv2_ev_counts(shared)
    cells = ["control"] * 3 + ["LPS"] * 3
    design = cell_means(cells)
    contrast = contrast_matrix(design, {"all": {"LPS": 1.0, "control": -1.0}})
    keep = filter_by_expression(counts.to_numpy(), cells)
    r = read_public_answers(shared, "bv2_ev_lps.voom")
    ours = moderate(fit_voom(counts.to_numpy(), design, keep).contrast(contrast, ["all"]))
    yield _of_moderated(ours, r, counts.index[keep], "bv2_ev_lps.voom", VOOM, ("voom",))
    r = read_public_answers(shared, "bv2_ev_lps.deseq2")
    two = np.column_stack([np.ones(6), [0, 0, 0, 1, 1, 1]])
    p = wald(fit_negative_binomial(counts.to_numpy(), two), np.array([0.0, 1.0])).p[:, 0]
    yield from compare_p("bv2_ev_lps.deseq2", p, r["p"].to_numpy())

    values, samples = read_glymreg(shared)
    design = cell_means((samples["Group"].str.capitalize() + " " + samples["time"]).tolist())
    strata = sex_strata("time4", "time1")
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
        TREND,
    )
    fit = fit_linear(values.to_numpy(), design, block=samples["ID"], correlation=consensus)
    ours = moderate(fit.contrast(contrast_matrix(design, strata), list(strata)), trend=True)
    file = "glymreg_ev.time4.limma_dupcor_trend"
    yield _of_moderated(ours, read_public_answers(shared, file), values.index, file, LIMMA, TREND)


def trials(shared: Path) -> Iterator[Agreement]:
    """Two published meta-analyses."""
    yield compare_worked_examples({name: read_studies(name, shared) for name in ("bcg", "normand")})


def hard_counts(shared: Path) -> Iterator[Agreement]:
    """Simulated counts: quasi-likelihood F, 3 v 3 without a robust prior; sample weights for groups that scatter."""
    counts, samples = read_hard(shared, "ql3")
    r = read_hard_answers(shared, "ql3.edger_ql")
    kept = counts.loc[r.index].to_numpy(float)
    two = np.column_stack([np.ones(len(samples)), samples["group"] == "b"]).astype(float)
    fit = fit_quasi_likelihood(kept, two, kept.sum(axis=0) * tmm_factors(kept), robust=False)
    found = quasi_likelihood_test(fit, np.array([0.0, 1.0]))
    pairs = {"log2fc": found.log2fc[:, 0], "F": found.f[:, 0], "p": found.p[:, 0]}
    worst = max(np.quantile(relative(ours, r[name.lower()]), 0.99) for name, ours in pairs.items())
    yield Agreement("ql3.edger_ql", EDGER, ", ".join(pairs), len(r), "99 %", 1e-6, float(worst), ("ql",))

    counts, samples = read_hard(shared, "counts_unequal_scatter")
    file = "counts_unequal_scatter.voomqw_vargroup"
    r = read_hard_answers(shared, file)
    kept = counts.loc[r.index].to_numpy(float)
    design = cell_means(samples["group"])
    effect = contrast_matrix(design, {"effect": {"b": 1.0, "a": -1.0}})
    lib_size = kept.sum(axis=0) * tmm_factors(kept)
    y, weights, _ = voom_quality(kept, design, lib_size=lib_size, groups=samples["group"])
    ours = moderate(fit_linear(y, design, weights=weights).contrast(effect), robust=True)
    quantities = {"log2fc": ours.log2fc[:, 0], "se": ours.se[:, 0], "t": ours.t[:, 0], "df": ours.df_total}
    worst = max(relative(found, r[name]).max() for name, found in quantities.items())
    compared = ", ".join(quantities)
    yield Agreement(file, VOOM, compared, len(r), "largest", 1e-8, worst, ("voom_quality",))


def _of_moderated(
    ours: Moderated, r: pd.DataFrame, features: pd.Index, file: str, software: str, methods: tuple[str, ...]
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
    return Agreement(file, software, MODERATED, int(rows), "largest", EIGHT_DIGITS, max(worst), methods)
