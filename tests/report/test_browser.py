"""The page in a real browser: quiet, offline, searchable, usable by keyboard and on a phone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.report import study_by_hand

pytestmark = pytest.mark.browser
playwright = pytest.importorskip("playwright.sync_api")

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOCAL = ("file:", "data:", "blob:")


class Visit:
    """A page and everything it complained about or asked for."""

    def __init__(self, page: "playwright.Page", report: Path):
        self.page, self.complaints, self.requests = page, [], []
        page.on("console", lambda message: self._hear(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(report.as_uri())

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)

    def read_all(self) -> None:
        """Open everything and scroll through the whole page."""
        self.page.evaluate("for (const fold of document.querySelectorAll('main details')) fold.open = true")
        top = 0
        while top < self.page.evaluate("document.documentElement.scrollHeight"):
            self.page.evaluate(f"scrollTo({{ top: {top}, behavior: 'instant' }})")
            self.page.wait_for_timeout(40)
            top += 700
        self.page.wait_for_function("!document.querySelector('.plot.waiting')")
        self.page.wait_for_selector("#effects-table tbody tr td")

    def quiet(self) -> bool:
        """Nothing on the console, nothing asked of a server, no label from outside has run."""
        assert self.complaints == []
        assert [url for url in self.requests if not url.startswith(LOCAL)] == []
        return self.page.evaluate("window.hacked === undefined")


@pytest.fixture(scope="module")
def browser() -> Iterator["playwright.Browser"]:
    if not CHROMIUM.exists():
        pytest.skip(f"NOT TESTED: no Chromium at {CHROMIUM}")
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: "playwright.Browser", folder: Path, request: pytest.FixtureRequest) -> Iterator[Visit]:
    options = {"viewport": {"width": 1280, "height": 900}} | getattr(request, "param", {})
    context = browser.new_context(**options)
    yield Visit(context.new_page(), folder / "report.html")
    context.close()


@pytest.mark.parametrize(
    "visit",
    [{}, {"color_scheme": "dark"}, {"viewport": {"width": 400, "height": 800}}],
    indirect=True,
    ids=["desktop", "dark", "phone"],
)
def test_whole_page_is_quiet_and_stays_within_its_width(visit: Visit):
    visit.read_all()
    assert visit.quiet()
    width = visit.page.viewport_size["width"]
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
    assert visit.page.locator(".plot .main-svg").count() > 0
    assert visit.page.locator(".plot").count() == visit.page.locator(".plot.drawn").count()


def test_nothing_heavy_before_it_is_needed(visit: Visit):
    visit.page.wait_for_timeout(300)
    assert visit.page.evaluate("window.Plotly === undefined")
    assert visit.page.evaluate("performance.getEntriesByType('navigation')[0].domInteractive") < 5000


def test_strip_has_a_cell_for_every_gene_and_contrast(visit: Visit):
    found = visit.page.eval_on_selector_all(
        "#strip td.cell", "cells => cells.map(c => `${c.dataset.contrast} ${c.dataset.gene}`)"
    )
    contrasts = (
        "sev_protein.overtrained",
        "muscle_rna.week4",
        "muscle_rna.week8",
        "liver_published.fibrosis",
    )
    assert sorted(found) == sorted(
        f"{contrast} {gene}" for contrast in contrasts for gene in study_by_hand.GENES
    )


def test_hatched_cells_tell_their_reason_without_hovering(visit: Visit):
    cell = visit.page.locator('#strip td[data-contrast="muscle_rna.week4"][data-gene="FBXO2"]')
    layer = cell.locator(".layer.none[data-layer=main]")
    assert "not mapped" in layer.inner_text()
    note = layer.locator("sup a").get_attribute("href")
    assert visit.page.locator(note).inner_text() == study_by_hand.NOT_MAPPED
    assert visit.page.locator(note).is_visible()
    background = layer.evaluate("e => getComputedStyle(e).backgroundImage")
    assert "repeating-linear-gradient" in background


def test_tooltip_opens_by_keyboard(visit: Visit):
    cell = visit.page.locator('#strip td[data-contrast="sev_protein.overtrained"][data-gene="FBXO2"]')
    tip = cell.locator(".layer[data-layer=main] .tip")
    assert not tip.is_visible()
    cell.focus()
    assert tip.is_visible()
    assert "[+0." in tip.inner_text() and "4/4 v 4/4" in tip.inner_text()


def test_strip_switches_to_one_sex(visit: Visit):
    cell = visit.page.locator('#strip td[data-contrast="sev_protein.overtrained"][data-gene="FBXO2"]')
    assert cell.locator(".value:visible").inner_text() == "+1.25"
    visit.page.get_by_text("Female", exact=True).first.click()
    assert cell.locator(".value:visible").inner_text() == "+1.40"
    trained = visit.page.locator('#strip td[data-contrast="muscle_rna.week4"][data-gene="FLOT1"]')
    assert "not estimable" in trained.inner_text()


def test_table_search_and_filters(visit: Visit):
    visit.page.locator("#table").scroll_into_view_if_needed()
    rows = visit.page.locator("#effects-table tbody tr")
    rows.first.wait_for()
    visit.page.get_by_label("Search").fill("CD63")
    visit.page.wait_for_function("document.querySelector('.dt-info').textContent.includes('from')")
    genes = visit.page.locator("#effects-table tbody td:first-child b").all_inner_texts()
    assert genes and set(genes) == {"CD63"}
    visit.page.locator("#table-filters select").nth(0).select_option("sev_protein")
    visit.page.locator("#table-filters select").nth(3).select_option("not estimable")
    visit.page.wait_for_function("document.querySelector('.dt-info').textContent.includes('of 4 rows')")
    assert all("4/4 v 0/4" in text for text in rows.all_inner_texts())
    visit.page.get_by_label("Search").fill("no such gene")
    visit.page.wait_for_selector("#effects-table td.dt-empty")
    assert visit.quiet()


def test_volcano_hover_menus_and_panel(visit: Visit):
    plot = visit.page.locator("#volcano-plot")
    plot.scroll_into_view_if_needed()
    visit.page.wait_for_selector("#volcano-plot.drawn .textpoint")
    point = plot.locator(".trace", has_text="FBXO2").locator(".point").first
    box = point.bounding_box()
    visit.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    hover = plot.locator(".hoverlayer")
    hover.locator(".hovertext").first.wait_for()
    assert "FBXO2" in hover.text_content() and "log2FC +1.25" in hover.text_content()
    visit.page.locator("#volcano-panel").select_option("Fibrosis")
    plot.locator(".legendtext", has_text="Fibrosis").wait_for()
    visit.page.locator("#volcano-stratum").select_option("interaction")
    visit.page.locator("#volcano-contrast").select_option("muscle_rna.week8")
    caption = visit.page.locator("#volcano .caption-count", has_text="of 398 tested features")
    caption.wait_for()
    assert visit.page.locator("#volcano-stratum").input_value() == "all"
    assert visit.quiet()


def test_scatter_of_the_sexes_has_its_identity_line(visit: Visit):
    visit.page.locator("#sex-plot").scroll_into_view_if_needed()
    visit.page.wait_for_selector("#sex-plot.drawn")
    line = visit.page.evaluate("document.getElementById('sex-plot').layout.shapes[0]")
    assert (line["x0"], line["x1"]) == (line["y0"], line["y1"])
    names = visit.page.evaluate("document.getElementById('sex-plot').data.map(t => t.name)")
    assert "larger in females" in names and "axis genes" in names


def test_samples_recolour_by_batch(visit: Visit):
    plot = visit.page.locator('.plot[data-chart=pca][data-of="sev_protein"]')
    plot.scroll_into_view_if_needed()
    plot.locator(".legendtext", has_text="control").wait_for()
    visit.page.locator('[data-by="sev_protein"]').select_option("batch")
    plot.locator(".legendtext", has_text="B").wait_for()
    assert visit.quiet()


def test_excluded_sample_and_reason_are_text(visit: Visit):
    text = visit.page.locator("#samples-sev_protein").inner_text()
    assert "chromosomes say male, sheet says female" in text
    assert "1 sample was dropped" in text


@pytest.mark.parametrize("visit", [{"viewport": {"width": 400, "height": 800}}], indirect=True)
def test_contents_fold_on_a_phone(visit: Visit):
    contents = visit.page.locator(".contents details")
    assert contents.get_attribute("open") is None
    visit.page.locator(".contents summary").click()
    assert visit.page.get_by_role("link", name="Methods").is_visible()


@pytest.mark.parametrize("visit", [{"color_scheme": "dark"}], indirect=True)
def test_table_is_dark_in_dark_mode(visit: Visit):
    visit.page.locator("#table").scroll_into_view_if_needed()
    visit.page.locator("#effects-table tbody tr").first.wait_for()
    colours = visit.page.evaluate(
        """() => { const found = new Set();
        for (let e = document.querySelector('#effects-table td'); e; e = e.parentElement)
          found.add(getComputedStyle(e).backgroundColor);
        return [...found]; }"""
    )
    assert set(colours) == {"rgba(0, 0, 0, 0)", "rgb(19, 24, 27)"}  # nothing but --paper, #13181b
