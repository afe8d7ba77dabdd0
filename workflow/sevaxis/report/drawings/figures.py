"""Static figures: every drawing of the page as an SVG, the table behind it as TSV beside it.

seaborn draws them in one style; what it has no drawing for (intervals, names at points) is matplotlib's. The same
inputs give the same bytes: no date, a fixed salt for identifiers, no font but matplotlib's own for measuring. Text
stays text in the SVG. Clouds of points are those of the page, thinned where they are dense, and rasterised inside the
SVG.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sevaxis.base.vocabulary import BY_PRESENCE, Sex, SexClass, Status, Stratum
from sevaxis.report.document import ContrastView, Document
from sevaxis.report.drawings.colours import CLASSES, GROUPS, LIGHT, QUIET, SEXES, on_paper
from sevaxis.report.drawings.plots import drawn_features
from sevaxis.report.sections.strip import axis_row
from sevaxis.report.words import signed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

UP, DOWN, SOFT, INK = (LIGHT[name] for name in ("up", "down", "soft", "ink"))
#: One look in three parts, as seaborn and matplotlib divide them: style, sizes, what neither of both scales.
STYLE: dict[str, Any] = {
    "axes.edgecolor": SOFT,
    "axes.spines.top": False,
    "axes.spines.right": False,
} | dict.fromkeys(("axes.labelcolor", "text.color", "xtick.color", "ytick.color"), INK)
SIZES = {
    "font.size": 9,
    "axes.labelsize": 9,
    "axes.titlesize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.title_fontsize": 8,
    "axes.linewidth": 0.8,
}
WRITING: dict[Any, Any] = {
    "svg.hashsalt": "sevaxis",
    "svg.fonttype": "none",
    "text.parse_math": False,  # labels come from outside: a dollar sign is a dollar sign
    "legend.frameon": False,
}
BESIDE = {"loc": "center left", "bbox_to_anchor": (1, 0.5)}


def look(sex: str) -> tuple[str, str]:
    """Colour and marker of a sex, those of no sex where it is not known."""
    name, marker = SEXES.get(sex, ("soft", "^"))
    return on_paper(name), marker


def write_figures(document: Document, folder: Path) -> list[Path]:
    """Write all figures of a study into a fresh folder.

    Returns
    -------
    list of pathlib.Path
        The SVG files, in the order of the report.
    """
    from matplotlib import rc_context, rcParamsDefault
    from seaborn import axes_style, plotting_context

    # seaborn's fonts begin with one that a machine may have or not
    style = STYLE | {"font.sans-serif": rcParamsDefault["font.sans-serif"]}
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with axes_style("ticks", style), plotting_context("paper", rc=SIZES), rc_context(WRITING):
        written = [_strip(document, folder)]
        for name, quality in document.qualities.items():
            written += _samples(document, name, quality, folder)
        for gene in document.genes:
            written += [_forest(document, gene, folder), *_points(document, gene, folder)]
        for shown in document.contrasts:
            written += [*_volcano(document, shown, folder), *_sexes(document, shown, folder)]
    return written


def _save(
    folder: Path, name: str, table: pd.DataFrame, draw: Callable[[Axes], Any], size: tuple[float, float]
) -> Path:
    """Draw on one pair of axes, save the figure and the table behind it."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    stem = folder / re.sub(r"[^A-Za-z0-9_.-]", "_", name)
    figure = Figure(figsize=size, dpi=150, layout="constrained")
    FigureCanvasSVG(figure)
    draw(figure.subplots())
    path = stem.with_name(stem.name + ".svg")
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    table.to_csv(stem.with_name(stem.name + ".tsv"), sep="\t", index=False, float_format="%.6g")
    return path


