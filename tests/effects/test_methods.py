"""Methods and what they are told: every option is used or refused, and the methods text says what ran and no more."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sevaxis.base.literature import FORMULAS, PAPERS
from sevaxis.base.problems import Problems
from sevaxis.base.vocabulary import Assay, Normalisation, Scale
from sevaxis.effects.compare import compare
from sevaxis.effects.methods import METHODS, default_method, load_method
from sevaxis.effects.methods.facets import FACETS
from sevaxis.report.sections.methods import markdown

from tests.effects.test_compare import GROUPS, SEXES, comparison, matrix
from tests.report import study_by_hand

#: Every option that some method reads, with a value that is not its default.
OPTIONS = {
    "robust": False,
    "trend": False,
    "array_weights": True,
    "group_weights": True,
    "subjects": "block",
    "peptides": "peptides",
    "outliers": "keep",
    "independent_filter": True,
    "missing": "curve",
}
SUBJECTS = [f"m{i // 2}" for i in range(16)]


def data(name: str, *, subjects: bool = False, sexes=SEXES, counts: bool | None = None):
    """A matrix that a method takes: counts or log2 values, with a column of peptide counts."""
    rng = np.random.default_rng(3)
    counted = load_method(name).takes == Scale.COUNTS if counts is None else counts
    values = rng.normal(20, 1, (300, 16))
    if counted:
        values = rng.negative_binomial(8, 8 / (8 + rng.gamma(2, 100, (300, 1))), (300, 16)).astype(float)
    adata = matrix(values, GROUPS, sexes, subjects=SUBJECTS if subjects else None)
    adata.var["peptides"] = rng.integers(1, 20, 300)
    if counted:
        adata.uns["dataset"] = {"scale": "counts"}
        adata.layers["log2"] = np.log2(adata.X + 1)
        adata.uns["normalisation"] = {"method": "tmm", "text": "Log2 counts per million, scaled by TMM"}
    else:
        how = {"deqms": ("mode", "Equal modes of the log ratios to the mean profile")}
        method, text = how.get(name, ("median", "Equal medians of all features"))
        adata.uns["normalisation"] = {"method": method, "text": text}
    return adata


def with_gaps(values: np.ndarray) -> np.ndarray:
    """Features of levels of their own, the lower ones missed more often."""
    rng = np.random.default_rng(5)
    values = values + rng.normal(0, 2, values.shape[1])
    return np.where(rng.random(values.shape) < 1 / (1 + np.exp(19 - values)), values, np.nan)


def fitted(name: str, *, paired: bool | None = None, sexes=SEXES, values=None, **options) -> dict:
    """What a method recorded of one data set."""
    method = load_method(name)
    if "peptides" in method.options.model_fields:
        options.setdefault("peptides", "peptides")
    card = comparison(
        assay="rna_counts" if method.takes == Scale.COUNTS else "protein",
        model={"method": name, **options},
        values=values or {},
    )
    adata = data(name, subjects=method.needs_subject if paired is None else paired, sexes=sexes)
    if "missing" in options:
        adata.X = adata.layers["log2"] = with_gaps(np.asarray(adata.X))
    return compare(adata, card, axis=[])[1]["fits"][0]


def test_the_options_of_this_test_are_those_that_methods_read():
    assert {option for name in METHODS for option in load_method(name).options.model_fields} == set(OPTIONS)


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("name", METHODS)
def test_an_option_is_used_or_refused(project, name, option):
    """Used: what the fit records differs from the default's. Refused: by the study's check, naming who reads it."""
    method, value = load_method(name), OPTIONS[option]
    if option not in method.options.model_fields:
        model = {"method": name, option: value}
        if "peptides" in method.options.model_fields:
            model["peptides"] = "peptides"
        assay = "rna_counts" if method.takes == Scale.COUNTS else "protein"
        values = {"scale": "counts"} if method.takes == Scale.COUNTS else {"scale": "log2"}
        columns = {"subject": "animal"} if method.needs_subject else {}
        problems = project({"assay": assay, "model": model, "values": values}, columns)
        told = [p for p in problems if f"does not take the option '{option}'" in p.what]
        assert told and f"the methods that read '{option}'" in told[0].hint, problems
        return
    recorded = {
        "robust": "robust",
        "trend": "trend",
        "array_weights": "sample_weights",
        "group_weights": "group_weights",
        "subjects": "fixed_subjects",
        "peptides": "count_prior",
        "outliers": "count_outliers",
        "independent_filter": "independent_filter",
        "missing": "detection_curve",
    }
    paired = True if option == "subjects" else None
    without, with_it = fitted(name, paired=paired), fitted(name, paired=paired, **{option: value})
    if option == "peptides":
        assert with_it["count_prior"] == "peptides"
    else:
        assert with_it[recorded[option]] != without[recorded[option]]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Problems of a study of one data set whose card is as told."""
    import yaml
    from sevaxis.study.study import load_study

    def check(changes: dict, columns: dict) -> tuple:
        folder = tmp_path / "datasets" / "mine"
        folder.mkdir(parents=True)
        card = {
            "id": "mine", "title": "t", "citation": "c", "licence": "l", "organism": "human", "tissue": "muscle",
            "compartment": "tissue", "files": [{"name": "x", "path": "x", "reader": "delimited"}],
            "columns": {"sample": "sample", "group": "group", **columns},
            "contrasts": [{"name": "effect", "role": "training", "case": "b", "reference": "a"}], **changes,
        }  # fmt: skip
        (folder / "card.yaml").write_text(yaml.safe_dump(card))
        rows = "".join(f"s{i}\t{'ab'[i % 2]}\tm{i // 2}\n" for i in range(8))
        (folder / "samples.tsv").write_text(f"sample\tgroup\tanimal\n{rows}")
        configuration = {"name": "x", "title": "x", "datasets": ["mine"], "datasets_folder": "datasets"}
        (tmp_path / "config.yaml").write_text(yaml.safe_dump(configuration))
        try:
            load_study(Path("config.yaml"))
        except Problems as found:
            return found.problems
        return ()

    monkeypatch.chdir(tmp_path)
    return check


