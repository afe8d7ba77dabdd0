"""What the report renders: everything is given, nothing is computed here but order and grouping."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sevaxis.base.vocabulary import STANDING, Assay, Compartment, Role, Status, Stratum
from sevaxis.report.words import missing, spoken

if TYPE_CHECKING:
    import pandas as pd

    from sevaxis.answers import Answer


@dataclass(frozen=True)
class ContrastView:
    """One contrast of one data set, as the report names it."""

    dataset: str
    name: str
    label: str
    title: str
    role: Role
    tissue: str
    compartment: Compartment
    organism: str
    assay: Assay
    strata: tuple[Stratum, ...]
    stratum: Stratum

    @property
    def key(self) -> str:
        """Anchor and payload name; both parts are slugs."""
        return f"{self.dataset}.{self.name}"


@dataclass(frozen=True)
class Document:
    """All that a report shows.

    Attributes
    ----------
    settings
        The study's configuration as a plain dict (``cards.Configuration.model_dump(mode="json")``).
    cards
        Every data set's card as a plain dict, in the study's order. Read here: ``id, title, accession, citation,
        licence, homepage, notes, organism, tissue, compartment, assay, values, model, columns`` and of each
        contrast ``name, label, role, case, reference, weights``.
    effects
        The effects table (:mod:`sevaxis.effects.table`) of all data sets, with the column ``significant``
        (:func:`sevaxis.answers.readings.significant`).
    axis
        ``axis.tsv``: effects of the axis genes with ``p_holm, family, family_size, reading, wording, expected,
        agreement``, and the column ``called`` (:func:`sevaxis.answers.readings.called`).
    answers
        Question -> :class:`sevaxis.answers.Answer`, in the study's order; the report opens with the first.
    qualities
        Data set -> ``quality.json`` as a dict.
    models
        Data set -> ``model.json`` as a dict: what really ran.
    axis_values
        ``axis_values.tsv`` of all data sets, one row per sample x feature of an axis gene.
    panels
        Panel -> human symbols, for highlighting and for the table.
    provenance
        Written to ``provenance.json`` as it is. Shown: ``versions`` (package -> version), ``files`` (rows of
        dataset, name, sha256, bytes), ``tables`` (of genes: rows of of, name, sha256, url), ``code`` (room -> hash),
        ``seed``; other scalars as they come. Nothing that differs between runs on the same inputs (times, folders,
        hosts) belongs in it.
    """

    settings: Mapping[str, Any]
    cards: Sequence[Mapping[str, Any]]
    effects: pd.DataFrame
    axis: pd.DataFrame
    answers: Mapping[str, Answer]
    qualities: Mapping[str, Mapping[str, Any]]
    models: Mapping[str, Mapping[str, Any]]
    axis_values: pd.DataFrame
    panels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def genes(self) -> tuple[str, ...]:
        """Axis genes, in the study's order."""
        return tuple(self.settings["axis"]["genes"])

    @property
    def fdr(self) -> float:
        """False discovery rate below which a feature counts as changed."""
        return self.settings["thresholds"]["fdr"]

    @property
    def has_courses(self) -> bool:
        """Whether contrasts of any data set form time courses."""
        return any(contrast.get("course") for card in self.cards for contrast in card["contrasts"])

    @property
    def proteins(self) -> bool:
        """Whether any data set holds proteins."""
        return any(card["assay"] == Assay.PROTEIN for card in self.cards)

    @cached_property
    def by_id(self) -> dict[str, Mapping[str, Any]]:
        """Cards by data set."""
        return {card["id"]: card for card in self.cards}

    @cached_property
    def rows(self) -> dict[str, pd.DataFrame]:
        """Rows of the effects table by :attr:`ContrastView.key`."""
        groups = self.effects.groupby(["dataset", "contrast"], observed=True, sort=False)
        return {f"{dataset}.{contrast}": table for (dataset, contrast), table in groups}

    @cached_property
    def axis_rows(self) -> dict[tuple[str, str, str, str], pd.DataFrame]:
        """Rows of the axis table by data set, contrast, stratum and human symbol."""
        keys = ["dataset", "contrast", "stratum", "human_symbol"]
        return dict(iter(self.axis.groupby(keys, observed=True, sort=False)))

    @cached_property
    def contrasts(self) -> tuple[ContrastView, ...]:
        """Contrasts by compartment, role and the study's order of data sets and cards."""
        found = []
        for card in self.cards:
            for contrast in card["contrasts"]:
                table = self.rows.get(f"{card['id']}.{contrast['name']}")
                if table is not None and len(table):
                    found.append(_shown(card, contrast, table))
        compartments, roles = list(Compartment), list(Role)
        return tuple(
            sorted(found, key=lambda shown: (compartments.index(shown.compartment), roles.index(shown.role)))
        )

    def group_order(self, dataset: str, present: Iterable[object]) -> list[str]:
        """Groups as the contrasts name them, references first; then those that no contrast names."""
        contrasts = self.by_id[dataset]["contrasts"]
        named = [contrast.get("reference") for contrast in contrasts]
        for contrast in contrasts:
            named += [contrast.get("case"), *(contrast.get("weights") or {})]
        found = ["unknown" if missing(group) else str(group) for group in present]
        return [group for group in dict.fromkeys([*named, *found]) if group in set(found)]

    def tested_strata(self, key: str) -> set[str]:
        """Strata of a contrast in which anything was tested."""
        rows = self.rows[key]
        return set(rows.loc[rows["status"].eq(Status.TESTED), "stratum"])

    @cached_property
    def both_sexes(self) -> tuple[ContrastView, ...]:
        """Contrasts with tested effects in females and in males."""
        return tuple(
            shown
            for shown in self.contrasts
            if {Stratum.FEMALE, Stratum.MALE} <= self.tested_strata(shown.key)
        )

    @cached_property
    def classes(self) -> dict[tuple[str, str, str], str]:
        """Class of interaction by data set, contrast and feature, where the question was asked."""
        answer = self.answers.get("sex")
        rows = answer.tables["genes"].to_dict("records") if answer else []
        return {(row["dataset"], row["contrast"], str(row["feature_id"])): row["class"] for row in rows}

    def contrasts_of(self, dataset: str) -> list[ContrastView]:
        """Contrasts of one data set, in the report's order."""
        return [shown for shown in self.contrasts if shown.dataset == dataset]


def _shown(card: Mapping[str, Any], contrast: Mapping[str, Any], table: pd.DataFrame) -> ContrastView:
    first = table.iloc[0]
    strata = tuple(Stratum(stratum) for stratum in table["stratum"].unique())
    # where one sex was measured the other strata hold refusals only
    tested = set(table.loc[table["status"].eq(Status.TESTED), "stratum"]) or set(strata)
    return ContrastView(
        dataset=card["id"],
        name=contrast["name"],
        label=contrast.get("label") or spoken(contrast["name"]),
        title=card["title"],
        role=Role(first["role"]),
        tissue=str(first["tissue"]),
        compartment=Compartment(first["compartment"]),
        organism=str(first["organism"]),
        assay=Assay(first["assay"]),
        strata=strata,
        stratum=next(stratum for stratum in STANDING if stratum in tested),
    )
