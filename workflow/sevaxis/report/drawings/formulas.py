"""Formulas of the methods text, drawn by matplotlib for the page."""

from __future__ import annotations

import base64
import io
from typing import Any

from sevaxis.base.literature import FORMULAS


def draw(name: str) -> str:
    """A formula as an SVG data address (glyphs are paths: no font is needed to show it)."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    settings: dict[Any, Any] = {"mathtext.fontset": "stix", "svg.fonttype": "path", "svg.hashsalt": "sevaxis"}
    buffer = io.BytesIO()
    with rc_context(settings):
        figure = Figure(figsize=(0.01, 0.01))
        FigureCanvasSVG(figure)
        figure.text(0, 0, f"${FORMULAS[name]}$", fontsize=12)
        options: dict[str, Any] = {"bbox_inches": "tight", "pad_inches": 0.02, "transparent": True}
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, **options)
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
