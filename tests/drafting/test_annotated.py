"""AnnData files of any origin: counts in X, in a layer or in raw; cells, which are no samples."""

import anndata
import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import sparse
from sevaxis.drafting import add
from sevaxis.drafting.formats import recognise
from sevaxis.matrix.readers.registry import reader, reader_options

RANDOM = np.random.default_rng(5)
COUNTS = RANDOM.poisson(2 ** RANDOM.normal(6, 2, 300) * RANDOM.uniform(0.7, 1.4, (6, 1))).astype(np.float32)
LOGGED = np.log1p(1e4 * COUNTS / COUNTS.sum(axis=1, keepdims=True))
GENES = [f"ENSMUSG{i:011d}" for i in range(300)]
OBS = pd.DataFrame({"group": ["rest"] * 3 + ["trained"] * 3}, index=[f"m{i}" for i in range(6)])
VAR = pd.DataFrame(index=GENES)


def made(tmp_path, x, layers=None, raw=None, obs=OBS):
    adata = anndata.AnnData(x, obs=obs, var=VAR, layers=layers or {})
    if raw is not None:
        adata.raw = anndata.AnnData(raw, obs=obs, var=VAR)
    adata.write_h5ad(tmp_path / "x.h5ad")
    return tmp_path / "x.h5ad"


@pytest.mark.parametrize(
    ("x", "layers", "raw", "options", "said"),
    [
        (COUNTS, {}, None, {}, "X holds whole numbers"),
        (LOGGED, {"counts": COUNTS}, None, {"layer": "counts"}, "layer 'counts' holds whole numbers"),
        (LOGGED, {"scaled": LOGGED, "umi": COUNTS}, None, {"layer": "umi"}, "layer 'umi'"),
        (LOGGED, {}, COUNTS, {"layer": "raw"}, "raw holds whole numbers"),
        (sparse.csr_matrix(LOGGED), {"counts": sparse.csr_matrix(COUNTS)}, None, {"layer": "counts"}, "'counts'"),
    ],
)  # fmt: skip
def test_the_matrix_of_counts_is_found(tmp_path, x, layers, raw, options, said):
    path = made(tmp_path, x, layers, raw)
    (found,) = recognise(path)
    assert found.options == options
    assert said in found.told[0]
    adata = reader("h5ad")(path, **dict(reader_options("h5ad").model_validate(found.options)))
    np.testing.assert_array_equal(adata.X, COUNTS)
    card = yaml.safe_load(add([str(path)], id="x", folder=tmp_path / "d", dry_run=True).card)
    assert card["assay"] == "rna_counts"


def test_logarithms_without_counts_are_told_and_asked(tmp_path):
    path = made(tmp_path, LOGGED, {"scaled": LOGGED - 1})
    (found,) = recognise(path)
    assert "neither X nor anything beside it (scaled) holds whole numbers" in found.told[0]
    card = yaml.safe_load(add([str(path)], id="x", folder=tmp_path / "d", dry_run=True).card)
    assert card["assay"].startswith("TODO")


@pytest.mark.parametrize("donor", ["donor_id", "orig.ident", ""])
def test_cells_are_added_up_by_donor_or_refused(tmp_path, donor):
    counts = RANDOM.poisson(0.2, (600, 300)).astype(np.float32)
    obs = pd.DataFrame(
        {donor or "day": [f"d{i % 6}" for i in range(600)], "cell_type": ["a", "b", "c"] * 200}
    )
    obs.index = [f"cell{i}" for i in range(600)]
    path = made(tmp_path, sparse.csr_matrix(counts), obs=obs)
    (found,) = recognise(path)
    assert found.assay == "single_cell"
    if donor:
        (text,) = found.ask["pseudobulk"]
        assert found.options == {"pseudobulk": [donor]}
        assert "'cell_type' (3 levels)" in text
        adata = reader("h5ad")(path, pseudobulk=[donor])
        np.testing.assert_allclose(adata.X[0], counts[::6].sum(axis=0))
    else:
        assert found.content == "nothing"
        assert "day (6)" in found.hint