@pytest.mark.parametrize(
    ("alternative", "what"),
    [
        ({"method": "woom"}, "There is no method 'woom'"),
        ({"method": "mixed"}, "The method 'mixed' does not fit this data set"),
        ({"trend": True}, "The method 'voom' does not take the option 'trend' so"),
        ({"covariates": ["cage"]}, "The sheet has no column 'cage'"),
    ],
)
def test_an_alternative_is_checked_as_the_model_is(project, alternative, what):
    problems = project({"assay": "rna_counts", "model": {"alternatives": {"other": alternative}}}, {})
    (told,) = [problem for problem in problems if problem.what.startswith(what)]
    assert "card.yaml" in told.where or "alternatives.other" in told.what


def test_an_alternative_does_not_call_itself_the_reported_analysis(project):
    model = {"alternatives": {"as reported": {"robust": False}}}
    problems = project({"assay": "rna_counts", "model": model}, {})
    assert any("name of the reported analysis" in problem.what for problem in problems)


@pytest.mark.parametrize("assay", ["single_cell", "clinical"])
def test_assays_without_a_method_are_refused(project, assay):
    told = [p for p in project({"assay": assay}, {}) if "No method analyses the assay" in p.what]
    assert told and told[0].found == assay


def test_a_published_table_takes_no_option(project):
    problems = project({"assay": "effects", "model": {"robust": True}}, {})
    assert any("not fitted again" in problem.what for problem in problems)


@pytest.mark.parametrize("name", [name for name in METHODS if load_method(name).takes == Scale.COUNTS])
@pytest.mark.parametrize("normalisation", list(Normalisation))
def test_the_normalisation_of_counts_is_the_one_that_the_card_asks_for(name, normalisation):
    assert fitted(name, values={"normalise": str(normalisation)})["normalisation"] == normalisation
    default = fitted(name)
    assert default["normalisation"] == load_method(name).normalisations[0]


def test_every_assay_that_is_measured_in_samples_has_one_method_at_most():
    for assay in Assay:
        names = [name for name in METHODS if assay in load_method(name).default_for]
        assert len(names) <= 1 and default_method(assay) == (names[0] if names else None)


SITUATIONS = {
    "by sex": {},
    "sex unknown": {"sexes": [None] * 16},
    "one sex": {"sexes": ["female"] * 16},
    "few of a sex": {"sexes": ["female"] * 15 + ["male"]},
    "pairs": {"paired": True},
    "means of subjects": {"paired": True, "subjects": "fixed"},
    "blocks": {"paired": True, "subjects": "block"},
    "no normalisation": {"values": {"normalise": "none"}},
    "groups weighed": {"group_weights": True},
    "gaps by the curve": {"missing": "curve"},
}
CASES = [
    (name, situation)
    for name in METHODS
    for situation in SITUATIONS
    if not (situation == "pairs" and not load_method(name).knows_subjects)
    and set(SITUATIONS[situation]) - {"sexes", "paired", "values"}
    <= set(load_method(name).options.model_fields)
]


@pytest.mark.parametrize(("name", "situation"), CASES)
def test_the_text_says_what_ran_and_nothing_else(name, situation):
    """Both ways: a facet's paragraph stands in the text if and only if the fit used it."""
    fit = fitted(name, **SITUATIONS[situation])
    by_hand = study_by_hand.build()
    card = {**by_hand.cards[0], "id": "mine", "title": "Mine"}
    study = replace(
        by_hand,
        cards=(card,),
        models={"mine": {"fits": [fit], "left_out": {}, "not_split": {}, "reasons": []}},
    )
    text = markdown(study)
    for facet in FACETS:
        sentence = facet.text.removesuffix(".")
        assert (sentence in text) == facet.applies(fit), facet.text
        if facet.formula:
            assert (f"$${FORMULAS[facet.formula]}$$" in text) == facet.applies(fit)
    for other in METHODS:
        if load_method(other).text not in load_method(name).text:
            assert load_method(other).text not in text
    assert load_method(name).text in text
    cited, references = text.split("## References")
    for paper in PAPERS:
        assert (paper in cited) == (paper in references)
    for column in fit["design"]:
        assert column in text


