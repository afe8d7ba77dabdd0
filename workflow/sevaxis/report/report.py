"""The report room: what the other rooms found, written as a page, figures, a methods text and the origin of it all."""

from __future__ import annotations

import json
from pathlib import Path

from sevaxis.report.document import Document
from sevaxis.report.drawings.figures import write_figures
from sevaxis.report.page import render
from sevaxis.report.sections.methods import markdown


def report(document: Document, folder: Path) -> Path:
    """Write the report of a study.

    Parameters
    ----------
    document
        All that is shown.
    folder
        The study's results folder; ``report.html``, ``methods.md``, ``provenance.json`` and ``figures/`` are
        written there, ``figures/`` anew.

    Returns
    -------
    pathlib.Path
        ``report.html``.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_figures(document, folder / "figures")
    (folder / "methods.md").write_text(markdown(document), encoding="utf-8")
    provenance = json.dumps(document.provenance, indent=1, ensure_ascii=False, sort_keys=True)
    (folder / "provenance.json").write_text(provenance + "\n", encoding="utf-8")
    page = folder / "report.html"
    page.write_text(render(document), encoding="utf-8")
    return page
