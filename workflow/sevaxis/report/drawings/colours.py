"""The colours of the report, on paper and on a dark screen: the style sheet, the page's drawings and the figures.

Blue to vermillion for effects, purple and ochre for the sexes, Okabe & Ito's colours without their yellow for groups:
all told apart by colour-blind readers, and never by colour alone.
"""

from __future__ import annotations

from sevaxis.base.vocabulary import Sex, SexClass

LIGHT = {
    "paper": "#fff",
    "ink": "#1c2328",
    "soft": "#59646d",
    "line": "#dfe4e8",
    "wash": "#f5f7f8",
    "accent": "#0b6a72",
    "up": "#c8481a",
    "down": "#2a62b8",
    "female": "#7d4bb4",
    "male": "#a87400",
    "warning": "#a83a12",
    "note": "#6b5a00",
    "ok": "#23704a",
    "hatch": "#c3cad0",
}
DARK = {
    "paper": "#13181b",
    "ink": "#e5e9eb",
    "soft": "#9ea9b0",
    "line": "#2b343a",
    "wash": "#1a2125",
    "accent": "#5fc4cc",
    "up": "#f0855a",
    "down": "#78a6f2",
    "female": "#bb98e6",
    "male": "#dfa93c",
    "warning": "#f29a76",
    "note": "#d8c35a",
    "ok": "#74c79a",
    "hatch": "#465159",
}
#: Groups and batches, in the order of the samples' groups.
GROUPS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#8c6d31", "#999999", "#e69f00")
#: Features that nothing is said of.
QUIET = "#a8b0b6"
#: Sex -> name of its colour, and matplotlib's marker.
SEXES: dict[str, tuple[str, str]] = {Sex.FEMALE: ("female", "o"), Sex.MALE: ("male", "s")}
#: Class of interaction -> its colour (a name, or the colour itself), matplotlib's marker and plotly's; what is
#: undetermined stays grey.
CLASSES = {
    SexClass.BOTH: (GROUPS[2], "o", "circle"),
    SexClass.BOTH_ALIKE: (GROUPS[2], "D", "diamond"),
    SexClass.LARGER_IN_FEMALES: ("female", "<", "triangle-left"),
    SexClass.LARGER_IN_MALES: ("male", ">", "triangle-right"),
    SexClass.OPPOSITE: (GROUPS[1], "X", "x"),
    SexClass.DIFFERS: (GROUPS[1], "P", "cross"),
}


def on_paper(colour: str) -> str:
    """A colour by its name, for figures; a colour itself stays."""
    return LIGHT.get(colour, colour)


def stylesheet() -> str:
    """The colours as custom properties of CSS."""

    def properties(colours: dict[str, str]) -> str:
        return " ".join(f"--{name}: {colour};" for name, colour in colours.items())

    dark = f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {properties(DARK)} }} }}"
    return f":root {{ {properties(LIGHT)} --groups: {','.join(GROUPS)}; }}\n{dark}\n"
