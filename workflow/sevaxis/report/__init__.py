"""The report room: renders answers and effects, computes no statistics and decides nothing.

:func:`sevaxis.report.report.report` writes ``report.html`` (one file that asks no server for anything), ``figures/``
(SVG, the TSV behind each beside it), ``methods.md`` and ``provenance.json`` from a
:class:`~sevaxis.report.document.Document`.
"""
