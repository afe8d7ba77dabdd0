"""Meta-analysis against R metafor 3.8.1."""

import numpy as np
import pytest
from sevaxis.models.meta.pooling import METHODS, pool

from tests.reference.matrices import SIMULATED, read_simulated_answers, read_studies, read_table

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


@pytest.fixture(
    params=["homog", *(pytest.param(name, marks=pytest.mark.shared) for name in ("bcg", "normand"))]
)
def example(request):
    """Name, and effects of the studies: of published ones where the public data are."""
    shared = None if request.param == "homog" else request.getfixturevalue("shared")
    return request.param, read_studies(request.param, shared)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("hartung_knapp", [False, True])
def test_worked_examples(example, method, hartung_knapp):
    dataset, studies = example
    expected = read_simulated_answers("meta.metafor").reset_index()
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
def test_two_thousand_genes(method):
    genes = read_table(SIMULATED / "meta_genes").to_numpy()
    expected = read_simulated_answers(f"meta_genes.{method}")
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