def test_a_column_that_says_nothing_new_is_told():
    adata = data("trend")
    adata.obs["cage"] = pd.Series(np.where(np.array(SEXES) == "male", "x", "y"), index=adata.obs_names)
    fit = compare(adata, comparison(model={"covariates": ["cage"]}), axis=[])[1]["fits"][0]
    assert fit["redundant"] == ["cage=y"]


@pytest.mark.parametrize("name", ["trend", "voom"])
def test_few_features_have_a_plain_prior_and_the_text_says_so(name):
    adata = data(name)[:, :9].copy()
    card = comparison(assay="rna_counts" if name == "voom" else "protein", model={"method": name})
    fit = compare(adata, card, axis=[])[1]["fits"][0]
    assert fit["n_fitted"] == 9 and fit["robust"] is False and fit["hypervariable"] is None
    assert "robust prior not for 9 features with a variance: it needs 10" in fit["remarks"]


@pytest.mark.parametrize("name", ["trend", "deqms", "voom"])
def test_samples_of_a_group_share_a_weight(name):
    """One group scatters three times as much: its samples weigh less, all the same."""
    rng = np.random.default_rng(4)
    adata = data(name)
    wide = np.array(GROUPS) == "over"
    noise = rng.normal(size=adata.shape) * np.where(wide, 0.9, 0.3)[:, None]
    if name == "voom":
        adata.X = np.round(1000 * np.exp2(noise))
        adata.layers["log2"] = np.log2(adata.X + 1)
    else:
        adata.X = 20 + noise
        adata.layers["log2"] = adata.X
    model = {"method": name, "group_weights": True} | ({"peptides": "peptides"} if name == "deqms" else {})
    card = comparison(assay="rna_counts" if name == "voom" else "protein", model=model)
    fit = compare(adata, card, axis=[])[1]["fits"][0]
    weights = np.array([fit["sample_weights"][sample] for sample in adata.obs_names])
    assert len(set(weights[wide])) == len(set(weights[~wide])) == 1
    assert weights[~wide][0] / weights[wide][0] == pytest.approx(9, rel=0.25)


def test_weights_of_samples_and_of_groups_exclude_each_other():
    with pytest.raises(Problems, match="exclude each other"):
        fitted("trend", array_weights=True, group_weights=True)


@pytest.mark.parametrize("name", ["trend", "deqms", "voom", "voom_quality"])
def test_means_of_subjects_join_the_design(name):
    """Eight pairs, two sexes: eight columns of which two are said by the sexes, and no correlation."""
    block, fixed = (fitted(name, paired=True, subjects=how) for how in ("block", "fixed"))
    assert fixed["correlation"] is None and block["correlation"] is not None
    assert fixed["n_subjects"] == block["n_subjects"] == 8
    assert set(fixed["design"]) - set(block["design"]) == {f"subject=m{i}" for i in range(1, 8)}
    assert fixed["redundant"] == ["subject=m7"]
    alone = fitted(name, paired=False, subjects="fixed")
    assert alone["design"] == block["design"] and not alone["fixed_subjects"]


def test_fixed_subjects_of_complete_pairs_are_paired_differences():
    """The effect is the mean difference; its squared error is linear in the variance of differences, as moderated."""
    adata = data("trend", subjects=True, sexes=["female"] * 16)
    spread = np.exp(np.random.default_rng(5).normal(size=adata.n_vars))
    adata.X = 20 + (adata.X - 20) * spread
    adata.layers["log2"] = adata.X
    model = {"method": "trend", "subjects": "fixed", "robust": False, "trend": False}
    table, model_used = compare(adata, comparison(model=model), axis=[])
    rows = table[table["status"].eq("tested")].set_index("feature_id")
    over = np.array(GROUPS) == "over"
    y = pd.DataFrame(adata.X.T, index=adata.var_names).loc[rows.index].to_numpy()
    difference = y[:, over] - y[:, ~over]
    np.testing.assert_allclose(rows["log2fc"], difference.mean(axis=1), atol=1e-10)
    # Subjects i have two samples each: the residual variance is half that of differences, on 7 degrees of freedom.
    d0 = model_used["fits"][0]["prior_df"]
    slope = np.polyfit(difference.var(axis=1, ddof=1), rows["se"] ** 2, 1)[0]
    assert slope == pytest.approx(7 / (7 + d0) / 8, rel=1e-9)
    np.testing.assert_allclose(rows["df"], 7 + d0)


def test_contrasts_between_subjects_are_refused_where_subjects_are_fixed():
    adata = data("trend")
    adata.obs["subject"] = [f"{group}{i // 4}" for i, group in enumerate(GROUPS)]
    with pytest.raises(Problems, match="cannot be told from the subjects"):
        compare(adata, comparison(model={"method": "trend", "subjects": "fixed"}), axis=[])
