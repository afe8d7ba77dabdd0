"""The whole effects room against R on real matrices: limma 3.54.1 and edgeR 3.40.2, row by row, all strata."""

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from sevaxis.effects.compare import compare
from sevaxis.study.card import CompareCard

from tests.reference.matrices import read_expression_set

pytestmark = pytest.mark.shared


def effects_of(*given, **more) -> pd.DataFrame:
    """The effects alone."""
    return compare(*given, **more)[0]


def assessed(values: pd.DataFrame, obs: pd.DataFrame, scale: str) -> ad.AnnData:
    """Matrix of the form that assess leaves, from R's input as it is."""
    obs = obs.reindex(columns=["group", "sex", "batch", "subject"]).assign(included=True, excluded_because="")
    adata = ad.AnnData(values.T.to_numpy(float), obs=obs, var=pd.DataFrame(index=values.index))
    adata.var["symbol"] = adata.var["human_symbol"] = pd.Series(
        values.index, index=values.index, dtype=object
    )
    adata.layers["log2"] = adata.X
    adata.uns["dataset"] = {"scale": scale}
    return adata


def card(assay: str, **contrast) -> CompareCard:
    return CompareCard(
        id="real",
        organism="human",  # no orthologs are looked up here
        tissue="muscle",
        compartment="tissue",
        assay=assay,
        contrasts=[{"name": "effect", "role": "training", **contrast}],
    )


def motrpac(shared, name: str, scale: str) -> ad.AnnData:
    values, samples = read_expression_set(shared / "data" / "motrpac_muscle" / f"{name}.rda")
    obs = pd.DataFrame(
        {"group": samples["timepoint"].astype(str), "sex": samples["sex"].str.lower().astype(str)}
    )
    return assessed(values, obs, scale)


@pytest.mark.parametrize(
    ("matrix", "scale", "assay", "answers", "tolerance"),
    [
        ("PROT_GN", "log2", "protein", "motrpac_prot_gn.8W.limma_trend_robust", 1e-6),
        ("TRNSCRPT_GN", "counts", "rna_counts", "motrpac_rna_gn.8W.voom", 1e-6),
    ],
)
def test_strata_of_one_model(shared, matrix, scale, assay, answers, tolerance):
    expected = pd.read_csv(shared / "reference" / "real" / f"{answers}.tsv.gz", sep="\t").set_index(
        ["stratum", "feature"]
    )
    choice = card(assay, case="8W", reference="SED")
    if assay == "rna_counts":  # the reference was made without the robust prior
        choice = choice.model_copy(update={"model": choice.model.model_copy(update={"robust": False})})
    found = effects_of(motrpac(shared, matrix, scale), choice, axis=[])
    tested = found[found["status"].eq("tested")]
    tested = tested.set_index([tested["stratum"].astype(str), tested["feature_id"]])
    expected = expected.dropna(subset=["t"])
    assert set(tested.index) == set(expected.index)
    tested = tested.loc[expected.index]
    for column in ("log2fc", "se", "t", "df", "p", "q"):
        np.testing.assert_allclose(
            tested[column], expected[column], rtol=tolerance, atol=1e-9, err_msg=column
        )


def test_filtered_counts(shared):
    """Vesicle counts with many empty genes: filter, library sizes, TMM, voom as edgeR and limma do them in a row."""
    values = pd.read_csv(shared / "data/bv2_microglia_ev/ev_mrna_raw_counts.csv", index_col=0).iloc[:, :6]
    twice = values.index.duplicated()  # R was given the second of two rows of one name as "name.1"
    values.index = [f"{name}.1" if again else name for name, again in zip(values.index, twice, strict=True)]
    obs = pd.DataFrame({"group": ["control"] * 3 + ["lps"] * 3}, index=values.columns)
    choice = card("rna_counts", case="lps", reference="control")
    # R was asked for one variance and an ordinary prior; vesicles under LPS scatter more than their controls
    plain = choice.model.model_copy(update={"robust": False, "group_weights": False})
    choice = choice.model_copy(update={"model": plain})
    found = effects_of(assessed(values, obs, "counts"), choice, axis=[])
    found = found[found["status"].eq("tested")].set_index("feature_id")
    path = shared / "reference/real/bv2_ev_lps.voom.tsv.gz"
    expected = pd.read_csv(path, sep="\t").set_index("feature")
    assert set(found.index) == set(expected.index)
    found = found.loc[expected.index]
    np.testing.assert_allclose(found["t"], expected["t"], rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("method", ["voom_quality", "negative_binomial", "mixed"])
def test_every_method_runs_on_paired_strata(shared, method):
    adata = motrpac(shared, "TRNSCRPT_GN", "counts")[:, :400].copy()
    adata.layers["log2"] = np.log2(adata.X + 1)
    adata.obs["subject"] = [str(i // 2) for i in range(adata.n_obs)]
    if method == "negative_binomial":
        adata.obs["subject"] = None
    choice = card("rna_counts", case="8W", reference="SED")
    choice = choice.model_copy(update={"model": choice.model.model_copy(update={"method": method})})
    found = effects_of(adata, choice, axis=[])
    assert set(found["stratum"]) == {"female", "male", "average", "interaction"}
    assert found["p"].notna().mean() > 0.95


def test_paired_subjects_enter_as_a_block(shared):
    long = pd.read_excel(shared / "data/glymreg_ev_exercise_sex/long_df_protein.xlsx", engine="calamine")
    long["sample"] = long["ID"].astype(str) + long["time"]
    values = long.pivot_table(index="Molecule", columns="sample", values="Value", sort=False)
    obs = long.drop_duplicates("sample").set_index("sample").loc[values.columns]
    obs = pd.DataFrame({"group": obs["time"], "sex": obs["Group"], "subject": obs["ID"].astype(str)})
    adata = assessed(np.log2(values), obs, "log2")
    choice = card("protein", case="time4", reference="time1")
    choice = choice.model_copy(
        update={"model": choice.model.model_copy(update={"robust": False, "subjects": "block"})}
    )
    found = effects_of(adata, choice, axis=[])
    found = found.set_index([found["stratum"].astype(str), found["feature_id"]])
    path = shared / "reference/real/glymreg_ev.time4.limma_dupcor_trend.tsv.gz"
    expected = pd.read_csv(path, sep="\t").set_index(["stratum", "feature"])
    found = found.loc[expected.index]
    np.testing.assert_allclose(found["t"], expected["t"], rtol=1e-5, atol=1e-8)
    unpaired = adata.copy()
    unpaired.obs["subject"] = None
    without = effects_of(unpaired, choice, axis=[])
    without = without.set_index([without["stratum"].astype(str), without["feature_id"]]).loc[expected.index]
    assert (np.abs(without["p"] - found["p"]) > 1e-6).mean() > 0.9
