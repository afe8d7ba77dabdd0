"""Published result tables of the field, from file to draft to numbers; expected values are the authors' own."""

from __future__ import annotations

import numpy as np
import pytest
import yaml
from sevaxis.drafting import add
from sevaxis.matrix.readers.registry import reader

pytestmark = pytest.mark.shared

#: File -> contrast, feature or symbol, layer -> value as the paper or the table itself has it (SETS.md).
KNOWN = {
    "masld_ucam_sanyal_de/de_results.csv": [
        ("mild_v_control", "FBXO2", {"log2fc": 1.198, "q": 0.0024}),
        ("moderate_v_mild", "FBXO2", {"log2fc": 0.285}),
        ("severe_v_moderate", "FBXO2", {"log2fc": 0.131}),
    ],
    "plasma_evp_inspiration4/proteomics_evp_de.csv": [
        ("evp", "FLOT1", {"log2fc": 0.92, "q": 0.052}),
        ("evp", "CD58", {"log2fc": 3.34}),
    ],
    "metamex_inactivity/timeline_inactivity_stats.feather": [
        ("w02", "CD63", {"log2fc": 0.187, "p": 0.0019, "n_reference": 97}),
        ("w03", "CD63", {"n_case": 27}),
    ],
    "motrpac_redox_axis/lactate_axis_da_all.csv": [
        ("8w_liver_male", "Ldha", {"log2fc": -0.454, "q": 0.0017}),
        ("8w_skm_gn_male", "Ldha", {"log2fc": -0.323, "q": 0.0056}),
    ],
    "human_liver_nafld_angsd/NAFLD_DGE_Table.txt": [
        ("nafld", "GPX2", {"log2fc": 2.399, "p": 9.613e-19, "se": 0.282}),
    ],
    "human_muscle_fibres/DE_analysis_slow_vs_fast_proteomics.csv": [
        ("slow_vs_fast", "TPM3", {"log2fc": 4.19}),
        ("slow_vs_fast", "SORBS3", {"log2fc": 0.16, "q": 0.46}),
    ],
}


def drafted(shared, tmp_path, file):
    path = shared / "data" / file
    added = add([str(path)], id="mine", folder=tmp_path / "datasets", dry_run=True)
    card = yaml.safe_load(added.card)
    (entry,) = card["files"]
    options = {key: value for key, value in entry["options"].items() if not str(value).startswith("TODO")}
    return card, reader(entry["reader"])(path, **options), added


@pytest.mark.parametrize("file", KNOWN)
def test_numbers_are_those_of_the_authors(file, shared, tmp_path):
    _, adata, added = drafted(shared, tmp_path, file)
    symbols = adata.var["symbol"] if "symbol" in adata.var else adata.var_names.to_series()
    for contrast, gene, expected in KNOWN[file]:
        name = next(
            (n for n in adata.obs_names if n.replace("_vs_", "_v_") == contrast.replace("_vs_", "_v_")), None
        )
        assert name is not None, (contrast, list(adata.obs_names))
        row = adata[name, symbols.eq(gene).fillna(False).to_numpy(bool)]
        for layer, value in expected.items():
            assert np.ravel(row.layers[layer])[0] == pytest.approx(
                value, rel=0.03, abs=5e-3 if layer != "p" else 0
            ), (contrast, gene, layer)
    assert "se" not in adata.obs_names and not any(name.endswith("_se") for name in adata.obs_names)
    assert added.evidence


def test_msstats_of_livers(shared, tmp_path):
    """2,203 proteins x 6 contrasts, t = log2FC / SE to 1e-13, DF 20 to 312 (SETS.md); 818 to 981 hits."""
    file = "mouse_liver_swath_effects/result_swath_fasted_v2.3.7_fRfS_20160420.csv"
    card, adata, _ = drafted(shared, tmp_path, file)
    assert adata.shape == (6, 2203)
    layers = adata.layers
    np.testing.assert_allclose(layers["log2fc"] / layers["se"], layers["t"], rtol=1e-9)
    assert (np.nanmin(layers["df"]), np.nanmax(layers["df"])) == (20, 312)
    assert {(layers["q"][i] < 0.05).sum() for i in (0, 1)} <= set(range(818, 982))
    assert card["contrasts"][0]["label"] == "B6_T2_fasted v B6_T0_fasted"


def test_results_of_one_sex_say_so(shared, tmp_path):
    card, adata, added = drafted(shared, tmp_path, "motrpac_muscle/PROT_GN_DA.rda")
    assert adata.n_obs == 8 and not added.open
    strata = {c["label"].split(" ")[0]: c["stratum"] for c in card["contrasts"]}
    assert strata == {f"{s}_{w}W": sex for s, sex in (("F", "female"), ("M", "male")) for w in (1, 2, 4, 8)}
    assert {c["role"] for c in card["contrasts"]} == {"training"}
    assert adata["f_8w_f_sed", "NP_073192.2"].layers["log2fc"].item() == pytest.approx(-0.16)


def test_perseus_table_of_vesicles_has_six_samples(shared, tmp_path):
    """Three control, three RAS (SETS.md); means, differences, tests and ids beside them are none."""
    path = shared / "data/ev_senescence_fractions/MS1.csv"
    added = add([str(path)], id="mine", folder=tmp_path / "datasets", dry_run=True)
    rows = [line.split("\t") for line in added.sheet.splitlines()[1:]]
    assert [row[:2] for row in rows] == [[f"{g}_{i}", g] for g in ("ctrl", "ras1") for i in (1, 2, 3)]
    assert yaml.safe_load(added.card)["values"]["scale"] == "log2"