def _strip(document: Document, folder: Path) -> Path:
    rows, called = [], []
    for shown in document.contrasts:
        for gene in document.genes:
            row = axis_row(document, shown, gene) or {
                "status": Status.ABSENT,
                "reason": "no row in the effects table",
                "called": False,
            }
            names = (
                "log2fc",
                "ci_low_family",
                "ci_high_family",
                "p_holm",
                "status",
                "reason",
                "reading",
                "agreement",
            )
            about = {"dataset": shown.dataset, "contrast": shown.name, "role": shown.role, "gene": gene}
            rows.append(about | {"stratum": shown.stratum} | {name: row.get(name) for name in names})
            called.append(row["called"])
    table = pd.DataFrame(rows)

    def draw(axes: Axes) -> None:
        from seaborn import blend_palette, heatmap

        shape = (len(document.contrasts), len(document.genes))
        values = table["log2fc"].astype(float).to_numpy().reshape(shape)
        colours = blend_palette([DOWN, "white", UP], as_cmap=True).with_extremes(bad="#eceff1")
        bar = {"label": "log2 fold change", "shrink": 0.6, "extend": "both"}
        heatmap(values, vmin=-2, vmax=2, cmap=colours, linewidths=1, cbar_kws=bar, ax=axes)
        for i, row in enumerate(table.to_dict("records")):
            there = not pd.isna(row["log2fc"])
            text = signed(row["log2fc"]) if there else Status(row["status"]).words
            if row["reading"] in BY_PRESENCE:
                there, text = True, str(row["reading"])
            font: dict[str, Any] = {
                "fontsize": 8 if text[0] in "+−0123456789" else 6,
                "fontweight": "bold" if called[i] else "normal",
                "ha": "center",
                "va": "center",
                "color": INK,
            }
            axes.text(i % shape[1] + 0.5, i // shape[1] + 0.5, text, **font)
        contrasts = [f"{shown.dataset}: {shown.label}" for shown in document.contrasts]
        axes.set_xticks(np.arange(shape[1]) + 0.5, document.genes)
        axes.set_yticks(np.arange(shape[0]) + 0.5, contrasts, rotation=0)
        axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)

    return _save(folder, "strip", table, draw, (9, 1.2 + 0.33 * len(document.contrasts)))


def _samples(document: Document, name: str, quality: Any, folder: Path) -> list[Path]:
    written = []
    samples = pd.DataFrame(quality.get("samples", []))
    drawings = {
        "pca": ("pc1", "pc2", "PC1", "PC2"),
        "totals": ("total", "detected", "total", "detected features"),
        "sexcheck": ("sex_x", "sex_y", "X-inactivation signal (log2)", "Y-linked signal (log2)"),
    }
    for kind, (x, y, *titles) in drawings.items():
        if samples.empty or samples[[x, y]].dropna().empty:
            continue
        columns = ["sample", "group", "sex", "batch", "included", x, y]
        explained = (quality.get("pca") or {}).get("explained", []) if kind == "pca" else []
        titles[: len(explained)] = [
            f"{title} ({part:.0%})" for title, part in zip(titles, explained, strict=False)
        ]

        def draw(axes: Axes, x: str = x, y: str = y, kind: str = kind, titles: list[str] = titles) -> None:
            from seaborn import scatterplot

            shown = samples.dropna(subset=[x, y]).fillna({"group": "unknown", "sex": "unknown"})
            shown["group"] = shown["group"].astype(str)
            groups = document.group_order(name, shown["group"])
            sexes = {sex: look(sex) for sex in shown["sex"].unique()}
            by_group = {group: GROUPS[i % len(GROUPS)] for i, group in enumerate(groups)}
            by_sex = {sex: colour for sex, (colour, _) in sexes.items()}
            scatterplot(
                shown,
                x=x,
                y=y,
                hue="sex" if kind == "sexcheck" else "group",
                palette=by_sex if kind == "sexcheck" else by_group,
                hue_order=list(sexes) if kind == "sexcheck" else groups,
                style="sex",
                markers={sex: marker for sex, (_, marker) in sexes.items()},
                s=28,
                linewidth=1,
                ax=axes,
            )
            _open(axes, ~shown["included"].astype(bool))
            axes.set(xlabel=titles[0], ylabel=titles[1])
            axes.legend(**BESIDE)

        written.append(_save(folder, f"{kind}_{name}", samples[columns], draw, (6.2, 3.6)))
    missing = pd.DataFrame(quality.get("missingness") or {})
    if len(missing) > 1:

        def draw_missing(axes: Axes) -> None:
            from seaborn import lineplot

            line = {"color": INK, "marker": "o", "markersize": 4, "markeredgecolor": INK, "ax": axes}
            lineplot(missing, x="mean_abundance", y="missing_rate", estimator=None, sort=False, **line)
            axes.set(xlabel="mean log2 abundance", ylabel="share missing")

        written.append(_save(folder, f"missingness_{name}", missing, draw_missing, (4.5, 3.2)))
    return written


