"""R objects: what R 4.2 and Bioconductor 3.16 wrote, against the values that went in."""

import base64

import numpy as np
import pandas as pd
import pytest
from sevaxis.base.problems import Problems
from sevaxis.matrix.readers.r_object import read_r_object

#: Written by R 4.2.2 with saveRDS() and save():
#: m <- matrix(c(1L, NA, 3L, 4L, 5L, 6L), 3, 2, dimnames = list(c("g1", "g2", "g3"), c("s1", "s2"))); without names in
#: int_na_nonames. df <- data.frame(gene = c("a", "b", NA), x = c(1L, NA, 3L), y = c(0.5, NA, 2),
#: f = factor(c("u", NA, "v")), l = c(TRUE, NA, FALSE)). es: ExpressionSet of m * 1.0 with sex factor (F, NA),
#: age (1, NA) and symbols (A, NA, C). se: SummarizedExperiment with assays counts = m, logc = log2(m + 1), sex (F, M),
#: symbols (A, B, C). rse: the same with ranges. dge: DGEList(matrix(1:6, 3, 2), group = c("a", "b")). dds: DESeqDataSet
#: of m with 2 for NA, design ~ c. sparse: Matrix of (0, 0, 3, 4, 0, 6). list: list(a = m, b = list(c = df)).
#: elist: limma's EList of (1.5, NA, 3, 4, 5, 6) with symbols and targets.
OBJECTS = {
    "elist.rds": (
        "H4sIAAAAAAAAA21Qy07DMBDc2HFfEihSOPATVKJcuFFA7QluIHE1rYki4hbFkYATfAtfyJELcTd+tTVY8u7YO54d78MIACikhABl"
        "CIHd381PziGhuSkAOcTcu/gBsz6+u9j/mg7seZq5fOTyMbiVEgwJpDDsdJalxHSAm1jZLu9RBkhZcSkU4tzxMuvN1ElxGtAkoDPH"
        "Iv5GBZaaYGxRIDdd9tWSSw+uPLiODDHvJtu57Kl3+biuYuqi4iqmjpa84eOnGlUi+rBev469upnJJwat9e8/jv3PkrkHt1aO6qgh"
        "VeLNltK49McL01Hr1rb2r8nuaza7KVUTfaL/whfPvBBRJ1aVUvKtWHAZJj/zzEKscAJOreF1IZpuIO0GahSuVZMCAAA="
    ),
    "int_na.rda": (
        "H4sIAAAAAAAAAwtyiTDmiuBiYGBgZmBhYmJgZgUyGVhDQ9x0LRiAIkAOIwMLAyeIzmVgYOIFMthAnAYGMGAGYhaQDog4igbmlEyg"
        "FgaQFiaoUiY0JRxAJXmJuanFQLYwVJ0AxDFgeaZ0QzjLCM4yhqpigokUw1UVGwHJfyAMABlHduDaAAAA"
    ),
    "int_na_nonames.rds": (
        "H4sIAAAAAAAAA4vgYmBgYGZgYWJiYGYFMhlYQ0PcdC0YGJh4gRw2IGZsYAADZiBmASmAiLMwgeSAIpwguZTMXCAF0sIEVQqi/wEA"
        "lQg9zl4AAAA="
    ),
    "df.rds": (
        "H4sIAAAAAAAAA11QMQ7CMAw0aQNKJBAS76AzG0y8ACTWUFKW0EppKTDBW3gZT+ADUOy2Zogl22frcmdlpwEgglgIiCRCkNvNer7A"
        "3YwGzGlHAIV9YBjssagGA/u4ZeDyAW0QnlBfvrrF/U119FwBRxS+EYA30NwbDJ2trSt7f8G2ZwZ1wJepMyXT/yKZSavCI/pi6sAS"
        "QoncnCxLyH4ZH21u2fTK4MYgY+A6MdEEJ+iDqUySeZQO7JQvLglb0ncIugt/9EP3/gC2+6hfmAEAAA=="
    ),
    "es.rds": (
        "H4sIAAAAAAAAA9VXzW7TQBBe/6Rp2iYKlEOL4BGoRLkgLjS0iVSJcOBP3KKNs00sbK+1uykJF3gWnhBx4kTY9e4m9trGqQ9FteTs"
        "ePbzzOzMN2Pl0x4AwAGubQOnwUXQ+PB+8OQ5sJxjwLVcYQEXtPh672Q08gJI6UdEqI+j0YiDDvmGy+92YkXKtrq1TsgvgLy0zlKr"
        "qVNXxnEj8crtdFPKXRUFNcDNGHqf4RRxMQ1vvvLxGFKh/mOaj2CIqMK7Smm9NV+Ujy56h5iS2/1FTBAVUQhl3nIHLWJE/BBF7AIy"
        "uMmptVKpS6cpdfyMztqkxF79OwvOqvLYrobY+vjDy96in3oY9guO4ookGcbNOjkBHFdAmh6OGPRYBazBfBZUuduFY8pItTFnToIK"
        "SCuej4docjmhFcAmhWEcJGw5LNjuzJZj4k/8r5DJohSiDiJMwnOeCIKDMkybMysm2BP0iqYloAZmM0SymzmK6JJuwY9c1Vu87+Ay"
        "4a5sbcHFXwosnD7evFj/do1T8a4hot07/GHn5U95tm+/xW/zx9mufD7rqvWBWo8AKCr+xA+B7CehVuMoyyMO0SNA92Q3wcp9e/p0"
        "LZ2upWcg20Y2XaPoaf1sGLScoQiXjA4L3MqY0JD7vSjCDDI0EfEMiBwHZsT715AMEYOThDLrOLsqra0VvzZroaMunyIouEDUI34s"
        "2shMCsFfTtIjW1fAoWihxeQDoFORMb8nQju5KonfTQUuEqV5Y33PU2snQNcoMKOwBloYlkSwc8VnFiaq5gUeciO6xskE4ti0U8DR"
        "bGp5J7wW2TcPtS/H3psk62pASdU5Duah5lWOd4WkqTOI9q8QZHOC7kAvHK0M4lv1CH+c4w1dhmMc3ITXD81Y9EyzeuuglOK8JLob"
        "eM1EXT09VYyPTJYeqFqn2dZRului2x6UhpJiJC8C8xvOP84Mezi4i4wENZkIanHP9LaVlZvMrxyD/te4yhk0/yFsZesvHGsAwZIN"
        "AAA="
    ),
    "se.rds": (
        "H4sIAAAAAAAAA61Uy1LCMBRNk7YIKDijGz/ChY+FO0GFFeACcHQZS4bp2FJsioob/Af/QPeu/A/HH/Ab/AJrQpo+wmNkxkUnt7fn"
        "3px7ctLLAgAAAR1CgAwWAqPbqe8eAQ3tAJZlCQ3oIM/WnOU5ZzjAcz6t+d79ALuEsniTPTDKQ7oXR/tKjTFgRbxgY5rkRUpTx6bB"
        "dEMAtyJMurlWl0FzpnWKi0wiSh7Y8qNgi8QhLhkEnfGQqBXV1pWCLkfoJglwb0ot/mRqrW6joalDuAmSDwFUqpaDKaMK0xubZ3Wf"
        "TaDqP8TWDe6rLPPtwwtiBZ5PxXRywlyYHBQMGZNQxChMaY5ETg8VjZGUtiqDExmcihIjVHiYdOxee05CwFQRiZ65FJ98mJWmEC5T"
        "o6g2XTR+Us70xWM6x7V6L+PmWAQuGBfI5NgnwQxxPD8vkc/0QT3bjTSFEXTGywwiTRltkdEZ9uOL0t+Po4Pl14mPCkuc0PG3YDmZ"
        "rrmXingFFfh8nh+/3lb0N/D58fVeMUd3k46+K9iVpBMU1mV5Iv/GMmMYiTMtbzQIqDwMx+tb/2+eQtt2hw5psF/JigaaabUuWlWF"
        "neY3226PXBf79iPp1R6GxLf5z2KBMY1WtVlr/1XiP027YPvVqf4COkgpYhYGAAA="
    ),
    "rse.rds": (
        "H4sIAAAAAAAAA81VS2+bQBBeWMCPxunDldLkJ7TKIWkPvbVuHUeRbB/ipGpP0Ro2NsoCLouTuKf+4qq/oHSBXR4LxnXUQ5AQo5nZ"
        "2fnmmxm+tgEAEGiqCqDORKBfXgwO3wMF7gOmZQoFaKDFvi3fuztH7gzTCmOT4u8uciptxi0iS2YBsBNr47foQfAtJswDPMtpNXPu"
        "H0meukkQlR2Na2QGns+kP5J7g2B3FsyjA+JuKLk8xQQ72A1GOEAWClA+rjK+HA7lZJtO5tkF8RPZ9RAANZ8VPCdYTmeBzBs0w1L+"
        "rcm7LzhCQBMIJRgGDXzkWlltYZirJkekhTws5KeUN0I4FMLrLNf6ChphuWQNpmuGidwK/xl9W75sM1x/XZvpNEB+wIRf7M0bdk3P"
        "YcUNrmw3YK0oWbUpopjrBKgOv3w3SvZjM4Hy4XfxW5GcfmdbwZwHgFlDl5paH/dGJxOJE3V2lErHqfRWOvqE9+TFaiH3CuyNvz2A"
        "jsYZH91qSjJzJSENVlLbvfYyRlQ5QtWwttkxaQB/pilmYG16Zdq+uSQoasD2Gjdjhl3PycoRgWbPOrwTnnE13p3TONgZ8+hPi6BZ"
        "WSvWG9t9yXpLS57x7DJj3YZpEpsG/XhhqF3uk+8JpSeET0L4XLojubw4tHTlTD2Spf5ChvnAZjH6Ax85245vze2b2/O0tj07MV22"
        "Wd+kpkfiKqf07Yk4qpg0mk4fPU58XuUXnZro9kOJKXFeGQhhlHgelDBTfP9YCMmOs18mWlXtU80qFCwPXI2KYmTDGO86LerFRF+I"
        "Ay3b4XVUuasqTwFzEV3c5X75KVi7GesYFFBLPBimt2R/gv9PRXtiOwuCh2ykt6SjFGonCdVLyKkO9nKydBzk2z+wdXK/wL4d/RaK"
        "cZ/n0s8vr72cvtDlUCIbSDUEj6WBN4Y9iBeCVV2j7ev5F3zbjhkMCwAA"
    ),
    "dge.rds": (
        "H4sIAAAAAAAAA41STU+EMBR8LRTcjWtM9uKfkMT14s31cy+ejCZeC3QJsVDCYzX6q/0FrIVSQhoTt0np63vDzGTgbQ4AHviUgsd0"
        "Cez15fH8Coi37AdAF/oM9CZ6U9MDvwOavk/7mQ+zbpbmhT4WEyh1IEcaUvJCoK6XA+7UeOjnNLsYq9VYXQ4oajs4onCln60mGAx7"
        "Vp38oR5I8SEkOmyE2yJ28CyRHC18JNnypFG1kYWTjmh9Bv1aR2BX37/+MRd7uvQ2iWkCLKvVrrJxyTyOMP8Ww/24VHURGQNo2Py9"
        "42+e8oZH21pzO3qzWn1GU83/8iSON3Jji1tb3BkN5roI8KuIlTzUY7CHQ3+E1lG0bwSJ2pUNDrcQeVFJgWOqohSTxOjUTXi/eXjK"
        "sXHiCiuevPNMON6ZSDPxPHz+9hcG6cJWQgMAAA=="
    ),
    "dds.rds": (
        "H4sIAAAAAAAAA+1XzW/TMBR3kjZdP8Y6RpHQYEcOoCExOHAdtJsmbRNaNwSnyUu8ziJxQpx0GwfEPw7FSZzEcZ22G9PEgUptXL+X"
        "9/l779mfWwAAA9R0HRh1tgT1k+OdzXdAM54Atss2NFADTfY0bUTxiDBuU6LULQdSyhZdYbNx7gVu5ECJt/NqQMY48IiLSMj+/2Lf"
        "3wJd+8F+xBc0K+UoSXloY+qjgGKP7ETECtmTcRiCvF7CDcBy4h7Ty76rfC+WBDgfoxsJz08gfmJt+kRyqYuu/ADRWCvdIza6UljW"
        "DLzLI0hGiCpC2IqIg2nYhyFUUJco+kagq3zTHEMnYpTUWCBTHTRGTpaBKvPNc2iFXqAwuuEgMgovKI+XLH4FOShO1wEKoR3bLsjU"
        "Dk/29zXZE7fgXCtbpIsWGUcOkk3xofUVjpBke3P49hOKrac8b7ILJg0DSOwidK1JOVjtLBxGBqyX2WIzW7xYNHKdSTlUy+z/g0m6"
        "Xpks7HVXVjTfzaAKW3UawiCsyGD9EtvhRRXxcPtgMCwcyAltnvfja1/Oh7F9+OUWrjf2eG2o3S/ISucbrEAwOfcK75uZBNmnFmOd"
        "Deo2pqcWDizWouLEthQs5ggRz0VgqqzKPg25VWqfOruJkD3G0T8rO8ZCp+gCrIGkXWA6IXXCiJlDmsLipby9AH1NQa9zyZlDmSWP"
        "ZatvmV+zvxNA96bonqF9PqJ2ZyJqOYk+tlS4EsO/Lnj5NCvuOMJGuvdsUo7ohgC8xYI4XxWQVOmCiq5Ctc7V1MK4Pjmq2ZC2Auyn"
        "E/HfSO99oaYMBVlrUZA+65M4DhAmI0UBGoiNkeLgIHxitp48RvTR63y1la/e3G3gVz8KNr+/HsQW3qCDTsnrffDc5CiDbB60fdY4"
        "blFDhWLLc8rnmnUZpzrNI0W3FPjXJfxrfIDrZXpblqvBbHG26PzekDnEU+bf1rFWUcd5E8bEj0JpE/wvbvWBh90s4LXqwFOzS3AT"
        "YaPHqTAL2CSFXItDn+6X693GLs9exqrLY5WxZJNTzOjcHjAL/5VYNC0vIiG9+wy3htj1HTSj1KvSMSWqk4raTpOjFvZoGLkuDPB3"
        "ZA+u2G0N8yufILcnmH+/4/g+6iLvYvyZz5R4/bzwJu9XGVJW+CXodJzecbNtErksjFa+XY2hxhTLdAr7A3ZyjXv2EFXhwUx4tjLX"
        "/gDA7fdhLRAAAA=="
    ),
    "sparse.rds": (
        "H4sIAAAAAAAAA12OMQ+CMBSEjxYUTDQkLvojHMTFkUTj5qaJa4NIiKKEMvDrja+lIGXoe5e7ry93mwHgcBkD90jCu15Omz0cvga5"
        "ZDhwEaid05hrGlAB2m1D5QCCDrS2IH7MC4Ox/z0L8Ql5iyKVpJeGC9umOmfZtldRr3aGYp0je0pG46YNjYU6Gftt1Tg0e2W62x+m"
        "D5HUn6prNI695CUkhSwcmME9O5xFXeXN+FgpkqfIUlO4sycdjK96P7ujo9KdAQAA"
    ),
    "list.rds": (
        "H4sIAAAAAAAAA21RXU4CMRCeTrvoboIh4RyQiC++4ZMn0MTXunQJyQLJFkGf9CyezCN4AcHpz2zIhGbbfjvz9Ztv2pcKADQYRNAF"
        "QSienx4n9wA4ph+kb0j7gKb6gjg0TROIKW4w5ChShtxitaZtmI5GKgrKNVE2du084VwCRslDzOPytkezHt1lFnLE9yw/o/WYDSsS"
        "Gmdz56rKMnilpTzRyD61aO0m7POfFPj8DevV9wPw0PKM7G/Qur1rvfCr3hjsBb+oW+uZ3os0tt5tu9QYVKIkSAm+z1HsPAXN0m0c"
        "F31n8MGgYdAmMXMSFqqF3dlp05G0KFd228OUS8anDr7oRv+S30AupJyqLyTx4usc/wFpUWHAlAIAAA=="
    ),
}
M = [[1, np.nan, 3], [4, 5, 6]]


