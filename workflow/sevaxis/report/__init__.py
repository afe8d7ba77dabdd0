"""The report room: renders answers and effects, computes no statistics.

``write(Document(...), folder)`` writes ``report.html`` (one file that asks no server for anything),
``figures/`` (SVG, the TSV behind each beside it), ``methods.md`` and ``provenance.json``.
"""

from sevaxis.report.document import Document
from sevaxis.report.page import render, write

__all__ = ["Document", "render", "write"]
