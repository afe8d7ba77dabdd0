"""The page: every section's view rendered into one HTML file that asks no server for anything."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from typing import Any

from sevaxis.base import vocabulary
from sevaxis.base.literature import FORMULAS
from sevaxis.base.vocabulary import SexClass, Status, Stratum
from sevaxis.report import words
from sevaxis.report.document import Document
from sevaxis.report.drawings import formulas
from sevaxis.report.drawings.colours import CLASSES, stylesheet
from sevaxis.report.drawings.plots import contrast_payloads, point_payload, sample_payload
from sevaxis.report.embed import libraries, pack
from sevaxis.report.sections.genes import gene_cards
from sevaxis.report.sections.methods import analyses, methods, references
from sevaxis.report.sections.questions import question_sections
from sevaxis.report.sections.samples import sample_pages
from sevaxis.report.sections.sources import refusals, sources
from sevaxis.report.sections.strip import strip
from sevaxis.report.sections.table import effects_table

#: Vocabularies and strata that templates speak of.
TERMS = ("Assay", "Compartment", "Role", "Stratum", "WHOLE")


def render(document: Document) -> str:
    """HTML of the whole report."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("sevaxis.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update({name: getattr(vocabulary, name) for name in TERMS})
    environment.globals.update(
        spoken=words.spoken, sentences=words.sentences, NOT_SEX_SPECIFIC=words.NOT_SEX_SPECIFIC
    )
    environment.globals.update(draw=formulas.draw, formula=FORMULAS.get)
    return environment.get_template("report.html.jinja").render(_view(document))


def _view(document: Document) -> dict[str, Any]:
    assets = resources.files("sevaxis.report") / "assets"
    scripts = [(assets / name).read_text(encoding="utf-8") for name in ("charts.js", "report.js")]
    contrasts = contrast_payloads(document)
    table, sections, pages = effects_table(document), methods(document), sample_pages(document)
    verdict = next(iter(document.answers.values())).verdict
    return {
        "settings": document.settings,
        "genes": document.genes,
        # the first sentence leads
        "lead": words.sentences(verdict),
        "questions": question_sections(document),
        "facts": _facts(document, pages),
        "strip": strip(document),
        "compressed": document.proteins,
        "fold": words.plain(2 ** document.settings["thresholds"]["smallest_effect"], 1),
        "pages": pages,
        "cards": gene_cards(document),
        "drawn": [shown for shown in document.contrasts if shown.key in contrasts],
        "panels": {name: words.spoken(name) for name in document.panels if name != "axis"},
        "table": table,
        "sections": sections,
        "references": references(sections),
        "analyses": analyses(document),
        "sources": sources(document),
        "refusals": refusals(document),
        "provenance": {"versions": {}, "files": [], "code": {}} | dict(document.provenance),
        "style": stylesheet() + (assets / "style.css").read_text(encoding="utf-8"),
        "scripts": scripts,
        "allowed": " ".join(_integrity(script) for script in scripts),
        "packed": {
            "samples": pack(sample_payload(document)),
            "points": pack(point_payload(document)),
            "table": pack({key: table[key] for key in ("rows", "vocabulary")}),
            "study": pack(
                {
                    "genes": document.genes,
                    "panels": dict(document.panels),
                    "fdr": document.fdr,
                    "classes": {str(term): term.words for term in SexClass},
                    "looks": {str(term): [colour, mark] for term, (colour, _, mark) in CLASSES.items()},
                    "strata": {str(term): term.words for term in Stratum},
                }
            ),
            **{f"contrast.{key}": pack(payload) for key, payload in contrasts.items()},
        },
        "libraries": libraries(),
    }


def _integrity(script: str) -> str:
    """A script's hash for the page's content security policy: no other inline script can run."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def _facts(document: Document, pages: list[dict[str, Any]]) -> list[str]:
    tested = int((document.effects["status"].eq(Status.TESTED) & document.effects["p"].notna()).sum())
    studies = len({card.get("cohort") or card["id"] for card in document.cards})
    of_studies = f" of {words.count(studies, 'cohort')}" if studies < len(document.cards) else ""
    return [
        words.count(len(document.cards), "data set") + of_studies,
        words.count(len(document.contrasts), "contrast"),
        words.count(sum(page["included"] for page in pages), "sample"),
        words.count(tested, "tested effect"),
    ]
