"""Gene-set tests against R: limma 3.54.1 (camera, cameraPR, fry), fgsea 1.31.6 on R 4.2.2."""

import numpy as np
import pytest
from sevaxis.models.genesets.camera import camera, camera_preranked
from sevaxis.models.genesets.preranked import preranked
from sevaxis.models.genesets.rotation import fry, roast
from sevaxis.models.genesets.sets import index_sets

from tests.reference.matrices import read_gene_sets, read_simulated, read_simulated_answers

CONTRAST = np.array([0.0, 1.0])


@pytest.fixture(scope="module")
def study():
    """Expression, design, sets, moderated t and a reader of R's answers."""
    y, samples = read_simulated("gs_expr")
    samples = samples.set_index("sample").loc[y.columns]
    design = np.column_stack([np.ones(len(samples)), samples["treat"] == "trt"]).astype(float)
    t = read_simulated_answers("gs.t")["t"].loc[y.index].to_numpy()
    sets = index_sets(read_gene_sets(), y.index)
    return y, design, sets, t, lambda job: read_simulated_answers(f"gs.{job}")


def compare(ours, theirs, rtol):
    theirs = theirs.loc[ours["set"]]
    np.testing.assert_array_equal(ours["n_features"], theirs["NGenes"])
    np.testing.assert_array_equal(ours["direction"].str.title(), theirs["Direction"])
    np.testing.assert_allclose(ours["p"], theirs["PValue"], rtol=rtol)
    np.testing.assert_allclose(ours["q"], theirs["FDR"], rtol=rtol)


def test_camera(study):
    y, design, sets, _, answer = study
    compare(camera(y.to_numpy(), design, CONTRAST, sets), answer("camera"), rtol=1e-6)


def test_camera_preranked(study):
    _, _, sets, t, answer = study
    compare(camera_preranked(t, sets), answer("cameraPR"), rtol=1e-6)


def test_fry(study):
    y, design, sets, _, answer = study
    ours, theirs = fry(y.to_numpy(), design, CONTRAST, sets), answer("fry")
    compare(ours, theirs, rtol=1e-6)
    # sets smaller than 1 + residual df: limma's mixed p is wrong, see fry and the null simulation
    whole = (ours["n_features"] >= 11).to_numpy()
    assert whole.sum() == 288
    expected = theirs.loc[ours["set"], "PValue.Mixed"][whole]
    np.testing.assert_allclose(ours["p_mixed"][whole], expected, rtol=1e-6)
    assert (ours["p_mixed"][~whole].to_numpy() < theirs.loc[ours["set"], "PValue.Mixed"][~whole]).all()


def test_roast_agrees_with_fry_on_what_is_clear(study):
    y, design, sets, _, answer = study
    ours = roast(y.to_numpy(), design, CONTRAST, sets, rotations=1999, seed=1).set_index("set")
    theirs = answer("fry").loc[ours.index]
    assert np.corrcoef(ours["p"], theirs["PValue"])[0, 1] > 0.95
    assert (ours.loc[theirs.index[theirs["PValue"] < 1e-4], "p"] <= 0.002).all()
    assert (ours.loc[theirs.index[theirs["PValue"] > 0.5], "p"] > 0.1).all()


def test_preranked_scores_and_p(study):
    _, _, sets, t, answer = study
    ours = preranked(t, sets, seed=1).set_index("set")
    simple, multilevel = answer("fgseaSimple").loc[ours.index], answer("fgseaMultilevel").loc[ours.index]
    np.testing.assert_allclose(ours["es"], simple["ES"], atol=2e-10)  # R printed ten digits
    np.testing.assert_allclose(ours["nes"], simple["NES"], rtol=0.015)  # means of 10,000 random sets each
    assert (ours["p"] > 0).all()
    # both estimates of p carry an error: their difference in units of its standard deviation
    bounded = multilevel["log2err"].isna() | ours["log2_error"].isna()
    assert set(ours.index[bounded]) == {"SET180"}  # at the bound of 1e-20 in both
    difference = np.log2(ours["p"] / multilevel["pval"])[~bounded]
    z = difference / np.hypot(ours["log2_error"], multilevel["log2err"])[~bounded]
    assert abs(z.mean()) < 0.2
    assert z.std() < 1.1
    assert z.abs().max() < 4
    # fgseaSimple: 10,000 permutations, so exceedances are binomial where there are enough of them
    common = simple["nMoreExtreme"] >= 100
    error = np.hypot(ours["log2_error"], 1 / np.sqrt(simple["nMoreExtreme"]) / np.log(2))[common]
    z = np.log2(ours["p"] / simple["pval"])[common] / error
    assert z.abs().max() < 4