@pytest.fixture
def read(tmp_path):
    """Reader of one of the objects above."""

    def read_object(name, **options):
        path = tmp_path / name
        path.write_bytes(base64.b64decode(OBJECTS[name]))
        return read_r_object(path, **options)

    return read_object


@pytest.mark.parametrize(
    ("name", "options", "values"),
    [
        ("int_na.rda", {}, M),
        ("es.rds", {}, M),
        ("se.rds", {}, M),
        ("se.rds", {"assay": "logc"}, np.log2(np.array(M) + 1)),
        ("rse.rds", {}, M),
        ("dge.rds", {}, [[1, 2, 3], [4, 5, 6]]),
        ("dds.rds", {}, [[1, 2, 3], [4, 5, 6]]),
        ("sparse.rds", {}, [[0, 0, 3], [4, 0, 6]]),
        ("elist.rds", {}, [[1.5, np.nan, 3], [4, 5, 6]]),
        ("list.rds", {"object": "a"}, M),
    ],
)
def test_values_and_names(read, name, options, values):
    adata = read(name, **options)
    np.testing.assert_allclose(adata.X, values)
    assert list(adata.obs_names) == ["s1", "s2"]
    assert list(adata.var_names) == ["g1", "g2", "g3"]


def test_missing_integers_never_show_their_fill_value(read):
    adata = read("int_na_nonames.rds")
    np.testing.assert_array_equal(adata.X, M)
    assert list(adata.obs_names) == ["V1", "V2"]
    frame = read("df.rds")
    np.testing.assert_array_equal(frame.to_df().loc["x"].to_numpy(), [1, np.nan])


