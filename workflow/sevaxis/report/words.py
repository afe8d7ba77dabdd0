"""The words and number formats of the report: one place, so that every section says the same thing alike."""

from __future__ import annotations

#: Role of a contrast -> how the report names it. Training is never called overtraining.
ROLES = {
    "overtraining": "Overtraining",
    "training": "Training, not overtraining",
    "acute_exercise": "Acute exercise",
    "inactivity": "Inactivity",
    "disease": "Disease",
    "disease_x_training": "Disease × training",
    "recovery": "Recovery",
    "sev_enrichment": "SEV enrichment over lysate or cells",
    "sev_source": "SEV source",
    "sex": "Sex",
    "other": "Other",
}
#: Compartment -> heading; the order is the order of the strip.
COMPARTMENTS = {
    "sev": "Small extracellular vesicles (SEVs)",
    "plasma_sev": "Plasma SEVs",
    "plasma": "Plasma",
    "tissue": "Tissue",
    "cells": "Cells",
}
ASSAYS = {
    "rna_counts": "RNA counts",
    "array": "Expression array",
    "protein": "Proteome",
    "ptm": "Modification sites",
    "single_cell": "Single cells",
    "effects": "Published result table",
    "clinical": "Clinical",
}
STRATA = {
    "all": "All samples",
    "average": "Average of both sexes",
    "female": "Female",
    "male": "Male",
    "interaction": "Interaction (male − female)",
}
#: Why there is no effect, in two words.
STATUSES = {
    "tested": "tested",
    "low": "too low to test",
    "absent": "not measured",
    "unmapped": "not mapped",
    "not_estimable": "not estimable",
}
READINGS = {
    "changed_up": "changed, up",
    "changed_down": "changed, down",
    "undetermined": "undetermined",
    "equivalent": "equivalent",
    "not_measured": "not measured",
    "not_estimable": "not estimable",
    "published": "published",
}
#: Agreement with the hypothesis -> sign and words.
AGREEMENTS = {
    "agrees": ("✓", "agrees with the hypothesis"),
    "contradicts": ("✗", "contradicts the hypothesis"),
    "undetermined": ("?", "undetermined against the hypothesis"),
    "no_hypothesis": ("", "no hypothesis"),
}
CLASSES = {
    "shared": "shared by both sexes",
    "larger_in_females": "larger in females",
    "larger_in_males": "larger in males",
    "opposite": "opposite directions",
    "undetermined": "undetermined",
}
#: The sentence that keeps anybody from counting the Venn diagram of two lists.
NOT_SEX_SPECIFIC = (
    "A gene that is significant in one sex only is not sex-specific: one list may miss what the other just catches. "
    "Whether the sexes differ is tested by the interaction alone."
)


def words(table: dict[str, str], key: object) -> str:
    """Wording of a vocabulary term; a term without wording is shown as it is, underscores as blanks."""
    return table.get(str(key), str(key).replace("_", " "))


def missing(value: object) -> bool:
    """True for None, NaN and pandas' NA."""
    return value is None or value != value or str(value) == "<NA>"


def signed(value: object, digits: int = 2) -> str:
    """Number with its sign (a true minus); a dash where it is missing."""
    if missing(value):
        return "–"
    text = f"{value:+.{digits}f}"
    return text.replace("-", "−") if float(text) else text[1:]


def plain(value: object, digits: int = 2) -> str:
    """Number without a plus sign; a dash where it is missing."""
    return "–" if missing(value) else f"{value:.{digits}f}".replace("-", "−")


def p_value(value: object) -> str:
    """P-value to two significant digits (``0.042``, ``2.9e−6``); a dash where it is missing."""
    if missing(value):
        return "–"
    if value >= 0.001:
        return f"{value:.2g}"
    digits, exponent = f"{value:.1e}".split("e-") if value else ("1.0", "300")
    return f"{'' if value else '< '}{digits}e−{exponent.lstrip('0')}"


def interval(low: object, high: object) -> str:
    """Confidence interval in brackets; empty where it is missing."""
    return "" if missing(low) or missing(high) else f"[{signed(low)}, {signed(high)}]"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """``1 sample``, ``1,200 samples``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def cell(value: object) -> str:
    """Any value in a table cell: numbers short, missing ones a dash, text as it is."""
    if missing(value):
        return "–"
    if isinstance(value, float):
        return f"{value:.3g}".replace("-", "−")
    return str(value)
