"""Meta-analysis against R metafor 3.8.1."""

import numpy as np
import pandas as pd
import pytest
from sevaxis.models.meta.pooling import METHODS, pool

pytestmark = pytest.mark.shared

COLUMNS = {
    "estimate": "estimate",
    "se": "se",
    "stat": "stat",
    "p": "p",
    "ci_low": "ci_lb",
    "ci_high": "ci_ub",
    "pi_low": "pi_lb",
    "pi_high": "pi_ub",
    "tau2": "tau2",
    "i2": "I2",
    "q": "Q",
    "q_p": "Qp",
}


@pytest.mark.parametrize("dataset", ["bcg", "normand", "homog"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("hartung_knapp", [False, True])
def test_worked_examples(shared, dataset, method, hartung_knapp):
    folder = shared / "reference" / "simulated"
    studies = pd.read_csv(folder / f"meta_{dataset}.tsv", sep="\t")
    expected = pd.read_csv(folder / "R" / "meta.metafor.tsv", sep="\t")
    test = "knha" if hartung_knapp else "z"
    chosen = (expected.dataset == dataset) & (expected.method == method) & (expected.test == test)
    (row,) = expected[chosen].to_dict("records")
    found = pool(
        studies.yi.to_numpy()[None],
        np.sqrt(studies.vi.to_numpy())[None],
        method=method,
        hartung_knapp=hartung_knapp,
    )
    for name, column in COLUMNS.items():
        value = getattr(found, name)[0]
        np.testing.assert_allclose(value, row[column], rtol=1e-6, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("method", ["PM", "REML"])
def test_two_thousand_genes(shared, method):
    folder = shared / "reference" / "simulated"
    genes = pd.read_csv(folder / "meta_genes.tsv.gz", sep="\t", index_col=0).to_numpy()
    expected = pd.read_csv(folder / "R" / f"meta_genes.{method}.tsv.gz", sep="\t")
    found = pool(genes[:, :6], np.sqrt(genes[:, 6:]), method=method)
    pooled = found.status == "pooled"
    assert (pooled == (found.k >= 3)).all()
    assert (~pooled).sum() == 2  # metafor pools two studies too; here they stand side by side
    for name, column in {
        "estimate": "estimate",
        "se": "se_knha",
        "p": "p_knha",
        "tau2": "tau2",
        "q": "Q",
    }.items():
        np.testing.assert_allclose(
            getattr(found, name)[pooled], expected[column][pooled], rtol=1e-6, atol=1e-7, err_msg=name
        )