def test_annotation_of_samples_and_features(read):
    adata = read("es.rds")
    assert adata.obs["sex"].fillna("-").tolist() == ["F", "-"]
    assert adata.obs["age"].fillna(-1).tolist() == [1, -1]
    assert adata.var["symbol"].fillna("-").tolist() == ["A", "-", "C"]
    assert read("rse.rds").var["symbol"].tolist() == ["A", "B", "C"]
    assert read("dge.rds").obs["group"].tolist() == ["a", "b"]


def test_data_frame_layouts(read):
    wide = read("list.rds", object="b$c")
    # the row whose gene is NA has no name
    assert list(wide.var_names) == ["a", "b"]
    assert list(wide.obs_names) == ["x", "y"]
    assert wide.var["f"].fillna("-").tolist() == ["u", "-"]
    sheet = read("df.rds", layout="sheet", sample="gene")
    assert sheet.obs["l"].fillna("-").tolist() == ["True", "-", "False"]


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("list.rds", {}, "several objects"),
        ("list.rds", {"object": "A"}, "did you mean 'a'"),
        ("list.rds", {"object": "a$x"}, "No object 'x'"),
        ("se.rds", {"assay": "count"}, "did you mean 'counts'"),
    ],
)
def test_choices_that_do_not_exist(read, name, options, message):
    with pytest.raises(Problems, match=message):
        read(name, **options)


