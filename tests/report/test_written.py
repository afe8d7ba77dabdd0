"""What the report writes: complete, the same bytes every time, nothing from outside unescaped."""

import base64
import gzip
import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import pandas as pd
import pytest
from sevaxis.report.document import Document
from sevaxis.report.drawings.figures import write_figures
from sevaxis.report.drawings.glyphs import glyph, reach
from sevaxis.report.drawings.plots import contrast_payload
from sevaxis.report.page import render
from sevaxis.report.report import report
from sevaxis.report.sections import methods
from sevaxis.report.sections.genes import gene_cards
from sevaxis.report.sections.strip import strip
from sevaxis.report.words import p_value, signed

from tests.report import study_by_hand


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return (folder / "report.html").read_text()


def text_of(html: str) -> str:
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", html, flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def unpack(page: str, name: str) -> object:
    packed = re.search(rf'id="data-{re.escape(name)}">([^<]*)<', page)[1]
    return json.loads(gzip.decompress(base64.b64decode(packed)))


def test_same_inputs_same_bytes(document: Document, folder: Path, tmp_path: Path):
    report(study_by_hand.build(), tmp_path)
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert names == sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    for name in names:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def test_old_figures_do_not_stay(document: Document, tmp_path: Path):
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "volcano_of_a_contrast_no_longer_there.svg").write_text("old")
    report(document, tmp_path)
    assert not (tmp_path / "figures" / "volcano_of_a_contrast_no_longer_there.svg").exists()


def test_every_figure_is_an_svg_with_its_table(folder: Path):
    figures = sorted((folder / "figures").glob("*.svg"))
    assert {"strip.svg", "forest_FBXO2.svg", "volcano_sev_protein.overtrained.svg"} <= {
        f.name for f in figures
    }
    assert "sexes_sev_protein.overtrained.svg" in {f.name for f in figures}
    for figure in figures:
        assert ElementTree.parse(figure).getroot().tag.endswith("svg")
        assert len(pd.read_csv(figure.with_suffix(".tsv"), sep="\t")) > 0
        assert "<dc:date>" not in figure.read_text()


def test_figures_leave_the_style_of_others_alone(document: Document, tmp_path: Path):
    before = dict(matplotlib.rcParams)
    write_figures(document, tmp_path / "figures")
    assert dict(matplotlib.rcParams) == before


def test_figures_name_a_font_that_matplotlib_brings(folder: Path):
    for figure in (folder / "figures").glob("*.svg"):
        fonts = re.findall(r"<text [^>]*?font[^>']*'([^']*)'", figure.read_text())
        assert set(fonts) == {"DejaVu Sans"}, figure.name


def test_labels_from_outside_are_escaped(page: str):
    assert study_by_hand.HOSTILE not in page
    assert "onerror=window.hacked=1&gt;" in page


def test_dangerous_homepage_is_no_link(document: Document):
    cards = ({**document.cards[0], "homepage": "javascript:alert(1)"}, *document.cards[1:])
    assert 'href="javascript' not in render(replace(document, cards=cards))


def test_page_asks_no_server(page: str):
    assert not re.findall(r'<(?:script|img|link|iframe)[^>]+(?:src|href)="(?!data:)[^"]*"', page)
    assert "default-src 'none'" in page


def test_opens_with_the_verdict(page: str, document: Document):
    text = text_of(page[page.index("<main>") :])
    assert text.index(document.answers["axis"].verdict) < 100
    assert "Simulated data" in text_of(page)


def test_no_banner_on_real_data():
    assert "Simulated" not in text_of(render(study_by_hand.build(simulated=False)))


def test_strip_has_a_cell_for_every_gene_and_contrast(document: Document):
    told = strip(document)
    cells = {
        (row["shown"].key, cell["gene"]): cell["layers"]["main"]
        for group in told["groups"]
        for row in group["rows"]
        for cell in row["cells"]
    }
    assert len(cells) == 4 * 4
    reasons = {reason: number for number, reason in told["notes"]}
    unseen = cells["sev_protein.overtrained", "CD63"]
    assert (unseen["kind"], unseen["seen"]) == ("none", "4/4 v 0/4")
    assert reasons[study_by_hand.NEVER_SEEN] == unseen["note"]
    assert cells["muscle_rna.week4", "FBXO2"]["text"] == "not mapped"
    assert cells["sev_protein.overtrained", "FBXO2"]["text"] == "+1.25"  # (1.4 + 1.1) / 2, as made


