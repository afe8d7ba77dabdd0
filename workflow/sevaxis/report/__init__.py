"""The report room: renders answers and effects, computes no statistics.

``write(ReportInput(...), folder)`` writes ``report.html`` (one file that asks no server for anything),
``figures/`` (SVG, the TSV behind each beside it), ``methods.md`` and ``provenance.json``.
"""

from sevaxis.report.document import ReportInput
from sevaxis.report.page import render, write

__all__ = ["ReportInput", "render", "write"]