def test_damaged_file(tmp_path):
    path = tmp_path / "x.rda"
    path.write_bytes(base64.b64decode(OBJECTS["es.rds"])[:300])
    with pytest.raises(Problems, match="cannot be read"):
        read_r_object(path)
    path.write_text("no R file")
    with pytest.raises(Problems, match="cannot be read"):
        read_r_object(path)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "shape", "missing", "axis"),
    [
        # dimensions from the folder's README; missing rates by is.na() in R 4.2.2; FBXO2 in none of them
        ("PROT_GN", (57, 6179), 30374, {"Sorbs3": "NP_001005762.1", "Flot1": "NP_073192.2"}),
        ("ACETYL_GN", (60, 1764), 32423, {}),
        ("ACETYL_GN_NORM", (57, 1747), 30302, {}),
        (
            "TRNSCRPT_GN",
            (50, 14201),
            0,
            {"Sorbs3": "ENSRNOG00000008829", "Flot1": "ENSRNOG00000000826", "Cd63": "ENSRNOG00000007650"},
        ),
        (
            "TRNSCRPT_VL",
            (48, 14176),
            0,
            {"Sorbs3": "ENSRNOG00000008829", "Flot1": "ENSRNOG00000000826", "Cd63": "ENSRNOG00000007650"},
        ),
    ],
)
def test_expression_sets_of_motrpac(shared, name, shape, missing, axis):
    adata = read_r_object(shared / "data/motrpac_muscle" / f"{name}.rda")
    assert adata.shape == shape
    assert int(np.isnan(adata.X).sum()) == missing
    assert set(adata.obs["timepoint"]) == {"SED", "1W", "2W", "4W", "8W"}
    assert set(adata.obs["sex"]) == {"Female", "Male"}
    assert (adata.obs["viallabel"] == adata.obs_names).all()
    if name.startswith("ACETYL"):
        return
    genes = adata.var["symbol"].isin(["Fbxo2", "Sorbs3", "Flot1", "Cd63"])
    assert dict(zip(adata.var.loc[genes, "symbol"], adata.var_names[genes], strict=True)) == axis