def _open(axes: Axes, which: pd.Series) -> None:
    """Edge the points of a cloud with their colours, and empty some of them."""
    points = axes.collections[0]
    colours = points.get_facecolors()
    points.set_edgecolors(colours)
    points.set_facecolors(np.where(which.to_numpy()[:, None], [0, 0, 0, 0], colours))


def _forest(document: Document, gene: str, folder: Path) -> Path:
    rows = []
    for shown in document.contrasts:
        for stratum in Stratum:
            row = axis_row(document, shown, gene, stratum)
            if row is not None and (stratum == shown.stratum or not pd.isna(row["log2fc"])):
                rows.append({"label": f"{shown.dataset}: {shown.label}", **row})
    names = ["label", "dataset", "contrast", "role", "stratum", "feature_id", "log2fc", "ci_low", "ci_high"]
    names += ["p", "p_holm", "q", "mde80", "status", "reason", "reading"]
    table = pd.DataFrame(rows).reindex(columns=names)

    def draw(axes: Axes) -> None:
        axes.axvline(0, color=SOFT, linewidth=0.8)
        for i, row in enumerate(table.to_dict("records")):
            whole = (INK, "D" if row["stratum"] == Stratum.INTERACTION else "o")
            colour, marker = look(row["stratum"]) if row["stratum"] in SEXES else whole
            if pd.isna(row["log2fc"]):
                axes.text(0, i, f" {Status(row['status']).words}", va="center", fontsize=7, color=SOFT)
                continue
            axes.plot([row["ci_low"], row["ci_high"]], [i, i], color=colour, linewidth=1.4)
            axes.plot(row["log2fc"], i, marker=marker, color=colour, markersize=4.5)
            if not pd.isna(row["mde80"]):
                axes.plot([-row["mde80"], row["mde80"]], [i, i], "|", color=SOFT, markersize=5, alpha=0.7)
        labels = [f"{row.label}, {Stratum(row.stratum).words.lower()}" for row in table.itertuples()]
        axes.set_yticks(range(len(table)), labels, fontsize=7)
        axes.set_ylim(len(table) - 0.5, -0.5)
        axes.set_xlabel(f"{gene}: log2 fold change, 95 % interval; grey ticks: MDE80", loc="right")

    return _save(folder, f"forest_{gene}", table, draw, (8, 1 + 0.22 * max(len(table), 1)))


def _points(document: Document, gene: str, folder: Path) -> list[Path]:
    written = []
    values = document.axis_values[document.axis_values["human_symbol"].eq(gene)]
    for dataset, rows in values.groupby("dataset", observed=True, sort=False):
        if not rows["detected"].eq(1).any():
            continue

        def draw(axes: Axes, dataset: str = dataset, rows: pd.DataFrame = rows) -> None:
            from seaborn import scatterplot

            groups = document.group_order(dataset, rows["group"])
            floor = rows["value"].min() - 0.15 * ((rows["value"].max() - rows["value"].min()) or 1)
            shown = rows.fillna({"sex": "unknown", "group": "unknown", "value": floor})
            counted = shown["included"].eq(1) & shown["detected"].eq(1)
            sexes = {sex: look(sex) for sex in sorted(shown["sex"].unique())}
            palette = {sex: colour for sex, (colour, _) in sexes.items()}
            markers = {sex: marker for sex, (_, marker) in sexes.items()}
            apart = {sex: 0.3 * (i - (len(sexes) - 1) / 2) for i, sex in enumerate(sexes)}
            shown["x"] = shown["group"].map(groups.index) + shown["sex"].map(apart)
            # a spread by the samples' order, the first in the middle: seaborn's own is a random one
            step = ((shown.groupby(["group", "sex"]).cumcount() * 7 + 5) % 11 / 10 - 0.5) * 0.18
            by_sex = {"y": "value", "hue": "sex", "hue_order": list(sexes), "palette": palette, "ax": axes}
            spread = shown.assign(x=shown["x"] + step)
            scatterplot(spread, x="x", style="sex", markers=markers, s=20, linewidth=1, **by_sex)
            _open(axes, ~counted)
            axes.set_xticks(range(len(groups)), groups, rotation=30, ha="right")
            axes.set(xlabel="", ylabel=f"{gene}, log2")
            axes.set_title("open: not detected or excluded", fontsize=7, color=SOFT)
            axes.legend(**BESIDE)

        written.append(
            _save(folder, f"points_{gene}_{dataset}", rows, draw, (2.4 + 1.1 * rows["group"].nunique(), 3.4))
        )
    return written