def test_training_is_never_called_overtraining(page: str, document: Document):
    for group in strip(document)["groups"]:
        roles = {row["shown"].role for row in group["rows"]}
        assert len(roles) == 1
        if roles == {"training"}:
            assert group["role"] == "Training, not overtraining"


def test_one_sex_is_told_not_hidden(document: Document):
    card = next(card for card in gene_cards(document) if card["gene"] == "FLOT1")
    trained = next(dataset for dataset in card["datasets"] if dataset["id"] == "muscle_rna")
    refused = trained["contrasts"][0]["refused"]
    assert [(r["status"], r["strata"], r["reason"]) for r in refused] == [
        ("not estimable", "average, female, male, male − female", study_by_hand.ONE_SEX)
    ]


def test_table_of_one_sex_stands_for_its_contrast(document: Document):
    rows = document.effects[document.effects["dataset"].eq("liver_published")]
    male = rows.assign(stratum="male")
    refused = rows[rows["human_symbol"].isin(study_by_hand.GENES)].assign(
        stratum="average", status="not_estimable", reason=study_by_hand.ONE_SEX, log2fc=float("nan")
    )
    one_sex = replace(document, effects=pd.concat([refused, male], ignore_index=True))
    assert [shown.stratum for shown in one_sex.contrasts] == ["male"]


def test_honest_words(page: str):
    text = text_of(page).lower()
    assert "no difference" not in text
    assert not re.search(r"(fe)?male-specific", text)
    assert "is not sex-specific" in text
    assert "underpowered" in text


def test_volcano_keeps_what_matters_and_counts_the_rest():
    document = study_by_hand.build(features=9000)
    shown = next(shown for shown in document.contrasts if shown.key == "muscle_rna.week8")
    payload = contrast_payload(document, shown)
    stratum = payload["strata"]["all"]
    assert stratum["tested"] == 9000 - 2  # FBXO2 is unmapped and CKM too low
    assert stratum["drawn"] < 4500
    assert {"FLOT1", "CD63", "SORBS3", "COL1A1"} <= set(payload["human"])
    rows = document.rows[shown.key]
    strongest = rows[rows["status"].eq("tested")].nsmallest(400, "p")
    assert set(strongest["feature_id"]) <= set(payload["feature"])
    place = payload["human"].index("FLOT1")
    flot1 = rows[rows["human_symbol"].eq("FLOT1") & rows["stratum"].eq("all")].iloc[0]
    assert stratum["x"][place] / 1000 == pytest.approx(flot1["log2fc"], abs=5e-4)


def test_table_says_how_much_it_shows(page: str, document: Document):
    table = unpack(page, "table")
    assert f"{len(table['rows']):,} of {len(document.effects):,} rows" in text_of(page)
    words = table["vocabulary"]
    axis = [row for row in table["rows"] if words[row[0]] == "FBXO2"]
    assert len(axis) == document.effects["human_symbol"].eq("FBXO2").sum()
    assert study_by_hand.NOT_MAPPED in words


def test_methods_tell_what_was_used_and_no_more(document: Document):
    text = methods.markdown(document)
    for paper in (
        "Robinson & Oshlack 2010",
        "Law et al. 2014",
        "Smyth 2004",
        "Smyth et al. 2005",
        "Holm 1979",
    ):
        assert text.count(paper) >= 2  # cited, and in the references
    assert "Love et al. 2014" not in text
    proteins = replace(document, cards=document.cards[:1])
    text = methods.markdown(proteins)
    assert "voom" not in text and "Robinson" not in text
    assert "**The data of this study are simulated.**" in text


def test_provenance_is_written_as_given(folder: Path, document: Document):
    assert json.loads((folder / "provenance.json").read_text()) == document.provenance