@pytest.mark.shared
def test_values_of_motrpac_against_r(shared):
    # where no value is missing, limma's effect (R 4.2.2, limma 3.54.1) is the plain difference of the group means
    adata = read_r_object(shared / "data/motrpac_muscle/PROT_GN.rda")
    means = adata.to_df().groupby([adata.obs["sex"], adata.obs["timepoint"]]).mean()
    path = shared / "reference/real/motrpac_prot_gn.8W.limma_trend_robust.tsv.gz"
    reference = pd.read_csv(path, sep="\t").pivot(index="feature", columns="stratum", values="log2fc")
    complete = adata.var_names[~np.isnan(adata.X).any(axis=0)]
    assert len(complete) > 4000
    for sex in ("Female", "Male"):
        effect = means.loc[(sex, "8W"), complete] - means.loc[(sex, "SED"), complete]
        np.testing.assert_allclose(effect, reference.loc[complete, sex.lower()], rtol=1e-5, atol=1e-7)


@pytest.mark.shared
def test_vesicles_of_myotubes(shared):
    file = shared / "data/c2c12_elv_PXD000022/intensity_PXD000022.rda"
    assert read_r_object(file).shape == (6, 625)  # 34 contaminants and 1 decoy, notes of the data
    adata = read_r_object(file, keep=["contaminants", "decoys"])
    assert adata.shape == (6, 660)
    assert list(adata.obs_names) == [f"Intensity.{kind}.{i}" for kind in ("MB", "MT") for i in (1, 2, 3)]
    assert (adata.X == 0).mean() == pytest.approx(0.399, abs=5e-4)  # 39.9 % zeros, data README
    flot1 = adata[:, "O08917"].X.ravel()
    assert (flot1[:3] == 0).all()
    assert (flot1[3:] > 0).all()
    detected = (adata.X > 0).astype(int)
    assert (
        (detected[:3].sum(axis=0) == 0) & (detected[3:].sum(axis=0) == 3)
    ).sum() == 47  # SCIENCE.md, finding 7


