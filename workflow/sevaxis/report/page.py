"""The page: every section's view rendered into one HTML file that asks no server for anything."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

from sevaxis.base.literature import FORMULAS
from sevaxis.report import words as wording
from sevaxis.report.document import Document
from sevaxis.report.drawings import formulas
from sevaxis.report.drawings.plots import contrast_payloads, point_payload, sample_payload
from sevaxis.report.embed import libraries, pack
from sevaxis.report.sections.genes import gene_cards
from sevaxis.report.sections.methods import analyses, markdown, methods, references
from sevaxis.report.sections.planted import planted_page
from sevaxis.report.sections.samples import sample_pages
from sevaxis.report.sections.sexes import sex_page
from sevaxis.report.sections.sources import refusals, sources
from sevaxis.report.sections.strip import strip
from sevaxis.report.sections.table import effects_table


def render(study: Document) -> str:
    """HTML of the whole report."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("sevaxis.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        ROLES=wording.ROLES, STRATA=wording.STRATA, ASSAYS=wording.ASSAYS, COMPARTMENTS=wording.COMPARTMENTS
    )
    environment.globals.update(words=wording.words, NOT_SEX_SPECIFIC=wording.NOT_SEX_SPECIFIC)
    environment.globals.update(draw=formulas.draw, formula=FORMULAS.get)
    return environment.get_template("report.html.jinja").render(_view(study))


def write(study: Document, folder: Path) -> Path:
    """Write the report of a study.

    Parameters
    ----------
    study
        All that is shown.
    folder
        The study's results folder; ``report.html``, ``methods.md``, ``provenance.json`` and ``figures/`` are
        written there, ``figures/`` anew.

    Returns
    -------
    pathlib.Path
        ``report.html``.
    """
    from sevaxis.report.drawings.figures import write_figures

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_figures(study, folder / "figures")
    (folder / "methods.md").write_text(markdown(study), encoding="utf-8")
    provenance = json.dumps(study.provenance, indent=1, ensure_ascii=False, sort_keys=True)
    (folder / "provenance.json").write_text(provenance + "\n", encoding="utf-8")
    page = folder / "report.html"
    page.write_text(render(study), encoding="utf-8")
    return page


def _view(study: Document) -> dict[str, Any]:
    assets = resources.files("sevaxis.report") / "assets"
    scripts = [(assets / name).read_text(encoding="utf-8") for name in ("charts.js", "report.js")]
    contrasts = contrast_payloads(study)
    table, sections, pages = effects_table(study), methods(study), sample_pages(study)
    sex = sex_page(study)
    return {
        "study": study.study,
        "genes": study.genes,
        "axis_answer": study.answers["axis"],
        # the first sentence leads
        "lead": re.split(r"(?<=\.)\s+(?=[A-Z])", study.answers["axis"].verdict, maxsplit=1),
        "planted": planted_page(study),
        "others": {name: a for name, a in study.answers.items() if name not in ("axis", "sex", "planted")},
        "facts": _facts(study, pages),
        "strip": strip(study),
        "fold": wording.plain(2 ** study.study["thresholds"]["smallest_effect"], 1),
        "pages": pages,
        "cards": gene_cards(study),
        "sex": sex,
        "drawn": [shown for shown in study.contrasts if shown.key in contrasts],
        "panels": {name: wording.words({}, name) for name in study.panels if name != "axis"},
        "table": table,
        "sections": sections,
        "references": references(sections),
        "analyses": analyses(study),
        "sources": sources(study),
        "refusals": refusals(study),
        "provenance": {"versions": {}, "files": [], "code": {}} | dict(study.provenance),
        "style": (assets / "style.css").read_text(encoding="utf-8"),
        "scripts": scripts,
        "allowed": " ".join(_integrity(script) for script in scripts),
        "packed": {
            "samples": pack(sample_payload(study)),
            "points": pack(point_payload(study)),
            "table": pack({key: table[key] for key in ("rows", "vocabulary")}),
            "study": pack(
                {
                    "genes": study.genes,
                    "panels": dict(study.panels),
                    "fdr": study.fdr,
                    "classes": wording.CLASSES,
                    "strata": wording.STRATA,
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


def _facts(study: Document, pages: list[dict[str, Any]]) -> list[str]:
    tested = int(study.effects["status"].eq("tested").sum())
    return [
        wording.count(len(study.cards), "data set"),
        wording.count(len(study.contrasts), "contrast"),
        wording.count(sum(page["included"] for page in pages), "sample"),
        wording.count(tested, "tested effect"),
    ]
