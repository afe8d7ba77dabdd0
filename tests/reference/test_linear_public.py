"""Real proteomes against R 4.2.2, limma 3.54.1, row by row: missing values, quality weights, paired samples."""

import numpy as np
import pandas as pd
import pytest
from sevaxis.models.inference.multiplicity import benjamini_hochberg
from sevaxis.models.linear.array_weights import array_weights
from sevaxis.models.linear.blocks import duplicate_correlation
from sevaxis.models.linear.design import cell_means, contrast_matrix
from sevaxis.models.linear.empirical_bayes import moderate
from sevaxis.models.linear.fit import fit_linear

from tests.reference.matrices import (
    read_expression_set,
    read_glymreg,
    read_motrpac,
    read_public_answers,
    sex_strata,
)

pytestmark = pytest.mark.shared
# Protein: exact t in females; contrasts.fit's t in females and males.
R_PLEX = {
    "NP_001000694.1": (-1.9103629059, -2.02801456975, -1.46505599636),
    "NP_001001512.2": (-1.00559837104, -1.00559837104, 0.00525815580348),
    "NP_001258210.1": (-1.27163871892, -1.27163871892, -1.60367149324),
    "NP_001005554.1": (-1.98546862945, -2.00407684058, 0.270037467495),
    "NP_001101305.1": (-0.143841285195, -0.152699898645, 4.01346371163),
    "NP_063972.1": (0.771681903146, 0.819206726615, -0.25345401894),
    "XP_006244654.4": (2.50844546581, 2.53195512098, 0.376602463433),
}


def compare(ours, r, features):
    """Match rows by name: a contrast that R cannot estimate either has no row or no t."""
    for k, stratum in enumerate(ours.names):
        rows = r[r["stratum"] == stratum].reindex(features)
        np.testing.assert_array_equal(np.isnan(ours.t[:, k]), rows["t"].isna(), err_msg=stratum)
        known = np.isfinite(ours.t[:, k])
        columns = {"log2fc": ours.log2fc, "se": ours.se, "t": ours.t, "p": ours.p}
        for name, got in columns.items():
            np.testing.assert_allclose(
                got[known, k], rows[name][known], rtol=1e-7, err_msg=f"{stratum} {name}"
            )
        np.testing.assert_allclose(ours.df_total[known], rows["df"][known], rtol=1e-7)


def test_rat_muscle_proteome(shared):
    values, cells = read_motrpac(shared, "PROT_GN")
    r = read_public_answers(shared, "motrpac_prot_gn.8W.limma_trend_robust")
    design, strata = cell_means(cells), sex_strata("8W", "SED")
    fit = fit_linear(values.to_numpy(), design).contrast(contrast_matrix(design, strata), list(strata))
    ours = moderate(fit, trend=True, robust=True)
    compare(ours, r, values.index)


def test_rat_muscle_proteome_with_array_weights(shared):
    values, cells = read_motrpac(shared, "PROT_GN")
    r = read_public_answers(shared, "motrpac_prot_gn.8W.limma_arrayweights_trend_robust")
    path = shared / "reference/real/motrpac_prot_gn.array_weights.tsv"
    r_weights = pd.read_csv(path, sep="\t", header=None, index_col=0, dtype={0: str})[1]
    design, strata = cell_means(cells), sex_strata("8W", "SED")
    weights = array_weights(values.to_numpy(), design, method="gene_by_gene")
    np.testing.assert_allclose(weights, r_weights.loc[values.columns], rtol=6e-8)
    fit = fit_linear(values.to_numpy(), design, weights=weights)
    ours = moderate(fit.contrast(contrast_matrix(design, strata), list(strata)), trend=True, robust=True)
    compare(ours, r, values.index)


def test_plasma_vesicles_around_exercise(shared):
    values, samples = read_glymreg(shared)
    r = read_public_answers(shared, "glymreg_ev.time4.limma_dupcor_trend")
    r_consensus = float((shared / "reference/real/glymreg_ev.consensus.txt").read_text())
    cells = (samples["Group"].str.capitalize() + " " + samples["time"]).tolist()
    design, strata = cell_means(cells), sex_strata("time4", "time1")
    consensus = duplicate_correlation(values.to_numpy(), design, samples["ID"])
    assert consensus == pytest.approx(r_consensus, abs=1e-6)
    fit = fit_linear(values.to_numpy(), design, block=samples["ID"], correlation=consensus)
    ours = moderate(fit.contrast(contrast_matrix(design, strata), list(strata)), trend=True)
    compare(ours, r, values.index)
    # Pairing must matter: without it every within-subject effect has a larger standard error.
    unpaired = moderate(
        fit_linear(values.to_numpy(), design).contrast(contrast_matrix(design, strata)), trend=True
    )
    assert np.median(unpaired.se / ours.se) > 1.3


def test_rat_muscle_proteome_with_plex_as_batch(shared):
    """R 4.2.2, limma 3.54.1, trend and robust, t of 8W v SED in females and males for named proteins.

    Approximate: ``contrasts.fit`` of ``~ 0 + cell + tmt_plex``. Exact: the female effect as a coefficient of
    ``~ cell + tmt_plex`` with the sedentary females as reference, where limma approximates nothing.
    """
    values, samples = read_expression_set(shared / "data/motrpac_muscle/PROT_GN.rda")
    cells = (samples["sex"].astype(str) + " " + samples["timepoint"].astype(str)).tolist()
    design = cell_means(cells, samples[["tmt_plex"]].astype(str))
    strata = sex_strata("8W", "SED")
    contrasts = contrast_matrix(design, strata)
    fit = fit_linear(values.to_numpy(), design)

    exact = moderate(fit.contrast(contrasts, list(strata)), trend=True, robust=True)
    approximate = moderate(
        fit.contrast(contrasts, list(strata), shared_correlation=True), trend=True, robust=True
    )
    for name, (r_exact, r_female, r_male) in R_PLEX.items():
        row = values.index.get_loc(name)
        assert exact.t[row, 0] == pytest.approx(r_exact, rel=1e-8), name
        np.testing.assert_allclose(approximate.t[row, :2], [r_female, r_male], rtol=1e-8, err_msg=name)
    # Eighteen proteins were seen in plexes S4 and S6 only, where no sedentary female is: not estimable.
    assert np.isnan(exact.t[:, 0]).sum() == 18
    off = np.abs(approximate.t[:, 1] / exact.t[:, 1] - 1)
    assert 0.1 < np.nanmax(off) < 0.2
    # Proteins with q below 0.05 in females, males, their average and their difference: a statistician's count by R.
    hits = [(benjamini_hochberg(exact.p[:, k]) < 0.05).sum() for k in range(4)]
    assert dict(zip(strata, hits, strict=True)) == {
        "female": 508,
        "male": 353,
        "average": 847,
        "interaction": 0,
    }