@pytest.mark.shared
def test_matrix_with_missing_values(shared):
    folder = shared / "data/breast_cancer_exosome_pride"
    adata = read_r_object(folder / "log_lfq_matrix.rds")
    assert adata.shape == (12, 866)
    # the authors' own count of missing values, row by row
    lines = (folder / "protein_missingness_summary.csv").read_text().splitlines()[1:]
    missing = {line.split(",")[0].strip('"'): int(line.split(",")[2]) for line in lines}
    assert {
        name: int(n) for name, n in zip(adata.var_names, np.isnan(adata.X).sum(axis=0), strict=True)
    } == missing


@pytest.mark.shared
def test_spike_in_of_summarized_experiment(shared):
    folder = shared / "data/spike_ups1_ecoli_limrots"
    adata = read_r_object(folder / "UPS1.Case4.rda")
    assert adata.shape == (48, 1656)
    assert adata.var["Description"].eq("UPS1.Spiked.HUMAN").sum() == 47
    from sevaxis.matrix.readers.delimited import read_delimited

    exported = read_delimited(folder / "norm_log2.tsv.gz")
    np.testing.assert_allclose(adata.X, exported.X, rtol=1e-12)


def test_rows_without_names_are_named_by_their_annotation(monkeypatch, tmp_path):
    """SummarizedExperiments whose rows have numbers, and whose rowData has identifiers and symbols."""
    from types import SimpleNamespace

    from sevaxis.matrix.readers import r_object

    counts = np.array([[1.0, 2], [3, 4], [5, 6], [7, 8]])
    genes = [f"ENSG{i:011d}" for i in range(4)]
    annotation = SimpleNamespace(
        listData={"width": np.arange(4), "symbol": ["A", "B", "", "D"], "gene_id": genes},
        rownames="\x01NULL\x01",
    )
    samples = SimpleNamespace(listData={"sex": ["F", "M"]}, rownames=["s1", "s2"])
    content = SimpleNamespace(assays={"counts": counts}, elementMetadata=annotation, colData=samples)
    monkeypatch.setattr(r_object, "load_r", lambda path: content)
    adata = read_r_object(tmp_path / "se.rds")
    assert list(adata.var_names) == genes
    assert list(adata.obs_names) == ["s1", "s2"]
    np.testing.assert_array_equal(adata.X, counts.T)
    assert adata.uns["reading"]["features_named_by"] == "gene_id"
    annotation.listData.pop("gene_id")
    named = read_r_object(tmp_path / "se.rds")
    assert list(named.var_names) == ["A", "B", "D"]
    assert named.uns["reading"]["rows_without_name"] == 1
    annotation.rownames = genes
    assert list(read_r_object(tmp_path / "se.rds").var_names) == genes


@pytest.mark.shared
def test_whole_numbers_of_64_bits(shared):
    """R keeps them in the bytes of fractions: the tube's label, which the row name repeats, was 4.5e-313."""
    adata = read_r_object(shared / "data/motrpac_wat/PROT_EXP.rda")
    labels = adata.obs["labelid"].astype("int64")
    assert (labels.astype(str).str[:5].to_numpy() == adata.obs_names.str[:5].to_numpy()).all()