def _drawn(document: Document, shown: ContrastView) -> pd.DataFrame:
    """Tested rows of the features that the drawings of a contrast show."""
    rows = document.rows[shown.key]
    return rows[rows["status"].eq(Status.TESTED) & rows["feature_id"].isin(drawn_features(document, shown))]


def _volcano(document: Document, shown: ContrastView, folder: Path) -> list[Path]:
    """Effects and p-values of the stratum that stands for a contrast."""
    rows = _drawn(document, shown)
    rows = rows[rows["stratum"].eq(shown.stratum) & rows["p"].notna()]
    if rows.empty:
        return []
    columns = ["feature_id", "symbol", "human_symbol", "stratum", "log2fc", "se", "p", "q"]

    def draw(axes: Axes) -> None:
        from seaborn import scatterplot

        height = -np.log10(rows["p"].clip(lower=1e-300))
        side = np.where(rows["significant"], np.sign(rows["log2fc"]), 0)
        colours = {-1: DOWN, 0: QUIET, 1: UP}
        cloud = {"s": 6, "linewidth": 0, "alpha": 0.7, "rasterized": True, "legend": False}
        scatterplot(x=rows["log2fc"], y=height, hue=side, palette=colours, **cloud, ax=axes)
        _name_axis_genes(axes, document, rows, rows["log2fc"], height)
        axes.set(xlabel="log2 fold change, case over reference", ylabel="−log10 p")
        axes.set_title(f"{shown.dataset}: {shown.label} ({shown.stratum.words.lower()})")

    return [_save(folder, f"volcano_{shown.key}", rows[columns], draw, (5.2, 4.2))]


def _sexes(document: Document, shown: ContrastView, folder: Path) -> list[Path]:
    """Effects of the sexes against each other."""
    if shown not in document.both_sexes:
        return []
    rows = _drawn(document, shown)
    sexes = [str(sex) for sex in Sex]
    # plain columns: a categorical index of columns, which some versions of pandas make here, cannot be joined
    table = rows.astype({"stratum": str}).pivot(index="feature_id", columns="stratum", values="log2fc")
    table = table[sexes].dropna()
    names = rows.drop_duplicates("feature_id").set_index("feature_id")[["symbol", "human_symbol"]]
    table = table.join(names).reset_index()
    table["class"] = [
        document.classes.get((shown.dataset, shown.name, str(i)), "") for i in table["feature_id"]
    ]

    def draw(axes: Axes) -> None:
        from seaborn import scatterplot

        plain = ~table["class"].isin(list(CLASSES))
        axes.axline((0, 0), slope=1, color=SOFT, linewidth=0.8, linestyle=":")
        sides = {"x": "female", "y": "male", "ax": axes}
        scatterplot(table[plain], color=QUIET, s=6, linewidth=0, alpha=0.6, rasterized=True, **sides)
        if (~plain).any():
            words = table.loc[~plain, "class"].map(lambda name: SexClass(name).words)
            drawn = [name.words for name in CLASSES if name.words in set(words)]
            scatterplot(
                table[~plain],
                hue=words,
                hue_order=drawn,
                style=words,
                style_order=drawn,
                palette={name.words: on_paper(colour) for name, (colour, _, _) in CLASSES.items()},
                markers={name.words: marker for name, (_, marker, _) in CLASSES.items()},
                s=24,
                linewidth=0.3,
                **sides,
            )
            axes.legend()
        _name_axis_genes(axes, document, table, table["female"], table["male"])
        axes.set(xlabel="log2 fold change in females", ylabel="log2 fold change in males")
        axes.set_title(f"{shown.dataset}: {shown.label}")

    return [_save(folder, f"sexes_{shown.key}", table, draw, (4.8, 4.6))]


def _name_axis_genes(axes: Axes, document: Document, table: pd.DataFrame, x: pd.Series, y: pd.Series) -> None:
    for i in np.flatnonzero(table["human_symbol"].isin(document.genes)):
        axes.plot(x.iloc[i], y.iloc[i], "o", markerfacecolor="none", markeredgecolor=INK, markersize=7)
        place: dict[str, Any] = {"xytext": (5, 5), "textcoords": "offset points", "fontsize": 8}
        axes.annotate(str(table["human_symbol"].iloc[i]), (x.iloc[i], y.iloc[i]), **place)
