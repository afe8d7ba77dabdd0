"""Formulas of the methods text: written once in TeX, drawn by matplotlib for the page, kept as TeX in Markdown."""

from __future__ import annotations

import base64
import io

#: Name -> TeX, within what matplotlib's mathtext draws.
FORMULAS = {
    "tmm": (
        r"\log_2 f_k=\frac{\sum_{g\in G} w_g M_g}{\sum_{g\in G} w_g},\quad "
        r"M_g=\log_2\frac{Y_{gk}/N_k}{Y_{gr}/N_r},\quad "
        r"w_g^{-1}=\frac{N_k-Y_{gk}}{N_k Y_{gk}}+\frac{N_r-Y_{gr}}{N_r Y_{gr}}"
    ),
    "voom": (
        r"y_{gi}=\log_2\left(\frac{r_{gi}+0.5}{f_i N_i+1}\times 10^6\right),\quad "
        r"w_{gi}=\mathrm{lo}(\hat{\lambda}_{gi})^{-4}"
    ),
    "model": r"\mathrm{E}(y_g)=X\alpha_g,\quad \mathrm{var}(y_g)=\sigma_g^2 W_g^{-1},\quad \beta_g=c^T\alpha_g",
    "strata": r"\beta_{average}=\frac{\beta_F+\beta_M}{2},\quad \beta_{interaction}=\beta_M-\beta_F",
    "moderated": (
        r"\tilde{s}_g^2=\frac{d_0 s_0^2+d_g s_g^2}{d_0+d_g},\quad "
        r"\tilde{t}_g=\frac{\hat{\beta}_g}{\tilde{s}_g\sqrt{v_g}}\sim t_{d_0+d_g}"
    ),
    "block": r"\mathrm{cor}(y_{gi},y_{gj})=\rho\quad \mathrm{for\ samples\ of\ one\ subject}",
    "ci": r"\hat{\beta}_g\pm t_{0.975,\,d_0+d_g}\,\tilde{s}_g\sqrt{v_g}",
    "mde": r"\mathrm{P}\left(|T_{d,\,\delta/se}|>t_{1-\alpha/2,\,d}\right)=\pi,\quad d=d_0+d_g",
    "bh": r"q_{(i)}=\min_{j\geq i}\,\min\left(1,\frac{m\,p_{(j)}}{j}\right)",
    "holm": r"\tilde{p}_{(i)}=\max_{j\leq i}\,\min\left(1,(m-j+1)\,p_{(j)}\right)",
    "fisher": (
        r"p=\sum_{k:\,P(k)\leq P(a)}P(k),\quad P(k)=\frac{\binom{n_1}{k}\binom{n_2}{D-k}}{\binom{n_1+n_2}{D}}"
    ),
    "tost": r"p=\mathrm{P}\left(T_d<-\frac{\Delta-|\hat{\beta}_g|}{se_g}\right)",
}


def draw(name: str) -> str:
    """A formula as an SVG data address (glyphs are paths: no font is needed to show it)."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    settings = {"mathtext.fontset": "stix", "svg.fonttype": "path", "svg.hashsalt": "sevaxis"}
    buffer = io.BytesIO()
    with rc_context(settings):
        figure = Figure(figsize=(0.01, 0.01))
        FigureCanvasSVG(figure)
        figure.text(0, 0, f"${FORMULAS[name]}$", fontsize=12)
        options = {"bbox_inches": "tight", "pad_inches": 0.02, "transparent": True}
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, **options)
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