def test_refused_is_told_with_its_reason(page: str):
    text = text_of(page)
    assert "sample S1 chromosomes say male, sheet says female" in text
    assert "1 feature, too low to test fewer than 10 counts in 5 samples" in text


def test_each_data_set_says_what_ran_who_was_left_out_and_why_features_have_no_effect(page: str):
    _, vesicles, muscle, liver = page.split('<details class="fold dataset"')
    liver = liver[: liver.index("</details>")]
    told = text_of(vesicles)
    assert "Method: linear model of log2 values, moderated t." in told
    assert "robust prior, of fewer degrees of freedom for 3 features" in told
    assert "S1 case female female chromosomes say male, sheet says female" in told
    assert "Columns of the model: case female, case male, control female, control male, batch=B" in told
    assert "filterByExpr left out 1 of 400 features" in text_of(muscle)
    assert "1 too low to test fewer than 10 counts in 5 samples" in text_of(muscle)
    assert "Method: as published, not re-analysed." in text_of(liver)


def test_study_without_sexes_planted_or_p_values_renders(document: Document):
    sex = document.answers["sex"]
    nothing = replace(sex, tables={name: table.iloc[:0] for name, table in sex.tables.items()})
    published = replace(
        document,
        cards=document.cards[2:],
        effects=document.effects[document.effects["dataset"].eq("liver_published")].assign(
            p=float("nan"), q=float("nan")
        ),
        axis=document.axis[document.axis["dataset"].eq("liver_published")].assign(
            p=float("nan"), q=float("nan")
        ),
        answers={"axis": document.answers["axis"], "sex": nothing},
        qualities={"liver_published": document.qualities["liver_published"]},
        axis_values=document.axis_values.iloc[:0],
        provenance={},
    )
    text = text_of(render(published))
    assert "No contrast has p-values to draw." in text
    assert "differences between the sexes are not estimable" in text


def test_glyph_positions():
    drawn = glyph(1.0, 0.5, 9.0, 2.0, 1.5)
    assert (drawn.point, drawn.low, drawn.high) == (73.0, 61.5, 96.0)  # 50 + 46 * value / 2, cut at the scale
    assert (drawn.beyond_low, drawn.beyond_high) == (False, True)
    assert (drawn.mde_low, drawn.mde_high) == (15.5, 84.5)
    far = glyph(-3.0, -4.0, -2.5, 2.0)
    assert (far.outside, far.point, far.low) == (True, 4.0, None)
    assert reach([0.2, -1.3, float("nan")]) == 1.5
    assert reach([40.0]) == 4.0


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.04213, "0.042"),
        (1.2e-5, "1.2e−5"),
        (9.99e-4, "1.0e−3"),
        (0.0, "< 1.0e−300"),
        (None, "–"),
        (1.0, "1"),
    ],
)
def test_p_values_in_words(value: float | None, text: str):
    assert p_value(value) == text


def test_numbers_have_true_minus_signs():
    assert signed(-0.456) == "−0.46"
    assert signed(-0.004) == "0.00"


@pytest.mark.parametrize(
    ("reading", "shown"),
    [("appears", "appears"), ("disappears", "disappears"), ("published_up", "as published: up")],
)
def test_what_is_read_by_presence_or_as_published_has_a_look_of_its_own(
    document: Document, tmp_path: Path, reading: str, shown: str
):
    axis = document.axis.copy()
    mine = axis["human_symbol"].eq("CD63" if reading != "published_up" else "FBXO2") & axis["dataset"].eq(
        "sev_protein"
    )
    axis.loc[mine, "reading"] = reading
    axis["called"] = axis["called"] | mine
    changed = replace(document, axis=axis)
    page = render(changed)
    cells = [cell for group in strip(changed)["groups"] for row in group["rows"] for cell in row["cells"]]
    kinds = {
        layers["kind"] for cell in cells for layers in cell["layers"].values() if layers["reading"] == reading
    }
    assert kinds == {"effect" if reading == "published_up" else "presence"}
    assert shown in text_of(page)
    if reading != "published_up":
        assert "4/4 v 0/4" in text_of(page)
    write_figures(changed, tmp_path)
