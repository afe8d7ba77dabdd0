"""Panels: genes that are looked at together, by their human symbols (``resources/panels.tsv``)."""

from __future__ import annotations

from collections.abc import Sequence

from sevaxis.base.problems import Problem, Problems, nearest
from sevaxis.base.resources import load_table


def panel_names() -> tuple[str, ...]:
    """Names of all panels, in the order of the table."""
    return tuple(load_table("panels")["panel"].unique())


def load_panels(names: Sequence[str] | None = None) -> dict[str, tuple[str, ...]]:
    """Panel -> human symbols of its genes.

    Parameters
    ----------
    names
        Which panels, in which order; all of them where it is None.

    Raises
    ------
    Problems
        For every name that is no panel's, with the nearest one that is.
    """
    known = panel_names()
    chosen = known if names is None else tuple(dict.fromkeys(names))
    problems = [
        Problem(f"There is no panel '{name}'", "panels", name, ", ".join(known), nearest(name, known))
        for name in chosen
        if name not in known
    ]
    if problems:
        raise Problems(problems)
    genes = load_table("panels").groupby("panel", sort=False)["human_symbol"].agg(tuple)
    return {name: genes[name] for name in chosen}
